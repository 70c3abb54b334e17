"""The event loop of the tests: it tells when something has come about, and when it is idle.

What one loop knows changes only when the loop runs something. So `until` asks its question after
each pass, `idle` returns when there is nothing left to run and nothing to read, and in between the
loop sleeps in the kernel as ever: nobody looks again and again, and nobody guesses how long.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from selectors import SelectorKey

T = TypeVar("T")

# What should have come about long ago on the busiest machine.
_PATIENCE_S = 30


class _WatchedSelector(selectors.DefaultSelector):
    """Where the loop goes between its passes. Watchers say True when they have woken somebody."""

    def __init__(self) -> None:
        super().__init__()
        self.after_pass: dict[object, Callable[[], bool]] = {}
        self.when_idle: dict[object, Callable[[], bool]] = {}

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        woken = [watcher() for watcher in list(self.after_pass.values())]
        if any(woken) or timeout == 0 or not self.when_idle:
            return super().select(0 if any(woken) else timeout)
        ready = super().select(0)
        if ready:
            return ready
        woken = [watcher() for watcher in list(self.when_idle.values())]
        return super().select(0 if any(woken) else timeout)


class WatchedLoop(asyncio.SelectorEventLoop):
    """asyncio's own loop, with `until` and `idle`."""

    def __init__(self) -> None:
        self.watched = _WatchedSelector()
        super().__init__(self.watched)


async def until(is_so: Callable[[], T]) -> T:
    """Return what is asked for as soon as it is true. Only this loop may make it so, not a thread
    or a process that tells the loop nothing.

    Raises:
        TimeoutError: it has not come about, long after it should have.
    """
    return await _woken(_loop().watched.after_pass, is_so)


async def idle() -> None:
    """Return when the loop has nothing to run, and none of its sockets has anything to read.

    Threads may be at work, and timers be set.
    """
    await _woken(_loop().watched.when_idle, lambda: True)


async def _woken(watchers: dict[object, Callable[[], bool]], is_so: Callable[[], T]) -> T:
    found = _loop().create_future()

    def look() -> bool:
        if found.done():
            return False
        try:
            value = is_so()
        except Exception as error:  # noqa: BLE001 - handed to the test that waits
            found.set_exception(error)
            return True
        if value:
            found.set_result(value)
        return bool(value)

    watchers[found] = look
    try:
        async with asyncio.timeout(_PATIENCE_S):
            value: T = await found
            return value
    finally:
        del watchers[found]


def _loop() -> WatchedLoop:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, WatchedLoop), "the test runs on another loop"
    return loop
