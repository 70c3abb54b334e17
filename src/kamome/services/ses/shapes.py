"""Shapes of the operations served here. Generated: do not edit.

By: python tools/generate_shapes.py ses
From: the model of Amazon Simple Email Service, 2010-12-01.
"""

from __future__ import annotations

from typing import Required, TypedDict


class CloneReceiptRuleSetRequest(TypedDict, total=False):
    """AWS: CloneReceiptRuleSetRequest."""

    RuleSetName: Required[str]
    OriginalRuleSetName: Required[str]


class CloneReceiptRuleSetResult(TypedDict, total=False):
    """AWS: CloneReceiptRuleSetResponse."""


class CreateConfigurationSetRequest(TypedDict, total=False):
    """AWS: CreateConfigurationSetRequest."""

    ConfigurationSet: Required[ConfigurationSet]


class ConfigurationSet(TypedDict, total=False):
    """AWS: ConfigurationSet."""

    Name: Required[str]


class CreateConfigurationSetResult(TypedDict, total=False):
    """AWS: CreateConfigurationSetResponse."""


class CreateConfigurationSetEventDestinationRequest(TypedDict, total=False):
    """AWS: CreateConfigurationSetEventDestinationRequest."""

    ConfigurationSetName: Required[str]
    EventDestination: Required[EventDestination]


class EventDestination(TypedDict, total=False):
    """AWS: EventDestination."""

    Name: Required[str]
    Enabled: bool
    MatchingEventTypes: Required[list[str]]
    KinesisFirehoseDestination: KinesisFirehoseDestination
    CloudWatchDestination: CloudWatchDestination
    SNSDestination: SNSDestination


class KinesisFirehoseDestination(TypedDict, total=False):
    """AWS: KinesisFirehoseDestination."""

    IAMRoleARN: Required[str]
    DeliveryStreamARN: Required[str]


class CloudWatchDestination(TypedDict, total=False):
    """AWS: CloudWatchDestination."""

    DimensionConfigurations: Required[list[CloudWatchDimensionConfiguration]]


class CloudWatchDimensionConfiguration(TypedDict, total=False):
    """AWS: CloudWatchDimensionConfiguration."""

    DimensionName: Required[str]
    DimensionValueSource: Required[str]
    DefaultDimensionValue: Required[str]


class SNSDestination(TypedDict, total=False):
    """AWS: SNSDestination."""

    TopicARN: Required[str]


class CreateConfigurationSetEventDestinationResult(TypedDict, total=False):
    """AWS: CreateConfigurationSetEventDestinationResponse."""


class CreateConfigurationSetTrackingOptionsRequest(TypedDict, total=False):
    """AWS: CreateConfigurationSetTrackingOptionsRequest."""

    ConfigurationSetName: Required[str]
    TrackingOptions: Required[TrackingOptions]


class TrackingOptions(TypedDict, total=False):
    """AWS: TrackingOptions."""

    CustomRedirectDomain: str


class CreateConfigurationSetTrackingOptionsResult(TypedDict, total=False):
    """AWS: CreateConfigurationSetTrackingOptionsResponse."""


class CreateCustomVerificationEmailTemplateRequest(TypedDict, total=False):
    """AWS: CreateCustomVerificationEmailTemplateRequest."""

    TemplateName: Required[str]
    FromEmailAddress: Required[str]
    TemplateSubject: Required[str]
    TemplateContent: Required[str]
    SuccessRedirectionURL: Required[str]
    FailureRedirectionURL: Required[str]


class CreateCustomVerificationEmailTemplateResult(TypedDict, total=False):
    """AWS: no members."""


class CreateReceiptFilterRequest(TypedDict, total=False):
    """AWS: CreateReceiptFilterRequest."""

    Filter: Required[ReceiptFilter]


class ReceiptFilter(TypedDict, total=False):
    """AWS: ReceiptFilter."""

    Name: Required[str]
    IpFilter: Required[ReceiptIpFilter]


class ReceiptIpFilter(TypedDict, total=False):
    """AWS: ReceiptIpFilter."""

    Policy: Required[str]
    Cidr: Required[str]


