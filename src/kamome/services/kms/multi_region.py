"""Multi-Region keys: the same id and material in several Regions, one of them the primary's.

A replica's row has what is its own (policy, description, state); material and rotation are shared.
What AWS does in the background in some seconds is finished here with the answer.

AWS: KMS Developer Guide, Multi-Region keys in AWS KMS; API Reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamome.services.kms import keys, tag_rules
from kamome.services.kms.errors import (
    AlreadyExistsException,
    NotFoundException,
    UnsupportedOperationException,
)
from kamome.services.kms.key_metadata import key_metadata
from kamome.services.kms.key_policies import check_policy, default_policy
from kamome.services.kms.limits import MATERIALS_MAX

if TYPE_CHECKING:
    from kamome.context import RequestContext
    from kamome.services.kms import shapes
    from kamome.services.kms.slice import Kms
    from kamome.services.kms.store import Key


async def replicate_key(
    kms: Kms, ctx: RequestContext, request: shapes.ReplicateKeyRequest
) -> shapes.ReplicateKeyResult:
    """Make a replica of a primary key in another Region. One of imported material comes without.

    Raises:
        NotFoundException, InvalidArnException, AccessDeniedException: no such key of the customer.
        UnsupportedOperationException: it is no multi-Region primary key.
        DisabledException, KMSInvalidStateException: not in its state.
        AlreadyExistsException: the Region has the key.
        MalformedPolicyDocumentException, TagException, LimitExceededException: policy, tags, quota.

    AWS: KMS API Reference, ReplicateKey.
    """
    key = _primary(kms, ctx, request["KeyId"])
    keys.check_usable(key)
    name = key.name._replace(region=request["ReplicaRegion"])
    if kms.store.key(name) is not None:
        raise AlreadyExistsException(f"{name.arn} already exists.")
    tags = tag_rules.checked(request.get("Tags", []))
    policy = default_policy(ctx.account)
    if "Policy" in request:
        may_lock_out = request.get("BypassPolicyLockoutSafetyCheck", False)
        policy = check_policy(request["Policy"], ctx.account, is_lockout_allowed=may_lock_out)
    keys.check_key_count(kms, name)
    is_imported = key.origin == "EXTERNAL"
    replica = key._replace(
        name=name,
        description=request.get("Description", ""),
        policy=policy,
        created_at_ms=kms.clock.now_ms(),
        material_id="" if is_imported else key.material_id,
        rotation_period_days=None,
        next_rotation_at_ms=None,
        valid_to_ms=None,
    )
    with kms.store.atomic():
        kms.store.add(replica)
        kms.store.put_tags(name, tags)
        if not is_imported:
            _copy_materials(kms, key, replica)
    return {
        "ReplicaKeyMetadata": key_metadata(replica, kms.store.related(replica)),
        "ReplicaPolicy": policy,
        "ReplicaTags": [{"TagKey": tag_key, "TagValue": value} for tag_key, value in sorted(tags)],
    }


async def update_primary_region(
    kms: Kms, ctx: RequestContext, request: shapes.UpdatePrimaryRegionRequest
) -> None:
    """Make a replica the primary key, and the primary key a replica. Rotation goes with it.

    Raises:
        NotFoundException, InvalidArnException, AccessDeniedException: no such key of the customer,
            or no replica in the Region.
        UnsupportedOperationException: it is no multi-Region primary key.
        DisabledException, KMSInvalidStateException: not in the state of one of the two.

    AWS: KMS API Reference, UpdatePrimaryRegion.
    """
    key = _primary(kms, ctx, request["KeyId"])
    keys.check_usable(key)
    name = key.name._replace(region=request["PrimaryRegion"])
    replica = kms.store.key(name)
    if replica is None:
        raise NotFoundException(f"Key '{name.arn}' does not exist")
    keys.check_usable(replica)
    if not replica.is_replica:
        return
    with kms.store.atomic():
        for each in kms.store.related(key):
            is_new = each.name == name
            period_days = key.rotation_period_days if is_new else None
            next_at_ms = key.next_rotation_at_ms if is_new else None
            changed = each._replace(
                primary_region=name.region,
                rotation_period_days=period_days,
                next_rotation_at_ms=next_at_ms,
            )
            kms.store.put(changed)
            if next_at_ms is not None:
                keys.order_rotation(kms, changed)


def primary_of(kms: Kms, replica: Key) -> Key:
    """The primary key of a replica: it goes after all replicas.

    AWS: KMS Developer Guide, Multi-Region keys in AWS KMS.
    """
    primary = kms.store.key(replica.name._replace(region=replica.primary_region))
    assert primary is not None
    return primary


def share_material(kms: Kms, primary: Key, octets: bytes) -> None:
    """Give the replicas of a key the material that it has just been rotated to.

    AWS: KMS Developer Guide, Rotate AWS KMS keys (Rotating multi-Region keys).
    """
    for replica in kms.store.related(primary):
        if replica.is_replica:
            before = kms.store.last_generation(primary.name) - 1
            [material] = kms.store.materials(primary.name, before, 1)
            keys.keep_material(kms, replica.name, octets, material)
            kms.store.put(replica._replace(material_id=primary.material_id))


def _copy_materials(kms: Kms, key: Key, replica: Key) -> None:
    """All generations: a replica decrypts what its primary key has ever encrypted."""
    for material in kms.store.materials(key.name, 0, MATERIALS_MAX):
        octets = keys.material_of(kms, key, material.material_id)
        keys.keep_material(kms, replica.name, octets, material)


def _primary(kms: Kms, ctx: RequestContext, key_id: str) -> Key:
    key = keys.find_managed_by_customer(kms, ctx, key_id)
    if not key.primary_region or key.is_replica:
        raise UnsupportedOperationException(f"{key.arn} is not a multi-Region primary key.")
    return key
