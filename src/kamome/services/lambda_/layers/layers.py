"""Operations on layers.

AWS: Lambda API Reference, PublishLayerVersion, GetLayerVersion, GetLayerVersionByArn,
DeleteLayerVersion, ListLayerVersions, ListLayers; Lambda Developer Guide, Managing Lambda
dependencies with layers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

from kamome.services.lambda_.errors import (
    AccessDeniedException,
    InvalidParameterValueException,
    ResourceNotFoundException,
)
from kamome.services.lambda_.functions.code import code_hash
from kamome.services.lambda_.functions.function_configuration import last_modified
from kamome.services.lambda_.functions.packages import archive_of, check_storage, keep_archive
from kamome.services.lambda_.layers.layer_store import LayerFacts, LayerVersion
from kamome.services.lambda_.limits import LAYERS_MAX, LAYERS_PER_PAGE_MAX
from kamome.services.lambda_.markers import new_marker, read_marker
from kamome.services.lambda_.permissions.policies import allows_account

if TYPE_CHECKING:
    from kamome.context import RequestContext
    from kamome.services.lambda_ import shapes
    from kamome.services.lambda_.slice import Lambda

_LAYER = re.compile(
    r"arn:aws[a-zA-Z-]*:lambda:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):layer:"
    r"(?P<name>[a-zA-Z0-9_-]{1,140})(?::(?P<version>\d{1,15}))?"
)
_VERSION_MAX = 10**15


async def publish_layer_version(
    lambda_: Lambda, ctx: RequestContext, request: shapes.PublishLayerVersionRequest
) -> shapes.PublishLayerVersionResult:
    """Keep an archive as the next version of a layer.

    Raises:
        InvalidParameterValueException: see `code.files_of`; the name is of another account.
        CodeStorageExceededException: 75 GB are stored in the Region.

    AWS: Lambda API Reference, PublishLayerVersion.
    """
    name = _name(ctx, request["LayerName"])
    archive = await archive_of(lambda_, ctx, cast("Mapping[str, object]", request["Content"]))
    check_storage(lambda_, ctx, len(archive))
    blob, code = await keep_archive(lambda_, archive)
    layer = LayerVersion(
        ctx.account,
        ctx.region,
        name,
        lambda_.layers.next_number(ctx.account, ctx.region, name),
        LayerFacts(
            request.get("Description", ""),
            tuple(request.get("CompatibleRuntimes", [])),
            tuple(request.get("CompatibleArchitectures", [])),
            request.get("LicenseInfo", ""),
        ),
        code,
        lambda_.clock.now_ms(),
    )
    with lambda_.engine.atomic():
        lambda_.blobs.keep(blob)
        lambda_.layers.insert(layer)
    return _whole(lambda_, ctx, layer)


async def get_layer_version(
    lambda_: Lambda, ctx: RequestContext, request: shapes.GetLayerVersionRequest
) -> shapes.GetLayerVersionResult:
    """A layer version, and where its archive can be downloaded.

    Raises:
        ResourceNotFoundException: no such layer or version.

    AWS: Lambda API Reference, GetLayerVersion.
    """
    name = _name(ctx, request["LayerName"])
    return _whole(lambda_, ctx, _find(lambda_, ctx, name, request["VersionNumber"]))


async def get_layer_version_by_arn(
    lambda_: Lambda, ctx: RequestContext, request: shapes.GetLayerVersionByArnRequest
) -> shapes.GetLayerVersionByArnResult:
    """The same by the ARN of the version.

    Raises:
        ResourceNotFoundException: no such layer or version.
        AccessDeniedException: it is another account's, whose policy does not open it.

    AWS: Lambda API Reference, GetLayerVersionByArn.
    """
    return _whole(lambda_, ctx, _by_arn(lambda_, ctx, request["Arn"]))


async def delete_layer_version(
    lambda_: Lambda, ctx: RequestContext, request: shapes.DeleteLayerVersionRequest
) -> None:
    """Show a version to nobody any more. Functions that have it keep it. Twice is no error.

    AWS: Lambda API Reference, DeleteLayerVersion.
    """
    name = _name(ctx, request["LayerName"])
    layer = lambda_.layers.find(ctx.account, ctx.region, name, request["VersionNumber"])
    if layer is not None:
        lambda_.layers.mark_deleted(layer)


async def list_layer_versions(
    lambda_: Lambda, ctx: RequestContext, request: shapes.ListLayerVersionsRequest
) -> shapes.ListLayerVersionsResult:
    """The versions of a layer, the newest first, at most 50 a page.

    Raises:
        InvalidParameterValueException: the Marker is not one that was given out.

    AWS: Lambda API Reference, ListLayerVersions.
    """
    name = _name(ctx, request["LayerName"])
    limit = min(request.get("MaxItems", LAYERS_PER_PAGE_MAX), LAYERS_PER_PAGE_MAX)
    marker = read_marker(request.get("Marker", ""))
    if marker and not marker.isdecimal():
        raise InvalidParameterValueException("The specified marker is invalid.")
    before = int(marker or _VERSION_MAX)
    found = lambda_.layers.versions((ctx.account, ctx.region), name, before, limit + 1)
    members = cast("Mapping[str, object]", request)
    result: shapes.ListLayerVersionsResult = {
        "LayerVersions": [_item(one) for one in found[:limit] if _is_compatible(one, members)]
    }
    if len(found) > limit:
        result["NextMarker"] = new_marker(str(found[limit - 1].version))
    return result


async def list_layers(
    lambda_: Lambda, ctx: RequestContext, request: shapes.ListLayersRequest
) -> shapes.ListLayersResult:
    """The layers by name with their newest version that is asked for, at most 50 a page.

    Raises:
        InvalidParameterValueException: the Marker is not one that was given out.

    AWS: Lambda API Reference, ListLayers.
    """
    limit = min(request.get("MaxItems", LAYERS_PER_PAGE_MAX), LAYERS_PER_PAGE_MAX)
    after = read_marker(request.get("Marker", ""))
    found: list[LayerVersion] = []
    while len(found) <= limit:
        layer = lambda_.layers.next_layer(ctx.account, ctx.region, after)
        if layer is None:
            break
        found.append(layer)
        after = layer.name
    members = cast("Mapping[str, object]", request)
    result: shapes.ListLayersResult = {
        "Layers": [
            {"LayerName": one.name, "LayerArn": one.layer_arn, "LatestMatchingVersion": _item(one)}
            for newest in found[:limit]
            if (one := _latest_matching(lambda_, newest, members)) is not None
        ]
    }
    if len(found) > limit:
        result["NextMarker"] = new_marker(found[limit - 1].name)
    return result


def layers_of(
    lambda_: Lambda, ctx: RequestContext, arns: Sequence[str]
) -> tuple[tuple[str, int], ...]:
    """The layers of a function: their ARNs and sizes, in the order given.

    Raises:
        InvalidParameterValueException: more than five, two versions of one, or one is not there.
        AccessDeniedException: one is another account's.

    AWS: Lambda Developer Guide, Adding layers to functions.
    """
    if len(arns) > LAYERS_MAX:
        raise InvalidParameterValueException(f"Cannot reference more than {LAYERS_MAX} layers.")
    if len({arn.rpartition(":")[0] for arn in arns}) < len(arns):
        raise InvalidParameterValueException(
            "Two different versions of the same layer are not allowed to be referenced in the same"
            " function."
        )
    layers = []
    for arn in arns:
        try:
            layer = _by_arn(lambda_, ctx, arn)
        except ResourceNotFoundException:
            raise InvalidParameterValueException(f"Layer version {arn} does not exist.") from None
        layers.append((layer.arn, layer.code.size))
    return tuple(layers)


def find_layer(lambda_: Lambda, ctx: RequestContext, text: str, version: int) -> LayerVersion:
    """A layer version of the caller's by the layer's name or ARN.

    Raises:
        ResourceNotFoundException: no such layer or version.
        AccessDeniedException: it is another account's.

    AWS: Lambda API Reference, GetLayerVersion.
    """
    return _find(lambda_, ctx, _name(ctx, text), version)


def key_of(layer: LayerVersion) -> tuple[str, str, str, int]:
    """What a layer version's policy is kept by.

    AWS: Lambda Developer Guide, Sharing layers with other accounts.
    """
    return layer.account, layer.region, layer.name, layer.version


def kept_layer(lambda_: Lambda, arn: str) -> LayerVersion:
    """A layer version that a function has, deleted or not.

    Raises:
        ResourceNotFoundException: it never was.

    AWS: Lambda Developer Guide, Deleting a layer version.
    """
    found = _LAYER.fullmatch(arn)
    layer = None
    if found is not None and found["version"]:
        key = (found["account"], found["region"], found["name"])
        layer = lambda_.layers.find(*key, int(found["version"]))
    if layer is None:
        raise ResourceNotFoundException(f"Layer version {arn} does not exist.")
    return layer


# ---------------------------------------------------------------------- parts


def _name(ctx: RequestContext, text: str) -> str:
    """The layer's name, which may come as its ARN."""
    found = _LAYER.fullmatch(text)
    if found is None:
        return text
    _check_scope(ctx, found["account"], found["region"], text)
    return found["name"]


