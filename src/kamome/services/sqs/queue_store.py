"""Queues in SQLite: their rows, names and ids. The messages are in store.py."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from kamome.services.sqs import limits
from kamome.services.sqs.queues import Queue, QueueRow, queue_of
from kamome.storage.engine import Engine, Row
from kamome.storage.facts import Facts

# Ids are taken from the store in blocks, so that none is ever used twice, whatever was deleted.
_IDS_PER_BLOCK = 1_000_000
_NEXT_ID = "sqs.next_id"

INSERT_QUEUE = """
INSERT INTO sqs_queue (id, messages_id, account, region, name, attributes, tags,
  created_at_ms, modified_at_ms, purged_at_ms, dead_letter_target)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)
"""
_QUEUE_COLUMNS = """id, messages_id, account, region, name, attributes, tags, created_at_ms,
  modified_at_ms, purged_at_ms"""
# Index sqs_queue_name.
SELECT_QUEUE = f"""
SELECT {_QUEUE_COLUMNS} FROM sqs_queue WHERE account = ? AND region = ? AND name = ?
"""
# Index sqs_queue_name, as a range of names.
SELECT_QUEUE_NAMES = """
SELECT name FROM sqs_queue
WHERE account = ? AND region = ? AND name > ? AND name >= ? AND name < ?
ORDER BY name LIMIT ?
"""
# Primary key, as a range: all queues in pages.
SELECT_QUEUES_AFTER = f"SELECT {_QUEUE_COLUMNS} FROM sqs_queue WHERE id > ? ORDER BY id LIMIT ?"
# Index sqs_queue_dead_letter.
SELECT_SOURCES = """
SELECT name FROM sqs_queue
WHERE dead_letter_target = ? AND dead_letter_target <> '' AND name > ? ORDER BY name LIMIT ?
"""
# All by primary key.
UPDATE_QUEUE = """
UPDATE sqs_queue SET attributes = ?, tags = ?, modified_at_ms = ?, dead_letter_target = ?
WHERE id = ?
"""
UPDATE_MESSAGES_ID = "UPDATE sqs_queue SET messages_id = ?, purged_at_ms = ? WHERE id = ?"
DELETE_QUEUE = "DELETE FROM sqs_queue WHERE id = ?"
BLOCK_NAME = """
INSERT INTO sqs_deleted_queue (account, region, name, deleted_at_ms) VALUES (?, ?, ?, ?)
ON CONFLICT (account, region, name) DO UPDATE SET deleted_at_ms = excluded.deleted_at_ms
"""
# Index sqs_deleted_queue_time inside, primary key outside. A name is dropped for each that is
# blocked, and one more.
SWEEP_BLOCKED = """
DELETE FROM sqs_deleted_queue WHERE (account, region, name) IN (
  SELECT account, region, name FROM sqs_deleted_queue
  WHERE deleted_at_ms <= ? ORDER BY deleted_at_ms LIMIT 2)
