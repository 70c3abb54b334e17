"""SSE-KMS with a key of KMS: boto3's clients for both, against one server."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from tests.conftest import Tenant

MIB = 1024**2
ALIAS = "alias/objects"


@pytest.fixture
def s3(kamome: Tenant) -> Any:
    return kamome.client("s3")


@pytest.fixture
def kms(kamome: Tenant) -> Any:
    return kamome.client("kms")


@pytest.fixture
def key_arn(kms: Any) -> str:
    made: dict[str, str] = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName=ALIAS, TargetKeyId=made["KeyId"])
    return made["Arn"]


@pytest.fixture
def bucket(kamome: Tenant, s3: Any, key_arn: str) -> str:
    """A bucket that encrypts with the key by default."""
    name = f"kms-{kamome.account}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": ALIAS}
    s3.put_bucket_encryption(
        Bucket=name,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": default}]
        },
    )
    return name


def refusal(call: Any, **members: object) -> str:
    with pytest.raises(ClientError) as refused:
        call(**members)
    code: str = refused.value.response["Error"]["Code"]
    return code


def test_large_object_is_encrypted_in_parts_and_read_in_ranges(
    s3: Any, bucket: str, key_arn: str
) -> None:
    body = bytes(range(256)) * 4096 * 12
    config = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB)

    s3.upload_fileobj(io.BytesIO(body), bucket, "large", Config=config)
    target = io.BytesIO()
    s3.download_fileobj(bucket, "large", target, Config=config)

    assert target.getvalue() == body
    assert s3.head_object(Bucket=bucket, Key="large")["SSEKMSKeyId"] == key_arn


def test_object_lives_and_dies_with_its_key(kms: Any, s3: Any, bucket: str, key_arn: str) -> None:
    s3.put_object(Bucket=bucket, Key="k", Body=b"confidential")

    kms.disable_key(KeyId=key_arn)
    named = {"Bucket": bucket, "Key": "k"}
    assert refusal(s3.get_object, **named) == "KMS.DisabledException"
    assert refusal(s3.put_object, **named, Body=b"new") == "KMS.DisabledException"
    assert refusal(s3.create_multipart_upload, **named) == "KMS.DisabledException"
    kms.enable_key(KeyId=key_arn)
    assert s3.get_object(**named)["Body"].read() == b"confidential"
    kms.schedule_key_deletion(KeyId=key_arn, PendingWindowInDays=7)

    assert refusal(s3.get_object, **named) == "KMS.KMSInvalidStateException"


def test_missing_key_is_named(s3: Any, bucket: str) -> None:
    code = refusal(
        s3.put_object,
        Bucket=bucket,
        Key="k",
        Body=b"x",
        ServerSideEncryption="aws:kms",
        SSEKMSKeyId="alias/none",
    )

    assert code == "KMS.NotFoundException"


def test_managed_key_is_made_when_it_is_first_used(kms: Any, s3: Any, bucket: str) -> None:
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption="aws:kms")

    assert put["SSEKMSKeyId"] == kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]["Arn"]
