"""Container health checks, on the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kamome.services.ecs.errors import ClientException
from kamome.services.ecs.health_checks import Health, command_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ecs.conftest import World

FOREVER = ["sleep", "600"]


def check(script: str, **more: object) -> dict[str, object]:
    return {"command": ["CMD-SHELL", script], "interval": 10, "retries": 2, **more}


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["CMD-SHELL", "curl -f x || exit 1"], ["/bin/sh", "-c", "curl -f x || exit 1"]),
        (["CMD", "curl", "x"], ["curl", "x"]),
        (["curl", "x"], ["curl", "x"]),
        (["NONE"], []),
    ],
    ids=["shell", "command", "no word", "disabled"],
)
def test_command_is_one_of_a_shell_or_of_its_own(words: list[str], command: list[str]) -> None:
    assert command_of({"command": words}) == command


def test_failures_in_a_row_make_unhealthy_and_one_success_healthy() -> None:
    health = Health(2)

    seen = []
    for is_good in (False, True, False, True, False, False):
        health.note(is_good=is_good, is_starting=False)
        seen.append(health.status)

    assert seen == ["UNKNOWN", "HEALTHY", "HEALTHY", "HEALTHY", "HEALTHY", "UNHEALTHY"]


def test_failures_of_the_start_period_count_not() -> None:
    health = Health(1)

    health.note(is_good=False, is_starting=True)

    assert health.status == "UNKNOWN"


async def test_container_and_task_show_their_health(world: World) -> None:
    await world.define({"command": FOREVER, "healthCheck": check("exit 0")})
    arn = await world.run_one()
    await world.until(lambda: world.ecs.running.tasks)
    await world.quiet()
    before = await world.task(arn)

    await world.advance(10)

    after = await world.task(arn)
    assert (before["healthStatus"], after["healthStatus"]) == ("UNKNOWN", "HEALTHY")
    assert after["containers"][0]["healthStatus"] == "HEALTHY"


async def test_task_that_was_run_by_hand_goes_on_unhealthy(world: World) -> None:
    await world.define({"command": FOREVER, "healthCheck": check("exit 1")})
    arn = await world.run_one()
    await world.quiet()

    await world.advance(25)

    task = await world.task(arn)
    assert (task["healthStatus"], task["lastStatus"]) == ("UNHEALTHY", "RUNNING")


async def test_service_replaces_a_task_that_is_unhealthy(world: World, tmp_path: Path) -> None:
    sick = tmp_path / "sick"
    sick.touch()
    await world.define({"command": FOREVER, "healthCheck": check(f"test ! -e {sick}")})
    await world.serve()
    await world.quiet()
    [first] = world.ecs.running.tasks

    await world.advance(25)
    sick.unlink()
    await world.advance(60)

    ended = await world.task(first.arn)
    assert ended["stoppedReason"] == "Task failed container health checks"
    assert ended["stopCode"] == "ServiceSchedulerInitiated"
    [second] = world.ecs.running.tasks
    assert (await world.task(second.arn))["healthStatus"] == "HEALTHY"


async def test_task_of_a_service_is_not_replaced_before_its_grace_period_ends(
    world: World,
) -> None:
    await world.define({"command": FOREVER, "healthCheck": check("exit 1", retries=1)})
    service = await world.serve(healthCheckGracePeriodSeconds=60)
    await world.quiet()
    (first,) = world.ecs.running.tasks

    await world.advance(50)
    assert (await world.task(first.arn))["healthStatus"] == "UNHEALTHY"
    assert (await world.task(first.arn))["lastStatus"] == "RUNNING"
    await world.advance(10)
    await world.until(lambda: first not in world.ecs.running.tasks)

    assert service["healthCheckGracePeriodSeconds"] == 60
    task = await world.task(first.arn)
    assert task["stoppedReason"] == "Task failed container health checks"


async def test_container_waits_for_the_health_of_another(world: World, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    await world.define(
        {"name": "db", "command": FOREVER, "healthCheck": check(f"test -e {ready}", retries=9)},
        {
            "name": "main",
            "command": ["sh", "-c", "echo began"],
            "dependsOn": [{"containerName": "db", "condition": "HEALTHY"}],
        },
    )
    arn = await world.run_one()
    await world.advance(20)
    assert (await world.task(arn))["lastStatus"] == "PENDING"
    assert world.log() == ""

    ready.touch()
    await world.advance(10)
    await world.until(lambda: not world.ecs.running.tasks)

    await world.ended(arn)
    assert world.log() == "began\n"


async def test_container_does_not_start_where_the_other_is_unhealthy(world: World) -> None:
    await world.define(
        {"name": "db", "command": FOREVER, "healthCheck": check("exit 1"), "essential": False},
        {
            "name": "main",
            "command": ["sh", "-c", "echo began"],
            "dependsOn": [{"containerName": "db", "condition": "HEALTHY"}],
        },
    )
    arn = await world.run_one()

    await world.advance(25)
    await world.until(lambda: not world.ecs.running.tasks)

    task = await world.ended(arn)
    assert task["stopCode"] == "TaskFailedToStart"
    assert "waits for the health of 'db', which is UNHEALTHY" in task["stoppedReason"]


async def test_check_that_takes_too_long_has_failed(world: World) -> None:
    slow = check("sleep 600", timeout=2, retries=1)
    await world.define({"command": FOREVER, "healthCheck": slow})
    arn = await world.run_one()
    await world.quiet()

    await world.advance(10)

    assert (await world.task(arn))["healthStatus"] == "UNHEALTHY"


@pytest.mark.parametrize(
    "members",
    [{"interval": 4}, {"timeout": 61}, {"retries": 11}, {"startPeriod": 301}, {"command": []}],
    ids=lambda members: next(iter(members)),
)
async def test_check_out_of_range_is_refused(world: World, members: dict[str, object]) -> None:
    with pytest.raises(ClientException):
        await world.define({"command": FOREVER, "healthCheck": check("true", **members)})
