"""Calls to function URLs: requests that are no operation of Lambda's model.

AWS: Lambda Developer Guide, Invoking Lambda function URLs; Response streaming for Lambda functions;
Monitoring Lambda function URLs (status codes).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING

import orjson

from kamome.errors import AwsError
from kamome.services import Edge, Exchange, Run
from kamome.services.lambda_.errors import RequestEntityTooLargeException
from kamome.services.lambda_.function_urls.function_url_events import (
    BadAnswer,
    UrlAnswer,
    read_metadata,
    url_answer,
    url_event,
)
from kamome.services.lambda_.function_urls.function_url_rules import (
    AWS_IAM,
    HOST_MARK,
    RESPONSE_STREAM,
    FunctionUrl,
    may_call,
    parse_host,
    preflight_headers,
    response_headers,
)
from kamome.services.lambda_.invocation.payloads import Result
from kamome.services.lambda_.invocation.running import Call, find_version, run_function
from kamome.services.lambda_.invocation.streamed_invocations import (
    answer_streamed,
    is_streamed_invocation,
)
from kamome.services.lambda_.limits import PAYLOAD_BYTES_MAX, STREAM_PRELUDE_BYTES_MAX
from kamome.services.lambda_.runtimes.response_stream import ResponseStream, StreamBroken
from kamome.wire import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from kamome.context import RequestContext
    from kamome.services.lambda_.slice import Lambda

logger = logging.getLogger(__name__)

# What permits a call of a URL, and what faults and journeys call it.
INVOKE_FUNCTION_URL = "InvokeFunctionUrl"

_FORBIDDEN = (
    "Forbidden. For troubleshooting Function URL authorization issues, see:"
    " https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)
# A streamed answer of this type begins with its status and headers as JSON, and eight NULs.
_WITH_PRELUDE = "application/vnd.awslambda.http-integration-response"
_PRELUDE_END = b"\0" * 8


class UrlForbidden(AwsError):
    """The caller may not use this URL. AWS: Control access to Lambda function URLs."""

    code = "AccessDeniedException"
    status = 403


class NoSuchUrl(AwsError):
    """There is no URL of this id in the Region."""

    code = "NotFoundException"
    status = 404


def edge_of(lambda_: Lambda, request: HttpRequest) -> Edge | None:
    """Who answers a request to a function URL, or one that is answered by events; else None.

    AWS: Lambda Developer Guide, Invoking Lambda function URLs.
    """
    host = request.header("host")
    if HOST_MARK not in host:
        return answer_streamed if is_streamed_invocation(request) else None
    found = parse_host(host)
    url = lambda_.urls.find(found[0]) if found is not None else None
    if url is not None and found is not None and url.function.region != found[1]:
        url = None

    async def answer(exchange: Exchange) -> HttpResponse:
        return await _answer(url, exchange)

    return answer


async def _answer(url: FunctionUrl | None, exchange: Exchange) -> HttpResponse:
    """The answer to any request, preflight requests included, with CORS headers where asked."""
    request = exchange.request
    origin = request.header("origin")
    cors = url.settings.cors if url is not None else None
    asked_method = request.header("access-control-request-method")
    if cors is not None and request.method == "OPTIONS" and origin and asked_method:
        asked = request.header("access-control-request-headers")
        return HttpResponse(200, preflight_headers(cors, origin, asked_method, asked))
    try:
        if url is None:
            raise NoSuchUrl("Not Found")
        request.body = await _read(exchange)
        response = await _invoke(url, exchange)
    except AwsError as error:
        response = _refusal(error)
    response.headers.append(("x-amzn-requestid", exchange.request_id))
    if cors is not None:
        own = [one for one in response.headers if not one[0].startswith("access-control-")]
        response.headers = own + response_headers(cors, origin)
    if request.method == "HEAD" and isinstance(response.body, bytes):
        response.body = b""
    return response


async def _read(exchange: Exchange) -> bytes:
    """The request's body; AWS counts the whole event, which is checked when it is made."""
    pieces, size = [], 0
    async for piece in exchange.chunks():
        size += len(piece)
        if size > PAYLOAD_BYTES_MAX:
            raise RequestEntityTooLargeException("Request Entity Too Large")
        pieces.append(piece)
    return b"".join(pieces)


