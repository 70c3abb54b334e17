"""Header fields of any mail, however broken: split, unfolded, decoded, addresses taken apart.

Nothing here raises on bad input. What cannot be decoded is shown with replacement characters; the
mail itself is never changed. RFC 5322 §2.2, RFC 2047, RFC 6532.
"""

from __future__ import annotations

import binascii
import re
from contextlib import suppress
from typing import NamedTuple

_FIELD = re.compile(rb"([\x21-\x39\x3b-\x7e]{1,998})[ \t]*:[ \t]*(.*)", re.DOTALL)
_FOLD = re.compile(rb"\r?\n[ \t]+")
# RFC 2047 §2, the language suffix of RFC 2231 §5 allowed.
_WORD = re.compile(r"=\?([^?*\s]{1,60})(?:\*[^?\s]*)?\?([BbQq])\?([^?]*)\?=")
_ADDRESS_IN_ANGLES = re.compile(r"<([^<>]*)>[^<>]*$")
_LITERAL = re.compile(r"@\[[A-Za-z0-9.:-]{1,255}\]")
_ACCENTED = re.compile(rb"[\x00-\x7f]*(?:[\xa0-\xff][\x00-\x7f]+)*[\xa0-\xff]?")
# The beginning tells of what kind a text is, and a pattern takes memory for each letter.
_LOOKED_AT_BYTES = 4_096
# Where cp932 puts what it has no characters for.
_PRIVATE = re.compile("[\ue000-\uf8ff]")
# Japanese senders call by these names what are Microsoft's supersets.
_CHARSETS = {
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "iso-8859-1": "cp1252",
    "ks_c_5601-1987": "cp949",
    "gb2312": "gb18030",
    "us-ascii": "utf-8",
}


# Codecs of Python that are no charsets; these two take quadratic time.
_NO_CHARSETS = frozenset({"punycode", "idna"})


class Field(NamedTuple):
    """One header field: its name as written, and its value unfolded, not decoded."""

    name: str
    value: str


def header_end(head: bytes) -> int:
    """Length of the header section with the blank line after it, or of all there is."""
    if head.startswith(b"\r\n"):
        return 2
    found = head.find(b"\r\n\r\n")
    return len(head) if found < 0 else found + 4


def split_fields(head: bytes) -> list[Field]:
    """The fields of a header section in order. Lines that are no field are left out."""
    fields = []
    section = head[: header_end(head)]
    for raw in re.split(rb"\r\n(?![ \t])", section):
        found = _FIELD.fullmatch(raw)
        if found is not None:
            value = _FOLD.sub(b" ", found[2]).strip()
            fields.append(Field(found[1].decode("ascii"), undeclared_text(value)))
    return fields


def first(fields: list[Field], name: str) -> str | None:
    """Value of the first field of this name, None where there is none."""
    lowered = name.lower()
    return next((field.value for field in fields if field.name.lower() == lowered), None)


def decode_words(value: str) -> str:
    """A value with its encoded words decoded.

    Neighbouring words of one charset are joined as bytes first, for mailers cut characters in two
    against RFC 2047 §5; white space between encoded words is dropped (§6.2).
    """
    if "=?" not in value:
        return value
    pieces: list[str] = []
    run: list[bytes] = []
    run_charset = ""
    at = 0
    for found in _WORD.finditer(value):
        between = value[at : found.start()]
        charset, content = found[1].lower(), _word_bytes(found[2], found[3])
        if content is None:
            continue  # stays as it is written
        if run and between.strip() == "" and charset == run_charset:
            run.append(content)
        else:
            if run:
                pieces.append(_decode(b"".join(run), run_charset))
            if not run or between.strip():
                pieces.append(between)
            run, run_charset = [content], charset
        at = found.end()
    if run:
        pieces.append(_decode(b"".join(run), run_charset))
    pieces.append(value[at:])
    return "".join(pieces)


def decode_text(content: bytes, charset: str) -> str:
    """Octets as text in a charset, replacement characters where they are none; never raises."""
    return _decode(content, charset.strip().lower())


def split_addresses(value: str) -> list[str]:
    """The mailboxes of an address list as written, groups opened. RFC 5322 §3.4."""
    found: list[str] = []
    start = depth = 0
    is_quoted = is_angled = False
    at = 0
    while at < len(value):
        character = value[at]
        if character == "\\" and (is_quoted or depth):
            at += 1
        elif is_quoted:
            is_quoted = character != '"'
        elif character == "(":
            depth += 1
        elif character == ")":
            depth = max(0, depth - 1)
        elif depth:
            pass
        elif character == "@" and (literal := _LITERAL.match(value, at)):
            at = literal.end() - 1  # the colons of an IPv6 address are no group's
        elif character == '"':
            is_quoted = True
        elif character == "<":
            is_angled = True
        elif character == ">":
            is_angled = False
        elif character in ",;" and not is_angled:
            found.append(value[start:at])
            start = at + 1
        elif character == ":" and not is_angled:
            start = at + 1  # a group's name ends here
        at += 1
    found.append(value[start:])
    return [mailbox.strip() for mailbox in found if uncommented(mailbox).strip()]


