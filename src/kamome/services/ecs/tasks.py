"""The operations on tasks: RunTask, StopTask, DescribeTasks, ListTasks.

AWS: ECS API Reference, RunTask and the other actions on tasks.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import orjson

from kamome.services.ecs.clusters import active_cluster
from kamome.services.ecs.errors import (
    ConflictException,
    InvalidParameterException,
    ServiceNotFoundException,
    not_served,
)
from kamome.services.ecs.launching import check_network, check_placement, decide_launch
from kamome.services.ecs.limits import (
    CLIENT_TOKEN_CHARACTERS_MAX,
    CLIENT_TOKEN_MS,
    DESCRIBED_MAX,
    OVERRIDES_CHARACTERS_MAX,
    REASON_CHARACTERS_MAX,
    STARTED_BY_CHARACTERS_MAX,
    TASKS_PER_RUN_MAX,
)
from kamome.services.ecs.names import ClusterName, TaskName, parse_service, parse_task
from kamome.services.ecs.paging import after, page_size, token_after
from kamome.services.ecs.records import ClusterRecord, DefinitionRecord, TaskRecord
from kamome.services.ecs.retention import Expiry
from kamome.services.ecs.served import check_served
from kamome.services.ecs.store import TaskFilter
from kamome.services.ecs.tags import checked_tags, managed_tags
from kamome.services.ecs.task_definitions import runnable_definition
from kamome.services.ecs.task_size import cpu_units, memory_mb
from kamome.services.ecs.task_starts import Wanted, container_instance_arn, place
from kamome.services.ecs.task_states import RUNNING, USER_INITIATED
from kamome.services.ecs.task_stops import tell_to_stop

if TYPE_CHECKING:
    from kamome.context import RequestContext
    from kamome.services.ecs import shapes
    from kamome.services.ecs.slice import Ecs

_STARTED_BY = re.compile(r"[A-Za-z0-9_/.:-]*")


async def run_task(
    ecs: Ecs, ctx: RequestContext, request: shapes.RunTaskRequest
) -> shapes.RunTaskResult:
    """Place up to ten tasks. An answer without error may carry `failures` for those not placed.

    A placed task is durable on return: it is started, whatever dies. The same `clientToken` within
    24 hours returns the tasks of the first call.

    Raises:
        ClusterNotFoundException: there is no such cluster.
        ClientException: there is no such task definition, or an overriding size is not valid.
        InvalidParameterException: a parameter is not valid, or the definition is inactive.
        ConflictException: the client token was used for another request.
        OperationNotServed: the task needs something that Kamome does not do.

    AWS: ECS API Reference, RunTask; ECS Developer Guide, API failure reasons.
    """
    cluster = active_cluster(ecs, ctx, request.get("cluster"))
    count = _checked_count(request)
    token = request.get("clientToken", "")
    if token:
        earlier = _of_token(ecs, cluster.name, request, token)
        if earlier is not None:
            return earlier
    definition = runnable_definition(ecs, ctx, request["taskDefinition"])
    wanted = _wanted(ctx, cluster, definition, request)
    result: shapes.RunTaskResult = {"tasks": [], "failures": []}
    ids = []
    with ecs.engine.atomic():
        for _ in range(count):
            placed = place(ecs, wanted)
            if isinstance(placed, TaskRecord):
                result["tasks"].append(_shown(placed, is_tagged=True))
                ids.append(placed.name.id)
            else:
                result["failures"].append(placed)
        if token and ids:
            _keep_token(ecs, cluster.name, request, ids)
    return result


async def stop_task(
    ecs: Ecs, ctx: RequestContext, request: shapes.StopTaskRequest
) -> shapes.StopTaskResult:
    """Have a task end: SIGTERM to its containers, SIGKILL after their stopTimeout.

    A stopped task is returned as it is. Durable on return.

    Raises:
        ClusterNotFoundException: there is no such cluster.
        InvalidParameterException: there is no such task, or the reason is too long.

    AWS: ECS API Reference, StopTask.
    """
    cluster = active_cluster(ecs, ctx, request.get("cluster"))
    reason = request.get("reason", "Task stopped by user")
    if len(reason) > REASON_CHARACTERS_MAX:
        raise InvalidParameterException(
            f"reason can have at most {REASON_CHARACTERS_MAX} characters."
        )
    name = parse_task(cluster.name, request["task"])
    task = None if name is None else ecs.store.find_task(name)
    if task is None:
        raise InvalidParameterException("The referenced task was not found.")
    told = tell_to_stop(ecs, task, USER_INITIATED, reason)
    return {"task": _shown(told, is_tagged=False)}


async def describe_tasks(
    ecs: Ecs, ctx: RequestContext, request: shapes.DescribeTasksRequest
) -> shapes.DescribeTasksResult:
    """Tasks by id or ARN, stopped ones for an hour; those not there are failures (MISSING).

    Raises:
        ClusterNotFoundException: there is no such cluster.
        InvalidParameterException: none is named, or more than 100 are.

    AWS: ECS API Reference, DescribeTasks.
    """
    cluster = active_cluster(ecs, ctx, request.get("cluster"))
    wanted = request["tasks"]
    if not wanted:
        raise InvalidParameterException("Tasks cannot be empty.")
    if len(wanted) > DESCRIBED_MAX:
        raise InvalidParameterException(f"Tasks cannot have more than {DESCRIBED_MAX} items.")
    result: shapes.DescribeTasksResult = {"tasks": [], "failures": []}
    for text in wanted:
        name = parse_task(cluster.name, text)
        task = None if name is None else ecs.store.find_task(name)
        if task is None:
            arn = text if text.startswith("arn:") else TaskName(cluster.name, text).arn
            result["failures"].append({"arn": arn, "reason": "MISSING"})
        else:
            result["tasks"].append(_shown(task, is_tagged="TAGS" in request.get("include", ())))
    return result


async def list_tasks(
    ecs: Ecs, ctx: RequestContext, request: shapes.ListTasksRequest
) -> shapes.ListTasksResult:
    """A page of ARNs of tasks: those that are to run, or with STOPPED those that are to end.

    PENDING finds none: no task has it as its desired status, as AWS says.

    Raises:
        ClusterNotFoundException: there is no such cluster.
        ServiceNotFoundException: there is no such service.
        InvalidParameterException: maxResults or nextToken is not valid.

    AWS: ECS API Reference, ListTasks.
    """
    cluster = active_cluster(ecs, ctx, request.get("cluster"))
    size = page_size(request.get("maxResults"))
    start = after(request.get("nextToken"))
    if request.get("daemonName"):
        raise not_served("`daemonName`")
    launch_type = request.get("launchType", "")
    if "containerInstance" in request:
        arn = container_instance_arn(cluster.name)
        if request["containerInstance"] not in (arn, arn.rpartition("/")[2]):
            raise InvalidParameterException("The referenced container instance was not found.")
        launch_type = "EC2"
    wanted = TaskFilter(
        request.get("desiredStatus", RUNNING),
        family=request.get("family", ""),
        started_by=request.get("startedBy", ""),
        service=_service_name(ecs, cluster, request.get("serviceName", "")),
        launch_type=launch_type,
    )
    ids = ecs.store.task_ids(cluster.name, wanted, start, size + 1)
    result: shapes.ListTasksResult = {
        "taskArns": [TaskName(cluster.name, task_id).arn for task_id in ids[:size]]
    }
    if token := token_after(ids, size):
        result["nextToken"] = token
    return result


# ---------------------------------------------------------------------- RunTask


def _wanted(
    ctx: RequestContext,
    cluster: ClusterRecord,
    definition: DefinitionRecord,
    request: shapes.RunTaskRequest,
) -> Wanted:
    overrides = request.get("overrides", {})
    _check_overrides(overrides, definition)
    check_served(definition.shown, overrides)
    if request.get("volumeConfigurations"):
        raise not_served("`volumeConfigurations`")
    check_placement(request.get("placementConstraints", ()))
    launch = decide_launch(
        cluster, definition, request.get("launchType"), request.get("capacityProviderStrategy", ())
    )
    check_network(definition, request.get("networkConfiguration"))
    own = checked_tags(request.get("tags", ()))
    if request.get("propagateTags") == "TASK_DEFINITION":
        own = checked_tags([*definition.tags, *own])
    elif request.get("propagateTags") == "SERVICE":
        raise InvalidParameterException("Tags of a service cannot be propagated by RunTask.")
    managed = managed_tags(cluster.name.name) if request.get("enableECSManagedTags") else []
    return Wanted(
        cluster.name,
        definition,
        launch_type=launch.launch_type,
        group=_checked_group(request, definition),
        overrides=overrides,
        started_by=_checked_started_by(request),
        capacity_provider=launch.capacity_provider,
        network=request.get("networkConfiguration", {}),
        platform_version=request.get("platformVersion", ""),
        is_execute_command_enabled=request.get("enableExecuteCommand", False),
        tags=[*managed, *own],
        trace=ctx.trace,
    )


def _checked_count(request: shapes.RunTaskRequest) -> int:
    count = request.get("count", 1)
    if not 1 <= count <= TASKS_PER_RUN_MAX:
        raise InvalidParameterException(f"count should be between 1 and {TASKS_PER_RUN_MAX}.")
    return count


def _checked_started_by(request: shapes.RunTaskRequest) -> str:
    started_by = request.get("startedBy", "")
    if len(started_by) > STARTED_BY_CHARACTERS_MAX or not _STARTED_BY.fullmatch(started_by):
        raise InvalidParameterException(
            "startedBy should be up to 128 letters, numbers, hyphens, forward slashes, and"
            " underscores."
        )
    return started_by


def _checked_group(request: shapes.RunTaskRequest, definition: DefinitionRecord) -> str:
    group = request.get("group") or f"family:{definition.name.family}"
    if group.startswith("service:"):
        raise InvalidParameterException("Invalid namespace for group.")
    return group


def _check_overrides(overrides: shapes.TaskOverride, definition: DefinitionRecord) -> None:
    size = len(orjson.dumps(overrides))
    if size > OVERRIDES_CHARACTERS_MAX:
        raise InvalidParameterException(
            f"Container Overrides length must be at most {OVERRIDES_CHARACTERS_MAX}"
        )
    names = {container["name"] for container in definition.shown["containerDefinitions"]}
    for override in overrides.get("containerOverrides", ()):
        name = override.get("name", "")
        if name not in names:
            raise InvalidParameterException(
                f"Override for container named {name} is not a container in the TaskDefinition."
            )
        for pair in override.get("environment", ()):
            if not pair.get("name") or "=" in pair["name"]:
                raise InvalidParameterException("An environment variable has no name.")
            if "\0" in pair["name"] + pair.get("value", ""):
                raise InvalidParameterException("An environment variable holds a NUL.")
    if "cpu" in overrides:
        cpu_units(overrides["cpu"])
    if "memory" in overrides:
        memory_mb(overrides["memory"])


def _of_token(
    ecs: Ecs, cluster: ClusterName, request: shapes.RunTaskRequest, token: str
) -> shapes.RunTaskResult | None:
    """What was answered to the token before, None where it is new."""
    if len(token) > CLIENT_TOKEN_CHARACTERS_MAX or not token.isascii() or not token.isprintable():
        raise InvalidParameterException(
            f"clientToken should be up to {CLIENT_TOKEN_CHARACTERS_MAX} characters of ASCII 33-126."
        )
    kept = ecs.store.find_token(cluster, token)
    if kept is None:
        return None
    request_sha256, ids = kept
    names = [TaskName(cluster, task_id) for task_id in ids]
    if request_sha256 != _hash(request):
        raise ConflictException(
            "The client token was used for a request with other parameters.",
            {"resourceIds": [name.arn for name in names]},
        )
    tasks = [task for name in names if (task := ecs.store.find_task(name)) is not None]
    return {"tasks": [_shown(task, is_tagged=True) for task in tasks], "failures": []}


def _keep_token(
    ecs: Ecs, cluster: ClusterName, request: shapes.RunTaskRequest, ids: list[str]
) -> None:
    token = request["clientToken"]
    ecs.store.keep_token(cluster, token, _hash(request), ids)
    ecs.retention.keep_for(Expiry("token", cluster, token), CLIENT_TOKEN_MS)


def _hash(request: shapes.RunTaskRequest) -> str:
    return hashlib.sha256(orjson.dumps(request, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _service_name(ecs: Ecs, cluster: ClusterRecord, text: str) -> str:
    if not text:
        return ""
    name = parse_service(cluster.name, text)
    if name is None or ecs.store.find_service(name) is None:
        raise ServiceNotFoundException("Service not found.")
    return name.name


def _shown(task: TaskRecord, *, is_tagged: bool) -> shapes.Task:
    shown: shapes.Task = {**task.shown, "tags": task.tags if is_tagged else []}
    return shown
