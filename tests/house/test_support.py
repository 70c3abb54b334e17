"""The documents say what the registry says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[2]


def test_the_table_of_served_operations_is_current() -> None:
    checked = subprocess.run(
        [sys.executable, _ROOT / "tools/generate_support.py", "--check"], check=False
    )

    assert checked.returncode == 0, "run: python tools/generate_support.py"
