"""Mails made to hurt, and senders who want more headers than theirs, through the whole server.

Goal: whatever is put into addresses, subjects, template data and headers, either the call is
refused or the mail has exactly the header fields that were meant; and what is nested, numerous or
endless is received, worked by the rules and shown within bounds.
"""

from __future__ import annotations

import json
import smtplib
import urllib.request
from email import message_from_bytes, policy
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError
from tests.conftest import Tenant

# Ways to begin a line of one's own, as servers and mailers have taken them for line ends.
_BREAKS = ["\r\n", "\n", "\r", "\r\n ", "\n\t\n", "\x00\r\n", "\u2028", "\x85", "\x0b", "\x0c"]
_ADDED = "X-Injected: yes"


def domain_of(kamome: Tenant) -> str:
    domain = f"a{kamome.account}.example.com"
    kamome.client("ses").verify_domain_identity(Domain=domain)
    return domain


def left(kamome: Tenant) -> list[bytes]:
    """The mails of this account that were sent, as they left."""
    url = f"{kamome.endpoint}/_kamome/mails?q=is:sent%20from:a{kamome.account}"
    with urllib.request.urlopen(url, timeout=60) as answer:
        ids = [mail["id"] for mail in json.load(answer)["mails"]]
    raw = []
    for mail_id in ids:
        path = f"{kamome.endpoint}/_kamome/mails/{mail_id}/raw"
        with urllib.request.urlopen(path, timeout=60) as answer:
            raw.append(answer.read())
    return raw


def assert_no_header_was_added(kamome: Tenant) -> None:
    for raw in left(kamome):
        assert b"\n" not in raw.replace(b"\r\n", b"")
        assert b"\r" not in raw.replace(b"\r\n", b"")
        head = raw.partition(b"\r\n\r\n")[0]
        mail = message_from_bytes(head + b"\r\n\r\n", policy=policy.default)
        assert mail["X-Injected"] is None
        assert mail["Bcc"] is None
        assert _ADDED.encode() not in head.split(b"\r\n")


def try_to(call: Any, **request: object) -> None:
    """Send, or be refused."""
    try:
        call(**request)
    except (ClientError, ParamValidationError) as refusal:
        assert not isinstance(refusal, ClientError) or (
            refusal.response["ResponseMetadata"]["HTTPStatusCode"] == 400
        ), refusal


def simple(domain: str, **changes: Any) -> dict[str, Any]:
    request = {
        "Source": f"from@{domain}",
        "Destination": {"ToAddresses": ["to@example.net"]},
        "Message": {"Subject": {"Data": "hi"}, "Body": {"Text": {"Data": "text"}}},
    }
    return request | changes


@pytest.mark.parametrize("line_end", _BREAKS, ids=repr)
def test_no_header_is_added_by_a_simple_mail(kamome: Tenant, line_end: str) -> None:
    domain, ses = domain_of(kamome), kamome.client("ses")
    evil = f"{line_end}{_ADDED}{line_end}Bcc: victim@example.org"
    subject = {"Subject": {"Data": f"hi{evil}"}, "Body": {"Text": {"Data": "text"}}}
    for changes in (
        {"Message": subject},
        {"Source": f"from@{domain}{evil}"},
        {"Source": f"Name{evil} <from@{domain}>"},
        {"Source": f'"Name{evil}" <from@{domain}>'},
        {"Destination": {"ToAddresses": [f"to@example.net{evil}"]}},
        {"Destination": {"CcAddresses": [f"Name{evil} <cc@example.net>"]}},
        {"ReplyToAddresses": [f"reply@example.net{evil}"]},
        {"ReturnPath": f"bounce@{domain}{evil}"},
        {"Tags": [{"Name": "a", "Value": f"b{evil}"}]},
    ):
        try_to(ses.send_email, **simple(domain, **changes))

    assert_no_header_was_added(kamome)


