"""The kill test of the inbound-mail pipeline.

Goal: design promise 2. Method: the real server, with the inbound-mail blueprint, takes mails by
SMTP from several senders and is killed with SIGKILL at random moments, many times over; the mails
go on through receipt rules, S3, SNS, SQS and functions in between. At the end everything is let
run out, and each mail that was answered with 250 must have its object byte for byte, its items
exactly once, and nothing may be left under way.
"""

from __future__ import annotations

import os
import smtplib
import threading
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import apsw
import pytest
from tests.durability.server_process import ServerProcess, has_ended, processes_of, rounds
from tests.file_events import wait_for_files

from kamome.cli.blueprint import find_blueprint, load_modules

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROUNDS = rounds(20)
# Enough mails are accepted; a function has been started, too; it has been at work for a while.
_MOMENTS = ("started", "working", "accepted")
_SENDERS = 3
_MAILS_PER_ROUND_MAX = 6
# A killed batch counts as a receive; what is not poison must not end in the dead-letter queue.
_RECEIVES_MAX = 1000
_DRAINS_MAX = 30

# Housekeeping may be due later; work that is due now, or has failed, must not be left.
LEFT_OVER = {
    "outbox": "SELECT kind, attempt FROM outbox WHERE due_ms <= :now OR attempt > 0",
    "dead": "SELECT kind, error FROM outbox_dead",
    "messages": "SELECT id, receive_count FROM sqs_message",
}

BLUEPRINT = find_blueprint("inbound-mail", Path(__file__).parent)
deploy, manifest = load_modules(BLUEPRINT, "deploy", "manifest")
(mail_parser,) = load_modules(BLUEPRINT / "functions" / "store_mail", "mail_parser")


@dataclass(frozen=True)
class Mail:
    """One transaction as the client sees it. The id is what the reply to the last dot said."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    mail_id: str = ""

    @property
    def addresses(self) -> set[str]:
        parts = (recipient.rpartition("@") for recipient in self.recipients)
        return {f"{local.partition('+')[0]}@{domain}" for local, _, domain in parts}

    @property
    def entry(self) -> str:
        return f"mail#{mail_parser.content_hash(self.content)}"


@dataclass
class Ledger:
    """What the clients know: mails answered with 250, and all that were ever sent."""

    accepted: list[Mail] = field(default_factory=list)
    sent: set[bytes] = field(default_factory=set)
    in_round: int = 0
    enough: threading.Event = field(default_factory=threading.Event)
    wanted: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, wanted: int) -> None:
        self.in_round, self.wanted = 0, wanted
        self.enough.clear()

    def accept(self, mail: Mail) -> None:
        with self.lock:
            self.accepted.append(mail)
            self.in_round += 1
            if self.in_round >= self.wanted:
                self.enough.set()


def mails(random: Random) -> Iterator[Mail]:
    """Mails of the blueprint and generated ones, without end."""
    small = [
        mail
        for mail in manifest.mails()
        if mail.ends == "recorded" and not mail.smtputf8 and len(mail.file or mail.name) < 60
    ]
    ready = [
        Mail(mail.sender, mail.recipients, content)
        for mail in small
        if len(content := mail.read()) < 100_000
    ]
    while True:
        yield random.choice(ready) if random.random() < 0.3 else generated(random)


def generated(random: Random) -> Mail:
    """A mail that no other equals: small, or too large for a row, to one tenant or two."""
    tenants = random.sample(range(1, 30), random.choice((1, 1, 1, 2)))
    lines = random.choice((3, 40, 40, 3_000))
    body = b"".join(b"%s\r\n" % random.randbytes(30).hex().encode() for _ in range(lines))
    name = random.randbytes(8).hex()
    head = f"Subject: order {name}\r\nMessage-ID: <{name}@shop.example.com>\r\n\r\n"
    recipients = tuple(f"ne-{tenant:03}@{manifest.DOMAIN}" for tenant in tenants)
    return Mail("shop@shop.example.com", recipients, head.encode() + body)


def send_until_killed(port: int, stream: Iterator[Mail], ledger: Ledger) -> None:
    """One sender: mail after mail over one session, until nobody answers any more."""
    try:
        with closing(smtplib.SMTP("127.0.0.1", port, "sender.example.net", 30)) as smtp:
            smtp.ehlo()
            while ledger.in_round < _MAILS_PER_ROUND_MAX:
                with ledger.lock:
                    mail = next(stream)
                    ledger.sent.add(mail.content)
                assert smtp.mail(mail.sender, ["BODY=8BITMIME"])[0] == 250
                for recipient in mail.recipients:
                    assert smtp.rcpt(recipient)[0] == 250
                code, reply = smtp.data(mail.content)
                assert code == 250, reply
                mail_id = reply.decode().split()[-1]
                ledger.accept(Mail(mail.sender, mail.recipients, mail.content, mail_id))
    except (OSError, smtplib.SMTPServerDisconnected, smtplib.SMTPConnectError):
        return


def run_round(
    data: Path, random: Random, stream: Iterator[Mail], ledger: Ledger, moment: str
) -> set[int]:
    """Start, stream, kill; returns the function processes that the kill before has left behind."""
    ledger.begin(wanted=random.randrange(1, 6))
    left_behind = processes_of(data)
    instances = data / "lambda" / "instances"
    instances.mkdir(parents=True, exist_ok=True)
    before = set(instances.iterdir())
    with ServerProcess(data) as server:
        still_there = [pid for pid in left_behind if not has_ended(pid)]
        assert not still_there, "functions of the killed server are still there"
        clients = [
            threading.Thread(target=send_until_killed, args=(server.smtp_port, stream, ledger))
            for _ in range(_SENDERS)
        ]
        if random.random() < 0.4:  # what was in flight when the last server died comes back
            clients.append(threading.Thread(target=advance_until_killed, args=(server,)))
        for client in clients:
            client.start()
        assert ledger.enough.wait(60), "\n".join(server.log)
        if moment != "accepted":
            wait_for_files(instances, lambda: set(instances.iterdir()) - before)
        if moment == "working":
            threading.Event().wait(random.choice((0.05, 0.3, 1)) * random.random())
        server.kill()
        for client in clients:
            client.join()
    return left_behind


def advance_until_killed(server: ServerProcess) -> None:
    try:
        server.admin("/_kamome/clock", {"advance": "31s"})
    except (OSError, ValueError):
        return


def drain(server: ServerProcess, queue_url: str) -> None:
    """Let visibility timeouts and retries come until nothing is waiting or in flight."""
    sqs = server.client("sqs")
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    for _ in range(_DRAINS_MAX):
        server.admin("/_kamome/clock", {"advance": "35s"})
        answer = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)
        if all(count == "0" for count in answer["Attributes"].values()):
            break
    server.admin("/_kamome/clock", {"advance": "10m"})  # retries of asynchronous invocations


@pytest.fixture
def seed() -> int:
    """Another one each time; set KILL_SEED to have that of a failure again."""
    return int(os.environ.get("KILL_SEED") or Random().randrange(1_000_000))


def test_no_mail_that_was_accepted_is_lost_or_done_twice(tmp_path: Path, seed: int) -> None:
    random, ledger = Random(seed), Ledger()
    stream = mails(Random(seed + 1))
    with ServerProcess(tmp_path) as server:
        deployment = deploy.deploy(server.session(), deploy.Config(max_receive_count=_RECEIVES_MAX))
        server.kill()
    functions_killed = 0
    for number in range(_ROUNDS):
        moment = _MOMENTS[number % len(_MOMENTS)]
        functions_killed += len(run_round(tmp_path, random, stream, ledger, moment))

    with ServerProcess(tmp_path) as server:
        drain(server, deployment.queue_url)
        problems = [
            *wrong_objects(server, deployment, ledger),
            *wrong_items(server, deployment, ledger),
        ]
        now_ms = server.admin("/_kamome/clock")["now_ms"]
        assert server.stop() == 0, "\n".join(server.log)
    problems += left_over(tmp_path, now_ms)

    assert problems == [], f"KILL_SEED={seed}"
    assert len(ledger.accepted) >= _ROUNDS
    assert functions_killed, "no round has got as far as a function"
    assert not processes_of(tmp_path)


def wrong_objects(server: ServerProcess, deployment: Any, ledger: Ledger) -> Iterator[str]:
    """Each accepted mail is an object, byte for byte below SES's own header fields."""
    s3 = server.client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=deployment.bucket, Prefix=deployment.prefix
    )
    stored = {}
    for found in (each for page in pages for each in page.get("Contents", ())):
        body = s3.get_object(Bucket=deployment.bucket, Key=found["Key"])["Body"].read()
        stored[found["Key"].removeprefix(deployment.prefix)] = body
    for mail in ledger.accepted:
        body = stored.pop(mail.mail_id, None)
        if body is None:
            yield f"{mail.mail_id} was accepted, and is not stored"
        elif not is_stored_as(body, mail.content):
            yield f"{mail.mail_id} is not stored as it was sent"
    for mail_id, body in stored.items():
        # Sent, stored, and killed before the client heard of it; or what SES writes at setup.
        if mail_id != "AMAZON_SES_SETUP_NOTIFICATION" and not any(
            is_stored_as(body, content) for content in ledger.sent
        ):
            yield f"{mail_id} is stored, and nobody has sent it so"


