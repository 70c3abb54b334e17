"""All that SNS keeps, and all its SQL. Each function is one step of the caller's transaction.

AWS: SNS API Reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import msgspec
import orjson

from kamome.services.sns.arns import SubscriptionKey, TopicKey
from kamome.services.sns.signing import SigningIdentity
from kamome.storage.engine import Engine, Row

# Attributes read lately, by their text: a retry reads the same again. Nobody changes them.
_MAPPINGS_KEPT = 256
# Subscriptions read lately by their key: an endpoint that is down has the same one read each time.
_SUBSCRIPTIONS_KEPT_MAX = 256


class Topic(msgspec.Struct, frozen=True):
    """A topic as it is kept; attributes that were never set are absent."""

    key: TopicKey
    attributes: Mapping[str, str]
    tags: Mapping[str, str]
    subscriptions_confirmed: int = 0
    subscriptions_deleted: int = 0
    subscriptions_pending: int = 0
    data_protection_policy: str = ""
    sequence: int = 0

    @property
    def is_fifo(self) -> bool:
        """Whether it keeps the order of its message groups."""
        return self.key.is_fifo


class Subscription(msgspec.Struct, frozen=True):
    """A subscription as it is kept; attributes that were never set are absent.

    It is confirmed where `pending_until_ms` is 0, and otherwise waits for that until then.
    """

    key: SubscriptionKey
    owner: str
    principal: str
    protocol: str
    endpoint: str
    attributes: Mapping[str, str] = msgspec.field(default_factory=dict)
    pending_until_ms: int = 0
    is_authenticated: bool = True
    is_unsubscribe_authenticated: bool = False

    @property
    def is_pending(self) -> bool:
        """Whether its endpoint has not been confirmed yet."""
        return self.pending_until_ms > 0

    @property
    def arn(self) -> str:
        """The subscription's ARN."""
        return self.key.arn


class SnsStore:
    """SNS's tables. `engine` gives the steps; nothing here commits or waits."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._lately: dict[SubscriptionKey, Subscription] = {}
        engine.on_rollback(self._lately.clear)

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
SELECT attributes, tags, subscriptions_confirmed, subscriptions_deleted, subscriptions_pending,
  data_protection_policy, sequence
FROM sns_topic WHERE account = ? AND region = ? AND name = ?
"""

    def topic(self, key: TopicKey) -> Topic | None:
        """A topic by its key, or None.

        AWS: SNS API Reference, GetTopicAttributes.
        """
        row = self.engine.one(self.SELECT_TOPIC, (key.account, key.region, key.name))
        if row is None:
            return None
        attributes, tags, confirmed, deleted, pending, data_protection_policy, sequence = row
        return Topic(
            key,
            _mapping(attributes),
            _mapping(tags),
            _int(confirmed),
            _int(deleted),
            _int(pending),
            str(data_protection_policy),
            _int(sequence),
        )

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

    # By primary key.
    UPDATE_TOPIC_TAGS = """
UPDATE sns_topic SET tags = ? WHERE account = ? AND region = ? AND name = ?
"""

    def set_topic_tags(self, key: TopicKey, tags: Mapping[str, str]) -> None:
        """Replace the tags of a topic.

        AWS: SNS API Reference, TagResource.
        """
        self.engine.write(self.UPDATE_TOPIC_TAGS, (_json(tags), key.account, key.region, key.name))

    # By primary key.
    UPDATE_DATA_PROTECTION = """
UPDATE sns_topic SET data_protection_policy = ? WHERE account = ? AND region = ? AND name = ?
"""

    def set_data_protection_policy(self, key: TopicKey, policy: str) -> None:
        """Replace the data protection policy of a topic.

        AWS: SNS API Reference, PutDataProtectionPolicy.
        """
        row = (policy, key.account, key.region, key.name)
        self.engine.write(self.UPDATE_DATA_PROTECTION, row)

    # By primary key.
    NEXT_SEQUENCE = """
UPDATE sns_topic SET sequence = sequence + 1
WHERE account = ? AND region = ? AND name = ? RETURNING sequence
"""

    def next_sequence(self, key: TopicKey) -> int:
        """The number of a FIFO topic's next message, from 1.

        AWS: SNS API Reference, Publish (SequenceNumber).
        """
        ((number,),) = self.engine.write_returning(
            self.NEXT_SEQUENCE, (key.account, key.region, key.name)
        )
        return _int(number)

    # The topic by primary key; the others by their leading key columns.
    DELETE_TOPIC = "DELETE FROM sns_topic WHERE account = ? AND region = ? AND name = ?"
    DELETE_TOPIC_SUBSCRIPTIONS = """
DELETE FROM sns_subscription WHERE account = ? AND region = ? AND topic = ?
"""
    DELETE_TOPIC_METRICS = "DELETE FROM sns_metric WHERE account = ? AND region = ? AND topic = ?"
    DELETE_TOPIC_DEDUPLICATION = """
DELETE FROM sns_deduplication WHERE account = ? AND region = ? AND topic = ?
"""

    def delete_topic(self, key: TopicKey) -> None:
        """Remove a topic with all its subscriptions, if it is there.

        AWS: SNS API Reference, DeleteTopic.
        """
        row = (key.account, key.region, key.name)
        with self.engine.atomic():
            self.engine.write(self.DELETE_TOPIC, row)
            self._lately.clear()
            self.engine.write(self.DELETE_TOPIC_SUBSCRIPTIONS, row)
            self.engine.write(self.DELETE_TOPIC_METRICS, row)
            self.engine.write(self.DELETE_TOPIC_DEDUPLICATION, row)

    # ------------------------------------------------------------------ subscriptions

    # The unique index sns_subscription_endpoint refuses a second one of the same endpoint.
    INSERT_SUBSCRIPTION = """
INSERT INTO sns_subscription (account, region, topic, id, owner, principal, protocol, endpoint,
  created_at_ms, attributes, pending_until_ms)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
    # By primary key.
    COUNT_SUBSCRIPTIONS = """
