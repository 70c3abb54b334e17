"""DNS lists and greylisting, by themselves and in a session."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.mail.conftest import World
from tests.mail.dns_server import DnsServer, running_dns_server

from kamome.clock import Clock, manual_clock
from kamome.mail import intake_checks
from kamome.mail.dns import Resolver
from kamome.mail.greylist_store import GreylistStore
from kamome.mail.intake_checks import DnsLists, Greylist, parse_dns_lists
from kamome.mail.replies import Reply
from kamome.mail.smtp_listener import SmtpListener
from kamome.mail.store import SCHEMA_FOLDER
from kamome.storage.engine import Engine
from kamome.storage.migrations import migrate


@pytest.fixture
async def dns() -> AsyncIterator[DnsServer]:
    async with running_dns_server() as server:
        yield server


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    engine = Engine(None)
    migrate(engine, "mail", SCHEMA_FOLDER)
    yield engine
    await engine.close()


@pytest.fixture
def clock() -> Clock:
    return manual_clock()


async def listed(dns: DnsServer, ip: str, *zones: str) -> Reply | None:
    resolver = Resolver(manual_clock(), dns.setting, timeout_s=dns.patience_s)
    return await DnsLists(resolver, zones or ("list.example.com",)).judge(ip)


# ---------------------------------------------------------------------- DNS lists


@pytest.mark.parametrize(
    ("ip", "name"),
    [
        ("192.0.2.10", "10.2.0.192.list.example.com"),
        ("::ffff:192.0.2.10", "10.2.0.192.list.example.com"),
        ("2001:db8::1", "1." + "0." * 23 + "8.b.d.0.1.0.0.2.list.example.com"),
    ],
)
async def test_listed_client_is_refused(dns: DnsServer, ip: str, name: str) -> None:
    dns.add(name, "A", "127.0.0.2")

    assert await listed(dns, ip) == Reply(
        554, "5.7.1", "Your address is listed by list.example.com"
    )


@pytest.mark.parametrize("answer", ["127.255.255.254", "192.0.2.1"])
async def test_answer_that_lists_nobody_is_not_one(dns: DnsServer, answer: str) -> None:
    dns.add("10.2.0.192.list.example.com", "A", answer)

    assert await listed(dns, "192.0.2.10") is None


async def test_list_that_does_not_answer_lists_nobody(dns: DnsServer) -> None:
    dns.silent.add("10.2.0.192.list.example.com")
    dns.failing.add("10.2.0.192.broken.example.com")

    assert await listed(dns, "192.0.2.10", "list.example.com", "broken.example.com") is None


async def test_without_lists_nobody_is_asked(dns: DnsServer) -> None:
    assert await DnsLists(Resolver(manual_clock(), dns.setting), ()).judge("192.0.2.10") is None
    assert not dns.asked


def test_setting_names_zones() -> None:
    assert parse_dns_lists("a.example.com, B.example.com.") == ("a.example.com", "b.example.com")
    assert parse_dns_lists("") == ()


@pytest.mark.parametrize("text", ["one", "a b.example", ",".join(["a.example.com"] * 11)])
def test_setting_that_names_no_zone_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="DNS list"):
        parse_dns_lists(text)


# ---------------------------------------------------------------------- greylisting

TRIPLET = ("192.0.2.10", "a@example.com", "b@example.net")


async def test_first_attempt_waits_and_the_second_passes(engine: Engine, clock: Clock) -> None:
    greylist = Greylist(GreylistStore(engine), clock, 300)

    first = greylist.judge(*TRIPLET)
    await clock.advance(299_000)
    early = greylist.judge(*TRIPLET)
    await clock.advance(1_000)

    assert first == Reply(451, "4.7.1", "Greylisted, please try again in 300 seconds")
    assert early == Reply(451, "4.7.1", "Greylisted, please try again in 1 seconds")
    assert greylist.judge(*TRIPLET) is None
    assert greylist.judge(*TRIPLET) is None


async def test_neighbour_of_the_client_may_try_again(engine: Engine, clock: Clock) -> None:
    greylist = Greylist(GreylistStore(engine), clock, 60)
    greylist.judge(*TRIPLET)
    await clock.advance(60_000)

    assert greylist.judge("192.0.2.99", "A@example.com", "b@EXAMPLE.net") is None
    assert greylist.judge("192.0.3.10", *TRIPLET[1:]) is not None


async def test_who_comes_again_too_late_is_new(engine: Engine, clock: Clock) -> None:
    greylist = Greylist(GreylistStore(engine), clock, 60)
    greylist.judge(*TRIPLET)
    await clock.advance(intake_checks.RETRY_MS)

    assert greylist.judge(*TRIPLET) is not None


async def test_known_triplet_is_kept_over_a_restart_until_it_is_old(
    engine: Engine, clock: Clock
) -> None:
    greylist = Greylist(GreylistStore(engine), clock, 60)
    greylist.judge(*TRIPLET)
    await clock.advance(60_000)
    greylist.judge(*TRIPLET)

    again = Greylist(GreylistStore(engine), clock, 60)
    await clock.advance(intake_checks.KNOWN_MS - 1)
    assert again.judge(*TRIPLET) is None

    await clock.advance(intake_checks.KNOWN_MS)
    assert again.judge(*TRIPLET) is not None


async def test_full_greylist_lets_everybody_through(
    engine: Engine, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake_checks, "ROWS_MAX", 2)
    greylist = Greylist(GreylistStore(engine), clock, 60)

    replies = [greylist.judge(f"192.0.{net}.1", "a@example.com", "b@c.d") for net in range(3)]
    assert [reply is None for reply in replies] == [False, False, True]

    await clock.advance(intake_checks.RETRY_MS)
    assert greylist.judge("192.0.9.1", "a@example.com", "b@c.d") is not None


async def test_no_delay_is_no_greylisting(engine: Engine, clock: Clock) -> None:
    assert Greylist(GreylistStore(engine), clock, 0).judge(*TRIPLET) is None


async def test_objection_is_the_reply_to_rcpt(world: World, tmp_path: Path) -> None:
    greylist = Greylist(GreylistStore(world.engine), world.clock, 60)

    async def objection(client_ip: str, reverse_path: str, recipient: str) -> Reply | None:
        return greylist.judge(client_ip, reverse_path, recipient)

    listener = SmtpListener(
        world.inbound,
        lambda recipient, is_tls, _ip: world.listener._accepts(recipient, is_tls, ""),
        world.clock,
        hostname="mail.test",
        certificate_folder=tmp_path,
        objection=objection,
    )
    world.port = await listener.start("127.0.0.1", 0)
    client = await world.connect()
    await client.say("EHLO client.example.com")
    await client.say("MAIL FROM:<a@example.net>")

    first = await client.say("RCPT TO:<user@example.com>")
    unknown = await client.say("RCPT TO:<nobody@example.com>")
    await world.clock.advance(60_000)
    second = await client.say("RCPT TO:<user@example.com>")

    assert first.startswith("451 4.7.1 Greylisted")
    assert unknown.startswith("550 5.1.1")
    assert second.startswith("250 2.1.5")
    await client.close()
    await listener.stop(grace_s=1)
