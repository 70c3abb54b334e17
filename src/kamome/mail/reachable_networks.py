"""To which addresses mail leaves directly: the public ones, and those that the operator names.

Whoever can have a mail sent chooses its domain, and so the address that this server connects to.
Were every address allowed, he could reach what listens behind the firewall, or on this very
machine. Addresses that carry another inside (IPv4 in IPv6, NAT64, 6to4, Teredo) are judged by it,
too.

IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890); RFC 4291 §2.5.5.2 (IPv4-mapped);
RFC 6052 §2.1 (NAT64); RFC 3056 §2 (6to4); RFC 4380 §4 (Teredo).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

import msgspec

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

NETWORKS_MAX = 100
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# All that has been given out of IPv6 for hosts of the Internet. RFC 4291 §2.4.
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")


def parse_networks(text: str) -> tuple[Network, ...]:
    """Networks in CIDR notation, separated by commas.

    Raises:
        ValueError: one is no network, or there are more than 100.
    """
    parts = [part for part in (each.strip() for each in text.split(",")) if part]
    if len(parts) > NETWORKS_MAX:
        raise ValueError(f"there are more than {NETWORKS_MAX} networks")
    return tuple(ipaddress.ip_network(part, strict=False) for part in parts)


class ReachableNetworks(msgspec.Struct, frozen=True):
    """The public Internet and the networks in `added`."""

    added: tuple[Network, ...] = ()

    def has(self, address: str) -> bool:
        """Whether a connection to an address may be opened. What is no address is none of them."""
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return False
        if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        if any(ip.version == each.version and ip in each for each in self.added):
            return True
        inner = _inside(ip)
        return self.has(str(inner)) if inner is not None else _is_public(ip)

    def among(self, addresses: Sequence[str]) -> list[str]:
        """Those that may be connected to, in their order."""
        return [address for address in addresses if self.has(address)]


def _inside(ip: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address to which packets for an IPv6 address are turned."""
    if not isinstance(ip, ipaddress.IPv6Address):
        return None
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
    if ip.sixtofour is not None:
        return ip.sixtofour
    return None if ip.teredo is None else ip.teredo[1]


def _is_public(ip: Address) -> bool:
    """Global, and one host's. The module counts multicast and reserved ranges as global, too."""
    if isinstance(ip, ipaddress.IPv6Address):
        return ip.is_global and ip in _GLOBAL_UNICAST
    return ip.is_global and not ip.is_multicast
