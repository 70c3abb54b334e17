"""Shapes of the operations served here. Generated: do not edit.

By: python tools/generate_shapes.py ses.shapes_v2
From: the model of Amazon Simple Email Service, 2019-09-27.
"""

from __future__ import annotations

from typing import Required, TypedDict


class AssociateEmailIdentityCertificateRequest(TypedDict, total=False):
    """AWS: AssociateEmailIdentityCertificateRequest."""

    EmailIdentity: Required[str]
    FromAddress: str
    CertificateArn: Required[str]


class AssociateEmailIdentityCertificateResult(TypedDict, total=False):
    """AWS: AssociateEmailIdentityCertificateResponse."""


class BatchGetMetricDataRequest(TypedDict, total=False):
    """AWS: BatchGetMetricDataRequest."""

    Queries: Required[list[BatchGetMetricDataQuery]]


class BatchGetMetricDataQuery(TypedDict, total=False):
    """AWS: BatchGetMetricDataQuery."""

    Id: Required[str]
    Namespace: Required[str]
    Metric: Required[str]
    Dimensions: dict[str, str]
    StartDate: Required[float]
    EndDate: Required[float]


class BatchGetMetricDataResult(TypedDict, total=False):
    """AWS: BatchGetMetricDataResponse."""

    Results: list[MetricDataResult]
    Errors: list[MetricDataError]


class MetricDataResult(TypedDict, total=False):
    """AWS: MetricDataResult."""

    Id: str
    Timestamps: list[float]
    Values: list[int]


class MetricDataError(TypedDict, total=False):
    """AWS: MetricDataError."""

    Id: str
    Code: str
    Message: str


class CancelExportJobRequest(TypedDict, total=False):
    """AWS: CancelExportJobRequest."""

    JobId: Required[str]


class CancelExportJobResult(TypedDict, total=False):
    """AWS: CancelExportJobResponse."""


class CreateConfigurationSetRequest(TypedDict, total=False):
    """AWS: CreateConfigurationSetRequest."""

    ConfigurationSetName: Required[str]
    TrackingOptions: TrackingOptions
    DeliveryOptions: DeliveryOptions
    ReputationOptions: ReputationOptions
    SendingOptions: SendingOptions
    Tags: list[Tag]
    SuppressionOptions: SuppressionOptions
    VdmOptions: VdmOptions
    ArchivingOptions: ArchivingOptions
    MessageSecurityOptions: MessageSecurityOptions


class TrackingOptions(TypedDict, total=False):
    """AWS: TrackingOptions."""

    CustomRedirectDomain: Required[str]
    HttpsPolicy: str


class DeliveryOptions(TypedDict, total=False):
    """AWS: DeliveryOptions."""

    TlsPolicy: str
    SendingPoolName: str
    MaxDeliverySeconds: int


class ReputationOptions(TypedDict, total=False):
    """AWS: ReputationOptions."""

    ReputationMetricsEnabled: bool
    LastFreshStart: float


class SendingOptions(TypedDict, total=False):
    """AWS: SendingOptions."""

    SendingEnabled: bool


class Tag(TypedDict, total=False):
    """AWS: Tag."""

    Key: Required[str]
    Value: Required[str]


class SuppressionOptions(TypedDict, total=False):
    """AWS: SuppressionOptions."""

    SuppressedReasons: list[str]
    SuppressionScope: str
    ValidationOptions: SuppressionValidationOptions


class SuppressionValidationOptions(TypedDict, total=False):
    """AWS: SuppressionValidationOptions."""

    ConditionThreshold: Required[SuppressionConditionThreshold]


class SuppressionConditionThreshold(TypedDict, total=False):
    """AWS: SuppressionConditionThreshold."""

    ConditionThresholdEnabled: Required[str]
    OverallConfidenceThreshold: SuppressionConfidenceThreshold


class SuppressionConfidenceThreshold(TypedDict, total=False):
    """AWS: SuppressionConfidenceThreshold."""

    ConfidenceVerdictThreshold: Required[str]


class VdmOptions(TypedDict, total=False):
    """AWS: VdmOptions."""

    DashboardOptions: DashboardOptions
    GuardianOptions: GuardianOptions


class DashboardOptions(TypedDict, total=False):
    """AWS: DashboardOptions."""

    EngagementMetrics: str


class GuardianOptions(TypedDict, total=False):
    """AWS: GuardianOptions."""

    OptimizedSharedDelivery: str


class ArchivingOptions(TypedDict, total=False):
    """AWS: ArchivingOptions."""

    ArchiveArn: str


class MessageSecurityOptions(TypedDict, total=False):
    """AWS: MessageSecurityOptions."""

    SigningScheme: SigningScheme


class SigningScheme(TypedDict, total=False):
    """AWS: SigningScheme."""

    DefaultScheme: DefaultSigningScheme
    SmimeScheme: SmimeSigningScheme


class DefaultSigningScheme(TypedDict, total=False):
    """AWS: DefaultSigningScheme."""


class SmimeSigningScheme(TypedDict, total=False):
    """AWS: SmimeSigningScheme."""

    SignatureFormat: str


class CreateConfigurationSetResult(TypedDict, total=False):
    """AWS: CreateConfigurationSetResponse."""


class CreateConfigurationSetEventDestinationRequest(TypedDict, total=False):
    """AWS: CreateConfigurationSetEventDestinationRequest."""

    ConfigurationSetName: Required[str]
    EventDestinationName: Required[str]
    EventDestination: Required[EventDestinationDefinition]


class EventDestinationDefinition(TypedDict, total=False):
    """AWS: EventDestinationDefinition."""

    Enabled: bool
    MatchingEventTypes: list[str]
    KinesisFirehoseDestination: KinesisFirehoseDestination
    CloudWatchDestination: CloudWatchDestination
    SnsDestination: SnsDestination
    EventBridgeDestination: EventBridgeDestination
    PinpointDestination: PinpointDestination


class KinesisFirehoseDestination(TypedDict, total=False):
    """AWS: KinesisFirehoseDestination."""

    IamRoleArn: Required[str]
    DeliveryStreamArn: Required[str]


class CloudWatchDestination(TypedDict, total=False):
    """AWS: CloudWatchDestination."""

    DimensionConfigurations: Required[list[CloudWatchDimensionConfiguration]]


class CloudWatchDimensionConfiguration(TypedDict, total=False):
    """AWS: CloudWatchDimensionConfiguration."""

    DimensionName: Required[str]
    DimensionValueSource: Required[str]
    DefaultDimensionValue: Required[str]


class SnsDestination(TypedDict, total=False):
    """AWS: SnsDestination."""

    TopicArn: Required[str]


class EventBridgeDestination(TypedDict, total=False):
    """AWS: EventBridgeDestination."""

    EventBusArn: Required[str]


class PinpointDestination(TypedDict, total=False):
    """AWS: PinpointDestination."""

    ApplicationArn: str


class CreateConfigurationSetEventDestinationResult(TypedDict, total=False):
    """AWS: CreateConfigurationSetEventDestinationResponse."""


class CreateContactRequest(TypedDict, total=False):
    """AWS: CreateContactRequest."""

    ContactListName: Required[str]
    EmailAddress: Required[str]
    TopicPreferences: list[TopicPreference]
    UnsubscribeAll: bool
    AttributesData: str


class TopicPreference(TypedDict, total=False):
    """AWS: TopicPreference."""

    TopicName: Required[str]
    SubscriptionStatus: Required[str]


class CreateContactResult(TypedDict, total=False):
    """AWS: CreateContactResponse."""


class CreateContactListRequest(TypedDict, total=False):
    """AWS: CreateContactListRequest."""

    ContactListName: Required[str]
    Topics: list[Topic]
    Description: str
    Tags: list[Tag]


class Topic(TypedDict, total=False):
    """AWS: Topic."""

    TopicName: Required[str]
    DisplayName: Required[str]
    Description: str
    DefaultSubscriptionStatus: Required[str]


class CreateContactListResult(TypedDict, total=False):
    """AWS: CreateContactListResponse."""


class CreateCustomVerificationEmailTemplateRequest(TypedDict, total=False):
    """AWS: CreateCustomVerificationEmailTemplateRequest."""

    TemplateName: Required[str]
    FromEmailAddress: Required[str]
    TemplateSubject: Required[str]
    TemplateContent: Required[str]
    Tags: list[Tag]
    SuccessRedirectionURL: Required[str]
    FailureRedirectionURL: Required[str]


class CreateCustomVerificationEmailTemplateResult(TypedDict, total=False):
    """AWS: CreateCustomVerificationEmailTemplateResponse."""


