"""Operations on subscriptions.

AWS: SNS API Reference, Subscribe, Unsubscribe, GetSubscriptionAttributes, ListSubscriptions,
ListSubscriptionsByTopic, SetSubscriptionAttributes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec
import orjson

from kamome.context import RequestContext
from kamome.services.sns import confirmations, replays
from kamome.services.sns import subscription_attributes as attributes
from kamome.services.sns.arns import SubscriptionKey, subscription_key
from kamome.services.sns.attributes import message_bytes_max
from kamome.services.sns.errors import (
    AuthorizationError,
    FilterPolicyLimitExceeded,
    SubscriptionLimitExceeded,
    invalid,
    subscription_not_found,
)
from kamome.services.sns.filter_policy import MESSAGE_ATTRIBUTES
from kamome.services.sns.http_policy import effective_document
from kamome.services.sns.limits import (
    CONFIRMATION_S,
    FILTER_POLICIES_PER_TOPIC_MAX,
    LARGE_MESSAGE_SUBSCRIPTIONS_MAX,
    MESSAGE_BYTES_DEFAULT_MAX,
    PAGE_ITEMS_MAX,
    SUBSCRIPTIONS_PER_FIFO_TOPIC_MAX,
    SUBSCRIPTIONS_PER_TOPIC_MAX,
)
from kamome.services.sns.paging import next_token, position
from kamome.services.sns.slice import Sns
from kamome.services.sns.store import Subscription, Topic
from kamome.services.sns.subscribed_endpoints import endpoint_account
from kamome.services.sns.topics import check_account, found_topic, own_topic_key

if TYPE_CHECKING:
    from kamome.services.sns import shapes

_DEFAULTS = {"RawMessageDelivery": "false", "FilterPolicyScope": MESSAGE_ATTRIBUTES}
_PENDING = "PendingConfirmation"


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
        "ConfirmationWasAuthenticated": _text(
            subscription.is_authenticated and not subscription.is_pending
        ),
        "PendingConfirmation": _text(subscription.is_pending),
        **attributes.shown(subscription.attributes),
    }
    if subscription.protocol in attributes.HTTP_PROTOCOLS:
        topic = found_topic(sns, key.topic)
        policy = effective_document(
            topic.attributes.get("DeliveryPolicy"), subscription.attributes.get("DeliveryPolicy")
        )
        shown["EffectiveDeliveryPolicy"] = orjson.dumps(policy).decode()
    if replay_status := replays.status(sns, subscription):
        shown["ReplayStatus"] = replay_status
    return {"Attributes": shown}


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
    name, given = request["AttributeName"], request.get("AttributeValue", "")
    if not attributes.is_subscription_attribute(name):
        raise invalid("AttributeName")
    subscription = _found(sns, key)
    topic = found_topic(sns, key.topic)
    place = _place(topic, subscription.protocol, subscription.endpoint)
    after = attributes.changed(subscription.attributes, {name: given}, place)
    _check_filter_policies(sns, topic, subscription.attributes, after)
    with sns.store.engine.atomic():
        sns.store.set_subscription_attributes(key, after)
        if name == "ReplayPolicy":
            changed = msgspec.structs.replace(subscription, attributes=after)
            replays.begin(sns, changed, ctx.trace)
    return {}


async def subscribe(
    sns: Sns, ctx: RequestContext, request: shapes.SubscribeRequest
) -> shapes.SubscribeResult:
    """Subscribe an endpoint to a topic. Returns its ARN, or `pending confirmation`.

    Queues and functions of the caller's account are confirmed at once, so are phone numbers,
    mobile endpoints and Firehose; mailboxes, HTTP(S) endpoints and queues of other accounts must
    confirm. An endpoint that is subscribed already keeps its subscription, if attributes that are
    given are those it has; a pending one is asked again. Whether the endpoint exists is found out
    by the first delivery, as at AWS.

    Raises:
        InvalidParameter: protocol, endpoint or attributes are not valid, or differ from the
            existing subscription's.
        AuthorizationError: the topic belongs to another account.
        NotFound: there is no such topic.
        SubscriptionLimitExceeded: the topic has as many subscriptions as it may.
        FilterPolicyLimitExceeded: the topic has 200 filter policies.
        OperationNotServed: functions of other accounts.

    AWS: SNS API Reference, Subscribe.
    """
    key = own_topic_key(ctx, request["TopicArn"], "Subscribe")
    protocol, endpoint = request["Protocol"], request.get("Endpoint", "")
    account = endpoint_account(ctx, key, protocol, endpoint)
    given = request.get("Attributes", {})
    topic = found_topic(sns, key)
    values = _creation_attributes(given, _place(topic, protocol, endpoint))
    await sns.signer.prepare()
    # Others may have run meanwhile: from here on nothing awaits.
    topic = found_topic(sns, key)
    existing = sns.store.subscription_of(key, protocol, endpoint)
    if existing is not None:
        _check_same(existing, given, values)
        if existing.is_pending:
            _ask_again(sns, ctx, existing)
        return {"SubscriptionArn": _returned(existing, request)}
    _check_room(topic)
    _check_filter_policies(sns, topic, {}, values)
    is_pending = confirmations.needs_confirmation(ctx, protocol, account)
    subscription = Subscription(
        SubscriptionKey(key, sns.ids.uuid()),
        ctx.account,
        ctx.principal,
        protocol,
        endpoint,
        values,
        sns.clock.now_ms() + CONFIRMATION_S * 1000 if is_pending else 0,
    )
    with sns.store.engine.atomic():
        sns.store.insert_subscription(subscription, sns.clock.now_ms())
        if is_pending:
            confirmations.ask_for_confirmation(sns, ctx, subscription)
        if "ReplayPolicy" in values:
            replays.begin(sns, subscription, ctx.trace)
    return {"SubscriptionArn": _returned(subscription, request)}


async def unsubscribe(
    sns: Sns, ctx: RequestContext, request: shapes.UnsubscribeRequest
) -> shapes.UnsubscribeResult:
    """Delete a subscription; no error where there is none.

    Messages that still wait for another delivery attempt to it are dropped. A caller without
    credentials has followed the UnsubscribeURL of a message, which tells what to unsubscribe.

    Raises:
        InvalidParameter: the ARN is not a subscription's of this region.
        AuthorizationError: the subscription belongs to another account's topic, or was confirmed
            with AuthenticateOnUnsubscribe and the request is not signed.

    AWS: SNS API Reference, Unsubscribe.
    """
    arn = request["SubscriptionArn"]
    key = _own_key(ctx, arn, "Unsubscribe") if ctx.access_key else subscription_key(arn)
    subscription = sns.store.subscription(key)
    if subscription is None:
        return {}
    if subscription.is_unsubscribe_authenticated and not ctx.access_key:
        raise AuthorizationError(
            "The subscription was confirmed with AuthenticateOnUnsubscribe: the request must be"
            " signed"
        )
    with sns.store.engine.atomic():
        sns.store.delete_subscription(key)
        sns.fifo_store.end_replay(arn)
        confirmations.tell_of_end(sns, ctx, subscription)
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
        "SubscriptionArn": _PENDING if subscription.is_pending else subscription.arn,
        "Owner": subscription.owner,
        "Protocol": subscription.protocol,
        "Endpoint": subscription.endpoint,
        "TopicArn": subscription.key.topic.arn,
    }


def _returned(subscription: Subscription, request: shapes.SubscribeRequest) -> str:
    if subscription.is_pending and not request.get("ReturnSubscriptionArn"):
        return "pending confirmation"
    return subscription.arn


def _ask_again(sns: Sns, ctx: RequestContext, subscription: Subscription) -> None:
    with sns.store.engine.atomic():
        until_ms = sns.clock.now_ms() + CONFIRMATION_S * 1000
        sns.store.postpone_expiry(subscription.key, until_ms)
        confirmations.ask_for_confirmation(sns, ctx, subscription)


def _place(topic: Topic, protocol: str, endpoint: str) -> attributes.Place:
    is_archived = "ArchivePolicy" in topic.attributes
    return attributes.Place(protocol, endpoint, topic.key, is_archived)


def _creation_attributes(given: Mapping[str, str], place: attributes.Place) -> dict[str, str]:
    for name in given:
        if not attributes.is_subscription_attribute(name):
            raise invalid("Attributes", f"Unknown attribute {name}")
    if place.protocol == "firehose" and not given.get("SubscriptionRoleArn"):
        raise invalid("SubscriptionRoleArn", "no value for required parameter")
    return attributes.changed({}, given, place, "Attributes Reason: ")


def _check_same(
    existing: Subscription, given: Mapping[str, str], values: Mapping[str, str]
) -> None:
    for name in given:
        default = _DEFAULTS.get(name)
        if existing.attributes.get(name, default) != values.get(name, default):
            raise invalid("Attributes", "Subscription already exists with different attributes")


def _check_filter_policies(
    sns: Sns, topic: Topic, before: Mapping[str, str], after: Mapping[str, str]
) -> None:
    if "FilterPolicy" not in after or "FilterPolicy" in before:
        return
    if sns.store.count_filter_policies(topic.key) >= FILTER_POLICIES_PER_TOPIC_MAX:
        raise FilterPolicyLimitExceeded(
            "The maximum number of filter policies for this topic has been reached."
        )


def _text(is_true: bool) -> str:
    return "true" if is_true else "false"


def _check_room(topic: Topic) -> None:
    limit = SUBSCRIPTIONS_PER_FIFO_TOPIC_MAX if topic.is_fifo else SUBSCRIPTIONS_PER_TOPIC_MAX
    if topic.subscriptions_confirmed + topic.subscriptions_pending >= limit:
        raise SubscriptionLimitExceeded(
            "The maximum number of subscriptions for this topic has been reached."
        )
    is_large = message_bytes_max(topic.attributes) > MESSAGE_BYTES_DEFAULT_MAX
    if is_large and topic.subscriptions_confirmed >= LARGE_MESSAGE_SUBSCRIPTIONS_MAX:
        raise invalid(
            "TopicArn",
            f"A topic with a MaximumMessageSize above {MESSAGE_BYTES_DEFAULT_MAX} can have up to"
            f" {LARGE_MESSAGE_SUBSCRIPTIONS_MAX} subscriptions",
        )
