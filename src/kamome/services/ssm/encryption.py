"""SecureString: values are encrypted by a KMS key, with the parameter's ARN as context.

AWS: KMS Developer Guide / Systems Manager User Guide, AWS KMS encryption for Parameter Store
SecureString parameters.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from kamome.errors import AwsError, OperationNotServed
from kamome.services.ssm.errors import InvalidKeyId

if TYPE_CHECKING:
    from collections.abc import Callable

    from kamome.context import RequestContext
    from kamome.services.ssm.names import ParameterName
    from kamome.services.ssm.slice import Ssm
    from kamome.services.ssm.store import Version

SECURE = "SecureString"
# The key that AWS keeps for Parameter Store in each account and Region.
DEFAULT_KEY = "alias/aws/ssm"


def sealed(ssm: Ssm, ctx: RequestContext, name: ParameterName, key_id: str, value: str) -> str:
    """The value as it is kept: Base64 of what KMS has made of it.

    Raises:
        InvalidKeyId: KMS refuses the key.

    AWS: Systems Manager User Guide, AWS KMS encryption for Parameter Store.
    """
    context = {"PARAMETER_ARN": name.arn}
    ciphertext = _asked(lambda: ssm.ports.encrypt(ctx, key_id, value.encode(), context), key_id)
    return base64.b64encode(ciphertext).decode()


def shown_value(ssm: Ssm, ctx: RequestContext, version: Version, *, is_decrypted: bool) -> str:
    """The value as an answer shows it: of a SecureString in Base64, unless it is to be decrypted.

    Raises:
        InvalidKeyId: KMS refuses the key.

    AWS: Systems Manager API Reference, GetParameter, WithDecryption.
    """
    if version.type != SECURE or not is_decrypted:
        return version.value
    context = {"PARAMETER_ARN": version.name.arn}
    ciphertext = base64.b64decode(version.value)
    plaintext = _asked(lambda: ssm.ports.decrypt(ctx, ciphertext, context), version.key_id)
    return plaintext.decode()


def _asked(call: Callable[[], bytes], key_id: str) -> bytes:
    try:
        return call()
    except OperationNotServed:
        raise
    except AwsError as error:
        if error.fault == "Receiver":
            raise
        raise InvalidKeyId(f"Invalid keyId {key_id}: {error.code}: {error.message}") from error
