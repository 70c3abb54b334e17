"""A server in a thread of the process: ready in a fraction of a second, gone with it.

Tests talk to it as to any other server. Each `Tenant` is an AWS account of its own, so that tests
sharing one server do not see each other's resources.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Self, TypeVar

import uvloop

from kamome.app import App
from kamome.clock import Clock
from kamome.config import Settings

if TYPE_CHECKING:
    from concurrent.futures import Future

T = TypeVar("T")

_START_TIMEOUT_S = 30
_STOP_TIMEOUT_S = 60


class ServerThread:
    """One `App` with a loop of its own. Use as a context manager."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self._settings = settings
        self._clock = clock
        self._thread = threading.Thread(target=self._run, name="kamome", daemon=True)
        self._ready = threading.Event()
        self._error: BaseException | None = None
        self._stopping: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._app: App | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(_START_TIMEOUT_S):
            raise TimeoutError("the server did not start in time")
        if self._error is not None:
            raise self._error
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None
        assert self._stopping is not None
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(_STOP_TIMEOUT_S)

    @property
    def app(self) -> App:
        """The running application; touch it only through `call`."""
        assert self._app is not None
        return self._app

    @property
    def endpoint(self) -> str:
        """URL of the AWS APIs."""
        return f"http://127.0.0.1:{self.app.port}"

    @property
    def smtp_port(self) -> int:
        """Port on which mail comes in."""
        return self.app.smtp_port

    def call(self, work: Coroutine[object, object, T]) -> T:
        """Run a coroutine on the server's loop and wait for it."""
        assert self._loop is not None
        future: Future[T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result(_STOP_TIMEOUT_S)

    def advance(self, seconds: float) -> None:
        """Advance the server's clock; returns when all that was due has happened."""
        self.call(self.app.clock.advance(round(seconds * 1000)))

    def _run(self) -> None:
        try:
            uvloop.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
            self._error = error
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        self._app = App(self._settings, clock=self._clock)
        await self._app.start()
        self._ready.set()
        await self._stopping.wait()
        await self._app.stop()
