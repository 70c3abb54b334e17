"""What a service should do next: pure arithmetic over its deployments and the tasks it has.

AWS: ECS Developer Guide, Deploy Amazon ECS services by replacing tasks (rolling update), Service
throttle logic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, floor
from typing import TYPE_CHECKING, NamedTuple

from kamome.services.ecs.limits import (
    RESTART_DELAY_MS_MAX,
    RESTART_DELAY_MS_MIN,
    STARTS_PER_STEP_MAX,
)
from kamome.services.ecs.records import RUNNING, STOPPED, TaskRecord

if TYPE_CHECKING:
    from kamome.services.ecs import shapes

_MAXIMUM_PERCENT = 200
_MINIMUM_HEALTHY_PERCENT = 100


class Plan(NamedTuple):
    """How many tasks of the newest deployment to start, and which tasks to stop."""

    starts: int
    stops: Sequence[TaskRecord]


class Counts(NamedTuple):
    """Tasks of a deployment or a service that have not been told to stop."""

    running: int
    pending: int


def counts_of(tasks: Sequence[TaskRecord]) -> Counts:
    """How many of these tasks run, and how many are about to."""
    live = [task.shown for task in tasks if task.shown["desiredStatus"] != STOPPED]
    running = sum(shown["lastStatus"] == RUNNING for shown in live)
    return Counts(running, len(live) - running)


def plan_of(service: shapes.Service, tasks: Sequence[TaskRecord]) -> Plan:
    """The next step towards `desiredCount` tasks of the newest deployment.

    During a deployment at most `maximumPercent` of the desired count are there, and at least
    `minimumHealthyPercent` run. At most ten are started in one step.
    """
    desired = service["desiredCount"]
    newest = service["deployments"][0]["id"]
    wanted = [task for task in tasks if task.shown["desiredStatus"] != STOPPED]
    ours = [task for task in wanted if task.shown.get("startedBy") == newest]
    older = [task for task in wanted if task.shown.get("startedBy") != newest]
    configuration = service.get("deploymentConfiguration", {})
    most = max(
        desired, floor(desired * configuration.get("maximumPercent", _MAXIMUM_PERCENT) / 100)
    )
    least = ceil(
        desired * configuration.get("minimumHealthyPercent", _MINIMUM_HEALTHY_PERCENT) / 100
    )
    surplus = _to_end_first(ours)[: max(0, len(ours) - desired)]
    running = sum(task.shown["lastStatus"] == RUNNING for task in wanted if task not in surplus)
    spare = max(0, running - least) if desired else len(older)
    stops = [task for task in older if task.shown["lastStatus"] != RUNNING]
    stops += [task for task in older if task.shown["lastStatus"] == RUNNING][:spare]
    stops = [*surplus, *stops]
    room = most - (len(wanted) - len(stops))
    starts = max(0, min(desired - len(ours), room, STARTS_PER_STEP_MAX))
    return Plan(starts, stops)


def restart_delay_ms(failures: int) -> int:
    """How long to wait after so many tasks in a row that ended early: 1 s doubling to 27 min."""
    if failures == 0:
        return 0
    return min(RESTART_DELAY_MS_MAX, RESTART_DELAY_MS_MIN << min(failures - 1, 20))


def with_counts(service: shapes.Service, tasks: Sequence[TaskRecord]) -> shapes.Service:
    """The service as DescribeServices shows it, counted."""
    by_deployment: Mapping[str, list[TaskRecord]] = {
        deployment["id"]: [] for deployment in service["deployments"]
    }
    for task in tasks:
        if task.shown.get("startedBy", "") in by_deployment:
            by_deployment[task.shown["startedBy"]].append(task)
    deployments = []
    for deployment in service["deployments"]:
        counts = counts_of(by_deployment[deployment["id"]])
        counted: shapes.Deployment = {
            **deployment,
            "runningCount": counts.running,
            "pendingCount": counts.pending,
        }
        deployments.append(counted)
    total = counts_of(tasks)
    shown: shapes.Service = {
        **service,
        "runningCount": total.running,
        "pendingCount": total.pending,
        "deployments": deployments,
    }
    return shown


def _to_end_first(tasks: Sequence[TaskRecord]) -> list[TaskRecord]:
    """Those that do not run yet, and then the newest."""
    newest = sorted(tasks, key=lambda task: task.shown["createdAt"], reverse=True)
    return sorted(newest, key=lambda task: task.shown["lastStatus"] == RUNNING)
