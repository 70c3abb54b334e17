"""The shapes of notifications and events, against AWS's documented examples."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kamome.mail.checks import UNCHECKED
from kamome.mail.envelope import Envelope, Mail
from kamome.mail.header_fields import split_fields
from kamome.services.ses.receiving import notifications
from kamome.services.ses.receiving.headers import header_block, trace_headers, verdicts

if TYPE_CHECKING:
    from tests.ses.conftest import World

TOPIC = "arn:aws:sns:us-east-1:000000000000:news"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:status"
RAW = (
    b'From: "Doe, John" <sender@example.com>\r\n'
    b"To: =?UTF-8?B?5bqX?= <shop@example.com>, other@example.org\r\n"
    b"Cc: copy@example.org\r\n"
    b"Subject: =?iso-2022-jp?B?GyRCQ21KOBsoQg==?=\r\n"
    b"Date: Mon, 5 Aug 2019 21:29:57 +0000\r\n"
    b"Message-ID: <1@example.com>\r\n"
    b"X-Long: folded\r\n\tvalue\r\n"
    b"\r\nbody \xe3\x81\x82\r\n"
)


def rule(*actions: dict[str, Any], **members: object) -> dict[str, object]:
    return {"Actions": list(actions), **members}


async def test_notification_of_an_s3_action(world: World) -> None:
    await world.receiving(
        rule({"S3Action": {"BucketName": "mails", "ObjectKeyPrefix": "in/", "TopicArn": TOPIC}})
    )

    mail = await world.deliver(RAW)

    (message,) = world.neighbours.messages()
    assert list(message) == ["notificationType", "mail", "receipt"]
    assert message["notificationType"] == "Received"
    assert message["receipt"] == {
        "timestamp": "2025-10-09T08:53:20.000Z",
        "processingTimeMillis": 0,
        "recipients": ["user@example.com"],
        "spamVerdict": {"status": "DISABLED"},
        "virusVerdict": {"status": "DISABLED"},
        "spfVerdict": {"status": "PROCESSING_FAILED"},
        "dkimVerdict": {"status": "GRAY"},
        "dmarcVerdict": {"status": "PROCESSING_FAILED"},
        "action": {
            "type": "S3",
            "topicArn": TOPIC,
            "bucketName": "mails",
            "objectKeyPrefix": "in/",
            "objectKey": f"in/{mail.mail_id}",
        },
    }
    headers = message["mail"].pop("headers")
    assert message["mail"] == {
        "timestamp": "2025-10-09T08:53:20.000Z",
        "source": "sender@example.net",
        "messageId": mail.mail_id,
        "destination": ["shop@example.com", "other@example.org", "copy@example.org"],
        "headersTruncated": False,
        "commonHeaders": {
            "returnPath": "sender@example.net",
            "from": ['"Doe, John" <sender@example.com>'],
            "date": "Mon, 5 Aug 2019 21:29:57 +0000",
            "to": ["店 <shop@example.com>", "other@example.org"],
            "cc": ["copy@example.org"],
            "messageId": "<1@example.com>",
            "subject": "注文",
        },
    }
    assert [header["name"] for header in headers] == [
        "Return-Path",
        "Received",
        "X-SES-Spam-Verdict",
        "X-SES-Virus-Verdict",
        "Authentication-Results",
        "X-SES-RECEIPT",
        "From",
        "To",
        "Cc",
        "Subject",
        "Date",
        "Message-ID",
        "X-Long",
    ]
    assert headers[1]["value"] == (
        "from mail.example.net (unknown [192.0.2.1]) by inbound-smtp.us-east-1.amazonaws.com"
        f" with SMTP id {mail.mail_id} for user@example.com;"
        " Thu, 09 Oct 2025 08:53:20 +0000 (UTC)"
    )
    assert headers[9]["value"] == "=?iso-2022-jp?B?GyRCQ21KOBsoQg==?="
    assert headers[12]["value"] == "folded value"


async def test_event_of_a_lambda_action(world: World) -> None:
    await world.receiving(rule({"LambdaAction": {"FunctionArn": FUNCTION}}, ScanEnabled=True))

    await world.deliver(b"DKIM-Signature: v=1\r\n" + RAW)

    (event,) = world.neighbours.events()
    (record,) = event["Records"]
    assert (record["eventSource"], record["eventVersion"]) == ("aws:ses", "1.0")
    assert list(record["ses"]) == ["mail", "receipt"]
    receipt = record["ses"]["receipt"]
    assert receipt["action"] == {
        "type": "Lambda",
        "functionArn": FUNCTION,
        "invocationType": "Event",
    }
    assert receipt["spamVerdict"] == {"status": "PROCESSING_FAILED"}
    assert receipt["dkimVerdict"] == {"status": "PROCESSING_FAILED"}


@pytest.mark.parametrize(
    ("encoding", "named"), [("UTF-8", "UTF8"), ("Base64", "BASE64")], ids=["UTF-8", "Base64"]
)
async def test_notification_of_an_sns_action_has_the_whole_mail(
    world: World, encoding: str, named: str
) -> None:
    await world.receiving(rule({"SNSAction": {"TopicArn": TOPIC, "Encoding": encoding}}))

    await world.deliver(RAW)

    (message,) = world.neighbours.messages()
    content = message["content"]
    raw = base64.b64decode(content) if encoding == "Base64" else content.encode()
    assert raw.startswith(b"Return-Path: <sender@example.net>\r\nReceived: ")
    assert raw.endswith(RAW)
    assert message["receipt"]["action"] == {"type": "SNS", "topicArn": TOPIC, "encoding": named}


async def test_time_between_mail_and_action_is_told(world: World) -> None:
    await world.receiving(rule({"SNSAction": {"TopicArn": TOPIC}}))
    world.neighbours.topics.clear()
    await world.deliver()
    world.neighbours.topics.add(TOPIC)

    await world.clock.advance(1_000)

    (message,) = world.neighbours.messages()
    assert message["receipt"]["processingTimeMillis"] == 1_000


async def test_headers_beyond_10_kb_are_left_out_and_it_is_said(world: World) -> None:
    await world.receiving(rule({"SNSAction": {"TopicArn": TOPIC}}))

    await world.deliver(
        b"".join(b"X-%d: " % n + b"v" * 900 + b"\r\n" for n in range(20)) + b"Subject: late\r\n\r\n"
    )

    (message,) = world.neighbours.messages()
    mail = message["mail"]
    assert mail["headersTruncated"] is True
    assert mail["headers"][-1]["name"] == "X-9"
    assert mail["commonHeaders"]["subject"] == "late"


async def test_bounce_and_blind_copies_are_described_by_the_envelope(world: World) -> None:
    await world.receiving(rule({"SNSAction": {"TopicArn": TOPIC}}))

    await world.mail(
        b"\r\nno headers\r\n", recipients=("a@example.com", "b@example.com"), reverse_path=""
    )
    await world.settle()

    (message,) = world.neighbours.messages()
    mail = message["mail"]
    assert (mail["source"], mail["commonHeaders"]) == ("", {"returnPath": ""})
    assert mail["destination"] == ["a@example.com", "b@example.com"]
    assert mail["headers"][0] == {"name": "Return-Path", "value": "<>"}
    assert " for " not in mail["headers"][1]["value"]


def test_client_name_cannot_end_the_received_header() -> None:
    envelope = Envelope("a@example.net", ("u@example.com",), "evil)\r\nX: (", "192.0.2.1")
    mail = Mail("id", 0, envelope, 0, "")
    unchecked = verdicts(UNCHECKED, [], is_scan_enabled=False)

    block = header_block(trace_headers(mail, "us-east-1", ("u@example.com",), unchecked))

    assert block.split(b"\r\n")[1] == b"Received: from evilX: (unknown [192.0.2.1])"


@given(st.binary(max_size=400))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_any_header_bytes_make_a_notification(head: bytes) -> None:
    envelope = Envelope("a@example.net", ("u@example.com",), "helo", "192.0.2.1")
    mail = Mail("id", 0, envelope, len(head), "")

    described = notifications.mail_object(mail, [], split_fields(b"Subject: " + head))

    assert notifications.notification({}, described)
