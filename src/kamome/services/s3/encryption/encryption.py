"""Encryption of bodies: AES-256 in counter mode, with keys that customers bring (SSE-C) or that
KMS makes (`data_keys`).

A customer's key is used while the request lasts and never kept; what is kept is its MD5, which
clients see, and the random first counter block of each body. Counter mode lets a range be read
without what is before it; damage is found by the CRCs of the encrypted blocks.

AWS: S3 User Guide, Using server-side encryption with customer-provided keys (SSE-C).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Protocol

import msgspec

from kamome.services.s3.errors import (
    AccessDenied,
    InvalidArgument,
    InvalidEncryptionAlgorithmError,
    InvalidRequest,
)

AES256 = "AES256"
NONCE_BYTES = 16
_KEY_BYTES = 32
_BLOCK_BYTES = 16
_COUNTER_MAX = 1 << 128
_ALGORITHM = "SSECustomerAlgorithm"
_KEY = "SSECustomerKey"
_KEY_MD5 = "SSECustomerKeyMD5"
_MEMBERS = frozenset((_ALGORITHM, _KEY, _KEY_MD5))
_SERVER_SIDE = "ServerSideEncryption"
_KMS_MEMBERS = (_SERVER_SIDE, "SSEKMSKeyId", "SSEKMSEncryptionContext", "BucketKeyEnabled")


class Cipher(Protocol):
    """One direction of a stream cipher."""

    def update(self, data: bytes, /) -> bytes:
        """The next bytes, encrypted or decrypted."""


class CustomerKey(msgspec.Struct, frozen=True):
    """A key of 32 bytes and the base64 of its MD5."""

    key: bytes
    md5: str

    def members(self) -> dict[str, object]:
        """What answers and the object's row say of the encryption."""
        return {_ALGORITHM: AES256, _KEY_MD5: self.md5}


def customer_key(request: Mapping[str, object], prefix: str = "") -> CustomerKey | None:
    """The key of a request, None without one; `prefix` is `CopySource` for the source of a copy.

    Raises:
        InvalidEncryptionAlgorithmError: the algorithm is not AES256.
        InvalidRequest: a header is missing.
        InvalidArgument: the key is not the base64 of 32 bytes, or its MD5 is another.

    AWS: S3 User Guide, Specifying server-side encryption with customer-provided keys (SSE-C).
    """
    if not prefix and _MEMBERS.isdisjoint(request):
        return None
    values = [request.get(prefix + name) for name in (_ALGORITHM, _KEY, _KEY_MD5)]
    if values == [None, None, None]:
        return None
    algorithm, key_text, md5_text = (None if v is None else str(v) for v in values)
    if algorithm is None:
        raise InvalidRequest(
            "Requests specifying Server Side Encryption with Customer provided keys must provide a"
            " valid encryption algorithm."
        )
    if algorithm != AES256:
        raise InvalidEncryptionAlgorithmError(algorithm)
    if key_text is None:
        raise InvalidRequest(
            "Requests specifying Server Side Encryption with Customer provided keys must provide an"
            " appropriate secret key."
        )
    if md5_text is None:
        raise InvalidRequest(
            "Requests specifying Server Side Encryption with Customer provided keys must provide"
            " the client calculated MD5 of the secret key."
        )
    return _checked_key(key_text, md5_text)


def _checked_key(key_text: str, md5_text: str) -> CustomerKey:
    header = "x-amz-server-side-encryption-customer-key"
    try:
        key = base64.b64decode(key_text.encode(), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        key = b""
    if len(key) != _KEY_BYTES:
        raise InvalidArgument(
            "The secret key was invalid for the specified algorithm.", header, "null"
        )
    md5 = base64.b64encode(hashlib.md5(key, usedforsecurity=False).digest()).decode()
    if md5 != md5_text:
        raise InvalidArgument(
            "The calculated MD5 hash of the key did not match the hash that was provided.",
            header + "-MD5",
            "null",
        )
    return CustomerKey(key, md5)


def check_key(attributes: Mapping[str, object], key: CustomerKey | None) -> None:
    """Whether a request has the key that an object (or upload) was encrypted with.

    Raises:
        InvalidRequest: the key is missing, or the object is not encrypted so.
        AccessDenied: the key is another.

    AWS: S3 User Guide, Using server-side encryption with customer-provided keys (SSE-C).
    """
    expected = attributes.get(_KEY_MD5)
    if expected is None:
        if key is not None:
            raise InvalidRequest("The encryption parameters are not applicable to this object.")
        return
    if key is None:
        raise InvalidRequest(
            "The object was stored using a form of Server Side Encryption. The correct parameters"
            " must be provided to retrieve the object."
        )
    if key.md5 != expected:
        raise AccessDenied


def encryption_members(attributes: Mapping[str, object]) -> dict[str, object]:
    """What an answer says of an object's encryption: AES256, a key of KMS, or the customer's."""
    if _KEY_MD5 in attributes:
        return {_ALGORITHM: AES256, _KEY_MD5: attributes[_KEY_MD5]}
    if _SERVER_SIDE in attributes:
        return {name: attributes[name] for name in _KMS_MEMBERS if name in attributes}
    return {"ServerSideEncryption": AES256}


def cipher_at(key: bytes, nonce: bytes, first: int) -> Cipher:
    """A cipher that stands before byte `first` of a body. In counter mode both ways are one.

    NIST SP 800-38A §6.5.
    """
    from cryptography.hazmat.primitives.ciphers import Cipher as Aes
    from cryptography.hazmat.primitives.ciphers import algorithms, modes

    counter = (int.from_bytes(nonce, "big") + first // _BLOCK_BYTES) % _COUNTER_MAX
    mode = modes.CTR(counter.to_bytes(NONCE_BYTES, "big"))
    cipher = Aes(algorithms.AES256(key), mode).encryptor()
    cipher.update(bytes(first % _BLOCK_BYTES))
    return cipher


async def decrypted(
    pieces: AsyncGenerator[bytes, None], cipher: Cipher
) -> AsyncGenerator[bytes, None]:
    """The pieces of a body as they were before they were encrypted."""
    async with aclosing(pieces):
        async for piece in pieces:
            yield cipher.update(piece)
