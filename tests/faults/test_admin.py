"""The admin API of faults over a store whose syncs the test holds in its hand."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.storage.syncs import HeldSync, passes

import kamome.faults
from kamome.clock import manual_clock
from kamome.faults.admin import FaultsApi
from kamome.faults.injector import Faults
from kamome.faults.store import FaultStore
from kamome.ids import seeded_ids
from kamome.storage.engine import Engine
from kamome.storage.migrations import migrate
from kamome.wire import HttpRequest

RULE = b'{"service": "sqs", "outage": true}'


@pytest.mark.parametrize(("method", "body"), [("POST", RULE), ("DELETE", b"")])
async def test_an_order_is_answered_when_it_is_kept(
    tmp_path: Path, method: str, body: bytes
) -> None:
    sync, clock = HeldSync(), manual_clock()
    engine = Engine(tmp_path / "kamome.db", wal_sync=sync)
    migrate(engine, "faults", Path(kamome.faults.__file__).parent)
    faults = Faults(clock, FaultStore(engine))
    api = FaultsApi(faults, clock, seeded_ids(1), lambda: {"sqs": ["SendMessage"]}, is_allowed=True)
    await api(HttpRequest("POST", "/_kamome/faults", "", [], body=RULE))
    sync.hold()

    answer = asyncio.ensure_future(api(HttpRequest(method, "/_kamome/faults", "", [], body=body)))
    await passes()
    is_early = answer.done()
    sync.release()

    assert not is_early
    assert (await answer).status in (200, 201)
    await engine.close()
