"""Blobs: durable before any row speaks of them, gone only when no durable row does."""

from __future__ import annotations

import asyncio
import os
import stat
import threading
import weakref
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.file_work import file_work_done
from tests.storage.outbox_world import SCHEMA_FOLDER, Refused
from tests.storage.syncs import HeldSync, passes

from kamome.errors import ServiceUnavailable
from kamome.ids import Ids
from kamome.storage.blobs import Blob, BlobDamaged, Blobs
from kamome.storage.engine import Engine
from kamome.storage.migrations import migrate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.storage.conftest import OpenEngine
    from tests.storage.full_disk import FullDisk


@pytest.fixture
async def blobs(engine: Engine, tmp_path: Path) -> AsyncIterator[Blobs]:
    made = blobs_on(engine, tmp_path)
    yield made
    made.close()


def blobs_on(engine: Engine, folder: Path) -> Blobs:
    migrate(engine, "storage", SCHEMA_FOLDER)
    return Blobs(engine, folder / "blobs", Ids())


async def written(blobs: Blobs, content: bytes = b"content") -> Blob:
    writer = blobs.writer()
    await writer.write(content)
    return await writer.finish()


async def kept(blobs: Blobs, engine: Engine, content: bytes = b"content") -> Blob:
    blob = await written(blobs, content)
    with engine.atomic():
        blobs.keep(blob)
    await engine.durable()
    await passes()
    return blob


async def content_of(blobs: Blobs, blob: Blob, start: int = 0, length: int | None = None) -> bytes:
    return b"".join([piece async for piece in blobs.read(blob.id, start, length)])


async def files_settled(blobs: Blobs) -> list[str]:
    """The names of all files, once the threads have nothing left to do."""
    await passes()
    await file_work_done(blobs)
    return sorted(path.name for path in blobs.folder.rglob("*") if path.is_file())


