"""Mails of 5 KB out of a spool on disk to aiosmtpd's no-op sink, beside a bare client's loop.

The sink is another process. The yardstick is aiosmtplib alone: the same sessions, the same mails,
nothing kept. What the spool does on top is two commits a mail that are synced, and its scheduling.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiosmtplib
import uvloop

import kamome.mail
import kamome.storage
from kamome.clock import Clock
from kamome.ids import Ids
from kamome.mail.lanes import Lanes
from kamome.mail.outgoing import Outcome, OutgoingMail
from kamome.mail.spool import Spool, SpoolPorts
from kamome.mail.spool_store import SpoolStore
from kamome.mail.transports.relay import SESSIONS_MAX, Relay
from kamome.mail.transports.settings import RelaySettings
from kamome.storage.blobs import Blobs
from kamome.storage.engine import Engine
from kamome.storage.migrations import migrate
from kamome.storage.outbox import Outbox

_MAILS = 2_000
_DOMAINS = 50
_DEADLINE_S = 120
_CONTENT = (
    b"From: shop@example.com\r\nTo: buyer@example.net\r\nSubject: Your order\r\n\r\n"
    + b"A line of an order notice as shops send it, every day.\r\n" * 90
)
_SINK = """
import asyncio, sys
from aiosmtpd.smtp import SMTP
class Sink:
    async def handle_DATA(self, server, session, envelope):
        return "250 OK"
async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Sink(), hostname="sink"), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""


def run_outgoing() -> dict[str, object]:
    """Mails a second by the bare client and out of the spool, and their ratio."""
    sink = subprocess.Popen([sys.executable, "-c", _SINK], stdout=subprocess.PIPE, text=True)
    try:
        assert sink.stdout is not None
        port = int(sink.stdout.readline())
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            bare = runner.run(_bare(port))
            spool, cpu_us = runner.run(_spool(port))
    finally:
        sink.terminate()
        sink.wait()
    print(
        f"outgoing: {spool:.0f} mails a second out of the spool, {bare:.0f} by a bare client"
        f" ({spool / bare:.2f}); {cpu_us:.0f} us of CPU each"
    )
    return {"spool_per_s": spool, "bare_per_s": bare, "cpu_us": cpu_us}


async def _bare(port: int) -> float:
    async def session(count: int) -> None:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) as client:
            for _ in range(count):
                await client.mail("shop@example.com")
                await client.rcpt("buyer@example.net")
                await client.data(_CONTENT)

    began = time.perf_counter()
    await asyncio.gather(*(session(_MAILS // SESSIONS_MAX) for _ in range(SESSIONS_MAX)))
    return _MAILS / (time.perf_counter() - began)


async def _spool(port: int) -> tuple[float, float]:
    async with _running(port) as (spool, outcomes):
        cpu, began = time.process_time(), time.perf_counter()
        for number in range(_MAILS):
            recipient = f"buyer@d{number % _DOMAINS}.example.net"
            mail = OutgoingMail(f"m{number}", "bench", "shop@example.com", (recipient,), 0)
            with spool.store.engine.atomic():
                spool.put(mail, _CONTENT)
            if number % 20 == 0:
                await asyncio.sleep(0)
        while len(outcomes) < _MAILS and time.perf_counter() - began < _DEADLINE_S:
            await asyncio.sleep(0.005)
        took, used = time.perf_counter() - began, time.process_time() - cpu
    assert all(each.kind == "delivered" for each in outcomes), "the sink refused mails"
    assert len(outcomes) == _MAILS, "not all mails left in time"
    return _MAILS / took, used / _MAILS * 1e6


@asynccontextmanager
async def _running(port: int) -> AsyncIterator[tuple[Spool, list[Outcome]]]:
    with tempfile.TemporaryDirectory(prefix="kamome-bench-") as folder:
        engine, clock = Engine(Path(folder) / "bench.db"), Clock()
        for module in (kamome.storage, kamome.mail):
            assert module.__file__ is not None
            migrate(engine, module.__name__.rpartition(".")[2], Path(module.__file__).parent)
        blobs = Blobs(engine, Path(folder) / "blobs", Ids())
        outcomes: list[Outcome] = []
        spool = Spool(SpoolStore(engine, blobs), clock, Outbox(engine, clock))
        spool.ports = SpoolPorts(on_outcome=outcomes.append)
        relay = Relay(RelaySettings("127.0.0.1", port, tls="off"), "bench.example.com")
        lanes = Lanes(spool, clock, [relay])
        lanes.start()
        try:
            yield spool, outcomes
        finally:
            await lanes.stop()
            await engine.close()
            blobs.close()


if __name__ == "__main__":
    run_outgoing()