class CreateDedicatedIpPoolRequest(TypedDict, total=False):
    """AWS: CreateDedicatedIpPoolRequest."""

    PoolName: Required[str]
    Tags: list[Tag]
    ScalingMode: str


class CreateDedicatedIpPoolResult(TypedDict, total=False):
    """AWS: CreateDedicatedIpPoolResponse."""


class CreateDeliverabilityTestReportRequest(TypedDict, total=False):
    """AWS: CreateDeliverabilityTestReportRequest."""

    ReportName: str
    FromEmailAddress: Required[str]
    Content: Required[EmailContent]
    Tags: list[Tag]


class EmailContent(TypedDict, total=False):
    """AWS: EmailContent."""

    Simple: Message
    Raw: RawMessage
    Template: Template


class Message(TypedDict, total=False):
    """AWS: Message."""

    Subject: Required[Content]
    Body: Required[Body]
    Headers: list[MessageHeader]
    Attachments: list[Attachment]


class Content(TypedDict, total=False):
    """AWS: Content."""

    Data: Required[str]
    Charset: str


class Body(TypedDict, total=False):
    """AWS: Body."""

    Text: Content
    Html: Content


class MessageHeader(TypedDict, total=False):
    """AWS: MessageHeader."""

    Name: Required[str]
    Value: Required[str]


class Attachment(TypedDict, total=False):
    """AWS: Attachment."""

    RawContent: Required[bytes]
    ContentDisposition: str
    FileName: Required[str]
    ContentDescription: str
    ContentId: str
    ContentTransferEncoding: str
    ContentType: str


class RawMessage(TypedDict, total=False):
    """AWS: RawMessage."""

    Data: Required[bytes]


class Template(TypedDict, total=False):
    """AWS: Template."""

    TemplateName: str
    TemplateArn: str
    TemplateContent: EmailTemplateContent
    TemplateData: str
    Headers: list[MessageHeader]
    Attachments: list[Attachment]


class EmailTemplateContent(TypedDict, total=False):
    """AWS: EmailTemplateContent."""

    Subject: str
    Text: str
    Html: str


class CreateDeliverabilityTestReportResult(TypedDict, total=False):
    """AWS: CreateDeliverabilityTestReportResponse."""

    ReportId: Required[str]
    DeliverabilityTestStatus: Required[str]


class CreateEmailIdentityRequest(TypedDict, total=False):
    """AWS: CreateEmailIdentityRequest."""

    EmailIdentity: Required[str]
    Tags: list[Tag]
    DkimSigningAttributes: DkimSigningAttributes
    ConfigurationSetName: str


class DkimSigningAttributes(TypedDict, total=False):
    """AWS: DkimSigningAttributes."""

    DomainSigningSelector: str
    DomainSigningPrivateKey: str
    NextSigningKeyLength: str
    DomainSigningAttributesOrigin: str


class CreateEmailIdentityResult(TypedDict, total=False):
    """AWS: CreateEmailIdentityResponse."""

    IdentityType: str
    VerifiedForSendingStatus: bool
    DkimAttributes: DkimAttributes


class DkimAttributes(TypedDict, total=False):
    """AWS: DkimAttributes."""

    SigningEnabled: bool
    Status: str
    Tokens: list[str]
    SigningHostedZone: str
    SigningAttributesOrigin: str
    NextSigningKeyLength: str
    CurrentSigningKeyLength: str
    LastKeyGenerationTimestamp: float


class CreateEmailIdentityPolicyRequest(TypedDict, total=False):
    """AWS: CreateEmailIdentityPolicyRequest."""

    EmailIdentity: Required[str]
    PolicyName: Required[str]
    Policy: Required[str]


class CreateEmailIdentityPolicyResult(TypedDict, total=False):
    """AWS: CreateEmailIdentityPolicyResponse."""


class CreateEmailTemplateRequest(TypedDict, total=False):
    """AWS: CreateEmailTemplateRequest."""

    TemplateName: Required[str]
    TemplateContent: Required[EmailTemplateContent]
    Tags: list[Tag]


class CreateEmailTemplateResult(TypedDict, total=False):
    """AWS: CreateEmailTemplateResponse."""


class CreateExportJobRequest(TypedDict, total=False):
    """AWS: CreateExportJobRequest."""

    ExportDataSource: Required[ExportDataSource]
    ExportDestination: Required[ExportDestination]


class ExportDataSource(TypedDict, total=False):
    """AWS: ExportDataSource."""

    MetricsDataSource: MetricsDataSource
    MessageInsightsDataSource: MessageInsightsDataSource


class MetricsDataSource(TypedDict, total=False):
    """AWS: MetricsDataSource."""

    Dimensions: Required[dict[str, list[str]]]
    Namespace: Required[str]
    Metrics: Required[list[ExportMetric]]
    StartDate: Required[float]
    EndDate: Required[float]


class ExportMetric(TypedDict, total=False):
    """AWS: ExportMetric."""

    Name: str
    Aggregation: str


class MessageInsightsDataSource(TypedDict, total=False):
    """AWS: MessageInsightsDataSource."""

    StartDate: Required[float]
    EndDate: Required[float]
    Include: MessageInsightsFilters
    Exclude: MessageInsightsFilters
    MaxResults: int


class MessageInsightsFilters(TypedDict, total=False):
    """AWS: MessageInsightsFilters."""

    FromEmailAddress: list[str]
    Destination: list[str]
    Subject: list[str]
    Isp: list[str]
    TenantName: list[str]
    LastDeliveryEvent: list[str]
    LastEngagementEvent: list[str]


class ExportDestination(TypedDict, total=False):
    """AWS: ExportDestination."""

    DataFormat: Required[str]
    S3Url: str


class CreateExportJobResult(TypedDict, total=False):
    """AWS: CreateExportJobResponse."""

    JobId: str


class CreateImportJobRequest(TypedDict, total=False):
    """AWS: CreateImportJobRequest."""

    ImportDestination: Required[ImportDestination]
    ImportDataSource: Required[ImportDataSource]


class ImportDestination(TypedDict, total=False):
    """AWS: ImportDestination."""

    SuppressionListDestination: SuppressionListDestination
    ContactListDestination: ContactListDestination


class SuppressionListDestination(TypedDict, total=False):
    """AWS: SuppressionListDestination."""

    SuppressionListImportAction: Required[str]


class ContactListDestination(TypedDict, total=False):
    """AWS: ContactListDestination."""

    ContactListName: Required[str]
    ContactListImportAction: Required[str]


class ImportDataSource(TypedDict, total=False):
    """AWS: ImportDataSource."""

    S3Url: Required[str]
    DataFormat: Required[str]


class CreateImportJobResult(TypedDict, total=False):
    """AWS: CreateImportJobResponse."""

    JobId: str


class CreateMultiRegionEndpointRequest(TypedDict, total=False):
    """AWS: CreateMultiRegionEndpointRequest."""

    EndpointName: Required[str]
    Details: Required[Details]
    Tags: list[Tag]


class Details(TypedDict, total=False):
    """AWS: Details."""

    RoutesDetails: Required[list[RouteDetails]]


class RouteDetails(TypedDict, total=False):
    """AWS: RouteDetails."""

    Region: Required[str]


class CreateMultiRegionEndpointResult(TypedDict, total=False):
    """AWS: CreateMultiRegionEndpointResponse."""

    Status: str
    EndpointId: str


class CreateTenantRequest(TypedDict, total=False):
    """AWS: CreateTenantRequest."""

    TenantName: Required[str]
    Tags: list[Tag]
    SuppressionAttributes: TenantSuppressionAttributes


class TenantSuppressionAttributes(TypedDict, total=False):
    """AWS: TenantSuppressionAttributes."""

    SuppressedReasons: list[str]
    SuppressionScope: str


class CreateTenantResult(TypedDict, total=False):
    """AWS: CreateTenantResponse."""

    TenantName: str
    TenantId: str
    TenantArn: str
    CreatedTimestamp: float
    Tags: list[Tag]
    SendingStatus: str
    SuppressionAttributes: TenantSuppressionAttributes


class CreateTenantResourceAssociationRequest(TypedDict, total=False):
    """AWS: CreateTenantResourceAssociationRequest."""

    TenantName: Required[str]
    ResourceArn: Required[str]


class CreateTenantResourceAssociationResult(TypedDict, total=False):
    """AWS: CreateTenantResourceAssociationResponse."""


class DeleteConfigurationSetRequest(TypedDict, total=False):
    """AWS: DeleteConfigurationSetRequest."""

    ConfigurationSetName: Required[str]


class DeleteConfigurationSetResult(TypedDict, total=False):
    """AWS: DeleteConfigurationSetResponse."""


