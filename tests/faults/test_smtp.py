"""Faults at the stages of an SMTP session."""

from __future__ import annotations

import smtplib
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from kamome.testing import Kamome

RECIPIENT = "shop@example.com"


@pytest.fixture(autouse=True)
def _stored(kamome: Kamome) -> None:
    """A receipt rule that takes mails for example.com."""
    ses = kamome.client("ses")
    kamome.client("s3").create_bucket(Bucket="mails")
    ses.verify_domain_identity(Domain="example.com")
    ses.create_receipt_rule_set(RuleSetName="rules")
    action = {"S3Action": {"BucketName": "mails"}}
    rule = {"Name": "store", "Enabled": True, "Actions": [action]}
    ses.create_receipt_rule(RuleSetName="rules", Rule=rule)
    ses.set_active_receipt_rule_set(RuleSetName="rules")


@pytest.mark.parametrize("stage", ["helo", "mail", "data", "end-of-data"])
def test_stage_is_answered_as_ordered(kamome: Kamome, stage: str) -> None:
    fault = kamome.faults.add(service="smtp", operation=stage, reply="450 4.2.1 Not now")

    with pytest.raises(smtplib.SMTPResponseException) as refused:
        kamome.mails.send(RECIPIENT, subject="hello")

    assert refused.value.smtp_code == 450
    assert refused.value.smtp_error == b"4.2.1 Not now"
    assert kamome.mails.received == []
    assert fault.struck >= 1


def test_recipient_is_greylisted_once(kamome: Kamome) -> None:
    kamome.faults.add(
        service="smtp",
        operation="rcpt",
        resource="shop@*",
        reply="451 4.7.1 Greylisted, try again later",
        count=1,
    )

    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        kamome.mails.send(RECIPIENT)
    kamome.mails.send(RECIPIENT)

    assert refused.value.recipients[RECIPIENT][0] == 451
    assert len(kamome.mails.received) == 1


def test_other_recipients_are_taken(kamome: Kamome) -> None:
    kamome.faults.add(
        service="smtp", operation="rcpt", resource="a@example.com", reply="550 5.1.1 No"
    )

    kamome.mails.send(["a@example.com", "b@example.com"])

    [mail] = kamome.mails.received
    assert mail.recipients == ("b@example.com",)


def test_server_in_an_outage_closes_after_its_reply(kamome: Kamome) -> None:
    kamome.faults.add(service="smtp", operation="connect", outage=True)

    with pytest.raises(smtplib.SMTPConnectError) as refused:
        kamome.mails.send(RECIPIENT)

    assert refused.value.smtp_code == 421


def test_connection_breaks_before_the_mail_is_taken(kamome: Kamome) -> None:
    kamome.faults.add(service="smtp", operation="end-of-data", drop="before", count=1)

    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        kamome.mails.send(RECIPIENT)

    assert kamome.mails.received == []


def test_sender_that_lost_the_reply_sends_the_mail_twice(kamome: Kamome) -> None:
    kamome.faults.add(service="smtp", operation="end-of-data", drop="after", count=1)

    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        kamome.mails.send(RECIPIENT, subject="hello")
    kamome.mails.send(RECIPIENT, subject="hello")

    assert [mail.subject for mail in kamome.mails.received] == ["hello", "hello"]


def test_mail_is_stored_when_the_outage_of_its_bucket_is_over(kamome: Kamome) -> None:
    kamome.clock.freeze()
    kamome.faults.add(service="s3", resource="mails", source="ses", outage=True, duration="1h")
    kamome.mails.send(RECIPIENT)
    kamome.settle()
    s3 = kamome.client("s3")
    before = s3.list_objects_v2(Bucket="mails")["KeyCount"]

    kamome.clock.advance(hours=2)

    assert s3.list_objects_v2(Bucket="mails")["KeyCount"] == before + 1
