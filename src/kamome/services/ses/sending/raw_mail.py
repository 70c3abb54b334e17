"""A mail as the sender has written it: taken apart far enough to be checked and completed.

AWS: SES API Reference, SendRawEmail, RawMessage; SES Developer Guide, Amazon SES header fields.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kamome.mail.header_fields import Field, decode_words, split_addresses, split_fields
from kamome.services.ses.addresses import AddressInvalid, Mailbox, parse_mailbox
from kamome.services.ses.limits import HEADER_SECTION_BYTES_MAX
from kamome.services.ses.sending.compose import Draft, crlf

# AWS: SES Developer Guide, Amazon SES header fields: these stand once.
SINGLE_FIELDS = frozenset(
    name.lower()
    for name in (
        *("Accept-Language", "acceptLanguage", "Archived-At", "Auto-Submitted", "Bounces-to"),
        *("Comments", "Content-Alternative", "Content-Base", "Content-Class"),
        *("Content-Description", "Content-Disposition", "Content-Duration", "Content-ID"),
        *("Content-Language", "Content-Length", "Content-Location", "Content-MD5"),
        *("Content-Transfer-Encoding", "Content-Type", "Date", "Delivered-To"),
        *("Disposition-Notification-Options", "Disposition-Notification-To", "DKIM-Signature"),
        *("DomainKey-Signature", "Errors-To", "From", "Importance", "In-Reply-To", "Keywords"),
        *("List-Archive", "List-Help", "List-Id", "List-Owner", "List-Post", "List-Subscribe"),
        *("List-Unsubscribe", "List-Unsubscribe-Post", "Message-Context", "Message-ID"),
        *("MIME-Version", "Organization", "Original-From", "Original-Message-ID"),
        *("Original-Recipient", "Original-Subject", "Precedence", "Priority", "References"),
        *("Reply-To", "Return-Path", "Return-Receipt-To", "Sender", "Solicitation"),
        *("Sensitivity", "Subject", "Thread-Index", "Thread-Topic", "User-Agent", "VBR-Info"),
    )
)
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:[ \t]*(.*)", re.DOTALL)
_RECIPIENT_FIELDS = ("To", "Cc", "Bcc")


class MailInvalid(ValueError):
    """A mail that SES does not send; the sentence says why."""


def parse(data: bytes) -> Draft:
    """Take a mail apart: its fields in order, as written, and its body. Lines end with CRLF after.

    Raises:
        MailInvalid: a line of the header is none, a field that may stand once stands twice, or the
            header section has more than 256 KB.

    RFC 5322 §2.1.
    """
    content = crlf(data)
    if content.startswith(b"\r\n"):
        return Draft((), content[2:])
    head, _, body = content.partition(b"\r\n\r\n")
    if len(head) > HEADER_SECTION_BYTES_MAX:
        raise MailInvalid(f"The header section has more than {HEADER_SECTION_BYTES_MAX} bytes.")
    fields: list[tuple[str, bytes]] = []
    seen: set[str] = set()
    for raw in re.split(rb"\r\n(?![ \t])", head.removesuffix(b"\r\n")):
        found = _FIELD.fullmatch(raw)
        if found is None:
            raise MailInvalid("The header section has a line that is no header field.")
        name = found[1].decode("ascii")
        if name.lower() in SINGLE_FIELDS and name.lower() in seen:
            raise MailInvalid(f"Duplicate header '{name}'.")
        seen.add(name.lower())
        fields.append((name, found[2]))
    return Draft(tuple(fields), body)


def fields_of(draft: Draft) -> list[Field]:
    """The fields with their values unfolded, not decoded.

    RFC 5322 §2.2.3.
    """
    return split_fields(head_of(draft.fields))


def head_of(fields: Sequence[tuple[str, bytes]]) -> bytes:
    """The header section with the blank line that ends it.

    RFC 5322 §2.1.
    """
    lines = b"".join(name.encode("ascii") + b": " + value + b"\r\n" for name, value in fields)
    return lines + b"\r\n"


def mailboxes_of(fields: Sequence[Field], name: str) -> list[Mailbox]:
    """The mailboxes of a field, groups opened, names decoded.

    Raises:
        AddressInvalid: one of them is no address.

    RFC 5322 §3.4.
    """
    found: list[Mailbox] = []
    for field in fields:
        if field.name.lower() != name.lower():
            continue
        for text in split_addresses(field.value):
            mailbox = parse_mailbox(text.replace("\t", " "))
            found.append(Mailbox(decode_words(mailbox.name), mailbox.address))
    return found


def recipients_of(fields: Sequence[Field]) -> list[str]:
    """The addresses of To, Cc and Bcc, where the request names none.

    Raises:
        AddressInvalid: one of them is no address.

    AWS: SES API Reference, SendRawEmail (Destinations).
    """
    found = [box.address for name in _RECIPIENT_FIELDS for box in mailboxes_of(fields, name)]
    return list(dict.fromkeys(found))


def source_of(fields: Sequence[Field]) -> Mailbox:
    """The one mailbox of From.

    Raises:
        MailInvalid: there is no From field.
        AddressInvalid: it has no address, or more than one.

    AWS: SES API Reference, SendRawEmail (Source).
    """
    if not any(field.name.lower() == "from" for field in fields):
        raise MailInvalid("Missing required header 'From'.")
    found = mailboxes_of(fields, "From")
    if len(found) != 1:
        raise AddressInvalid("Missing final '@domain'" if not found else "Illegal address")
    return found[0]
