"""Sends a container's lines to a log router, by the Fluent Forward protocol.

Lines wait in memory, at most 1 MB of them, until the router listens; what is more than that is
dropped, oldest first, and counted. There is no acknowledgement, as with AWS's log driver: what a
router has taken from the connection and not handled is lost with it.

Fluentd Forward Protocol Specification v1: Forward mode, EventTime.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections import deque
from collections.abc import Callable

import msgspec

from kamome.services.ecs.firelens import HOST, Route
from kamome.services.ecs.limits import LOG_LINE_BYTES_MAX, ROUTED_BYTES_MAX, ROUTED_PER_MESSAGE_MAX

_EVENT_TIME = 0  # the extension type: seconds and nanoseconds, both 32 bits, big-endian
_AGAIN_S = 0.1
_encode = msgspec.msgpack.Encoder().encode


def free_port() -> int:
    """A loopback port that nobody listens on just now."""
    with socket.socket() as found:
        found.bind((HOST, 0))
        port: int = found.getsockname()[1]
        return port


class RoutedLines:
    """The lines of one container on their way to its router."""

    def __init__(self, route: Route, now_ms: Callable[[], int]) -> None:
        self.dropped = 0
        self._route = route
        self._now_ms = now_ms
        self._waiting: deque[tuple[msgspec.msgpack.Ext, dict[str, str], int]] = deque()
        self._waiting_bytes = 0
        self._wake = asyncio.Event()
        self._sent = asyncio.Event()
        self._sender = asyncio.get_running_loop().create_task(self._send())

    def source(self, name: str) -> LineWriter:
        """Where the text of one of its streams (`stdout`, `stderr`) is written."""
        return LineWriter(self, name)

    def take(self, source: str, line: str, *, is_partial: bool) -> None:
        """One line, without its end."""
        now_ms = self._now_ms()
        time = struct.pack(">II", now_ms // 1000, now_ms % 1000 * 1_000_000)
        record = {
            "container_id": self._route.container_id,
            "container_name": self._route.container_name,
            "source": source,
            "log": line,
        }
        if is_partial:
            record["partial_message"] = "true"
        self._waiting.append((msgspec.msgpack.Ext(_EVENT_TIME, time), record, len(line)))
        self._waiting_bytes += len(line)
        while self._waiting_bytes > ROUTED_BYTES_MAX and len(self._waiting) > 1:
            self._waiting_bytes -= self._waiting.popleft()[2]
            self.dropped += 1
        self._sent.clear()
        self._wake.set()

    async def finish(self, seconds: float) -> int:
        """Send what waits, as long as there is time; how many lines never went."""
        if self._waiting:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._sent.wait()
        self._sender.cancel()
        await asyncio.wait([self._sender])
        return self.dropped + len(self._waiting)

    async def _send(self) -> None:
        while True:
            await self._wake.wait()
            writer = await self._connected()
            try:
                await self._send_on(writer)
            except OSError:
                continue  # the router has gone; perhaps it comes again
            finally:
                writer.close()

    async def _connected(self) -> asyncio.StreamWriter:
        while True:
            try:
                _, writer = await asyncio.open_connection(HOST, self._route.port)
            except OSError:
                await asyncio.sleep(_AGAIN_S)
            else:
                return writer

    async def _send_on(self, writer: asyncio.StreamWriter) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                batch = [self._waiting[n] for n in range(self._batch_size())]
                entries = [[time, record] for time, record, _ in batch]
                writer.write(_encode([self._route.tag, entries, {}]))
                await writer.drain()
                for entry in batch:
                    if self._waiting and self._waiting[0] is entry:
                        self._waiting.popleft()
                        self._waiting_bytes -= entry[2]
            self._sent.set()

    def _batch_size(self) -> int:
        return min(len(self._waiting), ROUTED_PER_MESSAGE_MAX)


class LineWriter:
    """One stream of a container: bytes in, lines out. Long lines are cut, as Docker cuts them."""

    def __init__(self, lines: RoutedLines, source: str) -> None:
        self._lines = lines
        self._source = source
        self._line = b""

    def write(self, text: bytes) -> None:
        """More output."""
        self._line += text
        *whole, self._line = self._line.split(b"\n")
        for line in whole:
            self._take(line)
        while len(self._line) > LOG_LINE_BYTES_MAX:
            head, self._line = self._line[:LOG_LINE_BYTES_MAX], self._line[LOG_LINE_BYTES_MAX:]
            self._lines.take(self._source, head.decode("utf-8", "replace"), is_partial=True)

    def end(self) -> None:
        """The stream has ended, perhaps in the middle of a line."""
        if self._line:
            self._take(self._line)
            self._line = b""

    def _take(self, line: bytes) -> None:
        while len(line) > LOG_LINE_BYTES_MAX:
            head, line = line[:LOG_LINE_BYTES_MAX], line[LOG_LINE_BYTES_MAX:]
            self._lines.take(self._source, head.decode("utf-8", "replace"), is_partial=True)
        self._lines.take(self._source, line.decode("utf-8", "replace"), is_partial=False)