class DeleteConfigurationSetEventDestinationRequest(TypedDict, total=False):
    """AWS: DeleteConfigurationSetEventDestinationRequest."""

    ConfigurationSetName: Required[str]
    EventDestinationName: Required[str]


class DeleteConfigurationSetEventDestinationResult(TypedDict, total=False):
    """AWS: DeleteConfigurationSetEventDestinationResponse."""


class DeleteContactRequest(TypedDict, total=False):
    """AWS: DeleteContactRequest."""

    ContactListName: Required[str]
    EmailAddress: Required[str]


class DeleteContactResult(TypedDict, total=False):
    """AWS: DeleteContactResponse."""


class DeleteContactListRequest(TypedDict, total=False):
    """AWS: DeleteContactListRequest."""

    ContactListName: Required[str]


class DeleteContactListResult(TypedDict, total=False):
    """AWS: DeleteContactListResponse."""


class DeleteCustomVerificationEmailTemplateRequest(TypedDict, total=False):
    """AWS: DeleteCustomVerificationEmailTemplateRequest."""

    TemplateName: Required[str]


class DeleteCustomVerificationEmailTemplateResult(TypedDict, total=False):
    """AWS: DeleteCustomVerificationEmailTemplateResponse."""


class DeleteDedicatedIpPoolRequest(TypedDict, total=False):
    """AWS: DeleteDedicatedIpPoolRequest."""

    PoolName: Required[str]


class DeleteDedicatedIpPoolResult(TypedDict, total=False):
    """AWS: DeleteDedicatedIpPoolResponse."""


class DeleteEmailIdentityRequest(TypedDict, total=False):
    """AWS: DeleteEmailIdentityRequest."""

    EmailIdentity: Required[str]


class DeleteEmailIdentityResult(TypedDict, total=False):
    """AWS: DeleteEmailIdentityResponse."""


class DeleteEmailIdentityPolicyRequest(TypedDict, total=False):
    """AWS: DeleteEmailIdentityPolicyRequest."""

    EmailIdentity: Required[str]
    PolicyName: Required[str]


class DeleteEmailIdentityPolicyResult(TypedDict, total=False):
    """AWS: DeleteEmailIdentityPolicyResponse."""


class DeleteEmailTemplateRequest(TypedDict, total=False):
    """AWS: DeleteEmailTemplateRequest."""

    TemplateName: Required[str]


class DeleteEmailTemplateResult(TypedDict, total=False):
    """AWS: DeleteEmailTemplateResponse."""


class DeleteMultiRegionEndpointRequest(TypedDict, total=False):
    """AWS: DeleteMultiRegionEndpointRequest."""

    EndpointName: Required[str]


class DeleteMultiRegionEndpointResult(TypedDict, total=False):
    """AWS: DeleteMultiRegionEndpointResponse."""

    Status: str


class DeleteSuppressedDestinationRequest(TypedDict, total=False):
    """AWS: DeleteSuppressedDestinationRequest."""

    EmailAddress: Required[str]
    TenantName: str


class DeleteSuppressedDestinationResult(TypedDict, total=False):
    """AWS: DeleteSuppressedDestinationResponse."""


class DeleteTenantRequest(TypedDict, total=False):
    """AWS: DeleteTenantRequest."""

    TenantName: Required[str]


class DeleteTenantResult(TypedDict, total=False):
    """AWS: DeleteTenantResponse."""


class DeleteTenantResourceAssociationRequest(TypedDict, total=False):
    """AWS: DeleteTenantResourceAssociationRequest."""

    TenantName: Required[str]
    ResourceArn: Required[str]


class DeleteTenantResourceAssociationResult(TypedDict, total=False):
    """AWS: DeleteTenantResourceAssociationResponse."""


class DisassociateEmailIdentityCertificateRequest(TypedDict, total=False):
    """AWS: DisassociateEmailIdentityCertificateRequest."""

    EmailIdentity: Required[str]
    FromAddress: str


class DisassociateEmailIdentityCertificateResult(TypedDict, total=False):
    """AWS: DisassociateEmailIdentityCertificateResponse."""


class GetAccountRequest(TypedDict, total=False):
    """AWS: GetAccountRequest."""


class GetAccountResult(TypedDict, total=False):
    """AWS: GetAccountResponse."""

    DedicatedIpAutoWarmupEnabled: bool
    EnforcementStatus: str
    ProductionAccessEnabled: bool
    SendQuota: SendQuota
    SendingEnabled: bool
    SuppressionAttributes: SuppressionAttributes
    Details: AccountDetails
    VdmAttributes: VdmAttributes
    PricingAttributes: PricingAttributes


class SendQuota(TypedDict, total=False):
    """AWS: SendQuota."""

    Max24HourSend: float
    MaxSendRate: float
    SentLast24Hours: float


class SuppressionAttributes(TypedDict, total=False):
    """AWS: SuppressionAttributes."""

    SuppressedReasons: list[str]
    ValidationAttributes: SuppressionValidationAttributes


class SuppressionValidationAttributes(TypedDict, total=False):
    """AWS: SuppressionValidationAttributes."""

    ConditionThreshold: Required[SuppressionConditionThreshold]


class AccountDetails(TypedDict, total=False):
    """AWS: AccountDetails."""

    MailType: str
    WebsiteURL: str
    ContactLanguage: str
    UseCaseDescription: str
    AdditionalContactEmailAddresses: list[str]
    ReviewDetails: ReviewDetails


class ReviewDetails(TypedDict, total=False):
    """AWS: ReviewDetails."""

    Status: str
    CaseId: str


class VdmAttributes(TypedDict, total=False):
    """AWS: VdmAttributes."""

    VdmEnabled: Required[str]
    DashboardAttributes: DashboardAttributes
    GuardianAttributes: GuardianAttributes


class DashboardAttributes(TypedDict, total=False):
    """AWS: DashboardAttributes."""

    EngagementMetrics: str


class GuardianAttributes(TypedDict, total=False):
    """AWS: GuardianAttributes."""

    OptimizedSharedDelivery: str


class PricingAttributes(TypedDict, total=False):
    """AWS: PricingAttributes."""

    CurrentPlan: str
    NextPlan: str


class GetBlacklistReportsRequest(TypedDict, total=False):
    """AWS: GetBlacklistReportsRequest."""

    BlacklistItemNames: Required[list[str]]


class GetBlacklistReportsResult(TypedDict, total=False):
    """AWS: GetBlacklistReportsResponse."""

    BlacklistReport: Required[dict[str, list[BlacklistEntry]]]


class BlacklistEntry(TypedDict, total=False):
    """AWS: BlacklistEntry."""

    RblName: str
    ListingTime: float
    Description: str


class GetConfigurationSetRequest(TypedDict, total=False):
    """AWS: GetConfigurationSetRequest."""

    ConfigurationSetName: Required[str]


class GetConfigurationSetResult(TypedDict, total=False):
    """AWS: GetConfigurationSetResponse."""

    ConfigurationSetName: str
    TrackingOptions: TrackingOptions
    DeliveryOptions: DeliveryOptions
    ReputationOptions: ReputationOptions
    SendingOptions: SendingOptions
    Tags: list[Tag]
    SuppressionOptions: SuppressionOptions
    VdmOptions: VdmOptions
    ArchivingOptions: ArchivingOptions
    MessageSecurityOptions: MessageSecurityOptions


class GetConfigurationSetEventDestinationsRequest(TypedDict, total=False):
    """AWS: GetConfigurationSetEventDestinationsRequest."""

    ConfigurationSetName: Required[str]


class GetConfigurationSetEventDestinationsResult(TypedDict, total=False):
    """AWS: GetConfigurationSetEventDestinationsResponse."""

    EventDestinations: list[EventDestination]


class EventDestination(TypedDict, total=False):
    """AWS: EventDestination."""

    Name: Required[str]
    Enabled: bool
    MatchingEventTypes: Required[list[str]]
    KinesisFirehoseDestination: KinesisFirehoseDestination
    CloudWatchDestination: CloudWatchDestination
    SnsDestination: SnsDestination
    EventBridgeDestination: EventBridgeDestination
    PinpointDestination: PinpointDestination


class GetContactRequest(TypedDict, total=False):
    """AWS: GetContactRequest."""

    ContactListName: Required[str]
    EmailAddress: Required[str]


class GetContactResult(TypedDict, total=False):
    """AWS: GetContactResponse."""

    ContactListName: str
    EmailAddress: str
    TopicPreferences: list[TopicPreference]
    TopicDefaultPreferences: list[TopicPreference]
    UnsubscribeAll: bool
    AttributesData: str
    CreatedTimestamp: float
    LastUpdatedTimestamp: float


