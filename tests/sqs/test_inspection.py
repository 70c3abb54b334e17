"""A look at queues and messages without receiving."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any  # answers, read by tests
from urllib.parse import urlencode

import orjson

from kamome.services.sqs.inspection import MESSAGES_PATH, QUEUES_PATH, InspectionApi
from kamome.wire import HttpRequest

if TYPE_CHECKING:
    from tests.sqs.world import Queue, World


async def _ask(world: World, path: str, expected: int = 200, /, **parameters: object) -> Any:
    api = InspectionApi(world.sqs, region="us-east-1", account="000000000000")
    response = await api(HttpRequest("GET", path, urlencode(parameters), [("host", "localhost")]))
    assert response.status == expected
    assert isinstance(response.body, bytes)
    return orjson.loads(response.body)


async def _peek(queue: Queue, **parameters: object) -> list[Any]:
    answer = await _ask(queue.world, MESSAGES_PATH, QueueUrl=queue.url, **parameters)
    messages: list[Any] = answer.get("Messages", [])
    return messages


async def test_peek_shows_messages_and_changes_nothing(world: World) -> None:
    queue = await world.queue()
    attributes = {
        "a": {"DataType": "String", "StringValue": "x"},
        "b": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
    }
    await queue.send("1", MessageAttributes=attributes)
    await queue.send("2")

    shown = await _peek(queue)

    assert [message["Body"] for message in shown] == ["1", "2"]
    assert shown[0]["MessageAttributes"]["b"] == {"DataType": "Binary", "BinaryValue": "AP8="}
    assert "ReceiptHandle" not in shown[0]
    [first, _] = await queue.receive()
    assert first["Attributes"]["ApproximateReceiveCount"] == "1"


async def test_hidden_and_delayed_messages_show_when_asked_for(world: World) -> None:
    queue = await world.queue()
    await queue.send("in flight")
    await queue.receive()
    await queue.send("delayed", DelaySeconds=5)
    await queue.send("visible")

    assert [message["State"] for message in await _peek(queue)] == ["visible"]
    everything = await _peek(queue, ShowInvisible="true", ShowDelayed="true")
    assert [message["State"] for message in everything] == ["in flight", "delayed", "visible"]


async def test_peek_goes_on_after_a_place(world: World) -> None:
    queue = await world.fifo()
    for number in range(5):
        await queue.send(str(number), "a")

    first = await _peek(queue, Limit=2)
    rest = await _peek(queue, After=first[-1]["Place"])

    assert [message["Body"] for message in first + rest] == ["0", "1", "2", "3", "4"]
    assert len(first) == 2


async def test_queues_show_counts_counters_and_age(world: World) -> None:
    queue, dead = await world.with_dead_letters(receives=5)
    for _ in range(3):
        await queue.send("abc")
    [one, _] = await queue.receive(2)
    await queue.delete(one)
    await dead.receive()
    await world.advance(10)

    shown = (await _ask(world, QUEUES_PATH))["queues"]

    by_name = {each["name"]: each for each in shown}
    assert (
        by_name["orders"].items()
        >= {
            "visible": 1,
            "in_flight": 1,
            "delayed": 0,
            "sent": 3,
            "received": 2,
            "deleted": 1,
            "empty_receives": 0,
            "sent_bytes": 9,
            "age_of_oldest_s": 10.0,
            "dead_letter_target": dead.arn,
        }.items()
    )
    assert by_name["dead"]["empty_receives"] == 1
    assert by_name["dead"]["age_of_oldest_s"] is None


async def test_queues_come_in_pages(world: World) -> None:
    for number in range(5):
        await world.queue(f"queue-{number}")

    first = await _ask(world, QUEUES_PATH, limit=3)
    rest = await _ask(world, QUEUES_PATH, limit=3, after=first["next"])

    assert [len(first["queues"]), len(rest["queues"])] == [3, 2]
    assert "next" not in rest


async def test_wrong_question_gets_a_sentence(world: World) -> None:
    queue = await world.queue()

    assert "Name the queue" in (await _ask(world, MESSAGES_PATH, 400))["message"]
    await _ask(world, MESSAGES_PATH, 400, QueueUrl=queue.url, Limit="x")
    await _ask(world, MESSAGES_PATH, 400, QueueUrl=queue.url, Limit="0")
    await _ask(world, QUEUES_PATH, 400, limit="1001")
    await _ask(world, QUEUES_PATH, 400, limit="0")
    missing = await _ask(world, MESSAGES_PATH, 400, QueueUrl=queue.url + "x")
    assert missing["__type"] == "QueueDoesNotExist"
    await _ask(world, QUEUES_PATH + "/more", 404)
