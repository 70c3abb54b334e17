"""Where a task or a service is to run: launch type, capacity provider, network. Pure.

AWS: ECS API Reference, RunTask, CreateService (launchType, capacityProviderStrategy,
networkConfiguration).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from kamome.services.ecs.errors import InvalidParameterException
from kamome.services.ecs.records import ClusterRecord, DefinitionRecord
from kamome.services.ecs.served import check_launch_type

if TYPE_CHECKING:
    from kamome.services.ecs import shapes

_SUBNETS_MAX = 16
_CONSTRAINTS_MAX = 10
_SECURITY_GROUPS_MAX = 5


class Launch(NamedTuple):
    """What was decided: the launch type, and the capacity provider that led to it, if any."""

    launch_type: str
    capacity_provider: str


def decide_launch(
    cluster: ClusterRecord,
    definition: DefinitionRecord,
    launch_type: str | None,
    strategy: Sequence[shapes.CapacityProviderStrategyItem],
) -> Launch:
    """Launch type of a request: as it says, by its strategy, by the cluster's, or EC2.

    Raises:
        InvalidParameterException: both are given, the cluster does not have the provider, or the
            definition cannot run there.
        OperationNotServed: a launch type that this machine does not stand for.
    """
    if launch_type and strategy:
        raise InvalidParameterException(
            "Specifying both a launch type and capacity provider strategy is not supported."
            " Remove one and try again."
        )
    strategy = strategy_of(cluster, launch_type, strategy)
    provider = _provider(cluster, strategy) if strategy else ""
    decided = "FARGATE" if provider else launch_type or "EC2"
    check_launch_type(decided)
    if decided == "FARGATE" and "FARGATE" not in definition.shown.get("compatibilities", ()):
        raise InvalidParameterException("Task definition does not support launch_type FARGATE.")
    return Launch(decided, provider)


def check_network(
    definition: DefinitionRecord, network: shapes.NetworkConfiguration | None
) -> None:
    """Refuse a network configuration that does not fit the definition's network mode.

    Raises:
        InvalidParameterException: it is missing for awsvpc, or given for another mode.
    """
    is_awsvpc = definition.shown.get("networkMode") == "awsvpc"
    configuration = None if network is None else network.get("awsvpcConfiguration")
    if is_awsvpc and configuration is None:
        raise InvalidParameterException(
            "Network Configuration must be provided when networkMode 'awsvpc' is specified."
        )
    if configuration is None:
        return
    if not is_awsvpc:
        raise InvalidParameterException(
            "Network Configuration is not valid for the given networkMode of this task definition."
        )
    if not configuration["subnets"]:
        raise InvalidParameterException("subnets can not be empty.")
    if len(configuration["subnets"]) > _SUBNETS_MAX:
        raise InvalidParameterException(f"subnets can have at most {_SUBNETS_MAX} items.")
    if len(configuration.get("securityGroups", ())) > _SECURITY_GROUPS_MAX:
        raise InvalidParameterException(
            f"securityGroups can have at most {_SECURITY_GROUPS_MAX} items."
        )


def check_placement(constraints: Sequence[shapes.PlacementConstraint]) -> None:
    """Placement constraints are kept and shown. On one machine nothing follows from them.

    Raises:
        InvalidParameterException: there are more than ten, or memberOf has no expression.

    AWS: ECS API Reference, PlacementConstraint, RunTask (up to 10 constraints for each task).
    """
    if len(constraints) > _CONSTRAINTS_MAX:
        raise InvalidParameterException(
            f"placementConstraints can have at most {_CONSTRAINTS_MAX} items."
        )
    for constraint in constraints:
        if (constraint.get("type") == "memberOf") != bool(constraint.get("expression")):
            raise InvalidParameterException(
                "An expression belongs to a placement constraint of type memberOf, and to no other."
            )


def provider_of(strategy: Sequence[shapes.CapacityProviderStrategyItem]) -> str:
    """The provider of a strategy with the base, else with the most weight; empty without one."""
    if not strategy:
        return ""
    chosen = max(strategy, key=lambda item: (item.get("base", 0), item.get("weight", 0)))
    return chosen["capacityProvider"]


def strategy_of(
    cluster: ClusterRecord,
    launch_type: str | None,
    strategy: Sequence[shapes.CapacityProviderStrategyItem],
) -> list[shapes.CapacityProviderStrategyItem]:
    """The strategy that holds: the request's, else the cluster's where no launch type is named.

    AWS: ECS API Reference, CreateService (capacityProviderStrategy).
    """
    if strategy or launch_type:
        return list(strategy)
    return cluster.shown.get("defaultCapacityProviderStrategy", [])


def _provider(
    cluster: ClusterRecord, strategy: Sequence[shapes.CapacityProviderStrategyItem]
) -> str:
    """The provider that a strategy leads to; the cluster must have all that it names."""
    there = cluster.shown.get("capacityProviders", [])
    for item in strategy:
        if item["capacityProvider"] not in there:
            raise InvalidParameterException(
                "The specified capacity provider strategy cannot contain a capacity provider that"
                " is not associated with the cluster. Associate the capacity provider with the"
                " cluster and try again."
            )
    return provider_of(strategy)