class CreateReceiptFilterResult(TypedDict, total=False):
    """AWS: CreateReceiptFilterResponse."""


class CreateReceiptRuleRequest(TypedDict, total=False):
    """AWS: CreateReceiptRuleRequest."""

    RuleSetName: Required[str]
    After: str
    Rule: Required[ReceiptRule]


class ReceiptRule(TypedDict, total=False):
    """AWS: ReceiptRule."""

    Name: Required[str]
    Enabled: bool
    TlsPolicy: str
    Recipients: list[str]
    Actions: list[ReceiptAction]
    ScanEnabled: bool


class ReceiptAction(TypedDict, total=False):
    """AWS: ReceiptAction."""

    S3Action: S3Action
    BounceAction: BounceAction
    WorkmailAction: WorkmailAction
    LambdaAction: LambdaAction
    StopAction: StopAction
    AddHeaderAction: AddHeaderAction
    SNSAction: SNSAction
    ConnectAction: ConnectAction


class S3Action(TypedDict, total=False):
    """AWS: S3Action."""

    TopicArn: str
    BucketName: Required[str]
    ObjectKeyPrefix: str
    KmsKeyArn: str
    IamRoleArn: str


class BounceAction(TypedDict, total=False):
    """AWS: BounceAction."""

    TopicArn: str
    SmtpReplyCode: Required[str]
    StatusCode: str
    Message: Required[str]
    Sender: Required[str]


class WorkmailAction(TypedDict, total=False):
    """AWS: WorkmailAction."""

    TopicArn: str
    OrganizationArn: Required[str]


class LambdaAction(TypedDict, total=False):
    """AWS: LambdaAction."""

    TopicArn: str
    FunctionArn: Required[str]
    InvocationType: str


class StopAction(TypedDict, total=False):
    """AWS: StopAction."""

    Scope: Required[str]
    TopicArn: str


class AddHeaderAction(TypedDict, total=False):
    """AWS: AddHeaderAction."""

    HeaderName: Required[str]
    HeaderValue: Required[str]


class SNSAction(TypedDict, total=False):
    """AWS: SNSAction."""

    TopicArn: Required[str]
    Encoding: str


class ConnectAction(TypedDict, total=False):
    """AWS: ConnectAction."""

    InstanceARN: Required[str]
    IAMRoleARN: Required[str]


class CreateReceiptRuleResult(TypedDict, total=False):
    """AWS: CreateReceiptRuleResponse."""


class CreateReceiptRuleSetRequest(TypedDict, total=False):
    """AWS: CreateReceiptRuleSetRequest."""

    RuleSetName: Required[str]


class CreateReceiptRuleSetResult(TypedDict, total=False):
    """AWS: CreateReceiptRuleSetResponse."""


class CreateTemplateRequest(TypedDict, total=False):
    """AWS: CreateTemplateRequest."""

    Template: Required[Template]


class Template(TypedDict, total=False):
    """AWS: Template."""

    TemplateName: Required[str]
    SubjectPart: str
    TextPart: str
    HtmlPart: str


class CreateTemplateResult(TypedDict, total=False):
    """AWS: CreateTemplateResponse."""


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


class DeleteConfigurationSetTrackingOptionsRequest(TypedDict, total=False):
    """AWS: DeleteConfigurationSetTrackingOptionsRequest."""

    ConfigurationSetName: Required[str]


class DeleteConfigurationSetTrackingOptionsResult(TypedDict, total=False):
    """AWS: DeleteConfigurationSetTrackingOptionsResponse."""


class DeleteCustomVerificationEmailTemplateRequest(TypedDict, total=False):
    """AWS: DeleteCustomVerificationEmailTemplateRequest."""

    TemplateName: Required[str]


class DeleteCustomVerificationEmailTemplateResult(TypedDict, total=False):
    """AWS: no members."""


class DeleteIdentityRequest(TypedDict, total=False):
    """AWS: DeleteIdentityRequest."""

    Identity: Required[str]


class DeleteIdentityResult(TypedDict, total=False):
    """AWS: DeleteIdentityResponse."""


