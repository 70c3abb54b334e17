"""`kamome lambda` against a running server."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING

import boto3
import pytest
from click.testing import CliRunner

from kamome.cli.functions import functions
from kamome.config import Settings
from kamome.testing.server import ServerThread

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = (
    "def handler(event, context):\n"
    "    print('seen', event)\n"
    "    if event == 'fail': raise ValueError('no order')\n"
    "    return event\n"
)


@pytest.fixture(scope="module")
def server() -> Iterator[ServerThread]:
    with ServerThread(Settings(port=0, smtp_port=0, ephemeral=True)) as running:
        client = boto3.client(
            "lambda",
            endpoint_url=running.endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as zipped:
            zipped.writestr("app.py", SOURCE)
        client.create_function(
            FunctionName="echo",
            Runtime="python3.11",
            Role="arn:aws:iam::000000000000:role/r",
            Handler="app.handler",
            Code={"ZipFile": file.getvalue()},
        )
        yield running


def run(server: ServerThread, command: str, *arguments: str) -> tuple[int, str]:
    """Exit status and output."""
    order = [command, "--endpoint", server.endpoint, "--region", "us-east-1", *arguments]
    done = CliRunner().invoke(functions, order)
    return done.exit_code, done.output


def test_functions_are_listed(server: ServerThread) -> None:
    status, output = run(server, "ls", "--json")

    assert status == 0
    assert [one["FunctionName"] for one in json.loads(output)] == ["echo"]
    assert "app.handler" in run(server, "ls")[1]


def test_answer_and_log_of_an_invocation_are_shown(server: ServerThread) -> None:
    status, output = run(server, "invoke", "echo", '{"a": 1}')

    assert status == 0
    assert "seen {'a': 1}" in output
    assert '{"a": 1}' in output.splitlines()[-1]


def test_failing_function_is_a_failing_command(server: ServerThread) -> None:
    status, output = run(server, "invoke", "echo", '"fail"')

    assert status == 1
    assert "no order" in output


def test_log_is_read_from_the_server(server: ServerThread) -> None:
    run(server, "invoke", "echo", '"for the log"')

    status, output = run(server, "logs", "echo")

    assert status == 0
    assert "seen for the log" in output
    assert run(server, "logs", "echo", "--lines", "1")[1].startswith("REPORT")


def test_unknown_function_is_one_line(server: ServerThread) -> None:
    status, output = run(server, "invoke", "none")

    assert status == 1
    assert "ResourceNotFoundException" in output
    assert "Traceback" not in output


def test_log_of_no_function_and_of_no_name(server: ServerThread) -> None:
    assert run(server, "logs", "none") == (0, "")
    assert run(server, "logs", "..%2f..%2fx")[0] == 1
