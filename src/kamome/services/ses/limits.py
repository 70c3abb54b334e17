"""Quotas of SES receiving. AWS: SES Developer Guide, Service quotas (email receiving quotas)."""

from __future__ import annotations

# AWS: SES Developer Guide, Service quotas: maximum number of receipt rule sets.
RULE_SETS_MAX = 40
# AWS: SES Developer Guide, Service quotas: maximum number of receipt rules per rule set.
RULES_PER_RULE_SET_MAX = 200
# AWS: SES Developer Guide, Service quotas: maximum number of actions per receipt rule.
ACTIONS_PER_RULE_MAX = 10
# AWS: SES Developer Guide, Service quotas: maximum number of recipients per receipt rule.
RECIPIENTS_PER_RULE_MAX = 100
# AWS: SES Developer Guide, Service quotas: identities per Region.
IDENTITIES_MAX = 10_000
# AWS: SES API Reference, GetIdentityVerificationAttributes: up to 100 identities at a time.
IDENTITIES_PER_REQUEST_MAX = 100
# AWS: SES API Reference, ListIdentities, MaxItems.
LIST_IDENTITIES_MAX = 1_000
# AWS: SES API Reference, ReceiptRule and CreateReceiptRuleSet, the requirements of names.
NAME_CHARACTERS_MAX = 64
# AWS: SES API Reference, AddHeaderAction.
HEADER_NAME_CHARACTERS_MAX = 50
HEADER_VALUE_CHARACTERS_MAX = 2_048
# 150 KB with headers. AWS: SES API Reference, SNSAction.
SNS_MAIL_BYTES_MAX = 150 * 1024
# AWS: SES Developer Guide, Contents of notifications, mail object: headersTruncated.
NOTIFIED_HEADER_BYTES_MAX = 10 * 1024
# A key has 1,024 bytes at most, 40 of which are the mail's id. AWS: S3 User Guide, Object keys.
OBJECT_KEY_PREFIX_BYTES_MAX = 984
# The header section that is read for events. What passes it is cut off there, as `headers` are.
HEADER_SECTION_BYTES_MAX = 256 * 1024
# A domain name. RFC 1035 §2.3.4.
DOMAIN_CHARACTERS_MAX = 253
