"""The operations on clusters.

AWS: ECS API Reference, CreateCluster and the other actions on clusters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from kamome.services.ecs.errors import (
    ClusterContainsServicesException,
    ClusterContainsTasksException,
    ClusterNotFoundException,
    InvalidParameterException,
    not_served,
)
from kamome.services.ecs.limits import DESCRIBED_MAX, STOPPED_KEPT_MS
from kamome.services.ecs.names import DEFAULT_CLUSTER, ClusterName, is_name, parse_cluster
from kamome.services.ecs.paging import after, page_size, token_after
from kamome.services.ecs.records import ACTIVE, INACTIVE, ClusterRecord
from kamome.services.ecs.retention import Expiry
from kamome.services.ecs.tags import checked_tags
from kamome.services.ecs.task_states import RUNNING

if TYPE_CHECKING:
    from kamome.context import RequestContext
    from kamome.services.ecs import shapes
    from kamome.services.ecs.slice import Ecs

_CAPACITY_PROVIDERS = ("FARGATE", "FARGATE_SPOT")


def active_cluster(ecs: Ecs, ctx: RequestContext, text: str | None) -> ClusterRecord:
    """The cluster that a request names; without a name, `default`.

    Raises:
        ClusterNotFoundException: there is no such cluster, or it has been deleted.
    """
    cluster = ecs.store.find_cluster(parse_cluster(ctx, text))
    if cluster is None or cluster.status != ACTIVE:
        raise ClusterNotFoundException("Cluster not found.")
    return cluster


async def create_cluster(
    ecs: Ecs, ctx: RequestContext, request: shapes.CreateClusterRequest
) -> shapes.CreateClusterResult:
    """Make a cluster; one of the same name that is active is returned as it is. Durable on return.

    Raises:
        InvalidParameterException: the name, a tag or a capacity provider is not valid.
        OperationNotServed: Service Connect, or a capacity provider other than Fargate's.

    AWS: ECS API Reference, CreateCluster.
    """
    text = request.get("clusterName", DEFAULT_CLUSTER)
    if not is_name(text):
        raise InvalidParameterException("Cluster name contains invalid characters.")
    if "serviceConnectDefaults" in request:
        raise not_served("Service Connect")
    _check_providers(request)
    name = ClusterName(ctx.account, ctx.region, text)
    there = ecs.store.find_cluster(name)
    if there is None or there.status != ACTIVE:
        there = _new_cluster(name, request)
        ecs.store.put_cluster(there)
    shown = _shown(ecs, there, ("SETTINGS", "CONFIGURATIONS", "TAGS"))
    return {"cluster": shown}


async def describe_clusters(
    ecs: Ecs, ctx: RequestContext, request: shapes.DescribeClustersRequest
) -> shapes.DescribeClustersResult:
    """Clusters by name or ARN, `default` where none is named; those not there are failures.

    Raises:
        InvalidParameterException: more than 100 are named.

    AWS: ECS API Reference, DescribeClusters.
    """
    wanted = request.get("clusters") or [DEFAULT_CLUSTER]
    if len(wanted) > DESCRIBED_MAX:
        raise InvalidParameterException(f"Clusters cannot have more than {DESCRIBED_MAX} items.")
    result: shapes.DescribeClustersResult = {"clusters": [], "failures": []}
    for text in wanted:
        name = parse_cluster(ctx, text)
        cluster = ecs.store.find_cluster(name)
        if cluster is None:
            result["failures"].append({"arn": name.arn, "reason": "MISSING"})
        else:
            result["clusters"].append(_shown(ecs, cluster, request.get("include", ())))
    return result


async def list_clusters(
    ecs: Ecs, ctx: RequestContext, request: shapes.ListClustersRequest
) -> shapes.ListClustersResult:
    """A page of the ARNs of the active clusters, by name.

    Raises:
        InvalidParameterException: maxResults or nextToken is not valid.

    AWS: ECS API Reference, ListClusters.
    """
    size = page_size(request.get("maxResults"))
    start = after(request.get("nextToken"))
    found = ecs.store.clusters(ctx.account, ctx.region, start, size + 1)
    result: shapes.ListClustersResult = {
        "clusterArns": [cluster.name.arn for cluster in found[:size]]
    }
    if token := token_after([cluster.name.name for cluster in found], size):
        result["nextToken"] = token
    return result


async def delete_cluster(
    ecs: Ecs, ctx: RequestContext, request: shapes.DeleteClusterRequest
) -> shapes.DeleteClusterResult:
    """Delete a cluster without services and tasks; it shows as INACTIVE for an hour.

    Raises:
        ClusterNotFoundException: there is no such cluster.
        ClusterContainsServicesException: it has services.
        ClusterContainsTasksException: it has tasks.

    AWS: ECS API Reference, DeleteCluster.
    """
    cluster = active_cluster(ecs, ctx, request["cluster"])
    if ecs.store.count_services(cluster.name):
        raise ClusterContainsServicesException(
            "The Cluster cannot be deleted while Services are active."
        )
    if ecs.store.count_live_tasks(cluster.name):
        raise ClusterContainsTasksException("The Cluster cannot be deleted while Tasks are active.")
    deleted = replace(cluster, status=INACTIVE, shown={**cluster.shown, "status": INACTIVE})
    ecs.store.put_cluster(deleted)
    ecs.retention.keep_for(Expiry("cluster", cluster.name), STOPPED_KEPT_MS)
    return {"cluster": _shown(ecs, deleted, ())}


def _new_cluster(name: ClusterName, request: shapes.CreateClusterRequest) -> ClusterRecord:
    insights: shapes.ClusterSetting = {"name": "containerInsights", "value": "disabled"}
    shown: shapes.Cluster = {
        "clusterArn": name.arn,
        "clusterName": name.name,
        "status": ACTIVE,
        "settings": request.get("settings") or [insights],
        "capacityProviders": request.get("capacityProviders", []),
        "defaultCapacityProviderStrategy": request.get("defaultCapacityProviderStrategy", []),
    }
    if "configuration" in request:
        shown["configuration"] = request["configuration"]
    return ClusterRecord(name, ACTIVE, shown, checked_tags(request.get("tags", ())))


def _check_providers(request: shapes.CreateClusterRequest) -> None:
    providers = request.get("capacityProviders", [])
    for provider in providers:
        if provider not in _CAPACITY_PROVIDERS:
            raise not_served(f"The capacity provider {provider}")
    for item in request.get("defaultCapacityProviderStrategy", ()):
        if item["capacityProvider"] not in providers:
            raise InvalidParameterException(
                "The specified capacity provider strategy cannot contain a capacity provider that"
                " is not associated with the cluster. Associate the capacity provider with the"
                " cluster and try again."
            )


def _shown(
    ecs: Ecs, cluster: ClusterRecord, include: tuple[str, ...] | list[str]
) -> shapes.Cluster:
    tasks = ecs.store.count_live_tasks(cluster.name)
    services = ecs.store.count_services(cluster.name)
    running = sum(count for (status, _), count in tasks.items() if status == RUNNING)
    shown: shapes.Cluster = {
        **cluster.shown,
        # This machine stands for the instances; none of them registers itself.
        "registeredContainerInstancesCount": 0,
        "runningTasksCount": running,
        "pendingTasksCount": sum(tasks.values()) - running,
        "activeServicesCount": sum(services.values()),
        "statistics": [],
        "tags": cluster.tags if "TAGS" in include else [],
    }
    if "STATISTICS" in include:
        shown["statistics"] = _statistics(tasks, services)
    if "SETTINGS" not in include:
        shown["settings"] = []
    if "CONFIGURATIONS" not in include:
        shown.pop("configuration", None)
    return shown


def _statistics(
    tasks: dict[tuple[str, str], int], services: dict[str, int]
) -> list[shapes.KeyValuePair]:
    statistics: list[shapes.KeyValuePair] = []
    for launch_type, shown in (("EC2", "EC2"), ("FARGATE", "Fargate")):
        running = tasks.get((RUNNING, launch_type), 0)
        total = sum(count for (_, kind), count in tasks.items() if kind == launch_type)
        statistics += [
            {"name": f"running{shown}TasksCount", "value": str(running)},
            {"name": f"pending{shown}TasksCount", "value": str(total - running)},
            {"name": f"active{shown}ServiceCount", "value": str(services.get(launch_type, 0))},
        ]
    return statistics
