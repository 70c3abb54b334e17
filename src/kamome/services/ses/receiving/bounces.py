"""Bounces that we send to the senders of received mails: the Bounce action, SendBounce, give-ups.

They are delivery reports from the null reverse path, so none can be answered by another (RFC 5321
§6.1), and a mail that came from there gets none.

AWS: SES Developer Guide, Return bounce response action; SES API Reference, SendBounce.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from kamome.context import RequestContext
from kamome.mail import dsn
from kamome.mail.envelope import Mail
from kamome.mail.header_fields import Field, header_end
from kamome.mail.outgoing import OutgoingMail
from kamome.services.ses.addresses import AddressInvalid, parse_mailbox
from kamome.services.ses.errors import InvalidParameterValue, MessageRejected
from kamome.services.ses.limits import (
    BOUNCE_AGE_MS_MAX,
    DSN_FIELD_NAME_CHARACTERS_MAX,
    DSN_FIELD_VALUE_CHARACTERS_MAX,
    HEADER_SECTION_BYTES_MAX,
)
from kamome.services.ses.receiving.intake import UNDELIVERED_KIND
from kamome.services.ses.receiving.receipt_jobs import Job
from kamome.services.ses.receiving.recipients import normal_address
from kamome.services.ses.sending.gate import Claim, Speaker, check, verified_identity
from kamome.services.ses.sending.refusals import SendRefused, error_v1
from kamome.services.ses.sending.sent_mails import new_message_id
from kamome.services.ses.sending.system_mails import daemon, system_mail
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Owner
from kamome.storage.outbox import Entry

if TYPE_CHECKING:
    from kamome.services.ses import shapes

SUBJECT = "Delivery Status Notification (Failure)"
_FIELD_NAME = re.compile(r"[A-Za-z0-9-]+")
_STATUS = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}")
# Status and words by BounceType. RFC 3463 §3.
_TYPES = {
    "DoesNotExist": ("5.1.1", "550 5.1.1 The mailbox does not exist"),
    "MessageTooLarge": ("5.3.4", "552 5.3.4 The message is too large"),
    "ExceededQuota": ("5.2.2", "552 5.2.2 The mailbox is full"),
    "ContentRejected": ("5.6.1", "554 5.6.1 The content was rejected"),
    "Undefined": ("5.0.0", "554 5.0.0 The message could not be delivered"),
    "TemporaryFailure": ("4.0.0", "450 4.0.0 The message could not be delivered yet"),
}
# The first second that a date with a year of four digits cannot name.
_YEAR_10000_S = 253_402_300_800
_GIVEN_UP = ("4.4.7", "451 4.4.7 The message could not be processed in time")


async def send_bounce(
    ses: Ses, ctx: RequestContext, request: shapes.SendBounceRequest
) -> shapes.SendBounceResult:
    """Send a bounce to the sender of a mail that was received less than 24 hours ago.

    Raises:
        MessageRejected: no such mail was received by this account; it is older; it has no sender;
            the bounce's sender is not verified; a recipient is not one of the mail's.
        InvalidParameterValue: no recipient is named, one has neither BounceType nor
            RecipientDsnFields, a field of the report is malformed, or BounceSenderArn is no
            identity of the sender's.
        AccessDenied: that identity is another account's, whose policies do not allow it.

    AWS: SES API Reference, SendBounce.
    """
    owner = Owner(ctx.account, ctx.region)
    mail = _bounceable(ses, owner, request["OriginalMessageId"])
    sender = _permitted_sender(ses, ctx, request)
    if not request["BouncedRecipientInfoList"]:
        raise InvalidParameterValue("BouncedRecipientInfoList must name at least one recipient.")
    recipients = [_reported(mail, info) for info in request["BouncedRecipientInfoList"]]
    message_dsn = request.get("MessageDsn")
    explanation = request.get("Explanation") or "\n".join(
        f"{each.final_recipient}: {each.diagnostic or each.status}" for each in recipients
    )
    head = b"".join([piece async for piece in _head(ses, mail)])
    report = dsn.DsnReport(
        sender=sender,
        to=mail.envelope.reverse_path,
        subject=SUBJECT,
        explanation=explanation,
        reporting_mta=_reporting_mta(ctx.region, message_dsn),
        recipients=tuple(recipients),
        original=head[: header_end(head)],
        made_at_ms=ses.clock.now_ms(),
        message_id="",
        boundary="",
        arrived_at_ms=_ms(None if message_dsn is None else message_dsn.get("ArrivalDate"))
        or mail.received_at_ms,
        extension_fields=_extension_fields(
            () if message_dsn is None else message_dsn.get("ExtensionFields", ())
        ),
    )
    with ses.store.engine.atomic():
        return {"MessageId": _spool(ses, owner, report, ctx.trace or mail.trace)}


def check_sender(ses: Ses, owner: Owner, text: str) -> str:
    """The bare address of who sends a bounce, which is a verified identity.

    Raises:
        MessageRejected: it is none.

    AWS: SES API Reference, SendBounce, BounceSender.
    """
    try:
        address = parse_mailbox(text).address
    except AddressInvalid as error:
        raise MessageRejected(f"{error}: {text}") from error
    if verified_identity(ses, owner, address) is None:
        raise MessageRejected(
            "Email address is not verified. The following identities failed the check in region "
            f"{owner.region.upper()}: {address}"
        )
    return address


def _permitted_sender(ses: Ses, ctx: RequestContext, request: shapes.SendBounceRequest) -> str:
    """The bare address of who sends a bounce; with an ARN, by another account's permission."""
    text, arn = request["BounceSender"], request.get("BounceSenderArn", "")
    if not arn:
        return check_sender(ses, Owner(ctx.account, ctx.region), text)
    try:
        mailbox = parse_mailbox(text)
        claim = Claim("SendBounce", Speaker(mailbox.address, arn), (), (), mailbox.name)
        check(ses, ctx, claim)
    except AddressInvalid as error:
        raise MessageRejected(f"{error}: {text}") from error
    except SendRefused as refused:
        raise error_v1(refused) from None
    return mailbox.address


