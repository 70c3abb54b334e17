"""A whole preflight: of a domain that has everything right, and with one thing wrong at a time."""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator

import pytest
from tests.mail.dns_server import running_dns_server
from tests.mail.preflight_world import (
    DOMAIN,
    KEY,
    KEY_512,
    KEY_1024,
    MX,
    PUBLIC,
    World,
    severities,
)

from kamome.mail.preflight.findings import TOPICS, ExpectedKey, Severity
from kamome.mail.preflight.network import Greeting
from kamome.mail.preflight.transport_security import FetchedPolicy

REVERSE = ipaddress.ip_address(PUBLIC).reverse_pointer


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with running_dns_server() as dns:
        world = World(dns)
        world.publish_all()
        yield world


async def test_a_domain_with_everything_right_has_no_fault(world: World) -> None:
    world.dns.add(MX, "DS", "1 8 2 " + "00" * 32)
    world.dns.add(f"_25._tcp.{MX}", "TLSA", "3 1 1 " + "bb" * 32)

    report = await world.report()

    assert severities(report) == {Severity.OK}
    assert report.worst is Severity.OK
    assert {finding.topic for finding in report.findings} == set(TOPICS) - {"mail-from", "server"}


async def test_an_empty_domain_is_told_every_record_to_publish(world: World) -> None:
    world.dns.zone.clear()

    report = await world.report()

    lines = {record.line for finding in report.findings for record in finding.records}
    assert report.worst is Severity.ERROR
    assert {
        f"{REVERSE}. 3600 IN PTR {MX}.",
        f"{MX}. 3600 IN A {PUBLIC}",
        f"{DOMAIN}. 3600 IN MX 10 {MX}.",
        f'{DOMAIN}. 3600 IN TXT "v=spf1 ip4:{PUBLIC} ~all"',
        f'_dmarc.{DOMAIN}. 3600 IN TXT "v=DMARC1; p=none; rua=mailto:dmarc-reports@{DOMAIN}"',
        f'_smtp._tls.{DOMAIN}. 3600 IN TXT "v=TLSRPTv1; rua=mailto:tls-reports@{DOMAIN}"',
    } <= lines
    key = f"v=DKIM1; k=rsa; p={KEY}"
    name = f"s1._domainkey.{DOMAIN}"
    assert f'{name}. 3600 IN TXT "{key[:255]}" "{key[255:]}"' in lines


async def test_what_is_told_to_publish_makes_the_next_preflight_pass(world: World) -> None:
    world.dns.zone.clear()
    first = await world.report()

    for record in (record for finding in first.findings for record in finding.records):
        world.dns.add(record.name, record.type, record.value)
    second = await world.report()

    # Left are the slow start of DMARC, and what nobody can publish: the probe, the list.
    worse = {each.topic for each in second.findings if each.severity is not Severity.OK}
    assert worse == {"dmarc", "dane", "port-25-out", "blocklists"}
    assert second.worst is Severity.WARNING
    assert [each.severity for each in second.findings if each.topic == "spf"] == [Severity.OK]
    assert [each.severity for each in second.findings if each.topic == "dkim"] == [Severity.OK]


async def test_dns_that_does_not_answer_is_unknown_not_wrong(world: World) -> None:
    world.dns.failing |= {DOMAIN, f"_dmarc.{DOMAIN}", f"s1._domainkey.{DOMAIN}", REVERSE}

    report = await world.report()

    for topic in ("spf", "dmarc", "dkim", "address", "mx"):
        found = [each.severity for each in report.findings if each.topic == topic]
        assert Severity.UNKNOWN in found, topic
        assert Severity.ERROR not in found, topic


async def test_texts_of_others_lose_their_control_characters(world: World) -> None:
    bad = Greeting(MX, PUBLIC, "554 go \x1b[2Jaway", problem="it says: 554 go \x1b[2Jaway\r\n")
    world.greetings[MX] = bad

    finding = await world.worst("port-25-in")

    assert "\x1b" not in finding.summary
    assert "\\x1b[2Jaway" in finding.summary


# ---------------------------------------------------------------------- the sending address


async def test_an_address_without_reverse_name_is_an_error_with_the_record(world: World) -> None:
    world.dns.remove(REVERSE, "PTR")

    finding = await world.worst("address")

    assert finding.severity is Severity.ERROR
    assert finding.records[0].line == f"{REVERSE}. 3600 IN PTR {MX}."
    assert "Update reverse DNS" in finding.remedy


