"""One client's connection: uvicorn's, with bounds on what a client may send, and how slowly.

uvicorn with httptools bounds neither the head of a request nor the time a client takes, and reads a
request that asks for another protocol as if it had no body. All times here are the machine's: they
are about the wire, which no test and no operator advances.

RFC 9112 §9.5 (failures and timeouts), §7.1.2 (trailers), §11.2 (request smuggling).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)
from uvicorn.server import ServerState

from kamome.http.turn import Begun, Turn, head_lines
from kamome.storage.engine import Kept
from kamome.wire import NO_ANSWER, HttpRequest, HttpResponse

if TYPE_CHECKING:
    from uvicorn._types import HTTPScope

    from kamome.http.pipeline import Reply
    from kamome.http.server import Receive, Send

logger = logging.getLogger(__name__)

# Smaller than what any service, a form and the admin API take.
WHOLE_BYTES_MAX = 128 * 1024
_LENGTH_DIGITS = len(str(WHOLE_BYTES_MAX))
_METHODS = {name.encode(): name for name in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS")}
# These change what comes.
_UNCOMMON = frozenset({"transfer-encoding", "upgrade"})
# Headers that many clients send (botocore with each object, Node.js with each request), and the
# values that are usual; they mean the same in HTTP/1.1 alone.
_USUAL_VALUES = {"connection": "keep-alive", "expect": "100-continue"}
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
# Requests that may wait for the answers to those before them. Few clients send so, and a packet
# could hold thousands. RFC 9112 §9.3.2.
_PIPELINED_MAX = 64
# How soon a connection that has something under way is looked at again.
_IDLE_CHECK_S = 1.0
_CONNECTION_HEADERS = frozenset({b"connection", b"upgrade", b"http2-settings"})


class Turns(Protocol):
    """What answers the requests that came whole."""

    def reply(self, request: HttpRequest, turn: Turn) -> Coroutine[object, object, Reply]:
        """Make the answer. Never raises."""

    def when_durable(self, kept: Kept, lost: int) -> None:
        """Call `kept` once a reply of that `lost` may leave, perhaps at once."""

    def wait(self, turn: Turn, callback: Callable[[], None]) -> Callable[[], None]:
        """The turn waits for something to happen; call the result when it does no longer."""

    async def send(self, response: HttpResponse, receive: Receive, send: Send) -> None:
        """Send an answer by ASGI's messages."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one client may cost.

    `head_bytes` bounds request line and headers, and the trailer of a chunked body. A head has
    `head_s` from its first byte; a body brings `body_bytes_min` in each `body_s`, unless it is we
    who do not read. A client that takes nothing of its answer for `answer_s` is dropped, and one
    that goes on sending what has been answered, after `linger_s`.
    """

    # AWS takes 8 KB (S3) to 16 KB; security tokens and presigned queries make long ones.
    head_bytes: int = 64 * 1024
    head_s: float = 30
    body_s: float = 30
    body_bytes_min: int = 4096
    answer_s: float = 60
    linger_s: float = 10
    # Each takes about 20 KB of memory and a file descriptor.
    connections: int = 4096
    # A request with a body up to this is gathered first and answered without ASGI; 0: none is.
    whole_bytes: int = WHOLE_BYTES_MAX


# What the connection waits for from the client. Plain numbers: they are compared for each request.
IDLE = 0  # the next request
HEAD = 1  # the end of a head
BODY = 2  # the end of a body
LINGER = 3  # the end of a body that nobody reads
REFUSED = 4  # nothing more


class Connection(HttpToolsProtocol):
    """uvicorn's connection within `Bounds`. `request_id` makes the id of a refusal."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],  # uvicorn's signature
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        bounds: Bounds,
        request_id: Callable[[], str],
        application: Turns | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._bounds = bounds
        self._request_id = request_id
        self.application = cast("Turns", application)
        self._whole_bytes = bounds.whole_bytes if application is not None else 0
        self._client_ip = ""
        # When the last answer was complete; the timer looks whether that is long ago.
        self._idle_since = 0.0
        self._idle_timer: asyncio.TimerHandle | None = None
        self._state = HEAD
        self._requests = 0
        # Bytes since something was complete: of a head, or of a trailer.
        self._pending_bytes = 0
        self._piece_bytes = 0
        self._made_progress = False
        self._body_bytes = 0
        self._body_bytes_seen = 0
        self._was_paused = False
        self._is_head_too_long = False
        self._timer: asyncio.TimerHandle | None = None
        self._watched = (-1, IDLE)
        self._answer_timer: asyncio.TimerHandle | None = None

    # ------------------------------------------------------------------ the transport

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn does
        """A client has come."""
        super().connection_made(transport)
        self._client_ip = self.client[0] if self.client else "127.0.0.1"
        if len(self.connections) > self._bounds.connections:
            self._refuse(503, "Too many connections.")
            return
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client, or we, have gone."""
        self._stop_timer()
        self._stop_answer_timer()
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes of a head, a body, or of several requests."""
        if self._state == REFUSED:
            return
        self._made_progress = False
        self._piece_bytes = len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._feed_as_http(data, upgrade.args[0])
        except httptools.HttpParserError:
            self._refuse_malformed()
        if self._state != IDLE or self._timer is not None:
            self._bound()

    def pause_writing(self) -> None:
        """The client does not take its answer as fast as it is made."""
        super().pause_writing()
        if self._answer_timer is None:
            self._answer_timer = self.loop.call_later(self._bounds.answer_s, self._abort)

    def resume_writing(self) -> None:
        """It has taken some."""
        self._stop_answer_timer()
        super().resume_writing()

    # ------------------------------------------------------------------ the parser

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self._state = HEAD
        self._requests += 1
        self.url = b""
        self.headers = []

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer."""
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """The head is whole: the application can begin."""
        self._made_progress = True
        if self._pending_bytes + self._piece_bytes > self._bounds.head_bytes:
            self._check_head_bytes()
        turn = self._turn() if self._whole_bytes else None
        if turn is None:
            if self.parser.should_upgrade():
                return  # read again: see `_feed_as_http`
            self._begin_cycle()
        else:
            self.cycle = cast("RequestResponseCycle", turn)
        # What comes from here on are trailers, which are no headers. RFC 9110 §6.5.1.
        self.headers = []
        self._state = BODY
        self._body_bytes = 0

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._made_progress = True
        self._body_bytes += len(body)
        cycle: object = self.cycle
        if cycle.__class__ is Turn:
            cycle.add(body)
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        if self._state == HEAD:  # it is to be read again
            return
        self._state = IDLE
        cycle: object = self.cycle
        if cycle.__class__ is Turn:
            cycle.end_of_body()
            self._run(cycle)
        else:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """The answer has been written, perhaps before the request was whole."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        if self.pipeline:  # read on when all of them are answered: each answer would admit more
            cycle, application = self.pipeline.pop()
            self._start_asgi_task(cycle, application)
        else:
            self.flow.resume_reading()
            if self._state == BODY and self.cycle.response_complete:
                self._state = LINGER
                self._watch()
        self._idle_since = self.loop.time()
        if self._idle_timer is None:
            self._idle_timer = self.loop.call_later(self.timeout_keep_alive, self._check_idle)

    def _begin_cycle(self) -> None:
        """The plain way: uvicorn's scope and cycle for the request whose head has come."""
        if len(self.pipeline) >= _PIPELINED_MAX:
            raise ValueError("too many requests")  # those before it are answered, then it is over
        url, headers = self.url, self.headers
        super().on_message_begin()
        self.url = url
        self.headers = headers
        self.scope["headers"] = headers
        self.expect_100_continue = any(
            name == b"expect" and value.lower() == b"100-continue" for name, value in headers
        )
        super().on_headers_complete()

    # ------------------------------------------------------------------ turns

    def _turn(self) -> Turn | None:
        """A turn for the request whose head has come, None where it is not a common one."""
        parser, url = self.parser, self.url
        if self.cycle is not None and not self.cycle.response_complete:
            return None  # it came before the answer to the last one: it waits in the pipeline
        if url[:1] != b"/" or b"#" in url or not url.isascii():
            return None
        if not parser.should_keep_alive():
            return None
        method = _METHODS.get(parser.get_method())
        if method is None:
            return None
        path, _, query = url.decode("ascii").partition("?")
        request = HttpRequest(
            method,
            path,
            query,
            scheme=cast("str", self.scheme),
            client_ip=self._client_ip,
            raw_headers=self.headers,
        )
        names = request.header_names
        if not _UNCOMMON.isdisjoint(names):
            return None
        if not _USUAL_VALUES.keys().isdisjoint(names) and not self._is_usual(request):
            return None
        length = request.header("content-length", "0")
        if not length.isdigit() or len(length) > _LENGTH_DIGITS or int(length) > self._whole_bytes:
            return None
        if request.has_header("expect"):
            # The body is gathered before anything is looked at. RFC 9110 §10.1.1.
            self.transport.write(_CONTINUE)
        return Turn(self, request)

    def _is_usual(self, request: HttpRequest) -> bool:
        if self.parser.get_http_version() != "1.1":
            return False
        return all(
            request.header(name, value).lower() == value for name, value in _USUAL_VALUES.items()
        )

    def _run(self, turn: Turn) -> None:
        """Make the answer: at once as far as that goes, in a task from the first wait on."""
        coroutine = self.application.reply(turn.request, turn)
        try:
            waited = coroutine.send(None)
        except StopIteration as done:
            self._take(turn, done.value)
            return
        except Exception:
            logger.exception("a request failed")
            self._abort()
            return
        task = self.loop.create_task(self._go_on(turn, Begun(coroutine, waited)))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    async def _go_on(self, turn: Turn, begun: Begun) -> None:
        try:
            reply = await begun
        except BaseException:
            self._abort()
            raise
        self._take(turn, reply)

    def _take(self, turn: Turn, reply: Reply) -> None:
        turn.reply = reply
        if reply.lost is None:
            turn.kept(None)
        else:
            self.application.when_durable(turn.kept, reply.lost)

    def answer(self, turn: Turn, response: HttpResponse) -> None:
        """Write an answer; never raises, for what fails here concerns this client only."""
        try:
            self._answer(turn, response)
        except Exception:
            logger.exception("the answer to a request could not be written")
            self._abort()

    def _answer(self, turn: Turn, response: HttpResponse) -> None:
        turn.close()
        if turn.disconnected or self.transport.is_closing():
            turn.response_complete = True
            return
        if response.status == NO_ANSWER:
            turn.disconnected = turn.response_complete = True
            self._abort()
            return
        body = response.body
        if not isinstance(body, bytes) or self.flow.write_paused:
            self._answer_in_pieces(turn, response)
            return
        lines, ends = head_lines(response, body)
        if not turn.keep_alive and not ends:
            ends = True
            lines.append(b"connection: close\r\n")
        is_bare = turn.request.method == "HEAD" or response.status in (204, 304)
        self.transport.write(
            b"".join(
                (
                    STATUS_LINE[response.status],
                    _rendered(self.server_state.default_headers),
                    *lines,
                    b"\r\n",
                    b"" if is_bare else body,
                )
            )
        )
        turn.response_started = turn.response_complete = True
        if ends:
            self.transport.close()
        self.on_response_complete()

    def _answer_in_pieces(self, turn: Turn, response: HttpResponse) -> None:
        """A streamed answer, or a client that does not take what came before: the plain way."""
        cycle = RequestResponseCycle(
            scope=cast("HTTPScope", {"type": "http", "method": turn.request.method}),
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=turn.keep_alive,
            on_response=self.on_response_complete,
        )
        cycle.more_body = False
        if cast("object", self.cycle) is turn:
            self.cycle = cycle
        task = self.loop.create_task(self._send_pieces(response, cycle))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    async def _send_pieces(self, response: HttpResponse, cycle: RequestResponseCycle) -> None:
        try:
            await self.application.send(
                response, cast("Receive", cycle.receive), cast("Send", cycle.send)
            )
        finally:
            if not cycle.response_complete:
                self._abort()

    # ------------------------------------------------------------------ other protocols

    def _feed_as_http(self, data: bytes, end: int) -> None:
        """Parse a request for another protocol (h2c) as an ordinary one. RFC 9110 §7.8.

        The parser takes it for one without a body, and what follows `end` for the other protocol:
        it is given the head once more without that wish. Each round takes one wish away.
        """
        while self.parser.get_method() != b"CONNECT":
            data = self._head_without_upgrade() + data[end:]
            self.parser = httptools.HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                end = upgrade.args[0]
            except httptools.HttpParserError:
                self._refuse_malformed()
                return
            else:
                return
        self._refuse(405, "This is no proxy.")

    def _head_without_upgrade(self) -> bytes:
        version = self.parser.get_http_version().encode()
        lines = [b"%s %s HTTP/%s\r\n" % (self.parser.get_method(), self.url, version)]
        lines += [
            b"%s: %s\r\n" % (name, value)
            for name, value in self.headers
            if name not in _CONNECTION_HEADERS
        ]
        return b"".join([*lines, b"\r\n"])

    def _check_head_bytes(self) -> None:
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > self._bounds.head_bytes:
            self._is_head_too_long = True
            raise ValueError("the head is too long")  # the parser ends with an error of its own

    # ------------------------------------------------------------------ the bounds

    def _check_idle(self) -> None:
        """Nothing has come for long: the connection ends, with what the client has not taken."""
        self._idle_timer = None
        left_s = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if self._state == IDLE and self.cycle.response_complete and left_s <= 0:
            self._abort()
            return
        self._idle_timer = self.loop.call_later(max(left_s, _IDLE_CHECK_S), self._check_idle)

    def _bound(self) -> None:
        """What is to be checked where a request is not whole yet, or was not until now."""
        if self._state == REFUSED:
            return
        if self._made_progress or self._state == IDLE:
            self._pending_bytes = 0
        else:
            self._pending_bytes += self._piece_bytes
            if self._pending_bytes > self._bounds.head_bytes:
                self._refuse(431, self._too_long)
        self._watch()

    def _watch(self) -> None:
        """Keep the timer that belongs to what is waited for now."""
        now_watched = (self._requests, self._state)
        if now_watched == self._watched:
            return
        self._watched = now_watched
        self._stop_timer()
        if self._state == HEAD:
            self._timer = self.loop.call_later(self._bounds.head_s, self._head_is_late)
        elif self._state == BODY:
            self._body_bytes_seen = 0
            self._was_paused = False
            self._timer = self.loop.call_later(self._bounds.body_s, self._check_body)
        elif self._state == LINGER:
            self._timer = self.loop.call_later(self._bounds.linger_s, self._abort)

    def _head_is_late(self) -> None:
        if self.flow.read_paused:  # requests before it are still being answered
            self._timer = self.loop.call_later(self._bounds.head_s, self._head_is_late)
            return
        self._refuse(408, "The head of the request did not come in time.")

    def _check_body(self) -> None:
        came = self._body_bytes - self._body_bytes_seen
        is_paused = self.flow.read_paused
        if came < self._bounds.body_bytes_min and not is_paused and not self._was_paused:
            self._refuse(408, "The body of the request did not come in time.")
            return
        self._was_paused = is_paused
        self._body_bytes_seen = self._body_bytes
        self._timer = self.loop.call_later(self._bounds.body_s, self._check_body)

    def _refuse(self, status: int, sentence: str) -> None:
        """Answer what is wrong, if that is possible now, and read no more."""
        is_in_body = self._state in (BODY, LINGER)
        self._state = REFUSED
        self._stop_timer()
        if self.cycle is not None and not self.cycle.response_complete:
            if not is_in_body:
                # What is wrong came behind whole requests: they are answered, then it is over.
                self.cycle.keep_alive = False
                return
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            if self.pipeline or self.cycle.response_started:
                self._abort()
                return
        self._write_refusal(status, sentence.encode())

    def _refuse_malformed(self) -> None:
        if self._is_head_too_long:
            self._refuse(431, self._too_long)
        else:
            self._refuse(400, "The request is not valid HTTP/1.1.")

    @property
    def _too_long(self) -> str:
        return f"The head is longer than {self._bounds.head_bytes} bytes."

    def _write_refusal(self, status: int, sentence: bytes) -> None:
        head = [
            STATUS_LINE[status],
            b"x-amzn-requestid: %s\r\n" % self._request_id().encode(),
            b"content-type: text/plain\r\n",
            b"content-length: %d\r\nconnection: close\r\n\r\n" % len(sentence),
        ]
        self.transport.write(b"".join([*head, sentence]))
        self.transport.close()

    def _abort(self) -> None:
        if not self.transport.is_closing():
            self.transport.abort()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _stop_answer_timer(self) -> None:
        if self._answer_timer is not None:
            self._answer_timer.cancel()
            self._answer_timer = None


_last_rendered: tuple[object, bytes] = (None, b"")


def _rendered(default: list[tuple[bytes, bytes]]) -> bytes:
    """The headers that uvicorn adds to all answers (the date): a new list each second."""
    global _last_rendered  # noqa: PLW0603 - a cache of one
    known, rendered = _last_rendered
    if known is not default:
        rendered = b"".join(b"%s: %s\r\n" % header for header in default)
        _last_rendered = (default, rendered)
    return rendered
