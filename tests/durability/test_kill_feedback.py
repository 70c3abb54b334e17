"""The kill test of what senders are told of their mails.

Goal: a mail that SES has answered for, by either API or by SMTP, is in the mailbox, and for each
recipient exactly one notification of its fate comes to the sender's queue. Method: the real server
keeps mails to itself (capture) and plays the mailbox simulator; three senders call it while it is
killed with SIGKILL at random moments, many times over. At the end the rest is let run out. Sending,
spool, simulator, topics and queue share one store, so that nothing may be told twice, either.
"""

from __future__ import annotations

import json
import os
import smtplib
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from random import Random
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from tests.durability.server_process import ServerProcess, rounds
from tests.mail.postfix import free_port

_ROUNDS = rounds(10)
_SENDER = "shop@example.com"
_ACCOUNT = "000000000000"
_TOPIC = f"arn:aws:sns:us-east-1:{_ACCOUNT}:feedback"
_QUEUE = f"arn:aws:sqs:us-east-1:{_ACCOUNT}:feedback"
# What becomes of a mail to each of them: notifications that a sender gets.
_FATES = {
    "buyer@example.net": ["Delivery"],
    "other@example.org": ["Delivery"],
    "success@simulator.amazonses.com": ["Delivery"],
    "bounce@simulator.amazonses.com": ["Bounce"],
    "complaint@simulator.amazonses.com": ["Complaint", "Delivery"],
}
_EMPTY_IN_A_ROW = 3