async def test_a_reverse_name_that_does_not_lead_back_is_an_error(world: World) -> None:
    world.dns.zone[MX, "A"] = ["9.9.9.10"]

    finding = await world.worst("address")

    assert finding.severity is Severity.ERROR
    assert f"{MX}. 3600 IN A {PUBLIC}" in {record.line for record in finding.records}


async def test_a_reverse_name_that_ehlo_does_not_say_is_a_warning(world: World) -> None:
    world.dns.zone[REVERSE, "PTR"] = ["other.example.com."]
    world.dns.add("other.example.com", "A", PUBLIC)

    finding = await world.worst("address")

    assert finding.severity is Severity.WARNING
    assert "--smtp-hostname other.example.com" in finding.remedy


async def test_a_generic_name_is_a_warning(world: World) -> None:
    name = "ec2-9-9-9-9.compute-1.example.com"
    world.dns.zone[REVERSE, "PTR"] = [f"{name}."]
    world.dns.add(name, "A", PUBLIC)

    finding = await world.worst("address", ehlo_name=name)

    assert finding.severity is Severity.WARNING
    assert "provider" in finding.summary


@pytest.mark.parametrize("address", ["10.0.0.5", "192.168.1.1", "fd00::1", "127.0.0.1"])
async def test_a_private_address_is_an_error(world: World, address: str) -> None:
    finding = await world.worst("address", addresses=(address,))

    assert finding.severity is Severity.ERROR


@pytest.mark.parametrize("name", ["localhost", "mail", "host.local", "-bad.example.com", "1.2.3.4"])
async def test_an_ehlo_name_that_is_not_public_is_an_error(world: World, name: str) -> None:
    findings = await world.findings("address", ehlo_name=name)

    assert any("--smtp-hostname" in each.remedy for each in findings)
    assert findings[0].severity is Severity.ERROR


async def test_no_address_at_all_asks_for_one(world: World) -> None:
    finding = await world.worst("address", addresses=())

    assert "--ip" in finding.remedy


# ---------------------------------------------------------------------- port 25, MX


async def test_a_closed_port_25_outwards_names_the_relay(world: World) -> None:
    probe = "mx.probe.example.net"
    world.greetings[probe] = Greeting(probe, "198.51.100.1", problem="no answer within 15 s")

    finding = await world.worst("port-25-out")

    assert finding.severity is Severity.ERROR
    assert "--mail-transport relay" in finding.remedy


async def test_a_server_that_refuses_us_is_not_a_closed_port(world: World) -> None:
    probe = "mx.probe.example.net"
    world.greetings[probe] = Greeting(probe, "198.51.100.1", "554 no", problem="it says: 554 no")

    assert (await world.worst("port-25-out")).severity is Severity.WARNING


async def test_an_mx_host_that_does_not_answer_is_an_error(world: World) -> None:
    world.greetings[MX] = Greeting(MX, PUBLIC, problem="Connection refused")

    assert (await world.worst("port-25-in")).severity is Severity.ERROR


@pytest.mark.parametrize(
    ("records", "severity", "word"),
    [
        ([], Severity.ERROR, "no MX record"),
        (["0 ."], Severity.WARNING, "null MX"),
        (["10 9.9.9.9."], Severity.ERROR, "names the address"),
        (["10 nowhere.example.com."], Severity.ERROR, "no address"),
        (["10 alias.example.com."], Severity.WARNING, "alias of"),
        (["10 elsewhere.example.com."], Severity.NOTE, "goes to"),
    ],
    ids=["none", "null", "an address", "no address", "an alias", "another server"],
)
async def test_mx_records_are_judged(
    world: World, records: list[str], severity: Severity, word: str
) -> None:
    world.dns.remove(DOMAIN, "MX")
    world.dns.add("alias.example.com", "CNAME", f"{MX}.")
    world.dns.add("elsewhere.example.com", "A", "9.9.9.11")
    if records:
        world.dns.add(DOMAIN, "MX", *records)

    finding = await world.worst("mx")

    assert finding.severity is severity
    assert word in finding.summary


