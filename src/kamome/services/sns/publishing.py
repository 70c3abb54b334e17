"""Publishing: a message is kept with the outbox entry that fans it out, in one step.

AWS: SNS API Reference, Publish.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from kamome.context import RequestContext
from kamome.services.sns import attributes, messages
from kamome.services.sns.arns import TopicKey, is_platform_endpoint, topic_key
from kamome.services.sns.deliveries import FAN_OUT, fan_out_payload
from kamome.services.sns.envelope import Attribute, Notification
from kamome.services.sns.errors import InvalidParameter, invalid, not_served
from kamome.services.sns.slice import Sns
from kamome.services.sns.store import Topic
from kamome.services.sns.topics import found_topic, own_topic_key

if TYPE_CHECKING:
    from kamome.services.sns import shapes


async def publish_message(
    sns: Sns, ctx: RequestContext, request: shapes.PublishRequest
) -> shapes.PublishResult:
    """Publish a message to a topic; every subscription of this moment gets it at least once.

    What is durable on return: the message, and that it is still to be delivered.

    Raises:
        InvalidParameter: target, message, subject, structure or group id is not valid, or the
            message is too long.
        ParameterValueInvalid: a message attribute is not valid.
        AuthorizationError: the topic belongs to another account.
        NotFound: there is no such topic.
        OperationNotServed: text messages to phone numbers, mobile platform endpoints.

    AWS: SNS API Reference, Publish.
    """
    key = _target(ctx, request)
    given = request.get("MessageAttributes", {})
    texts, carried = _checked(request, given)
    topic = found_topic(sns, key)
    _check_size(topic, messages.size_bytes(request["Message"], given))
    # SNS Developer Guide, Amazon SNS message attributes: sent only when the structure is String.
    if "MessageStructure" in request:
        carried = {}
    notification = _notification(
        sns,
        ctx,
        topic,
        texts,
        subject=request.get("Subject"),
        carried=carried,
        group_id=request.get("MessageGroupId", ""),
    )
    _hand_over(sns, ctx, topic, notification)
    return {"MessageId": notification.message_id}


def publish(
    sns: Sns, ctx: RequestContext, topic_arn: str, message: str, *, subject: str = ""
) -> str:
    """Publish for another service, within its step; returns the MessageId.

    Raises:
        InvalidParameter: the ARN, message or subject is not valid, or the message is too long.
        NotFound: there is no such topic.

    AWS: SNS API Reference, Publish.
    """
    key = topic_key(topic_arn)
    texts = messages.texts(message, None)
    if subject:
        messages.check_subject(subject)
    topic = found_topic(sns, key)
    _check_size(topic, messages.size_bytes(message, {}))
    notification = _notification(sns, ctx, topic, texts, subject=subject or None)
    _hand_over(sns, ctx, topic, notification)
    sns.journeys.step(ctx.trace, service="sns", action="Publish", resource=topic_arn)
    return notification.message_id


def topic_exists(sns: Sns, topic_arn: str) -> bool:
    """Whether a topic of this ARN exists; False also where the text is no topic's ARN.

    AWS: SNS API Reference, GetTopicAttributes.
    """
    try:
        key = topic_key(topic_arn)
    except InvalidParameter:
        return False
    return sns.store.topic(key) is not None


def _target(ctx: RequestContext, request: shapes.PublishRequest) -> TopicKey:
    given = [name for name in ("TopicArn", "TargetArn", "PhoneNumber") if request.get(name)]
    if len(given) > 1:
        raise invalid(" and ".join(given), "Only one of them may be given")
    if "PhoneNumber" in given:
        raise not_served("PhoneNumber (text messages)")
    if not given:
        raise invalid("TopicArn or TargetArn", "no value for required parameter")
    parameter = given[0]
    arn = request["TopicArn"] if parameter == "TopicArn" else request["TargetArn"]
    if parameter == "TargetArn" and is_platform_endpoint(arn):
        raise not_served("TargetArn of a mobile platform endpoint (mobile push)")
    return own_topic_key(ctx, arn, "Publish", parameter)


def _checked(
    request: shapes.PublishRequest, given: Mapping[str, shapes.MessageAttributeValue]
) -> tuple[dict[str, str], dict[str, Attribute]]:
    texts = messages.texts(request["Message"], request.get("MessageStructure"))
    if "Subject" in request:
        messages.check_subject(request["Subject"])
    carried = messages.attributes(given)
    if "MessageGroupId" in request:
        messages.check_message_group_id(request["MessageGroupId"])
    if "MessageDeduplicationId" in request:
        raise invalid(
            "MessageDeduplicationId",
            "The request includes MessageDeduplicationId parameter that is not valid for this"
            " topic type",
        )
    return texts, carried


def _check_size(topic: Topic, size_bytes: int) -> None:
    if size_bytes > attributes.message_bytes_max(topic.attributes):
        raise invalid("Message too long")


def _notification(
    sns: Sns,
    ctx: RequestContext,
    topic: Topic,
    texts: Mapping[str, str],
    *,
    subject: str | None,
    carried: Mapping[str, Attribute] | None = None,
    group_id: str = "",
) -> Notification:
    return Notification(
        message_id=sns.ids.uuid(),
        topic_arn=topic.key.arn,
        messages=texts,
        published_at_ms=sns.clock.now_ms(),
        base_url=ctx.base_url,
        subject=subject,
        attributes=carried or {},
        message_group_id=group_id,
        signature_version=topic.attributes.get("SignatureVersion", "1"),
    )


def _hand_over(sns: Sns, ctx: RequestContext, topic: Topic, notification: Notification) -> None:
    if topic.subscriptions_confirmed:
        sns.outbox.put(FAN_OUT, fan_out_payload(notification), trace=ctx.trace)
