"""Attributes of topics: which there are, their values, their defaults.

A value is stored as it was given, JSON compactly; a reset attribute is not stored.

AWS: SNS API Reference, SetTopicAttributes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import orjson

from kamome.services.sns import delivery_status
from kamome.services.sns.arns import TopicKey
from kamome.services.sns.errors import InvalidParameter, invalid
from kamome.services.sns.http_policy import effective_topic_document, topic_policy
from kamome.services.sns.limits import (
    ARCHIVE_DAYS_MAX,
    DISPLAY_NAME_CHARACTERS_MAX,
    MAXIMUM_MESSAGE_SIZE_MAX_BYTES,
    MAXIMUM_MESSAGE_SIZE_MIN_BYTES,
    MESSAGE_BYTES_DEFAULT_MAX,
    POLICY_BYTES_MAX,
    POLICY_STATEMENTS_MAX,
)

_FIFO_ONLY = frozenset({"ArchivePolicy", "ContentBasedDeduplication", "FifoThroughputScope"})
# A key's id, its ARN, an alias. AWS: KMS API Reference, DescribeKey (KeyId).
_KMS_KEY = re.compile(r"[A-Za-z0-9:/_-]{1,2048}")
# Values that mean none.
_OFF = frozenset({"", "{}"})
_TRACING_MODES = frozenset({"PassThrough", "Active"})
_FIFO_SCOPES = frozenset({"Topic", "MessageGroup"})
_SIGNATURE_VERSIONS = frozenset({"1", "2"})

_OWNER_ACTIONS = (
    "GetTopicAttributes",
    "SetTopicAttributes",
    "AddPermission",
    "RemovePermission",
    "DeleteTopic",
    "Subscribe",
    "ListSubscriptionsByTopic",
    "Publish",
)


def default_policy(topic: TopicKey) -> str:
    """The policy of a topic that was given none: its owner's account may do everything.

    AWS: SNS API Reference, CreateTopic (Policy).
    """
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{action}" for action in _OWNER_ACTIONS],
        "Resource": topic.arn,
        "Condition": {"StringEquals": {"AWS:SourceOwner": topic.account}},
    }
    policy = {"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]}
    return orjson.dumps(policy).decode()


def is_topic_attribute(name: str) -> bool:
    """Whether SetTopicAttributes knows the name.

    AWS: SNS API Reference, SetTopicAttributes (AttributeName).
    """
    return name in _TOPIC_RULES or name in delivery_status.ATTRIBUTES


def topic_attribute(name: str, value: str, prefix: str = "") -> str | None:
    """The value to store for a topic's attribute, or None where it goes back to its default.

    `prefix` begins the sentence of a refusal: `Attributes Reason: ` for CreateTopic.

    Raises:
        InvalidParameter: the value is not one the attribute can have.

    AWS: SNS API Reference, SetTopicAttributes (AttributeValue).
    """
    if name in delivery_status.ATTRIBUTES:
        return delivery_status.checked(name, value, prefix)
    return _TOPIC_RULES[name](value, prefix)


def check_kind_of_topic(name: str, *, is_fifo: bool, prefix: str = "") -> None:
    """Some attributes are for FIFO topics alone.

    Raises:
        InvalidParameter: the topic is a standard topic.

    AWS: SNS API Reference, SetTopicAttributes (AttributeName).
    """
    if name in _FIFO_ONLY and not is_fifo:
        raise invalid(f"{prefix}{name}", f"The attribute {name} can be set only on a FIFO topic")


def archive_days(topic_attributes: Mapping[str, str]) -> int:
    """How many days the archive keeps messages; 0 where there is none.

    AWS: SNS Developer Guide, Message archiving for FIFO topic owners.
    """
    policy = topic_attributes.get("ArchivePolicy")
    return int(orjson.loads(policy)["MessageRetentionPeriod"]) if policy else 0


def effective_delivery_policy(topic_attributes: Mapping[str, str]) -> str:
    """EffectiveDeliveryPolicy: the topic's own policy over SNS's defaults.

    AWS: SNS API Reference, GetTopicAttributes.
    """
    document = effective_topic_document(topic_attributes.get("DeliveryPolicy"))
    return orjson.dumps({"http": document}).decode()


def message_bytes_max(topic_attributes: Mapping[str, str]) -> int:
    """How large message and attributes may be together, in bytes.

    AWS: SNS Developer Guide, Publishing large messages with Amazon SNS.
    """
    return int(topic_attributes.get("MaximumMessageSize", MESSAGE_BYTES_DEFAULT_MAX))


def _policy(value: str, prefix: str) -> str:
    if len(value.encode()) > POLICY_BYTES_MAX:
        raise invalid(f"{prefix}Policy Error: policy is larger than {POLICY_BYTES_MAX} bytes")
    policy = _json_object(value)
    statements = policy.get("Statement") if policy is not None else None
    if isinstance(statements, dict):
        statements = [statements]
    if policy is None or not isinstance(statements, list) or not statements:
        raise invalid(f"{prefix}Policy Error: null")
    if len(statements) > POLICY_STATEMENTS_MAX:
        raise invalid(f"{prefix}Policy Error: more than {POLICY_STATEMENTS_MAX} statements")
    for statement in statements:
        _check_statement(statement, prefix)
    return orjson.dumps(policy).decode()


def _check_statement(statement: object, prefix: str) -> None:
    if not isinstance(statement, dict) or statement.get("Effect") not in ("Allow", "Deny"):
        raise invalid(f"{prefix}Policy Error: null")
    actions = statement.get("Action", statement.get("NotAction"))
    for action in actions if isinstance(actions, list) else [actions]:
        if not isinstance(action, str):
            raise invalid(f"{prefix}Policy Error: null")
        if action != "*" and not action.lower().startswith("sns:"):
            raise InvalidParameter(
                f"Invalid parameter: {prefix}Policy statement action out of service scope!"
            )


def _display_name(value: str, prefix: str) -> str | None:
    if len(value) > DISPLAY_NAME_CHARACTERS_MAX or not value.isprintable():
        raise invalid(f"{prefix}DisplayName")
    return value or None


def _maximum_message_size(value: str, prefix: str) -> str:
    is_number = value.isascii() and value.isdigit() and len(value) <= len("1048576")
    low, high = MAXIMUM_MESSAGE_SIZE_MIN_BYTES, MAXIMUM_MESSAGE_SIZE_MAX_BYTES
    if not is_number or not low <= int(value) <= high:
        raise invalid(
            f"{prefix}MaximumMessageSize: Invalid value [{value}]. Must be an integer"
            f" from {low} to {high}."
        )
    return str(int(value))


def _signature_version(value: str, prefix: str) -> str:
    if value not in _SIGNATURE_VERSIONS:
        raise invalid(f"{prefix}SignatureVersion: Invalid value [{value}]. Must be 1 or 2.")
    return value


def _tracing_config(value: str, prefix: str) -> str:
    if value not in _TRACING_MODES:
        raise invalid(
            f"{prefix}TracingConfig: Invalid value [{value}]. Must be PassThrough or Active."
        )
    return value


def _kms_master_key_id(value: str, prefix: str) -> str | None:
    if not value:
        return None
    if not _KMS_KEY.fullmatch(value):
        raise invalid(f"{prefix}KmsMasterKeyId")
    return value


def _content_based_deduplication(value: str, prefix: str) -> str:
    lowered = value.lower()
    if lowered not in ("true", "false"):
        raise invalid(
            f"{prefix}ContentBasedDeduplication: Invalid value [{value}]. Must be true or false."
        )
    return lowered


def _fifo_throughput_scope(value: str, prefix: str) -> str:
    if value not in _FIFO_SCOPES:
        raise invalid(
            f"{prefix}FifoThroughputScope: Invalid value [{value}]. Must be Topic or MessageGroup."
        )
    return value


def _archive_policy(value: str, prefix: str) -> str | None:
    if value in _OFF:
        return None
    policy = _json_object(value)
    if policy is None:
        raise invalid(f"{prefix}ArchivePolicy: failed to parse JSON.")
    days = policy.get("MessageRetentionPeriod")
    if isinstance(days, str) and days.isascii() and days.isdigit() and len(days) <= 4:
        days = int(days)
    if set(policy) != {"MessageRetentionPeriod"} or not isinstance(days, int):
        raise invalid(f"{prefix}ArchivePolicy: MessageRetentionPeriod is required")
    if isinstance(days, bool) or not 1 <= days <= ARCHIVE_DAYS_MAX:
        raise invalid(
            f"{prefix}ArchivePolicy: MessageRetentionPeriod must be from 1 to {ARCHIVE_DAYS_MAX}"
            " days"
        )
    return orjson.dumps(policy).decode()


def _delivery_policy(value: str, prefix: str) -> str | None:
    return None if value in _OFF else topic_policy(value, prefix)


# Attribute of a topic: the rule for its value.
_TOPIC_RULES: Mapping[str, Callable[[str, str], str | None]] = {
    "ArchivePolicy": _archive_policy,
    "ContentBasedDeduplication": _content_based_deduplication,
    "DeliveryPolicy": _delivery_policy,
    "DisplayName": _display_name,
    "FifoThroughputScope": _fifo_throughput_scope,
    "KmsMasterKeyId": _kms_master_key_id,
    "MaximumMessageSize": _maximum_message_size,
    "Policy": _policy,
    "SignatureVersion": _signature_version,
    "TracingConfig": _tracing_config,
}


def _json_object(text: str) -> dict[str, object] | None:
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return document if isinstance(document, dict) else None
