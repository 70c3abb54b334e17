"""Links and the pixel in the HTML of a mail. Pure: text in, text out.

Only what stands between `<a` and `>` is changed, and the pixel added; all else stays as it was
written. Broken HTML stays broken. What is looked at is bounded, so that no mail takes long.

AWS: SES Developer Guide, Amazon SES email sending metrics FAQs (open and click tracking).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import msgspec

from kamome.services.ses.limits import TRACKED_LINKS_MAX

OPEN_TRACKER = "{{ses:openTracker}}"

# Ours: a tag is no longer than this, and no more of them are looked at.
_TAG_CHARACTERS_MAX = 8_192
_ANCHORS_MAX = 2_000
# Possessive throughout: what does not match is given up at once.
_TAG = re.compile(r"<a\s(?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+>", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"(?P<name>[^\s=>\"'/]+)(?:\s*=\s*(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'"
    r"|(?P<bare>[^\s>\"']+)))?"
)
# RFC 3986 §2: what is not properly encoded is not tracked.
_URL = re.compile(r"https?://[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+", re.IGNORECASE)
_LINK_TAG = re.compile(r"[A-Za-z0-9_-]+")
# Where `<a` is no anchor. HTML Living Standard, Parsing HTML documents: raw text elements.
_RAW_TEXT = ("script", "style", "textarea", "title", "xmp")
_BODY_END = re.compile(r"</body\s*>", re.IGNORECASE)


class Link(msgspec.Struct, frozen=True):
    """A link that is tracked: where it leads, and the tags that its author gave it."""

    url: str
    tags: Mapping[str, tuple[str, ...]]


def with_tracked_links(text: str, track: Callable[[Link], str]) -> str:
    """The HTML with the first 250 links led through `track`.

    `ses:no-track` and `ses:tags` are taken out of the tags that have them.

    AWS: SES Developer Guide, Amazon SES email sending metrics FAQs (click tracking).
    """
    pieces: list[str] = []
    at, tracked = 0, 0
    for start, end in _anchors(text):
        changed, is_tracked = _changed(text[start:end], track, tracked < TRACKED_LINKS_MAX)
        tracked += is_tracked
        pieces += [text[at:start], changed]
        at = end
    pieces.append(text[at:])
    return "".join(pieces)


def with_pixel(text: str, url: str) -> str:
    """The HTML with an image of one transparent pixel: at its placeholder, or at the bottom.

    AWS: SES Developer Guide, Amazon SES email sending metrics FAQs (open tracking).
    """
    import html

    image = f'<img alt="" src="{html.escape(url)}" style="display: none; width: 1px; height: 1px;">'
    if OPEN_TRACKER in text:
        return text.replace(OPEN_TRACKER, image, 1)
    ends = list(_BODY_END.finditer(text))
    at = ends[-1].start() if ends else len(text)
    return f"{text[:at]}\r\n{image}\r\n{text[at:]}"


def link_tags(text: str) -> dict[str, tuple[str, ...]]:
    """`product:book;genre:fiction;` as names and values; what is not in that form is left out.

    AWS: SES Developer Guide, Amazon SES email sending metrics FAQs (Can I tag links).
    """
    found: dict[str, tuple[str, ...]] = {}
    for pair in text.split(";"):
        name, _, value = (part.strip() for part in pair.partition(":"))
        if _LINK_TAG.fullmatch(name) and _LINK_TAG.fullmatch(value):
            found[name] = (*found.get(name, ()), value)
    return found


def _anchors(text: str) -> list[tuple[int, int]]:
    """Where the start tags of anchors are, outside comments and raw text."""
    lowered = text.lower()
    if len(lowered) != len(text):
        lowered = text  # a few letters change their length with their case: offsets must hold
    found: list[tuple[int, int]] = []
    at, tried = text.find("<"), 0
    while at >= 0 and tried < _ANCHORS_MAX:
        end = _behind(lowered, at)
        if end < 0:
            break
        if end > at:
            at = text.find("<", end)
            continue
        tag = None
        if lowered.startswith("<a", at):
            tried += 1
            tag = _TAG.match(text, at, min(len(text), at + _TAG_CHARACTERS_MAX))
        if tag is not None:
            found.append(tag.span())
        at = text.find("<", at + 1 if tag is None else tag.end())
    return found


def _behind(lowered: str, at: int) -> int:
    """The end of the comment or raw text that begins here; `at`: none does; -1: it never ends."""
    if lowered.startswith("<!--", at):
        end = lowered.find("-->", at)
        return end if end < 0 else end + 3
    for name in _RAW_TEXT:
        if lowered.startswith(f"<{name}", at):
            return lowered.find(f"</{name}", at)
    return at


def _changed(tag: str, track: Callable[[Link], str], is_room: bool) -> tuple[str, bool]:
    """A start tag as it leaves, and whether it is tracked now."""
    import html

    attributes = list(_ATTRIBUTE.finditer(tag, len("<a")))
    by_name = {found["name"].lower(): found for found in reversed(attributes)}
    href = by_name.get("href")
    own = [found for name, found in by_name.items() if name in ("ses:no-track", "ses:tags")]
    edits = {found.span(): "" for found in own}
    is_tracked = False
    if href is not None and is_room and "ses:no-track" not in by_name:
        url = html.unescape(_value(href)).strip()
        if _URL.fullmatch(url):
            tags = by_name.get("ses:tags")
            link = Link(url, link_tags(html.unescape(_value(tags))) if tags else {})
            # On a line of its own: a line of a mail has 998 octets at most (RFC 5322 §2.1.1).
            edits[href.span()] = f'\r\nhref="{html.escape(track(link))}"'
            is_tracked = True
    for (start, end), text in sorted(edits.items(), reverse=True):
        tag = tag[:start] + text + tag[end:]
    return tag, is_tracked


def _value(found: re.Match[str]) -> str:
    return found["double"] or found["single"] or found["bare"] or ""
