"""One durable mechanism for "later" and "elsewhere": at-least-once hand-over between services.

An entry (kind, due time, payload) is written in the step that causes it. When it is due by the
clock, its kind's handler works it; a finished entry is deleted in the step that records its effect.
A handler is a plain function (effects in our own store only: exactly once) or a coroutine function
(does something outside, then records it and calls `done`: at least once).
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import orjson

from kamome.clock import Clock, Timer
from kamome.errors import AwsError
from kamome.storage.engine import Engine, Row

logger = logging.getLogger(__name__)

# One pass works at most this many entries before it lets the loop serve others.
_ENTRIES_PER_PASS = 64
_RETRY_DELAY_MIN_MS = 1_000
_RETRY_DELAY_MAX_MS = 60_000
# With the delays above: about two and a half hours.
_ATTEMPTS_MAX = 150

INSERT_ENTRY = """
INSERT INTO outbox (id, kind, due_ms, attempt, created_at_ms, trace, payload)
VALUES (?, ?, ?, 0, ?, ?, ?)
"""
# Index outbox_due, in its order; entries under way are among the first, hence the generous LIMIT.
SELECT_DUE = """
SELECT id, attempt, created_at_ms, trace, payload FROM outbox
WHERE kind = ? AND due_ms <= ? ORDER BY due_ms, id LIMIT ?
"""
# Index outbox_due.
SELECT_NEXT_DUE = "SELECT due_ms FROM outbox WHERE kind = ? AND due_ms > ? ORDER BY due_ms LIMIT 1"
# All by primary key.
DELETE_ENTRY = "DELETE FROM outbox WHERE id = ?"
POSTPONE_ENTRY = "UPDATE outbox SET due_ms = ?, attempt = ? WHERE id = ?"
SELECT_LAST_ID = "SELECT max(id) FROM outbox"
SELECT_LAST_DEAD_ID = "SELECT max(id) FROM outbox_dead"
INSERT_DEAD = """
INSERT INTO outbox_dead
SELECT id, kind, attempt, created_at_ms, ?, trace, ?, payload FROM outbox WHERE id = ?
"""
# Index outbox_due, as a covering range of one kind.
COUNT_WAITING = "SELECT count(*) FROM outbox WHERE kind = ?"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as its handler sees it. `attempt` counts the failures so far."""

    id: int
    kind: str
    payload: Mapping[str, object]
    attempt: int
    trace: str
    created_at_ms: int


Handler = Callable[[Entry], None] | Callable[[Entry], Awaitable[None]]
# Delay in ms before the next attempt, by how many have failed; None gives up.
Retry = Callable[[int], int | None]
GiveUp = Callable[[Entry, Exception], None]


def default_retry(failures: int) -> int | None:
    """1 s doubling to 60 s; gives up after 150 failures."""
    if failures >= _ATTEMPTS_MAX:
        return None
    return min(_RETRY_DELAY_MAX_MS, _RETRY_DELAY_MIN_MS << min(failures - 1, 10))


@dataclass(slots=True)
class _Kind:
    name: str
    handler: Handler
    is_async: bool
    concurrency: int
    retry: Retry
    on_give_up: GiveUp | None
    under_way: set[int] = field(default_factory=set)
    is_scheduled: bool = False
    timer: Timer | None = None


