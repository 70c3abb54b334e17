"""Rotation of key material: by the clock, and on demand. Old material goes on decrypting.

AWS: KMS Developer Guide, Rotate AWS KMS keys; API Reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamome.services.kms import keys, multi_region, paging
from kamome.services.kms.errors import (
    InvalidMarkerException,
    KMSInvalidStateException,
    LimitExceededException,
    UnsupportedOperationException,
)
from kamome.services.kms.key_operations import name_of
from kamome.services.kms.limits import (
    LIST_DEFAULT,
    ON_DEMAND_ROTATIONS_MAX,
    ROTATION_PERIOD_DAYS_DEFAULT,
)

if TYPE_CHECKING:
    from kamome.context import RequestContext
    from kamome.services.kms import shapes
    from kamome.services.kms.slice import Kms
    from kamome.services.kms.store import Key, Material
    from kamome.storage.outbox import Entry

_AUTOMATIC = "AUTOMATIC"
_ON_DEMAND = "ON_DEMAND"


async def enable_key_rotation(
    kms: Kms, ctx: RequestContext, request: shapes.EnableKeyRotationRequest
) -> None:
    """Have a key's material rotated each 90 to 2,560 days; 365 if nothing is said.

    Raises:
        NotFoundException, AccessDeniedException: no such key of the customer.
        DisabledException, KMSInvalidStateException: not in its state.
        UnsupportedOperationException: it is no symmetric encryption key, or a replica.

    AWS: KMS API Reference, EnableKeyRotation.
    """
    key = _rotatable(kms, ctx, request["KeyId"])
    _check_own_material(key)
    days = request.get("RotationPeriodInDays", ROTATION_PERIOD_DAYS_DEFAULT)
    if key.rotation_period_days == days:
        return
    next_at_ms = kms.clock.now_ms() + days * keys.DAY_MS
    key = key._replace(rotation_period_days=days, next_rotation_at_ms=next_at_ms)
    with kms.store.atomic():
        kms.store.put(key)
        keys.order_rotation(kms, key)


async def disable_key_rotation(
    kms: Kms, ctx: RequestContext, request: shapes.DisableKeyRotationRequest
) -> None:
    """Rotate a key's material by the clock no more.

    Raises:
        AwsError: as EnableKeyRotation.

    AWS: KMS API Reference, DisableKeyRotation.
    """
    key = _rotatable(kms, ctx, request["KeyId"])
    kms.store.put(key._replace(rotation_period_days=None, next_rotation_at_ms=None))


async def get_key_rotation_status(
    kms: Kms, ctx: RequestContext, request: shapes.GetKeyRotationStatusRequest
) -> shapes.GetKeyRotationStatusResult:
    """Whether and when a key's material is rotated by the clock. While deletion pends: not.

    Raises:
        NotFoundException, InvalidArnException: there is no such key.
        UnsupportedOperationException: it is no symmetric encryption key.

    AWS: KMS API Reference, GetKeyRotationStatus.
    """
    key = keys.find_by_id(kms, ctx, request["KeyId"])
    keys.check_symmetric(key)
    arn = key.arn
    if key.is_replica:
        key = multi_region.primary_of(kms, key)
    is_on = key.rotation_period_days is not None and not key.is_pending_deletion
    status: shapes.GetKeyRotationStatusResult = {"KeyId": arn, "KeyRotationEnabled": is_on}
    if is_on and key.rotation_period_days is not None and key.next_rotation_at_ms is not None:
        status["RotationPeriodInDays"] = key.rotation_period_days
        status["NextRotationDate"] = key.next_rotation_at_ms / 1000
    return status


async def rotate_key_on_demand(
    kms: Kms, ctx: RequestContext, request: shapes.RotateKeyOnDemandRequest
) -> shapes.RotateKeyOnDemandResult:
    """Rotate a key's material now; here it is finished with the answer.

    Raises:
        LimitExceededException: it has been rotated on demand 25 times.
        KMSInvalidStateException: its material is imported; a second one cannot be (see DESIGN.md).
        AwsError: as EnableKeyRotation.

    AWS: KMS API Reference, RotateKeyOnDemand.
    """
    key = _rotatable(kms, ctx, request["KeyId"])
    if key.origin == "EXTERNAL":
        raise KMSInvalidStateException(f"{key.arn} has no key material pending rotation.")
    if kms.store.rotation_count(key.name, _ON_DEMAND) >= ON_DEMAND_ROTATIONS_MAX:
        raise LimitExceededException(
            f"{key.arn} has been rotated on demand {ON_DEMAND_ROTATIONS_MAX} times."
        )
    with kms.store.atomic():
        kms.store.put(_rotated(kms, key, _ON_DEMAND))
    return {"KeyId": key.arn}


async def list_key_rotations(
    kms: Kms, ctx: RequestContext, request: shapes.ListKeyRotationsRequest
) -> dict[str, object]:
    """The rotations of a key's material so far; ALL_KEY_MATERIAL shows the first one as well.

    Raises:
        NotFoundException, InvalidArnException: there is no such key.
        UnsupportedOperationException: it is no symmetric encryption key.
        InvalidMarkerException: the marker is none of this list.

    AWS: KMS API Reference, ListKeyRotations.
    """
    limit = paging.size(request, LIST_DEFAULT)
    key = keys.find_by_id(kms, ctx, request["KeyId"])
    keys.check_symmetric(key)
    first = 0 if request.get("IncludeKeyMaterial") == "ALL_KEY_MATERIAL" else 1
    marker = paging.position(request)
    if marker and not marker.isdecimal():
        raise InvalidMarkerException("The marker is not valid.")
    after = max(first, int(marker or 0))
    found = kms.store.materials(key.name, after, limit + 1)
    return paging.page(
        "Rotations",
        found,
        limit,
        lambda material: str(material.generation),
        lambda material: _shown(key, material),
    )


def rotate_key(kms: Kms, entry: Entry) -> None:
    """The moment of a rotation. A disabled key is rotated when it is enabled again.

    AWS: KMS API Reference, GetKeyRotationStatus (Disabled, Pending deletion).
    """
    key = kms.store.key(name_of(entry))
    if key is None or key.next_rotation_at_ms != entry.payload["due_ms"]:
        return
    if key.state != "Enabled" or key.rotation_period_days is None:
        return
    next_at_ms = kms.clock.now_ms() + key.rotation_period_days * keys.DAY_MS
    key = _rotated(kms, key, _AUTOMATIC)._replace(next_rotation_at_ms=next_at_ms)
    kms.store.put(key)
    keys.order_rotation(kms, key)


def _rotated(kms: Kms, key: Key, rotation_type: str) -> Key:
    octets = keys.new_octets(kms, key.key_spec)
    key = key._replace(material_id=keys.add_material(kms, key.name, octets, rotation_type))
    multi_region.share_material(kms, key, octets)
    return key


def _rotatable(kms: Kms, ctx: RequestContext, key_id: str) -> Key:
    key = keys.find_managed_by_customer(kms, ctx, key_id)
    keys.check_symmetric(key)
    keys.check_usable(key)
    if key.is_replica:
        raise UnsupportedOperationException(
            f"{key.arn} is a replica key: its material is rotated with that of its primary key."
        )
    return key


def _check_own_material(key: Key) -> None:
    if key.origin == "EXTERNAL":
        raise UnsupportedOperationException(f"{key.arn} has imported key material.")


def _shown(key: Key, material: Material) -> shapes.RotationsListEntry:
    is_imported = key.origin == "EXTERNAL"
    is_current = is_imported or material.material_id == key.material_id
    shown: shapes.RotationsListEntry = {
        "KeyId": key.arn,
        "KeyMaterialId": material.material_id,
        "KeyMaterialState": "CURRENT" if is_current else "NON_CURRENT",
    }
    if is_imported:
        shown["ImportState"] = "IMPORTED" if key.material_id else "PENDING_IMPORT"
    if material.description:
        shown["KeyMaterialDescription"] = material.description
    if material.rotation_type:
        shown["RotationDate"] = material.created_at_ms / 1000
        shown["RotationType"] = material.rotation_type
    return shown
