"""The outbox: what a step hands on is worked once it is due, whatever happens in between."""

from __future__ import annotations

from itertools import count
from time import process_time
from typing import TYPE_CHECKING

import pytest
from tests.storage.outbox_world import INSERT, Refused, World
from tests.storage.syncs import passes

from kamome.clock import Clock
from kamome.errors import AwsError
from kamome.storage.outbox import Entry, default_retry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kamome.storage.engine import Engine, Row, Value


START_MS = 1_760_000_000_000


class Throttling(AwsError):
    """What another service answers that is called too often."""


class TestWorking:
    @pytest.mark.parametrize("handler", ["note", "note_and_finish"])
    async def test_an_entry_is_worked_once_and_is_gone(self, world: World, handler: str) -> None:
        world.outbox.register("kind", getattr(world, handler))
        world.outbox.start()

        world.put("kind", 1)
        await world.advance(0)
        await world.advance(3600)

        assert world.worked == [(1, 0)]
        assert world.left() == 0

    async def test_a_handler_sees_what_was_put(self, world: World) -> None:
        seen: list[Entry] = []
        world.outbox.register("kind", seen.append)
        world.outbox.start()

        entry_id = world.outbox.put("kind", {"a": ["\u3042", None]}, trace="Root=1-2-3")
        await world.advance(0)

        assert seen == [
            Entry(entry_id, "kind", {"a": ["\u3042", None]}, 0, "Root=1-2-3", world.start_ms)
        ]

    async def test_a_step_that_is_undone_leaves_no_entry(self, world: World) -> None:
        world.outbox.register("kind", world.note)
        world.outbox.start()

        with pytest.raises(Refused), world.engine.atomic():
            world.put("kind", 1)
            raise Refused
        await world.advance(3600)

        assert world.worked == []
        assert world.left() == 0

    async def test_an_entry_put_while_its_kind_is_worked_is_worked_too(self, world: World) -> None:
        def chain(entry: Entry) -> None:
            world.note(entry)
            number = entry.payload["n"]
            assert isinstance(number, int)
            if number < 200:
                world.put("kind", number + 1)

        world.outbox.register("kind", chain)
        world.outbox.start()

        world.put("kind", 1)
        await world.advance(0)

        assert [number for number, _ in world.worked] == list(range(1, 201))

    async def test_nothing_is_worked_before_the_cause_is_durable(self, world: World) -> None:
        durable: list[bool] = []

        async def look(entry: Entry) -> None:
            durable.append(not world.engine._is_syncing and not world.engine._is_open)
            world.outbox.done(entry)

        world.outbox.register("kind", look)
        world.outbox.start()

        world.put("kind", 1)
        await world.advance(0)

        assert durable == [True]

    async def test_an_unknown_kind_is_refused_with_the_step_of_its_cause(
        self, world: World
    ) -> None:
        with pytest.raises(KeyError), world.engine.atomic():
            world.put("unknown", 1)

        assert world.left() == 0


