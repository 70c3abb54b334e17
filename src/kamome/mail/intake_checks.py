"""What is asked of a client before its mail is taken: DNS lists and greylisting. Both are off
unless set.

A DNS list that does not answer lists nobody; greylisting that has no room lets everybody through:
neither can lose mail.

RFC 5782 (DNS lists); RFC 6647 (greylisting).
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
from collections.abc import Awaitable, Callable, Sequence

from kamome.clock import Clock
from kamome.mail.dns import NameNotFound, NameServerFailed, Resolver
from kamome.mail.greylist_store import Attempt, GreylistStore
from kamome.mail.replies import Reply

# What is said against a client, given its address, the reverse path and one recipient.
Objection = Callable[[str, str, str], Awaitable[Reply | None]]


async def no_objection(_client_ip: str, _reverse_path: str, _recipient: str) -> Reply | None:
    """Everybody may send."""
    return None


# RFC 6647 §5: a client that has waited is known for a month and some days.
KNOWN_MS = 35 * 24 * 3600 * 1000
# A client that tries again only later is new again. RFC 5321 §4.5.4.1: senders try for 4 to 5 days,
# and often in the first day.
RETRY_MS = 24 * 3600 * 1000
# Rows that greylisting may fill; a row has some 200 octets.
ROWS_MAX = 200_000
# RFC 6647 §4: networks, for large senders try again from a neighbour.
_PREFIX_V4 = 24
_PREFIX_V6 = 64
_SWEEP_ROWS = 100
_LIST_TIME_S = 5.0
DNS_LISTS_MAX = 10
_ZONE = re.compile(r"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})+")
# RFC 5782 §2.1: what is listed has an address of 127.0.0.0/8; some lists answer questions that they
# refuse by 127.255.255.0/24.
_LISTED = ipaddress.ip_network("127.0.0.0/8")
_REFUSED = ipaddress.ip_network("127.255.255.0/24")


def parse_dns_lists(text: str) -> tuple[str, ...]:
    """The zones of a setting, separated by commas.

    Raises:
        ValueError: one is no domain name, or there are more than ten.
    """
    zones = tuple(filter(None, (part.strip().rstrip(".").lower() for part in text.split(","))))
    for zone in zones:
        if not _ZONE.fullmatch(zone):
            raise ValueError(f"{zone!r} is no zone of a DNS list")
    if len(zones) > DNS_LISTS_MAX:
        raise ValueError(f"there are more than {DNS_LISTS_MAX} DNS lists")
    return zones


class DnsLists:
    """Lists of addresses from which no mail is taken."""

    def __init__(self, resolver: Resolver, zones: Sequence[str]) -> None:
        self._resolver = resolver
        self._zones = tuple(zones)

    async def judge(self, client_ip: str) -> Reply | None:
        """The refusal of a client that a list names. RFC 5782 §2.1, §2.4."""
        if not self._zones:
            return None
        try:
            address = ipaddress.ip_address(client_ip)
        except ValueError:
            return None
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        reversed_ = address.reverse_pointer.rpartition(".")[0].rpartition(".")[0]
        listed = await asyncio.gather(*(self._is_listed(reversed_, zone) for zone in self._zones))
        zone = next((zone for zone, is_on in zip(self._zones, listed, strict=True) if is_on), None)
        if zone is None:
            return None
        return Reply(554, "5.7.1", f"Your address is listed by {zone}")

    async def _is_listed(self, reversed_: str, zone: str) -> bool:
        try:
            async with asyncio.timeout(_LIST_TIME_S):
                found = await self._resolver.query(f"{reversed_}.{zone}", "A")
        except (NameNotFound, NameServerFailed, TimeoutError):
            return False
        answers = [ipaddress.ip_address(each) for each in found]
        return any(each in _LISTED and each not in _REFUSED for each in answers)


class Greylist:
    """Who has not been here before is asked to come again. Kept over restarts."""

    def __init__(self, store: GreylistStore, clock: Clock, delay_s: int) -> None:
        self._store = store
        self._clock = clock
        self._delay_ms = delay_s * 1000
        self._rows = -1

    def judge(self, client_ip: str, reverse_path: str, recipient: str) -> Reply | None:
        """Put off the first attempt of a triplet; take one that comes after the delay.

        A network whose sender and recipient are known is not asked again for 35 days after its last
        mail. RFC 6647 §4.1.
        """
        if self._delay_ms <= 0:
            return None
        now_ms = self._clock.now_ms()
        triplet = "\n".join((_network(client_ip), reverse_path.lower(), recipient.lower()))
        with self._store.engine.atomic():
            self._sweep(now_ms)
            attempt = self._store.find(triplet)
            if attempt is None:
                return self._first(triplet, now_ms)
            left_ms = attempt.first_seen_ms + self._delay_ms - now_ms
            if not attempt.is_known and left_ms > 0:
                return _come_again(left_ms)
            known = Attempt(attempt.first_seen_ms, is_known=True)
            self._store.keep(triplet, known, now_ms + KNOWN_MS)
        return None

    def _first(self, triplet: str, now_ms: int) -> Reply | None:
        if self._rows >= ROWS_MAX:
            return None
        self._store.keep(triplet, Attempt(now_ms, is_known=False), now_ms + RETRY_MS)
        self._rows += 1
        return _come_again(self._delay_ms)

    def _sweep(self, now_ms: int) -> None:
        """Drop some of what has expired; a flood is swept as fast as it comes."""
        if self._rows < 0:
            self._rows = self._store.count()
        self._rows -= self._store.remove_expired(now_ms, _SWEEP_ROWS)


def _come_again(left_ms: int) -> Reply:
    seconds = -(-left_ms // 1000)
    return Reply(451, "4.7.1", f"Greylisted, please try again in {seconds} seconds")


def _network(client_ip: str) -> str:
    try:
        address = ipaddress.ip_address(client_ip)
    except ValueError:
        return client_ip
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    bits = _PREFIX_V4 if address.version == 4 else _PREFIX_V6
    return str(ipaddress.ip_network((address, bits), strict=False))
