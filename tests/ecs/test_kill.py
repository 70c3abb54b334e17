"""SIGKILL right after RunTask has answered: the task is started, or says that it was lost.

The server is the real one. Each round runs tasks, kills the server at a moment that the round
chooses, and begins again on the same data; at the end every acknowledged task has ended, for one
of the two reasons that there are.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from kamome.cli.local_session import admin_call

_ROUNDS = 4
_LISTENING = re.compile(r"Listening: (http://127\.0\.0\.1:\d+)")


@contextmanager
def server(data: Path, image: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """`kamome serve` until the block ends: its address and its process."""
    command = (sys.executable, "-m", "kamome", "serve", "--port", "0", "--smtp-port", "0")
    with subprocess.Popen(
        (*command, "--data", str(data), "--task-images", f"prog={image}"),
        stderr=subprocess.PIPE,
        text=True,
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


def client(endpoint: str) -> Any:  # boto3's clients are made at run time
    return boto3.client(
        "ecs",
        endpoint_url=endpoint,
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )


@pytest.mark.slow
def test_no_acknowledged_task_is_lost_silently(tmp_path: Path) -> None:
    data, image, proof = tmp_path / "data", tmp_path / "image", tmp_path / "proof"
    image.mkdir()
    proof.mkdir()
    script = f"sleep 0.05; touch {proof}/$N"
    container = {"name": "main", "image": "prog", "memory": 8, "command": ["sh", "-c", script]}
    acknowledged: dict[str, str] = {}

    for round_ in range(_ROUNDS):
        with server(data, image) as (endpoint, process):
            ecs = client(endpoint)
            ecs.create_cluster()
            ecs.register_task_definition(family="f", containerDefinitions=[container])
            for number in range(5 + round_):
                name = f"{round_}-{number}"
                variables = [{"name": "N", "value": name}]
                override = {"name": "main", "environment": variables}
                answer = ecs.run_task(
                    taskDefinition="f", overrides={"containerOverrides": [override]}
                )
                acknowledged[answer["tasks"][0]["taskArn"]] = name
            os.kill(process.pid, signal.SIGKILL)
            process.wait()

    with server(data, image) as (endpoint, _):
        admin_call(endpoint, "/_kamome/clock", {"advance": "1s"})
        described = client(endpoint).describe_tasks(tasks=list(acknowledged))
    assert described["failures"] == []
    for task in described["tasks"]:
        assert task["lastStatus"] == "STOPPED"
        if task["stopCode"] != "InfrastructureHealth":
            assert task["containers"][0]["exitCode"] == 0
            assert (proof / acknowledged[task["taskArn"]]).exists()
    ends = [task["stopCode"] for task in described["tasks"]]
    assert "EssentialContainerExited" in ends
