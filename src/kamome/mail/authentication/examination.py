"""One mail examined before it is accepted: all checks side by side, each with an end in time.

Nothing here can lose or hold up a mail: a check that fails says so in its result.

RFC 5321 §4.5.3.2.6 gives a server ten minutes at the end of DATA; the checks take one at most.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import TypeVar

from kamome.mail.authentication.dkim import HEADER_OCTETS_MAX, check_signatures
from kamome.mail.authentication.dmarc import check_dmarc
from kamome.mail.authentication.spf import check_host
from kamome.mail.checks import Checks, DmarcCheck, SignatureCheck, SpfCheck
from kamome.mail.dns import NameNotFound, NameServerFailed, Resolver
from kamome.mail.envelope import Envelope
from kamome.mail.header_fields import header_end, split_fields
from kamome.mail.scanners import Scanners

_SIGNATURES_S = 20.0
_DMARC_S = 10.0
_NAME_S = 5.0
# Names of one address that are followed; more are no mail server's.
_NAMES_MAX = 5

# The content of a mail from an octet on, in pieces.
ReadContent = Callable[[int], AsyncIterator[bytes]]

T = TypeVar("T")


async def examine(
    resolver: Resolver,
    scanners: Scanners | None,
    envelope: Envelope,
    read: ReadContent,
    *,
    size: int,
    now_s: int,
) -> Checks:
    """All that can be known of a mail. `scanners` is None where no scan is wanted.

    `size` is the mail's octets, `now_s` the time in which its sender lives.
    """
    head = await _head(read)
    content = lambda: read(0)  # noqa: E731 - a scanner reads it from the start
    spf, signatures, client_name, spam, virus = await asyncio.gather(
        _spf(resolver, envelope),
        _signatures(resolver, head, read, now_s),
        _client_name(resolver, envelope.client_ip),
        _nothing() if scanners is None else scanners.spam(envelope, content, size),
        _nothing() if scanners is None else scanners.virus(envelope, content),
    )
    dmarc = None
    if spf is not None and signatures is not None:
        judged = check_dmarc(resolver, split_fields(head), spf, signatures)
        dmarc = await _within(judged, _DMARC_S, DmarcCheck("temperror"))
    return Checks(spf, signatures, dmarc, client_name, spam, virus)


async def _nothing() -> None:
    return None


async def _spf(resolver: Resolver, envelope: Envelope) -> SpfCheck | None:
    if not resolver.is_on or not _is_address(envelope.client_ip):
        return None
    return await check_host(resolver, envelope.client_ip, envelope.helo, envelope.reverse_path)


async def _signatures(
    resolver: Resolver, head: bytes, read: ReadContent, now_s: int
) -> tuple[SignatureCheck, ...] | None:
    if not resolver.is_on:
        return None
    checked = check_signatures(resolver, head, read(len(head)), now_s=now_s)
    late = (SignatureCheck("temperror", reason="it took too long"),)
    return await _within(checked, _SIGNATURES_S, late)


async def _client_name(resolver: Resolver, ip: str) -> str:
    """The name that the address points to and that leads back to it. RFC 8601 §3 (iprev)."""
    if not resolver.is_on or not _is_address(ip):
        return ""
    return await _within(_confirmed_name(resolver, ip), _NAME_S, "")


async def _confirmed_name(resolver: Resolver, ip: str) -> str:
    try:
        names = await resolver.ptr(ip)
    except (NameNotFound, NameServerFailed):
        return ""
    address = ipaddress.ip_address(ip)
    for name in names[:_NAMES_MAX]:
        try:
            addresses = await resolver.addresses(name)
        except (NameNotFound, NameServerFailed):
            continue
        if any(ipaddress.ip_address(each) == address for each in addresses):
            return name
    return ""


async def _within(work: Coroutine[object, object, T], seconds: float, late: T) -> T:
    try:
        async with asyncio.timeout(seconds):
            return await work
    except TimeoutError:
        return late


async def _head(read: ReadContent) -> bytes:
    """The header section with its blank line, as much of it as is looked at."""
    head = bytearray()
    async for piece in read(0):
        searched = max(0, len(head) - 3)
        head += piece
        if head.find(b"\r\n\r\n", searched) >= 0 or len(head) > HEADER_OCTETS_MAX:
            break
    return bytes(head[: header_end(bytes(head))])


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
