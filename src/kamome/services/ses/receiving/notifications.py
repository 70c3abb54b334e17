"""What SES tells SNS topics and Lambda functions of a received mail, in its own JSON.

AWS: SES Developer Guide, Contents of notifications for email receiving; Examples of notifications;
Invoke Lambda function action (event records).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import orjson

from kamome.mail.envelope import Mail
from kamome.mail.header_fields import Field, address_of, decode_words, first, split_addresses
from kamome.services.ses.limits import NOTIFIED_HEADER_BYTES_MAX
from kamome.services.ses.receiving.headers import Verdicts, dmarc_policy
from kamome.services.ses.receiving.receiving import PlannedAction
from kamome.services.ses.told_texts import cut, fitting

SUBJECT = "Amazon SES Email Receipt Notification"

_FOLD = re.compile(r"\r\n[ \t]+")
# Event name of a header, and whether its value is a list of mailboxes.
_COMMON_HEADERS = (
    ("from", "From", True),
    ("date", "Date", False),
    ("to", "To", True),
    ("cc", "Cc", True),
    ("bcc", "Bcc", True),
    ("sender", "Sender", False),
    ("replyTo", "Reply-To", True),
    ("messageId", "Message-ID", False),
    ("subject", "Subject", False),
)


def mail_object(
    mail: Mail, prepended: Sequence[tuple[str, str]], fields: Sequence[Field]
) -> dict[str, object]:
    """The `mail` object: envelope, headers as they stand, common headers decoded.

    `destination` is the list of the To and Cc headers, as documented, or the envelope's recipients
    where the mail has neither. Headers beyond 10 KB are left out and `headersTruncated` says so.
    """
    own = [Field(name, _FOLD.sub(" ", value)) for name, value in prepended]
    everything = [*own, *fields]
    kept = _within_limit(everything)
    return {
        "timestamp": timestamp(mail.received_at_ms),
        "source": mail.envelope.reverse_path,
        "messageId": mail.mail_id,
        "destination": _destination(mail, fields),
        "headersTruncated": len(kept) < len(everything),
        "headers": [{"name": field.name, "value": field.value} for field in kept],
        "commonHeaders": _common_headers(mail, list(fields)),
    }


def receipt_object(
    mail: Mail,
    planned: PlannedAction,
    checked: Verdicts,
    action: Mapping[str, object],
    now_ms: int,
) -> dict[str, object]:
    """The `receipt` object of one action.

    `timestamp` is when the mail was received, as in AWS's examples; `processingTimeMillis` counts
    from there to the action. `dmarcPolicy` stands with a failed DMARC check alone.
    """
    policy = dmarc_policy(mail.checks)
    return {
        "timestamp": timestamp(mail.received_at_ms),
        "processingTimeMillis": max(0, now_ms - mail.received_at_ms),
        "recipients": list(planned.recipients),
        "spamVerdict": {"status": checked.spam},
        "virusVerdict": {"status": checked.virus},
        "spfVerdict": {"status": checked.spf},
        "dkimVerdict": {"status": checked.dkim},
        "dmarcVerdict": {"status": checked.dmarc},
        **({"dmarcPolicy": policy} if policy else {}),
        "action": action,
    }


def action_object(planned: PlannedAction, mail_id: str) -> dict[str, object]:
    """The `action` object: its type, its topic where it has one, and what it did where."""
    described: dict[str, object] = {"type": planned.kind.removesuffix("Action")}
    action = planned.action
    if "S3Action" in action:
        s3 = action["S3Action"]
        described |= _topic(s3.get("TopicArn"))
        described["bucketName"] = s3["BucketName"]
        described["objectKeyPrefix"] = s3.get("ObjectKeyPrefix", "")
        described["objectKey"] = object_key(s3.get("ObjectKeyPrefix", ""), mail_id)
    elif "SNSAction" in action:
        sns = action["SNSAction"]
        described |= _topic(sns["TopicArn"])
        described["encoding"] = "BASE64" if sns.get("Encoding") == "Base64" else "UTF8"
    elif "LambdaAction" in action:
        function = action["LambdaAction"]
        described |= _topic(function.get("TopicArn"))
        described["functionArn"] = function["FunctionArn"]
        described["invocationType"] = function.get("InvocationType", "Event")
    elif "BounceAction" in action:
        bounce = action["BounceAction"]
        described |= _topic(bounce.get("TopicArn"))
        described["smtpReplyCode"] = bounce["SmtpReplyCode"]
        if "StatusCode" in bounce:
            described["statusCode"] = bounce["StatusCode"]
        described["message"] = bounce["Message"]
        described["sender"] = bounce["Sender"]
    elif "WorkmailAction" in action:
        workmail = action["WorkmailAction"]
        described["type"] = "WorkMail"
        described |= _topic(workmail.get("TopicArn"))
        described["organizationArn"] = workmail["OrganizationArn"]
    elif "StopAction" in action:
        described |= _topic(action["StopAction"].get("TopicArn"))
    return described


def object_key(prefix: str, mail_id: str) -> str:
    """Key of the object of a mail. AWS: SES Developer Guide, Deliver to S3 bucket action."""
    return f"{prefix}{mail_id}"


def notification(
    receipt: Mapping[str, object], mail: Mapping[str, object], content: str | None = None
) -> str:
    """The message published to a topic; with `content` for the SNS action only."""
    message: dict[str, object] = {"notificationType": "Received", "mail": mail, "receipt": receipt}
    if content is not None:
        message["content"] = content
    return _json(message).decode()


def lambda_event(receipt: Mapping[str, object], mail: Mapping[str, object]) -> bytes:
    """The event that a function receives."""
    record = {
        "eventSource": "aws:ses",
        "eventVersion": "1.0",
        "ses": {"mail": mail, "receipt": receipt},
    }
    return _json({"Records": [record]})


def timestamp(at_ms: int) -> str:
    """ISO 8601 with milliseconds and `Z`."""
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at_ms % 1000:03d}Z"


def _topic(arn: str | None) -> dict[str, object]:
    return {"topicArn": arn} if arn else {}


def _within_limit(fields: Sequence[Field]) -> list[Field]:
    kept = []
    left = NOTIFIED_HEADER_BYTES_MAX
    for field in fields:
        left -= len(field.name) + len(field.value.encode("utf-8", "surrogateescape")) + 4
        if left < 0:
            break
        kept.append(field)
    return kept


def _destination(mail: Mail, fields: Sequence[Field]) -> list[str]:
    named = [
        address
        for field in fields
        if field.name.lower() in ("to", "cc")
        for mailbox in split_addresses(field.value)
        if (address := address_of(mailbox))
    ]
    return fitting(list(dict.fromkeys(named)) or list(mail.envelope.recipients))


def _common_headers(mail: Mail, fields: list[Field]) -> dict[str, object]:
    common: dict[str, object] = {"returnPath": mail.envelope.reverse_path}
    for key, name, is_list in _COMMON_HEADERS:
        value = first(fields, name)
        if value is None:
            continue
        common[key] = (
            fitting([decode_words(mailbox) for mailbox in split_addresses(value)])
            if is_list
            else cut(decode_words(value))
        )
    return common


def _json(message: object) -> bytes:
    """Text that came as broken UTF-8 is shown with replacement characters, never refused."""
    try:
        return orjson.dumps(message)
    except TypeError:
        return orjson.dumps(_mended(message))


def _mended(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, Mapping):
        return {key: _mended(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_mended(item) for item in value]
    return value
