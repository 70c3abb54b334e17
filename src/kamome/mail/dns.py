"""The Domain Name System as mail asks it: TXT, MX, addresses, reverse names; bounded and cached.

`Resolver` stands before dnspython's asynchronous resolver, which is imported with the first
question (it costs 60 ms). Answers are kept for as long as their TTL says, on the server's clock, so
that an advanced clock asks anew; questions themselves take real time and have an end in it. One
question that is under way serves all who ask the same.

Names are given with or without the final dot, and returned without it.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from kamome.clock import Clock

if TYPE_CHECKING:
    from dns.asyncresolver import Resolver as DnspythonResolver
    from dns.message import Message
    from dns.name import Name
    from dns.resolver import Answer as DnspythonAnswer

OFF = "off"
SYSTEM = "system"
_PORT = 53
# The whole question, with retries and the other name servers. RFC 7208 §4.6.4 asks for at least
# 20 s for all questions of one SPF check; a mail makes several of these.
_TIMEOUT_S = 6.0
# One name server's time to answer before it is asked again, or the next one is.
_ATTEMPT_S = 2.0
# Sockets open at one time. Those who find no room wait, within the time of their question.
_QUESTIONS_MAX = 64
_CACHE_ENTRIES_MAX = 4_096
# Longer answers are not kept: 4,096 of these are 32 MB. A DNS message has up to 64 KB.
_CACHED_BYTES_MAX = 8_192
_TTL_MAX_S = 86_400  # RFC 2308 §5 and RFC 8767 §4 speak of days; one is enough for mail.
_NEGATIVE_TTL_MAX_S = 300  # RFC 2308 §5 allows hours; who mends his DNS wants to see it.


class NameNotFound(Exception):
    """There is no such name, or it has no records of this type.

    `exists` tells the two apart. A text that can be no name of the DNS is not found either.
    """

    def __init__(self, name: str, rtype: str, *, exists: bool = False) -> None:
        super().__init__(f"no {rtype} records at {name}")
        self.name = name
        self.rtype = rtype
        self.exists = exists


class NameServerFailed(Exception):
    """No answer came: SERVFAIL, no reply in time, or the resolver is off. It may come later."""


class Answer(msgspec.Struct, frozen=True):
    """The records of one name and type.

    `records` are in presentation form; those of TXT are joined and without quotes, one octet a
    character (Latin-1). `name` is where a chain of CNAMEs ended. `is_authenticated` says that the
    name server has checked the answer by DNSSEC (AD, RFC 4035 §3.2.3), which is worth as much as
    the way to it.
    """

    records: tuple[str, ...]
    name: str
    ttl_s: int
    is_authenticated: bool


class NameServer(NamedTuple):
    """Where questions are sent."""

    address: str
    port: int


class _Cached(NamedTuple):
    until_ms: int
    result: Answer | NameNotFound


def parse_name_servers(where: str) -> list[NameServer]:
    """`ADDRESS[:PORT]`, several by commas; an IPv6 address with a port stands in brackets.

    Raises:
        ValueError: it is something else.
    """
    return [_name_server(part.strip()) for part in where.split(",")]


def check_setting(where: str) -> None:
    """Raises ValueError where the text cannot be the setting: off, system, or addresses."""
    if where not in (OFF, SYSTEM):
        parse_name_servers(where)


class Resolver:
    """Asks the name servers of the setting `dns`. All methods are bounded in time.

    All but `cname` raise `NameNotFound` and `NameServerFailed`; `cname` only the latter. With
    `off`, every question is `NameServerFailed`, at once: ask `is_on` first.
    """

    def __init__(
        self,
        clock: Clock,
        where: str = OFF,
        *,
        timeout_s: float = _TIMEOUT_S,
        attempt_s: float = _ATTEMPT_S,
    ) -> None:
        check_setting(where)
        self._clock = clock
        self._where = where
        self._timeout_s = timeout_s
        self._attempt_s = attempt_s
        self._cache: OrderedDict[tuple[str, str], _Cached] = OrderedDict()
        self._under_way: dict[tuple[str, str], asyncio.Task[Answer | NameNotFound]] = {}
        self._room = asyncio.Semaphore(_QUESTIONS_MAX)
        self._resolver: DnspythonResolver | None = None

    @property
    def is_on(self) -> bool:
        """Whether any DNS is asked at all."""
        return self._where != OFF

    async def query(self, name: str, rtype: str) -> list[str]:
        """Records of a type, in presentation form (TXT: joined, without quotes)."""
        return list((await self.answer(name, rtype)).records)

    async def txt(self, name: str) -> list[str]:
        """The texts of a name, each joined from its strings without spaces (RFC 7208 §3.3)."""
        return await self.query(name, "TXT")

    async def mx(self, name: str) -> list[tuple[int, str]]:
        """Preference and host of the mail exchangers, best first; the null MX is `(0, "")`.

        RFC 5321 §5.1; RFC 7505 §3.
        """
        found = []
        for record in await self.query(name, "MX"):
            preference, _, host = record.partition(" ")
            found.append((int(preference), host.rstrip(".")))
        return sorted(found)

    async def addresses(self, name: str) -> list[str]:
        """IPv4 and then IPv6 addresses. One family may fail if the other answers."""
        results = await asyncio.gather(
            self.query(name, "A"), self.query(name, "AAAA"), return_exceptions=True
        )
        found: list[str] = []
        failures: list[BaseException] = []
        for result in results:
            if isinstance(result, BaseException):
                failures.append(result)
            else:
                found += result
        if found:
            return found
        raise next((each for each in failures if not isinstance(each, NameNotFound)), failures[0])

    async def ptr(self, ip: str) -> list[str]:
        """The names that an address points to. Raises ValueError where `ip` is none."""
        reverse = ipaddress.ip_address(ip).reverse_pointer
        return [name.rstrip(".") for name in await self.query(reverse, "PTR")]

    async def cname(self, name: str) -> str | None:
        """What a name is an alias of; None where it is none."""
        try:
            return (await self.query(name, "CNAME"))[0].rstrip(".")
        except NameNotFound:
            return None

    async def answer(self, name: str, rtype: str) -> Answer:
        """The records with where they were found, for how long they hold, and how sure they are."""
        if not self.is_on:
            raise NameServerFailed("the setting dns is off")
        key = (name.rstrip(".").lower(), rtype.upper())
        kept = self._cache.get(key)
        if kept is not None and kept.until_ms > self._clock.now_ms():
            self._cache.move_to_end(key)
            return _given(kept.result)
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._ask(key))
            self._under_way[key] = task
            task.add_done_callback(lambda done: self._asked(key, done))
        # Others may wait for the same answer when the first who asked is gone.
        return _given(await asyncio.shield(task))

    # ------------------------------------------------------------------ asking

    def _asked(self, key: tuple[str, str], task: asyncio.Task[Answer | NameNotFound]) -> None:
        del self._under_way[key]
        if not task.cancelled():
            task.exception()  # the last one who asked may be gone

    async def _ask(self, key: tuple[str, str]) -> Answer | NameNotFound:
        try:
            async with asyncio.timeout(self._timeout_s), self._room:
                result, ttl_s = await self._resolve(*key)
        except TimeoutError:
            raise NameServerFailed(f"no answer about {key[0]} {key[1]} in time") from None
        if ttl_s > 0 and _size(result) <= _CACHED_BYTES_MAX:
            self._cache[key] = _Cached(self._clock.now_ms() + ttl_s * 1000, result)
            while len(self._cache) > _CACHE_ENTRIES_MAX:
                self._cache.popitem(last=False)
        return result

    async def _resolve(self, name: str, rtype: str) -> tuple[Answer | NameNotFound, int]:
        import dns.exception
        import dns.rdatatype
        import dns.resolver

        try:
            absolute = _name(name)
            kind = dns.rdatatype.from_text(rtype)
        except (dns.exception.DNSException, ValueError):  # an empty or overlong label, no IDN
            return NameNotFound(name, rtype), 0
        try:
            resolver = self._dnspython()
            found = await resolver.resolve(absolute, kind, search=False, lifetime=self._timeout_s)
        except dns.resolver.NXDOMAIN as missing:
            responses: dict[object, Message] = missing.responses()  # type: ignore[no-untyped-call] # dnspython
            ttls = [_negative_ttl(response) for response in responses.values()]
            return NameNotFound(name, rtype), min(ttls, default=0)
        except dns.resolver.NoAnswer as missing:
            return NameNotFound(name, rtype, exists=True), _negative_ttl(missing.response())  # type: ignore[no-untyped-call] # dnspython
        except (dns.exception.DNSException, OSError, ValueError) as error:
            # ValueError: an answer that dnspython cannot read.
            reason = str(error) or type(error).__name__
            raise NameServerFailed(f"{name} {rtype}: {reason}") from error
        return _answer(found, rtype)

    def _dnspython(self) -> DnspythonResolver:
        """Made with the first question. `system` reads /etc/resolv.conf then, and not again."""
        if self._resolver is None:
            import dns.asyncresolver
            import dns.flags
            from dns.nameserver import Do53Nameserver

            resolver = dns.asyncresolver.Resolver(configure=self._where == SYSTEM)
            if self._where != SYSTEM:
                servers = parse_name_servers(self._where)
                resolver.nameservers = [Do53Nameserver(each.address, each.port) for each in servers]
            resolver.timeout = self._attempt_s
            resolver.lifetime = self._timeout_s
            resolver.cache = None
            # 1,232 octets pass without fragments (DNS flag day 2020); more comes by TCP.
            resolver.use_edns(0, 0, 1_232)
            resolver.flags = dns.flags.RD | dns.flags.AD
            self._resolver = resolver
        return self._resolver


def _name(text: str) -> Name:
    """The labels as they are: what master files escape (`\\`, `@`) is plain text here."""
    import dns.name

    if not text.isascii():
        return dns.name.from_text(text)
    return dns.name.Name([*text.encode().split(b"."), b""] if text else [b""])


def _name_server(text: str) -> NameServer:
    host, port = text, str(_PORT)
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise ValueError(f"{text!r} is no name server")
        port = rest[1:] or port
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    if not port.isdecimal() or not 1 <= int(port) <= 65_535:
        raise ValueError(f"{text!r} has no port of a name server")
    return NameServer(str(ipaddress.ip_address(host)), int(port))


def _given(result: Answer | NameNotFound) -> Answer:
    if isinstance(result, NameNotFound):
        # A fresh one for each who asks: a raised exception grows with every traceback.
        raise NameNotFound(result.name, result.rtype, exists=result.exists)
    return result


def _size(result: Answer | NameNotFound) -> int:
    return sum(map(len, result.records)) if isinstance(result, Answer) else 0


def _answer(found: DnspythonAnswer, rtype: str) -> tuple[Answer, int]:
    import dns.flags

    assert found.rrset is not None, "dnspython raises where there are no records"
    render: Callable[[object], str] = _joined if rtype == "TXT" else str
    ttl_s = min(found.chaining_result.minimum_ttl, _TTL_MAX_S)
    answer = Answer(
        tuple(render(record) for record in found.rrset),
        str(found.canonical_name).rstrip("."),
        ttl_s,
        bool(found.response.flags & dns.flags.AD),
    )
    return answer, ttl_s


def _joined(record: object) -> str:
    strings: tuple[bytes, ...] = record.strings  # type: ignore[attr-defined] # dnspython's TXT
    return b"".join(strings).decode("latin-1")


def _negative_ttl(response: Message) -> int:
    """How long "there is none" holds: by the SOA beside it, else not at all. RFC 2308 §5."""
    import dns.rdatatype

    for rrset in response.authority:
        if rrset.rdtype == dns.rdatatype.SOA:
            return int(min(rrset.ttl, rrset[0].minimum, _NEGATIVE_TTL_MAX_S))
    return 0
