"""Mail to a running server: functions that decide, bounces, filters, TLS from the first byte."""

from __future__ import annotations

import io
import json
import smtplib
import ssl
import zipfile
from collections.abc import Iterator
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest

from kamome.config import SettingError, Settings
from kamome.mail.authentication import examination
from kamome.testing.server import ServerThread
from kamome.wiring.receiving import intake_settings

MAIL = "From: a@example.net\r\nSubject: hi\r\n\r\nbody\r\n"
STORE = {"S3Action": {"BucketName": "mails", "ObjectKeyPrefix": "in/"}}
BOUNCE = {
    "BounceAction": {
        "SmtpReplyCode": "550",
        "Message": "Nobody here",
        "Sender": "postmaster@example.com",
    }
}


@pytest.fixture
def server() -> Iterator[ServerThread]:
    settings = Settings(port=0, smtp_port=0, smtp_tls_port=0, ephemeral=True, greylist_seconds=60)
    with ServerThread(settings) as running:
        client(running, "s3").create_bucket(Bucket="mails")
        ses = client(running, "ses")
        ses.verify_domain_identity(Domain="example.com")
        ses.create_receipt_rule_set(RuleSetName="set")
        ses.set_active_receipt_rule_set(RuleSetName="set")
        yield running


def client(server: ServerThread, service: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def rule(server: ServerThread, name: str, *actions: dict[str, Any], **members: object) -> None:
    client(server, "ses").create_receipt_rule(
        RuleSetName="set",
        Rule={"Name": name, "Enabled": True, "Actions": list(actions), **members},
    )


def function(server: ServerThread, answer: object) -> str:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.py", f"def handler(event, context):\n    return {answer!r}\n")
    created = client(server, "lambda").create_function(
        FunctionName="decide",
        Runtime="python3.11",
        Role="arn:aws:iam::000000000000:role/r",
        Handler="app.handler",
        Timeout=30,
        Code={"ZipFile": code.getvalue()},
    )
    return str(created["FunctionArn"])


def send(server: ServerThread) -> None:
    """The first attempt is greylisted; the second comes a minute later."""
    with smtplib.SMTP("127.0.0.1", server.smtp_port, "mail.example.net", timeout=30) as smtp:
        with pytest.raises(smtplib.SMTPRecipientsRefused) as put_off:
            smtp.sendmail("a@example.net", ["user@example.com"], MAIL)
        assert put_off.value.recipients["user@example.com"][0] == 451
        server.advance(60)
        smtp.sendmail("a@example.net", ["user@example.com"], MAIL)
    server.advance(1)


def stored(server: ServerThread) -> list[str]:
    listed = client(server, "s3").list_objects_v2(Bucket="mails", Prefix="in/")
    keys = [each["Key"] for each in listed.get("Contents", [])]
    return [key for key in keys if not key.endswith("AMAZON_SES_SETUP_NOTIFICATION")]


def test_function_stops_the_rule_set(server: ServerThread) -> None:
    arn = function(server, {"disposition": "STOP_RULE_SET"})
    ask = {"LambdaAction": {"FunctionArn": arn, "InvocationType": "RequestResponse"}}
    rule(server, "last", STORE)
    rule(server, "first", ask, STORE)

    send(server)

    assert stored(server) == []


def test_function_lets_the_mail_go_on(server: ServerThread) -> None:
    arn = function(server, {"disposition": "CONTINUE"})
    ask = {"LambdaAction": {"FunctionArn": arn, "InvocationType": "RequestResponse"}}
    rule(server, "first", ask, STORE)

    send(server)

    assert len(stored(server)) == 1


def test_bounce_leaves_by_the_spool(server: ServerThread) -> None:
    rule(server, "bounce", BOUNCE)

    send(server)

    async def spooled() -> list[object]:
        found = server.app.kernel.engine.all("SELECT recipient, state FROM outgoing_recipient")
        return [*found]

    assert server.call(spooled()) == [("a@example.net", "captured")]


def test_filter_refuses_at_rcpt(server: ServerThread) -> None:
    rule(server, "store", STORE)
    client(server, "ses").create_receipt_filter(
        Filter={"Name": "all", "IpFilter": {"Policy": "Block", "Cidr": "127.0.0.0/8"}}
    )

    with (
        smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=30) as smtp,
        pytest.raises(smtplib.SMTPRecipientsRefused) as refused,
    ):
        smtp.sendmail("a@example.net", ["user@example.com"], MAIL)

    assert refused.value.recipients["user@example.com"][0] == 550


def test_tls_from_the_first_byte(server: ServerThread) -> None:
    rule(server, "store", STORE, TlsPolicy="Require")
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE

    port = server.app.smtp_tls_port
    with smtplib.SMTP_SSL("127.0.0.1", port, "mail.example.net", context=context) as smtp:
        smtp.ehlo()
        assert not smtp.has_extn("starttls")
        code, words = smtp.mail("a@example.net")
        code, words = smtp.rcpt("user@example.com")

    assert (code, words.split()[0]) == (451, b"4.7.1")  # greylisted: the rule would take it


def test_verdicts_can_be_ordered_with_an_injected_mail(server: ServerThread) -> None:
    topic = client(server, "sns").create_topic(Name="news")["TopicArn"]
    sqs = client(server, "sqs")
    url = sqs.create_queue(QueueName="news")["QueueUrl"]
    arn = "arn:aws:sqs:us-east-1:000000000000:news"
    client(server, "sns").subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"}
    )
    rule(server, "tell", {"SNSAction": {"TopicArn": topic}}, ScanEnabled=True)
    verdicts = {"spam": "FAIL", "virus": "PASS", "dmarc": "FAIL"}
    order = {"from": "a@example.net", "to": ["user@example.com"], "verdicts": verdicts}

    ask = Request(
        f"{server.endpoint}/_kamome/mails",
        json.dumps(order | {"text": "hi"}).encode(),
        {"Content-Type": "application/json"},
    )
    with urlopen(ask):
        server.advance(1)

    (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"]
    receipt = json.loads(message["Body"])["receipt"]
    assert receipt["spamVerdict"] == {"status": "FAIL"}
    assert receipt["dmarcPolicy"] == "reject"
    assert receipt["spfVerdict"] == {"status": "PROCESSING_FAILED"}


def test_mistake_in_a_check_keeps_no_mail_away(
    server: ServerThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_arguments: object, **_named: object) -> None:
        raise RuntimeError("our own mistake")

    rule(server, "store", STORE)
    monkeypatch.setattr(examination, "examine", broken)

    send(server)

    assert len(stored(server)) == 1


@pytest.mark.parametrize(
    "settings",
    [
        Settings(spam_scanner="clamd:127.0.0.1:1"),
        Settings(virus_scanner="clamd"),
        Settings(dns_lists="not a zone"),
    ],
)
def test_setting_that_cannot_be_used_is_refused(settings: Settings) -> None:
    with pytest.raises(SettingError, match="mail that comes in"):
        intake_settings(settings)