class DeleteIdentityPolicyRequest(TypedDict, total=False):
    """AWS: DeleteIdentityPolicyRequest."""

    Identity: Required[str]
    PolicyName: Required[str]


class DeleteIdentityPolicyResult(TypedDict, total=False):
    """AWS: DeleteIdentityPolicyResponse."""


class DeleteReceiptFilterRequest(TypedDict, total=False):
    """AWS: DeleteReceiptFilterRequest."""

    FilterName: Required[str]


class DeleteReceiptFilterResult(TypedDict, total=False):
    """AWS: DeleteReceiptFilterResponse."""


class DeleteReceiptRuleRequest(TypedDict, total=False):
    """AWS: DeleteReceiptRuleRequest."""

    RuleSetName: Required[str]
    RuleName: Required[str]


class DeleteReceiptRuleResult(TypedDict, total=False):
    """AWS: DeleteReceiptRuleResponse."""


class DeleteReceiptRuleSetRequest(TypedDict, total=False):
    """AWS: DeleteReceiptRuleSetRequest."""

    RuleSetName: Required[str]


class DeleteReceiptRuleSetResult(TypedDict, total=False):
    """AWS: DeleteReceiptRuleSetResponse."""


class DeleteTemplateRequest(TypedDict, total=False):
    """AWS: DeleteTemplateRequest."""

    TemplateName: Required[str]


class DeleteTemplateResult(TypedDict, total=False):
    """AWS: DeleteTemplateResponse."""


class DeleteVerifiedEmailAddressRequest(TypedDict, total=False):
    """AWS: DeleteVerifiedEmailAddressRequest."""

    EmailAddress: Required[str]


class DeleteVerifiedEmailAddressResult(TypedDict, total=False):
    """AWS: no members."""


class DescribeActiveReceiptRuleSetRequest(TypedDict, total=False):
    """AWS: DescribeActiveReceiptRuleSetRequest."""


class DescribeActiveReceiptRuleSetResult(TypedDict, total=False):
    """AWS: DescribeActiveReceiptRuleSetResponse."""

    Metadata: ReceiptRuleSetMetadata
    Rules: list[ReceiptRule]


class ReceiptRuleSetMetadata(TypedDict, total=False):
    """AWS: ReceiptRuleSetMetadata."""

    Name: str
    CreatedTimestamp: float


class DescribeConfigurationSetRequest(TypedDict, total=False):
    """AWS: DescribeConfigurationSetRequest."""

    ConfigurationSetName: Required[str]
    ConfigurationSetAttributeNames: list[str]


class DescribeConfigurationSetResult(TypedDict, total=False):
    """AWS: DescribeConfigurationSetResponse."""

    ConfigurationSet: ConfigurationSet
    EventDestinations: list[EventDestination]
    TrackingOptions: TrackingOptions
    DeliveryOptions: DeliveryOptions
    ReputationOptions: ReputationOptions


class DeliveryOptions(TypedDict, total=False):
    """AWS: DeliveryOptions."""

    TlsPolicy: str


class ReputationOptions(TypedDict, total=False):
    """AWS: ReputationOptions."""

    SendingEnabled: bool
    ReputationMetricsEnabled: bool
    LastFreshStart: float


class DescribeReceiptRuleRequest(TypedDict, total=False):
    """AWS: DescribeReceiptRuleRequest."""

    RuleSetName: Required[str]
    RuleName: Required[str]


class DescribeReceiptRuleResult(TypedDict, total=False):
    """AWS: DescribeReceiptRuleResponse."""

    Rule: ReceiptRule


class DescribeReceiptRuleSetRequest(TypedDict, total=False):
    """AWS: DescribeReceiptRuleSetRequest."""

    RuleSetName: Required[str]


class DescribeReceiptRuleSetResult(TypedDict, total=False):
    """AWS: DescribeReceiptRuleSetResponse."""

    Metadata: ReceiptRuleSetMetadata
    Rules: list[ReceiptRule]


class GetAccountSendingEnabledRequest(TypedDict, total=False):
    """AWS: no members."""


