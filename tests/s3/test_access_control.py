"""Access control lists: kept and shown where ownership controls enable them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.s3.conftest import ACCOUNT, BUCKET

from kamome.errors import AwsError
from kamome.services.s3 import errors
from kamome.services.s3.access import acl_errors, grants
from kamome.services.s3.access.access_control import is_readable_by_acl
from kamome.services.s3.buckets.owners import canonical_user_id

if TYPE_CHECKING:
    from tests.s3.conftest import World

OWNER = canonical_user_id(ACCOUNT)
OTHER = "f" * 64
EVERYBODY = "http://acs.amazonaws.com/groups/global/AllUsers"
FULL = {"Grantee": {"ID": OWNER, "Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"}
READ_BY_ALL = {"Grantee": {"Type": "Group", "URI": EVERYBODY}, "Permission": "READ"}
READ_BY_OTHER = {"Grantee": {"ID": OTHER, "Type": "CanonicalUser"}, "Permission": "READ"}


async def enable(world: World, *, blocks: bool = False) -> None:
    """A bucket whose objects have ACLs."""
    await world.call("CreateBucket", Bucket=BUCKET, ObjectOwnership="ObjectWriter")
    if not blocks:
        await world.call("DeletePublicAccessBlock", Bucket=BUCKET)


async def acl(world: World, **named: str) -> list[dict[str, Any]]:
    operation = "GetObjectAcl" if named else "GetBucketAcl"
    shown = await world.call(operation, Bucket=BUCKET, **named)
    assert shown["Owner"] == {"ID": OWNER}
    granted: list[dict[str, Any]] = shown["Grants"]
    return granted


@pytest.mark.parametrize(
    ("members", "granted"),
    [
        ({}, [FULL]),
        ({"ACL": "private"}, [FULL]),
        ({"ACL": "bucket-owner-full-control"}, [FULL]),
        ({"ACL": "public-read"}, [FULL, READ_BY_ALL]),
        ({"GrantRead": f'id="{OTHER}"'}, [READ_BY_OTHER]),
        ({"GrantRead": f'id={OTHER}, uri="{EVERYBODY}"'}, [READ_BY_OTHER, READ_BY_ALL]),
    ],
    ids=["none", "private", "owner's", "public", "header", "two grantees"],
)
async def test_acl_of_a_write_is_the_objects(
    world: World, members: dict[str, str], granted: list[object]
) -> None:
    await enable(world)

    await world.put("key", b"x", **members)

    assert await acl(world, Key="key") == granted


async def test_upload_in_parts_keeps_its_acl_and_a_copy_does_not(world: World) -> None:
    await enable(world)
    upload = await world.call("CreateMultipartUpload", Bucket=BUCKET, Key="key", ACL="public-read")
    named = {"Bucket": BUCKET, "Key": "key", "UploadId": upload["UploadId"]}
    part = await world.call("UploadPart", PartNumber=1, Body=world.stream(b"x"), **named)
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}

    await world.call("CompleteMultipartUpload", MultipartUpload=parts, **named)
    await world.call("CopyObject", Bucket=BUCKET, Key="copy", CopySource=f"{BUCKET}/key")

    assert await acl(world, Key="key") == [FULL, READ_BY_ALL]
    assert await acl(world, Key="copy") == [FULL]


async def test_acl_is_replaced_as_a_whole_and_told_as_an_event(world: World) -> None:
    queue = "arn:aws:sqs:us-east-1:000000000000:acls"
    world.neighbours.existing.add(queue)
    await enable(world)
    configuration = {"QueueConfigurations": [{"QueueArn": queue, "Events": ["s3:ObjectAcl:Put"]}]}
    await world.call(
        "PutBucketNotificationConfiguration",
        Bucket=BUCKET,
        NotificationConfiguration=configuration,
    )
    await world.put("key", b"x", ACL="public-read")
    policy = {"Owner": {"ID": OWNER}, "Grants": [FULL, READ_BY_OTHER]}
    world.neighbours.got.clear()

    for _ in range(2):
        await world.call("PutObjectAcl", Bucket=BUCKET, Key="key", AccessControlPolicy=policy)
    await world.clock.advance(1)

    assert await acl(world, Key="key") == [FULL, READ_BY_OTHER]
    [(_, _, document)] = world.neighbours.got  # the second changes nothing
    assert '"eventName":"ObjectAcl:Put"' in document


async def test_each_version_has_its_acl(world: World) -> None:
    await enable(world)
    await world.call(
        "PutBucketVersioning", Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"}
    )
    first = await world.put("key", b"1")
    await world.put("key", b"2")

    named = {"Key": "key", "VersionId": first["VersionId"]}
    await world.call("PutObjectAcl", Bucket=BUCKET, ACL="public-read", **named)

    assert await acl(world, **named) == [FULL, READ_BY_ALL]
    assert await acl(world, Key="key") == [FULL]


async def test_acl_of_a_bucket_is_kept(world: World) -> None:
    await enable(world)

    await world.call("PutBucketAcl", Bucket=BUCKET, ACL="log-delivery-write")

    permissions = [(g["Grantee"].get("URI"), g["Permission"]) for g in await acl(world)]
    logs = "http://acs.amazonaws.com/groups/s3/LogDelivery"
    assert permissions == [(None, "FULL_CONTROL"), (logs, "WRITE"), (logs, "READ_ACP")]


async def test_new_bucket_may_bring_its_acl(world: World) -> None:
    await world.call(
        "CreateBucket",
        Bucket=BUCKET,
        ObjectOwnership="BucketOwnerPreferred",
        GrantRead=f'id="{OTHER}"',
    )

    assert await acl(world) == [READ_BY_OTHER]
    with pytest.raises(acl_errors.InvalidBucketAclWithBlockPublicAccessError):
        await world.call(
            "CreateBucket", Bucket="public", ObjectOwnership="ObjectWriter", ACL="public-read"
        )


async def test_disabling_acls_hides_them_and_needs_a_bucket_that_grants_nothing(
    world: World,
) -> None:
    await enable(world)
    await world.put("key", b"x", ACL="public-read")
    await world.call("PutBucketAcl", Bucket=BUCKET, GrantRead=f'id="{OTHER}"')
    enforced = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}

    with pytest.raises(errors.InvalidBucketAclWithObjectOwnership):
        await world.call("PutBucketOwnershipControls", Bucket=BUCKET, OwnershipControls=enforced)
    await world.call("PutBucketAcl", Bucket=BUCKET, ACL="private")
    await world.call("PutBucketOwnershipControls", Bucket=BUCKET, OwnershipControls=enforced)

    assert await acl(world, Key="key") == [FULL]
    with pytest.raises(errors.AccessControlListNotSupported):
        await world.call("PutObjectAcl", Bucket=BUCKET, Key="key", ACL="public-read")


async def test_public_acls_are_blocked_unless_the_bucket_says_otherwise(world: World) -> None:
    await enable(world, blocks=True)

    with pytest.raises(errors.AccessDenied):
        await world.put("key", b"x", ACL="public-read")
    with pytest.raises(errors.AccessDenied):
        await world.call("PutBucketAcl", Bucket=BUCKET, ACL="authenticated-read")
    await world.put("key", b"x", GrantRead=f'id="{OTHER}"')

    assert await acl(world, Key="key") == [READ_BY_OTHER]


async def test_public_acl_opens_an_object_to_readers_of_pages(world: World) -> None:
    await enable(world)
    await world.put("open", b"x", ACL="public-read")
    await world.put("closed", b"x")
    bucket = world.s3.store.bucket("aws", BUCKET)
    assert bucket is not None

    def is_open(key: bytes) -> bool:
        stored = world.s3.store.object(bucket.bucket_id, key)
        return stored is not None and is_readable_by_acl(world.s3, bucket, stored)

    assert (is_open(b"open"), is_open(b"closed")) == (True, False)
    ignoring = {"IgnorePublicAcls": True}
    await world.call("PutPublicAccessBlock", Bucket=BUCKET, PublicAccessBlockConfiguration=ignoring)
    assert not is_open(b"open")


@pytest.mark.parametrize(
    ("members", "error"),
    [
        ({}, acl_errors.MissingSecurityHeader),
        ({"ACL": "private", "GrantRead": f"id={OTHER}"}, errors.InvalidRequest),
        ({"GrantRead": "id=nobody"}, errors.InvalidArgument),
        ({"GrantRead": "uri=http://example.com/"}, errors.InvalidArgument),
        ({"GrantRead": "nonsense"}, errors.InvalidArgument),
        ({"GrantRead": "emailAddress=a@example.com"}, acl_errors.UnresolvableGrantByEmailAddress),
        ({"AccessControlPolicy": {"Grants": [FULL]}}, acl_errors.MalformedACLError),
        (
            {"AccessControlPolicy": {"Owner": {"ID": OTHER}, "Grants": [FULL]}},
            errors.AccessDenied,
        ),
        (
            {"AccessControlPolicy": {"Owner": {"ID": OWNER}, "Grants": [{"Permission": "READ"}]}},
            acl_errors.MalformedACLError,
        ),
        (
            {"AccessControlPolicy": {"Owner": {"ID": OWNER}, "Grants": [FULL]}, "ACL": "private"},
            acl_errors.UnexpectedContent,
        ),
        (
            {"AccessControlPolicy": {"Owner": {"ID": OWNER}, "Grants": [READ_BY_OTHER] * 101}},
            acl_errors.MalformedACLError,
        ),
    ],
    ids=[
        "nothing",
        "both headers",
        "no id",
        "no group",
        "no grantee",
        "address",
        "no owner",
        "another owner",
        "no grantee in a document",
        "header and document",
        "101 grants",
    ],
)
async def test_what_is_no_acl_is_refused(
    world: World, members: dict[str, object], error: type[AwsError]
) -> None:
    await enable(world)

    with pytest.raises(error):
        await world.call("PutBucketAcl", Bucket=BUCKET, **members)

    assert await acl(world) == [FULL]


def test_every_canned_acl_of_the_model_is_known() -> None:
    for canned in ("aws-exec-read", "bucket-owner-read", "public-read-write"):
        assert grants.requested_grants({"ACL": canned}, OWNER)
