"""The first entries of a kind, kept between passes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from tests.storage.outbox_world import Refused, World

from kamome.storage.engine import Engine, Row, Value
from kamome.storage.outbox import SELECT_FIRST, Entry
from kamome.storage.read_ahead import ENTRIES_MAX, NEVER_MS, ReadAhead


def _entry(number: int) -> Entry:
    return Entry(number, "kind", {}, 0, "", 0)


def test_an_entry_that_failed_takes_its_new_place() -> None:
    ahead = ReadAhead()
    ahead.fill([(10, _entry(1)), (20, _entry(2))], 3)

    ahead.postponed(ahead.take(), 30)

    assert [ahead.take(), ahead.take()] == [_entry(2), _entry(1)]
    assert ahead.first_due_ms == NEVER_MS
    assert not ahead.is_used_up


def test_beyond_what_was_read_the_table_is_asked_again() -> None:
    ahead = ReadAhead()
    ahead.fill([(10, _entry(1)), (20, _entry(2))], 2)

    ahead.postponed(ahead.take(), 20)

    assert ahead.take() == _entry(2)
    assert ahead.is_used_up


def test_an_earlier_entry_that_is_new_is_not_passed_over() -> None:
    ahead = ReadAhead()
    ahead.fill([(10, _entry(1)), (20, _entry(2))], 2)

    ahead.put(19)

    assert ahead.is_used_up


def test_a_later_entry_that_is_new_changes_nothing() -> None:
    ahead = ReadAhead()
    ahead.fill([(10, _entry(1)), (20, _entry(2))], 2)

    ahead.put(20)

    assert ahead.first_due_ms == 10


def test_more_is_read_each_time_up_to_a_bound() -> None:
    ahead = ReadAhead()
    counts = []
    for _ in range(8):
        counts.append(ahead.count)
        ahead.fill([], 1)

    assert counts == [2, 4, 8, 16, 32, 64, 64, ENTRIES_MAX]


class _CountingEngine(Engine):
    """Counts how often the first entries are read."""

    def __init__(self) -> None:
        super().__init__(None)
        self.reads = 0

    def all(self, sql: str, params: Sequence[Value] = ()) -> list[Row]:
        self.reads += sql == SELECT_FIRST
        return super().all(sql, params)


@pytest.mark.parametrize("waiting", [1, 3, 100])
async def test_what_fails_again_and_again_is_hardly_read_again(waiting: int) -> None:
    engine = _CountingEngine()
    world = World(engine)
    attempts: Counter[object] = Counter()

    def refuse(entry: Entry) -> None:
        attempts[entry.payload["n"]] += 1
        raise Refused

    world.outbox.register("kind", refuse, retry=lambda _entry, _error: 20_000)
    world.outbox.start()
    for number in range(waiting):
        world.put("kind", number, in_s=number / 10)
    await world.advance(1_999)

    assert attempts == dict.fromkeys(range(waiting), 100)
    assert engine.reads <= attempts.total() / 3
    await world.outbox.stop()
    await engine.durable()
    await engine.close()