class GetContactListRequest(TypedDict, total=False):
    """AWS: GetContactListRequest."""

    ContactListName: Required[str]


class GetContactListResult(TypedDict, total=False):
    """AWS: GetContactListResponse."""

    ContactListName: str
    Topics: list[Topic]
    Description: str
    CreatedTimestamp: float
    LastUpdatedTimestamp: float
    Tags: list[Tag]


class GetCustomVerificationEmailTemplateRequest(TypedDict, total=False):
    """AWS: GetCustomVerificationEmailTemplateRequest."""

    TemplateName: Required[str]


class GetCustomVerificationEmailTemplateResult(TypedDict, total=False):
    """AWS: GetCustomVerificationEmailTemplateResponse."""

    TemplateName: str
    FromEmailAddress: str
    TemplateSubject: str
    TemplateContent: str
    Tags: list[Tag]
    SuccessRedirectionURL: str
    FailureRedirectionURL: str


class GetDedicatedIpRequest(TypedDict, total=False):
    """AWS: GetDedicatedIpRequest."""

    Ip: Required[str]


class GetDedicatedIpResult(TypedDict, total=False):
    """AWS: GetDedicatedIpResponse."""

    DedicatedIp: DedicatedIp


class DedicatedIp(TypedDict, total=False):
    """AWS: DedicatedIp."""

    Ip: Required[str]
    WarmupStatus: Required[str]
    WarmupPercentage: Required[int]
    PoolName: str


class GetDedicatedIpPoolRequest(TypedDict, total=False):
    """AWS: GetDedicatedIpPoolRequest."""

    PoolName: Required[str]


class GetDedicatedIpPoolResult(TypedDict, total=False):
    """AWS: GetDedicatedIpPoolResponse."""

    DedicatedIpPool: DedicatedIpPool


class DedicatedIpPool(TypedDict, total=False):
    """AWS: DedicatedIpPool."""

    PoolName: Required[str]
    ScalingMode: Required[str]


class GetDedicatedIpsRequest(TypedDict, total=False):
    """AWS: GetDedicatedIpsRequest."""

    PoolName: str
    NextToken: str
    PageSize: int


class GetDedicatedIpsResult(TypedDict, total=False):
    """AWS: GetDedicatedIpsResponse."""

    DedicatedIps: list[DedicatedIp]
    NextToken: str


class GetDeliverabilityDashboardOptionsRequest(TypedDict, total=False):
    """AWS: GetDeliverabilityDashboardOptionsRequest."""


class GetDeliverabilityDashboardOptionsResult(TypedDict, total=False):
    """AWS: GetDeliverabilityDashboardOptionsResponse."""

    DashboardEnabled: Required[bool]
    SubscriptionExpiryDate: float
    AccountStatus: str
    ActiveSubscribedDomains: list[DomainDeliverabilityTrackingOption]
    PendingExpirationSubscribedDomains: list[DomainDeliverabilityTrackingOption]


class DomainDeliverabilityTrackingOption(TypedDict, total=False):
    """AWS: DomainDeliverabilityTrackingOption."""

    Domain: str
    SubscriptionStartDate: float
    InboxPlacementTrackingOption: InboxPlacementTrackingOption


class InboxPlacementTrackingOption(TypedDict, total=False):
    """AWS: InboxPlacementTrackingOption."""

    Global: bool
    TrackedIsps: list[str]


class GetDeliverabilityTestReportRequest(TypedDict, total=False):
    """AWS: GetDeliverabilityTestReportRequest."""

    ReportId: Required[str]


class GetDeliverabilityTestReportResult(TypedDict, total=False):
    """AWS: GetDeliverabilityTestReportResponse."""

    DeliverabilityTestReport: Required[DeliverabilityTestReport]
    OverallPlacement: Required[PlacementStatistics]
    IspPlacements: Required[list[IspPlacement]]
    Message: str
    Tags: list[Tag]


class DeliverabilityTestReport(TypedDict, total=False):
    """AWS: DeliverabilityTestReport."""

    ReportId: str
    ReportName: str
    Subject: str
    FromEmailAddress: str
    CreateDate: float
    DeliverabilityTestStatus: str


class PlacementStatistics(TypedDict, total=False):
    """AWS: PlacementStatistics."""

    InboxPercentage: float
    SpamPercentage: float
    MissingPercentage: float
    SpfPercentage: float
    DkimPercentage: float


class IspPlacement(TypedDict, total=False):
    """AWS: IspPlacement."""

    IspName: str
    PlacementStatistics: PlacementStatistics


class GetDomainDeliverabilityCampaignRequest(TypedDict, total=False):
    """AWS: GetDomainDeliverabilityCampaignRequest."""

    CampaignId: Required[str]


class GetDomainDeliverabilityCampaignResult(TypedDict, total=False):
    """AWS: GetDomainDeliverabilityCampaignResponse."""

    DomainDeliverabilityCampaign: Required[DomainDeliverabilityCampaign]


class DomainDeliverabilityCampaign(TypedDict, total=False):
    """AWS: DomainDeliverabilityCampaign."""

    CampaignId: str
    ImageUrl: str
    Subject: str
    FromAddress: str
    SendingIps: list[str]
    FirstSeenDateTime: float
    LastSeenDateTime: float
    InboxCount: int
    SpamCount: int
    ReadRate: float
    DeleteRate: float
    ReadDeleteRate: float
    ProjectedVolume: int
    Esps: list[str]


class GetDomainStatisticsReportRequest(TypedDict, total=False):
    """AWS: GetDomainStatisticsReportRequest."""

    Domain: Required[str]
    StartDate: Required[float]
    EndDate: Required[float]


class GetDomainStatisticsReportResult(TypedDict, total=False):
    """AWS: GetDomainStatisticsReportResponse."""

    OverallVolume: Required[OverallVolume]
    DailyVolumes: Required[list[DailyVolume]]


class OverallVolume(TypedDict, total=False):
    """AWS: OverallVolume."""

    VolumeStatistics: VolumeStatistics
    ReadRatePercent: float
    DomainIspPlacements: list[DomainIspPlacement]


class VolumeStatistics(TypedDict, total=False):
    """AWS: VolumeStatistics."""

    InboxRawCount: int
    SpamRawCount: int
    ProjectedInbox: int
    ProjectedSpam: int


class DomainIspPlacement(TypedDict, total=False):
    """AWS: DomainIspPlacement."""

    IspName: str
    InboxRawCount: int
    SpamRawCount: int
    InboxPercentage: float
    SpamPercentage: float


class DailyVolume(TypedDict, total=False):
    """AWS: DailyVolume."""

    StartDate: float
    VolumeStatistics: VolumeStatistics
    DomainIspPlacements: list[DomainIspPlacement]


class GetEmailAddressInsightsRequest(TypedDict, total=False):
    """AWS: GetEmailAddressInsightsRequest."""

    EmailAddress: Required[str]


class GetEmailAddressInsightsResult(TypedDict, total=False):
    """AWS: GetEmailAddressInsightsResponse."""

    MailboxValidation: MailboxValidation


class MailboxValidation(TypedDict, total=False):
    """AWS: MailboxValidation."""

    IsValid: EmailAddressInsightsVerdict
    Evaluations: EmailAddressInsightsMailboxEvaluations


class EmailAddressInsightsVerdict(TypedDict, total=False):
    """AWS: EmailAddressInsightsVerdict."""

    ConfidenceVerdict: str


class EmailAddressInsightsMailboxEvaluations(TypedDict, total=False):
    """AWS: EmailAddressInsightsMailboxEvaluations."""

    HasValidSyntax: EmailAddressInsightsVerdict
    HasValidDnsRecords: EmailAddressInsightsVerdict
    MailboxExists: EmailAddressInsightsVerdict
    IsRoleAddress: EmailAddressInsightsVerdict
    IsDisposable: EmailAddressInsightsVerdict
    IsRandomInput: EmailAddressInsightsVerdict


class GetEmailIdentityRequest(TypedDict, total=False):
    """AWS: GetEmailIdentityRequest."""

    EmailIdentity: Required[str]


class GetEmailIdentityResult(TypedDict, total=False):
    """AWS: GetEmailIdentityResponse."""

    IdentityType: str
    FeedbackForwardingStatus: bool
    VerifiedForSendingStatus: bool
    DkimAttributes: DkimAttributes
    MailFromAttributes: MailFromAttributes
    Policies: dict[str, str]
    Tags: list[Tag]
    ConfigurationSetName: str
    VerificationStatus: str
    VerificationInfo: VerificationInfo


class MailFromAttributes(TypedDict, total=False):
    """AWS: MailFromAttributes."""

    MailFromDomain: Required[str]
    MailFromDomainStatus: Required[str]
    BehaviorOnMxFailure: Required[str]


