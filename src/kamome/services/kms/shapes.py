"""Shapes of the operations served here. Generated: do not edit.

By: python tools/generate_shapes.py kms
From: the model of AWS Key Management Service, 2014-11-01.
"""

from __future__ import annotations

from typing import Required, TypeAlias, TypedDict


class CancelKeyDeletionRequest(TypedDict, total=False):
    """AWS: CancelKeyDeletionRequest."""

    KeyId: Required[str]


class CancelKeyDeletionResult(TypedDict, total=False):
    """AWS: CancelKeyDeletionResponse."""

    KeyId: str


class CreateAliasRequest(TypedDict, total=False):
    """AWS: CreateAliasRequest."""

    AliasName: Required[str]
    TargetKeyId: Required[str]


class CreateAliasResult(TypedDict, total=False):
    """AWS: no members."""


class CreateGrantRequest(TypedDict, total=False):
    """AWS: CreateGrantRequest."""

    KeyId: Required[str]
    GranteePrincipal: str
    RetiringPrincipal: str
    Operations: Required[list[str]]
    Constraints: GrantConstraints
    GrantTokens: list[str]
    Name: str
    DryRun: bool
    GranteeServicePrincipal: str
    RetiringServicePrincipal: str


class GrantConstraints(TypedDict, total=False):
    """AWS: GrantConstraints."""

    EncryptionContextSubset: dict[str, str]
    EncryptionContextEquals: dict[str, str]
    SourceArn: str


class CreateGrantResult(TypedDict, total=False):
    """AWS: CreateGrantResponse."""

    GrantToken: str
    GrantId: str


class CreateKeyRequest(TypedDict, total=False):
    """AWS: CreateKeyRequest."""

    Policy: str
    Description: str
    KeyUsage: str
    CustomerMasterKeySpec: str
    KeySpec: str
    Origin: str
    CustomKeyStoreId: str
    BypassPolicyLockoutSafetyCheck: bool
    Tags: list[Tag]
    MultiRegion: bool
    XksKeyId: str


class Tag(TypedDict, total=False):
    """AWS: Tag."""

    TagKey: Required[str]
    TagValue: Required[str]


class CreateKeyResult(TypedDict, total=False):
    """AWS: CreateKeyResponse."""

    KeyMetadata: KeyMetadata


class KeyMetadata(TypedDict, total=False):
    """AWS: KeyMetadata."""

    AWSAccountId: str
    KeyId: Required[str]
    Arn: str
    CreationDate: float
    Enabled: bool
    Description: str
    KeyUsage: str
    KeyState: str
    DeletionDate: float
    ValidTo: float
    Origin: str
    CustomKeyStoreId: str
    CloudHsmClusterId: str
    ExpirationModel: str
    KeyManager: str
    CustomerMasterKeySpec: str
    KeySpec: str
    EncryptionAlgorithms: list[str]
    SigningAlgorithms: list[str]
    KeyAgreementAlgorithms: list[str]
    EncapsulationAlgorithms: list[str]
    MultiRegion: bool
    MultiRegionConfiguration: MultiRegionConfiguration
    PendingDeletionWindowInDays: int
    MacAlgorithms: list[str]
    XksKeyConfiguration: XksKeyConfigurationType
    CurrentKeyMaterialId: str


class MultiRegionConfiguration(TypedDict, total=False):
    """AWS: MultiRegionConfiguration."""

    MultiRegionKeyType: str
    PrimaryKey: MultiRegionKey
    ReplicaKeys: list[MultiRegionKey]


class MultiRegionKey(TypedDict, total=False):
    """AWS: MultiRegionKey."""

    Arn: str
    Region: str


class XksKeyConfigurationType(TypedDict, total=False):
    """AWS: XksKeyConfigurationType."""

    Id: str


class DecapsulateRequest(TypedDict, total=False):
    """AWS: DecapsulateRequest."""

    KeyId: Required[str]
    SharedSecretCiphertextBlob: Required[bytes]
    EncapsulationAlgorithm: Required[str]
    GrantTokens: list[str]
    DryRun: bool


