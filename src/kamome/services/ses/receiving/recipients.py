"""Mail addresses as receipt rules compare them.

Domains and local parts are compared without regard to case (RFC 5321 §2.4 lets the receiving side
decide, and mail that differs in case alone reaches the same person everywhere). International
domains are equal in both of their forms.
"""

from __future__ import annotations


def normal_domain(domain: str) -> str:
    """A domain in lower case, its international labels as A-labels (RFC 5890 §2.3.2.1)."""
    lowered = domain.lower().rstrip(".")
    if lowered.isascii():
        return lowered
    try:
        return lowered.encode("idna").decode("ascii")
    except UnicodeError:
        return lowered


def normal_address(address: str) -> str:
    """An address in the form in which two of the same are equal."""
    local, _, domain = address.rpartition("@")
    return f"{local.lower()}@{normal_domain(domain)}"


def domain_of(address: str) -> str:
    """The domain of an address, normalized; empty where it has none."""
    return normal_domain(address.rpartition("@")[2]) if "@" in address else ""


def domain_and_parents(domain: str) -> list[str]:
    """A domain and those above it, nearest first: `a.b.example` gives itself, `b.example`, …"""
    labels = domain.split(".")
    return [".".join(labels[start:]) for start in range(len(labels))]


def is_within(domain: str, parent: str) -> bool:
    """Whether a domain is `parent` or one of its sub-domains."""
    return domain == parent or domain.endswith(f".{parent}")


def matches(address: str, condition: str) -> bool:
    """Whether a recipient satisfies one recipient condition of a rule.

    `user@example.com` is the address, with or without a label (`user+anything@example.com`);
    `user+label@example.com` is that address only; `example.com` is every address of the domain and
    none of its sub-domains; `.example.com` is every address of all sub-domains, not of the domain.

    AWS: SES Developer Guide, Creating receipt rules (Setting up a receipt rule, recipients).
    """
    domain = domain_of(address)
    if "@" in condition:
        wanted, given = normal_address(condition), normal_address(address)
        return given == wanted or _without_label(given) == wanted
    if condition.startswith("."):
        return domain.endswith(f".{normal_domain(condition[1:])}")
    return domain == normal_domain(condition)


def _without_label(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"