class VerificationInfo(TypedDict, total=False):
    """AWS: VerificationInfo."""

    LastCheckedTimestamp: float
    LastSuccessTimestamp: float
    ErrorType: str
    SOARecord: SOARecord


class SOARecord(TypedDict, total=False):
    """AWS: SOARecord."""

    PrimaryNameServer: str
    AdminEmail: str
    SerialNumber: int


class GetEmailIdentityPoliciesRequest(TypedDict, total=False):
    """AWS: GetEmailIdentityPoliciesRequest."""

    EmailIdentity: Required[str]


class GetEmailIdentityPoliciesResult(TypedDict, total=False):
    """AWS: GetEmailIdentityPoliciesResponse."""

    Policies: dict[str, str]


class GetEmailTemplateRequest(TypedDict, total=False):
    """AWS: GetEmailTemplateRequest."""

    TemplateName: Required[str]


class GetEmailTemplateResult(TypedDict, total=False):
    """AWS: GetEmailTemplateResponse."""

    TemplateName: Required[str]
    TemplateContent: Required[EmailTemplateContent]
    Tags: list[Tag]


class GetExportJobRequest(TypedDict, total=False):
    """AWS: GetExportJobRequest."""

    JobId: Required[str]


class GetExportJobResult(TypedDict, total=False):
    """AWS: GetExportJobResponse."""

    JobId: str
    ExportSourceType: str
    JobStatus: str
    ExportDestination: ExportDestination
    ExportDataSource: ExportDataSource
    CreatedTimestamp: float
    CompletedTimestamp: float
    FailureInfo: FailureInfo
    Statistics: ExportStatistics


class FailureInfo(TypedDict, total=False):
    """AWS: FailureInfo."""

    FailedRecordsS3Url: str
    ErrorMessage: str


class ExportStatistics(TypedDict, total=False):
    """AWS: ExportStatistics."""

    ProcessedRecordsCount: int
    ExportedRecordsCount: int


class GetImportJobRequest(TypedDict, total=False):
    """AWS: GetImportJobRequest."""

    JobId: Required[str]


class GetImportJobResult(TypedDict, total=False):
    """AWS: GetImportJobResponse."""

    JobId: str
    ImportDestination: ImportDestination
    ImportDataSource: ImportDataSource
    FailureInfo: FailureInfo
    JobStatus: str
    CreatedTimestamp: float
    CompletedTimestamp: float
    ProcessedRecordsCount: int
    FailedRecordsCount: int


class GetMessageInsightsRequest(TypedDict, total=False):
    """AWS: GetMessageInsightsRequest."""

    MessageId: Required[str]


class GetMessageInsightsResult(TypedDict, total=False):
    """AWS: GetMessageInsightsResponse."""

    MessageId: str
    FromEmailAddress: str
    Subject: str
    EmailTags: list[MessageTag]
    Insights: list[EmailInsights]


class MessageTag(TypedDict, total=False):
    """AWS: MessageTag."""

    Name: Required[str]
    Value: Required[str]


class EmailInsights(TypedDict, total=False):
    """AWS: EmailInsights."""

    Destination: str
    Isp: str
    Events: list[InsightsEvent]


class InsightsEvent(TypedDict, total=False):
    """AWS: InsightsEvent."""

    Timestamp: float
    Type: str
    Details: EventDetails


class EventDetails(TypedDict, total=False):
    """AWS: EventDetails."""

    Bounce: Bounce
    Complaint: Complaint


class Bounce(TypedDict, total=False):
    """AWS: Bounce."""

    BounceType: str
    BounceSubType: str
    DiagnosticCode: str


class Complaint(TypedDict, total=False):
    """AWS: Complaint."""

    ComplaintSubType: str
    ComplaintFeedbackType: str


class GetMultiRegionEndpointRequest(TypedDict, total=False):
    """AWS: GetMultiRegionEndpointRequest."""

    EndpointName: Required[str]


class GetMultiRegionEndpointResult(TypedDict, total=False):
    """AWS: GetMultiRegionEndpointResponse."""

    EndpointName: str
    EndpointId: str
    Routes: list[Route]
    Status: str
    CreatedTimestamp: float
    LastUpdatedTimestamp: float


class Route(TypedDict, total=False):
    """AWS: Route."""

    Region: Required[str]


class GetReputationEntityRequest(TypedDict, total=False):
    """AWS: GetReputationEntityRequest."""

    ReputationEntityReference: Required[str]
    ReputationEntityType: Required[str]


class GetReputationEntityResult(TypedDict, total=False):
    """AWS: GetReputationEntityResponse."""

    ReputationEntity: ReputationEntity


class ReputationEntity(TypedDict, total=False):
    """AWS: ReputationEntity."""

    ReputationEntityReference: str
    ReputationEntityType: str
    ReputationManagementPolicy: str
    CustomerManagedStatus: StatusRecord
    AwsSesManagedStatus: StatusRecord
    SendingStatusAggregate: str
    ReputationImpact: str


class StatusRecord(TypedDict, total=False):
    """AWS: StatusRecord."""

    Status: str
    Cause: str
    LastUpdatedTimestamp: float


class GetSuppressedDestinationRequest(TypedDict, total=False):
    """AWS: GetSuppressedDestinationRequest."""

    EmailAddress: Required[str]
    TenantName: str


class GetSuppressedDestinationResult(TypedDict, total=False):
    """AWS: GetSuppressedDestinationResponse."""

    SuppressedDestination: Required[SuppressedDestination]


class SuppressedDestination(TypedDict, total=False):
    """AWS: SuppressedDestination."""

    EmailAddress: Required[str]
    Reason: Required[str]
    LastUpdateTime: Required[float]
    Attributes: SuppressedDestinationAttributes
    TenantName: str


class SuppressedDestinationAttributes(TypedDict, total=False):
    """AWS: SuppressedDestinationAttributes."""

    MessageId: str
    FeedbackId: str


class GetTenantRequest(TypedDict, total=False):
    """AWS: GetTenantRequest."""

    TenantName: Required[str]


class GetTenantResult(TypedDict, total=False):
    """AWS: GetTenantResponse."""

    Tenant: Tenant


class Tenant(TypedDict, total=False):
    """AWS: Tenant."""

    TenantName: str
    TenantId: str
    TenantArn: str
    CreatedTimestamp: float
    Tags: list[Tag]
    SendingStatus: str
    SuppressionAttributes: TenantSuppressionAttributes


class ListConfigurationSetsRequest(TypedDict, total=False):
    """AWS: ListConfigurationSetsRequest."""

    Filter: dict[str, str]
    NextToken: str
    PageSize: int


class ListConfigurationSetsResult(TypedDict, total=False):
    """AWS: ListConfigurationSetsResponse."""

    ConfigurationSets: list[str]
    NextToken: str


class ListContactListsRequest(TypedDict, total=False):
    """AWS: ListContactListsRequest."""

    PageSize: int
    NextToken: str


class ListContactListsResult(TypedDict, total=False):
    """AWS: ListContactListsResponse."""

    ContactLists: list[ContactList]
    NextToken: str


class ContactList(TypedDict, total=False):
    """AWS: ContactList."""

    ContactListName: str
    LastUpdatedTimestamp: float


class ListContactsRequest(TypedDict, total=False):
    """AWS: ListContactsRequest."""

    ContactListName: Required[str]
    Filter: ListContactsFilter
    PageSize: int
    NextToken: str


class ListContactsFilter(TypedDict, total=False):
    """AWS: ListContactsFilter."""

    FilteredStatus: str
    TopicFilter: TopicFilter


class TopicFilter(TypedDict, total=False):
    """AWS: TopicFilter."""

    TopicName: str
    UseDefaultIfPreferenceUnavailable: bool


class ListContactsResult(TypedDict, total=False):
    """AWS: ListContactsResponse."""

    Contacts: list[Contact]
    NextToken: str


class Contact(TypedDict, total=False):
    """AWS: Contact."""

    EmailAddress: str
    TopicPreferences: list[TopicPreference]
    TopicDefaultPreferences: list[TopicPreference]
    UnsubscribeAll: bool
    LastUpdatedTimestamp: float


class ListCustomVerificationEmailTemplatesRequest(TypedDict, total=False):
    """AWS: ListCustomVerificationEmailTemplatesRequest."""

    NextToken: str
    PageSize: int


class ListCustomVerificationEmailTemplatesResult(TypedDict, total=False):
    """AWS: ListCustomVerificationEmailTemplatesResponse."""

    CustomVerificationEmailTemplates: list[CustomVerificationEmailTemplateMetadata]
    NextToken: str


