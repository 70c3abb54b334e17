"""The canonical request of Signature Version 4: path, query, headers.

S3 signs the path as it was sent, encoded once; every other service signs the normalised path,
encoded a second time. A client may sign what it sent or what the documentation derives from it,
and the two differ where it left characters unencoded that need not be (`%7E` for `~`, `%2F` for
`/` in a key). Both spell the same resource, so both are accepted: `forms` yields them, what the
client sent first, the documentation's last.

Header text is latin-1, as ASGI servers decode it, so that encoding it gives the bytes as sent.

AWS: IAM User Guide, Create a signed AWS API request; S3 API Reference, Signature Calculations for
the Authorization Header.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import quote, unquote_to_bytes

from kamome.wire import HttpRequest

_BLANKS = re.compile(r"[ \t]+")


def to_bytes(text: str) -> bytes:
    """The bytes that `text` came from; UTF-8 where it is not latin-1."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def forms(
    request: HttpRequest, *, once_encoded: bool, without: str = ""
) -> Iterator[tuple[str, str]]:
    """Pairs of canonical path and query that this request may have been signed with: 1 to 4.

    `once_encoded` is S3's rule for paths. `without` names the query parameter that carries the
    signature itself (presigned requests) and is not signed.
    """
    sent_path = (request.raw_path or "/") if once_encoded else _normal_path(request.raw_path)
    pairs = _pairs(request.raw_query, without)
    sent_query = _joined(pairs)
    yield sent_path, sent_query
    # Only a request that is refused, or whose client left characters unencoded, comes here.
    path = _encoded_path(sent_path) if once_encoded else sent_path
    query = _joined([(_encoded(name), _encoded(value)) for name, value in pairs])
    others = ((path, sent_query), (sent_path, query), (path, query))
    yield from (form for form in dict.fromkeys(others) if form != (sent_path, sent_query))


def headers(request: HttpRequest, names: Sequence[str]) -> str:
    """Canonical headers: one `name:value` line each, blanks trimmed and collapsed."""
    header = request.header
    lines = "".join([f"{name}:{header(name)}\n" for name in names])
    # Values come from the server trimmed, and hardly ever hold two blanks in a row.
    if "  " in lines or "\t" in lines or ": " in lines or " \n" in lines:
        values = [(name, _BLANKS.sub(" ", header(name))) for name in names]
        return "".join([f"{name}:{value.strip(' ')}\n" for name, value in values])
    return lines


def _encoded_path(sent: str) -> str:
    return quote(unquote_to_bytes(to_bytes(sent)), safe="/~")


def _normal_path(raw_path: str) -> str:
    """Dot segments and repeated slashes removed (RFC 3986 §5.2.4), then encoded once more."""
    if not raw_path or raw_path == "/":
        return "/"
    kept: list[str] = []
    segments = raw_path.split("/")
    for segment in segments:
        if segment == "..":
            if kept:
                kept.pop()
        elif segment not in {"", "."}:
            kept.append(segment)
    if not kept:
        return "/"
    # As botocore does: "/a/." and "/a/.." drop the slash, only "/a/" keeps it.
    tail = "/" if segments[-1] == "" else ""
    return quote(to_bytes("/" + "/".join(kept) + tail), safe="/~")


def _pairs(raw_query: str, without: str) -> list[tuple[str, str]]:
    if not raw_query:
        return []
    parts = (part.partition("=") for part in raw_query.split("&") if part)
    return [(name, value) for name, _, value in parts if name != without or not without]


def _encoded(text: str) -> str:
    return quote(unquote_to_bytes(to_bytes(text.replace("+", " "))), safe="~")


def _joined(pairs: list[tuple[str, str]]) -> str:
    return "&".join([f"{name}={value}" for name, value in sorted(pairs)])
