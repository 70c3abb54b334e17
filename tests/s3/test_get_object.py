"""GetObject, HeadObject, DeleteObject: conditions, ranges, parts, overrides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.file_work import file_work_done
from tests.s3.conftest import customer_key

from kamome.errors import AwsError
from kamome.services.s3 import errors
from kamome.services.s3.objects.conditions import ReadConditions, check_read
from kamome.services.s3.objects.ranges import ByteRange, parse_range, part_range

if TYPE_CHECKING:
    from tests.s3.conftest import World

CONTENT = b"0123456789"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        pytest.param("bytes=0-0", (0, 0), id="first-byte"),
        pytest.param("bytes=2-5", (2, 5), id="middle"),
        pytest.param("bytes=5-", (5, 9), id="to-the-end"),
        pytest.param("bytes=-3", (7, 9), id="last-three"),
        pytest.param("bytes=-30", (0, 9), id="more-than-all"),
        pytest.param("bytes=8-30", (8, 9), id="beyond-the-end"),
        pytest.param("bytes=5-2", None, id="backwards-is-ignored"),
        pytest.param("bytes=1-2,4-5", None, id="several-are-ignored"),
        pytest.param("items=1-2", None, id="another-unit-is-ignored"),
        pytest.param("bytes=-", None, id="nothing-is-ignored"),
        pytest.param("bytes=a-b", None, id="letters-are-ignored"),
        pytest.param("bytes=" + "9" * 40 + "-", None, id="absurd-number-is-ignored"),
    ],
)
def test_range_header_names_bytes(header: str, expected: tuple[int, int] | None) -> None:
    found = parse_range(header, len(CONTENT))

    assert (None if found is None else (found.first, found.last)) == expected


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-20", "bytes=-0"])
def test_range_behind_the_last_byte_is_not_satisfiable(header: str) -> None:
    with pytest.raises(errors.InvalidRange) as refused:
        parse_range(header, len(CONTENT))

    assert refused.value.status == 416
    assert refused.value.members == {"RangeRequested": header, "ActualObjectSize": 10}


@given(st.text(max_size=30), st.integers(0, 1 << 40))
def test_range_is_always_within_the_object(text: str, size: int) -> None:
    for header in (text, f"bytes={text}", f"bytes={size // 2}-{text}"):
        try:
            found = parse_range(header, size)
        except errors.InvalidRange:
            continue
        if found is not None:
            assert 0 <= found.first <= found.last < size


def test_only_part_of_an_object_in_one_piece_is_all_of_it() -> None:
    assert part_range(1, 10, [10]) == ByteRange(0, 9, 10)
    assert part_range(1, 0, [0]) is None
    with pytest.raises(errors.InvalidPartNumber):
        part_range(2, 10, [10])
    with pytest.raises(errors.InvalidArgument):
        part_range(10_001, 10, [10])


@pytest.mark.parametrize("size_factor", [1, 40_000])
async def test_range_is_given_with_its_place(world: World, size_factor: int) -> None:
    await world.bucket()
    body = CONTENT * size_factor
    await world.put("key", body)
    first, last = 3 * size_factor, 7 * size_factor

    got = await world.get("key", Range=f"bytes={first}-{last}", ChecksumMode="ENABLED")

    assert got["Body"] == body[first : last + 1]
    assert got["ContentRange"] == f"bytes {first}-{last}/{len(body)}"
    assert got["ContentLength"] == last - first + 1
    assert "ChecksumCRC64NVME" not in got


async def test_every_range_of_a_blob_is_right(world: World) -> None:
    await world.bucket()
    block = 256 * 1024
    body = bytes(range(251)) * 3200
    await world.put("key", body)

    for first in (0, 1, block - 1, block, block + 1, 2 * block, len(body) - 1):
        for length in (1, 2, block - 1, block, block + 1, len(body)):
            got = await world.get("key", Range=f"bytes={first}-{first + length - 1}")
            assert got["Body"] == body[first : first + length]


async def test_part_one_is_the_whole_with_its_checksum(world: World) -> None:
    await world.bucket()
    await world.put("key", CONTENT)

    got = await world.get("key", PartNumber=1, ChecksumMode="ENABLED")

    assert got["ContentRange"] == "bytes 0-9/10"
    assert got["Body"] == CONTENT
    assert "ChecksumCRC64NVME" in got
    assert "PartsCount" not in got


async def test_range_and_part_contradict_each_other(world: World) -> None:
    await world.bucket()
    await world.put("key", CONTENT)

    with pytest.raises(errors.InvalidRequest):
        await world.get("key", PartNumber=1, Range="bytes=0-1")


async def test_head_with_a_range_tells_its_length(world: World) -> None:
    await world.bucket()
    await world.put("key", CONTENT)

    head = await world.head("key", Range="bytes=2-4")

    assert (head["ContentLength"], head["ContentRange"]) == (3, "bytes 2-4/10")


ETAG = "0123456789abcdef"
CHANGED_S = 1_000
EARLIER, LATER = 999.0, 1_001.0


@pytest.mark.parametrize(
    ("conditions", "outcome"),
    [
        pytest.param(ReadConditions(), None, id="none"),
        pytest.param(ReadConditions(if_match=f'"{ETAG}"'), None, id="match"),
        pytest.param(ReadConditions(if_match=ETAG), None, id="match-without-quotes"),
        pytest.param(ReadConditions(if_match=f'"x", W/"{ETAG}"'), None, id="match-in-a-list"),
        pytest.param(ReadConditions(if_match="*"), None, id="match-any"),
        pytest.param(ReadConditions(if_match='"x"'), "If-Match", id="no-match"),
        pytest.param(
            ReadConditions(if_match=ETAG, if_unmodified_since=EARLIER),
            None,
            id="match-wins-over-modified",
        ),
        pytest.param(
            ReadConditions(if_match='"x"', if_unmodified_since=LATER),
            "If-Match",
            id="no-match-wins-over-unmodified",
        ),
        pytest.param(
            ReadConditions(if_unmodified_since=EARLIER), "If-Unmodified-Since", id="modified"
        ),
        pytest.param(ReadConditions(if_unmodified_since=1000.0), None, id="unmodified"),
        pytest.param(ReadConditions(if_none_match=ETAG), 304, id="none-match-matches"),
        pytest.param(ReadConditions(if_none_match="*"), 304, id="none-match-any"),
        pytest.param(ReadConditions(if_none_match='"x"'), None, id="none-match-differs"),
        pytest.param(
            ReadConditions(if_none_match=ETAG, if_modified_since=EARLIER),
            304,
            id="none-match-matches-though-modified",
        ),
        pytest.param(
            ReadConditions(if_none_match='"x"', if_modified_since=LATER),
            None,
            id="none-match-differs-though-not-modified",
        ),
        pytest.param(ReadConditions(if_modified_since=1000.0), 304, id="not-modified"),
        pytest.param(ReadConditions(if_modified_since=EARLIER), None, id="modified-since"),
        pytest.param(
            ReadConditions(if_match='"x"', if_none_match=ETAG), "If-Match", id="match-first"
        ),
    ],
)
def test_conditions_decide_in_order(conditions: ReadConditions, outcome: object) -> None:
    found: object = None
    try:
        check_read(conditions, ETAG, CHANGED_S)
    except errors.NotModified as error:
        found = error.status
        assert error.members == {"ETag": f'"{ETAG}"', "LastModified": CHANGED_S}
    except errors.PreconditionFailed as error:
        found = error.members["Condition"]

    assert found == outcome


async def test_missing_object_is_missing_whatever_the_conditions(world: World) -> None:
    await world.bucket()

    for members in ({}, {"IfMatch": "*"}, {"IfNoneMatch": "*"}, {"Range": "bytes=0-"}):
        with pytest.raises(errors.NoSuchKey) as refused:
            await world.get("nothing", **members)
        assert refused.value.members == {"Key": "nothing"}


async def test_headers_of_the_answer_can_be_overridden(world: World) -> None:
    await world.bucket()
    await world.put("key", b"x", ContentType="text/plain", CacheControl="no-store")

    got = await world.get(
        "key",
        ResponseContentType="text/csv",
        ResponseContentDisposition="attachment",
        ResponseContentEncoding="identity",
        ResponseContentLanguage="de",
        ResponseExpires=0.0,
    )

    assert got["ContentType"] == "text/csv"
    assert got["ContentDisposition"] == "attachment"
    assert got["ContentEncoding"] == "identity"
    assert got["ContentLanguage"] == "de"
    assert got["Expires"] == "Thu, 01 Jan 1970 00:00:00 GMT"
    assert got["CacheControl"] == "no-store"


async def test_archived_object_is_shown_but_not_given(world: World) -> None:
    await world.bucket()
    await world.put("key", b"x", StorageClass="GLACIER")

    assert (await world.head("key"))["StorageClass"] == "GLACIER"
    with pytest.raises(errors.InvalidObjectState) as refused:
        await world.get("key")
    assert refused.value.members == {"StorageClass": "GLACIER"}


@pytest.mark.parametrize(
    ("version_id", "error"),
    [("null", None), ("1", errors.InvalidArgument), ("V" * 32, errors.NoSuchVersion)],
)
async def test_only_version_is_null(
    world: World, version_id: str, error: type[AwsError] | None
) -> None:
    await world.bucket()
    await world.put("key", b"x")

    if error is None:
        assert (await world.get("key", VersionId=version_id))["Body"] == b"x"
        return
    with pytest.raises(error):
        await world.get("key", VersionId=version_id)


async def test_customer_key_does_not_apply(world: World) -> None:
    await world.bucket()
    await world.put("key", b"x")

    with pytest.raises(errors.InvalidRequest, match="not applicable"):
        await world.get("key", **customer_key(b"k" * 32))


async def test_reader_keeps_the_old_body_while_it_is_replaced(world: World) -> None:
    await world.bucket()
    body = CONTENT * 100_000
    await world.put("key", body)
    got = await world.call("GetObject", Bucket="orders", Key="key")

    await world.put("key", b"new")
    await file_work_done(world.s3.blobs)

    assert b"".join([piece async for piece in got["Body"]]) == body
    assert (await world.get("key"))["Body"] == b"new"


async def test_deleted_object_and_its_blob_are_gone(world: World) -> None:
    await world.bucket()
    await world.put("key", CONTENT * 40_000)

    assert await world.call("DeleteObject", Bucket="orders", Key="key") == {}
    await file_work_done(world.s3.blobs)

    assert await world.keys() == []
    assert world.blob_files() == []


async def test_deleting_nothing_is_no_error(world: World) -> None:
    await world.bucket()

    assert await world.call("DeleteObject", Bucket="orders", Key="nothing") == {}


@pytest.mark.parametrize(
    ("key", "if_match", "error"),
    [
        ("key", "*", None),
        ("key", '"781e5e245d69b566979b86e28d23f2c7"', None),
        ("key", '"other"', errors.PreconditionFailed),
        ("nothing", "*", errors.NoSuchKey),
    ],
)
async def test_conditional_delete(
    world: World, key: str, if_match: str, error: type[AwsError] | None
) -> None:
    await world.bucket()
    await world.put("key", CONTENT)

    if error is None:
        await world.call("DeleteObject", Bucket="orders", Key=key, IfMatch=if_match)
        assert await world.keys() == []
        return
    with pytest.raises(error):
        await world.call("DeleteObject", Bucket="orders", Key=key, IfMatch=if_match)
    assert await world.keys() == ["key"]


@pytest.mark.parametrize(
    ("members", "error"),
    [
        ({"MFA": "1 2"}, errors.FeatureNotServed),
        ({"IfMatchSize": 1}, errors.FeatureNotServed),
        ({"BypassGovernanceRetention": True}, errors.InvalidArgument),
        ({"VersionId": "1"}, errors.InvalidArgument),
    ],
)
async def test_unserved_delete_is_refused(
    world: World, members: dict[str, object], error: type[AwsError]
) -> None:
    await world.bucket()
    await world.put("key", b"x")

    with pytest.raises(error):
        await world.call("DeleteObject", Bucket="orders", Key="key", **members)
    assert await world.keys() == ["key"]


async def test_anonymous_callers_cannot_choose_headers_of_the_answer(world: World) -> None:
    await world.bucket()
    await world.put("key", b"x")
    world.ctx = replace(world.ctx, access_key="")

    with pytest.raises(errors.InvalidRequest, match="anonymous GET requests"):
        await world.get("key", ResponseContentType="text/html")

    assert (await world.get("key"))["Body"] == b"x"
