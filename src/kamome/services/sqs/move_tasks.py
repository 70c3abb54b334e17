"""Message move tasks as the rules see them.

AWS: SQS API Reference, StartMessageMoveTask, ListMessageMoveTasks.
"""

from __future__ import annotations

import base64
import binascii
from enum import StrEnum

import msgspec
import orjson


class Status(StrEnum):
    """AWS's words for the states of a task; CANCELLING is passed within one call here."""

    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"


class MoveTask(msgspec.Struct, frozen=True):
    """One task. `destination_arn` is empty where each message goes back to its own source.

    `messages_per_s` is 0 where the caller named no rate.
    """

    id: int
    handle: str
    source_arn: str
    destination_arn: str
    messages_per_s: int
    status: Status
    moved: int
    to_move: int
    started_at_ms: int
    failure_reason: str


def task_handle(task_id: str, source_arn: str) -> str:
    """A handle as AWS makes them: Base64 of the task's id and its source."""
    return base64.b64encode(orjson.dumps({"taskId": task_id, "sourceArn": source_arn})).decode()


def is_task_handle(handle: str) -> bool:
    """Whether a text has the form of a handle."""
    try:
        document = orjson.loads(base64.b64decode(handle, validate=True))
    except (binascii.Error, ValueError):
        return False
    return isinstance(document, dict) and {"taskId", "sourceArn"} <= document.keys()
