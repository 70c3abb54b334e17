"""Listing the keys of a bucket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from kamome.context import RequestContext
from kamome.services.s3.buckets.bucket_access import own_bucket
from kamome.services.s3.buckets.owners import canonical_user_id
from kamome.services.s3.errors import InvalidArgument
from kamome.services.s3.limits import LIST_KEYS_MAX
from kamome.services.s3.listing.common_prefixes import Listing, Page, walk
from kamome.services.s3.listing.continuation import decode_token, encode_token
from kamome.services.s3.listing.list_uploads import check_attributes, check_encoding_type
from kamome.services.s3.objects.keys import successor, text_bytes, url_encoded
from kamome.services.s3.objects.restore_rules import shown_status
from kamome.services.s3.objects.storage_classes import is_archived
from kamome.services.s3.slice import S3
from kamome.services.s3.store import Bucket, ListedObject

if TYPE_CHECKING:
    from kamome.services.s3 import shapes


async def list_objects_v2(
    s3: S3, ctx: RequestContext, request: shapes.ListObjectsV2Request
) -> shapes.ListObjectsV2Result:
    """A page of at most `MaxKeys` (1,000) keys and common prefixes, in the order of their bytes.

    A page shows the bucket as it is now; keys that come or go between pages are seen or not.

    Raises:
        InvalidArgument: `MaxKeys` is negative, the encoding type is not `url`, or the continuation
            token is not one of this bucket.
        NoSuchBucket, InvalidBucketName, AccessDenied: see `own_bucket`.

    AWS: S3 API Reference, ListObjectsV2.
    """
    bucket = own_bucket(
        s3, ctx, request["Bucket"], request.get("ExpectedBucketOwner"), action="s3:ListBucket"
    )
    _check_parameters(request)
    listing = _listing(bucket.bucket_id, request)
    end = successor(listing.prefix)

    def fetch(start: bytes, limit: int) -> list[ListedObject]:
        return s3.store.listed(bucket.bucket_id, start, end, limit)

    page = walk(fetch, listing)
    answer = _echoed(request, listing, page)
    if page.rows:
        answer["Contents"] = [_described(row, request, bucket.account) for row in page.rows]
        if "OptionalObjectAttributes" in request:
            _add_restore_status(s3, bucket, page.rows, answer["Contents"])
    if page.common_prefixes:
        answer["CommonPrefixes"] = [
            {"Prefix": _shown(prefix.decode(), request)} for prefix in page.common_prefixes
        ]
    if page.next_position is not None:
        answer["NextContinuationToken"] = encode_token(bucket.bucket_id, page.next_position)
    return answer


async def list_objects(
    s3: S3, ctx: RequestContext, request: shapes.ListObjectsRequest
) -> shapes.ListObjectsResult:
    """The older form of listing: pages go on behind the last key (or prefix) of the one before.

    Raises:
        InvalidArgument: `MaxKeys` is negative, the encoding type is not `url`.
        NoSuchBucket, InvalidBucketName, AccessDenied: see `own_bucket`.

    AWS: S3 API Reference, ListObjects.
    """
    bucket = own_bucket(
        s3, ctx, request["Bucket"], request.get("ExpectedBucketOwner"), action="s3:ListBucket"
    )
    _check_parameters(request)
    marker = text_bytes(request.get("Marker", ""))
    listing = Listing(
        prefix=text_bytes(request.get("Prefix", "")),
        delimiter=text_bytes(request.get("Delimiter", "")),
        start_at=marker + b"\0" if marker else b"",
        after=marker,
        items_max=min(request.get("MaxKeys", LIST_KEYS_MAX), LIST_KEYS_MAX),
    )
    end = successor(listing.prefix)

    def fetch(start: bytes, limit: int) -> list[ListedObject]:
        return s3.store.listed(bucket.bucket_id, start, end, limit)

    page = walk(fetch, listing)
    answer: shapes.ListObjectsResult = {
        "Name": request["Bucket"],
        "Prefix": _shown(request.get("Prefix", ""), request),
        "Marker": _shown(request.get("Marker", ""), request),
        "MaxKeys": listing.items_max,
        "IsTruncated": page.next_position is not None,
    }
    if request.get("Delimiter"):
        answer["Delimiter"] = _shown(request["Delimiter"], request)
    if "EncodingType" in request:
        answer["EncodingType"] = request["EncodingType"]
    if page.next_position is not None and listing.delimiter:
        last = max([*page.common_prefixes[-1:], *(row.key for row in page.rows[-1:])])
        answer["NextMarker"] = _shown(last.decode(), request)
    if page.rows:
        owner = {"ID": canonical_user_id(bucket.account)}
        answer["Contents"] = [
            {**_described(row, request, ""), "Owner": cast("shapes.Owner", owner)}
            for row in page.rows
        ]
        if "OptionalObjectAttributes" in request:
            _add_restore_status(s3, bucket, page.rows, answer["Contents"])
    if page.common_prefixes:
        answer["CommonPrefixes"] = [
            {"Prefix": _shown(prefix.decode(), request)} for prefix in page.common_prefixes
        ]
    return answer


def _check_parameters(request: shapes.ListObjectsV2Request | shapes.ListObjectsRequest) -> None:
    if request.get("MaxKeys", 0) < 0:
        raise InvalidArgument(
            "Argument maxKeys must be an integer between 0 and 2147483647",
            "maxKeys",
            request["MaxKeys"],
        )
    check_encoding_type(request.get("EncodingType"))
    check_attributes(request.get("OptionalObjectAttributes", ()))


def _listing(bucket_id: str, request: shapes.ListObjectsV2Request) -> Listing:
    """Where to begin: at the token's position, else behind `StartAfter`."""
    after = b""
    start_at = b""
    if "ContinuationToken" in request:
        start_at = decode_token(bucket_id, request["ContinuationToken"])
    elif "StartAfter" in request:
        after = text_bytes(request["StartAfter"])
        start_at = after + b"\0" if after else b""
    return Listing(
        prefix=text_bytes(request.get("Prefix", "")),
        delimiter=text_bytes(request.get("Delimiter", "")),
        start_at=start_at,
        after=after,
        items_max=min(request.get("MaxKeys", LIST_KEYS_MAX), LIST_KEYS_MAX),
    )


