"""Mails out of their parts, read again by Python's email package."""

from __future__ import annotations

import email
import email.policy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamome.ids import seeded_ids
from kamome.services.ses.addresses import AddressInvalid, Mailbox, parse_mailbox
from kamome.services.ses.sending.compose import Attachment, CharsetUnknown, Letter, Part, compose
from kamome.services.ses.sending.outgoing_mail import Stamp, completed, content_of
from kamome.services.ses.sending.raw_mail import MailInvalid, parse

ME = Mailbox("", "me@example.com")
# What may stand in one line: everything but control characters and halves of pairs.
LINES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=200)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=400)


def read(letter: Letter) -> Any:  # email's messages are dynamic
    content = content_of(compose(letter, seeded_ids(1)))
    lines = content.split(b"\r\n")
    assert b"\r" not in b"".join(lines)
    assert b"\n" not in b"".join(lines)
    assert max(map(len, lines)) <= 998
    found = email.message_from_bytes(content, policy=email.policy.SMTP)
    assert not found.defects
    return found


def letter(**changes: Any) -> Letter:  # members of Letter
    plain = {"subject": Part("s"), "text": Part("t"), "html": None}
    return Letter(**{"source": ME, "to": (ME,), "cc": (), "reply_to": (), **plain, **changes})


def same_words(text: str) -> str:
    """Folding changes blanks, and Python's parser puts some between encoded words of a name."""
    return "".join(text.split())


@given(LINES)
def test_subject_arrives_as_it_is(subject: str) -> None:
    mail = read(letter(subject=Part(subject)))

    if "=?" not in subject:
        assert same_words(mail["Subject"]) == same_words(subject)


@given(LINES)
def test_name_arrives_with_its_address(name: str) -> None:
    mail = read(letter(to=(Mailbox(name.strip(), "you@example.net"),)))

    [address] = mail["To"].addresses
    assert address.addr_spec == "you@example.net"
    if "=?" not in name:
        assert same_words(address.display_name) == same_words(name)


@given(TEXTS, st.sampled_from(["UTF-8", "utf-16", "iso-8859-1", "iso-2022-jp", "us-ascii"]))
def test_text_arrives_or_is_refused(text: str, charset: str) -> None:
    try:
        mail = read(letter(text=Part(text, charset)))
    except CharsetUnknown:
        assert charset != "UTF-8"
        return

    if charset == "UTF-8":
        assert mail.get_content().replace("\r\n", "\n").rstrip("\n") == text.rstrip("\n")


@given(LINES.filter(str.strip), st.binary(max_size=300))
def test_file_arrives_byte_for_byte(name: str, content: bytes) -> None:
    mail = read(letter(attachments=(Attachment(name, content),)))

    [found] = mail.iter_attachments()
    assert found.get_payload(decode=True) == content
    if name.isascii() and not set(name) & set('\\"%;'):
        assert same_words(found.get_filename()) == same_words(name)


@pytest.mark.parametrize(
    "charset", ["", "x y", "unicode_escape", "nowhere-8", "raw-unicode-escape"]
)
def test_charset_that_is_none_is_refused(charset: str) -> None:
    with pytest.raises(CharsetUnknown):
        compose(letter(text=Part("x", charset)), seeded_ids(1))


@given(st.binary(max_size=300))
def test_any_octets_are_a_mail_or_refused(data: bytes) -> None:
    try:
        draft = parse(data)
    except MailInvalid:
        return

    content = content_of(completed(draft, Stamp("id", "1", "us-east-1", 0)))
    assert b"\r" not in content.replace(b"\r\n", b"")
    assert b"\n" not in content.replace(b"\r\n", b"")


@given(st.text(max_size=60))
def test_any_text_is_a_mailbox_or_refused(text: str) -> None:
    try:
        found = parse_mailbox(text)
    except AddressInvalid:
        return

    assert found.address.isascii()
    assert found.address.isprintable()
    assert found.address.count("@") >= 1
    assert not set(found.name) & set("\r\n\0")


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("a@example.com", "", "a@example.com"),
        ("<a@example.com>", "", "a@example.com"),
        ("A B <a@EXAMPLE.com>", "A B", "a@example.com"),
        ('"B, \\"A\\"" <a@example.com>', 'B, "A"', "a@example.com"),
        ("日本 <a@example.com>", "日本", "a@example.com"),
        ('"a b"@example.com', "", '"a b"@example.com'),
        ("a@example.com (Cron (Daemon))", "Cron (Daemon)", "a@example.com"),
        ("A <a@example.com> (at work)", "A", "a@example.com"),
        ("A (at work) <a@example.com>", "A (at work)", "a@example.com"),
        ("a@example.com ()", "", "a@example.com"),
    ],
)
def test_mailbox_is_taken_apart(text: str, name: str, address: str) -> None:
    assert parse_mailbox(text) == Mailbox(name, address)
