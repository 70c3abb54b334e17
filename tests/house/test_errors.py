"""Error classes carry codes that AWS's models know, or say that they are in no model."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest
from tests.house.source import slices

from kamome.errors import AwsError
from kamome.protocols.model import load_model

_DOCUMENTED = re.compile(r"not in (the|its) (service )?model|Common Errors", re.IGNORECASE)
_DOCUMENTED_FOR_ALL = re.compile(r"not in (the|its) (service )?model", re.IGNORECASE)


def _slices_with_errors() -> list[Path]:
    return [folder for folder in slices() if (folder / "errors.py").exists()]


@pytest.mark.parametrize("folder", _slices_with_errors(), ids=lambda folder: folder.name)
def test_every_error_is_a_code_of_the_model_or_documented_as_not_in_it(folder: Path) -> None:
    module = import_module(f"kamome.services.{folder.name}.errors")
    codes = _model_codes(folder.name.rstrip("_"))
    if _DOCUMENTED_FOR_ALL.search(inspect.getdoc(module) or ""):
        return

    unknown = [
        f"{name} ({error.code})"
        for name, error in inspect.getmembers(module, inspect.isclass)
        if issubclass(error, AwsError)
        and error.__module__ == module.__name__
        and error.code not in codes
        and not _DOCUMENTED.search(error.__doc__ or "")
    ]

    assert not unknown


@pytest.mark.parametrize("folder", _slices_with_errors(), ids=lambda folder: folder.name)
def test_every_error_has_a_docstring_and_a_status_that_fits_its_fault(folder: Path) -> None:
    module = import_module(f"kamome.services.{folder.name}.errors")

    for name, error in inspect.getmembers(module, inspect.isclass):
        if issubclass(error, AwsError) and error.__module__ == module.__name__:
            assert error.__doc__, name
            assert 300 <= error.status < 600, name
            # 501 is ours, for what is not served, and may be either's fault.
            if error.status != 501:
                assert (error.fault == "Receiver") == (error.status >= 500), name


def _model_codes(service: str) -> set[str]:
    model = load_model(service)
    codes: set[str] = set()
    for name in model.shape_names:
        shape = model.shape(name)
        if shape.trait("exception"):
            codes |= {name, (shape.trait("error") or {}).get("code", name)}
    return codes
