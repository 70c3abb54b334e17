"""`--auth enforce`: who may call, by boto3 through the running server."""

from __future__ import annotations

import io
import json
import urllib.request
import zipfile
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from unittest.mock import patch
from urllib.error import HTTPError

import boto3
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from tests.http.raw_client import RawClient

from kamome.config import Settings
from kamome.testing.server import ServerThread

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY, SECRET, ACCOUNT = (
    "AKIAIOSFODNN7EXAMPLE",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "222222222222",
)
BUCKET = "enforced-bucket"
FAMILIES = {
    # boto3 shows SQS's errors under the codes that they had in the query protocol.
    "sqs": ("list_queues", "InvalidClientTokenId", "SignatureDoesNotMatch"),
    "dynamodb": ("list_tables", "UnrecognizedClientException", "InvalidSignatureException"),
    "sns": ("list_topics", "InvalidClientTokenId", "SignatureDoesNotMatch"),
    "ses": ("list_identities", "InvalidClientTokenId", "SignatureDoesNotMatch"),
    "sts": ("get_caller_identity", "InvalidClientTokenId", "SignatureDoesNotMatch"),
    "s3": ("list_buckets", "InvalidAccessKeyId", "SignatureDoesNotMatch"),
    "lambda": ("list_functions", "UnrecognizedClientException", "InvalidSignatureException"),
}


class ChunkSigner(S3SigV4Auth):  # type: ignore[misc] # botocore has no types
    """Signs a request whose body comes in signed chunks, and then the chunks.

    AWS: S3 API Reference, Signature Calculations for the Authorization Header: Transferring Payload
    in Multiple Chunks.
    """

    def payload(self, _request: object) -> str:
        return "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"

    def chunked(self, request: AWSRequest, chunks: list[bytes]) -> bytes:
        """The body, each chunk signed over the signature before it."""
        previous = request.headers["Authorization"].rpartition("Signature=")[2]
        body = b""
        for chunk in chunks:
            to_sign = "\n".join(
                [
                    "AWS4-HMAC-SHA256-PAYLOAD",
                    request.context["timestamp"],
                    self.credential_scope(request),
                    previous,
                    sha256(b"").hexdigest(),
                    sha256(chunk).hexdigest(),
                ]
            )
            previous = self.signature(to_sign, request)
            body += b"%x;chunk-signature=%s\r\n%s\r\n" % (len(chunk), previous.encode(), chunk)
        return body


class Enforcing(ServerThread):
    """A server that verifies signatures."""

    def client(self, service: str, key: str = KEY, secret: str = SECRET, **config: object) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name="eu-west-1",
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            config=Config(retries={"total_max_attempts": 1}, **config),
        )


@pytest.fixture(scope="module")
def server() -> Iterator[Enforcing]:
    keys = f"{KEY}:{SECRET}:{ACCOUNT}, AKIAOTHER0000EXAMPLE:other"
    settings = Settings(port=0, smtp_port=0, ephemeral=True, auth="enforce", keys=keys)
    with Enforcing(settings) as running:
        location = {"LocationConstraint": "eu-west-1"}
        s3 = running.client("s3")
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=location)
        yield running


