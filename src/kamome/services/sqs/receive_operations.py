"""ReceiveMessage: short and long polling, and attempts that can be repeated."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kamome.context import RequestContext
from kamome.services.sqs import limits
from kamome.services.sqs.errors import InvalidAttributeName, InvalidParameterValue, OverLimit
from kamome.services.sqs.fifo import check_token, sequence_number
from kamome.services.sqs.message_attributes import md5_of_attributes, selected_attributes
from kamome.services.sqs.messages import ReceivedMessage, check_range
from kamome.services.sqs.queue_urls import find_queue
from kamome.services.sqs.queues import Queue
from kamome.services.sqs.receiving import arm_waiting, claim_messages
from kamome.services.sqs.slice import Sqs

if TYPE_CHECKING:
    from kamome.services.sqs import shapes

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


async def receive_message(
    sqs: Sqs, ctx: RequestContext, request: shapes.ReceiveMessageRequest
) -> shapes.ReceiveMessageResult:
    """Take up to `MaxNumberOfMessages` (1 to 10) visible messages and hide them from others.

    Waits up to `WaitTimeSeconds` (0 to 20; default the queue's) for the first. Standard queues do
    not promise order, and deliver each message at least once. A FIFO queue keeps the order within
    a message group, gives none of a group that has a message in flight, and repeats a receive with
    the same `ReceiveRequestAttemptId` for five minutes. A message that has been received
    maxReceiveCount times goes to the dead-letter queue instead. A client that hangs up while it
    waits takes nothing.

    Raises:
        QueueDoesNotExist: no such queue in this account and region, or deleted meanwhile.
        InvalidParameterValue: a number is out of range.
        OverLimit: too many messages are in flight, and the call does not wait.

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
    attempt_id = _attempt_id(queue, request)
    messages = _claim(sqs, queue, count, timeout_s, attempt_id, is_waiting=wait_s > 0)
    if not messages and wait_s > 0:
        messages = await _long_poll(sqs, ctx, request, count, wait_s)
    if not messages:
        sqs.counters.of(queue.id).empty_receives += 1
        return {}
    names = request.get("MessageAttributeNames", [])
    return {"Messages": [_shown(sqs, queue, message, system_names, names) for message in messages]}


def _attempt_id(queue: Queue, request: shapes.ReceiveMessageRequest) -> str:
    attempt_id = request.get("ReceiveRequestAttemptId")
    if attempt_id is None:
        return ""
    if not queue.is_fifo:
        raise InvalidParameterValue(
            f"Value {attempt_id} for parameter ReceiveRequestAttemptId is invalid. Reason: The"
            " request include parameter that is not valid for this queue type."
        )
    check_token("ReceiveRequestAttemptId", attempt_id)
    return attempt_id


def _claim(
    sqs: Sqs, queue: Queue, count: int, timeout_s: int, attempt_id: str, *, is_waiting: bool
) -> list[ReceivedMessage]:
    try:
        if not attempt_id:
            return claim_messages(sqs, queue, count, timeout_s)
        with sqs.store.engine.atomic():
            return _claim_as_attempt(sqs, queue, count, timeout_s, attempt_id)
    except OverLimit:
        # AWS: SQS Developer Guide, Queue quotas: a long poll is not told of the limit.
        if is_waiting:
            return []
        raise


def _claim_as_attempt(
    sqs: Sqs, queue: Queue, count: int, timeout_s: int, attempt_id: str
) -> list[ReceivedMessage]:
    """What this attempt was given before, if nothing of it has changed since; else a new claim."""
    now_ms = sqs.clock.now_ms()
    until_ms = now_ms + timeout_s * 1000
    messages = _repeated(sqs, queue, attempt_id, until_ms)
    expires_at_ms = now_ms + limits.RECEIVE_ATTEMPT_S * 1000
    if messages:
        attempt = sqs.store.deduplication.find_attempt(queue, attempt_id)
        assert attempt is not None
        expires_at_ms = attempt.expires_at_ms
    else:
        messages = claim_messages(sqs, queue, count, timeout_s)
    if messages:
        sqs.store.deduplication.keep_attempt(
            queue,
            attempt_id,
            until_ms,
            [(message.id, message.receive_count) for message in messages],
            expires_at_ms,
        )
    return messages


def _repeated(sqs: Sqs, queue: Queue, attempt_id: str, until_ms: int) -> list[ReceivedMessage]:
    """The messages of an earlier attempt, hidden anew; none if they may not be repeated."""
    now_ms = sqs.clock.now_ms()
    attempt = sqs.store.deduplication.find_attempt(queue, attempt_id)
    if attempt is None or attempt.expires_at_ms <= now_ms or attempt.visible_at_ms <= now_ms:
        return []
    found = [sqs.store.find_message(queue, message) for message, _ in attempt.messages]
    kept = [
        message
        for message, (_, receive_count) in zip(found, attempt.messages, strict=True)
        if message is not None
        and message.receive_count == receive_count
        and message.visible_at_ms == attempt.visible_at_ms
    ]
    if len(kept) < len(found):
        return []
    for message in kept:
        sqs.store.change_visibility(queue, message, until_ms)
    return [sqs.store.shown(message) for message in kept]


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
    queue_id, messages = 0, list[ReceivedMessage]()
    try:
        while not is_gone:
            queue = find_queue(sqs.store, ctx, request["QueueUrl"])
            queue_id = queue.id
            timeout_s = request.get("VisibilityTimeout", queue.visibility_timeout_s)
            attempt_id = request.get("ReceiveRequestAttemptId", "")
            messages = _claim(sqs, queue, count, timeout_s, attempt_id, is_waiting=True)
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
        if is_gone or len(messages) >= count:
            # It was woken for what it will not take, or there may be more than it took.
            sqs.waiting.notify(queue_id)
    return []


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
        "MD5OfBody": hashlib.md5(message.content).hexdigest(),
        "Body": message.body,
    }
    if system_names:
        system = system_attributes(queue, message)
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


def system_attributes(queue: Queue, message: ReceivedMessage) -> dict[str, str]:
    """What SQS itself knows of a message of a queue.

    AWS: SQS API Reference, ReceiveMessage, MessageSystemAttributeNames.
    """
    system = {
        "SenderId": message.sender_id,
        "SentTimestamp": str(message.sent_at_ms),
        "ApproximateReceiveCount": str(message.receive_count),
    }
    if message.first_received_at_ms:
        system["ApproximateFirstReceiveTimestamp"] = str(message.first_received_at_ms)
    if message.trace:
        system["AWSTraceHeader"] = message.trace
    if message.group_id:
        system["MessageGroupId"] = message.group_id
    if queue.is_fifo:
        system["MessageDeduplicationId"] = message.deduplication_id
        system["SequenceNumber"] = sequence_number(message.id)
    if message.dead_letter_source:
        system["DeadLetterQueueSourceArn"] = message.dead_letter_source
    return system
