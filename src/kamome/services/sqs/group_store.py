"""Message groups in SQLite: which groups have a message that can be received now.

One row per group that has messages, FIFO groups under negative ids and tenants of standard queues
under positive ones. Whoever changes a message of a group calls `refresh` in the same step, so the
rows are exact at all times.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from kamome.services.sqs.messages import WaitingMessage
from kamome.services.sqs.queue_store import whole
from kamome.storage.engine import Engine

# One receive takes ten messages at most, all of them from the front of their groups, and a group
# with a message in flight gives no others: the first ten of a group hold all that are in flight.
_FRONT = 10

# Index sqs_group_name.
SELECT_GROUP = "SELECT id, available_at_ms FROM sqs_group WHERE messages_id = ? AND group_id = ?"
INSERT_GROUP = """
INSERT INTO sqs_group (id, messages_id, group_id, available_at_ms, head) VALUES (?, ?, ?, ?, ?)
"""
# All by primary key.
UPDATE_GROUP = "UPDATE sqs_group SET available_at_ms = ?, head = ? WHERE id = ?"
DELETE_GROUP = "DELETE FROM sqs_group WHERE id = ?"
# Index sqs_group_available, in its order: cost is that of the groups taken, however many wait.
SELECT_AVAILABLE = """
SELECT id FROM sqs_group WHERE messages_id = ? AND available_at_ms <= ?
ORDER BY available_at_ms, head LIMIT ?
"""
# Index sqs_group_available.
SELECT_NEXT_AVAILABLE = """
SELECT available_at_ms FROM sqs_group WHERE messages_id = ? AND available_at_ms > ?
ORDER BY available_at_ms LIMIT 1
"""
# Index sqs_group_name.
SELECT_ANY_GROUP = "SELECT id FROM sqs_group WHERE messages_id = ? LIMIT 1"
# Index sqs_group_name, the statement inside; primary key outside.
DELETE_GROUPS = """
DELETE FROM sqs_group WHERE id IN (SELECT id FROM sqs_group WHERE messages_id = ? LIMIT ?)
"""
# Index sqs_message_fifo: the front of a group in the order of sending.
SELECT_FIFO_FRONT = """
SELECT id, receive_count, first_received_at_ms, sent_at_ms, group_no, visible_at_ms
FROM sqs_message
WHERE group_no = ? AND group_no < 0 ORDER BY id LIMIT ?
"""
# Index sqs_message_tenant: a tenant's messages, longest visible first.
SELECT_TENANT_FRONT = """
SELECT id, receive_count, first_received_at_ms, sent_at_ms, group_no, visible_at_ms
FROM sqs_message
WHERE group_no = ? AND group_no > 0 AND visible_at_ms <= ?
ORDER BY visible_at_ms, id LIMIT ?
"""
# Index sqs_message_tenant.
SELECT_TENANT_NEXT = """
SELECT visible_at_ms, id FROM sqs_message
WHERE group_no = ? AND group_no > 0 ORDER BY visible_at_ms, id LIMIT 1
"""
# Indexes sqs_message_visible and sqs_message_grouped, the parts that are not visible: bounded by
# the in-flight limit and by what is delayed.
COUNT_IN_FLIGHT_BY_TENANT = """
SELECT 0, count(*) FROM sqs_message
WHERE messages_id = ?1 AND visible_at_ms > ?2 AND group_no = 0 AND receive_count > 0
UNION ALL
SELECT group_no, count(*) FROM sqs_message
WHERE messages_id = ?1 AND visible_at_ms > ?2 AND group_no <> 0 AND receive_count > 0
GROUP BY group_no
"""
# The counts by tenant are counted anew after as many receives as could change what is noisy, and
# when the clock has moved on, for messages come back by themselves.
_RECOUNT_CLAIMS_MIN = 30
_RECOUNT_MS = 10_000


class _InFlight(msgspec.Struct):
    """Messages in flight by tenant (0: those without one), as counted and followed since."""

    by_tenant: dict[int, int]
    counted_at_ms: int
    claims_left: int


class GroupStore:
    """Rows of message groups, and reads of messages by group. Use writes inside a step."""

    def __init__(self, engine: Engine, new_id: Callable[[], int]) -> None:
        self._engine = engine
        self._new_id = new_id
        self._has_groups: dict[int, bool] = {}
        self._in_flight: dict[int, _InFlight] = {}
        engine.on_rollback(self._forget)

    def _forget(self) -> None:
        self._has_groups.clear()
        self._in_flight.clear()

    def has_groups(self, messages_id: int) -> bool:
        """Whether messages of this set may belong to groups."""
        known = self._has_groups.get(messages_id)
        if known is None:
            row = self._engine.one(SELECT_ANY_GROUP, (messages_id,))
            known = self._has_groups[messages_id] = row is not None
        return known

    def arrived_fifo(
        self, messages_id: int, group_id: str, message: int, visible_at_ms: int
    ) -> int:
        """Number of the FIFO group for a message about to be added at its end."""
        row = self._engine.one(SELECT_GROUP, (messages_id, group_id))
        if row is not None:
            return whole(row[0])
        group_no = -self._new_id()
        self._found(messages_id, group_no, group_id, message, visible_at_ms)
        return group_no

    def arrived_tenant(
        self, messages_id: int, group_id: str, message: int, visible_at_ms: int
    ) -> int:
        """Number of the tenant for a message about to be added."""
        row = self._engine.one(SELECT_GROUP, (messages_id, group_id))
        if row is None:
            group_no = self._new_id()
            self._found(messages_id, group_no, group_id, message, visible_at_ms)
            return group_no
        group_no = whole(row[0])
        if visible_at_ms < whole(row[1]):
            self._engine.write(UPDATE_GROUP, (visible_at_ms, message, group_no))
        return group_no

    def _found(
        self, messages_id: int, group_no: int, group_id: str, message: int, visible_at_ms: int
    ) -> None:
        self._engine.write(INSERT_GROUP, (group_no, messages_id, group_id, visible_at_ms, message))
        self._has_groups[messages_id] = True

    def block(self, group_no: int, head: int, until_ms: int) -> None:
        """The front of a FIFO group has been received: nothing of it is available before then."""
        self._engine.write(UPDATE_GROUP, (until_ms, head, group_no))

    def refresh(self, group_no: int) -> int | None:
        """Compute again when the group is available, after its messages changed.

        Returns that time, or None where the group has no messages any more.
        """
        next_one = self._fifo_next(group_no) if group_no < 0 else self._tenant_next(group_no)
        if next_one is None:
            self._engine.write(DELETE_GROUP, (group_no,))
            return None
        available_at_ms, head = next_one
        self._engine.write(UPDATE_GROUP, (available_at_ms, head, group_no))
        return available_at_ms

    def _fifo_next(self, group_no: int) -> tuple[int, int] | None:
        front = self._engine.all(SELECT_FIFO_FRONT, (group_no, _FRONT))
        if not front:
            return None
        head_id, *_, head_visible_at_ms = front[0]
        received = [whole(row[5]) for row in front if whole(row[1]) > 0]
        return max(whole(head_visible_at_ms), *received, 0), whole(head_id)

    def _tenant_next(self, group_no: int) -> tuple[int, int] | None:
        row = self._engine.one(SELECT_TENANT_NEXT, (group_no,))
        return None if row is None else (whole(row[0]), whole(row[1]))

    def available(self, messages_id: int, now_ms: int, limit: int) -> list[int]:
        """Groups with a message that can be received now, those longest available first."""
        rows = self._engine.all(SELECT_AVAILABLE, (messages_id, now_ms, limit))
        return [whole(row[0]) for row in rows]

    def next_available_ms(self, messages_id: int, now_ms: int) -> int | None:
        """When the next group becomes available."""
        row = self._engine.one(SELECT_NEXT_AVAILABLE, (messages_id, now_ms))
        return None if row is None else whole(row[0])

    def fifo_front(self, group_no: int, now_ms: int, limit: int) -> list[WaitingMessage]:
        """The first messages of an available FIFO group, up to the first that is delayed."""
        front = []
        for row in self._engine.all(SELECT_FIFO_FRONT, (group_no, limit)):
            if whole(row[5]) > now_ms:
                break
            front.append(WaitingMessage(*row))  # type: ignore[arg-type] # integer columns
        return front

    def tenant_front(self, group_no: int, now_ms: int, limit: int) -> list[WaitingMessage]:
        """A tenant's visible messages, those longest visible first."""
        rows = self._engine.all(SELECT_TENANT_FRONT, (group_no, now_ms, limit))
        return [WaitingMessage(*row) for row in rows]  # type: ignore[arg-type] # integer columns

    # ------------------------------------------------------------------ fair queues

    def tenants_in_flight(self, messages_id: int, now_ms: int) -> dict[int, int]:
        """How many messages of each tenant are in flight (0: of those without tenant).

        Exact within a quarter, or ten seconds.
        """
        known = self._in_flight.get(messages_id)
        if known is None or known.claims_left <= 0 or now_ms - known.counted_at_ms >= _RECOUNT_MS:
            rows = self._engine.all(COUNT_IN_FLIGHT_BY_TENANT, (messages_id, now_ms))
            by_tenant = {whole(row[0]): whole(row[1]) for row in rows}
            claims_left = max(_RECOUNT_CLAIMS_MIN, sum(by_tenant.values()) // 4)
            known = self._in_flight[messages_id] = _InFlight(by_tenant, now_ms, claims_left)
        return known.by_tenant

    def count_in_flight(self, messages_id: int, tenants: Sequence[int]) -> None:
        """Messages of these tenants have come into flight."""
        known = self._in_flight.get(messages_id)
        if known is not None:
            known.claims_left -= len(tenants)
            for tenant in tenants:
                known.by_tenant[tenant] = known.by_tenant.get(tenant, 0) + 1

    def count_deleted(self, messages_id: int, tenant: int) -> None:
        """A message of this tenant has been deleted in flight."""
        known = self._in_flight.get(messages_id)
        if known is not None and known.by_tenant.get(tenant, 0) > 0:
            known.by_tenant[tenant] -= 1

    def discard(self, messages_id: int, limit: int) -> int:
        """Drop rows of a set of messages that is being discarded; returns how many."""
        self._has_groups.pop(messages_id, None)
        self._in_flight.pop(messages_id, None)
        return self._engine.write(DELETE_GROUPS, (messages_id, limit))