class CustomVerificationEmailTemplateMetadata(TypedDict, total=False):
    """AWS: CustomVerificationEmailTemplateMetadata."""

    TemplateName: str
    FromEmailAddress: str
    TemplateSubject: str
    SuccessRedirectionURL: str
    FailureRedirectionURL: str


class ListDedicatedIpPoolsRequest(TypedDict, total=False):
    """AWS: ListDedicatedIpPoolsRequest."""

    NextToken: str
    PageSize: int


class ListDedicatedIpPoolsResult(TypedDict, total=False):
    """AWS: ListDedicatedIpPoolsResponse."""

    DedicatedIpPools: list[str]
    NextToken: str


class ListDeliverabilityTestReportsRequest(TypedDict, total=False):
    """AWS: ListDeliverabilityTestReportsRequest."""

    NextToken: str
    PageSize: int


class ListDeliverabilityTestReportsResult(TypedDict, total=False):
    """AWS: ListDeliverabilityTestReportsResponse."""

    DeliverabilityTestReports: Required[list[DeliverabilityTestReport]]
    NextToken: str


class ListDomainDeliverabilityCampaignsRequest(TypedDict, total=False):
    """AWS: ListDomainDeliverabilityCampaignsRequest."""

    StartDate: Required[float]
    EndDate: Required[float]
    SubscribedDomain: Required[str]
    NextToken: str
    PageSize: int


class ListDomainDeliverabilityCampaignsResult(TypedDict, total=False):
    """AWS: ListDomainDeliverabilityCampaignsResponse."""

    DomainDeliverabilityCampaigns: Required[list[DomainDeliverabilityCampaign]]
    NextToken: str


class ListEmailIdentitiesRequest(TypedDict, total=False):
    """AWS: ListEmailIdentitiesRequest."""

    Filter: dict[str, str]
    NextToken: str
    PageSize: int


class ListEmailIdentitiesResult(TypedDict, total=False):
    """AWS: ListEmailIdentitiesResponse."""

    EmailIdentities: list[IdentityInfo]
    NextToken: str


class IdentityInfo(TypedDict, total=False):
    """AWS: IdentityInfo."""

    IdentityType: str
    IdentityName: str
    SendingEnabled: bool
    VerificationStatus: str


class ListEmailIdentityCertificatesRequest(TypedDict, total=False):
    """AWS: ListEmailIdentityCertificatesRequest."""

    EmailIdentity: Required[str]
    NextToken: str
    PageSize: int


class ListEmailIdentityCertificatesResult(TypedDict, total=False):
    """AWS: ListEmailIdentityCertificatesResponse."""

    Certificates: list[IdentityCertificate]
    NextToken: str


class IdentityCertificate(TypedDict, total=False):
    """AWS: IdentityCertificate."""

    FromAddress: str
    Status: str
    CertificateArn: str
    CertificateExpiryTime: float


class ListEmailTemplatesRequest(TypedDict, total=False):
    """AWS: ListEmailTemplatesRequest."""

    NextToken: str
    PageSize: int


class ListEmailTemplatesResult(TypedDict, total=False):
    """AWS: ListEmailTemplatesResponse."""

    TemplatesMetadata: list[EmailTemplateMetadata]
    NextToken: str


class EmailTemplateMetadata(TypedDict, total=False):
    """AWS: EmailTemplateMetadata."""

    TemplateName: str
    CreatedTimestamp: float


class ListExportJobsRequest(TypedDict, total=False):
    """AWS: ListExportJobsRequest."""

    NextToken: str
    PageSize: int
    ExportSourceType: str
    JobStatus: str


class ListExportJobsResult(TypedDict, total=False):
    """AWS: ListExportJobsResponse."""

    ExportJobs: list[ExportJobSummary]
    NextToken: str


class ExportJobSummary(TypedDict, total=False):
    """AWS: ExportJobSummary."""

    JobId: str
    ExportSourceType: str
    JobStatus: str
    CreatedTimestamp: float
    CompletedTimestamp: float


class ListImportJobsRequest(TypedDict, total=False):
    """AWS: ListImportJobsRequest."""

    ImportDestinationType: str
    NextToken: str
    PageSize: int


class ListImportJobsResult(TypedDict, total=False):
    """AWS: ListImportJobsResponse."""

    ImportJobs: list[ImportJobSummary]
    NextToken: str


class ImportJobSummary(TypedDict, total=False):
    """AWS: ImportJobSummary."""

    JobId: str
    ImportDestination: ImportDestination
    JobStatus: str
    CreatedTimestamp: float
    ProcessedRecordsCount: int
    FailedRecordsCount: int


class ListMultiRegionEndpointsRequest(TypedDict, total=False):
    """AWS: ListMultiRegionEndpointsRequest."""

    NextToken: str
    PageSize: int


class ListMultiRegionEndpointsResult(TypedDict, total=False):
    """AWS: ListMultiRegionEndpointsResponse."""

    MultiRegionEndpoints: list[MultiRegionEndpoint]
    NextToken: str


class MultiRegionEndpoint(TypedDict, total=False):
    """AWS: MultiRegionEndpoint."""

    EndpointName: str
    Status: str
    EndpointId: str
    Regions: list[str]
    CreatedTimestamp: float
    LastUpdatedTimestamp: float


class ListRecommendationsRequest(TypedDict, total=False):
    """AWS: ListRecommendationsRequest."""

    Filter: dict[str, str]
    NextToken: str
    PageSize: int


class ListRecommendationsResult(TypedDict, total=False):
    """AWS: ListRecommendationsResponse."""

    Recommendations: list[Recommendation]
    NextToken: str


class Recommendation(TypedDict, total=False):
    """AWS: Recommendation."""

    ResourceArn: str
    Type: str
    Description: str
    Status: str
    CreatedTimestamp: float
    LastUpdatedTimestamp: float
    Impact: str


class ListReputationEntitiesRequest(TypedDict, total=False):
    """AWS: ListReputationEntitiesRequest."""

    Filter: dict[str, str]
    NextToken: str
    PageSize: int


class ListReputationEntitiesResult(TypedDict, total=False):
    """AWS: ListReputationEntitiesResponse."""

    ReputationEntities: list[ReputationEntity]
    NextToken: str


class ListResourceTenantsRequest(TypedDict, total=False):
    """AWS: ListResourceTenantsRequest."""

    ResourceArn: Required[str]
    PageSize: int
    NextToken: str


class ListResourceTenantsResult(TypedDict, total=False):
    """AWS: ListResourceTenantsResponse."""

    ResourceTenants: list[ResourceTenantMetadata]
    NextToken: str


class ResourceTenantMetadata(TypedDict, total=False):
    """AWS: ResourceTenantMetadata."""

    TenantName: str
    TenantId: str
    ResourceArn: str
    AssociatedTimestamp: float


class ListSuppressedDestinationsRequest(TypedDict, total=False):
    """AWS: ListSuppressedDestinationsRequest."""

    TenantName: str
    Reasons: list[str]
    StartDate: float
    EndDate: float
    NextToken: str
    PageSize: int


class ListSuppressedDestinationsResult(TypedDict, total=False):
    """AWS: ListSuppressedDestinationsResponse."""

    SuppressedDestinationSummaries: list[SuppressedDestinationSummary]
    NextToken: str


class SuppressedDestinationSummary(TypedDict, total=False):
    """AWS: SuppressedDestinationSummary."""

    EmailAddress: Required[str]
    Reason: Required[str]
    LastUpdateTime: Required[float]


class ListTagsForResourceRequest(TypedDict, total=False):
    """AWS: ListTagsForResourceRequest."""

    ResourceArn: Required[str]


class ListTagsForResourceResult(TypedDict, total=False):
    """AWS: ListTagsForResourceResponse."""

    Tags: Required[list[Tag]]


class ListTenantResourcesRequest(TypedDict, total=False):
    """AWS: ListTenantResourcesRequest."""

    TenantName: Required[str]
    Filter: dict[str, str]
    PageSize: int
    NextToken: str


class ListTenantResourcesResult(TypedDict, total=False):
    """AWS: ListTenantResourcesResponse."""

    TenantResources: list[TenantResource]
    NextToken: str


class TenantResource(TypedDict, total=False):
    """AWS: TenantResource."""

    ResourceType: str
    ResourceArn: str


class ListTenantsRequest(TypedDict, total=False):
    """AWS: ListTenantsRequest."""

    Filter: dict[str, str]
    NextToken: str
    PageSize: int


class ListTenantsResult(TypedDict, total=False):
    """AWS: ListTenantsResponse."""

    Tenants: list[TenantInfo]
    NextToken: str


