"""What SQLite undoes of itself: the n-th change of a file is refused, for every n."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import apsw
import pytest
from tests.storage.syncs import passes

from kamome.errors import ServiceUnavailable
from kamome.storage import engine as engine_module

if TYPE_CHECKING:
    from pathlib import Path

    from tests.storage.conftest import OpenEngine
    from tests.storage.full_disk import FullDisk

    from kamome.storage.engine import Engine

INSERT = "INSERT INTO item VALUES (?, ?)"
_CHANGES_MAX = 400


async def step_of(engine: Engine, first: int) -> bool:
    """Write ids `first` to `first + 2`, take `first - 1` away; returns if it was acknowledged."""
    lost = engine.lost_transactions
    try:
        with engine.atomic():
            engine.write(INSERT, (first, b"x" * 9_000))
            engine.write("DELETE FROM item WHERE id = ?", (first - 1,))
            engine.write(INSERT, (first + 1, b"y" * 100))
            engine.write(INSERT, (first + 2, b"z" * 5_000))
        await engine.durable(lost)
    except ServiceUnavailable:
        return False
    return True


async def run_into_a_full_disk(
    engine: Engine, disk: FullDisk, room: int, refusals: int, error: type[apsw.Error]
) -> set[int]:
    """Three clients in two transactions; returns the ids that must be there afterwards."""
    expected = {9, 19, 29}
    engine.write_many(INSERT, [(number, b"before") for number in expected])
    await engine.durable()
    disk.fill(room, refusals, error)

    first, second = (
        asyncio.create_task(step_of(engine, 10)),
        asyncio.create_task(step_of(engine, 20)),
    )
    await passes(2)
    third = asyncio.create_task(step_of(engine, 30))
    for start, client in ((10, first), (20, second), (30, third)):
        if await asyncio.wait_for(client, 5):
            expected = expected - {start - 1} | {start, start + 1, start + 2}
    return expected


@pytest.mark.parametrize("error", [apsw.FullError, apsw.IOError])
@pytest.mark.parametrize("refusals", [1, 1_000])
async def test_each_step_is_wholly_there_or_wholly_refused_whichever_change_fails(
    error: type[apsw.Error],
    refusals: int,
    disk: FullDisk,
    open_engine: OpenEngine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine_module, "CHECKPOINT_WAL_BYTES", 20_000)
    for room in range(_CHANGES_MAX):
        engine = await open_engine(vfs=disk.vfs_name)
        expected = await run_into_a_full_disk(engine, disk, room, refusals, error)
        disk.room = None
        assert await step_of(engine, 100), "there is room again, and the engine goes on"
        await engine.close()

        with apsw.Connection(str(tmp_path / "kamome.db")) as connection:
            found = {row[0] for row in connection.execute("SELECT id FROM item")}
            verdict = connection.execute("PRAGMA integrity_check").fetchall()
        connection.close()
        assert found == expected | {100, 101, 102}, f"room for {room} changes"
        assert verdict == [("ok",)]
        if not disk.refused:
            break
        (tmp_path / "kamome.db").unlink()
    assert 20 < room < _CHANGES_MAX - 1, "the loop has gone past the last change"


class TestLostTransaction:
    async def test_tells_everyone_who_waits_and_everyone_who_began_before(
        self, disk: FullDisk, open_engine: OpenEngine
    ) -> None:
        engine = await open_engine(vfs=disk.vfs_name)
        await engine.durable()
        began = engine.lost_transactions
        disk.fill(0, 1)

        engine.write(INSERT, (1, b""))
        with pytest.raises(ServiceUnavailable):
            await engine.durable()
        with pytest.raises(ServiceUnavailable):
            await engine.durable(began)
        await engine.durable()

    async def test_calls_back_for_the_rollback_and_not_for_the_commit(
        self, disk: FullDisk, open_engine: OpenEngine
    ) -> None:
        engine = await open_engine(vfs=disk.vfs_name)
        await engine.durable()
        called: list[str] = []
        engine.on_rollback(lambda: called.append("undone"))
        engine.write(INSERT, (1, b""))
        engine.after_commit(lambda: called.append("durable"))
        disk.fill(0, 1)
        await passes()

        assert called == ["undone"]

    async def test_is_not_hidden_by_a_block_that_catches_it(
        self, disk: FullDisk, open_engine: OpenEngine
    ) -> None:
        engine = await open_engine(vfs=disk.vfs_name)
        await engine.durable()
        engine.write("PRAGMA cache_size=5")  # pages leave the cache for the WAL before the commit

        with pytest.raises(ServiceUnavailable), engine.atomic():
            engine.write(INSERT, (1, b""))
            disk.fill(0, 1)
            with pytest.raises(ServiceUnavailable), engine.atomic():
                for number in range(2, 100):
                    engine.write(INSERT, (number, b"x" * 4_000))
            with pytest.raises(ServiceUnavailable):
                engine.write(INSERT, (100, b"after the loss"))

        assert engine.all("SELECT id FROM item") == []
        assert await step_of(engine, 10)

    async def test_can_come_from_a_read(self, disk: FullDisk, open_engine: OpenEngine) -> None:
        engine = await open_engine(vfs=disk.vfs_name)
        for number in range(100):
            engine.write(INSERT, (number, b"x" * 4_000))
        await engine.close()
        engine = await open_engine(vfs=disk.vfs_name)  # nothing is in its cache
        began = engine.lost_transactions
        engine.write(INSERT, (100, b""))
        disk.is_reading_refused = True
        with pytest.raises(ServiceUnavailable):
            engine.all("SELECT length(body) FROM item")
        disk.is_reading_refused = False

        with pytest.raises(ServiceUnavailable):
            await engine.durable(began)
        assert engine.one("SELECT id FROM item WHERE id = 100") is None
        assert await step_of(engine, 200)
