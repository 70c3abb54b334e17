"""Operations on resource-based policies, without HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import orjson
import pytest

from kamome.services.lambda_ import shapes
from kamome.services.lambda_.errors import (
    InvalidParameterValueException,
    ResourceNotFoundException,
)
from kamome.services.lambda_.permissions import permissions

if TYPE_CHECKING:
    from tests.lambda_.conftest import World

ECHO = "def handler(event, context):\n    return event\n"
ARN = "arn:aws:lambda:eu-west-1:000000000000:function:f"


async def test_permission_is_added_shown_and_removed(world: World) -> None:
    await world.create(ECHO)
    added = await _permit(world, "s1")

    shown = await permissions.get_policy(world.lambda_, world.ctx, {"FunctionName": "f"})
    assert orjson.loads(shown["Policy"])["Statement"] == [orjson.loads(added["Statement"])]
    assert permissions.may_invoke(
        world.lambda_, ARN, "ses.amazonaws.com", source_arn="", source_account="000000000000"
    )

    await permissions.remove_permission(
        world.lambda_, world.ctx, {"FunctionName": "f", "StatementId": "s1"}
    )
    with pytest.raises(ResourceNotFoundException):
        await permissions.get_policy(world.lambda_, world.ctx, {"FunctionName": "f"})


async def test_permission_for_latest_alone_is_refused(world: World) -> None:
    await world.create(ECHO)

    with pytest.raises(InvalidParameterValueException, match=r"\$LATEST"):
        await _permit(world, "s1", Qualifier="$LATEST")


async def test_kind_of_url_belongs_to_the_calls_of_urls(world: World) -> None:
    await world.create(ECHO)

    with pytest.raises(InvalidParameterValueException, match="only supported for lambda:InvokeF"):
        await _permit(world, "s1", Principal="*", FunctionUrlAuthType="NONE")


async def _permit(world: World, statement_id: str, **more: str) -> shapes.AddPermissionResult:
    request = {
        "FunctionName": "f",
        "StatementId": statement_id,
        "Action": "lambda:InvokeFunction",
        "Principal": "ses.amazonaws.com",
        **more,
    }
    return await permissions.add_permission(
        world.lambda_, world.ctx, cast("shapes.AddPermissionRequest", request)
    )
