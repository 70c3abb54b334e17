"""Operations on messages in flight, by receipt handle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamome.context import RequestContext
from kamome.errors import AwsError
from kamome.services.sqs import limits
from kamome.services.sqs.batches import checked_entries, failed_entry, without_empty_lists
from kamome.services.sqs.errors import (
    InvalidParameterValue,
    MessageNotInflight,
    ReceiptHandleExpired,
    ReceiptHandleIsInvalid,
)
from kamome.services.sqs.messages import check_range
from kamome.services.sqs.queue_urls import find_queue
from kamome.services.sqs.queues import Queue
from kamome.services.sqs.receipt_handles import Receipt
from kamome.services.sqs.send_operations import announce
from kamome.services.sqs.slice import Sqs

if TYPE_CHECKING:
    from kamome.services.sqs import shapes


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
    with sqs.store.engine.atomic():
        _change_visibility(sqs, queue, request["ReceiptHandle"], request["VisibilityTimeout"])
    return {}


async def change_message_visibility_batch(
    sqs: Sqs, ctx: RequestContext, request: shapes.ChangeMessageVisibilityBatchRequest
) -> shapes.ChangeMessageVisibilityBatchResult:
    """Change the visibility of up to ten messages; each entry succeeds or fails by itself.

    Raises:
        QueueDoesNotExist, EmptyBatchRequest, TooManyEntriesInBatchRequest,
        BatchEntryIdsNotDistinct, InvalidBatchEntryId: nothing is changed.

    AWS: SQS API Reference, ChangeMessageVisibilityBatch.
    """
    queue = find_queue(sqs.store, ctx, request["QueueUrl"])
    entries = checked_entries(request["Entries"], "ChangeMessageVisibilityBatchRequestEntry")
    result: shapes.ChangeMessageVisibilityBatchResult = {"Successful": [], "Failed": []}
    with sqs.store.engine.atomic():
        for entry in entries:
            timeout_s = entry.get("VisibilityTimeout", queue.visibility_timeout_s)
            try:
                _change_visibility(sqs, queue, entry["ReceiptHandle"], timeout_s)
            except AwsError as error:
                result["Failed"].append(failed_entry(entry["Id"], error))
            else:
                result["Successful"].append({"Id": entry["Id"]})
    return without_empty_lists(result)


def release(sqs: Sqs, queue: Queue, handle: str) -> None:
    """Make a message that is in flight visible again, as part of the caller's step.

    Raises:
        AwsError: as ChangeMessageVisibility.

    AWS: SQS API Reference, ChangeMessageVisibility.
    """
    _change_visibility(sqs, queue, handle, 0)


def _change_visibility(sqs: Sqs, queue: Queue, handle: str, timeout_s: int) -> None:
    check_range("VisibilityTimeout", timeout_s, 0, limits.VISIBILITY_TIMEOUT_S_MAX)
    receipt = _receipt(sqs, queue, handle)
    message = sqs.store.find_message(queue, receipt.id)
    if message is None:
        raise InvalidParameterValue(
            f"Value {handle} for parameter ReceiptHandle is invalid. Reason:"
            " Message does not exist or is not available for visibility timeout change."
        )
    now_ms = sqs.clock.now_ms()
    if message.visible_at_ms <= now_ms or message.receive_count != receipt.receive_count:
        raise MessageNotInflight
    until_ms = now_ms + timeout_s * 1000
    if until_ms > message.last_received_at_ms + limits.VISIBILITY_TIMEOUT_S_MAX * 1000:
        left_s = limits.VISIBILITY_TIMEOUT_S_MAX - (now_ms - message.last_received_at_ms) // 1000
        raise InvalidParameterValue(
            f"Value {timeout_s} for parameter VisibilityTimeout is invalid. Reason: Total"
            " VisibilityTimeout for the message is beyond the limit"
            f" [{limits.VISIBILITY_TIMEOUT_S_MAX} seconds]; {left_s} seconds are left."
        )
    announce(sqs, queue, sqs.store.change_visibility(queue, message, until_ms))


async def delete_message(
    sqs: Sqs, ctx: RequestContext, request: shapes.DeleteMessageRequest
) -> shapes.DeleteMessageResult:
    """Delete a message by the receipt handle of its last receive, in flight or not.

    On a standard queue, a handle of an earlier receive succeeds and deletes nothing. On a FIFO
    queue, a message that is not in flight under this handle is not deleted. That a message is gone
    already is success on both.

    Raises:
        QueueDoesNotExist: no such queue in this account and region.
        ReceiptHandleIsInvalid: the handle is not one this queue issued.
        ReceiptHandleExpired: the visibility timeout of a FIFO message has ended.

    AWS: SQS API Reference, DeleteMessage; SQS Developer Guide, FIFO queue and message identifiers.
    """
    queue = find_queue(sqs.store, ctx, request["QueueUrl"])
    handle = request["ReceiptHandle"]
    if queue.is_fifo or sqs.store.groups.has_groups(queue.messages_id):
        with sqs.store.engine.atomic():
            free_groups(sqs, queue, {delete_received(sqs, queue, handle)})
    else:
        delete_received(sqs, queue, handle)
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
    entries = checked_entries(request["Entries"], "DeleteMessageBatchRequestEntry")
    result: shapes.DeleteMessageBatchResult = {"Successful": [], "Failed": []}
    groups: set[int] = set()
    with sqs.store.engine.atomic():
        for entry in entries:
            try:
                groups.add(delete_received(sqs, queue, entry["ReceiptHandle"]))
            except AwsError as error:
                result["Failed"].append(failed_entry(entry["Id"], error))
            else:
                result["Successful"].append({"Id": entry["Id"]})
        free_groups(sqs, queue, groups)
    return without_empty_lists(result)


def delete_received(sqs: Sqs, queue: Queue, handle: str) -> int:
    """Delete a message by a handle, as `delete_message` says; returns its group, 0 for none.

    Use inside a step, and give all groups of the step to `free_groups`.

    Raises:
        ReceiptHandleIsInvalid, ReceiptHandleExpired: see `delete_message`.
    """
    receipt = _receipt(sqs, queue, handle)
    sqs.store.handled(receipt.id, receipt.receive_count)
    if queue.is_fifo or sqs.store.groups.has_groups(queue.messages_id):
        return _delete_from_group(sqs, queue, receipt, handle)
    if sqs.store.delete(queue, receipt.id, receipt.receive_count):
        sqs.counters.of(queue.id).deleted += 1
    return 0


def _delete_from_group(sqs: Sqs, queue: Queue, receipt: Receipt, handle: str) -> int:
    message = sqs.store.find_message(queue, receipt.id)
    if message is None:
        return 0
    is_last_receive = message.receive_count == receipt.receive_count
    if queue.is_fifo and not (is_last_receive and message.visible_at_ms > sqs.clock.now_ms()):
        raise ReceiptHandleExpired(handle)
    if not is_last_receive:
        return 0
    sqs.store.drop(queue, message.id)
    sqs.store.groups.count_deleted(queue.messages_id, message.group_no)
    sqs.counters.of(queue.id).deleted += 1
    return message.group_no


def free_groups(sqs: Sqs, queue: Queue, groups: set[int]) -> None:
    """Messages of these groups have been deleted: others of a FIFO group may be free now."""
    for group_no in groups - {0}:
        available_at_ms = sqs.store.groups.refresh(group_no)
        if queue.is_fifo and available_at_ms is not None:
            announce(sqs, queue, available_at_ms)


def _receipt(sqs: Sqs, queue: Queue, handle: str) -> Receipt:
    receipt = sqs.handles.read(handle)
    if receipt.queue_id != queue.id:
        raise ReceiptHandleIsInvalid(handle)
    return receipt
