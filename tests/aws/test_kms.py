"""KMS by boto3 and the aws CLI through the whole server."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from tests.aws.aws_command import aws as run_aws
from tests.aws.aws_command import reason

if TYPE_CHECKING:
    from tests.conftest import Tenant


@pytest.fixture
def kms(kamome: Tenant) -> Any:
    return kamome.client("kms")


@pytest.fixture
def key_id(kms: Any) -> str:
    return str(kms.create_key(Description="of a test")["KeyMetadata"]["KeyId"])


def refusal(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    """Code and HTTP status of a refusal."""
    response = error.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def test_secret_goes_through_a_data_key_as_programs_do_it(kms: Any, key_id: str) -> None:
    kms.create_alias(AliasName="alias/mails", TargetKeyId=key_id)

    made = kms.generate_data_key(
        KeyId="alias/mails", KeySpec="AES_256", EncryptionContext={"mail": "1"}
    )
    opened = kms.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext={"mail": "1"})

    assert opened["Plaintext"] == made["Plaintext"]
    assert opened["KeyId"].endswith(f":key/{key_id}")


def test_description_of_a_key_has_what_clients_look_for(kms: Any, key_id: str) -> None:
    described = kms.describe_key(KeyId=key_id)["KeyMetadata"]

    assert described["KeyState"] == "Enabled"
    assert described["KeyManager"] == "CUSTOMER"
    assert described["EncryptionAlgorithms"] == ["SYMMETRIC_DEFAULT"]
    assert described["CreationDate"].tzinfo is not None


def test_paginator_lists_all_aliases(kms: Any, key_id: str) -> None:
    names = [f"alias/name-{number:02}" for number in range(7)]
    for name in names:
        kms.create_alias(AliasName=name, TargetKeyId=key_id)

    pages = kms.get_paginator("list_aliases").paginate(PaginationConfig={"PageSize": 3})

    assert [alias["AliasName"] for page in pages for alias in page["Aliases"]] == names


def test_wrong_context_is_the_error_that_clients_know(kms: Any, key_id: str) -> None:
    sealed = kms.encrypt(KeyId=key_id, Plaintext=b"secret")["CiphertextBlob"]

    with pytest.raises(kms.exceptions.InvalidCiphertextException):
        kms.decrypt(CiphertextBlob=sealed, EncryptionContext={"a": "b"})


@pytest.mark.parametrize(
    ("operation", "request_", "expected"),
    [
        ("describe_key", {"KeyId": "alias/none"}, ("NotFoundException", 400)),
        ("generate_random", {"NumberOfBytes": 0}, ("ValidationException", 400)),
        ("generate_random", {"NumberOfBytes": 1025}, ("ValidationException", 400)),
        ("create_custom_key_store", {"CustomKeyStoreName": "x"}, ("NotImplemented", 501)),
    ],
)
def test_refusals_have_the_code_and_status_of_aws(
    kamome: Tenant, operation: str, request_: dict[str, object], expected: tuple[str, int]
) -> None:
    kms = kamome.client("kms", parameter_validation=False)

    with pytest.raises(ClientError) as error:
        getattr(kms, operation)(**request_)

    assert refusal(error) == expected


def test_text_that_is_too_long_is_refused(kms: Any, key_id: str) -> None:
    with pytest.raises(ClientError) as error:
        kms.encrypt(KeyId=key_id, Plaintext=bytes(4097))

    assert refusal(error) == ("ValidationException", 400)


def test_key_is_deleted_when_its_days_are_over(kamome: Tenant, kms: Any, key_id: str) -> None:
    kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=7)

    kamome.advance(seconds=7 * 86_400)

    with pytest.raises(kms.exceptions.NotFoundException):
        kms.describe_key(KeyId=key_id)


@pytest.mark.slow
@pytest.mark.skipif(bool(reason()), reason=reason())
def test_aws_cli_encrypts_and_decrypts_files(kamome: Tenant, tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_ENDPOINT_URL": kamome.endpoint,
        "AWS_ACCESS_KEY_ID": kamome.account,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": kamome.region,
        "AWS_DEFAULT_OUTPUT": "json",
        "AWS_PAGER": "",
    }

    def aws(*arguments: str) -> Any:
        done = run_aws("kms", *arguments, environment=environment, folder=tmp_path)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    key_id = aws("create-key")["KeyMetadata"]["KeyId"]
    (tmp_path / "plain").write_bytes(b"\x00secret\xff")
    sealed = aws("encrypt", "--key-id", key_id, "--plaintext", "fileb://plain")
    (tmp_path / "sealed").write_bytes(base64.b64decode(sealed["CiphertextBlob"]))
    opened = aws("decrypt", "--ciphertext-blob", "fileb://sealed")

    assert base64.b64decode(opened["Plaintext"]) == b"\x00secret\xff"