def refused(call: Any, **parameters: object) -> str:
    """The code with which a call is refused."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    code: str = caught.value.response["Error"]["Code"]
    return code


# --- keys -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("service", FAMILIES)
def test_known_key_is_let_in(server: Enforcing, service: str) -> None:
    answer = getattr(server.client(service), FAMILIES[service][0])()

    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


@pytest.mark.parametrize("service", FAMILIES)
def test_unknown_key_is_refused_in_the_words_of_the_service(
    server: Enforcing, service: str
) -> None:
    operation, unknown, _ = FAMILIES[service]

    assert refused(getattr(server.client(service, key="AKIANOBODY"), operation)) == unknown


@pytest.mark.parametrize("service", FAMILIES)
def test_wrong_secret_is_refused_in_the_words_of_the_service(
    server: Enforcing, service: str
) -> None:
    operation, _, mismatch = FAMILIES[service]

    assert refused(getattr(server.client(service, secret="wrong"), operation)) == mismatch


@pytest.mark.parametrize(
    ("path", "headers", "body", "status", "code"),
    [
        pytest.param("/", {}, b"", 403, "AccessDenied", id="s3"),
        pytest.param(
            "/",
            {"X-Amz-Target": "AmazonSQS.ListQueues"},
            b"{}",
            400,
            "MissingAuthenticationTokenException",
            id="JSON",
        ),
        pytest.param(
            "/",
            {"Content-Type": "application/x-www-form-urlencoded"},
            b"Action=ListTopics&Version=2010-03-31",
            403,
            "MissingAuthenticationToken",
            id="query",
        ),
        pytest.param(
            "/2015-03-31/functions",
            {},
            b"",
            403,
            "MissingAuthenticationTokenException",
            id="REST JSON",
        ),
    ],
)
def test_anonymous_call_is_refused_in_each_family(
    server: Enforcing, path: str, headers: dict[str, str], body: bytes, status: int, code: str
) -> None:
    method = "POST" if body else "GET"

    with RawClient(server.endpoint) as client:
        answer = client.request(method, path, headers, body)

    assert answer.status == status
    assert code in answer.text + answer.headers.get("x-amzn-errortype", "")


def test_link_to_unsubscribe_needs_no_signature(server: Enforcing) -> None:
    arn = f"arn:aws:sns:eu-west-1:{ACCOUNT}:orders:00000000-0000-0000-0000-000000000000"

    with RawClient(server.endpoint) as client:
        answer = client.request("GET", f"/?Action=Unsubscribe&SubscriptionArn={arn}")

    assert answer.status == 200


def test_key_tells_the_account(server: Enforcing) -> None:
    own = server.client("sts").get_caller_identity()
    other = server.client("sts", key="AKIAOTHER0000EXAMPLE", secret="other").get_caller_identity()

    assert (own["Account"], other["Account"]) == (ACCOUNT, "000000000000")


def test_account_of_another_is_not_taken_for_a_key(server: Enforcing) -> None:
    call = server.client("sts", key=ACCOUNT, secret="test").get_caller_identity

    assert refused(call) == "InvalidClientTokenId"


def test_session_token_that_nobody_issued_is_refused(server: Enforcing) -> None:
    sqs = boto3.client(
        "sqs",
        endpoint_url=server.endpoint,
        region_name="eu-west-1",
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        aws_session_token="made-up",
    )

    assert refused(sqs.list_queues) == "InvalidClientTokenId"


def test_signature_for_another_service_is_refused(server: Enforcing) -> None:
    dynamodb = server.client("dynamodb")
    dynamodb.meta.events.register("choose-signer", lambda **_: "v4", unique_id="keep-the-signer")
    dynamodb.meta.events.register(
        "before-sign", lambda request, **_: request.context.update(signing={"signing_name": "sqs"})
    )

    assert refused(dynamodb.list_tables) == "InvalidSignatureException"


def test_admin_api_needs_no_signature(server: Enforcing) -> None:
    with RawClient(server.endpoint) as client:
        assert client.request("GET", "/_kamome/health").status == 200


# --- time -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("dynamodb", "list_tables", "InvalidSignatureException"),
        ("sns", "list_topics", "SignatureDoesNotMatch"),
        ("s3", "list_buckets", "RequestTimeTooSkewed"),
    ],
)
def test_call_signed_too_long_ago_is_refused(
    server: Enforcing, service: str, operation: str, code: str
) -> None:
    with _signing_at(-timedelta(minutes=16)):
        assert refused(getattr(server.client(service), operation)) == code


def test_call_may_be_signed_by_the_machines_time_or_by_the_servers() -> None:
    keys = f"{KEY}:{SECRET}"
    settings = Settings(port=0, smtp_port=0, ephemeral=True, auth="enforce", keys=keys)
    with Enforcing(settings) as server:
        server.advance(seconds=86_400)

        server.client("sqs").list_queues()
        with _signing_at(timedelta(days=1)):
            server.client("sqs").list_queues()
        with _signing_at(timedelta(hours=12)):
            assert refused(server.client("sqs").list_queues) == "SignatureDoesNotMatch"


@contextmanager
def _signing_at(offset: timedelta) -> Iterator[None]:
    """botocore signs as if it were then, by each of its two signers."""
    moment = datetime.now(UTC) + offset
    with (
        patch("botocore.auth.get_current_datetime", lambda: moment.replace(tzinfo=None)),
        patch("botocore.crt.auth.get_current_datetime", lambda **_: moment),
    ):
        yield


# --- presigned ------------------------------------------------------------------------------------


@pytest.fixture
def s3(server: Enforcing) -> Any:
    client = server.client("s3", signature_version="s3v4")
    client.put_object(Bucket=BUCKET, Key="key", Body=b"hello")
    return client


def fetch(url: str, method: str = "GET", body: bytes | None = None) -> tuple[int, bytes]:
    """Status and body of what is at a URL."""
    request = urllib.request.Request(url, data=body, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read()
    except HTTPError as error:
        with error:
            return error.code, error.read()


def presigned(s3: Any, method: str = "get_object", **parameters: object) -> str:
    """A URL that lets its holder read, or write, one object for a minute."""
    named = {"Bucket": BUCKET, "Key": "key", **parameters}
    url: str = s3.generate_presigned_url(method, Params=named, ExpiresIn=60)
    return url


def test_presigned_url_reads_an_object(s3: Any) -> None:
    assert fetch(presigned(s3)) == (200, b"hello")


def test_presigned_url_of_version_2_reads_an_object(server: Enforcing, s3: Any) -> None:
    old = server.client("s3", signature_version="s3")

    assert fetch(presigned(old)) == (200, b"hello")


def test_presigned_url_writes_an_object(s3: Any) -> None:
    url = presigned(s3, "put_object", Key="written")

    assert fetch(url, "PUT", b"by a browser")[0] == 200
    assert s3.get_object(Bucket=BUCKET, Key="written")["Body"].read() == b"by a browser"


def test_presigned_url_that_was_changed_is_refused(s3: Any) -> None:
    status, body = fetch(presigned(s3).replace("/key?", "/other?"))

    assert (status, b"<Code>SignatureDoesNotMatch</Code>" in body) == (403, True)


def test_presigned_url_is_for_its_method_only(s3: Any) -> None:
    status, _ = fetch(presigned(s3), "DELETE")

    assert status == 403
    assert s3.head_object(Bucket=BUCKET, Key="key")["ContentLength"] == 5


def test_presigned_url_expires(s3: Any) -> None:
    with _signing_at(-timedelta(minutes=2)):
        url = presigned(s3)

    status, body = fetch(url)

    assert status == 403
    assert b"<Message>Request has expired</Message>" in body


# --- bodies that stream ---------------------------------------------------------------------------


def test_object_is_written_with_the_digest_of_its_body(server: Enforcing) -> None:
    """The signature is checked before the body comes: what is hashed later must not be missed."""
    s3 = server.client(
        "s3", s3={"payload_signing_enabled": True}, request_checksum_calculation="when_required"
    )

    s3.put_object(Bucket=BUCKET, Key="digested", Body=b"x" * 200_000)

    assert s3.head_object(Bucket=BUCKET, Key="digested")["ContentLength"] == 200_000


def test_object_whose_body_is_not_the_one_that_was_signed_is_not_kept(server: Enforcing) -> None:
    s3 = server.client(
        "s3", s3={"payload_signing_enabled": True}, request_checksum_calculation="when_required"
    )

    def change(request: Any, **_: object) -> None:
        request.body = b"changed on the way"

    s3.meta.events.register("before-send.s3.PutObject", change)
    code = refused(s3.put_object, Bucket=BUCKET, Key="changed", Body=b"signed by the cli!")

    assert code == "XAmzContentSHA256Mismatch"
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET, Prefix="changed")


def test_object_is_written_in_chunks_with_a_trailing_checksum(server: Enforcing) -> None:
    s3 = server.client("s3")

    s3.put_object(Bucket=BUCKET, Key="trailed", Body=io.BytesIO(b"x" * 100_000))

    head = s3.head_object(Bucket=BUCKET, Key="trailed", ChecksumMode="ENABLED")
    assert (head["ContentLength"], len(head["ChecksumCRC32"])) == (100_000, 8)


def test_object_is_written_in_signed_chunks(server: Enforcing) -> None:
    status, body = _send_signed_chunks(server, lambda sent: sent)

    assert status == 200, body


def test_object_with_a_chunk_that_was_changed_is_not_kept(server: Enforcing) -> None:
    status, body = _send_signed_chunks(server, lambda sent: sent.replace(b"xxxx", b"xxyx", 1))

    assert (status, b"SignatureDoesNotMatch" in body) == (403, True)


def _send_signed_chunks(server: Enforcing, change: Any) -> tuple[int, bytes]:
    """PUT by `STREAMING-AWS4-HMAC-SHA256-PAYLOAD`, made by our own hands from the documentation."""
    url = f"{server.endpoint}/{BUCKET}/chunked"
    content = b"x" * 9000
    chunks = [content[:8192], content[8192:], b""]
    request = AWSRequest(
        "PUT",
        url,
        {
            "Content-Encoding": "aws-chunked",
            "X-Amz-Decoded-Content-Length": str(len(content)),
            "X-Amz-Content-Sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        },
    )
    signer = ChunkSigner(Credentials(KEY, SECRET), "s3", "eu-west-1")
    signer.add_auth(request)
    body = change(signer.chunked(request, chunks))
    headers = dict(request.headers.items())
    made = urllib.request.Request(url, data=body, headers=headers, method="PUT")
    try:
        with urllib.request.urlopen(made, timeout=20) as answer:
            return answer.status, answer.read()
    except HTTPError as error:
        with error:
            return error.code, error.read()


# --- functions ------------------------------------------------------------------------------------


def test_function_calls_with_credentials_that_work(server: Enforcing) -> None:
    client = server.client("lambda")
    source = (
        "import boto3\n"
        "def handler(event, context):\n"
        "    return boto3.client('sts').get_caller_identity()['Account']\n"
    )
    client.create_function(
        FunctionName="who",
        Runtime="python3.11",
        Role=f"arn:aws:iam::{ACCOUNT}:role/r",
        Handler="app.handler",
        Code={"ZipFile": _package(source)},
    )
    client.get_waiter("function_active_v2").wait(FunctionName="who")

    answer = client.invoke(FunctionName="who")

    assert "FunctionError" not in answer
    assert json.loads(answer["Payload"].read()) == ACCOUNT


def _package(source: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as zipped:
        zipped.writestr("app.py", source)
    return file.getvalue()
