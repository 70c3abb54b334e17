"""Finding keys, and whether their state and kind allow what is asked; making new ones.

AWS: KMS Developer Guide, Key identifiers (KeyId); Key states of AWS KMS keys.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamome.services.kms import alias_store
from kamome.services.kms.alias_store import Alias
from kamome.services.kms.errors import (
    AccessDeniedException,
    DisabledException,
    InvalidArnException,
    InvalidKeyUsageException,
    KMSInternalException,
    KMSInvalidStateException,
    LimitExceededException,
    NotFoundException,
    UnsupportedOperationException,
)
from kamome.services.kms.key_identifiers import RESERVED_PREFIX, AliasReference, Caller, parse
from kamome.services.kms.key_policies import managed_policy
from kamome.services.kms.key_specs import Kind
from kamome.services.kms.limits import KEYS_MAX, ROTATION_PERIOD_DAYS_DEFAULT
from kamome.services.kms.materials import octets_of
from kamome.services.kms.slice import ROTATE_KIND, Kms
from kamome.services.kms.store import Key, KeyName, Material

if TYPE_CHECKING:
    from collections.abc import Mapping

DAY_MS = 86_400_000
# Services for which AWS manages a key, with the words it describes the key by.
_MANAGED = {
    "dynamodb": "Default key that protects my DynamoDB data when no other key is defined",
    "lambda": "Default key that protects my Lambda functions when no other key is defined",
    "s3": "Default key that protects my S3 objects when no other key is defined",
    "secretsmanager": (
        "Default key that protects my Secrets Manager data when no other key is defined"
    ),
    "ses": "Default key that protects my SES messages when no other key is defined",
    "sns": "Default key that protects my SNS data when no other key is defined",
    "sqs": "Default key that protects my SQS messages when no other key is defined",
    "ssm": "Default key that protects my SSM parameters when no other key is defined",
}


def find(kms: Kms, caller: Caller, identifier: str) -> Key:
    """The key that an id, an ARN, an alias or an alias ARN names, in whatever state.

    The key of `alias/aws/<service>` is made if it is not there: write access to the store.

    Raises:
        NotFoundException: there is none, or not in this region.
        InvalidArnException: an ARN is none of KMS.
        AccessDeniedException: it is another account's.

    AWS: KMS Developer Guide, Key identifiers (KeyId).
    """
    named = parse(caller, identifier)
    if named.account != caller.account:
        raise AccessDeniedException(
            f"The request names {named.arn}, which belongs to another account: a key here is used"
            " by its own account only."
        )
    if isinstance(named, AliasReference):
        return _of_alias(kms, named)
    key = kms.store.key(named)
    if key is None:
        raise NotFoundException(f"Key '{named.arn}' does not exist")
    return key


def find_by_id(kms: Kms, caller: Caller, identifier: str) -> Key:
    """The key that an id or a key ARN names, for operations that take no alias.

    Raises:
        NotFoundException: there is none, or an alias is named.
        InvalidArnException: an ARN is no key's.
        AccessDeniedException: it is another account's.

    AWS: KMS API Reference, the KeyId of the operation.
    """
    if isinstance(parse(caller, identifier), AliasReference):
        if identifier.startswith("arn:"):
            raise InvalidArnException(f"Invalid arn {identifier}")
        raise NotFoundException(f"Invalid keyId '{identifier}'")
    return find(kms, caller, identifier)


def find_managed_by_customer(kms: Kms, caller: Caller, identifier: str) -> Key:
    """`find_by_id`, for operations that change a key.

    Raises:
        AccessDeniedException: AWS manages the key; and what `find_by_id` raises.

    AWS: KMS Developer Guide, AWS managed keys.
    """
    key = find_by_id(kms, caller, identifier)
    if key.manager != "CUSTOMER":
        raise AccessDeniedException(
            f"The key {key.arn} is managed by AWS, and nobody else may change it."
        )
    return key


def check_usable(key: Key) -> None:
    """Whether a key may be used in cryptographic operations.

    Raises:
        DisabledException: it is disabled.
        KMSInvalidStateException: it is pending deletion or import.

    AWS: KMS Developer Guide, Key states of AWS KMS keys.
    """
    check_has_material(key)
    if not key.is_enabled:
        raise DisabledException(f"{key.arn} is disabled.")


def check_not_pending(key: Key) -> None:
    """Whether a key is not about to be deleted.

    Raises:
        KMSInvalidStateException: it is pending deletion.

    AWS: KMS Developer Guide, Key states of AWS KMS keys.
    """
    if key.is_pending_deletion:
        words = "pending deletion" if key.deletion_at_ms is not None else "pending replica deletion"
        raise KMSInvalidStateException(f"{key.arn} is {words}.")


def check_has_material(key: Key) -> None:
    """Whether a key is neither about to be deleted nor without its imported material.

    Raises:
        KMSInvalidStateException: it is.

    AWS: KMS Developer Guide, Key states of AWS KMS keys.
    """
    check_not_pending(key)
    if not key.material_id:
        raise KMSInvalidStateException(f"{key.arn} is pending import.")


def check_usage(key: Key, usage: str, operation: str) -> None:
    """Whether a key is made for an operation, and may be used now.

    Raises:
        InvalidKeyUsageException: it is made for something else.
        DisabledException, KMSInvalidStateException: see `check_usable`.

    AWS: KMS API Reference, Encrypt (Errors).
    """
    if key.key_usage != usage:
        raise InvalidKeyUsageException(
            f"{key.arn} key usage is {key.key_usage} which is not valid for {operation}."
        )
    check_usable(key)


def check_symmetric(key: Key) -> None:
    """Whether a key is a symmetric encryption key.

    Raises:
        UnsupportedOperationException: it is not.

    AWS: KMS API Reference, EnableKeyRotation (Errors).
    """
    if not key.is_symmetric:
        raise UnsupportedOperationException(
            f"{key.arn} is not a symmetric encryption key: its key spec is {key.key_spec}."
        )


def algorithm_of(key: Key, asked: str | None, default: str) -> str:
    """The algorithm to use with a key.

    Raises:
        InvalidKeyUsageException: the key cannot be used with it.

    AWS: KMS API Reference, Encrypt (EncryptionAlgorithm).
    """
    algorithm = asked or default
    if algorithm not in Kind(key.key_spec, key.key_usage).algorithms:
        raise InvalidKeyUsageException(
            f"Algorithm {algorithm} is incompatible with key spec {key.key_spec}."
        )
    return algorithm


def material_of(kms: Kms, key: Key, material_id: str = "") -> bytes:
    """A key's material: the current one, or the generation of an id.

    Raises:
        KMSInternalException: it cannot be read (see root_key.py), or is not there.

    AWS: KMS Cryptographic Details, Hierarchy of KMS keys.
    """
    material_id = material_id or key.material_id
    wrapped = kms.store.wrapped_material(key.name, material_id)
    if not wrapped:
        raise KMSInternalException(f"{key.arn} has no key material {material_id}.")
    return kms.root_key.unwrap(wrapped, place_of(key.name, material_id))


def add_material(kms: Kms, name: KeyName, octets: bytes, rotation_type: str = "") -> str:
    """Keep a new generation of a key's material; returns its id. The caller's step.

    AWS: KMS Developer Guide, Rotate AWS KMS keys.
    """
    generation = kms.store.last_generation(name) + 1
    now_ms = kms.clock.now_ms()
    material = Material(kms.ids.hex(64), generation, rotation_type, now_ms, b"")
    keep_material(kms, name, octets, material)
    return material.material_id


def keep_material(kms: Kms, name: KeyName, octets: bytes, material: Material) -> None:
    """Keep a generation of a key's material as it is described. The caller's step.

    AWS: KMS Cryptographic Details, Hierarchy of KMS keys.
    """
    wrapped = kms.root_key.wrap(octets, place_of(name, material.material_id))
    kms.store.add_material(name, material._replace(wrapped=wrapped))


def new_octets(kms: Kms, key_spec: str) -> bytes:
    """Material of a new symmetric or HMAC key.

    AWS: KMS Developer Guide, Key spec reference.
    """
    return kms.ids.bytes(octets_of(key_spec))


def check_key_count(kms: Kms, caller: Caller) -> None:
    """Whether one more key fits.

    Raises:
        LimitExceededException: the account has 100,000 in the region.

    AWS: KMS Developer Guide, Quotas.
    """
    if kms.store.key_count(caller.account, caller.region) >= KEYS_MAX:
        raise LimitExceededException(f"The account has {KEYS_MAX} keys, which is the limit.")


def order_rotation(kms: Kms, key: Key) -> None:
    """Have a key's material rotated when it is due. Part of the caller's step.

    AWS: KMS API Reference, EnableKeyRotation.
    """
    assert key.next_rotation_at_ms is not None
    payload: Mapping[str, object] = {**key.name._asdict(), "due_ms": key.next_rotation_at_ms}
    kms.outbox.put(ROTATE_KIND, payload, at_ms=key.next_rotation_at_ms)


def _of_alias(kms: Kms, named: AliasReference) -> Key:
    alias = alias_store.find(kms.store.engine, *named)
    if alias is None:
        service = named.alias_name.removeprefix(RESERVED_PREFIX)
        if not named.alias_name.startswith(RESERVED_PREFIX) or service not in _MANAGED:
            raise NotFoundException(f"Alias {named.arn} is not found.")
        return _make_managed(kms, named, service)
    key = kms.store.key(KeyName(named.account, named.region, alias.key_id))
    assert key is not None  # a key's aliases go with it
    return key


def _make_managed(kms: Kms, named: AliasReference, service: str) -> Key:
    """The key that AWS manages for a service in an account, with its alias, at its first use."""
    check_key_count(kms, named)
    name = KeyName(named.account, named.region, kms.ids.uuid())
    now_ms = kms.clock.now_ms()
    with kms.store.atomic():
        key = Key(
            name=name,
            key_spec="SYMMETRIC_DEFAULT",
            key_usage="ENCRYPT_DECRYPT",
            origin="AWS_KMS",
            manager="AWS",
            primary_region="",
            is_enabled=True,
            description=_MANAGED[service],
            policy=managed_policy(named.account, named.region, service),
            created_at_ms=now_ms,
            deletion_at_ms=None,
            pending_window_days=None,
            material_id=add_material(kms, name, new_octets(kms, "SYMMETRIC_DEFAULT")),
            rotation_period_days=ROTATION_PERIOD_DAYS_DEFAULT,
            next_rotation_at_ms=now_ms + ROTATION_PERIOD_DAYS_DEFAULT * DAY_MS,
        )
        kms.store.add(key)
        alias_store.put(kms.store.engine, Alias(*named, name.key_id, now_ms, now_ms))
        order_rotation(kms, key)
    return key


def place_of(name: KeyName, material_id: str) -> str:
    """What wrapped material is bound to, so that it cannot be moved to another key's row.

    AWS: KMS Cryptographic Details, Hierarchy of KMS keys.
    """
    return "/".join((*name, material_id))
