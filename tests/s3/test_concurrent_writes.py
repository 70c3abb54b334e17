"""Concurrent conditional writes behave as if they came one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest
from tests.s3.conftest import stream_of

from kamome.errors import AwsError
from kamome.services.s3 import errors
from kamome.services.s3.multipart import parts
from kamome.wire import BodyStream

if TYPE_CHECKING:
    from random import Random

    from tests.s3.conftest import World

BUCKET = "orders"
WRITERS = 12


@pytest.fixture
def random() -> Random:
    from random import Random

    return Random(6)


def slow(body: bytes, pauses: int) -> BodyStream:
    """A body that lets others run before and between its pieces."""

    async def chunks() -> AsyncIterator[bytes]:
        for at in range(0, len(body), 50_000):
            for _ in range(pauses):
                await asyncio.sleep(0)
            yield body[at : at + 50_000]

    return BodyStream(chunks(), len(body))


@pytest.mark.parametrize("size", [10, 200_000], ids=["inline", "blob"])
async def test_exactly_one_of_many_creators_wins(world: World, size: int, random: Random) -> None:
    await world.bucket()
    bodies = [bytes([number]) * size for number in range(WRITERS)]

    async def create(body: bytes) -> bytes | None:
        try:
            await world.put("key", Body=slow(body, random.randrange(20)), IfNoneMatch="*")
        except errors.PreconditionFailed:
            return None
        return body

    winners = [body for body in await asyncio.gather(*map(create, bodies)) if body is not None]

    assert len(winners) == 1
    assert (await world.get("key"))["Body"] == winners[0]
    assert world.engine.one("SELECT count(*) FROM s3_body") == (1,)


async def test_counter_under_if_match_loses_no_increment(world: World, random: Random) -> None:
    await world.bucket()
    await world.put("counter", b"0")
    done: list[int] = []

    async def increment() -> None:
        for _ in range(200):
            seen = await world.get("counter")
            number = int(seen["Body"]) + 1
            body = slow(str(number).encode(), random.randrange(5))
            try:
                await world.put("counter", Body=body, IfMatch=seen["ETag"])
            except errors.PreconditionFailed:
                continue
            done.append(number)
            return
        raise AssertionError("never won")

    await asyncio.gather(*(increment() for _ in range(WRITERS)))

    assert (await world.get("counter"))["Body"] == str(WRITERS).encode()
    assert sorted(done) == list(range(1, WRITERS + 1))


async def test_every_history_of_writes_and_deletes_has_an_order(
    world: World, random: Random
) -> None:
    """Each success names the state it replaced: the chain of states has no fork and no gap."""
    await world.bucket()
    replaced: list[tuple[str, str]] = []

    async def work(writer: int) -> None:
        for step in range(10):
            try:
                present = (await world.head("key"))["ETag"]
            except errors.NoSuchKey:
                present = ""
            condition = {"IfMatch": present} if present else {"IfNoneMatch": "*"}
            body = slow(f"{writer}/{step}".encode(), random.randrange(8))
            try:
                put = await world.put("key", Body=body, **condition)
            except AwsError:
                continue
            replaced.append((present, put["ETag"]))

    await asyncio.gather(*(work(writer) for writer in range(6)))

    successor = dict(replaced)
    assert len(successor) == len(replaced), "two writes replaced the same state"
    state, length = "", 0
    while state in successor:
        state, length = successor[state], length + 1
    assert length == len(replaced)
    assert (await world.head("key"))["ETag"] == state


async def test_one_of_a_completion_and_an_abort_wins(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "PART_BYTES_MIN", 1)
    await world.bucket()
    for _ in range(10):
        begun = await world.call("CreateMultipartUpload", Bucket=BUCKET, Key="key")
        where = {"Bucket": BUCKET, "Key": "key", "UploadId": begun["UploadId"]}
        part = await world.call("UploadPart", **where, PartNumber=1, Body=stream_of(b"x"))
        named = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}

        outcomes = await asyncio.gather(
            world.call("CompleteMultipartUpload", **where, MultipartUpload=named),
            world.call("AbortMultipartUpload", **where),
            return_exceptions=True,
        )

        failures = [each for each in outcomes if isinstance(each, BaseException)]
        assert len(failures) == 1
        assert isinstance(failures[0], errors.NoSuchUpload)
    bodies = world.engine.one("SELECT count(*) FROM s3_body")
    assert bodies == world.engine.one("SELECT count(*) FROM s3_body_part")
