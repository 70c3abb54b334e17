"""SES over SMTP with servers that we did not write: out, in, bounced, put off.

The whole server with boto3 as its client. Directly: mail servers and a name server of the test's
own stand for the Internet. By a relay: postfix brings the mail back to the same server's intake.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from tests.mail import postfix
from tests.mail.dns_server import running_dns_server
from tests.mail.postfix import free_port, running_postfix
from tests.mail.smtp_peer import SmtpPeer, running_peer

from kamome.config import Settings
from kamome.testing.server import ServerThread

SENDER = "shop@example.com"


def client(server: ServerThread, service: str) -> Any:  # boto3's clients are made at run time
    return boto3.client(
        service,
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )


def prepare(server: ServerThread) -> str:
    """A verified sender outside the sandbox, whose feedback goes to a queue; the queue's URL."""
    ses, sns, sqs = (client(server, name) for name in ("ses", "sns", "sqs"))
    ses.verify_email_identity(EmailAddress=SENDER)
    ses.verify_domain_dkim(Domain="example.com")
    client(server, "sesv2").put_account_details(
        MailType="TRANSACTIONAL", WebsiteURL="https://example.com", ProductionAccessEnabled=True
    )
    topic = sns.create_topic(Name="feedback")["TopicArn"]
    # SES tries the topic at once: before the queue hears of it.
    for kind in ("Bounce", "Delivery"):
        ses.set_identity_notification_topic(Identity=SENDER, NotificationType=kind, SnsTopic=topic)
    queue: str = sqs.create_queue(QueueName="feedback")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=arn["QueueArn"],
        Attributes={"RawMessageDelivery": "true"},
    )
    return queue


def send(server: ServerThread, *recipients: str) -> str:
    answer = client(server, "ses").send_email(
        Source=SENDER,
        Destination={"ToAddresses": list(recipients)},
        Message={"Subject": {"Data": "Grüße"}, "Body": {"Text": {"Data": ".dot\nhello\n"}}},
    )
    message_id: str = answer["MessageId"]
    return message_id


def feedback(server: ServerThread, queue: str, count: int) -> list[dict[str, Any]]:
    """So many notifications, waiting for each."""
    sqs = client(server, "sqs")
    found: list[dict[str, Any]] = []
    while len(found) < count:
        answer = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20, MaxNumberOfMessages=10)
        assert "Messages" in answer, f"only {len(found)} of {count} notifications came"
        for message in answer["Messages"]:
            found.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return found


def queue_of_mails(server: ServerThread) -> str:
    """A bucket `mails`, and the URL of a queue that is told of what is put there."""
    s3, sqs = client(server, "s3"), client(server, "sqs")
    queue: str = sqs.create_queue(QueueName="mails")["QueueUrl"]
    told = {
        "QueueArn": "arn:aws:sqs:us-east-1:000000000000:mails",
        "Events": ["s3:ObjectCreated:*"],
    }
    s3.create_bucket(Bucket="mails")
    s3.put_bucket_notification_configuration(
        Bucket="mails",
        NotificationConfiguration={"QueueConfigurations": [told]},
        SkipDestinationValidation=True,
    )
    return queue


def mail_key(server: ServerThread, queue: str) -> str:
    """The key of the mail in the bucket, once it is there."""
    sqs = client(server, "sqs")
    for _ in range(3):  # S3's test event and the object that SES proves its right with come first
        [message] = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20)["Messages"]
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        for record in json.loads(message["Body"]).get("Records", []):
            key: str = record["s3"]["object"]["key"]
            if "NOTIFICATION" not in key:
                return key
    raise AssertionError("the mail never came")


async def in_thread(work: Callable[[], object]) -> None:
    await asyncio.to_thread(work)


