"""Batches of SQS messages: the event that a function receives, and what its answer means.

AWS: Lambda Developer Guide, Using Lambda with Amazon SQS (Example standard queue message event;
Implementing partial batch responses).
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import cast

import msgspec
import orjson

from kamome.arn import parse_arn
from kamome.event_patterns import Json, Pattern, matches
from kamome.services.lambda_.limits import PAYLOAD_BYTES_MAX
from kamome.services.lambda_.ports import MessageAttribute, PolledMessage

_EMPTY_EVENT_BYTES = len(b'{"Records":[]}')


class Batch(msgspec.Struct, frozen=True):
    """Messages that go to a function together, and the event of them."""

    messages: tuple[PolledMessage, ...]
    payload: bytes

    @property
    def is_too_large(self) -> bool:
        """A single message can pass 6 MB when JSON has to escape most of it."""
        return len(self.payload) > PAYLOAD_BYTES_MAX


class Verdict(msgspec.Struct, frozen=True):
    """Which messages of a batch have been worked, and which come back."""

    done: tuple[PolledMessage, ...]
    failed: tuple[PolledMessage, ...]


def batches_of(queue_arn: str, messages: Sequence[PolledMessage]) -> Iterator[Batch]:
    """The messages in as few batches as the 6 MB payload limit allows, in order."""
    records: list[bytes] = []
    gathered: list[PolledMessage] = []
    size = _EMPTY_EVENT_BYTES
    for message in messages:
        record = orjson.dumps(sqs_record(queue_arn, message))
        if gathered and size + len(record) + 1 > PAYLOAD_BYTES_MAX:
            yield Batch(tuple(gathered), _event(records))
            records, gathered, size = [], [], _EMPTY_EVENT_BYTES
        records.append(record)
        gathered.append(message)
        size += len(record) + 1
    if gathered:
        yield Batch(tuple(gathered), _event(records))


def sqs_record(queue_arn: str, message: PolledMessage) -> dict[str, object]:
    """One member of `Records`."""
    arn = parse_arn(queue_arn)
    record: dict[str, object] = {
        "messageId": message.message_id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": dict(message.attributes),
        "messageAttributes": {
            name: _attribute(attribute) for name, attribute in message.message_attributes.items()
        },
        "md5OfBody": message.md5_of_body,
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": arn.region if arn is not None else "",
    }
    if message.md5_of_message_attributes:
        record["md5OfMessageAttributes"] = message.md5_of_message_attributes
    return record


def passes(record: Mapping[str, object], patterns: Sequence[Pattern]) -> bool:
    """Whether a record passes one of the filters; all do where there are none.

    A body that is JSON is matched as such, by patterns that treat it so; a pattern for text matches
    only a body that is none, and the other way round.

    AWS: Lambda Developer Guide, Using event filtering with an Amazon SQS event source.
    """
    if not patterns:
        return True
    seen = dict(record)
    with suppress(orjson.JSONDecodeError):
        seen["body"] = orjson.loads(str(record["body"]))
    if not isinstance(seen["body"], (dict, list)):
        seen["body"] = record["body"]
    return any(matches(pattern, cast("Json", seen)) for pattern in patterns)


def verdict(batch: Batch, answer: bytes | None, *, reports_failures: bool) -> Verdict:
    """What the function's answer means for each message; `answer` is None if it failed.

    With ReportBatchItemFailures the answer counts as complete success when it is null, empty, or
    `batchItemFailures` is missing, null or empty; as complete failure when it is not a JSON object
    of that form, or an `itemIdentifier` is missing, null, empty, no string, or names no message of
    the batch. Without ReportBatchItemFailures any answer is success.
    """
    if answer is None:
        return Verdict((), batch.messages)
    if not reports_failures:
        return Verdict(batch.messages, ())
    failed_ids = _failed_ids(answer)
    known = {message.message_id for message in batch.messages}
    if failed_ids is None or not failed_ids <= known:
        return Verdict((), batch.messages)
    return Verdict(
        tuple(message for message in batch.messages if message.message_id not in failed_ids),
        tuple(message for message in batch.messages if message.message_id in failed_ids),
    )


def _failed_ids(answer: bytes) -> set[str] | None:
    """The reported ids; None where the report cannot be read."""
    if not answer.strip():
        return set()
    try:
        document = orjson.loads(answer)
    except orjson.JSONDecodeError:
        return None
    if document is None or document in ("", []):
        return set()  # "an empty or null EventResponse"
    if not isinstance(document, dict):
        return None  # no EventResponse at all: keeping the messages loses nothing
    failures = document.get("batchItemFailures")
    if failures is None:
        return set()
    if not isinstance(failures, list):
        return None
    found: set[str] = set()
    for failure in failures:
        identifier = failure.get("itemIdentifier") if isinstance(failure, dict) else None
        if not isinstance(identifier, str) or not identifier:
            return None
        found.add(identifier)
    return found


def _event(records: Sequence[bytes]) -> bytes:
    return b'{"Records":[' + b",".join(records) + b"]}"


def _attribute(attribute: MessageAttribute) -> Mapping[str, object]:
    """A message attribute; the two list members are always there, and always empty."""
    shown: dict[str, object] = {
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": attribute.data_type,
    }
    if attribute.string_value is not None:
        shown["stringValue"] = attribute.string_value
    if attribute.binary_value is not None:
        shown["binaryValue"] = base64.b64encode(attribute.binary_value).decode("ascii")
    return shown
