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

import msgspec
import orjson

from kamome.clock import Clock, Timer
from kamome.errors import AwsError, ServiceUnavailable
from kamome.storage.engine import Engine, Row
from kamome.storage.read_ahead import NEVER_MS, ReadAhead

logger = logging.getLogger(__name__)

# One pass works at most this many entries, or about this long, before the loop serves others.
_ENTRIES_PER_PASS = 64
_PASS_MS_MAX = 10
_RETRY_DELAY_MIN_MS = 1_000
_RETRY_DELAY_MAX_MS = 60_000
# With the delays above: about two and a half hours.
_ATTEMPTS_MAX = 150
# Where the store itself refuses (full disk), a kind rests this long before it is tried again.
_REST_MS = 5_000

INSERT_ENTRY = """
INSERT INTO outbox (id, kind, due_ms, attempt, created_at_ms, trace, payload)
VALUES (?, ?, ?, 0, ?, ?, ?)
"""
# Index outbox_due, in its order; entries under way are among the first, hence the generous LIMIT.
SELECT_FIRST = """
SELECT id, due_ms, attempt, created_at_ms, trace, payload FROM outbox
WHERE kind = ? ORDER BY due_ms, id LIMIT ?
"""
# All by primary key.
DELETE_ENTRY = "DELETE FROM outbox WHERE id = ?"
POSTPONE_ENTRY = "UPDATE outbox SET due_ms = ?, attempt = ? WHERE id = ?"
SELECT_PROGRESS = "SELECT attempt, due_ms FROM outbox WHERE id = ?"
SELECT_LAST_ID = "SELECT max(id) FROM outbox"
SELECT_LAST_DEAD_ID = "SELECT max(id) FROM outbox_dead"
INSERT_DEAD = """
INSERT INTO outbox_dead
SELECT id, kind, attempt, created_at_ms, ?, trace, ?, payload FROM outbox WHERE id = ?
"""
# Index outbox_due, as a covering range of one kind.
COUNT_WAITING = "SELECT count(*) FROM outbox WHERE kind = ?"


class Entry(msgspec.Struct, frozen=True):
    """One entry as its handler sees it. `attempt` counts the failures so far."""

    id: int
    kind: str
    payload: Mapping[str, object]
    attempt: int
    trace: str
    created_at_ms: int


Handler = Callable[[Entry], None] | Callable[[Entry], Awaitable[None]]
# Delay in ms before the next attempt, by the entry that has just failed, and why; None gives up.
Retry = Callable[[Entry, Exception], int | None]
GiveUp = Callable[[Entry, Exception], None]


def default_retry(entry: Entry, _error: Exception) -> int | None:
    """1 s doubling to 60 s; gives up after 150 failures."""
    if entry.attempt + 1 >= _ATTEMPTS_MAX:
        return None
    return min(_RETRY_DELAY_MAX_MS, _RETRY_DELAY_MIN_MS << min(entry.attempt, 10))


class _Kind(msgspec.Struct):
    name: str
    handler: Handler
    is_async: bool
    concurrency: int
    retry: Retry
    on_give_up: GiveUp | None
    under_way: set[int] = msgspec.field(default_factory=set)
    is_scheduled: bool = False
    timer: Timer | None = None
    is_working: bool = False
    wanted_ms: int = 0
    rest: Timer | None = None
    ahead: ReadAhead = msgspec.field(default_factory=ReadAhead)


