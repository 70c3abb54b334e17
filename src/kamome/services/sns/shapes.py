"""Shapes of the operations served here. Generated: do not edit.

By: python tools/generate_shapes.py sns
From: the model of Amazon Simple Notification Service, 2010-03-31.
"""

from __future__ import annotations

from typing import Required, TypedDict


class AddPermissionRequest(TypedDict, total=False):
    """AWS: AddPermissionInput."""

    TopicArn: Required[str]
    Label: Required[str]
    AWSAccountId: Required[list[str]]
    ActionName: Required[list[str]]


class AddPermissionResult(TypedDict, total=False):
    """AWS: no members."""


class CheckIfPhoneNumberIsOptedOutRequest(TypedDict, total=False):
    """AWS: CheckIfPhoneNumberIsOptedOutInput."""

    phoneNumber: Required[str]


class CheckIfPhoneNumberIsOptedOutResult(TypedDict, total=False):
    """AWS: CheckIfPhoneNumberIsOptedOutResponse."""

    isOptedOut: bool


class ConfirmSubscriptionRequest(TypedDict, total=False):
    """AWS: ConfirmSubscriptionInput."""

    TopicArn: Required[str]
    Token: Required[str]
    AuthenticateOnUnsubscribe: str


class ConfirmSubscriptionResult(TypedDict, total=False):
    """AWS: ConfirmSubscriptionResponse."""

    SubscriptionArn: str


class CreatePlatformApplicationRequest(TypedDict, total=False):
    """AWS: CreatePlatformApplicationInput."""

    Name: Required[str]
    Platform: Required[str]
    Attributes: Required[dict[str, str]]


class CreatePlatformApplicationResult(TypedDict, total=False):
    """AWS: CreatePlatformApplicationResponse."""

    PlatformApplicationArn: str


class CreatePlatformEndpointRequest(TypedDict, total=False):
    """AWS: CreatePlatformEndpointInput."""

    PlatformApplicationArn: Required[str]
    Token: Required[str]
    CustomUserData: str
    Attributes: dict[str, str]


class CreatePlatformEndpointResult(TypedDict, total=False):
    """AWS: CreateEndpointResponse."""

    EndpointArn: str


class CreateSMSSandboxPhoneNumberRequest(TypedDict, total=False):
    """AWS: CreateSMSSandboxPhoneNumberInput."""

    PhoneNumber: Required[str]
    LanguageCode: str


class CreateSMSSandboxPhoneNumberResult(TypedDict, total=False):
    """AWS: CreateSMSSandboxPhoneNumberResult."""


class CreateTopicRequest(TypedDict, total=False):
    """AWS: CreateTopicInput."""

    Name: Required[str]
    Attributes: dict[str, str]
    Tags: list[Tag]
    DataProtectionPolicy: str


class Tag(TypedDict, total=False):
    """AWS: Tag."""

    Key: Required[str]
    Value: Required[str]


class CreateTopicResult(TypedDict, total=False):
    """AWS: CreateTopicResponse."""

    TopicArn: str


class DeleteEndpointRequest(TypedDict, total=False):
    """AWS: DeleteEndpointInput."""

    EndpointArn: Required[str]


class DeleteEndpointResult(TypedDict, total=False):
    """AWS: no members."""


class DeletePlatformApplicationRequest(TypedDict, total=False):
    """AWS: DeletePlatformApplicationInput."""

    PlatformApplicationArn: Required[str]


class DeletePlatformApplicationResult(TypedDict, total=False):
    """AWS: no members."""


class DeleteSMSSandboxPhoneNumberRequest(TypedDict, total=False):
    """AWS: DeleteSMSSandboxPhoneNumberInput."""

    PhoneNumber: Required[str]


class DeleteSMSSandboxPhoneNumberResult(TypedDict, total=False):
    """AWS: DeleteSMSSandboxPhoneNumberResult."""


class DeleteTopicRequest(TypedDict, total=False):
    """AWS: DeleteTopicInput."""

    TopicArn: Required[str]