def address_of(mailbox: str) -> str:
    """The address of a mailbox, without name and comments; empty where there is none."""
    bare = uncommented(mailbox)
    found = _ADDRESS_IN_ANGLES.search(bare)
    address = (found[1] if found else bare).strip()
    return address if "@" in address else ""


def uncommented(text: str) -> str:
    """What is left without comments, which may be nested. RFC 5322 §3.2.2."""
    return _by_comments(text)[0]


def comment_of(mailbox: str) -> str:
    """What stands in the comments of a mailbox: the older way to name its owner. RFC 822 §6.1."""
    return " ".join(_by_comments(mailbox)[1].split())


def _by_comments(text: str) -> tuple[str, str]:
    """What stands outside of comments, and what stands in them without their parentheses."""
    if "(" not in text:
        return text, ""
    kept: list[str] = []
    said: list[str] = []
    depth = at = 0
    is_quoted = False
    while at < len(text):
        character = text[at]
        at += 1
        if character == "\\":
            pair = text[at - 1 : at + 1]
            (said if depth else kept).append(pair[1:] if depth else pair)
            at += 1
            continue
        if character == "(" and not is_quoted:
            depth += 1
            if depth == 1:
                continue
        elif character == ")" and depth:
            depth -= 1
            if not depth:
                said.append(" ")
                continue
        elif character == '"' and not depth:
            is_quoted = not is_quoted
        (said if depth else kept).append(character)
    return "".join(kept), "".join(said)


def undeclared_text(value: bytes) -> str:
    """Octets of no named charset: UTF-8 (RFC 6532), else what senders of such headers mean.

    Octets above 0xA0 that stand alone are accented letters of a Western language. Shift_JIS has
    other patterns, and is tried before such letters side by side.
    """
    with suppress(UnicodeDecodeError):
        return value.decode()
    mended = value.decode("utf-8", "replace")
    is_western = _ACCENTED.fullmatch(value[:_LOOKED_AT_BYTES]) is not None
    for charset in ("cp1252", "cp932") if is_western else ("cp932", "cp1252"):
        if charset == "cp1252" and not mended.replace("\ufffd", "").isascii():
            return mended  # UTF-8 with some octets that are none
        try:
            text = value.decode(charset)
        except UnicodeDecodeError:
            continue
        if not _PRIVATE.search(text):
            return text
    return mended


def _word_bytes(encoding: str, text: str) -> bytes | None:
    if encoding in "Bb":
        padded = text + "=" * (-len(text) % 4)
        try:
            return binascii.a2b_base64(padded.encode("ascii", "replace"))
        except binascii.Error:
            return None
    return binascii.a2b_qp(text.encode("ascii", "replace"), header=True)


def _decode(content: bytes, charset: str) -> str:
    if charset.startswith("iso-2022-jp"):
        return _decode_iso_2022_jp(content)
    if "escape" in charset or charset in _NO_CHARSETS:
        return content.decode("utf-8", "replace")
    try:
        text = content.decode(_CHARSETS.get(charset, charset), "replace")
    except (LookupError, ValueError):
        return content.decode("utf-8", "replace")
    # UTF-7 can spell halves of surrogate pairs, which are no text.
    return text.encode("utf-8", "replace").decode("utf-8")


def _decode_iso_2022_jp(content: bytes) -> str:
    """ISO-2022-JP as it is sent: with NEC's row 13 (circled digits) and half-width kana.

    Python's codec follows the standard, which has neither. Each two-byte run becomes Shift_JIS by
    arithmetic, and cp932 knows the rest. RFC 1468; JIS X 0208.
    """
    pieces = []
    for part in re.split(rb"(?=\x1b)", content):
        escape, text = part[:3], part[3:]
        if escape in (b"\x1b$B", b"\x1b$@"):
            pieces.append(_jis_to_shift_jis(text).decode("cp932", "replace"))
        elif escape == b"\x1b(I":
            pieces.append(bytes(octet | 0x80 for octet in text).decode("cp932", "replace"))
        elif escape in (b"\x1b(B", b"\x1b(J"):
            pieces.append(text.decode("ascii", "replace"))
        else:
            pieces.append(part.decode("iso2022_jp_ext", "replace"))
    return "".join(pieces)


def _jis_to_shift_jis(text: bytes) -> bytes:
    pairs = bytearray()
    for row, cell in zip(text[::2], text[1::2], strict=False):
        pairs.append(((row + 1) >> 1) + (0x70 if row < 0x5F else 0xB0) & 0xFF)
        if row % 2:
            pairs.append(cell + (0x1F if cell < 0x60 else 0x20) & 0xFF)
        else:
            pairs.append(cell + 0x7E & 0xFF)
    return bytes(pairs)