class GetAccountSendingEnabledResult(TypedDict, total=False):
    """AWS: GetAccountSendingEnabledResponse."""

    Enabled: bool


class GetCustomVerificationEmailTemplateRequest(TypedDict, total=False):
    """AWS: GetCustomVerificationEmailTemplateRequest."""

    TemplateName: Required[str]


class GetCustomVerificationEmailTemplateResult(TypedDict, total=False):
    """AWS: GetCustomVerificationEmailTemplateResponse."""

    TemplateName: str
    FromEmailAddress: str
    TemplateSubject: str
    TemplateContent: str
    SuccessRedirectionURL: str
    FailureRedirectionURL: str


class GetIdentityDkimAttributesRequest(TypedDict, total=False):
    """AWS: GetIdentityDkimAttributesRequest."""

    Identities: Required[list[str]]


class GetIdentityDkimAttributesResult(TypedDict, total=False):
    """AWS: GetIdentityDkimAttributesResponse."""

    DkimAttributes: Required[dict[str, IdentityDkimAttributes]]


class IdentityDkimAttributes(TypedDict, total=False):
    """AWS: IdentityDkimAttributes."""

    DkimEnabled: Required[bool]
    DkimVerificationStatus: Required[str]
    DkimTokens: list[str]


class GetIdentityMailFromDomainAttributesRequest(TypedDict, total=False):
    """AWS: GetIdentityMailFromDomainAttributesRequest."""

    Identities: Required[list[str]]


class GetIdentityMailFromDomainAttributesResult(TypedDict, total=False):
    """AWS: GetIdentityMailFromDomainAttributesResponse."""

    MailFromDomainAttributes: Required[dict[str, IdentityMailFromDomainAttributes]]


class IdentityMailFromDomainAttributes(TypedDict, total=False):
    """AWS: IdentityMailFromDomainAttributes."""

    MailFromDomain: Required[str]
    MailFromDomainStatus: Required[str]
    BehaviorOnMXFailure: Required[str]


class GetIdentityNotificationAttributesRequest(TypedDict, total=False):
    """AWS: GetIdentityNotificationAttributesRequest."""

    Identities: Required[list[str]]


class GetIdentityNotificationAttributesResult(TypedDict, total=False):
    """AWS: GetIdentityNotificationAttributesResponse."""

    NotificationAttributes: Required[dict[str, IdentityNotificationAttributes]]


class IdentityNotificationAttributes(TypedDict, total=False):
    """AWS: IdentityNotificationAttributes."""

    BounceTopic: Required[str]
    ComplaintTopic: Required[str]
    DeliveryTopic: Required[str]
    ForwardingEnabled: Required[bool]
    HeadersInBounceNotificationsEnabled: bool
    HeadersInComplaintNotificationsEnabled: bool
    HeadersInDeliveryNotificationsEnabled: bool


class GetIdentityPoliciesRequest(TypedDict, total=False):
    """AWS: GetIdentityPoliciesRequest."""

    Identity: Required[str]
    PolicyNames: Required[list[str]]


class GetIdentityPoliciesResult(TypedDict, total=False):
    """AWS: GetIdentityPoliciesResponse."""

    Policies: Required[dict[str, str]]


class GetIdentityVerificationAttributesRequest(TypedDict, total=False):
    """AWS: GetIdentityVerificationAttributesRequest."""

    Identities: Required[list[str]]


class GetIdentityVerificationAttributesResult(TypedDict, total=False):
    """AWS: GetIdentityVerificationAttributesResponse."""

    VerificationAttributes: Required[dict[str, IdentityVerificationAttributes]]


class IdentityVerificationAttributes(TypedDict, total=False):
    """AWS: IdentityVerificationAttributes."""

    VerificationStatus: Required[str]
    VerificationToken: str


class GetSendQuotaRequest(TypedDict, total=False):
    """AWS: no members."""


class GetSendQuotaResult(TypedDict, total=False):
    """AWS: GetSendQuotaResponse."""

    Max24HourSend: float
    MaxSendRate: float
    SentLast24Hours: float


class GetSendStatisticsRequest(TypedDict, total=False):
    """AWS: no members."""


