"""Limits of Secrets Manager, each with its source; and our own bounds, each with its reason.

AWS: Secrets Manager User Guide, AWS Secrets Manager quotas ("Quotas"); API Reference.
"""

from __future__ import annotations

# Quotas: secret value size.
VALUE_BYTES_MAX = 65_536
# Quotas: staging labels attached across all versions of a secret.
STAGES_MAX = 20
# Quotas: versions per secret. Those of the last 24 hours are kept beyond that (PutSecretValue).
VERSIONS_KEPT = 100
VERSION_KEPT_MS = 24 * 3600 * 1000
# API Reference, TagResource.
TAGS_MAX = 50
# API Reference, DeleteSecret: the recovery window in days, and its default.
RECOVERY_DAYS_MIN = 7
RECOVERY_DAYS_MAX = 30
# API Reference, ListSecrets: MaxResults. BatchGetSecretValue has 20 at most.
PAGE_MAX = 100
BATCH_MAX = 20
# API Reference, CreateSecret: 512 characters with what the ARN adds.
NAME_CHARACTERS_MAX = 512
# API Reference, GetRandomPassword: the default length.
PASSWORD_LENGTH = 32

# Ours, AWS has 500,000: lists are filtered and sorted in memory, 10,000 take some 30 ms.
SECRETS_MAX = 10_000
# Ours: a secret may have so many versions of its last 24 hours.
VERSIONS_MAX = 1_000
