"""Deliveries: from a published message to each of its subscriptions, however often it takes.

An entry `sns.fan_out` delivers to up to 100 subscriptions in one step, each within a savepoint of
its own; more of them follow in a next entry. A delivery that fails by the endpoint's fault gets an
entry `sns.deliver`, which is retried by the delivery policy; the message is then kept once for all
that wait for it. A client-side error is not retried. What cannot be delivered goes to the
subscription's dead-letter queue, or is discarded and counted.

AWS: SNS Developer Guide, Amazon SNS message delivery retries; Amazon SNS dead-letter queues.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

import msgspec

from kamome.context import RequestContext
from kamome.errors import AwsError
from kamome.services.sns import attributes
from kamome.services.sns.arns import subscription_key, topic_key
from kamome.services.sns.delivery_policy import next_attempt_delay
from kamome.services.sns.envelope import Notification, Renderer, from_json, raw_attributes
from kamome.services.sns.errors import InvalidParameter
from kamome.services.sns.limits import FAN_OUT_SUBSCRIPTIONS_MAX, RAW_SQS_ATTRIBUTES_MAX
from kamome.services.sns.slice import Sns
from kamome.services.sns.store import Subscription
from kamome.storage.outbox import Entry

logger = logging.getLogger(__name__)

FAN_OUT = "sns.fan_out"
DELIVER = "sns.deliver"
_PRINCIPAL = "sns.amazonaws.com"


def register(sns: Sns) -> None:
    """Name the handlers of SNS's outbox entries. Call it before the outbox starts.

    AWS: SNS Developer Guide, Amazon SNS message delivery retries.
    """

    def retry(entry: Entry, error: Exception) -> int | None:
        if isinstance(error, AwsError) and is_client_side(error):
            return None
        # The fan-out made the first attempt, then this entry failed so often before, and now again.
        return next_attempt_delay(entry.attempt + 2, sns.ids.fraction())

    sns.outbox.register(FAN_OUT, lambda entry: fan_out(sns, entry))
    sns.outbox.register(
        DELIVER,
        lambda entry: deliver(sns, entry),
        retry=retry,
        on_give_up=lambda entry, error: give_up(sns, entry, error),
    )


def fan_out_payload(notification: Notification, after: str = "") -> dict[str, object]:
    """The payload of a fan-out entry: a message, and the subscription id to go on after.

    AWS: SNS API Reference, Publish.
    """
    return {"notification": notification, "after": after}


def fan_out(sns: Sns, entry: Entry) -> None:
    """Make the first delivery attempt for each subscription, in the order of their ids.

    AWS: SNS API Reference, Publish.
    """
    notification, after = _fan_out_of(entry.payload)
    found = sns.store.subscribed_by(
        topic_key(notification.topic_arn),
        notification.published_at_ms,
        after,
        FAN_OUT_SUBSCRIPTIONS_MAX + 1,
    )
    renderer = _renderer(sns, notification)
    page = found[:FAN_OUT_SUBSCRIPTIONS_MAX]
    for subscription in page:
        _first_attempt(sns, renderer, subscription, entry.trace)
    if len(found) > len(page):
        rest = msgspec.structs.replace(notification, signatures=renderer.signatures)
        sns.outbox.put(FAN_OUT, fan_out_payload(rest, page[-1].key.id), trace=entry.trace)


def deliver(sns: Sns, entry: Entry) -> None:
    """Make one more attempt for one subscription.

    Raises:
        AwsError: the endpoint could not take it; the delivery policy says when to try again.

    AWS: SNS Developer Guide, Amazon SNS message delivery retries.
    """
    message_id, subscription_arn = _delivery_of(entry.payload)
    subscription = sns.store.subscription(subscription_key(subscription_arn))
    renderer = _kept_renderer(sns, message_id) if subscription is not None else None
    if subscription is not None and renderer is not None:
        _send(sns, renderer, subscription, entry.trace)
        _record(sns, subscription, entry.trace, "ok", f"attempt {entry.attempt + 2}")
    else:
        # Unsubscribed, or the topic deleted, since the attempt before: nothing is owed any more.
        sns.journeys.step(
            entry.trace,
            service="sns",
            action="Deliver",
            resource=subscription_arn,
            result="dropped",
            detail="the subscription was deleted",
        )
    sns.store.end_delivery(message_id, subscription_arn)


def give_up(sns: Sns, entry: Entry, error: Exception) -> None:
    """The delivery policy is exhausted: the dead-letter queue gets the message, or nobody.

    Raises:
        AwsError: the dead-letter queue cannot take it just now; the entry is tried again.

    AWS: SNS Developer Guide, Amazon SNS dead-letter queues.
    """
    message_id, subscription_arn = _delivery_of(entry.payload)
    subscription = sns.store.subscription(subscription_key(subscription_arn))
    renderer = _kept_renderer(sns, message_id) if subscription is not None else None
    if subscription is not None and renderer is not None:
        _dead_letter(sns, renderer, subscription, error, entry.trace)
    sns.store.end_delivery(message_id, subscription_arn)


def is_client_side(error: AwsError) -> bool:
    """Whether the endpoint refused for good: it is gone, or closed to SNS. Throttling is not that.

    AWS: SNS Developer Guide, Amazon SNS dead-letter queues (why do message deliveries fail).
    """
    is_throttled = error.status == 429 or "throttl" in error.code.lower()
    return error.fault == "Sender" and error.status < 500 and not is_throttled


def _first_attempt(sns: Sns, renderer: Renderer, subscription: Subscription, trace: str) -> None:
    """Deliver, or see to what follows. Only a lost transaction gets out of here."""
    lost = sns.store.engine.lost_transactions
    try:
        with sns.store.engine.atomic():
            _send(sns, renderer, subscription, trace)
            _record(sns, subscription, trace, "ok")
            return
    except AwsError as error:
        _raise_if_lost(sns, lost, error)
        failure: Exception = error
    except Exception as error:
        # The edge of one delivery: a mistake of ours must not hold up the other subscriptions.
        _raise_if_lost(sns, lost, error)
        logger.exception("delivery to %s failed", subscription.arn)
        failure = error
    if isinstance(failure, AwsError) and is_client_side(failure):
        try:
            with sns.store.engine.atomic():
                _dead_letter(sns, renderer, subscription, failure, trace)
                return
        except AwsError as error:
            _raise_if_lost(sns, lost, error)
            failure = error
    _record(sns, subscription, trace, _code(failure), "to be retried")
    _retry_later(sns, renderer, subscription, trace)


def _retry_later(sns: Sns, renderer: Renderer, subscription: Subscription, trace: str) -> None:
    notification = msgspec.structs.replace(renderer.notification, signatures=renderer.signatures)
    sns.store.keep_undelivered(notification, subscription.arn)
    delay_ms = next_attempt_delay(1, sns.ids.fraction())
    assert delay_ms is not None
    payload = {"message_id": notification.message_id, "subscription_arn": subscription.arn}
    sns.outbox.put(DELIVER, payload, at_ms=sns.clock.now_ms() + delay_ms, trace=trace)


def _send(sns: Sns, renderer: Renderer, subscription: Subscription, trace: str) -> None:
    ctx = _context(sns, renderer.notification, trace)
    if subscription.protocol == "lambda":
        event = renderer.lambda_event(subscription.arn)
        sns.ports.invoke_event(ctx, subscription.endpoint, event)
        return
    _send_to_queue(sns, ctx, renderer, subscription, subscription.endpoint)


def _send_to_queue(
    sns: Sns, ctx: RequestContext, renderer: Renderer, subscription: Subscription, queue_arn: str
) -> None:
    notification = renderer.notification
    if not attributes.is_raw(subscription.attributes):
        body = renderer.envelope(subscription.protocol, subscription.arn)
        carried = {}
    else:
        if len(notification.attributes) > RAW_SQS_ATTRIBUTES_MAX:
            raise InvalidParameter(
                f"A message with more than {RAW_SQS_ATTRIBUTES_MAX} message attributes cannot be"
                " delivered raw to Amazon SQS."
            )
        body, carried = notification.message(subscription.protocol), raw_attributes(notification)
    sns.ports.send_to_queue(ctx, queue_arn, body, carried, group_id=notification.message_group_id)


def _dead_letter(
    sns: Sns, renderer: Renderer, subscription: Subscription, cause: Exception, trace: str
) -> None:
    """Hand an undeliverable message to the subscription's dead-letter queue, or discard it.

    Raises:
        AwsError: the dead-letter queue cannot take it just now.
    """
    topic = subscription.key.topic
    sns.store.count(topic, "NumberOfNotificationsFailed")
    target = attributes.dead_letter_queue(subscription.attributes)
    if target is None:
        _record(sns, subscription, trace, "discarded", _reason(cause))
        return
    if len(renderer.notification.attributes) > RAW_SQS_ATTRIBUTES_MAX:
        # Raw delivery has failed on these attributes; in the envelope nothing of them is lost.
        subscription = msgspec.structs.replace(subscription, attributes={})
    ctx = _context(sns, renderer.notification, trace)
    try:
        with sns.store.engine.atomic():
            _send_to_queue(sns, ctx, renderer, subscription, target)
    except AwsError as error:
        if not is_client_side(error):
            raise
        sns.store.count(topic, "NumberOfNotificationsFailedToRedriveToDlq")
        _record(sns, subscription, trace, "discarded", f"dead-letter queue: {_reason(error)}")
        return
    sns.store.count(topic, "NumberOfNotificationsRedrivenToDlq")
    _record(sns, subscription, trace, "dead-lettered", f"{target}: {_reason(cause)}")


def _renderer(sns: Sns, notification: Notification) -> Renderer:
    return Renderer(
        notification, sign=sns.signer.sign, certificate_path=sns.signer.certificate_path
    )


def _kept_renderer(sns: Sns, message_id: str) -> Renderer | None:
    """The renderer of a message that waits for another attempt, or None where it is gone."""
    renderer = sns.renderers.get(message_id)
    if renderer is None:
        notification = sns.store.undelivered(message_id)
        if notification is None:
            return None
        renderer = _renderer(sns, notification)
        sns.renderers.put(message_id, renderer)
    return renderer


def _context(sns: Sns, notification: Notification, trace: str) -> RequestContext:
    topic = topic_key(notification.topic_arn)
    return RequestContext(
        account=topic.account,
        region=topic.region,
        principal=_PRINCIPAL,
        request_id=notification.message_id,
        base_url=notification.base_url,
        trace=trace,
        source_arn=notification.topic_arn,
    )


def _record(
    sns: Sns, subscription: Subscription, trace: str, result: str, detail: str = ""
) -> None:
    sns.journeys.step(
        trace,
        service="sns",
        action="Deliver",
        resource=subscription.endpoint,
        result=result,
        detail=detail,
    )


def _raise_if_lost(sns: Sns, lost: int, error: Exception) -> None:
    """A full disk undid the whole transaction: nothing may be written on top of that."""
    if sns.store.engine.lost_transactions != lost:
        raise error


def _code(error: Exception) -> str:
    return error.code if isinstance(error, AwsError) else "InternalFailure"


def _reason(error: Exception) -> str:
    if isinstance(error, AwsError):
        return f"{error.code}: {error.message}"
    return "InternalFailure"


def _fan_out_of(payload: Mapping[str, object]) -> tuple[Notification, str]:
    notification, after = payload["notification"], payload["after"]
    assert isinstance(notification, Mapping)
    return from_json(notification), str(after)


def _delivery_of(payload: Mapping[str, object]) -> tuple[str, str]:
    return str(payload["message_id"]), str(payload["subscription_arn"])
