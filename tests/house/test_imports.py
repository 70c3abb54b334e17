"""The import contracts of `.importlinter` hold, and the generated shapes are current."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

from tests.house.source import ROOT


def test_imports_keep_to_the_contracts() -> None:
    linter = Path(sysconfig.get_path("scripts")) / "lint-imports"

    result = _run(str(linter), "--no-cache", "--no-logo")

    assert result.returncode == 0, result.stdout + result.stderr


def test_generated_shapes_are_current() -> None:
    result = _run(sys.executable, "tools/generate_shapes.py", "--check")

    assert result.returncode == 0, result.stdout + result.stderr


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
