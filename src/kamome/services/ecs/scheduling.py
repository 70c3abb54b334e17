"""The scheduler of services: keeps as many tasks running as each service wants.

Whatever changes a service or ends one of its tasks writes an outbox entry in the same step; working
it compares what is with what should be, and writes what follows. So nothing is forgotten by a
server that dies, and a restart begins by looking at every service. Tasks that end early are started
again after a growing delay, by the clock.

AWS: ECS Developer Guide, Amazon ECS services, Service throttle logic, Service event messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kamome.services.ecs.deployments import counts_of, plan_of, restart_delay_ms
from kamome.services.ecs.launching import provider_of
from kamome.services.ecs.limits import (
    PLACE_AGAIN_MS,
    SERVICE_EVENTS_MAX,
    STARTS_PER_STEP_MAX,
    STEADY_AFTER_MS,
    STOPPED_KEPT_MS,
)
from kamome.services.ecs.names import ClusterName, ServiceName, definition_of_arn
from kamome.services.ecs.records import (
    ACTIVE,
    DRAINING,
    INACTIVE,
    ServiceRecord,
    TaskRecord,
)
from kamome.services.ecs.retention import Expiry
from kamome.services.ecs.tags import managed_tags
from kamome.services.ecs.task_starts import Wanted, place
from kamome.services.ecs.task_states import HOST_LOST, SCHEDULER_INITIATED, USER_INITIATED
from kamome.services.ecs.task_stops import tell_to_stop

if TYPE_CHECKING:
    from kamome.services.ecs import shapes
    from kamome.services.ecs.slice import Ecs
    from kamome.storage.outbox import Entry

# The outbox kind of services that are to be looked after.
RECONCILE = "ecs.reconcile_service"
_SERVICES_PER_STEP = 100
_NO_FAILURES = frozenset({SCHEDULER_INITIATED, USER_INITIATED, HOST_LOST})


def ask_for_look(ecs: Ecs, name: ServiceName, *, at_ms: int | None = None) -> None:
    """Have a service looked after, now or later, as part of the caller's step."""
    account, region, cluster = name.cluster
    payload = {"account": account, "region": region, "cluster": cluster, "name": name.name}
    ecs.outbox.put(RECONCILE, payload, at_ms=at_ms)


def look_after(ecs: Ecs) -> None:
    """Have every service looked after; when the server starts."""
    after: ServiceName | None = None
    while names := ecs.store.live_services(after, _SERVICES_PER_STEP):
        for name in names:
            ask_for_look(ecs, name)
        after = names[-1]


def reconcile_entry(ecs: Ecs, entry: Entry) -> None:
    """Handler of `ecs.reconcile_service`."""
    payload = entry.payload
    account, region, cluster = (str(payload[part]) for part in ("account", "region", "cluster"))
    reconcile(ecs, ServiceName(ClusterName(account, region, cluster), str(payload["name"])))


def reconcile(ecs: Ecs, name: ServiceName) -> None:
    """Take the next step of a service, as part of the caller's step."""
    service = ecs.store.find_service(name)
    if service is None or service.status == INACTIVE:
        return
    tasks = ecs.store.tasks_of_service(name)
    if service.status == DRAINING and not tasks:
        _end(ecs, service)
        return
    plan = plan_of(service.shown, tasks)
    for task in plan.stops:
        reason = f"Scaling activity initiated by (deployment {task.shown.get('startedBy', '')})"
        tell_to_stop(ecs, task, SCHEDULER_INITIATED, reason)
    if plan.stops:
        service = with_event(
            ecs, service, f"has stopped {len(plan.stops)} running tasks: {_named(plan.stops)}."
        )
    if plan.starts:
        service = _start(ecs, service, plan.starts)
    service = _settle(ecs, service, ecs.store.tasks_of_service(name))
    ecs.store.put_service(service)


def note_end(ecs: Ecs, task: TaskRecord) -> None:
    """A task of a service has ended: count it if it was early, and look after the service.

    One that was told to stop, by a caller or by the scheduler, has not failed, nor has one that was
    lost with the server.
    """
    name = ServiceName(task.name.cluster, task.service)
    service = ecs.store.find_service(name)
    if service is None or service.status == INACTIVE:
        return
    now_ms = ecs.clock.now_ms()
    if task.shown.get("stopCode") not in _NO_FAILURES:
        started_at_s = task.shown.get("startedAt")
        is_early = started_at_s is None or now_ms - started_at_s * 1000 < STEADY_AFTER_MS
        # Tasks that fall together, or before the next may be started, count once.
        if not is_early or now_ms >= service.retry_at_ms:
            failures = service.failures + 1 if is_early else 0
            retry_at_ms = now_ms + restart_delay_ms(failures)
            service = replace(service, failures=failures, retry_at_ms=retry_at_ms)
        newest = service.shown["deployments"][0]
        if is_early and task.shown.get("startedBy") == newest["id"]:
            counted: shapes.Deployment = {
                **newest,
                "failedTasks": newest.get("failedTasks", 0) + 1,
            }
            service = with_deployments(service, [counted, *service.shown["deployments"][1:]])
        ecs.store.put_service(service)
    ask_for_look(ecs, name)


