"""SPF records taken apart: mechanisms, modifiers and macros, checked before any is evaluated.

Pure. Every pattern here runs in linear time, for records are written by strangers.

RFC 7208 §4.6 (syntax), §5 (mechanisms), §6 (modifiers), §7 (macros), §12 (collected ABNF).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import quote

import msgspec

# RFC 7208 §3.4 wants records to fit into 512 octets; ten times that is an attempt at something.
RECORD_OCTETS_MAX = 5_120
_NAME_OCTETS_MAX = 253  # RFC 7208 §7.3
_LABEL_OCTETS_MAX = 63  # RFC 1035 §2.3.4
_MODIFIER = re.compile(r"([A-Za-z][A-Za-z0-9_.-]*)=(.*)")
_MECHANISM = re.compile(r"([+?~-]?)([A-Za-z][A-Za-z0-9]*)([:/].*)?")
_CIDR_V4 = re.compile(r"(?<!/)/(0|[1-9][0-9]{0,2})$")
_CIDR_V6 = re.compile(r"//(0|[1-9][0-9]{0,2})$")
_MACRO = re.compile(r"%(?:([%_-])|\{([A-Za-z])([0-9]*)([rR]?)([.+,/_=-]*)\})")
_LITERAL = re.compile(r"[!-$&-~]+")
_ESCAPED = {"%": "%", "_": " ", "-": "%20"}
_LETTERS = frozenset("slodiphv")  # `c`, `r` and `t` are for explanations alone, §7.2
_WITH_DOMAIN = frozenset(("include", "exists"))
_DIGITS_MAX = 3  # 128 is more labels than a name can have (§7.3)
QUALIFIERS = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}


class SpfSyntaxError(Exception):
    """The record is none: SPF's `permerror`."""


class Mechanism(msgspec.Struct, frozen=True):
    """One mechanism. `domain` is a macro string, empty where the term names none."""

    text: str
    result: str  # what it says where it matches
    name: str
    domain: str = ""
    network: ipaddress.IPv4Network | ipaddress.IPv6Network | None = None
    bits_v4: int = 32
    bits_v6: int = 128


class Record(msgspec.Struct, frozen=True):
    """A record whose syntax is right. `redirect` is a macro string, empty where there is none."""

    mechanisms: tuple[Mechanism, ...]
    redirect: str


def is_spf(text: str) -> bool:
    """Whether a TXT record is one of this version. RFC 7208 §4.5."""
    return text[:6].lower() == "v=spf1" and text[6:7] in ("", " ")


def parse_record(text: str) -> Record:
    """A record that `is_spf`.

    Raises:
        SpfSyntaxError: any term is malformed, also one that would never be reached (§4.6).
    """
    if not text.isascii() or len(text) > RECORD_OCTETS_MAX:
        raise SpfSyntaxError("the record is too long or not ASCII")
    mechanisms: list[Mechanism] = []
    modifiers: dict[str, str] = {}
    for term in text[6:].split(" "):
        modifier = _MODIFIER.fullmatch(term)
        if modifier is None:
            mechanisms += [_mechanism(term)] if term else []
            continue
        name, value = modifier[1].lower(), modifier[2]
        if name not in ("redirect", "exp"):
            _check_macros(value)
            continue
        if name in modifiers:
            raise SpfSyntaxError(f"{name} comes twice")
        _check_domain(value)
        modifiers[name] = value
    return Record(tuple(mechanisms), modifiers.get("redirect", ""))


def expand(text: str, values: Mapping[str, str]) -> str:
    """A macro string with its macros replaced, as a domain name. RFC 7208 §7.1, §7.3.

    `values` has the letters in lower case. A name that has become too long loses labels on its
    left. The text has been checked by `parse_record`.
    """

    def value_of(found: re.Match[str]) -> str:
        if found[1]:
            return _ESCAPED[found[1]]
        return _transformed(found, values[found[2].lower()])

    name = _MACRO.sub(value_of, text).removesuffix(".")
    while len(name) > _NAME_OCTETS_MAX and "." in name:
        name = name.partition(".")[2]
    return name


def macro_letters(text: str) -> set[str]:
    """The letters of the macros in a macro string, in lower case."""
    return {found[2].lower() for found in _MACRO.finditer(text) if found[2]}


def is_name(name: str) -> bool:
    """Whether a text can be asked for: no empty label and none too long. RFC 7208 §4.3, §4.8."""
    return len(name) <= _NAME_OCTETS_MAX and all(
        0 < len(label) <= _LABEL_OCTETS_MAX for label in name.split(".")
    )


# ---------------------------------------------------------------------- mechanisms


