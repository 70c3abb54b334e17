"""Primary keys: which attributes they are, when one is valid, and the bytes they are stored under.

`partition_key` is four bytes of placement (a hash of the partition key's value, as DynamoDB places
items by such a hash) and then the value's bytes; `sort_key` is the sort key's bytes, or empty in a
table without one. Both order in the store as DynamoDB orders: strings and binaries by bytes,
numbers by value.

AWS: DynamoDB Developer Guide, Core components, Primary key; Partitions and data distribution.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

from kamome.services.dynamodb import numbers
from kamome.services.dynamodb.attribute_values import Item, type_of
from kamome.services.dynamodb.errors import ValidationException
from kamome.services.dynamodb.limits import HASH_KEY_BYTES_MAX, RANGE_KEY_BYTES_MAX

if TYPE_CHECKING:
    from kamome.services.dynamodb.shapes import AttributeValue

PLACEMENT_BYTES = 4
_PLACEMENTS = 1 << (8 * PLACEMENT_BYTES)
# Above every partition key and every sort key.
PARTITION_KEY_END = b"\xff" * (PLACEMENT_BYTES + HASH_KEY_BYTES_MAX + 1)
SORT_KEY_END = b"\xff" * (RANGE_KEY_BYTES_MAX + 1)

_MISMATCH = "The provided key element does not match the schema"
_INVALID = "One or more parameter values were invalid: "


class KeyAttribute(NamedTuple):
    """A key attribute: its name and type (S, N or B)."""

    name: str
    type: str


class KeySchema(NamedTuple):
    """The primary key of a table: HASH, or HASH and RANGE."""

    hash: KeyAttribute
    range: KeyAttribute | None = None

    @property
    def attributes(self) -> tuple[KeyAttribute, ...]:
        """The key attributes, HASH first."""
        return (self.hash,) if self.range is None else (self.hash, self.range)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the key attributes, HASH first."""
        return tuple(attribute.name for attribute in self.attributes)


class StoredKey(NamedTuple):
    """A primary key as the store knows it."""

    partition_key: bytes
    sort_key: bytes


def key_of(schema: KeySchema, key: Mapping[str, AttributeValue]) -> StoredKey:
    """The stored form of a request's `Key`.

    Raises:
        ValidationException: not exactly the key attributes, wrong types, empty or too long.

    AWS: DynamoDB API Reference, GetItem, Key.
    """
    if len(key) != len(schema.attributes):
        raise ValidationException(_MISMATCH)
    for attribute in schema.attributes:
        value = key.get(attribute.name)
        if value is None or type_of(value) != attribute.type:
            raise ValidationException(_MISMATCH)
    return _stored(schema, key)


def key_of_item(schema: KeySchema, item: Mapping[str, AttributeValue]) -> StoredKey:
    """The stored form of an item's key.

    Raises:
        ValidationException: a key attribute is missing, of the wrong type, empty or too long.

    AWS: DynamoDB API Reference, PutItem, Item.
    """
    for attribute in schema.attributes:
        value = item.get(attribute.name)
        if value is None:
            raise ValidationException(f"{_INVALID}Missing the key {attribute.name} in the item")
        if type_of(value) != attribute.type:
            raise ValidationException(
                f"{_INVALID}Type mismatch for key {attribute.name} expected: {attribute.type}"
                f" actual: {type_of(value)}"
            )
    return _stored(schema, item)


def _stored(schema: KeySchema, values: Mapping[str, AttributeValue]) -> StoredKey:
    hash_value = values[schema.hash.name]
    refuse_empty(schema.hash.name, hash_value)
    if schema.range is None:
        return StoredKey(partition_key(hash_value), b"")
    range_value = values[schema.range.name]
    refuse_empty(schema.range.name, range_value)
    return StoredKey(partition_key(hash_value), sort_key(range_value))


def refuse_empty(name: str, value: AttributeValue) -> None:
    """A key's string or binary value has at least one byte.

    Raises:
        ValidationException: the value is empty.

    AWS: DynamoDB Developer Guide, Constraints, Partition keys and sort keys.
    """
    if ("S" in value and not value["S"]) or ("B" in value and not value["B"]):
        word = "string" if "S" in value else "binary"
        raise ValidationException(
            "One or more parameter values are not valid. The AttributeValue for a key attribute"
            f" cannot contain an empty {word} value. Key: {name}"
        )


def partition_key(value: AttributeValue) -> bytes:
    """Placement and bytes of a partition key's value.

    Raises:
        ValidationException: the value has more than 2048 bytes.

    AWS: DynamoDB Developer Guide, Constraints, Partition keys and sort keys.
    """
    plain = _bytes_of(value)
    if len(plain) > HASH_KEY_BYTES_MAX:
        raise ValidationException(
            f"{_INVALID}Size of hashkey has exceeded the maximum size limit of2048 bytes"
        )
    return blake2b(plain, digest_size=PLACEMENT_BYTES).digest() + plain


def sort_key(value: AttributeValue) -> bytes:
    """Bytes of a sort key's value.

    Raises:
        ValidationException: the value has more than 1024 bytes.

    AWS: DynamoDB Developer Guide, Constraints, Partition keys and sort keys.
    """
    plain = _bytes_of(value)
    if len(plain) > RANGE_KEY_BYTES_MAX:
        raise ValidationException(
            f"{_INVALID}Aggregated size of all range keys has exceeded the size limit of 1024 bytes"
        )
    return plain


def _bytes_of(value: AttributeValue) -> bytes:
    if "S" in value:
        return value["S"].encode()
    if "N" in value:
        return numbers.sort_bytes(value["N"])
    return value["B"]


def key_attributes(schema: KeySchema, item: Mapping[str, AttributeValue]) -> Item:
    """The key attributes of an item, as LastEvaluatedKey shows them. AWS: Query."""
    return {name: item[name] for name in schema.names}


def segment_bounds(segment: int, total_segments: int) -> tuple[bytes, bytes]:
    """First placement of a scan's segment, and the end of the segment (exclusive).

    The segments of one total divide all placements among them.

    AWS: DynamoDB Developer Guide, Scanning tables, Parallel scan.
    """
    low = segment * _PLACEMENTS // total_segments
    high = (segment + 1) * _PLACEMENTS // total_segments
    end = PARTITION_KEY_END if high == _PLACEMENTS else high.to_bytes(PLACEMENT_BYTES, "big")
    return low.to_bytes(PLACEMENT_BYTES, "big"), end
