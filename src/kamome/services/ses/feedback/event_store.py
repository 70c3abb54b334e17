"""What happened to sent mails, in the store: events, records for other services, counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec
import orjson

from kamome.storage.engine import Engine, Row

if TYPE_CHECKING:
    from kamome.services.ses.store import Owner

# Primary key of ses_mail_event: the next number of this mail, while there is room.
INSERT_EVENT = """
INSERT INTO ses_mail_event (message_id, number, recipient, type, at_ms, detail)
SELECT ?1, coalesce(max(number), 0) + 1, ?2, ?3, ?4, ?5 FROM ses_mail_event WHERE message_id = ?1
HAVING coalesce(max(number), 0) < ?6
"""
# Primary key of ses_mail_event, as a range.
SELECT_EVENTS = """
SELECT recipient, type, at_ms, detail FROM ses_mail_event
WHERE message_id = ? ORDER BY number LIMIT ?
"""
SELECT_TYPE = "SELECT 1 FROM ses_mail_event WHERE message_id = ? AND type = ? LIMIT 1"
DELETE_EVENTS = "DELETE FROM ses_mail_event WHERE message_id = ?"
# All by the primary key of ses_event_record, or a range of it.
INSERT_RECORD = """
INSERT INTO ses_event_record (account, region, number, kind, target, at_ms, record)
SELECT ?1, ?2, coalesce(max(number), 0) + 1, ?3, ?4, ?5, ?6 FROM ses_event_record
WHERE account = ?1 AND region = ?2 RETURNING number
"""
DELETE_OLD_RECORDS = "DELETE FROM ses_event_record WHERE account = ? AND region = ? AND number <= ?"
SELECT_RECORDS = """
SELECT kind, target, at_ms, record FROM ses_event_record
WHERE account = ? AND region = ? ORDER BY number DESC LIMIT ?
"""
# All by the primary keys of ses_event_count and ses_send_statistics, or ranges of them.
COUNT_EVENT = """
INSERT INTO ses_event_count (account, region, at_ms, metric, dimensions, count)
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (account, region, at_ms, metric, dimensions)
DO UPDATE SET count = count + excluded.count
"""
SELECT_COUNTS = """
SELECT at_ms, metric, dimensions, count FROM ses_event_count
WHERE account = ? AND region = ? AND at_ms >= ? ORDER BY at_ms, metric, dimensions LIMIT ?
"""
DELETE_OLD_COUNTS = "DELETE FROM ses_event_count WHERE account = ? AND region = ? AND at_ms < ?"
ADD_STATISTICS = """
INSERT INTO ses_send_statistics
  (account, region, at_ms, delivery_attempts, bounces, complaints, rejects)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (account, region, at_ms) DO UPDATE SET
  delivery_attempts = delivery_attempts + excluded.delivery_attempts,
  bounces = bounces + excluded.bounces,
  complaints = complaints + excluded.complaints,
  rejects = rejects + excluded.rejects
