"""Publishing of sending events: to configuration sets' destinations and identities' topics.

Everything happens in the step of the cause, so that an event is told exactly once to services of
our own. A topic that cannot take it just now gets it from the outbox; one that is gone does not
hold up the mail: the journey says so.

AWS: SES Developer Guide, Monitor email sending using Amazon SES event publishing; Receiving Amazon
SES notifications using Amazon SNS.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec
import orjson

from kamome.errors import AwsError
from kamome.services.ses.configuration_sets.configuration_set_store import (
    Destination,
    IdentityFeedback,
)
from kamome.services.ses.configuration_sets.configuration_sets import store_of
from kamome.services.ses.entries import NOTIFY_KIND
from kamome.services.ses.feedback import events, feedback_forwarding, metrics
from kamome.services.ses.feedback.event_dimensions import METRICS, dimensions_of
from kamome.services.ses.feedback.event_store import (
    Count,
    EventRecord,
    EventStore,
    MailEvent,
    Statistics,
)
from kamome.services.ses.feedback.simulated_addresses import is_simulated
from kamome.services.ses.feedback.topic_access import EVENT_SUBJECT, context_of, set_arn
from kamome.services.ses.receiving.notifications import timestamp
from kamome.services.ses.store import Owner

if TYPE_CHECKING:
    from kamome.services.ses.feedback.events import Event
    from kamome.services.ses.sending.sent_mails import SentMail
    from kamome.services.ses.slice import Ses
    from kamome.storage.outbox import Entry

# `eventType` as the API v2 calls it in MatchingEventTypes.
MATCHING_TYPES: Mapping[str, str] = {
    events.SEND: "SEND",
    events.REJECT: "REJECT",
    events.BOUNCE: "BOUNCE",
    events.COMPLAINT: "COMPLAINT",
    events.DELIVERY: "DELIVERY",
    events.OPEN: "OPEN",
    events.CLICK: "CLICK",
    events.RENDERING_FAILURE: "RENDERING_FAILURE",
    events.DELIVERY_DELAY: "DELIVERY_DELAY",
    events.SUBSCRIPTION: "SUBSCRIPTION",
}
# AWS: EventBridge Events Reference, Amazon Simple Email Service events.
DETAIL_TYPES: Mapping[str, str] = {
    events.SEND: "Email Sent",
    events.REJECT: "Email Rejected",
    events.BOUNCE: "Email Bounced",
    events.COMPLAINT: "Email Complaint Received",
    events.DELIVERY: "Email Delivered",
    events.OPEN: "Email Opened",
    events.CLICK: "Email Clicked",
    events.RENDERING_FAILURE: "Email Rendering Failed",
    events.DELIVERY_DELAY: "Email Delivery Delayed",
    events.SUBSCRIPTION: "Email Subscribed",
}


def publish(ses: Ses, sent: SentMail, event: Event) -> None:
    """Tell of an event everywhere it is wanted, and remember it. Inside the step of its cause.

    AWS: SES Developer Guide, How event publishing works with configuration sets and message tags.
    """
    owner = Owner(sent.account, sent.region)
    _remember(ses, owner, sent, event)
    record: dict[str, object] | None = None
    for destination in _wanting(ses, owner, sent, event):
        record = record or events.event_record(sent, event)
        _hand_over(ses, sent, event, destination, record)
    if event.type in events.NOTIFIED:
        _notify(ses, owner, sent, event)


def work_notify(ses: Ses, entry: Entry) -> None:
    """Publish what a topic could not take before. Handler of `ses.notify`.

    Raises:
        AwsError: it cannot take it now either.
    """
    payload = entry.payload
    owner = Owner(str(payload["account"]), str(payload["region"]))
    ctx = context_of(ses, owner, str(payload["source_arn"]), entry.trace)
    subject = str(payload["subject"])
    try:
        ses.ports.publish(ctx, str(payload["topic"]), str(payload["message"]), subject=subject)
    except AwsError as refusal:
        if _is_passing(refusal):
            raise
        _record_unheard(ses, entry.trace, str(payload["topic"]), refusal)


def give_up_notify(ses: Ses, entry: Entry, error: Exception) -> None:
    """The topic has refused for hours: say so in the journey. In the step that ends the entry."""
    _record_unheard(ses, entry.trace, str(entry.payload["topic"]), error)


def feedback_settings(ses: Ses, owner: Owner, identity: str) -> IdentityFeedback:
    """The settings of the identity that a mail was sent by, else the default.

    A domain's do not hold for mails of an address that is verified itself: those are its own.

    AWS: SES Developer Guide, Configuring Amazon SNS notifications for Amazon SES.
    """
    return store_of(ses).feedback(owner, identity) or IdentityFeedback()


def _remember(ses: Ses, owner: Owner, sent: SentMail, event: Event) -> None:
    """The events of each recipient, the account's statistics, and the journey's step."""
    kept = EventStore(ses.store.engine)
    metrics.count(ses, sent, event, is_first=not kept.has(sent.message_id, event.type))
    if sent.message_id:
        for recipient in event.recipients:
            remembered = MailEvent(recipient, event.type, event.at_ms, dict(event.detail))
            kept.add(sent.message_id, remembered)
    counted = _statistics(event)
    if counted is not None:
        kept.add_statistics(owner, counted)
    ses.journeys.step(
        sent.trace,
        service="ses",
        action=event.type,
        resource=sent.message_id,
        detail=", ".join(event.recipients),
    )


def _statistics(event: Event) -> Statistics | None:
    """The simulator's bounces and complaints count for nothing. Neither do automatic answers.

    AWS: SES Developer Guide, Using the mailbox simulator manually (Important considerations).
    """
    number = len(event.recipients)
    if event.type == events.SEND:
        return Statistics(event.at_ms, delivery_attempts=number)
    if event.type == events.REJECT:
        return Statistics(event.at_ms, rejects=number)
    real = sum(not is_simulated(recipient) for recipient in event.recipients)
    if event.type == events.BOUNCE and real and event.detail["bounceType"] == "Permanent":
        return Statistics(event.at_ms, bounces=real)
    if event.type == events.COMPLAINT and real:
        return Statistics(event.at_ms, complaints=real)
    return None


def _wanting(ses: Ses, owner: Owner, sent: SentMail, event: Event) -> list[Destination]:
    if not sent.configuration_set:
        return []
    wanted = MATCHING_TYPES[event.type]
    return [
        destination
        for destination in store_of(ses).destinations(owner, sent.configuration_set)
        if destination.definition.get("Enabled", False)
        and wanted in destination.definition.get("MatchingEventTypes", ())
    ]


def _hand_over(
    ses: Ses, sent: SentMail, event: Event, destination: Destination, record: dict[str, object]
) -> None:
    owner, definition = Owner(sent.account, sent.region), destination.definition
    kept = EventStore(ses.store.engine)
    if "SnsDestination" in definition:
        topic = definition["SnsDestination"]["TopicArn"]
        source = set_arn(owner, sent.configuration_set)
        _tell(ses, sent, topic, record, (source, EVENT_SUBJECT))
    elif "EventBridgeDestination" in definition:
        bus = definition["EventBridgeDestination"]["EventBusArn"]
        bridged = orjson.dumps(_bridged(ses, sent, event, record)).decode()
        ses.ports.put_event(bus, bridged)
    elif "KinesisFirehoseDestination" in definition:
        stream = definition["KinesisFirehoseDestination"]["DeliveryStreamArn"]
        kept.add_record(owner, EventRecord("Firehose", stream, event.at_ms, record))
    elif "PinpointDestination" in definition:
        application = definition["PinpointDestination"].get("ApplicationArn", "")
        kept.add_record(owner, EventRecord("Pinpoint", application, event.at_ms, record))
    elif "CloudWatchDestination" in definition:
        dimensions = dimensions_of(definition["CloudWatchDestination"], sent, event)
        if dimensions is not None:
            counted = Count(event.at_ms, METRICS[event.type], dimensions, len(event.recipients))
            kept.count(owner, counted)


def _bridged(
    ses: Ses, sent: SentMail, event: Event, record: dict[str, object]
) -> dict[str, object]:
    """The event as EventBridge carries it.

    AWS: SES Developer Guide, Monitoring SES events using Amazon EventBridge.
    """
    return {
        "version": "0",
        "id": ses.ids.uuid(),
        "detail-type": DETAIL_TYPES[event.type],
        "source": "aws.ses",
        "account": sent.account,
        "time": timestamp(event.at_ms)[:19] + "Z",
        "region": sent.region,
        "resources": [set_arn(Owner(sent.account, sent.region), sent.configuration_set)],
        "detail": record,
    }


def _notify(ses: Ses, owner: Owner, sent: SentMail, event: Event) -> None:
    """The identity's topic, and by mail where that is on, or where no topic is set.

    A topic that is gone, or refuses for good, is taken out of the settings, and bounces and
    complaints are forwarded by mail again.

    AWS: SES Developer Guide, Configuring Amazon SNS notifications for Amazon SES; Email feedback
    forwarding destination.
    """
    settings = feedback_settings(ses, owner, sent.identity)
    topic = settings.topics.get(event.type, "")
    if topic:
        has_headers = event.type in settings.with_headers
        message = events.notification(sent, event, has_headers=has_headers)
        if not _tell(ses, sent, topic, message, (sent.source_arn, "")):
            settings = _without(ses, owner, sent.identity, topic)
            topic = ""
    if event.type != events.DELIVERY and (settings.is_forwarded or not topic):
        feedback_forwarding.forward(ses, sent, event)


def _without(ses: Ses, owner: Owner, identity: str, topic: str) -> IdentityFeedback:
    settings = feedback_settings(ses, owner, identity)
    topics = {kind: arn for kind, arn in settings.topics.items() if arn != topic}
    left = msgspec.structs.replace(settings, topics=topics, is_forwarded=True)
    store_of(ses).put_feedback(owner, identity, left)
    return left


def _tell(
    ses: Ses, sent: SentMail, topic: str, message: Mapping[str, object], said: tuple[str, str]
) -> bool:
    """Publish in this step; what passes is tried again by the outbox. False: refused for good.

    `said` is for whom SES speaks, an ARN, and the subject of the message.
    """
    owner, (source_arn, subject) = Owner(sent.account, sent.region), said
    text = orjson.dumps(message, default=str).decode()
    ctx = context_of(ses, owner, source_arn, sent.trace)
    try:
        with ses.store.engine.atomic():
            ses.ports.publish(ctx, topic, text, subject=subject)
    except AwsError as refusal:
        if not _is_passing(refusal):
            _record_unheard(ses, sent.trace, topic, refusal)
            return False
        payload = {"account": owner.account, "region": owner.region, "source_arn": source_arn}
        payload |= {"topic": topic, "message": text, "subject": subject}
        ses.outbox.put(NOTIFY_KIND, payload, trace=sent.trace)
    return True


def _is_passing(refusal: AwsError) -> bool:
    return refusal.status >= 500 or refusal.status == 429 or "Throttl" in refusal.code


def _record_unheard(ses: Ses, trace: str, topic: str, error: Exception) -> None:
    ses.journeys.step(
        trace,
        service="ses",
        action="Notify",
        resource=topic,
        result="not notified",
        detail=str(error),
    )
