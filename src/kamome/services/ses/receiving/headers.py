"""The trace headers that SES puts before a mail, and the verdicts they and the events carry.

The stored object is these headers and then the mail, byte for byte.

A check that was not made (no DNS is asked, no scanner is set) is `PROCESSING_FAILED`, never more;
a scan that the rule does not want is `DISABLED`. `X-SES-RECEIPT` is opaque at AWS too;
`X-SES-DKIM-SIGNATURE` would need Amazon's own key and is left out.

AWS: SES Developer Guide, Email receiving concepts (authentication and scanning); Contents of
notifications (verdict objects).
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from kamome.mail.authentication.results import authentication_results, spf_value
from kamome.mail.checks import Checks, ScanCheck
from kamome.mail.envelope import Mail
from kamome.mail.header_fields import Field, first

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)


_FAILED = "PROCESSING_FAILED"
_SPF_VERDICTS = {
    "pass": "PASS",
    "fail": "FAIL",
    "softfail": "FAIL",
    "neutral": "GRAY",
    "none": "GRAY",
}
_DMARC_VERDICTS = {"pass": "PASS", "fail": "FAIL", "none": "GRAY"}
_SCAN_VERDICTS = {"clean": "PASS", "found": "FAIL", "unsure": "GRAY"}
AUTHSERV_ID = "amazonses.com"


class Verdicts(msgspec.Struct, frozen=True):
    """Results of the checks: PASS, FAIL, GRAY, PROCESSING_FAILED, and DISABLED for the scans."""

    spam: str
    virus: str
    spf: str
    dkim: str
    dmarc: str


def verdicts(checks: Checks, fields: Sequence[Field], *, is_scan_enabled: bool) -> Verdicts:
    """What SES says of a mail, by what was found before it was accepted.

    AWS documents PASS and FAIL, GRAY where there is nothing to judge by (no signature, no SPF
    record, no DMARC record), and PROCESSING_FAILED where the check could not be made. SPF's
    softfail counts as FAIL, its neutral as GRAY.
    """
    return Verdicts(
        spam=_scan_verdict(checks.spam) if is_scan_enabled else "DISABLED",
        virus=_scan_verdict(checks.virus) if is_scan_enabled else "DISABLED",
        spf=_FAILED if checks.spf is None else _SPF_VERDICTS.get(checks.spf.result, _FAILED),
        dkim=_dkim_verdict(checks, fields),
        dmarc=_FAILED
        if checks.dmarc is None
        else _DMARC_VERDICTS.get(checks.dmarc.result, _FAILED),
    )


def dmarc_policy(checks: Checks) -> str:
    """`dmarcPolicy` of an event: what the author's domain asks for; empty unless DMARC failed."""
    dmarc = checks.dmarc
    return dmarc.policy if dmarc is not None and dmarc.result == "fail" else ""


def _scan_verdict(scan: ScanCheck | None) -> str:
    return _FAILED if scan is None else _SCAN_VERDICTS.get(scan.result, _FAILED)


def _dkim_verdict(checks: Checks, fields: Sequence[Field]) -> str:
    """One signature that passes is enough. A malformed one is PROCESSING_FAILED, as documented."""
    if checks.signatures is None:
        is_signed = first(list(fields), "DKIM-Signature") is not None
        return _FAILED if is_signed else "GRAY"
    results = {each.result for each in checks.signatures}
    if not results:
        return "GRAY"
    if "pass" in results:
        return "PASS"
    return "FAIL" if results & {"fail", "policy", "permerror"} else _FAILED


def trace_headers(
    mail: Mail, region: str, recipients: Sequence[str], checked: Verdicts
) -> list[tuple[str, str]]:
    """Name and value of each header that is put before the mail, in order. Folds are CRLF.

    The client's name is the one that the DNS confirms in both directions, else `unknown`. The `for`
    clause is left out when there are several recipients, for it would show blind copies to the
    others (RFC 5321 §7.2).
    """
    envelope, checks = mail.envelope, mail.checks
    helo = _plain(envelope.helo)
    receiver = f"\r\n for {recipients[0]}" if len(recipients) == 1 else ""
    received = (
        f"from {helo} ({checks.client_name or 'unknown'} [{envelope.client_ip}])"
        f"\r\n by inbound-smtp.{region}.amazonaws.com with SMTP id {mail.mail_id}"
        f"{receiver};\r\n {rfc5322_date(mail.received_at_ms)} (UTC)"
    )
    headers = [
        ("Return-Path", f"<{envelope.reverse_path}>"),
        ("Received", received),
        ("X-SES-Spam-Verdict", checked.spam),
        ("X-SES-Virus-Verdict", checked.virus),
    ]
    if checks.spf is not None:
        headers.append(("Received-SPF", spf_value(checks.spf, envelope)))
    results = authentication_results(AUTHSERV_ID, checks, envelope)
    headers.append(("Authentication-Results", results))
    headers.append(("X-SES-RECEIPT", _receipt(mail.mail_id)))
    return headers


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
