"""Asynchronous invocations: accepted, run, retried, and sent to where their records go.

An asynchronous invocation is an outbox entry: written in the step of whoever causes it, finished
in the step that records how it ended and hands its record to the destinations. If the server dies
in between, it runs again.

AWS: Lambda Developer Guide, Invoking a function asynchronously; How Lambda handles errors and
retries with asynchronous invocation.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, cast

import msgspec

from kamome.context import RequestContext
from kamome.services.lambda_ import limits
from kamome.services.lambda_.errors import TooManyRequestsException
from kamome.services.lambda_.functions.function_names import FunctionName
from kamome.services.lambda_.invocation.destinations import (
    AGE_EXCEEDED,
    RETRIES_EXHAUSTED,
    SUCCESS,
    ZERO_RESERVED,
    Ending,
    Event,
    deliver_ending,
)
from kamome.services.lambda_.invocation.event_invoke_config_store import EventInvokeSettings
from kamome.services.lambda_.invocation.event_invoke_configs import event_settings
from kamome.services.lambda_.invocation.payloads import Result
from kamome.services.lambda_.invocation.running import Call, find_version, run_function

if TYPE_CHECKING:
    from kamome.services.lambda_.functions.function_configuration import Function
    from kamome.services.lambda_.slice import Lambda
    from kamome.storage.outbox import Entry

logger = logging.getLogger(__name__)

# The outbox kind of asynchronous invocations.
LAMBDA_ASYNC = "lambda.async"
SERVICE = "lambda.amazonaws.com"


class _Turn(msgspec.Struct, frozen=True):
    """One attempt at an event: the entry being worked, what it is for, and by which settings."""

    entry: Entry
    event: Event
    function: Function
    settings: EventInvokeSettings


def accept(lambda_: Lambda, ctx: RequestContext, named: FunctionName, payload: bytes) -> None:
    """Write an asynchronous invocation as part of the caller's step.

    AWS: Lambda Developer Guide, Invoking a function asynchronously.
    """
    event = Event(
        account=named.account,
        region=named.region,
        name=named.name,
        # A call between slices shares its request id with what caused it, which may call again.
        request_id=lambda_.ids.uuid() if ctx.protocol == "internal" else ctx.request_id,
        payload=payload.decode(),
        accepted_at_ms=lambda_.clock.now_ms(),
        qualifier=named.qualifier,
    )
    _put(lambda_, event, ctx.trace, at_ms=None)


async def deliver_event(lambda_: Lambda, entry: Entry) -> None:
    """Work one asynchronous invocation: the handler of outbox kind `lambda.async`.

    A function that fails gets it again after one and two minutes, as often as its settings say; a
    throttled one after 1 second doubling to 5 minutes, within the event's maximum age. What ends
    goes to the destination of its end, and what fails for good to the dead-letter queue as well.

    AWS: Lambda Developer Guide, How Lambda handles errors and retries with asynchronous invocation.
    """
    event = Event(**cast("dict[str, str]", entry.payload))  # type: ignore[arg-type]  # written by `_put`
    named = event.function
    function = find_version(lambda_, named)
    if function is None:
        _drop(lambda_, entry, event)
        return
    turn = _Turn(entry, event, function, event_settings(lambda_, named))
    if _age_ms(lambda_, event) > turn.settings.maximum_event_age_s * 1000:
        _finish(lambda_, turn, Ending(AGE_EXCEEDED, event.retries))
        return
    call = Call(event.request_id, event.payload.encode(), named.qualified_arn, entry.trace)
    try:
        result = await run_function(lambda_, function, call)
    except TooManyRequestsException as error:
        if error.is_stopped:
            _finish(lambda_, turn, Ending(ZERO_RESERVED, event.retries))
        else:
            _postpone_throttled(lambda_, turn)
        return
    _judge(lambda_, turn, result)


# ---------------------------------------------------------------------- ends and new attempts


def _judge(lambda_: Lambda, turn: _Turn, result: Result) -> None:
    event = turn.event
    if not result.function_error:
        _finish(lambda_, turn, Ending(SUCCESS, event.retries + 1, result))
    elif event.retries < turn.settings.maximum_retry_attempts:
        delay_ms = limits.EVENT_RETRY_DELAYS_MS[event.retries]
        again = msgspec.structs.replace(event, retries=event.retries + 1)
        ending = Ending(AGE_EXCEEDED, event.retries + 1, result)
        _postpone(lambda_, turn, again, delay_ms, ending)
    else:
        _finish(lambda_, turn, Ending(RETRIES_EXHAUSTED, event.retries + 1, result))


def _postpone_throttled(lambda_: Lambda, turn: _Turn) -> None:
    event = turn.event
    delay_ms = min(
        limits.THROTTLE_DELAY_MS_MAX, limits.THROTTLE_DELAY_MS_MIN << min(event.throttles, 16)
    )
    again = msgspec.structs.replace(event, throttles=event.throttles + 1)
    _postpone(lambda_, turn, again, delay_ms, Ending(AGE_EXCEEDED, event.retries))


def _postpone(lambda_: Lambda, turn: _Turn, again: Event, delay_ms: int, ending: Ending) -> None:
    """The same event later, or its `ending` where that would be past its maximum age."""
    at_ms = lambda_.clock.now_ms() + delay_ms
    if at_ms > again.accepted_at_ms + turn.settings.maximum_event_age_s * 1000:
        _finish(lambda_, turn, ending)
        return
    with lambda_.engine.atomic():
        lambda_.outbox.done(turn.entry)
        _put(lambda_, again, turn.entry.trace, at_ms=at_ms)
        _record(lambda_, turn.entry, again, result="retry", detail=ending.cause)


def _finish(lambda_: Lambda, turn: _Turn, ending: Ending) -> None:
    """Delete the event, record its end and hand it to its destinations, all in one step."""
    event = turn.event
    ctx = RequestContext(
        event.account, event.region, SERVICE, event.request_id, trace=turn.entry.trace
    ).as_service(SERVICE, source_arn=turn.function.arn)
    result, detail = ("ok", "") if ending.condition == SUCCESS else ("dropped", ending.words)
    with lambda_.engine.atomic():
        lambda_.outbox.done(turn.entry)
        _record(lambda_, turn.entry, event, result=result, detail=detail)
        has_gone_somewhere = deliver_ending(
            lambda_, ctx, turn.function, event, ending, turn.settings
        )
    if result == "dropped" and not has_gone_somewhere:
        logger.warning(
            "Event %s of function %s was dropped after %d retries: %s",
            event.request_id,
            event.name,
            event.retries,
            detail,
        )


def _drop(lambda_: Lambda, entry: Entry, event: Event) -> None:
    """The function, the version or the alias is gone, and its settings with it."""
    with lambda_.engine.atomic():
        lambda_.outbox.done(entry)
        _record(lambda_, entry, event, result="dropped", detail="Function not found")
    logger.warning(
        "Event %s of function %s was dropped: Function not found", event.request_id, event.name
    )


def _age_ms(lambda_: Lambda, event: Event) -> int:
    return lambda_.clock.now_ms() - event.accepted_at_ms


def _put(lambda_: Lambda, event: Event, trace: str, *, at_ms: int | None) -> None:
    payload = {name: getattr(event, name) for name in Event.__struct_fields__}
    lambda_.outbox.put(LAMBDA_ASYNC, payload, at_ms=at_ms, trace=trace)


def _record(lambda_: Lambda, entry: Entry, event: Event, *, result: str, detail: str) -> None:
    lambda_.journeys.step(
        entry.trace,
        service="lambda",
        action="Invoke",
        resource=event.name,
        result=result,
        detail=detail,
    )
