"""A client that sends any bytes: what no HTTP library would."""

from __future__ import annotations

import io
import socket
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Self, cast
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

_TIMEOUT_S = 20


@dataclass(frozen=True)
class Answer:
    """Status, headers by lower-case name, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


class RawClient:
    """One connection. Use it as a context manager."""

    def __init__(self, endpoint: str) -> None:
        address = urlsplit(endpoint)
        assert address.hostname is not None
        assert address.port is not None
        self.host = f"{address.hostname}:{address.port}"
        self.socket = socket.create_connection((address.hostname, address.port), _TIMEOUT_S)
        self._buffer = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, *pieces: bytes) -> None:
        """Bytes as they are."""
        self.socket.sendall(b"".join(pieces))

    def hang_up_sending(self) -> None:
        """Nothing more will be sent; answers can still come."""
        self.socket.shutdown(socket.SHUT_WR)

    def request(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """One request with a Host header and a length, and its answer."""
        lines = {"Host": self.host, "Content-Length": str(len(body)), **(headers or {})}
        self.send(head(f"{method} {path} HTTP/1.1", lines), body)
        return self.answer(method)

    def answer(self, method: str = "GET") -> Answer:
        """The next answer, interim ones (100) skipped."""
        while True:
            while b"\r\n\r\n" not in self._buffer:
                self._more()
            section, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
            response = HTTPResponse(
                cast("socket.socket", _Bytes(section + b"\r\n\r\n")), method=method
            )
            response.begin()
            if response.status != 100:
                break
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, self._body(response.status, method, headers))

    def interim(self) -> bytes:
        """The bytes of the next interim answer (100 Continue)."""
        while b"\r\n\r\n" not in self._buffer:
            self._more()
        section, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        return section

    def rest(self) -> bytes:
        """Everything until the server ends the connection."""
        found = self._buffer
        while piece := self.socket.recv(65536):
            found += piece
        self._buffer = b""
        return found

    def is_closed(self) -> bool:
        """Whether the server ends the connection without another byte."""
        try:
            return self._buffer == b"" and self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def _body(self, status: int, method: str, headers: Mapping[str, str]) -> bytes:
        if method == "HEAD" or status in (204, 304):
            return b""
        if headers.get("transfer-encoding") == "chunked":
            return self._chunked_body()
        return self._take(int(headers["content-length"]))

    def _chunked_body(self) -> bytes:
        body = b""
        while True:
            while b"\r\n" not in self._buffer:
                self._more()
            size, _, self._buffer = self._buffer.partition(b"\r\n")
            piece = self._take(int(size, 16))
            self._take(2)
            if not piece:
                return body
            body += piece

    def _take(self, count: int) -> bytes:
        while len(self._buffer) < count:
            self._more()
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken

    def _more(self) -> None:
        piece = self.socket.recv(65536)
        if not piece:
            raise ConnectionError(f"the server hung up after {self._buffer[:200]!r}")
        self._buffer += piece


class _Bytes:
    """What `HTTPResponse` takes for a socket."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def makefile(self, *_: object) -> io.BytesIO:
        return io.BytesIO(self._content)


def head(first_line: str, headers: Mapping[str, str]) -> bytes:
    """A request line and headers."""
    lines = [first_line, *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1")
