"""Versioning: what a write or delete does to the other versions of its key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kamome.services.s3 import errors

if TYPE_CHECKING:
    from tests.s3.conftest import World

BUCKET = "orders"


async def versioned(world: World, status: str = "Enabled") -> None:
    await world.bucket()
    await set_versioning(world, status)


async def set_versioning(world: World, status: str) -> None:
    await world.call(
        "PutBucketVersioning", Bucket=BUCKET, VersioningConfiguration={"Status": status}
    )


async def delete(world: World, key: str = "key", **members: object) -> dict[str, Any]:
    return await world.call("DeleteObject", Bucket=BUCKET, Key=key, **members)


async def listed(world: World, **members: object) -> list[tuple[str, str, bool, str]]:
    """(key, version id, is latest, kind), merged as the bucket has them per kind."""
    page = await world.call("ListObjectVersions", Bucket=BUCKET, **members)
    rows = [(each, "object") for each in page.get("Versions", ())]
    rows += [(each, "marker") for each in page.get("DeleteMarkers", ())]
    return [(row["Key"], row["VersionId"], row["IsLatest"], kind) for row, kind in rows]


async def test_every_write_makes_a_version_and_all_stay_readable(world: World) -> None:
    await versioned(world)

    ids = [(await world.put("key", body))["VersionId"] for body in (b"1", b"2", b"3")]

    assert len(set(ids)) == 3
    assert (await world.get("key"))["VersionId"] == ids[2]
    for version_id, body in zip(ids, (b"1", b"2", b"3"), strict=True):
        assert (await world.get("key", VersionId=version_id))["Body"] == body
    assert await listed(world) == [
        ("key", ids[2], True, "object"),
        ("key", ids[1], False, "object"),
        ("key", ids[0], False, "object"),
    ]


async def test_object_from_before_versioning_becomes_the_null_version(world: World) -> None:
    await world.bucket()
    await world.put("key", b"old")
    await set_versioning(world, "Enabled")

    await world.put("key", b"new")

    assert (await world.get("key", VersionId="null"))["Body"] == b"old"
    assert (await world.get("key"))["Body"] == b"new"


async def test_delete_hides_the_object_behind_a_marker(world: World) -> None:
    await versioned(world)
    version_id = (await world.put("key", b"x"))["VersionId"]

    deleted = await delete(world)

    assert deleted["DeleteMarker"] is True
    with pytest.raises(errors.NoSuchKey) as refused:
        await world.get("key")
    assert ("x-amz-delete-marker", "true") in refused.value.headers
    assert (await world.get("key", VersionId=version_id))["Body"] == b"x"
    assert await world.keys() == []
    assert await listed(world) == [
        ("key", version_id, False, "object"),
        ("key", deleted["VersionId"], True, "marker"),
    ]


async def test_deleting_the_marker_brings_the_object_back(world: World) -> None:
    await versioned(world)
    await world.put("key", b"x")
    marker = (await delete(world))["VersionId"]

    undone = await delete(world, VersionId=marker)

    assert undone == {"VersionId": marker, "DeleteMarker": True}
    assert (await world.get("key"))["Body"] == b"x"
    assert await world.keys() == ["key"]


async def test_deleting_the_newest_version_uncovers_the_one_before(world: World) -> None:
    await versioned(world)
    await world.put("key", b"1")
    newest = (await world.put("key", b"2"))["VersionId"]

    await delete(world, VersionId=newest)

    assert (await world.get("key"))["Body"] == b"1"
    with pytest.raises(errors.NoSuchVersion):
        await world.get("key", VersionId=newest)


async def test_marker_cannot_be_read(world: World) -> None:
    await versioned(world)
    marker = (await delete(world, "never-was"))["VersionId"]

    with pytest.raises(errors.MethodNotAllowed):
        await world.head("never-was", VersionId=marker)


async def test_suspended_bucket_keeps_versions_and_one_null(world: World) -> None:
    await versioned(world)
    kept = (await world.put("key", b"kept"))["VersionId"]
    await set_versioning(world, "Suspended")

    await world.put("key", b"null 1")
    second = await world.put("key", b"null 2")

    assert second["VersionId"] == "null"
    assert (await world.get("key"))["Body"] == b"null 2"
    assert (await world.get("key", VersionId=kept))["Body"] == b"kept"
    assert len(await listed(world)) == 2


async def test_delete_in_a_suspended_bucket_replaces_the_null_version(world: World) -> None:
    await versioned(world, "Suspended")
    await world.put("key", b"null")

    deleted = await delete(world)

    assert deleted == {"VersionId": "null", "DeleteMarker": True}
    assert await listed(world) == [("key", "null", True, "marker")]
    row = world.engine.one("SELECT count(*) FROM s3_body")
    assert row == (0,)


async def test_bodies_go_with_their_versions(world: World) -> None:
    await versioned(world)
    ids = [(await world.put("key", b"x" * 200_000))["VersionId"] for _ in range(3)]

    for version_id in ids:
        await delete(world, VersionId=version_id)

    assert world.engine.one("SELECT count(*) FROM s3_body") == (0,)
    assert world.engine.one("SELECT count(*) FROM blob") == (0,)
    assert world.s3.store.versions.is_empty(world.s3.store.bucket("aws", BUCKET).bucket_id)  # type: ignore[union-attr]  # it was made above


async def test_bucket_with_a_marker_is_not_empty(world: World) -> None:
    await versioned(world)
    marker = (await delete(world))["VersionId"]

    with pytest.raises(errors.BucketNotEmpty):
        await world.call("DeleteBucket", Bucket=BUCKET)
    await delete(world, VersionId=marker)
    await world.call("DeleteBucket", Bucket=BUCKET)


@pytest.mark.parametrize("items_max", [1, 2, 3, 1000])
async def test_pages_of_versions_join_without_gap(world: World, items_max: int) -> None:
    await versioned(world)
    for key in ("a", "b/1", "b/2", "c"):
        for body in (b"1", b"2", b"3"):
            await world.put(key, body)
    await delete(world, "a")

    found: list[tuple[str, str, bool, str]] = []
    marker: dict[str, object] = {}
    for _ in range(20):
        page = await world.call("ListObjectVersions", Bucket=BUCKET, MaxKeys=items_max, **marker)
        found += await listed(world, MaxKeys=items_max, **marker)
        if not page["IsTruncated"]:
            break
        marker = {
            "KeyMarker": page["NextKeyMarker"],
            "VersionIdMarker": page["NextVersionIdMarker"],
        }

    assert sorted(found) == sorted(await listed(world))
    assert len(found) == 13
    assert {row[0] for row in found if row[2]} == {"a", "b/1", "b/2", "c"}
    assert sum(row[2] for row in found) == 4


async def test_page_goes_on_behind_a_version_that_was_deleted_meanwhile(world: World) -> None:
    await versioned(world)
    for body in (b"1", b"2", b"3"):
        await world.put("key", body)

    count = 0
    marker: dict[str, object] = {}
    for _ in range(3):
        page = await world.call("ListObjectVersions", Bucket=BUCKET, MaxKeys=1, **marker)
        for each in page["Versions"]:
            await delete(world, VersionId=each["VersionId"])
            count += 1
        marker = {
            "KeyMarker": page.get("NextKeyMarker", "key"),
            "VersionIdMarker": page.get("NextVersionIdMarker", "null"),
        }

    assert count == 3


async def test_versions_roll_up_into_common_prefixes(world: World) -> None:
    await versioned(world)
    for key in ("logs/1", "logs/2", "top"):
        await world.put(key, b"x")
        await world.put(key, b"y")

    page = await world.call("ListObjectVersions", Bucket=BUCKET, Delimiter="/")

    assert [each["Prefix"] for each in page["CommonPrefixes"]] == ["logs/"]
    assert [each["Key"] for each in page["Versions"]] == ["top", "top"]


async def test_status_that_is_none_is_refused(world: World) -> None:
    await world.bucket()

    with pytest.raises(errors.MalformedXML):
        await set_versioning(world, "On")
    assert await world.call("GetBucketVersioning", Bucket=BUCKET) == {}


async def test_many_are_deleted_in_one_request_each_for_itself(world: World) -> None:
    await versioned(world)
    await world.put("a", b"x")
    gone = (await world.put("b", b"x"))["VersionId"]
    objects = [
        {"Key": "a"},
        {"Key": "b", "VersionId": gone},
        {"Key": "c", "ETag": '"other"'},
    ]

    answer = await world.call("DeleteObjects", Bucket=BUCKET, Delete={"Objects": objects})

    assert answer["Deleted"][0]["DeleteMarker"] is True
    assert answer["Deleted"][1] == {"Key": "b", "VersionId": gone}
    assert answer["Errors"][0]["Code"] == "NoSuchKey"
    assert [row[0] for row in await listed(world)] == ["a", "a"]
    with pytest.raises(errors.MalformedXML):
        await world.call("DeleteObjects", Bucket=BUCKET, Delete={"Objects": []})
