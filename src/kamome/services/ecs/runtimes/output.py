"""What a container prints: read from its pipe, kept in a file of bounded size."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Protocol

from kamome.services.ecs.limits import (
    LOG_FILE_BYTES_MAX,
    LOG_FILES_MAX,
    LOG_READ_BYTES_MAX,
)

_READ_BYTES = 64 * 1024


class ContainerLog:
    """The current file of a log stream and the one before it.

    Not durable: it is written without a sync, and what it cannot write is not kept.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, text: bytes) -> None:
        """Add output; rotates at 5 MB."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab") as file:
                file.write(text)
                is_full = file.tell() > LOG_FILE_BYTES_MAX
            if is_full:
                self._path.replace(self._path.with_suffix(".1.log"))
        except OSError:
            return  # a full disk must not fail the container; the store's own edge reports it

    def end(self) -> None:
        """The file stays as it is."""


class Sink(Protocol):
    """Takes what a container prints."""

    def write(self, text: bytes) -> None:
        """More of it."""

    def end(self) -> None:
        """Nothing more comes."""


class Output:
    """The read end of one container's stdout, of its stderr, or of both."""

    def __init__(self, log: Sink) -> None:
        self._log = log
        self._reader, self.writer = os.pipe()
        os.set_blocking(self._reader, False)

    def watch(self) -> None:
        """Read whenever there is something; the parent's copy of the write end is closed."""
        os.close(self.writer)
        self.writer = -1
        asyncio.get_running_loop().add_reader(self._reader, self.drain)

    def drain(self) -> None:
        """Read what is in the pipe now, at most 1 MB, without waiting."""
        taken = 0
        while self._reader >= 0 and taken < LOG_READ_BYTES_MAX:
            try:
                text = os.read(self._reader, _READ_BYTES)
            except BlockingIOError:
                return
            if not text:
                self._close_reader()
                return
            taken += len(text)
            self._log.write(text)

    def close(self) -> None:
        """Take what is left and let go of the pipe."""
        self.drain()
        self._log.end()
        self._close_reader()
        if self.writer >= 0:
            os.close(self.writer)
            self.writer = -1

    def _close_reader(self) -> None:
        if self._reader >= 0:
            asyncio.get_running_loop().remove_reader(self._reader)
            os.close(self._reader)
            self._reader = -1


def log_file(folder: Path, group: str, stream: str) -> Path:
    """`<folder>/<group>/<stream>.log`, never outside the folder.

    Slashes of group and stream are folders, as the console shows them.
    """
    parts = [part for part in f"{group}/{stream}".split("/") if part not in ("", ".", "..")]
    safe = [part.replace("\0", "_")[:200] for part in parts] or ["_"]
    return folder.joinpath(*safe[:-1], f"{safe[-1]}.log")


def remove_old_logs(folder: Path) -> int:
    """Keep the newest log files only; returns how many have gone."""
    files = [path for path in folder.rglob("*.log") if path.is_file()]
    if len(files) <= LOG_FILES_MAX:
        return 0
    files.sort(key=lambda path: path.stat().st_mtime_ns)
    old = files[: len(files) - LOG_FILES_MAX]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)
