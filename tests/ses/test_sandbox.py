"""The sandbox: verified recipients, 200 a day, one a second."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from kamome.services.ses.slice import SesSettings

if TYPE_CHECKING:
    from tests.ses.conftest import World


@pytest.fixture
def settings() -> SesSettings:
    return SesSettings(is_sandboxed=True)


@pytest.fixture
async def verified(world: World) -> World:
    await world.call("VerifyDomainIdentity", Domain="example.com")
    return world


def mail(*recipients: str) -> dict[str, Any]:
    return {
        "Source": "news@example.com",
        "Destination": {"ToAddresses": list(recipients)},
        "Message": {"Subject": {"Data": "hi"}, "Body": {"Text": {"Data": "hello"}}},
    }


async def test_recipients_must_be_verified_too(verified: World) -> None:
    error = await verified.refused("SendEmail", **mail("a@example.com", "a@example.net"))

    assert error.message.endswith("in region US-EAST-1: a@example.net")


async def test_simulator_needs_no_verification_and_no_quota(verified: World) -> None:
    await verified.call("SendEmail", **mail("success+1@simulator.amazonses.com"))

    assert await verified.call("GetSendQuota") == {
        "Max24HourSend": 200.0,
        "MaxSendRate": 1.0,
        "SentLast24Hours": 0.0,
    }


async def test_one_mail_a_second(verified: World) -> None:
    await verified.call("SendEmail", **mail("a@example.com"))
    error = await verified.refused("SendEmail", **mail("a@example.com"))
    await verified.clock.advance(1_000)

    assert (error.code, error.message) == ("Throttling", "Maximum sending rate exceeded.")
    assert await verified.call("SendEmail", **mail("a@example.com"))


async def test_two_hundred_recipients_in_24_hours(verified: World) -> None:
    fifty = [f"r{number}@example.com" for number in range(50)]
    for _ in range(4):
        await verified.call("SendEmail", **mail(*fifty))
        await verified.clock.advance(1_000)

    error = await verified.refused("SendEmail", **mail("a@example.com"))
    counted = await verified.call("GetSendQuota")
    await verified.clock.advance(24 * 3_600_000)

    assert (error.code, error.message) == ("Throttling", "Daily message quota exceeded.")
    assert counted["SentLast24Hours"] == 200.0
    assert await verified.call("SendEmail", **mail("a@example.com"))
