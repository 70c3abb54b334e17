"""`kamome demo inbound-mail` as a user runs it: a process, its lines and its exit status."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import pytest

from kamome.cli.local_session import admin_call

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-m", "kamome", "demo", "inbound-mail")
TIMEOUT_S = 120


@pytest.fixture
def running() -> Iterator[subprocess.Popen[str]]:
    """A demonstration that has a server running."""
    with subprocess.Popen(
        COMMAND, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        assert any("Kamome answers at" in line for line in process.stdout)
        yield process
        process.kill()


def children_of(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in listed.split()]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_server_is_gone_when_the_demonstration_is_stopped(
    running: subprocess.Popen[str], number: signal.Signals
) -> None:
    (server,) = children_of(running.pid)

    running.send_signal(number)

    assert running.wait(timeout=TIMEOUT_S) == 130
    assert not Path(f"/proc/{server}").exists()


def test_every_mail_ends_where_it_should_and_a_kept_server_answers_until_it_is_stopped() -> None:
    with subprocess.Popen(
        (*COMMAND, "--keep"), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        lines = list(takewhile(lambda line: "keeps running" not in line, process.stdout))
        _check_report("".join(lines))
        endpoint = next(line for line in lines if "answers at" in line).split()[3].rstrip(",")

        health = admin_call(endpoint, "/_kamome/health")
        process.send_signal(signal.SIGINT)

        assert isinstance(health, dict)
        assert f"  export AWS_ENDPOINT_URL={endpoint} AWS_DEFAULT_REGION=us-east-1\n" in lines
        assert process.wait(timeout=TIMEOUT_S) == 0


def _check_report(report: str) -> None:
    assert all(character.isprintable() for character in report.replace("\n", ""))
    assert "duplicate, filtered" in report
    assert "poison-order" in report
    assert "exit 0" in report
    assert "PROBLEM" not in report


def test_data_directory_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kept").touch()

    done = subprocess.run(
        (*COMMAND, "--data", str(tmp_path)), capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert "is not empty" in done.stderr


def test_deadline_that_passes_is_reported_and_fails() -> None:
    done = subprocess.run(
        (*COMMAND, "--deadline", "1"), cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert "PROBLEM: not done within 1 s" in done.stdout
