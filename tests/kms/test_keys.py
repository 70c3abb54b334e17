"""Keys, their states and their deletion. AWS: KMS API Reference; Key states of AWS KMS keys."""

from __future__ import annotations

import json

import pytest
from tests.kms.conftest import ACCOUNT, DAY, World, caller

from kamome.errors import AwsError, OperationNotServed
from kamome.services.kms.errors import (
    AccessDeniedException,
    CustomKeyStoreNotFoundException,
    InvalidArnException,
    InvalidMarkerException,
    KMSInvalidStateException,
    LimitExceededException,
    MalformedPolicyDocumentException,
    NotFoundException,
    TagException,
    UnsupportedOperationException,
    ValidationException,
)


async def test_new_key_is_a_symmetric_one_and_enabled(world: World) -> None:
    made = (await world.call("CreateKey", Description="of mails"))["KeyMetadata"]

    assert made["Arn"] == f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/{made['KeyId']}"
    assert made["KeySpec"] == made["CustomerMasterKeySpec"] == "SYMMETRIC_DEFAULT"
    assert (made["KeyUsage"], made["KeyState"], made["Enabled"]) == (
        "ENCRYPT_DECRYPT",
        "Enabled",
        True,
    )
    assert (made["Origin"], made["KeyManager"], made["MultiRegion"]) == (
        "AWS_KMS",
        "CUSTOMER",
        False,
    )
    assert made["EncryptionAlgorithms"] == ["SYMMETRIC_DEFAULT"]
    assert made["Description"] == "of mails"
    assert len(made["CurrentKeyMaterialId"]) == 64


@pytest.mark.parametrize(
    ("spec", "usage", "member", "count"),
    [
        ("RSA_2048", "ENCRYPT_DECRYPT", "EncryptionAlgorithms", 2),
        ("RSA_2048", "SIGN_VERIFY", "SigningAlgorithms", 6),
        ("ECC_NIST_P384", "SIGN_VERIFY", "SigningAlgorithms", 1),
        ("ECC_NIST_P256", "KEY_AGREEMENT", "KeyAgreementAlgorithms", 1),
        ("HMAC_512", "GENERATE_VERIFY_MAC", "MacAlgorithms", 1),
        ("ML_DSA_44", "SIGN_VERIFY", "SigningAlgorithms", 1),
        ("ML_KEM_768", "ENCAPSULATE_DECAPSULATE", "EncapsulationAlgorithms", 1),
    ],
)
async def test_metadata_tell_what_a_key_can_be_used_with(
    world: World, spec: str, usage: str, member: str, count: int
) -> None:
    made = (await world.call("CreateKey", KeySpec=spec, KeyUsage=usage))["KeyMetadata"]

    assert len(made[member]) == count
    assert "CurrentKeyMaterialId" not in made


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ({"KeySpec": "RSA_2048"}, ValidationException),
        ({"KeySpec": "HMAC_256", "KeyUsage": "ENCRYPT_DECRYPT"}, ValidationException),
        ({"KeySpec": "ECC_SECG_P256K1", "KeyUsage": "KEY_AGREEMENT"}, ValidationException),
        ({"KeySpec": "HMAC_256", "CustomerMasterKeySpec": "HMAC_256"}, ValidationException),
        ({"KeySpec": "SM2", "KeyUsage": "SIGN_VERIFY"}, UnsupportedOperationException),
        ({"KeySpec": "ML_KEM_512", "KeyUsage": "ENCAPSULATE_DECAPSULATE"}, OperationNotServed),
        ({"Origin": "AWS_CLOUDHSM"}, ValidationException),
        (
            {"Origin": "AWS_CLOUDHSM", "CustomKeyStoreId": "cks-1"},
            CustomKeyStoreNotFoundException,
        ),
        ({"XksKeyId": "x"}, ValidationException),
        ({"Policy": "{"}, MalformedPolicyDocumentException),
        ({"Policy": json.dumps({"Statement": []})}, MalformedPolicyDocumentException),
        ({"Policy": "x" * 32_769}, LimitExceededException),
        ({"Tags": [{"TagKey": "aws:a", "TagValue": ""}]}, TagException),
        ({"Tags": [{"TagKey": "a", "TagValue": "<b>"}]}, TagException),
        ({"Tags": [{"TagKey": "a", "TagValue": ""}] * 2}, TagException),
        ({"Tags": [{"TagKey": str(n), "TagValue": ""} for n in range(51)]}, TagException),
    ],
)
async def test_key_that_cannot_be_made_leaves_nothing(
    world: World, request_: dict[str, object], error: type[AwsError]
) -> None:
    with pytest.raises(error):
        await world.call("CreateKey", **request_)

    assert (await world.call("ListKeys"))["Keys"] == []


