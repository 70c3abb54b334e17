"""Shapes of the operations served here. Generated: do not edit.

By: python tools/generate_shapes.py sqs
From: the model of Amazon Simple Queue Service, 2012-11-05.
"""

from __future__ import annotations

from typing import Required, TypedDict


class AddPermissionRequest(TypedDict, total=False):
    """AWS: AddPermissionRequest."""

    QueueUrl: Required[str]
    Label: Required[str]
    AWSAccountIds: Required[list[str]]
    Actions: Required[list[str]]


class AddPermissionResult(TypedDict, total=False):
    """AWS: no members."""


class CancelMessageMoveTaskRequest(TypedDict, total=False):
    """AWS: CancelMessageMoveTaskRequest."""

    TaskHandle: Required[str]


class CancelMessageMoveTaskResult(TypedDict, total=False):
    """AWS: CancelMessageMoveTaskResult."""

    ApproximateNumberOfMessagesMoved: int


class ChangeMessageVisibilityRequest(TypedDict, total=False):
    """AWS: ChangeMessageVisibilityRequest."""

    QueueUrl: Required[str]
    ReceiptHandle: Required[str]
    VisibilityTimeout: Required[int]


class ChangeMessageVisibilityResult(TypedDict, total=False):
    """AWS: no members."""


class ChangeMessageVisibilityBatchRequest(TypedDict, total=False):
    """AWS: ChangeMessageVisibilityBatchRequest."""

    QueueUrl: Required[str]
    Entries: Required[list[ChangeMessageVisibilityBatchRequestEntry]]


class ChangeMessageVisibilityBatchRequestEntry(TypedDict, total=False):
    """AWS: ChangeMessageVisibilityBatchRequestEntry."""

    Id: Required[str]
    ReceiptHandle: Required[str]
    VisibilityTimeout: int


class ChangeMessageVisibilityBatchResult(TypedDict, total=False):
    """AWS: ChangeMessageVisibilityBatchResult."""

    Successful: Required[list[ChangeMessageVisibilityBatchResultEntry]]
    Failed: Required[list[BatchResultErrorEntry]]


class ChangeMessageVisibilityBatchResultEntry(TypedDict, total=False):
    """AWS: ChangeMessageVisibilityBatchResultEntry."""

    Id: Required[str]


class BatchResultErrorEntry(TypedDict, total=False):
    """AWS: BatchResultErrorEntry."""

    Id: Required[str]
    SenderFault: Required[bool]
    Code: Required[str]
    Message: str


class CreateQueueRequest(TypedDict, total=False):
    """AWS: CreateQueueRequest."""

    QueueName: Required[str]
    Attributes: dict[str, str]
    tags: dict[str, str]


class CreateQueueResult(TypedDict, total=False):
    """AWS: CreateQueueResult."""

    QueueUrl: str


class DeleteMessageRequest(TypedDict, total=False):
    """AWS: DeleteMessageRequest."""

    QueueUrl: Required[str]
    ReceiptHandle: Required[str]


class DeleteMessageResult(TypedDict, total=False):
    """AWS: no members."""


class DeleteMessageBatchRequest(TypedDict, total=False):
    """AWS: DeleteMessageBatchRequest."""

    QueueUrl: Required[str]
    Entries: Required[list[DeleteMessageBatchRequestEntry]]


class DeleteMessageBatchRequestEntry(TypedDict, total=False):
    """AWS: DeleteMessageBatchRequestEntry."""

    Id: Required[str]
    ReceiptHandle: Required[str]


class DeleteMessageBatchResult(TypedDict, total=False):
    """AWS: DeleteMessageBatchResult."""

    Successful: Required[list[DeleteMessageBatchResultEntry]]
    Failed: Required[list[BatchResultErrorEntry]]


class DeleteMessageBatchResultEntry(TypedDict, total=False):
    """AWS: DeleteMessageBatchResultEntry."""

    Id: Required[str]


class DeleteQueueRequest(TypedDict, total=False):
    """AWS: DeleteQueueRequest."""

    QueueUrl: Required[str]


class DeleteQueueResult(TypedDict, total=False):
    """AWS: no members."""


class GetQueueAttributesRequest(TypedDict, total=False):
    """AWS: GetQueueAttributesRequest."""

    QueueUrl: Required[str]
    AttributeNames: list[str]


class GetQueueAttributesResult(TypedDict, total=False):
    """AWS: GetQueueAttributesResult."""

    Attributes: dict[str, str]


class GetQueueUrlRequest(TypedDict, total=False):
    """AWS: GetQueueUrlRequest."""

    QueueName: Required[str]
    QueueOwnerAWSAccountId: str


class GetQueueUrlResult(TypedDict, total=False):
    """AWS: GetQueueUrlResult."""

    QueueUrl: str


class ListDeadLetterSourceQueuesRequest(TypedDict, total=False):
    """AWS: ListDeadLetterSourceQueuesRequest."""

    QueueUrl: Required[str]
    NextToken: str
    MaxResults: int


class ListDeadLetterSourceQueuesResult(TypedDict, total=False):
    """AWS: ListDeadLetterSourceQueuesResult."""

    queueUrls: Required[list[str]]
    NextToken: str


class ListMessageMoveTasksRequest(TypedDict, total=False):
    """AWS: ListMessageMoveTasksRequest."""

    SourceArn: Required[str]
    MaxResults: int


class ListMessageMoveTasksResult(TypedDict, total=False):
    """AWS: ListMessageMoveTasksResult."""

    Results: list[ListMessageMoveTasksResultEntry]


