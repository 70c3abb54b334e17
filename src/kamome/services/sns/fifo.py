"""FIFO topics: order within message groups, and deduplication for five minutes.

AWS: SNS Developer Guide, Message ordering and deduplication for FIFO topics.
"""

from __future__ import annotations

import hashlib

import msgspec

from kamome.services.sns import attributes
from kamome.services.sns.envelope import Notification
from kamome.services.sns.errors import InvalidParameter, invalid
from kamome.services.sns.limits import DEDUPLICATION_S
from kamome.services.sns.slice import Sns
from kamome.services.sns.store import Topic

_DAY_MS = 86_400_000


class FifoPlace(msgspec.Struct, frozen=True):
    """Where a message stands: its deduplication id, and within what that counts."""

    scope: str
    deduplication_id: str


def refuse_on_standard_topic(deduplication_id: str) -> None:
    """A standard topic knows no deduplication.

    Raises:
        InvalidParameter: a deduplication id was given.

    AWS: SNS API Reference, Publish (MessageDeduplicationId).
    """
    if deduplication_id:
        raise invalid(
            "MessageDeduplicationId",
            "The request includes MessageDeduplicationId parameter that is not valid for this"
            " topic type",
        )


def place_of(topic: Topic, group_id: str, deduplication_id: str, body: str) -> FifoPlace:
    """Where a message of a FIFO topic stands; its own deduplication id comes before its content's.

    Raises:
        InvalidParameter: the group is missing, or the deduplication id is and the topic does not
            make one of the content.

    AWS: SNS API Reference, Publish (MessageGroupId, MessageDeduplicationId).
    """
    if not group_id:
        raise InvalidParameter(
            "Invalid parameter: The MessageGroupId parameter is required for FIFO topics"
        )
    if not deduplication_id:
        if topic.attributes.get("ContentBasedDeduplication") != "true":
            raise InvalidParameter(
                "Invalid parameter: The topic should either have ContentBasedDeduplication enabled"
                " or MessageDeduplicationId provided explicitly"
            )
        deduplication_id = hashlib.sha256(body.encode()).hexdigest()
    is_by_group = topic.attributes.get("FifoThroughputScope") == "MessageGroup"
    # The letter keeps a group of the empty name apart from the whole topic.
    return FifoPlace(f"g{group_id}" if is_by_group else "", deduplication_id)


def remember(sns: Sns, topic: Topic, place: FifoPlace, notification: Notification) -> None:
    """Remember a message's deduplication id, and the message where the topic has an archive.

    AWS: SNS Developer Guide, Message deduplication for FIFO topics; Message archiving.
    """
    now_ms = notification.published_at_ms
    sns.fifo_store.remember(
        notification,
        topic.key,
        place.scope,
        now_ms=now_ms,
        expires_at_ms=now_ms + DEDUPLICATION_S * 1000,
    )
    if days := attributes.archive_days(topic.attributes):
        sns.fifo_store.archive(notification, topic.key, now_ms - days * _DAY_MS)
