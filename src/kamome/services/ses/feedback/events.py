"""Sending events as SES publishes them: to event destinations, and as identity notifications.

An `Event` is what happened to one mail, with the object that AWS's JSON has for it. The two records
differ: event destinations see tags and headers; an identity's topic sees `notificationType`, the
caller, and headers only where they were asked for.

AWS: SES Developer Guide, Contents of event data that Amazon SES publishes to Amazon SNS; Amazon SNS
notification contents for Amazon SES.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from kamome.services.ses.receiving.notifications import timestamp

if TYPE_CHECKING:
    from kamome.ids import Ids
    from kamome.services.ses.feedback.bounce_types import BounceType
    from kamome.services.ses.sending.sent_mails import SentMail

SEND = "Send"
DELIVERY = "Delivery"
BOUNCE = "Bounce"
COMPLAINT = "Complaint"
REJECT = "Reject"
RENDERING_FAILURE = "Rendering Failure"
DELIVERY_DELAY = "DeliveryDelay"
OPEN = "Open"
CLICK = "Click"
SUBSCRIPTION = "Subscription"

# `eventType`, and the member that holds what is particular to it.
MEMBERS: Mapping[str, str] = {
    SEND: "send",
    DELIVERY: "delivery",
    BOUNCE: "bounce",
    COMPLAINT: "complaint",
    REJECT: "reject",
    RENDERING_FAILURE: "failure",
    DELIVERY_DELAY: "deliveryDelay",
    OPEN: "open",
    CLICK: "click",
    SUBSCRIPTION: "subscription",
}
# What identities can be notified of.
NOTIFIED = frozenset({BOUNCE, COMPLAINT, DELIVERY})
# The events that have `headers` and `commonHeaders` in AWS's examples.
_WITHOUT_HEADERS = frozenset({RENDERING_FAILURE, DELIVERY_DELAY})


class Event(msgspec.Struct, frozen=True):
    """What happened to a mail. `detail` is the object under AWS's names."""

    type: str
    at_ms: int
    recipients: tuple[str, ...]
    detail: Mapping[str, object]
    feedback_id: str = ""


class BouncedRecipient(msgspec.Struct, frozen=True):
    """A recipient of a bounce; all but the address are empty where there was no DSN."""

    address: str
    action: str = ""
    status: str = ""
    diagnostic_code: str = ""

    def described(self) -> dict[str, object]:
        """The element of `bouncedRecipients`."""
        optional = {
            "action": self.action,
            "status": self.status,
            "diagnosticCode": self.diagnostic_code,
        }
        return {"emailAddress": self.address, **{k: v for k, v in optional.items() if v}}


class Report(msgspec.Struct, frozen=True):
    """What a feedback report says of a complaint. RFC 5965 §3.1, §3.2."""

    feedback_type: str = ""
    user_agent: str = ""
    arrived_at_ms: int | None = None


class Visit(msgspec.Struct, frozen=True):
    """A recipient's client that fetched the pixel or followed a link."""

    ip_address: str
    user_agent: str
    at_ms: int


def feedback_id(ids: Ids, now_ms: int) -> str:
    """A new id of a bounce or complaint, in the form of AWS's."""
    return f"0100{now_ms:012x}-{ids.uuid()}-000000"


def send(sent: SentMail) -> Event:
    """The request was taken, and delivery will be attempted."""
    return Event(SEND, sent.sent_at_ms, sent.destinations, {})


def delivery(
    sent: SentMail,
    recipients: Sequence[str],
    at_ms: int,
    *,
    smtp_response: str,
    reporting_mta: str,
    remote_mta_ip: str = "",
) -> Event:
    """The recipient's server has taken the mail."""
    detail: dict[str, object] = {
        "timestamp": timestamp(at_ms),
        "processingTimeMillis": max(0, at_ms - sent.sent_at_ms),
        "recipients": list(recipients),
        "smtpResponse": smtp_response,
        "reportingMTA": reporting_mta,
    }
    if remote_mta_ip:
        detail["remoteMtaIp"] = remote_mta_ip
    return Event(DELIVERY, at_ms, tuple(recipients), detail)


def bounce(
    kind: BounceType,
    recipients: Sequence[BouncedRecipient],
    at_ms: int,
    *,
    feedback_id: str,
    reporting_mta: str = "",
    remote_mta_ip: str = "",
) -> Event:
    """The mail was refused, or is tried no more.

    `reporting_mta` is there only with a DSN, `remote_mta_ip` only where a server was reached.
    """
    detail: dict[str, object] = {
        "feedbackId": feedback_id,
        "bounceType": kind.type,
        "bounceSubType": kind.sub_type,
        "bouncedRecipients": [recipient.described() for recipient in recipients],
        "timestamp": timestamp(at_ms),
    }
    if remote_mta_ip:
        detail["remoteMtaIp"] = remote_mta_ip
    if reporting_mta:
        detail["reportingMTA"] = reporting_mta
    addresses = tuple(recipient.address for recipient in recipients)
    return Event(BOUNCE, at_ms, addresses, detail, feedback_id)


