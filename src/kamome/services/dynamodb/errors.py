"""Errors of DynamoDB, named exactly like AWS's codes.

AWS: DynamoDB Developer Guide, Error handling with DynamoDB; API Reference, Common Errors.
"""

from __future__ import annotations

from kamome.errors import AwsError


class ValidationException(AwsError):
    """The request is not one that DynamoDB can carry out. Not in the service model.

    AWS: Error handling, ValidationException.
    """


class ResourceNotFoundException(AwsError):
    """The table does not exist, or is not ACTIVE yet. AWS: Error handling."""


class ResourceInUseException(AwsError):
    """The table exists already, or is being created or deleted. AWS: Error handling."""


class ConditionalCheckFailedException(AwsError):
    """The condition of a write did not hold; `Item` is its member where the caller asked for it.

    AWS: API Reference, PutItem, Errors.
    """


class LimitExceededException(AwsError):
    """Too many tables, or too many of them being changed at once. AWS: Error handling."""


class AccessDeniedException(AwsError):
    """The table's ARN names another account, and no resource policy lets us in.

    Not in the service model. AWS: Error handling, AccessDeniedException.
    """
