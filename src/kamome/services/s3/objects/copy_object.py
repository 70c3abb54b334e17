"""CopyObject and UploadPartCopy: bytes that are here already become another object or a part."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, cast
from urllib.parse import unquote_to_bytes

import msgspec

from kamome.context import RequestContext
from kamome.services.s3.bodies.bodies import ReceivedBody, receive
from kamome.services.s3.bodies.checksums import DEFAULT_ALGORITHM, DIGEST_BYTES, checksum_member
from kamome.services.s3.bodies.object_bodies import open_object
from kamome.services.s3.buckets.bucket_access import own_bucket
from kamome.services.s3.encryption.data_keys import key_of_stored
from kamome.services.s3.encryption.encryption import (
    check_key,
    customer_key,
    encryption_members,
)
from kamome.services.s3.errors import EntityTooLarge, InvalidArgument, InvalidRequest
from kamome.services.s3.lifecycle.lifecycle_headers import expiration_members
from kamome.services.s3.limits import PUT_BYTES_MAX
from kamome.services.s3.multipart.multipart_uploads import (
    check_part_number,
    find_upload,
    keep_part,
)
from kamome.services.s3.notifications.events import OBJECT_CREATED_COPY
from kamome.services.s3.objects.conditions import ReadConditions, check_copy_source
from kamome.services.s3.objects.keys import key_bytes
from kamome.services.s3.objects.new_objects import (
    check_new,
    commit,
    content_of,
    new_object,
    sealing_of,
)
from kamome.services.s3.objects.object_rows import StoredObject
from kamome.services.s3.objects.put_object import discard
from kamome.services.s3.objects.storage_classes import check_readable
from kamome.services.s3.objects.versions import readable_version, shown_version_id
from kamome.services.s3.slice import S3
from kamome.services.s3.store import Bucket
from kamome.services.s3.unserved import check_put_object

if TYPE_CHECKING:
    from kamome.services.s3 import shapes

    CopyRequest = shapes.CopyObjectRequest | shapes.UploadPartCopyRequest

_COPY, _REPLACE = "COPY", "REPLACE"
_SOURCE_RANGE = re.compile(r"bytes=(\d{1,19})-(\d{1,19})")
_VERSION_PARAMETER = "?versionId="


class _Source(msgspec.Struct, frozen=True):
    """What is copied: bucket, key, object and what its bytes are encrypted with."""

    bucket: Bucket
    key: str
    stored: StoredObject
    body_key: bytes | None
    has_version: bool


async def copy_object(
    s3: S3, ctx: RequestContext, request: shapes.CopyObjectRequest
) -> shapes.CopyObjectResult:
    """Make an object of another one's bytes, with its metadata and tags or with new ones.

    The copy is one step, as a PutObject is; its ETag is the MD5 of its bytes.

    Raises:
        NoSuchKey, NoSuchVersion, MethodNotAllowed: the source.
        PreconditionFailed: the conditions on the source, or on the target.
        InvalidArgument: the form of the source, or a directive that S3 does not have.
        InvalidRequest: the source is more than 5 GiB, or copied to itself without any change.
        InvalidObjectState: the source is archived.
        NoSuchBucket, InvalidBucketName, AccessDenied: see `own_bucket`, for both buckets.
        and as PutObject for the headers of the new object.

    AWS: S3 API Reference, CopyObject.
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
    source = _source(s3, ctx, request)
    if source.stored.size > PUT_BYTES_MAX:
        raise InvalidRequest(
            "The specified copy source is larger than the maximum allowable size for a copy"
            f" source: {PUT_BYTES_MAX}"
        )
    _check_changed(bucket, source, request)
    algorithm = request.get("ChecksumAlgorithm") or _algorithm_of(source.stored)
    new = new_object(
        s3,
        ctx,
        bucket,
        _with_directives(request, source.stored),
        algorithm=algorithm,
        customer_key=customer_key(request),
    )
    check_new(s3, new)
    received = await _copied(s3, source, (0, source.stored.size), algorithm, new.body_key)
    try:
        stored = commit(s3, ctx, new, content_of(received), OBJECT_CREATED_COPY)
    except BaseException:
        await discard(s3, received)
        raise
    answer: dict[str, object] = {
        "CopyObjectResult": {
            "ETag": f'"{stored.etag}"',
            "LastModified": stored.last_modified_s,
            checksum_member(stored.checksum_algorithm): stored.checksum,
            "ChecksumType": stored.checksum_type,
        },
        **encryption_members(stored.attributes),
        **shown_version_id(bucket, stored),
        **expiration_members(bucket, stored),
        **_source_version(source),
    }
    return cast("shapes.CopyObjectResult", answer)


