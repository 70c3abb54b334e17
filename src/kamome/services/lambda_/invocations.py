"""Invoke, and the asynchronous invocations behind it.

An asynchronous invocation is an outbox entry: written in the step of whoever causes it, finished
in the step that records how it ended. If the server dies in between, it runs again.

AWS: Lambda API Reference, Invoke; Lambda Developer Guide, Invoking a function asynchronously.
"""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Coroutine
from typing import TYPE_CHECKING, cast

import msgspec

from kamome.services.lambda_ import limits
from kamome.services.lambda_.errors import TooManyRequestsException, not_served
from kamome.services.lambda_.function_configuration import Function, log_group
from kamome.services.lambda_.function_names import (
    LATEST,
    FunctionName,
    function_not_found,
    parse_function_arn,
    parse_function_name,
)
from kamome.services.lambda_.payloads import (
    EVENT,
    Result,
    check_size,
    client_context_of,
    event_of,
    result_of,
)
from kamome.services.lambda_.runtimes.port import Invocation, RuntimeSpec

if TYPE_CHECKING:
    from kamome.context import RequestContext
    from kamome.services.lambda_ import shapes
    from kamome.services.lambda_.slice import Lambda
    from kamome.storage.outbox import Entry

logger = logging.getLogger(__name__)

# The outbox kind of asynchronous invocations.
LAMBDA_ASYNC = "lambda.async"


class Call(msgspec.Struct, frozen=True):
    """One invocation to be made. `function_arn` is the ARN as the caller named it."""

    request_id: str
    payload: bytes
    function_arn: str
    trace: str = ""
    client_context: str = ""


class _Event(msgspec.Struct, frozen=True):
    """The payload of an outbox entry: an accepted asynchronous invocation."""

    account: str
    region: str
    name: str
    request_id: str
    payload: str
    accepted_at_ms: int
    retries: int = 0
    throttles: int = 0


async def invoke(
    lambda_: Lambda, ctx: RequestContext, request: shapes.InvokeRequest
) -> shapes.InvokeResult:
    """Run a function and wait (RequestResponse), queue an event (Event), or only check (DryRun).

    A function that fails is an answer of 200 with `FunctionError` and the error document as its
    payload. `LogType=Tail` adds the last 4 KB of the log. An accepted event is durable on return
    and runs at least once.

    Raises:
        ResourceNotFoundException: no such function or qualifier.
        RequestEntityTooLargeException: the payload is over 6 MB, or 1 MB for Event.
        InvalidRequestContentException: the payload is not JSON.
        TooManyRequestsException: 1,000 invocations are under way in the account and Region.
        OperationNotServed: TenantId or DurableExecutionName.

    AWS: Lambda API Reference, Invoke.
    """
    for member in ("TenantId", "DurableExecutionName"):
        if member in request:
            raise not_served(f"`{member}`")
    invocation_type = request.get("InvocationType", "RequestResponse")
    named = parse_function_name(ctx, request["FunctionName"], request.get("Qualifier"))
    payload = request.get("Payload", b"")
    check_size(payload, invocation_type)
    function = find_function(lambda_, named)
    payload = event_of(payload)
    if invocation_type == "DryRun":
        return {"StatusCode": 204}
    if invocation_type == EVENT:
        _accept(lambda_, ctx, named, payload)
        return {"StatusCode": 202, "Payload": b""}
    client_context = client_context_of(request.get("ClientContext", ""))
    call = Call(ctx.request_id, payload, named.qualified_arn, ctx.trace, client_context)
    return _answer(await run_function(lambda_, function, call), request.get("LogType", "None"))


def invoke_event(lambda_: Lambda, ctx: RequestContext, function_arn: str, payload: bytes) -> None:
    """Accept an asynchronous invocation as part of the caller's step.

    Raises:
        ResourceNotFoundException: no such function.
        RequestEntityTooLargeException: the payload is over 1 MB.

    AWS: Lambda Developer Guide, Invoking a function asynchronously.
    """
    named = parse_function_arn(function_arn) or parse_function_name(ctx, function_arn)
    check_size(payload, EVENT)
    find_function(lambda_, named)
    _accept(lambda_, ctx, named, event_of(payload))


