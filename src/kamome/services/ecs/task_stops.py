"""How a task is told to end. It is recorded first, then its processes are asked to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from kamome.services.ecs.records import TaskRecord
from kamome.services.ecs.task_states import as_told_to_stop

if TYPE_CHECKING:
    from kamome.services.ecs.slice import Ecs


def tell_to_stop(ecs: Ecs, task: TaskRecord, stop_code: str, reason: str) -> TaskRecord:
    """Record that a task is to end, as part of the caller's step; the first reason stays.

    Its containers get SIGTERM when the step is durable, SIGKILL after their stopTimeout. A task
    that has not been started will not be.
    """
    if task.is_stopped:
        return task
    told = replace(task, shown=as_told_to_stop(task.shown, stop_code, reason, ecs.now_s))
    ecs.store.put_task(told)
    ecs.engine.after_commit(lambda: _stop_running(ecs, told))
    return told


def _stop_running(ecs: Ecs, task: TaskRecord) -> None:
    run = ecs.running.tasks.get(task.name)
    if run is not None:
        run.stop()
