"""The servers under load: Kamome with durability on, and the bare uvicorn server."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_HTTP = re.compile(rb"Listening: http://127\.0\.0\.1:(\d+)")
_SMTP = re.compile(rb"Listening: smtp://127\.0\.0\.1:(\d+)")
_DEADLINE_S = 30


@dataclass(frozen=True)
class Running:
    """A server process."""

    pid: int
    port: int
    smtp_port: int = 0
    ready_s: float = 0.0


@contextmanager
def kamome(*options: str, data: Path | None = None) -> Iterator[Running]:
    """Kamome on a data directory (a temporary one unless given), default settings otherwise."""
    with tempfile.TemporaryDirectory(prefix="kamome-bench-", dir=Path.cwd()) as folder:
        started = time.perf_counter()
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "kamome", "serve", "--port", "0", "--smtp-port", "0"),
                *("--data", str(data or folder)),
                *options,
            ],
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},
        )
        try:
            log = _log_until_ready(process)
            ready_s = time.perf_counter() - started
            http, smtp = _HTTP.search(log), _SMTP.search(log)
            assert http is not None
            assert smtp is not None
            yield Running(process.pid, int(http[1]), int(smtp[1]), ready_s)
        finally:
            _end(process)


@contextmanager
def noop() -> Iterator[Running]:
    """The bare uvicorn server of `noop.py`."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("noop.py")), str(port)]
    )
    try:
        _wait_for_port(port)
        yield Running(process.pid, port)
    finally:
        _end(process)


def _log_until_ready(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stderr is not None
    log = b""
    for line in process.stderr:
        log += line
        if line.startswith(b"Ready."):
            return log
    raise RuntimeError(log.decode(errors="replace"))


def _wait_for_port(port: int) -> None:
    deadline = time.monotonic() + _DEADLINE_S
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_DEADLINE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
