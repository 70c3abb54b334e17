"""Messages on their way into a queue: where ordered faults strike them and they are counted."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from kamome.clock import Clock
from kamome.faults.injector import Faults
from kamome.faults.rules import Target
from kamome.observe.tally import Tally
from kamome.services.sqs.messages import NewMessage
from kamome.services.sqs.queues import Queue
from kamome.services.sqs.store import SqsStore
from kamome.storage.engine import Engine
from kamome.storage.facts import Facts


class ArrivingMessages(SqsStore):
    """SQS's store, before which messages come twice, late or out of order."""

    def __init__(
        self, engine: Engine, facts: Facts, faults: Faults, clock: Clock, tally: Tally
    ) -> None:
        super().__init__(engine, facts)
        self._faults = faults
        self._tally = tally
        self._clock = clock

    def send(self, queue: Queue, messages: Sequence[NewMessage]) -> None:
        """Add messages, as often and as late as rules have ordered."""
        if not self._faults.is_watching:
            super().send(queue, messages)
            return
        with self.engine.atomic():
            for message in messages:
                self._send_watched(queue, message)

    def _send_watched(self, queue: Queue, message: NewMessage) -> None:
        shifts_ms: Sequence[int] = (0,)
        if not queue.is_fifo:
            source = self._faults.source
            shifts_ms = self._faults.arrival_shifts_ms(
                Target("sqs", "SendMessage", queue.name, queue.account, queue.region, source)
            )
        super().send(queue, (_later(message, message.id, shifts_ms[0]),))
        handlings = self._faults.handlings
        arn = f"arn:aws:sqs:{queue.region}:{queue.account}:{queue.name}"
        body, now_ms = message.content.decode(), self._clock.now_ms()
        handlings.arrived(arn, message.id, message.message_id, body, now_ms)
        for shift_ms in shifts_ms[1:]:
            copy = _later(message, self.new_id(), shift_ms)
            super().send(queue, (copy,))
            handlings.copied(message.id, copy.id, copy.message_id)

    def handled(self, message: int, receive_count: int) -> None:
        """Whoever deletes a message has handled that receive."""
        if self._faults.is_watching:
            now_ms, by = self._clock.now_ms(), self._faults.source
            self._faults.handlings.handled(message, receive_count, by, now_ms)

    def expire(self, queue: Queue, message: int, group_no: int) -> None:
        """Drop a message whose retention period is over, and count it."""
        super().expire(queue, message, group_no)
        self._tally.count("expiries", queue.name)


def _later(message: NewMessage, message_number: int, shift_ms: int) -> NewMessage:
    return msgspec.structs.replace(
        message, id=message_number, visible_at_ms=message.visible_at_ms + shift_ms
    )
