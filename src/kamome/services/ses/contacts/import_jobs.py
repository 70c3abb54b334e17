"""Import jobs by the SES API v2: the suppression list and contact lists out of an S3 object.

A job is worked behind its creation, in batches; one that a crash interrupts begins again, which
changes nothing in what it has done: each line says how something is to be.

AWS: SES API v2 Reference, CreateImportJob.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

import msgspec

from kamome.context import RequestContext
from kamome.errors import AwsError
from kamome.mail.commands import is_mailbox
from kamome.services.ses.configuration_sets.configuration_sets_v2 import page_size
from kamome.services.ses.contacts.contact_lists import contacts_of, found_list
from kamome.services.ses.contacts.contact_store import Contact
from kamome.services.ses.contacts.import_records import (
    ContactRecord,
    RecordInvalid,
    contact_reader,
    suppression_record,
)
from kamome.services.ses.contacts.import_store import (
    COMPLETED,
    FAILED,
    PROCESSING,
    ImportJob,
    ImportStore,
)
from kamome.services.ses.entries import IMPORT_KIND
from kamome.services.ses.errors_v2 import BadRequestException, NotFoundException
from kamome.services.ses.feedback.suppression import normal_address
from kamome.services.ses.feedback.suppression import store_of as suppressed_of
from kamome.services.ses.feedback.suppression_store import Suppressed
from kamome.services.ses.limits import (
    ADDRESS_CHARACTERS_MAX,
    ATTRIBUTES_CHARACTERS_MAX,
    IMPORTED_CONTACTS_MAX,
    IMPORTED_SUPPRESSIONS_MAX,
)
from kamome.services.ses.pages import after_token, next_token
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Owner

if TYPE_CHECKING:
    from kamome.services.ses import shapes_v2
    from kamome.storage.outbox import Entry

_S3_URL = re.compile(r"s3://([^/]+)/(.+)")
_BATCH = 500
_LINE_BYTES_MAX = 64 * 1024
# As long as other things of the past are known.
_KEPT_MS = 30 * 24 * 3600_000

_Apply = Callable[[str], None]


async def create_import_job(
    ses: Ses, ctx: RequestContext, request: shapes_v2.CreateImportJobRequest
) -> shapes_v2.CreateImportJobResult:
    """Begin to import addresses or contacts from an S3 object.

    Raises:
        BadRequestException: not exactly one destination, or the URL names no object.
        NotFoundException: no such contact list.

    AWS: SES API v2 Reference, CreateImportJob.
    """
    owner, source = Owner(ctx.account, ctx.region), request["ImportDataSource"]
    destination = request["ImportDestination"]
    if len(destination) != 1:
        raise BadRequestException("Specify exactly one import destination.")
    if not _S3_URL.fullmatch(source["S3Url"]):
        raise BadRequestException(f"The S3 URL <{source['S3Url']}> is not valid.")
    if "ContactListDestination" in destination:
        chosen = destination["ContactListDestination"]
        list_name = found_list(ses, owner, chosen["ContactListName"]).name
        action = chosen["ContactListImportAction"]
    else:
        list_name = ""
        action = destination["SuppressionListDestination"]["SuppressionListImportAction"]
    now_ms = ses.clock.now_ms()
    job_id = f"{now_ms:012x}-{ses.ids.uuid()}"
    job = ImportJob(job_id, now_ms, list_name, action, source["S3Url"], source["DataFormat"])
    with ses.store.engine.atomic():
        _store(ses).put(owner, job)
        _store(ses).forget_before(owner, f"{max(0, now_ms - _KEPT_MS):012x}")
        payload = {"account": owner.account, "region": owner.region, "job_id": job_id}
        ses.outbox.put(IMPORT_KIND, payload, trace=ctx.trace)
    return {"JobId": job_id}


async def get_import_job(
    ses: Ses, ctx: RequestContext, request: shapes_v2.GetImportJobRequest
) -> shapes_v2.GetImportJobResult:
    """How far a job is. What could not be imported is counted, not kept.

    Raises:
        NotFoundException: no such job in the last 30 days.

    AWS: SES API v2 Reference, GetImportJob.
    """
    job = _store(ses).find(Owner(ctx.account, ctx.region), request["JobId"])
    if job is None:
        raise NotFoundException(f"Import job <{request['JobId']}> does not exist.")
    shown: shapes_v2.GetImportJobResult = {
        "JobId": job.job_id,
        "ImportDestination": _destination(job),
        "ImportDataSource": {"S3Url": job.s3_url, "DataFormat": job.data_format},
        "JobStatus": job.status,
        "CreatedTimestamp": job.created_at_ms / 1000,
        "ProcessedRecordsCount": job.processed,
        "FailedRecordsCount": job.failed,
    }
    if job.completed_at_ms is not None:
        shown["CompletedTimestamp"] = job.completed_at_ms / 1000
    if job.error:
        shown["FailureInfo"] = {"ErrorMessage": job.error}
    return shown


async def list_import_jobs(
    ses: Ses, ctx: RequestContext, request: shapes_v2.ListImportJobsRequest
) -> shapes_v2.ListImportJobsResult:
    """Jobs of the last 30 days, the oldest first; a page may have fewer than it could.

    Raises:
        BadRequestException: `PageSize` is not 1 to 1,000.
        InvalidNextTokenException: the token is not ours.

    AWS: SES API v2 Reference, ListImportJobs.
    """
    limit = page_size(request.get("PageSize"))
    after = after_token(request.get("NextToken", ""))
    found = _store(ses).page(Owner(ctx.account, ctx.region), after, limit + 1)
    wanted = request.get("ImportDestinationType")
    jobs: list[shapes_v2.ImportJobSummary] = [
        {
            "JobId": job.job_id,
            "ImportDestination": _destination(job),
            "JobStatus": job.status,
            "CreatedTimestamp": job.created_at_ms / 1000,
            "ProcessedRecordsCount": job.processed,
            "FailedRecordsCount": job.failed,
        }
        for job in found[:limit]
        if wanted in (None, "CONTACT_LIST" if job.list_name else "SUPPRESSION_LIST")
    ]
    if len(found) <= limit:
        return {"ImportJobs": jobs}
    return {"ImportJobs": jobs, "NextToken": next_token(found[limit - 1].job_id)}


async def work(ses: Ses, entry: Entry) -> None:
    """Do a job. Handler of `ses.import`.

    AWS: SES API v2 Reference, ImportJobSummary (JobStatus).
    """
    owner = Owner(str(entry.payload["account"]), str(entry.payload["region"]))
    job = _store(ses).find(owner, str(entry.payload["job_id"]))
    if job is not None:
        started = msgspec.structs.replace(job, status=PROCESSING)
        _store(ses).put(owner, started)
        try:
            job = await _imported(ses, owner, started)
        except (AwsError, RecordInvalid) as error:
            if isinstance(error, AwsError) and error.status >= 500:
                raise
            job = msgspec.structs.replace(started, status=FAILED, error=str(error))
    with ses.store.engine.atomic():
        if job is not None:
            ended = msgspec.structs.replace(job, completed_at_ms=ses.clock.now_ms())
            _store(ses).put(owner, ended)
        ses.outbox.done(entry)


async def _imported(ses: Ses, owner: Owner, job: ImportJob) -> ImportJob:
    limit = IMPORTED_CONTACTS_MAX if job.list_name else IMPORTED_SUPPRESSIONS_MAX
    processed = failed = 0
    of_batch: Callable[[], _Apply] | None = None
    batch: list[str] = []

    def flush() -> int:
        assert of_batch is not None
        with ses.store.engine.atomic():
            apply = of_batch()
            wrong = sum(not _is_applied(apply, line) for line in batch)
        batch.clear()
        return wrong

    async for line in _lines(ses, owner, job):
        if of_batch is None:
            of_batch, is_header = _applying(ses, owner, job, line)
            if is_header:
                continue
        processed += 1
        if processed > limit:
            raise RecordInvalid(f"The object has more than {limit} records.")
        batch.append(line)
        if len(batch) == _BATCH:
            failed += flush()
            await asyncio.sleep(0)  # others are served between batches
    if batch:
        failed += flush()
    return msgspec.structs.replace(job, status=COMPLETED, processed=processed, failed=failed)


def _applying(
    ses: Ses, owner: Owner, job: ImportJob, first: str
) -> tuple[Callable[[], _Apply], bool]:
    """What is done with the lines of a batch, and whether the first line of all is a header.

    Batches are steps of their own: between two of them a list may change its topics, or go.
    """
    if not job.list_name:
        return lambda: lambda line: _apply_suppression(ses, owner, job, line), False
    read = contact_reader(first, job.data_format)

    def of_batch() -> _Apply:
        topics = set(found_list(ses, owner, job.list_name).defaults)
        return lambda line: _apply_contact(ses, owner, job, (read(line), topics))

    return of_batch, job.data_format == "CSV"


def _is_applied(apply: _Apply, line: str) -> bool:
    try:
        apply(line)
    except RecordInvalid:
        return False
    return True


def _apply_suppression(ses: Ses, owner: Owner, job: ImportJob, line: str) -> None:
    record = suppression_record(line, job.data_format, has_reason=job.action == "PUT")
    address = _checked(record.address)
    if job.action == "DELETE":
        suppressed_of(ses).delete(owner, address)
    else:
        entry = Suppressed(address, record.reason, ses.clock.now_ms())
        suppressed_of(ses).put(owner, entry)


def _apply_contact(
    ses: Ses, owner: Owner, job: ImportJob, wanted: tuple[ContactRecord, set[str]]
) -> None:
    record, topics = wanted
    address, kept = _checked(record.address), contacts_of(ses)
    if job.action == "DELETE":
        kept.delete(owner, job.list_name, address)
        return
    is_good = set(record.preferences) <= topics
    if not is_good or len(record.attributes_data or "") > ATTRIBUTES_CHARACTERS_MAX:
        raise RecordInvalid(address)
    now_ms, known = ses.clock.now_ms(), kept.find(owner, job.list_name, address)
    contact = Contact(
        address,
        record.preferences,
        record.is_unsubscribed_from_all,
        record.attributes_data,
        now_ms if known is None else known.created_at_ms,
        now_ms,
    )
    kept.put(owner, job.list_name, contact)


async def _lines(ses: Ses, owner: Owner, job: ImportJob) -> AsyncIterator[str]:
    """The lines of the object that have anything, one at a time. Too long ones are none."""
    found = _S3_URL.fullmatch(job.s3_url)
    assert found is not None
    ctx = RequestContext(owner.account, owner.region, "ses.amazonaws.com", ses.ids.uuid())
    left = b""
    async for piece in ses.ports.read_object(ctx, found[1], found[2]):
        *whole, left = (left + piece).split(b"\n")
        if len(left) > _LINE_BYTES_MAX:
            raise RecordInvalid(f"A line has more than {_LINE_BYTES_MAX} bytes.")
        for line in whole:
            if text := _text(line):
                yield text
    if text := _text(left):
        yield text


def _text(line: bytes) -> str:
    """A line without the byte order mark that spreadsheets put at the beginning of a file."""
    return line.decode("utf-8", "replace").removeprefix("\ufeff").strip()


def _checked(address: str) -> str:
    normal = normal_address(address)
    if len(normal) > ADDRESS_CHARACTERS_MAX or not is_mailbox(normal, is_smtputf8=True):
        raise RecordInvalid(address[:80])
    return normal


def _destination(job: ImportJob) -> shapes_v2.ImportDestination:
    if job.list_name:
        return {
            "ContactListDestination": {
                "ContactListName": job.list_name,
                "ContactListImportAction": job.action,
            }
        }
    return {"SuppressionListDestination": {"SuppressionListImportAction": job.action}}


def _store(ses: Ses) -> ImportStore:
    return ImportStore(ses.store.engine)
