"""Syncing the WAL: by the kernel, or by a thread where it does not offer that."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kamome.storage import wal_sync
from kamome.storage.engine import Engine
from kamome.storage.wal_sync import KernelSync, ThreadSync, WalSync, sync_of

if TYPE_CHECKING:
    from kamome.storage.wal_sync import Done


@pytest.fixture
def file(tmp_path: Path) -> Iterator[int]:
    opened = os.open(tmp_path / "wal", os.O_RDWR | os.O_CREAT)
    yield opened
    os.close(opened)


def kernel_sync(file: int) -> WalSync:
    try:
        return KernelSync(file)
    except OSError as error:
        pytest.skip(f"this machine does not sync asynchronously: {error}")


BOTH = pytest.mark.parametrize("make", [kernel_sync, ThreadSync], ids=["kernel", "thread"])


async def outcome(sync: WalSync) -> OSError | None:
    ended: asyncio.Future[OSError | None] = asyncio.get_running_loop().create_future()
    try:
        sync.start(ended.set_result)
    except OSError as error:
        return error
    return await asyncio.wait_for(ended, 10)


@BOTH
async def test_ends_without_error_and_can_be_started_again(
    make: Callable[[int], WalSync], file: int
) -> None:
    sync = make(file)

    for number in range(50):
        os.pwrite(file, b"x" * 4096, number * 4096)
        assert await outcome(sync) is None

    sync.close()


@BOTH
async def test_tells_what_the_disk_said(make: Callable[[int], WalSync], tmp_path: Path) -> None:
    read_end, write_end = os.pipe()  # a pipe cannot be synced: EINVAL
    file = os.open(tmp_path / "wal", os.O_RDWR | os.O_CREAT)
    sync = make(file)
    os.dup2(write_end, file)

    error = await outcome(sync)

    assert error is not None
    assert error.errno == 22
    sync.close()
    for each in (read_end, write_end, file):
        os.close(each)


@BOTH
async def test_is_never_done_before_start_returns(
    make: Callable[[int], WalSync], file: int
) -> None:
    sync = make(file)
    started = False
    ended: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    sync.start(lambda _error: ended.set_result(started))
    started = True

    assert await ended
    sync.close()


def test_a_thread_does_it_where_the_kernel_does_not(
    file: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wal_sync, "_SYSTEM_CALLS", {})

    sync = sync_of(file)

    assert isinstance(sync, ThreadSync)
    sync.close()


async def test_what_the_kernel_does_is_what_the_thread_does(tmp_path: Path) -> None:
    """The same steps through both leave the same database and make the same answers."""
    contents = []
    for name, make in (("kernel", kernel_sync), ("thread", ThreadSync)):
        lazily = _Lazily(make, tmp_path / f"{name}.db-wal")
        engine = Engine(tmp_path / f"{name}.db", wal_sync=lazily)
        engine.script("CREATE TABLE item (id INTEGER PRIMARY KEY, body BLOB)")

        async def client(number: int, engine: Engine = engine) -> None:
            for step in range(20):
                engine.write("INSERT INTO item VALUES (?, ?)", (number * 100 + step, b"x" * 500))
                await engine.durable()

        await asyncio.wait_for(asyncio.gather(*(client(number) for number in range(10))), 60)
        contents.append(engine.all("SELECT * FROM item ORDER BY id"))
        await engine.close()

    assert len(contents[0]) == 200
    assert contents[0] == contents[1]


class _Lazily:
    """Opens the WAL when it is there: at the first sync."""

    def __init__(self, make: Callable[[int], WalSync], wal: Path) -> None:
        self._make, self._wal = make, wal
        self._file = -1
        self._sync: WalSync | None = None

    def start(self, done: Done) -> None:
        if self._sync is None:
            self._file = os.open(self._wal, os.O_RDWR)
            self._sync = self._make(self._file)
        self._sync.start(done)

    def close(self) -> None:
        assert self._sync is not None
        self._sync.close()
        os.close(self._file)
