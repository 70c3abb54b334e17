"""Listing all versions and delete markers of a bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import msgspec

from kamome.context import RequestContext
from kamome.services.s3.buckets.bucket_access import own_bucket
from kamome.services.s3.buckets.owners import canonical_user_id
from kamome.services.s3.errors import InvalidArgument
from kamome.services.s3.limits import LIST_KEYS_MAX
from kamome.services.s3.listing.common_prefixes import common_prefix_of
from kamome.services.s3.listing.list_uploads import (
    check_attributes,
    check_encoding_type,
    shown,
)
from kamome.services.s3.objects.keys import successor, text_bytes
from kamome.services.s3.objects.restore_rules import shown_status
from kamome.services.s3.objects.storage_classes import is_archived
from kamome.services.s3.objects.version_store import StoredVersion
from kamome.services.s3.objects.versions import check_version_id, rank_of
from kamome.services.s3.slice import S3
from kamome.services.s3.store import Bucket

if TYPE_CHECKING:
    from kamome.services.s3 import shapes

_NEWEST_RANK = -(1 << 63)
_ROWS_MAX = 256

Position = tuple[bytes, int]


class _Asked(msgspec.Struct, frozen=True):
    """Prefix, delimiter, the marker's key, where to begin, and how many to list."""

    prefix: bytes
    delimiter: bytes
    marker: bytes
    start: Position
    items_max: int


class _Page(msgspec.Struct):
    versions: list[tuple[StoredVersion, bool]] = msgspec.field(default_factory=list)
    common_prefixes: list[bytes] = msgspec.field(default_factory=list)
    last: tuple[bytes, str] = (b"", "")
    is_truncated: bool = False

    @property
    def count(self) -> int:
        """Versions, markers and common prefixes together."""
        return len(self.versions) + len(self.common_prefixes)


async def list_object_versions(
    s3: S3, ctx: RequestContext, request: shapes.ListObjectVersionsRequest
) -> shapes.ListObjectVersionsResult:
    """Versions and delete markers by key, newest first, `MaxKeys` (1,000) at a time.

    Raises:
        InvalidArgument: `MaxKeys` is negative, a version id marker without key marker or of
            another form, the encoding type is not `url`, an attribute that listings do not have.
        NoSuchBucket, InvalidBucketName, AccessDenied: see `own_bucket`.

    AWS: S3 API Reference, ListObjectVersions.
    """
    bucket = own_bucket(s3, ctx, request["Bucket"], request.get("ExpectedBucketOwner"))
    check_encoding_type(request.get("EncodingType"))
    optional = request.get("OptionalObjectAttributes", ())
    check_attributes(optional)
    asked = _asked(s3, bucket, request)
    page = _walk(s3, bucket, asked)
    encoded = "EncodingType" in request
    answer: shapes.ListObjectVersionsResult = {
        "Name": bucket.name,
        "Prefix": shown(request.get("Prefix", ""), encoded=encoded),
        "KeyMarker": shown(request.get("KeyMarker", ""), encoded=encoded),
        "VersionIdMarker": request.get("VersionIdMarker", ""),
        "MaxKeys": asked.items_max,
        "IsTruncated": page.is_truncated,
    }
    if request.get("Delimiter"):
        answer["Delimiter"] = shown(request["Delimiter"], encoded=encoded)
    if "EncodingType" in request:
        answer["EncodingType"] = request["EncodingType"]
    if page.is_truncated:
        answer["NextKeyMarker"] = shown(page.last[0].decode(), encoded=encoded)
        answer["NextVersionIdMarker"] = page.last[1]
    _add_listed(answer, page, canonical_user_id(bucket.account), encoded=encoded)
    if optional:
        _add_restore_status(answer, page)
    return answer


