"""Random histories against the model: order, deduplication, visibility, redrive, retention.

Each step is done to a queue and to `model.ModelQueue`; what is received, refused and counted must
be equal. Restarts come in between: the engine is opened again on the same file.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any  # results of coroutines

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.sqs.model import Kept, ModelQueue
from tests.sqs.world import Message, Queue, make_world

from kamome.clock import manual_clock
from kamome.errors import AwsError

if TYPE_CHECKING:
    from collections.abc import Coroutine

# Memory where there is such a folder: what a sync is worth is tested elsewhere.
_FOLDER = "/dev/shm" if Path("/dev/shm").is_dir() else None
_START_MS = 1_760_000_000_000
_BODIES = st.sampled_from("abcdefgh")
_GROUPS = st.sampled_from(["g1", "g2", "g3"])
_PICK = st.integers(min_value=0, max_value=1_000)


class QueueHistory(RuleBasedStateMachine):
    """A queue, its dead-letter queue, and what their users may do."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = Path(tempfile.mkdtemp(prefix="kamome-model-", dir=_FOLDER))
        self.clock = manual_clock(_START_MS)
        self.now_s = 0
        self.held: list[tuple[Kept, int, Message]] = []
        self.dead_seen: list[str] = []

    def run(self, work: Coroutine[object, object, Any]) -> Any:
        return self.loop.run_until_complete(work)

    @initialize(
        is_fifo=st.booleans(),
        max_receives=st.integers(1, 3),
        delay_s=st.sampled_from([0, 0, 5]),
    )
    def begin(self, is_fifo: bool, max_receives: int, delay_s: int) -> None:
        self.model = ModelQueue(is_fifo, max_receives, delay_s=delay_s)
        self.run(self._begin(max_receives))

    async def _begin(self, max_receives: int) -> None:
        self.world = make_world(self.folder / "db", self.clock)
        self.queue, self.dead = await self.world.with_dead_letters(
            receives=max_receives, kind=".fifo" if self.model.is_fifo else ""
        )
        await self.queue.call(
            "SetQueueAttributes",
            Attributes={
                "MessageRetentionPeriod": str(self.model.retention_s),
                "DelaySeconds": str(self.model.delay_s),
            },
        )

    @rule(body=_BODIES, group=_GROUPS)
    def send(self, body: str, group: str) -> None:
        self.model.send(body, group, self.now_s)
        self.run(self.queue.send(body, group if self.model.is_fifo else ""))

    @rule(bodies=st.lists(_BODIES, min_size=1, max_size=10), group=_GROUPS)
    def send_batch(self, bodies: list[str], group: str) -> None:
        entries: list[dict[str, str]] = []
        for number, body in enumerate(bodies):
            self.model.send(body, group, self.now_s)
            entries.append({"Id": str(number), "MessageBody": body})
            if self.model.is_fifo:
                entries[-1]["MessageGroupId"] = group
        self.run(self.queue.call("SendMessageBatch", Entries=entries))

    @rule(count=st.integers(1, 10), timeout_s=st.sampled_from([1, 10, 30, 100]))
    def receive(self, count: int, timeout_s: int) -> None:
        expected = self.model.receive(count, timeout_s, self.now_s)

        messages = self.run(self.queue.receive(count, VisibilityTimeout=timeout_s))

        assert [(m["Body"], m["Attributes"]["ApproximateReceiveCount"]) for m in messages] == [
            (kept.body, str(kept.receives)) for kept in expected
        ]
        self.held += [
            (kept, kept.receives, message) for kept, message in zip(expected, messages, strict=True)
        ]

    @precondition(lambda self: self.held)
    @rule(pick=_PICK)
    def delete(self, pick: int) -> None:
        kept, receives, message = self.held[pick % len(self.held)]
        expected = self.model.delete(kept, receives, self.now_s)

        assert self.run(_succeeds(self.queue.delete(message))) == expected

    @precondition(lambda self: self.held)
    @rule(pick=_PICK, timeout_s=st.sampled_from([0, 5, 200]))
    def hide(self, pick: int, timeout_s: int) -> None:
        kept, receives, message = self.held[pick % len(self.held)]
        expected = self.model.hide(kept, receives, timeout_s, self.now_s)

        assert self.run(_succeeds(self.queue.hide(message, timeout_s))) == expected

    @rule(seconds=st.sampled_from([1, 5, 9, 30, 100, 299, 300, 1_000]))
    def advance(self, seconds: int) -> None:
        self.now_s += seconds
        self.model.expire(self.now_s)
        self.run(self.world.advance(seconds))

    @rule()
    def restart(self) -> None:
        self.run(self._restart())

    async def _restart(self) -> None:
        await self.world.engine.durable()
        await self.world.close()
        self.world = make_world(self.folder / "db", self.clock, seed=self.now_s + 2)
        self.queue.world = self.dead.world = self.world

    @invariant()
    def counts_are_exact(self) -> None:
        if hasattr(self, "queue"):
            assert self.run(self.queue.counts()) == self.model.counts(self.now_s)

    @invariant()
    def dead_letters_arrive_in_order(self) -> None:
        if hasattr(self, "queue"):
            for message in self.run(_drained(self.dead)):
                self.dead_seen.append(message["Body"])
            assert sorted(self.dead_seen) == sorted(self.model.dead)

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.run(self.world.close())
        self.loop.close()
        shutil.rmtree(self.folder)


async def _succeeds(work: Coroutine[object, object, object]) -> bool:
    try:
        await work
    except AwsError:
        return False
    return True


async def _drained(queue: Queue) -> list[Message]:
    """All that a queue has, deleted."""
    drained: list[Message] = []
    while messages := await queue.receive(10):
        for message in messages:
            await queue.delete(message)
        drained += messages
    return drained


QueueHistory.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestQueueHistory = QueueHistory.TestCase
