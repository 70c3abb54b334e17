"""The sending address judged: public, with a name that leads back to it and that EHLO says.

Most refusals of a new mail server come from here: an address without a name of its own is taken
for a household or a rented machine gone astray. RFC 5321 §4.1.1.1, §4.1.4; RFC 1912 §2.1.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence

from kamome.mail.preflight.findings import DnsRecord, Finding, Severity
from kamome.mail.preflight.lookups import Found, unanswered

_AT_THE_PROVIDER = (
    "Reverse DNS is set by who gave you the address. Amazon EC2: Elastic IP addresses → Actions →"
    " Update reverse DNS, after the name's A record is published; other providers: the server's"
    " network page, or by a ticket."
)
_LABEL = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")
# Names that providers give by themselves carry the address in one form or another.
_GENERIC = re.compile(r"(dynamic|dhcp|dial|dsl|pool|cable|broadband|cust|ppp)", re.IGNORECASE)


def judge_no_address() -> list[Finding]:
    """Nobody has said where mails leave from."""
    return [
        Finding(
            "address",
            Severity.ERROR,
            "The address that mails leave from is not known.",
            "Without it reverse DNS, SPF and blocklists cannot be examined.",
            "Name it with --ip; behind a router or a NAT it is the public address, not this"
            " machine's.",
        )
    ]


def judge_ehlo(ehlo_name: str, forward: Found, addresses: Sequence[str]) -> list[Finding]:
    """The name that the server calls itself: whole, public, and leading to the address."""
    if not is_public_name(ehlo_name):
        return [
            Finding(
                "address",
                Severity.ERROR,
                f"The server calls itself {ehlo_name!r}, which is no name in public DNS.",
                "Many servers refuse a client whose EHLO is not a full name of its own.",
                "Start the server with --smtp-hostname mail.YOUR-DOMAIN.",
            )
        ]
    if forward.failure:
        return [unanswered("address", ehlo_name, forward.failure)]
    missing = [address for address in addresses if not _contains(forward.values, address)]
    if not missing:
        return []
    leads = f"leads to {', '.join(forward.values)}" if forward.values else "leads nowhere"
    return [
        Finding(
            "address",
            Severity.ERROR,
            f"{ehlo_name}, the name the server calls itself, {leads}, not to {', '.join(missing)}.",
            "The name said at EHLO should lead to the address that says it.",
            records=tuple(_address_record(ehlo_name, address) for address in missing),
        )
    ]


def judge_address(
    address: str, names: Found, forward: Mapping[str, Found], ehlo_name: str
) -> list[Finding]:
    """Forward-confirmed reverse DNS of one address; `forward` is where its names lead."""
    if not ipaddress.ip_address(address).is_global:
        return [
            Finding(
                "address",
                Severity.ERROR,
                f"{address} is not a public address.",
                "Nobody beyond your own network sees this address; your mails leave from another.",
                "Name the public one with --ip.",
            )
        ]
    if names.failure:
        return [unanswered("address", f"the reverse name of {address}", names.failure)]
    wanted = _pointer_record(address, ehlo_name)
    if not names.values:
        return [
            Finding(
                "address",
                Severity.ERROR,
                f"{address} has no reverse name.",
                "Large receivers refuse mail from addresses without one (550 5.7.25 and the like).",
                _AT_THE_PROVIDER,
                (wanted,),
            )
        ]
    confirmed = [name for name in names.values if _contains(forward[name].values, address)]
    if not confirmed:
        return [_unconfirmed(address, names, forward, wanted)]
    return _judge_confirmed(address, confirmed, ehlo_name, wanted)


def _unconfirmed(
    address: str, names: Found, forward: Mapping[str, Found], wanted: DnsRecord
) -> Finding:
    failures = [forward[name].failure for name in names.values if forward[name].failure]
    if failures:
        return unanswered("address", names.values[0], failures[0])
    return Finding(
        "address",
        Severity.ERROR,
        f"{address} is called {', '.join(names.values)}, but that does not lead back to it.",
        "Anybody can call his address what he likes; only a name that leads back counts.",
        f"Publish the address record of that name, or set another reverse name. {_AT_THE_PROVIDER}",
        (_address_record(names.values[0], address), wanted),
    )


def _judge_confirmed(
    address: str, confirmed: Sequence[str], ehlo_name: str, wanted: DnsRecord
) -> list[Finding]:
    if ehlo_name.lower() not in (name.lower() for name in confirmed):
        return [
            Finding(
                "address",
                Severity.WARNING,
                f"{address} is called {confirmed[0]}, and the server calls itself {ehlo_name}.",
                "Both are allowed to differ; filters like it better when they do not.",
                f"Start the server with --smtp-hostname {confirmed[0]}, or change the reverse"
                f" name. {_AT_THE_PROVIDER}",
                (wanted,),
            )
        ]
    if looks_generic(ehlo_name, address):
        return [
            Finding(
                "address",
                Severity.WARNING,
                f"{ehlo_name} looks like a name that a provider gives to anyone.",
                "Filters take it for a household or a machine that is rented by the hour.",
                f"Choose a name of your own domain. {_AT_THE_PROVIDER}",
            )
        ]
    return [
        Finding(
            "address",
            Severity.OK,
            f"{address} is called {ehlo_name}, which leads back to it and is what EHLO says.",
        )
    ]


def is_public_name(name: str) -> bool:
    """Whether a name may stand in public DNS: at least two labels, the last one a word."""
    labels = name.rstrip(".").split(".")
    if len(labels) < 2 or labels[-1].lower() in ("local", "localhost", "internal", "lan", "home"):
        return False
    return all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdigit()


def publishable_name(ehlo_name: str) -> str:
    """The server's own name as records are to show it; a place to fill in where it has none yet."""
    return ehlo_name.rstrip(".") if is_public_name(ehlo_name) else "mail.YOUR-DOMAIN"


def looks_generic(name: str, address: str) -> bool:
    """Whether a name carries its address, or the words of access networks."""
    ip = ipaddress.ip_address(address)
    if ip.version == 4:
        octets = str(ip).split(".")
        orders = (octets, octets[::-1])
        if any(mark.join(order) in name for order in orders for mark in ".-"):
            return True
        if "".join(f"{int(octet):03d}" for octet in octets) in name:
            return True
    return _GENERIC.search(name.partition(".")[0]) is not None


def _contains(values: Sequence[str], address: str) -> bool:
    return ipaddress.ip_address(address) in (ipaddress.ip_address(value) for value in values)


def _address_record(name: str, address: str) -> DnsRecord:
    kind = "A" if ipaddress.ip_address(address).version == 4 else "AAAA"
    return DnsRecord(name.rstrip("."), kind, address)


def _pointer_record(address: str, name: str) -> DnsRecord:
    return DnsRecord(
        ipaddress.ip_address(address).reverse_pointer, "PTR", f"{publishable_name(name)}."
    )