def with_event(ecs: Ecs, service: ServiceRecord, words: str) -> ServiceRecord:
    """The service with one more event, unless its newest says the same."""
    message = f"(service {service.name.name}) {words}"
    if service.events and service.events[0]["message"] == message:
        return service
    event: shapes.ServiceEvent = {
        "id": ecs.ids.uuid(),
        "createdAt": ecs.now_s,
        "message": message,
    }
    return replace(service, events=[event, *service.events][:SERVICE_EVENTS_MAX])


def with_deployments(service: ServiceRecord, deployments: list[shapes.Deployment]) -> ServiceRecord:
    """The service with these deployments, the newest first."""
    shown: shapes.Service = {**service.shown, "deployments": deployments}
    return replace(service, shown=shown)


def _start(ecs: Ecs, service: ServiceRecord, count: int) -> ServiceRecord:
    """Start tasks, unless it is too soon or the machine is full: then have another look later."""
    now_ms = ecs.clock.now_ms()
    if now_ms < service.retry_at_ms:
        ask_for_look(ecs, service.name, at_ms=service.retry_at_ms)
        return with_event(
            ecs, service, "is unable to consistently start tasks successfully. For more"
            " information, see the Troubleshooting section of the Amazon ECS Developer Guide."
        )  # fmt: skip
    started: list[TaskRecord] = []
    for _ in range(count):
        placed = place(ecs, _wanted(ecs, service))
        if isinstance(placed, TaskRecord):
            started.append(placed)
            continue
        retry_at_ms = now_ms + PLACE_AGAIN_MS
        service = replace(service, retry_at_ms=retry_at_ms)
        ask_for_look(ecs, service.name, at_ms=retry_at_ms)
        service = with_event(
            ecs, service, "was unable to place a task because no container instance met all of"
            f" its requirements. Reason: {placed['reason']}."
        )  # fmt: skip
        break
    if started:
        service = with_event(ecs, service, f"has started {len(started)} tasks: {_named(started)}.")
        if count == STARTS_PER_STEP_MAX:
            ask_for_look(ecs, service.name)
    return service


def _settle(ecs: Ecs, service: ServiceRecord, tasks: Sequence[TaskRecord]) -> ServiceRecord:
    """Drop deployments that are over; tell when the service is as it should be."""
    newest, *older = service.shown["deployments"]
    of_older = {task.shown.get("startedBy") for task in tasks}
    older = [deployment for deployment in older if deployment["id"] in of_older]
    counts = counts_of([task for task in tasks if task.shown.get("startedBy") == newest["id"]])
    desired = service.shown["desiredCount"]
    is_steady = counts == (desired, 0) and not older
    if is_steady and service.status == ACTIVE and newest.get("rolloutState") != "COMPLETED":
        newest = {
            **newest,
            "rolloutState": "COMPLETED",
            "rolloutStateReason": f"ECS deployment {newest['id']} completed.",
            "updatedAt": ecs.now_s,
        }
    service = with_deployments(service, [newest, *older])
    if is_steady and service.status == ACTIVE and service.events:
        return with_event(ecs, service, "has reached a steady state.")
    return service


def _end(ecs: Ecs, service: ServiceRecord) -> None:
    """A deleted service whose tasks are gone is inactive, and forgotten after an hour."""
    shown: shapes.Service = {**service.shown, "status": INACTIVE, "deployments": []}
    ecs.store.put_service(replace(service, status=INACTIVE, shown=shown))
    expiry = Expiry("service", service.name.cluster, service.name.name)
    ecs.retention.keep_for(expiry, STOPPED_KEPT_MS)


def _wanted(ecs: Ecs, service: ServiceRecord) -> Wanted:
    shown = service.shown
    newest = shown["deployments"][0]
    definition = ecs.store.find_definition(definition_of_arn(newest["taskDefinition"]))
    assert definition is not None, "revisions are never deleted"
    tags: Sequence[shapes.Tag] = ()
    if shown.get("propagateTags") == "SERVICE":
        tags = service.tags
    elif shown.get("propagateTags") == "TASK_DEFINITION":
        tags = definition.tags
    if shown.get("enableECSManagedTags"):
        tags = [*managed_tags(service.name.cluster.name, service.name.name), *tags]
    return Wanted(
        service.name.cluster,
        definition,
        launch_type=newest.get("launchType", "EC2"),
        group=f"service:{service.name.name}",
        started_by=newest["id"],
        service=service.name.name,
        capacity_provider=provider_of(newest.get("capacityProviderStrategy", [])),
        network=newest.get("networkConfiguration", {}),
        platform_version=newest.get("platformVersion", ""),
        is_execute_command_enabled=shown.get("enableExecuteCommand", False),
        tags=tags,
    )


def _named(tasks: Sequence[TaskRecord]) -> str:
    return " ".join(f"(task {task.name.id})" for task in tasks)
