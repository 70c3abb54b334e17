"""Which lines of message insights are wanted.

AWS: SES API v2 Reference, MessageInsightsFilters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from kamome.services.ses.feedback import events

if TYPE_CHECKING:
    from kamome.services.ses import shapes_v2
    from kamome.services.ses.feedback.event_store import MailEvent

# Later ones count for more.
_DELIVERY_ORDER = ("SEND", "BOUNCE", "DELIVERY", "COMPLAINT")
_DELIVERY = {
    events.SEND: "SEND",
    events.DELIVERY: "DELIVERY",
    events.COMPLAINT: "COMPLAINT",
}
_ENGAGEMENT = {events.OPEN: "OPEN", events.CLICK: "CLICK"}
_ESCAPED = re.compile(r"\\([*\\])")
_OPEN_END = re.compile(r"(?:[^\\]|^)(?:\\\\)*\*$")


class Insight(msgspec.Struct, frozen=True):
    """One recipient of one mail; the two last events are empty where there was none."""

    message_id: str
    sent_at_ms: int
    from_address: str
    destination: str
    subject: str
    last_delivery_event: str
    last_engagement_event: str


def last_delivery_event(happened: Sequence[MailEvent]) -> str:
    """The weightiest delivery event: a complaint over a delivery over a bounce over a send.

    AWS: SES API v2 Reference, MessageInsightsFilters (LastDeliveryEvent).
    """
    found = [name for event in happened if (name := _delivery_name(event))]
    order = [_DELIVERY_ORDER.index(name.rpartition("_")[2]) for name in found]
    return found[order.index(max(order))] if found else ""


def last_engagement_event(happened: Sequence[MailEvent]) -> str:
    """A click over an open.

    AWS: SES API v2 Reference, MessageInsightsFilters (LastEngagementEvent).
    """
    return max(
        (_ENGAGEMENT[event.type] for event in happened if event.type in _ENGAGEMENT),
        key=("OPEN", "CLICK").index,
        default="",
    )


def is_wanted(insight: Insight, source: shapes_v2.MessageInsightsDataSource) -> bool:
    """Whether a line is included and not excluded. No filters include all, and exclude nothing.

    AWS: SES API v2 Reference, MessageInsightsDataSource.
    """
    include, exclude = source.get("Include", {}), source.get("Exclude", {})
    return _matches(insight, include) and not (exclude and _matches(insight, exclude))


def _matches(insight: Insight, filters: shapes_v2.MessageInsightsFilters) -> bool:
    """Filters are joined by AND, the values of one by OR."""
    texts = (
        (insight.from_address, filters.get("FromEmailAddress")),
        (insight.destination, filters.get("Destination")),
        (insight.subject, filters.get("Subject")),
    )
    if any(wanted and not any(_is_like(t, each) for each in wanted) for t, wanted in texts):
        return False
    words = (
        (insight.last_delivery_event, filters.get("LastDeliveryEvent")),
        (insight.last_engagement_event, filters.get("LastEngagementEvent")),
    )
    return all(not wanted or word in wanted for word, wanted in words)


def _is_like(text: str, pattern: str) -> bool:
    """A `*` at an end leaves it open; `\\*` and `\\\\` are the characters themselves."""
    ends_open = _OPEN_END.search(pattern) is not None
    begins_open = pattern.startswith("*") and not (ends_open and len(pattern) == 1)
    middle = pattern[1 if begins_open else 0 : -1 if ends_open else None]
    wanted = _ESCAPED.sub(r"\1", middle)
    if begins_open and ends_open:
        return wanted in text
    if begins_open:
        return text.endswith(wanted)
    return text.startswith(wanted) if ends_open else text == wanted


def _delivery_name(event: MailEvent) -> str:
    if event.type == events.BOUNCE:
        return f"{str(event.detail['bounceType']).upper()}_BOUNCE"
    return _DELIVERY.get(event.type, "")
