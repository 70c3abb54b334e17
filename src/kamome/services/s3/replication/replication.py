"""Replicas: versions of one bucket that are made in others of this server.

A replica keeps the version id and the place of its original among the versions of its key, in
whatever order replicas are made. Bytes are copied as they are stored, verified: what a customer's
key encrypted stays encrypted. What a key of KMS encrypted is encrypted anew, with the key that the
rule names for replicas.

AWS: S3 User Guide, Replicating objects within and across Regions; What does Amazon S3 replicate?
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from kamome.context import RequestContext
from kamome.services.s3.bodies.bodies import ReceivedBody, open_body, open_stored, receive
from kamome.services.s3.bodies.checksums import DEFAULT_ALGORITHM
from kamome.services.s3.encryption.data_keys import (
    CIPHERTEXT,
    KEPT,
    ObjectKey,
    key_of_new,
    key_of_stored,
)
from kamome.services.s3.encryption.kms_fields import ALGORITHM, BUCKET_KEY, KEY_ID
from kamome.services.s3.errors import InternalError, NoSuchVersion
from kamome.services.s3.later_work import DestinationLost
from kamome.services.s3.limits import INLINE_BYTES_MAX
from kamome.services.s3.lock.object_lock import kept_lock
from kamome.services.s3.notifications.events import (
    OBJECT_CREATED_PUT,
    REPLICATED_LATE,
    REPLICATION_FAILED,
    REPLICATION_MISSED,
)
from kamome.services.s3.notifications.object_events import record_event
from kamome.services.s3.objects.new_objects import BODY_ID_DIGITS, keep_received, sealing_of
from kamome.services.s3.objects.object_rows import StoredObject
from kamome.services.s3.objects.put_object import discard
from kamome.services.s3.objects.restore_rules import RESTORATION, RESTORE
from kamome.services.s3.objects.version_store import StoredVersion
from kamome.services.s3.objects.versions import find_version, place_version, update_version
from kamome.services.s3.replication.replication_orders import (
    THRESHOLD_MS,
    ReplicationOrder,
    destination_bucket,
)
from kamome.services.s3.replication.replication_rules import (
    COMPLETED,
    FAILED,
    PENDING,
    REPLICA,
    STATUS,
    Document,
    destination_name,
    has_threshold,
    replica_attributes,
    replica_key_id,
    replica_storage_class,
)
from kamome.services.s3.slice import S3
from kamome.services.s3.store import BodyPart, Bucket
from kamome.storage.outbox import Entry

_PRINCIPAL = "s3.amazonaws.com"
_REQUEST_ID_DIGITS = 16
# Attributes in which a replica does not follow its original.
_OWN = frozenset((*KEPT, RESTORE, RESTORATION, STATUS))


class _Copy(msgspec.Struct, frozen=True):
    """Bytes on their way into a replica: the parts they belong to, if it has parts."""

    body_id: str
    received: ReceivedBody
    part: BodyPart | None = None


class _Resealing(msgspec.Struct, frozen=True):
    """How the bytes of an SSE-KMS object are encrypted anew: the old key, the replica's."""

    old_key: bytes | None
    new: ObjectKey


async def replicate(s3: S3, entry: Entry) -> None:
    """Outbox handler of `s3.replication`: make the replicas of a version, or change them.

    Raises:
        DestinationLost: a destination cannot take replicas.
        InternalError: the original's bytes are missing or damaged.
        AwsError: KMS does not open the original's data key, or makes none for the replica.

    AWS: S3 User Guide, Replicating objects within and across Regions.
    """
    order = msgspec.convert(entry.payload, ReplicationOrder)
    bucket = s3.store.bucket(order.partition, order.bucket)
    if bucket is None or bucket.bucket_id != order.bucket_id:
        return _finish(s3, entry)
    for rule in order.rules:
        try:
            version = find_version(s3, bucket, order.key, order.version_id)
        except NoSuchVersion:
            return _finish(s3, entry)  # deleted before its turn came
        await _replicate_to(s3, entry, bucket, version, rule)
    with s3.store.atomic():
        stored = _set_status(s3, bucket, order, COMPLETED)
        if stored is not None and _is_late(s3, entry, order):
            _tell(s3, bucket, stored, REPLICATED_LATE)
        s3.outbox.done(entry)
    return None


