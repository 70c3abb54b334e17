"""The ciphertext blob of a symmetric key: what it says of itself, and AES-GCM around the rest.

    1 octet   version of this format, 1
    1 octet   kind of the key's id: 0 a UUID, 1 a multi-Region id (`mrk-` and 32 digits)
    16 octets the key's id
    32 octets the id of the key material
    12 octets the key's account, in digits
    1 octet   how long the next part is
    …         the key's region
    16 octets nonce that the message's own key is derived with
    12 octets initialization vector
    the rest  ciphertext and its tag of 16 octets

As at AWS, each message has an AES key of its own, derived from the key material by a KDF in counter
mode with HMAC-SHA-256, so that random vectors do not limit how much a key may encrypt. All octets
before the ciphertext and the encryption context are authenticated.

AWS: KMS Cryptographic Details, Encrypt; Developer Guide, Encryption context. NIST SP 800-108,
SP 800-38D.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from kamome.ids import Ids
from kamome.services.kms.errors import InvalidCiphertextException, ValidationException
from kamome.services.kms.limits import ENCRYPTION_CONTEXT_BYTES_MAX
from kamome.services.kms.store import KeyName

_VERSION = 1
_ID_END = 18
_MATERIAL_END = _ID_END + 32
_ACCOUNT_END = _MATERIAL_END + 12
_REGION_START = _ACCOUNT_END + 1
_NONCE_BYTES = 16
_VECTOR_BYTES = 12
_TAG_BYTES = 16
# Ids of multi-Region keys begin so. AWS: KMS Developer Guide, Multi-Region keys in AWS KMS.
MULTI_REGION_PREFIX = "mrk-"
_LABEL = b"kamome kms data"
_KEY_BYTES = 32


class CiphertextHeader(NamedTuple):
    """Which key, and which generation of its material, a ciphertext was made with."""

    key: KeyName
    material_id: str


def encrypt(
    material: bytes,
    header: CiphertextHeader,
    plaintext: bytes,
    encryption_context: Mapping[str, str],
    ids: Ids,
) -> bytes:
    """A ciphertext blob.

    Raises:
        ValidationException: the encryption context is too large.

    AWS: KMS API Reference, Encrypt.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce, vector = ids.bytes(_NONCE_BYTES), ids.bytes(_VECTOR_BYTES)
    start = _packed(header) + nonce + vector
    sealed = AESGCM(_message_key(material, nonce)).encrypt(
        vector, plaintext, start + context_octets(encryption_context)
    )
    return start + sealed


def read_header(ciphertext: bytes) -> CiphertextHeader:
    """What a blob says of its key. Nothing of it is authenticated yet.

    Raises:
        InvalidCiphertextException: it is none of ours.

    AWS: KMS API Reference, Decrypt.
    """
    start = _nonce_start(ciphertext)
    kind, octets = ciphertext[1], ciphertext[2:_ID_END]
    key_id = f"{MULTI_REGION_PREFIX}{octets.hex()}" if kind else _uuid(octets.hex())
    account = ciphertext[_MATERIAL_END:_ACCOUNT_END].decode("latin-1")
    region = ciphertext[_REGION_START:start].decode("latin-1")
    material_id = ciphertext[_ID_END:_MATERIAL_END].hex()
    return CiphertextHeader(KeyName(account, region, key_id), material_id)


def decrypt(material: bytes, ciphertext: bytes, encryption_context: Mapping[str, str]) -> bytes:
    """The plaintext of a blob whose header has been read.

    Raises:
        InvalidCiphertextException: an octet or the encryption context is not what it was.

    AWS: KMS API Reference, Decrypt.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    at = _nonce_start(ciphertext)
    end = at + _NONCE_BYTES + _VECTOR_BYTES
    start, sealed = ciphertext[:end], ciphertext[end:]
    nonce, vector = start[at : at + _NONCE_BYTES], start[at + _NONCE_BYTES :]
    try:
        return AESGCM(_message_key(material, nonce)).decrypt(
            vector, sealed, start + context_octets(encryption_context)
        )
    except InvalidTag:
        raise InvalidCiphertextException from None


def context_octets(encryption_context: Mapping[str, str]) -> bytes:
    """An encryption context as it is authenticated: the same whatever its order.

    Raises:
        ValidationException: its names and values have more than 8,192 octets.

    AWS: KMS Developer Guide, Encryption context.
    """
    parts: list[bytes] = []
    for name in sorted(encryption_context):
        for text in (name, encryption_context[name]):
            octets = text.encode()
            parts += (len(octets).to_bytes(4, "big"), octets)
    joined = b"".join(parts)
    if len(joined) - 8 * len(encryption_context) > ENCRYPTION_CONTEXT_BYTES_MAX:
        raise ValidationException(
            "1 validation error detected: Value at 'encryptionContext' failed to satisfy"
            " constraint: Member must have length less than or equal to"
            f" {ENCRYPTION_CONTEXT_BYTES_MAX}"
        )
    return joined


def _nonce_start(ciphertext: bytes) -> int:
    """Where the nonce begins in a blob that has the form of ours."""
    if len(ciphertext) <= _REGION_START or ciphertext[0] != _VERSION or ciphertext[1] > 1:
        raise InvalidCiphertextException
    start = _REGION_START + ciphertext[_ACCOUNT_END]
    if len(ciphertext) <= start + _NONCE_BYTES + _VECTOR_BYTES + _TAG_BYTES:
        raise InvalidCiphertextException
    return start


def _packed(header: CiphertextHeader) -> bytes:
    account, region, key_id = header.key
    is_multi_region = key_id.startswith(MULTI_REGION_PREFIX)
    digits = key_id.removeprefix(MULTI_REGION_PREFIX).replace("-", "")
    return b"".join(
        (
            bytes((_VERSION, int(is_multi_region))),
            bytes.fromhex(digits),
            bytes.fromhex(header.material_id),
            account.encode(),
            bytes((len(region),)),
            region.encode(),
        )
    )


def _uuid(digits: str) -> str:
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _message_key(material: bytes, nonce: bytes) -> bytes:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.kdf.kbkdf import KBKDFHMAC, CounterLocation, Mode

    derivation = KBKDFHMAC(
        algorithm=hashes.SHA256(),
        mode=Mode.CounterMode,
        length=_KEY_BYTES,
        rlen=4,
        llen=4,
        location=CounterLocation.BeforeFixed,
        label=_LABEL,
        context=nonce,
        fixed=None,
    )
    return derivation.derive(material)
