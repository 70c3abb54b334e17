"""What other slices do with queues: SNS and S3 send, event source mappings poll.

These are not API calls: no credentials, no HTTP; the caller's step is part of theirs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from kamome.context import RequestContext
from kamome.errors import AwsError
from kamome.services.sqs.errors import (
    OverLimit,
    QueueDoesNotExist,
    ReceiptHandleExpired,
    ReceiptHandleIsInvalid,
)
from kamome.services.sqs.fifo import checked_placing
from kamome.services.sqs.message_attributes import (
    check_message_attributes,
    md5_of_attributes,
    size_of_attributes,
)
from kamome.services.sqs.message_operations import delete_received, free_groups, release
from kamome.services.sqs.messages import NewMessage, check_size, checked_content
from kamome.services.sqs.queues import Queue
from kamome.services.sqs.receive_operations import system_attributes
from kamome.services.sqs.receiving import arm_waiting, claim_messages
from kamome.services.sqs.send_operations import enqueue
from kamome.services.sqs.slice import Sqs

if TYPE_CHECKING:
    from kamome.services.sqs.shapes import MessageAttributeValue


class Polled(msgspec.Struct, frozen=True):
    """A message as an event source mapping takes it."""

    message_id: str
    receipt_handle: str
    body: str
    attributes: Mapping[str, str]
    message_attributes: Mapping[str, MessageAttributeValue]
    md5_of_body: str
    md5_of_message_attributes: str


def send_to_queue(
    sqs: Sqs,
    ctx: RequestContext,
    queue_arn: str,
    body: str,
    attributes: Mapping[str, MessageAttributeValue],
    *,
    group_id: str = "",
    deduplication_id: str = "",
) -> str:
    """Put a message into a queue as part of the caller's step; returns its MessageId.

    Empty `group_id` and `deduplication_id` are none, as if SendMessage did not name them.

    Raises:
        QueueDoesNotExist: the queue is gone.
        InvalidParameterValue, InvalidMessageContents, MissingParameter: the message does not fit
            the queue.
    """
    queue = _existing(sqs, queue_arn)
    content = checked_content(body)
    check_message_attributes(attributes)
    check_size(len(content) + size_of_attributes(attributes), queue)
    placing = checked_placing(queue, body, group_id or None, deduplication_id or None)
    now_ms = sqs.clock.now_ms()
    message = NewMessage(
        id=sqs.store.new_id(),
        message_id=sqs.ids.uuid(),
        sender_id=ctx.principal,
        trace=ctx.trace,
        group_id=placing.group_id,
        deduplication_id=placing.deduplication_id,
        attributes=attributes,
        content=content,
        sent_at_ms=now_ms,
        visible_at_ms=now_ms + queue.delay_s * 1000,
    )
    with sqs.store.engine.atomic():
        [message] = enqueue(sqs, queue, (message,))
        sqs.journeys.step(ctx.trace, service="sqs", action="Enqueue", resource=queue.name)
    return message.message_id


def queue_exists(sqs: Sqs, queue_arn: str) -> bool:
    """Whether the ARN names a queue."""
    return sqs.store.find_queue_by_arn(queue_arn) is not None


def poll(sqs: Sqs, queue_arn: str, count: int) -> list[Polled]:
    """Take up to `count` messages (1 to 10) with the queue's own visibility timeout.

    None where as many are in flight as the queue may have: the poller comes again.
    """
    queue = _existing(sqs, queue_arn)
    try:
        messages = claim_messages(sqs, queue, count, queue.visibility_timeout_s)
    except OverLimit:
        return []
    return [
        Polled(
            message_id=message.message_id,
            receipt_handle=sqs.handles.make(queue.id, message.id, message.receive_count),
            body=message.body,
            attributes=system_attributes(queue, message),
            message_attributes=message.attributes,
            md5_of_body=hashlib.md5(message.content).hexdigest(),
            md5_of_message_attributes=(
                md5_of_attributes(message.attributes) if message.attributes else ""
            ),
        )
        for message in messages
    ]


def delete_polled(sqs: Sqs, queue_arn: str, receipt_handles: Sequence[str]) -> None:
    """Delete messages that have been worked, as part of the caller's step.

    One whose handle is good no longer stays: it comes, or has come, again.
    """
    queue = sqs.store.find_queue_by_arn(queue_arn)
    if queue is None:
        return
    groups: set[int] = set()
    with sqs.store.engine.atomic():
        for handle in receipt_handles:
            with suppress(ReceiptHandleExpired, ReceiptHandleIsInvalid):
                groups.add(delete_received(sqs, queue, handle))
        free_groups(sqs, queue, groups)


def release_polled(sqs: Sqs, queue_arn: str, receipt_handles: Sequence[str]) -> None:
    """Make messages that will not be worked visible again, as part of the caller's step.

    One that is gone, or visible already, is left as it is.
    """
    queue = sqs.store.find_queue_by_arn(queue_arn)
    if queue is None:
        return
    with sqs.store.engine.atomic():
        for handle in receipt_handles:
            with suppress(AwsError):
                release(sqs, queue, handle)


def when_available(sqs: Sqs, queue_arn: str, callback: Callable[[], None]) -> Callable[[], None]:
    """Call back whenever a message may have become visible; returns the function that ends it."""
    queue = sqs.store.find_queue_by_arn(queue_arn)
    if queue is None:
        return _nothing
    cancel = sqs.waiting.watch(queue.id, callback)
    arm_waiting(sqs, queue)
    return cancel


def queue_settings(sqs: Sqs, queue_arn: str) -> tuple[int, bool] | None:
    """Visibility timeout in seconds and whether the queue is FIFO; None when it is gone."""
    queue = sqs.store.find_queue_by_arn(queue_arn)
    return None if queue is None else (queue.visibility_timeout_s, queue.is_fifo)


def _existing(sqs: Sqs, queue_arn: str) -> Queue:
    queue = sqs.store.find_queue_by_arn(queue_arn)
    if queue is None:
        raise QueueDoesNotExist
    return queue


def _nothing() -> None:
    """There is no subscription to end."""
