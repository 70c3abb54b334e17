"""PutObject, for clients and for other services of this server."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterable, AsyncIterator, Callable
from typing import TYPE_CHECKING, cast

import msgspec

from kamome.context import RequestContext
from kamome.services.s3.bodies import ReceivedBody, pieces_of, receive
from kamome.services.s3.bucket_access import own_bucket
from kamome.services.s3.checksums import (
    DEFAULT_ALGORITHM,
    FULL_OBJECT,
    check_checksum,
    check_md5,
    check_trailers,
    checksum_member,
    expected_checksum,
    expected_md5,
)
from kamome.services.s3.conditions import WriteConditions, check_served, check_write
from kamome.services.s3.errors import EntityTooLarge, MissingContentLength, NoSuchBucket
from kamome.services.s3.events import OBJECT_CREATED_PUT
from kamome.services.s3.keys import key_bytes
from kamome.services.s3.limits import PUT_BYTES_MAX
from kamome.services.s3.metadata import attributes_of
from kamome.services.s3.object_events import record_event
from kamome.services.s3.slice import S3
from kamome.services.s3.storage_classes import STANDARD, checked_storage_class
from kamome.services.s3.store import Bucket, StoredObject
from kamome.services.s3.tagging import parse_tagging
from kamome.services.s3.unserved import AES256, check_put_object
from kamome.wire import BodyStream

if TYPE_CHECKING:
    from kamome.services.s3 import shapes

_BODY_ID_DIGITS = 32


class _Upload(msgspec.Struct, frozen=True):
    """What is known of an object before its body has come."""

    bucket: Bucket
    key: str
    algorithm: str
    conditions: WriteConditions
    storage_class: str
    tagging: str
    attributes: dict[str, object]


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
        FeatureNotServed and others: see `check_put_object`.

    AWS: S3 API Reference, PutObject.
    """
    bucket = own_bucket(s3, ctx, request["Bucket"], request.get("ExpectedBucketOwner"))
    key = key_bytes(request["Key"])
    check_put_object(request)
    body, length = _announced_body(request)
    md5 = expected_md5(request.get("ContentMD5"))
    expected = expected_checksum(request, tuple(sorted(body.announced)))
    upload = _Upload(
        bucket,
        request["Key"],
        expected.algorithm,
        WriteConditions(request.get("IfMatch"), request.get("IfNoneMatch")),
        checked_storage_class(request.get("StorageClass")),
        _checked_tagging(request.get("Tagging", "")),
        attributes_of(request),
    )
    check_served(upload.conditions)
    present = s3.store.object(bucket.bucket_id, key)
    check_write(upload.conditions, upload.key, present.etag if present else None)
    received = await receive(s3.blobs, body, length, expected.algorithm)
    try:
        check_md5(md5, received.md5)
        check_checksum(check_trailers(expected, body.trailers), received.checksum)
        stored = _commit(s3, ctx, upload, received, lambda: None)
    except BaseException:
        await _discard(s3, received)
        raise
    return _answer(stored)


async def put_object_internal(
    s3: S3,
    ctx: RequestContext,
    bucket: str,
    key: str,
    body: bytes | AsyncIterator[bytes],
    *,
    content_length: int,
    record: Callable[[], None],
) -> None:
    """Store an object for another service of this server (SES's S3 action), as PutObject does.

    `record` runs in the step that makes the object visible: what it writes is kept if and only if
    the object is. Not durable on return: the caller's edge waits for the sync.

    Raises:
        NoSuchBucket, AccessDenied, KeyTooLongError, EntityTooLarge, IncompleteBody: as PutObject.

    AWS: S3 API Reference, PutObject.
    """
    upload = _Upload(
        own_bucket(s3, ctx, bucket),
        key,
        DEFAULT_ALGORITHM,
        WriteConditions(),
        STANDARD,
        "",
        attributes_of({}),
    )
    key_bytes(key)
    _check_length(content_length)
    pieces: AsyncIterable[bytes] = pieces_of(body) if isinstance(body, bytes) else body
    received = await receive(s3.blobs, pieces, content_length, upload.algorithm)
    try:
        _commit(s3, ctx, upload, received, record)
    except BaseException:
        await _discard(s3, received)
        raise


def _announced_body(request: shapes.PutObjectRequest) -> tuple[BodyStream, int]:
    body = request.get("Body") or BodyStream(pieces_of(b""), 0)
    if body.length is None:
        raise MissingContentLength
    _check_length(body.length)
    return body, body.length


def _check_length(length: int) -> None:
    if length > PUT_BYTES_MAX:
        raise EntityTooLarge(length, PUT_BYTES_MAX)


def _checked_tagging(header: str) -> str:
    parse_tagging(header)
    return header


def _commit(
    s3: S3,
    ctx: RequestContext,
    upload: _Upload,
    received: ReceivedBody,
    record: Callable[[], None],
) -> StoredObject:
    """Make the object visible: one step, with all that follows from it.

    Bucket and conditions are looked at again, as the body may have taken its time.
    """
    bucket = upload.bucket
    key = key_bytes(upload.key)
    stored = StoredObject(
        key,
        s3.ids.hex(_BODY_ID_DIGITS),
        received.size,
        received.md5.hex(),
        s3.clock.now_ms(),
        upload.storage_class,
        upload.algorithm,
        base64.b64encode(received.checksum).decode(),
        upload.tagging,
        upload.attributes,
    )
    with s3.store.atomic():
        if s3.store.bucket(bucket.partition, bucket.name) != bucket:
            raise NoSuchBucket(bucket.name)
        present = s3.store.object(bucket.bucket_id, key)
        check_write(upload.conditions, upload.key, present.etag if present else None)
        if present is not None:
            drop_body(s3, present.body_id)
        s3.store.add_body(stored.body_id, received.stored())
        if received.blob is not None:
            s3.blobs.keep(received.blob)
        s3.store.put_object(bucket.bucket_id, stored)
        record_event(
            s3,
            ctx,
            bucket,
            name=OBJECT_CREATED_PUT,
            key=upload.key,
            size=stored.size,
            etag=stored.etag,
        )
        record()
    return stored


def drop_body(s3: S3, body_id: str) -> None:
    """Forget the bytes of an object that is replaced or deleted; part of that step."""
    blob_id = s3.store.remove_body(body_id)
    if blob_id is not None:
        s3.blobs.drop(blob_id)


async def _discard(s3: S3, received: ReceivedBody) -> None:
    if received.blob is not None:
        await s3.blobs.discard(received.blob)


def _answer(stored: StoredObject) -> shapes.PutObjectResult:
    answer: dict[str, object] = {
        "ETag": f'"{stored.etag}"',
        checksum_member(stored.checksum_algorithm): stored.checksum,
        "ChecksumType": FULL_OBJECT,
        "ServerSideEncryption": AES256,
    }
    return cast("shapes.PutObjectResult", answer)
