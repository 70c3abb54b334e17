"""Confirming subscriptions: tokens, the messages that carry them, and what a token opens.

A token is valid for two days; a subscription that nobody confirms until then is removed. Queues of
other accounts, HTTP(S) endpoints and mailboxes are asked. A mail goes the way of all mails; a
record of it, with its link, is at `GET /_kamome/sns/email`.

AWS: SNS API Reference, ConfirmSubscription; SNS Developer Guide, Confirming a subscription.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from kamome.context import RequestContext
from kamome.errors import AwsError
from kamome.services.sns import deliveries, http_deliveries
from kamome.services.sns.arns import SubscriptionKey, subscription_key, topic_key
from kamome.services.sns.delivery_policy import CUSTOMER_MANAGED_ENDPOINTS, next_attempt_delay
from kamome.services.sns.endpoints import PRINCIPAL, certificate_base, keep_mail, service_context
from kamome.services.sns.envelope import Handshake
from kamome.services.sns.errors import AuthorizationError, invalid
from kamome.services.sns.http_policy import effective
from kamome.services.sns.limits import CONFIRMATION_S
from kamome.services.sns.slice import Sns
from kamome.services.sns.store import Subscription
from kamome.services.sns.subscription_attributes import HTTP_PROTOCOLS
from kamome.services.sns.topics import found_topic
from kamome.storage.outbox import Entry

if TYPE_CHECKING:
    from kamome.services.sns import shapes

CONFIRM = "sns.confirm"
CONFIRM_MAIL = "sns.confirm_mail"
EXPIRE = "sns.expire"
_CONFIRMATION = "SubscriptionConfirmation"
_UNSUBSCRIBED = "UnsubscribeConfirmation"
_ENDED = "ended_subscription"
_TOKEN_DIGITS = 192
_CONFIRMED_BY_ENDPOINT = frozenset({"http", "https", "email", "email-json"})
_CONCURRENCY = 8


def register(sns: Sns) -> None:
    """Name the handlers of confirmations: asking for them, and their expiry.

    AWS: SNS Developer Guide, Confirming a subscription.
    """

    async def ask(entry: Entry) -> None:
        await ask_endpoint(sns, entry)

    def retry(entry: Entry, error: Exception) -> int | None:
        if isinstance(error, AwsError) and deliveries.is_client_side(error):
            return None
        handshake = _handshake_of(entry)
        topic = sns.store.topic(topic_key(handshake.topic_arn))
        policy = effective(
            topic.attributes.get("DeliveryPolicy") if topic is not None else None, None
        )
        return next_attempt_delay(entry.attempt + 1, sns.ids.fraction(), policy.retries)

    sns.outbox.register(
        CONFIRM,
        ask,
        concurrency=_CONCURRENCY,
        retry=retry,
        # The endpoint was not reached; Subscribe asks it again.
        on_give_up=lambda entry, error: _record_unreached(sns, entry, error),
    )

    def retry_mail(entry: Entry, error: Exception) -> int | None:
        if isinstance(error, AwsError) and deliveries.is_client_side(error):
            return None
        return next_attempt_delay(entry.attempt + 1, sns.ids.fraction(), CUSTOMER_MANAGED_ENDPOINTS)

    sns.outbox.register(
        CONFIRM_MAIL,
        lambda entry: ask_by_mail(sns, entry),
        retry=retry_mail,
        on_give_up=lambda entry, error: _record_unreached(sns, entry, error),
    )
    sns.outbox.register(EXPIRE, lambda entry: expire(sns, entry))


def needs_confirmation(ctx: RequestContext, protocol: str, endpoint_account: str) -> bool:
    """Whether an endpoint must agree before it gets messages.

    AWS: SNS API Reference, Subscribe.
    """
    if protocol in _CONFIRMED_BY_ENDPOINT:
        return True
    return protocol == "sqs" and endpoint_account != ctx.account


def ask_for_confirmation(sns: Sns, ctx: RequestContext, subscription: Subscription) -> None:
    """Make a token, and send it to the endpoint, as part of the caller's step.

    AWS: SNS API Reference, Subscribe.
    """
    topic = subscription.key.topic
    token = _new_token(sns, subscription.arn)
    handshake = _handshake(
        sns,
        ctx,
        subscription.key,
        token,
        type=_CONFIRMATION,
        message=f"You have chosen to subscribe to the topic {topic.arn}.\n"
        "To confirm the subscription, visit the SubscribeURL included in this message.",
    )
    _send(sns, ctx, subscription, handshake)


def tell_of_end(sns: Sns, ctx: RequestContext, subscription: Subscription) -> None:
    """Tell an endpoint that it was unsubscribed, with a link that subscribes it again.

    AWS: SNS Developer Guide, HTTP/HTTPS unsubscribe confirmation JSON format.
    """
    if subscription.protocol not in _CONFIRMED_BY_ENDPOINT or subscription.is_pending:
        return
    token = _new_token(sns, subscription.arn)
    kept = {
        "owner": subscription.owner,
        "principal": subscription.principal,
        "protocol": subscription.protocol,
        "endpoint": subscription.endpoint,
    }
    sns.record_store.put((subscription.owner, ctx.region, _ENDED), token, kept)
    handshake = _handshake(
        sns,
        ctx,
        subscription.key,
        token,
        type=_UNSUBSCRIBED,
        message=f"You have chosen to deactivate subscription {subscription.arn}.\n"
        "To cancel this operation and restore the subscription, visit the SubscribeURL included"
        " in this message.",
    )
    _send(sns, ctx, subscription, handshake)


async def confirm_subscription(
    sns: Sns, ctx: RequestContext, request: shapes.ConfirmSubscriptionRequest
) -> shapes.ConfirmSubscriptionResult:
    """Confirm a subscription by its token; returns its ARN. A token confirms as often as it likes.

    With `AuthenticateOnUnsubscribe` true, in a signed request, only the topic's owner and the
    subscription's can unsubscribe the endpoint.

    Raises:
        InvalidParameter: ARN, token or flag is not valid, or the token has expired.
        AuthorizationError: the flag is true and the request is not signed.
        NotFound: there is no such topic.

    AWS: SNS API Reference, ConfirmSubscription.
    """
    key = topic_key(request["TopicArn"])
    found_topic(sns, key)
    flag = request.get("AuthenticateOnUnsubscribe", "false").lower()
    if flag not in ("true", "false"):
        raise invalid("AuthenticateOnUnsubscribe", "Must be true or false")
    if flag == "true" and not ctx.access_key:
        raise AuthorizationError("A request with AuthenticateOnUnsubscribe must be signed")
    now_ms = sns.clock.now_ms()
    arn = sns.store.subscription_of_token(request["Token"], now_ms)
    if arn is None or subscription_key(arn).topic != key:
        raise invalid("Token")
    subscription = sns.store.subscription(subscription_key(arn))
    if subscription is None:
        subscription = _restored(sns, subscription_key(arn), request["Token"], now_ms)
    sns.store.confirm_subscription(
        subscription.key,
        now_ms,
        is_authenticated=bool(ctx.access_key),
        is_protected=flag == "true",
    )
    return {"SubscriptionArn": subscription.arn}


async def ask_endpoint(sns: Sns, entry: Entry) -> None:
    """POST a token to an HTTP(S) endpoint.

    Raises:
        EndpointRefused, EndpointUnavailable: the endpoint did not take it.

    AWS: SNS Developer Guide, Fanout to HTTP/S endpoints.
    """
    handshake = _handshake_of(entry)
    body = _document(sns, handshake)
    fields = http_deliveries.handshake_headers(
        handshake.type, handshake.message_id, handshake.topic_arn
    )
    await http_deliveries.post(sns, str(entry.payload["endpoint"]), fields, body)
    sns.outbox.done(entry)


def ask_by_mail(sns: Sns, entry: Entry) -> None:
    """Send the link that confirms to a mailbox, as part of the entry's step.

    Raises:
        AwsError: the address takes no mail (a Sender fault), or nothing leaves just now.

    AWS: SNS Developer Guide, Subscribe an email endpoint to an Amazon SNS topic.
    """
    handshake, payload = _handshake_of(entry), entry.payload
    key = subscription_key(str(payload["subscription_arn"]))
    protocol, endpoint = str(payload["protocol"]), str(payload["endpoint"])
    subscription = Subscription(key, key.topic.account, "", protocol, endpoint)
    what = "Subscription" if handshake.type == _CONFIRMATION else "Unsubscribe"
    body = f"{handshake.message}\n\n{handshake.subscribe_url}\n"
    if protocol == "email-json":
        body = _document(sns, handshake).decode()
    keep_mail(
        sns,
        service_context(handshake.message_id, handshake.topic_arn, handshake.base_url, entry.trace),
        subscription,
        subject=f"AWS Notification - {what} Confirmation",
        body=body,
        members={
            "MessageId": handshake.message_id,
            "TopicArn": handshake.topic_arn,
            "SubscribeURL": handshake.subscribe_url,
        },
    )


def expire(sns: Sns, entry: Entry) -> None:
    """A token's two days are over; with the last one, a subscription still pending is removed.

    AWS: SNS API Reference, Subscribe (confirmation tokens are valid for two days).
    """
    token = str(entry.payload["token"])
    key = subscription_key(str(entry.payload["subscription_arn"]))
    subscription = sns.store.subscription(key)
    sns.store.forget_token(token)
    sns.record_store.delete((key.topic.account, key.topic.region, _ENDED), token)
    if subscription is not None and 0 < subscription.pending_until_ms <= sns.clock.now_ms():
        sns.store.delete_subscription(key)


def _new_token(sns: Sns, subscription_arn: str) -> str:
    token = sns.ids.hex(_TOKEN_DIGITS)
    expires_at_ms = sns.clock.now_ms() + CONFIRMATION_S * 1000
    sns.store.keep_token(token, subscription_arn, expires_at_ms)
    sns.outbox.put(
        EXPIRE, {"token": token, "subscription_arn": subscription_arn}, at_ms=expires_at_ms
    )
    return token


def _handshake(
    sns: Sns,
    ctx: RequestContext,
    key: SubscriptionKey,
    token: str,
    *,
    type: str,
    message: str,
) -> Handshake:
    topic = sns.store.topic(key.topic)
    return Handshake(
        type=type,
        message_id=sns.ids.uuid(),
        topic_arn=key.topic.arn,
        token=token,
        message=message,
        at_ms=sns.clock.now_ms(),
        base_url=ctx.base_url,
        signature_version=(
            topic.attributes.get("SignatureVersion", "1") if topic is not None else "1"
        ),
    )


def _send(sns: Sns, ctx: RequestContext, subscription: Subscription, handshake: Handshake) -> None:
    if subscription.protocol in HTTP_PROTOCOLS:
        payload = {"endpoint": subscription.endpoint, "handshake": handshake}
        sns.outbox.put(CONFIRM, payload, trace=ctx.trace)
        return
    if subscription.protocol == "sqs":
        document = _document(sns, handshake).decode()
        service = ctx.as_service(PRINCIPAL, source_arn=handshake.topic_arn)
        sns.ports.send_to_queue(service, subscription.endpoint, document, {})
        return
    payload = {
        "endpoint": subscription.endpoint,
        "handshake": handshake,
        "subscription_arn": subscription.arn,
        "protocol": subscription.protocol,
    }
    sns.outbox.put(CONFIRM_MAIL, payload, trace=ctx.trace)


def _document(sns: Sns, handshake: Handshake) -> bytes:
    base = certificate_base(sns, handshake.topic_arn, handshake.base_url)
    return handshake.document(sns.signer.sign, base + sns.signer.certificate_path())


def _restored(sns: Sns, key: SubscriptionKey, token: str, now_ms: int) -> Subscription:
    """A subscription that was ended, again; it has a new ARN unless it has been made meanwhile."""
    kept = sns.record_store.get((key.topic.account, key.topic.region, _ENDED), token)
    if kept is None:
        raise invalid("Token")
    again = sns.store.subscription_of(key.topic, kept["protocol"], kept["endpoint"])
    if again is None:
        again = Subscription(
            SubscriptionKey(key.topic, sns.ids.uuid()),
            kept["owner"],
            kept["principal"],
            kept["protocol"],
            kept["endpoint"],
        )
        sns.store.insert_subscription(again, now_ms)
    return again


def _handshake_of(entry: Entry) -> Handshake:
    return msgspec.convert(entry.payload["handshake"], Handshake)


def _record_unreached(sns: Sns, entry: Entry, error: Exception) -> None:
    sns.journeys.step(
        entry.trace,
        service="sns",
        action="ConfirmSubscription",
        resource=str(entry.payload["endpoint"]),
        result="not reached",
        detail=str(error),
    )
