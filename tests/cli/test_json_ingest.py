"""`kamome demo json-ingest`: whole batches come again, or only what was reported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_demonstration_ends_well_and_shows_both_ways() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "kamome", "demo", "json-ingest"],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    lines = [line.split() for line in ended.stdout.splitlines()]
    assert ["order-A-1001.json", "3", "yes", "1"] in lines
    assert ["order-of-new-customer.json", "2", "yes", "1"] in lines
    assert ["poison.json", "0", "yes", "0", "yes"] in lines
    assert "the poison alone is left" in ended.stdout
    assert "\x1b" not in ended.stdout
