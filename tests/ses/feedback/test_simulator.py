"""The mailbox simulator. AWS: SES Developer Guide, Using the mailbox simulator manually."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kamome.services.ses.feedback.event_store import EventStore
from kamome.services.ses.feedback.suppression import store_of

if TYPE_CHECKING:
    from tests.ses.feedback.conftest import Sender

AT = "simulator.amazonses.com"


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("success", ["Send", "Delivery"]),
        ("bounce", ["Send", "Bounce"]),
        ("bounce+label", ["Send", "Bounce"]),
        ("BOUNCE", ["Send", "Bounce"]),
        ("ooto", ["Send", "Delivery", "Bounce"]),
        ("complaint", ["Send", "Delivery", "Complaint"]),
        ("suppressionlist", ["Send", "Bounce"]),
    ],
)
async def test_each_address_brings_its_events(
    sender: Sender, local: str, expected: list[str]
) -> None:
    sent = await sender.send(f"{local}@{AT}")

    assert [event.type for event in sender.remembered(sent)] == expected


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("bounce", ("Permanent", "General", "smtp; 550 5.1.1 user unknown")),
        ("ooto", ("Transient", "General", None)),
    ],
)
async def test_bounce_tells_its_kind(
    sender: Sender, local: str, expected: tuple[str, str, str | None]
) -> None:
    await sender.destination("BOUNCE")

    await sender.send(f"{local}@{AT}", configuration_set="set")

    bounce = sender.told()[0]["bounce"]
    recipient = bounce["bouncedRecipients"][0]
    told = (bounce["bounceType"], bounce["bounceSubType"], recipient.get("diagnosticCode"))
    assert told == expected


async def test_bounce_of_the_suppression_list_says_so(sender: Sender) -> None:
    await sender.destination("BOUNCE")

    await sender.send(f"suppressionlist@{AT}", configuration_set="set")

    assert sender.told()[0]["bounce"]["bounceSubType"] == "Suppressed"


async def test_bounces_of_one_mail_are_combined(sender: Sender) -> None:
    await sender.destination("BOUNCE")

    await sender.send(f"bounce+1@{AT}", f"bounce+2@{AT}", configuration_set="set")

    bounces = [message["bounce"] for message in sender.told()]
    addresses = [recipient["emailAddress"] for recipient in bounces[0]["bouncedRecipients"]]
    assert len(bounces) == 1
    assert addresses == [f"bounce+1@{AT}", f"bounce+2@{AT}"]


async def test_complaint_carries_a_report(sender: Sender) -> None:
    await sender.destination("COMPLAINT")

    await sender.send(f"complaint@{AT}", configuration_set="set")

    complaint = sender.told()[0]["complaint"]
    assert complaint["complaintFeedbackType"] == "abuse"
    assert complaint["complainedRecipients"] == [{"emailAddress": f"complaint@{AT}"}]


async def test_nothing_for_the_simulator_leaves(sender: Sender) -> None:
    await sender.send(f"success@{AT}", "to@example.net")

    assert [mail.recipients for mail, _ in sender.spool.mails] == [("to@example.net",)]


async def test_its_bounces_neither_suppress_nor_count(sender: Sender) -> None:
    await sender.send(f"bounce@{AT}", f"complaint@{AT}")

    statistics = EventStore(sender.world.engine).statistics(sender.owner, 0)[0]
    assert store_of(sender.world.ses).find(sender.owner, f"bounce@{AT}") is None
    assert (statistics.delivery_attempts, statistics.bounces, statistics.complaints) == (2, 0, 0)


async def test_an_unknown_address_of_the_simulator_bounces(sender: Sender) -> None:
    sent = await sender.send(f"nobody@{AT}")

    assert [event.type for event in sender.remembered(sent)] == ["Send", "Bounce"]
    assert [mail.recipients for mail, _ in sender.spool.mails] == [("sender@example.com",)]
