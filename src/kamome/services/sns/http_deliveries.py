"""Deliveries to HTTP(S) endpoints: a POST outside of any step, then its result in one.

An answer 200 to 299 within 15 seconds is a delivery. Another answer from 400 to 499, 429 apart, is
a client-side error and not tried again; all else is retried by the delivery policy, which ends an
hour after the first attempt at the latest.

AWS: SNS Developer Guide, Fanout to HTTP/S endpoints; Creating an HTTP/S delivery policy.
"""

from __future__ import annotations

from collections.abc import Mapping

from kamome.errors import AwsError
from kamome.services.sns import deliveries
from kamome.services.sns.arns import subscription_key
from kamome.services.sns.delivery_policy import next_attempt_delay
from kamome.services.sns.delivery_store import Waiting
from kamome.services.sns.envelope import Renderer
from kamome.services.sns.errors import EndpointRefused, EndpointUnavailable
from kamome.services.sns.http_policy import HttpPolicy, effective
from kamome.services.sns.limits import HTTP_RETRY_S_MAX, HTTP_TIMEOUT_S
from kamome.services.sns.slice import Sns
from kamome.services.sns.store import Subscription
from kamome.services.sns.subscription_attributes import is_raw
from kamome.storage.outbox import Entry

# Requests under way at once, of all endpoints together.
_CONCURRENCY = 32
_AGENT = "Amazon Simple Notification Service Agent"
# RFC 9110 §15.5 and §15.5.30 (RFC 6585 §4): the client's errors, and too many requests.
_TOO_MANY_REQUESTS = 429


def register(sns: Sns) -> None:
    """Name the handler of deliveries to HTTP(S) endpoints.

    AWS: SNS Developer Guide, Fanout to HTTP/S endpoints.
    """

    async def deliver(entry: Entry) -> None:
        await deliver_http(sns, entry)

    sns.outbox.register(
        deliveries.DELIVER_HTTP,
        deliver,
        concurrency=_CONCURRENCY,
        retry=lambda entry, error: _retry(sns, entry, error),
        on_give_up=lambda entry, error: deliveries.give_up(sns, entry, error),
    )


async def deliver_http(sns: Sns, entry: Entry) -> None:
    """Make one attempt at an HTTP(S) endpoint, unless its throttle says later.

    Raises:
        EndpointRefused: the endpoint answered that no further attempt will help.
        EndpointUnavailable: it did not answer, or with a status that may pass.

    AWS: SNS Developer Guide, Fanout to HTTP/S endpoints.
    """
    message_id, subscription_arn = deliveries.delivery_of(entry.payload)
    subscription = sns.store.subscription(subscription_key(subscription_arn))
    renderer = deliveries.kept_renderer(sns, message_id) if subscription is not None else None
    if subscription is None or renderer is None:
        with sns.store.engine.atomic():
            deliveries.dropped(sns, entry)
            deliveries.end(sns, entry)
            sns.outbox.done(entry)
        return
    policy = policy_of(sns, subscription)
    now_ms = sns.clock.now_ms()
    slot_ms = sns.throttle.slot_ms(subscription_arn, policy.max_receives_per_second, now_ms)
    if slot_ms > now_ms:
        _postpone(sns, entry, slot_ms)
        return
    await post(
        sns,
        subscription.endpoint,
        headers(renderer, subscription, policy),
        _body(renderer, subscription),
    )
    with sns.store.engine.atomic():
        deliveries.delivered(sns, renderer, subscription, entry)
        deliveries.end(sns, entry)
        sns.outbox.done(entry)


async def post(sns: Sns, url: str, headers: Mapping[str, str], body: bytes) -> None:
    """POST to an endpoint, and read its answer as SNS does.

    Raises:
        EndpointRefused: 400 to 499, but not 429.
        EndpointUnavailable: any other status but 200 to 299; no answer within 15 seconds.

    AWS: SNS Developer Guide, Amazon SNS message delivery retries.
    """
    try:
        status = await sns.ports.post(url, headers, body, timeout_s=HTTP_TIMEOUT_S)
    except OSError as error:
        raise EndpointUnavailable(f"{url} does not answer: {error}") from error
    if 200 <= status < 300:
        return
    if 400 <= status < 500 and status != _TOO_MANY_REQUESTS:
        raise EndpointRefused(f"{url} answered {status}")
    raise EndpointUnavailable(f"{url} answered {status}")


