"""FIFO queues: order, groups, deduplication, receive attempts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.sqs.world import make_world

from kamome.clock import manual_clock
from kamome.services.sqs.errors import (
    InvalidAttributeName,
    InvalidAttributeValue,
    InvalidParameterValue,
    MissingParameter,
    ReceiptHandleExpired,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sqs.world import World


async def test_messages_of_a_group_come_in_the_order_of_sending(world: World) -> None:
    queue = await world.fifo()
    for number in range(12):
        await queue.send(str(number), "a")

    first = await queue.receive(10)
    for message in first:
        await queue.delete(message)

    assert [message["Body"] for message in first] == [str(number) for number in range(10)]
    assert await queue.bodies() == ["10", "11"]


async def test_message_in_flight_blocks_its_group_and_no_other(world: World) -> None:
    queue = await world.fifo()
    await queue.send("a1", "a")
    await queue.send("a2", "a")
    await queue.send("b1", "b")

    assert await queue.bodies(1) == ["a1"]
    assert await queue.bodies(10) == ["b1"]
    assert await queue.bodies(10) == []


async def test_group_is_free_when_the_last_of_its_messages_in_flight_is_deleted(
    world: World,
) -> None:
    queue = await world.fifo()
    for body in ("1", "2", "3"):
        await queue.send(body, "a")
    one, two = await queue.receive(2)

    await queue.delete(one)
    assert await queue.bodies() == []

    await queue.delete(two)
    assert await queue.bodies() == ["3"]


async def test_group_comes_back_in_order_when_the_visibility_timeout_ends(world: World) -> None:
    queue = await world.fifo(VisibilityTimeout="30")
    for body in ("1", "2", "3"):
        await queue.send(body, "a")
    await queue.receive(2)

    await world.advance(29)
    assert await queue.bodies() == []

    await world.advance(1)
    assert await queue.bodies() == ["1", "2", "3"]


async def test_group_waits_for_the_longest_visibility_timeout_among_its_messages(
    world: World,
) -> None:
    queue = await world.fifo(VisibilityTimeout="30")
    await queue.send("1", "a")
    await queue.send("2", "a")
    one, two = await queue.receive(2)

    await queue.hide(two, 60)
    await queue.hide(one, 0)

    assert await queue.bodies() == []
    await world.advance(60)
    assert await queue.bodies() == ["1", "2"]


async def test_deleting_the_message_hidden_longest_frees_the_group_earlier(world: World) -> None:
    queue = await world.fifo(VisibilityTimeout="30")
    await queue.send("1", "a")
    await queue.send("2", "a")
    _, two = await queue.receive(2)
    await queue.hide(two, 600)

    await queue.delete(two)
    await world.advance(30)

    assert await queue.bodies() == ["1"]


async def test_receive_takes_of_one_group_what_it_can_before_the_next(world: World) -> None:
    queue = await world.fifo()
    for body, group in (("a1", "a"), ("b1", "b"), ("a2", "a"), ("b2", "b")):
        await queue.send(body, group)

    assert await queue.bodies(3) == ["a1", "a2", "b1"]


async def test_groups_with_the_oldest_message_come_first(world: World) -> None:
    queue = await world.fifo()
    for number in range(30):
        await queue.send(str(number), f"group-{number % 3}")

    received = [await queue.bodies(1) for _ in range(3)]

    assert received == [["0"], ["1"], ["2"]]


async def test_sequence_numbers_have_20_digits_and_grow(world: World) -> None:
    queue = await world.fifo()

    sent = [(await queue.send(str(number), "a"))["SequenceNumber"] for number in range(5)]

    assert all(len(number) == 20 and number.isdigit() for number in sent)
    assert sent == sorted(set(sent))
    received = await queue.receive()
    assert [message["Attributes"]["SequenceNumber"] for message in received] == sent


async def test_received_message_shows_group_and_deduplication_id(world: World) -> None:
    queue = await world.fifo()
    await queue.send("x", "a", MessageDeduplicationId="once")

    [message] = await queue.receive()

    assert message["Attributes"]["MessageGroupId"] == "a"
    assert message["Attributes"]["MessageDeduplicationId"] == "once"


# ---------------------------------------------------------------------- deduplication


async def test_repeated_message_is_accepted_and_not_delivered_again(world: World) -> None:
    queue = await world.fifo()

    first = await queue.send("x", "a", MessageDeduplicationId="once")
    again = await queue.send("other", "a", MessageDeduplicationId="once")

    assert again["MessageId"] == first["MessageId"]
    assert again["SequenceNumber"] == first["SequenceNumber"]
    assert await queue.bodies() == ["x"]


async def test_deduplication_outlives_the_deletion_of_the_message(world: World) -> None:
    queue = await world.fifo()
    await queue.send("x", "a")
    [message] = await queue.receive()
    await queue.delete(message)

    await queue.send("x", "a")

    assert await queue.bodies() == []


async def test_deduplication_ends_after_five_minutes_from_the_first(world: World) -> None:
    queue = await world.fifo()
    await queue.send("x", "a")
    await world.advance(299)
    await queue.send("x", "a")

    await world.advance(1)
    await queue.send("x", "a")

    assert await queue.bodies() == ["x", "x"]


async def test_deduplication_outlives_a_restart(tmp_path: Path) -> None:
    clock = manual_clock()
    before = make_world(tmp_path / "db", clock)
    queue = await before.fifo()
    sent = await queue.send("x", "a")
    await before.engine.durable()
    await before.close()

    after = make_world(tmp_path / "db", clock, seed=2)
    queue.world = after
    again = await queue.send("x", "a")

    assert again["MessageId"] == sent["MessageId"]
    assert await queue.bodies() == ["x"]
    await after.close()


async def test_content_means_the_body_without_its_attributes(world: World) -> None:
    queue = await world.fifo()
    kind = {"kind": {"DataType": "String", "StringValue": "new"}}

    await queue.send("x", "a")
    await queue.send("x", "a", MessageAttributes=kind)
    await queue.send("y", "a")

    assert await queue.bodies() == ["x", "y"]


async def test_explicit_id_counts_against_the_one_made_of_the_content(world: World) -> None:
    queue = await world.fifo()
    await queue.send("x", "a")
    [message] = await queue.receive()

    await queue.send(
        "y", "a", MessageDeduplicationId=message["Attributes"]["MessageDeduplicationId"]
    )

    await queue.delete(message)
    assert await queue.bodies() == []


@pytest.mark.parametrize(("scope", "delivered"), [("queue", 1), ("messageGroup", 2)])
async def test_deduplication_counts_per_queue_or_per_group(
    world: World, scope: str, delivered: int
) -> None:
    queue = await world.fifo(DeduplicationScope=scope)

    await queue.send("x", "a")
    await queue.send("x", "b")

    assert len(await queue.receive()) == delivered


async def test_one_batch_deduplicates_within_itself(world: World) -> None:
    queue = await world.fifo()
    entries = [
        {"Id": str(number), "MessageBody": "x", "MessageGroupId": "a"} for number in range(3)
    ]

    result = await queue.call("SendMessageBatch", Entries=entries)

    assert len({entry["MessageId"] for entry in result["Successful"]}) == 1
    assert await queue.bodies() == ["x"]


async def test_purge_does_not_forget_what_was_sent(world: World) -> None:
    queue = await world.fifo()
    await queue.send("x", "a")

    await queue.call("PurgeQueue")
    await queue.send("x", "a")
    await queue.send("y", "a")

    assert await queue.bodies() == ["y"]


# ---------------------------------------------------------------------- receive attempts


async def test_same_receive_attempt_gives_the_same_messages_and_handles(world: World) -> None:
    queue = await world.fifo(VisibilityTimeout="30")
    await queue.send("1", "a")
    await queue.send("2", "a")
    first = await queue.receive(1, ReceiveRequestAttemptId="try")
    await world.advance(20)

    again = await queue.receive(1, ReceiveRequestAttemptId="try")

    assert again == first
    await world.advance(29)  # the repetition has begun the visibility timeout anew
    assert await queue.bodies() == []
    await queue.delete(again[0])
    assert await queue.bodies() == ["2"]


async def test_receive_attempt_is_repeated_after_a_restart(tmp_path: Path) -> None:
    clock = manual_clock()
    before = make_world(tmp_path / "db", clock)
    queue = await before.fifo()
    await queue.send("1", "a")
    first = await queue.receive(1, ReceiveRequestAttemptId="try")
    await before.engine.durable()
    await before.close()

    after = make_world(tmp_path / "db", clock, seed=2)
    queue.world = after

    assert await queue.receive(1, ReceiveRequestAttemptId="try") == first
    await after.close()


async def test_receive_attempt_is_new_when_one_of_its_messages_was_deleted(world: World) -> None:
    queue = await world.fifo()
    await queue.send("1", "a")
    await queue.send("2", "a")
    await queue.send("3", "b")
    one, _ = await queue.receive(2, ReceiveRequestAttemptId="try")

    await queue.delete(one)

    assert await queue.bodies(2, ReceiveRequestAttemptId="try") == ["3"]


async def test_receive_attempt_is_new_when_a_visibility_was_changed(world: World) -> None:
    queue = await world.fifo()
    await queue.send("1", "a")
    await queue.send("2", "b")
    [one] = await queue.receive(1, ReceiveRequestAttemptId="try")

    await queue.hide(one, 100)

    assert await queue.bodies(1, ReceiveRequestAttemptId="try") == ["2"]


async def test_receive_attempt_is_new_when_the_visibility_timeout_has_ended(world: World) -> None:
    queue = await world.fifo(VisibilityTimeout="30")
    await queue.send("1", "a")
    [first] = await queue.receive(1, ReceiveRequestAttemptId="try")
    await world.advance(30)

    [again] = await queue.receive(1, ReceiveRequestAttemptId="try")

    assert again["ReceiptHandle"] != first["ReceiptHandle"]
    assert again["Attributes"]["ApproximateReceiveCount"] == "2"


async def test_receive_attempt_counts_for_five_minutes(world: World) -> None:
    queue = await world.fifo(VisibilityTimeout="600")
    await queue.send("1", "a")
    await queue.receive(1, ReceiveRequestAttemptId="try")

    await world.advance(299)
    assert await queue.bodies(1, ReceiveRequestAttemptId="try") == ["1"]

    await world.advance(1)
    assert await queue.bodies(1, ReceiveRequestAttemptId="try") == []


# ---------------------------------------------------------------------- deletes


async def test_message_cannot_be_deleted_after_its_visibility_timeout(world: World) -> None:
    queue = await world.fifo(VisibilityTimeout="30")
    await queue.send("1", "a")
    [message] = await queue.receive()
    await world.advance(30)

    with pytest.raises(ReceiptHandleExpired, match="The receipt handle has expired"):
        await queue.delete(message)

    assert await queue.bodies() == ["1"]


async def test_expired_handle_has_a_code_of_its_own_in_a_batch(world: World) -> None:
    queue = await world.fifo(VisibilityTimeout="0")
    await queue.send("1", "a")
    [message] = await queue.receive()

    result = await queue.call(
        "DeleteMessageBatch", Entries=[{"Id": "x", "ReceiptHandle": message["ReceiptHandle"]}]
    )

    [failed] = result["Failed"]
    assert failed["Code"] == "ReceiptHandleIsInvalid"
    assert failed["Message"] == "The receipt handle has expired"
    assert "Successful" not in result


async def test_second_delete_with_the_same_handle_succeeds(world: World) -> None:
    queue = await world.fifo()
    await queue.send("1", "a")
    [message] = await queue.receive()

    await queue.delete(message)
    await queue.delete(message)

    assert await queue.counts() == (0, 0, 0)


# ---------------------------------------------------------------------- delay, dead letters


async def test_delay_of_the_queue_holds_for_each_message(world: World) -> None:
    queue = await world.fifo(DelaySeconds="10")
    await queue.send("1", "a")
    await world.advance(5)
    await queue.send("2", "a")

    await world.advance(5)
    [one] = await queue.receive()
    await queue.delete(one)
    assert one["Body"] == "1"
    assert await queue.counts() == (0, 0, 1)

    await world.advance(5)
    assert await queue.bodies() == ["2"]


async def test_shorter_delay_set_later_does_not_overtake_within_a_group(world: World) -> None:
    queue = await world.fifo(DelaySeconds="10")
    await queue.send("1", "a")
    await queue.call("SetQueueAttributes", Attributes={"DelaySeconds": "0"})
    await queue.send("2", "a")
    await queue.send("3", "b")

    assert await queue.bodies() == ["3"]
    await world.advance(10)
    assert await queue.bodies() == ["1", "2"]


async def test_poison_message_goes_to_the_fifo_dead_letter_queue_and_frees_its_group(
    world: World,
) -> None:
    queue, dead = await world.with_dead_letters(receives=2, kind=".fifo")
    sent = await queue.send("poison", "a")
    await queue.send("good", "a")
    for _ in range(2):
        assert await queue.bodies(1) == ["poison"]
        await world.advance(30)

    assert await queue.bodies(1) == ["good"]
    [message] = await dead.receive()

    assert message["Body"] == "poison"
    assert message["MessageId"] == sent["MessageId"]
    assert message["Attributes"]["DeadLetterQueueSourceArn"] == queue.arn
    assert message["Attributes"]["MessageGroupId"] == "a"
    assert message["Attributes"]["MessageDeduplicationId"] == sent["MessageId"]
    assert message["Attributes"]["ApproximateReceiveCount"] == "3"


# ---------------------------------------------------------------------- validation


async def test_message_without_group_is_refused(world: World) -> None:
    queue = await world.fifo()

    with pytest.raises(MissingParameter, match="must contain the parameter MessageGroupId"):
        await queue.send("x")


async def test_message_without_deduplication_id_is_refused(world: World) -> None:
    queue = await world.queue("orders.fifo", FifoQueue="true")

    with pytest.raises(InvalidParameterValue, match="ContentBasedDeduplication enabled"):
        await queue.send("x", "a")


@pytest.mark.parametrize(
    "parameters",
    [
        {"DelaySeconds": 5},
        {"MessageDeduplicationId": ""},
        {"MessageDeduplicationId": "x" * 129},
        {"MessageDeduplicationId": "with space"},
        {"MessageGroupId": "x" * 129},
        {"MessageGroupId": "é"},
    ],
    ids=str,
)
async def test_parameter_that_a_fifo_queue_does_not_take_is_refused(
    world: World, parameters: dict[str, object]
) -> None:
    queue = await world.fifo()

    with pytest.raises(InvalidParameterValue):
        await queue.call("SendMessage", **{"MessageBody": "x", "MessageGroupId": "a", **parameters})

    assert await queue.counts() == (0, 0, 0)


async def test_standard_queue_takes_no_deduplication_id_and_no_attempt(world: World) -> None:
    queue = await world.queue()

    with pytest.raises(InvalidParameterValue, match="not valid for this queue type"):
        await queue.send("x", MessageDeduplicationId="a")
    with pytest.raises(InvalidParameterValue, match="not valid for this queue type"):
        await queue.receive(ReceiveRequestAttemptId="a")


async def test_high_throughput_needs_deduplication_per_group(world: World) -> None:
    with pytest.raises(InvalidAttributeValue, match="messageGroup"):
        await world.fifo(FifoThroughputLimit="perMessageGroupId")

    await world.fifo(FifoThroughputLimit="perMessageGroupId", DeduplicationScope="messageGroup")


@pytest.mark.parametrize("name", ["orders", "orders.fifo.x", ".fifo", "a" * 76 + ".fifo"])
async def test_name_of_a_fifo_queue_ends_with_its_suffix(world: World, name: str) -> None:
    with pytest.raises(InvalidParameterValue):
        await world.queue(name, FifoQueue="true")


async def test_fifo_attributes_belong_to_fifo_queues(world: World) -> None:
    for name in ("ContentBasedDeduplication", "FifoQueue"):
        with pytest.raises(InvalidAttributeName):
            await world.queue(**{name: "false"})
