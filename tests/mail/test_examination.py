"""All checks of one mail together, in the presence of name servers and scanners that misbehave."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.mail.dns_server import DnsServer, running_dns_server

from kamome.clock import manual_clock
from kamome.mail.authentication.dmarc import is_refusal_asked
from kamome.mail.authentication.examination import examine
from kamome.mail.authentication.results import authentication_results, spf_value
from kamome.mail.checks import UNCHECKED, Checks, DmarcCheck, SignatureCheck, SpfCheck
from kamome.mail.dns import Resolver
from kamome.mail.envelope import Envelope

ENVELOPE = Envelope("a@example.com", ("b@example.net",), "mail.example.com", "192.0.2.10")
MAIL = b"From: a@example.com\r\nSubject: hi\r\n\r\nbody\r\n"


@pytest.fixture
async def dns() -> AsyncIterator[DnsServer]:
    async with running_dns_server() as server:
        yield server


async def examined(
    where: str, mail: bytes = MAIL, envelope: Envelope = ENVELOPE, *, timeout_s: float = 10
) -> Checks:
    async def read(start: int) -> AsyncIterator[bytes]:
        for at in range(start, len(mail), 10):
            yield mail[at : at + 10]

    resolver = Resolver(manual_clock(), where, timeout_s=timeout_s, attempt_s=timeout_s)
    return await examine(resolver, None, envelope, read, size=len(mail), now_s=1_760_000_000)


async def test_without_dns_nothing_is_said(dns: DnsServer) -> None:
    assert await examined("off") == UNCHECKED


async def test_sender_that_is_who_he_says(dns: DnsServer) -> None:
    dns.add("example.com", "TXT", "v=spf1 ip4:192.0.2.10 -all")
    dns.add("_dmarc.example.com", "TXT", "v=DMARC1; p=reject")
    dns.add("10.2.0.192.in-addr.arpa", "PTR", "liar.example.com.", "mail.example.com.")
    dns.add("mail.example.com", "A", "192.0.2.10")

    found = await examined(dns.setting)

    assert found.spf is not None
    assert found.spf.result == "pass"
    assert found.signatures == ()
    assert found.dmarc == DmarcCheck("pass", "example.com", "reject")
    assert found.client_name == "mail.example.com"


async def test_refusal_is_asked_where_the_policy_says_so_for_all(dns: DnsServer) -> None:
    dns.add("example.com", "TXT", "v=spf1 -all")
    dns.add("_dmarc.example.com", "TXT", "v=DMARC1; p=reject")

    assert is_refusal_asked((await examined(dns.setting)).dmarc)
    assert not is_refusal_asked(DmarcCheck("fail", "example.com", "reject", 50))
    assert not is_refusal_asked(DmarcCheck("fail", "example.com", "quarantine"))
    assert not is_refusal_asked(None)


async def test_silent_name_server_is_a_temporary_error_everywhere(dns: DnsServer) -> None:
    dns.silent |= {"example.com", "_dmarc.example.com", "10.2.0.192.in-addr.arpa"}

    found = await examined(dns.setting, timeout_s=dns.patience_s)

    assert found.spf is not None
    assert found.dmarc is not None
    assert (found.spf.result, found.dmarc.result, found.client_name) == (
        "temperror",
        "temperror",
        "",
    )


async def test_empty_reverse_path_and_no_from_are_judged_too(dns: DnsServer) -> None:
    envelope = Envelope("", ("b@example.net",), "[192.0.2.10]", "192.0.2.10")

    found = await examined(dns.setting, b"\r\n", envelope)

    assert found.spf is not None
    assert (found.spf.result, found.spf.identity) == ("none", "helo")
    assert found.dmarc == DmarcCheck("permerror")


def test_results_are_worded_as_rfc_8601_has_it() -> None:
    checks = Checks(
        SpfCheck("pass", "example.com", "mailfrom"),
        (SignatureCheck("fail", "example.com", "s", "@example.com", reason="it has expired"),),
        DmarcCheck("pass", "example.com", "reject"),
    )

    assert authentication_results("amazonses.com", checks, ENVELOPE) == (
        "amazonses.com;\r\n"
        " spf=pass (spfCheck: domain of example.com designates 192.0.2.10 as permitted sender)"
        " client-ip=192.0.2.10; envelope-from=a@example.com; helo=mail.example.com;\r\n"
        " dkim=fail (it has expired) header.i=@example.com;\r\n"
        " dmarc=pass header.from=example.com;"
    )
    assert authentication_results("amazonses.com", UNCHECKED, ENVELOPE) == "amazonses.com; none"


@given(st.text(), st.text(), st.text(), st.sampled_from(["pass", "none", "temperror"]))
def test_no_text_of_a_stranger_ends_a_header(
    path: str, helo: str, domain: str, result: str
) -> None:
    envelope = Envelope(path, ("b@example.net",), helo, "192.0.2.10")
    spf = SpfCheck(result, domain, "mailfrom", mechanism=domain)
    signatures = (SignatureCheck("pass", domain, domain, f"{path}@{domain}"),)
    checks = Checks(spf, signatures, DmarcCheck("fail", domain, "none"))

    value = authentication_results("amazonses.com", checks, envelope)

    assert spf_value(spf, envelope).splitlines() == [spf_value(spf, envelope)]
    assert len(value.split("\r\n")) == 4
    assert all(line.startswith(" ") for line in value.split("\r\n")[1:])
    assert "\r" not in value.replace("\r\n", "")


@settings(max_examples=30)
@given(
    head=st.lists(
        st.one_of(
            st.binary(max_size=60),
            st.builds(b"From: ".__add__, st.binary(max_size=60)),
            st.builds(b"DKIM-Signature: v=1; a=rsa-sha256; ".__add__, st.binary(max_size=90)),
        ),
        max_size=6,
    ),
    record=st.text(st.characters(max_codepoint=255), max_size=60),
)
def test_hostile_headers_and_records_raise_nothing(head: list[bytes], record: str) -> None:
    async def play() -> Checks:
        async with running_dns_server() as dns:
            dns.add("example.com", "TXT", "v=spf1 " + record)
            dns.add("_dmarc.example.com", "TXT", "v=DMARC1; " + record)
            return await examined(dns.setting, b"\r\n".join([*head, b"", b"body"]))

    found = asyncio.run(play())

    assert found.spf is not None
    assert found.dmarc is not None


async def test_huge_records_are_judged_in_time(dns: DnsServer) -> None:
    """60 KB of text is what one answer can hold; it comes by TCP."""
    dns.add("example.com", "TXT", "v=spf1 " + "include:example.com " * 3_000)
    dns.add("_dmarc.example.com", "TXT", "v=DMARC1; p=reject; " + "x=y; " * 12_000)
    dns.add("s._domainkey.example.com", "TXT", "v=DKIM1; p=" + "A" * 60_000)
    field = b"DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=s; h=from; bh=AA==; b=AA==\r\n"

    found = await asyncio.wait_for(examined(dns.setting, field + MAIL, timeout_s=3), 20)

    assert found.spf is not None
    assert found.signatures is not None
    assert found.dmarc is not None
    assert found.spf.result == "permerror"
    assert [each.result for each in found.signatures] == ["policy"]
    assert (found.dmarc.result, found.dmarc.policy) == ("fail", "reject")


async def test_aliases_in_a_circle_end_every_check(dns: DnsServer) -> None:
    for name in ("example.com", "_dmarc.example.com", "10.2.0.192.in-addr.arpa"):
        dns.add(name, "CNAME", f"again.{name}.")
        dns.add(f"again.{name}", "CNAME", f"{name}.")

    found = await asyncio.wait_for(examined(dns.setting), 20)

    assert found.spf is not None
    assert found.dmarc is not None
    assert found.spf.result in ("none", "temperror")
    assert found.dmarc.result in ("none", "temperror")
    assert found.client_name == ""
