"""Tasks of several containers: order, essential ones, stops, and what StopTask does."""

from __future__ import annotations

import asyncio
import os

import orjson
import pytest
from tests.ecs.conftest import World

from kamome.services.ecs import container_runs, metadata, tasks
from kamome.services.ecs.container_specs import METADATA_PATH
from kamome.services.ecs.errors import InvalidParameterException
from kamome.services.ecs.names import TaskName
from kamome.wire import HttpRequest


def container(name: str, script: str, **more: object) -> dict[str, object]:
    return {"name": name, "command": ["sh", "-c", script], **more}


def after(name: str, condition: str) -> dict[str, object]:
    return {"dependsOn": [{"containerName": name, "condition": condition}]}


async def exit_codes(world: World, arn: str) -> dict[str, int | None]:
    task = await world.ended(arn)
    return {each["name"]: each.get("exitCode") for each in task["containers"]}


async def test_end_of_an_essential_container_ends_the_others(world: World) -> None:
    await world.define(container("main", "exit 0"), container("other", "sleep 60"))

    codes = await exit_codes(world, await world.run_one())

    assert codes == {"main": 0, "other": 143}


async def test_end_of_a_container_that_is_not_essential_changes_nothing(world: World) -> None:
    await world.define(
        container("main", "sleep 0.2; exit 6"), container("extra", "exit 1", essential=False)
    )

    assert await exit_codes(world, await world.run_one()) == {"main": 6, "extra": 1}


@pytest.mark.parametrize("condition", ["COMPLETE", "SUCCESS"])
async def test_container_waits_for_the_end_of_another(world: World, condition: str) -> None:
    marker = world.folder / "marker"
    await world.define(
        container("main", f"cat {marker}", **after("init", condition)),
        container("init", f"sleep 0.1; echo ready > {marker}", essential=False),
    )

    assert await exit_codes(world, await world.run_one()) == {"main": 0, "init": 0}
    assert world.log() == "ready\n"


async def test_complete_takes_any_exit_code_and_success_only_0(world: World) -> None:
    init = container("init", "exit 2", essential=False)
    await world.define(container("main", "true", **after("init", "COMPLETE")), init)
    assert await exit_codes(world, await world.run_one()) == {"main": 0, "init": 2}

    await world.define(container("main", "true", **after("init", "SUCCESS")), init)
    task = await world.ended(await world.run_one())

    assert task["stopCode"] == "TaskFailedToStart"
    assert "waits for the success of 'init', which ended with exit code 2" in task["stoppedReason"]


async def test_task_is_pending_until_each_container_has_been_started(world: World) -> None:
    gate = world.folder / "gate"
    os.mkfifo(gate)
    wait = f"read -r _ < {gate}"
    await world.define(
        container("main", "sleep 0.1", **after("init", "COMPLETE")),
        container("init", wait, essential=False),
    )
    arn = await world.run_one()
    name = next(iter(await _running(world)))
    await world.until(lambda: _status(world, arn, "init") == "RUNNING")

    assert (await world.task(arn))["lastStatus"] == "PENDING"

    await asyncio.to_thread(gate.write_text, "go\n")
    assert (await world.ended(arn))["containers"][0]["exitCode"] == 0
    assert name.id in arn


async def _running(world: World) -> list[TaskName]:
    await world.until(lambda: world.ecs.running.tasks)
    return list(world.ecs.running.tasks)


def _status(world: World, arn: str, container_name: str) -> str:
    for name in world.ecs.running.tasks:
        record = world.ecs.store.find_task(name)
        if record is not None and record.name.arn == arn:
            for each in record.shown["containers"]:
                if each["name"] == container_name:
                    return each["lastStatus"]
    return ""


async def test_dependency_that_takes_longer_than_its_start_timeout_fails_the_task(
    world: World,
) -> None:
    await world.define(
        container("main", "true", **after("init", "COMPLETE")),
        container("init", "sleep 60", essential=False, startTimeout=1),
    )

    task = await world.ended(await world.run_one())

    assert task["stopCode"] == "TaskFailedToStart"
    assert "did not reach COMPLETE within its startTimeout of 1 seconds" in task["stoppedReason"]


async def test_dependents_end_before_what_they_depend_on(world: World) -> None:
    say = "trap 'echo {0} >> {1}; exit 0' TERM; while :; do sleep 0.02; done"
    order = world.folder / "order"
    await world.define(
        container("base", say.format("base", order), essential=False),
        container("user", say.format("user", order), essential=False, **after("base", "START")),
        container("main", "sleep 0.3", **after("user", "START")),
    )

    await world.ended(await world.run_one())

    assert order.read_text() == "user\nbase\n"


