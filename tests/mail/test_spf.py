"""SPF against a name server on loopback: our own cases, and pyspf as a second opinion."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
import spf as pyspf  # type: ignore[import-untyped] # it ships no types
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.mail.dns_server import DnsServer, running_dns_server

from kamome.clock import manual_clock
from kamome.mail.authentication.spf import check_host
from kamome.mail.authentication.spf_terms import SpfSyntaxError, parse_record
from kamome.mail.checks import SpfCheck
from kamome.mail.dns import Resolver

IP = "192.0.2.10"


@pytest.fixture
async def dns() -> AsyncIterator[DnsServer]:
    async with running_dns_server() as server:
        server.add("mail.example.com", "A", IP)
        yield server


async def check(dns: DnsServer, ip: str = IP, sender: str = "user@example.com") -> SpfCheck:
    resolver = Resolver(manual_clock(), dns.setting, timeout_s=dns.patience_s)
    return await check_host(resolver, ip, "mail.example.com", sender)


@pytest.mark.parametrize(
    ("record", "result"),
    [
        ("v=spf1 ip4:192.0.2.0/24 -all", "pass"),
        ("v=spf1 ip4:198.51.100.1 -all", "fail"),
        ("v=spf1 ip4:198.51.100.1 ~all", "softfail"),
        ("v=spf1 ?ip4:192.0.2.10 -all", "neutral"),
        ("v=spf1 ip4:198.51.100.1", "neutral"),
        ("v=spf1 a:mail.example.com -all", "pass"),
        ("v=spf1 a:%{h} -all", "pass"),
        ("v=spf1 mx -all", "pass"),
        ("v=spf1 include:other.example.com -all", "pass"),
        ("v=spf1 redirect=other.example.com", "pass"),
        ("v=spf1 redirect=none.example.com", "permerror"),
        ("v=spf1 include:none.example.com -all", "permerror"),
        ("v=spf1 exists:%{ir}.list.example.com -all", "pass"),
        ("v=spf1 ptr -all", "pass"),
        ("v=spf1 ip4:192.0.2.10/33 -all", "permerror"),
        ("v=spf1 ip4:192.0.2.10 nonsense", "permerror"),
        ("v=spf1 a:%{t}.example.com -all", "permerror"),
        ("v=spf1 redirect=a.example.com redirect=b.example.com", "permerror"),
        ("v=spf1 ip4:192.0.2.10 future=%{d}", "pass"),
        ("v=spf1 ip4:192.0.2.10 future=%{", "permerror"),
        ("v=spf10 -all", "none"),
        ("v=spf1 " + "ip4:198.51.100.1 " * 400 + "-all", "permerror"),
    ],
)
async def test_record_gives_result(dns: DnsServer, record: str, result: str) -> None:
    dns.add("example.com", "TXT", record)
    dns.add("example.com", "MX", "10 mail.example.com.")
    dns.add("other.example.com", "TXT", "v=spf1 a:mail.example.com -all")
    dns.add("10.2.0.192.list.example.com", "A", "127.0.0.2")
    dns.add("10.2.0.192.in-addr.arpa", "PTR", "mail.example.com.")

    assert (await check(dns)).result == result


async def test_empty_reverse_path_asks_about_the_helo_name(dns: DnsServer) -> None:
    dns.add("mail.example.com", "TXT", "v=spf1 a -all")

    found = await check(dns, sender="")

    assert (found.result, found.identity, found.domain) == ("pass", "helo", "mail.example.com")


async def test_eleventh_term_that_asks_is_an_error(dns: DnsServer) -> None:
    dns.add("example.com", "TXT", "v=spf1 " + "a:mail.example.com " * 11 + "-all")

    assert (await check(dns, "198.51.100.1")).result == "permerror"


async def test_includes_that_go_round_end(dns: DnsServer) -> None:
    dns.add("example.com", "TXT", "v=spf1 include:example.com -all")

    assert (await check(dns)).result == "permerror"


async def test_third_question_that_finds_nothing_is_an_error(dns: DnsServer) -> None:
    dns.add("example.com", "TXT", "v=spf1 a:x1.invalid a:x2.invalid a:x3.invalid ip4:192.0.2.10")

    assert (await check(dns)).result == "permerror"


async def test_name_server_that_fails_is_a_temporary_error(dns: DnsServer) -> None:
    dns.failing.add("example.com")

    assert (await check(dns)).result == "temperror"


async def test_mapped_address_is_an_ipv4_address(dns: DnsServer) -> None:
    dns.add("example.com", "TXT", "v=spf1 ip4:192.0.2.10 -all")

    assert (await check(dns, "::ffff:192.0.2.10")).result == "pass"


async def test_check_that_takes_too_long_ends(dns: DnsServer) -> None:
    dns.silent.add("example.com")
    resolver = Resolver(manual_clock(), dns.setting)

    found = await check_host(resolver, IP, "mail.example.com", "user@example.com", time_s=0.05)

    assert found.result == "temperror"


ZONE: dict[tuple[str, str], list[str]] = {
    ("a.example.com", "A"): [IP],
    ("b.example.com", "A"): ["198.51.100.1", "198.51.100.2"],
    ("six.example.com", "AAAA"): ["2001:db8::1"],
    ("mx.example.com", "MX"): ["20 b.example.com.", "10 a.example.com."],
    ("pass.example.com", "TXT"): ["v=spf1 ip4:192.0.2.10 -all"],
    ("fail.example.com", "TXT"): ["v=spf1 -all"],
    ("broken.example.com", "TXT"): ["v=spf1 ip4:nonsense"],
    ("10.2.0.192.in-addr.arpa", "PTR"): ["a.example.com."],
}
_DOMAINS = st.sampled_from(
    [
        "a.example.com",
        "b.example.com",
        "mx.example.com",
        "pass.example.com",
        "fail.example.com",
        "broken.example.com",
        "none.example.com",
        "%{l}.example.com",
        "%{i}.x.example.com",
        "%{p}",
        "%{ir}.in-addr.example.com",
        "a.example.com.",
        "example",
        "x..y",
    ]
)
_TERMS = st.one_of(
    st.builds("{}{}:{}".format, st.sampled_from("+-~? "), st.sampled_from(["a", "mx"]), _DOMAINS),
    st.builds("{}:{}".format, st.sampled_from(["include", "exists", "a", "ptr"]), _DOMAINS),
    st.builds("a:b.example.com/{}".format, st.integers(0, 40)),
    st.builds("ip4:192.0.{}.0/{}".format, st.integers(0, 300), st.integers(0, 40)),
    st.sampled_from(
        ["all", "-all", "a", "mx", "ip6:2001:db8::/32", "ip6:::1", "ip4:1.2.3", "a/24"]
    ),
    st.builds("redirect={}".format, _DOMAINS),
    st.sampled_from(["exp=a.example.com", "x=%{d}", "exists:%{d}", "a:%{d2}", "%", "a:", "all:"]),
    st.sampled_from(["-", "A//64"]),
)


def _second_opinion(record: str, monkeypatch: pytest.MonkeyPatch) -> str:
    def lookup(name: str, rtype: str, *_: object) -> list[Any]:
        zone = {**ZONE, ("user.test", "TXT"): [record]}
        found: list[Any] = []
        for text in zone.get((name.lower(), rtype), []):
            value: Any = text.rstrip(".")
            if rtype == "TXT":
                value = (text.encode(),)
            elif rtype == "MX":
                value = (int(text.split()[0]), text.split()[1].rstrip("."))
            elif rtype == "PTR":
                value = text.rstrip(".")
            found.append(((name, rtype), value))
        return found

    monkeypatch.setattr(pyspf, "DNSLookup", lookup)
    query = pyspf.query(IP, "a@user.test", "mail.example.com", strict=True)
    return str(query.check()[0])


async def _ours(record: str) -> str:
    async with running_dns_server() as server:
        for (name, rtype), records in ZONE.items():
            server.add(name, rtype, *records)
        server.add("user.test", "TXT", record)
        resolver = Resolver(manual_clock(), server.setting)
        return (await check_host(resolver, IP, "mail.example.com", "a@user.test")).result


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(terms=st.lists(_TERMS, max_size=5, unique=True))
@example(terms=["a:b.example.com/0"])
def test_pyspf_agrees(terms: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    record = "v=spf1 " + " ".join(term.strip() for term in terms)

    assert asyncio.run(_ours(record)) == _second_opinion(record, monkeypatch)


@given(st.text(st.characters(max_codepoint=255), max_size=300))
def test_any_text_is_a_record_or_a_syntax_error(text: str) -> None:
    with contextlib.suppress(SpfSyntaxError):
        parse_record("v=spf1 " + text)


@pytest.mark.parametrize(
    "piece", ["a" * 60 + ".", "%{d}", "%{", "/", "//", "1.", "a-", "-a.", "%%"]
)
def test_long_terms_are_judged_in_linear_time(piece: str) -> None:
    with pytest.raises(SpfSyntaxError):
        parse_record("v=spf1 a:" + (piece * 3_000)[:5_000] + "!")
