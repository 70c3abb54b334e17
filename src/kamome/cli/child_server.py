"""Kamome as a child process: started on free ports, stopped whatever happens."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path

LISTENING = re.compile(
    r"Listening: (?P<scheme>http|smtp)://(?P<host>\[[^\]]+\]|[^:/\s]+):(?P<port>\d+)"
)
READY = re.compile(r"\bReady\.")
READY_TIMEOUT_S = 30
# SIGTERM finishes what is in flight; a function may run as long as its timeout.
STOP_TIMEOUT_S = 25
LOG_LINES_KEPT = 200
LOG_LINE_BYTES_MAX = 1 << 20


class ServerFailed(Exception):
    """The child process did not come up, or ended by itself."""


@dataclass(frozen=True, slots=True)
class Address:
    """Host and port that the server listens on."""

    host: str
    port: int


class ChildServer:
    """`kamome serve` in a process group of its own, its last log lines kept.

    Use it as an asynchronous context: leaving the block stops the process. `settings` are further
    options of `kamome serve`.
    """

    def __init__(self, data: Path, *settings: str) -> None:
        self._data = data
        self._settings = settings
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._listening: dict[str, Address] = {}
        self.log: deque[str] = deque(maxlen=LOG_LINES_KEPT)

    async def __aenter__(self) -> Self:
        """Start the process and return when all its listeners answer.

        Raises:
            ServerFailed: it ended, or was not ready in time.
        """
        command = (sys.executable, "-m", "kamome", "serve", "--port", "0", "--smtp-port", "0")
        self._process = await asyncio.create_subprocess_exec(
            *command,
            "--data",
            str(self._data),
            *self._settings,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=LOG_LINE_BYTES_MAX,
            start_new_session=True,  # Ctrl-C reaches only us; we stop the child in order
        )
        self._reader = asyncio.create_task(self._read_log(self._process))
        try:
            await asyncio.wait_for(self._ready.wait(), READY_TIMEOUT_S)
            self._require_listeners()
        except BaseException as error:
            await self.stop()
            if isinstance(error, TimeoutError):
                raise ServerFailed(f"Kamome was not ready within {READY_TIMEOUT_S} s.") from None
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop the process if it runs still."""
        await self.stop()

    @property
    def endpoint_url(self) -> str:
        """What clients take as `AWS_ENDPOINT_URL`."""
        http = self._listening["http"]
        return f"http://{http.host}:{http.port}"

    @property
    def smtp(self) -> Address:
        """Where mail is taken."""
        return self._listening["smtp"]

    @property
    def is_running(self) -> bool:
        """Whether the process has not ended."""
        return self._process is not None and self._process.returncode is None

    async def ended(self) -> None:
        """Return when the process ends by itself."""
        assert self._process is not None
        await self._process.wait()

    @property
    def exit_status(self) -> int:
        """0 after an orderly end, and while it has not ended."""
        return 0 if self._process is None else self._process.returncode or 0

    async def stop(self) -> None:
        """End the process, gently first."""
        if self._process is None or self._reader is None:
            return
        if self.is_running:
            self._process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), STOP_TIMEOUT_S)
        except TimeoutError:
            self._kill()
            await self._process.wait()
        except asyncio.CancelledError:
            self._kill()
            raise
        finally:
            self._reader.cancel()

    def _kill(self) -> None:
        """End the process and the functions it runs, at once."""
        if self._process is not None and self._process.returncode is None:
            os.killpg(self._process.pid, signal.SIGKILL)

    async def _read_log(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for raw_line in process.stdout:
            line = raw_line.decode("utf-8", "replace").rstrip()
            self.log.append(line)
            if found := LISTENING.search(line):
                self._listening[found["scheme"]] = Address(found["host"], int(found["port"]))
            if READY.search(line):
                self._ready.set()
        self._ready.set()  # it has ended; whoever waits must not wait on

    def _require_listeners(self) -> None:
        if "http" not in self._listening or "smtp" not in self._listening:
            raise ServerFailed("Kamome ended before it was ready.")