def function_exists(lambda_: Lambda, arn: str) -> bool:
    """Whether there is a function of this ARN; its qualifier must be none or $LATEST."""
    named = parse_function_arn(arn)
    if named is None or named.qualifier not in {"", LATEST}:
        return False
    return lambda_.store.find_function(named) is not None


def find_function(lambda_: Lambda, named: FunctionName) -> Function:
    """The function that a caller names. Versions and aliases are not served yet: none exists.

    Raises:
        ResourceNotFoundException: there is no such function, or no such version of it.
    """
    function = lambda_.store.find_function(named)
    if function is None or named.qualifier not in {"", LATEST}:
        raise function_not_found(named)
    return function


async def run_function(lambda_: Lambda, function: Function, call: Call) -> Result:
    """Run one invocation to its end, even if whoever waits for it goes away.

    Raises:
        TooManyRequestsException: the account's concurrency in the Region is used up.
    """
    return await _protected(lambda_, _run(lambda_, function, call))


async def deliver_event(lambda_: Lambda, entry: Entry) -> None:
    """Work one asynchronous invocation: the handler of outbox kind `lambda.async`.

    A function that fails gets it twice more, after one and two minutes; a throttled one again
    after 1 second doubling to 5 minutes. After 6 hours it is dropped.
    """
    event = _Event(**cast("dict[str, str]", entry.payload))  # type: ignore[arg-type]  # written by `_put`
    named = FunctionName(event.account, event.region, event.name)
    function = lambda_.store.find_function(named)
    if function is None:
        _finish(lambda_, entry, event, result="dropped", detail="Function not found")
        return
    call = Call(event.request_id, event.payload.encode(), function.arn, entry.trace)
    try:
        result = await run_function(lambda_, function, call)
    except TooManyRequestsException:
        _postpone_throttled(lambda_, entry, event)
        return
    if not result.function_error:
        _finish(lambda_, entry, event, result="ok")
    elif event.retries < len(limits.EVENT_RETRY_DELAYS_MS):
        delay_ms = limits.EVENT_RETRY_DELAYS_MS[event.retries]
        again = msgspec.structs.replace(event, retries=event.retries + 1)
        _postpone(lambda_, entry, again, delay_ms, f"failed: {result.error_type}")
    else:
        _finish(lambda_, entry, event, result="dropped", detail=f"failed: {result.error_type}")


# ---------------------------------------------------------------------- running


async def _run(lambda_: Lambda, function: Function, call: Call) -> Result:
    with (
        lambda_.clock.activity.busy(),
        lambda_.instances.admitted(function.account, function.region),
    ):
        spec = await _runtime_spec(lambda_, function)
        trace = call.trace or lambda_.ids.trace(lambda_.clock.now_ms())

        def invocation() -> Invocation:
            return Invocation(
                request_id=call.request_id,
                payload=call.payload,
                deadline_ms=lambda_.clock.real_now_ms() + spec.timeout_s * 1000,
                function_arn=call.function_arn,
                trace=trace,
                client_context=call.client_context,
            )

        report = await lambda_.instances.run(spec, invocation)
    return result_of(call.request_id, report.outcome, report.log_tail, spec.timeout_s)


async def _runtime_spec(lambda_: Lambda, function: Function) -> RuntimeSpec:
    settings = function.settings
    folder = await lambda_.code.ensure(
        function.code.sha256, lambda: lambda_.blobs.read(function.code.blob_id)
    )
    return RuntimeSpec(
        key=instance_key(function),
        account=function.account,
        region=function.region,
        function_name=function.name,
        function_arn=function.arn,
        version=LATEST,
        runtime=settings.runtime,
        handler=settings.handler,
        code_folder=folder,
        log_group=log_group(function),
        variables=settings.variables,
        timeout_s=settings.timeout_s,
        memory_mb=settings.memory_mb,
        ephemeral_storage_mb=settings.ephemeral_storage_mb,
    )


