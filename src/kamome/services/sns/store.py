"""All that SNS keeps, and all its SQL. Each function is one step of the caller's transaction.

AWS: SNS API Reference.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import orjson

from kamome.services.sns.arns import SubscriptionKey, TopicKey
from kamome.services.sns.envelope import Notification, from_json, to_json
from kamome.services.sns.signing import SigningIdentity
from kamome.storage.engine import Engine, Row


class Topic(msgspec.Struct, frozen=True):
    """A topic as it is kept; attributes that were never set are absent."""

    key: TopicKey
    attributes: Mapping[str, str]
    tags: Mapping[str, str]
    subscriptions_confirmed: int = 0
    subscriptions_deleted: int = 0


class Subscription(msgspec.Struct, frozen=True):
    """A confirmed subscription as it is kept; attributes that were never set are absent."""

    key: SubscriptionKey
    owner: str
    principal: str
    protocol: str
    endpoint: str
    attributes: Mapping[str, str] = msgspec.field(default_factory=dict)

    @property
    def arn(self) -> str:
        """The subscription's ARN."""
        return self.key.arn


class SnsStore:
    """SNS's tables. `engine` gives the steps; nothing here commits or waits."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    # ------------------------------------------------------------------ topics

    # The primary key refuses a second topic of the name.
    INSERT_TOPIC = """
INSERT INTO sns_topic (account, region, name, created_at_ms, attributes, tags,
  subscriptions_confirmed, subscriptions_deleted)
VALUES (?, ?, ?, ?, ?, ?, 0, 0)
"""

    def insert_topic(self, topic: Topic, created_at_ms: int) -> None:
        """Keep a new topic. The caller has made sure that there is none of its name.

        AWS: SNS API Reference, CreateTopic.
        """
        key = topic.key
        self.engine.write(
            self.INSERT_TOPIC,
            (
                key.account,
                key.region,
                key.name,
                created_at_ms,
                _json(topic.attributes),
                _json(topic.tags),
            ),
        )

    # By primary key.
    SELECT_TOPIC = """
SELECT attributes, tags, subscriptions_confirmed, subscriptions_deleted FROM sns_topic
WHERE account = ? AND region = ? AND name = ?
"""

    def topic(self, key: TopicKey) -> Topic | None:
        """A topic by its key, or None.

        AWS: SNS API Reference, GetTopicAttributes.
        """
        row = self.engine.one(self.SELECT_TOPIC, (key.account, key.region, key.name))
        if row is None:
            return None
        attributes, tags, confirmed, deleted = row
        return Topic(key, _mapping(attributes), _mapping(tags), _int(confirmed), _int(deleted))

    # Primary key, as a covering range of one account and region.
    COUNT_TOPICS = "SELECT count(*) FROM sns_topic WHERE account = ? AND region = ?"

    def count_topics(self, account: str, region: str) -> int:
        """How many topics an account has in a region.

        AWS: General Reference, Amazon SNS endpoints and quotas.
        """
        row = self.engine.one(self.COUNT_TOPICS, (account, region))
        assert row is not None
        return _int(row[0])

    # Primary key, in its order.
    SELECT_TOPIC_NAMES = """
SELECT name FROM sns_topic WHERE account = ? AND region = ? AND name > ? ORDER BY name LIMIT ?
"""

    def topics_after(self, account: str, region: str, after: str, limit: int) -> list[TopicKey]:
        """Topics by name, beginning after one.

        AWS: SNS API Reference, ListTopics.
        """
        rows = self.engine.all(self.SELECT_TOPIC_NAMES, (account, region, after, limit))
        return [TopicKey(account, region, str(row[0])) for row in rows]

    # By primary key.
    UPDATE_TOPIC_ATTRIBUTES = """
UPDATE sns_topic SET attributes = ? WHERE account = ? AND region = ? AND name = ?
"""

    def set_topic_attributes(self, key: TopicKey, attributes: Mapping[str, str]) -> None:
        """Replace the attributes of a topic.

        AWS: SNS API Reference, SetTopicAttributes.
        """
        row = (_json(attributes), key.account, key.region, key.name)
        self.engine.write(self.UPDATE_TOPIC_ATTRIBUTES, row)

    # The topic by primary key; the others by their leading key columns.
    DELETE_TOPIC = "DELETE FROM sns_topic WHERE account = ? AND region = ? AND name = ?"
    DELETE_TOPIC_SUBSCRIPTIONS = """
