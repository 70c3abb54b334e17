"""Bodies as files: durable when `finish` returns, referred to by rows, orphans removed at start.

Write, fsync, rename, fsync the directory, then the caller commits the row (`keep`). A crash between
the two leaves an orphan, never a row without its file; the next start removes it. Ids are opaque;
nothing of a user's names reaches the file system.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec

from kamome.ids import Ids
from kamome.storage.engine import Engine
from kamome.storage.wal_sync import sync_folder

# Reads and writes go to a thread in pieces of this size: a hop costs about 50 µs, copying 0.1 ms.
PIECE_BYTES = 256 * 1024
THREADS = 4  # for all bodies together
# Pieces that wait for a reader.
_PIECES_AHEAD = 2

INSERT_BLOB = "INSERT INTO blob (id, size) VALUES (?, ?)"
# Both by primary key.
DELETE_BLOB = "DELETE FROM blob WHERE id = ?"
SELECT_BLOB = "SELECT size FROM blob WHERE id = ?"


T = TypeVar("T")


class BlobDamaged(Exception):
    """The file of a blob is missing or shorter than its row says."""


class Blob(msgspec.Struct, frozen=True):
    """A finished body: its id and its size in bytes."""

    id: str
    size: int


class _Hold(msgspec.Struct):
    """Readers who will come back for a body, and whether its row has gone meanwhile."""

    size: int
    readers: int = 0
    is_dropped: bool = False


class BlobWriter:
    """Takes one body in pieces. End it with `finish` or `abort`."""

    def __init__(self, blobs: Blobs, blob_id: str) -> None:
        self._blobs = blobs
        self._id = blob_id
        self._temporary = blobs.folder / "tmp" / blob_id
        self._file = os.open(self._temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._buffer: list[bytes] = []
        self._buffered = 0
        self._size = 0
        self._written = 0
        # A cancelled caller may abort while a thread still writes: the file must not be closed, and
        # its number given to another, under that thread.
        self._in_hand = threading.Lock()

    async def write(self, chunk: bytes) -> None:
        """Add a piece. Raises OSError when the disk is full."""
        self._buffer.append(chunk)
        self._buffered += len(chunk)
        self._size += len(chunk)
        if self._buffered >= PIECE_BYTES:
            await self._blobs.in_thread(self._write_buffer)

    def write_here(self, chunk: bytes) -> None:
        """Add a piece from a thread of the caller's own (`in_thread`), not from the loop."""
        self._buffer.append(chunk)
        self._size += len(chunk)
        self._write_buffer()

    async def finish(self) -> Blob:
        """Put the body on disk under its id; durable on return."""
        await self._blobs.in_thread(self._finish)
        return Blob(self._id, self._size)

    async def abort(self) -> None:
        """Forget what was written."""
        await self._blobs.in_thread(self._abort)
        self._blobs.forget(self._id)

    def _write_buffer(self) -> None:
        with self._in_hand:
            self._write()

    def _write(self) -> None:
        pieces = b"".join(self._buffer)
        self._buffer.clear()
        self._buffered = 0
        view = memoryview(pieces)
        while view:
            view = view[os.write(self._file, view) :]
        _write_back(self._file, self._written, len(pieces))
        self._written += len(pieces)

    def _finish(self) -> None:
        with self._in_hand:
            self._write()
            os.fsync(self._file)
            os.close(self._file)
            self._file = -1
            final = self._blobs.path(self._id)
            self._blobs.make_folder(final.parent)
            self._temporary.rename(final)
            sync_folder(final.parent)

    def _abort(self) -> None:
        with self._in_hand:
            if self._file >= 0:
                os.close(self._file)
                self._file = -1
            self._temporary.unlink(missing_ok=True)


class _Section(msgspec.Struct):
    """What is still to be read of a file, and in what pieces."""

    blob_id: str
    at: int
    left: int
    piece_bytes: int


