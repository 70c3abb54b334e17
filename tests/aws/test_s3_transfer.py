"""The ways in which real clients move much: transfer manager, aws CLI, version deletes."""

from __future__ import annotations

import hashlib
import io
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError
from tests.aws.aws_command import aws as run_aws
from tests.aws.aws_command import reason

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Tenant

MIB = 1024**2


@pytest.fixture
def s3(kamome: Tenant) -> Any:
    return kamome.client("s3")


@pytest.fixture
def bucket(kamome: Tenant, s3: Any) -> str:
    """A bucket of the test's own; names are shared by all accounts."""
    name = f"transfer-{kamome.account}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return name


def patterned(size: int) -> bytes:
    return (hashlib.sha256(b"pattern").digest() * (size // 32 + 1))[:size]


def test_upload_is_completed_with_the_checksum_of_the_whole(s3: Any, bucket: str) -> None:
    where = {"Bucket": bucket, "Key": "key"}
    begun = s3.create_multipart_upload(
        **where, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT"
    )
    where["UploadId"] = begun["UploadId"]
    part = s3.upload_part(**where, PartNumber=1, Body=b"part", ChecksumAlgorithm="CRC32")
    named = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}

    with pytest.raises(ClientError, match="BadDigest"):
        s3.complete_multipart_upload(**where, MultipartUpload=named, ChecksumCRC32="AAAAAA==")
    done = s3.complete_multipart_upload(
        **where, MultipartUpload=named, ChecksumCRC32=part["ChecksumCRC32"]
    )

    assert done["ChecksumCRC32"] == part["ChecksumCRC32"]


def test_transfer_manager_uploads_in_parallel_parts_and_downloads_in_ranges(
    s3: Any, bucket: str
) -> None:
    body = patterned(23 * MIB + 7)
    config = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB)

    s3.upload_fileobj(io.BytesIO(body), bucket, "large", Config=config)
    target = io.BytesIO()
    s3.download_fileobj(bucket, "large", target, Config=config)

    assert target.getvalue() == body
    assert s3.head_object(Bucket=bucket, Key="large")["ETag"].endswith('-5"')
    attributes = s3.get_object_attributes(
        Bucket=bucket, Key="large", ObjectAttributes=["ObjectParts", "ObjectSize", "Checksum"]
    )
    assert attributes["ObjectParts"]["TotalPartsCount"] == 5
    assert attributes["ObjectSize"] == len(body)


def test_managed_copy_of_a_large_object_goes_by_parts(s3: Any, bucket: str) -> None:
    body = patterned(12 * MIB)
    s3.put_object(Bucket=bucket, Key="source", Body=body, Metadata={"a": "b"})
    config = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB)

    s3.copy({"Bucket": bucket, "Key": "source"}, bucket, "copy", Config=config)

    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == body


def test_copy_by_one_request_is_written_and_read_back(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a b/ü+", Body=b"x", Tagging="k=v")

    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "a b/ü+"})

    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == b"x"
    assert s3.get_object_tagging(Bucket=bucket, Key="copy")["TagSet"] == [
        {"Key": "k", "Value": "v"}
    ]


def test_all_versions_of_a_bucket_are_deleted_page_by_page(
    kamome: Tenant, s3: Any, bucket: str
) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for number in range(12):
        s3.put_object(Bucket=bucket, Key=f"k{number % 3}", Body=b"x")
    s3.delete_object(Bucket=bucket, Key="k0")
    resource = boto3.resource(
        "s3",
        endpoint_url=kamome.endpoint,
        region_name="eu-west-1",
        aws_access_key_id=kamome.account,
        aws_secret_access_key="test",
    )

    resource.Bucket(bucket).object_versions.page_size(5).delete()

    listed = s3.list_object_versions(Bucket=bucket)
    assert "Versions" not in listed
    assert "DeleteMarkers" not in listed
    s3.delete_bucket(Bucket=bucket)


def test_delete_marker_is_told_in_headers(s3: Any, bucket: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    marker = s3.delete_object(Bucket=bucket, Key="k")

    with pytest.raises(ClientError) as hidden:
        s3.get_object(Bucket=bucket, Key="k")
    with pytest.raises(ClientError) as named:
        s3.get_object(Bucket=bucket, Key="k", VersionId=marker["VersionId"])

    headers = hidden.value.response["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-amz-delete-marker"] == "true"
    assert headers["x-amz-version-id"] == marker["VersionId"]
    assert named.value.response["Error"]["Code"] == "MethodNotAllowed"
    assert named.value.response["ResponseMetadata"]["HTTPStatusCode"] == 405


def test_key_of_the_customer_is_needed_to_read(s3: Any, bucket: str) -> None:
    key = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}
    body = patterned(MIB + 5)

    put = s3.put_object(Bucket=bucket, Key="secret", Body=body, **key)

    assert put["SSECustomerAlgorithm"] == "AES256"
    got = s3.get_object(Bucket=bucket, Key="secret", Range="bytes=70000-700000", **key)
    assert got["Body"].read() == body[70000:700001]
    with pytest.raises(ClientError):
        s3.get_object(Bucket=bucket, Key="secret")


