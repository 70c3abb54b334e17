"""Reserved concurrency and the account's pool."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import orjson
import pytest
from tests.lambda_.gates import WAITS, gate

from kamome.services.lambda_.concurrency import concurrency
from kamome.services.lambda_.errors import (
    InvalidParameterValueException,
    TooManyRequestsException,
)
from kamome.services.lambda_.functions import functions
from kamome.services.lambda_.functions.function_names import FunctionName
from kamome.services.lambda_.invocation import event_invoke_configs as configs

if TYPE_CHECKING:
    from tests.lambda_.conftest import World

ECHO = "def handler(event, context):\n    return event\n"
NAMED = FunctionName("000000000000", "eu-west-1", "f")


async def reserve(world: World, reserved: int, name: str = "f") -> None:
    await concurrency.put_function_concurrency(
        world.lambda_, world.ctx, {"FunctionName": name, "ReservedConcurrentExecutions": reserved}
    )


async def test_function_is_throttled_at_its_reserved_concurrency(world: World) -> None:
    await world.create(WAITS)
    await reserve(world, 1)
    async with gate() as shut:
        first = asyncio.ensure_future(world.invoke(shut.port))
        await shut.wait_for(1)

        with pytest.raises(TooManyRequestsException) as refused:
            await world.invoke(shut.port)
        shut.open()
        await first

    reason = refused.value.members["Reason"]
    assert reason == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert not world.lambda_.admission.under_way(NAMED)


async def test_reserved_zero_stops_a_function(world: World) -> None:
    await world.create(ECHO)
    await reserve(world, 0)

    with pytest.raises(TooManyRequestsException):
        await world.invoke(1)

    await concurrency.delete_function_concurrency(world.lambda_, world.ctx, {"FunctionName": "f"})
    assert (await world.invoke(1))["Payload"] == b"1"


async def test_event_of_a_stopped_function_goes_to_its_destination_at_once(world: World) -> None:
    await world.create(ECHO)
    await reserve(world, 0)
    await configs.put_function_event_invoke_config(
        world.lambda_,
        world.ctx,
        {"FunctionName": "f", "DestinationConfig": {"OnFailure": {"Destination": world.queue.arn}}},
    )

    await world.invoke({"a": 1}, InvocationType="Event")
    await world.quiet()

    [(_, body, _)] = world.records.sent
    record = orjson.loads(body)
    assert record["requestContext"]["condition"] == "ZeroReservedConcurrency"
    assert record["requestContext"]["approximateInvokeCount"] == 0
    assert "responsePayload" not in record


async def test_what_is_reserved_is_taken_from_the_others(world: World) -> None:
    await world.create(ECHO)
    await world.create(ECHO, name="other")
    world.lambda_.admission.concurrency_max = 5
    await reserve(world, 5)

    with pytest.raises(TooManyRequestsException) as refused:
        await world.invoke(1, FunctionName="other")
    answer = await world.invoke(1)

    assert refused.value.members["Reason"] == "ConcurrentInvocationLimitExceeded"
    assert answer["Payload"] == b"1"


async def test_each_account_and_region_has_a_pool_of_its_own(world: World) -> None:
    admission = world.lambda_.admission
    admission.concurrency_max = 1

    leave = admission.admit(NAMED)
    with pytest.raises(TooManyRequestsException):
        admission.admit(NAMED)
    admission.admit(FunctionName("111111111111", "eu-west-1", "f"))
    admission.admit(FunctionName("000000000000", "us-east-1", "f"))
    leave()

    admission.admit(NAMED)


async def test_hundred_stay_unreserved(world: World) -> None:
    await world.create(ECHO)
    await world.create(ECHO, name="other")
    await reserve(world, 500)
    await reserve(world, 400, "other")

    with pytest.raises(InvalidParameterValueException, match=r"minimum value of \[100\]"):
        await reserve(world, 401, "other")
    await reserve(world, 300)

    settings = await concurrency.get_account_settings(world.lambda_, world.ctx, {})
    assert settings["AccountLimit"]["UnreservedConcurrentExecutions"] == 300
    assert settings["AccountUsage"]["FunctionCount"] == 2


async def test_reservation_is_shown_and_goes_with_its_function(world: World) -> None:
    await world.create(ECHO)
    await reserve(world, 7)
    found = await functions.get_function(world.lambda_, world.ctx, {"FunctionName": "f"})
    assert found["Concurrency"] == {"ReservedConcurrentExecutions": 7}

    await functions.delete_function(world.lambda_, world.ctx, {"FunctionName": "f"})
    await world.create(ECHO)

    get = concurrency.get_function_concurrency
    assert await get(world.lambda_, world.ctx, {"FunctionName": "f"}) == {}


async def test_qualifier_has_no_reserved_concurrency(world: World) -> None:
    await world.create(ECHO)

    with pytest.raises(InvalidParameterValueException, match="Aliases and versions do not"):
        await reserve(world, 1, "f:$LATEST")
