"""Byte ranges of GetObject and HeadObject.

AWS: S3 API Reference, GetObject, Range; RFC 9110 §14.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from kamome.services.s3.errors import InvalidArgument, InvalidPartNumber, InvalidRange
from kamome.services.s3.limits import PART_NUMBER_MAX

_ONE_RANGE = re.compile(r"bytes=[ \t]*(\d{0,19})[ \t]*-[ \t]*(\d{0,19})[ \t]*")


class ByteRange(msgspec.Struct, frozen=True):
    """Bytes `first` to `last`, both included, of an object of `size` bytes."""

    first: int
    last: int
    size: int

    @property
    def length(self) -> int:
        """How many bytes."""
        return self.last - self.first + 1

    @property
    def content_range(self) -> str:
        """The Content-Range header. RFC 9110 §14.4."""
        return f"bytes {self.first}-{self.last}/{self.size}"


def parse_range(header: str, size: int) -> ByteRange | None:
    """The range of a Range header; None where S3 ignores it and answers with the whole object.

    Ignored are headers of another form, several ranges at once and a last byte below the first.

    Raises:
        InvalidRange: the range begins behind the last byte, or asks for the last 0 bytes.

    AWS: S3 API Reference, GetObject, Range. RFC 9110 §14.2.
    """
    match = _ONE_RANGE.fullmatch(header.strip())
    if match is None:
        return None
    first_text, last_text = match.groups()
    if not first_text:
        return _suffix(header, last_text, size)
    first = int(first_text)
    last = int(last_text) if last_text else size - 1
    if last_text and last < first:
        return None
    if first >= size:
        raise InvalidRange(header, size)
    return ByteRange(first, min(last, size - 1), size)


def part_range(part_number: int, size: int, part_sizes: Sequence[int]) -> ByteRange | None:
    """The range of a part of an object of `size` bytes; one put in one piece is its own part 1.

    None for an empty object, whose bytes no Content-Range can name.

    Raises:
        InvalidArgument: the number is not 1 to 10,000.
        InvalidPartNumber: the object has fewer parts.

    AWS: S3 API Reference, GetObject, partNumber.
    """
    if not 1 <= part_number <= PART_NUMBER_MAX:
        raise InvalidArgument(
            f"Part number must be an integer between 1 and {PART_NUMBER_MAX}, inclusive",
            "partNumber",
            part_number,
        )
    if part_number > len(part_sizes):
        raise InvalidPartNumber(part_number, len(part_sizes))
    first = sum(part_sizes[: part_number - 1])
    length = part_sizes[part_number - 1]
    return ByteRange(first, first + length - 1, size) if length else None


def _suffix(header: str, length_text: str, size: int) -> ByteRange | None:
    if not length_text:
        return None
    length = int(length_text)
    if length == 0 or size == 0:
        raise InvalidRange(header, size)
    return ByteRange(max(0, size - length), size - 1, size)
