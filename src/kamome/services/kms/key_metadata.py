"""KeyMetadata: what is told of a key.

AWS: KMS API Reference, KeyMetadata.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamome.services.kms.key_specs import ALGORITHM_MEMBERS, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kamome.services.kms.shapes import KeyMetadata, MultiRegionConfiguration
    from kamome.services.kms.store import Key


def key_metadata(key: Key, related: Sequence[Key] = ()) -> KeyMetadata:
    """A key as CreateKey and DescribeKey show it, given its relatives if it has any.

    AWS: KMS API Reference, KeyMetadata.
    """
    kind = Kind(key.key_spec, key.key_usage)
    shown: KeyMetadata = {
        "AWSAccountId": key.name.account,
        "KeyId": key.name.key_id,
        "Arn": key.arn,
        "CreationDate": key.created_at_ms / 1000,
        "Enabled": key.state == "Enabled",
        "Description": key.description,
        "KeyUsage": key.key_usage,
        "KeyState": key.state,
        "Origin": key.origin,
        "KeyManager": key.manager,
        "CustomerMasterKeySpec": key.key_spec,
        "KeySpec": key.key_spec,
        "MultiRegion": bool(key.primary_region),
    }
    shown[ALGORITHM_MEMBERS[key.key_usage]] = list(kind.algorithms)  # type: ignore[literal-required] # one of five members
    if key.is_symmetric and key.material_id:
        shown["CurrentKeyMaterialId"] = key.material_id
    if key.origin == "EXTERNAL" and key.material_id:
        expires = key.valid_to_ms is not None
        shown["ExpirationModel"] = f"KEY_MATERIAL_{'EXPIRES' if expires else 'DOES_NOT_EXPIRE'}"
    if key.valid_to_ms is not None:
        shown["ValidTo"] = key.valid_to_ms / 1000
    if key.deletion_at_ms is not None:
        shown["DeletionDate"] = key.deletion_at_ms / 1000
    elif key.pending_window_days is not None:
        shown["PendingDeletionWindowInDays"] = key.pending_window_days
    if key.primary_region:
        shown["MultiRegionConfiguration"] = _configuration(key, related)
    return shown


def _configuration(key: Key, related: Sequence[Key]) -> MultiRegionConfiguration:
    primary = key.name._replace(region=key.primary_region)
    return {
        "MultiRegionKeyType": "REPLICA" if key.is_replica else "PRIMARY",
        "PrimaryKey": {"Arn": primary.arn, "Region": primary.region},
        "ReplicaKeys": [
            {"Arn": each.arn, "Region": each.name.region} for each in related if each.is_replica
        ],
    }
