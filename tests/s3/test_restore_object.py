"""Archived objects: restored after hours, readable for days, told by events."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.s3.conftest import BUCKET

from kamome.errors import AwsError
from kamome.services.s3 import errors

if TYPE_CHECKING:
    from tests.s3.conftest import World

QUEUE = "arn:aws:sqs:us-east-1:000000000000:restores"
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
# The clock of tests begins on Thursday, 2025-10-09, 08:53:20 UTC.
IN_PROGRESS = 'ongoing-request="true"'


@pytest.fixture
async def archive(world: World) -> World:
    """An archived object, in a bucket that tells of restores."""
    world.neighbours.existing.add(QUEUE)
    await world.bucket()
    configuration = {"QueueConfigurations": [{"QueueArn": QUEUE, "Events": ["s3:ObjectRestore:*"]}]}
    await world.call(
        "PutBucketNotificationConfiguration",
        Bucket=BUCKET,
        NotificationConfiguration=configuration,
    )
    await world.put("key", b"old", StorageClass="GLACIER")
    world.neighbours.got.clear()
    return world


async def restore(world: World, key: str = "key", **members: Any) -> int:
    members.setdefault("Days", 2)
    answer = await world.call("RestoreObject", Bucket=BUCKET, Key=key, RestoreRequest=members)
    status: int = answer["StatusCode"]
    return status


async def shown(world: World, key: str = "key") -> object:
    return (await world.head(key)).get("Restore")


def told(world: World) -> list[dict[str, Any]]:
    return [json.loads(document)["Records"][0] for _, _, document in world.neighbours.got]


@pytest.mark.parametrize(
    ("storage_class", "members", "duration_ms"),
    [
        ("GLACIER", {}, 5 * HOUR_MS),
        ("GLACIER", {"Tier": "Expedited"}, 5 * MINUTE_MS),
        ("GLACIER", {"GlacierJobParameters": {"Tier": "Bulk"}}, 12 * HOUR_MS),
        ("DEEP_ARCHIVE", {}, 12 * HOUR_MS),
        ("DEEP_ARCHIVE", {"Tier": "Bulk"}, 48 * HOUR_MS),
    ],
    ids=["standard", "expedited", "bulk", "deep", "deep bulk"],
)
async def test_object_is_readable_when_its_retrieval_ends(
    archive: World, storage_class: str, members: dict[str, Any], duration_ms: int
) -> None:
    await archive.put("key", b"old", StorageClass=storage_class)

    assert await restore(archive, **members) == 202
    await archive.clock.advance(duration_ms - 1_000)
    assert await shown(archive) == IN_PROGRESS
    with pytest.raises(errors.InvalidObjectState):
        await archive.get("key")
    await archive.clock.advance(1_000)

    assert (await archive.get("key"))["Body"] == b"old"
    assert (await archive.head("key"))["StorageClass"] == storage_class


async def test_copy_goes_at_midnight_after_its_days(archive: World) -> None:
    await restore(archive, Days=2)
    await archive.clock.advance(5 * HOUR_MS)

    expiry = 'ongoing-request="false", expiry-date="Sun, 12 Oct 2025 00:00:00 GMT"'
    assert await shown(archive) == expiry
    await archive.clock.advance(2 * DAY_MS + 10 * HOUR_MS)
    assert (await archive.get("key"))["Body"] == b"old"
    await archive.clock.advance(HOUR_MS)

    assert await shown(archive) is None
    with pytest.raises(errors.InvalidObjectState):
        await archive.get("key")


async def test_days_of_a_restored_object_can_be_changed(archive: World) -> None:
    await restore(archive, Days=1)
    await archive.clock.advance(5 * HOUR_MS)

    assert await restore(archive, Days=5) == 200
    await archive.clock.advance(4 * DAY_MS)

    assert (await archive.get("key"))["Body"] == b"old"
    assert "15 Oct 2025" in str(await shown(archive))


async def test_restore_can_be_hurried_but_not_ordered_twice(archive: World) -> None:
    await restore(archive, Tier="Bulk")

    with pytest.raises(errors.RestoreAlreadyInProgress):
        await restore(archive, Tier="Bulk")
    assert await restore(archive, Tier="Expedited") == 202
    await archive.clock.advance(5 * MINUTE_MS)

    assert (await archive.get("key"))["Body"] == b"old"
    await archive.clock.advance(12 * HOUR_MS)  # the slow order finds nothing to do
    assert "false" in str(await shown(archive))


async def test_events_tell_of_order_completion_and_end(archive: World) -> None:
    await restore(archive, Days=1)
    await archive.clock.advance(3 * DAY_MS)

    names = [record["eventName"] for record in told(archive)]
    assert names == ["ObjectRestore:Post", "ObjectRestore:Completed", "ObjectRestore:Delete"]
    completed = told(archive)[1]
    assert completed["s3"]["object"]["size"] == 3
    assert completed["glacierEventData"]["restoreEventData"] == {
        "lifecycleRestorationExpiryTime": "2025-10-11T00:00:00.000Z",
        "lifecycleRestoreStorageClass": "GLACIER",
    }


async def test_version_is_restored_for_itself(archive: World) -> None:
    await archive.call(
        "PutBucketVersioning", Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"}
    )
    await archive.put("key", b"new", StorageClass="GLACIER")

    await archive.call(
        "RestoreObject", Bucket=BUCKET, Key="key", VersionId="null", RestoreRequest={"Days": 1}
    )
    await archive.clock.advance(5 * HOUR_MS)

    assert (await archive.get("key", VersionId="null"))["Body"] == b"old"
    assert await shown(archive) is None


async def test_restored_object_can_be_copied_and_the_copy_is_none(archive: World) -> None:
    await restore(archive)
    await archive.clock.advance(5 * HOUR_MS)

    await archive.call("CopyObject", Bucket=BUCKET, Key="copy", CopySource=f"{BUCKET}/key")

    assert (await archive.get("copy"))["Body"] == b"old"
    assert await shown(archive, "copy") is None


async def test_object_that_was_replaced_or_deleted_meanwhile_is_left_alone(archive: World) -> None:
    await archive.put("other", b"x", StorageClass="GLACIER")
    await restore(archive)
    await restore(archive, "other")
    await archive.put("key", b"new")
    await archive.call("DeleteObject", Bucket=BUCKET, Key="other")

    await archive.clock.advance(5 * DAY_MS)

    assert (await archive.get("key"))["Body"] == b"new"
    assert await shown(archive) is None


async def test_listing_shows_the_state_where_it_is_asked_for(archive: World) -> None:
    async def status() -> dict[str, object]:
        page = await archive.call(
            "ListObjectsV2", Bucket=BUCKET, OptionalObjectAttributes=["RestoreStatus"]
        )
        found: dict[str, object] = page["Contents"][0]["RestoreStatus"]
        return found

    before = await status()
    await restore(archive)
    during = await status()
    await archive.clock.advance(5 * HOUR_MS)

    assert (before, during) == ({"IsRestoreInProgress": False}, {"IsRestoreInProgress": True})
    expiry_s = 1_760_227_200  # 2025-10-12T00:00:00Z
    assert await status() == {"IsRestoreInProgress": False, "RestoreExpiryDate": expiry_s}


@pytest.mark.parametrize(
    ("storage_class", "request_", "error"),
    [
        ("STANDARD", {"Days": 1}, errors.InvalidObjectState),
        ("GLACIER", None, errors.MalformedXML),
        ("GLACIER", {}, errors.MalformedXML),
        ("GLACIER", {"Days": 0}, errors.InvalidArgument),
        ("DEEP_ARCHIVE", {"Days": 1, "Tier": "Expedited"}, errors.InvalidArgument),
        ("GLACIER", {"Days": 1, "Type": "SELECT"}, errors.FeatureNotServed),
    ],
    ids=["no archive", "no document", "no days", "zero days", "tier", "select"],
)
async def test_restore_that_cannot_be_is_refused(
    archive: World, storage_class: str, request_: object, error: type[AwsError]
) -> None:
    await archive.put("key", b"old", StorageClass=storage_class)
    members = {} if request_ is None else {"RestoreRequest": request_}

    with pytest.raises(error):
        await archive.call("RestoreObject", Bucket=BUCKET, Key="key", **members)

    assert await shown(archive) is None


async def test_versions_show_how_their_restores_stand(archive: World) -> None:
    asked = {"Bucket": BUCKET, "OptionalObjectAttributes": ["RestoreStatus"]}

    [plain] = (await archive.call("ListObjectVersions", Bucket=BUCKET))["Versions"]
    [shown] = (await archive.call("ListObjectVersions", **asked))["Versions"]

    assert "RestoreStatus" not in plain
    assert shown["RestoreStatus"] == {"IsRestoreInProgress": False}
    with pytest.raises(errors.InvalidArgument):
        await archive.call("ListObjectVersions", Bucket=BUCKET, OptionalObjectAttributes=["Colour"])
