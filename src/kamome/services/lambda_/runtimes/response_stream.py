"""A response on its way from a runtime to whoever reads it, as it is written.

The runtime is made to wait while more than 256 KB wait for the reader. A reader who leaves lets the
function finish; what it still writes goes nowhere.

AWS: Lambda Developer Guide, Response streaming for Lambda functions.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from kamome.services.lambda_.limits import (
    STREAM_BYTES_WAITING_MAX,
    STREAMED_RESPONSE_BYTES_MAX,
)


class StreamBroken(Exception):
    """The function failed while its response was being read."""


class ResponseStream:
    """One response. The runtime's side calls `begin`, `feed` and `end`; one reader iterates.

    `begun` resolves with the response's content type when the function begins to stream. It never
    does where a function answers in one piece.
    """

    def __init__(self) -> None:
        self.begun: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._pieces: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._bytes = 0
        self._is_ended = False
        self._failure = ""
        self._is_abandoned = False
        self._is_paused = False
        self._pause: Callable[[], None] = lambda: None
        self._resume: Callable[[], None] = lambda: None
        self._wake: asyncio.Future[None] | None = None

    # ------------------------------------------------------------------ the runtime's side

    def begin(
        self, content_type: str, pause: Callable[[], None], resume: Callable[[], None]
    ) -> None:
        """The head has come; `pause` and `resume` make the runtime wait and go on."""
        self._pause, self._resume = pause, resume
        if not self.begun.done():
            self.begun.set_result(content_type)

    def feed(self, piece: bytes) -> bool:
        """A piece has come; False where that is more than AWS lets a function stream."""
        self._bytes += len(piece)
        if self._bytes > STREAMED_RESPONSE_BYTES_MAX:
            return False
        if self._is_abandoned:
            return True
        self._pieces.append(piece)
        self._waiting_bytes += len(piece)
        if self._waiting_bytes > STREAM_BYTES_WAITING_MAX and not self._is_paused:
            self._is_paused = True
            self._pause()
        self._notify()
        return True

    def end(self, failure: str = "") -> None:
        """Nothing more comes; a reader is told of the failure. The first call counts."""
        if not self._is_ended:
            self._is_ended = True
            self._failure = failure
            self._notify()

    # ------------------------------------------------------------------ the reader's side

    async def read(self) -> bytes:
        """The next piece; empty at the end.

        Raises:
            StreamBroken: the function failed after it had begun to answer.
        """
        while not self._pieces:
            if self._is_ended:
                if self._failure:
                    raise StreamBroken(self._failure)
                return b""
            self._wake = asyncio.get_running_loop().create_future()
            await self._wake
        piece = self._pieces.popleft()
        self._waiting_bytes -= len(piece)
        if self._is_paused and self._waiting_bytes <= STREAM_BYTES_WAITING_MAX // 2:
            self._is_paused = False
            self._resume()
        return piece

    def abandon(self) -> None:
        """Nobody reads any more."""
        self._is_abandoned = True
        self._pieces.clear()
        self._waiting_bytes = 0
        if self._is_paused:
            self._is_paused = False
            self._resume()

    def _notify(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)
