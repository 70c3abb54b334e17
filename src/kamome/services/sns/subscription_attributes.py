"""Attributes of subscriptions: which there are, their values, and how they depend on each other.

A value is stored as it was given, JSON compactly; a reset attribute is not stored.

AWS: SNS API Reference, SetSubscriptionAttributes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec
import orjson

from kamome.arn import parse_arn
from kamome.services.sns import arns
from kamome.services.sns.arns import TopicKey
from kamome.services.sns.errors import InvalidParameter, invalid
from kamome.services.sns.filter_policy import (
    MESSAGE_ATTRIBUTES,
    MESSAGE_BODY,
    Rule,
    filter_policy,
)
from kamome.services.sns.http_policy import subscription_policy

_NAMES = frozenset(
    {
        "DeliveryPolicy",
        "FilterPolicy",
        "FilterPolicyScope",
        "RawMessageDelivery",
        "RedrivePolicy",
        "ReplayPolicy",
        "SubscriptionRoleArn",
    }
)
_OFF = frozenset({"", "{}"})
HTTP_PROTOCOLS = frozenset({"http", "https"})
_RAW_PROTOCOLS = frozenset({"sqs", "http", "https", "firehose"})
_SCOPES = (MESSAGE_ATTRIBUTES, MESSAGE_BODY)


class Place(msgspec.Struct, frozen=True):
    """What the rules need to know of a subscription besides its attributes."""

    protocol: str
    endpoint: str
    topic: TopicKey
    is_archived: bool = False


def is_subscription_attribute(name: str) -> bool:
    """Whether SetSubscriptionAttributes knows the name.

    AWS: SNS API Reference, SetSubscriptionAttributes (AttributeName).
    """
    return name in _NAMES


def changed(
    kept: Mapping[str, str], given: Mapping[str, str], place: Place, prefix: str = ""
) -> dict[str, str]:
    """A subscription's attributes after a change; an empty value goes back to the default.

    Raises:
        InvalidParameter: a value is not one the attribute can have, or does not fit the others.

    AWS: SNS API Reference, SetSubscriptionAttributes (AttributeValue).
    """
    attributes = dict(kept)
    for name, value in given.items():
        checked = _checked(name, value, place, prefix)
        if checked is None:
            attributes.pop(name, None)
        else:
            attributes[name] = checked
    if given.keys() & {"FilterPolicy", "FilterPolicyScope"}:
        _check_filter_policy(attributes, prefix)
    if "DeliveryPolicy" in given and "DeliveryPolicy" in attributes:
        attributes["DeliveryPolicy"] = subscription_policy(
            attributes["DeliveryPolicy"], prefix, is_raw=is_raw(attributes)
        )
    return attributes


def shown(attributes: Mapping[str, str]) -> dict[str, str]:
    """Attributes as GetSubscriptionAttributes shows them, with the defaults it always shows.

    AWS: SNS API Reference, GetSubscriptionAttributes.
    """
    defaults = {"RawMessageDelivery": "false"}
    if "FilterPolicy" in attributes:
        defaults["FilterPolicyScope"] = MESSAGE_ATTRIBUTES
    return {**defaults, **attributes}


def filter_rule(attributes: Mapping[str, str]) -> tuple[Rule, str] | None:
    """The filter policy and its scope, or None where all messages pass.

    AWS: SNS Developer Guide, Amazon SNS subscription filter policies.
    """
    text = attributes.get("FilterPolicy")
    if text is None:
        return None
    scope = attributes.get("FilterPolicyScope", MESSAGE_ATTRIBUTES)
    return filter_policy(text, scope), scope


def dead_letter_queue(attributes: Mapping[str, str]) -> str | None:
    """The ARN of the queue for messages that could not be delivered, or None.

    AWS: SNS Developer Guide, Amazon SNS dead-letter queues.
    """
    policy = attributes.get("RedrivePolicy")
    if policy is None:
        return None
    return str(orjson.loads(policy)["deadLetterTargetArn"])


def is_raw(attributes: Mapping[str, str]) -> bool:
    """Whether messages are delivered without SNS's envelope.

    AWS: SNS Developer Guide, Amazon SNS raw message delivery.
    """
    return attributes.get("RawMessageDelivery") == "true"


def replay_span(attributes: Mapping[str, str]) -> tuple[int, int | None] | None:
    """The span of a replay policy in epoch milliseconds, its end None where it is open.

    AWS: SNS Developer Guide, Message replay for FIFO topic subscribers.
    """
    policy = attributes.get("ReplayPolicy")
    if policy is None:
        return None
    document = orjson.loads(policy)
    start_ms = _moment_ms(document["StartingPoint"])
    assert start_ms is not None
    return start_ms, _moment_ms(document.get("EndingPoint"))


def _checked(name: str, value: str, place: Place, prefix: str) -> str | None:
    match name:
        case "RawMessageDelivery":
            return _raw_message_delivery(value, place.protocol, prefix)
        case "RedrivePolicy":
            return _redrive_policy(value, place, prefix)
        case "FilterPolicyScope":
            return _filter_policy_scope(value, prefix)
        case "FilterPolicy":
            return None if value in _OFF else value
        case "DeliveryPolicy":
            return _delivery_policy(value, place.protocol, prefix)
        case "ReplayPolicy":
            return _replay_policy(value, place, prefix)
    return _subscription_role_arn(value, place.protocol, prefix)


def _check_filter_policy(attributes: dict[str, str], prefix: str) -> None:
    text = attributes.get("FilterPolicy")
    if text is None:
        return
    scope = attributes.get("FilterPolicyScope", MESSAGE_ATTRIBUTES)
    filter_policy(text, scope, prefix)
    attributes["FilterPolicy"] = orjson.dumps(orjson.loads(text)).decode()


def _filter_policy_scope(value: str, prefix: str) -> str | None:
    if not value:
        return None
    if value not in _SCOPES:
        raise invalid(
            f"{prefix}FilterPolicyScope: Invalid value [{value}]. Please use either MessageBody or"
            " MessageAttributes"
        )
    return value


def _raw_message_delivery(value: str, protocol: str, prefix: str) -> str | None:
    if not value:
        return None
    lowered = value.lower()
    if lowered not in ("true", "false"):
        raise invalid(
            f"{prefix}RawMessageDelivery: Invalid value [{value}]. Must be true or false."
        )
    if lowered == "true" and protocol not in _RAW_PROTOCOLS:
        raise InvalidParameter(
            f"Invalid parameter: {prefix}Delivery protocol [{protocol}] does not support raw"
            " message delivery."
        )
    return lowered


def _redrive_policy(value: str, place: Place, prefix: str) -> str | None:
    if value in _OFF:
        return None
    policy = _json_object(value)
    if policy is None:
        raise invalid(f"{prefix}RedrivePolicy: failed to parse JSON.")
    for name in policy:
        if name != "deadLetterTargetArn":
            raise InvalidParameter(
                f"Invalid parameter: {prefix}RedrivePolicy: invalid JSON."
                f" Attribute {name} is unknown."
            )
    target = policy.get("deadLetterTargetArn")
    queue = arns.queue_arn(target) if isinstance(target, str) else None
    if queue is None:
        raise invalid(f"{prefix}RedrivePolicy: deadLetterTargetArn is an invalid arn")
    if (queue.account, queue.region) != (place.topic.account, place.topic.region):
        raise invalid(
            f"{prefix}RedrivePolicy: deadLetterTargetArn must be in the same account and region"
            " as the subscription"
        )
    _check_order_of_dead_letters(queue.resource, place, prefix)
    return orjson.dumps(policy).decode()


def _check_order_of_dead_letters(queue_name: str, place: Place, prefix: str) -> None:
    is_fifo = place.topic.is_fifo and place.endpoint.endswith(".fifo")
    if is_fifo and not queue_name.endswith(".fifo"):
        raise invalid(
            f"{prefix}RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO"
            " Topic."
        )
    if not is_fifo and queue_name.endswith(".fifo"):
        raise invalid(
            f"{prefix}RedrivePolicy: deadLetterTargetArn must be a standard queue for a"
            " subscription to a standard topic"
        )


def _delivery_policy(value: str, protocol: str, prefix: str) -> str | None:
    if value in _OFF:
        return None
    if protocol not in HTTP_PROTOCOLS:
        raise invalid(
            f"{prefix}DeliveryPolicy: Delivery protocol [{protocol}] does not support delivery"
            " policies."
        )
    return value


def _replay_policy(value: str, place: Place, prefix: str) -> str | None:
    if value in _OFF:
        return None
    policy = _json_object(value)
    if policy is None:
        raise invalid(f"{prefix}ReplayPolicy: failed to parse JSON.")
    for name in policy:
        if name not in ("PointType", "StartingPoint", "EndingPoint"):
            raise invalid(f"{prefix}ReplayPolicy: Attribute {name} is unknown.")
    if policy.get("PointType") != "Timestamp":
        raise invalid(f"{prefix}ReplayPolicy: PointType must be Timestamp")
    start_ms, end_ms = (
        _moment_ms(policy.get("StartingPoint")),
        _moment_ms(policy.get("EndingPoint")),
    )
    if start_ms is None:
        raise invalid(f"{prefix}ReplayPolicy: StartingPoint must be a timestamp in ISO 8601")
    if "EndingPoint" in policy and end_ms is None:
        raise invalid(f"{prefix}ReplayPolicy: EndingPoint must be a timestamp in ISO 8601")
    if end_ms is not None and end_ms <= start_ms:
        raise invalid(f"{prefix}ReplayPolicy: EndingPoint must be after StartingPoint")
    if not place.is_archived:
        raise invalid(f"{prefix}ReplayPolicy", "The topic has no message archive")
    return orjson.dumps(policy).decode()


def _subscription_role_arn(value: str, protocol: str, prefix: str) -> str | None:
    if not value:
        return None
    arn = parse_arn(value)
    if protocol != "firehose" or arn is None or arn.service != "iam":
        raise invalid(f"{prefix}SubscriptionRoleArn")
    return value


def _moment_ms(text: object) -> int | None:
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return round(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        return None


def _json_object(text: str) -> dict[str, object] | None:
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return document if isinstance(document, dict) else None
