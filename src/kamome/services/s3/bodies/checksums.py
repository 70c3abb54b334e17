"""Checksums of object bodies: what the client announced, and what the bytes say.

MD5 is always taken (it is the ETag); one more checksum guards the object, CRC64NVME where the
client chose none. All are of type FULL_OBJECT: an object put in one piece has no other.

AWS: S3 User Guide, Checking object integrity in Amazon S3.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

import msgspec

from kamome.services.s3.errors import (
    BadDigest,
    InvalidDigest,
    InvalidRequest,
    MalformedTrailerError,
)

if TYPE_CHECKING:
    from types import ModuleType

DEFAULT_ALGORITHM = "CRC64NVME"
FULL_OBJECT = "FULL_OBJECT"
# Algorithm: bytes of its digest. S3 API Reference, PutObject, x-amz-sdk-checksum-algorithm.
DIGEST_BYTES: Mapping[str, int] = {
    "CRC32": 4,
    "CRC32C": 4,
    "CRC64NVME": 8,
    "SHA1": 20,
    "SHA256": 32,
    "SHA512": 64,
    "MD5": 16,
    "XXHASH64": 8,
    "XXHASH3": 8,
    "XXHASH128": 16,
}
_HEADER_PREFIX = "x-amz-checksum-"
_BY_HEADER = {_HEADER_PREFIX + algorithm.lower(): algorithm for algorithm in DIGEST_BYTES}
_BY_MEMBER = {f"Checksum{algorithm}": algorithm for algorithm in DIGEST_BYTES}
_MD5_BYTES = 16


class Digest(Protocol):
    """A running checksum."""

    def update(self, piece: bytes, /) -> object:
        """Take the next bytes."""

    def digest(self) -> bytes:
        """The checksum of all bytes taken, most significant byte first."""


@cache
def _crt() -> ModuleType:
    """The CRT's checksums, imported at the first body: it takes 0.1 s, and all of start-up 0.25."""
    return import_module("awscrt.checksums")


def crc32c(piece: bytes | memoryview) -> int:
    """CRC-32C of some bytes: what guards each block of a stored body."""
    value: int = _crt().crc32c(piece)
    return value