def _check_scope(ctx: RequestContext, account: str, region: str, arn: str) -> None:
    if account != ctx.account:
        raise AccessDeniedException(
            f"User: {ctx.principal} is not authorized to perform: lambda:GetLayerVersion on"
            f" resource: {arn}"
        )
    if region != ctx.region:
        raise ResourceNotFoundException("The resource you requested does not exist.")


def _by_arn(lambda_: Lambda, ctx: RequestContext, arn: str) -> LayerVersion:
    found = _LAYER.fullmatch(arn)
    if found is None or not found["version"]:
        raise InvalidParameterValueException(f"Invalid layer version ARN: {arn}")
    account, name, version = found["account"], found["name"], int(found["version"])
    if account != ctx.account and found["region"] == ctx.region:
        shared = lambda_.layers.find(account, ctx.region, name, version)
        if shared is not None and not shared.is_deleted:
            statements, _ = lambda_.records.layer_policy(key_of(shared))
            if allows_account(statements, ctx.account):
                return shared
    _check_scope(ctx, account, found["region"], arn)
    return _find(lambda_, ctx, name, version)


def _find(lambda_: Lambda, ctx: RequestContext, name: str, version: int) -> LayerVersion:
    layer = lambda_.layers.find(ctx.account, ctx.region, name, version)
    if layer is None or layer.is_deleted:
        raise ResourceNotFoundException("The resource you requested does not exist.")
    return layer


