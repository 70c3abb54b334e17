"""Items as bytes in the store: one byte for the form, then JSON of the attribute values.

`J` is JSON as it is; in `B` the values of B and BS are base64, which only items that hold binaries
need, so that the others are read without a walk through them.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import TYPE_CHECKING

import orjson

from kamome.services.dynamodb.attribute_values import Item

if TYPE_CHECKING:
    from kamome.services.dynamodb.shapes import AttributeValue

_PLAIN = b"J"
_WITH_BINARIES = b"B"


def encode(item: Mapping[str, AttributeValue]) -> bytes:
    """The item as it is stored."""
    has_binaries = False

    def as_base64(value: object) -> str:
        nonlocal has_binaries
        assert isinstance(value, bytes)
        has_binaries = True
        return b64encode(value).decode("ascii")

    body = orjson.dumps(item, default=as_base64)
    return (_WITH_BINARIES if has_binaries else _PLAIN) + body


def decode(stored: bytes) -> Item:
    """The item as it was written."""
    item: Item = orjson.loads(memoryview(stored)[1:])
    if stored[:1] == _WITH_BINARIES:
        for value in item.values():
            _restore(value)
    return item


def _restore(value: AttributeValue) -> None:
    if "B" in value:
        value["B"] = b64decode(value["B"])
    elif "BS" in value:
        value["BS"] = [b64decode(member) for member in value["BS"]]
    elif "M" in value:
        for element in value["M"].values():
            _restore(element)
    elif "L" in value:
        for element in value["L"]:
            _restore(element)
