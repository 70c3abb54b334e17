"""Deliveries: from a published message to each of its subscriptions, however often it takes.

An entry `sns.fan_out` delivers to up to 100 subscriptions in one step, each within a savepoint of
its own; more of them follow in a next entry. A delivery that fails by the endpoint's fault gets an
entry `sns.deliver`, which is retried by the delivery policy; the message is then kept once for all
that wait for it. A client-side error is not retried. What cannot be delivered goes to the
subscription's dead-letter queue, or is discarded and counted.

Messages of a FIFO topic that belong to one group keep their order: while one of them waits for a
subscription, those that follow wait behind it.

AWS: SNS Developer Guide, Amazon SNS message delivery retries; Amazon SNS dead-letter queues.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

import msgspec

from kamome.errors import AwsError
from kamome.services.sns import delivery_status, endpoints
from kamome.services.sns import subscription_attributes as attributes
from kamome.services.sns.arns import subscription_key, topic_key
from kamome.services.sns.delivery_policy import (
    AWS_MANAGED_ENDPOINTS,
    CUSTOMER_MANAGED_ENDPOINTS,
    DeliveryPolicy,
    next_attempt_delay,
)
from kamome.services.sns.delivery_store import Retried
from kamome.services.sns.envelope import Notification, Renderer, from_json
from kamome.services.sns.filtering import Sieve
from kamome.services.sns.limits import FAN_OUT_SUBSCRIPTIONS_MAX, RAW_SQS_ATTRIBUTES_MAX
from kamome.services.sns.slice import Sns
from kamome.services.sns.store import Subscription
from kamome.storage.outbox import Entry

logger = logging.getLogger(__name__)

FAN_OUT = "sns.fan_out"
DELIVER = "sns.deliver"
DELIVER_HTTP = "sns.deliver_http"
_CUSTOMER_MANAGED = frozenset({"email", "email-json", "sms", "application"})
# Statuses of a replay that has not come to its end.
REPLAYING = frozenset({"Pending", "In progress"})


def register(sns: Sns) -> None:
    """Name the handlers of fan-outs and of deliveries within the machine.

    AWS: SNS Developer Guide, Amazon SNS message delivery retries.
    """

    def retry(entry: Entry, error: Exception) -> int | None:
        if isinstance(error, AwsError) and is_client_side(error):
            return None
        return next_attempt_delay(
            attempts_of(entry), sns.ids.fraction(), policy_of(str(entry.payload.get("protocol")))
        )

    sns.outbox.register(FAN_OUT, lambda entry: fan_out(sns, entry))
    sns.outbox.register(
        DELIVER,
        lambda entry: deliver(sns, entry),
        retry=retry,
        on_give_up=lambda entry, error: give_up(sns, entry, error),
    )


def policy_of(protocol: str) -> DeliveryPolicy:
    """The delivery policy of a protocol, HTTP(S) apart.

    AWS: SNS Developer Guide, Amazon SNS message delivery retries (delivery protocols and policies).
    """
    return CUSTOMER_MANAGED_ENDPOINTS if protocol in _CUSTOMER_MANAGED else AWS_MANAGED_ENDPOINTS


def attempts_of(entry: Entry) -> int:
    """How many attempts a delivery has had, with the one that its entry is about.

    `tried` are those made before there was this entry: one by the fan-out, unless it held the
    message back for another of its group.

    AWS: SNS Developer Guide, Amazon SNS message delivery retries.
    """
    tried = entry.payload.get("tried", 1)
    assert isinstance(tried, int)
    return tried + entry.attempt + 1


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
    renderer = endpoints.renderer(sns, notification)
    sieve = Sieve(sns, notification, entry.trace)
    page = found[:FAN_OUT_SUBSCRIPTIONS_MAX]
    for subscription in page:
        if not _is_replayed(sns, subscription, notification) and sieve.takes(subscription):
            hand_over(sns, renderer, subscription, entry.trace)
    if len(found) > len(page):
        rest = msgspec.structs.replace(notification, signatures=renderer.signatures)
        sns.outbox.put(FAN_OUT, fan_out_payload(rest, page[-1].key.id), trace=entry.trace)


def hand_over(sns: Sns, renderer: Renderer, subscription: Subscription, trace: str) -> None:
    """Deliver, or see to it that the delivery is made later.

    AWS: SNS Developer Guide, Amazon SNS message delivery retries.
    """
    if subscription.protocol in attributes.HTTP_PROTOCOLS:
        _put_delivery(sns, renderer, subscription, trace, tried=0)
    elif _waits_behind_another(sns, renderer.notification, subscription):
        sns.delivery_store.keep_undelivered(_kept(renderer), subscription.arn, 0)
    else:
        _first_attempt(sns, renderer, subscription, trace)


def deliver(sns: Sns, entry: Entry) -> None:
    """Make one more attempt for one subscription.

    Raises:
        AwsError: the endpoint could not take it; the delivery policy says when to try again.

    AWS: SNS Developer Guide, Amazon SNS message delivery retries.
    """
    message_id, subscription_arn = delivery_of(entry.payload)
    subscription = sns.store.subscription(subscription_key(subscription_arn))
    renderer = kept_renderer(sns, message_id) if subscription is not None else None
    if subscription is not None and renderer is not None:
        message_id = endpoints.send(sns, renderer, subscription, entry.trace)
        delivered(sns, renderer, subscription, entry, message_id)
    else:
        dropped(sns, entry)
    end(sns, entry)


def give_up(sns: Sns, entry: Entry, error: Exception) -> None:
    """The delivery policy is exhausted: the dead-letter queue gets the message, or nobody.

    Raises:
        AwsError: the dead-letter queue cannot take it just now; the entry is tried again.

    AWS: SNS Developer Guide, Amazon SNS dead-letter queues.
    """
    message_id, subscription_arn = delivery_of(entry.payload)
    subscription = sns.store.subscription(subscription_key(subscription_arn))
    renderer = kept_renderer(sns, message_id) if subscription is not None else None
    if subscription is not None and renderer is not None:
        attempts = attempts_of(entry)
        result = _dead_letter(
            sns, renderer, subscription, error, trace=entry.trace, attempts=attempts
        )
        _keep_retried(sns, subscription, entry, attempts, result)
    end(sns, entry)


def delivered(
    sns: Sns, renderer: Renderer, subscription: Subscription, entry: Entry, message_id: str = ""
) -> None:
    """Record a delivery that took more than the fan-out's attempt. `message_id` is SQS's.

    AWS: SNS Developer Guide, Amazon SNS message delivery retries.
    """
    attempts = attempts_of(entry)
    delivery_status.succeeded(
        sns, renderer.notification, subscription, attempts=attempts, message_id=message_id
    )
    _record(sns, subscription, entry.trace, "ok", f"attempt {attempts}")
    if attempts > 1:
        _keep_retried(sns, subscription, entry, attempts, "delivered")


def dropped(sns: Sns, entry: Entry) -> None:
    """Unsubscribed, or the topic deleted, since the attempt before: nothing is owed any more.

    AWS: SNS API Reference, Unsubscribe.
    """
    _, subscription_arn = delivery_of(entry.payload)
    sns.journeys.step(
        entry.trace,
        service="sns",
        action="Deliver",
        resource=subscription_arn,
        result="dropped",
        detail="the subscription was deleted",
    )


def end(sns: Sns, entry: Entry) -> None:
    """A delivery has ended; the message that waits behind it in its group has its turn.

    AWS: SNS Developer Guide, Message ordering details for FIFO topics.
    """
    message_id, subscription_arn = delivery_of(entry.payload)
    group_id = sns.delivery_store.end_delivery(message_id, subscription_arn)
    if not group_id:
        return
    following = sns.delivery_store.first_of_group(subscription_arn, group_id)
    if following is not None and not following.entry_id:
        payload = _payload(following.message_id, subscription_arn, str(entry.payload["protocol"]))
        entry_id = sns.outbox.put(DELIVER, {**payload, "tried": 0}, trace=entry.trace)
        sns.delivery_store.set_entry(following, entry_id)


def is_client_side(error: AwsError) -> bool:
    """Whether the endpoint refused for good: it is gone, or closed to SNS. Throttling is not that.

    AWS: SNS Developer Guide, Amazon SNS dead-letter queues (why do message deliveries fail).
    """
    is_throttled = error.status == 429 or "throttl" in error.code.lower()
    return error.fault == "Sender" and error.status < 500 and not is_throttled


def kept_renderer(sns: Sns, message_id: str) -> Renderer | None:
    """The renderer of a message that waits for another attempt, or None where it is gone.

    AWS: SNS Developer Guide, Amazon SNS message delivery retries.
    """
    renderer = sns.renderers.get(message_id)
    if renderer is None:
        notification = sns.delivery_store.undelivered(message_id)
        if notification is None:
            return None
        renderer = endpoints.renderer(sns, notification)
        sns.renderers.put(message_id, renderer)
    return renderer


def delivery_of(payload: Mapping[str, object]) -> tuple[str, str]:
    """The message id and subscription ARN that a delivery's entry is about.

    AWS: SNS Developer Guide, Amazon SNS message delivery retries.
    """
    return str(payload["message_id"]), str(payload["subscription_arn"])


# ---------------------------------------------------------------------- the first attempt


def _is_replayed(sns: Sns, subscription: Subscription, notification: Notification) -> bool:
    """Whether a replay brings the message to the subscription, or has brought it."""
    if not notification.sequence or "ReplayPolicy" not in subscription.attributes:
        return False
    replay = sns.fifo_store.replay(subscription.arn)
    if replay is None:
        return False
    return replay.status in REPLAYING or notification.sequence <= replay.sequence


def _waits_behind_another(sns: Sns, notification: Notification, subscription: Subscription) -> bool:
    if not notification.sequence:
        return False
    group_id = notification.message_group_id
    return sns.delivery_store.first_of_group(subscription.arn, group_id) is not None


def _first_attempt(sns: Sns, renderer: Renderer, subscription: Subscription, trace: str) -> None:
    """Deliver, or see to what follows. Only a lost transaction gets out of here."""
    lost = sns.store.engine.lost_transactions
    try:
        with sns.store.engine.atomic():
            message_id = endpoints.send(sns, renderer, subscription, trace)
            delivery_status.succeeded(
                sns, renderer.notification, subscription, attempts=1, message_id=message_id
            )
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
                _dead_letter(sns, renderer, subscription, failure, trace=trace, attempts=1)
                return
        except AwsError as error:
            _raise_if_lost(sns, lost, error)
            failure = error
    _record(sns, subscription, trace, _code(failure), "to be retried")
    delay_ms = next_attempt_delay(1, sns.ids.fraction(), policy_of(subscription.protocol))
    assert delay_ms is not None
    _put_delivery(sns, renderer, subscription, trace, tried=1, delay_ms=delay_ms)


def _put_delivery(
    sns: Sns,
    renderer: Renderer,
    subscription: Subscription,
    trace: str,
    *,
    tried: int,
    delay_ms: int = 0,
) -> None:
    notification = _kept(renderer)
    is_http = subscription.protocol in attributes.HTTP_PROTOCOLS
    payload = _payload(notification.message_id, subscription.arn, subscription.protocol)
    now_ms = sns.clock.now_ms()
    entry_id = sns.outbox.put(
        DELIVER_HTTP if is_http else DELIVER,
        {**payload, "tried": tried, "since_ms": now_ms},
        at_ms=now_ms + delay_ms,
        trace=trace,
    )
    sns.delivery_store.keep_undelivered(notification, subscription.arn, entry_id)


def _payload(message_id: str, subscription_arn: str, protocol: str) -> dict[str, object]:
    return {"message_id": message_id, "subscription_arn": subscription_arn, "protocol": protocol}


def _kept(renderer: Renderer) -> Notification:
    return msgspec.structs.replace(renderer.notification, signatures=renderer.signatures)


# ---------------------------------------------------------------------- the end


def _dead_letter(
    sns: Sns,
    renderer: Renderer,
    subscription: Subscription,
    cause: Exception,
    *,
    trace: str,
    attempts: int,
) -> str:
    """Hand an undeliverable message to the subscription's dead-letter queue, or discard it.

    Raises:
        AwsError: the dead-letter queue cannot take it just now.
    """
    topic = subscription.key.topic
    count = sns.delivery_store.count
    count(topic, "NumberOfNotificationsFailed")
    delivery_status.failed(sns, renderer.notification, subscription, attempts=attempts, cause=cause)
    target = attributes.dead_letter_queue(subscription.attributes)
    if target is None:
        _record(sns, subscription, trace, "discarded", _reason(cause))
        return "discarded"
    if len(renderer.notification.attributes) > RAW_SQS_ATTRIBUTES_MAX:
        # Raw delivery has failed on these attributes; in the envelope nothing of them is lost.
        subscription = msgspec.structs.replace(subscription, attributes={})
    ctx = endpoints.context(renderer.notification, trace)
    try:
        with sns.store.engine.atomic():
            endpoints.send_to_queue(sns, ctx, renderer, subscription, target)
    except AwsError as error:
        if not is_client_side(error):
            raise
        count(topic, "NumberOfNotificationsFailedToRedriveToDlq")
        _record(sns, subscription, trace, "discarded", f"dead-letter queue: {_reason(error)}")
        return "discarded"
    count(topic, "NumberOfNotificationsRedrivenToDlq")
    _record(sns, subscription, trace, "dead-lettered", f"{target}: {_reason(cause)}")
    return "dead-lettered"


def _keep_retried(
    sns: Sns, subscription: Subscription, entry: Entry, attempts: int, result: str
) -> None:
    message_id, subscription_arn = delivery_of(entry.payload)
    sns.delivery_store.keep_retried(
        Retried(
            sns.clock.now_ms(),
            message_id,
            subscription_arn,
            subscription.protocol,
            attempts,
            result,
        )
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
