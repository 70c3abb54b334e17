"""The real server where files may not grow: it says so, keeps what it has, and goes on later.

A limit on the size of files (RLIMIT_FSIZE) stands for a disk without room: every write beyond it
is refused by the kernel.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from tests.durability.server_process import ServerProcess

if TYPE_CHECKING:
    from pathlib import Path

_FILE_BYTES_MAX = 2_000_000
_SENDS_MAX = 200


def send(sqs: Any, queue_url: str, number: int) -> str:
    body = f"{number:06}" + "x" * 100_000
    sqs.send_message(QueueUrl=queue_url, MessageBody=body)
    return body


def fill(sqs: Any, queue_url: str) -> tuple[list[str], dict[str, Any]]:
    """Send until the server has no room; returns what was acknowledged, and the refusal."""
    acknowledged: list[str] = []
    for number in range(_SENDS_MAX):
        try:
            acknowledged.append(send(sqs, queue_url, number))
        except ClientError as error:
            return acknowledged, error.response
    raise AssertionError("the disk did not get full")


def received(sqs: Any, queue_url: str) -> list[str]:
    bodies: list[str] = []
    while messages := sqs.receive_message(
        QueueUrl=queue_url, MaxNumberOfMessages=10, VisibilityTimeout=600
    ).get("Messages"):
        bodies += [message["Body"] for message in messages]
    return bodies


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with a queue, a bucket and a table in it."""
    with ServerProcess(tmp_path) as server:
        server.client("sqs").create_queue(QueueName="queue")
        server.client("s3").create_bucket(Bucket="bucket")
        server.client("dynamodb").create_table(
            TableName="table",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        assert server.stop() == 0
    return tmp_path


def test_a_full_disk_is_answered_with_503_and_loses_nothing(data: Path) -> None:
    with ServerProcess(data, file_bytes_max=_FILE_BYTES_MAX) as server:
        sqs = server.client("sqs")
        queue_url = sqs.get_queue_url(QueueName="queue")["QueueUrl"]
        acknowledged, refusal = fill(sqs, queue_url)

        assert refusal["ResponseMetadata"]["HTTPStatusCode"] == 503
        assert refusal["Error"]["Code"] == "ServiceUnavailable"
        assert "no room" in refusal["Error"]["Message"]
        assert sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["All"])
        server.kill()

    with ServerProcess(data) as server:
        sqs = server.client("sqs")
        again = send(sqs, queue_url, 999_999)
        assert sorted(received(sqs, queue_url)) == sorted([*acknowledged, again])
        assert server.stop() == 0


def test_room_that_the_wal_has_got_already_is_used_again(data: Path) -> None:
    """It is written back into the database, which needs no more room for what is overwritten."""
    with ServerProcess(data, file_bytes_max=_FILE_BYTES_MAX) as server:
        dynamodb = server.client("dynamodb")
        written = refused = 0
        random = Random(1)
        for _ in range(80):
            item = {"id": {"S": "the same"}, "body": {"S": random.randbytes(50_000).hex()}}
            try:
                dynamodb.put_item(TableName="table", Item=item)
                written += 1
                last = item
            except ClientError as refusal:
                assert refusal.response["ResponseMetadata"]["HTTPStatusCode"] == 503
                refused += 1

        assert refused, "8 MB have gone through a WAL that may have 2"
        assert written > 60
        found = dynamodb.get_item(TableName="table", Key={"id": {"S": "the same"}})
        assert found["Item"] == last


def test_an_object_without_room_is_refused_and_leaves_no_file(data: Path) -> None:
    with ServerProcess(data, file_bytes_max=_FILE_BYTES_MAX) as server:
        s3 = server.client("s3")
        s3.put_object(Bucket="bucket", Key="small", Body=b"x" * 1_000_000)

        with pytest.raises(ClientError) as refusal:
            s3.put_object(Bucket="bucket", Key="large", Body=b"x" * 3_000_000)

        assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
        assert s3.get_object(Bucket="bucket", Key="small")["ContentLength"] == 1_000_000
        keys = s3.list_objects_v2(Bucket="bucket")["Contents"]
        assert [each["Key"] for each in keys] == ["small"]
        assert server.stop() == 0
    files = [path for path in (data / "blobs").rglob("*") if path.is_file()]
    assert [path.stat().st_size for path in files] == [1_000_000]
