"""A domain on a local name server, and a network that tests answer for, for preflights."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.mail.dns_server import DnsServer

from kamome.clock import Clock, manual_clock
from kamome.mail.dns import Resolver
from kamome.mail.preflight.examination import Ports, examine
from kamome.mail.preflight.findings import ExpectedKey, Finding, Report, Severity, Subject
from kamome.mail.preflight.lookups import Lookups
from kamome.mail.preflight.network import Certificate, Greeting, Network
from kamome.mail.preflight.transport_security import FetchedPolicy

ADDRESS = "203.0.113.7"
# Documentation addresses are not global; this one is, and nothing is ever sent there.
PUBLIC = "9.9.9.9"
DOMAIN = "example.com"
MX = "mail.example.com"
# An RSA key of 2,048 bits, made for these tests.
KEY = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAtagDuapt/9x9spKINS6wqkUMU12pF8E9+fwWOEB4P6bT"
    "iXzuC/XP3sZ1FHZJKJ6ipriELFN+MIR+ALNKKDCv9yZ0+Y4sQVy2YvaIXKGb1pj5ByoBqxLzMBwoMbC8NXwdcH0l"
    "MLSOHGIHnl8Tpcc+GTO71C/DSuQMz8khDJSU/Ou8ssifDlVanMNq7XfgiWGnQJth4s9sG/xmWk1l8UvS5zHix0bm"
    "3gxvyVEKUy1YyWU8Fhnirvmtd+BGMInvno270g8Xm18ArvEJMrz9g3leLDB0WHUgDss9OGZGrLlyZsCK85Lngxtg"
    "PlI8s23tn89lsf+Yvhqvwli/TCeu841g4wIDAQAB"
)
KEY_1024 = (
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDKHvoMAqqkJ7lKtCT4DsvE0lJGCkr33arF+vt4A0+BpfSEZ05o"
    "R89VzAghdiVNADFCVZHO+Zwd0ACpK48BDTebtCauxuTSscqKtL/cXHR/WkkMI8alWG34x8zTvGqDqm4Kw6plzxoq"
    "MaoparDfnYV8wT0sFrA+OinnJ75U8UbaPwIDAQAB"
)
KEY_512 = (
    "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAASNFZ4kKvN7wAA"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAECAwEAAQ=="
)
POLICY = "version: STSv1\nmode: enforce\nmx: mail.example.com\nmax_age: 604800\n"


@dataclass
class World:
    """A domain that has everything right, until a test takes something away."""

    dns: DnsServer
    clock: Clock = field(default_factory=manual_clock)
    greetings: dict[str, Greeting] = field(default_factory=dict)
    policy: FetchedPolicy = field(default_factory=lambda: FetchedPolicy(POLICY))
    spf_result: str = "pass"

    def publish_all(self) -> None:
        add = self.dns.add
        add(DOMAIN, "MX", f"10 {MX}.")
        add(MX, "A", PUBLIC)
        add(ipaddress.ip_address(PUBLIC).reverse_pointer, "PTR", f"{MX}.")
        add(DOMAIN, "TXT", f"v=spf1 ip4:{PUBLIC} -all")
        add(f"s1._domainkey.{DOMAIN}", "TXT", f"v=DKIM1; k=rsa; p={KEY}")
        add(f"_dmarc.{DOMAIN}", "TXT", f"v=DMARC1; p=reject; rua=mailto:dmarc@{DOMAIN}")
        add(f"_mta-sts.{DOMAIN}", "TXT", "v=STSv1; id=20260101")
        add(f"_smtp._tls.{DOMAIN}", "TXT", f"v=TLSRPTv1; rua=mailto:tls@{DOMAIN}")
        add("2.0.0.127.list.test", "A", "127.0.0.2")
        add("test.domains.test", "A", "127.0.0.2")
        add("probe.example.net", "MX", "10 mx.probe.example.net.")
        add("mx.probe.example.net", "A", "198.51.100.1")

    async def greet(self, host: str, address: str, _ehlo_name: str) -> Greeting:
        certificate = self.certificate(host)
        default = Greeting(host, address, f"220 {host} ESMTP", True, certificate)
        return self.greetings.get(host, default)

    async def fetch(self, _host: str, _addresses: Sequence[str]) -> FetchedPolicy:
        return self.policy

    async def evaluate(self, _address: str, _domain: str) -> str:
        return self.spf_result

    def certificate(self, *names: str, days: float = 60, distrust: str = "") -> Certificate:
        not_after_ms = self.clock.now_ms() + round(days * 86_400_000)
        digests = {"3 0 1": "aa" * 32, "3 1 1": "bb" * 32}
        return Certificate(names, "CN=Test", not_after_ms, distrust, digests)

    async def report(self, **changes: object) -> Report:
        settings: dict[str, object] = {
            "domain": DOMAIN,
            "addresses": (PUBLIC,),
            "ehlo_name": MX,
            "keys": (ExpectedKey("s1", KEY),),
            "probe": "probe.example.net",
            "address_lists": ("list.test",),
            "domain_lists": ("domains.test",),
        }
        settings |= changes
        ports = Ports(
            Network(self.greet, self.fetch),
            self.evaluate,
            self.clock,
        )
        lookups = Lookups(Resolver(self.clock, self.dns.setting))
        return await examine(Subject(**settings), lookups, ports)  # type: ignore[arg-type] # by name

    async def findings(self, topic: str, **changes: object) -> list[Finding]:
        report = await self.report(**changes)
        return [finding for finding in report.findings if finding.topic == topic]

    async def worst(self, topic: str, **changes: object) -> Finding:
        """The finding of a topic that matters most."""
        return (await self.findings(topic, **changes))[0]


def severities(report: Report) -> set[Severity]:
    return {finding.severity for finding in report.findings}
