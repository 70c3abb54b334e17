"""The body of a request that streams: decoded and held to what its headers promised.

What `x-amz-content-sha256` announces decides: an `aws-chunked` encoding (chunked.py), a SHA-256
that the whole body must have, or nothing.

AWS: S3 API Reference, Authenticating Requests: Using the Authorization Header, Transfer payload.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from functools import partial
from typing import Protocol

from kamome.http.chunked import ChunkDecoder, decode
from kamome.http.errors import IncompleteBody, InvalidRequest, MissingContentLength
from kamome.http.sigv4 import STREAMING_PAYLOADS, Seed, check_content_sha256
from kamome.wire import BodyStream, HttpRequest

# AWS: S3 User Guide, Checking object integrity, trailing checksums; PutObject, `x-amz-trailer`.
TRAILERS = frozenset(
    f"x-amz-checksum-{algorithm}"
    for algorithm in (
        "crc32",
        "crc32c",
        "crc64nvme",
        "md5",
        "sha1",
        "sha256",
        "sha512",
        "xxhash3",
        "xxhash64",
        "xxhash128",
    )
)
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
# More digits than the largest object's length has; keeps hostile numbers short.
_LENGTH = re.compile(r"[0-9]{1,18}")

_OTHER_LENGTH = (
    "You did not provide the number of bytes specified by the Content-Length HTTP header"
)


class Payload(Protocol):
    """The body of a request as it comes from the socket."""

    def chunks(self) -> AsyncIterator[bytes]:
        """Its pieces."""

    @property
    def whole(self) -> bytes | None:
        """All of it where it came with the head."""


def open_payload(
    request: HttpRequest, payload: Payload, seed: Seed | None = None, *, access_key: str = ""
) -> BodyStream:
    """The body as the operation reads it; at once, where it came with the head.

    With a `seed` (from `sigv4.verify`) chunk and trailer signatures are verified, without only
    parsed. `length` is the decoded length. `trailers` is filled when the iteration has ended.

    Raises at once:
        MissingContentLength: an `aws-chunked` body without `x-amz-decoded-content-length`.
        InvalidRequest: `x-amz-trailer` names a header that cannot be one.
    Raises while the body is read:
        what `ChunkDecoder` raises.
        XAmzContentSHA256Mismatch: the body has not the SHA-256 that was promised.
        IncompleteBody: the body is not as long as `Content-Length` says.
    """
    promised = seed.content_sha256 if seed else request.header("x-amz-content-sha256")
    if promised not in STREAMING_PAYLOADS:
        return _plain(payload, promised, _length(request.header("content-length")))
    decoded_length = _length(request.header("x-amz-decoded-content-length"))
    if decoded_length is None:
        raise MissingContentLength("You must provide the Content-Length HTTP header.")
    decoder = ChunkDecoder(promised, decoded_length, _announced(request), seed, access_key)
    stream = BodyStream(decode(payload.chunks(), decoder), decoded_length, decoder.announced)
    stream.trailers = decoder.trailers
    return stream


def _length(value: str) -> int | None:
    return int(value) if _LENGTH.fullmatch(value) else None


def _announced(request: HttpRequest) -> frozenset[str]:
    names = frozenset(
        name.strip().lower() for name in request.header("x-amz-trailer").split(",") if name.strip()
    )
    if not names <= TRAILERS:
        raise InvalidRequest("The value specified in the x-amz-trailer header is not supported")
    return names


def _plain(payload: Payload, promised: str, length: int | None) -> BodyStream:
    """A body without a coding of its own."""
    check = partial(check_content_sha256, promised) if _SHA256.fullmatch(promised) else None
    whole = payload.whole
    if whole is None:
        return BodyStream(_measured(payload.chunks(), length), length, check_sha256=check)
    if length is not None and len(whole) != length:
        raise IncompleteBody(_OTHER_LENGTH)
    return BodyStream(None, length, whole=whole, check_sha256=check)


async def _measured(chunks: AsyncIterator[bytes], length: int | None) -> AsyncIterator[bytes]:
    received = 0
    async for chunk in chunks:
        received += len(chunk)
        yield chunk
    if length is not None and received != length:
        raise IncompleteBody(_OTHER_LENGTH)