class GetSendStatisticsResult(TypedDict, total=False):
    """AWS: GetSendStatisticsResponse."""

    SendDataPoints: list[SendDataPoint]


class SendDataPoint(TypedDict, total=False):
    """AWS: SendDataPoint."""

    Timestamp: float
    DeliveryAttempts: int
    Bounces: int
    Complaints: int
    Rejects: int


class GetTemplateRequest(TypedDict, total=False):
    """AWS: GetTemplateRequest."""

    TemplateName: Required[str]


class GetTemplateResult(TypedDict, total=False):
    """AWS: GetTemplateResponse."""

    Template: Template


class ListConfigurationSetsRequest(TypedDict, total=False):
    """AWS: ListConfigurationSetsRequest."""

    NextToken: str
    MaxItems: int


class ListConfigurationSetsResult(TypedDict, total=False):
    """AWS: ListConfigurationSetsResponse."""

    ConfigurationSets: list[ConfigurationSet]
    NextToken: str


class ListCustomVerificationEmailTemplatesRequest(TypedDict, total=False):
    """AWS: ListCustomVerificationEmailTemplatesRequest."""

    NextToken: str
    MaxResults: int


class ListCustomVerificationEmailTemplatesResult(TypedDict, total=False):
    """AWS: ListCustomVerificationEmailTemplatesResponse."""

    CustomVerificationEmailTemplates: list[CustomVerificationEmailTemplate]
    NextToken: str


class CustomVerificationEmailTemplate(TypedDict, total=False):
    """AWS: CustomVerificationEmailTemplate."""

    TemplateName: str
    FromEmailAddress: str
    TemplateSubject: str
    SuccessRedirectionURL: str
    FailureRedirectionURL: str


class ListIdentitiesRequest(TypedDict, total=False):
    """AWS: ListIdentitiesRequest."""

    IdentityType: str
    NextToken: str
    MaxItems: int


class ListIdentitiesResult(TypedDict, total=False):
    """AWS: ListIdentitiesResponse."""

    Identities: Required[list[str]]
    NextToken: str


class ListIdentityPoliciesRequest(TypedDict, total=False):
    """AWS: ListIdentityPoliciesRequest."""

    Identity: Required[str]


class ListIdentityPoliciesResult(TypedDict, total=False):
    """AWS: ListIdentityPoliciesResponse."""

    PolicyNames: Required[list[str]]


class ListReceiptFiltersRequest(TypedDict, total=False):
    """AWS: ListReceiptFiltersRequest."""


class ListReceiptFiltersResult(TypedDict, total=False):
    """AWS: ListReceiptFiltersResponse."""

    Filters: list[ReceiptFilter]


class ListReceiptRuleSetsRequest(TypedDict, total=False):
    """AWS: ListReceiptRuleSetsRequest."""

    NextToken: str


class ListReceiptRuleSetsResult(TypedDict, total=False):
    """AWS: ListReceiptRuleSetsResponse."""

    RuleSets: list[ReceiptRuleSetMetadata]
    NextToken: str


class ListTemplatesRequest(TypedDict, total=False):
    """AWS: ListTemplatesRequest."""

    NextToken: str
    MaxItems: int


class ListTemplatesResult(TypedDict, total=False):
    """AWS: ListTemplatesResponse."""

    TemplatesMetadata: list[TemplateMetadata]
    NextToken: str


class TemplateMetadata(TypedDict, total=False):
    """AWS: TemplateMetadata."""

    Name: str
    CreatedTimestamp: float


class ListVerifiedEmailAddressesRequest(TypedDict, total=False):
    """AWS: no members."""


class ListVerifiedEmailAddressesResult(TypedDict, total=False):
    """AWS: ListVerifiedEmailAddressesResponse."""

    VerifiedEmailAddresses: list[str]


class PutConfigurationSetDeliveryOptionsRequest(TypedDict, total=False):
    """AWS: PutConfigurationSetDeliveryOptionsRequest."""

    ConfigurationSetName: Required[str]
    DeliveryOptions: DeliveryOptions


