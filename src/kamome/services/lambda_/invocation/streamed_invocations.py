"""InvokeWithResponseStream: the response of a function as events, while it is written.

AWS: Lambda API Reference, InvokeWithResponseStream; Lambda Developer Guide, Response streaming for
Lambda functions.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, cast
from urllib.parse import unquote

import orjson

from kamome.errors import AwsError
from kamome.services import Exchange, Run
from kamome.services.lambda_.errors import (
    MissingAuthenticationTokenException,
    RequestEntityTooLargeException,
    not_served,
)
from kamome.services.lambda_.functions.function_names import parse_function_name
from kamome.services.lambda_.invocation.event_stream import CONTENT_TYPE, event
from kamome.services.lambda_.invocation.payloads import Result, client_context_of, event_of
from kamome.services.lambda_.invocation.running import (
    Call,
    check_runnable,
    find_function,
    run_function,
)
from kamome.services.lambda_.limits import PAYLOAD_BYTES_MAX
from kamome.services.lambda_.runtimes.response_stream import ResponseStream, StreamBroken
from kamome.wire import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from kamome.context import RequestContext
    from kamome.services.lambda_ import shapes
    from kamome.services.lambda_.slice import Lambda

_PREFIX = "/2021-11-15/functions/"
PATH_END = "/response-streaming-invocations"


async def invoke_with_response_stream(
    lambda_: Lambda, ctx: RequestContext, request: shapes.InvokeWithResponseStreamRequest
) -> Mapping[str, object]:
    """Run a function and give its response as it comes: `EventStream` holds encoded events.

    A function that does not stream is one PayloadChunk. InvokeComplete tells of an error and, with
    `LogType=Tail`, of the last 4 KB of the log.

    Raises:
        ResourceNotFoundException: no such function or qualifier.
        InvalidRequestContentException: the payload is not JSON.
        OperationNotServed: TenantId, or an image without a container runtime.

    AWS: Lambda API Reference, InvokeWithResponseStream.
    """
    if "TenantId" in request:
        raise not_served("`TenantId`")
    named = parse_function_name(ctx, request["FunctionName"], request.get("Qualifier"))
    function = find_function(lambda_, named)
    payload = event_of(request.get("Payload", b""))
    if request.get("InvocationType") == "DryRun":
        return {"StatusCode": 204}
    check_runnable(lambda_, function)
    client_context = client_context_of(request.get("ClientContext", ""))
    stream = ResponseStream()
    call = Call(ctx.request_id, payload, named.qualified_arn, ctx.trace, client_context, stream)
    task = asyncio.get_running_loop().create_task(run_function(lambda_, function, call))
    task.add_done_callback(lambda _done: stream.end())
    waited: list[asyncio.Future[object]] = [task, stream.begun]  # type: ignore[list-item]  # futures are invariant
    await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
    if not stream.begun.done():
        await task  # a throttle, or whatever else keeps it from running, is the call's own error
    is_tailed = request.get("LogType") == "Tail"
    return {
        "StatusCode": 200,
        "ExecutedVersion": function.version,
        "EventStream": _events(stream, task, is_tailed=is_tailed),
    }


def is_streamed_invocation(request: HttpRequest) -> bool:
    """Whether a request is this operation's.

    AWS: Lambda API Reference, InvokeWithResponseStream (Request Syntax).
    """
    path = request.raw_path
    return request.method == "POST" and path.endswith(PATH_END) and path.startswith(_PREFIX)


async def answer_streamed(exchange: Exchange) -> HttpResponse:
    """Answer the operation: its events are no document that the protocol could write at once.

    AWS: Lambda API Reference, InvokeWithResponseStream.
    """
    try:
        request = await _decoded(exchange)
        run = Run("InvokeWithResponseStream", invoke_with_response_stream, request)
        signer = exchange.signer()
        if signer is None and exchange.is_enforcing:
            raise MissingAuthenticationTokenException("Missing Authentication Token")
        result = await exchange.invoke(run, signer)
    except AwsError as error:
        return exchange.refusal(error)
    headers = [("x-amzn-requestid", exchange.request_id)]
    if result["StatusCode"] != 200:
        return HttpResponse(204, headers)
    headers += [
        ("content-type", CONTENT_TYPE),
        ("x-amzn-remapped-content-type", "application/octet-stream"),
        ("x-amz-executed-version", str(result["ExecutedVersion"])),
    ]
    return HttpResponse(200, headers, cast("AsyncIterator[bytes]", result["EventStream"]))


async def _decoded(exchange: Exchange) -> dict[str, object]:
    http = exchange.request
    pieces, size = [], 0
    async for piece in exchange.chunks():
        size += len(piece)
        if size > PAYLOAD_BYTES_MAX:
            raise RequestEntityTooLargeException(
                f"{size} byte payload is too large for the RequestResponse invocation type (limit"
                f" {PAYLOAD_BYTES_MAX} bytes)"
            )
        pieces.append(piece)
    http.body = b"".join(pieces)
    name = http.raw_path.removeprefix(_PREFIX).removesuffix(PATH_END)
    request: dict[str, object] = {"FunctionName": unquote(name), "Payload": http.body}
    qualifier = http.query_value("Qualifier")
    if qualifier is not None:
        request["Qualifier"] = qualifier
    for member, header in _HEADERS.items():
        if http.has_header(header):
            request[member] = http.header(header)
    return request


_HEADERS = {
    "InvocationType": "x-amz-invocation-type",
    "LogType": "x-amz-log-type",
    "ClientContext": "x-amz-client-context",
    "TenantId": "x-amz-tenant-id",
}


async def _events(
    stream: ResponseStream, task: asyncio.Task[Result], *, is_tailed: bool
) -> AsyncIterator[bytes]:
    try:
        while piece := await stream.read():
            yield event("PayloadChunk", "application/octet-stream", piece)
        try:
            result = await task
        except AwsError as error:
            yield _complete({"ErrorCode": error.code, "ErrorDetails": error.message})
            return
        if not stream.begun.done() and not result.function_error:
            yield event("PayloadChunk", "application/octet-stream", result.payload)
        end: dict[str, str] = {}
        if result.function_error:
            end["ErrorCode"] = result.error_type or result.function_error
            end["ErrorDetails"] = result.payload.decode("utf-8", "replace")
        if is_tailed:
            end["LogResult"] = base64.b64encode(result.log_tail).decode("ascii")
        yield _complete(end)
    except StreamBroken as error:
        yield _complete({"ErrorCode": str(error)})
    finally:
        stream.abandon()


def _complete(members: Mapping[str, str]) -> bytes:
    return event("InvokeComplete", "application/json", orjson.dumps(dict(members)))
