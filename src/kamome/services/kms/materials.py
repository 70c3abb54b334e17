"""Key material by key spec: made, and read again.

Symmetric and HMAC keys are octets; pairs are kept as PKCS #8. Making a pair takes up to a second
(RSA): call `new_material` in a thread.

AWS: KMS Developer Guide, Key spec reference. RFC 5958, RFC 5280 §4.1.2.7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kamome.services.kms.key_specs import is_asymmetric

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

_OCTETS = {
    "SYMMETRIC_DEFAULT": 32,
    "HMAC_224": 28,
    "HMAC_256": 32,
    "HMAC_384": 48,
    "HMAC_512": 64,
}
_PUBLIC_EXPONENT = 65_537


def octets_of(key_spec: str) -> int:
    """How many octets a symmetric or HMAC key has; 0 for pairs.

    AWS: KMS Developer Guide, Key spec reference.
    """
    return _OCTETS.get(key_spec, 0)


def new_pair(key_spec: str) -> bytes:
    """A new private key as PKCS #8 in DER. Takes a while for RSA.

    AWS: KMS Developer Guide, Asymmetric key specs.
    """
    from cryptography.hazmat.primitives import serialization

    assert is_asymmetric(key_spec)
    pair: bytes = _generate(key_spec).private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return pair


def private_key(material: bytes) -> PrivateKeyTypes:
    """A pair from its material. It is our own, so it is not examined again (RSA: 50 ms).

    AWS: KMS Developer Guide, Asymmetric key specs.
    """
    from cryptography.hazmat.primitives import serialization

    return serialization.load_der_private_key(material, None, unsafe_skip_rsa_key_validation=True)


def public_part(material: bytes) -> bytes:
    """The public key of a pair: SubjectPublicKeyInfo in DER. RFC 5280 §4.1.2.7.

    AWS: KMS API Reference, GetPublicKey (PublicKey).
    """
    from cryptography.hazmat.primitives import serialization

    return (
        private_key(material)
        .public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def _generate(key_spec: str) -> Any:  # the library has no type for all kinds of private keys
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, mlkem, rsa

    if key_spec.startswith("RSA_"):
        return rsa.generate_private_key(_PUBLIC_EXPONENT, int(key_spec.removeprefix("RSA_")))
    curves: dict[str, type[ec.EllipticCurve]] = {
        "ECC_NIST_P256": ec.SECP256R1,
        "ECC_NIST_P384": ec.SECP384R1,
        "ECC_NIST_P521": ec.SECP521R1,
        "ECC_SECG_P256K1": ec.SECP256K1,
    }
    if key_spec in curves:
        return ec.generate_private_key(curves[key_spec]())
    generators = {
        "ECC_NIST_EDWARDS25519": ed25519.Ed25519PrivateKey.generate,
        "ML_DSA_44": mldsa.MLDSA44PrivateKey.generate,
        "ML_DSA_65": mldsa.MLDSA65PrivateKey.generate,
        "ML_DSA_87": mldsa.MLDSA87PrivateKey.generate,
        "ML_KEM_768": mlkem.MLKEM768PrivateKey.generate,
        "ML_KEM_1024": mlkem.MLKEM1024PrivateKey.generate,
    }
    return generators[key_spec]()
