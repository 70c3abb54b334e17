"""The scrub: it reads every body once a month, and tells what is damaged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from kamome.services.s3.bodies.scrub import show_scrub
from kamome.wire import HttpRequest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.s3.conftest import World

DAY_MS = 86_400_000


async def report(world: World) -> dict[str, Any]:
    answer = await show_scrub(world.s3, HttpRequest("GET", "/_kamome/s3/scrub", ""))
    assert isinstance(answer.body, bytes)
    found: dict[str, Any] = json.loads(answer.body)
    return found


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes(content)


async def test_whole_objects_are_counted_once_a_month(world: World) -> None:
    await world.bucket()
    await world.bucket("second")
    for number in range(450):
        await world.put(f"key-{number}", b"x")
    await world.put("large", b"x" * 300_000)
    assert (await report(world))["finished_at_ms"] is None

    await world.clock.advance(31 * DAY_MS)

    found = await report(world)
    assert (found["versions"], found["bytes"], found["damages"]) == (451, 300_450, [])
    assert found["began_at_ms"] < found["finished_at_ms"]
    first = found["finished_at_ms"]
    await world.clock.advance(31 * DAY_MS)
    assert (await report(world))["finished_at_ms"] > first


async def test_damage_is_told_by_name(world: World) -> None:
    await world.bucket()
    await world.put("a", b"whole")
    await world.put("b", b"x" * 300_000)
    damage(world.blob_files()[0])

    await world.clock.advance(31 * DAY_MS)

    (told,) = (await report(world))["damages"]
    assert told.startswith("orders/b (version null): block 0 of blob")


async def test_large_store_is_read_in_steps(world: World) -> None:
    await world.bucket()
    for number in range(3):
        await world.put(f"key-{number}", b"x" * 17 * 1024 * 1024)

    await world.clock.advance(31 * DAY_MS)

    found = await report(world)
    assert found["versions"] == 3
    assert found["finished_at_ms"] - found["began_at_ms"] == 3_000
