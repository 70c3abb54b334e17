"""Errors of the SES API v2. AWS: SES API v2 Reference (2019-09-27), Errors of each action."""

from __future__ import annotations

from kamome.errors import AwsError


class AccountSuspendedException(AwsError):
    """The account's permission to send has been taken away."""


class AlreadyExistsException(AwsError):
    """A resource of this name exists."""


class BadRequestException(AwsError):
    """The input is invalid."""


class ConcurrentModificationException(AwsError):
    """Another call is changing the same resource."""

    status = 500
    fault = "Receiver"


class ConflictException(AwsError):
    """The resource is in a state in which this cannot be done, or another owns it."""

    status = 409


class InternalServiceErrorException(AwsError):
    """The request could not be worked."""

    status = 500
    fault = "Receiver"


class InvalidNextTokenException(AwsError):
    """The token is not one that was given out."""


class LimitExceededException(AwsError):
    """A quota is reached."""


class MailFromDomainNotVerifiedException(AwsError):
    """The custom MAIL FROM domain's records are missing, and it must be used."""


class MessageRejected(AwsError):
    """The mail is not sent."""


class NotFoundException(AwsError):
    """There is no such resource."""

    status = 404


class SendingPausedException(AwsError):
    """Sending is switched off for the account, or for the configuration set."""


class TooManyRequestsException(AwsError):
    """More than the rate allows."""

    status = 429
