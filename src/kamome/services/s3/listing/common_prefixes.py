"""One page of a listing: keys, and the common prefixes that a delimiter rolls them up into.

The walk asks for rows in key order and, having met a common prefix, goes on behind all keys under
it. So a page costs the same whether a prefix hides one key or a million.

AWS: S3 API Reference, ListObjectsV2; S3 User Guide, Organizing objects using prefixes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

import msgspec

from kamome.services.s3.objects.keys import successor

# Rows asked for at a time when there is a delimiter: one after a prefix was skipped (the next key
# most likely begins another prefix), then doubling while only plain keys come.
_ROWS_MAX = 256


class Keyed(Protocol):
    """Anything with a key."""

    @property
    def key(self) -> bytes:
        """The key."""


RowT = TypeVar("RowT", bound=Keyed)
# fetch(from, limit): rows with from <= key < the end of the prefix, in key order.
Fetch = Callable[[bytes, int], Sequence[RowT]]


class Page(msgspec.Struct, Generic[RowT]):
    """What one page lists, and where the next begins (None: this was the last)."""

    rows: list[RowT] = msgspec.field(default_factory=list)
    common_prefixes: list[bytes] = msgspec.field(default_factory=list)
    next_position: bytes | None = None

    @property
    def count(self) -> int:
        """Keys and common prefixes together, as `max-keys` counts them."""
        return len(self.rows) + len(self.common_prefixes)


class Listing(msgspec.Struct, frozen=True):
    """What is asked for.

    `start_at` is the first key looked at; common prefixes must be greater than `after`.
    """

    prefix: bytes
    delimiter: bytes
    start_at: bytes
    after: bytes
    items_max: int


def walk(fetch: Fetch[RowT], listing: Listing) -> Page[RowT]:
    """One page of at most `items_max` keys and common prefixes, in order.

    A common prefix that is not greater than `after` is left out, with all under it.

    AWS: S3 API Reference, ListObjectsV2, Delimiter, StartAfter.
    """
    page: Page[RowT] = Page()
    if listing.items_max == 0:
        return page
    position = max(listing.start_at, listing.prefix)
    rows_wanted = 1 if listing.delimiter else listing.items_max + 1
    while True:
        rows = fetch(position, rows_wanted)
        met_prefix = False
        for row in rows:
            if row.key < position:
                continue  # under a prefix that has been skipped
            common = common_prefix_of(row.key, listing.prefix, listing.delimiter)
            is_listed = common is None or common > listing.after
            if is_listed and page.count == listing.items_max:
                page.next_position = position
                return page
            if common is None:
                page.rows.append(row)
                position = row.key + b"\0"
                continue
            met_prefix = True
            position = successor(common)
            if is_listed:
                page.common_prefixes.append(common)
        if len(rows) < rows_wanted:
            return page
        rows_wanted = 1 if met_prefix else min(2 * rows_wanted, _ROWS_MAX)


def common_prefix_of(key: bytes, prefix: bytes, delimiter: bytes) -> bytes | None:
    """What a delimiter rolls a key up into, None where it stands for itself.

    AWS: S3 API Reference, ListObjectsV2, CommonPrefixes.
    """
    if not delimiter:
        return None
    at = key.find(delimiter, len(prefix))
    return None if at < 0 else key[: at + len(delimiter)]
