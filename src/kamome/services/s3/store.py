"""All SQL of S3. Each method is one step, or part of the caller's `atomic()` step.

Buckets are found by partition and name; all else hangs on the bucket's id, so a bucket that is
deleted and created again shares nothing with the old one.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

import msgspec
import orjson

from kamome.services.s3.notifications import Destination, as_stored, from_stored
from kamome.storage.engine import Engine, Row

# No UTF-8 text has the byte 0xFF: this is above all keys.
ABOVE_ALL_KEYS = b"\xff"

INSERT_BUCKET = """
INSERT INTO s3_bucket (partition, name, bucket_id, account, region, created_at_ms)
VALUES (?, ?, ?, ?, ?, ?)
"""
INSERT_SEQUENCE = "INSERT INTO s3_sequence (bucket_id, last) VALUES (?, 0)"
# By primary key.
SELECT_BUCKET = """
SELECT partition, name, bucket_id, account, region, created_at_ms FROM s3_bucket
WHERE partition = ? AND name = ?
"""
# Index s3_bucket_owner, as a range of names.
SELECT_BUCKETS = """
SELECT partition, name, bucket_id, account, region, created_at_ms FROM s3_bucket
WHERE partition = ? AND account = ? AND name >= ? AND name < ? ORDER BY name LIMIT ?
"""
# The same range, where only the buckets of one region count; an account has at most 10,000.
SELECT_BUCKETS_IN_REGION = """
SELECT partition, name, bucket_id, account, region, created_at_ms FROM s3_bucket
WHERE partition = ? AND account = ? AND name >= ? AND name < ? AND region = ?
ORDER BY name LIMIT ?
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
SELECT_OBJECT = """
SELECT key, body_id, size, etag, last_modified_ms, storage_class, checksum_algorithm, checksum,
  tagging, attributes FROM s3_object WHERE bucket_id = ? AND key = ?
"""
# By primary key: the statement is one step, so of two writers the later simply replaces.
UPSERT_OBJECT = """
INSERT INTO s3_object (bucket_id, key, body_id, size, etag, last_modified_ms, storage_class,
  checksum_algorithm, checksum, tagging, attributes)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (bucket_id, key) DO UPDATE SET body_id = excluded.body_id, size = excluded.size,
  etag = excluded.etag, last_modified_ms = excluded.last_modified_ms,
  storage_class = excluded.storage_class, checksum_algorithm = excluded.checksum_algorithm,
  checksum = excluded.checksum, tagging = excluded.tagging, attributes = excluded.attributes
"""
DELETE_OBJECT = "DELETE FROM s3_object WHERE bucket_id = ? AND key = ?"
# Primary key as a range; nothing is sorted, LIMIT ends it.
SELECT_LISTED = """
SELECT key, size, etag, last_modified_ms, storage_class, checksum_algorithm FROM s3_object
WHERE bucket_id = ? AND key >= ? AND key < ? ORDER BY key LIMIT ?
"""
# Primary key, the first of the bucket.
SELECT_ANY_OBJECT = "SELECT 1 FROM s3_object WHERE bucket_id = ? LIMIT 1"
INSERT_BODY = "INSERT INTO s3_body (body_id, content, blob_id, crcs) VALUES (?, ?, ?, ?)"
# Both by primary key.
SELECT_BODY = "SELECT content, blob_id, crcs FROM s3_body WHERE body_id = ?"
DELETE_BODY = "DELETE FROM s3_body WHERE body_id = ? RETURNING blob_id"


class Bucket(msgspec.Struct, frozen=True):
    """A bucket's row."""

    partition: str
    name: str
    bucket_id: str
    account: str
    region: str
    created_at_ms: int


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

    @property
    def last_modified_s(self) -> int:
        """Epoch seconds: S3 shows and compares no fractions."""
        return self.last_modified_ms // 1000


class ListedObject(msgspec.Struct, frozen=True):
    """What a listing shows of an object."""

    key: bytes
    size: int
    etag: str
    last_modified_ms: int
    storage_class: str
    checksum_algorithm: str


