"""Limits of Parameter Store, each with its source; and our own bounds, each with its reason.

AWS: General Reference, Systems Manager endpoints and quotas ("Quotas"); Systems Manager User Guide
("User Guide").
"""

from __future__ import annotations

# Quotas: maximum size of a parameter value, by tier; 1 KB is 1024 bytes.
STANDARD_VALUE_BYTES_MAX = 4 * 1024
ADVANCED_VALUE_BYTES_MAX = 8 * 1024
# Quotas: parameters per account and Region, by tier.
STANDARD_PARAMETERS_MAX = 10_000
ADVANCED_PARAMETERS_MAX = 100_000
# Quotas: past versions of a parameter that are kept.
VERSIONS_MAX = 100
# User Guide, Working with parameter labels: per version; and how long one is.
LABELS_PER_VERSION_MAX = 10
LABEL_CHARACTERS_MAX = 100
# API Reference, PutParameter: 1011 characters with the ARN before the name; 15 levels.
ARN_CHARACTERS_MAX = 1_011
HIERARCHY_LEVELS_MAX = 15
# API Reference, PutParameter, Errors: PoliciesLimitExceededException.
POLICIES_MAX = 10
# API Reference, AddTagsToResource.
TAGS_MAX = 50
# API Reference: MaxResults of GetParametersByPath, and of the other lists.
BY_PATH_PAGE_MAX = 10
PAGE_MAX = 50

# Ours: an expression runs this long against a value, in a process of its own, before it counts as
# one that cannot be used; starting the process takes 20 ms.
PATTERN_S_MAX = 5.0
# Ours: rows that one page of a filtered list looks at; AWS has such a limit, too, and like there
# the page then ends with a token.
ROWS_PER_PAGE_MAX = 1_000
