"""What containers need from elsewhere: environment files, secrets and volumes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from tests.ecs.conftest import World

from kamome.errors import OperationNotServed
from kamome.services.ecs.environment_files import file_of_arn, variables_of
from kamome.services.ecs.errors import ClientException

if TYPE_CHECKING:
    from pathlib import Path

    from kamome.clock import Clock

FILE = {"type": "s3", "value": "arn:aws:s3:::config/shop.env"}
OTHER = {"type": "s3", "value": "arn:aws:s3:::config/other.env"}
SECRET = "arn:aws:ssm:eu-west-1:000000000000:parameter/key"


def test_file_is_names_and_values_line_by_line() -> None:
    text = "# comment\nA=1\n\nB = two words = 3\n  # C=4\nnothing\n=5\nA=again\n"

    assert variables_of(text) == {"A": "1", "B": " two words = 3"}


@pytest.mark.parametrize(
    ("arn", "found"),
    [
        ("arn:aws:s3:::config/a/b.env", ("config", "a/b.env")),
        ("arn:aws:s3:::config", None),
        ("arn:aws:sqs:eu-west-1:1:q", None),
        ("config/a.env", None),
    ],
)
def test_file_is_named_by_the_arn_of_an_object(arn: str, found: object) -> None:
    assert file_of_arn(arn) == found


async def test_own_variables_go_before_those_of_files_and_the_first_file_before_others(
    world: World,
) -> None:
    world.objects["config/shop.env"] = b"A=file\nB=file\n"
    world.objects["config/other.env"] = b"B=other\nC=other\nECS_CONTAINER_METADATA_URI_V4=x\n"
    await world.shell(
        'echo "$A $B $C ${ECS_CONTAINER_METADATA_URI_V4%%:*}"',
        environment=[{"name": "A", "value": "own"}],
        environmentFiles=[FILE, OTHER],
    )

    await world.ended(await world.run_one())

    assert world.log() == "own file other http\n"


async def test_files_of_an_override_take_the_place_of_the_definition_s(world: World) -> None:
    world.objects["config/other.env"] = b"A=other\n"
    await world.shell('echo "$A"', environmentFiles=[FILE])
    override = {"name": "main", "environmentFiles": [OTHER]}

    await world.ended(await world.run_one(overrides={"containerOverrides": [override]}))

    assert world.log() == "other\n"


async def test_file_that_is_not_there_keeps_the_task_from_starting(world: World) -> None:
    await world.shell("echo ran", environmentFiles=[FILE])

    task = await world.ended(await world.run_one())

    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith(
        "ResourceInitializationError: failed to download env files: NoSuchKey"
    )
    assert world.log() == ""


@pytest.mark.parametrize(
    ("value_from", "words"),
    [
        (SECRET, "unable to retrieve secrets from ssm"),
        ("key", "unable to retrieve secrets from ssm"),
        (
            "arn:aws:secretsmanager:eu-west-1:000000000000:secret:key-AbCdEf",
            "unable to retrieve secret from asm",
        ),
    ],
    ids=["parameter", "name of a parameter", "secret"],
)
async def test_secret_that_cannot_be_had_keeps_the_task_from_starting(
    world: World, value_from: str, words: str
) -> None:
    await world.shell("echo ran", secrets=[{"name": "S", "valueFrom": value_from}])

    task = await world.ended(await world.run_one())

    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith(
        "ResourceInitializationError: unable to pull secrets or registry auth"
    )
    assert words in task["stoppedReason"]
    assert "is not served by Kamome" in task["stoppedReason"]
    assert world.log() == ""


async def test_secrets_are_variables_of_the_process(world: World) -> None:
    world.secrets |= {SECRET: "swordfish", "token": "t"}
    secrets = [{"name": "S", "valueFrom": SECRET}, {"name": "T", "valueFrom": "token"}]
    await world.shell('echo "$S $T"', secrets=secrets)

    await world.ended(await world.run_one())

    assert world.log() == "swordfish t\n"


async def test_parameter_that_is_missing_is_named_in_the_stopped_reason(world: World) -> None:
    world.secrets["token"] = "t"
    await world.shell("echo ran", secrets=[{"name": "S", "valueFrom": "/shop/none"}])

    task = await world.ended(await world.run_one())

    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"] == (
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource"
        " retrieval failed: unable to retrieve secrets from ssm: service call has been retried 1"
        " time(s): invalid ssm parameters: /shop/none"
    )
    assert world.log() == ""


@pytest.mark.parametrize(
    "members",
    [
        {
            "secrets": [{"name": "A", "valueFrom": "s"}],
            "environment": [{"name": "A", "value": "1"}],
        },
        {"secrets": [{"name": "A", "valueFrom": "s"}, {"name": "A", "valueFrom": "t"}]},
        {"environmentFiles": [FILE] * 11},
        {"environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::config/shop.txt"}]},
    ],
    ids=["a variable's name", "twice", "eleven files", "another ending"],
)
async def test_definition_with_such_a_source_is_refused(
    world: World, members: dict[str, object]
) -> None:
    with pytest.raises(ClientException):
        await world.define({"command": ["true"], **members})


async def test_process_finds_a_volume_where_it_is(world: World, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    await world.define(
        {
            "command": ["sh", "-c", f"echo kept > {shared}/file"],
            "mountPoints": [{"sourceVolume": "v", "containerPath": str(shared)}],
        },
        volumes=[{"name": "v", "host": {"sourcePath": str(shared)}}],
    )

    await world.ended(await world.run_one())

    assert (shared / "file").read_text() == "kept\n"


async def test_process_cannot_have_a_volume_elsewhere(world: World, tmp_path: Path) -> None:
    await world.define(
        {"command": ["true"], "mountPoints": [{"sourceVolume": "v", "containerPath": "/data"}]},
        volumes=[{"name": "v", "host": {"sourcePath": str(tmp_path)}}],
    )

    task = await world.ended(await world.run_one())

    assert "cannot be mounted at /data" in task["stoppedReason"]


@pytest.mark.skipif(sys.platform != "linux", reason="runs a script as the container runtime")
async def test_container_runtime_mounts_volumes(clock: Clock, tmp_path: Path) -> None:
    program, log = tmp_path / "podman", tmp_path / "calls"
    program.write_text(f'#!/bin/sh\necho "$@" >> {log}\n')
    program.chmod(0o755)
    world = World.begin(tmp_path, clock, database=None, runtime=str(program))
    world.start()
    await world.cluster()
    await world.define(
        {
            "image": "example.com/app",
            "mountPoints": [
                {"sourceVolume": "host", "containerPath": "/data", "readOnly": True},
                {"sourceVolume": "scratch", "containerPath": "/work"},
            ],
        },
        volumes=[{"name": "host", "host": {"sourcePath": "/srv"}}, {"name": "scratch"}],
    )

    arn = await world.run_one()
    await world.ended(arn)
    await world.end()

    run = next(line for line in log.read_text().splitlines() if line.startswith("run "))
    assert "--volume /srv:/data:ro " in run
    assert f"/{arn.rpartition('/')[2]}/volumes/scratch:/work " in run


async def test_volume_of_another_machine_is_refused_by_name(world: World) -> None:
    await world.define(
        {"command": ["true"]},
        volumes=[{"name": "v", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}],
    )

    with pytest.raises(OperationNotServed, match="efsVolumeConfiguration"):
        await world.run()
