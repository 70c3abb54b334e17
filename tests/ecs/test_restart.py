"""A server that is killed: acknowledged tasks are started, lost ones say so, services go on."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from tests.durability.server_process import has_ended
from tests.ecs.conftest import World

from kamome.clock import Clock
from kamome.services.ecs import clusters
from kamome.services.ecs.runtimes.process import remove_leftovers


@pytest.fixture
async def begin(tmp_path: Path, clock: Clock) -> AsyncIterator[Callable[[], World]]:
    """Begins a run of the server on the same data; all runs are ended after the test."""
    runs: list[World] = []

    def begin_run() -> World:
        world = World.begin(tmp_path, clock, database=tmp_path / "kamome.db")
        runs.append(world)
        return world

    yield begin_run
    for world in runs:
        for run in world.ecs.running.tasks.values():
            await run.kill()
            await asyncio.wait([run.ended])


async def killed(world: World) -> None:
    """The server dies: nothing it would still do reaches the store, its processes go on."""
    await world.ecs.engine.durable()
    await world.ecs.outbox.stop(0)
    for run in world.ecs.running.tasks.values():
        run.ended.cancel()
    await asyncio.sleep(0)
    await world.ecs.engine.close()


async def test_acknowledged_task_is_started_by_the_next_run(begin: Callable[[], World]) -> None:
    first = begin()
    await first.cluster()
    await first.shell("exit 5")
    arn = await first.run_one()  # its outbox has not been started
    await killed(first)

    second = begin()
    second.start()

    assert (await second.ended(arn))["containers"][0]["exitCode"] == 5
    await second.end()


async def test_task_whose_process_died_with_the_server_ends_for_that_reason(
    begin: Callable[[], World],
) -> None:
    first = begin()
    first.start()
    await first.cluster()
    await first.shell("echo $$; sleep 60")
    arn = await first.run_one()
    await first.until(first.log)
    pid = int(first.log())
    await killed(first)

    second = begin()
    second.start()

    task = await second.ended(arn)
    assert task["stopCode"] == "InfrastructureHealth"
    assert task["stoppedReason"].startswith("The server ended while the task was running")
    assert "exitCode" not in task["containers"][0]
    assert await asyncio.to_thread(has_ended, pid)
    assert second.steps()[-1].result == "InfrastructureHealth"
    await second.end()


async def test_service_has_its_desired_count_again_after_a_restart(
    begin: Callable[[], World],
) -> None:
    first = begin()
    first.start()
    await first.cluster()
    await first.shell("sleep 60")
    await first.serve(desiredCount=2)
    await first.quiet()
    await killed(first)

    second = begin()
    second.start()
    await second.quiet()
    await second.advance(2)

    assert (await second.service())["runningCount"] == 2
    assert len(second.ecs.running.tasks) == 2
    await second.end()


async def test_orderly_stop_ends_tasks_and_says_so(begin: Callable[[], World]) -> None:
    first = begin()
    first.start()
    await first.cluster()
    await first.shell("trap 'exit 3' TERM; echo ready; while :; do sleep 0.02; done")
    arn = await first.run_one()
    await first.until(first.log)
    await first.end()

    second = begin()
    second.start()

    task = await second.ended(arn)
    assert (task["stopCode"], task["stoppedReason"]) == (
        "TerminationNotice",
        "The server was stopped.",
    )
    assert task["containers"][0]["exitCode"] == 3
    await second.end()


async def test_capacity_of_lost_tasks_is_free_again(begin: Callable[[], World]) -> None:
    first = begin()
    first.start()
    await first.cluster()
    await first.define({"command": ["sleep", "60"], "cpu": 4_096})
    await first.run_one()
    await first.until(first.ecs.store.left_tasks)
    await killed(first)

    second = begin()
    second.start()

    shown = await clusters.describe_clusters(second.ecs, second.ctx, {})
    assert shown["clusters"][0]["runningTasksCount"] == 0
    assert (await second.run())["failures"] == []
    await second.end()


async def test_process_that_only_has_the_number_of_one_of_ours_is_left_alone(
    tmp_path: Path,
) -> None:
    container = tmp_path / "task" / "main"
    container.mkdir(parents=True)
    (container / "token").write_text("0" * 32)
    process = await asyncio.create_subprocess_exec("sleep", "60", start_new_session=True)

    assert remove_leftovers(tmp_path) == 0

    assert process.returncode is None
    os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
    assert not container.exists()


async def test_tasks_lost_with_the_server_have_not_failed(begin: Callable[[], World]) -> None:
    first = begin()
    first.start()
    await first.cluster()
    await first.shell("sleep 60")
    await first.serve()
    await first.quiet()
    await killed(first)

    second = begin()
    second.start()
    await second.quiet()

    service = await second.service()
    assert (service["runningCount"], service["deployments"][0]["failedTasks"]) == (1, 0)
    await second.end()