class ListMessageMoveTasksResultEntry(TypedDict, total=False):
    """AWS: ListMessageMoveTasksResultEntry."""

    TaskHandle: str
    Status: str
    SourceArn: str
    DestinationArn: str
    MaxNumberOfMessagesPerSecond: int
    ApproximateNumberOfMessagesMoved: int
    ApproximateNumberOfMessagesToMove: int
    FailureReason: str
    StartedTimestamp: int


class ListQueueTagsRequest(TypedDict, total=False):
    """AWS: ListQueueTagsRequest."""

    QueueUrl: Required[str]


class ListQueueTagsResult(TypedDict, total=False):
    """AWS: ListQueueTagsResult."""

    Tags: dict[str, str]


class ListQueuesRequest(TypedDict, total=False):
    """AWS: ListQueuesRequest."""

    QueueNamePrefix: str
    NextToken: str
    MaxResults: int


class ListQueuesResult(TypedDict, total=False):
    """AWS: ListQueuesResult."""

    QueueUrls: list[str]
    NextToken: str


class PurgeQueueRequest(TypedDict, total=False):
    """AWS: PurgeQueueRequest."""

    QueueUrl: Required[str]


class PurgeQueueResult(TypedDict, total=False):
    """AWS: no members."""


class ReceiveMessageRequest(TypedDict, total=False):
    """AWS: ReceiveMessageRequest."""

    QueueUrl: Required[str]
    AttributeNames: list[str]
    MessageSystemAttributeNames: list[str]
    MessageAttributeNames: list[str]
    MaxNumberOfMessages: int
    VisibilityTimeout: int
    WaitTimeSeconds: int
    ReceiveRequestAttemptId: str


class ReceiveMessageResult(TypedDict, total=False):
    """AWS: ReceiveMessageResult."""

    Messages: list[Message]


class Message(TypedDict, total=False):
    """AWS: Message."""

    MessageId: str
    ReceiptHandle: str
    MD5OfBody: str
    Body: str
    Attributes: dict[str, str]
    MD5OfMessageAttributes: str
    MessageAttributes: dict[str, MessageAttributeValue]


class MessageAttributeValue(TypedDict, total=False):
    """AWS: MessageAttributeValue."""

    StringValue: str
    BinaryValue: bytes
    StringListValues: list[str]
    BinaryListValues: list[bytes]
    DataType: Required[str]


class RemovePermissionRequest(TypedDict, total=False):
    """AWS: RemovePermissionRequest."""

    QueueUrl: Required[str]
    Label: Required[str]


class RemovePermissionResult(TypedDict, total=False):
    """AWS: no members."""


class SendMessageRequest(TypedDict, total=False):
    """AWS: SendMessageRequest."""

    QueueUrl: Required[str]
    MessageBody: Required[str]
    DelaySeconds: int
    MessageAttributes: dict[str, MessageAttributeValue]
    MessageSystemAttributes: dict[str, MessageSystemAttributeValue]
    MessageDeduplicationId: str
    MessageGroupId: str


class MessageSystemAttributeValue(TypedDict, total=False):
    """AWS: MessageSystemAttributeValue."""

    StringValue: str
    BinaryValue: bytes
    StringListValues: list[str]
    BinaryListValues: list[bytes]
    DataType: Required[str]


class SendMessageResult(TypedDict, total=False):
    """AWS: SendMessageResult."""

    MD5OfMessageBody: str
    MD5OfMessageAttributes: str
    MD5OfMessageSystemAttributes: str
    MessageId: str
    SequenceNumber: str


class SendMessageBatchRequest(TypedDict, total=False):
    """AWS: SendMessageBatchRequest."""

    QueueUrl: Required[str]
    Entries: Required[list[SendMessageBatchRequestEntry]]


class SendMessageBatchRequestEntry(TypedDict, total=False):
    """AWS: SendMessageBatchRequestEntry."""

    Id: Required[str]
    MessageBody: Required[str]
    DelaySeconds: int
    MessageAttributes: dict[str, MessageAttributeValue]
    MessageSystemAttributes: dict[str, MessageSystemAttributeValue]
    MessageDeduplicationId: str
    MessageGroupId: str


class SendMessageBatchResult(TypedDict, total=False):
    """AWS: SendMessageBatchResult."""

    Successful: Required[list[SendMessageBatchResultEntry]]
    Failed: Required[list[BatchResultErrorEntry]]


class SendMessageBatchResultEntry(TypedDict, total=False):
    """AWS: SendMessageBatchResultEntry."""

    Id: Required[str]
    MessageId: Required[str]
    MD5OfMessageBody: Required[str]
    MD5OfMessageAttributes: str
    MD5OfMessageSystemAttributes: str
    SequenceNumber: str


class SetQueueAttributesRequest(TypedDict, total=False):
    """AWS: SetQueueAttributesRequest."""

    QueueUrl: Required[str]
    Attributes: Required[dict[str, str]]


class SetQueueAttributesResult(TypedDict, total=False):
    """AWS: no members."""


class StartMessageMoveTaskRequest(TypedDict, total=False):
    """AWS: StartMessageMoveTaskRequest."""

    SourceArn: Required[str]
    DestinationArn: str
    MaxNumberOfMessagesPerSecond: int


class StartMessageMoveTaskResult(TypedDict, total=False):
    """AWS: StartMessageMoveTaskResult."""

    TaskHandle: str


class TagQueueRequest(TypedDict, total=False):
    """AWS: TagQueueRequest."""

    QueueUrl: Required[str]
    Tags: Required[dict[str, str]]


class TagQueueResult(TypedDict, total=False):
    """AWS: no members."""


class UntagQueueRequest(TypedDict, total=False):
    """AWS: UntagQueueRequest."""

    QueueUrl: Required[str]
    TagKeys: Required[list[str]]


class UntagQueueResult(TypedDict, total=False):
    """AWS: no members."""
