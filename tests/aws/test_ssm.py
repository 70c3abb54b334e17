"""Parameter Store by boto3 through the whole server, and by the containers of tasks."""

from __future__ import annotations

import base64
import json
import sys
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from tests.conftest import Tenant

from kamome.config import Settings
from kamome.testing.server import ServerThread

if TYPE_CHECKING:
    from pathlib import Path


ACCOUNT = "111111111111"


@pytest.fixture
def ssm(kamome: Tenant) -> Any:
    return kamome.client("ssm")


def test_life_of_a_parameter(ssm: Any) -> None:
    ssm.put_parameter(Name="/shop/port", Value="80", Type="String", DataType="integer")
    ssm.label_parameter_version(Name="/shop/port", Labels=["first"])
    answer = ssm.put_parameter(Name="/shop/port", Value="443", Overwrite=True)

    assert (answer["Version"], answer["Tier"]) == (2, "Standard")
    assert ssm.get_parameter(Name="/shop/port")["Parameter"]["Value"] == "443"
    assert ssm.get_parameter(Name="/shop/port:first")["Parameter"]["Selector"] == ":first"
    history = ssm.get_paginator("get_parameter_history").paginate(
        Name="/shop/port", PaginationConfig={"PageSize": 1}
    )
    assert [each["Value"] for page in history for each in page["Parameters"]] == ["80", "443"]
    ssm.delete_parameter(Name="/shop/port")
    with pytest.raises(ssm.exceptions.ParameterNotFound):
        ssm.get_parameter(Name="/shop/port")


def test_paginators_see_every_parameter(ssm: Any) -> None:
    names = [f"/many/{number:02}" for number in range(23)]
    for name in names:
        ssm.put_parameter(Name=name, Value="v", Type="String")

    below = ssm.get_paginator("get_parameters_by_path").paginate(Path="/many")
    described = ssm.get_paginator("describe_parameters").paginate(PaginationConfig={"PageSize": 7})

    assert [each["Name"] for page in below for each in page["Parameters"]] == names
    assert [each["Name"] for page in described for each in page["Parameters"]] == names


def test_secure_string_is_kept_under_the_account_s_key(kamome: Tenant, ssm: Any) -> None:
    ssm.put_parameter(Name="/db/password", Value="swordfish", Type="SecureString")

    sealed = ssm.get_parameter(Name="/db/password")["Parameter"]
    opened = ssm.get_parameter(Name="/db/password", WithDecryption=True)["Parameter"]
    blob = base64.b64decode(sealed["Value"])
    context = {"PARAMETER_ARN": sealed["ARN"]}
    by_kms = kamome.client("kms").decrypt(CiphertextBlob=blob, EncryptionContext=context)

    assert opened["Value"] == "swordfish"
    assert by_kms["Plaintext"] == b"swordfish"
    (described,) = ssm.describe_parameters()["Parameters"]
    assert described["KeyId"] == "alias/aws/ssm"


def test_key_that_is_disabled_refuses_its_parameters(kamome: Tenant, ssm: Any) -> None:
    kms = kamome.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    ssm.put_parameter(Name="p", Value="v" * 4096, Type="SecureString", KeyId=key)
    kms.disable_key(KeyId=key)

    with pytest.raises(ssm.exceptions.InvalidKeyId):
        ssm.get_parameter(Name="p", WithDecryption=True)
    with pytest.raises(ssm.exceptions.InvalidKeyId):
        ssm.put_parameter(Name="q", Value="v", Type="SecureString", KeyId="alias/none")


