"""Schemas: numbered, forward only, all or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import apsw
import pytest

from kamome.storage.migrations import NewerSchemaError, SchemaGapError, migrate

if TYPE_CHECKING:
    from pathlib import Path

    from kamome.storage.engine import Engine

FIRST = "CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (id INTEGER PRIMARY KEY);"
SECOND = "ALTER TABLE a ADD COLUMN name TEXT NOT NULL DEFAULT 'none';"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "slice"
    made.mkdir()
    (made / "schema.sql").write_text(FIRST)
    return made


def version(engine: Engine, name: str = "slice") -> object:
    row = engine.one("SELECT number FROM schema_version WHERE slice = ?", (name,))
    return None if row is None else row[0]


async def test_a_first_start_makes_the_tables(engine: Engine, folder: Path) -> None:
    migrate(engine, "slice", folder)

    assert engine.all("SELECT * FROM a") == engine.all("SELECT * FROM b") == []
    assert version(engine) == 1


async def test_a_second_start_changes_nothing(engine: Engine, folder: Path) -> None:
    migrate(engine, "slice", folder)
    engine.write("INSERT INTO a VALUES (1)")

    migrate(engine, "slice", folder)

    assert engine.all("SELECT * FROM a") == [(1,)]


async def test_a_later_release_goes_on_from_where_the_earlier_one_was(
    engine: Engine, folder: Path
) -> None:
    migrate(engine, "slice", folder)
    engine.write("INSERT INTO a VALUES (1)")
    (folder / "schema_0002.sql").write_text(SECOND)
    (folder / "schema_0003.sql").write_text("DROP TABLE b;")

    migrate(engine, "slice", folder)

    assert engine.all("SELECT * FROM a") == [(1, "none")]
    assert version(engine) == 3


async def test_slices_are_numbered_apart(engine: Engine, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "schema.sql").write_text("CREATE TABLE other (id INTEGER PRIMARY KEY)")
    (folder / "schema_0002.sql").write_text(SECOND)

    migrate(engine, "slice", folder)
    migrate(engine, "other", tmp_path / "other")

    assert (version(engine), version(engine, "other")) == (2, 1)


async def test_data_of_a_later_release_is_refused_with_what_to_do(
    engine: Engine, folder: Path
) -> None:
    (folder / "schema_0002.sql").write_text(SECOND)
    migrate(engine, "slice", folder)
    (folder / "schema_0002.sql").unlink()

    with pytest.raises(
        NewerSchemaError, match="has schema 2, this release knows 1; start the release that wrote"
    ):
        migrate(engine, "slice", folder)
    assert version(engine) == 2


async def test_a_failure_leaves_the_former_schema(engine: Engine, folder: Path) -> None:
    migrate(engine, "slice", folder)
    engine.write("INSERT INTO a VALUES (1)")
    (folder / "schema_0002.sql").write_text(SECOND)
    (folder / "schema_0003.sql").write_text("DROP TABLE b; CREATE TABLE a (id INTEGER)")

    with pytest.raises(apsw.SQLError, match="table a already exists"):
        migrate(engine, "slice", folder)

    assert engine.all("SELECT * FROM a") == [(1,)]
    assert engine.all("SELECT * FROM b") == []
    assert version(engine) == 1


async def test_a_gap_in_the_numbers_is_our_mistake(engine: Engine, folder: Path) -> None:
    (folder / "schema_0003.sql").write_text(SECOND)

    with pytest.raises(SchemaGapError, match=r"schema_0003\.sql is not number 2"):
        migrate(engine, "slice", folder)
