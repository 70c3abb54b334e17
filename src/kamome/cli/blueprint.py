"""Finds a blueprint's folder and imports its scripts the way running them would."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType


class BlueprintNotFound(Exception):
    """There is no such folder where blueprints are looked for."""


def find_blueprint(name: str, start: Path) -> Path:
    """`blueprints/<name>` in `start` or above it, or in the checkout this package runs from.

    Raises:
        BlueprintNotFound: it is in none of them.
    """
    package = Path(__file__).resolve()
    for folder in (start, *start.parents, *package.parents):
        blueprint = folder / "blueprints" / name
        if (blueprint / "deploy.py").is_file():
            return blueprint
    raise BlueprintNotFound(
        f"The folder blueprints/{name} is not in {start} or above it. "
        "Run the command in a checkout of Kamome."
    )


def load_modules(folder: Path, *names: str) -> tuple[ModuleType, ...]:
    """Import scripts that lie in `folder` and import each other by their bare names.

    They are taken out of `sys.modules` again: each blueprint has a `deploy.py` of its own.
    """
    own = {path.stem for path in folder.glob("*.py")}
    set_aside = {name: sys.modules.pop(name) for name in own if name in sys.modules}
    sys.path.insert(0, str(folder))
    try:
        importlib.invalidate_caches()
        return tuple(importlib.import_module(name) for name in names)
    finally:
        sys.path.remove(str(folder))
        for name in own:
            sys.modules.pop(name, None)
        sys.modules.update(set_aside)
