"""How much of a mail's own words its events and notifications tell.

Ours: AWS bounds the list of headers alone, at 10 KB. A mail whose notification did not fit a
message could never be worked, nor its sender told; so the common headers are bounded likewise, each
by what it takes as JSON.
"""

from __future__ import annotations

from collections.abc import Sequence

import orjson

# As for the list of headers. AWS: SES Developer Guide, Contents of notifications, headersTruncated.
TOLD_BYTES_MAX = 10 * 1024


def fitting(texts: Sequence[str]) -> list[str]:
    """The first ones that fit 10 KB of JSON together."""
    left = TOLD_BYTES_MAX
    for number, text in enumerate(texts):
        left -= _bytes(text) + 1
        if left < 0:
            return list(texts[:number])
    return list(texts)


def cut(text: str) -> str:
    """As much of the text as fits 10 KB of JSON."""
    while _bytes(text) > TOLD_BYTES_MAX:
        # A character takes twelve octets at most, so that the shortest cut fits.
        text = text[: max(TOLD_BYTES_MAX // 12 - 1, len(text) * 2 // 3)]
    return text


def _bytes(text: str) -> int:
    # Broken UTF-8 is shown with replacement characters, which take no less room.
    return len(orjson.dumps(text.encode("utf-8", "replace").decode()))
