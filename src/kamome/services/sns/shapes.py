"""Shapes of the operations served here. Generated: do not edit.

By: python tools/generate_shapes.py sns
From: the model of Amazon Simple Notification Service, 2010-03-31.
"""

from __future__ import annotations

from typing import Required, TypedDict


class CreateTopicRequest(TypedDict, total=False):
    """AWS: CreateTopicInput."""

    Name: Required[str]
    Attributes: dict[str, str]
    Tags: list[Tag]
    DataProtectionPolicy: str


class Tag(TypedDict, total=False):
    """AWS: Tag."""

    Key: Required[str]
    Value: Required[str]


class CreateTopicResult(TypedDict, total=False):
    """AWS: CreateTopicResponse."""

    TopicArn: str


class DeleteTopicRequest(TypedDict, total=False):
    """AWS: DeleteTopicInput."""

    TopicArn: Required[str]


class DeleteTopicResult(TypedDict, total=False):
    """AWS: no members."""


class GetSubscriptionAttributesRequest(TypedDict, total=False):
    """AWS: GetSubscriptionAttributesInput."""

    SubscriptionArn: Required[str]


class GetSubscriptionAttributesResult(TypedDict, total=False):
    """AWS: GetSubscriptionAttributesResponse."""

    Attributes: dict[str, str]


class GetTopicAttributesRequest(TypedDict, total=False):
    """AWS: GetTopicAttributesInput."""

    TopicArn: Required[str]


class GetTopicAttributesResult(TypedDict, total=False):
    """AWS: GetTopicAttributesResponse."""

    Attributes: dict[str, str]


class ListSubscriptionsRequest(TypedDict, total=False):
    """AWS: ListSubscriptionsInput."""

    NextToken: str


class ListSubscriptionsResult(TypedDict, total=False):
    """AWS: ListSubscriptionsResponse."""

    Subscriptions: list[Subscription]
    NextToken: str


class Subscription(TypedDict, total=False):
    """AWS: Subscription."""

    SubscriptionArn: str
    Owner: str
    Protocol: str
    Endpoint: str
    TopicArn: str


class ListSubscriptionsByTopicRequest(TypedDict, total=False):
    """AWS: ListSubscriptionsByTopicInput."""

    TopicArn: Required[str]
    NextToken: str


class ListSubscriptionsByTopicResult(TypedDict, total=False):
    """AWS: ListSubscriptionsByTopicResponse."""

    Subscriptions: list[Subscription]
    NextToken: str


class ListTopicsRequest(TypedDict, total=False):
    """AWS: ListTopicsInput."""

    NextToken: str


class ListTopicsResult(TypedDict, total=False):
    """AWS: ListTopicsResponse."""

    Topics: list[Topic]
    NextToken: str


class Topic(TypedDict, total=False):
    """AWS: Topic."""

    TopicArn: str


class PublishRequest(TypedDict, total=False):
    """AWS: PublishInput."""

    TopicArn: str
    TargetArn: str
    PhoneNumber: str
    Message: Required[str]
    Subject: str
    MessageStructure: str
    MessageAttributes: dict[str, MessageAttributeValue]
    MessageDeduplicationId: str
    MessageGroupId: str


class MessageAttributeValue(TypedDict, total=False):
    """AWS: MessageAttributeValue."""

    DataType: Required[str]
    StringValue: str
    BinaryValue: bytes


class PublishResult(TypedDict, total=False):
    """AWS: PublishResponse."""

    MessageId: str
    SequenceNumber: str


class SetSubscriptionAttributesRequest(TypedDict, total=False):
    """AWS: SetSubscriptionAttributesInput."""

    SubscriptionArn: Required[str]
    AttributeName: Required[str]
    AttributeValue: str


class SetSubscriptionAttributesResult(TypedDict, total=False):
    """AWS: no members."""


class SetTopicAttributesRequest(TypedDict, total=False):
    """AWS: SetTopicAttributesInput."""

    TopicArn: Required[str]
    AttributeName: Required[str]
    AttributeValue: str


class SetTopicAttributesResult(TypedDict, total=False):
    """AWS: no members."""


class SubscribeRequest(TypedDict, total=False):
    """AWS: SubscribeInput."""

    TopicArn: Required[str]
    Protocol: Required[str]
    Endpoint: str
    Attributes: dict[str, str]
    ReturnSubscriptionArn: bool


class SubscribeResult(TypedDict, total=False):
    """AWS: SubscribeResponse."""

    SubscriptionArn: str


class UnsubscribeRequest(TypedDict, total=False):
    """AWS: UnsubscribeInput."""

    SubscriptionArn: Required[str]


class UnsubscribeResult(TypedDict, total=False):
    """AWS: no members."""
