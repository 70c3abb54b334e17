"""Waiting for what other processes do to files, by Linux's own notifications (inotify(7))."""

from __future__ import annotations

import asyncio
import ctypes
import os
import select
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

# What should have come about long ago on the busiest machine.
_PATIENCE_S = 30

# <sys/inotify.h>
_IN_MODIFY, _IN_CLOSE_WRITE = 0x2, 0x8
_IN_MOVED_FROM, _IN_MOVED_TO = 0x40, 0x80
_IN_CREATE, _IN_DELETE = 0x100, 0x200
_CHANGES = _IN_MODIFY | _IN_CLOSE_WRITE | _IN_MOVED_FROM | _IN_MOVED_TO | _IN_CREATE | _IN_DELETE
_libc = ctypes.CDLL(None, use_errno=True)


async def until_files(folder: Path, is_so: Callable[[], T]) -> T:
    """Return what is asked for as soon as it is true: about files that lie in this folder.

    Raises:
        TimeoutError: it has not come about, long after it should have.
    """
    return await asyncio.to_thread(wait_for_files, folder, is_so)


def wait_for_files(folder: Path, is_so: Callable[[], T]) -> T:
    """`until_files` for a thread that may wait."""
    with _notified(folder) as notes:
        while not (found := is_so()):
            if not select.select([notes], [], [], _PATIENCE_S)[0]:
                raise TimeoutError(f"nothing came about in {folder}")
            os.read(notes, 65_536)
        return found


@contextmanager
def _notified(folder: Path) -> Iterator[int]:
    """A descriptor that can be read when something in the folder has changed."""
    notes = _libc.inotify_init1(os.O_CLOEXEC)
    try:
        if _libc.inotify_add_watch(notes, os.fsencode(folder), _CHANGES) < 0:
            raise OSError(ctypes.get_errno(), "inotify_add_watch", str(folder))
        yield notes
    finally:
        os.close(notes)
