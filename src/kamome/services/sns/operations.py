"""SNS's operations, in the order of the API reference, and how SNS words what concerns them all.

The functions live by AWS's headings in `topics.py`, `subscriptions.py` and `publishing.py`.

AWS: SNS API Reference, Actions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from kamome.protocols.model import Violation, constraint_sentence
from kamome.services import Operation
from kamome.services.sns.errors import InvalidParameter, invalid
from kamome.services.sns.publishing import publish_message
from kamome.services.sns.subscriptions import (
    get_subscription_attributes,
    list_subscriptions,
    list_subscriptions_by_topic,
    set_subscription_attributes,
    subscribe,
    unsubscribe,
)
from kamome.services.sns.topics import (
    create_topic,
    delete_topic,
    get_topic_attributes,
    list_topics,
    set_topic_attributes,
)

OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "CreateTopic": create_topic,
        "DeleteTopic": delete_topic,
        "GetSubscriptionAttributes": get_subscription_attributes,
        "GetTopicAttributes": get_topic_attributes,
        "ListSubscriptions": list_subscriptions,
        "ListSubscriptionsByTopic": list_subscriptions_by_topic,
        "ListTopics": list_topics,
        "Publish": publish_message,
        "SetSubscriptionAttributes": set_subscription_attributes,
        "SetTopicAttributes": set_topic_attributes,
        "Subscribe": subscribe,
        "Unsubscribe": unsubscribe,
    }
)
_RESOURCES = ("TopicArn", "TargetArn", "SubscriptionArn", "Name")


def violation(violations: Sequence[Violation]) -> InvalidParameter:
    """SNS's sentence for members that do not keep to the model's constraints.

    AWS: SNS API Reference, Common Errors.
    """
    first = violations[0]
    if first.kind == "required" and "." not in first.path:
        return invalid(first.member, "no value for required parameter")
    return invalid(first.member, constraint_sentence(tuple(violations)))


def resource_of(request: Mapping[str, object]) -> str:
    """What a request is about, for journeys: the topic or subscription it names.

    AWS: SNS API Reference, Actions.
    """
    for name in _RESOURCES:
        value = request.get(name)
        if isinstance(value, str) and value:
            return value
    return ""
