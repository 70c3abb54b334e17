"""The rules of a server together: order, counts, restart."""

from __future__ import annotations

from pathlib import Path

import pytest

import kamome.faults
from kamome.clock import Clock, manual_clock
from kamome.faults.errors import ConnectionLost, OrderedFault
from kamome.faults.injector import Faults
from kamome.faults.rules import Effect, Match, Rule, Target
from kamome.faults.store import FaultStore
from kamome.storage.engine import Engine
from kamome.storage.migrations import migrate

SEND = Target("sqs", "SendMessage", "orders", "111111111111", "eu-west-1")
RECEIVE = Target("sqs", "ReceiveMessage", "orders", "111111111111", "eu-west-1")


class _Store(FaultStore):
    """Counts are saved when the test says so, not in a second."""

    def soon(self, save: object) -> None:
        """Not yet."""


@pytest.fixture
async def engine() -> Engine:
    engine = Engine(None)
    migrate(engine, "faults", Path(kamome.faults.__file__).parent)
    return engine


@pytest.fixture
def clock() -> Clock:
    return manual_clock()


@pytest.fixture
async def faults(engine: Engine, clock: Clock) -> Faults:
    return Faults(clock, _Store(engine))


def _rule(name: str, **members: object) -> Rule:
    shape = {"match": Match(service="sqs"), "effect": Effect("outage"), "seed": 1, **members}
    return Rule(id=name, **shape)  # type: ignore[arg-type] # members are named where it is called


async def test_nothing_is_on_without_a_rule(faults: Faults) -> None:
    assert not faults.is_on
    assert not faults.is_watching
    assert faults.call(SEND) is None
    assert faults.arrival_shifts_ms(SEND) == (0,)


async def test_first_rule_that_ends_a_call_is_the_last_to_be_asked(faults: Faults) -> None:
    lost = Effect("drop", moment="after")
    faults.add([_rule("a", effect=Effect("error", code="Early")), _rule("b", effect=lost)])

    outcome = faults.call(SEND)

    assert outcome is not None
    assert isinstance(outcome.refusal, OrderedFault)
    assert outcome.refusal.code == "Early"
    assert [live.struck for live in faults.rules] == [1, 0]


async def test_latencies_add_up_before_the_call_fails(faults: Faults) -> None:
    slow = Effect("latency", ms=20)
    faults.add(
        [_rule("a", effect=slow), _rule("b", effect=slow), _rule("c", effect=Effect("drop"))]
    )

    outcome = faults.call(SEND)

    assert outcome is not None
    assert outcome.latency_ms == 40
    assert isinstance(outcome.refusal, ConnectionLost)
    assert not outcome.is_lost


async def test_rule_that_is_used_up_costs_nothing_more(faults: Faults) -> None:
    faults.add([_rule("a", count=2)])

    outcomes = [faults.call(SEND) for _ in range(3)]

    assert [outcome is not None for outcome in outcomes] == [True, True, False]
    assert not faults.is_on
    assert faults.rules[0].is_used_up


async def test_only_calls_in_the_window_count(faults: Faults, clock: Clock) -> None:
    now_ms = clock.now_ms()
    faults.add([_rule("a", start_ms=now_ms + 1_000, end_ms=now_ms + 2_000)])

    struck = []
    for _ in range(4):
        struck.append(faults.call(SEND) is not None)
        await clock.advance(700)

    assert struck == [False, False, True, False]


async def test_copies_and_shifts_add_up_on_arrival(faults: Faults) -> None:
    faults.add(
        [
            _rule("a", effect=Effect("duplicate", copies=2)),
            _rule("b", effect=Effect("delay", ms=500)),
        ]
    )

    assert faults.arrival_shifts_ms(SEND) == [500, 500, 500]
    assert faults.call(SEND) is None


async def test_rules_go_on_counting_after_a_restart(
    engine: Engine, faults: Faults, clock: Clock
) -> None:
    rule = _rule("a", probability=0.5, count=20, seed=9)
    faults.add([rule, _rule("b", match=Match(operation="ReceiveMessage"))])
    uninterrupted = [rule.strikes(number) for number in range(20)]
    before = [faults.call(SEND) is not None for _ in range(10)]
    faults.save()

    again = Faults(clock, _Store(engine))
    again.restore()

    after = [again.call(SEND) is not None for _ in range(10)]
    assert before + after == uninterrupted
    assert [live.rule.id for live in again.rules] == ["a", "b"]
    assert again.rules[0].matched == 20


async def test_removed_rules_do_not_come_back(engine: Engine, faults: Faults, clock: Clock) -> None:
    faults.add([_rule("a"), _rule("b"), _rule("c")])

    assert faults.remove("b")
    assert not faults.remove("b")
    assert faults.clear() == 2

    again = Faults(clock, _Store(engine))
    again.restore()
    assert not again.rules
    assert not faults.is_on


async def test_report_is_kept_when_the_rules_are_gone_until_it_is_forgotten(
    faults: Faults,
) -> None:
    faults.add([_rule("a")])
    faults.call(SEND)
    faults.clear()

    assert faults.is_watching
    assert [(strike.rule, strike.target) for strike in faults.strikes] == [("a", SEND)]

    faults.forget_report()
    assert not faults.is_watching
