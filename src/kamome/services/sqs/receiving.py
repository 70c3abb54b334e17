"""Claiming messages: what a receive does in one step, for the API and for event source mappings."""

from __future__ import annotations

from kamome.services.sqs import limits
from kamome.services.sqs.errors import OverLimit
from kamome.services.sqs.messages import Fate, ReceivedMessage, WaitingMessage, fate
from kamome.services.sqs.queue_operations import queue_by_arn
from kamome.services.sqs.queues import Queue
from kamome.services.sqs.slice import Sqs

# A receive looks at this many groups of expired or dead-lettered messages before it answers with
# what it has; the next receive goes on.
_PASSES_MAX = 20


def claim_messages(sqs: Sqs, queue: Queue, count: int, timeout_s: int) -> list[ReceivedMessage]:
    """Take up to `count` visible messages and hide them for `timeout_s` seconds.

    On the way, messages past their retention are dropped, and those received maxReceiveCount times
    move to the dead-letter queue.

    Raises:
        OverLimit: as many messages are in flight as the queue may have.
    """
    now_ms = sqs.clock.now_ms()
    claimed: list[ReceivedMessage] = []
    for _ in range(_PASSES_MAX):
        waiting = sqs.store.visible(queue, now_ms, count - len(claimed))
        if not waiting:
            break
        with sqs.store.engine.atomic():
            taken = _sort_out(sqs, queue, waiting, now_ms)
            if taken:
                _check_in_flight(sqs, queue, now_ms)
                until_ms = now_ms + timeout_s * 1000
                claimed += sqs.store.claim(queue, taken, now_ms, until_ms)
        if len(claimed) >= count or len(taken) == len(waiting):
            break
    arm_waiting(sqs, queue)
    return claimed


def arm_waiting(sqs: Sqs, queue: Queue) -> None:
    """See to it that whoever waits is woken when the next hidden or delayed message is free."""
    if not sqs.waiting.has_waiters(queue.id):
        return
    next_ms = sqs.store.next_visible_ms(queue, sqs.clock.now_ms())
    if next_ms is not None:
        sqs.waiting.notify_at(queue.id, next_ms)


def _sort_out(
    sqs: Sqs, queue: Queue, waiting: list[WaitingMessage], now_ms: int
) -> list[WaitingMessage]:
    """Carry out the fate of each; returns those to deliver."""
    taken = []
    for message in waiting:
        match fate(message, queue, now_ms):
            case Fate.DELIVER:
                taken.append(message)
            case Fate.EXPIRE:
                sqs.store.drop(queue.messages_id, message.id)
            case Fate.DEAD_LETTER:
                if not _dead_letter(sqs, queue, message, now_ms):
                    taken.append(message)
    return taken


def _dead_letter(sqs: Sqs, queue: Queue, message: WaitingMessage, now_ms: int) -> bool:
    """Move a message to the dead-letter queue; False when that queue is gone.

    AWS leaves the message in the source queue then; so do we.
    """
    policy = queue.redrive_policy
    assert policy is not None
    target = queue_by_arn(sqs, policy.dead_letter_target_arn)
    if target is None:
        return False
    sqs.store.move(queue, target, message.id, now_ms)
    sqs.journeys.step(
        sqs.store.body_trace(message.id),
        service="sqs",
        action="DeadLetter",
        resource=target.name,
        detail=f"received {message.receive_count} times from {queue.name}",
    )
    sqs.waiting.notify(target.id)
    return True


def _check_in_flight(sqs: Sqs, queue: Queue, now_ms: int) -> None:
    if sqs.store.in_flight_at_most(queue, now_ms) < limits.IN_FLIGHT_STANDARD_MAX:
        return
    if sqs.store.in_flight(queue, now_ms) >= limits.IN_FLIGHT_STANDARD_MAX:
        raise OverLimit(queue.name)
