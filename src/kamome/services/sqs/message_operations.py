"""Operations on messages. The order is that of the SQS API Reference."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import TypeVar, cast

from kamome.context import RequestContext
from kamome.errors import AwsError
from kamome.services.sqs import limits, shapes
from kamome.services.sqs.errors import (
    BatchEntryIdsNotDistinct,
    BatchRequestTooLong,
    EmptyBatchRequest,
    InvalidAttributeName,
    InvalidBatchEntryId,
    InvalidParameterValue,
    MessageNotInflight,
    ReceiptHandleIsInvalid,
    TooManyEntriesInBatchRequest,
)
from kamome.services.sqs.message_attributes import (
    check_message_attributes,
    md5_of_attributes,
    selected_attributes,
    size_of_attributes,
)
from kamome.services.sqs.messages import (
    NewMessage,
    ReceivedMessage,
    check_body,
    check_delay,
    check_range,
    check_size,
)
from kamome.services.sqs.queue_urls import find_queue
from kamome.services.sqs.queues import Queue
from kamome.services.sqs.receipt_handles import Receipt
from kamome.services.sqs.receiving import arm_waiting, claim_messages
from kamome.services.sqs.slice import Sqs

_ENTRY_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
_SYSTEM_ATTRIBUTES = frozenset(
    {
        "All",
        "AWSTraceHeader",
        "ApproximateFirstReceiveTimestamp",
        "ApproximateReceiveCount",
        "DeadLetterQueueSourceArn",
        "MessageDeduplicationId",
        "MessageGroupId",
        "SenderId",
        "SentTimestamp",
        "SequenceNumber",
    }
)
_NO_ATTRIBUTES: Mapping[str, shapes.MessageAttributeValue] = {}
_TRACE_HEADER = "AWSTraceHeader"

BatchEntry = TypeVar(
    "BatchEntry", shapes.SendMessageBatchRequestEntry, shapes.DeleteMessageBatchRequestEntry
)


async def change_message_visibility(
    sqs: Sqs, ctx: RequestContext, request: shapes.ChangeMessageVisibilityRequest
) -> shapes.ChangeMessageVisibilityResult:
    """Hide one in-flight message for `VisibilityTimeout` more seconds, counted from now.

    `VisibilityTimeout` is whole seconds, 0 to 43,200; 0 makes the message visible at once.
    The 12-hour ceiling runs from the receive, not from this call. Durable on return.

    Raises:
        QueueDoesNotExist: no such queue in this account and region.
        ReceiptHandleIsInvalid: the handle is not one this queue issued.
        MessageNotInflight: the message is visible again.
        InvalidParameterValue: the timeout is out of range, or the message is gone.

    AWS: SQS API Reference, ChangeMessageVisibility.
    """
    queue = find_queue(sqs.store, ctx, request["QueueUrl"])
    timeout_s = request["VisibilityTimeout"]
    check_range("VisibilityTimeout", timeout_s, 0, limits.VISIBILITY_TIMEOUT_S_MAX)
    receipt = _receipt(sqs, queue, request["ReceiptHandle"])
    message = sqs.store.find_message(queue, receipt.id)
    if message is None:
        raise InvalidParameterValue(
            f"Value {request['ReceiptHandle']} for parameter ReceiptHandle is invalid. Reason:"
            " Message does not exist or is not available for visibility timeout change."
        )
    visible_at_ms, receive_count, received_at_ms = message
    now_ms = sqs.clock.now_ms()
    if visible_at_ms <= now_ms or receive_count != receipt.receive_count:
        raise MessageNotInflight
    until_ms = now_ms + timeout_s * 1000
    if until_ms > received_at_ms + limits.VISIBILITY_TIMEOUT_S_MAX * 1000:
        left_s = limits.VISIBILITY_TIMEOUT_S_MAX - (now_ms - received_at_ms) // 1000
        raise InvalidParameterValue(
            f"Value {timeout_s} for parameter VisibilityTimeout is invalid. Reason: Total"
            " VisibilityTimeout for the message is beyond the limit"
            f" [{limits.VISIBILITY_TIMEOUT_S_MAX} seconds]; {left_s} seconds are left."
        )
    sqs.store.change_visibility(queue, receipt.id, until_ms)
    announce(sqs, queue, until_ms)
    return {}


async def delete_message(
    sqs: Sqs, ctx: RequestContext, request: shapes.DeleteMessageRequest
) -> shapes.DeleteMessageResult:
    """Delete a message by the receipt handle of its last receive, in flight or not.

    A handle of an earlier receive, or of a message that is gone, succeeds and deletes nothing.

    Raises:
        QueueDoesNotExist: no such queue in this account and region.
        ReceiptHandleIsInvalid: the handle is not one this queue issued.

    AWS: SQS API Reference, DeleteMessage.
    """
    queue = find_queue(sqs.store, ctx, request["QueueUrl"])
    receipt = _receipt(sqs, queue, request["ReceiptHandle"])
    with sqs.store.engine.atomic():
        sqs.store.delete(queue, receipt.id, receipt.receive_count)
    return {}


async def delete_message_batch(
    sqs: Sqs, ctx: RequestContext, request: shapes.DeleteMessageBatchRequest
) -> shapes.DeleteMessageBatchResult:
    """Delete up to ten messages; each entry succeeds or fails by itself.

    Raises:
        QueueDoesNotExist, EmptyBatchRequest, TooManyEntriesInBatchRequest,
        BatchEntryIdsNotDistinct, InvalidBatchEntryId: nothing is deleted.

    AWS: SQS API Reference, DeleteMessageBatch.
    """
    queue = find_queue(sqs.store, ctx, request["QueueUrl"])
    entries = _checked_entries(request["Entries"], "DeleteMessageBatchRequestEntry")
    result: shapes.DeleteMessageBatchResult = {"Successful": [], "Failed": []}
    with sqs.store.engine.atomic():
        for entry in entries:
            try:
                receipt = _receipt(sqs, queue, entry["ReceiptHandle"])
            except AwsError as error:
                result["Failed"].append(_failed(entry["Id"], error))
                continue
            sqs.store.delete(queue, receipt.id, receipt.receive_count)
            result["Successful"].append({"Id": entry["Id"]})
    return _without_empty_lists(result)


async def receive_message(
    sqs: Sqs, ctx: RequestContext, request: shapes.ReceiveMessageRequest
) -> shapes.ReceiveMessageResult:
    """Take up to `MaxNumberOfMessages` (1 to 10) visible messages and hide them from others.

    Waits up to `WaitTimeSeconds` (0 to 20; default the queue's) for the first. Order is not
    promised; each message is delivered at least once. A message that has been received
    maxReceiveCount times goes to the dead-letter queue instead. A client that hangs up while it
    waits takes nothing.

    Raises:
        QueueDoesNotExist: no such queue in this account and region, or deleted meanwhile.
        InvalidParameterValue: a number is out of range.
        OverLimit: too many messages are in flight.

    AWS: SQS API Reference, ReceiveMessage.
    """
    queue = find_queue(sqs.store, ctx, request["QueueUrl"])
    system_names = _system_names(request)
    count = request.get("MaxNumberOfMessages", 1)
    check_range("MaxNumberOfMessages", count, 1, limits.RECEIVE_MESSAGES_MAX)
    wait_s = request.get("WaitTimeSeconds", queue.wait_time_s)
    check_range("WaitTimeSeconds", wait_s, 0, limits.WAIT_TIME_S_MAX)
    timeout_s = request.get("VisibilityTimeout", queue.visibility_timeout_s)
    check_range("VisibilityTimeout", timeout_s, 0, limits.VISIBILITY_TIMEOUT_S_MAX)
    messages = claim_messages(sqs, queue, count, timeout_s)
    if not messages and wait_s > 0:
        messages = await _long_poll(sqs, ctx, request, count, wait_s)
    if not messages:
        return {}
    names = request.get("MessageAttributeNames", [])
    return {"Messages": [_shown(sqs, queue, message, system_names, names) for message in messages]}


async def _long_poll(
    sqs: Sqs,
    ctx: RequestContext,
    request: shapes.ReceiveMessageRequest,
    count: int,
    wait_s: int,
) -> list[ReceivedMessage]:
    """Wait by the clock, and never longer in real time: a frozen clock must not hold a client."""
    until_ms = sqs.clock.now_ms() + wait_s * 1000
    loop = asyncio.get_running_loop()
    until_real_s = loop.time() + wait_s
    is_gone = False
    waiter: asyncio.Future[None] | None = None

    def wake() -> None:
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def gone() -> None:
        nonlocal is_gone
        is_gone = True
        wake()

    if ctx.when_gone is not None:
        ctx.when_gone(gone)
    timer = sqs.clock.call_at(until_ms, wake)
    real_timer = loop.call_at(until_real_s, wake)
    try:
        while not is_gone:
            queue = find_queue(sqs.store, ctx, request["QueueUrl"])
            timeout_s = request.get("VisibilityTimeout", queue.visibility_timeout_s)
            messages = claim_messages(sqs, queue, count, timeout_s)
            if messages or sqs.clock.now_ms() >= until_ms or loop.time() >= until_real_s:
                return messages
            waiter = sqs.waiting.poll(queue.id)
            arm_waiting(sqs, queue)
            try:
                await waiter
            finally:
                sqs.waiting.leave(queue.id, waiter)
    finally:
        timer.cancel()
        real_timer.cancel()
    return []


async def send_message(
    sqs: Sqs, ctx: RequestContext, request: shapes.SendMessageRequest
) -> shapes.SendMessageResult:
    """Put one message into a queue. Durable on return.

    The body is 1 byte to the queue's MaximumMessageSize together with its attributes, of
    characters that XML 1.0 allows. `DelaySeconds` (0 to 900) overrides the queue's.

    Raises:
        QueueDoesNotExist: no such queue in this account and region.
        InvalidMessageContents: the body holds a forbidden character.
        InvalidParameterValue: size, delay or attributes are out of bounds.

    AWS: SQS API Reference, SendMessage.
    """
    queue = find_queue(sqs.store, ctx, request["QueueUrl"])
    size = _checked_size(request)
    check_size(size, queue)
    message = _new_message(sqs, ctx, queue, request)
    with sqs.store.engine.atomic():
        sqs.store.send(queue, message)
    announce(sqs, queue, message.visible_at_ms)
    return cast("shapes.SendMessageResult", _sent(message, request))


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
    entries = _checked_entries(request["Entries"], "SendMessageBatchRequestEntry")
    total = sum(_size(entry) for entry in entries)
    if total > limits.MESSAGE_BYTES_MAX:
        raise BatchRequestTooLong(limits.MESSAGE_BYTES_MAX, total)
    result: shapes.SendMessageBatchResult = {"Successful": [], "Failed": []}
    with sqs.store.engine.atomic():
        for entry in entries:
            try:
                check_size(_checked_size(entry), queue)
            except AwsError as error:
                result["Failed"].append(_failed(entry["Id"], error))
                continue
            message = _new_message(sqs, ctx, queue, entry)
            sqs.store.send(queue, message)
            sent = {"Id": entry["Id"], **_sent(message, entry)}
            result["Successful"].append(cast("shapes.SendMessageBatchResultEntry", sent))
            announce(sqs, queue, message.visible_at_ms)
    return _without_empty_lists(result)


# ---------------------------------------------------------------------- sending

_Sending = shapes.SendMessageRequest | shapes.SendMessageBatchRequestEntry


def _size(request: _Sending) -> int:
    attributes = request.get("MessageAttributes", _NO_ATTRIBUTES)
    size = len(request["MessageBody"].encode())
    return size + size_of_attributes(attributes) if attributes else size


def _checked_size(request: _Sending) -> int:
    """Check body, delay and attributes; returns the bytes they count."""
    check_body(request["MessageBody"])
    check_delay(request.get("DelaySeconds", 0))
    attributes = request.get("MessageAttributes")
    if attributes:
        check_message_attributes(attributes)
    system = request.get("MessageSystemAttributes")
    if system:
        _check_system_attributes(cast("Mapping[str, shapes.MessageAttributeValue]", system))
    return _size(request)


def _check_system_attributes(attributes: Mapping[str, shapes.MessageAttributeValue]) -> None:
    for name, value in attributes.items():
        if name != _TRACE_HEADER:
            raise InvalidParameterValue(f"Message system attribute name '{name}' is invalid.")
        if value.get("DataType") != "String" or not value.get("StringValue"):
            raise InvalidParameterValue(
                f"Message system attribute '{name}' must be a non-empty String."
            )


def _new_message(sqs: Sqs, ctx: RequestContext, queue: Queue, request: _Sending) -> NewMessage:
    now_ms = sqs.clock.now_ms()
    delay_s = request.get("DelaySeconds", queue.delay_s)
    system = request.get("MessageSystemAttributes")
    trace = ctx.trace
    if system and _TRACE_HEADER in system:
        trace = system[_TRACE_HEADER].get("StringValue", trace)
    return NewMessage(
        id=sqs.store.new_id(),
        message_id=sqs.ids.uuid(),
        sender_id=ctx.account,
        trace=trace,
        group_id=request.get("MessageGroupId", ""),
        attributes=request.get("MessageAttributes", _NO_ATTRIBUTES),
        body=request["MessageBody"],
        sent_at_ms=now_ms,
        visible_at_ms=now_ms + delay_s * 1000,
    )


def _sent(message: NewMessage, request: _Sending) -> dict[str, str]:
    result = {
        "MessageId": message.message_id,
        "MD5OfMessageBody": hashlib.md5(message.body.encode()).hexdigest(),
    }
    if message.attributes:
        result["MD5OfMessageAttributes"] = md5_of_attributes(message.attributes)
    system = request.get("MessageSystemAttributes")
    if system:
        result["MD5OfMessageSystemAttributes"] = md5_of_attributes(
            cast("Mapping[str, shapes.MessageAttributeValue]", system)
        )
    return result


def announce(sqs: Sqs, queue: Queue, visible_at_ms: int) -> None:
    """Tell whoever waits that a message is there, or when it will be."""
    if visible_at_ms <= sqs.clock.now_ms():
        sqs.waiting.notify(queue.id)
    else:
        sqs.waiting.notify_at(queue.id, visible_at_ms)


# ---------------------------------------------------------------------- receiving


def _system_names(request: shapes.ReceiveMessageRequest) -> list[str]:
    """Names asked for by the present parameter and by the one it replaces."""
    names = [
        *request.get("MessageSystemAttributeNames", []),
        *request.get("AttributeNames", []),
    ]
    for name in names:
        if name not in _SYSTEM_ATTRIBUTES:
            raise InvalidAttributeName(f"Unknown Attribute {name}.")
    return names


def _shown(
    sqs: Sqs,
    queue: Queue,
    message: ReceivedMessage,
    system_names: Sequence[str],
    names: list[str],
) -> shapes.Message:
    shown: shapes.Message = {
        "MessageId": message.message_id,
        "ReceiptHandle": sqs.handles.make(queue.id, message.id, message.receive_count),
        "MD5OfBody": hashlib.md5(message.body.encode()).hexdigest(),
        "Body": message.body,
    }
    if system_names:
        system = system_attributes(message)
        if "All" not in system_names:
            system = {name: value for name, value in system.items() if name in system_names}
        if system:
            shown["Attributes"] = system
    if names and message.attributes:
        selected = selected_attributes(message.attributes, names)
        if selected:
            shown["MessageAttributes"] = selected
            shown["MD5OfMessageAttributes"] = md5_of_attributes(selected)
    return shown


def system_attributes(message: ReceivedMessage) -> dict[str, str]:
    """What SQS itself knows of a received message.

    AWS: SQS API Reference, ReceiveMessage, MessageSystemAttributeNames.
    """
    system = {
        "SenderId": message.sender_id,
        "SentTimestamp": str(message.sent_at_ms),
        "ApproximateReceiveCount": str(message.receive_count),
        "ApproximateFirstReceiveTimestamp": str(message.first_received_at_ms),
    }
    if message.trace:
        system[_TRACE_HEADER] = message.trace
    if message.group_id:
        system["MessageGroupId"] = message.group_id
    return system


# ---------------------------------------------------------------------- receipts, batches


def _receipt(sqs: Sqs, queue: Queue, handle: str) -> Receipt:
    receipt = sqs.handles.read(handle)
    if receipt.queue_id != queue.id:
        raise ReceiptHandleIsInvalid(handle)
    return receipt


def _checked_entries(entries: list[BatchEntry], kind: str) -> list[BatchEntry]:
    if not entries:
        raise EmptyBatchRequest(kind)
    if len(entries) > limits.BATCH_ENTRIES_MAX:
        raise TooManyEntriesInBatchRequest(len(entries))
    seen: set[str] = set()
    for entry in entries:
        if not _ENTRY_ID.fullmatch(entry["Id"]):
            raise InvalidBatchEntryId
        if entry["Id"] in seen:
            raise BatchEntryIdsNotDistinct(entry["Id"])
        seen.add(entry["Id"])
    return entries


def _failed(entry_id: str, error: AwsError) -> shapes.BatchResultErrorEntry:
    return {
        "Id": entry_id,
        "SenderFault": error.fault == "Sender",
        "Code": error.query_code or error.code,
        "Message": error.message,
    }


Result = TypeVar("Result", shapes.SendMessageBatchResult, shapes.DeleteMessageBatchResult)


def _without_empty_lists(result: Result) -> Result:
    """Empty results are absent members."""
    kept = {name: entries for name, entries in result.items() if entries}
    return cast("Result", kept)
