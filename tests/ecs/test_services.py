"""Services: a desired count that is kept, back-off by the clock, deployments, deletion."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest
from tests.ecs.conftest import ACCOUNT, REGION, World

from kamome.services.ecs import clusters, services, tags, tasks
from kamome.services.ecs.deployments import plan_of
from kamome.services.ecs.errors import (
    InvalidParameterException,
    ServiceNotActiveException,
    ServiceNotFoundException,
)
from kamome.services.ecs.names import ClusterName, TaskName
from kamome.services.ecs.records import TaskRecord

if TYPE_CHECKING:
    from kamome.services.ecs import shapes


async def update(world: World, **more: object) -> shapes.Service:
    request = cast("shapes.UpdateServiceRequest", {"service": "web", **more})
    return (await services.update_service(world.ecs, world.ctx, request))["service"]


async def task_arns(world: World) -> list[str]:
    return (await tasks.list_tasks(world.ecs, world.ctx, {"serviceName": "web"}))["taskArns"]


async def test_service_starts_as_many_tasks_as_it_wants(world: World) -> None:
    await world.shell("sleep 60")

    created = await world.serve(desiredCount=3)
    await world.quiet()

    assert (created["runningCount"], created["status"]) == (0, "ACTIVE")
    service = await world.service()
    assert (service["runningCount"], service["pendingCount"]) == (3, 0)
    assert service["deployments"][0]["rolloutState"] == "COMPLETED"
    assert service["events"][0]["message"] == "(service web) has reached a steady state."
    task = await world.task((await task_arns(world))[0])
    assert task["group"] == "service:web"
    assert task["startedBy"] == service["deployments"][0]["id"]


async def test_task_that_is_stopped_is_replaced(world: World) -> None:
    await world.shell("sleep 60")
    await world.serve()
    await world.advance(120)
    (first,) = await task_arns(world)

    await tasks.stop_task(world.ecs, world.ctx, {"task": first})
    await world.quiet()

    (second,) = await task_arns(world)
    assert second != first
    assert (await world.service())["runningCount"] == 1


async def test_task_that_a_caller_stops_early_is_replaced_at_once_and_has_not_failed(
    world: World,
) -> None:
    await world.shell("sleep 60")
    await world.serve()
    await world.quiet()
    (first,) = await task_arns(world)

    await tasks.stop_task(world.ecs, world.ctx, {"task": first})
    await world.quiet()

    service = await world.service()
    assert (service["runningCount"], service["deployments"][0]["failedTasks"]) == (1, 0)


async def test_tasks_that_end_early_are_started_again_ever_later(world: World) -> None:
    await world.shell("echo run; exit 1")

    await world.serve()
    await world.quiet()
    assert world.log().count("run") == 1
    await world.advance(1)
    assert world.log().count("run") == 2
    await world.advance(1)
    assert world.log().count("run") == 2
    await world.advance(1)
    assert world.log().count("run") == 3

    service = await world.service()
    assert service["deployments"][0]["failedTasks"] == 3
    messages = [event["message"] for event in service["events"]]
    assert any("unable to consistently start tasks" in message for message in messages)


async def test_day_of_failing_starts_stays_bounded(world: World) -> None:
    await world.shell("echo run; exit 1")
    await world.serve()

    await world.advance(6 * 3600)

    assert 15 < world.log().count("run") < 30


async def test_scaling_in_stops_tasks_for_the_scheduler(world: World) -> None:
    await world.shell("sleep 60")
    await world.serve(desiredCount=2)
    await world.quiet()
    before = await task_arns(world)

    await update(world, desiredCount=1)
    await world.quiet()

    (left,) = await task_arns(world)
    (gone,) = set(before) - {left}
    assert (await world.service())["runningCount"] == 1
    task = await world.task(gone)
    assert task["stopCode"] == "ServiceSchedulerInitiated"
    assert task["stoppedReason"].startswith("Scaling activity initiated by (deployment ecs-svc/")


async def test_new_definition_replaces_the_tasks_of_the_old_one(world: World) -> None:
    await world.shell("sleep 60")
    await world.serve(desiredCount=2)
    await world.quiet()
    new = await world.shell("sleep 61")

    updated = await update(world, taskDefinition="f")
    assert [each["status"] for each in updated["deployments"]] == ["PRIMARY", "ACTIVE"]
    await world.quiet()

    service = await world.service()
    assert [each["status"] for each in service["deployments"]] == ["PRIMARY"]
    assert service["taskDefinition"] == new
    described = [await world.task(arn) for arn in await task_arns(world)]
    assert [task["taskDefinitionArn"] for task in described] == [new, new]


def planned(desired: int, *tasks: tuple[str, str]) -> tuple[int, list[str]]:
    """Starts and stops of a service whose tasks are of a deployment and have a status."""
    made = [
        TaskRecord(
            TaskName(ClusterName(ACCOUNT, REGION, "c"), f"{deployment}{number}"),
            service="web",
            cpu_units=0,
            memory_mb=0,
            is_started=True,
            trace="",
            shown=cast(
                "shapes.Task",
                {
                    "startedBy": deployment,
                    "lastStatus": status,
                    "desiredStatus": "RUNNING",
                    "createdAt": number,
                },
            ),
            tags=[],
        )
        for number, (deployment, status) in enumerate(tasks)
    ]
    service = cast("shapes.Service", {"desiredCount": desired, "deployments": [{"id": "new"}]})
    plan = plan_of(service, made)
    return plan.starts, [task.name.id for task in plan.stops]


def test_scaling_in_during_a_deployment_keeps_as_many_running_as_are_to_be_healthy() -> None:
    old, new = ("old", "RUNNING"), ("new", "PENDING")

    starts, stops = planned(2, old, old, old, old, new, new, new, new)

    assert (starts, stops) == (0, ["new7", "new6", "old0", "old1"])


def test_scaling_in_stops_what_does_not_run_yet_before_what_does() -> None:
    assert planned(1, ("new", "PENDING"), ("new", "RUNNING")) == (0, ["new0"])


async def test_service_of_a_capacity_provider_shows_the_strategy_and_no_launch_type(
    world: World,
) -> None:
    network = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
    strategy: list[shapes.CapacityProviderStrategyItem] = [
        {"capacityProvider": "FARGATE_SPOT", "weight": 1}
    ]
    await clusters.create_cluster(
        world.ecs,
        world.ctx,
        {
            "clusterName": "spot",
            "capacityProviders": ["FARGATE_SPOT"],
            "defaultCapacityProviderStrategy": strategy,
        },
    )
    size = {"cpu": "256", "memory": "512", "networkMode": "awsvpc"}
    await world.define({"command": ["sleep", "60"]}, **size)

    service = await world.serve(cluster="spot", networkConfiguration=network)
    await world.quiet()

    assert service["capacityProviderStrategy"] == strategy
    assert "launchType" not in service
    assert "launchType" not in service["deployments"][0]
    (run,) = world.ecs.running.tasks
    answer = await tasks.describe_tasks(
        world.ecs, world.ctx, {"cluster": "spot", "tasks": [run.id]}
    )
    task = answer["tasks"][0]
    assert (task["capacityProviderName"], task["launchType"]) == ("FARGATE_SPOT", "FARGATE")


async def test_tasks_of_a_service_have_managed_tags_that_stay(world: World) -> None:
    await world.shell("sleep 60")
    await world.serve(enableECSManagedTags=True)
    await world.quiet()
    (arn,) = await task_arns(world)

    added: list[shapes.Tag] = [{"key": "own", "value": "1"}]
    await tags.tag_resource(world.ecs, world.ctx, {"resourceArn": arn, "tags": added})
    keys = ["aws:ecs:serviceName"]
    await tags.untag_resource(world.ecs, world.ctx, {"resourceArn": arn, "tagKeys": keys})

    found = await tags.list_tags_for_resource(world.ecs, world.ctx, {"resourceArn": arn})
    assert found["tags"] == [
        {"key": "aws:ecs:clusterName", "value": "default"},
        {"key": "aws:ecs:serviceName", "value": "web"},
        {"key": "own", "value": "1"},
    ]


async def test_service_waits_for_a_place_and_says_so(world: World) -> None:
    await world.define({"command": ["sleep", "60"], "cpu": 3_000})
    await world.serve(desiredCount=2)
    await world.quiet()

    service = await world.service()
    assert service["runningCount"] == 1
    assert any("unable to place a task" in event["message"] for event in service["events"])


async def test_scaled_service_is_deleted_only_by_force(world: World) -> None:
    await world.shell("sleep 60")
    await world.serve()
    await world.quiet()

    with pytest.raises(InvalidParameterException, match="while it is scaled above 0"):
        await services.delete_service(world.ecs, world.ctx, {"service": "web"})
    answer = await services.delete_service(world.ecs, world.ctx, {"service": "web", "force": True})
    assert answer["service"]["status"] == "DRAINING"
    await world.quiet()

    assert (await world.service())["status"] == "INACTIVE"
    assert world.ecs.running.tasks == {}
    with pytest.raises(ServiceNotActiveException):
        await update(world, desiredCount=1)
    await world.advance(3600)
    described = await services.describe_services(world.ecs, world.ctx, {"services": ["web"]})
    assert [failure["reason"] for failure in described["failures"]] == ["MISSING"]


async def test_same_service_again_is_the_service_and_another_is_refused(world: World) -> None:
    await world.shell("sleep 60")
    first = await world.serve()

    assert (await world.serve())["serviceArn"] == first["serviceArn"]
    with pytest.raises(InvalidParameterException, match="Creation of service was not idempotent"):
        await world.serve(desiredCount=2)


async def test_service_that_is_not_there_cannot_be_changed(world: World) -> None:
    with pytest.raises(ServiceNotFoundException):
        await update(world, desiredCount=1)


async def test_list_services_pages_by_name(world: World) -> None:
    await world.shell("sleep 60")
    for name in ("c", "a", "b"):
        await world.serve(serviceName=name, desiredCount=0)

    first = await services.list_services(world.ecs, world.ctx, {"maxResults": 2})
    second = await services.list_services(
        world.ecs, world.ctx, {"maxResults": 2, "nextToken": first["nextToken"]}
    )

    arns = [*first["serviceArns"], *second["serviceArns"]]
    assert [arn.rpartition("/")[2] for arn in arns] == ["a", "b", "c"]
    assert "nextToken" not in second
