"""The operations on services: a number of tasks that is kept running.

AWS: ECS API Reference, CreateService and the other actions on services.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from msgspec.structs import replace

from kamome.services.ecs.clusters import active_cluster
from kamome.services.ecs.deployments import with_counts
from kamome.services.ecs.errors import (
    InvalidParameterException,
    ServiceNotActiveException,
    ServiceNotFoundException,
    not_served,
)
from kamome.services.ecs.launching import (
    check_network,
    check_placement,
    decide_launch,
    strategy_of,
)
from kamome.services.ecs.limits import (
    DESCRIBED_SERVICES_MAX,
    GRACE_PERIOD_S_MAX,
    SERVICES_PAGE_DEFAULT,
    TASKS_PER_SERVICE_MAX,
)
from kamome.services.ecs.names import ServiceName, is_name, parse_service
from kamome.services.ecs.paging import after, page_size, token_after
from kamome.services.ecs.records import (
    ACTIVE,
    DRAINING,
    INACTIVE,
    ClusterRecord,
    DefinitionRecord,
    ServiceRecord,
)
from kamome.services.ecs.scheduling import ask_for_look, with_deployments
from kamome.services.ecs.served import check_served
from kamome.services.ecs.tags import checked_tags
from kamome.services.ecs.task_definitions import runnable_definition

if TYPE_CHECKING:
    from kamome.context import RequestContext
    from kamome.services.ecs import shapes
    from kamome.services.ecs.slice import Ecs

    _ServiceRequest = shapes.CreateServiceRequest | shapes.UpdateServiceRequest

# What a service may be connected with, and Kamome does not have.
_REFUSED = (
    "loadBalancers",
    "serviceRegistries",
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
    "gatewayConnectors",
    "monitoring",
)
_DEPLOYMENT_DEFAULTS: shapes.DeploymentConfiguration = {
    "deploymentCircuitBreaker": {"enable": False, "rollback": False},
    "maximumPercent": 200,
    "minimumHealthyPercent": 100,
    "strategy": "ROLLING",
}
# Members that UpdateService replaces as they are.
_REPLACED = (
    "enableExecuteCommand",
    "enableECSManagedTags",
    "propagateTags",
    "placementConstraints",
    "placementStrategy",
    "availabilityZoneRebalancing",
    "healthCheckGracePeriodSeconds",
)
# Those that belong to a deployment: a change of one begins a new one.
_OF_DEPLOYMENT = ("networkConfiguration", "platformVersion")


async def create_service(
    ecs: Ecs, ctx: RequestContext, request: shapes.CreateServiceRequest
) -> shapes.CreateServiceResult:
    """Keep `desiredCount` tasks running from now on. Durable on return.

    The same call again returns the service; another one under its name is refused.

    Raises:
        ClusterNotFoundException: there is no such cluster.
        ClientException: there is no such task definition.
        InvalidParameterException: a parameter is not valid, or the name is taken.
        OperationNotServed: load balancers, Service Connect, DAEMON, another controller than ECS.

    AWS: ECS API Reference, CreateService.
    """
    cluster = active_cluster(ecs, ctx, request.get("cluster"))
    if not is_name(request["serviceName"]):
        raise InvalidParameterException("Service name contains invalid characters.")
    _check_refused(request)
    if request.get("schedulingStrategy", "REPLICA") != "REPLICA":
        raise not_served("The scheduling strategy DAEMON")
    if "desiredCount" not in request:
        raise InvalidParameterException("The desired count is required.")
    _check_desired_count(request["desiredCount"])
    if "taskDefinition" not in request:
        raise InvalidParameterException("TaskDefinition is required.")
    definition = runnable_definition(ecs, ctx, request["taskDefinition"])
    service = _new_service(ecs, ctx, cluster, definition, request)
    there = ecs.store.find_service(service.name)
    if there is not None and there.status == ACTIVE:
        if not _is_same(there, service):
            raise InvalidParameterException("Creation of service was not idempotent.")
        return {"service": _shown(ecs, there, is_tagged=True)}
    if there is not None and there.status == DRAINING:
        raise InvalidParameterException("Unable to Start a service that is still Draining.")
    with ecs.engine.atomic():
        ecs.store.put_service(service)
        ask_for_look(ecs, service.name)
    return {"service": _shown(ecs, service, is_tagged=True)}


async def update_service(
    ecs: Ecs, ctx: RequestContext, request: shapes.UpdateServiceRequest
) -> shapes.UpdateServiceResult:
    """Change a service. Another definition or network, or being forced to, begins a deployment.

    Raises:
        ClusterNotFoundException: there is no such cluster.
        ServiceNotFoundException: there is no such service.
        ServiceNotActiveException: it is being deleted, or has been.
        ClientException: there is no such task definition.
        InvalidParameterException: a parameter is not valid.
        OperationNotServed: load balancers, Service Connect, another capacity provider strategy.

    AWS: ECS API Reference, UpdateService.
    """
    cluster = active_cluster(ecs, ctx, request.get("cluster"))
    service = _found(ecs, cluster, request["service"])
    if service.status != ACTIVE:
        raise ServiceNotActiveException("Service was not ACTIVE.")
    _check_refused(request)
    if request.get("capacityProviderStrategy"):
        raise not_served("`capacityProviderStrategy` of UpdateService")
    check_placement(request.get("placementConstraints", ()))
    _check_grace_period(request)
    changes: dict[str, object] = {
        name: value for name, value in request.items() if name in _REPLACED
    }
    if "desiredCount" in request:
        _check_desired_count(request["desiredCount"])
        changes["desiredCount"] = request["desiredCount"]
    if "deploymentConfiguration" in request:
        own = service.shown["deploymentConfiguration"]
        changes["deploymentConfiguration"] = _configuration(request, own)
    definition = runnable_definition(
        ecs, ctx, request.get("taskDefinition", service.shown["taskDefinition"])
    ) if "taskDefinition" in request else None  # fmt: skip
    shown = cast("shapes.Service", {**service.shown, **changes})
    changed = _deployed(ecs, replace(service, shown=shown), definition, request)
    with ecs.engine.atomic():
        ecs.store.put_service(changed)
        ask_for_look(ecs, service.name)
    return {"service": _shown(ecs, changed, is_tagged=True)}


async def delete_service(
    ecs: Ecs, ctx: RequestContext, request: shapes.DeleteServiceRequest
) -> shapes.DeleteServiceResult:
    """Delete a service: DRAINING until its tasks have ended, then INACTIVE for an hour.

    Raises:
        ClusterNotFoundException: there is no such cluster.
        ServiceNotFoundException: there is no such service.
        InvalidParameterException: it is scaled above 0, and `force` is not given.

    AWS: ECS API Reference, DeleteService.
    """
    cluster = active_cluster(ecs, ctx, request.get("cluster"))
    service = _found(ecs, cluster, request["service"])
    if service.status == INACTIVE:
        raise ServiceNotFoundException("Service not found.")
    if service.shown["desiredCount"] and not request.get("force", False):
        raise InvalidParameterException("The service cannot be stopped while it is scaled above 0.")
    shown: shapes.Service = {**service.shown, "status": DRAINING, "desiredCount": 0}
    drained = replace(service, status=DRAINING, shown=shown)
    with ecs.engine.atomic():
        ecs.store.put_service(drained)
        ask_for_look(ecs, service.name)
    return {"service": _shown(ecs, drained, is_tagged=False)}


async def describe_services(
    ecs: Ecs, ctx: RequestContext, request: shapes.DescribeServicesRequest
) -> shapes.DescribeServicesResult:
    """Services by name or ARN with counts, deployments and events; others are failures.

    Raises:
        ClusterNotFoundException: there is no such cluster.
        InvalidParameterException: none is named, or more than ten are.

    AWS: ECS API Reference, DescribeServices.
    """
    cluster = active_cluster(ecs, ctx, request.get("cluster"))
    wanted = request["services"]
    if not wanted:
        raise InvalidParameterException("Services cannot be empty.")
    if len(wanted) > DESCRIBED_SERVICES_MAX:
        raise InvalidParameterException(
            f"Services cannot have more than {DESCRIBED_SERVICES_MAX} items."
        )
    result: shapes.DescribeServicesResult = {"services": [], "failures": []}
    is_tagged = "TAGS" in request.get("include", ())
    for text in wanted:
        name = parse_service(cluster.name, text)
        service = None if name is None else ecs.store.find_service(name)
        if service is None:
            arn = text if text.startswith("arn:") else ServiceName(cluster.name, text).arn
            result["failures"].append({"arn": arn, "reason": "MISSING"})
        else:
            result["services"].append(_shown(ecs, service, is_tagged=is_tagged))
    return result


async def list_services(
    ecs: Ecs, ctx: RequestContext, request: shapes.ListServicesRequest
) -> shapes.ListServicesResult:
    """A page of ARNs of active services, by name; ten where nothing else is asked for.

    Raises:
        ClusterNotFoundException: there is no such cluster.
        InvalidParameterException: maxResults or nextToken is not valid.

    AWS: ECS API Reference, ListServices.
    """
    cluster = active_cluster(ecs, ctx, request.get("cluster"))
    size = page_size(request.get("maxResults"), SERVICES_PAGE_DEFAULT)
    start = after(request.get("nextToken"))
    names: list[str] = []
    if request.get("schedulingStrategy", "REPLICA") == "REPLICA":
        launch_type = request.get("launchType", "")
        names = ecs.store.service_names(cluster.name, launch_type, start, size + 1)
    result: shapes.ListServicesResult = {
        "serviceArns": [ServiceName(cluster.name, name).arn for name in names[:size]]
    }
    if token := token_after(names, size):
        result["nextToken"] = token
    return result


# ---------------------------------------------------------------------- rules


def _check_refused(request: _ServiceRequest) -> None:
    for member in _REFUSED:
        value = request.get(member)
        if value and value != {"enabled": False}:
            raise not_served(f"`{member}` of a service")
    controller = request.get("deploymentController", {"type": "ECS"})
    if controller["type"] != "ECS":
        raise not_served(f"The deployment controller {controller['type']}")
    check = request.get("deploymentConfiguration", {})
    if check.get("strategy", "ROLLING") != "ROLLING":
        raise not_served(f"The deployment strategy {check['strategy']}")
    if check.get("deploymentCircuitBreaker", {}).get("enable"):
        raise not_served("The deployment circuit breaker")
    for member in ("alarms", "lifecycleHooks"):
        if check.get(member):
            raise not_served(f"`{member}` of a deployment")


def _check_desired_count(count: int) -> None:
    if not 0 <= count <= TASKS_PER_SERVICE_MAX:
        raise InvalidParameterException(
            f"desiredCount should be between 0 and {TASKS_PER_SERVICE_MAX}."
        )


def _check_grace_period(request: _ServiceRequest) -> None:
    period_s = request.get("healthCheckGracePeriodSeconds", 0)
    if not 0 <= period_s <= GRACE_PERIOD_S_MAX:
        raise InvalidParameterException(
            f"healthCheckGracePeriodSeconds should be between 0 and {GRACE_PERIOD_S_MAX}."
        )


def _configuration(
    request: _ServiceRequest, own: shapes.DeploymentConfiguration
) -> shapes.DeploymentConfiguration:
    configuration: shapes.DeploymentConfiguration = {
        **own,
        **request.get("deploymentConfiguration", {}),
    }
    most, least = configuration["maximumPercent"], configuration["minimumHealthyPercent"]
    if most < 100 or least < 0 or (most == 100 and least == 100):
        raise InvalidParameterException(
            "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block"
            " deployments."
        )
    return configuration


def _found(ecs: Ecs, cluster: ClusterRecord, text: str) -> ServiceRecord:
    name = parse_service(cluster.name, text)
    service = None if name is None else ecs.store.find_service(name)
    if service is None:
        raise ServiceNotFoundException("Service not found.")
    return service


def _is_same(one: ServiceRecord, other: ServiceRecord) -> bool:
    """Whether a second CreateService asks for what is there."""
    members = ("taskDefinition", "desiredCount", "launchType", "networkConfiguration")
    return all(one.shown.get(member) == other.shown.get(member) for member in members)


# ---------------------------------------------------------------------- records


def _new_service(
    ecs: Ecs,
    ctx: RequestContext,
    cluster: ClusterRecord,
    definition: DefinitionRecord,
    request: shapes.CreateServiceRequest,
) -> ServiceRecord:
    check_served(definition.shown, {})
    check_placement(request.get("placementConstraints", ()))
    _check_grace_period(request)
    launch_type = request.get("launchType")
    strategy = strategy_of(cluster, launch_type, request.get("capacityProviderStrategy", []))
    launch = decide_launch(cluster, definition, launch_type, strategy)
    check_network(definition, request.get("networkConfiguration"))
    name = ServiceName(cluster.name, request["serviceName"])
    shown: shapes.Service = {
        "serviceArn": name.arn,
        "serviceName": name.name,
        "clusterArn": cluster.name.arn,
        "loadBalancers": [],
        "serviceRegistries": [],
        "status": ACTIVE,
        "desiredCount": request["desiredCount"],
        "launchType": launch.launch_type,
        "taskDefinition": definition.name.arn,
        "deploymentConfiguration": _configuration(request, _DEPLOYMENT_DEFAULTS),
        "createdAt": ecs.now_s,
        "placementConstraints": request.get("placementConstraints", []),
        "placementStrategy": request.get("placementStrategy", []),
        "schedulingStrategy": "REPLICA",
        "deploymentController": {"type": "ECS"},
        "createdBy": ctx.principal,
        "enableECSManagedTags": request.get("enableECSManagedTags", False),
        "propagateTags": request.get("propagateTags", "NONE"),
        "enableExecuteCommand": request.get("enableExecuteCommand", False),
        "availabilityZoneRebalancing": request.get("availabilityZoneRebalancing", "DISABLED"),
    }
    if "healthCheckGracePeriodSeconds" in request:
        shown["healthCheckGracePeriodSeconds"] = request["healthCheckGracePeriodSeconds"]
    if strategy:
        shown["capacityProviderStrategy"] = strategy
    if "networkConfiguration" in request:
        shown["networkConfiguration"] = request["networkConfiguration"]
    if launch.launch_type == "FARGATE":
        shown["platformVersion"] = request.get("platformVersion", "LATEST")
        shown["platformFamily"] = "Linux"
    shown["deployments"] = [_new_deployment(ecs, shown)]
    tags = checked_tags(request.get("tags", ()))
    return ServiceRecord(name, ACTIVE, 0, 0, shown, [], tags)


def _new_deployment(ecs: Ecs, service: shapes.Service) -> shapes.Deployment:
    deployment_id = f"ecs-svc/{int(ecs.ids.hex(16), 16) % 10**19:019d}"
    deployment: shapes.Deployment = {
        "id": deployment_id,
        "status": "PRIMARY",
        "taskDefinition": service["taskDefinition"],
        "desiredCount": service["desiredCount"],
        "failedTasks": 0,
        "createdAt": ecs.now_s,
        "updatedAt": ecs.now_s,
        "launchType": service["launchType"],
        "rolloutState": "IN_PROGRESS",
        "rolloutStateReason": f"ECS deployment {deployment_id} in progress.",
    }
    if "capacityProviderStrategy" in service:
        deployment["capacityProviderStrategy"] = service["capacityProviderStrategy"]
    if "networkConfiguration" in service:
        deployment["networkConfiguration"] = service["networkConfiguration"]
    if "platformVersion" in service:
        deployment["platformVersion"] = service["platformVersion"]
        deployment["platformFamily"] = service["platformFamily"]
    return deployment


def _deployed(
    ecs: Ecs,
    service: ServiceRecord,
    definition: DefinitionRecord | None,
    request: shapes.UpdateServiceRequest,
) -> ServiceRecord:
    """The service with a new deployment, where the request needs one; else with its count."""
    of_deployment = {name: value for name, value in request.items() if name in _OF_DEPLOYMENT}
    shown = cast("shapes.Service", {**service.shown, **of_deployment})
    if definition is not None:
        check_served(definition.shown, {})
        check_network(definition, shown.get("networkConfiguration"))
        if shown["launchType"] not in definition.shown.get("compatibilities", ()):
            raise InvalidParameterException(
                f"Task definition does not support launch_type {shown['launchType']}."
            )
        shown["taskDefinition"] = definition.name.arn
    newest, *older = service.shown["deployments"]
    is_new = request.get("forceNewDeployment", False) or any(
        shown.get(member) != newest.get(member) for member in ("taskDefinition", *_OF_DEPLOYMENT)
    )
    service = replace(service, shown=shown)
    if not is_new:
        counted: shapes.Deployment = {
            **newest,
            "desiredCount": shown["desiredCount"],
            "updatedAt": ecs.now_s,
        }
        return with_deployments(service, [counted, *older])
    superseded: shapes.Deployment = {**newest, "status": "ACTIVE", "desiredCount": 0}
    deployments = [_new_deployment(ecs, shown), superseded, *older]
    # A new deployment starts its tasks at once, whatever became of the one before.
    return replace(with_deployments(service, deployments), failures=0, retry_at_ms=0)


def _shown(ecs: Ecs, service: ServiceRecord, *, is_tagged: bool) -> shapes.Service:
    counted = with_counts(service.shown, ecs.store.tasks_of_service(service.name))
    counted["events"] = service.events
    if "capacityProviderStrategy" in counted:
        # AWS: ECS API Reference, Service (launchType).
        del counted["launchType"]
        for deployment in counted["deployments"]:
            deployment.pop("launchType", None)
    if is_tagged:
        counted["tags"] = service.tags
    return counted
