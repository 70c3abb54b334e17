"""Operations that read objects, in the order of the API reference."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from email.utils import formatdate
from typing import TYPE_CHECKING, cast

from kamome.context import RequestContext
from kamome.services.s3.bodies.bodies import inline_bytes
from kamome.services.s3.bodies.checksums import checksum_member
from kamome.services.s3.bodies.object_bodies import open_object
from kamome.services.s3.buckets.bucket_access import own_bucket
from kamome.services.s3.encryption.data_keys import key_of_stored
from kamome.services.s3.encryption.encryption import check_key, customer_key, encryption_members
from kamome.services.s3.errors import (
    InternalError,
    InvalidRequest,
)
from kamome.services.s3.lifecycle.lifecycle_headers import expiration_members
from kamome.services.s3.limits import INLINE_BYTES_MAX
from kamome.services.s3.multipart.parts import COMPOSITE
from kamome.services.s3.objects.conditions import ReadConditions, check_read
from kamome.services.s3.objects.object_rows import StoredObject
from kamome.services.s3.objects.ranges import ByteRange, parse_range, part_range
from kamome.services.s3.objects.storage_classes import STANDARD, check_readable
from kamome.services.s3.objects.tagging import parse_tagging
from kamome.services.s3.objects.versions import readable_version, shown_version_id
from kamome.services.s3.slice import S3
from kamome.services.s3.store import Bucket

if TYPE_CHECKING:
    from kamome.services.s3 import shapes

    ReadRequest = shapes.GetObjectRequest | shapes.HeadObjectRequest

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

_OVERRIDING = frozenset((*_OVERRIDES, "ResponseExpires"))


async def get_object(
    s3: S3, ctx: RequestContext, request: shapes.GetObjectRequest
) -> shapes.GetObjectResult:
    """An object and its body, or a range of it: verified bytes, or an iterator of pieces.

    The body stays readable to its end even if the object is replaced meanwhile.

    Raises:
        NoSuchKey: there is no object.
        PreconditionFailed, NotModified: the conditions, see `check_read`.
        InvalidRange, InvalidPartNumber, InvalidArgument, InvalidRequest: range and part.
        InvalidObjectState: the object is archived.
        InternalError: the body is missing or damaged.
        NoSuchVersion, MethodNotAllowed: the version, see `readable_version`.
        AccessDenied, InvalidRequest: the customer's key, see `check_key`.
        AwsError: KMS does not open the data key, see `key_of_stored`.
        NoSuchBucket, InvalidBucketName, AccessDenied: see `own_bucket`.

    AWS: S3 API Reference, GetObject.
    """
    for _ in range(_ATTEMPTS_MAX):
        bucket, stored = _readable(s3, ctx, request)
        check_readable(stored.storage_class, stored.attributes)
        chosen = _chosen_range(s3, request, stored)
        answer = cast("shapes.GetObjectResult", _described(s3, bucket, request, stored, chosen))
        try:
            answer["Body"] = await _open(s3, request, stored, chosen)
        except InternalError:
            if _readable(s3, ctx, request)[1].body_id == stored.body_id:
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
    bucket, stored = _readable(s3, ctx, request)
    chosen = _chosen_range(s3, request, stored)
    return cast("shapes.HeadObjectResult", _described(s3, bucket, request, stored, chosen))


def _readable(s3: S3, ctx: RequestContext, request: ReadRequest) -> tuple[Bucket, StoredObject]:
    """The object a read is about, with its conditions and its key checked."""
    bucket = own_bucket(
        s3,
        ctx,
        request["Bucket"],
        request.get("ExpectedBucketOwner"),
        action="s3:GetObject",
        key=request["Key"],
    )
    if not ctx.access_key and not _OVERRIDING.isdisjoint(request):
        raise InvalidRequest(
            "Request specific response headers cannot be used for anonymous GET requests."
        )
    stored = readable_version(s3, bucket, request["Key"], request.get("VersionId"))
    conditions = ReadConditions(
        request.get("IfMatch"),
        request.get("IfNoneMatch"),
        request.get("IfModifiedSince"),
        request.get("IfUnmodifiedSince"),
    )
    check_key(stored.attributes, customer_key(request))
    check_read(conditions, stored.etag, stored.last_modified_s)
    return bucket, stored


def _expiration(
    s3: S3, bucket: Bucket, request: ReadRequest, stored: StoredObject
) -> dict[str, object]:
    """When the object expires; of a version that is not current nothing is told."""
    if "VersionId" in request:
        current = s3.store.object(bucket.bucket_id, stored.key)
        if current is None or current.version_id != stored.version_id:
            return {}
    return expiration_members(bucket, stored)


def _chosen_range(s3: S3, request: ReadRequest, stored: StoredObject) -> ByteRange | None:
    if "PartNumber" in request:
        if "Range" in request:
            raise InvalidRequest("Cannot specify both Range header and partNumber query parameter")
        return part_range(request["PartNumber"], stored.size, _part_sizes(s3, stored))
    return parse_range(request["Range"], stored.size) if "Range" in request else None


def _part_sizes(s3: S3, stored: StoredObject) -> list[int]:
    if not stored.part_count:
        return [stored.size]
    return [part.size for part in s3.store.body_parts(stored.body_id)]


async def _open(
    s3: S3, request: ReadRequest, stored: StoredObject, chosen: ByteRange | None
) -> bytes | AsyncGenerator[bytes, None]:
    key = key_of_stored(s3, stored.attributes, customer_key(request))
    first, length = (0, stored.size) if chosen is None else (chosen.first, chosen.length)
    if not stored.part_count and stored.size <= INLINE_BYTES_MAX:
        body = s3.store.body(stored.body_id)
        if body is not None and body.content is not None:
            return inline_bytes(body, first, length, key)
    return await open_object(s3, stored, first, length, key)


def _described(
    s3: S3, bucket: Bucket, request: ReadRequest, stored: StoredObject, chosen: ByteRange | None
) -> dict[str, object]:
    """Headers of the answer to GET and HEAD."""
    answer: dict[str, object] = {
        **stored.attributes,
        "AcceptRanges": "bytes",
        "LastModified": stored.last_modified_s,
        "ContentLength": stored.size if chosen is None else chosen.length,
        "ETag": f'"{stored.etag}"',
        **encryption_members(stored.attributes),
        **shown_version_id(bucket, stored),
    }
    if "PartNumber" in request and stored.part_count:
        answer["PartsCount"] = stored.part_count
    if chosen is not None:
        answer["ContentRange"] = chosen.content_range
    if stored.storage_class != STANDARD:
        answer["StorageClass"] = stored.storage_class
    if stored.tagging:
        answer["TagCount"] = len(parse_tagging(stored.tagging))
    if bucket.lifecycle:
        answer.update(_expiration(s3, bucket, request, stored))
    if request.get("ChecksumMode") == "ENABLED":
        answer.update(_checksum(s3, request, stored, chosen))
    overrides = {
        header: request[parameter]  # type: ignore[literal-required]  # from the table above
        for parameter, header in _OVERRIDES.items()
        if parameter in request
    }
    answer.update(overrides)
    if "ResponseExpires" in request:
        answer["Expires"] = formatdate(request["ResponseExpires"], usegmt=True)
    return answer


def _checksum(
    s3: S3, request: ReadRequest, stored: StoredObject, chosen: ByteRange | None
) -> dict[str, object]:
    """The checksum of what is given out: the object, or one part of a composite one.

    The object's says nothing of a part of it: clients would compare and fail.

    AWS: S3 User Guide, Checking object integrity, Using part-level checksums.
    """
    if "PartNumber" in request and stored.checksum_type == COMPOSITE:
        [part] = s3.store.body_parts(stored.body_id, request["PartNumber"] - 1, 1)
        checksum = part.checksum
    elif chosen is None or chosen.length == stored.size:
        checksum = stored.checksum
    else:
        return {}
    return {
        checksum_member(stored.checksum_algorithm): checksum,
        "ChecksumType": stored.checksum_type,
    }
