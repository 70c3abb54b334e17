"""The aws CLI with functions and tasks, configured by its environment alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.aws.lambda_functions import ECHO, package
from tests.aws.test_cli import Cli

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Tenant

pytestmark = pytest.mark.slow


@pytest.fixture
def aws(kamome: Tenant, tmp_path: Path) -> Cli:
    return Cli(kamome, tmp_path)


def test_function_is_created_invoked_and_given_a_url(aws: Cli, tmp_path: Path) -> None:
    (tmp_path / "code.zip").write_bytes(package(ECHO))
    aws.json(
        *("lambda", "create-function", "--function-name", "f", "--runtime", "python3.11"),
        *("--role", "arn:aws:iam::000000000000:role/r", "--handler", "app.handler"),
        *("--zip-file", "fileb://code.zip", "--publish"),
    )
    aws.text("lambda", "wait", "function-active-v2", "--function-name", "f")

    answer = aws.json(
        "lambda", "invoke", "--function-name", "f", "--payload", '{"a": 1}', "out.json"
    )
    url = aws.json(
        *("lambda", "create-function-url-config", "--function-name", "f", "--auth-type", "NONE"),
        *("--cors", "AllowOrigins=*,AllowMethods=GET"),
    )
    warm = aws.json(
        *("lambda", "put-provisioned-concurrency-config", "--function-name", "f"),
        *("--qualifier", "1", "--provisioned-concurrent-executions", "1"),
    )

    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    assert (tmp_path / "out.json").read_text() == '{"a": 1}'
    assert ".lambda-url.eu-west-1.localhost" in url["FunctionUrl"]
    assert url["Cors"] == {"AllowMethods": ["GET"], "AllowOrigins": ["*"]}
    assert warm["Status"] == "IN_PROGRESS"


def test_task_whose_secret_cannot_be_had_stops_with_its_reason(aws: Cli, kamome: Tenant) -> None:
    container = (
        '[{"name": "main", "image": "nothing", "memory": 64,'
        ' "secrets": [{"name": "S", "valueFrom": "key"}]}]'
    )
    aws.json(
        *("ecs", "register-task-definition", "--family", "f"),
        *("--container-definitions", container),
        *("--execution-role-arn", "arn:aws:iam::000000000000:role/r"),
    )
    aws.json("ecs", "create-cluster")

    arn = aws.json("ecs", "run-task", "--task-definition", "f")["tasks"][0]["taskArn"]
    kamome.advance(0)  # else the CLI would look again after six seconds
    aws.text("ecs", "wait", "tasks-stopped", "--tasks", arn)

    [task] = aws.json("ecs", "describe-tasks", "--tasks", arn)["tasks"]
    assert task["stoppedReason"].startswith("ResourceInitializationError")
    assert task["stopCode"] == "TaskFailedToStart"
