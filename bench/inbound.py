"""Mails of 5 KB into Kamome by SMTP, durable before 250, beside aiosmtpd's own no-op handler.

Both are processes that get the same sessions of the same pipelining client, in turns. Kamome takes
the mails by a receipt rule without actions, so that what is told is the price of the mail itself:
once without DNS, once with SPF, DKIM (RSA, 2,048 bits) and DMARC over a name server on loopback.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
from load import cpu_seconds
from servers import Running, kamome

_SESSIONS = 8
_MAILS = 1_600
_ROUNDS = 3
_DOMAIN = "example.com"
_SENDER = "shop.example.net"
_BODY = b"A line of an order notice as shops send it, every day.\r\n" * 90
_CONTENT = (
    b"From: shop@shop.example.net\r\nTo: orders@example.com\r\nSubject: Your order\r\n"
    b"Date: Thu, 1 Jan 2026 00:00:00 +0000\r\nMessage-ID: <1@shop.example.net>\r\n\r\n" + _BODY
)
_NOOP = """
import asyncio, sys
from aiosmtpd.smtp import SMTP
class Handler:
    async def handle_DATA(self, server, session, envelope):
        return "250 OK"
async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(Handler(), hostname="noop", enable_SMTPUTF8=True), "127.0.0.1", 0
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
import uvloop
with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
    runner.run(main())
"""

Measured = tuple[float, float]  # mails a second, us of the server's CPU for one


def run_inbound() -> dict[str, object]:
    """Mails a second and CPU of each, without and with checks, and the no-op handler's."""
    signed, key = _signed()
    with (
        _name_server(key) as dns,
        _noop() as noop,
        kamome() as plain,
        kamome("--dns", dns) as checking,
    ):
        for server in (plain, checking):
            _receive(server)
        figures = _measure(noop, plain, checking, signed)
        assert _verdicts(plain) == ["GRAY", "GRAY"], "the plain server was to ask nobody"
        assert _verdicts(checking) == ["pass", "pass"], "the checks were to be made, and pass"
    (noop_rate, noop_cpu), *others = figures
    told: dict[str, object] = {"noop_per_s": noop_rate, "noop_cpu_us": noop_cpu}
    print(f"inbound: {noop_rate:.0f} mails a second by the no-op handler, {noop_cpu:.0f} us each")
    for name, (rate, cpu) in zip(("plain", "checked"), others, strict=True):
        print(
            f"inbound, {name}: {rate:.0f} mails a second ({rate / noop_rate:.2f} of the no-op"
            f" handler), {cpu:.0f} us of CPU each ({noop_cpu / cpu:.2f})"
        )
        told |= {f"{name}_per_s": rate, f"{name}_cpu_us": cpu}
    return told


def _measure(noop: Running, plain: Running, checking: Running, signed: bytes) -> list[Measured]:
    """Each in turn, the medians of the rounds."""
    rounds = [
        [_load(noop, _CONTENT), _load(plain, _CONTENT), _load(checking, signed)]
        for _ in range(_ROUNDS)
    ]
    return [
        (statistics.median(rate for rate, _ in of_one), statistics.median(c for _, c in of_one))
        for of_one in zip(*rounds, strict=True)
    ]


def _load(server: Running, content: bytes) -> Measured:
    cpu, began = cpu_seconds(server.pid), time.perf_counter()
    asyncio.run(_sessions(server.smtp_port, content))
    took = time.perf_counter() - began
    return _MAILS / took, (cpu_seconds(server.pid) - cpu) / _MAILS * 1e6


async def _sessions(port: int, content: bytes) -> None:
    each = _MAILS // _SESSIONS
    await asyncio.gather(*(_session(port, content, each) for _ in range(_SESSIONS)))


async def _session(port: int, content: bytes, mails: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await _replies(reader, 1)
    writer.write(b"EHLO shop.example.net\r\n")
    await _replies(reader, 1)
    commands = f"MAIL FROM:<shop@{_SENDER}>\r\nRCPT TO:<orders@{_DOMAIN}>\r\nDATA\r\n".encode()
    for _ in range(mails):
        writer.write(commands)
        await _replies(reader, 3)
        writer.write(content + b".\r\n")
        await _replies(reader, 1)
    writer.write(b"QUIT\r\n")
    await _replies(reader, 1)
    writer.close()


async def _replies(reader: asyncio.StreamReader, count: int) -> None:
    while count:
        line = await reader.readuntil(b"\n")
        if line[:1] not in b"23":
            raise AssertionError(line)
        count -= line[3:4] == b" "


def _receive(server: Running) -> None:
    """The server takes mail for the domain, and does nothing more with it."""
    ses = boto3.client(
        "ses",
        endpoint_url=f"http://127.0.0.1:{server.port}",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    ses.verify_domain_identity(Domain=_DOMAIN)
    ses.create_receipt_rule_set(RuleSetName="rules")
    rule = {"Name": "all", "Enabled": True, "ScanEnabled": True, "Recipients": [_DOMAIN]}
    ses.create_receipt_rule(RuleSetName="rules", Rule=rule)
    ses.set_active_receipt_rule_set(RuleSetName="rules")


def _verdicts(server: Running) -> list[str]:
    """What was found out about the mail that came last: DKIM, DMARC."""
    mails = f"http://127.0.0.1:{server.port}/_kamome/mails"
    with urllib.request.urlopen(f"{mails}?limit=1") as answer:
        [mail] = json.load(answer)["mails"]
    with urllib.request.urlopen(f"{mails}/{mail['id']}") as answer:
        checks = json.load(answer)["checks"]
    signatures = checks["signatures"] or [{"result": "GRAY"}]
    return [signatures[0]["result"], (checks["dmarc"] or {"result": "GRAY"})["result"]]


def _signed() -> tuple[bytes, str]:
    """The mail with a signature of its sender, and the public key."""
    from kamome.mail.dkim_signing import new_key, sign

    private_key, public_key = new_key(2048)
    header = sign(
        _CONTENT,
        domain=_SENDER,
        selector="bench",
        private_key_pem=private_key,
        algorithm="rsa-sha256",
    )
    return header + _CONTENT, public_key


@contextmanager
def _name_server(key: str) -> Iterator[str]:
    """The sender's domain in the DNS, as the setting `dns` names it; on a thread of its own."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from tests.mail.dns_server import running_dns_server

    ready, setting = threading.Event(), list[str]()
    loop, ending = asyncio.new_event_loop(), asyncio.Event()

    async def serve() -> None:
        async with running_dns_server() as dns:
            dns.add(f"bench._domainkey.{_SENDER}", "TXT", f"v=DKIM1; k=rsa; p={key}")
            dns.add(_SENDER, "TXT", "v=spf1 ip4:127.0.0.1 -all")
            dns.add(f"_dmarc.{_SENDER}", "TXT", "v=DMARC1; p=reject")
            setting.append(dns.setting)
            ready.set()
            await ending.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        ready.wait(10)
        yield setting[0]
    finally:
        loop.call_soon_threadsafe(ending.set)
        thread.join(10)
        loop.close()


@contextmanager
def _noop() -> Iterator[Running]:
    process = subprocess.Popen([sys.executable, "-c", _NOOP], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        yield Running(process.pid, port, port)
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    run_inbound()
