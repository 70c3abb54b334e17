"""The manifest, the files beside it and the scripts that make and send them agree."""

from __future__ import annotations

import hashlib
import smtplib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kamome.cli.blueprint import load_modules

if TYPE_CHECKING:
    from tests.blueprints.conftest import Mail

BLUEPRINT = Path(__file__).resolve().parents[2] / "blueprints" / "inbound-mail"
MANIFEST, MAKE_MAILS, SEND = load_modules(BLUEPRINT, "manifest", "make_mails", "send")
MAILS: tuple[Mail, ...] = MANIFEST.mails()


def test_each_file_is_in_the_manifest_and_each_mail_has_its_file() -> None:
    files = {path.stem for path in (BLUEPRINT / "mails").glob("*.eml")}

    named = {mail.file or mail.name for mail in MANIFEST.mails()}

    assert named == files | set(MAKE_MAILS.MADE_WHEN_NEEDED)


def test_names_are_unique() -> None:
    names = [mail.name for mail in MAILS]

    assert len(set(names)) == len(names)


def test_there_are_duplicates_and_one_poison_mail() -> None:
    assert [mail.name for mail in MAILS if mail.ends == "dead-lettered"] == ["poison-order"]
    assert sum(mail.times > 1 for mail in MAILS) >= 2
    assert any(mail.times > 1 and len(mail.addresses) > 1 for mail in MAILS)


@pytest.mark.parametrize("mail", MAILS, ids=lambda mail: mail.name)
def test_each_mail_has_only_whole_line_ends(mail: Mail) -> None:
    content = mail.read()

    assert content.endswith(b"\r\n")
    assert content.count(b"\r\n") == content.count(b"\n") == content.count(b"\r")


@pytest.mark.parametrize("name", MAKE_MAILS.COMMITTED)
def test_committed_mail_is_what_the_script_makes(name: str) -> None:
    committed = (BLUEPRINT / "mails" / f"{name}.eml").read_bytes()

    assert MAKE_MAILS.COMMITTED[name]() == committed


def test_large_mail_is_the_same_each_time_and_holds_10_mb() -> None:
    mail = MAKE_MAILS.attachment_10_mb()

    assert len(mail) > 10 * 1024 * 1024 * 4 / 3
    assert hashlib.sha256(mail).hexdigest() == (
        "bc2c1ebefd5598001e3fabd5abd8e2415f5b35cccb1c126f696f8e0f3f2a40b1"
    )


class FakeSmtp:
    """The part of `smtplib.SMTP` that `send_one` uses; recipients elsewhere are refused."""

    def __init__(self, *extensions: str) -> None:
        self.extensions = extensions
        self.options: list[str] = []
        self.content = b""

    def has_extn(self, name: str) -> bool:
        return name in self.extensions

    def mail(self, sender: str, options: list[str]) -> tuple[int, bytes]:
        self.options = options
        return 250, b"OK"

    def rcpt(self, recipient: str) -> tuple[int, bytes]:
        return (250, b"OK") if recipient.endswith("@orders.example.com") else (550, b"5.1.1 no")

    def data(self, content: bytes) -> tuple[int, bytes]:
        if content == b"refuse\r\n":
            raise smtplib.SMTPDataError(554, b"5.6.0 refused")
        self.content = content
        return 250, b"OK id-1"

    def rset(self) -> None:
        self.options = []


def test_sending_reports_the_reply_and_the_refused_recipients() -> None:
    mail = next(mail for mail in MANIFEST.mails() if mail.refused)

    sent = SEND.send_one(FakeSmtp("size", "8bitmime"), mail, 1, mail.read())

    assert sent.as_expected
    assert SEND.line_of(sent) == (
        "one-foreign-recipient: 250 OK id-1; someone@elsewhere.example.net refused: 550"
    )


def test_sending_uses_only_extensions_that_the_server_has() -> None:
    smtp = FakeSmtp("size")

    SEND.send_one(smtp, MAILS[0], 1, b"text\r\n")

    assert smtp.options == ["SIZE=6"]


def test_refused_data_is_reported_and_not_as_expected() -> None:
    sent = SEND.send_one(FakeSmtp(), MAILS[0], 1, b"refuse\r\n")

    assert (sent.code, sent.reply, sent.as_expected) == (554, "5.6.0 refused", False)
