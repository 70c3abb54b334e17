"""SQL of what goes to EventBridge. See `bus_events.py`."""

from __future__ import annotations

from typing import cast

import msgspec

from kamome.arn import parse_arn
from kamome.storage.engine import Engine

# Kept of an account and Region.
EVENTS_MAX = 1_000

# All by primary key, or a range of it.
SELECT_LAST = "SELECT max(number) FROM bus_event WHERE account = ? AND region = ?"
INSERT_EVENT = """
INSERT INTO bus_event (account, region, number, bus, event) VALUES (?, ?, ?, ?, ?)
"""
DELETE_OLD = "DELETE FROM bus_event WHERE account = ? AND region = ? AND number <= ?"
SELECT_EVENTS = """
SELECT bus, event FROM bus_event WHERE account = ? AND region = ? ORDER BY number DESC LIMIT ?
"""


class BusEvents(msgspec.Struct, frozen=True):
    """Events of all buses. The store is part of the caller's step."""

    engine: Engine

    def put(self, bus_arn: str, event: str) -> None:
        """Keep an event (JSON of its envelope) of the bus of that ARN; the oldest goes.

        AWS: EventBridge API Reference, PutEvents.
        """
        arn = parse_arn(bus_arn)
        scope = (arn.account, arn.region) if arn is not None else ("", "")
        row = self.engine.one(SELECT_LAST, scope)
        number = (cast("int | None", row[0]) or 0) + 1 if row is not None else 1
        self.engine.write(INSERT_EVENT, (*scope, number, bus_arn, event))
        self.engine.write(DELETE_OLD, (*scope, number - EVENTS_MAX))

    def latest(self, account: str, region: str, limit: int = EVENTS_MAX) -> list[tuple[str, str]]:
        """At most `limit` buses' ARNs and events as JSON, the newest first."""
        rows = self.engine.all(SELECT_EVENTS, (account, region, limit))
        return [cast("tuple[str, str]", row) for row in rows]
