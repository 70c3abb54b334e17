"""The MIME structure of any mail, however broken: parts, texts, attachments; bounded throughout.

Our own reader, for Python's goes as deep as a mail is nested and takes quadratic time for some. A
mail of 40 MB is looked through at most `DEPTH_MAX` times, by searches in C. Nothing here raises on
bad input: what cannot be read is a part of its parent with a `note` that says so. The mail itself
is never changed. RFC 2045, RFC 2046, RFC 2183.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

import msgspec

from kamome.mail.header_fields import (
    Field,
    decode_text,
    decode_words,
    split_fields,
    undeclared_text,
)

# Ours: real mails have four levels and some dozens of parts; what has more is a bomb.
DEPTH_MAX = 20
PARTS_MAX = 1_000
# The header of one part beyond this is not looked at, nor those of all parts beyond that.
HEADER_BYTES_MAX = 64 * 1024
HEADERS_BYTES_MAX = 1024 * 1024
_PARAMETER_CHARACTERS_MAX = 4_096
_FILENAME_CHARACTERS_MAX = 255
_BOUNDARY_CHARACTERS_MAX = 200  # RFC 2046 §5.1.1 says 70
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,127}/[a-z0-9!#$&^_.+-]{1,127}")
_TOKEN = re.compile(r"[a-z0-9-]+")
_NOT_IN_FILENAMES = re.compile(r'[\x00-\x1f\x7f-\x9f/\\:*?"<>|\u2028-\u202e\u2066-\u2069]')


class Part(msgspec.Struct, frozen=True):
    """One part of a mail; the mail itself is the first.

    `number` is as in IMAP (`1.2`; empty: the whole mail). `start` and `end` bound the encoded body
    in the raw mail. `filename` has no path and no control characters. `note` says why a part was
    not taken apart further.
    """

    number: str
    content_type: str
    charset: str
    encoding: str
    disposition: str
    filename: str
    content_id: str
    fields: tuple[Field, ...]
    start: int
    end: int
    parts: tuple[Part, ...] = ()
    note: str = ""

    @property
    def is_attachment(self) -> bool:
        """Whether a reader is offered it as a file rather than shown it."""
        if self.content_type == "message/rfc822":
            return self.number != ""
        if self.parts:
            return False
        if self.disposition == "attachment" or self.filename:
            return True
        return not self.content_type.startswith(("text/plain", "text/html", "multipart/"))


class _Header(msgspec.Struct, frozen=True):
    """What the header of a part says of its body."""

    content_type: str
    parameters: dict[str, str]
    encoding: str
    disposition: str
    filename: str
    content_id: str
    fields: tuple[Field, ...]


class _Reader:
    """Takes one mail apart, with what is left of its bounds."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.left = PARTS_MAX
        self.header_bytes_left = HEADERS_BYTES_MAX

    def part(
        self, number: str, start: int, end: int, depth: int, default: str = "text/plain"
    ) -> Part:
        self.left -= 1
        body = _body_start(self.raw, start, end)
        header_bytes = min(body - start, HEADER_BYTES_MAX, self.header_bytes_left)
        self.header_bytes_left -= header_bytes
        header = _read_header(self.raw[start : start + header_bytes], default)
        parts, note = self._below(header, number, body, end, depth)
        return Part(
            number,
            header.content_type,
            header.parameters.get("charset", "").lower()[:60],
            header.encoding,
            header.disposition,
            header.filename,
            header.content_id,
            header.fields,
            body,
            end,
            parts,
            note,
        )

    def _below(
        self, header: _Header, number: str, start: int, end: int, depth: int
    ) -> tuple[tuple[Part, ...], str]:
        """The parts of a body, or why there are none."""
        is_mail = header.content_type == "message/rfc822" and not header.encoding
        if not is_mail and not header.content_type.startswith("multipart/"):
            return (), ""
        if depth >= DEPTH_MAX:
            return (), f"more than {DEPTH_MAX} levels"
        if is_mail:
            if self.left < 1:
                return (), f"more than {PARTS_MAX} parts"
            return (self.part(_below_number(number, 1), start, end, depth + 1),), ""
        boundary = header.parameters.get("boundary", "")
        if not boundary or len(boundary) > _BOUNDARY_CHARACTERS_MAX:
            return (), "multipart without a boundary"
        default = "message/rfc822" if header.content_type == "multipart/digest" else "text/plain"
        found: list[Part] = []
        for first, last in _between(self.raw, boundary.encode("utf-8", "replace"), start, end):
            if self.left < 1:
                return tuple(found), f"more than {PARTS_MAX} parts"
            part_number = _below_number(number, len(found) + 1)
            found.append(self.part(part_number, first, last, depth + 1, default))
        return tuple(found), "" if found else "the boundary does not occur"


def read_tree(raw: bytes) -> Part:
    """The structure of a mail."""
    return _Reader(raw).part("", 0, len(raw), 0)


def walk(part: Part) -> Iterator[Part]:
    """A part and all below it, in the order of the mail."""
    yield part
    for each in part.parts:
        yield from walk(each)