async def _invoke(url: FunctionUrl, exchange: Exchange) -> HttpResponse:
    """Run the function for whoever has signed, where that is asked for; else for anyone.

    With NONE a signature is not looked at: an `Authorization` header is the application's own.

    Raises:
        AwsError: the caller may not, or the function cannot be invoked.
    """
    answered: list[HttpResponse] = []

    async def invoke(
        lambda_: Lambda, ctx: RequestContext, _request: Mapping[str, object]
    ) -> Mapping[str, object]:
        answered.append(await _respond(lambda_, ctx, url, exchange.request))
        return {}

    owner = (url.function.account, url.function.region)
    run = Run(INVOKE_FUNCTION_URL, invoke, {"FunctionName": url.function.name}, owner)
    signer = exchange.signer() if url.settings.auth_type == AWS_IAM else None
    await exchange.invoke(run, signer)
    return answered[0]


async def _respond(
    lambda_: Lambda, ctx: RequestContext, url: FunctionUrl, request: HttpRequest
) -> HttpResponse:
    statements, _ = lambda_.store.find_policy(url.function)
    if not may_call(url, ctx, statements):
        raise UrlForbidden(_FORBIDDEN)
    function = find_version(lambda_, url.function)
    if function is None:
        raise NoSuchUrl("Not Found")
    now_ms = lambda_.clock.now_ms()
    trace = ctx.trace or lambda_.ids.trace(now_ms)
    payload = url_event(url, ctx, request, now_ms=now_ms, trace=trace)
    if len(payload) > PAYLOAD_BYTES_MAX:
        raise RequestEntityTooLargeException("Request Entity Too Large")
    is_streamed = url.settings.invoke_mode == RESPONSE_STREAM
    stream = ResponseStream() if is_streamed else None
    call = Call(ctx.request_id, payload, url.function.qualified_arn, trace, stream=stream)
    if stream is None:
        return _whole(await run_function(lambda_, function, call))
    task = asyncio.get_running_loop().create_task(run_function(lambda_, function, call))
    task.add_done_callback(lambda done: stream.end(failure_of(done)))
    waited: list[asyncio.Future[object]] = [task, stream.begun]  # type: ignore[list-item]  # futures are invariant
    await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
    if not stream.begun.done():
        return _whole(await task)
    return await _streaming(stream)


def failure_of(task: asyncio.Task[Result]) -> str:
    """Why an invocation that may have streamed failed; empty where it did not."""
    if task.cancelled():
        return "The invocation was cancelled."
    error = task.exception()
    if error is not None:
        return str(error)
    result = task.result()
    return result.error_type or result.function_error


def _whole(result: Result) -> HttpResponse:
    """A result that has come in one piece; what failed is a Bad Gateway."""
    if result.function_error:
        return _bad_gateway(result.error_type)
    try:
        answer = url_answer(result.payload)
    except BadAnswer as error:
        logger.info("Request %s: %s", result.request_id, error)
        return _bad_gateway("InvalidResponse")
    return _response(answer)


async def _streaming(stream: ResponseStream) -> HttpResponse:
    """The head of a streamed answer, by its prelude if it has one; the rest comes as it is read."""
    content_type = await stream.begun
    if content_type.partition(";")[0].strip().lower() != _WITH_PRELUDE:
        return HttpResponse(200, [("content-type", content_type)], _rest(stream, b""))
    try:
        prelude, begun = await _read_prelude(stream)
        status, headers = read_metadata(prelude)
    except (BadAnswer, StreamBroken) as error:
        stream.abandon()
        logger.info("A streamed answer could not be begun: %s", error)
        return _bad_gateway("InvalidResponse")
    return HttpResponse(status, headers, _rest(stream, begun))


async def _read_prelude(stream: ResponseStream) -> tuple[Mapping[str, object], bytes]:
    """Status and headers, and what has come of the body with them."""
    head = b""
    while _PRELUDE_END not in head:
        piece = await stream.read()
        head += piece
        if not piece or len(head) > STREAM_PRELUDE_BYTES_MAX + len(piece):
            raise BadAnswer("The streamed response has no prelude.")
    text, _, begun = head.partition(_PRELUDE_END)
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise BadAnswer("The prelude is no JSON object.")
    return found, begun


async def _rest(stream: ResponseStream, begun: bytes) -> AsyncIterator[bytes]:
    try:
        if begun:
            yield begun
        while piece := await stream.read():
            yield piece
    finally:
        stream.abandon()


def _response(answer: UrlAnswer) -> HttpResponse:
    return HttpResponse(answer.status, answer.headers, answer.body)


def _bad_gateway(error_type: str) -> HttpResponse:
    """AWS: Monitoring Lambda function URLs: 502 where the function fails or answers amiss."""
    headers = [("content-type", "text/plain"), ("x-amzn-errortype", error_type)]
    return HttpResponse(502, headers, b"Internal Server Error")


def _refusal(error: AwsError) -> HttpResponse:
    headers = [("content-type", "application/json"), ("x-amzn-errortype", error.code)]
    return HttpResponse(error.status, headers, orjson.dumps({"Message": error.message}))
