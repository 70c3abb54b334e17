"""What clients saw of a queue, and what a history must hold.

An event is noted with the moment before the request and the moment after its answer, by one counter
of the observers; an event without answer (the server was killed) may or may not have happened.
`violations` tells each promise that a history breaks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Sent:
    """A send of a body, which no other sender uses. `group` is empty on standard queues."""

    body: str
    group: str
    began: int
    ended: int
    is_answered: bool


@dataclass(frozen=True, slots=True)
class Received:
    """One message of a receive's answer; `place` is its position in that answer."""

    body: str
    message_id: str
    group: str
    sequence: str
    receives: int
    is_dead_letter: bool
    place: int
    began: int
    ended: int


@dataclass(frozen=True, slots=True)
class Deleted:
    """A delete by the handle of a receive."""

    body: str
    began: int
    ended: int
    is_answered: bool


@dataclass(slots=True)
class History:
    """All that the clients of one queue and its dead-letter queue saw."""

    max_receives: int
    sent: list[Sent] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    deleted: list[Deleted] = field(default_factory=list)

    @property
    def operations(self) -> int:
        """How many messages were sent, received and deleted."""
        return len(self.sent) + len(self.received) + len(self.deleted)


def violations(history: History) -> list[str]:
    """Each broken promise in one line; the history must end with a drain of both queues."""
    return [
        *_lost(history),
        *_came_from_nowhere(history),
        *_returned(history),
        *_out_of_order(history),
        *_twice(history),
        *_miscounted(history),
    ]


def _lost(history: History) -> Iterator[str]:
    """What was acknowledged has been received by somebody: the drain at least."""
    seen = {each.body for each in history.received}
    for each in history.sent:
        if each.is_answered and each.body not in seen:
            yield f"lost: {each.body} was acknowledged and never received"


def _came_from_nowhere(history: History) -> Iterator[str]:
    sent = {each.body for each in history.sent}
    for each in history.received:
        if each.body not in sent:
            yield f"unknown: {each.body} was received and never sent"


def _returned(history: History) -> Iterator[str]:
    """What was deleted with success is in no receive that began afterwards."""
    gone = {each.body: each.ended for each in history.deleted if each.is_answered}
    for each in history.received:
        if each.began > gone.get(each.body, each.began):
            yield f"returned: {each.body} was received after its deletion was acknowledged"


def _out_of_order(history: History) -> Iterator[str]:
    """Before a FIFO message, all earlier ones of its group have been deleted or dead-lettered.

    Earlier are those with a smaller sequence number. One that a receive at the same time holds
    cannot be told apart from one that had been deleted; so only a receive that ended before any
    deletion of the earlier one began counts.
    """
    leaving = _first_leaving(history)
    by_group: dict[str, dict[str, str]] = defaultdict(dict)
    for each in history.received:
        if each.group and not each.is_dead_letter:
            by_group[each.group][each.body] = each.sequence
    answers = _places(history.received)
    for each in history.received:
        if not each.group or each.is_dead_letter:
            continue
        for body, sequence in by_group[each.group].items():
            if sequence >= each.sequence:
                continue
            is_before_it_in_the_answer = answers.get((each.began, body), each.place) < each.place
            if not is_before_it_in_the_answer and leaving.get(body, each.ended + 1) > each.ended:
                yield f"order: {each.body} came while {body} of group {each.group} was there"


def _first_leaving(history: History) -> dict[str, int]:
    """When a message may have left its queue at the earliest."""
    leaving: dict[str, int] = {}
    for body, began in [(each.body, each.began) for each in history.deleted]:
        leaving[body] = min(began, leaving.get(body, began))
    received = sorted(history.received, key=lambda each: each.began)
    for each in received:
        # Received as often as allowed, it leaves with any later receive; seen among the dead
        # letters, it has left before.
        if each.is_dead_letter:
            last = max((r.ended for r in received if _is_earlier_here(r, each)), default=0)
            leaving[each.body] = min(last, leaving.get(each.body, last))
    return leaving


def _is_earlier_here(one: Received, dead: Received) -> bool:
    return one.body == dead.body and not one.is_dead_letter and one.began < dead.began


def _places(received: Iterable[Received]) -> dict[tuple[int, str], int]:
    return {(each.began, each.body): each.place for each in received}


def _twice(history: History) -> Iterator[str]:
    """A FIFO body, sent again and again under one deduplication id, is one message."""
    ids: dict[str, set[str]] = defaultdict(set)
    for each in history.received:
        if each.group:
            ids[each.body].add(each.message_id)
    for body, message_ids in ids.items():
        if len(message_ids) > 1:
            yield f"twice: {body} is {len(message_ids)} messages"


def _miscounted(history: History) -> Iterator[str]:
    """Receive counts rise with each receive, and a message is dead after the last allowed one."""
    by_message: dict[str, list[Received]] = defaultdict(list)
    for each in history.received:
        by_message[each.message_id].append(each)
    for message_id, received in by_message.items():
        yield from _miscounted_message(message_id, received, history.max_receives)


def _miscounted_message(
    message_id: str, received: Sequence[Received], max_receives: int
) -> Iterator[str]:
    in_order = sorted(received, key=lambda each: each.receives)
    for one, next_one in pairwise(in_order):
        if one.receives == next_one.receives:
            yield f"count: {message_id} was received twice as number {one.receives}"
        if next_one.ended < one.began:
            yield f"count: {message_id} was number {next_one.receives} before {one.receives}"
        if one.is_dead_letter and not next_one.is_dead_letter:
            yield f"count: {message_id} came back from the dead letters"
    for each in in_order:
        if each.is_dead_letter != (each.receives > max_receives):
            where = "the dead-letter queue" if each.is_dead_letter else "its queue"
            yield f"count: {message_id} was received as number {each.receives} from {where}"
