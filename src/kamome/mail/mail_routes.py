"""Where mail for a domain goes: its MX hosts in order, with their addresses.

RFC 5321 §5.1; RFC 7505 (null MX); RFC 5321 §4.1.3 (address literals).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from itertools import groupby

from kamome.mail.dns import NameNotFound, NameServerFailed, Resolver
from kamome.mail.reachable_networks import ReachableNetworks

# Hosts that are looked at, and addresses that are tried in one attempt. Large providers have five.
_HOSTS_MAX = 10
ADDRESSES_MAX = 10


class NoRoute(Exception):
    """There is nowhere to send to. A code of 500 and above is final."""

    def __init__(self, code: int, enhanced: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.enhanced = enhanced
        self.text = text


async def exchangers(
    resolver: Resolver,
    domain: str,
    own_name: str,
    shuffled: Callable[[list[str]], list[str]] = list,
) -> list[str]:
    """The hosts that take mail for a domain, best first.

    Hosts of one preference are put in the order of `shuffled`, to spread the load (§5.1). A domain
    without MX is its own host.

    Raises:
        NoRoute: the domain does not exist (550 5.1.2), takes no mail (556 5.1.10), cannot be asked
            about now (451 4.4.3), or leads back to this server (554 5.4.6).
    """
    try:
        records = await resolver.mx(domain)
    except NameNotFound as missing:
        if not missing.exists:
            raise NoRoute(550, "5.1.2", f"the domain {domain} does not exist") from missing
        return [domain]
    except NameServerFailed as failed:
        raise NoRoute(451, "4.4.3", f"the MX of {domain} cannot be found: {failed}") from failed
    if [host for _, host in records] == [""]:
        raise NoRoute(556, "5.1.10", f"the domain {domain} accepts no mail (null MX)")
    records = [(preference, host.lower()) for preference, host in records if host]
    # Only hosts that are better than this one may be used, or mail goes in circles (§5.1).
    own = [preference for preference, host in records if host == own_name.lower()]
    usable = [each for each in records if not own or each[0] < min(own)]
    if not usable:
        raise NoRoute(554, "5.4.6", f"mail for {domain} leads back to {own_name}")
    hosts: list[str] = []
    for _, group in groupby(usable, key=lambda each: each[0]):
        hosts += shuffled([host for _, host in group])
    return list(dict.fromkeys(hosts))[:_HOSTS_MAX]


async def addresses_of(resolver: Resolver, host: str, reach: ReachableNetworks) -> list[str]:
    """The addresses of a host that mail may go to, IPv4 first.

    Raises:
        NoRoute: it has none (550 5.4.4), or they cannot be found now (451 4.4.3).
    """
    try:
        addresses = await resolver.addresses(host)
    except NameNotFound as missing:
        raise NoRoute(550, "5.4.4", f"the host {host} has no address") from missing
    except NameServerFailed as failed:
        raise NoRoute(451, "4.4.3", f"the address of {host} cannot be found: {failed}") from failed
    reachable = reach.among(addresses)
    if not reachable:
        raise not_public(host)
    return reachable


def not_public(host: str) -> NoRoute:
    """A host behind a firewall, as far as the sender is told. Its addresses are not: the sender
    need not know those of our own net. RFC 3463 §3.5, X.4.4.
    """
    return NoRoute(550, "5.4.4", f"{host} has no public address, and mail goes to no other")


def literal_address(domain: str, reach: ReachableNetworks) -> str | None:
    """The address of a domain that is an address literal: `[192.0.2.1]`, `[IPv6:2001:db8::1]`.

    Raises:
        NoRoute: it looks like a literal and is no address, or none that mail may go to.
    """
    if not domain.startswith("["):
        return None
    text = domain.strip("[]")
    if text.lower().startswith("ipv6:"):
        text = text[5:]
    try:
        address = str(ipaddress.ip_address(text))
    except ValueError as error:
        raise NoRoute(553, "5.1.3", f"{domain} is no address") from error
    if not reach.has(address):
        raise not_public(domain)
    return address