async def test_key_is_found_by_each_of_its_names(world: World) -> None:
    key_id = await world.key()
    await world.call("CreateAlias", AliasName="alias/a", TargetKeyId=key_id)
    arn = f"arn:aws:kms:eu-west-1:{ACCOUNT}"

    for name in (key_id, f"{arn}:key/{key_id}", "alias/a", f"{arn}:alias/a"):
        described = await world.call("DescribeKey", KeyId=name)
        assert described["KeyMetadata"]["KeyId"] == key_id


async def test_operation_that_takes_no_alias_refuses_one(world: World) -> None:
    key_id = await world.key()
    await world.call("CreateAlias", AliasName="alias/a", TargetKeyId=key_id)

    with pytest.raises(NotFoundException, match="alias/a"):
        await world.call("DisableKey", KeyId="alias/a")
    with pytest.raises(InvalidArnException):
        await world.call("DisableKey", KeyId=f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/a")
    with pytest.raises(InvalidArnException):
        await world.call("DescribeKey", KeyId="arn:aws:s3:::box")


async def test_key_of_another_account_is_not_for_us(world: World) -> None:
    key_id = await world.key()
    arn = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/{key_id}"

    with pytest.raises(AccessDeniedException):
        await world.call_as(caller("111111111111"), "DescribeKey", KeyId=arn)
    with pytest.raises(NotFoundException):
        await world.call_as(caller("111111111111"), "DescribeKey", KeyId=key_id)


async def test_list_of_keys_goes_on_at_its_marker(world: World) -> None:
    made = sorted([await world.key() for _ in range(5)])

    first = await world.call("ListKeys", Limit=3)
    second = await world.call("ListKeys", Limit=3, Marker=first["NextMarker"])

    assert (first["Truncated"], second["Truncated"]) == (True, False)
    assert [key["KeyId"] for key in first["Keys"] + second["Keys"]] == made
    with pytest.raises(InvalidMarkerException):
        await world.call("ListKeys", Marker="é")


async def test_key_is_gone_when_its_waiting_time_is_over(world: World) -> None:
    key_id = await world.key()
    sealed = await world.encrypt(key_id)
    await world.call("CreateAlias", AliasName="alias/a", TargetKeyId=key_id)
    scheduled = await world.call("ScheduleKeyDeletion", KeyId=key_id, PendingWindowInDays=7)

    await world.clock.advance(7 * DAY - 1)
    described = (await world.call("DescribeKey", KeyId=key_id))["KeyMetadata"]
    await world.clock.advance(1)

    assert described["KeyState"] == scheduled["KeyState"] == "PendingDeletion"
    assert described["DeletionDate"] == scheduled["DeletionDate"]
    with pytest.raises(NotFoundException):
        await world.call("DescribeKey", KeyId=key_id)
    with pytest.raises(NotFoundException):
        await world.call("DescribeKey", KeyId="alias/a")
    with pytest.raises(AccessDeniedException):
        await world.decrypt(sealed)
    assert not world.kms.store.has_material()


async def test_cancelled_deletion_leaves_a_disabled_key(world: World) -> None:
    key_id = await world.key()
    await world.call("ScheduleKeyDeletion", KeyId=key_id, PendingWindowInDays=7)

    await world.call("CancelKeyDeletion", KeyId=key_id)
    await world.clock.advance(30 * DAY)

    assert await world.state(key_id) == "Disabled"
    with pytest.raises(KMSInvalidStateException, match="is not pending deletion"):
        await world.call("CancelKeyDeletion", KeyId=key_id)


async def test_deletion_that_was_ordered_anew_happens_at_its_own_moment(world: World) -> None:
    key_id = await world.key()
    await world.call("ScheduleKeyDeletion", KeyId=key_id, PendingWindowInDays=7)
    await world.call("CancelKeyDeletion", KeyId=key_id)
    await world.call("ScheduleKeyDeletion", KeyId=key_id)

    await world.clock.advance(30 * DAY - 1)

    assert await world.state(key_id) == "PendingDeletion"


@pytest.mark.parametrize("days", [6, 31])
async def test_waiting_time_is_7_to_30_days(world: World, days: int) -> None:
    key_id = await world.key()

    with pytest.raises(ValidationException, match="pendingWindowInDays"):
        await world.call("ScheduleKeyDeletion", KeyId=key_id, PendingWindowInDays=days)

    assert await world.state(key_id) == "Enabled"


@pytest.mark.parametrize(
    ("operation", "more"),
    [
        ("EnableKey", {}),
        ("DisableKey", {}),
        ("ScheduleKeyDeletion", {}),
        ("UpdateKeyDescription", {"Description": "new"}),
        ("EnableKeyRotation", {}),
        ("RotateKeyOnDemand", {}),
        ("TagResource", {"Tags": []}),
        ("UntagResource", {"TagKeys": []}),
        ("CreateGrant", {"GranteePrincipal": "arn", "Operations": ["Decrypt"]}),
    ],
)
async def test_key_pending_deletion_is_not_changed(
    world: World, operation: str, more: dict[str, object]
) -> None:
    key_id = await world.key()
    await world.call("ScheduleKeyDeletion", KeyId=key_id)

    with pytest.raises(KMSInvalidStateException, match="is pending deletion"):
        await world.call(operation, KeyId=key_id, **more)


async def test_key_that_aws_manages_is_made_at_its_first_use_and_changed_by_nobody(
    world: World,
) -> None:
    described = (await world.call("DescribeKey", KeyId="alias/aws/ses"))["KeyMetadata"]
    again = (await world.call("DescribeKey", KeyId="alias/aws/ses"))["KeyMetadata"]

    assert described == again
    assert described["KeyManager"] == "AWS"
    for operation in ("DisableKey", "ScheduleKeyDeletion", "DisableKeyRotation"):
        with pytest.raises(AccessDeniedException, match="managed by AWS"):
            await world.call(operation, KeyId=described["KeyId"])


async def test_policy_is_kept_as_it_came(world: World) -> None:
    key_id = await world.key()
    default = json.loads((await world.call("GetKeyPolicy", KeyId=key_id))["Policy"])
    principal = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "kms:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": statement}, indent=3)

    await world.call("PutKeyPolicy", KeyId=key_id, PolicyName="default", Policy=policy)

    assert default["Id"] == "key-default-1"
    assert default["Statement"][0]["Principal"] == principal
    assert (await world.call("GetKeyPolicy", KeyId=key_id))["Policy"] == policy
    assert (await world.call("ListKeyPolicies", KeyId=key_id))["PolicyNames"] == ["default"]
    with pytest.raises(NotFoundException):
        await world.call("GetKeyPolicy", KeyId=key_id, PolicyName="other")


