"""The ASGI application: bytes from the socket to the pipeline and back.

Bodies are bounded while they arrive; a streamed answer waits for a slow reader; a client that hangs
up ends what waits for it. ASGI 3.0, HTTP connection scope.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Mapping,
    MutableMapping,
)
from functools import lru_cache

from kamome.errors import (
    AwsError,
    MalformedRequest,
    RequestEntityTooLarge,
    ServiceUnavailable,
    UnknownTransferCoding,
)
from kamome.http.pipeline import Body, Pipeline, Reply, in_task
from kamome.http.turn import Turn, header_value
from kamome.storage.engine import Kept
from kamome.wire import NO_ANSWER, HttpRequest, HttpResponse

_ONLY_CHUNKED = "No transfer coding but chunked is understood."

logger = logging.getLogger(__name__)

Message = MutableMapping[str, object]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Admin = Callable[[HttpRequest], Awaitable[HttpResponse]]

_ADMIN_BODY_BYTES_MAX = 1024 * 1024
# All bodies together that are held in memory while their requests are answered; those of turns
# (http/turn.py) have a bound of their own, as many as there are connections.
GATHERED_BYTES_MAX = 512 * 1024 * 1024
_ADMIN_PREFIXES = ("/_kamome/", "/_localstack/", "/_aws/", "/SimpleNotificationService-")
# A name or an address, and a port. Hosts are echoed in the URLs that we hand out (queue URLs,
# links to unsubscribe), so nothing else passes. Underscores are not of the RFC, but containers
# have them in their names.
_HOST = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_HOST_LENGTH_MAX = 253 + 6
_BAD_HOST = "The Host header is missing, sent twice or not a host."


class Gathered:
    """How much of bodies is held in memory, over all connections together."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_left = bytes_max

    def take(self, count: int) -> None:
        """Hold so many bytes more.

        Raises:
            ServiceUnavailable: there is no room for them; SDKs try again.
        """
        if count > self._bytes_left:
            raise ServiceUnavailable("Too many large requests are being served. Try again.")
        self._bytes_left -= count

    def give_back(self, count: int) -> None:
        """Hold so many bytes less."""
        self._bytes_left += count