@pytest.mark.parametrize(
    ("names", "days", "distrust", "severity", "word"),
    [
        ((MX,), -1, "certificate has expired", Severity.ERROR, "has expired"),
        ((MX,), 3.5, "", Severity.WARNING, "in 3 days"),
        (("other.example.com",), 60, "", Severity.WARNING, "is for other.example.com"),
        ((MX,), 60, "self-signed certificate", Severity.WARNING, "not trusted"),
        (("*.example.com",), 60, "", Severity.OK, "valid"),
    ],
    ids=["expired", "ends soon", "wrong name", "self-signed", "wildcard"],
)
async def test_certificates_are_judged(
    world: World, names: tuple[str, ...], days: float, distrust: str, severity: Severity, word: str
) -> None:
    shown = world.certificate(*names, days=days, distrust=distrust)
    world.greetings[MX] = Greeting(MX, PUBLIC, "220 hi", True, shown)

    finding = await world.worst("certificate")

    assert finding.severity is severity
    assert word in finding.summary


# ---------------------------------------------------------------------- DKIM, DMARC


@pytest.mark.parametrize(
    ("record", "severity", "word"),
    [
        (None, Severity.ERROR, "no key at"),
        ("v=DKIM1; p=", Severity.ERROR, "revoked"),
        ("v=DKIM1; k=rsa; p=AAAA", Severity.ERROR, "is no rsa key"),
        (f"v=DKIM1; k=rsa; p={KEY_512}", Severity.ERROR, "512 bits"),
        (f"v=DKIM1; k=rsa; p={KEY_1024}", Severity.WARNING, "1024 bits"),
        (f"v=DKIM1; k=rsa; h=sha1; p={KEY}", Severity.ERROR, "SHA-256"),
        (f"v=DKIM1; k=rsa; s=other; p={KEY}", Severity.ERROR, "not for mail"),
        (f"v=DKIM1; k=rsa; t=y; p={KEY}", Severity.WARNING, "t=y"),
        (f"v=DKIM1; k=rsa; k=rsa; p={KEY}", Severity.ERROR, "k comes twice"),
        (f"v=DKIM2; p={KEY}", Severity.ERROR, "version"),
        (f"p={KEY}", Severity.OK, "2048 bits"),
        ("v=DKIM1; k=ed25519; p=" + "A" * 43 + "=", Severity.OK, "Ed25519"),
        ("v=DKIM1; k=dsa; p=AAAA", Severity.ERROR, "nobody knows"),
    ],
)
async def test_dkim_keys_are_judged(
    world: World, record: str | None, severity: Severity, word: str
) -> None:
    world.dns.remove(f"s1._domainkey.{DOMAIN}", "TXT")
    if record is not None:
        world.dns.add(f"s1._domainkey.{DOMAIN}", "TXT", record)

    finding = await world.worst("dkim", keys=(ExpectedKey("s1"),))

    assert finding.severity is severity
    assert word in finding.summary


async def test_another_key_than_ours_is_an_error_with_the_right_record(world: World) -> None:
    finding = await world.worst("dkim", keys=(ExpectedKey("s1", KEY_1024),))

    assert finding.severity is Severity.ERROR
    assert finding.records[0].value == f"v=DKIM1; k=rsa; p={KEY_1024}"


async def test_a_domain_without_keys_is_told_to_make_them(world: World) -> None:
    assert "create-email-identity" in (await world.worst("dkim", keys=())).remedy


@pytest.mark.parametrize(
    ("record", "severity", "word"),
    [
        (None, Severity.ERROR, "no DMARC policy"),
        ("v=DMARC1; p=none; rua=mailto:a@example.com", Severity.WARNING, "is none"),
        ("v=DMARC1; p=reject", Severity.WARNING, "no reports"),
        ("v=DMARC1; p=block", Severity.ERROR, "not block"),
        ("v=DMARC1 p=none", Severity.ERROR, "must come first"),
        ("v=DMARC1; p=reject; pct=200; rua=mailto:a@example.com", Severity.ERROR, "0 to 100"),
        ("v=DMARC1; p=reject; pct=20; rua=mailto:a@example.com", Severity.NOTE, "20 per cent"),
        ("v=DMARC1; p=quarantine; aspf=x", Severity.ERROR, "aspf is r or s"),
    ],
)
async def test_dmarc_policies_are_judged(
    world: World, record: str | None, severity: Severity, word: str
) -> None:
    world.dns.remove(f"_dmarc.{DOMAIN}", "TXT")
    if record is not None:
        world.dns.add(f"_dmarc.{DOMAIN}", "TXT", record)

    finding = await world.worst("dmarc")

    assert finding.severity is severity
    assert word in finding.summary