class StoredBody(msgspec.Struct, frozen=True):
    """The bytes of an object, or the file that has them, and a CRC-32C (4 bytes) of each block."""

    content: bytes | None
    blob_id: str | None
    crcs: bytes


class S3Store:
    """Tables of S3 in one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def atomic(self) -> contextlib.AbstractContextManager[None]:
        """All statements of the block, or none. Never await inside."""
        return self._engine.atomic()

    # ------------------------------------------------------------------ buckets

    def bucket(self, partition: str, name: str) -> Bucket | None:
        """The bucket of that name."""
        row = self._engine.one(SELECT_BUCKET, (partition, name))
        return None if row is None else _bucket(row)

    def add_bucket(self, bucket: Bucket) -> None:
        """Create a bucket; the caller has seen in the same step that the name is free."""
        self._engine.write(
            INSERT_BUCKET,
            (
                bucket.partition,
                bucket.name,
                bucket.bucket_id,
                bucket.account,
                bucket.region,
                bucket.created_at_ms,
            ),
        )
        self._engine.write(INSERT_SEQUENCE, (bucket.bucket_id,))

    def remove_bucket(self, bucket: Bucket) -> None:
        """Delete an empty bucket and its notification configuration; part of a step."""
        self._engine.write(DELETE_BUCKET, (bucket.partition, bucket.name))
        self._engine.write(DELETE_SEQUENCE, (bucket.bucket_id,))
        self._engine.write(DELETE_NOTIFICATION, (bucket.bucket_id,))

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

    def is_empty(self, bucket_id: str) -> bool:
        """Whether a bucket has no object."""
        return self._engine.one(SELECT_ANY_OBJECT, (bucket_id,)) is None

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
        return None if row is None else _object(row)

    def put_object(self, bucket_id: str, stored: StoredObject) -> None:
        """Create or replace an object's row; part of a step."""
        self._engine.write(
            UPSERT_OBJECT,
            (
                bucket_id,
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
            ),
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
        self._engine.write(INSERT_BODY, (body_id, body.content, body.blob_id, body.crcs))

    def body(self, body_id: str) -> StoredBody | None:
        """The bytes of an object, or where they are."""
        row = self._engine.one(SELECT_BODY, (body_id,))
        if row is None:
            return None
        content, blob_id, crcs = row
        assert content is None or isinstance(content, bytes)
        assert blob_id is None or isinstance(blob_id, str)
        assert isinstance(crcs, bytes)
        return StoredBody(content, blob_id, crcs)

    def remove_body(self, body_id: str) -> str | None:
        """Forget bytes; part of a step. Returns the blob to be dropped, if there was one."""
        rows = self._engine.write_returning(DELETE_BODY, (body_id,))
        blob_id = rows[0][0] if rows else None
        assert blob_id is None or isinstance(blob_id, str)
        return blob_id


def _bucket(row: Row) -> Bucket:
    partition, name, bucket_id, account, region, created_at_ms = row
    assert isinstance(created_at_ms, int)
    return Bucket(
        str(partition), str(name), str(bucket_id), str(account), str(region), created_at_ms
    )


def _object(row: Row) -> StoredObject:
    key, body_id, size, etag, last_modified_ms, *texts, attributes = row
    storage_class, checksum_algorithm, checksum, tagging = map(str, texts)
    assert isinstance(key, bytes)
    assert isinstance(size, int)
    assert isinstance(last_modified_ms, int)
    assert isinstance(attributes, bytes)
    return StoredObject(
        key,
        str(body_id),
        size,
        str(etag),
        last_modified_ms,
        storage_class,
        checksum_algorithm,
        checksum,
        tagging,
        orjson.loads(attributes),
    )


def _listed(row: Row) -> ListedObject:
    key, size, etag, last_modified_ms, storage_class, checksum_algorithm = row
    assert isinstance(key, bytes)
    assert isinstance(size, int)
    assert isinstance(last_modified_ms, int)
    return ListedObject(
        key, size, str(etag), last_modified_ms, str(storage_class), str(checksum_algorithm)
    )
