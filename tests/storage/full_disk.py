"""A file system that refuses writes to order: an apsw VFS that fails from the n-th change on."""

from __future__ import annotations

from typing import Any

import apsw


class FullDisk(apsw.VFS):
    """Takes `room` more changes, then refuses `refusals` of them with `error`, then takes all."""

    def __init__(self, name: str) -> None:
        self.vfs_name = name
        self.room: int | None = None
        self.refusals = 0
        self.refused = 0
        self.error: type[apsw.Error] = apsw.FullError
        self.is_reading_refused = False
        super().__init__(name, "")

    def fill(self, room: int, refusals: int, error: type[apsw.Error] = apsw.FullError) -> None:
        """Refuse from the change after `room` on."""
        self.room, self.refusals, self.error, self.refused = room, refusals, error, 0

    def change(self) -> None:
        """A write, truncation or sync is about to happen."""
        if self.room is None:
            return
        if self.room:
            self.room -= 1
        elif self.refused < self.refusals:
            self.refused += 1
            raise self.error("refused by the test")

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's name
        return _File(name, flags, self)


class _File(apsw.VFSFile):
    def __init__(self, name: Any, flags: list[int], disk: FullDisk) -> None:
        self._disk = disk
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self._disk.change()
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        self._disk.change()
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802
        self._disk.change()
        super().xSync(flags)

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802
        if self._disk.is_reading_refused:
            raise apsw.IOError("refused by the test")
        return super().xRead(amount, offset)
