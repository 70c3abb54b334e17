"""RunTask: processes, exit codes, overrides, placement failures, client tokens, journeys."""

from __future__ import annotations

import asyncio

import orjson
import pytest
from tests.durability.server_process import has_ended
from tests.ecs.conftest import World

from kamome.errors import AwsError, OperationNotServed
from kamome.services.ecs import metadata, task_runs, tasks
from kamome.services.ecs.container_specs import METADATA_PATH
from kamome.services.ecs.errors import (
    ClientException,
    ClusterNotFoundException,
    ConflictException,
    InvalidParameterException,
)
from kamome.wire import HttpRequest

AWSVPC = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}


async def test_task_ends_with_the_exit_code_of_its_process(world: World) -> None:
    await world.shell("exit 3")

    task = await world.ended(await world.run_one())

    assert task["containers"][0]["exitCode"] == 3
    assert task["stopCode"] == "EssentialContainerExited"
    assert task["stoppedReason"] == "Essential container in task exited"
    assert task["desiredStatus"] == "STOPPED"


async def test_answer_shows_the_task_before_it_has_started(world: World) -> None:
    await world.shell("true")

    answer = await world.run(startedBy="me", group="batch")

    (task,) = answer["tasks"]
    assert (task["lastStatus"], task["desiredStatus"]) == ("PENDING", "RUNNING")
    assert (task["startedBy"], task["group"], task["launchType"]) == ("me", "batch", "EC2")
    assert "startedAt" not in task


async def test_fargate_task_begins_as_provisioning_with_a_network_interface(world: World) -> None:
    await world.define(
        {"command": ["true"]},
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
    )

    answer = await world.run(launchType="FARGATE", networkConfiguration=AWSVPC)

    (task,) = answer["tasks"]
    assert task["lastStatus"] == "PROVISIONING"
    assert task["platformVersion"] == "1.4.0"
    assert task["attachments"][0]["details"][0] == {"name": "subnetId", "value": "subnet-1"}
    assert (await world.ended(task["taskArn"]))["attachments"][0]["status"] == "DELETED"


