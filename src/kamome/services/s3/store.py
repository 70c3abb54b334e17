"""All SQL of S3. Each method is one step, or part of the caller's `atomic()` step.

Buckets are found by partition and name; all else hangs on the bucket's id, so a bucket that is
deleted and created again shares nothing with the old one.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import cast

import msgspec
import orjson

from kamome.services.s3.buckets.setting_store import SettingStore
from kamome.services.s3.logging.log_store import LogStore
from kamome.services.s3.multipart.upload_store import UploadStore
from kamome.services.s3.notifications.notifications import Destination, as_stored, from_stored
from kamome.services.s3.objects.object_rows import StoredObject, object_of, object_row
from kamome.services.s3.objects.version_store import VersionStore
from kamome.storage.engine import Engine, Row

# No UTF-8 text has the byte 0xFF: this is above all keys.
ABOVE_ALL_KEYS = b"\xff"

_BUCKET_COLUMNS = 9
LIFECYCLE_KIND = "LifecycleConfiguration"
# Half a megabyte of rows in memory.
_BUCKETS_KNOWN_MAX = 1_024

INSERT_BUCKET = """
INSERT INTO s3_bucket (partition, name, bucket_id, account, region, created_at_ms, versioning,
  is_locking)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
INSERT_SEQUENCE = "INSERT INTO s3_sequence (bucket_id, last) VALUES (?, 0)"
# By primary key.
SELECT_BUCKET = """
SELECT partition, name, bucket_id, account, region, created_at_ms, versioning, is_locking,
  default_encryption,
  EXISTS (SELECT 1 FROM s3_notification n WHERE n.bucket_id = s3_bucket.bucket_id),
  (SELECT document FROM s3_setting s WHERE s.bucket_id = s3_bucket.bucket_id
    AND s.kind = 'LifecycleConfiguration' AND s.id = '')
FROM s3_bucket
WHERE partition = ? AND name = ?
"""
# Index s3_bucket_owner, as a range of names.
SELECT_BUCKETS = """
SELECT partition, name, bucket_id, account, region, created_at_ms, versioning, is_locking,
  default_encryption
FROM s3_bucket
WHERE partition = ? AND account = ? AND name >= ? AND name < ? ORDER BY name LIMIT ?
"""
# The same range, where only the buckets of one region count; an account has at most 10,000.
SELECT_BUCKETS_IN_REGION = """
SELECT partition, name, bucket_id, account, region, created_at_ms, versioning, is_locking,
  default_encryption
FROM s3_bucket
WHERE partition = ? AND account = ? AND name >= ? AND name < ? AND region = ?
ORDER BY name LIMIT ?
"""
# Primary key as a range.
SELECT_ALL_BUCKETS = """
SELECT partition, name, bucket_id, account, region, created_at_ms, versioning, is_locking,
  default_encryption
FROM s3_bucket WHERE (partition, name) > (?, ?) ORDER BY partition, name LIMIT ?
"""
# Index s3_bucket_owner, covering.
COUNT_BUCKETS = "SELECT count(*) FROM s3_bucket WHERE partition = ? AND account = ?"
# All by primary key.
DELETE_BUCKET = "DELETE FROM s3_bucket WHERE partition = ? AND name = ?"
DELETE_SEQUENCE = "DELETE FROM s3_sequence WHERE bucket_id = ?"
DELETE_NOTIFICATION = "DELETE FROM s3_notification WHERE bucket_id = ?"
SELECT_NOTIFICATION = "SELECT destinations FROM s3_notification WHERE bucket_id = ?"
UPSERT_NOTIFICATION = """
INSERT INTO s3_notification (bucket_id, destinations) VALUES (?, ?)
ON CONFLICT (bucket_id) DO UPDATE SET destinations = excluded.destinations
"""
# By primary key. Never less than time, so that it grows even over a bucket made anew.
NEXT_SEQUENCE = """
UPDATE s3_sequence SET last = CASE WHEN last >= ? THEN last + 1 ELSE ? END
WHERE bucket_id = ? RETURNING last
"""
# By primary key.
UPDATE_BUCKET = """
UPDATE s3_bucket SET versioning = ?, is_locking = ?, default_encryption = ?
WHERE partition = ? AND name = ?
"""
# By primary key.
SELECT_OBJECT = """
SELECT key, body_id, size, etag, last_modified_ms, storage_class, checksum_algorithm, checksum,
  tagging, attributes, version_id, rank, checksum_type, part_count
FROM s3_object WHERE bucket_id = ? AND key = ?
"""
# By primary key.
SELECT_OBJECT_BODY = """
SELECT body_id, part_count FROM s3_object WHERE bucket_id = ? AND key = ?
"""
# By primary key: the statement is one step, so of two writers the later simply replaces.
UPSERT_OBJECT = """
INSERT INTO s3_object (bucket_id, key, body_id, size, etag, last_modified_ms, storage_class,
  checksum_algorithm, checksum, tagging, attributes, version_id, rank, checksum_type, part_count)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (bucket_id, key) DO UPDATE SET body_id = excluded.body_id, size = excluded.size,
  etag = excluded.etag, last_modified_ms = excluded.last_modified_ms,
  storage_class = excluded.storage_class, checksum_algorithm = excluded.checksum_algorithm,
  checksum = excluded.checksum, tagging = excluded.tagging, attributes = excluded.attributes,
  version_id = excluded.version_id, rank = excluded.rank,
  checksum_type = excluded.checksum_type, part_count = excluded.part_count
"""
DELETE_OBJECT = "DELETE FROM s3_object WHERE bucket_id = ? AND key = ?"
# Primary key as a range; nothing is sorted, LIMIT ends it.
SELECT_LISTED = """
SELECT key, size, etag, last_modified_ms, storage_class, checksum_algorithm, checksum_type
FROM s3_object
WHERE bucket_id = ? AND key >= ? AND key < ? ORDER BY key LIMIT ?
"""
# Primary key, the first of the bucket.
SELECT_ANY_OBJECT = "SELECT 1 FROM s3_object WHERE bucket_id = ? LIMIT 1"
INSERT_BODY = """
INSERT INTO s3_body (body_id, content, blob_id, crcs, nonce) VALUES (?, ?, ?, ?, ?)
"""
# Both by primary key, the body's from the object's row: a key that has small bytes in one piece.
REPLACE_CONTENT_OF_KEY = """
UPDATE s3_body SET content = ?, crcs = ?, nonce = ?
WHERE blob_id IS NULL AND body_id =
  (SELECT body_id FROM s3_object WHERE bucket_id = ? AND key = ? AND part_count = 0)
"""
# By primary key. The row keeps its body.
UPDATE_OBJECT = """
UPDATE s3_object SET size = ?, etag = ?, last_modified_ms = ?, storage_class = ?,
  checksum_algorithm = ?, checksum = ?, tagging = ?, attributes = ?, version_id = ?, rank = ?,
  checksum_type = ?, part_count = ?
WHERE bucket_id = ? AND key = ?
"""
# By primary key.
INSERT_OBJECT = """
INSERT INTO s3_object (bucket_id, key, body_id, size, etag, last_modified_ms, storage_class,
  checksum_algorithm, checksum, tagging, attributes, version_id, rank, checksum_type, part_count)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (bucket_id, key) DO NOTHING
"""
# Both by primary key.
SELECT_BODY = "SELECT content, blob_id, crcs, nonce FROM s3_body WHERE body_id = ?"
DELETE_BODY = "DELETE FROM s3_body WHERE body_id = ? RETURNING blob_id"
# All by primary key, or a range of it.
INSERT_BODY_PART = """
INSERT INTO s3_body_part (body_id, part_number, first, size, part_body_id, checksum)
VALUES (?, ?, ?, ?, ?, ?)
"""
SELECT_BODY_PARTS = """
SELECT part_number, first, size, part_body_id, checksum FROM s3_body_part
WHERE body_id = ? AND part_number > ? ORDER BY part_number LIMIT ?
"""
DELETE_BODY_PARTS = "DELETE FROM s3_body_part WHERE body_id = ? RETURNING part_body_id"