class PutConfigurationSetDeliveryOptionsResult(TypedDict, total=False):
    """AWS: PutConfigurationSetDeliveryOptionsResponse."""


class PutIdentityPolicyRequest(TypedDict, total=False):
    """AWS: PutIdentityPolicyRequest."""

    Identity: Required[str]
    PolicyName: Required[str]
    Policy: Required[str]


class PutIdentityPolicyResult(TypedDict, total=False):
    """AWS: PutIdentityPolicyResponse."""


class ReorderReceiptRuleSetRequest(TypedDict, total=False):
    """AWS: ReorderReceiptRuleSetRequest."""

    RuleSetName: Required[str]
    RuleNames: Required[list[str]]


class ReorderReceiptRuleSetResult(TypedDict, total=False):
    """AWS: ReorderReceiptRuleSetResponse."""


class SendBounceRequest(TypedDict, total=False):
    """AWS: SendBounceRequest."""

    OriginalMessageId: Required[str]
    BounceSender: Required[str]
    Explanation: str
    MessageDsn: MessageDsn
    BouncedRecipientInfoList: Required[list[BouncedRecipientInfo]]
    BounceSenderArn: str


class MessageDsn(TypedDict, total=False):
    """AWS: MessageDsn."""

    ReportingMta: Required[str]
    ArrivalDate: float
    ExtensionFields: list[ExtensionField]


class ExtensionField(TypedDict, total=False):
    """AWS: ExtensionField."""

    Name: Required[str]
    Value: Required[str]


class BouncedRecipientInfo(TypedDict, total=False):
    """AWS: BouncedRecipientInfo."""

    Recipient: Required[str]
    RecipientArn: str
    BounceType: str
    RecipientDsnFields: RecipientDsnFields


class RecipientDsnFields(TypedDict, total=False):
    """AWS: RecipientDsnFields."""

    FinalRecipient: str
    Action: Required[str]
    RemoteMta: str
    Status: Required[str]
    DiagnosticCode: str
    LastAttemptDate: float
    ExtensionFields: list[ExtensionField]


class SendBounceResult(TypedDict, total=False):
    """AWS: SendBounceResponse."""

    MessageId: str


class SendBulkTemplatedEmailRequest(TypedDict, total=False):
    """AWS: SendBulkTemplatedEmailRequest."""

    Source: Required[str]
    SourceArn: str
    ReplyToAddresses: list[str]
    ReturnPath: str
    ReturnPathArn: str
    ConfigurationSetName: str
    DefaultTags: list[MessageTag]
    Template: Required[str]
    TemplateArn: str
    DefaultTemplateData: Required[str]
    Destinations: Required[list[BulkEmailDestination]]


class MessageTag(TypedDict, total=False):
    """AWS: MessageTag."""

    Name: Required[str]
    Value: Required[str]


class BulkEmailDestination(TypedDict, total=False):
    """AWS: BulkEmailDestination."""

    Destination: Required[Destination]
    ReplacementTags: list[MessageTag]
    ReplacementTemplateData: str


class Destination(TypedDict, total=False):
    """AWS: Destination."""

    ToAddresses: list[str]
    CcAddresses: list[str]
    BccAddresses: list[str]


class SendBulkTemplatedEmailResult(TypedDict, total=False):
    """AWS: SendBulkTemplatedEmailResponse."""

    Status: Required[list[BulkEmailDestinationStatus]]


class BulkEmailDestinationStatus(TypedDict, total=False):
    """AWS: BulkEmailDestinationStatus."""

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

    Source: Required[str]
    Destination: Required[Destination]
    Message: Required[Message]
    ReplyToAddresses: list[str]
    ReturnPath: str
    SourceArn: str
    ReturnPathArn: str
    Tags: list[MessageTag]
    ConfigurationSetName: str


class Message(TypedDict, total=False):
    """AWS: Message."""

    Subject: Required[Content]
    Body: Required[Body]


class Content(TypedDict, total=False):
    """AWS: Content."""

    Data: Required[str]
    Charset: str


class Body(TypedDict, total=False):
    """AWS: Body."""

    Text: Content
    Html: Content


