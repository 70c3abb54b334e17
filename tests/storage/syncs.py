"""Syncs of the WAL that a test holds in its hand, and that need no disk."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kamome.storage.wal_sync import Done


class HeldSync:
    """A sync that ends when the test says so, and how; on the next pass until `hold`."""

    def __init__(self) -> None:
        self.started = 0
        self._is_held = False
        self._done: Done | None = None

    def hold(self) -> None:
        self._is_held = True

    def start(self, done: Done) -> None:
        assert self._done is None, "one sync at a time"
        self.started += 1
        self._done = done
        if not self._is_held:
            asyncio.get_running_loop().call_soon(self.end)

    def end(self, error: OSError | None = None) -> None:
        assert self._done is not None, "no sync is under way"
        done, self._done = self._done, None
        done(error)

    def release(self) -> None:
        """Hold nothing any more."""
        self._is_held = False
        if self._done is not None:
            self.end()

    def close(self) -> None:
        assert self._done is None


class QuickSync:
    """A sync that ends on the next pass of the loop: for tests that are not about it."""

    def start(self, done: Done) -> None:
        asyncio.get_running_loop().call_soon(done, None)

    def close(self) -> None:
        pass


async def passes(number: int = 5) -> None:
    """Let the loop go round."""
    for _ in range(number):
        await asyncio.sleep(0)
