"""The data directory: made on first use, held by one process at a time."""

from __future__ import annotations

import fcntl
import os
import tempfile
from pathlib import Path
from shutil import rmtree

from kamome.storage.wal_sync import sync_folder

_LOCK = "lock"
_DATABASE = "kamome.db"


class DataDirectoryInUse(Exception):
    """Another process holds the directory."""


class DataDirectory:
    """Where everything lies. An ephemeral one is a temporary folder without a database file."""

    def __init__(self, path: Path | None) -> None:
        self.is_ephemeral = path is None
        self.path = path if path is not None else Path(tempfile.mkdtemp(prefix="kamome-"))
        _make(self.path)
        self._lock = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._lock, 32, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(self._lock)
            raise DataDirectoryInUse(
                f"The data directory {self.path} is in use by another process (id {holder})."
                " Stop that one, or give another --data directory."
            ) from None
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, str(os.getpid()).encode(), 0)

    @property
    def database(self) -> Path | None:
        """The database file; None keeps it in memory."""
        return None if self.is_ephemeral else self.path / _DATABASE

    def folder(self, name: str) -> Path:
        """A folder of that name, made if it is not there."""
        if self.is_ephemeral:
            (self.path / name).mkdir(mode=0o700, exist_ok=True)
        else:
            _make(self.path / name)
        return self.path / name

    def close(self) -> None:
        """Let go of it; an ephemeral one disappears."""
        os.close(self._lock)
        if self.is_ephemeral:
            rmtree(self.path, ignore_errors=True)


def _make(folder: Path) -> None:
    """Make a folder whose name survives a power cut, as what is written into it must."""
    if folder.exists():
        return
    if not folder.parent.exists():
        _make(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    sync_folder(folder.parent)