class TenantInfo(TypedDict, total=False):
    """AWS: TenantInfo."""

    TenantName: str
    TenantId: str
    TenantArn: str
    CreatedTimestamp: float
    SendingStatus: str


class PutAccountDedicatedIpWarmupAttributesRequest(TypedDict, total=False):
    """AWS: PutAccountDedicatedIpWarmupAttributesRequest."""

    AutoWarmupEnabled: bool


class PutAccountDedicatedIpWarmupAttributesResult(TypedDict, total=False):
    """AWS: PutAccountDedicatedIpWarmupAttributesResponse."""


class PutAccountDetailsRequest(TypedDict, total=False):
    """AWS: PutAccountDetailsRequest."""

    MailType: Required[str]
    WebsiteURL: Required[str]
    ContactLanguage: str
    UseCaseDescription: str
    AdditionalContactEmailAddresses: list[str]
    ProductionAccessEnabled: bool


class PutAccountDetailsResult(TypedDict, total=False):
    """AWS: PutAccountDetailsResponse."""


class PutAccountPricingAttributesRequest(TypedDict, total=False):
    """AWS: PutAccountPricingAttributesRequest."""

    Plan: Required[str]


class PutAccountPricingAttributesResult(TypedDict, total=False):
    """AWS: PutAccountPricingAttributesResponse."""


class PutAccountSendingAttributesRequest(TypedDict, total=False):
    """AWS: PutAccountSendingAttributesRequest."""

    SendingEnabled: bool


class PutAccountSendingAttributesResult(TypedDict, total=False):
    """AWS: PutAccountSendingAttributesResponse."""


class PutAccountSuppressionAttributesRequest(TypedDict, total=False):
    """AWS: PutAccountSuppressionAttributesRequest."""

    SuppressedReasons: list[str]
    ValidationAttributes: SuppressionValidationAttributes


class PutAccountSuppressionAttributesResult(TypedDict, total=False):
    """AWS: PutAccountSuppressionAttributesResponse."""


class PutAccountVdmAttributesRequest(TypedDict, total=False):
    """AWS: PutAccountVdmAttributesRequest."""

    VdmAttributes: Required[VdmAttributes]


class PutAccountVdmAttributesResult(TypedDict, total=False):
    """AWS: PutAccountVdmAttributesResponse."""


class PutConfigurationSetArchivingOptionsRequest(TypedDict, total=False):
    """AWS: PutConfigurationSetArchivingOptionsRequest."""

    ConfigurationSetName: Required[str]
    ArchiveArn: str


class PutConfigurationSetArchivingOptionsResult(TypedDict, total=False):
    """AWS: PutConfigurationSetArchivingOptionsResponse."""


class PutConfigurationSetDeliveryOptionsRequest(TypedDict, total=False):
    """AWS: PutConfigurationSetDeliveryOptionsRequest."""

    ConfigurationSetName: Required[str]
    TlsPolicy: str
    SendingPoolName: str
    MaxDeliverySeconds: int


class PutConfigurationSetDeliveryOptionsResult(TypedDict, total=False):
    """AWS: PutConfigurationSetDeliveryOptionsResponse."""


class PutConfigurationSetReputationOptionsRequest(TypedDict, total=False):
    """AWS: PutConfigurationSetReputationOptionsRequest."""

    ConfigurationSetName: Required[str]
    ReputationMetricsEnabled: bool


class PutConfigurationSetReputationOptionsResult(TypedDict, total=False):
    """AWS: PutConfigurationSetReputationOptionsResponse."""


class PutConfigurationSetSendingOptionsRequest(TypedDict, total=False):
    """AWS: PutConfigurationSetSendingOptionsRequest."""

    ConfigurationSetName: Required[str]
    SendingEnabled: bool


class PutConfigurationSetSendingOptionsResult(TypedDict, total=False):
    """AWS: PutConfigurationSetSendingOptionsResponse."""


class PutConfigurationSetSuppressionOptionsRequest(TypedDict, total=False):
    """AWS: PutConfigurationSetSuppressionOptionsRequest."""

    ConfigurationSetName: Required[str]
    SuppressionScope: str
    SuppressedReasons: list[str]
    ValidationOptions: SuppressionValidationOptions


class PutConfigurationSetSuppressionOptionsResult(TypedDict, total=False):
    """AWS: PutConfigurationSetSuppressionOptionsResponse."""


class PutConfigurationSetTrackingOptionsRequest(TypedDict, total=False):
    """AWS: PutConfigurationSetTrackingOptionsRequest."""

    ConfigurationSetName: Required[str]
    CustomRedirectDomain: str
    HttpsPolicy: str


class PutConfigurationSetTrackingOptionsResult(TypedDict, total=False):
    """AWS: PutConfigurationSetTrackingOptionsResponse."""


class PutConfigurationSetVdmOptionsRequest(TypedDict, total=False):
    """AWS: PutConfigurationSetVdmOptionsRequest."""

    ConfigurationSetName: Required[str]
    VdmOptions: VdmOptions


class PutConfigurationSetVdmOptionsResult(TypedDict, total=False):
    """AWS: PutConfigurationSetVdmOptionsResponse."""


class PutDedicatedIpInPoolRequest(TypedDict, total=False):
    """AWS: PutDedicatedIpInPoolRequest."""

    Ip: Required[str]
    DestinationPoolName: Required[str]


class PutDedicatedIpInPoolResult(TypedDict, total=False):
    """AWS: PutDedicatedIpInPoolResponse."""


class PutDedicatedIpPoolScalingAttributesRequest(TypedDict, total=False):
    """AWS: PutDedicatedIpPoolScalingAttributesRequest."""

    PoolName: Required[str]
    ScalingMode: Required[str]


class PutDedicatedIpPoolScalingAttributesResult(TypedDict, total=False):
    """AWS: PutDedicatedIpPoolScalingAttributesResponse."""


class PutDedicatedIpWarmupAttributesRequest(TypedDict, total=False):
    """AWS: PutDedicatedIpWarmupAttributesRequest."""

    Ip: Required[str]
    WarmupPercentage: Required[int]


class PutDedicatedIpWarmupAttributesResult(TypedDict, total=False):
    """AWS: PutDedicatedIpWarmupAttributesResponse."""


class PutDeliverabilityDashboardOptionRequest(TypedDict, total=False):
    """AWS: PutDeliverabilityDashboardOptionRequest."""

    DashboardEnabled: Required[bool]
    SubscribedDomains: list[DomainDeliverabilityTrackingOption]


class PutDeliverabilityDashboardOptionResult(TypedDict, total=False):
    """AWS: PutDeliverabilityDashboardOptionResponse."""


class PutEmailIdentityConfigurationSetAttributesRequest(TypedDict, total=False):
    """AWS: PutEmailIdentityConfigurationSetAttributesRequest."""

    EmailIdentity: Required[str]
    ConfigurationSetName: str


class PutEmailIdentityConfigurationSetAttributesResult(TypedDict, total=False):
    """AWS: PutEmailIdentityConfigurationSetAttributesResponse."""


class PutEmailIdentityDkimAttributesRequest(TypedDict, total=False):
    """AWS: PutEmailIdentityDkimAttributesRequest."""

    EmailIdentity: Required[str]
    SigningEnabled: bool


class PutEmailIdentityDkimAttributesResult(TypedDict, total=False):
    """AWS: PutEmailIdentityDkimAttributesResponse."""


class PutEmailIdentityDkimSigningAttributesRequest(TypedDict, total=False):
    """AWS: PutEmailIdentityDkimSigningAttributesRequest."""

    EmailIdentity: Required[str]
    SigningAttributesOrigin: Required[str]
    SigningAttributes: DkimSigningAttributes


class PutEmailIdentityDkimSigningAttributesResult(TypedDict, total=False):
    """AWS: PutEmailIdentityDkimSigningAttributesResponse."""

    DkimStatus: str
    DkimTokens: list[str]
    SigningHostedZone: str


class PutEmailIdentityFeedbackAttributesRequest(TypedDict, total=False):
    """AWS: PutEmailIdentityFeedbackAttributesRequest."""

    EmailIdentity: Required[str]
    EmailForwardingEnabled: bool


class PutEmailIdentityFeedbackAttributesResult(TypedDict, total=False):
    """AWS: PutEmailIdentityFeedbackAttributesResponse."""


class PutEmailIdentityMailFromAttributesRequest(TypedDict, total=False):
    """AWS: PutEmailIdentityMailFromAttributesRequest."""

    EmailIdentity: Required[str]
    MailFromDomain: str
    BehaviorOnMxFailure: str


