"""What a container's process gets as environment: nothing of the server's own is in it.

AWS: ECS API Reference, ContainerDefinition (environment), ContainerOverride; ECS Developer Guide,
Amazon ECS environment variables, Task metadata endpoint version 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kamome.services.ecs import shapes


METADATA_VARIABLE = "ECS_CONTAINER_METADATA_URI_V4"
_EXECUTION = {"FARGATE": "AWS_ECS_FARGATE", "EC2": "AWS_ECS_EC2"}


def overridden(
    container: shapes.ContainerDefinition, overrides: shapes.TaskOverride
) -> shapes.ContainerDefinition:
    """The container as RunTask wants it: command and sizes replaced, environment added to."""
    for override in overrides.get("containerOverrides", ()):
        if override.get("name") == container["name"]:
            changed: shapes.ContainerDefinition = {**container}
            if "command" in override:
                changed["command"] = override["command"]
            if "environmentFiles" in override:
                changed["environmentFiles"] = override["environmentFiles"]
            if "cpu" in override:
                changed["cpu"] = override["cpu"]
            if "memory" in override:
                changed["memory"] = override["memory"]
            if "memoryReservation" in override:
                changed["memoryReservation"] = override["memoryReservation"]
            changed["environment"] = _merged(
                container.get("environment", ()), override.get("environment", ())
            )
            return changed
    return container


def container_environment(
    container: shapes.ContainerDefinition,
    *,
    metadata_uri: str,
    credentials_uri: str,
    credentials: tuple[str, str],
    region: str,
    endpoint_url: str,
    launch_type: str,
    trace: str,
    scratch: Path,
    program_folder: Path,
) -> dict[str, str]:
    """All variables of a container's process.

    `scratch` is the container's own folder: HOME and TMPDIR. The definition's variables replace
    ours, but for the address of the metadata, which also tells whose process it is.
    """
    access_key, secret = credentials
    variables = {
        "PATH": f"{program_folder}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "HOSTNAME": container.get("hostname", "localhost"),
        "LANG": "C.UTF-8",
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ACCESS_KEY_ID": access_key,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": credentials_uri,
        "AWS_EXECUTION_ENV": _EXECUTION.get(launch_type, "AWS_ECS_EC2"),
    }
    if trace:
        variables["_X_AMZN_TRACE_ID"] = trace
    for pair in container.get("environment", ()):
        variables[pair["name"]] = pair.get("value", "")
    variables[METADATA_VARIABLE] = metadata_uri
    return variables


def _merged(
    own: Sequence[shapes.KeyValuePair], more: Sequence[shapes.KeyValuePair]
) -> list[shapes.KeyValuePair]:
    values = {pair["name"]: pair.get("value", "") for pair in (*own, *more)}
    return [{"name": name, "value": value} for name, value in values.items()]
