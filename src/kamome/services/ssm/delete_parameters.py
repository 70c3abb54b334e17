"""DeleteParameter and DeleteParameters.

AWS: Systems Manager API Reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamome.services.ssm.errors import ParameterNotFound, ValidationException
from kamome.services.ssm.names import own_name

if TYPE_CHECKING:
    from kamome.context import RequestContext
    from kamome.services.ssm import shapes
    from kamome.services.ssm.slice import Ssm


async def delete_parameter(
    ssm: Ssm, ctx: RequestContext, request: shapes.DeleteParameterRequest
) -> shapes.DeleteParameterResult:
    """Delete a parameter with its versions, labels and tags. Durable on return.

    The name is free at once; AWS wants 30 seconds before it is used again.

    Raises:
        ParameterNotFound: there is none of that name.
        ValidationException: it cannot be a name.

    AWS: Systems Manager API Reference, DeleteParameter.
    """
    if not ssm.store.delete(own_name(ctx, request["Name"])):
        raise ParameterNotFound
    return {}


async def delete_parameters(
    ssm: Ssm, ctx: RequestContext, request: shapes.DeleteParametersRequest
) -> shapes.DeleteParametersResult:
    """Delete up to ten parameters; those that are not there are `InvalidParameters`.

    Durable on return.

    AWS: Systems Manager API Reference, DeleteParameters.
    """
    deleted: list[str] = []
    invalid: list[str] = []
    with ssm.store.atomic():
        for text in dict.fromkeys(request["Names"]):
            try:
                is_deleted = ssm.store.delete(own_name(ctx, text))
            except ValidationException:
                is_deleted = False
            (deleted if is_deleted else invalid).append(text)
    return {"DeletedParameters": deleted, "InvalidParameters": invalid}
