"""Who gets an instance, who waits, and who has to go, with instances that only pretend."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from msgspec.structs import replace

from kamome.clock import Clock, manual_clock
from kamome.services.lambda_.errors import ServiceException
from kamome.services.lambda_.runtimes.pool import InstancePool
from kamome.services.lambda_.runtimes.port import Instance, Invocation, Outcome, Report, RuntimeSpec

SPEC = RuntimeSpec(
    key="a",
    account="000000000000",
    region="eu-west-1",
    function_name="f",
    function_arn="arn",
    version="$LATEST",
    runtime="python3.11",
    handler="app.handler",
    code_folder=Path(),
    log_group="/aws/lambda/f",
    variables={},
    timeout_s=3,
    memory_mb=128,
    ephemeral_storage_mb=512,
)
OTHER = replace(SPEC, key="b")


@dataclass(eq=False)
class PretendInstance:
    spec: RuntimeSpec
    number: int
    is_alive: bool = True
    outcomes: list[Outcome] = field(default_factory=list)

    async def start(self) -> Outcome | None:
        await asyncio.sleep(0)
        return None

    async def invoke(self, invocation: Invocation) -> Report:
        await asyncio.sleep(0)
        outcome = self.outcomes.pop() if self.outcomes else Outcome("response", b"1")
        return Report(outcome, 1.0, None, 1, b"")

    def report_failed_init(self, request_id: str, failure: Outcome) -> Report:
        return Report(failure, 1.0, None, 1, b"")

    def kill(self) -> None:
        self.is_alive = False

    async def ended(self) -> None:
        await asyncio.sleep(0)


class Maker:
    def __init__(self) -> None:
        self.made: list[PretendInstance] = []

    def __call__(self, spec: RuntimeSpec) -> Instance:
        instance = PretendInstance(spec, len(self.made))
        self.made.append(instance)
        return instance

    @property
    def living(self) -> int:
        return sum(instance.is_alive for instance in self.made)


@pytest.fixture
def clock() -> Clock:
    return manual_clock()


@pytest.fixture
def maker() -> Maker:
    return Maker()


@pytest.fixture
def pool(maker: Maker, clock: Clock) -> InstancePool:
    return InstancePool(maker, clock, processes_max=2, idle_ms=1000)


async def test_instance_is_reused_for_its_own_revision_only(
    pool: InstancePool, maker: Maker
) -> None:
    for spec in (SPEC, SPEC, OTHER, SPEC):
        pool.release((await pool.acquire(spec)).instance)

    assert [instance.spec.key for instance in maker.made] == ["a", "b"]


async def test_idle_instance_of_another_function_makes_room(
    pool: InstancePool, maker: Maker
) -> None:
    for key in ("a", "b", "c"):
        pool.release((await pool.acquire(replace(SPEC, key=key))).instance)

    assert maker.living == 2
    assert not maker.made[0].is_alive


async def test_third_waits_until_one_of_two_is_free(pool: InstancePool, maker: Maker) -> None:
    first = (await pool.acquire(SPEC)).instance
    await pool.acquire(SPEC)
    third = asyncio.create_task(pool.acquire(SPEC))
    await asyncio.sleep(0)
    assert not third.done()

    pool.release(first)

    assert (await third).instance is first
    assert len(maker.made) == 2


async def test_other_function_in_line_gets_the_place(pool: InstancePool, maker: Maker) -> None:
    first = (await pool.acquire(SPEC)).instance
    await pool.acquire(SPEC)
    third = asyncio.create_task(pool.acquire(OTHER))
    await asyncio.sleep(0)

    pool.release(first)

    assert (await third).instance.spec.key == "b"
    assert not first.is_alive
    assert maker.living == 2


async def test_nobody_is_overtaken_for_ever(pool: InstancePool) -> None:
    first = (await pool.acquire(SPEC)).instance
    await pool.acquire(SPEC)
    other = asyncio.create_task(pool.acquire(OTHER))
    crowd = [asyncio.create_task(pool.acquire(SPEC)) for _ in range(30)]
    await asyncio.sleep(0)

    served = 0
    while first.is_alive:
        pool.release(first)
        served += 1

    assert served == 17
    assert (await other).instance.spec.key == "b"
    for task in crowd:
        task.cancel()
    await asyncio.wait(crowd)


async def test_one_who_leaves_the_line_gives_the_place_on(pool: InstancePool, maker: Maker) -> None:
    first = (await pool.acquire(SPEC)).instance
    await pool.acquire(SPEC)
    leaver = asyncio.create_task(pool.acquire(SPEC))
    await asyncio.sleep(0)
    pool.release(first)
    leaver.cancel()
    await asyncio.wait([leaver])

    again = (await pool.acquire(SPEC)).instance

    assert again is first
    assert len(maker.made) == 2


async def test_dead_instance_is_not_given_out(pool: InstancePool, maker: Maker) -> None:
    pool.release((await pool.acquire(SPEC)).instance)
    maker.made[0].is_alive = False

    assert (await pool.acquire(SPEC)).instance is maker.made[1]


async def test_retired_revision_ends_after_its_invocation(pool: InstancePool, maker: Maker) -> None:
    busy = (await pool.acquire(SPEC)).instance
    pool.retire("a")
    assert busy.is_alive

    pool.release(busy)

    assert not busy.is_alive


async def test_idle_instance_ends_when_it_has_grown_old(
    pool: InstancePool, maker: Maker, clock: Clock
) -> None:
    pool.release((await pool.acquire(SPEC)).instance)
    await clock.advance(999)
    assert maker.living == 1

    await clock.advance(1)

    assert maker.living == 0


async def test_undelivered_invocation_goes_to_another_instance(
    pool: InstancePool, maker: Maker
) -> None:
    pool.release((await pool.acquire(SPEC)).instance)
    maker.made[0].outcomes = [Outcome("undelivered")]

    report = await pool.run(SPEC, lambda: Invocation("r", b"", 0, "arn", ""))

    assert report.outcome.kind == "response"
    assert len(maker.made) == 2


async def test_closed_pool_refuses_those_in_line_and_newcomers(
    pool: InstancePool, maker: Maker
) -> None:
    await pool.acquire(SPEC)
    await pool.acquire(SPEC)
    third = asyncio.create_task(pool.acquire(SPEC))
    await asyncio.sleep(0)

    await pool.close()

    assert maker.living == 0
    with pytest.raises(ServiceException):
        await third
    with pytest.raises(ServiceException):
        await pool.acquire(SPEC)
