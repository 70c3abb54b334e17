"""One client's connection: uvicorn's, with bounds on what a client may send, and how slowly.

uvicorn with httptools bounds neither the head of a request nor the time a client takes, and reads a
request that asks for another protocol as if it had no body. All times here are the machine's: they
are about the wire, which no test and no operator advances.

RFC 9112 §9.5 (failures and timeouts), §7.1.2 (trailers), §11.2 (request smuggling).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

_CONNECTION_HEADERS = frozenset({b"connection", b"upgrade", b"http2-settings"})


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
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._bounds = bounds
        self._request_id = request_id
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
        if len(self.connections) > self._bounds.connections:
            self._refuse(503, "Too many connections.")
            return
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client, or we, have gone."""
        self._stop_timer()
        self._stop_answer_timer()
        super().connection_lost(exc)
        self._unset_keepalive_if_required()

    def data_received(self, data: bytes) -> None:
        """Bytes of a head, a body, or of several requests."""
        if self._state == REFUSED:
            return
        self._unset_keepalive_if_required()
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

    def timeout_keep_alive_handler(self) -> None:
        """No further request has come; what the client has not taken by now is lost."""
        self._abort()

    # ------------------------------------------------------------------ the parser

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self._state = HEAD
        self._requests += 1
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is whole: the application can begin."""
        self._made_progress = True
        if self._pending_bytes + self._piece_bytes > self._bounds.head_bytes:
            self._check_head_bytes()
        if self.parser.should_upgrade():
            return  # read again: see `_feed_as_http`
        super().on_headers_complete()
        # What comes from here on are trailers, which are no headers. RFC 9110 §6.5.1.
        self.headers = []
        self._state = BODY
        self._body_bytes = 0

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._made_progress = True
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        if self._state != HEAD:  # it is where the head is to be read again
            self._state = IDLE
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """The answer has been written, perhaps before the request was whole."""
        super().on_response_complete()
        if self._state == BODY and self.cycle.response_complete:
            self._state = LINGER
            self._watch()

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
