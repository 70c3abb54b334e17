"""Metrics of sending by day. AWS: SES API v2 Reference, BatchGetMetricData."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.ses.feedback.conftest import outcome_of

from kamome.services.ses.feedback import events
from kamome.services.ses.feedback.event_publishing import publish
from kamome.services.ses.feedback.events import Visit

if TYPE_CHECKING:
    from tests.ses.feedback.conftest import Sender

    from kamome.services.ses.sending.sent_mails import SentMail

DAY_MS = 24 * 3600_000


def query(sender: Sender, metric: str, **changes: object) -> dict[str, Any]:
    """A metric from a week ago until now."""
    now_s = sender.world.ses.clock.now_ms() / 1000
    dates = {"StartDate": now_s - 7 * 24 * 3600, "EndDate": now_s}
    return {"Id": metric.lower(), "Namespace": "VDM", "Metric": metric, **dates, **changes}


async def sums(sender: Sender, *queries: dict[str, Any]) -> list[int]:
    answer = await sender.v2("BatchGetMetricData", Queries=list(queries))
    assert answer["Errors"] == []
    return [sum(result["Values"]) for result in answer["Results"]]


async def visited(sender: Sender, sent: SentMail) -> None:
    visit = Visit("192.0.2.1", "Mozilla/5.0", sender.world.ses.clock.now_ms())
    with sender.world.engine.atomic():
        publish(sender.world.ses, sent, events.opened(sent, visit))


async def test_metrics_count_what_became_of_mails(sender: Sender) -> None:
    delivered = await sender.send("a@example.net", trackers=("OPEN",))
    await sender.outcome(outcome_of(delivered, "delivered", 250, "2.0.0", "ok"))
    for _ in range(2):
        await visited(sender, delivered)
    bounced = await sender.send("b@example.net")
    await sender.outcome(outcome_of(bounced, "bounced", 550, "5.1.1", "no such user"))
    full = await sender.send("c@example.net")
    await sender.outcome(outcome_of(full, "bounced", 552, "5.2.2", "full"))

    asked = ["SEND", "DELIVERY", "PERMANENT_BOUNCE", "TRANSIENT_BOUNCE", "OPEN", "CLICK"]
    asked += ["DELIVERY_OPEN", "DELIVERY_CLICK", "COMPLAINT"]
    counted = await sums(sender, *(query(sender, metric) for metric in asked))

    assert dict(zip(asked, counted, strict=True)) == {
        "SEND": 3,
        "DELIVERY": 1,
        "PERMANENT_BOUNCE": 1,
        "TRANSIENT_BOUNCE": 1,
        "OPEN": 1,
        "CLICK": 0,
        "DELIVERY_OPEN": 1,
        "DELIVERY_CLICK": 0,
        "COMPLAINT": 0,
    }


async def test_days_come_in_order_with_their_sums(sender: Sender) -> None:
    clock = sender.world.ses.clock
    first_ms = clock.now_ms() - clock.now_ms() % DAY_MS
    for days in (0, 0, 2):
        await clock.advance(days * DAY_MS)
        await sender.send("a@example.net")

    answer = await sender.v2("BatchGetMetricData", Queries=[query(sender, "SEND")])

    assert answer["Results"] == [
        {
            "Id": "send",
            "Timestamps": [first_ms / 1000, (first_ms + 2 * DAY_MS) / 1000],
            "Values": [2, 1],
        }
    ]


@pytest.mark.parametrize(
    ("dimensions", "count"),
    [
        ({"EMAIL_IDENTITY": "example.com"}, 2),
        ({"EMAIL_IDENTITY": "arn:aws:ses:us-east-1:000000000000:identity/example.com"}, 2),
        ({"EMAIL_IDENTITY": "example.org"}, 0),
        ({"CONFIGURATION_SET": "set"}, 1),
        ({"CONFIGURATION_SET": "*", "ISP": "*"}, 2),
        ({"EMAIL_IDENTITY": "example.com", "CONFIGURATION_SET": "other"}, 0),
    ],
)
async def test_dimensions_say_which_mails_are_counted(
    sender: Sender, dimensions: dict[str, str], count: int
) -> None:
    await sender.destination("SEND")
    await sender.send("a@example.net", configuration_set="set")
    await sender.send("b@example.net")

    assert await sums(sender, query(sender, "SEND", Dimensions=dimensions)) == [count]


async def test_mails_to_the_simulator_or_to_several_are_not_counted(sender: Sender) -> None:
    await sender.send("complaint@simulator.amazonses.com")
    await sender.send("a@example.net", "b@example.net")

    asked = [query(sender, metric) for metric in ("SEND", "DELIVERY", "COMPLAINT")]
    assert await sums(sender, *asked) == [0, 0, 0]


async def test_what_the_suppression_list_says_is_no_bounce(sender: Sender) -> None:
    await sender.v2("PutSuppressedDestination", EmailAddress="a@example.net", Reason="BOUNCE")
    await sender.v2("PutSuppressedDestination", EmailAddress="b@example.net", Reason="COMPLAINT")
    for address in ("a@example.net", "b@example.net"):
        await sender.send(address)

    asked = [query(sender, metric) for metric in ("SEND", "PERMANENT_BOUNCE", "COMPLAINT")]
    assert await sums(sender, *asked) == [2, 0, 0]


@pytest.mark.parametrize(
    "changes",
    [
        {"EndDate": 0},
        {"Dimensions": {"ISP": "Example Mail"}},
        {"Dimensions": {"TENANT_NAME": "one"}},
    ],
)
async def test_a_question_that_cannot_be_answered_is_refused(
    sender: Sender, changes: dict[str, object]
) -> None:
    asked = query(sender, "SEND", **changes)

    refusal = await sender.refused("v2", "BatchGetMetricData", Queries=[asked])

    assert refusal.code == "BadRequestException"


async def test_ids_of_queries_are_unique(sender: Sender) -> None:
    asked = query(sender, "SEND")

    refusal = await sender.refused("v2", "BatchGetMetricData", Queries=[asked, asked])

    assert refusal.code == "BadRequestException"
