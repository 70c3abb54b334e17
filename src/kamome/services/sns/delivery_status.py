"""Delivery status logging: what CloudWatch Logs is told of deliveries, kept for inspection.

A topic says by protocol whose deliveries are logged: failures by `…FailureFeedbackRoleArn`,
successes by `…SuccessFeedbackRoleArn` and a percentage of them. One entry tells how a delivery
ended, after all its attempts. A message takes the topic's attributes of its Publish along.

AWS: SNS Developer Guide, Amazon SNS message delivery status.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import orjson

from kamome.arn import parse_arn
from kamome.errors import AwsError
from kamome.services.sns.arns import topic_key
from kamome.services.sns.delivery_store import StatusLog
from kamome.services.sns.envelope import Notification, timestamp
from kamome.services.sns.errors import InvalidParameter, invalid
from kamome.services.sns.slice import Sns
from kamome.services.sns.store import Subscription

_SUCCESS_ROLE = "SuccessFeedbackRoleArn"
_SUCCESS_RATE = "SuccessFeedbackSampleRate"
_FAILURE_ROLE = "FailureFeedbackRoleArn"
# How the attributes call the protocols; mails and text messages are not logged by topic.
_PREFIXES: Mapping[str, str] = {
    "sqs": "SQS",
    "lambda": "Lambda",
    "http": "HTTP",
    "https": "HTTP",
    "application": "Application",
    "firehose": "Firehose",
}
ATTRIBUTES = frozenset(
    f"{prefix}{name}"
    for prefix in _PREFIXES.values()
    for name in (_SUCCESS_ROLE, _SUCCESS_RATE, _FAILURE_ROLE)
)
# Without a rate all successes are logged; AWS does not say what it takes.
_RATE_DEFAULT = "100"
# Lambda's answer to an asynchronous invocation; AWS: Lambda API Reference, Invoke.
_ACCEPTED = 202


def checked(name: str, value: str, prefix: str = "") -> str | None:
    """The value to store for such an attribute of a topic; None where it is switched off.

    Raises:
        InvalidParameter: a role that is no ARN of one, a rate that is not 0 to 100.

    AWS: SNS Developer Guide, Amazon SNS message delivery status (topic attributes).
    """
    if not value:
        return None
    if name.endswith(_SUCCESS_RATE):
        if not (value.isascii() and value.isdigit() and len(value) <= 3 and int(value) <= 100):
            raise invalid(f"{prefix}{name}: Invalid value [{value}]. Must be from 0 to 100.")
        return str(int(value))
    arn = parse_arn(value)
    if arn is None or arn.service != "iam" or not arn.resource.startswith("role/"):
        raise InvalidParameter(f"Invalid parameter: {prefix}{name}")
    return value


def wanted(topic_attributes: Mapping[str, str]) -> Mapping[str, str]:
    """The part of a topic's attributes that a message takes along.

    AWS: SNS Developer Guide, Amazon SNS message delivery status.
    """
    return {name: topic_attributes[name] for name in topic_attributes.keys() & ATTRIBUTES}


def succeeded(
    sns: Sns,
    notification: Notification,
    subscription: Subscription,
    *,
    attempts: int,
    message_id: str = "",
) -> None:
    """Log a delivery, if the topic wants that and chance has it. `message_id` is SQS's.

    AWS: SNS Developer Guide, Amazon SNS message delivery status.
    """
    feedback, prefix = notification.feedback, _PREFIXES.get(subscription.protocol)
    if not feedback or prefix is None or f"{prefix}{_SUCCESS_ROLE}" not in feedback:
        return
    rate = int(feedback.get(f"{prefix}{_SUCCESS_RATE}", _RATE_DEFAULT))
    if sns.ids.fraction() * 100 >= rate:
        return
    response = orjson.dumps({"sqsMessageId": message_id}).decode() if message_id else ""
    status = _ACCEPTED if subscription.protocol == "lambda" else 200
    delivery = {"attempts": attempts, "providerResponse": response, "statusCode": status}
    _keep(sns, notification, subscription, "SUCCESS", delivery)


def failed(
    sns: Sns,
    notification: Notification,
    subscription: Subscription,
    *,
    attempts: int,
    cause: Exception,
) -> None:
    """Log a delivery that SNS has given up, if the topic wants that.

    AWS: SNS Developer Guide, Amazon SNS message delivery status.
    """
    feedback, prefix = notification.feedback, _PREFIXES.get(subscription.protocol)
    if not feedback or prefix is None or f"{prefix}{_FAILURE_ROLE}" not in feedback:
        return
    response, status = "InternalFailure", 500
    if isinstance(cause, AwsError):
        response = f"ErrorCode={cause.code}; ErrorMessage={cause.message}"
        status = cause.status
    delivery = {"attempts": attempts, "providerResponse": response, "statusCode": status}
    _keep(sns, notification, subscription, "FAILURE", delivery)


def _keep(
    sns: Sns,
    notification: Notification,
    subscription: Subscription,
    status: str,
    delivery: Mapping[str, object],
) -> None:
    now_ms, topic = sns.clock.now_ms(), topic_key(notification.topic_arn)
    text = notification.message(subscription.protocol)
    group = f"sns/{topic.region}/{topic.account}/{topic.name}"
    document = {
        "notification": {
            "messageMD5Sum": hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(),
            "messageId": notification.message_id,
            "topicArn": notification.topic_arn,
            "timestamp": _moment(notification.published_at_ms),
        },
        "delivery": {
            "deliveryId": sns.ids.uuid(),
            "destination": subscription.endpoint,
            "dwellTimeMs": now_ms - notification.published_at_ms,
            **delivery,
        },
        "status": status,
    }
    log_group = group if status == "SUCCESS" else f"{group}/Failure"
    sns.delivery_store.keep_status(StatusLog(now_ms, log_group, document))


def _moment(at_ms: int) -> str:
    """`2026-02-03 04:05:06.789`."""
    return timestamp(at_ms).replace("T", " ").removesuffix("Z")
