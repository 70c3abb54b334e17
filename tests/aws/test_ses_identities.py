"""Identities, policies and templates of SES, as boto3 sees them by both of its clients."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from tests.conftest import Tenant


def test_identity_made_by_one_client_is_seen_by_the_other(kamome: Tenant) -> None:
    first, second = kamome.client("ses"), kamome.client("sesv2")
    token = first.verify_domain_identity(Domain="example.com")["VerificationToken"]
    tokens = first.verify_domain_dkim(Domain="example.com")["DkimTokens"]
    first.verify_email_identity(EmailAddress="me@example.org")
    first.set_identity_mail_from_domain(
        Identity="example.com",
        MailFromDomain="bounce.example.com",
        BehaviorOnMXFailure="RejectMessage",
    )
    first.set_identity_dkim_enabled(Identity="example.com", DkimEnabled=False)

    found = second.get_email_identity(EmailIdentity="example.com")
    verification = first.get_identity_verification_attributes(Identities=["example.com"])
    dkim = first.get_identity_dkim_attributes(Identities=["example.com", "me@example.org"])
    mail_from = first.get_identity_mail_from_domain_attributes(Identities=["example.com"])

    assert verification["VerificationAttributes"]["example.com"]["VerificationToken"] == token
    assert found["DkimAttributes"]["Tokens"] == tokens
    assert found["DkimAttributes"]["SigningEnabled"] is False
    assert found["MailFromAttributes"]["BehaviorOnMxFailure"] == "REJECT_MESSAGE"
    made_at = found["DkimAttributes"]["LastKeyGenerationTimestamp"]
    assert abs(datetime.now(UTC) - made_at) < timedelta(days=400)
    assert dkim["DkimAttributes"]["me@example.org"]["DkimVerificationStatus"] == "NotStarted"
    assert mail_from["MailFromDomainAttributes"]["example.com"]["MailFromDomainStatus"] == "Success"
    assert first.list_identities(IdentityType="EmailAddress")["Identities"] == ["me@example.org"]
    assert first.list_verified_email_addresses()["VerifiedEmailAddresses"] == ["me@example.org"]
    names = [each["IdentityName"] for each in second.list_email_identities()["EmailIdentities"]]
    assert names == ["example.com", "me@example.org"]
    second.delete_email_identity(EmailIdentity="example.com")
    first.delete_identity(Identity="me@example.org")
    assert first.list_identities()["Identities"] == []


def test_policies_are_those_of_both_clients(kamome: Tenant) -> None:
    first, second = kamome.client("ses"), kamome.client("sesv2")
    second.create_email_identity(EmailIdentity="example.com")
    policy = json.dumps(
        {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "ses:SendEmail"}}
    )
    first.put_identity_policy(Identity="example.com", PolicyName="one", Policy=policy)
    second.create_email_identity_policy(
        EmailIdentity="example.com", PolicyName="two", Policy=policy
    )

    assert first.list_identity_policies(Identity="example.com")["PolicyNames"] == ["one", "two"]
    assert second.get_email_identity_policies(EmailIdentity="example.com")["Policies"] == {
        "one": policy,
        "two": policy,
    }
    second.delete_email_identity_policy(EmailIdentity="example.com", PolicyName="one")
    first.delete_identity_policy(Identity="example.com", PolicyName="two")
    assert (
        first.get_identity_policies(Identity="example.com", PolicyNames=["one", "two"])["Policies"]
        == {}
    )
    with pytest.raises(first.exceptions.InvalidPolicyException):
        first.put_identity_policy(Identity="example.com", PolicyName="bad", Policy="{")


def test_templates_are_those_of_both_clients(kamome: Tenant) -> None:
    first, second = kamome.client("ses"), kamome.client("sesv2")
    first.create_template(
        Template={"TemplateName": "t", "SubjectPart": "{{a}}", "TextPart": "{{a}}"}
    )

    listed = second.list_email_templates()["TemplatesMetadata"]
    second.update_email_template(
        TemplateName="t", TemplateContent={"Subject": "new", "Text": "{{b}}"}
    )
    rendered = first.test_render_template(TemplateName="t", TemplateData='{"b": "ü"}')

    assert [each["TemplateName"] for each in listed] == ["t"]
    assert listed[0]["CreatedTimestamp"].tzinfo is not None
    assert "Subject: new" in rendered["RenderedTemplate"]
    with pytest.raises(first.exceptions.MissingRenderingAttributeException) as caught:
        first.test_render_template(TemplateName="t", TemplateData="{}")
    assert caught.value.response["Error"]["Message"] == (
        "Attribute 'b' is not present in the rendering data."
    )
    assert caught.value.response["TemplateName"] == "t"
    first.delete_template(TemplateName="t")
    with pytest.raises(second.exceptions.NotFoundException):
        second.get_email_template(TemplateName="t")


def test_custom_verification_template_by_both_clients(kamome: Tenant) -> None:
    first, second = kamome.client("ses"), kamome.client("sesv2")
    first.verify_domain_identity(Domain="example.com")
    members = {
        "TemplateName": "prove",
        "FromEmailAddress": "team@example.com",
        "TemplateSubject": "Prove it",
        "TemplateContent": "<p>Hello</p>",
        "SuccessRedirectionURL": "https://example.com/yes",
        "FailureRedirectionURL": "https://example.com/no",
    }
    second.create_custom_verification_email_template(**members)

    shown = first.get_custom_verification_email_template(TemplateName="prove")
    listed = first.list_custom_verification_email_templates()
    sent = second.send_custom_verification_email(
        EmailAddress="new@example.org", TemplateName="prove"
    )

    assert {name: shown[name] for name in members} == members
    assert len(listed["CustomVerificationEmailTemplates"]) == 1
    assert sent["MessageId"]
    assert second.get_email_identity(EmailIdentity="new@example.org")["VerifiedForSendingStatus"]


def test_account_is_told_and_paused(kamome: Tenant) -> None:
    first, second = kamome.client("ses"), kamome.client("sesv2")
    second.put_account_details(
        MailType="MARKETING", WebsiteURL="https://example.com", ProductionAccessEnabled=True
    )
    second.put_account_sending_attributes(SendingEnabled=False)

    account = second.get_account()

    assert account["SendingEnabled"] is first.get_account_sending_enabled()["Enabled"] is False
    assert account["ProductionAccessEnabled"] is True
    assert account["Details"]["MailType"] == "MARKETING"
    assert first.get_send_quota()["SentLast24Hours"] == 0.0
    first.verify_domain_identity(Domain="example.com")
    with pytest.raises(ClientError) as caught:
        first.send_email(
            Source="a@example.com",
            Destination={"ToAddresses": ["b@example.com"]},
            Message={"Subject": {"Data": "x"}, "Body": {"Text": {"Data": "x"}}},
        )
    assert caught.value.response["Error"]["Code"] == "AccountSendingPausedException"
