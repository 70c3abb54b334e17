"""MTA-STS: records, policy files, the patterns of hosts, and how a policy is fetched."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest
from tests.mail.dns_server import running_dns_server
from tests.mail.smtp_peer import certificate

from kamome.clock import manual_clock
from kamome.mail.dns import Resolver
from kamome.mail.mta_sts import MtaSts, fetch_policy, read_policy, record_id
from kamome.mail.policy_store import MtaStsPolicy

POLICY = "version: STSv1\nmode: enforce\nmx: mail.example.com\nmx: *.example.net\nmax_age: 604800\n"


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["v=STSv1; id=20160831085700Z;"], "20160831085700Z"),
        (["v=spf1 -all", "v=STSv1;id=1"], "1"),
        (["v=STSv1; x=y; id=abc"], "abc"),
        ([], None),
        (["v=STSv1; id=1", "v=STSv1; id=2"], None),
        (["v=STSv1;"], None),
        (["v=STSv1; id=not allowed"], None),
        (["V=STSv1; id=1"], None),
    ],
)
def test_id_of_a_record(texts: list[str], expected: str | None) -> None:
    assert record_id(texts) == expected


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_policy_is_read(end: str) -> None:
    assert read_policy(POLICY.replace("\n", end)) == MtaStsPolicy(
        "enforce", ("mail.example.com", "*.example.net"), 604_800
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        POLICY.replace("STSv1", "STSv2"),
        POLICY.replace("enforce", "maybe"),
        POLICY.replace("604800", "soon"),
        "version: STSv1\nmode: enforce\nmax_age: 1\n",
        "<html>",
    ],
    ids=["empty", "version", "mode", "age", "no mx", "html"],
)
def test_what_is_no_policy_is_none(text: str) -> None:
    assert read_policy(text) is None


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("mail.example.com", True),
        ("MAIL.example.com.", True),
        ("mx.example.net", True),
        ("a.b.example.net", False),
        ("example.net", False),
        ("example.com", False),
    ],
)
def test_hosts_of_a_policy(host: str, expected: bool) -> None:
    policy = read_policy(POLICY)
    assert policy is not None

    assert policy.allows(host) is expected


class TestFetch:
    async def _fetch(
        self, tmp_path: Path, answer: bytes, name: str = "mta-sts.example.com"
    ) -> tuple[str | None, list[bytes]]:
        server_context, client_context = certificate(tmp_path, name)
        asked: list[bytes] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                asked.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(answer)
                await writer.drain()
            except (OSError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server_context)
        port = server.sockets[0].getsockname()[1]
        try:
            text = await fetch_policy(
                "mta-sts.example.com", ["127.0.0.1"], port=port, context=client_context
            )
        finally:
            server.close()
            await server.wait_closed()
        return text, asked

    async def test_file_is_fetched(self, tmp_path: Path) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {len(POLICY)}\r\n"

        text, asked = await self._fetch(tmp_path, f"{head}\r\n{POLICY}".encode())

        assert text == POLICY
        assert asked[0].startswith(b"GET /.well-known/mta-sts.txt HTTP/1.1\r\n")
        assert b"Host: mta-sts.example.com\r\n" in asked[0]

    @pytest.mark.parametrize(
        "head",
        [
            "HTTP/1.1 302 Found\r\nLocation: https://example.org/\r\nContent-Type: text/plain\r\n",
            "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n",
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n",
        ],
        ids=["redirect", "not found", "html"],
    )
    async def test_any_other_answer_is_none(self, tmp_path: Path, head: str) -> None:
        answer = f"{head}Content-Length: {len(POLICY)}\r\n\r\n{POLICY}".encode()

        assert (await self._fetch(tmp_path, answer))[0] is None

    async def test_file_beyond_64_kb_is_none(self, tmp_path: Path) -> None:
        body = POLICY.encode() + b"x" * 70_000
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n"

        assert (await self._fetch(tmp_path, head.encode() + b"\r\n" + body))[0] is None

    async def test_certificate_of_another_host_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(ssl.SSLError):
            await self._fetch(tmp_path, b"", name="evil.example.com")

    async def test_what_is_no_http_is_an_error(self, tmp_path: Path) -> None:
        with pytest.raises(OSError, match="no HTTP"):
            await self._fetch(tmp_path, b"220 mail.example.com ESMTP\r\n")


async def test_policy_of_a_host_behind_a_firewall_is_not_asked_for() -> None:
    asked: list[list[str]] = []

    async def fetch(_host: str, addresses: list[str]) -> str | None:
        asked.append(addresses)
        return None

    async with running_dns_server() as dns:
        clock = manual_clock()
        dns.add("_mta-sts.example.net", "TXT", "v=STSv1; id=1")
        dns.add("mta-sts.example.net", "A", "127.0.0.1", "10.0.0.1")
        policies = MtaSts(Resolver(clock, dns.setting), clock, fetch)

        assert await policies.policy_of("example.net") is None

    assert asked == [[]]


async def test_policy_of_a_host_without_addresses_is_not_fetched() -> None:
    with pytest.raises(OSError, match="no address"):
        await fetch_policy("mta-sts.example.com", [])
