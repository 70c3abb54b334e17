"""How a task comes into being: its place on this machine, its row, and the entry that starts it.

This machine stands for all container instances and for Fargate. What a task asks for in CPU and
memory must be free of what the settings `task_cpu` and `task_memory` allow for all tasks together.

AWS: ECS Developer Guide, API failure reasons; ECS API Reference, Task.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from kamome.services.ecs.environment import overridden
from kamome.services.ecs.names import ClusterName, TaskName
from kamome.services.ecs.records import DefinitionRecord, TaskRecord
from kamome.services.ecs.task_size import TaskSize, cpu_units, memory_mb, needed_size
from kamome.services.ecs.task_states import PENDING, PROVISIONING, RUNNING

if TYPE_CHECKING:
    from kamome.services.ecs import shapes
    from kamome.services.ecs.slice import Ecs

# The outbox kind of tasks that are to be started.
START_TASK = "ecs.start_task"
_PLATFORM_VERSION = "1.4.0"
# AWS: ECS Developer Guide, Fargate task ephemeral storage: 20 GiB by default.
_FARGATE_STORAGE_GIB = 20


_NO_OVERRIDES: shapes.TaskOverride = {}
_NO_NETWORK: shapes.NetworkConfiguration = {}


class Wanted(msgspec.Struct, frozen=True):
    """A task to be placed, as RunTask or a service's scheduler wants it."""

    cluster: ClusterName
    definition: DefinitionRecord
    launch_type: str
    group: str
    overrides: shapes.TaskOverride = _NO_OVERRIDES
    started_by: str = ""
    service: str = ""
    capacity_provider: str = ""
    network: shapes.NetworkConfiguration = _NO_NETWORK
    platform_version: str = ""
    is_execute_command_enabled: bool = False
    tags: Sequence[shapes.Tag] = ()
    trace: str = ""


def container_instance_arn(cluster: ClusterName) -> str:
    """The ARN under which this machine is a container instance of a cluster."""
    machine = hashlib.sha256("/".join(cluster).encode()).hexdigest()[:32]
    return cluster.arn_of(f"container-instance/{cluster.name}/{machine}")


def place(ecs: Ecs, wanted: Wanted) -> TaskRecord | shapes.Failure:
    """Place a task as part of the caller's step: it will be started, whatever dies. Or say why not.

    The reasons are AWS's: `RESOURCE:CPU` and `RESOURCE:MEMORY` where what the task needs is not
    free, `AGENT` where the server is about to stop; others where a fault rule has ordered them.

    AWS: ECS Developer Guide, API failure reasons.
    """
    size = needed_size(wanted.definition.shown, wanted.overrides)
    reason = _obstacle(ecs, size) or ecs.ports.placement_fault(
        wanted.cluster, wanted.definition.name.family
    )
    if reason:
        return {"arn": container_instance_arn(wanted.cluster), "reason": reason}
    name = TaskName(wanted.cluster, ecs.ids.hex(32))
    task = TaskRecord(
        name,
        service=wanted.service,
        cpu_units=size.cpu_units,
        memory_mb=size.memory_mb,
        is_started=False,
        trace=wanted.trace,
        shown=_new_task(ecs, name, wanted),
        tags=list(wanted.tags),
    )
    ecs.store.put_task(task)
    ecs.outbox.put(START_TASK, task_payload(name), trace=wanted.trace)
    return task


def task_payload(name: TaskName) -> Mapping[str, object]:
    """A task's name as the payload of an outbox entry."""
    account, region, cluster = name.cluster
    return {"account": account, "region": region, "cluster": cluster, "id": name.id}


def task_of(payload: Mapping[str, object]) -> TaskName:
    """The task that a payload names."""
    account, region, cluster, task_id = (
        str(payload[part]) for part in ("account", "region", "cluster", "id")
    )
    return TaskName(ClusterName(account, region, cluster), task_id)


def _obstacle(ecs: Ecs, size: TaskSize) -> str:
    if ecs.running.is_stopping:
        return "AGENT"
    taken, capacity = ecs.store.taken(), ecs.settings.capacity
    if taken.cpu_units + size.cpu_units > capacity.cpu_units:
        return "RESOURCE:CPU"
    if taken.memory_mb + size.memory_mb > capacity.memory_mb:
        return "RESOURCE:MEMORY"
    return ""


