"""A name server on loopback for tests, UDP and TCP: answers what the test has put into it.

`zone` holds records by name and type as the master file writes them. It works like a resolver:
it follows CNAMEs, says NXDOMAIN or "no data" with an SOA, and counts what it is asked. Names can be
told to fail (SERVFAIL), to stay silent, or to answer with any bytes.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from typing import cast

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

_CHAIN_MAX = 20


class DnsServer:
    """Begin with `async with running_dns_server() as dns`, then `dns.add(...)`."""

    def __init__(self) -> None:
        self.zone: dict[tuple[str, str], list[str]] = {}
        self.ttl_s = 300
        self.failing: set[str] = set()  # SERVFAIL
        self.silent: set[str] = set()  # no reply at all
        self.silent_types: set[tuple[str, str]] = set()  # no reply about this type
        self.raw: dict[str, bytes] = {}  # these bytes behind the question's id
        self.is_authenticated = False
        self.asked: Counter[tuple[str, str]] = Counter()
        self.by_tcp = 0
        self.port = 0

    @property
    def setting(self) -> str:
        """What the setting `dns` is set to for this server."""
        return f"127.0.0.1:{self.port}"

    @property
    def patience_s(self) -> float:
        """How long to wait for an answer: it comes at once, or it is one that is not to come."""
        return 0.3 if self.silent or self.silent_types or self.raw else 10

    def add(self, name: str, rtype: str, *records: str) -> None:
        """More records, e.g. `add("example.com", "MX", "10 mx.example.com.")`.

        A TXT record is the plain text; it is quoted and cut into strings of 255 octets here.
        """
        if rtype == "TXT":
            records = tuple(map(_quoted, records))
        self.zone.setdefault((name.lower().rstrip("."), rtype), []).extend(records)

    def remove(self, name: str, rtype: str) -> None:
        self.zone.pop((name.lower().rstrip("."), rtype), None)

    def answer(self, question: bytes, *, is_tcp: bool) -> bytes | None:
        query = dns.message.from_wire(question)
        name = b".".join(query.question[0].name.labels[:-1]).decode("latin-1").lower()
        rtype = dns.rdatatype.to_text(query.question[0].rdtype)
        self.asked[name, rtype] += 1
        self.by_tcp += is_tcp
        if name in self.silent or (name, rtype) in self.silent_types:
            return None
        if name in self.raw:
            return question[:2] + self.raw[name]
        response = dns.message.make_response(query, recursion_available=True)
        if self.is_authenticated:
            response.flags |= dns.flags.AD
        if name in self.failing:
            response.set_rcode(dns.rcode.SERVFAIL)
        else:
            self._fill(response, name, rtype)
        wire: bytes = response.to_wire(max_size=65_535)
        if not is_tcp and len(wire) > 1_232:
            response.flags |= dns.flags.TC
            response.answer.clear()
            wire = response.to_wire()
        return wire

    def _fill(self, response: dns.message.Message, name: str, rtype: str) -> None:
        for _ in range(_CHAIN_MAX):
            if records := self.zone.get((name, rtype)):
                response.answer.append(self._rrset(name, rtype, records))
                return
            alias = self.zone.get((name, "CNAME"))
            if not alias:
                break
            response.answer.append(self._rrset(name, "CNAME", alias))
            name = alias[0].rstrip(".").lower()
        if not any(known == name or known.endswith(f".{name}") for known, _ in self.zone):
            response.set_rcode(dns.rcode.NXDOMAIN)
        soa = ["ns.invalid. admin.invalid. 1 3600 600 86400 60"]
        response.authority.append(self._rrset("invalid", "SOA", soa))

    def _rrset(self, name: str, rtype: str, records: list[str]) -> dns.rrset.RRset:
        return dns.rrset.from_text_list(
            dns.name.Name([*name.encode("latin-1").split(b"."), b""]),
            self.ttl_s,
            "IN",
            rtype,
            records,
            origin=dns.name.root,
            relativize=False,
        )


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: DnsServer) -> None:
        self._server = server
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = self._server.answer(data, is_tcp=False)
        if answer is not None and self._transport is not None:
            self._transport.sendto(answer, addr)


@contextlib.asynccontextmanager
async def running_dns_server() -> AsyncIterator[DnsServer]:
    """A name server until the block ends."""
    loop = asyncio.get_running_loop()
    server = DnsServer()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                length = int.from_bytes(await reader.readexactly(2), "big")
                answer = server.answer(await reader.readexactly(length), is_tcp=True)
                if answer is not None:
                    writer.write(len(answer).to_bytes(2, "big") + answer)
        writer.close()

    for _ in range(20):  # the port must be free for both
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(server), local_addr=("127.0.0.1", 0)
        )
        server.port = transport.get_extra_info("sockname")[1]
        try:
            listener = await asyncio.start_server(converse, "127.0.0.1", server.port)
        except OSError:
            transport.close()
            continue
        break
    else:
        raise AssertionError("no port is free for both UDP and TCP")
    try:
        yield server
    finally:
        listener.close()
        transport.close()


def _quoted(text: str) -> str:
    raw = text.encode("latin-1", "replace") if not text.isascii() else text.encode()
    pieces = [raw[at : at + 255] for at in range(0, len(raw), 255)] or [b""]
    return " ".join('"' + "".join(map(_escaped, piece)) + '"' for piece in pieces)


def _escaped(octet: int) -> str:
    if octet in b'"\\' or not 0x20 <= octet < 0x7F:
        return f"\\{octet:03d}"
    return chr(octet)
