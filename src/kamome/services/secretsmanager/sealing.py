"""Values on the disk: AES-256-GCM under a data key of KMS, a new one for each version.

A sealed value is the length of the encrypted data key in four octets, the encrypted data key, a
nonce of twelve octets, and the ciphertext with its tag. The context is what AWS uses.

AWS: Secrets Manager User Guide, Secret encryption and decryption in AWS Secrets Manager.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamome.errors import AwsError, OperationNotServed
from kamome.services.secretsmanager.errors import DecryptionFailure, EncryptionFailure

if TYPE_CHECKING:
    from kamome.context import RequestContext
    from kamome.services.secretsmanager.slice import Secrets
    from kamome.services.secretsmanager.store import Secret, Version

# The key that AWS keeps for Secrets Manager in each account and Region.
DEFAULT_KEY = "alias/aws/secretsmanager"
_LENGTH_BYTES = 4
_NONCE_BYTES = 12


def sealed(
    slice_: Secrets, ctx: RequestContext, secret: Secret, version_id: str, value: bytes
) -> tuple[str, bytes]:
    """The ARN of the KMS key and the sealed value.

    Raises:
        EncryptionFailure: KMS refuses the key.

    AWS: User Guide, Secret encryption and decryption in AWS Secrets Manager.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    key_id = secret.kms_key_id or DEFAULT_KEY
    try:
        key = slice_.ports.data_key(ctx, key_id, _context(secret.arn, version_id))
    except AwsError as error:
        if isinstance(error, OperationNotServed) or error.fault == "Receiver":
            raise
        raise EncryptionFailure(
            f"Secrets Manager can't encrypt the secret with the key {key_id}: {error.code}:"
            f" {error.message}"
        ) from error
    nonce = slice_.ids.bytes(_NONCE_BYTES)
    ciphertext = AESGCM(key.plaintext).encrypt(nonce, value, None)
    length = len(key.ciphertext).to_bytes(_LENGTH_BYTES, "big")
    return key.key_arn, length + key.ciphertext + nonce + ciphertext


def opened(slice_: Secrets, ctx: RequestContext, secret: Secret, version: Version) -> bytes:
    """The value of a version.

    Raises:
        DecryptionFailure: KMS refuses the key, or the value is not what was written.

    AWS: User Guide, Secret encryption and decryption in AWS Secrets Manager.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    end = _LENGTH_BYTES + int.from_bytes(version.value[:_LENGTH_BYTES], "big")
    encrypted_key = version.value[_LENGTH_BYTES:end]
    nonce, ciphertext = version.value[end : end + _NONCE_BYTES], version.value[end + _NONCE_BYTES :]
    context = _context(secret.arn, version.version_id)
    try:
        return AESGCM(slice_.ports.decrypt(ctx, encrypted_key, context)).decrypt(
            nonce, ciphertext, None
        )
    except InvalidTag:
        raise DecryptionFailure("The secret's value is not what was written.") from None
    except AwsError as error:
        if isinstance(error, OperationNotServed) or error.fault == "Receiver":
            raise
        raise DecryptionFailure(
            f"Secrets Manager can't decrypt the secret with the key {version.key_arn}:"
            f" {error.code}: {error.message}"
        ) from error


def _context(arn: str, version_id: str) -> dict[str, str]:
    return {"SecretARN": arn, "SecretVersionId": version_id}
