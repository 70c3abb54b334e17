"""The one clock. Everything that depends on time reads it, so an operator or test can advance it.

`Clock.now_ms()` is epoch milliseconds, UTC. `Clock.call_at(when_ms, callback)` runs a callback when
that moment comes; the heap behind it holds only the near future, long waits live in the durable
due table (`storage/outbox.py`). `Activity` counts work that has begun and not ended, so that
advancing time can wait for the consequences of one moment before it moves to the next. A callback
that returns True says that it has none: 100,015 attempts at a queue that is down then need no
passes of the event loop in between.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

logger = logging.getLogger(__name__)

# One advance fires at most this many timers, so that a timer that re-arms itself at the same
# moment for ever cannot hang the server. 23 days of SNS retries are 100,015.
TIMERS_PER_ADVANCE_MAX = 10_000_000
# Timers in the heap before those that were cancelled are dropped; then twice as many as are left.
_SWEEP_MIN = 1_024
# How many passes of the event loop with nothing under way count as quiet. Work passes between
# tasks through at most two queues (a future, then a callback) before it shows as activity.
_QUIET_PASSES = 3
# Moments without consequences that may pass before the loop serves others again, and the store
# commits: about 5 ms of work.
_MOMENTS_PER_PASS_MAX = 128

# Returns True where nothing follows from the call but what it has done itself, and what later
# timers will do.
Callback = Callable[[], bool | None]


class Activity:
    """Counts work under way (outbox entries, invocations, requests they cause)."""

    def __init__(self) -> None:
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @contextmanager
    def busy(self) -> Iterator[None]:
        """The block is work that an advancing clock must wait for."""
        self.begin()
        try:
            yield
        finally:
            self.end()

    def begin(self) -> None:
        """One more piece of work is under way."""
        self._under_way += 1
        self._idle.clear()

    def end(self) -> None:
        """One piece of work has ended."""
        self._under_way -= 1
        if self._under_way == 0:
            self._idle.set()

    @property
    def is_busy(self) -> bool:
        """Whether work is under way."""
        return self._under_way > 0

    async def quiet(self) -> None:
        """Return when no work is under way and none is about to begin."""
        passes = 0
        while passes < _QUIET_PASSES:
            if self._under_way:
                await self._idle.wait()
                passes = 0
            await asyncio.sleep(0)
            passes += 1


class Timer:
    """One callback and its moment. `cancel()` is cheap; the heap drops it later."""

    __slots__ = ("callback", "order", "when_ms")

    def __init__(self, when_ms: int, order: int, callback: Callback) -> None:
        self.when_ms = when_ms
        self.order = order
        self.callback: Callback | None = callback

    def __lt__(self, other: Timer) -> bool:
        return (self.when_ms, self.order) < (other.when_ms, other.order)

    def cancel(self) -> None:
        """The callback will not run."""
        self.callback = None


def machine_ms() -> float:
    """The machine's own monotonic time in ms, with fractions: only for measuring how long it took.

    The loop's time will not do: uvloop's counts whole milliseconds.
    """
    return time.perf_counter() * 1000


def system_now_ms() -> int:
    """Epoch milliseconds of the machine's own clock."""
    return time.time_ns() // 1_000_000


