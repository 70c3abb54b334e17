"""CopyObject: what goes along, what is new, what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.s3.conftest import customer_key

from kamome.errors import AwsError
from kamome.services.s3 import errors

if TYPE_CHECKING:
    from tests.s3.conftest import World

BUCKET = "orders"


async def copy(
    world: World, source: str = "source", key: str = "copy", **members: object
) -> dict[str, Any]:
    return await world.call(
        "CopyObject", Bucket=BUCKET, Key=key, CopySource=f"{BUCKET}/{source}", **members
    )


@pytest.mark.parametrize("size", [0, 11, 300_000])
async def test_copy_has_bytes_metadata_and_tags_of_its_source(world: World, size: int) -> None:
    await world.bucket()
    put = await world.put(
        "source", b"x" * size, Metadata={"a": "b"}, ContentType="text/csv", Tagging="t=1"
    )

    copied = await copy(world, ContentType="ignored/by-copy")

    got = await world.get("copy")
    assert got["Body"] == b"x" * size
    assert (got["Metadata"], got["ContentType"], got["TagCount"]) == ({"a": "b"}, "text/csv", 1)
    assert copied["CopyObjectResult"]["ETag"] == put["ETag"] == got["ETag"]


async def test_directives_replace_metadata_and_tags(world: World) -> None:
    await world.bucket()
    await world.put("source", b"x", Metadata={"a": "b"}, Tagging="t=1")

    await copy(
        world,
        MetadataDirective="REPLACE",
        Metadata={"new": "1"},
        TaggingDirective="REPLACE",
        Tagging="u=2&v=3",
    )

    got = await world.get("copy")
    assert (got["Metadata"], got["TagCount"]) == ({"new": "1"}, 2)


async def test_copy_onto_itself_must_change_something(world: World) -> None:
    await world.bucket()
    await world.put("source", b"x", Metadata={"a": "b"})

    with pytest.raises(errors.InvalidRequest, match="illegal"):
        await copy(world, key="source")
    await copy(world, key="source", MetadataDirective="REPLACE", Metadata={"a": "c"})

    assert (await world.get("source"))["Metadata"] == {"a": "c"}


async def test_old_version_is_brought_back_by_a_copy(world: World) -> None:
    await world.bucket()
    await world.call(
        "PutBucketVersioning", Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"}
    )
    old = (await world.put("source", b"old"))["VersionId"]
    await world.put("source", b"new")

    copied = await copy(world, f"source?versionId={old}", "source")

    assert copied["CopySourceVersionId"] == old
    assert (await world.get("source"))["Body"] == b"old"


@pytest.mark.parametrize(
    ("condition", "is_met"),
    [
        ({"CopySourceIfMatch": "ETAG"}, True),
        ({"CopySourceIfMatch": '"other"'}, False),
        ({"CopySourceIfNoneMatch": "ETAG"}, False),
        ({"CopySourceIfNoneMatch": '"other"'}, True),
        ({"CopySourceIfUnmodifiedSince": 0}, False),
        ({"CopySourceIfModifiedSince": 0}, True),
        ({"CopySourceIfMatch": "ETAG", "CopySourceIfUnmodifiedSince": 0}, True),
        ({"IfNoneMatch": "*"}, True),
    ],
)
async def test_copy_is_conditional(world: World, condition: dict[str, Any], is_met: bool) -> None:
    await world.bucket()
    etag = (await world.put("source", b"x"))["ETag"]
    sent: dict[str, Any] = {
        name: etag if value == "ETAG" else value for name, value in condition.items()
    }

    if is_met:
        await copy(world, **sent)
        return
    with pytest.raises(errors.PreconditionFailed):
        await copy(world, **sent)
    assert await world.keys() == ["source"]


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("orders", errors.InvalidArgument),
        ("orders/%FF", errors.InvalidArgument),
        ("orders/none", errors.NoSuchKey),
        ("elsewhere/key", errors.NoSuchBucket),
        ("orders/source?versionId=not-one", errors.InvalidArgument),
    ],
)
async def test_source_that_is_none_is_refused(
    world: World, source: str, error: type[AwsError]
) -> None:
    await world.bucket()
    await world.put("source", b"x")

    with pytest.raises(error):
        await world.call("CopyObject", Bucket=BUCKET, Key="copy", CopySource=source)


async def test_copy_is_encrypted_anew(world: World) -> None:
    await world.bucket()
    old, new = b"o" * 32, b"n" * 32
    await world.put("source", b"secret" * 100_000, **customer_key(old))

    with pytest.raises(errors.InvalidRequest):
        await copy(world, **customer_key(new))
    await copy(world, **customer_key(old, "CopySource"), **customer_key(new))

    assert (await world.get("copy", **customer_key(new)))["Body"] == b"secret" * 100_000
    with pytest.raises(errors.AccessDenied):
        await world.get("copy", **customer_key(old))


@pytest.mark.parametrize("size", [7, 300_000])
async def test_stored_bytes_of_a_customers_key_are_not_the_plain_ones(
    world: World, size: int
) -> None:
    await world.bucket()
    body = b"confidential"[:7] * (size // 7)
    await world.put("key", body, **customer_key(b"k" * 32))

    got = await world.get("key", Range="bytes=3-9", **customer_key(b"k" * 32))

    assert got["Body"] == body[3:10]
    assert "ServerSideEncryption" not in got
    row = world.engine.one("SELECT content FROM s3_body")
    assert row is not None
    stored = row[0] if row[0] is not None else world.blob_files()[0].read_bytes()
    assert isinstance(stored, bytes)
    assert b"confide" not in stored
    with pytest.raises(errors.InvalidRequest):
        await world.get("key")
