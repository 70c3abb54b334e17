"""Task definitions: revisions, defaults, what is refused and in which words, lists, tags."""

from __future__ import annotations

from typing import cast

import pytest
from tests.ecs.conftest import World

from kamome.services.ecs import shapes, tags, task_definitions
from kamome.services.ecs.errors import (
    ClientException,
    InvalidParameterException,
    ResourceNotFoundException,
)

MAIN: dict[str, object] = {"name": "main", "image": "prog", "memory": 64}


async def register(world: World, **request: object) -> shapes.TaskDefinition:
    answer = await task_definitions.register_task_definition(
        world.ecs, world.ctx, cast("shapes.RegisterTaskDefinitionRequest", request)
    )
    return answer["taskDefinition"]


async def test_each_registration_is_the_next_revision_even_after_a_deregistration(
    world: World,
) -> None:
    await register(world, family="f", containerDefinitions=[MAIN])
    await register(world, family="f", containerDefinitions=[MAIN])
    gone = await task_definitions.deregister_task_definition(
        world.ecs, world.ctx, {"taskDefinition": "f:2"}
    )

    third = await register(world, family="f", containerDefinitions=[MAIN])

    assert gone["taskDefinition"]["status"] == "INACTIVE"
    assert "deregisteredAt" in gone["taskDefinition"]
    assert third["taskDefinitionArn"].endswith(":task-definition/f:3")


async def test_parameters_are_kept_and_defaults_are_added(world: World) -> None:
    container = {
        **MAIN,
        "dockerLabels": {"a": "b"},
        "ulimits": [{"name": "nofile", "softLimit": 10, "hardLimit": 20}],
        "portMappings": [{"containerPort": 80}],
    }

    shown = await register(
        world, family="f", containerDefinitions=[container], taskRoleArn="arn:aws:iam::1:role/r"
    )

    (kept,) = shown["containerDefinitions"]
    assert kept["dockerLabels"] == {"a": "b"}
    assert kept["ulimits"] == container["ulimits"]
    assert kept["portMappings"] == [{"protocol": "tcp", "containerPort": 80, "hostPort": 0}]
    assert (kept["essential"], kept["cpu"], kept["environment"]) == (True, 0, [])
    assert shown["taskRoleArn"] == "arn:aws:iam::1:role/r"
    assert (shown["status"], shown["compatibilities"]) == ("ACTIVE", ["EC2"])


async def test_fargate_sizes_are_written_in_units_and_megabytes(world: World) -> None:
    shown = await register(
        world,
        family="f",
        containerDefinitions=[{"name": "main", "image": "prog"}],
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu=".25 vCPU",
        memory="1 GB",
    )

    assert (shown["cpu"], shown["memory"]) == ("256", "1024")
    assert shown["compatibilities"] == ["EC2", "FARGATE"]