class TestDirect:
    async def _play(self, peer: SmtpPeer, tmp_path: Path, play: Callable[..., None]) -> None:
        async with running_dns_server() as dns:
            dns.add("example.net", "MX", "10 mx.example.net.")
            dns.add("mx.example.net", "A", "127.0.0.1")
            dns.add("null.example", "MX", "0 .")
            settings = Settings(
                port=0,
                smtp_port=0,
                data=str(tmp_path),
                dns=dns.setting,
                mail_transport="direct",
                mail_direct_port=peer.port,
                mail_direct_networks="127.0.0.0/8",
            )

            def run() -> None:
                with ServerThread(settings) as server:
                    play(server, prepare(server))

            await in_thread(run)

    async def test_words_of_the_servers_become_feedback(self, tmp_path: Path) -> None:
        replies = {"RCPT TO:<nobody@example.net>": b"550 5.1.1 no such user\r\n"}

        def play(server: ServerThread, queue: str) -> None:
            message_id = send(
                server, "user@example.net", "nobody@example.net", "anyone@null.example"
            )

            told = feedback(server, queue, 3)

            assert {each["mail"]["messageId"] for each in told} == {message_id}
            (delivery,) = (each["delivery"] for each in told if "delivery" in each)
            assert delivery["recipients"] == ["user@example.net"]
            assert delivery["smtpResponse"].startswith("250 2.0.0")
            bounced = {
                one["emailAddress"]: (each["bounce"]["bounceType"], one["status"])
                for each in told
                if "bounce" in each
                for one in each["bounce"]["bouncedRecipients"]
            }
            assert bounced["nobody@example.net"] == ("Permanent", "5.1.1")
            assert bounced["anyone@null.example"][1] == "5.1.10"

        async with running_peer(say=lambda _verb, line: replies.get(line)) as peer:
            await self._play(peer, tmp_path, play)

        assert len(peer.mails) == 1
        assert b"\r\nDKIM-Signature:" in b"\r\n" + peer.mails[0]
        assert peer.mails[0].endswith(b"\r\n")

    async def test_greylisted_mail_is_delivered_minutes_later(self, tmp_path: Path) -> None:
        greeted: list[str] = []

        def greylist(verb: str, _line: str) -> bytes | None:
            if verb == "RCPT":
                greeted.append(verb)
                return b"451 4.7.1 come back later\r\n" if len(greeted) == 1 else None
            return None

        def play(server: ServerThread, queue: str) -> None:
            send(server, "user@example.net")
            server.advance(1)  # returns when what is due has happened
            assert client(server, "sqs").receive_message(QueueUrl=queue).get("Messages") is None

            server.advance(299)

            (told,) = feedback(server, queue, 1)
            assert told["delivery"]["processingTimeMillis"] >= 300_000

        async with running_peer(say=greylist) as peer:
            await self._play(peer, tmp_path, play)

        assert len(peer.mails) == 1

    async def test_fourteen_hours_without_a_server_end_in_a_bounce(self, tmp_path: Path) -> None:
        def play(server: ServerThread, queue: str) -> None:
            send(server, "user@example.net")

            server.advance(23 * 3600)

            (told,) = feedback(server, queue, 1)
            assert told["bounce"]["bounceType"] == "Transient"

        async with running_peer() as peer:
            pass
        await self._play(peer, tmp_path, play)


@pytest.mark.slow
@pytest.mark.skipif(bool(postfix.reason()), reason=postfix.reason() or "postfix is here")
async def test_mail_goes_by_postfix_back_into_a_bucket(tmp_path: Path) -> None:
    smtp_port = free_port()

    def play(settings: Settings) -> None:
        with ServerThread(settings) as server:
            queue = prepare(server)
            ses, s3 = client(server, "ses"), client(server, "s3")
            ses.verify_domain_identity(Domain="in.example.com")
            kept_in = queue_of_mails(server)
            ses.create_receipt_rule_set(RuleSetName="rules")
            action = {"S3Action": {"BucketName": "mails"}}
            rule = {"Name": "keep", "Enabled": True, "Recipients": ["in.example.com"]}
            ses.create_receipt_rule(RuleSetName="rules", Rule={**rule, "Actions": [action]})
            ses.set_active_receipt_rule_set(RuleSetName="rules")

            send(server, "orders@in.example.com")

            (told,) = feedback(server, queue, 1)
            assert "queued as" in told["delivery"]["smtpResponse"]
            kept = s3.get_object(Bucket="mails", Key=mail_key(server, kept_in))["Body"].read()
            assert b"hello\r\n" in kept
            assert b"by postfix.example.net (Postfix) with ESMTP" in kept

    async with running_postfix(next_port=smtp_port) as peer:
        settings = Settings(
            port=0,
            smtp_port=smtp_port,
            data=str(tmp_path / "data"),
            mail_transport="relay",
            mail_relay_host="127.0.0.1",
            mail_relay_port=peer.port,
            mail_relay_tls="off",
        )
        await in_thread(lambda: play(settings))
