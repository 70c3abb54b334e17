"""Feedback of an identity: topics, headers, forwarding by mail.

AWS: SES Developer Guide, Configuring Amazon SNS notifications for Amazon SES.
"""

from __future__ import annotations

from email import message_from_bytes
from email.policy import SMTP
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from tests.ses.feedback.conftest import TOPIC, outcome_of

from kamome.errors import AccessDenied
from kamome.mail import arf, dsn
from kamome.services.ses.errors import InvalidParameterValue
from kamome.services.ses.sending.sent_mails import Header

if TYPE_CHECKING:
    from tests.ses.feedback.conftest import Sender

    from kamome.context import RequestContext

BOUNCE = "bounce@simulator.amazonses.com"
COMPLAINT = "complaint@simulator.amazonses.com"


def refuse(ctx: RequestContext, arn: str, message: str, *, subject: str = "") -> str:
    """A topic whose policy does not let SES publish."""
    raise AccessDenied("no")


async def set_topic(sender: Sender, kind: str, identity: str = "example.com") -> None:
    await sender.v1(
        "SetIdentityNotificationTopic", Identity=identity, NotificationType=kind, SnsTopic=TOPIC
    )


async def attributes(sender: Sender) -> Any:
    answer = await sender.v1("GetIdentityNotificationAttributes", Identities=["example.com"])
    return answer["NotificationAttributes"]["example.com"]


@pytest.fixture(autouse=True)
async def identity(sender: Sender) -> None:
    await sender.v1("VerifyDomainIdentity", Domain="example.com")


async def test_headers_are_for_a_topic_that_is_there(sender: Sender) -> None:
    of_bounces = {"Identity": "example.com", "NotificationType": "Bounce"}
    operation = "SetIdentityHeadersInNotificationsEnabled"
    await set_topic(sender, "Complaint")

    with pytest.raises(InvalidParameterValue):
        await sender.v1(operation, **of_bounces, Enabled=True)

    await sender.v1(operation, **of_bounces, Enabled=False)
    assert (await attributes(sender))["HeadersInBounceNotificationsEnabled"] is False


async def test_topic_gets_the_notification_of_the_guide(sender: Sender) -> None:
    await set_topic(sender, "Bounce")

    sent = await sender.send(BOUNCE)

    told = sender.told()[0]
    assert told["notificationType"] == "Bounce"
    assert told["bounce"]["bounceType"] == "Permanent"
    assert told["mail"]["messageId"] == sent.message_id
    assert told["mail"]["sourceIp"] == "192.0.2.7"
    assert told["mail"]["callerIdentity"] == "root"
    assert not {"tags", "headers", "commonHeaders", "headersTruncated"} & set(told["mail"])


async def test_a_notification_has_no_subject(sender: Sender) -> None:
    await set_topic(sender, "Bounce")

    await sender.send(BOUNCE)

    assert sender.world.neighbours.subjects == ["", ""]


async def test_a_topic_is_told_once_that_it_will_be_notified(sender: Sender) -> None:
    await set_topic(sender, "Bounce")
    await set_topic(sender, "Bounce")

    ((topic, body),) = sender.world.neighbours.effects("publish")
    told = orjson.loads(body)
    assert topic == TOPIC
    assert told["notificationType"] == "AmazonSnsSubscriptionSucceeded"
    assert "'Bounce' notifications from Amazon SES for identity 'example.com'" in told["message"]
    ctx = sender.world.neighbours.contexts[-1]
    assert ctx.source_arn == "arn:aws:ses:us-east-1:000000000000:identity/example.com"


async def test_a_topic_that_refuses_ses_is_not_set(sender: Sender) -> None:
    sender.replace_ports(publish=refuse)

    refusal = await sender.refused(
        *("v1", "SetIdentityNotificationTopic"),
        Identity="example.com",
        NotificationType="Bounce",
        SnsTopic=TOPIC,
    )

    assert refusal.code == "InvalidParameterValue"
    assert (await attributes(sender))["BounceTopic"] == ""


async def test_headers_are_there_where_they_were_asked_for(sender: Sender) -> None:
    await set_topic(sender, "Bounce")
    await sender.v1(
        "SetIdentityHeadersInNotificationsEnabled",
        Identity="example.com",
        NotificationType="Bounce",
        Enabled=True,
    )

    await sender.send(BOUNCE)

    assert sender.told()[0]["mail"]["commonHeaders"]["subject"] == "hi"


async def test_delivery_is_told_to_its_topic_only(sender: Sender) -> None:
    await set_topic(sender, "Delivery")

    sent = await sender.send("a@example.net")
    await sender.outcome(outcome_of(sent, "delivered", 250, "2.0.0", "ok"))
    await sender.outcome(outcome_of(sent, "bounced", 550, "5.1.1", "no"))

    assert [told["notificationType"] for told in sender.told()] == ["Delivery"]


async def test_a_domains_topics_are_not_those_of_a_verified_address(sender: Sender) -> None:
    await set_topic(sender, "Bounce")

    await sender.send(BOUNCE, identity="sender@example.com")

    assert not sender.told()


async def test_a_topic_that_is_gone_is_forgotten_and_feedback_comes_by_mail(
    sender: Sender,
) -> None:
    for kind in ("Bounce", "Complaint"):
        await set_topic(sender, kind)
    await sender.v1(
        "SetIdentityFeedbackForwardingEnabled", Identity="example.com", ForwardingEnabled=False
    )
    sender.world.neighbours.topics.clear()

    await sender.send(BOUNCE)

    shown = await attributes(sender)
    assert (shown["BounceTopic"], shown["ForwardingEnabled"]) == ("", True)
    assert [mail.recipients for mail, _ in sender.spool.mails] == [("sender@example.com",)]


