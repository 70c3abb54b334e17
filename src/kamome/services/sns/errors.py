"""SNS's errors, by the codes of the query protocol.

Their shapes in the service model end in `Exception` (`InvalidParameterException`); the code on the
wire does not.

AWS: SNS API Reference, Common Errors and the Errors section of each operation.
"""

from __future__ import annotations

from kamome.errors import AwsError, OperationNotServed


class InvalidParameter(AwsError):
    """A parameter does not keep to its constraints. `Invalid parameter: <what> Reason: <why>`."""


class ParameterValueInvalid(AwsError):
    """A message attribute does not keep to its constraints."""


class NotFound(AwsError):
    """The topic or subscription does not exist."""

    status = 404


class AuthorizationError(AwsError):
    """The caller may not do this to the resource."""

    status = 403


class TopicLimitExceeded(AwsError):
    """The account has as many topics as it may."""

    status = 403


class SubscriptionLimitExceeded(AwsError):
    """The topic has as many subscriptions as it may."""

    status = 403


class TagLimitExceeded(AwsError):
    """More tags than a topic may have."""


def invalid(what: str, reason: str = "") -> InvalidParameter:
    """SNS's usual sentence: `Invalid parameter: <what>`, then ` Reason: <why>` where it has one."""
    return InvalidParameter(
        f"Invalid parameter: {what} Reason: {reason}" if reason else f"Invalid parameter: {what}"
    )


def topic_not_found() -> NotFound:
    """SNS's sentence for a topic that is not there."""
    return NotFound("Topic does not exist")


def subscription_not_found() -> NotFound:
    """SNS's sentence for a subscription that is not there."""
    return NotFound("Subscription does not exist")


def not_served(what: str) -> OperationNotServed:
    """The refusal of something that SNS has and this slice does not serve, by its name."""
    return OperationNotServed(f"Kamome does not serve {what} of SNS.")
