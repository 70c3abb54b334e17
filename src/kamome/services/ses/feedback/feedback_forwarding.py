"""Bounces and complaints by mail to the sender.

AWS: SES Developer Guide, Receiving Amazon SES notifications through email.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from kamome.services.ses.feedback import events
from kamome.services.ses.sending.outgoing_mail import as_left
from kamome.services.ses.sending.sent_mails import new_message_id
from kamome.services.ses.sending.system_mails import daemon, system_mail
from kamome.services.ses.store import Owner

if TYPE_CHECKING:
    from kamome.services.ses.feedback.events import Event
    from kamome.services.ses.sending.sent_mails import SentMail
    from kamome.services.ses.slice import Ses

_SUBJECTS = {
    events.BOUNCE: "Delivery Status Notification (Failure)",
    events.COMPLAINT: "complaint about message from {source}",
}
_REPORTS = {
    events.BOUNCE: ("delivery-status", "message/delivery-status"),
    events.COMPLAINT: ("feedback-report", "message/feedback-report"),
}


def forward(ses: Ses, sent: SentMail, event: Event) -> None:
    """Send a bounce or complaint on by mail, inside the step that publishes it.

    It goes to the address that the sender wants feedback at, from the null reverse path, so that it
    can cause no bounce of its own (RFC 3464 §2). The simulator's senders get it as others do.

    AWS: SES Developer Guide, Email feedback forwarding destination.
    """
    from kamome.mail.outgoing import MailUnfit, OutgoingMail

    if not sent.return_path:
        return
    now_ms = ses.clock.now_ms()
    mail_id = new_message_id(ses.ids, now_ms)
    content = report_mail(ses, sent, event, mail_id)
    mail = OutgoingMail(
        mail_id=mail_id,
        owner=f"{sent.account}/{sent.region}",
        reverse_path="",
        recipients=(sent.return_path,),
        queued_at_ms=now_ms,
        is_smtputf8=not sent.return_path.isascii(),
        trace=sent.trace,
    )
    try:
        ses.ports.spool_put(mail, content)
        kept = system_mail(
            ses,
            Owner(sent.account, sent.region),
            mail_id,
            source=daemon(ses, sent.region),
            to=sent.return_path,
            subject=_subject(sent, event),
            size=len(content),
            trace=sent.trace,
        )
        ses.sent.add(kept, content)
    except MailUnfit as unfit:
        # The sender has asked for feedback at what is no address: there is nobody to tell.
        ses.journeys.step(
            sent.trace,
            service="ses",
            action=f"Forward {event.type}",
            resource=sent.return_path,
            result="not forwarded",
            detail=str(unfit),
        )


def _subject(sent: SentMail, event: Event) -> str:
    return _one_line(_SUBJECTS[event.type].format(source=sent.source))


def report_mail(ses: Ses, sent: SentMail, event: Event, mail_id: str) -> bytes:
    """A `multipart/report`: a sentence, the report, and the headers of the mail it is about.

    RFC 6522 §3; RFC 3464 §2 for bounces, RFC 5965 §2 for complaints.
    """
    from email.header import Header
    from email.utils import format_datetime

    name, content_type = _REPORTS[event.type]
    author, subject = daemon(ses, sent.region), _subject(sent, event)
    now = datetime.fromtimestamp(ses.clock.now_ms() / 1000, UTC)
    boundary = f"report-{mail_id}"
    fields = [
        ("From", author),
        ("To", sent.return_path),
        ("Subject", Header(subject, "utf-8").encode() if not subject.isascii() else subject),
        ("Date", format_datetime(now)),
        ("Message-ID", f"<{mail_id}@{author.rpartition('@')[2]}>"),
        ("Auto-Submitted", "auto-replied"),
        ("MIME-Version", "1.0"),
        ("Content-Type", f'multipart/report; report-type="{name}"; boundary="{boundary}"'),
    ]
    headers = [(header.name, _one_line(header.value)) for header in as_left(sent)]
    parts = (
        _part("text/plain; charset=utf-8", _sentences(event)),
        _part(content_type, _fields(*_groups(ses, sent, event))),
        _part("text/rfc822-headers", _fields(headers)),
    )
    body = "".join(f"--{boundary}\r\n{part}\r\n" for part in parts)
    return f"{_fields(fields)}\r\n{body}--{boundary}--\r\n".encode()


def _part(content_type: str, text: str) -> str:
    encoding = "7bit" if text.isascii() else "8bit"
    head = [("Content-Type", content_type), ("Content-Transfer-Encoding", encoding)]
    return f"{_fields(head)}\r\n{text}"


def _fields(*groups: Sequence[tuple[str, str]]) -> str:
    """Groups of fields with a blank line between them."""
    return "\r\n".join("".join(f"{name}: {value}\r\n" for name, value in group) for group in groups)


def _sentences(event: Event) -> str:
    if event.type == events.COMPLAINT:
        said = "The following recipients may have complained about a message you sent:"
    else:
        said = "An error occurred while trying to deliver the mail to the following recipients:"
    return "\r\n".join((said, *event.recipients, ""))


def _groups(ses: Ses, sent: SentMail, event: Event) -> list[list[tuple[str, str]]]:
    if event.type == events.COMPLAINT:
        return [_feedback(sent, event)]
    agent = str(event.detail.get("reportingMTA", "")) or f"dns; {ses.settings.mail_hostname}"
    bounced = cast("list[Mapping[str, str]]", event.detail["bouncedRecipients"])
    return [[("Reporting-MTA", agent)], *(_status(recipient) for recipient in bounced)]


def _status(recipient: Mapping[str, str]) -> list[tuple[str, str]]:
    """The fields of one recipient. RFC 3464 §2.3; RFC 6533 §3 for addresses beyond ASCII."""
    address = recipient["emailAddress"]
    kind = "rfc822" if address.isascii() else "utf-8"
    fields = [
        ("Final-Recipient", f"{kind}; {address}"),
        ("Action", recipient.get("action", "failed")),
        ("Status", recipient.get("status", "5.0.0")),
    ]
    if code := recipient.get("diagnosticCode"):
        typed = code if code.startswith("smtp;") else f"smtp; {code}"
        fields.append(("Diagnostic-Code", _one_line(typed)))
    return fields


def _feedback(sent: SentMail, event: Event) -> list[tuple[str, str]]:
    """The fields of a report. RFC 5965 §3.1, §3.2."""
    detail = event.detail
    fields = [
        ("Feedback-Type", str(detail.get("complaintFeedbackType") or "abuse")),
        ("User-Agent", _one_line(str(detail.get("userAgent") or "Amazon SES"))),
        ("Version", "1"),
        ("Original-Mail-From", f"<{sent.source}>"),
    ]
    return fields + [("Original-Rcpt-To", f"<{address}>") for address in event.recipients]


def _one_line(text: str) -> str:
    return " ".join(text.split())
