"""An outbox to play with: an engine, a clock that moves when told to, handlers that take notes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import kamome.storage
from kamome.clock import Clock, manual_clock
from kamome.errors import ServiceUnavailable
from kamome.storage.engine import Engine
from kamome.storage.migrations import migrate
from kamome.storage.outbox import Entry, Outbox

SCHEMA_FOLDER = Path(kamome.storage.__file__).parent
INSERT = "INSERT INTO item VALUES (?, ?)"


class Refused(ServiceUnavailable):
    """What a handler raises to be tried again."""


class World:
    """An outbox on an engine, with a clock that moves when told to."""

    def __init__(self, engine: Engine, clock: Clock | None = None) -> None:
        self.engine = engine
        self.clock = clock or manual_clock()
        migrate(engine, "storage", SCHEMA_FOLDER)
        self.outbox = Outbox(engine, self.clock)
        self.worked: list[tuple[object, int]] = []
        self.start_ms = self.clock.now_ms()

    def note(self, entry: Entry) -> None:
        """A handler: remembers what it was given, and how many seconds after the beginning."""
        self.worked.append((entry.payload["n"], (self.clock.now_ms() - self.start_ms) // 1000))

    async def note_and_finish(self, entry: Entry) -> None:
        """A handler that goes outside and then records the effect."""
        await asyncio.sleep(0)
        with self.engine.atomic():
            self.note(entry)
            self.outbox.done(entry)

    def put(self, kind: str, number: int, *, in_s: float = 0) -> int:
        at_ms = self.clock.now_ms() + round(in_s * 1000)
        return self.outbox.put(kind, {"n": number}, at_ms=at_ms)

    async def advance(self, seconds: float) -> None:
        await self.clock.advance(round(seconds * 1000))

    def left(self) -> int:
        row = self.engine.one("SELECT count(*) FROM outbox")
        assert row is not None
        assert isinstance(row[0], int)
        return row[0]
