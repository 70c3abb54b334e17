"""Queues and messages in SQLite. Standard queues: order is that of visibility, not promised."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import orjson

from kamome.services.sqs.messages import NewMessage, ReceivedMessage, WaitingMessage
from kamome.services.sqs.queues import Queue, QueueRow, queue_of
from kamome.services.sqs.shapes import MessageAttributeValue
from kamome.storage.engine import Engine, Row
from kamome.storage.facts import Facts

# Ids are taken from the store in blocks, so that none is ever used twice, whatever was deleted.
_IDS_PER_BLOCK = 1_000_000
_NEXT_ID = "sqs.next_id"

INSERT_QUEUE = """
INSERT INTO sqs_queue (id, messages_id, account, region, name, attributes, tags,
  created_at_ms, modified_at_ms, purged_at_ms)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)
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
# Index sqs_queue_name, all queues of an account and region.
SELECT_QUEUES = f"""
SELECT {_QUEUE_COLUMNS} FROM sqs_queue WHERE account = ? AND region = ? AND name > ?
ORDER BY name LIMIT ?
"""
# All by primary key.
UPDATE_QUEUE = "UPDATE sqs_queue SET attributes = ?, tags = ?, modified_at_ms = ? WHERE id = ?"
UPDATE_MESSAGES_ID = "UPDATE sqs_queue SET messages_id = ?, purged_at_ms = ? WHERE id = ?"
DELETE_QUEUE = "DELETE FROM sqs_queue WHERE id = ?"
BLOCK_NAME = """
INSERT INTO sqs_deleted_queue (account, region, name, deleted_at_ms) VALUES (?, ?, ?, ?)
ON CONFLICT (account, region, name) DO UPDATE SET deleted_at_ms = excluded.deleted_at_ms
"""
SELECT_BLOCKED = """
SELECT deleted_at_ms FROM sqs_deleted_queue WHERE account = ? AND region = ? AND name = ?
"""
UNBLOCK_NAME = "DELETE FROM sqs_deleted_queue WHERE account = ? AND region = ? AND name = ?"

INSERT_MESSAGE = """
INSERT INTO sqs_message (messages_id, id, visible_at_ms, receive_count, first_received_at_ms,
  last_received_at_ms, sent_at_ms)
VALUES (?, ?, ?, 0, 0, 0, ?)
"""
INSERT_BODY = """
INSERT INTO sqs_body (id, message_id, sender_id, trace, group_id, attributes, body)
VALUES (?, ?, ?, ?, ?, ?, ?)
"""
# Index sqs_message_visible, in its order: cost is that of the rows taken, however many wait.
SELECT_VISIBLE = """
SELECT m.id, m.receive_count, m.first_received_at_ms, m.sent_at_ms
FROM sqs_message AS m WHERE m.messages_id = ? AND m.visible_at_ms <= ?
ORDER BY m.visible_at_ms, m.id LIMIT ?
"""
# By primary key. Nobody else writes between the select and this: one step on one connection.
CLAIM = """
UPDATE sqs_message SET visible_at_ms = ?, receive_count = ?, first_received_at_ms = ?,
  last_received_at_ms = ?
WHERE messages_id = ? AND id = ?
"""
# Primary key of sqs_body.
SELECT_BODY = """
SELECT message_id, sender_id, trace, group_id, attributes, body FROM sqs_body WHERE id = ?
"""
# Primary key; the receive count tells the newest receipt handle from older ones.
DELETE_MESSAGE = "DELETE FROM sqs_message WHERE messages_id = ? AND id = ? AND receive_count = ?"
DROP_MESSAGE = "DELETE FROM sqs_message WHERE messages_id = ? AND id = ?"
DELETE_BODY = "DELETE FROM sqs_body WHERE id = ?"
# Primary key.
SELECT_MESSAGE = """
SELECT visible_at_ms, receive_count, last_received_at_ms FROM sqs_message
WHERE messages_id = ? AND id = ?
"""
CHANGE_VISIBILITY = "UPDATE sqs_message SET visible_at_ms = ? WHERE messages_id = ? AND id = ?"
# Primary key; the body stays where it is.
MOVE_MESSAGE = """
UPDATE sqs_message SET messages_id = ?, visible_at_ms = ? WHERE messages_id = ? AND id = ?
"""
# Index sqs_message_visible, the part of it that is not visible: bounded by the in-flight limit
# and by what is delayed.
COUNT_HIDDEN = """
SELECT receive_count > 0, count(*) FROM sqs_message
WHERE messages_id = ? AND visible_at_ms > ? GROUP BY receive_count > 0
"""
# Index sqs_message_visible, once per queue and start; kept up in memory afterwards.
COUNT_ALL = "SELECT count(*) FROM sqs_message WHERE messages_id = ?"
# Index sqs_message_visible.
SELECT_NEXT_VISIBLE = """
SELECT visible_at_ms FROM sqs_message WHERE messages_id = ? AND visible_at_ms > ?
ORDER BY visible_at_ms LIMIT 1
"""
# Primary key: the oldest messages of a set.
SELECT_OLDEST = """
SELECT id, sent_at_ms FROM sqs_message WHERE messages_id = ? ORDER BY id LIMIT ?
"""


