"""Operations on code signing configurations. They are kept and shown; no signature is verified.

AWS: Lambda API Reference, CreateCodeSigningConfig, GetCodeSigningConfig, UpdateCodeSigningConfig,
DeleteCodeSigningConfig, ListCodeSigningConfigs, ListFunctionsByCodeSigningConfig,
PutFunctionCodeSigningConfig, GetFunctionCodeSigningConfig, DeleteFunctionCodeSigningConfig; Lambda
Developer Guide, Using code signing to verify code integrity with Lambda.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from kamome.arn import parse_arn
from kamome.services.lambda_.errors import (
    CodeSigningConfigNotFoundException,
    ResourceConflictException,
    ResourceNotFoundException,
)
from kamome.services.lambda_.functions.function_configuration import check_tags, last_modified
from kamome.services.lambda_.functions.function_names import FunctionName, parse_function_name
from kamome.services.lambda_.functions.record_store import (
    CODE_SIGNING,
    SigningConfig,
    SigningSettings,
)
from kamome.services.lambda_.invocation.running import find_function
from kamome.services.lambda_.limits import SIGNING_CONFIGS_PER_PAGE_MAX
from kamome.services.lambda_.markers import new_marker, read_marker

if TYPE_CHECKING:
    from kamome.context import RequestContext
    from kamome.services.lambda_ import shapes
    from kamome.services.lambda_.slice import Lambda

_ID_DIGITS = 17


async def create_code_signing_config(
    lambda_: Lambda, ctx: RequestContext, request: shapes.CreateCodeSigningConfigRequest
) -> shapes.CreateCodeSigningConfigResult:
    """Say whose signatures code must have.

    Raises:
        InvalidParameterValueException: too many tags, or a reserved key.

    AWS: Lambda API Reference, CreateCodeSigningConfig.
    """
    check_tags(request.get("Tags", {}))
    config = SigningConfig(
        ctx.account,
        ctx.region,
        f"csc-{lambda_.ids.hex(_ID_DIGITS)}",
        SigningSettings(
            tuple(request["AllowedPublishers"]["SigningProfileVersionArns"]),
            _policy(request.get("CodeSigningPolicies"), "Warn"),
            request.get("Description", ""),
        ),
        lambda_.clock.now_ms(),
    )
    lambda_.records.put_signing(config)
    return {"CodeSigningConfig": _shown(config)}


async def get_code_signing_config(
    lambda_: Lambda, ctx: RequestContext, request: shapes.GetCodeSigningConfigRequest
) -> shapes.GetCodeSigningConfigResult:
    """One configuration.

    Raises:
        ResourceNotFoundException: there is none of this ARN.

    AWS: Lambda API Reference, GetCodeSigningConfig.
    """
    return {"CodeSigningConfig": _shown(_find(lambda_, ctx, request["CodeSigningConfigArn"]))}


async def update_code_signing_config(
    lambda_: Lambda, ctx: RequestContext, request: shapes.UpdateCodeSigningConfigRequest
) -> shapes.UpdateCodeSigningConfigResult:
    """Change what the request carries; the rest stays.

    Raises:
        ResourceNotFoundException: there is none of this ARN.

    AWS: Lambda API Reference, UpdateCodeSigningConfig.
    """
    config = _find(lambda_, ctx, request["CodeSigningConfigArn"])
    now, publishers = config.settings, request.get("AllowedPublishers")
    settings = SigningSettings(
        now.publishers if publishers is None else tuple(publishers["SigningProfileVersionArns"]),
        _policy(request.get("CodeSigningPolicies"), now.policy),
        request.get("Description", now.description),
    )
    changed = msgspec.structs.replace(
        config, settings=settings, modified_at_ms=lambda_.clock.now_ms()
    )
    lambda_.records.put_signing(changed)
    return {"CodeSigningConfig": _shown(changed)}


async def delete_code_signing_config(
    lambda_: Lambda, ctx: RequestContext, request: shapes.DeleteCodeSigningConfigRequest
) -> None:
    """Forget a configuration that no function has.

    Raises:
        ResourceNotFoundException: there is none of this ARN.
        ResourceConflictException: a function has it.

    AWS: Lambda API Reference, DeleteCodeSigningConfig.
    """
    config = _find(lambda_, ctx, request["CodeSigningConfigArn"])
    scope = (ctx.account, ctx.region)
    if lambda_.records.names_with(scope, CODE_SIGNING, config.arn, "", 1):
        raise ResourceConflictException(
            f"The code signing configuration {config.arn} is still used by a function."
        )
    lambda_.records.delete_signing(config)


async def list_code_signing_configs(
    lambda_: Lambda, ctx: RequestContext, request: shapes.ListCodeSigningConfigsRequest
) -> shapes.ListCodeSigningConfigsResult:
    """The configurations of the account and Region.

    Raises:
        InvalidParameterValueException: the Marker is not one that was given out.

    AWS: Lambda API Reference, ListCodeSigningConfigs.
    """
    limit = min(request.get("MaxItems", SIGNING_CONFIGS_PER_PAGE_MAX), SIGNING_CONFIGS_PER_PAGE_MAX)
    after = read_marker(request.get("Marker", ""))
    found = lambda_.records.signings(ctx.account, ctx.region, after, limit + 1)
    result: shapes.ListCodeSigningConfigsResult = {
        "CodeSigningConfigs": [_shown(one) for one in found[:limit]]
    }
    if len(found) > limit:
        result["NextMarker"] = new_marker(found[limit - 1].id)
    return result


async def list_functions_by_code_signing_config(
    lambda_: Lambda, ctx: RequestContext, request: shapes.ListFunctionsByCodeSigningConfigRequest
) -> shapes.ListFunctionsByCodeSigningConfigResult:
    """The functions that have a configuration.

    Raises:
        ResourceNotFoundException: there is none of this ARN.
        InvalidParameterValueException: the Marker is not one that was given out.

    AWS: Lambda API Reference, ListFunctionsByCodeSigningConfig.
    """
    config = _find(lambda_, ctx, request["CodeSigningConfigArn"])
    limit = min(request.get("MaxItems", SIGNING_CONFIGS_PER_PAGE_MAX), SIGNING_CONFIGS_PER_PAGE_MAX)
    after = read_marker(request.get("Marker", ""))
    scope = (ctx.account, ctx.region)
    names = lambda_.records.names_with(scope, CODE_SIGNING, config.arn, after, limit + 1)
    result: shapes.ListFunctionsByCodeSigningConfigResult = {
        "FunctionArns": [FunctionName(*scope, name).arn for name in names[:limit]]
    }
    if len(names) > limit:
        result["NextMarker"] = new_marker(names[limit - 1])
    return result


async def put_function_code_signing_config(
    lambda_: Lambda, ctx: RequestContext, request: shapes.PutFunctionCodeSigningConfigRequest
) -> shapes.PutFunctionCodeSigningConfigResult:
    """Give a function a configuration.

    Raises:
        ResourceNotFoundException: no such function.
        CodeSigningConfigNotFoundException: there is none of this ARN.

    AWS: Lambda API Reference, PutFunctionCodeSigningConfig.
    """
    named = _function(lambda_, ctx, request["FunctionName"])
    arn = request["CodeSigningConfigArn"]
    check_signing_config(lambda_, ctx, arn)
    lambda_.records.put(named, CODE_SIGNING, arn)
    return {"CodeSigningConfigArn": arn, "FunctionName": named.name}


async def get_function_code_signing_config(
    lambda_: Lambda, ctx: RequestContext, request: shapes.GetFunctionCodeSigningConfigRequest
) -> shapes.GetFunctionCodeSigningConfigResult:
    """The configuration of a function; an empty ARN where it has none.

    Raises:
        ResourceNotFoundException: no such function.

    AWS: Lambda API Reference, GetFunctionCodeSigningConfig.
    """
    named = _function(lambda_, ctx, request["FunctionName"])
    arn = lambda_.records.find(named, CODE_SIGNING)
    return {"CodeSigningConfigArn": arn, "FunctionName": named.name}


async def delete_function_code_signing_config(
    lambda_: Lambda, ctx: RequestContext, request: shapes.DeleteFunctionCodeSigningConfigRequest
) -> None:
    """Take the configuration from a function.

    Raises:
        ResourceNotFoundException: no such function.

    AWS: Lambda API Reference, DeleteFunctionCodeSigningConfig.
    """
    lambda_.records.delete(_function(lambda_, ctx, request["FunctionName"]), CODE_SIGNING)


def check_signing_config(lambda_: Lambda, ctx: RequestContext, arn: str) -> None:
    """Refuse a configuration that is not there.

    Raises:
        CodeSigningConfigNotFoundException: it is not.

    AWS: Lambda API Reference, CreateFunction (CodeSigningConfigArn).
    """
    try:
        _find(lambda_, ctx, arn)
    except ResourceNotFoundException as error:
        raise CodeSigningConfigNotFoundException(error.message) from None


def _function(lambda_: Lambda, ctx: RequestContext, text: str) -> FunctionName:
    named = parse_function_name(ctx, text)
    find_function(lambda_, named)
    return named


def _find(lambda_: Lambda, ctx: RequestContext, arn: str) -> SigningConfig:
    parsed = parse_arn(arn)
    config = None
    if parsed is not None and (parsed.account, parsed.region) == (ctx.account, ctx.region):
        id_ = parsed.resource.partition(":")[2]
        config = lambda_.records.find_signing(ctx.account, ctx.region, id_)
    if config is None:
        raise ResourceNotFoundException(
            f"The Lambda code signing configuration {arn} can not be found."
        )
    return config


def _policy(policies: shapes.CodeSigningPolicies | None, now: str) -> str:
    return now if policies is None else policies.get("UntrustedArtifactOnDeployment", now)


def _shown(config: SigningConfig) -> shapes.CodeSigningConfig:
    settings = config.settings
    return {
        "CodeSigningConfigId": config.id,
        "CodeSigningConfigArn": config.arn,
        "Description": settings.description,
        "AllowedPublishers": {"SigningProfileVersionArns": list(settings.publishers)},
        "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": settings.policy},
        "LastModified": last_modified(config.modified_at_ms),
    }