def headers(renderer: Renderer, subscription: Subscription, policy: HttpPolicy) -> dict[str, str]:
    """The header fields of a notification.

    AWS: SNS Developer Guide, HTTP/HTTPS headers.
    """
    notification = renderer.notification
    fields = {
        "x-amz-sns-message-type": "Notification",
        "x-amz-sns-message-id": notification.message_id,
        "x-amz-sns-topic-arn": notification.topic_arn,
        "x-amz-sns-subscription-arn": subscription.arn,
        "Content-Type": policy.content_type,
        "User-Agent": _AGENT,
    }
    if is_raw(subscription.attributes):
        fields["x-amz-sns-rawdelivery"] = "true"
    return fields


def handshake_headers(
    type: str, message_id: str, topic_arn: str, subscription_arn: str = ""
) -> dict[str, str]:
    """The header fields of a subscription's confirmation, or of an unsubscription's.

    AWS: SNS Developer Guide, HTTP/HTTPS headers.
    """
    fields = {
        "x-amz-sns-message-type": type,
        "x-amz-sns-message-id": message_id,
        "x-amz-sns-topic-arn": topic_arn,
    }
    if subscription_arn:
        fields["x-amz-sns-subscription-arn"] = subscription_arn
    return {**fields, "Content-Type": "text/plain; charset=UTF-8", "User-Agent": _AGENT}


def policy_of(sns: Sns, subscription: Subscription) -> HttpPolicy:
    """The delivery policy that holds for an HTTP(S) subscription.

    AWS: SNS Developer Guide, Creating an HTTP/S delivery policy.
    """
    topic = sns.store.topic(subscription.key.topic)
    of_topic = topic.attributes.get("DeliveryPolicy") if topic is not None else None
    return effective(of_topic, subscription.attributes.get("DeliveryPolicy"))


def _body(renderer: Renderer, subscription: Subscription) -> bytes:
    if is_raw(subscription.attributes):
        return renderer.notification.message(subscription.protocol).encode()
    return renderer.envelope(subscription.protocol, subscription.arn).encode()


def _postpone(sns: Sns, entry: Entry, slot_ms: int) -> None:
    """The throttle is no failure: the entry is made anew with the attempts that it had."""
    payload = {**entry.payload, "tried": deliveries.attempts_of(entry) - 1}
    message_id, subscription_arn = deliveries.delivery_of(entry.payload)
    with sns.store.engine.atomic():
        entry_id = sns.outbox.put(
            deliveries.DELIVER_HTTP, payload, at_ms=slot_ms, trace=entry.trace
        )
        waiting = Waiting(message_id, subscription_arn, entry.id)
        sns.delivery_store.set_entry(waiting, entry_id)
        sns.outbox.done(entry)


def _retry(sns: Sns, entry: Entry, error: Exception) -> int | None:
    if isinstance(error, AwsError) and deliveries.is_client_side(error):
        return None
    _, subscription_arn = deliveries.delivery_of(entry.payload)
    subscription = sns.store.subscription(subscription_key(subscription_arn))
    if subscription is None:
        return 0  # the next attempt finds that nothing is owed any more
    policy = policy_of(sns, subscription)
    delay_ms = next_attempt_delay(deliveries.attempts_of(entry), sns.ids.fraction(), policy.retries)
    since_ms = entry.payload.get("since_ms", entry.created_at_ms)
    assert isinstance(since_ms, int)
    is_late = sns.clock.now_ms() + (delay_ms or 0) > since_ms + HTTP_RETRY_S_MAX * 1000
    return None if is_late else delay_ms
