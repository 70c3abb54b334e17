"""What is done to every mail server on the Internet, by bytes on the wire.

Goal: nothing is relayed, nobody holds more memory than one session may, and nothing of what peers
say reaches the log as more than one line of plain text.
"""

from __future__ import annotations

import asyncio
import logging
import socket

import pytest
from tests.mail.conftest import Client, World
from tests.watched_loop import idle

from kamome.mail.limits import SessionLimits
from kamome.mail.session import SmtpSession

# What open-relay testers try, where example.com is ours and victim.example is not.
_RELAYS = [
    "<user@victim.example>",
    "<user@[192.0.2.1]>",
    "<user@[127.0.0.1]>",
    "<user@[IPv6:::1]>",
    "<user@127.0.0.1>",
    "<user@localhost>",
    "<user>",
    "<user%victim.example>",
    "<victim.example!user>",
    "<@example.com:user@victim.example>",
    "<@example.com,@other.example:user@victim.example>",
    "<user@victim.example@example.com@victim.example>",
    "<user@example.com@victim.example>",
    "<user@victim.example@example.com>",
    "<user@example.com.victim.example>",
    "<user@victim.example,user@example.com>",
    "<user@victim.example><user@example.com>",
    "<user@victim.example> <user@example.com>",
    "<user@example.com >",
    "<user@example.com\x00.victim.example>",
    "<user@example.com.>",
    "<user@.example.com>",
    "user@victim.example",
    "<user@victim.example",
    "<>",
]
# Those whose domain is ours: taken as they stand, for a local part is its owner's business.
_OURS = [
    "<user%victim.example@example.com>",
    "<victim.example!user@example.com>",
    '<"user@victim.example"@example.com>',
    '<"user%victim.example"@example.com>',
    "<@victim.example:user@example.com>",
    "<user+victim=victim.example@example.com>",
]


@pytest.mark.parametrize("path", _RELAYS)
@pytest.mark.parametrize("sender", ["<a@example.net>", "<user@example.com>", "<>"])
async def test_nothing_is_relayed(client: Client, path: str, sender: str) -> None:
    await client.say("EHLO client.example.com")
    await client.say(f"MAIL FROM:{sender}")

    reply = await client.say(f"RCPT TO:{path}")

    assert reply[:2] in ("50", "55"), reply
    assert (await client.say("DATA")).startswith("503 5.5.1")


@pytest.mark.parametrize("path", _OURS)
async def test_what_stands_before_our_domain_is_no_route(
    world: World, client: Client, path: str
) -> None:
    await client.say("EHLO client.example.com")
    await client.say("MAIL FROM:<a@example.net>")

    assert (await client.say(f"RCPT TO:{path}")).startswith("250 2.1.5")
    assert (await client.say("DATA")).startswith("354")
    assert (await client.say("Subject: x\r\n\r\nx\r\n.")).startswith("250 2.0.0")

    [mail] = world.taken
    assert [recipient.rpartition("@")[2] for recipient in mail.envelope.recipients] == [
        "example.com"
    ]


@pytest.mark.parametrize(
    "verb", ["VRFY user", "VRFY root", "EXPN staff", "TURN", "ETRN example.com"]
)
async def test_nobody_learns_who_is_there(client: Client, verb: str) -> None:
    await client.say("EHLO client.example.com")

    reply = await client.say(verb)

    assert reply[:3] in ("252", "500", "502")
    assert "@" not in reply


# C1's CSI and NEL, separators, overrides, a byte order mark.
_UNSEEN = ["\x9b31m", "\x85", "\u2028", "\u2029", "\u202e", "\u2066", "\ufeff"]


@pytest.mark.parametrize("unseen", _UNSEEN, ids=ascii)
async def test_nothing_unseen_stands_in_names_and_addresses(client: Client, unseen: str) -> None:
    assert (await client.say(f"EHLO a{unseen}b")).startswith("501 5.5.4")
    await client.say("EHLO クライアント.jp")

    for sender in (f"a{unseen}@example.net", f"a@ex{unseen}ample.net", f'"{unseen}"@example.net'):
        assert (await client.say(f"MAIL FROM:<{sender}> SMTPUTF8")).startswith("553 5.1.7")
    assert (await client.say("MAIL FROM:<ユーザー@例え.jp> SMTPUTF8")).startswith("250")
    assert (await client.say(f"RCPT TO:<a{unseen}@example.com>")).startswith("553 5.1.3")


# ---------------------------------------------------------------------- floods


async def test_a_client_that_hears_nothing_is_not_answered_without_end(world: World) -> None:
    loop = asyncio.get_running_loop()
    # Small buffers in the kernel, which would take all of it otherwise.
    for listening in world.listener._servers[0].sockets:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    deaf.setblocking(False)
    await loop.sock_connect(deaf, ("127.0.0.1", world.port))
    commands = b"EHLO client.example.com\r\n" * 20_000

    sending = asyncio.ensure_future(loop.sock_sendall(deaf, commands))
    await world.until(lambda: any(_unsent(session) for session in _sessions(world)))
    await idle()

    # Replies wait in the kernel's buffers and up to 64 KB of ours; the session reads no further.
    [session] = _sessions(world)
    assert 0 < _unsent(session) < 200_000
    assert len(session._pending) < 200_000
    world.timers.go_off(300)  # the wait for the next command
    sending.cancel()
    deaf.close()
    await world.until(lambda: world.listener.session_count == 0)


