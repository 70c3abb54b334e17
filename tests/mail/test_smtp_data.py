"""DATA: the stored mail is the mail as received, byte for byte, or the mail is refused."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from tests.file_events import until_files

if TYPE_CHECKING:
    from tests.mail.conftest import Client, World

from kamome.errors import ServiceUnavailable
from kamome.mail.envelope import Mail, MailTooLarge
from kamome.mail.limits import SessionLimits


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (b".\r\n", b""),
        (b"\r\n.\r\n", b"\r\n"),
        (b"a\r\n.\r\n", b"a\r\n"),
        (b"..\r\n.\r\n", b".\r\n"),
        (b"...a\r\nb.\r\n.c\r\n.\r\n", b"..a\r\nb.\r\nc\r\n"),
        (b"\r\n..\r\n..x\r\n\r\n.\r\n", b"\r\n.\r\n.x\r\n\r\n"),
        (b"\xe3\x81\x82 bare 8-bit \x83\x65\x00\x1b$B\r\n.\r\n", None),
        (b"Subject: no body\r\n.\r\n", b"Subject: no body\r\n"),
        (b"x" * 998 + b"\r\n.\r\n", b"x" * 998 + b"\r\n"),
        (b"." + b"." + b"x" * 997 + b"\r\n.\r\n", b"." + b"x" * 997 + b"\r\n"),
    ],
)
async def test_mail_is_kept_byte_for_byte(
    world: World, client: Client, sent: bytes, kept: bytes | None
) -> None:
    reply = await client.deliver(sent)

    assert reply == f"250 2.0.0 OK {world.taken[0].mail_id}"
    assert await world.content(world.taken[0]) == (sent[:-3] if kept is None else kept)
    assert world.taken[0].raw_bytes == len(await world.content(world.taken[0]))


async def test_mail_cut_at_every_byte_is_the_same_mail(world: World, client: Client) -> None:
    await client.begin()
    for byte in b"a\r\n..\r\n.b\r\n\r\n.\r\nNOOP\r\n":
        await client.send(bytes((byte,)))
        await asyncio.sleep(0)

    assert (await client.reply()).startswith("250 2.0.0")
    assert (await client.reply()).startswith("250 2.0.0")
    assert await world.content(world.taken[0]) == b"a\r\n.\r\nb\r\n\r\n"


@pytest.mark.parametrize(
    "smuggling",
    [
        b"\n.\n",
        b"\n.\r\n",
        b"\r\n.\n",
        b"\r.\r",
        b"\r.\r\n",
        b"\r\n.\r",
        b"\r\n\x00.\r\n\n",
        b"\r\r\n.\r\n\r\n",
        b"\n.\r\n\r",
    ],
)
async def test_smuggled_mail_is_refused_with_its_carrier_and_the_session_closed(
    world: World, client: Client, smuggling: bytes
) -> None:
    await client.begin()
    await client.send(
        b"Subject: carrier\r\n\r\nbody"
        + smuggling
        + b"MAIL FROM:<evil@example.net>\r\nRCPT TO:<user@example.com>\r\nDATA\r\n"
        + b"Subject: smuggled\r\n\r\nhello\r\n.\r\n"
    )

    reply = await client.reply()
    assert reply.startswith("554 5.6.0")
    assert await client.is_closed()
    assert world.mail_count() == 0


async def test_line_of_999_octets_is_refused(world: World, client: Client) -> None:
    reply = await client.deliver(b"x" * 999 + b"\r\n.\r\n")

    assert reply.startswith("554 5.6.0 Mail holds a line longer")
    assert world.mail_count() == 0


async def test_endless_line_is_refused_and_its_end_found(world: World, client: Client) -> None:
    reply = await client.deliver(b"x" * 500_000 + b"\r\n.x\r\n.\r\n")

    assert reply.startswith("554 5.6.0 Mail holds a line longer")
    assert (await client.say("NOOP")).startswith("250 2.0.0")


async def test_large_mail_goes_through_a_file(world: World, client: Client) -> None:
    mail = b"".join(b"%07d " % n + b"y" * 68 + b"\r\n" for n in range(30_000))

    assert (await client.deliver(mail + b".\r\n")).startswith("250 2.0.0")

    assert await world.content(world.taken[0]) == mail
    assert len(world.files()) == 1
    part = [piece async for piece in world.store.read(world.taken[0].mail_id, 78, 7)]
    assert b"".join(part) == b"0000001"


async def test_mail_without_an_end_leaves_nothing(world: World, client: Client) -> None:
    await client.begin()
    await client.send((b"z" * 76 + b"\r\n") * 5_000)
    await client.close()
    await world.until(lambda: world.listener.session_count == 0)
    await world.inbound.settle()

    assert world.mail_count() == 0
    assert world.files() == []


async def test_250_comes_only_when_the_mail_is_durable(world: World, client: Client) -> None:
    await client.begin()
    world.engine.release.clear()
    await client.send(b"x\r\n.\r\n")
    await world.until(lambda: bool(world.taken))

    assert await client.is_quiet()

    world.engine.release.set()
    assert (await client.reply()).startswith("250 2.0.0")


async def test_mail_is_kept_even_if_the_client_goes_before_250(
    world: World, client: Client
) -> None:
    await client.begin()
    world.engine.release.clear()
    await client.send(b"x\r\n.\r\n")
    await world.until(lambda: bool(world.taken))
    client.reset()
    await world.until(lambda: world.listener.session_count == 0)
    world.engine.release.set()
    await world.inbound.settle()

    assert world.mail_count() == 1


@pytest.mark.parametrize(
    ("error", "reply"),
    [
        (ServiceUnavailable("The store has no room to keep this."), "452 4.3.1"),
        (OSError(28, "No space left on device"), "452 4.3.1"),
        (MailTooLarge(), "552 5.3.4"),
        (RuntimeError("our mistake"), "451 4.3.0"),
    ],
)
async def test_mail_that_cannot_be_kept_leaves_nothing(
    world: World, client: Client, error: Exception, reply: str
) -> None:
    def refuse(_mail: Mail) -> None:
        raise error

    world.take = refuse

    assert (await client.deliver(b"z" * 70 + b"\r\n.\r\n")).startswith(reply)
    assert world.mail_count() == 0
    assert world.journeys.latest(10) == []

    world.take = None
    await client.say("RSET")
    assert (await client.deliver(b"again\r\n.\r\n")).startswith("250 2.0.0")


async def test_file_of_a_mail_that_is_refused_goes(world: World, client: Client) -> None:
    def refuse(_mail: Mail) -> None:
        raise MailTooLarge

    world.take = refuse

    assert (await client.deliver((b"z" * 76 + b"\r\n") * 3_000 + b".\r\n")).startswith("552")
    await world.inbound.settle()
    assert world.files() == []


HOP = b"Received: from a.example by b.example;\r\n Thu, 1 Jan 2026 00:00:00 +0000\r\n"


@pytest.mark.parametrize(
    ("head", "body", "reply"),
    [
        (HOP * 100, b"x\r\n", "250 2.0.0"),
        (HOP * 101, b"x\r\n", "554 5.4.6"),
        (b"Subject: x\r\n" + HOP.upper() * 101, b"x\r\n", "554 5.4.6"),
        (HOP * 101, b"x" * 76 + b"\r\n" * 200_000, "554 5.4.6"),
        (HOP * 100, HOP * 100, "250 2.0.0"),
    ],
    ids=["hundred", "more", "further down", "large mail", "in the body"],
)
async def test_mail_that_goes_in_circles_is_refused(
    world: World, client: Client, head: bytes, body: bytes, reply: str
) -> None:
    answer = await client.deliver(head + b"\r\n" + body + b".\r\n")

    assert answer.startswith(reply)
    await world.inbound.settle()
    assert world.mail_count() == (reply[0] == "2")
    assert world.files() == []


async def test_journey_begins_with_the_mail(world: World, client: Client) -> None:
    await client.deliver(b"From: a@example.net\r\nSubject: =?utf-8?B?5rOo5paH?=\r\n\r\nx\r\n.\r\n")

    (journey,) = world.journeys.latest(10)
    assert journey.subject == "注文"
    assert journey.trace == world.taken[0].trace
    assert [(step.service, step.action, step.result) for step in journey.steps] == [
        ("smtp", "accept", "250")
    ]


async def test_mails_past_their_retention_go(world: World, client: Client) -> None:
    await client.deliver(b"small\r\n.\r\n")
    await client.say("RSET")
    await client.deliver((b"z" * 76 + b"\r\n") * 3_000 + b".\r\n")
    world.inbound.start_retention()

    await world.clock.advance(6 * 86_400_000)
    assert world.mail_count() == 2
    [file] = world.files()

    await world.clock.advance(2 * 86_400_000)
    await world.engine.durable()
    await until_files(file.parent, lambda: world.files() == [])
    assert world.mail_count() == 0


class TestSmallServer:
    @pytest.fixture
    def limits(self) -> SessionLimits:
        return SessionLimits(mail_bytes=1_000)

    async def test_mail_at_the_limit_is_taken(self, world: World) -> None:
        client = await world.connect()
        assert (await client.deliver(b"x" * 498 + b"\r\n" + b"y" * 498 + b"\r\n.\r\n"))[:3] == "250"

    async def test_mail_beyond_the_limit_is_refused(self, world: World) -> None:
        client = await world.connect()
        data = b"x" * 498 + b"\r\n" + b"y" * 499 + b"\r\n.\r\n"

        assert (await client.deliver(data)).startswith("552 5.3.4")
        assert (await client.say("NOOP"))[:3] == "250"
        assert world.mail_count() == 0

    async def test_client_that_never_stops_is_cut_off(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("kamome.mail.session.OVERRUN_BYTES_MAX", 100_000)
        client = await world.connect()
        await client.begin()
        await client.send((b"x" * 76 + b"\r\n") * 2_000)

        assert (await client.reply()).startswith("552 5.3.4")
        assert await client.is_closed()
