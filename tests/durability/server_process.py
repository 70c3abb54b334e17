"""The real server as a child process that can be killed, and that leaves a log."""

from __future__ import annotations

import json
import os
import re
import resource
import select
import signal
import subprocess
import sys
import threading
import urllib.request
from collections import deque
from pathlib import Path
from typing import Any, Self

import boto3
from botocore.config import Config

_COMMAND = (sys.executable, "-m", "kamome", "serve", "--port", "0", "--smtp-port", "0")
# Each costs half a second of a core when it starts, in every round.
_FUNCTIONS_MAX = "2"
_READY_TIMEOUT_S = 60
_STOP_TIMEOUT_S = 60
_LISTENING = re.compile(r"Listening: (http|smtp)://127\.0\.0\.1:(\d+)")
REGION = "us-east-1"


def rounds(usual: int) -> int:
    """How often a kill test kills. Each run has other moments; KILL_ROUNDS makes a long one."""
    return int(os.environ.get("KILL_ROUNDS") or usual)


class ServerProcess:
    """`kamome serve` on free ports; ends with the block, whatever happens in it."""

    def __init__(self, data: Path, *, file_bytes_max: int | None = None) -> None:
        self._data = data
        self._file_bytes_max = file_bytes_max
        self._ready = threading.Event()
        self._ports: dict[str, int] = {}
        self.log: deque[str] = deque(maxlen=500)

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [*_COMMAND, "--data", str(self._data), "--lambda-processes", _FUNCTIONS_MAX],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            preexec_fn=self._limit,  # noqa: PLW1509 - the child only sets its own limit
        )
        # Functions of a killed server may hold its standard error longer than it does itself.
        self._ended, self._end = os.pipe()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        if not self._ready.wait(_READY_TIMEOUT_S) or len(self._ports) < 2:
            self.kill()
            raise RuntimeError("the server is not ready:\n" + "\n".join(self.log))
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def smtp_port(self) -> int:
        return self._ports["smtp"]

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._ports['http']}"

    def session(self) -> Session:
        """What a deployment script takes for a `boto3.Session`."""
        return Session(self.endpoint)

    def client(self, service: str) -> Any:  # boto3's clients are made at run time
        return self.session().client(service)

    def admin(self, path: str, body: object = None, *, method: str = "") -> Any:  # JSON
        """What the admin API answers."""
        content = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(
            self.endpoint + path, content, headers, method=method or None
        )
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=120) as answer:
            return json.load(answer)

    def kill(self) -> None:
        """SIGKILL to the server alone: its functions are left behind, as by a crash."""
        if self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._end_reading()

    def stop(self) -> int:
        """SIGTERM; returns the exit status."""
        self._process.terminate()
        status = self._process.wait(_STOP_TIMEOUT_S)
        self._end_reading()
        return status

    def _end_reading(self) -> None:
        if self._end >= 0:
            os.close(self._end)
            self._end = -1
        self._reader.join()

    def _limit(self) -> None:
        if self._file_bytes_max is not None:
            limit = (self._file_bytes_max, resource.RLIM_INFINITY)
            resource.setrlimit(resource.RLIMIT_FSIZE, limit)

    def _read(self) -> None:
        """Note what the server says, up to its end and what it has left in the pipe."""
        stderr, rest = self._process.stderr, b""
        assert stderr is not None
        while True:
            ready, _, _ = select.select([stderr.fileno(), self._ended], [], [])
            if stderr.fileno() not in ready:
                break
            said = os.read(stderr.fileno(), 65_536)
            if not said:
                break
            *lines, rest = (rest + said).split(b"\n")
            for line in lines:
                self._note(line.decode(errors="replace"))
        self._ready.set()
        os.close(self._ended)
        stderr.close()

    def _note(self, line: str) -> None:
        self.log.append(line)
        if found := _LISTENING.search(line):
            self._ports[found[1]] = int(found[2])
        if "Ready." in line:
            self._ready.set()


class Session:
    """boto3 clients for one endpoint, each call tried once."""

    region_name = REGION
    _shared = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test")
    _making = threading.Lock()

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint

    def client(self, service: str) -> Any:  # boto3's clients are made at run time
        config = Config(
            proxies={},
            retries={"total_max_attempts": 1},
            connect_timeout=5,
            read_timeout=60,
            max_pool_connections=4,
        )
        with self._making:  # a session may not be shared by threads while it makes clients
            return self._shared.client(
                service, region_name=REGION, endpoint_url=self._endpoint, config=config
            )


def processes_of(data: Path) -> set[int]:
    """The function processes that run for a data directory."""
    found = set()
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            variables = (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if any(each.startswith(f"TMPDIR={data}".encode()) for each in variables):
            found.add(int(folder.name))
    return found


def has_ended(pid: int, timeout_s: float = 10) -> bool:
    """Whether a process ends within the time."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], timeout_s)[0])
    finally:
        os.close(handle)
