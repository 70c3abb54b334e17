"""STS's operations.

AWS: STS API Reference, Actions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from kamome.context import RequestContext
from kamome.protocols.model import Violation, constraint_sentence
from kamome.services import Operation
from kamome.services.sts.callers import user_id
from kamome.services.sts.errors import ValidationError
from kamome.services.sts.slice import Sts

if TYPE_CHECKING:
    from kamome.services.sts import shapes


async def get_caller_identity(
    _sts: Sts, ctx: RequestContext, _request: shapes.GetCallerIdentityRequest
) -> shapes.GetCallerIdentityResult:
    """Account, ARN and unique id of whoever signed the request. Needs no permission.

    AWS: STS API Reference, GetCallerIdentity.
    """
    return {
        "UserId": user_id(ctx.principal, ctx.account),
        "Account": ctx.account,
        "Arn": ctx.principal,
    }


OPERATIONS: Mapping[str, Operation] = MappingProxyType({"GetCallerIdentity": get_caller_identity})


def violation(violations: Sequence[Violation]) -> ValidationError:
    """STS's sentence for members that do not keep to the model's constraints.

    AWS: STS API Reference, Common Errors (ValidationError).
    """
    return ValidationError(constraint_sentence(tuple(violations)))


def resource_of(_request: Mapping[str, object]) -> str:
    """STS's requests are about the caller, not about a resource.

    AWS: STS API Reference, GetCallerIdentity.
    """
    return ""
