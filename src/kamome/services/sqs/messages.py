"""Life of a message: delayed → visible → in flight → deleted, expired or dead-lettered.

Pure functions of message, queue and now. AWS: SQS Developer Guide, Amazon SQS visibility timeout;
Using dead-letter queues.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import TYPE_CHECKING

import msgspec

from kamome.services.sqs import limits
from kamome.services.sqs.errors import InvalidMessageContents, InvalidParameterValue
from kamome.services.sqs.message_attributes import has_forbidden_character
from kamome.services.sqs.queues import Queue

if TYPE_CHECKING:
    from kamome.services.sqs.shapes import MessageAttributeValue


class NewMessage(msgspec.Struct, frozen=True):
    """A message on its way into a queue. `content` is the body in UTF-8."""

    id: int
    message_id: str
    sender_id: str
    trace: str
    group_id: str
    deduplication_id: str
    attributes: Mapping[str, MessageAttributeValue]
    content: bytes
    sent_at_ms: int
    visible_at_ms: int

    def repeated(self, earlier: int, message_id: str) -> NewMessage:
        """This sending, found to repeat an earlier message: the sender is told that one's id."""
        return msgspec.structs.replace(self, id=earlier, message_id=message_id)


class WaitingMessage(msgspec.Struct, frozen=True):
    """What decides over a message that could be received now."""

    id: int
    receive_count: int
    first_received_at_ms: int
    sent_at_ms: int
    group_no: int
    visible_at_ms: int


class ReceivedMessage(msgspec.Struct, frozen=True):
    """A message in the hands of a consumer. `receive_count` includes this receive.

    `content` is the body in UTF-8. `dead_letter_source` is the ARN of the queue that it was
    dead-lettered from, empty if it was not.
    """

    id: int
    message_id: str
    sender_id: str
    trace: str
    group_id: str
    deduplication_id: str
    dead_letter_source: str
    attributes: Mapping[str, MessageAttributeValue]
    content: bytes
    receive_count: int
    first_received_at_ms: int
    sent_at_ms: int

    @property
    def body(self) -> str:
        """The body as text."""
        return self.content.decode()


class Fate(Enum):
    """What a receive does with a visible message."""

    DELIVER = auto()
    DEAD_LETTER = auto()
    EXPIRE = auto()


def fate(message: WaitingMessage, queue: Queue, now_ms: int) -> Fate:
    """Expired by retention first; dead-lettered when received `maxReceiveCount` times already."""
    if message.sent_at_ms + queue.retention_ms <= now_ms:
        return Fate.EXPIRE
    policy = queue.redrive_policy
    if policy is not None and message.receive_count >= policy.max_receive_count:
        return Fate.DEAD_LETTER
    return Fate.DELIVER


# All characters of ASCII that XML 1.0 allows.
_ALLOWED_ASCII = bytes([9, 10, 13, *range(0x20, 0x80)])


def checked_content(body: str) -> bytes:
    """A body in UTF-8: not empty, and only characters that XML 1.0 allows.

    Raises:
        InvalidParameterValue: the body is empty.
        InvalidMessageContents: a character is forbidden.
    """
    if not body:
        raise InvalidParameterValue(
            "One or more parameters cannot be validated. Reason: Message must be at least one"
            " character."
        )
    if body.isascii():
        # Deleting what is allowed tells the rest: 0.7 us for 1 KB; the expression takes 9.
        content = body.encode("ascii")
        is_forbidden = bool(content.translate(None, _ALLOWED_ASCII))
    else:
        is_forbidden = has_forbidden_character(body)
        content = b"" if is_forbidden else body.encode()
    if is_forbidden:
        raise InvalidMessageContents(
            "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD |"
            " [#x20 to #xD7FF] | [#xE000 to #xFFFD] | [#x10000 to #x10FFFF]"
        )
    return content


def check_size(size: int, queue: Queue) -> None:
    """Body and attributes together within the queue's MaximumMessageSize.

    Raises:
        InvalidParameterValue: they are larger.
    """
    if size > queue.message_bytes_max:
        raise InvalidParameterValue(
            "One or more parameters are invalid. Reason: Message must be shorter than"
            f" {queue.message_bytes_max} bytes."
        )


def check_range(name: str, value: int, least: int, most: int) -> None:
    """A whole-number parameter within its range.

    Raises:
        InvalidParameterValue: it is not.
    """
    if not least <= value <= most:
        raise InvalidParameterValue(
            f"Value {value} for parameter {name} is invalid. Reason: Must be between {least} and"
            f" {most}, if provided."
        )


def check_delay(delay_s: int) -> None:
    """DelaySeconds is 0 to 900.

    Raises:
        InvalidParameterValue: it is not.
    """
    if not 0 <= delay_s <= limits.DELAY_S_MAX:
        raise InvalidParameterValue(
            f"Value {delay_s} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be"
            f" >= 0 and <= {limits.DELAY_S_MAX}."
        )