class DecapsulateResult(TypedDict, total=False):
    """AWS: DecapsulateResponse."""

    KeyId: str
    SharedSecret: bytes
    EncapsulationAlgorithm: str


class DecryptRequest(TypedDict, total=False):
    """AWS: DecryptRequest."""

    CiphertextBlob: bytes
    EncryptionContext: dict[str, str]
    GrantTokens: list[str]
    KeyId: str
    EncryptionAlgorithm: str
    Recipient: RecipientInfo
    DryRun: bool
    DryRunModifiers: list[str]


class RecipientInfo(TypedDict, total=False):
    """AWS: RecipientInfo."""

    KeyEncryptionAlgorithm: str
    AttestationDocument: bytes


class DecryptResult(TypedDict, total=False):
    """AWS: DecryptResponse."""

    KeyId: str
    Plaintext: bytes
    EncryptionAlgorithm: str
    CiphertextForRecipient: bytes
    KeyMaterialId: str


class DeleteAliasRequest(TypedDict, total=False):
    """AWS: DeleteAliasRequest."""

    AliasName: Required[str]


class DeleteAliasResult(TypedDict, total=False):
    """AWS: no members."""


class DeleteImportedKeyMaterialRequest(TypedDict, total=False):
    """AWS: DeleteImportedKeyMaterialRequest."""

    KeyId: Required[str]
    KeyMaterialId: str


class DeleteImportedKeyMaterialResult(TypedDict, total=False):
    """AWS: DeleteImportedKeyMaterialResponse."""

    KeyId: str
    KeyMaterialId: str


class DeriveSharedSecretRequest(TypedDict, total=False):
    """AWS: DeriveSharedSecretRequest."""

    KeyId: Required[str]
    KeyAgreementAlgorithm: Required[str]
    PublicKey: Required[bytes]
    GrantTokens: list[str]
    DryRun: bool
    Recipient: RecipientInfo


class DeriveSharedSecretResult(TypedDict, total=False):
    """AWS: DeriveSharedSecretResponse."""

    KeyId: str
    SharedSecret: bytes
    CiphertextForRecipient: bytes
    KeyAgreementAlgorithm: str
    KeyOrigin: str


class DescribeKeyRequest(TypedDict, total=False):
    """AWS: DescribeKeyRequest."""

    KeyId: Required[str]
    GrantTokens: list[str]


class DescribeKeyResult(TypedDict, total=False):
    """AWS: DescribeKeyResponse."""

    KeyMetadata: KeyMetadata


class DisableKeyRequest(TypedDict, total=False):
    """AWS: DisableKeyRequest."""

    KeyId: Required[str]


class DisableKeyResult(TypedDict, total=False):
    """AWS: no members."""


class DisableKeyRotationRequest(TypedDict, total=False):
    """AWS: DisableKeyRotationRequest."""

    KeyId: Required[str]


class DisableKeyRotationResult(TypedDict, total=False):
    """AWS: no members."""


class EnableKeyRequest(TypedDict, total=False):
    """AWS: EnableKeyRequest."""

    KeyId: Required[str]


class EnableKeyResult(TypedDict, total=False):
    """AWS: no members."""


class EnableKeyRotationRequest(TypedDict, total=False):
    """AWS: EnableKeyRotationRequest."""

    KeyId: Required[str]
    RotationPeriodInDays: int


class EnableKeyRotationResult(TypedDict, total=False):
    """AWS: no members."""


class EncapsulateRequest(TypedDict, total=False):
    """AWS: EncapsulateRequest."""

    KeyId: Required[str]
    EncapsulationAlgorithm: Required[str]
    GrantTokens: list[str]
    DryRun: bool


class EncapsulateResult(TypedDict, total=False):
    """AWS: EncapsulateResponse."""

    KeyId: str
    SharedSecret: bytes
    SharedSecretCiphertextBlob: bytes
    EncapsulationAlgorithm: str


