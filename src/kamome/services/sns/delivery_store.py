"""What waits to be delivered, how deliveries ended, and the counts of a topic's metrics.

AWS: SNS Developer Guide, Amazon SNS message delivery retries.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import orjson

from kamome.services.sns.arns import TopicKey
from kamome.services.sns.envelope import Notification, from_json, to_json
from kamome.services.sns.limits import RETRIED_KEPT_MAX, STATUSES_KEPT_MAX
from kamome.storage.engine import Engine, Row

# Pruning looks once per this many records.
_PRUNE_EVERY = 100


class Waiting(msgspec.Struct, frozen=True):
    """A message that waits for one subscription; its outbox entry has the next attempt."""

    message_id: str
    subscription_arn: str
    entry_id: int


class Retried(msgspec.Struct, frozen=True):
    """How a delivery ended that took more than one attempt."""

    at_ms: int
    message_id: str
    subscription_arn: str
    protocol: str
    attempts: int
    result: str


class StatusLog(msgspec.Struct, frozen=True):
    """One entry of delivery status logging: the log group it would be in, and its text."""

    at_ms: int
    log_group: str
    document: Mapping[str, object]


class DeliveryStore:
    """Deliveries that wait. `engine` gives the steps; nothing here commits or waits."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._last_retried = self._last_status = -1

    # Both by primary key; a message that several subscriptions wait for is kept once.
    INSERT_UNDELIVERED = """
INSERT INTO sns_undelivered (message_id, notification) VALUES (?, ?)
ON CONFLICT (message_id) DO NOTHING
"""
    INSERT_DELIVERY = """
INSERT INTO sns_delivery (message_id, subscription_arn, group_id, sequence, entry_id)
VALUES (?, ?, ?, ?, ?)
ON CONFLICT (message_id, subscription_arn) DO UPDATE SET entry_id = excluded.entry_id
"""

    def keep_undelivered(
        self, notification: Notification, subscription_arn: str, entry_id: int
    ) -> None:
        """Keep a message for a subscription; `entry_id` 0 means that it waits behind another.

        AWS: SNS Developer Guide, Amazon SNS message delivery retries.
        """
        message_id, sequence = notification.message_id, notification.sequence
        group_id = notification.message_group_id if sequence else ""
        self.engine.write(self.INSERT_UNDELIVERED, (message_id, to_json(notification)))
        row = (message_id, subscription_arn, group_id, sequence, entry_id)
        self.engine.write(self.INSERT_DELIVERY, row)

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
    DELETE_DELIVERY = """
DELETE FROM sns_delivery WHERE message_id = ? AND subscription_arn = ? RETURNING group_id
"""
    DELETE_IF_DELIVERED = """
DELETE FROM sns_undelivered WHERE message_id = ?
AND NOT EXISTS (SELECT 1 FROM sns_delivery WHERE sns_delivery.message_id = ?)
"""

    def end_delivery(self, message_id: str, subscription_arn: str) -> str:
        """A subscription waits for the message no more; the last one takes the message with it.

        Returns the message group in whose order it stood, or nothing.

        AWS: SNS Developer Guide, Amazon SNS message delivery retries.
        """
        rows = self.engine.write_returning(self.DELETE_DELIVERY, (message_id, subscription_arn))
        self.engine.write(self.DELETE_IF_DELIVERED, (message_id, message_id))
        return str(rows[0][0]) if rows else ""

    # Index sns_delivery_group, in its order.
    SELECT_FIRST_OF_GROUP = """
SELECT message_id, entry_id FROM sns_delivery
WHERE subscription_arn = ? AND group_id = ? AND group_id <> '' ORDER BY sequence LIMIT 1
"""

    def first_of_group(self, subscription_arn: str, group_id: str) -> Waiting | None:
        """The message of a group that a subscription waits for first, or None.

        AWS: SNS Developer Guide, Message ordering details for FIFO topics.
        """
        row = self.engine.one(self.SELECT_FIRST_OF_GROUP, (subscription_arn, group_id))
        if row is None:
            return None
        assert isinstance(row[1], int)
        return Waiting(str(row[0]), subscription_arn, row[1])

    # By primary key.
    SET_ENTRY = """
UPDATE sns_delivery SET entry_id = ? WHERE message_id = ? AND subscription_arn = ?
"""

    def set_entry(self, waiting: Waiting, entry_id: int) -> None:
        """A delivery has a new outbox entry: its turn has come, or it was held back.

        AWS: SNS Developer Guide, Amazon SNS message delivery retries.
        """
        row = (entry_id, waiting.message_id, waiting.subscription_arn)
        self.engine.write(self.SET_ENTRY, row)

    # scan: for inspection alone, in the order of the primary key, and ended by the LIMIT.
    SELECT_WAITING = """
SELECT message_id, subscription_arn, entry_id FROM sns_delivery
ORDER BY message_id, subscription_arn LIMIT ?
"""

    def waiting(self, limit: int) -> list[Waiting]:
        """Deliveries that wait, any of them.

        AWS: SNS Developer Guide, Amazon SNS message delivery retries.
        """
        found = []
        for message_id, subscription_arn, entry_id in self.engine.all(
            self.SELECT_WAITING, (limit,)
        ):
            assert isinstance(entry_id, int)
            found.append(Waiting(str(message_id), str(subscription_arn), entry_id))
        return found

    # All by primary key, the second at its end.
    INSERT_RETRIED = """
INSERT INTO sns_retried (id, at_ms, message_id, subscription_arn, protocol, attempts, result)
VALUES (?, ?, ?, ?, ?, ?, ?)
"""
    SELECT_LAST_RETRIED = "SELECT max(id) FROM sns_retried"
    PRUNE_RETRIED = "DELETE FROM sns_retried WHERE id <= ?"

    def keep_retried(self, retried: Retried) -> None:
        """Keep how a retried delivery ended; the oldest records go.

        AWS: SNS Developer Guide, Amazon SNS message delivery retries.
        """
        if self._last_retried < 0:
            row = self.engine.one(self.SELECT_LAST_RETRIED)
            self._last_retried = row[0] if row is not None and isinstance(row[0], int) else 0
        self._last_retried += 1
        self.engine.write(
            self.INSERT_RETRIED,
            (
                self._last_retried,
                retried.at_ms,
                retried.message_id,
                retried.subscription_arn,
                retried.protocol,
                retried.attempts,
                retried.result,
            ),
        )
        if self._last_retried % _PRUNE_EVERY == 0:
            self.engine.write(self.PRUNE_RETRIED, (self._last_retried - RETRIED_KEPT_MAX,))

    # scan: for inspection alone, from the end of the primary key, and ended by the LIMIT.
    SELECT_RETRIED = """
SELECT at_ms, message_id, subscription_arn, protocol, attempts, result FROM sns_retried
ORDER BY id DESC LIMIT ?
"""

    def retried(self, limit: int) -> list[Retried]:
        """How the latest retried deliveries ended, the latest first.

        AWS: SNS Developer Guide, Amazon SNS message delivery retries.
        """
        return [_retried(row) for row in self.engine.all(self.SELECT_RETRIED, (limit,))]

    # All by primary key, the second at its end.
    INSERT_STATUS = """
INSERT INTO sns_delivery_status (id, at_ms, log_group, document) VALUES (?, ?, ?, ?)
"""
    SELECT_LAST_STATUS = "SELECT max(id) FROM sns_delivery_status"
    PRUNE_STATUSES = "DELETE FROM sns_delivery_status WHERE id <= ?"

    def keep_status(self, log: StatusLog) -> None:
        """Keep how a delivery ended, as CloudWatch Logs would; the oldest go.

        AWS: SNS Developer Guide, Amazon SNS message delivery status.
        """
        if self._last_status < 0:
            row = self.engine.one(self.SELECT_LAST_STATUS)
            self._last_status = row[0] if row is not None and isinstance(row[0], int) else 0
        self._last_status += 1
        row = (self._last_status, log.at_ms, log.log_group, orjson.dumps(log.document))
        self.engine.write(self.INSERT_STATUS, row)
        if self._last_status % _PRUNE_EVERY == 0:
            self.engine.write(self.PRUNE_STATUSES, (self._last_status - STATUSES_KEPT_MAX,))

    # scan: for inspection alone, from the end of the primary key, and ended by the LIMIT.
    SELECT_STATUSES = """
SELECT at_ms, log_group, document FROM sns_delivery_status ORDER BY id DESC LIMIT ?
"""

    def statuses(self, limit: int) -> list[StatusLog]:
        """The latest entries of delivery status logging, the latest first.

        AWS: SNS Developer Guide, Amazon SNS message delivery status.
        """
        found = []
        for at_ms, log_group, document in self.engine.all(self.SELECT_STATUSES, (limit,)):
            assert isinstance(at_ms, int)
            assert isinstance(document, bytes)
            found.append(StatusLog(at_ms, str(log_group), orjson.loads(document)))
        return found

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
        found = {}
        for name, count in self.engine.all(
            self.SELECT_METRICS, (key.account, key.region, key.name)
        ):
            assert isinstance(count, int)
            found[str(name)] = count
        return found


def _retried(row: Row) -> Retried:
    at_ms, message_id, subscription_arn, protocol, attempts, result = row
    assert isinstance(at_ms, int)
    assert isinstance(attempts, int)
    return Retried(
        at_ms, str(message_id), str(subscription_arn), str(protocol), attempts, str(result)
    )