class TestWriting:
    async def test_what_is_written_in_pieces_is_read_as_one(
        self, blobs: Blobs, engine: Engine
    ) -> None:
        pieces = [os.urandom(size) for size in (0, 1, 200_000, 300_000, 7, 262_144)]
        writer = blobs.writer()
        for piece in pieces:
            await writer.write(piece)
        blob = await writer.finish()
        blobs.keep(blob)

        whole = b"".join(pieces)
        assert blob.size == len(whole)
        assert await content_of(blobs, blob) == whole
        assert await content_of(blobs, blob, 199_999, 400_000) == whole[199_999:599_999]
        assert await content_of(blobs, blob, len(whole) - 3, 100) == whole[-3:]
        assert await content_of(blobs, blob, len(whole)) == b""

    async def test_an_empty_body_has_a_file_too(self, blobs: Blobs, engine: Engine) -> None:
        blob = await kept(blobs, engine, b"")

        assert await content_of(blobs, blob) == b""

    async def test_the_file_is_synced_before_it_gets_its_name_and_the_name_before_the_answer(
        self, blobs: Blobs, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        calls = recorded(monkeypatch)

        blob = await written(blobs)

        folder = blobs.path(blob.id).parent
        assert calls == [
            "fsync file",
            f"mkdir {folder.name}",
            "fsync blobs",
            f"rename {blob.id}",
            f"fsync {folder.name}",
        ]

    async def test_the_folder_of_a_body_is_synced_though_another_writer_made_it(
        self, blobs: Blobs, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The other one may not have come to his sync yet."""
        writer = blobs.writer()
        blobs.path(writer._id).parent.mkdir()
        calls = recorded(monkeypatch)

        await writer.finish()

        assert calls.index("fsync blobs") < calls.index(f"rename {writer._id}")

    async def test_abort_leaves_nothing(self, blobs: Blobs) -> None:
        writer = blobs.writer()
        await writer.write(b"x" * 300_000)

        await writer.abort()

        assert await files_settled(blobs) == []

    async def test_abort_waits_for_a_thread_that_still_writes(
        self, blobs: Blobs, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Else the file's number could be another's when that thread writes on."""
        order: list[str] = []
        begun, go_on = asyncio.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()
        write, close = os.write, os.close
        writer = blobs.writer()

        def slow_write(file: int, content: bytes) -> int:
            if file == writer._file and not begun.is_set():
                loop.call_soon_threadsafe(begun.set)
                asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result()
                order.append("written")
            return write(file, content)

        def noting_close(file: int) -> None:
            if file == writer._file:
                order.append("closed")
            close(file)

        monkeypatch.setattr(os, "write", slow_write)
        monkeypatch.setattr(os, "close", noting_close)
        task = asyncio.create_task(writer.write(b"x" * 300_000))
        await begun.wait()
        task.cancel()
        aborting = asyncio.create_task(writer.abort())
        await passes()
        go_on.set()
        await aborting

        assert order == ["written", "closed"]

    async def test_a_full_disk_is_an_oserror_and_abort_tidies_up(
        self, blobs: Blobs, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        writer = blobs.writer()

        def no_room(_file: int) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as full:
            full.setattr(os, "fsync", no_room)
            with pytest.raises(OSError, match="No space left"):
                await writer.finish()
            await writer.abort()

        assert await files_settled(blobs) == []

    async def test_a_thread_that_has_not_gone_on_yet_holds_no_bytes(
        self, blobs: Blobs, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A pool's thread has told its result before it lets go of it, and of what it was given."""
        go_on, set_result = threading.Event(), Future.set_result

        def set_and_linger(future: Future[object], result: object) -> None:
            set_result(future, result)
            go_on.wait(10)

        monkeypatch.setattr(Future, "set_result", set_and_linger)
        given = {b"a piece"}
        result: frozenset[bytes] = await blobs.in_thread(partial(frozenset, given))
        held: list[weakref.ref[Any]] = [weakref.ref(given), weakref.ref(result)]
        del given, result

        assert [each() for each in held] == [None, None]
        go_on.set()


def recorded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The calls that make things durable, in order."""
    calls: list[str] = []
    fsync, rename, mkdir = os.fsync, Path.rename, Path.mkdir

    def noting_fsync(file: int) -> None:
        opened = Path(f"/proc/self/fd/{file}").readlink()
        calls.append(f"fsync {opened.name if stat.S_ISDIR(os.fstat(file).st_mode) else 'file'}")
        fsync(file)

    def noting_rename(path: Path, target: Path) -> Path:
        calls.append(f"rename {target.name}")
        return rename(path, target)

    def noting_mkdir(path: Path, *, exist_ok: bool = False) -> None:
        calls.append(f"mkdir {path.name}")
        mkdir(path, exist_ok=exist_ok)

    monkeypatch.setattr(os, "fsync", noting_fsync)
    monkeypatch.setattr(Path, "rename", noting_rename)
    monkeypatch.setattr(Path, "mkdir", noting_mkdir)
    return calls


class TestDropping:
    async def test_the_file_goes_once_the_step_is_durable(
        self, open_engine: OpenEngine, tmp_path: Path
    ) -> None:
        sync = HeldSync()
        engine = await open_engine(wal_sync=sync)
        blobs = blobs_on(engine, tmp_path)
        blob = await kept(blobs, engine)
        sync.hold()

        with engine.atomic():
            blobs.drop(blob.id)
        assert await files_settled(blobs) == [blob.id]

        sync.release()
        assert await files_settled(blobs) == []
        blobs.close()

    async def test_a_step_that_is_undone_keeps_the_file(self, blobs: Blobs, engine: Engine) -> None:
        blob = await kept(blobs, engine)

        with pytest.raises(Refused), engine.atomic():
            blobs.drop(blob.id)
            raise Refused
        await engine.durable()

        assert await files_settled(blobs) == [blob.id]
        assert await content_of(blobs, blob) == b"content"

    async def test_an_undone_drop_does_not_bring_a_later_one_forward(
        self, open_engine: OpenEngine, tmp_path: Path
    ) -> None:
        """The second drop is in a transaction of its own, which the first's sync does not cover."""
        sync = HeldSync()
        engine = await open_engine(wal_sync=sync)
        blobs = blobs_on(engine, tmp_path)
        blob = await kept(blobs, engine)
        sync.hold()
        with engine.atomic():
            engine.write("INSERT INTO item VALUES (1, NULL)")
            with pytest.raises(Refused), engine.atomic():
                blobs.drop(blob.id)
                raise Refused
        await passes()

        with engine.atomic():
            blobs.drop(blob.id)
        sync.end()  # of the first transaction

        assert await files_settled(blobs) == [blob.id]
        sync.release()
        assert await files_settled(blobs) == []
        blobs.close()

    async def test_a_reader_that_has_begun_reads_to_the_end(
        self, blobs: Blobs, engine: Engine
    ) -> None:
        content = os.urandom(1_000_000)
        blob = await kept(blobs, engine, content)
        pieces = blobs.read(blob.id)
        first = await anext(pieces)

        blobs.drop(blob.id)
        await engine.durable()
        assert await files_settled(blobs) == []

        assert first + b"".join([piece async for piece in pieces]) == content

    async def test_a_reader_in_the_same_pass_as_the_drop_still_gets_it(
        self, open_engine: OpenEngine, tmp_path: Path
    ) -> None:
        """He has seen the row; the file is opened before anything can take it away."""
        engine = await open_engine()
        blobs = blobs_on(engine, tmp_path)
        blob = await kept(blobs, engine)

        reader = asyncio.ensure_future(anext(blobs.read(blob.id)))
        await asyncio.sleep(0)
        blobs.drop(blob.id)

        assert await reader == b"content"
        await files_settled(blobs)
        blobs.close()


class TestDamage:
    async def test_a_missing_file_is_told(self, blobs: Blobs, engine: Engine) -> None:
        blob = await kept(blobs, engine)
        blobs.path(blob.id).unlink()

        with pytest.raises(BlobDamaged, match="has no file"):
            await content_of(blobs, blob)

    async def test_a_short_file_is_told_after_its_good_bytes(
        self, blobs: Blobs, engine: Engine
    ) -> None:
        blob = await kept(blobs, engine, b"x" * 600_000)
        os.truncate(blobs.path(blob.id), 300_000)
        good = 0

        with pytest.raises(BlobDamaged, match="ends at byte 300000 of 600000"):
            async for piece in blobs.read(blob.id):
                good += len(piece)

        assert good == 300_000

    async def test_a_body_that_no_row_keeps_cannot_be_read(self, blobs: Blobs) -> None:
        blob = await written(blobs)

        with pytest.raises(BlobDamaged, match="has no row"):
            await content_of(blobs, blob)


class TestOrphans:
    async def test_are_removed_at_the_next_start(
        self, blobs: Blobs, engine: Engine, tmp_path: Path
    ) -> None:
        kept_one = await kept(blobs, engine)
        await written(blobs)  # finished, and then the process died
        unfinished = blobs.writer()
        await unfinished.write(b"x" * 300_000)
        assert len(await files_settled(blobs)) == 3

        again = Blobs(engine, tmp_path / "blobs", Ids())
        removed = await again.remove_orphans()

        assert removed == 2
        assert await files_settled(blobs) == [kept_one.id]
        again.close()

    async def test_what_is_being_written_is_none(self, blobs: Blobs) -> None:
        unfinished = blobs.writer()
        await unfinished.write(b"x" * 300_000)
        finished = await written(blobs)

        assert await blobs.remove_orphans() == 0

        blobs.keep(finished)
        await unfinished.abort()
        assert await content_of(blobs, finished) == b"content"

    async def test_a_file_whose_drop_is_not_durable_waits(
        self, open_engine: OpenEngine, tmp_path: Path
    ) -> None:
        """After a power cut its row could be back."""
        sync = HeldSync()
        engine = await open_engine(wal_sync=sync)
        blobs = blobs_on(engine, tmp_path)
        blob = await kept(blobs, engine)
        sync.hold()
        blobs.drop(blob.id)

        removing = asyncio.create_task(blobs.remove_orphans())
        assert await files_settled(blobs) == [blob.id]
        assert not removing.done()

        sync.release()
        await removing
        assert await files_settled(blobs) == []
        blobs.close()

    async def test_discard_removes_a_body_that_no_row_came_to_keep(self, blobs: Blobs) -> None:
        blob = await written(blobs)

        await blobs.discard(blob)
        await blobs.discard(blob)

        assert await files_settled(blobs) == []

    async def test_a_body_goes_with_the_lost_transaction_of_its_row(
        self, open_engine: OpenEngine, disk: FullDisk, tmp_path: Path
    ) -> None:
        """Where there is no room, it would only take some."""
        engine = await open_engine(vfs=disk.vfs_name)
        blobs = blobs_on(engine, tmp_path)
        before = await kept(blobs, engine)
        lost, being_written = await written(blobs), await written(blobs)
        disk.fill(0, 1)

        blobs.keep(lost)
        with pytest.raises(ServiceUnavailable):
            await engine.durable()

        assert await files_settled(blobs) == sorted([before.id, being_written.id])
        blobs.close()


class TestReadingAhead:
    async def test_a_reader_who_stops_leaves_no_thread_at_the_file(
        self, blobs: Blobs, engine: Engine
    ) -> None:
        blob = await kept(blobs, engine, b"x" * 2_000_000)
        pieces = blobs.read(blob.id, piece_bytes=1000)

        assert len(await anext(pieces)) == 1000
        await pieces.aclose()

        assert open_files(blobs.path(blob.id)) == 0

    async def test_a_reader_cancelled_while_it_stops_leaves_no_file_open(
        self, blobs: Blobs, engine: Engine
    ) -> None:
        blob = await kept(blobs, engine, b"x" * 5000)
        begun, go_on = asyncio.Event(), threading.Event()
        loop = asyncio.get_running_loop()

        def check(start: int, piece: bytes) -> None:
            loop.call_soon_threadsafe(begun.set)
            go_on.wait(10)

        async def read() -> None:
            async for _ in blobs.read(blob.id, piece_bytes=1000, check=check):
                pass

        reader = asyncio.create_task(read())
        await begun.wait()
        for _ in range(2):  # the first ends the reading, the second the wait for the thread
            reader.cancel()
            await passes()
        ended = reader.done()
        still_open = open_files(blobs.path(blob.id))
        go_on.set()
        await file_work_done(blobs)
        await passes()

        assert (ended, still_open) == (True, 1)
        assert open_files(blobs.path(blob.id)) == 0

    async def test_a_piece_that_fails_its_check_is_told_behind_those_before_it(
        self, blobs: Blobs, engine: Engine
    ) -> None:
        blob = await kept(blobs, engine, b"x" * 5000)
        good = 0

        def check(start: int, piece: bytes) -> None:
            if start == 3000:
                raise BlobDamaged("not what was written")

        with pytest.raises(BlobDamaged, match="not what was written"):
            async for piece in blobs.read(blob.id, piece_bytes=1000, check=check):
                good += len(piece)

        assert good == 3000

    async def test_no_more_than_a_few_pieces_wait_for_a_slow_reader(
        self, blobs: Blobs, engine: Engine
    ) -> None:
        blob = await kept(blobs, engine, b"x" * 100_000)
        read: list[int] = []
        pieces = blobs.read(blob.id, piece_bytes=1000, check=lambda start, _: read.append(start))

        await anext(pieces)
        await file_work_done(blobs)
        await anext(pieces)
        await pieces.aclose()

        assert len(read) <= 4


def open_files(path: Path) -> int:
    """How many descriptors of this process are of that file."""
    return sum(link.resolve() == path for link in Path("/proc/self/fd").iterdir())
