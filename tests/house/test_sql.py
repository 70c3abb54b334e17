"""SQL stands in stores, and every statement finds its rows by an index.

Each statement constant is explained on a fresh schema. A scan of a whole table is refused; where it
is meant, a comment above the statement says why: `# scan: <reason>`.
"""

from __future__ import annotations

import ast
import re
from functools import cache

import apsw
import apsw.ext
import pytest
from tests.house.source import (
    PACKAGE,
    SourceFile,
    comment_above,
    holds_sql,
    is_sql,
    package_files,
    strings,
)

_ALLOWANCE = re.compile(r"# scan: \S.{9,}")
# A table of one constant row, a table-valued function, or a result that is already at hand.
_HARMLESS = re.compile(r"SCAN (CONSTANT ROW|\(subquery|\d+ CONSTANT|json_each|json_tree)")
_SCAN = re.compile(r"SCAN (?P<table>\w+)(?P<index> USING )?")
_COMMON_TABLE = re.compile(r"(\w+)\s*(?:\([^()]*\))?\s+AS\s+(?:NOT\s+)?(?:MATERIALIZED\s+)?\(")
_LIMITED = re.compile(r"\bLIMIT\b")


def test_sql_stands_only_in_stores() -> None:
    found = [
        f"{file.name}:{line}"
        for file in package_files()
        if not holds_sql(file)
        for line, text in strings(file.tree)
        if is_sql(text)
    ]

    assert not found


@pytest.mark.parametrize(
    "file",
    [file for file in package_files() if holds_sql(file)],
    ids=lambda file: file.name,
)
def test_every_statement_finds_its_rows_by_an_index(file: SourceFile) -> None:
    database = _database()
    wrong = []

    for line, name, text in _statements(file):
        scans = _scans(database, text)
        is_allowed = _ALLOWANCE.search(comment_above(file, line)) is not None
        if scans and not is_allowed:
            wrong.append(f"{file.name}:{line} {name}: {'; '.join(scans)}")
        elif is_allowed and not scans:
            wrong.append(f"{file.name}:{line} {name} allows a scan that does not happen")

    assert not wrong


@pytest.mark.parametrize(
    ("text", "scans"),
    [
        ("SELECT b FROM t WHERE a = ?", False),
        ("SELECT a FROM t WHERE b = ?", True),
        ("SELECT count(*) FROM t", True),
        ("SELECT a FROM t ORDER BY a LIMIT ?", False),
        ("DELETE FROM t WHERE b < ?", True),
        ("INSERT INTO t (a, b) VALUES (?, ?)", False),
    ],
)
def test_the_rule_sees_a_scan(text: str, scans: bool) -> None:
    database = apsw.Connection(":memory:")
    database.execute("CREATE TABLE t (a TEXT NOT NULL PRIMARY KEY, b TEXT NOT NULL) STRICT")

    assert bool(_scans(database, text)) == scans


@cache
def _database() -> apsw.Connection:
    """All tables of all slices, empty."""
    database = apsw.Connection(":memory:")
    for schema in sorted(PACKAGE.rglob("schema*.sql")):
        database.execute(schema.read_text("utf-8"))
    database.execute("CREATE TABLE IF NOT EXISTS schema_version (slice TEXT PRIMARY KEY, number)")
    return database


def _scans(database: apsw.Connection, text: str) -> list[str]:
    info = apsw.ext.query_info(database, text, explain_query_plan=True)
    common_tables = set(_COMMON_TABLE.findall(text))
    return [
        step
        for step in _steps(info.query_plan)
        if (scan := _SCAN.match(step))
        and not _HARMLESS.match(step)
        and scan["table"] not in common_tables
        # An index in its order is a scan as well, unless the statement ends it.
        and not (scan["index"] and _LIMITED.search(text))
    ]


def _steps(plan: apsw.ext.QueryPlan | None) -> list[str]:
    if plan is None:
        return []
    return [plan.detail, *(step for sub in plan.sub or [] for step in _steps(sub))]


def _statements(file: SourceFile) -> list[tuple[int, str, str]]:
    """Line, name and text of each statement that is a constant of the module or of a class."""
    module = file.module()
    scopes: list[tuple[object, list[ast.stmt]]] = [(module, file.tree.body)]
    scopes += [
        (getattr(module, node.name), node.body)
        for node in file.tree.body
        if isinstance(node, ast.ClassDef)
    ]
    return [
        (line, name, text)
        for scope, body in scopes
        for line, name in _assigned(body)
        if isinstance(text := getattr(scope, name, None), str)
        and is_sql(text)
        and not text.lstrip().startswith("CREATE")
    ]


def _assigned(body: list[ast.stmt]) -> list[tuple[int, str]]:
    return [
        (node.lineno, target.id)
        for node in body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    ]