class EncryptRequest(TypedDict, total=False):
    """AWS: EncryptRequest."""

    KeyId: Required[str]
    Plaintext: Required[bytes]
    EncryptionContext: dict[str, str]
    GrantTokens: list[str]
    EncryptionAlgorithm: str
    DryRun: bool


class EncryptResult(TypedDict, total=False):
    """AWS: EncryptResponse."""

    CiphertextBlob: bytes
    KeyId: str
    EncryptionAlgorithm: str


class GenerateDataKeyRequest(TypedDict, total=False):
    """AWS: GenerateDataKeyRequest."""

    KeyId: Required[str]
    EncryptionContext: dict[str, str]
    NumberOfBytes: int
    KeySpec: str
    GrantTokens: list[str]
    Recipient: RecipientInfo
    DryRun: bool


class GenerateDataKeyResult(TypedDict, total=False):
    """AWS: GenerateDataKeyResponse."""

    CiphertextBlob: bytes
    Plaintext: bytes
    KeyId: str
    CiphertextForRecipient: bytes
    KeyMaterialId: str


class GenerateDataKeyPairRequest(TypedDict, total=False):
    """AWS: GenerateDataKeyPairRequest."""

    EncryptionContext: dict[str, str]
    KeyId: Required[str]
    KeyPairSpec: Required[str]
    GrantTokens: list[str]
    Recipient: RecipientInfo
    DryRun: bool


class GenerateDataKeyPairResult(TypedDict, total=False):
    """AWS: GenerateDataKeyPairResponse."""

    PrivateKeyCiphertextBlob: bytes
    PrivateKeyPlaintext: bytes
    PublicKey: bytes
    KeyId: str
    KeyPairSpec: str
    CiphertextForRecipient: bytes
    KeyMaterialId: str


class GenerateDataKeyPairWithoutPlaintextRequest(TypedDict, total=False):
    """AWS: GenerateDataKeyPairWithoutPlaintextRequest."""

    EncryptionContext: dict[str, str]
    KeyId: Required[str]
    KeyPairSpec: Required[str]
    GrantTokens: list[str]
    DryRun: bool


class GenerateDataKeyPairWithoutPlaintextResult(TypedDict, total=False):
    """AWS: GenerateDataKeyPairWithoutPlaintextResponse."""

    PrivateKeyCiphertextBlob: bytes
    PublicKey: bytes
    KeyId: str
    KeyPairSpec: str
    KeyMaterialId: str


class GenerateDataKeyWithoutPlaintextRequest(TypedDict, total=False):
    """AWS: GenerateDataKeyWithoutPlaintextRequest."""

    KeyId: Required[str]
    EncryptionContext: dict[str, str]
    KeySpec: str
    NumberOfBytes: int
    GrantTokens: list[str]
    DryRun: bool


class GenerateDataKeyWithoutPlaintextResult(TypedDict, total=False):
    """AWS: GenerateDataKeyWithoutPlaintextResponse."""

    CiphertextBlob: bytes
    KeyId: str
    KeyMaterialId: str


class GenerateMacRequest(TypedDict, total=False):
    """AWS: GenerateMacRequest."""

    Message: Required[bytes]
    KeyId: Required[str]
    MacAlgorithm: Required[str]
    GrantTokens: list[str]
    DryRun: bool


class GenerateMacResult(TypedDict, total=False):
    """AWS: GenerateMacResponse."""

    Mac: bytes
    MacAlgorithm: str
    KeyId: str


class GenerateRandomRequest(TypedDict, total=False):
    """AWS: GenerateRandomRequest."""

    NumberOfBytes: int
    CustomKeyStoreId: str
    Recipient: RecipientInfo


class GenerateRandomResult(TypedDict, total=False):
    """AWS: GenerateRandomResponse."""

    Plaintext: bytes
    CiphertextForRecipient: bytes


