"""A file system whose power can be cut: an apsw VFS that knows what has been synced.

Reads and writes go to real files. Beside that, each file has a book: its bytes as they are on the
medium for certain, and the writes since. What a disk holds after a cut is the certain bytes and any
part of the later writes, in any order, torn at sectors (`Disk.after_cut`): SQLite's own assumptions
about hardware, and those of `fdatasync`. SQLite: Atomic Commit in SQLite, Hardware Assumptions.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import apsw

from kamome.storage.wal_sync import Done

_SECTOR_BYTES = 512


@dataclass(frozen=True)
class Write:
    """Bytes at an offset; without bytes, the file was cut to this length."""

    offset: int
    content: bytes | None


@dataclass
class Book:
    """What is certain of one file, and what was written since its last sync."""

    certain: bytearray
    since: list[Write] = field(default_factory=list)
    synced: int = 0

    @property
    def written(self) -> int:
        """How many writes there have been: what a sync that begins now will cover."""
        return self.synced + len(self.since)

    def sync(self, written: int) -> None:
        """The first `written` of all writes are on the medium now."""
        covered = max(0, written - self.synced)
        for write in self.since[:covered]:
            _apply(self.certain, write)
        del self.since[:covered]
        self.synced += covered


@dataclass(frozen=True)
class Disk:
    """All files at one moment: by name, the certain bytes and the later writes."""

    files: dict[str, tuple[bytes, list[Write]]]

    def after_cut(self, random: Random, folder: Path) -> None:
        """Write into `folder` one of the things that may be found when the power is back."""
        kept_share = random.choice((0.0, 0.1, 0.5, 0.9, 1.0))
        for name, (certain, since) in self.files.items():
            found = bytearray(certain)
            for write in _survivors(since, kept_share, random):
                _apply(found, write)
            (folder / name).write_bytes(found)


class PowerCutVfs(apsw.VFS):
    """The VFS. `on_change` is called after each change of a file, with what happened."""

    def __init__(self, name: str) -> None:
        self.vfs_name = name
        self.lock = threading.RLock()
        self.books: dict[str, Book] = {}
        self.ignored_sync = ""
        self.on_change: Callable[[str, str], None] = lambda _file, _what: None
        super().__init__(name, "")

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's name
        file = name.filename() if isinstance(name, apsw.URIFilename) else name
        opened = _File(name, flags, self, Path(file).name)
        with self.lock:
            if opened.book_name not in self.books:
                content = Path(file).read_bytes() if Path(file).exists() else b""
                self.books[opened.book_name] = Book(bytearray(content))
        return opened

    def xDelete(self, name: str, syncdir: bool) -> None:  # noqa: N802
        super().xDelete(name, syncdir)
        with self.lock:
            self.books.pop(Path(name).name, None)

    def disk(self) -> Disk:
        """What is certain at this moment, and what is not."""
        with self.lock:
            return Disk(
                {name: (bytes(book.certain), list(book.since)) for name, book in self.books.items()}
            )


class _File(apsw.VFSFile):
    def __init__(self, name: Any, flags: list[int], vfs: PowerCutVfs, book_name: str) -> None:
        self._vfs = vfs
        self.book_name = book_name
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        super().xWrite(data, offset)
        self._note(Write(offset, bytes(data)), "header" if offset == 0 else "write")

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        super().xTruncate(newsize)
        self._note(Write(newsize, None), "truncate")

    def xSync(self, flags: int) -> None:  # noqa: N802
        with self._vfs.lock:
            written = self._vfs.books[self.book_name].written
        self._vfs.on_change(self.book_name, "sync")  # a cut may come before it has done anything
        if self.book_name == self._vfs.ignored_sync:
            return
        with self._vfs.lock:
            self._vfs.books[self.book_name].sync(written)

    def _note(self, write: Write, what: str) -> None:
        with self._vfs.lock:
            self._vfs.books[self.book_name].since.append(write)
        self._vfs.on_change(self.book_name, what)


class BookSync:
    """A `WalSync` by the books: covers what was written when it began, and takes its time."""

    def __init__(self, vfs: PowerCutVfs, wal: str, random: Random) -> None:
        self._vfs = vfs
        self._wal = wal
        self._random = random

    def start(self, done: Done) -> None:
        with self._vfs.lock:
            written = self._vfs.books[self._wal].written
        self._go_on(done, written, self._random.randrange(1, 5))

    def _go_on(self, done: Done, written: int, passes: int) -> None:
        if passes:
            asyncio.get_running_loop().call_soon(self._go_on, done, written, passes - 1)
            return
        self.end(written)
        done(None)

    def end(self, written: int) -> None:
        """The sync has ended."""
        with self._vfs.lock:
            self._vfs.books[self._wal].sync(written)

    def close(self) -> None:
        pass


class LyingSync(BookSync):
    """A disk that says that it has written, and has not."""

    def end(self, written: int) -> None:
        """It is all still in memory somewhere."""


def _survivors(since: list[Write], share: float, random: Random) -> list[Write]:
    """Any of the sectors of any of the writes. A sector keeps the order of its own writes."""
    kept: list[Write] = []
    for write in since:
        if write.content is None or random.random() < 0.5:
            kept += [write] if random.random() < share else []
        else:
            kept += [part for part in _sectors(write) if random.random() < share]
    return kept


def _sectors(write: Write) -> list[Write]:
    assert write.content is not None
    first = _SECTOR_BYTES - write.offset % _SECTOR_BYTES
    ends = [*range(first, len(write.content), _SECTOR_BYTES), len(write.content)]
    starts = [0, *ends[:-1]]
    return [
        Write(write.offset + start, write.content[start:end])
        for start, end in zip(starts, ends, strict=True)
    ]


def _apply(content: bytearray, write: Write) -> None:
    if write.content is None:
        del content[write.offset :]
        return
    if len(content) < write.offset:
        content.extend(bytes(write.offset - len(content)))
    content[write.offset : write.offset + len(write.content)] = write.content
