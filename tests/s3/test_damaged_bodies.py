"""Files of bodies that are damaged, cut short or gone: an error, never wrong bytes."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, cast

import pytest

from kamome.services.s3 import errors

if TYPE_CHECKING:
    from pathlib import Path

    from tests.s3.conftest import World


def patterned(size: int) -> bytes:
    return b"".join(hashlib.sha256(str(n).encode()).digest() for n in range(size // 32 + 1))[:size]


async def test_damaged_blob_gives_an_error_and_no_wrong_byte(world: World) -> None:
    await world.bucket()
    body = patterned(1_900_000)
    await world.put("key", body)
    damage(world.blob_files()[0], at=1_600_000)

    got = await world.call("GetObject", Bucket="orders", Key="key")
    received = b""
    with pytest.raises(errors.InternalError):
        async for piece in cast("AsyncIterator[bytes]", got["Body"]):
            received += piece

    assert body.startswith(received)
    assert 0 < len(received) <= 1_600_000


async def test_damage_near_the_beginning_is_told_before_the_answer(world: World) -> None:
    await world.bucket()
    await world.put("key", patterned(900_000))
    damage(world.blob_files()[0], at=400_000)

    with pytest.raises(errors.InternalError):
        await world.call("GetObject", Bucket="orders", Key="key")


async def test_range_with_a_damaged_byte_gives_an_error(world: World) -> None:
    await world.bucket()
    await world.put("key", patterned(900_000))
    damage(world.blob_files()[0], at=600_000)

    with pytest.raises(errors.InternalError):
        await world.get("key", Range="bytes=599990-600010")


async def test_range_beside_the_damage_is_still_given(world: World) -> None:
    await world.bucket()
    body = patterned(900_000)
    await world.put("key", body)
    damage(world.blob_files()[0], at=600_000)

    assert (await world.get("key", Range="bytes=10-20"))["Body"] == body[10:21]


@pytest.mark.parametrize("left", [0, 300_000])
async def test_shortened_blob_gives_an_error(world: World, left: int) -> None:
    await world.bucket()
    body = patterned(400_000)
    await world.put("key", body)
    path = world.blob_files()[0]
    path.write_bytes(body[:left])

    with pytest.raises(errors.InternalError):
        await world.get("key")


async def test_missing_blob_is_told_before_the_answer_begins(world: World) -> None:
    await world.bucket()
    await world.put("key", patterned(400_000))
    world.blob_files()[0].unlink()

    with pytest.raises(errors.InternalError):
        await world.call("GetObject", Bucket="orders", Key="key")


def damage(path: Path, *, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)
