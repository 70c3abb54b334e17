"""Complaints that come in by mail: feedback reports of mailbox providers.

`parse` takes any mail and never raises; what it reads is what the sender claims. RFC 5965; RFC 6591
and RFC 6650 add fields that pass through `fields`.
"""

from __future__ import annotations

import msgspec

from kamome.mail.header_fields import Field, first
from kamome.mail.outgoing import printable
from kamome.mail.report_parts import (
    blocks,
    message_id,
    original_fields,
    read_report,
    typed_value,
    without_comments,
)

_RECIPIENTS_MAX = 1_000


class FeedbackReport(msgspec.Struct, frozen=True):
    """One report.

    `feedback_type` is abuse, fraud, virus, not-spam, auth-failure, other or what the provider
    calls it, in lower case. `original_recipients` are those the report names; many providers strike
    them out, and `original_message_id` (without brackets) with `original_fields` is all there is.
    `fields` are all fields of the report.
    """

    feedback_type: str
    user_agent: str
    original_mail_from: str = ""
    original_recipients: tuple[str, ...] = ()
    arrival_date: str = ""
    source_ip: str = ""
    reporting_mta: str = ""
    reported_domains: tuple[str, ...] = ()
    original_message_id: str = ""
    original_fields: tuple[Field, ...] = ()
    fields: tuple[Field, ...] = ()


def parse(content: bytes) -> FeedbackReport | None:
    """The feedback report in a mail; None where it is none.

    RFC 5965 §2, §3.
    """
    report = read_report(content)
    if report is None:
        return None
    body = next(
        (part.body for part in report.parts if part.content_type == "message/feedback-report"), None
    )
    if body is None:
        return None
    fields = [field for block in blocks(body) for field in block]
    feedback_type = without_comments(first(fields, "Feedback-Type") or "").lower()
    if not feedback_type:
        return None
    original = original_fields(report.parts)
    return FeedbackReport(
        feedback_type=printable(feedback_type),
        user_agent=printable(first(fields, "User-Agent") or ""),
        original_mail_from=_address(first(fields, "Original-Mail-From") or ""),
        original_recipients=tuple(
            each for each in map(_address, _every(fields, "Original-Rcpt-To")) if "@" in each
        )[:_RECIPIENTS_MAX],
        # RFC 5965 §3.2; some providers say Received-Date.
        arrival_date=printable(
            first(fields, "Arrival-Date") or first(fields, "Received-Date") or ""
        ),
        source_ip=printable(without_comments(first(fields, "Source-IP") or "")),
        reporting_mta=printable(typed_value(first(fields, "Reporting-MTA") or "")),
        reported_domains=tuple(map(printable, _every(fields, "Reported-Domain"))),
        original_message_id=message_id(original),
        original_fields=tuple(original),
        fields=tuple(fields),
    )


def _every(fields: list[Field], name: str) -> list[str]:
    lowered = name.lower()
    return [field.value for field in fields if field.name.lower() == lowered]


def _address(value: str) -> str:
    text = without_comments(value)
    if text.startswith("<") and text.endswith(">"):
        text = text[1:-1]
    return printable(text)[:512]
