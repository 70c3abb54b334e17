"""What goes to EventBridge is kept, bounded, and shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import kamome.observe
from kamome.observe import bus_event_store, bus_events
from kamome.observe.bus_event_store import BusEvents
from kamome.observe.bus_events import BusEventsApi
from kamome.storage.engine import Engine
from kamome.storage.migrations import migrate
from kamome.wire import HttpRequest

ACCOUNT = "000000000000"
DEFAULT = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default"
ORDERS = f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/orders"
ELSEWHERE = "arn:aws:events:eu-west-1:111122223333:event-bus/default"


@pytest.fixture
async def events() -> BusEvents:
    engine = Engine(None)
    migrate(engine, "observe", Path(kamome.observe.__file__).parent)
    return BusEvents(engine)


def put(events: BusEvents, bus: str, *ids: str) -> None:
    for each in ids:
        events.put(bus, json.dumps({"id": each}))


async def shown(events: BusEvents, query: str = "", method: str = "GET") -> tuple[int, Any]:
    api = BusEventsApi(events, region="us-east-1", account=ACCOUNT)
    answer = await api(HttpRequest(method, bus_events.PREFIX, query))
    assert isinstance(answer.body, bytes)
    return answer.status, json.loads(answer.body)


async def ids_shown(events: BusEvents, query: str = "") -> list[str]:
    _, document = await shown(events, query)
    return [each["event"]["id"] for each in document["events"]]


async def test_newest_event_comes_first(events: BusEvents) -> None:
    put(events, DEFAULT, "a", "b")

    assert await shown(events) == (
        200,
        {
            "events": [
                {"bus": DEFAULT, "event": {"id": "b"}},
                {"bus": DEFAULT, "event": {"id": "a"}},
            ]
        },
    )


async def test_bus_account_and_region_choose(events: BusEvents) -> None:
    put(events, DEFAULT, "default")
    put(events, ORDERS, "orders")
    put(events, ELSEWHERE, "elsewhere")

    assert await ids_shown(events) == ["orders", "default"]
    assert await ids_shown(events, f"bus={ORDERS}") == ["orders"]
    assert await ids_shown(events, "account=111122223333&region=eu-west-1") == ["elsewhere"]
    assert await ids_shown(events, "limit=1") == ["orders"]


async def test_oldest_of_an_account_and_region_goes(
    events: BusEvents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bus_event_store, "EVENTS_MAX", 3)
    put(events, ELSEWHERE, "other")

    put(events, DEFAULT, *"abcde")

    assert await ids_shown(events, "limit=3") == ["e", "d", "c"]
    assert len(events.latest("111122223333", "eu-west-1")) == 1


async def test_event_of_a_step_that_is_undone_is_not_kept(events: BusEvents) -> None:
    with pytest.raises(ZeroDivisionError), events.engine.atomic():
        put(events, DEFAULT, "never")
        _ = 1 / 0

    assert await ids_shown(events) == []


@pytest.mark.parametrize(
    ("method", "query", "status"),
    [("DELETE", "", 405), ("GET", "limit=0", 400), ("GET", "limit=1001", 400)],
    ids=["changed", "no limit", "limit too high"],
)
async def test_what_cannot_be_shown_is_refused(
    events: BusEvents, method: str, query: str, status: int
) -> None:
    assert (await shown(events, query, method))[0] == status
