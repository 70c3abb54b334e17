"""Postfix, which we did not write, takes our mail, refuses it, sends it back, and reports on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import dkim  # type: ignore[import-untyped] # dkimpy has no types
import pytest
from tests.mail import postfix
from tests.mail.conftest import World
from tests.mail.postfix import Postfix, running_postfix
from tests.mail.spool_world import SpoolWorld, running_spool

from kamome.mail import dsn
from kamome.mail.certificate import self_signed
from kamome.mail.dkim_signing import ED25519_SHA256, key_record, new_ed25519_key, sign
from kamome.mail.outgoing import OutgoingMail
from kamome.mail.smtp_client import Timeouts
from kamome.mail.transports.relay import Relay
from kamome.mail.transports.settings import RelaySettings

pytestmark = pytest.mark.skipif(
    bool(postfix.reason()), reason=postfix.reason() or "postfix is here"
)

CONTENT = (
    b"From: Shop <shop@example.net>\r\nTo: user@example.com\r\nSubject: =?utf-8?q?Gr=C3=BC?=\r\n"
    b"Message-ID: <1@example.net>\r\nDate: Sun, 22 Nov 2026 09:00:00 +0000\r\n\r\n"
    b".leading dot\r\n..two dots\r\n\r\ntext  with  blanks \r\nlast line\r\n"
)


@pytest.fixture
async def peer(world: World) -> AsyncIterator[Postfix]:
    """Postfix that hands everything on to the listener of `world`."""
    async with running_postfix(
        next_port=world.port,
        access="{ nobody@example.com = REJECT no such user }",
        pem=self_signed("localhost", 1_760_000_000_000),
    ) as peer:
        yield peer


@pytest.fixture
async def out(peer: Postfix, tmp_path: Path) -> AsyncIterator[SpoolWorld]:
    """A spool that relays by postfix."""
    relay = Relay(
        RelaySettings("localhost", peer.port, tls="opportunistic"),
        "mail.example.net",
        timeouts=Timeouts(connect_s=5, command_s=20, data_s=20),
    )
    async with running_spool(tmp_path, relay) as out:
        yield out


async def arrived(world: World, count: int = 1) -> list[bytes]:
    """The contents of the mails that postfix has brought, once there are so many."""
    await world.until(lambda: len(world.taken) >= count)
    return [await world.content(mail) for mail in world.taken]


async def test_mail_comes_back_by_way_of_postfix(world: World, out: SpoolWorld) -> None:
    mail_id = out.send("user@example.com", content=CONTENT)

    await out.settle()

    assert out.states(mail_id) == ["delivered"]
    assert out.outcomes[0].text.startswith("Ok: queued as")
    content = (await arrived(world))[0]
    assert content.endswith(CONTENT)
    assert b"with ESMTPS" in content[: -len(CONTENT)]  # postfix saw TLS
    assert world.taken[0].envelope.reverse_path == "sender@example.com"
    assert world.taken[0].envelope.recipients == ("user@example.com",)


async def test_signature_survives_the_way(world: World, out: SpoolWorld) -> None:
    private, public = new_ed25519_key()
    signature = sign(
        CONTENT,
        domain="example.net",
        selector="s",
        private_key_pem=private,
        algorithm=ED25519_SHA256,
    )
    out.send("user@example.com", content=signature + CONTENT)

    await out.settle()

    record = key_record(public, ED25519_SHA256).encode()
    assert dkim.verify((await arrived(world))[0], dnsfunc=lambda _name, **_more: record)


async def test_refusal_of_postfix_is_a_bounce_in_its_words(out: SpoolWorld) -> None:
    mail_id = out.send("user@example.com", "nobody@example.com", content=CONTENT)

    await out.settle()

    assert out.states(mail_id) == ["delivered", "bounced"]
    outcome = out.outcomes[1]
    assert (outcome.code, outcome.enhanced) == (554, "5.7.1")
    assert "no such user" in outcome.text


async def test_postfix_that_stops_puts_the_mail_off_and_a_new_one_takes_it(
    world: World, tmp_path: Path
) -> None:
    async with running_postfix(next_port=world.port) as peer:
        relay = Relay(RelaySettings("localhost", peer.port, tls="off"), "mail.example.net")
        port = peer.port
    async with running_spool(tmp_path, relay) as out:
        mail_id = out.send("user@example.com", content=CONTENT)
        await out.settle()
        assert out.states(mail_id) == ["waiting"]

        async with running_postfix(next_port=world.port) as peer:
            relay._settings = RelaySettings("localhost", peer.port, tls="off")
            assert peer.port != port
            await out.clock.advance(5 * 60_000)

            assert out.states(mail_id) == ["delivered"]
            assert (await arrived(world))[0].endswith(CONTENT)


async def test_report_of_postfix_about_a_mail_that_bounced_behind_it_is_read(
    world: World, peer: Postfix, tmp_path: Path
) -> None:
    """Our listener refuses the recipient; postfix has taken the mail, and tells the sender."""
    relay = Relay(RelaySettings("localhost", peer.port, tls="off"), "mail.example.net")
    async with running_spool(tmp_path / "out", relay) as out:
        mail = OutgoingMail("m", "o", "bounces@example.com", ("unknown@other.example",), 0)
        out.spool.put(mail, CONTENT)
        await out.settle()
        assert out.kinds() == ["delivered"]

        report = dsn.parse((await arrived(world))[0])

    assert report is not None
    recipient = report.recipients[0]
    assert recipient.final_recipient == "unknown@other.example"
    assert (recipient.action, recipient.status) == ("failed", "5.7.1")
    assert "Relaying denied" in recipient.diagnostic
    assert report.original_message_id == "1@example.net"
    assert world.taken[0].envelope.reverse_path == ""


async def test_our_own_reports_are_taken_by_postfix(world: World, out: SpoolWorld) -> None:
    recipient = dsn.DsnRecipient("gone@example.org", dsn.FAILED, "5.1.1", "550 5.1.1 gone")
    report = dsn.build(
        dsn.DsnReport(
            sender="MAILER-DAEMON@mail.example.net",
            to="user@example.com",
            subject="Delivery Status Notification (Failure)",
            explanation="Grüße: gone@example.org is gone",
            reporting_mta="mail.example.net",
            recipients=(recipient,),
            original=CONTENT,
            made_at_ms=1_760_000_000_000,
            message_id="d1@mail.example.net",
            boundary="b",
        )
    )
    out.send("user@example.com", content=report)

    await out.settle()

    read = dsn.parse((await arrived(world))[0])
    assert read is not None
    assert read.recipients == (recipient,)


@pytest.mark.skipif(not Path("/usr/sbin/smtp-source").exists(), reason="smtp-source is missing")
async def test_load_of_postfix_is_taken_whole(world: World) -> None:
    load = await asyncio.create_subprocess_exec(
        "/usr/sbin/smtp-source",
        *("-s", "5", "-m", "100", "-l", "5000"),
        *("-f", "sender@example.net", "-t", "user@example.com", f"127.0.0.1:{world.port}"),
    )

    assert await asyncio.wait_for(load.wait(), 60) == 0
    assert world.mail_count() == 100
