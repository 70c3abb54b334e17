"""The kill test of mail that leaves.

Goal: what SendRawEmail has answered for is never lost, and each recipient gets it once, but for the
window that SMTP leaves to everybody. Method: the real server sends by a smart host of the test's
own and is killed with SIGKILL at random moments, many times over, while several senders call it. At
the end the rest is let run out. Each accepted mail must have come to the smart host; one that came
twice must have been under way when the server was killed: its first copy was answered so shortly
before a kill that the server may not have written it down.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import apsw
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from botocore.exceptions import BotoCoreError, ClientError
from tests.durability.server_process import ServerProcess
from tests.mail.postfix import free_port

_ROUNDS = 10
_SENDERS = 3
_MAILS_PER_ROUND_MAX = 40
_ROUND_S = 10
# Between the smart host's 250 and the sync of our commit lie milliseconds; the machine may be busy.
_WINDOW_S = 1.0
_SESSIONS_MAX = 10


@dataclass
class Sink:
    """A smart host that takes everything, and notes when it has answered for what."""

    came: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    lock: threading.Lock = field(default_factory=threading.Lock)

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        number = content.partition(b"X-Number: ")[2].partition(b"\r\n")[0].decode()
        assert content.endswith(b"the end\r\n"), "a mail was cut short"
        with self.lock:
            self.came[number].append(time.monotonic())
        return "250 2.0.0 taken"


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    sink = Sink()
    port = free_port()
    controller = Controller(sink, hostname="127.0.0.1", port=port)
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

    def run(self, server: ServerProcess, wanted: int) -> float:
        """Send until so many are accepted, kill the server while they send; the moment of that."""
        self._left = wanted
        self._enough.clear()
        stop = threading.Event()
        threads = [
            threading.Thread(target=self._send, args=(server, stop)) for _ in range(_SENDERS)
        ]
        for thread in threads:
            thread.start()
        self._enough.wait(_ROUND_S)
        server.kill()
        killed_at = time.monotonic()
        stop.set()
        for thread in threads:
            thread.join(60)
        return killed_at

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
    random, senders, kills = Random(11), Senders(), []
    with ServerProcess(tmp_path) as server:
        _prepare(server)
        server.stop()

    for _ in range(_ROUNDS):
        with ServerProcess(tmp_path) as server:
            kills.append(senders.run(server, random.randint(1, _MAILS_PER_ROUND_MAX)))
    with ServerProcess(tmp_path) as server:
        _wait_for(server, lambda: senders.accepted <= sink.came.keys())
        assert server.stop() == 0

    assert len(senders.accepted) > _ROUNDS
    twice = {number: moments for number, moments in sink.came.items() if len(moments) > 1}
    unexplained = [
        number
        for number, moments in twice.items()
        if not all(_is_in_window(moment, kills) for moment in moments[:-1])
    ]
    assert unexplained == []
    assert len(twice) <= _SESSIONS_MAX * _ROUNDS
    assert _states(tmp_path) == {"delivered"}


def _prepare(server: ServerProcess) -> None:
    server.client("ses").verify_email_identity(EmailAddress="shop@example.com")
    server.client("sesv2").put_account_details(
        MailType="TRANSACTIONAL",
        WebsiteURL="https://shop.example.com",
        ProductionAccessEnabled=True,
    )


def _is_in_window(moment: float, kills: list[float]) -> bool:
    return any(0 <= kill - moment < _WINDOW_S for kill in kills)


def _wait_for(server: ServerProcess, is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if is_so():
            return
        time.sleep(0.05)
    waiting = server.admin("/_kamome/spool")
    raise AssertionError("not all mails have come:\n" + "\n".join([str(waiting), *server.log]))


def _states(data: Path) -> set[str]:
    """The states that recipients have in the store of a stopped server."""
    with closing(apsw.Connection(str(data / "kamome.db"))) as connection:
        rows = connection.execute("SELECT DISTINCT state FROM outgoing_recipient").fetchall()
    return {str(row[0]) for row in rows}