def _mechanism(term: str) -> Mechanism:
    found = _MECHANISM.fullmatch(term)
    if found is None:
        raise SpfSyntaxError(f"{term!r} is no term")
    result, name, rest = QUALIFIERS[found[1] or "+"], found[2].lower(), found[3] or ""
    if name == "all" and not rest:
        return Mechanism(term, result, name)
    if name in ("ip4", "ip6") and rest.startswith(":"):
        return Mechanism(term, result, name, network=_network(rest[1:], int(name[-1])))
    if name in _WITH_DOMAIN and rest.startswith(":"):
        _check_domain(rest[1:])
        return Mechanism(term, result, name, rest[1:])
    if name == "ptr" and not rest.startswith("/"):
        return Mechanism(term, result, name, _optional_domain(rest))
    if name in ("a", "mx"):
        rest, bits_v4, bits_v6 = _split_cidrs(rest)
        domain = _optional_domain(rest)
        return Mechanism(term, result, name, domain, bits_v4=bits_v4, bits_v6=bits_v6)
    raise SpfSyntaxError(f"{term!r} is no mechanism")


def _optional_domain(rest: str) -> str:
    if not rest:
        return ""
    _check_domain(rest[1:])
    return rest[1:]


def _split_cidrs(rest: str) -> tuple[str, int, int]:
    """The term without its prefix lengths, which stand at its end."""
    rest, bits_v6 = _split_cidr(rest, _CIDR_V6, 128)
    rest, bits_v4 = _split_cidr(rest, _CIDR_V4, 32)
    return rest, bits_v4, bits_v6


def _split_cidr(rest: str, pattern: re.Pattern[str], most: int) -> tuple[str, int]:
    slash = rest.rfind("/")
    found = pattern.search(rest, max(0, slash - 1)) if slash >= 0 else None
    return (rest, most) if found is None else (rest[: found.start()], _bits(found[1], most))


def _bits(text: str | None, most: int) -> int:
    bits = most if text is None else int(text)
    if bits > most:
        raise SpfSyntaxError(f"/{text} is no prefix length")
    return bits


def _network(text: str, version: int) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    address, slash, length = text.partition("/")
    most = 32 if version == 4 else 128
    if slash and not re.fullmatch(r"0|[1-9][0-9]{0,2}", length):
        raise SpfSyntaxError(f"{text!r} has no prefix length")
    bits = _bits(length, most) if slash else most
    try:
        if version == 4:
            return ipaddress.IPv4Network((ipaddress.IPv4Address(address), bits), strict=False)
        if "%" in address:  # a zone, which is no part of an address in the DNS
            raise SpfSyntaxError(f"{text!r} is no address")
        return ipaddress.IPv6Network((ipaddress.IPv6Address(address), bits), strict=False)
    except ValueError as error:
        raise SpfSyntaxError(f"{text!r} is no address") from error


# ---------------------------------------------------------------------- macros


def _check_domain(text: str) -> None:
    """A domain-spec: a macro string that ends with a macro or with a label of the top."""
    end = _check_macros(text)
    tail = text[end:].removesuffix(".")
    if text and not text[end:]:
        return
    dot = tail.rfind(".")
    if dot < 0 or not _is_top_label(tail[dot + 1 :]):
        raise SpfSyntaxError(f"{text!r} is no domain")


def _is_top_label(label: str) -> bool:
    return (
        bool(label)
        and not label.isdigit()
        and all(character.isalnum() or character == "-" for character in label)
        and label[0] != "-"
        and label[-1] != "-"
    )


def _check_macros(text: str) -> int:
    """Where the last macro of a macro string ends."""
    at = end = 0
    while at < len(text):
        macro = _MACRO.match(text, at)
        if macro is not None:
            _check_macro(macro)
            at = end = macro.end()
            continue
        literal = _LITERAL.match(text, at)
        if literal is None:
            raise SpfSyntaxError(f"{text!r} has no macro at its character {at + 1}")
        at = literal.end()
    return end


def _check_macro(found: re.Match[str]) -> None:
    if found[1]:
        return
    digits = found[3]
    if found[2].lower() not in _LETTERS or (digits and digits.strip("0") == ""):
        raise SpfSyntaxError(f"{found[0]!r} is no macro")


def _transformed(found: re.Match[str], value: str) -> str:
    letter, digits, reverse, delimiters = found.group(2, 3, 4, 5)
    parts = re.split("[" + re.escape(delimiters or ".") + "]", value)
    if reverse:
        parts.reverse()
    if digits:
        parts = parts[-int(digits) :] if len(digits.lstrip("0")) <= _DIGITS_MAX else parts
    joined = ".".join(parts)
    return quote(joined, safe="-._~") if letter.isupper() else joined
