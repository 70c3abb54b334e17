"""A small HTTP client: one POST, one status. What SNS needs of endpoints on the network.

A connection is opened for each request, and closed after its answer: endpoints are told of messages
now and then, and a kept connection that has gone stale would look like a failure of the endpoint.
The answer's body is read and dropped, up to a bound. Redirections are not followed, as by SNS.
httptools reads the answer, and TLS is verified against the system's authorities.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from urllib.parse import SplitResult, urlsplit

import httptools

# An endpoint's answer says something by its status alone; more than this is not read.
_ANSWER_BYTES_MAX = 1024 * 1024
_READ_BYTES = 64 * 1024


class _Answer:
    """What httptools tells of an answer as its bytes arrive."""

    def __init__(self) -> None:
        self.completed = 0

    def on_message_complete(self) -> None:
        self.completed += 1


async def post(url: str, headers: Mapping[str, str], body: bytes, *, timeout_s: float) -> int:
    """POST a body to a URL; returns the status of the answer.

    Raises:
        OSError: no connection, no answer in time, or no HTTP.
    """
    target = urlsplit(url)
    try:
        async with asyncio.timeout(timeout_s):
            return await _exchange(target, _request(target, headers, body))
    except TimeoutError as error:
        raise OSError(f"no answer within {timeout_s} s") from error
    except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
        raise OSError(f"the answer is not HTTP: {error}") from error


def _request(target: SplitResult, headers: Mapping[str, str], body: bytes) -> bytes:
    path = (target.path or "/") + (f"?{target.query}" if target.query else "")
    fields = {
        "Host": target.netloc.rpartition("@")[2],
        "Content-Length": str(len(body)),
        "Connection": "close",
        **headers,
    }
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


async def _exchange(target: SplitResult, request: bytes) -> int:
    is_tls = target.scheme == "https"
    reader, writer = await asyncio.open_connection(
        target.hostname,
        target.port or (443 if is_tls else 80),
        ssl=_tls() if is_tls else None,
    )
    try:
        writer.write(request)
        await writer.drain()
        return await _status(reader)
    finally:
        # Not politely: an endpoint that does not read, or does not end its TLS, would hold that up,
        # beyond the timeout and for ever.
        writer.transport.abort()
        with suppress(OSError, ssl.SSLError):
            await writer.wait_closed()


async def _status(reader: asyncio.StreamReader) -> int:
    """The status of the final answer; interim ones (100 to 199) come before it."""
    answer = _Answer()
    parser = httptools.HttpResponseParser(answer)
    size, status = 0, 0
    while size < _ANSWER_BYTES_MAX:
        data = await reader.read(_READ_BYTES)
        if not data:
            break
        size += len(data)
        parser.feed_data(data)
        status = parser.get_status_code()
        if status >= 200 and answer.completed:
            break
    if status < 200:
        raise OSError("the connection ended before an answer")
    return status


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
