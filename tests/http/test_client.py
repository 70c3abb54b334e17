"""The HTTP client of notifications: one POST, one status; OSError for what is no answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from kamome.http.client import post


@asynccontextmanager
async def _server(answer: bytes, seen: list[bytes] | None = None) -> AsyncIterator[str]:
    """A server that reads one request, sends these bytes, and closes the connection."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        body = await reader.readexactly(length)
        if seen is not None:
            seen.append(head + body)
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/hook?a=b"


async def _post(url: str, timeout_s: float = 5) -> int:
    return await post(url, {"Content-Type": "text/plain"}, b"hello", timeout_s=timeout_s)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204),
        (b"HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n", 404),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\nno", 503),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", 200),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut", 200),
    ],
    ids=["empty", "no content", "chunked", "interim first", "until the end", "a body cut off"],
)
async def test_the_status_of_an_answer(answer: bytes, status: int) -> None:
    async with _server(answer) as url:
        assert await _post(url) == status


async def test_the_request_has_path_query_host_and_length() -> None:
    seen: list[bytes] = []

    async with _server(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", seen) as url:
        await _post(url)

    (request,) = seen
    host = url.split("/")[2].encode()
    assert request.startswith(b"POST /hook?a=b HTTP/1.1\r\nHost: " + host + b"\r\n")
    assert b"\r\nContent-Length: 5\r\n" in request
    assert request.endswith(b"\r\n\r\nhello")


@pytest.mark.parametrize(
    "answer", [b"", b"not HTTP at all\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 2"]
)
async def test_what_is_no_answer_is_an_error(answer: bytes) -> None:
    async with _server(answer) as url:
        with pytest.raises(OSError, match=r".+"):
            await _post(url)


async def test_nobody_there_is_an_error() -> None:
    async with _server(b"") as url:
        pass

    with pytest.raises(OSError, match=r".+"):
        await _post(url)


async def test_silence_ends_with_the_timeout() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(OSError, match="no answer within"):
            await _post(f"http://127.0.0.1:{port}/", timeout_s=0.05)


async def test_an_answer_without_end_is_not_read_to_it() -> None:
    async with _server(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 3_000_000) as url:
        assert await _post(url) == 200


async def test_an_endpoint_that_does_not_read_is_left_when_the_time_is_over() -> None:
    is_over, is_closed = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.pause_reading()  # type: ignore[attr-defined] # a socket's transport has it
        await is_over.wait()
        writer.transport.abort()
        is_closed.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=1024)
    async with server:
        port = server.sockets[0].getsockname()[1]
        async with asyncio.timeout(5):
            with pytest.raises(OSError, match="no answer within"):
                await post(f"http://127.0.0.1:{port}/", {}, b"x" * 16_000_000, timeout_s=0.05)
        is_over.set()
        await is_closed.wait()
