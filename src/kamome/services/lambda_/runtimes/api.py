"""The Lambda Runtime API, version 2018-06-01, served to the runtime of one instance.

Each instance has a loopback port of its own, so a connection says which instance speaks. `/next` is
a long poll: it is answered when an invocation is offered. An invocation counts as delivered when it
has been written to an open connection that was not reset afterwards: a process that ends with
something unread resets its connection, one that has read everything closes it. What was not
delivered when the process ends goes to another instance, so a dead `/next` swallows nothing.

AWS: Lambda Developer Guide, Using the Lambda runtime API for custom runtimes.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import cast

import httptools
import orjson

from kamome.services.lambda_.limits import RESPONSE_BYTES_MAX
from kamome.services.lambda_.runtimes.port import Invocation, Outcome
from kamome.services.lambda_.runtimes.response_stream import ResponseStream

_PREFIX = "/2018-06-01/runtime/"
_INVOCATION = re.compile(_PREFIX + r"invocation/([^/]{1,100})/(response|error)")
# The X-Ray cause may be 1 MB of header (the limit that runtime clients keep to), the rest is small.
_HEAD_BYTES_MAX = 1024 * 1024 + 64 * 1024
_CONNECTIONS_MAX = 16
_NEXT = f"{_PREFIX}invocation/next"
_ACCEPTED = (
    b"HTTP/1.1 202 Accepted\r\nContent-Length: 15\r\nContent-Type: application/json\r\n\r\n"
    b'{"status":"OK"}'
)
# What a runtime says of a response in its head, and of one that broke off in its trailers.
_RUNTIME_HEADER = b"lambda-runtime-function-"
_CONTENT_TYPE_LENGTH = len("content-type")
_MODE = b"lambda-runtime-function-response-mode"
_ERROR_TYPE = b"lambda-runtime-function-error-type"
_ERROR_BODY = b"lambda-runtime-function-error-body"


class RuntimeApi:
    """One instance's end of the Runtime API.

    `when_idle` is called each time the runtime asks for an invocation and there is none.
    """

    def __init__(self, when_idle: Callable[[], None] = lambda: None) -> None:
        self._when_idle = when_idle
        self._server: asyncio.Server | None = None
        self._connections: set[_Connection] = set()
        self._polling: _Connection | None = None
        self._delivered_to: _Connection | None = None
        self._invocation: Invocation | None = None
        self._is_delivered = False
        self._has_ended = False
        loop = asyncio.get_running_loop()
        self._answer: asyncio.Future[Outcome] | None = None
        self.initialized: asyncio.Future[Outcome | None] = loop.create_future()

    async def start(self) -> str:
        """Listen on a free loopback port; returns `host:port` for AWS_LAMBDA_RUNTIME_API."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", 0)
        host, port = self._server.sockets[0].getsockname()[:2]
        return f"{host}:{port}"

    def close(self) -> None:
        """Stop listening and drop the connections."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.close()

    def offer(self, invocation: Invocation) -> asyncio.Future[Outcome]:
        """Give the runtime an invocation, now or as soon as it asks; resolves with its outcome."""
        assert self._answer is None, "an instance has one invocation at a time"
        self._invocation = invocation
        self._is_delivered = False
        answer = self._answer = asyncio.get_running_loop().create_future()
        if self._has_ended:
            self._settle(Outcome("undelivered"))
        else:
            self._deliver()
        return answer

    def end(self, outcome: Outcome) -> None:
        """The instance has ended, or is about to: whoever waits is told, and whoever comes."""
        self._has_ended = True
        if not self.initialized.done():
            self.initialized.set_result(outcome)
        if outcome.kind == "exited" and not self._is_delivered:
            outcome = Outcome("undelivered", exit_code=outcome.exit_code)
        self._settle(outcome)

    # ------------------------------------------------------------------ requests of the runtime

    def handle(
        self,
        connection: _Connection,
        method: str,
        path: str,
        body: bytes,
        headers: dict[bytes, bytes],
    ) -> None:
        """Answer one request that has arrived whole; `headers` are those kept, and trailers."""
        if method == "GET" and path == _NEXT:
            self._next(connection)
            return
        found = _INVOCATION.fullmatch(path)
        if method == "POST" and path == f"{_PREFIX}init/error":
            self._init_error(connection, body)
        elif found is not None and found[2] == "response" and _ERROR_TYPE in headers:
            self._broken_off(connection, found[1], headers)
        elif method == "POST" and found is not None:
            self._answered(connection, found[1], found[2], body)
        else:
            connection.refuse(HTTPStatus.NOT_FOUND, "InvalidPath", f"No such path: {path}")

    def too_large(self, connection: _Connection, path: str) -> None:
        """A response has passed the limit while it arrived."""
        found = _INVOCATION.fullmatch(path)
        if found is not None and self._is_current(found[1]):
            self._settle(Outcome("too_large", error_type="Function.ResponseSizeTooLarge"))
        connection.refuse(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "RequestEntityTooLarge",
            f"Exceeded maximum allowed payload size ({RESPONSE_BYTES_MAX} bytes).",
        )

    def stream_for(
        self, connection: _Connection, path: str, headers: dict[bytes, bytes]
    ) -> ResponseStream | None:
        """Where a response goes as it comes, if the function streams and the caller reads so."""
        found = _INVOCATION.fullmatch(path)
        if found is None or found[2] != "response" or not self._is_current(found[1]):
            return None
        stream = self._invocation.stream if self._invocation is not None else None
        if stream is None or headers.get(_MODE, b"").lower() != b"streaming":
            return None
        content_type = headers.get(b"content-type", b"application/octet-stream").decode("latin-1")
        stream.begin(content_type, connection.pause, connection.resume)
        return stream

    def streamed(self, connection: _Connection, headers: dict[bytes, bytes]) -> None:
        """A streamed response has ended; its trailers tell of an error."""
        connection.write(_ACCEPTED)
        self._settle(_error_of(headers) if _ERROR_TYPE in headers else Outcome("response"))

    def opened(self, connection: _Connection) -> bool:
        """Whether one more connection is taken."""
        if len(self._connections) >= _CONNECTIONS_MAX:
            return False
        self._connections.add(connection)
        return True

    def lost(self, connection: _Connection, error: Exception | None) -> None:
        """The runtime has closed a connection; a poll that was waiting on it is gone."""
        self._connections.discard(connection)
        if connection is self._delivered_to and isinstance(error, ConnectionError):
            self._is_delivered = False
        if self._polling is connection:
            self._polling = None

    def _next(self, connection: _Connection) -> None:
        if self._answer is not None and self._is_delivered:
            connection.refuse(
                HTTPStatus.FORBIDDEN,
                "InvalidStateTransition",
                "The current invocation has not been answered",
            )
            return
        if self._polling is not None and self._polling is not connection:
            self._polling.close()
        self._polling = connection
        if not self.initialized.done():
            self.initialized.set_result(None)
        self._deliver()
        if self._polling is connection:
            self._when_idle()

    def _deliver(self) -> None:
        connection, invocation = self._polling, self._invocation
        if connection is None or invocation is None or self._is_delivered:
            return
        if connection.is_closing:
            self._polling = None
            return
        self._polling = None
        self._delivered_to = connection
        self._is_delivered = True
        connection.write(_invocation_head(invocation) + invocation.payload)

    def _answered(self, connection: _Connection, request_id: str, kind: str, body: bytes) -> None:
        if not self._is_current(request_id):
            connection.refuse(HTTPStatus.BAD_REQUEST, "InvalidRequestID", "Invalid request ID")
            return
        connection.write(_ACCEPTED)
        if kind == "response":
            self._settle(Outcome("response", body))
        else:
            self._settle(Outcome("error", body, _error_type(body)))

    def _broken_off(
        self, connection: _Connection, request_id: str, headers: dict[bytes, bytes]
    ) -> None:
        """A streamed response that nobody reads so: what came before its error counts for nothing.

        AWS: Lambda Developer Guide, Building a custom runtime for AWS Lambda (Response streaming).
        """
        if not self._is_current(request_id):
            connection.refuse(HTTPStatus.BAD_REQUEST, "InvalidRequestID", "Invalid request ID")
            return
        connection.write(_ACCEPTED)
        self._settle(_error_of(headers))

    def _init_error(self, connection: _Connection, body: bytes) -> None:
        if self.initialized.done():
            connection.refuse(
                HTTPStatus.FORBIDDEN, "InvalidStateTransition", "The init phase has ended"
            )
            return
        connection.write(_ACCEPTED)
        self.initialized.set_result(Outcome("error", body, _error_type(body)))

    def _is_current(self, request_id: str) -> bool:
        return (
            self._answer is not None
            and self._is_delivered
            and self._invocation is not None
            and self._invocation.request_id == request_id
        )

    def _settle(self, outcome: Outcome) -> None:
        answer, self._answer, self._invocation = self._answer, None, None
        if answer is not None and not answer.done():
            answer.set_result(outcome)


class _Connection(asyncio.Protocol):
    """HTTP/1.1 of one connection: one request at a time, bounded while it arrives."""

    def __init__(self, api: RuntimeApi) -> None:
        self._api = api
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._url = b""
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._head_bytes = 0
        self._is_in_body = False
        self._headers: dict[bytes, bytes] = {}
        self._stream: ResponseStream | None = None

    @property
    def is_closing(self) -> bool:
        """Whether what is written now would go nowhere."""
        return self._transport is None or self._transport.is_closing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A runtime connects."""
        # Not checked: uvloop's transports only look like asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        if not self._api.opened(self):
            transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        """The runtime has gone, or has closed this connection."""
        self._transport = None
        self._api.lost(self, error)

    def data_received(self, data: bytes) -> None:
        """More of a request."""
        if not self._is_in_body:
            self._head_bytes += len(data)
            if self._head_bytes > _HEAD_BYTES_MAX:
                self.close()
                return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.refuse(HTTPStatus.BAD_REQUEST, "InvalidRequest", "Not an HTTP/1.1 request")

    def on_message_begin(self) -> None:
        """httptools: a request begins."""
        self._url = b""
        self._body.clear()
        self._body_bytes = 0
        self._headers.clear()
        self._stream = None

    def on_url(self, url: bytes) -> None:
        """httptools: a piece of the request's target."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """httptools: a header, or a trailer. Of the many only those of the response are kept."""
        if len(name) == _CONTENT_TYPE_LENGTH or name[: len(_RUNTIME_HEADER)].lower() == (
            _RUNTIME_HEADER
        ):
            self._headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        """httptools: the head has ended."""
        self._is_in_body = True
        self._head_bytes = 0
        if _MODE in self._headers:
            self._stream = self._api.stream_for(self, self._path(), self._headers)

    def on_body(self, body: bytes) -> None:
        """httptools: a piece of the body."""
        if self._stream is not None:
            if not self._stream.feed(body) and not self.is_closing:
                self._api.too_large(self, self._path())
            return
        self._body_bytes += len(body)
        if self._body_bytes <= RESPONSE_BYTES_MAX:
            self._body.append(body)
        elif not self.is_closing:
            self._body.clear()
            self._api.too_large(self, self._path())

    def on_message_complete(self) -> None:
        """httptools: the request has arrived whole."""
        self._is_in_body = False
        if self._stream is not None:
            if not self.is_closing:
                self._api.streamed(self, self._headers)
        elif not self.is_closing:
            method = self._parser.get_method().decode("ascii")
            self._api.handle(self, method, self._path(), b"".join(self._body), self._headers)
        self._body.clear()

    def reply(self, status: HTTPStatus, headers: dict[str, str], body: bytes) -> None:
        """Answer and keep the connection."""
        head = [f"HTTP/1.1 {status.value} {status.phrase}", f"Content-Length: {len(body)}"]
        head += [f"{name}: {value}" for name, value in headers.items()]
        self.write("\r\n".join([*head, "", ""]).encode("latin-1") + body)

    def write(self, answer: bytes) -> None:
        """Answer by these bytes and keep the connection."""
        if self._transport is not None:
            self._transport.write(answer)

    def refuse(self, status: HTTPStatus, error_type: str, message: str) -> None:
        """Answer an error document of the Runtime API; the connection ends."""
        document = orjson.dumps({"errorMessage": message, "errorType": error_type})
        self.reply(status, {"Content-Type": "application/json", "Connection": "close"}, document)
        self.close()

    def pause(self) -> None:
        """Read nothing more for now, so that the runtime waits."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        if self._transport is not None:
            self._transport.resume_reading()

    def close(self) -> None:
        """End the connection after what is written."""
        if self._transport is not None:
            self._transport.close()

    def _path(self) -> str:
        return self._url.decode("latin-1").partition("?")[0]