class GetKeyPolicyRequest(TypedDict, total=False):
    """AWS: GetKeyPolicyRequest."""

    KeyId: Required[str]
    PolicyName: str


class GetKeyPolicyResult(TypedDict, total=False):
    """AWS: GetKeyPolicyResponse."""

    Policy: str
    PolicyName: str


class GetKeyRotationStatusRequest(TypedDict, total=False):
    """AWS: GetKeyRotationStatusRequest."""

    KeyId: Required[str]


class GetKeyRotationStatusResult(TypedDict, total=False):
    """AWS: GetKeyRotationStatusResponse."""

    KeyRotationEnabled: bool
    KeyId: str
    RotationPeriodInDays: int
    NextRotationDate: float
    OnDemandRotationStartDate: float


class GetParametersForImportRequest(TypedDict, total=False):
    """AWS: GetParametersForImportRequest."""

    KeyId: Required[str]
    WrappingAlgorithm: Required[str]
    WrappingKeySpec: Required[str]


class GetParametersForImportResult(TypedDict, total=False):
    """AWS: GetParametersForImportResponse."""

    KeyId: str
    ImportToken: bytes
    PublicKey: bytes
    ParametersValidTo: float


class GetPublicKeyRequest(TypedDict, total=False):
    """AWS: GetPublicKeyRequest."""

    KeyId: Required[str]
    GrantTokens: list[str]


class GetPublicKeyResult(TypedDict, total=False):
    """AWS: GetPublicKeyResponse."""

    KeyId: str
    PublicKey: bytes
    CustomerMasterKeySpec: str
    KeySpec: str
    KeyUsage: str
    EncryptionAlgorithms: list[str]
    SigningAlgorithms: list[str]
    KeyAgreementAlgorithms: list[str]
    EncapsulationAlgorithms: list[str]


class ImportKeyMaterialRequest(TypedDict, total=False):
    """AWS: ImportKeyMaterialRequest."""

    KeyId: Required[str]
    ImportToken: Required[bytes]
    EncryptedKeyMaterial: Required[bytes]
    ValidTo: float
    ExpirationModel: str
    ImportType: str
    KeyMaterialDescription: str
    KeyMaterialId: str


class ImportKeyMaterialResult(TypedDict, total=False):
    """AWS: ImportKeyMaterialResponse."""

    KeyId: str
    KeyMaterialId: str


class ListAliasesRequest(TypedDict, total=False):
    """AWS: ListAliasesRequest."""

    KeyId: str
    Limit: int
    Marker: str


class ListAliasesResult(TypedDict, total=False):
    """AWS: ListAliasesResponse."""

    Aliases: list[AliasListEntry]
    NextMarker: str
    Truncated: bool


class AliasListEntry(TypedDict, total=False):
    """AWS: AliasListEntry."""

    AliasName: str
    AliasArn: str
    TargetKeyId: str
    CreationDate: float
    LastUpdatedDate: float


class ListGrantsRequest(TypedDict, total=False):
    """AWS: ListGrantsRequest."""

    Limit: int
    Marker: str
    KeyId: Required[str]
    GrantId: str
    GranteePrincipal: str
    GranteeServicePrincipal: str


class ListGrantsResponse(TypedDict, total=False):
    """AWS: ListGrantsResponse."""

    Grants: list[GrantListEntry]
    NextMarker: str
    Truncated: bool


class GrantListEntry(TypedDict, total=False):
    """AWS: GrantListEntry."""

    KeyId: str
    GrantId: str
    Name: str
    CreationDate: float
    GranteePrincipal: str
    RetiringPrincipal: str
    IssuingAccount: str
    Operations: list[str]
    Constraints: GrantConstraints
    GranteeServicePrincipal: str
    RetiringServicePrincipal: str


class ListKeyPoliciesRequest(TypedDict, total=False):
    """AWS: ListKeyPoliciesRequest."""

    KeyId: Required[str]
    Limit: int
    Marker: str


