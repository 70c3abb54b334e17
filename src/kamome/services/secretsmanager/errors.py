"""Errors of Secrets Manager, named like its codes.

AWS: Secrets Manager API Reference, errors of each action.
"""

from __future__ import annotations

from kamome.errors import AwsError, OperationNotServed


class AccessDeniedException(AwsError):
    """The secret is another account's. AWS: Common Errors."""


class DecryptionFailure(AwsError):
    """KMS does not decrypt the value: its key is disabled, or is to be deleted."""


class EncryptionFailure(AwsError):
    """KMS does not encrypt the value with the key that was asked for."""


class InvalidNextTokenException(AwsError):
    """The token is none that we gave."""


class InvalidParameterException(AwsError):
    """A parameter's value is not one that may be."""


class InvalidRequestException(AwsError):
    """The secret is in a state in which this cannot be done."""


class LimitExceededException(AwsError):
    """The account would have too many secrets, or a secret too many versions or labels."""


class ResourceExistsException(AwsError):
    """There is a secret of that name, or a version of that id with another value."""


class ResourceNotFoundException(AwsError):
    """There is no such secret, or no such version of it."""


class ValidationException(AwsError):
    """A member does not keep to the model's constraints. AWS: Common Errors, ValidationError."""


def not_served(what: str) -> AwsError:
    """The answer for a part of Secrets Manager that Kamome does not do."""
    return OperationNotServed(f"{what} is not served by Kamome.")
