"""Every operation says which page of AWS's documentation it follows."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest
from tests.house.source import slices

_SOURCE_LINE = re.compile(r"^(AWS: \S.*|RFC \d+ §\S.*)", re.MULTILINE)


def _slices_with_operations() -> list[Path]:
    return [folder for folder in slices() if (folder / "operations.py").exists()]


@pytest.mark.parametrize("folder", _slices_with_operations(), ids=lambda folder: folder.name)
def test_every_operation_has_a_docstring_with_its_source_line(folder: Path) -> None:
    module = import_module(f"kamome.services.{folder.name}.operations")

    missing = [
        name
        for name, operation in module.OPERATIONS.items()
        if not _SOURCE_LINE.search(inspect.getdoc(operation) or "")
    ]

    assert not missing


@pytest.mark.parametrize("folder", _slices_with_operations(), ids=lambda folder: folder.name)
def test_every_operation_is_called_by_awss_name_in_snake_case(folder: Path) -> None:
    module = import_module(f"kamome.services.{folder.name}.operations")

    # `publish` is taken by the port that other services call.
    others = {
        name: operation.__name__
        for name, operation in module.OPERATIONS.items()
        if not operation.__name__.startswith(_snake_case(name))
    }

    assert not others


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ListObjectsV2", "list_objects_v2"),
        ("GetQueueUrl", "get_queue_url"),
        ("GetSMSAttributes", "get_sms_attributes"),
    ],
)
def test_snake_case_is_that_of_awss_name(name: str, expected: str) -> None:
    assert _snake_case(name) == expected


def _snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