class _Crc:
    """A CRC with the running value that its function continues."""

    __slots__ = ("_function", "_size", "_value")

    def __init__(self, function: Callable[[bytes, int], int], size: int) -> None:
        self._function = function
        self._size = size
        self._value = 0

    def update(self, piece: bytes, /) -> None:
        self._value = self._function(piece, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(self._size, "big")


class _XxHash:
    """One of the CRT's XXH checksums, which name the end `finalize`."""

    __slots__ = ("_hash",)

    def __init__(self, constructor: str) -> None:
        self._hash = getattr(_crt().XXHash, constructor)()

    def update(self, piece: bytes, /) -> None:
        self._hash.update(piece)

    def digest(self) -> bytes:
        value: bytes = self._hash.finalize()
        return value


_CONSTRUCTORS: Mapping[str, Callable[[], Digest]] = {
    "CRC32": lambda: _Crc(zlib.crc32, 4),
    "CRC32C": lambda: _Crc(_crt().crc32c, 4),
    "CRC64NVME": lambda: _Crc(_crt().crc64nvme, 8),
    "SHA1": lambda: hashlib.sha1(usedforsecurity=False),
    "SHA256": hashlib.sha256,
    "SHA512": hashlib.sha512,
    "MD5": lambda: hashlib.md5(usedforsecurity=False),
    "XXHASH64": lambda: _XxHash("new_xxhash64"),
    "XXHASH3": lambda: _XxHash("new_xxhash3_64"),
    "XXHASH128": lambda: _XxHash("new_xxhash3_128"),
}


def new_digest(algorithm: str) -> Digest:
    """A running checksum of this algorithm (a key of `DIGEST_BYTES`)."""
    return _CONSTRUCTORS[algorithm]()


def digest_of(algorithm: str, content: bytes) -> bytes:
    """The checksum of bytes that are all here."""
    if algorithm == DEFAULT_ALGORITHM:
        value: int = _crt().crc64nvme(content)
        return value.to_bytes(DIGEST_BYTES[DEFAULT_ALGORITHM], "big")
    digest = new_digest(algorithm)
    digest.update(content)
    return digest.digest()


def checksum_member(algorithm: str) -> str:
    """The member that carries an algorithm's checksum in requests and results."""
    return f"Checksum{algorithm}"


class ExpectedChecksum(msgspec.Struct, frozen=True):
    """Which checksum is to be taken, and what it must be.

    `value` is None where it is not known before the body: it comes in a trailer
    (`is_in_trailer`), or the client sent none.
    """

    algorithm: str = DEFAULT_ALGORITHM
    value: bytes | None = None
    is_in_trailer: bool = False


# What is expected of a body whose client sends no checksum.
_EXPECTATIONS = {algorithm: ExpectedChecksum(algorithm) for algorithm in ("", *DIGEST_BYTES)}


def expected_checksum(
    request: Mapping[str, object],
    announced_trailers: Collection[str],
    *,
    default: str = DEFAULT_ALGORITHM,
) -> ExpectedChecksum:
    """What the headers of a PutObject say of the body's checksum.

    `announced_trailers` are the names in `x-amz-trailer`, lower case; `default` is the algorithm
    where the client says nothing.

    Raises:
        InvalidRequest: several checksums, one that is not the base64 of its algorithm's digest, or
            an `x-amz-sdk-checksum-algorithm` that no checksum goes with.
        BadDigest: the checksum is of another algorithm than `x-amz-sdk-checksum-algorithm` says.

    AWS: S3 API Reference, PutObject, x-amz-checksum-* and x-amz-sdk-checksum-algorithm.
    """
    chosen = request.get("ChecksumAlgorithm")
    if chosen is None and not announced_trailers and _BY_MEMBER.keys().isdisjoint(request):
        return _EXPECTATIONS[default]
    in_headers = [_BY_MEMBER[name] for name in _BY_MEMBER.keys() & request.keys()]
    in_trailers = _announced_algorithms(announced_trailers)
    if len(in_headers) + len(in_trailers) > 1:
        raise InvalidRequest(
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
        )
    if chosen is not None and chosen not in DIGEST_BYTES:
        raise InvalidRequest("Value for x-amz-sdk-checksum-algorithm header is invalid.")
    if in_headers:
        algorithm = in_headers[0]
        value = _decoded(algorithm, request[checksum_member(algorithm)], "header")
        if chosen not in (None, algorithm):
            raise BadDigest(f"The {chosen} you specified did not match the calculated checksum.")
        return ExpectedChecksum(algorithm, value)
    if in_trailers:
        if chosen not in (None, in_trailers[0]):
            raise InvalidRequest("Value for x-amz-sdk-checksum-algorithm header is invalid.")
        return ExpectedChecksum(in_trailers[0], is_in_trailer=True)
    if isinstance(chosen, str):
        raise InvalidRequest(
            "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or"
            " x-amz-trailer headers were found."
        )
    return _EXPECTATIONS[default]


def check_trailers(expected: ExpectedChecksum, trailers: Mapping[str, str]) -> ExpectedChecksum:
    """The same expectation with the value that came behind the body.

    Raises:
        MalformedTrailerError: a checksum came that was not announced, or the announced one did not.
        InvalidRequest: the value is not the base64 of its algorithm's digest.

    AWS: S3 User Guide, Checking object integrity, Using trailing checksums.
    """
    if not trailers and not expected.is_in_trailer:
        return expected
    arrived = _announced_algorithms([name.lower() for name in trailers])
    wanted = [expected.algorithm] if expected.is_in_trailer else []
    if arrived != wanted:
        raise MalformedTrailerError
    if not expected.is_in_trailer:
        return expected
    by_name = {name.lower(): value for name, value in trailers.items()}
    text = by_name[_HEADER_PREFIX + expected.algorithm.lower()]
    value = _decoded(expected.algorithm, text.strip(), "trailing header")
    return ExpectedChecksum(expected.algorithm, value, is_in_trailer=True)


def expected_md5(header: object) -> bytes | None:
    """The MD5 of a Content-MD5 header, None without one.

    Raises:
        InvalidDigest: it is not the base64 of 16 bytes.

    AWS: S3 API Reference, PutObject, Content-MD5. RFC 1864.
    """
    if not isinstance(header, str):
        return None
    value = _base64_bytes(header)
    if value is None or len(value) != _MD5_BYTES:
        raise InvalidDigest(header)
    return value


def check_md5(expected: bytes | None, calculated: bytes) -> None:
    """Whether the body is the one of Content-MD5.

    Raises:
        BadDigest: it is not.

    AWS: S3 API Reference, Error responses, BadDigest.
    """
    if expected not in (None, calculated):
        assert expected is not None
        raise BadDigest(
            "The Content-MD5 you specified did not match what we received.",
            {
                "ExpectedDigest": base64.b64encode(expected).decode(),
                "CalculatedDigest": base64.b64encode(calculated).decode(),
            },
        )


def check_checksum(expected: ExpectedChecksum, calculated: bytes) -> None:
    """Whether the body is the one of the client's checksum.

    Raises:
        BadDigest: it is not.

    AWS: S3 User Guide, Checking object integrity in Amazon S3.
    """
    if expected.value not in (None, calculated):
        raise BadDigest(
            f"The {expected.algorithm} you specified did not match the calculated checksum."
        )


def _announced_algorithms(trailers: Iterable[str]) -> list[str]:
    return [_BY_HEADER[trailer] for trailer in sorted(trailers) if trailer in _BY_HEADER]


def _decoded(algorithm: str, text: object, where: str) -> bytes:
    value = _base64_bytes(text) if isinstance(text, str) else None
    if value is None or len(value) != DIGEST_BYTES[algorithm]:
        raise InvalidRequest(f"Value for {_HEADER_PREFIX}{algorithm.lower()} {where} is invalid.")
    return value


def _base64_bytes(text: str) -> bytes | None:
    try:
        return base64.b64decode(text.encode(), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
