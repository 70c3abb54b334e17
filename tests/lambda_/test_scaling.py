"""How many batches a mapping works at once: growth, maximum concurrency, reserved concurrency."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from kamome.services.lambda_.concurrency import concurrency
from kamome.services.lambda_.event_source_mappings.scaling import Scaling
from kamome.services.lambda_.runtimes.port import Invocation, Outcome, Report, RuntimeSpec

if TYPE_CHECKING:
    from tests.lambda_.conftest import World

    from kamome.clock import Clock

KEY = ("000000000000", "eu-west-1", "f")
ECHO = "def handler(event, context):\n    return event\n"


class SlowInstance:
    """Takes five seconds of the clock for each invocation, and counts how many run at once."""

    running = 0
    most = 0

    def __init__(self, spec: RuntimeSpec, clock: Clock) -> None:
        self.spec = spec
        self.is_alive = True
        self._clock = clock

    async def start(self) -> Outcome | None:
        return None

    async def invoke(self, invocation: Invocation) -> Report:
        kind = type(self)
        kind.running += 1
        kind.most = max(kind.most, kind.running)
        await self._sleep(5_000)
        kind.running -= 1
        return Report(Outcome("response", b"null"), 1.0, None, 1, b"")

    async def _sleep(self, delay_ms: int) -> None:
        """An advancing clock waits neither for the invocation nor for the batch it is of."""
        activity = self._clock.activity
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def wake() -> None:
            activity.begin()
            activity.begin()
            woken.set_result(None)

        self._clock.call_at(self._clock.now_ms() + delay_ms, wake)
        activity.end()
        activity.end()
        await woken

    def report_failed_init(self, request_id: str, failure: Outcome) -> Report:
        raise AssertionError

    def kill(self) -> None:
        self.is_alive = False

    async def ended(self) -> None:
        return None


async def slow(world: World, *, messages: int, processes: int = 10) -> type[SlowInstance]:
    """A slow function before a queue that holds a backlog; a message is dead after two receives."""

    class Counting(SlowInstance):
        pass

    world.lambda_.instances.make = lambda spec: Counting(spec, world.clock)
    world.lambda_.instances.processes_max = processes
    world.queue.visibility_timeout_s = 6
    world.queue.max_receive_count = 2
    await world.create(ECHO, Timeout=5)
    for number in range(messages):
        world.queue.send(str(number))
    return Counting


async def reserve(world: World, reserved: int) -> None:
    await concurrency.put_function_concurrency(
        world.lambda_, world.ctx, {"FunctionName": "f", "ReservedConcurrentExecutions": reserved}
    )


async def test_maximum_below_reserved_concurrency_never_throttles(world: World) -> None:
    counting = await slow(world, messages=120)
    await reserve(world, 10)

    await world.map_queue(BatchSize=1, ScalingConfig={"MaximumConcurrency": 9})
    await world.clock.advance(120_000)

    assert counting.most == 9
    assert world.lambda_.admission.throttles[KEY] == 0
    assert (world.queue.waiting, world.queue.dead) == ([], [])


async def test_reserved_concurrency_alone_throttles_and_fills_the_dlq(world: World) -> None:
    counting = await slow(world, messages=200)
    await reserve(world, 10)

    await world.map_queue(BatchSize=1)
    await world.clock.advance(120_000)

    assert counting.most == 10
    assert world.lambda_.admission.throttles[KEY] > 0
    assert world.queue.waiting == []
    assert world.queue.dead
    assert len(world.queue.dead) + len(world.queue.deleted) == 200


async def test_mapping_starts_with_five_batches_and_grows_by_five_a_second(world: World) -> None:
    counting = await slow(world, messages=200, processes=50)
    await reserve(world, 50)
    await world.map_queue(BatchSize=1)
    await world.quiet()
    assert counting.running == 5

    await world.clock.advance(1_000)
    assert counting.running == 10

    await world.clock.advance(1_000)
    assert counting.running == 15
    await world.clock.advance(120_000)


@pytest.mark.parametrize("maximum", [2, 7])
async def test_maximum_concurrency_bounds_the_growth(world: World, maximum: int) -> None:
    counting = await slow(world, messages=20)
    await reserve(world, 10)

    await world.map_queue(BatchSize=1, ScalingConfig={"MaximumConcurrency": maximum})
    await world.clock.advance(60_000)

    assert counting.most == maximum


async def test_stopped_function_leaves_its_messages_to_the_dlq(world: World) -> None:
    await slow(world, messages=3)
    await reserve(world, 0)

    await world.map_queue(BatchSize=1)
    await world.clock.advance(60_000)

    assert len(world.queue.dead) == 3
    assert world.queue.deleted == []


def test_failures_take_away_down_to_two_and_an_empty_queue_goes_back_to_five() -> None:
    scaling = Scaling()
    for _ in range(300):
        scaling.grow()
    assert scaling.batches_max == 1_000

    scaling.settle()
    assert scaling.batches_max == 5
    for _ in range(9):
        scaling.back_off()

    assert scaling.batches_max == 2


def test_fifo_queue_is_bounded_by_its_groups_alone() -> None:
    assert Scaling(is_fifo=True).batches_max == 1_000
    assert Scaling(maximum=3, is_fifo=True).batches_max == 3
