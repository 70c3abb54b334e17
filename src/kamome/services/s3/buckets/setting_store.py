"""SQL of bucket settings: configurations kept as JSON documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import orjson

from kamome.storage.engine import Engine

# All by primary key, or a range of it; a bucket has at most 1,000 of a kind.
UPSERT_SETTING = """
INSERT INTO s3_setting (bucket_id, kind, id, document) VALUES (?, ?, ?, ?)
ON CONFLICT (bucket_id, kind, id) DO UPDATE SET document = excluded.document
"""
SELECT_SETTING = "SELECT document FROM s3_setting WHERE bucket_id = ? AND kind = ? AND id = ?"
SELECT_SETTINGS = """
SELECT id, document FROM s3_setting WHERE bucket_id = ? AND kind = ? AND id >= ?
ORDER BY id LIMIT ?
"""
# Index s3_setting_kind, covering.
SELECT_BUCKETS_WITH = "SELECT bucket_id FROM s3_setting WHERE kind = ?"
DELETE_SETTING = "DELETE FROM s3_setting WHERE bucket_id = ? AND kind = ? AND id = ?"
DELETE_SETTINGS = "DELETE FROM s3_setting WHERE bucket_id = ?"


class SettingStore:
    """The table of bucket settings."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put(
        self, bucket_id: str, kind: str, document: Mapping[str, object], setting_id: str = ""
    ) -> None:
        """Keep a configuration in place of the one of its kind (and id)."""
        self._engine.write(UPSERT_SETTING, (bucket_id, kind, setting_id, orjson.dumps(document)))

    def find(self, bucket_id: str, kind: str, setting_id: str = "") -> dict[str, object] | None:
        """The configuration of a kind (and id)."""
        row = self._engine.one(SELECT_SETTING, (bucket_id, kind, setting_id))
        return None if row is None else _document(row[0])

    def buckets_with(self, kind: str) -> list[str]:
        """The ids of all buckets that have a configuration of a kind."""
        return [str(row[0]) for row in self._engine.all(SELECT_BUCKETS_WITH, (kind,))]

    def page(
        self, bucket_id: str, kind: str, first_id: str, limit: int
    ) -> list[tuple[str, dict[str, object]]]:
        """At most `limit` configurations of a kind, by id from `first_id` on."""
        rows = self._engine.all(SELECT_SETTINGS, (bucket_id, kind, first_id, limit))
        return [(str(row[0]), _document(row[1])) for row in rows]

    def remove(self, bucket_id: str, kind: str, setting_id: str = "") -> bool:
        """Forget a configuration; whether there was one."""
        return self._engine.write(DELETE_SETTING, (bucket_id, kind, setting_id)) > 0

    def remove_all(self, bucket_id: str) -> None:
        """Forget all configurations of a bucket that is deleted; part of that step."""
        self._engine.write(DELETE_SETTINGS, (bucket_id,))


def _document(content: object) -> dict[str, object]:
    return cast("dict[str, object]", orjson.loads(cast("bytes", content)))
