"""Sending through boto3 and SMTP, at the running server: captured, signed, told of."""

from __future__ import annotations

import base64
import email
import email.policy
import hashlib
import hmac
import json
import smtplib
import ssl
import urllib.request
from typing import TYPE_CHECKING, Any

import dkim  # type: ignore[import-untyped] # dkimpy has no types
import pytest
from botocore.exceptions import ClientError
from tests.conftest import Tenant

from kamome.config import Settings
from kamome.services.ses.store import Owner
from kamome.testing.server import ServerThread

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = "test"


@pytest.fixture(scope="module")
def submitting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerThread]:
    """A server with both submission ports."""
    folder: Path = tmp_path_factory.mktemp("submission")
    settings = Settings(
        port=0, smtp_port=0, submission_port=0, submission_tls_port=0, data=str(folder)
    )
    with ServerThread(settings) as running:
        yield running


def content_of(tenant: Tenant, message_id: str) -> bytes:
    """A mail as it left, out of the store."""
    found = tenant.server.call(tenant.server.app.slices.ses.sent.content(message_id))
    assert found is not None
    return found


def parsed(content: bytes) -> Any:  # email's messages are dynamic
    return email.message_from_bytes(content, policy=email.policy.SMTP)


def verifies(tenant: Tenant, content: bytes, domain: str) -> bool:
    """Whether a verifier that we did not write accepts the signature."""
    ses = tenant.server.app.slices.ses
    owner = Owner(tenant.account, tenant.region)

    async def records() -> dict[str, str]:
        from kamome.services.ses.identities.dkim_keys import dns_record, key_of

        identity = ses.identities.find(owner, domain)
        assert identity is not None
        key = await key_of(ses, owner, identity)
        assert key is not None
        return dict([dns_record(identity, key)])

    found = tenant.server.call(records())

    def txt(name: bytes, timeout: int = 5) -> bytes | None:
        del timeout
        record = found.get(name.decode().rstrip("."))
        return None if record is None else record.encode()

    return bool(dkim.verify(content, dnsfunc=txt))


def told(sqs: Any, queue: str) -> dict[str, Any]:
    """The next message of a topic."""
    [message] = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20)["Messages"]
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    event: dict[str, Any] = json.loads(json.loads(message["Body"])["Message"])
    return event


def test_mail_of_v1_is_signed_and_delivered(kamome: Tenant) -> None:
    ses, sns, sqs = kamome.client("ses"), kamome.client("sns"), kamome.client("sqs")
    ses.verify_domain_identity(Domain="example.com")
    ses.verify_domain_dkim(Domain="example.com")
    topic = sns.create_topic(Name="deliveries")["TopicArn"]
    queue = sqs.create_queue(QueueName="deliveries")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["QueueArn"])
    ses.set_identity_notification_topic(
        Identity="example.com", NotificationType="Delivery", SnsTopic=topic
    )

    sent = ses.send_email(
        Source="Post <news@example.com>",
        Destination={"ToAddresses": ["a@example.net"]},
        Message={
            "Subject": {"Data": "日本", "Charset": "UTF-8"},
            "Body": {"Text": {"Data": "täxt"}, "Html": {"Data": "<p>hi</p>"}},
        },
    )

    content = content_of(kamome, sent["MessageId"])
    assert verifies(kamome, content, "example.com")
    assert parsed(content)["Subject"] == "日本"
    event = told(sqs, queue)
    assert event["notificationType"] == "AmazonSnsSubscriptionSucceeded"
    event = told(sqs, queue)
    assert event["notificationType"] == "Delivery"
    assert event["mail"]["messageId"] == sent["MessageId"]
    assert event["delivery"]["recipients"] == ["a@example.net"]


