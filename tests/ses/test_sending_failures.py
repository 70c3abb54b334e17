"""A send that fails on its way leaves nothing: no mail, no count, no file, no journey."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ses.conftest import World

from tests.ses.conftest import Crash

LARGE = b"From: news@example.com\nTo: a@example.net\n\n" + b"line\n" * 60_000


def small() -> dict[str, Any]:
    return {
        "Source": "news@example.com",
        "Destination": {"ToAddresses": ["a@example.net"]},
        "Message": {"Subject": {"Data": "hi"}, "Body": {"Text": {"Data": "hello"}}},
        "ConfigurationSetName": "set",
    }


@pytest.fixture
async def verified(world: World) -> World:
    await world.call("VerifyDomainIdentity", Domain="example.com")
    await world.call_v2("CreateConfigurationSet", ConfigurationSetName="set")
    await world.call_v2(
        "CreateConfigurationSetEventDestination",
        ConfigurationSetName="set",
        EventDestinationName="all",
        EventDestination={
            "Enabled": True,
            "MatchingEventTypes": ["SEND"],
            "SnsDestination": {"TopicArn": "arn:aws:sns:us-east-1:000000000000:news"},
        },
    )
    return world


def rows(world: World) -> list[object]:
    """How many rows each table has that a send writes to."""
    tables = ("ses_sent", "ses_sent_content", "ses_send_count", "ses_send_rate", "effect", "blob")
    return [world.engine.one(f"SELECT count(*) FROM {table}") for table in tables]


async def test_every_write_that_fails_undoes_the_send(verified: World) -> None:
    before = rows(verified)

    for number in range(1, 100):
        verified.neighbours.calls, verified.neighbours.crash_at = 0, number
        try:
            await verified.call("SendEmail", **small())
        except Crash:
            assert rows(verified) == before
            continue
        break

    assert number > 2
    assert rows(verified) != before


async def test_large_mail_that_is_refused_leaves_no_file(verified: World, tmp_path: Path) -> None:
    await verified.call("SendRawEmail", RawMessage={"Data": LARGE})
    await verified.engine.durable()
    kept = [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]

    verified.neighbours.is_spool_broken = True
    with pytest.raises(Crash):
        await verified.call("SendRawEmail", RawMessage={"Data": LARGE})

    files = [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]
    assert files == kept
