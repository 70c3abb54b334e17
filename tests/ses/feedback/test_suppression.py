"""The suppression list. AWS: SES Developer Guide, account-level suppression list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.ses.feedback.conftest import outcome_of

if TYPE_CHECKING:
    from tests.ses.feedback.conftest import Sender


async def listed(sender: Sender) -> list[Any]:
    answer = await sender.v2("ListSuppressedDestinations")
    found: list[Any] = answer["SuppressedDestinationSummaries"]
    return found


async def test_hard_bounce_puts_the_address_on_the_list(sender: Sender) -> None:
    sent = await sender.send("Gone@example.net")

    await sender.outcome(outcome_of(sent, "bounced", 550, "5.1.1", "user unknown"))

    entry = (await sender.v2("GetSuppressedDestination", EmailAddress="gone@example.net"))[
        "SuppressedDestination"
    ]
    assert (entry["EmailAddress"], entry["Reason"]) == ("gone@example.net", "BOUNCE")
    assert entry["Attributes"]["MessageId"] == sent.message_id


@pytest.mark.parametrize(
    ("kind", "code", "enhanced"),
    [("bounced", 554, "5.7.1"), ("expired", 451, "4.3.0"), ("expired", 550, "5.1.1")],
    ids=["content", "gave up", "gave up after a no"],
)
async def test_soft_bounce_does_not(sender: Sender, kind: str, code: int, enhanced: str) -> None:
    sent = await sender.send("to@example.net")

    await sender.outcome(outcome_of(sent, kind, code, enhanced, "no"))

    assert not await listed(sender)


async def test_a_suppressed_recipient_gets_nothing_and_bounces(sender: Sender) -> None:
    await sender.destination("BOUNCE")
    await sender.v2("PutSuppressedDestination", EmailAddress="gone@example.net", Reason="BOUNCE")

    await sender.send("Gone@example.net", "to@example.net", configuration_set="set")

    assert sender.told()[0]["bounce"]["bounceSubType"] == "OnAccountSuppressionList"
    leaving = [mail.recipients for mail, _ in sender.spool.mails if mail.reverse_path]
    assert leaving == [("to@example.net",)]


async def test_one_who_has_complained_brings_a_complaint(sender: Sender) -> None:
    await sender.destination("COMPLAINT")
    await sender.v2("PutSuppressedDestination", EmailAddress="a@example.net", Reason="COMPLAINT")

    await sender.send("a@example.net", configuration_set="set")

    assert sender.told()[0]["complaint"]["complaintSubType"] == "OnAccountSuppressionList"


async def test_a_sets_own_reasons_stand_in_place_of_the_accounts(sender: Sender) -> None:
    await sender.v2("CreateConfigurationSet", ConfigurationSetName="set")
    await sender.v2(
        "PutConfigurationSetSuppressionOptions",
        ConfigurationSetName="set",
        SuppressedReasons=["COMPLAINT"],
    )
    await sender.v2("PutSuppressedDestination", EmailAddress="a@example.net", Reason="BOUNCE")

    await sender.send("a@example.net", configuration_set="set")

    assert sender.spool.mails[0][0].recipients == ("a@example.net",)


async def test_an_empty_list_of_reasons_suppresses_nothing(sender: Sender) -> None:
    await sender.v2("PutAccountSuppressionAttributes", SuppressedReasons=[])
    sent = await sender.send("a@example.net")

    await sender.outcome(outcome_of(sent, "bounced", 550, "5.1.1", "user unknown"))

    assert not await listed(sender)


async def test_the_list_is_paged_and_filtered(sender: Sender) -> None:
    for name, reason in (("a", "BOUNCE"), ("b", "COMPLAINT"), ("c", "BOUNCE")):
        await sender.v2(
            "PutSuppressedDestination", EmailAddress=f"{name}@example.net", Reason=reason
        )

    first = await sender.v2("ListSuppressedDestinations", PageSize=1, Reasons=["BOUNCE"])
    second = await sender.v2(
        "ListSuppressedDestinations", NextToken=first["NextToken"], Reasons=["BOUNCE"]
    )

    addresses = [
        [entry["EmailAddress"] for entry in page["SuppressedDestinationSummaries"]]
        for page in (first, second)
    ]
    assert addresses == [["a@example.net"], ["c@example.net"]]
    assert "NextToken" not in second


async def test_the_list_can_be_asked_for_days(sender: Sender) -> None:
    await sender.v2("PutSuppressedDestination", EmailAddress="a@example.net", Reason="BOUNCE")
    now = sender.world.clock.now_ms() / 1000

    later = await sender.v2("ListSuppressedDestinations", StartDate=now + 1)
    earlier = await sender.v2("ListSuppressedDestinations", EndDate=now - 1)

    assert not later["SuppressedDestinationSummaries"]
    assert not earlier["SuppressedDestinationSummaries"]


async def test_who_is_taken_off_gets_mails_again(sender: Sender) -> None:
    await sender.v2("PutSuppressedDestination", EmailAddress="a@example.net", Reason="BOUNCE")

    await sender.v2("DeleteSuppressedDestination", EmailAddress="A@example.net")

    await sender.send("a@example.net")
    assert sender.spool.mails[0][0].recipients == ("a@example.net",)


async def test_who_is_not_on_the_list_is_not_found(sender: Sender) -> None:
    for operation in ("GetSuppressedDestination", "DeleteSuppressedDestination"):
        refusal = await sender.refused("v2", operation, EmailAddress="a@example.net")
        assert (refusal.code, refusal.status) == ("NotFoundException", 404)


async def test_what_is_no_address_is_refused(sender: Sender) -> None:
    refusal = await sender.refused(
        "v2", "PutSuppressedDestination", EmailAddress="a b", Reason="BOUNCE"
    )

    assert refusal.code == "BadRequestException"
