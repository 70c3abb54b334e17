"""Signatures of notifications: an RSA key made once, its certificate served to whoever verifies.

Signature version 1 is SHA1withRSA, version 2 is SHA256withRSA, over the canonical string: selected
members by name in byte order, name and value each on a line of their own.

AWS: SNS Developer Guide, Verifying the signatures of Amazon SNS messages.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

# `cryptography` is imported by the functions that need it: it takes 40 ms and 10 MB, and a server
# that has not published yet should not pay for them at its start.

_KEY_BITS = 2048
_PUBLIC_EXPONENT = 65537
_SUBJECT = "sns.amazonaws.com"
# Clients whose clocks are behind must find the certificate valid; it is made once and kept.
_VALID_BEFORE = timedelta(days=1)
_VALID_FOR = timedelta(days=3650)


class SigningIdentity(msgspec.Struct, frozen=True):
    """A private key and its certificate, both PEM, as they are kept."""

    private_key: bytes
    certificate: bytes

    @property
    def certificate_path(self) -> str:
        """Where the certificate is served: `/SimpleNotificationService-<32 hex digits>.pem`."""
        digest = hashlib.sha256(self.certificate).hexdigest()[:32]
        return f"/SimpleNotificationService-{digest}.pem"


def canonical_string(members: Mapping[str, str | None]) -> str:
    """The string to sign: each member that is there, name and value on lines of their own.

    AWS: SNS Developer Guide, Verifying the signatures of Amazon SNS messages (string to sign).
    """
    return "".join(
        f"{name}\n{value}\n" for name, value in sorted(members.items()) if value is not None
    )


def make_identity(now_ms: int, serial_number: int) -> SigningIdentity:
    """A new key with a self-signed certificate. Takes about 0.1 s: run it in a thread.

    AWS: SNS Developer Guide, Verifying the signatures of Amazon SNS messages.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(_PUBLIC_EXPONENT, _KEY_BITS)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, _SUBJECT)])
    now = datetime.fromtimestamp(now_ms // 1000, UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(serial_number)
        .not_valid_before(now - _VALID_BEFORE)
        .not_valid_after(now + _VALID_FOR)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(_SUBJECT)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return SigningIdentity(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        certificate.public_bytes(serialization.Encoding.PEM),
    )


class SigningKey:
    """A loaded private key. Loading takes milliseconds, a signature about a quarter of one."""

    def __init__(self, identity: SigningIdentity) -> None:
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import padding, rsa

        # The key is our own: checking its primes again would take longer than all else here.
        key = serialization.load_pem_private_key(
            identity.private_key, None, unsafe_skip_rsa_key_validation=True
        )
        assert isinstance(key, rsa.RSAPrivateKey)
        self._key: RSAPrivateKey = key
        self._padding = padding.PKCS1v15()
        self._hashes: dict[str, hashes.HashAlgorithm] = {
            "1": hashes.SHA1(),  # noqa: S303 - what signature version 1 is
            "2": hashes.SHA256(),
        }
        self.certificate_path = identity.certificate_path

    def sign(self, canonical: str, version: str) -> str:
        """Base64 of the signature, by the topic's SignatureVersion.

        AWS: SNS API Reference, SetTopicAttributes (SignatureVersion).
        """
        signature = self._key.sign(canonical.encode(), self._padding, self._hashes[version])
        return base64.b64encode(signature).decode()
