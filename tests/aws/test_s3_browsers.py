"""S3 as browsers meet it: preflights, forms with files, websites; and the log of all requests."""

from __future__ import annotations

import base64
import http.client
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.config import Config

from kamome.config import Settings
from kamome.testing.server import ServerThread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Tenant

REGION = {"LocationConstraint": "eu-west-1"}


class Answer:
    """What came back of a plain HTTP request."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    @property
    def code(self) -> str:
        found = re.search(rb"<Code>(\w+)</Code>|Code: (\w+)", self.body)
        return (found[1] or found[2]).decode() if found else ""


def ask(
    endpoint: str,
    method: str,
    path: str,
    headers: dict[str, str] | None = None,
    body: bytes | None = None,
) -> Answer:
    address = urlsplit(endpoint)
    connection = http.client.HTTPConnection(str(address.hostname), address.port)
    connection.request(method, path, body, headers or {})
    answer = Answer(connection.getresponse())
    connection.close()
    return answer


def form(
    fields: dict[str, str], content: bytes, *, name: str = "cat.png", behind: bytes = b""
) -> tuple[dict[str, str], bytes]:
    """Headers and body of a form as a browser sends it."""
    parts = [
        f'--limit\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'.encode()
        for field, value in fields.items()
    ]
    parts.append(
        f'--limit\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        f"Content-Type: image/png\r\n\r\n".encode()
    )
    parts += [content, b"\r\n", behind, b"--limit--\r\n"]
    return {"Content-Type": "multipart/form-data; boundary=limit"}, b"".join(parts)


@pytest.fixture
def s3(kamome: Tenant) -> Any:
    return kamome.client("s3")


@pytest.fixture
def bucket(kamome: Tenant, s3: Any) -> str:
    name = f"pages-{kamome.account}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration=REGION)
    return name


@pytest.fixture
def shared(s3: Any, bucket: str) -> str:
    """A bucket that pages of one origin may use."""
    rule = {
        "AllowedOrigins": ["https://*.example.com"],
        "AllowedMethods": ["GET", "PUT"],
        "AllowedHeaders": ["x-amz-*", "Content-Type"],
        "ExposeHeaders": ["ETag"],
        "MaxAgeSeconds": 600,
    }
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    return bucket


def preflight(kamome: Tenant, bucket: str, method: str, origin: str, headers: str = "") -> Answer:
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    if headers:
        asked["Access-Control-Request-Headers"] = headers
    return ask(kamome.endpoint, "OPTIONS", f"/{bucket}/key", asked)


def test_preflight_of_an_allowed_origin_is_answered(kamome: Tenant, shared: str) -> None:
    answer = preflight(
        kamome, shared, "PUT", "https://shop.example.com", "X-Amz-Date, content-type"
    )

    assert answer.status == 200
    assert answer.body == b""
    assert answer.headers["access-control-allow-origin"] == "https://shop.example.com"
    assert answer.headers["access-control-allow-methods"] == "GET, PUT"
    assert answer.headers["access-control-allow-headers"] == "x-amz-date, content-type"
    assert answer.headers["access-control-expose-headers"] == "ETag"
    assert answer.headers["access-control-max-age"] == "600"
    assert answer.headers["access-control-allow-credentials"] == "true"


@pytest.mark.parametrize(
    ("method", "origin", "headers"),
    [
        ("DELETE", "https://shop.example.com", ""),
        ("PUT", "https://example.org", ""),
        ("PUT", "https://shop.example.com", "authorization"),
    ],
    ids=["method", "origin", "header"],
)
def test_preflight_is_refused_for_another(
    kamome: Tenant, shared: str, method: str, origin: str, headers: str
) -> None:
    answer = preflight(kamome, shared, method, origin, headers)

    assert (answer.status, answer.code) == (403, "AccessForbidden")
    assert "access-control-allow-origin" not in answer.headers


def test_preflight_needs_a_configuration_an_origin_and_a_method(
    kamome: Tenant, bucket: str
) -> None:
    unconfigured = preflight(kamome, bucket, "GET", "https://shop.example.com")
    without_origin = ask(kamome.endpoint, "OPTIONS", f"/{bucket}/key")
    bad_method = preflight(kamome, bucket, "PATCH", "https://shop.example.com")

    assert (unconfigured.status, unconfigured.code) == (403, "AccessForbidden")
    assert b"CORS is not enabled for this bucket" in unconfigured.body
    assert (without_origin.status, without_origin.code) == (400, "BadRequest")
    assert (bad_method.status, bad_method.code) == (400, "BadRequest")


def test_answers_tell_browsers_who_may_read_them(kamome: Tenant, s3: Any, shared: str) -> None:
    s3.put_object(Bucket=shared, Key="key", Body=b"body")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": shared, "Key": "key"})
    path = url.removeprefix(kamome.endpoint)

    allowed = ask(kamome.endpoint, "GET", path, {"Origin": "https://shop.example.com"})
    other = ask(kamome.endpoint, "GET", path, {"Origin": "https://example.org"})
    missing = ask(
        kamome.endpoint, "GET", path.replace("/key", "/none"), {"Origin": "https://a.example.com"}
    )

    assert allowed.body == other.body == b"body"
    assert allowed.headers["access-control-allow-origin"] == "https://shop.example.com"
    assert "access-control-allow-origin" not in other.headers
    assert (missing.status, missing.code) == (404, "NoSuchKey")
    assert missing.headers["access-control-allow-origin"] == "https://a.example.com"


# ---------------------------------------------------------------------------------- forms


@pytest.fixture(scope="module")
def strict() -> Iterator[ServerThread]:
    """A server that verifies signatures."""
    settings = Settings(
        port=0, smtp_port=0, ephemeral=True, auth="enforce", keys="AKIDEXAMPLE:secret:111111111111"
    )
    with ServerThread(settings) as running:
        yield running


def strict_client(strict: ServerThread, version: str = "s3v4") -> Any:
    return boto3.client(
        "s3",
        endpoint_url=strict.endpoint,
        region_name="us-east-1",
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="secret",
        config=Config(signature_version=version, s3={"addressing_style": "path"}),
    )


@pytest.mark.parametrize("version", ["s3v4", "s3"], ids=["version 4", "version 2"])
@pytest.mark.parametrize("size", [0, 12, 700_001], ids=str)
def test_browser_uploads_with_a_signed_form(strict: ServerThread, version: str, size: int) -> None:
    s3 = strict_client(strict, version)
    s3.create_bucket(Bucket="forms")
    content = (b"\r\n--limi" + bytes(range(256))) * (size // 264 + 1)
    post = s3.generate_presigned_post(
        "forms",
        "user/${filename}",
        Fields={"Content-Type": "image/png", "x-amz-meta-tenant": "ne-001"},
        Conditions=[
            ["starts-with", "$Content-Type", "image/"],
            {"x-amz-meta-tenant": "ne-001"},
            ["content-length-range", 0, 1_000_000],
        ],
    )
    headers, body = form(post["fields"], content[:size], behind=b"--limit\r\nContent-Di")

    answer = ask(strict.endpoint, "POST", "/forms", headers, body)

    assert (answer.status, answer.body) == (204, b"")
    got = s3.get_object(Bucket="forms", Key="user/cat.png")
    assert got["Body"].read() == content[:size]
    assert answer.headers["etag"] == got["ETag"]
    assert got["ContentType"] == "image/png"
    assert got["Metadata"] == {"tenant": "ne-001"}


def signed_form(strict: ServerThread, conditions: list[Any], **fields: str) -> dict[str, str]:
    s3 = strict_client(strict)
    s3.create_bucket(Bucket="forms")
    post = s3.generate_presigned_post(
        "forms", fields.pop("key", "key"), Fields=fields, Conditions=conditions
    )
    found: dict[str, str] = post["fields"]
    return found


@pytest.mark.parametrize(
    ("conditions", "changes", "code", "status"),
    [
        ([], {"key": "another"}, "AccessDenied", 403),
        ([], {"x-amz-meta-more": "1"}, "AccessDenied", 403),
        ([["content-length-range", 1, 5]], {}, "EntityTooLarge", 400),
        ([["content-length-range", 50, 60]], {}, "EntityTooSmall", 400),
        ([], {"x-amz-signature": "0" * 64}, "SignatureDoesNotMatch", 403),
        ([], {"policy": base64.b64encode(b"{}").decode()}, "SignatureDoesNotMatch", 403),
    ],
    ids=["condition", "extra field", "too large", "too small", "signature", "policy"],
)
def test_form_outside_its_policy_stores_nothing(
    strict: ServerThread, conditions: list[Any], changes: dict[str, str], code: str, status: int
) -> None:
    fields = {**signed_form(strict, conditions), **changes}
    s3 = strict_client(strict)
    for key in ("key", "another"):
        s3.delete_object(Bucket="forms", Key=key)

    answer = ask(strict.endpoint, "POST", "/forms", *form(fields, b"0123456789"))

    assert (answer.status, answer.code) == (status, code)
    assert "Contents" not in s3.list_objects_v2(Bucket="forms", Prefix="key")


def test_form_expires(strict: ServerThread) -> None:
    s3 = strict_client(strict)
    s3.create_bucket(Bucket="forms")
    post = s3.generate_presigned_post("forms", "late", ExpiresIn=-1)

    answer = ask(strict.endpoint, "POST", "/forms", *form(post["fields"], b"x"))

    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert b"Policy expired" in answer.body


def test_unsigned_form_is_refused_where_signatures_are_enforced(strict: ServerThread) -> None:
    strict_client(strict).create_bucket(Bucket="forms")

    answer = ask(strict.endpoint, "POST", "/forms", *form({"key": "key"}, b"x"))

    assert (answer.status, answer.code) == (403, "AccessDenied")


def own_form(kamome: Tenant, bucket: str, **fields: str) -> dict[str, str]:
    post = kamome.client("s3").generate_presigned_post(
        bucket, "a b.png", Fields=fields, Conditions=[{name: fields[name]} for name in fields]
    )
    found: dict[str, str] = post["fields"]
    return found


def test_form_chooses_its_answer(kamome: Tenant, bucket: str) -> None:
    created = own_form(kamome, bucket, success_action_status="201")
    sent_on = own_form(kamome, bucket, success_action_redirect="https://example.com/done?a=1")

    document = ask(kamome.endpoint, "POST", f"/{bucket}", *form(created, b"x"))
    redirect = ask(kamome.endpoint, "POST", f"/{bucket}", *form(sent_on, b"x"))

    assert document.status == 201
    assert b"<Key>a b.png</Key>" in document.body
    assert document.headers["location"].endswith(f"/{bucket}/a%20b.png")
    assert redirect.status == 303
    told = parse_qs(urlsplit(redirect.headers["location"]).query)
    assert told["bucket"] == [bucket]
    assert told["key"] == ["a b.png"]
    assert told["etag"] == [document.headers["etag"]]
    assert told["a"] == ["1"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"no form at all", "MalformedPOSTRequest"),
        (b"--limit--\r\n", "IncorrectNumberOfFilesInPostRequest"),
        (form({"key": "k", "x": "y" * 30_000}, b"")[1], "MaxPostPreDataLengthExceededError"),
        (form({"other": "k"}, b"abc")[1], "InvalidArgument"),
    ],
    ids=["no form", "no file", "long fields", "no key"],
)
def test_broken_form_is_refused(kamome: Tenant, bucket: str, body: bytes, code: str) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=limit"}

    answer = ask(kamome.endpoint, "POST", f"/{bucket}", headers, body)

    assert (answer.status, answer.code) == (400, code)


def test_file_that_breaks_off_is_not_stored(kamome: Tenant, s3: Any, bucket: str) -> None:
    headers, body = form(own_form(kamome, bucket), b"abc")

    answer = ask(kamome.endpoint, "POST", f"/{bucket}", headers, body[:-14])

    assert (answer.status, answer.code) == (400, "MalformedPOSTRequest")
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_form_tells_an_event_of_its_own(kamome: Tenant, s3: Any, bucket: str) -> None:
    sqs = kamome.client("sqs")
    url = sqs.create_queue(QueueName="events")["QueueUrl"]
    arn = f"arn:aws:sqs:{kamome.region}:{kamome.account}:events"
    s3.put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration={
            "QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:Post"]}]
        },
    )
    sqs.purge_queue(QueueUrl=url)

    ask(kamome.endpoint, "POST", f"/{bucket}", *form(own_form(kamome, bucket), b"x"))

    message = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"][0]
    assert json.loads(message["Body"])["Records"][0]["eventName"] == "ObjectCreated:Post"


# ---------------------------------------------------------------------------------- websites


@pytest.fixture
def site(kamome: Tenant, s3: Any, bucket: str) -> str:
    """The host of a website with an index, an error page and routing rules."""
    s3.put_bucket_website(
        Bucket=bucket,
        WebsiteConfiguration={
            "IndexDocument": {"Suffix": "index.html"},
            "ErrorDocument": {"Key": "error.html"},
            "RoutingRules": [
                {
                    "Condition": {"KeyPrefixEquals": "docs/"},
                    "Redirect": {"ReplaceKeyPrefixWith": "documents/"},
                },
                {
                    "Condition": {
                        "HttpErrorCodeReturnedEquals": "404",
                        "KeyPrefixEquals": "reports/",
                    },
                    "Redirect": {
                        "HostName": "reports.example.com",
                        "Protocol": "https",
                        "HttpRedirectCode": "302",
                    },
                },
            ],
        },
    )
    for key, body in (("index.html", "home"), ("error.html", "lost"), ("a/index.html", "a")):
        s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="text/html")
    return f"{bucket}.s3-website.localhost"


def page(kamome: Tenant, host: str, path: str, method: str = "GET", **headers: str) -> Answer:
    return ask(kamome.endpoint, method, path, {"Host": host, **headers})


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/", 200, b"home"),
        ("/a/", 200, b"a"),
        ("/a/index.html", 200, b"a"),
        ("/none", 404, b"lost"),
        ("/none/", 404, b"lost"),
    ],
)
def test_website_shows_its_pages(
    kamome: Tenant, site: str, path: str, status: int, body: bytes
) -> None:
    answer = page(kamome, site, path)

    assert (answer.status, answer.body) == (status, body)
    assert answer.headers["content-type"] == "text/html"


@pytest.mark.parametrize(
    ("path", "status", "location"),
    [
        ("/a", 302, "/a/"),
        ("/docs/x%20y", 301, "http://{host}/documents/x%20y"),
        ("/reports/2026", 302, "https://reports.example.com/reports/2026"),
    ],
    ids=["folder", "prefix", "error"],
)
def test_website_redirects(
    kamome: Tenant, site: str, path: str, status: int, location: str
) -> None:
    answer = page(kamome, site, path)

    assert (answer.status, answer.headers["location"]) == (status, location.format(host=site))


@pytest.mark.parametrize(
    "form_of_host",
    [
        "{}.s3-website-eu-west-1.amazonaws.com",
        "{}.s3-website.eu-west-1.amazonaws.com",
        "{}.s3-website.localhost.localstack.cloud:4566",
        "{}.s3-website.localhost:4566",
    ],
)
def test_website_has_every_form_of_host(kamome: Tenant, site: str, form_of_host: str) -> None:
    bucket = site.partition(".")[0]

    assert page(kamome, form_of_host.format(bucket), "/").body == b"home"


def test_website_answers_conditions_and_heads(kamome: Tenant, site: str) -> None:
    etag = page(kamome, site, "/").headers["etag"]

    unchanged = page(kamome, site, "/", **{"If-None-Match": etag})
    head = page(kamome, site, "/", "HEAD")
    ranged = page(kamome, site, "/", Range="bytes=1-2")

    assert (unchanged.status, unchanged.body) == (304, b"")
    assert (head.status, head.headers["content-length"], head.body) == (200, "4", b"")
    assert (ranged.status, ranged.body) == (206, b"om")


def test_object_redirects_its_own_page(kamome: Tenant, s3: Any, site: str) -> None:
    s3.put_object(Bucket=site.partition(".")[0], Key="old", WebsiteRedirectLocation="/new page?a=1")

    answer = page(kamome, site, "/old")

    assert (answer.status, answer.headers["location"]) == (301, "/new%20page?a=1")


def test_whole_website_moves(kamome: Tenant, s3: Any, bucket: str) -> None:
    s3.put_bucket_website(
        Bucket=bucket,
        WebsiteConfiguration={
            "RedirectAllRequestsTo": {"HostName": "example.com", "Protocol": "https"}
        },
    )

    answer = page(kamome, f"{bucket}.s3-website.localhost", "/a/b")

    assert (answer.status, answer.headers["location"]) == (301, "https://example.com/a/b")


def test_what_is_no_website_is_told_in_html(kamome: Tenant, site: str, bucket: str) -> None:
    missing = page(kamome, "nobody-has-this.s3-website.localhost", "/<script>")
    posted = page(kamome, site, "/", "DELETE")
    page_of_api = ask(kamome.endpoint, "GET", f"/{bucket}/none")

    assert (missing.status, missing.code) == (404, "NoSuchBucket")
    assert missing.headers["content-type"].startswith("text/html")
    assert (posted.status, posted.code) == (405, "MethodNotAllowed")
    assert page_of_api.headers["content-type"] == "application/xml"


def test_website_is_closed_until_its_policy_opens_it(strict: ServerThread) -> None:
    s3 = strict_client(strict)
    s3.create_bucket(Bucket="site")
    s3.delete_public_access_block(Bucket="site")
    s3.put_object(Bucket="site", Key="index.html", Body=b"home")
    s3.put_bucket_website(
        Bucket="site", WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}}
    )
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::site/*",
    }
    limited = {**statement, "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}
    found = []
    for statements in ([], [limited], [statement], [statement, {**statement, "Effect": "Deny"}]):
        if statements:
            policy = {"Version": "2012-10-17", "Statement": statements}
            s3.put_bucket_policy(Bucket="site", Policy=json.dumps(policy))
        answer = ask(strict.endpoint, "GET", "/", {"Host": "site.s3-website.localhost"})
        found.append(answer.status)

    assert found == [403, 403, 200, 403]


# ---------------------------------------------------------------------------------- logs


def test_requests_are_logged_into_the_target_bucket(kamome: Tenant, s3: Any, bucket: str) -> None:
    logs = f"logs-{kamome.account}"
    s3.create_bucket(Bucket=logs, CreateBucketConfiguration=REGION)
    s3.put_bucket_logging(
        Bucket=bucket,
        BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": logs, "TargetPrefix": "access/"}},
    )
    s3.put_object(Bucket=bucket, Key="a b", Body=b"12345")
    s3.get_object(Bucket=bucket, Key="a b")["Body"].read()
    ask(kamome.endpoint, "GET", f'/{bucket}/no"ne?versionId=null', {"User-Agent": 'x" y'})
    assert "Contents" not in s3.list_objects_v2(Bucket=logs)

    kamome.advance(301)

    (listed,) = s3.list_objects_v2(Bucket=logs)["Contents"]
    assert re.fullmatch(r"access/\d{4}-\d\d-\d\d-\d\d-\d\d-\d\d-[0-9A-F]{16}", listed["Key"])
    text = s3.get_object(Bucket=logs, Key=listed["Key"])["Body"].read().decode()
    # One field is a time in brackets, some are in quotes.
    lines = [re.findall(r'"[^"]*"|\[[^]]*\]|\S+', line) for line in text.splitlines()]
    assert {len(line) for line in lines} == {27}
    told = [(line[6], line[7], line[9], line[10]) for line in lines]
    assert ("REST.PUT.OBJECT", "a%20b", "200", "-") in told
    assert ("REST.GET.OBJECT", "a%20b", "200", "-") in told
    assert told[-1][0] == "REST.GET.OBJECT"
    (got,) = [line for line in lines if line[6:8] == ["REST.GET.OBJECT", "a%20b"]]
    assert (got[1], got[11], got[12]) == (bucket, "5", "5")
    assert (got[19], got[21]) == ("SigV4", "AuthHeader")
    assert lines[-1][16] == '"x%22 y"'


def test_log_is_partitioned_where_it_is_asked_for(kamome: Tenant, s3: Any, bucket: str) -> None:
    partitioned = {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}}
    s3.put_bucket_logging(
        Bucket=bucket,
        BucketLoggingStatus={
            "LoggingEnabled": {
                "TargetBucket": bucket,
                "TargetPrefix": "log/",
                "TargetObjectKeyFormat": partitioned,
            }
        },
    )
    s3.head_bucket(Bucket=bucket)

    kamome.advance(301)

    key = s3.list_objects_v2(Bucket=bucket)["Contents"][0]["Key"]
    start = f"log/{kamome.account}/eu-west-1/{bucket}/"
    assert re.fullmatch(re.escape(start) + r"\d{4}/\d\d/\d\d/[\d-]{19}-[0-9A-F]{16}", key)
