"""Errors of Systems Manager's Parameter Store, named like its codes.

AWS: Systems Manager API Reference, errors of each action.
"""

from __future__ import annotations

from kamome.errors import AwsError, OperationNotServed


class AccessDeniedException(AwsError):
    """The name is reserved for AWS, or another account's. AWS: Common Errors."""


class HierarchyLevelLimitExceededException(AwsError):
    """The name has more than 15 levels."""


class HierarchyTypeMismatchException(AwsError):
    """The parameter has another type, which cannot be changed."""


class IncompatiblePolicyException(AwsError):
    """The policies contradict each other."""


class InvalidAllowedPatternException(AwsError):
    """The pattern is no regular expression, or takes too long."""


class InvalidFilterKey(AwsError):
    """The list cannot be filtered by that key."""


class InvalidFilterOption(AwsError):
    """The filter's key has no such option."""


class InvalidFilterValue(AwsError):
    """The filter's values are none that its key has."""


class InvalidKeyId(AwsError):
    """The KMS key cannot be used: it does not exist, or not for this."""


class InvalidNextToken(AwsError):
    """The token is none that we gave."""


class InvalidPolicyAttributeException(AwsError):
    """A policy has an attribute that it cannot have, or lacks one."""


class InvalidPolicyTypeException(AwsError):
    """There is no such type of policy."""


class InvalidResourceId(AwsError):
    """There is no such parameter to be tagged."""


class ParameterAlreadyExists(AwsError):
    """There is a parameter of that name, and nobody said to overwrite it."""


class ParameterLimitExceeded(AwsError):
    """The account has as many parameters of that tier as it may have."""


class ParameterMaxVersionLimitExceeded(AwsError):
    """The oldest of 100 versions has a label, so that it cannot make room."""


class ParameterNotFound(AwsError):
    """There is no such parameter."""


class ParameterPatternMismatchException(AwsError):
    """The value does not match the allowed pattern."""


class ParameterVersionLabelLimitExceeded(AwsError):
    """The version would have more than ten labels."""


class ParameterVersionNotFound(AwsError):
    """The parameter has no such version, or none with that label."""


class PoliciesLimitExceededException(AwsError):
    """More than ten policies."""


class TooManyTagsError(AwsError):
    """The parameter would have more than 50 tags."""


class ValidationException(AwsError):
    """The request is not one that Parameter Store takes. AWS: Common Errors, ValidationError."""


def not_served(what: str) -> AwsError:
    """The answer for a part of Systems Manager that Kamome does not do: refused, never left out."""
    return OperationNotServed(f"{what} is not served by Kamome.")
