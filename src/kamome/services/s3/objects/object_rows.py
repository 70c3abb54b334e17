"""An object's or version's columns, which both tables have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import msgspec
import orjson

from kamome.storage.engine import Row, Value

# What lies in a bucket without versions has this version id.
NULL_VERSION = "null"


class StoredObject(msgspec.Struct, frozen=True):
    """An object's row: all but its bytes. `checksum` is base64, `etag` hex without quotes."""

    key: bytes
    body_id: str
    size: int
    etag: str
    last_modified_ms: int
    storage_class: str
    checksum_algorithm: str
    checksum: str
    tagging: str
    attributes: Mapping[str, object]
    version_id: str = NULL_VERSION
    rank: int = 0
    checksum_type: str = "FULL_OBJECT"
    part_count: int = 0

    @property
    def last_modified_s(self) -> int:
        """Epoch seconds: S3 shows and compares no fractions."""
        return self.last_modified_ms // 1000


def object_row(stored: StoredObject) -> tuple[Value, ...]:
    """The columns of an object or version, from `key` to `part_count`."""
    return (
        stored.key,
        stored.body_id,
        stored.size,
        stored.etag,
        stored.last_modified_ms,
        stored.storage_class,
        stored.checksum_algorithm,
        stored.checksum,
        stored.tagging,
        orjson.dumps(stored.attributes),
        stored.version_id,
        stored.rank,
        stored.checksum_type,
        stored.part_count,
    )


def object_of(row: Row) -> StoredObject:
    """An object or version from the columns of `object_row`. Tables are STRICT: types hold."""
    before, attributes, behind = row[:9], row[9], row[10:]
    return StoredObject(
        *cast("tuple[bytes, str, int, str, int, str, str, str, str]", before),
        orjson.loads(cast("bytes", attributes)),
        *cast("tuple[str, int, str, int]", behind),
    )
