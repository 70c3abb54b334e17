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


class ResourceNotFound(AwsError):
    """The resource to tag, or the phone number, does not exist."""

    status = 404


class FilterPolicyLimitExceeded(AwsError):
    """The topic has as many filter policies as it may."""

    status = 403


class InvalidState(AwsError):
    """The topic is in a state that forbids this: it has an archive."""


class EndpointDisabled(AwsError):
    """The mobile endpoint takes no messages."""


class PlatformApplicationDisabled(AwsError):
    """The mobile application takes no messages."""


class BatchEntryIdsNotDistinct(AwsError):
    """Two or more entries of a batch have the same id."""


class BatchRequestTooLong(AwsError):
    """The messages of a batch are longer together than a message may be."""


class EmptyBatchRequest(AwsError):
    """A batch without entries."""


class InvalidBatchEntryId(AwsError):
    """An entry's id is not one."""


class TooManyEntriesInBatchRequest(AwsError):
    """A batch of more than ten entries."""


class UserError(AwsError):
    """A request on the SMS sandbox does not fit its state."""


class VerificationException(AwsError):
    """The one-time password does not fit the phone number."""


class EndpointRefused(AwsError):
    """An HTTP(S) endpoint answered so that no further attempt will help. Not in the model."""


class EndpointUnavailable(AwsError):
    """An HTTP(S) endpoint did not answer, or with a status that may pass. Not in the model."""

    status = 503
    fault = "Receiver"


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
