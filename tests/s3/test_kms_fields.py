"""SSE-KMS as clients see it: members, defaults, and an ETag that is no MD5."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

from tests.s3.conftest import BUCKET

if TYPE_CHECKING:
    from tests.s3.conftest import World

KEY = "arn:aws:kms:us-east-1:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def members(result: dict[str, Any]) -> tuple[object, object, object]:
    return (
        result.get("ServerSideEncryption"),
        result.get("SSEKMSKeyId"),
        result.get("BucketKeyEnabled"),
    )


async def test_key_is_shown_wherever_the_object_is(world: World) -> None:
    await world.bucket()
    asked = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": KEY, "BucketKeyEnabled": True}

    put = await world.put("key", b"body", **asked)

    expected = ("aws:kms", KEY, True)
    assert members(put) == members(await world.head("key")) == expected
    got = await world.get("key")
    assert (members(got), got["Body"]) == (expected, b"body")
    assert put["ETag"] == got["ETag"] != f'"{hashlib.md5(b"body").hexdigest()}"'


async def test_key_may_be_named_short_or_not_at_all(world: World) -> None:
    await world.bucket()

    short = await world.put("a", ServerSideEncryption="aws:kms", SSEKMSKeyId=KEY.split("/")[1])
    alias = await world.put("b", ServerSideEncryption="aws:kms:dsse", SSEKMSKeyId="alias/mine")
    managed = await world.put("c", ServerSideEncryption="aws:kms")

    assert short["SSEKMSKeyId"] == KEY
    assert alias["SSEKMSKeyId"] == "arn:aws:kms:us-east-1:000000000000:alias/mine"
    assert re.fullmatch(
        r"arn:aws:kms:us-east-1:000000000000:key/[0-9a-f-]{36}", str(managed["SSEKMSKeyId"])
    )
    assert (await world.put("d", ServerSideEncryption="aws:kms"))["SSEKMSKeyId"] == managed[
        "SSEKMSKeyId"
    ]


async def test_default_of_the_bucket_is_for_new_objects(world: World) -> None:
    await world.bucket()
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
    rules = [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]
    await world.call(
        "PutBucketEncryption",
        Bucket=BUCKET,
        ServerSideEncryptionConfiguration={"Rules": rules},
    )

    by_default = await world.put("a", b"x")
    chosen = await world.put("b", b"x", ServerSideEncryption="AES256")
    copied = await world.call("CopyObject", Bucket=BUCKET, Key="c", CopySource=f"{BUCKET}/b")
    upload = await world.call("CreateMultipartUpload", Bucket=BUCKET, Key="d")
    await world.call("DeleteBucketEncryption", Bucket=BUCKET)
    after = await world.put("e", b"x")

    expected = ("aws:kms", KEY, True)
    assert members(by_default) == members(copied) == members(upload) == expected
    assert members(chosen) == members(after) == ("AES256", None, None)
