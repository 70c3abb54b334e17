"""Delivery status notifications: made for senders of ours, and read when others send them.

`parse` takes any mail and never raises. What is read is what the sender of the report claims: it
proves nothing. RFC 3464 (message/delivery-status), RFC 6522 (multipart/report), RFC 6533 (UTF-8
addresses), RFC 3463 (status codes).
"""

from __future__ import annotations

import re
from email.utils import formatdate

import msgspec

from kamome.mail.header_fields import Field, address_of, first
from kamome.mail.outgoing import printable
from kamome.mail.report_parts import (
    blocks,
    message_id,
    original_fields,
    read_report,
    typed_value,
    value_type,
    without_comments,
)

FAILED = "failed"
DELAYED = "delayed"
DELIVERED = "delivered"
RELAYED = "relayed"
EXPANDED = "expanded"
_ACTIONS = frozenset((FAILED, DELAYED, DELIVERED, RELAYED, EXPANDED))
_STATUS = re.compile(r"(?<![0-9.])([245]\.[0-9]{1,3}\.[0-9]{1,3})(?![0-9.])")
_RECIPIENTS_MAX = 1_000
# Header sections come back up to this size.
_ORIGINAL_BYTES_MAX = 64 * 1024
_ESCAPED = re.compile(r"\\x\{([0-9A-Fa-f]{1,6})\}")


class DsnRecipient(msgspec.Struct, frozen=True):
    """What a report says of one recipient.

    `action` is failed, delayed, delivered, relayed or expanded. `status` is an enhanced status code
    (`5.1.1`), empty where the report names none. `diagnostic` is what the remote server said,
    `diagnostic_type` in whose words (`smtp`, or a name of its own such as `X-Notes`); `remote_mta`
    is its name. `original_recipient` is the address that the sender wrote, where the report knows
    it. `extension_fields` are written and not read (RFC 3464 §2.2.4), and so is `attempted_at_ms`,
    which is the report's own moment where nothing is said.
    """

    final_recipient: str
    action: str
    status: str
    diagnostic: str = ""
    remote_mta: str = ""
    original_recipient: str = ""
    extension_fields: tuple[Field, ...] = ()
    diagnostic_type: str = "smtp"
    attempted_at_ms: int | None = None


class Dsn(msgspec.Struct, frozen=True):
    """A report that came in. `original_message_id` (without brackets) and `original_fields` are of
    the mail that it is about, as far as it came back.
    """

    reporting_mta: str
    recipients: tuple[DsnRecipient, ...]
    original_envelope_id: str = ""
    arrival_date: str = ""
    original_message_id: str = ""
    original_fields: tuple[Field, ...] = ()


class DsnReport(msgspec.Struct, frozen=True):
    """What a report of ours is made of.

    `sender` and `to` are bare addresses; the envelope's reverse-path of a report is empty (RFC 5321
    §4.5.5). `boundary` and `message_id` (without brackets) are the caller's, who has the ids.
    `original` is the mail that is reported on; its header section alone goes along.
    """

    sender: str
    to: str
    subject: str
    explanation: str
    reporting_mta: str
    recipients: tuple[DsnRecipient, ...]
    original: bytes
    made_at_ms: int
    message_id: str
    boundary: str
    arrived_at_ms: int | None = None
    original_envelope_id: str = ""
    in_reply_to: str = ""
    extension_fields: tuple[Field, ...] = ()


def parse(content: bytes) -> Dsn | None:
    """The report in a mail; None where it is none, or names no recipient.

    RFC 3464 §2.
    """
    report = read_report(content)
    if report is None:
        return None
    status = next(
        (
            part.body
            for part in report.parts
            if part.content_type in ("message/delivery-status", "message/global-delivery-status")
        ),
        None,
    )
    if status is None:
        return None
    of_mail: list[Field] = []
    recipients: list[DsnRecipient] = []
    for fields in blocks(status):
        recipient = _recipient(fields)
        if recipient is not None and len(recipients) < _RECIPIENTS_MAX:
            recipients.append(recipient)
        # Some servers forget the blank line between the two groups.
        if not of_mail and (recipient is None or first(fields, "Reporting-MTA") is not None):
            of_mail = fields
    if not recipients:
        return None
    original = original_fields(report.parts)
    return Dsn(
        reporting_mta=printable(typed_value(first(of_mail, "Reporting-MTA") or "")),
        recipients=tuple(recipients),
        original_envelope_id=printable(first(of_mail, "Original-Envelope-Id") or ""),
        arrival_date=printable(first(of_mail, "Arrival-Date") or ""),
        original_message_id=message_id(original),
        original_fields=tuple(original),
    )


