"""GenerateDataKey and its relatives.

AWS: KMS API Reference.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from kamome.services.kms import data_keys, keys
from kamome.services.kms.cryptographic_operations import check_dry_run, refuse_recipient
from kamome.services.kms.errors import ValidationException
from kamome.services.kms.key_specs import check_spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kamome.context import RequestContext
    from kamome.services.kms import shapes
    from kamome.services.kms.slice import Kms
    from kamome.services.kms.store import Key

_KEY_BYTES = {"AES_256": 32, "AES_128": 16}


class _Sealed(NamedTuple):
    key: Key
    plaintext: bytes
    ciphertext: bytes


async def generate_data_key(
    kms: Kms, ctx: RequestContext, request: shapes.GenerateDataKeyRequest
) -> shapes.GenerateDataKeyResult:
    """A random key for the caller's own use, in the clear and encrypted under a symmetric key.

    Raises:
        ValidationException: not exactly one of KeySpec and NumberOfBytes.
        NotFoundException, InvalidArnException, AccessDeniedException: no such key for the caller.
        DisabledException, KMSInvalidStateException, InvalidKeyUsageException: not with this key.
        DryRunOperationException: it would have worked.

    AWS: KMS API Reference, GenerateDataKey.
    """
    refuse_recipient(request)
    sealed = _sealed_octets(kms, ctx, request)
    return {
        "CiphertextBlob": sealed.ciphertext,
        "Plaintext": sealed.plaintext,
        "KeyId": sealed.key.arn,
        "KeyMaterialId": sealed.key.material_id,
    }


async def generate_data_key_without_plaintext(
    kms: Kms, ctx: RequestContext, request: shapes.GenerateDataKeyWithoutPlaintextRequest
) -> shapes.GenerateDataKeyWithoutPlaintextResult:
    """A random key, encrypted only: for somebody else to decrypt later.

    Raises:
        AwsError: as GenerateDataKey.

    AWS: KMS API Reference, GenerateDataKeyWithoutPlaintext.
    """
    sealed = _sealed_octets(kms, ctx, request)
    return {
        "CiphertextBlob": sealed.ciphertext,
        "KeyId": sealed.key.arn,
        "KeyMaterialId": sealed.key.material_id,
    }


async def generate_data_key_pair(
    kms: Kms, ctx: RequestContext, request: shapes.GenerateDataKeyPairRequest
) -> shapes.GenerateDataKeyPairResult:
    """A new pair for the caller's own use; its private key also encrypted under a symmetric key.

    Raises:
        UnsupportedOperationException: SM2, which is for AWS's China Regions.
        NotFoundException, InvalidArnException, AccessDeniedException: no such key for the caller.
        DisabledException, KMSInvalidStateException, InvalidKeyUsageException: not with this key.
        DryRunOperationException: it would have worked.

    AWS: KMS API Reference, GenerateDataKeyPair.
    """
    refuse_recipient(request)
    sealed, public = await _sealed_pair(kms, ctx, request)
    return {
        "PrivateKeyCiphertextBlob": sealed.ciphertext,
        "PrivateKeyPlaintext": sealed.plaintext,
        "PublicKey": public,
        "KeyId": sealed.key.arn,
        "KeyPairSpec": request["KeyPairSpec"],
        "KeyMaterialId": sealed.key.material_id,
    }


async def generate_data_key_pair_without_plaintext(
    kms: Kms, ctx: RequestContext, request: shapes.GenerateDataKeyPairWithoutPlaintextRequest
) -> shapes.GenerateDataKeyPairWithoutPlaintextResult:
    """A new pair whose private key leaves only encrypted.

    Raises:
        AwsError: as GenerateDataKeyPair.

    AWS: KMS API Reference, GenerateDataKeyPairWithoutPlaintext.
    """
    sealed, public = await _sealed_pair(kms, ctx, request)
    return {
        "PrivateKeyCiphertextBlob": sealed.ciphertext,
        "PublicKey": public,
        "KeyId": sealed.key.arn,
        "KeyPairSpec": request["KeyPairSpec"],
        "KeyMaterialId": sealed.key.material_id,
    }


def _sealed_octets(
    kms: Kms,
    ctx: RequestContext,
    request: shapes.GenerateDataKeyRequest | shapes.GenerateDataKeyWithoutPlaintextRequest,
) -> _Sealed:
    key = keys.find(kms, ctx, request["KeyId"])
    data_keys.check_symmetric_use(key, "GenerateDataKey")
    if ("KeySpec" in request) == ("NumberOfBytes" in request):
        raise ValidationException("Please specify either number of bytes or key spec.")
    octets = _KEY_BYTES[request["KeySpec"]] if "KeySpec" in request else request["NumberOfBytes"]
    plaintext = kms.ids.bytes(octets)
    return _seal(kms, key, plaintext, request)


async def _sealed_pair(
    kms: Kms,
    ctx: RequestContext,
    request: shapes.GenerateDataKeyPairRequest | shapes.GenerateDataKeyPairWithoutPlaintextRequest,
) -> tuple[_Sealed, bytes]:
    from kamome.services.kms.materials import new_pair, public_part

    check_spec(request["KeyPairSpec"])
    data_keys.check_symmetric_use(keys.find(kms, ctx, request["KeyId"]), "GenerateDataKeyPair")
    pair = await asyncio.to_thread(new_pair, request["KeyPairSpec"])
    # While the pair was made, the key may have been disabled, deleted, rotated.
    key = keys.find(kms, ctx, request["KeyId"])
    data_keys.check_symmetric_use(key, "GenerateDataKeyPair")
    return _seal(kms, key, pair, request), public_part(pair)


def _seal(kms: Kms, key: Key, plaintext: bytes, request: Mapping[str, object]) -> _Sealed:
    context = request.get("EncryptionContext", {})
    assert isinstance(context, dict)
    ciphertext = data_keys.encrypt_with(kms, key, plaintext, context)
    check_dry_run(request)
    return _Sealed(key, plaintext, ciphertext)
