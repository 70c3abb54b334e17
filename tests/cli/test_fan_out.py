"""`kamome demo fan-out`: nothing is lost in outages of two days and of 24."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_demonstration_ends_well_and_shows_attempts_by_phase() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "kamome", "demo", "fan-out"],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    lines = [line.split() for line in ended.stdout.splitlines()]
    assert ["24", "days", "1", "1", "3", "2", "10", "100,000", "1", "dead-lettered"] in lines
    assert ["payments", "9", "3", "0", "0"] in lines
    assert "Nothing was lost: all 9 orders are complete." in ended.stdout
    assert "\x1b" not in ended.stdout
