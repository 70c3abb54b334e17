"""The HTTP listener: uvicorn with httptools, on a socket that is bound before anything is told."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Protocol, cast

import uvicorn

from kamome.http.connection import Bounds, Connection, Turns

if TYPE_CHECKING:
    from kamome.http.server import Receive, Send

logger = logging.getLogger(__name__)

_BACKLOG = 2048
_KEEP_ALIVE_S = 75
_GRACE_S = 15
# How long a request that has been told to stop may take to do so.
_CANCEL_S = 5


class _Uvicorn(uvicorn.Server):
    """Uvicorn without its own signal handlers: the process's signals belong to the command line."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Application(Protocol):
    """The ASGI application, and how it hears that the listener stops."""

    async def __call__(self, scope: Mapping[str, object], receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""

    def end_waiting(self) -> None:
        """Long polls are answered with what there is."""


class HttpListener:
    """One HTTP port. `request_id` makes the ids of answers that no application gives.

    Requests that come whole go to `turns`, all others (all, where there is none) to `app`.
    """

    def __init__(
        self,
        app: Application,
        *,
        request_id: Callable[[], str],
        bounds: Bounds | None = None,
        turns: Turns | None = None,
    ) -> None:
        self._turns = turns
        self._app = app
        self._request_id = request_id
        self._bounds = bounds or Bounds()
        self._server: _Uvicorn | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen; returns the port (port 0 picks one). Raises OSError when it is taken."""
        # Uvicorn tells every malformed request, and each failure that `Server` has logged already.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        listening = _bound_socket(host, port)
        connection = partial(
            Connection,
            bounds=self._bounds,
            request_id=self._request_id,
            application=self._turns,
        )
        config = uvicorn.Config(
            self._app,
            http=cast("type[asyncio.Protocol]", connection),
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
        if self._task.done():
            listening.close()
            await self._task
        bound: int = listening.getsockname()[1]
        return bound

    async def stop(self) -> None:
        """Take no more requests; give those under way time to end, then end them."""
        if self._server is None or self._task is None:
            return
        self._app.end_waiting()
        self._server.should_exit = True
        await self._task
        late = set(self._server.server_state.tasks)
        if late:
            logger.warning("%d requests did not end in %d s.", len(late), _GRACE_S)
            await asyncio.wait(late, timeout=_CANCEL_S)


def _bound_socket(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # `::` means every address, those of version 4 too.
    is_dual = host == "::" and socket.has_dualstack_ipv6()
    listening = socket.create_server(
        (host, port), family=family, backlog=_BACKLOG, dualstack_ipv6=is_dual
    )
    listening.setblocking(False)
    return listening