@dataclass
class Ledger:
    """Mails that were answered for: MessageId to recipients."""

    accepted: dict[str, list[str]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    random: Random = field(default_factory=Random)

    def recipients(self) -> list[str]:
        with self.lock:
            return self.random.sample(sorted(_FATES), self.random.randint(1, 3))

    def accept(self, message_id: str, recipients: list[str]) -> None:
        with self.lock:
            self.accepted[message_id] = recipients


def by_the_first_api(server: ServerProcess, ledger: Ledger, stop: threading.Event) -> None:
    ses = server.client("ses")
    message = {"Subject": {"Data": "one"}, "Body": {"Text": {"Data": "text"}}}
    while not stop.is_set():
        to = ledger.recipients()
        answer = ses.send_email(Source=_SENDER, Destination={"ToAddresses": to}, Message=message)
        ledger.accept(answer["MessageId"], to)


def by_the_second_api(server: ServerProcess, ledger: Ledger, stop: threading.Event) -> None:
    ses = server.client("sesv2")
    body = {"Html": {"Data": "<b>text</b>" * 20_000}}  # too large for a row
    content = {"Simple": {"Subject": {"Data": "two"}, "Body": body}}
    while not stop.is_set():
        to = ledger.recipients()
        answer = ses.send_email(
            FromEmailAddress=_SENDER, Destination={"BccAddresses": to}, Content=content
        )
        ledger.accept(answer["MessageId"], to)


def by_smtp(port: int, ledger: Ledger, stop: threading.Event) -> None:
    mail = f"From: {_SENDER}\r\nTo: list:;\r\nSubject: three\r\n\r\ntext\r\n".encode()
    with smtplib.SMTP("127.0.0.1", port, "sender.example.com", 30) as session:
        session.starttls()
        session.login("test", "test")
        while not stop.is_set():
            to = ledger.recipients()
            session.mail(_SENDER)
            for recipient in to:
                assert session.rcpt(recipient)[0] == 250
            code, reply = session.data(mail)
            assert code == 250, reply
            ledger.accept(reply.decode().split()[-1], to)


def run_round(data: Path, port: int, ledger: Ledger) -> list[str]:
    """Start, send, kill; what went wrong but for the kill."""
    stop, wrong = threading.Event(), list[str]()

    def until_killed(send: Callable[[], None]) -> None:
        try:
            send()
        except (OSError, smtplib.SMTPException, BotoCoreError, ResponseParserError, HTTPException):
            pass  # the server is gone, some of it in the middle of an answer
        except (ClientError, AssertionError) as error:
            wrong.append(repr(error))

    with ServerProcess(data) as server:
        senders = (
            lambda: by_the_first_api(server, ledger, stop),
            lambda: by_the_second_api(server, ledger, stop),
            lambda: by_smtp(port, ledger, stop),
        )
        threads = [threading.Thread(target=until_killed, args=(send,)) for send in senders]
        for thread in threads:
            thread.start()
        # What the simulator does comes later; the clock is moved so that it comes now.
        for _ in range(ledger.random.randint(1, 6)):
            with suppress(OSError, ValueError):
                server.admin("/_kamome/clock", {"advance": "10s"})
            stop.wait(ledger.random.uniform(0.05, 0.25))
        server.kill()
        stop.set()
        for thread in threads:
            thread.join(60)
    return wrong


def prepare(server: ServerProcess) -> None:
    ses, sns = server.client("ses"), server.client("sns")
    server.client("sqs").create_queue(QueueName="feedback")
    sns.create_topic(Name="feedback")
    attributes = {"RawMessageDelivery": "true"}
    sns.subscribe(TopicArn=_TOPIC, Protocol="sqs", Endpoint=_QUEUE, Attributes=attributes)
    ses.verify_email_identity(EmailAddress=_SENDER)
    for kind in ("Bounce", "Complaint", "Delivery"):
        ses.set_identity_notification_topic(
            Identity=_SENDER, NotificationType=kind, SnsTopic=_TOPIC
        )
    # A bounce of the simulator suppresses nobody, here as at AWS: the same addresses go on.
    account = server.client("sesv2")
    account.put_account_details(
        MailType="TRANSACTIONAL", WebsiteURL="https://example.com", ProductionAccessEnabled=True
    )


def told(server: ServerProcess) -> Counter[tuple[str, str, str]]:
    """Notifications in the queue: mail, kind, recipient."""
    sqs = server.client("sqs")
    url = sqs.get_queue_url(QueueName="feedback")["QueueUrl"]
    found: Counter[tuple[str, str, str]] = Counter()
    empty = 0
    while empty < _EMPTY_IN_A_ROW:
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        empty = 0 if messages else empty + 1
        for message in messages:
            for each in _recipients_told(json.loads(message["Body"])):
                found[each] += 1
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def _recipients_told(notification: Any) -> list[tuple[str, str, str]]:  # JSON
    kind = notification["notificationType"]
    if kind == "AmazonSnsSubscriptionSucceeded":  # SES has tried the topic
        return []
    mail_id = notification["mail"]["messageId"]
    if kind == "Delivery":
        return [(mail_id, kind, each) for each in notification["delivery"]["recipients"]]
    of_kind = notification[kind.lower()]
    recipients = of_kind["bouncedRecipients" if kind == "Bounce" else "complainedRecipients"]
    return [(mail_id, kind, each["emailAddress"]) for each in recipients]


@pytest.mark.slow
def test_each_recipient_is_accounted_for_once_whenever_the_server_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    monkeypatch.setenv("KAMOME_SUBMISSION_PORT", str(port))
    seed = int(os.environ.get("KILL_SEED", "0")) or int.from_bytes(os.urandom(4), "big")
    ledger = Ledger(random=Random(seed))
    with ServerProcess(tmp_path) as server:
        prepare(server)
        assert server.stop() == 0

    wrong = [each for _ in range(_ROUNDS) for each in run_round(tmp_path, port, ledger)]
    with ServerProcess(tmp_path) as server:
        for _ in range(5):
            server.admin("/_kamome/clock", {"advance": "10m"})
        notified = told(server)
        missing = [
            mail_id
            for mail_id, recipients in ledger.accepted.items()
            if sorted(server.admin(f"/_kamome/mails/{mail_id}")["recipients"]) != sorted(recipients)
        ]
        assert server.stop() == 0, "\n".join(server.log)

    expected = {
        (mail_id, kind, recipient)
        for mail_id, recipients in ledger.accepted.items()
        for recipient in recipients
        for kind in _FATES[recipient]
    }
    problems = {
        "refused": wrong,
        "not in the mailbox": missing,
        "not told": sorted(expected - notified.keys()),
        "told twice": [each for each, count in notified.items() if count > 1],
    }
    assert not any(problems.values()), (f"KILL_SEED={seed}", problems)
    assert len(ledger.accepted) > 3 * _ROUNDS
