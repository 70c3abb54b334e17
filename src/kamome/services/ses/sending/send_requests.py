"""What requests to send have in common in both APIs: addresses, tags, texts, checked.

Everything here refuses with `SendRefused`, which each API words in its way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from kamome.services.ses.addresses import AddressInvalid, Mailbox, parse_mailbox
from kamome.services.ses.limits import TAG_CHARACTERS_MAX
from kamome.services.ses.sending.compose import CharsetUnknown, Draft, Letter, Part, compose
from kamome.services.ses.sending.refusals import INVALID, SendRefused

if TYPE_CHECKING:
    from kamome.ids import Ids
    from kamome.services.ses import shapes

_TAG_TEXT = re.compile(r"[A-Za-z0-9_-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
# Tags that senders may set although their names begin as those of SES.
_OWN_TAGS = frozenset({"ses:feedback-id-a", "ses:feedback-id-b"})


def mailbox(text: str) -> Mailbox:
    """One mailbox of a request.

    Raises:
        SendRefused: it is none.

    AWS: SES API Reference, SendEmail (Source).
    """
    try:
        return parse_mailbox(text)
    except AddressInvalid as error:
        raise SendRefused(INVALID, str(error)) from None


def mailboxes(texts: Iterable[str]) -> tuple[Mailbox, ...]:
    """The mailboxes of a list in a request.

    Raises:
        SendRefused: one is none.

    AWS: SES API Reference, Destination.
    """
    return tuple(mailbox(text) for text in texts)


def address(text: str) -> str:
    """The address of a mailbox in a request; empty where there is none.

    Raises:
        SendRefused: it is no mailbox.

    AWS: SES API Reference, SendEmail (ReturnPath).
    """
    return mailbox(text).address if text else ""


def recipients(groups: Iterable[Sequence[Mailbox]]) -> tuple[str, ...]:
    """The envelope's recipients: all addresses, each once.

    RFC 5321 §3.3.
    """
    return tuple(dict.fromkeys(box.address for group in groups for box in group))


def tags(given: Iterable[shapes.MessageTag]) -> tuple[tuple[str, str], ...]:
    """Message tags of a request of either API.

    Raises:
        SendRefused: a name or value is empty, too long, or has other characters than letters,
            digits, `_` and `-`; a name comes twice.

    AWS: SES API Reference, MessageTag.
    """
    found: dict[str, str] = {}
    for tag in given:
        name, value = tag["Name"], tag["Value"]
        check_tag(name, value)
        if name in found:
            raise SendRefused(INVALID, f"Duplicate message tag name <{name}>.")
        found[name] = value
    return tuple(found.items())


def check_tag(name: str, value: str) -> None:
    """Refuse a message tag that is none.

    Raises:
        SendRefused: as `tags` says.

    AWS: SES API Reference, MessageTag.
    """
    for what, text in (("name", name), ("value", value)):
        is_own = what == "name" and text in _OWN_TAGS
        if len(text) > TAG_CHARACTERS_MAX or not (is_own or _TAG_TEXT.fullmatch(text)):
            raise SendRefused(INVALID, f"Invalid message tag {what} <{text[:TAG_CHARACTERS_MAX]}>.")


def part(text: str, charset: str) -> Part:
    """A text of a request; without a charset it is ASCII at AWS, and UTF-8 where it is not.

    AWS: SES API Reference, Content.
    """
    return Part(text, charset or ("us-ascii" if text.isascii() else "UTF-8"))


def body_part(content: shapes.Content | None) -> Part | None:
    """The text or the HTML of a body in either API, where it has one.

    AWS: SES API Reference, Body.
    """
    return None if content is None else part(content["Data"], content.get("Charset", ""))


def subject(content: shapes.Content) -> Part:
    """A subject, which is one line.

    Raises:
        SendRefused: it holds control characters, which could end its header.

    AWS: SES API Reference, Message (Subject).
    """
    if _CONTROL.search(content["Data"]):
        raise SendRefused(INVALID, "Header value cannot contain control characters: Subject.")
    return part(content["Data"], content.get("Charset", ""))


def composed(letter: Letter, ids: Ids) -> Draft:
    """The mail of a request.

    Raises:
        SendRefused: a text cannot be sent in its charset.

    AWS: SES API Reference, Content.
    """
    try:
        return compose(letter, ids)
    except CharsetUnknown as error:
        raise SendRefused(INVALID, str(error)) from None
