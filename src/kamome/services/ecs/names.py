"""How clusters, task definitions, tasks and services are named: short, or by ARN.

AWS: ECS Developer Guide, Amazon Resource Names (ARNs) and IDs.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from kamome.arn import parse_arn
from kamome.context import RequestContext
from kamome.services.ecs.errors import ClientException, InvalidParameterException
from kamome.services.ecs.limits import NAME_CHARACTERS_MAX

DEFAULT_CLUSTER = "default"
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_TASK_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f-]{36}")


class ClusterName(NamedTuple):
    """A cluster of an account and Region."""

    account: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        """`arn:aws:ecs:REGION:ACCOUNT:cluster/NAME`."""
        return self.arn_of(f"cluster/{self.name}")

    def arn_of(self, resource: str) -> str:
        """The ARN of a resource in the cluster's account and Region."""
        return f"arn:aws:ecs:{self.region}:{self.account}:{resource}"


class TaskName(NamedTuple):
    """A task of a cluster."""

    cluster: ClusterName
    id: str

    @property
    def arn(self) -> str:
        """`arn:aws:ecs:REGION:ACCOUNT:task/CLUSTER/ID`."""
        return self.cluster.arn_of(f"task/{self.cluster.name}/{self.id}")


class ServiceName(NamedTuple):
    """A service of a cluster."""

    cluster: ClusterName
    name: str

    @property
    def arn(self) -> str:
        """`arn:aws:ecs:REGION:ACCOUNT:service/CLUSTER/NAME`."""
        return self.cluster.arn_of(f"service/{self.cluster.name}/{self.name}")


class DefinitionName(NamedTuple):
    """A family and a revision of it; revision 0 means the latest active one."""

    account: str
    region: str
    family: str
    revision: int

    @property
    def arn(self) -> str:
        """`arn:aws:ecs:REGION:ACCOUNT:task-definition/FAMILY:REVISION`."""
        resource = f"task-definition/{self.family}:{self.revision}"
        return f"arn:aws:ecs:{self.region}:{self.account}:{resource}"


def is_name(text: str) -> bool:
    """Whether a text can name a cluster, a family, a service or a container."""
    return len(text) <= NAME_CHARACTERS_MAX and _NAME.fullmatch(text) is not None


def parse_cluster(ctx: RequestContext, text: str | None) -> ClusterName:
    """The cluster that a request names; without a name, `default`.

    Raises:
        InvalidParameterException: it is an ARN of something else, of another account or Region.
    """
    name = text or DEFAULT_CLUSTER
    if name.startswith("arn:"):
        name = _resource_of(ctx, name, "cluster/")
    return ClusterName(ctx.account, ctx.region, name)


def parse_task(cluster: ClusterName, text: str) -> TaskName | None:
    """The task that an id or ARN names within the cluster, None where it names none."""
    task_id = text
    if text.startswith("arn:"):
        prefix = cluster.arn_of(f"task/{cluster.name}/")
        if not text.startswith(prefix):
            return None
        task_id = text.removeprefix(prefix)
    return TaskName(cluster, task_id) if _TASK_ID.fullmatch(task_id) else None


def parse_service(cluster: ClusterName, text: str) -> ServiceName | None:
    """The service that a name or ARN means within the cluster, None where it means none."""
    name = text
    if text.startswith("arn:"):
        prefix = cluster.arn_of(f"service/{cluster.name}/")
        if not text.startswith(prefix):
            return None
        name = text.removeprefix(prefix)
    return ServiceName(cluster, name)


def parse_definition(ctx: RequestContext, text: str) -> DefinitionName:
    """The task definition that `family`, `family:revision` or an ARN names.

    Raises:
        InvalidParameterException: it is an ARN of something else, of another account or Region.
        ClientException: the family or the revision cannot be one.
    """
    name = text
    if text.startswith("arn:"):
        name = _resource_of(ctx, text, "task-definition/")
    family, colon, revision = name.partition(":")
    if not is_name(family):
        raise ClientException("Family contains invalid characters.")
    if not colon:
        return DefinitionName(ctx.account, ctx.region, family, 0)
    if not (revision.isascii() and revision.isdigit() and 0 < int(revision[:12]) < 2**31):
        raise ClientException(f"Invalid revision number. Number: {revision}")
    return DefinitionName(ctx.account, ctx.region, family, int(revision))


def definition_of_arn(arn: str) -> DefinitionName:
    """The name in an ARN that we have made ourselves."""
    parsed = parse_arn(arn)
    assert parsed is not None
    family, _, revision = parsed.resource.removeprefix("task-definition/").partition(":")
    return DefinitionName(parsed.account, parsed.region, family, int(revision))


def _resource_of(ctx: RequestContext, text: str, prefix: str) -> str:
    arn = parse_arn(text)
    if arn is None or arn.service != "ecs" or not arn.resource.startswith(prefix):
        raise InvalidParameterException(f"Invalid identifier: Unexpected ARN {text}")
    if (arn.account, arn.region) != (ctx.account, ctx.region):
        raise InvalidParameterException(
            f"Identifier is for {arn.account} in {arn.region}."
            f" Your accountId is {ctx.account}, the Region {ctx.region}"
        )
    return arn.resource.removeprefix(prefix)
