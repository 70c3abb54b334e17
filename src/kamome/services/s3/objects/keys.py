"""Object keys: UTF-8 of at most 1,024 bytes, ordered by their bytes.

AWS: S3 User Guide, Naming Amazon S3 objects.
"""

from __future__ import annotations

from urllib.parse import quote_plus

from kamome.services.s3.errors import InvalidURI, KeyTooLongError
from kamome.services.s3.limits import KEY_BYTES_MAX


def key_bytes(key: str) -> bytes:
    """The key as it is stored and ordered.

    Raises:
        InvalidURI: the key is not UTF-8 (a lone surrogate stands where bytes could not be read).
        KeyTooLongError: it has more than 1,024 bytes.

    AWS: S3 User Guide, Naming Amazon S3 objects.
    """
    encoded = text_bytes(key)
    if len(encoded) > KEY_BYTES_MAX:
        raise KeyTooLongError(len(encoded), KEY_BYTES_MAX)
    return encoded


def text_bytes(text: str) -> bytes:
    """UTF-8 of a prefix, delimiter or marker.

    Raises:
        InvalidURI: it is not UTF-8.
    """
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise InvalidURI from error


def successor(prefix: bytes) -> bytes:
    """The smallest byte string above all that begin with `prefix` (UTF-8 has no byte 0xFF)."""
    return prefix[:-1] + bytes((prefix[-1] + 1,)) if prefix else b"\xff"


def url_encoded(key: str) -> str:
    """A key as event notifications and `encoding-type=url` show it: `+` for a blank, `/` alone.

    AWS: S3 User Guide, Event message structure; S3 API Reference, ListObjectsV2, EncodingType.
    """
    return quote_plus(key, safe="/")
