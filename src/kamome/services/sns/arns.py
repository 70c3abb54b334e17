"""ARNs of topics, subscriptions and endpoints, and the sentences SNS refuses wrong ones with."""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from kamome.arn import Arn, parse_arn
from kamome.services.sns.errors import InvalidParameter, invalid

_ARN_ELEMENTS = 6
# Each retry reads the same two ARNs; reading them is half of its own work.
_ARNS_KEPT = 1_024
# AWS: IAM API Reference, ARN. What is remembered is bounded by it, too.
_ARN_CHARACTERS_MAX = 2_048
_ACCOUNT = re.compile(r"\d{12}")
_TOPIC_NAME = re.compile(r"[A-Za-z0-9_-]{1,256}(\.fifo)?")
_SUBSCRIPTION_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_QUEUE_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}(\.fifo)?")
_FUNCTION = re.compile(r"function:[A-Za-z0-9_-]{1,140}(:[$A-Za-z0-9_-]{1,128})?")


class TopicKey(msgspec.Struct, frozen=True):
    """Where a topic's row is found: its account, region and name."""

    account: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        """`arn:aws:sns:region:account:name`."""
        return f"arn:aws:sns:{self.region}:{self.account}:{self.name}"

    @property
    def is_fifo(self) -> bool:
        """Whether the topic keeps the order of its message groups: the name says it."""
        return self.name.endswith(".fifo")


class SubscriptionKey(msgspec.Struct, frozen=True):
    """Where a subscription's row is found: its topic, and its own id."""

    topic: TopicKey
    id: str

    @property
    def arn(self) -> str:
        """The topic's ARN and the subscription's id."""
        return f"{self.topic.arn}:{self.id}"


@lru_cache(_ARNS_KEPT)
def topic_key(text: str, parameter: str = "TopicArn") -> TopicKey:
    """The topic that an ARN names.

    Raises:
        InvalidParameter: the text is not the ARN of a topic.

    AWS: SNS API Reference, CreateTopic (TopicArn).
    """
    arn = _sns_arn(text, parameter)
    if not _TOPIC_NAME.fullmatch(arn.resource):
        raise invalid(parameter)
    return TopicKey(arn.account, arn.region, arn.resource)


@lru_cache(_ARNS_KEPT)
def subscription_key(text: str) -> SubscriptionKey:
    """The subscription that an ARN names.

    Raises:
        InvalidParameter: the text is not the ARN of a subscription.

    AWS: SNS API Reference, Subscribe (SubscriptionArn).
    """
    arn = _sns_arn(text, "SubscriptionArn")
    name, _, subscription_id = arn.resource.partition(":")
    if not _TOPIC_NAME.fullmatch(name) or not _SUBSCRIPTION_ID.fullmatch(subscription_id):
        raise invalid("SubscriptionArn")
    return SubscriptionKey(TopicKey(arn.account, arn.region, name), subscription_id)


def is_platform_endpoint(text: str) -> bool:
    """Whether an ARN names a mobile platform endpoint or application rather than a topic.

    AWS: SNS API Reference, Publish (TargetArn).
    """
    arn = parse_arn(text)
    return arn is not None and arn.resource.startswith(("endpoint/", "app/"))


def queue_arn(text: str) -> Arn | None:
    """The ARN of an SQS queue, or None where the text is not one.

    AWS: SNS API Reference, Subscribe (Endpoint).
    """
    arn = parse_arn(text)
    if arn is None or arn.service != "sqs" or not _is_placed(arn):
        return None
    return arn if _QUEUE_NAME.fullmatch(arn.resource) else None


def function_arn(text: str) -> Arn | None:
    """The ARN of a Lambda function, with or without a qualifier, or None.

    AWS: SNS API Reference, Subscribe (Endpoint).
    """
    arn = parse_arn(text)
    if arn is None or arn.service != "lambda" or not _is_placed(arn):
        return None
    return arn if _FUNCTION.fullmatch(arn.resource) else None


def _sns_arn(text: str, parameter: str) -> Arn:
    elements = text.count(":") + 1
    if elements < _ARN_ELEMENTS:
        raise _too_short(parameter, elements)
    arn = parse_arn(text) if len(text) <= _ARN_CHARACTERS_MAX else None
    if arn is None or arn.service != "sns" or not _is_placed(arn):
        raise invalid(parameter)
    return arn


def _too_short(parameter: str, elements: int) -> InvalidParameter:
    return invalid(parameter, f"An ARN must have at least {_ARN_ELEMENTS} elements, not {elements}")


def _is_placed(arn: Arn) -> bool:
    return bool(arn.region) and _ACCOUNT.fullmatch(arn.account) is not None
