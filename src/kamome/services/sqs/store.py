"""Messages in SQLite. Standard queues: order is that of visibility, not promised."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
import orjson

from kamome.services.sqs import limits
from kamome.services.sqs.deduplication_store import DeduplicationStore
from kamome.services.sqs.group_store import GroupStore
from kamome.services.sqs.messages import NewMessage, ReceivedMessage, WaitingMessage
from kamome.services.sqs.move_task_store import MoveTaskStore
from kamome.services.sqs.queue_store import QueueStore, whole
from kamome.services.sqs.queues import Queue
from kamome.storage.engine import Engine, Row
from kamome.storage.facts import Facts

if TYPE_CHECKING:
    from kamome.services.sqs.shapes import MessageAttributeValue

INSERT_MESSAGE = """
INSERT INTO sqs_message (messages_id, id, group_no, visible_at_ms, receive_count,
  first_received_at_ms, last_received_at_ms, sent_at_ms)
VALUES (?, ?, ?, ?, 0, 0, 0, ?)
"""
INSERT_BODY = """
INSERT INTO sqs_body (id, message_id, sender_id, trace, group_id, deduplication_id,
  dead_letter_source, attributes, body)
VALUES (?, ?, ?, ?, ?, ?, '', ?, ?)
"""
# Index sqs_message_visible, in its order: cost is that of the rows taken, however many wait.
SELECT_VISIBLE = """
SELECT id, receive_count, first_received_at_ms, sent_at_ms, group_no, visible_at_ms
FROM sqs_message WHERE messages_id = ? AND visible_at_ms <= ? AND group_no = 0
ORDER BY visible_at_ms, id LIMIT ?
"""
# By primary key. Nobody else writes between the select and this: one step on one connection.
CLAIM = """
UPDATE sqs_message SET visible_at_ms = ?, receive_count = ?, first_received_at_ms = ?,
  last_received_at_ms = ?
WHERE messages_id = ? AND id = ?
"""
# Primary key of sqs_body: a receive's ten in one statement, filled up with repetitions.
SELECT_BODIES = f"""
SELECT id, message_id, sender_id, trace, group_id, deduplication_id, dead_letter_source, attributes,
  body
FROM sqs_body WHERE id IN ({", ".join("?" * limits.RECEIVE_MESSAGES_MAX)})
"""
# Primary key; the receive count tells the newest receipt handle from older ones.
DELETE_MESSAGE = "DELETE FROM sqs_message WHERE messages_id = ? AND id = ? AND receive_count = ?"
DROP_MESSAGE = "DELETE FROM sqs_message WHERE messages_id = ? AND id = ?"
DELETE_BODY = "DELETE FROM sqs_body WHERE id = ?"
# Primary key.
SELECT_MESSAGE = """
SELECT group_no, visible_at_ms, receive_count, first_received_at_ms, last_received_at_ms,
  sent_at_ms
FROM sqs_message WHERE messages_id = ? AND id = ?
"""
CHANGE_VISIBILITY = "UPDATE sqs_message SET visible_at_ms = ? WHERE messages_id = ? AND id = ?"
# Both by primary key.
MOVE_MESSAGE = """
UPDATE sqs_message SET messages_id = ?, id = ?, group_no = ?, visible_at_ms = ?,
  receive_count = ?, first_received_at_ms = ?, last_received_at_ms = 0, sent_at_ms = ?
