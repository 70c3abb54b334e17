"""Invoke, and the port by which other services invoke.

AWS: Lambda API Reference, Invoke; Lambda Developer Guide, Invoking a function asynchronously.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import msgspec

from kamome.services.lambda_.errors import not_served
from kamome.services.lambda_.functions.function_names import (
    parse_function_arn,
    parse_function_name,
)
from kamome.services.lambda_.invocation.asynchronous_invocations import accept
from kamome.services.lambda_.invocation.payloads import (
    EVENT,
    Result,
    check_size,
    client_context_of,
    event_of,
)
from kamome.services.lambda_.invocation.running import (
    Call,
    check_runnable,
    find_function,
    find_version,
    run_function,
)
from kamome.services.lambda_.limits import INVOKE_ASYNC_BYTES_MAX

if TYPE_CHECKING:
    from kamome.context import RequestContext
    from kamome.services.lambda_ import shapes
    from kamome.services.lambda_.slice import Lambda


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
        OperationNotServed: TenantId or DurableExecutionName, or an image without a container
            runtime.

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
        check_runnable(lambda_, function)
        accept(lambda_, ctx, named, payload)
        return {"StatusCode": 202, "Payload": b""}
    client_context = client_context_of(request.get("ClientContext", ""))
    call = Call(ctx.request_id, payload, named.qualified_arn, ctx.trace, client_context)
    return _answer(await run_function(lambda_, function, call), request.get("LogType", "None"))


async def invoke_async(
    lambda_: Lambda, ctx: RequestContext, request: shapes.InvokeAsyncRequest
) -> shapes.InvokeAsyncResult:
    """Queue an event, as Invoke with `InvocationType=Event`; of the first version of the API.

    The event may have 256 KB. It begins a journey of its own: a trace is not handed on.

    Raises:
        ResourceNotFoundException: no such function.
        RequestEntityTooLargeException: the payload is over 256 KB.
        InvalidRequestContentException: the payload is not JSON.
        OperationNotServed: an image without a container runtime.

    AWS: Lambda API Reference, InvokeAsync.
    """
    named = parse_function_name(ctx, request["FunctionName"])
    payload = b""
    async for piece in request["InvokeArgs"]:
        payload += piece
        check_size(payload, EVENT, INVOKE_ASYNC_BYTES_MAX)
    check_runnable(lambda_, find_function(lambda_, named))
    accept(lambda_, msgspec.structs.replace(ctx, trace=""), named, event_of(payload))
    return {"Status": 202}


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
    accept(lambda_, ctx, named, event_of(payload))


def function_exists(lambda_: Lambda, arn: str) -> bool:
    """Whether there is a function, version or alias of this ARN."""
    named = parse_function_arn(arn)
    return named is not None and find_version(lambda_, named) is not None


def _answer(result: Result, log_type: str) -> shapes.InvokeResult:
    answer: shapes.InvokeResult = {
        "StatusCode": 200,
        "Payload": result.payload,
        "ContentType": "application/json",
        "ExecutedVersion": result.executed_version,
    }
    if result.function_error:
        answer["FunctionError"] = result.function_error
    if log_type == "Tail":
        answer["LogResult"] = base64.b64encode(result.log_tail).decode("ascii")
    return answer
