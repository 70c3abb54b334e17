"""Syncing the WAL without holding up the event loop.

`KernelSync` asks the kernel by Linux AIO (`IOCB_CMD_FDSYNC`, since 4.18) and hears of the end
through an eventfd: no thread, and so no waiting for the interpreter lock that the busy loop holds.
Measured 2026-11-21 on 2 shared cores: 33 µs of CPU for a sync against 106 µs through a thread, and
under load the thread waits up to 5 ms, twice, for the lock (bench/README.md). `ThreadSync` is the
plain way, for systems without it, and the oracle in its tests.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import platform
import struct
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

Done = Callable[[OSError | None], None]

# io_setup, io_destroy, io_submit, io_getevents. Linux: arch/x86/entry/syscalls/syscall_64.tbl;
# include/uapi/asm-generic/unistd.h.
_SYSTEM_CALLS = {"x86_64": (206, 207, 209, 208), "aarch64": (0, 1, 2, 4)}
# struct iocb and struct io_event. Linux: include/uapi/linux/aio_abi.h.
_IOCB = struct.Struct("<QIiHhIQQqQII")
_IO_EVENT = struct.Struct("<QQqq")
_FDSYNC = 3
_TELL_EVENTFD = 1


class WalSync(Protocol):
    """One sync at a time of one file."""

    def start(self, done: Done) -> None:
        """Begin; `done` is called on the loop with None, or with what the disk said.

        Raises:
            OSError: it cannot even begin; `done` will not be called.
        """

    def close(self) -> None:
        """No sync is under way, and none will follow."""


class ThreadSync:
    """`fdatasync` in a thread."""

    def __init__(self, file: int) -> None:
        self._file = file
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sync")

    def start(self, done: Done) -> None:
        """See `WalSync`."""
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(self._thread, os.fdatasync, self._file)
        future.add_done_callback(lambda ended: done(_os_error(ended.exception())))

    def close(self) -> None:
        """See `WalSync`."""
        self._thread.shutdown()


def _os_error(error: BaseException | None) -> OSError | None:
    if error is None or isinstance(error, OSError):
        return error
    return OSError(str(error))


class KernelSync:
    """`fdatasync` by the kernel's own workers.

    Raises:
        OSError: this kernel or sandbox does not offer it.
    """

    def __init__(self, file: int) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        calls = _SYSTEM_CALLS.get(platform.machine()) if os.name == "posix" else None
        if calls is None or not hasattr(os, "eventfd"):
            raise OSError("no asynchronous sync on this machine")
        self._setup_call, self._destroy_call, self._submit_call, self._events_call = calls
        self._context = ctypes.c_ulong(0)
        self._call(self._setup_call, ctypes.c_long(1), ctypes.byref(self._context))
        self._eventfd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        packed = _IOCB.pack(0, 0, 0, _FDSYNC, 0, file, 0, 0, 0, 0, _TELL_EVENTFD, self._eventfd)
        self._request = ctypes.create_string_buffer(packed)
        self._requests = (ctypes.c_void_p * 1)(ctypes.addressof(self._request))
        self._result = ctypes.create_string_buffer(_IO_EVENT.size)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._done: Done | None = None
        try:
            self._submit()  # finds out now whether the file system takes it
            self._wait()
        except OSError:
            self.close()
            raise

    def start(self, done: Done) -> None:
        """See `WalSync`."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._loop.add_reader(self._eventfd, self._ended)
        self._done = done
        self._submit()

    def close(self) -> None:
        """See `WalSync`."""
        if self._loop is not None:
            self._loop.remove_reader(self._eventfd)
        self._libc.syscall(ctypes.c_long(self._destroy_call), self._context)
        os.close(self._eventfd)

    def _ended(self) -> None:
        os.eventfd_read(self._eventfd)
        error = self._take_result(at_least=0)
        assert self._done is not None
        self._done(error)

    def _submit(self) -> None:
        self._call(self._submit_call, self._context, ctypes.c_long(1), self._requests)

    def _wait(self) -> None:
        error = self._take_result(at_least=1)
        os.eventfd_read(self._eventfd)
        if error is not None:
            raise error

    def _take_result(self, *, at_least: int) -> OSError | None:
        taken = self._call(
            self._events_call,
            self._context,
            ctypes.c_long(at_least),
            ctypes.c_long(1),
            self._result,
            None,
        )
        assert taken == 1, "the eventfd tells of exactly one sync"
        result: int = _IO_EVENT.unpack(self._result.raw)[2]
        return OSError(-result, os.strerror(-result)) if result < 0 else None

    def _call(self, number: int, *arguments: object) -> int:
        result: int = self._libc.syscall(ctypes.c_long(number), *arguments)
        if result < 0:
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error))
        return result


def sync_of(file: int) -> WalSync:
    """The quickest way of syncing this file that the machine offers."""
    try:
        return KernelSync(file)
    except OSError:
        return ThreadSync(file)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable. POSIX: fsync(2), notes."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
