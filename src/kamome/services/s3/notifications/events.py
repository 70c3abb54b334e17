"""The documents of event notifications.

AWS: S3 User Guide, Event message structure.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import orjson

from kamome.context import RequestContext
from kamome.protocols.errors import host_id
from kamome.services.s3.buckets.owners import principal_id
from kamome.services.s3.buckets.regions import bucket_arn, partition_of
from kamome.services.s3.objects.keys import url_encoded

OBJECT_CREATED_PUT = "s3:ObjectCreated:Put"
OBJECT_CREATED_POST = "s3:ObjectCreated:Post"
OBJECT_CREATED_COPY = "s3:ObjectCreated:Copy"
OBJECT_CREATED_MULTIPART = "s3:ObjectCreated:CompleteMultipartUpload"
OBJECT_REMOVED_DELETE = "s3:ObjectRemoved:Delete"
OBJECT_REMOVED_MARKER = "s3:ObjectRemoved:DeleteMarkerCreated"
OBJECT_ACL_PUT = "s3:ObjectAcl:Put"
OBJECT_TAGGING_PUT = "s3:ObjectTagging:Put"
REPLICATION_FAILED = "s3:Replication:OperationFailedReplication"
REPLICATION_MISSED = "s3:Replication:OperationMissedThreshold"
REPLICATED_LATE = "s3:Replication:OperationReplicatedAfterThreshold"
OBJECT_TAGGING_DELETE = "s3:ObjectTagging:Delete"
RESTORE_POST = "s3:ObjectRestore:Post"
RESTORE_COMPLETED = "s3:ObjectRestore:Completed"
RESTORE_EXPIRED = "s3:ObjectRestore:Delete"
LIFECYCLE_DELETE = "s3:LifecycleExpiration:Delete"
LIFECYCLE_MARKER = "s3:LifecycleExpiration:DeleteMarkerCreated"
LIFECYCLE_TRANSITION = "s3:LifecycleTransition"
# All event types have one version since 2.4; S3 User Guide, Event message structure.
EVENT_VERSION = "2.6"
_SCHEMA_VERSION = "1.0"
# Consumers may have to pad the shorter of two sequencers; ours all have 18 digits, as AWS's have.
_SEQUENCER_DIGITS = 18


class ObjectEvent(msgspec.Struct, frozen=True):
    """What happened to an object. `size` and `etag` are None where the object is gone."""

    name: str
    at_ms: int
    bucket: str
    owner_account: str
    region: str
    key: str
    size: int | None
    etag: str | None
    sequence: int
    version_id: str | None = None
    archive: str = ""
    restore_expires_at_ms: int = 0


def event_document(event: ObjectEvent, ctx: RequestContext, configuration_id: str) -> bytes:
    """The JSON that SQS, SNS and Lambda get for one event.

    AWS: S3 User Guide, Event message structure.
    """
    described: dict[str, object] = {"key": url_encoded(event.key)}
    if event.size is not None:
        described["size"] = event.size
    if event.etag is not None:
        described["eTag"] = event.etag
    if event.version_id is not None:
        described["versionId"] = event.version_id
    described["sequencer"] = f"{event.sequence:0{_SEQUENCER_DIGITS}X}"
    record = {
        "eventVersion": EVENT_VERSION,
        "eventSource": "aws:s3",
        "awsRegion": event.region,
        "eventTime": _iso_time(event.at_ms),
        "eventName": event.name.removeprefix("s3:"),
        "userIdentity": {"principalId": f"AWS:{ctx.access_key or ctx.account}"},
        "requestParameters": {"sourceIPAddress": ctx.source_ip},
        "responseElements": {
            "x-amz-request-id": ctx.request_id,
            "x-amz-id-2": host_id(ctx.request_id),
        },
        "s3": {
            "s3SchemaVersion": _SCHEMA_VERSION,
            "configurationId": configuration_id,
            "bucket": {
                "name": event.bucket,
                "ownerIdentity": {"principalId": principal_id(event.owner_account)},
                "arn": bucket_arn(event.bucket, partition_of(event.region)),
            },
            "object": described,
        },
    }
    if event.name == RESTORE_COMPLETED:
        restored = {
            "lifecycleRestorationExpiryTime": _iso_time(event.restore_expires_at_ms),
            "lifecycleRestoreStorageClass": event.archive,
        }
        record["glacierEventData"] = {"restoreEventData": restored}
    return orjson.dumps({"Records": [record]})


def bus_event(event: ObjectEvent, ctx: RequestContext, event_id: str) -> bytes | None:
    """The same event as EventBridge gets it; None for those that it does not get.

    AWS: S3 User Guide, EventBridge event message structure; Using EventBridge (event types).
    """
    kind = next((k for start, k in _BUS_EVENTS.items() if event.name.startswith(start)), None)
    if kind is None:
        return None
    detail_type, reason = kind
    described = {
        "key": event.key,
        "size": event.size,
        "etag": event.etag,
        "version-id": event.version_id,
        "sequencer": f"{event.sequence:0{_SEQUENCER_DIGITS}X}",
    }
    detail: dict[str, object] = {
        "version": "0",
        "bucket": {"name": event.bucket},
        "object": {name: value for name, value in described.items() if value is not None},
        "request-id": ctx.request_id,
        "requester": ctx.account if ctx.principal.startswith("arn:") else ctx.principal,
        "source-ip-address": ctx.source_ip,
    }
    if reason:
        detail["reason"] = reason
    if event.archive and event.name != RESTORE_EXPIRED:
        detail["source-storage-class"] = event.archive
    if event.name == RESTORE_COMPLETED:
        detail["restore-expiry-time"] = _bus_time(event.restore_expires_at_ms)
    if detail_type == "Object Deleted":
        is_marker = event.name.endswith("DeleteMarkerCreated")
        detail["deletion-type"] = "Delete Marker Created" if is_marker else "Permanently Deleted"
    return orjson.dumps(
        {
            "version": "0",
            "id": event_id,
            "detail-type": detail_type,
            "source": "aws.s3",
            "account": event.owner_account,
            "time": _bus_time(event.at_ms),
            "region": event.region,
            "resources": [bucket_arn(event.bucket, partition_of(event.region))],
            "detail": detail,
        }
    )


# Start of an event's name: its type on the bus, and the reason that is told.
_BUS_EVENTS = {
    OBJECT_CREATED_PUT: ("Object Created", "PutObject"),
    OBJECT_CREATED_POST: ("Object Created", "POST Object"),
    OBJECT_CREATED_COPY: ("Object Created", "CopyObject"),
    OBJECT_CREATED_MULTIPART: ("Object Created", "CompleteMultipartUpload"),
    "s3:ObjectRemoved:": ("Object Deleted", "DeleteObject"),
    "s3:LifecycleExpiration:": ("Object Deleted", "Lifecycle Expiration"),
    OBJECT_ACL_PUT: ("Object ACL Updated", ""),
    OBJECT_TAGGING_PUT: ("Object Tags Added", ""),
    OBJECT_TAGGING_DELETE: ("Object Tags Deleted", ""),
    RESTORE_POST: ("Object Restore Initiated", ""),
    RESTORE_COMPLETED: ("Object Restore Completed", ""),
    RESTORE_EXPIRED: ("Object Restore Expired", ""),
    LIFECYCLE_TRANSITION: ("Object Storage Class Changed", ""),
}


def test_event_document(bucket: str, at_ms: int, ctx: RequestContext) -> bytes:
    """The JSON that proves a destination reachable when a configuration is put.

    AWS: S3 User Guide, Configuring a bucket for notifications (walkthrough), test message.
    """
    return orjson.dumps(
        {
            "Service": "Amazon S3",
            "Event": "s3:TestEvent",
            "Time": _iso_time(at_ms),
            "Bucket": bucket,
            "RequestId": ctx.request_id,
            "HostId": host_id(ctx.request_id),
        }
    )


def _bus_time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _iso_time(at_ms: int) -> str:
    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
