"""Why a mail is not sent, and how each API says so.

`kind` is the word that SendBulkTemplatedEmail has for it; from it follow the error of either API,
the status of one destination of a bulk call, and the reply of SMTP.

AWS: SES API Reference, BulkEmailDestinationStatus; SES Developer Guide, Amazon SES email sending
errors.
"""

from __future__ import annotations

from collections.abc import Mapping

from kamome.errors import AccessDenied, AwsError
from kamome.services.ses import errors, errors_v2

MESSAGE_REJECTED = "MessageRejected"
MAIL_FROM_NOT_VERIFIED = "MailFromDomainNotVerified"
CONFIGURATION_SET_MISSING = "ConfigurationSetDoesNotExist"
# The identity's own set is gone. AWS: SES Developer Guide, Default configuration sets.
DEFAULT_SET_MISSING = "DefaultConfigurationSetDoesNotExist"
TEMPLATE_MISSING = "TemplateDoesNotExist"
THROTTLED = "AccountThrottled"
QUOTA_EXCEEDED = "AccountDailyQuotaExceeded"
ACCOUNT_PAUSED = "AccountSendingPaused"
CONFIGURATION_SET_PAUSED = "ConfigurationSetSendingPaused"
INVALID = "InvalidParameterValue"
NOT_ALLOWED = "NotAllowed"

# BulkEmailStatus of the second API.
STATUS_V2: Mapping[str, str] = {
    MESSAGE_REJECTED: "MESSAGE_REJECTED",
    MAIL_FROM_NOT_VERIFIED: "MAIL_FROM_DOMAIN_NOT_VERIFIED",
    CONFIGURATION_SET_MISSING: "CONFIGURATION_SET_NOT_FOUND",
    DEFAULT_SET_MISSING: "CONFIGURATION_SET_NOT_FOUND",
    TEMPLATE_MISSING: "TEMPLATE_NOT_FOUND",
    THROTTLED: "ACCOUNT_THROTTLED",
    QUOTA_EXCEEDED: "ACCOUNT_DAILY_QUOTA_EXCEEDED",
    ACCOUNT_PAUSED: "ACCOUNT_SENDING_PAUSED",
    CONFIGURATION_SET_PAUSED: "CONFIGURATION_SET_SENDING_PAUSED",
    INVALID: "INVALID_PARAMETER",
    NOT_ALLOWED: "FAILED",
}


class SendRefused(Exception):
    """A mail that is not sent. `name` is the configuration set or template that it is about."""

    def __init__(self, kind: str, message: str, name: str = "") -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.name = name


def status_v1(refused: SendRefused) -> str:
    """BulkEmailStatus of the first API.

    AWS: SES API Reference, BulkEmailDestinationStatus.
    """
    if refused.kind == DEFAULT_SET_MISSING:
        return CONFIGURATION_SET_MISSING
    return "Failed" if refused.kind == NOT_ALLOWED else refused.kind


def error_v1(refused: SendRefused) -> AwsError:
    """The refusal as the first API says it.

    AWS: SES API Reference, SendEmail (Errors).
    """
    kind, message, name = refused.kind, refused.message, refused.name
    if kind in (CONFIGURATION_SET_MISSING, DEFAULT_SET_MISSING):
        return errors.ConfigurationSetDoesNotExist(message, {"ConfigurationSetName": name})
    if kind == CONFIGURATION_SET_PAUSED:
        members = {"ConfigurationSetName": name}
        return errors.ConfigurationSetSendingPausedException(message, members)
    if kind == TEMPLATE_MISSING:
        return errors.TemplateDoesNotExist(message, {"TemplateName": name})
    plain: dict[str, type[AwsError]] = {
        MESSAGE_REJECTED: errors.MessageRejected,
        MAIL_FROM_NOT_VERIFIED: errors.MailFromDomainNotVerifiedException,
        THROTTLED: errors.Throttling,
        QUOTA_EXCEEDED: errors.Throttling,
        ACCOUNT_PAUSED: errors.AccountSendingPausedException,
        INVALID: errors.InvalidParameterValue,
        NOT_ALLOWED: AccessDenied,
    }
    return plain[kind](message)


def error_v2(refused: SendRefused) -> AwsError:
    """The refusal as the second API says it.

    AWS: SES API v2 Reference, SendEmail (Errors).
    """
    found: dict[str, type[AwsError]] = {
        MESSAGE_REJECTED: errors_v2.MessageRejected,
        MAIL_FROM_NOT_VERIFIED: errors_v2.MailFromDomainNotVerifiedException,
        CONFIGURATION_SET_MISSING: errors_v2.NotFoundException,
        DEFAULT_SET_MISSING: errors_v2.BadRequestException,
        TEMPLATE_MISSING: errors_v2.NotFoundException,
        THROTTLED: errors_v2.TooManyRequestsException,
        QUOTA_EXCEEDED: errors_v2.LimitExceededException,
        ACCOUNT_PAUSED: errors_v2.SendingPausedException,
        CONFIGURATION_SET_PAUSED: errors_v2.SendingPausedException,
        INVALID: errors_v2.BadRequestException,
        NOT_ALLOWED: AccessDenied,
    }
    return found[refused.kind](refused.message)
