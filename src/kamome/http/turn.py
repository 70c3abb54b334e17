"""One request that came whole, answered in one piece: uvicorn's cycle for the common case.

Most requests arrive with their body in one packet, and most answers are a few hundred bytes. For
them a task and ASGI's messages (a scope, two dictionaries in, two out, each header looked at three
times) cost more than the rest of uvicorn. A turn stands where uvicorn's cycle stands: its
connection sees whether an answer is still due (`response_complete`) and tells it of the client's
going (`disconnected`, `message_event`). Whatever is not common goes the plain way through ASGI,
which stays the oracle in the tests.

Measured 2026-11-22, SendMessage: see bench/README.md.
"""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Callable, Coroutine, Generator
from typing import TYPE_CHECKING

from kamome.errors import AwsError, RequestEntityTooLarge

if TYPE_CHECKING:
    from kamome.http.connection import Connection
    from kamome.http.pipeline import Reply
    from kamome.wire import HttpRequest, HttpResponse

logger = logging.getLogger(__name__)

# What a header may not hold. RFC 9110 §5.5.
_NOT_IN_HEADERS = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


class Turn:
    """A request that is here, while its answer is made; also its body for the pipeline."""

    __slots__ = (
        "_callbacks",
        "_connection",
        "_pieces",
        "disconnected",
        "has_begun",
        "keep_alive",
        "on_close",
        "reply",
        "request",
        "response_complete",
        "response_started",
        "whole",
    )

    def __init__(self, connection: Connection, request: HttpRequest) -> None:
        self._connection = connection
        self.request = request
        self.whole = b""
        self._pieces: bytearray | None = None
        self._callbacks: list[Callable[[], None]] | None = None
        self.reply: Reply | None = None
        self.on_close: Callable[[], None] | None = None
        self.has_begun = True
        self.keep_alive = True
        self.disconnected = False
        self.response_started = False
        self.response_complete = False

    # ------------------------------------------------------------------ as the pipeline's body

    def add(self, piece: bytes) -> None:
        """A piece of the body has come; as many bytes as were announced, at most."""
        if self._pieces is not None:
            self._pieces += piece
        elif self.whole:
            self._pieces = bytearray(self.whole)
            self._pieces += piece
        else:
            self.whole = piece

    def end_of_body(self) -> None:
        """The body is whole."""
        if self._pieces is not None:
            self.whole = bytes(self._pieces)
            self._pieces = None

    async def read(self, bytes_max: int) -> bytes:
        """All of it. Raises RequestEntityTooLarge where it is longer than `bytes_max`."""
        if len(self.whole) > bytes_max:
            raise RequestEntityTooLarge(f"The body is longer than {bytes_max} bytes.")
        return self.whole

    async def chunks(self) -> AsyncIterator[bytes]:
        """Its one piece."""
        if self.whole:
            yield self.whole

    def when_gone(self, callback: Callable[[], None]) -> None:
        """Call back when the client hangs up before it is answered, or the server stops."""
        self.on_close = self._connection.application.wait(self, callback)
        self.when_hung_up(callback)

    def when_hung_up(self, callback: Callable[[], None]) -> None:
        """Call back when the client hangs up."""
        if self.disconnected:
            callback()
        elif self._callbacks is None:
            self._callbacks = [callback]
        else:
            self._callbacks.append(callback)

    # ------------------------------------------------------------------ as uvicorn's cycle

    @property
    def message_event(self) -> Turn:
        """What uvicorn sets where the client has gone."""
        return self

    def set(self) -> None:
        """Something has changed: perhaps the client has gone."""
        if self.disconnected and self._callbacks:
            callbacks, self._callbacks = self._callbacks, None
            for callback in callbacks:
                callback()

    # ------------------------------------------------------------------ the answer

    def kept(self, error: AwsError | None) -> None:
        """What the answer tells of is durable (None), or could not be kept. Must not raise."""
        reply = self.reply
        assert reply is not None
        self._connection.answer(self, reply.response if error is None else reply.refusal(error))

    def close(self) -> None:
        """The request has been answered."""
        self._callbacks = None
        if self.on_close is not None:
            self.on_close()


class Begun:
    """A coroutine that has run up to its first wait; to be awaited in a task, which it had not."""

    def __init__(self, coroutine: Coroutine[object, object, Reply], waited: object) -> None:
        self._coroutine = coroutine
        self._waited = waited

    def __await__(self) -> Generator[object, None, Reply]:
        """The rest of it."""
        coroutine, waited = self._coroutine, self._waited
        try:
            while True:
                try:
                    yield waited
                except BaseException as error:  # noqa: BLE001 - whoever waits gets it, a cancellation too
                    waited = coroutine.throw(error)
                else:
                    waited = coroutine.send(None)
        except StopIteration as done:
            reply: Reply = done.value
            return reply


def head_lines(response: HttpResponse, body: bytes) -> tuple[list[bytes], bool]:
    """The header lines of an answer, and whether they end the connection."""
    lines = []
    has_length = ends = False
    for spelled, value in response.headers:
        name = spelled.lower()
        if name == "content-length":
            has_length = True
        elif name == "connection":
            ends = True
        if value.isascii() and value.isprintable():
            lines.append(f"{name}: {value}\r\n".encode())
        else:
            lines.append(b"%s: %s\r\n" % (name.encode(), header_value(name, value)))
    if not has_length and response.status not in (204, 304):
        lines.append(b"content-length: %d\r\n" % len(body))
    return lines, ends


def header_value(name: str, value: str) -> bytes:
    """A value as it may be sent: what would end the line is a mistake of ours. RFC 9110 §5.5."""
    sent = value.encode("latin-1", "replace")
    if _NOT_IN_HEADERS.search(sent):
        logger.error("the header %s of an answer held control characters", name)
        return _NOT_IN_HEADERS.sub(b" ", sent)
    return sent
