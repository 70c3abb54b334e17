"""The memory of running instances: who passes the function's memory size is killed, as at AWS.

Lambda's kernel counts a whole execution environment. Without rights to make control groups the
processes are looked at instead, every 25 ms while an invocation runs: what they hold that no file
backs. An invocation is first looked at when it has lasted so long, so short ones cost nothing; what
is given back between two looks is not seen.

AWS: Lambda Developer Guide, Configure Lambda function memory; proc(5), /proc/pid/statm.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator

import msgspec

from kamome.services.lambda_.limits import MEMORY_LOOK_S, PROCESSES_COUNTED_MAX

_READ_BYTES = 64 * 1024
_KIB = 1024


class Watched(msgspec.Struct, eq=False):
    """One instance: its first process, what it may hold, and what is done if it holds more."""

    pid: int
    bytes_max: int
    kill: Callable[[], None]


class MemoryWatch:
    """One timer for all instances of the server; there is none while nothing runs."""

    def __init__(self) -> None:
        self._new: set[Watched] = set()
        self._seen: set[Watched] = set()
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, watched: Watched) -> None:
        """An invocation, or an init, begins on the instance."""
        self._new.add(watched)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(MEMORY_LOOK_S, self._look)

    def end(self, watched: Watched) -> None:
        """It has ended."""
        self._new.discard(watched)
        self._seen.discard(watched)

    def _look(self) -> None:
        self._timer = None
        for watched in list(self._seen):
            if is_over(watched.pid, watched.bytes_max):
                self.end(watched)
                watched.kill()
        self._seen |= self._new
        self._new.clear()
        if self._seen:
            self._timer = asyncio.get_running_loop().call_later(MEMORY_LOOK_S, self._look)


def is_over(pid: int, bytes_max: int) -> bool:
    """Whether a process and its descendants hold more; false where they cannot be asked.

    Pages that a fork shares count once: where the quick sum of several processes is too much, the
    kernel is asked for each one's share.
    """
    pids = list(_family(pid))
    if sum(_anonymous_bytes(one) for one in pids) <= bytes_max:
        return False
    return len(pids) == 1 or sum(_proportional_bytes(one) for one in pids) > bytes_max


def _family(pid: int) -> Iterator[int]:
    """The process and what it, its threads and their children have started, at most 256."""
    waiting, found = [pid], 0
    while waiting and found < PROCESSES_COUNTED_MAX:
        pid = waiting.pop()
        found += 1
        yield pid
        try:
            with os.scandir(f"/proc/{pid}/task") as listed:
                threads = [thread.path for thread in listed]
        except OSError:
            continue
        for thread in threads:
            children = _read(f"{thread}/children")
            waiting += [int(child) for child in children.split()]


def _anonymous_bytes(pid: int) -> int:
    """Resident pages less those of files and of shared memory."""
    fields = _read(f"/proc/{pid}/statm").split()
    if len(fields) < 3:
        return 0
    return (int(fields[1]) - int(fields[2])) * os.sysconf("SC_PAGE_SIZE")


def _proportional_bytes(pid: int) -> int:
    """The process's share of its anonymous pages (`Pss_Anon`)."""
    for line in _read(f"/proc/{pid}/smaps_rollup").splitlines():
        if line.startswith(b"Pss_Anon:"):
            return int(line.split()[1]) * _KIB
    return 0


def _read(path: str) -> bytes:
    """A file of procfs; empty where the process has gone, or there is no procfs."""
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError:
        return b""
    try:
        return os.read(file, _READ_BYTES)
    except OSError:
        return b""
    finally:
        os.close(file)
