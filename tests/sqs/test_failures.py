"""A write that fails at its n-th statement leaves everything as it was."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any  # parameters of any method of the engine

import pytest
from tests.sqs.world import Queue

if TYPE_CHECKING:
    from tests.sqs.world import World

TABLES = (
    "sqs_queue",
    "sqs_deleted_queue",
    "sqs_message",
    "sqs_group",
    "sqs_body",
    "sqs_deduplication",
    "sqs_receive_attempt",
    "sqs_move_task",
    "outbox",
)


class _DiskError(Exception):
    pass


class _Stage:
    """Queues in a state that every operation can act on."""

    def __init__(self, world: World, plain: Queue, fifo: Queue, dead: Queue) -> None:
        self.world, self.plain, self.fifo, self.dead = world, plain, fifo, dead
        self.handles: dict[str, list[str]] = {}

    def of(self, name: str, which: int = 0) -> str:
        return self.handles[name][which]


async def _stage(world: World) -> _Stage:
    plain, dead = await world.with_dead_letters(receives=1)
    fifo, fifo_dead = await world.with_dead_letters(receives=2, kind=".fifo")
    stage = _Stage(world, plain, fifo, dead)
    for number in range(4):
        await plain.send(f"plain-{number}", "tenant" if number % 2 else "")
    stage.handles["plain"] = [
        m["ReceiptHandle"] for m in await plain.receive(2, VisibilityTimeout=600)
    ]
    for number in range(4):
        await fifo.send(f"fifo-{number}", f"group-{number % 2}")
    stage.handles["fifo"] = [m["ReceiptHandle"] for m in await fifo.receive(2)]
    for body in ("poison", "good"):
        await fifo.send(body, "poisoned")
    for _ in range(2):
        await fifo.receive(1, VisibilityTimeout=0)
    await plain.send("poison")
    await plain.receive(10, VisibilityTimeout=0)
    await plain.send("also good", "tenant")
    await dead.send("dead letter")
    assert fifo_dead.name == "dead.fifo"
    return stage


Act = Callable[[_Stage], Awaitable[object]]
_BATCH = [{"Id": str(n), "MessageBody": str(n), "MessageGroupId": f"g{n % 2}"} for n in range(3)]
WRITES: dict[str, Act] = {
    "create": lambda s: s.world.queue("new", DelaySeconds="3"),
    "send": lambda s: s.plain.send("x"),
    "send for a tenant": lambda s: s.plain.send("x", "another"),
    "send to a group": lambda s: s.fifo.send("x", "group-0"),
    "send to a new group": lambda s: s.fifo.send("x", "another"),
    "send a batch": lambda s: s.fifo.call("SendMessageBatch", Entries=_BATCH),
    "receive, with a dead letter": lambda s: s.plain.receive(10),
    "receive from groups, with a dead letter": lambda s: s.fifo.receive(10),
    "receive as an attempt": lambda s: s.fifo.receive(10, ReceiveRequestAttemptId="a"),
    "delete": lambda s: s.plain.call("DeleteMessage", ReceiptHandle=s.of("plain")),
    "delete from a group": lambda s: s.fifo.call("DeleteMessage", ReceiptHandle=s.of("fifo")),
    "delete a batch": lambda s: s.fifo.call(
        "DeleteMessageBatch",
        Entries=[{"Id": str(n), "ReceiptHandle": s.of("fifo", n)} for n in range(2)],
    ),
    "hide": lambda s: s.plain.call(
        "ChangeMessageVisibility", ReceiptHandle=s.of("plain", 1), VisibilityTimeout=7
    ),
    "hide a batch": lambda s: s.fifo.call(
        "ChangeMessageVisibilityBatch",
        Entries=[
            {"Id": str(n), "ReceiptHandle": s.of("fifo", n), "VisibilityTimeout": 7}
            for n in range(2)
        ],
    ),
    "set attributes": lambda s: s.plain.call(
        "SetQueueAttributes", Attributes={"MessageRetentionPeriod": "60"}
    ),
    "tag": lambda s: s.plain.call("TagQueue", Tags={"a": "b"}),
    "permit": lambda s: s.plain.call(
        "AddPermission", Label="x", AWSAccountIds=["111122223333"], Actions=["*"]
    ),
    "purge": lambda s: s.fifo.call("PurgeQueue"),
    "delete the queue": lambda s: s.plain.call("DeleteQueue"),
    "start a move": lambda s: s.world.call("StartMessageMoveTask", SourceArn=s.dead.arn),
}


@pytest.mark.parametrize("act", WRITES.values(), ids=WRITES.keys())
async def test_write_that_fails_at_its_nth_statement_changes_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, act: Act
) -> None:
    stage = await _stage(world)
    await world.engine.durable()
    before, counted = _rows(world), await _counts(stage)
    failures = 0

    while True:
        plan = _Plan(failures + 1)
        with monkeypatch.context() as patched:
            for method in ("write", "write_returning", "write_many"):
                patched.setattr(world.engine, method, plan.failing(getattr(world.engine, method)))
            try:
                await act(stage)
            except _DiskError:
                failures += 1
            else:
                break
        assert _rows(world) == before, f"after a failure at statement {failures}"
        assert await _counts(stage) == counted
        assert failures < 100

    assert failures >= 1
    assert _rows(world) != before


class _Plan:
    """Lets the n-th writing statement fail."""

    def __init__(self, fails_at: int) -> None:
        self._left = fails_at

    def failing(self, genuine: Callable[..., Any]) -> Callable[..., Any]:
        def call(sql: str, params: Sequence[Any] | Iterable[Any] = ()) -> Any:
            self._left -= 1
            if self._left == 0:
                raise _DiskError
            return genuine(sql, params)

        return call


def _rows(world: World) -> dict[str, list[object]]:
    return {table: sorted(world.engine.all(f"SELECT * FROM {table}"), key=repr) for table in TABLES}


async def _counts(stage: _Stage) -> list[object]:
    """From the store's own figures, some of which are kept in memory."""
    return [await queue.counts() for queue in (stage.plain, stage.fifo, stage.dead)]
