"""Operations on functions and their code.

AWS: Lambda API Reference, CreateFunction, DeleteFunction, GetFunction, GetFunctionConfiguration,
ListFunctions, UpdateFunctionCode, UpdateFunctionConfiguration.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING, cast

import msgspec

from kamome.errors import AwsError
from kamome.services.lambda_.concurrency.provisioning import release
from kamome.services.lambda_.errors import (
    InvalidParameterValueException,
    ResourceConflictException,
    not_served,
)
from kamome.services.lambda_.functions.code import (
    code_hash,
    code_sha256,
    sha256_of,
)
from kamome.services.lambda_.functions.code_signing import check_signing_config
from kamome.services.lambda_.functions.code_size import check_size_with_layers
from kamome.services.lambda_.functions.function_configuration import (
    Code,
    Function,
    Settings,
    changed_settings,
    check_revision,
    function_configuration,
    image_code,
    image_uri_of,
    listed_configuration,
    new_settings,
    not_with_an_image,
)
from kamome.services.lambda_.functions.function_names import (
    LATEST,
    FunctionName,
    function_not_found,
    functions_only,
    parse_function_name,
)
from kamome.services.lambda_.functions.packages import (
    archive_of,
    check_storage,
    find_code,
    keep_archive,
)
from kamome.services.lambda_.functions.record_store import CODE_SIGNING
from kamome.services.lambda_.invocation.destinations import check_dead_letter_target
from kamome.services.lambda_.invocation.running import find_function, instance_key
from kamome.services.lambda_.layers.layers import layers_of
from kamome.services.lambda_.limits import (
    FUNCTIONS_PER_PAGE_MAX,
    VERSIONS_PER_PAGE_MAX,
)
from kamome.services.lambda_.markers import new_marker, read_marker
from kamome.services.lambda_.versions.versions import delete_version, drop_code, publish

if TYPE_CHECKING:
    from kamome.context import RequestContext
    from kamome.services.lambda_ import shapes
    from kamome.services.lambda_.slice import Lambda
    from kamome.storage.blobs import Blob


async def create_function(
    lambda_: Lambda, ctx: RequestContext, request: shapes.CreateFunctionRequest
) -> shapes.FunctionConfiguration:
    """Create a function from a .zip file archive.

    The answer shows it `Pending`; the package has been checked, unpacked and kept by then, so the
    next call sees it `Active`.

    Raises:
        ResourceConflictException: the name is taken.
        InvalidParameterValueException: see `new_settings` and `code.files_of`.
        CodeStorageExceededException: 75 GB are stored in the Region.
        OperationNotServed: the request asks for what is not served, by its name.

    AWS: Lambda API Reference, CreateFunction.
    """
    named = parse_function_name(ctx, request["FunctionName"])
    if named.qualifier:
        raise InvalidParameterValueException(
            f"{request['FunctionName']} names a version or an alias; a function has none yet."
        )
    settings = _with_layers(lambda_, ctx, new_settings(request), request.get("Layers"))
    _check_dead_letter_target(lambda_, settings)
    signing = request.get("CodeSigningConfigArn", "")
    if signing:
        check_signing_config(lambda_, ctx, signing)
    if lambda_.store.find_function(named) is not None:
        raise _function_exists(named)
    blob, code = await _new_package(lambda_, ctx, settings, request["Code"])
    function = Function(
        named.account,
        named.region,
        named.name,
        settings,
        code,
        revision_id=lambda_.ids.uuid(),
        modified_at_ms=lambda_.clock.now_ms(),
        tags=request.get("Tags", {}),
    )
    try:
        await check_size_with_layers(lambda_, settings, code)
        with lambda_.engine.atomic():
            if blob is not None:
                lambda_.blobs.keep(blob)
            if not lambda_.store.insert_function(function):
                raise _function_exists(named)
            if signing:
                lambda_.records.put(named, CODE_SIGNING, signing)
            if request.get("Publish"):
                function = publish(lambda_, function)
    except AwsError:
        if blob is not None:
            await lambda_.blobs.discard(blob)
        raise
    return function_configuration(function, "Creating")


async def delete_function(
    lambda_: Lambda, ctx: RequestContext, request: shapes.DeleteFunctionRequest
) -> shapes.DeleteFunctionResult:
    """Delete a function. Its event source mappings stay, as at AWS, and have nothing to invoke.

    Raises:
        ResourceNotFoundException: no such function or version.
        InvalidParameterValueException: `$LATEST` cannot be deleted alone.

    AWS: Lambda API Reference, DeleteFunction.
    """
    named = parse_function_name(ctx, request["FunctionName"], request.get("Qualifier"))
    function = lambda_.store.find_function(named)
    if function is None:
        raise function_not_found(named)
    if named.qualifier == LATEST:
        raise InvalidParameterValueException(
            "$LATEST version cannot be deleted without deleting the function."
        )
    if named.qualifier:
        delete_version(lambda_, named)
    else:
        _delete_whole(lambda_, function)
    return {"StatusCode": 204}


async def get_function(
    lambda_: Lambda, ctx: RequestContext, request: shapes.GetFunctionRequest
) -> shapes.GetFunctionResult:
    """A function's configuration, its tags, and where its package can be downloaded.

    Raises:
        ResourceNotFoundException: no such function or version.

    AWS: Lambda API Reference, GetFunction.
    """
    named = parse_function_name(ctx, request["FunctionName"], request.get("Qualifier"))
    function = find_function(lambda_, named)
    result: shapes.GetFunctionResult = {
        "Configuration": _shown(function, named),
        "Code": _code_location(lambda_, ctx, function),
    }
    reserved = lambda_.concurrency.reserved(named)
    if reserved is not None:
        result["Concurrency"] = {"ReservedConcurrentExecutions": reserved}
    if function.tags:
        result["Tags"] = dict(function.tags)
    return result


async def get_function_configuration(
    lambda_: Lambda, ctx: RequestContext, request: shapes.GetFunctionConfigurationRequest
) -> shapes.FunctionConfiguration:
    """A function's configuration.

    Raises:
        ResourceNotFoundException: no such function or version.

    AWS: Lambda API Reference, GetFunctionConfiguration.
    """
    named = parse_function_name(ctx, request["FunctionName"], request.get("Qualifier"))
    return _shown(find_function(lambda_, named), named)


async def list_functions(
    lambda_: Lambda, ctx: RequestContext, request: shapes.ListFunctionsRequest
) -> shapes.ListFunctionsResult:
    """The functions of the account and Region, by name, at most 50 a page.

    With FunctionVersion ALL each of them is followed by its published versions.

    There are no Lambda@Edge functions, so a MasterRegion matches none.

    Raises:
        InvalidParameterValueException: the Marker is not one that was given out.

    AWS: Lambda API Reference, ListFunctions.
    """
    if request.get("MasterRegion"):
        return {"Functions": []}
    limit = min(request.get("MaxItems", FUNCTIONS_PER_PAGE_MAX), FUNCTIONS_PER_PAGE_MAX)
    if request.get("FunctionVersion") == "ALL":
        return _list_all_versions(lambda_, ctx, request.get("Marker", ""), limit)
    after = read_marker(request.get("Marker", ""))
    found = lambda_.store.functions(ctx.account, ctx.region, after, limit + 1)
    result: shapes.ListFunctionsResult = {
        "Functions": [listed_configuration(one, all_versions=False) for one in found[:limit]]
    }
    if len(found) > limit:
        result["NextMarker"] = new_marker(found[limit - 1].name)
    return result


def _list_all_versions(
    lambda_: Lambda, ctx: RequestContext, marker: str, limit: int
) -> shapes.ListFunctionsResult:
    """Each function's $LATEST and its versions by number; the Marker is name and last number."""
    after, _, number = read_marker(marker).partition(":")
    if number and not number.isdecimal():
        raise InvalidParameterValueException("The specified marker is invalid.")
    found: list[Function] = []
    if number:
        named = FunctionName(ctx.account, ctx.region, after)
        found += lambda_.versions.page(named, int(number), limit + 1)
    while len(found) <= limit:
        functions = lambda_.store.functions(ctx.account, ctx.region, after, 1)
        if not functions:
            break
        named, after = functions[0].full_name, functions[0].name
        found.append(functions[0])
        found += lambda_.versions.page(named, 0, limit + 1)
    result: shapes.ListFunctionsResult = {
        "Functions": [listed_configuration(one, all_versions=True) for one in found[:limit]]
    }
    if len(found) > limit:
        last = found[limit - 1]
        result["NextMarker"] = new_marker(f"{last.name}:{_number(last)}")
    return result


