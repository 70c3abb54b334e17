"""The operations of KMS that are served, in the API reference's order.

AWS: KMS API Reference, Actions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from kamome.protocols.model import Violation, constraint_sentence
from kamome.services import Operation
from kamome.services.kms.alias_operations import (
    create_alias,
    delete_alias,
    list_aliases,
    update_alias,
)
from kamome.services.kms.cryptographic_operations import (
    decrypt,
    encrypt,
    generate_random,
    re_encrypt,
)
from kamome.services.kms.data_key_operations import (
    generate_data_key,
    generate_data_key_pair,
    generate_data_key_pair_without_plaintext,
    generate_data_key_without_plaintext,
)
from kamome.services.kms.errors import ValidationException
from kamome.services.kms.grant_operations import (
    create_grant,
    list_grants,
    list_retirable_grants,
    retire_grant,
    revoke_grant,
)
from kamome.services.kms.import_operations import (
    delete_imported_key_material,
    get_parameters_for_import,
    import_key_material,
)
from kamome.services.kms.key_operations import (
    cancel_key_deletion,
    create_key,
    describe_key,
    disable_key,
    enable_key,
    list_keys,
    schedule_key_deletion,
    update_key_description,
)
from kamome.services.kms.multi_region import replicate_key, update_primary_region
from kamome.services.kms.policy_operations import (
    get_key_policy,
    list_key_policies,
    list_resource_tags,
    put_key_policy,
    tag_resource,
    untag_resource,
)
from kamome.services.kms.rotation_operations import (
    disable_key_rotation,
    enable_key_rotation,
    get_key_rotation_status,
    list_key_rotations,
    rotate_key_on_demand,
)
from kamome.services.kms.signing_operations import (
    decapsulate,
    derive_shared_secret,
    encapsulate,
    generate_mac,
    get_public_key,
    sign,
    verify,
    verify_mac,
)

# What a request is about, for journeys: the first of these members that it has.
_RESOURCES = ("KeyId", "TargetKeyId", "DestinationKeyId", "AliasName")

OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "CancelKeyDeletion": cancel_key_deletion,
        "CreateAlias": create_alias,
        "CreateGrant": create_grant,
        "CreateKey": create_key,
        "Decapsulate": decapsulate,
        "Decrypt": decrypt,
        "DeleteAlias": delete_alias,
        "DeleteImportedKeyMaterial": delete_imported_key_material,
        "DeriveSharedSecret": derive_shared_secret,
        "DescribeKey": describe_key,
        "DisableKey": disable_key,
        "DisableKeyRotation": disable_key_rotation,
        "EnableKey": enable_key,
        "EnableKeyRotation": enable_key_rotation,
        "Encapsulate": encapsulate,
        "Encrypt": encrypt,
        "GenerateDataKey": generate_data_key,
        "GenerateDataKeyPair": generate_data_key_pair,
        "GenerateDataKeyPairWithoutPlaintext": generate_data_key_pair_without_plaintext,
        "GenerateDataKeyWithoutPlaintext": generate_data_key_without_plaintext,
        "GenerateMac": generate_mac,
        "GenerateRandom": generate_random,
        "GetKeyPolicy": get_key_policy,
        "GetKeyRotationStatus": get_key_rotation_status,
        "GetParametersForImport": get_parameters_for_import,
        "GetPublicKey": get_public_key,
        "ImportKeyMaterial": import_key_material,
        "ListAliases": list_aliases,
        "ListGrants": list_grants,
        "ListKeyPolicies": list_key_policies,
        "ListKeyRotations": list_key_rotations,
        "ListKeys": list_keys,
        "ListResourceTags": list_resource_tags,
        "ListRetirableGrants": list_retirable_grants,
        "PutKeyPolicy": put_key_policy,
        "ReEncrypt": re_encrypt,
        "ReplicateKey": replicate_key,
        "RetireGrant": retire_grant,
        "RevokeGrant": revoke_grant,
        "RotateKeyOnDemand": rotate_key_on_demand,
        "ScheduleKeyDeletion": schedule_key_deletion,
        "Sign": sign,
        "TagResource": tag_resource,
        "UntagResource": untag_resource,
        "UpdateAlias": update_alias,
        "UpdateKeyDescription": update_key_description,
        "UpdatePrimaryRegion": update_primary_region,
        "Verify": verify,
        "VerifyMac": verify_mac,
    }
)


def violation(violations: Sequence[Violation]) -> ValidationException:
    """KMS's sentence for members that do not keep to the model's constraints.

    AWS: KMS API Reference, Common Errors (ValidationException).
    """
    return ValidationException(constraint_sentence(tuple(violations)))


def resource_of(request: Mapping[str, object]) -> str:
    """The key or alias that a request names; empty for those that name none.

    AWS: KMS API Reference, Actions.
    """
    for member in _RESOURCES:
        if member in request:
            return str(request[member])
    return ""
