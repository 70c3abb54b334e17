"""Fixtures for the store: engines on files, with syncs and disks that a test holds in its hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path

import pytest
from tests.storage.full_disk import FullDisk
from tests.storage.outbox_world import World
from tests.storage.syncs import QuickSync

from kamome.storage.engine import Engine

_names = count()


OpenEngine = Callable[..., Awaitable[Engine]]


@pytest.fixture
async def open_engine(tmp_path: Path) -> AsyncIterator[OpenEngine]:
    """Opens engines on one file, with a durable table `item (id, body)`; closed at the end."""
    async with AsyncExitStack() as stack:

        async def open_one(**options: object) -> Engine:
            options.setdefault("wal_sync", QuickSync())
            engine = Engine(tmp_path / "kamome.db", **options)  # type: ignore[arg-type] # options
            stack.push_async_callback(engine.close)
            engine.script("CREATE TABLE IF NOT EXISTS item (id INTEGER PRIMARY KEY, body BLOB)")
            await engine.durable()
            return engine

        yield open_one


@pytest.fixture
async def engine(open_engine: OpenEngine) -> Engine:
    """An engine whose syncs are quick, with a durable table `item (id, body)`."""
    return await open_engine()


@pytest.fixture
def disk() -> Iterator[FullDisk]:
    """A disk that can fill up; give its `vfs_name` to an engine."""
    vfs = FullDisk(f"full-disk-{next(_names)}")
    yield vfs
    vfs.unregister()


@pytest.fixture
async def world(engine: Engine) -> AsyncIterator[World]:
    """An outbox with nothing in it and no kinds."""
    world = World(engine)
    yield world
    await world.outbox.stop()
