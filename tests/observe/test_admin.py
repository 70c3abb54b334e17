"""The admin API: who may ask, what may be sent, what answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from unittest.mock import create_autospec

import pytest
from tests.http.raw_client import RawClient

from kamome import __version__
from kamome.observe.admin import AdminApi, Routes
from kamome.observe.journeys import Journeys
from kamome.wire import HttpRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Tenant

_JSON = {"Content-Type": "application/json"}
_ROOT = "Root=1-67891233-abcdef012345678912345678"


@pytest.fixture
def client(kamome: Tenant) -> Iterator[RawClient]:
    with RawClient(kamome.endpoint) as connected:
        yield connected


def asked(path: str, client_ip: str, host: str = "localhost:4566") -> HttpRequest:
    """A request as it comes from some machine."""
    return HttpRequest("GET", path, "", [("host", host)], client_ip=client_ip)


@pytest.fixture
def api() -> AdminApi:
    """The API alone, so that callers can come from anywhere."""
    journeys = create_autospec(Journeys, instance=True)
    journeys.latest.return_value = []

    async def routes() -> Routes:
        return Routes()

    return AdminApi(journeys, services=["sqs"], find_routes=routes)


@pytest.mark.parametrize("path", ["/_kamome/health", "/_localstack/health"])
def test_health_tells_version_and_services(client: RawClient, path: str) -> None:
    answer = client.request("GET", path)

    health = json.loads(answer.body)
    assert (health["status"], health["version"]) == ("running", __version__)
    assert health["services"].items() >= {"sqs": "available", "lambda": "available"}.items()


def test_health_answers_to_head(client: RawClient) -> None:
    assert client.request("HEAD", "/_kamome/health").status == 200


@pytest.mark.parametrize("client_ip", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
async def test_api_answers_to_this_machine(api: AdminApi, client_ip: str) -> None:
    assert (await api(asked("/_kamome/journeys", client_ip))).status == 200


@pytest.mark.parametrize("client_ip", ["192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1", "", "name"])
async def test_api_answers_to_no_other_machine(api: AdminApi, client_ip: str) -> None:
    assert (await api(asked("/_kamome/journeys", client_ip))).status == 403
    assert (await api(asked("/_kamome/health", client_ip))).status == 200


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:80", "127.0.0.1:4566", "[::1]:4566", "a.localhost", "10.0.0.1"]
)
async def test_api_answers_under_names_of_this_machine(api: AdminApi, host: str) -> None:
    assert (await api(asked("/_kamome/journeys", "127.0.0.1", host))).status == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "evillocalhost", "127.0.0.1.evil.example"]
)
async def test_page_cannot_reach_the_api_by_a_name_that_leads_here(
    api: AdminApi, host: str
) -> None:
    assert (await api(asked("/_kamome/journeys", "127.0.0.1", host))).status == 403


async def test_api_does_not_answer_through_a_proxy(api: AdminApi) -> None:
    for name in ("forwarded", "via", "x-forwarded-for", "x-real-ip"):
        request = asked("/_kamome/journeys", "127.0.0.1")
        request.add_header(name, "192.0.2.1")

        assert (await api(request)).status == 403


def test_only_what_is_told_by_url_answers_to_other_machines(kamome: Tenant) -> None:
    app = kamome.server.app

    routes = kamome.server.call(app._admin_routes())

    # A certificate, code by its hash, links with signatures, and a container's own secret.
    assert set(routes.extra) == {
        "/SimpleNotificationService-",
        "/_kamome/lambda/",
        "/_kamome/ecs/",
        "/_kamome/ses/",
        "/_kamome/ses/verify/",
    }


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded", "json"])
def test_page_cannot_send_orders_as_a_form(client: RawClient, kind: str) -> None:
    answer = client.request("POST", "/_kamome/clock", {"Content-Type": kind}, b'{"advance": 1}')

    assert answer.status == 415


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "application/x-amz-json-1.0"])
def test_orders_come_as_json_also_as_aws_clients_say_it(client: RawClient, kind: str) -> None:
    answer = client.request("POST", "/_kamome/clock", {"Content-Type": kind}, b'{"advance": 1}')

    assert answer.status == 200


def test_delete_needs_no_content_type(client: RawClient) -> None:
    assert client.request("DELETE", "/_aws/ses?id=nothing").status == 204


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b"[" * 5000,
        b'{"advance": 1, "freeze": true}',
        b'{"advance": -1}',
        b'{"advance": "-1s"}',
        b'{"advance": 1e308}',
        b'{"advance": true}',
        b'{"advance": null}',
        b'{"advance": "soon"}',
        b'{"advance": "1000y"}',
        b'{"advance": "' + b"9" * 400 + b'd"}',
        b'{"advance": "\xc2\xb2s"}',
        b'{"advance": "200000d"}',
        b'{"freeze": "yes"}',
        b'{"rewind": 1}',
    ],
)
def test_order_that_is_none_is_refused_and_time_stays(client: RawClient, body: bytes) -> None:
    before = json.loads(client.request("GET", "/_kamome/clock").body)["offset_ms"]

    answer = client.request("POST", "/_kamome/clock", _JSON, body)

    assert answer.status == 400
    assert json.loads(answer.body)["message"]
    after = json.loads(client.request("GET", "/_kamome/clock").body)["offset_ms"]
    assert abs(after - before) < 1000


def test_freezing_is_refused_where_data_is_kept(client: RawClient) -> None:
    answer = client.request("POST", "/_kamome/clock", _JSON, b'{"freeze": true}')

    assert (answer.status, "allow_freeze" in answer.text) == (403, True)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/_kamome/"),
        ("GET", "/_kamome/nothing"),
        ("DELETE", "/_kamome/clock"),
        ("POST", "/_kamome/health"),
        ("GET", "/_aws/nothing"),
        ("GET", "/_kamome/../_kamome/clock"),
    ],
)
def test_what_is_not_there_is_not_there(client: RawClient, method: str, path: str) -> None:
    assert client.request(method, path, _JSON).status == 404


def test_order_that_is_too_long_is_refused(client: RawClient) -> None:
    headers = {**_JSON, "Content-Length": "99999999"}

    client.send(b"POST /_kamome/clock HTTP/1.1\r\nHost: localhost\r\n")
    client.send(
        "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode(), b"\r\n"
    )

    assert client.answer().status == 413


def test_call_with_a_trace_is_a_step_of_its_journey(kamome: Tenant, client: RawClient) -> None:
    scope = f"{kamome.account}/20250101/eu-west-1/sqs/aws4_request"
    headers = {
        "Authorization": (
            f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature={'0' * 64}"
        ),
        "X-Amz-Target": "AmazonSQS.GetQueueUrl",
        "X-Amzn-Trace-Id": f"{_ROOT};Parent=53995c3f42cd8ad8;Sampled=1",
    }

    kamome.server.call(_begin(kamome, _ROOT))

    client.request("POST", "/", headers, b'{"QueueName": "nowhere"}')

    answer = client.request("GET", f"/_kamome/journeys?trace={_ROOT.replace('=', '%3D')}")
    [journey] = json.loads(answer.body)["journeys"]
    [step] = journey["steps"]
    assert (step["service"], step["action"], step["result"]) == (
        "sqs",
        "GetQueueUrl",
        "QueueDoesNotExist",
    )


async def _begin(kamome: Tenant, trace: str) -> None:
    kamome.server.app.kernel.journeys.begin(trace, source="a test", subject="")


@pytest.mark.parametrize("limit", ["0", "1001", "-1", "x", "%C2%B2", "9" * 50])
def test_number_of_journeys_is_bounded(client: RawClient, limit: str) -> None:
    answer = client.request("GET", f"/_kamome/journeys?limit={limit}")

    assert answer.status == 400
