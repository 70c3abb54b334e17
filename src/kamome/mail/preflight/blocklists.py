"""DNS blocklists: whether the sending address or the domain is on one. RFC 5782.

A listing is an address in 127.0.0.0/8. Lists answer with 127.255.255.0/24 when they refuse the
question, most often because it came by a public resolver; that tells nothing about the subject.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from kamome.mail.preflight.findings import Finding, Severity
from kamome.mail.preflight.lookups import Found

_LISTED = ipaddress.ip_network("127.0.0.0/8")
_REFUSED = ipaddress.ip_network("127.255.255.0/24")


def address_question(address: str, zone: str) -> str:
    """The name to ask a list of addresses for. RFC 5782 §2.1, §2.4."""
    pointer = ipaddress.ip_address(address).reverse_pointer
    return f"{pointer.removesuffix('.in-addr.arpa').removesuffix('.ip6.arpa')}.{zone}"


def domain_question(domain: str, zone: str) -> str:
    """The name to ask a list of domains for. RFC 5782 §3."""
    return f"{domain.rstrip('.')}.{zone}"


def own_entry_question(zone: str) -> str:
    """The name that every list of addresses has. RFC 5782 §5."""
    return address_question("127.0.0.2", zone)


def own_domain_question(zone: str) -> str:
    """The name that every list of domains has. RFC 5782 §5."""
    return domain_question("test", zone)


def judge_silence(subject: str, zone: str) -> Finding:
    """The list does not know the entry that all lists have, so that its silence says nothing."""
    return Finding(
        "blocklists",
        Severity.UNKNOWN,
        f"{zone} tells nothing about {subject}: it does not know its own test entry.",
        "The list is gone, or does not answer the name servers that were asked.",
        "Let --dns name a resolver of your own.",
    )


def judge(subject: str, zone: str, codes: Found, reasons: Sequence[str]) -> Finding:
    """What one list says of an address or a domain."""
    if codes.failure:
        summary = f"{zone} gives no answer about {subject}: {codes.failure}."
        return Finding("blocklists", Severity.UNKNOWN, summary)
    found = [ipaddress.ip_address(code) for code in codes.values]
    if any(code in _REFUSED for code in found):
        return Finding(
            "blocklists",
            Severity.UNKNOWN,
            f"{zone} refuses to tell about {subject} ({', '.join(codes.values)}).",
            "Lists refuse questions that come by public resolvers or in great number.",
            "Let --dns of the server name a resolver of your own.",
        )
    if any(code in _LISTED for code in found):
        return Finding(
            "blocklists",
            Severity.ERROR,
            f"{subject} is listed by {zone} ({', '.join(codes.values)}).",
            " ".join(reasons) or "Receivers that ask this list refuse your mail.",
            f"Find out why on the list's own pages ({zone}), end the cause, then ask to be"
            " removed.",
        )
    return Finding("blocklists", Severity.OK, f"{subject} is not listed by {zone}.")
