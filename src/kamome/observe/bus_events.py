"""What goes to EventBridge: kept as the events that a bus would take, and shown.

EventBridge is not served. What S3, Lambda and SES would put on a bus is written here in the step of
its cause, for tests and people to look at; the newest 1,000 of an account and Region stay.

`GET /_kamome/bus-events` shows them, the newest first. `?account=` and `?region=` choose whose,
`?bus=` the ARN of a bus, `?limit=` how many (100, at most 1,000).

AWS: EventBridge User Guide, Events (Structure of an event); Event buses.
"""

from __future__ import annotations

import re

import msgspec

from kamome.observe.answers import json_response, refusal
from kamome.observe.bus_event_store import EVENTS_MAX, BusEvents
from kamome.wire import HttpRequest, HttpResponse

PREFIX = "/_kamome/bus-events"
_LIMIT_DEFAULT = 100
_LIMIT = re.compile(r"[0-9]{1,4}")


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
