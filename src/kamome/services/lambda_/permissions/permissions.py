"""Operations on a function's resource-based policy.

AWS: Lambda API Reference, AddPermission, GetPolicy, RemovePermission.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from kamome.services.lambda_.errors import (
    InvalidParameterValueException,
    ResourceNotFoundException,
)
from kamome.services.lambda_.functions.function_configuration import check_revision
from kamome.services.lambda_.functions.function_names import (
    LATEST,
    FunctionName,
    parse_function_arn,
    parse_function_name,
)
from kamome.services.lambda_.invocation.running import find_function
from kamome.services.lambda_.permissions.policies import (
    allows_service,
    new_statement,
    policy_document,
    with_statement,
    without_statement,
)

if TYPE_CHECKING:
    from kamome.context import RequestContext
    from kamome.services.lambda_ import shapes
    from kamome.services.lambda_.slice import Lambda


async def add_permission(
    lambda_: Lambda, ctx: RequestContext, request: shapes.AddPermissionRequest
) -> shapes.AddPermissionResult:
    """Grant a principal the use of a function: one statement more in its policy.

    Raises:
        ResourceNotFoundException: no such function or version.
        ResourceConflictException: the statement id is taken.
        PolicyLengthExceededException: the policy would pass 20 KB.
        PreconditionFailedException: RevisionId is not the policy's latest.
        InvalidParameterValueException: the principal is none, or the qualifier is $LATEST.

    AWS: Lambda API Reference, AddPermission.
    """
    named = _named(lambda_, ctx, request["FunctionName"], request.get("Qualifier"))
    statements, revision_id = lambda_.store.find_policy(named)
    check_revision(request.get("RevisionId"), revision_id)
    statement = new_statement(request, named.qualified_arn)
    lambda_.store.set_policy(named, with_statement(statements, statement), lambda_.ids.uuid())
    return {"Statement": orjson.dumps(statement).decode()}


async def get_policy(
    lambda_: Lambda, ctx: RequestContext, request: shapes.GetPolicyRequest
) -> shapes.GetPolicyResult:
    """A function's resource-based policy.

    Raises:
        ResourceNotFoundException: no such function, or it has no policy.

    AWS: Lambda API Reference, GetPolicy.
    """
    named = _named(lambda_, ctx, request["FunctionName"], request.get("Qualifier"))
    statements, revision_id = lambda_.store.find_policy(named)
    if not statements:
        raise ResourceNotFoundException("The resource you requested does not exist.")
    return {"Policy": policy_document(statements), "RevisionId": revision_id}


async def remove_permission(
    lambda_: Lambda, ctx: RequestContext, request: shapes.RemovePermissionRequest
) -> None:
    """Take a statement out of a function's policy.

    Raises:
        ResourceNotFoundException: no such function, policy or statement.
        PreconditionFailedException: RevisionId is not the policy's latest.

    AWS: Lambda API Reference, RemovePermission.
    """
    named = _named(lambda_, ctx, request["FunctionName"], request.get("Qualifier"))
    statements, revision_id = lambda_.store.find_policy(named)
    if not statements:
        raise ResourceNotFoundException("No policy is associated with the given resource.")
    check_revision(request.get("RevisionId"), revision_id)
    left = without_statement(statements, request["StatementId"])
    lambda_.store.set_policy(named, left, lambda_.ids.uuid())


def may_invoke(
    lambda_: Lambda, function_arn: str, service: str, *, source_arn: str, source_account: str
) -> bool:
    """Whether the function's policy lets a service (`s3.amazonaws.com`) invoke it for a resource.

    AWS: Lambda Developer Guide, Granting Lambda function access to AWS services.
    """
    named = parse_function_arn(function_arn)
    if named is None:
        return False
    statements, _ = lambda_.store.find_policy(named)
    return allows_service(statements, service, source_arn=source_arn, source_account=source_account)


def _named(lambda_: Lambda, ctx: RequestContext, text: str, qualifier: str | None) -> FunctionName:
    named = parse_function_name(ctx, text, qualifier)
    if named.qualifier == LATEST:
        raise InvalidParameterValueException(
            "We currently do not support adding policies for $LATEST."
        )
    find_function(lambda_, named)
    return named
