"""Shared secrets: elliptic-curve Diffie-Hellman, and key encapsulation.

AWS: KMS Developer Guide, Key spec reference. NIST SP 800-56A §5.7.1.2, FIPS 203.
"""

from __future__ import annotations

from typing import Any

from kamome.services.kms.errors import InvalidCiphertextException, ValidationException
from kamome.services.kms.materials import private_key


def agree(material: bytes, public_key: bytes) -> bytes:
    """The raw secret: the x-coordinate of the shared point.

    Raises:
        ValidationException: the other's key is not SubjectPublicKeyInfo of the same curve.

    AWS: KMS API Reference, DeriveSharedSecret (PublicKey).
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    own = private_key(material)
    assert isinstance(own, ec.EllipticCurvePrivateKey)
    try:
        other = load_der_public_key(public_key)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValidationException("The public key cannot be read.") from None
    if not isinstance(other, ec.EllipticCurvePublicKey) or other.curve.name != own.curve.name:
        raise ValidationException("The public key is not of the key's curve.")
    return own.exchange(ec.ECDH(), other)


def encapsulate(material: bytes) -> tuple[bytes, bytes]:
    """A new secret, and its encapsulation for the key.

    AWS: KMS API Reference, Encapsulate. FIPS 203 §7.2.
    """
    key: Any = private_key(material)  # one of the library's classes of ML-KEM
    secret, ciphertext = key.public_key().encapsulate()
    return secret, ciphertext


def decapsulate(material: bytes, ciphertext: bytes) -> bytes:
    """The secret of an encapsulation.

    Raises:
        InvalidCiphertextException: it has not the length for the key.

    AWS: KMS API Reference, Decapsulate. FIPS 203 §7.3.
    """
    key: Any = private_key(material)
    try:
        secret = key.decapsulate(ciphertext)
    except ValueError:
        raise InvalidCiphertextException from None
    assert isinstance(secret, bytes)
    return secret
