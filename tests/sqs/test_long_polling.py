"""Long polling: who waits is woken at once, and who has gone takes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any  # messages of results, read by tests

import msgspec
import pytest

from kamome.services.sqs.errors import QueueDoesNotExist

if TYPE_CHECKING:
    from tests.sqs.world import Queue, World

    from kamome.storage.engine import Row, Value

Poll = asyncio.Task[list[dict[str, Any]]]


async def _poll(queue: Queue, count: int = 10) -> Poll:
    """A long poll that has begun to wait."""
    poll = asyncio.create_task(queue.receive(count, WaitTimeSeconds=20))
    await asyncio.sleep(0)
    assert not poll.done()
    return poll


async def test_poll_ends_at_once_when_a_message_arrives(world: World) -> None:
    queue = await world.queue()
    poll = await _poll(queue)

    await queue.send("x")

    assert [message["Body"] for message in await poll] == ["x"]


async def test_poll_ends_empty_when_its_time_is_over(world: World) -> None:
    queue = await world.queue(ReceiveMessageWaitTimeSeconds="20")
    poll = asyncio.create_task(queue.receive())

    await world.advance(19.9)
    assert not poll.done()
    await world.advance(0.1)

    assert await poll == []


async def test_poll_wakes_when_a_delayed_message_becomes_visible(world: World) -> None:
    queue = await world.queue()
    poll = await _poll(queue)
    await queue.send("x", DelaySeconds=10)

    await world.advance(10)

    assert [message["Body"] for message in await poll] == ["x"]


async def test_poll_wakes_when_a_hidden_message_becomes_visible(world: World) -> None:
    queue = await world.queue(VisibilityTimeout="10")
    await queue.send("x")
    await queue.receive()
    poll = await _poll(queue)

    await world.advance(10)

    assert [message["Body"] for message in await poll] == ["x"]


async def test_poll_wakes_when_a_message_is_given_back(world: World) -> None:
    queue = await world.queue()
    await queue.send("x")
    [message] = await queue.receive()
    poll = await _poll(queue)

    await queue.hide(message, 0)

    assert [message["Body"] for message in await poll] == ["x"]


async def test_poll_of_a_fifo_queue_wakes_when_its_group_is_freed(world: World) -> None:
    queue = await world.fifo()
    await queue.send("1", "a")
    [message] = await queue.receive()
    await queue.send("2", "a")
    poll = await _poll(queue)

    await queue.delete(message)

    assert [message["Body"] for message in await poll] == ["2"]


async def test_poll_of_a_dead_letter_queue_wakes_when_a_message_is_moved(world: World) -> None:
    queue, dead = await world.with_dead_letters(receives=1)
    await queue.send("x")
    await queue.receive(VisibilityTimeout=0)
    poll = await _poll(dead)

    assert await queue.receive() == []

    assert [message["Body"] for message in await poll] == ["x"]


async def test_poll_ends_with_its_queue(world: World) -> None:
    queue = await world.queue()
    polls = [await _poll(queue) for _ in range(3)]

    await queue.call("DeleteQueue")

    for poll in polls:
        with pytest.raises(QueueDoesNotExist):
            await poll


async def test_each_message_of_a_batch_wakes_a_poll(world: World) -> None:
    queue = await world.queue()
    polls = [await _poll(queue, 1) for _ in range(5)]

    await queue.call(
        "SendMessageBatch", Entries=[{"Id": str(n), "MessageBody": str(n)} for n in range(5)]
    )

    received = [(await poll)[0]["Body"] for poll in polls]
    assert sorted(received) == ["0", "1", "2", "3", "4"]


async def test_messages_that_become_visible_together_wake_as_many_polls_as_they_need(
    world: World,
) -> None:
    queue = await world.queue(VisibilityTimeout="10")
    for number in range(3):
        await queue.send(str(number))
    await queue.receive()
    polls = [
        asyncio.create_task(queue.call("ReceiveMessage", WaitTimeSeconds=20)) for _ in range(4)
    ]

    await world.advance(10)
    await asyncio.sleep(0)

    done = [poll for poll in polls if poll.done()]
    assert len(done) == 3
    await world.advance(20)
    await asyncio.gather(*polls)


async def test_client_that_has_gone_burns_no_receive_count(world: World) -> None:
    queue = await world.queue()
    leave: list[Callable[[], None]] = []
    world.ctx = msgspec.structs.replace(world.ctx, when_gone=leave.append)
    gone = await _poll(queue)
    world.ctx = msgspec.structs.replace(world.ctx, when_gone=None)

    leave[0]()
    assert await gone == []
    await queue.send("x")

    [message] = await queue.receive()
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"


async def test_client_that_leaves_as_it_is_woken_passes_the_message_on(world: World) -> None:
    queue = await world.queue()
    leave: list[Callable[[], None]] = []
    world.ctx = msgspec.structs.replace(world.ctx, when_gone=leave.append)
    gone = await _poll(queue)
    world.ctx = msgspec.structs.replace(world.ctx, when_gone=None)
    staying = await _poll(queue)

    await queue.send("x")  # wakes the first in line
    leave[0]()

    assert await gone == []
    [message] = await staying
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"


async def test_thousands_of_polls_cost_no_statements_while_nothing_happens(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = await world.queue()
    polls = [await _poll(queue) for _ in range(2_000)]
    statements: list[str] = []
    genuine = world.engine.all

    def counted(sql: str, params: Sequence[Value] = ()) -> list[Row]:
        statements.append(sql)
        return genuine(sql, params)

    monkeypatch.setattr(world.engine, "all", counted)

    await world.advance(10)
    assert statements == []
    await queue.send("x")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert sum(poll.done() for poll in polls) == 1
    assert len(statements) < 10

    await world.advance(10)
    await asyncio.gather(*polls)
