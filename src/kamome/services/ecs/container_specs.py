"""What a container definition, the task's overrides and this server make of a container to run."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kamome.services.ecs.environment import container_environment, overridden
from kamome.services.ecs.firelens import (
    CONFIG_PATHS,
    CONFIG_VARIABLE,
    EXTERNAL_CONFIG,
    HOST,
    Route,
    config_in_s3,
    is_routed,
    tag_of,
)
from kamome.services.ecs.names import definition_of_arn
from kamome.services.ecs.records import TaskRecord
from kamome.services.ecs.runtimes.output import log_file
from kamome.services.ecs.runtimes.port import ContainerSpec
from kamome.services.ecs.volumes import Mount, mounts_of

if TYPE_CHECKING:
    from kamome.services.ecs import shapes
    from kamome.services.ecs.slice import Ecs

METADATA_PATH = "/_kamome/ecs/v4/"
CREDENTIALS_PATH = "/_kamome/ecs/credentials/"


def container_spec(
    ecs: Ecs,
    task: TaskRecord,
    container: shapes.ContainerDefinition,
    volumes: Sequence[shapes.Volume] = (),
    *,
    router_port: int = 0,
) -> tuple[shapes.ContainerDefinition, ContainerSpec]:
    """The container as the task overrides it, and how it is to be run.

    `router_port` is where the task's log router listens, 0 where it has none.
    """
    wanted = overridden(container, task.shown.get("overrides", {}))
    token = ecs.ids.hex(32)
    folder = ecs.task_folder / task.name.id / container["name"]
    endpoint_url = ecs.settings.endpoint_url()
    account, region, _ = task.name.cluster
    environment = container_environment(
        wanted,
        metadata_uri=f"{endpoint_url}{METADATA_PATH}{token}",
        credentials_uri=f"{endpoint_url}{CREDENTIALS_PATH}{token}",
        credentials=ecs.settings.credentials(account),
        region=region,
        endpoint_url=endpoint_url,
        launch_type=task.shown.get("launchType", ""),
        trace=task.trace,
        scratch=folder / "tmp",
        program_folder=Path(sys.executable).parent,
    )
    config = _router_config(ecs, task, container)
    if router_port:
        environment |= {"FLUENT_HOST": HOST, "FLUENT_PORT": str(router_port)}
    if config is not None:
        environment[CONFIG_VARIABLE] = str(config.source)
    spec = ContainerSpec(
        name=container["name"],
        image=container["image"],
        entry_point=wanted.get("entryPoint", ()),
        command=wanted.get("command", ()),
        working_directory=wanted.get("workingDirectory", ""),
        environment=environment,
        ulimits={
            limit["name"]: (limit["softLimit"], limit["hardLimit"])
            for limit in wanted.get("ulimits", ())
        },
        folder=folder,
        log_file=_log_file(ecs, task, wanted),
        token=token,
        mounts=(
            *mounts_of(wanted, volumes, ecs.task_folder / task.name.id / "volumes"),
            *_external_config(ecs, task, container),
        ),
        route=_route(task, wanted, token, router_port) if is_routed(wanted) else None,
        config=config,
        own_variables=frozenset(pair["name"] for pair in wanted.get("environment", ())),
        memory_mb=wanted.get("memory", 0),
        cpu_units=wanted.get("cpu", 0),
    )
    return wanted, spec


def _route(task: TaskRecord, container: shapes.ContainerDefinition, token: str, port: int) -> Route:
    definition = definition_of_arn(task.definition)
    name = container["name"]
    return Route(
        port,
        tag_of(name, task.name.id),
        f"{task.name.id}-{token[:10]}",
        f"/ecs-{definition.family}-{definition.revision}-{name}-{task.name.id}",
    )


def _router_config(
    ecs: Ecs, task: TaskRecord, container: shapes.ContainerDefinition
) -> Mount | None:
    """Where the configuration of a log router is written, and where its image looks for it."""
    configuration = container.get("firelensConfiguration")
    if configuration is None:
        return None
    target = CONFIG_PATHS[configuration["type"]]
    folder = ecs.task_folder / task.name.id / "firelens"
    return Mount(folder / target.rpartition("/")[2], target, is_read_only=True, is_ours=True)


def external_config(ecs: Ecs, task: TaskRecord) -> Path:
    """Where a configuration from S3 that the task's log router includes is written."""
    return ecs.task_folder / task.name.id / "firelens" / EXTERNAL_CONFIG


def _external_config(
    ecs: Ecs, task: TaskRecord, container: shapes.ContainerDefinition
) -> tuple[Mount, ...]:
    """It is at the same path in a container, so that one configuration names it for both."""
    if not config_in_s3(container):
        return ()
    path = external_config(ecs, task)
    return (Mount(path, str(path), is_read_only=True),)


def log_stream(container: shapes.ContainerDefinition, task_id: str) -> tuple[str, str]:
    """Log group and stream of a container; without a configuration, those of a local file.

    AWS: ECS Developer Guide, Send Amazon ECS logs to CloudWatch: PREFIX/CONTAINER/TASK-ID.
    """
    log = container.get("logConfiguration")
    if log is None or log["logDriver"] != "awslogs":
        return "local", f"{container['name']}/{task_id}"
    options = log.get("options", {})
    prefix = options.get("awslogs-stream-prefix", "")
    stream = f"{container['name']}/{task_id}"
    return options["awslogs-group"], f"{prefix}/{stream}" if prefix else stream


def _log_file(ecs: Ecs, task: TaskRecord, container: shapes.ContainerDefinition) -> Path:
    group, stream = log_stream(container, task.name.id)
    return log_file(ecs.log_folder, group, stream)
