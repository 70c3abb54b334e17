"""A KMS slice on a store in memory, with a clock that stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # results of any operation, read by tests

import pytest

import kamome.services.kms
from kamome import storage
from kamome.clock import Clock, manual_clock
from kamome.context import RequestContext
from kamome.ids import seeded_ids
from kamome.services.kms.operations import OPERATIONS
from kamome.services.kms.root_key import RootKey
from kamome.services.kms.slice import Kms
from kamome.services.kms.store import Store
from kamome.storage.engine import Engine
from kamome.storage.migrations import migrate
from kamome.storage.outbox import Outbox
from kamome.wiring.kms import register

ACCOUNT = "000000000000"
REGION = "eu-west-1"
DAY = 86_400_000


def caller(account: str = ACCOUNT, region: str = REGION) -> RequestContext:
    """Somebody of an account, asking in a region."""
    return RequestContext(account, region, f"arn:aws:iam::{account}:root", "r")


@dataclass(frozen=True, slots=True)
class World:
    """A caller of the slice, and what stands behind it."""

    kms: Kms
    engine: Engine
    clock: Clock
    ctx: RequestContext

    async def call(self, operation: str, **request: object) -> Mapping[str, Any]:
        """Call an operation by AWS's name with AWS's parameters."""
        return await self.call_as(self.ctx, operation, **request)

    async def call_as(
        self, ctx: RequestContext, operation: str, **request: object
    ) -> Mapping[str, Any]:
        """The same for somebody else."""
        result = await OPERATIONS[operation](self.kms, ctx, deepcopy(request))
        await self.engine.durable()
        return result or {}

    async def key(self, **request: object) -> str:
        """A new key; returns its id."""
        made = await self.call("CreateKey", **request)
        return str(made["KeyMetadata"]["KeyId"])

    async def state(self, key_id: str) -> str:
        """The state of a key."""
        described = await self.call("DescribeKey", KeyId=key_id)
        return str(described["KeyMetadata"]["KeyState"])

    async def encrypt(self, key_id: str, plaintext: bytes = b"secret", **more: object) -> bytes:
        """The ciphertext of a text."""
        sealed = await self.call("Encrypt", KeyId=key_id, Plaintext=plaintext, **more)
        return bytes(sealed["CiphertextBlob"])

    async def decrypt(self, ciphertext: bytes, **more: object) -> bytes:
        """The text of a ciphertext."""
        opened = await self.call("Decrypt", CiphertextBlob=ciphertext, **more)
        return bytes(opened["Plaintext"])


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    engine = Engine(None)
    migrate(engine, "storage", Path(storage.__file__).parent)
    migrate(engine, "kms", Path(kamome.services.kms.__file__).parent)
    clock = manual_clock()
    outbox = Outbox(engine, clock)
    ids = seeded_ids(1)
    store = Store(engine)
    kms = Kms(store, clock, ids, outbox, RootKey(lambda: tmp_path, ids, store.has_material))
    register(outbox, kms)
    outbox.start()
    yield World(kms, engine, clock, caller())
    await outbox.stop()
    await engine.close()
