"""Operations on function URLs. `function_url_calls.py` answers the calls to them.

AWS: Lambda API Reference, CreateFunctionUrlConfig, GetFunctionUrlConfig, ListFunctionUrlConfigs,
UpdateFunctionUrlConfig, DeleteFunctionUrlConfig.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

import msgspec

from kamome.services.lambda_.errors import ResourceConflictException, ResourceNotFoundException
from kamome.services.lambda_.function_urls.function_url_rules import (
    URL_ID_DIGITS,
    FunctionUrl,
    read_settings,
    shown_url,
)
from kamome.services.lambda_.functions.function_names import FunctionName, parse_function_name
from kamome.services.lambda_.invocation.running import find_version
from kamome.services.lambda_.limits import FUNCTION_URLS_PER_PAGE_MAX
from kamome.services.lambda_.markers import new_marker, read_marker

if TYPE_CHECKING:
    from kamome.context import RequestContext
    from kamome.services.lambda_ import shapes
    from kamome.services.lambda_.slice import Lambda


# Before the alias in a marker: after the function's own URL comes the alias with the empty name.
_AFTER = ":"


async def create_function_url_config(
    lambda_: Lambda, ctx: RequestContext, request: shapes.CreateFunctionUrlConfigRequest
) -> shapes.CreateFunctionUrlConfigResult:
    """Give a function, or one of its aliases, an address of its own. It never changes.

    Raises:
        ResourceNotFoundException: no such function or alias.
        ResourceConflictException: it has one.
        ValidationException: CORS with a method that there is not.

    AWS: Lambda API Reference, CreateFunctionUrlConfig.
    """
    named = _named(lambda_, ctx, request["FunctionName"], request.get("Qualifier"))
    now_ms = lambda_.clock.now_ms()
    url = FunctionUrl(
        lambda_.ids.hex(URL_ID_DIGITS),
        named,
        read_settings(cast("Mapping[str, object]", request), None),
        now_ms,
        now_ms,
    )
    if not lambda_.urls.insert(url):
        raise ResourceConflictException(
            f"Failed to create function url config for [functionArn = {named.qualified_arn}]."
            " Error message:  FunctionUrlConfig exists for this Lambda function"
        )
    shown = shown_url(url, ctx.base_url)
    del shown["LastModifiedTime"]  # type: ignore[misc]  # the answer of the creation has none
    return cast("shapes.CreateFunctionUrlConfigResult", shown)


async def get_function_url_config(
    lambda_: Lambda, ctx: RequestContext, request: shapes.GetFunctionUrlConfigRequest
) -> shapes.GetFunctionUrlConfigResult:
    """The URL of a function or an alias.

    Raises:
        ResourceNotFoundException: no such function or alias, or it has no URL.

    AWS: Lambda API Reference, GetFunctionUrlConfig.
    """
    named = _named(lambda_, ctx, request["FunctionName"], request.get("Qualifier"))
    return shown_url(_find(lambda_, named), ctx.base_url)


async def list_function_url_configs(
    lambda_: Lambda, ctx: RequestContext, request: shapes.ListFunctionUrlConfigsRequest
) -> shapes.ListFunctionUrlConfigsResult:
    """The URLs of a function and of its aliases, the function's own first.

    Raises:
        ResourceNotFoundException: no such function.
        InvalidParameterValueException: the Marker is not one that was given out.

    AWS: Lambda API Reference, ListFunctionUrlConfigs.
    """
    named = _named(lambda_, ctx, request["FunctionName"], None)
    limit = min(request.get("MaxItems", FUNCTION_URLS_PER_PAGE_MAX), FUNCTION_URLS_PER_PAGE_MAX)
    marker = read_marker(request.get("Marker", ""))
    own = None if marker else lambda_.urls.find_of(named)
    after = marker.removeprefix(_AFTER)
    found = ([] if own is None else [own]) + lambda_.urls.page(named, after, limit + 1)
    result: shapes.ListFunctionUrlConfigsResult = {
        "FunctionUrlConfigs": [shown_url(url, ctx.base_url) for url in found[:limit]]
    }
    if len(found) > limit:
        result["NextMarker"] = new_marker(_AFTER + found[limit - 1].function.qualifier)
    return result


async def update_function_url_config(
    lambda_: Lambda, ctx: RequestContext, request: shapes.UpdateFunctionUrlConfigRequest
) -> shapes.UpdateFunctionUrlConfigResult:
    """Change the settings that the request carries; the others and the address stay.

    Raises:
        ResourceNotFoundException: no such function or alias, or it has no URL.
        ValidationException: CORS with a method that there is not.

    AWS: Lambda API Reference, UpdateFunctionUrlConfig.
    """
    named = _named(lambda_, ctx, request["FunctionName"], request.get("Qualifier"))
    url = _find(lambda_, named)
    changed = msgspec.structs.replace(
        url,
        settings=read_settings(cast("Mapping[str, object]", request), url.settings),
        modified_at_ms=lambda_.clock.now_ms(),
    )
    lambda_.urls.update(changed)
    return shown_url(changed, ctx.base_url)


async def delete_function_url_config(
    lambda_: Lambda, ctx: RequestContext, request: shapes.DeleteFunctionUrlConfigRequest
) -> None:
    """Take the address away; a new one will be another.

    Raises:
        ResourceNotFoundException: no such function or alias, or it has no URL.

    AWS: Lambda API Reference, DeleteFunctionUrlConfig.
    """
    named = _named(lambda_, ctx, request["FunctionName"], request.get("Qualifier"))
    if not lambda_.urls.delete(named):
        raise _nothing_there()


def _named(lambda_: Lambda, ctx: RequestContext, text: str, qualifier: str | None) -> FunctionName:
    named = parse_function_name(ctx, text, qualifier)
    if find_version(lambda_, named) is None:
        raise ResourceNotFoundException("Function does not exist")
    return named


def _find(lambda_: Lambda, named: FunctionName) -> FunctionUrl:
    url = lambda_.urls.find_of(named)
    if url is None:
        raise _nothing_there()
    return url


def _nothing_there() -> ResourceNotFoundException:
    return ResourceNotFoundException("The resource you requested does not exist.")
