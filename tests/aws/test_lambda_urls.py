"""Function URLs, called by plain HTTP clients through the whole server."""

from __future__ import annotations

import base64
import http.client
import json
import os
import shutil
import urllib.parse
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from tests.aws.lambda_functions import ECHO, code_of, create, create_node

from kamome.testing.orders import Admin, Faults

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tests.conftest import Tenant

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed")


@pytest.fixture
def client(kamome: Tenant) -> Any:
    return kamome.client("lambda")


class Browser:
    """Calls a function URL by its host; its name leads to the server whatever the resolver says."""

    def __init__(self, kamome: Tenant, url: str) -> None:
        self.url = urllib.parse.urlsplit(url)
        self._kamome = kamome
        self._connection = http.client.HTTPConnection(
            "127.0.0.1", urllib.parse.urlsplit(kamome.endpoint).port or 0, timeout=30
        )

    def call(
        self, target: str = "/", method: str = "GET", body: bytes = b"", **headers: str
    ) -> http.client.HTTPResponse:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request(method, target, body or None, {"Host": self.url.netloc, **sent})
        return self._connection.getresponse()

    def close(self) -> None:
        self._connection.close()

    def signed(self, target: str, account: str) -> http.client.HTTPResponse:
        request = AWSRequest("GET", f"http://{self.url.netloc}{target}")
        credentials = Credentials(account, "test")
        SigV4Auth(credentials, "lambda", self._kamome.region).add_auth(request)
        headers = {name.replace("-", "_"): value for name, value in request.headers.items()}
        return self.call(target, **headers)


def make_public(client: Any) -> None:
    """The two permissions that it takes."""
    client.add_permission(
        FunctionName="f",
        StatementId="url",
        Principal="*",
        Action="lambda:InvokeFunctionUrl",
        FunctionUrlAuthType="NONE",
    )
    client.add_permission(
        FunctionName="f",
        StatementId="invoke",
        Principal="*",
        Action="lambda:InvokeFunction",
        InvokedViaFunctionUrl=True,
    )


Visit: TypeAlias = "Callable[[str], Browser]"


@pytest.fixture
def visit(kamome: Tenant) -> Iterator[Visit]:
    """Makes browsers, and closes what they have left open."""
    browsers: list[Browser] = []

    def visited(url: str) -> Browser:
        browsers.append(Browser(kamome, url))
        return browsers[-1]

    yield visited
    for browser in browsers:
        browser.close()


@pytest.fixture
def browser(client: Any, visit: Visit) -> Browser:
    """The public URL of a function that answers with the event it got."""
    create(client, ECHO)
    made = client.create_function_url_config(FunctionName="f", AuthType="NONE")
    make_public(client)
    return visit(made["FunctionUrl"])


def test_url_is_below_the_host_by_which_the_client_came(client: Any, kamome: Tenant) -> None:
    arn = create(client, ECHO)

    made = client.create_function_url_config(FunctionName="f", AuthType="NONE")
    shown = client.get_function_url_config(FunctionName="f")

    host = urllib.parse.urlsplit(made["FunctionUrl"]).hostname or ""
    assert host.endswith(f".lambda-url.{kamome.region}.localhost")
    assert (shown["FunctionUrl"], shown["FunctionArn"]) == (made["FunctionUrl"], arn)
    assert (shown["AuthType"], shown["InvokeMode"]) == ("NONE", "BUFFERED")


@pytest.mark.parametrize("operation", ["InvokeFunctionUrl", "Invoke*"])
def test_rule_that_throttles_invocations_strikes_a_url(
    browser: Browser, kamome: Tenant, operation: str
) -> None:
    faults = Faults(Admin(kamome.endpoint))
    rule = faults.add(service="lambda", operation=operation, account=kamome.account, throttle=True)

    answer = browser.call()

    rule.remove()
    assert answer.status == 429
    assert answer.read() and browser.call().status == 200


