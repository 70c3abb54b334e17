"""Messages of `application/vnd.amazon.eventstream`, as InvokeWithResponseStream answers. Pure.

AWS: Amazon Transcribe Developer Guide, Event stream encoding; Smithy, Amazon Event Stream.
"""

from __future__ import annotations

import struct
import zlib

CONTENT_TYPE = "application/vnd.amazon.eventstream"
_STRING = 7
_CRC_BYTES = 4
_PRELUDE_BYTES = 12


def event(kind: str, content_type: str, payload: bytes) -> bytes:
    """One event: a prelude with its checksum, headers, the payload, and a checksum of it all."""
    headers = b"".join(
        _header(name, value)
        for name, value in (
            (":event-type", kind),
            (":content-type", content_type),
            (":message-type", "event"),
        )
    )
    total = _PRELUDE_BYTES + len(headers) + len(payload) + _CRC_BYTES
    prelude = struct.pack(">II", total, len(headers))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + payload
    return message + struct.pack(">I", zlib.crc32(message))


def _header(name: str, value: str) -> bytes:
    encoded = value.encode()
    return bytes([len(name)]) + name.encode() + struct.pack(">BH", _STRING, len(encoded)) + encoded
