"""The kill test of mail that leaves.

Goal: what SendRawEmail has answered for is never lost, and each recipient gets it once, but for the
window that SMTP leaves to everybody. Method: the real server sends by a smart host of the test's
own and is killed with SIGKILL at random moments, many times over, while several senders call it. At
the end the rest is let run out. Each accepted mail must have come to the smart host, never twice in
one life of the server. What came in one life and again in a later one was under way at the kill:
its reply came too late to be written down. A worker writes down what became of its mail before it
takes the next, so there is one such mail for each worker at most, in each life.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import apsw
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from botocore.exceptions import BotoCoreError, ClientError
from tests.durability.server_process import ServerProcess, rounds
from tests.mail.postfix import free_port

from kamome.mail.transports.relay import SESSIONS_MAX

_ROUNDS = rounds(10)
_SENDERS = 3
_MAILS_PER_ROUND_MAX = 40
_ROUND_S = 60
_END_S = 60


@dataclass
class Sink:
    """A smart host that takes everything, and notes in which life of the server it came."""

    life: int = 0
    came: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    sessions: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        number = content.partition(b"X-Number: ")[2].partition(b"\r\n")[0].decode()
        assert content.endswith(b"the end\r\n"), "a mail was cut short"
        with self.changed:
            self.came[number].append(self.life)
        return "250 2.0.0 taken"

    def count(self, more: int) -> None:
        """A session has begun, or ended."""
        with self.changed:
            self.sessions += more
            self.changed.notify_all()

    def begin_life(self) -> None:
        """A new life of the server: once all is read that the one before has sent."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.sessions == 0, _END_S)
            self.life += 1


class _CountedSession(SMTP):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.event_handler.count(1)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self.event_handler.count(-1)


class _Listener(Controller):
    def factory(self) -> SMTP:
        return _CountedSession(self.handler, **self.SMTP_kwargs)


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    sink = Sink()
    port = free_port()
    controller = _Listener(sink, hostname="127.0.0.1", port=port)
    controller.start()
    monkeypatch.setenv("KAMOME_MAIL_TRANSPORT", "relay")
    monkeypatch.setenv("KAMOME_MAIL_RELAY_HOST", "127.0.0.1")
    monkeypatch.setenv("KAMOME_MAIL_RELAY_PORT", str(port))
    monkeypatch.setenv("KAMOME_MAIL_RELAY_TLS", "off")
    try:
        yield sink
    finally:
        controller.stop()


class Senders:
    """Threads that call SendRawEmail until they are told to stop; what was answered is accepted."""

    def __init__(self) -> None:
        self.accepted: set[str] = set()
        self._count = self._left = 0
        self._lock = threading.Lock()
        self._enough = threading.Event()

    def run(self, server: ServerProcess, wanted: int) -> None:
        """Send until so many are accepted, kill the server while they send."""
        self._left = wanted
        self._enough.clear()
        stop = threading.Event()
        threads = [
            threading.Thread(target=self._send, args=(server, stop)) for _ in range(_SENDERS)
        ]
        for thread in threads:
            thread.start()
        is_enough = self._enough.wait(_ROUND_S)
        server.kill()
        stop.set()
        for thread in threads:
            thread.join()
        assert is_enough, "\n".join(server.log)

    def _send(self, server: ServerProcess, stop: threading.Event) -> None:
        ses = server.client("ses")
        while not stop.is_set():
            with self._lock:
                self._count += 1
                number = str(self._count)
            raw = (
                f"From: shop@example.com\r\nTo: buyer@example.net\r\nSubject: {number}\r\n"
                f"X-Number: {number}\r\n\r\nthe end\r\n"
            )
            try:
                ses.send_raw_email(RawMessage={"Data": raw.encode()})
            except (BotoCoreError, ClientError):
                continue
            with self._lock:
                self.accepted.add(number)
                self._left -= 1
            if self._left <= 0:
                self._enough.set()


@pytest.mark.slow
def test_accepted_mail_leaves_once_whenever_the_server_is_killed(
    tmp_path: Path, sink: Sink
) -> None:
    random, senders = Random(11), Senders()
    with ServerProcess(tmp_path) as server:
        _prepare(server)
        server.stop()

    for _ in range(_ROUNDS):
        sink.begin_life()
        with ServerProcess(tmp_path) as server:
            senders.run(server, random.randint(1, _MAILS_PER_ROUND_MAX))
    sink.begin_life()
    with ServerProcess(tmp_path) as server:
        server.admin("/_kamome/clock", {"advance": 0})  # returns when what is due has happened
        assert server.stop() == 0

    assert len(senders.accepted) > _ROUNDS
    assert senders.accepted - sink.came.keys() == set()
    assert [lives for lives in sink.came.values() if len(lives) > len(set(lives))] == []
    too_late = Counter(life for lives in sink.came.values() for life in lives[:-1])
    assert all(count <= SESSIONS_MAX for count in too_late.values()), too_late
    assert _states(tmp_path) == {"delivered"}


def _prepare(server: ServerProcess) -> None:
    server.client("ses").verify_email_identity(EmailAddress="shop@example.com")
    server.client("sesv2").put_account_details(
        MailType="TRANSACTIONAL",
        WebsiteURL="https://shop.example.com",
        ProductionAccessEnabled=True,
    )


def _states(data: Path) -> set[str]:
    """The states that recipients have in the store of a stopped server."""
    with closing(apsw.Connection(str(data / "kamome.db"))) as connection:
        rows = connection.execute("SELECT DISTINCT state FROM outgoing_recipient").fetchall()
    return {str(row[0]) for row in rows}
