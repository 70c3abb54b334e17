"""Sending one message to one endpoint within the caller's step, by protocol.

Queues, functions and mailboxes are asked through ports. What would leave the machine by other ways
(text messages, mobile push, Firehose) is kept as a record instead; mails are, too, so that all can
be looked at in one place. HTTP(S) endpoints have `http_deliveries.py`.

AWS: SNS Developer Guide, Amazon SNS event destinations.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from kamome.context import RequestContext
from kamome.services.sns.arns import topic_key
from kamome.services.sns.envelope import Notification, Renderer, raw_attributes, unsubscribe_url
from kamome.services.sns.errors import InvalidParameter
from kamome.services.sns.limits import RAW_SQS_ATTRIBUTES_MAX
from kamome.services.sns.mobile import push
from kamome.services.sns.record_store import Record
from kamome.services.sns.slice import Sns
from kamome.services.sns.store import Subscription
from kamome.services.sns.subscription_attributes import is_raw
from kamome.services.sns.text_messages import SMS, keep_text_message

PRINCIPAL = "sns.amazonaws.com"
# Whose mails they are where the topic has no DisplayName.
SENDER_NAME_DEFAULT = "AWS Notifications"
SUBJECT_DEFAULT = "AWS Notification Message"
# All subscriptions of a message, and all retries, have the same.
_CONTEXTS_KEPT = 64


def send(sns: Sns, renderer: Renderer, subscription: Subscription, trace: str) -> str:
    """Hand the message to the subscription's endpoint, as part of the caller's step.

    Returns the MessageId that SQS gave it, or nothing.

    Raises:
        AwsError: the endpoint is gone (a Sender fault), or cannot take it now.

    AWS: SNS API Reference, Subscribe (Protocol).
    """
    ctx = context(renderer.notification, trace)
    match subscription.protocol:
        case "sqs":
            return send_to_queue(sns, ctx, renderer, subscription, subscription.endpoint)
        case "lambda":
            event = renderer.lambda_event(subscription.arn)
            sns.ports.invoke_event(ctx, subscription.endpoint, event)
        case "sms":
            notification = renderer.notification
            members = _members(notification, subscription, SMS)
            keep_text_message(sns, ctx, subscription.endpoint, members, notification.attributes)
        case "application":
            notification = renderer.notification
            members = _members(notification, subscription, "application")
            push(
                sns,
                ctx,
                subscription.endpoint,
                members,
                notification.messages,
                notification.attributes,
            )
        case protocol:
            if protocol == "firehose":
                _keep_for_firehose(sns, ctx, renderer, subscription)
            else:
                _send_mail(sns, ctx, renderer, subscription)
    return ""


def send_to_queue(
    sns: Sns, ctx: RequestContext, renderer: Renderer, subscription: Subscription, queue_arn: str
) -> str:
    """Send the message to a queue, in its envelope or raw; group and deduplication ids go along.

    Returns its MessageId there.

    Raises:
        InvalidParameter: a raw message has more attributes than SQS takes.
        AwsError: the queue is gone (a Sender fault), or cannot take it now.

    AWS: SNS Developer Guide, Fanout to Amazon SQS queues; Amazon SNS raw message delivery.
    """
    notification = renderer.notification
    if not is_raw(subscription.attributes):
        body = renderer.envelope(subscription.protocol, subscription.arn)
        carried = {}
    else:
        if len(notification.attributes) > RAW_SQS_ATTRIBUTES_MAX:
            raise InvalidParameter(
                f"A message with more than {RAW_SQS_ATTRIBUTES_MAX} message attributes cannot be"
                " delivered raw to Amazon SQS."
            )
        body, carried = notification.message(subscription.protocol), raw_attributes(notification)
    deduplication_id = notification.deduplication_id if queue_arn.endswith(".fifo") else ""
    return sns.ports.send_to_queue(
        ctx,
        queue_arn,
        body,
        carried,
        group_id=notification.message_group_id,
        deduplication_id=deduplication_id,
    )


def renderer(sns: Sns, notification: Notification) -> Renderer:
    """The renderer of a message, which signs with SNS's key.

    AWS: SNS Developer Guide, Verifying the signatures of Amazon SNS messages.
    """
    return Renderer(
        notification,
        sign=sns.signer.sign,
        certificate_path=sns.signer.certificate_path,
        certificate_base=certificate_base(sns, notification.topic_arn, notification.base_url),
    )


def certificate_base(sns: Sns, topic_arn: str, base_url: str) -> str:
    """Where the signing certificate is served: the publisher's host, unless a setting names one.

    AWS: SNS Developer Guide, Verifying the signatures of Amazon SNS messages (SigningCertURL).
    """
    if not sns.certificate_base:
        return base_url
    return sns.certificate_base.replace("REGION", topic_key(topic_arn).region)


@lru_cache(_CONTEXTS_KEPT)
def service_context(message_id: str, topic_arn: str, base_url: str, trace: str) -> RequestContext:
    """SNS as the caller of other services, on behalf of a topic.

    AWS: SNS Developer Guide, Identity and access management in Amazon SNS.
    """
    topic = topic_key(topic_arn)
    return RequestContext(
        account=topic.account,
        region=topic.region,
        principal=PRINCIPAL,
        request_id=message_id,
        base_url=base_url,
        trace=trace,
        source_arn=topic_arn,
    )


def context(notification: Notification, trace: str) -> RequestContext:
    """SNS as the caller of other services, with a message of a topic.

    AWS: SNS Developer Guide, Identity and access management in Amazon SNS.
    """
    return service_context(
        notification.message_id, notification.topic_arn, notification.base_url, trace
    )


def keep_mail(
    sns: Sns,
    ctx: RequestContext,
    subscription: Subscription,
    *,
    subject: str,
    body: str,
    members: Mapping[str, object],
) -> None:
    """Send a mail to a subscription's mailbox, and keep a record that tells of it.

    Raises:
        AwsError: the address takes no mail (a Sender fault), or nothing leaves just now.

    AWS: SNS Developer Guide, Subscribe an email endpoint to an Amazon SNS topic.
    """
    topic = sns.store.topic(subscription.key.topic)
    given = topic.attributes.get("DisplayName") if topic is not None else None
    mail_id = sns.ports.send_mail(
        ctx, subscription.endpoint, subject, body, sender_name=given or SENDER_NAME_DEFAULT
    )
    document = {**members, "Subject": subject, "Body": body, "MailId": mail_id}
    _keep(sns, ctx, subscription, document)


def _send_mail(
    sns: Sns, ctx: RequestContext, renderer: Renderer, subscription: Subscription
) -> None:
    notification, protocol = renderer.notification, subscription.protocol
    if protocol == "email-json":
        body = renderer.envelope(protocol, subscription.arn)
    else:
        body = (
            f"{notification.message(protocol)}\n\n--\nIf you wish to stop receiving notifications"
            " from this topic, visit"
            f" {unsubscribe_url(notification.base_url, subscription.arn)}\n"
        )
    keep_mail(
        sns,
        ctx,
        subscription,
        subject=notification.subject or SUBJECT_DEFAULT,
        body=body,
        members=_members(notification, subscription, protocol),
    )


def _keep_for_firehose(
    sns: Sns, ctx: RequestContext, renderer: Renderer, subscription: Subscription
) -> None:
    notification = renderer.notification
    data = notification.message("firehose")
    if not is_raw(subscription.attributes):
        data = renderer.envelope("firehose", subscription.arn)
    _keep(
        sns, ctx, subscription, {**_members(notification, subscription, "firehose"), "Data": data}
    )


def _keep(
    sns: Sns, ctx: RequestContext, subscription: Subscription, document: Mapping[str, object]
) -> None:
    sns.record_store.keep(
        Record(
            sns.clock.now_ms(),
            ctx.account,
            ctx.region,
            subscription.protocol,
            subscription.endpoint,
            document,
        )
    )


def _members(
    notification: Notification, subscription: Subscription, protocol: str
) -> dict[str, object]:
    """What every record tells."""
    return {
        "MessageId": notification.message_id,
        "TopicArn": notification.topic_arn,
        "SubscriptionArn": subscription.arn,
        "Message": notification.message(protocol),
    }
