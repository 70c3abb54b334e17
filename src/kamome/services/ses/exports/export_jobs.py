"""Export jobs: operations of the API v2, and the work.

A job is worked behind the call; its file is kept with it, and `S3Url` leads to it on this server.

AWS: SES API v2 Reference, CreateExportJob.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import msgspec

from kamome.context import RequestContext
from kamome.services.ses.configuration_sets.configuration_sets_v2 import page_size
from kamome.services.ses.entries import EXPORT_KIND
from kamome.services.ses.errors_v2 import BadRequestException, NotFoundException
from kamome.services.ses.exports.downloads import link_to
from kamome.services.ses.exports.export_store import (
    CANCELLED,
    COMPLETED,
    CREATED,
    PROCESSING,
    ExportJob,
    ExportStore,
)
from kamome.services.ses.exports.exported_rows import insight_lines, metric_lines, written
from kamome.services.ses.pages import after_token, next_token
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Owner

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kamome.services.ses import shapes_v2
    from kamome.storage.outbox import Entry

_UNFINISHED = frozenset({CREATED, PROCESSING})
_NOT_KNOWN = ("ISP", "TENANT_NAME")
_FILTERS_NOT_KNOWN = ("Isp", "TenantName")
_VALUES_MAX = 10


async def cancel_export_job(
    ses: Ses, ctx: RequestContext, request: shapes_v2.CancelExportJobRequest
) -> shapes_v2.CancelExportJobResult:
    """Give a job up that is not finished.

    Raises:
        NotFoundException: no such job.
        BadRequestException: it is finished or cancelled.

    AWS: SES API v2 Reference, CancelExportJob.
    """
    owner, job = _found(ses, ctx, request["JobId"])
    if job.status not in _UNFINISHED:
        raise BadRequestException(f"Export job <{job.job_id}> is {job.status}.")
    ended = msgspec.structs.replace(job, status=CANCELLED, completed_at_ms=ses.clock.now_ms())
    _store(ses).put(owner, ended)
    return {}


async def create_export_job(
    ses: Ses, ctx: RequestContext, request: shapes_v2.CreateExportJobRequest
) -> shapes_v2.CreateExportJobResult:
    """Begin to write metrics or message insights into a file.

    The last hundred jobs of an account in a region are kept with their files. At AWS it needs the
    Virtual Deliverability Manager; here it is always on.

    Raises:
        BadRequestException: not exactly one source, a place for the file, an interval that ends
            before it begins, or a dimension or filter that is not known here (ISP, tenant).

    AWS: SES API v2 Reference, CreateExportJob.
    """
    owner, source = Owner(ctx.account, ctx.region), request["ExportDataSource"]
    if len(source) != 1:
        raise BadRequestException("Specify exactly one export data source.")
    destination = request["ExportDestination"]
    if "S3Url" in destination:
        raise BadRequestException("S3Url cannot be specified; it is in the answer of GetExportJob.")
    if "MetricsDataSource" in source:
        _check_metrics(source["MetricsDataSource"])
    else:
        _check_insights(source["MessageInsightsDataSource"])
    now_ms = ses.clock.now_ms()
    job_id = f"{now_ms:012x}-{ses.ids.uuid()}"
    kept = cast("dict[str, object]", source)
    with ses.store.engine.atomic():
        _store(ses).put(owner, ExportJob(job_id, now_ms, kept, destination["DataFormat"]))
        payload = {"account": owner.account, "region": owner.region, "job_id": job_id}
        ses.outbox.put(EXPORT_KIND, payload, trace=ctx.trace)
    return {"JobId": job_id}


async def get_export_job(
    ses: Ses, ctx: RequestContext, request: shapes_v2.GetExportJobRequest
) -> shapes_v2.GetExportJobResult:
    """How far a job is, and where its file is for the next five minutes.

    Raises:
        NotFoundException: no such job.

    AWS: SES API v2 Reference, GetExportJob.
    """
    owner, job = _found(ses, ctx, request["JobId"])
    destination: shapes_v2.ExportDestination = {"DataFormat": job.data_format}
    shown: shapes_v2.GetExportJobResult = {
        "JobId": job.job_id,
        "ExportSourceType": job.source_type,
        "JobStatus": job.status,
        "ExportDestination": destination,
        "ExportDataSource": cast("shapes_v2.ExportDataSource", job.source),
        "CreatedTimestamp": job.created_at_ms / 1000,
    }
    if job.completed_at_ms is not None:
        shown["CompletedTimestamp"] = job.completed_at_ms / 1000
    if job.status == COMPLETED:
        destination["S3Url"] = link_to(ses, owner, job)
        shown["Statistics"] = {
            "ProcessedRecordsCount": job.processed,
            "ExportedRecordsCount": job.exported,
        }
    return shown


async def list_export_jobs(
    ses: Ses, ctx: RequestContext, request: shapes_v2.ListExportJobsRequest
) -> shapes_v2.ListExportJobsResult:
    """Jobs, the oldest first; a page may have fewer than it could.

    Raises:
        BadRequestException: `PageSize` is not 1 to 1,000.
        InvalidNextTokenException: the token is not ours.

    AWS: SES API v2 Reference, ListExportJobs.
    """
    limit = page_size(request.get("PageSize"))
    after = after_token(request.get("NextToken", ""))
    found = _store(ses).page(Owner(ctx.account, ctx.region), after, limit + 1)
    kind, status = request.get("ExportSourceType"), request.get("JobStatus")
    jobs = [
        _summary(job)
        for job in found[:limit]
        if kind in (None, job.source_type) and status in (None, job.status)
    ]
    if len(found) <= limit:
        return {"ExportJobs": jobs}
    return {"ExportJobs": jobs, "NextToken": next_token(found[limit - 1].job_id)}


async def work(ses: Ses, entry: Entry) -> None:
    """Do a job. Handler of `ses.export`; one that is cancelled meanwhile leaves nothing.

    AWS: SES API v2 Reference, GetExportJob (JobStatus).
    """
    owner = Owner(str(entry.payload["account"]), str(entry.payload["region"]))
    kept, job_id = _store(ses), str(entry.payload["job_id"])
    job = kept.find(owner, job_id)
    done: tuple[ExportJob, bytes] | None = None
    if job is not None and job.status in _UNFINISHED:
        started = msgspec.structs.replace(job, status=PROCESSING)
        kept.put(owner, started)
        done = await _exported(ses, owner, started)
    with ses.store.engine.atomic():
        known = kept.find(owner, job_id)
        if done is not None and known is not None and known.status == PROCESSING:
            kept.put(owner, done[0])
            kept.put_file(owner, job_id, done[1])
        ses.outbox.done(entry)


async def _exported(ses: Ses, owner: Owner, job: ExportJob) -> tuple[ExportJob, bytes]:
    source = cast("shapes_v2.ExportDataSource", job.source)
    if "MetricsDataSource" in source:
        lines = metric_lines(ses, owner, source["MetricsDataSource"])
        processed = len(lines)
    else:
        lines, processed = await insight_lines(ses, owner, source["MessageInsightsDataSource"])
    ended = msgspec.structs.replace(
        job,
        status=COMPLETED,
        completed_at_ms=ses.clock.now_ms(),
        processed=processed,
        exported=len(lines),
    )
    return ended, written(lines, job.data_format)


def _check_metrics(source: shapes_v2.MetricsDataSource) -> None:
    _check_dates(source["StartDate"], source["EndDate"])
    dimensions: Mapping[str, Sequence[str]] = source["Dimensions"]
    for name in _NOT_KNOWN:
        if dimensions.get(name, ["*"]) != ["*"]:
            raise BadRequestException(f"{name} is not known to Kamome.")
    has_wildcard = any("*" in values for values in dimensions.values())
    for name, values in dimensions.items():
        if len(values) > (1 if has_wildcard else _VALUES_MAX):
            raise BadRequestException(f"{name} has too many values.")


def _check_insights(source: shapes_v2.MessageInsightsDataSource) -> None:
    _check_dates(source["StartDate"], source["EndDate"])
    for filters in (source.get("Include", {}), source.get("Exclude", {})):
        for name in _FILTERS_NOT_KNOWN:
            if name in filters:
                raise BadRequestException(f"{name} is not known to Kamome.")


def _check_dates(start: float, end: float) -> None:
    if end < start:
        raise BadRequestException("EndDate is before StartDate.")


def _summary(job: ExportJob) -> shapes_v2.ExportJobSummary:
    shown: shapes_v2.ExportJobSummary = {
        "JobId": job.job_id,
        "ExportSourceType": job.source_type,
        "JobStatus": job.status,
        "CreatedTimestamp": job.created_at_ms / 1000,
    }
    if job.completed_at_ms is not None:
        shown["CompletedTimestamp"] = job.completed_at_ms / 1000
    return shown


def _found(ses: Ses, ctx: RequestContext, job_id: str) -> tuple[Owner, ExportJob]:
    owner = Owner(ctx.account, ctx.region)
    job = _store(ses).find(owner, job_id)
    if job is None:
        raise NotFoundException(f"Export job <{job_id}> does not exist.")
    return owner, job


def _store(ses: Ses) -> ExportStore:
    return ExportStore(ses.store.engine)
