"""Lifecycle: what the rules say happens at midnight, by the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kamome.services.s3.lifecycle import lifecycle
from kamome.services.s3.lifecycle.lifecycle_rules import Candidate, action_of

if TYPE_CHECKING:
    from tests.s3.conftest import World

BUCKET = "orders"
DAY_MS = 86_400_000


async def rules(world: World, *given: dict[str, Any]) -> None:
    complete = [{"Status": "Enabled", "Filter": {"Prefix": ""}, **rule} for rule in given]
    await world.call(
        "PutBucketLifecycleConfiguration",
        Bucket=BUCKET,
        LifecycleConfiguration={"Rules": complete},
    )


async def versions_of(world: World) -> dict[str, Any]:
    return await world.call("ListObjectVersions", Bucket=BUCKET)


async def enable(world: World) -> None:
    await world.bucket()
    await world.call(
        "PutBucketVersioning", Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"}
    )


async def test_object_expires_at_the_midnight_after_its_days(world: World) -> None:
    await world.bucket()
    await rules(world, {"Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 2}})
    await world.put("logs/old", b"x")
    await world.put("kept", b"x")

    await world.clock.advance(DAY_MS)
    assert await world.keys() == ["kept", "logs/old"]
    await world.clock.advance(2 * DAY_MS)

    assert await world.keys() == ["kept"]


async def test_expiring_goes_on_day_after_day_over_many_objects(world: World) -> None:
    await world.bucket()
    await rules(world, {"Expiration": {"Days": 1}})
    for number in range(450):
        await world.put(f"k{number:03}", b"x")

    await world.clock.advance(3 * DAY_MS)
    assert await world.keys() == []
    await world.put("later", b"x")
    await world.clock.advance(3 * DAY_MS)

    assert await world.keys() == []


async def test_versioned_object_expires_behind_a_marker_which_goes_when_alone(
    world: World,
) -> None:
    await enable(world)
    await rules(
        world,
        {
            "Expiration": {"Days": 1},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 3},
        },
        {"Expiration": {"ExpiredObjectDeleteMarker": True}},
    )
    await world.put("key", b"x")

    await world.clock.advance(2 * DAY_MS)
    hidden = await versions_of(world)
    await world.clock.advance(10 * DAY_MS)

    assert len(hidden["DeleteMarkers"]) == len(hidden["Versions"]) == 1
    assert hidden["DeleteMarkers"][0]["IsLatest"] is True
    assert "Versions" not in await versions_of(world)
    assert "DeleteMarkers" not in await versions_of(world)


async def test_newer_noncurrent_versions_are_kept(world: World) -> None:
    await enable(world)
    action = {"NoncurrentDays": 1, "NewerNoncurrentVersions": 2}
    await rules(world, {"NoncurrentVersionExpiration": action})
    ids = [(await world.put("key", b"x"))["VersionId"] for _ in range(5)]

    await world.clock.advance(4 * DAY_MS)

    left = [each["VersionId"] for each in (await versions_of(world))["Versions"]]
    assert left == [ids[4], ids[3], ids[2]]


async def test_locked_version_outlives_the_rule(world: World) -> None:
    await world.call("CreateBucket", Bucket=BUCKET, ObjectLockEnabledForBucket=True)
    await rules(world, {"NoncurrentVersionExpiration": {"NoncurrentDays": 1}})
    held = (await world.put("key", b"x", ObjectLockLegalHoldStatus="ON"))["VersionId"]
    await world.put("key", b"y")

    await world.clock.advance(4 * DAY_MS)

    assert (await world.get("key", VersionId=held))["Body"] == b"x"


async def test_object_moves_to_a_colder_class(world: World) -> None:
    await world.bucket()
    await rules(world, {"Transitions": [{"Days": 1, "StorageClass": "GLACIER_IR"}]})
    await world.put("key", b"x")

    await world.clock.advance(3 * DAY_MS)

    assert (await world.head("key"))["StorageClass"] == "GLACIER_IR"


async def test_abandoned_upload_is_aborted(world: World) -> None:
    await world.bucket()
    await rules(world, {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}})
    await world.call("CreateMultipartUpload", Bucket=BUCKET, Key="key")

    await world.clock.advance(3 * DAY_MS)

    assert world.engine.one("SELECT count(*) FROM s3_upload") == (0,)


async def test_deleted_configuration_ends_the_expiring(world: World) -> None:
    await world.bucket()
    await rules(world, {"Expiration": {"Days": 1}})
    await world.put("key", b"x")

    await world.call("DeleteBucketLifecycle", Bucket=BUCKET)
    await world.clock.advance(5 * DAY_MS)

    assert await world.keys() == ["key"]
    assert world.s3.outbox.waiting(lifecycle.EVENT_KIND) == 0


async def test_event_tells_of_the_expiring(world: World) -> None:
    queue = "arn:aws:sqs:us-east-1:000000000000:expired"
    world.neighbours.existing.add(queue)
    await world.bucket()
    await world.call(
        "PutBucketNotificationConfiguration",
        Bucket=BUCKET,
        NotificationConfiguration={
            "QueueConfigurations": [{"QueueArn": queue, "Events": ["s3:LifecycleExpiration:*"]}]
        },
    )
    await rules(world, {"Expiration": {"Days": 1}})
    await world.put("key", b"x")

    await world.clock.advance(3 * DAY_MS)

    assert '"eventName":"LifecycleExpiration:Delete"' in world.neighbours.got[-1][2]


@pytest.mark.parametrize(
    ("conditions", "is_due"),
    [
        ({"Prefix": "a/"}, True),
        ({"Prefix": "b/"}, False),
        ({"Tag": {"Key": "t", "Value": "1"}}, True),
        ({"Tag": {"Key": "t", "Value": "2"}}, False),
        ({"ObjectSizeGreaterThan": 99}, True),
        ({"ObjectSizeGreaterThan": 100}, False),
        ({"ObjectSizeLessThan": 101}, True),
        ({"And": {"Prefix": "a/", "ObjectSizeLessThan": 100}}, False),
        ({}, True),
    ],
)
def test_filters_choose_by_prefix_tags_and_size(
    conditions: dict[str, object], is_due: bool
) -> None:
    candidate = Candidate(
        "a/b", 100, {"t": "1"}, 0, 0, "STANDARD",
        is_current=True, is_delete_marker=False, is_alone=False, newer_noncurrent=0,
    )  # fmt: skip
    rule = {"Status": "Enabled", "Filter": conditions, "Expiration": {"Days": 1}}

    assert (action_of([rule], candidate, 2 * DAY_MS) is not None) == is_due
