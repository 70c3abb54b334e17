"""Comparing stored bodies with the CRC-32C of their blocks, without any reader asking.

AWS: S3 User Guide, Checking object integrity for data at rest in Amazon S3.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import msgspec

from kamome.services.s3.bodies.bodies import open_stored
from kamome.services.s3.errors import InternalError
from kamome.services.s3.objects.object_rows import StoredObject
from kamome.services.s3.store import ABOVE_ALL_KEYS, Bucket, S3Store, StoredBody
from kamome.storage.blobs import Blobs

# Rows in memory at a time.
_PAGE = 200
_NEWEST_RANK = -(1 << 63)


class Verdict(msgspec.Struct, frozen=True):
    """One version of an object, and why its bytes are not right (empty: they are)."""

    bucket: str
    key: str
    version_id: str
    size: int
    damage: str


async def verify_all(store: S3Store, blobs: Blobs) -> AsyncIterator[Verdict]:
    """Read every version of every object of every bucket, and say of each whether it is whole.

    Encrypted bodies are compared as they are stored: no key is needed.

    AWS: S3 User Guide, Checking object integrity for data at rest in Amazon S3.
    """
    after = ("", "")
    while buckets := store.all_buckets(after, _PAGE):
        for bucket in buckets:
            after = (bucket.partition, bucket.name)
            async for verdict in _verify_bucket(store, blobs, bucket):
                yield verdict


async def _verify_bucket(store: S3Store, blobs: Blobs, bucket: Bucket) -> AsyncIterator[Verdict]:
    position = (b"", _NEWEST_RANK)
    while rows := store.versions.listed(bucket.bucket_id, position, ABOVE_ALL_KEYS, _PAGE):
        for row in rows:
            position = (row.key, row.object.rank + 1)
            if not row.is_delete_marker:
                damage = await damage_of(store, blobs, row.object)
                yield Verdict(
                    bucket.name,
                    row.key.decode(),
                    row.object.version_id,
                    row.object.size,
                    damage,
                )


async def damage_of(store: S3Store, blobs: Blobs, stored: StoredObject) -> str:
    """Why the bytes of an object are not right; empty where they are.

    AWS: S3 User Guide, Checking object integrity for data at rest in Amazon S3.
    """
    total = 0
    for body, size in _bodies(store, stored):
        if body is None:
            return "a body is missing"
        try:
            async for _ in await open_stored(blobs, body, 0, size):
                pass
        except InternalError as error:
            return str(error.__cause__ or "the stored bytes are not what was written")
        total += size
    return "" if total == stored.size else f"{total} bytes are there of {stored.size}"


def _bodies(store: S3Store, stored: StoredObject) -> Iterator[tuple[StoredBody | None, int]]:
    if not stored.part_count:
        yield store.body(stored.body_id), stored.size
        return
    for part in store.body_parts(stored.body_id):
        yield store.body(part.body_id), part.size
