"""Message move tasks: a dead-letter queue's messages go back, at a rate, over restarts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from kamome.context import RequestContext
from kamome.services.sqs import limits
from kamome.services.sqs.errors import (
    InvalidParameterValue,
    ResourceNotFoundException,
)
from kamome.services.sqs.messages import WaitingMessage, check_range
from kamome.services.sqs.move_tasks import MoveTask, Status, is_task_handle, task_handle
from kamome.services.sqs.queues import Queue
from kamome.services.sqs.redrive import redrive
from kamome.services.sqs.slice import MOVE_MESSAGES, Sqs
from kamome.storage.outbox import Entry

if TYPE_CHECKING:
    from kamome.services.sqs import shapes

# About 10 ms of work at a time where no rate is asked for.
_MOVES_PER_STEP = 100
_FAILED_WITHOUT_SOURCE = "CouldNotDetermineMessageSource"
_FAILED_WITHOUT_QUEUE = "AWS.SimpleQueueService.NonExistentQueue"


async def start_message_move_task(
    sqs: Sqs, ctx: RequestContext, request: shapes.StartMessageMoveTaskRequest
) -> shapes.StartMessageMoveTaskResult:
    """Begin to move a dead-letter queue's messages to a queue, or each to where it came from.

    Moves the messages that can be received, as many as there are now, oldest first; those in
    flight stay. `MaxNumberOfMessagesPerSecond` (1 to 500) is kept by the clock. A moved message is
    a new one: new MessageId, new time, no receives. The task is durable on return and goes on
    after a restart.

    Raises:
        ResourceNotFoundException: source or destination does not exist.
        InvalidParameterValue: the source is no dead-letter queue or has a task under way, the
            destination is of another kind, or the rate is out of range.

    AWS: SQS API Reference, StartMessageMoveTask.
    """
    source = _existing(sqs, ctx, "SourceArn", request["SourceArn"])
    if "DestinationArn" in request:
        target = _existing(sqs, ctx, "DestinationArn", request["DestinationArn"])
        _check_destination(source, target)
    rate = request.get("MaxNumberOfMessagesPerSecond", 0)
    if "MaxNumberOfMessagesPerSecond" in request:
        check_range("MaxNumberOfMessagesPerSecond", rate, 1, limits.MOVES_PER_SECOND_MAX)
    if not sqs.store.dead_letter_sources(source.arn, after="", limit=1):
        raise InvalidParameterValue("Source queue must be configured as a Dead Letter Queue.")
    _check_no_other_task(sqs, source)
    now_ms = sqs.clock.now_ms()
    task = MoveTask(
        id=sqs.store.new_id(),
        handle=task_handle(sqs.ids.uuid(), source.arn),
        source_arn=source.arn,
        destination_arn=request.get("DestinationArn", ""),
        messages_per_s=rate,
        status=Status.RUNNING,
        moved=0,
        to_move=sqs.store.counts(source, now_ms)[0],
        started_at_ms=now_ms,
        failure_reason="",
    )
    with sqs.store.engine.atomic():
        sqs.store.move_tasks.add(task)
        kept = sqs.store.move_tasks.latest(source.arn, limits.MOVE_TASKS_LISTED_MAX)
        sqs.store.move_tasks.forget_before(source.arn, kept[-1].id)
        sqs.outbox.put(MOVE_MESSAGES, {"task": task.id})
    return {"TaskHandle": task.handle}


async def cancel_message_move_task(
    sqs: Sqs, ctx: RequestContext, request: shapes.CancelMessageMoveTaskRequest
) -> shapes.CancelMessageMoveTaskResult:
    """End a running task; what it has moved stays moved.

    Raises:
        ResourceNotFoundException: there is no such task.
        InvalidParameterValue: the handle is not one, or the task is not running.

    AWS: SQS API Reference, CancelMessageMoveTask.
    """
    handle = request["TaskHandle"]
    if not is_task_handle(handle):
        raise InvalidParameterValue("Value for parameter TaskHandle is invalid.")
    task = sqs.store.move_tasks.find_by_handle(handle)
    if task is None or not _is_callers(ctx, task.source_arn):
        raise ResourceNotFoundException("Task does not exist.")
    if task.status != Status.RUNNING:
        raise InvalidParameterValue("Only active tasks can be cancelled.")
    sqs.store.move_tasks.update(msgspec.structs.replace(task, status=Status.CANCELLED))
    return {"ApproximateNumberOfMessagesMoved": task.moved}


async def list_message_move_tasks(
    sqs: Sqs, ctx: RequestContext, request: shapes.ListMessageMoveTasksRequest
) -> shapes.ListMessageMoveTasksResult:
    """The latest tasks of a dead-letter queue, the newest first: one, or `MaxResults` (1 to 10).

    Raises:
        ResourceNotFoundException: the queue does not exist.
        InvalidParameterValue: MaxResults is out of range.

    AWS: SQS API Reference, ListMessageMoveTasks.
    """
    source = _existing(sqs, ctx, "SourceArn", request["SourceArn"])
    limit = request.get("MaxResults", 1)
    check_range("MaxResults", limit, 1, limits.MOVE_TASKS_LISTED_MAX)
    tasks = sqs.store.move_tasks.latest(source.arn, limit)
    return {"Results": [_shown(task) for task in tasks]} if tasks else {}


def move_messages(sqs: Sqs, entry: Entry) -> None:
    """Outbox: move one second's messages of a task, or one slice without a rate, and go on."""
    task_id = entry.payload["task"]
    assert isinstance(task_id, int)
    task = sqs.store.move_tasks.find(task_id)
    if task is None or task.status != Status.RUNNING:
        return
    source = sqs.store.find_queue_by_arn(task.source_arn)
    assert source is not None, "a queue takes its tasks along"
    now_ms = sqs.clock.now_ms()
    wanted = min(task.messages_per_s or _MOVES_PER_STEP, task.to_move - task.moved)
    moved, failure = _move_some(sqs, task, source, wanted, now_ms)
    task = msgspec.structs.replace(task, moved=task.moved + moved)
    if failure:
        _end(sqs, task, Status.FAILED, failure)
    elif moved < wanted or task.moved >= task.to_move:
        _end(sqs, task, Status.COMPLETED, "")
    else:
        sqs.store.move_tasks.update(task)
        at_ms = now_ms + 1000 if task.messages_per_s else now_ms
        sqs.outbox.put(MOVE_MESSAGES, {"task": task.id}, at_ms=at_ms)


