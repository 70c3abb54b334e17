"""ECS by boto3 through the whole server."""

from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from tests.conftest import Tenant

from kamome.config import SettingError, Settings
from kamome.testing.server import ServerThread

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROGRAM = """
import json, os, sys, urllib.request
direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
def ask(path): return json.load(direct.open(os.environ["ECS_CONTAINER_METADATA_URI_V4"] + path))
found = {"container": ask(""), "task": ask("/task"), "tags": ask("/taskWithTags")["TaskTags"]}
found["credentials"] = json.load(direct.open(os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"]))
print(json.dumps(found))
sys.exit(int(os.environ.get("CODE", "0")))
"""
LOG = {"awslogs-group": "/ecs/f", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "p"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def tenant(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenant]:
    """A server whose image `prog` is a folder with a program."""
    image = tmp_path_factory.mktemp("image")
    (image / "main.py").write_text(PROGRAM)
    settings = Settings(
        port=0,
        smtp_port=0,
        data=str(data),
        task_images=f"prog={image}",
        task_cpu=1_024,
        container_runtime="none",
    )
    with ServerThread(settings) as server:
        yield Tenant(server, "111111111111")


@pytest.fixture
def ecs(tenant: Tenant) -> Any:
    client = tenant.client("ecs")
    client.create_cluster(clusterName="c")
    client.register_task_definition(
        family="f",
        containerDefinitions=[
            {
                "name": "main",
                "image": "prog:1",
                "memory": 64,
                "command": ["python3", "main.py"],
                "logConfiguration": {"logDriver": "awslogs", "options": LOG},
            }
        ],
    )
    return client


def code_of(caught: pytest.ExceptionInfo[ClientError]) -> str:
    code: str = caught.value.response["Error"]["Code"]
    return code


def test_task_runs_and_sdk_waits_for_its_end(tenant: Tenant, ecs: Any) -> None:
    override = {"name": "main", "environment": [{"name": "CODE", "value": "3"}]}
    answer = ecs.run_task(
        cluster="c", taskDefinition="f", overrides={"containerOverrides": [override]}
    )
    arn = answer["tasks"][0]["taskArn"]

    tenant.advance(0)
    ecs.get_waiter("tasks_stopped").wait(cluster="c", tasks=[arn])

    (task,) = ecs.describe_tasks(cluster="c", tasks=[arn])["tasks"]
    assert task["containers"][0]["exitCode"] == 3
    assert task["createdAt"] <= task["startedAt"] <= task["stoppedAt"]


def test_container_can_ask_about_itself(tenant: Tenant, ecs: Any, data: Path) -> None:
    tag = {"key": "k", "value": "v"}
    answer = ecs.run_task(cluster="c", taskDefinition="f", tags=[tag])
    arn = answer["tasks"][0]["taskArn"]
    tenant.advance(0)

    stream = data / "ecs" / "logs" / "ecs" / "f" / "p" / "main" / f"{arn.rpartition('/')[2]}.log"
    found = json.loads(stream.read_text())
    assert found["container"]["Name"] == "main"
    assert found["container"]["KnownStatus"] == "RUNNING"
    assert found["container"]["LogOptions"]["awslogs-stream"].startswith("p/main/")
    assert found["task"]["TaskARN"] == arn
    assert found["task"]["Family"] == "f"
    assert [each["Name"] for each in found["task"]["Containers"]] == ["main"]
    assert found["tags"] == {"k": "v"}
    assert found["credentials"]["AccessKeyId"] == tenant.account


def test_metadata_of_nobody_is_not_found(tenant: Tenant) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for path in ("v4/", "v4/0123/task", "credentials/0123"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            direct.open(f"{tenant.endpoint}/_kamome/ecs/{path}")
        assert refused.value.code == 404
        refused.value.close()


def test_failures_come_without_an_error(tenant: Tenant, ecs: Any) -> None:
    ecs.register_task_definition(
        family="large",
        containerDefinitions=[{"name": "main", "image": "prog", "memory": 64, "cpu": 1_025}],
    )

    answer = ecs.run_task(cluster="c", taskDefinition="large")

    assert answer["tasks"] == []
    assert [failure["reason"] for failure in answer["failures"]] == ["RESOURCE:CPU"]


def test_service_becomes_stable_and_inactive(tenant: Tenant, ecs: Any) -> None:
    ecs.register_task_definition(
        family="long",
        containerDefinitions=[
            {"name": "main", "image": "prog", "memory": 64, "command": ["sleep", "60"]}
        ],
    )
    ecs.create_service(cluster="c", serviceName="web", taskDefinition="long", desiredCount=2)
    tenant.advance(0)
    ecs.get_waiter("services_stable").wait(cluster="c", services=["web"])

    shown = ecs.describe_clusters(clusters=["c"])["clusters"][0]
    assert (shown["runningTasksCount"], shown["activeServicesCount"]) == (2, 1)
    with pytest.raises(ClientError) as refused:
        ecs.delete_cluster(cluster="c")
    assert code_of(refused) == "ClusterContainsServicesException"

    ecs.delete_service(cluster="c", service="web", force=True)
    tenant.advance(0)
    ecs.get_waiter("services_inactive").wait(cluster="c", services=["web"])
    ecs.delete_cluster(cluster="c")
    assert ecs.describe_clusters(clusters=["c"])["clusters"][0]["status"] == "INACTIVE"


@pytest.mark.parametrize(
    ("operation", "request_", "code", "message"),
    [
        ("run_task", {"taskDefinition": "f", "cluster": "x"}, "ClusterNotFoundException", None),
        (
            "describe_task_definition",
            {"taskDefinition": "nothing"},
            "ClientException",
            "Unable to describe task definition.",
        ),
        (
            "describe_tasks",
            {"cluster": "c", "tasks": []},
            "InvalidParameterException",
            "Tasks cannot be empty.",
        ),
        (
            "update_service",
            {"cluster": "c", "service": "x"},
            "ServiceNotFoundException",
            "Service not found.",
        ),
        (
            "list_tasks",
            {"cluster": "c", "maxResults": 101},
            "InvalidParameterException",
            "maxResults should be between 1 and 100",
        ),
        ("describe_container_instances", {"containerInstances": ["x"]}, "NotImplemented", None),
    ],
)
def test_refusals_have_awss_codes(
    ecs: Any, operation: str, request_: dict[str, object], code: str, message: str | None
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(ecs, operation)(**request_)

    assert code_of(refused) == code
    if message is not None:
        assert refused.value.response["Error"]["Message"] == message


def test_conflict_names_the_tasks_of_the_token(tenant: Tenant, ecs: Any) -> None:
    answer = ecs.run_task(cluster="c", taskDefinition="f", clientToken="t")

    with pytest.raises(ClientError) as refused:
        ecs.run_task(cluster="c", taskDefinition="f", clientToken="t", startedBy="x")

    assert code_of(refused) == "ConflictException"
    assert refused.value.response["resourceIds"] == [answer["tasks"][0]["taskArn"]]


def test_fault_rule_orders_the_reason_of_a_failure(tenant: Tenant, ecs: Any) -> None:
    rule = {
        "service": "ecs",
        "operation": "RunTask",
        "source": "ecs",
        "error": "AGENT",
        "count": 1,
    }
    request = urllib.request.Request(
        f"{tenant.endpoint}/_kamome/faults",
        data=json.dumps(rule).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request):
        pass

    refused = ecs.run_task(cluster="c", taskDefinition="f")
    placed = ecs.run_task(cluster="c", taskDefinition="f")

    assert [failure["reason"] for failure in refused["failures"]] == ["AGENT"]
    assert placed["failures"] == []


def test_setting_that_names_no_folder_is_refused() -> None:
    from kamome.app import App

    with pytest.raises(SettingError, match="In the setting task_images, there is no directory"):
        App(Settings(task_images="prog=/no/such/folder"))