class PutEmailIdentityMailFromAttributesResult(TypedDict, total=False):
    """AWS: PutEmailIdentityMailFromAttributesResponse."""


class PutSuppressedDestinationRequest(TypedDict, total=False):
    """AWS: PutSuppressedDestinationRequest."""

    EmailAddress: Required[str]
    Reason: Required[str]
    TenantName: str


class PutSuppressedDestinationResult(TypedDict, total=False):
    """AWS: PutSuppressedDestinationResponse."""


class PutTenantSuppressionAttributesRequest(TypedDict, total=False):
    """AWS: PutTenantSuppressionAttributesRequest."""

    TenantName: Required[str]
    SuppressedReasons: list[str]
    SuppressionScope: str


class PutTenantSuppressionAttributesResult(TypedDict, total=False):
    """AWS: PutTenantSuppressionAttributesResponse."""


class SendBulkEmailRequest(TypedDict, total=False):
    """AWS: SendBulkEmailRequest."""

    FromEmailAddress: str
    FromEmailAddressIdentityArn: str
    ReplyToAddresses: list[str]
    FeedbackForwardingEmailAddress: str
    FeedbackForwardingEmailAddressIdentityArn: str
    DefaultEmailTags: list[MessageTag]
    DefaultContent: Required[BulkEmailContent]
    BulkEmailEntries: Required[list[BulkEmailEntry]]
    ConfigurationSetName: str
    EndpointId: str
    TenantName: str
    ConfigurationOverrides: ConfigurationOverrides


class BulkEmailContent(TypedDict, total=False):
    """AWS: BulkEmailContent."""

    Template: Template


class BulkEmailEntry(TypedDict, total=False):
    """AWS: BulkEmailEntry."""

    Destination: Required[Destination]
    ReplacementTags: list[MessageTag]
    ReplacementEmailContent: ReplacementEmailContent
    ReplacementHeaders: list[MessageHeader]


class Destination(TypedDict, total=False):
    """AWS: Destination."""

    ToAddresses: list[str]
    CcAddresses: list[str]
    BccAddresses: list[str]


class ReplacementEmailContent(TypedDict, total=False):
    """AWS: ReplacementEmailContent."""

    ReplacementTemplate: ReplacementTemplate


class ReplacementTemplate(TypedDict, total=False):
    """AWS: ReplacementTemplate."""

    ReplacementTemplateData: str


class ConfigurationOverrides(TypedDict, total=False):
    """AWS: ConfigurationOverrides."""

    Tracking: TrackingConfigurationOverrides


class TrackingConfigurationOverrides(TypedDict, total=False):
    """AWS: TrackingConfigurationOverrides."""

    OpenTrackingEnabled: str
    ClickTrackingEnabled: str


class SendBulkEmailResult(TypedDict, total=False):
    """AWS: SendBulkEmailResponse."""

    BulkEmailEntryResults: Required[list[BulkEmailEntryResult]]


class BulkEmailEntryResult(TypedDict, total=False):
    """AWS: BulkEmailEntryResult."""

    Status: str
    Error: str
    MessageId: str


class SendCustomVerificationEmailRequest(TypedDict, total=False):
    """AWS: SendCustomVerificationEmailRequest."""

    EmailAddress: Required[str]
    TemplateName: Required[str]
    ConfigurationSetName: str


class SendCustomVerificationEmailResult(TypedDict, total=False):
    """AWS: SendCustomVerificationEmailResponse."""

    MessageId: str


class SendEmailRequest(TypedDict, total=False):
    """AWS: SendEmailRequest."""

    FromEmailAddress: str
    FromEmailAddressIdentityArn: str
    Destination: Destination
    ReplyToAddresses: list[str]
    FeedbackForwardingEmailAddress: str
    FeedbackForwardingEmailAddressIdentityArn: str
    Content: Required[EmailContent]
    EmailTags: list[MessageTag]
    ConfigurationSetName: str
    EndpointId: str
    TenantName: str
    ListManagementOptions: ListManagementOptions
    ConfigurationOverrides: ConfigurationOverrides


class ListManagementOptions(TypedDict, total=False):
    """AWS: ListManagementOptions."""

    ContactListName: Required[str]
    TopicName: str


class SendEmailResult(TypedDict, total=False):
    """AWS: SendEmailResponse."""

    MessageId: str


class TagResourceRequest(TypedDict, total=False):
    """AWS: TagResourceRequest."""

    ResourceArn: Required[str]
    Tags: Required[list[Tag]]


class TagResourceResult(TypedDict, total=False):
    """AWS: TagResourceResponse."""


class TestRenderEmailTemplateRequest(TypedDict, total=False):
    """AWS: TestRenderEmailTemplateRequest."""

    TemplateName: Required[str]
    TemplateData: Required[str]


class TestRenderEmailTemplateResult(TypedDict, total=False):
    """AWS: TestRenderEmailTemplateResponse."""

    RenderedTemplate: Required[str]


class UntagResourceRequest(TypedDict, total=False):
    """AWS: UntagResourceRequest."""

    ResourceArn: Required[str]
    TagKeys: Required[list[str]]


class UntagResourceResult(TypedDict, total=False):
    """AWS: UntagResourceResponse."""


class UpdateConfigurationSetRequest(TypedDict, total=False):
    """AWS: UpdateConfigurationSetRequest."""

    ConfigurationSetName: Required[str]
    MessageSecurityOptions: MessageSecurityOptions


class UpdateConfigurationSetResult(TypedDict, total=False):
    """AWS: UpdateConfigurationSetResponse."""


class UpdateConfigurationSetEventDestinationRequest(TypedDict, total=False):
    """AWS: UpdateConfigurationSetEventDestinationRequest."""

    ConfigurationSetName: Required[str]
    EventDestinationName: Required[str]
    EventDestination: Required[EventDestinationDefinition]


class UpdateConfigurationSetEventDestinationResult(TypedDict, total=False):
    """AWS: UpdateConfigurationSetEventDestinationResponse."""


class UpdateContactRequest(TypedDict, total=False):
    """AWS: UpdateContactRequest."""

    ContactListName: Required[str]
    EmailAddress: Required[str]
    TopicPreferences: list[TopicPreference]
    UnsubscribeAll: bool
    AttributesData: str


class UpdateContactResult(TypedDict, total=False):
    """AWS: UpdateContactResponse."""


class UpdateContactListRequest(TypedDict, total=False):
    """AWS: UpdateContactListRequest."""

    ContactListName: Required[str]
    Topics: list[Topic]
    Description: str


class UpdateContactListResult(TypedDict, total=False):
    """AWS: UpdateContactListResponse."""


class UpdateCustomVerificationEmailTemplateRequest(TypedDict, total=False):
    """AWS: UpdateCustomVerificationEmailTemplateRequest."""

    TemplateName: Required[str]
    FromEmailAddress: Required[str]
    TemplateSubject: Required[str]
    TemplateContent: Required[str]
    SuccessRedirectionURL: Required[str]
    FailureRedirectionURL: Required[str]


class UpdateCustomVerificationEmailTemplateResult(TypedDict, total=False):
    """AWS: UpdateCustomVerificationEmailTemplateResponse."""


class UpdateEmailIdentityPolicyRequest(TypedDict, total=False):
    """AWS: UpdateEmailIdentityPolicyRequest."""

    EmailIdentity: Required[str]
    PolicyName: Required[str]
    Policy: Required[str]


class UpdateEmailIdentityPolicyResult(TypedDict, total=False):
    """AWS: UpdateEmailIdentityPolicyResponse."""


class UpdateEmailTemplateRequest(TypedDict, total=False):
    """AWS: UpdateEmailTemplateRequest."""

    TemplateName: Required[str]
    TemplateContent: Required[EmailTemplateContent]


class UpdateEmailTemplateResult(TypedDict, total=False):
    """AWS: UpdateEmailTemplateResponse."""


class UpdateReputationEntityCustomerManagedStatusRequest(TypedDict, total=False):
    """AWS: UpdateReputationEntityCustomerManagedStatusRequest."""

    ReputationEntityType: Required[str]
    ReputationEntityReference: Required[str]
    SendingStatus: Required[str]


class UpdateReputationEntityCustomerManagedStatusResult(TypedDict, total=False):
    """AWS: UpdateReputationEntityCustomerManagedStatusResponse."""


class UpdateReputationEntityPolicyRequest(TypedDict, total=False):
    """AWS: UpdateReputationEntityPolicyRequest."""

    ReputationEntityType: Required[str]
    ReputationEntityReference: Required[str]
    ReputationEntityPolicy: Required[str]


class UpdateReputationEntityPolicyResult(TypedDict, total=False):
    """AWS: UpdateReputationEntityPolicyResponse."""
