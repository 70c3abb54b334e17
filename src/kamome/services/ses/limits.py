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
# AWS: SES Developer Guide, Service quotas: IP address filters per account.
RECEIPT_FILTERS_MAX = 100
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
# What a topic takes, the JSON around the mail included. AWS: SNS API Reference, Publish (Message).
SNS_MESSAGE_BYTES_MAX = 256 * 1024
# AWS: SES Developer Guide, Contents of notifications, mail object: headersTruncated.
NOTIFIED_HEADER_BYTES_MAX = 10 * 1024
# A key has 1,024 bytes at most, 40 of which are the mail's id. AWS: S3 User Guide, Object keys.
OBJECT_KEY_PREFIX_BYTES_MAX = 984
# The header section that is read for events. What passes it is cut off there, as `headers` are.
HEADER_SECTION_BYTES_MAX = 256 * 1024
# AWS: SES API Reference, SendBounce: a mail can be bounced up to 24 hours after it was received.
BOUNCE_AGE_MS_MAX = 24 * 3600 * 1000
# AWS: SES API Reference, ExtensionField.
DSN_FIELD_NAME_CHARACTERS_MAX = 50
DSN_FIELD_VALUE_CHARACTERS_MAX = 2_048
# A domain name. RFC 1035 §2.3.4.
DOMAIN_CHARACTERS_MAX = 253
# AWS: SES API v2 Reference, Tag.
TAGS_MAX = 50
TAG_KEY_CHARACTERS_MAX = 128
TAG_VALUE_CHARACTERS_MAX = 256
# AWS: SES Developer Guide, Service quotas: configuration sets, event destinations of one.
CONFIGURATION_SETS_MAX = 10_000
EVENT_DESTINATIONS_MAX = 10
# AWS: SES Developer Guide, Service quotas: dimensions of a CloudWatch event destination.
DIMENSIONS_MAX = 10
# AWS: SES API v2 Reference, CloudWatchDimensionConfiguration: names and default values.
DIMENSION_CHARACTERS_MAX = 256
# AWS: SES API v2 Reference, ListConfigurationSets (v1: MaxItems), ListSuppressedDestinations,
# ListContacts, ListContactLists, ListDedicatedIpPools: PageSize.
LIST_MAX = 1_000
# AWS: SES Developer Guide, Using list management: one list for each account, 20 topics in it.
CONTACT_LISTS_MAX = 1
TOPICS_MAX = 20
# Ours: what a contact may be told of in AttributesData, and an address may be long (RFC 5321
# §4.5.3.1).
ATTRIBUTES_CHARACTERS_MAX = 16_384
ADDRESS_CHARACTERS_MAX = 320
# AWS: SES Developer Guide, Service quotas: dedicated IP pools.
DEDICATED_IP_POOLS_MAX = 50
# AWS: SES Developer Guide, Amazon SES email sending metrics FAQs: links that are tracked in a mail,
# and how long opens and clicks are counted.
TRACKED_LINKS_MAX = 250
TRACKED_MS = 60 * 24 * 3600_000
# AWS: SES Developer Guide, Using subscription management: placeholders that are replaced.
UNSUBSCRIBE_PLACEHOLDERS_MAX = 2
# AWS: SES Developer Guide, Service quotas (sending authorization): 20 policies, 4 KB each.
POLICIES_PER_IDENTITY_MAX = 20
POLICY_BYTES_MAX = 4 * 1024
# AWS: SES Developer Guide, Service quotas: in the sandbox 200 recipients in 24 hours, 1 a second.
SANDBOX_24_HOUR_SEND_MAX = 200
SANDBOX_SEND_RATE_MAX = 1
# Ours: outside the sandbox. AWS sets this for each account.
SEND_RATE_MAX = 10_000
# AWS: SES Developer Guide, Service quotas: recipients of one mail.
RECIPIENTS_PER_MAIL_MAX = 50
# AWS: SES Developer Guide, Service quotas: 10 MB by the first API, 40 MB by the second and SMTP.
MAIL_BYTES_MAX_V1 = 10 * 1024 * 1024
MAIL_BYTES_MAX = 40 * 1024 * 1024
# AWS: SES API Reference, MessageTag.
TAG_CHARACTERS_MAX = 256
# AWS: SES API v2 Reference, Message (Headers): at most 15; SES Developer Guide, Service quotas.
HEADERS_PER_MAIL_MAX = 15
# AWS: SES Developer Guide, Service quotas (email templates): 20,000, each 500 KB; 50 destinations.
TEMPLATES_MAX = 20_000
TEMPLATE_BYTES_MAX = 500 * 1024
BULK_DESTINATIONS_MAX = 50
# AWS: SES API Reference, ListTemplates (MaxItems); SES API v2 Reference, ListEmailTemplates.
LIST_TEMPLATES_MAX = 100
# AWS: SES API Reference, SendTemplatedEmail (TemplateData): 262,144 characters.
TEMPLATE_DATA_CHARACTERS_MAX = 262_144
# AWS: SES Developer Guide, Using custom verification email templates: 50 templates, 10 MB each.
CUSTOM_VERIFICATION_TEMPLATES_MAX = 50
CUSTOM_VERIFICATION_BYTES_MAX = 10 * 1024 * 1024
LIST_CUSTOM_VERIFICATION_TEMPLATES_MAX = 50
# AWS: SES API v2 Reference, MessageHeader: name and value together.
HEADER_LINE_CHARACTERS_MAX = 996
# AWS: SES Developer Guide, Adding email addresses in bulk to the suppression list; Bulk importing
# contacts: records of one job.
IMPORTED_SUPPRESSIONS_MAX = 100_000
IMPORTED_CONTACTS_MAX = 1_000_000
# AWS: SES API v2 Reference, MessageInsightsDataSource (MaxResults): without it.
EXPORTED_INSIGHTS_DEFAULT = 1_000
