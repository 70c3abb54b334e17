"""Secrets as ECS names them in a container definition: an ARN, and behind it what of the secret.

`ARN:json-key:version-stage:version-id`, where each of the three may be empty.

AWS: ECS Developer Guide, Pass Secrets Manager secrets through Amazon ECS environment variables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from kamome.services.secretsmanager.errors import InvalidParameterException, InvalidRequestException
from kamome.services.secretsmanager.values import get_secret_value

if TYPE_CHECKING:
    from kamome.context import RequestContext
    from kamome.services.secretsmanager import shapes
    from kamome.services.secretsmanager.slice import Secrets

# The parts of a secret's ARN, and those that ECS puts behind it.
_ARN_PARTS = 7
_PARTS_MAX = 10


async def container_secret(slice_: Secrets, ctx: RequestContext, value_from: str) -> str:
    """The text that a container's variable is given: the whole secret, or a member of its JSON.

    Raises:
        InvalidParameterException: it is not written like that.
        InvalidRequestException: the secret is binary, no JSON object, or has no such member.
        AwsError: as GetSecretValue.

    AWS: ECS Developer Guide, Pass Secrets Manager secrets through Amazon ECS environment variables.
    """
    parts = value_from.split(":")
    if len(parts) not in (_ARN_PARTS, _PARTS_MAX):
        raise InvalidParameterException(f"{value_from} does not have three parts behind its ARN.")
    json_key, stage, version_id = parts[_ARN_PARTS:] or ("", "", "")
    request: shapes.GetSecretValueRequest = {"SecretId": ":".join(parts[:_ARN_PARTS])}
    if stage:
        request["VersionStage"] = stage
    if version_id:
        request["VersionId"] = version_id
    found = await get_secret_value(slice_, ctx, request)
    if "SecretString" not in found:
        raise InvalidRequestException("The secret is binary: a variable can't have it.")
    return _member(found["SecretString"], json_key) if json_key else found["SecretString"]


def _member(text: str, key: str) -> str:
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        document = None
    if not isinstance(document, dict) or key not in document:
        raise InvalidRequestException(
            f"retrieved secret from Secrets Manager did not contain json key {key}"
        )
    value = document[key]
    return value if isinstance(value, str) else orjson.dumps(value).decode()
