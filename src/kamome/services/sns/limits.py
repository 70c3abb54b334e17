"""Limits of SNS. Each line names the page that sets it."""

from __future__ import annotations

# AWS: General Reference, Amazon SNS endpoints and quotas (standard topics per account).
TOPICS_MAX = 100_000
# AWS: General Reference, Amazon SNS endpoints and quotas (subscriptions per standard topic).
SUBSCRIPTIONS_PER_TOPIC_MAX = 12_500_000
# AWS: SNS API Reference, CreateTopic (Name).
TOPIC_NAME_CHARACTERS_MAX = 256
# AWS: SNS Developer Guide, Creating an Amazon SNS topic (display name).
DISPLAY_NAME_CHARACTERS_MAX = 100
# AWS: SNS Developer Guide, API permissions: actions and resources reference (policy quotas).
POLICY_BYTES_MAX = 30 * 1024
# AWS: the same table (statements).
POLICY_STATEMENTS_MAX = 100
# AWS: SNS API Reference, Publish (Message).
MESSAGE_BYTES_DEFAULT_MAX = 256 * 1024
# AWS: SNS API Reference, CreateTopic (MaximumMessageSize), its smallest value.
MAXIMUM_MESSAGE_SIZE_MIN_BYTES = 1024
# AWS: SNS API Reference, CreateTopic (MaximumMessageSize), its largest value.
MAXIMUM_MESSAGE_SIZE_MAX_BYTES = 1024 * 1024
# AWS: SNS Developer Guide, Publishing large messages (subscription limits above 256 KiB).
LARGE_MESSAGE_SUBSCRIPTIONS_MAX = 100
# AWS: SNS API Reference, Publish (Subject): "less than 100"; a subject of exactly 100 is accepted.
SUBJECT_CHARACTERS_MAX = 100
# AWS: SNS Developer Guide, Amazon SNS message attributes (Name).
ATTRIBUTE_NAME_CHARACTERS_MAX = 256
# AWS: the same page (Type).
ATTRIBUTE_TYPE_BYTES_MAX = 256
# AWS: the same page, raw message delivery to SQS.
RAW_SQS_ATTRIBUTES_MAX = 10
# AWS: SNS API Reference, Publish (MessageGroupId).
MESSAGE_GROUP_ID_CHARACTERS_MAX = 128
# AWS: SNS API Reference, CreateTopic (TagLimitExceeded).
TAGS_MAX = 50
# AWS: SNS API Reference, Tag (Key).
TAG_KEY_CHARACTERS_MAX = 128
# AWS: SNS API Reference, Tag (Value).
TAG_VALUE_CHARACTERS_MAX = 256
# AWS: SNS API Reference, ListTopics, ListSubscriptions, ListSubscriptionsByTopic.
PAGE_ITEMS_MAX = 100
# Kamome: one step delivers to at most this many, about 6 ms; then others have a turn.
FAN_OUT_SUBSCRIPTIONS_MAX = 100
# AWS: SNS Developer Guide, Filter policy constraints (size of the JSON).
FILTER_POLICY_BYTES_MAX = 256 * 1024
# AWS: the same page (limit number of keys).
FILTER_POLICY_KEYS_MAX = 5
# AWS: the same page (filter policy complexity).
FILTER_POLICY_COMBINATIONS_MAX = 150
# AWS: the same page (numeric matching): from -10^9 to 10^9.
FILTER_POLICY_NUMBER_MAX = 1_000_000_000
# AWS: the same page (numeric matching): digits of accuracy after the point.
FILTER_POLICY_NUMBER_DIGITS = 5
# AWS: the same page (filter policies per topic).
FILTER_POLICIES_PER_TOPIC_MAX = 200
# Kamome: how many ends of retried deliveries can be looked at; about 3 MB.
RETRIED_KEPT_MAX = 10_000
# Kamome: how many entries of delivery status logging can be looked at; about 6 MB.
STATUSES_KEPT_MAX = 10_000
# Kamome: how many mails, text messages, pushes and Firehose records can be looked at.
RECORDS_KEPT_MAX = 10_000
# AWS: SNS API Reference, Subscribe (confirmation tokens are valid for two days).
CONFIRMATION_S = 2 * 24 * 3600
# AWS: SNS API Reference, Publish (MessageDeduplicationId): the deduplication interval.
DEDUPLICATION_S = 5 * 60
# AWS: General Reference, Amazon SNS endpoints and quotas (FIFO topics per account).
FIFO_TOPICS_MAX = 1_000
# AWS: the same page (subscriptions per FIFO topic).
SUBSCRIPTIONS_PER_FIFO_TOPIC_MAX = 100
# AWS: SNS API Reference, PublishBatch (TooManyEntriesInBatchRequest).
BATCH_ENTRIES_MAX = 10
# AWS: SNS API Reference, PublishBatchRequestEntry (Id).
BATCH_ENTRY_ID_CHARACTERS_MAX = 80
# AWS: SNS Developer Guide, Message archiving for FIFO topic owners (MessageRetentionPeriod).
ARCHIVE_DAYS_MAX = 365
# AWS: SNS Developer Guide, Creating an HTTP/S delivery policy (total policy retry time).
HTTP_RETRY_S_MAX = 3_600
# AWS: the same page (numRetries).
HTTP_RETRIES_MAX = 100
# AWS: SNS Developer Guide, Parsing message formats: an endpoint must answer within 15 seconds.
HTTP_TIMEOUT_S = 15
# AWS: SNS Developer Guide, Publishing SMS messages to a mobile phone (total of one Publish).
SMS_BYTES_MAX = 1_600
# AWS: SNS API Reference, CreatePlatformEndpoint (CustomUserData).
CUSTOM_USER_DATA_BYTES_MAX = 2_048
# AWS: SNS Developer Guide, Message data protection quotas (policy size).
DATA_PROTECTION_POLICY_CHARACTERS_MAX = 30_720
# AWS: SNS API Reference, Publish (MessageDeduplicationId).
DEDUPLICATION_ID_CHARACTERS_MAX = 128
# Kamome: one step removes at most this many archived messages.
ARCHIVE_FORGET_PAGE = 500
# AWS: SNS API Reference, Subscribe (Endpoint): the longest URL that it takes.
ENDPOINT_CHARACTERS_MAX = 2_048
