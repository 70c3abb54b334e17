"""What a task definition may say, and how ECS completes it. Pure: nothing here does I/O.

The sentences are AWS's own where its users have reported them; those that are ours are in the
places where AWS documents only the rule.

AWS: ECS Developer Guide, Amazon ECS task definition parameters; ECS API Reference,
ContainerDefinition.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, cast

import orjson

from kamome.services.ecs.environment_files import file_of_arn
from kamome.services.ecs.errors import ClientException
from kamome.services.ecs.firelens import is_routed
from kamome.services.ecs.health_checks import (
    INTERVAL_S_MAX,
    INTERVAL_S_MIN,
    RETRIES_MAX,
    RETRIES_MIN,
    START_PERIOD_S_MAX,
    TIMEOUT_S_MAX,
    TIMEOUT_S_MIN,
)
from kamome.services.ecs.limits import (
    CONTAINER_MEMORY_MB_MIN,
    CONTAINERS_MAX,
    DEFINITION_BYTES_MAX,
    RESTART_PERIOD_S_MAX,
    RESTART_PERIOD_S_MIN,
    STOP_TIMEOUT_S_MAX,
)
from kamome.services.ecs.names import is_name
from kamome.services.ecs.task_size import check_fargate, cpu_units, is_fargate_size, memory_mb

if TYPE_CHECKING:
    from kamome.services.ecs import shapes

_PORT_MAX = 65_535
# AWS: ECS Developer Guide, Pass environment variables to an Amazon ECS container: ten files.
_ENVIRONMENT_FILES_MAX = 10
_LOG_OPTIONS_REQUIRED = {"awslogs": ("awslogs-region", "awslogs-group")}
# AWS: ECR User Guide, Private registry authentication: ACCOUNT.dkr.ecr.REGION.amazonaws.com.
_ECR_IMAGE = re.compile(r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com")
_FARGATE_LOG_DRIVERS = ("awslogs", "splunk", "awsfirelens")
# Members that RegisterTaskDefinition takes and TaskDefinition shows, as they are.
_COPIED = (
    "taskRoleArn",
    "executionRoleArn",
    "networkMode",
    "placementConstraints",
    "requiresCompatibilities",
    "pidMode",
    "ipcMode",
    "proxyConfiguration",
    "inferenceAccelerators",
    "ephemeralStorage",
    "runtimePlatform",
    "enableFaultInjection",
    "trustedExecutionConfiguration",
)


def completed_definition(
    request: shapes.RegisterTaskDefinitionRequest,
) -> shapes.TaskDefinition:
    """The definition that a request describes, with ECS's defaults; without ARN and revision.

    Raises:
        ClientException: it says something that ECS refuses.

    AWS: ECS API Reference, RegisterTaskDefinition.
    """
    _check(request)
    definition = cast(
        "shapes.TaskDefinition",
        {name: value for name, value in request.items() if name in _COPIED},
    )
    definition["family"] = request["family"]
    definition["volumes"] = request.get("volumes", [])
    definition.setdefault("placementConstraints", [])
    definition["containerDefinitions"] = [
        _completed_container(container, request) for container in request["containerDefinitions"]
    ]
    if "cpu" in request:
        definition["cpu"] = str(cpu_units(request["cpu"]))
    if "memory" in request:
        definition["memory"] = str(memory_mb(request["memory"]))
    definition["compatibilities"] = _compatibilities(request)
    definition["requiresAttributes"] = [
        {"name": name} for name in sorted(_required_attributes(request))
    ]
    return definition


def start_order(containers: Sequence[shapes.ContainerDefinition]) -> list[str]:
    """Names of the containers, each after those it depends on.

    Raises:
        ClientException: the dependencies go in a circle.

    AWS: ECS API Reference, ContainerDependency.
    """
    waiting = {
        container["name"]: {each["containerName"] for each in container.get("dependsOn", ())}
        for container in containers
    }
    ordered: list[str] = []
    while waiting:
        ready = [name for name, needs in waiting.items() if needs <= set(ordered)]
        if not ready:
            raise ClientException("There is a circular dependency between containers.")
        ordered += ready
        for name in ready:
            del waiting[name]
    return ordered


# ---------------------------------------------------------------------- the task


def _check(request: shapes.RegisterTaskDefinitionRequest) -> None:
    size = len(orjson.dumps(request))
    if size > DEFINITION_BYTES_MAX:
        raise ClientException(
            f"Actual length: '{size}'. Max allowed length is '{DEFINITION_BYTES_MAX}' bytes."
        )
    if not request["family"]:
        raise ClientException("Family should not be null or empty.")
    if not is_name(request["family"]):
        raise ClientException("Family contains invalid characters.")
    containers = request["containerDefinitions"]
    if not containers:
        raise ClientException("Container list cannot be empty.")
    if len(containers) > CONTAINERS_MAX:
        raise ClientException(f"Container list cannot have more than {CONTAINERS_MAX} containers.")
    for container in containers:
        _check_container(container, request)
    _check_together(containers, request)
    if "executionRoleArn" not in request and any(each.get("secrets") for each in containers):
        raise ClientException(
            "When you are specifying container secrets, you must also specify a value for"
            " 'executionRoleArn'."
        )
    if "FARGATE" in request.get("requiresCompatibilities", ()):
        _check_for_fargate(request)


def _check_together(
    containers: Sequence[shapes.ContainerDefinition],
    request: shapes.RegisterTaskDefinitionRequest,
) -> None:
    names = [container["name"] for container in containers]
    if len(set(names)) != len(names):
        raise ClientException("Container.name should be unique within a task definition.")
    if not any(container.get("essential", True) for container in containers):
        raise ClientException("Task definition does not have any essential container.")
    for container in containers:
        _check_dependencies(container, containers)
    start_order(containers)
    _check_sums(containers, request)
    _check_routing(containers)
    volumes = {volume.get("name") for volume in request.get("volumes", ())}
    for container in containers:
        for mount in container.get("mountPoints", ()):
            if mount.get("sourceVolume") not in volumes:
                raise ClientException(f"Unknown volume '{mount.get('sourceVolume', '')}'.")


def _check_routing(containers: Sequence[shapes.ContainerDefinition]) -> None:
    routers = [each["name"] for each in containers if "firelensConfiguration" in each]
    if len(routers) > 1:
        raise ClientException("A task definition has one FireLens log router at most.")
    if not routers and any(is_routed(each) for each in containers):
        raise ClientException(
            "The log driver awsfirelens needs a container with a firelensConfiguration in the task"
            " definition."
        )


def _check_dependencies(
    container: shapes.ContainerDefinition, containers: Sequence[shapes.ContainerDefinition]
) -> None:
    by_name = {each["name"]: each for each in containers}
    for dependency in container.get("dependsOn", ()):
        other = by_name.get(dependency["containerName"])
        if other is None:
            raise ClientException(
                f"The container '{container['name']}' depends on"
                f" '{dependency['containerName']}', which is not in the task definition."
            )
        if dependency["condition"] in ("SUCCESS", "COMPLETE") and other.get("essential", True):
            raise ClientException(
                "A dependency container with SUCCESS or COMPLETE condition cannot be an essential"
                " container"
            )
        if dependency["condition"] == "HEALTHY" and "healthCheck" not in other:
            raise ClientException(
                f"The container '{other['name']}' needs a health check: '{container['name']}'"
                " depends on it with condition HEALTHY."
            )


def _check_sums(
    containers: Sequence[shapes.ContainerDefinition],
    request: shapes.RegisterTaskDefinitionRequest,
) -> None:
    if "cpu" in request:
        cpu_sum = sum(container.get("cpu", 0) for container in containers)
        if cpu_sum > cpu_units(request["cpu"]):
            raise ClientException(
                "The sum of all container 'cpu' values cannot be greater than the value of the"
                " task 'cpu'."
            )
    if "memory" in request:
        task_memory = memory_mb(request["memory"])
        for container in containers:
            if container.get("memory", 0) > task_memory:
                raise ClientException(
                    f"The 'memory' setting for container '{container['name']}' is greater than"
                    " for the task."
                )


def _check_for_fargate(request: shapes.RegisterTaskDefinitionRequest) -> None:
    if request.get("networkMode") != "awsvpc":
        raise ClientException("Fargate only supports network mode 'awsvpc'.")
    check_fargate(request.get("cpu"), request.get("memory"))
    for container in request["containerDefinitions"]:
        if container.get("privileged"):
            raise ClientException("Fargate does not support privileged containers.")
        if container.get("stopTimeout", 0) > STOP_TIMEOUT_S_MAX:
            raise ClientException(
                f"The stopTimeout of container '{container['name']}' is greater than"
                f" {STOP_TIMEOUT_S_MAX} seconds, the most that Fargate has."
            )
        log = container.get("logConfiguration")
        if log is not None and log["logDriver"] not in _FARGATE_LOG_DRIVERS:
            raise ClientException(
                "Fargate only supports log drivers " + ", ".join(_FARGATE_LOG_DRIVERS) + "."
            )
        if "executionRoleArn" not in request:
            _check_without_role(container)


def _check_without_role(container: shapes.ContainerDefinition) -> None:
    """What Fargate does as the execution role, which is recorded here and not asked."""
    needed = ""
    if container.get("logConfiguration", {"logDriver": ""})["logDriver"] == "awslogs":
        needed = "log driver awslogs"
    elif _ECR_IMAGE.match(container["image"]):
        needed = "ECR images"
    if needed:
        raise ClientException(
            f"Fargate requires task definition to have execution role ARN to support {needed}."
        )


# ---------------------------------------------------------------------- one container


def _check_container(
    container: shapes.ContainerDefinition, request: shapes.RegisterTaskDefinitionRequest
) -> None:
    for member, value in (("name", container.get("name")), ("image", container.get("image"))):
        if not value:
            raise ClientException(f"Container.{member} should not be null or empty.")
    name = container["name"]
    if not is_name(name):
        raise ClientException("Container.name contains invalid characters.")
    _check_container_size(container, request)
    _check_ports(container, request.get("networkMode"))
    for pair in container.get("environment", ()):
        if not pair.get("name") or "=" in pair["name"]:
            raise ClientException(f"Container '{name}' has an environment variable without a name.")
        if "\0" in pair["name"] + pair.get("value", ""):
            raise ClientException(f"Container '{name}' has an environment variable with a NUL.")
    for member in ("startTimeout", "stopTimeout"):
        if cast("dict[str, int]", container).get(member, 0) < 0:
            raise ClientException(f"The {member} of container '{name}' should not be negative.")
    _check_log(container)
    _check_restart_policy(container)
    _check_secrets(container)
    _check_health(container)


def _check_container_size(
    container: shapes.ContainerDefinition, request: shapes.RegisterTaskDefinitionRequest
) -> None:
    name = container["name"]
    hard, soft = container.get("memory"), container.get("memoryReservation")
    if hard is None and soft is None and "memory" not in request:
        raise ClientException(
            f"Invalid setting for container '{name}'. At least one of 'memory' or"
            " 'memoryReservation' must be specified."
        )
    for value in (hard, soft):
        if value is not None and value < CONTAINER_MEMORY_MB_MIN:
            raise ClientException(
                f"Invalid setting for container '{name}'. Memory should be at least"
                f" {CONTAINER_MEMORY_MB_MIN} MB."
            )
    if hard is not None and soft is not None and soft > hard:
        raise ClientException(
            f"Invalid setting for container '{name}'. 'memoryReservation' cannot be greater than"
            " 'memory'."
        )
    if container.get("cpu", 0) < 0:
        raise ClientException(f"Invalid 'cpu' setting for container '{name}'.")


def _check_ports(container: shapes.ContainerDefinition, network_mode: str | None) -> None:
    mappings = container.get("portMappings", ())
    if mappings and network_mode == "none":
        raise ClientException("Port mappings are not supported when networkMode=none.")
    if container.get("links") and network_mode in ("awsvpc", "host"):
        raise ClientException(f"Links are not supported when networkMode={network_mode}.")
    for mapping in mappings:
        port, host_port = mapping.get("containerPort"), mapping.get("hostPort", 0)
        if port is None and "containerPortRange" not in mapping:
            raise ClientException("Port mapping has neither containerPort nor containerPortRange.")
        if not all(0 <= each <= _PORT_MAX for each in (port or 0, host_port)):
            raise ClientException(f"Invalid port in container '{container['name']}'.")
        if network_mode in ("awsvpc", "host") and host_port not in (0, port):
            raise ClientException(
                f"When networkMode={network_mode}, the host ports and container ports in port"
                " mappings must match."
            )


def _check_log(container: shapes.ContainerDefinition) -> None:
    log = container.get("logConfiguration")
    if log is None:
        return
    driver, options = log["logDriver"], log.get("options", {})
    required = _LOG_OPTIONS_REQUIRED.get(driver, ())
    if any(option not in options for option in required):
        raise ClientException(f"Log driver {driver} requires options: {', '.join(required)}")


def _check_restart_policy(container: shapes.ContainerDefinition) -> None:
    policy = container.get("restartPolicy")
    if policy is None:
        return
    period = policy.get("restartAttemptPeriod", RESTART_PERIOD_S_MIN)
    if not RESTART_PERIOD_S_MIN <= period <= RESTART_PERIOD_S_MAX:
        raise ClientException(
            f"The restartAttemptPeriod of container '{container['name']}' should be"
            f" {RESTART_PERIOD_S_MIN} to {RESTART_PERIOD_S_MAX} seconds."
        )
    if len(policy.get("ignoredExitCodes", ())) > 50:
        raise ClientException("A restart policy has 50 ignored exit codes at most.")


def _check_secrets(container: shapes.ContainerDefinition) -> None:
    names = [secret["name"] for secret in container.get("secrets", ())]
    own = {pair.get("name") for pair in container.get("environment", ())}
    for name in names:
        if names.count(name) > 1 or name in own:
            raise ClientException(
                "The secret name must be unique and not shared with any new or existing environment"
                f" variables set on the container, such as '{name}'."
            )
    files = container.get("environmentFiles", ())
    if len(files) > _ENVIRONMENT_FILES_MAX:
        raise ClientException(
            f"A container has {_ENVIRONMENT_FILES_MAX} environment files at most."
        )
    for file in files:
        if file_of_arn(file["value"]) is None or not file["value"].endswith(".env"):
            raise ClientException(
                f"The environment file '{file['value']}' is no ARN of an object ending with .env."
            )


def _check_health(container: shapes.ContainerDefinition) -> None:
    check = container.get("healthCheck")
    if check is None:
        return
    if not check["command"]:
        raise ClientException("HealthCheck.command should not be empty.")
    for member, least, most in _HEALTH_RANGES:
        value = cast("dict[str, int]", check).get(member)
        if value is not None and not least <= value <= most:
            raise ClientException(
                f"The health check's {member} of container '{container['name']}' should be"
                f" {least} to {most}."
            )


_HEALTH_RANGES = (
    ("interval", INTERVAL_S_MIN, INTERVAL_S_MAX),
    ("timeout", TIMEOUT_S_MIN, TIMEOUT_S_MAX),
    ("retries", RETRIES_MIN, RETRIES_MAX),
    ("startPeriod", 0, START_PERIOD_S_MAX),
)


# ---------------------------------------------------------------------- what ECS adds


def _completed_container(
    container: shapes.ContainerDefinition, request: shapes.RegisterTaskDefinitionRequest
) -> shapes.ContainerDefinition:
    completed: shapes.ContainerDefinition = {
        "cpu": 0,
        "portMappings": [],
        "essential": True,
        "environment": [],
        "mountPoints": [],
        "volumesFrom": [],
        "systemControls": [],
        **container,
    }
    completed["portMappings"] = [
        _completed_port(mapping, request.get("networkMode"))
        for mapping in completed["portMappings"]
    ]
    return completed


def _completed_port(mapping: shapes.PortMapping, network_mode: str | None) -> shapes.PortMapping:
    completed: shapes.PortMapping = {"protocol": "tcp", **mapping}
    if "containerPort" in mapping and "hostPort" not in mapping:
        is_same = network_mode in ("awsvpc", "host")
        completed["hostPort"] = mapping["containerPort"] if is_same else 0
    return completed


def _compatibilities(request: shapes.RegisterTaskDefinitionRequest) -> list[str]:
    """The launch types that this definition satisfies, asked for or not."""
    found = ["EC2"]
    if request.get("networkMode") == "awsvpc" and is_fargate_size(
        request.get("cpu"), request.get("memory")
    ):
        found.append("FARGATE")
    asked = [each for each in request.get("requiresCompatibilities", ()) if each not in found]
    return found + asked


def _required_attributes(request: shapes.RegisterTaskDefinitionRequest) -> Iterator[str]:
    """The capabilities that a container instance needs, those of what is served here.

    AWS: ECS Developer Guide, Amazon ECS container agent attributes.
    """
    prefix = "com.amazonaws.ecs.capability."
    yield f"{prefix}docker-remote-api.1.18"
    if "taskRoleArn" in request:
        yield f"{prefix}task-iam-role"
    if request.get("networkMode") == "awsvpc":
        yield "ecs.capability.task-eni"
    drivers = {
        container["logConfiguration"]["logDriver"]
        for container in request["containerDefinitions"]
        if "logConfiguration" in container
    }
    for driver in drivers - {"awsfirelens"}:
        yield f"{prefix}logging-driver.{driver}"
    if "awslogs" in drivers:
        yield f"{prefix}docker-remote-api.1.19"
        if "executionRoleArn" in request:
            yield "ecs.capability.execution-role-awslogs"
    if any("dependsOn" in container for container in request["containerDefinitions"]):
        yield "ecs.capability.container-ordering"