class Clock:
    """Real time plus an offset; or, when frozen, a time that moves only when advanced."""

    def __init__(
        self, source: Callable[[], int] = system_now_ms, *, frozen_at_ms: int | None = None
    ) -> None:
        self.activity = Activity()
        self._source = source
        self._offset_ms = 0
        self._frozen_ms = frozen_at_ms
        self._heap: list[Timer] = []
        self._sweep_at = _SWEEP_MIN
        self._order = 0
        self._armed: asyncio.TimerHandle | None = None
        self._armed_ms = 0
        self._advancing = False
        # A running clock stands while it is advanced, so that the time this takes does not shift
        # what happens meanwhile.
        self._is_held = False

    @property
    def is_frozen(self) -> bool:
        """Whether time stands still between advances."""
        return self._frozen_ms is not None and not self._is_held

    @property
    def is_advancing(self) -> bool:
        """Whether an advance is under way; there is one at a time."""
        return self._advancing

    @property
    def offset_ms(self) -> int:
        """How far this clock is ahead of the machine's."""
        return self.now_ms() - self._source()

    def now_ms(self) -> int:
        """Epoch milliseconds, UTC."""
        if self._frozen_ms is not None:
            return self._frozen_ms
        return self._source() + self._offset_ms

    def real_now_ms(self) -> int:
        """The machine's own time, for signature dates of clients that live in real time."""
        return self._source()

    def call_at(self, when_ms: int, callback: Callback) -> Timer:
        """Run `callback` once, when `when_ms` has come. Timers of one moment run in order made."""
        self._order += 1
        timer = Timer(when_ms, self._order, callback)
        heapq.heappush(self._heap, timer)
        if len(self._heap) >= self._sweep_at:
            self._sweep()
        if not self._advancing:
            self._arm()
        return timer

    async def sleep_until(self, when_ms: int) -> None:
        """Return when `when_ms` has come on this clock."""
        woken = asyncio.get_running_loop().create_future()

        def wake() -> None:
            if not woken.done():
                woken.set_result(None)

        timer = self.call_at(when_ms, wake)
        try:
            await woken
        finally:
            timer.cancel()

    def restore_offset(self, offset_ms: int) -> None:
        """Start with the offset that an earlier run had reached."""
        self._offset_ms = offset_ms

    def restore_frozen(self, now_ms: int) -> None:
        """Start frozen, at the moment where an earlier run stood."""
        self._frozen_ms = now_ms

    def freeze(self) -> None:
        """Time stands still until advanced or resumed.

        Raises:
            ValueError: the clock is being advanced.
        """
        self._refuse_while_advancing()
        self._frozen_ms = self.now_ms()
        self._arm()

    def resume(self) -> None:
        """Time runs on from where it stands.

        Raises:
            ValueError: the clock is being advanced.
        """
        self._refuse_while_advancing()
        self._run_on()

    def _run_on(self) -> None:
        if self._frozen_ms is None:
            return
        self._offset_ms = self._frozen_ms - self._source()
        self._frozen_ms = None
        self._arm()

    async def advance(self, delta_ms: int) -> int:
        """Move time forward; what was due happens in order, each at its own moment.

        The work that one moment causes is finished before time moves on, and what it schedules
        before the target counts. Returns how many timers ran.

        Raises:
            ValueError: `delta_ms` is negative, or another advance is under way.
        """
        if delta_ms < 0:
            raise ValueError("time cannot be moved back")
        self._refuse_while_advancing()
        self._advancing = True
        self._is_held = self._frozen_ms is None
        self._frozen_ms = self.now_ms()
        target_ms = self._frozen_ms + delta_ms
        fired = unwatched = 0
        try:
            await self.activity.quiet()
            while fired < TIMERS_PER_ADVANCE_MAX:
                timer = self._next_timer()
                if timer is None or timer.when_ms > target_ms:
                    break
                self._move_to(timer.when_ms)
                heapq.heappop(self._heap)
                fired += 1
                is_settled = _run(timer)
                unwatched += 1
                if not is_settled or self.activity.is_busy or unwatched >= _MOMENTS_PER_PASS_MAX:
                    unwatched = 0
                    await self.activity.quiet()
            await self.activity.quiet()
            self._move_to(target_ms)
        finally:
            self._advancing = False
            if self._is_held:
                self._is_held = False
                self._run_on()
            self._arm()
        return fired

    def _refuse_while_advancing(self) -> None:
        if self._advancing:
            raise ValueError("the clock is being advanced already")

    def _move_to(self, when_ms: int) -> None:
        self._frozen_ms = max(when_ms, self.now_ms())

    def _sweep(self) -> None:
        """Drop what was cancelled: timers that are weeks away would be kept until then."""
        self._heap = [timer for timer in self._heap if timer.callback is not None]
        heapq.heapify(self._heap)
        self._sweep_at = max(_SWEEP_MIN, 2 * len(self._heap))

    def _next_timer(self) -> Timer | None:
        while self._heap and self._heap[0].callback is None:
            heapq.heappop(self._heap)
        return self._heap[0] if self._heap else None

    def _arm(self) -> None:
        """Keep exactly one loop timer, for the head of the heap."""
        timer = self._next_timer()
        if timer is None or self._frozen_ms is not None or self._advancing:
            self._disarm()
            return
        if self._armed is not None and self._armed_ms == timer.when_ms:
            return
        self._disarm()
        delay_s = max(0, timer.when_ms - self.now_ms()) / 1000
        self._armed_ms = timer.when_ms
        self._armed = asyncio.get_running_loop().call_later(delay_s, self._fire)

    def _disarm(self) -> None:
        if self._armed is not None:
            self._armed.cancel()
            self._armed = None

    def _fire(self) -> None:
        self._armed = None
        if self._advancing or self._frozen_ms is not None:
            return
        now_ms, last = self.now_ms(), self._order
        while (timer := self._next_timer()) is not None and timer.when_ms <= now_ms:
            if timer.order > last:
                break  # made by one of these: the loop serves others before it runs
            heapq.heappop(self._heap)
            _run(timer)
        self._arm()


def _run(timer: Timer) -> bool:
    """Run what is due; returns True if nothing follows from it.

    One that fails (a full disk) must stop neither the clock nor the others.
    """
    if timer.callback is None:
        return True
    try:
        return bool(timer.callback())
    except Exception:
        logger.exception("what was due at %d failed", timer.when_ms)
        return False


def manual_clock(start_ms: int = 1_760_000_000_000) -> Clock:
    """A clock that stands still until `advance`: what every test uses."""
    return Clock(lambda: start_ms, frozen_at_ms=start_ms)
