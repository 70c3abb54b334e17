"""`kamome serve` as a process: what it says, when it refuses, how it ends."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

import boto3
import pytest
from tests.http.raw_client import RawClient, head

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_TIMEOUT_S = 30
_SIGNED = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=test/20250101/us-east-1/s3/aws4_request, "
    "SignedHeaders=host, Signature=" + "0" * 64
}


class Serving:
    """A server process that is ready."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        while "Ready." not in self.lines:
            line = _stderr(process).readline()
            if not line:
                raise AssertionError(f"it ended: {self.lines}")
            self.lines.append(line.rstrip())
        [self.endpoint] = re.findall(r"Listening: (http://\S+)", "\n".join(self.lines))
        [self.smtp] = re.findall(r"Listening: smtp://(\S+)", "\n".join(self.lines))

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Exit status and last lines after a signal."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self) -> tuple[int, str]:
        """Exit status and last lines."""
        _, rest = self.process.communicate(timeout=_TIMEOUT_S)
        return self.process.returncode, rest


def _stderr(process: subprocess.Popen[str]) -> IO[str]:
    assert process.stderr is not None
    return process.stderr


def _command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "kamome", "serve", *map(str, arguments)]


@contextmanager
def serving(*arguments: object) -> Iterator[Serving]:
    command = _command("--port", 0, "--smtp-port", 0, *arguments)
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    try:
        yield Serving(process)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def refused(*arguments: object, **environment: str) -> tuple[int, str]:
    """Exit status and message of a server that does not start."""
    done = subprocess.run(
        _command(*arguments),
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    return done.returncode, done.stderr


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


# --- starting -------------------------------------------------------------------------------------


def test_listeners_answer_when_it_is_ready_and_it_says_where() -> None:
    with serving("--ephemeral") as server:
        host, _, port = server.smtp.rpartition(":")
        with socket.create_connection((host, int(port)), _TIMEOUT_S) as smtp:
            assert smtp.recv(3) == b"220"
        with RawClient(server.endpoint) as client:
            assert client.request("GET", "/_localstack/health").status == 200

        assert server.end() == (0, "Stopped.\n")


@pytest.mark.parametrize("setting", ["port", "smtp-port"])
def test_port_that_is_taken_is_told_and_nothing_is_left(
    taken_port: int, setting: str, tmp_path: Path
) -> None:
    other = "smtp-port" if setting == "port" else "port"
    ports = (f"--{setting}", taken_port, f"--{other}", 0)

    status, message = refused(*ports, "--ephemeral", TMPDIR=str(tmp_path))

    sentence = f"Port {taken_port} of 127.0.0.1 is taken by another process. "
    advice = f"Stop that one, or choose another with --{setting}.\n"
    assert (status, message) == (1, sentence + advice)
    assert list(tmp_path.iterdir()) == []


def test_address_that_is_not_ours_is_told() -> None:
    status, message = refused("--host", "192.0.2.1", "--port", 0, "--ephemeral")

    assert status == 1
    assert message.startswith("Cannot listen or store: ")
    assert "Traceback" not in message


def test_data_directory_in_use_is_refused(tmp_path: Path) -> None:
    with serving("--data", tmp_path) as server:
        status, message = refused("--port", 0, "--smtp-port", 0, "--data", tmp_path)

        assert status == 1
        assert f"{tmp_path} is in use by another process (id {server.process.pid})" in message
        assert server.client("sqs").list_queues()["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_database_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "kamome.db").write_bytes(b"no database" * 1000)

    status, told = refused("--port", 0, "--smtp-port", 0, "--data", tmp_path)

    assert status == 1
    assert told.startswith(f"{tmp_path}/kamome.db is no database, or a damaged one")
    assert "Traceback" not in told


def test_data_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    status, message = refused("--port", 0, "--smtp-port", 0, "--data", tmp_path / "file" / "data")

    assert status == 1
    assert "Not a directory" in message
    assert "Traceback" not in message


@pytest.mark.parametrize(
    ("arguments", "environment", "sentence"),
    [
        ((), {}, "Give --data DIRECTORY to keep what is stored, or --ephemeral to forget it"),
        (("--ephemeral", "--port", "x"), {}, "The setting port takes a whole number, not 'x'."),
        (("--ephemeral", "--prot", "1"), {}, "No such option"),
        (("--ephemeral",), {"KAMOME_PROT": "1"}, "There is no setting KAMOME_PROT"),
        (("--ephemeral", "--config", "nowhere.toml"), {}, "nowhere.toml cannot be read"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(
    arguments: tuple[str, ...], environment: dict[str, str], sentence: str
) -> None:
    status, message = refused(*arguments, **environment)

    assert status == 2
    assert sentence in " ".join(message.split())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--dns", "nobody"), "The setting dns is off, system, or ADDRESS"),
        (("--task-images", "a=/no/such"), "there is no directory or program /no/such"),
    ],
)
def test_setting_that_names_what_is_not_there_is_told_and_nothing_is_left(
    arguments: tuple[str, ...], sentence: str, tmp_path: Path
) -> None:
    status, message = refused("--ephemeral", *arguments, TMPDIR=str(tmp_path))

    assert status == 1
    assert sentence in message
    assert list(tmp_path.iterdir()) == []


# --- ending ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_it_after_what_is_in_flight(tmp_path: Path, number: signal.Signals) -> None:
    with serving("--data", tmp_path) as server:
        server.client("s3").create_bucket(Bucket="bucket")
        with RawClient(server.endpoint) as client:
            length = {"Host": client.host, "Content-Length": "10", "Expect": "100-continue"}
            client.send(head("PUT /bucket/key HTTP/1.1", {**length, **_SIGNED}))
            assert client.interim() == b"HTTP/1.1 100 Continue"
            client.send(b"hello")

            server.process.send_signal(number)
            _wait_until_nobody_listens(server)
            client.send(b"again")

            assert client.answer().status == 200
            assert client.is_closed()
        assert server.ended() == (0, "Stopped.\n")

    with serving("--data", tmp_path) as again:
        kept = again.client("s3").get_object(Bucket="bucket", Key="key")["Body"].read()
        assert kept == b"helloagain"


def _wait_until_nobody_listens(server: Serving) -> None:
    """The listener closes before the requests under way are waited for."""
    while True:
        try:
            RawClient(server.endpoint).socket.close()
        except ConnectionError:
            return
