"""Rotation of key material. AWS: KMS Developer Guide, Rotate AWS KMS keys."""

from __future__ import annotations

import pytest
from tests.kms.conftest import DAY, World

from kamome.services.kms.errors import (
    DisabledException,
    LimitExceededException,
    UnsupportedOperationException,
)


async def material_ids(world: World, key_id: str) -> list[str]:
    """All generations of a key's material, the oldest first."""
    listed = await world.call(
        "ListKeyRotations", KeyId=key_id, IncludeKeyMaterial="ALL_KEY_MATERIAL"
    )
    return [rotation["KeyMaterialId"] for rotation in listed["Rotations"]]


async def test_old_ciphertext_is_opened_after_rotation_and_new_one_is_made_with_new_material(
    world: World,
) -> None:
    key_id = await world.key()
    old = await world.encrypt(key_id)
    await world.call("RotateKeyOnDemand", KeyId=key_id)
    new = await world.encrypt(key_id)

    opened = [await world.call("Decrypt", CiphertextBlob=blob) for blob in (old, new)]

    assert [answer["Plaintext"] for answer in opened] == [b"secret", b"secret"]
    used = [answer["KeyMaterialId"] for answer in opened]
    assert used == await material_ids(world, key_id)
    assert used[0] != used[1]


async def test_key_is_rotated_each_period_by_the_clock(world: World) -> None:
    key_id = await world.key()
    await world.call("EnableKeyRotation", KeyId=key_id, RotationPeriodInDays=90)
    status = await world.call("GetKeyRotationStatus", KeyId=key_id)

    await world.clock.advance(90 * DAY - 1)
    before = await material_ids(world, key_id)
    await world.clock.advance(1 + 90 * DAY)

    assert (status["KeyRotationEnabled"], status["RotationPeriodInDays"]) == (True, 90)
    assert len(before) == 1
    rotations = (await world.call("ListKeyRotations", KeyId=key_id))["Rotations"]
    assert [rotation["RotationType"] for rotation in rotations] == ["AUTOMATIC"] * 2
    assert rotations[0]["RotationDate"] == status["NextRotationDate"]
    assert [rotation["KeyMaterialState"] for rotation in rotations] == ["NON_CURRENT", "CURRENT"]


async def test_rotation_that_is_off_happens_no_more(world: World) -> None:
    key_id = await world.key()
    await world.call("EnableKeyRotation", KeyId=key_id)
    await world.call("DisableKeyRotation", KeyId=key_id)

    await world.clock.advance(400 * DAY)

    assert len(await material_ids(world, key_id)) == 1
    status = await world.call("GetKeyRotationStatus", KeyId=key_id)
    assert not status["KeyRotationEnabled"]
    assert "NextRotationDate" not in status


async def test_disabled_key_is_rotated_when_it_is_enabled_again(world: World) -> None:
    key_id = await world.key()
    await world.call("EnableKeyRotation", KeyId=key_id)
    await world.call("DisableKey", KeyId=key_id)
    await world.clock.advance(366 * DAY)
    while_disabled = await material_ids(world, key_id)

    await world.call("EnableKey", KeyId=key_id)
    await world.clock.advance(1)

    assert len(while_disabled) == 1
    assert len(await material_ids(world, key_id)) == 2


async def test_demand_does_not_change_the_schedule(world: World) -> None:
    key_id = await world.key()
    await world.call("EnableKeyRotation", KeyId=key_id)
    before = await world.call("GetKeyRotationStatus", KeyId=key_id)
    await world.clock.advance(10 * DAY)

    await world.call("RotateKeyOnDemand", KeyId=key_id)

    assert await world.call("GetKeyRotationStatus", KeyId=key_id) == before


async def test_key_is_rotated_on_demand_25_times_at_most(world: World) -> None:
    key_id = await world.key()
    for _ in range(25):
        await world.call("RotateKeyOnDemand", KeyId=key_id)

    with pytest.raises(LimitExceededException):
        await world.call("RotateKeyOnDemand", KeyId=key_id)


async def test_rotation_is_for_enabled_symmetric_keys(world: World) -> None:
    hmac = await world.key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")
    disabled = await world.key()
    await world.call("DisableKey", KeyId=disabled)

    with pytest.raises(UnsupportedOperationException):
        await world.call("EnableKeyRotation", KeyId=hmac)
    with pytest.raises(DisabledException):
        await world.call("EnableKeyRotation", KeyId=disabled)


async def test_key_that_aws_manages_rotates_each_year(world: World) -> None:
    key_id = (await world.call("DescribeKey", KeyId="alias/aws/s3"))["KeyMetadata"]["KeyId"]

    await world.clock.advance(365 * DAY)

    assert len(await material_ids(world, key_id)) == 2
    assert (await world.call("GetKeyRotationStatus", KeyId=key_id))["KeyRotationEnabled"]
