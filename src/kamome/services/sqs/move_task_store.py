"""Message move tasks in SQLite."""

from __future__ import annotations

from kamome.services.sqs.move_tasks import MoveTask, Status
from kamome.services.sqs.queue_store import whole
from kamome.storage.engine import Engine, Row

INSERT_TASK = """
INSERT INTO sqs_move_task (id, handle, source_arn, destination_arn, messages_per_s, status, moved,
  to_move, started_at_ms, failure_reason)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_COLUMNS = """id, handle, source_arn, destination_arn, messages_per_s, status, moved, to_move,
  started_at_ms, failure_reason"""
# Primary key.
SELECT_TASK = f"SELECT {_COLUMNS} FROM sqs_move_task WHERE id = ?"
# Index sqs_move_task_handle.
SELECT_TASK_BY_HANDLE = f"SELECT {_COLUMNS} FROM sqs_move_task WHERE handle = ?"
# Index sqs_move_task_source.
SELECT_TASKS = f"""
SELECT {_COLUMNS} FROM sqs_move_task WHERE source_arn = ? ORDER BY id DESC LIMIT ?
"""
# Primary key.
UPDATE_TASK = "UPDATE sqs_move_task SET status = ?, moved = ?, failure_reason = ? WHERE id = ?"
# Index sqs_move_task_source.
DELETE_OLDER_TASKS = """
DELETE FROM sqs_move_task WHERE source_arn = ? AND id < ?
"""
# Index sqs_move_task_source.
DELETE_TASKS = "DELETE FROM sqs_move_task WHERE source_arn = ?"


class MoveTaskStore:
    """Rows of move tasks. Every method is one statement."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, task: MoveTask) -> None:
        """A task begins."""
        self._engine.write(
            INSERT_TASK,
            (
                task.id,
                task.handle,
                task.source_arn,
                task.destination_arn,
                task.messages_per_s,
                task.status,
                task.moved,
                task.to_move,
                task.started_at_ms,
                task.failure_reason,
            ),
        )

    def find(self, task_id: int) -> MoveTask | None:
        """The task of that id."""
        row = self._engine.one(SELECT_TASK, (task_id,))
        return None if row is None else _task(row)

    def find_by_handle(self, handle: str) -> MoveTask | None:
        """The task of that handle."""
        row = self._engine.one(SELECT_TASK_BY_HANDLE, (handle,))
        return None if row is None else _task(row)

    def latest(self, source_arn: str, limit: int) -> list[MoveTask]:
        """Tasks of a dead-letter queue, the newest first."""
        return [_task(row) for row in self._engine.all(SELECT_TASKS, (source_arn, limit))]

    def update(self, task: MoveTask) -> None:
        """Keep the task's status and progress."""
        self._engine.write(UPDATE_TASK, (task.status, task.moved, task.failure_reason, task.id))

    def forget_before(self, source_arn: str, task_id: int) -> None:
        """Drop the tasks of a dead-letter queue that are older than one of them."""
        self._engine.write(DELETE_OLDER_TASKS, (source_arn, task_id))

    def forget(self, source_arn: str) -> None:
        """Drop all tasks of a queue; one that is running goes no further."""
        self._engine.write(DELETE_TASKS, (source_arn,))


def _task(row: Row) -> MoveTask:
    task_id, handle, source, destination, per_s, status, moved, to_move, started, reason = row
    return MoveTask(
        id=whole(task_id),
        handle=str(handle),
        source_arn=str(source),
        destination_arn=str(destination),
        messages_per_s=whole(per_s),
        status=Status(str(status)),
        moved=whole(moved),
        to_move=whole(to_move),
        started_at_ms=whole(started),
        failure_reason=str(reason),
    )
