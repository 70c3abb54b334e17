"""Lifecycle: what expires by the clock, worked once a day after midnight UTC.

One outbox entry per bucket with rules is due at the next midnight. It works a bounded number of
versions in its own step, with their events, and goes on at the place it has come to; when all have
been seen, it comes back the day after.

AWS: S3 User Guide, Managing the lifecycle of objects; Lifecycle configuration elements.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from kamome.context import RequestContext
from kamome.services.s3.buckets.setting_rules import documents_of
from kamome.services.s3.errors import AccessDenied
from kamome.services.s3.lifecycle.lifecycle_rules import (
    ALL_STORAGE_CLASSES_128K,
    Action,
    Candidate,
    abort_of,
    action_of,
)
from kamome.services.s3.limits import LIST_UPLOADS_MAX
from kamome.services.s3.lock.object_lock import check_deletable
from kamome.services.s3.notifications.events import (
    LIFECYCLE_DELETE,
    LIFECYCLE_MARKER,
    LIFECYCLE_TRANSITION,
)
from kamome.services.s3.notifications.object_events import record_event
from kamome.services.s3.objects.tagging import parse_tagging
from kamome.services.s3.objects.version_store import StoredVersion
from kamome.services.s3.objects.versions import delete_current, delete_version, drop_upload
from kamome.services.s3.slice import S3
from kamome.services.s3.store import ABOVE_ALL_KEYS, LIFECYCLE_KIND, Bucket
from kamome.storage.outbox import Entry

EVENT_KIND = "s3.lifecycle"
_DAY_MS = 86_400_000
_NEWEST_RANK = -(1 << 63)
# Versions looked at in one step: about 5 ms of the loop.
_VERSIONS_PER_STEP = 200
_REQUEST_ID_DIGITS = 16


class _Place(msgspec.Struct):
    """Where the walk has come to within a key: its newest version seen, how many older ones."""

    key: bytes = b""
    successors: int = 0


def schedule(s3: S3, bucket: Bucket) -> None:
    """Work the bucket's rules at the next midnight; part of the step that puts them.

    Entries of former configurations find a newer one and end.
    """
    generation = s3.ids.hex(16)
    s3.store.settings.put(bucket.bucket_id, EVENT_KIND, {"Generation": generation})
    _put_entry(s3, bucket, generation, _next_midnight_ms(s3), (b"", _NEWEST_RANK, 0))


def work_lifecycle(s3: S3, entry: Entry) -> None:
    """Outbox handler of `s3.lifecycle`: look at some versions, do what the rules say, go on.

    Everything is in the step that deletes the entry, so nothing expires twice.
    """
    told = {name: str(value) for name, value in entry.payload.items()}
    bucket = s3.store.bucket(told["partition"], told["bucket"])
    if bucket is None or bucket.bucket_id != told["bucket_id"]:
        return
    configuration = s3.store.settings.find(bucket.bucket_id, LIFECYCLE_KIND) or {}
    rules = configuration.get("Rules")
    current = s3.store.settings.find(bucket.bucket_id, EVENT_KIND) or {}
    if not isinstance(rules, list) or current.get("Generation") != told["generation"]:
        return
    key, rank = base64.b64decode(told["key"]), int(told["rank"])
    place = _Place(key, int(told["successors"]))
    rows = s3.store.versions.listed(
        bucket.bucket_id, (key, rank), ABOVE_ALL_KEYS, _VERSIONS_PER_STEP
    )
    for row in rows:
        if row.key != place.key:
            place = _Place(row.key)
        _work(s3, bucket, configuration, row, place)
        place.successors += 1
    if len(rows) == _VERSIONS_PER_STEP:
        position = (rows[-1].key, rows[-1].object.rank + 1, place.successors)
        _put_entry(s3, bucket, told["generation"], s3.clock.now_ms(), position)
        return
    _abort_uploads(s3, bucket, rules)
    _put_entry(s3, bucket, told["generation"], _next_midnight_ms(s3), (b"", _NEWEST_RANK, 0))


def _put_entry(
    s3: S3, bucket: Bucket, generation: str, at_ms: int, position: tuple[bytes, int, int]
) -> None:
    key, rank, successors = position
    payload = {
        "partition": bucket.partition,
        "bucket": bucket.name,
        "bucket_id": bucket.bucket_id,
        "generation": generation,
        "key": base64.b64encode(key).decode(),
        "rank": str(rank),
        "successors": str(successors),
    }
    s3.outbox.put(EVENT_KIND, payload, at_ms=at_ms)


def _next_midnight_ms(s3: S3) -> int:
    return (s3.clock.now_ms() // _DAY_MS + 1) * _DAY_MS


def _work(
    s3: S3,
    bucket: Bucket,
    configuration: Mapping[str, object],
    version: StoredVersion,
    place: _Place,
) -> None:
    stored = version.object
    is_current = place.successors == 0
    candidate = Candidate(
        stored.key.decode(),
        stored.size,
        parse_tagging(stored.tagging),
        stored.last_modified_ms,
        version.noncurrent_at_ms,
        stored.storage_class,
        is_current=is_current,
        is_delete_marker=version.is_delete_marker,
        is_alone=is_current and version.is_delete_marker and _is_alone(s3, bucket, stored.key),
        newer_noncurrent=max(0, place.successors - 1),
        is_versioned=bool(bucket.versioning),
    )
    minimum = str(configuration.get("TransitionDefaultMinimumObjectSize", ALL_STORAGE_CLASSES_128K))
    rules = documents_of(configuration, "Rules")
    action = action_of(rules, candidate, s3.clock.now_ms(), minimum)
    if action is None:
        return
    if action.storage_class:
        moved = replace(version, object=replace(stored, storage_class=action.storage_class))
        if is_current:
            s3.store.put_object(bucket.bucket_id, moved.object)
        else:
            s3.store.versions.remove(bucket.bucket_id, stored.key, stored.version_id)
            s3.store.versions.add(bucket.bucket_id, moved)
        _tell(s3, bucket, moved, LIFECYCLE_TRANSITION)
    else:
        _expire(s3, bucket, version, action)


def _expire(s3: S3, bucket: Bucket, version: StoredVersion, action: Action) -> None:
    """Delete as a client's DeleteObject would: behind a marker where there are versions."""
    if not action.is_permanent:
        deleted = delete_current(s3, bucket, version.key)
        name = LIFECYCLE_MARKER if deleted.is_delete_marker else LIFECYCLE_DELETE
        marked = replace(version, object=replace(version.object, version_id=deleted.version_id))
        _tell(s3, bucket, marked, name)
        return
    try:
        check_deletable(
            version.object.attributes, s3.clock.now_ms() / 1000, bypasses_governance=False
        )
    except AccessDenied:
        return  # retained or held: a later day will do
    delete_version(s3, bucket, version)
    _tell(s3, bucket, version, LIFECYCLE_DELETE)