async def test_environment_holds_nothing_of_the_servers(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_SERVER", "x")
    await world.shell("env", environment=[{"name": "A", "value": "of the definition"}])

    await world.ended(await world.run_one())

    names = {line.partition("=")[0] for line in world.log().splitlines()}
    assert "SECRET_OF_THE_SERVER" not in names
    assert {"A", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_ACCESS_KEY_ID"} <= names
    assert "AWS_ACCESS_KEY_ID=key-of-000000000000" in world.log()
    assert "_X_AMZN_TRACE_ID=Root=1-68e60000-" in world.log()


async def test_overrides_replace_the_command_and_add_to_the_environment(world: World) -> None:
    variables = [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]
    await world.shell("exit 9", environment=variables)
    override = {
        "name": "main",
        "command": ["sh", "-c", "echo $A$B$C"],
        "environment": [{"name": "B", "value": "two"}, {"name": "C", "value": "3"}],
    }

    arn = await world.run_one(overrides={"containerOverrides": [override]})

    assert (await world.ended(arn))["containers"][0]["exitCode"] == 0
    assert world.log() == "1two3\n"


async def test_output_goes_to_the_log_stream_of_the_container(world: World) -> None:
    options = {"awslogs-group": "/ecs/f", "awslogs-region": "eu-west-1"}
    log = {"logDriver": "awslogs", "options": {**options, "awslogs-stream-prefix": "p"}}
    await world.shell("echo out; echo err >&2", logConfiguration=log)

    arn = await world.run_one()
    await world.ended(arn)

    file = world.ecs.log_folder / "ecs" / "f" / "p" / "main" / f"{arn.rpartition('/')[2]}.log"
    assert file.read_text() == "out\nerr\n"


async def test_program_that_leaves_processes_behind_leaves_none(world: World) -> None:
    await world.shell("sleep 77 & echo $!")

    await world.ended(await world.run_one())

    pid = int(world.log())
    assert await asyncio.to_thread(has_ended, pid)


async def test_journey_shows_start_and_end(world: World) -> None:
    await world.shell("exit 4")

    arn = await world.run_one()
    await world.ended(arn)

    started, stopped = world.steps()
    assert (started.service, started.action, started.detail) == ("ecs", "Task started", "f:1")
    assert (stopped.action, stopped.result) == ("Task stopped", "exit 4")
    assert started.resource == stopped.resource == arn.rpartition("/")[2]


# ---------------------------------------------------------------------- what cannot be started


async def test_image_that_is_not_mapped_cannot_be_pulled(world: World) -> None:
    await world.define({"image": "example.com/nowhere:1", "command": ["true"]})

    task = await world.ended(await world.run_one())

    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith(
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to"
        " resolve ref example.com/nowhere:1"
    )
    assert task["containers"][0]["reason"] == task["stoppedReason"]
    assert "exitCode" not in task["containers"][0]
    assert "startedAt" not in task
    assert world.steps()[-1].result == "TaskFailedToStart"


@pytest.mark.parametrize(
    ("container", "reason"),
    [
        ({"command": ["no-such-program"]}, 'exec: "no-such-program": executable file not found'),
        ({"command": ["./gone"]}, 'exec: "./gone": executable file not found'),
        ({}, "no command specified"),
    ],
    ids=["not on the path", "not in the image", "no command"],
)
async def test_container_without_a_program_cannot_be_started(
    world: World, container: dict[str, object], reason: str
) -> None:
    await world.define(container)

    task = await world.ended(await world.run_one())

    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith("CannotStartContainerError: ")
    assert reason in task["stoppedReason"]


async def test_program_in_the_image_runs_in_its_working_directory(world: World) -> None:
    folder = world.folder / "image" / "srv"
    folder.mkdir(parents=True)
    (folder / "run.sh").write_text("#!/bin/sh\npwd\n")
    (folder / "run.sh").chmod(0o755)
    await world.define({"entryPoint": ["./run.sh"], "workingDirectory": "/srv"})

    await world.ended(await world.run_one())

    assert world.log() == f"{folder}\n"


async def test_overriding_sizes_are_shown_in_units_by_task_and_metadata(world: World) -> None:
    await world.shell("sleep 60", name="main")
    arn = await world.run_one(
        overrides={
            "cpu": ".5 vCPU",
            "memory": "2 GB",
            "containerOverrides": [{"name": "main", "cpu": 10, "memory": 100}],
        }
    )
    await world.until(lambda: world.ecs.running.by_token)
    [token] = world.ecs.running.by_token

    task = await world.task(arn)
    response = metadata.answer(world.ecs, HttpRequest("GET", f"{METADATA_PATH}{token}/task", ""))

    assert (task["cpu"], task["memory"]) == ("512", "2048")
    assert (task["containers"][0]["cpu"], task["containers"][0]["memory"]) == ("10", "100")
    assert isinstance(response.body, bytes)
    document = orjson.loads(response.body)
    assert document["Limits"] == {"CPU": 0.5, "Memory": 2048}
    assert document["Containers"][0]["Limits"] == {"CPU": 10, "Memory": 100}


# ---------------------------------------------------------------------- failures


async def test_tasks_that_do_not_fit_are_failures_without_an_error(world: World) -> None:
    await world.define({"command": ["sleep", "60"], "cpu": 2_048})

    answer = await world.run(count=3)

    assert len(answer["tasks"]) == 2
    (failure,) = answer["failures"]
    assert failure["reason"] == "RESOURCE:CPU"
    assert ":container-instance/default/" in failure["arn"]


async def test_memory_of_the_machine_is_a_limit_as_well(world: World) -> None:
    await world.define({"command": ["true"], "memory": 8_193})

    assert [each["reason"] for each in (await world.run())["failures"]] == ["RESOURCE:MEMORY"]


async def test_place_of_a_task_that_has_ended_is_free_again(world: World) -> None:
    await world.define({"command": ["true"], "cpu": 4_096})
    await world.ended(await world.run_one())

    assert (await world.run())["failures"] == []


async def test_failure_can_be_ordered_by_a_fault_rule(world: World) -> None:
    await world.shell("true")
    world.faults["f"] = "AGENT"

    answer = await world.run(count=2)

    assert len(answer["tasks"]) == 1
    assert [failure["reason"] for failure in answer["failures"]] == ["AGENT"]


async def test_stopping_server_has_no_agent(world: World) -> None:
    await world.shell("true")
    world.ecs.running.is_stopping = True

    assert [each["reason"] for each in (await world.run())["failures"]] == ["AGENT"]


# ---------------------------------------------------------------------- client tokens


async def test_same_client_token_gives_the_same_task(world: World) -> None:
    await world.shell("true")

    first = await world.run_one(clientToken="t")
    await world.quiet()

    assert await world.run_one(clientToken="t") == first
    assert await world.run_one(clientToken="u") != first


async def test_client_token_of_another_request_is_a_conflict_that_names_the_tasks(
    world: World,
) -> None:
    await world.shell("true")
    first = await world.run_one(clientToken="t")

    with pytest.raises(ConflictException) as refused:
        await world.run(clientToken="t", startedBy="another")

    assert refused.value.members["resourceIds"] == [first]


async def test_client_token_is_forgotten_after_24_hours(world: World) -> None:
    await world.shell("true")
    first = await world.run_one(clientToken="t")

    await world.advance(24 * 3600)

    assert await world.run_one(clientToken="t") != first


async def test_call_that_placed_nothing_does_not_use_its_token_up(world: World) -> None:
    await world.shell("true")
    world.faults["f"] = "AGENT"
    await world.run(clientToken="t")

    assert len((await world.run(clientToken="t"))["tasks"]) == 1


# ---------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("request_", "error", "words"),
    [
        ({"cluster": "gone"}, ClusterNotFoundException, "Cluster not found."),
        ({"taskDefinition": "g"}, ClientException, "TaskDefinition not found."),
        ({"taskDefinition": "f:7"}, ClientException, "TaskDefinition not found."),
        ({"count": 11}, InvalidParameterException, "count should be between 1 and 10."),
        ({"count": 0}, InvalidParameterException, "count should be between 1 and 10."),
        (
            {"overrides": {"containerOverrides": [{"name": "other"}]}},
            InvalidParameterException,
            "Override for container named other is not a container in the TaskDefinition.",
        ),
        (
            {"networkConfiguration": AWSVPC},
            InvalidParameterException,
            "Network Configuration is not valid for the given networkMode of this task definition.",
        ),
        (
            {"launchType": "FARGATE"},
            InvalidParameterException,
            "Task definition does not support launch_type FARGATE.",
        ),
        ({"startedBy": "a b"}, InvalidParameterException, "startedBy should be"),
        ({"overrides": {"cpu": "many"}}, ClientException, "Invalid 'cpu' setting for task."),
        ({"launchType": "EXTERNAL"}, OperationNotServed, "The launch type EXTERNAL is not served"),
        (
            {"placementConstraints": [{"type": "memberOf"}]},
            InvalidParameterException,
            "An expression belongs to a placement constraint of type memberOf",
        ),
    ],
    ids=lambda value: "",
)
async def test_what_cannot_be_run_is_refused(
    world: World, request_: dict[str, object], error: type[AwsError], words: str
) -> None:
    await world.shell("true")

    with pytest.raises(error, match="^" + words.replace("(", r"\(").replace("`", "`")):
        await world.run(**request_)


@pytest.mark.parametrize(
    "member",
    [
        {"logConfiguration": {"logDriver": "splunk"}},
        {"volumesFrom": [{"sourceContainer": "other"}]},
        {"resourceRequirements": [{"type": "GPU", "value": "1"}]},
    ],
    ids=lambda member: next(iter(member)),
)
async def test_what_is_not_served_is_kept_in_the_definition_and_refused_when_run(
    world: World, member: dict[str, object]
) -> None:
    await world.define({"command": ["true"], **member})

    with pytest.raises(OperationNotServed, match="is not served by Kamome"):
        await world.run()


async def test_inactive_definition_cannot_be_run(world: World) -> None:
    from kamome.services.ecs import task_definitions

    await world.shell("true")
    await task_definitions.deregister_task_definition(
        world.ecs, world.ctx, {"taskDefinition": "f:1"}
    )

    with pytest.raises(InvalidParameterException, match="TaskDefinition is inactive"):
        await world.run(taskDefinition="f:1")
    with pytest.raises(ClientException, match="TaskDefinition not found"):
        await world.run()


# ---------------------------------------------------------------------- the clock


async def test_advancing_clock_waits_for_a_short_task(world: World) -> None:
    await world.shell("sleep 0.2; exit 5")
    arn = await world.run_one()
    now_s = world.ecs.now_s

    await world.advance(60)

    assert (await world.task(arn))["stoppedAt"] == now_s


async def test_advancing_clock_does_not_wait_for_a_task_that_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_runs, "SHORT_TASK_S", 0.05)
    await world.shell("sleep 60")
    arn = await world.run_one()

    await world.advance(60)

    assert (await world.task(arn))["lastStatus"] == "RUNNING"


async def test_stopped_task_is_remembered_for_an_hour(world: World) -> None:
    await world.shell("true")
    arn = await world.run_one()
    await world.ended(arn)

    await world.advance(3_599)
    assert (await world.task(arn))["lastStatus"] == "STOPPED"

    await world.advance(1)
    answer = await tasks.describe_tasks(world.ecs, world.ctx, {"tasks": [arn]})
    assert answer == {"tasks": [], "failures": [{"arn": arn, "reason": "MISSING"}]}