@pytest.mark.parametrize(
    ("operation", "request_", "code"),
    [
        ("put_parameter", {"Name": "p", "Value": "v", "Type": "Text"}, "ValidationException"),
        ("put_parameter", {"Name": "a b", "Value": "v", "Type": "String"}, "ValidationException"),
        ("get_parameters", {"Names": ["p"] * 11}, "ValidationException"),
        ("delete_parameter", {"Name": "none"}, "ParameterNotFound"),
        ("send_command", {"DocumentName": "AWS-RunShellScript"}, "NotImplemented"),
    ],
)
def test_refusals_are_those_of_aws(
    ssm: Any, operation: str, request_: dict[str, object], code: str
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(ssm, operation)(**request_)

    assert refused.value.response["Error"]["Code"] == code


def test_pattern_is_asked_before_anything_is_kept(ssm: Any) -> None:
    ssm.put_parameter(Name="port", Value="80", Type="String", AllowedPattern=r"^\d+$")

    with pytest.raises(ssm.exceptions.ParameterPatternMismatchException):
        ssm.put_parameter(Name="port", Value="http", Overwrite=True)

    assert ssm.get_parameter(Name="port")["Parameter"]["Version"] == 1


def test_parameters_outlive_the_server(tmp_path: Path) -> None:
    settings = Settings(port=0, smtp_port=0, data=str(tmp_path))
    with ServerThread(settings) as server:
        first = Tenant(server, ACCOUNT).client("ssm")
        first.put_parameter(Name="p", Value="swordfish", Type="SecureString")
        first.put_parameter(
            Name="gone",
            Value="v",
            Type="String",
            Tier="Advanced",
            Policies='[{"Type":"Expiration","Version":"1.0",'
            '"Attributes":{"Timestamp":"2001-01-01T00:00:00Z"}}]',
        )

    with ServerThread(settings) as server:
        again = Tenant(server, ACCOUNT).client("ssm")
        server.advance(0)
        opened = again.get_parameter(Name="p", WithDecryption=True)["Parameter"]
        assert (opened["Value"], opened["Version"]) == ("swordfish", 1)
        assert [each["Name"] for each in again.describe_parameters()["Parameters"]] == ["p"]


def test_task_finds_parameters_in_its_environment(tmp_path: Path) -> None:
    image, out = tmp_path / "image", tmp_path / "out"
    image.mkdir()
    settings = Settings(
        port=0, smtp_port=0, data=str(tmp_path / "data"), task_images=f"prog={image}"
    )
    with ServerThread(settings) as server:
        ssm, ecs = Tenant(server, ACCOUNT).client("ssm"), Tenant(server, ACCOUNT).client("ecs")
        elsewhere = Tenant(server, ACCOUNT, "us-east-1").client("ssm")
        elsewhere.put_parameter(Name="/db/password", Value="swordfish", Type="SecureString")
        ssm.put_parameter(Name="plain", Value="p", Type="String")
        arn = elsewhere.get_parameter(Name="/db/password")["Parameter"]["ARN"]
        secrets = [{"name": "PASSWORD", "valueFrom": arn}, {"name": "PLAIN", "valueFrom": "plain"}]
        code = "import os; print(os.environ['PASSWORD'], os.environ['PLAIN'])"
        script = f"import sys; sys.stdout = open({str(out)!r}, 'w'); {code}"
        ecs.create_cluster(clusterName="default")
        container = {"name": "main", "image": "prog", "memory": 64, "secrets": secrets}
        ecs.register_task_definition(
            family="f",
            containerDefinitions=[{**container, "command": [sys.executable, "-c", script]}],
            executionRoleArn="arn:aws:iam::000000000000:role/r",
        )

        ecs.run_task(taskDefinition="f")
        server.advance(0)

        assert out.read_text() == "swordfish p\n"

        ssm.delete_parameter(Name="plain")
        answer = ecs.run_task(taskDefinition="f")
        server.advance(0)
        (task,) = ecs.describe_tasks(tasks=[answer["tasks"][0]["taskArn"]])["tasks"]
        assert task["stopCode"] == "TaskFailedToStart"
        assert task["stoppedReason"].endswith("invalid ssm parameters: plain")


def order(endpoint: str, **rule: object) -> None:
    """Give the server a fault rule."""
    request = urllib.request.Request(
        f"{endpoint}/_kamome/faults",
        data=json.dumps({"count": 1, **rule}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request):
        pass


def test_rule_makes_kms_fail_for_parameter_store(kamome: Tenant, ssm: Any) -> None:
    ssm.put_parameter(Name="p", Value="v", Type="SecureString")
    at = {"service": "kms", "source": "ssm", "account": kamome.account}
    order(kamome.endpoint, operation="Decrypt", error="DisabledException", **at)

    with pytest.raises(ssm.exceptions.InvalidKeyId, match="DisabledException"):
        ssm.get_parameter(Name="p", WithDecryption=True)

    assert ssm.get_parameter(Name="p", WithDecryption=True)["Parameter"]["Value"] == "v"


def test_rule_keeps_a_task_from_its_parameter(tmp_path: Path) -> None:
    image = tmp_path / "image"
    image.mkdir()
    settings = Settings(port=0, smtp_port=0, ephemeral=True, task_images=f"prog={image}")
    with ServerThread(settings) as server:
        tenant = Tenant(server, ACCOUNT)
        ecs = tenant.client("ecs")
        tenant.client("ssm").put_parameter(Name="p", Value="v", Type="String")
        ecs.create_cluster(clusterName="default")
        container = {
            "name": "main",
            "image": "prog",
            "memory": 64,
            "command": ["true"],
            "secrets": [{"name": "P", "valueFrom": "p"}],
        }
        ecs.register_task_definition(
            family="f",
            containerDefinitions=[container],
            executionRoleArn="arn:aws:iam::000000000000:role/r",
        )
        at = {"service": "ssm", "operation": "GetParameters", "source": "ecs"}
        order(server.endpoint, error="ThrottlingException", **at)

        arns = [ecs.run_task(taskDefinition="f")["tasks"][0]["taskArn"] for _ in range(2)]
        server.advance(0)

        tasks = ecs.describe_tasks(tasks=arns)["tasks"]
        reasons = sorted(task["stoppedReason"] for task in tasks)
        assert reasons[0] == "Essential container in task exited"
        assert "unable to retrieve secrets from ssm" in reasons[1]
        assert "ThrottlingException" in reasons[1]