"""
SELECT_STATISTICS = """
SELECT at_ms, delivery_attempts, bounces, complaints, rejects FROM ses_send_statistics
WHERE account = ? AND region = ? AND at_ms >= ? ORDER BY at_ms LIMIT ?
"""
DELETE_OLD_STATISTICS = (
    "DELETE FROM ses_send_statistics WHERE account = ? AND region = ? AND at_ms < ?"
)

# Of one mail: 50 recipients with a handful of events each, and opens and clicks.
_EVENTS_MAX = 1_000
# Records of one account and region that are kept for services that are not here.
RECORDS_MAX = 10_000
_PRUNE_EVERY = 100
_COUNTS_MAX = 10_000
# Two weeks have 1,344 quarters of an hour.
_PERIODS_MAX = 1_500
PERIOD_MS = 15 * 60_000
STATISTICS_MS = 14 * 24 * 3600_000
_MINUTE_MS = 60_000
# What is old goes while the first minutes of an hour are counted.
_HOUR_MS = 3600_000
# AWS: CloudWatch User Guide, Metrics retention: points of a minute are kept for 15 days.
COUNTS_MS = 15 * 24 * 3600_000


class MailEvent(msgspec.Struct, frozen=True):
    """One event of one recipient of a mail."""

    recipient: str
    type: str
    at_ms: int
    detail: dict[str, object]


class EventRecord(msgspec.Struct, frozen=True):
    """An event as a service that is not here would get it."""

    kind: str
    target: str
    at_ms: int
    record: dict[str, object]


class Count(msgspec.Struct, frozen=True):
    """A CloudWatch counter in one minute."""

    at_ms: int
    metric: str
    dimensions: dict[str, str]
    count: int


class Statistics(msgspec.Struct, frozen=True):
    """What a quarter of an hour has brought."""

    at_ms: int
    delivery_attempts: int = 0
    bounces: int = 0
    complaints: int = 0
    rejects: int = 0


class EventStore:
    """All rows about what happened to mails. Writes join the open step."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, message_id: str, event: MailEvent) -> None:
        """Remember an event of one recipient, behind what came before; 1,000 of a mail at most.

        Whoever has a mail can open it without end.
        """
        row = (message_id, event.recipient, event.type, event.at_ms, orjson.dumps(event.detail))
        self._engine.write(INSERT_EVENT, (*row, _EVENTS_MAX))

    def events(self, message_id: str) -> list[MailEvent]:
        """The events of a mail in the order they happened, 1,000 at most."""
        rows = self._engine.all(SELECT_EVENTS, (message_id, _EVENTS_MAX))
        return [_event(row) for row in rows]

    def has(self, message_id: str, kind: str) -> bool:
        """Whether the mail has had an event of this type."""
        return self._engine.one(SELECT_TYPE, (message_id, kind)) is not None

    def forget(self, message_ids: Iterable[str]) -> None:
        """These mails are no longer kept."""
        self._engine.write_many(DELETE_EVENTS, [(message_id,) for message_id in message_ids])

    def add_record(self, owner: Owner, event: EventRecord) -> None:
        """Keep an event for a service that is not here; the oldest of 10,000 go."""
        key = (owner.account, owner.region)
        body = orjson.dumps(event.record)
        row = (*key, event.kind, event.target, event.at_ms, body)
        number = self._engine.write_returning(INSERT_RECORD, row)[0][0]
        assert isinstance(number, int)
        if number % _PRUNE_EVERY == 0:
            self._engine.write(DELETE_OLD_RECORDS, (*key, number - RECORDS_MAX))

    def records(self, owner: Owner, limit: int) -> list[EventRecord]:
        """The newest records, newest first."""
        rows = self._engine.all(SELECT_RECORDS, (owner.account, owner.region, limit))
        found = []
        for kind, target, at_ms, record in rows:
            assert isinstance(at_ms, int)
            assert isinstance(record, bytes)
            found.append(EventRecord(str(kind), str(target), at_ms, orjson.loads(record)))
        return found

    def count(self, owner: Owner, counted: Count) -> None:
        """Add to a metric in its minute."""
        dimensions = orjson.dumps(counted.dimensions, option=orjson.OPT_SORT_KEYS).decode()
        at_ms = counted.at_ms - counted.at_ms % _MINUTE_MS
        key = (owner.account, owner.region)
        row = (*key, at_ms, counted.metric, dimensions, counted.count)
        self._engine.write(COUNT_EVENT, row)
        if at_ms % _HOUR_MS == 0:
            self._engine.write(DELETE_OLD_COUNTS, (*key, at_ms - COUNTS_MS))

    def counts(self, owner: Owner, since_ms: int) -> list[Count]:
        """The counters of minutes from a moment on, in order."""
        rows = self._engine.all(SELECT_COUNTS, (owner.account, owner.region, since_ms, _COUNTS_MAX))
        found = []
        for at_ms, metric, dimensions, count in rows:
            assert isinstance(at_ms, int)
            assert isinstance(count, int)
            found.append(Count(at_ms, str(metric), orjson.loads(str(dimensions)), count))
        return found

    def add_statistics(self, owner: Owner, added: Statistics) -> None:
        """Add to the quarter of an hour that `at_ms` lies in."""
        at_ms = added.at_ms - added.at_ms % PERIOD_MS
        key = (owner.account, owner.region)
        numbers = (added.delivery_attempts, added.bounces, added.complaints, added.rejects)
        self._engine.write(ADD_STATISTICS, (*key, at_ms, *numbers))
        if at_ms % _HOUR_MS == 0:
            self._engine.write(DELETE_OLD_STATISTICS, (*key, at_ms - STATISTICS_MS))

    def statistics(self, owner: Owner, since_ms: int) -> list[Statistics]:
        """The quarters of an hour from a moment on that have anything, in order."""
        row = (owner.account, owner.region, since_ms, _PERIODS_MAX)
        return [_statistics(found) for found in self._engine.all(SELECT_STATISTICS, row)]


def _event(row: Row) -> MailEvent:
    recipient, kind, at_ms, detail = row
    assert isinstance(at_ms, int)
    assert isinstance(detail, bytes)
    return MailEvent(str(recipient), str(kind), at_ms, orjson.loads(detail))


def _statistics(row: Sequence[object]) -> Statistics:
    numbers = []
    for value in row:
        assert isinstance(value, int)
        numbers.append(value)
    return Statistics(*numbers)