class SqsStore:
    """The SQS tables. Every method is one statement or belongs inside the caller's step."""

    def __init__(self, engine: Engine, facts: Facts) -> None:
        self.engine = engine
        self._facts = facts
        self._next_id = 0
        self._block_end = 0
        self._queues: dict[tuple[str, str, str], Queue] = {}
        self._totals: dict[int, int] = {}
        self._in_flight_at_most: dict[int, int] = {}
        engine.on_rollback(self._forget)

    def _forget(self) -> None:
        self._queues.clear()
        self._totals.clear()
        self._in_flight_at_most.clear()
        self._next_id = self._block_end = 0

    def new_id(self) -> int:
        """An id greater than all before, also those of earlier runs."""
        if self._next_id >= self._block_end:
            self._next_id = int(self._facts.get(_NEXT_ID) or "1")
            self._block_end = self._next_id + _IDS_PER_BLOCK
            self._facts.put(_NEXT_ID, str(self._block_end))
        self._next_id += 1
        return self._next_id

    # ------------------------------------------------------------------ queues

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
            ),
        )

    def update_queue(
        self, queue: Queue, attributes: Mapping[str, str], tags: Mapping[str, str], now_ms: int
    ) -> None:
        """Replace attributes and tags."""
        self._queues.pop((queue.account, queue.region, queue.name), None)
        self.engine.write(UPDATE_QUEUE, (_json(attributes), _json(tags), now_ms, queue.id))

    def delete_queue(self, queue: Queue, now_ms: int) -> None:
        """Take the queue away and block its name. Its messages are dropped in slices later."""
        self._queues.pop((queue.account, queue.region, queue.name), None)
        self._totals.pop(queue.messages_id, None)
        self.engine.write(DELETE_QUEUE, (queue.id,))
        self.engine.write(BLOCK_NAME, (queue.account, queue.region, queue.name, now_ms))

    def deleted_at_ms(self, account: str, region: str, name: str) -> int | None:
        """When a queue of that name was deleted last, if that is remembered."""
        row = self.engine.one(SELECT_BLOCKED, (account, region, name))
        return None if row is None else _int(row[0])

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

    def queues(self, account: str, region: str, *, after: str, limit: int) -> list[Queue]:
        """Queues by name, after one of them."""
        rows = self.engine.all(SELECT_QUEUES, (account, region, after, limit))
        return [queue_of(_queue_row(row)) for row in rows]

    def empty_queue(self, queue: Queue, now_ms: int) -> int:
        """Give the queue a new, empty set of messages; returns the id of the old one."""
        self._queues.pop((queue.account, queue.region, queue.name), None)
        self._totals.pop(queue.messages_id, None)
        self.engine.write(UPDATE_MESSAGES_ID, (self.new_id(), now_ms, queue.id))
        return queue.messages_id

    # ------------------------------------------------------------------ messages

    def send(self, queue: Queue, message: NewMessage) -> None:
        """Add a message. Two rows: use inside a step."""
        write = self.engine.write
        write(
            INSERT_MESSAGE,
            (queue.messages_id, message.id, message.visible_at_ms, message.sent_at_ms),
        )
        write(
            INSERT_BODY,
            (
                message.id,
                message.message_id,
                message.sender_id,
                message.trace,
                message.group_id,
                _packed_attributes(message.attributes),
                message.body.encode(),
            ),
        )
        if queue.messages_id in self._totals:
            self._totals[queue.messages_id] += 1

    def visible(self, queue: Queue, now_ms: int, limit: int) -> list[WaitingMessage]:
        """Messages that could be received now, those longest visible first."""
        rows = self.engine.all(SELECT_VISIBLE, (queue.messages_id, now_ms, limit))
        return [WaitingMessage(*row) for row in rows]  # type: ignore[arg-type] # integer columns

    def claim(
        self, queue: Queue, messages: Sequence[WaitingMessage], now_ms: int, visible_at_ms: int
    ) -> list[ReceivedMessage]:
        """Hide these visible messages until `visible_at_ms` and hand them out."""
        if queue.messages_id in self._in_flight_at_most:
            self._in_flight_at_most[queue.messages_id] += len(messages)
        self.engine.write_many(
            CLAIM,
            [
                (
                    visible_at_ms,
                    message.receive_count + 1,
                    message.first_received_at_ms or now_ms,
                    now_ms,
                    queue.messages_id,
                    message.id,
                )
                for message in messages
            ],
        )
        return [self._received(message, now_ms) for message in messages]

    def _received(self, message: WaitingMessage, now_ms: int) -> ReceivedMessage:
        row = self.engine.one(SELECT_BODY, (message.id,))
        assert row is not None
        message_id, sender_id, trace, group_id, attributes, body = row
        assert isinstance(attributes, bytes)
        assert isinstance(body, bytes)
        return ReceivedMessage(
            message.id,
            str(message_id),
            str(sender_id),
            str(trace),
            str(group_id),
            _unpacked_attributes(attributes),
            body.decode(),
            message.receive_count + 1,
            message.first_received_at_ms or now_ms,
            message.sent_at_ms,
        )

    def delete(self, queue: Queue, message: int, receive_count: int) -> bool:
        """Delete a message if `receive_count` is that of its last receive. Two rows: in a step."""
        if not self.engine.write(DELETE_MESSAGE, (queue.messages_id, message, receive_count)):
            return False
        self._drop_body(queue.messages_id, message)
        return True

    def drop(self, messages_id: int, message: int) -> None:
        """Delete a message without a receipt (expired, purged). Two rows: in a step."""
        if self.engine.write(DROP_MESSAGE, (messages_id, message)):
            self._drop_body(messages_id, message)

    def _drop_body(self, messages_id: int, message: int) -> None:
        self.engine.write(DELETE_BODY, (message,))
        if messages_id in self._totals:
            self._totals[messages_id] -= 1

    def find_message(self, queue: Queue, message: int) -> tuple[int, int, int] | None:
        """Visible-at, receive count and last receive of a message, or None when it is gone."""
        row = self.engine.one(SELECT_MESSAGE, (queue.messages_id, message))
        return None if row is None else (_int(row[0]), _int(row[1]), _int(row[2]))

    def change_visibility(self, queue: Queue, message: int, visible_at_ms: int) -> None:
        """Make a message visible at another time."""
        self.engine.write(CHANGE_VISIBILITY, (visible_at_ms, queue.messages_id, message))

    def move(self, source: Queue, target: Queue, message: int, now_ms: int) -> None:
        """Put a message, with its id, counts and times, into another queue, visible at once."""
        self.engine.write(MOVE_MESSAGE, (target.messages_id, now_ms, source.messages_id, message))
        if source.messages_id in self._totals:
            self._totals[source.messages_id] -= 1
        if target.messages_id in self._totals:
            self._totals[target.messages_id] += 1

    def body_trace(self, message: int) -> str:
        """The trace a message carries."""
        row = self.engine.one(SELECT_BODY, (message,))
        return "" if row is None else str(row[2])

    # ------------------------------------------------------------------ counts

    def counts(self, queue: Queue, now_ms: int) -> tuple[int, int, int]:
        """How many messages are visible, in flight, delayed. Exact."""
        total = self._totals.get(queue.messages_id)
        if total is None:
            row = self.engine.one(COUNT_ALL, (queue.messages_id,))
            assert row is not None
            total = self._totals[queue.messages_id] = _int(row[0])
        hidden = {0: 0, 1: 0}
        for was_received, count in self.engine.all(COUNT_HIDDEN, (queue.messages_id, now_ms)):
            hidden[_int(was_received)] = _int(count)
        return total - hidden[0] - hidden[1], hidden[1], hidden[0]

    def in_flight_at_most(self, queue: Queue, now_ms: int) -> int:
        """An upper bound that costs nothing: the last exact count and all receives since."""
        bound = self._in_flight_at_most.get(queue.messages_id)
        if bound is None:
            bound = self.in_flight(queue, now_ms)
        return bound

    def in_flight(self, queue: Queue, now_ms: int) -> int:
        """How many messages are in flight. Exact."""
        count = self.counts(queue, now_ms)[1]
        self._in_flight_at_most[queue.messages_id] = count
        return count

    def next_visible_ms(self, queue: Queue, now_ms: int) -> int | None:
        """When the next hidden or delayed message becomes visible."""
        row = self.engine.one(SELECT_NEXT_VISIBLE, (queue.messages_id, now_ms))
        return None if row is None else _int(row[0])

    def oldest(self, messages_id: int, limit: int) -> list[tuple[int, int]]:
        """Ids and sending times of the oldest messages of a set."""
        rows = self.engine.all(SELECT_OLDEST, (messages_id, limit))
        return [(_int(row[0]), _int(row[1])) for row in rows]

    def drop_all(self, messages_id: int, messages: Iterable[int]) -> None:
        """Delete messages of a set, bodies included. Use inside a step."""
        ids = list(messages)
        self.engine.write_many(DROP_MESSAGE, [(messages_id, message) for message in ids])
        self.engine.write_many(DELETE_BODY, [(message,) for message in ids])
        if messages_id in self._totals:
            self._totals[messages_id] -= len(ids)