class SendEmailResult(TypedDict, total=False):
    """AWS: SendEmailResponse."""

    MessageId: Required[str]


class SendRawEmailRequest(TypedDict, total=False):
    """AWS: SendRawEmailRequest."""

    Source: str
    Destinations: list[str]
    RawMessage: Required[RawMessage]
    FromArn: str
    SourceArn: str
    ReturnPathArn: str
    Tags: list[MessageTag]
    ConfigurationSetName: str


class RawMessage(TypedDict, total=False):
    """AWS: RawMessage."""

    Data: Required[bytes]


class SendRawEmailResult(TypedDict, total=False):
    """AWS: SendRawEmailResponse."""

    MessageId: Required[str]


class SendTemplatedEmailRequest(TypedDict, total=False):
    """AWS: SendTemplatedEmailRequest."""

    Source: Required[str]
    Destination: Required[Destination]
    ReplyToAddresses: list[str]
    ReturnPath: str
    SourceArn: str
    ReturnPathArn: str
    Tags: list[MessageTag]
    ConfigurationSetName: str
    Template: Required[str]
    TemplateArn: str
    TemplateData: Required[str]


class SendTemplatedEmailResult(TypedDict, total=False):
    """AWS: SendTemplatedEmailResponse."""

    MessageId: Required[str]


class SetActiveReceiptRuleSetRequest(TypedDict, total=False):
    """AWS: SetActiveReceiptRuleSetRequest."""

    RuleSetName: str


class SetActiveReceiptRuleSetResult(TypedDict, total=False):
    """AWS: SetActiveReceiptRuleSetResponse."""


class SetIdentityDkimEnabledRequest(TypedDict, total=False):
    """AWS: SetIdentityDkimEnabledRequest."""

    Identity: Required[str]
    DkimEnabled: Required[bool]


class SetIdentityDkimEnabledResult(TypedDict, total=False):
    """AWS: SetIdentityDkimEnabledResponse."""


class SetIdentityFeedbackForwardingEnabledRequest(TypedDict, total=False):
    """AWS: SetIdentityFeedbackForwardingEnabledRequest."""

    Identity: Required[str]
    ForwardingEnabled: Required[bool]


class SetIdentityFeedbackForwardingEnabledResult(TypedDict, total=False):
    """AWS: SetIdentityFeedbackForwardingEnabledResponse."""


class SetIdentityHeadersInNotificationsEnabledRequest(TypedDict, total=False):
    """AWS: SetIdentityHeadersInNotificationsEnabledRequest."""

    Identity: Required[str]
    NotificationType: Required[str]
    Enabled: Required[bool]


class SetIdentityHeadersInNotificationsEnabledResult(TypedDict, total=False):
    """AWS: SetIdentityHeadersInNotificationsEnabledResponse."""


class SetIdentityMailFromDomainRequest(TypedDict, total=False):
    """AWS: SetIdentityMailFromDomainRequest."""

    Identity: Required[str]
    MailFromDomain: str
    BehaviorOnMXFailure: str


class SetIdentityMailFromDomainResult(TypedDict, total=False):
    """AWS: SetIdentityMailFromDomainResponse."""


class SetIdentityNotificationTopicRequest(TypedDict, total=False):
    """AWS: SetIdentityNotificationTopicRequest."""

    Identity: Required[str]
    NotificationType: Required[str]
    SnsTopic: str


class SetIdentityNotificationTopicResult(TypedDict, total=False):
    """AWS: SetIdentityNotificationTopicResponse."""


class SetReceiptRulePositionRequest(TypedDict, total=False):
    """AWS: SetReceiptRulePositionRequest."""

    RuleSetName: Required[str]
    RuleName: Required[str]
    After: str


class SetReceiptRulePositionResult(TypedDict, total=False):
    """AWS: SetReceiptRulePositionResponse."""


class TestRenderTemplateRequest(TypedDict, total=False):
    """AWS: TestRenderTemplateRequest."""

    TemplateName: Required[str]
    TemplateData: Required[str]


