"""RSAES-OAEP: what RSA keys encrypt and decrypt.

AWS: KMS Developer Guide, Asymmetric key specs (RSA key specs for encryption and decryption).
RFC 8017 §7.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamome.services.kms.errors import InvalidCiphertextException, ValidationException
from kamome.services.kms.materials import private_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.padding import AsymmetricPadding
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_HASH_BYTES = {"RSAES_OAEP_SHA_1": 20, "RSAES_OAEP_SHA_256": 32}


def encrypt(material: bytes, algorithm: str, plaintext: bytes, key_spec: str) -> bytes:
    """A ciphertext as long as the key.

    Raises:
        ValidationException: the plaintext is longer than the key and the hash leave room for.

    AWS: KMS API Reference, Encrypt (Plaintext). RFC 8017 §7.1.1.
    """
    key = _key(material)
    octets_max = key.key_size // 8 - 2 * _HASH_BYTES[algorithm] - 2
    if len(plaintext) > octets_max:
        raise ValidationException(
            f"Algorithm {algorithm} and key spec {key_spec} cannot encrypt data larger than"
            f" {octets_max} bytes."
        )
    return key.public_key().encrypt(plaintext, _padding(algorithm))


def decrypt(material: bytes, algorithm: str, ciphertext: bytes) -> bytes:
    """The plaintext of a ciphertext.

    Raises:
        InvalidCiphertextException: it was not made with this key and algorithm.

    AWS: KMS API Reference, Decrypt. RFC 8017 §7.1.2.
    """
    try:
        return _key(material).decrypt(ciphertext, _padding(algorithm))
    except ValueError:
        raise InvalidCiphertextException from None


def _key(material: bytes) -> RSAPrivateKey:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    key = private_key(material)
    assert isinstance(key, RSAPrivateKey)
    return key


def _padding(algorithm: str) -> AsymmetricPadding:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    digest = hashes.SHA256() if algorithm.endswith("SHA_256") else hashes.SHA1()  # noqa: S303 - AWS's name says it
    return padding.OAEP(padding.MGF1(digest), digest, None)
