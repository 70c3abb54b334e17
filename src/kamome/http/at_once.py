"""The common exchange without ASGI's messages: a body that is here, an answer that is whole.

Most requests arrive with their body in one packet, and most answers are a few hundred bytes. For
them the messages of ASGI (two dictionaries in, two out, each header looked at thrice) cost more
than the rest of uvicorn. These two functions do the same on uvicorn's own cycle; where it is not
theirs to do, they say so, and `server.py` goes the plain way, which stays the oracle in the tests.

Measured 2026-11-21, SendMessage: see bench/README.md.
"""

from __future__ import annotations

from collections.abc import Sequence

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

_KEEP_ALIVE_ENDS = b"connection"


def take_body(receive: object) -> bytes | None:
    """The request's body if it has arrived whole and nobody has read of it; None where it has not.

    A client that waits for `100 Continue` has not sent it.
    """
    cycle = getattr(receive, "__self__", None)
    if not isinstance(cycle, RequestResponseCycle):
        return None
    if cycle.more_body or cycle.disconnected or cycle.waiting_for_100_continue:
        return None
    body = bytes(cycle.body)
    cycle.body = bytearray()
    cycle.message_event.clear()
    cycle.flow.resume_reading()
    return body


def write_answer(
    send: object, status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes
) -> bool:
    """Write an answer in one piece; False where it is not to be written this way.

    `headers` have lower-case names, a Content-Length that is the body's, and no control
    characters. An answer that ends the connection, one without content (HEAD, 204, 304), and a
    client that does not take what was written before go the plain way.
    """
    cycle = getattr(send, "__self__", None)
    if not isinstance(cycle, RequestResponseCycle):
        return False
    if cycle.response_started or cycle.disconnected or cycle.flow.write_paused:
        return False
    if not cycle.keep_alive or cycle.scope["method"] == "HEAD" or status in (204, 304):
        return False
    parts = [STATUS_LINE[status]]
    for name, value in cycle.default_headers:
        parts += (name, b": ", value, b"\r\n")
    for name, value in headers:
        if name == _KEEP_ALIVE_ENDS:
            return False
        parts += (name, b": ", value, b"\r\n")
    parts += (b"\r\n", body)
    cycle.response_started = True
    cycle.waiting_for_100_continue = False
    cycle.transport.write(b"".join(parts))
    cycle.response_complete = True
    cycle.message_event.set()
    cycle.on_response()
    return True
