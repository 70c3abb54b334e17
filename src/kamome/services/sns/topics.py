"""Operations on topics.

AWS: SNS API Reference, CreateTopic, DeleteTopic, GetTopicAttributes, ListTopics,
SetTopicAttributes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from kamome.context import RequestContext
from kamome.services.sns import attributes, data_protection, replays
from kamome.services.sns.arns import TopicKey, topic_key
from kamome.services.sns.errors import (
    AuthorizationError,
    InvalidParameter,
    InvalidState,
    TopicLimitExceeded,
    invalid,
    topic_not_found,
)
from kamome.services.sns.limits import (
    FIFO_TOPICS_MAX,
    LARGE_MESSAGE_SUBSCRIPTIONS_MAX,
    MESSAGE_BYTES_DEFAULT_MAX,
    PAGE_ITEMS_MAX,
    TOPIC_NAME_CHARACTERS_MAX,
    TOPICS_MAX,
)
from kamome.services.sns.paging import next_token, position
from kamome.services.sns.slice import Sns
from kamome.services.sns.store import Topic
from kamome.services.sns.tags import checked_tags

if TYPE_CHECKING:
    from kamome.services.sns import shapes

_NAME = re.compile(rf"[A-Za-z0-9_-]{{1,{TOPIC_NAME_CHARACTERS_MAX}}}")
_FIFO_NAME = re.compile(r"[A-Za-z0-9_-]{1,251}\.fifo")


async def create_topic(
    sns: Sns, ctx: RequestContext, request: shapes.CreateTopicRequest
) -> shapes.CreateTopicResult:
    """Create a topic, or find the one of this name; returns its ARN.

    For a topic that exists, attributes and tags that are given must be those it has.

    Raises:
        InvalidParameter: name, attributes or tags are not valid, or differ from the existing ones.
        TagLimitExceeded: more than 50 tags.
        TopicLimitExceeded: the account has 100,000 topics in this region; 1,000 for a FIFO topic.
        OperationNotServed: an attribute of a feature that is not served.

    AWS: SNS API Reference, CreateTopic.
    """
    given = request.get("Attributes", {})
    is_fifo = _check_name(request["Name"], given)
    values = _creation_attributes(given, is_fifo=is_fifo)
    tags = checked_tags(request.get("Tags", []))
    protection = request.get("DataProtectionPolicy", "")
    if protection:
        protection = data_protection.checked_policy(protection)
    key = TopicKey(ctx.account, ctx.region, request["Name"])
    existing = sns.store.topic(key)
    if existing is not None:
        _check_same(existing, values, tags)
        return {"TopicArn": key.arn}
    limit = FIFO_TOPICS_MAX if is_fifo else TOPICS_MAX
    if sns.store.count_topics(ctx.account, ctx.region) >= limit:
        raise TopicLimitExceeded("The maximum number of topics for this account has been reached.")
    kept = {name: value for name, value in values.items() if value is not None}
    with sns.store.engine.atomic():
        sns.store.insert_topic(Topic(key, kept, tags), sns.clock.now_ms())
        if protection:
            sns.store.set_data_protection_policy(key, protection)
    return {"TopicArn": key.arn}


async def delete_topic(
    sns: Sns, ctx: RequestContext, request: shapes.DeleteTopicRequest
) -> shapes.DeleteTopicResult:
    """Delete a topic and all its subscriptions; no error where there is none.

    Messages of the topic that still wait for another delivery attempt are dropped.

    Raises:
        InvalidParameter: the ARN is not a topic's of this region.
        AuthorizationError: the topic belongs to another account.
        InvalidState: the topic has an archive policy.

    AWS: SNS API Reference, DeleteTopic.
    """
    key = own_topic_key(ctx, request["TopicArn"], "DeleteTopic")
    topic = sns.store.topic(key)
    if topic is not None and "ArchivePolicy" in topic.attributes:
        raise InvalidState(
            "Invalid state: Cannot delete a topic with an ArchivePolicy; deactivate it first"
        )
    sns.store.delete_topic(key)
    return {}


async def get_topic_attributes(
    sns: Sns, ctx: RequestContext, request: shapes.GetTopicAttributesRequest
) -> shapes.GetTopicAttributesResult:
    """All properties of a topic: those set, the defaults AWS always shows, and the counts.

    Raises:
        InvalidParameter: the ARN is not a topic's of this region.
        AuthorizationError: the topic belongs to another account.
        NotFound: there is no such topic.

    AWS: SNS API Reference, GetTopicAttributes.
    """
    topic = own_topic(sns, ctx, request["TopicArn"], "GetTopicAttributes")
    shown = {
        "TopicArn": topic.key.arn,
        "Owner": topic.key.account,
        "Policy": attributes.default_policy(topic.key),
        "DisplayName": "",
        "EffectiveDeliveryPolicy": attributes.effective_delivery_policy(topic.attributes),
        "SubscriptionsPending": str(topic.subscriptions_pending),
        "SubscriptionsConfirmed": str(topic.subscriptions_confirmed),
        "SubscriptionsDeleted": str(topic.subscriptions_deleted),
    }
    if topic.is_fifo:
        shown |= {"FifoTopic": "true", "ContentBasedDeduplication": "false"}
    if began := replays.beginning(sns, topic):
        shown["BeginningArchiveTime"] = began
    return {"Attributes": {**shown, **topic.attributes}}


async def list_topics(
    sns: Sns, ctx: RequestContext, request: shapes.ListTopicsRequest
) -> shapes.ListTopicsResult:
    """Topics of the account in this region by name, up to 100 with a token for those that follow.

    Raises:
        InvalidParameter: the token is not one of ours.

    AWS: SNS API Reference, ListTopics.
    """
    (after,) = position(request.get("NextToken"), 1)
    found = sns.store.topics_after(ctx.account, ctx.region, after, PAGE_ITEMS_MAX + 1)
    page = found[:PAGE_ITEMS_MAX]
    result: shapes.ListTopicsResult = {"Topics": [{"TopicArn": key.arn} for key in page]}
    if len(found) > PAGE_ITEMS_MAX:
        result["NextToken"] = next_token(page[-1].name)
    return result


async def set_topic_attributes(
    sns: Sns, ctx: RequestContext, request: shapes.SetTopicAttributesRequest
) -> shapes.SetTopicAttributesResult:
    """Set one attribute of a topic; without a value it goes back to its default.

    Raises:
        InvalidParameter: the attribute or its value is not valid.
        AuthorizationError: the topic belongs to another account.
        NotFound: there is no such topic.
        OperationNotServed: the attribute belongs to a feature that is not served.

    AWS: SNS API Reference, SetTopicAttributes.
    """
    key = own_topic_key(ctx, request["TopicArn"], "SetTopicAttributes")
    name, given = request["AttributeName"], request.get("AttributeValue")
    if not attributes.is_topic_attribute(name):
        raise invalid("AttributeName")
    attributes.check_kind_of_topic(name, is_fifo=key.is_fifo)
    value = None if given is None else attributes.topic_attribute(name, given)
    topic = found_topic(sns, key)
    if name == "MaximumMessageSize" and value is not None:
        _check_large_messages(topic, int(value))
    kept = {kept_name: kept for kept_name, kept in topic.attributes.items() if kept_name != name}
    after = kept if value is None else {**kept, name: value}
    with sns.store.engine.atomic():
        sns.store.set_topic_attributes(key, after)
        replays.archive_changed(sns, topic, attributes.archive_days(after))
    return {}


def own_topic_key(
    ctx: RequestContext, topic_arn: str, action: str, parameter: str = "TopicArn"
) -> TopicKey:
    """The topic of an ARN, if it lies in the caller's region and account.

    Raises:
        InvalidParameter: the ARN is not a topic's of this region.
        AuthorizationError: the topic belongs to another account.

    AWS: SNS API Reference, Common Errors.
    """
    key = topic_key(topic_arn, parameter)
    if key.region != ctx.region:
        raise invalid(parameter)
    check_account(ctx, key, action)
    return key


def own_topic(
    sns: Sns, ctx: RequestContext, topic_arn: str, action: str, parameter: str = "TopicArn"
) -> Topic:
    """The caller's topic of an ARN.

    Raises:
        InvalidParameter: the ARN is not a topic's of this region.
        AuthorizationError: the topic belongs to another account.
        NotFound: there is no such topic.

    AWS: SNS API Reference, Common Errors.
    """
    return found_topic(sns, own_topic_key(ctx, topic_arn, action, parameter))


def found_topic(sns: Sns, key: TopicKey) -> Topic:
    """The topic of a key.

    Raises:
        NotFound: there is no such topic.

    AWS: SNS API Reference, Common Errors.
    """
    topic = sns.store.topic(key)
    if topic is None:
        raise topic_not_found()
    return topic


def check_account(ctx: RequestContext, key: TopicKey, action: str) -> None:
    """Topics of other accounts are closed: topic policies are kept, but not evaluated here.

    Raises:
        AuthorizationError: the topic belongs to another account.

    AWS: SNS Developer Guide, Identity and access management in Amazon SNS.
    """
    if key.account != ctx.account:
        raise AuthorizationError(
            f"User: {ctx.principal} is not authorized to perform: SNS:{action} on resource:"
            f" {key.arn} because no resource-based policy allows the SNS:{action} action"
        )


def _check_name(name: str, given: Mapping[str, str]) -> bool:
    """Whether the name is a FIFO topic's; FifoTopic and name must say the same."""
    fifo = given.get("FifoTopic", "false").lower()
    if fifo not in ("true", "false"):
        raise invalid(
            "Attributes", f"FifoTopic: Invalid value [{given['FifoTopic']}]. Must be true or false."
        )
    if fifo == "true":
        if not _FIFO_NAME.fullmatch(name):
            raise InvalidParameter(
                "Invalid parameter: Fifo Topic names must end with .fifo and must be made up of"
                " only uppercase and lowercase ASCII letters, numbers, underscores, and hyphens,"
                " and must be between 1 and 256 characters long."
            )
        return True
    if not _NAME.fullmatch(name):
        raise invalid("Topic Name")
    return False


