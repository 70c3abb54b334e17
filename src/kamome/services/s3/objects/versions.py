"""Versions of a key: what becomes of the others when one is written or deleted.

Each function is part of the caller's step. A bucket that never had versions keeps one object per
key; an `Enabled` one keeps all; a `Suspended` one keeps all with ids and at most one with the id
`null`.

AWS: S3 User Guide, Retaining multiple versions of objects with S3 Versioning.
"""

from __future__ import annotations

import base64
import re

import msgspec
from msgspec.structs import replace

from kamome.services.s3.errors import InvalidArgument, MethodNotAllowed, NoSuchKey, NoSuchVersion
from kamome.services.s3.limits import PART_NUMBER_MAX
from kamome.services.s3.multipart.upload_store import StoredUpload
from kamome.services.s3.objects.keys import key_bytes
from kamome.services.s3.objects.object_rows import NULL_VERSION, StoredObject
from kamome.services.s3.objects.version_store import StoredVersion
from kamome.services.s3.slice import S3
from kamome.services.s3.store import Bucket

ENABLED = "Enabled"
SUSPENDED = "Suspended"
_RANK_BYTES = 8
_RANDOM_BYTES = 16
_VERSION_ID = re.compile(r"[A-Za-z0-9_-]{32}")
# Time in the upper digits of a rank, so that a bucket made anew goes on above the old.
_RANK_TIME_SHIFT = 16
_NEWEST_RANK = -(1 << 63)
# Behind how many newer versions an upload may be placed; behind these, it is the oldest.
_NEWER_MAX = 1_000


class Deleted(msgspec.Struct, frozen=True):
    """What a delete did: the version that is gone, or the marker that was made."""

    version_id: str
    is_delete_marker: bool
    is_changed: bool


def check_version_id(version_id: str | None) -> None:
    """Whether a `versionId` has the form of one.

    Raises:
        InvalidArgument: it has not.

    AWS: S3 API Reference, GetObject, versionId.
    """
    if version_id is None or version_id == NULL_VERSION:
        return
    if not version_id:
        raise InvalidArgument("Version id cannot be the empty string", "versionId", version_id)
    if _VERSION_ID.fullmatch(version_id) is None:
        raise InvalidArgument("Invalid version id specified", "versionId", version_id)


def find_version(s3: S3, bucket: Bucket, key: str, version_id: str) -> StoredVersion:
    """The version of that id, current or not, object or delete marker.

    Raises:
        InvalidArgument: see `check_version_id`.
        NoSuchVersion: there is none.

    AWS: S3 API Reference, GetObject, versionId.
    """
    check_version_id(version_id)
    key_in_utf8 = key.encode()
    current = s3.store.object(bucket.bucket_id, key_in_utf8)
    if current is not None and current.version_id == version_id:
        return StoredVersion(current, is_delete_marker=False, noncurrent_at_ms=0)
    found = s3.store.versions.find(bucket.bucket_id, key_in_utf8, version_id)
    if found is None:
        raise NoSuchVersion(key, version_id)
    return found


def readable_version(s3: S3, bucket: Bucket, key: str, version_id: str | None) -> StoredObject:
    """The object that a read of a key, or of one of its versions, is about.

    Raises:
        KeyTooLongError, InvalidURI: the key.
        NoSuchKey: there is none, or a delete marker hides it.
        NoSuchVersion, InvalidArgument: see `find_version`.
        MethodNotAllowed: the version is a delete marker.

    AWS: S3 User Guide, Working with delete markers.
    """
    in_utf8 = key_bytes(key)
    if version_id is not None:
        version = find_version(s3, bucket, key, version_id)
        if version.is_delete_marker:
            raise MethodNotAllowed(version.object.version_id, version.object.last_modified_s)
        return version.object
    stored = s3.store.object(bucket.bucket_id, in_utf8)
    if stored is None:
        marker = s3.store.versions.newest(bucket.bucket_id, in_utf8) if bucket.versioning else None
        raise NoSuchKey(key, marker.object.version_id if marker is not None else None)
    return stored


def put_current(s3: S3, bucket: Bucket, stored: StoredObject) -> StoredObject:
    """Make an object the current version of its key, in a bucket that has, or had, versions.

    Returns it with its version id.

    AWS: S3 User Guide, Adding objects to versioning-enabled buckets; … versioning-suspended ….
    """
    present = s3.store.object(bucket.bucket_id, stored.key)
    rank = _new_rank(s3, bucket)
    stored = replace(stored, version_id=_new_version_id(s3, bucket, rank), rank=rank)
    _displace(s3, bucket, present, stored)
    s3.store.put_object(bucket.bucket_id, stored)
    return stored


