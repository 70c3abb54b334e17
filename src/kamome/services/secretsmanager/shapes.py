"""Shapes of the operations served here. Generated: do not edit.

By: python tools/generate_shapes.py secretsmanager
From: the model of AWS Secrets Manager, 2017-10-17.
"""

from __future__ import annotations

from typing import Required, TypedDict


class BatchGetSecretValueRequest(TypedDict, total=False):
    """AWS: BatchGetSecretValueRequest."""

    SecretIdList: list[str]
    Filters: list[Filter]
    MaxResults: int
    NextToken: str


class Filter(TypedDict, total=False):
    """AWS: Filter."""

    Key: str
    Values: list[str]


class BatchGetSecretValueResult(TypedDict, total=False):
    """AWS: BatchGetSecretValueResponse."""

    SecretValues: list[SecretValueEntry]
    NextToken: str
    Errors: list[APIErrorType]


class SecretValueEntry(TypedDict, total=False):
    """AWS: SecretValueEntry."""

    ARN: str
    Name: str
    VersionId: str
    SecretBinary: bytes
    SecretString: str
    VersionStages: list[str]
    CreatedDate: float


class APIErrorType(TypedDict, total=False):
    """AWS: APIErrorType."""

    SecretId: str
    ErrorCode: str
    Message: str


class CreateSecretRequest(TypedDict, total=False):
    """AWS: CreateSecretRequest."""

    Name: Required[str]
    ClientRequestToken: str
    Description: str
    KmsKeyId: str
    SecretBinary: bytes
    SecretString: str
    Tags: list[Tag]
    AddReplicaRegions: list[ReplicaRegionType]
    ForceOverwriteReplicaSecret: bool
    Type: str
    CrossAccountPrimaryARN: str


class Tag(TypedDict, total=False):
    """AWS: Tag."""

    Key: str
    Value: str


class ReplicaRegionType(TypedDict, total=False):
    """AWS: ReplicaRegionType."""

    Region: str
    KmsKeyId: str


class CreateSecretResult(TypedDict, total=False):
    """AWS: CreateSecretResponse."""

    ARN: str
    Name: str
    VersionId: str
    ReplicationStatus: list[ReplicationStatusType]


class ReplicationStatusType(TypedDict, total=False):
    """AWS: ReplicationStatusType."""

    Region: str
    KmsKeyId: str
    Status: str
    StatusMessage: str
    LastAccessedDate: float


class DeleteSecretRequest(TypedDict, total=False):
    """AWS: DeleteSecretRequest."""

    SecretId: Required[str]
    RecoveryWindowInDays: int
    ForceDeleteWithoutRecovery: bool


class DeleteSecretResult(TypedDict, total=False):
    """AWS: DeleteSecretResponse."""

    ARN: str
    Name: str
    DeletionDate: float


class DescribeSecretRequest(TypedDict, total=False):
    """AWS: DescribeSecretRequest."""

    SecretId: Required[str]


class DescribeSecretResult(TypedDict, total=False):
    """AWS: DescribeSecretResponse."""

    ARN: str
    Name: str
    Type: str
    Description: str
    KmsKeyId: str
    RotationEnabled: bool
    RotationLambdaARN: str
    RotationRules: RotationRulesType
    ExternalSecretRotationMetadata: list[ExternalSecretRotationMetadataItem]
    ExternalSecretRotationRoleArn: str
    LastRotatedDate: float
    LastChangedDate: float
    LastAccessedDate: float
    DeletedDate: float
    NextRotationDate: float
    Tags: list[Tag]
    VersionIdsToStages: dict[str, list[str]]
    OwningService: str
    CreatedDate: float
    PrimaryRegion: str
    ReplicationStatus: list[ReplicationStatusType]
    CrossAccountPrimary: CrossAccountPrimaryType
    CrossAccountReplicas: list[CrossAccountReplicaEntry]


class RotationRulesType(TypedDict, total=False):
    """AWS: RotationRulesType."""

    AutomaticallyAfterDays: int
    Duration: str
    ScheduleExpression: str


class ExternalSecretRotationMetadataItem(TypedDict, total=False):
    """AWS: ExternalSecretRotationMetadataItem."""

    Key: str
    Value: str


class CrossAccountPrimaryType(TypedDict, total=False):
    """AWS: CrossAccountPrimaryType."""

    PrimarySecretARN: str
    ReplicationStatus: str
    StatusMessage: str


class CrossAccountReplicaEntry(TypedDict, total=False):
    """AWS: CrossAccountReplicaEntry."""

    ReplicaSecretARN: str
    ReplicationRoleARN: str
    ReplicationStatus: str
    StatusMessage: str


class GetRandomPasswordRequest(TypedDict, total=False):
    """AWS: GetRandomPasswordRequest."""

    PasswordLength: int
    ExcludeCharacters: str
    ExcludeNumbers: bool
    ExcludePunctuation: bool
    ExcludeUppercase: bool
    ExcludeLowercase: bool
    IncludeSpace: bool
    RequireEachIncludedType: bool