WHERE messages_id = ? AND id = ?
"""
MOVE_BODY = """
UPDATE sqs_body SET id = ?, message_id = ?, deduplication_id = ?, dead_letter_source = ?
WHERE id = ?
"""
# Index sqs_message_visible, the part of it that is not visible: bounded by the in-flight limit
# and by what is delayed.
COUNT_HIDDEN = """
SELECT receive_count > 0, count(*) FROM sqs_message
WHERE messages_id = ? AND visible_at_ms > ? AND group_no = 0 GROUP BY receive_count > 0
"""
# Index sqs_message_grouped, the same part of it.
COUNT_HIDDEN_GROUPED = """
SELECT receive_count > 0, count(*) FROM sqs_message
WHERE messages_id = ? AND visible_at_ms > ? AND group_no <> 0 GROUP BY receive_count > 0
"""
# Primary key, once per queue and start; kept up in memory afterwards.
COUNT_ALL = "SELECT count(*) FROM sqs_message WHERE messages_id = ?"
# Index sqs_message_visible.
SELECT_NEXT_VISIBLE = """
SELECT visible_at_ms FROM sqs_message
WHERE messages_id = ? AND visible_at_ms > ? AND group_no = 0 ORDER BY visible_at_ms LIMIT 1
"""
# Primary key: messages of a set in the order of arrival.
SELECT_OLDEST = """
SELECT id, sent_at_ms, group_no FROM sqs_message
WHERE messages_id = ? AND id > ? ORDER BY id LIMIT ?
"""


class StoredMessage(msgspec.Struct, frozen=True):
    """The part of a message that changes."""

    id: int
    group_no: int
    visible_at_ms: int
    receive_count: int
    first_received_at_ms: int
    last_received_at_ms: int
    sent_at_ms: int


class Moved(msgspec.Struct, frozen=True):
    """What a message becomes in the queue that it moves to."""

    id: int
    message_id: str
    group_id: str
    deduplication_id: str
    dead_letter_source: str
    receive_count: int
    first_received_at_ms: int
    sent_at_ms: int
    visible_at_ms: int


class SqsStore(QueueStore):
    """The SQS tables. Every method is one statement or belongs inside the caller's step."""

    def __init__(self, engine: Engine, facts: Facts) -> None:
        super().__init__(engine, facts)
        self.groups = GroupStore(engine, self.new_id)
        self.deduplication = DeduplicationStore(engine)
        self.move_tasks = MoveTaskStore(engine)
        self._totals: dict[int, int] = {}
        self._in_flight_at_most: dict[int, int] = {}
        engine.on_rollback(self._forget_counts)

    def _forget_counts(self) -> None:
        self._totals.clear()
        self._in_flight_at_most.clear()

    def send(self, queue: Queue, messages: Sequence[NewMessage]) -> None:
        """Add messages, all of them or none."""
        if not any(message.group_id for message in messages):
            self._send(queue, messages)
            return
        with self.engine.atomic():
            for message in messages:
                self._send(queue, (message,))  # each finds its group as the last has left it

    def _send(self, queue: Queue, messages: Sequence[NewMessage]) -> None:
        messages_id = queue.messages_id
        self.engine.write_together(
            (
                INSERT_MESSAGE,
                [
                    (
                        messages_id,
                        message.id,
                        self._group_no(queue, message),
                        message.visible_at_ms,
                        message.sent_at_ms,
                    )
                    for message in messages
                ],
            ),
            (
                INSERT_BODY,
                [
                    (
                        message.id,
                        message.message_id,
                        message.sender_id,
                        message.trace,
                        message.group_id,
                        message.deduplication_id,
                        _packed_attributes(message.attributes),
                        message.content,
                    )
                    for message in messages
                ],
            ),
        )
        if messages_id in self._totals:
            self._totals[messages_id] += len(messages)

    def _group_no(self, queue: Queue, message: NewMessage) -> int:
        if not message.group_id:
            return 0
        return self._arrived(queue, message.group_id, message.id, message.visible_at_ms)

    def _arrived(self, queue: Queue, group_id: str, message: int, visible_at_ms: int) -> int:
        arrived = self.groups.arrived_fifo if queue.is_fifo else self.groups.arrived_tenant
        return arrived(queue.messages_id, group_id, message, visible_at_ms)

    def visible(self, queue: Queue, now_ms: int, limit: int) -> list[WaitingMessage]:
        """Messages without group that could be received now, those longest visible first."""
        rows = self.engine.all(SELECT_VISIBLE, (queue.messages_id, now_ms, limit))
        return [WaitingMessage(*row) for row in rows]  # type: ignore[arg-type] # integer columns

    def claim(
        self, queue: Queue, messages: Sequence[WaitingMessage], now_ms: int, visible_at_ms: int
    ) -> list[ReceivedMessage]:
        """Hide these visible messages, ten at most, until `visible_at_ms` and hand them out.

        The groups of messages that have one are the caller's to refresh.
        """
        if queue.messages_id in self._in_flight_at_most:
            self._in_flight_at_most[queue.messages_id] += len(messages)
        rows = [
            (
                visible_at_ms,
                message.receive_count + 1,
                message.first_received_at_ms or now_ms,
                now_ms,
                queue.messages_id,
                message.id,
            )
            for message in messages
        ]
        self.engine.write_together((CLAIM, rows))
        bodies = self._bodies([message.id for message in messages])
        return [
            _received(
                bodies[message.id],
                message.receive_count + 1,
                message.first_received_at_ms or now_ms,
                message.sent_at_ms,
            )
            for message in messages
        ]

    def _bodies(self, messages: Sequence[int]) -> Mapping[int, Row]:
        """What ten messages at most say of themselves, by id."""
        ids = [*messages, *[messages[0]] * (limits.RECEIVE_MESSAGES_MAX - len(messages))]
        return {whole(row[0]): row for row in self.engine.all(SELECT_BODIES, ids)}

    def shown(self, message: StoredMessage) -> ReceivedMessage:
        """A message with its body as its last receive left it."""
        return _received(
            self._bodies([message.id])[message.id],
            message.receive_count,
            message.first_received_at_ms,
            message.sent_at_ms,
        )

    def handled(self, message: int, receive_count: int) -> None:
        """The consumer of this receive deletes the message: for those who watch consumers."""

    def delete(self, queue: Queue, message: int, receive_count: int) -> bool:
        """Delete a message of a queue without groups if `receive_count` is its last receive's."""
        is_deleted = self.engine.write_together(
            (DELETE_MESSAGE, ((queue.messages_id, message, receive_count),)),
            (DELETE_BODY, ((message,),)),
        )
        if is_deleted and queue.messages_id in self._totals:
            self._totals[queue.messages_id] -= 1
        return is_deleted

    def drop(self, queue: Queue, message: int) -> None:
        """Delete a message whatever its state; its group is the caller's to refresh."""
        if self.engine.write(DROP_MESSAGE, (queue.messages_id, message)):
            self._drop_body(queue.messages_id, message)

    def expire(self, queue: Queue, message: int, group_no: int) -> None:
        """Drop a message whose retention period is over; several rows: use inside a step."""
        self.drop(queue, message)
        if group_no:
            self.groups.refresh(group_no)

    def _drop_body(self, messages_id: int, message: int) -> None:
        self.engine.write(DELETE_BODY, (message,))
        if messages_id in self._totals:
            self._totals[messages_id] -= 1

    def find_message(self, queue: Queue, message: int) -> StoredMessage | None:
        """A message of the queue, or None when it is gone."""
        row = self.engine.one(SELECT_MESSAGE, (queue.messages_id, message))
        if row is None:
            return None
        return StoredMessage(message, *row)  # type: ignore[arg-type] # integer columns

    def change_visibility(self, queue: Queue, message: StoredMessage, visible_at_ms: int) -> int:
        """Make a message visible at another time; returns when it can be received then.

        That is later where others of its FIFO group are in flight. Use inside a step.
        """
        self.engine.write(CHANGE_VISIBILITY, (visible_at_ms, queue.messages_id, message.id))
        if message.group_no:
            return self.groups.refresh(message.group_no) or visible_at_ms
        return visible_at_ms

    def move(self, source: Queue, target: Queue, waiting: WaitingMessage, moved: Moved) -> None:
        """Put a message into another queue; its body goes with it. Use inside a step."""
        group_no = 0
        if moved.group_id:
            group_no = self._arrived(target, moved.group_id, moved.id, moved.visible_at_ms)
        self.engine.write(
            MOVE_MESSAGE,
            (
                target.messages_id,
                moved.id,
                group_no,
                moved.visible_at_ms,
                moved.receive_count,
                moved.first_received_at_ms,
                moved.sent_at_ms,
                source.messages_id,
                waiting.id,
            ),
        )
        self.engine.write(
            MOVE_BODY,
            (
                moved.id,
                moved.message_id,
                moved.deduplication_id,
                moved.dead_letter_source,
                waiting.id,
            ),
        )
        if waiting.group_no:
            self.groups.refresh(waiting.group_no)
        if source.messages_id in self._totals:
            self._totals[source.messages_id] -= 1
        if target.messages_id in self._totals:
            self._totals[target.messages_id] += 1

    def body_row(self, message: int) -> ReceivedMessage:
        """What a message says of itself, without its receives."""
        return _received(self._bodies([message])[message], 0, 0, 0)

    # ------------------------------------------------------------------ counts

    def counts(self, queue: Queue, now_ms: int) -> tuple[int, int, int]:
        """How many messages are visible, in flight, delayed. Exact."""
        hidden = {0: 0, 1: 0}
        statements = [COUNT_HIDDEN]
        if self.groups.has_groups(queue.messages_id):
            statements.append(COUNT_HIDDEN_GROUPED)
        for statement in statements:
            for was_received, count in self.engine.all(statement, (queue.messages_id, now_ms)):
                hidden[whole(was_received)] += whole(count)
        return self.total(queue.messages_id) - hidden[0] - hidden[1], hidden[1], hidden[0]

    def total(self, messages_id: int) -> int:
        """How many messages a set has, whatever their state."""
        total = self._totals.get(messages_id)
        if total is None:
            row = self.engine.one(COUNT_ALL, (messages_id,))
            assert row is not None
            total = self._totals[messages_id] = whole(row[0])
        return total

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
        """When the next message that cannot be received now can be."""
        row = self.engine.one(SELECT_NEXT_VISIBLE, (queue.messages_id, now_ms))
        next_ms = None if row is None else whole(row[0])
        if self.groups.has_groups(queue.messages_id):
            group_ms = self.groups.next_available_ms(queue.messages_id, now_ms)
            if next_ms is None or (group_ms is not None and group_ms < next_ms):
                next_ms = group_ms
        return next_ms

    # ------------------------------------------------------------------ whole sets

    def oldest(self, messages_id: int, limit: int, *, after: int = 0) -> list[tuple[int, int, int]]:
        """Ids, sending times and groups of messages of a set in the order of arrival."""
        rows = self.engine.all(SELECT_OLDEST, (messages_id, after, limit))
        return [(whole(row[0]), whole(row[1]), whole(row[2])) for row in rows]

    def drop_all(self, messages_id: int, messages: Iterable[int]) -> None:
        """Delete messages of a set that is being discarded. Use inside a step."""
        ids = list(messages)
        self.engine.write_many(DROP_MESSAGE, [(messages_id, message) for message in ids])
        self.engine.write_many(DELETE_BODY, [(message,) for message in ids])
        if messages_id in self._totals:
            self._totals[messages_id] -= len(ids)

    def forget_set(self, messages_id: int) -> None:
        """A set of messages is a queue's no longer."""
        self._totals.pop(messages_id, None)
        self._in_flight_at_most.pop(messages_id, None)


def _received(
    row: Row, receive_count: int, first_received_at_ms: int, sent_at_ms: int
) -> ReceivedMessage:
    """A message of `SELECT_BODIES`, at one of its receives."""
    message, message_id, sender_id, trace, group_id, deduplication_id, source, packed, body = row
    assert isinstance(packed, bytes)
    assert isinstance(body, bytes)
    return ReceivedMessage(
        whole(message),
        str(message_id),
        str(sender_id),
        str(trace),
        str(group_id),
        str(deduplication_id),
        str(source),
        _unpacked_attributes(packed),
        body,
        receive_count,
        first_received_at_ms,
        sent_at_ms,
    )


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
