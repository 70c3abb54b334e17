"""A session's commands: order, syntax, limits, pipelining."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.mail.conftest import Client, World

from kamome.mail.limits import SessionLimits


async def test_ehlo_announces_what_is_served(client: Client) -> None:
    reply = await client.say("EHLO client.example.com")

    assert reply.splitlines() == [
        "250-mail.test",
        "250-STARTTLS",
        "250-SIZE 41943040",
        "250-8BITMIME",
        "250-SMTPUTF8",
        "250-PIPELINING",
        "250-CHUNKING",
        "250-ENHANCEDSTATUSCODES",
        "250 HELP",
    ]


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        ("MAIL FROM:<a@example.net>", "503 5.5.1"),
        ("RCPT TO:<user@example.com>", "503 5.5.1"),
        ("DATA", "503 5.5.1"),
        ("EHLO", "501 5.5.4"),
        ("EHLO two words", "501 5.5.4"),
        (b"EHLO \xff", "501 5.5.4"),
        ("NONSENSE", "500 5.5.1"),
        ("", "500 5.5.1"),
        ("AUTH PLAIN AAAA", "502 5.5.1"),
        ("EXPN list", "502 5.5.1"),
        ("VRFY user", "252 2.5.0"),
        ("HELP", "214 2.0.0"),
        ("NOOP whatever", "250 2.0.0"),
        ("rset", "250 2.0.0"),
        ("QUIT now", "501 5.5.4"),
    ],
)
async def test_command_before_ehlo_is_answered(
    client: Client, command: str | bytes, reply: str
) -> None:
    assert (await client.say(command)).startswith(reply)


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        ("MAIL FROM:<>", "250 2.1.0"),
        ("MAIL FROM: <a@example.net>", "250 2.1.0"),
        ("mail from:<a@example.net> size=1000 body=8bitmime", "250 2.1.0"),
        ("MAIL FROM:<@relay.example,@b.example:a@example.net>", "250 2.1.0"),
        ('MAIL FROM:<"a b>c"@example.net>', "250 2.1.0"),
        ("MAIL FROM:<abc..def.@mobile.example>", "250 2.1.0"),
        ("MAIL FROM:<a@[192.0.2.1]>", "250 2.1.0"),
        ("MAIL FROM:<ユーザー@例え.jp> SMTPUTF8", "250 2.1.0"),
        ("MAIL FROM:<ユーザー@例え.jp>", "553 5.6.7"),
        (b"MAIL FROM:<\xff@example.net> SMTPUTF8", "553 5.6.7"),
        ("MAIL FROM:a@example.net", "501 5.5.4"),
        ("MAIL FROM:<a@example.net", "501 5.5.4"),
        ("MAIL FROM:<a@example.net>SIZE=1", "501 5.5.4"),
        ("MAIL TO:<a@example.net>", "501 5.5.4"),
        ("MAIL FROM:<a b@example.net>", "553 5.1.7"),
        ("MAIL FROM:<nobody>", "553 5.1.7"),
        ("MAIL FROM:<a@example..net>", "553 5.1.7"),
        (f"MAIL FROM:<{'a' * 600}@example.net>", "553 5.1.7"),
        ("MAIL FROM:<a@example.net> SIZE=41943041", "552 5.3.4"),
        ("MAIL FROM:<a@example.net> SIZE=many", "501 5.5.4"),
        ("MAIL FROM:<a@example.net> SIZE=1 SIZE=2", "501 5.5.4"),
        ("MAIL FROM:<a@example.net> BODY=BINARYMIME", "501 5.5.4"),
        ("MAIL FROM:<a@example.net> SMTPUTF8=yes", "501 5.5.4"),
        ("MAIL FROM:<a@example.net> RET=FULL", "555 5.5.4"),
        ("MAIL FROM:<a@example.net> AUTH=<>", "555 5.5.4"),
    ],
)
async def test_mail_command_is_judged(client: Client, command: str | bytes, reply: str) -> None:
    await client.say("EHLO client.example.com")

    assert (await client.say(command)).startswith(reply)


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        ("RCPT TO:<user@example.com>", "250 2.1.5"),
        ("RCPT TO:<user@EXAMPLE.COM>", "250 2.1.5"),
        ("RCPT TO:<nobody@example.com>", "550 5.1.1"),
        ("RCPT TO:<user@elsewhere.example>", "550 5.7.1 Relaying denied"),
        ("RCPT TO:<user%elsewhere.example@example.net>", "550 5.7.1"),
        ("RCPT TO:<@example.com:user@elsewhere.example>", "550 5.7.1"),
        ("RCPT TO:<postmaster>", "550 5.7.1"),
        ("RCPT TO:<secret@example.com>", "530 5.7.0 Must issue a STARTTLS command first"),
        ("RCPT TO:<broken@example.com>", "451 4.3.0"),
        ("RCPT TO:<用户@例え.jp>", "553 5.6.7"),
        ("RCPT TO:<user@example.com> NOTIFY=NEVER", "555 5.5.4"),
        ("RCPT TO:<>", "553 5.1.3"),
    ],
)
async def test_recipient_is_judged(client: Client, command: str, reply: str) -> None:
    await client.say("EHLO client.example.com")
    await client.say("MAIL FROM:<a@example.net>")

    assert (await client.say(command)).startswith(reply)


async def test_postmaster_without_a_domain_is_that_of_the_server(world: World) -> None:
    world.listener._hostname = "example.com"
    client = await world.connect(greeted=False)
    await client.reply()
    await client.say("EHLO client.example.com")
    await client.say("MAIL FROM:<>")

    assert (await client.say("RCPT TO:<PostMaster>")).startswith("250 2.1.5")
    assert (await client.say("DATA")).startswith("354")
    await client.send(b"Subject: x\r\n\r\nx\r\n.\r\n")
    assert (await client.reply()).startswith("250 2.0.0")
    assert world.taken[0].envelope.recipients == ("PostMaster@example.com",)


async def test_second_mail_command_is_refused_until_rset(client: Client) -> None:
    await client.say("EHLO client.example.com")
    await client.say("MAIL FROM:<a@example.net>")

    assert (await client.say("MAIL FROM:<b@example.net>")).startswith("503 5.5.1")
    assert (await client.say("RSET")).startswith("250 2.0.0")
    assert (await client.say("MAIL FROM:<b@example.net>")).startswith("250 2.1.0")


async def test_five_hundred_recipients_are_taken_and_the_next_is_put_off(client: Client) -> None:
    await client.say("EHLO client.example.com")
    await client.say("MAIL FROM:<a@example.net>")

    await client.send(b"".join(b"RCPT TO:<u%d@example.com>\r\n" % n for n in range(501)))
    replies = [await client.reply() for _ in range(501)]

    assert all(reply.startswith("250 2.1.5") for reply in replies[:500])
    assert replies[500].startswith("452 4.5.3")


async def test_recipient_given_twice_counts_once(world: World, client: Client) -> None:
    await client.begin("user@example.com", "other@example.com", "user@example.com")
    await client.send(b"x\r\n.\r\n")
    await client.reply()

    assert world.taken[0].envelope.recipients == ("user@example.com", "other@example.com")


async def test_pipelined_session_is_worked_in_order(world: World, client: Client) -> None:
    await client.send(
        b"EHLO c.example.com\r\nMAIL FROM:<a@example.net>\r\nRCPT TO:<user@example.com>\r\n"
        b"RCPT TO:<nobody@example.com>\r\nDATA\r\nfirst\r\n.\r\n"
        b"MAIL FROM:<b@example.net>\r\nRCPT TO:<user@example.com>\r\nDATA\r\n.\r\nQUIT\r\n"
    )

    codes = [(await client.reply())[:3] for _ in range(10)]
    assert codes == ["250", "250", "250", "550", "354", "250", "250", "250", "354", "250"]
    assert (await client.reply()).startswith("221 2.0.0")
    assert await client.is_closed()
    assert [await world.content(mail) for mail in world.taken] == [b"first\r\n", b""]


async def test_client_that_closes_his_half_early_is_answered(world: World, client: Client) -> None:
    await client.send(
        b"HELO c.example.com\r\nMAIL FROM:<a@example.net>\r\nRCPT TO:<user@example.com>\r\n"
        b"DATA\r\nSubject: x\r\n\r\nbody\r\n.\r\n"
    )
    client.writer.write_eof()

    replies = [await client.reply() for _ in range(5)]
    assert replies[-1].startswith("250 2.0.0 OK ")
    assert await client.is_closed()
    assert len(world.taken) == 1


@pytest.mark.parametrize("command", [b"NOOP\n", b"NOOP a\nNOOP b\r\n", b"NO\rOP\r\n", b"\n"])
async def test_command_with_a_bare_line_end_is_refused(client: Client, command: bytes) -> None:
    await client.send(command)

    assert (await client.reply()).startswith("500 5.5.2")


async def test_overlong_command_is_refused_and_the_next_is_worked(client: Client) -> None:
    await client.send(b"NOOP " + b"x" * 300_000 + b"\r\nNOOP\r\n")

    assert (await client.reply()).startswith("500 5.5.2 Command line too long")
    assert (await client.reply()).startswith("250 2.0.0")


async def test_session_with_too_many_errors_is_closed(client: Client) -> None:
    await client.send(b"NONSENSE\r\n" * 51)

    assert [(await client.reply())[:3] for _ in range(52)] == ["500"] * 51 + ["421"]
    assert await client.is_closed()


async def test_browser_is_sent_away_at_its_first_word(client: Client) -> None:
    await client.send(b"POST / HTTP/1.1\r\nHost: x\r\n\r\nMAIL FROM:<a@example.net>\r\n")

    assert (await client.reply()).startswith("421 4.7.0")
    assert await client.is_closed()


async def test_idle_session_is_closed(world: World, client: Client) -> None:
    await client.say("NOOP")

    world.timers.go_off(300)

    assert (await client.reply()).startswith("421 4.4.2")
    assert await client.is_closed()


async def test_client_that_stops_within_data_is_cut_off(world: World, client: Client) -> None:
    await client.begin()
    await client.send(b"half a mail\r\n")
    await world.timers.until_set(180)

    world.timers.go_off(180)

    assert (await client.reply()).startswith("421 4.4.2")
    assert world.mail_count() == 0


async def test_session_as_a_whole_is_bounded(world: World, client: Client) -> None:
    world.timers.go_off(3600)

    assert (await client.reply()).startswith("421 4.4.2")
    assert await client.is_closed()


async def test_stopping_ends_idle_sessions_with_421(world: World, client: Client) -> None:
    await client.say("NOOP")

    await world.listener.stop()

    assert (await client.reply()).startswith("421 4.3.2")
    assert world.listener.session_count == 0


class TestFewSessions:
    @pytest.fixture
    def limits(self) -> SessionLimits:
        return SessionLimits(sessions_per_address=2, commands=3)

    async def test_one_address_has_only_so_many_sessions(self, world: World) -> None:
        first = await world.connect()
        await world.connect()
        third = await world.connect(greeted=False)

        assert (await third.reply()).startswith("421 4.7.0")
        assert await third.is_closed()

        await first.say("QUIT")
        assert await first.is_closed()
        await world.connect()

    async def test_session_has_only_so_many_commands(self, world: World) -> None:
        client = await world.connect()
        await client.send(b"NOOP\r\n" * 4)

        assert [(await client.reply())[:3] for _ in range(5)] == ["250"] * 4 + ["421"]
