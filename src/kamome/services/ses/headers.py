"""The trace headers that SES puts before a mail, and the verdicts they and the events carry.

The stored object is these headers and then the mail, byte for byte.

No DNS is asked and nothing is scanned yet, and no verdict says otherwise: `DISABLED` where the rule
does not want a scan, `PROCESSING_FAILED` where a check could not be made, `GRAY` where there is
nothing to check. For the same reason there is no `Received-SPF`, and `Authentication-Results` says
`none`, which is the documented word for "no check was made" (RFC 8601 §2.2). `X-SES-RECEIPT` is
opaque at AWS too; `X-SES-DKIM-SIGNATURE` would need Amazon's own key and is left out.

AWS: SES Developer Guide, Email receiving concepts (authentication and scanning); Contents of
notifications (verdict objects).
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from kamome.mail.envelope import Mail
from kamome.mail.header_fields import Field, first

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)


class Verdicts(msgspec.Struct, frozen=True):
    """Results of the checks: PASS, FAIL, GRAY, PROCESSING_FAILED, and DISABLED for the scans."""

    spam: str
    virus: str
    spf: str
    dkim: str
    dmarc: str


def verdicts(fields: Sequence[Field], *, is_scan_enabled: bool) -> Verdicts:
    """What can be said of a mail without DNS and without scanners. See the module's words."""
    is_signed = first(list(fields), "DKIM-Signature") is not None
    scan = "PROCESSING_FAILED" if is_scan_enabled else "DISABLED"
    return Verdicts(
        spam=scan,
        virus=scan,
        spf="PROCESSING_FAILED",
        dkim="PROCESSING_FAILED" if is_signed else "GRAY",
        dmarc="PROCESSING_FAILED",
    )


def trace_headers(
    mail: Mail, region: str, recipients: Sequence[str], checked: Verdicts
) -> list[tuple[str, str]]:
    """Name and value of each header that is put before the mail, in order. Folds are CRLF.

    The client's name by reverse DNS is `unknown`, for no DNS is asked. The `for` clause is left out
    when there are several recipients, for it would show blind copies to the others (RFC 5321 §7.2).
    """
    envelope = mail.envelope
    helo = _plain(envelope.helo)
    receiver = f"\r\n for {recipients[0]}" if len(recipients) == 1 else ""
    received = (
        f"from {helo} (unknown [{envelope.client_ip}])"
        f"\r\n by inbound-smtp.{region}.amazonaws.com with SMTP id {mail.mail_id}"
        f"{receiver};\r\n {rfc5322_date(mail.received_at_ms)} (UTC)"
    )
    return [
        ("Return-Path", f"<{envelope.reverse_path}>"),
        ("Received", received),
        ("X-SES-Spam-Verdict", checked.spam),
        ("X-SES-Virus-Verdict", checked.virus),
        ("Authentication-Results", "amazonses.com; none"),
        ("X-SES-RECEIPT", _receipt(mail.mail_id)),
    ]


def header_block(headers: Sequence[tuple[str, str]]) -> bytes:
    """Headers as they are put before the mail."""
    return b"".join(
        f"{name}: {value}\r\n".encode("utf-8", "surrogateescape") for name, value in headers
    )


def rfc5322_date(at_ms: int) -> str:
    """A moment as it stands in a Date field, whatever the process's locale.

    `email.utils` would cost 10 ms of a start. RFC 5322 §3.3.
    """
    at = datetime.fromtimestamp(at_ms // 1000, UTC)
    return f"{_DAYS[at.weekday()]}, {at.day:02d} {_MONTHS[at.month - 1]} {at:%Y %H:%M:%S} +0000"


def _receipt(mail_id: str) -> str:
    return base64.b64encode(f"kamome:1:{mail_id}".encode()).decode()


def _plain(helo: str) -> str:
    """What a client calls himself, without what could end the comment or the line."""
    return "".join(character for character in helo if character.isalnum() or character in ".-_:[]")