def bounce(job: Job, code: str, status: str, words: str, *, sender: str = "") -> bool:
    """Send a report about the mail of a job, for the recipients of its rule; in the job's step.

    False where the mail came from the null reverse path.

    AWS: SES Developer Guide, Return bounce response action.
    """
    if not job.mail.envelope.reverse_path:
        return False
    status = status or f"{code[:1]}.0.0"
    diagnostic = f"{code} {status} {words}"
    recipients = [_failed(each, status, diagnostic) for each in job.step.planned.recipients]
    report = _report(job.ses, job.step.owner, job.mail, recipients, job.head)
    if sender:
        report = _sent_by(report, parse_mailbox(sender).address, words)
    _spool(job.ses, job.step.owner, report, job.mail.trace)
    return True


def report_later(
    ses: Ses, mail_id: str, owner: Owner, recipients: Sequence[str], *, trace: str
) -> None:
    """A bounce for actions that were given up, by an entry of its own; in the caller's step.

    AWS: SES Developer Guide, Viewing metrics for Amazon SES email receiving.
    """
    payload = {
        "mail_id": mail_id,
        "account": owner.account,
        "region": owner.region,
        "recipients": list(recipients),
    }
    ses.outbox.put(UNDELIVERED_KIND, payload, trace=trace)


async def work_undelivered(ses: Ses, entry: Entry) -> None:
    """Tell the sender that his mail was accepted and could not be processed.

    RFC 5321 §6.1: a server that has accepted a mail must not lose it silently.
    """
    payload: Mapping[str, object] = entry.payload
    owner = Owner(str(payload["account"]), str(payload["region"]))
    mail = ses.ports.find_mail(str(payload["mail_id"]))
    recipients = payload["recipients"]
    assert isinstance(recipients, list)
    head = b"" if mail is None else b"".join([piece async for piece in _head(ses, mail)])
    with ses.store.engine.atomic():
        if mail is not None and mail.envelope.reverse_path:
            reported = [_failed(str(each), *_GIVEN_UP) for each in recipients]
            report = _report(ses, owner, mail, reported, head[: header_end(head)])
            _spool(ses, owner, report, mail.trace)
        ses.outbox.done(entry)


# ---------------------------------------------------------------------- the report


def _report(
    ses: Ses, owner: Owner, mail: Mail, recipients: Sequence[dsn.DsnRecipient], head: bytes
) -> dsn.DsnReport:
    return dsn.DsnReport(
        sender=daemon(ses, owner.region),
        to=mail.envelope.reverse_path,
        subject=SUBJECT,
        explanation="\n".join(f"{each.final_recipient}: {each.diagnostic}" for each in recipients),
        reporting_mta=_reporting_mta(owner.region, None),
        recipients=tuple(recipients),
        original=head,
        made_at_ms=ses.clock.now_ms(),
        message_id="",
        boundary="",
        arrived_at_ms=mail.received_at_ms,
    )


def _sent_by(report: dsn.DsnReport, sender: str, words: str) -> dsn.DsnReport:
    return msgspec.structs.replace(report, sender=sender, explanation=words)


def _failed(recipient: str, status: str, diagnostic: str) -> dsn.DsnRecipient:
    return dsn.DsnRecipient(recipient, dsn.FAILED, status, diagnostic)