def complaint(
    recipients: Sequence[str],
    at_ms: int,
    *,
    feedback_id: str,
    report: Report | None = None,
    sub_type: str | None = None,
) -> Event:
    """A recipient has called the mail unwanted. Without a report its three members are absent."""
    detail: dict[str, object] = {
        "feedbackId": feedback_id,
        "complaintSubType": sub_type,
        "complainedRecipients": [{"emailAddress": address} for address in recipients],
        "timestamp": timestamp(at_ms),
    }
    if report is not None:
        if report.user_agent:
            detail["userAgent"] = report.user_agent
        if report.feedback_type:
            detail["complaintFeedbackType"] = report.feedback_type
        if report.arrived_at_ms is not None:
            detail["arrivalDate"] = timestamp(report.arrived_at_ms)
    return Event(COMPLAINT, at_ms, tuple(recipients), detail, feedback_id)


def reject(sent: SentMail, at_ms: int) -> Event:
    """A virus was found; `Bad content` is the only reason that AWS knows."""
    return Event(REJECT, at_ms, sent.destinations, {"reason": "Bad content"})


def rendering_failure(
    sent: SentMail, at_ms: int, *, template_name: str, error_message: str
) -> Event:
    """A template could not be rendered with the data that came for it."""
    detail = {"templateName": template_name, "errorMessage": error_message}
    return Event(RENDERING_FAILURE, at_ms, sent.destinations, detail)


def delivery_delay(
    recipient: BouncedRecipient,
    at_ms: int,
    *,
    delay_type: str,
    expires_at_ms: int,
    reporting_mta: str = "",
) -> Event:
    """A first or later attempt has failed, and the mail is tried again until `expires_at_ms`."""
    delayed = recipient.described()
    delayed.pop("action", None)
    detail: dict[str, object] = {
        "timestamp": timestamp(at_ms),
        "delayType": delay_type,
        "expirationTime": timestamp(expires_at_ms),
        "delayedRecipients": [delayed],
    }
    if reporting_mta:
        detail["reportingMTA"] = reporting_mta
    return Event(DELIVERY_DELAY, at_ms, (recipient.address,), detail)


def opened(sent: SentMail, visit: Visit) -> Event:
    """The pixel was fetched."""
    return Event(OPEN, visit.at_ms, sent.destinations, _visit(visit))


def clicked(
    sent: SentMail, visit: Visit, link: str, link_tags: Mapping[str, Sequence[str]] | None
) -> Event:
    """A link was followed. `linkTags` is null where the link has none."""
    tags = {name: list(values) for name, values in link_tags.items()} if link_tags else None
    detail = {**_visit(visit), "link": link, "linkTags": tags}
    return Event(CLICK, visit.at_ms, sent.destinations, detail)


def subscription(
    sent: SentMail,
    at_ms: int,
    *,
    contact_list: str,
    source: str,
    preferences: tuple[Mapping[str, object], Mapping[str, object]],
) -> Event:
    """A contact has changed what he subscribes to; `preferences` are the old and the new ones."""
    old, new = preferences
    detail = {
        "contactList": contact_list,
        "timestamp": timestamp(at_ms),
        "source": source,
        "newTopicPreferences": new,
        "oldTopicPreferences": old,
    }
    return Event(SUBSCRIPTION, at_ms, sent.destinations, detail)


def event_record(sent: SentMail, event: Event) -> dict[str, object]:
    """What an event destination gets.

    AWS: SES Developer Guide, Contents of event data that Amazon SES publishes to Amazon SNS.
    """
    mail = _mail(sent)
    if event.type in _WITHOUT_HEADERS:
        mail["headersTruncated"] = sent.are_headers_truncated
    else:
        mail |= _headers(sent)
    mail["tags"] = {name: list(values) for name, values in sent.tags.items()}
    return {"eventType": event.type, "mail": mail, MEMBERS[event.type]: dict(event.detail)}


def notification(sent: SentMail, event: Event, *, has_headers: bool) -> dict[str, object]:
    """What the topic of an identity gets for a bounce, complaint or delivery.

    AWS: SES Developer Guide, Amazon SNS notification contents for Amazon SES.
    """
    mail = _mail(sent)
    mail["sourceIp"] = sent.source_ip
    mail["callerIdentity"] = sent.caller_identity
    if has_headers:
        mail |= _headers(sent)
    return {"notificationType": event.type, MEMBERS[event.type]: dict(event.detail), "mail": mail}


def _mail(sent: SentMail) -> dict[str, object]:
    return {
        "timestamp": timestamp(sent.sent_at_ms),
        "source": sent.told_source or sent.source,
        "sourceArn": sent.source_arn,
        "sendingAccountId": sent.sending_account,
        "messageId": sent.message_id,
        "destination": list(sent.destinations),
    }


def _headers(sent: SentMail) -> dict[str, object]:
    return {
        "headersTruncated": sent.are_headers_truncated,
        "headers": [{"name": header.name, "value": header.value} for header in sent.headers],
        "commonHeaders": dict(sent.common_headers),
    }


def _visit(visit: Visit) -> dict[str, object]:
    return {
        "timestamp": timestamp(visit.at_ms),
        "ipAddress": visit.ip_address,
        "userAgent": visit.user_agent,
    }
