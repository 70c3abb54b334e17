"""Bounces of qmail, which are no RFC 3464 reports: text in qmail-send's bounce message format.

A paragraph that begins with `Hi. This is the`, one for each recipient that begins with its address
in angle brackets and a colon, one that begins with a hyphen, and then the mail itself. The words of
a paragraph hold RFC 3463 codes as `#5.1.1`, or what the remote server said.

`parse` takes any mail and never raises; what is read is what the sender claims.
cr.yp.to/proto/qsbmf.txt.
"""

from __future__ import annotations

import re

from kamome.mail.dsn import FAILED, Dsn, DsnRecipient
from kamome.mail.header_fields import decode_text, header_end, split_fields
from kamome.mail.outgoing import printable
from kamome.mail.report_parts import READ_BYTES_MAX, message_id, with_crlf

_INTRODUCTION = re.compile(rb"Hi\. This is the [^\r\n]{1,200}")
_HOST = re.compile(rb" program at ([A-Za-z0-9._-]{1,255}?)\.?$")
_RECIPIENT = re.compile(rb"<([^\r\n]{3,1024})>:[ \t]*\r\n(.*)", re.DOTALL)
_STATUS = re.compile(r"(?<![0-9.])([245]\.[0-9]{1,3}\.[0-9]{1,3})(?![0-9.])")
_REPLY = re.compile(r"said: ([45])[0-9]{2}\b")
_PARAGRAPHS_MAX = 1_000
_BLANK_LINE = b"\r\n\r\n"


def parse(content: bytes) -> Dsn | None:
    """The bounce of a qmail server as a report; None where the mail is none, or names nobody."""
    content = with_crlf(content[:READ_BYTES_MAX])
    body = content[header_end(content) :].lstrip(b"\r\n")
    introduction = _INTRODUCTION.match(body)
    if introduction is None:
        return None
    recipients: list[DsnRecipient] = []
    at = 0  # where the next paragraph begins
    for _ in range(_PARAGRAPHS_MAX):
        end = body.find(_BLANK_LINE, at)
        paragraph = body[at:] if end < 0 else body[at:end]
        at = len(body) if end < 0 else end + len(_BLANK_LINE)
        if paragraph.startswith(b"-"):
            break
        found = _RECIPIENT.fullmatch(paragraph.strip(b"\r\n"))
        if found is not None and b"@" in found[1]:
            recipients.append(_recipient(found[1], found[2]))
        if at == len(body):
            break
    if not recipients:
        return None
    host = _HOST.search(introduction[0])
    original = split_fields(body[at:].lstrip(b"\r\n"))
    return Dsn(
        reporting_mta=host[1].decode("ascii") if host else "",
        recipients=tuple(recipients),
        original_message_id=message_id(original),
        original_fields=tuple(original),
    )


def _recipient(address: bytes, words: bytes) -> DsnRecipient:
    diagnostic = printable(decode_text(words, "utf-8"))
    status = _STATUS.search(diagnostic)
    reply = _REPLY.search(diagnostic)
    return DsnRecipient(
        final_recipient=printable(decode_text(address, "utf-8")),
        action=FAILED,
        status=status[1] if status else f"{reply[1]}.0.0" if reply else "",
        diagnostic=diagnostic,
    )
