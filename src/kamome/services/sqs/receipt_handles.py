"""Receipt handles: opaque and unguessable, checked without a look at the store.

Base64 (no `-`, which a client library would cut at) of queue, message, receive count and a MAC
under a secret that is kept with the data, so a handle stays good over a restart. The MAC is keyed
BLAKE2b: 1 us, where the library's HMAC-SHA256 takes 4. RFC 7693 §2.9.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct

import msgspec

from kamome.services.sqs.errors import ReceiptHandleIsInvalid

_FIELDS = struct.Struct(">QQI")
_MAC_BYTES = 22  # 20 + 22 = 42 bytes: 56 characters of Base64 without padding


class Receipt(msgspec.Struct, frozen=True):
    """What a handle stands for: this message of this queue, as received the n-th time."""

    queue_id: int
    id: int
    receive_count: int


class ReceiptHandles:
    """Makes and reads handles under one secret."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def make(self, queue_id: int, message: int, receive_count: int) -> str:
        """The handle of one receive."""
        fields = _FIELDS.pack(queue_id, message, receive_count)
        mac = hashlib.blake2b(fields, digest_size=_MAC_BYTES, key=self._secret).digest()
        return binascii.b2a_base64(fields + mac, newline=False).decode()

    def read(self, handle: str) -> Receipt:
        """What the handle stands for.

        Raises:
            ReceiptHandleIsInvalid: we did not make it.
        """
        try:
            raw = base64.b64decode(handle, validate=True)
        except (binascii.Error, ValueError):
            raise ReceiptHandleIsInvalid(handle) from None
        fields, mac = raw[: _FIELDS.size], raw[_FIELDS.size :]
        expected = hashlib.blake2b(fields, digest_size=_MAC_BYTES, key=self._secret).digest()
        if len(raw) != _FIELDS.size + _MAC_BYTES or not hmac.compare_digest(mac, expected):
            raise ReceiptHandleIsInvalid(handle)
        return Receipt(*_FIELDS.unpack(fields))
