"""Attributes of topics and subscriptions: which there are, their values, their defaults.

A value is stored as it was given, JSON compactly; a reset attribute is not stored. What belongs to
a feature that is not served is refused by its name; only the value that means "off" is accepted.

AWS: SNS API Reference, SetTopicAttributes and SetSubscriptionAttributes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import orjson

from kamome.services.sns import arns
from kamome.services.sns.arns import TopicKey
from kamome.services.sns.errors import InvalidParameter, invalid, not_served
from kamome.services.sns.limits import (
    DISPLAY_NAME_CHARACTERS_MAX,
    MAXIMUM_MESSAGE_SIZE_MAX_BYTES,
    MAXIMUM_MESSAGE_SIZE_MIN_BYTES,
    MESSAGE_BYTES_DEFAULT_MAX,
    POLICY_BYTES_MAX,
    POLICY_STATEMENTS_MAX,
)

_DELIVERY_STATUS = "delivery status logging"
_FIFO = "FIFO topics"
# Attribute of a topic: the feature it belongs to.
_TOPIC_NOT_SERVED = {
    "ArchivePolicy": "message archiving",
    "ContentBasedDeduplication": _FIFO,
    "DeliveryPolicy": "delivery policies for HTTP/S endpoints",
    "FifoThroughputScope": _FIFO,
    "KmsMasterKeyId": "server-side encryption with KMS keys",
    **{
        f"{endpoint}{attribute}": _DELIVERY_STATUS
        for endpoint in ("HTTP", "Firehose", "Lambda", "Application", "SQS")
        for attribute in (
            "SuccessFeedbackRoleArn",
            "SuccessFeedbackSampleRate",
            "FailureFeedbackRoleArn",
        )
    },
}
# Attribute of a subscription: the feature it belongs to.
_SUBSCRIPTION_NOT_SERVED = {
    "DeliveryPolicy": "delivery policies for HTTP/S endpoints",
    "FilterPolicy": "subscription filter policies",
    "FilterPolicyScope": "subscription filter policies",
    "ReplayPolicy": "message archiving and replay",
    "SubscriptionRoleArn": "Firehose subscriptions",
}
# The values that switch such an attribute off.
_OFF = frozenset({"", "{}"})
_RAW_PROTOCOLS = frozenset({"sqs"})
_TRACING_MODES = frozenset({"PassThrough", "Active"})
_SIGNATURE_VERSIONS = frozenset({"1", "2"})

# AWS: SNS Developer Guide, Amazon SNS message delivery retries (defaults of an HTTP/S policy).
EFFECTIVE_DELIVERY_POLICY = orjson.dumps(
    {
        "http": {
            "defaultHealthyRetryPolicy": {
                "minDelayTarget": 20,
                "maxDelayTarget": 20,
                "numRetries": 3,
                "numMaxDelayRetries": 0,
                "numNoDelayRetries": 0,
                "numMinDelayRetries": 0,
                "backoffFunction": "linear",
            },
            "disableSubscriptionOverrides": False,
            "defaultRequestPolicy": {"headerContentType": "text/plain; charset=UTF-8"},
        }
    }
).decode()
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
    return name in _TOPIC_RULES or name in _TOPIC_NOT_SERVED


def topic_attribute(name: str, value: str, prefix: str = "") -> str | None:
    """The value to store for a topic's attribute, or None where it goes back to its default.

    `prefix` begins the sentence of a refusal: `Attributes Reason: ` for CreateTopic.

    Raises:
        InvalidParameter: the value is not one the attribute can have.
        OperationNotServed: the attribute belongs to a feature that is not served.

    AWS: SNS API Reference, SetTopicAttributes (AttributeValue).
    """
    if name in _TOPIC_NOT_SERVED:
        if value in _OFF:
            return None
        raise not_served(f"the topic attribute {name} ({_TOPIC_NOT_SERVED[name]})")
    return _TOPIC_RULES[name](value, prefix)


def message_bytes_max(topic_attributes: Mapping[str, str]) -> int:
    """How large message and attributes may be together, in bytes.

    AWS: SNS Developer Guide, Publishing large messages with Amazon SNS.
    """
    return int(topic_attributes.get("MaximumMessageSize", MESSAGE_BYTES_DEFAULT_MAX))


def is_subscription_attribute(name: str) -> bool:
    """Whether SetSubscriptionAttributes knows the name.

    AWS: SNS API Reference, SetSubscriptionAttributes (AttributeName).
    """
    return name in {"RawMessageDelivery", "RedrivePolicy"} or name in _SUBSCRIPTION_NOT_SERVED


def subscription_attribute(
    name: str, value: str, *, protocol: str, topic: TopicKey, prefix: str = ""
) -> str | None:
    """The value to store for a subscription's attribute, or None for its default.

    Raises:
        InvalidParameter: the value is not one the attribute can have with this protocol.
        OperationNotServed: the attribute belongs to a feature that is not served.

    AWS: SNS API Reference, SetSubscriptionAttributes (AttributeValue).
    """
    if name in _SUBSCRIPTION_NOT_SERVED:
        if value in _OFF:
            return None
        feature = _SUBSCRIPTION_NOT_SERVED[name]
        raise not_served(f"the subscription attribute {name} ({feature})")
    if name == "RawMessageDelivery":
        return _raw_message_delivery(value, protocol, prefix)
    return _redrive_policy(value, topic, prefix)


def dead_letter_queue(subscription_attributes: Mapping[str, str]) -> str | None:
    """The ARN of the queue for messages that could not be delivered, or None.

    AWS: SNS Developer Guide, Amazon SNS dead-letter queues.
    """
    policy = subscription_attributes.get("RedrivePolicy")
    if policy is None:
        return None
    return str(orjson.loads(policy)["deadLetterTargetArn"])


def is_raw(subscription_attributes: Mapping[str, str]) -> bool:
    """Whether messages are delivered without SNS's envelope.

    AWS: SNS Developer Guide, Amazon SNS raw message delivery.
    """
    return subscription_attributes.get("RawMessageDelivery") == "true"


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
    if value == "Active":
        raise not_served("the topic attribute TracingConfig Active (segments of its own)")
    return value


# Attribute of a topic: the rule for its value.
_TOPIC_RULES: Mapping[str, Callable[[str, str], str | None]] = {
    "DisplayName": _display_name,
    "MaximumMessageSize": _maximum_message_size,
    "Policy": _policy,
    "SignatureVersion": _signature_version,
    "TracingConfig": _tracing_config,
}


def _raw_message_delivery(value: str, protocol: str, prefix: str) -> str:
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


def _redrive_policy(value: str, topic: TopicKey, prefix: str) -> str | None:
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
    if (queue.account, queue.region) != (topic.account, topic.region):
        raise invalid(
            f"{prefix}RedrivePolicy: deadLetterTargetArn must be in the same account and region"
            " as the subscription"
        )
    if queue.resource.endswith(".fifo"):
        raise invalid(
            f"{prefix}RedrivePolicy: deadLetterTargetArn must be a standard queue for a"
            " subscription to a standard topic"
        )
    return orjson.dumps(policy).decode()


def _json_object(text: str) -> dict[str, object] | None:
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return document if isinstance(document, dict) else None
