"""Submission: who may log in how, and what becomes of a mail that is handed in."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import shutil
import smtplib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from tests.mail import postfix
from tests.mail.conftest import Client, World

from kamome.errors import ServiceUnavailable
from kamome.mail.envelope import Envelope
from kamome.mail.limits import SessionLimits
from kamome.mail.smtp_listener import SmtpListener
from kamome.mail.submission import (
    FAILURES_PER_ADDRESS_MAX,
    SubmissionPorts,
    SubmissionRefused,
    SubmissionService,
    Submitter,
)

PLAIN = base64.b64encode(b"\0AKIAUSER\0secret").decode()
WRONG = base64.b64encode(b"\0AKIAUSER\0wrong").decode()
MAIL = b"From: a@example.com\r\nSubject: x\r\n\r\n..dot\r\n"


@dataclass
class Desk:
    """A submission listener, and what was handed in there."""

    world: World
    listener: SmtpListener
    port: int = 0
    tls_port: int = 0
    taken: list[tuple[Submitter, Envelope, bytes]] = field(default_factory=list)
    failure: Exception | None = None
    clients: list[Client] = field(default_factory=list)

    async def submit(self, submitter: Submitter, envelope: Envelope, content: bytes) -> str:
        if self.failure is not None:
            raise self.failure
        self.taken.append((submitter, envelope, content))
        return "0102-id"

    async def connect(self) -> Client:
        client = Client(*await asyncio.open_connection("127.0.0.1", self.port))
        self.clients.append(client)
        assert (await client.reply()).startswith("220 ")
        await client.say("EHLO client.example.com")
        return client

    async def logged_in(self) -> Client:
        client = await self.connect()
        assert (await client.say(f"AUTH PLAIN {PLAIN}")).startswith("235 2.7.0")
        return client


def authenticate(user: str, password: str) -> Submitter | None:
    is_right = (user, password) == ("AKIAUSER", "secret")
    return Submitter(user, "000000000000/us-east-1") if is_right else None


@contextlib.asynccontextmanager
async def running_desk(world: World, *, is_plain_auth_allowed: bool = True) -> AsyncIterator[Desk]:
    made: list[Desk] = []

    async def submit(submitter: Submitter, envelope: Envelope, content: bytes) -> str:
        return await made[0].submit(submitter, envelope, content)

    service = SubmissionService(
        SubmissionPorts(authenticate, submit),
        world.clock,
        is_plain_auth_allowed=is_plain_auth_allowed,
    )
    listener = SmtpListener(
        world.inbound,
        lambda *_: pytest.fail("recipients are not judged at submission"),
        world.clock,
        hostname="mail.test",
        certificate_folder=world.folder,
        limits=SessionLimits(recipients=50),
        submission=service,
    )
    desk = Desk(world, listener)
    made.append(desk)
    desk.port = await listener.start("127.0.0.1", 0)
    desk.tls_port = await listener.start("127.0.0.1", 0, has_implicit_tls=True)
    yield desk
    for client in desk.clients:
        await client.close()
    await listener.stop(grace_s=5)


@pytest.fixture
async def desk(world: World) -> AsyncIterator[Desk]:
    async with running_desk(world) as desk:
        yield desk


@pytest.fixture
async def strict(world: World) -> AsyncIterator[Desk]:
    async with running_desk(world, is_plain_auth_allowed=False) as desk:
        yield desk


def trusting() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class TestLogin:
    async def test_plain_with_an_initial_response(self, desk: Desk) -> None:
        client = await desk.connect()

        assert await client.say(f"AUTH PLAIN {PLAIN}") == "235 2.7.0 Authentication successful"

    async def test_plain_with_a_challenge(self, desk: Desk) -> None:
        client = await desk.connect()

        assert await client.say("auth plain") == "334 "
        assert (await client.say(PLAIN)).startswith("235")

    async def test_login_asks_for_name_and_password(self, desk: Desk) -> None:
        client = await desk.connect()

        assert await client.say("AUTH LOGIN") == "334 VXNlcm5hbWU6"
        assert await client.say(base64.b64encode(b"AKIAUSER")) == "334 UGFzc3dvcmQ6"
        assert (await client.say(base64.b64encode(b"secret"))).startswith("235")

    async def test_login_with_the_name_given_at_once(self, desk: Desk) -> None:
        client = await desk.connect()

        name = base64.b64encode(b"AKIAUSER").decode()
        assert await client.say(f"AUTH LOGIN {name}") == "334 UGFzc3dvcmQ6"
        assert (await client.say(base64.b64encode(b"secret"))).startswith("235")

    @pytest.mark.parametrize(
        ("line", "reply"),
        [
            (f"AUTH PLAIN {WRONG}", "535 5.7.8"),
            ("AUTH PLAIN " + base64.b64encode(b"other\0AKIAUSER\0secret").decode(), "535 5.7.8"),
            ("AUTH PLAIN not*base64", "501 5.5.2"),
            ("AUTH PLAIN " + base64.b64encode(b"no nul").decode(), "501 5.5.2"),
            ("AUTH PLAIN " + base64.b64encode(b"\0\xff\0x").decode(), "501 5.5.2"),
            ("AUTH PLAIN =", "501 5.5.2"),
            ("AUTH CRAM-MD5", "504 5.5.4"),
            ("AUTH", "504 5.5.4"),
        ],
    )
    async def test_what_is_no_login_is_refused(self, desk: Desk, line: str, reply: str) -> None:
        client = await desk.connect()

        assert (await client.say(line)).startswith(reply)
        assert (await client.say("MAIL FROM:<a@example.com>")).startswith("530 5.7.0")

    async def test_star_cancels(self, desk: Desk) -> None:
        client = await desk.connect()
        await client.say("AUTH LOGIN")

        assert (await client.say("*")).startswith("501 5.7.0")
        assert (await client.say(f"AUTH PLAIN {PLAIN}")).startswith("235")

    async def test_second_login_is_refused(self, desk: Desk) -> None:
        client = await desk.logged_in()

        assert (await client.say(f"AUTH PLAIN {PLAIN}")).startswith("503 5.5.1")

    async def test_login_needs_a_greeting(self, desk: Desk) -> None:
        client = Client(*await asyncio.open_connection("127.0.0.1", desk.port))
        desk.clients.append(client)
        await client.reply()

        assert (await client.say(f"AUTH PLAIN {PLAIN}")).startswith("503 5.5.1")

    async def test_third_wrong_password_ends_the_session(self, desk: Desk) -> None:
        client = await desk.connect()
        for _ in range(2):
            assert (await client.say(f"AUTH PLAIN {WRONG}")).startswith("535")

        assert (await client.say(f"AUTH PLAIN {WRONG}")).startswith("421 4.7.0")
        assert await client.is_closed()

    async def test_address_with_many_failures_has_to_wait(self, desk: Desk) -> None:
        for _ in range(FAILURES_PER_ADDRESS_MAX // 3):
            client = await desk.connect()
            for _ in range(3):
                await client.say(f"AUTH PLAIN {WRONG}")

        client = await desk.connect()
        assert (await client.say(f"AUTH PLAIN {PLAIN}")).startswith("454 4.7.0")

        await desk.world.clock.advance(10 * 60_000 + 1)
        assert (await client.say(f"AUTH PLAIN {PLAIN}")).startswith("235")

    async def test_password_is_not_logged(
        self, desk: Desk, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("DEBUG")
        client = await desk.connect()

        await client.say(f"AUTH PLAIN {WRONG}")

        assert "wrong" not in caplog.text
        assert WRONG not in caplog.text


class TestEncryption:
    async def test_login_is_not_offered_without_tls(self, strict: Desk) -> None:
        client = await strict.connect()

        extensions = await client.say("EHLO client.example.com")

        assert "STARTTLS" in extensions
        assert "AUTH" not in extensions

    async def test_login_without_tls_is_refused(self, strict: Desk) -> None:
        client = await strict.connect()

        assert (await client.say(f"AUTH PLAIN {PLAIN}")).startswith("538 5.7.11")
        assert (await client.say("MAIL FROM:<a@example.com>")).startswith("530 5.7.0")

    async def test_starttls_then_login(self, strict: Desk) -> None:
        def talk() -> None:
            with smtplib.SMTP("127.0.0.1", strict.port, timeout=10) as smtp:
                smtp.starttls(context=trusting())
                smtp.login("AKIAUSER", "secret")
                smtp.sendmail("a@example.com", ["b@example.net", "c@example.org"], MAIL)

        await asyncio.to_thread(talk)

        submitter, envelope, content = strict.taken[0]
        assert submitter == Submitter("AKIAUSER", "000000000000/us-east-1")
        assert envelope.recipients == ("b@example.net", "c@example.org")
        assert envelope.tls.startswith("TLSv1.")
        assert content == MAIL

    async def test_implicit_tls_then_login(self, strict: Desk) -> None:
        def talk() -> bytes:
            with smtplib.SMTP_SSL(
                "127.0.0.1", strict.tls_port, timeout=10, context=trusting()
            ) as smtp:
                smtp.ehlo()
                assert not smtp.has_extn("starttls")
                smtp.login("AKIAUSER", "secret")
                smtp.sendmail("a@example.com", ["b@example.net"], MAIL)
                return smtp.docmd("STARTTLS")[1]

        assert (await asyncio.to_thread(talk)).startswith(b"5.5.1 TLS is active")
        assert strict.taken[0][1].tls.startswith("TLSv1.")

    async def test_login_before_starttls_counts_for_nothing(self, desk: Desk) -> None:
        def talk() -> int:
            with smtplib.SMTP("127.0.0.1", desk.port, timeout=10) as smtp:
                smtp.login("AKIAUSER", "secret")
                smtp.starttls(context=trusting())
                smtp.ehlo()
                return smtp.mail("a@example.com")[0]

        assert await asyncio.to_thread(talk) == 530


class TestMail:
    async def test_reply_has_the_id_where_clients_look_for_it(self, desk: Desk) -> None:
        client = await desk.logged_in()
        await client.say("MAIL FROM:<a@example.com>")
        await client.say("RCPT TO:<anyone@elsewhere.example>")
        await client.say("DATA")

        await client.send(b"Subject: x\r\n\r\nhi\r\n.\r\n")

        assert await client.reply() == "250 Ok 0102-id"

    @pytest.mark.parametrize(
        ("parameter", "reply"),
        [
            ("AUTH=<>", "250 2.1.0"),
            ("AUTH=e+3Dmc2@example.com", "250 2.1.0"),
            ("SIZE=10 auth=<>", "250 2.1.0"),
            ("AUTH", "501 5.5.4"),
            ("AUTH=a+b", "501 5.5.4"),
            ("AUTH=a+3d", "501 5.5.4"),
            ("AUTH=<> AUTH=<>", "501 5.5.4"),
        ],
    )
    async def test_who_is_said_to_have_submitted_it_is_heard(
        self, desk: Desk, parameter: str, reply: str
    ) -> None:
        client = await desk.logged_in()

        assert (await client.say(f"MAIL FROM:<a@example.com> {parameter}")).startswith(reply)

    async def test_content_beyond_memory_is_handed_in_whole(self, desk: Desk) -> None:
        content = b"Subject: x\r\n\r\n" + b"0123456789abcdef\r\n" * 100_000
        client = await desk.logged_in()
        await client.say("MAIL FROM:<a@example.com>")
        await client.say("RCPT TO:<b@example.net>")
        await client.say("DATA")

        await client.send(content + b".\r\n")

        assert await client.reply() == "250 Ok 0102-id"
        assert desk.taken[0][2] == content
        await desk.world.inbound.settle()
        assert desk.world.files() == []

    async def test_mail_in_chunks_is_handed_in_too(self, desk: Desk) -> None:
        client = await desk.logged_in()
        await client.say("MAIL FROM:<a@example.com>")
        await client.say("RCPT TO:<b@example.net>")

        await client.send(b"BDAT %d LAST\r\n" % len(MAIL) + MAIL)

        assert await client.reply() == "250 Ok 0102-id"
        assert desk.taken[0][2] == MAIL

    async def test_nobody_is_added_once_the_mail_has_begun(self, desk: Desk) -> None:
        client = await desk.logged_in()
        await client.say("MAIL FROM:<a@example.com>")
        await client.say("RCPT TO:<b@example.net>")
        await client.send(b"BDAT %d\r\n" % len(MAIL) + MAIL)
        await client.reply()

        refusal = await client.say("RCPT TO:<c@example.net>")
        await client.say("BDAT 0 LAST")

        assert refusal.startswith("503 5.5.1")
        assert desk.taken[0][1].recipients == ("b@example.net",)

    async def test_chunks_without_a_login_are_refused(self, desk: Desk) -> None:
        client = await desk.connect()

        await client.send(b"BDAT %d LAST\r\n" % len(MAIL) + MAIL)

        assert (await client.reply()).startswith("503")
        assert desk.taken == []

    @pytest.mark.parametrize(
        ("failure", "reply"),
        [
            (SubmissionRefused(554, "Message rejected: not\r\n250 verified"), "554 Message reject"),
            (ServiceUnavailable("full"), "452 4.3.1"),
            (RuntimeError("ours"), "451 4.3.0"),
        ],
    )
    async def test_owner_says_no(self, desk: Desk, failure: Exception, reply: str) -> None:
        desk.failure = failure
        client = await desk.logged_in()
        await client.say("MAIL FROM:<a@example.com>")
        await client.say("RCPT TO:<b@example.net>")
        await client.say("DATA")

        await client.send(b"Subject: x\r\n\r\nhi\r\n.\r\n")

        assert (await client.reply()).startswith(reply)
        assert (await client.say("NOOP")).startswith("250")

    async def test_fifty_recipients_and_no_more(self, desk: Desk) -> None:
        client = await desk.logged_in()
        await client.say("MAIL FROM:<a@example.com>")
        for number in range(50):
            assert (await client.say(f"RCPT TO:<u{number}@example.net>")).startswith("250")

        assert (await client.say("RCPT TO:<one@more.example>")).startswith("452 4.5.3")

    @pytest.mark.parametrize("command", ["RCPT TO:<b@example.net>", "DATA"], ids=["RCPT", "DATA"])
    async def test_order_of_commands_holds(self, desk: Desk, command: str) -> None:
        client = await desk.logged_in()

        assert (await client.say(command)).startswith("503")

    async def test_recipient_without_domain_is_nobody(self, desk: Desk) -> None:
        client = await desk.logged_in()
        await client.say("MAIL FROM:<a@example.com>")

        assert (await client.say("RCPT TO:<postmaster>")).startswith("553")


@pytest.mark.skipif(shutil.which("swaks") is None, reason="swaks is not installed")
class TestSwaks:
    async def _swaks(self, *arguments: str) -> tuple[int, str]:
        """Its exit code and what it said."""
        running = await asyncio.create_subprocess_exec(
            *("swaks", "--from", "a@example.com", "--to", "b@example.net", *arguments),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await asyncio.wait_for(running.communicate(), 30)
        return running.returncode or 0, output.decode()

    @pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
    async def test_swaks_logs_in_after_starttls(self, strict: Desk, mechanism: str) -> None:
        code, said = await self._swaks(
            *("--server", "127.0.0.1", "--port", str(strict.port), "--tls"),
            *("--auth", mechanism, "--auth-user", "AKIAUSER", "--auth-password", "secret"),
        )

        assert code == 0, said
        assert "250 Ok 0102-id" in said
        assert strict.taken[0][1].recipients == ("b@example.net",)

    async def test_swaks_logs_in_on_the_tls_port(self, strict: Desk) -> None:
        code, said = await self._swaks(
            *("--server", "127.0.0.1", "--port", str(strict.tls_port), "--tls-on-connect"),
            *("--auth", "PLAIN", "--auth-user", "AKIAUSER", "--auth-password", "secret"),
        )

        assert code == 0, said

    async def test_swaks_is_not_let_in_with_a_wrong_password(self, strict: Desk) -> None:
        code, said = await self._swaks(
            *("--server", "127.0.0.1", "--port", str(strict.port), "--tls"),
            *("--auth", "PLAIN", "--auth-user", "AKIAUSER", "--auth-password", "wrong"),
        )

        assert code == 28, said  # "authentication failed", swaks(1)
        assert strict.taken == []


@pytest.mark.skipif(bool(postfix.reason()), reason=postfix.reason() or "postfix is here")
async def test_postfix_hands_in_what_it_is_given(strict: Desk) -> None:
    def give(port: int) -> None:
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as smtp:
            smtp.sendmail("a@example.com", ["b@example.net"], MAIL.replace(b"..dot", b".dot"))

    async with postfix.running_postfix(next_port=strict.port, login="AKIAUSER:secret") as peer:
        await asyncio.to_thread(give, peer.port)
        await strict.world.until(lambda: bool(strict.taken))

    submitter, envelope, content = strict.taken[0]
    assert submitter.user == "AKIAUSER"
    assert (envelope.reverse_path, envelope.recipients) == ("a@example.com", ("b@example.net",))
    assert envelope.tls.startswith("TLS")
    assert content.endswith(b"\r\n\r\n.dot\r\n")


async def test_port_where_mail_comes_in_knows_no_login(client: Client) -> None:
    await client.say("EHLO x")

    assert (await client.say(f"AUTH PLAIN {PLAIN}")).startswith("502")
