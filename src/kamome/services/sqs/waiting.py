"""Who waits for messages: long polls, and pollers of other slices.

Nothing runs while nothing happens: a waiter is a callback in a table, and one clock timer per queue
stands for its next delayed or hidden message.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from kamome.clock import Clock, Timer


class Waiting:
    """Waiters by queue id. `notify` wakes as many long polls as there is work for."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._polls: dict[int, deque[asyncio.Future[None]]] = {}
        self._watchers: dict[int, dict[int, Callable[[], None]]] = {}
        self._timers: dict[int, Timer] = {}
        self._order = 0

    def has_waiters(self, queue_id: int) -> bool:
        """Whether anybody would notice a message."""
        return queue_id in self._polls or queue_id in self._watchers

    def notify(self, queue_id: int, messages: int = 1) -> None:
        """Messages are there (or the queue has gone): wake the polls that waited longest."""
        watchers = self._watchers.get(queue_id)
        if watchers is not None:
            for callback in tuple(watchers.values()):
                callback()
        polls = self._polls.get(queue_id)
        while polls and messages > 0:
            poll = polls.popleft()
            if not poll.done():
                poll.set_result(None)
                messages -= 1
        if polls is not None and not polls:
            del self._polls[queue_id]

    def notify_at(self, queue_id: int, when_ms: int) -> None:
        """A message becomes visible then; whoever waits at that time is woken."""
        if not self.has_waiters(queue_id):
            return
        timer = self._timers.get(queue_id)
        if timer is not None and timer.callback is not None and timer.when_ms <= when_ms:
            return
        if timer is not None:
            timer.cancel()
        self._timers[queue_id] = self._clock.call_at(when_ms, lambda: self._due(queue_id))

    def _due(self, queue_id: int) -> None:
        self._timers.pop(queue_id, None)
        # One poll is woken: if it can take all it may, it wakes the next.
        self.notify(queue_id)

    def end(self, queue_id: int) -> None:
        """The queue has gone: wake everybody."""
        self.notify(queue_id, messages=len(self._polls.get(queue_id, ())))

    def poll(self, queue_id: int) -> asyncio.Future[None]:
        """A future that `notify` resolves. Give it back to `leave` when it is not wanted."""
        waiter = asyncio.get_running_loop().create_future()
        self._polls.setdefault(queue_id, deque()).append(waiter)
        return waiter

    def leave(self, queue_id: int, waiter: asyncio.Future[None]) -> None:
        """The poll waits no longer."""
        polls = self._polls.get(queue_id)
        if polls is None:
            return
        if waiter in polls:
            polls.remove(waiter)
        if not polls:
            del self._polls[queue_id]

    def watch(self, queue_id: int, callback: Callable[[], None]) -> Callable[[], None]:
        """Call back at each message, until the returned function is called."""
        self._order += 1
        order = self._order
        self._watchers.setdefault(queue_id, {})[order] = callback

        def cancel() -> None:
            watchers = self._watchers.get(queue_id, {})
            watchers.pop(order, None)
            if not watchers:
                self._watchers.pop(queue_id, None)

        return cancel
