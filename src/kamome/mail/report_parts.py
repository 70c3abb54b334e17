"""The parts of a report that came by mail, however broken: what `dsn` and `arf` read.

Nothing here raises on bad input, and all of it is bounded: reports that matter have three parts at
the top, and what lies deeper is not looked for. RFC 6522 (multipart/report), RFC 2046 §5.1.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import NamedTuple

from kamome.mail.header_fields import Field, first, header_end, split_fields

# What follows is the end of the mail that is reported on. Reports name what they say first.
READ_BYTES_MAX = 512 * 1024
_PARTS_MAX = 50
_DEPTH_MAX = 4
_TYPE = re.compile(r"\s*([A-Za-z0-9.+-]{1,80})/([A-Za-z0-9.+-]{1,80})\s*(?:;|$)")
_PARAMETER = re.compile(
    r';\s*([A-Za-z0-9*_-]{1,40})\s*=\s*(?:"((?:[^"\\]|\\.){0,200})"|([^\s;"]{1,200}))'
)
_TYPE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,79}")
_COMMENT = re.compile(r"\([^()]{0,500}\)")


class Part(NamedTuple):
    """One leaf of a mail: its type in lower case, its body decoded."""

    content_type: str
    body: bytes


class Report(NamedTuple):
    """A mail that says to be a report: `report_type` in lower case, and its leaves in order."""

    report_type: str
    fields: list[Field]
    parts: list[Part]


def read_report(content: bytes) -> Report | None:
    """The parts of a `multipart/report`; None for any other mail."""
    content = with_crlf(content[:READ_BYTES_MAX])
    end = header_end(content)
    fields = split_fields(content[:end])
    kind, parameters = _content_type(fields)
    if kind != "multipart/report":
        return None
    parts: list[Part] = []
    _collect(content[end:], parameters.get("boundary", ""), parts, 1)
    return Report(parameters.get("report-type", "").lower(), fields, parts)


def with_crlf(content: bytes) -> bytes:
    """Line ends as SMTP has them, for mails that were kept with others."""
    if b"\n" in content.replace(b"\r\n", b""):
        return content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return content


def blocks(body: bytes) -> list[list[Field]]:
    """Groups of fields with blank lines between them: the form of a delivery status."""
    found = []
    for block in re.split(rb"\r\n(?:[ \t]*\r\n)+", body.strip(b"\r\n")):
        fields = split_fields(block + b"\r\n\r\n")
        if fields:
            found.append(fields)
        if len(found) > 1_000:
            break
    return found


def original_fields(parts: list[Part]) -> list[Field]:
    """The header of the mail that a report is about, as far as it came back."""
    for part in parts:
        if part.content_type in (
            "message/rfc822",
            "message/global",
            "text/rfc822-headers",
            "message/rfc822-headers",
            "message/global-headers",
        ):
            return split_fields(part.body.lstrip(b"\r\n"))
    return []


def without_comments(value: str) -> str:
    """A value without what stands in parentheses."""
    return _COMMENT.sub("", value).strip()


def typed_value(value: str) -> str:
    """What stands behind the type in `rfc822; user@example.com`, without angle brackets."""
    text = (value.partition(";")[2] if value_type(value) else value).strip()
    if text.startswith("<") and text.endswith(">"):
        text = text[1:-1]
    return text.strip()


def value_type(value: str) -> str:
    """The type in front of such a value, as in `smtp; 550 …`; empty where there is none."""
    kind, semicolon, _ = value.partition(";")
    name = without_comments(kind)
    return name if semicolon and _TYPE_NAME.fullmatch(name) else ""


def message_id(fields: list[Field]) -> str:
    """The Message-ID of a header without its brackets, empty where there is none."""
    found = re.search(r"<([^<>\s]{1,998})>", first(fields, "Message-ID") or "")
    return found[1] if found else ""


def _collect(body: bytes, boundary: str, parts: list[Part], depth: int) -> None:
    if not boundary or depth > _DEPTH_MAX:
        return
    for section in _sections(body, boundary.encode("utf-8", "replace")):
        if len(parts) >= _PARTS_MAX:
            return
        end = header_end(section)
        fields = split_fields(section[:end])
        kind, parameters = _content_type(fields)
        if kind.startswith("multipart/"):
            _collect(section[end:], parameters.get("boundary", ""), parts, depth + 1)
        else:
            parts.append(Part(kind, _decoded(fields, section[end:])))


def _sections(body: bytes, boundary: bytes) -> list[bytes]:
    """What lies between the boundary lines; the last may lack its end."""
    line = re.compile(rb"(?:\A|\r\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?=\r\n|\Z)")
    sections: list[bytes] = []
    start = -1
    for found in line.finditer(body):
        if start >= 0:
            sections.append(body[start : found.start()])
        if found[1] or len(sections) >= _PARTS_MAX:
            return sections
        start = found.end() + 2
    if start >= 0:
        sections.append(body[start:])
    return sections


def _content_type(fields: list[Field]) -> tuple[str, dict[str, str]]:
    value = first(fields, "Content-Type") or "text/plain"
    found = _TYPE.match(value)
    if found is None:
        return "text/plain", {}
    parameters: dict[str, str] = {}
    for parameter in _PARAMETER.finditer(value[:2_000]):
        quoted = parameter[2]
        text = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else parameter[3]
        parameters.setdefault(parameter[1].lower().rstrip("*"), text)
    return f"{found[1]}/{found[2]}".lower(), parameters


def _decoded(fields: list[Field], body: bytes) -> bytes:
    said = without_comments(first(fields, "Content-Transfer-Encoding") or "").lower()
    encoding = said.partition(";")[0].strip()
    if encoding == "base64":
        kept = re.sub(rb"[^A-Za-z0-9+/]", b"", body)
        try:
            whole = kept[:-1] if len(kept) % 4 == 1 else kept
            return with_crlf(base64.b64decode(whole + b"=" * (-len(whole) % 4)))
        except binascii.Error:
            return body
    if encoding == "quoted-printable":
        return with_crlf(binascii.a2b_qp(body))
    return body
