"""Functions: warm synchronous invocations beside a bare subprocess, and SQS to Lambda.

The floor of an invocation is one line to a subprocess over a socket and one line back. Invocations
are measured by a socket that sends the same signed request again and again, so that no client's own
cost is in them, and by boto3, as most call them.
"""

from __future__ import annotations

import io
import socket
import statistics
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import boto3
from load import cpu_seconds
from servers import Running, kamome
from signed import Requests

_INVOCATIONS = 2_000
_MESSAGES = {1: 1_000, 10: 5_000, 1_000: 10_000}
_WINDOW_S = {1_000: 1}  # more than ten messages are gathered over a window
_IDLE_INSTANCES = 4
_DEADLINE_S = 120
_SOURCE = "def handler(event, context):\n    return 1\n"
_ECHO = """
import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
while line := s.recv(4096):
    s.sendall(line)
"""


def run_functions() -> dict[str, object]:
    """Invoke, then drain queues by batches of 1, 10 and 1,000; prints figures a second."""
    floor_ms = _floor_ms()
    with kamome() as server:
        session = boto3.Session("test", "test", region_name="us-east-1")
        endpoint = f"http://127.0.0.1:{server.port}"
        client = session.client("lambda", endpoint_url=endpoint)
        sqs = session.client("sqs", endpoint_url=endpoint)
        arn = _create(client)
        account = arn.split(":")[4]
        started = time.perf_counter()
        client.invoke(FunctionName="bench", Payload=b"1")["Payload"].read()
        cold_ms = (time.perf_counter() - started) * 1e3
        raw = _invoke_raw(server)
        warm = _invoke(server, client)
        idle_mb = _idle_mb(server, client)
        drained = {
            f"batch_{size}": _drain(server, client, sqs, account, size) for size in _MESSAGES
        }
    print(
        f"functions: cold {cold_ms:.0f} ms, warm p50 {raw['p50_ms']:.2f} ms and"
        f" {raw['per_s']:.0f} a second ({warm['p50_ms']:.2f} ms with boto3 in it; a subprocess over"
        f" a socket: {floor_ms:.3f} ms), {raw['cpu_us']:.0f} us of the server's CPU and"
        f" {raw['function_us']:.0f} us of the function's each"
    )
    print(
        f"functions: {idle_mb:.1f} MB for each idle instance, its share of what is shared counted"
    )
    for name, figures in drained.items():
        print(
            f"functions: SQS to Lambda, {name}: {figures['per_s']:.0f} messages a second,"
            f" {figures['cpu_us']:.0f} us of the server's CPU each"
            f" ({1e6 / figures['cpu_us']:.0f} a second per core)"
        )
    return {
        "floor_ms": floor_ms,
        "cold_ms": cold_ms,
        "raw": raw,
        "warm": warm,
        "idle_mb": idle_mb,
        **drained,
    }


def _invoke_raw(server: Running) -> dict[str, float]:
    """One connection, one invocation after the other, without an SDK."""
    request = Requests(server.port).invocation("bench", b"1")
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def invoke() -> None:
            connection.sendall(request)
            answer = connection.recv(65_536)
            assert answer.startswith(b"HTTP/1.1 200"), answer

        for _ in range(_INVOCATIONS // 10):
            invoke()
        [function] = _children(server.pid)
        cpu, of_function = cpu_seconds(server.pid), cpu_seconds(function)
        started = time.perf_counter()
        p50_ms = _median_ms(_INVOCATIONS, invoke)
        elapsed_s = time.perf_counter() - started
        cpu_us = (cpu_seconds(server.pid) - cpu) / _INVOCATIONS * 1e6
        function_us = (cpu_seconds(function) - of_function) / _INVOCATIONS * 1e6
    return {
        "p50_ms": p50_ms,
        "per_s": _INVOCATIONS / elapsed_s,
        "cpu_us": cpu_us,
        "function_us": function_us,
    }


def _idle_mb(server: Running, client: Any) -> float:
    """What an instance takes that waits: its proportional share of the pages that it has."""
    client.publish_version(FunctionName="bench")
    client.put_provisioned_concurrency_config(
        FunctionName="bench", Qualifier="1", ProvisionedConcurrentExecutions=_IDLE_INSTANCES
    )
    started = time.perf_counter()
    status = ""
    while status != "READY" and time.perf_counter() - started < _DEADLINE_S:
        shown = client.get_provisioned_concurrency_config(FunctionName="bench", Qualifier="1")
        status = shown["Status"]
        time.sleep(0.05)
    sizes = [_pss_kb(pid) / 1024 for pid in _children(server.pid)]
    client.delete_provisioned_concurrency_config(FunctionName="bench", Qualifier="1")
    return sum(sizes) / len(sizes)


def _children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in found]


def _pss_kb(pid: int) -> int:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))


def _floor_ms() -> float:
    """The median round trip to a subprocess."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = str(listening.getsockname()[1])
        with subprocess.Popen([sys.executable, "-c", _ECHO, port]):
            connection, _ = listening.accept()
            with connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return _median_ms(_INVOCATIONS, lambda: _round_trip(connection))


def _round_trip(connection: socket.socket) -> None:
    connection.sendall(b"1\n")
    connection.recv(4096)


def _median_ms(count: int, call: Any) -> float:
    times = []
    for _ in range(count):
        started = time.perf_counter()
        call()
        times.append((time.perf_counter() - started) * 1e3)
    return statistics.median(times)


def _create(client: Any) -> str:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as zipped:
        zipped.writestr("app.py", _SOURCE)
    created = client.create_function(
        FunctionName="bench",
        Runtime="python3.11",
        Role="arn:aws:iam::000000000000:role/bench",
        Handler="app.handler",
        Code={"ZipFile": file.getvalue()},
    )
    return str(created["FunctionArn"])


def _invoke(server: Running, client: Any) -> dict[str, float]:
    cpu, started = cpu_seconds(server.pid), time.perf_counter()

    def invoke() -> None:
        client.invoke(FunctionName="bench", Payload=b"1")["Payload"].read()

    p50_ms = _median_ms(_INVOCATIONS, invoke)
    elapsed_s = time.perf_counter() - started
    cpu_us = (cpu_seconds(server.pid) - cpu) / _INVOCATIONS * 1e6
    return {"p50_ms": p50_ms, "per_s": _INVOCATIONS / elapsed_s, "cpu_us": cpu_us}


def _drain(server: Running, client: Any, sqs: Any, account: str, size: int) -> dict[str, float]:
    """Fill a queue, map it to the function, and wait until it is empty."""
    name, count = f"bench-{size}", _MESSAGES[size]
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    for start in range(0, count, 10):
        entries = [{"Id": str(n), "MessageBody": f"message {start + n}"} for n in range(10)]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)
    cpu, started = cpu_seconds(server.pid), time.perf_counter()
    uuid = client.create_event_source_mapping(
        FunctionName="bench",
        EventSourceArn=f"arn:aws:sqs:us-east-1:{account}:{name}",
        BatchSize=size,
        MaximumBatchingWindowInSeconds=_WINDOW_S.get(size, 0),
    )["UUID"]
    while time.perf_counter() - started < _DEADLINE_S and _depth(sqs, url):
        time.sleep(0.05)
    elapsed_s = time.perf_counter() - started
    cpu_us = (cpu_seconds(server.pid) - cpu) / count * 1e6
    client.delete_event_source_mapping(UUID=uuid)
    return {"per_s": count / elapsed_s, "cpu_us": cpu_us}


def _depth(sqs: Any, url: str) -> int:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(found[name]) for name in names)
