"""Parameter Store on a store in memory, with a clock that stands still and a KMS of one trick."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any  # results of any operation, read by tests

import pytest

import kamome.services.ssm
from kamome import storage
from kamome.clock import Clock, manual_clock
from kamome.context import RequestContext
from kamome.errors import AwsError
from kamome.services.ssm.expirations import EXPIRE, expire
from kamome.services.ssm.operations import OPERATIONS
from kamome.services.ssm.ports import Ports, Secret
from kamome.services.ssm.slice import Ssm
from kamome.services.ssm.store import Store
from kamome.storage.engine import Engine
from kamome.storage.migrations import migrate
from kamome.storage.outbox import Outbox

ACCOUNT, REGION = "000000000000", "eu-west-1"
CALLER = f"arn:aws:iam::{ACCOUNT}:user/mika"


class NotFoundException(AwsError):
    """As KMS says it."""


@dataclass
class Keys:
    """Encrypts by writing down the key, the context and the text backwards."""

    names: set[str] = field(default_factory=lambda: {"alias/aws/ssm", "alias/shop"})

    def encrypt(
        self, _ctx: RequestContext, key_id: str, plaintext: bytes, context: Mapping[str, str]
    ) -> bytes:
        if key_id not in self.names:
            raise NotFoundException(f"Alias {key_id} is not found.")
        return f"{key_id} {dict(context)} ".encode() + plaintext[::-1]

    def decrypt(self, _ctx: RequestContext, ciphertext: bytes, context: Mapping[str, str]) -> bytes:
        key_id = ciphertext.split(b" ")[0].decode()
        head = f"{key_id} {dict(context)} ".encode()
        if key_id not in self.names or not ciphertext.startswith(head):
            raise NotFoundException(f"Alias {key_id} is not found.")
        return ciphertext.removeprefix(head)[::-1]


async def secret(_ctx: RequestContext, name: str, selector: str) -> Secret:
    """Secrets Manager, which has one secret."""
    if name != "db":
        raise NotFoundException("Secrets Manager can't find the specified secret.")
    return Secret("arn:of:db", f"value of db {selector}", 1.0, {"Name": "db"})


@dataclass(frozen=True, slots=True)
class World:
    """A caller of the slice, and what stands behind it."""

    ssm: Ssm
    engine: Engine
    clock: Clock
    ctx: RequestContext
    keys: Keys

    async def call(self, operation: str, **request: object) -> Mapping[str, Any]:
        """Call an operation by AWS's name with AWS's parameters."""
        return await OPERATIONS[operation](self.ssm, self.ctx, deepcopy(request)) or {}

    async def put(self, name: str, value: str = "v", **more: object) -> Mapping[str, Any]:
        """Put a parameter, a String where nothing else is said."""
        type_ = {} if more.get("Overwrite") else {"Type": "String"}
        return await self.call("PutParameter", Name=name, Value=value, **{**type_, **more})

    async def get(self, name: str, **more: object) -> Any:
        return (await self.call("GetParameter", Name=name, **more))["Parameter"]

    async def below(self, path: str, **more: object) -> list[str]:
        """Names that GetParametersByPath finds."""
        found = await self.call("GetParametersByPath", Path=path, **more)
        return [parameter["Name"] for parameter in found["Parameters"]]

    async def described(self, *filters: dict[str, object], **more: object) -> list[str]:
        """Names that DescribeParameters finds."""
        given = {"ParameterFilters": list(filters)} if filters else {}
        found = await self.call("DescribeParameters", **given, **more)
        return [parameter["Name"] for parameter in found["Parameters"]]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    engine = Engine(None)
    migrate(engine, "storage", Path(storage.__file__).parent)
    migrate(engine, "ssm", Path(kamome.services.ssm.__file__).parent)
    clock, keys = manual_clock(), Keys()
    outbox = Outbox(engine, clock)
    ssm = Ssm(Store(engine), clock, outbox, Ports(keys.encrypt, keys.decrypt, secret))
    outbox.register(EXPIRE, partial(expire, ssm))
    outbox.start()
    yield World(ssm, engine, clock, RequestContext(ACCOUNT, REGION, CALLER, "r"), keys)
    await outbox.stop()
    await engine.close()
