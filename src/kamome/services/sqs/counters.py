"""Counters of queues since the server started, in CloudWatch's words.

AWS: SQS Developer Guide, Available CloudWatch metrics for Amazon SQS.
"""

from __future__ import annotations

import msgspec


class QueueCounters(msgspec.Struct):
    """NumberOfMessagesSent, -Received, -Deleted, NumberOfEmptyReceives, and bytes sent."""

    sent: int = 0
    received: int = 0
    deleted: int = 0
    empty_receives: int = 0
    sent_bytes: int = 0


class Counters:
    """The counters by queue id. A refused step may have been counted: these are not records."""

    def __init__(self) -> None:
        self._queues: dict[int, QueueCounters] = {}

    def of(self, queue_id: int) -> QueueCounters:
        """The counters of a queue."""
        counters = self._queues.get(queue_id)
        if counters is None:
            counters = self._queues[queue_id] = QueueCounters()
        return counters

    def forget(self, queue_id: int) -> None:
        """The queue is gone."""
        self._queues.pop(queue_id, None)