class _Reading:
    """Reads the pieces of a file in a thread, ahead of who takes them, and closes it.

    The thread goes on by itself while there is room for a piece: to wait for the loop after each
    would take as long as reading it.
    """

    def __init__(
        self,
        blobs: Blobs,
        file: int,
        section: _Section,
        check: Callable[[int, bytes], None] | None,
    ) -> None:
        self._blobs = blobs
        self._file = file
        self._section = section
        self._check = check
        self._pieces: deque[bytes] = deque()
        self._job: asyncio.Task[None] | None = None
        self._is_over = False
        self._loop = asyncio.get_running_loop()
        self._has_read = asyncio.Event()

    async def next(self) -> bytes:
        """The next piece; nothing behind the last.

        Raises:
            BlobDamaged: the file ends early.
            and whatever the check raises.
        """
        while not self._pieces:
            if self._job is not None and self._job.done():
                job, self._job = self._job, None
                job.result()
                continue  # the last piece may have come just before its end
            if self._job is None and not self._section.left:
                return b""
            self._has_read.clear()
            self._begin()
            await self._has_read.wait()
        piece = self._pieces.popleft()
        if self._section.left:
            self._begin()
        return piece

    async def stop(self) -> None:
        """Read no more, and close the file when no thread touches it: on return, it is closed.

        A caller who is cancelled while it waits leaves the closing to the thread's end.
        """
        self._is_over = True
        if self._job is None:
            os.close(self._file)
            return
        closed = asyncio.Event()

        def close(job: asyncio.Task[None]) -> None:
            os.close(self._file)
            closed.set()
            if not job.cancelled():
                job.exception()  # nobody waits for what it met

        self._job.add_done_callback(close)
        await closed.wait()

    def _begin(self) -> None:
        """Have the thread read on; what it met before is told behind the pieces it had read."""
        is_free = self._job is None or (self._job.done() and self._job.exception() is None)
        if is_free:
            self._job = asyncio.create_task(self._blobs.in_thread(self._fill))
            self._job.add_done_callback(lambda _: self._has_read.set())

    def _fill(self) -> None:
        """In a thread."""
        section = self._section
        while section.left and len(self._pieces) < _PIECES_AHEAD and not self._is_over:
            length = min(section.piece_bytes, section.left)
            piece = os.pread(self._file, length, section.at)
            if not piece:
                end = section.at + section.left
                raise BlobDamaged(f"blob {section.blob_id} ends at byte {section.at} of {end}")
            if self._check is not None:
                self._check(section.at, piece)
            section.at += len(piece)
            section.left -= len(piece)
            self._pieces.append(piece)
            del piece
            self._loop.call_soon_threadsafe(self._has_read.set)


