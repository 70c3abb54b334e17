"""The DKIM-Signature field taken apart, the key record beside it, and the header as it was signed.

Pure, in linear time: dkimpy, which the tests ask for a second opinion, needs quadratic time for
white space that was put there for it.

RFC 6376 §3.2 (tag lists), §3.4 (canonical forms), §3.5 (the field), §3.6.1 (key records), §5.4.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

FIELD_NAME = b"dkim-signature"
_BLANKS = re.compile(rb"[ \t]+")
_TAG_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_DOMAIN = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+")
_SELECTOR = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")
_NUMBER = re.compile(r"[0-9]{1,20}")
_FORMS = ("simple", "relaxed")
ALGORITHMS = {
    "rsa-sha256": ("rsa", "sha256"),
    "ed25519-sha256": ("ed25519", "sha256"),  # RFC 8463
    "rsa-sha1": ("rsa", "sha1"),
}


class SignatureSyntaxError(Exception):
    """The signature cannot be read."""


class KeySyntaxError(Exception):
    """The key record cannot be used."""


class RawField(NamedTuple):
    """A header field as it stands, without its last CRLF. `name` is in lower case."""

    name: bytes
    raw: bytes


class Signature(msgspec.Struct, frozen=True):
    """A DKIM-Signature field. Empty or None where a tag is absent."""

    field: RawField
    algorithm: str
    domain: str
    selector: str
    identity: str
    headers: tuple[bytes, ...]
    is_header_relaxed: bool
    is_body_relaxed: bool
    body_hash: bytes
    value: bytes
    length: int | None
    signed_at_s: int | None
    expires_at_s: int | None


class Key(msgspec.Struct, frozen=True):
    """A key record. `public_key` is empty where the key has been revoked."""

    kind: str
    public_key: bytes
    hashes: tuple[str, ...]  # empty: all
    is_strict: bool  # `t=s`: the identity has the very domain of the signature


def raw_fields(section: bytes) -> list[RawField]:
    """The fields of a header section in order, folded lines kept. Lines that are none are left."""
    found: list[RawField] = []
    lines: list[bytes] = []
    for line in [*section.split(b"\r\n"), b""]:
        if line[:1] in (b" ", b"\t") and lines:
            lines.append(line)
            continue
        if lines:
            raw = b"\r\n".join(lines)
            name, colon, _ = raw.partition(b":")
            if colon:
                found.append(RawField(name.rstrip(b" \t").lower(), raw))
        lines = [line]
    return found


def parse_signature(field: RawField) -> Signature:
    """A DKIM-Signature field.

    Raises:
        SignatureSyntaxError: a tag is missing, malformed or of a later version. RFC 6376 §6.1.1.
    """
    tags = _tags(_text(field.raw.partition(b":")[2]))
    if tags is None or tags.get("v") != "1":
        raise SignatureSyntaxError("its tags are malformed, or of another version")
    algorithm, domain, selector = (tags.get(name, "").lower() for name in ("a", "d", "s"))
    headers = tuple(name.strip().lower().encode() for name in tags.get("h", "").split(":"))
    if algorithm not in ALGORITHMS:
        raise SignatureSyntaxError("its algorithm is not known")
    if not _DOMAIN.fullmatch(domain) or not _SELECTOR.fullmatch(selector):
        raise SignatureSyntaxError("it names no domain or no selector")
    if b"from" not in headers:
        raise SignatureSyntaxError("From is not signed")
    if "dns/txt" not in (part.strip() for part in tags.get("q", "dns/txt").lower().split(":")):
        raise SignatureSyntaxError("its key is not in the DNS")
    header_form, _, body_form = tags.get("c", "simple").lower().partition("/")
    body_form = body_form or "simple"
    if header_form not in _FORMS or body_form not in _FORMS:
        raise SignatureSyntaxError("its canonical forms are not known")
    return Signature(
        field,
        algorithm,
        domain,
        selector,
        _identity(tags.get("i", ""), domain),
        headers,
        header_form == "relaxed",
        body_form == "relaxed",
        _decoded(tags, "bh"),
        _decoded(tags, "b"),
        _number(tags, "l"),
        _number(tags, "t"),
        _number(tags, "x"),
    )


def parse_key(text: str) -> Key:
    """A key record of the DNS.

    Raises:
        KeySyntaxError: it is none, or not one for mail.
    """
    tags = _tags(text)
    if tags is None or tags.get("v", "DKIM1") != "DKIM1" or "p" not in tags:
        raise KeySyntaxError("the key record is malformed")
    if not {"*", "email"} & {part.strip() for part in tags.get("s", "*").split(":")}:
        raise KeySyntaxError("the key is not one for mail")
    try:
        public_key = _base64(tags["p"])
    except ValueError as error:
        raise KeySyntaxError("the key is no base 64") from error
    hashes = tuple(part.strip() for part in tags["h"].split(":")) if "h" in tags else ()
    flags = [part.strip() for part in tags.get("t", "").split(":")]
    return Key(tags.get("k", "rsa"), public_key, hashes, "s" in flags)


def signed_octets(signature: Signature, fields: Sequence[RawField]) -> bytes:
    """What the signature covers of the header: the named fields, then its own without `b=`.

    A name that stands twice takes the next field from the bottom up; one too often takes nothing.
    RFC 6376 §3.7, §5.4.2.
    """
    by_name: dict[bytes, list[RawField]] = {}
    for field in fields:
        by_name.setdefault(field.name, []).append(field)
    form = relaxed_field if signature.is_header_relaxed else simple_field
    pieces = []
    for name in signature.headers:
        standing = by_name.get(name)
        if standing:
            pieces.append(form(standing.pop().raw) + b"\r\n")
    pieces.append(form(_without_value(signature.field.raw)))
    return b"".join(pieces)


def simple_field(raw: bytes) -> bytes:
    """A field as it is. RFC 6376 §3.4.1."""
    return raw


def relaxed_field(raw: bytes) -> bytes:
    """Name in lower case, unfolded, blanks made one, none at the ends. RFC 6376 §3.4.2."""
    name, _, value = raw.partition(b":")
    unfolded = _BLANKS.sub(b" ", value.replace(b"\r\n", b""))
    return name.strip(b" \t").lower() + b":" + unfolded.strip(b" ")


def _without_value(raw: bytes) -> bytes:
    """The field with the value of its tag `b` taken out, blanks around it included."""
    name, _, value = raw.partition(b":")
    tags = value.split(b";")
    for number, tag in enumerate(tags):
        key, equals, _ = tag.partition(b"=")
        if equals and key.strip(b" \t\r\n") == b"b":
            tags[number] = key + equals
    return name + b":" + b";".join(tags)


def _tags(text: str) -> dict[str, str] | None:
    """A tag list; None where it is none. White space inside is kept. RFC 6376 §3.2."""
    tags: dict[str, str] = {}
    parts = text.split(";")
    if not parts[-1].strip():
        parts.pop()
    for part in parts:
        name, equals, value = part.partition("=")
        name = name.strip()
        if not equals or not _TAG_NAME.fullmatch(name) or name in tags:
            return None
        tags[name] = value.strip()
    return tags


def _text(value: bytes) -> str:
    return value.decode("latin-1").replace("\r\n", "")


def _identity(text: str, domain: str) -> str:
    """The `i=` tag, whose domain is that of the signature or below it. RFC 6376 §3.5."""
    if not text:
        return f"@{domain}"
    _, at, host = text.rpartition("@")
    if not at or not (host.lower() == domain or host.lower().endswith(f".{domain}")):
        raise SignatureSyntaxError("its identity is not of its domain")
    return text


def _decoded(tags: Mapping[str, str], name: str) -> bytes:
    try:
        decoded = _base64(tags.get(name, ""))
    except ValueError as error:
        raise SignatureSyntaxError(f"{name}= is no base 64") from error
    if not decoded:
        raise SignatureSyntaxError(f"{name}= is missing")
    return decoded


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error as error:
        raise ValueError(text) from error


def _number(tags: Mapping[str, str], name: str) -> int | None:
    text = tags.get(name)
    if text is None:
        return None
    if not _NUMBER.fullmatch(text):
        raise SignatureSyntaxError(f"{name}= is no number")
    return int(text)
