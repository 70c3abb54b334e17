"""The body of a mail as DKIM hashes it, piece by piece, in linear time and little memory.

RFC 6376 §3.4.3 (simple), §3.4.4 (relaxed), §3.7.
"""

from __future__ import annotations

import hashlib


class BodyHash:
    """Takes the body in pieces of any size; `digest` ends it.

    `length` is the `l=` tag: how many octets of the canonical body are hashed; None is all of them.
    `size` counts those of the whole canonical body.
    """

    def __init__(self, *, is_relaxed: bool, algorithm: str, length: int | None = None) -> None:
        self._is_relaxed = is_relaxed
        self._hash = hashlib.new(algorithm)
        self._left = length
        self._tail = bytearray()  # after the last CRLF
        self._line_ends = 0  # CRLFs that are hashed only if something follows them
        self._digest = b""
        self.size = 0

    def feed(self, piece: bytes) -> None:
        """The next piece of the body."""
        # A CRLF may have been cut in two.
        start = max(0, len(self._tail) - 1)
        self._tail += piece
        end = self._tail.rfind(b"\r\n", start)
        if end >= 0:
            lines = bytes(self._tail[: end + 2])
            del self._tail[: end + 2]
            self._take(lines)

    def digest(self) -> bytes:
        """The hash of the canonical body. RFC 6376 §3.4: an empty one is CRLF, or nothing."""
        if not self._digest:
            if self._tail:
                self._take(bytes(self._tail) + b"\r\n")
                self._tail.clear()
            if self.size or not self._is_relaxed:
                self._hash_octets(b"\r\n")
            self._digest = self._hash.digest()
        return self._digest

    @property
    def is_short(self) -> bool:
        """Whether the body has fewer octets than `length` says, after `digest`."""
        return bool(self._left)

    def _take(self, lines: bytes) -> None:
        if self._is_relaxed:
            lines = _reduced(lines).replace(b" \r\n", b"\r\n")
        content = lines.rstrip(b"\r\n")
        # Only whole CRLFs at the end are empty lines; a bare CR or LF belongs to the content.
        while lines[len(content) :] != b"\r\n" * ((len(lines) - len(content)) // 2):
            content = lines[: len(content) + 1]
        if content:
            self._hash_octets(b"\r\n" * self._line_ends)
            self._hash_octets(content)
            self._line_ends = 0
        self._line_ends += (len(lines) - len(content)) // 2

    def _hash_octets(self, octets: bytes) -> None:
        self.size += len(octets)
        if self._left is not None:
            octets = octets[: self._left]
            self._left -= len(octets)
        self._hash.update(octets)


def _reduced(lines: bytes) -> bytes:
    """Runs of blanks as one space. Each pass halves them: a regular expression takes thirty times
    as long for an ordinary mail (8 and 259 us for 5 KB).
    """
    reduced = lines.replace(b"\t", b" ")
    while b"  " in reduced:
        reduced = reduced.replace(b"  ", b" ")
    return reduced