@pytest.mark.parametrize("line_end", _BREAKS, ids=repr)
def test_no_header_is_added_by_template_data(kamome: Tenant, line_end: str) -> None:
    domain, ses = domain_of(kamome), kamome.client("ses")
    template = {
        "TemplateName": "order",
        "SubjectPart": "Order of {{name}} {{{name}}}",
        "TextPart": "Dear {{name}}",
        "HtmlPart": "<p>Dear {{name}}</p>",
    }
    ses.create_template(Template=template)
    data = json.dumps({"name": f"Ana{line_end}{_ADDED}{line_end}Bcc: victim@example.org"})

    try_to(
        ses.send_templated_email,
        Source=f"from@{domain}",
        Destination={"ToAddresses": ["to@example.net"]},
        Template="order",
        TemplateData=data,
    )
    kamome.advance(0)

    assert_no_header_was_added(kamome)


@pytest.mark.parametrize("line_end", _BREAKS, ids=repr)
def test_no_header_is_added_by_headers_of_the_second_api(kamome: Tenant, line_end: str) -> None:
    domain, ses = domain_of(kamome), kamome.client("sesv2")
    evil = f"{line_end}{_ADDED}"
    body = {"Text": {"Data": "text"}}
    attachment = {"RawContent": b"x", "FileName": f"a{evil}.txt", "ContentType": "text/plain"}
    for content in (
        {"Subject": {"Data": f"hi{evil}"}, "Body": body},
        {"Subject": {"Data": "hi"}, "Body": body, "Headers": [{"Name": "X-A", "Value": evil}]},
        {"Subject": {"Data": "hi"}, "Body": body, "Headers": [{"Name": evil, "Value": "a"}]},
        {"Subject": {"Data": "hi"}, "Body": body, "Headers": [{"Name": "X:A", "Value": "a"}]},
        {"Subject": {"Data": "hi"}, "Body": body, "Attachments": [attachment]},
        {
            "Subject": {"Data": "hi"},
            "Body": body,
            "Attachments": [attachment | {"FileName": "a", "ContentType": f"text/plain{evil}"}],
        },
        {
            "Subject": {"Data": "hi"},
            "Body": body,
            "Attachments": [attachment | {"FileName": "a", "ContentDescription": evil}],
        },
        {
            "Subject": {"Data": "hi"},
            "Body": body,
            "Attachments": [attachment | {"FileName": "a", "ContentId": evil}],
        },
    ):
        try_to(
            ses.send_email,
            FromEmailAddress=f"from@{domain}",
            Destination={"ToAddresses": ["to@example.net"]},
            Content={"Simple": content},
        )

    assert_no_header_was_added(kamome)


def test_recipients_of_a_raw_mail_are_those_of_the_call(kamome: Tenant) -> None:
    domain, ses = domain_of(kamome), kamome.client("ses")
    raw = (
        f"From: from@{domain}\r\nTo: a@example.net\r\nBcc: hidden@example.org\r\n"
        "Subject: x\r\n\r\nx\r\n"
    ).encode()

    ses.send_raw_email(
        Source=f"from@{domain}", Destinations=["only@example.net"], RawMessage={"Data": raw}
    )
    kamome.advance(0)

    url = f"{kamome.endpoint}/_kamome/mails?q=is:sent%20from:a{kamome.account}"
    with urllib.request.urlopen(url, timeout=60) as answer:
        [mail] = json.load(answer)["mails"]
    assert mail["recipients"] == ["only@example.net"]
    assert_no_header_was_added(kamome)


# ---------------------------------------------------------------------- bombs


