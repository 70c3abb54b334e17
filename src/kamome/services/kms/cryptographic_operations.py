"""Encrypt, Decrypt, ReEncrypt, GenerateRandom.

AWS: KMS API Reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamome.errors import OperationNotServed
from kamome.services.kms import ciphertexts, data_keys, keys, oaep
from kamome.services.kms.errors import (
    CustomKeyStoreNotFoundException,
    DryRunOperationException,
    IncorrectKeyException,
    ValidationException,
)
from kamome.services.kms.key_specs import ENCRYPT_DECRYPT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kamome.context import RequestContext
    from kamome.services.kms import shapes
    from kamome.services.kms.data_keys import Decrypted
    from kamome.services.kms.slice import Kms
    from kamome.services.kms.store import Key

_SYMMETRIC = "SYMMETRIC_DEFAULT"


async def encrypt(
    kms: Kms, ctx: RequestContext, request: shapes.EncryptRequest
) -> shapes.EncryptResult:
    """Encrypt up to 4,096 octets under a key; RSA keys take less, by their size.

    Raises:
        NotFoundException, InvalidArnException, AccessDeniedException: no such key for the caller.
        DisabledException, KMSInvalidStateException, InvalidKeyUsageException: not with this key.
        ValidationException: the plaintext is too long for RSA, or the context too large.
        DryRunOperationException: it would have worked.

    AWS: KMS API Reference, Encrypt.
    """
    key = keys.find(kms, ctx, request["KeyId"])
    algorithm = _algorithm(key, request.get("EncryptionAlgorithm"), "Encrypt")
    context = request.get("EncryptionContext", {})
    sealed = _sealed(kms, key, request["Plaintext"], (algorithm, context))
    check_dry_run(request)
    return {"CiphertextBlob": sealed, "KeyId": key.arn, "EncryptionAlgorithm": algorithm}


async def decrypt(
    kms: Kms, ctx: RequestContext, request: shapes.DecryptRequest
) -> shapes.DecryptResult:
    """Decrypt what a key has encrypted. A symmetric ciphertext tells its key itself.

    Raises:
        InvalidCiphertextException: the ciphertext or its context is not what it was.
        IncorrectKeyException: it was made with another key than the one named.
        NotFoundException, InvalidArnException, AccessDeniedException: no such key for the caller.
        DisabledException, KMSInvalidStateException, InvalidKeyUsageException: not with this key.
        ValidationException: RSA needs the key to be named.
        DryRunOperationException: it would have worked.

    AWS: KMS API Reference, Decrypt.
    """
    refuse_recipient(request)
    algorithm = request.get("EncryptionAlgorithm", _SYMMETRIC)
    if _ignores_ciphertext(request, request.get("DryRunModifiers", ())):
        _check_dry_run_of_key(kms, ctx, request.get("KeyId"), algorithm)
    ciphertext = _ciphertext(request)
    context = request.get("EncryptionContext", {})
    opened = _opened(kms, ctx, request.get("KeyId"), ciphertext, (algorithm, context))
    check_dry_run(request)
    result: shapes.DecryptResult = {
        "KeyId": opened.key.arn,
        "Plaintext": opened.plaintext,
        "EncryptionAlgorithm": algorithm,
    }
    if opened.material_id:
        result["KeyMaterialId"] = opened.material_id
    return result


async def re_encrypt(
    kms: Kms, ctx: RequestContext, request: shapes.ReEncryptRequest
) -> shapes.ReEncryptResult:
    """Decrypt under one key and encrypt under another, or under another context.

    Raises:
        AwsError: as Decrypt for the source, as Encrypt for the destination.

    AWS: KMS API Reference, ReEncrypt.
    """
    source_algorithm = request.get("SourceEncryptionAlgorithm", _SYMMETRIC)
    destination = keys.find(kms, ctx, request["DestinationKeyId"])
    algorithm = _algorithm(destination, request.get("DestinationEncryptionAlgorithm"), "ReEncrypt")
    if _ignores_ciphertext(request, request.get("DryRunModifiers", ())):
        _check_dry_run_of_key(kms, ctx, request.get("SourceKeyId"), source_algorithm)
    source = (source_algorithm, request.get("SourceEncryptionContext", {}))
    opened = _opened(kms, ctx, request.get("SourceKeyId"), _ciphertext(request), source)
    context = request.get("DestinationEncryptionContext", {})
    sealed = _sealed(kms, destination, opened.plaintext, (algorithm, context))
    check_dry_run(request)
    result: shapes.ReEncryptResult = {
        "CiphertextBlob": sealed,
        "SourceKeyId": opened.key.arn,
        "KeyId": destination.arn,
        "SourceEncryptionAlgorithm": source_algorithm,
        "DestinationEncryptionAlgorithm": algorithm,
    }
    if opened.material_id:
        result["SourceKeyMaterialId"] = opened.material_id
    if destination.is_symmetric:
        result["DestinationKeyMaterialId"] = destination.material_id
    return result


async def generate_random(
    kms: Kms, _ctx: RequestContext, request: shapes.GenerateRandomRequest
) -> shapes.GenerateRandomResult:
    """1 to 1,024 random octets.

    Raises:
        ValidationException: their number is not given.
        CustomKeyStoreNotFoundException: a custom key store is named; there are none here.

    AWS: KMS API Reference, GenerateRandom.
    """
    refuse_recipient(request)
    if "CustomKeyStoreId" in request:
        raise CustomKeyStoreNotFoundException(
            f"Custom key store {request['CustomKeyStoreId']} is not found."
        )
    if "NumberOfBytes" not in request:
        raise missing("numberOfBytes")
    return {"Plaintext": kms.ids.bytes(request["NumberOfBytes"])}


def check_dry_run(request: Mapping[str, object]) -> None:
    """The last step before an answer: whether the caller only wanted to know if there would be one.

    Raises:
        DryRunOperationException: that is so.

    AWS: KMS Developer Guide, Testing your AWS KMS API calls.
    """
    if request.get("DryRun"):
        raise DryRunOperationException(
            "The request would have succeeded, but the DryRun option is set."
        )


def refuse_recipient(request: Mapping[str, object]) -> None:
    """Answers for Nitro enclaves.

    Raises:
        OperationNotServed: one is asked for.

    AWS: KMS API Reference, RecipientInfo.
    """
    if "Recipient" in request:
        raise OperationNotServed("Recipient (AWS Nitro Enclaves) is not served by Kamome.")


def missing(member: str) -> ValidationException:
    """The refusal of a request without a member that it needs.

    AWS: KMS API Reference, Common Errors (ValidationException).
    """
    return ValidationException(
        f"1 validation error detected: Value null at '{member}' failed to satisfy constraint:"
        " Member must not be null"
    )


def _algorithm(key: Key, asked: str | None, operation: str) -> str:
    keys.check_usage(key, ENCRYPT_DECRYPT, operation)
    return keys.algorithm_of(key, asked, _SYMMETRIC)


def _sealed(kms: Kms, key: Key, plaintext: bytes, way: tuple[str, Mapping[str, str]]) -> bytes:
    algorithm, context = way
    if algorithm == _SYMMETRIC:
        return data_keys.encrypt_with(kms, key, plaintext, context)
    _refuse_context(context)
    return oaep.encrypt(keys.material_of(kms, key), algorithm, plaintext, key.key_spec)


def _opened(
    kms: Kms,
    ctx: RequestContext,
    key_id: str | None,
    ciphertext: bytes,
    way: tuple[str, Mapping[str, str]],
) -> Decrypted:
    algorithm, context = way
    if algorithm == _SYMMETRIC:
        _check_named_key(kms, ctx, key_id, ciphertext)
        return data_keys.open_ciphertext(kms, ctx, ciphertext, context)
    if key_id is None:
        raise missing("keyId")
    _refuse_context(context)
    key = keys.find(kms, ctx, key_id)
    _algorithm(key, algorithm, "Decrypt")
    plaintext = oaep.decrypt(keys.material_of(kms, key), algorithm, ciphertext)
    return data_keys.Decrypted(key, "", plaintext)


def _check_named_key(kms: Kms, ctx: RequestContext, key_id: str | None, ciphertext: bytes) -> None:
    """A symmetric ciphertext needs no key to be named, but keeps to the one that is."""
    if key_id is None:
        return
    key = keys.find(kms, ctx, key_id)
    _algorithm(key, _SYMMETRIC, "Decrypt")
    if data_keys.key_name(ciphertexts.read_header(ciphertext), ctx) != key.name:
        raise IncorrectKeyException(
            "The key ID in the request does not identify a CMK that can perform this operation."
        )


def _refuse_context(context: Mapping[str, str]) -> None:
    if context:
        raise ValidationException(
            "An encryption context is for symmetric encryption keys: the algorithms of asymmetric"
            " keys have no additional authenticated data."
        )


def _ciphertext(request: Mapping[str, object]) -> bytes:
    ciphertext = request.get("CiphertextBlob")
    if ciphertext is None:
        raise missing("ciphertextBlob")
    assert isinstance(ciphertext, bytes)
    return ciphertext


def _ignores_ciphertext(request: Mapping[str, object], modifiers: Sequence[str]) -> bool:
    if modifiers and not request.get("DryRun"):
        raise ValidationException("DryRunModifiers need DryRun.")
    return "IGNORE_CIPHERTEXT" in modifiers


def _check_dry_run_of_key(
    kms: Kms, ctx: RequestContext, key_id: str | None, algorithm: str
) -> None:
    """A dry run without a ciphertext ends here, for better or worse."""
    if key_id is None:
        raise missing("keyId")
    _algorithm(keys.find(kms, ctx, key_id), algorithm, "Decrypt")
    check_dry_run({"DryRun": True})
