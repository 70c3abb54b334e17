"""Operations on keys: CreateKey, DescribeKey, ListKeys, their states and their deletion.

AWS: KMS API Reference.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kamome.errors import OperationNotServed
from kamome.services.kms import keys, paging, tag_rules
from kamome.services.kms.errors import (
    CustomKeyStoreNotFoundException,
    KMSInvalidStateException,
    ValidationException,
)
from kamome.services.kms.key_metadata import key_metadata
from kamome.services.kms.key_policies import check_policy, default_policy
from kamome.services.kms.key_specs import (
    ALGORITHMS,
    ENCRYPT_DECRYPT,
    Kind,
    check_spec,
    is_asymmetric,
)
from kamome.services.kms.limits import (
    LIST_DEFAULT,
    PENDING_WINDOW_DAYS_DEFAULT,
    PENDING_WINDOW_DAYS_MAX,
    PENDING_WINDOW_DAYS_MIN,
)
from kamome.services.kms.slice import DELETE_KIND
from kamome.services.kms.store import Key, KeyName

if TYPE_CHECKING:
    from kamome.context import RequestContext
    from kamome.services.kms import shapes
    from kamome.services.kms.slice import Kms
    from kamome.storage.outbox import Entry


async def create_key(
    kms: Kms, ctx: RequestContext, request: shapes.CreateKeyRequest
) -> shapes.CreateKeyResult:
    """Make a key. The material of pairs is made in a thread; RSA takes up to a second. A key of
    Origin EXTERNAL waits for its material to be imported.

    Raises:
        ValidationException: key spec and usage do not fit, or members do not fit together.
        UnsupportedOperationException: SM2, which is for AWS's China Regions.
        CustomKeyStoreNotFoundException: a custom key store is named; there are none here.
        MalformedPolicyDocumentException, TagException, LimitExceededException: policy, tags, quota.
        OperationNotServed: a key spec that the library has not, or whose material is not imported.

    AWS: KMS API Reference, CreateKey.
    """
    kind = _kind_of(request)
    origin = _checked_origin(request, kind.key_spec)
    policy = default_policy(ctx.account)
    if "Policy" in request:
        may_lock_out = request.get("BypassPolicyLockoutSafetyCheck", False)
        policy = check_policy(request["Policy"], ctx.account, is_lockout_allowed=may_lock_out)
    tags = tag_rules.checked(request.get("Tags", []))
    material = b"" if origin == "EXTERNAL" else await _new_material(kms, kind.key_spec)
    keys.check_key_count(kms, ctx)
    primary_region = ctx.region if request.get("MultiRegion") else ""
    key_id = f"mrk-{kms.ids.hex(32)}" if primary_region else kms.ids.uuid()
    name = KeyName(ctx.account, ctx.region, key_id)
    with kms.store.atomic():
        key = Key(
            name=name,
            key_spec=kind.key_spec,
            key_usage=kind.key_usage,
            origin=origin,
            manager="CUSTOMER",
            primary_region=primary_region,
            is_enabled=True,
            description=request.get("Description", ""),
            policy=policy,
            created_at_ms=kms.clock.now_ms(),
            deletion_at_ms=None,
            pending_window_days=None,
            material_id=keys.add_material(kms, name, material) if material else "",
            rotation_period_days=None,
            next_rotation_at_ms=None,
        )
        kms.store.add(key)
        kms.store.put_tags(name, tags)
    return {"KeyMetadata": key_metadata(key)}


async def describe_key(
    kms: Kms, ctx: RequestContext, request: shapes.DescribeKeyRequest
) -> shapes.DescribeKeyResult:
    """What is known of a key, in whatever state. An alias of AWS's own makes its key.

    Raises:
        NotFoundException, InvalidArnException: there is no such key.

    AWS: KMS API Reference, DescribeKey.
    """
    key = keys.find(kms, ctx, request["KeyId"])
    return {"KeyMetadata": key_metadata(key, kms.store.related(key))}


async def list_keys(
    kms: Kms, ctx: RequestContext, request: shapes.ListKeysRequest
) -> dict[str, object]:
    """All keys of the account in the region, those pending deletion too, in order of their ids.

    Raises:
        InvalidMarkerException: the marker is none of this list.

    AWS: KMS API Reference, ListKeys.
    """
    limit = paging.size(request, LIST_DEFAULT)
    after = paging.position(request)
    if "SELF" not in request.get("ResourceOwners", ["SELF"]):
        return {"Keys": [], "Truncated": False}  # nothing is shared between accounts
    found = kms.store.key_ids(ctx.account, ctx.region, after, limit + 1)

    def shown(key_id: str) -> object:
        return {"KeyId": key_id, "KeyArn": KeyName(ctx.account, ctx.region, key_id).arn}

    return paging.page("Keys", found, limit, str, shown)


async def update_key_description(
    kms: Kms, ctx: RequestContext, request: shapes.UpdateKeyDescriptionRequest
) -> None:
    """Change a key's description.

    Raises:
        NotFoundException, AccessDeniedException: no such key of the customer.
        KMSInvalidStateException: it is pending deletion.

    AWS: KMS API Reference, UpdateKeyDescription.
    """
    key = keys.find_managed_by_customer(kms, ctx, request["KeyId"])
    keys.check_not_pending(key)
    kms.store.put(key._replace(description=request["Description"]))


async def enable_key(kms: Kms, ctx: RequestContext, request: shapes.EnableKeyRequest) -> None:
    """Let a key be used again; a rotation that came due meanwhile is made at once.

    Raises:
        NotFoundException, AccessDeniedException: no such key of the customer.
        KMSInvalidStateException: it is pending deletion.

    AWS: KMS API Reference, EnableKey; GetKeyRotationStatus (Disabled).
    """
    key = keys.find_managed_by_customer(kms, ctx, request["KeyId"])
    keys.check_has_material(key)
    key = key._replace(is_enabled=True)
    with kms.store.atomic():
        kms.store.put(key)
        if key.next_rotation_at_ms is not None and key.next_rotation_at_ms <= kms.clock.now_ms():
            keys.order_rotation(kms, key)


async def disable_key(kms: Kms, ctx: RequestContext, request: shapes.DisableKeyRequest) -> None:
    """Let a key be used no more until it is enabled.

    Raises:
        NotFoundException, AccessDeniedException: no such key of the customer.
        KMSInvalidStateException: it is pending deletion.

    AWS: KMS API Reference, DisableKey.
    """
    key = keys.find_managed_by_customer(kms, ctx, request["KeyId"])
    keys.check_has_material(key)
    kms.store.put(key._replace(is_enabled=False))


async def schedule_key_deletion(
    kms: Kms, ctx: RequestContext, request: shapes.ScheduleKeyDeletionRequest
) -> shapes.ScheduleKeyDeletionResult:
    """Have a key deleted in 7 to 30 days, by the clock, with all that was encrypted under it lost.

    The days of a multi-Region primary key begin when its last replica is gone.

    Raises:
        NotFoundException, AccessDeniedException: no such key of the customer.
        KMSInvalidStateException: it is pending deletion.
        ValidationException: another number of days.

    AWS: KMS API Reference, ScheduleKeyDeletion.
    """
    days = request.get("PendingWindowInDays", PENDING_WINDOW_DAYS_DEFAULT)
    _check_window(days)
    key = keys.find_managed_by_customer(kms, ctx, request["KeyId"])
    keys.check_not_pending(key)
    key = key._replace(pending_window_days=days)
    with kms.store.atomic():
        if key.is_replica or not any(each.is_replica for each in kms.store.related(key)):
            key = _order_deletion(kms, key)
        kms.store.put(key)
    answer: shapes.ScheduleKeyDeletionResult = {
        "KeyId": key.arn,
        "KeyState": key.state,
        "PendingWindowInDays": days,
    }
    if key.deletion_at_ms is not None:
        answer["DeletionDate"] = key.deletion_at_ms / 1000
    return answer


async def cancel_key_deletion(
    kms: Kms, ctx: RequestContext, request: shapes.CancelKeyDeletionRequest
) -> shapes.CancelKeyDeletionResult:
    """Keep a key after all. It is disabled then.

    Raises:
        NotFoundException: no such key.
        KMSInvalidStateException: it is not pending deletion.

    AWS: KMS API Reference, CancelKeyDeletion.
    """
    key = keys.find_managed_by_customer(kms, ctx, request["KeyId"])
    if not key.is_pending_deletion:
        raise KMSInvalidStateException(f"{key.arn} is not pending deletion.")
    kms.store.put(key._replace(deletion_at_ms=None, pending_window_days=None, is_enabled=False))
    return {"KeyId": key.arn}


def delete_key(kms: Kms, entry: Entry) -> None:
    """The moment of a deletion: the key goes, unless the deletion was cancelled.

    AWS: KMS Developer Guide, Delete an AWS KMS key.
    """
    name = name_of(entry)
    key = kms.store.key(name)
    if key is None or key.deletion_at_ms != entry.payload["due_ms"]:
        return
    kms.store.forget(name)
    if not key.is_replica:
        return
    primary = kms.store.key(name._replace(region=key.primary_region))
    assert primary is not None  # it goes after its replicas
    if primary.state == "PendingReplicaDeletion" and len(kms.store.related(primary)) == 1:
        kms.store.put(_order_deletion(kms, primary))


def _order_deletion(kms: Kms, key: Key) -> Key:
    """Begin the waiting time of a key that is to be deleted."""
    assert key.pending_window_days is not None
    deletion_at_ms = kms.clock.now_ms() + key.pending_window_days * keys.DAY_MS
    payload = {**key.name._asdict(), "due_ms": deletion_at_ms}
    kms.outbox.put(DELETE_KIND, payload, at_ms=deletion_at_ms)
    return key._replace(deletion_at_ms=deletion_at_ms)


def name_of(entry: Entry) -> KeyName:
    """The key that an outbox entry is about.

    AWS: KMS Developer Guide, Delete an AWS KMS key.
    """
    payload = entry.payload
    return KeyName(str(payload["account"]), str(payload["region"]), str(payload["key_id"]))


async def _new_material(kms: Kms, key_spec: str) -> bytes:
    if not is_asymmetric(key_spec):
        return keys.new_octets(kms, key_spec)
    from kamome.services.kms.materials import new_pair

    return await asyncio.to_thread(new_pair, key_spec)


def _kind_of(request: shapes.CreateKeyRequest) -> Kind:
    """Spec and usage of a new key, which fit each other."""
    older, newer = request.get("CustomerMasterKeySpec"), request.get("KeySpec")
    if older is not None and newer is not None:
        raise ValidationException(
            "You cannot specify KeySpec and CustomerMasterKeySpec in the same request."
            " CustomerMasterKeySpec is deprecated."
        )
    key_spec = newer or older or "SYMMETRIC_DEFAULT"
    check_spec(key_spec)
    if "KeyUsage" not in request and key_spec != "SYMMETRIC_DEFAULT":
        raise ValidationException(
            "You must specify a KeyUsage value for all KMS keys except for"
            " symmetric encryption keys."
        )
    key_usage = request.get("KeyUsage", ENCRYPT_DECRYPT)
    if key_usage not in ALGORITHMS[key_spec]:
        raise ValidationException(f"KeyUsage {key_usage} is not compatible with KeySpec {key_spec}")
    return Kind(key_spec, key_usage)


def _checked_origin(request: shapes.CreateKeyRequest, key_spec: str) -> str:
    origin = request.get("Origin", "AWS_KMS")
    if "CustomKeyStoreId" in request:
        raise CustomKeyStoreNotFoundException(
            f"Custom key store {request['CustomKeyStoreId']} is not found."
        )
    if origin == "EXTERNAL" and key_spec.startswith("ML_"):
        raise OperationNotServed(f"Imported key material of {key_spec} is not served by Kamome.")
    if origin not in ("AWS_KMS", "EXTERNAL"):
        raise ValidationException(f"Origin {origin} needs a CustomKeyStoreId.")
    if "XksKeyId" in request:
        raise ValidationException("XksKeyId is for keys in an external key store.")
    return origin


def _check_window(days: int) -> None:
    if days < PENDING_WINDOW_DAYS_MIN:
        relation, bound = "greater than or equal to", PENDING_WINDOW_DAYS_MIN
    elif days > PENDING_WINDOW_DAYS_MAX:
        relation, bound = "less than or equal to", PENDING_WINDOW_DAYS_MAX
    else:
        return
    raise ValidationException(
        f"1 validation error detected: Value '{days}' at 'pendingWindowInDays' failed to satisfy"
        f" constraint: Member must have value {relation} {bound}"
    )