async def test_a_subdomain_inherits_the_policy_for_subdomains(world: World) -> None:
    world.dns.zone.pop((f"_dmarc.{DOMAIN}", "TXT"))
    record = f"v=DMARC1; p=reject; sp=none; rua=mailto:dmarc@{DOMAIN}"
    world.dns.add(f"_dmarc.{DOMAIN}", "TXT", record)

    finding = await world.worst("dmarc", domain=f"news.{DOMAIN}")

    assert finding.summary == f"The policy at _dmarc.{DOMAIN} for subdomains is none."


async def test_reports_to_another_domain_need_its_consent(world: World) -> None:
    world.dns.zone.pop((f"_dmarc.{DOMAIN}", "TXT"))
    world.dns.add(f"_dmarc.{DOMAIN}", "TXT", "v=DMARC1; p=reject; rua=mailto:x@reports.test")

    finding = await world.worst("dmarc")
    world.dns.add(f"{DOMAIN}._report._dmarc.reports.test", "TXT", "v=DMARC1")
    after = await world.worst("dmarc")

    assert finding.records[0].line == (
        f'{DOMAIN}._report._dmarc.reports.test. 3600 IN TXT "v=DMARC1"'
    )
    assert after.severity is Severity.OK


@pytest.mark.parametrize(
    ("record", "keys", "severity"),
    [
        ("aspf=s; ", (ExpectedKey("s1"),), Severity.NOTE),
        ("aspf=s; ", (), Severity.ERROR),
        ("", (), Severity.WARNING),
        ("", (ExpectedKey("s1"),), Severity.OK),
    ],
    ids=["strict with DKIM", "strict without", "relaxed without DKIM", "relaxed with"],
)
async def test_alignment_of_a_mail_from_subdomain(
    world: World, record: str, keys: tuple[ExpectedKey, ...], severity: Severity
) -> None:
    world.dns.zone.pop((f"_dmarc.{DOMAIN}", "TXT"))
    policy = f"v=DMARC1; p=reject; {record}rua=mailto:dmarc@{DOMAIN}"
    world.dns.add(f"_dmarc.{DOMAIN}", "TXT", policy)

    finding = await world.worst("dmarc", keys=keys, mail_from_domain=f"bounce.{DOMAIN}")

    assert finding.severity is severity


async def test_a_mail_from_domain_needs_an_mx_and_spf_of_its_own(world: World) -> None:
    report = await world.report(mail_from_domain=f"bounce.{DOMAIN}")

    lines = {record.line for finding in report.findings for record in finding.records}
    assert f"bounce.{DOMAIN}. 3600 IN MX 10 {MX}." in lines
    assert f'bounce.{DOMAIN}. 3600 IN TXT "v=spf1 ip4:{PUBLIC} ~all"' in lines


# ---------------------------------------------------------------------- MTA-STS, TLS-RPT, DANE


@pytest.mark.parametrize(
    ("policy", "severity", "word"),
    [
        (FetchedPolicy(problem="https://x answers 404"), Severity.ERROR, "cannot be had"),
        (FetchedPolicy("version: STSv2\n"), Severity.ERROR, "version is not"),
        (FetchedPolicy("version: STSv1\nmode: on\n"), Severity.ERROR, "mode is"),
        (FetchedPolicy("version: STSv1\nmode: testing\nmax_age: x\n"), Severity.ERROR, "max_age"),
        (
            FetchedPolicy("version: STSv1\nmode: enforce\nmax_age: 604800\nmx: *.example.net\n"),
            Severity.ERROR,
            "does not cover",
        ),
        (
            FetchedPolicy("version: STSv1\nmode: testing\nmax_age: 604800\nmx: *.example.com\n"),
            Severity.NOTE,
            "is testing",
        ),
        (
            FetchedPolicy(
                "version: STSv1\r\nmode: enforce\r\nmax_age: 60\r\nmx: *.example.com\r\n"
            ),
            Severity.NOTE,
            "60 s only",
        ),
    ],
)
async def test_sts_policies_are_judged(
    world: World, policy: FetchedPolicy, severity: Severity, word: str
) -> None:
    world.policy = policy

    finding = await world.worst("mta-sts")

    assert finding.severity is severity
    assert word in finding.summary


