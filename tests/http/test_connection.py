"""What one connection may cost: sizes, times, and requests that mean two things."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

import pytest

from kamome.http.connection import Bounds
from kamome.http.listener import HttpListener
from kamome.http.server import Server

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

HEAD = b"POST /a HTTP/1.1\r\nHost: h\r\n"
LENGTH_3 = b"Content-Length: 3\r\n\r\n"


class Echo:
    """Answers with method, path, headers and body of what it understood."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.hung_up = asyncio.Event()
        self.reads = asyncio.Event()
        self.reads.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.seen.append(scope["path"])
        if scope["path"] == "/stream":
            await self._stream(send)
            return
        body = b""
        is_whole = scope["path"] == "/unread"
        await self.reads.wait()
        while not is_whole:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.hung_up.set()
                return
            body += message["body"]
            is_whole = not message["more_body"]
        names = b",".join(sorted(name for name, _ in scope["headers"]))
        text = b"%s %s %s [%s]" % (
            scope["method"].encode(),
            scope["raw_path"],
            body,
            names,
        )
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-length", b"%d" % len(text))],
            }
        )
        await send({"type": "http.response.body", "body": text})

    async def _stream(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(400):
            await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
        self.hung_up.set()
        await send({"type": "http.response.body", "body": b""})

    def end_waiting(self) -> None:
        """Nothing waits here."""


class Wire:
    """A connection to a listener."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self._writer.write(piece)
            await self._writer.drain()

    async def answer(self) -> tuple[int, str]:
        """Status and body of the next answer."""
        section = await asyncio.wait_for(self._reader.readuntil(b"\r\n\r\n"), 10)
        lines = section.decode().lower().split("\r\n")
        lengths = [line.split(": ")[1] for line in lines if line.startswith("content-length")]
        body = await self._reader.readexactly(int(lengths[0]) if lengths else 0)
        return int(lines[0].split(" ")[1]), body.decode()

    async def ends(self) -> bool:
        """Whether the server hangs up without another byte."""
        try:
            return await asyncio.wait_for(self._reader.read(1), 10) == b""
        except ConnectionError:
            return True

    def close(self) -> None:
        self._writer.close()


Connect = Callable[[], Awaitable[Wire]]


@asynccontextmanager
async def listening(echo: Echo, **bounds: float) -> AsyncIterator[Connect]:
    listener = HttpListener(
        cast("Server", echo),
        request_id=lambda: "the-id",
        bounds=Bounds(**bounds),  # type: ignore[arg-type] # numbers by name
    )
    port = await listener.start("127.0.0.1", 0)
    wires: list[Wire] = []

    async def connect() -> Wire:
        wires.append(Wire(*await asyncio.open_connection("127.0.0.1", port)))
        return wires[-1]

    try:
        yield connect
    finally:
        for wire in wires:
            wire.close()
        await listener.stop()


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    async with listening(Echo()) as connect:
        yield await connect()


# --- requests that could mean two things ----------------------------------------------------------


@pytest.mark.parametrize(
    "request_bytes",
    [
        pytest.param(HEAD + b"Content-Length: 3\r\n" + LENGTH_3 + b"abc", id="length twice"),
        pytest.param(HEAD + b"Content-Length: 4\r\n" + LENGTH_3 + b"abc", id="two lengths"),
        pytest.param(HEAD + b"Content-Length: +3\r\n\r\nabc", id="signed length"),
        pytest.param(HEAD + b"Content-Length: 3, 3\r\n\r\nabc", id="list of lengths"),
        pytest.param(HEAD + b"Content-Length: 0x3\r\n\r\nabc", id="hexadecimal length"),
        pytest.param(HEAD + b"Content-Length: " + b"9" * 40 + b"\r\n\r\n", id="endless length"),
        pytest.param(
            HEAD + b"Transfer-Encoding: chunked\r\n" + LENGTH_3 + b"0\r\n\r\n",
            id="length and chunks",
        ),
        pytest.param(
            HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            id="chunks and length",
        ),
        pytest.param(
            HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n",
            id="two codings",
        ),
        pytest.param(HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", id="nearly chunked"),
        pytest.param(HEAD + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", id="blank at colon"),
        pytest.param(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", id="no chunk size"),
        pytest.param(HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n", id="bare LF"),
        pytest.param(HEAD + b"Folded: a\r\n b\r\n\r\n", id="folded header"),
        pytest.param(HEAD + b"Nul: a\x00b\r\n\r\n", id="NUL in a header"),
        pytest.param(HEAD + b"no colon\r\n\r\n", id="header without a colon"),
        pytest.param(b"POST /a\x00b HTTP/1.1\r\nHost: h\r\n\r\n", id="NUL in the path"),
        pytest.param(b"POST /\xe3\x81 HTTP/1.1\r\nHost: h\r\n\r\n", id="bytes in the path"),
        pytest.param(b"POST a HTTP/1.1\r\nHost: h\r\n\r\n", id="path without a slash"),
        pytest.param(b"FETCH /a HTTP/1.1\r\nHost: h\r\n\r\n", id="unknown method"),
        pytest.param(b"POST /a HTTP/4.2\r\nHost: h\r\n\r\n", id="unknown version"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", id="preface of HTTP/2"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", id="TLS"),
    ],
)
async def test_request_that_is_not_valid_is_refused_and_the_connection_ends(
    wire: Wire, request_bytes: bytes
) -> None:
    await wire.send(request_bytes)

    assert await wire.answer() == (400, "The request is not valid HTTP/1.1.")
    assert await wire.ends()


async def test_tunnel_is_refused(wire: Wire) -> None:
    await wire.send(b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n")

    assert (await wire.answer())[0] == 405


async def test_trailers_are_no_headers(wire: Wire) -> None:
    chunks = b"3\r\nabc\r\n0\r\nAuthorization: x\r\n\r\n"

    await wire.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)

    assert await wire.answer() == (200, "POST /a abc [host,transfer-encoding]")


async def test_request_for_another_protocol_is_answered_as_it_is(wire: Wire) -> None:
    wish = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n"

    await wire.send(HEAD + wish + LENGTH_3, b"abc" + HEAD + LENGTH_3 + b"def")

    assert await wire.answer() == (200, "POST /a abc [content-length,host]")
    assert await wire.answer() == (200, "POST /a def [content-length,host]")


async def test_pipelined_requests_are_answered_in_order(wire: Wire) -> None:
    requests = [b"GET /%d HTTP/1.1\r\nHost: h\r\n\r\n" % number for number in range(50)]

    await wire.send(b"".join(requests))

    answers = [await wire.answer() for _ in requests]
    assert answers == [(200, f"GET /{number}  [host]") for number in range(50)]


async def test_requests_that_wait_behind_others_are_bounded(wire: Wire) -> None:
    requests = [b"GET /%d HTTP/1.1\r\nHost: h\r\n\r\n" % number for number in range(1_000)]

    await wire.send(b"".join(requests))

    answered = 0
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            assert await wire.answer() == (200, f"GET /{answered}  [host]")
            answered += 1
    assert 64 <= answered < 100


async def test_garbage_behind_a_request_does_not_cost_it_its_answer(wire: Wire) -> None:
    await wire.send(b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n\x00\x01garbage\r\n\r\n")

    assert await wire.answer() == (200, "GET /a  [host]")
    assert await wire.ends()


async def test_body_that_nobody_read_is_not_the_next_request(wire: Wire) -> None:
    smuggled = b"GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"

    await wire.send(
        b"POST /unread HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % len(smuggled)
    )
    assert (await wire.answer())[0] == 200
    await wire.send(smuggled + b"GET /b HTTP/1.1\r\nHost: h\r\n\r\n")

    assert await wire.answer() == (200, "GET /b  [host]")


# --- sizes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([b"Long: " + b"x" * 3000 + b"\r\n\r\n"], id="one long header"),
        pytest.param([b"A: b\r\n" * 400 + b"\r\n"], id="many headers"),
        pytest.param([b"Long: "] + [b"x" * 100] * 30, id="header that does not end"),
    ],
)
async def test_head_is_bounded(pieces: list[bytes]) -> None:
    async with listening(Echo(), head_bytes=2000) as connect:
        wire = await connect()

        await wire.send(HEAD, *pieces)

        assert (await wire.answer())[0] == 431
        assert await wire.ends()


async def test_request_line_is_bounded() -> None:
    async with listening(Echo(), head_bytes=2000) as connect:
        wire = await connect()

        await wire.send(b"GET /" + b"a" * 5000)

        assert (await wire.answer())[0] == 431


async def test_head_within_the_bound_is_taken() -> None:
    async with listening(Echo(), head_bytes=2000) as connect:
        wire = await connect()

        await wire.send(HEAD + b"Long: " + b"x" * 1800 + b"\r\n" + LENGTH_3 + b"abc")

        assert (await wire.answer())[0] == 200


async def test_trailer_is_bounded() -> None:
    async with listening(Echo(), head_bytes=2000) as connect:
        wire = await connect()

        await wire.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", b"0\r\nLong: ")
        # More than one read takes, so that some of it is nothing but trailer.
        with suppress(ConnectionError):
            await wire.send(b"x" * 800_000)

        assert await _is_refused(wire, 431)


async def test_connections_are_bounded() -> None:
    async with listening(Echo(), connections=2) as connect:
        first = await connect()
        await connect()

        third = await connect()

        assert (await third.answer())[0] == 503
        await first.send(b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n")
        assert (await first.answer())[0] == 200


# --- times ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("sent", [b"", b"POST /a", HEAD], ids=["nothing", "a line", "a header"])
async def test_head_that_does_not_come_in_time_ends_the_connection(sent: bytes) -> None:
    async with listening(Echo(), head_s=0.05) as connect:
        wire = await connect()

        await wire.send(sent)

        assert (await wire.answer())[0] == 408
        assert await wire.ends()


async def test_second_head_on_a_connection_has_its_own_time() -> None:
    async with listening(Echo(), head_s=0.05) as connect:
        wire = await connect()
        await wire.send(HEAD + LENGTH_3 + b"abc")
        assert (await wire.answer())[0] == 200

        await wire.send(b"GET")

        assert (await wire.answer())[0] == 408


async def test_body_that_does_not_come_in_time_ends_the_request() -> None:
    echo = Echo()
    async with listening(echo, body_s=0.05) as connect:
        wire = await connect()

        await wire.send(HEAD + LENGTH_3 + b"a")

        assert (await wire.answer())[0] == 408
        await asyncio.wait_for(echo.hung_up.wait(), 10)


async def test_body_that_we_do_not_read_is_not_late() -> None:
    echo = Echo()
    echo.reads.clear()
    async with listening(echo, body_s=0.03) as connect:
        wire = await connect()
        await wire.send(HEAD + b"Content-Length: 300000\r\n\r\n" + b"x" * 100_000)
        await _passed(0.12)

        echo.reads.set()
        await wire.send(b"x" * 200_000)

        assert (await wire.answer())[0] == 200


async def test_answer_that_is_not_taken_is_dropped() -> None:
    echo = Echo()
    async with listening(echo, answer_s=0.05) as connect:
        wire = await connect()
        wire._reader._transport.pause_reading()  # type: ignore[attr-defined] # asyncio has no way

        await wire.send(b"GET /stream HTTP/1.1\r\nHost: h\r\n\r\n")

        await asyncio.wait_for(echo.hung_up.wait(), 10)


async def test_answered_body_is_taken_for_a_while_only() -> None:
    async with listening(Echo(), linger_s=0.05) as connect:
        wire = await connect()

        await wire.send(b"POST /unread HTTP/1.1\r\nHost: h\r\nContent-Length: 900\r\n\r\nabc")

        assert (await wire.answer())[0] == 200
        assert await wire.ends()


async def _is_refused(wire: Wire, status: int) -> bool:
    """Whether that is the answer; what is still on its way can cost the client sight of it."""
    try:
        return (await wire.answer())[0] == status
    except ConnectionError:
        return True


async def _passed(seconds: float) -> None:
    """Real time passes: timeouts of the wire are not of the injected clock."""
    passed = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, passed.set)
    await passed.wait()