def _spool(ses: Ses, owner: Owner, report: dsn.DsnReport, trace: str) -> str:
    """Name the report, keep it for the mailbox, hand it to the mail server; its MessageId."""
    now_ms = ses.clock.now_ms()
    message_id = new_message_id(ses.ids, now_ms)
    named = msgspec.structs.replace(
        report,
        message_id=f"{message_id}@{daemon(ses, owner.region).rpartition('@')[2]}",
        boundary=ses.ids.hex(16),
    )
    mail = OutgoingMail(
        mail_id=message_id,
        owner=f"{owner.account}/{owner.region}",
        reverse_path="",
        recipients=(report.to,),
        queued_at_ms=now_ms,
        is_smtputf8=not report.to.isascii(),
        trace=trace,
    )
    content = dsn.build(named)
    ses.ports.spool_put(mail, content)
    kept = system_mail(
        ses,
        owner,
        message_id,
        source=report.sender,
        to=report.to,
        subject=report.subject,
        size=len(content),
        trace=trace,
    )
    ses.sent.add(kept, content)
    return message_id


def _reporting_mta(region: str, message_dsn: shapes.MessageDsn | None) -> str:
    if message_dsn is None:
        return f"inbound-smtp.{region}.amazonaws.com"
    kind, semicolon, name = message_dsn["ReportingMta"].partition(";")
    if not semicolon or kind.strip().lower() != "dns" or not name.strip():
        raise InvalidParameterValue("ReportingMta must have the form: dns; name.example.com")
    return name.strip()


async def _head(ses: Ses, mail: Mail) -> AsyncIterator[bytes]:
    async for piece in ses.ports.read_mail(mail.mail_id, 0, HEADER_SECTION_BYTES_MAX):
        yield piece


# ---------------------------------------------------------------------- SendBounce


def _bounceable(ses: Ses, owner: Owner, message_id: str) -> Mail:
    mail = ses.ports.find_mail(message_id)
    if mail is None or not ses.store.has_steps(message_id, owner):
        raise MessageRejected(f"No message with the ID {message_id} was received.")
    if ses.clock.now_ms() - mail.received_at_ms > BOUNCE_AGE_MS_MAX:
        raise MessageRejected(f"The message {message_id} was received more than 24 hours ago.")
    if not mail.envelope.reverse_path:
        raise MessageRejected(f"The message {message_id} has no sender to bounce to.")
    return mail


def _reported(mail: Mail, info: shapes.BouncedRecipientInfo) -> dsn.DsnRecipient:
    fields = info.get("RecipientDsnFields")
    kind = info.get("BounceType")
    recipient = info["Recipient"]
    final = recipient if fields is None else fields.get("FinalRecipient", recipient)
    own = {normal_address(each) for each in mail.envelope.recipients}
    if not {normal_address(recipient), normal_address(final)} & own:
        raise MessageRejected(f"{recipient} is not a recipient of the original message.")
    if fields is None and kind is None:
        raise InvalidParameterValue(
            f"Either BounceType or RecipientDsnFields must be given for {recipient}."
        )
    status, diagnostic = _TYPES[kind] if kind is not None else ("", "")
    if fields is None:
        return _failed(recipient, status, diagnostic)
    if not _STATUS.fullmatch(fields["Status"]):
        raise InvalidParameterValue(f"Invalid status code: {fields['Status']}.")
    return dsn.DsnRecipient(
        final,
        fields["Action"],
        fields["Status"],
        fields.get("DiagnosticCode", diagnostic).removeprefix("smtp;").strip(),
        fields.get("RemoteMta", "").removeprefix("dns;").strip(),
        extension_fields=_extension_fields(fields.get("ExtensionFields", ())),
        attempted_at_ms=_ms(fields.get("LastAttemptDate")),
    )


def _ms(moment_s: float | None) -> int | None:
    """A moment that a field of a report can have; earlier and later ones are no dates there.

    RFC 5322 §3.3.
    """
    if moment_s is None:
        return None
    if not 0 < moment_s < _YEAR_10000_S:
        raise InvalidParameterValue("A date of the report is not valid.")
    return round(moment_s * 1000)


def _extension_fields(given: Sequence[shapes.ExtensionField]) -> tuple[Field, ...]:
    for field in given:
        name, value = field["Name"], field["Value"]
        if not _FIELD_NAME.fullmatch(name) or len(name) > DSN_FIELD_NAME_CHARACTERS_MAX:
            raise InvalidParameterValue(f"Invalid extension field name: {name}.")
        if len(value) > DSN_FIELD_VALUE_CHARACTERS_MAX or "\r" in value or "\n" in value:
            raise InvalidParameterValue(f"Invalid value of the extension field {name}.")
    return tuple(Field(each["Name"], each["Value"]) for each in given)
