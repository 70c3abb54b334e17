"""PutObject: what is kept, what is verified, what is refused; bodies inline and in blobs."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from importlib import import_module
from typing import TYPE_CHECKING, cast

import pytest
from tests.file_work import file_work_done
from tests.s3.conftest import customer_key

from kamome.errors import AwsError, ServiceUnavailable
from kamome.services.s3 import errors
from kamome.services.s3.limits import INLINE_BYTES_MAX, PUT_BYTES_MAX
from kamome.services.s3.objects.put_object import put_object_internal
from kamome.wire import BodyStream

if TYPE_CHECKING:
    from tests.s3.conftest import World

crt = import_module("awscrt.checksums")

SIZES = [
    pytest.param(0, id="empty"),
    pytest.param(11, id="small"),
    pytest.param(INLINE_BYTES_MAX, id="largest-inline"),
    pytest.param(INLINE_BYTES_MAX + 1, id="smallest-blob"),
    pytest.param(256 * 1024, id="one-block"),
    pytest.param(1_000_003, id="blocks-and-a-rest"),
]


def patterned(size: int) -> bytes:
    return b"".join(hashlib.sha256(str(n).encode()).digest() for n in range(size // 32 + 1))[:size]


def b64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def crc64(body: bytes) -> str:
    return b64(crt.crc64nvme(body).to_bytes(8, "big"))


@pytest.mark.parametrize("size", SIZES)
async def test_body_comes_back_as_it_was_put(world: World, size: int) -> None:
    await world.bucket()
    body = patterned(size)

    put = await world.put("key", body)

    got = await world.get("key", ChecksumMode="ENABLED")
    assert got["Body"] == body
    assert got["ContentLength"] == size
    assert put["ETag"] == got["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    assert put["ChecksumCRC64NVME"] == got["ChecksumCRC64NVME"] == crc64(body)
    assert put["ChecksumType"] == got["ChecksumType"] == "FULL_OBJECT"
    assert put["ServerSideEncryption"] == got["ServerSideEncryption"] == "AES256"
    assert len(world.blob_files()) == (1 if size > INLINE_BYTES_MAX else 0)


async def test_checksum_is_shown_only_when_asked_for(world: World) -> None:
    await world.bucket()
    await world.put("key", b"x")

    assert "ChecksumCRC64NVME" not in await world.head("key")


CHECKSUMS = {
    "CRC32": lambda body: zlib.crc32(body).to_bytes(4, "big"),
    "CRC32C": lambda body: crt.crc32c(body).to_bytes(4, "big"),
    "CRC64NVME": lambda body: crt.crc64nvme(body).to_bytes(8, "big"),
    "SHA1": lambda body: hashlib.sha1(body).digest(),
    "SHA256": lambda body: hashlib.sha256(body).digest(),
    "SHA512": lambda body: hashlib.sha512(body).digest(),
    "MD5": lambda body: hashlib.md5(body).digest(),
    "XXHASH64": crt.XXHash.compute_xxhash64,
    "XXHASH3": crt.XXHash.compute_xxhash3_64,
    "XXHASH128": crt.XXHash.compute_xxhash3_128,
}


@pytest.mark.parametrize("algorithm", CHECKSUMS)
@pytest.mark.parametrize("size", [5, 300_000])
async def test_checksum_in_a_header_is_verified_and_kept(
    world: World, algorithm: str, size: int
) -> None:
    await world.bucket()
    body = patterned(size)
    member = f"Checksum{algorithm}"
    right = b64(CHECKSUMS[algorithm](body))
    wrong = b64(CHECKSUMS[algorithm](body + b"!"))

    put = await world.put("key", body, **{member: right})
    with pytest.raises(errors.BadDigest) as refused:
        await world.put("key", b"other" + body, **{member: wrong})

    assert put[member] == right
    assert (await world.head("key", ChecksumMode="ENABLED"))[member] == right
    sentence = f"The {algorithm} you specified did not match the calculated checksum."
    assert refused.value.message == sentence
    assert (await world.get("key"))["Body"] == body


async def test_checksum_in_a_trailer_is_verified_and_kept(world: World) -> None:
    await world.bucket()
    body = patterned(200_000)
    right = b64(zlib.crc32(body).to_bytes(4, "big"))
    stream = world.stream(body, trailers={"x-amz-checksum-crc32": right})

    put = await world.put("key", Body=stream, ChecksumAlgorithm="CRC32")

    assert put["ChecksumCRC32"] == right
    assert "ChecksumCRC64NVME" not in put


async def test_wrong_checksum_in_a_trailer_leaves_nothing(world: World) -> None:
    await world.bucket()
    stream = world.stream(patterned(200_000), trailers={"x-amz-checksum-crc32": "AAAAAA=="})

    with pytest.raises(errors.BadDigest):
        await world.put("key", Body=stream)

    assert await world.keys() == []
    assert world.blob_files() == []


async def test_announced_trailer_that_does_not_come_is_refused(world: World) -> None:
    await world.bucket()
    stream = world.stream(b"x")
    stream.announced = frozenset(("x-amz-checksum-crc32",))

    with pytest.raises(errors.MalformedTrailerError):
        await world.put("key", Body=stream)


@pytest.mark.parametrize(
    ("members", "error"),
    [
        pytest.param({"ChecksumCRC32": "AAAA"}, errors.InvalidRequest, id="too-short"),
        pytest.param({"ChecksumCRC32": "no base64!"}, errors.InvalidRequest, id="not-base64"),
        pytest.param(
            {"ChecksumCRC32": "AAAAAA==", "ChecksumSHA1": "AAAA"},
            errors.InvalidRequest,
            id="two-checksums",
        ),
        pytest.param({"ChecksumAlgorithm": "CRC32"}, errors.InvalidRequest, id="algorithm-alone"),
        pytest.param({"ChecksumAlgorithm": "ROT13"}, errors.InvalidRequest, id="no-algorithm"),
        pytest.param(
            {"ChecksumAlgorithm": "SHA1", "ChecksumCRC32": "AAAAAA=="},
            errors.BadDigest,
            id="another-algorithm",
        ),
        pytest.param({"ContentMD5": "AAAA"}, errors.InvalidDigest, id="md5-too-short"),
        pytest.param({"ContentMD5": "?"}, errors.InvalidDigest, id="md5-not-base64"),
        pytest.param({"ContentMD5": b64(bytes(16))}, errors.BadDigest, id="md5-of-another-body"),
    ],
)
async def test_digest_that_cannot_be_right_is_refused(
    world: World, members: dict[str, object], error: type[AwsError]
) -> None:
    await world.bucket()

    with pytest.raises(error):
        await world.put("key", b"body", **members)

    assert await world.keys() == []


async def test_md5_of_another_body_is_told_with_both_digests(world: World) -> None:
    await world.bucket()

    with pytest.raises(errors.BadDigest) as refused:
        await world.put("key", b"body", ContentMD5=b64(bytes(16)))

    assert refused.value.members == {
        "ExpectedDigest": b64(bytes(16)),
        "CalculatedDigest": b64(hashlib.md5(b"body").digest()),
    }


async def test_content_md5_that_fits_is_taken(world: World) -> None:
    await world.bucket()

    put = await world.put("key", b"body", ContentMD5=b64(hashlib.md5(b"body").digest()))

    assert put["ChecksumCRC64NVME"] == crc64(b"body")


async def test_headers_and_metadata_come_back(world: World) -> None:
    await world.bucket()
    kept = {
        "CacheControl": "max-age=60",
        "ContentDisposition": 'attachment; filename="a.eml"',
        "ContentLanguage": "ja",
        "ContentType": "message/rfc822",
        "Expires": "Wed, 21 Oct 2026 07:28:00 GMT",
        "WebsiteRedirectLocation": "/elsewhere",
        "StorageClass": "STANDARD_IA",
    }
    metadata = {"Order-Id": "ne-001", "note": "x"}

    await world.put("key", b"x", Metadata=metadata, Tagging="a=1&b=%20", **kept)

    head = await world.head("key")
    assert {name: head[name] for name in kept} == kept
    assert head["Metadata"] == {"order-id": "ne-001", "note": "x"}
    assert head["TagCount"] == 2
    assert head["AcceptRanges"] == "bytes"


async def test_defaults_of_a_plain_object(world: World) -> None:
    await world.bucket()

    await world.put("key", b"x")

    head = await world.head("key")
    assert head["ContentType"] == "binary/octet-stream"
    assert head["LastModified"] == world.clock.now_ms() // 1000
    assert head.keys().isdisjoint({"StorageClass", "TagCount", "Metadata", "ContentEncoding"})


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("aws-chunked", None), ("aws-chunked, gzip", "gzip"), ("gzip,aws-chunked", "gzip")],
)
async def test_aws_chunked_is_no_encoding_of_the_object(
    world: World, sent: str, kept: str | None
) -> None:
    await world.bucket()

    await world.put("key", b"x", ContentEncoding=sent)

    assert (await world.head("key")).get("ContentEncoding") == kept


@pytest.mark.parametrize(
    ("members", "error"),
    [
        pytest.param({"Metadata": {"a": "x" * 2048}}, errors.MetadataTooLarge, id="metadata"),
        pytest.param({"StorageClass": "OUTPOSTS"}, errors.InvalidStorageClass, id="class"),
        pytest.param(
            {"WebsiteRedirectLocation": "ftp://x"}, errors.InvalidRedirectLocation, id="redirect"
        ),
        pytest.param({"Tagging": "a=1&a=2"}, errors.InvalidArgument, id="tag-twice"),
        pytest.param({"Tagging": "a=%3C"}, errors.InvalidTag, id="tag-character"),
        pytest.param({"Tagging": "k" * 129 + "=v"}, errors.InvalidTag, id="tag-key-length"),
        pytest.param({"Tagging": "aws:x=1"}, errors.InvalidTag, id="tag-of-aws"),
        pytest.param({"ACL": "public-read"}, errors.AccessControlListNotSupported, id="acl"),
        pytest.param({"GrantRead": 'id="x"'}, errors.AccessControlListNotSupported, id="grant"),
        pytest.param({"ObjectLockMode": "GOVERNANCE"}, errors.InvalidRequest, id="object-lock"),
        pytest.param({"ServerSideEncryption": "aws:fsx"}, errors.FeatureNotServed, id="sse-fsx"),
        pytest.param({"SSEKMSKeyId": "key"}, errors.InvalidArgument, id="key-without-sse-kms"),
        pytest.param({"SSECustomerAlgorithm": "AES256"}, errors.InvalidRequest, id="sse-c"),
        pytest.param({"WriteOffsetBytes": 3}, errors.FeatureNotServed, id="append"),
        pytest.param({"IfNoneMatch": '"abc"'}, errors.FeatureNotServed, id="if-none-match-etag"),
        pytest.param({"ExpectedBucketOwner": "1" * 12}, errors.AccessDenied, id="owner"),
    ],
)
async def test_header_is_refused_before_the_body_is_read(
    world: World, members: dict[str, object], error: type[AwsError]
) -> None:
    await world.bucket()

    pieces_read: list[bytes] = []

    async def watched() -> AsyncIterator[bytes]:
        pieces_read.append(b"body")
        yield b"body"

    body = BodyStream(watched(), 4)
    with pytest.raises(error):
        await world.call("PutObject", Bucket="orders", Key="key", Body=body, **members)

    assert pieces_read == []


async def test_eleven_tags_are_too_many(world: World) -> None:
    await world.bucket()

    with pytest.raises(AwsError, match="greater than 10"):
        await world.put("key", Tagging="&".join(f"k{n}=v" for n in range(11)))


async def test_metadata_of_2_kb_is_taken(world: World) -> None:
    await world.bucket()

    await world.put("key", Metadata={"a": "x" * 2047})

    assert len((await world.head("key"))["Metadata"]["a"]) == 2047


@pytest.mark.parametrize("key", ["k" * 1025, "あ" * 342])
async def test_key_over_1024_bytes_is_refused(world: World, key: str) -> None:
    await world.bucket()

    with pytest.raises(errors.KeyTooLongError):
        await world.put(key)


@pytest.mark.parametrize("key", ["k" * 1024, "あ" * 341, "a\0b", "/../etc/passwd", "🐦 +%&?"])
async def test_any_utf8_key_is_taken(world: World, key: str) -> None:
    await world.bucket()

    await world.put(key, b"x")

    assert (await world.get(key))["Body"] == b"x"
    assert await world.keys() == [key]


async def test_key_that_is_not_utf8_is_refused(world: World) -> None:
    await world.bucket()

    with pytest.raises(errors.InvalidURI):
        await world.put("a\udcff")


async def test_length_must_be_announced(world: World) -> None:
    await world.bucket()

    with pytest.raises(errors.MissingContentLength) as refused:
        await world.put("key", Body=world.stream(b"x", length=None))

    assert refused.value.status == 411


async def test_more_than_5_gib_is_refused_by_its_length(world: World) -> None:
    await world.bucket()

    with pytest.raises(errors.EntityTooLarge) as refused:
        await world.put("key", Body=world.stream(b"", length=PUT_BYTES_MAX + 1))

    assert refused.value.members["MaxSizeAllowed"] == PUT_BYTES_MAX


@pytest.mark.parametrize("announced", [9, 11, 300_000, 199_999])
async def test_body_of_another_length_leaves_nothing(world: World, announced: int) -> None:
    await world.bucket()
    body = patterned(10 if announced < 100 else 200_000)

    with pytest.raises(errors.IncompleteBody):
        await world.put("key", Body=world.stream(body, length=announced))

    assert await world.keys() == []
    assert world.blob_files() == []


async def test_stream_that_breaks_leaves_the_old_object(world: World) -> None:
    await world.bucket()
    await world.put("key", b"old")

    async def broken() -> AsyncIterator[bytes]:
        yield patterned(300_000)
        raise errors.IncompleteBody

    with pytest.raises(errors.IncompleteBody):
        await world.put("key", Body=BodyStream(broken(), 900_000))

    assert (await world.get("key"))["Body"] == b"old"
    assert world.blob_files() == []


async def test_client_that_hangs_up_leaves_nothing(world: World) -> None:
    await world.bucket()
    has_begun = asyncio.Event()

    async def stalled() -> AsyncIterator[bytes]:
        yield patterned(600_000)
        has_begun.set()
        await asyncio.Event().wait()

    putting = asyncio.create_task(world.put("key", Body=BodyStream(stalled(), 900_000)))
    await has_begun.wait()
    putting.cancel()
    await asyncio.gather(putting, return_exceptions=True)

    assert putting.cancelled()
    assert await world.keys() == []
    assert world.blob_files() == []


async def test_full_disk_leaves_the_old_object(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.bucket()
    await world.put("key", b"old")

    def full(_file: int, _data: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("kamome.storage.blobs.os.write", full)
    with pytest.raises(ServiceUnavailable):
        await world.put("key", patterned(300_000))
    monkeypatch.undo()

    assert (await world.get("key"))["Body"] == b"old"
    assert world.blob_files() == []


async def test_overwriting_drops_the_old_blob(world: World) -> None:
    await world.bucket()
    await world.put("key", patterned(300_000))
    old = world.blob_files()

    await world.put("key", patterned(200_000))
    await settled(world)

    assert len(old) == len(world.blob_files()) == 1
    assert old != world.blob_files()
    assert len((await world.get("key"))["Body"]) == 200_000


async def test_failing_step_keeps_the_old_object_and_its_blob(world: World) -> None:
    await world.bucket()
    body = patterned(300_000)
    await world.put("key", body)

    def refuse() -> None:
        raise ValueError("the caller's record failed")

    with pytest.raises(ValueError, match="record failed"):
        await put_object_internal(
            world.s3, world.ctx, "orders", "key", body[1:], content_length=299_999, record=refuse
        )
    await settled(world)

    assert (await world.get("key"))["Body"] == body
    assert len(world.blob_files()) == 1


async def settled(world: World) -> None:
    """All file work that was handed to threads so far is done."""
    await world.engine.durable()
    await file_work_done(world.s3.blobs)


@pytest.mark.parametrize("size", [12, 300_000])
async def test_other_services_store_objects_with_their_own_record(world: World, size: int) -> None:
    await world.bucket()
    recorded: list[str] = []
    body = patterned(size)

    await put_object_internal(
        world.s3,
        world.ctx,
        "orders",
        "mail/1",
        body,
        content_length=size,
        record=lambda: recorded.append("stored"),
    )

    assert recorded == ["stored"]
    assert (await world.get("mail/1"))["Body"] == body


async def test_bucket_deleted_during_the_upload_takes_no_object(world: World) -> None:
    await world.bucket()

    async def slow() -> AsyncIterator[bytes]:
        await world.call("DeleteBucket", Bucket="orders")
        await world.bucket()
        yield b"late"

    with pytest.raises(errors.NoSuchBucket):
        await world.put("key", Body=BodyStream(slow(), 4))

    assert await world.keys() == []


async def test_exactly_one_of_concurrent_conditional_writers_wins(world: World) -> None:
    await world.bucket()
    at_the_gate = asyncio.Barrier(5)

    async def body(number: int) -> AsyncIterator[bytes]:
        await at_the_gate.wait()
        yield str(number).encode()

    results = await asyncio.gather(
        *(
            world.put("key", Body=BodyStream(body(number), 1), IfNoneMatch="*")
            for number in range(5)
        ),
        return_exceptions=True,
    )

    winners = [number for number in range(5) if not isinstance(results[number], Exception)]
    losers = [result for result in results if isinstance(result, errors.PreconditionFailed)]
    assert (len(winners), len(losers)) == (1, 4)
    assert (await world.get("key"))["Body"] == str(winners[0]).encode()


async def test_if_match_replaces_only_that_version(world: World) -> None:
    await world.bucket()
    etag = (await world.put("key", b"one"))["ETag"]

    await world.put("key", b"two", IfMatch=etag)
    with pytest.raises(errors.PreconditionFailed) as refused:
        await world.put("key", b"three", IfMatch=etag)
    with pytest.raises(errors.NoSuchKey):
        await world.put("other", b"x", IfMatch=etag)

    assert refused.value.members == {"Condition": "If-Match"}
    assert (await world.get("key"))["Body"] == b"two"


async def test_large_body_is_held_to_the_digest_that_its_head_promised(world: World) -> None:
    await world.bucket()
    content = patterned(2_000_000)
    taken: list[str] = []

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(content), 64_000):
            yield content[at : at + 64_000]

    def refuse(sha256: str) -> None:
        taken.append(sha256)
        raise errors.BadDigest("another")

    with pytest.raises(errors.BadDigest):
        body = BodyStream(pieces(), len(content), check_sha256=refuse)
        await world.put("refused", Body=body)
    body = BodyStream(pieces(), len(content), check_sha256=taken.append)
    await world.put("kept", Body=body)

    assert taken == [hashlib.sha256(content).hexdigest()] * 2
    assert await world.keys() == ["kept"]
    assert len(world.blob_files()) == 1


async def test_large_body_passes_both_ways_in_a_few_blocks_of_memory(world: World) -> None:
    await world.bucket()
    size = 48 * 1024 * 1024
    piece = bytes(64 * 1024)

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(size // len(piece)):
            yield bytes(bytearray(piece))

    await world.put("warm", patterned(300_000))
    tracemalloc.start()
    try:
        await world.put("big", Body=BodyStream(pieces(), size))
        got = await world.call("GetObject", Bucket="orders", Key="big")
        received = 0
        async for block in cast("AsyncIterator[bytes]", got["Body"]):
            received += len(block)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert received == size
    assert peak < 4 * 1024 * 1024


async def test_body_in_tiny_chunks_takes_no_more_memory(world: World) -> None:
    await world.bucket()
    size = 1_400_000

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(size // 7):
            yield bytes(bytearray(7))

    await world.put("warm", patterned(300_000))
    tracemalloc.start()
    try:
        await world.put("tiny", Body=BodyStream(pieces(), size))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 4 * 1024 * 1024
    assert (await world.get("tiny"))["Body"] == bytes(size)


async def test_one_kind_of_encryption_at_a_time(world: World) -> None:
    await world.bucket()

    with pytest.raises(errors.InvalidArgument, match="incompatible"):
        await world.put("key", b"", ServerSideEncryption="AES256", **customer_key(b"k" * 32))
