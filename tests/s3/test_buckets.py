"""Buckets: names, regions, owners, and the life of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kamome.services.s3 import errors
from kamome.services.s3.buckets import bucket_settings
from kamome.services.s3.buckets.bucket_names import check_new_name
from kamome.services.s3.buckets.regions import bucket_region, object_location

if TYPE_CHECKING:
    from tests.s3.conftest import World


@pytest.mark.parametrize("name", ["abc", "a-b.c", "0-orders.example.com", "a" * 63])
def test_name_that_follows_the_rules_is_taken(name: str) -> None:
    check_new_name(name)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("ab", id="too-short"),
        pytest.param("a" * 64, id="too-long"),
        pytest.param("Orders", id="upper-case"),
        pytest.param("or_ders", id="underscore"),
        pytest.param("-orders", id="begins-with-hyphen"),
        pytest.param("orders.", id="ends-with-dot"),
        pytest.param("or..ders", id="two-dots"),
        pytest.param("192.168.5.4", id="ip-address"),
        pytest.param("xn--orders", id="reserved-beginning-xn"),
        pytest.param("sthree-orders", id="reserved-beginning-sthree"),
        pytest.param("amzn-s3-demo-orders", id="reserved-beginning-demo"),
        pytest.param("orders-s3alias", id="reserved-end-alias"),
        pytest.param("orders--ol-s3", id="reserved-end-object-lambda"),
        pytest.param("orders.mrap", id="reserved-end-multi-region"),
        pytest.param("orders--x-s3", id="reserved-end-directory"),
        pytest.param("orders--table-s3", id="reserved-end-table"),
        pytest.param("orders\n", id="line-end"),
        pytest.param("日本語", id="not-ascii"),
    ],
)
def test_name_that_breaks_a_rule_is_refused(name: str) -> None:
    with pytest.raises(errors.InvalidBucketName):
        check_new_name(name)


@pytest.mark.parametrize(
    ("sent_to", "constraint", "region"),
    [
        ("us-east-1", None, "us-east-1"),
        ("us-east-1", "eu-west-1", "eu-west-1"),
        ("us-east-1", "EU", "eu-west-1"),
        ("eu-west-1", "EU", "eu-west-1"),
        ("ap-northeast-1", "ap-northeast-1", "ap-northeast-1"),
    ],
)
def test_constraint_names_the_region(sent_to: str, constraint: str | None, region: str) -> None:
    assert bucket_region(sent_to, constraint) == region


@pytest.mark.parametrize(
    ("sent_to", "constraint", "error"),
    [
        ("us-east-1", "us-east-1", errors.InvalidLocationConstraint),
        ("eu-west-1", None, errors.IllegalLocationConstraintException),
        ("eu-west-1", "ap-northeast-1", errors.IllegalLocationConstraintException),
        ("eu-west-1", "us-east-1", errors.IllegalLocationConstraintException),
    ],
)
def test_constraint_that_does_not_fit_is_refused(
    sent_to: str, constraint: str | None, error: type[Exception]
) -> None:
    with pytest.raises(error):
        bucket_region(sent_to, constraint)


async def test_bucket_is_listed_with_its_region_and_owner(world: World) -> None:
    await world.bucket("b-two")
    await world.bucket("a-one")

    listed = await world.call("ListBuckets")

    assert [bucket["Name"] for bucket in listed["Buckets"]] == ["a-one", "b-two"]
    assert listed["Buckets"][0]["BucketRegion"] == "us-east-1"
    assert listed["Buckets"][0]["CreationDate"] == world.clock.now_ms() // 1000
    assert len(listed["Owner"]["ID"]) == 64
    assert "ContinuationToken" not in listed


async def test_buckets_are_listed_page_by_page(world: World) -> None:
    for number in range(5):
        await world.bucket(f"bucket-{number}")

    first = await world.call("ListBuckets", MaxBuckets=3, Prefix="bucket-")
    second = await world.call(
        "ListBuckets",
        MaxBuckets=3,
        Prefix="bucket-",
        ContinuationToken=first["ContinuationToken"],
    )

    assert [bucket["Name"] for bucket in first["Buckets"]] == ["bucket-0", "bucket-1", "bucket-2"]
    assert [bucket["Name"] for bucket in second["Buckets"]] == ["bucket-3", "bucket-4"]
    assert "ContinuationToken" not in second


async def test_foreign_continuation_token_of_buckets_is_refused(world: World) -> None:
    with pytest.raises(errors.InvalidArgument):
        await world.call("ListBuckets", ContinuationToken="bm90IG91cnM=")


async def test_buckets_of_one_region_can_be_listed(world: World) -> None:
    await world.bucket("here")
    await world.call(
        "CreateBucket",
        Bucket="there",
        CreateBucketConfiguration={"LocationConstraint": "eu-west-1"},
    )

    listed = await world.call_from("ListBuckets", region="eu-west-1", BucketRegion="eu-west-1")

    assert [bucket["Name"] for bucket in listed["Buckets"]] == ["there"]


async def test_own_bucket_can_be_created_again_in_us_east_1(world: World) -> None:
    await world.bucket()
    await world.put("kept", b"x")

    again = await world.call("CreateBucket", Bucket="orders")

    assert again["Location"] == "/orders"
    assert await world.keys() == ["kept"]


async def test_own_bucket_elsewhere_cannot_be_created_again(world: World) -> None:
    constraint = {"LocationConstraint": "eu-west-1"}
    await world.call_from(
        "CreateBucket", region="eu-west-1", Bucket="orders", CreateBucketConfiguration=constraint
    )

    with pytest.raises(errors.BucketAlreadyOwnedByYou) as refused:
        await world.call_from(
            "CreateBucket",
            region="eu-west-1",
            Bucket="orders",
            CreateBucketConfiguration=constraint,
        )

    assert refused.value.members == {"BucketName": "orders"}


async def test_name_of_another_account_is_taken(world: World) -> None:
    await world.bucket()

    with pytest.raises(errors.BucketAlreadyExists):
        await world.call_from("CreateBucket", account="111122223333", Bucket="orders")


async def test_same_name_is_free_in_another_partition(world: World) -> None:
    await world.bucket()

    made = await world.call_from(
        "CreateBucket",
        account="111122223333",
        region="cn-north-1",
        Bucket="orders",
        CreateBucketConfiguration={"LocationConstraint": "cn-north-1"},
    )

    assert made["Location"] == "http://orders.s3.amazonaws.com/"


async def test_another_account_is_denied(world: World) -> None:
    await world.bucket()

    with pytest.raises(errors.AccessDenied):
        await world.call_from("HeadBucket", account="111122223333", Bucket="orders")


async def test_unexpected_owner_is_denied(world: World) -> None:
    await world.bucket()

    with pytest.raises(errors.AccessDenied):
        await world.call("HeadBucket", Bucket="orders", ExpectedBucketOwner="111122223333")
    with pytest.raises(errors.InvalidBucketOwnerAWSAccountID):
        await world.call("HeadBucket", Bucket="orders", ExpectedBucketOwner="me")


async def test_head_tells_the_region(world: World) -> None:
    await world.bucket()

    assert (await world.call("HeadBucket", Bucket="orders"))["BucketRegion"] == "us-east-1"


async def test_location_of_us_east_1_is_empty(world: World) -> None:
    await world.bucket("classic")
    await world.call(
        "CreateBucket", Bucket="tokyo", CreateBucketConfiguration={"LocationConstraint": "EU"}
    )

    assert await world.call("GetBucketLocation", Bucket="classic") == {}
    assert await world.call("GetBucketLocation", Bucket="tokyo") == {
        "LocationConstraint": "eu-west-1"
    }


async def test_missing_bucket_is_named(world: World) -> None:
    with pytest.raises(errors.NoSuchBucket) as refused:
        await world.call("HeadBucket", Bucket="nowhere")

    assert refused.value.members == {"BucketName": "nowhere"}
    assert refused.value.status == 404


async def test_impossible_bucket_name_is_not_a_missing_one(world: World) -> None:
    with pytest.raises(errors.InvalidBucketName):
        await world.call("HeadBucket", Bucket="No_Bucket")


async def test_bucket_with_objects_is_not_deleted(world: World) -> None:
    await world.bucket()
    await world.put("a")

    with pytest.raises(errors.BucketNotEmpty):
        await world.call("DeleteBucket", Bucket="orders")


async def test_deleted_bucket_is_gone_and_its_name_free(world: World) -> None:
    await world.bucket()
    await world.call("DeleteBucket", Bucket="orders")

    with pytest.raises(errors.NoSuchBucket):
        await world.call("HeadBucket", Bucket="orders")
    await world.call_from("CreateBucket", account="111122223333", Bucket="orders")


@pytest.mark.parametrize(
    ("parameters", "feature"),
    [
        ({"BucketNamespace": "account-regional"}, "account regional namespaces"),
    ],
)
async def test_unserved_feature_is_refused_by_name(
    world: World, parameters: dict[str, object], feature: str
) -> None:
    with pytest.raises(errors.FeatureNotServed) as refused:
        await world.call("CreateBucket", Bucket="orders", **parameters)

    assert feature in refused.value.message
    assert refused.value.status == 501
    with pytest.raises(errors.NoSuchBucket):
        await world.call("HeadBucket", Bucket="orders")


async def test_public_acl_contradicts_disabled_acls(world: World) -> None:
    with pytest.raises(errors.InvalidBucketAclWithObjectOwnership):
        await world.call("CreateBucket", Bucket="orders", ACL="public-read")


@pytest.mark.parametrize(
    "rule",
    [
        {"Redirect": {"HttpRedirectCode": "300", "HostName": "a"}},
        {"Redirect": {"HttpRedirectCode": "30\r\n", "HostName": "a"}},
        {"Redirect": {"ReplaceKeyWith": "a", "ReplaceKeyPrefixWith": "b"}},
        {"Redirect": {"HostName": "a"}, "Condition": {}},
        {"Redirect": {"HostName": "a"}, "Condition": {"HttpErrorCodeReturnedEquals": "302"}},
    ],
    ids=["code", "line break", "both keys", "empty condition", "error code"],
)
async def test_routing_rule_of_a_website_is_checked(world: World, rule: dict[str, object]) -> None:
    await world.bucket()
    configuration = {"IndexDocument": {"Suffix": "index.html"}, "RoutingRules": [rule]}

    with pytest.raises(errors.InvalidRequest):
        await world.call("PutBucketWebsite", Bucket="orders", WebsiteConfiguration=configuration)


@pytest.mark.parametrize(
    ("base_url", "location"),
    [
        ("http://127.0.0.1:4566", "http://127.0.0.1:4566/127/a%20b/c"),
        ("http://127.s3.amazonaws.com", "http://127.s3.amazonaws.com/a%20b/c"),
        ("http://127.localhost:4566", "http://127.localhost:4566/a%20b/c"),
        ("https://s3.eu-west-1.amazonaws.com", "https://s3.eu-west-1.amazonaws.com/127/a%20b/c"),
    ],
)
def test_url_of_an_object_names_its_bucket_once(base_url: str, location: str) -> None:
    assert object_location(base_url, "127", "a b/c") == location


async def test_bucket_has_a_bounded_number_of_configurations(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bucket_settings, "CONFIGURATIONS_PER_BUCKET_MAX", 2)
    await world.bucket()

    async def put(name: str) -> None:
        await world.call(
            "PutBucketMetricsConfiguration",
            Bucket="orders",
            Id=name,
            MetricsConfiguration={"Id": name},
        )

    for name in ("a", "b", "a"):
        await put(name)
    with pytest.raises(errors.TooManyConfigurations):
        await put("c")


async def test_bucket_with_periods_is_not_accelerated(world: World) -> None:
    await world.bucket("orders.example")

    with pytest.raises(errors.InvalidRequest, match="periods"):
        await world.call(
            "PutBucketAccelerateConfiguration",
            Bucket="orders.example",
            AccelerateConfiguration={"Status": "Enabled"},
        )
