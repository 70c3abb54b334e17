"""Operations that read or delete objects, in the order of the API reference."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from email.utils import formatdate
from typing import TYPE_CHECKING, cast

from kamome.context import RequestContext
from kamome.services.s3.bodies import open_body
from kamome.services.s3.bucket_access import own_bucket
from kamome.services.s3.checksums import FULL_OBJECT, checksum_member
from kamome.services.s3.conditions import ReadConditions, check_delete, check_read
from kamome.services.s3.errors import (
    InternalError,
    InvalidArgument,
    InvalidRequest,
    NoSuchKey,
    NoSuchVersion,
)
from kamome.services.s3.events import OBJECT_REMOVED_DELETE
from kamome.services.s3.keys import key_bytes
from kamome.services.s3.object_events import record_event
from kamome.services.s3.put_object import drop_body
from kamome.services.s3.ranges import ByteRange, parse_range, part_range
from kamome.services.s3.slice import S3
from kamome.services.s3.storage_classes import STANDARD, check_readable
from kamome.services.s3.store import StoredObject
from kamome.services.s3.tagging import parse_tagging
from kamome.services.s3.unserved import AES256, check_delete_object, check_get_object

if TYPE_CHECKING:
    from kamome.services.s3 import shapes

    ReadRequest = shapes.GetObjectRequest | shapes.HeadObjectRequest

_NULL_VERSION = "null"
_VERSION_ID = re.compile(r"[A-Za-z0-9._-]{32}")
# An object replaced between the read of its row and the opening of its file is looked up again.
_ATTEMPTS_MAX = 5
# Query parameters that replace headers of the answer. S3 API Reference, GetObject.
_OVERRIDES = {
    "ResponseCacheControl": "CacheControl",
    "ResponseContentDisposition": "ContentDisposition",
    "ResponseContentEncoding": "ContentEncoding",
    "ResponseContentLanguage": "ContentLanguage",
    "ResponseContentType": "ContentType",
}


async def delete_object(s3: S3, ctx: RequestContext, request: shapes.DeleteObjectRequest) -> None:
    """Delete an object and its body. A key that has no object is no error without If-Match.

    Raises:
        PreconditionFailed, NoSuchKey: If-Match.
        InvalidArgument, NoSuchVersion: a version of a bucket that has no versions.
        FeatureNotServed, InvalidArgument: see `check_delete_object`.
        NoSuchBucket, InvalidBucketName, AccessDenied: see `own_bucket`.

    AWS: S3 API Reference, DeleteObject.
    """
    bucket = own_bucket(s3, ctx, request["Bucket"], request.get("ExpectedBucketOwner"))
    key = key_bytes(request["Key"])
    check_delete_object(request)
    _check_version(request.get("VersionId"), request["Key"])
    stored = s3.store.object(bucket.bucket_id, key)
    check_delete(request.get("IfMatch"), request["Key"], stored.etag if stored else None)
    if stored is None:
        return
    with s3.store.atomic():
        s3.store.remove_object(bucket.bucket_id, key)
        drop_body(s3, stored.body_id)
        record_event(s3, ctx, bucket, name=OBJECT_REMOVED_DELETE, key=request["Key"])


async def get_object(
    s3: S3, ctx: RequestContext, request: shapes.GetObjectRequest
) -> shapes.GetObjectResult:
    """An object and its body, or a range of it, as an iterator of verified pieces.

    The body stays readable to its end even if the object is replaced meanwhile.

    Raises:
        NoSuchKey: there is no object.
        PreconditionFailed, NotModified: the conditions, see `check_read`.
        InvalidRange, InvalidPartNumber, InvalidArgument, InvalidRequest: range and part.
        InvalidObjectState: the object is archived.
        InternalError: the body is missing or damaged.
        InvalidArgument, NoSuchVersion: a version of a bucket that has no versions.
        NoSuchBucket, InvalidBucketName, AccessDenied: see `own_bucket`.

    AWS: S3 API Reference, GetObject.
    """
    for _ in range(_ATTEMPTS_MAX):
        stored = _readable(s3, ctx, request)
        check_readable(stored.storage_class)
        chosen = _chosen_range(request, stored.size)
        answer = cast("shapes.GetObjectResult", _described(request, stored, chosen))
        try:
            answer["Body"] = await _open(s3, stored, chosen)
        except InternalError:
            if _readable(s3, ctx, request).body_id == stored.body_id:
                raise
        else:
            return answer
    raise InternalError


async def head_object(
    s3: S3, ctx: RequestContext, request: shapes.HeadObjectRequest
) -> shapes.HeadObjectResult:
    """What GetObject answers, without the body.

    Raises:
        As GetObject, but archived objects are shown. Answered without a body.

    AWS: S3 API Reference, HeadObject.
    """
    stored = _readable(s3, ctx, request)
    chosen = _chosen_range(request, stored.size)
    return cast("shapes.HeadObjectResult", _described(request, stored, chosen))


def _readable(s3: S3, ctx: RequestContext, request: ReadRequest) -> StoredObject:
    """The object a read is about, with its conditions checked."""
    bucket = own_bucket(s3, ctx, request["Bucket"], request.get("ExpectedBucketOwner"))
    key = key_bytes(request["Key"])
    _check_version(request.get("VersionId"), request["Key"])
    stored = s3.store.object(bucket.bucket_id, key)
    if stored is None:
        raise NoSuchKey(request["Key"])
    check_get_object(request)
    conditions = ReadConditions(
        request.get("IfMatch"),
        request.get("IfNoneMatch"),
        request.get("IfModifiedSince"),
        request.get("IfUnmodifiedSince"),
    )
    check_read(conditions, stored.etag, stored.last_modified_s)
    return stored


def _check_version(version_id: str | None, key: str) -> None:
    """Buckets here have no versions: their objects have the version `null`."""
    if version_id is None or version_id == _NULL_VERSION:
        return
    if _VERSION_ID.fullmatch(version_id):
        raise NoSuchVersion(key, version_id)
    raise InvalidArgument("Invalid version id specified", "versionId", version_id)


def _chosen_range(request: ReadRequest, size: int) -> ByteRange | None:
    if "PartNumber" in request:
        if "Range" in request:
            raise InvalidRequest("Cannot specify both Range header and partNumber query parameter")
        return part_range(request["PartNumber"], size)
    return parse_range(request["Range"], size) if "Range" in request else None


async def _open(
    s3: S3, stored: StoredObject, chosen: ByteRange | None
) -> AsyncGenerator[bytes, None]:
    body = s3.store.body(stored.body_id)
    if body is None:
        raise InternalError
    if chosen is None:
        return await open_body(s3.blobs, body, 0, stored.size)
    return await open_body(s3.blobs, body, chosen.first, chosen.length)


def _described(
    request: ReadRequest, stored: StoredObject, chosen: ByteRange | None
) -> dict[str, object]:
    """Headers of the answer to GET and HEAD."""
    answer: dict[str, object] = {
        **stored.attributes,
        "AcceptRanges": "bytes",
        "LastModified": stored.last_modified_s,
        "ContentLength": stored.size if chosen is None else chosen.length,
        "ETag": f'"{stored.etag}"',
        "ServerSideEncryption": AES256,
    }
    if chosen is not None:
        answer["ContentRange"] = chosen.content_range
    if stored.storage_class != STANDARD:
        answer["StorageClass"] = stored.storage_class
    if stored.tagging:
        answer["TagCount"] = len(parse_tagging(stored.tagging))
    if request.get("ChecksumMode") == "ENABLED" and _is_whole(stored, chosen):
        answer[checksum_member(stored.checksum_algorithm)] = stored.checksum
        answer["ChecksumType"] = FULL_OBJECT
    overrides = {
        header: request[parameter]  # type: ignore[literal-required]  # from the table above
        for parameter, header in _OVERRIDES.items()
        if parameter in request
    }
    answer.update(overrides)
    if "ResponseExpires" in request:
        answer["Expires"] = formatdate(request["ResponseExpires"], usegmt=True)
    return answer


def _is_whole(stored: StoredObject, chosen: ByteRange | None) -> bool:
    """A checksum of the object says nothing of a part of it: clients would compare and fail."""
    return chosen is None or chosen.length == stored.size
