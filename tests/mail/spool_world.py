"""A spool on a manual clock, and a transport that says what a test wants."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.watched_loop import until

import kamome.storage
from kamome.clock import Clock, manual_clock
from kamome.ids import seeded_ids
from kamome.mail.lanes import Lanes
from kamome.mail.outgoing import Outcome, OutgoingMail
from kamome.mail.spool import Spool, SpoolPorts
from kamome.mail.spool_store import SpoolStore
from kamome.mail.store import SCHEMA_FOLDER
from kamome.mail.transports import DIRECT, Answer, Delivery, Transport
from kamome.storage.blobs import Blobs
from kamome.storage.engine import Engine
from kamome.storage.migrations import migrate
from kamome.storage.outbox import Outbox

CONTENT = b"From: a@example.com\r\nSubject: hello\r\n\r\nhi\r\n"


@dataclass
class Scripted:
    """Answers what `say` says, and remembers every delivery."""

    name: str = DIRECT
    is_outside: bool = True
    per_domain: int = 2
    say: Callable[[str, int], tuple[int, str, str]] = lambda _recipient, _number: (
        250,
        "2.0.0",
        "ok",
    )
    deliveries: list[Delivery] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    under_way: int = 0
    most_under_way: int = 0
    is_closed: bool = False

    def __post_init__(self) -> None:
        self.gate.set()

    async def deliver(self, delivery: Delivery, content: bytes) -> list[Answer]:
        self.deliveries.append(delivery)
        self.contents.append(content)
        self.under_way += 1
        self.most_under_way = max(self.under_way, self.most_under_way)
        try:
            await self.gate.wait()
        finally:
            self.under_way -= 1
        number = len(self.deliveries)
        return [
            Answer(each, *self.say(each, number), "mx.example.net", "192.0.2.1")
            for each in delivery.recipients
        ]

    async def close(self) -> None:
        self.is_closed = True


@dataclass
class SpoolWorld:
    engine: Engine
    clock: Clock
    spool: Spool
    lanes: Lanes
    outbox: Outbox
    transport: Scripted
    blobs: Blobs
    outcomes: list[Outcome] = field(default_factory=list)
    mails: int = 0

    def send(self, *recipients: str, content: bytes = CONTENT, **more: object) -> str:
        """A mail into the spool, in a step of its own; its id."""
        self.mails += 1
        mail = OutgoingMail(
            mail_id=f"mail-{self.mails}",
            owner="000000000000/us-east-1",
            reverse_path="sender@example.com",
            recipients=recipients or ("to@example.net",),
            queued_at_ms=self.clock.now_ms(),
            **more,  # type: ignore[arg-type] # the test knows the fields
        )
        with self.engine.atomic():
            self.spool.put(mail, content)
        return mail.mail_id

    async def settle(self) -> None:
        """Let everything that is due now happen."""
        await self.clock.activity.quiet()

    async def until(self, is_so: Callable[[], bool]) -> None:
        await until(is_so)

    def states(self, mail_id: str) -> list[str]:
        found = self.spool.find(mail_id)
        assert found is not None
        return [each.state for each in found.recipients]

    def kinds(self) -> list[str]:
        return [each.kind for each in self.outcomes]

    def restarted(self, *transports: Transport) -> SpoolWorld:
        """The same store, worked by new objects: what a start after a crash finds."""
        return _world(self.engine, self.clock, self.blobs, *(transports or (Scripted(),)))


def _world(engine: Engine, clock: Clock, blobs: Blobs, *transports: Transport) -> SpoolWorld:
    outbox = Outbox(engine, clock)
    spool = Spool(SpoolStore(engine, blobs), clock, outbox)
    lanes = Lanes(spool, clock, transports)
    scripted = next((each for each in transports if isinstance(each, Scripted)), Scripted())
    world = SpoolWorld(engine, clock, spool, lanes, outbox, scripted, blobs)
    spool.ports = SpoolPorts(on_outcome=world.outcomes.append)
    return world


@contextlib.asynccontextmanager
async def running_spool(
    tmp_path: Path, *transports: Transport, database: Path | None = None
) -> AsyncIterator[SpoolWorld]:
    """A spool that is worked until the block ends."""
    engine, clock = Engine(database), manual_clock()
    migrate(engine, "storage", Path(kamome.storage.__file__).parent)
    migrate(engine, "mail", SCHEMA_FOLDER)
    blobs = Blobs(engine, tmp_path / "blobs", seeded_ids(1))
    world = _world(engine, clock, blobs, *(transports or (Scripted(),)))
    world.outbox.start()
    world.lanes.start()
    try:
        yield world
    finally:
        world.transport.gate.set()
        await world.lanes.stop(grace_s=1)
        await world.outbox.stop()
        await engine.close()
        blobs.close()
