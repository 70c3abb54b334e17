"""Claiming messages: what a receive does in one step, for the API and for event source mappings."""

from __future__ import annotations

from collections.abc import Sequence

from kamome.services.sqs import limits
from kamome.services.sqs.errors import OverLimit
from kamome.services.sqs.fair_queues import noisy_tenants
from kamome.services.sqs.messages import Fate, ReceivedMessage, WaitingMessage, fate
from kamome.services.sqs.queues import Queue
from kamome.services.sqs.redrive import dead_letter
from kamome.services.sqs.slice import Sqs

# A receive looks at this many groups of expired or dead-lettered messages before it answers with
# what it has; the next receive goes on.
_PASSES_MAX = 20


def claim_messages(sqs: Sqs, queue: Queue, count: int, timeout_s: int) -> list[ReceivedMessage]:
    """Take up to `count` (1 to 10) messages and hide them for `timeout_s` seconds.

    On the way, messages past their retention are dropped, and those received maxReceiveCount times
    move to the dead-letter queue. A FIFO queue gives as many as it can of one message group, in
    their order, then goes on to the next; a group with a message in flight gives none. A standard
    queue gives those longest visible first, those of noisy tenants last.

    Raises:
        OverLimit: as many messages are in flight as a standard queue may have; a FIFO queue gives
            none then.
    """
    now_ms = sqs.clock.now_ms()
    until_ms = now_ms + timeout_s * 1000
    count = _room_in_flight(sqs, queue, min(count, limits.RECEIVE_MESSAGES_MAX), now_ms)
    claim = _claim_fifo if queue.is_fifo else _claim_standard
    claimed = claim(sqs, queue, count, now_ms, until_ms) if count else []
    if claimed:
        sqs.counters.of(queue.id).received += len(claimed)
    arm_waiting(sqs, queue)
    return claimed


def arm_waiting(sqs: Sqs, queue: Queue) -> None:
    """See to it that whoever waits is woken when the next hidden or delayed message is free."""
    if not sqs.waiting.has_waiters(queue.id):
        return
    next_ms = sqs.store.next_visible_ms(queue, sqs.clock.now_ms())
    if next_ms is not None:
        sqs.waiting.notify_at(queue.id, next_ms)


def _room_in_flight(sqs: Sqs, queue: Queue, count: int, now_ms: int) -> int:
    """How many of `count` messages may still come into flight."""
    if sqs.store.in_flight_at_most(queue, now_ms) + count <= queue.in_flight_max:
        return count
    room = queue.in_flight_max - sqs.store.in_flight(queue, now_ms)
    if room <= 0 and not queue.is_fifo:
        raise OverLimit(f"Too many messages in flight for queue {queue.name}")
    return max(0, min(count, room))


def _claim_standard(
    sqs: Sqs, queue: Queue, count: int, now_ms: int, until_ms: int
) -> list[ReceivedMessage]:
    waiting = _choice(sqs, queue, count, now_ms)
    claimed: list[ReceivedMessage] = []
    if not waiting:
        return claimed  # without a step: nothing is written for an empty receive
    if not sqs.store.groups.has_groups(queue.messages_id) and all(
        fate(message, queue, now_ms) is Fate.DELIVER for message in waiting
    ):
        # The common case, one statement: there are no others, or the receive is full.
        return sqs.store.claim(queue, waiting, now_ms, until_ms)
    with sqs.store.engine.atomic():
        for _ in range(_PASSES_MAX):
            taken = _sort_out(sqs, queue, waiting, now_ms)
            if taken:
                claimed += sqs.store.claim(queue, taken, now_ms, until_ms)
            if sqs.store.groups.has_groups(queue.messages_id):
                _refresh_tenants(sqs, queue, taken)
            if _is_enough(claimed, count, now_ms, until_ms):
                break
            waiting = _choice(sqs, queue, count - len(claimed), now_ms)
            if not waiting:
                break
    return claimed


def _claim_fifo(
    sqs: Sqs, queue: Queue, count: int, now_ms: int, until_ms: int
) -> list[ReceivedMessage]:
    groups = sqs.store.groups.available(queue.messages_id, now_ms, count)
    claimed: list[ReceivedMessage] = []
    if not groups:
        return claimed
    with sqs.store.engine.atomic():
        for _ in range(_PASSES_MAX):
            for group_no in groups:
                left = count - len(claimed)
                if left == 0:
                    break
                front = sqs.store.groups.fifo_front(group_no, now_ms, left)
                taken = _sort_out(sqs, queue, front, now_ms)
                if taken:
                    claimed += sqs.store.claim(queue, taken, now_ms, until_ms)
                    sqs.store.groups.block(group_no, taken[0].id, until_ms)
            if _is_enough(claimed, count, now_ms, until_ms):
                break
            groups = sqs.store.groups.available(queue.messages_id, now_ms, count - len(claimed))
            if not groups:
                break
    return claimed


def _is_enough(claimed: Sequence[object], count: int, now_ms: int, until_ms: int) -> bool:
    """With a timeout of zero, what has been taken is visible again at once: one pass only."""
    return len(claimed) >= count or (bool(claimed) and until_ms <= now_ms)


def _refresh_tenants(sqs: Sqs, queue: Queue, taken: Sequence[WaitingMessage]) -> None:
    tenants = [message.group_no for message in taken]
    for group_no in set(tenants) - {0}:
        sqs.store.groups.refresh(group_no)
    sqs.store.groups.count_in_flight(queue.messages_id, tenants)


def _choice(sqs: Sqs, queue: Queue, wanted: int, now_ms: int) -> list[WaitingMessage]:
    """The next messages of a standard queue."""
    if sqs.store.groups.has_groups(queue.messages_id):
        return _fair_choice(sqs, queue, wanted, now_ms)
    return sqs.store.visible(queue, now_ms, wanted)


def _fair_choice(sqs: Sqs, queue: Queue, wanted: int, now_ms: int) -> list[WaitingMessage]:
    """A share of each quiet tenant, longest visible first; without any, those of noisy ones."""
    groups = sqs.store.groups
    in_flight = groups.tenants_in_flight(queue.messages_id, now_ms)
    noisy = noisy_tenants(in_flight, sum(in_flight.values()))
    available = groups.available(queue.messages_id, now_ms, wanted + len(noisy))
    quiet = [group_no for group_no in available if group_no not in noisy][:wanted]
    choice = sqs.store.visible(queue, now_ms, wanted)
    share = -(-wanted // max(1, len(quiet)))
    for group_no in quiet:
        choice += groups.tenant_front(group_no, now_ms, share)
    if choice:
        choice.sort(key=lambda message: (message.visible_at_ms, message.id))
        return choice[:wanted]
    for group_no in noisy:
        left = wanted - len(choice)
        if left and group_no in available:
            choice += groups.tenant_front(group_no, now_ms, left)
    return choice


def _sort_out(
    sqs: Sqs, queue: Queue, waiting: Sequence[WaitingMessage], now_ms: int
) -> list[WaitingMessage]:
    """Carry out the fate of each; returns those to deliver."""
    taken = []
    for message in waiting:
        match fate(message, queue, now_ms):
            case Fate.DELIVER:
                taken.append(message)
            case Fate.EXPIRE:
                sqs.store.expire(queue, message.id, message.group_no)
            case Fate.DEAD_LETTER:
                if not dead_letter(sqs, queue, message, now_ms):
                    taken.append(message)
    return taken
