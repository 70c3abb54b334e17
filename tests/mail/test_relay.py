"""The relay transport: what the smart host is told, and what its replies mean."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path

import pytest
import uvloop
from tests.mail.smtp_peer import CLOSE, RESET_AFTER, SmtpPeer, certificate, running_peer

from kamome.mail.outgoing import OutgoingMail
from kamome.mail.smtp_client import Timeouts
from kamome.mail.transports import Answer, Delivery
from kamome.mail.transports.relay import SESSIONS_MAX, Relay
from kamome.mail.transports.settings import RelaySettings

MAIL = b"From: a@example.com\r\nSubject: x\r\n\r\n.dot\r\nhi\r\n"


def delivery(*recipients: str, **more: object) -> Delivery:
    recipients = recipients or ("to@example.net",)
    values: dict[str, object] = {"reverse_path": "from@example.com"} | more
    mail = OutgoingMail("m1", "o", recipients=recipients, queued_at_ms=0, **values)  # type: ignore[arg-type] # the fields, by name
    return Delivery(mail, "example.net", recipients)


def relay(peer: SmtpPeer, **settings: object) -> Relay:
    values: dict[str, object] = {"host": "localhost", "port": peer.port, "tls": "off"} | settings
    return Relay(
        RelaySettings(**values),  # type: ignore[arg-type] # the fields, by name
        "mail.example.com",
        timeouts=Timeouts(connect_s=5, command_s=5, data_s=5),
    )


async def send(peer: SmtpPeer, what: Delivery | None = None, content: bytes = MAIL) -> list[Answer]:
    transport = relay(peer)
    try:
        return await transport.deliver(what or delivery(), content)
    finally:
        await transport.close()


def words(answers: list[Answer]) -> list[tuple[int, str, str]]:
    return [(each.code, each.enhanced, each.text) for each in answers]


async def test_mail_arrives_octet_for_octet() -> None:
    async with running_peer() as peer:
        answers = await send(peer, delivery("a@example.net", "b@example.net"))

    assert peer.mails == [MAIL]
    assert words(answers) == [(250, "2.0.0", "queued as 4711")] * 2
    assert (answers[0].remote_host, answers[0].remote_ip) == ("localhost", "127.0.0.1")
    assert peer.commands == [
        "EHLO mail.example.com",
        f"MAIL FROM:<from@example.com> SIZE={len(MAIL)}",
        "RCPT TO:<a@example.net>",
        "RCPT TO:<b@example.net>",
        "DATA",
        "QUIT",
    ]


async def test_bounce_has_an_empty_reverse_path() -> None:
    async with running_peer(extensions=[]) as peer:
        await send(peer, delivery(reverse_path=""))

    assert "MAIL FROM:<>" in peer.commands


async def test_eight_bit_content_is_announced() -> None:
    async with running_peer() as peer:
        await send(peer, content="Subject: ü\r\n\r\n".encode())

    assert "BODY=8BITMIME" in peer.commands[1]


async def test_each_recipient_has_the_reply_that_was_his() -> None:
    replies = {
        "RCPT TO:<no@example.net>": b"550-5.1.1 no such user\r\n550 5.1.1 go away\r\n",
        "RCPT TO:<late@example.net>": b"451 4.7.1 greylisted\r\n",
    }
    async with running_peer(say=lambda _verb, line: replies.get(line)) as peer:
        answers = await send(
            peer, delivery("no@example.net", "late@example.net", "yes@example.net")
        )

    assert words(answers) == [
        (550, "5.1.1", "no such user go away"),
        (451, "4.7.1", "greylisted"),
        (250, "2.0.0", "queued as 4711"),
    ]


async def test_nothing_is_sent_where_nobody_is_taken() -> None:
    say = lambda verb, _line: b"550 no\r\n" if verb == "RCPT" else None  # noqa: E731 - one line
    async with running_peer(say=say) as peer:
        answers = await send(peer)

    assert words(answers) == [(550, "", "no")]
    assert "DATA" not in peer.commands
    assert "RSET" in peer.commands


@pytest.mark.parametrize(
    ("verb", "reply", "expected"),
    [
        ("MAIL", b"553 5.1.7 bad sender\r\n", (553, "5.1.7", "bad sender")),
        ("DATA", b"554 5.7.1 spam\r\n", (554, "5.7.1", "spam")),
        (".", b"552 5.2.2 over quota\r\n", (552, "5.2.2", "over quota")),
        (".", b"421 4.3.2 shutting down\r\n", (421, "4.3.2", "shutting down")),
        (".", b"250 ok\r\n", (250, "", "ok")),
        (".", b"250 5.1.1 odd\r\n", (250, "", "5.1.1 odd")),
        ("RCPT", b"999 what\r\n", (451, "4.5.0", "unexpected reply 999: what")),
        ("RCPT", b"nonsense\r\n", (451, "4.5.0", "malformed reply in RCPT")),
        ("MAIL", CLOSE, (451, "4.4.2", "connection lost in MAIL")),
        ("RCPT", CLOSE, (451, "4.4.2", "connection lost in RCPT")),
        (".", RESET_AFTER, (451, "4.4.2", "connection lost at the end of DATA")),
    ],
)
async def test_reply_at_any_stage_is_told(
    verb: str, reply: bytes, expected: tuple[int, str, str]
) -> None:
    async with running_peer(say=lambda said, _line: reply if said == verb else None) as peer:
        answers = await send(peer)

    code, enhanced, text = words(answers)[0]
    assert (code, enhanced) == expected[:2]
    assert text.startswith(expected[2])


async def test_connection_that_ends_among_the_recipients_delivers_to_nobody() -> None:
    replies = {
        "RCPT TO:<no@example.net>": b"550 5.1.1 no\r\n",
        "RCPT TO:<b@example.net>": b"421 4.3.2 bye\r\n",
    }
    async with running_peer(say=lambda _verb, line: replies.get(line)) as peer:
        answers = await send(peer, delivery("a@example.net", "no@example.net", "b@example.net"))

    assert [each.code for each in answers] == [421, 550, 421]
    assert peer.mails == []


async def test_words_of_the_remote_bring_no_line_of_their_own() -> None:
    reply = b"550-5.1.1 a\x1b[31m\x00\r\n550 5.1.1 Bcc: eve@example.org\r\n"
    async with running_peer(say=lambda verb, _: reply if verb == "RCPT" else None) as peer:
        answers = await send(peer)

    assert answers[0].text == "a [31m Bcc: eve@example.org"


async def test_mail_larger_than_the_server_takes_is_not_sent() -> None:
    async with running_peer(extensions=["SIZE 20"]) as peer:
        answers = await send(peer)

    assert (answers[0].code, answers[0].enhanced) == (552, "5.3.4")
    assert not any(command.startswith("MAIL") for command in peer.commands)


class TestBadServers:
    """They are slow, silent or mad; the mail is put off, and the connection not used again."""

    @pytest.mark.parametrize("verb", ["EHLO", "MAIL", "RCPT", "DATA", "."])
    async def test_silence_at_any_stage_ends(self, verb: str) -> None:
        async with running_peer(say=lambda said, _: b"" if said == verb else None) as peer:
            transport = relay(peer)
            transport._timeouts = Timeouts(connect_s=1, command_s=0.2, data_s=0.2)
            answers = await transport.deliver(delivery(), MAIL)
            await transport.close()

        assert (answers[0].code, answers[0].enhanced) == (451, "4.4.2")
        assert "timed out" in answers[0].text

    async def test_silent_greeting_ends(self) -> None:
        async with running_peer(greeting=b"") as peer:
            transport = relay(peer)
            transport._timeouts = Timeouts(connect_s=1, command_s=0.2, data_s=0.2)
            answers = await transport.deliver(delivery(), MAIL)

        assert answers[0].code == 451
        assert "timed out" in answers[0].text

    @pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", ".", "RSET"])
    @pytest.mark.parametrize(
        "garbage",
        [b"\r\n", b"\xff\xfe\x00\r\n", b"250-\r\n" * 9_000, b"2" * 50_000 + b"\r\n", b"12 x\r\n"],
        ids=["empty", "binary", "endless lines", "endless line", "short"],
    )
    async def test_garbage_at_any_stage_puts_the_mail_off(self, verb: str, garbage: bytes) -> None:
        def say(said: str, _line: str) -> bytes | None:
            if said == verb:
                return garbage
            return (
                b"451 4.3.0 so that RSET follows\r\n" if said == "MAIL" and verb == "RSET" else None
            )

        async with running_peer(say=say) as peer:
            transport = relay(peer)
            transport._timeouts = Timeouts(connect_s=1, command_s=0.3, data_s=0.3)
            answers = await transport.deliver(delivery(), MAIL)
            again = transport._kept.take(transport._tls(delivery().mail))
            await transport.close()

        assert 400 <= answers[0].code < 500
        assert again is None
        assert peer.mails == [] or verb == "."

    @pytest.mark.parametrize("garbage", [b"\r\n", b"\xff\xfe\r\n", b"250-\r\n" * 9_000])
    async def test_garbage_for_ehlo_puts_the_mail_off(self, garbage: bytes) -> None:
        async with running_peer(say=lambda said, _: garbage if said == "EHLO" else None) as peer:
            answers = await send(peer)

        assert (answers[0].code, peer.mails) == (451, [])

    async def test_reply_that_comes_too_early_counts_for_nothing(self) -> None:
        early = b"250 2.1.0 ok\r\n250 2.1.5 and one more\r\n"
        replies = {"MAIL": early, "RCPT": b"550 5.1.1 no\r\n"}
        async with running_peer(say=lambda verb, _: replies.get(verb)) as peer:
            transport = relay(peer)
            transport._timeouts = Timeouts(connect_s=1, command_s=0.3, data_s=0.3)
            answers = await transport.deliver(delivery(), MAIL)
            await transport.close()

        assert answers[0].code >= 400
        assert peer.mails == []


class TestSmtpUtf8:
    async def test_addresses_are_sent_as_utf8(self) -> None:
        async with running_peer(extensions=["SMTPUTF8", "8BITMIME"]) as peer:
            answers = await send(peer, delivery("usér@example.net", is_smtputf8=True))

        assert answers[0].code == 250
        assert peer.commands[1] == "MAIL FROM:<from@example.com> SMTPUTF8"
        assert peer.commands[2] == "RCPT TO:<usér@example.net>"

    async def test_server_without_it_is_told_nothing(self) -> None:
        async with running_peer() as peer:
            answers = await send(peer, delivery("usér@example.net", is_smtputf8=True))

        assert (answers[0].code, answers[0].enhanced) == (553, "5.6.7")


class TestConnection:
    async def test_refused_connection_puts_the_mail_off(self) -> None:
        async with running_peer() as peer:
            pass

        answers = await send(peer)

        assert (answers[0].code, answers[0].enhanced) == (451, "4.4.1")
        assert answers[0].remote_ip == ""

    @pytest.mark.parametrize("greeting", [b"554 5.7.1 go away\r\n", b"421 busy\r\n"])
    async def test_relay_that_refuses_the_connection_refuses_no_mail(self, greeting: bytes) -> None:
        async with running_peer(greeting=greeting) as peer:
            answers = await send(peer)

        assert answers[0].code == 451
        assert answers[0].enhanced.startswith("4.")

    async def test_old_server_is_greeted_with_helo(self) -> None:
        say = lambda verb, _: b"502 5.5.1 what\r\n" if verb == "EHLO" else None  # noqa: E731 - one line
        async with running_peer(say=say) as peer:
            answers = await send(peer)

        assert answers[0].code == 250
        assert peer.commands[1] == "HELO mail.example.com"
        assert peer.commands[2] == "MAIL FROM:<from@example.com>"

    async def test_connection_serves_the_next_mail(self) -> None:
        async with running_peer() as peer:
            transport = relay(peer)
            for _ in range(3):
                await transport.deliver(delivery(), MAIL)
            await transport.close()

        assert len(peer.sessions) == 1
        assert len(peer.mails) == 3

    async def test_connection_serves_a_hundred_mails_at_most(self) -> None:
        async with running_peer() as peer:
            transport = relay(peer)
            for _ in range(101):
                await transport.deliver(delivery(), MAIL)
            await transport.close()

        assert [len(session.mails) for session in peer.sessions] == [100, 1]

    async def test_kept_connection_that_was_closed_meanwhile_costs_no_attempt(self) -> None:
        async with running_peer() as peer:
            peer.say = lambda verb, line: (
                b"421 4.4.2 idle too long\r\n"
                if verb == "MAIL" and len(peer.sessions) == 1 and peer.mails
                else None
            )
            transport = relay(peer)
            await transport.deliver(delivery(), MAIL)
            answers = await transport.deliver(delivery(), MAIL)
            await transport.close()

        assert answers[0].code == 250
        assert len(peer.sessions) == 2

    async def test_sessions_at_once_are_bounded(self) -> None:
        async with running_peer() as peer:
            transport = relay(peer)
            await asyncio.gather(
                *(transport.deliver(delivery(), MAIL) for _ in range(3 * SESSIONS_MAX))
            )
            await transport.close()

        assert len(peer.mails) == 3 * SESSIONS_MAX
        assert peer.most_open <= SESSIONS_MAX


class TestTls:
    async def test_starttls_verifies_the_relay(self, tmp_path: Path) -> None:
        server, client = certificate(tmp_path, "localhost")
        async with running_peer(tls=server) as peer:
            transport = relay(peer, tls="starttls")
            transport._context = client
            answers = await transport.deliver(delivery(), MAIL)
            await transport.close()

        assert answers[0].code == 250
        assert peer.sessions[0].is_encrypted
        assert peer.sessions[0].commands[:3] == [
            "EHLO mail.example.com",
            "STARTTLS",
            "EHLO mail.example.com",
        ]

    async def test_certificate_of_nobody_known_puts_the_mail_off(self, tmp_path: Path) -> None:
        server, _ = certificate(tmp_path, "localhost")
        async with running_peer(tls=server) as peer:
            transport = relay(peer, tls="starttls")
            answers = await transport.deliver(delivery(), MAIL)
            await transport.close()

        assert (answers[0].code, answers[0].enhanced) == (451, "4.7.5")
        assert peer.mails == []

    async def test_starttls_that_is_not_offered_puts_the_mail_off(self) -> None:
        async with running_peer() as peer:
            transport = relay(peer, tls="starttls")
            answers = await transport.deliver(delivery(), MAIL)
            await transport.close()

        assert (answers[0].code, answers[0].enhanced) == (451, "4.7.5")
        assert peer.mails == []

    async def test_implicit_tls(self, tmp_path: Path) -> None:
        server, client = certificate(tmp_path, "localhost")
        async with running_peer(tls=server, implicit_tls=True) as peer:
            transport = relay(peer, tls="implicit")
            transport._context = client
            answers = await transport.deliver(delivery(), MAIL)
            await transport.close()

        assert answers[0].code == 250
        assert "STARTTLS" not in peer.commands

    async def test_opportunistic_takes_any_certificate(self, tmp_path: Path) -> None:
        server, _ = certificate(tmp_path, "other.example")
        async with running_peer(tls=server) as peer:
            transport = relay(peer, tls="opportunistic")
            answers = await transport.deliver(delivery(), MAIL)
            await transport.close()

        assert answers[0].code == 250
        assert peer.sessions[0].is_encrypted

    async def test_opportunistic_goes_on_without_tls_that_does_not_work(self) -> None:
        async with running_peer(is_tls_broken=True) as peer:
            transport = relay(peer, tls="opportunistic")
            answers = await transport.deliver(delivery(), MAIL)
            await transport.close()

        assert answers[0].code == 250
        assert not peer.sessions[-1].is_encrypted

    async def test_mail_that_requires_tls_is_not_sent_without(self) -> None:
        async with running_peer() as peer:
            transport = relay(peer, tls="opportunistic")
            answers = await transport.deliver(delivery(requires_tls=True), MAIL)
            await transport.close()

        assert answers[0].enhanced == "4.7.10"
        assert peer.mails == []


@pytest.mark.parametrize("tls", ["starttls", "implicit", "opportunistic", "broken"])
def test_tls_works_on_uvloop_which_the_server_uses(tmp_path: Path, tls: str) -> None:
    async def play() -> None:
        server, client = certificate(tmp_path, "localhost")
        async with running_peer(
            tls=None if tls == "broken" else server,
            is_tls_broken=tls == "broken",
            implicit_tls=tls == "implicit",
        ) as peer:
            transport = relay(peer, tls="opportunistic" if tls == "broken" else tls)
            transport._context = client
            answers = [(await transport.deliver(delivery(), MAIL))[0] for _ in range(2)]
            await transport.close()

        assert [each.code for each in answers] == [250, 250]
        assert peer.sessions[-1].is_encrypted == (tls != "broken")
        assert peer.mails == [MAIL, MAIL]

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(play())


class TestLogin:
    async def test_user_is_told_to_the_relay(self) -> None:
        login = base64.b64encode(b"\0user\0secret").decode()
        async with running_peer(extensions=["AUTH PLAIN"], accept_login=login) as peer:
            transport = relay(peer, user="user", password="secret")
            answers = await transport.deliver(delivery(), MAIL)
            await transport.close()

        assert answers[0].code == 250

    async def test_refused_user_puts_the_mail_off(self) -> None:
        async with running_peer(extensions=["AUTH PLAIN LOGIN"]) as peer:
            transport = relay(peer, user="user", password="wrong")
            answers = await transport.deliver(delivery(), MAIL)
            await transport.close()

        assert (answers[0].code, answers[0].enhanced) == (451, "4.7.8")
        assert "535" in answers[0].text
        assert "wrong" not in answers[0].text.replace("5.7.8 wrong", "")
