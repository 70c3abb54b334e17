"""Operations on what hangs on a topic: permissions, data protection policy, tags.

AWS: SNS API Reference, AddPermission, GetDataProtectionPolicy, ListTagsForResource,
PutDataProtectionPolicy, RemovePermission, TagResource, UntagResource.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import orjson

from kamome.context import RequestContext
from kamome.services.sns import attributes, data_protection
from kamome.services.sns.errors import (
    InvalidParameter,
    NotFound,
    ResourceNotFound,
    invalid,
)
from kamome.services.sns.slice import Sns
from kamome.services.sns.store import Topic
from kamome.services.sns.tags import checked_tags
from kamome.services.sns.topics import own_topic

if TYPE_CHECKING:
    from kamome.services.sns import shapes

_LABEL = re.compile(r"[A-Za-z0-9_-]{1,80}")
_ACCOUNT = re.compile(r"\d{12}")
# AWS: SNS Developer Guide, Amazon SNS API permissions: what a topic's policy can allow.
_ACTIONS = frozenset(
    {
        "AddPermission",
        "DeleteTopic",
        "GetDataProtectionPolicy",
        "GetTopicAttributes",
        "ListSubscriptionsByTopic",
        "ListTagsForResource",
        "Publish",
        "PutDataProtectionPolicy",
        "RemovePermission",
        "SetTopicAttributes",
        "Subscribe",
    }
)


async def add_permission(
    sns: Sns, ctx: RequestContext, request: shapes.AddPermissionRequest
) -> shapes.AddPermissionResult:
    """Add a statement to a topic's policy that allows accounts some actions.

    Raises:
        InvalidParameter: label, accounts or actions are not valid, or the label is taken.
        AuthorizationError: the topic belongs to another account.
        NotFound: there is no such topic.

    AWS: SNS API Reference, AddPermission.
    """
    topic = own_topic(sns, ctx, request["TopicArn"], "AddPermission")
    label = request["Label"]
    if not _LABEL.fullmatch(label):
        raise invalid("Label")
    accounts, actions = request["AWSAccountId"], request["ActionName"]
    if not accounts or not all(_ACCOUNT.fullmatch(account) for account in accounts):
        raise invalid("AWSAccountId")
    if not actions or not _ACTIONS.issuperset(actions):
        raise InvalidParameter("Invalid parameter: Policy statement action out of service scope!")
    policy = _policy(topic)
    if any(statement.get("Sid") == label for statement in policy["Statement"]):
        raise InvalidParameter("Invalid parameter: Statement already exists")
    principals = [f"arn:aws:iam::{account}:root" for account in accounts]
    names = [f"SNS:{action}" for action in actions]
    policy["Statement"].append(
        {
            "Sid": label,
            "Effect": "Allow",
            "Principal": {"AWS": principals[0] if len(principals) == 1 else principals},
            "Action": names[0] if len(names) == 1 else names,
            "Resource": topic.key.arn,
        }
    )
    _keep(sns, topic, policy)
    return {}


async def remove_permission(
    sns: Sns, ctx: RequestContext, request: shapes.RemovePermissionRequest
) -> shapes.RemovePermissionResult:
    """Remove a statement from a topic's policy by its label; no error where there is none.

    Raises:
        InvalidParameter: the ARN is not a topic's of this region.
        AuthorizationError: the topic belongs to another account.
        NotFound: there is no such topic.

    AWS: SNS API Reference, RemovePermission.
    """
    topic = own_topic(sns, ctx, request["TopicArn"], "RemovePermission")
    policy = _policy(topic)
    statements = policy["Statement"]
    left = [one for one in statements if one.get("Sid") != request["Label"]]
    if len(left) != len(statements):
        policy["Statement"] = left
        _keep(sns, topic, policy)
    return {}


async def get_data_protection_policy(
    sns: Sns, ctx: RequestContext, request: shapes.GetDataProtectionPolicyRequest
) -> shapes.GetDataProtectionPolicyResult:
    """A topic's data protection policy, or nothing.

    Raises:
        InvalidParameter: the ARN is not a topic's of this region.
        AuthorizationError: the topic belongs to another account.
        NotFound: there is no such topic.

    AWS: SNS API Reference, GetDataProtectionPolicy.
    """
    topic = own_topic(sns, ctx, request["ResourceArn"], "GetDataProtectionPolicy", "ResourceArn")
    if not topic.data_protection_policy:
        return {}
    return {"DataProtectionPolicy": topic.data_protection_policy}


async def put_data_protection_policy(
    sns: Sns, ctx: RequestContext, request: shapes.PutDataProtectionPolicyRequest
) -> shapes.PutDataProtectionPolicyResult:
    """Set a topic's data protection policy; an empty one removes it. It is kept, not applied.

    Raises:
        InvalidParameter: the ARN or the policy is not valid.
        AuthorizationError: the topic belongs to another account.
        NotFound: there is no such topic.

    AWS: SNS API Reference, PutDataProtectionPolicy.
    """
    topic = own_topic(sns, ctx, request["ResourceArn"], "PutDataProtectionPolicy", "ResourceArn")
    text = request["DataProtectionPolicy"]
    policy = data_protection.checked_policy(text) if text else ""
    sns.store.set_data_protection_policy(topic.key, policy)
    return {}


async def list_tags_for_resource(
    sns: Sns, ctx: RequestContext, request: shapes.ListTagsForResourceRequest
) -> shapes.ListTagsForResourceResult:
    """All tags of a topic.

    Raises:
        InvalidParameter: the ARN is not a topic's of this region.
        AuthorizationError: the topic belongs to another account.
        ResourceNotFound: there is no such topic.

    AWS: SNS API Reference, ListTagsForResource.
    """
    topic = _resource(sns, ctx, request["ResourceArn"], "ListTagsForResource")
    tags: list[shapes.Tag] = [{"Key": key, "Value": value} for key, value in topic.tags.items()]
    return {"Tags": tags}


async def tag_resource(
    sns: Sns, ctx: RequestContext, request: shapes.TagResourceRequest
) -> shapes.TagResourceResult:
    """Add tags to a topic, or replace those of the same keys.

    Raises:
        InvalidParameter: the ARN or a tag is not valid.
        AuthorizationError: the topic belongs to another account.
        ResourceNotFound: there is no such topic.
        TagLimitExceeded: the topic has more than 50 tags then.

    AWS: SNS API Reference, TagResource.
    """
    topic = _resource(sns, ctx, request["ResourceArn"], "TagResource")
    sns.store.set_topic_tags(topic.key, checked_tags(request["Tags"], topic.tags))
    return {}


async def untag_resource(
    sns: Sns, ctx: RequestContext, request: shapes.UntagResourceRequest
) -> shapes.UntagResourceResult:
    """Remove tags from a topic by their keys; those that are not there are no error.

    Raises:
        InvalidParameter: the ARN is not a topic's of this region.
        AuthorizationError: the topic belongs to another account.
        ResourceNotFound: there is no such topic.

    AWS: SNS API Reference, UntagResource.
    """
    topic = _resource(sns, ctx, request["ResourceArn"], "UntagResource")
    gone = set(request["TagKeys"])
    left = {key: value for key, value in topic.tags.items() if key not in gone}
    sns.store.set_topic_tags(topic.key, left)
    return {}


def _resource(sns: Sns, ctx: RequestContext, arn: str, action: str) -> Topic:
    try:
        return own_topic(sns, ctx, arn, action, "ResourceArn")
    except NotFound:
        raise ResourceNotFound("Resource does not exist") from None


def _policy(topic: Topic) -> dict[str, list[dict[str, object]]]:
    text = topic.attributes.get("Policy", attributes.default_policy(topic.key))
    policy = orjson.loads(text)
    assert isinstance(policy, dict)
    if isinstance(policy["Statement"], dict):
        policy["Statement"] = [policy["Statement"]]
    return policy


def _keep(sns: Sns, topic: Topic, policy: dict[str, list[dict[str, object]]]) -> None:
    """Keep a changed policy, within its limits; without statements it is the default."""
    after = {name: value for name, value in topic.attributes.items() if name != "Policy"}
    if policy["Statement"]:
        checked = attributes.topic_attribute("Policy", orjson.dumps(policy).decode())
        assert checked is not None
        after["Policy"] = checked
    sns.store.set_topic_attributes(topic.key, after)
