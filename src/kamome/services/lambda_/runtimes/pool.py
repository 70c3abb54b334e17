"""Instances kept warm, reused, and bounded; who waits for one.

The number of processes of this machine makes invocations wait in line, because at AWS there would
have been another machine. The line is never longer than what `admission.py` lets in.

An instance serves the revision it was made for. Idle ones end after a while (on the clock), when
their function changes, or when another function needs their place.

AWS: Lambda Developer Guide, Understanding Lambda function scaling.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Literal

import msgspec

from kamome.clock import Clock, Timer
from kamome.services.lambda_.errors import ServiceException
from kamome.services.lambda_.limits import OFFERS_MAX, OVERTAKES_MAX
from kamome.services.lambda_.runtimes.port import (
    Instance,
    InstanceFactory,
    Invocation,
    Outcome,
    Report,
    RuntimeSpec,
)


class Started(msgspec.Struct):
    """An instance on loan, or one whose init has failed (`failure`), which is not pooled."""

    instance: Instance
    failure: Outcome | None


class _Waiter(msgspec.Struct, eq=False):
    key: str
    granted: asyncio.Future[Instance | None]  # an instance of the key, or None: a free place
    overtaken: int = 0


class _Idle(msgspec.Struct, eq=False):
    instance: Instance
    until_ms: int | None  # None: it is kept as long as its supply wants it


class _Supply(msgspec.Struct, eq=False):
    """Instances of a revision that are kept whether anyone calls or not."""

    spec: RuntimeSpec
    wanted: int
    starting: int = 0
    has_failed: bool = False


SupplyState = Literal["none", "starting", "ready", "failed"]


class InstancePool(msgspec.Struct):
    """All instances of this server. `idle_ms` is how long an unused one is kept."""

    make: InstanceFactory
    clock: Clock
    processes_max: int
    idle_ms: int
    _places_taken: int = 0
    _idle: dict[str, list[_Idle]] = msgspec.field(default_factory=dict)
    _busy: set[Instance] = msgspec.field(default_factory=set)
    _waiters: deque[_Waiter] = msgspec.field(default_factory=deque)
    _retired: set[str] = msgspec.field(default_factory=set)
    _endings: set[asyncio.Task[None]] = msgspec.field(default_factory=set)
    _sweep: Timer | None = None
    _supplies: dict[str, _Supply] = msgspec.field(default_factory=dict)
    _is_closed: bool = False

    def is_warm(self, key: str) -> bool:
        """Whether an instance of a revision waits for an invocation."""
        return key in self._idle

    @property
    def count(self) -> int:
        """How many instances there are, those that start included."""
        return self._places_taken

    async def run(self, spec: RuntimeSpec, make: Callable[[], Invocation]) -> Report:
        """Run one invocation on an instance of this revision and say how it ended.

        `make` is called when an instance is ready, so that the deadline counts from then. An
        invocation that no runtime has taken is offered to another instance, at most four times.
        """
        for _ in range(OFFERS_MAX):
            report = await self._run_once(await self.acquire(spec), make())
            if report.outcome.kind != "undelivered":
                break
        return report

    async def _run_once(self, started: Started, invocation: Invocation) -> Report:
        instance = started.instance
        try:
            if started.failure is not None:
                report = instance.report_failed_init(invocation.request_id, started.failure)
            else:
                report = await instance.invoke(invocation)
        except BaseException:
            self.discard(instance)
            raise
        if self._is_closed and report.outcome.kind == "exited":
            raise _stopping()  # it was ended by us, which is no failure of the function
        if started.failure is None and report.outcome.kind in {"response", "error"}:
            self.release(instance)
        else:
            self.discard(instance)
        return report

    async def acquire(self, spec: RuntimeSpec) -> Started:
        """A warm instance of this revision, or a new one as soon as there is a place for it.

        First come, first served, except that an instance that has just become free goes to the
        next in line of its own function, at most 16 times past anyone.

        Raises:
            ServiceException: the server is stopping.
        """
        if self._is_closed:
            raise _stopping()
        instance = self._take_idle(spec.key)
        if instance is None and not self._take_place():
            instance = await self._wait_in_line(spec.key)
        if instance is not None:
            return Started(instance, None)
        return await self._start(spec)

    def release(self, instance: Instance) -> None:
        """The borrower is done. A dead instance, or one of an old revision, is not kept."""
        if instance not in self._busy:
            return  # the pool has been closed meanwhile
        self._busy.discard(instance)
        # Who takes an idle one asks whether it lives; who waits in line takes it as it is.
        if instance.spec.key in self._retired or (self._waiters and not instance.is_alive):
            self._end(instance)
            return
        waiter = self._next_for(instance.spec.key)
        if waiter is not None:
            self._busy.add(instance)
            waiter.granted.set_result(instance)
        elif self._waiters:
            self._end(instance)
        else:
            self._keep(instance)

    def retire(self, key: str) -> None:
        """A revision is gone: its idle instances end now, busy ones after their invocation."""
        for idle in self._idle.pop(key, []):
            self._end(idle.instance)
        if any(instance.spec.key == key for instance in self._busy):
            self._retired.add(key)

    async def close(self) -> None:
        """End all instances, and return when nothing of them is left. Nobody gets another."""
        self._is_closed = True
        self._supplies.clear()
        if self._sweep is not None:
            self._sweep.cancel()
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.granted.done():
                waiter.granted.set_exception(_stopping())
        for key in list(self._idle):
            self.retire(key)
        for instance in list(self._busy):
            self._busy.discard(instance)
            self._end(instance)
        while self._endings:
            await asyncio.wait(self._endings)

    # ------------------------------------------------------------------ kept warm

    async def provide(self, spec: RuntimeSpec, wanted: int) -> None:
        """Have so many instances of a revision warm, as far as there are places; returns then.

        One place is always left to those for whom nothing is kept.
        """
        supply = self._supplies.setdefault(spec.key, _Supply(spec, wanted))
        supply.has_failed = False
        self.want(spec.key, wanted)
        await self._top_up(supply)

    def want(self, key: str, wanted: int) -> None:
        """Keep another number from now on; what is too many grows old."""
        supply = self._supplies.get(key)
        if supply is None:
            return
        supply.wanted = wanted
        if not wanted:
            del self._supplies[key]
        kept = self._idle.pop(key, [])
        for idle in kept:
            self._keep(idle.instance)

    def supply_of(self, key: str) -> SupplyState:
        """How far the instances of a revision are that are to be kept."""
        supply = self._supplies.get(key)
        if supply is None:
            return "none"
        if supply.has_failed:
            return "failed"
        return "ready" if self._living(key) - supply.starting >= self._kept(key) else "starting"

    def _living(self, key: str) -> int:
        """How many instances of a revision there are, those that start included."""
        busy = sum(instance.spec.key == key for instance in self._busy)
        return len(self._idle.get(key, ())) + busy

    def _kept(self, key: str) -> int:
        """How many of a revision are kept: what is wanted, within what others leave."""
        room = self.processes_max - 1
        for of, supply in self._supplies.items():
            kept = min(supply.wanted, room)
            if of == key:
                return kept
            room -= kept
        return 0

    async def _top_up(self, supply: _Supply) -> None:
        """Start what is missing, one after the other."""
        key = supply.spec.key
        while (
            not self._is_closed
            and self._supplies.get(key) is supply
            and not supply.has_failed
            and self._living(key) < self._kept(key)
            and self._take_place()
        ):
            supply.starting += 1
            try:
                with self.clock.activity.busy():
                    started = await self._start(supply.spec)
            finally:
                supply.starting -= 1
            if started.failure is None:
                self.release(started.instance)
            else:
                supply.has_failed = True
                self.discard(started.instance)
                await started.instance.ended()

    def _look_after_supplies(self) -> None:
        """A place has become free, perhaps of an instance that was to be kept."""
        if self._is_closed or self._waiters:
            return
        for key, supply in self._supplies.items():
            if not supply.has_failed and self._living(key) < self._kept(key):
                task = asyncio.get_running_loop().create_task(self._top_up(supply))
                self._endings.add(task)
                task.add_done_callback(self._endings.discard)

    # ------------------------------------------------------------------ places and the line

    def _take_idle(self, key: str) -> Instance | None:
        """The instance used last, so that those not needed can grow old."""
        waiting = self._idle.get(key, [])
        while waiting:
            idle = waiting.pop()
            if not waiting:
                del self._idle[key]
            if idle.instance.is_alive:
                self._busy.add(idle.instance)
                return idle.instance
            self._end(idle.instance)
        return None

    def _take_place(self) -> bool:
        """Whether a new instance may be started now; evicts the idle one of another revision."""
        if self._waiters:
            return False
        if self._places_taken >= self.processes_max:
            self._evict()
        if self._places_taken >= self.processes_max:
            return False
        self._places_taken += 1
        return True

    def _evict(self) -> None:
        """End the instance that has been idle longest, of those that may grow old."""
        for key, kept in self._idle.items():
            for idle in kept:
                if idle.until_ms is not None:
                    kept.remove(idle)
                    if not kept:
                        del self._idle[key]
                    self._end(idle.instance)
                    return

    async def _wait_in_line(self, key: str) -> Instance | None:
        waiter = _Waiter(key, asyncio.get_running_loop().create_future())
        self._waiters.append(waiter)
        try:
            return await waiter.granted
        except asyncio.CancelledError:
            self._leave_line(waiter)
            raise

    def _leave_line(self, waiter: _Waiter) -> None:
        if waiter in self._waiters:
            self._waiters.remove(waiter)
        elif _is_granted(waiter):
            instance = waiter.granted.result()
            if instance is not None:
                self.release(instance)
            else:
                self._free_place()

    def _next_for(self, key: str) -> _Waiter | None:
        """Who gets a free instance of this revision; None if its place is due to another."""
        for place, waiter in enumerate(self._waiters):
            if waiter.key == key:
                if place and self._waiters[0].overtaken >= OVERTAKES_MAX:
                    return None
                for passed in range(place):
                    self._waiters[passed].overtaken += 1
                del self._waiters[place]
                return waiter
        return None

    def _free_place(self) -> None:
        self._places_taken -= 1
        while self._waiters and self._places_taken < self.processes_max:
            waiter = self._waiters.popleft()
            if not waiter.granted.done():
                self._places_taken += 1
                waiter.granted.set_result(None)

    # ------------------------------------------------------------------ lives of instances

    async def _start(self, spec: RuntimeSpec) -> Started:
        instance = self.make(spec)
        self._busy.add(instance)
        try:
            failure = await instance.start()
        except BaseException:
            self.discard(instance)
            raise
        return Started(instance, failure)

    def discard(self, instance: Instance) -> None:
        """The borrower is done with an instance that must not be used again."""
        if instance in self._busy:
            self._busy.discard(instance)
            self._end(instance)

    def _keep(self, instance: Instance) -> None:
        key = instance.spec.key
        until_ms = None
        if not self._supplies or self._is_supplied(key):
            until_ms = self.clock.now_ms() + self.idle_ms
            if self._sweep is None:
                self._sweep = self.clock.call_at(until_ms, self._end_old)
        # A key that has been used goes to the end: the first key is the one to evict.
        kept = self._idle.pop(key, [])
        self._idle[key] = [*kept, _Idle(instance, until_ms)]

    def _is_supplied(self, key: str) -> bool:
        """Whether as many of a revision are kept as are wanted."""
        kept = sum(idle.until_ms is None for idle in self._idle.get(key, ()))
        return kept >= self._kept(key)

    def _end_old(self) -> None:
        """End the instances that have been idle for long, and look again when the next will be.

        One timer for all: an instance is idle between any two invocations, and would set and cancel
        one of its own each time.
        """
        self._sweep = None
        now_ms = self.clock.now_ms()
        next_ms: int | None = None
        for key in list(self._idle):
            for idle in list(self._idle.get(key, ())):
                if idle.until_ms is None:
                    continue
                if idle.until_ms <= now_ms:
                    self._grown_old(key, idle)
                elif next_ms is None or idle.until_ms < next_ms:
                    next_ms = idle.until_ms
        if next_ms is not None and self._sweep is None:
            self._sweep = self.clock.call_at(next_ms, self._end_old)

    def _grown_old(self, key: str, old: _Idle) -> None:
        kept = [idle for idle in self._idle.get(key, []) if idle is not old]
        if kept:
            self._idle[key] = kept
        else:
            self._idle.pop(key, None)
        self._end(old.instance)

    def _end(self, instance: Instance) -> None:
        instance.kill()
        key = instance.spec.key
        if key in self._retired and all(busy.spec.key != key for busy in self._busy):
            self._retired.discard(key)
        self._free_place()
        self._look_after_supplies()
        ending = asyncio.get_running_loop().create_task(instance.ended())
        self._endings.add(ending)
        ending.add_done_callback(self._endings.discard)


def _is_granted(waiter: _Waiter) -> bool:
    granted = waiter.granted
    return granted.done() and not granted.cancelled() and granted.exception() is None


def _stopping() -> ServiceException:
    return ServiceException("The server is stopping.")
