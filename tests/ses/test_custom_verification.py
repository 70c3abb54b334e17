"""Custom verification mails of both APIs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from kamome.services.ses.identities.custom_verification_v1 import (
    delete_custom_verification_email_template,
)
from kamome.services.ses.identities.verification import verified
from kamome.services.ses.identities.verification_mail import follow_link
from kamome.services.ses.slice import SesSettings
from kamome.wire import HttpRequest

if TYPE_CHECKING:
    from tests.ses.conftest import World

from kamome.services.ses.identities.identity_store import Identity
from kamome.services.ses.store import Owner

OWNER = Owner("000000000000", "us-east-1")
TEMPLATE = {
    "TemplateName": "prove",
    "FromEmailAddress": "team@example.com",
    "TemplateSubject": "Please prove your address",
    "TemplateContent": "<h1>Hello</h1>",
    "SuccessRedirectionURL": "https://example.com/yes",
    "FailureRedirectionURL": "https://example.com/no",
}


@pytest.fixture
def settings() -> SesSettings:
    return SesSettings(are_identities_verified_at_once=False)


@pytest.fixture
async def ready(world: World) -> World:
    identity = verified(Identity("example.com", "Domain", "Pending"), world.clock.now_ms())
    world.ses.identities.put(OWNER, identity)
    await world.call_v2("CreateCustomVerificationEmailTemplate", **TEMPLATE)
    return world


async def link_in_the_last_mail(world: World) -> str:
    message_id = world.neighbours.spooled[-1].mail_id
    content = await world.ses.sent.content(message_id)
    assert content is not None
    found = re.search(rb"(/_kamome/ses/verify/[0-9a-f]+)", content.replace(b"=\r\n", b""))
    assert found is not None
    return found[1].decode()


async def follow(world: World, path: str) -> tuple[int, str]:
    answer = await follow_link(
        world.ses, HttpRequest(method="GET", raw_path=path, raw_query="", headers=[])
    )
    return answer.status, dict(answer.headers).get("location", "")


async def test_tags_go_with_a_template_that_the_first_api_deletes(ready: World) -> None:
    arn = "arn:aws:ses:us-east-1:000000000000:custom-verification-email-template/prove"
    await ready.call_v2("TagResource", ResourceArn=arn, Tags=[{"Key": "a", "Value": "b"}])

    await delete_custom_verification_email_template(ready.ses, ready.ctx, {"TemplateName": "prove"})

    await ready.call_v2("CreateCustomVerificationEmailTemplate", **TEMPLATE)
    assert await ready.call_v2("ListTagsForResource", ResourceArn=arn) == {"Tags": []}


async def test_link_of_the_template_verifies_and_leads_on(ready: World) -> None:
    await ready.call(
        "SendCustomVerificationEmail", EmailAddress="new@example.org", TemplateName="prove"
    )
    before = ready.ses.identities.find(OWNER, "new@example.org")

    answer = await follow(ready, await link_in_the_last_mail(ready))

    after = ready.ses.identities.find(OWNER, "new@example.org")
    assert before is not None
    assert after is not None
    assert (before.status, after.status) == ("Pending", "Success")
    assert answer == (302, "https://example.com/yes")


async def test_late_visitor_is_led_to_the_failure_page(ready: World) -> None:
    await ready.call_v2(
        "SendCustomVerificationEmail", EmailAddress="new@example.org", TemplateName="prove"
    )
    link = await link_in_the_last_mail(ready)
    await ready.clock.advance(24 * 3_600_000)

    assert await follow(ready, link) == (302, "https://example.com/no")


async def test_template_is_shown_changed_and_deleted_by_both_apis(ready: World) -> None:
    again = await ready.refused("CreateCustomVerificationEmailTemplate", **TEMPLATE)
    await ready.call_none(
        "UpdateCustomVerificationEmailTemplate", TemplateName="prove", TemplateSubject="Prove it"
    )
    shown = await ready.call("GetCustomVerificationEmailTemplate", TemplateName="prove")
    listed = await ready.call_v2("ListCustomVerificationEmailTemplates")
    await ready.call_v2("DeleteCustomVerificationEmailTemplate", TemplateName="prove")
    missing = await ready.refused("GetCustomVerificationEmailTemplate", TemplateName="prove")

    assert again.code == "CustomVerificationEmailTemplateAlreadyExists"
    assert shown == {**TEMPLATE, "TemplateSubject": "Prove it"}
    assert [each["TemplateName"] for each in listed["CustomVerificationEmailTemplates"]] == [
        "prove"
    ]
    assert missing.code == "CustomVerificationEmailTemplateDoesNotExist"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"FromEmailAddress": "x@example.org"}, "FromEmailAddressNotVerified"),
        ({"FromEmailAddress": "nobody"}, "CustomVerificationEmailInvalidContent"),
        ({"TemplateSubject": "a\r\nBcc: x@example.org"}, "CustomVerificationEmailInvalidContent"),
        ({"TemplateContent": " "}, "CustomVerificationEmailInvalidContent"),
        ({"SuccessRedirectionURL": "javascript:x"}, "CustomVerificationEmailInvalidContent"),
    ],
)
async def test_template_that_cannot_be_sent_is_refused(
    ready: World, changes: dict[str, Any], code: str
) -> None:
    error = await ready.refused(
        "CreateCustomVerificationEmailTemplate",
        **{**TEMPLATE, "TemplateName": "other", **changes},
    )

    assert error.code == code


async def test_refused_mail_makes_no_identity(ready: World) -> None:
    error = await ready.refused(
        "SendCustomVerificationEmail",
        EmailAddress="new@example.org",
        TemplateName="prove",
        ConfigurationSetName="none",
    )

    assert error.code == "ConfigurationSetDoesNotExist"
    assert ready.ses.identities.find(OWNER, "new@example.org") is None
