"""What a container needs from elsewhere before it can start: secrets and environment files.

AWS: ECS Developer Guide, Stopped tasks error messages (ResourceInitializationError); Pass sensitive
data to an Amazon ECS container; Pass environment variables to an Amazon ECS container.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from kamome.arn import parse_arn
from kamome.errors import AwsError
from kamome.services.ecs.environment import METADATA_VARIABLE
from kamome.services.ecs.environment_files import file_of_arn, variables_of
from kamome.services.ecs.limits import ENVIRONMENT_FILE_BYTES_MAX
from kamome.services.ecs.runtimes.port import CannotRun, ContainerSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamome.services.ecs import shapes
    from kamome.services.ecs.names import ClusterName
    from kamome.services.ecs.ports import Ports

_FILES = "ResourceInitializationError: failed to download env files: "
_ROUTER = "ResourceInitializationError: unable to download the firelens config from s3: "
_SECRETS = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource"
    " retrieval failed: unable to retrieve secret"
)
_RETRIED = "service call has been retried 1 time(s): "


async def with_resources(
    ports: Ports,
    cluster: ClusterName,
    container: shapes.ContainerDefinition,
    spec: ContainerSpec,
    log_secrets: Mapping[str, str],
) -> ContainerSpec:
    """The container with the variables of its files and with its secrets in its environment.

    `log_secrets` are a log router's: each variable with where its value is from. Its own variables
    replace those of files; ours give way to both, but for the metadata's address.

    Raises:
        CannotRun: a file or a secret cannot be had.

    AWS: ECS API Reference, ContainerDefinition (environmentFiles, secrets).
    """
    files = container.get("environmentFiles", ())
    secrets = {each["name"]: each["valueFrom"] for each in container.get("secrets", ())}
    secrets |= log_secrets
    if not files and not secrets:
        return spec
    environment = dict(spec.environment)
    own = {pair["name"] for pair in container.get("environment", ())} | {METADATA_VARIABLE}
    of_files: dict[str, str] = {}
    for file in files:
        for name, value in (await _read(ports, cluster, file["value"])).items():
            of_files.setdefault(name, value)
    environment |= {name: value for name, value in of_files.items() if name not in own}
    for name, value_from in secrets.items():
        environment[name] = await _secret(ports, cluster, value_from)
    return replace(spec, environment=environment)


async def router_file(ports: Ports, cluster: ClusterName, arn: str) -> bytes:
    """A configuration in S3 that a log router is to include.

    Raises:
        CannotRun: it cannot be had.

    AWS: ECS API Reference, FirelensConfiguration (options).
    """
    found = file_of_arn(arn)
    if found is None:
        raise CannotRun(f"{_ROUTER}{arn} is not the ARN of an object")
    try:
        return await ports.read_object(cluster, *found)
    except AwsError as error:
        raise CannotRun(f"{_ROUTER}{error.code}: {error.message}") from error


async def _read(ports: Ports, cluster: ClusterName, arn: str) -> dict[str, str]:
    found = file_of_arn(arn)
    if found is None:
        raise CannotRun(f"{_FILES}{arn} is not the ARN of an object")
    try:
        content = await ports.read_object(cluster, *found)
        text = content.decode()
    except AwsError as error:
        raise CannotRun(f"{_FILES}{error.code}: {error.message}") from error
    except UnicodeDecodeError:
        raise CannotRun(f"{_FILES}{arn} is not UTF-8") from None
    if len(content) > ENVIRONMENT_FILE_BYTES_MAX:
        raise CannotRun(f"{_FILES}{arn} is longer than {ENVIRONMENT_FILE_BYTES_MAX} bytes")
    return variables_of(text)


async def _secret(ports: Ports, cluster: ClusterName, value_from: str) -> str:
    try:
        return await ports.secret(cluster, value_from)
    except AwsError as error:
        raise CannotRun(_complaint(value_from, error)) from error


def _complaint(value_from: str, error: AwsError) -> str:
    """What the stopped task shows of a secret that cannot be had."""
    parsed = parse_arn(value_from)
    said = f"{error.code}: {error.message}"
    if parsed is not None and parsed.service == "secretsmanager":
        return (
            f"{_SECRETS} from asm: {_RETRIED}failed to fetch secret {value_from} from secrets"
            f" manager: {said}"
        )
    if error.code in ("ParameterNotFound", "ParameterVersionNotFound"):
        said = f"invalid ssm parameters: {value_from}"
    return f"{_SECRETS}s from ssm: {_RETRIED}{said}"
