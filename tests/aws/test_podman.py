"""Tasks and functions in containers of a real podman, through the whole server.

The image is made here, of one static busybox. Debian: apt install podman busybox-static.
"""

from __future__ import annotations

import base64
import io
import json
import shutil
import subprocess
import tarfile
from typing import TYPE_CHECKING, Any

import pytest
from tests.conftest import Tenant

from kamome.config import Settings
from kamome.testing.server import ServerThread

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PODMAN, _BUSYBOX = shutil.which("podman"), shutil.which("busybox")
_IMAGE = "localhost/kamome-tests:1"
_COMMANDS = ("cat", "echo", "env", "id", "sed", "sh", "sleep", "test", "tr", "true", "wget")
# A client of Lambda's Runtime API that answers each event with the event.
_BOOTSTRAP = """#!/bin/sh
invocation=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation
while :; do
  wget -q -S -O /tmp/event $invocation/next 2>/tmp/headers || exit 1
  id=$(sed -n 's/.*[Rr]untime-[Aa]ws-[Rr]equest-[Ii]d: //p' /tmp/headers | tr -d '\\r')
  echo "greeting is $GREETING"
  wget -q -O - --post-file=/tmp/event $invocation/$id/response
done
"""

pytestmark = pytest.mark.slow


def _podman(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    assert _PODMAN is not None
    return subprocess.run(
        [_PODMAN, *arguments], input=given, capture_output=True, timeout=60, check=False
    )


def _files() -> bytes:
    """The image's files: busybox under all of its names, and the bootstrap."""
    assert _BUSYBOX is not None
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.add(_BUSYBOX, "bin/busybox")
        for name in _COMMANDS:
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            archive.addfile(link)
        for name in ("tmp", "etc"):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o777
            archive.addfile(folder)
        bootstrap = tarfile.TarInfo("bootstrap")
        bootstrap.size, bootstrap.mode = len(_BOOTSTRAP), 0o755
        archive.addfile(bootstrap, io.BytesIO(_BOOTSTRAP.encode()))
    return out.getvalue()


@pytest.fixture(scope="module")
def image() -> Iterator[str]:
    if _PODMAN is None or _BUSYBOX is None:
        pytest.skip("needs podman and a static busybox")
    made = _podman("import", "-", _IMAGE, given=_files())
    tried = _podman("run", "--rm", "--network", "host", "--memory", "64m", _IMAGE, "true")
    if made.returncode or tried.returncode or tried.stderr:
        said = (made.stderr + tried.stderr).decode()
        pytest.skip(f"podman cannot run and limit a container here: {said}")
    yield _IMAGE
    _podman("rmi", "--force", _IMAGE)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def tenant(data: Path) -> Iterator[Tenant]:
    settings = Settings(port=0, smtp_port=0, data=str(data), container_runtime="podman")
    with ServerThread(settings) as server:
        yield Tenant(server, "111111111111")


class Tasks:
    """Tasks of one family, whose containers are of the image."""

    def __init__(self, tenant: Tenant, data: Path, image: str) -> None:
        self._tenant, self._data, self._image = tenant, data, image
        self.ecs = tenant.client("ecs")
        self.ecs.create_cluster(clusterName="default")

    def run(self, *containers: dict[str, object], **more: object) -> str:
        options = {
            "awslogs-group": "g",
            "awslogs-region": "eu-west-1",
            "awslogs-stream-prefix": "p",
        }
        log = {"logDriver": "awslogs", "options": options}
        definitions = [
            {"image": self._image, "memory": 64, "logConfiguration": log, **each}
            for each in containers
        ]
        self.ecs.register_task_definition(
            family="f",
            containerDefinitions=definitions,
            executionRoleArn="arn:aws:iam::111111111111:role/r",
            **more,
        )
        answer = self.ecs.run_task(taskDefinition="f")
        assert answer["failures"] == []
        arn: str = answer["tasks"][0]["taskArn"]
        return arn

    def task(self, arn: str, status: str) -> Any:
        """The task once it has come that far."""
        for _ in range(6):
            self._tenant.advance(0)  # waits for what starts and ends, up to ten seconds
            (task,) = self.ecs.describe_tasks(tasks=[arn])["tasks"]
            if task["lastStatus"] == status:
                return task
        raise AssertionError(task)

    def log(self, arn: str, container: str = "main") -> str:
        stream = f"ecs/logs/g/p/{container}/{arn.rpartition('/')[2]}.log"
        return (self._data / stream).read_text()


@pytest.fixture
def tasks(tenant: Tenant, data: Path, image: str) -> Tasks:
    return Tasks(tenant, data, image)


def test_container_has_its_secrets_its_metadata_and_its_exit_code(
    tenant: Tenant, tasks: Tasks
) -> None:
    tenant.client("ssm").put_parameter(
        Name="/db/password", Value="swordfish", Type="SecureString", Overwrite=True
    )
    script = (
        "echo $PASSWORD $HOME; wget -q -O - $ECS_CONTAINER_METADATA_URI_V4/task; echo;"
        " wget -q -O - $AWS_CONTAINER_CREDENTIALS_FULL_URI; exit 3"
    )
    arn = tasks.run(
        {
            "name": "main",
            "command": ["sh", "-c", script],
            "secrets": [{"name": "PASSWORD", "valueFrom": "/db/password"}],
            "environment": [{"name": "HOME", "value": "/tmp"}],
        }
    )

    task = tasks.task(arn, "STOPPED")

    assert (task["stopCode"], task["containers"][0]["exitCode"]) == ("EssentialContainerExited", 3)
    said, metadata, credentials = tasks.log(arn).splitlines()
    assert said == "swordfish /tmp"
    assert json.loads(metadata)["TaskARN"] == arn
    assert json.loads(credentials)["AccessKeyId"] == tenant.account


def test_containers_share_a_volume_and_follow_each_other(tasks: Tasks) -> None:
    mount = {"sourceVolume": "v", "containerPath": "/data"}
    arn = tasks.run(
        {
            "name": "init",
            "essential": False,
            "command": ["sh", "-c", "echo made > /data/file"],
            "mountPoints": [mount],
        },
        {
            "name": "main",
            "command": ["cat", "/data/file"],
            "mountPoints": [{**mount, "readOnly": True}],
            "dependsOn": [{"containerName": "init", "condition": "SUCCESS"}],
        },
        volumes=[{"name": "v"}],
    )

    task = tasks.task(arn, "STOPPED")

    assert [each["exitCode"] for each in task["containers"]] == [0, 0]
    assert tasks.log(arn) == "made\n"


def test_router_finds_its_configurations(tenant: Tenant, tasks: Tasks) -> None:
    s3 = tenant.client("s3")
    s3.create_bucket(
        Bucket="config", CreateBucketConfiguration={"LocationConstraint": tenant.region}
    )
    s3.put_object(Bucket="config", Key="own.conf", Body=b"[OUTPUT]\n    Name null\n")
    options = {"config-file-type": "s3", "config-file-value": "arn:aws:s3:::config/own.conf"}
    script = (
        "sed -n 's/^    Name /has /p' /fluent-bit/etc/fluent-bit.conf;"
        " cat $(sed -n 's/^@INCLUDE //p' /fluent-bit/etc/fluent-bit.conf)"
    )
    arn = tasks.run(
        {
            "name": "main",
            "command": ["sh", "-c", script],
            "firelensConfiguration": {"type": "fluentbit", "options": options},
        }
    )

    tasks.task(arn, "STOPPED")

    assert "has forward\n" in tasks.log(arn)
    assert tasks.log(arn).endswith("[OUTPUT]\n    Name null\n")


def test_container_is_checked_and_stopped(tenant: Tenant, tasks: Tasks) -> None:
    script = "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done"
    check = {"command": ["CMD-SHELL", "test -f /bin/busybox"], "interval": 5, "retries": 1}
    arn = tasks.run({"name": "main", "command": ["sh", "-c", script], "healthCheck": check})
    tasks.task(arn, "RUNNING")
    tenant.advance(5)

    assert tasks.task(arn, "RUNNING")["healthStatus"] == "HEALTHY"

    tasks.ecs.stop_task(task=arn, reason="enough")
    task = tasks.task(arn, "STOPPED")
    assert (task["stopCode"], task["stoppedReason"]) == ("UserInitiated", "enough")
    assert task["containers"][0]["exitCode"] == 0
    assert tasks.log(arn) == "up\nbye\n"
    left = _podman("ps", "--all", "--format", "{{.Names}}").stdout.decode()
    assert "kamome-" not in left


def test_memory_of_a_container_is_its_limit(tasks: Tasks) -> None:
    folder = "/sys/fs/cgroup"
    script = f"cat {folder}/memory.max 2>/dev/null || cat {folder}/memory/memory.limit_in_bytes"
    arn = tasks.run({"name": "main", "memory": 32, "command": ["sh", "-c", script]})

    tasks.task(arn, "STOPPED")

    assert tasks.log(arn) == f"{32 * 1024 * 1024}\n"


def test_image_that_no_registry_has_is_the_stopped_reason(tasks: Tasks) -> None:
    arn = tasks.run({"name": "main", "image": "localhost:1/none:1", "command": ["true"]})

    task = tasks.task(arn, "STOPPED")

    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith("CannotPullContainerError: ")


def test_function_of_an_image_answers_again_and_again(tenant: Tenant, image: str) -> None:
    lambda_ = tenant.client("lambda")
    lambda_.create_function(
        FunctionName="echo",
        PackageType="Image",
        Code={"ImageUri": image},
        ImageConfig={"EntryPoint": ["/bootstrap"]},
        Role="arn:aws:iam::111111111111:role/r",
        Environment={"Variables": {"GREETING": "hello", "HOME": "/tmp"}},
        Timeout=20,
    )
    lambda_.get_waiter("function_active_v2").wait(FunctionName="echo")

    answers = [
        lambda_.invoke(FunctionName="echo", Payload=json.dumps({"n": n}), LogType="Tail")
        for n in range(3)
    ]

    assert [json.load(each["Payload"]) for each in answers] == [{"n": n} for n in range(3)]
    assert "greeting is hello" in base64.b64decode(answers[-1]["LogResult"]).decode()
    assert all("FunctionError" not in each for each in answers)
    lambda_.delete_function(FunctionName="echo")
