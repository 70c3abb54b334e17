"""The link to an export's file: for five minutes, as AWS presigns its own.

AWS: SES API v2 Reference, ExportDestination (S3Url).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kamome.services.ses.entries import LINKS_PATH
from kamome.services.ses.exports.export_store import ExportJob, ExportStore
from kamome.services.ses.feedback import link_keys
from kamome.services.ses.store import Owner
from kamome.wire import HttpResponse

if TYPE_CHECKING:
    from kamome.services.ses.slice import Ses

# The kind of these links, and their path.
EXPORT = "export"
_VALID_MS = 5 * 60_000
_TYPES = {"CSV": "text/csv; charset=utf-8", "JSON": "application/json"}


def link_to(ses: Ses, owner: Owner, job: ExportJob) -> str:
    """Where the file of a job is for the next five minutes."""
    content = {
        "o": [owner.account, owner.region],
        "j": job.job_id,
        "x": ses.clock.now_ms() + _VALID_MS,
    }
    token = link_keys.signed(ses, EXPORT, content)
    return f"{ses.settings.own_url()}{LINKS_PATH}{EXPORT}/{token}"


def answer(ses: Ses, content: Mapping[str, object]) -> HttpResponse:
    """The file that a link means; 403 when its time is over, 404 when the file is gone."""
    expires_at_ms, place = content["x"], content["o"]
    assert isinstance(expires_at_ms, int)
    assert isinstance(place, list)
    if ses.clock.now_ms() > expires_at_ms:
        return _text(403, "This link was good for five minutes; GetExportJob gives a new one.\n")
    owner, kept = Owner(*place), ExportStore(ses.store.engine)
    job = kept.find(owner, str(content["j"]))
    file = None if job is None else kept.file(owner, job.job_id)
    if job is None or file is None:
        return _text(404, "This file is no longer kept.\n")
    name = f"{job.source_type.lower()}-{job.job_id}.{job.data_format.lower()}"
    headers = [
        ("content-type", _TYPES[job.data_format]),
        ("content-disposition", f'attachment; filename="{name}"'),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
    ]
    return HttpResponse(200, headers, file)


def _text(status: int, text: str) -> HttpResponse:
    return HttpResponse(status, [("content-type", "text/plain")], text.encode())
