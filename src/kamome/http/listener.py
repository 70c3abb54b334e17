"""The HTTP listener: uvicorn with httptools, on a socket that is bound before anything is told."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from kamome.http.server import Server

logger = logging.getLogger(__name__)

_BACKLOG = 2048
_KEEP_ALIVE_S = 75
_GRACE_S = 15


class _Uvicorn(uvicorn.Server):
    """Uvicorn without its own signal handlers: the process's signals belong to the command line."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class HttpListener:
    """One HTTP port."""

    def __init__(self, app: Server) -> None:
        self._app = app
        self._server: _Uvicorn | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen; returns the port (port 0 picks one). Raises OSError when it is taken."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family, backlog=_BACKLOG)
        listening.setblocking(False)
        config = uvicorn.Config(
            self._app,
            http="httptools",
            ws="none",
            loop="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=_GRACE_S,
        )
        self._server = _Uvicorn(config)
        self._task = asyncio.get_running_loop().create_task(self._server.serve([listening]))
        while not self._server.started and not self._task.done():  # noqa: ASYNC110 - at start only
            await asyncio.sleep(0)
        bound: int = listening.getsockname()[1]
        return bound

    async def stop(self) -> None:
        """Take no more requests; give those under way time to end."""
        if self._server is None or self._task is None:
            return
        self._server.should_exit = True
        await self._task