def test_function_has_one_url_and_each_alias_another(client: Any) -> None:
    create(client, ECHO, Publish=True)
    client.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    own = client.create_function_url_config(FunctionName="f", AuthType="NONE")
    of_alias = client.create_function_url_config(
        FunctionName="f", Qualifier="live", AuthType="AWS_IAM"
    )

    with pytest.raises(ClientError) as caught:
        client.create_function_url_config(FunctionName="f", AuthType="NONE")

    assert code_of(caught) == ("ResourceConflictException", 409)
    listed = client.list_function_url_configs(FunctionName="f")["FunctionUrlConfigs"]
    assert [one["FunctionUrl"] for one in listed] == [own["FunctionUrl"], of_alias["FunctionUrl"]]
    assert listed[1]["FunctionArn"].endswith(":f:live")


def test_update_keeps_what_it_does_not_name_and_deletion_takes_the_url(client: Any) -> None:
    create(client, ECHO)
    cors = {"AllowOrigins": ["*"], "MaxAge": 60}
    made = client.create_function_url_config(FunctionName="f", AuthType="NONE", Cors=cors)

    changed = client.update_function_url_config(FunctionName="f", AuthType="AWS_IAM")
    client.delete_function_url_config(FunctionName="f")

    assert (changed["AuthType"], changed["Cors"]) == ("AWS_IAM", cors)
    assert changed["FunctionUrl"] == made["FunctionUrl"]
    with pytest.raises(ClientError) as caught:
        client.get_function_url_config(FunctionName="f")
    assert code_of(caught) == ("ResourceNotFoundException", 404)


def test_request_is_an_event_of_format_2_0(browser: Browser) -> None:
    answer = browser.call(
        "/a%20b/c?x=1&x=2&y=%C3%A9",
        "POST",
        b'{"n": 1}',
        Content_Type="application/json",
        Cookie="one=1; two=2",
        User_Agent="agent",
    )

    event = json.loads(answer.read())
    assert (answer.status, answer.getheader("content-type")) == (200, "application/json")
    assert (event["version"], event["routeKey"]) == ("2.0", "$default")
    assert (event["rawPath"], event["rawQueryString"]) == ("/a%20b/c", "x=1&x=2&y=%C3%A9")
    assert event["queryStringParameters"] == {"x": "1,2", "y": "é"}
    assert event["cookies"] == ["one=1", "two=2"]
    assert (event["body"], event["isBase64Encoded"]) == ('{"n": 1}', False)
    assert event["headers"]["content-type"] == "application/json"
    assert event["headers"]["x-forwarded-for"] == "127.0.0.1"
    context = event["requestContext"]
    assert (context["accountId"], context["stage"]) == ("anonymous", "$default")
    assert context["http"]["method"] == "POST"
    assert context["http"]["userAgent"] == "agent"
    assert context["domainName"] == browser.url.hostname
    assert context["apiId"] == context["domainPrefix"]


def test_form_and_bytes_come_in_base64(browser: Browser) -> None:
    form = "application/x-www-form-urlencoded"

    answer = browser.call("/", "POST", b"Action=SendMessage", Content_Type=form)

    event = json.loads(answer.read())
    assert (event["body"], event["isBase64Encoded"]) == ("QWN0aW9uPVNlbmRNZXNzYWdl", True)


def test_authorization_of_the_application_is_no_signature(browser: Browser) -> None:
    answer = browser.call(Authorization="Bearer abc")

    assert json.loads(answer.read())["headers"]["authorization"] == "Bearer abc"


def test_function_says_status_headers_cookies_and_body(client: Any, visit: Visit) -> None:
    create(
        client,
        "def handler(event, context):\n"
        "    return {'statusCode': 201, 'headers': {'X-One': 'a', 'Content-Type': 'text/html'},\n"
        "      'cookies': ['a=1', 'b=2; HttpOnly'], 'body': '4pyT', 'isBase64Encoded': True}\n",
    )
    made = client.create_function_url_config(FunctionName="f", AuthType="NONE")
    make_public(client)

    answer = visit(made["FunctionUrl"]).call()

    assert (answer.status, answer.read().decode()) == (201, "✓")
    assert answer.headers.get_all("set-cookie") == ["a=1", "b=2; HttpOnly"]
    assert (answer.getheader("x-one"), answer.getheader("content-type")) == ("a", "text/html")


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("raise ValueError('no')", id="the function fails"),
        pytest.param("return {'statusCode': 'many'}", id="the status is none"),
        pytest.param("return {'statusCode': 200, 'headers': {'a': 'b\\nc: d'}}", id="two headers"),
        pytest.param(
            "return {'statusCode': 200, 'body': '!', 'isBase64Encoded': True}", id="no base64"
        ),
    ],
)
def test_bad_answer_is_a_bad_gateway(client: Any, source: str, visit: Visit) -> None:
    create(client, f"def handler(event, context):\n    {source}\n")
    made = client.create_function_url_config(FunctionName="f", AuthType="NONE")
    make_public(client)

    answer = visit(made["FunctionUrl"]).call()

    assert (answer.status, answer.read()) == (502, b"Internal Server Error")