def _echoed(
    request: shapes.ListObjectsV2Request, listing: Listing, page: Page[ListedObject]
) -> shapes.ListObjectsV2Result:
    answer: shapes.ListObjectsV2Result = {
        "Name": request["Bucket"],
        "Prefix": _shown(request.get("Prefix", ""), request),
        "KeyCount": page.count,
        "MaxKeys": listing.items_max,
        "IsTruncated": page.next_position is not None,
    }
    if request.get("Delimiter"):
        answer["Delimiter"] = _shown(request["Delimiter"], request)
    if "EncodingType" in request:
        answer["EncodingType"] = request["EncodingType"]
    if "ContinuationToken" in request:
        answer["ContinuationToken"] = request["ContinuationToken"]
    if "StartAfter" in request:
        answer["StartAfter"] = _shown(request["StartAfter"], request)
    return answer


def _described(row: ListedObject, request: Mapping[str, object], owner: str) -> shapes.Object:
    described: shapes.Object = {
        "Key": _shown(row.key.decode(), request),
        "LastModified": row.last_modified_ms // 1000,
        "ETag": f'"{row.etag}"',
        "ChecksumAlgorithm": [row.checksum_algorithm],
        "ChecksumType": row.checksum_type,
        "Size": row.size,
        "StorageClass": row.storage_class,
    }
    if request.get("FetchOwner"):
        described["Owner"] = {"ID": canonical_user_id(owner)}
    return described


def _add_restore_status(
    s3: S3, bucket: Bucket, rows: Sequence[ListedObject], contents: Sequence[shapes.Object]
) -> None:
    """The state of archived objects, which are looked up one by one: few ask for it."""
    for row, described in zip(rows, contents, strict=True):
        if not is_archived(row.storage_class):
            continue
        stored = s3.store.object(bucket.bucket_id, row.key)
        if stored is not None:
            status = shown_status(stored.attributes)
            described["RestoreStatus"] = cast("shapes.RestoreStatus", status)


def _shown(text: str, request: Mapping[str, object]) -> str:
    return url_encoded(text) if "EncodingType" in request else text