def give_up_replication(s3: S3, entry: Entry, _error: Exception) -> None:
    """The replication has failed for good: the object says so, and an event tells.

    AWS: S3 User Guide, Receiving replication failure events with Amazon S3 Event Notifications.
    """
    order = msgspec.convert(entry.payload, ReplicationOrder)
    bucket = s3.store.bucket(order.partition, order.bucket)
    if bucket is None or bucket.bucket_id != order.bucket_id:
        return
    stored = _set_status(s3, bucket, order, FAILED)
    if stored is not None:
        _tell(s3, bucket, stored, REPLICATION_FAILED)


def tell_missed_threshold(s3: S3, entry: Entry) -> None:
    """Outbox handler of `s3.replication_threshold`: an event tells what still waits after 15 min.

    AWS: S3 User Guide, Monitoring replication with S3 Replication Time Control.
    """
    order = msgspec.convert(entry.payload, ReplicationOrder)
    bucket = s3.store.bucket(order.partition, order.bucket)
    if bucket is None or bucket.bucket_id != order.bucket_id:
        return
    try:
        stored = find_version(s3, bucket, order.key, order.version_id).object
    except NoSuchVersion:
        return
    if stored.attributes.get(STATUS) == PENDING:
        _tell(s3, bucket, stored, REPLICATION_MISSED)


def _finish(s3: S3, entry: Entry) -> None:
    with s3.store.atomic():
        s3.outbox.done(entry)


async def _replicate_to(
    s3: S3, entry: Entry, bucket: Bucket, version: StoredVersion, rule: Document
) -> None:
    target = _target(s3, bucket, rule)
    if _follow(s3, target, version) or version.object.attributes.get(STATUS) == REPLICA:
        return
    resealing = _resealing(s3, target, version.object, rule)
    copies = [] if version.is_delete_marker else await _copies(s3, version.object, resealing)
    try:
        with s3.store.atomic():
            target = _target(s3, bucket, rule)
            if not _follow(s3, target, version):
                encryption = resealing.new.attributes if resealing is not None else {}
                _place(s3, target, _encrypted(version, encryption), rule, copies)
                latency_ms = s3.clock.now_ms() - entry.created_at_ms
                s3.journeys.step(
                    entry.trace,
                    service="s3",
                    action="Replicate",
                    resource=f"{bucket.name}/{version.key.decode()}",
                    detail=f"to {target.name}, {version.object.size} bytes in {latency_ms} ms",
                )
                return
    except BaseException:
        await _discard(s3, copies)
        raise
    await _discard(s3, copies)


def _target(s3: S3, bucket: Bucket, rule: Document) -> Bucket:
    target = destination_bucket(s3, bucket, rule)
    if target is None or target.versioning != "Enabled":
        raise DestinationLost(f"The bucket {destination_name(rule)} takes no replicas.")
    return target


def _follow(s3: S3, target: Bucket, version: StoredVersion) -> bool:
    """Where the replica is there, it follows the tags and locks of the original.

    Its own lock stays where it is the stricter: it holds against this way of changing it, too.
    """
    try:
        replica = find_version(s3, target, version.key.decode(), version.object.version_id)
    except NoSuchVersion:
        return False
    if not version.is_delete_marker:
        present = replica.object.attributes
        own = {k: v for k, v in present.items() if k in _OWN}
        attributes = {**replica_attributes(version.object.attributes), **own}
        attributes.update(kept_lock(present, attributes, s3.clock.now_ms() / 1000))
        changed = replace(replica.object, tagging=version.object.tagging, attributes=attributes)
        update_version(s3, target, replace(replica, object=changed))
    return True


def _resealing(s3: S3, target: Bucket, stored: StoredObject, rule: Document) -> _Resealing | None:
    """What encrypts a replica of an SSE-KMS object: the rule's key, else the target's `aws/s3`.

    AWS: S3 User Guide, Replicating encrypted objects (SSE-KMS).
    """
    attributes = stored.attributes
    if CIPHERTEXT not in attributes:
        return None
    request = {
        "Key": stored.key.decode(),
        ALGORITHM: attributes[ALGORITHM],
        KEY_ID: replica_key_id(rule),
        BUCKET_KEY: attributes.get(BUCKET_KEY, False),
    }
    new = key_of_new(s3, _context(s3, target), target, request, None)
    return _Resealing(key_of_stored(s3, attributes, None), new)


def _encrypted(version: StoredVersion, encryption: Mapping[str, object]) -> StoredVersion:
    if not encryption:
        return version
    kept = {k: v for k, v in version.object.attributes.items() if k not in KEPT}
    return replace(version, object=replace(version.object, attributes={**kept, **encryption}))


