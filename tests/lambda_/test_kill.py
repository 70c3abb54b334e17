"""SIGKILL while asynchronous invocations are accepted: none is lost, some may run twice.

The server is the real one. Each round sends events until the server is killed, at a moment that
the round chooses, and begins again on the same data; in the end every accepted event has run.
"""

from __future__ import annotations

import io
import json
import re
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from kamome.cli.local_session import admin_call

if TYPE_CHECKING:
    from pathlib import Path

_ROUNDS = 3
_DEADLINE_S = 30
_LISTENING = re.compile(r"Listening: (http://127\.0\.0\.1:\d+)")


@contextmanager
def server(data: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """`kamome serve` until the block ends: its address and its process."""
    command = (sys.executable, "-m", "kamome", "serve", "--port", "0", "--smtp-port", "0")
    with subprocess.Popen(
        (*command, "--data", str(data)), stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        endpoint = ""
        for line in process.stderr:
            if found := _LISTENING.search(line):
                endpoint = found[1]
            if "Ready." in line:
                break
        try:
            yield endpoint, process
        finally:
            process.kill()


def client(endpoint: str, service: str = "lambda") -> Any:  # boto3's are made at run time
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )


def keep_records(endpoint: str) -> None:
    """Events that end well leave records in the queue `done`, others in the bucket `failed`."""
    client(endpoint, "sqs").create_queue(QueueName="done")
    client(endpoint, "s3").create_bucket(
        Bucket="failed", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    client(endpoint).put_function_event_invoke_config(
        FunctionName="f",
        MaximumRetryAttempts=0,
        DestinationConfig={
            "OnSuccess": {"Destination": "arn:aws:sqs:eu-west-1:000000000000:done"},
            "OnFailure": {"Destination": "arn:aws:s3:::failed"},
        },
    )


def recorded_failures(endpoint: str) -> list[str]:
    """The payloads of all records in the bucket."""
    s3 = client(endpoint, "s3")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="failed")
    keys = [listed["Key"] for page in pages for listed in page.get("Contents", [])]
    bodies = [s3.get_object(Bucket="failed", Key=key)["Body"].read() for key in keys]
    return [json.loads(body)["requestPayload"] for body in bodies]


def recorded(endpoint: str) -> list[str]:
    """The payloads of all records in the queue, which is emptied."""
    sqs = client(endpoint, "sqs")
    url = sqs.get_queue_url(QueueName="done")["QueueUrl"]
    found: list[str] = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [json.loads(message["Body"])["requestPayload"] for message in messages]
        entries = [
            {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
            for number, message in enumerate(messages)
        ]
        sqs.delete_message_batch(QueueUrl=url, Entries=entries)
    return found


def create(endpoint: str, proof: Path) -> None:
    file = io.BytesIO()
    source = (
        "import pathlib\n"
        "def handler(event, context):\n"
        f"    pathlib.Path({str(proof)!r}, event).touch()\n"
        "    if event.endswith('3'):\n"
        "        raise ValueError(event)\n"
    )
    with zipfile.ZipFile(file, "w") as zipped:
        zipped.writestr("app.py", source)
    client(endpoint).create_function(
        FunctionName="f",
        Runtime="python3.11",
        Role="arn:aws:iam::000000000000:role/r",
        Handler="app.handler",
        Code={"ZipFile": file.getvalue()},
    )


def send_until_killed(
    endpoint: str, prefix: str, accepted: list[str], enough: threading.Event, count: int
) -> None:
    """Send on until the server is gone; after `count` accepted ones somebody may end it."""
    lambda_ = client(endpoint)
    for number in range(100_000):
        name = f"{prefix}-{number}"
        try:
            lambda_.invoke(FunctionName="f", InvocationType="Event", Payload=f'"{name}"'.encode())
        except (BotoCoreError, ClientError):
            return
        accepted.append(name)
        if number + 1 == count:
            enough.set()


def test_no_accepted_event_is_lost(tmp_path: Path) -> None:
    data, proof = tmp_path / "data", tmp_path / "proof"
    proof.mkdir()
    accepted: list[str] = []
    with server(data) as (endpoint, _):
        create(endpoint, proof)
        keep_records(endpoint)

    for number in range(_ROUNDS):
        with server(data) as (endpoint, process):
            enough = threading.Event()

            def kill(enough: threading.Event = enough, process: Any = process) -> None:
                enough.wait(_DEADLINE_S)
                process.send_signal(signal.SIGKILL)

            killer = threading.Thread(target=kill)
            killer.start()
            send_until_killed(endpoint, str(number), accepted, enough, 1 + 15 * number)
            killer.join()

    with server(data) as (endpoint, _):
        admin_call(endpoint, "/_kamome/clock", {"advance": "10m"})  # retries, too
        records = recorded(endpoint)
        failures = recorded_failures(endpoint)
    missing = [name for name in accepted if not (proof / name).exists()]
    assert len(accepted) >= sum(1 + 15 * number for number in range(_ROUNDS))
    assert missing == []
    # Nor is the record of its end.
    assert set(accepted) <= {*records, *failures}
    assert {name for name in accepted if name.endswith("3")} <= set(failures)
    assert any(name.endswith("3") for name in accepted)
