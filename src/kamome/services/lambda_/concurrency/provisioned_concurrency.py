"""Operations on provisioned concurrency. `provisioning.py` keeps the instances.

AWS: Lambda API Reference, PutProvisionedConcurrencyConfig, GetProvisionedConcurrencyConfig,
ListProvisionedConcurrencyConfigs, DeleteProvisionedConcurrencyConfig; Lambda Developer Guide,
Configuring provisioned concurrency for a function.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kamome.services.lambda_.concurrency.provisioned_store import Provisioned
from kamome.services.lambda_.concurrency.provisioning import provide, release, status_of
from kamome.services.lambda_.errors import (
    InvalidParameterValueException,
    ProvisionedConcurrencyConfigNotFoundException,
)
from kamome.services.lambda_.functions.function_configuration import last_modified
from kamome.services.lambda_.functions.function_names import (
    LATEST,
    FunctionName,
    parse_function_name,
)
from kamome.services.lambda_.invocation.running import find_function
from kamome.services.lambda_.limits import (
    CONCURRENT_EXECUTIONS,
    PROVISIONED_PER_PAGE_MAX,
    UNRESERVED_CONCURRENT_EXECUTIONS_MIN,
)
from kamome.services.lambda_.markers import new_marker, read_marker

if TYPE_CHECKING:
    from kamome.context import RequestContext
    from kamome.services.lambda_ import shapes
    from kamome.services.lambda_.slice import Lambda


async def put_provisioned_concurrency_config(
    lambda_: Lambda, ctx: RequestContext, request: shapes.PutProvisionedConcurrencyConfigRequest
) -> shapes.PutProvisionedConcurrencyConfigResult:
    """Keep instances of a version or an alias warm. The answer shows it IN_PROGRESS.

    Raises:
        ResourceNotFoundException: no such function, version or alias.
        InvalidParameterValueException: it is $LATEST, or neither the function's reserved
            concurrency nor the account's unreserved one has so much left.

    AWS: Lambda API Reference, PutProvisionedConcurrencyConfig.
    """
    named = _qualified(lambda_, ctx, request["FunctionName"], request["Qualifier"])
    requested = request["ProvisionedConcurrentExecutions"]
    _check_room(lambda_, named, requested)
    config = Provisioned(named, requested, lambda_.clock.now_ms())
    with lambda_.engine.atomic():
        lambda_.provisioned.put(config)
    provide(lambda_, config)
    return {
        "RequestedProvisionedConcurrentExecutions": requested,
        "AllocatedProvisionedConcurrentExecutions": 0,
        "AvailableProvisionedConcurrentExecutions": 0,
        "Status": "IN_PROGRESS",
        "LastModified": last_modified(config.modified_at_ms),
    }


async def get_provisioned_concurrency_config(
    lambda_: Lambda, ctx: RequestContext, request: shapes.GetProvisionedConcurrencyConfigRequest
) -> shapes.GetProvisionedConcurrencyConfigResult:
    """How far it has come.

    Raises:
        ResourceNotFoundException: no such function, version or alias.
        ProvisionedConcurrencyConfigNotFoundException: nothing is provisioned for it.

    AWS: Lambda API Reference, GetProvisionedConcurrencyConfig.
    """
    named = _qualified(lambda_, ctx, request["FunctionName"], request["Qualifier"])
    return _shown(lambda_, _find(lambda_, named))


async def list_provisioned_concurrency_configs(
    lambda_: Lambda, ctx: RequestContext, request: shapes.ListProvisionedConcurrencyConfigsRequest
) -> shapes.ListProvisionedConcurrencyConfigsResult:
    """What is provisioned for the versions and aliases of a function.

    Raises:
        ResourceNotFoundException: no such function.
        InvalidParameterValueException: the Marker is not one that was given out.

    AWS: Lambda API Reference, ListProvisionedConcurrencyConfigs.
    """
    named = parse_function_name(ctx, request["FunctionName"])
    find_function(lambda_, named)
    limit = min(request.get("MaxItems", PROVISIONED_PER_PAGE_MAX), PROVISIONED_PER_PAGE_MAX)
    found = lambda_.provisioned.page(named, read_marker(request.get("Marker", "")), limit + 1)
    items: list[shapes.ProvisionedConcurrencyConfigListItem] = [
        {"FunctionArn": one.named.qualified_arn, **_shown(lambda_, one)} for one in found[:limit]
    ]
    result: shapes.ListProvisionedConcurrencyConfigsResult = {
        "ProvisionedConcurrencyConfigs": items
    }
    if len(found) > limit:
        result["NextMarker"] = new_marker(found[limit - 1].named.qualifier)
    return result


async def delete_provisioned_concurrency_config(
    lambda_: Lambda, ctx: RequestContext, request: shapes.DeleteProvisionedConcurrencyConfigRequest
) -> None:
    """Keep no more instances than are used.

    Raises:
        ResourceNotFoundException: no such function, version or alias.
        ProvisionedConcurrencyConfigNotFoundException: nothing is provisioned for it.

    AWS: Lambda API Reference, DeleteProvisionedConcurrencyConfig.
    """
    named = _qualified(lambda_, ctx, request["FunctionName"], request["Qualifier"])
    _find(lambda_, named)
    lambda_.provisioned.delete(named)
    release(lambda_, named)


def total_of(configs: Sequence[Provisioned], named: FunctionName) -> int:
    """What is provisioned for all versions and aliases of a function.

    AWS: Lambda Developer Guide, Configuring provisioned concurrency for a function.
    """
    return sum(one.requested for one in configs if one.named.arn == named.arn)


def _shown(lambda_: Lambda, config: Provisioned) -> shapes.GetProvisionedConcurrencyConfigResult:
    status, reason = status_of(lambda_, config)
    allocated = config.requested if status == "READY" else 0
    used = lambda_.admission.under_way(config.named)
    shown: shapes.GetProvisionedConcurrencyConfigResult = {
        "RequestedProvisionedConcurrentExecutions": config.requested,
        "AllocatedProvisionedConcurrentExecutions": allocated,
        "AvailableProvisionedConcurrentExecutions": max(allocated - used, 0),
        "Status": status,
        "LastModified": last_modified(config.modified_at_ms),
    }
    if reason:
        shown["StatusReason"] = reason
    return shown


def _check_room(lambda_: Lambda, named: FunctionName, requested: int) -> None:
    configs = [
        one
        for one in lambda_.provisioned.of_account(named.account, named.region)
        if one.named != named
    ]
    own = total_of(configs, named) + requested
    reserved = lambda_.concurrency.reserved(named)
    if reserved is not None:
        if own > reserved:
            raise InvalidParameterValueException(
                "Requested Provisioned Concurrency should not be greater than the"
                " reservedConcurrentExecution for function"
            )
        return
    others = sum(
        one.requested
        for one in configs
        if one.named.arn != named.arn and lambda_.concurrency.reserved(one.named) is None
    )
    unreserved = CONCURRENT_EXECUTIONS - lambda_.concurrency.reserved_total(
        named.account, named.region
    )
    if unreserved - others - own < UNRESERVED_CONCURRENT_EXECUTIONS_MIN:
        raise InvalidParameterValueException(
            "Specified ConcurrentExecutions for function decreases account's"
            " UnreservedConcurrentExecution below its minimum value of"
            f" [{UNRESERVED_CONCURRENT_EXECUTIONS_MIN}]."
        )


def _find(lambda_: Lambda, named: FunctionName) -> Provisioned:
    config = lambda_.provisioned.find(named)
    if config is None:
        raise ProvisionedConcurrencyConfigNotFoundException(
            "No Provisioned Concurrency Config found for this function"
        )
    return config


def _qualified(lambda_: Lambda, ctx: RequestContext, text: str, qualifier: str) -> FunctionName:
    named = parse_function_name(ctx, text, qualifier)
    if named.qualifier in {"", LATEST}:
        raise InvalidParameterValueException(
            "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
        )
    find_function(lambda_, named)
    return named