async def test_tags_are_added_changed_and_removed(world: World) -> None:
    key_id = await world.key(Tags=[{"TagKey": "a", "TagValue": "1"}])

    added = [{"TagKey": "b", "TagValue": ""}, {"TagKey": "a", "TagValue": "2"}]
    await world.call("TagResource", KeyId=key_id, Tags=added)
    first = await world.call("ListResourceTags", KeyId=key_id, Limit=1)
    rest = await world.call("ListResourceTags", KeyId=key_id, Marker=first["NextMarker"])
    await world.call("UntagResource", KeyId=key_id, TagKeys=["a", "none"])

    assert first["Tags"] == [{"TagKey": "a", "TagValue": "2"}]
    assert rest["Tags"] == [{"TagKey": "b", "TagValue": ""}]
    left = await world.call("ListResourceTags", KeyId=key_id)
    assert left["Tags"] == [{"TagKey": "b", "TagValue": ""}]


async def test_multi_region_key_has_an_id_of_its_kind_and_encrypts(world: World) -> None:
    made = (await world.call("CreateKey", MultiRegion=True))["KeyMetadata"]

    assert made["KeyId"].startswith("mrk-")
    assert made["MultiRegionConfiguration"]["MultiRegionKeyType"] == "PRIMARY"
    assert await world.decrypt(await world.encrypt(made["KeyId"])) == b"secret"


ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
ROLE = {"AWS": [f"arn:aws:iam::{ACCOUNT}:role/admin"]}
OTHERS = {"AWS": "arn:aws:iam::111111111111:root"}


@pytest.mark.parametrize(
    ("statement", "is_taken"),
    [
        ({"Principal": ROOT, "Action": "kms:*"}, True),
        ({"Principal": ROLE, "Action": ["kms:Describe*", "kms:Put*"]}, True),
        ({"Principal": "*", "Action": "*"}, True),
        ({"Principal": {"AWS": ACCOUNT}, "NotAction": "kms:Decrypt"}, True),
        ({"Principal": ROOT, "Action": "kms:Decrypt"}, False),
        ({"Principal": ROOT, "NotAction": "kms:Put*"}, False),
        ({"Principal": OTHERS, "Action": "kms:*"}, False),
        ({"Principal": {"Service": "ses.amazonaws.com"}, "Action": "kms:*"}, False),
        ({"Principal": ROOT, "Action": "kms:*", "Effect": "Deny"}, False),
    ],
)
async def test_policy_that_locks_the_account_out_needs_to_be_meant(
    world: World, statement: dict[str, object], is_taken: bool
) -> None:
    key_id = await world.key()
    policy = json.dumps({"Statement": [{"Effect": "Allow", "Resource": "*", **statement}]})

    if not is_taken:
        with pytest.raises(MalformedPolicyDocumentException, match="in the future"):
            await world.call("PutKeyPolicy", KeyId=key_id, Policy=policy)
    await world.call(
        "PutKeyPolicy", KeyId=key_id, Policy=policy, BypassPolicyLockoutSafetyCheck=not is_taken
    )

    assert (await world.call("GetKeyPolicy", KeyId=key_id))["Policy"] == policy
