"""Provisioned concurrency: instances are there before anyone calls, and stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest
from tests.watched_loop import until

from kamome.services.lambda_.concurrency import concurrency, provisioned_concurrency
from kamome.services.lambda_.errors import (
    InvalidParameterValueException,
    ProvisionedConcurrencyConfigNotFoundException,
    ResourceNotFoundException,
)
from kamome.services.lambda_.functions import functions
from kamome.services.lambda_.slice import start
from kamome.services.lambda_.versions import versions

if TYPE_CHECKING:
    from tests.lambda_.conftest import World

    from kamome.services.lambda_ import shapes

SAYS_HOW = (
    "import os\n"
    "PID = os.getpid()\n"
    "def handler(event, context):\n"
    "    return [PID, os.environ['AWS_LAMBDA_INITIALIZATION_TYPE']]\n"
)


async def put(
    world: World, count: int, qualifier: str = "1"
) -> shapes.PutProvisionedConcurrencyConfigResult:
    shown = await provisioned_concurrency.put_provisioned_concurrency_config(
        world.lambda_,
        world.ctx,
        {"FunctionName": "f", "Qualifier": qualifier, "ProvisionedConcurrentExecutions": count},
    )
    await world.quiet()
    return shown


async def get(world: World, qualifier: str = "1") -> shapes.GetProvisionedConcurrencyConfigResult:
    return await provisioned_concurrency.get_provisioned_concurrency_config(
        world.lambda_, world.ctx, {"FunctionName": "f", "Qualifier": qualifier}
    )


async def test_instances_are_warm_before_the_first_call(world: World) -> None:
    await world.create(SAYS_HOW, Publish=True)

    answer = await put(world, 2)

    assert (answer["Status"], world.lambda_.instances.count) == ("IN_PROGRESS", 2)
    shown = await get(world)
    assert (shown["Status"], shown["AllocatedProvisionedConcurrentExecutions"]) == ("READY", 2)
    called = await world.invoke(Qualifier="1")
    assert b'"provisioned-concurrency"' in called["Payload"]
    assert world.lambda_.instances.count == 2


async def test_they_do_not_grow_old_and_others_do(world: World) -> None:
    await world.create(SAYS_HOW, Publish=True)
    await put(world, 1)
    await world.invoke()  # an instance of $LATEST
    assert world.lambda_.instances.count == 2

    await world.clock.advance(3_600_000)

    assert world.lambda_.instances.count == 1


async def test_one_place_is_left_for_other_functions(world: World) -> None:
    await world.create(SAYS_HOW, Publish=True)
    await world.create(SAYS_HOW, "other")
    await put(world, 50)

    answer = await world.invoke(FunctionName="other")

    assert b'"on-demand"' in answer["Payload"]
    assert (await get(world))["AllocatedProvisionedConcurrentExecutions"] == 50


async def test_instance_that_dies_is_replaced(world: World) -> None:
    await world.create(
        "import os\ndef handler(event, context):\n    if event == 'die': os._exit(1)\n",
        Publish=True,
    )
    await put(world, 1)

    await world.invoke("die", Qualifier="1")
    await until(lambda: world.lambda_.instances.count == 1)
    await world.quiet()

    assert (await get(world))["Status"] == "READY"
    assert world.lambda_.instances.count == 1


async def test_deletion_lets_them_grow_old(world: World) -> None:
    await world.create(SAYS_HOW, Publish=True)
    await put(world, 2)

    await provisioned_concurrency.delete_provisioned_concurrency_config(
        world.lambda_, world.ctx, {"FunctionName": "f", "Qualifier": "1"}
    )
    await world.clock.advance(300_000)

    assert world.lambda_.instances.count == 0
    with pytest.raises(ProvisionedConcurrencyConfigNotFoundException):
        await get(world)


async def test_alias_that_moves_takes_them_along(world: World) -> None:
    await world.create(SAYS_HOW, Publish=True)
    await versions.create_alias(
        world.lambda_, world.ctx, {"FunctionName": "f", "Name": "live", "FunctionVersion": "1"}
    )
    await put(world, 1, "live")
    code = {"FunctionName": "f", "Publish": True, "ZipFile": world.archive(SAYS_HOW + "# 2\n")}
    await functions.update_function_code(
        world.lambda_, world.ctx, cast("shapes.UpdateFunctionCodeRequest", code)
    )

    await versions.update_alias(
        world.lambda_, world.ctx, {"FunctionName": "f", "Name": "live", "FunctionVersion": "2"}
    )
    await world.clock.advance(300_000)

    assert world.lambda_.instances.count == 1
    answer = await world.invoke(Qualifier="2")
    assert b'"provisioned-concurrency"' in answer["Payload"]


async def test_init_that_fails_is_told(world: World) -> None:
    await world.create("raise ValueError('no')\n", Publish=True)

    await put(world, 1)

    shown = await get(world)
    assert (shown["Status"], shown["StatusReason"]) == ("FAILED", "FUNCTION_ERROR_INIT_FAILURE")


async def test_restart_makes_them_warm_again(world: World) -> None:
    await world.create(SAYS_HOW, Publish=True)
    await put(world, 1)
    world.lambda_.provided.clear()  # what a new process does not know

    start(world.lambda_)
    await world.quiet()

    assert (await get(world))["Status"] == "READY"


async def test_latest_and_what_is_not_there_cannot_be_provisioned(world: World) -> None:
    await world.create(SAYS_HOW, Publish=True)

    with pytest.raises(InvalidParameterValueException, match="unpublished function versions"):
        await put(world, 1, "$LATEST")
    with pytest.raises(ResourceNotFoundException):
        await put(world, 1, "2")
    with pytest.raises(ResourceNotFoundException):
        await put(world, 1, "nobody")


async def test_account_keeps_a_hundred_and_a_function_its_reserve(world: World) -> None:
    await world.create(SAYS_HOW, Publish=True)

    with pytest.raises(InvalidParameterValueException, match=r"minimum value of \[100\]"):
        await put(world, 901)
    await concurrency.put_function_concurrency(
        world.lambda_, world.ctx, {"FunctionName": "f", "ReservedConcurrentExecutions": 2}
    )
    with pytest.raises(InvalidParameterValueException, match="reservedConcurrentExecution"):
        await put(world, 3)
    await put(world, 2)
    with pytest.raises(InvalidParameterValueException, match=r"provisioned concurrency \[2\]"):
        await concurrency.put_function_concurrency(
            world.lambda_, world.ctx, {"FunctionName": "f", "ReservedConcurrentExecutions": 1}
        )


async def test_list_shows_those_of_one_function(world: World) -> None:
    await world.create(SAYS_HOW, Publish=True)
    await put(world, 1)

    listed = await provisioned_concurrency.list_provisioned_concurrency_configs(
        world.lambda_, world.ctx, {"FunctionName": "f"}
    )

    [one] = listed["ProvisionedConcurrencyConfigs"]
    assert one["FunctionArn"].endswith(":f:1")
    assert (one["Status"], one["RequestedProvisionedConcurrentExecutions"]) == ("READY", 1)
