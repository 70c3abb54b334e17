"""Publishing: a message is kept with the outbox entry that fans it out, in one step.

AWS: SNS API Reference, Publish, PublishBatch.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

import msgspec

from kamome.context import RequestContext
from kamome.errors import AwsError
from kamome.services.sns import attributes, delivery_status, fifo, messages
from kamome.services.sns.arns import is_platform_endpoint, topic_key
from kamome.services.sns.deliveries import FAN_OUT, fan_out_payload
from kamome.services.sns.envelope import Attribute, Notification
from kamome.services.sns.errors import (
    BatchEntryIdsNotDistinct,
    BatchRequestTooLong,
    EmptyBatchRequest,
    InvalidBatchEntryId,
    InvalidParameter,
    TooManyEntriesInBatchRequest,
    invalid,
)
from kamome.services.sns.limits import BATCH_ENTRIES_MAX, BATCH_ENTRY_ID_CHARACTERS_MAX
from kamome.services.sns.mobile import publish_to_endpoint
from kamome.services.sns.slice import Sns
from kamome.services.sns.store import Topic
from kamome.services.sns.text_messages import publish_to_phone
from kamome.services.sns.topics import found_topic, own_topic_key

if TYPE_CHECKING:
    from kamome.services.sns import shapes

# AWS: X-Ray Developer Guide, Tracing header. With active tracing SNS tells of such messages.
_SAMPLED = "Sampled=1"
_ENTRY_ID = re.compile(rf"[A-Za-z0-9_-]{{1,{BATCH_ENTRY_ID_CHARACTERS_MAX}}}")


class Draft(msgspec.Struct, frozen=True):
    """A message that has been checked by itself, before any topic is asked."""

    texts: Mapping[str, str]
    size_bytes: int
    body: str
    subject: str | None = None
    attributes: Mapping[str, Attribute] = msgspec.field(default_factory=dict)
    group_id: str = ""
    deduplication_id: str = ""


async def publish_message(
    sns: Sns, ctx: RequestContext, request: shapes.PublishRequest
) -> shapes.PublishResult:
    """Publish a message to a topic; every subscription of this moment gets it at least once.

    Messages to phone numbers and mobile endpoints are kept as records; nothing is sent. What is
    durable on return: the message, and that it is still to be delivered.

    Raises:
        InvalidParameter: target, message, subject, structure, group or deduplication id is not
            valid, or the message is too long.
        ParameterValueInvalid: a message attribute is not valid.
        AuthorizationError: the topic belongs to another account.
        EndpointDisabled, PlatformApplicationDisabled: the mobile endpoint takes no messages.
        NotFound: there is no such topic.

    AWS: SNS API Reference, Publish.
    """
    parameter, target = _target(request)
    if parameter == "PhoneNumber":
        draft = checked_draft(request)
        return {"MessageId": publish_to_phone(sns, ctx, target, draft.texts, draft.attributes)}
    if parameter == "TargetArn" and is_platform_endpoint(target):
        draft = checked_draft(request)
        return {"MessageId": publish_to_endpoint(sns, ctx, target, draft.texts, draft.attributes)}
    key = own_topic_key(ctx, target, "Publish", parameter)
    draft = checked_draft(request)
    topic = found_topic(sns, key)
    return _result(_publish(sns, ctx, topic, draft))


async def publish_batch(
    sns: Sns, ctx: RequestContext, request: shapes.PublishBatchRequest
) -> shapes.PublishBatchResult:
    """Publish up to ten messages to a topic; each succeeds or fails by itself.

    The messages of a FIFO topic keep their order. Durable on return: the successful ones.

    Raises:
        EmptyBatchRequest, TooManyEntriesInBatchRequest: not 1 to 10 entries.
        InvalidBatchEntryId, BatchEntryIdsNotDistinct: the entries' ids.
        BatchRequestTooLong: the messages are too long together.
        AuthorizationError: the topic belongs to another account.
        NotFound: there is no such topic.

    AWS: SNS API Reference, PublishBatch.
    """
    key = own_topic_key(ctx, request["TopicArn"], "Publish")
    entries = request["PublishBatchRequestEntries"]
    _check_batch(entries)
    topic = found_topic(sns, key)
    total = sum(
        messages.size_bytes(entry["Message"], entry.get("MessageAttributes", {}))
        for entry in entries
    )
    limit = attributes.message_bytes_max(topic.attributes)
    if total > limit:
        raise BatchRequestTooLong(
            "The length of all the messages put together is more than the limit."
        )
    successful: list[shapes.PublishBatchResultEntry] = []
    failed: list[shapes.BatchResultErrorEntry] = []
    for entry in entries:
        try:
            draft = checked_draft(cast("shapes.PublishRequest", entry))
            with sns.store.engine.atomic():
                notification = _publish(sns, ctx, topic, draft)
        except AwsError as error:
            if error.status >= 500:
                raise
            failed.append(_failure(entry["Id"], error))
        else:
            # The entry's result has the members of Publish's.
            result = cast("shapes.PublishBatchResultEntry", _result(notification))
            successful.append({**result, "Id": entry["Id"]})
    return {"Successful": successful, "Failed": failed}


def publish(
    sns: Sns, ctx: RequestContext, topic_arn: str, message: str, *, subject: str = ""
) -> str:
    """Publish for another service, within its step; returns the MessageId.

    Raises:
        InvalidParameter: the ARN, message or subject is not valid, the message is too long, or
            the topic is a FIFO topic, to which services do not publish.
        NotFound: there is no such topic.

    AWS: SNS API Reference, Publish.
    """
    key = topic_key(topic_arn)
    if subject:
        messages.check_subject(subject)
    draft = Draft(
        texts=messages.texts(message, None),
        size_bytes=messages.size_bytes(message, {}),
        body=message,
        subject=subject or None,
    )
    notification = _publish(sns, ctx, found_topic(sns, key), draft)
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


def checked_draft(request: shapes.PublishRequest) -> Draft:
    """The message of a request, or of an entry of a batch, if it is valid by itself.

    Raises:
        InvalidParameter: message, subject, structure, group or deduplication id is not valid.
        ParameterValueInvalid: a message attribute is not valid.

    AWS: SNS API Reference, Publish.
    """
    given = request.get("MessageAttributes", {})
    texts = messages.texts(request["Message"], request.get("MessageStructure"))
    if "Subject" in request:
        messages.check_subject(request["Subject"])
    carried = messages.attributes(given)
    if "MessageGroupId" in request:
        messages.check_message_group_id(request["MessageGroupId"])
    if "MessageDeduplicationId" in request:
        messages.check_deduplication_id(request["MessageDeduplicationId"])
    return Draft(
        texts=texts,
        size_bytes=messages.size_bytes(request["Message"], given),
        body=request["Message"],
        subject=request.get("Subject"),
        # SNS Developer Guide, Amazon SNS message attributes: sent only when the structure is
        # String.
        attributes={} if "MessageStructure" in request else carried,
        group_id=request.get("MessageGroupId", ""),
        deduplication_id=request.get("MessageDeduplicationId", ""),
    )


def _target(request: shapes.PublishRequest) -> tuple[str, str]:
    given = [name for name in ("TopicArn", "TargetArn", "PhoneNumber") if request.get(name)]
    if len(given) > 1:
        raise invalid(" and ".join(given), "Only one of them may be given")
    if not given:
        raise invalid("TopicArn or TargetArn", "no value for required parameter")
    return given[0], str(request.get(given[0]))


def _publish(sns: Sns, ctx: RequestContext, topic: Topic, draft: Draft) -> Notification:
    """Keep a message; for a duplicate on a FIFO topic, give the first one again."""
    if draft.size_bytes > attributes.message_bytes_max(topic.attributes):
        raise invalid("Message too long")
    if topic.attributes.get("TracingConfig") == "Active" and _SAMPLED in ctx.trace:
        sns.journeys.begin(ctx.trace, source="sns", subject=topic.key.arn)
    if not topic.is_fifo:
        fifo.refuse_on_standard_topic(draft.deduplication_id)
        notification = _notification(sns, ctx, topic, draft)
        if topic.subscriptions_confirmed:
            sns.outbox.put(FAN_OUT, fan_out_payload(notification), trace=ctx.trace)
        return notification
    return _publish_in_order(sns, ctx, topic, draft)


def _publish_in_order(sns: Sns, ctx: RequestContext, topic: Topic, draft: Draft) -> Notification:
    place = fifo.place_of(topic, draft.group_id, draft.deduplication_id, draft.body)
    now_ms = sns.clock.now_ms()
    first = sns.fifo_store.published(topic.key, place.scope, place.deduplication_id, now_ms)
    notification = _notification(sns, ctx, topic, draft)
    if first is not None:
        sns.journeys.step(
            ctx.trace,
            service="sns",
            action="Deduplicate",
            resource=topic.key.arn,
            result="duplicate",
            detail=f"of {first.message_id}",
        )
        return msgspec.structs.replace(
            notification, message_id=first.message_id, sequence=first.sequence
        )
    with sns.store.engine.atomic():
        notification = msgspec.structs.replace(
            notification,
            deduplication_id=place.deduplication_id,
            sequence=sns.store.next_sequence(topic.key),
        )
        fifo.remember(sns, topic, place, notification)
        if topic.subscriptions_confirmed:
            sns.outbox.put(FAN_OUT, fan_out_payload(notification), trace=ctx.trace)
    return notification


def _notification(sns: Sns, ctx: RequestContext, topic: Topic, draft: Draft) -> Notification:
    return Notification(
        message_id=sns.ids.uuid(),
        topic_arn=topic.key.arn,
        messages=draft.texts,
        published_at_ms=sns.clock.now_ms(),
        base_url=ctx.base_url,
        subject=draft.subject,
        attributes=draft.attributes,
        message_group_id=draft.group_id,
        signature_version=topic.attributes.get("SignatureVersion", "1"),
        feedback=delivery_status.wanted(topic.attributes),
    )


def _result(notification: Notification) -> shapes.PublishResult:
    result: shapes.PublishResult = {"MessageId": notification.message_id}
    if notification.sequence:
        result["SequenceNumber"] = notification.sequence_number
    return result


def _check_batch(entries: Sequence[shapes.PublishBatchRequestEntry]) -> None:
    if not entries:
        raise EmptyBatchRequest("The batch request doesn't contain any entries.")
    if len(entries) > BATCH_ENTRIES_MAX:
        raise TooManyEntriesInBatchRequest(
            "The batch request contains more entries than permissible."
        )
    ids = [entry["Id"] for entry in entries]
    if not all(_ENTRY_ID.fullmatch(entry_id) for entry_id in ids):
        raise InvalidBatchEntryId(
            "The Id of a batch entry in a batch request doesn't abide by the specification."
        )
    if len(set(ids)) != len(ids):
        raise BatchEntryIdsNotDistinct("Two or more batch entries in the request have the same Id.")


def _failure(entry_id: str, error: AwsError) -> shapes.BatchResultErrorEntry:
    return {
        "Id": entry_id,
        "Code": error.code,
        "Message": error.message,
        "SenderFault": error.fault == "Sender",
    }