class AsgiBody:
    """A request body on its way in. See `http.pipeline.Body`."""

    whole = None

    def __init__(
        self, receive: Receive, announced: int | None, waiting: Waiting, gathered: Gathered
    ) -> None:
        self._receive = receive
        self._announced = announced
        self._waiting = waiting
        self._gathered = gathered
        self._bytes_held = 0
        self._is_complete = False
        self.has_begun = False
        self._callbacks: list[Callable[[], None]] = []
        self._watcher: asyncio.Task[None] | None = None

    async def read(self, bytes_max: int) -> bytes:
        """All of it.

        Raises:
            RequestEntityTooLarge: it is, or says it is, longer than `bytes_max`.
            ServiceUnavailable: too much is held of other bodies.
            MalformedRequest: the client hung up in the middle.
        """
        if self._announced is not None and self._announced > bytes_max:
            raise RequestEntityTooLarge(f"The body is longer than {bytes_max} bytes.")
        pieces = []
        size = 0
        async for piece in self.chunks():
            size += len(piece)
            if size > bytes_max:
                raise RequestEntityTooLarge(f"The body is longer than {bytes_max} bytes.")
            self._gathered.take(len(piece))
            self._bytes_held += len(piece)
            pieces.append(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def chunks(self) -> AsyncIterator[bytes]:
        """Its pieces as they arrive.

        Raises:
            MalformedRequest: the client hung up in the middle.
        """
        while not self._is_complete:
            self.has_begun = True
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise MalformedRequest("The request body ended before it was complete.")
            self._is_complete = not message.get("more_body", False)
            piece = message.get("body", b"")
            assert isinstance(piece, bytes)
            if piece:
                yield piece

    def when_gone(self, callback: Callable[[], None]) -> None:
        """Call back when the client hangs up before it is answered, or the server stops."""
        self._waiting.add(self, callback)
        self.when_hung_up(callback)

    def when_hung_up(self, callback: Callable[[], None]) -> None:
        """Call back when the client hangs up."""
        self._callbacks.append(callback)
        if self._watcher is None:
            self._watcher = asyncio.get_running_loop().create_task(self._watch())

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        for callback in self._callbacks:
            callback()

    def close(self) -> None:
        """The request has been answered."""
        self._gathered.give_back(self._bytes_held)
        self._bytes_held = 0
        if self._watcher is not None:
            self._watcher.cancel()
            self._waiting.remove(self)


class Waiting:
    """The requests that wait for something to happen (long polls)."""

    def __init__(self) -> None:
        self._callbacks: dict[object, Callable[[], None]] = {}
        self._is_over = False

    def add(self, body: object, callback: Callable[[], None]) -> None:
        """The request waits; once it is over, not even a moment."""
        if self._is_over:
            callback()
        self._callbacks[body] = callback

    def remove(self, body: object) -> None:
        """It has been answered."""
        self._callbacks.pop(body, None)

    def end(self) -> None:
        """Let all of them go on with what they have."""
        self._is_over = True
        for callback in tuple(self._callbacks.values()):
            callback()


class Server:
    """The ASGI application."""

    def __init__(
        self, pipeline: Pipeline, admin: Admin, *, gathered_bytes_max: int = GATHERED_BYTES_MAX
    ) -> None:
        self._pipeline = pipeline
        self._admin = admin
        self._waiting = Waiting()
        self._gathered = Gathered(gathered_bytes_max)

    def end_waiting(self) -> None:
        """The server stops: long polls are answered with what there is."""
        self._waiting.end()

    async def __call__(self, scope: Mapping[str, object], receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        assert scope["type"] == "http"
        request = _request(scope)
        body = AsgiBody(receive, _announced(request), self._waiting, self._gathered)
        try:
            response = await self._answer(scope, request, body)
            if response.status == NO_ANSWER:
                _hang_up(send)
                return
            if not body.has_begun and request.header("expect"):
                # The client was not told to go on and may send the body or not; without an end of
                # the connection, its next request could be taken for one. RFC 9110 §10.1.1.
                response.headers.append(("connection", "close"))
            await _send(response, body, send)
        except Exception:
            # The answer has begun: the connection ends without the rest of it.
            logger.exception("the answer to %s %s broke off", request.method, request.raw_path)
        finally:
            body.close()

    # ------------------------------------------------------------------ turns

    def reply(self, request: HttpRequest, turn: Turn) -> Coroutine[object, object, Reply]:
        """What is to be answered to a request that came whole. Never raises."""
        if not is_host(request.header("host")):
            return self._refuse_host(request)
        if request.raw_path.startswith(_ADMIN_PREFIXES) and not request.has_header("authorization"):
            return self._reply_admin(request, turn)
        return self._pipeline.reply(request, turn)

    async def _refuse_host(self, request: HttpRequest) -> Reply:
        return _final(request, self._pipeline.refuse(request, MalformedRequest(_BAD_HOST)))

    async def _reply_admin(self, request: HttpRequest, turn: Turn) -> Reply:
        await in_task()
        return _final(request, await self._answer_admin(request, turn))

    def when_durable(self, kept: Kept, lost: int) -> None:
        """Call `kept` once a reply of that `lost` may leave, perhaps at once."""
        self._pipeline.when_durable(kept, lost)

    def wait(self, turn: Turn, callback: Callable[[], None]) -> Callable[[], None]:
        """The turn waits for something to happen; call the result when it does no longer."""
        self._waiting.add(turn, callback)
        return lambda: self._waiting.remove(turn)

    async def send(self, response: HttpResponse, receive: Receive, send: Send) -> None:
        """Send an answer by ASGI's messages (a streamed one)."""
        body = AsgiBody(receive, None, self._waiting, self._gathered)
        try:
            await _send(response, body, send)
        except Exception:
            logger.exception("an answer broke off")
        finally:
            body.close()

    # ------------------------------------------------------------------ the plain way

    async def _answer(
        self, scope: Mapping[str, object], request: HttpRequest, body: AsgiBody
    ) -> HttpResponse:
        if not _has_good_host(scope, request):
            return self._pipeline.refuse(request, MalformedRequest(_BAD_HOST))
        if request.header("transfer-encoding", "chunked").lower() != "chunked":
            # Only that one is undone here; of another, the coding would be taken for the content.
            return self._pipeline.refuse(request, UnknownTransferCoding(_ONLY_CHUNKED))
        if not request.raw_path.startswith("/"):
            return self._pipeline.refuse(request, MalformedRequest("The request names no path."))
        # An AWS client signs what it sends: a signed path is that of an object of this name.
        if request.raw_path.startswith(_ADMIN_PREFIXES) and not request.has_header("authorization"):
            return await self._answer_admin(request, body)
        return await self._pipeline.run(request, body)

    async def _answer_admin(self, request: HttpRequest, body: Body) -> HttpResponse:
        try:
            request.body = await body.read(_ADMIN_BODY_BYTES_MAX)
            return await self._admin(request)
        except AwsError as error:
            return self._pipeline.refuse(request, error)
        except Exception:
            logger.exception("%s %s failed", request.method, request.raw_path)
            return HttpResponse(500, [("content-type", "text/plain")], b"An internal error.")


def _request(scope: Mapping[str, object]) -> HttpRequest:
    raw_headers, client = scope["headers"], scope.get("client")
    raw_path, query, method = scope["raw_path"], scope["query_string"], scope["method"]
    assert isinstance(raw_headers, list)
    assert isinstance(raw_path, bytes)
    assert isinstance(query, bytes)
    return HttpRequest(
        method=str(method),
        raw_path=raw_path.decode("latin-1"),
        raw_query=query.decode("latin-1"),
        raw_headers=raw_headers,
        scheme=str(scope.get("scheme", "http")),
        client_ip=str(client[0]) if isinstance(client, (tuple, list)) else "127.0.0.1",
    )


def _announced(request: HttpRequest) -> int | None:
    length = request.header("content-length")
    return int(length) if length.isascii() and length.isdigit() and len(length) < 19 else None


def is_host(host: str) -> bool:
    """Whether it is a host that we may echo."""
    return len(host) <= _HOST_LENGTH_MAX and _has_form_of_host(host)


@lru_cache(maxsize=1024)
def _has_form_of_host(host: str) -> bool:
    return _HOST.fullmatch(host) is not None


def _final(request: HttpRequest, response: HttpResponse) -> Reply:
    """An answer that waits for nothing."""
    return Reply(response, None, None, request, "")


def _has_good_host(scope: Mapping[str, object], request: HttpRequest) -> bool:
    """Whether there is one host, and it is one. HTTP/1.0 knows none: the socket's then is it.

    RFC 9112 §3.2.
    """
    if is_host(request.header("host")):
        return True
    server = scope.get("server")
    if request.has_header("host") or scope.get("http_version") != "1.0":
        return False
    name, port = server if isinstance(server, (tuple, list)) else ("localhost", 80)
    shown = f"[{name}]" if ":" in str(name) else name
    request.add_header("host", f"{shown}:{port}")
    return True


def _hang_up(send: Send) -> None:
    """Break the connection that the answer would go to. ASGI knows no way; uvicorn's cycle does."""
    cycle = getattr(send, "__self__", None)
    if cycle is not None:
        cycle.disconnected = True
        cycle.transport.abort()


async def _send(response: HttpResponse, request_body: AsgiBody, send: Send) -> None:
    headers = [
        (name.lower().encode("latin-1"), header_value(name, value))
        for name, value in response.headers
    ]
    body = response.body
    if isinstance(body, bytes):
        # An answer without content has no length either. RFC 9110 §8.6.
        is_bare = response.status in (204, 304)
        if not is_bare and not any(name == b"content-length" for name, _ in headers):
            headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        return
    gone = asyncio.Event()
    request_body.when_hung_up(gone.set)
    try:
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        async for piece in body:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            if gone.is_set():
                return
    finally:
        if isinstance(body, AsyncGenerator):
            await body.aclose()
    await send({"type": "http.response.body", "body": b""})
