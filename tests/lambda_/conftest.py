"""Functions on disk and instances to run them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest

from kamome.clock import Clock, manual_clock, system_now_ms
from kamome.ids import seeded_ids
from kamome.services.lambda_.runtimes.pool import InstancePool
from kamome.services.lambda_.runtimes.port import Invocation, Report, RuntimeSpec
from kamome.services.lambda_.runtimes.process import ProcessHost

REQUEST_ID = "11111111-2222-4333-8444-555555555555"


@dataclass(slots=True)
class Runtime:
    """Writes function code and runs it as the invocation operation would."""

    host: ProcessHost
    pool: InstancePool
    folder: Path

    def spec(self, source: str, *, timeout_s: int = 5, key: str = "r1", **more: str) -> RuntimeSpec:
        code = self.folder / f"code-{key}"
        code.mkdir(exist_ok=True)
        (code / "app.py").write_text(source, "utf-8")
        return RuntimeSpec(
            key=key,
            account="000000000000",
            region="eu-west-1",
            function_name="f",
            function_arn="arn:aws:lambda:eu-west-1:000000000000:function:f",
            version="$LATEST",
            runtime="python3.11",
            handler=more.pop("handler", "app.handler"),
            code_folder=code,
            log_group="/aws/lambda/f",
            variables=more,
            timeout_s=timeout_s,
            memory_mb=128,
            ephemeral_storage_mb=512,
        )

    async def invoke(self, spec: RuntimeSpec, event: object = None) -> Report:
        return await self.pool.run(spec, lambda: invocation(event))


def invocation(event: object) -> Invocation:
    return Invocation(
        request_id=REQUEST_ID,
        payload=orjson.dumps(event),
        deadline_ms=system_now_ms() + 5_000,
        function_arn="arn:aws:lambda:eu-west-1:000000000000:function:f",
        trace="Root=1-68e60000-0123456789abcdef01234567",
    )


@pytest.fixture
def clock() -> Clock:
    return manual_clock()


@pytest.fixture
def make_host(clock: Clock, tmp_path: Path) -> Callable[[], ProcessHost]:
    return lambda: ProcessHost(
        clock=clock,
        unique=seeded_ids(7).hex,
        folder=tmp_path / "instances",
        log_folder=tmp_path / "logs",
        endpoint_url=lambda: "http://127.0.0.1:4566",
        credentials=lambda account: ("test", "test"),
    )


@pytest.fixture
async def runtime(
    make_host: Callable[[], ProcessHost], clock: Clock, tmp_path: Path
) -> AsyncIterator[Runtime]:
    host = make_host()
    pool = InstancePool(host.instance, clock, processes_max=2, idle_ms=300_000)
    yield Runtime(host, pool, tmp_path)
    async with asyncio.timeout(5):
        await pool.close()
