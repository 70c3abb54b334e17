"""What FIFO topics remember: deduplication ids, archived messages, replays.

AWS: SNS Developer Guide, Message deduplication for FIFO topics; Message archiving and replay.
"""

from __future__ import annotations

import msgspec

from kamome.services.sns.arns import TopicKey
from kamome.services.sns.envelope import Notification, from_json, to_json
from kamome.storage.engine import Engine

# A publish removes at most so many rows that have expired: more than it adds, so none pile up.
_EXPIRED_PER_PUBLISH = 10


class Published(msgspec.Struct, frozen=True):
    """What the first message with a deduplication id was."""

    message_id: str
    sequence: int


class Replay(msgspec.Struct, frozen=True):
    """How far a subscription's replay has come, and how it stands in SNS's words."""

    subscription_arn: str
    entry_id: int
    sequence: int
    status: str


class FifoStore:
    """Tables of FIFO topics. `engine` gives the steps; nothing here commits or waits."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    # ------------------------------------------------------------------ deduplication

    # Primary key.
    SELECT_PUBLISHED = """
SELECT message_id, sequence FROM sns_deduplication
WHERE account = ? AND region = ? AND topic = ? AND scope = ? AND deduplication_id = ?
  AND expires_at_ms > ?
"""

    def published(
        self, key: TopicKey, scope: str, deduplication_id: str, now_ms: int
    ) -> Published | None:
        """The message that has been published with a deduplication id lately, or None.

        AWS: SNS Developer Guide, Message deduplication for FIFO topics.
        """
        place = (key.account, key.region, key.name, scope, deduplication_id, now_ms)
        row = self.engine.one(self.SELECT_PUBLISHED, place)
        if row is None:
            return None
        assert isinstance(row[1], int)
        return Published(str(row[0]), row[1])

    # Primary key; one that has expired makes room for its successor.
    UPSERT_DEDUPLICATION = """
INSERT INTO sns_deduplication (account, region, topic, scope, deduplication_id, message_id,
  sequence, expires_at_ms)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (account, region, topic, scope, deduplication_id) DO UPDATE
SET message_id = excluded.message_id, sequence = excluded.sequence,
  expires_at_ms = excluded.expires_at_ms
"""
    # Index sns_deduplication_expiry for the inner one, primary key for the deletions.
    DELETE_EXPIRED = """
DELETE FROM sns_deduplication
WHERE (account, region, topic, scope, deduplication_id) IN (
  SELECT account, region, topic, scope, deduplication_id FROM sns_deduplication
  WHERE expires_at_ms <= ? ORDER BY expires_at_ms LIMIT ?)
"""

    def remember(
        self,
        notification: Notification,
        key: TopicKey,
        scope: str,
        *,
        now_ms: int,
        expires_at_ms: int,
    ) -> None:
        """Remember a message's deduplication id, and forget some that have expired.

        AWS: SNS Developer Guide, Message deduplication for FIFO topics.
        """
        row = (
            key.account,
            key.region,
            key.name,
            scope,
            notification.deduplication_id,
            notification.message_id,
            notification.sequence,
            expires_at_ms,
        )
        self.engine.write(self.DELETE_EXPIRED, (now_ms, _EXPIRED_PER_PUBLISH))
        self.engine.write(self.UPSERT_DEDUPLICATION, row)

    # ------------------------------------------------------------------ archive

    # Primary key.
    INSERT_ARCHIVED = """
INSERT INTO sns_archive (account, region, topic, sequence, published_at_ms, notification)
VALUES (?, ?, ?, ?, ?, ?)
"""
    # Index sns_archive_time for the inner one, primary key for the deletions.
    DELETE_ARCHIVED = """
DELETE FROM sns_archive WHERE account = ? AND region = ? AND topic = ? AND sequence IN (
  SELECT sequence FROM sns_archive
  WHERE account = ? AND region = ? AND topic = ? AND published_at_ms < ?
  ORDER BY published_at_ms LIMIT ?)
