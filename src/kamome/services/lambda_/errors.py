"""Errors of AWS Lambda, named like its codes. AWS: Lambda API Reference, errors of each action."""

from __future__ import annotations

from kamome.errors import AwsError, OperationNotServed


class ValidationException(AwsError):
    """A member does not satisfy the model's constraints. AWS: Lambda API, Common Errors."""


class InvalidParameterValueException(AwsError):
    """One of the parameters in the request is not valid."""


class ResourceConflictException(AwsError):
    """The resource already exists, or another operation is in progress."""

    status = 409


class ResourceNotFoundException(AwsError):
    """The resource specified in the request does not exist."""

    status = 404


class ResourceInUseException(AwsError):
    """The operation conflicts with the resource's availability."""


class PreconditionFailedException(AwsError):
    """The RevisionId provided does not match the latest RevisionId."""

    status = 412


class ProvisionedConcurrencyConfigNotFoundException(AwsError):
    """The specified configuration does not exist."""

    status = 404


class CodeSigningConfigNotFoundException(AwsError):
    """The specified code signing configuration does not exist."""

    status = 404


class PolicyLengthExceededException(AwsError):
    """The permissions policy for the resource is too large."""


class CodeStorageExceededException(AwsError):
    """The account's total code size per Region would be exceeded."""


class InvalidRequestContentException(AwsError):
    """The request body could not be parsed as JSON."""


class RequestEntityTooLargeException(AwsError):
    """The payload exceeds the Invoke request limit. The code is not in the model.

    The model says `RequestTooLargeException`; what AWS sends, by the reports of its users, is this
    code, so no modelled exception class ever matches it, there or here.
    """

    status = 413


class TooManyRequestsException(AwsError):
    """The request throughput or concurrency limit was exceeded. `Reason` is a ThrottleReason.

    `is_stopped`: the function's reserved concurrency is 0, so waiting is no use.
    """

    status = 429

    def __init__(
        self, reason: str = "ConcurrentInvocationLimitExceeded", *, is_stopped: bool = False
    ) -> None:
        super().__init__("Rate Exceeded.", {"Reason": reason})
        self.is_stopped = is_stopped


class AccessDeniedException(AwsError):
    """The function is in another account, which no policy opens. AWS: Common Errors."""

    status = 403


class MissingAuthenticationTokenException(AwsError):
    """Nobody has signed the request. AWS: Common Errors."""

    status = 403


class ServiceException(AwsError):
    """The Lambda service encountered an internal error."""

    status = 500
    fault = "Receiver"


def not_served(what: str) -> OperationNotServed:
    """A parameter that AWS has and Kamome does not serve: refused by name, never ignored."""
    return OperationNotServed(f"Kamome does not serve Lambda's {what}.")


def constraint(value: object, member: str, words: str) -> ValidationException:
    """One violated constraint, in the words of the model's own validation."""
    return ValidationException(
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy"
        f" constraint: {words}"
    )
