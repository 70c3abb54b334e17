"""Journeys: the steps of a mail or message, in order, in a log that does not grow for ever."""

from __future__ import annotations

from pathlib import Path

import pytest

import kamome.observe
from kamome.clock import Clock, manual_clock
from kamome.observe import journeys as journeys_module
from kamome.observe.journeys import Journeys, trace_root
from kamome.storage.engine import Engine
from kamome.storage.migrations import migrate

TRACE = "Root=1-68e77640-0123456789abcdef01234567"


@pytest.fixture
def clock() -> Clock:
    return manual_clock()


@pytest.fixture
async def engine() -> Engine:
    engine = Engine(None)
    migrate(engine, "observe", Path(kamome.observe.__file__).parent)
    return engine


@pytest.fixture
async def journeys(engine: Engine, clock: Clock) -> Journeys:
    return Journeys(engine, clock)


def record(journeys: Journeys, trace: str, action: str) -> None:
    journeys.step(trace, service="sqs", action=action, resource="queue")


async def test_steps_come_in_the_order_they_happened(journeys: Journeys, clock: Clock) -> None:
    journeys.begin(TRACE, source="smtp", subject="Order")
    for action in ("first", "second", "third"):
        record(journeys, f"{TRACE};Parent=0123456789abcdef;Sampled=1", action)
        await clock.advance(1_000)

    found = journeys.find(TRACE)

    assert found is not None
    assert [step.action for step in found.steps] == ["first", "second", "third"]
    assert [step.at_ms - found.started_at_ms for step in found.steps] == [0, 1_000, 2_000]


async def test_steps_go_on_in_order_after_a_restart(
    engine: Engine, journeys: Journeys, clock: Clock
) -> None:
    journeys.begin(TRACE, source="smtp", subject="Order")
    record(journeys, TRACE, "before")

    again = Journeys(engine, clock)
    record(again, TRACE, "after")

    found = again.find(TRACE)
    assert found is not None
    assert [step.action for step in found.steps] == ["before", "after"]


async def test_a_call_without_a_trace_leaves_no_step(engine: Engine, journeys: Journeys) -> None:
    record(journeys, "", "untraced")
    record(journeys, "Sampled=0", "untraced")

    assert engine.all("SELECT trace FROM journey_step") == []


async def test_a_step_that_is_undone_is_not_told(engine: Engine, journeys: Journeys) -> None:
    with pytest.raises(KeyError), engine.atomic():
        record(journeys, TRACE, "undone")
        raise KeyError

    assert engine.all("SELECT trace FROM journey_step") == []


async def test_the_oldest_go_first_when_the_log_is_full(
    engine: Engine, journeys: Journeys, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journeys_module, "STEPS_MAX", 3_000)
    monkeypatch.setattr(journeys_module, "JOURNEYS_MAX", 50)
    for number in range(5_000):
        trace = f"Root=1-{number:08x}"
        journeys.begin(trace, source="smtp", subject="Order")
        record(journeys, trace, "step")
        if number % 100 == 0:
            await clock.advance(1)

    [(steps, oldest)] = engine.all("SELECT count(*), min(number) FROM journey_step")
    assert (steps, oldest) == (3_000, 2_001)
    assert engine.all("SELECT count(*) FROM journey") == [(50,)]
    assert journeys.latest(1)[0].trace == "Root=1-00001387"


@pytest.mark.parametrize(
    ("header", "root"),
    [
        pytest.param(TRACE, TRACE, id="alone"),
        pytest.param(f"Self=1-2; {TRACE} ;Sampled=1", TRACE, id="among others"),
        pytest.param("Sampled=1", "", id="missing"),
        pytest.param("Root=" + "x" * 8_000, "", id="far too long"),
    ],
)
def test_the_root_of_a_trace_header(header: str, root: str) -> None:
    assert trace_root(header) == root