"""

    def archive(self, notification: Notification, key: TopicKey, keep_since_ms: int) -> None:
        """Keep a message in its topic's archive, and remove some that are older than it keeps.

        AWS: SNS Developer Guide, Message archiving for FIFO topic owners.
        """
        place = (key.account, key.region, key.name)
        row = (*place, notification.sequence, notification.published_at_ms, to_json(notification))
        self.engine.write(self.INSERT_ARCHIVED, row)
        self.forget_archived(key, keep_since_ms, _EXPIRED_PER_PUBLISH)

    def forget_archived(self, key: TopicKey, before_ms: int, limit: int) -> int:
        """Remove messages of an archive that are older than a moment, up to `limit`.

        AWS: SNS Developer Guide, Message archiving for FIFO topic owners.
        """
        place = (key.account, key.region, key.name)
        return self.engine.write(self.DELETE_ARCHIVED, (*place, *place, before_ms, limit))

    # Primary key, in its order; the moments are compared row by row.
    SELECT_ARCHIVED = """
SELECT notification FROM sns_archive
WHERE account = ? AND region = ? AND topic = ? AND sequence > ?
  AND published_at_ms >= ? AND published_at_ms < ?
ORDER BY sequence LIMIT ?
"""

    def archived_after(
        self, key: TopicKey, sequence: int, since_ms: int, until_ms: int, limit: int
    ) -> list[Notification]:
        """Messages of an archive by sequence, after one, published within a span of time.

        AWS: SNS Developer Guide, Message replay for FIFO topic subscribers.
        """
        place = (key.account, key.region, key.name, sequence, since_ms, until_ms, limit)
        found = []
        for (notification,) in self.engine.all(self.SELECT_ARCHIVED, place):
            assert isinstance(notification, bytes)
            found.append(from_json(notification))
        return found

    # Index sns_archive_time, at its beginning.
    SELECT_ARCHIVE_BEGINNING = """
SELECT published_at_ms FROM sns_archive
WHERE account = ? AND region = ? AND topic = ? AND published_at_ms >= ?
ORDER BY published_at_ms LIMIT 1
"""

    def archive_beginning(self, key: TopicKey, keep_since_ms: int) -> int | None:
        """When the oldest message was published that an archive still keeps, or None.

        AWS: SNS Developer Guide, Message archiving for FIFO topic owners (BeginningArchiveTime).
        """
        place = (key.account, key.region, key.name, keep_since_ms)
        row = self.engine.one(self.SELECT_ARCHIVE_BEGINNING, place)
        return row[0] if row is not None and isinstance(row[0], int) else None

    # ------------------------------------------------------------------ replays

    # All by primary key.
    UPSERT_REPLAY = """
INSERT INTO sns_replay (subscription_arn, entry_id, sequence, status) VALUES (?, ?, ?, ?)
ON CONFLICT (subscription_arn) DO UPDATE
SET entry_id = excluded.entry_id, sequence = excluded.sequence, status = excluded.status
"""
    SELECT_REPLAY = "SELECT entry_id, sequence, status FROM sns_replay WHERE subscription_arn = ?"
    DELETE_REPLAY = "DELETE FROM sns_replay WHERE subscription_arn = ?"

    def keep_replay(self, replay: Replay) -> None:
        """Keep how far a replay has come.

        AWS: SNS Developer Guide, Message replay for FIFO topic subscribers.
        """
        row = (replay.subscription_arn, replay.entry_id, replay.sequence, replay.status)
        self.engine.write(self.UPSERT_REPLAY, row)

    def replay(self, subscription_arn: str) -> Replay | None:
        """The last replay of a subscription, or None.

        AWS: SNS Developer Guide, Message replay for FIFO topic subscribers (ReplayStatus).
        """
        row = self.engine.one(self.SELECT_REPLAY, (subscription_arn,))
        if row is None:
            return None
        entry_id, sequence, status = row
        assert isinstance(entry_id, int)
        assert isinstance(sequence, int)
        return Replay(subscription_arn, entry_id, sequence, str(status))

    def end_replay(self, subscription_arn: str) -> None:
        """Stop and forget a replay.

        AWS: SNS Developer Guide, Message replay for FIFO topic subscribers.
        """
        self.engine.write(self.DELETE_REPLAY, (subscription_arn,))
