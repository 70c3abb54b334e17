"""A closed-loop HTTP load generator: each connection sends its next request when it is answered.

Raw protocols on uvloop, requests made beforehand where they repeat: about 15 µs of client CPU for a
request, so that the client does not decide the figure. What is measured is the server's CPU time
(`/proc/PID/stat`, user and system) between two moments, and the operations that ended between them.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path

import uvloop

# One connection's work: yields a request, is sent the answer, tells how many operations it was.
Work = Generator[tuple[bytes, int], bytes, None]

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass
class Tally:
    """What was counted while `is_on`."""

    is_on: bool = False
    operations: int = 0
    failures: int = 0
    first_failure: bytes = b""
    latencies_s: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Figure:
    """One measurement of one case."""

    operations: int
    seconds: float
    server_cpu_s: float
    p50_ms: float
    p99_ms: float

    @property
    def per_second(self) -> float:
        """Operations per second of the clock on the wall."""
        return self.operations / self.seconds

    @property
    def cpu_us(self) -> float:
        """Server CPU per operation, in microseconds: the figure that holds on a noisy machine."""
        return self.server_cpu_s / max(1, self.operations) * 1e6


class Connection(asyncio.Protocol):
    """One keep-alive connection that drives one `Work`."""

    def __init__(self, work: Work, tally: Tally) -> None:
        self._work = work
        self._tally = tally
        self._buffer = bytearray()
        self._needed = -1
        self._is_head = False
        self._head_end = 0
        self._operations = 0
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self._transport: asyncio.Transport = transport  # type: ignore[assignment] # uvloop's own
        self._send(next(self._work))

    def _send(self, request: tuple[bytes, int]) -> None:
        self._operations = request[1]
        self._sent_at = time.perf_counter()
        self._is_head = request[0].startswith(b"HEAD ")  # its answer tells a length and has no body
        self._transport.write(request[0])

    def data_received(self, data: bytes) -> None:
        """Gather an answer; send the next request when it is whole."""
        self._buffer += data
        if self._needed < 0:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            self._head_end = end + 4
            head = bytes(self._buffer[:end]).lower()
            at = head.find(b"content-length:")
            is_bare = at < 0 or self._is_head
            length = 0 if is_bare else int(head[at + 15 :].split(b"\r\n", 1)[0])
            self._needed = self._head_end + length
        if len(self._buffer) >= self._needed:
            self._answered()

    def _answered(self) -> None:
        tally = self._tally
        status = bytes(self._buffer[9:12])
        body = bytes(self._buffer[self._head_end : self._needed])
        self._buffer.clear()
        self._needed = -1
        if not status.startswith(b"2"):
            tally.failures += 1
            tally.first_failure = tally.first_failure or status + b" " + body[:300]
        elif tally.is_on:
            tally.operations += self._operations
            tally.latencies_s.append(time.perf_counter() - self._sent_at)
        try:
            self._send(self._work.send(body))
        except StopIteration:
            self._transport.close()


def cpu_seconds(pid: int) -> float:
    """CPU time that a process has used, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def resident_mb(pid: int) -> float:
    """Resident memory of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise LookupError(f"process {pid} is gone")


def measure(
    port: int,
    pid: int,
    work: Callable[[int], Work],
    *,
    connections: int,
    seconds: float,
    warm_up_s: float = 0.5,
) -> Figure:
    """Load a server for a while. Raises RuntimeError when it refuses requests."""
    return uvloop.run(_measure(port, pid, work, connections, seconds, warm_up_s))


async def _measure(
    port: int,
    pid: int,
    work: Callable[[int], Work],
    connections: int,
    seconds: float,
    warm_up_s: float,
) -> Figure:
    loop = asyncio.get_running_loop()
    tally = Tally()
    transports = [
        (await loop.create_connection(lambda i=i: Connection(work(i), tally), "127.0.0.1", port))[0]
        for i in range(connections)
    ]
    await asyncio.sleep(warm_up_s)
    cpu, started = cpu_seconds(pid), time.perf_counter()
    tally.is_on = True
    await asyncio.sleep(seconds)
    tally.is_on = False
    cpu, elapsed = cpu_seconds(pid) - cpu, time.perf_counter() - started
    for transport in transports:
        transport.close()
    if tally.failures:
        raise RuntimeError(f"{tally.failures} refused: {tally.first_failure.decode('latin-1')}")
    latencies = sorted(tally.latencies_s) or [0.0]
    return Figure(
        tally.operations,
        elapsed,
        cpu,
        latencies[len(latencies) // 2] * 1000,
        latencies[min(len(latencies) - 1, len(latencies) * 99 // 100)] * 1000,
    )
