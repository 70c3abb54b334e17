"""Multi-Region keys. AWS: KMS Developer Guide, Multi-Region keys in AWS KMS."""

from __future__ import annotations

from typing import Any

import pytest
from tests.kms.conftest import ACCOUNT, DAY, World, caller

from kamome.services.kms.errors import (
    AccessDeniedException,
    AlreadyExistsException,
    IncorrectKeyException,
    KMSInvalidStateException,
    NotFoundException,
    UnsupportedOperationException,
)

TOKYO = caller(region="ap-northeast-1")
OHIO = caller(region="us-east-2")


async def replicated(world: World, *regions: str, **request: object) -> str:
    """A multi-Region key with replicas; returns its id."""
    key_id = await world.key(MultiRegion=True, **request)
    for region in regions:
        await world.call("ReplicateKey", KeyId=key_id, ReplicaRegion=region)
    return key_id


async def described(world: World, ctx: Any, key_id: str) -> Any:
    return (await world.call_as(ctx, "DescribeKey", KeyId=key_id))["KeyMetadata"]


def regions_of(metadata: Any) -> tuple[str, list[str]]:
    """The primary Region and those of the replicas."""
    configuration = metadata["MultiRegionConfiguration"]
    replicas = [replica["Region"] for replica in configuration["ReplicaKeys"]]
    return configuration["PrimaryKey"]["Region"], replicas


async def test_replica_decrypts_what_its_primary_key_encrypted_and_the_other_way(
    world: World,
) -> None:
    key_id = await world.key(MultiRegion=True)
    before = await world.encrypt(key_id)
    await world.call("RotateKeyOnDemand", KeyId=key_id)
    await world.call("ReplicateKey", KeyId=key_id, ReplicaRegion=TOKYO.region)

    there = await world.call_as(TOKYO, "Encrypt", KeyId=key_id, Plaintext=b"there")

    for blob, plaintext in ((before, b"secret"), (await world.encrypt(key_id), b"secret")):
        opened = await world.call_as(TOKYO, "Decrypt", CiphertextBlob=blob, KeyId=key_id)
        assert opened["Plaintext"] == plaintext
        assert opened["KeyId"] == f"arn:aws:kms:{TOKYO.region}:{ACCOUNT}:key/{key_id}"
    assert await world.decrypt(there["CiphertextBlob"]) == b"there"


async def test_region_without_a_replica_does_not_decrypt(world: World) -> None:
    key_id = await replicated(world, TOKYO.region)
    blob = await world.encrypt(key_id)

    with pytest.raises(AccessDeniedException):
        await world.call_as(OHIO, "Decrypt", CiphertextBlob=blob)


async def test_other_key_in_the_region_is_not_taken_for_the_replica(world: World) -> None:
    key_id = await replicated(world, TOKYO.region)
    blob = await world.encrypt(key_id)
    other = (await world.call_as(TOKYO, "CreateKey"))["KeyMetadata"]["KeyId"]

    with pytest.raises(IncorrectKeyException):
        await world.call_as(TOKYO, "Decrypt", CiphertextBlob=blob, KeyId=other)


async def test_relatives_tell_of_each_other(world: World) -> None:
    key_id = await replicated(world, TOKYO.region, OHIO.region)

    shown = [await described(world, ctx, key_id) for ctx in (world.ctx, TOKYO, OHIO)]

    kinds = [each["MultiRegionConfiguration"]["MultiRegionKeyType"] for each in shown]
    assert kinds == ["PRIMARY", "REPLICA", "REPLICA"]
    assert {str(regions_of(each)) for each in shown} == {
        str((world.ctx.region, [TOKYO.region, OHIO.region]))
    }


async def test_replica_has_description_policy_and_tags_of_its_own(world: World) -> None:
    key_id = await world.key(MultiRegion=True, Description="here")
    tags = [{"TagKey": "a", "TagValue": "1"}]

    made = await world.call(
        "ReplicateKey", KeyId=key_id, ReplicaRegion=TOKYO.region, Description="there", Tags=tags
    )

    assert made["ReplicaKeyMetadata"]["Description"] == "there"
    assert made["ReplicaTags"] == tags
    listed = await world.call_as(TOKYO, "ListResourceTags", KeyId=key_id)
    assert listed["Tags"] == tags
    assert (await world.call("ListResourceTags", KeyId=key_id))["Tags"] == []