def bombs() -> dict[str, bytes]:
    nested = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level)
        for level in range(5_000)
    )
    return {
        "nested": nested + b"\r\nend\r\n",
        "mails in mails": b"Content-Type: message/rfc822\r\n\r\n" * 5_000 + b"end\r\n",
        "parts": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\n\r\n" * 50_000,
        "fields": b"X-A: b\r\n" * 100_000 + b"\r\nend\r\n",
        "a long field": b"Subject: " + b"a" * 900 + b"\r\n " + (b"b" * 900 + b"\r\n ") * 500,
        "addresses": b"To: " + b"a@example.net,\r\n " * 30_000 + b"b@example.net\r\n\r\nend\r\n",
        "comments": b"To: " + (b"(" * 900 + b"\r\n ") * 50 + b"\r\n\r\nend\r\n",
        "words": b"Subject: " + b"=?utf-8?q?a?=\r\n " * 30_000 + b"\r\n\r\nend\r\n",
        "a long field of control characters": b"Subject: " + b"\x01" * 900 + b"\r\n\r\nend\r\n",
        "long fields": b"".join(
            name + b": " + (b'"\x02\x03",' * 150 + b"\r\n ") * 20 + b"\r\n"
            for name in (b"From", b"To", b"Cc", b"Bcc", b"Reply-To", b"Sender", b"Message-ID")
        )
        + b"\r\nend\r\n",
        "not text": bytes(range(1, 10)) * 50 + b"\r\n\r\n" + b"\xff\xfe" * 400 + b"\r\n",
        "empty": b"\r\n",
    }


@pytest.mark.parametrize("name", list(bombs()))
def test_a_bomb_is_received_worked_and_shown(kamome: Tenant, name: str) -> None:
    domain, topic_name = domain_of(kamome), "news"
    ses, sns, sqs = kamome.client("ses"), kamome.client("sns"), kamome.client("sqs")
    topic = sns.create_topic(Name=topic_name)["TopicArn"]
    queue = sqs.create_queue(QueueName="news")["QueueUrl"]
    arn = f"arn:aws:sqs:{kamome.region}:{kamome.account}:news"
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    bucket = f"a{kamome.account}"
    kamome.client("s3").create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": kamome.region}
    )
    action = {"S3Action": {"BucketName": bucket, "TopicArn": topic}}
    ses.create_receipt_rule_set(RuleSetName="rules")
    rule = {"Name": "all", "Enabled": True, "ScanEnabled": True, "Actions": [action]}
    ses.create_receipt_rule(RuleSetName="rules", Rule=rule)
    ses.set_active_receipt_rule_set(RuleSetName="rules")

    with smtplib.SMTP("127.0.0.1", kamome.smtp_port, timeout=60) as session:
        session.sendmail("a@example.net", [f"b@{domain}"], bombs()[name])
    kamome.advance(0)

    [message] = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"]
    assert len(message["Body"]) <= 1024 * 1024
    told = json.loads(json.loads(message["Body"])["Message"])
    assert told["receipt"]["action"]["type"] == "S3"
    mail_id = told["mail"]["messageId"]
    with urllib.request.urlopen(f"{kamome.endpoint}/_kamome/mails/{mail_id}", timeout=60) as answer:
        shown = json.load(answer)
    assert shown["steps"][0]["done_at"] is not None
    assert len(json.dumps(shown["tree"])) < 2_000_000


@pytest.mark.parametrize("field", ["Subject", "To", "Cc", "Reply-To", "X-Any", "Message-ID"])
def test_feedback_of_a_sent_mail_with_an_endless_field_comes(kamome: Tenant, field: str) -> None:
    domain = domain_of(kamome)
    ses, sns, sqs = kamome.client("ses"), kamome.client("sns"), kamome.client("sqs")
    topic = sns.create_topic(Name="news")["TopicArn"]
    queue = sqs.create_queue(QueueName="news")["QueueUrl"]
    arn = f"arn:aws:sqs:{kamome.region}:{kamome.account}:news"
    ses.set_identity_notification_topic(
        Identity=domain, NotificationType="Delivery", SnsTopic=topic
    )
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    ses.set_identity_headers_in_notifications_enabled(
        Identity=domain, NotificationType="Delivery", Enabled=True
    )
    filler = '"\x01\x02" <a@example.net>,\r\n ' * 12_000
    raw = f"From: from@{domain}\r\n{field}: {filler}<b@example.net>\r\n\r\ntext\r\n".encode()

    try_to(
        ses.send_raw_email,
        Source=f"from@{domain}",
        Destinations=["to@example.net"],
        RawMessage={"Data": raw},
    )
    kamome.advance(0)

    if left(kamome):  # else it was refused
        [message] = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=2)["Messages"]
        told = json.loads(json.loads(message["Body"])["Message"])
        assert told["delivery"]["recipients"] == ["to@example.net"]
