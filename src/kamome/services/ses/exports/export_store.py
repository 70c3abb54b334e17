"""Export jobs and their files in the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from kamome.storage.engine import Engine, Row

if TYPE_CHECKING:
    from kamome.services.ses.store import Owner

# All by the primary keys of ses_export_job and ses_export_file, or ranges of them.
UPSERT_JOB = """
INSERT INTO ses_export_job (account, region, job_id, job) VALUES (?, ?, ?, ?)
ON CONFLICT (account, region, job_id) DO UPDATE SET job = excluded.job
"""
SELECT_JOB = "SELECT job FROM ses_export_job WHERE account = ? AND region = ? AND job_id = ?"
SELECT_JOBS = """
SELECT job FROM ses_export_job
WHERE account = ? AND region = ? AND job_id > ? ORDER BY job_id LIMIT ?
"""
SELECT_LAST_KEPT = """
SELECT job_id FROM ses_export_job
WHERE account = ? AND region = ? ORDER BY job_id DESC LIMIT 1 OFFSET ?
"""
DELETE_JOBS = "DELETE FROM ses_export_job WHERE account = ? AND region = ? AND job_id <= ?"
DELETE_FILES = "DELETE FROM ses_export_file WHERE account = ? AND region = ? AND job_id <= ?"
INSERT_FILE = """
INSERT INTO ses_export_file (account, region, job_id, content) VALUES (?, ?, ?, ?)
ON CONFLICT (account, region, job_id) DO UPDATE SET content = excluded.content
"""
SELECT_FILE = "SELECT content FROM ses_export_file WHERE account = ? AND region = ? AND job_id = ?"

# Ours: of one account and region, with their files.
JOBS_KEPT = 100

CREATED = "CREATED"
PROCESSING = "PROCESSING"
COMPLETED = "COMPLETED"
CANCELLED = "CANCELLED"


class ExportJob(msgspec.Struct, frozen=True):
    """What is exported, and how far it is. `source` is the request's ExportDataSource."""

    job_id: str
    created_at_ms: int
    source: dict[str, object]
    data_format: str
    status: str = CREATED
    completed_at_ms: int | None = None
    processed: int = 0
    exported: int = 0

    @property
    def source_type(self) -> str:
        """ExportSourceType. AWS: SES API v2 Reference, ExportJobSummary."""
        return "METRICS_DATA" if "MetricsDataSource" in self.source else "MESSAGE_INSIGHTS"


class ExportStore:
    """All rows of export jobs. Writes join the open step."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put(self, owner: Owner, job: ExportJob) -> None:
        """Keep a job, in place of what was known of it; those before the last hundred go."""
        key = (owner.account, owner.region)
        self._engine.write(UPSERT_JOB, (*key, job.job_id, msgspec.json.encode(job)))
        row = self._engine.one(SELECT_LAST_KEPT, (*key, JOBS_KEPT))
        if row is not None:
            for statement in (DELETE_JOBS, DELETE_FILES):
                self._engine.write(statement, (*key, row[0]))

    def find(self, owner: Owner, job_id: str) -> ExportJob | None:
        """A job by its id."""
        row = self._engine.one(SELECT_JOB, (owner.account, owner.region, job_id))
        return None if row is None else _job(row)

    def page(self, owner: Owner, after: str, limit: int) -> list[ExportJob]:
        """Jobs in the order they were made, those behind `after`."""
        rows = self._engine.all(SELECT_JOBS, (owner.account, owner.region, after, limit))
        return [_job(row) for row in rows]

    def put_file(self, owner: Owner, job_id: str, content: bytes) -> None:
        """Keep what a job has made."""
        self._engine.write(INSERT_FILE, (owner.account, owner.region, job_id, content))

    def file(self, owner: Owner, job_id: str) -> bytes | None:
        """What a job has made; None where it is not, or no longer, there."""
        row = self._engine.one(SELECT_FILE, (owner.account, owner.region, job_id))
        content = None if row is None else row[0]
        assert content is None or isinstance(content, bytes)
        return content


def _job(row: Row) -> ExportJob:
    assert isinstance(row[0], bytes)
    return msgspec.json.decode(row[0], type=ExportJob)
