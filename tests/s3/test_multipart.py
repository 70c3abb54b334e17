"""Multipart uploads: parts in any order, checked, completed as one object or forgotten."""

from __future__ import annotations

import base64
import hashlib
import zlib
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest
from tests.file_work import file_work_done
from tests.s3.conftest import customer_key, stream_of

from kamome.errors import AwsError
from kamome.services.s3 import errors
from kamome.services.s3.bodies.crc_combination import combined_crc
from kamome.services.s3.multipart import parts

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.s3.conftest import World

crt = import_module("awscrt.checksums")
MIB = 1024**2
BUCKET = "orders"


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of a few bytes are as good as 5 MiB, but for the test of that very limit."""
    monkeypatch.setattr(parts, "PART_BYTES_MIN", 3)


async def begin(world: World, key: str = "key", **members: object) -> str:
    begun = await world.call("CreateMultipartUpload", Bucket=BUCKET, Key=key, **members)
    return str(begun["UploadId"])


async def upload(
    world: World, upload_id: str, number: int, body: bytes, key: str = "key", **members: object
) -> dict[str, Any]:
    done = await world.call(
        "UploadPart",
        Bucket=BUCKET,
        Key=key,
        UploadId=upload_id,
        PartNumber=number,
        Body=stream_of(body),
        **members,
    )
    named = {name: value for name, value in done.items() if name.startswith("Checksum")}
    return {"PartNumber": number, "ETag": done["ETag"], **named}


async def complete(
    world: World, upload_id: str, named: list[dict[str, Any]], key: str = "key", **members: object
) -> dict[str, Any]:
    return await world.call(
        "CompleteMultipartUpload",
        Bucket=BUCKET,
        Key=key,
        UploadId=upload_id,
        MultipartUpload={"Parts": named},
        **members,
    )


def b64(value: bytes) -> str:
    return base64.b64encode(value).decode()


async def test_parts_in_any_order_become_one_object(world: World) -> None:
    await world.bucket()
    upload_id = await begin(world, ContentType="text/csv", Metadata={"a": "b"})
    third = await upload(world, upload_id, 30, b"ccc")
    first = await upload(world, upload_id, 10, b"aaaa" * 100_000)
    second = await upload(world, upload_id, 20, b"bbbbb")

    done = await complete(world, upload_id, [first, second, third])

    body = b"aaaa" * 100_000 + b"bbbbb" + b"ccc"
    got = await world.get("key", ChecksumMode="ENABLED")
    assert got["Body"] == body
    digests = [hashlib.md5(part).digest() for part in (b"aaaa" * 100_000, b"bbbbb", b"ccc")]
    assert done["ETag"] == got["ETag"] == f'"{hashlib.md5(b"".join(digests)).hexdigest()}-3"'
    assert got["ChecksumCRC64NVME"] == b64(crt.crc64nvme(body).to_bytes(8, "big"))
    assert (got["ContentType"], got["Metadata"]) == ("text/csv", {"a": "b"})
    with pytest.raises(errors.NoSuchUpload):
        await complete(world, upload_id, [first])


async def test_ranges_and_part_numbers_reach_across_parts(world: World) -> None:
    await world.bucket()
    upload_id = await begin(world)
    named = [await upload(world, upload_id, n, bytes([64 + n]) * 300_000) for n in (1, 2, 3)]
    await complete(world, upload_id, named)

    across = await world.get("key", Range="bytes=299998-300001")
    second = await world.get("key", PartNumber=2)

    assert across["Body"] == b"AABB"
    assert second["Body"] == b"B" * 300_000
    assert second["PartsCount"] == 3
    assert second["ContentRange"] == "bytes 300000-599999/900000"
    with pytest.raises(errors.InvalidPartNumber):
        await world.get("key", PartNumber=4)


async def test_part_put_again_replaces_the_former(world: World) -> None:
    await world.bucket()
    upload_id = await begin(world)
    await upload(world, upload_id, 1, b"first try")
    again = await upload(world, upload_id, 1, b"second try")

    await complete(world, upload_id, [again])

    assert (await world.get("key"))["Body"] == b"second try"
    assert len(world.blob_files()) == 1 or world.engine.one("SELECT count(*) FROM blob") == (1,)


async def test_parts_that_are_not_named_are_forgotten(world: World) -> None:
    await world.bucket()
    upload_id = await begin(world)
    named = await upload(world, upload_id, 1, b"kept")
    await upload(world, upload_id, 2, b"not named")

    await complete(world, upload_id, [named])

    assert world.engine.one("SELECT count(*) FROM s3_body") == (1,)
    assert world.engine.one("SELECT count(*) FROM s3_part") == (0,)


async def test_aborted_upload_leaves_nothing(world: World) -> None:
    await world.bucket()
    upload_id = await begin(world)
    await upload(world, upload_id, 1, b"x" * 300_000)

    await world.call("AbortMultipartUpload", Bucket=BUCKET, Key="key", UploadId=upload_id)

    for table in ("s3_upload", "s3_part", "s3_body", "blob"):
        assert world.engine.one(f"SELECT count(*) FROM {table}") == (0,)
    with pytest.raises(errors.NoSuchUpload):
        await upload(world, upload_id, 1, b"late")


async def test_uploads_end_with_their_bucket(world: World) -> None:
    await world.bucket()
    upload_id = await begin(world)
    await upload(world, upload_id, 1, b"x" * 300_000)

    await world.call("DeleteBucket", Bucket=BUCKET)

    for table in ("s3_bucket", "s3_upload", "s3_part", "s3_body", "blob"):
        assert world.engine.one(f"SELECT count(*) FROM {table}") == (0,)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        pytest.param(lambda n: [], errors.MalformedXML, id="no-part"),
        pytest.param(lambda n: [n[1], n[0]], errors.InvalidPartOrder, id="order"),
        pytest.param(lambda n: [n[0], n[0]], errors.InvalidPartOrder, id="twice"),
        pytest.param(
            lambda n: [{**n[0], "ETag": '"0"'}, n[1]], errors.InvalidPart, id="another-etag"
        ),
        pytest.param(
            lambda n: [n[0], {"PartNumber": 3, "ETag": n[1]["ETag"]}],
            errors.InvalidPart,
            id="no-such-part",
        ),
        pytest.param(lambda n: [{"PartNumber": 1}], errors.MalformedXML, id="without-etag"),
    ],
)
async def test_wrong_list_of_parts_is_refused(
    world: World, change: Any, error: type[AwsError]
) -> None:
    await world.bucket()
    upload_id = await begin(world)
    named = [await upload(world, upload_id, number, b"xxxx") for number in (1, 2)]

    with pytest.raises(error):
        await complete(world, upload_id, change(named))

    await complete(world, upload_id, named)  # the refusal has changed nothing


async def test_only_the_last_part_may_be_small(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "PART_BYTES_MIN", 5 * MIB)
    await world.bucket()
    upload_id = await begin(world)
    named = [await upload(world, upload_id, number, b"xxxx") for number in (1, 2)]

    with pytest.raises(errors.EntityTooSmall) as refused:
        await complete(world, upload_id, named)
    await complete(world, upload_id, named[1:])

    assert refused.value.members["MinSizeAllowed"] == 5 * MIB


async def test_announced_size_must_be_right(world: World) -> None:
    await world.bucket()
    upload_id = await begin(world)
    named = [await upload(world, upload_id, 1, b"four")]

    with pytest.raises(errors.InvalidRequest):
        await complete(world, upload_id, named, MpuObjectSize=5)
    await complete(world, upload_id, named, MpuObjectSize=4)


_DIGESTS: dict[str, Callable[[bytes], bytes]] = {
    "CRC32": lambda body: zlib.crc32(body).to_bytes(4, "big"),
    "CRC32C": lambda body: crt.crc32c(body).to_bytes(4, "big"),
    "SHA1": lambda body: hashlib.sha1(body).digest(),
    "SHA256": lambda body: hashlib.sha256(body).digest(),
}


@pytest.mark.parametrize("algorithm", _DIGESTS)
async def test_composite_checksum_is_that_of_the_parts_checksums(
    world: World, algorithm: str
) -> None:
    await world.bucket()
    upload_id = await begin(world, ChecksumAlgorithm=algorithm)
    member = f"Checksum{algorithm}"
    named = [
        await upload(world, upload_id, number, body, **{member: b64(_DIGESTS[algorithm](body))})
        for number, body in ((1, b"part 1"), (2, b"part 2"))
    ]

    done = await complete(world, upload_id, named)

    assert done["ChecksumType"] == "COMPOSITE"
    assert done[member].endswith("-2")
    if algorithm == "SHA256":
        inner = [hashlib.sha256(b"part %d" % number).digest() for number in (1, 2)]
        assert done[member] == b64(hashlib.sha256(b"".join(inner)).digest()) + "-2"
    attributes = await world.call(
        "GetObjectAttributes",
        Bucket=BUCKET,
        Key="key",
        ObjectAttributes=["Checksum", "ObjectParts", "ObjectSize"],
    )
    assert attributes["Checksum"][member] == done[member]
    assert [part[member] for part in attributes["ObjectParts"]["Parts"]] == [
        part[member] for part in named
    ]
    second = await world.head("key", PartNumber=2, ChecksumMode="ENABLED")
    assert (second[member], second["ChecksumType"]) == (named[1][member], "COMPOSITE")


async def test_part_of_a_composite_checksum_needs_its_own(world: World) -> None:
    await world.bucket()
    composite = await begin(world, ChecksumAlgorithm="SHA256")
    whole = await begin(world, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")

    with pytest.raises(errors.InvalidRequest, match="actual checksum Type: null"):
        await upload(world, composite, 1, b"part")

    assert "ChecksumCRC32" in await upload(world, whole, 1, b"part")


@pytest.mark.parametrize(
    ("algorithm", "whole"),
    [
        ("CRC32", lambda body: zlib.crc32(body).to_bytes(4, "big")),
        ("CRC32C", lambda body: crt.crc32c(body).to_bytes(4, "big")),
        ("CRC64NVME", lambda body: crt.crc64nvme(body).to_bytes(8, "big")),
    ],
)
async def test_full_object_checksum_is_that_of_the_whole(
    world: World, algorithm: str, whole: Any
) -> None:
    await world.bucket()
    upload_id = await begin(world, ChecksumAlgorithm=algorithm, ChecksumType="FULL_OBJECT")
    named = [await upload(world, upload_id, number, b"part %d" % number * 999) for number in (1, 2)]
    right = b64(whole(b"part 1" * 999 + b"part 2" * 999))

    with pytest.raises(errors.BadDigest):
        await complete(world, upload_id, named, **{f"Checksum{algorithm}": b64(b"\0" * 8)})
    done = await complete(world, upload_id, named, **{f"Checksum{algorithm}": right})

    assert done[f"Checksum{algorithm}"] == right
    assert done["ChecksumType"] == "FULL_OBJECT"


async def test_checksum_of_a_part_may_be_another_than_the_objects(world: World) -> None:
    await world.bucket()
    upload_id = await begin(world)
    crc32 = b64(zlib.crc32(b"part").to_bytes(4, "big"))

    named = [await upload(world, upload_id, n, b"part", ChecksumCRC32=crc32) for n in (1, 2)]
    done = await complete(world, upload_id, named)

    assert named[0]["ChecksumCRC32"] == crc32
    assert done["ChecksumCRC64NVME"] == b64(crt.crc64nvme(b"partpart").to_bytes(8, "big"))


def test_combined_crc_is_that_of_the_whole_for_many_sizes() -> None:
    bodies = [b"", b"a", b"bc" * 5000, b"", bytes(77_777)]
    digests = [(zlib.crc32(body).to_bytes(4, "big"), len(body)) for body in bodies]

    assert combined_crc("CRC32", digests) == zlib.crc32(b"".join(bodies)).to_bytes(4, "big")


@pytest.mark.parametrize(
    ("algorithm", "kind"),
    [("SHA256", "FULL_OBJECT"), ("CRC64NVME", "COMPOSITE"), (None, "COMPOSITE")],
)
async def test_checksum_type_must_go_with_the_algorithm(
    world: World, algorithm: str | None, kind: str
) -> None:
    await world.bucket()
    members = {"ChecksumType": kind} | ({"ChecksumAlgorithm": algorithm} if algorithm else {})

    with pytest.raises(errors.InvalidRequest):
        await begin(world, **members)


async def test_part_with_another_checksum_algorithm_is_refused(world: World) -> None:
    await world.bucket()
    upload_id = await begin(world, ChecksumAlgorithm="SHA256")

    with pytest.raises(errors.InvalidRequest, match="expected checksum Type: sha256"):
        await upload(world, upload_id, 1, b"x", ChecksumCRC32=b64(bytes(4)))


async def test_completion_is_conditional(world: World) -> None:
    await world.bucket()
    upload_id = await begin(world)
    named = [await upload(world, upload_id, 1, b"mine")]
    await world.put("key", b"theirs")

    with pytest.raises(errors.PreconditionFailed):
        await complete(world, upload_id, named, IfNoneMatch="*")
    assert (await world.get("key"))["Body"] == b"theirs"
    await complete(world, upload_id, named)
    assert (await world.get("key"))["Body"] == b"mine"


@pytest.mark.parametrize("number", [0, 10_001])
async def test_part_numbers_have_bounds(world: World, number: int) -> None:
    await world.bucket()
    upload_id = await begin(world)

    with pytest.raises(errors.InvalidArgument):
        await upload(world, upload_id, number, b"x")


async def test_uploads_and_parts_are_listed_in_pages(world: World) -> None:
    await world.bucket()
    ids = [await begin(world, key) for key in ("a", "b/1", "b/2", "c", "c")]
    for number in (1, 2, 3):
        await upload(world, ids[0], number, b"x", key="a")

    found: list[tuple[str, str]] = []
    marker: dict[str, object] = {}
    for _ in range(9):
        page = await world.call("ListMultipartUploads", Bucket=BUCKET, MaxUploads=2, **marker)
        found += [(each["Key"], each["UploadId"]) for each in page["Uploads"]]
        if not page["IsTruncated"]:
            break
        marker = {
            "KeyMarker": page["NextKeyMarker"],
            "UploadIdMarker": page["NextUploadIdMarker"],
        }
    rolled = await world.call("ListMultipartUploads", Bucket=BUCKET, Delimiter="/")
    parts_page = await world.call(
        "ListParts", Bucket=BUCKET, Key="a", UploadId=ids[0], MaxParts=2, PartNumberMarker=1
    )

    assert sorted(upload_id for _, upload_id in found) == sorted(ids)
    assert [key for key, _ in found] == ["a", "b/1", "b/2", "c", "c"]
    assert [each["Prefix"] for each in rolled["CommonPrefixes"]] == ["b/"]
    assert [each["Key"] for each in rolled["Uploads"]] == ["a", "c", "c"]
    assert [part["PartNumber"] for part in parts_page["Parts"]] == [2, 3]
    assert parts_page["IsTruncated"] is False


async def test_reader_of_parts_keeps_them_while_the_object_is_deleted(world: World) -> None:
    await world.bucket()
    upload_id = await begin(world)
    named = [await upload(world, upload_id, n, bytes([64 + n]) * 300_000) for n in (1, 2, 3)]
    await complete(world, upload_id, named)
    got = await world.call("GetObject", Bucket=BUCKET, Key="key")

    await world.call("DeleteObject", Bucket=BUCKET, Key="key")
    body = b"".join([piece async for piece in got["Body"]])

    assert body == b"A" * 300_000 + b"B" * 300_000 + b"C" * 300_000
    await file_work_done(world.s3.blobs)
    assert world.engine.one("SELECT count(*) FROM blob") == (0,)


async def test_bytes_of_another_object_become_a_part(world: World) -> None:
    await world.bucket()
    await world.put("source", b"0123456789")
    upload_id = await begin(world)

    copied = await world.call(
        "UploadPartCopy",
        Bucket=BUCKET,
        Key="key",
        UploadId=upload_id,
        PartNumber=1,
        CopySource=f"{BUCKET}/source",
        CopySourceRange="bytes=2-5",
    )
    await complete(world, upload_id, [{"PartNumber": 1, "ETag": copied["CopyPartResult"]["ETag"]}])

    assert (await world.get("key"))["Body"] == b"2345"


async def test_parts_are_encrypted_with_the_customers_key(world: World) -> None:
    await world.bucket()
    key = customer_key(b"k" * 32)
    upload_id = await begin(world, **key)
    with pytest.raises(errors.InvalidRequest):
        await upload(world, upload_id, 1, b"plain")
    named = [await upload(world, upload_id, n, bytes([64 + n]) * 300_000, **key) for n in (1, 2)]

    await complete(world, upload_id, named)

    got = await world.get("key", Range="bytes=299999-300002", **key)
    assert got["Body"] == b"ABBB"
    assert not any(b"A" * 64 in path.read_bytes() for path in world.blob_files())


async def test_event_tells_of_the_completion(world: World) -> None:
    queue = "arn:aws:sqs:us-east-1:000000000000:uploads"
    world.neighbours.existing.add(queue)
    await world.bucket()
    await world.call(
        "PutBucketNotificationConfiguration",
        Bucket=BUCKET,
        NotificationConfiguration={
            "QueueConfigurations": [{"QueueArn": queue, "Events": ["s3:ObjectCreated:*"]}]
        },
    )
    upload_id = await begin(world)
    named = [await upload(world, upload_id, 1, b"four")]

    await complete(world, upload_id, named)
    await world.clock.advance(1)

    assert '"eventName":"ObjectCreated:CompleteMultipartUpload"' in world.neighbours.got[-1][2]


async def completed(world: World, upload_id: str, body: bytes) -> dict[str, Any]:
    return await complete(world, upload_id, [await upload(world, upload_id, 1, body)])


async def test_object_is_as_old_as_its_upload(world: World) -> None:
    await world.bucket()
    initiated_s = world.clock.now_ms() // 1000
    upload_id = await begin(world)

    await world.clock.advance(60_000)
    await completed(world, upload_id, b"parts")

    assert (await world.head("key"))["LastModified"] == initiated_s


async def test_upload_that_started_last_is_the_current_version(world: World) -> None:
    await world.bucket()
    await world.call(
        "PutBucketVersioning", Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"}
    )
    ids = []
    for _ in range(3):
        ids.append(await begin(world))
        await world.clock.advance(1_000)

    for number in (1, 0, 2):
        await completed(world, ids[number], b"upload %d" % number)
        await world.clock.advance(1_000)

    listed = (await world.call("ListObjectVersions", Bucket=BUCKET))["Versions"]
    bodies = [(await world.get("key", VersionId=each["VersionId"]))["Body"] for each in listed]
    assert bodies == [b"upload 2", b"upload 1", b"upload 0"]
    assert [each["IsLatest"] for each in listed] == [True, False, False]
    assert (await world.get("key"))["Body"] == b"upload 2"


async def test_upload_completes_behind_a_marker_that_was_made_since(world: World) -> None:
    await world.bucket()
    await world.call(
        "PutBucketVersioning", Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"}
    )
    upload_id = await begin(world)
    await world.clock.advance(1_000)
    marker = (await world.call("DeleteObject", Bucket=BUCKET, Key="key"))["VersionId"]

    done = await completed(world, upload_id, b"parts")
    hidden = await world.keys()
    await world.call("DeleteObject", Bucket=BUCKET, Key="key", VersionId=marker)

    assert hidden == []
    assert (await world.head("key"))["VersionId"] == done["VersionId"]


async def test_uploads_to_a_key_are_listed_as_they_were_initiated(world: World) -> None:
    await world.bucket()
    begun = []
    for _ in range(5):
        begun += [await begin(world), await begin(world)]
        await world.clock.advance(1)

    listed = await world.call("ListMultipartUploads", Bucket=BUCKET)
    behind = await world.call(
        "ListMultipartUploads", Bucket=BUCKET, KeyMarker="key", UploadIdMarker=begun[6]
    )

    assert [each["UploadId"] for each in listed["Uploads"]] == begun
    assert [each["UploadId"] for each in behind["Uploads"]] == begun[7:]


async def test_conditional_completion_takes_the_place_of_what_it_has_looked_at(
    world: World,
) -> None:
    await world.bucket()
    await world.call(
        "PutBucketVersioning", Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"}
    )
    upload_id = await begin(world)
    named = [await upload(world, upload_id, 1, b"parts")]
    await world.clock.advance(1_000)
    etag = (await world.put("key", b"later"))["ETag"]

    await complete(world, upload_id, named, IfMatch=etag)

    assert (await world.get("key"))["Body"] == b"parts"