def _move_some(
    sqs: Sqs, task: MoveTask, source: Queue, wanted: int, now_ms: int
) -> tuple[int, str]:
    """Move up to `wanted` messages; how many it was, and why the task fails, if it does."""
    moved = 0
    while moved < wanted:
        front = _oldest_visible(sqs, source, wanted - moved, now_ms)
        if not front:
            break
        for message in front:
            target_arn = task.destination_arn or sqs.store.body_row(message.id).dead_letter_source
            if target_arn == "":
                return moved, _FAILED_WITHOUT_SOURCE
            target = sqs.store.find_queue_by_arn(target_arn)
            if target is None:
                return moved, _FAILED_WITHOUT_QUEUE
            redrive(sqs, source, target, message, now_ms)
            moved += 1
    return moved, ""


def _oldest_visible(sqs: Sqs, source: Queue, limit: int, now_ms: int) -> list[WaitingMessage]:
    """Messages that could be received: of FIFO queues, from the fronts of available groups."""
    front = sqs.store.visible(source, now_ms, limit)
    for group_no in sqs.store.groups.available(source.messages_id, now_ms, limit):
        left = limit - len(front)
        if left == 0:
            break
        of_group = sqs.store.groups.fifo_front if group_no < 0 else sqs.store.groups.tenant_front
        front += of_group(group_no, now_ms, left)
    return front


def _end(sqs: Sqs, task: MoveTask, status: Status, failure_reason: str) -> None:
    ended = msgspec.structs.replace(task, status=status, failure_reason=failure_reason)
    sqs.store.move_tasks.update(ended)


def _existing(sqs: Sqs, ctx: RequestContext, parameter: str, arn: str) -> Queue:
    queue = sqs.store.find_queue_by_arn(arn)
    if queue is None or not _is_callers(ctx, arn):
        raise ResourceNotFoundException(
            f"The resource that you specified for the {parameter} parameter doesn't exist."
        )
    return queue


def _is_callers(ctx: RequestContext, arn: str) -> bool:
    return arn.startswith(f"arn:aws:sqs:{ctx.region}:{ctx.account}:")


def _check_destination(source: Queue, target: Queue) -> None:
    if source.id == target.id:
        raise InvalidParameterValue(
            "Source queue arn and destination queue arn cannot be the same."
        )
    if source.is_fifo != target.is_fifo:
        raise InvalidParameterValue("Source queue and destination queue must be of the same type.")


def _check_no_other_task(sqs: Sqs, source: Queue) -> None:
    latest = sqs.store.move_tasks.latest(source.arn, 1)
    if latest and latest[0].status == Status.RUNNING:
        raise InvalidParameterValue(
            "There is already a task running. Only one active task is allowed for a source queue"
            " arn at a given time."
        )


def _shown(task: MoveTask) -> shapes.ListMessageMoveTasksResultEntry:
    shown: shapes.ListMessageMoveTasksResultEntry = {
        "Status": task.status.value,
        "SourceArn": task.source_arn,
        "ApproximateNumberOfMessagesMoved": task.moved,
        "ApproximateNumberOfMessagesToMove": task.to_move,
        "StartedTimestamp": task.started_at_ms,
    }
    if task.status == Status.RUNNING:
        shown["TaskHandle"] = task.handle
    if task.destination_arn:
        shown["DestinationArn"] = task.destination_arn
    if task.messages_per_s:
        shown["MaxNumberOfMessagesPerSecond"] = task.messages_per_s
    if task.failure_reason:
        shown["FailureReason"] = task.failure_reason
    return shown
