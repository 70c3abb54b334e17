"""The engine: steps, group commit, checkpoints, open and close."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import apsw
import pytest
from tests.storage.syncs import HeldSync, QuickSync, passes
from tests.watched_loop import until

from kamome.storage import engine as engine_module
from kamome.storage.engine import Engine, StorageVersionError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.storage.conftest import OpenEngine

INSERT = "INSERT INTO item VALUES (?, ?)"


class _Mistake(Exception):
    pass


def ids(engine: Engine) -> list[object]:
    return [row[0] for row in engine.all("SELECT id FROM item ORDER BY id")]


async def test_the_name_of_the_wal_is_durable_with_the_first_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr("kamome.storage.engine.sync_folder", synced.append)
    engine = Engine(tmp_path / "kamome.db")

    engine.script("CREATE TABLE item (id INTEGER PRIMARY KEY)")
    await engine.durable()
    engine.write("INSERT INTO item VALUES (1)")
    await engine.durable()
    await engine.close()

    assert synced == [tmp_path]


class TestSteps:
    async def test_a_failing_step_leaves_nothing(self, engine: Engine) -> None:
        engine.write(INSERT, (1, b""))

        with pytest.raises(_Mistake), engine.atomic():
            engine.write(INSERT, (2, b""))
            engine.write("DELETE FROM item WHERE id = 1")
            raise _Mistake

        assert ids(engine) == [1]

    async def test_a_failing_inner_step_leaves_the_outer_one(self, engine: Engine) -> None:
        with engine.atomic():
            engine.write(INSERT, (1, b""))
            with pytest.raises(_Mistake), engine.atomic():
                engine.write(INSERT, (2, b""))
                with engine.atomic():
                    engine.write(INSERT, (3, b""))
                raise _Mistake
            engine.write(INSERT, (4, b""))

        assert ids(engine) == [1, 4]

    async def test_an_outer_step_that_fails_takes_the_inner_one_along(self, engine: Engine) -> None:
        with pytest.raises(_Mistake), engine.atomic():
            with engine.atomic():
                engine.write(INSERT, (1, b""))
            raise _Mistake

        assert ids(engine) == []

    async def test_a_refused_statement_undoes_only_itself(self, engine: Engine) -> None:
        with engine.atomic():
            engine.write(INSERT, (1, b""))
            with pytest.raises(apsw.ConstraintError):
                engine.write(INSERT, (1, b"again"))
            engine.write(INSERT, (2, b""))

        assert ids(engine) == [1, 2]

    async def test_many_rows_of_a_failing_step_are_all_undone(self, engine: Engine) -> None:
        with pytest.raises(apsw.ConstraintError), engine.atomic():
            engine.write_many(INSERT, [(1, b""), (2, b""), (1, b"")])

        assert ids(engine) == []

    async def test_write_tells_how_many_rows_it_changed(self, engine: Engine) -> None:
        engine.write_many(INSERT, [(1, b""), (2, b""), (3, b"")])

        assert engine.write("DELETE FROM item WHERE id > 1") == 2
        assert engine.write_returning("DELETE FROM item RETURNING id") == [(1,)]

    async def test_an_await_inside_a_step_is_our_mistake(self, engine: Engine) -> None:
        errors: list[object] = []
        asyncio.get_running_loop().set_exception_handler(
            lambda _loop, context: errors.append(context.get("exception"))
        )

        with engine.atomic():
            engine.write(INSERT, (1, b""))
            await passes()

        assert [type(error) for error in errors] == [AssertionError]
        engine._commit()
        await engine.durable()


class TestRollbackCallbacks:
    async def test_are_called_when_rows_are_undone(self, engine: Engine) -> None:
        called: list[str] = []
        engine.on_rollback(lambda: called.append("undone"))

        with pytest.raises(_Mistake), engine.atomic():
            engine.write(INSERT, (1, b""))
            raise _Mistake

        assert called == ["undone"]

    async def test_are_not_called_for_a_refusal_before_any_write(self, engine: Engine) -> None:
        called: list[str] = []
        engine.on_rollback(lambda: called.append("undone"))
        engine.write(INSERT, (1, b""))

        with pytest.raises(_Mistake), engine.atomic():
            engine.one("SELECT id FROM item WHERE id = 1")
            raise _Mistake

        assert called == []


@pytest.fixture
def sync() -> HeldSync:
    return HeldSync()


@pytest.fixture
async def held(sync: HeldSync, open_engine: OpenEngine) -> AsyncIterator[Engine]:
    """An engine whose syncs end when the test says so."""
    engine = await open_engine(wal_sync=sync)
    sync.hold()
    yield engine
    sync.release()


class TestGroupCommit:
    async def test_nobody_is_answered_before_the_sync_that_covers_him(
        self, held: Engine, sync: HeldSync
    ) -> None:
        held.write(INSERT, (1, b""))
        first = asyncio.create_task(held.durable())
        await passes()

        held.write(INSERT, (2, b""))  # fills the next transaction while the first is synced
        second = asyncio.create_task(held.durable())
        await passes()
        assert (first.done(), second.done()) == (False, False)

        sync.end()
        await passes()
        assert (first.done(), second.done()) == (True, False)

        sync.end()
        await passes()
        assert second.done()

    async def test_writers_of_one_pass_share_a_commit_and_a_sync(
        self, held: Engine, sync: HeldSync
    ) -> None:
        commits, started = held.commits, sync.started

        async def client(number: int) -> None:
            held.write(INSERT, (number, b""))
            await held.durable()

        clients = asyncio.gather(*(client(number) for number in range(50)))
        await passes()
        sync.end()
        await clients

        assert held.commits - commits == 1
        assert sync.started - started == 1

    async def test_a_reader_waits_for_what_he_may_have_seen(
        self, held: Engine, sync: HeldSync
    ) -> None:
        held.write(INSERT, (1, b""))
        await passes()
        assert ids(held) == [1]

        reader = asyncio.create_task(held.durable())
        await passes()
        assert not reader.done()

        sync.end()
        await reader

    async def test_durable_returns_at_once_when_nothing_is_pending(self, engine: Engine) -> None:
        with pytest.raises(StopIteration):
            engine.durable().send(None)

    async def test_who_stops_waiting_does_not_hold_up_others(
        self, held: Engine, sync: HeldSync
    ) -> None:
        held.write(INSERT, (1, b""))
        gone, there = (asyncio.create_task(held.durable()) for _ in range(2))
        await passes()

        gone.cancel()
        await passes()
        sync.end()

        await there

    async def test_a_failed_sync_is_fatal_and_answers_nobody(self, open_engine: OpenEngine) -> None:
        sync, fatal = HeldSync(), list[str]()
        engine = await open_engine(wal_sync=sync, on_fatal=fatal.append)
        sync.hold()
        engine.write(INSERT, (1, b""))
        waiting = asyncio.create_task(engine.durable())
        await passes()

        sync.end(OSError(5, "Input/output error"))
        await passes()

        assert fatal == ["[Errno 5] Input/output error"]
        assert not waiting.done()
        waiting.cancel()

    async def test_a_sync_that_cannot_begin_is_fatal(
        self, open_engine: OpenEngine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sync, fatal = QuickSync(), list[str]()
        engine = await open_engine(wal_sync=sync, on_fatal=fatal.append)

        def start(_done: object) -> None:
            raise OSError(11, "Resource temporarily unavailable")

        monkeypatch.setattr(sync, "start", start)
        engine.write(INSERT, (1, b""))
        await passes()

        assert fatal == ["[Errno 11] Resource temporarily unavailable"]


class TestWorkBeforeTheCommit:
    async def test_shares_the_commit_of_its_cause(self, engine: Engine) -> None:
        def write() -> None:
            engine.write(INSERT, (2, b""))

        before = engine.commits
        engine.write(INSERT, (1, b""))
        engine.before_commit(write)
        assert ids(engine) == [1]

        await engine.durable()

        assert ids(engine) == [1, 2]
        assert engine.commits == before + 1

    async def test_comes_although_its_cause_was_undone(self, engine: Engine) -> None:
        called: list[str] = []
        with pytest.raises(_Mistake), engine.atomic():
            engine.before_commit(lambda: called.append("work"))
            raise _Mistake

        await engine.durable()

        assert called == ["work"]

    async def test_comes_without_a_transaction(self, engine: Engine) -> None:
        called: list[str] = []

        engine.before_commit(lambda: called.append("work"))
        await passes()

        assert called == ["work"]

    async def test_that_asks_for_more_is_followed_by_it(self, engine: Engine) -> None:
        called: list[str] = []

        def work() -> None:
            called.append("first")
            engine.before_commit(lambda: called.append("second"))

        engine.write(INSERT, (1, b""))
        engine.before_commit(work)
        await passes()

        assert called == ["first", "second"]

    async def test_does_not_wait_for_a_sync_under_way(self, held: Engine, sync: HeldSync) -> None:
        called: list[str] = []
        held.write(INSERT, (1, b""))
        await passes()
        held.write(INSERT, (2, b""))

        held.before_commit(lambda: called.append("work"))
        await passes()

        assert called == ["work"]
        sync.end()
        await passes()
        sync.end()


class TestCallbacksAfterCommit:
    async def test_come_after_the_sync(self, held: Engine, sync: HeldSync) -> None:
        called: list[str] = []
        held.write(INSERT, (1, b""))
        held.after_commit(lambda: called.append("durable"))
        await passes()
        assert called == []

        sync.end()
        await passes()

        assert called == ["durable"]

    async def test_do_not_come_for_a_step_that_was_undone(self, engine: Engine) -> None:
        called: list[str] = []
        engine.write(INSERT, (1, b""))
        engine.after_commit(lambda: called.append("outside"))

        with pytest.raises(_Mistake), engine.atomic():
            engine.write(INSERT, (2, b""))
            engine.after_commit(lambda: called.append("undone"))
            raise _Mistake
        with engine.atomic():
            engine.write(INSERT, (3, b""))
            engine.after_commit(lambda: called.append("kept"))
        await engine.durable()
        await passes()

        assert called == ["outside", "kept"]

    async def test_one_that_fails_stops_neither_the_others_nor_the_store(
        self, engine: Engine
    ) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        called: list[str] = []

        def fail() -> None:
            raise _Mistake

        engine.write(INSERT, (1, b""))
        engine.after_commit(fail)
        engine.after_commit(lambda: called.append("second"))
        await engine.durable()
        await passes()

        engine.write(INSERT, (2, b""))
        await engine.durable()
        assert called == ["second"]

    async def test_come_at_once_when_nothing_is_written(self, engine: Engine) -> None:
        called: list[str] = []

        engine.after_commit(lambda: called.append("now"))

        assert called == ["now"]


class TestCheckpoints:
    async def test_keep_the_wal_bounded_under_constant_writes(
        self, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(engine_module, "CHECKPOINT_WAL_BYTES", 200_000)
        largest = 0
        writing = True

        async def keep_a_transaction_open() -> None:
            while writing:
                engine.write("UPDATE item SET body = ? WHERE id = 1", (b"x",))
                await asyncio.sleep(0)

        engine.write(INSERT, (1, b""))
        other = asyncio.create_task(keep_a_transaction_open())
        for number in range(2, 1_500):
            engine.write(INSERT, (number, b"x" * 3_000))
            await engine.durable()
            largest = max(largest, (tmp_path / "kamome.db-wal").stat().st_size)
            if engine._is_checkpointing:  # the disk may be slow for others' sake; it is not judged
                await until(lambda: not engine._is_checkpointing)
        writing = False
        await other

        # 1,500 steps of about 12 KB: 18 MB have passed through it.
        assert 200_000 < largest < 4_000_000

    async def test_one_that_fails_is_tried_again_when_the_wal_has_grown_as_much_again(
        self, engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(engine_module, "CHECKPOINT_WAL_BYTES", 50_000)
        attempts = 0

        def fail() -> None:
            nonlocal attempts
            attempts += 1
            raise apsw.FullError("no room")

        monkeypatch.setattr(engine, "_checkpoint_in_thread", fail)
        for number in range(40):
            engine.write(INSERT, (number, b"x" * 4_000))
            await engine.durable()
            await until(lambda: not engine._is_checkpointing)

        assert 2 <= attempts <= 8


class TestOpening:
    async def test_what_was_durable_is_there_after_reopening(self, open_engine: OpenEngine) -> None:
        engine = await open_engine()
        engine.write(INSERT, (1, b"body"))
        await engine.close()

        again = await open_engine()

        assert again.all("SELECT id, body FROM item") == [(1, b"body")]

    async def test_closing_writes_the_wal_back(self, engine: Engine, tmp_path: Path) -> None:
        engine.write(INSERT, (1, b""))

        await engine.close()

        assert [path.name for path in tmp_path.iterdir()] == ["kamome.db"]

    async def test_a_second_close_does_nothing(self, engine: Engine) -> None:
        await engine.close()
        await engine.close()

    def test_an_sqlite_that_can_lose_data_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(apsw, "sqlite_lib_version", lambda: "3.51.2")

        with pytest.raises(StorageVersionError, match=r"3\.51\.2 can lose data.*3\.51\.3 or later"):
            Engine(tmp_path / "kamome.db")

    async def test_without_a_path_nothing_waits_for_a_disk(self) -> None:
        engine = Engine(None)
        engine.script("CREATE TABLE item (id INTEGER PRIMARY KEY, body BLOB)")
        engine.write(INSERT, (1, b""))

        await engine.durable()

        assert ids(engine) == [1]
        await engine.close()