def _is_compatible(layer: LayerVersion, request: Mapping[str, object]) -> bool:
    """Whether a version names the runtime asked for, and the architecture if it names any.

    AWS: Lambda API Reference, ListLayers, ListLayerVersions ("only layers that indicate that
    they're compatible with that runtime").
    """
    facts, wanted = layer.facts, request.get("CompatibleArchitecture")
    if "CompatibleRuntime" in request and request["CompatibleRuntime"] not in facts.runtimes:
        return False
    return wanted is None or not facts.architectures or wanted in facts.architectures


def _latest_matching(
    lambda_: Lambda, newest: LayerVersion, request: Mapping[str, object]
) -> LayerVersion | None:
    """The newest version of a layer that is asked for, or None."""
    page = [newest]
    while page:
        for one in page:
            if _is_compatible(one, request):
                return one
        where = (newest.account, newest.region)
        page = lambda_.layers.versions(where, newest.name, page[-1].version, LAYERS_PER_PAGE_MAX)
    return None


def _item(layer: LayerVersion) -> shapes.LayerVersionsListItem:
    item: shapes.LayerVersionsListItem = {
        "LayerVersionArn": layer.arn,
        "Version": layer.version,
        "Description": layer.facts.description,
        "CreatedDate": last_modified(layer.created_at_ms),
    }
    if layer.facts.runtimes:
        item["CompatibleRuntimes"] = list(layer.facts.runtimes)
    if layer.facts.architectures:
        item["CompatibleArchitectures"] = list(layer.facts.architectures)
    if layer.facts.licence:
        item["LicenseInfo"] = layer.facts.licence
    return item


def _whole(
    lambda_: Lambda, ctx: RequestContext, layer: LayerVersion
) -> shapes.PublishLayerVersionResult:
    code = layer.code
    return {
        **_item(layer),
        "LayerArn": layer.layer_arn,
        "Content": {
            "Location": lambda_.ports.code_url(ctx, layer.name, code_hash(code.sha256)),
            "CodeSha256": code.sha256,
            "CodeSize": code.size,
        },
    }
