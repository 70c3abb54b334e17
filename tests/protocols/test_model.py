"""Models are read as data: without botocore, and once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kamome.protocols.model import load_model

ROOT = Path(__file__).resolve().parent.parent.parent


def test_model_is_read_without_importing_botocore() -> None:
    program = (
        "import sys; from kamome.protocols import protocol;"
        "from kamome.protocols.model import load_model;"
        "load_model('sqs').operation('SendMessage');"
        "[protocol(name) for name in ('json', 'query', 'rest-json', 'rest-xml')];"
        "sys.exit('botocore' in sys.modules)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(ROOT / "src")}, check=False
    )

    assert done.returncode == 0


def test_newest_version_is_read_once() -> None:
    model = load_model("lambda")

    assert model.metadata["apiVersion"] == "2015-03-31"
    assert load_model("lambda") is model


def test_unknown_model_is_a_lookup_error() -> None:
    with pytest.raises(LookupError, match="no service model named nothing"):
        load_model("nothing")


def test_streamed_bodies_are_named() -> None:
    service = load_model("s3")

    assert service.operation("PutObject").streaming_input == "Body"
    assert service.operation("GetObject").streaming_output == "Body"
    assert service.operation("PutBucketPolicy").streaming_input is None


def test_generated_shapes_are_current() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "generate_shapes.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout == ""
    assert done.returncode == 0