class ListKeyPoliciesResult(TypedDict, total=False):
    """AWS: ListKeyPoliciesResponse."""

    PolicyNames: list[str]
    NextMarker: str
    Truncated: bool


class ListKeyRotationsRequest(TypedDict, total=False):
    """AWS: ListKeyRotationsRequest."""

    KeyId: Required[str]
    IncludeKeyMaterial: str
    Limit: int
    Marker: str


class ListKeyRotationsResult(TypedDict, total=False):
    """AWS: ListKeyRotationsResponse."""

    Rotations: list[RotationsListEntry]
    NextMarker: str
    Truncated: bool


class RotationsListEntry(TypedDict, total=False):
    """AWS: RotationsListEntry."""

    KeyId: str
    KeyMaterialId: str
    KeyMaterialDescription: str
    ImportState: str
    KeyMaterialState: str
    ExpirationModel: str
    ValidTo: float
    RotationDate: float
    RotationType: str


class ListKeysRequest(TypedDict, total=False):
    """AWS: ListKeysRequest."""

    Limit: int
    Marker: str
    ResourceOwners: list[str]


class ListKeysResult(TypedDict, total=False):
    """AWS: ListKeysResponse."""

    Keys: list[KeyListEntry]
    NextMarker: str
    Truncated: bool


class KeyListEntry(TypedDict, total=False):
    """AWS: KeyListEntry."""

    KeyId: str
    KeyArn: str


class ListResourceTagsRequest(TypedDict, total=False):
    """AWS: ListResourceTagsRequest."""

    KeyId: Required[str]
    Limit: int
    Marker: str


class ListResourceTagsResult(TypedDict, total=False):
    """AWS: ListResourceTagsResponse."""

    Tags: list[Tag]
    NextMarker: str
    Truncated: bool


class ListRetirableGrantsRequest(TypedDict, total=False):
    """AWS: ListRetirableGrantsRequest."""

    Limit: int
    Marker: str
    RetiringPrincipal: str
    RetiringServicePrincipal: str


class PutKeyPolicyRequest(TypedDict, total=False):
    """AWS: PutKeyPolicyRequest."""

    KeyId: Required[str]
    PolicyName: str
    Policy: Required[str]
    BypassPolicyLockoutSafetyCheck: bool


class PutKeyPolicyResult(TypedDict, total=False):
    """AWS: no members."""


class ReEncryptRequest(TypedDict, total=False):
    """AWS: ReEncryptRequest."""

    CiphertextBlob: bytes
    SourceEncryptionContext: dict[str, str]
    SourceKeyId: str
    DestinationKeyId: Required[str]
    DestinationEncryptionContext: dict[str, str]
    SourceEncryptionAlgorithm: str
    DestinationEncryptionAlgorithm: str
    GrantTokens: list[str]
    DryRun: bool
    DryRunModifiers: list[str]


class ReEncryptResult(TypedDict, total=False):
    """AWS: ReEncryptResponse."""

    CiphertextBlob: bytes
    SourceKeyId: str
    KeyId: str
    SourceEncryptionAlgorithm: str
    DestinationEncryptionAlgorithm: str
    SourceKeyMaterialId: str
    DestinationKeyMaterialId: str


class ReplicateKeyRequest(TypedDict, total=False):
    """AWS: ReplicateKeyRequest."""

    KeyId: Required[str]
    ReplicaRegion: Required[str]
    Policy: str
    BypassPolicyLockoutSafetyCheck: bool
    Description: str
    Tags: list[Tag]


class ReplicateKeyResult(TypedDict, total=False):
    """AWS: ReplicateKeyResponse."""

    ReplicaKeyMetadata: KeyMetadata
    ReplicaPolicy: str
    ReplicaTags: list[Tag]


class RetireGrantRequest(TypedDict, total=False):
    """AWS: RetireGrantRequest."""

    GrantToken: str
    KeyId: str
    GrantId: str
    DryRun: bool