def _sessions(world: World) -> list[SmtpSession]:
    return list(world.listener._sessions)


def _unsent(session: SmtpSession) -> int:
    transport = session.transport
    assert isinstance(transport, asyncio.WriteTransport)
    return transport.get_write_buffer_size()


async def test_a_session_of_too_many_commands_is_closed(
    world: World, limits: SessionLimits
) -> None:
    client = await world.connect()

    await client.send(b"NOOP\r\n" * (limits.commands + 10))
    replies = (await client.reader.read(-1)).split(b"\r\n")

    assert replies.count(b"250 2.0.0 OK") >= limits.commands - 1
    assert replies[-2].startswith(b"421")
    assert len(replies) <= limits.commands + 3


async def test_recipients_that_are_guessed_end_the_session(world: World, client: Client) -> None:
    await client.say("EHLO client.example.com")
    await client.say("MAIL FROM:<a@example.net>")

    await client.send(b"".join(b"RCPT TO:<u%d@victim.example>\r\n" % n for n in range(1_000)))
    heard = await client.reader.read(-1)

    assert heard.count(b"550 5.7.1") == 51
    assert b"421" in heard
    assert world.mail_count() == 0


async def test_sessions_of_one_address_are_bounded(world: World, limits: SessionLimits) -> None:
    clients = [await world.connect() for _ in range(limits.sessions_per_address)]

    one_more = await world.connect(greeted=False)

    assert (await one_more.reply()).startswith("421")
    assert await one_more.is_closed()
    assert (await clients[0].say("NOOP")).startswith("250")


async def test_a_command_that_trickles_holds_little_and_is_cut_off(
    world: World, client: Client
) -> None:
    await client.say("EHLO client.example.com")
    for octet in b"MAIL FROM:<" + b"a" * 300:
        await client.send(bytes([octet]))
    [session] = _sessions(world)
    await world.until(lambda: len(session._pending) == 311)

    world.timers.go_off(300)

    assert (await client.reply()).startswith("421")
    assert await client.is_closed()


async def test_mail_that_trickles_is_cut_off_by_the_whole_sessions_time(
    world: World, client: Client
) -> None:
    await client.begin()
    for _ in range(20):
        await client.send(b"x\r\n")
        await world.timers.until_set(180)

    world.timers.go_off(3_600)

    assert (await client.reply()).startswith("421")
    assert world.mail_count() == 0


class TestOversize:
    """A small limit, so that the mails may be small."""

    @pytest.fixture
    def limits(self) -> SessionLimits:
        return SessionLimits(mail_bytes=100_000)

    async def test_a_mail_announced_too_large_is_refused_at_once(self, client: Client) -> None:
        await client.say("EHLO client.example.com")

        assert (await client.say("MAIL FROM:<a@example.net> SIZE=100001")).startswith("552 5.3.4")
        assert (await client.say("MAIL FROM:<a@example.net> SIZE=100000")).startswith("250")

    async def test_a_mail_that_lied_about_its_size_leaves_nothing(
        self, world: World, client: Client
    ) -> None:
        await client.begin()

        await client.send(b"x" * 900 + b"\r\n")
        await client.send((b"y" * 900 + b"\r\n") * 200 + b".\r\n")

        assert (await client.reply()).startswith("552 5.3.4")
        assert (await client.say("NOOP")).startswith("250")
        assert world.mail_count() == 0
        assert world.files() == []


# ---------------------------------------------------------------------- the log


async def test_what_peers_say_is_one_plain_line_of_the_log(
    world: World, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said = b"\x1b[2J\x1b]0;owned\x07\xc2\x9b31m\xe2\x80\xae\x08\x7f\x0b\x0c"
    for command in (
        b"EHLO " + said,
        b"HELO a" + said,
        b"EHLO client.example.com",
        b"MAIL FROM:<" + said + b"@example.net>",
        b"MAIL FROM:<a@example.net> " + said,
        said,
        b"MAIL FROM:<broken@example.com>",
        b'RCPT TO:<"broken' + said + b'"@example.com>',
        b"RCPT TO:<broken@example.com>",
    ):
        await client.say(command)
    client.reset()
    await world.until(lambda: world.listener.session_count == 0)

    assert caplog.records
    for record in caplog.records:
        told = record.getMessage()
        assert told.isprintable(), repr(told)


async def test_what_peers_say_comes_back_to_them_as_plain_lines(client: Client) -> None:
    await client.say(b"EHLO client.example.com")

    for command in (b"\x1b[2J\x07", b"RCPT TO:<\x1b[2J@x>", b"MAIL FROM:<a@\r\x1b>"):
        assert (await client.say(command)).replace("\n", "").isprintable()