def instance_key(function: Function) -> str:
    """What instances are shared by: one revision of one function."""
    return f"{function.arn}#{function.revision_id}"


async def _protected(lambda_: Lambda, work: Coroutine[None, None, Result]) -> Result:
    """Run `work` in a task of its own, so that a caller who leaves does not tear an instance."""
    task = asyncio.get_running_loop().create_task(work)
    lambda_.under_way.add(task)
    task.add_done_callback(lambda done: _ended(lambda_, done))
    return await asyncio.shield(task)


def _ended(lambda_: Lambda, task: asyncio.Task[Result]) -> None:
    lambda_.under_way.discard(task)
    if not task.cancelled():
        task.exception()  # the caller has it; one who has left must not leave a warning


def _answer(result: Result, log_type: str) -> shapes.InvokeResult:
    answer: shapes.InvokeResult = {
        "StatusCode": 200,
        "Payload": result.payload,
        "ExecutedVersion": LATEST,
    }
    if result.function_error:
        answer["FunctionError"] = result.function_error
    if log_type == "Tail":
        answer["LogResult"] = base64.b64encode(result.log_tail).decode("ascii")
    return answer


# ---------------------------------------------------------------------- asynchronous invocations


def _accept(lambda_: Lambda, ctx: RequestContext, named: FunctionName, payload: bytes) -> None:
    event = _Event(
        named.account,
        named.region,
        named.name,
        # A call between slices shares its request id with what caused it, which may call again.
        lambda_.ids.uuid() if ctx.protocol == "internal" else ctx.request_id,
        payload.decode(),
        lambda_.clock.now_ms(),
    )
    _put(lambda_, event, ctx.trace, at_ms=None)


def _put(lambda_: Lambda, event: _Event, trace: str, *, at_ms: int | None) -> None:
    payload = {name: getattr(event, name) for name in _Event.__struct_fields__}
    lambda_.outbox.put(LAMBDA_ASYNC, payload, at_ms=at_ms, trace=trace)


def _postpone_throttled(lambda_: Lambda, entry: Entry, event: _Event) -> None:
    delay_ms = min(
        limits.THROTTLE_DELAY_MS_MAX, limits.THROTTLE_DELAY_MS_MIN << min(event.throttles, 16)
    )
    again = msgspec.structs.replace(event, throttles=event.throttles + 1)
    _postpone(lambda_, entry, again, delay_ms, "throttled")


def _postpone(lambda_: Lambda, entry: Entry, again: _Event, delay_ms: int, detail: str) -> None:
    """The same event later, or its end where that would be past its maximum age."""
    at_ms = lambda_.clock.now_ms() + delay_ms
    if at_ms > again.accepted_at_ms + limits.EVENT_AGE_MS_MAX:
        _finish(lambda_, entry, again, result="dropped", detail=f"EventAgeExceeded; {detail}")
        return
    with lambda_.engine.atomic():
        lambda_.outbox.done(entry)
        _put(lambda_, again, entry.trace, at_ms=at_ms)
        _record(lambda_, entry, again, result="retry", detail=detail)


def _finish(lambda_: Lambda, entry: Entry, event: _Event, *, result: str, detail: str = "") -> None:
    with lambda_.engine.atomic():
        lambda_.outbox.done(entry)
        _record(lambda_, entry, event, result=result, detail=detail)
    if result == "dropped":
        # Destinations and dead-letter queues come later; until then the log says what was lost.
        logger.warning(
            "Event %s of function %s was dropped after %d retries: %s",
            event.request_id,
            event.name,
            event.retries,
            detail,
        )


def _record(lambda_: Lambda, entry: Entry, event: _Event, *, result: str, detail: str) -> None:
    lambda_.journeys.step(
        entry.trace,
        service="lambda",
        action="Invoke",
        resource=event.name,
        result=result,
        detail=detail,
    )
