"""S3 through the server, with boto3 and with plain HTTP."""

from __future__ import annotations

import hashlib
import http.client
import io
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from unittest.mock import patch
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import boto3
import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Tenant

REGION = {"LocationConstraint": "eu-west-1"}


@pytest.fixture
def s3(kamome: Tenant) -> Any:
    return kamome.client("s3")


@pytest.fixture
def bucket(kamome: Tenant, s3: Any) -> str:
    """A bucket of the test's own; names are shared by all accounts."""
    name = f"orders-{kamome.account}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration=REGION)
    return name


def patterned(size: int) -> bytes:
    return (hashlib.sha256(b"pattern").digest() * (size // 32 + 1))[:size]


def refusal(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    response = error.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def test_life_of_a_bucket(s3: Any, bucket: str) -> None:
    listed = s3.list_buckets()
    assert [each["Name"] for each in listed["Buckets"]] == [bucket]
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] == "eu-west-1"
    assert s3.head_bucket(Bucket=bucket)["BucketRegion"] == "eu-west-1"

    s3.delete_bucket(Bucket=bucket)

    with pytest.raises(ClientError) as refused:
        s3.head_bucket(Bucket=bucket)
    assert refusal(refused) == ("404", 404)


def test_bucket_in_the_classic_region_has_no_constraint(kamome: Tenant, s3: Any) -> None:
    classic = boto3.client(
        "s3",
        endpoint_url=kamome.endpoint,
        region_name="us-east-1",
        aws_access_key_id=kamome.account,
        aws_secret_access_key="test",
    )
    name = f"classic-{kamome.account}"

    assert classic.create_bucket(Bucket=name)["Location"] == f"/{name}"
    assert classic.create_bucket(Bucket=name)["Location"] == f"/{name}"
    assert s3.get_bucket_location(Bucket=name)["LocationConstraint"] is None


@pytest.mark.parametrize("size", [0, 5, 100_000, 700_001], ids=str)
def test_object_comes_back_with_its_checksum(s3: Any, bucket: str, size: int) -> None:
    body = patterned(size)

    put = s3.put_object(
        Bucket=bucket, Key="日本 語/a+b.bin", Body=body, Metadata={"tenant": "ne-001"}
    )
    got = s3.get_object(Bucket=bucket, Key="日本 語/a+b.bin")

    assert got["Body"].read() == body
    assert put["ETag"] == got["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    assert put["ServerSideEncryption"] == got["ServerSideEncryption"] == "AES256"
    assert put["ChecksumType"] == "FULL_OBJECT"
    assert got["ContentType"] == "binary/octet-stream"
    assert got["Metadata"] == {"tenant": "ne-001"}
    assert got["ResponseMetadata"]["HTTPHeaders"]["x-amz-id-2"]


class Unseekable(io.RawIOBase):
    """A body of unknown end, which boto3 sends in chunks with a trailing checksum."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self._inner = io.BytesIO(body)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._inner.readinto(buffer)


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"])
def test_checksum_of_the_client_is_kept(s3: Any, bucket: str, algorithm: str) -> None:
    body = patterned(300_000)

    put = s3.put_object(Bucket=bucket, Key="key", Body=body, ChecksumAlgorithm=algorithm)

    head = s3.head_object(Bucket=bucket, Key="key", ChecksumMode="ENABLED")
    assert put[f"Checksum{algorithm}"] == head[f"Checksum{algorithm}"]
    listed = s3.list_objects_v2(Bucket=bucket)["Contents"][0]
    assert listed["ChecksumAlgorithm"] == [algorithm]


def aws_chunked(body: bytes, trailer: str) -> bytes:
    pieces = [body[at : at + 65_536] for at in range(0, len(body), 65_536)]
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return chunks + b"0\r\n" + trailer.encode() + b"\r\n\r\n"


def put_with_trailer(kamome: Tenant, path: str, body: bytes, trailer: str) -> tuple[int, bytes]:
    address = urlsplit(kamome.endpoint)
    connection = http.client.HTTPConnection(str(address.hostname), address.port)
    scope = f"{kamome.account}/20251009/eu-west-1/s3/aws4_request"
    headers = {
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
        "x-amz-date": "20251009T085320Z",
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "x-amz-decoded-content-length": str(len(body)),
        "x-amz-trailer": trailer.partition(":")[0],
        "content-encoding": "aws-chunked",
    }
    connection.request("PUT", path, aws_chunked(body, trailer), headers)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content


def test_trailing_checksum_is_verified(kamome: Tenant, s3: Any, bucket: str) -> None:
    body = patterned(200_000)
    right = s3.put_object(Bucket=bucket, Key="other", Body=body, ChecksumAlgorithm="SHA256")
    trailer = f"x-amz-checksum-sha256:{right['ChecksumSHA256']}"

    stored = put_with_trailer(kamome, f"/{bucket}/key", body, trailer)
    refused = put_with_trailer(kamome, f"/{bucket}/wrong", body[1:] + b"!", trailer)

    assert stored == (200, b"")
    assert refused[0] == 400
    assert b"<Code>BadDigest</Code>" in refused[1]
    got = s3.get_object(Bucket=bucket, Key="key", ChecksumMode="ENABLED")
    assert got["ChecksumSHA256"] == right["ChecksumSHA256"]
    assert got["Body"].read() == body
    assert "ContentEncoding" not in got


def test_transfer_manager_uploads_and_downloads(s3: Any, bucket: str) -> None:
    body = patterned(3_000_000)

    s3.upload_fileobj(io.BytesIO(body), bucket, "big", ExtraArgs={"ContentType": "message/rfc822"})
    target = io.BytesIO()
    s3.download_fileobj(bucket, "big", target)

    assert target.getvalue() == body
    assert s3.head_object(Bucket=bucket, Key="big")["ContentType"] == "message/rfc822"


def test_stream_without_end_in_sight_is_stored(s3: Any, bucket: str) -> None:
    body = patterned(400_000)

    s3.upload_fileobj(Unseekable(body), bucket, "stream")

    assert s3.get_object(Bucket=bucket, Key="stream")["Body"].read() == body


def test_range_is_partial_content(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=patterned(700_000))

    got = s3.get_object(Bucket=bucket, Key="key", Range="bytes=262140-262150")

    assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert got["ContentRange"] == "bytes 262140-262150/700000"
    assert got["Body"].read() == patterned(700_000)[262140:262151]
    with pytest.raises(ClientError) as refused:
        s3.get_object(Bucket=bucket, Key="key", Range="bytes=700000-")
    assert refusal(refused) == ("InvalidRange", 416)
    assert refused.value.response["Error"]["ActualObjectSize"] == "700000"


def test_current_copy_is_not_sent_again(s3: Any, bucket: str) -> None:
    etag = s3.put_object(Bucket=bucket, Key="key", Body=b"x")["ETag"]

    with pytest.raises(ClientError) as refused:
        s3.get_object(Bucket=bucket, Key="key", IfNoneMatch=etag)

    assert refusal(refused) == ("304", 304)
    headers = refused.value.response["ResponseMetadata"]["HTTPHeaders"]
    assert headers["etag"] == etag
    assert "last-modified" in headers


def test_conditional_write_refuses_a_large_body_and_the_connection_lives_on(
    s3: Any, bucket: str
) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"first")

    for _ in range(3):
        with pytest.raises(ClientError) as refused:
            s3.put_object(Bucket=bucket, Key="key", Body=patterned(2_000_000), IfNoneMatch="*")
        assert refusal(refused) == ("PreconditionFailed", 412)
        assert refused.value.response["Error"]["Condition"] == "If-None-Match"

    assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"first"


def test_errors_have_the_members_of_their_code(s3: Any, bucket: str) -> None:
    with pytest.raises(s3.exceptions.NoSuchKey) as no_key:
        s3.get_object(Bucket=bucket, Key="nothing")
    with pytest.raises(s3.exceptions.NoSuchBucket) as no_bucket:
        s3.list_objects_v2(Bucket=bucket + "-no")
    with pytest.raises(ClientError) as head:
        s3.head_object(Bucket=bucket, Key="nothing")

    assert no_key.value.response["Error"]["Key"] == "nothing"
    assert no_bucket.value.response["Error"]["BucketName"] == bucket + "-no"
    assert refusal(head) == ("404", 404)


def test_operation_that_is_not_served_says_so(s3: Any, bucket: str) -> None:
    with pytest.raises(ClientError) as refused:
        s3.get_object_torrent(Bucket=bucket, Key="key")

    assert refusal(refused) == ("NotImplemented", 501)


def test_archived_object_is_restored(kamome: Tenant, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="cold", Body=b"x", StorageClass="GLACIER")
    order = {"Days": 1, "GlacierJobParameters": {"Tier": "Expedited"}}

    ordered = s3.restore_object(Bucket=bucket, Key="cold", RestoreRequest=order)
    assert ordered["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert s3.head_object(Bucket=bucket, Key="cold")["Restore"] == 'ongoing-request="true"'
    kamome.advance(300)

    assert s3.get_object(Bucket=bucket, Key="cold")["Body"].read() == b"x"
    again = s3.restore_object(Bucket=bucket, Key="cold", RestoreRequest={"Days": 2})
    assert again["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_presigned_urls_work_with_any_http_client(s3: Any, bucket: str) -> None:
    where = {"Bucket": bucket, "Key": "a b/ä.txt"}
    put_url = s3.generate_presigned_url("put_object", Params=where)
    get_url = s3.generate_presigned_url(
        "get_object", Params={**where, "ResponseContentType": "text/plain"}
    )

    with urlopen(Request(put_url, data=b"shared", method="PUT")) as answer:
        assert answer.status == 200
    with urlopen(get_url) as answer:
        assert answer.read() == b"shared"
        assert answer.headers["content-type"] == "text/plain"


@pytest.mark.parametrize("version", ["s3v4", "s3"], ids=["version 4", "version 2"])
def test_presigned_urls_expire_also_where_signatures_are_not_enforced(
    kamome: Tenant, bucket: str, version: str
) -> None:
    client = kamome.client("s3", signature_version=version)
    client.put_object(Bucket=bucket, Key="key", Body=b"x")
    where = {"Bucket": bucket, "Key": "key"}
    lasting = client.generate_presigned_url("get_object", Params=where, ExpiresIn=60)
    past = datetime.now(UTC) - timedelta(minutes=2)
    with (
        patch("botocore.auth.get_current_datetime", lambda: past.replace(tzinfo=None)),
        patch("botocore.crt.auth.get_current_datetime", lambda **_: past),
        patch("botocore.auth.time.time", past.timestamp),
    ):
        expired = client.generate_presigned_url("get_object", Params=where, ExpiresIn=60)

    with urlopen(lasting) as answer:
        assert answer.read() == b"x"
    with pytest.raises(HTTPError) as refused:
        urlopen(expired)
    with refused.value as error:
        assert error.code == 403
        assert b"<Message>Request has expired</Message>" in error.read()


def test_listing_pages_with_a_paginator(s3: Any, bucket: str) -> None:
    keys = [f"in/{number:02}" for number in range(12)] + ["in/\x01 &<é", "out/1"]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    paginator = s3.get_paginator("list_objects_v2")

    found = [
        row["Key"]
        for page in paginator.paginate(
            Bucket=bucket, Prefix="in/", PaginationConfig={"PageSize": 5}
        )
        for row in page["Contents"]
    ]

    assert found == sorted(key for key in keys if key.startswith("in/"))
    rolled_up = s3.list_objects_v2(Bucket=bucket, Delimiter="/")
    assert rolled_up["CommonPrefixes"] == [{"Prefix": "in/"}, {"Prefix": "out/"}]
    assert "Contents" not in rolled_up


@pytest.fixture
def events(kamome: Tenant, s3: Any, bucket: str) -> Iterator[tuple[Any, str]]:
    """A queue that is told of mails put into the bucket, its test event received."""
    sqs = kamome.client("sqs")
    url = sqs.create_queue(QueueName="events")["QueueUrl"]
    arn = f"arn:aws:sqs:eu-west-1:{kamome.account}:events"
    rules = [
        {"Name": "prefix", "Value": "in/"},
        {"Name": "Suffix", "Value": ".eml"},
    ]  # in either case
    s3.put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration={
            "QueueConfigurations": [
                {
                    "Id": "mails",
                    "QueueArn": arn,
                    "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"],
                    "Filter": {"Key": {"FilterRules": rules}},
                }
            ]
        },
    )
    yield sqs, url
    sqs.delete_queue(QueueUrl=url)


def received(sqs: Any, url: str) -> list[dict[str, Any]]:
    answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
    for message in answer.get("Messages", ()):
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return [json.loads(message["Body"]) for message in answer.get("Messages", ())]


def test_queue_is_told_of_what_its_filter_matches(
    kamome: Tenant, s3: Any, bucket: str, events: tuple[Any, str]
) -> None:
    [test_event] = received(*events)
    s3.put_object(Bucket=bucket, Key="in/a b.eml", Body=b"mail")
    s3.put_object(Bucket=bucket, Key="in/a.txt", Body=b"no mail")
    kamome.advance(0)

    [told] = received(*events)

    assert test_event["Event"] == "s3:TestEvent"
    [record] = told["Records"]
    assert record["eventName"] == "ObjectCreated:Put"
    assert record["s3"]["configurationId"] == "mails"
    assert record["s3"]["object"]["key"] == "in/a+b.eml"
    assert record["s3"]["object"]["size"] == 4


def test_configuration_is_given_back(s3: Any, bucket: str, events: tuple[Any, str]) -> None:
    kept = s3.get_bucket_notification_configuration(Bucket=bucket)

    [configuration] = kept["QueueConfigurations"]
    assert configuration["Id"] == "mails"
    assert configuration["Filter"]["Key"]["FilterRules"][0] == {"Name": "Prefix", "Value": "in/"}


def test_missing_queue_is_refused(kamome: Tenant, s3: Any, bucket: str) -> None:
    arn = f"arn:aws:sqs:eu-west-1:{kamome.account}:nowhere"
    configuration = {"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}

    with pytest.raises(ClientError) as refused:
        s3.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [configuration]}
        )

    assert refusal(refused) == ("InvalidArgument", 400)
    error = refused.value.response["Error"]
    assert error["ArgumentValue1"] == "The destination queue does not exist"


@pytest.mark.parametrize(
    "key",
    [
        "dir/",
        "a//b",
        "/begins-with-a-slash",
        "a/../b",
        "..",
        "./x",
        "%41",
        "a+b c",
        "what?#now&=",
        "tab\tline\nnul\0",
        "é\u0301",
        pytest.param("🐦" * 256, id="1024-bytes"),
    ],
    ids=ascii,
)
def test_odd_key_is_kept_to_the_letter(s3: Any, bucket: str, key: str) -> None:
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())

    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    assert [row["Key"] for row in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [key]
    s3.delete_object(Bucket=bucket, Key=key)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_object_survives_only_as_a_whole(kamome: Tenant, s3: Any, bucket: str) -> None:
    """A client that hangs up in the middle of its body leaves what was there before."""
    s3.put_object(Bucket=bucket, Key="key", Body=b"old")
    address = urlsplit(kamome.endpoint)
    url = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "key"})
    connection = http.client.HTTPConnection(str(address.hostname), address.port)
    connection.putrequest("PUT", url.removeprefix(kamome.endpoint))
    connection.putheader("content-length", "5000000")
    connection.endheaders(patterned(1_000_000))
    connection.close()

    assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"old"
