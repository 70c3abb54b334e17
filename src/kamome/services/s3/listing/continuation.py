"""Continuation tokens: where the next page of a listing begins.

A token is opaque to clients. Ours holds the position itself, bound to what was listed, so nothing
is kept between pages and a token never expires.

AWS: S3 API Reference, ListObjectsV2, ContinuationToken.
"""

from __future__ import annotations

import base64
import binascii
import zlib

from kamome.services.s3.errors import InvalidArgument

_CHECK_BYTES = 4


def encode_token(listed: str, position: bytes) -> str:
    """A token for the page of `listed` (a bucket's id) that begins at `position`."""
    return base64.urlsafe_b64encode(_check(listed, position) + position).decode()


def decode_token(listed: str, token: str) -> bytes:
    """The position a token stands for.

    Raises:
        InvalidArgument: it is not a token for this listing.

    AWS: S3 API Reference, ListObjectsV2, ContinuationToken.
    """
    try:
        content = base64.b64decode(token.encode(), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise _incorrect(token) from error
    check, position = content[:_CHECK_BYTES], content[_CHECK_BYTES:]
    if check != _check(listed, position) or not position:
        raise _incorrect(token)
    return position


def _check(listed: str, position: bytes) -> bytes:
    return zlib.crc32(position, zlib.crc32(listed.encode())).to_bytes(_CHECK_BYTES, "big")


def _incorrect(token: str) -> InvalidArgument:
    return InvalidArgument(
        "The continuation token provided is incorrect", "continuation-token", token
    )