async def test_stop_task_ends_the_container_with_sigterm(world: World) -> None:
    await world.shell("trap 'exit 7' TERM; echo ready; while :; do sleep 0.02; done")
    arn = await world.run_one()
    await world.until(lambda: "ready" in world.log())

    answer = await tasks.stop_task(world.ecs, world.ctx, {"task": arn, "reason": "enough"})

    assert answer["task"]["desiredStatus"] == "STOPPED"
    task = await world.ended(arn)
    assert task["containers"][0]["exitCode"] == 7
    assert (task["stopCode"], task["stoppedReason"]) == ("UserInitiated", "enough")


async def test_container_that_ignores_sigterm_is_killed_after_its_stop_timeout(
    world: World,
) -> None:
    await world.shell("trap '' TERM; echo ready; while :; do sleep 0.02; done", stopTimeout=1)
    arn = await world.run_one()
    await world.until(lambda: "ready" in world.log())

    await tasks.stop_task(world.ecs, world.ctx, {"task": arn})

    assert (await world.ended(arn))["containers"][0]["exitCode"] == 137


async def test_task_that_is_stopped_before_its_start_never_starts(world: World) -> None:
    await world.shell("echo started")
    arn = await world.run_one()

    await tasks.stop_task(world.ecs, world.ctx, {"task": arn})

    task = await world.ended(arn)
    assert task["stopCode"] == "UserInitiated"
    assert "exitCode" not in task["containers"][0]
    assert world.log() == ""


async def test_stopped_task_can_be_stopped_again(world: World) -> None:
    await world.shell("exit 2")
    arn = await world.run_one()
    ended = await world.ended(arn)

    answer = await tasks.stop_task(world.ecs, world.ctx, {"task": arn})

    assert answer["task"]["stopCode"] == ended["stopCode"] == "EssentialContainerExited"


async def test_task_that_is_not_there_cannot_be_stopped(world: World) -> None:
    with pytest.raises(InvalidParameterException, match="The referenced task was not found"):
        await tasks.stop_task(world.ecs, world.ctx, {"task": "0" * 32})


async def test_list_tasks_filters_and_pages(world: World) -> None:
    await world.shell("true")
    mine = {await world.run_one(startedBy="me") for _ in range(3)}
    other = await world.run_one(startedBy="you")
    await world.quiet()

    assert (await tasks.list_tasks(world.ecs, world.ctx, {}))["taskArns"] == []
    first = await tasks.list_tasks(
        world.ecs,
        world.ctx,
        {"desiredStatus": "STOPPED", "startedBy": "me", "family": "f", "maxResults": 2},
    )
    second = await tasks.list_tasks(
        world.ecs,
        world.ctx,
        {"desiredStatus": "STOPPED", "startedBy": "me", "nextToken": first["nextToken"]},
    )

    assert set(first["taskArns"]) | set(second["taskArns"]) == mine
    assert "nextToken" not in second
    everyone = await tasks.list_tasks(world.ecs, world.ctx, {"desiredStatus": "STOPPED"})
    assert set(everyone["taskArns"]) == {*mine, other}


@pytest.mark.parametrize("last", ["exit 7", "sleep 60"], ids=["ignored code", "runs on"])
async def test_container_is_restarted_unless_it_ends_with_an_ignored_code(
    world: World, monkeypatch: pytest.MonkeyPatch, last: str
) -> None:
    monkeypatch.setattr(container_runs, "RESTART_PERIOD_S_DEFAULT", 0)
    script = f"n=$(cat n || echo 0); echo $((n+1)) > n; echo run; test $n -ge 2 && {last}; exit 1"
    policy = {"enabled": True, "ignoredExitCodes": [7]}
    await world.shell(script, restartPolicy=policy)
    arn = await world.run_one()
    await world.until(lambda: world.log().count("run\n") == 3)

    if last == "exit 7":
        task = await world.ended(arn)
        assert task["containers"][0]["exitCode"] == 7
        return
    [token] = world.ecs.running.by_token
    response = metadata.answer(world.ecs, HttpRequest("GET", f"{METADATA_PATH}{token}", ""))
    assert isinstance(response.body, bytes)
    assert orjson.loads(response.body)["RestartCount"] == 2


async def test_container_that_ends_before_its_restart_period_is_not_restarted(
    world: World,
) -> None:
    await world.shell("exit 1", restartPolicy={"enabled": True, "restartAttemptPeriod": 60})

    task = await world.ended(await world.run_one())

    assert task["containers"][0]["exitCode"] == 1
