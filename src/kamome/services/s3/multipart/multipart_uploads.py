"""Multipart uploads: from CreateMultipartUpload to the object, or to nothing."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, cast

from kamome.context import RequestContext
from kamome.services.s3.bodies.bodies import ReceivedBody, receive
from kamome.services.s3.bodies.checksums import (
    DEFAULT_ALGORITHM,
    DIGEST_BYTES,
    check_checksum,
    check_md5,
    check_trailers,
    checksum_member,
    expected_checksum,
    expected_md5,
)
from kamome.services.s3.buckets.bucket_access import own_bucket
from kamome.services.s3.buckets.regions import object_location
from kamome.services.s3.encryption.data_keys import key_of_stored
from kamome.services.s3.encryption.encryption import (
    check_key,
    customer_key,
    encryption_members,
)
from kamome.services.s3.errors import (
    InvalidArgument,
    InvalidRequest,
    NoSuchUpload,
    PreconditionFailed,
)
from kamome.services.s3.lifecycle.lifecycle_headers import abort_members, expiration_members
from kamome.services.s3.limits import PART_NUMBER_MAX
from kamome.services.s3.multipart.parts import (
    COMPOSITE,
    assembled,
    body_parts,
    check_size,
    chosen_parts,
    composite_etag,
    upload_checksum,
)
from kamome.services.s3.multipart.upload_store import StoredPart, StoredUpload
from kamome.services.s3.notifications.events import OBJECT_CREATED_MULTIPART
from kamome.services.s3.objects.conditions import WriteConditions, check_served
from kamome.services.s3.objects.keys import key_bytes
from kamome.services.s3.objects.new_objects import (
    BODY_ID_DIGITS,
    Content,
    NewObject,
    commit,
    keep_received,
    new_object,
    sealing_of,
)
from kamome.services.s3.objects.put_object import announced_body, discard
from kamome.services.s3.objects.versions import drop_bytes, drop_upload, shown_version_id
from kamome.services.s3.slice import S3
from kamome.services.s3.store import Bucket
from kamome.services.s3.unserved import check_put_object

if TYPE_CHECKING:
    from kamome.services.s3 import shapes

_UPLOAD_ID_BYTES = 36
# Time in the upper digits of an id's number, as in sequencers and ranks.
_UPLOAD_TIME_SHIFT = 16
_UPLOAD_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


async def create_multipart_upload(
    s3: S3, ctx: RequestContext, request: shapes.CreateMultipartUploadRequest
) -> shapes.CreateMultipartUploadResult:
    """Begin an upload in parts; what the headers say is kept for the object.

    Raises:
        InvalidRequest: the checksum type does not go with the algorithm, see `upload_checksum`.
        MetadataTooLarge, InvalidStorageClass, InvalidTag and others: see `new_object`.
        KeyTooLongError, InvalidURI: the key.
        NoSuchBucket, InvalidBucketName, AccessDenied: see `own_bucket`.

    AWS: S3 API Reference, CreateMultipartUpload.
    """
    bucket = own_bucket(
        s3,
        ctx,
        request["Bucket"],
        request.get("ExpectedBucketOwner"),
        action="s3:PutObject",
        key=request["Key"],
    )
    key = key_bytes(request["Key"])
    check_put_object(request)
    algorithm, kind = upload_checksum(request.get("ChecksumAlgorithm"), request.get("ChecksumType"))
    new = new_object(
        s3,
        ctx,
        bucket,
        request,
        algorithm=algorithm or DEFAULT_ALGORITHM,
        customer_key=customer_key(request),
    )
    now_ms = s3.clock.now_ms()
    with s3.store.atomic():
        upload_id = _new_upload_id(s3, bucket, now_ms)
        s3.store.uploads.add(
            bucket.bucket_id,
            StoredUpload(
                key,
                upload_id,
                now_ms,
                new.storage_class,
                algorithm,
                kind,
                new.tagging,
                new.attributes,
            ),
        )
    answer: dict[str, object] = {
        "Bucket": bucket.name,
        "Key": request["Key"],
        "UploadId": upload_id,
        **encryption_members(new.attributes),
        **abort_members(bucket, request["Key"], now_ms),
    }
    if algorithm:
        answer |= {"ChecksumAlgorithm": algorithm, "ChecksumType": kind}
    return cast("shapes.CreateMultipartUploadResult", answer)


def _new_upload_id(s3: S3, bucket: Bucket, now_ms: int) -> str:
    """An id that sorts behind those of all uploads to the bucket that were initiated before.

    AWS: S3 API Reference, ListMultipartUploads, Sorting of multipart uploads in response.
    """
    number = s3.store.next_sequence(bucket.bucket_id, now_ms << _UPLOAD_TIME_SHIFT)
    random = base64.urlsafe_b64encode(s3.ids.bytes(_UPLOAD_ID_BYTES)).decode()
    return f"{number:016x}{random}"


async def upload_part(
    s3: S3, ctx: RequestContext, request: shapes.UploadPartRequest
) -> shapes.UploadPartResult:
    """Take in one part; a part of the same number that is there already is replaced.

    Raises:
        NoSuchUpload: there is no such upload, or it ended while the part came.
        InvalidArgument: the number is not 1 to 10,000.
        InvalidRequest: the checksum is of another algorithm than the upload's, or missing where
            the object's is made of those of the parts.
        MissingContentLength, EntityTooLarge, IncompleteBody: the length (at most 5 GiB).
        InvalidDigest, BadDigest, MalformedTrailerError: MD5 and checksum.
        InvalidRequest, AccessDenied: the customer's key, see `check_key`.
        AwsError: KMS does not open the upload's data key, see `key_of_stored`.
        NoSuchBucket, InvalidBucketName, AccessDenied: see `own_bucket`.

    AWS: S3 API Reference, UploadPart.
    """
    bucket = own_bucket(
        s3,
        ctx,
        request["Bucket"],
        request.get("ExpectedBucketOwner"),
        action="s3:PutObject",
        key=request["Key"],
    )
    upload = find_upload(s3, bucket, request["Key"], request["UploadId"])
    check_part_number(request["PartNumber"])
    given_key = customer_key(request)
    check_key(upload.attributes, given_key)
    key = key_of_stored(s3, upload.attributes, given_key)
    body, length = announced_body(request)
    md5 = expected_md5(request.get("ContentMD5"))
    expected = expected_checksum(
        request,
        body.announced,
        default=upload.checksum_algorithm or DEFAULT_ALGORITHM,
    )
    _check_algorithm(upload, expected.algorithm, is_given=_is_given(request, body.announced))
    kept_algorithm = upload.checksum_algorithm or DEFAULT_ALGORITHM
    received = await receive(
        s3.blobs,
        body,
        length,
        expected.algorithm,
        sealing_of(s3, key),
        inline_bytes_max=-1,
        second_algorithm=kept_algorithm if kept_algorithm != expected.algorithm else "",
    )
    try:
        check_md5(md5, received.md5)
        check_checksum(check_trailers(expected, body.trailers), received.checksum)
        part = keep_part(s3, bucket, upload, request["PartNumber"], received)
    except BaseException:
        await discard(s3, received)
        raise
    answer: dict[str, object] = {
        "ETag": f'"{part.etag}"',
        checksum_member(expected.algorithm): base64.b64encode(received.checksum).decode(),
        **encryption_members(upload.attributes),
    }
    return cast("shapes.UploadPartResult", answer)


async def complete_multipart_upload(
    s3: S3, ctx: RequestContext, request: shapes.CompleteMultipartUploadRequest
) -> shapes.CompleteMultipartUploadResult:
    """Make the object of the parts that are named; the others are forgotten.

    No byte is copied: the object consists of the parts. The object, its events and the end of the
    upload are one step. The object is as old as the upload: where versions are kept, those made
    since stay newer.

    Raises:
        NoSuchUpload: there is no such upload.
        MalformedXML, InvalidPart, InvalidPartOrder, EntityTooSmall: the parts.
        InvalidRequest: `x-amz-mp-object-size` or the checksum type is another.
        BadDigest: the checksum of the object is another.
        PreconditionFailed, NoSuchKey: the conditions.
        InvalidRequest, AccessDenied: the customer's key, see `check_key`.
        NoSuchBucket, InvalidBucketName, AccessDenied: see `own_bucket`.

    AWS: S3 API Reference, CompleteMultipartUpload.
    """
    bucket = own_bucket(
        s3,
        ctx,
        request["Bucket"],
        request.get("ExpectedBucketOwner"),
        action="s3:PutObject",
        key=request["Key"],
    )
    upload = find_upload(s3, bucket, request["Key"], request["UploadId"])
    conditions = WriteConditions(request.get("IfMatch"), request.get("IfNoneMatch"))
    check_served(conditions)
    given_key = customer_key(request)
    if given_key is not None:
        check_key(upload.attributes, given_key)
    present = s3.store.uploads.parts(upload.upload_id, 0, PART_NUMBER_MAX)
    parts = chosen_parts(request.get("MultipartUpload", {}).get("Parts", []), present, upload)
    size = check_size(parts, request.get("MpuObjectSize"), upload.upload_id)
    checksum, kind = assembled(upload, parts, request)
    content = Content(
        size,
        composite_etag(parts),
        checksum,
        kind,
        parts=body_parts(parts),
        initiated_at_ms=upload.initiated_at_ms,
    )
    new = NewObject(
        bucket,
        request["Key"],
        upload.checksum_algorithm or DEFAULT_ALGORITHM,
        conditions,
        upload.storage_class,
        upload.tagging,
        upload.attributes,
    )
    kept = {part.body_id for part in parts}

    def end_upload() -> None:
        s3.store.uploads.remove(bucket.bucket_id, upload.key, upload.upload_id)
        for part in present:
            if part.body_id not in kept:
                drop_bytes(s3, part.body_id)

    stored = commit(s3, ctx, new, content, OBJECT_CREATED_MULTIPART, end_upload)
    answer: dict[str, object] = {
        "Location": object_location(ctx.base_url, bucket.name, request["Key"]),
        "Bucket": bucket.name,
        "Key": request["Key"],
        "ETag": f'"{stored.etag}"',
        checksum_member(stored.checksum_algorithm): stored.checksum,
        "ChecksumType": stored.checksum_type,
        **encryption_members(stored.attributes),
        **shown_version_id(bucket, stored),
        **expiration_members(bucket, stored),
    }
    return cast("shapes.CompleteMultipartUploadResult", answer)


async def abort_multipart_upload(
    s3: S3, ctx: RequestContext, request: shapes.AbortMultipartUploadRequest
) -> None:
    """End an upload and forget its parts. A part that is still coming finds no upload.

    Raises:
        NoSuchUpload: there is no such upload.
        PreconditionFailed: it was initiated at another time than `IfMatchInitiatedTime`.
        NoSuchBucket, InvalidBucketName, AccessDenied: see `own_bucket`.

    AWS: S3 API Reference, AbortMultipartUpload.
    """
    bucket = own_bucket(
        s3,
        ctx,
        request["Bucket"],
        request.get("ExpectedBucketOwner"),
        action="s3:AbortMultipartUpload",
        key=request["Key"],
    )
    upload = find_upload(s3, bucket, request["Key"], request["UploadId"])
    initiated_s = request.get("IfMatchInitiatedTime")
    if initiated_s not in (None, upload.initiated_at_ms // 1000):
        raise PreconditionFailed("x-amz-if-match-initiated-time")
    with s3.store.atomic():
        drop_upload(s3, bucket, upload)


def find_upload(s3: S3, bucket: Bucket, key: str, upload_id: str) -> StoredUpload:
    """The upload of that id to that key.

    Raises:
        NoSuchUpload: there is none.

    AWS: S3 API Reference, UploadPart, NoSuchUpload.
    """
    found = None
    if _UPLOAD_ID.fullmatch(upload_id) is not None:
        found = s3.store.uploads.find(bucket.bucket_id, key_bytes(key), upload_id)
    if found is None:
        raise NoSuchUpload(upload_id)
    return found


def check_part_number(number: int) -> None:
    """Whether a part may have that number.

    Raises:
        InvalidArgument: it is not 1 to 10,000.

    AWS: S3 User Guide, Amazon S3 multipart upload limits.
    """
    if not 1 <= number <= PART_NUMBER_MAX:
        raise InvalidArgument(
            f"Part number must be an integer between 1 and {PART_NUMBER_MAX}, inclusive",
            "partNumber",
            number,
        )


def keep_part(
    s3: S3, bucket: Bucket, upload: StoredUpload, number: int, received: ReceivedBody
) -> StoredPart:
    """Keep a part that has arrived, in place of the one of its number; one step.

    Raises:
        NoSuchUpload: the upload ended meanwhile.
    """
    part = StoredPart(
        number,
        s3.ids.hex(BODY_ID_DIGITS),
        received.size,
        received.etag,
        base64.b64encode(received.second_checksum or received.checksum).decode(),
        s3.clock.now_ms(),
    )
    with s3.store.atomic():
        if s3.store.uploads.find(bucket.bucket_id, upload.key, upload.upload_id) is None:
            raise NoSuchUpload(upload.upload_id)
        former = s3.store.uploads.part(upload.upload_id, number)
        if former is not None:
            drop_bytes(s3, former.body_id)
        keep_received(s3, part.body_id, received)
        s3.store.uploads.put_part(upload.upload_id, part)
    return part


def _is_given(request: shapes.UploadPartRequest, announced: frozenset[str]) -> bool:
    in_header = any(checksum_member(name) in request for name in DIGEST_BYTES)
    return in_header or any(name.startswith("x-amz-checksum-") for name in announced)


def _check_algorithm(upload: StoredUpload, algorithm: str, *, is_given: bool) -> None:
    """Parts carry the checksum that the upload was begun with; composite ones need it."""
    expected = upload.checksum_algorithm
    if not is_given:
        algorithm = "null" if upload.checksum_type == COMPOSITE else expected
    if expected and algorithm != expected:
        raise InvalidRequest(
            f"Checksum Type mismatch occurred, expected checksum Type: {expected.lower()}, actual"
            f" checksum Type: {algorithm.lower()}"
        )