class TestConcurrency:
    async def test_bounds_the_handlers_under_way(self, world: World) -> None:
        under_way = most = 0

        async def slow(entry: Entry) -> None:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            await passes(3)
            under_way -= 1
            await world.note_and_finish(entry)

        world.outbox.register("kind", slow, concurrency=4)
        world.outbox.start()

        for number in range(200):
            world.put("kind", number)
        await world.advance(0)

        assert most == 4
        assert sorted(number for number, _ in world.worked) == list(range(200))  # type: ignore[type-var] # numbers

    async def test_a_kind_reads_no_more_entries_than_it_has_places_for(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A payload may have 256 KB, and a thousand may be waiting."""
        read = 0
        read_all = world.engine.all

        def counting(sql: str, params: Sequence[Value] = ()) -> list[Row]:
            nonlocal read
            rows = read_all(sql, params)
            read += len(rows)
            return rows

        monkeypatch.setattr(world.engine, "all", counting)
        world.outbox.register("kind", world.note_and_finish, concurrency=2)
        world.outbox.start()

        for number in range(50):
            world.put("kind", number)
        await world.advance(0)

        assert len(world.worked) == 50
        assert read <= 50 * 4

    @pytest.mark.parametrize("handler", ["note", "note_and_finish"])
    async def test_a_machine_that_is_busy_elsewhere_forgets_no_entry(
        self, engine: Engine, handler: str
    ) -> None:
        ticks = count(0, 1_000)  # a second of real time passes between any two looks at it
        world = World(engine, Clock(lambda: next(ticks), frozen_at_ms=START_MS))
        world.outbox.register("kind", getattr(world, handler))
        world.outbox.start()
        for number in range(3):
            world.put("kind", number)

        await world.advance(0)

        assert {number for number, _ in world.worked} == {0, 1, 2}
        assert len(world.worked) == 3

    async def test_a_plain_handler_does_not_hold_up_the_loop_for_long(self, world: World) -> None:
        world.outbox.register("kind", world.note)
        world.outbox.start()
        for number in range(300):
            world.put("kind", number)

        await passes(2)

        assert 0 < len(world.worked) < 300


class TestTime:
    async def test_entries_of_all_kinds_come_in_the_order_of_their_moments(
        self, world: World
    ) -> None:
        world.outbox.register("plain", world.note)
        world.outbox.register("outside", world.note_and_finish)
        world.outbox.start()
        for number in (5, 1, 8, 3):
            world.put("plain", number, in_s=number)
        for number in (7, 2, 6, 4):
            world.put("outside", number, in_s=number)

        await world.advance(100)

        assert world.worked == [(number, number) for number in range(1, 9)]

    async def test_an_entry_does_not_come_before_its_moment(self, world: World) -> None:
        world.outbox.register("kind", world.note)
        world.outbox.start()
        world.put("kind", 1, in_s=10)

        await world.advance(9.999)
        assert world.worked == []

        await world.advance(0.001)
        assert world.worked == [(1, 10)]

    async def test_a_later_entry_still_comes_after_the_kind_was_idle(self, world: World) -> None:
        world.outbox.register("kind", world.note)
        world.outbox.start()
        world.put("kind", 1, in_s=5)
        await world.advance(5)

        world.put("kind", 2, in_s=7)
        await world.advance(60)

        assert world.worked == [(1, 5), (2, 12)]

    async def test_an_earlier_entry_overtakes_a_later_one(self, world: World) -> None:
        world.outbox.register("kind", world.note)
        world.outbox.start()
        world.put("kind", 1, in_s=3600)
        world.put("kind", 2, in_s=10)

        await world.advance(10)

        assert world.worked == [(2, 10)]


class TestRetries:
    @pytest.mark.parametrize("is_async", [False, True], ids=["plain", "outside"])
    async def test_come_after_the_default_delays(self, world: World, is_async: bool) -> None:
        def refuse(entry: Entry) -> None:
            world.note(entry)
            raise Refused

        async def refuse_outside(entry: Entry) -> None:
            refuse(entry)

        world.outbox.register("kind", refuse_outside if is_async else refuse)
        world.outbox.start()
        world.put("kind", 1)

        await world.advance(200)

        assert [at_s for _, at_s in world.worked] == [0, 1, 3, 7, 15, 31, 63, 123, 183]

    async def test_a_failed_attempt_leaves_nothing_of_itself(self, world: World) -> None:
        def insert_and_fail(entry: Entry) -> None:
            world.engine.write(INSERT, (1, b""))
            if entry.attempt < 2:
                raise Refused

        world.outbox.register("kind", insert_and_fail)
        world.outbox.start()
        world.put("kind", 1)

        await world.advance(0)
        assert world.engine.all("SELECT id FROM item") == []

        await world.advance(10)
        assert world.engine.all("SELECT id FROM item") == [(1,)]

    async def test_one_that_fails_does_not_hold_up_the_next(self, world: World) -> None:
        def refuse_first(entry: Entry) -> None:
            if entry.payload["n"] == 1:
                raise Refused
            world.note(entry)

        world.outbox.register("kind", refuse_first)
        world.outbox.start()
        world.put("kind", 1)
        world.put("kind", 2)

        await world.advance(0)

        assert world.worked == [(2, 0)]

    async def test_a_mistake_of_ours_is_retried_and_logged(
        self, world: World, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail(entry: Entry) -> None:
            world.note(entry)
            if entry.attempt == 0:
                raise KeyError("a mistake")

        world.outbox.register("kind", fail)
        world.outbox.start()
        world.put("kind", 1)
        await world.advance(5)

        assert world.worked == [(1, 0), (1, 1)]
        assert "kind 1: attempt 1 failed" in caplog.text

    async def test_a_handler_that_forgets_to_finish_is_retried_with_delay(
        self, world: World, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def forget(entry: Entry) -> None:
            world.note(entry)

        world.outbox.register("kind", forget)
        world.outbox.start()
        world.put("kind", 1)

        await world.advance(3)

        assert [at_s for _, at_s in world.worked] == [0, 1, 3]
        assert "did not call done" in caplog.text

    async def test_after_the_last_the_entry_is_kept_as_dead(self, world: World) -> None:
        def refuse(_entry: Entry) -> None:
            raise Refused("no")

        world.outbox.register("kind", refuse, retry=lambda entry, _: (10, 10, None)[entry.attempt])
        world.outbox.start()
        world.put("kind", 7)

        await world.advance(100)

        assert world.left() == 0
        assert world.engine.all("SELECT kind, attempt, error, payload FROM outbox_dead") == [
            ("kind", 2, "Refused('no')", b'{"n":7}')
        ]

    async def test_after_the_last_the_kind_may_decide(self, world: World) -> None:
        given_up: list[tuple[object, str]] = []

        def refuse(_entry: Entry) -> None:
            raise Refused("no")

        world.outbox.register(
            "kind",
            refuse,
            retry=lambda _entry, _error: None,
            on_give_up=lambda entry, error: given_up.append((entry.payload["n"], str(error))),
        )
        world.outbox.start()
        world.put("kind", 7)

        await world.advance(0)

        assert given_up == [(7, "no")]
        assert (world.left(), world.engine.all("SELECT id FROM outbox_dead")) == (0, [])

    @pytest.mark.parametrize(
        ("why", "left", "dead"),
        [(Throttling("later"), 1, []), (KeyError("ours"), 0, [("Refused('no')",)])],
        ids=["refused for now", "a mistake"],
    )
    async def test_one_that_cannot_be_given_up_holds_up_no_other(
        self, world: World, why: Exception, left: int, dead: list[tuple[str]]
    ) -> None:
        def refuse_the_first(entry: Entry) -> None:
            if entry.payload["n"] == 1:
                raise Refused("no")
            world.note(entry)

        def give_up(_entry: Entry, _error: Exception) -> None:
            raise why

        world.outbox.register(
            "kind", refuse_the_first, retry=lambda _entry, _error: None, on_give_up=give_up
        )
        world.outbox.start()
        world.put("kind", 1)
        world.put("kind", 2)

        await world.advance(0)

        assert world.worked == [(2, 0)]
        assert world.left() == left
        assert world.engine.all("SELECT error FROM outbox_dead") == dead

    async def test_one_that_could_not_be_given_up_is_in_a_minute(self, world: World) -> None:
        attempts: list[int] = []

        def refuse(_entry: Entry) -> None:
            raise Refused("no")

        def give_up(entry: Entry, _error: Exception) -> None:
            attempts.append(entry.attempt)
            if len(attempts) == 1:
                raise Throttling("later")

        world.outbox.register("kind", refuse, retry=lambda _entry, _error: None, on_give_up=give_up)
        world.outbox.start()
        world.put("kind", 1)
        await world.advance(59)
        assert (attempts, world.left()) == ([0], 1)

        await world.advance(1)

        assert (attempts, world.left()) == ([0, 0], 0)

    def test_the_default_gives_up_after_150_failures(self) -> None:
        entry = Entry(1, "kind", {}, 148, "", 0)
        last = Entry(1, "kind", {}, 149, "", 0)

        assert default_retry(entry, Refused()) == 60_000
        assert default_retry(last, Refused()) is None

    async def test_100_015_of_them_pass_in_about_a_second(self, world: World) -> None:
        attempts = 0

        def refuse(_entry: Entry) -> None:
            nonlocal attempts
            attempts += 1
            raise Refused

        # SNS Developer Guide, message delivery retries: 3 at once, 2 with 1 s, 10 up to 20 s,
        # 100,000 with 20 s: 23 days.
        def delay_ms(entry: Entry, _error: Exception) -> int | None:
            return 20_000 if entry.attempt < 100_014 else None

        world.outbox.register("kind", refuse, retry=delay_ms)
        world.outbox.start()
        world.put("kind", 1)
        began = process_time()
        await world.advance(24 * 86_400)

        assert attempts == 100_015
        # 2 s of CPU on the machine of bench/README.md; the rest is for slower ones.
        assert process_time() - began < 10