class DeleteTopicResult(TypedDict, total=False):
    """AWS: no members."""


class GetDataProtectionPolicyRequest(TypedDict, total=False):
    """AWS: GetDataProtectionPolicyInput."""

    ResourceArn: Required[str]


class GetDataProtectionPolicyResult(TypedDict, total=False):
    """AWS: GetDataProtectionPolicyResponse."""

    DataProtectionPolicy: str


class GetEndpointAttributesRequest(TypedDict, total=False):
    """AWS: GetEndpointAttributesInput."""

    EndpointArn: Required[str]


class GetEndpointAttributesResult(TypedDict, total=False):
    """AWS: GetEndpointAttributesResponse."""

    Attributes: dict[str, str]


class GetPlatformApplicationAttributesRequest(TypedDict, total=False):
    """AWS: GetPlatformApplicationAttributesInput."""

    PlatformApplicationArn: Required[str]


class GetPlatformApplicationAttributesResult(TypedDict, total=False):
    """AWS: GetPlatformApplicationAttributesResponse."""

    Attributes: dict[str, str]


class GetSMSAttributesRequest(TypedDict, total=False):
    """AWS: GetSMSAttributesInput."""

    attributes: list[str]


class GetSMSAttributesResult(TypedDict, total=False):
    """AWS: GetSMSAttributesResponse."""

    attributes: dict[str, str]


class GetSMSSandboxAccountStatusRequest(TypedDict, total=False):
    """AWS: GetSMSSandboxAccountStatusInput."""


class GetSMSSandboxAccountStatusResult(TypedDict, total=False):
    """AWS: GetSMSSandboxAccountStatusResult."""

    IsInSandbox: Required[bool]


class GetSubscriptionAttributesRequest(TypedDict, total=False):
    """AWS: GetSubscriptionAttributesInput."""

    SubscriptionArn: Required[str]


class GetSubscriptionAttributesResult(TypedDict, total=False):
    """AWS: GetSubscriptionAttributesResponse."""

    Attributes: dict[str, str]


class GetTopicAttributesRequest(TypedDict, total=False):
    """AWS: GetTopicAttributesInput."""

    TopicArn: Required[str]


class GetTopicAttributesResult(TypedDict, total=False):
    """AWS: GetTopicAttributesResponse."""

    Attributes: dict[str, str]


class ListEndpointsByPlatformApplicationRequest(TypedDict, total=False):
    """AWS: ListEndpointsByPlatformApplicationInput."""

    PlatformApplicationArn: Required[str]
    NextToken: str


class ListEndpointsByPlatformApplicationResult(TypedDict, total=False):
    """AWS: ListEndpointsByPlatformApplicationResponse."""

    Endpoints: list[Endpoint]
    NextToken: str


class Endpoint(TypedDict, total=False):
    """AWS: Endpoint."""

    EndpointArn: str
    Attributes: dict[str, str]


class ListOriginationNumbersRequest(TypedDict, total=False):
    """AWS: ListOriginationNumbersRequest."""

    NextToken: str
    MaxResults: int


class ListOriginationNumbersResult(TypedDict, total=False):
    """AWS: ListOriginationNumbersResult."""

    NextToken: str
    PhoneNumbers: list[PhoneNumberInformation]


class PhoneNumberInformation(TypedDict, total=False):
    """AWS: PhoneNumberInformation."""

    CreatedAt: float
    PhoneNumber: str
    Status: str
    Iso2CountryCode: str
    RouteType: str
    NumberCapabilities: list[str]


class ListPhoneNumbersOptedOutRequest(TypedDict, total=False):
    """AWS: ListPhoneNumbersOptedOutInput."""

    nextToken: str


class ListPhoneNumbersOptedOutResult(TypedDict, total=False):
    """AWS: ListPhoneNumbersOptedOutResponse."""

    phoneNumbers: list[str]
    nextToken: str


class ListPlatformApplicationsRequest(TypedDict, total=False):
    """AWS: ListPlatformApplicationsInput."""

    NextToken: str


