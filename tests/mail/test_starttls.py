"""STARTTLS: the certificate, and that nothing said before TLS counts after it."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
import stat
from collections.abc import Callable
from email.message import EmailMessage
from typing import TYPE_CHECKING, TypeVar

from kamome.mail import certificate

if TYPE_CHECKING:
    from tests.mail.conftest import Client, Scenario, World

T = TypeVar("T")


async def in_thread(work: Callable[[], T]) -> T:
    return await asyncio.to_thread(work)


def trusting(world: World) -> ssl.SSLContext:
    """A client that trusts the listener's own certificate and checks its name."""
    context = ssl.create_default_context(cafile=str(world.folder / certificate.FILE_NAME))
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT if hasattr(ssl, "VERIFY_X509_STRICT") else ~0
    return context


def blind() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def send(world: World, context: ssl.SSLContext, message: EmailMessage) -> None:
    with smtplib.SMTP("localhost", world.port, timeout=10) as smtp:
        smtp.starttls(context=context)
        assert "starttls" not in smtp.esmtp_features or not smtp.ehlo()
        smtp.send_message(message, "a@example.net", ["user@example.com"])


def message() -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = "over TLS"
    mail.set_content("body\n.dot\n")
    return mail


async def test_mail_over_tls_says_so_in_its_envelope(world: World) -> None:
    await in_thread(lambda: send(world, blind(), message()))

    assert world.taken[0].envelope.tls in ("TLSv1.2", "TLSv1.3")
    assert (await world.content(world.taken[0])).endswith(b"\r\n.dot\r\n")


async def test_certificate_is_made_once_and_kept_private(world: World) -> None:
    await in_thread(lambda: send(world, blind(), message()))
    path = world.folder / certificate.FILE_NAME
    made = path.read_bytes()

    await in_thread(lambda: send(world, trusting(world), message()))

    assert path.read_bytes() == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_no_certificate_is_made_before_the_first_starttls(
    world: World, client: Client
) -> None:
    await client.say("EHLO client.example.com")

    assert not (world.folder / certificate.FILE_NAME).exists()


async def test_recipient_that_needs_tls_is_taken_over_tls(world: World) -> None:
    def refused_then_taken() -> tuple[int, int]:
        with smtplib.SMTP("127.0.0.1", world.port, timeout=10) as smtp:
            smtp.ehlo()
            smtp.mail("a@example.net")
            before = smtp.rcpt("secret@example.com")[0]
            smtp.starttls(context=blind())
            smtp.ehlo()
            smtp.mail("a@example.net")
            return before, smtp.rcpt("secret@example.com")[0]

    assert await in_thread(refused_then_taken) == (530, 250)


async def test_commands_injected_behind_starttls_are_forgotten(
    world: World, client: Client
) -> None:
    await client.say("EHLO client.example.com")
    await client.send(b"STARTTLS\r\nEHLO evil\r\nMAIL FROM:<evil@example.net>\r\n")
    assert (await client.reply()).startswith("220 2.0.0")

    await client.writer.start_tls(blind(), server_hostname="localhost")

    assert (await client.say("RCPT TO:<user@example.com>")).startswith("503 5.5.1")
    assert (await client.say("MAIL FROM:<a@example.net>")).startswith("503 5.5.1 Send EHLO first")
    assert "STARTTLS" not in await client.say("EHLO client.example.com")
    assert (await client.say("STARTTLS")).startswith("503 5.5.1")


async def test_starttls_with_an_argument_is_refused(client: Client) -> None:
    assert (await client.say("STARTTLS now")).startswith("501 5.5.4")


async def test_client_that_does_not_speak_tls_is_dropped(world: World, client: Client) -> None:
    await client.say("STARTTLS")
    await client.send(b"MAIL FROM:<a@example.net>\r\n" * 20)

    await asyncio.wait_for(client.reader.read(), 10)
    await world.until(lambda: world.listener.session_count == 0)
    assert world.mail_count() == 0


async def test_unusable_certificate_is_answered_454_until_it_is_mended(
    world: World, client: Client
) -> None:
    path = world.folder / certificate.FILE_NAME
    path.write_text("no certificate")

    assert (await client.say("STARTTLS")).startswith("454 4.7.0")

    path.unlink()
    assert (await client.say("STARTTLS")).startswith("220 2.0.0")


def test_tls_works_on_uvloop(on_uvloop: Callable[[Scenario], None]) -> None:
    async def play(world: World) -> None:
        await in_thread(lambda: send(world, blind(), message()))
        client = await world.connect()
        assert (await client.deliver((b"y" * 76 + b"\r\n") * 3_000 + b".\r\n"))[:3] == "250"

        assert world.taken[0].envelope.tls in ("TLSv1.2", "TLSv1.3")
        assert world.taken[1].envelope.tls == ""

    on_uvloop(play)