def with_attributes(queue: Queue, attributes: Mapping[str, str]) -> Queue:
    """The queue as it would be with these attributes."""
    return replace(queue, attributes=attributes)


def _queue_row(row: Row) -> QueueRow:
    queue_id, messages_id, account, region, name, attributes, tags, created, modified, purged = row
    return QueueRow(
        _int(queue_id),
        _int(messages_id),
        str(account),
        str(region),
        str(name),
        orjson.loads(str(attributes)),
        orjson.loads(str(tags)),
        _int(created),
        _int(modified),
        _int(purged),
    )


def _int(value: object) -> int:
    assert isinstance(value, int)
    return value


def _json(value: Mapping[str, str]) -> str:
    return orjson.dumps(value).decode()


def _packed_attributes(attributes: Mapping[str, MessageAttributeValue]) -> bytes:
    """JSON with binary values in hexadecimal; empty for none, the common case."""
    if not attributes:
        return b""
    return orjson.dumps(
        {
            name: (
                {"DataType": value["DataType"], "hex": value["BinaryValue"].hex()}
                if "BinaryValue" in value
                else {"DataType": value["DataType"], "StringValue": value["StringValue"]}
            )
            for name, value in attributes.items()
        }
    )


def _unpacked_attributes(packed: bytes) -> dict[str, MessageAttributeValue]:
    if not packed:
        return {}
    return {
        name: (
            {"DataType": value["DataType"], "BinaryValue": bytes.fromhex(value["hex"])}
            if "hex" in value
            else {"DataType": value["DataType"], "StringValue": value["StringValue"]}
        )
        for name, value in orjson.loads(packed).items()
    }