def put_as_old_as_it_is(s3: S3, bucket: Bucket, stored: StoredObject) -> StoredObject:
    """Put a version among those of its key by its time: an upload's, which was initiated earlier.

    Where a version or a delete marker has been made since, it stays before this one. Returns it
    with its version id.

    AWS: S3 User Guide, Uploading and copying objects using multipart upload, Concurrent multipart
    upload operations.
    """
    rank = None if bucket.versioning != ENABLED else _rank_behind_newer(s3, bucket, stored)
    if rank is None:
        return put_current(s3, bucket, stored)
    stored = replace(stored, version_id=_new_version_id(s3, bucket, rank), rank=rank)
    place_version(s3, bucket, StoredVersion(stored, is_delete_marker=False, noncurrent_at_ms=0))
    return stored


def _rank_behind_newer(s3: S3, bucket: Bucket, stored: StoredObject) -> int | None:
    """A free rank behind the versions that are newer; None where the newest is not."""
    rank = None
    rows = s3.store.versions.listed(
        bucket.bucket_id, (stored.key, _NEWEST_RANK), stored.key + b"\0", _NEWER_MAX
    )
    for row in rows:
        present = row.object
        if present.last_modified_ms <= stored.last_modified_ms and present.rank != rank:
            break
        rank = present.rank + 1
    return rank


def delete_current(s3: S3, bucket: Bucket, key: bytes) -> Deleted:
    """Delete without a version id: the object itself, or behind a new delete marker.

    AWS: S3 User Guide, Deleting object versions from a versioning-enabled bucket.
    """
    present = s3.store.object(bucket.bucket_id, key)
    if not bucket.versioning:
        if present is not None:
            s3.store.remove_object(bucket.bucket_id, key)
            drop_body(s3, present)
        return Deleted("", is_delete_marker=False, is_changed=present is not None)
    marker = _marker(s3, bucket, key)
    _displace(s3, bucket, present, marker)
    s3.store.remove_object(bucket.bucket_id, key)
    s3.store.versions.add(
        bucket.bucket_id, StoredVersion(marker, is_delete_marker=True, noncurrent_at_ms=0)
    )
    return Deleted(marker.version_id, is_delete_marker=True, is_changed=True)


def place_version(s3: S3, bucket: Bucket, version: StoredVersion) -> None:
    """Put a version that has its id and rank among those of its key: the newest is current.

    Versions of a key may come in any order (replicas do), and end in that of their ranks.

    AWS: S3 User Guide, What does Amazon S3 replicate? (replicas keep their version ids).
    """
    key, rank = version.key, version.object.rank
    current = s3.store.object(bucket.bucket_id, key)
    newest = s3.store.versions.newest(bucket.bucket_id, key)
    ranks = [current.rank] if current is not None else []
    ranks += [newest.object.rank] if newest is not None else []
    now_ms = s3.clock.now_ms()
    if ranks and min(ranks) <= rank:
        s3.store.versions.add(bucket.bucket_id, replace(version, noncurrent_at_ms=now_ms))
        return
    if current is not None:
        former = StoredVersion(current, is_delete_marker=False, noncurrent_at_ms=now_ms)
        s3.store.versions.add(bucket.bucket_id, former)
    if version.is_delete_marker:
        s3.store.remove_object(bucket.bucket_id, key)
        s3.store.versions.add(bucket.bucket_id, version)
    else:
        s3.store.put_object(bucket.bucket_id, version.object)


def delete_version(s3: S3, bucket: Bucket, version: StoredVersion) -> Deleted:
    """Delete one version for good; the next newest becomes current, if it is an object.

    AWS: S3 User Guide, Deleting object versions from a versioning-enabled bucket.
    """
    gone = version.object
    current = s3.store.object(bucket.bucket_id, gone.key)
    if current is not None and current.version_id == gone.version_id:
        s3.store.remove_object(bucket.bucket_id, gone.key)
        current = None
    else:
        s3.store.versions.remove(bucket.bucket_id, gone.key, gone.version_id)
    if not version.is_delete_marker:
        drop_body(s3, gone)
    if current is None:
        _promote(s3, bucket, gone.key)
    return Deleted(gone.version_id, version.is_delete_marker, is_changed=True)


