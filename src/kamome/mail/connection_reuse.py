"""Connections that are kept open a moment, for the next mail to the same server.

Times here are the machine's, for they guard sockets.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Hashable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kamome.mail.smtp_client import SmtpConnection

# Servers grant clients idle minutes, and want them not to be used: RFC 5321 §4.5.3.2.7.
IDLE_S = 5.0
_KEPT_MAX = 32


class KeptConnections:
    """Idle connections by what they were opened for. Each is kept for some seconds at most."""

    def __init__(self, idle_s: float = IDLE_S) -> None:
        self._idle_s = idle_s
        self._kept: OrderedDict[SmtpConnection, tuple[Hashable, asyncio.TimerHandle]] = (
            OrderedDict()
        )
        self._ends: set[asyncio.Task[None]] = set()

    def take(self, key: Hashable) -> SmtpConnection | None:
        """The one that was used last, None where there is none."""
        for connection in reversed(self._kept):
            if self._kept[connection][0] == key:
                self._kept.pop(connection)[1].cancel()
                if connection.is_open:
                    return connection
                self._end(connection)
                return self.take(key)
        return None

    def keep(self, key: Hashable, connection: SmtpConnection) -> None:
        """Keep it for others, or close it where it has done enough."""
        if not connection.is_open:
            self._end(connection)
            return
        timer = asyncio.get_running_loop().call_later(self._idle_s, self._expire, connection)
        self._kept[connection] = (key, timer)
        if len(self._kept) > _KEPT_MAX:
            self._expire(next(iter(self._kept)))

    async def close(self) -> None:
        """End all of them."""
        for connection in list(self._kept):
            self._expire(connection)
        if self._ends:
            await asyncio.wait(self._ends)

    def _expire(self, connection: SmtpConnection) -> None:
        self._kept.pop(connection)[1].cancel()
        self._end(connection)

    def _end(self, connection: SmtpConnection) -> None:
        task = asyncio.get_running_loop().create_task(connection.quit())
        self._ends.add(task)
        task.add_done_callback(self._ends.discard)
