"""A world for SQS: a slice on a store, a clock that stands still, and a caller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # results of any operation, read by tests

import kamome.services.sqs
from kamome import observe, storage
from kamome.clock import Clock, manual_clock
from kamome.context import RequestContext
from kamome.ids import seeded_ids
from kamome.observe.journeys import Journeys
from kamome.services.sqs.move_operations import move_messages
from kamome.services.sqs.operations import OPERATIONS
from kamome.services.sqs.queue_operations import discard_messages
from kamome.services.sqs.slice import DISCARD_MESSAGES, MOVE_MESSAGES, Sqs, make_sqs
from kamome.storage.engine import Engine
from kamome.storage.facts import Facts
from kamome.storage.migrations import migrate
from kamome.storage.outbox import Outbox

ACCOUNT = "000000000000"
REGION = "us-east-1"
CALLER = RequestContext(
    account=ACCOUNT,
    region=REGION,
    principal=f"arn:aws:iam::{ACCOUNT}:root",
    request_id="11111111-2222-4333-8444-555555555555",
)
FIFO = {"FifoQueue": "true"}
Message = dict[str, Any]


@dataclass(slots=True)
class Queue:
    """One queue, as a caller sees it."""

    world: World
    url: str

    @property
    def name(self) -> str:
        return self.url.rpartition("/")[2]

    @property
    def arn(self) -> str:
        return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{self.name}"

    async def call(self, operation: str, **request: object) -> Mapping[str, Any]:
        return await self.world.call(operation, QueueUrl=self.url, **request)

    async def send(self, body: str, group: str = "", **request: object) -> Mapping[str, Any]:
        if group:
            request["MessageGroupId"] = group
        return await self.call("SendMessage", MessageBody=body, **request)

    async def receive(self, count: int = 10, **request: object) -> list[Message]:
        request.setdefault("MessageSystemAttributeNames", ["All"])
        result = await self.call("ReceiveMessage", MaxNumberOfMessages=count, **request)
        messages: list[Message] = result.get("Messages", [])
        return messages

    async def bodies(self, count: int = 10, **request: object) -> list[str]:
        return [message["Body"] for message in await self.receive(count, **request)]

    async def delete(self, message: Message) -> None:
        await self.call("DeleteMessage", ReceiptHandle=message["ReceiptHandle"])

    async def hide(self, message: Message, timeout_s: int) -> None:
        await self.call(
            "ChangeMessageVisibility",
            ReceiptHandle=message["ReceiptHandle"],
            VisibilityTimeout=timeout_s,
        )

    async def counts(self) -> tuple[int, int, int]:
        """Visible, in flight, delayed."""
        shown = (await self.call("GetQueueAttributes", AttributeNames=["All"]))["Attributes"]
        return (
            int(shown["ApproximateNumberOfMessages"]),
            int(shown["ApproximateNumberOfMessagesNotVisible"]),
            int(shown["ApproximateNumberOfMessagesDelayed"]),
        )


@dataclass(slots=True)
class World:
    """A slice and what stands behind it."""

    sqs: Sqs
    engine: Engine
    clock: Clock
    outbox: Outbox
    ctx: RequestContext = CALLER

    async def call(self, operation: str, **request: object) -> Mapping[str, Any]:
        """Call an operation by AWS's name with AWS's parameters."""
        result = await OPERATIONS[operation](self.sqs, self.ctx, request)
        return result or {}

    async def queue(self, name: str = "orders", **attributes: str) -> Queue:
        """A queue with these attributes."""
        made = await self.call("CreateQueue", QueueName=name, Attributes=attributes)
        return Queue(self, made["QueueUrl"])

    async def fifo(self, name: str = "orders.fifo", **attributes: str) -> Queue:
        """A FIFO queue that deduplicates by content unless told otherwise."""
        given = {**FIFO, "ContentBasedDeduplication": "true", **attributes}
        return await self.queue(name, **given)

    async def with_dead_letters(self, *, receives: int, kind: str = "") -> tuple[Queue, Queue]:
        """A queue and its dead-letter queue."""
        make = self.fifo if kind else self.queue
        dead = await make(f"dead{kind}")
        policy = f'{{"deadLetterTargetArn":"{dead.arn}","maxReceiveCount":{receives}}}'
        return await make(f"orders{kind}", RedrivePolicy=policy), dead

    async def advance(self, seconds: float) -> None:
        await self.clock.advance(round(seconds * 1000))

    async def close(self) -> None:
        await self.outbox.stop()
        await self.engine.close()


def make_world(database: Path | None = None, clock: Clock | None = None, seed: int = 1) -> World:
    """A slice on a store in memory, or on one that an earlier world has left."""
    clock = clock or manual_clock()
    engine = Engine(database)
    for name, package in (("storage", storage), ("observe", observe)):
        migrate(engine, name, Path(str(package.__file__)).parent)
    migrate(engine, "sqs", Path(str(kamome.services.sqs.__file__)).parent)
    outbox = Outbox(engine, clock)
    sqs = make_sqs(
        engine,
        Facts(engine),
        clock,
        seeded_ids(seed),
        outbox,
        journeys=Journeys(engine, clock),
    )
    outbox.register(DISCARD_MESSAGES, lambda entry: discard_messages(sqs, entry))
    outbox.register(MOVE_MESSAGES, lambda entry: move_messages(sqs, entry))
    outbox.start()
    sqs.retention.start()
    return World(sqs, engine, clock, outbox)
