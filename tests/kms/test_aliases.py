"""Aliases. AWS: KMS Developer Guide, Aliases in AWS KMS."""

from __future__ import annotations

import pytest
from tests.kms.conftest import ACCOUNT, World

from kamome.errors import AwsError
from kamome.services.kms.errors import (
    AlreadyExistsException,
    InvalidAliasNameException,
    LimitExceededException,
    NotFoundException,
    ValidationException,
)


async def test_alias_is_moved_to_another_key_of_its_kind(world: World) -> None:
    one, other = await world.key(), await world.key()
    await world.call("CreateAlias", AliasName="alias/a", TargetKeyId=one)
    sealed = await world.encrypt("alias/a")

    await world.clock.advance(1_000)
    await world.call("UpdateAlias", AliasName="alias/a", TargetKeyId=other)

    [listed] = (await world.call("ListAliases"))["Aliases"]
    assert listed["AliasArn"] == f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/a"
    assert listed["TargetKeyId"] == other
    assert listed["LastUpdatedDate"] == listed["CreationDate"] + 1
    assert await world.decrypt(sealed, KeyId=one) == b"secret"


async def test_alias_is_not_moved_to_a_key_of_another_kind(world: World) -> None:
    one = await world.key()
    other = await world.key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
    await world.call("CreateAlias", AliasName="alias/a", TargetKeyId=one)

    with pytest.raises(ValidationException, match="same type"):
        await world.call("UpdateAlias", AliasName="alias/a", TargetKeyId=other)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("a", ValidationException),
        ("alias/", InvalidAliasNameException),
        ("alias/a:b", InvalidAliasNameException),
        ("alias/aws/s3", InvalidAliasNameException),
        ("alias/taken", AlreadyExistsException),
    ],
)
async def test_name_that_an_alias_cannot_have_is_refused(
    world: World, name: str, error: type[AwsError]
) -> None:
    key_id = await world.key()
    await world.call("CreateAlias", AliasName="alias/taken", TargetKeyId=key_id)

    with pytest.raises(error):
        await world.call("CreateAlias", AliasName=name, TargetKeyId=key_id)


async def test_aliases_of_one_key_are_listed_in_pages(world: World) -> None:
    one, other = await world.key(), await world.key()
    for name, key_id in (("b", one), ("a", one), ("c", other)):
        await world.call("CreateAlias", AliasName=f"alias/{name}", TargetKeyId=key_id)

    first = await world.call("ListAliases", KeyId=one, Limit=1)
    second = await world.call("ListAliases", KeyId=one, Marker=first["NextMarker"])

    names = [alias["AliasName"] for alias in first["Aliases"] + second["Aliases"]]
    assert names == ["alias/a", "alias/b"]


async def test_deleted_alias_names_nothing(world: World) -> None:
    key_id = await world.key()
    await world.call("CreateAlias", AliasName="alias/a", TargetKeyId=key_id)

    await world.call("DeleteAlias", AliasName="alias/a")

    with pytest.raises(NotFoundException, match="alias/a is not found"):
        await world.encrypt("alias/a")
    with pytest.raises(NotFoundException):
        await world.call("DeleteAlias", AliasName="alias/a")
    assert await world.state(key_id) == "Enabled"


async def test_key_has_at_most_50_aliases(world: World) -> None:
    key_id = await world.key()
    for number in range(50):
        await world.call("CreateAlias", AliasName=f"alias/{number}", TargetKeyId=key_id)

    with pytest.raises(LimitExceededException):
        await world.call("CreateAlias", AliasName="alias/one-more", TargetKeyId=key_id)
