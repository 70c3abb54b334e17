"""Mails that come back to the return path of one that was sent: bounces, complaints, answers.

They are accepted at SMTP like others, and read behind the acceptance, as receipt rules are. What a
report says of recipients that the mail did not have suppresses nobody.

AWS: SES Developer Guide, Amazon SNS notification contents for Amazon SES. RFC 3464, RFC 5965,
RFC 3834.
"""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from kamome.mail import arf, dsn, qsbmf
from kamome.mail.header_fields import first, header_end, split_addresses, split_fields
from kamome.mail.report_parts import READ_BYTES_MAX
from kamome.services.ses.feedback import events
from kamome.services.ses.feedback.bounce_types import SOFT, UNDETERMINED, BounceType, bounce_type
from kamome.services.ses.feedback.event_publishing import publish
from kamome.services.ses.feedback.events import BouncedRecipient, Report
from kamome.services.ses.feedback.suppression import BOUNCE, COMPLAINT, normal_address, suppress
from kamome.services.ses.receiving.recipients import domain_and_parents, domain_of
from kamome.services.ses.sending.sent_mails import find_sent, message_id_of

if TYPE_CHECKING:
    from kamome.mail.envelope import Mail
    from kamome.services.ses.sending.sent_mails import SentMail
    from kamome.services.ses.slice import Ses
    from kamome.storage.outbox import Entry

# Reports that complain of nothing. RFC 6430 §3.2.
_NO_COMPLAINTS = frozenset({"not-spam"})
_NO_ANSWER = frozenset({"", "no"})


async def work(ses: Ses, entry: Entry) -> None:
    """Read a mail that came back, and publish what it says. Handler of `ses.returned`.

    The first 512 KB are read: reports say first what they have to say.
    """
    mail = ses.ports.find_mail(str(entry.payload["mail_id"]))
    sent = find_sent(ses, str(entry.payload["message_id"]))
    content = b""
    if mail is not None and sent is not None:
        content = await _beginning(ses, mail)
    with ses.store.engine.atomic():
        if mail is not None and sent is not None:
            take_in(ses, sent, mail, content)
        ses.outbox.done(entry)


async def work_reported(ses: Ses, entry: Entry) -> None:
    """Read a feedback report that came to an address of a sender's. Handler of `ses.reported`.

    It is about a mail that was sent by an account that has verified the domain it came to; one that
    names no such mail means nothing.

    RFC 5965 §3; AWS: SES Developer Guide, Amazon SNS notification contents (complaint object).
    """
    mail = ses.ports.find_mail(str(entry.payload["mail_id"]))
    report = None if mail is None else arf.parse(await _beginning(ses, mail))
    sent = None if mail is None or report is None else _reported(ses, mail, report)
    with ses.store.engine.atomic():
        if sent is not None and report is not None:
            incoming_complaint(ses, sent, report)
        ses.outbox.done(entry)


def _reported(ses: Ses, mail: Mail, report: arf.FeedbackReport) -> SentMail | None:
    """The sent mail that a report is about: by its return path, else by its Message-ID."""
    domains = {
        parent
        for recipient in mail.envelope.recipients
        for parent in domain_and_parents(domain_of(recipient))
    }
    accounts = {owner.account for each in domains for owner in ses.identities.owners_of(each)}
    return_path = (first(list(report.original_fields), "Return-Path") or "").strip("<> ")
    for address in (report.original_mail_from, return_path, report.original_message_id):
        message_id = message_id_of(address)
        sent = None if message_id is None else find_sent(ses, message_id)
        if sent is not None and sent.identity and sent.account in accounts:
            return sent
    return None


async def _beginning(ses: Ses, mail: Mail) -> bytes:
    pieces = ses.ports.read_mail(mail.mail_id, 0, READ_BYTES_MAX)
    return b"".join([piece async for piece in pieces])


def take_in(ses: Ses, sent: SentMail, mail: Mail, content: bytes) -> None:
    """Publish what a mail that came back means, inside the step that settles it.

    A delivery report brings a bounce for those it calls failed, a feedback report a complaint, an
    automatic answer a soft bounce; another mail from the null reverse path, or one that says whom
    it could not reach, is a bounce of unknown kind, and one from a person means nothing.
    """
    report = dsn.parse(content) or qsbmf.parse(content)
    complaint = None if report is not None else arf.parse(content)
    if report is not None:
        incoming_dsn(ses, sent, report)
    elif complaint is not None:
        incoming_complaint(ses, sent, complaint)
    elif not mail.envelope.reverse_path and (failed := _failed(sent, content)):
        _bounce(ses, sent, UNDETERMINED, failed)
    elif _is_automatic(content):
        _bounce(ses, sent, SOFT, _answering(sent, content))
    elif not mail.envelope.reverse_path:
        _bounce(ses, sent, UNDETERMINED, list(sent.destinations))
    else:
        ses.journeys.step(
            sent.trace,
            service="ses",
            action="Returned mail",
            resource=sent.message_id,
            result="ignored",
            detail=mail.envelope.reverse_path,
        )


