"""Operations on the tags of an object or version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kamome.context import RequestContext
from kamome.services.s3.buckets.bucket_access import own_bucket
from kamome.services.s3.errors import MethodNotAllowed
from kamome.services.s3.notifications.events import OBJECT_TAGGING_DELETE, OBJECT_TAGGING_PUT
from kamome.services.s3.notifications.object_events import record_event
from kamome.services.s3.objects.tagging import header_of, parse_tagging, tags_of
from kamome.services.s3.objects.version_store import StoredVersion
from kamome.services.s3.objects.versions import (
    find_version,
    readable_version,
    update_version,
)
from kamome.services.s3.replication.replication_orders import order_change
from kamome.services.s3.slice import S3
from kamome.services.s3.store import Bucket

if TYPE_CHECKING:
    from kamome.services.s3 import shapes


async def delete_object_tagging(
    s3: S3, ctx: RequestContext, request: shapes.DeleteObjectTaggingRequest
) -> shapes.DeleteObjectTaggingResult:
    """Take all tags off an object or version.

    Raises:
        NoSuchKey, NoSuchVersion, MethodNotAllowed: see `tagged_version`.
        NoSuchBucket, InvalidBucketName, AccessDenied: see `own_bucket`.

    AWS: S3 API Reference, DeleteObjectTagging.
    """
    bucket = own_bucket(s3, ctx, request["Bucket"], request.get("ExpectedBucketOwner"))
    version = tagged_version(s3, bucket, request["Key"], request.get("VersionId"))
    _retag(s3, ctx, bucket, version, "", OBJECT_TAGGING_DELETE)
    return {"VersionId": version.object.version_id} if bucket.versioning else {}


async def get_object_tagging(
    s3: S3, ctx: RequestContext, request: shapes.GetObjectTaggingRequest
) -> shapes.GetObjectTaggingResult:
    """The tags of an object or version, in the order they were given.

    Raises:
        NoSuchKey, NoSuchVersion, MethodNotAllowed: see `tagged_version`.
        NoSuchBucket, InvalidBucketName, AccessDenied: see `own_bucket`.

    AWS: S3 API Reference, GetObjectTagging.
    """
    bucket = own_bucket(s3, ctx, request["Bucket"], request.get("ExpectedBucketOwner"))
    stored = tagged_version(s3, bucket, request["Key"], request.get("VersionId")).object
    tags = parse_tagging(stored.tagging)
    answer: shapes.GetObjectTaggingResult = {
        "TagSet": [{"Key": key, "Value": value} for key, value in tags.items()]
    }
    if bucket.versioning:
        answer["VersionId"] = stored.version_id
    return answer


async def put_object_tagging(
    s3: S3, ctx: RequestContext, request: shapes.PutObjectTaggingRequest
) -> shapes.PutObjectTaggingResult:
    """Replace the tags of an object or version.

    Raises:
        InvalidTag, BadRequest: the tags, see `tags_of`.
        NoSuchKey, NoSuchVersion, MethodNotAllowed: see `tagged_version`.
        NoSuchBucket, InvalidBucketName, AccessDenied: see `own_bucket`.

    AWS: S3 API Reference, PutObjectTagging.
    """
    bucket = own_bucket(s3, ctx, request["Bucket"], request.get("ExpectedBucketOwner"))
    version = tagged_version(s3, bucket, request["Key"], request.get("VersionId"))
    pairs: list[Mapping[str, object]] = [*request["Tagging"]["TagSet"]]
    _retag(s3, ctx, bucket, version, header_of(tags_of(pairs)), OBJECT_TAGGING_PUT)
    return {"VersionId": version.object.version_id} if bucket.versioning else {}


def tagged_version(s3: S3, bucket: Bucket, key: str, version_id: str | None) -> StoredVersion:
    """The object or version whose tags, retention or hold a request is about.

    Raises:
        NoSuchKey, NoSuchVersion: there is none.
        MethodNotAllowed: it is a delete marker.

    AWS: S3 API Reference, GetObjectTagging.
    """
    if version_id is None:
        stored = readable_version(s3, bucket, key, None)
        return StoredVersion(stored, is_delete_marker=False, noncurrent_at_ms=0)
    version = find_version(s3, bucket, key, version_id)
    if version.is_delete_marker:
        raise MethodNotAllowed(version.object.version_id, version.object.last_modified_s)
    return version


def _retag(
    s3: S3, ctx: RequestContext, bucket: Bucket, version: StoredVersion, tagging: str, event: str
) -> None:
    stored = replace(version.object, tagging=tagging)
    with s3.store.atomic():
        update_version(s3, bucket, replace(version, object=stored))
        order_change(s3, ctx, bucket, stored)
        record_event(
            s3,
            ctx,
            bucket,
            name=event,
            key=stored.key.decode(),
            etag=stored.etag,
            version_id=stored.version_id if bucket.versioning else None,
        )