class Outbox:
    """The due table and its scheduler. Register every kind before `start`."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._kinds: dict[str, _Kind] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_running = False
        self._last_id = 0
        self._finished: set[int] = set()
        self._lost = engine.lost_transactions
        engine.on_rollback(self._look_again)

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

        A coroutine handler ends by calling `done` or by raising. A plain one is worked one entry
        at a time, in the order they are due.

        `on_give_up` runs in the step that removes an entry whose attempts are used up; where it
        raises an `AwsError`, the entry is tried again in a minute. Without it, or where it fails
        otherwise, the entry is kept aside as dead.
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
        body = orjson.dumps(payload, default=msgspec.to_builtins)
        self._engine.write(INSERT_ENTRY, (entry_id, kind, due_ms, now_ms, trace, body))
        owner = self._kinds[kind]
        owner.ahead.put(due_ms)
        self._notice(owner, due_ms, now_ms)
        return entry_id

    def done(self, entry: Entry) -> None:
        """A coroutine handler's last word, inside the step that records its effect."""
        self._engine.write(DELETE_ENTRY, (entry.id,))
        self._finished.add(entry.id)

    def waiting(self, kind: str) -> int:
        """How many entries of a kind are not finished."""
        row = self._engine.one(COUNT_WAITING, (kind,))
        assert row is not None
        assert isinstance(row[0], int)
        return row[0]

    def progress(self, entry_id: int) -> tuple[int, int] | None:
        """How often an entry has failed, and when it is due next; None where it is finished."""
        row = self._engine.one(SELECT_PROGRESS, (entry_id,))
        if row is None:
            return None
        attempt, due_ms = row
        assert isinstance(attempt, int)
        assert isinstance(due_ms, int)
        return attempt, due_ms

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
        if self._tasks:
            await asyncio.wait(self._tasks)

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
        else:
            self._arm(kind, due_ms)

    def _arm(self, kind: _Kind, due_ms: int) -> None:
        """One timer for a kind, at its earliest entry. One that comes too early does no harm.

        While entries are worked, the moment is only noted: each may bring an earlier one.
        """
        if kind.is_working:
            kind.wanted_ms = min(due_ms, kind.wanted_ms)
            return
        if kind.timer is not None:
            if kind.timer.when_ms <= due_ms:
                return
            kind.timer.cancel()
        kind.timer = self._clock.call_at(due_ms, lambda: self._fire(kind))

    def _fire(self, kind: _Kind) -> bool:
        """A timer's moment. No step is being written now, so the kind can be worked at once."""
        kind.timer = None
        if kind.is_scheduled or not self._is_running:
            return False
        return self._work(kind)

    def _look_again(self) -> None:
        """A lost transaction brings back entries that had been finished in it."""
        if self._engine.lost_transactions == self._lost:
            return
        self._lost = self._engine.lost_transactions
        for kind in self._kinds.values():
            self._take_rest(kind)

    def _take_rest(self, kind: _Kind) -> None:
        kind.ahead.forget()
        if kind.rest is None:
            until_ms = self._clock.now_ms() + _REST_MS
            kind.rest = self._clock.call_at(until_ms, lambda: self._end_rest(kind))

    def _end_rest(self, kind: _Kind) -> None:
        kind.rest = None
        self._schedule(kind)

    def _schedule(self, kind: _Kind) -> None:
        """Work this kind after the step that is being written, if possible in its commit."""
        if kind.is_scheduled or kind.rest is not None or not self._is_running:
            return
        kind.is_scheduled = True
        self._clock.activity.begin()
        self._engine.before_commit(lambda: self._work_scheduled(kind))

    def _work_scheduled(self, kind: _Kind) -> None:
        kind.is_scheduled = False
        try:
            if self._is_running:
                self._work(kind)
        finally:
            self._clock.activity.end()

    def _work(self, kind: _Kind) -> bool:
        """Work what is due; returns True if all of it was refused, and so nothing follows."""
        kind.is_working, kind.wanted_ms = True, NEVER_MS
        try:
            return kind.rest is not None or self._work_due(kind)
        except Exception:
            # The store cannot be read, or a step not be undone: the entries stay as they are.
            logger.exception("the outbox could not work %s", kind.name)
            self._take_rest(kind)
            return False
        finally:
            kind.is_working = False
            if kind.wanted_ms < NEVER_MS:
                self._arm(kind, kind.wanted_ms)

    def _work_due(self, kind: _Kind) -> bool:
        """Work plain entries, one after the other, until others of the loop have their turn."""
        if kind.is_async:
            return self._begin_due(kind)
        now_ms, began_ms = self._clock.now_ms(), 0
        is_settled = True
        for _ in range(_ENTRIES_PER_PASS):
            due_ms = self._first_due_ms(kind)
            if due_ms > now_ms:
                if due_ms < NEVER_MS:
                    self._arm(kind, due_ms)
                return is_settled
            if began_ms and self._clock.real_now_ms() - began_ms > _PASS_MS_MAX:
                break
            is_settled &= self._work_in_step(kind, kind.ahead.take())
            if kind.rest is not None or kind.is_scheduled:
                return False  # one of them is due now: the loop serves others before it
            began_ms = began_ms or self._clock.real_now_ms()  # most passes work one entry
        self._schedule(kind)
        return False

    def _first_due_ms(self, kind: _Kind) -> int:
        """When the first entry of a kind is due."""
        ahead = kind.ahead
        if ahead.is_used_up:
            count = ahead.count
            rows = self._engine.all(SELECT_FIRST, (kind.name, count))
            ahead.fill([(_due_ms(row), _entry(kind.name, row)) for row in rows], count)
        return ahead.first_due_ms

    def _begin_due(self, kind: _Kind) -> bool:
        """Begin entries with coroutine handlers, as many as there are places for."""
        places = min(_ENTRIES_PER_PASS, kind.concurrency - len(kind.under_way))
        if places <= 0:
            return False  # `_run` schedules the kind again when a place is free
        now_ms, began_ms = self._clock.now_ms(), 0
        limit = len(kind.under_way) + places
        rows = self._engine.all(SELECT_FIRST, (kind.name, limit))
        for row in rows:
            due_ms = _due_ms(row)
            if row[0] in kind.under_way:
                continue
            if due_ms > now_ms:
                self._arm(kind, due_ms)
                return False
            if kind.rest is not None or len(kind.under_way) >= kind.concurrency:
                return False
            if began_ms and self._clock.real_now_ms() - began_ms > _PASS_MS_MAX:
                self._schedule(kind)
                return False
            self._begin(kind, _entry(kind.name, row))
            began_ms = began_ms or self._clock.real_now_ms()
        if len(rows) == limit:
            self._schedule(kind)
        return False

    # ------------------------------------------------------------------ working one entry

    def _work_in_step(self, kind: _Kind, entry: Entry) -> bool:
        """Work an entry in one step; returns True if it failed, and is only postponed."""
        try:
            with self._engine.atomic():
                kind.handler(entry)
                self._engine.write(DELETE_ENTRY, (entry.id,))
        except Exception as error:  # noqa: BLE001 - the edge of an entry: any failure is retried
            return self._failed(kind, entry, error)
        return False

    def _begin(self, kind: _Kind, entry: Entry) -> None:
        kind.under_way.add(entry.id)
        self._clock.activity.begin()
        lost = self._engine.lost_transactions
        task = asyncio.get_running_loop().create_task(self._run(kind, entry, lost))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, kind: _Kind, entry: Entry, lost: int) -> None:
        try:
            await self._engine.durable(lost)  # nothing is told to others before its cause is kept
            result = kind.handler(entry)
            assert result is not None
            await result
            assert entry.id in self._finished, f"the handler of {kind.name} did not call done"
        except Exception as error:  # noqa: BLE001 - the edge of an entry: any failure is retried
            self._failed(kind, entry, error)
        finally:
            self._finished.discard(entry.id)
            kind.under_way.discard(entry.id)
            self._schedule(kind)
            self._clock.activity.end()

    def _failed(self, kind: _Kind, entry: Entry, error: Exception) -> bool:
        """Postpone an entry, or give it up; returns True if it is postponed."""
        if not isinstance(error, AwsError):
            logger.error(
                "%s %d: attempt %d failed", kind.name, entry.id, entry.attempt + 1, exc_info=error
            )
        elif logger.isEnabledFor(logging.DEBUG):
            logger.debug("%s %d: attempt %d: %s", kind.name, entry.id, entry.attempt + 1, error)
        try:
            delay_ms, attempt = kind.retry(entry, error), entry.attempt + 1
            if delay_ms is None:
                if self._give_up(kind, entry, error):
                    return False
                delay_ms, attempt = _RETRY_DELAY_MAX_MS, entry.attempt
            self._postpone(kind, entry, delay_ms, attempt)
        except Exception:
            # The store refuses even this: the entry stays as it is, and is tried again later.
            logger.exception("%s %d could not be postponed", kind.name, entry.id)
            self._take_rest(kind)
        return True

    def _postpone(self, kind: _Kind, entry: Entry, delay_ms: int, attempt: int) -> None:
        now_ms = self._clock.now_ms()
        self._engine.write(POSTPONE_ENTRY, (now_ms + delay_ms, attempt, entry.id))
        if not kind.is_async:
            kind.ahead.postponed(_again(entry, attempt), now_ms + delay_ms)
        if kind.is_async or delay_ms <= 0:  # a pass over plain entries ends by looking itself
            self._notice(kind, now_ms + delay_ms, now_ms)

    def _give_up(self, kind: _Kind, entry: Entry, error: Exception) -> bool:
        """Remove an entry whose attempts are used up; False where that is refused just now.

        One that cannot even be given up must not hold up those behind it: it is kept aside.
        """
        if kind.on_give_up is not None:
            try:
                with self._engine.atomic():
                    kind.on_give_up(entry, error)
                    self._engine.write(DELETE_ENTRY, (entry.id,))
            except ServiceUnavailable:
                raise  # the store's
            except AwsError as refusal:
                logger.info("%s %d cannot be given up yet: %s", kind.name, entry.id, refusal)
                return False
            except Exception:
                logger.exception("%s %d could not be given up", kind.name, entry.id)
            else:
                return True
        with self._engine.atomic():
            now_ms = self._clock.now_ms()
            self._engine.write(INSERT_DEAD, (now_ms, repr(error)[:1000], entry.id))
            self._engine.write(DELETE_ENTRY, (entry.id,))
        return True


def _entry(kind: str, row: Row) -> Entry:
    entry_id, _, attempt, created_at_ms, trace, payload = row
    assert isinstance(entry_id, int)
    assert isinstance(attempt, int)
    assert isinstance(created_at_ms, int)
    assert isinstance(payload, bytes)
    return Entry(entry_id, kind, orjson.loads(payload), attempt, str(trace), created_at_ms)


def _again(entry: Entry, attempt: int) -> Entry:
    return Entry(
        entry.id,
        entry.kind,
        entry.payload,
        attempt,
        entry.trace,
        entry.created_at_ms,
    )


def _due_ms(row: Row) -> int:
    due_ms = row[1]
    assert isinstance(due_ms, int)
    return due_ms
