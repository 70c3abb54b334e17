"""Secrets Manager on a store in memory, with a clock that stands still and a KMS of one trick."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any  # results of any operation, read by tests

import pytest

import kamome.services.secretsmanager
from kamome import storage
from kamome.clock import Clock, manual_clock
from kamome.context import RequestContext
from kamome.errors import AwsError
from kamome.ids import seeded_ids
from kamome.services.secretsmanager.deletion import DELETE, end_recovery
from kamome.services.secretsmanager.operations import OPERATIONS
from kamome.services.secretsmanager.ports import DataKey, Ports
from kamome.services.secretsmanager.slice import Secrets
from kamome.services.secretsmanager.store import Store
from kamome.storage.engine import Engine
from kamome.storage.migrations import migrate
from kamome.storage.outbox import Outbox

ACCOUNT, REGION = "000000000000", "eu-west-1"
DEFAULT_KEY = "alias/aws/secretsmanager"


class DisabledException(AwsError):
    """As KMS says it."""


@dataclass
class Keys:
    """A data key is the hash of the key's name and the context, and its ciphertext says both."""

    names: set[str] = field(default_factory=lambda: {DEFAULT_KEY, "alias/shop"})

    def data_key(self, _ctx: RequestContext, key_id: str, context: Mapping[str, str]) -> DataKey:
        if key_id not in self.names:
            raise DisabledException(f"{key_id} is disabled.")
        ciphertext = f"{key_id} {dict(context)}".encode()
        arn = f"arn:aws:kms:{REGION}:{ACCOUNT}:{key_id}"
        return DataKey(arn, sha256(ciphertext).digest(), ciphertext)

    def decrypt(self, _ctx: RequestContext, ciphertext: bytes, context: Mapping[str, str]) -> bytes:
        key_id = ciphertext.split(b" ")[0].decode()
        if key_id not in self.names or not ciphertext.endswith(str(dict(context)).encode()):
            raise DisabledException(f"{key_id} is disabled.")
        return sha256(ciphertext).digest()


@dataclass(frozen=True, slots=True)
class World:
    """A caller of the slice, and what stands behind it."""

    slice: Secrets
    engine: Engine
    clock: Clock
    ctx: RequestContext
    keys: Keys

    async def call(self, operation: str, **request: object) -> Mapping[str, Any]:
        """Call an operation by AWS's name with AWS's parameters."""
        return await OPERATIONS[operation](self.slice, self.ctx, deepcopy(request)) or {}

    async def create(self, name: str = "db", value: str = "one", **more: object) -> Any:
        """Create a secret with a string."""
        return await self.call("CreateSecret", Name=name, SecretString=value, **more)

    async def value(self, secret_id: str = "db", **more: object) -> str:
        """The string of a secret."""
        found = await self.call("GetSecretValue", SecretId=secret_id, **more)
        return str(found["SecretString"])

    async def described(self, secret_id: str = "db") -> Any:
        return await self.call("DescribeSecret", SecretId=secret_id)

    async def stages(self, secret_id: str = "db") -> dict[str, str]:
        """Each staging label with the version that it is on."""
        found = (await self.described(secret_id)).get("VersionIdsToStages", {})
        return {stage: version_id for version_id, stages in found.items() for stage in stages}

    async def listed(self, **request: object) -> list[str]:
        """Names that ListSecrets finds."""
        found = await self.call("ListSecrets", **request)
        return [secret["Name"] for secret in found["SecretList"]]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    engine = Engine(None)
    migrate(engine, "storage", Path(storage.__file__).parent)
    package = Path(kamome.services.secretsmanager.__file__).parent
    migrate(engine, "secretsmanager", package)
    clock, keys = manual_clock(), Keys()
    outbox = Outbox(engine, clock)
    made = Secrets(Store(engine), clock, seeded_ids(1), outbox, Ports(keys.data_key, keys.decrypt))
    outbox.register(DELETE, partial(end_recovery, made))
    outbox.start()
    ctx = RequestContext(ACCOUNT, REGION, f"arn:aws:iam::{ACCOUNT}:root", "r")
    yield World(made, engine, clock, ctx, keys)
    await outbox.stop()
    await engine.close()
