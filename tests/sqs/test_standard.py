"""Standard queues: visibility, delays, receipt handles, batches, sizes, counts."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING

import pytest
from tests.sqs.world import make_world

from kamome.services.sqs import limits
from kamome.services.sqs.errors import (
    BatchEntryIdsNotDistinct,
    BatchRequestTooLong,
    EmptyBatchRequest,
    InvalidAttributeName,
    InvalidBatchEntryId,
    InvalidMessageContents,
    InvalidParameterValue,
    MessageNotInflight,
    OverLimit,
    QueueDoesNotExist,
    ReceiptHandleIsInvalid,
    TooManyEntriesInBatchRequest,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sqs.world import World


async def test_message_reappears_when_its_visibility_timeout_ends(world: World) -> None:
    queue = await world.queue(VisibilityTimeout="30")
    await queue.send("hello")
    [first] = await queue.receive()

    await world.advance(29)
    assert await queue.receive() == []

    await world.advance(1)
    [again] = await queue.receive()
    assert again["Body"] == "hello"
    assert again["Attributes"]["ApproximateReceiveCount"] == "2"
    assert again["ReceiptHandle"] != first["ReceiptHandle"]


async def test_timeout_of_the_receive_overrides_that_of_the_queue(world: World) -> None:
    queue = await world.queue(VisibilityTimeout="30")
    await queue.send("x")

    await queue.receive(VisibilityTimeout=5)
    await world.advance(5)

    assert await queue.bodies() == ["x"]


async def test_timeout_of_zero_leaves_the_message_visible_and_gives_it_once(world: World) -> None:
    queue, _ = await world.with_dead_letters(receives=5)
    await queue.send("x")

    assert await queue.bodies(VisibilityTimeout=0) == ["x"]
    assert await queue.bodies(VisibilityTimeout=0) == ["x"]


async def test_delayed_message_appears_when_its_delay_ends(world: World) -> None:
    queue = await world.queue(DelaySeconds="10")
    await queue.send("queue's")
    await queue.send("own", DelaySeconds=20)
    await queue.send("none", DelaySeconds=0)

    assert await queue.bodies() == ["none"]
    assert await queue.counts() == (0, 1, 2)
    await world.advance(10)
    assert await queue.bodies() == ["queue's"]
    await world.advance(10)
    assert await queue.bodies() == ["own"]


async def test_deleted_message_does_not_come_back(world: World) -> None:
    queue = await world.queue()
    await queue.send("x")
    [message] = await queue.receive()

    await queue.delete(message)
    await world.advance(43_200)

    assert await queue.receive() == []
    assert await queue.counts() == (0, 0, 0)


async def test_message_can_be_deleted_after_its_visibility_timeout(world: World) -> None:
    queue = await world.queue()
    await queue.send("x")
    [message] = await queue.receive()
    await world.advance(60)

    await queue.delete(message)

    assert await queue.counts() == (0, 0, 0)


async def test_handle_of_an_earlier_receive_deletes_nothing(world: World) -> None:
    queue = await world.queue(VisibilityTimeout="0")
    await queue.send("x")
    [first] = await queue.receive()
    await queue.receive()

    await queue.delete(first)

    assert await queue.bodies() == ["x"]


@pytest.mark.parametrize("handle", ["", "rubbish", "AAAA", "é", "A" * 56])
async def test_rubbish_is_no_receipt_handle(world: World, handle: str) -> None:
    queue = await world.queue()

    with pytest.raises(ReceiptHandleIsInvalid, match="is not a valid receipt handle"):
        await queue.call("DeleteMessage", ReceiptHandle=handle)


async def test_handle_belongs_to_one_queue(world: World) -> None:
    queue, other = await world.queue(), await world.queue("other")
    await queue.send("x")
    [message] = await queue.receive()

    with pytest.raises(ReceiptHandleIsInvalid):
        await other.delete(message)


async def test_receipt_handles_hold_no_hyphen(world: World) -> None:
    queue = await world.queue()
    for _ in range(50):
        await queue.send("x")

    handles = [m["ReceiptHandle"] for _ in range(5) for m in await queue.receive()]

    assert len(set(handles)) == 50
    assert not any("-" in handle for handle in handles)


# ---------------------------------------------------------------------- visibility changes


async def test_changed_visibility_counts_from_now(world: World) -> None:
    queue = await world.queue(VisibilityTimeout="60")
    await queue.send("x")
    [message] = await queue.receive()
    await world.advance(15)

    await queue.hide(message, 10)
    await world.advance(9)
    assert await queue.bodies() == []

    await world.advance(1)
    assert await queue.bodies() == ["x"]


async def test_visibility_cannot_pass_12_hours_from_the_receive(world: World) -> None:
    queue = await world.queue()
    await queue.send("x")
    [message] = await queue.receive()
    await queue.hide(message, 43_200)
    await world.advance(100)

    with pytest.raises(InvalidParameterValue, match="beyond the limit"):
        await queue.hide(message, 43_200)

    await queue.hide(message, 43_100)


async def test_visibility_of_a_visible_message_cannot_be_changed(world: World) -> None:
    queue = await world.queue()
    await queue.send("x")
    [message] = await queue.receive()
    await world.advance(30)

    with pytest.raises(MessageNotInflight):
        await queue.hide(message, 10)


async def test_visibility_batch_tells_each_entry(world: World) -> None:
    queue = await world.queue()
    await queue.send("x")
    [message] = await queue.receive()

    result = await queue.call(
        "ChangeMessageVisibilityBatch",
        Entries=[
            {"Id": "good", "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 0},
            {"Id": "bad", "ReceiptHandle": "rubbish", "VisibilityTimeout": 0},
            {"Id": "far", "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 43_201},
        ],
    )

    assert result["Successful"] == [{"Id": "good"}]
    assert [(failed["Id"], failed["Code"]) for failed in result["Failed"]] == [
        ("bad", "ReceiptHandleIsInvalid"),
        ("far", "InvalidParameterValue"),
    ]
    assert await queue.bodies() == ["x"]


# ---------------------------------------------------------------------- limits


async def test_short_poll_is_told_of_too_many_in_flight_and_a_long_one_is_not(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "IN_FLIGHT_STANDARD_MAX", 3)
    queue = await world.queue()
    for _ in range(5):
        await queue.send("x")

    assert len(await queue.receive()) == 3
    with pytest.raises(OverLimit, match="orders"):
        await queue.receive()
    waiting = asyncio.create_task(queue.receive(WaitTimeSeconds=5))
    await world.advance(5)
    assert await waiting == []

    await world.advance(30)
    assert len(await queue.receive()) == 3


async def test_fifo_queue_at_its_limit_gives_nothing_and_says_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "IN_FLIGHT_FIFO_MAX", 2)
    queue = await world.fifo()
    for number in range(3):
        await queue.send(str(number), f"group-{number}")

    assert await queue.bodies() == ["0", "1"]
    assert await queue.bodies() == []


@pytest.mark.parametrize("name", ["orders", "orders.fifo"])
async def test_body_and_attributes_together_fit_the_queue(world: World, name: str) -> None:
    make = world.fifo if name.endswith(".fifo") else world.queue
    queue = await make(name, MaximumMessageSize="1024")
    group = "a" if name.endswith(".fifo") else ""
    attributes = {"kind": {"DataType": "String", "StringValue": "y" * 10}}  # 4 + 6 + 10 bytes

    await queue.send("x" * 1004, group, MessageAttributes=attributes)
    with pytest.raises(InvalidParameterValue, match="must be shorter than 1024 bytes"):
        await queue.send("x" * 1005, group, MessageAttributes=attributes)

    assert (await queue.counts())[0] == 1


async def test_size_counts_bytes_and_not_characters(world: World) -> None:
    queue = await world.queue(MaximumMessageSize="1024")

    await queue.send("あ" * 341)
    with pytest.raises(InvalidParameterValue):
        await queue.send("あ" * 342)


async def test_batch_is_at_most_1_mib_together(world: World) -> None:
    queue = await world.queue()
    half = "x" * 524_288

    await queue.call("SendMessageBatch", Entries=_entries(half, half))
    with pytest.raises(BatchRequestTooLong, match="1048577 bytes"):
        await queue.call("SendMessageBatch", Entries=_entries(half, half + "x"))

    assert (await queue.counts())[0] == 2


# ---------------------------------------------------------------------- batches


def _entries(*bodies: str) -> list[dict[str, object]]:
    return [{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)]


async def test_batch_sends_the_good_entries_and_tells_the_bad(world: World) -> None:
    queue = await world.queue()

    result = await queue.call("SendMessageBatch", Entries=_entries("good", "bad\x00", ""))

    assert [entry["Id"] for entry in result["Successful"]] == ["0"]
    assert [
        (failed["Id"], failed["Code"], failed["SenderFault"]) for failed in result["Failed"]
    ] == [
        ("1", "InvalidMessageContents", True),
        ("2", "InvalidParameterValue", True),
    ]
    assert await queue.bodies() == ["good"]


@pytest.mark.parametrize(
    ("entries", "error"),
    [
        ([], EmptyBatchRequest),
        (_entries(*"abcdefghijk"), TooManyEntriesInBatchRequest),
        ([{"Id": "a b", "MessageBody": "x"}], InvalidBatchEntryId),
        ([{"Id": "x" * 81, "MessageBody": "x"}], InvalidBatchEntryId),
        (
            [{"Id": "a", "MessageBody": "x"}, {"Id": "a", "MessageBody": "y"}],
            BatchEntryIdsNotDistinct,
        ),
    ],
    ids=["empty", "eleven", "characters", "length", "twice"],
)
@pytest.mark.parametrize(
    "operation", ["SendMessageBatch", "DeleteMessageBatch", "ChangeMessageVisibilityBatch"]
)
async def test_wrong_batch_is_refused_as_a_whole(
    world: World, operation: str, entries: list[dict[str, object]], error: type[Exception]
) -> None:
    queue = await world.queue()

    with pytest.raises(error):
        await queue.call(
            operation,
            Entries=[{**entry, "ReceiptHandle": "x", "VisibilityTimeout": 1} for entry in entries],
        )

    assert await queue.counts() == (0, 0, 0)


# ---------------------------------------------------------------------- bodies, attributes


@pytest.mark.parametrize("body", ["\x00", "a\x0bb", "\x1f", "\ufffe", "\uffff"], ids=ascii)
async def test_characters_that_xml_forbids_are_refused(world: World, body: str) -> None:
    queue = await world.queue()

    with pytest.raises(InvalidMessageContents):
        await queue.send(body)


@pytest.mark.parametrize(
    "body", ["\t\n\r", "\x7f", "\ud7ff", "\ue000", "\ufffd", "\U0001f426"], ids=ascii
)
async def test_characters_that_xml_allows_arrive_unchanged(world: World, body: str) -> None:
    queue = await world.queue()

    await queue.send(body)

    assert await queue.bodies() == [body]


async def test_system_attributes_come_on_request_only_by_either_parameter(world: World) -> None:
    queue = await world.queue()
    await queue.send("x")
    names = ("SentTimestamp", "SenderId")

    [bare] = await queue.receive(VisibilityTimeout=0, MessageSystemAttributeNames=[])
    [old] = await queue.receive(
        VisibilityTimeout=0, MessageSystemAttributeNames=[], AttributeNames=list(names)
    )
    [new] = await queue.receive(MessageSystemAttributeNames=list(names))

    assert "Attributes" not in bare
    assert set(old["Attributes"]) == set(new["Attributes"]) == set(names)


async def test_unknown_system_attribute_is_refused(world: World) -> None:
    queue = await world.queue()

    with pytest.raises(InvalidAttributeName, match="Unknown Attribute Colour"):
        await queue.receive(MessageSystemAttributeNames=["Colour"])


async def test_trace_header_comes_as_it_was_sent(world: World) -> None:
    queue = await world.queue()
    trace = {"DataType": "String", "StringValue": "Root=1-5759e988-bd862e3fe1be46a994272793"}

    sent = await queue.send("x", MessageSystemAttributes={"AWSTraceHeader": trace})

    [message] = await queue.receive()
    assert message["Attributes"]["AWSTraceHeader"] == trace["StringValue"]
    layout = (
        b"\x00\x00\x00\x0eAWSTraceHeader\x00\x00\x00\x06String\x01\x00\x00\x00\x28"
        b"Root=1-5759e988-bd862e3fe1be46a994272793"
    )
    assert sent["MD5OfMessageSystemAttributes"] == hashlib.md5(layout).hexdigest()


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("", {"DataType": "String", "StringValue": "x"}, "non-empty message attribute name"),
        ("AWS.x", {"DataType": "String", "StringValue": "x"}, "reserved for internal use"),
        ("amazon.x", {"DataType": "String", "StringValue": "x"}, "reserved for internal use"),
        (".x", {"DataType": "String", "StringValue": "x"}, "Invalid message attribute name"),
        ("x..y", {"DataType": "String", "StringValue": "x"}, "Invalid message attribute name"),
        ("x", {"DataType": "", "StringValue": "x"}, "non-empty type"),
        ("x", {"DataType": "Text", "StringValue": "x"}, "invalid message attribute type"),
        ("x", {"DataType": "String", "BinaryValue": b"x"}, "must use field 'String'"),
        ("x", {"DataType": "Binary", "StringValue": "x"}, "must use field 'Binary'"),
        ("x", {"DataType": "String", "StringValue": ""}, "non-empty message attribute value"),
        ("x", {"DataType": "Number", "StringValue": "one"}, "to a number"),
        ("x", {"DataType": "String", "StringValue": "\x00"}, "Invalid binary character"),
        ("x", {"DataType": "String", "StringListValues": ["x"]}, "not supported"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_wrong_message_attribute_is_refused(
    world: World, name: str, value: dict[str, object], reason: str
) -> None:
    queue = await world.queue()

    with pytest.raises(InvalidParameterValue, match=reason):
        await queue.send("x", MessageAttributes={name: value})

    assert await queue.counts() == (0, 0, 0)


async def test_receive_selects_attributes_by_name_and_prefix(world: World) -> None:
    queue = await world.queue()
    given = {
        name: {"DataType": "Number.float", "StringValue": "-1.5e3"}
        for name in ("bar.a", "bar.b", "foo", "baz")
    }
    await queue.send("x", MessageAttributes=given)

    [message] = await queue.receive(MessageAttributeNames=["bar.*", "foo", "none"])

    assert set(message["MessageAttributes"]) == {"bar.a", "bar.b", "foo"}


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("MaxNumberOfMessages", 0),
        ("MaxNumberOfMessages", 11),
        ("WaitTimeSeconds", -1),
        ("WaitTimeSeconds", 21),
        ("VisibilityTimeout", -1),
        ("VisibilityTimeout", 43_201),
    ],
)
async def test_number_out_of_range_is_refused(world: World, parameter: str, value: int) -> None:
    queue = await world.queue()

    with pytest.raises(InvalidParameterValue, match=f"Value {value} for parameter {parameter}"):
        await queue.call("ReceiveMessage", **{parameter: value})


# ---------------------------------------------------------------------- the store


async def test_messages_outlive_a_restart_with_their_state(tmp_path: Path, world: World) -> None:
    before = make_world(tmp_path / "db", world.clock)
    queue = await before.queue()
    await queue.send("in flight")
    [message] = await queue.receive()
    await queue.send("waiting")
    await queue.send("delayed", DelaySeconds=60)
    await before.engine.durable()
    await before.close()

    after = make_world(tmp_path / "db", world.clock, seed=2)
    queue.world = after

    assert await queue.counts() == (1, 1, 1)
    assert await queue.bodies() == ["waiting"]
    await queue.delete(message)
    assert await queue.counts() == (0, 1, 1)
    await after.close()


async def test_purge_empties_the_queue_at_once_and_its_tables_soon(world: World) -> None:
    queue = await world.queue()
    for number in range(20):
        await queue.send(str(number), "a" if number % 2 else "")
    [message] = await queue.receive(1)

    await queue.call("PurgeQueue")
    assert await queue.counts() == (0, 0, 0)
    await queue.delete(message)
    await world.advance(1)

    for table in ("sqs_message", "sqs_body", "sqs_group"):
        assert world.engine.one(f"SELECT count(*) FROM {table}") == (0,)


async def test_deleted_queue_leaves_no_rows(world: World) -> None:
    queue = await world.fifo()
    for number in range(20):
        await queue.send(str(number), f"group-{number}")

    await queue.call("DeleteQueue")
    await world.advance(1)

    for table in ("sqs_queue", "sqs_message", "sqs_body", "sqs_group"):
        assert world.engine.one(f"SELECT count(*) FROM {table}") == (0,)
    with pytest.raises(QueueDoesNotExist):
        await queue.receive()


async def test_deleted_and_purged_queues_leave_no_timers(world: World) -> None:
    purged = await world.queue("purged")
    await purged.send("1")
    deleted = await world.queue("deleted")
    await deleted.send("1")

    await purged.call("PurgeQueue")
    await deleted.call("DeleteQueue")
    await world.advance(1)

    assert world.sqs.retention._timers == {}


async def test_names_of_deleted_queues_are_forgotten(world: World) -> None:
    for number in range(10):
        queue = await world.queue(f"queue-{number}")
        await queue.call("DeleteQueue")
        await world.advance(61)

    assert world.engine.one("SELECT count(*) FROM sqs_deleted_queue") == (1,)
