"""The scrub: every body is compared with its checksums once a month, slowly, without any reader.

It goes on by the clock, a bounded number of bytes at a time, and remembers its place over restarts.
What it finds is logged, and shown by `GET /_kamome/s3/scrub`; a damaged body is never given out in
any case.

AWS: S3 User Guide, Checking object integrity for data at rest in Amazon S3.
"""

from __future__ import annotations

import base64
import logging

import msgspec
import orjson

from kamome.services.s3.bodies.verify import damage_of
from kamome.services.s3.errors import NoSuchVersion
from kamome.services.s3.later_work import SCRUB_KIND
from kamome.services.s3.objects.object_rows import StoredObject
from kamome.services.s3.objects.versions import find_version
from kamome.services.s3.slice import S3
from kamome.services.s3.store import ABOVE_ALL_KEYS, Bucket
from kamome.storage.outbox import Entry
from kamome.wire import HttpRequest, HttpResponse

logger = logging.getLogger(__name__)

# Between two passes, and between two steps of one: at most 16 MB a second by the clock.
_PASS_MS = 30 * 86_400_000
_PAUSE_MS = 1_000
_STEP_BYTES = 16 * 1024 * 1024
_STEP_VERSIONS = 200
_NEWEST_RANK = -(1 << 63)
_DAMAGES_SHOWN_MAX = 100


class Place(msgspec.Struct, frozen=True):
    """Where a pass has come to, and what it has found so far."""

    partition: str = ""
    bucket: str = ""
    key: str = ""
    rank: int = _NEWEST_RANK
    began_at_ms: int = 0
    versions: int = 0
    size: int = 0
    damages: tuple[str, ...] = ()


class _Seen(msgspec.Struct):
    """What one step has read."""

    versions: int = 0
    size: int = 0
    damages: list[str] = msgspec.field(default_factory=list)


def begin_scrub(s3: S3) -> None:
    """Order the first pass, where none is ordered; part of the step that makes a bucket."""
    if s3.outbox.waiting(SCRUB_KIND) == 0:
        s3.outbox.put(SCRUB_KIND, msgspec.to_builtins(Place()), at_ms=s3.clock.now_ms() + _PASS_MS)


async def work_scrub(s3: S3, entry: Entry) -> None:
    """Outbox handler of `s3.scrub`: read some bodies, then order the next step, or the next pass.

    AWS: S3 User Guide, Checking object integrity for data at rest in Amazon S3.
    """
    place = msgspec.convert(entry.payload, Place)
    began_at_ms = place.began_at_ms or s3.clock.now_ms()
    seen = _Seen()
    following = await _step(s3, place, seen)
    damages = (*place.damages, *seen.damages)[:_DAMAGES_SHOWN_MAX]
    totals = (place.versions + seen.versions, place.size + seen.size)
    with s3.store.atomic():
        s3.outbox.done(entry)
        if following is None:
            _keep_report(s3, began_at_ms, totals, damages)
            begin_scrub(s3)
            return
        bucket, key, rank = following
        ahead = Place(bucket.partition, bucket.name, key, rank, began_at_ms, *totals, damages)
        at_ms = s3.clock.now_ms() + _PAUSE_MS
        s3.outbox.put(SCRUB_KIND, msgspec.to_builtins(ahead), at_ms=at_ms)


async def show_scrub(s3: S3, request: HttpRequest) -> HttpResponse:
    """What the last pass has found: times, versions, bytes, and up to 100 damages."""
    if request.method != "GET":
        return HttpResponse(405, [("content-type", "text/plain")], b"")
    report = s3.store.settings.find("", SCRUB_KIND)
    body = orjson.dumps(report or {"finished_at_ms": None})
    return HttpResponse(200, [("content-type", "application/json")], body)


async def _step(s3: S3, place: Place, seen: _Seen) -> tuple[Bucket, str, int] | None:
    """Read up to a step's bytes from the place on; where to go on, None at the end."""
    bucket = s3.store.bucket(place.partition, place.bucket)
    position = (base64.b64decode(place.key), place.rank)
    if bucket is None:
        bucket = _next_bucket(s3, place.partition, place.bucket)
        position = (b"", _NEWEST_RANK)
    while bucket is not None:
        rows = s3.store.versions.listed(bucket.bucket_id, position, ABOVE_ALL_KEYS, _STEP_VERSIONS)
        for row in rows:
            position = (row.key, row.object.rank + 1)
            if not row.is_delete_marker:
                await _look(s3, bucket, row.object, seen)
            if seen.size >= _STEP_BYTES or seen.versions >= _STEP_VERSIONS:
                return bucket, base64.b64encode(position[0]).decode(), position[1]
        if len(rows) < _STEP_VERSIONS:
            bucket = _next_bucket(s3, bucket.partition, bucket.name)
            position = (b"", _NEWEST_RANK)
    return None


def _next_bucket(s3: S3, partition: str, name: str) -> Bucket | None:
    following = s3.store.all_buckets((partition, name), 1)
    return following[0] if following else None


async def _look(s3: S3, bucket: Bucket, stored: StoredObject, seen: _Seen) -> None:
    """Compare one version; one that is replaced meanwhile is not damaged."""
    seen.versions += 1
    seen.size += stored.size
    damage = await damage_of(s3.store, s3.blobs, stored)
    if not damage:
        return
    try:
        present = find_version(s3, bucket, stored.key.decode(), stored.version_id).object
    except NoSuchVersion:
        return
    if present == stored:
        what = f"{bucket.name}/{stored.key.decode()} (version {stored.version_id}): {damage}"
        seen.damages.append(what)
        logger.error("The scrub has found a damaged object: %s", what)


def _keep_report(
    s3: S3, began_at_ms: int, totals: tuple[int, int], damages: tuple[str, ...]
) -> None:
    versions, size = totals
    s3.store.settings.put(
        "",
        SCRUB_KIND,
        {
            "began_at_ms": began_at_ms,
            "finished_at_ms": s3.clock.now_ms(),
            "versions": versions,
            "bytes": size,
            "damages": list(damages),
        },
    )
