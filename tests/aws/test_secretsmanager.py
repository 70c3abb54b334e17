"""Secrets Manager by boto3 through the whole server, by containers and by Parameter Store."""

from __future__ import annotations

import json
import sys
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
def secrets(kamome: Tenant) -> Any:
    return kamome.client("secretsmanager")


def test_life_of_a_secret(secrets: Any) -> None:
    created = secrets.create_secret(Name="shop/db", SecretString="one")
    secrets.put_secret_value(SecretId="shop/db", SecretString="two")

    assert secrets.get_secret_value(SecretId=created["ARN"])["SecretString"] == "two"
    previous = secrets.get_secret_value(SecretId="shop/db", VersionStage="AWSPREVIOUS")
    assert previous["VersionId"] == created["VersionId"]
    secrets.delete_secret(SecretId="shop/db", RecoveryWindowInDays=7)
    with pytest.raises(secrets.exceptions.InvalidRequestException):
        secrets.get_secret_value(SecretId="shop/db")
    secrets.restore_secret(SecretId="shop/db")
    assert secrets.get_secret_value(SecretId="shop/db")["SecretString"] == "two"


def test_bytes_are_kept_as_they_are(secrets: Any) -> None:
    secrets.create_secret(Name="b", SecretBinary=bytes(range(256)))

    assert secrets.get_secret_value(SecretId="b")["SecretBinary"] == bytes(range(256))


def test_paginator_sees_every_secret(secrets: Any) -> None:
    names = {f"s{number}" for number in range(7)}
    for name in names:
        secrets.create_secret(Name=name)

    pages = secrets.get_paginator("list_secrets").paginate(PaginationConfig={"PageSize": 3})

    assert {each["Name"] for page in pages for each in page["SecretList"]} == names


def test_key_of_kms_encrypts_and_hides_when_it_is_disabled(kamome: Tenant, secrets: Any) -> None:
    kms = kamome.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    secrets.create_secret(Name="s", SecretString="x" * 65_536, KmsKeyId=key)
    (version,) = secrets.list_secret_version_ids(SecretId="s")["Versions"]
    assert version["KmsKeyIds"] == [key]

    kms.disable_key(KeyId=key)

    with pytest.raises(secrets.exceptions.DecryptionFailure):
        secrets.get_secret_value(SecretId="s")


@pytest.mark.parametrize(
    ("operation", "request_", "code"),
    [
        ("get_secret_value", {"SecretId": "none"}, "ResourceNotFoundException"),
        ("create_secret", {"Name": "a b"}, "ValidationException"),
        (
            "put_secret_value",
            {"SecretId": "none", "SecretString": "v"},
            "ResourceNotFoundException",
        ),
        ("rotate_secret", {"SecretId": "none"}, "NotImplemented"),
    ],
)
def test_refusals_are_those_of_aws(
    secrets: Any, operation: str, request_: dict[str, object], code: str
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(secrets, operation)(**request_)

    assert refused.value.response["Error"]["Code"] == code


def test_parameter_refers_to_a_secret(kamome: Tenant, secrets: Any) -> None:
    created = secrets.create_secret(Name="db", SecretString="swordfish")
    name = "/aws/reference/secretsmanager/db"

    found = kamome.client("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]

    assert (found["Value"], found["ARN"]) == ("swordfish", created["ARN"])
    assert json.loads(found["SourceResult"])["VersionId"] == created["VersionId"]


def test_secrets_outlive_the_server_and_tasks_find_them(tmp_path: Path) -> None:
    image, out = tmp_path / "image", tmp_path / "out"
    image.mkdir()
    settings = Settings(
        port=0, smtp_port=0, data=str(tmp_path / "data"), task_images=f"prog={image}"
    )
    with ServerThread(settings) as server:
        first = Tenant(server, ACCOUNT).client("secretsmanager")
        arn = first.create_secret(Name="db", SecretString='{"password": "swordfish"}')["ARN"]

    with ServerThread(settings) as server:
        ecs = Tenant(server, ACCOUNT).client("ecs")
        ecs.create_cluster(clusterName="default")

        def stopped(value_from: str) -> Any:
            code = f"import os; open({str(out)!r}, 'w').write(os.environ['PASSWORD'])"
            container = {
                "name": "main",
                "image": "prog",
                "memory": 64,
                "command": [sys.executable, "-c", code],
                "secrets": [{"name": "PASSWORD", "valueFrom": value_from}],
            }
            ecs.register_task_definition(
                family="f",
                containerDefinitions=[container],
                executionRoleArn="arn:aws:iam::000000000000:role/r",
            )
            task = ecs.run_task(taskDefinition="f")["tasks"][0]["taskArn"]
            server.advance(0)
            return ecs.describe_tasks(tasks=[task])["tasks"][0]

        assert stopped(f"{arn}:password::")["containers"][0]["exitCode"] == 0
        assert out.read_text() == "swordfish"
        failed = stopped(f"{arn}:user::")
        assert failed["stopCode"] == "TaskFailedToStart"
        assert "unable to retrieve secret from asm" in failed["stoppedReason"]
        assert "did not contain json key user" in failed["stoppedReason"]
