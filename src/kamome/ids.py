"""Ids and randomness, injected: the only place that asks the system for random bytes."""

from __future__ import annotations

import os
from collections.abc import Callable
from random import Random

# One system call fetches this many bytes; a UUID takes 16, so 256 ids share a call.
_POOL_BYTES = 4096
_REQUESTS_PER_PREFIX = 1 << 32
# The first digit of a UUID's fourth group holds two bits of its variant, 10, and two random ones.
_VARIANTS = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


class Ids:
    """Unguessable ids. Give `source` a seeded function in tests (`seeded_ids`)."""

    def __init__(self, source: Callable[[int], bytes] = os.urandom) -> None:
        self._source = source
        self._pool = b""
        self._used = 0
        self._digits = ""
        self._digits_used = 0
        self._request_prefix = ""
        self._requests = 0

    def bytes(self, count: int) -> bytes:
        """`count` random bytes."""
        if count > _POOL_BYTES:
            return self._source(count)
        if self._used + count > len(self._pool):
            self._pool = self._source(_POOL_BYTES)
            self._used = 0
        taken = self._pool[self._used : self._used + count]
        self._used += count
        return taken

    def hex(self, digits: int) -> str:
        """`digits` random hexadecimal digits."""
        return self.bytes((digits + 1) // 2).hex()[:digits]

    def uuid(self) -> str:
        """A version 4 UUID in its usual form. RFC 9562 §5.4."""
        at = self._digits_used
        if at >= len(self._digits):
            self._digits = self._source(_POOL_BYTES).hex()
            at = 0
        self._digits_used = at + 32
        h = self._digits[at : at + 32]
        return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-{_VARIANTS[h[16]]}{h[17:20]}-{h[20:]}"

    def request_id(self) -> str:
        """An id for a request, in the form of a UUID: unlike all others, not unguessable.

        It names a line of a log, and is made for each request: the counter at its end takes a
        tenth of the time of new random digits. RFC 9562 §5.4, §6.9.
        """
        self._requests += 1
        if self._requests % _REQUESTS_PER_PREFIX == 0 or not self._request_prefix:
            self._request_prefix = self.uuid()[:28]
        return f"{self._request_prefix}{self._requests % _REQUESTS_PER_PREFIX:08x}"

    def trace(self, now_ms: int) -> str:
        """A new trace header value, `Root=1-<8 hex of epoch seconds>-<24 hex>`.

        AWS: X-Ray Developer Guide, Tracing header.
        """
        return f"Root=1-{now_ms // 1000:08x}-{self.hex(24)}"

    def fraction(self) -> float:
        """A number from 0 up to 1, for jitter and sampling."""
        return int.from_bytes(self.bytes(7), "big") / (1 << 56)


def seeded_ids(seed: int) -> Ids:
    """Ids that repeat for the same seed. For tests only: they can be guessed."""
    return Ids(Random(seed).randbytes)  # noqa: S311 - repeatable on purpose
