"""What runs for an image: the mapping, a container runtime's command line, limits, log files."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.ecs.conftest import World

from kamome.services.ecs.images import find_program, read_mapping
from kamome.services.ecs.runtimes.output import log_file

# Stands for docker: has no image until it has pulled it, and runs the command itself.
RUNTIME = """#!/bin/sh
echo "$@" >> {calls}
case "$1" in
  image) test -e {folder}/pulled ;;
  pull) case "$3" in bad*) echo "no such manifest" >&2; exit 1 ;; esac; touch {folder}/pulled ;;
  run) echo $$ > {folder}/pid
    echo "A is $A, PATH is set, HOME is $HOME"
    exec sleep "${{SECONDS_TO_RUN:-0}}" ;;
  kill) test ! -e {folder}/deaf && kill -s "$3" "$(cat {folder}/pid)" ;;
  rm) : ;;
esac
"""


@pytest.mark.parametrize(
    "image",
    [
        "prog",
        "prog:1",
        "prog@sha256:abc",
        "prog:1@sha256:abc",
        "localhost:5000/prog:2",
        "000000000000.dkr.ecr.eu-west-1.amazonaws.com/prog:latest",
    ],
)
def test_image_is_found_with_registry_and_tag_or_without(tmp_path: Path, image: str) -> None:
    mapping = read_mapping(f"prog={tmp_path}")

    program = find_program(mapping, image)

    assert program is not None
    assert program.folder == tmp_path


@pytest.mark.parametrize("image", ["other", "progs", "owner/prog", "prog/x"])
def test_other_images_are_not_found(tmp_path: Path, image: str) -> None:
    assert find_program(read_mapping(f"prog={tmp_path}"), image) is None


def test_whole_name_goes_before_the_name_without_tag(tmp_path: Path) -> None:
    mapping = read_mapping(f"prog={tmp_path}, prog:2=sh -c")

    program = find_program(mapping, "prog:2")

    assert program is not None
    assert program.prefix == ("sh", "-c")


@pytest.mark.parametrize("text", ["prog", "=x", "prog=", "prog=/no/such/folder"])
def test_mapping_that_cannot_be_meant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"prog|IMAGE"):
        read_mapping(text)


async def begun(world: World, tmp_path: Path, **more: object) -> World:
    """A run of the server whose container runtime is the script above."""
    runtime = tmp_path / "runtime"
    runtime.write_text(RUNTIME.format(calls=tmp_path / "calls", folder=tmp_path))
    runtime.chmod(0o755)
    other = World.begin(tmp_path, world.clock, database=None, runtime=str(runtime), **more)
    other.start()
    await other.cluster()
    return other


async def test_image_that_is_not_mapped_is_pulled_and_run(world: World, tmp_path: Path) -> None:
    other = await begun(world, tmp_path)
    await other.define(
        {
            "image": "alpine:3",
            "entryPoint": ["sh", "-c"],
            "command": ["true"],
            "environment": [{"name": "A", "value": "not in the arguments"}],
        }
    )

    task = await other.ended(await other.run_one())

    assert task["containers"][0]["exitCode"] == 0
    inspected, pulled, run = (tmp_path / "calls").read_text().splitlines()
    assert inspected == "image inspect alpine:3"
    assert pulled == "pull --quiet alpine:3"
    assert run.startswith("run --rm --name kamome-")
    assert run.endswith("--entrypoint sh alpine:3 -c true")
    assert "--env A " in run
    assert "not in the arguments" not in run
    assert "A is not in the arguments" in other.log()
    await other.end()


async def test_runtime_s_client_has_its_user_s_home_and_the_container_its_own(
    world: World, tmp_path: Path
) -> None:
    """A rootless podman keeps its images in the home; another one would be empty."""
    other = await begun(world, tmp_path)
    own = [{"name": "HOME", "value": "/app"}]
    await other.define({"image": "x", "command": ["true"], "environment": own, "cpu": 1})

    await other.ended(await other.run_one())

    run = (tmp_path / "calls").read_text().splitlines()[-1]
    assert "--env HOME=/app --memory 64m --cpu-shares 2 x true" in run
    assert "HOME is \n" in other.log()
    await other.end()


async def test_complaint_of_the_registry_is_the_stopped_reason(
    world: World, tmp_path: Path
) -> None:
    other = await begun(world, tmp_path)
    await other.define({"image": "bad:1", "command": ["true"]})

    task = await other.ended(await other.run_one())

    assert task["stoppedReason"].endswith("failed to resolve ref bad:1: no such manifest")
    await other.end()


@pytest.mark.parametrize("is_deaf", [False, True], ids=["by the runtime", "by its client"])
async def test_container_that_does_not_end_is_told_to(
    world: World, tmp_path: Path, is_deaf: bool
) -> None:
    """The runtime is asked first; where it knows no such container, its client has the signal."""
    from kamome.services.ecs import tasks

    if is_deaf:
        (tmp_path / "deaf").touch()
    other = await begun(world, tmp_path)
    seconds = [{"name": "SECONDS_TO_RUN", "value": "60"}]
    await other.define({"image": "x", "command": ["true"], "environment": seconds})
    arn = await other.run_one()
    await other.until(lambda: "A is" in other.log())

    await tasks.stop_task(other.ecs, other.ctx, {"task": arn})

    assert (await other.ended(arn))["containers"][0]["exitCode"] == 143
    assert "kill --signal TERM kamome-" in (tmp_path / "calls").read_text()
    await other.end()


async def test_ulimits_hold_for_the_process(world: World) -> None:
    limit = {"name": "nofile", "softLimit": 111, "hardLimit": 222}
    await world.shell("sleep 0.1; ulimit -Sn; ulimit -Hn", ulimits=[limit])

    await world.ended(await world.run_one())

    assert world.log() == "111\n222\n"


@pytest.mark.parametrize(
    ("group", "stream", "expected"),
    [
        ("/ecs/app", "p/c/1", "ecs/app/p/c/1.log"),
        ("../../etc", "../x", "etc/x.log"),
        ("/", "", "_.log"),
    ],
)
def test_log_file_is_never_outside_its_folder(
    tmp_path: Path, group: str, stream: str, expected: str
) -> None:
    assert log_file(tmp_path, group, stream) == tmp_path / expected
