"""How the end of a task is recorded, of one that ran and of one that was lost.

AWS: ECS API Reference, DescribeTasks (stopped tasks appear for at least one hour).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kamome.services.ecs.limits import STOPPED_KEPT_MS
from kamome.services.ecs.names import definition_of_arn
from kamome.services.ecs.records import TaskRecord
from kamome.services.ecs.retention import Expiry
from kamome.services.ecs.scheduling import note_end
from kamome.services.ecs.task_states import (
    HOST_LOST,
    as_deprovisioning,
    as_stopped,
    as_told_to_stop,
    end_of,
)

if TYPE_CHECKING:
    from kamome.services.ecs.slice import Ecs

logger = logging.getLogger(__name__)

_LOST = "The server ended while the task was running, and the task's processes with it."


def record_end(ecs: Ecs, task: TaskRecord) -> None:
    """Record that a task has ended, as part of the caller's step.

    It is remembered for an hour; a service's scheduler hears of it; its journey shows the end.
    """
    now_s = ecs.now_s
    shown = task.shown
    if "executionStoppedAt" not in shown:
        shown = as_deprovisioning(shown, now_s)
    ended = replace(task, is_started=True, shown=as_stopped(shown, now_s))
    ecs.store.put_task(ended)
    ecs.retention.keep_for(Expiry("task", task.name.cluster, task.name.id), STOPPED_KEPT_MS)
    ecs.journeys.step(
        task.trace,
        service="ecs",
        action="Task stopped",
        resource=task.name.id,
        result=end_of(ended.shown, essential_containers(ecs, task)),
        detail=ended.shown.get("stoppedReason", ""),
    )
    if task.service:
        note_end(ecs, ended)


def essential_containers(ecs: Ecs, task: TaskRecord) -> Mapping[str, bool]:
    """Which containers of a task are essential."""
    definition = ecs.store.find_definition(definition_of_arn(task.definition))
    assert definition is not None, "revisions are never deleted"
    return {
        container["name"]: container.get("essential", True)
        for container in definition.shown["containerDefinitions"]
    }


def end_lost_tasks(ecs: Ecs) -> None:
    """Tasks that had processes when an earlier run of the server ended have ended with it."""
    left = ecs.store.left_tasks()
    for task in left:
        with ecs.engine.atomic():
            shown = as_told_to_stop(task.shown, HOST_LOST, _LOST, ecs.now_s)
            record_end(ecs, replace(task, shown=shown))
    if left:
        logger.info("%d tasks ended with the earlier run of the server.", len(left))