def test_public_url_needs_both_permissions(client: Any, visit: Visit) -> None:
    create(client, ECHO)
    made = client.create_function_url_config(FunctionName="f", AuthType="NONE")
    browser = visit(made["FunctionUrl"])
    statuses = []

    answer = browser.call()
    statuses.append(answer.status)
    assert answer.getheader("x-amzn-errortype") == "AccessDeniedException"
    assert json.loads(answer.read())["Message"].startswith("Forbidden")
    make_public(client)
    for left_out in ("", "invoke"):
        if left_out:
            client.remove_permission(FunctionName="f", StatementId=left_out)
        answer = browser.call()
        answer.read()
        statuses.append(answer.status)

    assert statuses == [403, 200, 403]


def test_iam_url_is_for_who_signs(client: Any, kamome: Tenant, visit: Visit) -> None:
    create(client, ECHO)
    made = client.create_function_url_config(FunctionName="f", AuthType="AWS_IAM")
    browser = visit(made["FunctionUrl"])

    unsigned = browser.call()
    unsigned.read()
    own = browser.signed("/", kamome.account)
    event = json.loads(own.read())
    stranger = browser.signed("/", "999999999999")
    stranger.read()

    assert (unsigned.status, own.status, stranger.status) == (403, 200, 403)
    iam = event["requestContext"]["authorizer"]["iam"]
    assert (iam["accountId"], iam["accessKey"]) == (kamome.account, kamome.account)
    assert event["requestContext"]["accountId"] == kamome.account


def test_other_account_may_call_an_iam_url_by_the_policy(client: Any, visit: Visit) -> None:
    create(client, ECHO)
    made = client.create_function_url_config(FunctionName="f", AuthType="AWS_IAM")
    for statement, action in (("a", "lambda:InvokeFunctionUrl"), ("b", "lambda:InvokeFunction")):
        client.add_permission(
            FunctionName="f", StatementId=statement, Principal="999999999999", Action=action
        )

    answer = visit(made["FunctionUrl"]).signed("/", "999999999999")

    answer.read()
    assert answer.status == 200


def test_unknown_url_is_not_found(browser: Browser, client: Any) -> None:
    client.delete_function_url_config(FunctionName="f")

    answer = browser.call()

    assert (answer.status, json.loads(answer.read())) == (404, {"Message": "Not Found"})


def test_stopped_function_is_throttled(browser: Browser, client: Any) -> None:
    client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=0)

    answer = browser.call()

    assert (answer.status, json.loads(answer.read())) == (429, {"Message": "Rate Exceeded."})


def test_large_request_is_refused_and_the_connection_told(browser: Browser) -> None:
    answer = browser.call("/", "POST", bytes(6 * 1024 * 1024 + 1), Content_Type="image/png")

    assert answer.status == 413


