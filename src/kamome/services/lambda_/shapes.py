"""Shapes of the operations served here. Generated: do not edit.

By: python tools/generate_shapes.py lambda_
From: the model of AWS Lambda, 2015-03-31.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Required, TypeAlias, TypedDict

if TYPE_CHECKING:
    from kamome.wire import BodyStream


class AddLayerVersionPermissionRequest(TypedDict, total=False):
    """AWS: AddLayerVersionPermissionRequest."""

    LayerName: Required[str]
    VersionNumber: Required[int]
    StatementId: Required[str]
    Action: Required[str]
    Principal: Required[str]
    OrganizationId: str
    RevisionId: str


class AddLayerVersionPermissionResult(TypedDict, total=False):
    """AWS: AddLayerVersionPermissionResponse."""

    Statement: str
    RevisionId: str


class AddPermissionRequest(TypedDict, total=False):
    """AWS: AddPermissionRequest."""

    FunctionName: Required[str]
    StatementId: Required[str]
    Action: Required[str]
    Principal: Required[str]
    SourceArn: str
    FunctionUrlAuthType: str
    InvokedViaFunctionUrl: bool
    SourceAccount: str
    EventSourceToken: str
    Qualifier: str
    RevisionId: str
    PrincipalOrgID: str


class AddPermissionResult(TypedDict, total=False):
    """AWS: AddPermissionResponse."""

    Statement: str


class CreateAliasRequest(TypedDict, total=False):
    """AWS: CreateAliasRequest."""

    FunctionName: Required[str]
    Name: Required[str]
    FunctionVersion: Required[str]
    Description: str
    RoutingConfig: AliasRoutingConfiguration


class AliasRoutingConfiguration(TypedDict, total=False):
    """AWS: AliasRoutingConfiguration."""

    AdditionalVersionWeights: dict[str, float]


class AliasConfiguration(TypedDict, total=False):
    """AWS: AliasConfiguration."""

    AliasArn: str
    Name: str
    FunctionVersion: str
    Description: str
    RoutingConfig: AliasRoutingConfiguration
    RevisionId: str


class CreateCodeSigningConfigRequest(TypedDict, total=False):
    """AWS: CreateCodeSigningConfigRequest."""

    Description: str
    AllowedPublishers: Required[AllowedPublishers]
    CodeSigningPolicies: CodeSigningPolicies
    Tags: dict[str, str]


class AllowedPublishers(TypedDict, total=False):
    """AWS: AllowedPublishers."""

    SigningProfileVersionArns: Required[list[str]]


class CodeSigningPolicies(TypedDict, total=False):
    """AWS: CodeSigningPolicies."""

    UntrustedArtifactOnDeployment: str


class CreateCodeSigningConfigResult(TypedDict, total=False):
    """AWS: CreateCodeSigningConfigResponse."""

    CodeSigningConfig: Required[CodeSigningConfig]


class CodeSigningConfig(TypedDict, total=False):
    """AWS: CodeSigningConfig."""

    CodeSigningConfigId: Required[str]
    CodeSigningConfigArn: Required[str]
    Description: str
    AllowedPublishers: Required[AllowedPublishers]
    CodeSigningPolicies: Required[CodeSigningPolicies]
    LastModified: Required[str]


class CreateEventSourceMappingRequest(TypedDict, total=False):
    """AWS: CreateEventSourceMappingRequest."""

    EventSourceArn: str
    FunctionName: Required[str]
    Enabled: bool
    BatchSize: int
    FilterCriteria: FilterCriteria
    KMSKeyArn: str
    MetricsConfig: EventSourceMappingMetricsConfig
    LoggingConfig: EventSourceMappingLoggingConfig
    ScalingConfig: ScalingConfig
    MaximumBatchingWindowInSeconds: int
    ParallelizationFactor: int
    StartingPosition: str
    StartingPositionTimestamp: float
    DestinationConfig: DestinationConfig
    MaximumRecordAgeInSeconds: int
    BisectBatchOnFunctionError: bool
    MaximumRetryAttempts: int
    Tags: dict[str, str]
    TumblingWindowInSeconds: int
    Topics: list[str]
    Queues: list[str]
    SourceAccessConfigurations: list[SourceAccessConfiguration]
    SelfManagedEventSource: SelfManagedEventSource
    FunctionResponseTypes: list[str]
    AmazonManagedKafkaEventSourceConfig: AmazonManagedKafkaEventSourceConfig
    SelfManagedKafkaEventSourceConfig: SelfManagedKafkaEventSourceConfig
    DocumentDBEventSourceConfig: DocumentDBEventSourceConfig
    ProvisionedPollerConfig: ProvisionedPollerConfig


class FilterCriteria(TypedDict, total=False):
    """AWS: FilterCriteria."""

    Filters: list[Filter]


class Filter(TypedDict, total=False):
    """AWS: Filter."""

    Pattern: str


class EventSourceMappingMetricsConfig(TypedDict, total=False):
    """AWS: EventSourceMappingMetricsConfig."""

    Metrics: list[str]


class EventSourceMappingLoggingConfig(TypedDict, total=False):
    """AWS: EventSourceMappingLoggingConfig."""

    SystemLogLevel: str


class ScalingConfig(TypedDict, total=False):
    """AWS: ScalingConfig."""

    MaximumConcurrency: int


class DestinationConfig(TypedDict, total=False):
    """AWS: DestinationConfig."""

    OnSuccess: OnSuccess
    OnFailure: OnFailure


class OnSuccess(TypedDict, total=False):
    """AWS: OnSuccess."""

    Destination: str


class OnFailure(TypedDict, total=False):
    """AWS: OnFailure."""

    Destination: str


class SourceAccessConfiguration(TypedDict, total=False):
    """AWS: SourceAccessConfiguration."""

    Type: str
    URI: str


class SelfManagedEventSource(TypedDict, total=False):
    """AWS: SelfManagedEventSource."""

    Endpoints: dict[str, list[str]]


class AmazonManagedKafkaEventSourceConfig(TypedDict, total=False):
    """AWS: AmazonManagedKafkaEventSourceConfig."""

    ConsumerGroupId: str
    SchemaRegistryConfig: KafkaSchemaRegistryConfig


class KafkaSchemaRegistryConfig(TypedDict, total=False):
    """AWS: KafkaSchemaRegistryConfig."""

    SchemaRegistryURI: str
    EventRecordFormat: str
    AccessConfigs: list[KafkaSchemaRegistryAccessConfig]
    SchemaValidationConfigs: list[KafkaSchemaValidationConfig]


class KafkaSchemaRegistryAccessConfig(TypedDict, total=False):
    """AWS: KafkaSchemaRegistryAccessConfig."""

    Type: str
    URI: str


class KafkaSchemaValidationConfig(TypedDict, total=False):
    """AWS: KafkaSchemaValidationConfig."""

    Attribute: str


class SelfManagedKafkaEventSourceConfig(TypedDict, total=False):
    """AWS: SelfManagedKafkaEventSourceConfig."""

    ConsumerGroupId: str
    SchemaRegistryConfig: KafkaSchemaRegistryConfig
    ConsumptionMode: str


class DocumentDBEventSourceConfig(TypedDict, total=False):
    """AWS: DocumentDBEventSourceConfig."""

    DatabaseName: str
    CollectionName: str
    FullDocument: str


class ProvisionedPollerConfig(TypedDict, total=False):
    """AWS: ProvisionedPollerConfig."""

    MinimumPollers: int
    MaximumPollers: int
    PollerGroupName: str


class EventSourceMappingConfiguration(TypedDict, total=False):
    """AWS: EventSourceMappingConfiguration."""

    UUID: str
    StartingPosition: str
    StartingPositionTimestamp: float
    BatchSize: int
    MaximumBatchingWindowInSeconds: int
    ParallelizationFactor: int
    EventSourceArn: str
    FilterCriteria: FilterCriteria
    FilterCriteriaError: FilterCriteriaError
    KMSKeyArn: str
    MetricsConfig: EventSourceMappingMetricsConfig
    LoggingConfig: EventSourceMappingLoggingConfig
    ScalingConfig: ScalingConfig
    FunctionArn: str
    LastModified: float
    LastProcessingResult: str
    State: str
    StateTransitionReason: str
    DestinationConfig: DestinationConfig
    Topics: list[str]
    Queues: list[str]
    SourceAccessConfigurations: list[SourceAccessConfiguration]
    SelfManagedEventSource: SelfManagedEventSource
    MaximumRecordAgeInSeconds: int
    BisectBatchOnFunctionError: bool
    MaximumRetryAttempts: int
    TumblingWindowInSeconds: int
    FunctionResponseTypes: list[str]
    AmazonManagedKafkaEventSourceConfig: AmazonManagedKafkaEventSourceConfig
    SelfManagedKafkaEventSourceConfig: SelfManagedKafkaEventSourceConfig
    DocumentDBEventSourceConfig: DocumentDBEventSourceConfig
    EventSourceMappingArn: str
    ProvisionedPollerConfig: ProvisionedPollerConfig


class FilterCriteriaError(TypedDict, total=False):
    """AWS: FilterCriteriaError."""

    ErrorCode: str
    Message: str


class CreateFunctionRequest(TypedDict, total=False):
    """AWS: CreateFunctionRequest."""

    FunctionName: Required[str]
    Runtime: str
    Role: Required[str]
    Handler: str
    Code: Required[FunctionCode]
    Description: str
    Timeout: int
    MemorySize: int
    Publish: bool
    PublishTo: str
    VpcConfig: VpcConfig
    PackageType: str
    DeadLetterConfig: DeadLetterConfig
    Environment: Environment
    KMSKeyArn: str
    TracingConfig: TracingConfig
    Tags: dict[str, str]
    Layers: list[str]
    FileSystemConfigs: list[FileSystemConfig]
    CodeSigningConfigArn: str
    ImageConfig: ImageConfig
    Architectures: list[str]
    EphemeralStorage: EphemeralStorage
    SnapStart: SnapStart
    LoggingConfig: LoggingConfig
    TenancyConfig: TenancyConfig
    CapacityProviderConfig: CapacityProviderConfig
    DurableConfig: DurableConfig
    RuntimeConfig: FunctionRuntimeConfig
    AcceleratorConfig: AcceleratorConfig


class FunctionCode(TypedDict, total=False):
    """AWS: FunctionCode."""

    ZipFile: bytes
    S3Bucket: str
    S3Key: str
    S3ObjectVersion: str
    S3ObjectStorageMode: str
    ImageUri: str
    SourceKMSKeyArn: str


class VpcConfig(TypedDict, total=False):
    """AWS: VpcConfig."""

    SubnetIds: list[str]
    SecurityGroupIds: list[str]
    Ipv6AllowedForDualStack: bool


class DeadLetterConfig(TypedDict, total=False):
    """AWS: DeadLetterConfig."""

    TargetArn: str


class Environment(TypedDict, total=False):
    """AWS: Environment."""

    Variables: dict[str, str]


class TracingConfig(TypedDict, total=False):
    """AWS: TracingConfig."""

    Mode: str


class FileSystemConfig(TypedDict, total=False):
    """AWS: FileSystemConfig."""

    Arn: Required[str]
    LocalMountPath: Required[str]
    S3FilesConfig: S3FilesConfig


class S3FilesConfig(TypedDict, total=False):
    """AWS: S3FilesConfig."""

    DirectS3Read: str


class ImageConfig(TypedDict, total=False):
    """AWS: ImageConfig."""

    EntryPoint: list[str]
    Command: list[str]
    WorkingDirectory: str


class EphemeralStorage(TypedDict, total=False):
    """AWS: EphemeralStorage."""

    Size: Required[int]


class SnapStart(TypedDict, total=False):
    """AWS: SnapStart."""

    ApplyOn: str


class LoggingConfig(TypedDict, total=False):
    """AWS: LoggingConfig."""

    LogFormat: str
    ApplicationLogLevel: str
    SystemLogLevel: str
    LogGroup: str


class TenancyConfig(TypedDict, total=False):
    """AWS: TenancyConfig."""

    TenantIsolationMode: Required[str]


class CapacityProviderConfig(TypedDict, total=False):
    """AWS: CapacityProviderConfig."""

    LambdaManagedInstancesCapacityProviderConfig: Required[
        LambdaManagedInstancesCapacityProviderConfig
    ]


class LambdaManagedInstancesCapacityProviderConfig(TypedDict, total=False):
    """AWS: LambdaManagedInstancesCapacityProviderConfig."""

    CapacityProviderArn: Required[str]
    PerExecutionEnvironmentMaxConcurrency: int
    ExecutionEnvironmentMemoryGiBPerVCpu: float


class DurableConfig(TypedDict, total=False):
    """AWS: DurableConfig."""

    KMSKeyArn: str
    RetentionPeriodInDays: int
    ExecutionTimeout: int


class FunctionRuntimeConfig(TypedDict, total=False):
    """AWS: FunctionRuntimeConfig."""

    RuntimeArn: Required[str]
    RuntimeAlias: Required[str]


class AcceleratorConfig(TypedDict, total=False):
    """AWS: AcceleratorConfig."""

    AcceleratorMemorySize: Required[int]


class FunctionConfiguration(TypedDict, total=False):
    """AWS: FunctionConfiguration."""

    FunctionName: str
    FunctionArn: str
    Runtime: str
    Role: str
    Handler: str
    CodeSize: int
    Description: str
    Timeout: int
    MemorySize: int
    LastModified: str
    CodeSha256: str
    Version: str
    VpcConfig: VpcConfigResponse
    DeadLetterConfig: DeadLetterConfig
    Environment: EnvironmentResponse
    KMSKeyArn: str
    TracingConfig: TracingConfigResponse
    MasterArn: str
    RevisionId: str
    Layers: list[Layer]
    State: str
    StateReason: str
    StateReasonCode: str
    LastUpdateStatus: str
    LastUpdateStatusReason: str
    LastUpdateStatusReasonCode: str
    FileSystemConfigs: list[FileSystemConfig]
    SigningProfileVersionArn: str
    SigningJobArn: str
    PackageType: str
    ImageConfigResponse: ImageConfigResponse
    Architectures: list[str]
    EphemeralStorage: EphemeralStorage
    SnapStart: SnapStartResponse
    RuntimeVersionConfig: RuntimeVersionConfig
    LoggingConfig: LoggingConfig
    TenancyConfig: TenancyConfig
    CapacityProviderConfig: CapacityProviderConfig
    ConfigSha256: str
    DurableConfig: DurableConfig
    RuntimeConfig: FunctionRuntimeConfig
    AcceleratorConfig: AcceleratorConfig


class VpcConfigResponse(TypedDict, total=False):
    """AWS: VpcConfigResponse."""

    SubnetIds: list[str]
    SecurityGroupIds: list[str]
    VpcId: str
    Ipv6AllowedForDualStack: bool


class EnvironmentResponse(TypedDict, total=False):
    """AWS: EnvironmentResponse."""

    Variables: dict[str, str]
    Error: EnvironmentErrorShape


class EnvironmentErrorShape(TypedDict, total=False):
    """AWS: EnvironmentError."""

    ErrorCode: str
    Message: str


class TracingConfigResponse(TypedDict, total=False):
    """AWS: TracingConfigResponse."""

    Mode: str


class Layer(TypedDict, total=False):
    """AWS: Layer."""

    Arn: str
    CodeSize: int
    SigningProfileVersionArn: str
    SigningJobArn: str


class ImageConfigResponse(TypedDict, total=False):
    """AWS: ImageConfigResponse."""

    ImageConfig: ImageConfig
    Error: ImageConfigError


class ImageConfigError(TypedDict, total=False):
    """AWS: ImageConfigError."""

    ErrorCode: str
    Message: str


class SnapStartResponse(TypedDict, total=False):
    """AWS: SnapStartResponse."""

    ApplyOn: str
    OptimizationStatus: str


class RuntimeVersionConfig(TypedDict, total=False):
    """AWS: RuntimeVersionConfig."""

    RuntimeVersionArn: str
    Error: RuntimeVersionError


class RuntimeVersionError(TypedDict, total=False):
    """AWS: RuntimeVersionError."""

    ErrorCode: str
    Message: str


class CreateFunctionUrlConfigRequest(TypedDict, total=False):
    """AWS: CreateFunctionUrlConfigRequest."""

    FunctionName: Required[str]
    Qualifier: str
    AuthType: Required[str]
    Cors: Cors
    InvokeMode: str


class Cors(TypedDict, total=False):
    """AWS: Cors."""

    AllowCredentials: bool
    AllowHeaders: list[str]
    AllowMethods: list[str]
    AllowOrigins: list[str]
    ExposeHeaders: list[str]
    MaxAge: int


class CreateFunctionUrlConfigResult(TypedDict, total=False):
    """AWS: CreateFunctionUrlConfigResponse."""

    FunctionUrl: Required[str]
    FunctionArn: Required[str]
    AuthType: Required[str]
    Cors: Cors
    CreationTime: Required[str]
    InvokeMode: str


class DeleteAliasRequest(TypedDict, total=False):
    """AWS: DeleteAliasRequest."""

    FunctionName: Required[str]
    Name: Required[str]


class DeleteAliasResult(TypedDict, total=False):
    """AWS: no members."""


class DeleteCodeSigningConfigRequest(TypedDict, total=False):
    """AWS: DeleteCodeSigningConfigRequest."""

    CodeSigningConfigArn: Required[str]


class DeleteCodeSigningConfigResult(TypedDict, total=False):
    """AWS: DeleteCodeSigningConfigResponse."""


class DeleteEventSourceMappingRequest(TypedDict, total=False):
    """AWS: DeleteEventSourceMappingRequest."""

    UUID: Required[str]


class DeleteFunctionRequest(TypedDict, total=False):
    """AWS: DeleteFunctionRequest."""

    FunctionName: Required[str]
    Qualifier: str


class DeleteFunctionResult(TypedDict, total=False):
    """AWS: DeleteFunctionResponse."""

    StatusCode: int


class DeleteFunctionCodeSigningConfigRequest(TypedDict, total=False):
    """AWS: DeleteFunctionCodeSigningConfigRequest."""

    FunctionName: Required[str]


class DeleteFunctionCodeSigningConfigResult(TypedDict, total=False):
    """AWS: no members."""


class DeleteFunctionConcurrencyRequest(TypedDict, total=False):
    """AWS: DeleteFunctionConcurrencyRequest."""

    FunctionName: Required[str]


class DeleteFunctionConcurrencyResult(TypedDict, total=False):
    """AWS: no members."""


class DeleteFunctionEventInvokeConfigRequest(TypedDict, total=False):
    """AWS: DeleteFunctionEventInvokeConfigRequest."""

    FunctionName: Required[str]
    Qualifier: str


class DeleteFunctionEventInvokeConfigResult(TypedDict, total=False):
    """AWS: no members."""


class DeleteFunctionUrlConfigRequest(TypedDict, total=False):
    """AWS: DeleteFunctionUrlConfigRequest."""

    FunctionName: Required[str]
    Qualifier: str


class DeleteFunctionUrlConfigResult(TypedDict, total=False):
    """AWS: no members."""


class DeleteLayerVersionRequest(TypedDict, total=False):
    """AWS: DeleteLayerVersionRequest."""

    LayerName: Required[str]
    VersionNumber: Required[int]


class DeleteLayerVersionResult(TypedDict, total=False):
    """AWS: no members."""


class DeleteProvisionedConcurrencyConfigRequest(TypedDict, total=False):
    """AWS: DeleteProvisionedConcurrencyConfigRequest."""

    FunctionName: Required[str]
    Qualifier: Required[str]


class DeleteProvisionedConcurrencyConfigResult(TypedDict, total=False):
    """AWS: no members."""


class GetAccountSettingsRequest(TypedDict, total=False):
    """AWS: GetAccountSettingsRequest."""


class GetAccountSettingsResult(TypedDict, total=False):
    """AWS: GetAccountSettingsResponse."""

    AccountLimit: AccountLimit
    AccountUsage: AccountUsage


class AccountLimit(TypedDict, total=False):
    """AWS: AccountLimit."""

    TotalCodeSize: int
    CodeSizeUnzipped: int
    CodeSizeZipped: int
    ConcurrentExecutions: int
    UnreservedConcurrentExecutions: int


class AccountUsage(TypedDict, total=False):
    """AWS: AccountUsage."""

    TotalCodeSize: int
    FunctionCount: int


class GetAliasRequest(TypedDict, total=False):
    """AWS: GetAliasRequest."""

    FunctionName: Required[str]
    Name: Required[str]


class GetCodeSigningConfigRequest(TypedDict, total=False):
    """AWS: GetCodeSigningConfigRequest."""

    CodeSigningConfigArn: Required[str]


class GetCodeSigningConfigResult(TypedDict, total=False):
    """AWS: GetCodeSigningConfigResponse."""

    CodeSigningConfig: Required[CodeSigningConfig]


class GetEventSourceMappingRequest(TypedDict, total=False):
    """AWS: GetEventSourceMappingRequest."""

    UUID: Required[str]


class GetFunctionRequest(TypedDict, total=False):
    """AWS: GetFunctionRequest."""

    FunctionName: Required[str]
    Qualifier: str


class GetFunctionResult(TypedDict, total=False):
    """AWS: GetFunctionResponse."""

    Configuration: FunctionConfiguration
    Code: FunctionCodeLocation
    Tags: dict[str, str]
    TagsError: TagsError
    Concurrency: Concurrency


class FunctionCodeLocation(TypedDict, total=False):
    """AWS: FunctionCodeLocation."""

    RepositoryType: str
    Location: str
    ImageUri: str
    ResolvedImageUri: str
    ResolvedS3Object: ResolvedS3Object
    SourceKMSKeyArn: str
    Error: FunctionCodeLocationError


class ResolvedS3Object(TypedDict, total=False):
    """AWS: ResolvedS3Object."""

    S3Bucket: str
    S3Key: str
    S3ObjectVersion: str


class FunctionCodeLocationError(TypedDict, total=False):
    """AWS: FunctionCodeLocationError."""

    ErrorCode: str
    Message: str


class TagsError(TypedDict, total=False):
    """AWS: TagsError."""

    ErrorCode: Required[str]
    Message: Required[str]


class Concurrency(TypedDict, total=False):
    """AWS: Concurrency."""

    ReservedConcurrentExecutions: int


class GetFunctionCodeSigningConfigRequest(TypedDict, total=False):
    """AWS: GetFunctionCodeSigningConfigRequest."""

    FunctionName: Required[str]


class GetFunctionCodeSigningConfigResult(TypedDict, total=False):
    """AWS: GetFunctionCodeSigningConfigResponse."""

    CodeSigningConfigArn: Required[str]
    FunctionName: Required[str]


class GetFunctionConcurrencyRequest(TypedDict, total=False):
    """AWS: GetFunctionConcurrencyRequest."""

    FunctionName: Required[str]


class GetFunctionConcurrencyResult(TypedDict, total=False):
    """AWS: GetFunctionConcurrencyResponse."""

    ReservedConcurrentExecutions: int


class GetFunctionConfigurationRequest(TypedDict, total=False):
    """AWS: GetFunctionConfigurationRequest."""

    FunctionName: Required[str]
    Qualifier: str


class GetFunctionEventInvokeConfigRequest(TypedDict, total=False):
    """AWS: GetFunctionEventInvokeConfigRequest."""

    FunctionName: Required[str]
    Qualifier: str


class FunctionEventInvokeConfig(TypedDict, total=False):
    """AWS: FunctionEventInvokeConfig."""

    LastModified: float
    FunctionArn: str
    MaximumRetryAttempts: int
    MaximumEventAgeInSeconds: int
    DestinationConfig: DestinationConfig


class GetFunctionRecursionConfigRequest(TypedDict, total=False):
    """AWS: GetFunctionRecursionConfigRequest."""

    FunctionName: Required[str]


class GetFunctionRecursionConfigResult(TypedDict, total=False):
    """AWS: GetFunctionRecursionConfigResponse."""

    RecursiveLoop: str


class GetFunctionUrlConfigRequest(TypedDict, total=False):
    """AWS: GetFunctionUrlConfigRequest."""

    FunctionName: Required[str]
    Qualifier: str


class GetFunctionUrlConfigResult(TypedDict, total=False):
    """AWS: GetFunctionUrlConfigResponse."""

    FunctionUrl: Required[str]
    FunctionArn: Required[str]
    AuthType: Required[str]
    Cors: Cors
    CreationTime: Required[str]
    LastModifiedTime: Required[str]
    InvokeMode: str


class GetLayerVersionRequest(TypedDict, total=False):
    """AWS: GetLayerVersionRequest."""

    LayerName: Required[str]
    VersionNumber: Required[int]


class GetLayerVersionResponse(TypedDict, total=False):
    """AWS: GetLayerVersionResponse."""

    Content: LayerVersionContentOutput
    LayerArn: str
    LayerVersionArn: str
    Description: str
    CreatedDate: str
    Version: int
    CompatibleArchitectures: list[str]
    CompatibleRuntimes: list[str]
    LicenseInfo: str


class LayerVersionContentOutput(TypedDict, total=False):
    """AWS: LayerVersionContentOutput."""

    Location: str
    CodeSha256: str
    CodeSize: int
    SigningProfileVersionArn: str
    SigningJobArn: str
    ResolvedS3Object: ResolvedS3Object


class GetLayerVersionByArnRequest(TypedDict, total=False):
    """AWS: GetLayerVersionByArnRequest."""

    Arn: Required[str]


class GetLayerVersionPolicyRequest(TypedDict, total=False):
    """AWS: GetLayerVersionPolicyRequest."""

    LayerName: Required[str]
    VersionNumber: Required[int]


class GetLayerVersionPolicyResult(TypedDict, total=False):
    """AWS: GetLayerVersionPolicyResponse."""

    Policy: str
    RevisionId: str


class GetPolicyRequest(TypedDict, total=False):
    """AWS: GetPolicyRequest."""

    FunctionName: Required[str]
    Qualifier: str


class GetPolicyResult(TypedDict, total=False):
    """AWS: GetPolicyResponse."""

    Policy: str
    RevisionId: str


class GetProvisionedConcurrencyConfigRequest(TypedDict, total=False):
    """AWS: GetProvisionedConcurrencyConfigRequest."""

    FunctionName: Required[str]
    Qualifier: Required[str]


class GetProvisionedConcurrencyConfigResult(TypedDict, total=False):
    """AWS: GetProvisionedConcurrencyConfigResponse."""

    RequestedProvisionedConcurrentExecutions: int
    AvailableProvisionedConcurrentExecutions: int
    AllocatedProvisionedConcurrentExecutions: int
    Status: str
    StatusReason: str
    LastModified: str


class GetRuntimeManagementConfigRequest(TypedDict, total=False):
    """AWS: GetRuntimeManagementConfigRequest."""

    FunctionName: Required[str]
    Qualifier: str


class GetRuntimeManagementConfigResult(TypedDict, total=False):
    """AWS: GetRuntimeManagementConfigResponse."""

    UpdateRuntimeOn: str
    FunctionArn: str
    RuntimeVersionArn: str


class InvokeRequest(TypedDict, total=False):
    """AWS: InvocationRequest."""

    FunctionName: Required[str]
    InvocationType: str
    LogType: str
    ClientContext: str
    DurableExecutionName: str
    Payload: bytes
    Qualifier: str
    TenantId: str


class InvokeResult(TypedDict, total=False):
    """AWS: InvocationResponse."""

    StatusCode: int
    FunctionError: str
    LogResult: str
    Payload: bytes
    ExecutedVersion: str
    DurableExecutionArn: str
    ContentType: str


class InvokeAsyncRequest(TypedDict, total=False):
    """AWS: InvokeAsyncRequest."""

    FunctionName: Required[str]
    InvokeArgs: Required[BodyStream]


class InvokeAsyncResult(TypedDict, total=False):
    """AWS: InvokeAsyncResponse."""

    Status: int


class InvokeWithResponseStreamRequest(TypedDict, total=False):
    """AWS: InvokeWithResponseStreamRequest."""

    FunctionName: Required[str]
    LogType: str
    ClientContext: str
    Qualifier: str
    Payload: bytes
    TenantId: str
    InvocationType: str


class InvokeWithResponseStreamResult(TypedDict, total=False):
    """AWS: InvokeWithResponseStreamResponse."""

    StatusCode: int
    ExecutedVersion: str
    EventStream: object
    ResponseStreamContentType: str


class ListAliasesRequest(TypedDict, total=False):
    """AWS: ListAliasesRequest."""

    FunctionName: Required[str]
    FunctionVersion: str
    Marker: str
    MaxItems: int


class ListAliasesResult(TypedDict, total=False):
    """AWS: ListAliasesResponse."""

    NextMarker: str
    Aliases: list[AliasConfiguration]


class ListCodeSigningConfigsRequest(TypedDict, total=False):
    """AWS: ListCodeSigningConfigsRequest."""

    Marker: str
    MaxItems: int


class ListCodeSigningConfigsResult(TypedDict, total=False):
    """AWS: ListCodeSigningConfigsResponse."""

    NextMarker: str
    CodeSigningConfigs: list[CodeSigningConfig]


class ListEventSourceMappingsRequest(TypedDict, total=False):
    """AWS: ListEventSourceMappingsRequest."""

    EventSourceArn: str
    FunctionName: str
    Marker: str
    MaxItems: int


class ListEventSourceMappingsResult(TypedDict, total=False):
    """AWS: ListEventSourceMappingsResponse."""

    NextMarker: str
    EventSourceMappings: list[EventSourceMappingConfiguration]


class ListFunctionEventInvokeConfigsRequest(TypedDict, total=False):
    """AWS: ListFunctionEventInvokeConfigsRequest."""

    FunctionName: Required[str]
    Marker: str
    MaxItems: int


class ListFunctionEventInvokeConfigsResult(TypedDict, total=False):
    """AWS: ListFunctionEventInvokeConfigsResponse."""

    FunctionEventInvokeConfigs: list[FunctionEventInvokeConfig]
    NextMarker: str


class ListFunctionUrlConfigsRequest(TypedDict, total=False):
    """AWS: ListFunctionUrlConfigsRequest."""

    FunctionName: Required[str]
    Marker: str
    MaxItems: int


class ListFunctionUrlConfigsResult(TypedDict, total=False):
    """AWS: ListFunctionUrlConfigsResponse."""

    FunctionUrlConfigs: Required[list[FunctionUrlConfig]]
    NextMarker: str


class FunctionUrlConfig(TypedDict, total=False):
    """AWS: FunctionUrlConfig."""

    FunctionUrl: Required[str]
    FunctionArn: Required[str]
    CreationTime: Required[str]
    LastModifiedTime: Required[str]
    Cors: Cors
    AuthType: Required[str]
    InvokeMode: str


class ListFunctionsRequest(TypedDict, total=False):
    """AWS: ListFunctionsRequest."""

    MasterRegion: str
    FunctionVersion: str
    Marker: str
    MaxItems: int


class ListFunctionsResult(TypedDict, total=False):
    """AWS: ListFunctionsResponse."""

    NextMarker: str
    Functions: list[FunctionConfiguration]


class ListFunctionsByCodeSigningConfigRequest(TypedDict, total=False):
    """AWS: ListFunctionsByCodeSigningConfigRequest."""

    CodeSigningConfigArn: Required[str]
    Marker: str
    MaxItems: int


class ListFunctionsByCodeSigningConfigResult(TypedDict, total=False):
    """AWS: ListFunctionsByCodeSigningConfigResponse."""

    NextMarker: str
    FunctionArns: list[str]


class ListLayerVersionsRequest(TypedDict, total=False):
    """AWS: ListLayerVersionsRequest."""

    CompatibleArchitecture: str
    CompatibleRuntime: str
    LayerName: Required[str]
    Marker: str
    MaxItems: int


class ListLayerVersionsResult(TypedDict, total=False):
    """AWS: ListLayerVersionsResponse."""

    NextMarker: str
    LayerVersions: list[LayerVersionsListItem]


class LayerVersionsListItem(TypedDict, total=False):
    """AWS: LayerVersionsListItem."""

    LayerVersionArn: str
    Version: int
    Description: str
    CreatedDate: str
    CompatibleArchitectures: list[str]
    CompatibleRuntimes: list[str]
    LicenseInfo: str


class ListLayersRequest(TypedDict, total=False):
    """AWS: ListLayersRequest."""

    CompatibleArchitecture: str
    CompatibleRuntime: str
    Marker: str
    MaxItems: int


class ListLayersResult(TypedDict, total=False):
    """AWS: ListLayersResponse."""

    NextMarker: str
    Layers: list[LayersListItem]


class LayersListItem(TypedDict, total=False):
    """AWS: LayersListItem."""

    LayerName: str
    LayerArn: str
    LatestMatchingVersion: LayerVersionsListItem


class ListProvisionedConcurrencyConfigsRequest(TypedDict, total=False):
    """AWS: ListProvisionedConcurrencyConfigsRequest."""

    FunctionName: Required[str]
    Marker: str
    MaxItems: int


class ListProvisionedConcurrencyConfigsResult(TypedDict, total=False):
    """AWS: ListProvisionedConcurrencyConfigsResponse."""

    ProvisionedConcurrencyConfigs: list[ProvisionedConcurrencyConfigListItem]
    NextMarker: str


class ProvisionedConcurrencyConfigListItem(TypedDict, total=False):
    """AWS: ProvisionedConcurrencyConfigListItem."""

    FunctionArn: str
    RequestedProvisionedConcurrentExecutions: int
    AvailableProvisionedConcurrentExecutions: int
    AllocatedProvisionedConcurrentExecutions: int
    Status: str
    StatusReason: str
    LastModified: str


class ListTagsRequest(TypedDict, total=False):
    """AWS: ListTagsRequest."""

    Resource: Required[str]


class ListTagsResult(TypedDict, total=False):
    """AWS: ListTagsResponse."""

    Tags: dict[str, str]


class ListVersionsByFunctionRequest(TypedDict, total=False):
    """AWS: ListVersionsByFunctionRequest."""

    FunctionName: Required[str]
    Marker: str
    MaxItems: int


class ListVersionsByFunctionResult(TypedDict, total=False):
    """AWS: ListVersionsByFunctionResponse."""

    NextMarker: str
    Versions: list[FunctionConfiguration]


class PublishLayerVersionRequest(TypedDict, total=False):
    """AWS: PublishLayerVersionRequest."""

    LayerName: Required[str]
    Description: str
    Content: Required[LayerVersionContentInput]
    CompatibleArchitectures: list[str]
    CompatibleRuntimes: list[str]
    LicenseInfo: str


class LayerVersionContentInput(TypedDict, total=False):
    """AWS: LayerVersionContentInput."""

    S3Bucket: str
    S3Key: str
    S3ObjectVersion: str
    S3ObjectStorageMode: str
    ZipFile: bytes


class PublishLayerVersionResult(TypedDict, total=False):
    """AWS: PublishLayerVersionResponse."""

    Content: LayerVersionContentOutput
    LayerArn: str
    LayerVersionArn: str
    Description: str
    CreatedDate: str
    Version: int
    CompatibleArchitectures: list[str]
    CompatibleRuntimes: list[str]
    LicenseInfo: str


class PublishVersionRequest(TypedDict, total=False):
    """AWS: PublishVersionRequest."""

    FunctionName: Required[str]
    CodeSha256: str
    Description: str
    RevisionId: str
    PublishTo: str


class PutFunctionCodeSigningConfigRequest(TypedDict, total=False):
    """AWS: PutFunctionCodeSigningConfigRequest."""

    CodeSigningConfigArn: Required[str]
    FunctionName: Required[str]


class PutFunctionCodeSigningConfigResult(TypedDict, total=False):
    """AWS: PutFunctionCodeSigningConfigResponse."""

    CodeSigningConfigArn: Required[str]
    FunctionName: Required[str]


class PutFunctionConcurrencyRequest(TypedDict, total=False):
    """AWS: PutFunctionConcurrencyRequest."""

    FunctionName: Required[str]
    ReservedConcurrentExecutions: Required[int]


class PutFunctionEventInvokeConfigRequest(TypedDict, total=False):
    """AWS: PutFunctionEventInvokeConfigRequest."""

    FunctionName: Required[str]
    Qualifier: str
    MaximumRetryAttempts: int
    MaximumEventAgeInSeconds: int
    DestinationConfig: DestinationConfig


class PutFunctionRecursionConfigRequest(TypedDict, total=False):
    """AWS: PutFunctionRecursionConfigRequest."""

    FunctionName: Required[str]
    RecursiveLoop: Required[str]


class PutFunctionRecursionConfigResult(TypedDict, total=False):
    """AWS: PutFunctionRecursionConfigResponse."""

    RecursiveLoop: str


class PutProvisionedConcurrencyConfigRequest(TypedDict, total=False):
    """AWS: PutProvisionedConcurrencyConfigRequest."""

    FunctionName: Required[str]
    Qualifier: Required[str]
    ProvisionedConcurrentExecutions: Required[int]


class PutProvisionedConcurrencyConfigResult(TypedDict, total=False):
    """AWS: PutProvisionedConcurrencyConfigResponse."""

    RequestedProvisionedConcurrentExecutions: int
    AllocatedProvisionedConcurrentExecutions: int
    AvailableProvisionedConcurrentExecutions: int
    Status: str
    StatusReason: str
    LastModified: str


class PutRuntimeManagementConfigRequest(TypedDict, total=False):
    """AWS: PutRuntimeManagementConfigRequest."""

    FunctionName: Required[str]
    Qualifier: str
    UpdateRuntimeOn: Required[str]
    RuntimeVersionArn: str


class PutRuntimeManagementConfigResult(TypedDict, total=False):
    """AWS: PutRuntimeManagementConfigResponse."""

    UpdateRuntimeOn: Required[str]
    FunctionArn: Required[str]
    RuntimeVersionArn: str


class RemoveLayerVersionPermissionRequest(TypedDict, total=False):
    """AWS: RemoveLayerVersionPermissionRequest."""

    LayerName: Required[str]
    VersionNumber: Required[int]
    StatementId: Required[str]
    RevisionId: str


class RemoveLayerVersionPermissionResult(TypedDict, total=False):
    """AWS: no members."""


class RemovePermissionRequest(TypedDict, total=False):
    """AWS: RemovePermissionRequest."""

    FunctionName: Required[str]
    StatementId: Required[str]
    Qualifier: str
    RevisionId: str


class RemovePermissionResult(TypedDict, total=False):
    """AWS: no members."""


class TagResourceRequest(TypedDict, total=False):
    """AWS: TagResourceRequest."""

    Resource: Required[str]
    Tags: Required[dict[str, str]]


class TagResourceResult(TypedDict, total=False):
    """AWS: no members."""


class UntagResourceRequest(TypedDict, total=False):
    """AWS: UntagResourceRequest."""

    Resource: Required[str]
    TagKeys: Required[list[str]]


class UntagResourceResult(TypedDict, total=False):
    """AWS: no members."""


class UpdateAliasRequest(TypedDict, total=False):
    """AWS: UpdateAliasRequest."""

    FunctionName: Required[str]
    Name: Required[str]
    FunctionVersion: str
    Description: str
    RoutingConfig: AliasRoutingConfiguration
    RevisionId: str


class UpdateCodeSigningConfigRequest(TypedDict, total=False):
    """AWS: UpdateCodeSigningConfigRequest."""

    CodeSigningConfigArn: Required[str]
    Description: str
    AllowedPublishers: AllowedPublishers
    CodeSigningPolicies: CodeSigningPolicies


class UpdateCodeSigningConfigResult(TypedDict, total=False):
    """AWS: UpdateCodeSigningConfigResponse."""

    CodeSigningConfig: Required[CodeSigningConfig]


class UpdateEventSourceMappingRequest(TypedDict, total=False):
    """AWS: UpdateEventSourceMappingRequest."""

    UUID: Required[str]
    FunctionName: str
    Enabled: bool
    BatchSize: int
    FilterCriteria: FilterCriteria
    KMSKeyArn: str
    MetricsConfig: EventSourceMappingMetricsConfig
    LoggingConfig: EventSourceMappingLoggingConfig
    ScalingConfig: ScalingConfig
    MaximumBatchingWindowInSeconds: int
    ParallelizationFactor: int
    DestinationConfig: DestinationConfig
    MaximumRecordAgeInSeconds: int
    BisectBatchOnFunctionError: bool
    MaximumRetryAttempts: int
    TumblingWindowInSeconds: int
    SourceAccessConfigurations: list[SourceAccessConfiguration]
    FunctionResponseTypes: list[str]
    AmazonManagedKafkaEventSourceConfig: AmazonManagedKafkaEventSourceConfig
    SelfManagedKafkaEventSourceConfig: SelfManagedKafkaEventSourceConfig
    DocumentDBEventSourceConfig: DocumentDBEventSourceConfig
    ProvisionedPollerConfig: ProvisionedPollerConfig


class UpdateFunctionCodeRequest(TypedDict, total=False):
    """AWS: UpdateFunctionCodeRequest."""

    FunctionName: Required[str]
    ZipFile: bytes
    S3Bucket: str
    S3Key: str
    S3ObjectVersion: str
    S3ObjectStorageMode: str
    ImageUri: str
    Architectures: list[str]
    Publish: bool
    PublishTo: str
    DryRun: bool
    RevisionId: str
    SourceKMSKeyArn: str


class UpdateFunctionConfigurationRequest(TypedDict, total=False):
    """AWS: UpdateFunctionConfigurationRequest."""

    FunctionName: Required[str]
    Role: str
    Handler: str
    Description: str
    Timeout: int
    MemorySize: int
    VpcConfig: VpcConfig
    Environment: Environment
    Runtime: str
    DeadLetterConfig: DeadLetterConfig
    KMSKeyArn: str
    TracingConfig: TracingConfig
    RevisionId: str
    Layers: list[str]
    FileSystemConfigs: list[FileSystemConfig]
    ImageConfig: ImageConfig
    EphemeralStorage: EphemeralStorage
    SnapStart: SnapStart
    LoggingConfig: LoggingConfig
    CapacityProviderConfig: CapacityProviderConfig
    DurableConfig: DurableConfig
    RuntimeConfig: FunctionRuntimeConfig
    AcceleratorConfig: AcceleratorConfig


class UpdateFunctionEventInvokeConfigRequest(TypedDict, total=False):
    """AWS: UpdateFunctionEventInvokeConfigRequest."""

    FunctionName: Required[str]
    Qualifier: str
    MaximumRetryAttempts: int
    MaximumEventAgeInSeconds: int
    DestinationConfig: DestinationConfig


class UpdateFunctionUrlConfigRequest(TypedDict, total=False):
    """AWS: UpdateFunctionUrlConfigRequest."""

    FunctionName: Required[str]
    Qualifier: str
    AuthType: str
    Cors: Cors
    InvokeMode: str


class UpdateFunctionUrlConfigResult(TypedDict, total=False):
    """AWS: UpdateFunctionUrlConfigResponse."""

    FunctionUrl: Required[str]
    FunctionArn: Required[str]
    AuthType: Required[str]
    Cors: Cors
    CreationTime: Required[str]
    LastModifiedTime: Required[str]
    InvokeMode: str


CreateAliasResult: TypeAlias = AliasConfiguration
CreateEventSourceMappingResult: TypeAlias = EventSourceMappingConfiguration
CreateFunctionResult: TypeAlias = FunctionConfiguration
DeleteEventSourceMappingResult: TypeAlias = EventSourceMappingConfiguration
GetAliasResult: TypeAlias = AliasConfiguration
GetEventSourceMappingResult: TypeAlias = EventSourceMappingConfiguration
GetFunctionConfigurationResult: TypeAlias = FunctionConfiguration
GetFunctionEventInvokeConfigResult: TypeAlias = FunctionEventInvokeConfig
GetLayerVersionResult: TypeAlias = GetLayerVersionResponse
GetLayerVersionByArnResult: TypeAlias = GetLayerVersionResponse
PublishVersionResult: TypeAlias = FunctionConfiguration
PutFunctionConcurrencyResult: TypeAlias = Concurrency
PutFunctionEventInvokeConfigResult: TypeAlias = FunctionEventInvokeConfig
UpdateAliasResult: TypeAlias = AliasConfiguration
UpdateEventSourceMappingResult: TypeAlias = EventSourceMappingConfiguration
UpdateFunctionCodeResult: TypeAlias = FunctionConfiguration
UpdateFunctionConfigurationResult: TypeAlias = FunctionConfiguration
UpdateFunctionEventInvokeConfigResult: TypeAlias = FunctionEventInvokeConfig
