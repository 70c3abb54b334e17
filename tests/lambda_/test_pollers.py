"""Event source mappings of SQS queues, over a queue that stands in for the SQS slice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from tests.lambda_.gates import gate

from kamome.services.lambda_.concurrency import concurrency
from kamome.services.lambda_.errors import ResourceNotFoundException
from kamome.services.lambda_.event_source_mappings import mappings
from kamome.services.lambda_.event_source_mappings.sqs_poller import SqsPoller
from kamome.services.lambda_.functions import functions
from kamome.services.lambda_.ports import PolledMessage

if TYPE_CHECKING:
    from tests.lambda_.conftest import World

TRACE = "Root=1-68e60000-0123456789abcdef01234567"
# Fails what says "poison"; the answer is a partial batch response.
REPORTING = (
    "def handler(event, context):\n"
    "    return {'batchItemFailures': [{'itemIdentifier': r['messageId']}\n"
    "        for r in event['Records'] if r['body'] == 'poison']}\n"
)
COUNTING = (
    "def handler(event, context):\n    print('batch of', len(event['Records']))\n    return 1\n"
)


async def test_message_is_worked_and_deleted_on_arrival(world: World) -> None:
    await world.create(COUNTING)
    await world.map_queue()
    await world.quiet()

    world.queue.send("hello")
    await world.quiet()

    assert world.queue.waiting == []


async def test_messages_that_were_there_first_are_worked_in_batches(world: World) -> None:
    await world.create(COUNTING)
    for number in range(25):
        world.queue.send(str(number))

    await world.map_queue(BatchSize=10)
    await world.quiet()

    assert world.queue.waiting == []
    assert sorted(_batch_sizes(world)) == [5, 10, 10]


async def test_nothing_is_received_while_the_queue_is_silent(world: World) -> None:
    await world.create(COUNTING)
    await world.map_queue()
    await world.quiet()
    before = world.queue.receives

    await world.clock.advance(3_600_000)

    assert world.queue.receives == before


async def test_reported_message_comes_back_after_its_visibility_timeout(world: World) -> None:
    await world.create(REPORTING)
    poison = world.queue.send("poison", TRACE)
    world.queue.send("fine", TRACE)
    await world.map_queue(FunctionResponseTypes=["ReportBatchItemFailures"])
    await world.quiet()
    assert world.queue.waiting == [poison]

    await world.clock.advance(29_999)
    assert _receive_counts(world) == ["1"]
    await world.clock.advance(1)

    assert _receive_counts(world) == ["1", "2"]


async def test_failed_invocation_deletes_nothing(world: World) -> None:
    await world.create("def handler(event, context):\n    raise ValueError('x')\n")
    world.queue.send("one", TRACE)
    world.queue.send("two")
    await world.map_queue()
    await world.quiet()

    assert len(world.queue.waiting) == 2
    journey = _steps(world)
    assert journey == [("lambda", "Invoke", "f", "failed", "ValueError (receive 1)")]


async def test_step_is_recorded_for_each_message_of_a_journey(world: World) -> None:
    await world.create(COUNTING)
    world.queue.send("one", TRACE)
    await world.map_queue()
    await world.quiet()

    assert _steps(world) == [("lambda", "Invoke", "f", "ok", "")]


async def test_function_runs_in_the_journey_of_its_messages(world: World) -> None:
    await world.create(
        "import os\ndef handler(event, context):\n    print(os.environ['_X_AMZN_TRACE_ID'])\n"
    )
    world.queue.send("one", TRACE)
    await world.map_queue()
    await world.quiet()

    assert TRACE in _log(world)


async def test_window_gathers_until_it_ends(world: World) -> None:
    await world.create(COUNTING)
    await world.map_queue(BatchSize=100, MaximumBatchingWindowInSeconds=5)
    await world.quiet()
    world.queue.send("one")
    await world.clock.advance(4_000)
    world.queue.send("two")
    await world.clock.advance(999)
    assert _batch_sizes(world) == []

    await world.clock.advance(1)

    assert _batch_sizes(world) == [2]
    assert world.queue.waiting == []


async def test_full_batch_does_not_wait_for_the_window(world: World) -> None:
    await world.create(COUNTING)
    await world.map_queue(BatchSize=20, MaximumBatchingWindowInSeconds=300)
    for number in range(20):
        world.queue.send(str(number))

    await world.quiet()

    assert _batch_sizes(world) == [20]


async def test_large_messages_are_split_at_6_mb(world: World) -> None:
    await world.create(COUNTING)
    for _ in range(7):
        world.queue.send("x" * 1_000_000)
    await world.map_queue()
    await world.quiet()

    assert sum(_batch_sizes(world)) == 7
    assert max(_batch_sizes(world)) == 6


async def test_disabled_mapping_receives_nothing(world: World) -> None:
    await world.create(COUNTING)
    uuid = await world.map_queue()
    shown = await mappings.update_event_source_mapping(
        world.lambda_, world.ctx, {"UUID": uuid, "Enabled": False}
    )
    await world.quiet()
    world.queue.send("one")
    await world.quiet()
    assert shown["State"] == "Disabling"
    assert world.queue.waiting == ["m-0"]

    await mappings.update_event_source_mapping(
        world.lambda_, world.ctx, {"UUID": uuid, "Enabled": True}
    )
    await world.quiet()

    assert world.queue.waiting == []


async def test_deleted_mapping_receives_nothing(world: World) -> None:
    await world.create(COUNTING)
    uuid = await world.map_queue()
    await mappings.delete_event_source_mapping(world.lambda_, world.ctx, {"UUID": uuid})
    await world.quiet()

    world.queue.send("one")
    await world.quiet()

    assert world.queue.waiting == ["m-0"]


async def test_messages_held_for_a_window_are_released_with_their_mapping(world: World) -> None:
    await world.create(COUNTING)
    uuid = await world.map_queue(BatchSize=100, MaximumBatchingWindowInSeconds=60)
    world.queue.send("one")
    world.queue.send("two")
    await world.quiet()
    assert world.queue.visible == []

    await mappings.delete_event_source_mapping(world.lambda_, world.ctx, {"UUID": uuid})
    await world.quiet()

    assert world.queue.visible == world.queue.waiting
    assert len(world.queue.waiting) == 2


async def test_throttled_batch_is_released_when_its_mapping_is_disabled(world: World) -> None:
    await world.create(COUNTING)
    await concurrency.put_function_concurrency(
        world.lambda_, world.ctx, {"FunctionName": "f", "ReservedConcurrentExecutions": 0}
    )
    uuid = await world.map_queue()
    world.queue.send("one")
    await world.quiet()
    assert world.queue.visible == []

    await mappings.update_event_source_mapping(
        world.lambda_, world.ctx, {"UUID": uuid, "Enabled": False}
    )
    await world.quiet()

    assert len(world.queue.visible) == 1


async def test_mapping_whose_creation_is_undone_does_not_run(world: World) -> None:
    await world.create(COUNTING)
    with pytest.raises(RuntimeError), world.lambda_.engine.atomic():
        creation = mappings.create_event_source_mapping(
            world.lambda_, world.ctx, {"FunctionName": "f", "EventSourceArn": world.queue.arn}
        )
        with pytest.raises(StopIteration):
            creation.send(None)
        raise RuntimeError("undone")

    world.queue.send("one")
    await world.quiet()

    assert world.queue.waiting == ["m-0"]


async def test_messages_wait_while_the_function_is_gone(world: World) -> None:
    await world.create(COUNTING)
    uuid = await world.map_queue()
    await functions.delete_function(world.lambda_, world.ctx, {"FunctionName": "f"})
    world.queue.send("one")
    await world.clock.advance(31_000)
    assert world.queue.waiting == ["m-0"]
    shown = await mappings.get_event_source_mapping(world.lambda_, world.ctx, {"UUID": uuid})
    assert shown["LastProcessingResult"] == "PROBLEM: Function not found"

    await world.create(COUNTING)
    await world.clock.advance(61_000)

    assert world.queue.waiting == []


async def test_several_batches_are_in_flight_at_once(world: World) -> None:
    await world.create(
        "import socket\n"
        "def handler(event, context):\n"
        "    port = int(event['Records'][0]['body'])\n"
        "    socket.create_connection(('127.0.0.1', port)).recv(1)\n"
    )
    async with gate() as shut:
        for _ in range(3):
            world.queue.send(str(shut.port))
        await world.map_queue(BatchSize=1)

        await shut.wait_for(3)  # nobody has been let through

    await world.quiet()
    assert world.queue.waiting == []


async def test_maximum_concurrency_bounds_the_batches_in_flight(world: World) -> None:
    await world.create(
        "import os\ndef handler(event, context):\n    print('process', os.getpid())\n"
    )
    for number in range(12):
        world.queue.send(str(number))
    await world.map_queue(BatchSize=1, ScalingConfig={"MaximumConcurrency": 2})
    await world.quiet()

    processes = {line for line in _log(world).splitlines() if line.startswith("process")}
    assert len(processes) <= 2
    assert world.queue.waiting == []


def _log(world: World) -> str:
    path = world.lambda_.settings.folder / "logs/000000000000/eu-west-1/f.log"
    return path.read_text() if path.exists() else ""


def _batch_sizes(world: World) -> list[int]:
    lines = _log(world).splitlines()
    return [int(line.split()[-1]) for line in lines if line.startswith("batch of")]


def _steps(world: World) -> list[tuple[str, ...]]:
    rows = world.lambda_.engine.all(
        "SELECT service, action, resource, result, detail FROM journey_step ORDER BY number"
    )
    return [tuple(map(str, row)) for row in rows]


def _receive_counts(world: World) -> list[str]:
    return [step[4][-2] for step in _steps(world) if step[3] == "failed"]


async def test_message_that_no_filter_matches_is_deleted_unseen(world: World) -> None:
    await world.create(COUNTING)
    filters = [{"Pattern": '{"body": {"kind": ["order"]}}'}]
    await world.map_queue(FilterCriteria={"Filters": filters})
    await world.quiet()
    world.queue.send('{"kind": "order"}')
    world.queue.send('{"kind": "news"}', TRACE)
    world.queue.send("no JSON")

    await world.quiet()

    assert _batch_sizes(world) == [1]
    assert world.queue.waiting == []
    assert _steps(world) == [
        ("lambda", "Invoke", "f", "filtered", "no filter of the mapping matches")
    ]


async def test_filter_on_text_takes_bodies_that_are_no_json(world: World) -> None:
    await world.create(COUNTING)
    filters = [{"Pattern": '{"body": [{"prefix": "urgent"}]}'}]
    await world.map_queue(FilterCriteria={"Filters": filters})
    world.queue.send("urgent: help")
    world.queue.send('{"kind": "urgent"}')

    await world.quiet()

    assert _batch_sizes(world) == [1]


async def test_mapping_says_what_came_of_its_last_batch(world: World) -> None:
    await world.create("def handler(event, context):\n    raise ValueError('x')\n")
    uuid = await world.map_queue()
    get = mappings.get_event_source_mapping
    before = await get(world.lambda_, world.ctx, {"UUID": uuid})
    world.queue.send("one")
    await world.quiet()

    after = await get(world.lambda_, world.ctx, {"UUID": uuid})

    assert before["LastProcessingResult"] == "No records processed"
    assert after["LastProcessingResult"] == "PROBLEM: Function call failed"


async def test_mapping_says_that_its_queue_is_gone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(queue_arn: str, count: int) -> list[PolledMessage]:
        raise ResourceNotFoundException("The specified queue does not exist.")

    await world.create(COUNTING)
    port = replace(world.lambda_.ports.queue, receive=refuse)
    ports = replace(world.lambda_.ports, queue=port)
    lambda_ = replace(world.lambda_, ports=ports)
    mapping = world.lambda_.store.find_mapping(await world.map_queue(Enabled=False))
    assert mapping is not None

    poller = SqsPoller(lambda_, mapping)
    poller.start()
    await world.quiet()
    poller.stop()

    assert poller.last_result == "PROBLEM: The specified queue does not exist."