async def test_without_sts_the_policy_to_serve_is_shown(world: World) -> None:
    world.dns.remove(f"_mta-sts.{DOMAIN}", "TXT")

    finding = await world.worst("mta-sts")

    assert finding.severity is Severity.NOTE
    assert f"mx: {MX}" in finding.remedy
    assert finding.records[0].value.startswith("v=STSv1; id=")


@pytest.mark.parametrize(
    ("record", "word"),
    [("v=TLSRPTv1; rua=postmaster", "not mailto:"), ("v=TLSRPTv1", "rua names nothing")],
)
async def test_a_reporting_record_that_cannot_be_used_is_a_warning(
    world: World, record: str, word: str
) -> None:
    world.dns.remove(f"_smtp._tls.{DOMAIN}", "TXT")
    world.dns.add(f"_smtp._tls.{DOMAIN}", "TXT", record)

    finding = await world.worst("tls-rpt")

    assert finding.severity is Severity.WARNING
    assert word in finding.summary


@pytest.mark.parametrize(
    ("tlsa", "is_signed", "severity"),
    [
        (None, False, Severity.NOTE),
        (None, True, Severity.NOTE),
        ("3 1 1 " + "bb" * 32, False, Severity.WARNING),
        ("3 1 1 " + "bb" * 32, True, Severity.OK),
        ("3 0 1 " + "aa" * 32, True, Severity.OK),
        ("3 1 1 " + "cc" * 32, True, Severity.ERROR),
        ("1 1 1 " + "bb" * 32, True, Severity.WARNING),
        ("2 1 1 " + "cc" * 32, True, Severity.NOTE),
    ],
)
async def test_dane_is_judged(
    world: World, tlsa: str | None, is_signed: bool, severity: Severity
) -> None:
    if is_signed:
        world.dns.add(DOMAIN, "DS", "1 8 2 " + "00" * 32)
    if tlsa is not None:
        world.dns.add(f"_25._tcp.{MX}", "TLSA", tlsa)

    assert (await world.worst("dane")).severity is severity


async def test_in_a_signed_zone_the_tlsa_record_is_made_of_the_certificate(world: World) -> None:
    world.dns.add(DOMAIN, "DS", "1 8 2 " + "00" * 32)

    finding = await world.worst("dane")

    assert finding.records[0].line == f"_25._tcp.{MX}. 3600 IN TLSA 3 1 1 {'bb' * 32}"


# ---------------------------------------------------------------------- blocklists


@pytest.mark.parametrize(
    ("code", "severity"),
    [("127.0.0.4", Severity.ERROR), ("127.255.255.254", Severity.UNKNOWN)],
    ids=["listed", "the list refuses to tell"],
)
async def test_a_listed_address_is_an_error(world: World, code: str, severity: Severity) -> None:
    world.dns.add("9.9.9.9.list.test", "A", code)
    world.dns.add("9.9.9.9.list.test", "TXT", "seen sending spam")

    assert (await world.worst("blocklists")).severity is severity


@pytest.mark.parametrize("entry", ["2.0.0.127.list.test", "test.domains.test"])
async def test_the_silence_of_a_list_that_does_not_answer_says_nothing(
    world: World, entry: str
) -> None:
    world.dns.remove(entry, "A")

    finding = await world.worst("blocklists")

    assert finding.severity is Severity.UNKNOWN
    assert "test entry" in finding.summary


async def test_a_listed_domain_shows_the_lists_reason(world: World) -> None:
    world.dns.add(f"{DOMAIN}.domains.test", "A", "127.0.1.2")
    world.dns.add(f"{DOMAIN}.domains.test", "TXT", "named in spam")

    assert (await world.worst("blocklists")).meaning == "named in spam"


# ---------------------------------------------------------------------- a server without a name


async def test_no_record_names_a_server_that_has_no_name_yet(world: World) -> None:
    world.dns.remove(DOMAIN, "MX")
    world.dns.remove(f"_mta-sts.{DOMAIN}", "TXT")

    report = await world.report(ehlo_name="localhost")

    told = [finding.remedy for finding in report.findings]
    told += [record.line for finding in report.findings for record in finding.records]
    assert f"{DOMAIN}. 3600 IN MX 10 mail.YOUR-DOMAIN." in told
    assert not [text for text in told if "localhost" in text]