class Blobs:
    """The folder of bodies, and the rows that keep them."""

    def __init__(self, engine: Engine, folder: Path, ids: Ids) -> None:
        self.folder = folder
        self._engine = engine
        self._ids = ids
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="blobs")
        self._writing: set[str] = set()
        self._kept: set[str] = set()  # by a row that is not durable yet
        self._lost = engine.lost_transactions
        self._folders_made: set[Path] = set()
        self._held: dict[str, _Hold] = {}
        engine.on_rollback(self._remove_lost)
        if not (folder / "tmp").exists():
            (folder / "tmp").mkdir(parents=True)
            sync_folder(folder)

    def writer(self) -> BlobWriter:
        """Begin a new body."""
        blob_id = self._ids.hex(32)
        writer = BlobWriter(self, blob_id)
        self._writing.add(blob_id)
        return writer

    def keep(self, blob: Blob) -> None:
        """A row refers to this body now; part of the row's step.

        A step that fails leaves the body to the caller (`discard`); one that is lost with its whole
        transaction takes it along.
        """
        self._engine.write(INSERT_BLOB, (blob.id, blob.size))
        self._kept.add(blob.id)
        self._engine.after_commit(lambda: self.forget(blob.id))

    def drop(self, blob_id: str) -> None:
        """No row refers to it any more; the file goes when the step is durable."""
        self._engine.write(DELETE_BLOB, (blob_id,))
        self._engine.after_commit(lambda: self._remove(blob_id))

    async def discard(self, blob: Blob) -> None:
        """Remove a finished body that no row came to refer to."""
        await self.in_thread(partial(self.path(blob.id).unlink, missing_ok=True))
        self.forget(blob.id)

    def hold(self, blob_ids: Sequence[str]) -> None:
        """Keep these bodies readable, dropped or not, until `release` is called as often.

        Raises:
            BlobDamaged: one has no row; none is held then.
        """
        sizes = [self._size(blob_id) for blob_id in blob_ids]
        for blob_id, size in zip(blob_ids, sizes, strict=True):
            self._held.setdefault(blob_id, _Hold(size)).readers += 1

    def release(self, blob_ids: Sequence[str]) -> None:
        """End one `hold`; the files of bodies dropped meanwhile go with the last."""
        for blob_id in blob_ids:
            hold = self._held[blob_id]
            hold.readers -= 1
            if hold.readers == 0:
                del self._held[blob_id]
                if hold.is_dropped:
                    self._remove(blob_id)

    async def read(
        self,
        blob_id: str,
        start: int = 0,
        length: int | None = None,
        *,
        piece_bytes: int = PIECE_BYTES,
        check: Callable[[int, bytes], None] | None = None,
    ) -> AsyncGenerator[bytes, None]:
        """The bytes of a body from `start`, in pieces; one or two are read ahead.

        `check` is called in a thread with the first byte's place and each piece.

        Raises:
            BlobDamaged: the file is gone, or ends early. What was given out before is right.
            and whatever `check` raises.
        """
        size = self._size(blob_id)
        left = size - start if length is None else min(length, size - start)
        try:
            # Inline: in a thread, the file of a body that is just being replaced could be gone.
            file = os.open(self.path(blob_id), os.O_RDONLY)
        except FileNotFoundError as error:
            raise BlobDamaged(f"blob {blob_id} has no file") from error
        reading = _Reading(self, file, _Section(blob_id, start, left, piece_bytes), check)
        try:
            while piece := await reading.next():
                yield piece
        finally:
            await reading.stop()

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Run file work off the loop; its bytes stay nowhere but with the caller.

        A thread of the pool drops work and result only when it has its next turn, after the loop
        has gone on: with some threads, that is as many pieces of a body more in memory.
        """
        works, results = [work], list[T]()

        def run() -> None:
            results.append(works.pop()())

        await asyncio.get_running_loop().run_in_executor(self._threads, run)
        return results.pop()

    def path(self, blob_id: str) -> Path:
        """Where the file of a body lies."""
        return self.folder / blob_id[:2] / blob_id

    def make_folder(self, folder: Path) -> None:
        """Make the folder of a body, if it is not there; its name is durable on return."""
        if folder not in self._folders_made:
            folder.mkdir(exist_ok=True)
            sync_folder(self.folder)
            self._folders_made.add(folder)

    def forget(self, blob_id: str) -> None:
        """The body is durable with its row, or gone."""
        self._writing.discard(blob_id)
        self._kept.discard(blob_id)

    async def remove_orphans(self) -> int:
        """Remove the files that no row refers to and nobody is writing; returns how many.

        Raises:
            ServiceUnavailable: the disk is full; what is left is removed at the next start.
        """
        removed = 0
        for folder in await self.in_thread(partial(_names, self.folder)):
            names = await self.in_thread(partial(_names, self.folder / folder))
            orphans = [self.folder / folder / name for name in names if self._is_orphan(name)]
            if orphans:
                # A row may just be missing in a step that is not durable, and come back.
                await self._engine.durable()
                await self.in_thread(partial(_unlink, orphans))
            removed += len(orphans)
        return removed

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown()

    def _size(self, blob_id: str) -> int:
        if blob_id in self._held:
            return self._held[blob_id].size
        row = self._engine.one(SELECT_BLOB, (blob_id,))
        if row is None:
            raise BlobDamaged(f"blob {blob_id} has no row")
        assert isinstance(row[0], int)
        return row[0]

    def _is_orphan(self, name: str) -> bool:
        # Once without a row and in nobody's hands, a body can never get a row again.
        if name in self._writing or name in self._held:
            return False
        return self._engine.one(SELECT_BLOB, (name,)) is None

    def _remove_lost(self) -> None:
        """Bodies whose rows went with a lost transaction only take room where there is none."""
        if self._engine.lost_transactions == self._lost:
            return
        self._lost = self._engine.lost_transactions
        for blob_id in [each for each in self._kept if self._is_lost(each)]:
            self.forget(blob_id)
            self._remove(blob_id)

    def _is_lost(self, blob_id: str) -> bool:
        return self._engine.one(SELECT_BLOB, (blob_id,)) is None

    def _remove(self, blob_id: str) -> None:
        if blob_id in self._held:
            self._held[blob_id].is_dropped = True
            return
        self._threads.submit(self.path(blob_id).unlink, missing_ok=True)


def _write_back(file: int, start: int, length: int) -> None:
    """Let the disk begin now, not with the fsync at the end, and wait for nothing.

    Linux starts to write dirty pages that it is told nobody will need. posix_fadvise(2).
    """
    if length and hasattr(os, "posix_fadvise"):
        os.posix_fadvise(file, start, length, os.POSIX_FADV_DONTNEED)


def _names(folder: Path) -> list[str]:
    try:
        return [path.name for path in folder.iterdir()]
    except NotADirectoryError:
        return []


def _unlink(paths: list[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