class RetireGrantResult(TypedDict, total=False):
    """AWS: no members."""


class RevokeGrantRequest(TypedDict, total=False):
    """AWS: RevokeGrantRequest."""

    KeyId: Required[str]
    GrantId: Required[str]
    DryRun: bool


class RevokeGrantResult(TypedDict, total=False):
    """AWS: no members."""


class RotateKeyOnDemandRequest(TypedDict, total=False):
    """AWS: RotateKeyOnDemandRequest."""

    KeyId: Required[str]


class RotateKeyOnDemandResult(TypedDict, total=False):
    """AWS: RotateKeyOnDemandResponse."""

    KeyId: str


class ScheduleKeyDeletionRequest(TypedDict, total=False):
    """AWS: ScheduleKeyDeletionRequest."""

    KeyId: Required[str]
    PendingWindowInDays: int


class ScheduleKeyDeletionResult(TypedDict, total=False):
    """AWS: ScheduleKeyDeletionResponse."""

    KeyId: str
    DeletionDate: float
    KeyState: str
    PendingWindowInDays: int


class SignRequest(TypedDict, total=False):
    """AWS: SignRequest."""

    KeyId: Required[str]
    Message: Required[bytes]
    MessageType: str
    GrantTokens: list[str]
    SigningAlgorithm: Required[str]
    DryRun: bool


class SignResult(TypedDict, total=False):
    """AWS: SignResponse."""

    KeyId: str
    Signature: bytes
    SigningAlgorithm: str


class TagResourceRequest(TypedDict, total=False):
    """AWS: TagResourceRequest."""

    KeyId: Required[str]
    Tags: Required[list[Tag]]


class TagResourceResult(TypedDict, total=False):
    """AWS: no members."""


class UntagResourceRequest(TypedDict, total=False):
    """AWS: UntagResourceRequest."""

    KeyId: Required[str]
    TagKeys: Required[list[str]]


class UntagResourceResult(TypedDict, total=False):
    """AWS: no members."""


class UpdateAliasRequest(TypedDict, total=False):
    """AWS: UpdateAliasRequest."""

    AliasName: Required[str]
    TargetKeyId: Required[str]


class UpdateAliasResult(TypedDict, total=False):
    """AWS: no members."""


class UpdateKeyDescriptionRequest(TypedDict, total=False):
    """AWS: UpdateKeyDescriptionRequest."""

    KeyId: Required[str]
    Description: Required[str]


class UpdateKeyDescriptionResult(TypedDict, total=False):
    """AWS: no members."""


class UpdatePrimaryRegionRequest(TypedDict, total=False):
    """AWS: UpdatePrimaryRegionRequest."""

    KeyId: Required[str]
    PrimaryRegion: Required[str]


class UpdatePrimaryRegionResult(TypedDict, total=False):
    """AWS: no members."""


class VerifyRequest(TypedDict, total=False):
    """AWS: VerifyRequest."""

    KeyId: Required[str]
    Message: Required[bytes]
    MessageType: str
    Signature: Required[bytes]
    SigningAlgorithm: Required[str]
    GrantTokens: list[str]
    DryRun: bool


class VerifyResult(TypedDict, total=False):
    """AWS: VerifyResponse."""

    KeyId: str
    SignatureValid: bool
    SigningAlgorithm: str


class VerifyMacRequest(TypedDict, total=False):
    """AWS: VerifyMacRequest."""

    Message: Required[bytes]
    KeyId: Required[str]
    MacAlgorithm: Required[str]
    Mac: Required[bytes]
    GrantTokens: list[str]
    DryRun: bool


class VerifyMacResult(TypedDict, total=False):
    """AWS: VerifyMacResponse."""

    KeyId: str
    MacValid: bool
    MacAlgorithm: str


ListGrantsResult: TypeAlias = ListGrantsResponse
ListRetirableGrantsResult: TypeAlias = ListGrantsResponse