async def upload_part_copy(
    s3: S3, ctx: RequestContext, request: shapes.UploadPartCopyRequest
) -> shapes.UploadPartCopyResult:
    """Make a part of another object's bytes, or of a range of them.

    Raises:
        NoSuchUpload: there is no such upload.
        InvalidArgument: the part number, the form of the source or of the range.
        InvalidRequest: the range is not within the source.
        and as CopyObject for the source.

    AWS: S3 API Reference, UploadPartCopy.
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
    source = _source(s3, ctx, request)
    first, length = _source_range(request.get("CopySourceRange"), source.stored.size)
    if length > PUT_BYTES_MAX:
        raise EntityTooLarge(length, PUT_BYTES_MAX)
    algorithm = upload.checksum_algorithm or DEFAULT_ALGORITHM
    received = await _copied(s3, source, (first, length), algorithm, key, inline_bytes_max=-1)
    try:
        part = keep_part(s3, bucket, upload, request["PartNumber"], received)
    except BaseException:
        await discard(s3, received)
        raise
    answer: dict[str, object] = {
        "CopyPartResult": {
            "ETag": f'"{part.etag}"',
            "LastModified": part.last_modified_ms // 1000,
            checksum_member(algorithm): part.checksum,
        },
        **encryption_members(upload.attributes),
        **_source_version(source),
    }
    return cast("shapes.UploadPartCopyResult", answer)


def with_slashes(source: str) -> str:
    """An `x-amz-copy-source` whose slashes are not URL-encoded, which the model looks for.

    Many clients encode bucket and key as one text.

    AWS: S3 API Reference, CopyObject, x-amz-copy-source (the value must be URL-encoded).
    """
    return source.replace("%2F", "/").replace("%2f", "/")


def parse_source(text: str) -> tuple[str, str, str | None]:
    """Bucket, key and version id of an `x-amz-copy-source`, which is URL-encoded.

    Raises:
        InvalidArgument: it has another form.

    AWS: S3 API Reference, CopyObject, x-amz-copy-source.
    """
    path, _, version_id = text.partition(_VERSION_PARAMETER)
    try:
        decoded = unquote_to_bytes(path).decode()
    except UnicodeDecodeError:
        decoded = ""
    bucket, _, key = decoded.removeprefix("/").partition("/")
    if not bucket or not key:
        raise InvalidArgument(
            "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
            "x-amz-copy-source",
            text,
        )
    return bucket, key, version_id or None


def _source(s3: S3, ctx: RequestContext, request: CopyRequest) -> _Source:
    name, key, version_id = parse_source(request["CopySource"])
    bucket = own_bucket(
        s3, ctx, name, request.get("ExpectedSourceBucketOwner"), action="s3:GetObject", key=key
    )
    stored = readable_version(s3, bucket, key, version_id)
    check_readable(stored.storage_class, stored.attributes)
    given_key = customer_key(request, "CopySource")
    check_key(stored.attributes, given_key)
    conditions = ReadConditions(
        request.get("CopySourceIfMatch"),
        request.get("CopySourceIfNoneMatch"),
        request.get("CopySourceIfModifiedSince"),
        request.get("CopySourceIfUnmodifiedSince"),
    )
    check_copy_source(conditions, stored.etag, stored.last_modified_s)
    body_key = key_of_stored(s3, stored.attributes, given_key)
    return _Source(bucket, key, stored, body_key, version_id is not None)


def _check_changed(bucket: Bucket, source: _Source, request: shapes.CopyObjectRequest) -> None:
    """A copy onto itself must change something, unless it brings an old version back."""
    is_same = bucket == source.bucket and request["Key"] == source.key
    if not is_same or source.has_version:
        return
    changes = (
        request.get("MetadataDirective", _COPY) == _REPLACE,
        request.get("TaggingDirective", _COPY) == _REPLACE,
        request.get("StorageClass", source.stored.storage_class) != source.stored.storage_class,
        "WebsiteRedirectLocation" in request,
        "ServerSideEncryption" in request,
        "SSECustomerAlgorithm" in request,
        "ChecksumAlgorithm" in request,
    )
    if not any(changes):
        raise InvalidRequest(
            "This copy request is illegal because it is trying to copy an object to itself without"
            " changing the object's metadata, storage class, website redirect location or"
            " encryption attributes."
        )


def _with_directives(request: shapes.CopyObjectRequest, stored: StoredObject) -> dict[str, object]:
    """The request as if all that is copied had been sent along."""
    for member, header in (
        ("MetadataDirective", "x-amz-metadata-directive"),
        ("TaggingDirective", "x-amz-tagging-directive"),
    ):
        directive = cast("Mapping[str, object]", request).get(member, _COPY)
        if directive not in (_COPY, _REPLACE):
            raise InvalidArgument("Unknown metadata directive.", header, directive)
    given: dict[str, object] = {**request}
    if request.get("MetadataDirective", _COPY) == _COPY:
        for name in (*_METADATA, "Metadata"):
            given.pop(name, None)
        given.update(
            {name: stored.attributes[name] for name in _COPIED if name in stored.attributes}
        )
    if request.get("TaggingDirective", _COPY) == _COPY:
        given["Tagging"] = stored.tagging
    return given


_METADATA = (
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
    "Expires",
)
_COPIED = (*_METADATA, "Metadata")


def _algorithm_of(stored: StoredObject) -> str:
    """A copy keeps the source's algorithm; its checksum is of the whole object."""
    return (
        stored.checksum_algorithm
        if stored.checksum_algorithm in DIGEST_BYTES
        else (DEFAULT_ALGORITHM)
    )


