"""What DNS says to one question, its three outcomes told apart: values, nothing, no answer."""

from __future__ import annotations

import msgspec

from kamome.mail.dns import NameNotFound, NameServerFailed, Resolver
from kamome.mail.preflight.findings import Finding, Severity


class Found(msgspec.Struct, frozen=True):
    """The values of a name; none where there are none.

    `failure` says why there is no answer. `is_signed`: the name server has verified it by DNSSEC.
    """

    name: str
    values: tuple[str, ...] = ()
    failure: str = ""
    is_signed: bool = False

    def starting(self, prefix: str) -> list[str]:
        """The TXT records of one kind, such as `v=DMARC1`."""
        lowered = prefix.lower()
        return [value for value in self.values if value.strip().lower().startswith(lowered)]


class Lookups:
    """Asks the resolver, and never raises: a failure is part of what is found."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    async def records(self, name: str, rtype: str) -> Found:
        """Records of a type in presentation form; TXT joined, without quotes."""
        try:
            answer = await self._resolver.answer(name, rtype)
        except NameNotFound:
            return Found(name)
        except NameServerFailed as error:
            return Found(name, failure=str(error))
        return Found(name, answer.records, is_signed=answer.is_authenticated)

    async def texts(self, name: str) -> Found:
        """TXT records."""
        return await self.records(name, "TXT")

    async def exchangers(self, name: str) -> Found:
        """Hosts of the MX records, the best first; an empty host is the null MX (RFC 7505)."""
        found = await self.records(name, "MX")
        pairs = []
        for record in found.values:
            preference, _, host = record.partition(" ")
            pairs.append((int(preference), host.rstrip(".")))
        hosts = tuple(host for _, host in sorted(pairs))
        return Found(name, hosts, found.failure, found.is_signed)

    async def addresses(self, name: str) -> Found:
        """A and AAAA."""
        try:
            return Found(name, tuple(await self._resolver.addresses(name)))
        except NameNotFound:
            return Found(name)
        except NameServerFailed as error:
            return Found(name, failure=str(error))

    async def names_of(self, address: str) -> Found:
        """PTR."""
        try:
            return Found(address, tuple(await self._resolver.ptr(address)))
        except NameNotFound:
            return Found(address)
        except NameServerFailed as error:
            return Found(address, failure=str(error))


def unanswered(topic: str, name: str, failure: str) -> Finding:
    """The finding that DNS did not answer."""
    return Finding(
        topic,
        Severity.UNKNOWN,
        f"DNS gives no answer for {name}: {failure}.",
        "Receivers that cannot look it up either let your mail wait.",
        "Try again; if it stays so, look after the name servers of the domain.",
    )
