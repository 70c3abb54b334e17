"""What SES adds to every mail, takes out of it, and tells of its header fields.

AWS: SES Developer Guide, Amazon SES header fields: Date and Message-ID are replaced; the X-SES-
fields are instructions and do not leave; Bcc is removed. Feedback-ID and X-SES-Outgoing are as SES
writes them.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import msgspec

from kamome.mail.header_fields import decode_words, split_addresses
from kamome.services.ses.addresses import AddressInvalid, Mailbox, parse_mailbox
from kamome.services.ses.receiving.headers import rfc5322_date
from kamome.services.ses.sending.compose import Draft
from kamome.services.ses.sending.raw_mail import fields_of, head_of
from kamome.services.ses.sending.sent_mails import Header, SentMail, message_id_header
from kamome.services.ses.told_texts import cut, fitting

# AWS: SES Developer Guide, Contents of event data, Mail object: headersTruncated.
_HEADER_BYTES_MAX = 10 * 1024
_REPLACED = frozenset({"message-id", "date", "bcc", "return-path", "feedback-id"})
_INSTRUCTION = "x-ses-"
# AWS: SES Developer Guide, Feedback-ID by message tags.
FEEDBACK_TAGS = ("ses:feedback-id-a", "ses:feedback-id-b")
_COMMON = ("From", "Reply-To", "To", "Cc", "Bcc", "Sender", "Date", "Subject")


class Stamp(msgspec.Struct, frozen=True):
    """What one mail is completed with. `feedback_tags` are the values of its two tags, or empty."""

    message_id: str
    account: str
    region: str
    sent_at_ms: int
    feedback_tags: tuple[str, str] = ("", "")


class Shown(msgspec.Struct, frozen=True):
    """Header fields as events tell of them."""

    headers: tuple[Header, ...]
    are_truncated: bool
    common: dict[str, str | list[str]]


def completed(draft: Draft, stamp: Stamp) -> Draft:
    """The mail with the fields that SES removes and adds; its content is final but for signatures.

    AWS: SES Developer Guide, Amazon SES header fields.
    """
    kept = tuple(field for field in draft.fields if not _is_replaced(field[0]))
    date = rfc5322_date(stamp.sent_at_ms).encode()
    message_id = message_id_header(stamp.message_id, stamp.region).encode()
    day = datetime.fromtimestamp(stamp.sent_at_ms // 1000, UTC)
    added = (
        ("Message-ID", message_id),
        ("Date", date),
        ("Feedback-ID", _feedback_id(stamp).encode()),
        ("X-SES-Outgoing", f"{day:%Y.%m.%d}-127.0.0.1".encode()),
    )
    return Draft((*kept, *added), draft.body)


def content_of(draft: Draft) -> bytes:
    """The octets of a mail.

    RFC 5322 §2.1.
    """
    return head_of(draft.fields) + draft.body


def as_left(sent: SentMail) -> list[Header]:
    """The known header fields of a mail with those that SES has put in their place.

    AWS: SES Developer Guide, Amazon SES header fields.
    """
    kept = [header for header in sent.headers if not _is_replaced(header.name)]
    message_id = message_id_header(sent.message_id, sent.region)
    return [
        *kept,
        Header("Message-ID", message_id),
        Header("Date", rfc5322_date(sent.sent_at_ms)),
    ]


def shown(draft: Draft, message_id: str) -> Shown:
    """The header fields of a mail as it came, for events: all up to 10 KB, and the common ones.

    `messageId` is the mail's own where it came with one, else that of SES.

    AWS: SES Developer Guide, Contents of event data, Mail object.
    """
    headers: list[Header] = []
    size = 0
    fields = fields_of(draft)
    for field in fields:
        size += len(field.name) + len(field.value) + 4
        if size > _HEADER_BYTES_MAX:
            break
        headers.append(Header(field.name, decode_words(field.value)))
    common: dict[str, str | list[str]] = {}
    values = {field.name.lower(): field.value for field in reversed(fields)}
    for name in _COMMON:
        value = values.get(name.lower())
        if value is not None:
            common[_member(name)] = _common_value(name, value)
    common["messageId"] = cut(values.get("message-id", message_id))
    return Shown(tuple(headers), len(headers) < len(fields), common)


def _is_replaced(name: str) -> bool:
    lowered = name.lower()
    return lowered in _REPLACED or lowered.startswith(_INSTRUCTION)


def _feedback_id(stamp: Stamp) -> str:
    """Two fields of the customer, one that is the account's in the region, and SES."""
    sender = hashlib.sha256(f"{stamp.account}/{stamp.region}".encode()).hexdigest()[:32]
    first, second = stamp.feedback_tags
    return f"{first}:{second}:1.{stamp.region}.{sender}:AmazonSES"


def _member(name: str) -> str:
    return {"Reply-To": "replyTo"}.get(name, name.lower())


def _common_value(name: str, value: str) -> str | list[str]:
    if name in ("Date", "Subject", "Sender"):
        return cut(decode_words(value))
    return fitting([_readable(mailbox) for mailbox in split_addresses(value)])


def _readable(mailbox: str) -> str:
    """`Name <address>`, its name decoded and without quotes; as it stands where it is none."""
    try:
        read = parse_mailbox(mailbox)
    except AddressInvalid:
        return decode_words(mailbox)
    return Mailbox(decode_words(read.name), read.address).text
