"""DKIM signatures for mail that leaves: RSA-SHA256 and Ed25519, relaxed/relaxed.

Ours instead of dkimpy's signer, which computes RSA in Python and reads the key anew for each mail:
with a 2048-bit key and a mail of 5 KB this takes 1 to 2 ms, that 29 to 34 (`bench/signatures.py`,
a busy machine, November 2026). dkimpy verifies every signature in the tests.

Several signatures stand side by side; none covers another. `cryptography` is imported with the
first signature. RFC 6376; RFC 8463 (Ed25519); RFC 8301 (no SHA-1, keys of 1,024 bits and more).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from kamome.mail.header_fields import header_end

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

RSA_SHA256 = "rsa-sha256"
ED25519_SHA256 = "ed25519-sha256"
# RFC 8301 §3.2: signers use 1,024 bits at least. AWS: SES BYODKIM takes 1,024 to 2,048.
RSA_BITS_MIN = 1_024
RSA_BITS = 2_048
_KEYS_CACHED = 256
# The fields that show what a mail says and whose it is. RFC 6376 §5.4.1; RFC 8058 §4 asks for the
# two of List-Unsubscribe, Gmail's feedback loop for Feedback-ID.
_SIGNED = (
    b"from",
    b"to",
    b"cc",
    b"subject",
    b"date",
    b"message-id",
    b"reply-to",
    b"in-reply-to",
    b"references",
    b"mime-version",
    b"content-type",
    b"content-transfer-encoding",
    b"list-unsubscribe",
    b"list-unsubscribe-post",
    b"list-id",
    b"feedback-id",
)
# These are named once more than they occur: one that is added later breaks the signature, and no
# reader is shown a second From or Subject under it. RFC 6376 §8.15.
_OVERSIGNED = frozenset((b"from", b"to", b"cc", b"subject", b"date", b"message-id", b"reply-to"))
_FIELD_START = re.compile(rb"\r\n(?![ \t])")
_FOLD = re.compile(rb"\r\n(?=[ \t])")
_BLANKS = re.compile(rb"[ \t]+")
_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?")
_LINE_CHARACTERS = 72


class SigningKeyInvalid(ValueError):
    """The private key cannot sign with this algorithm; the sentence says why."""


class Signer(msgspec.Struct, frozen=True):
    """Who signs: the domain (`d=`), the selector (`s=`), the key as PEM, the algorithm (`a=`)."""

    domain: str
    selector: str
    private_key_pem: str
    algorithm: str = RSA_SHA256


def sign(
    content: bytes,
    *,
    domain: str,
    selector: str,
    private_key_pem: str,
    algorithm: str = RSA_SHA256,
    signed_at_s: int | None = None,
) -> bytes:
    """The `DKIM-Signature` field with its CRLF, to be put before `content`.

    `content` is the whole mail as it will be sent: lines end with CRLF, nothing changes afterwards
    but fields put before it. `signed_at_s` (`t=`) is left out where it is None.

    Raises:
        SigningKeyInvalid: the key, the domain or the selector cannot be used.

    RFC 6376 §5.
    """
    signer = Signer(domain, selector, private_key_pem, algorithm)
    return sign_all(content, [signer], signed_at_s=signed_at_s)


def sign_all(content: bytes, signers: Sequence[Signer], *, signed_at_s: int | None = None) -> bytes:
    """The fields of several signers, one after the other; the body is hashed once.

    Raises:
        SigningKeyInvalid: a key, domain or selector cannot be used.
    """
    end = header_end(content)
    fields = canonical_fields(content[:end])
    body_hash = base64.b64encode(hashlib.sha256(canonical_body(content[end:])).digest())
    names = _names_to_sign([name for name, _ in fields])
    return b"".join(
        _signature_field(signer, fields, names, body_hash.decode(), signed_at_s)
        for signer in signers
    )


def new_key(bits: int = RSA_BITS) -> tuple[str, str]:
    """A new RSA key: the private one as PEM, the public one as in `p=` of its record.

    Takes a tenth of a second for 2,048 bits: call it in a thread.

    RFC 6376 §3.6.1.
    """
    from cryptography.hazmat.primitives.asymmetric import rsa

    return _exported(rsa.generate_private_key(public_exponent=65_537, key_size=bits))


def new_ed25519_key() -> tuple[str, str]:
    """A new Ed25519 key: the private one as PEM, the 32 octets of the public one as in `p=`.

    RFC 8463 §4.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return _exported(Ed25519PrivateKey.generate())


def public_key(private_key_pem: str, algorithm: str = RSA_SHA256) -> str:
    """The public key of a private one, as in `p=` of its record.

    Raises:
        SigningKeyInvalid: it is no key for this algorithm.
    """
    return _exported(_key(private_key_pem, algorithm))[1]


def key_record(public: str, algorithm: str = RSA_SHA256) -> str:
    """The TXT record that publishes a key under `<selector>._domainkey.<domain>`."""
    kind = "ed25519" if algorithm == ED25519_SHA256 else "rsa"
    return f"v=DKIM1; k={kind}; p={public}"


# ---------------------------------------------------------------------- canonical forms


def canonical_fields(head: bytes) -> list[tuple[bytes, bytes]]:
    """Name in lower case and relaxed value of each header field. RFC 6376 §3.4.2."""
    fields = []
    for field in _FIELD_START.split(head.rstrip(b"\r\n")):
        name, colon, value = field.partition(b":")
        if colon:
            fields.append((name.rstrip(b" \t").lower(), canonical_value(value)))
    return fields


