"""Operations on how a function, a version or an alias is invoked asynchronously.

AWS: Lambda API Reference, PutFunctionEventInvokeConfig, UpdateFunctionEventInvokeConfig,
GetFunctionEventInvokeConfig, DeleteFunctionEventInvokeConfig, ListFunctionEventInvokeConfigs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import msgspec

from kamome.services.lambda_.errors import (
    InvalidParameterValueException,
    ResourceNotFoundException,
)
from kamome.services.lambda_.functions.function_names import (
    LATEST,
    FunctionName,
    parse_function_name,
)
from kamome.services.lambda_.invocation.destinations import check_destination
from kamome.services.lambda_.invocation.event_invoke_config_store import (
    EventInvokeConfig,
    EventInvokeSettings,
)
from kamome.services.lambda_.invocation.running import find_function
from kamome.services.lambda_.limits import EVENT_INVOKE_CONFIGS_PER_PAGE_MAX
from kamome.services.lambda_.markers import new_marker, read_marker

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamome.context import RequestContext
    from kamome.services.lambda_ import shapes
    from kamome.services.lambda_.slice import Lambda


async def put_function_event_invoke_config(
    lambda_: Lambda, ctx: RequestContext, request: shapes.PutFunctionEventInvokeConfigRequest
) -> shapes.PutFunctionEventInvokeConfigResult:
    """Set how asynchronous invocations are retried and where their records go; replaces all of it.

    Raises:
        ResourceNotFoundException: no such function, version or alias.
        InvalidParameterValueException: nothing is set, or a destination is refused.

    AWS: Lambda API Reference, PutFunctionEventInvokeConfig.
    """
    named = _named(lambda_, ctx, request["FunctionName"], request.get("Qualifier"))
    members = cast("Mapping[str, object]", request)
    return _keep(lambda_, named, _changed(lambda_, named, EventInvokeSettings(), members))


async def update_function_event_invoke_config(
    lambda_: Lambda, ctx: RequestContext, request: shapes.UpdateFunctionEventInvokeConfigRequest
) -> shapes.UpdateFunctionEventInvokeConfigResult:
    """Change what the request carries; the rest stays.

    Raises:
        ResourceNotFoundException: no such function, version or alias, or it has no configuration.
        InvalidParameterValueException: nothing is set, or a destination is refused.

    AWS: Lambda API Reference, UpdateFunctionEventInvokeConfig.
    """
    named = _named(lambda_, ctx, request["FunctionName"], request.get("Qualifier"))
    config = _find(lambda_, named)
    members = cast("Mapping[str, object]", request)
    return _keep(lambda_, named, _changed(lambda_, named, config.settings, members))


async def get_function_event_invoke_config(
    lambda_: Lambda, ctx: RequestContext, request: shapes.GetFunctionEventInvokeConfigRequest
) -> shapes.GetFunctionEventInvokeConfigResult:
    """The configuration for asynchronous invocation.

    Raises:
        ResourceNotFoundException: no such function, version or alias, or it has no configuration.

    AWS: Lambda API Reference, GetFunctionEventInvokeConfig.
    """
    named = _named(lambda_, ctx, request["FunctionName"], request.get("Qualifier"))
    return _shown(named, _find(lambda_, named))


async def delete_function_event_invoke_config(
    lambda_: Lambda, ctx: RequestContext, request: shapes.DeleteFunctionEventInvokeConfigRequest
) -> None:
    """Forget the configuration: two retries, six hours and no destinations hold again.

    Raises:
        ResourceNotFoundException: no such function, version or alias, or it has no configuration.

    AWS: Lambda API Reference, DeleteFunctionEventInvokeConfig.
    """
    named = _named(lambda_, ctx, request["FunctionName"], request.get("Qualifier"))
    _find(lambda_, named)
    lambda_.event_invoke_configs.delete(named)


async def list_function_event_invoke_configs(
    lambda_: Lambda, ctx: RequestContext, request: shapes.ListFunctionEventInvokeConfigsRequest
) -> shapes.ListFunctionEventInvokeConfigsResult:
    """The configurations of a function, its versions and its aliases, at most 50 a page.

    Raises:
        ResourceNotFoundException: no such function.
        InvalidParameterValueException: the Marker is not one that was given out.

    AWS: Lambda API Reference, ListFunctionEventInvokeConfigs.
    """
    named = parse_function_name(ctx, request["FunctionName"])
    find_function(lambda_, named)
    limit = min(
        request.get("MaxItems", EVENT_INVOKE_CONFIGS_PER_PAGE_MAX),
        EVENT_INVOKE_CONFIGS_PER_PAGE_MAX,
    )
    after = read_marker(request.get("Marker", ""))
    found = lambda_.event_invoke_configs.page(named, after, limit + 1)
    result: shapes.ListFunctionEventInvokeConfigsResult = {
        "FunctionEventInvokeConfigs": [
            _shown(_qualified(named, config.qualifier), config) for config in found[:limit]
        ]
    }
    if len(found) > limit:
        result["NextMarker"] = new_marker(found[limit - 1].qualifier)
    return result


def event_settings(lambda_: Lambda, named: FunctionName) -> EventInvokeSettings:
    """The settings that hold for events sent to this name; AWS's defaults where none are set.

    AWS: Lambda Developer Guide, Configuring error handling settings for Lambda asynchronous
    invocations.
    """
    config = lambda_.event_invoke_configs.find(_qualified(named, named.qualifier or LATEST))
    return EventInvokeSettings() if config is None else config.settings


# ---------------------------------------------------------------------- parts


def _named(lambda_: Lambda, ctx: RequestContext, text: str, qualifier: str | None) -> FunctionName:
    named = parse_function_name(ctx, text, qualifier)
    find_function(lambda_, named)
    return _qualified(named, named.qualifier or LATEST)


def _qualified(named: FunctionName, qualifier: str) -> FunctionName:
    return msgspec.structs.replace(named, qualifier=qualifier)


def _find(lambda_: Lambda, named: FunctionName) -> EventInvokeConfig:
    config = lambda_.event_invoke_configs.find(named)
    if config is None:
        raise ResourceNotFoundException(
            f"The function {named.qualified_arn} doesn't have an EventInvokeConfig"
        )
    return config


def _changed(
    lambda_: Lambda,
    named: FunctionName,
    settings: EventInvokeSettings,
    request: Mapping[str, object],
) -> EventInvokeSettings:
    members = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")
    if all(request.get(member) is None for member in members):
        raise InvalidParameterValueException(
            "You must specify at least one of error handling or destination setting."
        )
    values = msgspec.structs.asdict(settings)
    if "MaximumRetryAttempts" in request:
        values["maximum_retry_attempts"] = request["MaximumRetryAttempts"]
    if "MaximumEventAgeInSeconds" in request:
        values["maximum_event_age_s"] = request["MaximumEventAgeInSeconds"]
    destinations = cast("Mapping[str, Mapping[str, str]]", request.get("DestinationConfig") or {})
    for member, name in (("OnSuccess", "on_success"), ("OnFailure", "on_failure")):
        if member in destinations:
            arn = destinations[member].get("Destination", "")
            if arn:
                check_destination(lambda_, named, arn, is_success=member == "OnSuccess")
            values[name] = arn
    return EventInvokeSettings(**values)


def _keep(
    lambda_: Lambda, named: FunctionName, settings: EventInvokeSettings
) -> shapes.PutFunctionEventInvokeConfigResult:
    config = EventInvokeConfig(named.qualifier, settings, lambda_.clock.now_ms())
    lambda_.event_invoke_configs.put(named, config)
    return _shown(named, config)


def _shown(
    named: FunctionName, config: EventInvokeConfig
) -> shapes.PutFunctionEventInvokeConfigResult:
    settings = config.settings
    destinations: shapes.DestinationConfig = {"OnSuccess": {}, "OnFailure": {}}
    if settings.on_success:
        destinations["OnSuccess"] = {"Destination": settings.on_success}
    if settings.on_failure:
        destinations["OnFailure"] = {"Destination": settings.on_failure}
    shown: shapes.PutFunctionEventInvokeConfigResult = {
        "LastModified": config.modified_at_ms / 1000,
        "FunctionArn": named.qualified_arn,
        "MaximumRetryAttempts": settings.maximum_retry_attempts,
        "MaximumEventAgeInSeconds": settings.maximum_event_age_s,
        "DestinationConfig": destinations,
    }
    return shown