class Outbox:
    """The due table and its scheduler. Register every kind before `start`."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._kinds: dict[str, _Kind] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_running = False
        self._last_id = 0

    def register(
        self,
        kind: str,
        handler: Handler,
        *,
        concurrency: int = 8,
        retry: Retry = default_retry,
        on_give_up: GiveUp | None = None,
    ) -> None:
        """Name the handler of a kind. `concurrency` bounds coroutine handlers under way.

        `on_give_up` runs in the step that removes an entry whose attempts are used up; without it
        the entry is kept aside as dead.
        """
        self._kinds[kind] = _Kind(
            kind,
            handler,
            inspect.iscoroutinefunction(handler),
            concurrency,
            retry,
            on_give_up,
        )

    def put(
        self,
        kind: str,
        payload: Mapping[str, object],
        *,
        at_ms: int | None = None,
        trace: str = "",
    ) -> int:
        """Write an entry as part of the caller's step, due now or at `at_ms`; returns its id."""
        entry_id = self._next_id()
        now_ms = self._clock.now_ms()
        due_ms = now_ms if at_ms is None else at_ms
        body = orjson.dumps(payload)
        self._engine.write(INSERT_ENTRY, (entry_id, kind, due_ms, now_ms, trace, body))
        self._notice(self._kinds[kind], due_ms, now_ms)
        return entry_id

    def done(self, entry: Entry) -> None:
        """A coroutine handler's last word, inside the step that records its effect."""
        self._engine.write(DELETE_ENTRY, (entry.id,))

    def waiting(self, kind: str) -> int:
        """How many entries of a kind are not finished."""
        row = self._engine.one(COUNT_WAITING, (kind,))
        assert row is not None
        assert isinstance(row[0], int)
        return row[0]

    def start(self) -> None:
        """Work what is due, including what an earlier run left."""
        self._is_running = True
        for kind in self._kinds.values():
            self._schedule(kind)

    async def stop(self, grace_s: float = 10.0) -> None:
        """Begin nothing more; give what is under way this long to end. The rest waits on disk."""
        self._is_running = False
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace_s)
        for task in self._tasks:
            task.cancel()

    # ------------------------------------------------------------------ scheduling

    def _next_id(self) -> int:
        if self._last_id == 0:
            for statement in (SELECT_LAST_ID, SELECT_LAST_DEAD_ID):
                row = self._engine.one(statement)
                if row is not None and isinstance(row[0], int):
                    self._last_id = max(self._last_id, row[0])
        self._last_id += 1
        return self._last_id

    def _notice(self, kind: _Kind, due_ms: int, now_ms: int) -> None:
        if due_ms <= now_ms:
            self._schedule(kind)
        elif kind.timer is None or kind.timer.callback is None or due_ms < kind.timer.when_ms:
            self._arm(kind, due_ms)

    def _arm(self, kind: _Kind, due_ms: int) -> None:
        if kind.timer is not None:
            kind.timer.cancel()
        kind.timer = self._clock.call_at(due_ms, lambda: self._schedule(kind))

    def _schedule(self, kind: _Kind) -> None:
        """Work this kind on the next pass of the loop: after the step that is being written."""
        if kind.is_scheduled or not self._is_running:
            return
        kind.is_scheduled = True
        self._clock.activity.begin()
        asyncio.get_running_loop().call_soon(self._work, kind)

    def _work(self, kind: _Kind) -> None:
        kind.is_scheduled = False
        try:
            if not self._is_running:
                return
            now_ms = self._clock.now_ms()
            limit = len(kind.under_way) + _ENTRIES_PER_PASS
            rows = self._engine.all(SELECT_DUE, (kind.name, now_ms, limit))
            for row in rows:
                if row[0] in kind.under_way:
                    continue
                if kind.is_async:
                    if len(kind.under_way) >= kind.concurrency:
                        return  # `_run` schedules the kind again when a place is free
                    self._begin(kind, _entry(kind.name, row))
                else:
                    self._work_in_step(kind, _entry(kind.name, row))
            if len(rows) == limit:
                self._schedule(kind)
            else:
                self._arm_next(kind, now_ms)
        finally:
            self._clock.activity.end()

    def _arm_next(self, kind: _Kind, now_ms: int) -> None:
        row = self._engine.one(SELECT_NEXT_DUE, (kind.name, now_ms))
        if row is None:
            return
        due_ms = row[0]
        assert isinstance(due_ms, int)
        if kind.timer is None or kind.timer.callback is None or kind.timer.when_ms != due_ms:
            self._arm(kind, due_ms)

    # ------------------------------------------------------------------ working one entry

    def _work_in_step(self, kind: _Kind, entry: Entry) -> None:
        try:
            with self._engine.atomic():
                kind.handler(entry)
                self._engine.write(DELETE_ENTRY, (entry.id,))
        except Exception as error:  # noqa: BLE001 - the edge of an entry: any failure is retried
            self._failed(kind, entry, error)

    def _begin(self, kind: _Kind, entry: Entry) -> None:
        kind.under_way.add(entry.id)
        self._clock.activity.begin()
        task = asyncio.get_running_loop().create_task(self._run(kind, entry))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, kind: _Kind, entry: Entry) -> None:
        try:
            await self._engine.durable()  # nothing is told to others before its cause is kept
            result = kind.handler(entry)
            assert result is not None
            await result
        except Exception as error:  # noqa: BLE001 - the edge of an entry: any failure is retried
            self._failed(kind, entry, error)
        finally:
            kind.under_way.discard(entry.id)
            self._schedule(kind)
            self._clock.activity.end()

    def _failed(self, kind: _Kind, entry: Entry, error: Exception) -> None:
        failures = entry.attempt + 1
        if isinstance(error, AwsError):
            logger.info("%s %d: attempt %d refused: %s", kind.name, entry.id, failures, error)
        else:
            logger.error("%s %d: attempt %d failed", kind.name, entry.id, failures, exc_info=error)
        delay_ms = kind.retry(failures)
        try:
            if delay_ms is None:
                self._give_up(kind, entry, error)
            else:
                due_ms = self._clock.now_ms() + delay_ms
                self._engine.write(POSTPONE_ENTRY, (due_ms, failures, entry.id))
                self._notice(kind, due_ms, self._clock.now_ms())
        except Exception:
            # The store refuses even this: the entry stays as it is, and is tried again later.
            logger.exception("%s %d could not be postponed", kind.name, entry.id)
            self._arm(kind, self._clock.now_ms() + _RETRY_DELAY_MAX_MS)

    def _give_up(self, kind: _Kind, entry: Entry, error: Exception) -> None:
        with self._engine.atomic():
            if kind.on_give_up is not None:
                kind.on_give_up(entry, error)
            else:
                now_ms = self._clock.now_ms()
                self._engine.write(INSERT_DEAD, (now_ms, repr(error)[:1000], entry.id))
            self._engine.write(DELETE_ENTRY, (entry.id,))


def _entry(kind: str, row: Row) -> Entry:
    entry_id, attempt, created_at_ms, trace, payload = row
    assert isinstance(entry_id, int)
    assert isinstance(attempt, int)
    assert isinstance(created_at_ms, int)
    assert isinstance(payload, bytes)
    return Entry(entry_id, kind, orjson.loads(payload), attempt, str(trace), created_at_ms)
