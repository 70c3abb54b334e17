"""What other services do with keys: data keys, and small secrets. Called inside their steps.

`caller` is whose keys an id without account means: a `RequestContext`, or anything else with an
account and a region. Nothing here waits; what is written (an AWS managed key at its first use) is
part of the caller's step.

AWS: KMS Developer Guide, Using KMS keys with AWS services.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from kamome.services.kms import ciphertexts, keys
from kamome.services.kms.ciphertexts import MULTI_REGION_PREFIX, CiphertextHeader
from kamome.services.kms.errors import (
    AccessDeniedException,
    InvalidCiphertextException,
    InvalidKeyUsageException,
)
from kamome.services.kms.key_identifiers import Caller
from kamome.services.kms.key_specs import ENCRYPT_DECRYPT
from kamome.services.kms.slice import Kms
from kamome.services.kms.store import Key, KeyName

_DATA_KEY_BYTES = 32


class DataKey(NamedTuple):
    """A new AES-256 key, and the same encrypted under the KMS key of an ARN."""

    key_arn: str
    plaintext: bytes
    ciphertext: bytes


class Encrypted(NamedTuple):
    """A ciphertext, and the ARN of the KMS key that it was made with."""

    key_arn: str
    ciphertext: bytes


class Decrypted(NamedTuple):
    """A plaintext, the key that its ciphertext was made with, and which generation of it."""

    key: Key
    material_id: str
    plaintext: bytes


def generate_data_key(
    kms: Kms, caller: Caller, key_id: str, encryption_context: Mapping[str, str]
) -> DataKey:
    """A new AES-256 data key under a symmetric encryption key, named in any way KMS takes.

    Raises:
        NotFoundException, InvalidArnException, AccessDeniedException: there is no such key for the
            caller.
        DisabledException, KMSInvalidStateException: it cannot be used now.
        InvalidKeyUsageException: it is no symmetric encryption key.
        ValidationException: the encryption context has more than 8,192 octets.

    AWS: KMS API Reference, GenerateDataKey.
    """
    plaintext = kms.ids.bytes(_DATA_KEY_BYTES)
    encrypted = encrypt(kms, caller, key_id, plaintext, encryption_context)
    return DataKey(encrypted.key_arn, plaintext, encrypted.ciphertext)


def encrypt(
    kms: Kms,
    caller: Caller,
    key_id: str,
    plaintext: bytes,
    encryption_context: Mapping[str, str],
) -> Encrypted:
    """A small text encrypted under a symmetric encryption key; the caller keeps to 4,096 octets.

    Raises:
        AwsError: as `generate_data_key`.

    AWS: KMS API Reference, Encrypt.
    """
    key = keys.find(kms, caller, key_id)
    check_symmetric_use(key, "Encrypt")
    return Encrypted(key.arn, encrypt_with(kms, key, plaintext, encryption_context))


def decrypt(
    kms: Kms,
    ciphertext: bytes,
    encryption_context: Mapping[str, str],
    caller: Caller | None = None,
) -> bytes:
    """The plaintext of a ciphertext that was made with a symmetric encryption key.

    Where no caller is given, the key is any account's: the service answers for who may ask it.

    Raises:
        InvalidCiphertextException: it is none of ours, or it or its context has changed.
        AccessDeniedException: its key is not the caller's, or is deleted.
        DisabledException, KMSInvalidStateException: its key cannot be used now.

    AWS: KMS API Reference, Decrypt.
    """
    return open_ciphertext(kms, caller, ciphertext, encryption_context).plaintext


def check_symmetric_use(key: Key, operation: str) -> None:
    """Whether a key can encrypt without an algorithm being named, and may be used now.

    Raises:
        InvalidKeyUsageException, DisabledException, KMSInvalidStateException: it does not.

    AWS: KMS API Reference, GenerateDataKey (KeyId).
    """
    keys.check_usage(key, ENCRYPT_DECRYPT, operation)
    if not key.is_symmetric:
        raise InvalidKeyUsageException(
            f"{key.arn} key spec is {key.key_spec} which is not valid for {operation}."
        )


def encrypt_with(
    kms: Kms, key: Key, plaintext: bytes, encryption_context: Mapping[str, str]
) -> bytes:
    """A ciphertext blob under a symmetric key that has been checked.

    AWS: KMS Cryptographic Details, Encrypt.
    """
    header = CiphertextHeader(key.name, key.material_id)
    material = keys.material_of(kms, key)
    return ciphertexts.encrypt(material, header, plaintext, encryption_context, kms.ids)


def key_of(kms: Kms, caller: Caller | None, header: CiphertextHeader) -> Key:
    """The key that a ciphertext says it was made with.

    Raises:
        AccessDeniedException: the caller has no such key (any more) in the region. AWS does not
            tell which keys others have, either.

    AWS: KMS API Reference, Decrypt.
    """
    named = key_name(header, caller)
    is_callers = caller is None or (caller.account, caller.region) == named[:2]
    key = kms.store.key(named) if is_callers else None
    if key is None:
        raise AccessDeniedException(
            "The ciphertext refers to a customer master key that does not exist, does not exist"
            " in this region, or you are not allowed to access."
        )
    return key


def key_name(header: CiphertextHeader, caller: Caller | None) -> KeyName:
    """Where the key is that a ciphertext names: a multi-Region key in the caller's own Region.

    AWS: KMS Developer Guide, Multi-Region keys in AWS KMS.
    """
    if caller is not None and header.key.key_id.startswith(MULTI_REGION_PREFIX):
        return header.key._replace(region=caller.region)
    return header.key


def open_ciphertext(
    kms: Kms, caller: Caller | None, ciphertext: bytes, encryption_context: Mapping[str, str]
) -> Decrypted:
    """What a ciphertext blob holds, and the key that it was made with.

    Raises:
        AwsError: as `decrypt`.

    AWS: KMS API Reference, Decrypt.
    """
    header = ciphertexts.read_header(ciphertext)
    key = key_of(kms, caller, header)
    if not key.is_symmetric:
        raise InvalidCiphertextException
    check_symmetric_use(key, "Decrypt")
    if kms.store.wrapped_material(key.name, header.material_id) is None:
        raise InvalidCiphertextException  # the key never had that material
    material = keys.material_of(kms, key, header.material_id)
    plaintext = ciphertexts.decrypt(material, ciphertext, encryption_context)
    return Decrypted(key, header.material_id, plaintext)
