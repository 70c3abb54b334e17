"""SecureString: what is kept, and who reads it."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from tests.ssm.conftest import ACCOUNT, REGION

from kamome.errors import OperationNotServed
from kamome.services.ssm.errors import InvalidKeyId
from kamome.services.ssm.operations import OPERATIONS
from kamome.services.ssm.slice import Ssm

if TYPE_CHECKING:
    from tests.ssm.conftest import World


async def test_value_is_shown_decrypted_only_when_asked(world: World) -> None:
    await world.put("/db/password", "swordfish", Type="SecureString")

    sealed = (await world.get("/db/password"))["Value"]
    opened = (await world.get("/db/password", WithDecryption=True))["Value"]

    assert opened == "swordfish"
    assert b"swordfish" not in base64.b64decode(sealed)


async def test_arn_of_the_parameter_is_the_encryption_context(world: World) -> None:
    await world.put("/db/password", "swordfish", Type="SecureString", KeyId="alias/shop")

    sealed = base64.b64decode((await world.get("/db/password"))["Value"]).decode()

    assert sealed.startswith("alias/shop ")
    assert f"'PARAMETER_ARN': 'arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/db/password'" in sealed


async def test_plain_values_stand_nowhere_in_the_store(world: World) -> None:
    await world.put("p", "swordfish", Type="SecureString")

    rows = world.engine.all("SELECT value FROM ssm_version")

    assert all("swordfish" not in str(row) for row in rows)


async def test_history_and_paths_are_decrypted_too(world: World) -> None:
    await world.put("/a/p", "one", Type="SecureString")
    await world.put("/a/p", "two", Overwrite=True)

    history = await world.call("GetParameterHistory", Name="/a/p", WithDecryption=True)
    by_path = await world.call("GetParametersByPath", Path="/a", WithDecryption=True)
    several = await world.call("GetParameters", Names=["/a/p"], WithDecryption=True)

    assert [each["Value"] for each in history["Parameters"]] == ["one", "two"]
    assert [each["Value"] for each in by_path["Parameters"]] == ["two"]
    assert [each["Value"] for each in several["Parameters"]] == ["two"]


async def test_key_that_kms_does_not_know_is_refused_and_nothing_is_kept(world: World) -> None:
    with pytest.raises(InvalidKeyId, match="alias/none"):
        await world.put("p", Type="SecureString", KeyId="alias/none")

    assert await world.described() == []


async def test_key_that_is_gone_hides_the_value(world: World) -> None:
    await world.put("p", Type="SecureString", KeyId="alias/shop")
    world.keys.names.discard("alias/shop")

    with pytest.raises(InvalidKeyId):
        await world.get("p", WithDecryption=True)
    assert (await world.get("p"))["Type"] == "SecureString"


async def test_without_kms_the_refusal_says_so(world: World) -> None:
    alone = Ssm(world.ssm.store, world.clock, world.ssm.outbox)
    request = {"Name": "p", "Value": "v", "Type": "SecureString"}

    with pytest.raises(OperationNotServed, match="AWS KMS is not served"):
        await OPERATIONS["PutParameter"](alone, world.ctx, request)