def is_stored_as(body: bytes, content: bytes) -> bool:
    head = body[: len(body) - len(content)]
    return body.endswith(content) and b"Received: from" in head and head.endswith(b"\r\n")


def wrong_items(server: ServerProcess, deployment: Any, ledger: Ledger) -> Iterator[str]:
    """Each accepted mail is in one item of each tenant, once, and has one status item."""
    pages = server.client("dynamodb").get_paginator("scan").paginate(TableName=deployment.table)
    items = {
        (item["address"]["S"], item["entry"]["S"]): item for page in pages for item in page["Items"]
    }
    for mail in ledger.accepted:
        for address in sorted(mail.addresses):
            item = items.get((address, mail.entry))
            if item is None:
                yield f"{mail.mail_id} is not recorded for {address}"
                continue
            ids = [item["ses_message_id"]["S"], *item.get("duplicates", {}).get("SS", ())]
            if ids.count(mail.mail_id) != 1:
                yield f"{mail.mail_id} is recorded {ids.count(mail.mail_id)} times for {address}"
            if (address, f"status#{mail.mail_id}") not in items:
                yield f"{mail.mail_id} has no status for {address}"


def left_over(data: Path, now_ms: int) -> Iterator[str]:
    """Nothing waits, nothing was given up, and files and rows of bodies agree."""
    connection = apsw.Connection(str(data / "kamome.db"))
    with closing(connection):
        for what, sql in LEFT_OVER.items():
            if found := connection.execute(sql, {"now": now_ms}).fetchall():
                yield f"{what}: {found[:5]}"
        if connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            yield "the database is damaged"
        rows = {str(row[0]) for row in connection.execute("SELECT id FROM blob")}
    files = {path.name for path in (data / "blobs").rglob("*") if path.is_file()}
    if files != rows:
        yield f"{len(files - rows)} bodies without a row, {len(rows - files)} without a file"
