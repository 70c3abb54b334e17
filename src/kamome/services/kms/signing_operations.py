"""Operations on asymmetric and HMAC keys: Sign, Verify, GetPublicKey, MACs, shared secrets.

AWS: KMS API Reference.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from kamome.services.kms import keys, shared_secrets, signatures
from kamome.services.kms.cryptographic_operations import check_dry_run, refuse_recipient
from kamome.services.kms.errors import KMSInvalidMacException, UnsupportedOperationException
from kamome.services.kms.key_specs import (
    ALGORITHM_MEMBERS,
    ENCAPSULATE_DECAPSULATE,
    GENERATE_VERIFY_MAC,
    KEY_AGREEMENT,
    SIGN_VERIFY,
    Kind,
    is_asymmetric,
)
from kamome.services.kms.materials import public_part

if TYPE_CHECKING:
    from kamome.context import RequestContext
    from kamome.services.kms import shapes
    from kamome.services.kms.slice import Kms


async def get_public_key(
    kms: Kms, ctx: RequestContext, request: shapes.GetPublicKeyRequest
) -> shapes.GetPublicKeyResult:
    """The public key of a pair, as SubjectPublicKeyInfo in DER.

    Raises:
        NotFoundException, InvalidArnException, AccessDeniedException: no such key for the caller.
        UnsupportedOperationException: it is no pair.
        DisabledException, KMSInvalidStateException: not in its state.

    AWS: KMS API Reference, GetPublicKey.
    """
    key = keys.find(kms, ctx, request["KeyId"])
    if not is_asymmetric(key.key_spec):
        raise UnsupportedOperationException(f"{key.arn} is not an asymmetric key.")
    keys.check_usable(key)
    shown: shapes.GetPublicKeyResult = {
        "KeyId": key.arn,
        "PublicKey": public_part(keys.material_of(kms, key)),
        "CustomerMasterKeySpec": key.key_spec,
        "KeySpec": key.key_spec,
        "KeyUsage": key.key_usage,
    }
    algorithms = list(Kind(key.key_spec, key.key_usage).algorithms)
    shown[ALGORITHM_MEMBERS[key.key_usage]] = algorithms  # type: ignore[literal-required] # one of five members
    return shown


async def sign(kms: Kms, ctx: RequestContext, request: shapes.SignRequest) -> shapes.SignResult:
    """Sign a message of up to 4,096 octets, or the digest of one.

    Raises:
        NotFoundException, InvalidArnException, AccessDeniedException: no such key for the caller.
        DisabledException, KMSInvalidStateException, InvalidKeyUsageException: not with this key.
        ValidationException: message type and algorithm do not fit, or the digest's length.
        DryRunOperationException: it would have worked.

    AWS: KMS API Reference, Sign.
    """
    key = keys.find(kms, ctx, request["KeyId"])
    keys.check_usage(key, SIGN_VERIFY, "Sign")
    algorithm = keys.algorithm_of(key, request["SigningAlgorithm"], "")
    message_type = request.get("MessageType", "RAW")
    signatures.check_message(algorithm, message_type, request["Message"])
    check_dry_run(request)
    material = keys.material_of(kms, key)
    signature = signatures.sign(material, algorithm, message_type, request["Message"])
    return {"KeyId": key.arn, "Signature": signature, "SigningAlgorithm": algorithm}


async def verify(
    kms: Kms, ctx: RequestContext, request: shapes.VerifyRequest
) -> shapes.VerifyResult:
    """Whether a signature is a key's. One that is not is an error.

    Raises:
        KMSInvalidSignatureException: it is not.
        AwsError: as Sign.

    AWS: KMS API Reference, Verify.
    """
    key = keys.find(kms, ctx, request["KeyId"])
    keys.check_usage(key, SIGN_VERIFY, "Verify")
    algorithm = keys.algorithm_of(key, request["SigningAlgorithm"], "")
    message_type = request.get("MessageType", "RAW")
    message = request["Message"]
    signatures.check_message(algorithm, message_type, message)
    material = keys.material_of(kms, key)
    signatures.verify(material, algorithm, message_type, message, request["Signature"])
    check_dry_run(request)
    return {"KeyId": key.arn, "SignatureValid": True, "SigningAlgorithm": algorithm}


async def generate_mac(
    kms: Kms, ctx: RequestContext, request: shapes.GenerateMacRequest
) -> shapes.GenerateMacResult:
    """The HMAC of a message of up to 4,096 octets. RFC 2104.

    Raises:
        NotFoundException, InvalidArnException, AccessDeniedException: no such key for the caller.
        DisabledException, KMSInvalidStateException, InvalidKeyUsageException: not with this key.
        DryRunOperationException: it would have worked.

    AWS: KMS API Reference, GenerateMac.
    """
    arn, mac = _mac(kms, ctx, request, "GenerateMac")
    check_dry_run(request)
    return {"Mac": mac, "MacAlgorithm": request["MacAlgorithm"], "KeyId": arn}


async def verify_mac(
    kms: Kms, ctx: RequestContext, request: shapes.VerifyMacRequest
) -> shapes.VerifyMacResult:
    """Whether an HMAC is a key's for a message. One that is not is an error.

    Raises:
        KMSInvalidMacException: it is not.
        AwsError: as GenerateMac.

    AWS: KMS API Reference, VerifyMac.
    """
    arn, mac = _mac(kms, ctx, request, "VerifyMac")
    if not hmac.compare_digest(mac, request["Mac"]):
        raise KMSInvalidMacException
    check_dry_run(request)
    return {"KeyId": arn, "MacValid": True, "MacAlgorithm": request["MacAlgorithm"]}


async def derive_shared_secret(
    kms: Kms, ctx: RequestContext, request: shapes.DeriveSharedSecretRequest
) -> shapes.DeriveSharedSecretResult:
    """The raw ECDH secret of a key and somebody else's public key of the same curve.

    Raises:
        NotFoundException, InvalidArnException, AccessDeniedException: no such key for the caller.
        DisabledException, KMSInvalidStateException, InvalidKeyUsageException: not with this key.
        ValidationException: the public key is none of the curve.
        DryRunOperationException: it would have worked.

    AWS: KMS API Reference, DeriveSharedSecret.
    """
    refuse_recipient(request)
    key = keys.find(kms, ctx, request["KeyId"])
    keys.check_usage(key, KEY_AGREEMENT, "DeriveSharedSecret")
    algorithm = keys.algorithm_of(key, request["KeyAgreementAlgorithm"], "")
    secret = shared_secrets.agree(keys.material_of(kms, key), request["PublicKey"])
    check_dry_run(request)
    return {
        "KeyId": key.arn,
        "SharedSecret": secret,
        "KeyAgreementAlgorithm": algorithm,
        "KeyOrigin": key.origin,
    }


async def encapsulate(
    kms: Kms, ctx: RequestContext, request: shapes.EncapsulateRequest
) -> shapes.EncapsulateResult:
    """A new shared secret, and what the key's owner gets it from by Decapsulate.

    Raises:
        NotFoundException, InvalidArnException, AccessDeniedException: no such key for the caller.
        DisabledException, KMSInvalidStateException, InvalidKeyUsageException: not with this key.
        DryRunOperationException: it would have worked.

    AWS: KMS API Reference, Encapsulate. FIPS 203 §7.2.
    """
    key = keys.find(kms, ctx, request["KeyId"])
    keys.check_usage(key, ENCAPSULATE_DECAPSULATE, "Encapsulate")
    algorithm = keys.algorithm_of(key, request["EncapsulationAlgorithm"], "")
    check_dry_run(request)
    secret, ciphertext = shared_secrets.encapsulate(keys.material_of(kms, key))
    return {
        "KeyId": key.arn,
        "SharedSecret": secret,
        "SharedSecretCiphertextBlob": ciphertext,
        "EncapsulationAlgorithm": algorithm,
    }


async def decapsulate(
    kms: Kms, ctx: RequestContext, request: shapes.DecapsulateRequest
) -> shapes.DecapsulateResult:
    """The shared secret of an encapsulation. A changed one of the right length gives another.

    Raises:
        InvalidCiphertextException: it has not the length for the key.
        AwsError: as Encapsulate.

    AWS: KMS API Reference, Decapsulate. FIPS 203 §7.3.
    """
    key = keys.find(kms, ctx, request["KeyId"])
    keys.check_usage(key, ENCAPSULATE_DECAPSULATE, "Decapsulate")
    algorithm = keys.algorithm_of(key, request["EncapsulationAlgorithm"], "")
    material = keys.material_of(kms, key)
    secret = shared_secrets.decapsulate(material, request["SharedSecretCiphertextBlob"])
    check_dry_run(request)
    return {"KeyId": key.arn, "SharedSecret": secret, "EncapsulationAlgorithm": algorithm}


def _mac(
    kms: Kms,
    ctx: RequestContext,
    request: shapes.GenerateMacRequest | shapes.VerifyMacRequest,
    operation: str,
) -> tuple[str, bytes]:
    key = keys.find(kms, ctx, request["KeyId"])
    keys.check_usage(key, GENERATE_VERIFY_MAC, operation)
    algorithm = keys.algorithm_of(key, request["MacAlgorithm"], "")
    digest = algorithm.removeprefix("HMAC_").replace("_", "").lower()
    return key.arn, hmac.digest(keys.material_of(kms, key), request["Message"], digest)
