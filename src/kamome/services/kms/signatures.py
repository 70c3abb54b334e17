"""Signatures: by which scheme a signing algorithm signs, and what it takes as the message.

AWS: KMS Developer Guide, Asymmetric key specs; API Reference, Sign (MessageType). RFC 8017 §8.1
(PSS: salt as long as the digest, as AWS has it) and §8.2, RFC 8032 §5.1, FIPS 186-5, FIPS 204.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kamome.services.kms.errors import KMSInvalidSignatureException, ValidationException
from kamome.services.kms.materials import private_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.hashes import HashAlgorithm

_MU_BYTES = 64
_ML_DSA = "ML_DSA_SHAKE_256"


def check_message(algorithm: str, message_type: str, message: bytes) -> None:
    """Whether an algorithm takes a message, or a digest, of that kind and length.

    Raises:
        ValidationException: it does not.

    AWS: KMS API Reference, Sign (Message, MessageType).
    """
    if message_type == "EXTERNAL_MU":
        if algorithm != _ML_DSA:
            raise ValidationException(f"MessageType EXTERNAL_MU is not for algorithm {algorithm}.")
        expected = _MU_BYTES
    elif message_type == "DIGEST":
        if algorithm == _ML_DSA or algorithm.startswith("ED25519"):
            raise ValidationException(f"MessageType DIGEST is not for algorithm {algorithm}.")
        expected = _digest(algorithm).digest_size
    else:
        return
    if len(message) != expected:
        raise ValidationException(f"Digest is invalid length for algorithm {algorithm}.")


def sign(material: bytes, algorithm: str, message_type: str, message: bytes) -> bytes:
    """The signature over a message that has been checked. ECDSA's is DER (RFC 3279 §2.2.3).

    AWS: KMS API Reference, Sign.
    """
    key: Any = private_key(material)  # the scheme says which kind of key it is
    if message_type == "EXTERNAL_MU":
        signature = key.sign_mu(message)
    else:
        signature = key.sign(message, *_scheme(algorithm, message_type))
    assert isinstance(signature, bytes)
    return signature


def verify(
    material: bytes, algorithm: str, message_type: str, message: bytes, signature: bytes
) -> None:
    """Whether a signature was made with a key over a message that has been checked.

    Raises:
        KMSInvalidSignatureException: it was not.

    AWS: KMS API Reference, Verify.
    """
    from cryptography.exceptions import InvalidSignature

    key: Any = private_key(material)
    public = key.public_key()
    try:
        if message_type == "EXTERNAL_MU":
            public.verify_mu(signature, message)
        else:
            public.verify(signature, message, *_scheme(algorithm, message_type))
    except (InvalidSignature, ValueError):
        raise KMSInvalidSignatureException from None


def _scheme(algorithm: str, message_type: str) -> tuple[object, ...]:
    """What the library wants to know besides key and message."""
    from cryptography.hazmat.primitives.asymmetric import ec, padding, utils

    if algorithm == _ML_DSA or algorithm.startswith("ED25519"):
        return ()
    digest = _digest(algorithm)
    hashed = utils.Prehashed(digest) if message_type == "DIGEST" else digest
    if algorithm.startswith("ECDSA"):
        return (ec.ECDSA(hashed),)
    if algorithm.startswith("RSASSA_PSS"):
        return (padding.PSS(padding.MGF1(digest), digest.digest_size), hashed)
    return (padding.PKCS1v15(), hashed)


def _digest(algorithm: str) -> HashAlgorithm:
    from cryptography.hazmat.primitives import hashes

    digests = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
    return digests[algorithm[-3:]]
