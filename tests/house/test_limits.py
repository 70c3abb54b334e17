"""Every limit of a service names where it comes from."""

from __future__ import annotations

import ast
import re

import pytest
from tests.house.source import SERVICES, SourceFile, package_files

# A page of AWS's documentation, an RFC, or the word that it is our own bound.
_SOURCE = re.compile(
    r"AWS|API Reference|(Developer|User) Guide|Constraints|[Qq]uotas?|RFC \d+|Ours|Kamome|SQLite"
)


def _limit_files() -> list[SourceFile]:
    return [
        file
        for file in package_files()
        if file.path.name == "limits.py" and file.path.is_relative_to(SERVICES)
    ]


@pytest.mark.parametrize("file", _limit_files(), ids=lambda file: file.name)
def test_every_limit_names_its_source(file: SourceFile) -> None:
    assert not _without_source(file.text)


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("# AWS: SQS Developer Guide, Queue quotas.\nA = 1\nB = 2\n", []),
        ("# A number somebody liked.\nA = 1\n", ["A"]),
        ("# AWS: SQS API Reference.\nA = 1\n\nB = 2\n", ["B"]),
        ("A = 1  # RFC 1035 §2.3.4\n", []),
    ],
)
def test_the_rule_finds_a_limit_without_source(text: str, missing: list[str]) -> None:
    assert _without_source(text) == missing


def _without_source(text: str) -> list[str]:
    """Limits whose source stands neither behind them nor above them in their block of lines."""
    lines = text.splitlines()
    missing = []
    for node in ast.parse(text).body:
        if not isinstance(node, (ast.Assign, ast.AnnAssign)):
            continue
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        at = node.lineno - 1
        comments = [lines[at].partition("#")[2]]
        while at > 0 and lines[at - 1].strip():
            at -= 1
            comments.append(lines[at].partition("#")[2])
        if not any(_SOURCE.search(comment) for comment in comments):
            missing.append(ast.unparse(target))
    return missing