class Bucket(msgspec.Struct, frozen=True):
    """A bucket's row; `lifecycle` is its lifecycle configuration, as JSON, or empty."""

    partition: str
    name: str
    bucket_id: str
    account: str
    region: str
    created_at_ms: int
    versioning: str = ""
    is_locking: bool = False
    default_encryption: str = ""
    has_destinations: bool = True
    lifecycle: bytes = b""


class ListedObject(msgspec.Struct, frozen=True):
    """What a listing shows of an object."""

    key: bytes
    size: int
    etag: str
    last_modified_ms: int
    storage_class: str
    checksum_algorithm: str
    checksum_type: str


class BodyPart(msgspec.Struct, frozen=True):
    """A part of a body: its first byte within the whole, and the body that has its bytes."""

    part_number: int
    first: int
    size: int
    body_id: str
    checksum: str


class StoredBody(msgspec.Struct, frozen=True):
    """The bytes of an object, or the file that has them, and a CRC-32C (4 bytes) of each block."""

    content: bytes | None
    blob_id: str | None
    crcs: bytes
    nonce: bytes = b""


class S3Store:
    """Tables of S3 in one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        # Every request asks for its bucket. Forgotten with each change of one, and each rollback.
        self._buckets: dict[tuple[str, str], Bucket] = {}
        engine.on_rollback(self._buckets.clear)
        self.versions = VersionStore(engine)
        self.uploads = UploadStore(engine)
        self.settings = SettingStore(engine)
        self.logs = LogStore(engine)

    def when_undone(self, callback: Callable[[], None]) -> None:
        """Call back whenever statements are undone."""
        self._engine.on_rollback(callback)

    def atomic(self) -> contextlib.AbstractContextManager[None]:
        """All statements of the block, or none. Never await inside."""
        return self._engine.atomic()

    # ------------------------------------------------------------------ buckets

    def bucket(self, partition: str, name: str) -> Bucket | None:
        """The bucket of that name."""
        found = self._buckets.get((partition, name))
        if found is None:
            row = self._engine.one(SELECT_BUCKET, (partition, name))
            if row is None:
                return None
            if len(self._buckets) >= _BUCKETS_KNOWN_MAX:
                self._buckets.clear()
            found = self._buckets[partition, name] = _bucket(row)
        return found

    def add_bucket(self, bucket: Bucket) -> None:
        """Create a bucket; the caller has seen in the same step that the name is free."""
        self._buckets.clear()
        self._engine.write(
            INSERT_BUCKET,
            (
                bucket.partition,
                bucket.name,
                bucket.bucket_id,
                bucket.account,
                bucket.region,
                bucket.created_at_ms,
                bucket.versioning,
                bucket.is_locking,
            ),
        )
        self._engine.write(INSERT_SEQUENCE, (bucket.bucket_id,))

    def update_bucket(self, bucket: Bucket) -> None:
        """Keep the versioning state of a bucket, its encryption, and whether it locks objects."""
        self._buckets.clear()
        self._engine.write(
            UPDATE_BUCKET,
            (
                bucket.versioning,
                bucket.is_locking,
                bucket.default_encryption,
                bucket.partition,
                bucket.name,
            ),
        )

    def put_lifecycle(self, bucket: Bucket, document: Mapping[str, object] | None) -> None:
        """Keep the lifecycle configuration of a bucket, or forget it; part of a step."""
        self._buckets.clear()
        if document is None:
            self.settings.remove(bucket.bucket_id, LIFECYCLE_KIND)
        else:
            self.settings.put(bucket.bucket_id, LIFECYCLE_KIND, document)

    def remove_bucket(self, bucket: Bucket) -> None:
        """Delete an empty bucket and its notification configuration; part of a step."""
        self._buckets.clear()
        self._engine.write(DELETE_BUCKET, (bucket.partition, bucket.name))
        self._engine.write(DELETE_SEQUENCE, (bucket.bucket_id,))
        self._engine.write(DELETE_NOTIFICATION, (bucket.bucket_id,))
        self.settings.remove_all(bucket.bucket_id)
        self.logs.remove_all(bucket.bucket_id)

    def count_buckets(self, partition: str, account: str) -> int:
        """How many buckets an account has."""
        row = self._engine.one(COUNT_BUCKETS, (partition, account))
        assert row is not None
        assert isinstance(row[0], int)
        return row[0]

    def buckets(
        self, partition: str, account: str, names: tuple[str, str], region: str | None, limit: int
    ) -> list[Bucket]:
        """At most `limit` buckets with names from the first up to below the second, in order."""
        if region is None:
            rows = self._engine.all(SELECT_BUCKETS, (partition, account, *names, limit))
        else:
            rows = self._engine.all(
                SELECT_BUCKETS_IN_REGION, (partition, account, *names, region, limit)
            )
        return [_bucket(row) for row in rows]

    def all_buckets(self, after: tuple[str, str], limit: int) -> list[Bucket]:
        """At most `limit` buckets of all accounts, behind a partition and name, in order."""
        return [_bucket(row) for row in self._engine.all(SELECT_ALL_BUCKETS, (*after, limit))]

    def is_empty(self, bucket_id: str) -> bool:
        """Whether a bucket has no object, no older version and no delete marker."""
        has_object = self._engine.one(SELECT_ANY_OBJECT, (bucket_id,)) is not None
        return not has_object and self.versions.is_empty(bucket_id)

    # ------------------------------------------------------------------ notifications

    def destinations(self, bucket_id: str) -> list[Destination]:
        """Where the events of a bucket go."""
        row = self._engine.one(SELECT_NOTIFICATION, (bucket_id,))
        if row is None:
            return []
        assert isinstance(row[0], bytes)
        return [from_stored(members) for members in orjson.loads(row[0])]

    def replace_destinations(self, bucket_id: str, destinations: Sequence[Destination]) -> None:
        """Forget the old configuration, keep the new one."""
        self._buckets.clear()
        if not destinations:
            self._engine.write(DELETE_NOTIFICATION, (bucket_id,))
            return
        content = orjson.dumps([as_stored(destination) for destination in destinations])
        self._engine.write(UPSERT_NOTIFICATION, (bucket_id, content))

    def next_sequence(self, bucket_id: str, at_least: int) -> int:
        """A number above all given before for this bucket, and not below `at_least`."""
        rows = self._engine.write_returning(NEXT_SEQUENCE, (at_least, at_least, bucket_id))
        number = rows[0][0]
        assert isinstance(number, int)
        return number

    # ------------------------------------------------------------------ objects

    def object(self, bucket_id: str, key: bytes) -> StoredObject | None:
        """The object of that key."""
        row = self._engine.one(SELECT_OBJECT, (bucket_id, key))
        return None if row is None else object_of(row)

    def object_body(self, bucket_id: str, key: bytes) -> tuple[str, int] | None:
        """Body and number of parts of the object of that key: what its end needs."""
        row = self._engine.one(SELECT_OBJECT_BODY, (bucket_id, key))
        return None if row is None else cast("tuple[str, int]", row)

    def put_object(self, bucket_id: str, stored: StoredObject) -> None:
        """Create or replace an object's row; part of a step."""
        self._engine.write(UPSERT_OBJECT, (bucket_id, *object_row(stored)))

    def put_small_object(self, bucket_id: str, stored: StoredObject, body: StoredBody) -> bool:
        """Put small bytes where there are none, or small ones in one piece: a step by itself.

        Bytes that are there give their place to the new ones, and keep their id. False: something
        larger is there, and nothing has been written.
        """
        row = object_row(stored)
        is_in_place = self._engine.write_together(
            (
                REPLACE_CONTENT_OF_KEY,
                ((body.content, body.crcs, body.nonce, bucket_id, stored.key),),
            ),
            (UPDATE_OBJECT, ((*row[2:], bucket_id, stored.key),)),
        )
        return is_in_place or self._engine.write_together(
            (INSERT_OBJECT, ((bucket_id, *row),)),
            (INSERT_BODY, ((stored.body_id, body.content, None, body.crcs, body.nonce),)),
        )

    def remove_object(self, bucket_id: str, key: bytes) -> None:
        """Delete an object's row; part of a step."""
        self._engine.write(DELETE_OBJECT, (bucket_id, key))

    def listed(self, bucket_id: str, start: bytes, end: bytes, limit: int) -> list[ListedObject]:
        """At most `limit` objects with start <= key < end, in order of their keys' bytes."""
        rows = self._engine.all(SELECT_LISTED, (bucket_id, start, end, limit))
        return [_listed(row) for row in rows]

    # ------------------------------------------------------------------ bodies

    def add_body(self, body_id: str, body: StoredBody) -> None:
        """Keep bytes, or the name of their file; part of a step."""
        self._engine.write(
            INSERT_BODY, (body_id, body.content, body.blob_id, body.crcs, body.nonce)
        )

    def body(self, body_id: str) -> StoredBody | None:
        """The bytes of an object, or where they are."""
        row = self._engine.one(SELECT_BODY, (body_id,))
        if row is None:
            return None
        return StoredBody(*cast("tuple[bytes | None, str | None, bytes, bytes]", row))

    def add_body_parts(self, body_id: str, parts: Sequence[BodyPart]) -> None:
        """Say of which parts a body consists, in order; part of a step."""
        self._engine.write_many(
            INSERT_BODY_PART,
            [
                (body_id, part.part_number, part.first, part.size, part.body_id, part.checksum)
                for part in parts
            ],
        )

    def body_parts(self, body_id: str, after: int = 0, limit: int = 10_000) -> list[BodyPart]:
        """At most `limit` parts of a body with numbers above `after`, in order."""
        rows = self._engine.all(SELECT_BODY_PARTS, (body_id, after, limit))
        return [BodyPart(*cast("tuple[int, int, int, str, str]", row)) for row in rows]

    def remove_body_parts(self, body_id: str) -> list[str]:
        """Forget of which parts a body consists; returns the bodies of the parts."""
        return [str(row[0]) for row in self._engine.write_returning(DELETE_BODY_PARTS, (body_id,))]

    def remove_body(self, body_id: str) -> str | None:
        """Forget bytes; part of a step. Returns the blob to be dropped, if there was one."""
        rows = self._engine.write_returning(DELETE_BODY, (body_id,))
        blob_id = rows[0][0] if rows else None
        assert blob_id is None or isinstance(blob_id, str)
        return blob_id


def _bucket(row: Row) -> Bucket:
    """Listings do not look for destinations: `has_destinations` is true where it is not known."""
    is_locking = bool(row[7])
    has_destinations, lifecycle = row[9:] if len(row) > _BUCKET_COLUMNS else (True, None)
    texts = cast("tuple[str, str, str, str, str, int, str]", row[:7])
    document = cast("bytes | None", lifecycle) or b""
    return Bucket(*texts, is_locking, str(row[8]), bool(has_destinations), document)


def _listed(row: Row) -> ListedObject:
    return ListedObject(*cast("tuple[bytes, int, str, int, str, str, str]", row))
