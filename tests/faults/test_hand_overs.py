"""Calls between services that rules refuse."""

from __future__ import annotations

import gc
from pathlib import Path
from types import TracebackType

import kamome.faults
from kamome.clock import manual_clock
from kamome.context import RequestContext
from kamome.errors import AwsError
from kamome.faults.injector import Faults
from kamome.faults.rules import Effect, Match, Rule
from kamome.faults.store import FaultStore
from kamome.hand_overs import HandOvers
from kamome.observe.tally import Tally
from kamome.storage.engine import Engine
from kamome.storage.migrations import migrate

QUEUE = ("sqs", "SendMessage", "arn:aws:sqs:us-east-1:000000000000:orders")
SNS = RequestContext("000000000000", "us-east-1", "sns.amazonaws.com", "request-1")


async def test_refusals_leave_nothing_for_the_garbage_collector() -> None:
    """100,015 of them in an outage of 23 days kept it busy for a third of the time."""
    engine, clock = Engine(None), manual_clock()
    migrate(engine, "faults", Path(kamome.faults.__file__).parent)
    faults = Faults(clock, FaultStore(engine))
    faults.add([Rule("outage", Match(service="sqs"), Effect("outage"), seed=1)])
    hand_overs = HandOvers(faults, Tally(), engine, clock)

    gc.collect()
    gc.set_debug(gc.DEBUG_SAVEALL)  # what it finds, it keeps, so that others' rings are told apart
    try:
        for _ in range(10):
            _refused(hand_overs)
        gc.collect()
        found = [type(each) for each in gc.garbage if isinstance(each, AwsError | TracebackType)]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()

    assert found == []
    await engine.durable()
    await engine.close()


def _refused(hand_overs: HandOvers) -> None:
    try:
        hand_overs.deliver(SNS, QUEUE, str, "hello")
    except AwsError as error:
        assert error.code == "ServiceUnavailable"
    else:
        raise AssertionError("it was not refused")