def update_version(s3: S3, bucket: Bucket, version: StoredVersion) -> None:
    """Keep the tags and attributes of a version, current or not."""
    current = s3.store.object(bucket.bucket_id, version.key)
    if current is not None and current.version_id == version.object.version_id:
        s3.store.put_object(bucket.bucket_id, version.object)
    else:
        s3.store.versions.update(bucket.bucket_id, version.object)


def drop_body(s3: S3, stored: StoredObject) -> None:
    """Forget the bytes of an object that is replaced or deleted; part of that step."""
    drop_former(s3, stored.body_id, stored.part_count)


def drop_former(s3: S3, body_id: str, part_count: int) -> None:
    """Forget a body, in one piece or in parts; part of a step."""
    if not part_count:
        drop_bytes(s3, body_id)
        return
    for part_body_id in s3.store.remove_body_parts(body_id):
        drop_bytes(s3, part_body_id)


def drop_bytes(s3: S3, body_id: str) -> None:
    """Forget the bytes of a body in one piece, or of one part; part of a step."""
    blob_id = s3.store.remove_body(body_id)
    if blob_id is not None:
        s3.blobs.drop(blob_id)


def drop_upload(s3: S3, bucket: Bucket, upload: StoredUpload) -> None:
    """Forget a multipart upload and its parts; part of a step.

    AWS: S3 User Guide, Aborting a multipart upload.
    """
    parts = s3.store.uploads.parts(upload.upload_id, 0, PART_NUMBER_MAX)
    s3.store.uploads.remove(bucket.bucket_id, upload.key, upload.upload_id)
    for part in parts:
        drop_bytes(s3, part.body_id)


def shown_version_id(bucket: Bucket, stored: StoredObject) -> dict[str, object]:
    """The `VersionId` of an answer: none where the bucket never had versions."""
    return {"VersionId": stored.version_id} if bucket.versioning else {}


def _displace(s3: S3, bucket: Bucket, present: StoredObject | None, by: StoredObject) -> None:
    """Make room for a new version: the present one becomes noncurrent, or goes if both are null."""
    if by.version_id == NULL_VERSION:
        _remove_null(s3, bucket, by.key, present)
    if present is not None and not present.version_id == by.version_id == NULL_VERSION:
        s3.store.versions.add(
            bucket.bucket_id,
            StoredVersion(present, is_delete_marker=False, noncurrent_at_ms=by.last_modified_ms),
        )


def _remove_null(s3: S3, bucket: Bucket, key: bytes, present: StoredObject | None) -> None:
    """A key has one null version at most: the former one goes."""
    if present is not None and present.version_id == NULL_VERSION:
        drop_body(s3, present)
        return
    former = s3.store.versions.find(bucket.bucket_id, key, NULL_VERSION)
    if former is not None:
        s3.store.versions.remove(bucket.bucket_id, key, NULL_VERSION)
        if not former.is_delete_marker:
            drop_body(s3, former.object)


def _promote(s3: S3, bucket: Bucket, key: bytes) -> None:
    newest = s3.store.versions.newest(bucket.bucket_id, key)
    if newest is not None and not newest.is_delete_marker:
        s3.store.versions.remove(bucket.bucket_id, key, newest.object.version_id)
        s3.store.put_object(bucket.bucket_id, newest.object)


def _marker(s3: S3, bucket: Bucket, key: bytes) -> StoredObject:
    rank = _new_rank(s3, bucket)
    version_id = _new_version_id(s3, bucket, rank)
    now_ms = s3.clock.now_ms()
    return StoredObject(key, "", 0, "", now_ms, "", "", "", "", {}, version_id, rank)


def rank_of(version_id: str) -> int | None:
    """The rank a version id was made for; None for `null` and what is no version id.

    So that a listing can go on behind a version that has been deleted meanwhile.
    """
    if _VERSION_ID.fullmatch(version_id) is None:
        return None
    return -int.from_bytes(base64.urlsafe_b64decode(version_id)[:_RANK_BYTES], "big")


def _new_version_id(s3: S3, bucket: Bucket, rank: int) -> str:
    if bucket.versioning == SUSPENDED:
        return NULL_VERSION
    number = (-rank).to_bytes(_RANK_BYTES, "big")
    return base64.urlsafe_b64encode(number + s3.ids.bytes(_RANDOM_BYTES)).decode()


def _new_rank(s3: S3, bucket: Bucket) -> int:
    now = s3.clock.now_ms() << _RANK_TIME_SHIFT
    return -s3.store.next_sequence(bucket.bucket_id, now)