def attachments(tree: Part) -> list[Part]:
    """The attachments in order; the first is number 1 to a reader.

    A mail within the mail is one, and what it has attached itself is part of it.
    """
    if tree.is_attachment:
        return [tree]
    return [found for part in tree.parts for found in attachments(part)]


def text_part(tree: Part, content_type: str) -> Part | None:
    """The first body of this type (`text/plain`, `text/html`) that is no attachment.

    Mails within the mail are left out.
    """
    if tree.is_attachment:
        return None
    if tree.parts:
        found = (text_part(part, content_type) for part in tree.parts)
        return next((part for part in found if part is not None), None)
    return tree if tree.content_type == content_type else None


def content(raw: bytes, part: Part) -> bytes:
    """The body of a part with its transfer encoding undone. What is broken is skipped.

    RFC 2045 §6.
    """
    body = raw[part.start : part.end]
    if part.encoding == "base64":
        try:
            return binascii.a2b_base64(body)
        except binascii.Error:  # a last group that is cut short
            return _padded(body)
    if part.encoding == "quoted-printable":
        return binascii.a2b_qp(body)
    return body


def text(raw: bytes, part: Part) -> str:
    """The body of a part as text, in its charset, lines ended by a bare LF."""
    body = content(raw, part)
    shown = decode_text(body, part.charset) if part.charset else undeclared_text(body)
    return shown.replace("\r\n", "\n")


# ------------------------------------------------------------------ reading


def _body_start(raw: bytes, start: int, end: int) -> int:
    """Where the body begins: after the first blank line."""
    if raw.startswith(b"\r\n", start, end):
        return start + 2
    found = raw.find(b"\r\n\r\n", start, end)
    return end if found < 0 else found + 4


def _between(raw: bytes, boundary: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where the bodies between the delimiter lines lie. RFC 2046 §5.1.1.

    A delimiter begins a line, and only white space or `--` follows it there. Where the last one is
    missing, the last body ends with the parent.
    """
    delimiter = b"--" + boundary
    first = -1
    at = start
    while at < end:
        found = raw.find(delimiter, at, end)
        if found < 0:
            break
        line_end = raw.find(b"\r\n", found, end)
        line_end = end if line_end < 0 else line_end
        at = min(line_end, end)
        begins_line = found == start or raw[found - 2 : found] == b"\r\n"
        rest = raw[found + len(delimiter) : min(line_end, found + len(delimiter) + 200)]
        is_last = rest.startswith(b"--")
        if not begins_line or rest.removeprefix(b"--").strip(b" \t"):
            at = max(at, found + len(delimiter))
            continue
        if first >= 0:
            yield first, max(first, found - 2)
        if is_last:
            return
        first = min(line_end + 2, end)
    if first >= 0:
        yield first, end


def _read_header(section: bytes, default: str) -> _Header:
    fields = tuple(split_fields(section))
    by_name: dict[str, str] = {}
    for field in fields:
        by_name.setdefault(field.name.lower(), field.value)
    kind, parameters = _value_and_parameters(by_name.get("content-type", ""))
    if not _TYPE.fullmatch(kind):
        kind = default if "content-type" not in by_name else "text/plain"
    disposition, more = _value_and_parameters(by_name.get("content-disposition", ""))
    # Comments and semicolons behind it are no part of it.
    token = _TOKEN.match(by_name.get("content-transfer-encoding", "").lower())
    encoding = token[0] if token is not None else ""
    return _Header(
        kind,
        parameters,
        encoding if encoding in ("base64", "quoted-printable") else "",
        disposition if disposition in ("inline", "attachment") else "",
        _filename(more.get("filename") or parameters.get("name", "")),
        by_name.get("content-id", "").strip("<> ")[:_FILENAME_CHARACTERS_MAX],
        fields,
    )


def _value_and_parameters(value: str) -> tuple[str, dict[str, str]]:
    """`text/plain; charset=utf-8` taken apart, RFC 2231's forms joined; names in lower case."""
    if not value:
        return "", {}
    from email.message import Message
    from email.utils import collapse_rfc2231_value

    message = Message()
    message["Content-Type"] = value[:_PARAMETER_CHARACTERS_MAX]
    parameters: dict[str, str] = {}
    try:
        for name, given in message.get_params(failobj=[], unquote=True)[1:]:
            parameters.setdefault(name.lower(), collapse_rfc2231_value(given, errors="replace"))
    except (ValueError, LookupError):  # numbers and charsets of RFC 2231 that are none
        pass
    return value.partition(";")[0].strip().lower(), parameters


def _filename(name: str) -> str:
    """A name that can be a file's on every system, without the path before it."""
    decoded = decode_words(name.encode("utf-8", "replace").decode("utf-8"))
    last = re.split(r"[/\\]", decoded.strip('"'))[-1]
    return _NOT_IN_FILENAMES.sub("_", last).strip(" .")[:_FILENAME_CHARACTERS_MAX]


def _below_number(number: str, place: int) -> str:
    return f"{number}.{place}" if number else str(place)


def _padded(body: bytes) -> bytes:
    letters = re.sub(rb"[^A-Za-z0-9+/]", b"", body)
    whole = letters[:-1] if len(letters) % 4 == 1 else letters
    return binascii.a2b_base64(whole + b"=" * (-len(whole) % 4))
