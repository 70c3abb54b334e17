"""Schemas, numbered and forward only.

Each slice brings `schema.sql` (number 1) and later `schema_0002.sql`, `schema_0003.sql` … What has
been applied is remembered per slice, in the same transaction.
"""

from __future__ import annotations

import re
from pathlib import Path

from kamome.storage.engine import Engine

_NUMBERED = re.compile(r"schema_(\d{4})\.sql")

CREATE_VERSIONS = """
CREATE TABLE IF NOT EXISTS schema_version (
  slice TEXT NOT NULL PRIMARY KEY,
  number INTEGER NOT NULL
) STRICT
"""
# Primary key of schema_version.
SELECT_VERSION = "SELECT number FROM schema_version WHERE slice = ?"
UPSERT_VERSION = """
INSERT INTO schema_version (slice, number) VALUES (?, ?)
ON CONFLICT (slice) DO UPDATE SET number = excluded.number
"""


class NewerSchemaError(RuntimeError):
    """The data directory was written by a later release."""


class SchemaGapError(AssertionError):
    """The numbers of a slice's schema files are not 2, 3, 4 …; that is our mistake."""


def migrate(engine: Engine, name: str, folder: Path) -> None:
    """Bring the tables of one slice to the number this release knows.

    Raises:
        NewerSchemaError: a later release has been here; going back would lose what it knows.
    """
    steps = _steps(folder)
    with engine.atomic():
        engine.write(CREATE_VERSIONS)
        row = engine.one(SELECT_VERSION, (name,))
        applied = row[0] if row is not None else 0
        assert isinstance(applied, int)
        if applied > len(steps):
            raise NewerSchemaError(
                f"the data of '{name}' has schema {applied}, this release knows {len(steps)};"
                " start the release that wrote it, or give another --data directory"
            )
        for number in range(applied + 1, len(steps) + 1):
            engine.script(steps[number - 1].read_text("utf-8"))
            engine.write(UPSERT_VERSION, (name, number))


def _steps(folder: Path) -> list[Path]:
    numbered = sorted(path for path in folder.glob("schema_*.sql") if _NUMBERED.match(path.name))
    for number, path in enumerate(numbered, 2):
        if path.name != f"schema_{number:04}.sql":
            raise SchemaGapError(f"{path.name} is not number {number} of its slice")
    return [folder / "schema.sql", *numbered]