def test_mail_of_v2_with_an_own_ed25519_key(kamome: Tenant) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    ses = kamome.client("sesv2")
    ses.create_email_identity(
        EmailIdentity="signed.example",
        DkimSigningAttributes={
            "DomainSigningSelector": "own",
            "DomainSigningPrivateKey": base64.b64encode(key).decode(),
        },
    )

    sent = ses.send_email(
        FromEmailAddress="x@a.signed.example",
        Destination={"BccAddresses": ["a@example.net"]},
        Content={"Raw": {"Data": b"From: x@a.signed.example\n\nbody\n"}},
    )

    content = content_of(kamome, sent["MessageId"])
    assert b"a=ed25519-sha256" in content
    assert verifies(kamome, content, "signed.example")


def test_refusal_reaches_both_clients(kamome: Tenant) -> None:
    message = {"Subject": {"Data": "hi"}, "Body": {"Text": {"Data": "x"}}}
    destination = {"ToAddresses": ["a@example.net"]}

    with pytest.raises(ClientError) as first:
        kamome.client("ses").send_email(
            Source="a@example.com", Destination=destination, Message=message
        )
    with pytest.raises(ClientError) as second:
        kamome.client("sesv2").send_email(
            FromEmailAddress="a@example.com", Destination=destination, Content={"Simple": message}
        )

    sentence = (
        "Email address is not verified. The following identities failed the check in region "
        "EU-WEST-1: a@example.com"
    )
    for caught in (first.value, second.value):
        assert caught.response["Error"] == {
            "Code": "MessageRejected",
            "Message": sentence,
            **({"Type": "Sender"} if caught is first.value else {}),
        }
        assert caught.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_templates_round_trip_and_bulk(kamome: Tenant) -> None:
    ses = kamome.client("sesv2")
    ses.create_email_identity(EmailIdentity="example.com", Tags=[{"Key": "a", "Value": "b"}])
    ses.create_email_template(
        TemplateName="t", TemplateContent={"Subject": "{{n}}", "Html": "<p>{{n}}</p>"}
    )

    answer = ses.send_bulk_email(
        FromEmailAddress="news@example.com",
        DefaultContent={"Template": {"TemplateName": "t", "TemplateData": "{}"}},
        BulkEmailEntries=[
            {
                "Destination": {"ToAddresses": [f"{n}@example.net"]},
                "ReplacementEmailContent": {
                    "ReplacementTemplate": {"ReplacementTemplateData": json.dumps({"n": n})}
                },
            }
            for n in ("a", "b")
        ],
    )

    subjects = [
        parsed(content_of(kamome, each["MessageId"]))["Subject"]
        for each in answer["BulkEmailEntryResults"]
    ]
    assert subjects == ["a", "b"]
    assert ses.get_account()["SendQuota"]["SentLast24Hours"] == 2
    rendered = ses.test_render_email_template(TemplateName="t", TemplateData='{"n": "x"}')
    assert "Subject: x" in rendered["RenderedTemplate"]


# --- SMTP -----------------------------------------------------------------------------------------


def password(secret: str, region: str) -> str:
    """AWS's algorithm, written once more from its description."""
    key = b"AWS4" + secret.encode()
    for text in ("11111111", region, "ses", "aws4_request", "SendRawEmail"):
        key = hmac.new(key, text.encode(), hashlib.sha256).digest()
    return base64.b64encode(b"\x04" + key).decode()


def unverified() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@pytest.mark.parametrize("has_implicit_tls", [False, True])
def test_smtplib_hands_in_mail(submitting: ServerThread, has_implicit_tls: bool) -> None:
    tenant = Tenant(submitting, f"22222222222{int(has_implicit_tls)}", "ap-northeast-1")
    tenant.client("ses").verify_email_identity(EmailAddress="me@example.com")
    raw = b"From: me@example.com\r\nTo: a@example.net\r\nX-SES-MESSAGE-TAGS: a=b\r\n\r\nhi\r\n"

    if has_implicit_tls:
        session: smtplib.SMTP = smtplib.SMTP_SSL(
            "127.0.0.1", submitting.app.submission_tls_port, context=unverified()
        )
    else:
        session = smtplib.SMTP("127.0.0.1", submitting.app.submission_port)
        session.starttls(context=unverified())
    with session:
        session.login(tenant.account, password(SECRET, tenant.region))
        session.mail("me@example.com")
        session.rcpt("a@example.net")
        code, text = session.data(raw)

    assert code == 250
    message_id = text.decode().rpartition(" ")[2]
    sent = submitting.app.slices.ses.sent.find(message_id)
    assert sent is not None
    assert (sent.account, sent.region) == (tenant.account, "ap-northeast-1")
    assert sent.tags["a"] == ["b"]
    assert b"X-SES-MESSAGE" not in content_of(tenant, message_id)


