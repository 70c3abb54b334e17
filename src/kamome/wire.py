"""HTTP messages as the pipeline and the protocols see them: no ASGI, no sockets."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, ItemsView, KeysView, Sequence
from urllib.parse import unquote_plus

import msgspec

# The status of an answer that is not given: the connection is broken instead.
NO_ANSWER = 0


class BodyStream:
    """A request body that is read once, in order, as it arrives.

    `length` is the number of bytes that will come after content decoding (None: not announced).
    Iteration raises an `AwsError` if the body is truncated, too large, or its digest, its chunk
    signatures or trailing checksum do not verify. `trailers` is complete once iteration has ended;
    `announced` are the names that `x-amz-trailer` promised, lower case, known before.
    """

    __slots__ = ("_chunks", "_whole", "announced", "check_sha256", "length", "trailers")

    def __init__(
        self,
        chunks: AsyncIterator[bytes] | None,
        length: int | None,
        announced: frozenset[str] = frozenset(),
        *,
        whole: bytes | None = None,
        check_sha256: Callable[[str], None] | None = None,
    ) -> None:
        """Either `chunks`, or the `whole` where it came with the head of the request.

        `check_sha256` is called with the SHA-256 (hexadecimal) of all bytes, and raises where
        another one was promised; None: none was.
        """
        self._chunks = chunks
        self._whole = whole
        self.length = length
        self.announced = announced
        self.check_sha256 = check_sha256
        self.trailers: dict[str, str] = {}

    def __aiter__(self) -> AsyncIterator[bytes]:
        if self._chunks is None:
            return self._once()
        return self._chunks if self.check_sha256 is None else self._checked(self._chunks)

    def unchecked(self) -> AsyncIterator[bytes]:
        """The chunks for who takes their SHA-256 himself, in a thread, and calls `check_sha256`."""
        return self._chunks if self._chunks is not None else self._once()

    def at_once(self) -> bytes | None:
        """The whole body, where it came with the head of the request; None: it must be read.

        Raises an `AwsError` as the iteration would, which is not to be begun then.
        """
        if self._whole is not None and self.check_sha256 is not None:
            self.check_sha256(hashlib.sha256(self._whole).hexdigest())
        return self._whole

    async def read(self) -> bytes:
        """The whole body. Only for bodies that the server has bounded."""
        return b"".join([chunk async for chunk in self])

    async def _once(self) -> AsyncIterator[bytes]:
        whole = self.at_once()
        if whole:
            yield whole

    async def _checked(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        assert self.check_sha256 is not None
        digest = hashlib.sha256()
        async for chunk in chunks:
            digest.update(chunk)
            yield chunk
        self.check_sha256(digest.hexdigest())


class HttpRequest:
    """One request. Header names are lower case; `raw_path` and `raw_query` are as sent.

    `path` is what routing left for the service (percent-encoded still): for S3 it begins with the
    bucket whatever the addressing style. `body` is complete unless the operation streams
    (`is_streamed`): then it is empty, and `stream` is set once the signature has been read.
    """

    __slots__ = (
        "_headers",
        "_index",
        "_query",
        "_raw_headers",
        "body",
        "client_ip",
        "is_streamed",
        "method",
        "path",
        "raw_path",
        "raw_query",
        "scheme",
        "stream",
    )

    def __init__(
        self,
        method: str,
        raw_path: str,
        raw_query: str,
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
        *,
        scheme: str = "http",
        client_ip: str = "127.0.0.1",
        raw_headers: Sequence[tuple[bytes, bytes]] = (),
    ) -> None:
        self.method = method
        self.raw_path = self.path = raw_path
        self.raw_query = raw_query
        self.body = body
        self.is_streamed = False
        self.stream: BodyStream | None = None
        self.scheme = scheme
        self.client_ip = client_ip
        self._query: list[tuple[str, str]] | None = None
        self._raw_headers = raw_headers
        self._headers: list[tuple[str, str]] | None = None if raw_headers else list(headers)
        # Most requests are asked for a few headers by name, and never for the list.
        self._index = _decoded_index(raw_headers) if raw_headers else _index(headers)

    @property
    def headers(self) -> list[tuple[str, str]]:
        """All headers in order, repeated ones as often as they were sent."""
        if self._headers is None:
            self._headers = [
                (_name(name), value.decode("latin-1")) for name, value in self._raw_headers
            ]
        return self._headers

    def add_header(self, name: str, value: str) -> None:
        """A header that the client did not send and the request has all the same."""
        self.headers.append((name, value))
        self._index[name] = value

    def header(self, name: str, default: str = "") -> str:
        """Value of a header by lower-case name; repeated ones joined by commas (RFC 9110 §5.3)."""
        return self._index.get(name, default)

    @property
    def header_names(self) -> KeysView[str]:
        """The names of all headers, lower case, each once, in the order they came."""
        return self._index.keys()

    @property
    def header_values(self) -> ItemsView[str, str]:
        """Names and values of all headers, as `header` gives them."""
        return self._index.items()

    def has_header(self, name: str) -> bool:
        """Whether the header was sent, if only empty."""
        return name in self._index

    @property
    def query(self) -> list[tuple[str, str]]:
        """Decoded query parameters in order; a parameter without `=` has the empty value."""
        if self._query is None:
            self._query = [
                (unquote_plus(name), unquote_plus(value))
                for name, _, value in (
                    part.partition("=") for part in self.raw_query.split("&") if part
                )
            ]
        return self._query

    def query_value(self, name: str) -> str | None:
        """First value of a query parameter, None where it was not sent."""
        for found, value in self.query:
            if found == name:
                return value
        return None

    @property
    def base_url(self) -> str:
        """Scheme, host and port as the client used them."""
        return f"{self.scheme}://{self.header('host', 'localhost')}"


# Header names in the form that clients send them, and in ours: a few dozen in practice. What comes
# once the table is full, or is long, is decoded each time.
_NAMES_MAX = 1024
_NAME_BYTES_MAX = 64
_names: dict[bytes, str] = {}


def _name(raw: bytes) -> str:
    name = _names.get(raw)
    if name is None:
        name = raw.decode("latin-1").lower()
        if len(_names) < _NAMES_MAX and len(raw) <= _NAME_BYTES_MAX:
            _names[raw] = name
    return name


def _decoded_index(raw_headers: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    """Values by name; repeated headers joined by commas. RFC 9110 §5.3."""
    index: dict[str, str] = {}
    for raw_name, raw_value in raw_headers:
        name = _names.get(raw_name) or _name(raw_name)
        value = raw_value.decode("latin-1")
        index[name] = f"{index[name]},{value}" if name in index else value
    return index


def _index(headers: Sequence[tuple[str, str]]) -> dict[str, str]:
    index: dict[str, str] = {}
    for name, value in headers:
        index[name] = f"{index[name]},{value}" if name in index else value
    return index


class HttpResponse(msgspec.Struct):
    """One answer. `body` is bytes, or an iterator for a streamed one (then a length header)."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes | AsyncIterator[bytes] = b""
