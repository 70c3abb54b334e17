"""Lifecycle: what the rules say happens at midnight, by the clock."""

from __future__ import annotations

from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import pytest

from kamome.errors import AwsError
from kamome.services.s3.lifecycle import lifecycle
from kamome.services.s3.lifecycle.lifecycle_configurations import check_lifecycle
from kamome.services.s3.lifecycle.lifecycle_rules import Action, Candidate, action_of

if TYPE_CHECKING:
    from tests.s3.conftest import World

BUCKET = "orders"
DAY_MS = 86_400_000
# The smallest object that transitions move by default.
LARGE = bytes(128 * 1024)


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
    await world.put("key", LARGE)
    await world.put("small", LARGE[1:])

    await world.clock.advance(3 * DAY_MS)

    assert (await world.head("key"))["StorageClass"] == "GLACIER_IR"
    assert "StorageClass" not in await world.head("small")


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


async def test_transition_comes_before_the_delete_marker(world: World) -> None:
    await enable(world)
    await rules(
        world,
        {"Filter": {"Prefix": "k"}, "Expiration": {"Days": 2}},
        {"Transitions": [{"Days": 2, "StorageClass": "GLACIER"}]},
    )
    version_id = (await world.put("key", LARGE))["VersionId"]

    await world.clock.advance(3 * DAY_MS)
    moved = await world.head("key")
    await world.clock.advance(DAY_MS)
    hidden = await versions_of(world)

    assert moved["StorageClass"] == "GLACIER"
    assert hidden["DeleteMarkers"][0]["IsLatest"]
    assert [each["VersionId"] for each in hidden["Versions"]] == [version_id]


async def test_deletion_for_good_comes_before_a_transition(world: World) -> None:
    await world.bucket()
    await rules(
        world,
        {"Filter": {"Prefix": "k"}, "Expiration": {"Days": 2}},
        {"Transitions": [{"Days": 2, "StorageClass": "GLACIER"}]},
    )
    await world.put("key", LARGE)

    await world.clock.advance(3 * DAY_MS)

    assert await world.keys() == []


@pytest.mark.parametrize(
    ("classes", "chosen"),
    [
        (("STANDARD_IA", "INTELLIGENT_TIERING"), "INTELLIGENT_TIERING"),
        (("GLACIER_IR", "INTELLIGENT_TIERING"), "INTELLIGENT_TIERING"),
        (("GLACIER", "INTELLIGENT_TIERING"), "GLACIER"),
        (("ONEZONE_IA", "GLACIER_IR"), "GLACIER_IR"),
    ],
)
def test_cheapest_class_is_chosen_but_tiering_before_all_but_archives(
    classes: tuple[str, str], chosen: str
) -> None:
    given = [
        {"Status": "Enabled", "Filter": {}, "Transitions": [{"Days": 30, "StorageClass": each}]}
        for each in classes
    ]
    candidate = Candidate(
        "key", 1 << 20, {}, 0, 0, "STANDARD",
        is_current=True, is_delete_marker=False, is_alone=False, newer_noncurrent=0,
    )  # fmt: skip

    assert action_of(given, candidate, 40 * DAY_MS) == Action(storage_class=chosen)


@pytest.mark.parametrize(
    ("conditions", "storage_class", "minimum", "is_moved"),
    [
        ({"Prefix": ""}, "GLACIER", "all_storage_classes_128K", False),
        ({"Prefix": ""}, "GLACIER", "varies_by_storage_class", True),
        ({"Prefix": ""}, "GLACIER_IR", "varies_by_storage_class", False),
        ({"ObjectSizeGreaterThan": 5}, "GLACIER_IR", "all_storage_classes_128K", True),
    ],
)
def test_small_objects_are_moved_only_where_the_rules_say_so(
    conditions: dict[str, object], storage_class: str, minimum: str, is_moved: bool
) -> None:
    rule = {
        "Status": "Enabled",
        "Filter": conditions,
        "Transitions": [{"Days": 1, "StorageClass": storage_class}],
    }
    candidate = Candidate(
        "key", 1000, {}, 0, 0, "STANDARD",
        is_current=True, is_delete_marker=False, is_alone=False, newer_noncurrent=0,
    )  # fmt: skip

    assert (action_of([rule], candidate, 9 * DAY_MS, minimum) is not None) == is_moved