def _invocation_head(invocation: Invocation) -> bytes:
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Length: {len(invocation.payload)}\r\n"
        "Content-Type: application/json\r\n"
        f"Lambda-Runtime-Aws-Request-Id: {invocation.request_id}\r\n"
        f"Lambda-Runtime-Deadline-Ms: {invocation.deadline_ms}\r\n"
        f"Lambda-Runtime-Invoked-Function-Arn: {invocation.function_arn}\r\n"
        f"Lambda-Runtime-Trace-Id: {_header_value(invocation.trace)}\r\n"
    )
    if invocation.client_context:
        head += f"Lambda-Runtime-Client-Context: {invocation.client_context}\r\n"
    return (head + "\r\n").encode("latin-1")


def _header_value(text: str) -> str:
    """Printable ASCII only: a trace comes from clients, who could end the header with it."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(letter for letter in text if " " <= letter <= "~")


def _error_of(headers: dict[bytes, bytes]) -> Outcome:
    """The error that the trailers of a streamed response tell of."""
    try:
        body = base64.b64decode(headers.get(_ERROR_BODY, b""), validate=True)
    except binascii.Error:
        body = b""
    return Outcome("error", body, headers[_ERROR_TYPE].decode("latin-1"))


def _error_type(body: bytes) -> str:
    """`errorType` of an error document; runtimes are user code, so it may be anything."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    found = document.get("errorType") if isinstance(document, dict) else None
    return found if isinstance(found, str) else ""
