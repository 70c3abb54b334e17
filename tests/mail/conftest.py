"""An SMTP listener on loopback over an in-memory store, and a client that speaks bytes."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvloop
from tests.watched_loop import idle, until

import kamome.observe
import kamome.storage
from kamome.clock import Clock, manual_clock
from kamome.ids import seeded_ids
from kamome.mail.envelope import Mail, RecipientVerdict
from kamome.mail.inbound import Inbound, InboundPorts
from kamome.mail.limits import SessionLimits
from kamome.mail.smtp_listener import SmtpListener
from kamome.mail.store import SCHEMA_FOLDER, MailStore
from kamome.observe.journeys import Journeys
from kamome.storage.blobs import Blobs
from kamome.storage.engine import Engine
from kamome.storage.migrations import migrate


class HeldEngine(Engine):
    """An engine whose syncs the test holds back."""

    def __init__(self) -> None:
        super().__init__(None)
        self.release = asyncio.Event()
        self.release.set()

    async def durable(self, since_lost: int | None = None) -> None:
        await super().durable(since_lost)
        await self.release.wait()


@dataclass
class Timers:
    """Timers in the place of the loop's: they go off when the test says so."""

    set_: dict[int, tuple[float, Callable[[], None]]] = field(default_factory=dict)

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Timers.Handle:
        handle = Timers.Handle(self, len(self.set_) + 1)
        while handle.number in self.set_:
            handle.number += 1
        self.set_[handle.number] = (delay_s, callback)
        return handle

    async def until_set(self, delay_s: float) -> None:
        """Return when a session waits this long for something."""
        await until(lambda: any(delay == delay_s for delay, _ in self.set_.values()))

    def go_off(self, delay_s: float) -> None:
        for number, (delay, callback) in list(self.set_.items()):
            if delay == delay_s:
                del self.set_[number]
                callback()

    @dataclass
    class Handle:
        timers: Timers
        number: int

        def cancel(self) -> None:
            self.timers.set_.pop(self.number, None)


class Client:
    """Speaks SMTP byte by byte, as honest and other clients do."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def reply(self) -> str:
        """The next reply, all of its lines."""
        lines = []
        while True:
            line = (await asyncio.wait_for(self.reader.readuntil(b"\r\n"), 10)).decode()
            lines.append(line.rstrip("\r\n"))
            if line[3] == " ":
                return "\n".join(lines)

    async def say(self, command: str | bytes) -> str:
        raw = command.encode() if isinstance(command, str) else command
        await self.send(raw + b"\r\n")
        return await self.reply()

    async def begin(self, *recipients: str) -> None:
        """EHLO to 354."""
        assert (await self.say("EHLO client.example.com")).startswith("250-")
        assert (await self.say("MAIL FROM:<sender@example.net>")).startswith("250 2.1.0")
        for recipient in recipients or ("user@example.com",):
            assert (await self.say(f"RCPT TO:<{recipient}>")).startswith("250 2.1.5")
        assert (await self.say("DATA")).startswith("354 ")

    async def deliver(self, data: bytes) -> str:
        """A mail whose DATA is these very bytes; the reply to it."""
        await self.begin()
        await self.send(data)
        return await self.reply()

    async def is_quiet(self) -> bool:
        """Nothing more comes: the server has said all that it says by itself."""
        reading = asyncio.ensure_future(self.reader.read(1000))
        await idle()
        is_silent = not reading.done()
        reading.cancel()
        return is_silent

    async def is_closed(self) -> bool:
        return await asyncio.wait_for(self.reader.read(), 10) == b""

    def reset(self) -> None:
        """Break the connection without a word (RST)."""
        endpoint = self.writer.get_extra_info("socket")
        endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def close(self) -> None:
        self.writer.close()


@dataclass
class World:
    """Everything a test touches."""

    engine: HeldEngine
    store: MailStore
    inbound: Inbound
    journeys: Journeys
    clock: Clock
    timers: Timers
    folder: Path
    listener: SmtpListener
    port: int = 0
    taken: list[Mail] = field(default_factory=list)
    take: Callable[[Mail], None] | None = None
    clients: list[Client] = field(default_factory=list)

    async def connect(self, *, greeted: bool = True) -> Client:
        client = Client(*await asyncio.open_connection("127.0.0.1", self.port))
        self.clients.append(client)
        if greeted:
            assert (await client.reply()).startswith("220 mail.test ESMTP")
        return client

    async def content(self, mail: Mail) -> bytes:
        return b"".join([piece async for piece in self.store.read(mail.mail_id)])

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Let the loop run until the condition holds."""
        await until(is_so)

    def mail_count(self) -> int:
        row = self.engine.one("SELECT count(*) FROM mail")
        assert row is not None
        assert isinstance(row[0], int)
        return row[0]

    def files(self) -> list[Path]:
        return [path for path in (self.folder / "blobs").rglob("*") if path.is_file()]


Scenario = Callable[[World], Awaitable[None]]


def accepts(recipient: str, is_tls: bool, _client_ip: str = "") -> RecipientVerdict:
    local, _, domain = recipient.rpartition("@")
    if domain.lower() not in ("example.com", "例え.jp"):
        return RecipientVerdict.NOT_OURS
    if local == "secret" and not is_tls:
        return RecipientVerdict.NEEDS_TLS
    if local == "broken":
        raise RuntimeError("the rules cannot be read")
    return RecipientVerdict.UNKNOWN if local == "nobody" else RecipientVerdict.TAKEN


@pytest.fixture
def limits() -> SessionLimits:
    return SessionLimits()


@contextlib.asynccontextmanager
async def running_world(tmp_path: Path, limits: SessionLimits) -> AsyncIterator[World]:
    """A listener on loopback until the block ends."""
    engine, clock, ids, timers = HeldEngine(), manual_clock(), seeded_ids(1), Timers()
    migrate(engine, "storage", Path(kamome.storage.__file__).parent)
    migrate(engine, "observe", Path(kamome.observe.__file__).parent)
    migrate(engine, "mail", SCHEMA_FOLDER)
    blobs = Blobs(engine, tmp_path / "blobs", ids)
    store = MailStore(engine, blobs)
    journeys = Journeys(engine, clock)

    made: list[World] = []

    def take(mail: Mail) -> None:
        if made[0].take is not None:
            made[0].take(mail)
        made[0].taken.append(mail)

    inbound = Inbound(store, journeys, clock, ids, InboundPorts(take))
    listener = SmtpListener(
        inbound,
        accepts,
        clock,
        hostname="mail.test",
        certificate_folder=tmp_path,
        limits=limits,
        call_later=timers.call_later,
    )
    world = World(engine, store, inbound, journeys, clock, timers, tmp_path, listener)
    made.append(world)
    world.port = await listener.start("127.0.0.1", 0)
    yield world
    engine.release.set()
    for client in world.clients:
        await client.close()
    await listener.stop(grace_s=5)
    await engine.close()
    blobs.close()


@pytest.fixture
async def world(tmp_path: Path, limits: SessionLimits) -> AsyncIterator[World]:
    async with running_world(tmp_path, limits) as world:
        yield world


@pytest.fixture
def on_uvloop(tmp_path: Path) -> Callable[[Scenario], None]:
    """Runs a scenario with a world of its own on uvloop, which the server uses."""

    def run(scenario: Scenario) -> None:
        async def play() -> None:
            async with running_world(tmp_path, SessionLimits()) as world:
                await scenario(world)

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(play())

    return run


@pytest.fixture
async def client(world: World) -> Client:
    return await world.connect()
