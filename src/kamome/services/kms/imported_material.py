"""Key material on its way in: unwrapped, and examined whether it is what a key needs.

AWS: KMS Developer Guide, Importing key material. RFC 8017 §7.1, RFC 5649 (AES key wrap with
padding), RFC 5958 (private keys).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kamome.services.kms.errors import (
    IncorrectKeyMaterialException,
    InvalidCiphertextException,
    InvalidImportTokenException,
)
from kamome.services.kms.materials import octets_of, private_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_FIXED_BYTES = 9
_ALGORITHMS = (
    "RSAES_OAEP_SHA_1",
    "RSAES_OAEP_SHA_256",
    "RSA_AES_KEY_WRAP_SHA_1",
    "RSA_AES_KEY_WRAP_SHA_256",
)
_CURVES = {
    "ECC_NIST_P256": "secp256r1",
    "ECC_NIST_P384": "secp384r1",
    "ECC_NIST_P521": "secp521r1",
    "ECC_SECG_P256K1": "secp256k1",
}


class ImportToken(NamedTuple):
    """What an import token holds, before it is sealed: until when, how, and the private half."""

    valid_to_ms: int
    algorithm: str
    wrapping_key: bytes

    def octets(self) -> bytes:
        """As they are sealed. Ours; AWS does not tell what is in its tokens."""
        number = _ALGORITHMS.index(self.algorithm)
        return self.valid_to_ms.to_bytes(8, "big") + bytes((number,)) + self.wrapping_key


def read_token(octets: bytes) -> ImportToken:
    """An import token from its octets.

    Raises:
        InvalidImportTokenException: they are none.

    AWS: KMS API Reference, GetParametersForImport (ImportToken).
    """
    if len(octets) <= _FIXED_BYTES or octets[_FIXED_BYTES - 1] >= len(_ALGORITHMS):
        raise InvalidImportTokenException("The import token is not valid.")
    valid_to_ms = int.from_bytes(octets[:8], "big")
    return ImportToken(valid_to_ms, _ALGORITHMS[octets[8]], octets[_FIXED_BYTES:])


def takes(algorithm: str, wrapping_spec: str, key_spec: str) -> bool:
    """Whether a key's material can be wrapped in a way.

    AWS: KMS API Reference, GetParametersForImport (WrappingAlgorithm).
    """
    if algorithm.startswith("RSA_AES"):
        return key_spec.startswith(("RSA_", "ECC_"))
    is_too_long = key_spec == "ECC_NIST_P521" and wrapping_spec == "RSA_2048"
    return algorithm in _ALGORITHMS and not key_spec.startswith("RSA_") and not is_too_long


def unwrap(token: ImportToken, encrypted: bytes) -> bytes:
    """The material that a client has encrypted under the token's public key.

    Raises:
        InvalidCiphertextException: it cannot be decrypted.

    AWS: KMS Developer Guide, Select a wrapping algorithm.
    """
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap_with_padding

    key = private_key(token.wrapping_key)
    assert isinstance(key, RSAPrivateKey)
    if not token.algorithm.startswith("RSA_AES"):
        return _decrypted(key, token.algorithm, encrypted)
    end = key.key_size // 8
    aes_key = _decrypted(key, token.algorithm, encrypted[:end])
    try:
        return aes_key_unwrap_with_padding(aes_key, encrypted[end:])
    except (InvalidUnwrap, ValueError):
        raise InvalidCiphertextException from None


def examined(material: bytes, key_spec: str) -> bytes:
    """Material as it is kept: of the length, or the kind of private key, that a spec has.

    Raises:
        IncorrectKeyMaterialException: it is not.

    AWS: KMS Developer Guide, Requirements for imported key material.
    """
    octets = octets_of(key_spec)
    if octets:
        if len(material) != octets:
            raise IncorrectKeyMaterialException(f"The key material must have {octets * 8} bits.")
        return material
    if _spec_of(material) != key_spec:
        raise IncorrectKeyMaterialException(f"The key material is no private key of {key_spec}.")
    return material


def _decrypted(key: RSAPrivateKey, algorithm: str, encrypted: bytes) -> bytes:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    digest = hashes.SHA256() if algorithm.endswith("SHA_256") else hashes.SHA1()  # noqa: S303 - AWS's name says it
    try:
        return key.decrypt(encrypted, padding.OAEP(padding.MGF1(digest), digest, None))
    except ValueError:
        raise InvalidCiphertextException from None


def _spec_of(material: bytes) -> str:
    """The key spec of a private key in PKCS #8, examined as a stranger's; empty for any other."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import load_der_private_key

    try:
        key = load_der_private_key(material, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return ""
    if isinstance(key, rsa.RSAPrivateKey):
        return f"RSA_{key.key_size}"
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return next((spec for spec, name in _CURVES.items() if name == key.curve.name), "")
    return "ECC_NIST_EDWARDS25519" if isinstance(key, ed25519.Ed25519PrivateKey) else ""
