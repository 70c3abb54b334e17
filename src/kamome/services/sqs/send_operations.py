"""Operations that put messages into queues."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias, cast

from kamome.context import RequestContext
from kamome.errors import AwsError
from kamome.services.sqs import limits
from kamome.services.sqs.batches import checked_entries, failed_entry, without_empty_lists
from kamome.services.sqs.errors import BatchRequestTooLong, InvalidParameterValue
from kamome.services.sqs.fifo import check_delay_fits, checked_placing, sequence_number
from kamome.services.sqs.message_attributes import (
    check_message_attributes,
    md5_of_attributes,
    size_of_attributes,
)
from kamome.services.sqs.messages import NewMessage, check_delay, check_size, checked_content
from kamome.services.sqs.queue_urls import find_queue
from kamome.services.sqs.queues import Queue
from kamome.services.sqs.slice import Sqs

if TYPE_CHECKING:
    from kamome.services.sqs import shapes

    _Sending: TypeAlias = shapes.SendMessageRequest | shapes.SendMessageBatchRequestEntry

_NO_ATTRIBUTES: Mapping[str, shapes.MessageAttributeValue] = {}
_TRACE_HEADER = "AWSTraceHeader"


async def send_message(
    sqs: Sqs, ctx: RequestContext, request: shapes.SendMessageRequest
) -> shapes.SendMessageResult:
    """Put one message into a queue. Durable on return.

    The body is 1 byte to the queue's MaximumMessageSize together with its attributes, of
    characters that XML 1.0 allows. `DelaySeconds` (0 to 900) overrides a standard queue's. A FIFO
    queue takes a message once in five minutes; a repetition succeeds, and changes nothing.

    Raises:
        QueueDoesNotExist: no such queue in this account and region.
        InvalidMessageContents: the body holds a forbidden character.
        InvalidParameterValue: size, delay or attributes are out of bounds.
        MissingParameter: a FIFO message has no group.

    AWS: SQS API Reference, SendMessage.
    """
    queue = find_queue(sqs.store, ctx, request["QueueUrl"])
    message = _new_message(sqs, ctx, queue, request, sqs.clock.now_ms())
    [message] = enqueue(sqs, queue, (message,))
    return cast("shapes.SendMessageResult", _sent(queue, message, request))


async def send_message_batch(
    sqs: Sqs, ctx: RequestContext, request: shapes.SendMessageBatchRequest
) -> shapes.SendMessageBatchResult:
    """Put up to ten messages into a queue; each entry succeeds or fails by itself.

    Raises:
        QueueDoesNotExist, EmptyBatchRequest, TooManyEntriesInBatchRequest,
        BatchEntryIdsNotDistinct, InvalidBatchEntryId, BatchRequestTooLong: nothing is sent.

    AWS: SQS API Reference, SendMessageBatch.
    """
    queue = find_queue(sqs.store, ctx, request["QueueUrl"])
    entries = checked_entries(request["Entries"], "SendMessageBatchRequestEntry")
    total = sum(_size(entry) for entry in entries)
    if total > limits.MESSAGE_BYTES_MAX:
        raise BatchRequestTooLong(limits.MESSAGE_BYTES_MAX, total)
    result: shapes.SendMessageBatchResult = {"Successful": [], "Failed": []}
    accepted: list[shapes.SendMessageBatchRequestEntry] = []
    messages: list[NewMessage] = []
    now_ms = sqs.clock.now_ms()
    for entry in entries:
        try:
            messages.append(_new_message(sqs, ctx, queue, entry, now_ms))
            accepted.append(entry)
        except AwsError as error:
            result["Failed"].append(failed_entry(entry["Id"], error))
    if messages:
        for entry, message in zip(accepted, enqueue(sqs, queue, messages), strict=True):
            sent = _sent(queue, message, entry)
            sent["Id"] = entry["Id"]
            result["Successful"].append(cast("shapes.SendMessageBatchResultEntry", sent))
    return without_empty_lists(result)


def enqueue(sqs: Sqs, queue: Queue, messages: Sequence[NewMessage]) -> Sequence[NewMessage]:
    """Add messages, all of them or none; one that repeats an earlier message is not added.

    Returns them as the queue has them now: a repetition has the ids of the earlier message.
    """
    if not queue.is_fifo:
        sqs.store.send(queue, messages)
        _arrived(sqs, queue, messages)
        return messages
    with sqs.store.engine.atomic():
        return [_enqueue_once(sqs, queue, message) for message in messages]


def _enqueue_once(sqs: Sqs, queue: Queue, message: NewMessage) -> NewMessage:
    earlier = sqs.store.deduplication.remember(queue, message)
    if earlier is not None:
        return message.repeated(earlier.id, earlier.message_id)
    sqs.store.send(queue, (message,))
    _arrived(sqs, queue, (message,))
    return message


def _arrived(sqs: Sqs, queue: Queue, messages: Sequence[NewMessage]) -> None:
    """Count what has been added, see to its retention, and tell whoever waits."""
    counters = sqs.counters.of(queue.id)
    counters.sent += len(messages)
    now_ms = messages[0].sent_at_ms
    sqs.retention.arrived(queue, now_ms)
    visible = 0
    for message in messages:
        counters.sent_bytes += len(message.content)
        if message.visible_at_ms <= now_ms:
            visible += 1
        else:
            sqs.waiting.notify_at(queue.id, message.visible_at_ms)
    if visible:
        sqs.waiting.notify(queue.id, visible)


def announce(sqs: Sqs, queue: Queue, visible_at_ms: int) -> None:
    """Tell whoever waits that a message is there, or when it will be."""
    if visible_at_ms <= sqs.clock.now_ms():
        sqs.waiting.notify(queue.id)
    else:
        sqs.waiting.notify_at(queue.id, visible_at_ms)


def _size(request: _Sending) -> int:
    attributes = request.get("MessageAttributes", _NO_ATTRIBUTES)
    body = request["MessageBody"]
    size = len(body) if body.isascii() else len(body.encode())
    return size + size_of_attributes(attributes) if attributes else size


def _checked_content(queue: Queue, request: _Sending) -> bytes:
    """Check body, delay, attributes and their size; returns the body in UTF-8."""
    content = checked_content(request["MessageBody"])
    check_delay(request.get("DelaySeconds", 0))
    size = len(content)
    attributes = request.get("MessageAttributes")
    if attributes:
        check_message_attributes(attributes)
        size += size_of_attributes(attributes)
    system = request.get("MessageSystemAttributes")
    if system:
        _check_system_attributes(cast("Mapping[str, shapes.MessageAttributeValue]", system))
    check_size(size, queue)
    return content


def _check_system_attributes(attributes: Mapping[str, shapes.MessageAttributeValue]) -> None:
    for name, value in attributes.items():
        if name != _TRACE_HEADER:
            raise InvalidParameterValue(f"Message system attribute name '{name}' is invalid.")
        if value.get("DataType") != "String" or not value.get("StringValue"):
            raise InvalidParameterValue(
                f"Message system attribute '{name}' must be a non-empty String."
            )


def _new_message(
    sqs: Sqs, ctx: RequestContext, queue: Queue, request: _Sending, now_ms: int
) -> NewMessage:
    content = _checked_content(queue, request)
    delay_s = request.get("DelaySeconds", queue.delay_s)
    check_delay_fits(queue, request.get("DelaySeconds", 0))
    if queue.is_fifo:
        delay_s = queue.delay_s
    system = request.get("MessageSystemAttributes")
    trace = ctx.trace
    if system and _TRACE_HEADER in system:
        trace = system[_TRACE_HEADER].get("StringValue", trace)
    placing = checked_placing(
        queue,
        request["MessageBody"],
        request.get("MessageGroupId"),
        request.get("MessageDeduplicationId"),
    )
    return NewMessage(
        id=sqs.store.new_id(),
        message_id=sqs.ids.uuid(),
        sender_id=ctx.account,
        trace=trace,
        group_id=placing.group_id,
        deduplication_id=placing.deduplication_id,
        attributes=request.get("MessageAttributes", _NO_ATTRIBUTES),
        content=content,
        sent_at_ms=now_ms,
        visible_at_ms=now_ms + delay_s * 1000,
    )


def _sent(queue: Queue, message: NewMessage, request: _Sending) -> dict[str, str]:
    result = {
        "MessageId": message.message_id,
        "MD5OfMessageBody": hashlib.md5(message.content).hexdigest(),
    }
    if queue.is_fifo:
        result["SequenceNumber"] = sequence_number(message.id)
    if message.attributes:
        result["MD5OfMessageAttributes"] = md5_of_attributes(message.attributes)
    system = request.get("MessageSystemAttributes")
    if system:
        result["MD5OfMessageSystemAttributes"] = md5_of_attributes(
            cast("Mapping[str, shapes.MessageAttributeValue]", system)
        )
    return result
