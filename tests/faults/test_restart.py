"""Rules survive a restart: an outage is not over because the server that keeps the data was."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from kamome.config import Settings
from kamome.testing.server import ServerThread


def _ask(server: ServerThread, method: str, path: str, order: object = None) -> Any:
    connection = HTTPConnection("127.0.0.1", server.app.port, timeout=30)
    body = None if order is None else json.dumps(order)
    headers = {"content-type": "application/json"}
    connection.request(method, f"/_kamome/faults{path}", body, headers)
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer


def _list_queues(server: ServerThread) -> bool:
    client = boto3.client(
        "sqs",
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )
    try:
        client.list_queues()
    except ClientError as error:
        return bool(error.response["Error"]["Code"] != "ServiceUnavailable")
    return True


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(port=0, smtp_port=0, data=str(tmp_path))


def test_outage_and_its_counts_survive_a_restart(settings: Settings) -> None:
    with ServerThread(settings) as server:
        rule = {"service": "sqs", "outage": True, "duration": "2d", "count": 3}
        given = _ask(server, "POST", "", rule)
        assert [_list_queues(server) for _ in range(2)] == [False, False]

    with ServerThread(settings) as server:
        [kept] = _ask(server, "GET", "")["rules"]
        assert [_list_queues(server) for _ in range(2)] == [False, True]

    assert kept == {**given, "matched": 2, "struck": 2}


def test_one_wrong_rule_of_several_adds_none(settings: Settings) -> None:
    with ServerThread(settings) as server:
        refused = _ask(server, "POST", "", [{"outage": True}, {"outage": "yes"}])
        rules = _ask(server, "GET", "")["rules"]

    assert "outage takes true" in refused["message"]
    assert rules == []


@pytest.mark.parametrize(
    ("method", "path", "sentence"),
    [
        ("DELETE", "/12345678", "There is no fault rule 12345678."),
        ("PUT", "", "There is nothing at PUT"),
        ("GET", "/report/x", "There is nothing at GET"),
    ],
)
def test_what_is_not_there_is_told(
    settings: Settings, method: str, path: str, sentence: str
) -> None:
    with ServerThread(settings) as server:
        answer = _ask(server, method, path, {} if method == "PUT" else None)

    assert sentence in answer["message"]


def test_what_is_no_json_is_refused(settings: Settings) -> None:
    with ServerThread(settings) as server:
        connection = HTTPConnection("127.0.0.1", server.app.port, timeout=30)
        headers = {"content-type": "application/json"}
        connection.request("POST", "/_kamome/faults", "{", headers)
        response = connection.getresponse()
        answer = json.loads(response.read())
        connection.close()

    assert (response.status, answer) == (400, {"message": "The body is not JSON."})
