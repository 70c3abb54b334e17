"""The thread in which the servers of tests live, one after the other, behind one HTTP port.

A server for each test costs about 15 ms (2 cores, Python 3.11, November 2026): its store is in
memory, and what is slow to begin and end, the loop and uvicorn's listener, stays.
"""

from __future__ import annotations

import asyncio
import atexit
import threading
from collections.abc import Coroutine, Mapping
from typing import TYPE_CHECKING, TypeVar

from kamome.app import App, PortTaken, empty_image
from kamome.config import load_settings
from kamome.http.listener import HttpListener
from kamome.ids import Ids

if TYPE_CHECKING:
    from concurrent.futures import Future

    from kamome.http.server import Receive, Send, Server

T = TypeVar("T")

_START_TIMEOUT_S = 30
# Functions get ten seconds to end, mails and requests under way as well.
_CALL_TIMEOUT_S = 60
# Requests that a test has left behind get this long to end with it.
_LEFT_BEHIND_S = 2.0
_HOST = "127.0.0.1"


class _SharedListener:
    """Uvicorn's listener, which outlives the servers it serves. An ASGI application for it."""

    def __init__(self) -> None:
        self._http = HttpListener(self, request_id=Ids().uuid)
        self._server: Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    async def __call__(self, scope: Mapping[str, object], receive: Receive, send: Send) -> None:
        """Hand a request to the server of the present test."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            if self._server is not None:
                await self._server(scope, receive, send)
            else:
                await _answer_nobody(send)
        finally:
            self._tasks.discard(task)

    def serve(self, server: Server) -> _SharedListener:
        """From now on requests are for this server."""
        self._server = server
        return self

    def end_waiting(self) -> None:
        """Long polls are answered with what there is."""
        if self._server is not None:
            self._server.end_waiting()

    async def start(self, _host: str, _port: int) -> int:
        """Listen, if that has not begun; returns the port."""
        if not self.port:
            self.port = await self._http.start(_HOST, 0)
        return self.port

    async def stop(self) -> None:
        """Take no more requests for the present server, and let those under way end."""
        self.end_waiting()
        self._server = None
        if self._tasks:
            _, late = await asyncio.wait(set(self._tasks), timeout=_LEFT_BEHIND_S)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)

    async def close(self) -> None:
        """Give the port back."""
        await self._http.stop()


class Host:
    """A thread with a loop, which runs one server at a time."""

    def __init__(self) -> None:
        self._thread = threading.Thread(target=self._run, name="kamome", daemon=True)
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._listener = _SharedListener()
        self._smtp_port = 0
        self._image = b""
        self._thread.start()
        if not self._ready.wait(_START_TIMEOUT_S):
            raise TimeoutError("the thread of the test server did not start in time")

    def call(self, work: Coroutine[object, object, T]) -> T:
        """Run a coroutine on the server's loop and wait for it."""
        assert self._loop is not None
        future: Future[T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return future.result(_CALL_TIMEOUT_S)

    def start(self, settings: Mapping[str, object]) -> App:
        """A new server with an empty store. The SMTP port is that of the server before."""
        return self.call(self._start(settings))

    def stop(self, app: App) -> None:
        """End a server; all it knew is gone."""
        self.call(app.stop())

    def close(self) -> None:
        """End the thread."""
        if self._loop is not None and self._stopping is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(_CALL_TIMEOUT_S)

    async def _start(self, settings: Mapping[str, object]) -> App:
        try:
            app = await self._start_on(settings, self._smtp_port)
        except PortTaken:  # by somebody else, since the server before
            app = await self._start_on(settings, 0)
        self._smtp_port = app.smtp_port
        return app

    async def _start_on(self, settings: Mapping[str, object], smtp_port: int) -> App:
        ports = {"ephemeral": True, "port": 0, "smtp_port": smtp_port}
        # The environment is that of the code under test: it sets nothing here.
        complete = load_settings({**ports, **settings}, environment={})
        # A store with data of its own makes its tables itself.
        image = b"" if complete.data else await self._empty_image()
        app = App(complete, listener=self._listener.serve, image=image)
        await app.start()
        return app

    async def _empty_image(self) -> bytes:
        if not self._image:
            self._image = await empty_image()
        return self._image

    def _run(self) -> None:
        import uvloop

        uvloop.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        self._ready.set()
        await self._stopping.wait()
        await self._listener.close()


class Hosts:
    """Threads that wait for their next server: one for tests that follow each other."""

    def __init__(self) -> None:
        self._free: list[Host] = []

    def take(self) -> Host:
        """A host for one server, used before if there is one."""
        return self._free.pop() if self._free else Host()

    def give_back(self, host: Host) -> None:
        """Its server has ended."""
        self._free.append(host)

    def close(self) -> None:
        """End all threads that wait."""
        while self._free:
            self._free.pop().close()


HOSTS = Hosts()
atexit.register(HOSTS.close)


async def _answer_nobody(send: Send) -> None:
    """A request that comes between two tests, from something that the first has left running."""
    headers = [(b"content-type", b"text/plain"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": b"No test is running."})
