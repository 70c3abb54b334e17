"""SQL of request logs: lines that wait for their delivery, and which buckets are logged."""

from __future__ import annotations

from typing import cast

from kamome.services.s3.buckets.setting_store import SettingStore
from kamome.storage.engine import Engine

LOGGING_KIND = "BucketLogging"

# Primary key, the last of the bucket.
SELECT_LAST = """
SELECT number FROM s3_log_line WHERE bucket_id = ? ORDER BY number DESC LIMIT 1
"""
INSERT_LINE = "INSERT INTO s3_log_line (bucket_id, number, line) VALUES (?, ?, ?)"
# All by a range of the primary key.
SELECT_LINES = """
SELECT number, line FROM s3_log_line WHERE bucket_id = ? ORDER BY number LIMIT ?
"""
DELETE_LINES = "DELETE FROM s3_log_line WHERE bucket_id = ? AND number <= ?"
DELETE_ALL_LINES = "DELETE FROM s3_log_line WHERE bucket_id = ?"


class LogStore:
    """The table of lines."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, bucket_id: str, line: str) -> None:
        """Keep a line behind those of the bucket; part of a step."""
        row = self._engine.one(SELECT_LAST, (bucket_id,))
        number = 1 if row is None else cast("int", row[0]) + 1
        self._engine.write(INSERT_LINE, (bucket_id, number, line))

    def is_empty(self, bucket_id: str) -> bool:
        """Whether no line of the bucket waits."""
        return self._engine.one(SELECT_LAST, (bucket_id,)) is None

    def first(self, bucket_id: str, limit: int) -> list[tuple[int, str]]:
        """At most `limit` lines of a bucket with their numbers, in order."""
        rows = self._engine.all(SELECT_LINES, (bucket_id, limit))
        return [cast("tuple[int, str]", row) for row in rows]

    def remove(self, bucket_id: str, upto: int) -> None:
        """Forget the lines up to a number; part of a step."""
        self._engine.write(DELETE_LINES, (bucket_id, upto))

    def remove_all(self, bucket_id: str) -> None:
        """Forget all lines of a bucket; part of a step."""
        self._engine.write(DELETE_ALL_LINES, (bucket_id,))


class LoggedBuckets:
    """Which buckets are logged, in memory: every request asks.

    A bucket may be named that is not logged any more (its deletion was undone, or came another
    way): whoever writes a line looks at the configuration again. None that is logged is missing.
    """

    __slots__ = ("_ids",)

    def __init__(self) -> None:
        self._ids: set[str] | None = None

    def are_any(self, settings: SettingStore) -> bool:
        """Whether there may be one; the store is read the first time."""
        if self._ids is None:
            self._ids = set(settings.buckets_with(LOGGING_KIND))
        return bool(self._ids)

    def has(self, bucket_id: str) -> bool:
        """Whether this one may be."""
        return self._ids is not None and bucket_id in self._ids

    def note(self, bucket_id: str, *, is_logged: bool) -> None:
        """A configuration was put."""
        if self._ids is not None and is_logged:
            self._ids.add(bucket_id)
        elif self._ids is not None:
            self._ids.discard(bucket_id)