async def update_function_code(
    lambda_: Lambda, ctx: RequestContext, request: shapes.UpdateFunctionCodeRequest
) -> shapes.FunctionConfiguration:
    """Replace a function's package. `DryRun` only checks, and shows what would be.

    Warm instances of the old code finish what they have and are not used again.

    Raises:
        ResourceNotFoundException: no such function.
        PreconditionFailedException: RevisionId is not the latest.
        ResourceConflictException: another update came in between.
        InvalidParameterValueException: a version or an alias is named, or see `code.files_of`.
        OperationNotServed: the request asks for what is not served, by its name.

    AWS: Lambda API Reference, UpdateFunctionCode.
    """
    named = _changeable(parse_function_name(ctx, request["FunctionName"]))
    if request.get("PublishTo"):
        raise not_served("`PublishTo`")
    function = find_function(lambda_, named)
    check_revision(request.get("RevisionId"), function.revision_id)
    architecture = (request.get("Architectures") or [function.settings.architecture])[0]
    changed = _next_revision(lambda_, function)
    settings = msgspec.structs.replace(function.settings, architecture=architecture)
    source = cast("Mapping[str, object]", request)
    if settings.image_uri:
        settings = msgspec.structs.replace(settings, image_uri=image_uri_of(source))
    changed = msgspec.structs.replace(changed, settings=settings)
    if request.get("DryRun"):
        code = await _checked_package(lambda_, ctx, settings, source)
        await check_size_with_layers(lambda_, settings, code)
        return function_configuration(msgspec.structs.replace(changed, code=code), "Updating")
    blob, code = await _new_package(lambda_, ctx, settings, source, instead_of=function.code.size)
    changed = msgspec.structs.replace(changed, code=code)
    try:
        await check_size_with_layers(lambda_, settings, code)
        with lambda_.engine.atomic():
            if blob is not None:
                lambda_.blobs.keep(blob)
            _replace(lambda_, function, changed)
            drop_code(lambda_, function)
            if request.get("Publish"):
                changed = publish(lambda_, changed)
    except AwsError:
        if blob is not None:
            await lambda_.blobs.discard(blob)
        raise
    lambda_.instances.retire(instance_key(function))
    return function_configuration(changed, "Updating")