def test_smtp_says_why_a_mail_is_refused(submitting: ServerThread) -> None:
    with smtplib.SMTP("127.0.0.1", submitting.app.submission_port) as session:
        session.login("333333333333", "anything")  # on this machine, where any is taken
        session.mail("me@example.com")
        session.rcpt("a@example.net")
        refused = session.data(b"From: me@example.com\r\n\r\nhi\r\n")
        session.mail("me@example.com")
        session.rcpt("a@example.net")
        unreadable = session.data(b"Subject: hi\r\n\r\nhi\r\n")

    assert refused[0] == 554
    assert refused[1] == (
        b"Message rejected: Email address is not verified. The following identities failed the "
        b"check in region US-EAST-1: me@example.com"
    )
    assert unreadable == (554, b"Transaction failed: Missing required header 'From'.")


def test_password_is_of_the_secret_where_that_is_enforced(tmp_path: Path) -> None:
    secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    settings = Settings(
        port=0,
        smtp_port=0,
        submission_tls_port=0,
        data=str(tmp_path),
        auth="enforce",
        keys=f"AKIAIOSFODNN7EXAMPLE:{secret}:444444444444",
    )
    with ServerThread(settings) as server:
        port = server.app.submission_tls_port
        with smtplib.SMTP_SSL("127.0.0.1", port, context=unverified()) as session:
            with pytest.raises(smtplib.SMTPAuthenticationError):
                session.login("AKIAIOSFODNN7EXAMPLE", password("another", "eu-west-1"))
            code, _ = session.login("AKIAIOSFODNN7EXAMPLE", password(secret, "eu-west-1"))

    assert code == 235


# --- proving identities ---------------------------------------------------------------------------


def test_address_is_proven_by_following_the_link(tmp_path: Path) -> None:
    settings = Settings(port=0, smtp_port=0, verify_identities=True, data=str(tmp_path))
    with ServerThread(settings) as server:
        tenant = Tenant(server, "555555555555")
        ses = tenant.client("sesv2")
        ses.create_email_identity(EmailIdentity="me@example.com")
        before = ses.get_email_identity(EmailIdentity="me@example.com")

        [mail] = server.app.slices.ses.sent.latest(1)
        text = parsed(content_of(tenant, mail.message_id)).get_content()
        link = next(word for word in text.split() if word.startswith("http://"))
        with urllib.request.urlopen(link, timeout=10) as answer:
            status = answer.status
        after = ses.get_email_identity(EmailIdentity="me@example.com")

    assert (before["VerificationStatus"], after["VerificationStatus"]) == ("PENDING", "SUCCESS")
    assert status == 200
    assert mail.destinations == ("me@example.com",)


def test_link_leads_to_the_public_url(tmp_path: Path) -> None:
    settings = Settings(
        port=0,
        smtp_port=0,
        verify_identities=True,
        public_url="https://mail.example.com/",
        data=str(tmp_path),
    )
    with ServerThread(settings) as server:
        tenant = Tenant(server, "555555555555")
        tenant.client("ses").verify_email_identity(EmailAddress="me@example.com")

        [mail] = server.app.slices.ses.sent.latest(1)
        text = parsed(content_of(tenant, mail.message_id)).get_content()

    assert "https://mail.example.com/_kamome/ses/verify/" in text
