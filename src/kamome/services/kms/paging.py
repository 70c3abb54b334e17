"""Markers of lists: opaque to callers, holding the last item of the page before.

AWS: KMS API Reference, ListKeys (Marker, NextMarker, Truncated).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from kamome.services.kms.errors import InvalidMarkerException

T = TypeVar("T")


def position(request: Mapping[str, object]) -> str:
    """After which item a list goes on; empty at its beginning.

    Raises:
        InvalidMarkerException: the marker is not one that `page` gave out.

    AWS: KMS API Reference, ListKeys (Marker).
    """
    marker = request.get("Marker", "")
    assert isinstance(marker, str)
    try:
        return base64.b64decode(marker.encode("ascii"), altchars=b"-_", validate=True).decode()
    except (UnicodeError, binascii.Error):
        raise InvalidMarkerException("The marker is not valid.") from None


def size(request: Mapping[str, object], default: int, maximum: int = 1000) -> int:
    """How many items a page has at most.

    AWS: KMS API Reference, ListKeys (Limit).
    """
    limit = request.get("Limit", default)
    assert isinstance(limit, int)
    return min(limit, maximum)


def page(
    name: str,
    found: Sequence[T],
    limit: int,
    last: Callable[[T], str],
    shown: Callable[[T], object],
) -> dict[str, object]:
    """A page of a list, of items found with one more than the limit asked for.

    AWS: KMS API Reference, ListKeys (NextMarker, Truncated).
    """
    result: dict[str, object] = {
        name: [shown(item) for item in found[:limit]],
        "Truncated": len(found) > limit,
    }
    if len(found) > limit:
        marker = base64.urlsafe_b64encode(last(found[limit - 1]).encode())
        result["NextMarker"] = marker.decode()
    return result
