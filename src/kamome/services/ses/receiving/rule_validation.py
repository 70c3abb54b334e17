"""What a receipt rule may be. Pure but for the questions whether its targets exist.

AWS: SES API Reference, ReceiptRule and the action types.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kamome.errors import AwsError
from kamome.protocols.model import Violation, constraint_sentence
from kamome.services.ses.errors import (
    InvalidLambdaFunction,
    InvalidParameterValue,
    InvalidS3Configuration,
    InvalidSnsTopic,
    LimitExceeded,
    ValidationError,
)
from kamome.services.ses.limits import (
    ACTIONS_PER_RULE_MAX,
    DOMAIN_CHARACTERS_MAX,
    HEADER_NAME_CHARACTERS_MAX,
    HEADER_VALUE_CHARACTERS_MAX,
    NAME_CHARACTERS_MAX,
    OBJECT_KEY_PREFIX_BYTES_MAX,
    RECIPIENTS_PER_RULE_MAX,
)
from kamome.services.ses.ports import SesPorts
from kamome.services.ses.receiving.recipients import normal_domain

if TYPE_CHECKING:
    from kamome.context import RequestContext
    from kamome.services.ses.shapes import (
        AddHeaderAction,
        BounceAction,
        ConnectAction,
        LambdaAction,
        ReceiptAction,
        ReceiptRule,
        S3Action,
        SNSAction,
        StopAction,
        WorkmailAction,
    )


# AWS: SES API Reference, CreateReceiptRuleSet, RuleSetName; ReceiptRule, Name.
_RULE_SET_NAME = r"^[a-zA-Z0-9]([a-zA-Z0-9_-]*[a-zA-Z0-9])?$"
_RULE_NAME = r"^[a-zA-Z0-9]([a-zA-Z0-9_.-]*[a-zA-Z0-9])?$"
_HEADER_NAME = r"^[a-zA-Z0-9-]+$"
_DOMAIN = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))+")
_LOCAL_PART = re.compile(r"[^\s@<>,;:\"()\[\]\\\x00-\x1f\x7f]{1,256}")

# RFC 5321 §4.2.1: a refusal; RFC 3463 §2.
_REPLY_CODE = re.compile(r"[45][0-5][0-9]")
_STATUS_CODE = re.compile(r"[45]\.[0-9]{1,3}\.[0-9]{1,3}")
# AWS: SES API Reference, WorkmailAction; ConnectAction (InstanceARN).
_ORGANIZATION = re.compile(r"arn:[\w-]+:workmail:[a-z0-9-]+:[0-9]{12}:organization/[\w-]+")
_INSTANCE = re.compile(r"arn:[\w-]+:connect:[a-z0-9-]+:[0-9]{1,20}:instance/[a-f0-9-]{36}")


def check_rule_set_name(name: str, path: str = "ruleSetName") -> None:
    """Letters, numbers, `_` and `-`, 64 at most, ends that are letters or numbers.

    Raises:
        ValidationError: the name is another.

    AWS: SES API Reference, CreateReceiptRuleSet.
    """
    _check_name(name, _RULE_SET_NAME, path)


def check_rule_name(name: str, path: str) -> None:
    """As a rule set's name, and periods.

    Raises:
        ValidationError: the name is another.

    AWS: SES API Reference, ReceiptRule.
    """
    _check_name(name, _RULE_NAME, path)


def checked_domain(domain: str) -> str:
    """A domain in the form in which it is kept: lower case, A-labels.

    Raises:
        InvalidParameterValue: it is no domain name.

    AWS: SES API Reference, VerifyDomainIdentity.
    """
    normal = normal_domain(domain)
    if not is_domain(normal):
        raise InvalidParameterValue(f"Invalid domain name {domain}.")
    return normal


def is_domain(normal: str) -> bool:
    """Whether a normalized name is one of at least two labels. RFC 1035 §2.3.1."""
    return len(normal) <= DOMAIN_CHARACTERS_MAX and _DOMAIN.fullmatch(normal) is not None


def checked_rule(rule: ReceiptRule, ports: SesPorts, ctx: RequestContext) -> ReceiptRule:
    """The rule as it is kept and described: checked, with the defaults filled in.

    Raises:
        ValidationError: a name or header is not as AWS wants it.
        InvalidParameterValue: a recipient is neither address nor domain; an action holds more or
            less than one; a prefix is too long.
        LimitExceeded: more than 100 recipients or 10 actions.
        InvalidS3Configuration, InvalidSnsTopic, InvalidLambdaFunction: the target does not exist,
            or the key cannot be used.

    AWS: SES API Reference, ReceiptRule.
    """
    check_rule_name(rule["Name"], "rule.name")
    recipients = rule.get("Recipients", [])
    if len(recipients) > RECIPIENTS_PER_RULE_MAX:
        raise LimitExceeded(f"A rule can have at most {RECIPIENTS_PER_RULE_MAX} recipients.")
    for recipient in recipients:
        _check_recipient(recipient)
    actions = rule.get("Actions", [])
    if len(actions) > ACTIONS_PER_RULE_MAX:
        raise LimitExceeded(f"A rule can have at most {ACTIONS_PER_RULE_MAX} actions.")
    return {
        "Name": rule["Name"],
        "Enabled": rule.get("Enabled", False),
        "TlsPolicy": rule.get("TlsPolicy", "Optional"),
        "Recipients": list(recipients),
        "Actions": [
            _checked_action(action, f"rule.actions.{number}.member", ports, ctx)
            for number, action in enumerate(actions, start=1)
        ],
        "ScanEnabled": rule.get("ScanEnabled", False),
    }


def _check_name(name: str, pattern: str, path: str) -> None:
    violations = []
    member = path.rpartition(".")[2]
    if len(name) > NAME_CHARACTERS_MAX:
        violations.append(Violation(path, "max_length", NAME_CHARACTERS_MAX, name, member))
    if not re.fullmatch(pattern, name):
        violations.append(Violation(path, "pattern", pattern, name, member))
    if violations:
        raise ValidationError(constraint_sentence(violations))


def _check_recipient(recipient: str) -> None:
    local, at, domain = recipient.rpartition("@")
    name = normal_domain(domain if at else domain.removeprefix("."))
    if not is_domain(name) or (at and not _LOCAL_PART.fullmatch(local)):
        raise InvalidParameterValue(f"Invalid recipient: {recipient}.")


def _checked_action(
    action: ReceiptAction, path: str, ports: SesPorts, ctx: RequestContext
) -> ReceiptAction:
    if len(action) != 1:
        raise InvalidParameterValue("A receipt action holds exactly one action.")
    if "S3Action" in action:
        return {"S3Action": _checked_s3(action["S3Action"], ports, ctx)}
    if "SNSAction" in action:
        return {"SNSAction": _checked_sns(action["SNSAction"], ports)}
    if "LambdaAction" in action:
        return {"LambdaAction": _checked_lambda(action["LambdaAction"], ports)}
    if "AddHeaderAction" in action:
        return {"AddHeaderAction": _checked_header(action["AddHeaderAction"], path)}
    if "BounceAction" in action:
        return {"BounceAction": _checked_bounce(action["BounceAction"], ports)}
    if "WorkmailAction" in action:
        return {"WorkmailAction": _checked_workmail(action["WorkmailAction"], ports)}
    if "ConnectAction" in action:
        return {"ConnectAction": _checked_connect(action["ConnectAction"])}
    return {"StopAction": _checked_stop(action["StopAction"], ports)}


def _checked_s3(action: S3Action, ports: SesPorts, ctx: RequestContext) -> S3Action:
    if len(action.get("ObjectKeyPrefix", "").encode()) > OBJECT_KEY_PREFIX_BYTES_MAX:
        raise InvalidParameterValue(
            f"ObjectKeyPrefix can have at most {OBJECT_KEY_PREFIX_BYTES_MAX} bytes."
        )
    bucket = action["BucketName"]
    if not ports.bucket_exists(bucket):
        raise InvalidS3Configuration(f"Could not write to bucket: {bucket}", {"Bucket": bucket})
    if "KmsKeyArn" in action:
        _check_key(action["KmsKeyArn"], bucket, ports, ctx)
    _check_topic(action.get("TopicArn"), ports)
    return action


def _check_key(key_arn: str, bucket: str, ports: SesPorts, ctx: RequestContext) -> None:
    """Whether mails can be encrypted under a key, named by its ARN or an alias's.

    AWS: SES API Reference, S3Action (KmsKeyArn); InvalidS3ConfigurationException.
    """
    try:
        if not key_arn.startswith("arn:"):
            raise InvalidParameterValue("it is no ARN")
        ports.generate_data_key(ctx.as_service("ses.amazonaws.com"), key_arn, {})
    except AwsError as refusal:
        raise InvalidS3Configuration(
            f"Could not encrypt with the KMS key {key_arn}: {refusal}", {"Bucket": bucket}
        ) from None


def _checked_sns(action: SNSAction, ports: SesPorts) -> SNSAction:
    _check_topic(action["TopicArn"], ports)
    return {"TopicArn": action["TopicArn"], "Encoding": action.get("Encoding", "UTF-8")}


def _checked_lambda(action: LambdaAction, ports: SesPorts) -> LambdaAction:
    arn = action["FunctionArn"]
    if not ports.function_exists(arn):
        raise InvalidLambdaFunction(
            f"Could not invoke Lambda function: {arn}", {"FunctionArn": arn}
        )
    _check_topic(action.get("TopicArn"), ports)
    checked: LambdaAction = {**action, "InvocationType": action.get("InvocationType", "Event")}
    return checked


def _checked_bounce(action: BounceAction, ports: SesPorts) -> BounceAction:
    code, status = action["SmtpReplyCode"], action.get("StatusCode")
    if not _REPLY_CODE.fullmatch(code):
        raise InvalidParameterValue(f"Invalid SMTP reply code: {code}.")
    if status is not None and not (_STATUS_CODE.fullmatch(status) and status[0] == code[0]):
        raise InvalidParameterValue(f"Invalid status code: {status}.")
    if not action["Message"].strip():
        raise InvalidParameterValue("The message of a bounce must not be empty.")
    local, _, domain = action["Sender"].rpartition("@")
    if not is_domain(normal_domain(domain)) or not _LOCAL_PART.fullmatch(local):
        raise InvalidParameterValue(f"Invalid sender: {action['Sender']}.")
    _check_topic(action.get("TopicArn"), ports)
    return action


def _checked_workmail(action: WorkmailAction, ports: SesPorts) -> WorkmailAction:
    """Kept and recorded for each mail; there is no WorkMail to call."""
    if not _ORGANIZATION.fullmatch(action["OrganizationArn"]):
        raise InvalidParameterValue(f"Invalid organization ARN: {action['OrganizationArn']}.")
    _check_topic(action.get("TopicArn"), ports)
    return action


def _checked_connect(action: ConnectAction) -> ConnectAction:
    """Kept and recorded for each mail; there is no Amazon Connect to call."""
    if not _INSTANCE.fullmatch(action["InstanceARN"]):
        raise InvalidParameterValue(f"Invalid instance ARN: {action['InstanceARN']}.")
    return action


def _checked_stop(action: StopAction, ports: SesPorts) -> StopAction:
    _check_topic(action.get("TopicArn"), ports)
    return action


def _checked_header(action: AddHeaderAction, path: str) -> AddHeaderAction:
    name, value = action["HeaderName"], action["HeaderValue"]
    at = f"{path}.addHeaderAction"
    violations = []
    if len(name) > HEADER_NAME_CHARACTERS_MAX:
        bound = HEADER_NAME_CHARACTERS_MAX
        violations.append(Violation(f"{at}.headerName", "max_length", bound, name, "HeaderName"))
    if not re.fullmatch(_HEADER_NAME, name):
        violations.append(
            Violation(f"{at}.headerName", "pattern", _HEADER_NAME, name, "HeaderName")
        )
    if len(value) > HEADER_VALUE_CHARACTERS_MAX:
        bound = HEADER_VALUE_CHARACTERS_MAX
        violations.append(Violation(f"{at}.headerValue", "max_length", bound, value, "HeaderValue"))
    if "\r" in value or "\n" in value:
        violations.append(
            Violation(f"{at}.headerValue", "pattern", r"[^\r\n]*", value, "HeaderValue")
        )
    if violations:
        raise ValidationError(constraint_sentence(violations))
    return action


def _check_topic(arn: str | None, ports: SesPorts) -> None:
    if arn is not None and not ports.topic_exists(arn):
        raise InvalidSnsTopic(f"Invalid SNS topic: {arn}", {"Topic": arn})
