"""CloudWatch's metrics of sending events: their names, and the dimensions of one event.

AWS: SES Developer Guide, Set up a CloudWatch event destination for event publishing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from kamome.services.ses.feedback import events

if TYPE_CHECKING:
    from kamome.services.ses.feedback.events import Event
    from kamome.services.ses.sending.sent_mails import SentMail
    from kamome.services.ses.shapes_v2 import CloudWatchDestination

METRICS: Mapping[str, str] = {
    events.SEND: "Send",
    events.REJECT: "Reject",
    events.BOUNCE: "Bounce",
    events.COMPLAINT: "Complaint",
    events.DELIVERY: "Delivery",
    events.OPEN: "Open",
    events.CLICK: "Click",
    events.RENDERING_FAILURE: "RenderingFailure",
    events.DELIVERY_DELAY: "DeliveryDelay",
    events.SUBSCRIPTION: "Subscription",
}
# AWS: SES API v2 Reference, CloudWatchDimensionConfiguration: at most 256 characters.
_VALUE_CHARACTERS_MAX = 256
_HEADER_VALUE = re.compile(r"[A-Za-z0-9_@.-]*")


def dimensions_of(
    destination: CloudWatchDestination, sent: SentMail, event: Event
) -> dict[str, str] | None:
    """Name and value of each dimension: a tag of the mail or the link, or a header, or the default.

    None where a header has a value that CloudWatch does not take: the event is not counted.

    AWS: SES API v2 Reference, CloudWatchDimensionConfiguration; SES Developer Guide, Choosing
    CloudWatch dimensions (Dimension value source).
    """
    found: dict[str, str] = {}
    for dimension in destination["DimensionConfigurations"]:
        name = dimension["DimensionName"]
        source = dimension["DimensionValueSource"]
        value = _value(source, name, sent, event)
        if source == "EMAIL_HEADER" and not _HEADER_VALUE.fullmatch(value):
            return None
        found[name] = (value or dimension["DefaultDimensionValue"])[:_VALUE_CHARACTERS_MAX]
    return found


def _value(source: str, name: str, sent: SentMail, event: Event) -> str:
    if source == "EMAIL_HEADER":
        values = [header.value for header in sent.headers if header.name.lower() == name.lower()]
    elif source == "LINK_TAG":
        tags = event.detail.get("linkTags")
        values = list(tags.get(name, ())) if isinstance(tags, Mapping) else []
    else:
        values = sent.tags.get(name, [])
    return values[0] if values else ""