def _source_range(header: str | None, size: int) -> tuple[int, int]:
    """First byte and length of an `x-amz-copy-source-range`; the whole source without one."""
    if header is None:
        return 0, size
    match = _SOURCE_RANGE.fullmatch(header)
    if match is None or int(match[1]) > int(match[2]):
        raise InvalidArgument(
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first"
            " and last are the zero-based offsets of the first and last bytes to copy",
            "x-amz-copy-source-range",
            header,
        )
    first, last = int(match[1]), int(match[2])
    if last >= size:
        raise InvalidArgument(
            f"Range specified is not valid for source object of size: {size}",
            "x-amz-copy-source-range",
            header,
        )
    return first, last - first + 1


async def _copied(
    s3: S3,
    source: _Source,
    place: tuple[int, int],
    algorithm: str,
    key: bytes | None,
    *,
    inline_bytes_max: int | None = None,
) -> ReceivedBody:
    """Read and verify the source's bytes, and write them as a body of their own."""
    first, length = place
    pieces: AsyncGenerator[bytes, None] = await open_object(
        s3, source.stored, first, length, source.body_key
    )
    async with aclosing(pieces):
        sealing = sealing_of(s3, key)
        if inline_bytes_max is None:
            return await receive(s3.blobs, pieces, length, algorithm, sealing)
        return await receive(
            s3.blobs, pieces, length, algorithm, sealing, inline_bytes_max=inline_bytes_max
        )


def _source_version(source: _Source) -> dict[str, object]:
    if not source.bucket.versioning:
        return {}
    return {"CopySourceVersionId": source.stored.version_id}