async def test_rotation_is_the_primary_keys_and_reaches_its_replicas(world: World) -> None:
    key_id = await replicated(world, TOKYO.region)
    await world.call("EnableKeyRotation", KeyId=key_id, RotationPeriodInDays=90)

    await world.clock.advance(90 * DAY)

    blob = await world.encrypt(key_id)
    opened = await world.call_as(TOKYO, "Decrypt", CiphertextBlob=blob)
    assert (
        opened["KeyMaterialId"]
        == (await described(world, world.ctx, key_id))["CurrentKeyMaterialId"]
    )
    status = await world.call_as(TOKYO, "GetKeyRotationStatus", KeyId=key_id)
    assert (status["KeyRotationEnabled"], status["RotationPeriodInDays"]) == (True, 90)
    lists = [
        await world.call_as(ctx, "ListKeyRotations", KeyId=key_id) for ctx in (world.ctx, TOKYO)
    ]
    rotated = [each["Rotations"][0]["RotationDate"] for each in lists]
    assert rotated[0] == rotated[1]
    with pytest.raises(UnsupportedOperationException):
        await world.call_as(TOKYO, "RotateKeyOnDemand", KeyId=key_id)


async def test_primary_region_moves_and_rotation_with_it(world: World) -> None:
    key_id = await replicated(world, TOKYO.region, OHIO.region)
    await world.call("EnableKeyRotation", KeyId=key_id, RotationPeriodInDays=90)

    await world.call("UpdatePrimaryRegion", KeyId=key_id, PrimaryRegion=OHIO.region)
    await world.clock.advance(90 * DAY)

    metadata = await described(world, TOKYO, key_id)
    assert regions_of(metadata) == (OHIO.region, [TOKYO.region, world.ctx.region])
    for ctx in (world.ctx, TOKYO, OHIO):
        listed = await world.call_as(ctx, "ListKeyRotations", KeyId=key_id)
        assert len(listed["Rotations"]) == 1
    with pytest.raises(UnsupportedOperationException):
        await world.call("ReplicateKey", KeyId=key_id, ReplicaRegion="eu-north-1")
    with pytest.raises(NotFoundException):
        await world.call_as(OHIO, "UpdatePrimaryRegion", KeyId=key_id, PrimaryRegion="eu-north-1")


async def test_primary_key_is_deleted_after_its_replicas(world: World) -> None:
    key_id = await replicated(world, TOKYO.region)
    scheduled = await world.call("ScheduleKeyDeletion", KeyId=key_id, PendingWindowInDays=10)
    await world.call_as(TOKYO, "ScheduleKeyDeletion", KeyId=key_id, PendingWindowInDays=7)

    await world.clock.advance(7 * DAY)
    waiting = await described(world, world.ctx, key_id)
    await world.clock.advance(10 * DAY - 1)
    at_last = await world.state(key_id)
    await world.clock.advance(1)

    assert scheduled["KeyState"] == "PendingReplicaDeletion"
    assert "DeletionDate" not in scheduled
    assert waiting["KeyState"] == at_last == "PendingDeletion"
    with pytest.raises(NotFoundException):
        await world.state(key_id)


async def test_primary_key_that_waits_for_its_replicas_cannot_be_used_until_it_is_cancelled(
    world: World,
) -> None:
    key_id = await replicated(world, TOKYO.region)
    await world.call("ScheduleKeyDeletion", KeyId=key_id)
    with pytest.raises(KMSInvalidStateException, match="pending replica deletion"):
        await world.encrypt(key_id)

    await world.call("CancelKeyDeletion", KeyId=key_id)

    assert await world.state(key_id) == "Disabled"


async def test_key_is_replicated_once_into_a_region_and_only_if_it_is_made_for_it(
    world: World,
) -> None:
    key_id = await replicated(world, TOKYO.region)

    for region in (TOKYO.region, world.ctx.region):
        with pytest.raises(AlreadyExistsException):
            await world.call("ReplicateKey", KeyId=key_id, ReplicaRegion=region)
    with pytest.raises(UnsupportedOperationException):
        await world.call_as(TOKYO, "ReplicateKey", KeyId=key_id, ReplicaRegion=OHIO.region)
    with pytest.raises(UnsupportedOperationException):
        await world.call("ReplicateKey", KeyId=await world.key(), ReplicaRegion=TOKYO.region)


async def test_signature_of_one_region_is_verified_in_another(world: World) -> None:
    key_id = await replicated(world, TOKYO.region, KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    asked = {"KeyId": key_id, "Message": b"mail", "SigningAlgorithm": "ECDSA_SHA_256"}

    signature = (await world.call("Sign", **asked))["Signature"]

    verified = await world.call_as(TOKYO, "Verify", Signature=signature, **asked)
    assert verified["SignatureValid"] is True
