"""SQS: its queues are written through `ArrivingMessages`, where ordered faults strike."""

from __future__ import annotations

from kamome.services.sqs.move_operations import move_messages
from kamome.services.sqs.queue_operations import discard_messages
from kamome.services.sqs.slice import DISCARD_MESSAGES, MOVE_MESSAGES, Sqs, make_sqs
from kamome.storage.outbox import Outbox
from kamome.wiring.arriving_messages import ArrivingMessages
from kamome.wiring.kernel import Kernel
from kamome.wiring.settings import SliceSettings


def make(kernel: Kernel, settings: SliceSettings) -> Sqs:
    """The slice with its store."""
    return make_sqs(
        kernel.engine,
        kernel.facts,
        kernel.clock,
        kernel.ids,
        kernel.outbox,
        journeys=kernel.journeys,
        is_deleted_name_blocked=settings.is_deleted_queue_name_blocked,
        store=ArrivingMessages(
            kernel.engine, kernel.facts, kernel.faults, kernel.clock, kernel.journeys.tally
        ),
    )


def register(outbox: Outbox, sqs: Sqs) -> None:
    """Name the handlers of its outbox entries."""
    outbox.register(DISCARD_MESSAGES, lambda entry: discard_messages(sqs, entry))
    outbox.register(MOVE_MESSAGES, lambda entry: move_messages(sqs, entry))
