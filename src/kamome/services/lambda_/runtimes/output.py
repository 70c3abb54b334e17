"""What a function prints: read from its pipe, kept in a bounded file and in a 4 KB tail."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from kamome.services.lambda_.limits import (
    LOG_FILE_BYTES_MAX,
    LOG_READ_BYTES_MAX,
    LOG_TAIL_BYTES,
)

_READ_BYTES = 64 * 1024
_APPENDING = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
# More than instances can run at once; one that was forgotten goes on with a file of its own.
_LOGS_KEPT = 1_024
# A longer line is cut in the file, so that what is held of one is bounded.
_LINE_BYTES_MAX = 256 * 1024


class FunctionLog:
    """The log of one function on disk: the current file and the one before it.

    The instances of a function share it, and the file stays open as long as there is one: opening
    it for every line cost 40 of an invocation's 400 µs. Not durable: it is written without a sync,
    and what it cannot write is not kept.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = -1
        self._users = 0
        path.parent.mkdir(parents=True, exist_ok=True)

    def write(self, text: bytes) -> None:
        """Add output; rotates at 5 MB. A file that somebody has removed is begun anew."""
        try:
            if self._file < 0:
                self._file = os.open(self._path, _APPENDING, 0o644)
            os.write(self._file, text)
            facts = os.fstat(self._file)
            if facts.st_size > LOG_FILE_BYTES_MAX:
                self._path.replace(self._path.with_suffix(".1.log"))
            if facts.st_size > LOG_FILE_BYTES_MAX or not facts.st_nlink:
                self._close()
        except OSError:
            return  # a full disk must not fail the function; the store's own edge reports it

    def use(self) -> None:
        """One more writes to it."""
        self._users += 1

    def leave(self) -> None:
        """One less; the last one closes the file."""
        self._users -= 1
        if self._users <= 0:
            self._close()

    def _close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


class FunctionLogs:
    """The logs of all functions, by their paths."""

    def __init__(self) -> None:
        self._logs: dict[Path, FunctionLog] = {}

    def of(self, path: Path) -> FunctionLog:
        """The log that is kept at a path."""
        log = self._logs.get(path)
        if log is None:
            if len(self._logs) >= _LOGS_KEPT:
                self._logs.pop(next(iter(self._logs)))
            log = self._logs[path] = FunctionLog(path)
        return log


class Output:
    """The read end of one instance's stdout and stderr."""

    def __init__(self, log: FunctionLog) -> None:
        self._log = log
        self._is_open = True
        log.use()
        self._tail = bytearray()
        self._line = bytearray()  # what has come of a line that has not ended
        self._reader, self.writer = os.pipe()
        os.set_blocking(self._reader, False)

    def watch(self) -> None:
        """Read whenever there is something; the parent's copy of the write end is closed."""
        os.close(self.writer)
        self.writer = -1
        asyncio.get_running_loop().add_reader(self._reader, self.drain)

    def begin(self) -> None:
        """A new invocation: its tail begins here."""
        self._tail.clear()

    def note(self, line: str) -> None:
        """Add lines of Lambda's own; they begin at the margin, whatever the function left."""
        if self._line:
            self._take(b"\n")
        self._take(line.encode())

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
            self._take(text)

    @property
    def tail(self) -> bytes:
        """The last 4 KB since `begin`."""
        return bytes(self._tail)

    def close(self) -> None:
        """Let go of the pipe."""
        self.drain()
        if self._line:
            self._log.write(bytes(self._line) + b"\n")
            self._line.clear()
        if self._is_open:
            self._is_open = False
            self._log.leave()
        self._close_reader()
        if self.writer >= 0:
            os.close(self.writer)
            self.writer = -1

    def _take(self, text: bytes) -> None:
        """Whole lines go to the file, which instances of the same function share."""
        self._tail += text[-LOG_TAIL_BYTES:]
        if len(self._tail) > LOG_TAIL_BYTES:
            del self._tail[:-LOG_TAIL_BYTES]
        self._line += text
        end = self._line.rfind(b"\n") + 1
        if len(self._line) - end > _LINE_BYTES_MAX:
            end = len(self._line)
        if end:
            self._log.write(bytes(self._line[:end]))
            del self._line[:end]

    def _close_reader(self) -> None:
        if self._reader >= 0:
            asyncio.get_running_loop().remove_reader(self._reader)
            os.close(self._reader)
            self._reader = -1