class ListPlatformApplicationsResult(TypedDict, total=False):
    """AWS: ListPlatformApplicationsResponse."""

    PlatformApplications: list[PlatformApplication]
    NextToken: str


class PlatformApplication(TypedDict, total=False):
    """AWS: PlatformApplication."""

    PlatformApplicationArn: str
    Attributes: dict[str, str]


class ListSMSSandboxPhoneNumbersRequest(TypedDict, total=False):
    """AWS: ListSMSSandboxPhoneNumbersInput."""

    NextToken: str
    MaxResults: int


class ListSMSSandboxPhoneNumbersResult(TypedDict, total=False):
    """AWS: ListSMSSandboxPhoneNumbersResult."""

    PhoneNumbers: Required[list[SMSSandboxPhoneNumber]]
    NextToken: str


class SMSSandboxPhoneNumber(TypedDict, total=False):
    """AWS: SMSSandboxPhoneNumber."""

    PhoneNumber: str
    Status: str


class ListSubscriptionsRequest(TypedDict, total=False):
    """AWS: ListSubscriptionsInput."""

    NextToken: str


class ListSubscriptionsResult(TypedDict, total=False):
    """AWS: ListSubscriptionsResponse."""

    Subscriptions: list[Subscription]
    NextToken: str


class Subscription(TypedDict, total=False):
    """AWS: Subscription."""

    SubscriptionArn: str
    Owner: str
    Protocol: str
    Endpoint: str
    TopicArn: str


class ListSubscriptionsByTopicRequest(TypedDict, total=False):
    """AWS: ListSubscriptionsByTopicInput."""

    TopicArn: Required[str]
    NextToken: str


class ListSubscriptionsByTopicResult(TypedDict, total=False):
    """AWS: ListSubscriptionsByTopicResponse."""

    Subscriptions: list[Subscription]
    NextToken: str


class ListTagsForResourceRequest(TypedDict, total=False):
    """AWS: ListTagsForResourceRequest."""

    ResourceArn: Required[str]


class ListTagsForResourceResult(TypedDict, total=False):
    """AWS: ListTagsForResourceResponse."""

    Tags: list[Tag]


class ListTopicsRequest(TypedDict, total=False):
    """AWS: ListTopicsInput."""

    NextToken: str


class ListTopicsResult(TypedDict, total=False):
    """AWS: ListTopicsResponse."""

    Topics: list[Topic]
    NextToken: str


class Topic(TypedDict, total=False):
    """AWS: Topic."""

    TopicArn: str


class OptInPhoneNumberRequest(TypedDict, total=False):
    """AWS: OptInPhoneNumberInput."""

    phoneNumber: Required[str]


class OptInPhoneNumberResult(TypedDict, total=False):
    """AWS: OptInPhoneNumberResponse."""


class PublishRequest(TypedDict, total=False):
    """AWS: PublishInput."""

    TopicArn: str
    TargetArn: str
    PhoneNumber: str
    Message: Required[str]
    Subject: str
    MessageStructure: str
    MessageAttributes: dict[str, MessageAttributeValue]
    MessageDeduplicationId: str
    MessageGroupId: str


class MessageAttributeValue(TypedDict, total=False):
    """AWS: MessageAttributeValue."""

    DataType: Required[str]
    StringValue: str
    BinaryValue: bytes


class PublishResult(TypedDict, total=False):
    """AWS: PublishResponse."""

    MessageId: str
    SequenceNumber: str


class PublishBatchRequest(TypedDict, total=False):
    """AWS: PublishBatchInput."""

    TopicArn: Required[str]
    PublishBatchRequestEntries: Required[list[PublishBatchRequestEntry]]


class PublishBatchRequestEntry(TypedDict, total=False):
    """AWS: PublishBatchRequestEntry."""

    Id: Required[str]
    Message: Required[str]
    Subject: str
    MessageStructure: str
    MessageAttributes: dict[str, MessageAttributeValue]
    MessageDeduplicationId: str
    MessageGroupId: str


class PublishBatchResult(TypedDict, total=False):
    """AWS: PublishBatchResponse."""

    Successful: list[PublishBatchResultEntry]
    Failed: list[BatchResultErrorEntry]


