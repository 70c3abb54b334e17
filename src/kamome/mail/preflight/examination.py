"""One preflight: everything asked side by side, within bounds, and put into a report."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Coroutine, Sequence

import msgspec

from kamome.clock import Clock
from kamome.mail.authentication.dmarc import organizational_domain
from kamome.mail.preflight import (
    blocklists,
    dkim,
    dmarc,
    exchangers,
    reverse_dns,
    servers,
    spf,
    transport_security,
)
from kamome.mail.preflight.exchangers import Exchanger
from kamome.mail.preflight.findings import Finding, Report, Severity, Subject, ordered
from kamome.mail.preflight.lookups import Found, Lookups
from kamome.mail.preflight.network import Greeting, Network
from kamome.mail.preflight.spf_record import Questions, walk
from kamome.mail.preflight.tags import TagListError, parse_tags

# A topic that takes longer is given up; what others found stays.
_TOPIC_S = 60.0
# Of each domain, and of each host.
_HOSTS_MAX = 5
_ADDRESSES_MAX = 2
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class Ports(msgspec.Struct, frozen=True):
    """What an examination needs beyond DNS.

    `evaluate_spf` gives the result for an address and an envelope domain (`pass`, `fail`, …).
    """

    network: Network
    evaluate_spf: Callable[[str, str], Awaitable[str]]
    clock: Clock


class _Mx(msgspec.Struct, frozen=True):
    """The exchangers of a domain, where they lead, and what they said."""

    exchangers: Found
    hosts: dict[str, Exchanger]
    greetings: dict[str, list[Greeting]]


async def examine(subject: Subject, lookups: Lookups, ports: Ports) -> Report:
    """Examine a domain and the addresses it sends from. Never raises; takes a minute at most.

    Texts of others in the findings have lost their control characters.
    """
    examination = _Examination(subject, lookups, ports)
    findings = await examination.run()
    return Report(
        subject.domain,
        subject.addresses,
        subject.ehlo_name,
        ports.clock.now_ms(),
        ordered([_printable(finding) for finding in findings]),
    )


class _Examination:
    def __init__(self, subject: Subject, lookups: Lookups, ports: Ports) -> None:
        self._subject = subject
        self._lookups = lookups
        self._ports = ports

    async def run(self) -> list[Finding]:
        subject = self._subject
        topics = [
            self._within("address", self._ehlo()),
            *(self._within("address", self._address(each)) for each in subject.addresses),
            self._within("port-25-out", self._outwards()),
            self._within("mx", self._exchangers()),
            self._within("spf", self._spf(subject.envelope_domain, "spf")),
            self._within("mail-from", self._mail_from()),
            self._within("dkim", self._dkim()),
            self._within("dmarc", self._dmarc()),
            self._within("tls-rpt", self._reporting()),
            *(self._within("blocklists", each) for each in self._blocklists()),
        ]
        return [finding for found in await asyncio.gather(*topics) for finding in found]

    async def _within(
        self, topic: str, work: Coroutine[object, object, list[Finding]]
    ) -> list[Finding]:
        try:
            async with asyncio.timeout(_TOPIC_S):
                return await work
        except TimeoutError:
            summary = f"It could not be found out within {_TOPIC_S:g} s."
            return [Finding(topic, Severity.UNKNOWN, summary)]

    # ------------------------------------------------------------------ sending

    async def _ehlo(self) -> list[Finding]:
        subject = self._subject
        if not subject.addresses:
            return reverse_dns.judge_no_address()
        forward = await self._lookups.addresses(subject.ehlo_name)
        return reverse_dns.judge_ehlo(subject.ehlo_name, forward, subject.addresses)

    async def _address(self, address: str) -> list[Finding]:
        names = await self._lookups.names_of(address)
        first = Found(address, names.values[:_HOSTS_MAX], names.failure)
        forward = {name: await self._lookups.addresses(name) for name in first.values}
        return reverse_dns.judge_address(address, first, forward, self._subject.ehlo_name)

    async def _outwards(self) -> list[Finding]:
        found = await self._lookups.exchangers(self._subject.probe)
        hosts = found.values[:2] or (self._subject.probe,)
        greetings: list[Greeting] = []
        for host in hosts:
            greetings += await self._greet(host, await self._lookups.addresses(host))
            if any(not each.problem for each in greetings):
                break
        return [servers.judge_outwards(greetings)]

    async def _greet(self, host: str, addresses: Found) -> list[Greeting]:
        greet = self._ports.network.greet
        return list(
            await asyncio.gather(
                *(
                    greet(host, address, self._subject.ehlo_name)
                    for address in addresses.values[:_ADDRESSES_MAX]
                )
            )
        )

    async def _spf(self, domain: str, topic: str) -> list[Finding]:
        texts = await self._lookups.texts(domain)
        record, findings = spf.judge_records(texts, self._subject.addresses, topic=topic)
        if record is None:
            return findings
        lookups = self._lookups
        questions = Questions(lookups.texts, lookups.addresses, lookups.exchangers)
        walked = await walk(domain, record, questions)
        results = {
            address: await self._ports.evaluate_spf(address, domain)
            for address in self._subject.addresses
        }
        return spf.judge(domain, record, walked, results, topic=topic)

    async def _mail_from(self) -> list[Finding]:
        domain = self._subject.mail_from_domain
        if not domain:
            return []
        found = await self._lookups.exchangers(domain)
        hosts = await self._hosts(found)
        return exchangers.judge(
            domain, found, hosts, ehlo_name=self._subject.ehlo_name, topic="mail-from"
        )

    async def _dkim(self) -> list[Finding]:
        domain = self._subject.key_domain
        if not self._subject.keys:
            return dkim.judge_no_keys(domain)
        texts = await asyncio.gather(
            *(
                self._lookups.texts(dkim.key_name(domain, key.selector))
                for key in self._subject.keys
            )
        )
        pairs = zip(self._subject.keys, texts, strict=True)
        return [finding for key, found in pairs for finding in dkim.judge(domain, key, found)]

    # ------------------------------------------------------------------ policies

    async def _dmarc(self) -> list[Finding]:
        domain = self._subject.domain
        registered = organizational_domain(domain)
        own = await self._lookups.texts(f"_dmarc.{domain}")
        above = None
        if registered != domain and not own.starting("v=DMARC1"):
            above = await self._lookups.texts(f"_dmarc.{registered}")
        findings = dmarc.judge(domain, own, above)
        records = [record for each in (own, above) if each for record in each.starting("v=DMARC1")]
        if len(records) != 1:
            return findings
        findings += dmarc.judge_alignment(
            domain,
            records[0],
            envelope_domain=self._subject.envelope_domain,
            signing_domain=self._subject.key_domain if self._subject.keys else "",
            organizational=(
                registered,
                organizational_domain(self._subject.envelope_domain),
            ),
        )
        return findings + await self._report_permissions(domain, registered, records[0])

    async def _report_permissions(self, domain: str, registered: str, record: str) -> list[Finding]:
        try:
            targets = dmarc.report_domains(parse_tags(record))
        except TagListError:
            return []
        findings = []
        for target in dict.fromkeys(targets[:_HOSTS_MAX]):
            if organizational_domain(target) != registered:
                texts = await self._lookups.texts(f"{domain}._report._dmarc.{target}")
                findings += dmarc.judge_report_permission(domain, target, texts)
        return findings

    async def _reporting(self) -> list[Finding]:
        domain = self._subject.domain
        return transport_security.judge_reporting(
            domain, await self._lookups.texts(f"_smtp._tls.{domain}")
        )

    def _blocklists(self) -> list[Coroutine[object, object, list[Finding]]]:
        subject = self._subject
        of_addresses = [
            self._address_list(address, zone)
            for address in subject.addresses
            for zone in subject.address_lists
        ]
        of_domains = [self._domain_list(subject.domain, zone) for zone in subject.domain_lists]
        return [*of_addresses, *of_domains]

    async def _address_list(self, address: str, zone: str) -> list[Finding]:
        if not await self._is_answering(blocklists.own_entry_question(zone)):
            return [blocklists.judge_silence(address, zone)]
        return await self._blocklist(address, zone, blocklists.address_question(address, zone))

    async def _domain_list(self, domain: str, zone: str) -> list[Finding]:
        if not await self._is_answering(blocklists.own_domain_question(zone)):
            return [blocklists.judge_silence(domain, zone)]
        return await self._blocklist(domain, zone, blocklists.domain_question(domain, zone))

    async def _is_answering(self, own_entry: str) -> bool:
        return bool((await self._lookups.records(own_entry, "A")).values)

    async def _blocklist(self, about: str, zone: str, question: str) -> list[Finding]:
        codes = await self._lookups.records(question, "A")
        reasons = await self._lookups.texts(question) if codes.values else Found(question)
        return [blocklists.judge(about, zone, codes, reasons.values[:2])]

    # ------------------------------------------------------------------ receiving

    async def _exchangers(self) -> list[Finding]:
        """MX, and all that hangs on it: port 25, certificates, MTA-STS, DANE."""
        domain = self._subject.domain
        found = await self._lookups.exchangers(domain)
        hosts = await self._hosts(found)
        greetings = dict(
            zip(
                hosts,
                await asyncio.gather(*(self._greet(name, hosts[name]) for name in hosts)),
                strict=True,
            )
        )
        findings = exchangers.judge(domain, found, hosts, ehlo_name=self._subject.ehlo_name)
        for name, said in greetings.items():
            findings += servers.judge_inwards(name, said)
            findings += self._certificates(name, said)
        own_name = reverse_dns.publishable_name(self._subject.ehlo_name)
        names = [name for name in found.values if name] or [own_name]
        findings += await self._sts(names)
        for name in hosts:
            findings.append(await self._dane(name, hosts[name], greetings[name]))
        return findings

    async def _hosts(self, found: Found) -> dict[str, Exchanger]:
        """Where each of the first MX hosts leads."""
        names = [name for name in dict.fromkeys(found.values) if name]
        return {name: await self._host(name) for name in names[:_HOSTS_MAX]}

    async def _host(self, name: str) -> Exchanger:
        alias = await self._lookups.records(name, "CNAME")
        addresses = await self._lookups.addresses(name)
        alias_of = alias.values[0].rstrip(".") if alias.values else ""
        return Exchanger(name, addresses.values, addresses.failure, addresses.is_signed, alias_of)

    def _certificates(self, host: str, greetings: Sequence[Greeting]) -> list[Finding]:
        now_ms = self._ports.clock.now_ms()
        shown = [each.certificate for each in greetings if each.certificate is not None]
        different = {each.digests["3 0 1"]: each for each in shown}
        return [
            finding
            for certificate in different.values()
            for finding in servers.judge_certificate(host, certificate, now_ms)
        ]

    async def _sts(self, names: Sequence[str]) -> list[Finding]:
        domain = self._subject.domain
        record = await self._lookups.texts(f"_mta-sts.{domain}")
        policy = None
        if record.starting("v=STSv1"):
            host = await self._lookups.addresses(f"mta-sts.{domain}")
            policy = await self._ports.network.fetch_policy(host.name, host.values)
        new_id = str(self._ports.clock.now_ms() // 1000)
        return transport_security.judge_sts(domain, record, policy, names, new_id)

    async def _dane(self, name: str, host: Exchanger, greetings: Sequence[Greeting]) -> Finding:
        tlsa = await self._lookups.records(f"_25._tcp.{name}", "TLSA")
        certificates = [each.certificate for each in greetings if each.certificate is not None]
        digests = certificates[0].digests if certificates else {}
        is_signed = host.is_signed or await self._is_zone_signed(name)
        return transport_security.judge_dane(name, tlsa, is_signed, digests)

    async def _is_zone_signed(self, name: str) -> bool:
        """Whether the zone above has a DS for it: names from the host to the registered domain."""
        registered = organizational_domain(name)
        at = name
        while at.endswith(registered):
            if (await self._lookups.records(at, "DS")).values:
                return True
            at = at.partition(".")[2]
        return False


def _printable(finding: Finding) -> Finding:
    """Names and texts of others without what a terminal or a log would act on."""
    return msgspec.structs.replace(
        finding,
        summary=_shown(finding.summary),
        meaning=_shown(finding.meaning),
        remedy=_shown(finding.remedy),
        records=tuple(
            msgspec.structs.replace(record, value=_shown(record.value))
            for record in finding.records
        ),
    )


def _shown(text: str) -> str:
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)