def _new_task(ecs: Ecs, name: TaskName, wanted: Wanted) -> shapes.Task:
    definition, cluster = wanted.definition.shown, name.cluster
    is_awsvpc = definition.get("networkMode") == "awsvpc"
    task: shapes.Task = {
        "attachments": [_interface(ecs, wanted)] if is_awsvpc else [],
        "attributes": [{"name": "ecs.cpu-architecture", "value": "x86_64"}],
        "availabilityZone": f"{cluster.region}a",
        "clusterArn": cluster.arn,
        "containers": [
            _new_container(ecs, name, overridden(container, wanted.overrides))
            for container in definition["containerDefinitions"]
        ],
        "createdAt": ecs.now_s,
        "desiredStatus": RUNNING,
        "enableExecuteCommand": wanted.is_execute_command_enabled,
        "group": wanted.group,
        "healthStatus": "UNKNOWN",
        "lastStatus": PROVISIONING if is_awsvpc else PENDING,
        "launchType": wanted.launch_type,
        "overrides": _shown_overrides(definition, wanted.overrides),
        "taskArn": name.arn,
        "taskDefinitionArn": wanted.definition.name.arn,
        "version": 1,
    }
    cpu = wanted.overrides.get("cpu", definition.get("cpu"))
    memory = wanted.overrides.get("memory", definition.get("memory"))
    if cpu is not None:
        task["cpu"] = str(cpu_units(cpu))
    if memory is not None:
        task["memory"] = str(memory_mb(memory))
    if wanted.started_by:
        task["startedBy"] = wanted.started_by
    if wanted.capacity_provider:
        task["capacityProviderName"] = wanted.capacity_provider
    if wanted.launch_type == "FARGATE":
        version = wanted.platform_version
        task["platformVersion"] = _PLATFORM_VERSION if version in ("", "LATEST") else version
        task["platformFamily"] = "Linux"
        default: shapes.EphemeralStorage = {"sizeInGiB": _FARGATE_STORAGE_GIB}
        own = definition.get("ephemeralStorage", default)
        task["ephemeralStorage"] = wanted.overrides.get("ephemeralStorage", own)
    else:
        task["containerInstanceArn"] = container_instance_arn(cluster)
    return task


def _new_container(
    ecs: Ecs, name: TaskName, container: shapes.ContainerDefinition
) -> shapes.ContainerShape:
    resource = f"container/{name.cluster.name}/{name.id}/{ecs.ids.uuid()}"
    shown: shapes.ContainerShape = {
        "containerArn": name.cluster.arn_of(resource),
        "taskArn": name.arn,
        "name": container["name"],
        "image": container["image"],
        "lastStatus": "PENDING",
        "networkInterfaces": [],
        "healthStatus": "UNKNOWN",
        "cpu": str(container.get("cpu", 0)),
    }
    if "memory" in container:
        shown["memory"] = str(container["memory"])
    if "memoryReservation" in container:
        shown["memoryReservation"] = str(container["memoryReservation"])
    return shown


def _interface(ecs: Ecs, wanted: Wanted) -> shapes.Attachment:
    """The network interface of a task in awsvpc mode; containers really have this machine's."""
    subnets = wanted.network.get("awsvpcConfiguration", {"subnets": []})["subnets"]
    return {
        "id": ecs.ids.uuid(),
        "type": "ElasticNetworkInterface",
        "status": "PRECREATED",
        "details": [
            {"name": "subnetId", "value": subnets[0] if subnets else ""},
            {"name": "networkInterfaceId", "value": f"eni-{ecs.ids.hex(17)}"},
            {"name": "privateIPv4Address", "value": "127.0.0.1"},
        ],
    }


def _shown_overrides(
    definition: shapes.TaskDefinition, overrides: shapes.TaskOverride
) -> shapes.TaskOverride:
    """The overrides as DescribeTasks shows them: an entry for each container."""
    given = {each.get("name", ""): each for each in overrides.get("containerOverrides", ())}
    names = [container["name"] for container in definition["containerDefinitions"]]
    shown: shapes.TaskOverride = {
        **overrides,
        "containerOverrides": [given.get(name, {"name": name}) for name in names],
        "inferenceAcceleratorOverrides": [],
    }
    return shown