async def update_function_configuration(
    lambda_: Lambda, ctx: RequestContext, request: shapes.UpdateFunctionConfigurationRequest
) -> shapes.FunctionConfiguration:
    """Change the settings that the request carries; the others stay.

    Raises:
        ResourceNotFoundException: no such function.
        PreconditionFailedException: RevisionId is not the latest.
        InvalidParameterValueException: a version or an alias is named, or see `changed_settings`.
        OperationNotServed: the request asks for what is not served, by its name.

    AWS: Lambda API Reference, UpdateFunctionConfiguration.
    """
    named = _changeable(parse_function_name(ctx, request["FunctionName"]))
    function = find_function(lambda_, named)
    check_revision(request.get("RevisionId"), function.revision_id)
    settings = changed_settings(function.settings, request)
    settings = _with_layers(lambda_, ctx, settings, request.get("Layers"))
    if settings.layers != function.settings.layers:
        await check_size_with_layers(lambda_, settings, function.code)
    if settings.dead_letter_arn != function.settings.dead_letter_arn:
        _check_dead_letter_target(lambda_, settings)
    changed = msgspec.structs.replace(_next_revision(lambda_, function), settings=settings)
    _replace(lambda_, function, changed)
    lambda_.instances.retire(instance_key(function))
    return function_configuration(changed, "Updating")


def open_code(lambda_: Lambda, hash_: str) -> tuple[int, AsyncIterator[bytes]] | None:
    """A deployment package by the hash that `Code.Location` ends with: its size and its bytes.

    None where no function has it. Like a presigned URL, the hash is the permission: it cannot be
    guessed by who does not have the package.

    AWS: Lambda API Reference, FunctionCodeLocation.
    """
    code = find_code(lambda_, sha256_of(hash_))
    return None if code is None else (code.size, lambda_.blobs.read(code.blob_id))


