"""Errors of SQS, named as the service model names them.

`query_code` is what clients of the query protocol see. AWS: SQS API Reference, Common Errors and
the Errors section of each action.
"""

from __future__ import annotations

from kamome.errors import AwsError


class QueueDoesNotExist(AwsError):
    """The queue does not exist, or not for this caller."""

    query_code = "AWS.SimpleQueueService.NonExistentQueue"

    def __init__(self, message: str = "The specified queue does not exist.") -> None:
        super().__init__(message)


class QueueNameExists(AwsError):
    """A queue of this name exists with other attributes."""

    query_code = "QueueAlreadyExists"


class QueueDeletedRecently(AwsError):
    """The name of a deleted queue is blocked for 60 seconds."""

    query_code = "AWS.SimpleQueueService.QueueDeletedRecently"

    def __init__(self) -> None:
        super().__init__(
            "You must wait 60 seconds after deleting a queue before you can create another with"
            " the same name."
        )


class PurgeQueueInProgress(AwsError):
    """A queue can be purged once in 60 seconds."""

    status = 403
    query_code = "AWS.SimpleQueueService.PurgeQueueInProgress"

    def __init__(self, name: str) -> None:
        super().__init__(f"Only one PurgeQueue operation on {name} is allowed every 60 seconds.")


class InvalidAttributeName(AwsError):
    """An attribute that the queue's kind does not have."""


class InvalidAttributeValue(AwsError):
    """An attribute value out of its range."""


class InvalidParameterValue(AwsError):
    """A parameter is not well-formed. Not in the model: AWS: SQS API Reference, Common Errors."""

    code = "InvalidParameterValueException"
    query_code = "InvalidParameterValue"


class ReceiptHandleExpired(InvalidParameterValue):
    """A FIFO message can be deleted while it is in flight only. Not in the model: as above."""

    code = "InvalidParameterValueException"

    def __init__(self, handle: str) -> None:
        super().__init__(
            f"Value {handle[:1024]} for parameter ReceiptHandle is invalid. Reason: The receipt"
            " handle has expired."
        )


class MissingParameter(AwsError):
    """A parameter is missing. Not in the model: AWS: SQS API Reference, Common Errors."""

    code = "MissingRequiredParameterException"
    query_code = "MissingParameter"


class InvalidAddress(AwsError):
    """The queue URL is not one."""

    status = 404

    def __init__(self, address: str) -> None:
        super().__init__(f"The address {address} is not valid for this endpoint.")


class InvalidMessageContents(AwsError):
    """The body holds characters that XML 1.0 forbids."""


class ReceiptHandleIsInvalid(AwsError):
    """The receipt handle is not one this queue issued."""

    status = 404

    def __init__(self, handle: str) -> None:
        super().__init__(
            f'The input receipt handle "{handle[:1024]}" is not a valid receipt handle.'
        )


class MessageNotInflight(AwsError):
    """The message is visible again, so its visibility cannot be changed."""

    query_code = "AWS.SimpleQueueService.MessageNotInflight"

    def __init__(self) -> None:
        super().__init__("The specified message isn't in flight.")


class OverLimit(AwsError):
    """Too many messages are in flight, or a policy has too many permissions."""

    status = 403


class ResourceNotFoundException(AwsError):
    """A queue or task that a move task names does not exist."""

    status = 404
    query_code = "ResourceNotFoundException"


class UnsupportedOperation(AwsError):
    """The operation does not fit this kind of queue."""

    query_code = "AWS.SimpleQueueService.UnsupportedOperation"


class EmptyBatchRequest(AwsError):
    """A batch has no entries."""

    query_code = "AWS.SimpleQueueService.EmptyBatchRequest"

    def __init__(self, entry: str) -> None:
        super().__init__(f"There should be at least one {entry} in the request.")


class TooManyEntriesInBatchRequest(AwsError):
    """A batch has more than ten entries."""

    query_code = "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"

    def __init__(self, count: int) -> None:
        super().__init__(f"Maximum number of entries per request are 10. You have sent {count}.")


class BatchEntryIdsNotDistinct(AwsError):
    """Two entries of a batch have the same id."""

    query_code = "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"

    def __init__(self, entry_id: str) -> None:
        super().__init__(f"Id {entry_id} repeated.")


class InvalidBatchEntryId(AwsError):
    """The id of a batch entry is not 1 to 80 of the allowed characters."""

    query_code = "AWS.SimpleQueueService.InvalidBatchEntryId"

    def __init__(self) -> None:
        super().__init__(
            "A batch entry id can only contain alphanumeric characters, hyphens and underscores."
            " It can be at most 80 letters long."
        )


class BatchRequestTooLong(AwsError):
    """The messages of a batch are longer than the limit together."""

    query_code = "AWS.SimpleQueueService.BatchRequestTooLong"

    def __init__(self, limit: int, size: int) -> None:
        super().__init__(
            f"Batch requests cannot be longer than {limit} bytes. You have sent {size} bytes."
        )
