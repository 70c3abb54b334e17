"""The outbox when things go wrong: the process dies, the disk is full."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import apsw
import pytest
from tests.storage.outbox_world import INSERT, Refused, World
from tests.storage.syncs import passes

from kamome.errors import ServiceUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.storage.conftest import OpenEngine
    from tests.storage.full_disk import FullDisk

    from kamome.storage.engine import Engine
    from kamome.storage.outbox import Entry


class TestRestart:
    """The process dies: nothing of it is left but the file."""

    @asynccontextmanager
    async def killed(self, open_engine: OpenEngine) -> AsyncIterator[World]:
        """A world that ends without a word: what was durable stays, nobody tidies up."""
        world = World(await open_engine())
        yield world
        world.outbox._is_running = False
        for task in list(world.outbox._tasks):
            task.cancel()
        await passes()
        await world.engine.close()

    async def test_a_plain_handler_has_its_effect_exactly_once(
        self, open_engine: OpenEngine
    ) -> None:
        async with self.killed(open_engine) as first:
            first.outbox.register("kind", lambda entry: insert(first.engine, entry))
            for number in range(300):
                first.put("kind", number)
            first.outbox.start()
            await passes(2)  # in the middle: some are worked, and some are not
            assert 0 < first.left() < 300

        again = World(await open_engine())
        again.outbox.register("kind", lambda entry: insert(again.engine, entry))
        again.outbox.start()
        await again.advance(0)

        assert again.engine.all("SELECT count(*), max(id) FROM item") == [(300, 299)]
        assert again.left() == 0
        assert again.engine.all("SELECT id FROM outbox_dead") == []

    async def test_what_was_under_way_is_done_again(self, open_engine: OpenEngine) -> None:
        begun: list[object] = []

        async def never_ends(entry: Entry) -> None:
            begun.append(entry.payload["n"])
            await asyncio.Event().wait()

        async with self.killed(open_engine) as first:
            first.outbox.register("kind", never_ends)
            first.outbox.start()
            first.put("kind", 1)
            await passes(10)
            assert begun == [1]

        again = World(await open_engine())
        again.outbox.register("kind", again.note_and_finish)
        again.outbox.start()
        await again.advance(0)

        assert again.worked == [(1, 0)]

    async def test_what_is_due_later_still_comes_at_its_moment(
        self, open_engine: OpenEngine
    ) -> None:
        async with self.killed(open_engine) as first:
            first.outbox.register("kind", first.note)
            first.outbox.start()
            first.put("kind", 1, in_s=86_400)

        again = World(await open_engine())
        again.outbox.register("kind", again.note)
        again.outbox.start()
        await again.advance(2 * 86_400)

        assert again.worked == [(1, 86_400)]

    async def test_ids_go_on_behind_those_of_the_dead(self, open_engine: OpenEngine) -> None:
        def refuse(_entry: Entry) -> None:
            raise Refused

        async with self.killed(open_engine) as first:
            first.outbox.register("kind", refuse, retry=lambda _entry, _error: None)
            first.outbox.start()
            dead = first.put("kind", 1)
            await first.advance(0)

        again = World(await open_engine())
        again.outbox.register("kind", refuse, retry=lambda _entry, _error: None)
        again.outbox.start()

        assert again.put("kind", 2) > dead
        await again.advance(0)

    async def test_stop_lets_what_is_under_way_end(self, world: World) -> None:
        world.outbox.register("kind", world.note_and_finish)
        world.outbox.start()
        world.put("kind", 1)
        await asyncio.sleep(0)

        await world.outbox.stop()

        assert world.left() == 1 - len(world.worked)


def insert(engine: Engine, entry: Entry) -> None:
    number = entry.payload["n"]
    assert isinstance(number, int)
    engine.write(INSERT, (number, b""))


class TestFullDisk:
    @pytest.fixture
    async def tight(self, disk: FullDisk, open_engine: OpenEngine) -> AsyncIterator[World]:
        world = World(await open_engine(vfs=disk.vfs_name))
        await world.engine.durable()
        yield world
        disk.room = None
        await world.outbox.stop()

    async def test_an_entry_whose_effect_was_lost_is_worked_again(
        self, tight: World, disk: FullDisk
    ) -> None:
        tight.outbox.register("kind", lambda entry: insert(tight.engine, entry))
        tight.put("kind", 1)
        await tight.engine.durable()
        disk.fill(0, 1)  # the commit of the effect is refused
        tight.outbox.start()

        await tight.advance(0)
        assert tight.engine.all("SELECT id FROM item") == []

        await tight.advance(10)
        assert tight.engine.all("SELECT id FROM item") == [(1,)]
        assert tight.left() == 0

    @pytest.mark.parametrize("is_async", [False, True], ids=["plain", "outside"])
    async def test_a_disk_that_stays_full_is_not_tried_at_full_speed(
        self, tight: World, disk: FullDisk, is_async: bool
    ) -> None:
        attempts = 0

        def work(entry: Entry) -> None:
            nonlocal attempts
            attempts += 1
            tight.engine.write(INSERT, (attempts, b"x" * 100_000))
            tight.outbox.done(entry)

        async def work_outside(entry: Entry) -> None:
            work(entry)
            await tight.engine.durable()

        tight.outbox.register("kind", work_outside if is_async else work)
        for number in range(3):
            tight.put("kind", number)
        await tight.engine.durable()
        disk.fill(0, 1_000_000)
        tight.outbox.start()

        await tight.advance(600)
        assert attempts < 600
        disk.room = None
        await tight.advance(600)

        assert tight.left() == 0
        assert tight.engine.all("SELECT count(*) FROM item") == [(3,)]

    async def test_nothing_is_told_outside_of_a_cause_that_was_lost(
        self, tight: World, disk: FullDisk
    ) -> None:
        tight.outbox.register("kind", tight.note_and_finish)
        tight.outbox.start()
        disk.fill(0, 1)

        tight.put("kind", 1)
        with pytest.raises(ServiceUnavailable):
            await tight.engine.durable()
        await tight.advance(600)

        assert tight.worked == []

    async def test_an_outbox_that_cannot_be_read_goes_on_later(
        self, tight: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tight.outbox.register("kind", tight.note)
        tight.put("kind", 1)

        def fail(*_: object) -> None:
            raise apsw.IOError("the disk")

        with monkeypatch.context() as broken:
            broken.setattr(tight.engine, "all", fail)
            tight.outbox.start()
            await tight.advance(0)

        await tight.advance(10)
        assert [number for number, _ in tight.worked] == [1]
