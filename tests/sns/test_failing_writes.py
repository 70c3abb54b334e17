"""Each operation that writes is tried with its first, second, … write failing: all or nothing."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from tests.sns.world import DLQ, QUEUE, World

from kamome.storage.engine import Engine, Value

_TABLES = ("sns_topic", "sns_subscription", "sns_undelivered", "sns_delivery", "outbox", "fact")


class _WriteFailed(Exception):
    """Stands for whatever the store can raise."""


def _fail_at(engine: Engine, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    write, seen = engine.write, 0

    def failing(sql: str, params: Sequence[Value] = ()) -> int:
        nonlocal seen
        seen += 1
        if seen == number:
            raise _WriteFailed
        return write(sql, params)

    monkeypatch.setattr(engine, "write", failing)


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
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_failing_write_leaves_nothing_half_done(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    operation: str,
    request_: dict[str, str],
) -> None:
    topic = await world.topic()
    subscription = await world.subscribe(topic)
    await world.sns.outbox.stop()
    named = {"SubscriptionArn": subscription} if "ubscri" in operation else {"TopicArn": topic}
    if operation in ("Subscribe", "CreateTopic"):
        named = {"TopicArn": topic}
    before = _snapshot(world)

    for number in range(1, 10):
        with monkeypatch.context() as patch:
            _fail_at(world.engine, patch, number)
            try:
                await world.call(operation, **named, **request_)
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
        patch.setattr(world.sns.store, "keep_undelivered", _refuse)
        await world.publish(topic)
        assert world.rows("sns_delivery") == 0
        assert world.waiting() == 1
    world.endpoints.failures.clear()
    await world.clock.advance(2_000)

    assert len(world.endpoints.at(QUEUE)) == 1
    assert world.waiting() == 0


def _refuse(*_: object) -> None:
    raise _WriteFailed