def incoming_dsn(ses: Ses, sent: SentMail, report: dsn.Dsn) -> None:
    """A delivery report by mail: a bounce for each kind of failure in it.

    Recipients that are delayed, relayed or delivered are not told of: they were delivered as far as
    we could see.

    AWS: SES Developer Guide, Amazon SNS notification contents (bounce object).
    """
    by_kind: dict[BounceType, list[BouncedRecipient]] = {}
    for failed in report.recipients:
        if failed.action != dsn.FAILED:
            continue
        kind = bounce_type(failed.status, 0, failed.diagnostic)
        diagnostic = f"{failed.diagnostic_type}; {failed.diagnostic}" if failed.diagnostic else ""
        described = BouncedRecipient(
            failed.final_recipient, failed.action, failed.status, diagnostic
        )
        by_kind.setdefault(kind, []).append(described)
    reporting_mta = f"dns; {report.reporting_mta}" if report.reporting_mta else ""
    for kind, recipients in by_kind.items():
        now_ms = ses.clock.now_ms()
        feedback_id = events.feedback_id(ses.ids, now_ms)
        event = events.bounce(
            kind, recipients, now_ms, feedback_id=feedback_id, reporting_mta=reporting_mta
        )
        if kind.is_hard:
            named = [recipient.address for recipient in recipients]
            for address in _destinations_named(sent, named):
                suppress(ses, sent, address, BOUNCE, feedback_id)
        publish(ses, sent, event)


def incoming_complaint(ses: Ses, sent: SentMail, report: arf.FeedbackReport) -> None:
    """A feedback report by mail: a complaint, of everybody who may have made it.

    Most providers strike the recipient out; then it is all recipients at the provider's domain, or
    all there are.

    AWS: SES Developer Guide, Amazon SNS notification contents (Complained Recipients).
    """
    recipients = _complaining(sent, report)
    now_ms = ses.clock.now_ms()
    feedback_id = events.feedback_id(ses.ids, now_ms)
    told = Report(report.feedback_type, report.user_agent, _moment(report.arrival_date))
    if report.feedback_type not in _NO_COMPLAINTS:
        for address in recipients:
            suppress(ses, sent, address, COMPLAINT, feedback_id)
    event = events.complaint(recipients, now_ms, feedback_id=feedback_id, report=told)
    publish(ses, sent, event)


def _complaining(sent: SentMail, report: arf.FeedbackReport) -> list[str]:
    named = {normal_address(address) for address in report.original_recipients}
    found = [address for address in sent.destinations if normal_address(address) in named]
    domains = {domain.lower() for domain in (*report.reported_domains, report.reporting_mta)}
    at_provider = [a for a in sent.destinations if a.rpartition("@")[2].lower() in domains]
    return found or at_provider or list(sent.destinations)


def _destinations_named(sent: SentMail, named: list[str]) -> list[str]:
    """The mail's own recipients that a report means: by name, or the only one there is."""
    if len(sent.destinations) == 1:
        return list(sent.destinations)
    wanted = {normal_address(address) for address in named}
    return [address for address in sent.destinations if normal_address(address) in wanted]


def _failed(sent: SentMail, content: bytes) -> list[str]:
    """Who could not be reached, by a mail that a server wrote and that is no report to be read.

    Exim wrote no reports for decades, but named the recipients in a field of its own; a report may
    name them in a way that is no address.
    """
    fields = split_fields(content[: header_end(content)])
    named = split_addresses(first(fields, "X-Failed-Recipients") or "")
    if named:
        return _destinations_named(sent, named) or list(sent.destinations)
    kind = (first(fields, "Content-Type") or "").lower().replace('"', "")
    is_report = kind.startswith("multipart/report") and "delivery-status" in kind
    return list(sent.destinations) if is_report else []


def _answering(sent: SentMail, content: bytes) -> list[str]:
    """Who has answered automatically: its author where the mail went to him, else anybody."""
    from kamome.mail.header_fields import address_of

    author = first(split_fields(content[: header_end(content)]), "From") or ""
    wanted = normal_address(address_of(author) or "")
    found = [address for address in sent.destinations if normal_address(address) == wanted]
    return found or list(sent.destinations)


def _bounce(ses: Ses, sent: SentMail, kind: BounceType, addresses: list[str]) -> None:
    now_ms = ses.clock.now_ms()
    recipients = [BouncedRecipient(address) for address in addresses]
    feedback_id = events.feedback_id(ses.ids, now_ms)
    publish(ses, sent, events.bounce(kind, recipients, now_ms, feedback_id=feedback_id))


def _is_automatic(content: bytes) -> bool:
    """RFC 3834 §5: `Auto-Submitted` with any value but `no`."""
    fields = split_fields(content[: header_end(content)])
    value = (first(fields, "Auto-Submitted") or "").partition(";")[0].strip().lower()
    return value not in _NO_ANSWER


def _moment(date: str) -> int | None:
    try:
        return int(parsedate_to_datetime(date).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
