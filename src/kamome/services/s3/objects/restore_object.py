"""RestoreObject: the copy of an archived object, which comes after hours and goes after days.

Both by the clock, each with its event, in a step of its own from the outbox.

AWS: S3 User Guide, Restoring an archived object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from msgspec.structs import replace

from kamome.context import RequestContext
from kamome.services.s3.buckets.bucket_access import own_bucket
from kamome.services.s3.errors import InvalidObjectState, NoSuchVersion, RestoreAlreadyInProgress
from kamome.services.s3.later_work import RESTORE_KIND
from kamome.services.s3.notifications.events import RESTORE_COMPLETED, RESTORE_EXPIRED, RESTORE_POST
from kamome.services.s3.notifications.object_events import record_event
from kamome.services.s3.objects.object_rows import StoredObject
from kamome.services.s3.objects.object_tagging import tagged_version
from kamome.services.s3.objects.restore_rules import (
    Restoration,
    asked_restoration,
    expiry_ms,
    restoration_of,
    with_restoration,
)
from kamome.services.s3.objects.storage_classes import is_archived
from kamome.services.s3.objects.version_store import StoredVersion
from kamome.services.s3.objects.versions import find_version, update_version
from kamome.services.s3.slice import S3
from kamome.services.s3.store import Bucket

if TYPE_CHECKING:
    from kamome.services.s3 import shapes
    from kamome.storage.outbox import Entry

_PRINCIPAL = "s3.amazonaws.com"
_REQUEST_ID_DIGITS = 16
_ACCEPTED, _OK = 202, 200
_RESTORING_ARCHIVES_ONLY = "Restore is not allowed for the object's current storage class"


async def restore_object(
    s3: S3, ctx: RequestContext, request: shapes.RestoreObjectRequest
) -> shapes.RestoreObjectResult:
    """Order a readable copy of an archived object, hurry one that is ordered, or keep one longer.

    Answered with 202, and with 200 where the copy is there and only its days change.

    Raises:
        InvalidObjectState: the object lies in no archive.
        RestoreAlreadyInProgress: the copy is ordered, and no faster way is asked for.
        MalformedXML, InvalidArgument, FeatureNotServed: see `asked_restoration`.
        NoSuchKey, NoSuchVersion, MethodNotAllowed: see `tagged_version`.
        NoSuchBucket, InvalidBucketName, AccessDenied: see `own_bucket`.

    AWS: S3 API Reference, RestoreObject.
    """
    bucket = own_bucket(
        s3,
        ctx,
        request["Bucket"],
        request.get("ExpectedBucketOwner"),
        action="s3:RestoreObject",
        key=request["Key"],
    )
    version = tagged_version(s3, bucket, request["Key"], request.get("VersionId"))
    storage_class = version.object.storage_class
    if not is_archived(storage_class):
        raise InvalidObjectState(storage_class, _RESTORING_ARCHIVES_ONLY)
    now_ms = s3.clock.now_ms()
    asked = asked_restoration(request.get("RestoreRequest"), storage_class, now_ms)
    present = restoration_of(version.object.attributes)
    if present is not None and not present.expires_at_ms:
        if asked.ready_at_ms >= present.ready_at_ms:
            raise RestoreAlreadyInProgress
        asked = replace(asked, days=present.days)
    if present is not None and present.expires_at_ms:
        asked = replace(present, days=asked.days, expires_at_ms=expiry_ms(now_ms, asked.days))
    with s3.store.atomic():
        stored = _keep(s3, bucket, version, asked)
        if present is None:
            _tell(s3, ctx, bucket, stored, RESTORE_POST)
    answer = {"StatusCode": _OK if asked.expires_at_ms else _ACCEPTED}
    return cast("shapes.RestoreObjectResult", answer)


def work_restore(s3: S3, entry: Entry) -> None:
    """Outbox handler of `s3.restore`: a copy is there, or goes. Older orders find nothing to do."""
    told = {name: str(value) for name, value in entry.payload.items()}
    bucket = s3.store.bucket(told["partition"], told["bucket"])
    if bucket is None or bucket.bucket_id != told["bucket_id"]:
        return
    try:
        version = find_version(s3, bucket, told["key"], told["version_id"])
    except NoSuchVersion:
        return
    restoration = restoration_of(version.object.attributes)
    if restoration is None or version.is_delete_marker:
        return
    ctx = RequestContext(
        account=bucket.account,
        region=bucket.region,
        principal=_PRINCIPAL,
        request_id=s3.ids.hex(_REQUEST_ID_DIGITS).upper(),
        trace=entry.trace,
    )
    now_ms = s3.clock.now_ms()
    if restoration.expires_at_ms:
        if restoration.expires_at_ms <= now_ms:
            _end(s3, ctx, bucket, version)
    elif restoration.ready_at_ms <= now_ms:
        complete = replace(restoration, expires_at_ms=expiry_ms(now_ms, restoration.days))
        stored = _keep(s3, bucket, version, complete)
        _tell(s3, ctx, bucket, stored, RESTORE_COMPLETED)


def _keep(s3: S3, bucket: Bucket, version: StoredVersion, restoration: Restoration) -> StoredObject:
    """Keep how far it has come, and come back when it goes on; part of a step."""
    attributes = with_restoration(version.object.attributes, restoration)
    stored = replace(version.object, attributes=attributes)
    update_version(s3, bucket, replace(version, object=stored))
    payload = {
        "partition": bucket.partition,
        "bucket": bucket.name,
        "bucket_id": bucket.bucket_id,
        "key": stored.key.decode(),
        "version_id": stored.version_id,
    }
    at_ms = restoration.expires_at_ms or restoration.ready_at_ms
    s3.outbox.put(RESTORE_KIND, payload, at_ms=at_ms)
    return stored


def _end(s3: S3, ctx: RequestContext, bucket: Bucket, version: StoredVersion) -> None:
    stored = replace(version.object, attributes=with_restoration(version.object.attributes, None))
    update_version(s3, bucket, replace(version, object=stored))
    _tell(s3, ctx, bucket, stored, RESTORE_EXPIRED)


def _tell(s3: S3, ctx: RequestContext, bucket: Bucket, stored: StoredObject, name: str) -> None:
    restoration = restoration_of(stored.attributes)
    record_event(
        s3,
        ctx,
        bucket,
        name=name,
        key=stored.key.decode(),
        size=stored.size,
        etag=stored.etag,
        version_id=stored.version_id if bucket.versioning else None,
        archive=stored.storage_class,
        restore_expires_at_ms=restoration.expires_at_ms if restoration is not None else 0,
    )
