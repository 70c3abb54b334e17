"""SQL of versions: what is not the current object of its key.

`s3_object` holds the current object of a key, `s3_version` its older versions and its delete
markers. The newest of a key is the current object, or, where there is none, a delete marker.
"""

from __future__ import annotations

from typing import cast

import msgspec
import orjson

from kamome.services.s3.objects.object_rows import StoredObject, object_of, object_row
from kamome.storage.engine import Engine, Row

INSERT_VERSION = """
INSERT INTO s3_version (bucket_id, is_delete_marker, noncurrent_at_ms, key, body_id, size, etag,
  last_modified_ms, storage_class, checksum_algorithm, checksum, tagging, attributes, version_id,
  rank, checksum_type, part_count)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
# Index s3_version_id.
SELECT_VERSION = """
SELECT key, body_id, size, etag, last_modified_ms, storage_class, checksum_algorithm, checksum,
  tagging, attributes, version_id, rank, checksum_type, part_count, is_delete_marker,
  noncurrent_at_ms
FROM s3_version WHERE bucket_id = ? AND key = ? AND version_id = ?
"""
# Primary key, the first of the key.
SELECT_NEWEST = """
SELECT key, body_id, size, etag, last_modified_ms, storage_class, checksum_algorithm, checksum,
  tagging, attributes, version_id, rank, checksum_type, part_count, is_delete_marker,
  noncurrent_at_ms
FROM s3_version WHERE bucket_id = ? AND key = ? ORDER BY rank LIMIT 1
"""
# Both by index s3_version_id.
DELETE_VERSION = "DELETE FROM s3_version WHERE bucket_id = ? AND key = ? AND version_id = ?"
UPDATE_VERSION = """
UPDATE s3_version SET tagging = ?, attributes = ?
WHERE bucket_id = ? AND key = ? AND version_id = ?
"""
# Primary keys of both tables, each in order; merged, nothing is sorted, LIMIT ends it.
SELECT_LISTED = """
SELECT * FROM (
  SELECT key, body_id, size, etag, last_modified_ms, storage_class, checksum_algorithm, checksum,
    tagging, attributes, version_id, rank, checksum_type, part_count, 0 AS is_delete_marker,
    0 AS noncurrent_at_ms
  FROM s3_object WHERE bucket_id = ? AND key >= ? AND key < ?
  UNION ALL
  SELECT key, body_id, size, etag, last_modified_ms, storage_class, checksum_algorithm, checksum,
    tagging, attributes, version_id, rank, checksum_type, part_count, is_delete_marker,
    noncurrent_at_ms
  FROM s3_version WHERE bucket_id = ? AND (key, rank) >= (?, ?) AND key < ?
) ORDER BY key, rank LIMIT ?
"""
# Primary key, the first of the bucket.
SELECT_ANY_VERSION = "SELECT 1 FROM s3_version WHERE bucket_id = ? LIMIT 1"


class StoredVersion(msgspec.Struct, frozen=True):
    """A version or delete marker; `noncurrent_at_ms` is 0 for the current object."""

    object: StoredObject
    is_delete_marker: bool
    noncurrent_at_ms: int

    @property
    def key(self) -> bytes:
        """The key."""
        return self.object.key


class VersionStore:
    """The table of versions."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, bucket_id: str, version: StoredVersion) -> None:
        """Keep a version that is not the current object; part of a step."""
        self._engine.write(
            INSERT_VERSION,
            (
                bucket_id,
                version.is_delete_marker,
                version.noncurrent_at_ms,
                *object_row(version.object),
            ),
        )

    def find(self, bucket_id: str, key: bytes, version_id: str) -> StoredVersion | None:
        """The version of that id, if it is not the current object."""
        row = self._engine.one(SELECT_VERSION, (bucket_id, key, version_id))
        return None if row is None else _version(row)

    def newest(self, bucket_id: str, key: bytes) -> StoredVersion | None:
        """The newest of what is not the current object."""
        row = self._engine.one(SELECT_NEWEST, (bucket_id, key))
        return None if row is None else _version(row)

    def remove(self, bucket_id: str, key: bytes, version_id: str) -> None:
        """Forget a version; part of a step."""
        self._engine.write(DELETE_VERSION, (bucket_id, key, version_id))

    def update(self, bucket_id: str, stored: StoredObject) -> None:
        """Keep the tags and attributes of a version."""
        self._engine.write(
            UPDATE_VERSION,
            (
                stored.tagging,
                orjson.dumps(stored.attributes),
                bucket_id,
                stored.key,
                stored.version_id,
            ),
        )

    def listed(
        self, bucket_id: str, start: tuple[bytes, int], end: bytes, limit: int
    ) -> list[StoredVersion]:
        """At most `limit` versions from (key, rank) on, by key, newest first, current ones too."""
        key, rank = start
        rows = self._engine.all(
            SELECT_LISTED, (bucket_id, key, end, bucket_id, key, rank, end, limit + 1)
        )
        found = (_version(row) for row in rows)
        # The current object of the first key is the newest; it may lie before `rank`.
        return [each for each in found if (each.key, each.object.rank) >= start][:limit]

    def is_empty(self, bucket_id: str) -> bool:
        """Whether a bucket has no older version and no delete marker."""
        return self._engine.one(SELECT_ANY_VERSION, (bucket_id,)) is None


def _version(row: Row) -> StoredVersion:
    is_delete_marker, noncurrent_at_ms = cast("tuple[int, int]", row[14:])
    return StoredVersion(object_of(row[:14]), bool(is_delete_marker), noncurrent_at_ms)
