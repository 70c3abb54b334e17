"""Operations on published versions and aliases.

AWS: Lambda API Reference, PublishVersion, ListVersionsByFunction, CreateAlias, UpdateAlias,
GetAlias, DeleteAlias, ListAliases; Lambda Developer Guide, Manage Lambda function versions; Create
an alias for a Lambda function.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import msgspec

from kamome.services.lambda_.concurrency.provisioning import provide_again, release
from kamome.services.lambda_.errors import (
    InvalidParameterValueException,
    ResourceConflictException,
    ResourceNotFoundException,
    not_served,
)
from kamome.services.lambda_.functions.function_configuration import (
    Function,
    Settings,
    check_revision,
    function_configuration,
    listed_configuration,
)
from kamome.services.lambda_.functions.function_names import (
    LATEST,
    FunctionName,
    function_not_found,
    parse_function_name,
)
from kamome.services.lambda_.invocation.running import find_function, instance_key
from kamome.services.lambda_.limits import ALIASES_PER_DELETION_MAX, VERSIONS_PER_PAGE_MAX
from kamome.services.lambda_.markers import new_marker, read_marker
from kamome.services.lambda_.versions.version_store import Alias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamome.context import RequestContext
    from kamome.services.lambda_ import shapes
    from kamome.services.lambda_.slice import Lambda


async def publish_version(
    lambda_: Lambda, ctx: RequestContext, request: shapes.PublishVersionRequest
) -> shapes.PublishVersionResult:
    """Keep $LATEST as it is now under the next number.

    Where code and configuration are those of the last version, that one is the answer.

    Raises:
        ResourceNotFoundException: no such function.
        PreconditionFailedException: RevisionId is not the latest.
        InvalidParameterValueException: CodeSha256 is not that of $LATEST.

    AWS: Lambda API Reference, PublishVersion.
    """
    if request.get("PublishTo"):
        raise not_served("`PublishTo`")
    named = _unqualified(ctx, request["FunctionName"])
    function = find_function(lambda_, named)
    check_revision(request.get("RevisionId"), function.revision_id)
    expected = request.get("CodeSha256", "")
    if expected and expected != function.code.sha256:
        raise InvalidParameterValueException(
            f"CodeSHA256 ({expected}) is different from current CodeSHA256 in $LATEST"
            f" ({function.code.sha256}). Please try again with the CodeSHA256 in $LATEST."
        )
    published = publish(lambda_, function, request.get("Description", ""))
    return function_configuration(published)


def publish(lambda_: Lambda, function: Function, description: str = "") -> Function:
    """The next version of a function, or the last one where nothing has changed since.

    The description given to a version is not the function's own, which counts as a change.

    AWS: Lambda Developer Guide, Manage Lambda function versions.
    """
    settings = function.settings
    last = lambda_.versions.last(function.full_name)
    is_same_code = last is not None and last.code.sha256 == function.code.sha256
    if last is not None and is_same_code and _as_it_was(last.settings) == settings:
        return last
    if description:
        own = settings.description
        settings = msgspec.structs.replace(settings, description=description, own_description=own)
    version = msgspec.structs.replace(
        function,
        settings=settings,
        revision_id=lambda_.ids.uuid(),
        modified_at_ms=lambda_.clock.now_ms(),
    )
    with lambda_.engine.atomic():
        return lambda_.versions.publish(version)


def _as_it_was(settings: Settings) -> Settings:
    """The settings of $LATEST when this version was published."""
    if settings.own_description is None:
        return settings
    own = settings.own_description
    return msgspec.structs.replace(settings, description=own, own_description=None)


async def list_versions_by_function(
    lambda_: Lambda, ctx: RequestContext, request: shapes.ListVersionsByFunctionRequest
) -> shapes.ListVersionsByFunctionResult:
    """$LATEST, and the published versions by number, at most 50 a page.

    Raises:
        ResourceNotFoundException: no such function.
        InvalidParameterValueException: the Marker is not one that was given out.

    AWS: Lambda API Reference, ListVersionsByFunction.
    """
    named = _unqualified(ctx, request["FunctionName"])
    function = find_function(lambda_, named)
    limit = min(request.get("MaxItems", VERSIONS_PER_PAGE_MAX), VERSIONS_PER_PAGE_MAX)
    marker = read_marker(request.get("Marker", ""))
    if marker and not marker.isdecimal():
        raise InvalidParameterValueException("The specified marker is invalid.")
    found = [] if marker else [function]
    found += lambda_.versions.page(named, int(marker or 0), limit + 1)
    result: shapes.ListVersionsByFunctionResult = {
        "Versions": [listed_configuration(one, all_versions=True) for one in found[:limit]]
    }
    if len(found) > limit:
        last = found[limit - 1].version
        result["NextMarker"] = new_marker("0" if last == LATEST else last)
    return result


async def create_alias(
    lambda_: Lambda, ctx: RequestContext, request: shapes.CreateAliasRequest
) -> shapes.CreateAliasResult:
    """Give a version a name, and perhaps a share of its calls to another version.

    Raises:
        ResourceNotFoundException: no such function or version.
        ResourceConflictException: the alias exists.
        InvalidParameterValueException: the routing is refused.

    AWS: Lambda API Reference, CreateAlias.
    """
    named = _unqualified(ctx, request["FunctionName"])
    find_function(lambda_, named)
    if lambda_.versions.find_alias(named, request["Name"]) is not None:
        raise ResourceConflictException(
            f"Alias already exists: {_alias_arn(named, request['Name'])}"
        )
    alias = Alias(
        request["Name"],
        request["FunctionVersion"],
        request.get("Description", ""),
        _weights(cast("Mapping[str, object]", request), {}),
        lambda_.ids.uuid(),
    )
    return _keep_alias(lambda_, named, alias)


async def update_alias(
    lambda_: Lambda, ctx: RequestContext, request: shapes.UpdateAliasRequest
) -> shapes.UpdateAliasResult:
    """Change what the request carries; the rest stays. Empty weights take the routing away.

    Raises:
        ResourceNotFoundException: no such function, version or alias.
        PreconditionFailedException: RevisionId is not the latest.
        InvalidParameterValueException: the routing is refused.

    AWS: Lambda API Reference, UpdateAlias.
    """
    named = _unqualified(ctx, request["FunctionName"])
    alias = _find_alias(lambda_, named, request["Name"])
    check_revision(request.get("RevisionId"), alias.revision_id)
    changed = Alias(
        alias.name,
        request.get("FunctionVersion", alias.version),
        request.get("Description", alias.description),
        _weights(cast("Mapping[str, object]", request), alias.weights),
        lambda_.ids.uuid(),
    )
    shown = _keep_alias(lambda_, named, changed)
    provide_again(lambda_, msgspec.structs.replace(named, qualifier=alias.name))
    return shown


async def get_alias(
    lambda_: Lambda, ctx: RequestContext, request: shapes.GetAliasRequest
) -> shapes.GetAliasResult:
    """One alias.

    Raises:
        ResourceNotFoundException: no such function or alias.

    AWS: Lambda API Reference, GetAlias.
    """
    named = _unqualified(ctx, request["FunctionName"])
    return _shown(named, _find_alias(lambda_, named, request["Name"]))


async def delete_alias(
    lambda_: Lambda, ctx: RequestContext, request: shapes.DeleteAliasRequest
) -> None:
    """Forget an alias with all that is its own; one that is not there is no error.

    Raises:
        ResourceNotFoundException: no such function.

    AWS: Lambda API Reference, DeleteAlias.
    """
    named = _unqualified(ctx, request["FunctionName"])
    find_function(lambda_, named)
    qualified = msgspec.structs.replace(named, qualifier=request["Name"])
    with lambda_.engine.atomic():
        lambda_.versions.delete_alias(named, request["Name"])
        lambda_.event_invoke_configs.delete(qualified)
        lambda_.store.set_policy(qualified, [], "")
        lambda_.urls.delete(qualified)
        lambda_.provisioned.delete(qualified)
    release(lambda_, qualified)


async def list_aliases(
    lambda_: Lambda, ctx: RequestContext, request: shapes.ListAliasesRequest
) -> shapes.ListAliasesResult:
    """The aliases of a function by name, or those of one version, at most 50 a page.

    Raises:
        ResourceNotFoundException: no such function.
        InvalidParameterValueException: the Marker is not one that was given out.

    AWS: Lambda API Reference, ListAliases.
    """
    named = _unqualified(ctx, request["FunctionName"])
    find_function(lambda_, named)
    limit = min(request.get("MaxItems", VERSIONS_PER_PAGE_MAX), VERSIONS_PER_PAGE_MAX)
    found = lambda_.versions.aliases(named, read_marker(request.get("Marker", "")), limit + 1)
    version = request.get("FunctionVersion", "")
    result: shapes.ListAliasesResult = {
        "Aliases": [
            _shown(named, alias)
            for alias in found[:limit]
            if not version or version == alias.version or version in alias.weights
        ]
    }
    if len(found) > limit:
        result["NextMarker"] = new_marker(found[limit - 1].name)
    return result


def delete_version(lambda_: Lambda, named: FunctionName) -> None:
    """Forget one published version.

    Raises:
        ResourceConflictException: an alias points to it.
        InvalidParameterValueException: the qualifier is an alias.

    AWS: Lambda API Reference, DeleteFunction (Qualifier).
    """
    if not named.qualifier.isdecimal():
        raise InvalidParameterValueException(
            "Deletion of aliases is not currently supported. Use DeleteAlias."
        )
    version = lambda_.versions.find(named, named.qualifier)
    if version is None:
        return
    pointing = [
        _alias_arn(named, alias.name)
        for alias in lambda_.versions.aliases(named, "", ALIASES_PER_DELETION_MAX)
        if version.version == alias.version or version.version in alias.weights
    ]
    if pointing:
        raise ResourceConflictException(
            "Version deletion not allowed because the following alias(es) reference it:"
            f" {', '.join(pointing)}"
        )
    with lambda_.engine.atomic():
        lambda_.versions.delete(version)
        lambda_.event_invoke_configs.delete(named)
        lambda_.store.set_policy(named, [], "")
        lambda_.provisioned.delete(named)
        drop_code(lambda_, version)
    release(lambda_, named)
    lambda_.instances.retire(instance_key(version))


def drop_code(lambda_: Lambda, function: Function) -> None:
    """Drop the package of a row that has just gone or changed, unless another row has it.

    AWS: Lambda Developer Guide, Manage Lambda function versions.
    """
    if not function.code.blob_id:
        return  # an image is kept elsewhere
    latest = lambda_.store.find_function(function.full_name)
    is_latest = latest is not None and latest.code.blob_id == function.code.blob_id
    if not is_latest and not lambda_.versions.uses(function.code):
        lambda_.blobs.drop(function.code.blob_id)


# ---------------------------------------------------------------------- parts


def _unqualified(ctx: RequestContext, text: str) -> FunctionName:
    return msgspec.structs.replace(parse_function_name(ctx, text), qualifier="")


def _find_alias(lambda_: Lambda, named: FunctionName, name: str) -> Alias:
    find_function(lambda_, named)
    alias = lambda_.versions.find_alias(named, name)
    if alias is None:
        raise ResourceNotFoundException(f"Cannot find alias arn: {_alias_arn(named, name)}")
    return alias


def _keep_alias(lambda_: Lambda, named: FunctionName, alias: Alias) -> shapes.CreateAliasResult:
    if alias.weights and LATEST in {alias.version, *alias.weights}:
        raise InvalidParameterValueException(
            "$LATEST is not supported for an alias pointing to more than 1 version"
        )
    if alias.version in alias.weights:
        raise InvalidParameterValueException(
            f"Invalid function version {alias.version}. Function version {alias.version} is"
            " already included in routing configuration."
        )
    for version in (alias.version, *alias.weights):
        if version != LATEST and lambda_.versions.find(named, version) is None:
            raise function_not_found(msgspec.structs.replace(named, qualifier=version))
    lambda_.versions.put_alias(named, alias)
    return _shown(named, alias)


def _weights(request: Mapping[str, object], now: Mapping[str, float]) -> Mapping[str, float]:
    if request.get("RoutingConfig") is None:
        return now
    routing = cast("shapes.AliasRoutingConfiguration", request["RoutingConfig"])
    weights = routing.get("AdditionalVersionWeights") or {}
    if len(weights) > 1:
        raise InvalidParameterValueException(
            "Number of items in AdditionalVersionWeights cannot be greater than 1"
        )
    return weights


def _shown(named: FunctionName, alias: Alias) -> shapes.CreateAliasResult:
    shown: shapes.CreateAliasResult = {
        "AliasArn": _alias_arn(named, alias.name),
        "Name": alias.name,
        "FunctionVersion": alias.version,
        "Description": alias.description,
        "RevisionId": alias.revision_id,
    }
    if alias.weights:
        shown["RoutingConfig"] = {"AdditionalVersionWeights": dict(alias.weights)}
    return shown


def _alias_arn(named: FunctionName, alias: str) -> str:
    return f"{named.arn}:{alias}"
