"""Shapes of the operations served here. Generated: do not edit.

By: python tools/generate_shapes.py ses
From: the model of Amazon Simple Email Service, 2010-12-01.
"""

from __future__ import annotations

from typing import Required, TypedDict


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


class DeleteIdentityRequest(TypedDict, total=False):
    """AWS: DeleteIdentityRequest."""

    Identity: Required[str]


class DeleteIdentityResult(TypedDict, total=False):
    """AWS: DeleteIdentityResponse."""


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


class ListIdentitiesRequest(TypedDict, total=False):
    """AWS: ListIdentitiesRequest."""

    IdentityType: str
    NextToken: str
    MaxItems: int


class ListIdentitiesResult(TypedDict, total=False):
    """AWS: ListIdentitiesResponse."""

    Identities: Required[list[str]]
    NextToken: str


class ListReceiptRuleSetsRequest(TypedDict, total=False):
    """AWS: ListReceiptRuleSetsRequest."""

    NextToken: str


class ListReceiptRuleSetsResult(TypedDict, total=False):
    """AWS: ListReceiptRuleSetsResponse."""

    RuleSets: list[ReceiptRuleSetMetadata]
    NextToken: str


class ReorderReceiptRuleSetRequest(TypedDict, total=False):
    """AWS: ReorderReceiptRuleSetRequest."""

    RuleSetName: Required[str]
    RuleNames: Required[list[str]]


class ReorderReceiptRuleSetResult(TypedDict, total=False):
    """AWS: ReorderReceiptRuleSetResponse."""


class SetActiveReceiptRuleSetRequest(TypedDict, total=False):
    """AWS: SetActiveReceiptRuleSetRequest."""

    RuleSetName: str


class SetActiveReceiptRuleSetResult(TypedDict, total=False):
    """AWS: SetActiveReceiptRuleSetResponse."""


class UpdateReceiptRuleRequest(TypedDict, total=False):
    """AWS: UpdateReceiptRuleRequest."""

    RuleSetName: Required[str]
    Rule: Required[ReceiptRule]


class UpdateReceiptRuleResult(TypedDict, total=False):
    """AWS: UpdateReceiptRuleResponse."""


class VerifyDomainIdentityRequest(TypedDict, total=False):
    """AWS: VerifyDomainIdentityRequest."""

    Domain: Required[str]


class VerifyDomainIdentityResult(TypedDict, total=False):
    """AWS: VerifyDomainIdentityResponse."""

    VerificationToken: Required[str]
