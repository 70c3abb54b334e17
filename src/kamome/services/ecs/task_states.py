"""The life of a task and of its containers, as changes of AWS's own Task shape. Pure.

PROVISIONING (awsvpc) → PENDING → RUNNING → DEACTIVATING, STOPPING → DEPROVISIONING → STOPPED. Each
function takes the task as it is and returns it as it is then; `version` counts the changes.

AWS: ECS Developer Guide, Task lifecycle; ECS API Reference, Task, Container.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from kamome.services.ecs import shapes


PROVISIONING = "PROVISIONING"
PENDING = "PENDING"
RUNNING = "RUNNING"
STOPPING = "STOPPING"
DEPROVISIONING = "DEPROVISIONING"
STOPPED = "STOPPED"

FAILED_TO_START = "TaskFailedToStart"
ESSENTIAL_EXITED = "EssentialContainerExited"
USER_INITIATED = "UserInitiated"
SCHEDULER_INITIATED = "ServiceSchedulerInitiated"
TERMINATION_NOTICE = "TerminationNotice"
HOST_LOST = "InfrastructureHealth"

# `killed`, as the shell and Docker count: 128 and the number of the signal.
_SIGNAL_BASE = 128


def exit_code_of(returncode: int) -> int:
    """The exit code that a container shows for the end of its process."""
    return returncode if returncode >= 0 else _SIGNAL_BASE - returncode


def as_pending(task: shapes.Task, now_s: float) -> shapes.Task:
    """The task has a place, its images are being looked for."""
    changed = _changed(task, lastStatus=PENDING, pullStartedAt=now_s, connectivityAt=now_s)
    changed["connectivity"] = "CONNECTED"
    changed["attachments"] = [
        {**attachment, "status": "ATTACHED"} for attachment in task.get("attachments", ())
    ]
    return changed


def as_running(task: shapes.Task, now_s: float) -> shapes.Task:
    """All containers that it begins with have been started."""
    return _changed(task, lastStatus=RUNNING, startedAt=now_s)


def as_pulled(task: shapes.Task, now_s: float) -> shapes.Task:
    """The images are there."""
    return _changed(task, pullStoppedAt=now_s)


def with_container(task: shapes.Task, name: str, changes: shapes.ContainerShape) -> shapes.Task:
    """One of its containers has changed."""
    containers = [
        {**container, **changes} if container["name"] == name else container
        for container in task["containers"]
    ]
    return _changed(task, containers=containers)


def with_health(task: shapes.Task, checked: Collection[str]) -> shapes.Task:
    """The health of the task, by that of its essential containers that are checked.

    AWS: ECS Developer Guide, Determine Amazon ECS task health using container health checks.
    """
    found = {
        container.get("healthStatus", "UNKNOWN")
        for container in task["containers"]
        if container["name"] in checked
    }
    if "UNHEALTHY" in found:
        return _changed(task, healthStatus="UNHEALTHY")
    return _changed(task, healthStatus="HEALTHY" if found == {"HEALTHY"} else "UNKNOWN")


def as_told_to_stop(task: shapes.Task, stop_code: str, reason: str, now_s: float) -> shapes.Task:
    """It is to end, for the first reason that there was."""
    if "stopCode" in task:
        return task
    return _changed(
        task, desiredStatus=STOPPED, stopCode=stop_code, stoppedReason=reason, stoppingAt=now_s
    )


def as_stopping(task: shapes.Task) -> shapes.Task:
    """Its containers are being ended."""
    return _changed(task, lastStatus=STOPPING)


def as_deprovisioning(task: shapes.Task, now_s: float) -> shapes.Task:
    """Its containers have ended."""
    changed = _changed(task, lastStatus=DEPROVISIONING, executionStoppedAt=now_s)
    changed["attachments"] = [
        {**attachment, "status": "DELETED"} for attachment in task.get("attachments", ())
    ]
    return changed


def as_stopped(task: shapes.Task, now_s: float) -> shapes.Task:
    """It has ended. Containers that never ran are shown as stopped, without an exit code."""
    containers = [{**container, "lastStatus": STOPPED} for container in task["containers"]]
    return _changed(
        task, lastStatus=STOPPED, desiredStatus=STOPPED, stoppedAt=now_s, containers=containers
    )


def end_of(task: shapes.Task, essential: Mapping[str, bool]) -> str:
    """How the end reads in a journey: an exit code, or the stop code where nothing has exited.

    The code is that of the first essential container that failed, else of the first.
    """
    codes = [
        container["exitCode"]
        for container in task["containers"]
        if "exitCode" in container and essential.get(container["name"], True)
    ]
    if task.get("stopCode") == FAILED_TO_START or not codes:
        return task.get("stopCode", STOPPED)
    return f"exit {next((code for code in codes if code), 0)}"


def _changed(task: shapes.Task, **changes: object) -> shapes.Task:
    version = task.get("version", 0) + 1
    return cast("shapes.Task", {**task, **changes, "version": version})
