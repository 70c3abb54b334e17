"""Retention: messages end by the clock, whether anybody receives or not.

One clock timer per queue that has messages stands for its oldest. Nothing of it is stored: after a
restart, `start` finds the oldest message of every queue.

AWS: SQS API Reference, CreateQueue, MessageRetentionPeriod.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from kamome.clock import Clock, Timer
from kamome.errors import AwsError
from kamome.services.sqs.queues import Queue
from kamome.services.sqs.store import SqsStore

logger = logging.getLogger(__name__)

# About 20 ms of work at a time, so that requests are served in between.
_MESSAGES_PER_STEP = 1_000
_QUEUES_PER_STEP = 100
_RETRY_MS = 60_000


class Retention:
    """Timers by set of messages. `on_freed` hears of a queue whose group an expiry has freed."""

    def __init__(self, clock: Clock, store: SqsStore, on_freed: Callable[[Queue], None]) -> None:
        self._clock = clock
        self._store = store
        self._on_freed = on_freed
        self._timers: dict[int, Timer] = {}

    def start(self) -> None:
        """Find what an earlier run left, a page of queues at a time."""
        self._start_after(0)

    def _start_after(self, queue_id: int) -> None:
        queues = self._store.queues_after(queue_id, _QUEUES_PER_STEP)
        for queue in queues:
            if queue.messages_id not in self._timers:
                self._arm_oldest(queue)
        if len(queues) == _QUEUES_PER_STEP:
            last = queues[-1].id
            self._clock.call_at(self._clock.now_ms(), lambda: self._start_after(last))

    def arrived(self, queue: Queue, sent_at_ms: int) -> None:
        """A message has been added: the first of a set arms its timer."""
        timer = self._timers.get(queue.messages_id)
        if timer is None or sent_at_ms + queue.retention_ms < timer.when_ms:
            self._arm(queue, sent_at_ms + queue.retention_ms)

    def changed(self, queue: Queue) -> None:
        """The queue's retention period is another now; it holds for the messages there are."""
        self.forget(queue.messages_id)
        self._arm_oldest(queue)

    def forget(self, messages_id: int) -> None:
        """A set of messages is a queue's no longer."""
        timer = self._timers.pop(messages_id, None)
        if timer is not None:
            timer.cancel()

    def _arm_oldest(self, queue: Queue) -> None:
        for _, sent_at_ms, _ in self._store.oldest(queue.messages_id, 1):
            self._arm(queue, sent_at_ms + queue.retention_ms)

    def _arm(self, queue: Queue, when_ms: int) -> None:
        self.forget(queue.messages_id)
        self._timers[queue.messages_id] = self._clock.call_at(when_ms, lambda: self._due(queue))

    def _due(self, armed: Queue) -> None:
        self.forget(armed.messages_id)
        queue = self._store.find_queue(armed.account, armed.region, armed.name)
        if queue is None or queue.messages_id != armed.messages_id:
            return
        try:
            self._drop_expired(queue)
        except AwsError as error:
            logger.warning("%s: expired messages stay for now: %s", queue.name, error)
            self._arm(queue, self._clock.now_ms() + _RETRY_MS)
            return
        self._arm_oldest(queue)

    def _drop_expired(self, queue: Queue) -> None:
        """One step; what is left of a longer list is due at once, as the next timer."""
        before_ms = self._clock.now_ms() - queue.retention_ms
        freed = False
        with self._store.engine.atomic():
            for message, sent_at_ms, group_no in self._store.oldest(
                queue.messages_id, _MESSAGES_PER_STEP
            ):
                if sent_at_ms > before_ms:
                    break
                self._store.expire(queue, message, group_no)
                freed = freed or group_no < 0
        if freed:
            self._on_freed(queue)