class PublishBatchResultEntry(TypedDict, total=False):
    """AWS: PublishBatchResultEntry."""

    Id: str
    MessageId: str
    SequenceNumber: str


class BatchResultErrorEntry(TypedDict, total=False):
    """AWS: BatchResultErrorEntry."""

    Id: Required[str]
    Code: Required[str]
    Message: str
    SenderFault: Required[bool]


class PutDataProtectionPolicyRequest(TypedDict, total=False):
    """AWS: PutDataProtectionPolicyInput."""

    ResourceArn: Required[str]
    DataProtectionPolicy: Required[str]


class PutDataProtectionPolicyResult(TypedDict, total=False):
    """AWS: no members."""


class RemovePermissionRequest(TypedDict, total=False):
    """AWS: RemovePermissionInput."""

    TopicArn: Required[str]
    Label: Required[str]


class RemovePermissionResult(TypedDict, total=False):
    """AWS: no members."""


class SetEndpointAttributesRequest(TypedDict, total=False):
    """AWS: SetEndpointAttributesInput."""

    EndpointArn: Required[str]
    Attributes: Required[dict[str, str]]


class SetEndpointAttributesResult(TypedDict, total=False):
    """AWS: no members."""


class SetPlatformApplicationAttributesRequest(TypedDict, total=False):
    """AWS: SetPlatformApplicationAttributesInput."""

    PlatformApplicationArn: Required[str]
    Attributes: Required[dict[str, str]]


class SetPlatformApplicationAttributesResult(TypedDict, total=False):
    """AWS: no members."""


class SetSMSAttributesRequest(TypedDict, total=False):
    """AWS: SetSMSAttributesInput."""

    attributes: Required[dict[str, str]]


class SetSMSAttributesResult(TypedDict, total=False):
    """AWS: SetSMSAttributesResponse."""


class SetSubscriptionAttributesRequest(TypedDict, total=False):
    """AWS: SetSubscriptionAttributesInput."""

    SubscriptionArn: Required[str]
    AttributeName: Required[str]
    AttributeValue: str


class SetSubscriptionAttributesResult(TypedDict, total=False):
    """AWS: no members."""


class SetTopicAttributesRequest(TypedDict, total=False):
    """AWS: SetTopicAttributesInput."""

    TopicArn: Required[str]
    AttributeName: Required[str]
    AttributeValue: str


class SetTopicAttributesResult(TypedDict, total=False):
    """AWS: no members."""


class SubscribeRequest(TypedDict, total=False):
    """AWS: SubscribeInput."""

    TopicArn: Required[str]
    Protocol: Required[str]
    Endpoint: str
    Attributes: dict[str, str]
    ReturnSubscriptionArn: bool


class SubscribeResult(TypedDict, total=False):
    """AWS: SubscribeResponse."""

    SubscriptionArn: str


class TagResourceRequest(TypedDict, total=False):
    """AWS: TagResourceRequest."""

    ResourceArn: Required[str]
    Tags: Required[list[Tag]]


class TagResourceResult(TypedDict, total=False):
    """AWS: TagResourceResponse."""


class UnsubscribeRequest(TypedDict, total=False):
    """AWS: UnsubscribeInput."""

    SubscriptionArn: Required[str]


class UnsubscribeResult(TypedDict, total=False):
    """AWS: no members."""


class UntagResourceRequest(TypedDict, total=False):
    """AWS: UntagResourceRequest."""

    ResourceArn: Required[str]
    TagKeys: Required[list[str]]


class UntagResourceResult(TypedDict, total=False):
    """AWS: UntagResourceResponse."""


class VerifySMSSandboxPhoneNumberRequest(TypedDict, total=False):
    """AWS: VerifySMSSandboxPhoneNumberInput."""

    PhoneNumber: Required[str]
    OneTimePassword: Required[str]


class VerifySMSSandboxPhoneNumberResult(TypedDict, total=False):
    """AWS: VerifySMSSandboxPhoneNumberResult."""
