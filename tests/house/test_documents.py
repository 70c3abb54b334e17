"""Paths that the documents name exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.house.source import PACKAGE, ROOT, slices

_DOCUMENTS = ("ARCHITECTURE.md", "README.md", "CONTRIBUTING.md")
# In backticks: something with a slash, or a file name of ours.
_PATH = re.compile(r"`([\w.<>*{},-]+(?:/[\w.<>*{},-]+)*/?)`")
_OURS = ("src/", "tests/", "tools/", "bench/", "blueprints/", "docs/", ".ci/")


@pytest.mark.parametrize("document", _DOCUMENTS)
def test_paths_named_in_the_documents_exist(document: str) -> None:
    text = (ROOT / document).read_text("utf-8")

    missing = [path for path in _named_paths(text) if not _exists(path, ROOT)]

    assert not missing


@pytest.mark.parametrize("folder", slices(), ids=lambda folder: folder.name)
def test_files_named_in_the_design_of_a_slice_exist(folder: Path) -> None:
    design = folder / "DESIGN.md"
    if not design.exists():
        pytest.fail("DESIGN.md is missing: promise, states, tables, limits, what is not served")

    named = re.findall(r"`([\w/]+\.(?:py|sql))`", design.read_text("utf-8"))

    bases = (folder, PACKAGE, PACKAGE / "services", ROOT)
    missing = [path for path in named if not any((base / path).exists() for base in bases)]
    assert not missing


def test_the_rule_sees_a_path_that_is_gone() -> None:
    text = "See `src/kamome/app.py`, `tests/nowhere/test_x.py` and `sqs`."

    assert _named_paths(text) == ["src/kamome/app.py", "tests/nowhere/test_x.py"]
    assert not _exists("tests/nowhere/test_x.py", ROOT)
    assert _exists("src/kamome/{clock,ids}.py", ROOT)


def _named_paths(text: str) -> list[str]:
    return [path for path in _PATH.findall(text) if path.startswith(_OURS)]


def _exists(path: str, base: Path) -> bool:
    """`<service>` and `*` stand for any name; `{a,b}` for each of them."""
    braces = re.search(r"\{([^{}]+)\}", path)
    if braces:
        return all(_exists(path.replace(braces[0], part, 1), base) for part in braces[1].split(","))
    pattern = re.sub(r"<[^<>]+>", "*", path).rstrip("/")
    return any(True for _ in base.glob(pattern))
