"""Decode `aws-chunked` bodies, and verify the signatures of their chunks and trailer.

Three content values announce one:

    STREAMING-AWS4-HMAC-SHA256-PAYLOAD            each chunk signed
    STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER    each chunk and the trailing headers signed
    STREAMING-UNSIGNED-PAYLOAD-TRAILER            nothing signed, trailing headers after the chunks

    <hex size>[;chunk-signature=<64 hex>] CRLF <data> CRLF
    …
    0[;chunk-signature=<64 hex>] CRLF
    [<name>:<value> CRLF … [x-amz-trailer-signature:<64 hex> CRLF]] CRLF

Each signature covers the one before it, the first the request's own (the seed). Data is passed on
as it arrives and hashed on the way, so a chunk may be of any size and never waits in memory; a
wrong signature is raised at the end of its chunk, always before the stream ends. Whoever stores
the data must therefore not make it visible until the iteration has ended without an error.

AWS: S3 API Reference, Signature Calculations for the Authorization Header: Transferring Payload in
Multiple Chunks; Signature calculations for trailing headers (chunked uploads).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import AsyncIterator, Iterable

import msgspec

from kamome.errors import AwsError
from kamome.http.canonical import to_bytes
from kamome.http.errors import (
    Explanation,
    IncompleteBody,
    InvalidChunkSizeError,
    MalformedTrailerError,
    s3_mismatch,
)
from kamome.http.sigv4 import EMPTY_SHA256, Seed

SIGNED_PAYLOADS = frozenset(
    {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"}
)
# AWS: S3 API Reference, Transferring Payload in Multiple Chunks: 8 KB except for the last chunk.
CHUNK_BYTES_MIN = 8192
# A size of 16 hexadecimal digits, `;chunk-signature=` and 64 digits take 97 bytes.
CHUNK_HEADER_BYTES_MAX = 128
# A trailer holds one checksum (44 bytes of base64 at most) and its signature.
TRAILER_BYTES_MAX = 4096

_CHUNK_HEADER = re.compile(rb"([0-9a-fA-F]{1,16})(?:;chunk-signature=([0-9a-f]{64}))?")
_TRAILER_NAME = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")
_TRAILER_SIGNATURE = "x-amz-trailer-signature"
_CRLF = b"\r\n"


class ChunkDecoder(msgspec.Struct):
    """Takes an `aws-chunked` body in pieces of any size, gives its data and trailing headers.

    `content_sha256` is one of the three values above; `decoded_length` is
    `x-amz-decoded-content-length`; `announced` are the names in `x-amz-trailer`, lower case.
    Without a `seed` signatures must be there, but are not compared.

    `feed` and `finish` raise:
        IncompleteBody: the encoding is broken, the body ended early or is longer than announced.
        InvalidChunkSizeError: a chunk other than the last has fewer than 8,192 bytes.
        SignatureDoesNotMatch: the signature of a chunk or of the trailer differs.
        MalformedTrailerError: the trailing headers are malformed or not those announced.
    """

    content_sha256: str
    decoded_length: int
    announced: frozenset[str] = frozenset()
    seed: Seed | None = None
    access_key: str = ""
    trailers: dict[str, str] = msgspec.field(default_factory=dict)

    _pending: bytearray = msgspec.field(default_factory=bytearray)
    _state: str = "header"
    _left: int = 0
    _chunk_bytes: int = -1
    _chunk_signature: str = ""
    _previous: str = ""
    _digest: hashlib._Hash = msgspec.field(default_factory=hashlib.sha256)
    _chunks: int = 0
    _decoded: int = 0

    def __post_init__(self) -> None:
        if self.seed is not None:
            self._previous = self.seed.signature

    def feed(self, piece: bytes) -> Iterable[bytes]:
        """The data in this piece of the body, in order. Exhaust it before feeding the next."""
        at = 0
        while at < len(piece):
            if self._state == "data":
                data = piece[at : at + self._left]
                at += len(data)
                self._take(data)
                yield data
            elif self._state == "trailer":
                self._keep(piece[at:], TRAILER_BYTES_MAX, MalformedTrailerError(_TRAILER))
                return
            else:
                at = self._line(piece, at)

    def finish(self) -> None:
        """The body has ended: it must be complete, and its trailer right."""
        if self._state != "trailer" or self._decoded != self.decoded_length:
            raise _incomplete()
        self._read_trailer(bytes(self._pending))

    def _take(self, data: bytes) -> None:
        self._left -= len(data)
        self._decoded += len(data)
        if self._is_verified:
            self._digest.update(data)
        if self._left == 0:
            self._state = "end"
            self._check_chunk()

    @property
    def _is_signed(self) -> bool:
        return self.content_sha256 in SIGNED_PAYLOADS

    @property
    def _is_verified(self) -> bool:
        return self.seed is not None and self._is_signed

    def _keep(self, piece: bytes, bytes_max: int, error: AwsError) -> None:
        if len(self._pending) + len(piece) > bytes_max:
            raise error
        self._pending += piece

    def _line(self, piece: bytes, at: int) -> int:
        """Read on to the end of a chunk header, or of the CRLF after a chunk's data."""
        end = piece.find(b"\n", at)
        upto = len(piece) if end < 0 else end + 1
        bytes_max = CHUNK_HEADER_BYTES_MAX if self._state == "header" else len(_CRLF)
        self._keep(piece[at:upto], bytes_max, _incomplete())
        if end < 0:
            return upto
        line = bytes(self._pending)
        self._pending.clear()
        if not line.endswith(_CRLF):
            raise _incomplete()
        if self._state == "end":
            self._state = "header"
        else:
            self._begin_chunk(line[: -len(_CRLF)])
        return upto

    def _begin_chunk(self, header: bytes) -> None:
        found = _CHUNK_HEADER.fullmatch(header)
        if found is None or (found[2] is not None) != self._is_signed:
            raise _incomplete()
        size = int(found[1], 16)
        self._chunks += 1
        if size and 0 <= self._chunk_bytes < CHUNK_BYTES_MIN:
            raise InvalidChunkSizeError(
                f"Only the last chunk is allowed to have a size less than {CHUNK_BYTES_MIN} bytes",
                {"Chunk": str(self._chunks), "BadChunkSize": str(self._chunk_bytes)},
            )
        if self._decoded + size > self.decoded_length:
            raise _incomplete()
        self._chunk_bytes = self._left = size
        self._chunk_signature = (found[2] or b"").decode("ascii")
        self._state = "data"
        if size == 0:
            self._check_chunk()
            self._state = "trailer"

    def _check_chunk(self) -> None:
        if self.seed is None or not self._is_signed:
            return
        to_sign = (
            f"AWS4-HMAC-SHA256-PAYLOAD\n{self.seed.amz_date}\n{self.seed.scope}\n"
            f"{self._previous}\n{EMPTY_SHA256}\n{self._digest.hexdigest()}"
        )
        self._check_signature(self.seed, to_sign, self._chunk_signature)
        self._previous = self._chunk_signature
        self._digest = hashlib.sha256()

    def _check_signature(self, seed: Seed, to_sign: str, provided: str) -> None:
        calculated = hmac.digest(seed.signing_key, to_sign.encode(), "sha256").hex()
        if not hmac.compare_digest(calculated.encode(), to_bytes(provided)):
            raise s3_mismatch(Explanation(self.access_key, "", to_sign, provided, calculated))

    def _read_trailer(self, section: bytes) -> None:
        """Read everything after the last chunk's header.

        Lines end in CR LF; clients written after earlier editions of the documentation end them
        in LF CR LF. Both are taken, and blank lines between. What matters is that the last line is
        there and ended.
        """
        if not section.endswith(_CRLF):
            raise _incomplete()
        lines = [line.rstrip(b"\r") for line in section.split(b"\n") if line.rstrip(b"\r")]
        if not self.content_sha256.endswith("-TRAILER"):
            if section != _CRLF:
                raise _incomplete()
            return
        if lines and not section.endswith(b"\n" + _CRLF):
            raise _incomplete()
        found = dict(_trailer(line) for line in lines)
        signature = found.pop(_TRAILER_SIGNATURE, None)
        if found.keys() != self.announced or len(lines) != len(found) + (signature is not None):
            raise MalformedTrailerError(_TRAILER)
        if self._is_signed:
            self._check_trailer(found, signature)
        elif signature is not None:
            raise MalformedTrailerError(_TRAILER)
        self.trailers.update(found)

    def _check_trailer(self, found: dict[str, str], signature: str | None) -> None:
        if signature is None:
            raise MalformedTrailerError(_TRAILER)
        if self.seed is None:
            return
        lines = "".join([f"{name}:{value}\n" for name, value in found.items()])
        digest = hashlib.sha256(to_bytes(lines)).hexdigest()
        to_sign = (
            f"AWS4-HMAC-SHA256-TRAILER\n{self.seed.amz_date}\n{self.seed.scope}\n"
            f"{self._previous}\n{digest}"
        )
        self._check_signature(self.seed, to_sign, signature)


async def decode(chunks: AsyncIterator[bytes], decoder: ChunkDecoder) -> AsyncIterator[bytes]:
    """The data of an `aws-chunked` body as it arrives. Raises what `ChunkDecoder` raises."""
    async for piece in chunks:
        for data in decoder.feed(piece):
            yield data
    decoder.finish()


_TRAILER = (
    "The request contained trailing data that was not well-formed or did not conform to our "
    "published schema."
)


def _trailer(line: bytes) -> tuple[str, str]:
    name, colon, value = line.decode("latin-1").partition(":")
    name = name.strip(" \t").lower()
    if not colon or not _TRAILER_NAME.fullmatch(name):
        raise MalformedTrailerError(_TRAILER)
    return name, value.strip(" \t")


def _incomplete() -> AwsError:
    return IncompleteBody("The request body terminated unexpectedly")
