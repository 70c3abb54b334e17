"""Errors of SES as its query protocol names them. AWS: SES API Reference (2010-12-01), Errors.

The model's shapes are called `…Exception`; what travels, and what the classes are named, is the
code without it.
"""

from __future__ import annotations

from kamome.errors import AwsError


class AccountSendingPausedException(AwsError):
    """Sending is switched off for the account."""


class AlreadyExists(AwsError):
    """A rule or rule set of this name exists. Member: `Name`."""


class CannotDelete(AwsError):
    """The rule set is active. Member: `Name`."""


class ConfigurationSetAlreadyExists(AwsError):
    """A set of this name exists. Member: `ConfigurationSetName`."""


class ConfigurationSetSendingPausedException(AwsError):
    """Sending is switched off for the set. Member: `ConfigurationSetName`."""


class ConfigurationSetDoesNotExist(AwsError):
    """No set of this name. Member: `ConfigurationSetName`."""


class CustomVerificationEmailInvalidContent(AwsError):
    """The content cannot be sent."""


class CustomVerificationEmailTemplateAlreadyExists(AwsError):
    """There is such a template. Member: `CustomVerificationEmailTemplateName`."""


class CustomVerificationEmailTemplateDoesNotExist(AwsError):
    """There is no such template. Member: `CustomVerificationEmailTemplateName`."""


class EventDestinationAlreadyExists(AwsError):
    """The set has a destination of this name. Members: `ConfigurationSetName` and its name."""


class EventDestinationDoesNotExist(AwsError):
    """The set has no such destination. Members: `ConfigurationSetName` and its name."""


class FromEmailAddressNotVerified(AwsError):
    """The template's sender is not verified. Member: `FromEmailAddress`."""


class InvalidCloudWatchDestination(AwsError):
    """The dimensions cannot be used. Members: `ConfigurationSetName` and the destination's name."""


class InvalidConfigurationSet(AwsError):
    """The set cannot be made so."""


class InvalidFirehoseDestination(AwsError):
    """The stream or role cannot be used. Members: `ConfigurationSetName` and the destination's."""


class InvalidSNSDestination(AwsError):
    """The topic cannot be used. Members: `ConfigurationSetName` and the destination's name."""


class InvalidLambdaFunction(AwsError):
    """The function does not exist. Member: `FunctionArn`."""


class InvalidParameterValue(AwsError):
    """A value is outside what SES accepts. AWS: SES Developer Guide, Common errors."""


class InvalidPolicy(AwsError):
    """The document is no sending authorization policy."""


class InvalidRenderingParameter(AwsError):
    """The data cannot be read. Member: `TemplateName`."""


class InvalidS3Configuration(AwsError):
    """The bucket does not exist or cannot be written to. Member: `Bucket`."""


class InvalidTemplate(AwsError):
    """The template cannot be read. Member: `TemplateName`."""


class InvalidTrackingOptions(AwsError):
    """The domain of tracking links is no domain, or not a verified one."""


class InvalidSnsTopic(AwsError):
    """The topic does not exist. Member: `Topic`."""


class LimitExceeded(AwsError):
    """A quota is reached."""


class MailFromDomainNotVerifiedException(AwsError):
    """The custom MAIL FROM domain's record is missing, and it must be used."""


class MessageRejected(AwsError):
    """The mail is not sent."""


class MissingRenderingAttribute(AwsError):
    """The data lack what the template asks for. Member: `TemplateName`."""


class ProductionAccessNotGranted(AwsError):
    """The account is in the sandbox."""


class RuleDoesNotExist(AwsError):
    """No rule of this name in the rule set. Member: `Name`."""


class RuleSetDoesNotExist(AwsError):
    """No rule set of this name. Member: `Name`."""


class TemplateDoesNotExist(AwsError):
    """There is no such template. Member: `TemplateName`."""


class Throttling(AwsError):
    """More than the quota or rate allows. AWS: SES API Reference, Common Errors."""


class TrackingOptionsAlreadyExistsException(AwsError):
    """The set has tracking options. Member: `ConfigurationSetName`."""


class TrackingOptionsDoesNotExistException(AwsError):
    """The set has no tracking options. Member: `ConfigurationSetName`."""


class ValidationError(AwsError):
    """A member does not satisfy a constraint. AWS: Common Errors, ValidationError."""