class TestRenderTemplateResult(TypedDict, total=False):
    """AWS: TestRenderTemplateResponse."""

    RenderedTemplate: str


class UpdateAccountSendingEnabledRequest(TypedDict, total=False):
    """AWS: UpdateAccountSendingEnabledRequest."""

    Enabled: bool


class UpdateAccountSendingEnabledResult(TypedDict, total=False):
    """AWS: no members."""


class UpdateConfigurationSetEventDestinationRequest(TypedDict, total=False):
    """AWS: UpdateConfigurationSetEventDestinationRequest."""

    ConfigurationSetName: Required[str]
    EventDestination: Required[EventDestination]


class UpdateConfigurationSetEventDestinationResult(TypedDict, total=False):
    """AWS: UpdateConfigurationSetEventDestinationResponse."""


class UpdateConfigurationSetReputationMetricsEnabledRequest(TypedDict, total=False):
    """AWS: UpdateConfigurationSetReputationMetricsEnabledRequest."""

    ConfigurationSetName: Required[str]
    Enabled: Required[bool]


class UpdateConfigurationSetReputationMetricsEnabledResult(TypedDict, total=False):
    """AWS: no members."""


class UpdateConfigurationSetSendingEnabledRequest(TypedDict, total=False):
    """AWS: UpdateConfigurationSetSendingEnabledRequest."""

    ConfigurationSetName: Required[str]
    Enabled: Required[bool]


class UpdateConfigurationSetSendingEnabledResult(TypedDict, total=False):
    """AWS: no members."""


class UpdateConfigurationSetTrackingOptionsRequest(TypedDict, total=False):
    """AWS: UpdateConfigurationSetTrackingOptionsRequest."""

    ConfigurationSetName: Required[str]
    TrackingOptions: Required[TrackingOptions]


class UpdateConfigurationSetTrackingOptionsResult(TypedDict, total=False):
    """AWS: UpdateConfigurationSetTrackingOptionsResponse."""


class UpdateCustomVerificationEmailTemplateRequest(TypedDict, total=False):
    """AWS: UpdateCustomVerificationEmailTemplateRequest."""

    TemplateName: Required[str]
    FromEmailAddress: str
    TemplateSubject: str
    TemplateContent: str
    SuccessRedirectionURL: str
    FailureRedirectionURL: str


class UpdateCustomVerificationEmailTemplateResult(TypedDict, total=False):
    """AWS: no members."""


class UpdateReceiptRuleRequest(TypedDict, total=False):
    """AWS: UpdateReceiptRuleRequest."""

    RuleSetName: Required[str]
    Rule: Required[ReceiptRule]


class UpdateReceiptRuleResult(TypedDict, total=False):
    """AWS: UpdateReceiptRuleResponse."""


class UpdateTemplateRequest(TypedDict, total=False):
    """AWS: UpdateTemplateRequest."""

    Template: Required[Template]


class UpdateTemplateResult(TypedDict, total=False):
    """AWS: UpdateTemplateResponse."""


class VerifyDomainDkimRequest(TypedDict, total=False):
    """AWS: VerifyDomainDkimRequest."""

    Domain: Required[str]


class VerifyDomainDkimResult(TypedDict, total=False):
    """AWS: VerifyDomainDkimResponse."""

    DkimTokens: Required[list[str]]


class VerifyDomainIdentityRequest(TypedDict, total=False):
    """AWS: VerifyDomainIdentityRequest."""

    Domain: Required[str]


class VerifyDomainIdentityResult(TypedDict, total=False):
    """AWS: VerifyDomainIdentityResponse."""

    VerificationToken: Required[str]


class VerifyEmailAddressRequest(TypedDict, total=False):
    """AWS: VerifyEmailAddressRequest."""

    EmailAddress: Required[str]


class VerifyEmailAddressResult(TypedDict, total=False):
    """AWS: no members."""


class VerifyEmailIdentityRequest(TypedDict, total=False):
    """AWS: VerifyEmailIdentityRequest."""

    EmailAddress: Required[str]


class VerifyEmailIdentityResult(TypedDict, total=False):
    """AWS: VerifyEmailIdentityResponse."""
