"""What a mail gets before it is signed: pixel, tracked links, ways to unsubscribe.

AWS: SES Developer Guide, Amazon SES email sending metrics FAQs; Using subscription management.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from kamome.services.ses.configuration_sets import configuration_sets
from kamome.services.ses.entries import LINKS_PATH
from kamome.services.ses.feedback import link_keys
from kamome.services.ses.feedback.tracked_links import Link, with_pixel, with_tracked_links
from kamome.services.ses.limits import UNSUBSCRIBE_PLACEHOLDERS_MAX
from kamome.services.ses.sending.compose import Draft
from kamome.services.ses.sending.raw_mail import head_of
from kamome.services.ses.store import Owner

if TYPE_CHECKING:
    from kamome.mail.mime_tree import Part
    from kamome.services.ses.sending.sent_mails import SentMail
    from kamome.services.ses.slice import Ses

UNSUBSCRIBE_URL = "{{amazonSESUnsubscribeUrl}}"
# Kinds of links, and their paths.
OPENED = "I0"
CLICKED = "L0"
UNSUBSCRIBE = "unsubscribe"

_Change = Callable[[str, str], str]
_LINE_OCTETS = 76
# RFC 5321 §4.5.3.1.6, without the line end.
_LINE_OCTETS_MAX = 998
# A tracked link stands on a line of its own; longer URLs lead where they led before.
_LINK_CHARACTERS_MAX = 960
# Charsets of mails. Python has codecs that are none, and some that take very long.
_CHARSET = re.compile(
    r"utf-?8|utf-16(?:le|be)?|(?:us-)?ascii|iso-?8859-\d{1,2}|windows-\d{3,4}|cp\d{3,4}|koi8-[ru]"
    r"|iso-2022-(?:jp(?:-\d)?|kr)|shift[_-]jis|euc-(?:jp|kr)|gb2312|gbk|gb18030|big5"
)
_REPLACED = frozenset({"list-unsubscribe", "list-unsubscribe-post"})


class Prepared(msgspec.Struct, frozen=True):
    """A mail as it is signed. `trackers`: `OPEN` with the pixel in it, `CLICK` with a link."""

    draft: Draft
    trackers: tuple[str, ...] = ()


def prepared(ses: Ses, sent: SentMail, draft: Draft) -> Prepared:
    """The mail with what its configuration set and its contact list ask for, before it is signed.

    The pixel is there where a destination of the set wants opens, links are led through here where
    one wants clicks. A mail of a contact list to a single recipient has its placeholders replaced
    and can be unsubscribed from by one click (RFC 8058). A mail that its author has signed stays
    as it is: its signature would break.

    AWS: SES Developer Guide, Amazon SES email sending metrics FAQs; Using subscription management.
    """
    if any(name.lower() == "dkim-signature" for name, _ in draft.fields):
        return Prepared(draft)
    wanted = _wanted_types(ses, sent)
    unsubscribe = _unsubscribe_url(ses, sent)
    if not unsubscribe and not wanted & {"OPEN", "CLICK"}:
        return Prepared(draft)
    bases = _bases(ses, sent)
    trackers: dict[str, None] = {}

    def track(link: Link) -> str:
        trackers["CLICK"] = None
        return _tracked(ses, sent, bases, link)

    def change(kind: str, text: str) -> str:
        if unsubscribe:
            text = text.replace(UNSUBSCRIBE_URL, unsubscribe, UNSUBSCRIBE_PLACEHOLDERS_MAX)
        if kind == "text/html":
            if "CLICK" in wanted:
                text = with_tracked_links(text, track)
            if "OPEN" in wanted:
                trackers["OPEN"] = None
                token = link_keys.signed(ses, OPENED, {"m": sent.message_id})
                text = with_pixel(text, f"{bases[0]}{LINKS_PATH}{OPENED}/{token}")
        return text

    changed = _with_header(_rewritten(draft, change), unsubscribe)
    return Prepared(changed, tuple(sorted(trackers)))


def is_listed(sent: SentMail) -> bool:
    """Whether a mail can be unsubscribed from: of a list, and to one recipient.

    AWS: SES Developer Guide, Using subscription management.
    """
    return bool(sent.list_name) and len(sent.destinations) == 1


def _wanted_types(ses: Ses, sent: SentMail) -> set[str]:
    if not sent.configuration_set:
        return set()
    owner = Owner(sent.account, sent.region)
    return {
        name
        for destination in configuration_sets.store_of(ses).destinations(
            owner, sent.configuration_set
        )
        if destination.definition.get("Enabled", False)
        for name in destination.definition.get("MatchingEventTypes", ())
    }


def _bases(ses: Ses, sent: SentMail) -> tuple[str, str, str]:
    """Where the pixel, links of HTTP and links of HTTPS lead to.

    AWS: SES API v2 Reference, TrackingOptions (HttpsPolicy).
    """
    owner = Owner(sent.account, sent.region)
    chosen = configuration_sets.find(ses, owner, sent.configuration_set)
    domain = "" if chosen is None else chosen.redirect_domain
    if chosen is None or not domain:
        own = ses.settings.own_url()
        return own, own, own
    policy = chosen.options["TrackingOptions"].get("HttpsPolicy", "OPTIONAL")
    opened = "http" if policy == "OPTIONAL" else "https"
    plain = "https" if policy == "REQUIRE" else "http"
    return f"{opened}://{domain}", f"{plain}://{domain}", f"https://{domain}"


def _tracked(ses: Ses, sent: SentMail, bases: tuple[str, str, str], link: Link) -> str:
    content: dict[str, object] = {"m": sent.message_id, "u": link.url}
    if link.tags:
        content["t"] = link.tags
    base = bases[2] if link.url.lower().startswith("https:") else bases[1]
    tracked = f"{base}{LINKS_PATH}{CLICKED}/{link_keys.signed(ses, CLICKED, content)}"
    return tracked if len(tracked) <= _LINK_CHARACTERS_MAX else link.url


def _unsubscribe_url(ses: Ses, sent: SentMail) -> str:
    if not is_listed(sent):
        return ""
    content = {
        "m": sent.message_id,
        "a": sent.destinations[0],
        "o": [sent.account, sent.region],
        "l": sent.list_name,
        "t": sent.topic_name,
    }
    token = link_keys.signed(ses, UNSUBSCRIBE, content)
    return f"{ses.settings.own_url()}{LINKS_PATH}{UNSUBSCRIBE}/{token}"


def _with_header(draft: Draft, unsubscribe: str) -> Draft:
    """The two fields that let a client offer to unsubscribe. RFC 2369 §3.2, RFC 8058 §3.1."""
    if not unsubscribe:
        return draft
    kept = tuple(field for field in draft.fields if field[0].lower() not in _REPLACED)
    own = (
        ("List-Unsubscribe", f"<{unsubscribe}>".encode()),
        ("List-Unsubscribe-Post", b"List-Unsubscribe=One-Click"),
    )
    return Draft((*kept, *own), draft.body)


def _rewritten(draft: Draft, change: _Change) -> Draft:
    """The mail with `change` done to its texts, each in the encoding that it has."""
    from kamome.mail.mime_tree import read_tree, walk

    head = head_of(draft.fields)
    raw = head + draft.body
    texts = [part for part in walk(read_tree(raw)) if _is_shown(part)]
    for part in sorted(texts, key=lambda part: part.start, reverse=True):
        body = _part_changed(raw[part.start : part.end], part, change)
        raw = raw[: part.start] + body + raw[part.end :]
    return Draft(draft.fields, raw[len(head) :])


def _is_shown(part: Part) -> bool:
    """Whether a part is a text that a reader is shown; what is attached stays as it is."""
    is_text = part.content_type in ("text/html", "text/plain")
    return is_text and not part.parts and not part.is_attachment


def _part_changed(encoded: bytes, part: Part, change: _Change) -> bytes:
    """One text as it leaves; where nothing changes, or it cannot be read, octet for octet."""
    octets = _decoded(encoded, part.encoding)
    if octets is None:
        return encoded
    charset = part.charset or "utf-8"
    try:
        text = octets.decode(charset if _CHARSET.fullmatch(charset) else "")
        is_lossless = text.encode(charset) == octets
    except (LookupError, UnicodeError):
        is_lossless = False
    if not is_lossless:
        # Markup is ASCII in all that is left: what the octets above mean does not matter.
        charset, text = "latin-1", octets.decode("latin-1")
    changed = change(part.content_type, text)
    if changed == text:
        return encoded
    left = _encoded(changed.encode(charset, "xmlcharrefreplace"), part.encoding)
    # A line that no server takes would cost the whole mail: then the text stays as it was.
    return encoded if any(len(line) > _LINE_OCTETS_MAX for line in left.split(b"\r\n")) else left


def _decoded(encoded: bytes, encoding: str) -> bytes | None:
    if encoding == "base64":
        try:
            return base64.b64decode(encoded)
        except binascii.Error:
            return None
    if encoding == "quoted-printable":
        return binascii.a2b_qp(encoded)
    return encoded


def _encoded(octets: bytes, encoding: str) -> bytes:
    """RFC 2045 §6.7, §6.8."""
    if encoding == "base64":
        coded = base64.b64encode(octets)
        lines = [coded[at : at + _LINE_OCTETS] for at in range(0, len(coded), _LINE_OCTETS)]
        return b"\r\n".join(lines) + b"\r\n"
    if encoding == "quoted-printable":
        quoted = [
            binascii.b2a_qp(line, istext=False).replace(b"=\n", b"=\r\n")
            for line in octets.split(b"\r\n")
        ]
        return b"\r\n".join(quoted)
    return octets
