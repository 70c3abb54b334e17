"""SQL of multipart uploads under way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import msgspec
import orjson

from kamome.storage.engine import Engine, Row

INSERT_UPLOAD = """
INSERT INTO s3_upload (bucket_id, key, upload_id, initiated_at_ms, storage_class,
  checksum_algorithm, checksum_type, tagging, attributes)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
# By primary key, as are the deletions.
SELECT_UPLOAD = """
SELECT key, upload_id, initiated_at_ms, storage_class, checksum_algorithm, checksum_type, tagging,
  attributes FROM s3_upload WHERE bucket_id = ? AND key = ? AND upload_id = ?
"""
# Primary key as a range; nothing is sorted, LIMIT ends it.
SELECT_UPLOADS = """
SELECT key, upload_id, initiated_at_ms, storage_class, checksum_algorithm, checksum_type, tagging,
  attributes FROM s3_upload WHERE bucket_id = ? AND (key, upload_id) > (?, ?) AND key < ?
ORDER BY key, upload_id LIMIT ?
"""
DELETE_UPLOAD = "DELETE FROM s3_upload WHERE bucket_id = ? AND key = ? AND upload_id = ?"
# By primary key: a part put again replaces the former.
UPSERT_PART = """
INSERT INTO s3_part (upload_id, part_number, body_id, size, etag, checksum, last_modified_ms)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (upload_id, part_number) DO UPDATE SET body_id = excluded.body_id,
  size = excluded.size, etag = excluded.etag, checksum = excluded.checksum,
  last_modified_ms = excluded.last_modified_ms
"""
# Primary key, one row or a range.
SELECT_PART = """
SELECT part_number, body_id, size, etag, checksum, last_modified_ms FROM s3_part
WHERE upload_id = ? AND part_number = ?
"""
SELECT_PARTS = """
SELECT part_number, body_id, size, etag, checksum, last_modified_ms FROM s3_part
WHERE upload_id = ? AND part_number > ? ORDER BY part_number LIMIT ?
"""
DELETE_PARTS = "DELETE FROM s3_part WHERE upload_id = ?"


class StoredUpload(msgspec.Struct, frozen=True):
    """An upload under way: what the object will be given besides its bytes."""

    key: bytes
    upload_id: str
    initiated_at_ms: int
    storage_class: str
    checksum_algorithm: str
    checksum_type: str
    tagging: str
    attributes: Mapping[str, object]


class StoredPart(msgspec.Struct, frozen=True):
    """A part that has arrived. `etag` is hex without quotes, `checksum` base64 or empty."""

    part_number: int
    body_id: str
    size: int
    etag: str
    checksum: str
    last_modified_ms: int


class UploadStore:
    """The tables of uploads and parts."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, bucket_id: str, upload: StoredUpload) -> None:
        """Begin an upload."""
        self._engine.write(
            INSERT_UPLOAD,
            (
                bucket_id,
                upload.key,
                upload.upload_id,
                upload.initiated_at_ms,
                upload.storage_class,
                upload.checksum_algorithm,
                upload.checksum_type,
                upload.tagging,
                orjson.dumps(upload.attributes),
            ),
        )

    def find(self, bucket_id: str, key: bytes, upload_id: str) -> StoredUpload | None:
        """The upload of that id to that key."""
        row = self._engine.one(SELECT_UPLOAD, (bucket_id, key, upload_id))
        return None if row is None else _upload(row)

    def listed(
        self, bucket_id: str, after: tuple[bytes, str], end: bytes, limit: int
    ) -> list[StoredUpload]:
        """At most `limit` uploads behind (key, upload id) and with keys below `end`, in order."""
        rows = self._engine.all(SELECT_UPLOADS, (bucket_id, *after, end, limit))
        return [_upload(row) for row in rows]

    def remove(self, bucket_id: str, key: bytes, upload_id: str) -> None:
        """End an upload and forget its parts' rows (not their bodies); part of a step."""
        self._engine.write(DELETE_UPLOAD, (bucket_id, key, upload_id))
        self._engine.write(DELETE_PARTS, (upload_id,))

    def put_part(self, upload_id: str, part: StoredPart) -> None:
        """Keep a part; part of a step."""
        self._engine.write(
            UPSERT_PART,
            (
                upload_id,
                part.part_number,
                part.body_id,
                part.size,
                part.etag,
                part.checksum,
                part.last_modified_ms,
            ),
        )

    def part(self, upload_id: str, part_number: int) -> StoredPart | None:
        """The part of that number."""
        row = self._engine.one(SELECT_PART, (upload_id, part_number))
        return None if row is None else _part(row)

    def parts(self, upload_id: str, after: int, limit: int) -> list[StoredPart]:
        """At most `limit` parts with numbers above `after`, in order."""
        return [_part(row) for row in self._engine.all(SELECT_PARTS, (upload_id, after, limit))]


def _upload(row: Row) -> StoredUpload:
    return StoredUpload(
        *cast("tuple[bytes, str, int, str, str, str, str]", row[:7]),
        orjson.loads(cast("bytes", row[7])),
    )


def _part(row: Row) -> StoredPart:
    return StoredPart(*cast("tuple[int, str, int, str, str, int]", row))
