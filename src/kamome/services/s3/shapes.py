"""Shapes of the operations served here. Generated: do not edit.

By: python tools/generate_shapes.py s3
From: the model of Amazon Simple Storage Service, 2006-03-01.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Required, TypeAlias, TypedDict

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from kamome.wire import BodyStream


class AbortMultipartUploadRequest(TypedDict, total=False):
    """AWS: AbortMultipartUploadRequest."""

    Bucket: Required[str]
    Key: Required[str]
    UploadId: Required[str]
    RequestPayer: str
    ExpectedBucketOwner: str
    IfMatchInitiatedTime: float


class AbortMultipartUploadResult(TypedDict, total=False):
    """AWS: AbortMultipartUploadOutput."""

    RequestCharged: str
    VersionId: str


class CompleteMultipartUploadRequest(TypedDict, total=False):
    """AWS: CompleteMultipartUploadRequest."""

    Bucket: Required[str]
    Key: Required[str]
    MultipartUpload: CompletedMultipartUpload
    UploadId: Required[str]
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
    MpuObjectSize: int
    RequestPayer: str
    ExpectedBucketOwner: str
    IfMatch: str
    IfNoneMatch: str
    SSECustomerAlgorithm: str
    SSECustomerKey: str
    SSECustomerKeyMD5: str


class CompletedMultipartUpload(TypedDict, total=False):
    """AWS: CompletedMultipartUpload."""

    Parts: list[CompletedPart]


class CompletedPart(TypedDict, total=False):
    """AWS: CompletedPart."""

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
    PartNumber: int


class CompleteMultipartUploadResult(TypedDict, total=False):
    """AWS: CompleteMultipartUploadOutput."""

    Location: str
    Bucket: str
    Key: str
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
    SSEKMSKeyId: str
    BucketKeyEnabled: bool
    RequestCharged: str


class CopyObjectRequest(TypedDict, total=False):
    """AWS: CopyObjectRequest."""

    ACL: str
    Bucket: Required[str]
    CacheControl: str
    ChecksumAlgorithm: str
    ContentDisposition: str
    ContentEncoding: str
    ContentLanguage: str
    ContentType: str
    CopySource: Required[str]
    CopySourceIfMatch: str
    CopySourceIfModifiedSince: float
    CopySourceIfNoneMatch: str
    CopySourceIfUnmodifiedSince: float
    Expires: str
    GrantFullControl: str
    GrantRead: str
    GrantReadACP: str
    GrantWriteACP: str
    IfMatch: str
    IfNoneMatch: str
    Key: Required[str]
    Metadata: dict[str, str]
    MetadataDirective: str
    TaggingDirective: str
    AnnotationDirective: str
    ServerSideEncryption: str
    StorageClass: str
    WebsiteRedirectLocation: str
    SSECustomerAlgorithm: str
    SSECustomerKey: str
    SSECustomerKeyMD5: str
    SSEKMSKeyId: str
    SSEKMSEncryptionContext: str
    BucketKeyEnabled: bool
    CopySourceSSECustomerAlgorithm: str
    CopySourceSSECustomerKey: str
    CopySourceSSECustomerKeyMD5: str
    RequestPayer: str
    Tagging: str
    ObjectLockMode: str
    ObjectLockRetainUntilDate: float
    ObjectLockLegalHoldStatus: str
    ObjectLockEventHold: str
    ObjectLockEventHoldDurationDays: int
    ObjectLockEventHoldDurationYears: int
    ExpectedBucketOwner: str
    ExpectedSourceBucketOwner: str


class CopyObjectResult(TypedDict, total=False):
    """AWS: CopyObjectOutput."""

    CopyObjectResult: CopyObjectResultShape
    Expiration: str
    CopySourceVersionId: str
    VersionId: str
    ServerSideEncryption: str
    SSECustomerAlgorithm: str
    SSECustomerKeyMD5: str
    SSEKMSKeyId: str
    SSEKMSEncryptionContext: str
    BucketKeyEnabled: bool
    RequestCharged: str


class CopyObjectResultShape(TypedDict, total=False):
    """AWS: CopyObjectResult."""

    ETag: str
    LastModified: float
    ChecksumType: str
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


class CreateMultipartUploadRequest(TypedDict, total=False):
    """AWS: CreateMultipartUploadRequest."""

    ACL: str
    Bucket: Required[str]
    CacheControl: str
    ContentDisposition: str
    ContentEncoding: str
    ContentLanguage: str
    ContentType: str
    Expires: str
    GrantFullControl: str
    GrantRead: str
    GrantReadACP: str
    GrantWriteACP: str
    Key: Required[str]
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
    ChecksumAlgorithm: str
    ChecksumType: str


class CreateMultipartUploadResult(TypedDict, total=False):
    """AWS: CreateMultipartUploadOutput."""

    AbortDate: float
    AbortRuleId: str
    Bucket: str
    Key: str
    UploadId: str
    ServerSideEncryption: str
    SSECustomerAlgorithm: str
    SSECustomerKeyMD5: str
    SSEKMSKeyId: str
    SSEKMSEncryptionContext: str
    BucketKeyEnabled: bool
    RequestCharged: str
    ChecksumAlgorithm: str
    ChecksumType: str
    VersionId: str


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


class DeleteObjectTaggingRequest(TypedDict, total=False):
    """AWS: DeleteObjectTaggingRequest."""

    Bucket: Required[str]
    Key: Required[str]
    VersionId: str
    ExpectedBucketOwner: str


class DeleteObjectTaggingResult(TypedDict, total=False):
    """AWS: DeleteObjectTaggingOutput."""

    VersionId: str


class DeleteObjectsRequest(TypedDict, total=False):
    """AWS: DeleteObjectsRequest."""

    Bucket: Required[str]
    Delete: Required[Delete]
    MFA: str
    RequestPayer: str
    BypassGovernanceRetention: bool
    ExpectedBucketOwner: str
    ChecksumAlgorithm: str


class Delete(TypedDict, total=False):
    """AWS: Delete."""

    Objects: Required[list[ObjectIdentifier]]
    Quiet: bool


class ObjectIdentifier(TypedDict, total=False):
    """AWS: ObjectIdentifier."""

    Key: Required[str]
    VersionId: str
    ETag: str
    LastModifiedTime: float
    Size: int


class DeleteObjectsResult(TypedDict, total=False):
    """AWS: DeleteObjectsOutput."""

    Deleted: list[DeletedObject]
    RequestCharged: str
    Errors: list[Error]


class DeletedObject(TypedDict, total=False):
    """AWS: DeletedObject."""

    Key: str
    VersionId: str
    DeleteMarker: bool
    DeleteMarkerVersionId: str


class Error(TypedDict, total=False):
    """AWS: Error."""

    Key: str
    VersionId: str
    Code: str
    Message: str


class GetBucketAclRequest(TypedDict, total=False):
    """AWS: GetBucketAclRequest."""

    Bucket: Required[str]
    ExpectedBucketOwner: str


class GetBucketAclResult(TypedDict, total=False):
    """AWS: GetBucketAclOutput."""

    Owner: Owner
    Grants: list[Grant]


class Owner(TypedDict, total=False):
    """AWS: Owner."""

    DisplayName: str
    ID: str


class Grant(TypedDict, total=False):
    """AWS: Grant."""

    Grantee: Grantee
    Permission: str


class Grantee(TypedDict, total=False):
    """AWS: Grantee."""

    DisplayName: str
    EmailAddress: str
    ID: str
    Type: Required[str]
    URI: str


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


class GetBucketVersioningRequest(TypedDict, total=False):
    """AWS: GetBucketVersioningRequest."""

    Bucket: Required[str]
    ExpectedBucketOwner: str


class GetBucketVersioningResult(TypedDict, total=False):
    """AWS: GetBucketVersioningOutput."""

    Status: str
    MFADelete: str


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


class GetObjectAclRequest(TypedDict, total=False):
    """AWS: GetObjectAclRequest."""

    Bucket: Required[str]
    Key: Required[str]
    VersionId: str
    RequestPayer: str
    ExpectedBucketOwner: str


class GetObjectAclResult(TypedDict, total=False):
    """AWS: GetObjectAclOutput."""

    Owner: Owner
    Grants: list[Grant]
    RequestCharged: str


class GetObjectAttributesRequest(TypedDict, total=False):
    """AWS: GetObjectAttributesRequest."""

    Bucket: Required[str]
    Key: Required[str]
    VersionId: str
    MaxParts: int
    PartNumberMarker: int
    SSECustomerAlgorithm: str
    SSECustomerKey: str
    SSECustomerKeyMD5: str
    RequestPayer: str
    ExpectedBucketOwner: str
    ObjectAttributes: Required[list[str]]


class GetObjectAttributesResult(TypedDict, total=False):
    """AWS: GetObjectAttributesOutput."""

    DeleteMarker: bool
    LastModified: float
    VersionId: str
    RequestCharged: str
    ETag: str
    Checksum: Checksum
    ObjectParts: GetObjectAttributesParts
    StorageClass: str
    ObjectSize: int


class Checksum(TypedDict, total=False):
    """AWS: Checksum."""

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


class GetObjectAttributesParts(TypedDict, total=False):
    """AWS: GetObjectAttributesParts."""

    TotalPartsCount: int
    PartNumberMarker: int
    NextPartNumberMarker: int
    MaxParts: int
    IsTruncated: bool
    Parts: list[ObjectPart]


class ObjectPart(TypedDict, total=False):
    """AWS: ObjectPart."""

    PartNumber: int
    Size: int
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


class GetObjectLegalHoldRequest(TypedDict, total=False):
    """AWS: GetObjectLegalHoldRequest."""

    Bucket: Required[str]
    Key: Required[str]
    VersionId: str
    RequestPayer: str
    ExpectedBucketOwner: str


class GetObjectLegalHoldResult(TypedDict, total=False):
    """AWS: GetObjectLegalHoldOutput."""

    LegalHold: ObjectLockLegalHold


class ObjectLockLegalHold(TypedDict, total=False):
    """AWS: ObjectLockLegalHold."""

    Status: str


class GetObjectLockConfigurationRequest(TypedDict, total=False):
    """AWS: GetObjectLockConfigurationRequest."""

    Bucket: Required[str]
    ExpectedBucketOwner: str


class GetObjectLockConfigurationResult(TypedDict, total=False):
    """AWS: GetObjectLockConfigurationOutput."""

    ObjectLockConfiguration: ObjectLockConfiguration


class ObjectLockConfiguration(TypedDict, total=False):
    """AWS: ObjectLockConfiguration."""

    ObjectLockEnabled: str
    Rule: ObjectLockRule


class ObjectLockRule(TypedDict, total=False):
    """AWS: ObjectLockRule."""

    DefaultRetention: DefaultRetention


class DefaultRetention(TypedDict, total=False):
    """AWS: DefaultRetention."""

    Mode: str
    Days: int
    Years: int
    DefaultEventHold: EventHoldDuration


class EventHoldDuration(TypedDict, total=False):
    """AWS: EventHoldDuration."""

    Days: int
    Years: int


class GetObjectRetentionRequest(TypedDict, total=False):
    """AWS: GetObjectRetentionRequest."""

    Bucket: Required[str]
    Key: Required[str]
    VersionId: str
    RequestPayer: str
    ExpectedBucketOwner: str


class GetObjectRetentionResult(TypedDict, total=False):
    """AWS: GetObjectRetentionOutput."""

    Retention: ObjectLockRetention


class ObjectLockRetention(TypedDict, total=False):
    """AWS: ObjectLockRetention."""

    Mode: str
    RetainUntilDate: float
    EventHold: str
    EventHoldDuration: EventHoldDuration


class GetObjectTaggingRequest(TypedDict, total=False):
    """AWS: GetObjectTaggingRequest."""

    Bucket: Required[str]
    Key: Required[str]
    VersionId: str
    ExpectedBucketOwner: str
    RequestPayer: str


class GetObjectTaggingResult(TypedDict, total=False):
    """AWS: GetObjectTaggingOutput."""

    VersionId: str
    TagSet: Required[list[Tag]]


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


class ListMultipartUploadsRequest(TypedDict, total=False):
    """AWS: ListMultipartUploadsRequest."""

    Bucket: Required[str]
    Delimiter: str
    EncodingType: str
    KeyMarker: str
    MaxUploads: int
    Prefix: str
    UploadIdMarker: str
    ExpectedBucketOwner: str
    RequestPayer: str


class ListMultipartUploadsResult(TypedDict, total=False):
    """AWS: ListMultipartUploadsOutput."""

    Bucket: str
    KeyMarker: str
    UploadIdMarker: str
    NextKeyMarker: str
    Prefix: str
    Delimiter: str
    NextUploadIdMarker: str
    MaxUploads: int
    IsTruncated: bool
    Uploads: list[MultipartUpload]
    CommonPrefixes: list[CommonPrefix]
    EncodingType: str
    RequestCharged: str


class MultipartUpload(TypedDict, total=False):
    """AWS: MultipartUpload."""

    UploadId: str
    Key: str
    Initiated: float
    StorageClass: str
    Owner: Owner
    Initiator: Initiator
    ChecksumAlgorithm: str
    ChecksumType: str
    VersionId: str


class Initiator(TypedDict, total=False):
    """AWS: Initiator."""

    ID: str
    DisplayName: str


class CommonPrefix(TypedDict, total=False):
    """AWS: CommonPrefix."""

    Prefix: str


class ListObjectVersionsRequest(TypedDict, total=False):
    """AWS: ListObjectVersionsRequest."""

    Bucket: Required[str]
    Delimiter: str
    EncodingType: str
    KeyMarker: str
    MaxKeys: int
    Prefix: str
    VersionIdMarker: str
    ExpectedBucketOwner: str
    RequestPayer: str
    OptionalObjectAttributes: list[str]


class ListObjectVersionsResult(TypedDict, total=False):
    """AWS: ListObjectVersionsOutput."""

    IsTruncated: bool
    KeyMarker: str
    VersionIdMarker: str
    NextKeyMarker: str
    NextVersionIdMarker: str
    Versions: list[ObjectVersion]
    DeleteMarkers: list[DeleteMarkerEntry]
    Name: str
    Prefix: str
    Delimiter: str
    MaxKeys: int
    CommonPrefixes: list[CommonPrefix]
    EncodingType: str
    RequestCharged: str


class ObjectVersion(TypedDict, total=False):
    """AWS: ObjectVersion."""

    ETag: str
    ChecksumAlgorithm: list[str]
    ChecksumType: str
    Size: int
    StorageClass: str
    Key: str
    VersionId: str
    IsLatest: bool
    LastModified: float
    Owner: Owner
    RestoreStatus: RestoreStatus


class RestoreStatus(TypedDict, total=False):
    """AWS: RestoreStatus."""

    IsRestoreInProgress: bool
    RestoreExpiryDate: float


class DeleteMarkerEntry(TypedDict, total=False):
    """AWS: DeleteMarkerEntry."""

    Owner: Owner
    Key: str
    VersionId: str
    IsLatest: bool
    LastModified: float


class ListObjectsRequest(TypedDict, total=False):
    """AWS: ListObjectsRequest."""

    Bucket: Required[str]
    Delimiter: str
    EncodingType: str
    Marker: str
    MaxKeys: int
    Prefix: str
    RequestPayer: str
    ExpectedBucketOwner: str
    OptionalObjectAttributes: list[str]


class ListObjectsResult(TypedDict, total=False):
    """AWS: ListObjectsOutput."""

    IsTruncated: bool
    Marker: str
    NextMarker: str
    Contents: list[Object]
    Name: str
    Prefix: str
    Delimiter: str
    MaxKeys: int
    CommonPrefixes: list[CommonPrefix]
    EncodingType: str
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


class ListPartsRequest(TypedDict, total=False):
    """AWS: ListPartsRequest."""

    Bucket: Required[str]
    Key: Required[str]
    MaxParts: int
    PartNumberMarker: int
    UploadId: Required[str]
    RequestPayer: str
    ExpectedBucketOwner: str
    SSECustomerAlgorithm: str
    SSECustomerKey: str
    SSECustomerKeyMD5: str


class ListPartsResult(TypedDict, total=False):
    """AWS: ListPartsOutput."""

    AbortDate: float
    AbortRuleId: str
    Bucket: str
    Key: str
    UploadId: str
    PartNumberMarker: int
    NextPartNumberMarker: int
    MaxParts: int
    IsTruncated: bool
    Parts: list[Part]
    Initiator: Initiator
    Owner: Owner
    StorageClass: str
    RequestCharged: str
    ChecksumAlgorithm: str
    ChecksumType: str
    VersionId: str


class Part(TypedDict, total=False):
    """AWS: Part."""

    PartNumber: int
    LastModified: float
    ETag: str
    Size: int
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


class PutBucketNotificationConfigurationRequest(TypedDict, total=False):
    """AWS: PutBucketNotificationConfigurationRequest."""

    Bucket: Required[str]
    NotificationConfiguration: Required[NotificationConfiguration]
    ExpectedBucketOwner: str
    SkipDestinationValidation: bool


class PutBucketNotificationConfigurationResult(TypedDict, total=False):
    """AWS: no members."""


class PutBucketVersioningRequest(TypedDict, total=False):
    """AWS: PutBucketVersioningRequest."""

    Bucket: Required[str]
    ContentMD5: str
    ChecksumAlgorithm: str
    MFA: str
    VersioningConfiguration: Required[VersioningConfiguration]
    ExpectedBucketOwner: str


class VersioningConfiguration(TypedDict, total=False):
    """AWS: VersioningConfiguration."""

    MFADelete: str
    Status: str


class PutBucketVersioningResult(TypedDict, total=False):
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


class PutObjectLegalHoldRequest(TypedDict, total=False):
    """AWS: PutObjectLegalHoldRequest."""

    Bucket: Required[str]
    Key: Required[str]
    LegalHold: ObjectLockLegalHold
    RequestPayer: str
    VersionId: str
    ContentMD5: str
    ChecksumAlgorithm: str
    ExpectedBucketOwner: str


class PutObjectLegalHoldResult(TypedDict, total=False):
    """AWS: PutObjectLegalHoldOutput."""

    RequestCharged: str


class PutObjectLockConfigurationRequest(TypedDict, total=False):
    """AWS: PutObjectLockConfigurationRequest."""

    Bucket: Required[str]
    ObjectLockConfiguration: ObjectLockConfiguration
    RequestPayer: str
    Token: str
    ContentMD5: str
    ChecksumAlgorithm: str
    ExpectedBucketOwner: str


class PutObjectLockConfigurationResult(TypedDict, total=False):
    """AWS: PutObjectLockConfigurationOutput."""

    RequestCharged: str


class PutObjectRetentionRequest(TypedDict, total=False):
    """AWS: PutObjectRetentionRequest."""

    Bucket: Required[str]
    Key: Required[str]
    Retention: ObjectLockRetention
    RequestPayer: str
    VersionId: str
    BypassGovernanceRetention: bool
    ContentMD5: str
    ChecksumAlgorithm: str
    ExpectedBucketOwner: str


class PutObjectRetentionResult(TypedDict, total=False):
    """AWS: PutObjectRetentionOutput."""

    RequestCharged: str


class PutObjectTaggingRequest(TypedDict, total=False):
    """AWS: PutObjectTaggingRequest."""

    Bucket: Required[str]
    Key: Required[str]
    VersionId: str
    ContentMD5: str
    ChecksumAlgorithm: str
    Tagging: Required[Tagging]
    ExpectedBucketOwner: str
    RequestPayer: str


class Tagging(TypedDict, total=False):
    """AWS: Tagging."""

    TagSet: Required[list[Tag]]


class PutObjectTaggingResult(TypedDict, total=False):
    """AWS: PutObjectTaggingOutput."""

    VersionId: str


class RestoreObjectRequest(TypedDict, total=False):
    """AWS: RestoreObjectRequest."""

    Bucket: Required[str]
    Key: Required[str]
    VersionId: str
    RestoreRequest: RestoreRequest
    RequestPayer: str
    ChecksumAlgorithm: str
    ExpectedBucketOwner: str


class RestoreRequest(TypedDict, total=False):
    """AWS: RestoreRequest."""

    Days: int
    GlacierJobParameters: GlacierJobParameters
    Type: str
    Tier: str
    Description: str
    SelectParameters: SelectParameters
    OutputLocation: OutputLocation


class GlacierJobParameters(TypedDict, total=False):
    """AWS: GlacierJobParameters."""

    Tier: Required[str]


class SelectParameters(TypedDict, total=False):
    """AWS: SelectParameters."""

    InputSerialization: Required[InputSerialization]
    ExpressionType: Required[str]
    Expression: Required[str]
    OutputSerialization: Required[OutputSerialization]


class InputSerialization(TypedDict, total=False):
    """AWS: InputSerialization."""

    CSV: CSVInput
    CompressionType: str
    JSON: JSONInput
    Parquet: ParquetInput


class CSVInput(TypedDict, total=False):
    """AWS: CSVInput."""

    FileHeaderInfo: str
    Comments: str
    QuoteEscapeCharacter: str
    RecordDelimiter: str
    FieldDelimiter: str
    QuoteCharacter: str
    AllowQuotedRecordDelimiter: bool


class JSONInput(TypedDict, total=False):
    """AWS: JSONInput."""

    Type: str


class ParquetInput(TypedDict, total=False):
    """AWS: ParquetInput."""


class OutputSerialization(TypedDict, total=False):
    """AWS: OutputSerialization."""

    CSV: CSVOutput
    JSON: JSONOutput


class CSVOutput(TypedDict, total=False):
    """AWS: CSVOutput."""

    QuoteFields: str
    QuoteEscapeCharacter: str
    RecordDelimiter: str
    FieldDelimiter: str
    QuoteCharacter: str


class JSONOutput(TypedDict, total=False):
    """AWS: JSONOutput."""

    RecordDelimiter: str


class OutputLocation(TypedDict, total=False):
    """AWS: OutputLocation."""

    S3: S3Location


class S3Location(TypedDict, total=False):
    """AWS: S3Location."""

    BucketName: Required[str]
    Prefix: Required[str]
    Encryption: Encryption
    CannedACL: str
    AccessControlList: list[Grant]
    Tagging: Tagging
    UserMetadata: list[MetadataEntry]
    StorageClass: str


class Encryption(TypedDict, total=False):
    """AWS: Encryption."""

    EncryptionType: Required[str]
    KMSKeyId: str
    KMSContext: str


class MetadataEntry(TypedDict, total=False):
    """AWS: MetadataEntry."""

    Name: str
    Value: str


class RestoreObjectResult(TypedDict, total=False):
    """AWS: RestoreObjectOutput."""

    RequestCharged: str
    RestoreOutputPath: str
    StatusCode: int


class UploadPartRequest(TypedDict, total=False):
    """AWS: UploadPartRequest."""

    Body: BodyStream
    Bucket: Required[str]
    ContentLength: int
    ContentMD5: str
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
    Key: Required[str]
    PartNumber: Required[int]
    UploadId: Required[str]
    SSECustomerAlgorithm: str
    SSECustomerKey: str
    SSECustomerKeyMD5: str
    RequestPayer: str
    ExpectedBucketOwner: str


class UploadPartResult(TypedDict, total=False):
    """AWS: UploadPartOutput."""

    ServerSideEncryption: str
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
    SSECustomerAlgorithm: str
    SSECustomerKeyMD5: str
    SSEKMSKeyId: str
    BucketKeyEnabled: bool
    RequestCharged: str
    VersionId: str


class UploadPartCopyRequest(TypedDict, total=False):
    """AWS: UploadPartCopyRequest."""

    Bucket: Required[str]
    CopySource: Required[str]
    CopySourceIfMatch: str
    CopySourceIfModifiedSince: float
    CopySourceIfNoneMatch: str
    CopySourceIfUnmodifiedSince: float
    CopySourceRange: str
    Key: Required[str]
    PartNumber: Required[int]
    UploadId: Required[str]
    SSECustomerAlgorithm: str
    SSECustomerKey: str
    SSECustomerKeyMD5: str
    CopySourceSSECustomerAlgorithm: str
    CopySourceSSECustomerKey: str
    CopySourceSSECustomerKeyMD5: str
    RequestPayer: str
    ExpectedBucketOwner: str
    ExpectedSourceBucketOwner: str


class UploadPartCopyResult(TypedDict, total=False):
    """AWS: UploadPartCopyOutput."""

    CopySourceVersionId: str
    CopyPartResult: CopyPartResult
    ServerSideEncryption: str
    SSECustomerAlgorithm: str
    SSECustomerKeyMD5: str
    SSEKMSKeyId: str
    BucketKeyEnabled: bool
    RequestCharged: str
    VersionId: str


class CopyPartResult(TypedDict, total=False):
    """AWS: CopyPartResult."""

    ETag: str
    LastModified: float
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


GetBucketNotificationConfigurationResult: TypeAlias = NotificationConfiguration