def test_many_objects_are_deleted_in_one_request(s3: Any, bucket: str) -> None:
    for number in range(30):
        s3.put_object(Bucket=bucket, Key=f"n{number:02}", Body=b"x")

    named = [{"Key": f"n{number:02}"} for number in range(30)]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": named})

    assert len(answer["Deleted"]) == 30
    assert "Contents" not in s3.list_objects(Bucket=bucket)


def test_locked_version_shows_its_lock_and_stays(kamome: Tenant, s3: Any) -> None:
    name = f"locked-{kamome.account}"
    s3.create_bucket(
        Bucket=name,
        ObjectLockEnabledForBucket=True,
        CreateBucketConfiguration={"LocationConstraint": "eu-west-1"},
    )
    until = datetime(2099, 12, 31, 1, 2, 3, tzinfo=UTC)
    put = s3.put_object(
        Bucket=name,
        Key="k",
        Body=b"x",
        ObjectLockMode="GOVERNANCE",
        ObjectLockRetainUntilDate=until,
        ObjectLockLegalHoldStatus="OFF",
    )

    shown = s3.head_object(Bucket=name, Key="k")
    retention = s3.get_object_retention(Bucket=name, Key="k")["Retention"]
    with pytest.raises(ClientError) as refused:
        s3.delete_object(Bucket=name, Key="k", VersionId=put["VersionId"])
    s3.delete_object(
        Bucket=name, Key="k", VersionId=put["VersionId"], BypassGovernanceRetention=True
    )

    assert shown["ObjectLockRetainUntilDate"] == retention["RetainUntilDate"] == until
    assert shown["ObjectLockMode"] == retention["Mode"] == "GOVERNANCE"
    assert shown["ObjectLockLegalHoldStatus"] == "OFF"
    assert refused.value.response["Error"]["Code"] == "AccessDenied"
    assert "Versions" not in s3.list_object_versions(Bucket=name)


def test_parts_under_way_are_listed_and_survive_no_abort(s3: Any, bucket: str) -> None:
    begun = s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm="SHA256")
    where = {"Bucket": bucket, "Key": "k", "UploadId": begun["UploadId"]}
    for number in (3, 1):
        s3.upload_part(**where, PartNumber=number, Body=b"part", ChecksumAlgorithm="SHA256")

    uploads = s3.list_multipart_uploads(Bucket=bucket)["Uploads"]
    parts = s3.list_parts(**where)["Parts"]
    s3.abort_multipart_upload(**where)

    assert [each["UploadId"] for each in uploads] == [begun["UploadId"]]
    assert [part["PartNumber"] for part in parts] == [1, 3]
    assert parts[0]["ChecksumSHA256"]
    with pytest.raises(ClientError) as gone:
        s3.list_parts(**where)
    assert gone.value.response["Error"]["Code"] == "NoSuchUpload"


@pytest.fixture
def aws(kamome: Tenant, tmp_path: Path) -> Any:
    def run(*words: str) -> str:
        environment = {
            **os.environ,
            "AWS_ENDPOINT_URL": kamome.endpoint,
            "AWS_ACCESS_KEY_ID": kamome.account,
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_CONFIG_FILE": os.devnull,
        }
        done = run_aws(*words, environment=environment, folder=tmp_path)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.mark.skipif(bool(reason()), reason=reason())
def test_aws_cli_copies_and_syncs(aws: Any, bucket: str, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "sub").mkdir(parents=True)
    (source / "large.bin").write_bytes(patterned(9 * MIB))
    (source / "sub" / "small.txt").write_text("small")
    # Objects have whole seconds: a file of the same second would count as newer than its object.
    for file in source.rglob("*.*"):
        os.utime(file, (1_700_000_000, 1_700_000_000))

    aws("s3", "sync", str(source), f"s3://{bucket}/tree")
    aws("s3", "sync", f"s3://{bucket}/tree", str(tmp_path / "back"))
    again = aws("s3", "sync", str(source), f"s3://{bucket}/tree")
    aws("s3", "mv", f"s3://{bucket}/tree/large.bin", f"s3://{bucket}/moved.bin")
    listing = aws("s3", "ls", "--recursive", f"s3://{bucket}/")

    assert (tmp_path / "back" / "large.bin").read_bytes() == patterned(9 * MIB)
    assert (tmp_path / "back" / "sub" / "small.txt").read_text() == "small"
    assert again == ""
    assert [line.split()[3] for line in listing.splitlines()] == [
        "moved.bin",
        "tree/sub/small.txt",
    ]
