"""Each operation that writes is tried with its first, second, … write failing: all or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from tests.sns.world import ACCOUNT, DLQ, QUEUE, World

from kamome.storage.engine import Engine, Row, Value

_TABLES = (
    "sns_topic",
    "sns_subscription",
    "sns_undelivered",
    "sns_delivery",
    "sns_confirmation",
    "sns_deduplication",
    "sns_archive",
    "sns_record",
    "sns_document",
    "outbox",
    "fact",
)
FIFO = {"FifoTopic": "true", "ArchivePolicy": '{"MessageRetentionPeriod":7}'}


class _WriteFailed(Exception):
    """Stands for whatever the store can raise."""


def _fail_at(engine: Engine, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    write, returning, seen = engine.write, engine.write_returning, 0

    def count() -> None:
        nonlocal seen
        seen += 1
        if seen == number:
            raise _WriteFailed

    def failing(sql: str, params: Sequence[Value] = ()) -> int:
        count()
        return write(sql, params)

    def failing_returning(sql: str, params: Sequence[Value] = ()) -> list[Row]:
        count()
        return returning(sql, params)

    monkeypatch.setattr(engine, "write", failing)
    monkeypatch.setattr(engine, "write_returning", failing_returning)


def _snapshot(world: World) -> list[object]:
    return [world.engine.all(f"SELECT * FROM {table} ORDER BY 1, 2") for table in _TABLES]


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("CreateTopic", {"Name": "second"}),
        ("DeleteTopic", {}),
        ("SetTopicAttributes", {"AttributeName": "DisplayName", "AttributeValue": "x"}),
        ("Subscribe", {"Protocol": "sqs", "Endpoint": DLQ}),
        ("Unsubscribe", {}),
        (
            "SetSubscriptionAttributes",
            {"AttributeName": "RawMessageDelivery", "AttributeValue": "true"},
        ),
        ("Publish", {"Message": "m"}),
        ("TagResource", {"Tags": [{"Key": "a", "Value": "b"}]}),
        ("AddPermission", {"Label": "l", "AWSAccountId": [ACCOUNT], "ActionName": ["Publish"]}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_failing_write_leaves_nothing_half_done(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    operation: str,
    request_: dict[str, object],
) -> None:
    topic = await world.topic()
    subscription = await world.subscribe(topic)
    await world.sns.outbox.stop()
    named = {"SubscriptionArn": subscription} if "ubscri" in operation else {"TopicArn": topic}
    if operation in ("Subscribe", "CreateTopic"):
        named = {"TopicArn": topic}
    if operation == "TagResource":
        named = {"ResourceArn": topic}

    await _check_each_write(world, monkeypatch, operation, {**named, **request_})


async def test_a_failing_write_leaves_no_half_published_message_of_a_fifo_topic(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = await world.topic("orders.fifo", **FIFO)
    await world.subscribe(topic)
    await world.sns.outbox.stop()
    request = {"Message": "m", "MessageGroupId": "g", "MessageDeduplicationId": "d"}

    await _check_each_write(world, monkeypatch, "Publish", {"TopicArn": topic, **request})


@pytest.mark.parametrize(
    ("protocol", "endpoint"), [("https", "https://example.com/"), ("email", "a@example.com")]
)
async def test_a_failing_write_leaves_no_half_asked_confirmation(
    world: World, monkeypatch: pytest.MonkeyPatch, protocol: str, endpoint: str
) -> None:
    topic = await world.topic()
    await world.sns.outbox.stop()
    request = {"TopicArn": topic, "Protocol": protocol, "Endpoint": endpoint}

    await _check_each_write(world, monkeypatch, "Subscribe", request)


async def _check_each_write(
    world: World, monkeypatch: pytest.MonkeyPatch, operation: str, request: Mapping[str, object]
) -> None:
    before = _snapshot(world)
    for number in range(1, 20):
        with monkeypatch.context() as patch:
            _fail_at(world.engine, patch, number)
            try:
                await world.call(operation, **request)
            except _WriteFailed:
                assert _snapshot(world) == before, f"write {number}"
                continue
        break

    assert number > 1
    assert _snapshot(world) != before


async def test_a_fan_out_whose_writes_fail_is_done_again_as_a_whole(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = await world.topic()
    for queue in (QUEUE, DLQ):
        await world.subscribe(topic, queue)
    world.endpoints.failures[QUEUE] = _WriteFailed()

    with monkeypatch.context() as patch:
        # The row that keeps the message for QUEUE fails, so the whole step does.
        patch.setattr(world.sns.delivery_store, "keep_undelivered", _refuse)
        await world.publish(topic)
        assert world.rows("sns_delivery") == 0
        assert world.waiting() == 1
    world.endpoints.failures.clear()
    await world.clock.advance(2_000)

    assert len(world.endpoints.at(QUEUE)) == 1
    assert world.waiting() == 0


def _refuse(*_: object) -> None:
    raise _WriteFailed
