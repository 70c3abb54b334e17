"""Operations on the policies of layer versions, by which other accounts may use them.

AWS: Lambda API Reference, AddLayerVersionPermission, GetLayerVersionPolicy,
RemoveLayerVersionPermission; Lambda Developer Guide, Sharing layers with other accounts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from kamome.services.lambda_.errors import ResourceNotFoundException
from kamome.services.lambda_.functions.function_configuration import check_revision
from kamome.services.lambda_.layers.layers import find_layer, key_of
from kamome.services.lambda_.permissions.policies import (
    layer_statement,
    policy_document,
    with_statement,
    without_statement,
)

if TYPE_CHECKING:
    from kamome.context import RequestContext
    from kamome.services.lambda_ import shapes
    from kamome.services.lambda_.slice import Lambda


async def add_layer_version_permission(
    lambda_: Lambda, ctx: RequestContext, request: shapes.AddLayerVersionPermissionRequest
) -> shapes.AddLayerVersionPermissionResult:
    """Let another account, or all of them, use a layer version.

    Raises:
        ResourceNotFoundException: no such layer version.
        ResourceConflictException: the statement id is taken.
        PolicyLengthExceededException: the policy would pass 20 KB.
        PreconditionFailedException: RevisionId is not the policy's latest.

    AWS: Lambda API Reference, AddLayerVersionPermission.
    """
    layer = find_layer(lambda_, ctx, request["LayerName"], request["VersionNumber"])
    statements, revision_id = lambda_.records.layer_policy(key_of(layer))
    check_revision(request.get("RevisionId"), revision_id)
    statement = layer_statement(request, layer.arn)
    revision_id = lambda_.ids.uuid()
    grown = with_statement(statements, statement)
    lambda_.records.set_layer_policy(key_of(layer), grown, revision_id)
    return {"Statement": orjson.dumps(statement).decode(), "RevisionId": revision_id}


async def get_layer_version_policy(
    lambda_: Lambda, ctx: RequestContext, request: shapes.GetLayerVersionPolicyRequest
) -> shapes.GetLayerVersionPolicyResult:
    """The policy of a layer version.

    Raises:
        ResourceNotFoundException: no such layer version, or it has no policy.

    AWS: Lambda API Reference, GetLayerVersionPolicy.
    """
    layer = find_layer(lambda_, ctx, request["LayerName"], request["VersionNumber"])
    statements, revision_id = lambda_.records.layer_policy(key_of(layer))
    if not statements:
        raise ResourceNotFoundException("No policy is associated with the given resource.")
    return {"Policy": policy_document(statements), "RevisionId": revision_id}


async def remove_layer_version_permission(
    lambda_: Lambda, ctx: RequestContext, request: shapes.RemoveLayerVersionPermissionRequest
) -> None:
    """Take a statement out of a layer version's policy. Functions that have the layer keep it.

    Raises:
        ResourceNotFoundException: no such layer version, policy or statement.
        PreconditionFailedException: RevisionId is not the policy's latest.

    AWS: Lambda API Reference, RemoveLayerVersionPermission.
    """
    layer = find_layer(lambda_, ctx, request["LayerName"], request["VersionNumber"])
    statements, revision_id = lambda_.records.layer_policy(key_of(layer))
    if not statements:
        raise ResourceNotFoundException("No policy is associated with the given resource.")
    check_revision(request.get("RevisionId"), revision_id)
    left = without_statement(statements, request["StatementId"])
    lambda_.records.set_layer_policy(key_of(layer), left, lambda_.ids.uuid())
