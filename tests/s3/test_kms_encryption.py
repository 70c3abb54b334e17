"""SSE-KMS: what clients see of it, what lies on the disk, and who cannot read it any more."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.s3.conftest import BUCKET, customer_key

from kamome.errors import AwsError
from kamome.services.s3 import errors
from kamome.services.s3.encryption import kms_errors
from kamome.services.s3.encryption.data_keys import BUCKET_KEY_MS
from kamome.wire import BodyStream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.s3.conftest import World

KEY = "arn:aws:kms:us-east-1:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab"
WITH_KEY = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": KEY}
OBJECT_ARN = f"arn:aws:s3:::{BUCKET}/key"
BLOCK = 256 * 1024


class DisabledException(AwsError):
    """What KMS says of a disabled key."""


class NotFoundException(AwsError):
    """What KMS says of a missing key."""


class KMSInvalidStateException(AwsError):
    """What KMS says of a key that is pending deletion."""


class AccessDeniedException(AwsError):
    """What KMS says to callers who may not use the key."""


def members(result: dict[str, Any]) -> tuple[object, object, object]:
    return (
        result.get("ServerSideEncryption"),
        result.get("SSEKMSKeyId"),
        result.get("BucketKeyEnabled"),
    )


def stored_bytes(world: World) -> bytes:
    """All that lies on the disk: small bodies in the database, large ones in files."""
    return world.engine.image() + b"".join(path.read_bytes() for path in world.blob_files())


def contexts(world: World) -> list[dict[str, str]]:
    return [context for _, _, context in world.neighbours.kms.values()]


async def test_key_is_shown_wherever_the_object_is(world: World) -> None:
    await world.bucket()

    put = await world.put("key", b"body", BucketKeyEnabled=True, **WITH_KEY)

    expected = ("aws:kms", KEY, True)
    assert members(put) == members(await world.head("key")) == expected
    got = await world.get("key")
    assert (members(got), got["Body"]) == (expected, b"body")
    assert put["ETag"] == got["ETag"] != f'"{hashlib.md5(b"body").hexdigest()}"'


@pytest.mark.parametrize("algorithm", ["aws:kms", "aws:kms:dsse"])
@pytest.mark.parametrize("size", [40, 3 * BLOCK + 5], ids=["in the database", "in a file"])
async def test_plain_bytes_are_nowhere_on_the_disk(world: World, algorithm: str, size: int) -> None:
    await world.bucket()
    body = (b"confidential " * size)[:size]

    await world.put("key", body, ServerSideEncryption=algorithm, SSEKMSKeyId=KEY)

    assert b"confidential " * 2 not in stored_bytes(world)
    assert (await world.get("key"))["Body"] == body
    assert (await world.get("key", Range=f"bytes=17-{size - 3}"))["Body"] == body[17:-2]


async def test_key_of_the_account_serves_where_none_is_named(world: World) -> None:
    await world.bucket()

    put = await world.put("key", b"x", ServerSideEncryption="aws:kms")

    assert put["SSEKMSKeyId"].endswith("alias/aws/s3")


async def test_key_is_bound_to_the_object_and_to_the_clients_context(world: World) -> None:
    await world.bucket()
    context = base64.b64encode(json.dumps({"tenant": "ne"}).encode()).decode()

    put = await world.put("key", b"x", SSEKMSEncryptionContext=context, **WITH_KEY)

    assert contexts(world) == [{"aws:s3:arn": OBJECT_ARN, "tenant": "ne"}]
    assert put["SSEKMSEncryptionContext"] == context
    assert (await world.get("key"))["Body"] == b"x"


@pytest.mark.parametrize("context", ["no base64", "WzFd", "eyJhIjoxfQ=="], ids=str)
async def test_context_that_is_no_map_of_strings_is_refused(world: World, context: str) -> None:
    await world.bucket()

    with pytest.raises(errors.InvalidArgument, match="string-string map"):
        await world.put("key", b"x", SSEKMSEncryptionContext=context, **WITH_KEY)


async def test_default_of_the_bucket_is_for_new_objects(world: World) -> None:
    await world.bucket()
    await encrypting(world, BucketKeyEnabled=True)

    by_default = await world.put("a", b"x")
    chosen = await world.put("b", b"x", ServerSideEncryption="AES256")
    copied = await world.call("CopyObject", Bucket=BUCKET, Key="c", CopySource=f"{BUCKET}/b")
    upload = await world.call("CreateMultipartUpload", Bucket=BUCKET, Key="d")
    await world.call("DeleteBucketEncryption", Bucket=BUCKET)
    after = await world.put("e", b"x")

    expected = ("aws:kms", KEY, True)
    assert members(by_default) == members(copied) == members(upload) == expected
    assert members(chosen) == members(after) == ("AES256", None, None)


async def encrypting(world: World, **members: object) -> None:
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
    rules = [{"ApplyServerSideEncryptionByDefault": default, **members}]
    configuration = {"Rules": rules}
    await world.call(
        "PutBucketEncryption", Bucket=BUCKET, ServerSideEncryptionConfiguration=configuration
    )


async def test_parts_are_encrypted_with_the_key_of_their_upload(world: World) -> None:
    await world.bucket()
    begun = await world.call("CreateMultipartUpload", Bucket=BUCKET, Key="key", **WITH_KEY)
    upload = {"Bucket": BUCKET, "Key": "key", "UploadId": begun["UploadId"]}
    part = await world.call(
        "UploadPart", PartNumber=1, Body=world.stream(b"A" * 5_242_880), **upload
    )
    copied = await world.call(
        "UploadPartCopy", PartNumber=2, CopySource=await source(world), **upload
    )
    named = [
        {"PartNumber": 1, "ETag": part["ETag"]},
        {"PartNumber": 2, "ETag": copied["CopyPartResult"]["ETag"]},
    ]

    done = await world.call("CompleteMultipartUpload", MultipartUpload={"Parts": named}, **upload)

    assert members(done) == members(part) == members(copied) == ("aws:kms", KEY, None)
    assert (await world.get("key", Range="bytes=5242878-5242881"))["Body"] == b"AABB"
    assert (await world.get("key", PartNumber=2))["Body"] == b"B" * 300_000
    assert len(world.neighbours.kms) == 2  # one for all parts, one for the source of the copy
    assert b"A" * 64 not in stored_bytes(world)


async def source(world: World) -> str:
    await world.put("source", b"B" * 300_000, **WITH_KEY)
    return f"{BUCKET}/source"


async def test_copy_has_a_key_of_its_own(world: World) -> None:
    await world.bucket()
    await world.put("key", b"confidential", **WITH_KEY)

    await world.call(
        "CopyObject", Bucket=BUCKET, Key="copy", CopySource=f"{BUCKET}/key", **WITH_KEY
    )
    await world.call("CopyObject", Bucket=BUCKET, Key="plain", CopySource=f"{BUCKET}/key")
    await world.call("DeleteObject", Bucket=BUCKET, Key="key")

    assert (await world.get("copy"))["Body"] == (await world.get("plain"))["Body"]
    assert [context["aws:s3:arn"] for context in contexts(world)] == [
        OBJECT_ARN,
        f"arn:aws:s3:::{BUCKET}/copy",
    ]
    assert members(await world.head("plain")) == ("AES256", None, None)


async def test_objects_share_a_bucket_key_for_a_minute(world: World) -> None:
    await world.bucket()
    await encrypting(world, BucketKeyEnabled=True)

    for name in ("a", "b", "c"):
        await world.put(name, name.encode())
        assert (await world.get(name))["Body"] == name.encode()
    asked = (len(world.neighbours.kms), world.neighbours.decrypted)
    await world.clock.advance(BUCKET_KEY_MS)
    await world.put("d", b"d")

    assert asked == (1, 1)
    assert len(world.neighbours.kms) == 2
    assert contexts(world) == [{"aws:s3:arn": f"arn:aws:s3:::{BUCKET}"}] * 2
    assert (await world.get("a"))["Body"] == b"a"


REFUSALS = [
    (NotFoundException, kms_errors.KmsNotFoundException, "KMS.NotFoundException"),
    (DisabledException, kms_errors.KmsDisabledException, "KMS.DisabledException"),
    (
        KMSInvalidStateException,
        kms_errors.KmsInvalidStateException,
        "KMS.KMSInvalidStateException",
    ),
]


@pytest.mark.parametrize(("refusal", "told", "code"), REFUSALS, ids=[each[2] for each in REFUSALS])
async def test_key_that_cannot_be_used_is_told_in_s3s_words(
    world: World, refusal: type[AwsError], told: type[AwsError], code: str
) -> None:
    await world.bucket()
    await world.put("key", b"old", **WITH_KEY)
    await world.put("plain", b"plain")
    world.neighbours.refused_keys[KEY] = refusal(f"{KEY} cannot be used.")

    with pytest.raises(told) as write:
        await world.put("key", b"new", **WITH_KEY)
    with pytest.raises(told):
        await world.get("key")
    with pytest.raises(told):
        await world.call("CopyObject", Bucket=BUCKET, Key="c", CopySource=f"{BUCKET}/key")

    assert (write.value.code, write.value.status) == (code, 400)
    assert members(await world.head("key"))[1] == KEY
    assert (await world.get("plain"))["Body"] == b"plain"
    world.neighbours.refused_keys.clear()
    assert (await world.get("key"))["Body"] == b"old"


async def test_key_of_another_account_is_denied_to_writers_and_missing_to_readers(
    world: World,
) -> None:
    await world.bucket()
    await world.put("key", b"old", **WITH_KEY)
    world.neighbours.refused_keys[KEY] = AccessDeniedException("No such key for you.")

    with pytest.raises(errors.AccessDenied):
        await world.put("key", b"new", **WITH_KEY)
    with pytest.raises(kms_errors.KmsNotFoundException, match=f"'{KEY}' does not exist"):
        await world.get("key")


async def test_key_that_is_gone_when_the_body_has_come_keeps_the_old_object(world: World) -> None:
    await world.bucket()
    await world.put("key", b"old", **WITH_KEY)

    async def slow() -> AsyncIterator[bytes]:
        world.neighbours.refused_keys[KEY] = DisabledException(f"{KEY} is disabled.")
        yield b"new"

    with pytest.raises(kms_errors.KmsDisabledException):
        await world.call(
            "PutObject", Bucket=BUCKET, Key="key", Body=BodyStream(slow(), 3), **WITH_KEY
        )

    world.neighbours.refused_keys.clear()
    assert (await world.get("key"))["Body"] == b"old"


async def test_upload_whose_key_is_disabled_takes_no_part(world: World) -> None:
    await world.bucket()
    begun = await world.call("CreateMultipartUpload", Bucket=BUCKET, Key="key", **WITH_KEY)
    world.neighbours.refused_keys[KEY] = DisabledException(f"{KEY} is disabled.")

    with pytest.raises(kms_errors.KmsDisabledException):
        await world.call(
            "UploadPart",
            Bucket=BUCKET,
            Key="key",
            UploadId=begun["UploadId"],
            PartNumber=1,
            Body=world.stream(b"x"),
        )


async def test_bucket_key_is_forgotten_when_a_step_is_undone(world: World) -> None:
    await world.bucket()
    await encrypting(world, BucketKeyEnabled=True)
    await world.put("a", b"a")

    with pytest.raises(ZeroDivisionError), world.engine.atomic():
        world.engine.write("DELETE FROM s3_body", ())
        _ = 1 / 0

    await world.put("b", b"b")
    assert len(world.neighbours.kms) == 2


async def test_bucket_may_block_keys_of_customers(world: World) -> None:
    await world.bucket()
    rule = {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
        "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]},
    }
    configuration = {"Rules": [rule]}
    await world.call(
        "PutBucketEncryption", Bucket=BUCKET, ServerSideEncryptionConfiguration=configuration
    )

    with pytest.raises(errors.AccessDenied):
        await world.put("key", b"x", **customer_key(b"k" * 32))

    await world.put("key", b"x")
