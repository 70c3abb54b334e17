"""ListObjectsV2: order, prefixes, delimiters, pages, tokens, encoding, and what a page costs."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamome.services.s3 import errors
from kamome.services.s3.listing.common_prefixes import Listing, walk
from kamome.services.s3.listing.continuation import decode_token, encode_token
from kamome.services.s3.objects.keys import successor

if TYPE_CHECKING:
    from tests.s3.conftest import World


@dataclass(frozen=True)
class Row:
    key: bytes


class Keys:
    """Rows in key order, counting how many were asked for."""

    def __init__(self, keys: Sequence[bytes], prefix: bytes) -> None:
        self._keys = sorted(keys)
        self._end = bisect_left(self._keys, successor(prefix))
        self.rows_read = 0
        self.fetches = 0

    def fetch(self, start: bytes, limit: int) -> list[Row]:
        at = bisect_left(self._keys, start)
        rows = [Row(key) for key in self._keys[at : min(at + limit, self._end)]]
        self.rows_read += len(rows)
        self.fetches += 1
        return rows


def listed_naively(
    keys: Sequence[bytes], prefix: bytes, delimiter: bytes, after: bytes
) -> list[bytes]:
    """All items of a listing, by the letter of the API reference and without thought of cost."""
    items: list[bytes] = []
    for key in sorted(keys):
        if not key.startswith(prefix) or key <= after:
            continue
        rest = key[len(prefix) :]
        if delimiter and delimiter in rest:
            item = prefix + rest[: rest.index(delimiter) + len(delimiter)]
            if item <= after:
                continue
        else:
            item = key
        if item not in items:
            items.append(item)
    return items


TEXT = st.text(alphabet="ab/é\0", max_size=5).map(str.encode)


@given(
    st.sets(TEXT.filter(bool), max_size=40),
    TEXT,
    st.sampled_from([b"", b"/", b"a", b"//"]),
    TEXT,
    st.integers(1, 7),
)
def test_pages_together_are_the_whole_listing(
    keys: set[bytes], prefix: bytes, delimiter: bytes, after: bytes, items_max: int
) -> None:
    source = Keys(list(keys), prefix)
    position = after + b"\0" if after else b""
    items: list[bytes] = []

    for _ in range(len(keys) + 1):
        skipped = after if not items else b""
        page = walk(source.fetch, Listing(prefix, delimiter, position, skipped, items_max))
        items += sorted([row.key for row in page.rows] + page.common_prefixes)
        if page.next_position is None:
            break
        assert page.count == items_max
        position = page.next_position

    assert page.next_position is None
    assert items == listed_naively(list(keys), prefix, delimiter, after)


def test_a_prefix_that_hides_many_keys_costs_no_more_than_one() -> None:
    hidden = [b"big/%06d" % number for number in range(100_000)]
    source = Keys([b"a", *hidden, b"c/1", b"d"], b"")

    page = walk(source.fetch, Listing(b"", b"/", b"", b"", 1000))

    assert [row.key for row in page.rows] == [b"a", b"d"]
    assert page.common_prefixes == [b"big/", b"c/"]
    assert source.rows_read < 10


def test_a_page_reads_little_more_than_it_shows() -> None:
    source = Keys([b"k%06d" % number for number in range(100_000)], b"")

    walk(source.fetch, Listing(b"", b"/", b"", b"", 1000))

    assert source.rows_read < 1_300
    assert source.fetches < 16


@given(st.binary(min_size=1, max_size=50))
def test_token_leads_back_to_its_position(position: bytes) -> None:
    assert decode_token("bucket", encode_token("bucket", position)) == position


@pytest.mark.parametrize("token", ["", "x", "AAAA", "é", encode_token("other", b"a")])
def test_foreign_token_is_refused(token: str) -> None:
    with pytest.raises(errors.InvalidArgument) as refused:
        decode_token("bucket", token)

    assert refused.value.members["ArgumentName"] == "continuation-token"


async def filled(world: World, *keys: str) -> None:
    await world.bucket()
    for key in keys:
        await world.put(key, key.encode())


async def listed(world: World, **members: object) -> dict[str, Any]:
    return await world.call("ListObjectsV2", Bucket="orders", **members)


async def test_keys_are_ordered_by_their_bytes(world: World) -> None:
    await filled(world, "b", "a", "Z", "é", "😀", "\uffee", "a/b", "a b")

    assert await world.keys() == ["Z", "a", "a b", "a/b", "b", "é", "\uffee", "😀"]


async def test_object_is_listed_with_what_s3_shows(world: World) -> None:
    await filled(world, "key")

    page = await listed(world, FetchOwner=True)

    [row] = page["Contents"]
    assert row == {
        "Key": "key",
        "LastModified": world.clock.now_ms() // 1000,
        "ETag": '"3c6e0b8a9c15224a8228b9a98ca1531d"',
        "ChecksumAlgorithm": ["CRC64NVME"],
        "ChecksumType": "FULL_OBJECT",
        "Size": 3,
        "StorageClass": "STANDARD",
        "Owner": row["Owner"],
    }
    assert (page["KeyCount"], page["MaxKeys"], page["IsTruncated"]) == (1, 1000, False)
    assert page["Prefix"] == ""
    assert page.keys().isdisjoint({"CommonPrefixes", "Delimiter", "NextContinuationToken"})


async def test_owner_is_left_out_unless_fetched(world: World) -> None:
    await filled(world, "key")

    assert "Owner" not in (await listed(world))["Contents"][0]


async def test_empty_bucket_has_no_contents(world: World) -> None:
    await world.bucket()

    page = await listed(world)

    assert "Contents" not in page
    assert page["KeyCount"] == 0


async def test_delimiter_rolls_keys_up(world: World) -> None:
    await filled(world, "photos/2024/a", "photos/2024/b", "photos/index", "photos/2025/c", "x")

    page = await listed(world, Prefix="photos/", Delimiter="/")

    assert [row["Key"] for row in page["Contents"]] == ["photos/index"]
    assert page["CommonPrefixes"] == [{"Prefix": "photos/2024/"}, {"Prefix": "photos/2025/"}]
    assert page["KeyCount"] == 3
    assert page["Delimiter"] == "/"


async def test_pages_follow_their_tokens(world: World) -> None:
    await filled(world, "a/1", "a/2", "b", "c/1", "d")
    members: dict[str, object] = {"Delimiter": "/", "MaxKeys": 2}

    first = await listed(world, **members)
    second = await listed(world, ContinuationToken=first["NextContinuationToken"], **members)

    assert first["IsTruncated"]
    assert (first["CommonPrefixes"], first["Contents"][0]["Key"]) == ([{"Prefix": "a/"}], "b")
    assert (second["CommonPrefixes"], second["Contents"][0]["Key"]) == ([{"Prefix": "c/"}], "d")
    assert not second["IsTruncated"]
    assert second["ContinuationToken"] == first["NextContinuationToken"]


async def test_listing_starts_behind_start_after(world: World) -> None:
    await filled(world, "a", "b", "c/1", "c/2", "d")

    assert await world.keys(StartAfter="b") == ["c/1", "c/2", "d"]
    page = await listed(world, StartAfter="c/1", Delimiter="/")
    assert "CommonPrefixes" not in page
    assert [row["Key"] for row in page["Contents"]] == ["d"]
    assert page["StartAfter"] == "c/1"


async def test_url_encoding_covers_all_that_echoes_keys(world: World) -> None:
    await filled(world, "test_file(3).png", "a b/é", "a b/\x01")

    page = await listed(world, EncodingType="url", Prefix="a b", StartAfter="a ", Delimiter="é")

    assert page["Contents"][0]["Key"] == "a+b/%01"
    assert page["CommonPrefixes"] == [{"Prefix": "a+b/%C3%A9"}]
    assert (page["Prefix"], page["StartAfter"]) == ("a+b", "a+")
    assert (page["Delimiter"], page["EncodingType"]) == ("%C3%A9", "url")
    plain = await listed(world, EncodingType="url", Prefix="test")
    assert plain["Contents"][0]["Key"] == "test_file%283%29.png"


async def test_max_keys_is_capped_at_1000(world: World) -> None:
    await world.bucket()

    assert (await listed(world, MaxKeys=5000))["MaxKeys"] == 1000


async def test_max_keys_zero_lists_nothing(world: World) -> None:
    await filled(world, "a")

    page = await listed(world, MaxKeys=0)

    assert (page["KeyCount"], page["IsTruncated"]) == (0, False)


@pytest.mark.parametrize(
    ("members", "argument"),
    [
        ({"MaxKeys": -1}, "maxKeys"),
        ({"EncodingType": "xml"}, "encoding-type"),
        ({"ContinuationToken": ""}, "continuation-token"),
        ({"OptionalObjectAttributes": ["Weather"]}, "x-amz-optional-object-attributes"),
    ],
)
async def test_argument_that_s3_does_not_take_is_named(
    world: World, members: dict[str, object], argument: str
) -> None:
    await world.bucket()

    with pytest.raises(errors.InvalidArgument) as refused:
        await listed(world, **members)

    assert refused.value.members["ArgumentName"] == argument


async def test_restore_status_is_shown_of_archived_objects(world: World) -> None:
    await world.bucket()
    await world.put("cold", b"x", StorageClass="DEEP_ARCHIVE")
    await world.put("warm", b"x")

    page = await listed(world, OptionalObjectAttributes=["RestoreStatus"])

    cold, warm = page["Contents"]
    assert cold["RestoreStatus"] == {"IsRestoreInProgress": False}
    assert "RestoreStatus" not in warm