def _asked(s3: S3, bucket: Bucket, request: shapes.ListObjectVersionsRequest) -> _Asked:
    items_max = request.get("MaxKeys", LIST_KEYS_MAX)
    if items_max < 0:
        raise InvalidArgument(
            "Argument max-keys must be an integer between 0 and 2147483647", "max-keys", items_max
        )
    prefix = text_bytes(request.get("Prefix", ""))
    marker = text_bytes(request.get("KeyMarker", ""))
    version_id = request.get("VersionIdMarker")
    if version_id and not marker:
        raise InvalidArgument(
            "A version-id marker cannot be specified without a key marker.",
            "version-id-marker",
            version_id,
        )
    start = (prefix, _NEWEST_RANK)
    if marker and version_id:
        check_version_id(version_id)
        start = max(start, (marker, _rank_behind(s3, bucket, marker, version_id)))
    elif marker:
        start = max(start, (marker + b"\0", _NEWEST_RANK))
    delimiter = text_bytes(request.get("Delimiter", ""))
    return _Asked(prefix, delimiter, marker, start, min(items_max, LIST_KEYS_MAX))


def _rank_behind(s3: S3, bucket: Bucket, key: bytes, version_id: str) -> int:
    """Where the versions older than this one begin, also if it has been deleted meanwhile."""
    rank = rank_of(version_id)
    if rank is None:
        current = s3.store.object(bucket.bucket_id, key)
        found = s3.store.versions.find(bucket.bucket_id, key, version_id)
        if current is not None and current.version_id == version_id:
            rank = current.rank
        elif found is not None:
            rank = found.object.rank
        else:
            return _NEWEST_RANK
    return rank + 1


def _walk(s3: S3, bucket: Bucket, asked: _Asked) -> _Page:
    """One page; having met a common prefix, it goes on behind all keys under it."""
    page = _Page()
    position = asked.start
    end = successor(asked.prefix)
    # A page that begins within a key has shown its newest version before.
    key_before = position[0] if position[1] != _NEWEST_RANK else b""
    wanted = 1 if asked.delimiter else asked.items_max + 1
    while True:
        rows = s3.store.versions.listed(bucket.bucket_id, position, end, wanted)
        met_prefix = False
        for row in rows:
            if (row.key, row.object.rank) < position:
                continue
            common = common_prefix_of(row.key, asked.prefix, asked.delimiter)
            is_listed = common is None or common > asked.marker
            if is_listed and page.count == asked.items_max:
                page.is_truncated = asked.items_max > 0
                return page
            if common is None:
                page.versions.append((row, row.key != key_before))
                page.last = (row.key, row.object.version_id)
                key_before = row.key
                position = (row.key, row.object.rank + 1)
                continue
            met_prefix = True
            position = (successor(common), _NEWEST_RANK)
            if is_listed:
                page.common_prefixes.append(common)
                page.last = (common, "")
        if len(rows) < wanted:
            return page
        wanted = 1 if met_prefix else min(2 * wanted, _ROWS_MAX)


def _add_restore_status(answer: shapes.ListObjectVersionsResult, page: _Page) -> None:
    objects = [each.object for each, _ in page.versions if not each.is_delete_marker]
    for stored, described in zip(objects, answer.get("Versions", ()), strict=True):
        if is_archived(stored.storage_class):
            status = shown_status(stored.attributes)
            described["RestoreStatus"] = cast("shapes.RestoreStatus", status)


def _add_listed(
    answer: shapes.ListObjectVersionsResult, page: _Page, owner: str, *, encoded: bool
) -> None:
    versions: list[shapes.ObjectVersion] = []
    markers: list[shapes.DeleteMarkerEntry] = []
    for version, is_latest in page.versions:
        stored = version.object
        described: shapes.DeleteMarkerEntry = {
            "Key": shown(stored.key.decode(), encoded=encoded),
            "VersionId": stored.version_id,
            "IsLatest": is_latest,
            "LastModified": stored.last_modified_s,
            "Owner": {"ID": owner},
        }
        if version.is_delete_marker:
            markers.append(described)
            continue
        shape: dict[str, object] = {
            **described,
            "ETag": f'"{stored.etag}"',
            "ChecksumAlgorithm": [stored.checksum_algorithm],
            "ChecksumType": stored.checksum_type,
            "Size": stored.size,
            "StorageClass": stored.storage_class,
        }
        versions.append(cast("shapes.ObjectVersion", shape))
    if versions:
        answer["Versions"] = versions
    if markers:
        answer["DeleteMarkers"] = markers
    if page.common_prefixes:
        answer["CommonPrefixes"] = [
            {"Prefix": shown(prefix.decode(), encoded=encoded)} for prefix in page.common_prefixes
        ]
