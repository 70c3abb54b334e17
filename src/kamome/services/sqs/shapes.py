"""Shapes of the operations served here. Generated: do not edit.

By: python tools/generate_shapes.py sqs
From: the model of Amazon Simple Queue Service, 2012-11-05.
"""

from __future__ import annotations

from typing import Required, TypedDict


class ChangeMessageVisibilityRequest(TypedDict, total=False):
    """AWS: ChangeMessageVisibilityRequest."""

    QueueUrl: Required[str]
    ReceiptHandle: Required[str]
    VisibilityTimeout: Required[int]


class ChangeMessageVisibilityResult(TypedDict, total=False):
    """AWS: no members."""


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


class BatchResultErrorEntry(TypedDict, total=False):
    """AWS: BatchResultErrorEntry."""

    Id: Required[str]
    SenderFault: Required[bool]
    Code: Required[str]
    Message: str


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
