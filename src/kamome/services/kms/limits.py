"""Limits of KMS that its service model does not have.

AWS: KMS Developer Guide, Quotas ("Quotas"); API Reference of the operation that is named.
"""

from __future__ import annotations

# Quotas, Resource quotas: KMS keys in each account and region.
KEYS_MAX = 100_000
# Quotas, Resource quotas: aliases per KMS key.
ALIASES_PER_KEY_MAX = 50
# Quotas, Resource quotas: grants per KMS key.
GRANTS_PER_KEY_MAX = 50_000
# Quotas, Resource quotas: key policy document size.
POLICY_BYTES_MAX = 32 * 1024
# Quotas, Resource quotas: on-demand rotations per KMS key.
ON_DEMAND_ROTATIONS_MAX = 25
# API Reference, ScheduleKeyDeletion: PendingWindowInDays, and its default.
PENDING_WINDOW_DAYS_MIN = 7
PENDING_WINDOW_DAYS_MAX = 30
PENDING_WINDOW_DAYS_DEFAULT = 30
# API Reference, EnableKeyRotation: RotationPeriodInDays, if it is not given.
ROTATION_PERIOD_DAYS_DEFAULT = 365
# API Reference, TagResource: tags per key.
TAGS_MAX = 50
# API Reference, ListKeys, ListKeyPolicies, ListKeyRotations: Limit, if it is not given.
LIST_DEFAULT = 100
# API Reference, ListAliases, ListGrants, ListResourceTags: Limit, if it is not given.
SHORT_LIST_DEFAULT = 50
# API Reference, ListAliases, ListGrants: Limit is 100 at most there, ListResourceTags: 50.
SHORT_LIST_MAX = 100
TAG_LIST_MAX = 50
# Ours: an encryption context of more octets is refused, as the ciphertext is to stay small work.
# AWS: KMS Developer Guide, Encryption context: the names and values have 8,192 characters together.
ENCRYPTION_CONTEXT_BYTES_MAX = 8192
# API Reference, GetParametersForImport: 24 hours.
IMPORT_TOKEN_MS = 24 * 3_600_000
# API Reference, ImportKeyMaterial (ValidTo): 365 days.
IMPORTED_VALID_MS_MAX = 365 * 86_400_000
# Ours: of more generations none is given to a new replica; the shortest rotation period makes them
# in 2,400 years. API Reference, EnableKeyRotation: RotationPeriodInDays.
MATERIALS_MAX = 10_000