class TestCors:
    CORS: Mapping[str, object] = {
        "AllowOrigins": ["https://shop.example.com"],
        "AllowMethods": ["GET", "PUT"],
        "AllowHeaders": ["X-Order"],
        "ExposeHeaders": ["X-Seen"],
        "AllowCredentials": True,
        "MaxAge": 600,
    }

    @pytest.fixture
    def browser(self, client: Any, visit: Visit) -> Browser:
        create(client, "def handler(event, context):\n    print('called')\n    return 1\n")
        made = client.create_function_url_config(FunctionName="f", AuthType="NONE", Cors=self.CORS)
        make_public(client)
        return visit(made["FunctionUrl"])

    def test_preflight_is_answered_without_the_function(self, browser: Browser) -> None:
        answer = browser.call(
            method="OPTIONS",
            Origin="https://shop.example.com",
            Access_Control_Request_Method="PUT",
            Access_Control_Request_Headers="x-order",
        )

        assert (answer.status, answer.read()) == (200, b"")
        assert answer.getheader("access-control-allow-origin") == "https://shop.example.com"
        assert answer.getheader("access-control-allow-methods") == "GET,PUT"
        assert answer.getheader("access-control-allow-headers") == "x-order"
        assert answer.getheader("access-control-allow-credentials") == "true"
        assert answer.getheader("access-control-max-age") == "600"

    @pytest.mark.parametrize(
        ("origin", "method"),
        [("https://evil.example.com", "PUT"), ("https://shop.example.com", "DELETE")],
        ids=["another origin", "another method"],
    )
    def test_preflight_of_what_may_not_gets_no_headers(
        self, browser: Browser, origin: str, method: str
    ) -> None:
        answer = browser.call(method="OPTIONS", Origin=origin, Access_Control_Request_Method=method)

        answer.read()
        assert answer.getheader("access-control-allow-origin") is None

    def test_answer_to_an_allowed_origin_may_be_read(self, browser: Browser) -> None:
        allowed = browser.call(Origin="https://shop.example.com")
        allowed.read()
        other = browser.call(Origin="https://evil.example.com")
        other.read()

        assert allowed.getheader("access-control-allow-origin") == "https://shop.example.com"
        assert allowed.getheader("access-control-expose-headers") == "X-Seen"
        assert other.getheader("access-control-allow-origin") is None


@needs_node
class TestStreaming:
    def url(self, client: Any, source: str) -> str:
        create_node(client, f"exports.handler = {source};\n")
        made = client.create_function_url_config(
            FunctionName="f", AuthType="NONE", InvokeMode="RESPONSE_STREAM"
        )
        make_public(client)
        url: str = made["FunctionUrl"]
        return url

    def test_prelude_says_status_headers_and_cookies(self, client: Any, visit: Visit) -> None:
        url = self.url(
            client,
            "awslambda.streamifyResponse(async (event, stream) => {\n"
            "  stream = awslambda.HttpResponseStream.from(stream, {\n"
            "    statusCode: 206, headers: {'X-One': 'a'}, cookies: ['c=1']});\n"
            "  stream.write('first,');\n"
            "  stream.write(event.rawPath);\n"
            "  stream.end();\n"
            "})",
        )

        answer = visit(url).call("/second")

        assert (answer.status, answer.read()) == (206, b"first,/second")
        assert (answer.getheader("x-one"), answer.getheader("set-cookie")) == ("a", "c=1")

    def test_piece_is_there_before_the_function_ends(
        self, client: Any, tmp_path: Path, visit: Visit
    ) -> None:
        gate = tmp_path / "gate"
        os.mkfifo(gate)
        url = self.url(
            client,
            "awslambda.streamifyResponse(async (event, stream) => {\n"
            "  stream.setContentType('text/plain');\n"
            "  stream.write('first,');\n"
            "  const path = event.queryStringParameters.gate;\n"
            "  stream.end(await require('node:fs/promises').readFile(path, 'utf8'));\n"
            "})",
        )

        answer = visit(url).call(f"/?gate={urllib.parse.quote(str(gate))}")
        first = answer.read(6)
        gate.write_text("last")  # returns when the function reads it

        assert (first, answer.read()) == (b"first,", b"last")
        assert answer.getheader("content-type") == "text/plain"

    def test_failure_before_the_first_piece_is_a_bad_gateway(
        self, client: Any, visit: Visit
    ) -> None:
        url = self.url(
            client, "awslambda.streamifyResponse(async () => { throw new Error('no'); })"
        )

        answer = visit(url).call()

        assert (answer.status, answer.read()) == (502, b"Internal Server Error")

    def test_failure_after_the_first_piece_breaks_the_answer_off(
        self, client: Any, visit: Visit
    ) -> None:
        url = self.url(
            client,
            "awslambda.streamifyResponse(async (event, stream) => {\n"
            "  stream.write('first');\n"
            "  throw new Error('no');\n"
            "})",
        )

        answer = visit(url).call()

        with pytest.raises(http.client.IncompleteRead):
            answer.read()

    def test_much_is_streamed_at_the_pace_of_the_reader(self, client: Any, visit: Visit) -> None:
        url = self.url(
            client,
            "awslambda.streamifyResponse(async (event, stream) => {\n"
            "  const { pipeline } = require('node:stream/promises');\n"
            "  const { Readable } = require('node:stream');\n"
            "  const pieces = Array.from({ length: 160 }, () => Buffer.alloc(65536, 'x'));\n"
            "  await pipeline(Readable.from(pieces), stream);\n"
            "})",
        )

        answer = visit(url).call()

        assert len(answer.read()) == 160 * 65536  # more than an answer in one piece may have

    def test_handler_that_does_not_stream_is_answered_as_ever(
        self, client: Any, visit: Visit
    ) -> None:
        url = self.url(client, "async () => ({ statusCode: 202, body: 'whole' })")

        answer = visit(url).call()

        assert (answer.status, answer.read()) == (202, b"whole")

    def test_handler_that_streams_can_be_invoked_plainly(self, client: Any) -> None:
        self.url(
            client,
            "awslambda.streamifyResponse(async (event, stream) => {\n"
            "  stream.write('{\"a\":');\n"
            "  stream.end('1}');\n"
            "})",
        )

        answer = client.invoke(FunctionName="f")

        assert json.loads(answer["Payload"].read()) == {"a": 1}


