"""What ECS needs from elsewhere; filled in by `wiring/ecs.py`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from kamome.arn import parse_arn
from kamome.services.ecs.errors import not_served
from kamome.services.ecs.names import ClusterName


def no_fault(_cluster: ClusterName, _family: str) -> str:
    """Nothing is in the way of a task."""
    return ""


async def _no_object(_cluster: ClusterName, bucket: str, key: str) -> bytes:
    raise not_served(f"The object {bucket}/{key}")


async def no_secret(_cluster: ClusterName, value_from: str) -> str:
    """Neither Secrets Manager nor Systems Manager is bound."""
    parsed = parse_arn(value_from)
    is_secret = parsed is not None and parsed.service == "secretsmanager"
    raise not_served("AWS Secrets Manager" if is_secret else "AWS Systems Manager Parameter Store")


class Ports(msgspec.Struct, frozen=True):
    """All of them.

    `placement_fault(cluster, family)` is the failure reason (`AGENT`, `RESOURCE:CPU`, ...) that a
    fault rule has ordered for a task about to be placed, empty for none. `read_object(cluster,
    bucket, key)` is an environment file, and `secret(cluster, value_from)` the value of a secret
    or a parameter; both raise an AwsError where there is none.
    """

    placement_fault: Callable[[ClusterName, str], str] = no_fault
    read_object: Callable[[ClusterName, str, str], Awaitable[bytes]] = _no_object
    secret: Callable[[ClusterName, str], Awaitable[str]] = no_secret
