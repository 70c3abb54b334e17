"""Kinds of keys: what each spec may be used for, and by which algorithms.

AWS: KMS Developer Guide, Key spec reference.
"""

from __future__ import annotations

from typing import NamedTuple

from kamome.errors import OperationNotServed
from kamome.services.kms.errors import UnsupportedOperationException

ENCRYPT_DECRYPT = "ENCRYPT_DECRYPT"
SIGN_VERIFY = "SIGN_VERIFY"
GENERATE_VERIFY_MAC = "GENERATE_VERIFY_MAC"
KEY_AGREEMENT = "KEY_AGREEMENT"
ENCAPSULATE_DECAPSULATE = "ENCAPSULATE_DECAPSULATE"

# The member of KeyMetadata that lists a usage's algorithms.
ALGORITHM_MEMBERS = {
    ENCRYPT_DECRYPT: "EncryptionAlgorithms",
    SIGN_VERIFY: "SigningAlgorithms",
    GENERATE_VERIFY_MAC: "MacAlgorithms",
    KEY_AGREEMENT: "KeyAgreementAlgorithms",
    ENCAPSULATE_DECAPSULATE: "EncapsulationAlgorithms",
}
_PAIRS = ("RSA_", "ECC_", "ML_")

_RSA_ENCRYPTION = ("RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256")
_RSA_SIGNING = (
    "RSASSA_PKCS1_V1_5_SHA_256",
    "RSASSA_PKCS1_V1_5_SHA_384",
    "RSASSA_PKCS1_V1_5_SHA_512",
    "RSASSA_PSS_SHA_256",
    "RSASSA_PSS_SHA_384",
    "RSASSA_PSS_SHA_512",
)
_RSA: dict[str, tuple[str, ...]] = {ENCRYPT_DECRYPT: _RSA_ENCRYPTION, SIGN_VERIFY: _RSA_SIGNING}
_ML_DSA: dict[str, tuple[str, ...]] = {SIGN_VERIFY: ("ML_DSA_SHAKE_256",)}
_ML_KEM: dict[str, tuple[str, ...]] = {ENCAPSULATE_DECAPSULATE: ("ML_KEM",)}

# Algorithms by spec and usage. SM2 exists in AWS's China Regions only; ML_KEM_512 is not in the
# library that the other two come from.
ALGORITHMS: dict[str, dict[str, tuple[str, ...]]] = {
    "SYMMETRIC_DEFAULT": {ENCRYPT_DECRYPT: ("SYMMETRIC_DEFAULT",)},
    "HMAC_224": {GENERATE_VERIFY_MAC: ("HMAC_SHA_224",)},
    "HMAC_256": {GENERATE_VERIFY_MAC: ("HMAC_SHA_256",)},
    "HMAC_384": {GENERATE_VERIFY_MAC: ("HMAC_SHA_384",)},
    "HMAC_512": {GENERATE_VERIFY_MAC: ("HMAC_SHA_512",)},
    "RSA_2048": _RSA,
    "RSA_3072": _RSA,
    "RSA_4096": _RSA,
    "ECC_NIST_P256": {SIGN_VERIFY: ("ECDSA_SHA_256",), KEY_AGREEMENT: ("ECDH",)},
    "ECC_NIST_P384": {SIGN_VERIFY: ("ECDSA_SHA_384",), KEY_AGREEMENT: ("ECDH",)},
    "ECC_NIST_P521": {SIGN_VERIFY: ("ECDSA_SHA_512",), KEY_AGREEMENT: ("ECDH",)},
    "ECC_SECG_P256K1": {SIGN_VERIFY: ("ECDSA_SHA_256",)},
    # ED25519_PH_SHA_512 is not listed: the library that signs here has no Ed25519ph.
    "ECC_NIST_EDWARDS25519": {SIGN_VERIFY: ("ED25519_SHA_512",)},
    "ML_DSA_44": _ML_DSA,
    "ML_DSA_65": _ML_DSA,
    "ML_DSA_87": _ML_DSA,
    "ML_KEM_768": _ML_KEM,
    "ML_KEM_1024": _ML_KEM,
}
_UNSERVED = frozenset({"ML_KEM_512"})


class Kind(NamedTuple):
    """A key's spec and usage, which never change."""

    key_spec: str
    key_usage: str

    @property
    def algorithms(self) -> tuple[str, ...]:
        """What the key can be used with, in AWS's order."""
        return ALGORITHMS[self.key_spec][self.key_usage]


def is_asymmetric(key_spec: str) -> bool:
    """Whether keys of a spec are pairs, with a public key that may leave."""
    return key_spec.startswith(_PAIRS)


def family(key_spec: str) -> str:
    """Symmetric, HMAC or asymmetric: what an alias may be moved between.

    AWS: KMS API Reference, UpdateAlias.
    """
    if is_asymmetric(key_spec):
        return "asymmetric"
    return "HMAC" if key_spec.startswith("HMAC_") else "symmetric"


def check_spec(key_spec: str) -> None:
    """Whether keys of a spec can be made here.

    Raises:
        UnsupportedOperationException: SM2, which AWS has in its China Regions only.
        OperationNotServed: ML_KEM_512.

    AWS: KMS Developer Guide, Key spec reference.
    """
    if key_spec in _UNSERVED:
        raise OperationNotServed(f"The key spec {key_spec} is not served by Kamome.")
    if key_spec not in ALGORITHMS:
        raise UnsupportedOperationException(f"{key_spec} is not supported in this region.")
