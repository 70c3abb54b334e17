"""Nothing is named for being left over; every folder of the package is a package."""

from __future__ import annotations

import ast
import re

import pytest
from tests.house.source import PACKAGE, package_files, project_files, slices

# AWS's own words with one of these in them (CommonPrefixes) are names like any other.
_BANNED = re.compile(r"(.*_)?(utils?|helpers?|managers?|misc|common)", re.IGNORECASE)
_BANNED_CLASS = re.compile(r".*(Utils?|Helpers?|Manager|Misc)")


def test_files_and_folders_are_named_for_what_they_hold() -> None:
    banned = [
        file.name
        for file in project_files()
        if any(map(_BANNED.fullmatch, [*file.path.parent.parts[-3:], file.path.stem]))
    ]

    assert not banned


def test_functions_and_classes_are_named_for_what_they_do() -> None:
    banned = [
        f"{file.name}:{node.lineno} {node.name}"
        for file in project_files()
        for node in ast.walk(file.tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        and (_BANNED.fullmatch(node.name) or _BANNED_CLASS.fullmatch(node.name))
    ]

    assert not banned


def test_every_folder_of_the_package_is_a_package() -> None:
    folders = {file.path.parent for file in package_files()} - {PACKAGE}

    missing = [
        str(folder.relative_to(PACKAGE))
        for folder in sorted(folders)
        if not (folder / "__init__.py").exists()
    ]

    assert not missing, "without __init__.py it is neither installed nor seen by the import linter"


@pytest.mark.parametrize("name", ["slice.py", "operations.py", "errors.py", "DESIGN.md"])
def test_every_slice_has_the_same_files(name: str) -> None:
    assert not [folder.name for folder in slices() if not (folder / name).exists()]


def test_the_rule_knows_a_banned_name_from_one_of_awss() -> None:
    assert _BANNED.fullmatch("string_utils")
    assert _BANNED.fullmatch("common")
    assert _BANNED_CLASS.fullmatch("QueueManager")
    assert not _BANNED.fullmatch("common_prefixes")