DELETE FROM sns_subscription WHERE account = ? AND region = ? AND topic = ?
"""
    DELETE_TOPIC_METRICS = "DELETE FROM sns_metric WHERE account = ? AND region = ? AND topic = ?"

    def delete_topic(self, key: TopicKey) -> None:
        """Remove a topic with all its subscriptions, if it is there.

        AWS: SNS API Reference, DeleteTopic.
        """
        row = (key.account, key.region, key.name)
        with self.engine.atomic():
            self.engine.write(self.DELETE_TOPIC, row)
            self.engine.write(self.DELETE_TOPIC_SUBSCRIPTIONS, row)
            self.engine.write(self.DELETE_TOPIC_METRICS, row)

    # ------------------------------------------------------------------ subscriptions

    # The unique index sns_subscription_endpoint refuses a second one of the same endpoint.
    INSERT_SUBSCRIPTION = """
INSERT INTO sns_subscription (account, region, topic, id, owner, principal, protocol, endpoint,
  created_at_ms, attributes)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
    # By primary key.
    COUNT_SUBSCRIBED = """
UPDATE sns_topic SET subscriptions_confirmed = subscriptions_confirmed + 1
WHERE account = ? AND region = ? AND name = ?
"""

    def insert_subscription(self, subscription: Subscription, created_at_ms: int) -> None:
        """Keep a new subscription and count it.

        AWS: SNS API Reference, Subscribe.
        """
        topic = subscription.key.topic
        place = (topic.account, topic.region, topic.name)
        with self.engine.atomic():
            self.engine.write(
                self.INSERT_SUBSCRIPTION,
                (
                    *place,
                    subscription.key.id,
                    subscription.owner,
                    subscription.principal,
                    subscription.protocol,
                    subscription.endpoint,
                    created_at_ms,
                    _json(subscription.attributes),
                ),
            )
            self.engine.write(self.COUNT_SUBSCRIBED, place)

    # By primary key.
    SELECT_SUBSCRIPTION = """
SELECT account, region, topic, id, owner, principal, protocol, endpoint, attributes
FROM sns_subscription WHERE account = ? AND region = ? AND topic = ? AND id = ?
"""

    def subscription(self, key: SubscriptionKey) -> Subscription | None:
        """A subscription by its key, or None.

        AWS: SNS API Reference, GetSubscriptionAttributes.
        """
        topic = key.topic
        place = (topic.account, topic.region, topic.name, key.id)
        row = self.engine.one(self.SELECT_SUBSCRIPTION, place)
        return None if row is None else _subscription(row)

    # Unique index sns_subscription_endpoint.
    SELECT_BY_ENDPOINT = """
SELECT account, region, topic, id, owner, principal, protocol, endpoint, attributes
FROM sns_subscription
WHERE account = ? AND region = ? AND topic = ? AND protocol = ? AND endpoint = ?
"""

    def subscription_of(self, key: TopicKey, protocol: str, endpoint: str) -> Subscription | None:
        """The subscription of an endpoint to a topic, or None.

        AWS: SNS API Reference, Subscribe.
        """
        place = (key.account, key.region, key.name, protocol, endpoint)
        row = self.engine.one(self.SELECT_BY_ENDPOINT, place)
        return None if row is None else _subscription(row)

    # Primary key, in its order.
    SELECT_TOPIC_SUBSCRIPTIONS = """
SELECT account, region, topic, id, owner, principal, protocol, endpoint, attributes
FROM sns_subscription WHERE account = ? AND region = ? AND topic = ? AND id > ?
ORDER BY id LIMIT ?
"""

    def subscriptions_after(self, key: TopicKey, after: str, limit: int) -> list[Subscription]:
        """Subscriptions of a topic by id, beginning after one.

        AWS: SNS API Reference, ListSubscriptionsByTopic.
        """
        place = (key.account, key.region, key.name, after, limit)
        return [
            _subscription(row) for row in self.engine.all(self.SELECT_TOPIC_SUBSCRIPTIONS, place)
        ]

    # Primary key, in its order; those made since the publish are passed over.
    SELECT_SUBSCRIBED_BY = """
SELECT account, region, topic, id, owner, principal, protocol, endpoint, attributes
FROM sns_subscription
WHERE account = ? AND region = ? AND topic = ? AND id > ? AND created_at_ms <= ?
ORDER BY id LIMIT ?
"""

    def subscribed_by(
        self, key: TopicKey, published_at_ms: int, after: str, limit: int
    ) -> list[Subscription]:
        """Subscriptions that a message published at a moment goes to, by id.

        AWS: SNS API Reference, Publish.
        """
        place = (key.account, key.region, key.name, after, published_at_ms, limit)
        return [_subscription(row) for row in self.engine.all(self.SELECT_SUBSCRIBED_BY, place)]

    # Index sns_subscription_owner, in its order.
    SELECT_OWNED_SUBSCRIPTIONS = """
SELECT account, region, topic, id, owner, principal, protocol, endpoint, attributes
FROM sns_subscription
WHERE owner = ? AND region = ? AND (account, topic, id) > (?, ?, ?)
ORDER BY account, topic, id LIMIT ?
"""

    def owned_after(
        self, owner: str, region: str, after: tuple[str, str, str], limit: int
    ) -> list[Subscription]:
        """Subscriptions of an account in a region by topic and id, beginning after one.

        AWS: SNS API Reference, ListSubscriptions.
        """
        rows = self.engine.all(self.SELECT_OWNED_SUBSCRIPTIONS, (owner, region, *after, limit))
        return [_subscription(row) for row in rows]

    # By primary key.
    UPDATE_SUBSCRIPTION_ATTRIBUTES = """
UPDATE sns_subscription SET attributes = ?
WHERE account = ? AND region = ? AND topic = ? AND id = ?
"""

    def set_subscription_attributes(
        self, key: SubscriptionKey, attributes: Mapping[str, str]
    ) -> None:
        """Replace the attributes of a subscription.

        AWS: SNS API Reference, SetSubscriptionAttributes.
        """
        topic = key.topic
        row = (_json(attributes), topic.account, topic.region, topic.name, key.id)
        self.engine.write(self.UPDATE_SUBSCRIPTION_ATTRIBUTES, row)

    # Both by primary key.
    DELETE_SUBSCRIPTION = """
DELETE FROM sns_subscription WHERE account = ? AND region = ? AND topic = ? AND id = ?
"""
    COUNT_UNSUBSCRIBED = """
UPDATE sns_topic SET subscriptions_confirmed = subscriptions_confirmed - 1,
  subscriptions_deleted = subscriptions_deleted + 1
WHERE account = ? AND region = ? AND name = ?
"""

    def delete_subscription(self, key: SubscriptionKey) -> None:
        """Remove a subscription and count it, if it is there.

        AWS: SNS API Reference, Unsubscribe.
        """
        topic = key.topic
        place = (topic.account, topic.region, topic.name)
        with self.engine.atomic():
            if self.engine.write(self.DELETE_SUBSCRIPTION, (*place, key.id)):
                self.engine.write(self.COUNT_UNSUBSCRIBED, place)

    # ------------------------------------------------------------------ deliveries

    # Both by primary key; a message that several subscriptions wait for is kept once.
    INSERT_UNDELIVERED = """
INSERT INTO sns_undelivered (message_id, notification) VALUES (?, ?)
ON CONFLICT (message_id) DO NOTHING
"""
    INSERT_DELIVERY = "INSERT INTO sns_delivery (message_id, subscription_arn) VALUES (?, ?)"

    def keep_undelivered(self, notification: Notification, subscription_arn: str) -> None:
        """Keep a message for a subscription whose endpoint could not take it.

        AWS: SNS Developer Guide, Amazon SNS message delivery retries.
        """
        message_id = notification.message_id
        self.engine.write(self.INSERT_UNDELIVERED, (message_id, to_json(notification)))
        self.engine.write(self.INSERT_DELIVERY, (message_id, subscription_arn))

    # By primary key.
    SELECT_UNDELIVERED = "SELECT notification FROM sns_undelivered WHERE message_id = ?"

    def undelivered(self, message_id: str) -> Notification | None:
        """A message that is kept for further attempts, or None.

        AWS: SNS Developer Guide, Amazon SNS message delivery retries.
        """
        row = self.engine.one(self.SELECT_UNDELIVERED, (message_id,))
        if row is None:
            return None
        assert isinstance(row[0], bytes)
        return from_json(row[0])

    # All by primary key; the last by its first column.
    DELETE_DELIVERY = "DELETE FROM sns_delivery WHERE message_id = ? AND subscription_arn = ?"
    DELETE_IF_DELIVERED = """
DELETE FROM sns_undelivered WHERE message_id = ?
AND NOT EXISTS (SELECT 1 FROM sns_delivery WHERE sns_delivery.message_id = ?)
"""

    def end_delivery(self, message_id: str, subscription_arn: str) -> None:
        """A subscription waits for the message no more; the last one takes the message with it.

        AWS: SNS Developer Guide, Amazon SNS message delivery retries.
        """
        self.engine.write(self.DELETE_DELIVERY, (message_id, subscription_arn))
        self.engine.write(self.DELETE_IF_DELIVERED, (message_id, message_id))

    # By primary key.
    COUNT_METRIC = """
INSERT INTO sns_metric (account, region, topic, name, count) VALUES (?, ?, ?, ?, 1)
ON CONFLICT (account, region, topic, name) DO UPDATE SET count = count + 1
"""

    def count(self, key: TopicKey, metric: str) -> None:
        """Add one to a metric of a topic.

        AWS: SNS Developer Guide, Monitoring Amazon SNS topics using CloudWatch.
        """
        self.engine.write(self.COUNT_METRIC, (key.account, key.region, key.name, metric))

    # By primary key.
    SELECT_METRICS = """
SELECT name, count FROM sns_metric WHERE account = ? AND region = ? AND topic = ?
"""

    def metrics(self, key: TopicKey) -> dict[str, int]:
        """The metrics of a topic that have been counted so far.

        AWS: SNS Developer Guide, Monitoring Amazon SNS topics using CloudWatch.
        """
        rows = self.engine.all(self.SELECT_METRICS, (key.account, key.region, key.name))
        return {str(name): _int(count) for name, count in rows}

    # ------------------------------------------------------------------ signing identity

    # Both by primary key. The first identity stays.
    INSERT_IDENTITY = """
INSERT INTO sns_identity (name, private_key, certificate) VALUES ('signing', ?, ?)
ON CONFLICT (name) DO NOTHING
"""
    SELECT_IDENTITY = "SELECT private_key, certificate FROM sns_identity WHERE name = 'signing'"

    def keep_identity(self, identity: SigningIdentity) -> None:
        """Keep the signing identity, unless there is one already.

        AWS: SNS Developer Guide, Verifying the signatures of Amazon SNS messages.
        """
        self.engine.write(self.INSERT_IDENTITY, (identity.private_key, identity.certificate))

    def identity(self) -> SigningIdentity | None:
        """The signing identity, or None where none has been made.

        AWS: SNS Developer Guide, Verifying the signatures of Amazon SNS messages.
        """
        row = self.engine.one(self.SELECT_IDENTITY)
        if row is None:
            return None
        private_key, certificate = row
        assert isinstance(private_key, bytes)
        assert isinstance(certificate, bytes)
        return SigningIdentity(private_key, certificate)


def _subscription(row: Row) -> Subscription:
    account, region, topic, subscription_id, owner, principal, protocol, endpoint = map(
        str, row[:8]
    )
    key = SubscriptionKey(TopicKey(account, region, topic), subscription_id)
    return Subscription(key, owner, principal, protocol, endpoint, _mapping(row[8]))


def _json(members: Mapping[str, str]) -> str:
    return orjson.dumps(members, option=orjson.OPT_SORT_KEYS).decode()


def _mapping(text: object) -> dict[str, str]:
    assert isinstance(text, str)
    members = orjson.loads(text)
    assert isinstance(members, dict)
    return members


def _int(value: object) -> int:
    assert isinstance(value, int)
    return value