@needs_node
class TestInvokeWithResponseStream:
    def test_chunks_come_as_events_and_the_end_tells_the_log(self, client: Any) -> None:
        create_node(
            client,
            "exports.handler = awslambda.streamifyResponse(async (event, stream) => {\n"
            "  console.log('streaming', event.n);\n"
            "  stream.write('a');\n"
            "  await new Promise((done) => setImmediate(done));\n"
            "  stream.end('b');\n"
            "});\n",
        )

        answer = client.invoke_with_response_stream(
            FunctionName="f", Payload=b'{"n": 7}', LogType="Tail"
        )

        events = list(answer["EventStream"])
        chunks = b"".join(one["PayloadChunk"]["Payload"] for one in events[:-1])
        complete = events[-1]["InvokeComplete"]
        assert (answer["StatusCode"], answer["ExecutedVersion"], chunks) == (200, "$LATEST", b"ab")
        assert b"streaming 7" in base64.b64decode(complete["LogResult"])
        assert "ErrorCode" not in complete

    def test_failure_after_the_first_piece_is_in_the_end(self, client: Any) -> None:
        create_node(
            client,
            "exports.handler = awslambda.streamifyResponse(async (event, stream) => {\n"
            "  stream.write('a');\n"
            "  throw new TypeError('no');\n"
            "});\n",
        )

        events = list(client.invoke_with_response_stream(FunctionName="f")["EventStream"])

        assert events[0]["PayloadChunk"]["Payload"] == b"a"
        assert events[-1]["InvokeComplete"]["ErrorCode"] == "TypeError"


def test_function_that_does_not_stream_is_one_chunk(client: Any) -> None:
    create(client, ECHO)

    events = list(
        client.invoke_with_response_stream(FunctionName="f", Payload=b'{"a": 1}')["EventStream"]
    )

    assert json.loads(events[0]["PayloadChunk"]["Payload"]) == {"a": 1}
    assert events[1] == {"InvokeComplete": {}}


def test_streamed_invocation_of_nobody_is_refused(client: Any) -> None:
    with pytest.raises(ClientError) as caught:
        client.invoke_with_response_stream(FunctionName="nobody")

    assert code_of(caught) == ("ResourceNotFoundException", 404)


def test_streamed_invocation_of_a_stopped_function_is_throttled(client: Any) -> None:
    create(client, ECHO)
    client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=0)

    with pytest.raises(ClientError) as caught:
        client.invoke_with_response_stream(FunctionName="f")

    assert code_of(caught) == ("TooManyRequestsException", 429)
