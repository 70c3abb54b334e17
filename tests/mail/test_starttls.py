"""STARTTLS: the certificate, and that nothing said before TLS counts after it."""

from __future__ import annotations

import asyncio
import functools
import smtplib
import ssl
import stat
from collections.abc import Callable
from email.message import EmailMessage
from typing import TYPE_CHECKING, TypeVar

import pytest
from cryptography.hazmat.primitives import serialization

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


def shown_certificate(port: int, *, is_implicit: bool) -> bytes | None:
    """The certificate that a client is shown, in DER."""
    if is_implicit:
        smtp: smtplib.SMTP = smtplib.SMTP_SSL("127.0.0.1", port, timeout=10, context=blind())
    else:
        smtp = smtplib.SMTP("127.0.0.1", port, timeout=10)
        smtp.starttls(context=blind())
    with smtp:
        assert isinstance(smtp.sock, ssl.SSLSocket)
        return smtp.sock.getpeercert(binary_form=True)


@pytest.mark.parametrize("is_implicit", [False, True], ids=["STARTTLS", "implicit TLS"])
async def test_another_certificate_counts_for_the_next_client(
    world: World, is_implicit: bool
) -> None:
    port = world.port
    if is_implicit:
        port = await world.listener.start("127.0.0.1", 0, has_implicit_tls=True)
    show = functools.partial(shown_certificate, port, is_implicit=is_implicit)
    first = await in_thread(show)
    pem = certificate.self_signed("mail.test", world.clock.now_ms())

    (world.folder / certificate.FILE_NAME).write_bytes(pem)
    second = await in_thread(show)

    assert second == ssl.PEM_cert_to_DER_cert(pem[pem.index(b"-----BEGIN CERT") :].decode())
    assert first != second


@pytest.mark.parametrize("kind", ["garbage", "another key", "encrypted", "gone"])
async def test_certificate_that_cannot_be_used_leaves_the_one_before_in_use(
    world: World, kind: str
) -> None:
    show = functools.partial(shown_certificate, world.port, is_implicit=False)
    path = world.folder / certificate.FILE_NAME
    first = await in_thread(show)
    one, two = (certificate.self_signed("mail.test", world.clock.now_ms()) for _ in range(2))
    key = serialization.load_pem_private_key(one, None).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"secret"),
    )
    mark = b"-----BEGIN CERT"
    content = {
        "garbage": b"-----BEGIN PRIVATE KEY-----\n",
        "another key": one[: one.index(mark)] + two[two.index(mark) :],
        "encrypted": key + one[one.index(mark) :],
    }

    if kind == "gone":
        path.unlink()
    else:
        path.write_bytes(content[kind])
    second = await in_thread(show)

    assert second == first


def test_tls_works_on_uvloop(on_uvloop: Callable[[Scenario], None]) -> None:
    async def play(world: World) -> None:
        await in_thread(lambda: send(world, blind(), message()))
        client = await world.connect()
        assert (await client.deliver((b"y" * 76 + b"\r\n") * 3_000 + b".\r\n"))[:3] == "250"

        assert world.taken[0].envelope.tls in ("TLSv1.2", "TLSv1.3")
        assert world.taken[1].envelope.tls == ""

    on_uvloop(play)
