"""Secrets as Parameter Store refers to them.

AWS: Systems Manager User Guide, Referencing AWS Secrets Manager secrets from Parameter Store
parameters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kamome.services.secretsmanager.errors import InvalidRequestException
from kamome.services.secretsmanager.values import get_secret_value
from kamome.services.secretsmanager.versions import find_secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamome.context import RequestContext
    from kamome.services.secretsmanager import shapes
    from kamome.services.secretsmanager.slice import Secrets


class Referred(NamedTuple):
    """A secret's value, and all that GetSecretValue says of it, as it is in JSON."""

    arn: str
    value: str
    created_at_s: float
    document: Mapping[str, object]


async def secret_of_reference(
    slice_: Secrets, ctx: RequestContext, name: str, selector: str
) -> Referred:
    """The current value of a secret, or that of the version with a label or id.

    Raises:
        InvalidRequestException: the secret is binary.
        AwsError: as GetSecretValue.

    AWS: Systems Manager User Guide, Referencing AWS Secrets Manager secrets.
    """
    request: shapes.GetSecretValueRequest = {"SecretId": name}
    if selector:
        secret = find_secret(slice_, ctx, name)
        if selector in slice_.store.stages(secret.name):
            request["VersionStage"] = selector
        else:
            request["VersionId"] = selector
    found = await get_secret_value(slice_, ctx, request)
    if "SecretString" not in found:
        raise InvalidRequestException("The secret is binary: a parameter can't have it.")
    return Referred(found["ARN"], found["SecretString"], found["CreatedDate"], {**found})
