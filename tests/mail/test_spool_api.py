"""What people see of the spool, and how they have it tried again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any  # JSON

import orjson
import pytest
from tests.mail.spool_world import SpoolWorld, running_spool

from kamome.mail.spool_api import SpoolApi
from kamome.wire import HttpRequest


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[SpoolWorld]:
    async with running_spool(tmp_path) as world:
        world.transport.say = lambda _recipient, number: (
            (250, "2.0.0", "ok") if number > 3 else (451, "4.7.1", "later")
        )
        for domain in ("one.example", "two.example", "two.example"):
            world.send(f"a{world.mails}@{domain}")
        await world.settle()
        yield world


async def ask(world: SpoolWorld, method: str, path: str, body: bytes = b"") -> tuple[int, Any]:
    raw_path, _, query = path.partition("?")
    answer = await SpoolApi(world.spool)(HttpRequest(method, raw_path, query, body=body))
    assert isinstance(answer.body, bytes)
    return answer.status, orjson.loads(answer.body)


async def test_waiting_domains_are_shown_with_the_last_words(world: SpoolWorld) -> None:
    status, shown = await ask(world, "GET", "/_kamome/spool")

    assert status == 200
    assert shown["transports"] == ["direct"]
    assert [(each["domain"], each["recipients"]) for each in shown["domains"]] == [
        ("one.example", 1),
        ("two.example", 2),
    ]
    assert shown["domains"][0]["last_words"] == "451 4.7.1 later"
    assert shown["domains"][0]["due_ms"] == world.clock.now_ms() + 300_000


async def test_one_domain_is_tried_now(world: SpoolWorld) -> None:
    assert await ask(world, "POST", "/_kamome/spool/retry", b'{"domain": "Two.Example"}') == (
        200,
        {"recipients": 2},
    )

    await world.settle()

    assert world.kinds()[3:] == ["delivered", "delivered"]


async def test_all_domains_are_tried_now(world: SpoolWorld) -> None:
    assert await ask(world, "POST", "/_kamome/spool/retry") == (200, {"recipients": 3})

    await world.settle()

    assert world.kinds()[3:] == ["delivered"] * 3
    assert (await ask(world, "GET", "/_kamome/spool"))[1]["domains"] == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/_kamome/spool?limit=0", b"", 400),
        ("GET", "/_kamome/spool?limit=x", b"", 400),
        ("GET", "/_kamome/spool/other", b"", 404),
        ("DELETE", "/_kamome/spool", b"", 404),
        ("POST", "/_kamome/spool/retry", b'{"domain": 1}', 400),
        ("POST", "/_kamome/spool/retry", b"{", 400),
    ],
)
async def test_other_requests_are_refused(
    world: SpoolWorld, method: str, path: str, body: bytes, status: int
) -> None:
    assert (await ask(world, method, path, body))[0] == status
