"""DMARC: does what SPF or DKIM has proved belong to the domain that readers see in From?

Organizational domains are found by the public suffix list that `publicsuffixlist` brings.

RFC 7489 §3.1 (alignment), §3.2 (organizational domain), §6.3 (records), §6.6 (evaluation).
"""

from __future__ import annotations

import asyncio
import functools
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from kamome.mail.checks import DmarcCheck, SignatureCheck, SpfCheck
from kamome.mail.dns import NameNotFound, NameServerFailed, Resolver
from kamome.mail.header_fields import Field, address_of, split_addresses, uncommented

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

POLICIES = ("none", "quarantine", "reject")
RECORD_CHARACTERS_MAX = 4_096
_TAG = re.compile(r"[A-Za-z]{1,20}")
# A quote that nothing ends is taken to the end at once: it is not looked for again from each of its
# escaped ones.
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*+("?)')


class _Record(msgspec.Struct, frozen=True):
    policy: str
    subdomain_policy: str
    is_dkim_strict: bool
    is_spf_strict: bool
    percent: int


async def check_dmarc(
    resolver: Resolver,
    fields: Sequence[Field],
    spf: SpfCheck,
    signatures: Sequence[SignatureCheck],
) -> DmarcCheck:
    """Judge a mail by its From field. Never raises.

    A mail with no From, or with authors of several domains, has no domain to ask: `permerror`
    (RFC 7489 §6.6.1).
    """
    domain = author_domain(fields)
    if domain is None:
        return DmarcCheck("permerror")
    if not _suffixes.cache_info().currsize:
        await asyncio.to_thread(_suffixes)
    try:
        found = await _find(resolver, domain)
    except NameServerFailed:
        return DmarcCheck("temperror", domain)
    if found is None:
        return DmarcCheck("none", domain)
    record, at = found
    policy = record.policy if at == domain else record.subdomain_policy
    result = _aligned(record, domain, spf, signatures)
    return DmarcCheck(result, domain, policy, record.percent)


def author_domain(fields: Sequence[Field]) -> str | None:
    """The one domain of the mail's authors, in lower case and A-labels; None where it is not one.

    A mailbox with two addresses in angle brackets has none: one of them would pass for the other.

    RFC 7489 §6.6.1.
    """
    values = [field.value for field in fields if field.name.lower() == "from"]
    if len(values) != 1:
        return None
    mailboxes = split_addresses(values[0])
    if any(_unquoted(uncommented(mailbox)).count("<") > 1 for mailbox in mailboxes):
        return None  # readers of mail do not agree which of the addresses is the author's
    addresses = [address_of(mailbox) for mailbox in mailboxes]
    domains = {_normal(address.rpartition("@")[2]) for address in addresses if address}
    if len(domains) != 1:
        return None
    return domains.pop() or None


def _unquoted(mailbox: str) -> str:
    """A mailbox without its quoted strings; what only begins as one stays."""
    return _QUOTED.sub(lambda found: "" if found[1] else found[0], mailbox)


def is_refusal_asked(check: DmarcCheck | None) -> bool:
    """Whether the author's domain asks that the mail be refused: all such mails, not some of them.

    RFC 7489 §6.3 (`p`, `pct`).
    """
    return (
        check is not None
        and check.result == "fail"
        and check.policy == "reject"
        and check.percent == 100
    )


def organizational_domain(domain: str) -> str:
    """The registered domain that a domain belongs to, or itself where it is a public suffix."""
    return _suffixes().privatesuffix(domain) or domain


def is_aligned(author: str, authenticated: str, *, is_strict: bool) -> bool:
    """Whether what was authenticated speaks for the author's domain. RFC 7489 §3.1."""
    authenticated = _normal(authenticated)
    if author == authenticated or is_strict:
        return author == authenticated
    return organizational_domain(author) == organizational_domain(authenticated)


def _aligned(
    record: _Record, domain: str, spf: SpfCheck, signatures: Sequence[SignatureCheck]
) -> str:
    """Pass where one of both passes and is aligned; without an answer from the DNS, none yet."""
    results = set()
    if is_aligned(domain, spf.domain, is_strict=record.is_spf_strict):
        results.add(spf.result)
    for signature in signatures:
        if is_aligned(domain, signature.domain, is_strict=record.is_dkim_strict):
            results.add(signature.result)
    if "pass" in results:
        return "pass"
    return "temperror" if "temperror" in results else "fail"


async def _find(resolver: Resolver, domain: str) -> tuple[_Record, str] | None:
    """The record of a domain, or of the one it belongs to. RFC 7489 §6.6.3."""
    for name in dict.fromkeys((domain, organizational_domain(domain))):
        try:
            texts = await resolver.txt(f"_dmarc.{name}")
        except NameNotFound:
            continue
        records = [text for text in texts if re.match(r"v\s*=\s*DMARC1\s*(?:;|$)", text)]
        if len(records) > 1:
            return None  # §6.6.3: several records are none
        if records:
            record = _parse(records[0])
            return None if record is None else (record, name)
    return None


def _parse(text: str) -> _Record | None:
    """A record; None where it asks for nothing that can be done. RFC 7489 §6.3, §6.6.3."""
    tags: dict[str, str] = {}
    for part in text[:RECORD_CHARACTERS_MAX].split(";"):
        name, equals, value = part.partition("=")
        if equals and _TAG.fullmatch(name.strip()):
            tags.setdefault(name.strip().lower(), value.strip())
    policy, below = tags.get("p", "").lower(), tags.get("sp", "").lower()
    if policy not in POLICIES or (below and below not in POLICIES):
        # Who asks for reports is taken to mean `none`; others to have no record.
        if "mailto:" not in tags.get("rua", "").lower():
            return None
        policy, below = "none", "none"
    percent = tags.get("pct", "100")
    return _Record(
        policy,
        below or policy,
        tags.get("adkim", "r").lower() == "s",
        tags.get("aspf", "r").lower() == "s",
        int(percent) if re.fullmatch(r"[0-9]{1,2}", percent) else 100,
    )


def _normal(domain: str) -> str:
    lowered = domain.lower().rstrip(".")
    try:
        return lowered if lowered.isascii() else lowered.encode("idna").decode("ascii")
    except UnicodeError:
        return lowered


@functools.cache
def _suffixes() -> PublicSuffixList:
    """Read once, with the first mail that is judged: it takes 100 ms, so a thread does it."""
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()
