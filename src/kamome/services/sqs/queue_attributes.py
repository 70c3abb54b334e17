"""Attributes of queues: names, ranges, defaults, and what they mean.

AWS: SQS API Reference, CreateQueue, SetQueueAttributes, GetQueueAttributes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec
import orjson

from kamome.arn import parse_arn
from kamome.services.sqs import limits
from kamome.services.sqs.errors import (
    InvalidAttributeName,
    InvalidAttributeValue,
    InvalidParameterValue,
)

_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")
_WHOLE_NUMBER = re.compile(r"\d{1,10}")


class RedrivePolicy(msgspec.Struct, frozen=True):
    """Where a message goes when it has been received `max_receive_count` times in vain."""

    dead_letter_target_arn: str
    max_receive_count: int


class _Range(msgspec.Struct, frozen=True):
    least: int
    most: int
    default: str


# AWS: SQS API Reference, CreateQueue, Attributes.
_NUMBERS: Mapping[str, _Range] = {
    "DelaySeconds": _Range(0, limits.DELAY_S_MAX, "0"),
    "MaximumMessageSize": _Range(
        limits.MESSAGE_BYTES_MIN, limits.MESSAGE_BYTES_MAX, str(limits.MESSAGE_BYTES_MAX)
    ),
    "MessageRetentionPeriod": _Range(limits.RETENTION_S_MIN, limits.RETENTION_S_MAX, "345600"),
    "ReceiveMessageWaitTimeSeconds": _Range(0, limits.WAIT_TIME_S_MAX, "0"),
    "VisibilityTimeout": _Range(0, limits.VISIBILITY_TIMEOUT_S_MAX, "30"),
    "KmsDataKeyReusePeriodSeconds": _Range(60, 86_400, "300"),
}
_DOCUMENTS = frozenset({"Policy", "RedrivePolicy", "RedriveAllowPolicy"})
_BOOLEANS = frozenset({"SqsManagedSseEnabled"})
_TEXTS = frozenset({"KmsMasterKeyId"})
_FIFO_BOOLEANS = frozenset({"FifoQueue", "ContentBasedDeduplication"})
_FIFO_CHOICES: Mapping[str, tuple[str, ...]] = {
    "DeduplicationScope": ("messageGroup", "queue"),
    "FifoThroughputLimit": ("perQueue", "perMessageGroupId"),
}
# What every queue has without being told. KmsDataKeyReusePeriodSeconds shows with a key only.
_DEFAULTS: Mapping[str, str] = {
    name: numbers.default
    for name, numbers in _NUMBERS.items()
    if name != "KmsDataKeyReusePeriodSeconds"
} | {"SqsManagedSseEnabled": "true"}

COUNT_ATTRIBUTES = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)
_READ_ONLY = frozenset({*COUNT_ATTRIBUTES, "QueueArn", "CreatedTimestamp", "LastModifiedTimestamp"})
READABLE = (
    frozenset(_NUMBERS)
    | _DOCUMENTS
    | _BOOLEANS
    | _TEXTS
    | _FIFO_BOOLEANS
    | frozenset(_FIFO_CHOICES)
    | _READ_ONLY
    | {"All"}
)


def check_queue_name(name: str, *, is_fifo: bool) -> None:
    """1 to 80 letters, digits, hyphens and underscores; `.fifo` at the end of FIFO queues only.

    Raises:
        InvalidParameterValue: it is not such a name.
    """
    stem = name.removesuffix(".fifo")
    if is_fifo and stem == name:
        raise InvalidParameterValue(
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or"
            " underscores, must end with .fifo suffix and be 1 to 80 in length."
        )
    fits = _NAME.fullmatch(stem if is_fifo else name)
    if not fits or len(name) > limits.QUEUE_NAME_CHARACTERS_MAX:
        raise InvalidParameterValue(
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
        )


def checked_attributes(given: Mapping[str, str], *, is_fifo: bool) -> dict[str, str]:
    """The given attributes in canonical form: numbers plain, documents compact, unset left out.

    An empty document or key id takes the attribute away (value "" in the result).

    Raises:
        InvalidAttributeName: this kind of queue has no such attribute, or it cannot be set.
        InvalidAttributeValue: the value is out of range.
        InvalidParameterValue: a policy or redrive document is not one, or too long.
    """
    return {name: _checked(name, value, is_fifo=is_fifo) for name, value in given.items()}


def _checked(name: str, value: str, *, is_fifo: bool) -> str:
    if name in _NUMBERS:
        return _checked_number(name, value)
    if name in _DOCUMENTS:
        return _checked_document(name, value)
    if name in _BOOLEANS or (is_fifo and name in _FIFO_BOOLEANS):
        return _checked_choice(name, value.lower(), ("true", "false"))
    if is_fifo and name in _FIFO_CHOICES:
        return _checked_choice(name, value, _FIFO_CHOICES[name])
    if name in _TEXTS:
        return value
    raise InvalidAttributeName(f"Unknown Attribute {name}.")


def _checked_number(name: str, value: str) -> str:
    numbers = _NUMBERS[name]
    if not _WHOLE_NUMBER.fullmatch(value) or not numbers.least <= int(value) <= numbers.most:
        raise InvalidAttributeValue(f"Invalid value for the parameter {name}.")
    return str(int(value))


def _checked_choice(name: str, value: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise InvalidAttributeValue(f"Invalid value for the parameter {name}.")
    return value


def _checked_document(name: str, value: str) -> str:
    if value == "":
        return ""
    try:
        document = orjson.loads(value)
    except orjson.JSONDecodeError:
        document = None
    not_a_map = "Reason: Redrive policy is not a valid JSON map."
    if not isinstance(document, dict):
        raise _bad_document(name, value, not_a_map)
    if name == "RedrivePolicy":
        document = _checked_redrive_policy(document, value)
    if name == "RedriveAllowPolicy":
        _check_redrive_allow_policy(document, value)
    try:
        compact = orjson.dumps(document)
    except orjson.JSONEncodeError:  # deeper than it writes, which is less than it reads
        raise _bad_document(name, value, not_a_map) from None
    if len(compact) > limits.POLICY_BYTES_MAX:
        raise _bad_document(
            name, value, f"Reason: It is longer than {limits.POLICY_BYTES_MAX} bytes."
        )
    return compact.decode()


def _bad_document(name: str, value: str, reason: str) -> InvalidParameterValue:
    if name == "Policy":
        return InvalidParameterValue("Invalid value for the parameter Policy.")
    return InvalidParameterValue(f"Value {value} for parameter {name} is invalid. {reason}")


def _checked_redrive_policy(document: dict[str, object], value: str) -> dict[str, object]:
    target, count = document.get("deadLetterTargetArn"), document.get("maxReceiveCount")
    if target is None or count is None:
        raise _bad_document(
            "RedrivePolicy",
            value,
            "Reason: Redrive policy does not contain mandatory attribute:"
            f" {'deadLetterTargetArn' if target is None else 'maxReceiveCount'}.",
        )
    arn = parse_arn(target) if isinstance(target, str) else None
    if arn is None or arn.service != "sqs":
        raise _bad_document(
            "RedrivePolicy", value, "Reason: Invalid value for deadLetterTargetArn."
        )
    if isinstance(count, str) and _WHOLE_NUMBER.fullmatch(count):
        count = int(count)
    if (
        not isinstance(count, int)
        or isinstance(count, bool)
        or not 1 <= count <= limits.RECEIVE_COUNT_MAX
    ):
        raise _bad_document(
            "RedrivePolicy",
            value,
            "Reason: Invalid value for maxReceiveCount: "
            f"{count}, valid values are from 1 to {limits.RECEIVE_COUNT_MAX} both inclusive.",
        )
    return {**document, "deadLetterTargetArn": target, "maxReceiveCount": count}


def _check_redrive_allow_policy(document: dict[str, object], value: str) -> None:
    permission = document.get("redrivePermission")
    sources = document.get("sourceQueueArns")
    if permission not in ("allowAll", "denyAll", "byQueue"):
        raise _bad_document(
            "RedriveAllowPolicy",
            value,
            "Reason: Amazon SQS can't create the redrive allow policy, as it's in an unsupported"
            " format.",
        )
    is_list = isinstance(sources, list) and 0 < len(sources) <= 10
    if (permission == "byQueue") != is_list:
        raise _bad_document(
            "RedriveAllowPolicy",
            value,
            "Reason: sourceQueueArns holds 1 to 10 ARNs exactly when redrivePermission is byQueue.",
        )


def check_attributes_together(attributes: Mapping[str, str]) -> None:
    """What must hold between the attributes of a queue.

    Raises:
        InvalidAttributeValue: high throughput per message group without deduplication per group.
        InvalidAttributeName: both kinds of server-side encryption.

    AWS: SQS API Reference, CreateQueue, FifoThroughputLimit, SqsManagedSseEnabled.
    """
    if (
        attributes.get("FifoThroughputLimit") == "perMessageGroupId"
        and attributes.get("DeduplicationScope") != "messageGroup"
    ):
        raise InvalidAttributeValue(
            "Invalid value for the parameter FifoThroughputLimit. Reason: perMessageGroupId is"
            " allowed only when DeduplicationScope is messageGroup."
        )
    if attributes.get("KmsMasterKeyId") and attributes.get("SqsManagedSseEnabled") == "true":
        raise InvalidAttributeName(
            "You can use one type of server-side encryption (SSE) at one time. You can either"
            " enable KMS SSE or SQS SSE."
        )


def with_defaults(attributes: Mapping[str, str]) -> dict[str, str]:
    """All settable attributes that a queue shows, given those that were set."""
    shown = {**_DEFAULTS, **{name: value for name, value in attributes.items() if value != ""}}
    if "KmsMasterKeyId" in shown:
        shown.setdefault("KmsDataKeyReusePeriodSeconds", "300")
        shown["SqsManagedSseEnabled"] = "false"
    if shown.get("FifoQueue") == "true":
        shown.setdefault("ContentBasedDeduplication", "false")
        shown.setdefault("DeduplicationScope", "queue")
        shown.setdefault("FifoThroughputLimit", "perQueue")
    return shown


def first_difference(existing: Mapping[str, str], given: Mapping[str, str]) -> str | None:
    """The first given attribute that the existing queue has otherwise, or None."""
    shown = with_defaults(existing)
    for name, value in given.items():
        if shown.get(name, "") != value:
            return name
    return None


def redrive_policy(attributes: Mapping[str, str]) -> RedrivePolicy | None:
    """The queue's redrive policy, already checked."""
    text = attributes.get("RedrivePolicy", "")
    if text == "":
        return None
    document = orjson.loads(text)
    return RedrivePolicy(document["deadLetterTargetArn"], document["maxReceiveCount"])


def redrive_allowed(dead_letter_attributes: Mapping[str, str], source_arn: str) -> bool:
    """Whether a dead-letter queue's redrive allow policy takes this source queue.

    AWS: SQS Developer Guide, Configuring a dead-letter queue, redrive allow policy.
    """
    text = dead_letter_attributes.get("RedriveAllowPolicy", "")
    if text == "":
        return True
    document = orjson.loads(text)
    if document["redrivePermission"] == "byQueue":
        return source_arn in document["sourceQueueArns"]
    return bool(document["redrivePermission"] == "allowAll")
