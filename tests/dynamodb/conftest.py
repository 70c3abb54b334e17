"""A DynamoDB slice on a store in memory, with a clock that stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any  # results of any operation, read by tests

import pytest

import kamome.services.dynamodb
from kamome import storage
from kamome.clock import Clock, manual_clock
from kamome.context import RequestContext
from kamome.ids import seeded_ids
from kamome.services.dynamodb.operations import OPERATIONS
from kamome.services.dynamodb.slice import DynamoDb
from kamome.services.dynamodb.store import Store
from kamome.services.dynamodb.tables import DELETE_ITEMS, delete_items
from kamome.storage.engine import Engine
from kamome.storage.migrations import migrate
from kamome.storage.outbox import Outbox


@dataclass(frozen=True, slots=True)
class World:
    """A caller of the slice, and what stands behind it."""

    dynamodb: DynamoDb
    engine: Engine
    clock: Clock
    ctx: RequestContext

    async def call(self, operation: str, **request: object) -> Mapping[str, Any]:
        """Call an operation by AWS's name with AWS's parameters."""
        result = await OPERATIONS[operation](self.dynamodb, self.ctx, deepcopy(request))
        return result or {}

    async def table(self, name: str = "things", **keys: str) -> str:
        """Create a table (`pk="S", sk="N"`; by default a string key `id`) and wait for it."""
        keys = keys or {"id": "S"}
        await self.call(
            "CreateTable",
            TableName=name,
            KeySchema=[
                {"AttributeName": key, "KeyType": kind}
                for key, kind in zip(keys, ("HASH", "RANGE"), strict=False)
            ],
            AttributeDefinitions=[
                {"AttributeName": key, "AttributeType": kind} for key, kind in keys.items()
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        await self.clock.advance(1_000)
        return name

    async def put(self, item: Mapping[str, object], table: str = "things") -> None:
        await self.call("PutItem", TableName=table, Item=item)

    async def get(self, key: Mapping[str, object], table: str = "things") -> Any:
        return (await self.call("GetItem", TableName=table, Key=key)).get("Item")


@pytest.fixture
async def world() -> AsyncIterator[World]:
    engine = Engine(None)
    migrate(engine, "storage", Path(storage.__file__).parent)
    migrate(engine, "dynamodb", Path(kamome.services.dynamodb.__file__).parent)
    clock = manual_clock()
    outbox = Outbox(engine, clock)
    dynamodb = DynamoDb(Store(engine), clock, seeded_ids(1), outbox)
    outbox.register(DELETE_ITEMS, partial(delete_items, dynamodb))
    outbox.start()
    ctx = RequestContext("000000000000", "ap-northeast-1", "arn:aws:iam::000000000000:root", "r")
    yield World(dynamodb, engine, clock, ctx)
    await outbox.stop()
    await engine.close()