def _is_alone(s3: S3, bucket: Bucket, key: bytes) -> bool:
    """Whether a delete marker hides nothing any more."""
    rows = s3.store.versions.listed(bucket.bucket_id, (key, _NEWEST_RANK), key + b"\0", 2)
    return len(rows) == 1


def _tell(s3: S3, bucket: Bucket, version: StoredVersion, name: str) -> None:
    ctx = RequestContext(
        account=bucket.account,
        region=bucket.region,
        principal="s3.amazonaws.com",
        request_id=s3.ids.hex(_REQUEST_ID_DIGITS).upper(),
    )
    record_event(
        s3,
        ctx,
        bucket,
        name=name,
        key=version.key.decode(),
        version_id=version.object.version_id if bucket.versioning else None,
    )


def _abort_uploads(s3: S3, bucket: Bucket, rules: list[Mapping[str, object]]) -> None:
    """End the uploads that were begun too long ago: as many as one listing page a night."""
    uploads = s3.store.uploads.listed(bucket.bucket_id, (b"", ""), ABOVE_ALL_KEYS, LIST_UPLOADS_MAX)
    for upload in uploads:
        due = abort_of(rules, upload.key.decode(), upload.initiated_at_ms)
        if due is not None and due.at_ms <= s3.clock.now_ms():
            drop_upload(s3, bucket, upload)
