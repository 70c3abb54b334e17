"""From a request's headers to a visible object: what every way of making one has in common.

PutObject, CopyObject, CompleteMultipartUpload and PostObject check the same headers (`new_object`,
`check_new`) and end with the same step (`commit`).
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from kamome.context import RequestContext
from kamome.services.s3.access.access_control import attributes_of_new
from kamome.services.s3.access.grants import MEMBERS as ACL_MEMBERS
from kamome.services.s3.bodies.bodies import ReceivedBody
from kamome.services.s3.bodies.body_pump import Sealing
from kamome.services.s3.bodies.checksums import FULL_OBJECT
from kamome.services.s3.encryption.data_keys import CIPHERTEXT, PLAIN, key_of_new, key_of_stored
from kamome.services.s3.encryption.encryption import NONCE_BYTES, CustomerKey
from kamome.services.s3.encryption.kms_fields import ALGORITHM
from kamome.services.s3.errors import NoSuchBucket
from kamome.services.s3.lock.object_lock import lock_members
from kamome.services.s3.notifications.object_events import record_event
from kamome.services.s3.objects.conditions import WriteConditions, check_served, check_write
from kamome.services.s3.objects.keys import key_bytes
from kamome.services.s3.objects.metadata import attributes_of
from kamome.services.s3.objects.object_rows import StoredObject
from kamome.services.s3.objects.storage_classes import checked_storage_class
from kamome.services.s3.objects.tagging import parse_tagging
from kamome.services.s3.objects.versions import (
    drop_former,
    put_as_old_as_it_is,
    put_current,
)
from kamome.services.s3.replication.replication_orders import (
    order_replication,
    pending,
    replication_plan,
)
from kamome.services.s3.slice import S3
from kamome.services.s3.store import BodyPart, Bucket

BODY_ID_DIGITS = 32
_UNCONDITIONAL = WriteConditions()


class NewObject(msgspec.Struct, frozen=True):
    """What is known of an object before its body has come. `body_key` encrypts that, if any."""

    bucket: Bucket
    key: str
    algorithm: str
    conditions: WriteConditions
    storage_class: str
    tagging: str
    attributes: Mapping[str, object]
    body_key: bytes | None = None


class Content(msgspec.Struct, frozen=True):
    """The bytes of a new object: a body that has arrived, or parts that are kept already.

    An object of parts was created when its upload was initiated: `initiated_at_ms`.
    """

    size: int
    etag: str
    checksum: str
    checksum_type: str = FULL_OBJECT
    received: ReceivedBody | None = None
    parts: Sequence[BodyPart] = ()
    initiated_at_ms: int | None = None


def content_of(received: ReceivedBody) -> Content:
    """A body in one piece."""
    checksum = base64.b64encode(received.checksum).decode()
    return Content(received.size, received.etag, checksum, received=received)


def new_object(
    s3: S3,
    ctx: RequestContext,
    bucket: Bucket,
    request: Mapping[str, object],
    *,
    algorithm: str,
    customer_key: CustomerKey | None = None,
) -> NewObject:
    """What the headers of a request say of the object it makes, and the key of its bytes.

    Raises:
        MetadataTooLarge, InvalidStorageClass, InvalidTag, InvalidRedirectLocation: what is kept.
        FeatureNotServed: see `check_served`.
        InvalidRequest, InvalidArgument: object lock, see `lock_members`.
        AccessControlListNotSupported, AccessDenied: the ACL, see `attributes_of_new`.
        AwsError: KMS has no key for it, see `key_of_new`.

    AWS: S3 API Reference, PutObject.
    """
    tagging = str(request.get("Tagging", ""))
    parse_tagging(tagging)
    conditions = WriteConditions(_text(request, "IfMatch"), _text(request, "IfNoneMatch"))
    check_served(conditions)
    storage_class = checked_storage_class(_text(request, "StorageClass"))
    attributes = {**attributes_of(request), **lock_members(s3, bucket, request)}
    if not ACL_MEMBERS.isdisjoint(request):
        attributes.update(attributes_of_new(s3, bucket, request))
    encryption = PLAIN
    if customer_key is not None or bucket.default_encryption or ALGORITHM in request:
        encryption = key_of_new(s3, ctx, bucket, request, customer_key)
        attributes.update(encryption.attributes)
    return NewObject(
        bucket,
        str(request["Key"]),
        algorithm,
        conditions,
        storage_class,
        tagging,
        attributes,
        encryption.key,
    )


def sealing_of(s3: S3, key: bytes | None) -> Sealing | None:
    """How a new body is encrypted with that key."""
    return None if key is None else Sealing(key, s3.ids.bytes(NONCE_BYTES))


def check_new(s3: S3, new: NewObject) -> None:
    """Whether the conditions of a write hold, as far as can be told now.

    Raises:
        PreconditionFailed, NoSuchKey: see `check_write`.

    AWS: S3 User Guide, How to prevent object overwrites with conditional writes.
    """
    conditions = new.conditions
    if conditions.if_match is None and conditions.if_none_match is None:
        return
    present = s3.store.object(new.bucket.bucket_id, key_bytes(new.key))
    check_write(conditions, new.key, present.etag if present else None)


def commit(
    s3: S3,
    ctx: RequestContext,
    new: NewObject,
    content: Content,
    event: str,
    record: Callable[[], None] | None = None,
) -> StoredObject:
    """Make the object visible: one step, with all that follows from it.

    Bucket and conditions are looked at again, as the body may have taken its time. `record` runs
    in the same step. The `body_id` that is returned is not the row's where small bytes took the
    place of others.

    Raises:
        NoSuchBucket, PreconditionFailed, NoSuchKey: what has changed meanwhile.
        AwsError: KMS does not open the data key any more, see `key_of_stored`.
    """
    bucket = s3.store.bucket(new.bucket.partition, new.bucket.name)
    if bucket is None or bucket.bucket_id != new.bucket.bucket_id:
        raise NoSuchBucket(new.bucket.name)
    check_new(s3, new)
    if CIPHERTEXT in new.attributes:
        # The KMS key may have been disabled meanwhile, or what made it undone with its step.
        key_of_stored(s3, new.attributes, None)
    stored = _row(s3, new, content)
    if new.conditions != _UNCONDITIONAL:
        # What is there has been looked at: the new object takes its place, however old it is.
        content = replace(content, initiated_at_ms=None)
    if record is None and _put_small(s3, bucket, stored, content.received):
        return stored
    with s3.store.atomic():
        if not bucket.versioning:
            stored = _put_only(s3, bucket, stored, content)
        else:
            stored = _put_version(s3, ctx, bucket, stored, content)
        record_event(
            s3,
            ctx,
            bucket,
            name=event,
            key=new.key,
            size=stored.size,
            etag=stored.etag,
            version_id=stored.version_id if bucket.versioning else None,
        )
        if record is not None:
            record()
    return stored


def _row(s3: S3, new: NewObject, content: Content) -> StoredObject:
    body_id = s3.ids.hex(BODY_ID_DIGITS)
    return StoredObject(
        key_bytes(new.key),
        body_id,
        content.size,
        content.etag,
        s3.clock.now_ms() if content.initiated_at_ms is None else content.initiated_at_ms,
        new.storage_class,
        new.algorithm,
        content.checksum,
        new.tagging,
        new.attributes,
        checksum_type=content.checksum_type,
        part_count=len(content.parts),
    )


def _put_small(s3: S3, bucket: Bucket, stored: StoredObject, received: ReceivedBody | None) -> bool:
    """Put the most common of objects, of which nothing follows: the step needs no savepoint."""
    if bucket.versioning or bucket.has_destinations or received is None or received.blob:
        return False
    return s3.store.put_small_object(bucket.bucket_id, stored, received.stored())


def _put_only(s3: S3, bucket: Bucket, stored: StoredObject, content: Content) -> StoredObject:
    """Put the one object of a key in a bucket without versions; part of a step."""
    former = s3.store.object_body(bucket.bucket_id, stored.key)
    if former is not None:
        drop_former(s3, *former)
    _keep_content(s3, stored.body_id, content)
    s3.store.put_object(bucket.bucket_id, stored)
    return stored


def _put_version(
    s3: S3, ctx: RequestContext, bucket: Bucket, stored: StoredObject, content: Content
) -> StoredObject:
    """Put a new version of a key, and order its replicas; part of a step."""
    _keep_content(s3, stored.body_id, content)
    plan = replication_plan(s3, bucket, stored)
    put = put_current if content.initiated_at_ms is None else put_as_old_as_it_is
    stored = put(s3, bucket, pending(stored, plan))
    order_replication(s3, ctx, bucket, stored, plan)
    return stored


def _keep_content(s3: S3, body_id: str, content: Content) -> None:
    if content.received is None:
        s3.store.add_body_parts(body_id, content.parts)
        return
    keep_received(s3, body_id, content.received)


def keep_received(s3: S3, body_id: str, received: ReceivedBody) -> None:
    """Keep the bytes that have arrived under a body id; part of a step."""
    s3.store.add_body(body_id, received.stored())
    if received.blob is not None:
        s3.blobs.keep(received.blob)


def _text(request: Mapping[str, object], name: str) -> str | None:
    value = request.get(name)
    return None if value is None else str(value)
