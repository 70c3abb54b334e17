"""Message groups and deduplication: what a sender must say, and what SQS makes of it.

AWS: SQS API Reference, SendMessage, MessageGroupId, MessageDeduplicationId; SQS Developer Guide,
Exactly-once processing in Amazon SQS.
"""

from __future__ import annotations

import hashlib
import re

import msgspec

from kamome.services.sqs import limits
from kamome.services.sqs.errors import InvalidParameterValue, MissingParameter
from kamome.services.sqs.queues import Queue

# Letters, digits and the punctuation of ASCII.
_TOKEN = re.compile(rf"[!-~]{{1,{limits.TOKEN_CHARACTERS_MAX}}}")
# Sequence numbers have 20 digits; ids have 19 at most.
_SEQUENCE_BASE = 10**19


class Placing(msgspec.Struct, frozen=True):
    """Where a message belongs: its group, and what it is deduplicated by; empty for none."""

    group_id: str
    deduplication_id: str


_NOWHERE = Placing("", "")


def checked_placing(
    queue: Queue, body: str, group_id: str | None, deduplication_id: str | None
) -> Placing:
    """The group and deduplication id of a message; None for what the sender did not say.

    A FIFO queue needs a group; without a deduplication id, the SHA-256 of the body stands for it
    where the queue deduplicates by content. On a standard queue the group is a tenant's.

    Raises:
        MissingParameter: a FIFO message has no group.
        InvalidParameterValue: one is not well-formed, or does not fit the kind of queue.
    """
    if group_id is not None:
        check_token("MessageGroupId", group_id)
    if not queue.is_fifo:
        if deduplication_id is not None:
            raise _not_for_this_queue("MessageDeduplicationId", deduplication_id)
        return _NOWHERE if group_id is None else Placing(group_id, "")
    if group_id is None:
        raise MissingParameter("The request must contain the parameter MessageGroupId.")
    if deduplication_id is not None:
        check_token("MessageDeduplicationId", deduplication_id)
        return Placing(group_id, deduplication_id)
    if not queue.is_deduplicated_by_content:
        raise InvalidParameterValue(
            "The queue should either have ContentBasedDeduplication enabled or"
            " MessageDeduplicationId provided explicitly"
        )
    return Placing(group_id, hashlib.sha256(body.encode()).hexdigest())


def check_token(name: str, value: str) -> None:
    """1 to 128 letters, digits and punctuation characters.

    Raises:
        InvalidParameterValue: it is not.
    """
    if not _TOKEN.fullmatch(value):
        raise InvalidParameterValue(
            f"Value {value} for parameter {name} is invalid. Reason: {name} can only include"
            f" alphanumeric and punctuation characters. 1 to {limits.TOKEN_CHARACTERS_MAX} in"
            " length."
        )


def check_delay_fits(queue: Queue, delay_s: int) -> None:
    """The delay of a FIFO queue is the queue's alone.

    Raises:
        InvalidParameterValue: a message asks for one of its own.
    """
    if queue.is_fifo and delay_s != 0:
        raise _not_for_this_queue("DelaySeconds", str(delay_s))


def _not_for_this_queue(name: str, value: str) -> InvalidParameterValue:
    return InvalidParameterValue(
        f"Value {value} for parameter {name} is invalid. Reason: The request include parameter"
        " that is not valid for this queue type."
    )


def sequence_number(message: int) -> str:
    """The 20 digits of a FIFO message's place: greater than all before it in its queue."""
    return str(_SEQUENCE_BASE + message)
