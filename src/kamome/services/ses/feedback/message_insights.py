"""What happened to one mail, by recipient. AWS: SES API v2 Reference, GetMessageInsights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from kamome.context import RequestContext
from kamome.services.ses.errors_v2 import NotFoundException
from kamome.services.ses.feedback import events
from kamome.services.ses.feedback.event_publishing import MATCHING_TYPES
from kamome.services.ses.feedback.event_store import EventStore, MailEvent
from kamome.services.ses.sending.sent_mails import find_sent
from kamome.services.ses.slice import Ses

if TYPE_CHECKING:
    from kamome.services.ses import shapes_v2


async def get_message_insights(
    ses: Ses, ctx: RequestContext, request: shapes_v2.GetMessageInsightsRequest
) -> shapes_v2.GetMessageInsightsResult:
    """The events of a mail by recipient, for as long as the mail is kept.

    `Isp` is left out: nothing here judges whose a domain is. At AWS it needs the Virtual
    Deliverability Manager; here it is always on.

    Raises:
        NotFoundException: the account has sent no such mail, or it is no longer kept.

    AWS: SES API v2 Reference, GetMessageInsights.
    """
    sent = find_sent(ses, request["MessageId"])
    if sent is None or (sent.account, sent.region) != (ctx.account, ctx.region):
        raise NotFoundException(f"Message <{request['MessageId']}> does not exist.")
    by_recipient: dict[str, list[shapes_v2.InsightsEvent]] = {a: [] for a in sent.destinations}
    for event in EventStore(ses.store.engine).events(sent.message_id):
        by_recipient.setdefault(event.recipient, []).append(_described(event))
    answer: shapes_v2.GetMessageInsightsResult = {
        "MessageId": sent.message_id,
        "FromEmailAddress": sent.source,
        "EmailTags": [
            {"Name": name, "Value": value} for name, values in sent.tags.items() for value in values
        ],
        "Insights": [
            {"Destination": recipient, "Events": happened}
            for recipient, happened in by_recipient.items()
        ],
    }
    if sent.subject:
        answer["Subject"] = sent.subject
    return answer


def _described(event: MailEvent) -> shapes_v2.InsightsEvent:
    shown: shapes_v2.InsightsEvent = {
        "Timestamp": event.at_ms / 1000,
        "Type": MATCHING_TYPES[event.type],
    }
    if event.type == events.BOUNCE:
        shown["Details"] = {"Bounce": _bounce(event)}
    elif event.type == events.COMPLAINT:
        complaint: shapes_v2.Complaint = {}
        if event.detail.get("complaintSubType"):
            complaint["ComplaintSubType"] = str(event.detail["complaintSubType"])
        if event.detail.get("complaintFeedbackType"):
            complaint["ComplaintFeedbackType"] = str(event.detail["complaintFeedbackType"])
        shown["Details"] = {"Complaint": complaint}
    return shown


def _bounce(event: MailEvent) -> shapes_v2.Bounce:
    shown: shapes_v2.Bounce = {
        "BounceType": str(event.detail["bounceType"]).upper(),
        "BounceSubType": str(event.detail["bounceSubType"]),
    }
    for recipient in cast("list[Mapping[str, str]]", event.detail["bouncedRecipients"]):
        if recipient["emailAddress"] == event.recipient and "diagnosticCode" in recipient:
            shown["DiagnosticCode"] = recipient["diagnosticCode"]
    return shown