def canonical_value(value: bytes) -> bytes:
    """A field's value unfolded, runs of blanks reduced to a space, none at its ends."""
    return _BLANKS.sub(b" ", _FOLD.sub(b"", value)).strip(b" ")


def canonical_body(body: bytes) -> bytes:
    """The relaxed body: blanks reduced, none at line ends, no empty lines at its end.

    RFC 6376 §3.4.4.
    """
    reduced = body.replace(b"\t", b" ")
    # Each pass halves the runs; a regular expression took forty times as long.
    while b"  " in reduced:
        reduced = reduced.replace(b"  ", b" ")
    reduced = reduced.replace(b" \r\n", b"\r\n")
    if reduced.endswith(b" "):
        reduced = reduced[:-1]
    reduced = reduced.rstrip(b"\r\n")
    return reduced + b"\r\n" if reduced else b""


def signed_octets(
    fields: Sequence[tuple[bytes, bytes]], names: Sequence[bytes], unsigned: bytes
) -> bytes:
    """What the signature is computed over: the named fields, then its own with an empty `b=`.

    A name that stands several times takes the fields from the last one up; one too many takes
    nothing. RFC 6376 §3.7, §5.4.2.
    """
    left: dict[bytes, list[bytes]] = {}
    for name, value in fields:
        left.setdefault(name, []).append(value)
    pieces = []
    for name in names:
        values = left.get(name)
        if values:
            pieces.append(b"%s:%s\r\n" % (name, values.pop()))
    return b"".join(pieces) + b"dkim-signature:" + canonical_value(unsigned)


def _names_to_sign(present: Sequence[bytes]) -> list[bytes]:
    names = []
    for name in _SIGNED:
        count = present.count(name)
        if count:
            names += [name] * (count + (name in _OVERSIGNED))
    return names


# ---------------------------------------------------------------------- one signature


def _signature_field(
    signer: Signer,
    fields: Sequence[tuple[bytes, bytes]],
    names: Sequence[bytes],
    body_hash: str,
    signed_at_s: int | None,
) -> bytes:
    for value in (signer.domain, signer.selector):
        if not _NAME.fullmatch(value):
            raise SigningKeyInvalid(f"{value!r} cannot stand in a signature.")
    key = _key(signer.private_key_pem, signer.algorithm)
    tags = [f"v=1; a={signer.algorithm}; c=relaxed/relaxed;", f"d={signer.domain};"]
    tags.append(f"s={signer.selector};" + (f" t={signed_at_s};" if signed_at_s is not None else ""))
    lines = [*tags, *_folded("h=", b":".join(names).decode(), ";", ":"), f"bh={body_hash};"]
    unsigned = "DKIM-Signature: " + "\r\n\t".join(lines) + "\r\n\tb="
    own_value = unsigned.partition(":")[2].encode()
    signature = _signature(key, signed_octets(fields, names, own_value))
    coded = base64.b64encode(signature).decode()
    lines = [coded[at : at + _LINE_CHARACTERS] for at in range(0, len(coded), _LINE_CHARACTERS)]
    return (unsigned + "\r\n\t ".join(lines) + "\r\n").encode()


def _folded(before: str, words: str, after: str, separator: str) -> list[str]:
    """A list of words on lines of bounded length, broken behind its separators."""
    lines, line = [], before
    for word in words.split(separator):
        if len(line) + len(word) + 1 > _LINE_CHARACTERS:
            lines.append(line)
            line = " "
        line += word + separator
    return [*lines, line[: -len(separator)] + after]


def _signature(key: RSAPrivateKey | Ed25519PrivateKey, octets: bytes) -> bytes:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(octets, padding.PKCS1v15(), hashes.SHA256())
    # Ed25519 signs the digest of what is signed, RFC 8463 §3.
    return key.sign(hashlib.sha256(octets).digest())


@lru_cache(_KEYS_CACHED)
def _key(pem: str, algorithm: str) -> RSAPrivateKey | Ed25519PrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(_with_armour(pem).encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SigningKeyInvalid("The private key cannot be read.") from error
    if algorithm == RSA_SHA256 and isinstance(key, rsa.RSAPrivateKey):
        if key.key_size < RSA_BITS_MIN:
            raise SigningKeyInvalid(f"An RSA key has at least {RSA_BITS_MIN} bits.")
        return key
    if algorithm == ED25519_SHA256 and isinstance(key, ed25519.Ed25519PrivateKey):
        return key
    raise SigningKeyInvalid(f"The private key is none for {algorithm}.")


def _with_armour(pem: str) -> str:
    """A key as it is given to SES's BYODKIM: the Base64 of it alone, without PEM's lines."""
    if "-----" in pem:
        return pem
    try:
        der = base64.b64decode("".join(pem.split()), validate=True)
    except binascii.Error as error:
        raise SigningKeyInvalid("The private key is not Base64.") from error
    # PKCS #1 begins with version and modulus, PKCS #8 with version and a sequence (0x30).
    name = "PRIVATE KEY" if der[7:8] == b"\x30" or len(der) < 100 else "RSA PRIVATE KEY"
    coded = base64.b64encode(der).decode()
    lines = [coded[at : at + 64] for at in range(0, len(coded), 64)]
    return "\n".join((f"-----BEGIN {name}-----", *lines, f"-----END {name}-----", ""))


def _exported(key: RSAPrivateKey | Ed25519PrivateKey) -> tuple[str, str]:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    if isinstance(key, rsa.RSAPrivateKey):
        public = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    else:
        public = key.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw
        )
    return private.decode(), base64.b64encode(public).decode()
