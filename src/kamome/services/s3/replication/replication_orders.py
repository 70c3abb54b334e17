"""What is to be replicated is ordered in the step that makes it: none is lost.

Buckets without versions never replicate, so they do not even ask. The work is done by
`replication.py` from the outbox.

AWS: S3 User Guide, Replicating objects within and across Regions; Getting replication status.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from kamome.context import RequestContext
from kamome.services.s3.later_work import REPLICATION_KIND, THRESHOLD_KIND
from kamome.services.s3.objects.object_rows import StoredObject
from kamome.services.s3.objects.tagging import parse_tagging
from kamome.services.s3.replication.replication_rules import (
    PENDING,
    STATUS,
    Document,
    destination_name,
    has_threshold,
    rules_for_change,
    rules_for_marker,
    rules_for_object,
)
from kamome.services.s3.slice import S3
from kamome.services.s3.store import Bucket

CONFIGURATION_KIND = "BucketReplication"
_ENABLED = "Enabled"
# AWS: S3 User Guide, Meeting compliance requirements with S3 Replication Time Control.
THRESHOLD_MS = 900_000

Plan = Sequence[Document]


class ReplicationOrder(msgspec.Struct, frozen=True):
    """A version that is to be in other buckets as well, as the outbox keeps it."""

    partition: str
    bucket: str
    bucket_id: str
    key: str
    version_id: str
    rules: list[dict[str, object]]


def replication_plan(s3: S3, bucket: Bucket, stored: StoredObject) -> Plan:
    """The rules that a new object is replicated by."""
    configuration = _configuration(s3, bucket)
    if configuration is None:
        return ()
    tags = parse_tagging(stored.tagging)
    return rules_for_object(configuration, stored.key.decode(), tags, stored.attributes)


def _configuration(s3: S3, bucket: Bucket) -> Document | None:
    if bucket.versioning != _ENABLED:
        return None
    return s3.store.settings.find(bucket.bucket_id, CONFIGURATION_KIND)


def pending(stored: StoredObject, plan: Plan) -> StoredObject:
    """The object as it shows while its replicas are made. AWS: Getting replication status."""
    if not plan:
        return stored
    return replace(stored, attributes={**stored.attributes, STATUS: PENDING})


def order_replication(
    s3: S3, ctx: RequestContext, bucket: Bucket, stored: StoredObject, plan: Plan
) -> None:
    """Order the replicas of a version; part of the step that makes it."""
    if plan:
        _order(s3, ctx, bucket, (stored.key, stored.version_id), plan)


def order_change(s3: S3, ctx: RequestContext, bucket: Bucket, stored: StoredObject) -> None:
    """Order that replicas follow a change of tags or locks; part of that step."""
    configuration = _configuration(s3, bucket)
    if configuration is None:
        return
    tags = parse_tagging(stored.tagging)
    plan = rules_for_change(configuration, stored.key.decode(), tags, stored.attributes)
    order_replication(s3, ctx, bucket, stored, plan)


def order_marker(s3: S3, ctx: RequestContext, bucket: Bucket, key: bytes, version_id: str) -> None:
    """Order the replicas of a delete marker, where rules replicate those; part of its step."""
    configuration = _configuration(s3, bucket)
    plan = rules_for_marker(configuration, key.decode()) if configuration is not None else ()
    if plan:
        _order(s3, ctx, bucket, (key, version_id), plan)


def destination_bucket(s3: S3, bucket: Bucket, rule: Document) -> Bucket | None:
    """The bucket a rule replicates to, in the source's partition."""
    return s3.store.bucket(bucket.partition, destination_name(rule))


def _order(
    s3: S3, ctx: RequestContext, bucket: Bucket, version: tuple[bytes, str], plan: Plan
) -> None:
    key, version_id = version
    order = ReplicationOrder(
        bucket.partition,
        bucket.name,
        bucket.bucket_id,
        key.decode(),
        version_id,
        [dict(rule) for rule in plan],
    )
    s3.outbox.put(REPLICATION_KIND, msgspec.to_builtins(order), trace=ctx.trace)
    if any(has_threshold(rule) for rule in plan) and bucket.has_destinations:
        at_ms = s3.clock.now_ms() + THRESHOLD_MS
        s3.outbox.put(THRESHOLD_KIND, msgspec.to_builtins(order), at_ms=at_ms, trace=ctx.trace)