def _place(
    s3: S3, target: Bucket, version: StoredVersion, rule: Document, copies: list[_Copy]
) -> None:
    """Make the replica visible; part of a step."""
    original = version.object
    body_id = s3.ids.hex(BODY_ID_DIGITS)
    parts = [copy.part for copy in copies if copy.part is not None]
    for copy in copies:
        keep_received(s3, copy.body_id if copy.part is not None else body_id, copy.received)
    if parts:
        s3.store.add_body_parts(body_id, parts)
    replica = replace(
        original,
        body_id="" if version.is_delete_marker else body_id,
        rank=_free_rank(s3, target, original),
        storage_class=replica_storage_class(rule, original.storage_class),
        attributes=replica_attributes(original.attributes),
    )
    place_version(s3, target, replace(version, object=replica))
    if not version.is_delete_marker:
        _tell(s3, target, replica, OBJECT_CREATED_PUT)


def _free_rank(s3: S3, target: Bucket, original: StoredObject) -> int:
    """The original's rank, or the nearest older one that no version of the target's key has."""
    rank = original.rank
    rows = s3.store.versions.listed(
        target.bucket_id, (original.key, rank), original.key + b"\0", _NEIGHBOURS
    )
    for row in rows:
        if row.object.rank != rank:
            break
        rank += 1
    return rank


# Versions of two buckets have one rank only if they were made in the same millisecond.
_NEIGHBOURS = 100


async def _copies(s3: S3, stored: StoredObject, resealing: _Resealing | None) -> list[_Copy]:
    """The bytes of the original, as they are stored or encrypted anew; durable, kept by no row."""
    copies: list[_Copy] = []
    try:
        if not stored.part_count:
            copies.append(_Copy("", await _copied(s3, stored.body_id, stored.size, resealing)))
        for part in s3.store.body_parts(stored.body_id) if stored.part_count else ():
            received = await _copied(s3, part.body_id, part.size, resealing, inline_bytes_max=-1)
            body_id = s3.ids.hex(BODY_ID_DIGITS)
            copies.append(_Copy(body_id, received, replace(part, body_id=body_id)))
    except BaseException:
        await _discard(s3, copies)
        raise
    return copies


async def _copied(
    s3: S3,
    body_id: str,
    size: int,
    resealing: _Resealing | None,
    *,
    inline_bytes_max: int = INLINE_BYTES_MAX,
) -> ReceivedBody:
    body = s3.store.body(body_id)
    if body is None:
        raise InternalError
    if resealing is not None:
        plain = await open_body(s3.blobs, body, 0, size, resealing.old_key)
        sealing = sealing_of(s3, resealing.new.key)
        return await receive(
            s3.blobs, plain, size, DEFAULT_ALGORITHM, sealing, inline_bytes_max=inline_bytes_max
        )
    pieces = await open_stored(s3.blobs, body, 0, size)
    received = await receive(
        s3.blobs, pieces, size, DEFAULT_ALGORITHM, inline_bytes_max=inline_bytes_max
    )
    return replace(received, nonce=body.nonce)


async def _discard(s3: S3, copies: list[_Copy]) -> None:
    for copy in copies:
        await discard(s3, copy.received)


def _set_status(
    s3: S3, bucket: Bucket, order: ReplicationOrder, status: str
) -> StoredObject | None:
    """Say on the original how its replication ended; None where it is gone, or a marker."""
    try:
        version = find_version(s3, bucket, order.key, order.version_id)
    except NoSuchVersion:
        return None
    if version.is_delete_marker or version.object.attributes.get(STATUS) == REPLICA:
        return None
    attributes: Mapping[str, object] = {**version.object.attributes, STATUS: status}
    stored = replace(version.object, attributes=attributes)
    update_version(s3, bucket, replace(version, object=stored))
    return stored


def _is_late(s3: S3, entry: Entry, order: ReplicationOrder) -> bool:
    """Whether a rule with a time control has waited longer than its 15 minutes."""
    is_late = s3.clock.now_ms() - entry.created_at_ms > THRESHOLD_MS
    return is_late and any(has_threshold(rule) for rule in order.rules)


def _tell(s3: S3, bucket: Bucket, stored: StoredObject, name: str) -> None:
    record_event(
        s3,
        _context(s3, bucket),
        bucket,
        name=name,
        key=stored.key.decode(),
        size=stored.size,
        etag=stored.etag,
        version_id=stored.version_id,
    )


def _context(s3: S3, bucket: Bucket) -> RequestContext:
    return RequestContext(
        account=bucket.account,
        region=bucket.region,
        principal=_PRINCIPAL,
        request_id=s3.ids.hex(_REQUEST_ID_DIGITS).upper(),
    )