UPDATE sns_topic SET subscriptions_confirmed = subscriptions_confirmed + ?,
  subscriptions_pending = subscriptions_pending + ?,
  subscriptions_deleted = subscriptions_deleted + ?
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
                    subscription.pending_until_ms,
                ),
            )
            counted = (0, 1, 0) if subscription.is_pending else (1, 0, 0)
            self.engine.write(self.COUNT_SUBSCRIPTIONS, (*counted, *place))

    # By primary key.
    SELECT_SUBSCRIPTION = """
SELECT account, region, topic, id, owner, principal, protocol, endpoint, attributes,
  pending_until_ms, is_authenticated, is_unsubscribe_authenticated
FROM sns_subscription WHERE account = ? AND region = ? AND topic = ? AND id = ?
"""

    def subscription(self, key: SubscriptionKey) -> Subscription | None:
        """A subscription by its key, or None.

        AWS: SNS API Reference, GetSubscriptionAttributes.
        """
        found = self._lately.get(key)
        if found is not None:
            return found
        topic = key.topic
        place = (topic.account, topic.region, topic.name, key.id)
        row = self.engine.one(self.SELECT_SUBSCRIPTION, place)
        if row is None:
            return None
        if len(self._lately) >= _SUBSCRIPTIONS_KEPT_MAX:
            self._lately.clear()
        found = self._lately[key] = _subscription(row)
        return found

    # Unique index sns_subscription_endpoint.
    SELECT_BY_ENDPOINT = """
SELECT account, region, topic, id, owner, principal, protocol, endpoint, attributes,
  pending_until_ms, is_authenticated, is_unsubscribe_authenticated
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
SELECT account, region, topic, id, owner, principal, protocol, endpoint, attributes,
  pending_until_ms, is_authenticated, is_unsubscribe_authenticated
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

    # Primary key, in its order; those made since, or not confirmed, are passed over.
    SELECT_SUBSCRIBED_BY = """
SELECT account, region, topic, id, owner, principal, protocol, endpoint, attributes,
  pending_until_ms, is_authenticated, is_unsubscribe_authenticated
