"""Shapes of the operations served here. Generated: do not edit.

By: python tools/generate_shapes.py s3
From: the model of Amazon Simple Storage Service, 2006-03-01.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Required, TypeAlias, TypedDict

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from kamome.wire import BodyStream


class CreateBucketRequest(TypedDict, total=False):
    """AWS: CreateBucketRequest."""

    ACL: str
    Bucket: Required[str]
    CreateBucketConfiguration: CreateBucketConfiguration
    GrantFullControl: str
    GrantRead: str
    GrantReadACP: str
    GrantWrite: str
    GrantWriteACP: str
    ObjectLockEnabledForBucket: bool
    ObjectOwnership: str
    BucketNamespace: str


class CreateBucketConfiguration(TypedDict, total=False):
    """AWS: CreateBucketConfiguration."""

    LocationConstraint: str
    Location: LocationInfo
    Bucket: BucketInfo
    Tags: list[Tag]


class LocationInfo(TypedDict, total=False):
    """AWS: LocationInfo."""

    Type: str
    Name: str


class BucketInfo(TypedDict, total=False):
    """AWS: BucketInfo."""

    DataRedundancy: str
    Type: str


class Tag(TypedDict, total=False):
    """AWS: Tag."""

    Key: Required[str]
    Value: Required[str]


class CreateBucketResult(TypedDict, total=False):
    """AWS: CreateBucketOutput."""

    Location: str
    BucketArn: str


class DeleteBucketRequest(TypedDict, total=False):
    """AWS: DeleteBucketRequest."""

    Bucket: Required[str]
    ExpectedBucketOwner: str


class DeleteBucketResult(TypedDict, total=False):
    """AWS: no members."""


class DeleteObjectRequest(TypedDict, total=False):
    """AWS: DeleteObjectRequest."""

    Bucket: Required[str]
    Key: Required[str]
    MFA: str
    VersionId: str
    RequestPayer: str
    BypassGovernanceRetention: bool
    ExpectedBucketOwner: str
    IfMatch: str
    IfMatchLastModifiedTime: float
    IfMatchSize: int


class DeleteObjectResult(TypedDict, total=False):
    """AWS: DeleteObjectOutput."""

    DeleteMarker: bool
    VersionId: str
    RequestCharged: str


class GetBucketLocationRequest(TypedDict, total=False):
    """AWS: GetBucketLocationRequest."""

    Bucket: Required[str]
    ExpectedBucketOwner: str


class GetBucketLocationResult(TypedDict, total=False):
    """AWS: GetBucketLocationOutput."""

    LocationConstraint: str


class GetBucketNotificationConfigurationRequest(TypedDict, total=False):
    """AWS: GetBucketNotificationConfigurationRequest."""

    Bucket: Required[str]
    ExpectedBucketOwner: str


class NotificationConfiguration(TypedDict, total=False):
    """AWS: NotificationConfiguration."""

    TopicConfigurations: list[TopicConfiguration]
    QueueConfigurations: list[QueueConfiguration]
    LambdaFunctionConfigurations: list[LambdaFunctionConfiguration]
    EventBridgeConfiguration: EventBridgeConfiguration


class TopicConfiguration(TypedDict, total=False):
    """AWS: TopicConfiguration."""

    Id: str
    TopicArn: Required[str]
    Events: Required[list[str]]
    Filter: NotificationConfigurationFilter


class NotificationConfigurationFilter(TypedDict, total=False):
    """AWS: NotificationConfigurationFilter."""

    Key: S3KeyFilter


class S3KeyFilter(TypedDict, total=False):
    """AWS: S3KeyFilter."""

    FilterRules: list[FilterRule]


class FilterRule(TypedDict, total=False):
    """AWS: FilterRule."""

    Name: str
    Value: str


class QueueConfiguration(TypedDict, total=False):
    """AWS: QueueConfiguration."""

    Id: str
    QueueArn: Required[str]
    Events: Required[list[str]]
    Filter: NotificationConfigurationFilter


class LambdaFunctionConfiguration(TypedDict, total=False):
    """AWS: LambdaFunctionConfiguration."""

    Id: str
    LambdaFunctionArn: Required[str]
    Events: Required[list[str]]
    Filter: NotificationConfigurationFilter


class EventBridgeConfiguration(TypedDict, total=False):
    """AWS: EventBridgeConfiguration."""


class GetObjectRequest(TypedDict, total=False):
    """AWS: GetObjectRequest."""

    Bucket: Required[str]
    IfMatch: str
    IfModifiedSince: float
    IfNoneMatch: str
    IfUnmodifiedSince: float
    Key: Required[str]
    Range: str
    ResponseCacheControl: str
    ResponseContentDisposition: str
    ResponseContentEncoding: str
    ResponseContentLanguage: str
    ResponseContentType: str
    ResponseExpires: float
    VersionId: str
    SSECustomerAlgorithm: str
    SSECustomerKey: str
    SSECustomerKeyMD5: str
    RequestPayer: str
    PartNumber: int
    ExpectedBucketOwner: str
    ChecksumMode: str


class GetObjectResult(TypedDict, total=False):
    """AWS: GetObjectOutput."""

    Body: AsyncIterator[bytes] | bytes
    DeleteMarker: bool
    AcceptRanges: str
    Expiration: str
    Restore: str
    LastModified: float
    ContentLength: int
    ETag: str
    ChecksumCRC32: str
    ChecksumCRC32C: str
    ChecksumCRC64NVME: str
    ChecksumSHA1: str
    ChecksumSHA256: str
    ChecksumSHA512: str
    ChecksumMD5: str
    ChecksumXXHASH64: str
    ChecksumXXHASH3: str
    ChecksumXXHASH128: str
    ChecksumType: str
    MissingMeta: int
    VersionId: str
    CacheControl: str
    ContentDisposition: str
    ContentEncoding: str
    ContentLanguage: str
    ContentRange: str
    ContentType: str
    Expires: str
    WebsiteRedirectLocation: str
    ServerSideEncryption: str
    Metadata: dict[str, str]
    SSECustomerAlgorithm: str
    SSECustomerKeyMD5: str
    SSEKMSKeyId: str
    BucketKeyEnabled: bool
    StorageClass: str
    RequestCharged: str
    ReplicationStatus: str
    PartsCount: int
    TagCount: int
    ObjectLockMode: str
    ObjectLockRetainUntilDate: float
    ObjectLockLegalHoldStatus: str
    ObjectLockEventHold: str
    ObjectLockEventHoldDurationDays: int
    ObjectLockEventHoldDurationYears: int


class HeadBucketRequest(TypedDict, total=False):
    """AWS: HeadBucketRequest."""

    Bucket: Required[str]
    ExpectedBucketOwner: str


class HeadBucketResult(TypedDict, total=False):
    """AWS: HeadBucketOutput."""

    BucketArn: str
    BucketLocationType: str
    BucketLocationName: str
    BucketRegion: str
    AccessPointAlias: bool


class HeadObjectRequest(TypedDict, total=False):
    """AWS: HeadObjectRequest."""

    Bucket: Required[str]
    IfMatch: str
    IfModifiedSince: float
    IfNoneMatch: str
    IfUnmodifiedSince: float
    Key: Required[str]
    Range: str
    ResponseCacheControl: str
    ResponseContentDisposition: str
    ResponseContentEncoding: str
    ResponseContentLanguage: str
    ResponseContentType: str
    ResponseExpires: float
    VersionId: str
    SSECustomerAlgorithm: str
    SSECustomerKey: str
    SSECustomerKeyMD5: str
    RequestPayer: str
    PartNumber: int
    ExpectedBucketOwner: str
    ChecksumMode: str


class HeadObjectResult(TypedDict, total=False):
    """AWS: HeadObjectOutput."""

    DeleteMarker: bool
    AcceptRanges: str
    Expiration: str
    Restore: str
    ArchiveStatus: str
    LastModified: float
    ContentLength: int
    ChecksumCRC32: str
    ChecksumCRC32C: str
    ChecksumCRC64NVME: str
    ChecksumSHA1: str
    ChecksumSHA256: str
    ChecksumSHA512: str
    ChecksumMD5: str
    ChecksumXXHASH64: str
    ChecksumXXHASH3: str
    ChecksumXXHASH128: str
    ChecksumType: str
    ETag: str
    MissingMeta: int
    VersionId: str
    CacheControl: str
    ContentDisposition: str
    ContentEncoding: str
    ContentLanguage: str
    ContentType: str
    ContentRange: str
    Expires: str
    WebsiteRedirectLocation: str
    ServerSideEncryption: str
    Metadata: dict[str, str]
    SSECustomerAlgorithm: str
    SSECustomerKeyMD5: str
    SSEKMSKeyId: str
    BucketKeyEnabled: bool
    StorageClass: str
    RequestCharged: str
    ReplicationStatus: str
    PartsCount: int
    TagCount: int
    ObjectLockMode: str
    ObjectLockRetainUntilDate: float
    ObjectLockLegalHoldStatus: str
    ObjectLockEventHold: str
    ObjectLockEventHoldDurationDays: int
    ObjectLockEventHoldDurationYears: int


class ListBucketsRequest(TypedDict, total=False):
    """AWS: ListBucketsRequest."""

    MaxBuckets: int
    ContinuationToken: str
    Prefix: str
    BucketRegion: str


class ListBucketsResult(TypedDict, total=False):
    """AWS: ListBucketsOutput."""

    Buckets: list[Bucket]
    Owner: Owner
    ContinuationToken: str
    Prefix: str


class Bucket(TypedDict, total=False):
    """AWS: Bucket."""

    Name: str
    CreationDate: float
    BucketRegion: str
    BucketArn: str


class Owner(TypedDict, total=False):
    """AWS: Owner."""

    DisplayName: str
    ID: str


class ListObjectsV2Request(TypedDict, total=False):
    """AWS: ListObjectsV2Request."""

    Bucket: Required[str]
    Delimiter: str
    EncodingType: str
    MaxKeys: int
    Prefix: str
    ContinuationToken: str
    FetchOwner: bool
    StartAfter: str
    RequestPayer: str
    ExpectedBucketOwner: str
    OptionalObjectAttributes: list[str]


class ListObjectsV2Result(TypedDict, total=False):
    """AWS: ListObjectsV2Output."""

    IsTruncated: bool
    Contents: list[Object]
    Name: str
    Prefix: str
    Delimiter: str
    MaxKeys: int
    CommonPrefixes: list[CommonPrefix]
    EncodingType: str
    KeyCount: int
    ContinuationToken: str
    NextContinuationToken: str
    StartAfter: str
    RequestCharged: str


class Object(TypedDict, total=False):
    """AWS: Object."""

    Key: str
    LastModified: float
    ETag: str
    ChecksumAlgorithm: list[str]
    ChecksumType: str
    Size: int
    StorageClass: str
    Owner: Owner
    RestoreStatus: RestoreStatus


class RestoreStatus(TypedDict, total=False):
    """AWS: RestoreStatus."""

    IsRestoreInProgress: bool
    RestoreExpiryDate: float


class CommonPrefix(TypedDict, total=False):
    """AWS: CommonPrefix."""

    Prefix: str


class PutBucketNotificationConfigurationRequest(TypedDict, total=False):
    """AWS: PutBucketNotificationConfigurationRequest."""

    Bucket: Required[str]
    NotificationConfiguration: Required[NotificationConfiguration]
    ExpectedBucketOwner: str
    SkipDestinationValidation: bool


class PutBucketNotificationConfigurationResult(TypedDict, total=False):
    """AWS: no members."""


class PutObjectRequest(TypedDict, total=False):
    """AWS: PutObjectRequest."""

    ACL: str
    Body: BodyStream
    Bucket: Required[str]
    CacheControl: str
    ContentDisposition: str
    ContentEncoding: str
    ContentLanguage: str
    ContentLength: int
    ContentMD5: str
    ContentType: str
    ChecksumAlgorithm: str
    ChecksumCRC32: str
    ChecksumCRC32C: str
    ChecksumCRC64NVME: str
    ChecksumSHA1: str
    ChecksumSHA256: str
    ChecksumSHA512: str
    ChecksumMD5: str
    ChecksumXXHASH64: str
    ChecksumXXHASH3: str
    ChecksumXXHASH128: str
    Expires: str
    IfMatch: str
    IfNoneMatch: str
    GrantFullControl: str
    GrantRead: str
    GrantReadACP: str
    GrantWriteACP: str
    Key: Required[str]
    WriteOffsetBytes: int
    Metadata: dict[str, str]
    ServerSideEncryption: str
    StorageClass: str
    WebsiteRedirectLocation: str
    SSECustomerAlgorithm: str
    SSECustomerKey: str
    SSECustomerKeyMD5: str
    SSEKMSKeyId: str
    SSEKMSEncryptionContext: str
    BucketKeyEnabled: bool
    RequestPayer: str
    Tagging: str
    ObjectLockMode: str
    ObjectLockRetainUntilDate: float
    ObjectLockLegalHoldStatus: str
    ObjectLockEventHold: str
    ObjectLockEventHoldDurationDays: int
    ObjectLockEventHoldDurationYears: int
    ExpectedBucketOwner: str


class PutObjectResult(TypedDict, total=False):
    """AWS: PutObjectOutput."""

    Expiration: str
    ETag: str
    ChecksumCRC32: str
    ChecksumCRC32C: str
    ChecksumCRC64NVME: str
    ChecksumSHA1: str
    ChecksumSHA256: str
    ChecksumSHA512: str
    ChecksumMD5: str
    ChecksumXXHASH64: str
    ChecksumXXHASH3: str
    ChecksumXXHASH128: str
    ChecksumType: str
    ServerSideEncryption: str
    VersionId: str
    SSECustomerAlgorithm: str
    SSECustomerKeyMD5: str
    SSEKMSKeyId: str
    SSEKMSEncryptionContext: str
    BucketKeyEnabled: bool
    Size: int
    RequestCharged: str


GetBucketNotificationConfigurationResult: TypeAlias = NotificationConfiguration
