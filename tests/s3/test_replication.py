"""Replication within the server: rules, replicas, their status, and what is not replicated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.s3.conftest import BUCKET, customer_key

from kamome.services.s3 import errors

if TYPE_CHECKING:
    from tests.s3.conftest import World

ROLE = "arn:aws:iam::000000000000:role/replication"
COPY = "copy"
MARKERS = {"Status": "Enabled"}
PART_BYTES = 5 * 1024 * 1024


def rule(bucket: str = COPY, **members: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "Status": "Enabled",
        "Priority": 1,
        "Filter": {},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{bucket}"},
    }
    return made | members


async def versioned(world: World, *names: str) -> None:
    for name in names:
        await world.bucket(name)
        await world.call(
            "PutBucketVersioning", Bucket=name, VersioningConfiguration={"Status": "Enabled"}
        )


async def replicating(world: World, *rules: dict[str, Any]) -> None:
    await versioned(world, BUCKET, COPY)
    await configure(world, *rules)


async def configure(world: World, *rules: dict[str, Any]) -> None:
    configuration = {"Role": ROLE, "Rules": list(rules or (rule(),))}
    await world.call("PutBucketReplication", Bucket=BUCKET, ReplicationConfiguration=configuration)


async def settle(world: World) -> None:
    await world.clock.advance(1)


async def copy_of(world: World, key: str, bucket: str = COPY, **members: Any) -> dict[str, Any]:
    result = await world.call("GetObject", Bucket=bucket, Key=key, **members)
    if not isinstance(result["Body"], bytes):
        result["Body"] = b"".join([piece async for piece in result["Body"]])
    return result


async def test_object_under_a_kms_key_is_encrypted_anew_for_its_replica(world: World) -> None:
    chosen = rule(
        SourceSelectionCriteria={"SseKmsEncryptedObjects": {"Status": "Enabled"}},
        Destination={
            "Bucket": f"arn:aws:s3:::{COPY}",
            "EncryptionConfiguration": {"ReplicaKmsKeyID": "arn:replica"},
        },
    )
    await replicating(world, chosen)
    for size in (12, 300_000):
        await world.put(
            f"key-{size}", b"x" * size, ServerSideEncryption="aws:kms", SSEKMSKeyId="arn:original"
        )

    await settle(world)
    await world.call("PutObjectTagging", Bucket=BUCKET, Key="key-12", Tagging={"TagSet": []})
    await settle(world)

    world.neighbours.refused_keys["arn:original"] = errors.AccessDenied()
    for size in (12, 300_000):
        replica = await copy_of(world, f"key-{size}")
        assert (replica["SSEKMSKeyId"], replica["Body"]) == ("arn:replica", b"x" * size)
        assert await status_of(world, f"key-{size}") == "COMPLETED"


async def status_of(world: World, key: str) -> object:
    return (await world.head(key)).get("ReplicationStatus")


@pytest.mark.parametrize("size", [0, 12, 300_000], ids=str)
async def test_object_is_replicated_with_all_it_has(world: World, size: int) -> None:
    await replicating(world)
    # Without a wait for the disk, in which the replica could be made.
    put = await world.call_from(
        "PutObject",
        Bucket=BUCKET,
        Key="key",
        Body=world.stream(b"x" * size),
        Metadata={"tenant": "1"},
        Tagging="a=1",
    )
    head = await world.call_from("HeadObject", Bucket=BUCKET, Key="key")
    assert head["ReplicationStatus"] == "PENDING"

    await settle(world)

    got = await copy_of(world, "key")
    assert got["Body"] == b"x" * size
    assert (got["ETag"], got["VersionId"]) == (put["ETag"], put["VersionId"])
    assert (got["Metadata"], got["TagCount"]) == ({"tenant": "1"}, 1)
    assert got["LastModified"] == (await world.head("key"))["LastModified"]
    assert got["ReplicationStatus"] == "REPLICA"
    assert await status_of(world, "key") == "COMPLETED"


async def test_parts_are_replicated_as_parts(world: World) -> None:
    await replicating(world)
    upload = await world.call("CreateMultipartUpload", Bucket=BUCKET, Key="key")
    named = {"Bucket": BUCKET, "Key": "key", "UploadId": upload["UploadId"]}
    parts = []
    for number, body in ((1, b"a" * PART_BYTES), (2, b"b")):
        part = await world.call("UploadPart", **named, PartNumber=number, Body=world.stream(body))
        parts.append({"PartNumber": number, "ETag": part["ETag"]})
    done = await world.call("CompleteMultipartUpload", **named, MultipartUpload={"Parts": parts})

    await settle(world)

    got = await copy_of(world, "key")
    assert got["Body"] == b"a" * PART_BYTES + b"b"
    assert got["ETag"] == done["ETag"]
    assert (await copy_of(world, "key", PartNumber=2))["Body"] == b"b"


async def test_what_a_customers_key_encrypted_stays_so(world: World) -> None:
    await replicating(world)
    await world.put("key", b"secret", **customer_key(b"k" * 32))

    await settle(world)

    assert (await copy_of(world, "key", **customer_key(b"k" * 32)))["Body"] == b"secret"
    with pytest.raises(errors.InvalidRequest):
        await copy_of(world, "key")


@pytest.mark.parametrize(
    ("chosen", "is_replicated"),
    [
        ({"Filter": {"Prefix": "in/"}}, True),
        ({"Filter": {"Prefix": "out/"}}, False),
        ({"Filter": {"Tag": {"Key": "a", "Value": "1"}}}, True),
        ({"Filter": {"Tag": {"Key": "a", "Value": "2"}}}, False),
        ({"Filter": {"And": {"Prefix": "in/", "Tags": [{"Key": "b", "Value": "2"}]}}}, True),
        ({"Filter": {"And": {"Prefix": "x", "Tags": [{"Key": "b", "Value": "2"}]}}}, False),
        ({"Status": "Disabled"}, False),
    ],
)
async def test_rule_chooses(world: World, chosen: dict[str, Any], is_replicated: bool) -> None:
    await replicating(world, rule(**chosen))
    await world.put("in/key", b"x", Tagging="a=1&b=2")

    await settle(world)

    assert await status_of(world, "in/key") == ("COMPLETED" if is_replicated else None)
    listed = await world.call("ListObjectsV2", Bucket=COPY)
    assert listed["KeyCount"] == int(is_replicated)


async def test_rule_of_highest_priority_decides_for_its_destination(world: World) -> None:
    await versioned(world, BUCKET, COPY, "third")
    cold = {"Bucket": f"arn:aws:s3:::{COPY}", "StorageClass": "GLACIER_IR"}
    await configure(world, rule(), rule(Priority=2, Destination=cold), rule("third", Priority=3))
    await world.put("key", b"x")

    await settle(world)

    assert (await copy_of(world, "key"))["StorageClass"] == "GLACIER_IR"
    assert (await copy_of(world, "key", "third"))["Body"] == b"x"


@pytest.mark.parametrize(
    ("members", "is_replicated"),
    [({}, False), ({"DeleteMarkerReplication": MARKERS}, True)],
    ids=["disabled", "enabled"],
)
async def test_delete_marker_is_replicated_where_the_rule_says_so(
    world: World, members: dict[str, Any], is_replicated: bool
) -> None:
    await replicating(world, rule(**members))
    await world.put("key", b"x")
    await settle(world)
    marker = await world.call("DeleteObject", Bucket=BUCKET, Key="key")

    await settle(world)

    listed = await world.call("ListObjectVersions", Bucket=COPY)
    markers = [each["VersionId"] for each in listed.get("DeleteMarkers", ())]
    assert markers == ([marker["VersionId"]] if is_replicated else [])
    assert len(listed["Versions"]) == 1


async def test_deleted_version_stays_in_the_replica(world: World) -> None:
    await replicating(world)
    put = await world.put("key", b"x")
    await settle(world)

    await world.call("DeleteObject", Bucket=BUCKET, Key="key", VersionId=put["VersionId"])
    await settle(world)

    assert (await copy_of(world, "key"))["Body"] == b"x"


async def test_versions_keep_their_order(world: World) -> None:
    await replicating(world, rule(DeleteMarkerReplication=MARKERS))
    for number in range(20):
        await world.put("key", str(number).encode() * (1 + 200_000 * (number % 2)))
        if number == 7:
            await world.call("DeleteObject", Bucket=BUCKET, Key="key")
    await settle(world)

    listed = [
        [each["VersionId"] for each in page["Versions"]]
        for page in [await world.call("ListObjectVersions", Bucket=name) for name in (BUCKET, COPY)]
    ]
    assert listed[0] == listed[1]
    assert len(listed[0]) == 20
    assert (await copy_of(world, "key"))["Body"] == (await world.get("key"))["Body"]


async def test_replica_follows_tags(world: World) -> None:
    await replicating(world)
    await world.put("key", b"x", Tagging="a=1")
    await settle(world)

    tags = {"TagSet": [{"Key": "b", "Value": "2"}]}
    await world.call("PutObjectTagging", Bucket=BUCKET, Key="key", Tagging=tags)
    await settle(world)

    found = await world.call("GetObjectTagging", Bucket=COPY, Key="key")
    assert found["TagSet"] == tags["TagSet"]
    assert (await copy_of(world, "key"))["ReplicationStatus"] == "REPLICA"


async def test_replicas_are_not_replicated_again(world: World) -> None:
    await replicating(world)
    back = {"Role": ROLE, "Rules": [rule(BUCKET)]}
    await world.call("PutBucketReplication", Bucket=COPY, ReplicationConfiguration=back)
    await world.put("key", b"x")

    await settle(world)

    assert await status_of(world, "key") == "COMPLETED"
    listed = await world.call("ListObjectVersions", Bucket=BUCKET)
    assert len(listed["Versions"]) == 1


async def test_lost_destination_fails_the_replication_and_tells(world: World) -> None:
    await replicating(world)
    queue = "arn:aws:sqs:us-east-1:000000000000:events"
    world.neighbours.existing.add(queue)
    told = [{"QueueArn": queue, "Events": ["s3:Replication:*"]}]
    await world.call(
        "PutBucketNotificationConfiguration",
        Bucket=BUCKET,
        NotificationConfiguration={"QueueConfigurations": told},
    )
    world.neighbours.got.clear()
    await world.call("DeleteBucket", Bucket=COPY)
    await world.put("key", b"x")

    await settle(world)

    assert await status_of(world, "key") == "FAILED"
    [(_, _, document)] = world.neighbours.got
    assert "Replication:OperationFailedReplication" in document


async def test_replication_that_misses_its_time_is_told_when_it_does_and_when_it_ends(
    world: World,
) -> None:
    destination = {
        "Bucket": f"arn:aws:s3:::{COPY}",
        "ReplicationTime": {"Status": "Enabled", "Time": {"Minutes": 15}},
        "Metrics": {"Status": "Enabled", "EventThreshold": {"Minutes": 15}},
        "EncryptionConfiguration": {"ReplicaKmsKeyID": "arn:replica"},
    }
    selecting = {"SseKmsEncryptedObjects": {"Status": "Enabled"}}
    await replicating(world, rule(Destination=destination, SourceSelectionCriteria=selecting))
    queue = "arn:aws:sqs:us-east-1:000000000000:events"
    world.neighbours.existing.add(queue)
    told = [{"QueueArn": queue, "Events": ["s3:Replication:*"]}]
    await world.call(
        "PutBucketNotificationConfiguration",
        Bucket=BUCKET,
        NotificationConfiguration={"QueueConfigurations": told},
    )
    world.neighbours.got.clear()
    world.neighbours.refused_keys["arn:replica"] = errors.AccessDenied()
    await world.put("key", b"x", ServerSideEncryption="aws:kms")

    await world.clock.advance(900_000)
    missed = [document for _, _, document in world.neighbours.got]
    world.neighbours.refused_keys.clear()
    await world.clock.advance(3_600_000)

    assert ["OperationMissedThreshold" in document for document in missed] == [True]
    [_, (_, _, late)] = world.neighbours.got
    assert "OperationReplicatedAfterThreshold" in late
    assert await status_of(world, "key") == "COMPLETED"


async def test_bytes_of_a_failed_replication_leave_nothing_behind(world: World) -> None:
    await replicating(world)
    await world.put("key", b"x" * 300_000)
    await world.call("DeleteBucket", Bucket=COPY)

    await settle(world)

    assert len(world.blob_files()) == 1


@pytest.mark.parametrize(
    ("rules", "error"),
    [
        ([rule("nobody")], errors.InvalidRequest),
        ([rule("plain")], errors.InvalidRequest),
        ([rule(BUCKET)], errors.InvalidRequest),
        ([rule(ID="a"), rule(ID="a")], errors.InvalidArgument),
        ([{**rule(), "Priority": None}], errors.InvalidRequest),
        (
            [rule(Filter={"Tag": {"Key": "a", "Value": "1"}}, DeleteMarkerReplication=MARKERS)],
            errors.InvalidRequest,
        ),
    ],
    ids=["no bucket", "no versions", "itself", "same id", "no priority", "markers by tag"],
)
async def test_configuration_is_refused(
    world: World, rules: list[dict[str, Any]], error: type[Exception]
) -> None:
    await versioned(world, BUCKET, COPY)
    await world.bucket("plain")
    given = [{k: v for k, v in each.items() if v is not None} for each in rules]

    with pytest.raises(error):
        await configure(world, *given)

    with pytest.raises(errors.ReplicationConfigurationNotFoundError):
        await world.call("GetBucketReplication", Bucket=BUCKET)


async def test_bucket_that_is_replicated_keeps_its_versions(world: World) -> None:
    await replicating(world)
    suspended = {"Status": "Suspended"}

    with pytest.raises(errors.InvalidBucketState):
        await world.call("PutBucketVersioning", Bucket=BUCKET, VersioningConfiguration=suspended)
    await world.call("DeleteBucketReplication", Bucket=BUCKET)

    await world.call("PutBucketVersioning", Bucket=BUCKET, VersioningConfiguration=suspended)


async def tag(world: World, bucket: str, value: str) -> None:
    tags = {"TagSet": [{"Key": "a", "Value": value}]}
    await world.call("PutObjectTagging", Bucket=bucket, Key="key", Tagging=tags)
    await settle(world)


async def tag_of(world: World, bucket: str) -> str:
    found = await world.call("GetObjectTagging", Bucket=bucket, Key="key")
    return str(found["TagSet"][0]["Value"])


async def test_original_follows_its_replica_where_a_rule_selects_modifications(
    world: World,
) -> None:
    await replicating(world)
    selecting = {"ReplicaModifications": {"Status": "Enabled"}}
    back = {"Role": ROLE, "Rules": [rule(BUCKET, SourceSelectionCriteria=selecting)]}
    await world.put("key", b"x", Tagging="a=1")
    await settle(world)

    await tag(world, COPY, "2")
    before = await tag_of(world, BUCKET)
    await world.call("PutBucketReplication", Bucket=COPY, ReplicationConfiguration=back)
    await tag(world, COPY, "3")

    assert (before, await tag_of(world, BUCKET)) == ("1", "3")
    assert await status_of(world, "key") == "COMPLETED"
    assert (await copy_of(world, "key"))["ReplicationStatus"] == "REPLICA"


async def test_change_of_an_object_older_than_the_configuration_makes_no_replica(
    world: World,
) -> None:
    await versioned(world, BUCKET, COPY)
    await world.put("key", b"x", Tagging="a=1")
    await configure(world)

    await tag(world, BUCKET, "2")

    assert "Versions" not in await world.call("ListObjectVersions", Bucket=COPY)


async def test_lock_of_a_replica_outlives_a_change_of_its_original(world: World) -> None:
    for name in (BUCKET, COPY):
        await world.call("CreateBucket", Bucket=name, ObjectLockEnabledForBucket=True)
    await configure(world)
    await world.put("key", b"x")
    await settle(world)
    until_s = world.clock.now_ms() // 1000 + 86_400
    locked = {"Mode": "COMPLIANCE", "RetainUntilDate": until_s}
    where = {"Bucket": COPY, "Key": "key"}
    await world.call("PutObjectRetention", **where, Retention=locked)
    await world.call("PutObjectLegalHold", **where, LegalHold={"Status": "ON"})

    await tag(world, BUCKET, "2")

    assert await tag_of(world, COPY) == "2"
    assert (await world.call("GetObjectRetention", **where))["Retention"] == locked
    assert (await world.call("GetObjectLegalHold", **where))["LegalHold"] == {"Status": "ON"}
