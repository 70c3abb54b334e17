"""What goes to EventBridge: kept as the events that a bus would take, and shown.

EventBridge is not served. What S3, Lambda and SES would put on a bus is written here in the step of
its cause, for tests and people to look at; the newest 1,000 of an account and Region stay.

`GET /_kamome/bus-events` shows them, the newest first. `?account=` and `?region=` choose whose,
`?bus=` the ARN of a bus, `?limit=` how many (100, at most 1,000).

AWS: EventBridge User Guide, Events (Structure of an event); Event buses.
"""

from __future__ import annotations

import re
from typing import cast

import msgspec

from kamome.arn import parse_arn
from kamome.observe.answers import json_response, refusal
from kamome.storage.engine import Engine
from kamome.wire import HttpRequest, HttpResponse

PREFIX = "/_kamome/bus-events"
EVENTS_MAX = 1_000
_LIMIT_DEFAULT = 100
_LIMIT = re.compile(r"[0-9]{1,4}")

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


class BusEventsApi:
    """Answers for one server; `region` and `account` are those of callers who name none."""

    def __init__(self, events: BusEvents, *, region: str, account: str) -> None:
        self._events = events
        self._region = region
        self._account = account

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request under `/_kamome/bus-events`."""
        if request.method not in ("GET", "HEAD"):
            return refusal(405, "What is kept here can be looked at, not changed.")
        if request.raw_path.rstrip("/") != PREFIX:
            return refusal(404, f"There is nothing at {request.raw_path}.")
        limit = request.query_value("limit") or str(_LIMIT_DEFAULT)
        if not _LIMIT.fullmatch(limit) or not 1 <= int(limit) <= EVENTS_MAX:
            return refusal(400, f"limit is 1 to {EVENTS_MAX}.")
        account = request.query_value("account") or self._account
        kept = self._events.latest(account, request.query_value("region") or self._region)
        chosen = request.query_value("bus")
        shown = [
            {"bus": bus, "event": msgspec.json.decode(event)}
            for bus, event in kept
            if chosen in (None, bus)
        ]
        return json_response({"events": shown[: int(limit)]})
