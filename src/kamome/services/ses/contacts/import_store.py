"""Import jobs in the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from kamome.storage.engine import Engine, Row

if TYPE_CHECKING:
    from kamome.services.ses.store import Owner

# All by the primary key of ses_import_job, or a range of it.
UPSERT_JOB = """
INSERT INTO ses_import_job (account, region, job_id, created_at_ms, job) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (account, region, job_id) DO UPDATE SET job = excluded.job
"""
SELECT_JOB = """
SELECT job_id, created_at_ms, job FROM ses_import_job
WHERE account = ? AND region = ? AND job_id = ?
"""
SELECT_JOBS = """
SELECT job_id, created_at_ms, job FROM ses_import_job
WHERE account = ? AND region = ? AND job_id > ? ORDER BY job_id LIMIT ?
"""
DELETE_OLDER = """
DELETE FROM ses_import_job WHERE account = ? AND region = ? AND job_id < ?
"""

CREATED = "CREATED"
PROCESSING = "PROCESSING"
COMPLETED = "COMPLETED"
FAILED = "FAILED"


class ImportJob(msgspec.Struct, frozen=True):
    """What is imported into what, and how far it is.

    `list_name` is the contact list, empty for the suppression list; `action` is PUT or DELETE.
    """

    job_id: str
    created_at_ms: int
    list_name: str
    action: str
    s3_url: str
    data_format: str
    status: str = CREATED
    completed_at_ms: int | None = None
    processed: int = 0
    failed: int = 0
    error: str = ""


class ImportStore:
    """All rows of import jobs. Writes join the open step."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put(self, owner: Owner, job: ImportJob) -> None:
        """Keep a job, in place of what was known of it."""
        key = (owner.account, owner.region, job.job_id, job.created_at_ms)
        self._engine.write(UPSERT_JOB, (*key, msgspec.json.encode(job)))

    def find(self, owner: Owner, job_id: str) -> ImportJob | None:
        """A job by its id."""
        row = self._engine.one(SELECT_JOB, (owner.account, owner.region, job_id))
        return None if row is None else _job(row)

    def page(self, owner: Owner, after: str, limit: int) -> list[ImportJob]:
        """Jobs in the order they were made, those behind `after`."""
        rows = self._engine.all(SELECT_JOBS, (owner.account, owner.region, after, limit))
        return [_job(row) for row in rows]

    def forget_before(self, owner: Owner, job_id: str) -> None:
        """Forget the jobs whose ids, which begin with their time, are lower."""
        self._engine.write(DELETE_OLDER, (owner.account, owner.region, job_id))


def _job(row: Row) -> ImportJob:
    assert isinstance(row[2], bytes)
    return msgspec.json.decode(row[2], type=ImportJob)
