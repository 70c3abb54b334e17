"""Kinds of outbox entries whose handlers are imported when the first one is due.

A server has 250 ms to be ready, and most never replicate or log.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from kamome.storage.outbox import default_retry

if TYPE_CHECKING:
    from kamome.services.s3.slice import S3
    from kamome.storage.outbox import Entry, Outbox
    from kamome.wire import HttpRequest, HttpResponse

RESTORE_KIND = "s3.restore"
LOG_KIND = "s3.log"
REPLICATION_KIND = "s3.replication"
THRESHOLD_KIND = "s3.replication_threshold"
SCRUB_KIND = "s3.scrub"
SCRUB_REPORT_PATH = "/_kamome/s3/scrub"


class DestinationLost(Exception):
    """A replica's destination is gone or keeps no versions any more: waiting will not help."""


def register(outbox: Outbox, s3: S3) -> None:
    """Name the handlers."""

    async def replicate(entry: Entry) -> None:
        from kamome.services.s3.replication.replication import replicate

        await replicate(s3, entry)

    def give_up_replication(entry: Entry, error: Exception) -> None:
        from kamome.services.s3.replication.replication import give_up_replication

        give_up_replication(s3, entry, error)

    def tell_missed_threshold(entry: Entry) -> None:
        from kamome.services.s3.replication.replication import tell_missed_threshold

        tell_missed_threshold(s3, entry)

    async def deliver_log(entry: Entry) -> None:
        from kamome.services.s3.logging.access_logs import deliver_log

        await deliver_log(s3, entry)

    def give_up_log(entry: Entry, error: Exception) -> None:
        from kamome.services.s3.logging.access_logs import give_up_log

        give_up_log(s3, entry, error)

    def work_restore(entry: Entry) -> None:
        from kamome.services.s3.objects.restore_object import work_restore

        work_restore(s3, entry)

    async def work_scrub(entry: Entry) -> None:
        from kamome.services.s3.bodies.scrub import work_scrub

        await work_scrub(s3, entry)

    outbox.register(
        REPLICATION_KIND, replicate, retry=retry_replication, on_give_up=give_up_replication
    )
    outbox.register(THRESHOLD_KIND, tell_missed_threshold)
    outbox.register(RESTORE_KIND, work_restore)
    outbox.register(LOG_KIND, deliver_log, on_give_up=give_up_log)
    outbox.register(SCRUB_KIND, work_scrub, concurrency=1)


def retry_replication(entry: Entry, error: Exception) -> int | None:
    """When a failed replication is tried again, in ms; None where that cannot help."""
    return None if isinstance(error, DestinationLost) else default_retry(entry, error)


def scrub_report(s3: S3) -> Callable[[HttpRequest], Awaitable[HttpResponse]]:
    """Who answers `GET /_kamome/s3/scrub`."""

    async def answer(request: HttpRequest) -> HttpResponse:
        from kamome.services.s3.bodies.scrub import show_scrub

        return await show_scrub(s3, request)

    return answer
