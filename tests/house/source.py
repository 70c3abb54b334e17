"""The project's own source, as the house tests read it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src"
PACKAGE = SRC / "kamome"
SERVICES = PACKAGE / "services"
_PYTHON_FOLDERS = ("src", "tests", "tools", "bench", "blueprints")
_SQL = re.compile(
    r"\s*(SELECT\s.+?\sFROM\s|SELECT\s+max\(|INSERT\s+(OR\s+\w+\s+)?INTO\s|UPDATE\s+\w+\s+SET\s"
    r"|DELETE\s+FROM\s|CREATE\s+(UNIQUE\s+)?(TABLE|INDEX)\s|WITH\s+(RECURSIVE\s+)?\w+.*\sAS\s*\()",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One Python file and its syntax tree."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        """Its path within the project."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @property
    def is_generated(self) -> bool:
        """Whether a tool wrote it: the shapes of a service."""
        return self.path.name.startswith("shapes") and self.path.is_relative_to(SERVICES)

    def module(self) -> ModuleType:
        """The imported module; only for files of the package."""
        parts = self.path.relative_to(SRC).with_suffix("").parts
        return import_module(".".join(parts).removesuffix(".__init__"))


@cache
def project_files() -> tuple[SourceFile, ...]:
    """Every Python file of the project."""
    paths = (path for folder in _PYTHON_FOLDERS for path in sorted((ROOT / folder).rglob("*.py")))
    return tuple(_read(path) for path in paths if not _is_foreign(path))


@cache
def package_files() -> tuple[SourceFile, ...]:
    """Every Python file of the package."""
    return tuple(file for file in project_files() if file.path.is_relative_to(PACKAGE))


def slices() -> list[Path]:
    """The folders of the services."""
    return sorted(
        path for path in SERVICES.iterdir() if path.is_dir() and (path / "shapes.py").exists()
    )


def holds_sql(file: SourceFile) -> bool:
    """Whether SQL may stand in this file: stores, storage, and the log of journeys."""
    return (
        file.path.stem == "store"
        or file.path.stem.endswith("_store")
        or file.path.is_relative_to(PACKAGE / "storage")
        or file.path == PACKAGE / "observe" / "journeys.py"
    )


def is_sql(text: str) -> bool:
    """Whether a string is an SQL statement."""
    return _SQL.match(text) is not None


def strings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every string of a tree with its line; of an f-string, its literal beginning."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def comment_above(file: SourceFile, line: int) -> str:
    """The comment lines directly above a line, and the one behind it, joined."""
    lines = file.lines
    above: list[str] = []
    at = line - 2
    while at >= 0 and lines[at].lstrip().startswith("#"):
        above.insert(0, lines[at].strip())
        at -= 1
    _, _, behind = lines[line - 1].partition("#")
    return "\n".join([*above, behind])


def _read(path: Path) -> SourceFile:
    text = path.read_text("utf-8")
    return SourceFile(path, text, ast.parse(text, str(path)))


def _is_foreign(path: Path) -> bool:
    return any(part.startswith(".") or part == "__pycache__" for part in path.parts[1:])