FROM sns_subscription
WHERE account = ? AND region = ? AND topic = ? AND id > ? AND created_at_ms <= ?
  AND pending_until_ms = 0
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
SELECT account, region, topic, id, owner, principal, protocol, endpoint, attributes,
  pending_until_ms, is_authenticated, is_unsubscribe_authenticated
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
        self._lately.clear()
        self.engine.write(self.UPDATE_SUBSCRIPTION_ATTRIBUTES, row)

    # Index sns_subscription_filtered, as a covering range of one topic.
    COUNT_FILTER_POLICIES = """
SELECT count(*) FROM sns_subscription
WHERE account = ? AND region = ? AND topic = ? AND attributes LIKE '%"FilterPolicy":%'
"""

    def count_filter_policies(self, key: TopicKey) -> int:
        """How many subscriptions of a topic have a filter policy.

        AWS: SNS Developer Guide, Filter policy constraints.
        """
        row = self.engine.one(self.COUNT_FILTER_POLICIES, (key.account, key.region, key.name))
        assert row is not None
        return _int(row[0])

    # By primary key.
    CONFIRM_SUBSCRIPTION = """
UPDATE sns_subscription
SET pending_until_ms = 0, is_authenticated = ?, is_unsubscribe_authenticated = ?, created_at_ms = ?
WHERE account = ? AND region = ? AND topic = ? AND id = ? AND pending_until_ms > 0
"""

    def confirm_subscription(
        self, key: SubscriptionKey, now_ms: int, *, is_authenticated: bool, is_protected: bool
    ) -> None:
        """A pending subscription takes messages from now on; count it.

        AWS: SNS API Reference, ConfirmSubscription.
        """
        place = (key.topic.account, key.topic.region, key.topic.name)
        row = (int(is_authenticated), int(is_protected), now_ms, *place, key.id)
        with self.engine.atomic():
            self._lately.clear()
            if self.engine.write(self.CONFIRM_SUBSCRIPTION, row):
                self.engine.write(self.COUNT_SUBSCRIPTIONS, (1, -1, 0, *place))

    # By primary key.
    POSTPONE_EXPIRY = """
UPDATE sns_subscription SET pending_until_ms = ?
WHERE account = ? AND region = ? AND topic = ? AND id = ? AND pending_until_ms > 0
"""

    def postpone_expiry(self, key: SubscriptionKey, until_ms: int) -> None:
        """A pending subscription was asked for again, and waits anew.

        AWS: SNS API Reference, Subscribe.
        """
        place = (key.topic.account, key.topic.region, key.topic.name)
        self._lately.clear()
        self.engine.write(self.POSTPONE_EXPIRY, (until_ms, *place, key.id))

    # By primary key.
    DELETE_SUBSCRIPTION = """
DELETE FROM sns_subscription WHERE account = ? AND region = ? AND topic = ? AND id = ?
RETURNING pending_until_ms
"""

    def delete_subscription(self, key: SubscriptionKey) -> None:
        """Remove a subscription and count it, if it is there.

        AWS: SNS API Reference, Unsubscribe.
        """
        topic = key.topic
        place = (topic.account, topic.region, topic.name)
        with self.engine.atomic():
            self._lately.clear()
            deleted = self.engine.write_returning(self.DELETE_SUBSCRIPTION, (*place, key.id))
            if deleted:
                counted = (0, -1, 0) if deleted[0][0] else (-1, 0, 1)
                self.engine.write(self.COUNT_SUBSCRIPTIONS, (*counted, *place))

    # All by primary key.
    INSERT_CONFIRMATION = """
INSERT INTO sns_confirmation (token, subscription_arn, expires_at_ms) VALUES (?, ?, ?)
"""
    SELECT_CONFIRMATION = """
SELECT subscription_arn FROM sns_confirmation WHERE token = ? AND expires_at_ms > ?
"""
    DELETE_CONFIRMATION = "DELETE FROM sns_confirmation WHERE token = ?"

    def keep_token(self, token: str, subscription_arn: str, expires_at_ms: int) -> None:
        """Keep the token that confirms a subscription.

        AWS: SNS API Reference, Subscribe.
        """
        self.engine.write(self.INSERT_CONFIRMATION, (token, subscription_arn, expires_at_ms))

    def subscription_of_token(self, token: str, now_ms: int) -> str | None:
        """The ARN of the subscription that a token confirms, or None where it is not valid.

        AWS: SNS API Reference, ConfirmSubscription.
        """
        row = self.engine.one(self.SELECT_CONFIRMATION, (token, now_ms))
        return None if row is None else str(row[0])

    def forget_token(self, token: str) -> None:
        """The token is not valid any more.

        AWS: SNS API Reference, ConfirmSubscription.
        """
        self.engine.write(self.DELETE_CONFIRMATION, (token,))

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
    return Subscription(
        key,
        owner,
        principal,
        protocol,
        endpoint,
        _mapping(row[8]),
        _int(row[9]),
        bool(row[10]),
        bool(row[11]),
    )


def _json(members: Mapping[str, str]) -> str:
    return orjson.dumps(members, option=orjson.OPT_SORT_KEYS).decode()


@lru_cache(_MAPPINGS_KEPT)
def _mapping(text: object) -> Mapping[str, str]:
    assert isinstance(text, str)
    members = orjson.loads(text)
    assert isinstance(members, dict)
    return members


def _int(value: object) -> int:
    assert isinstance(value, int)
    return value
