"""Mail addresses as receipt rules compare them.

Domains and local parts are compared without regard to case (RFC 5321 §2.4 lets the receiving side
decide, and mail that differs in case alone reaches the same person everywhere). International
domains are equal in both of their forms.
"""

from __future__ import annotations

import re
from functools import lru_cache

_NEEDLESSLY_QUOTED = re.compile(r'"([^\x00-\x20"(),:;<>@\[\\\]\x7f]+)"')


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
    """An address in the form in which two of the same are equal.

    Quotes that a local part does not need do not make it another one. RFC 5321 §4.1.2.
    """
    local, _, domain = address.rpartition("@")
    quoted = _NEEDLESSLY_QUOTED.fullmatch(local)
    return f"{(quoted[1] if quoted else local).lower()}@{normal_domain(domain)}"


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


@lru_cache(maxsize=1_024)
def satisfiable(address: str) -> frozenset[str]:
    """The normalized conditions that a recipient satisfies, whatever rules there are.

    `user@example.com` is the address, with or without a label (`user+anything@example.com`);
    `user+label@example.com` is that address only; `example.com` is every address of the domain and
    none of its sub-domains; `.example.com` is every address of all sub-domains, not of the domain.

    AWS: SES Developer Guide, Creating receipt rules (Setting up a receipt rule, recipients).
    """
    domain, given = domain_of(address), normal_address(address)
    above = (f".{parent}" for parent in domain_and_parents(domain)[1:])
    return frozenset((given, _without_label(given), domain, *above))


@lru_cache(maxsize=1_024)
def normal_conditions(conditions: tuple[str, ...]) -> frozenset[str]:
    """The recipient conditions of a rule as `satisfiable` names them.

    A rule has up to 100 and a set 200 rules: they are read once, not once for each recipient.

    AWS: SES API Reference, ReceiptRule (Recipients).
    """
    return frozenset(map(_normal_condition, conditions))


def matches(address: str, condition: str) -> bool:
    """Whether a recipient satisfies one recipient condition of a rule.

    AWS: SES Developer Guide, Creating receipt rules (Setting up a receipt rule, recipients).
    """
    return _normal_condition(condition) in satisfiable(address)


def _normal_condition(condition: str) -> str:
    if "@" in condition:
        return normal_address(condition)
    dot = "." if condition.startswith(".") else ""
    return dot + normal_domain(condition.removeprefix("."))


def _without_label(address: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"
