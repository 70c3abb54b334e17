"""Secrets of Secrets Manager as parameters: `/aws/reference/secretsmanager/NAME`.

AWS: Systems Manager User Guide, Referencing AWS Secrets Manager secrets from Parameter Store
parameters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from kamome.errors import AwsError, OperationNotServed
from kamome.services.ssm.errors import ParameterNotFound, ValidationException

if TYPE_CHECKING:
    from kamome.context import RequestContext
    from kamome.services.ssm import shapes
    from kamome.services.ssm.slice import Ssm

_REFERENCES = "/aws/reference/secretsmanager/"


def is_reference(name: str) -> bool:
    """Whether a parameter's name means a secret.

    AWS: User Guide, Referencing AWS Secrets Manager secrets.
    """
    return name.startswith(_REFERENCES)


async def referred_secret(
    ssm: Ssm, ctx: RequestContext, text: str, *, is_decrypted: bool
) -> shapes.Parameter:
    """The secret as a parameter: a SecureString with version 0.

    A label or a version id of the secret may stand behind a colon.

    Raises:
        ValidationException: it is not to be decrypted.
        ParameterNotFound: there is no such secret, or its value cannot be had.

    AWS: User Guide, Referencing AWS Secrets Manager secrets.
    """
    if not is_decrypted:
        raise ValidationException(
            "WithDecryption flag must be True for retrieving a Secret Manager secret."
        )
    name, _, selector = text.partition(":")
    try:
        secret = await ssm.ports.secret(ctx, name.removeprefix(_REFERENCES), selector)
    except OperationNotServed:
        raise
    except AwsError as error:
        raise ParameterNotFound(
            f"An error occurred ({error.code}) when referencing Secrets Manager: {error.message}"
        ) from error
    parameter: shapes.Parameter = {
        "Name": name,
        "Type": "SecureString",
        "Value": secret.value,
        "Version": 0,
        "SourceResult": orjson.dumps(secret.document).decode(),
        "LastModifiedDate": secret.created_at_s,
        "ARN": secret.arn,
        "DataType": "text",
    }
    if selector:
        parameter["Selector"] = f":{selector}"
    return parameter
