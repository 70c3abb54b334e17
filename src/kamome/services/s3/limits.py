"""Quotas of S3, each with the page that states it."""

from __future__ import annotations

# S3 User Guide, Creating object key names: "at most 1,024 bytes long" as UTF-8.
KEY_BYTES_MAX = 1024
# S3 User Guide, General purpose bucket naming rules.
BUCKET_NAME_CHARACTERS_MIN = 3
BUCKET_NAME_CHARACTERS_MAX = 63
# AWS General Reference, Amazon S3 endpoints and quotas: general purpose buckets per account.
BUCKETS_PER_ACCOUNT_MAX = 10_000
# S3 User Guide, Uploading objects: 5 GB (GiB) in a single PUT operation.
PUT_BYTES_MAX = 5 * 1024**3
# S3 User Guide, Working with object metadata: user-defined metadata, keys and values as UTF-8.
USER_METADATA_BYTES_MAX = 2 * 1024
# S3 User Guide, Categorizing your objects using tags: per object; characters of a key, of a value.
TAGS_PER_OBJECT_MAX = 10
TAG_KEY_CHARACTERS_MAX = 128
TAG_VALUE_CHARACTERS_MAX = 256
# S3 User Guide, Configuring a webpage redirect: x-amz-website-redirect-location.
REDIRECT_BYTES_MAX = 2 * 1024
# S3 API Reference, ListObjectsV2: max-keys.
LIST_KEYS_MAX = 1_000
# S3 API Reference, ListBuckets: max-buckets.
LIST_BUCKETS_MAX = 10_000
# AWS General Reference, Amazon S3 endpoints and quotas: event notifications per bucket.
NOTIFICATIONS_PER_BUCKET_MAX = 100
# S3 API Reference, FilterRule: Name and Value.
FILTER_VALUE_BYTES_MAX = 1_024
# S3 User Guide, Configuring event notifications: Id.
NOTIFICATION_ID_CHARACTERS_MAX = 255
# S3 API Reference, GetObject: partNumber.
PART_NUMBER_MAX = 10_000
# S3 User Guide, Amazon S3 multipart upload limits: parts but the last; all parts together.
PART_BYTES_MIN = 5 * 1024**2
OBJECT_BYTES_MAX = 50 * 1024**4
# S3 API Reference, ListParts: max-parts; ListMultipartUploads: max-uploads.
LIST_PARTS_MAX = 1_000
LIST_UPLOADS_MAX = 1_000
# S3 API Reference, DeleteObjects: keys in one request.
DELETE_KEYS_MAX = 1_000
# S3 User Guide, Locking objects with Object Lock: at most 100 years.
RETENTION_DAYS_MAX = 36_500
RETENTION_YEARS_MAX = 100
# S3 API Reference, PutBucketCors, PutBucketLifecycleConfiguration, PutBucketReplication: rules; ID.
CORS_RULES_MAX = 100
LIFECYCLE_RULES_MAX = 1_000
REPLICATION_RULES_MAX = 1_000
RULE_ID_CHARACTERS_MAX = 255
# S3 API Reference, NoncurrentVersionExpiration: up to 100 noncurrent versions are retained.
NEWER_NONCURRENT_VERSIONS_MAX = 100
# S3 User Guide, Constraints and considerations for transitions: days before STANDARD_IA and
# ONEZONE_IA, and in them before the next class; smaller objects are not moved by default.
DAYS_BEFORE_INFREQUENT_ACCESS_MIN = 30
TRANSITION_BYTES_MIN = 128 * 1024
# S3 User Guide, Policies and permissions in Amazon S3: bucket policies are limited to 20 KB.
POLICY_BYTES_MAX = 20 * 1024
# S3 User Guide, Using cost allocation S3 bucket tags.
TAGS_PER_BUCKET_MAX = 50
# S3 API Reference, ListBucketInventoryConfigurations: 100 at a time.
LIST_CONFIGURATIONS_MAX = 100
# S3 API Reference, PutBucketInventoryConfiguration, TooManyConfigurations; likewise of the others.
CONFIGURATIONS_PER_BUCKET_MAX = 1_000

# Not AWS's: bodies up to this size live in the database, larger ones in files. SQLite reads blobs
# below about 100 KB faster than a file system does (sqlite.org, 35% Faster Than The Filesystem).
INLINE_BYTES_MAX = 100 * 1024
# Not AWS's: one CRC-32C guards each block of this size, so that ranges are verified too.
BLOCK_BYTES = 256 * 1024
# Not AWS's: what is hashed, written or read at a time. Two are in memory for each body under way.
PIECE_BYTES = 3 * BLOCK_BYTES
# S3 API Reference, POST Object: the form data before the file is limited to 20 KB.
FORM_FIELDS_BYTES_MAX = 20 * 1024