# ---------------------------------------------------------------------- packages


async def _new_package(
    lambda_: Lambda,
    ctx: RequestContext,
    settings: Settings,
    source: Mapping[str, object] | shapes.FunctionCode,
    *,
    instead_of: int = 0,
) -> tuple[Blob | None, Code]:
    """The archive, checked and on disk, its blob still to be kept by a row; or an image's name."""
    if settings.image_uri:
        return None, image_code(settings.image_uri)
    archive = await archive_of(lambda_, ctx, source)
    check_storage(lambda_, ctx, len(archive) - instead_of)
    return await keep_archive(lambda_, archive)


async def _checked_package(
    lambda_: Lambda, ctx: RequestContext, settings: Settings, source: Mapping[str, object]
) -> Code:
    if settings.image_uri:
        return image_code(settings.image_uri)
    archive = await archive_of(lambda_, ctx, source)
    await lambda_.code.unpack(archive, code_sha256(archive))
    return Code("", code_sha256(archive), len(archive))


# ---------------------------------------------------------------------- rows


def _delete_whole(lambda_: Lambda, function: Function) -> None:
    """The function with its versions, aliases, policies and settings."""
    named = function.full_name
    versions = [function]
    while page := lambda_.versions.page(named, _number(versions[-1]), VERSIONS_PER_PAGE_MAX):
        versions += page
    with lambda_.engine.atomic():
        lambda_.store.delete_function(named)
        lambda_.versions.forget_function(named)
        lambda_.event_invoke_configs.delete_all(named)
        lambda_.concurrency.release(named)
        lambda_.urls.delete_all(named)
        lambda_.provisioned.delete_all(named)
        lambda_.records.delete_all(named)
        for version in versions[1:]:
            lambda_.versions.delete(version)
        for code in {version.code.blob_id: version for version in versions}.values():
            drop_code(lambda_, code)
    for provided in [one for one in lambda_.provided if one.arn == named.arn]:
        release(lambda_, provided)
    for version in versions:
        lambda_.instances.retire(instance_key(version))


def _code_location(
    lambda_: Lambda, ctx: RequestContext, function: Function
) -> shapes.FunctionCodeLocation:
    uri = function.settings.image_uri
    if uri:
        return {"RepositoryType": "ECR", "ImageUri": uri, "ResolvedImageUri": uri}
    location = lambda_.ports.code_url(ctx, function.name, code_hash(function.code.sha256))
    return {"RepositoryType": "S3", "Location": location}


def _number(function: Function) -> int:
    return 0 if function.version == LATEST else int(function.version)


def _with_layers(
    lambda_: Lambda, ctx: RequestContext, settings: Settings, arns: Sequence[str] | None
) -> Settings:
    """An empty list takes the layers away; none leaves them."""
    if arns is None:
        return settings
    if arns and settings.image_uri:
        raise not_with_an_image()
    return msgspec.structs.replace(settings, layers=layers_of(lambda_, ctx, arns))


def _check_dead_letter_target(lambda_: Lambda, settings: Settings) -> None:
    if settings.dead_letter_arn:
        check_dead_letter_target(lambda_, settings.dead_letter_arn)


def _changeable(named: FunctionName) -> FunctionName:
    """$LATEST of a function; what is published does not change."""
    if named.qualifier not in {"", LATEST}:
        raise functions_only()
    return named


def _next_revision(lambda_: Lambda, function: Function) -> Function:
    return msgspec.structs.replace(
        function, revision_id=lambda_.ids.uuid(), modified_at_ms=lambda_.clock.now_ms()
    )


def _replace(lambda_: Lambda, function: Function, changed: Function) -> None:
    if not lambda_.store.update_function(changed, function.revision_id):
        raise ResourceConflictException(
            "The operation cannot be performed at this time. An update is in progress for"
            f" resource: {function.arn}"
        )


def _shown(function: Function, named: FunctionName) -> shapes.FunctionConfiguration:
    shown = function_configuration(function)
    shown["FunctionArn"] = named.qualified_arn
    return shown


def _function_exists(named: FunctionName) -> ResourceConflictException:
    return ResourceConflictException(f"Function already exist: {named.name}")
