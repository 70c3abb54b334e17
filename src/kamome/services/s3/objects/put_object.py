"""PutObject, for clients and for other services of this server."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING, cast

from kamome.context import RequestContext
from kamome.services.s3.bodies.bodies import ReceivedBody, pieces_of, receive
from kamome.services.s3.bodies.checksums import (
    DEFAULT_ALGORITHM,
    check_checksum,
    check_md5,
    check_trailers,
    checksum_member,
    expected_checksum,
    expected_md5,
)
from kamome.services.s3.buckets.bucket_access import own_bucket
from kamome.services.s3.encryption.encryption import customer_key, encryption_members
from kamome.services.s3.errors import EntityTooLarge, MissingContentLength
from kamome.services.s3.lifecycle.lifecycle_headers import expiration_members
from kamome.services.s3.limits import PUT_BYTES_MAX
from kamome.services.s3.notifications.events import OBJECT_CREATED_PUT
from kamome.services.s3.objects.keys import key_bytes
from kamome.services.s3.objects.new_objects import (
    NewObject,
    check_new,
    commit,
    content_of,
    new_object,
    sealing_of,
)
from kamome.services.s3.objects.object_rows import StoredObject
from kamome.services.s3.objects.versions import shown_version_id
from kamome.services.s3.slice import S3
from kamome.services.s3.unserved import check_put_object
from kamome.wire import BodyStream

if TYPE_CHECKING:
    from kamome.services.s3 import shapes


async def put_object(
    s3: S3, ctx: RequestContext, request: shapes.PutObjectRequest
) -> shapes.PutObjectResult:
    """Store an object, replacing the one of the same key as a whole; readers see old or new.

    Everything that can be refused by its headers is refused before the body is read. The row, the
    end of the old body and the events are one step. Of concurrent writers the last to finish wins;
    of concurrent conditional ones the first, and the others get PreconditionFailed.

    Raises:
        NoSuchBucket, InvalidBucketName, AccessDenied: see `own_bucket`.
        KeyTooLongError, InvalidURI: the key.
        MissingContentLength, EntityTooLarge, IncompleteBody: the length (at most 5 GiB).
        InvalidDigest, InvalidRequest, BadDigest, MalformedTrailerError: MD5 and checksum.
        PreconditionFailed, NoSuchKey: the conditions.
        MetadataTooLarge, InvalidStorageClass, InvalidTag, InvalidRedirectLocation: what is kept.
        FeatureNotServed and others: see `check_put_object`; what KMS refuses: see `key_of_new`.

    AWS: S3 API Reference, PutObject.
    """
    bucket = own_bucket(
        s3,
        ctx,
        request["Bucket"],
        request.get("ExpectedBucketOwner"),
        action="s3:PutObject",
        key=request["Key"],
    )
    key_bytes(request["Key"])
    check_put_object(request)
    body, length = announced_body(request)
    md5 = expected_md5(request.get("ContentMD5"))
    expected = expected_checksum(request, body.announced)
    new = new_object(
        s3,
        ctx,
        bucket,
        request,
        algorithm=expected.algorithm,
        customer_key=customer_key(request),
    )
    check_new(s3, new)
    sealing = sealing_of(s3, new.body_key)
    received = await receive(s3.blobs, body, length, expected.algorithm, sealing)
    try:
        check_md5(md5, received.md5)
        check_checksum(check_trailers(expected, body.trailers), received.checksum)
        stored = commit(s3, ctx, new, content_of(received), OBJECT_CREATED_PUT)
    except BaseException:
        await discard(s3, received)
        raise
    return _answer(new, stored)


async def put_object_internal(
    s3: S3,
    ctx: RequestContext,
    bucket: str,
    key: str,
    body: bytes | AsyncIterator[bytes],
    *,
    content_length: int,
    record: Callable[[], None],
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Store an object for another service of this server (SES's S3 action), as PutObject does.

    `record` runs in the step that makes the object visible: what it writes is kept if and only if
    the object is. Not durable on return: the caller's edge waits for the sync.

    Raises:
        NoSuchBucket, AccessDenied, KeyTooLongError, EntityTooLarge, IncompleteBody: as PutObject.

    AWS: S3 API Reference, PutObject.
    """
    own = own_bucket(s3, ctx, bucket)
    key_bytes(key)
    check_length(content_length)
    request = {"Key": key, "Metadata": dict(metadata)} if metadata else {"Key": key}
    new = new_object(s3, ctx, own, request, algorithm=DEFAULT_ALGORITHM)
    pieces: AsyncIterable[bytes] = pieces_of(body) if isinstance(body, bytes) else body
    received = await receive(
        s3.blobs, pieces, content_length, DEFAULT_ALGORITHM, sealing_of(s3, new.body_key)
    )
    try:
        commit(s3, ctx, new, content_of(received), OBJECT_CREATED_PUT, record)
    except BaseException:
        await discard(s3, received)
        raise


def announced_body(
    request: shapes.PutObjectRequest | shapes.UploadPartRequest,
) -> tuple[BodyStream, int]:
    """The body of a request and its length.

    Raises:
        MissingContentLength, EntityTooLarge: the length.

    AWS: S3 API Reference, PutObject, Content-Length.
    """
    body = request.get("Body") or BodyStream(pieces_of(b""), 0)
    if body.length is None:
        raise MissingContentLength
    check_length(body.length)
    return body, body.length


def check_length(length: int) -> None:
    """Whether one PUT may be that long.

    Raises:
        EntityTooLarge: it may not.

    AWS: S3 User Guide, Uploading objects.
    """
    if length > PUT_BYTES_MAX:
        raise EntityTooLarge(length, PUT_BYTES_MAX)


async def discard(s3: S3, received: ReceivedBody) -> None:
    """Forget a body that no row came to keep."""
    if received.blob is not None:
        await s3.blobs.discard(received.blob)


def _answer(new: NewObject, stored: StoredObject) -> shapes.PutObjectResult:
    answer: dict[str, object] = {
        "ETag": f'"{stored.etag}"',
        checksum_member(stored.checksum_algorithm): stored.checksum,
        "ChecksumType": stored.checksum_type,
        **encryption_members(stored.attributes),
        **shown_version_id(new.bucket, stored),
        **expiration_members(new.bucket, stored),
    }
    return cast("shapes.PutObjectResult", answer)
