"""Function URLs and streamed invocations where signatures are enforced."""

from __future__ import annotations

import http.client
import json
import urllib.parse
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from tests.aws.lambda_functions import ECHO, create

from kamome.config import Settings
from kamome.testing.server import ServerThread

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY, SECRET, ACCOUNT, REGION = "AKIAIOSFODNN7EXAMPLE", "the/secret", "222222222222", "eu-west-1"


@pytest.fixture(scope="module")
def server() -> Iterator[ServerThread]:
    keys = f"{KEY}:{SECRET}:{ACCOUNT}"
    with ServerThread(Settings(port=0, smtp_port=0, auth="enforce", keys=keys)) as running:
        yield running


@pytest.fixture(scope="module")
def client(server: ServerThread) -> Any:
    made = boto3.client(
        "lambda",
        endpoint_url=server.endpoint,
        region_name=REGION,
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        config=Config(retries={"total_max_attempts": 1}),
    )
    create(made, ECHO)
    return made


@pytest.fixture(scope="module")
def url(client: Any) -> str:
    made = client.create_function_url_config(FunctionName="f", AuthType="AWS_IAM")
    found: str = made["FunctionUrl"]
    return found


def call(server: ServerThread, url: str, secret: str = "", body: bytes = b"") -> tuple[int, bytes]:
    """Status and body of a POST, signed where there is a secret."""
    target = urllib.parse.urlsplit(url)
    request = AWSRequest("POST", url, data=body, headers={"Content-Type": "text/plain"})
    if secret:
        SigV4Auth(Credentials(KEY, secret), "lambda", REGION).add_auth(request)
    port = urllib.parse.urlsplit(server.endpoint).port
    connection = http.client.HTTPConnection("127.0.0.1", port or 0, timeout=30)
    headers = {**dict(request.headers.items()), "Host": target.netloc}
    connection.request("POST", target.path, body, headers)
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


def test_right_signature_is_the_caller(server: ServerThread, url: str) -> None:
    status, body = call(server, url, SECRET, b"text")

    event = json.loads(body)
    assert (status, event["body"]) == (200, "text")
    assert event["requestContext"]["authorizer"]["iam"]["accountId"] == ACCOUNT


@pytest.mark.parametrize("secret", ["", "another"], ids=["unsigned", "wrong secret"])
def test_others_are_forbidden(server: ServerThread, url: str, secret: str) -> None:
    status, _ = call(server, url, secret)

    assert status == 403


@pytest.mark.parametrize("secret", ["", "another"], ids=["unsigned", "wrong secret"])
def test_streamed_invocation_needs_a_right_signature(
    server: ServerThread, client: Any, secret: str
) -> None:
    path = "/2021-11-15/functions/f/response-streaming-invocations"

    status, _ = call(server, f"{server.endpoint}{path}", secret, b"1")

    assert status == 403
    events = list(client.invoke_with_response_stream(FunctionName="f")["EventStream"])
    assert events[-1] == {"InvokeComplete": {}}
