"""The clock by its API, through a restart, and beside clients that live in real time."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import boto3
import pytest

from kamome.clock import Clock, system_now_ms
from kamome.config import Settings
from kamome.testing import Kamome, kamome_server
from kamome.testing.orders import OrderRefused
from kamome.testing.server import ServerThread

DAY_MS = 86_400_000


def _ask(server: ServerThread, method: str, order: object = None) -> tuple[int, dict[str, Any]]:
    connection = HTTPConnection("127.0.0.1", server.app.port, timeout=30)
    body = None if order is None else json.dumps(order)
    connection.request(method, "/_kamome/clock", body, {"content-type": "application/json"})
    response = connection.getresponse()
    answer = json.loads(response.read())
    connection.close()
    return response.status, answer


def _kept(folder: Path, **settings: object) -> ServerThread:
    given = {"port": 0, "smtp_port": 0, "data": str(folder), **settings}
    return ServerThread(Settings(**given))  # type: ignore[arg-type] # named where it is called


def test_restart_keeps_the_offset(tmp_path: Path) -> None:
    with _kept(tmp_path) as server:
        _ask(server, "POST", {"advance": "23d"})

    with _kept(tmp_path) as server:
        offset_ms = server.app.clock.offset_ms

    assert 23 * DAY_MS - 1_000 <= offset_ms <= 23 * DAY_MS


def test_restart_keeps_a_frozen_clock_where_it_stood(tmp_path: Path) -> None:
    with _kept(tmp_path, allow_freeze=True) as server:
        _ask(server, "POST", {"freeze": True})
        before = _ask(server, "POST", {"advance": "1d"})[1]

    with _kept(tmp_path, allow_freeze=True) as server:
        after = _ask(server, "GET")[1]
        _ask(server, "POST", {"resume": True})

    with _kept(tmp_path, allow_freeze=True) as server:
        assert not server.app.clock.is_frozen

    assert after["frozen"]
    assert after["now_ms"] == before["now_ms"]


def test_clock_that_stands_is_not_frozen_by_an_advance(tmp_path: Path) -> None:
    with _kept(tmp_path) as server:
        _, answer = _ask(server, "POST", {"advance": "1d"})

    assert answer["frozen"] is False


@pytest.mark.parametrize(
    ("order", "sentence"),
    [
        ({"advance": "soon"}, "a duration such as"),
        ({"advance": -1}, "a duration such as"),
        ({"advance": "9" * 60 + "d"}, "a duration such as"),
        ({"advance": "99999d"}, "as far as the year 2200"),
        ({"set": "tomorrow"}, "a moment in ISO 8601"),
        ({"set": "2020-01-01"}, "Time goes forward only"),
        ({"set": 5}, "a moment in ISO 8601"),
        ({"set": "9999-12-31T23:59:59+00:00"}, "as far as the year 2200"),
        ({"stop": True}, "Send one of"),
        ({"freeze": False}, "Send one of"),
        ({"advance": 1, "freeze": True}, "Send one of"),
        ([], "Send one of"),
    ],
)
def test_wrong_order_is_refused(tmp_path: Path, order: object, sentence: str) -> None:
    with _kept(tmp_path) as server:
        status, answer = _ask(server, "POST", order)
        offset_ms = server.app.clock.offset_ms

    assert status == 400
    assert sentence in answer["message"]
    assert abs(offset_ms) < 1_000


def test_server_without_time_travel_moves_no_time() -> None:
    with kamome_server(time_travel=False) as kamome:
        for move in (lambda: kamome.clock.advance(1), kamome.clock.freeze, kamome.clock.resume):
            with pytest.raises(OrderRefused, match="--no-time-travel"):
                move()

        assert abs(kamome.app.clock.offset_ms) < 1_000


def test_client_in_real_time_signs_validly_for_an_advanced_server() -> None:
    with kamome_server(auth="enforce", keys="AKIAEXAMPLE:secret") as kamome:
        kamome.clock.advance(days=23)

        sqs = kamome.client("sqs", aws_access_key_id="AKIAEXAMPLE", aws_secret_access_key="secret")
        assert "QueueUrls" not in sqs.list_queues()
        with pytest.raises(sqs.exceptions.ClientError, match="signature"):
            kamome.client(
                "sqs", aws_access_key_id="AKIAEXAMPLE", aws_secret_access_key="other"
            ).list_queues()


@kamome_server
def test_report_of_an_advance_counts_what_happened(kamome: Kamome) -> None:
    kamome.clock.freeze()
    sqs = boto3.client("sqs")
    short = {"MessageRetentionPeriod": "60"}
    queue = sqs.create_queue(QueueName="old", Attributes=short)["QueueUrl"]
    for body in "ab":
        sqs.send_message(QueueUrl=queue, MessageBody=body)

    assert kamome.clock.advance(seconds=59).expiries == {}
    assert kamome.clock.advance(seconds=1).expiries == {"old": 2}
    assert kamome.clock.advance(hours=1).expiries == {}


async def test_running_clock_stands_while_it_is_advanced() -> None:
    """What takes time on the way must not shift what is due after it."""
    real_ms = system_now_ms()
    moments: list[int] = []
    clock = Clock(lambda: real_ms)
    begin_ms = clock.now_ms()

    def due() -> None:
        nonlocal real_ms
        real_ms += 700  # the machine's time runs on
        moments.append(clock.now_ms() - begin_ms)
        if len(moments) < 5:
            clock.call_at(clock.now_ms() + 1_000, due)

    clock.call_at(begin_ms + 1_000, due)
    await clock.advance(10_000)

    assert moments == [1_000, 2_000, 3_000, 4_000, 5_000]
    assert clock.now_ms() == begin_ms + 10_000
    real_ms += 5
    assert clock.now_ms() == begin_ms + 10_005


async def test_clock_is_neither_frozen_nor_resumed_while_it_is_advanced() -> None:
    clock = Clock()
    refused: list[str] = []

    def due() -> None:
        for order in (clock.freeze, clock.resume):
            with pytest.raises(ValueError, match="advanced already"):
                order()
            refused.append(order.__name__)

    clock.call_at(clock.now_ms() + 1_000, due)
    await clock.advance(2_000)

    assert refused == ["freeze", "resume"]
