"""Which service and operation a request means, by whatever names it, through the running server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from tests.http.raw_client import Answer, RawClient

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Tenant

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_SNS_VERSION = "2010-03-31"


@pytest.fixture
def client(kamome: Tenant) -> Iterator[RawClient]:
    with RawClient(kamome.endpoint) as connected:
        yield connected


def authorization(kamome: Tenant, service: str, region: str = "eu-west-1") -> dict[str, str]:
    """The header of a signed call, where nothing is verified."""
    scope = f"{kamome.account}/20250101/{region}/{service}/aws4_request"
    value = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature={'0' * 64}"
    return {"Authorization": value}


def code_of(answer: Answer) -> str:
    """The error code, in whichever form it came."""
    if "json" in answer.headers["content-type"]:
        return str(json.loads(answer.body)["__type"]).rpartition("#")[2]
    for element in ElementTree.fromstring(answer.body).iter():
        if element.tag.rpartition("}")[2] == "Code":
            return element.text or ""
    raise AssertionError(answer.body)


# --- what names the service -----------------------------------------------------------------------


def test_target_header_names_service_and_operation(client: RawClient) -> None:
    headers = {"X-Amz-Target": "AmazonSQS.GetQueueUrl"}

    answer = client.request("POST", "/", headers, b'{"QueueName": "nowhere"}')

    assert code_of(answer) == "QueueDoesNotExist"


@pytest.mark.parametrize(
    ("host", "root"),
    [
        ("sns.eu-west-1.amazonaws.com", "ListTopicsResponse"),
        ("sns.localhost.localstack.cloud:4566", "ListTopicsResponse"),
        ("SNS.localhost:4566", "ListTopicsResponse"),
        ("localhost:4566", "ListTopicsResponse"),
    ],
)
def test_unsigned_query_call_is_known_by_its_version(
    client: RawClient, host: str, root: str
) -> None:
    form = f"Action=ListTopics&Version={_SNS_VERSION}".encode()

    answer = client.request("POST", "/", {"Host": host, **_FORM}, form)

    assert (
        ElementTree.fromstring(answer.body).tag
        == f"{{http://sns.amazonaws.com/doc/{_SNS_VERSION}/}}{root}"
    )


def test_unsigned_query_call_by_get_is_known_by_its_action(client: RawClient) -> None:
    answer = client.request("GET", "/?Action=ListTopics")

    assert b"<ListTopicsResponse" in answer.body


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("s3.eu-west-1.amazonaws.com", "ListAllMyBucketsResult"),
        ("s3.localhost", "ListAllMyBucketsResult"),
        ("localhost", "ListAllMyBucketsResult"),
        ("192.0.2.1:4566", "ListAllMyBucketsResult"),
        ("[::1]:4566", "ListAllMyBucketsResult"),
        ("sqs.eu-west-1.amazonaws.com", "ErrorResponse"),
        ("eu-west-1.queue.amazonaws.com", "ErrorResponse"),
        ("email.eu-west-1.amazonaws.com", "ErrorResponse"),
    ],
)
def test_unsigned_call_is_known_by_its_host(client: RawClient, host: str, name: str) -> None:
    answer = client.request("GET", "/", {"Host": host})

    assert ElementTree.fromstring(answer.body).tag.rpartition("}")[2] == name


def test_unsigned_path_of_a_function_is_lambdas(client: RawClient) -> None:
    answer = client.request("GET", "/2015-03-31/functions/nobody")

    assert answer.headers["x-amzn-errortype"] == "ResourceNotFoundException"


def test_scope_of_the_signature_names_service_region_and_account(
    kamome: Tenant, client: RawClient
) -> None:
    body = b"Action=CreateTopic&Name=orders&Version=2010-03-31"
    headers = {**_FORM, **authorization(kamome, "sns", "ap-northeast-1")}

    answer = client.request("POST", "/", headers, body)

    assert f"arn:aws:sns:ap-northeast-1:{kamome.account}:orders" in answer.text


@pytest.mark.parametrize(
    "key", ["AKIAIOSFODNN7EXAMPLE", "12345678901", "1234567890123", "\xb2" * 12]
)
def test_access_key_that_is_no_account_means_the_default_account(
    client: RawClient, key: str
) -> None:
    scope = f"{key}/20250101/eu-west-1/sts/aws4_request"
    value = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature={'0' * 64}"
    body = b"Action=GetCallerIdentity&Version=2011-06-15"

    answer = client.request("POST", "/", {**_FORM, "Authorization": value}, body)

    assert "<Account>000000000000</Account>" in answer.text


def test_call_to_a_queue_url_is_for_that_queue(kamome: Tenant, client: RawClient) -> None:
    url = kamome.client("sqs").create_queue(QueueName="orders")["QueueUrl"]
    path = urlsplit(url).path

    signed = authorization(kamome, "sqs")

    sent = client.request("GET", f"{path}?Action=SendMessage&MessageBody=hello", signed)
    received = client.request("POST", path, {**_FORM, **signed}, b"Action=ReceiveMessage")

    assert sent.status == 200
    assert "<Body>hello</Body>" in received.text


# --- buckets in the host --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "bucket"),
    [
        ("photos-of-cats.s3.localhost:4566", "photos-of-cats"),
        ("photos.of.cats.s3.localhost.localstack.cloud:4566", "photos.of.cats"),
        ("photos-of-cats.s3.eu-west-1.localhost:4566", "photos-of-cats"),
        ("photos-of-cats.s3.amazonaws.com", "photos-of-cats"),
        ("photos-of-cats.s3.dualstack.eu-west-1.amazonaws.com", "photos-of-cats"),
        ("photos-of-cats.s3-eu-west-1.amazonaws.com", "photos-of-cats"),
        ("photos.s3.cats.s3.amazonaws.com", "photos.s3.cats"),
        ("photos-of-cats.localhost:4566", "photos-of-cats"),
        ("Photos-Of-Cats.S3.Localhost", "photos-of-cats"),
    ],
)
def test_bucket_in_the_host_is_found(client: RawClient, host: str, bucket: str) -> None:
    answer = client.request("GET", "/a/key", {"Host": host})

    assert code_of(answer) == "NoSuchBucket"
    assert f"<BucketName>{bucket}</BucketName>" in answer.text


@pytest.mark.parametrize("host", ["s3.localhost", "s3.eu-west-1.amazonaws.com", "127.0.0.1:4566"])
def test_bucket_in_the_path_is_found(client: RawClient, host: str) -> None:
    answer = client.request("GET", "/photos-of-cats/key", {"Host": host})

    assert "<BucketName>photos-of-cats</BucketName>" in answer.text


def test_object_in_a_bucket_of_the_host_has_the_whole_path_as_key(
    kamome: Tenant, client: RawClient
) -> None:
    bucket = f"b-{kamome.account}"
    s3 = kamome.client("s3")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    headers = {"Host": f"{bucket}.s3.localhost", **authorization(kamome, "s3")}

    put = client.request("PUT", "/_kamome/health", headers, b"hello")

    assert put.status == 200
    assert s3.get_object(Bucket=bucket, Key="_kamome/health")["Body"].read() == b"hello"


# --- what nobody serves ---------------------------------------------------------------------------


def test_call_that_names_nothing_of_a_json_service_runs_no_operation(
    kamome: Tenant, client: RawClient
) -> None:
    headers = authorization(kamome, "dynamodb")

    answer = client.request("POST", "/", headers, b'{"TableName": "orders"}')

    assert (answer.status, code_of(answer)) == (400, "UnknownOperationException")


@pytest.mark.parametrize(
    ("service", "method", "path", "status", "code"),
    [
        ("s3", "PATCH", "/bucket/key", 405, "MethodNotAllowed"),
        ("s3", "OPTIONS", "/bucket", 400, "BadRequest"),
        ("s3", "PROPFIND", "/", 405, "MethodNotAllowed"),
        ("lambda", "PATCH", "/2015-03-31/functions", 404, "UnknownOperationException"),
        ("lambda", "GET", "/2099-01-01/nothing", 404, "UnknownOperationException"),
        ("sqs", "GET", "/", 400, "InvalidAction"),
        ("ses", "GET", "/v3/email/identities", 501, "NotImplemented"),
        ("ses", "GET", "/v2/email/nothing", 404, "UnknownOperationException"),
        ("monitoring", "POST", "/", 501, "NotImplemented"),
    ],
)
def test_path_without_an_operation_is_refused_in_the_words_of_the_service(
    kamome: Tenant, client: RawClient, service: str, method: str, path: str, status: int, code: str
) -> None:
    answer = client.request(method, path, authorization(kamome, service))

    found = answer.headers.get("x-amzn-errortype") or code_of(answer)
    assert (answer.status, found) == (status, code)
    assert answer.headers["x-amzn-requestid"]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v2/email/identities", 200, ""),
        ("PUT", "/v1/email/identities/none.example/dkim/signing", 404, "NotFoundException"),
    ],
)
def test_paths_of_earlier_releases_lead_to_their_operations(
    kamome: Tenant, client: RawClient, method: str, path: str, status: int, code: str
) -> None:
    body = b'{"SigningAttributesOrigin": "AWS_SES"}' if method == "PUT" else b""

    answer = client.request(method, path, authorization(kamome, "ses"), body)

    assert (answer.status, answer.headers.get("x-amzn-errortype", "")) == (status, code)


def test_head_has_no_body_where_it_is_refused(kamome: Tenant, client: RawClient) -> None:
    answer = client.request("HEAD", "/nowhere-at-all/key", authorization(kamome, "s3"))

    assert answer.status == 404
    again = client.request("GET", "/_kamome/health")
    assert again.status == 200


@pytest.mark.parametrize("service", ["sqs", "dynamodb"])
def test_unknown_operation_of_a_json_service_is_refused(
    kamome: Tenant, client: RawClient, service: str
) -> None:
    prefix = {"sqs": "AmazonSQS", "dynamodb": "DynamoDB_20120810"}[service]
    headers = {"X-Amz-Target": f"{prefix}.Fly", **authorization(kamome, service)}

    answer = client.request("POST", "/", headers, b"{}")

    assert code_of(answer) == "UnknownOperationException"
