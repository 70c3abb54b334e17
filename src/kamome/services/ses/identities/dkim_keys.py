"""The keys that identities sign with: made for Easy DKIM, or brought by the customer.

AWS keeps one key per selector; here the three tokens of a domain publish the same key. It is made
when it is first needed, in a thread, for 2,048 bits take up to half a second.

AWS: SES Developer Guide, Authenticating email with DKIM (Easy DKIM, BYODKIM). RFC 6376, RFC 8463.
"""

from __future__ import annotations

import asyncio
import base64
import binascii

from kamome.services.ses.identities.identity_store import Dkim, DkimKey, Identity
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Owner

RSA = "rsa-sha256"
ED25519 = "ed25519-sha256"
TOKENS = 3
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_TOKEN_LENGTH = 32
_BITS = {"RSA_1024_BIT": 1024, "RSA_2048_BIT": 2048}
# AWS: SES API v2 Reference, DkimSigningAttributes: RSA, 1,024 to 2,048 bits.
_KEY_BITS_MIN, _KEY_BITS_MAX = 1024, 2048


class KeyInvalid(ValueError):
    """A private key that cannot sign; the sentence says why."""


def new_tokens(ses: Ses) -> tuple[str, ...]:
    """The three tokens of Easy DKIM: parts of names in the DNS.

    AWS: SES API Reference, VerifyDomainDkim.
    """
    return tuple(
        "".join(_ALPHABET[octet & 31] for octet in ses.ids.bytes(_TOKEN_LENGTH))
        for _ in range(TOKENS)
    )


async def key_of(ses: Ses, owner: Owner, identity: Identity) -> DkimKey | None:
    """What an identity signs with; made now if it is Easy DKIM and has none yet.

    AWS: SES Developer Guide, Easy DKIM.
    """
    known = ses.identities.key(owner, identity.identity)
    if known is not None or not identity.dkim.tokens or identity.dkim.origin != "AWS_SES":
        return known
    made = await asyncio.to_thread(_new_rsa, _BITS[identity.dkim.key_length])
    key = DkimKey(identity.dkim.tokens[0], RSA, *made)
    # Another call may have made one meanwhile, or another one is wanted, of another length.
    known = ses.identities.key(owner, identity.identity)
    current = ses.identities.find(owner, identity.identity)
    if known is not None or current is None:
        return known
    if _kind(current) != _kind(identity):
        return await key_of(ses, owner, current)
    ses.identities.put_key(owner, identity.identity, key)
    return key


def _kind(identity: Identity) -> tuple[str, tuple[str, ...], str]:
    return identity.dkim.origin, identity.dkim.tokens, identity.dkim.key_length


def own_key(selector: str, private_key: str) -> DkimKey:
    """A customer's key: Base64 of PKCS #1 or PKCS #8 without the lines around it.

    Raises:
        KeyInvalid: it is none, or of a kind or size that cannot be used.

    AWS: SES API v2 Reference, DkimSigningAttributes. Ed25519 keys are taken, too (RFC 8463).
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    try:
        loaded = serialization.load_der_private_key(base64.b64decode(private_key), None)
    except (binascii.Error, ValueError, TypeError) as error:
        raise KeyInvalid("The private key cannot be read.") from error
    if isinstance(loaded, RSAPrivateKey):
        if not _KEY_BITS_MIN <= loaded.key_size <= _KEY_BITS_MAX:
            raise KeyInvalid("The private key must have 1024 to 2048 bits.")
        public = loaded.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        algorithm = RSA
    elif isinstance(loaded, Ed25519PrivateKey):
        public = loaded.public_key().public_bytes_raw()
        algorithm = ED25519
    else:
        raise KeyInvalid("The private key must be RSA or Ed25519.")
    pem = loaded.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return DkimKey(selector, algorithm, pem.decode("ascii"), base64.b64encode(public).decode())


def dns_record(identity: Identity, key: DkimKey) -> tuple[str, str]:
    """Name and value of the TXT record that receivers verify signatures with.

    RFC 6376 §3.6.1; RFC 8463 §4.
    """
    kind = "ed25519" if key.algorithm == ED25519 else "rsa"
    name = f"{key.selector}._domainkey.{identity.identity}"
    return name, f"v=DKIM1; k={kind}; p={key.public_key}"


def signing_domain(identity: Identity) -> bool:
    """Whether a domain's mails are signed: switched on, and its records found.

    AWS: SES Developer Guide, Easy DKIM.
    """
    dkim: Dkim = identity.dkim
    return dkim.is_enabled and dkim.status == "Success"


def _new_rsa(bits: int) -> tuple[str, str]:
    from kamome.mail.dkim_signing import new_key

    return new_key(bits)
