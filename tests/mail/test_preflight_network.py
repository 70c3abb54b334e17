"""Greeting servers on loopback: honest ones, silent ones, and those that speak something else."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import pytest
from tests.mail.conftest import World

from kamome.mail.preflight.network import fetch_policy, greet
from kamome.mail.preflight.servers import covers


async def greeted(port: int, *, timeout_s: float = 10) -> str:
    greeting = await greet("mx.test", "127.0.0.1", "us.test", port=port, timeout_s=timeout_s)
    assert greeting.certificate is None
    return greeting.problem or greeting.banner


async def greeted_by(said: bytes) -> str:
    """What is told of a server that says this to everybody, and then hears one line or more."""

    has_ended = asyncio.Event()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        with contextlib.suppress(ConnectionError):
            if said:
                await reader.read(1000)
            writer.close()
            await writer.wait_closed()
        has_ended.set()

    async with await asyncio.start_server(converse, "127.0.0.1", 0) as listener:
        told = await greeted(listener.sockets[0].getsockname()[1])
        await has_ended.wait()
    return told


async def test_our_own_server_shows_its_certificate_as_self_signed(world: World) -> None:
    greeting = await greet("mail.test", "127.0.0.1", "us.test", port=world.port)

    assert greeting.problem == ""
    assert greeting.has_starttls
    assert greeting.certificate is not None
    assert "self-signed" in greeting.certificate.distrust.replace(" ", "-")
    assert covers(greeting.certificate.names, "mail.test")
    assert set(greeting.certificate.digests) == {"3 0 1", "3 0 2", "3 1 1", "3 1 2"}


async def test_a_closed_port_is_told(unused_port: int) -> None:
    assert "refused" in (await greeted(unused_port)).lower()


async def test_a_server_that_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert await greeted(silent.getsockname()[1], timeout_s=0) == "no answer within 0 s"


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (b"554 5.7.1 You are not welcome\r\n", "it says: 554 5.7.1 You are not welcome"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "it says: HTTP/1.1 400 Bad Request"),
        (b"220-" + b"x" * 5_000, "what answers does not speak SMTP"),
        (b"220-x\r\n" * 200, "the reply does not end"),
        (b"", "the connection was closed"),
        (b"220 hi\r\n250-mx\r\n250 STARTTLS\r\n454 no\r\n", "it says to STARTTLS: 454 no"),
        (b"220 hi\r\n250 mx\r\n", "220 hi"),
    ],
    ids=["refusal", "HTTP", "long line", "endless", "nothing", "no TLS", "plain"],
)
async def test_what_peers_say_is_told(said: bytes, problem: str) -> None:
    assert await greeted_by(said) == problem


@pytest.fixture
def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port: int = held.getsockname()[1]
    return port


@pytest.mark.parametrize(
    ("names", "host", "is_covered"),
    [
        (("mx.example.com",), "MX.example.com", True),
        (("*.example.com",), "mx.example.com", True),
        (("*.example.com",), "a.mx.example.com", False),
        (("*.example.com",), "example.com", False),
        (("mx.*.com",), "mx.example.com", False),
        ((), "mx.example.com", False),
    ],
)
def test_names_of_certificates(names: tuple[str, ...], host: str, is_covered: bool) -> None:
    assert covers(names, host) is is_covered


async def test_a_policy_of_a_host_without_address_is_told() -> None:
    fetched = await fetch_policy("mta-sts.example.com", [])

    assert fetched.text == ""
    assert "mta-sts.example.com" in fetched.problem
