"""Addresses of function URLs, who may call them, and pages of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest

from kamome.context import RequestContext
from kamome.services.lambda_.errors import ResourceNotFoundException, ValidationException
from kamome.services.lambda_.function_urls import function_urls
from kamome.services.lambda_.function_urls.function_url_events import (
    BadAnswer,
    url_answer,
    url_event,
)
from kamome.services.lambda_.function_urls.function_url_rules import (
    FunctionUrl,
    UrlSettings,
    parse_host,
    url_of,
)
from kamome.services.lambda_.functions.function_names import FunctionName
from kamome.services.lambda_.invocation.event_stream import event
from kamome.services.lambda_.permissions.policies import allows_url
from kamome.services.lambda_.versions import versions
from kamome.wire import HttpRequest

if TYPE_CHECKING:
    from tests.lambda_.conftest import World

ECHO = "def handler(event, context):\n    return event\n"
URL = FunctionUrl("abc", FunctionName("000000000000", "eu-west-1", "f"), UrlSettings("NONE"), 0, 0)


@pytest.mark.parametrize(
    ("base_url", "url"),
    [
        ("http://localhost:4566", "http://abc.lambda-url.eu-west-1.localhost:4566/"),
        ("http://127.0.0.1:4566", "http://abc.lambda-url.eu-west-1.localhost:4566/"),
        ("http://[::1]:4566", "http://abc.lambda-url.eu-west-1.localhost:4566/"),
        ("http://lambda.localhost", "http://abc.lambda-url.eu-west-1.localhost/"),
        ("https://aws.example.com:8443", "https://abc.lambda-url.eu-west-1.aws.example.com:8443/"),
        (
            "https://lambda.eu-west-1.amazonaws.com",
            "https://abc.lambda-url.eu-west-1.on.aws/",
        ),
    ],
)
def test_address_is_below_the_host_of_the_caller_and_is_read_back(base_url: str, url: str) -> None:
    assert url_of(URL, base_url) == url
    assert parse_host(url.split("/")[2].partition(":")[0]) == ("abc", "eu-west-1")


@pytest.mark.parametrize("host", ["f.lambda-url.eu-west-1", "lambda-url.eu-west-1.on.aws", "x"])
def test_other_hosts_are_no_function_urls(host: str) -> None:
    assert parse_host(host) is None


def statement(action: str, principal: object = "*", **condition: object) -> dict[str, object]:
    return {"Sid": action, "Action": action, "Principal": principal, "Condition": condition}


URL_ALONE = statement("lambda:InvokeFunctionUrl")
INVOKE = statement("lambda:InvokeFunction")


@pytest.mark.parametrize(
    ("statements", "account", "may"),
    [
        pytest.param([URL_ALONE, INVOKE], "", True, id="both"),
        pytest.param([URL_ALONE], "", False, id="one of them"),
        pytest.param([statement("lambda:*")], "", True, id="all actions"),
        pytest.param(
            [
                statement(
                    "lambda:InvokeFunctionUrl",
                    StringEquals={"lambda:FunctionUrlAuthType": "AWS_IAM"},
                ),
                INVOKE,
            ],
            "",
            False,
            id="for another kind of URL",
        ),
        pytest.param(
            [
                URL_ALONE,
                statement("lambda:InvokeFunction", Bool={"lambda:InvokedViaFunctionUrl": "false"}),
            ],
            "",
            False,
            id="not by URLs",
        ),
        pytest.param(
            [URL_ALONE, statement("lambda:InvokeFunction", ArnLike={"AWS:SourceArn": "arn:x"})],
            "",
            False,
            id="for a service",
        ),
        pytest.param(
            [statement("*", {"AWS": "arn:aws:iam::111111111111:root"})],
            "111111111111",
            True,
            id="the account that is named",
        ),
        pytest.param(
            [statement("*", {"AWS": "arn:aws:iam::111111111111:root"})],
            "",
            False,
            id="nobody, where an account is named",
        ),
    ],
)
def test_both_actions_must_be_allowed(
    statements: list[dict[str, object]], account: str, *, may: bool
) -> None:
    assert allows_url(statements, account=account, auth_type="NONE") is may


def test_each_cookie_header_is_a_list_of_cookies() -> None:
    headers = [("host", "abc.lambda-url.eu-west-1.localhost")]
    request = HttpRequest("GET", "/", "", [*headers, ("cookie", "a=1; b=2"), ("cookie", "c=3")])
    ctx = RequestContext("000000000000", "eu-west-1", "", "r")

    seen = orjson.loads(url_event(URL, ctx, request, now_ms=0, trace="t"))

    assert seen["cookies"] == ["a=1", "b=2", "c=3"]


@pytest.mark.parametrize("status", [100, 101, 199, 600, "abc", True])
def test_status_that_is_no_answer_is_refused(status: object) -> None:
    with pytest.raises(BadAnswer, match="is no HTTP status"):
        url_answer(orjson.dumps({"statusCode": status}))


def test_service_says_date_and_request_id_itself() -> None:
    headers = {"Date": "x", "X-Amzn-RequestId": "y", "X-Own": "z"}

    answer = url_answer(orjson.dumps({"statusCode": 200, "headers": headers}))

    assert answer.headers == [("x-own", "z"), ("content-type", "application/json")]


async def test_urls_are_paged_the_function_s_own_first(world: World) -> None:
    await world.create(ECHO, Publish=True)
    for alias in ("", "a", "b"):
        if alias:
            await versions.create_alias(
                world.lambda_,
                world.ctx,
                {"FunctionName": "f", "Name": alias, "FunctionVersion": "1"},
            )
        await function_urls.create_function_url_config(
            world.lambda_,
            world.ctx,
            {"FunctionName": f"f:{alias}" if alias else "f", "AuthType": "NONE"},
        )
    arns, marker = [], ""
    for _ in range(3):
        page = await function_urls.list_function_url_configs(
            world.lambda_,
            world.ctx,
            {"FunctionName": "f", "MaxItems": 1, **({"Marker": marker} if marker else {})},  # type: ignore[typeddict-item]  # where there is one
        )
        arns += [
            one["FunctionArn"].rpartition("function:")[2] for one in page["FunctionUrlConfigs"]
        ]
        marker = page.get("NextMarker", "")

    assert (arns, marker) == (["f", "f:a", "f:b"], "")


async def test_url_goes_with_its_alias(world: World) -> None:
    await world.create(ECHO, Publish=True)
    alias = {"FunctionName": "f", "Name": "a", "FunctionVersion": "1"}
    await versions.create_alias(world.lambda_, world.ctx, alias)  # type: ignore[arg-type]  # a TypedDict
    await function_urls.create_function_url_config(
        world.lambda_, world.ctx, {"FunctionName": "f:a", "AuthType": "NONE"}
    )

    await versions.delete_alias(world.lambda_, world.ctx, {"FunctionName": "f", "Name": "a"})
    await versions.create_alias(world.lambda_, world.ctx, alias)  # type: ignore[arg-type]  # a TypedDict

    with pytest.raises(ResourceNotFoundException):
        await function_urls.get_function_url_config(
            world.lambda_, world.ctx, {"FunctionName": "f:a"}
        )


async def test_method_that_there_is_not_is_refused(world: World) -> None:
    await world.create(ECHO)

    with pytest.raises(ValidationException, match=r"cors\.allowMethods"):
        await function_urls.create_function_url_config(
            world.lambda_,
            world.ctx,
            {"FunctionName": "f", "AuthType": "NONE", "Cors": {"AllowMethods": ["FETCH"]}},
        )


def test_event_is_framed_with_both_checksums() -> None:
    from botocore.eventstream import EventStreamBuffer

    buffer = EventStreamBuffer()
    buffer.add_data(event("PayloadChunk", "application/octet-stream", b"piece"))

    [message] = list(buffer)

    assert message.payload == b"piece"
    assert message.headers[":event-type"] == "PayloadChunk"
