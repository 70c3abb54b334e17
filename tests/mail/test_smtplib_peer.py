"""Python's smtplib as a peer that we did not write."""

from __future__ import annotations

import asyncio
import smtplib
from email.message import EmailMessage
from email.policy import SMTPUTF8
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.mail.conftest import World


async def test_plain_mail_arrives_as_smtplib_sent_it(world: World) -> None:
    raw = b"Subject: hi\r\n\r\n.\r\n..two\r\nbare \xa4\xa2 8-bit\r\n"

    def send() -> None:
        with smtplib.SMTP("127.0.0.1", world.port, timeout=10) as smtp:
            refused = smtp.sendmail(
                "a@example.net", ["user@example.com", "nobody@example.com"], raw
            )
            assert list(refused) == ["nobody@example.com"]
            assert refused["nobody@example.com"][0] == 550

    await asyncio.to_thread(send)

    assert await world.content(world.taken[0]) == raw
    assert world.taken[0].envelope.recipients == ("user@example.com",)
    assert world.taken[0].envelope.client_ip == "127.0.0.1"


async def test_utf8_addresses_and_headers_arrive(world: World) -> None:
    mail = EmailMessage(policy=SMTPUTF8)
    mail["From"], mail["To"], mail["Subject"] = "店@例え.jp", "注文@例え.jp", "ご注文"
    mail.set_content("本文", cte="8bit")

    def send() -> None:
        with smtplib.SMTP("127.0.0.1", world.port, timeout=10) as smtp:
            smtp.send_message(mail)

    await asyncio.to_thread(send)

    envelope = world.taken[0].envelope
    assert (envelope.reverse_path, envelope.recipients) == ("店@例え.jp", ("注文@例え.jp",))
    assert envelope.is_smtputf8
    assert "Subject: ご注文".encode() in await world.content(world.taken[0])


async def test_many_mails_go_over_one_session(world: World) -> None:
    def send() -> None:
        with smtplib.SMTP("127.0.0.1", world.port, timeout=10) as smtp:
            for number in range(20):
                smtp.sendmail("a@example.net", ["user@example.com"], b"%d\r\n" % number)

    await asyncio.to_thread(send)

    assert [await world.content(mail) for mail in world.taken] == [b"%d\r\n" % n for n in range(20)]
