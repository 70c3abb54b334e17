"""Requests that came whole are answered as uvicorn's ASGI would: the plain way is the oracle."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tests.watched_loop import idle

from kamome.app import App
from kamome.config import Settings
from kamome.http.listener import HttpListener
from kamome.http.server import Server
from kamome.ids import Ids

# What differs between two answers to one request: ids, the time, the port.
_VARIABLE = re.compile(
    rb"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    rb"|date: [^\r]+|[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [\d:]+ GMT|\d{4}-\d\d-\d\dT[\d:.]+Z"
    rb"|x-amz-id-2: [^\r]+|<HostId>[^<]+|x-amz-request-id: [^\r]+|<RequestId>[^<]+"
)
_END = b"GET /_kamome/health HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"


def _json(operation: str, body: bytes, more: bytes = b"") -> bytes:
    target = b"X-Amz-Target: AmazonSQS.%s\r\n" % operation.encode()
    return _plain("POST", "/", body, target + more)


def _plain(method: str, path: str, body: bytes = b"", more: bytes = b"") -> bytes:
    return b"%s %s HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n%s\r\n%s" % (
        method.encode(),
        path.encode(),
        len(body),
        more,
        body,
    )


_CREATE = _json("CreateQueue", b'{"QueueName": "q"}')
_SEND = _json("SendMessage", b'{"QueueUrl": "q", "MessageBody": "hello"}')
_BUCKET = _plain("PUT", "/bucket")
_OBJECT = _plain("PUT", "/bucket/key", b"content", b"x-amz-meta-a: caf\xc3\xa9\r\n")
_LARGE = _plain("PUT", "/bucket/large", b"x" * 300_000)
CONVERSATIONS = {
    "a call": [_CREATE],
    "calls one after the other": [_CREATE, _SEND, _SEND],
    "calls in one packet": [_CREATE + _SEND + _SEND],
    "a call that is refused": [_json("SendMessage", b'{"QueueUrl": "none", "MessageBody": "x"}')],
    "a call that is no JSON": [_json("SendMessage", b"{")],
    "an operation that is not there": [_json("Nothing", b"{}")],
    "a form": [
        _plain(
            "POST",
            "/",
            b"Action=ListQueues&Version=2012-11-05",
            b"Content-Type: application/x-www-form-urlencoded\r\n",
        )
    ],
    "a head in two pieces": [_CREATE[:40], _CREATE[40:]],
    "a body in three pieces": [_CREATE[:-9], _CREATE[-9:-4], _CREATE[-4:]],
    "a chunked body": [
        (
            b"POST / HTTP/1.1\r\nHost: h\r\nX-Amz-Target: AmazonSQS.ListQueues\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
        )
    ],
    "an object": [_BUCKET, _OBJECT, _plain("GET", "/bucket/key")],
    "the head of an object": [_BUCKET, _OBJECT, _plain("HEAD", "/bucket/key")],
    "the head of nothing": [_BUCKET, _plain("HEAD", "/bucket/none")],
    "an answer without content": [_BUCKET, _OBJECT, _plain("DELETE", "/bucket/key")],
    "a body that is too long to gather": [_BUCKET, _LARGE, _plain("HEAD", "/bucket/large")],
    "a streamed answer": [_BUCKET, _LARGE, _plain("GET", "/bucket/large")],
    "a range": [_BUCKET, _LARGE, _plain("GET", "/bucket/large", more=b"Range: bytes=5-9\r\n")],
    "a connection that stays": [_json("ListQueues", b"{}", b"Connection: keep-alive\r\n"), _CREATE],
    "a connection that ends": [_json("ListQueues", b"{}", b"Connection: close\r\n")],
    "a wish that is not known": [_json("ListQueues", b"{}", b"Expect: miracles\r\n")],
    "an object that waits for 100 Continue": [
        _BUCKET,
        _plain("PUT", "/bucket/key", b"content", b"Expect: 100-continue\r\n"),
        _plain("GET", "/bucket/key"),
    ],
    "100 Continue of HTTP/1.0": [
        _BUCKET.replace(b"HTTP/1.1", b"HTTP/1.0").replace(
            b"\r\n\r\n", b"\r\nConnection: keep-alive\r\nExpect: 100-continue\r\n\r\n"
        )
    ],
    "100 Continue": [_CREATE, _json("SendMessage", b"{}", b"Expect: 100-continue\r\n")],
    "health": [_plain("GET", "/_kamome/health")],
    "what is not there": [_plain("GET", "/_kamome/nothing")],
    "no host": [b"GET / HTTP/1.1\r\n\r\n"],
    "two hosts": [b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"],
    "an absolute target": [b"GET http://h/bucket HTTP/1.1\r\nHost: h\r\n\r\n"],
    "HTTP/1.0": [b"GET /_kamome/health HTTP/1.0\r\n\r\n"],
    "HTTP/1.0 that stays": [b"GET /_kamome/health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"],
    "a wish for another protocol": [
        _plain("GET", "/_kamome/health", more=b"Connection: Upgrade\r\nUpgrade: h2c\r\n")
    ],
    "an unknown method": [_plain("BREW", "/bucket")],
}


@asynccontextmanager
async def _served(*, in_turns: bool) -> AsyncIterator[int]:
    ids = Ids()

    def listener(server: Server) -> HttpListener:
        return HttpListener(server, request_id=ids.uuid, turns=server if in_turns else None)

    app = App(Settings(ephemeral=True, port=0, smtp_port=0), listener=listener)
    await app.start()
    try:
        yield app.port
    finally:
        await app.stop()


async def _talk(port: int, pieces: list[bytes]) -> list[bytes]:
    """What is answered, by answers, without what differs each time."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
        await idle()  # a piece, a packet
    writer.write(_END)
    said = await asyncio.wait_for(reader.read(), 20)
    writer.close()
    said = said.replace(str(port).encode(), b"PORT")
    return sorted(_VARIABLE.sub(b"-", said).split(b"\r\n"))


@pytest.mark.parametrize("pieces", CONVERSATIONS.values(), ids=CONVERSATIONS.keys())
async def test_answers_are_those_of_the_plain_way(pieces: list[bytes]) -> None:
    async with _served(in_turns=True) as quick, _served(in_turns=False) as plain:
        said = await _talk(quick, pieces)

        assert said == await _talk(plain, pieces)
    assert any(line.startswith(b"HTTP/1.1 ") for line in said)