async def test_minimum_size_of_transitions_is_shown(world: World) -> None:
    await world.bucket()
    await rules(world, {"Expiration": {"Days": 1}})
    default = await world.call("GetBucketLifecycleConfiguration", Bucket=BUCKET)

    put = await world.call(
        "PutBucketLifecycleConfiguration",
        Bucket=BUCKET,
        LifecycleConfiguration={
            "Rules": [{"Status": "Enabled", "Prefix": "", "Expiration": {"Days": 1}}]
        },
        TransitionDefaultMinimumObjectSize="varies_by_storage_class",
    )

    chosen = await world.call("GetBucketLifecycleConfiguration", Bucket=BUCKET)
    assert default["TransitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"
    assert put == {"TransitionDefaultMinimumObjectSize": "varies_by_storage_class"}
    assert chosen["TransitionDefaultMinimumObjectSize"] == "varies_by_storage_class"


async def test_answers_tell_when_the_object_expires(world: World) -> None:
    await enable(world)
    await rules(
        world,
        {"ID": "late", "Expiration": {"Days": 9}},
        {"ID": "soon, now", "Filter": {"Prefix": "k"}, "Expiration": {"Days": 2}},
    )
    put = await world.put("key", b"x")
    old = put["VersionId"]
    await world.put("key", b"y")

    got, former = await world.get("key"), await world.head("key", VersionId=old)
    copied = await world.call("CopyObject", Bucket=BUCKET, Key="a", CopySource=f"{BUCKET}/key")
    await world.call("DeleteBucketLifecycle", Bucket=BUCKET)

    due_s = (world.clock.now_ms() // DAY_MS + 3) * DAY_MS / 1000
    date = formatdate(due_s, usegmt=True)
    assert put["Expiration"] == f'expiry-date="{date}", rule-id="soon%2C%20now"'
    assert got["Expiration"] == put["Expiration"]
    assert 'rule-id="late"' in copied["Expiration"]
    assert "Expiration" not in former
    assert "Expiration" not in await world.head("key")


async def test_upload_tells_when_it_is_aborted(world: World) -> None:
    await world.bucket()
    action = {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 3}}
    await rules(world, {"ID": "tidy", "Filter": {"Prefix": "k"}, **action})

    begun = await world.call("CreateMultipartUpload", Bucket=BUCKET, Key="key")
    other = await world.call("CreateMultipartUpload", Bucket=BUCKET, Key="other")

    parts = await world.call("ListParts", Bucket=BUCKET, Key="key", UploadId=begun["UploadId"])
    due_s = (world.clock.now_ms() // DAY_MS + 4) * DAY_MS // 1000
    assert (begun["AbortDate"], begun["AbortRuleId"]) == (due_s, "tidy")
    assert (parts["AbortDate"], parts["AbortRuleId"]) == (due_s, "tidy")
    assert "AbortDate" not in other


_SOON = {"Days": 1, "StorageClass": "GLACIER"}
_IA = {"Days": 30, "StorageClass": "STANDARD_IA"}
_TAG = {"Tag": {"Key": "a", "Value": "b"}}
_DATE_S = 1_900_022_400


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ({"Transitions": [{"Days": 29, "StorageClass": "STANDARD_IA"}]}, "InvalidArgument"),
        ({"Transitions": [{"Days": -1, "StorageClass": "GLACIER"}]}, "InvalidArgument"),
        ({"Transitions": [{"StorageClass": "GLACIER"}]}, "MalformedXML"),
        ({"Transitions": [{**_SOON, "Date": _DATE_S}]}, "MalformedXML"),
        ({"Transitions": [_SOON, {**_SOON, "Days": 3}]}, "InvalidRequest"),
        ({"Transitions": [_SOON], "Expiration": {"Days": 1}}, "InvalidArgument"),
        ({"Transitions": [_SOON], "Expiration": {"Date": _DATE_S}}, "InvalidRequest"),
        ({"Transitions": [_IA, {**_SOON, "Days": 59}]}, "InvalidArgument"),
        ({"Transitions": [_IA, {**_SOON, "Days": 60}], "Expiration": {"Days": 61}}, ""),
        ({"Transitions": [_SOON, _IA]}, "InvalidArgument"),
        ({"Filter": {"Prefix": "a", **_TAG}, "Expiration": {"Days": 1}}, "MalformedXML"),
        ({"Filter": _TAG, "Expiration": {"ExpiredObjectDeleteMarker": True}}, "InvalidRequest"),
        (
            {"Filter": _TAG, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}},
            "InvalidRequest",
        ),
        (
            {
                "Filter": {"And": {"ObjectSizeGreaterThan": 5, "ObjectSizeLessThan": 5}},
                "Expiration": {"Days": 1},
            },
            "InvalidRequest",
        ),
        (
            {"NoncurrentVersionExpiration": {"NoncurrentDays": 1, "NewerNoncurrentVersions": 101}},
            "InvalidArgument",
        ),
        (
            {
                "NoncurrentVersionTransitions": [{"NoncurrentDays": 1, "StorageClass": "GLACIER"}],
                "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
            },
            "InvalidArgument",
        ),
    ],
)
def test_configuration_that_contradicts_itself_is_refused(rule: dict[str, Any], code: str) -> None:
    configuration = {"Rules": [{"Status": "Enabled", "Filter": {}, **rule}]}

    if not code:
        check_lifecycle(configuration)
        return
    with pytest.raises(AwsError) as refused:
        check_lifecycle(configuration)

    assert refused.value.code == code
