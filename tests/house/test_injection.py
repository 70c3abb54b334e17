"""Only clock.py, ids.py and config.py touch time, randomness and the environment."""

from __future__ import annotations

import ast

import pytest
from tests.house.source import PACKAGE, package_files

_ALLOWED = {
    PACKAGE / "clock.py": {"time"},
    PACKAGE / "ids.py": {"random", "os.urandom"},
    PACKAGE / "config.py": {"os.environ"},
}
_MODULES = frozenset({"time", "random", "secrets", "uuid"})
_ATTRIBUTES = frozenset({"os.environ", "os.environb", "os.getenv", "os.putenv", "os.urandom"})
_NOW = frozenset({"now", "utcnow", "today"})
_DATES = frozenset({"datetime", "date", "datetime.datetime", "datetime.date", "dt.datetime"})


def test_time_randomness_and_environment_are_injected() -> None:
    found = [
        f"{file.name}:{line} {what}"
        for file in package_files()
        for line, what in _uses(file.tree)
        if what not in _ALLOWED.get(file.path, set())
    ]

    assert not found, "take them from the clock, the ids or the configuration that is handed in"


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("import time", "time"),
        ("from time import monotonic", "time"),
        ("import uuid", "uuid"),
        ("import os\nos.environ['HOME']", "os.environ"),
        ("from os import getenv", "os.getenv"),
        ("import os\nos.urandom(8)", "os.urandom"),
        ("from datetime import datetime, UTC\ndatetime.now(UTC)", "datetime.now"),
        ("import datetime\ndatetime.date.today()", "datetime.date.today"),
    ],
)
def test_the_rule_sees_each_way_to_get_around_it(source: str, what: str) -> None:
    assert what in [found for _, found in _uses(ast.parse(source))]


def _uses(tree: ast.Module) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(node.lineno, name.name) for name in node.names if name.name in _MODULES]
        elif isinstance(node, ast.ImportFrom) and node.module in _MODULES:
            found.append((node.lineno, node.module))
        elif isinstance(node, ast.ImportFrom) and node.module == "os":
            names = [f"os.{name.name}" for name in node.names]
            found += [(node.lineno, name) for name in names if name in _ATTRIBUTES]
        elif isinstance(node, ast.Attribute):
            dotted = ast.unparse(node)
            owner, _, attribute = dotted.rpartition(".")
            if dotted in _ATTRIBUTES or (owner in _DATES and attribute in _NOW):
                found.append((node.lineno, dotted))
    return found
