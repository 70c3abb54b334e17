"""Deleting objects and versions, one at a time or up to 1,000 in one request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

import msgspec

from kamome.context import RequestContext
from kamome.errors import AwsError
from kamome.services.s3.buckets.bucket_access import own_bucket
from kamome.services.s3.errors import MalformedXML, NoSuchVersion
from kamome.services.s3.limits import DELETE_KEYS_MAX
from kamome.services.s3.lock.object_lock import check_deletable
from kamome.services.s3.notifications.events import OBJECT_REMOVED_DELETE, OBJECT_REMOVED_MARKER
from kamome.services.s3.notifications.object_events import record_event
from kamome.services.s3.objects.conditions import DeleteConditions, check_delete
from kamome.services.s3.objects.keys import key_bytes
from kamome.services.s3.objects.versions import (
    Deleted,
    check_version_id,
    delete_current,
    delete_version,
    find_version,
)
from kamome.services.s3.replication.replication_orders import order_marker
from kamome.services.s3.slice import S3
from kamome.services.s3.store import Bucket
from kamome.services.s3.unserved import check_delete_object

if TYPE_CHECKING:
    from kamome.services.s3 import shapes


class _Order(msgspec.Struct, frozen=True):
    """One object that is to be deleted."""

    key: str
    version_id: str | None
    conditions: DeleteConditions
    bypasses_governance: bool


async def delete_object(
    s3: S3, ctx: RequestContext, request: shapes.DeleteObjectRequest
) -> shapes.DeleteObjectResult:
    """Delete an object, hide it behind a delete marker, or delete one version for good.

    A key that has no object is no error without If-Match, nor a version that is gone.

    Raises:
        PreconditionFailed, NoSuchKey: If-Match.
        InvalidArgument: the version id.
        AccessDenied: retention or a legal hold keeps the version, see `check_deletable`.
        FeatureNotServed, InvalidArgument: see `check_delete_object`.
        NoSuchBucket, InvalidBucketName, AccessDenied: see `own_bucket`.

    AWS: S3 API Reference, DeleteObject.
    """
    bucket = own_bucket(
        s3,
        ctx,
        request["Bucket"],
        request.get("ExpectedBucketOwner"),
        action="s3:DeleteObject",
        key=request["Key"],
    )
    check_delete_object(request, is_locking=bucket.is_locking)
    order = _Order(
        request["Key"],
        request.get("VersionId"),
        DeleteConditions(request.get("IfMatch")),
        request.get("BypassGovernanceRetention", False),
    )
    deleted = _delete(s3, ctx, bucket, order)
    answer: shapes.DeleteObjectResult = {}
    if bucket.versioning or order.version_id:
        if deleted.version_id:
            answer["VersionId"] = deleted.version_id
        if deleted.is_delete_marker:
            answer["DeleteMarker"] = True
    return answer


async def delete_objects(
    s3: S3, ctx: RequestContext, request: shapes.DeleteObjectsRequest
) -> shapes.DeleteObjectsResult:
    """Delete up to 1,000 objects or versions; each succeeds or fails for itself.

    Keys are reported in the order they were named; `Quiet` reports only failures.

    Raises:
        MalformedXML: no object, or more than 1,000.
        FeatureNotServed, InvalidArgument: see `check_delete_object`.
        NoSuchBucket, InvalidBucketName, AccessDenied: see `own_bucket`.

    AWS: S3 API Reference, DeleteObjects.
    """
    bucket = own_bucket(s3, ctx, request["Bucket"], request.get("ExpectedBucketOwner"))
    check_delete_object(request, is_locking=bucket.is_locking)
    objects = request["Delete"].get("Objects", [])
    if not 1 <= len(objects) <= DELETE_KEYS_MAX:
        raise MalformedXML
    is_bypassing = request.get("BypassGovernanceRetention", False)
    deleted: list[shapes.DeletedObject] = []
    errors: list[shapes.Error] = []
    for each in objects:
        order = _order(each, is_bypassing)
        try:
            own_bucket(s3, ctx, bucket.name, action="s3:DeleteObject", key=order.key)
            done = _delete(s3, ctx, bucket, order)
        except AwsError as error:
            errors.append(_failure(order, error))
        else:
            deleted.append(_report(order, done))
    answer: shapes.DeleteObjectsResult = {}
    if deleted and not request["Delete"].get("Quiet", False):
        answer["Deleted"] = deleted
    if errors:
        answer["Errors"] = errors
    return answer


def _order(each: Mapping[str, object], is_bypassing: bool) -> _Order:
    modified = each.get("LastModifiedTime")
    size = each.get("Size")
    return _Order(
        str(each["Key"]),
        cast("str | None", each.get("VersionId")) or None,
        DeleteConditions(
            cast("str | None", each.get("ETag")),
            cast("float | None", modified),
            cast("int | None", size),
        ),
        is_bypassing,
    )


def _report(order: _Order, done: Deleted) -> shapes.DeletedObject:
    report: shapes.DeletedObject = {"Key": order.key}
    if order.version_id is not None:
        report["VersionId"] = order.version_id
    if done.is_delete_marker:
        report["DeleteMarker"] = True
        report["DeleteMarkerVersionId"] = done.version_id
    return report


def _failure(order: _Order, error: AwsError) -> shapes.Error:
    failure: shapes.Error = {"Key": order.key, "Code": error.code, "Message": error.message}
    if order.version_id is not None:
        failure["VersionId"] = order.version_id
    return failure


def _delete(s3: S3, ctx: RequestContext, bucket: Bucket, order: _Order) -> Deleted:
    """Delete one object or version: one step, with its event."""
    key = key_bytes(order.key)
    check_version_id(order.version_id)
    with s3.store.atomic():
        if order.version_id is None:
            present = s3.store.object(bucket.bucket_id, key)
            check_delete(order.conditions, order.key, present)
            deleted = delete_current(s3, bucket, key)
            if deleted.is_delete_marker:
                order_marker(s3, ctx, bucket, key, deleted.version_id)
        else:
            deleted = _delete_version(s3, bucket, order)
        if deleted.is_changed:
            is_new_marker = deleted.is_delete_marker and order.version_id is None
            record_event(
                s3,
                ctx,
                bucket,
                name=OBJECT_REMOVED_MARKER if is_new_marker else OBJECT_REMOVED_DELETE,
                key=order.key,
                version_id=deleted.version_id if bucket.versioning else None,
            )
    return deleted


def _delete_version(s3: S3, bucket: Bucket, order: _Order) -> Deleted:
    """A version that is gone is deleted already: no error."""
    assert order.version_id is not None
    try:
        version = find_version(s3, bucket, order.key, order.version_id)
    except NoSuchVersion:
        check_delete(order.conditions, order.key, None)
        return Deleted(order.version_id, is_delete_marker=False, is_changed=False)
    check_delete(order.conditions, order.key, version.object)
    check_deletable(
        version.object.attributes,
        s3.clock.now_ms() / 1000,
        bypasses_governance=order.bypasses_governance,
    )
    return delete_version(s3, bucket, version)
