"""`kamome demo mailer`: the worker is killed, answers are lost, and every mail is sent once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_demonstration_ends_well_and_shows_what_became_of_the_mails() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "kamome", "demo", "mailer"],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    lines = [line.split() for line in ended.stdout.splitlines()]
    assert ["customer", "110", "110", "110", "0", "0"] in lines
    assert ["ooto", "10", "10", "10", "10", "0"] in lines
    assert "Each of the 200 requests was sent exactly once." in ended.stdout
    assert "\x1b" not in ended.stdout
