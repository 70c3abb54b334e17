"""Listing multipart uploads under way, and the parts of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import msgspec

from kamome.context import RequestContext
from kamome.services.s3.bodies.checksums import DEFAULT_ALGORITHM, checksum_member
from kamome.services.s3.buckets.bucket_access import own_bucket
from kamome.services.s3.buckets.owners import canonical_user_id
from kamome.services.s3.errors import InvalidArgument
from kamome.services.s3.lifecycle.lifecycle_headers import abort_members
from kamome.services.s3.limits import LIST_PARTS_MAX, LIST_UPLOADS_MAX
from kamome.services.s3.listing.common_prefixes import common_prefix_of
from kamome.services.s3.multipart.multipart_uploads import find_upload
from kamome.services.s3.multipart.upload_store import StoredPart, StoredUpload
from kamome.services.s3.objects.keys import successor, text_bytes, url_encoded
from kamome.services.s3.slice import S3
from kamome.services.s3.store import Bucket

if TYPE_CHECKING:
    from kamome.services.s3 import shapes

# Above every upload id, which hold only characters up to "z".
_ABOVE_ALL_IDS = "{"


class _Page(msgspec.Struct):
    uploads: list[StoredUpload] = msgspec.field(default_factory=list)
    common_prefixes: list[bytes] = msgspec.field(default_factory=list)
    last: tuple[bytes, str] = (b"", "")
    is_truncated: bool = False

    @property
    def count(self) -> int:
        """Uploads and common prefixes together."""
        return len(self.uploads) + len(self.common_prefixes)


async def list_multipart_uploads(
    s3: S3, ctx: RequestContext, request: shapes.ListMultipartUploadsRequest
) -> shapes.ListMultipartUploadsResult:
    """Uploads under way by key, and by upload id within a key, `MaxUploads` (1,000) at a time.

    Raises:
        InvalidArgument: `MaxUploads` is negative, the encoding type is not `url`.
        NoSuchBucket, InvalidBucketName, AccessDenied: see `own_bucket`.

    AWS: S3 API Reference, ListMultipartUploads.
    """
    bucket = own_bucket(s3, ctx, request["Bucket"], request.get("ExpectedBucketOwner"))
    check_encoding_type(request.get("EncodingType"))
    limit = _limit(request.get("MaxUploads", LIST_UPLOADS_MAX), LIST_UPLOADS_MAX, "max-uploads")
    page = _walk(s3, bucket, request, limit)
    encoded = "EncodingType" in request
    answer: shapes.ListMultipartUploadsResult = {
        "Bucket": bucket.name,
        "KeyMarker": shown(request.get("KeyMarker", ""), encoded=encoded),
        "UploadIdMarker": request.get("UploadIdMarker", ""),
        "Prefix": shown(request.get("Prefix", ""), encoded=encoded),
        "MaxUploads": limit,
        "IsTruncated": page.is_truncated,
    }
    if request.get("Delimiter"):
        answer["Delimiter"] = shown(request["Delimiter"], encoded=encoded)
    if "EncodingType" in request:
        answer["EncodingType"] = request["EncodingType"]
    if page.is_truncated:
        answer["NextKeyMarker"] = shown(page.last[0].decode(), encoded=encoded)
        answer["NextUploadIdMarker"] = page.last[1]
    if page.uploads:
        answer["Uploads"] = [_described(upload, bucket, encoded) for upload in page.uploads]
    if page.common_prefixes:
        answer["CommonPrefixes"] = [
            {"Prefix": shown(prefix.decode(), encoded=encoded)} for prefix in page.common_prefixes
        ]
    return answer


async def list_parts(
    s3: S3, ctx: RequestContext, request: shapes.ListPartsRequest
) -> shapes.ListPartsResult:
    """The parts of an upload by their numbers, `MaxParts` (1,000) at a time.

    Raises:
        NoSuchUpload: there is no such upload.
        InvalidArgument: `MaxParts` or the marker is negative.
        NoSuchBucket, InvalidBucketName, AccessDenied: see `own_bucket`.

    AWS: S3 API Reference, ListParts.
    """
    bucket = own_bucket(s3, ctx, request["Bucket"], request.get("ExpectedBucketOwner"))
    upload = find_upload(s3, bucket, request["Key"], request["UploadId"])
    limit = _limit(request.get("MaxParts", LIST_PARTS_MAX), LIST_PARTS_MAX, "max-parts")
    after = _limit(request.get("PartNumberMarker", 0), 1 << 31, "part-number-marker")
    parts = s3.store.uploads.parts(upload.upload_id, after, limit + 1)
    listed = parts[:limit]
    owner: shapes.Owner = {"ID": canonical_user_id(bucket.account)}
    answer: shapes.ListPartsResult = {
        "Bucket": bucket.name,
        "Key": request["Key"],
        "UploadId": upload.upload_id,
        "PartNumberMarker": after,
        "MaxParts": limit,
        "IsTruncated": len(parts) > limit,
        "Initiator": {"ID": owner["ID"]},
        "Owner": owner,
        "StorageClass": upload.storage_class,
        "NextPartNumberMarker": listed[-1].part_number if listed else 0,
    }
    if listed:
        answer["Parts"] = [_part(part, upload) for part in listed]
    if upload.checksum_algorithm:
        answer["ChecksumAlgorithm"] = upload.checksum_algorithm
        answer["ChecksumType"] = upload.checksum_type
    aborted = abort_members(bucket, request["Key"], upload.initiated_at_ms)
    return cast("shapes.ListPartsResult", {**answer, **aborted})


def check_attributes(asked: Sequence[str]) -> None:
    """Whether a listing can show these optional attributes of objects: `RestoreStatus` alone.

    Raises:
        InvalidArgument: it cannot.

    AWS: S3 API Reference, ListObjectsV2, OptionalObjectAttributes.
    """
    for attribute in asked:
        if attribute != "RestoreStatus":
            raise InvalidArgument(
                "Invalid attribute name specified", "x-amz-optional-object-attributes", attribute
            )


def check_encoding_type(encoding_type: str | None) -> None:
    """Whether keys can be shown so.

    Raises:
        InvalidArgument: the encoding type is not `url`.

    AWS: S3 API Reference, ListObjectsV2, EncodingType.
    """
    if encoding_type not in (None, "url"):
        raise InvalidArgument(
            "Invalid Encoding Method specified in Request", "encoding-type", encoding_type
        )


def shown(text: str, *, encoded: bool) -> str:
    """A key, prefix or marker as the client wants to read it."""
    return url_encoded(text) if encoded else text


def _limit(given: int, most: int, name: str) -> int:
    if given < 0:
        raise InvalidArgument(
            f"Argument {name} must be an integer between 0 and 2147483647", name, given
        )
    return min(given, most)


def _walk(s3: S3, bucket: Bucket, request: shapes.ListMultipartUploadsRequest, limit: int) -> _Page:
    """One page; having met a common prefix, it goes on behind all keys under it."""
    prefix = text_bytes(request.get("Prefix", ""))
    delimiter = text_bytes(request.get("Delimiter", ""))
    marker = text_bytes(request.get("KeyMarker", ""))
    after = (marker, (request.get("UploadIdMarker") or _ABOVE_ALL_IDS) if marker else "")
    page = _Page(last=after)
    end = successor(prefix)
    after = max(after, (prefix, ""))
    while page.count <= limit:
        wanted = 2 if delimiter else limit + 1
        rows = s3.store.uploads.listed(bucket.bucket_id, after, end, wanted)
        for row in rows:
            common = common_prefix_of(row.key, prefix, delimiter)
            is_listed = common is None or common > marker
            if is_listed and page.count == limit:
                page.is_truncated = True
                return page
            if common is None:
                page.uploads.append(row)
                after = page.last = (row.key, row.upload_id)
                continue
            after = (successor(common), "")
            if is_listed:
                page.common_prefixes.append(common)
                page.last = (common, "")
            break
        if len(rows) < wanted and not (rows and after[1] == ""):
            return page
        if not rows:
            return page
    return page


def _described(upload: StoredUpload, bucket: Bucket, encoded: bool) -> shapes.MultipartUpload:
    owner = canonical_user_id(bucket.account)
    described: shapes.MultipartUpload = {
        "Key": shown(upload.key.decode(), encoded=encoded),
        "UploadId": upload.upload_id,
        "Initiated": upload.initiated_at_ms // 1000,
        "StorageClass": upload.storage_class,
        "Owner": {"ID": owner},
        "Initiator": {"ID": owner},
    }
    if upload.checksum_algorithm:
        described["ChecksumAlgorithm"] = upload.checksum_algorithm
        described["ChecksumType"] = upload.checksum_type
    return described


def _part(part: StoredPart, upload: StoredUpload) -> shapes.Part:
    described: shapes.Part = {
        "PartNumber": part.part_number,
        "LastModified": part.last_modified_ms // 1000,
        "ETag": f'"{part.etag}"',
        "Size": part.size,
    }
    member = checksum_member(upload.checksum_algorithm or DEFAULT_ALGORITHM)
    described[member] = part.checksum  # type: ignore[literal-required]  # one of its Checksum…
    return described
