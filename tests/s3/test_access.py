"""What IAM is asked of a request, when it is served."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.s3.conftest import BUCKET

from kamome.services.s3.errors import AccessDenied

if TYPE_CHECKING:
    from tests.s3.conftest import World

ARN = f"arn:aws:s3:::{BUCKET}"


@pytest.mark.parametrize(
    ("operation", "members", "asked"),
    [
        ("PutObject", {"Key": "key"}, [("s3:PutObject", f"{ARN}/key")]),
        ("GetObject", {"Key": "key"}, [("s3:GetObject", f"{ARN}/key")]),
        ("HeadObject", {"Key": "key"}, [("s3:GetObject", f"{ARN}/key")]),
        ("DeleteObject", {"Key": "key"}, [("s3:DeleteObject", f"{ARN}/key")]),
        ("ListObjects", {}, [("s3:ListBucket", ARN)]),
        ("ListObjectsV2", {}, [("s3:ListBucket", ARN)]),
        ("CreateMultipartUpload", {"Key": "key"}, [("s3:PutObject", f"{ARN}/key")]),
        (
            "CopyObject",
            {"Key": "copy", "CopySource": f"{BUCKET}/key"},
            [("s3:PutObject", f"{ARN}/copy"), ("s3:GetObject", f"{ARN}/key")],
        ),
        (
            "DeleteObjects",
            {"Delete": {"Objects": [{"Key": "a"}, {"Key": "b"}]}},
            [("s3:DeleteObject", f"{ARN}/a"), ("s3:DeleteObject", f"{ARN}/b")],
        ),
    ],
)
async def test_each_right_is_asked_for(
    world: World, operation: str, members: dict[str, Any], asked: list[tuple[str, str]]
) -> None:
    await world.bucket()
    await world.put("key", b"x")
    world.neighbours.asked.clear()

    await world.call(operation, Bucket=BUCKET, **members)

    assert world.neighbours.asked == asked


async def test_the_policy_and_the_address_decide_at_the_time_of_use(world: World) -> None:
    await world.bucket()
    await world.put("key", b"x")
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"{ARN}/*"}
    policy = {"Version": "2012-10-17", "Id": "not from 127.0.0.9", "Statement": [statement]}
    await world.call("PutBucketPolicy", Bucket=BUCKET, Policy=json.dumps(policy))

    with pytest.raises(AccessDenied):
        await world.get("key")
    deleted = await world.call("DeleteObjects", Bucket=BUCKET, Delete={"Objects": [{"Key": "key"}]})

    assert [each["Code"] for each in deleted["Errors"]] == ["AccessDenied"]
    await world.call("DeleteBucketPolicy", Bucket=BUCKET)
    assert (await world.get("key"))["Body"] == b"x"
