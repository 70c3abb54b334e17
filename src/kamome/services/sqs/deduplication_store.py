"""What FIFO queues remember for five minutes: deduplication ids, and receive attempts."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import orjson

from kamome.services.sqs import limits
from kamome.services.sqs.messages import NewMessage
from kamome.services.sqs.queue_store import whole
from kamome.services.sqs.queues import Queue
from kamome.storage.engine import Engine

# Every so many writes, twice as many rows that are past are dropped: the table never holds more
# than five minutes and a bit of traffic, and no write pays for more than its share.
_SWEEP_EVERY = 64

# Primary key; returns a row unless the id is remembered and still counts.
REMEMBER = """
INSERT INTO sqs_deduplication (queue_id, scope, deduplication_id, message_id, id, expires_at_ms)
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (queue_id, scope, deduplication_id) DO UPDATE SET
  message_id = excluded.message_id, id = excluded.id, expires_at_ms = excluded.expires_at_ms
WHERE expires_at_ms <= ?
RETURNING id
"""
# Primary key.
SELECT_REMEMBERED = """
SELECT message_id, id FROM sqs_deduplication
WHERE queue_id = ? AND scope = ? AND deduplication_id = ?
"""
# Index sqs_deduplication_expiry inside, primary key outside.
SWEEP = """
DELETE FROM sqs_deduplication WHERE (queue_id, scope, deduplication_id) IN (
  SELECT queue_id, scope, deduplication_id FROM sqs_deduplication
  WHERE expires_at_ms <= ? ORDER BY expires_at_ms LIMIT ?)
"""
# All by primary key.
UPSERT_ATTEMPT = """
INSERT INTO sqs_receive_attempt (queue_id, attempt_id, visible_at_ms, messages, expires_at_ms)
VALUES (?, ?, ?, ?, ?)
ON CONFLICT (queue_id, attempt_id) DO UPDATE SET visible_at_ms = excluded.visible_at_ms,
  messages = excluded.messages, expires_at_ms = excluded.expires_at_ms
"""
SELECT_ATTEMPT = """
SELECT visible_at_ms, messages, expires_at_ms FROM sqs_receive_attempt
WHERE queue_id = ? AND attempt_id = ?
"""
# Index sqs_receive_attempt_expiry inside, primary key outside.
SWEEP_ATTEMPTS = """
DELETE FROM sqs_receive_attempt WHERE (queue_id, attempt_id) IN (
  SELECT queue_id, attempt_id FROM sqs_receive_attempt
  WHERE expires_at_ms <= ? ORDER BY expires_at_ms LIMIT ?)
"""


class Earlier(msgspec.Struct, frozen=True):
    """The message that a duplicate repeats."""

    message_id: str
    id: int


class ReceiveAttempt(msgspec.Struct, frozen=True):
    """What a receive has handed out: ids and receive counts, all hidden until the same time."""

    visible_at_ms: int
    messages: tuple[tuple[int, int], ...]
    expires_at_ms: int


class DeduplicationStore:
    """Rows that count for five minutes. Use inside a step."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writes = 0

    def remember(self, queue: Queue, message: NewMessage) -> Earlier | None:
        """Remember a message's deduplication id, or give the message it repeats."""
        self._sweep_now_and_then(message.sent_at_ms)
        scope = message.group_id if queue.is_deduplicated_by_group else ""
        expires_at_ms = message.sent_at_ms + limits.DEDUPLICATION_INTERVAL_S * 1000
        key = (queue.id, scope, message.deduplication_id)
        new = (message.message_id, message.id, expires_at_ms, message.sent_at_ms)
        if self._engine.write_returning(REMEMBER, (*key, *new)):
            return None
        row = self._engine.one(SELECT_REMEMBERED, key)
        assert row is not None
        return Earlier(str(row[0]), whole(row[1]))

    def _sweep_now_and_then(self, now_ms: int) -> None:
        self._writes += 1
        if self._writes % _SWEEP_EVERY == 0:
            self._engine.write(SWEEP, (now_ms, 2 * _SWEEP_EVERY))
            self._engine.write(SWEEP_ATTEMPTS, (now_ms, 2 * _SWEEP_EVERY))

    def find_attempt(self, queue: Queue, attempt_id: str) -> ReceiveAttempt | None:
        """What a receive under that id has handed out, if it is remembered."""
        row = self._engine.one(SELECT_ATTEMPT, (queue.id, attempt_id))
        if row is None:
            return None
        messages = tuple((message, count) for message, count in orjson.loads(str(row[1])))
        return ReceiveAttempt(whole(row[0]), messages, whole(row[2]))

    def keep_attempt(
        self,
        queue: Queue,
        attempt_id: str,
        visible_at_ms: int,
        messages: Sequence[tuple[int, int]],
        expires_at_ms: int,
    ) -> None:
        """Remember what a receive hands out."""
        self._sweep_now_and_then(expires_at_ms - limits.RECEIVE_ATTEMPT_S * 1000)
        shown = orjson.dumps(messages).decode()
        self._engine.write(
            UPSERT_ATTEMPT, (queue.id, attempt_id, visible_at_ms, shown, expires_at_ms)
        )
