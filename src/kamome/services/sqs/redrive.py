"""Dead letters: what becomes of a message that moves to a dead-letter queue, and back.

AWS: SQS Developer Guide, Using dead-letter queues in Amazon SQS; Setting-up dead-letter queue
retention; Learn how to configure a dead-letter queue redrive.
"""

from __future__ import annotations

from kamome.services.sqs.messages import WaitingMessage
from kamome.services.sqs.queues import Queue
from kamome.services.sqs.slice import Sqs
from kamome.services.sqs.store import Moved


def dead_letter(sqs: Sqs, queue: Queue, message: WaitingMessage, now_ms: int) -> bool:
    """Move a message to the dead-letter queue; False when that queue is gone.

    Receive count and first receive stay. A standard message keeps its enqueue time, and so its
    expiry; that of a FIFO message starts anew, at the end of its group there, and its
    deduplication id becomes its message id. A message whose dead-letter queue is gone stays where
    it is. Use inside a step.
    """
    policy = queue.redrive_policy
    assert policy is not None
    target = sqs.store.find_queue_by_arn(policy.dead_letter_target_arn)
    if target is None:
        return False
    body = sqs.store.body_row(message.id)
    moved = Moved(
        id=sqs.store.new_id() if queue.is_fifo else message.id,
        message_id=body.message_id,
        group_id=body.group_id,
        deduplication_id=body.message_id if queue.is_fifo else body.deduplication_id,
        dead_letter_source=queue.arn,
        receive_count=message.receive_count,
        first_received_at_ms=message.first_received_at_ms,
        sent_at_ms=now_ms if queue.is_fifo else message.sent_at_ms,
        visible_at_ms=now_ms,
    )
    sqs.store.move(queue, target, message, moved)
    sqs.journeys.step(
        body.trace,
        service="sqs",
        action="DeadLetter",
        resource=target.name,
        detail=f"received {message.receive_count} times from {queue.name}",
    )
    sqs.retention.arrived(target, moved.sent_at_ms)
    sqs.waiting.notify(target.id)
    return True


def redrive(sqs: Sqs, source: Queue, target: Queue, message: WaitingMessage, now_ms: int) -> None:
    """Move a message out of a dead-letter queue: a new message with a new id and time.

    Use inside a step.
    """
    body = sqs.store.body_row(message.id)
    moved = Moved(
        id=sqs.store.new_id(),
        message_id=sqs.ids.uuid(),
        group_id=body.group_id,
        deduplication_id=body.deduplication_id,
        dead_letter_source="",
        receive_count=0,
        first_received_at_ms=0,
        sent_at_ms=now_ms,
        visible_at_ms=now_ms,
    )
    sqs.store.move(source, target, message, moved)
    sqs.journeys.step(
        body.trace,
        service="sqs",
        action="Redrive",
        resource=target.name,
        detail=f"from {source.name}",
    )
    sqs.retention.arrived(target, now_ms)
    sqs.waiting.notify(target.id)
