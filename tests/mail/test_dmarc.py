"""DMARC: alignment, policies, and From fields that name nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.mail.dns_server import DnsServer, running_dns_server

from kamome.clock import manual_clock
from kamome.mail.authentication.dmarc import author_domain, check_dmarc
from kamome.mail.checks import DmarcCheck, SignatureCheck, SpfCheck
from kamome.mail.dns import Resolver
from kamome.mail.header_fields import Field

NO_SPF = SpfCheck("none", "example.net", "mailfrom")


@pytest.fixture
async def dns() -> AsyncIterator[DnsServer]:
    async with running_dns_server() as server:
        server.add("_dmarc.example.co.jp", "TXT", "v=DMARC1; p=reject; sp=quarantine; pct=50")
        server.add("_dmarc.strict.example", "TXT", "v=DMARC1; p=quarantine; adkim=s; aspf=s")
        yield server


async def check(
    dns: DnsServer,
    author: str,
    *,
    spf: SpfCheck = NO_SPF,
    signatures: tuple[SignatureCheck, ...] = (),
) -> DmarcCheck:
    resolver = Resolver(manual_clock(), dns.setting, timeout_s=dns.patience_s)
    return await check_dmarc(resolver, [Field("From", author)], spf, signatures)


def spf(domain: str, result: str = "pass") -> SpfCheck:
    return SpfCheck(result, domain, "mailfrom")


@pytest.mark.parametrize(
    ("author", "spf_domain", "dkim_domain", "result"),
    [
        ("a@example.co.jp", "example.co.jp", "", "pass"),
        ("a@example.co.jp", "bounces.example.co.jp", "", "pass"),
        ("a@example.co.jp", "other.co.jp", "", "fail"),
        ("a@example.co.jp", "", "mail.example.co.jp", "pass"),
        ("a@news.example.co.jp", "", "example.co.jp", "pass"),
        ("a@strict.example", "mail.strict.example", "", "fail"),
        ("a@strict.example", "strict.example", "", "pass"),
        ("a@strict.example", "", "mail.strict.example", "fail"),
        ("a@none.example", "none.example", "", "none"),
    ],
)
async def test_alignment_decides(
    dns: DnsServer, author: str, spf_domain: str, dkim_domain: str, result: str
) -> None:
    signatures = (SignatureCheck("pass", dkim_domain),) if dkim_domain else ()

    found = await check(dns, author, spf=spf(spf_domain), signatures=signatures)

    assert found.result == result


async def test_policy_of_a_subdomain_is_its_own(dns: DnsServer) -> None:
    assert (await check(dns, "a@example.co.jp")).policy == "reject"
    assert await check(dns, "a@x.example.co.jp") == DmarcCheck(
        "fail", "x.example.co.jp", "quarantine", 50
    )


async def test_failed_signature_of_the_domain_helps_nothing(dns: DnsServer) -> None:
    signatures = (SignatureCheck("fail", "example.co.jp"), SignatureCheck("pass", "spam.example"))

    assert (await check(dns, "a@example.co.jp", signatures=signatures)).result == "fail"


async def test_missing_answer_is_a_temporary_error(dns: DnsServer) -> None:
    unanswered = (SignatureCheck("temperror", "example.co.jp"),)
    assert (await check(dns, "a@example.co.jp", signatures=unanswered)).result == "temperror"

    dns.failing.add("_dmarc.example.com")
    assert (await check(dns, "a@example.com")).result == "temperror"


@pytest.mark.parametrize(
    ("records", "policy"),
    [
        (["v=DMARC1; p=none"], "none"),
        (["v=DMARC1;p=REJECT;"], "reject"),
        (["v=DMARC1; p=odd; rua=mailto:a@example.com"], "none"),
        (["v=DMARC1; p=odd"], ""),
        (["v=DMARC1; p=none", "v=DMARC1; p=reject"], ""),
        (["v=DMARC10; p=none"], ""),
        (["something else", "v=DMARC1; p=quarantine; pct=nonsense"], "quarantine"),
    ],
)
async def test_records_that_count(dns: DnsServer, records: list[str], policy: str) -> None:
    dns.add("_dmarc.example.com", "TXT", *records)

    found = await check(dns, "a@example.com")

    assert (found.policy, found.result) == (policy, "fail" if policy else "none")


@pytest.mark.parametrize(
    ("values", "domain"),
    [
        (["A <a@Example.COM>"], "example.com"),
        (["a@例え.jp"], "xn--r8jz45g.jp"),
        (["a@example.com, b@example.com"], "example.com"),
        (["a@example.com, b@example.net"], None),
        (["a@example.com", "a@example.com"], None),
        (["a@example.com (<b@example.net>)"], "example.com"),
        (["<a@example.com> <b@example.net>"], None),
        (['"<a@example.com>" <b@example.net>'], "example.net"),
        (["x@[a <a@example.com>, b@example.net"], None),
        (["nobody"], None),
        ([""], None),
        ([], None),
        (['"x <a@example.com> <b@example.org>'], None),
        # Took the square of its length: minutes.
        (['"' + '\\"' * 100_000 + " <a@example.com>"], "example.com"),
    ],
)
def test_author_is_one_domain_or_none(values: list[str], domain: str | None) -> None:
    assert author_domain([Field("From", value) for value in values]) == domain
