"""Bounces of qmail, read. cr.yp.to/proto/qsbmf.txt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamome.mail.dsn import FAILED
from kamome.mail.qsbmf import parse

QMAIL = b"""\
From: MAILER-DAEMON@mx.example.net
To: bounce@example.com
Subject: failure notice

Hi. This is the qmail-send program at mx.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<a@example.net>:
192.0.2.1 does not like recipient.
Remote host said: 550 no such user
Giving up on 192.0.2.1.

<b@example.net>:
This message has been in the queue too long. (#4.4.1)

--- Below this line is a copy of the message.

Return-Path: <bounce@example.com>
Message-ID: <0100018@email.example.com>

<c@example.net>:
text
""".replace(b"\n", b"\r\n")


def test_bounce_of_qmail_is_read() -> None:
    report = parse(QMAIL)

    assert report is not None
    assert report.reporting_mta == "mx.example.net"
    assert report.original_message_id == "0100018@email.example.com"
    assert [(each.final_recipient, each.action, each.status) for each in report.recipients] == [
        ("a@example.net", FAILED, "5.0.0"),
        ("b@example.net", FAILED, "4.4.1"),
    ]
    assert "Remote host said: 550 no such user" in report.recipients[0].diagnostic


def test_bounce_without_the_mail_names_all_recipients() -> None:
    report = parse(QMAIL[: QMAIL.index(b"\r\n\r\n---")])

    assert report is not None
    assert len(report.recipients) == 2


@pytest.mark.parametrize(
    "mail",
    [
        b"",
        b"Subject: x\r\n\r\nHi. This is me.\r\n",
        b"Subject: x\r\n\r\n<a@example.net>:\r\nno\r\n\r\n--- \r\n",
        QMAIL.replace(b">:", b">"),
        QMAIL.replace(b"@example.net>:", b">:"),
        # Took the square of each line's length.
        QMAIL[: QMAIL.index(b"<a@")] + (b"<" + b"@" * 1_022 + b"\r\n\r\n") * 1_000,
    ],
    ids=["empty", "a person", "no introduction", "no recipient", "no addresses", "many signs"],
)
def test_other_mails_are_none(mail: bytes) -> None:
    assert parse(mail) is None


@given(st.integers(0, len(QMAIL)), st.integers(0, 80), st.binary(max_size=40))
def test_no_damage_makes_it_fail(at: int, length: int, inserted: bytes) -> None:
    parse(QMAIL[:at] + inserted + QMAIL[at + length :])