class GetRandomPasswordResult(TypedDict, total=False):
    """AWS: GetRandomPasswordResponse."""

    RandomPassword: str


class GetResourcePolicyRequest(TypedDict, total=False):
    """AWS: GetResourcePolicyRequest."""

    SecretId: Required[str]
    PolicyName: str


class GetResourcePolicyResult(TypedDict, total=False):
    """AWS: GetResourcePolicyResponse."""

    ARN: str
    Name: str
    ResourcePolicy: str
    PolicyName: str


class GetSecretValueRequest(TypedDict, total=False):
    """AWS: GetSecretValueRequest."""

    SecretId: Required[str]
    VersionId: str
    VersionStage: str


class GetSecretValueResult(TypedDict, total=False):
    """AWS: GetSecretValueResponse."""

    ARN: str
    Name: str
    VersionId: str
    SecretBinary: bytes
    SecretString: str
    VersionStages: list[str]
    CreatedDate: float


class ListSecretVersionIdsRequest(TypedDict, total=False):
    """AWS: ListSecretVersionIdsRequest."""

    SecretId: Required[str]
    MaxResults: int
    NextToken: str
    IncludeDeprecated: bool


class ListSecretVersionIdsResult(TypedDict, total=False):
    """AWS: ListSecretVersionIdsResponse."""

    Versions: list[SecretVersionsListEntry]
    NextToken: str
    ARN: str
    Name: str


class SecretVersionsListEntry(TypedDict, total=False):
    """AWS: SecretVersionsListEntry."""

    VersionId: str
    VersionStages: list[str]
    LastAccessedDate: float
    CreatedDate: float
    KmsKeyIds: list[str]


class ListSecretsRequest(TypedDict, total=False):
    """AWS: ListSecretsRequest."""

    IncludePlannedDeletion: bool
    MaxResults: int
    NextToken: str
    Filters: list[Filter]
    SortOrder: str
    SortBy: str


class ListSecretsResult(TypedDict, total=False):
    """AWS: ListSecretsResponse."""

    SecretList: list[SecretListEntry]
    NextToken: str


class SecretListEntry(TypedDict, total=False):
    """AWS: SecretListEntry."""

    ARN: str
    Name: str
    Type: str
    Description: str
    KmsKeyId: str
    RotationEnabled: bool
    RotationLambdaARN: str
    RotationRules: RotationRulesType
    ExternalSecretRotationMetadata: list[ExternalSecretRotationMetadataItem]
    ExternalSecretRotationRoleArn: str
    LastRotatedDate: float
    LastChangedDate: float
    LastAccessedDate: float
    DeletedDate: float
    NextRotationDate: float
    Tags: list[Tag]
    SecretVersionsToStages: dict[str, list[str]]
    OwningService: str
    CreatedDate: float
    PrimaryRegion: str


class PutSecretValueRequest(TypedDict, total=False):
    """AWS: PutSecretValueRequest."""

    SecretId: Required[str]
    ClientRequestToken: str
    SecretBinary: bytes
    SecretString: str
    VersionStages: list[str]
    RotationToken: str


class PutSecretValueResult(TypedDict, total=False):
    """AWS: PutSecretValueResponse."""

    ARN: str
    Name: str
    VersionId: str
    VersionStages: list[str]


class RestoreSecretRequest(TypedDict, total=False):
    """AWS: RestoreSecretRequest."""

    SecretId: Required[str]


class RestoreSecretResult(TypedDict, total=False):
    """AWS: RestoreSecretResponse."""

    ARN: str
    Name: str


class TagResourceRequest(TypedDict, total=False):
    """AWS: TagResourceRequest."""

    SecretId: Required[str]
    Tags: Required[list[Tag]]


class TagResourceResult(TypedDict, total=False):
    """AWS: no members."""


class UntagResourceRequest(TypedDict, total=False):
    """AWS: UntagResourceRequest."""

    SecretId: Required[str]
    TagKeys: Required[list[str]]


class UntagResourceResult(TypedDict, total=False):
    """AWS: no members."""


class UpdateSecretRequest(TypedDict, total=False):
    """AWS: UpdateSecretRequest."""

    SecretId: Required[str]
    ClientRequestToken: str
    Description: str
    KmsKeyId: str
    SecretBinary: bytes
    SecretString: str
    Type: str


class UpdateSecretResult(TypedDict, total=False):
    """AWS: UpdateSecretResponse."""

    ARN: str
    Name: str
    VersionId: str


class UpdateSecretVersionStageRequest(TypedDict, total=False):
    """AWS: UpdateSecretVersionStageRequest."""

    SecretId: Required[str]
    VersionStage: Required[str]
    RemoveFromVersionId: str
    MoveToVersionId: str


class UpdateSecretVersionStageResult(TypedDict, total=False):
    """AWS: UpdateSecretVersionStageResponse."""

    ARN: str
    Name: str