async def test_bounce_is_forwarded_by_mail_as_a_delivery_status_notification(
    sender: Sender,
) -> None:
    await sender.send(BOUNCE)

    mail, content = sender.spool.mails[0]
    report = message_from_bytes(content, policy=SMTP)
    status = [part for part in report.walk() if part.get_content_type() == "text/plain"]
    blocks: Any = [*report.iter_parts()][1].get_payload()
    assert (mail.reverse_path, mail.recipients) == ("", ("sender@example.com",))
    assert report.get_content_type() == "multipart/report"
    assert BOUNCE in status[0].get_content()
    assert blocks[1]["Final-Recipient"] == f"rfc822; {BOUNCE}"
    assert blocks[1]["Status"] == "5.1.1"


async def test_complaint_is_forwarded_by_mail_as_a_feedback_report(sender: Sender) -> None:
    await sender.send(COMPLAINT)

    report = message_from_bytes(sender.spool.mails[0][1], policy=SMTP)
    parts = [part.get_content_type() for part in report.iter_parts()]
    assert parts == ["text/plain", "message/feedback-report", "text/rfc822-headers"]
    assert f"Original-Rcpt-To: <{COMPLAINT}>" in sender.spool.mails[0][1].decode()


async def test_forwarding_can_be_switched_off_where_both_kinds_have_topics(
    sender: Sender,
) -> None:
    await set_topic(sender, "Bounce")
    off = {"Identity": "example.com", "ForwardingEnabled": False}
    refusal = await sender.refused("v1", "SetIdentityFeedbackForwardingEnabled", **off)
    await set_topic(sender, "Complaint")

    await sender.v1("SetIdentityFeedbackForwardingEnabled", **off)

    await sender.send(BOUNCE)
    assert refusal.code == "InvalidParameterValue"
    assert not sender.spool.mails


async def test_losing_a_topic_switches_forwarding_on_again(sender: Sender) -> None:
    for kind in ("Bounce", "Complaint"):
        await set_topic(sender, kind)
    await sender.v1(
        "SetIdentityFeedbackForwardingEnabled", Identity="example.com", ForwardingEnabled=False
    )

    await sender.v1(
        "SetIdentityNotificationTopic", Identity="example.com", NotificationType="Bounce"
    )

    assert (await attributes(sender))["ForwardingEnabled"] is True


async def test_settings_are_shown_by_name(sender: Sender) -> None:
    await set_topic(sender, "Bounce")

    shown = await attributes(sender)

    assert shown["BounceTopic"] == TOPIC
    assert shown["ForwardingEnabled"] is True
    assert shown["HeadersInBounceNotificationsEnabled"] is False


async def test_the_second_api_switches_the_same_setting(sender: Sender) -> None:
    await sender.v2(
        "PutEmailIdentityFeedbackAttributes",
        EmailIdentity="example.com",
        EmailForwardingEnabled=False,
    )

    assert (await attributes(sender))["ForwardingEnabled"] is False


async def test_an_unknown_topic_or_identity_is_refused(sender: Sender) -> None:
    wrong = [
        {"Identity": "example.com", "SnsTopic": f"{TOPIC}-gone"},
        {"Identity": "example.org", "SnsTopic": TOPIC},
        {"Identity": "example.com", "SnsTopic": f"{TOPIC}.fifo"},
    ]
    sender.world.neighbours.topics.add(f"{TOPIC}.fifo")

    for members in wrong:
        refusal = await sender.refused(
            "v1", "SetIdentityNotificationTopic", NotificationType="Bounce", **members
        )
        assert refusal.code == "InvalidParameterValue"


async def test_a_forwarded_mail_has_no_events_of_its_own(sender: Sender) -> None:
    await sender.send(BOUNCE)
    forwarded, _ = sender.spool.mails[0]
    result = outcome_of(await sender.send("a@example.net"), "bounced", 550, "5.1.1", "no")
    before = len(sender.spool.mails)

    await sender.outcome(type(result)(**{**result_fields(result), "mail_id": forwarded.mail_id}))

    assert len(sender.spool.mails) == before


def result_fields(result: Any) -> dict[str, Any]:
    return {name: getattr(result, name) for name in result.__struct_fields__}


async def test_forwarded_reports_are_read_by_our_own_reader(sender: Sender) -> None:
    await sender.send(BOUNCE, "suppressionlist@simulator.amazonses.com")
    await sender.send(COMPLAINT)

    reports = [content for _, content in sender.spool.mails]
    bounced = [dsn.parse(content) for content in reports]
    complained = [arf.parse(content) for content in reports]

    told = [report.recipients[0] for report in bounced if report is not None]
    assert [recipient.status for recipient in told] == ["5.1.1", "5.1.1"]
    assert {recipient.final_recipient for recipient in told} == {
        BOUNCE,
        "suppressionlist@simulator.amazonses.com",
    }
    assert [report.original_recipients for report in complained if report] == [(COMPLAINT,)]


async def test_no_header_of_a_mail_can_add_a_field_to_its_report(sender: Sender) -> None:
    forged = Header("X-Note", "a\r\nFinal-Recipient: rfc822; victim@example.org\r\n\r\nb")

    await sender.send(BOUNCE, headers=(forged,), source="a@b\r\nBcc: x@example.org")

    report = dsn.parse(sender.spool.mails[0][1])
    assert report is not None
    assert [recipient.final_recipient for recipient in report.recipients] == [BOUNCE]
    assert b"\r\nBcc:" not in sender.spool.mails[0][1]
