"""What may be subscribed: an endpoint's form by its protocol, before anything is kept.

AWS: SNS API Reference, Subscribe (Protocol, Endpoint).
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from kamome.arn import parse_arn
from kamome.context import RequestContext
from kamome.services.sns import arns
from kamome.services.sns.arns import TopicKey, is_platform_endpoint
from kamome.services.sns.errors import InvalidParameter, invalid, not_served
from kamome.services.sns.limits import ENDPOINT_CHARACTERS_MAX
from kamome.services.sns.text_messages import is_phone_number

_PROTOCOLS = frozenset(
    {"application", "email", "email-json", "firehose", "http", "https", "lambda", "sms", "sqs"}
)
# An address as mail clients take it: no spaces, one @, something on both sides.
_ADDRESS = re.compile(r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]{1,255}")
_DELIVERY_STREAM = re.compile(r"deliverystream/[A-Za-z0-9_.-]{1,64}")


def endpoint_account(ctx: RequestContext, topic: TopicKey, protocol: str, endpoint: str) -> str:
    """The account that an endpoint belongs to: the caller's, where the endpoint does not say.

    Raises:
        InvalidParameter: there is no such protocol, the endpoint is not of its form, or a topic of
            this kind does not deliver to it.
        OperationNotServed: functions of other accounts.

    AWS: SNS API Reference, Subscribe (Protocol, Endpoint).
    """
    if protocol not in _PROTOCOLS:
        raise InvalidParameter(
            f"Invalid parameter: Amazon SNS does not support this protocol string: {protocol}"
        )
    if topic.is_fifo and protocol != "sqs":
        raise invalid("Protocol", f"FIFO topics do not deliver to endpoints of {protocol}")
    if len(endpoint) > ENDPOINT_CHARACTERS_MAX:
        raise invalid("Endpoint", "it is too long")
    match protocol:
        case "sqs":
            return _queue_account(topic, endpoint)
        case "lambda":
            return _function_account(ctx, endpoint)
        case "http" | "https":
            _check_url(protocol, endpoint)
        case "email" | "email-json":
            if not _ADDRESS.fullmatch(endpoint):
                raise invalid("Email address")
        case "sms":
            if not is_phone_number(endpoint):
                raise invalid(f"Invalid SMS endpoint: {endpoint}")
        case _:
            _check_resource(protocol, endpoint)
    return ctx.account


def _queue_account(topic: TopicKey, endpoint: str) -> str:
    arn = arns.queue_arn(endpoint)
    if arn is None:
        raise invalid("SQS endpoint ARN")
    if arn.resource.endswith(".fifo") and not topic.is_fifo:
        raise InvalidParameter(
            "Invalid parameter: Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be"
            " subscribed to standard SNS topics"
        )
    return arn.account


def _function_account(ctx: RequestContext, endpoint: str) -> str:
    arn = arns.function_arn(endpoint)
    if arn is None:
        raise invalid("Lambda endpoint ARN")
    if arn.account != ctx.account:
        raise not_served("subscriptions of other accounts' functions (their policies decide)")
    return arn.account


def _check_url(protocol: str, endpoint: str) -> None:
    try:
        url = urlsplit(endpoint)
        is_url = url.scheme == protocol and bool(url.hostname) and url.port != 0
    except ValueError:
        is_url = False
    if not endpoint.startswith(f"{protocol}://"):
        raise invalid("Endpoint must match the specified protocol")
    if not is_url or not endpoint.isascii() or not endpoint.isprintable() or " " in endpoint:
        raise invalid("Endpoint")


def _check_resource(protocol: str, endpoint: str) -> None:
    if protocol == "application":
        if not is_platform_endpoint(endpoint) or ":endpoint/" not in endpoint:
            raise invalid("ApplicationPlatform endpoint ARN")
        return
    arn = parse_arn(endpoint)
    if arn is None or arn.service != "firehose" or not _DELIVERY_STREAM.fullmatch(arn.resource):
        raise invalid("Firehose endpoint ARN")