"""
# Both by primary key.
SELECT_BLOCKED = """
SELECT deleted_at_ms FROM sqs_deleted_queue WHERE account = ? AND region = ? AND name = ?
"""
UNBLOCK_NAME = "DELETE FROM sqs_deleted_queue WHERE account = ? AND region = ? AND name = ?"


class QueueStore:
    """The queues. Every method is one statement or belongs inside the caller's step."""

    def __init__(self, engine: Engine, facts: Facts) -> None:
        self.engine = engine
        self._facts = facts
        self._next_id = 0
        self._block_end = 0
        self._queues: dict[tuple[str, str, str], Queue] = {}
        engine.on_rollback(self._forget_queues)

    def _forget_queues(self) -> None:
        self._queues.clear()
        self._next_id = self._block_end = 0

    def new_id(self) -> int:
        """An id greater than all before, also those of earlier runs."""
        if self._next_id >= self._block_end:
            self._next_id = int(self._facts.get(_NEXT_ID) or "1")
            self._block_end = self._next_id + _IDS_PER_BLOCK
            self._facts.put(_NEXT_ID, str(self._block_end))
        self._next_id += 1
        return self._next_id

    def find_queue(self, account: str, region: str, name: str) -> Queue | None:
        """The queue of that name, or None."""
        key = (account, region, name)
        found = self._queues.get(key)
        if found is None:
            row = self.engine.one(SELECT_QUEUE, key)
            if row is None:
                return None
            found = self._queues[key] = queue_of(_queue_row(row))
        return found

    def find_queue_by_arn(self, arn: str) -> Queue | None:
        """The queue of an ARN, or None."""
        parts = arn.split(":")
        if len(parts) != 6 or parts[2] != "sqs":
            return None
        return self.find_queue(parts[4], parts[3], parts[5])

    def create_queue(self, queue: QueueRow) -> None:
        """Add a queue whose name is free."""
        self.engine.write(
            INSERT_QUEUE,
            (
                queue.id,
                queue.messages_id,
                queue.account,
                queue.region,
                queue.name,
                _json(queue.attributes),
                _json(queue.tags),
                queue.created_at_ms,
                queue.modified_at_ms,
                queue_of(queue).dead_letter_target,
            ),
        )

    def update_queue(self, queue: Queue) -> None:
        """Keep the queue's attributes, tags and time of change as they are in `queue`."""
        self._forget_queue(queue)
        self.engine.write(
            UPDATE_QUEUE,
            (
                _json(queue.attributes),
                _json(queue.tags),
                queue.modified_at_ms,
                queue.dead_letter_target,
                queue.id,
            ),
        )

    def delete_queue(self, queue: Queue, now_ms: int) -> None:
        """Take the queue away and block its name. Its messages are dropped in slices later."""
        self._forget_queue(queue)
        self.engine.write(DELETE_QUEUE, (queue.id,))
        self.engine.write(SWEEP_BLOCKED, (now_ms - limits.DELETED_NAME_BLOCKED_S * 1000,))
        self.engine.write(BLOCK_NAME, (queue.account, queue.region, queue.name, now_ms))

    def empty_queue(self, queue: Queue, now_ms: int) -> int:
        """Give the queue a new, empty set of messages; returns the id of the old one."""
        self._forget_queue(queue)
        self.engine.write(UPDATE_MESSAGES_ID, (self.new_id(), now_ms, queue.id))
        return queue.messages_id

    def _forget_queue(self, queue: Queue) -> None:
        self._queues.pop((queue.account, queue.region, queue.name), None)

    def deleted_at_ms(self, account: str, region: str, name: str) -> int | None:
        """When a queue of that name was deleted last, if that is remembered."""
        row = self.engine.one(SELECT_BLOCKED, (account, region, name))
        return None if row is None else whole(row[0])

    def unblock_name(self, account: str, region: str, name: str) -> None:
        """The name is in use again."""
        self.engine.write(UNBLOCK_NAME, (account, region, name))

    def queue_names(
        self, account: str, region: str, *, prefix: str, after: str, limit: int
    ) -> list[str]:
        """Names of queues in ascending order, after one of them."""
        end = prefix + "\U0010ffff"
        rows = self.engine.all(SELECT_QUEUE_NAMES, (account, region, after, prefix, end, limit))
        return [str(row[0]) for row in rows]

    def queues_after(self, queue_id: int, limit: int) -> list[Queue]:
        """Queues of all accounts and regions by id, after one of them."""
        rows = self.engine.all(SELECT_QUEUES_AFTER, (queue_id, limit))
        return [queue_of(_queue_row(row)) for row in rows]

    def dead_letter_sources(self, arn: str, *, after: str, limit: int) -> list[str]:
        """Names of the queues whose redrive policy names this dead-letter queue, ascending.

        They are of its account and region: a redrive policy cannot name another's.
        """
        return [str(row[0]) for row in self.engine.all(SELECT_SOURCES, (arn, after, limit))]


def _queue_row(row: Row) -> QueueRow:
    queue_id, messages_id, account, region, name, attributes, tags, created, modified, purged = row
    return QueueRow(
        whole(queue_id),
        whole(messages_id),
        str(account),
        str(region),
        str(name),
        orjson.loads(str(attributes)),
        orjson.loads(str(tags)),
        whole(created),
        whole(modified),
        whole(purged),
    )


def whole(value: object) -> int:
    """The value of an integer column."""
    assert isinstance(value, int)
    return value


def _json(value: Mapping[str, str]) -> str:
    return orjson.dumps(value).decode()
