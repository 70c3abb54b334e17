"""Operations on the concurrency of functions and of the account.

AWS: Lambda API Reference, PutFunctionConcurrency, GetFunctionConcurrency,
DeleteFunctionConcurrency, GetAccountSettings; Lambda Developer Guide, Understanding Lambda
function scaling.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamome.services.lambda_.concurrency.provisioned_concurrency import total_of
from kamome.services.lambda_.errors import InvalidParameterValueException
from kamome.services.lambda_.functions.function_names import (
    FunctionName,
    functions_only,
    parse_function_name,
)
from kamome.services.lambda_.invocation.running import find_function
from kamome.services.lambda_.limits import (
    CODE_STORAGE_BYTES_MAX,
    CODE_UNZIPPED_BYTES_MAX,
    CODE_ZIPPED_BYTES_MAX,
    CONCURRENT_EXECUTIONS,
    UNRESERVED_CONCURRENT_EXECUTIONS_MIN,
)

if TYPE_CHECKING:
    from kamome.context import RequestContext
    from kamome.services.lambda_ import shapes
    from kamome.services.lambda_.slice import Lambda


async def put_function_concurrency(
    lambda_: Lambda, ctx: RequestContext, request: shapes.PutFunctionConcurrencyRequest
) -> shapes.PutFunctionConcurrencyResult:
    """Reserve a part of the account's concurrency for a function; 0 stops the function.

    Invocations under way go on. 100 of the account's 1,000 stay for the functions without a
    reservation.

    Raises:
        ResourceNotFoundException: no such function.
        InvalidParameterValueException: the name carries a qualifier, fewer than 100 would stay,
            or more is provisioned for the function.

    AWS: Lambda API Reference, PutFunctionConcurrency.
    """
    named = _unqualified(lambda_, ctx, request["FunctionName"])
    reserved = request["ReservedConcurrentExecutions"]
    provisioned = total_of(lambda_.provisioned.of_account(ctx.account, ctx.region), named)
    if reserved < provisioned:
        raise InvalidParameterValueException(
            f"ReservedConcurrentExecutions  {reserved} should not be lower than function's total"
            f" provisioned concurrency [{provisioned}]."
        )
    others = _reserved_total(lambda_, ctx) - (lambda_.concurrency.reserved(named) or 0)
    if CONCURRENT_EXECUTIONS - others - reserved < UNRESERVED_CONCURRENT_EXECUTIONS_MIN:
        raise InvalidParameterValueException(
            "Specified ReservedConcurrentExecutions for function decreases account's"
            " UnreservedConcurrentExecution below its minimum value of"
            f" [{UNRESERVED_CONCURRENT_EXECUTIONS_MIN}]."
        )
    lambda_.concurrency.reserve(named, reserved)
    return {"ReservedConcurrentExecutions": reserved}


async def get_function_concurrency(
    lambda_: Lambda, ctx: RequestContext, request: shapes.GetFunctionConcurrencyRequest
) -> shapes.GetFunctionConcurrencyResult:
    """What is reserved for a function; an empty answer where nothing is.

    Raises:
        ResourceNotFoundException: no such function.
        InvalidParameterValueException: the name carries a qualifier.

    AWS: Lambda API Reference, GetFunctionConcurrency.
    """
    reserved = lambda_.concurrency.reserved(_unqualified(lambda_, ctx, request["FunctionName"]))
    return {} if reserved is None else {"ReservedConcurrentExecutions": reserved}


async def delete_function_concurrency(
    lambda_: Lambda, ctx: RequestContext, request: shapes.DeleteFunctionConcurrencyRequest
) -> None:
    """The function shares the account's pool again.

    Raises:
        ResourceNotFoundException: no such function.
        InvalidParameterValueException: the name carries a qualifier.

    AWS: Lambda API Reference, DeleteFunctionConcurrency.
    """
    lambda_.concurrency.release(_unqualified(lambda_, ctx, request["FunctionName"]))


async def get_account_settings(
    lambda_: Lambda, ctx: RequestContext, _request: shapes.GetAccountSettingsRequest
) -> shapes.GetAccountSettingsResult:
    """The account's limits and what it uses of them in the Region.

    AWS: Lambda API Reference, GetAccountSettings.
    """
    return {
        "AccountLimit": {
            "TotalCodeSize": CODE_STORAGE_BYTES_MAX,
            "CodeSizeUnzipped": CODE_UNZIPPED_BYTES_MAX,
            "CodeSizeZipped": CODE_ZIPPED_BYTES_MAX,
            "ConcurrentExecutions": CONCURRENT_EXECUTIONS,
            "UnreservedConcurrentExecutions": CONCURRENT_EXECUTIONS - _reserved_total(lambda_, ctx),
        },
        "AccountUsage": {
            "TotalCodeSize": lambda_.store.code_bytes_stored(ctx.account, ctx.region),
            "FunctionCount": lambda_.store.count_functions(ctx.account, ctx.region),
        },
    }


def _unqualified(lambda_: Lambda, ctx: RequestContext, text: str) -> FunctionName:
    named = parse_function_name(ctx, text)
    if named.qualifier:
        raise functions_only()
    find_function(lambda_, named)
    return named


def _reserved_total(lambda_: Lambda, ctx: RequestContext) -> int:
    return lambda_.concurrency.reserved_total(ctx.account, ctx.region)
