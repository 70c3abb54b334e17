"""A gate for functions: they arrive, tell so, and wait until the test lets them through.

Functions run in processes of their own, so it is a loopback socket: nobody looks again and again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

# A function that waits at the gate whose port is its event.
WAITS = (
    "import socket\n"
    "def handler(port, context):\n"
    "    print('run', flush=True)\n"
    "    with socket.create_connection(('127.0.0.1', port)) as gate:\n"
    "        gate.recv(1)\n"
)


class Gate:
    """`port` is what functions are given; `arrived` counts those that have come."""

    def __init__(self) -> None:
        self.port = 0
        self.arrived = 0
        self._is_open = asyncio.Event()
        self._changed = asyncio.Condition()

    async def wait_for(self, count: int) -> None:
        """Return when so many have come."""
        async with asyncio.timeout(10), self._changed:
            await self._changed.wait_for(lambda: self.arrived >= count)

    def open(self) -> None:
        """Let everyone through, and those that come later."""
        self._is_open.set()

    async def _meet(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.arrived += 1
        async with self._changed:
            self._changed.notify_all()
        await self._is_open.wait()
        writer.close()


@contextlib.asynccontextmanager
async def gate() -> AsyncIterator[Gate]:
    """A gate that is shut; it opens at the end of the block."""
    made = Gate()
    server = await asyncio.start_server(made._meet, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        made.open()
        server.close()
        await server.wait_closed()