def build(report: DsnReport) -> bytes:
    """A report as a mail: text for people, a status for programs, and the header of the original.

    All values are put on one line, so none can add a field or a part of its own. What is not ASCII
    in the original makes the report an 8-bit mail, whose receiver needs 8BITMIME.

    RFC 3464 §2; RFC 6522 §3.
    """
    head = _original_head(report.original)
    coded = "8bit" if not head.isascii() or not report.explanation.isascii() else "7bit"
    boundary = re.sub(r"[^A-Za-z0-9=_.-]", "", report.boundary)[:60] or "report"
    while f"--{boundary}".encode() in head + report.explanation.encode():
        boundary += "="
    fields = [
        f"From: Mail Delivery System <{_one_line(report.sender)}>",
        f"To: <{_one_line(report.to)}>",
        f"Subject: {_one_line(report.subject)}",
        f"Date: {formatdate(report.made_at_ms / 1000)}",
        f"Message-ID: <{_one_line(report.message_id)}>",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        "Content-Type: multipart/report; report-type=delivery-status;",
        f'\tboundary="{boundary}"',
        f"Content-Transfer-Encoding: {coded}",
    ]
    if report.in_reply_to:
        fields.insert(5, f"In-Reply-To: <{_one_line(report.in_reply_to)}>")
    text = "\r\n".join(report.explanation.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    sections = (
        ("text/plain; charset=utf-8", coded, text.encode()),
        ("message/delivery-status", "7bit", _status(report).encode("ascii")),
        ("text/rfc822-headers", coded, head),
    )
    pieces = ["\r\n".join(fields).encode() + b"\r\n\r\nThis is a delivery report.\r\n"]
    pieces += [
        f"\r\n--{boundary}\r\nContent-Type: {kind}\r\n"
        f"Content-Transfer-Encoding: {encoding}\r\n\r\n".encode()
        + body
        for kind, encoding, body in sections
    ]
    return b"".join(pieces) + f"\r\n--{boundary}--\r\n".encode()


# ---------------------------------------------------------------------- reading


def _recipient(fields: list[Field]) -> DsnRecipient | None:
    address = _address(first(fields, "Final-Recipient") or "")
    original = _address(first(fields, "Original-Recipient") or "")
    action = without_comments(first(fields, "Action") or "").lower()
    if not (address or original):
        return None
    status = _STATUS.search(without_comments(first(fields, "Status") or ""))
    said = first(fields, "Diagnostic-Code") or ""
    diagnostic = printable(typed_value(said))
    if status is None or status[1].endswith(".0.0"):
        # Many servers give `5.0.0` and say the true code in words.
        status = _STATUS.search(diagnostic) or status
    code = status[1] if status else ""
    if action not in _ACTIONS:
        action = {"5": FAILED, "4": DELAYED, "2": DELIVERED}.get(code[:1], FAILED)
    return DsnRecipient(
        final_recipient=address or original,
        action=action,
        status=code,
        diagnostic=diagnostic,
        remote_mta=printable(typed_value(first(fields, "Remote-MTA") or "")),
        original_recipient=original,
        diagnostic_type=value_type(said) or "smtp",
    )


def _address(value: str) -> str:
    """`rfc822; user@example.com`, or `utf-8; …` with the escapes of RFC 6533 §3.

    Some servers write a name before the address.
    """
    text = without_comments(typed_value(value))
    text = address_of(text) if text.endswith(">") else text
    if value.lower().lstrip().startswith("utf-8"):
        text = _ESCAPED.sub(_unescaped, text)
    return printable(text)[:512] if "@" in text else ""


def _unescaped(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    return "" if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF else chr(code)


# ---------------------------------------------------------------------- making


def _status(report: DsnReport) -> str:
    lines = [f"Reporting-MTA: dns; {_one_line(report.reporting_mta)}"]
    if report.original_envelope_id:
        lines.append(f"Original-Envelope-Id: {_ascii(report.original_envelope_id)}")
    if report.arrived_at_ms is not None:
        lines.append(f"Arrival-Date: {formatdate(report.arrived_at_ms / 1000)}")
    lines += _extensions(report.extension_fields)
    for recipient in report.recipients:
        lines.append("")
        if recipient.original_recipient:
            lines.append(f"Original-Recipient: {_typed(recipient.original_recipient)}")
        lines.append(f"Final-Recipient: {_typed(recipient.final_recipient)}")
        lines.append(f"Action: {_ascii(recipient.action)}")
        lines.append(f"Status: {_ascii(recipient.status)}")
        if recipient.remote_mta:
            lines.append(f"Remote-MTA: dns; {_ascii(recipient.remote_mta)}")
        if recipient.diagnostic:
            lines.append(f"Diagnostic-Code: smtp; {_ascii(recipient.diagnostic)}")
        at_ms = recipient.attempted_at_ms
        at_ms = report.made_at_ms if at_ms is None else at_ms
        lines.append(f"Last-Attempt-Date: {formatdate(at_ms / 1000)}")
        lines += _extensions(recipient.extension_fields)
    return "\r\n".join(lines) + "\r\n"


def _extensions(fields: tuple[Field, ...]) -> list[str]:
    return [f"{_ascii(field.name)}: {_ascii(field.value)}" for field in fields]


def _typed(address: str) -> str:
    line = _one_line(address)
    if line.isascii():
        return f"rfc822; {line}"
    escaped = "".join(
        character if character.isascii() else f"\\x{{{ord(character):X}}}" for character in line
    )
    return f"utf-8; {escaped}"


def _ascii(text: str) -> str:
    return _one_line(text).encode("ascii", "replace").decode()


def _one_line(text: str) -> str:
    return printable(text)


def _original_head(original: bytes) -> bytes:
    """The header section of a mail with its last line end, bounded, without a bare CR or LF."""
    head = original.partition(b"\r\n\r\n")[0][:_ORIGINAL_BYTES_MAX]
    if len(head) == _ORIGINAL_BYTES_MAX:
        head = head[: head.rfind(b"\r\n")]
    lines = re.split(rb"\r\n|\r|\n", head)
    return b"".join(line[:998] + b"\r\n" for line in lines if line)