FARGATE = {"requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"family": "a b"}, "Family contains invalid characters."),
        ({"containerDefinitions": []}, "Container list cannot be empty."),
        (
            {"containerDefinitions": [{"image": "i", "memory": 9}]},
            "Container.name should not be null or empty.",
        ),
        (
            {"containerDefinitions": [{"name": "n", "memory": 9}]},
            "Container.image should not be null or empty.",
        ),
        (
            {"containerDefinitions": [{"name": "n", "image": "i"}]},
            (
                "Invalid setting for container 'n'. At least one of 'memory' or 'memoryReservation'"
                " must be specified."
            ),
        ),
        ({"containerDefinitions": [MAIN, MAIN]}, "Container.name should be unique"),
        (
            {"containerDefinitions": [{**MAIN, "essential": False}]},
            "Task definition does not have any essential container.",
        ),
        ({**FARGATE}, "Fargate requires that 'cpu' be defined at the task level."),
        ({**FARGATE, "cpu": "256"}, "Fargate requires that 'memory' be defined at the task level."),
        (
            {**FARGATE, "cpu": "256", "memory": "4096"},
            "No Fargate configuration exists for given values: 256 CPU, 4096 memory.",
        ),
        (
            {"requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512"},
            "Fargate only supports network mode 'awsvpc'.",
        ),
        (
            {"containerDefinitions": [{**MAIN, "secrets": [{"name": "S", "valueFrom": "s"}]}]},
            (
                "When you are specifying container secrets, you must also specify a value for"
                " 'executionRoleArn'."
            ),
        ),
        (
            {
                **FARGATE,
                "cpu": "256",
                "memory": "512",
                "containerDefinitions": [
                    {
                        **MAIN,
                        "logConfiguration": {
                            "logDriver": "awslogs",
                            "options": {"awslogs-group": "g", "awslogs-region": "eu-west-1"},
                        },
                    }
                ],
            },
            (
                "Fargate requires task definition to have execution role ARN to support log driver"
                " awslogs."
            ),
        ),
        (
            {
                **FARGATE,
                "cpu": "256",
                "memory": "512",
                "containerDefinitions": [
                    {**MAIN, "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1"}
                ],
            },
            "Fargate requires task definition to have execution role ARN to support ECR images.",
        ),
        ({"cpu": "a lot"}, "Invalid 'cpu' setting for task."),
        (
            {"containerDefinitions": [{**MAIN, "cpu": 300}], "cpu": "256"},
            (
                "The sum of all container 'cpu' values cannot be greater than the value of the task"
                " 'cpu'."
            ),
        ),
        (
            {
                "containerDefinitions": [
                    {**MAIN, "portMappings": [{"containerPort": 80, "hostPort": 81}]}
                ],
                "networkMode": "awsvpc",
            },
            (
                "When networkMode=awsvpc, the host ports and container ports in port mappings must"
                " match."
            ),
        ),
        (
            {"containerDefinitions": [{**MAIN, "logConfiguration": {"logDriver": "awslogs"}}]},
            "Log driver awslogs requires options: awslogs-region, awslogs-group",
        ),
        (
            {
                "containerDefinitions": [
                    MAIN,
                    {
                        **MAIN,
                        "name": "b",
                        "dependsOn": [{"containerName": "main", "condition": "SUCCESS"}],
                    },
                ]
            },
            (
                "A dependency container with SUCCESS or COMPLETE condition cannot be an essential"
                " container"
            ),
        ),
        (
            {
                "containerDefinitions": [
                    {**MAIN, "dependsOn": [{"containerName": "x", "condition": "START"}]}
                ]
            },
            "The container 'main' depends on 'x', which is not in the task definition.",
        ),
        (
            {
                "containerDefinitions": [
                    {**MAIN, "dependsOn": [{"containerName": "main", "condition": "START"}]}
                ]
            },
            "There is a circular dependency between containers.",
        ),
        (
            {"containerDefinitions": [{**MAIN, "command": ["x" * 66_000]}]},
            "Max allowed length is '65536' bytes.",
        ),
        (
            {"containerDefinitions": [{**MAIN, "name": f"c{n}"} for n in range(11)]},
            "Container list cannot have more than 10 containers.",
        ),
        (
            {"containerDefinitions": [{**MAIN, "environment": [{"name": "", "value": "v"}]}]},
            "has an environment variable without a name",
        ),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
async def test_what_ecs_refuses_is_refused_in_its_words(
    world: World, changes: dict[str, object], words: str
) -> None:
    request: dict[str, object] = {"family": "f", "containerDefinitions": [MAIN], **changes}

    with pytest.raises(ClientException) as refused:
        await register(world, **request)

    assert words in refused.value.message
    assert world.ecs.store.next_revision(world.ctx.account, world.ctx.region, "f") == 1


async def test_family_alone_means_the_latest_active_revision(world: World) -> None:
    for _ in range(3):
        await register(world, family="f", containerDefinitions=[MAIN])
    await task_definitions.deregister_task_definition(
        world.ecs, world.ctx, {"taskDefinition": "f:3"}
    )

    shown = await task_definitions.describe_task_definition(
        world.ecs, world.ctx, {"taskDefinition": "f"}
    )

    assert shown["taskDefinition"]["revision"] == 2
    with pytest.raises(ClientException, match="Unable to describe task definition"):
        await task_definitions.describe_task_definition(
            world.ecs, world.ctx, {"taskDefinition": "f:4"}
        )


@pytest.mark.parametrize(
    ("sort", "expected"),
    [("ASC", ["a:1", "a:2", "b:1"]), ("DESC", ["b:1", "a:2", "a:1"])],
)
async def test_definitions_are_listed_by_family_and_revision(
    world: World, sort: str, expected: list[str]
) -> None:
    for family in ("a", "b", "a"):
        await register(world, family=family, containerDefinitions=[MAIN])
    arns: list[str] = []
    request: shapes.ListTaskDefinitionsRequest = {"sort": sort, "maxResults": 2}
    while True:
        page = await task_definitions.list_task_definitions(world.ecs, world.ctx, request)
        arns += page["taskDefinitionArns"]
        if "nextToken" not in page:
            break
        request["nextToken"] = page["nextToken"]

    assert [arn.rpartition("/")[2] for arn in arns] == expected
    of_a = await task_definitions.list_task_definitions(
        world.ecs, world.ctx, {"familyPrefix": "a", "sort": sort}
    )
    assert len(of_a["taskDefinitionArns"]) == 2


async def test_families_are_active_while_one_of_their_revisions_is(world: World) -> None:
    for family in ("old", "new", "new"):
        await register(world, family=family, containerDefinitions=[MAIN])
    for name in ("old:1", "new:1"):
        await task_definitions.deregister_task_definition(
            world.ecs, world.ctx, {"taskDefinition": name}
        )

    async def families(**request: str) -> list[str]:
        answer = await task_definitions.list_task_definition_families(
            world.ecs, world.ctx, cast("shapes.ListTaskDefinitionFamiliesRequest", request)
        )
        return answer["families"]

    assert await families() == ["new", "old"]
    assert await families(status="ACTIVE") == ["new"]
    assert await families(status="INACTIVE") == ["old"]
    assert await families(familyPrefix="o") == ["old"]


async def test_token_of_another_list_is_refused(world: World) -> None:
    with pytest.raises(InvalidParameterException, match="Invalid token"):
        await task_definitions.list_task_definitions(world.ecs, world.ctx, {"nextToken": "?"})


async def test_tags_are_put_replaced_and_taken(world: World) -> None:
    shown = await register(
        world, family="f", containerDefinitions=[MAIN], tags=[{"key": "a", "value": "1"}]
    )
    arn = shown["taskDefinitionArn"]

    await tags.tag_resource(
        world.ecs,
        world.ctx,
        {"resourceArn": arn, "tags": [{"key": "a", "value": "2"}, {"key": "b", "value": "3"}]},
    )
    await tags.untag_resource(world.ecs, world.ctx, {"resourceArn": arn, "tagKeys": ["b", "c"]})

    answer = await tags.list_tags_for_resource(world.ecs, world.ctx, {"resourceArn": arn})
    assert answer["tags"] == [{"key": "a", "value": "2"}]


@pytest.mark.parametrize(
    ("arn", "error"),
    [
        ("arn:aws:ecs:eu-west-1:000000000000:cluster/gone", ResourceNotFoundException),
        ("arn:aws:ecs:eu-west-1:111111111111:cluster/default", ResourceNotFoundException),
        ("arn:aws:ecs:eu-west-1:000000000000:task-definition/f", InvalidParameterException),
        ("arn:aws:sqs:eu-west-1:000000000000:queue", InvalidParameterException),
        ("nothing", InvalidParameterException),
    ],
)
async def test_tags_of_what_is_not_there_are_refused(
    world: World, arn: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await tags.list_tags_for_resource(world.ecs, world.ctx, {"resourceArn": arn})


async def test_more_than_50_tags_and_reserved_keys_are_refused(world: World) -> None:
    many = [{"key": str(number), "value": ""} for number in range(51)]
    for wrong in (many, [{"key": "aws:x", "value": ""}]):
        with pytest.raises(InvalidParameterException):
            await register(world, family="f", containerDefinitions=[MAIN], tags=wrong)
