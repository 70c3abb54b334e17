"""The real server where files may not grow: it says so, keeps what it has, and goes on later.

A limit on the size of files (RLIMIT_FSIZE) stands for a disk without room: every write beyond it
is refused by the kernel.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from botocore.exceptions import ClientError
from tests.durability.server_process import ServerProcess

if TYPE_CHECKING:
    from collections.abc import Callable
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


def test_every_way_of_making_an_object_without_room_leaves_the_old_one(data: Path) -> None:
    """Copies, forms and parts: the refusal is clear, the old object whole, and no file is left."""
    with ServerProcess(data) as server:
        s3 = server.client("s3")
        s3.put_object(Bucket="bucket", Key="large", Body=b"l" * 3_000_000)
        s3.put_object(Bucket="bucket", Key="old", Body=b"o" * 300_000)
        upload = s3.create_multipart_upload(Bucket="bucket", Key="old")["UploadId"]
        assert server.stop() == 0

    with ServerProcess(data, file_bytes_max=_FILE_BYTES_MAX) as server:
        s3 = server.client("s3")
        statuses = {
            "copy": refused(
                lambda: s3.copy_object(Bucket="bucket", Key="old", CopySource="bucket/large")
            ),
            "part": refused(
                lambda: s3.upload_part(
                    Bucket="bucket",
                    Key="old",
                    UploadId=upload,
                    PartNumber=1,
                    Body=b"p" * 5 * 1024**2,
                )
            ),
            "form": post_form(s3, b"f" * 3_000_000),
        }

        assert statuses == {"copy": 503, "part": 503, "form": 503}
        assert s3.get_object(Bucket="bucket", Key="old")["Body"].read() == b"o" * 300_000
        assert s3.get_object(Bucket="bucket", Key="large")["Body"].read() == b"l" * 3_000_000
        assert server.stop() == 0
    files = [path for path in (data / "blobs").rglob("*") if path.is_file()]
    assert sorted(path.stat().st_size for path in files) == [300_000, 3_000_000]


def test_completion_without_room_leaves_the_upload_as_it_was(data: Path) -> None:
    """Its row is large (many parts), and there is no room for it until the limit is lifted."""
    named: list[dict[str, Any]] = []
    with ServerProcess(data) as server:
        s3, sqs = server.client("s3"), server.client("sqs")
        s3.put_object(Bucket="bucket", Key="key", Body=b"old")
        upload = s3.create_multipart_upload(Bucket="bucket", Key="key")["UploadId"]
        where = {"Bucket": "bucket", "Key": "key", "UploadId": upload}
        for number, body in ((1, b"1" * 5 * 1024**2), (2, b"2")):
            part = s3.upload_part(**where, PartNumber=number, Body=body)
            named.append({"PartNumber": number, "ETag": part["ETag"]})
        queue_url = sqs.get_queue_url(QueueName="queue")["QueueUrl"]
        assert server.stop() == 0

    def complete(s3: Any) -> int:
        return refused(
            lambda: s3.complete_multipart_upload(**where, MultipartUpload={"Parts": named})
        )

    with ServerProcess(data, file_bytes_max=_FILE_BYTES_MAX) as server:
        s3, sqs = server.client("s3"), server.client("sqs")
        fill(sqs, queue_url)
        while True:  # up to the last page that the WAL has room for
            try:
                sqs.send_message(QueueUrl=queue_url, MessageBody="x")
            except ClientError:
                break
        status = complete(s3)
        body = s3.get_object(Bucket="bucket", Key="key")["Body"].read()
        assert (status, body) in ((503, b"old"), (200, b"1" * 5 * 1024**2 + b"2"))
        server.kill()

    with ServerProcess(data) as server:
        s3 = server.client("s3")
        assert status == 200 or complete(s3) == 200
        body = s3.get_object(Bucket="bucket", Key="key")["Body"].read()
        assert body == b"1" * 5 * 1024**2 + b"2"
        assert server.stop() == 0


def refused(call: Callable[[], Any]) -> int:
    """The status of an answer, good or bad."""
    try:
        status: int = call()["ResponseMetadata"]["HTTPStatusCode"]
    except ClientError as refusal:
        status = refusal.response["ResponseMetadata"]["HTTPStatusCode"]
    return status


def post_form(s3: Any, content: bytes) -> int:
    """Upload by a browser's form."""
    post = s3.generate_presigned_post("bucket", "old")
    fields = "".join(
        f'--limit\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in post["fields"].items()
    )
    head = '--limit\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
    body = (fields + head).encode() + content + b"\r\n--limit--\r\n"
    request = Request(post["url"], body, {"Content-Type": "multipart/form-data; boundary=limit"})
    try:
        with urlopen(request) as answer:
            return int(answer.status)
    except HTTPError as error:
        error.close()
        return error.code
