"""The examples of the documentation run as they stand, with warnings as errors."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_EXAMPLE = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_SETTINGS = "[pytest]\nfilterwarnings = error\nasyncio_default_fixture_loop_scope = function\n"


@pytest.mark.parametrize(("document", "count_min"), [("testing.md", 8), ("sns.md", 3)])
def test_examples_of_the_documentation_pass(tmp_path: Path, document: str, count_min: int) -> None:
    examples = _EXAMPLE.findall((_ROOT / "docs" / document).read_text("utf-8"))
    for number, example in enumerate(examples):
        (tmp_path / f"test_example_{number}.py").write_text(example, "utf-8")
    (tmp_path / "pytest.ini").write_text(_SETTINGS)

    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--strict-markers"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert len(examples) >= count_min
    assert run.returncode == 0, run.stdout + run.stderr
