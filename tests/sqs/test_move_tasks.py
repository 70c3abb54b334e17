"""Message move tasks: back from the dead-letter queue, at a rate, over restarts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.sqs.world import Queue, make_world

from kamome.clock import manual_clock
from kamome.services.sqs.errors import InvalidParameterValue, ResourceNotFoundException

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sqs.world import Message, World


async def _kill(queue: Queue, *bodies: str, group: str = "") -> list[Message]:
    """Messages that end in the dead-letter queue of `queue` (maxReceiveCount 1)."""
    for body in bodies:
        await queue.send(body, f"{group}{body}" if group else "")
    killed = await queue.receive(VisibilityTimeout=0)
    while await queue.receive(VisibilityTimeout=0):
        pass
    return killed


async def _task(world: World, dead: Queue) -> dict[str, object]:
    results = (await world.call("ListMessageMoveTasks", SourceArn=dead.arn))["Results"]
    task: dict[str, object] = results[0]
    return task


@pytest.mark.parametrize("kind", ["", ".fifo"])
async def test_messages_go_back_to_their_source_as_new_ones(world: World, kind: str) -> None:
    queue, dead = await world.with_dead_letters(receives=1, kind=kind)
    killed = await _kill(queue, "1", "2", group=kind and "g")
    await world.advance(100)

    await world.call("StartMessageMoveTask", SourceArn=dead.arn)
    await world.advance(0)

    back = await queue.receive()
    assert sorted(message["Body"] for message in back) == ["1", "2"]
    assert not {m["MessageId"] for m in back} & {m["MessageId"] for m in killed}
    for message in back:
        assert message["Attributes"]["ApproximateReceiveCount"] == "1"
        assert message["Attributes"]["SentTimestamp"] == str(world.clock.now_ms())
        assert "DeadLetterQueueSourceArn" not in message["Attributes"]
    assert await dead.counts() == (0, 0, 0)
    assert await _task(world, dead) == {
        "Status": "COMPLETED",
        "SourceArn": dead.arn,
        "ApproximateNumberOfMessagesMoved": 2,
        "ApproximateNumberOfMessagesToMove": 2,
        "StartedTimestamp": world.clock.now_ms(),
    }


async def test_each_message_finds_its_own_source(world: World) -> None:
    one, dead = await world.with_dead_letters(receives=1)
    policy = f'{{"deadLetterTargetArn":"{dead.arn}","maxReceiveCount":1}}'
    two = await world.queue("two", RedrivePolicy=policy)
    await _kill(one, "1")
    await _kill(two, "2")

    await world.call("StartMessageMoveTask", SourceArn=dead.arn)
    await world.advance(0)

    assert await one.bodies() == ["1"]
    assert await two.bodies() == ["2"]


async def test_named_destination_takes_them_all(world: World) -> None:
    queue, dead = await world.with_dead_letters(receives=1)
    other = await world.queue("other")
    await _kill(queue, "1")
    await dead.send("sent to it directly")

    await world.call("StartMessageMoveTask", SourceArn=dead.arn, DestinationArn=other.arn)
    await world.advance(0)

    assert len(await other.receive()) == 2
    assert (await _task(world, dead))["DestinationArn"] == other.arn


async def test_rate_is_kept_by_the_clock(world: World) -> None:
    queue, dead = await world.with_dead_letters(receives=1)
    await _kill(queue, *(str(number) for number in range(25)))

    started = await world.call(
        "StartMessageMoveTask", SourceArn=dead.arn, MaxNumberOfMessagesPerSecond=10
    )

    moved = []
    for _ in range(3):
        await world.advance(0)
        moved.append((await queue.counts())[0])
        task = await _task(world, dead)
        assert task["ApproximateNumberOfMessagesMoved"] == moved[-1]
        assert task["MaxNumberOfMessagesPerSecond"] == 10
        await world.advance(1)
    assert moved == [10, 20, 25]
    assert started["TaskHandle"]


async def test_task_goes_on_after_a_restart(tmp_path: Path) -> None:
    clock = manual_clock()
    before = make_world(tmp_path / "db", clock)
    queue, dead = await before.with_dead_letters(receives=1)
    await _kill(queue, *(str(number) for number in range(25)))
    await before.call("StartMessageMoveTask", SourceArn=dead.arn, MaxNumberOfMessagesPerSecond=10)
    await before.advance(0)
    await before.engine.durable()
    await before.close()

    after = make_world(tmp_path / "db", clock, seed=2)
    queue.world = dead.world = after
    await after.advance(2)

    assert await queue.counts() == (25, 0, 0)
    assert (await _task(after, dead))["Status"] == "COMPLETED"
    await after.close()


async def test_cancelled_task_stops_where_it_is(world: World) -> None:
    queue, dead = await world.with_dead_letters(receives=1)
    await _kill(queue, *(str(number) for number in range(25)))
    started = await world.call(
        "StartMessageMoveTask", SourceArn=dead.arn, MaxNumberOfMessagesPerSecond=10
    )
    await world.advance(0)
    assert (await _task(world, dead))["TaskHandle"] == started["TaskHandle"]

    cancelled = await world.call("CancelMessageMoveTask", TaskHandle=started["TaskHandle"])
    await world.advance(10)

    assert cancelled == {"ApproximateNumberOfMessagesMoved": 10}
    assert await queue.counts() == (10, 0, 0)
    task = await _task(world, dead)
    assert task["Status"] == "CANCELLED"
    assert "TaskHandle" not in task
    with pytest.raises(InvalidParameterValue, match="Only active tasks"):
        await world.call("CancelMessageMoveTask", TaskHandle=started["TaskHandle"])


async def test_messages_that_fail_again_are_not_moved_for_ever(world: World) -> None:
    queue, dead = await world.with_dead_letters(receives=1)
    await _kill(queue, "1", "2", "3")
    await world.call("StartMessageMoveTask", SourceArn=dead.arn, MaxNumberOfMessagesPerSecond=1)

    for _ in range(5):
        await world.advance(1)
        await _kill(queue)

    assert (await _task(world, dead))["ApproximateNumberOfMessagesMoved"] == 3
    assert await dead.counts() == (3, 0, 0)


async def test_message_without_a_source_fails_the_task_and_stays(world: World) -> None:
    _, dead = await world.with_dead_letters(receives=1)
    await dead.send("sent to it directly")

    await world.call("StartMessageMoveTask", SourceArn=dead.arn)
    await world.advance(0)

    task = await _task(world, dead)
    assert (task["Status"], task["FailureReason"]) == ("FAILED", "CouldNotDetermineMessageSource")
    assert await dead.counts() == (1, 0, 0)


async def test_deleted_source_fails_the_task_and_keeps_the_message(world: World) -> None:
    queue, dead = await world.with_dead_letters(receives=1)
    policy = f'{{"deadLetterTargetArn":"{dead.arn}","maxReceiveCount":1}}'
    await world.queue("two", RedrivePolicy=policy)
    await _kill(queue, "1")
    await queue.call("DeleteQueue")

    await world.call("StartMessageMoveTask", SourceArn=dead.arn)
    await world.advance(0)

    task = await _task(world, dead)
    assert task["FailureReason"] == "AWS.SimpleQueueService.NonExistentQueue"
    assert await dead.counts() == (1, 0, 0)


async def test_deleted_queue_takes_its_tasks_along(world: World) -> None:
    queue, dead = await world.with_dead_letters(receives=1)
    await _kill(queue, "1", "2")
    started = await world.call(
        "StartMessageMoveTask", SourceArn=dead.arn, MaxNumberOfMessagesPerSecond=1
    )
    await world.advance(0)

    await dead.call("DeleteQueue")
    await world.advance(10)

    assert await queue.counts() == (1, 0, 0)
    assert world.sqs.store.move_tasks.latest(dead.arn, 10) == []
    with pytest.raises(ResourceNotFoundException):
        await world.call("CancelMessageMoveTask", TaskHandle=started["TaskHandle"])


async def test_last_ten_tasks_are_listed_newest_first(world: World) -> None:
    _, dead = await world.with_dead_letters(receives=1)
    for _ in range(12):
        await world.advance(1)
        await world.call("StartMessageMoveTask", SourceArn=dead.arn)
        await world.advance(0)

    tasks = await world.call("ListMessageMoveTasks", SourceArn=dead.arn, MaxResults=10)

    started = [task["StartedTimestamp"] for task in tasks["Results"]]
    assert len(started) == 10
    assert started == sorted(started, reverse=True)


async def test_wrong_task_is_refused(world: World) -> None:
    queue, dead = await world.with_dead_letters(receives=1)
    fifo = await world.fifo()
    start = "StartMessageMoveTask"

    with pytest.raises(ResourceNotFoundException, match="SourceArn"):
        await world.call(start, SourceArn=dead.arn + "x")
    with pytest.raises(ResourceNotFoundException, match="DestinationArn"):
        await world.call(start, SourceArn=dead.arn, DestinationArn=dead.arn + "x")
    with pytest.raises(InvalidParameterValue, match="Dead Letter Queue"):
        await world.call(start, SourceArn=queue.arn)
    with pytest.raises(InvalidParameterValue, match="same type"):
        await world.call(start, SourceArn=dead.arn, DestinationArn=fifo.arn)
    with pytest.raises(InvalidParameterValue, match="between 1 and 500"):
        await world.call(start, SourceArn=dead.arn, MaxNumberOfMessagesPerSecond=501)
    assert await world.call("ListMessageMoveTasks", SourceArn=dead.arn) == {}


async def test_one_task_at_a_time(world: World) -> None:
    queue, dead = await world.with_dead_letters(receives=1)
    await _kill(queue, "1", "2")
    await world.call("StartMessageMoveTask", SourceArn=dead.arn, MaxNumberOfMessagesPerSecond=1)

    with pytest.raises(InvalidParameterValue, match="already a task running"):
        await world.call("StartMessageMoveTask", SourceArn=dead.arn)


@pytest.mark.parametrize("handle", ["rubbish", "", "e30=", "W10="])
async def test_rubbish_is_no_task_handle(world: World, handle: str) -> None:
    with pytest.raises(InvalidParameterValue):
        await world.call("CancelMessageMoveTask", TaskHandle=handle)
