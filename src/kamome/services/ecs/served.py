"""What of a task definition can run here. The rest is refused by name before anything starts.

A definition may say all that ECS takes; it is kept as it is. But a container that would run without
the volume or the log driver it names would run wrongly, so such a task is not started.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamome.services.ecs.errors import not_served
from kamome.services.ecs.firelens import DRIVER

if TYPE_CHECKING:
    from kamome.services.ecs import shapes

_LOG_DRIVERS = ("awslogs", "awsfirelens", "json-file")
# Members of a container definition whose absence a program would notice.
_REFUSED_MEMBERS = (
    "volumesFrom",
    "links",
    "resourceRequirements",
    "credentialSpecs",
)
_REFUSED_OVERRIDES = ("resourceRequirements",)
# Kinds of volumes that this machine has none of.
_REFUSED_VOLUMES = (
    "dockerVolumeConfiguration",
    "efsVolumeConfiguration",
    "fsxWindowsFileServerVolumeConfiguration",
    "s3filesVolumeConfiguration",
    "configuredAtLaunch",
)
LAUNCH_TYPES = ("EC2", "FARGATE")


def check_served(definition: shapes.TaskDefinition, overrides: shapes.TaskOverride) -> None:
    """Refuse a task that needs something Kamome does not do.

    Raises:
        OperationNotServed: it names a volume that is no directory of this machine, another log
            driver than awslogs, awsfirelens and json-file, or something else that is not served.
    """
    for container in definition["containerDefinitions"]:
        where = f"of container '{container['name']}' in a task"
        for member in _REFUSED_MEMBERS:
            if container.get(member):
                raise not_served(f"`{member}` {where}")
        log = container.get("logConfiguration")
        if log is not None and log["logDriver"] not in _LOG_DRIVERS:
            raise not_served(f"The log driver {log['logDriver']} {where}")
        if log is not None and log.get("secretOptions") and log["logDriver"] != DRIVER:
            raise not_served(f"`secretOptions` of the log driver {log['logDriver']} {where}")
    for volume in definition.get("volumes", ()):
        for member in _REFUSED_VOLUMES:
            if volume.get(member):
                raise not_served(f"`{member}` of a volume in a task")
    for override in overrides.get("containerOverrides", ()):
        for member in _REFUSED_OVERRIDES:
            if override.get(member):
                raise not_served(f"`{member}` in an override")
    if overrides.get("inferenceAcceleratorOverrides") or definition.get("inferenceAccelerators"):
        raise not_served("An inference accelerator of a task")
    if definition.get("proxyConfiguration"):
        raise not_served("`proxyConfiguration` of a task")


def check_launch_type(launch_type: str) -> None:
    """Refuse launch types that this machine does not stand for.

    Raises:
        OperationNotServed: EXTERNAL or MANAGED_INSTANCES.
    """
    if launch_type not in LAUNCH_TYPES:
        raise not_served(f"The launch type {launch_type}")
