"""Operations on what is only recorded of functions: runtime updates, recursive loops.

There is one runtime of each version here, which never updates itself, and loops are not detected.

AWS: Lambda API Reference, PutRuntimeManagementConfig, GetRuntimeManagementConfig,
PutFunctionRecursionConfig, GetFunctionRecursionConfig.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import orjson

from kamome.services.lambda_.errors import InvalidParameterValueException
from kamome.services.lambda_.functions.function_names import (
    LATEST,
    FunctionName,
    parse_function_name,
)
from kamome.services.lambda_.functions.record_store import RECURSION, RUNTIME_MANAGEMENT
from kamome.services.lambda_.invocation.running import find_function

if TYPE_CHECKING:
    from kamome.context import RequestContext
    from kamome.services.lambda_ import shapes
    from kamome.services.lambda_.slice import Lambda

_TERMINATE = "Terminate"


async def put_runtime_management_config(
    lambda_: Lambda, ctx: RequestContext, request: shapes.PutRuntimeManagementConfigRequest
) -> shapes.PutRuntimeManagementConfigResult:
    """Record when a function's runtime may be updated.

    Raises:
        ResourceNotFoundException: no such function or version.
        InvalidParameterValueException: Manual without a runtime version, or a version without it.

    AWS: Lambda API Reference, PutRuntimeManagementConfig.
    """
    named = _named(lambda_, ctx, request["FunctionName"], request.get("Qualifier"))
    version = request.get("RuntimeVersionArn", "")
    if (request["UpdateRuntimeOn"] == "Manual") != bool(version):
        raise InvalidParameterValueException(
            "RuntimeVersionArn must be given with the update mode Manual, and with no other."
        )
    value = [request["UpdateRuntimeOn"], version]
    lambda_.records.put(named, _runtime_kind(named), orjson.dumps(value).decode())
    return cast("shapes.PutRuntimeManagementConfigResult", _shown(named, *value))


async def get_runtime_management_config(
    lambda_: Lambda, ctx: RequestContext, request: shapes.GetRuntimeManagementConfigRequest
) -> shapes.GetRuntimeManagementConfigResult:
    """When a function's runtime may be updated: Auto where nothing was recorded.

    Raises:
        ResourceNotFoundException: no such function or version.

    AWS: Lambda API Reference, GetRuntimeManagementConfig.
    """
    named = _named(lambda_, ctx, request["FunctionName"], request.get("Qualifier"))
    value = lambda_.records.find(named, _runtime_kind(named))
    shown = _shown(named, *(orjson.loads(value) if value else ("Auto", "")))
    return cast("shapes.GetRuntimeManagementConfigResult", shown)


async def put_function_recursion_config(
    lambda_: Lambda, ctx: RequestContext, request: shapes.PutFunctionRecursionConfigRequest
) -> shapes.PutFunctionRecursionConfigResult:
    """Record whether a recursive loop is to be ended.

    Raises:
        ResourceNotFoundException: no such function.

    AWS: Lambda API Reference, PutFunctionRecursionConfig.
    """
    named = _named(lambda_, ctx, request["FunctionName"], None)
    lambda_.records.put(named, RECURSION, request["RecursiveLoop"])
    return {"RecursiveLoop": request["RecursiveLoop"]}


async def get_function_recursion_config(
    lambda_: Lambda, ctx: RequestContext, request: shapes.GetFunctionRecursionConfigRequest
) -> shapes.GetFunctionRecursionConfigResult:
    """Whether a recursive loop is to be ended: Terminate where nothing was recorded.

    Raises:
        ResourceNotFoundException: no such function.

    AWS: Lambda API Reference, GetFunctionRecursionConfig.
    """
    named = _named(lambda_, ctx, request["FunctionName"], None)
    value = lambda_.records.find(named, RECURSION) or _TERMINATE
    return cast("shapes.GetFunctionRecursionConfigResult", {"RecursiveLoop": value})


def _named(lambda_: Lambda, ctx: RequestContext, text: str, qualifier: str | None) -> FunctionName:
    named = parse_function_name(ctx, text, qualifier)
    find_function(lambda_, named)
    return named


def _runtime_kind(named: FunctionName) -> str:
    return f"{RUNTIME_MANAGEMENT}:{named.qualifier or LATEST}"


def _shown(named: FunctionName, mode: str, version: str) -> dict[str, object]:
    shown: dict[str, object] = {
        "UpdateRuntimeOn": mode,
        "FunctionArn": f"{named.arn}:{named.qualifier or LATEST}",
    }
    return {**shown, "RuntimeVersionArn": version} if version else shown
