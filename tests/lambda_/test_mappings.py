"""Operations on event source mappings, without HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from kamome.errors import OperationNotServed
from kamome.services.lambda_ import shapes
from kamome.services.lambda_.errors import (
    InvalidParameterValueException,
    ResourceConflictException,
    ResourceNotFoundException,
    ValidationException,
)
from kamome.services.lambda_.event_source_mappings import mappings
from kamome.services.lambda_.functions import functions

if TYPE_CHECKING:
    from tests.lambda_.conftest import World

ECHO = "def handler(event, context):\n    return event\n"
ARN = "arn:aws:lambda:eu-west-1:000000000000:function:f"


async def test_mapping_is_creating_in_the_answer_and_enabled_afterwards(world: World) -> None:
    await world.create(ECHO)

    created = await mappings.create_event_source_mapping(
        world.lambda_, world.ctx, {"FunctionName": "f", "EventSourceArn": world.queue.arn}
    )
    found = await mappings.get_event_source_mapping(
        world.lambda_, world.ctx, {"UUID": created["UUID"]}
    )

    assert (created["State"], found["State"]) == ("Creating", "Enabled")
    assert found["FunctionArn"] == ARN
    assert (found["BatchSize"], found["MaximumBatchingWindowInSeconds"]) == (10, 0)
    assert found["EventSourceMappingArn"].endswith(f":event-source-mapping:{created['UUID']}")


@pytest.mark.parametrize(
    ("members", "words"),
    [
        pytest.param({"BatchSize": 11}, "Maximum batch window in seconds", id="no window"),
        pytest.param(
            {"FilterCriteria": {"Filters": [{"Pattern": '{"body": "x"}'}]}},
            "Invalid filter pattern definition",
            id="pattern",
        ),
        pytest.param(
            {"FilterCriteria": {"Filters": [{"Pattern": '{"body": ["x"]}'}] * 6}},
            "maximum of 5",
            id="filters",
        ),
        pytest.param({"StartingPosition": "LATEST"}, "StartingPosition is not valid", id="stream"),
        pytest.param({"TumblingWindowInSeconds": 9}, "'tumblingWindowInSeconds'", id="tumbling"),
        pytest.param({"EventSourceArn": "x"}, "Unsupported source arn", id="no ARN"),
        pytest.param(
            {"EventSourceArn": "arn:aws:sqs:eu-west-1:000000000000:none"},
            "NonExistentQueue",
            id="no queue",
        ),
    ],
)
async def test_mapping_is_refused(world: World, members: dict[str, object], words: str) -> None:
    await world.create(ECHO)

    with pytest.raises(InvalidParameterValueException, match=words):
        await world.map_queue(**members)


@pytest.mark.parametrize(
    "members",
    [
        pytest.param({"EventSourceArn": "arn:aws:dynamodb:eu-west-1:1:table/t/stream/s"}, id="ddb"),
        pytest.param({"EventSourceArn": "arn:aws:kinesis:eu-west-1:1:stream/s"}, id="kinesis"),
    ],
)
async def test_unserved_mapping_is_refused_by_name(
    world: World, members: dict[str, object]
) -> None:
    await world.create(ECHO)

    with pytest.raises(OperationNotServed):
        await world.map_queue(**members)


@pytest.mark.parametrize("maximum", [1, 1001])
async def test_maximum_concurrency_is_2_to_1000(world: World, maximum: int) -> None:
    await world.create(ECHO)

    with pytest.raises(ValidationException, match=r"scalingConfig\.maximumConcurrency"):
        await world.map_queue(ScalingConfig={"MaximumConcurrency": maximum})


async def test_visibility_timeout_must_cover_the_function_timeout(world: World) -> None:
    await world.create(ECHO, Timeout=31)

    with pytest.raises(
        InvalidParameterValueException,
        match="Queue visibility timeout: 30 seconds is less than Function timeout: 31 seconds",
    ):
        await world.map_queue()


async def test_queue_has_one_mapping_to_a_function(world: World) -> None:
    await world.create(ECHO)
    uuid = await world.map_queue()

    with pytest.raises(ResourceConflictException, match=uuid):
        await world.map_queue()


async def test_mappings_are_listed_by_function_and_queue(world: World) -> None:
    await world.create(ECHO)
    await world.create(ECHO, "g")
    first = await world.map_queue()
    second = await world.map_queue(FunctionName="g")

    async def listed(**request: object) -> set[str]:
        found = await mappings.list_event_source_mappings(
            world.lambda_, world.ctx, cast("shapes.ListEventSourceMappingsRequest", request)
        )
        return {shown["UUID"] for shown in found["EventSourceMappings"]}

    assert await listed() == {first, second}
    assert await listed(FunctionName="g") == {second}
    assert await listed(EventSourceArn=world.queue.arn) == {first, second}
    assert await listed(EventSourceArn=world.queue.arn, FunctionName="f") == {first}


async def test_mapping_without_its_function_can_be_disabled(world: World) -> None:
    await world.create(ECHO)
    uuid = await world.map_queue()
    await functions.delete_function(world.lambda_, world.ctx, {"FunctionName": "f"})

    await mappings.update_event_source_mapping(
        world.lambda_, world.ctx, {"UUID": uuid, "Enabled": False}
    )

    shown = await mappings.get_event_source_mapping(world.lambda_, world.ctx, {"UUID": uuid})
    assert shown["State"] == "Disabled"


async def test_mapping_without_its_queue_can_be_disabled(world: World) -> None:
    await world.create(ECHO)
    uuid = await world.map_queue()
    world.queue.arn += "-gone"

    shown = await mappings.update_event_source_mapping(
        world.lambda_, world.ctx, {"UUID": uuid, "Enabled": False}
    )

    assert shown["State"] == "Disabling"


async def test_unknown_mapping_is_not_found(world: World) -> None:
    with pytest.raises(ResourceNotFoundException):
        await mappings.get_event_source_mapping(world.lambda_, world.ctx, {"UUID": "x" * 36})
