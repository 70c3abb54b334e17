"""Mails of the mailbox as JSON: a line of a list, a whole mail, and the form that tests know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from kamome.mail.header_fields import decode_words
from kamome.mail.mime_tree import Part, attachments, content, read_tree, text, text_part
from kamome.observe.times import iso

if TYPE_CHECKING:
    from kamome.mail.envelope import Mail
    from kamome.mail.outgoing import SpooledMail
    from kamome.services.ses.feedback.event_store import MailEvent
    from kamome.services.ses.mailbox.mailbox import Listed
    from kamome.services.ses.mailbox.mailbox_store import ShownStep
    from kamome.services.ses.sending.sent_mails import SentMail

# Text and HTML in JSON are cut there; the whole is in `raw`.
_TEXT_CHARACTERS_MAX = 1_000_000


class Content(msgspec.Struct, frozen=True):
    """What a mail holds, as a reader is shown it."""

    headers: list[dict[str, str]]
    text: str | None
    html: str | None
    is_cut: bool
    attachments: list[dict[str, object]]
    tree: dict[str, object]


class Body(msgspec.Struct, frozen=True):
    """The bytes of a part with what is known of them."""

    content: bytes
    content_type: str
    filename: str


def line(mail: Listed) -> dict[str, object]:
    """A mail in a list."""
    shown = msgspec.to_builtins(mail)
    shown["id"] = shown.pop("mail_id")
    shown["at"] = iso(mail.at_ms)
    assert isinstance(shown, dict)
    return shown


def read_content(raw: bytes) -> Content:
    """A mail taken apart."""
    tree = read_tree(raw)
    plain, html = text_part(tree, "text/plain"), text_part(tree, "text/html")
    texts = [None if part is None else text(raw, part) for part in (plain, html)]
    return Content(
        [{"name": each.name, "value": decode_words(each.value)} for each in tree.fields],
        texts[0][:_TEXT_CHARACTERS_MAX] if texts[0] is not None else None,
        texts[1][:_TEXT_CHARACTERS_MAX] if texts[1] is not None else None,
        any(each is not None and len(each) > _TEXT_CHARACTERS_MAX for each in texts),
        [
            {
                "number": number,
                "part": part.number,
                "filename": part.filename,
                "content_type": part.content_type,
                "content_id": part.content_id,
                "bytes": len(content(raw, part)),
            }
            for number, part in enumerate(attachments(tree), 1)
        ],
        _branch(tree),
    )


def attachment(raw: bytes, number: int) -> Body | None:
    """An attachment by its number, from 1; None where there is none."""
    found = attachments(read_tree(raw))
    if not 1 <= number <= len(found):
        return None
    part = found[number - 1]
    return Body(content(raw, part), part.content_type, part.filename)


def html_of(raw: bytes) -> str | None:
    """The HTML of a mail; None where it has none."""
    part = text_part(read_tree(raw), "text/html")
    return None if part is None else text(raw, part)


def recipients(spooled: SpooledMail | None) -> list[dict[str, object]]:
    """How the recipients of a sent mail stand in the spool."""
    if spooled is None:
        return []
    shown = []
    for each in spooled.recipients:
        described = msgspec.structs.asdict(each)
        for name in ("due_ms", "last_at_ms"):
            described[name.replace("_ms", "").replace("_at", "") + "_at"] = (
                iso(described[name]) if described[name] else None
            )
        shown.append(described)
    return shown


def events(found: Sequence[MailEvent]) -> list[dict[str, object]]:
    """What happened to a sent mail."""
    return [
        {
            "type": each.type,
            "recipient": each.recipient,
            "at": iso(each.at_ms),
            "detail": each.detail,
        }
        for each in found
    ]


def steps(found: Sequence[ShownStep]) -> list[dict[str, object]]:
    """What rules do with a received mail."""
    return [
        {
            "account": each.owner.account,
            "region": each.owner.region,
            "rule_set": each.rule_set,
            "rule": each.rule,
            "action": each.action,
            "recipients": each.recipients,
            "done_at": iso(each.done_at_ms) if each.done_at_ms is not None else None,
            "result": each.result,
        }
        for each in found
    ]


def envelope(mail: Mail) -> dict[str, object]:
    """How a received mail came, and what was found out about it."""
    return {
        "envelope": msgspec.structs.asdict(mail.envelope),
        "checks": msgspec.to_builtins(mail.checks),
    }


def feed_entry(sent: SentMail, raw: bytes) -> dict[str, object]:
    """A sent mail as tests of the field read it at `/_aws/ses`."""
    tree = read_tree(raw)
    plain, html = text_part(tree, "text/plain"), text_part(tree, "text/html")
    to, cc = (_addressees(sent.common_headers, name) for name in ("to", "cc"))
    open_ones = " ".join([*to, *cc]).lower()
    sent_at = datetime.fromtimestamp(sent.sent_at_ms / 1000, UTC)
    return {
        "Id": sent.message_id,
        "Region": sent.region,
        "Source": sent.source,
        "Destination": {
            "ToAddresses": to,
            "CcAddresses": cc,
            "BccAddresses": [each for each in sent.destinations if each.lower() not in open_ones],
        },
        "Subject": sent.subject,
        "Body": {
            "text_part": None if plain is None else text(raw, plain),
            "html_part": None if html is None else text(raw, html),
        },
        "RawData": raw.decode("utf-8", "replace"),
        "Timestamp": sent_at.strftime("%Y-%m-%dT%H:%M:%S"),
    }


def _addressees(headers: Mapping[str, str | list[str]], name: str) -> list[str]:
    found = headers.get(name, [])
    return [found] if isinstance(found, str) else found


def _branch(part: Part) -> dict[str, object]:
    return {
        "part": part.number,
        "content_type": part.content_type,
        "charset": part.charset,
        "encoding": part.encoding,
        "disposition": part.disposition,
        "filename": part.filename,
        "bytes": part.end - part.start,
        "note": part.note,
        "parts": [_branch(each) for each in part.parts],
    }
