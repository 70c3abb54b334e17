"""Object lock, by the clock; tags of objects and versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kamome.errors import AwsError
from kamome.services.s3 import errors

if TYPE_CHECKING:
    from tests.s3.conftest import World

BUCKET = "orders"
DAY_S = 86_400
DAY_MS = DAY_S * 1000


async def locking(world: World) -> None:
    await world.call("CreateBucket", Bucket=BUCKET, ObjectLockEnabledForBucket=True)


async def delete(world: World, version_id: str, **members: object) -> None:
    await world.call("DeleteObject", Bucket=BUCKET, Key="key", VersionId=version_id, **members)


def in_days(world: World, days: int) -> float:
    return world.clock.now_ms() / 1000 + days * DAY_S


@pytest.mark.parametrize("mode", ["GOVERNANCE", "COMPLIANCE"])
async def test_retained_version_cannot_be_deleted_until_its_time(world: World, mode: str) -> None:
    await locking(world)
    put = await world.put(
        "key", b"x", ObjectLockMode=mode, ObjectLockRetainUntilDate=in_days(world, 2)
    )

    await world.clock.advance(DAY_MS)
    with pytest.raises(errors.AccessDenied):
        await delete(world, put["VersionId"])
    await world.clock.advance(2 * DAY_MS)
    await delete(world, put["VersionId"])

    assert await world.keys() == []


async def test_governance_can_be_bypassed_and_compliance_not(world: World) -> None:
    await locking(world)
    for mode in ("GOVERNANCE", "COMPLIANCE"):
        put = await world.put(
            "key", b"x", ObjectLockMode=mode, ObjectLockRetainUntilDate=in_days(world, 2)
        )
        if mode == "GOVERNANCE":
            await delete(world, put["VersionId"], BypassGovernanceRetention=True)
            continue
        with pytest.raises(errors.AccessDenied):
            await delete(world, put["VersionId"], BypassGovernanceRetention=True)


async def test_legal_hold_keeps_a_version_until_it_is_taken_off(world: World) -> None:
    await locking(world)
    put = await world.put("key", b"x", ObjectLockLegalHoldStatus="ON")

    with pytest.raises(errors.AccessDenied):
        await delete(world, put["VersionId"], BypassGovernanceRetention=True)
    await world.call("PutObjectLegalHold", Bucket=BUCKET, Key="key", LegalHold={"Status": "OFF"})
    await delete(world, put["VersionId"])


async def test_locked_object_can_be_hidden_by_a_marker(world: World) -> None:
    await locking(world)
    put = await world.put("key", b"x", ObjectLockLegalHoldStatus="ON")

    await world.call("DeleteObject", Bucket=BUCKET, Key="key")

    assert (await world.get("key", VersionId=put["VersionId"]))["Body"] == b"x"


async def test_default_retention_locks_what_says_nothing(world: World) -> None:
    await locking(world)
    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 1}}
    configuration = {"ObjectLockEnabled": "Enabled", "Rule": rule}
    await world.call(
        "PutObjectLockConfiguration", Bucket=BUCKET, ObjectLockConfiguration=configuration
    )

    put = await world.put("key", b"x")

    assert (await world.head("key"))["ObjectLockMode"] == "COMPLIANCE"
    got = await world.call("GetObjectLockConfiguration", Bucket=BUCKET)
    assert got["ObjectLockConfiguration"] == configuration
    with pytest.raises(errors.AccessDenied):
        await delete(world, put["VersionId"])


async def test_compliance_can_only_be_extended(world: World) -> None:
    await locking(world)
    await world.put(
        "key", b"x", ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=in_days(world, 2)
    )
    shorter = {"Mode": "COMPLIANCE", "RetainUntilDate": in_days(world, 1)}
    longer = {"Mode": "COMPLIANCE", "RetainUntilDate": in_days(world, 3)}

    with pytest.raises(errors.AccessDenied):
        await world.call(
            "PutObjectRetention",
            Bucket=BUCKET,
            Key="key",
            Retention=shorter,
            BypassGovernanceRetention=True,
        )
    await world.call("PutObjectRetention", Bucket=BUCKET, Key="key", Retention=longer)

    got = await world.call("GetObjectRetention", Bucket=BUCKET, Key="key")
    assert got["Retention"] == longer


async def test_bucket_without_lock_says_so(world: World) -> None:
    await world.bucket()
    await world.put("key", b"x")

    with pytest.raises(errors.ObjectLockConfigurationNotFoundError):
        await world.call("GetObjectLockConfiguration", Bucket=BUCKET)
    with pytest.raises(errors.InvalidRequest):
        await world.call("GetObjectRetention", Bucket=BUCKET, Key="key")


async def test_locking_bucket_cannot_suspend_versioning(world: World) -> None:
    await locking(world)

    with pytest.raises(errors.InvalidBucketState):
        await world.call(
            "PutBucketVersioning", Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"}
        )


async def test_tags_of_an_object_are_put_got_and_taken_off(world: World) -> None:
    await world.bucket()
    await world.put("key", b"x", Tagging="a=1&b=2")
    tags = [{"Key": "stage", "Value": "test + more"}, {"Key": "empty", "Value": ""}]

    await world.call("PutObjectTagging", Bucket=BUCKET, Key="key", Tagging={"TagSet": tags})
    got = await world.call("GetObjectTagging", Bucket=BUCKET, Key="key")
    count = (await world.head("key"))["TagCount"]
    await world.call("DeleteObjectTagging", Bucket=BUCKET, Key="key")

    assert got["TagSet"] == tags
    assert count == 2
    assert (await world.call("GetObjectTagging", Bucket=BUCKET, Key="key"))["TagSet"] == []


@pytest.mark.parametrize(
    "tags",
    [
        [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}],
        [{"Key": "", "Value": "1"}],
        [{"Key": "k" * 129, "Value": "1"}],
        [{"Key": "aws:mine", "Value": "1"}],
        [{"Key": str(number), "Value": "1"} for number in range(11)],
    ],
    ids=["twice", "empty", "long", "system", "eleven"],
)
async def test_wrong_tags_are_refused(world: World, tags: list[dict[str, str]]) -> None:
    await world.bucket()
    await world.put("key", b"x", Tagging="a=1")

    with pytest.raises(AwsError) as refused:
        await world.call("PutObjectTagging", Bucket=BUCKET, Key="key", Tagging={"TagSet": tags})

    assert refused.value.code in ("InvalidTag", "BadRequest")
    got = await world.call("GetObjectTagging", Bucket=BUCKET, Key="key")
    assert got["TagSet"] == [{"Key": "a", "Value": "1"}]


async def test_event_holds_are_refused_by_name(world: World) -> None:
    await world.call("CreateBucket", Bucket=BUCKET, ObjectLockEnabledForBucket=True)
    await world.put("key")
    where = {"Bucket": BUCKET, "Key": "key"}
    default = {"Mode": "GOVERNANCE", "Days": 1, "DefaultEventHold": {"Days": 1}}
    configuration = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": default}}

    for operation, members in (
        ("PutObjectRetention", {**where, "Retention": {"EventHold": "ON"}}),
        ("PutObject", {**where, "ObjectLockEventHold": "ON"}),
        (
            "PutObjectLockConfiguration",
            {"Bucket": BUCKET, "ObjectLockConfiguration": configuration},
        ),
    ):
        with pytest.raises(errors.FeatureNotServed, match="event holds"):
            await world.call(operation, **members)
