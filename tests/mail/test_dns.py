"""The resolver against a name server on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.mail.dns_server import DnsServer, running_dns_server

from kamome.clock import Clock, manual_clock
from kamome.mail.dns import NameNotFound, NameServerFailed, Resolver, parse_name_servers


@pytest.fixture
async def dns() -> AsyncIterator[DnsServer]:
    async with running_dns_server() as server:
        yield server


@pytest.fixture
def clock() -> Clock:
    return manual_clock()


@pytest.fixture
def resolver(dns: DnsServer, clock: Clock) -> Resolver:
    return Resolver(clock, dns.setting, timeout_s=10)


async def test_records_come_back_in_their_types(dns: DnsServer, resolver: Resolver) -> None:
    dns.add("example.com", "MX", "20 b.example.com.", "10 a.example.com.")
    dns.add("example.com", "TXT", "v=spf1 -all", 'say "hi"')
    dns.add("a.example.com", "A", "192.0.2.1")
    dns.add("a.example.com", "AAAA", "2001:db8::1")
    dns.add("1.2.0.192.in-addr.arpa", "PTR", "a.example.com.")

    assert await resolver.mx("example.com") == [(10, "a.example.com"), (20, "b.example.com")]
    assert sorted(await resolver.txt("Example.COM.")) == ['say "hi"', "v=spf1 -all"]
    assert await resolver.addresses("a.example.com") == ["192.0.2.1", "2001:db8::1"]
    assert await resolver.ptr("192.0.2.1") == ["a.example.com"]


async def test_null_mx_is_an_empty_host(dns: DnsServer, resolver: Resolver) -> None:
    dns.add("example.com", "MX", "0 .")

    assert await resolver.mx("example.com") == [(0, "")]


async def test_long_text_comes_by_tcp_and_is_joined(dns: DnsServer, resolver: Resolver) -> None:
    text = "v=DKIM1; p=" + "A" * 3_000
    dns.add("s._domainkey.example.com", "TXT", text)

    assert await resolver.txt("s._domainkey.example.com") == [text]
    assert dns.by_tcp == 1


async def test_missing_name_and_missing_type_are_told_apart(
    dns: DnsServer, resolver: Resolver
) -> None:
    dns.add("example.com", "TXT", "hello")

    with pytest.raises(NameNotFound) as no_name:
        await resolver.txt("none.example.com")
    with pytest.raises(NameNotFound) as no_data:
        await resolver.mx("example.com")

    assert (no_name.value.exists, no_data.value.exists) == (False, True)


async def test_aliases_are_followed_and_can_be_asked_for(
    dns: DnsServer, resolver: Resolver
) -> None:
    dns.add("www.example.com", "CNAME", "host.example.net.")
    dns.add("host.example.net", "A", "192.0.2.7")

    assert await resolver.addresses("www.example.com") == ["192.0.2.7"]
    assert (await resolver.answer("www.example.com", "A")).name == "host.example.net"
    assert await resolver.cname("www.example.com") == "host.example.net"
    assert await resolver.cname("host.example.net") is None


async def test_alias_that_points_to_itself_ends(dns: DnsServer, resolver: Resolver) -> None:
    dns.add("a.example.com", "CNAME", "b.example.com.")
    dns.add("b.example.com", "CNAME", "a.example.com.")

    with pytest.raises((NameServerFailed, NameNotFound)):
        await resolver.txt("a.example.com")


async def test_failing_and_silent_servers_are_failures(dns: DnsServer, clock: Clock) -> None:
    dns.failing.add("broken.example.com")
    dns.silent.add("silent.example.com")
    resolver = Resolver(clock, dns.setting, timeout_s=0.6, attempt_s=0.2)

    for name in ("broken.example.com", "silent.example.com"):
        with pytest.raises(NameServerFailed):
            await resolver.txt(name)


async def test_answers_hold_for_their_ttl_on_the_clock(
    dns: DnsServer, resolver: Resolver, clock: Clock
) -> None:
    dns.ttl_s = 100
    dns.add("example.com", "TXT", "old")
    await resolver.txt("example.com")
    dns.remove("example.com", "TXT")
    dns.add("example.com", "TXT", "new")

    await clock.advance(99_000)
    assert await resolver.txt("example.com") == ["old"]

    await clock.advance(1_000)
    assert await resolver.txt("example.com") == ["new"]


async def test_what_is_not_there_holds_for_the_soa_minimum(
    dns: DnsServer, resolver: Resolver, clock: Clock
) -> None:
    for _ in range(3):
        with pytest.raises(NameNotFound):
            await resolver.txt("none.example.com")
    assert dns.asked["none.example.com", "TXT"] == 1

    await clock.advance(60_000)
    dns.add("none.example.com", "TXT", "here")

    assert await resolver.txt("none.example.com") == ["here"]


async def test_failures_are_not_remembered(dns: DnsServer, resolver: Resolver) -> None:
    dns.failing.add("example.com")
    with pytest.raises(NameServerFailed):
        await resolver.txt("example.com")
    dns.failing.clear()
    dns.add("example.com", "TXT", "well")

    assert await resolver.txt("example.com") == ["well"]


async def test_many_who_ask_the_same_ask_once(dns: DnsServer, resolver: Resolver) -> None:
    dns.add("example.com", "TXT", "hello")

    answers = await asyncio.gather(*(resolver.txt("example.com") for _ in range(20)))

    assert answers == [["hello"]] * 20
    assert dns.asked["example.com", "TXT"] == 1


async def test_one_who_goes_away_takes_no_answer_from_others(
    dns: DnsServer, resolver: Resolver
) -> None:
    dns.add("example.com", "TXT", "hello")
    first = asyncio.ensure_future(resolver.txt("example.com"))
    second = asyncio.ensure_future(resolver.txt("example.com"))
    await asyncio.sleep(0)

    first.cancel()

    assert await second == ["hello"]


async def test_authenticated_answers_say_so(dns: DnsServer, resolver: Resolver) -> None:
    dns.is_authenticated = True
    dns.add("example.com", "TXT", "hello")

    assert (await resolver.answer("example.com", "TXT")).is_authenticated


async def test_off_asks_nobody(clock: Clock) -> None:
    resolver = Resolver(clock)

    assert not resolver.is_on
    with pytest.raises(NameServerFailed):
        await resolver.txt("example.com")


@pytest.mark.parametrize("name", ["a..b", "x" * 64 + ".example.com", "\ud800.example.com", ".a"])
async def test_text_that_is_no_name_is_not_found(resolver: Resolver, name: str) -> None:
    with pytest.raises(NameNotFound):
        await resolver.txt(name)


@pytest.mark.parametrize(
    ("text", "servers"),
    [
        ("192.0.2.1", [("192.0.2.1", 53)]),
        ("192.0.2.1:5353, ::1", [("192.0.2.1", 5353), ("::1", 53)]),
        ("[::1]:5353", [("::1", 5353)]),
    ],
)
def test_setting_names_servers(text: str, servers: list[tuple[str, int]]) -> None:
    assert parse_name_servers(text) == servers


@pytest.mark.parametrize("text", ["", "resolver.example", "192.0.2.1:0", "[::1", "[::1]x", "1.2.3"])
def test_setting_that_is_no_server_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_name_servers(text)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(garbage=st.binary(max_size=200))
def test_garbage_for_an_answer_is_a_failure_in_time(garbage: bytes) -> None:
    async def ask() -> None:
        async with running_dns_server() as dns:
            dns.raw["example.com"] = garbage
            resolver = Resolver(manual_clock(), dns.setting, timeout_s=0.2, attempt_s=0.1)
            with pytest.raises((NameServerFailed, NameNotFound)):
                await resolver.txt("example.com")

    asyncio.run(ask())
