"""Operations on subscriptions.

AWS: SNS API Reference, Subscribe, Unsubscribe, GetSubscriptionAttributes, ListSubscriptions,
ListSubscriptionsByTopic, SetSubscriptionAttributes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kamome.context import RequestContext
from kamome.services.sns import arns, attributes
from kamome.services.sns.arns import SubscriptionKey, TopicKey, subscription_key
from kamome.services.sns.errors import (
    InvalidParameter,
    SubscriptionLimitExceeded,
    invalid,
    not_served,
    subscription_not_found,
)
from kamome.services.sns.limits import (
    LARGE_MESSAGE_SUBSCRIPTIONS_MAX,
    MESSAGE_BYTES_DEFAULT_MAX,
    PAGE_ITEMS_MAX,
    SUBSCRIPTIONS_PER_TOPIC_MAX,
)
from kamome.services.sns.paging import next_token, position
from kamome.services.sns.slice import Sns
from kamome.services.sns.store import Subscription, Topic
from kamome.services.sns.topics import check_account, found_topic, own_topic_key

if TYPE_CHECKING:
    from kamome.services.sns import shapes

_NOT_SERVED_PROTOCOLS = frozenset(
    {"http", "https", "email", "email-json", "sms", "application", "firehose"}
)


async def get_subscription_attributes(
    sns: Sns, ctx: RequestContext, request: shapes.GetSubscriptionAttributesRequest
) -> shapes.GetSubscriptionAttributesResult:
    """All properties of a subscription.

    Raises:
        InvalidParameter: the ARN is not a subscription's of this region.
        AuthorizationError: the subscription belongs to another account's topic.
        NotFound: there is no such subscription.

    AWS: SNS API Reference, GetSubscriptionAttributes.
    """
    key = _own_key(ctx, request["SubscriptionArn"], "GetSubscriptionAttributes")
    subscription = _found(sns, key)
    shown = {
        "SubscriptionArn": subscription.arn,
        "TopicArn": key.topic.arn,
        "Protocol": subscription.protocol,
        "Endpoint": subscription.endpoint,
        "Owner": subscription.owner,
        "SubscriptionPrincipal": subscription.principal,
        "ConfirmationWasAuthenticated": "true",
        "PendingConfirmation": "false",
        "RawMessageDelivery": "false",
    }
    return {"Attributes": {**shown, **subscription.attributes}}


async def list_subscriptions(
    sns: Sns, ctx: RequestContext, request: shapes.ListSubscriptionsRequest
) -> shapes.ListSubscriptionsResult:
    """Subscriptions that the account made in this region, up to 100 with a token for the rest.

    Raises:
        InvalidParameter: the token is not one of ours.

    AWS: SNS API Reference, ListSubscriptions.
    """
    account, topic, after = position(request.get("NextToken"), 3)
    found = sns.store.owned_after(
        ctx.account, ctx.region, (account, topic, after), PAGE_ITEMS_MAX + 1
    )
    page = found[:PAGE_ITEMS_MAX]
    result: shapes.ListSubscriptionsResult = {"Subscriptions": [_listed(one) for one in page]}
    if len(found) > PAGE_ITEMS_MAX:
        last = page[-1].key
        result["NextToken"] = next_token(last.topic.account, last.topic.name, last.id)
    return result


async def list_subscriptions_by_topic(
    sns: Sns, ctx: RequestContext, request: shapes.ListSubscriptionsByTopicRequest
) -> shapes.ListSubscriptionsByTopicResult:
    """Subscriptions to a topic, up to 100 with a token for those that follow.

    Raises:
        InvalidParameter: the ARN is not a topic's of this region, or the token not one of ours.
        AuthorizationError: the topic belongs to another account.
        NotFound: there is no such topic.

    AWS: SNS API Reference, ListSubscriptionsByTopic.
    """
    topic_arn = request["TopicArn"]
    key = own_topic_key(ctx, topic_arn, "ListSubscriptionsByTopic")
    (after,) = position(request.get("NextToken"), 1)
    found_topic(sns, key)
    found = sns.store.subscriptions_after(key, after, PAGE_ITEMS_MAX + 1)
    page = found[:PAGE_ITEMS_MAX]
    result: shapes.ListSubscriptionsByTopicResult = {
        "Subscriptions": [_listed(one) for one in page]
    }
    if len(found) > PAGE_ITEMS_MAX:
        result["NextToken"] = next_token(page[-1].key.id)
    return result


async def set_subscription_attributes(
    sns: Sns, ctx: RequestContext, request: shapes.SetSubscriptionAttributesRequest
) -> shapes.SetSubscriptionAttributesResult:
    """Set one attribute of a subscription; without a value it goes back to its default.

    Raises:
        InvalidParameter: the attribute or its value is not valid for this subscription.
        AuthorizationError: the subscription belongs to another account's topic.
        NotFound: there is no such subscription.
        OperationNotServed: the attribute belongs to a feature that is not served.

    AWS: SNS API Reference, SetSubscriptionAttributes.
    """
    key = _own_key(ctx, request["SubscriptionArn"], "SetSubscriptionAttributes")
    name, given = request["AttributeName"], request.get("AttributeValue")
    if not attributes.is_subscription_attribute(name):
        raise invalid("AttributeName")
    subscription = _found(sns, key)
    value = None
    if given is not None:
        value = attributes.subscription_attribute(
            name, given, protocol=subscription.protocol, topic=key.topic
        )
    kept = {one: text for one, text in subscription.attributes.items() if one != name}
    sns.store.set_subscription_attributes(key, kept if value is None else {**kept, name: value})
    return {}


async def subscribe(
    sns: Sns, ctx: RequestContext, request: shapes.SubscribeRequest
) -> shapes.SubscribeResult:
    """Subscribe a queue or function to a topic; it is confirmed at once. Returns its ARN.

    An endpoint that is subscribed already keeps its subscription, if attributes that are given are
    those it has. Whether the endpoint exists is found out by the first delivery, as at AWS.
    `ReturnSubscriptionArn` makes no difference: a confirmed subscription's ARN is always shown.

    Raises:
        InvalidParameter: protocol, endpoint or attributes are not valid, or differ from the
            existing subscription's.
        AuthorizationError: the topic belongs to another account.
        NotFound: there is no such topic.
        SubscriptionLimitExceeded: the topic has 12,500,000 subscriptions.
        OperationNotServed: a protocol or attribute of a feature that is not served.

    AWS: SNS API Reference, Subscribe.
    """
    key = own_topic_key(ctx, request["TopicArn"], "Subscribe")
    protocol, endpoint = request["Protocol"], request.get("Endpoint", "")
    _check_endpoint(ctx, protocol, endpoint)
    values = _creation_attributes(request.get("Attributes", {}), protocol, key)
    found_topic(sns, key)
    await sns.signer.prepare()
    # Others may have run meanwhile: from here on nothing awaits.
    topic = found_topic(sns, key)
    existing = sns.store.subscription_of(key, protocol, endpoint)
    if existing is not None:
        _check_same(existing, values)
        return {"SubscriptionArn": existing.arn}
    _check_room(topic)
    subscription = Subscription(
        SubscriptionKey(key, sns.ids.uuid()),
        ctx.account,
        ctx.principal,
        protocol,
        endpoint,
        {name: value for name, value in values.items() if value is not None},
    )
    sns.store.insert_subscription(subscription, sns.clock.now_ms())
    return {"SubscriptionArn": subscription.arn}


async def unsubscribe(
    sns: Sns, ctx: RequestContext, request: shapes.UnsubscribeRequest
) -> shapes.UnsubscribeResult:
    """Delete a subscription; no error where there is none.

    Messages that still wait for another delivery attempt to it are dropped. A caller without
    credentials has followed the UnsubscribeURL of a message, which tells what to unsubscribe.

    Raises:
        InvalidParameter: the ARN is not a subscription's of this region.
        AuthorizationError: the subscription belongs to another account's topic.

    AWS: SNS API Reference, Unsubscribe.
    """
    arn = request["SubscriptionArn"]
    key = _own_key(ctx, arn, "Unsubscribe") if ctx.access_key else subscription_key(arn)
    sns.store.delete_subscription(key)
    return {}


def _own_key(ctx: RequestContext, subscription_arn: str, action: str) -> SubscriptionKey:
    key = subscription_key(subscription_arn)
    if key.topic.region != ctx.region:
        raise invalid("SubscriptionArn")
    check_account(ctx, key.topic, action)
    return key


def _found(sns: Sns, key: SubscriptionKey) -> Subscription:
    subscription = sns.store.subscription(key)
    if subscription is None:
        raise subscription_not_found()
    return subscription


def _listed(subscription: Subscription) -> shapes.Subscription:
    return {
        "SubscriptionArn": subscription.arn,
        "Owner": subscription.owner,
        "Protocol": subscription.protocol,
        "Endpoint": subscription.endpoint,
        "TopicArn": subscription.key.topic.arn,
    }


def _check_endpoint(ctx: RequestContext, protocol: str, endpoint: str) -> None:
    if protocol in _NOT_SERVED_PROTOCOLS:
        raise not_served(f"subscriptions of protocol {protocol}")
    if protocol == "sqs":
        arn, what = arns.queue_arn(endpoint), "SQS endpoint ARN"
    elif protocol == "lambda":
        arn, what = arns.function_arn(endpoint), "Lambda endpoint ARN"
    else:
        raise InvalidParameter(
            f"Invalid parameter: Amazon SNS does not support this protocol string: {protocol}"
        )
    if arn is None:
        raise invalid(what)
    if protocol == "sqs" and arn.resource.endswith(".fifo"):
        raise InvalidParameter(
            "Invalid parameter: Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be"
            " subscribed to standard SNS topics"
        )
    if arn.account != ctx.account:
        raise not_served("subscriptions of other accounts' endpoints (pending confirmation)")


def _creation_attributes(
    given: Mapping[str, str], protocol: str, topic: TopicKey
) -> dict[str, str | None]:
    values: dict[str, str | None] = {}
    for name, value in given.items():
        if not attributes.is_subscription_attribute(name):
            raise invalid("Attributes", f"Unknown attribute {name}")
        values[name] = attributes.subscription_attribute(
            name, value, protocol=protocol, topic=topic, prefix="Attributes Reason: "
        )
    return values


def _check_same(existing: Subscription, values: Mapping[str, str | None]) -> None:
    defaults = {"RawMessageDelivery": "false"}
    for name, value in values.items():
        default = defaults.get(name)
        wanted = default if value is None else value
        if existing.attributes.get(name, default) != wanted:
            raise invalid("Attributes", "Subscription already exists with different attributes")


def _check_room(topic: Topic) -> None:
    if topic.subscriptions_confirmed >= SUBSCRIPTIONS_PER_TOPIC_MAX:
        raise SubscriptionLimitExceeded(
            "The maximum number of subscriptions for this topic has been reached."
        )
    is_large = attributes.message_bytes_max(topic.attributes) > MESSAGE_BYTES_DEFAULT_MAX
    if is_large and topic.subscriptions_confirmed >= LARGE_MESSAGE_SUBSCRIPTIONS_MAX:
        raise invalid(
            "TopicArn",
            f"A topic with a MaximumMessageSize above {MESSAGE_BYTES_DEFAULT_MAX} can have up to"
            f" {LARGE_MESSAGE_SUBSCRIPTIONS_MAX} subscriptions",
        )