def _creation_attributes(given: Mapping[str, str], *, is_fifo: bool) -> dict[str, str | None]:
    values: dict[str, str | None] = {}
    for name, value in given.items():
        if name == "FifoTopic":
            continue
        if not attributes.is_topic_attribute(name):
            raise invalid("Attributes", f"Unknown attribute {name}")
        attributes.check_kind_of_topic(name, is_fifo=is_fifo, prefix="Attributes Reason: ")
        values[name] = attributes.topic_attribute(name, value, "Attributes Reason: ")
    return values


def _check_same(existing: Topic, values: Mapping[str, str | None], tags: Mapping[str, str]) -> None:
    for name, value in values.items():
        if existing.attributes.get(name, _default(existing, name)) != (
            _default(existing, name) if value is None else value
        ):
            raise invalid("Attributes", "Topic already exists with different attributes")
    if tags and tags != existing.tags:
        raise invalid("Tags", "Topic already exists with different tags")


def _default(topic: Topic, name: str) -> str | None:
    defaults = {
        "MaximumMessageSize": str(MESSAGE_BYTES_DEFAULT_MAX),
        "Policy": attributes.default_policy(topic.key),
        "ContentBasedDeduplication": "false",
        "FifoThroughputScope": "Topic",
        "SignatureVersion": "1",
        "TracingConfig": "PassThrough",
    }
    return defaults.get(name)


def _check_large_messages(topic: Topic, bytes_max: int) -> None:
    if (
        bytes_max > MESSAGE_BYTES_DEFAULT_MAX
        and topic.subscriptions_confirmed > LARGE_MESSAGE_SUBSCRIPTIONS_MAX
    ):
        raise invalid(
            "MaximumMessageSize",
            f"A topic with more than {LARGE_MESSAGE_SUBSCRIPTIONS_MAX} subscriptions cannot have"
            f" a MaximumMessageSize above {MESSAGE_BYTES_DEFAULT_MAX}",
        )
