"""Faults for one account of a server that others use."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Tenant


@pytest.fixture
def throttled(kamome: Tenant) -> Iterator[Tenant]:
    """An account of which every call of SQS is throttled."""
    rule = {"service": "sqs", "account": kamome.account, "throttle": True}
    added = _ask(kamome, "POST", "/_kamome/faults", rule)
    yield kamome
    _ask(kamome, "DELETE", f"/_kamome/faults/{added['id']}")


def _ask(tenant: Tenant, method: str, path: str, order: object = None) -> dict[str, Any]:
    connection = HTTPConnection("127.0.0.1", tenant.server.app.port, timeout=30)
    body = None if order is None else json.dumps(order)
    connection.request(method, path, body, {"content-type": "application/json"})
    answer: dict[str, Any] = json.loads(connection.getresponse().read())
    connection.close()
    return answer


def test_only_the_account_that_is_named_is_struck(throttled: Tenant) -> None:
    from tests.conftest import Tenant

    other = Tenant(throttled.server, "999999999999")

    with pytest.raises(ClientError, match="RequestThrottled"):
        throttled.client("sqs").list_queues()
    assert "QueueUrls" not in other.client("sqs").list_queues()


def test_other_services_of_the_account_answer(throttled: Tenant) -> None:
    assert throttled.client("sns").list_topics()["Topics"] == []


def test_rules_are_not_taken_from_pages_in_a_browser(kamome: Tenant) -> None:
    before = _ask(kamome, "GET", "/_kamome/faults")["rules"]
    connection = HTTPConnection("127.0.0.1", kamome.server.app.port, timeout=30)
    rule = json.dumps({"service": "sqs", "outage": True})
    connection.request("POST", "/_kamome/faults", rule, {"content-type": "text/plain"})
    status = connection.getresponse().status
    connection.close()

    assert status == 415
    assert _ask(kamome, "GET", "/_kamome/faults")["rules"] == before


def test_report_keeps_little_of_a_resource_with_a_name_of_megabytes(throttled: Tenant) -> None:
    with pytest.raises(ClientError, match="RequestThrottled"):
        throttled.client("sqs").purge_queue(QueueUrl="q" * 1_000_000)

    strikes = _ask(throttled, "GET", "/_kamome/faults/report")["strikes"]
    resources = [each["resource"] for each in strikes if each["account"] == throttled.account]
    assert [len(resource) for resource in resources] == [2_048]
