"""Header fields of honest and of broken mails."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamome.mail.header_fields import (
    address_of,
    decode_words,
    first,
    header_end,
    split_addresses,
    split_fields,
)


def test_fields_are_unfolded_and_kept_in_order() -> None:
    head = b"A: one\r\n two\r\nB:\tthree  \r\nA: four\r\n\r\nBody: no field\r\n"

    assert split_fields(head) == [("A", "one two"), ("B", "three"), ("A", "four")]


def test_lines_that_are_no_field_are_left_out() -> None:
    head = b"From nobody Mon Jan 1\r\nSubject: x\r\n: empty name\r\nno colon\r\nTo: y\r\n\r\n"

    assert [field.name for field in split_fields(head)] == ["Subject", "To"]


def test_first_field_of_a_name_is_found_in_any_case() -> None:
    assert first(split_fields(b"SUBJECT: a\r\nSubject: b\r\n\r\n"), "Subject") == "a"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("ご注文".encode(), "ご注文"),
        ("ご注文".encode("shift_jis"), "ご注文"),
        ("テスト".encode("shift_jis"), "テスト"),
        ("Jürgen Groß, à Paris".encode("cp1252"), "Jürgen Groß, à Paris"),
        ("Größe".encode("cp1252"), "Größe"),
        ("注文".encode() + b"\xff", "注文�"),
        ("a�文".encode(), "a�文"),
        (b"caf\xff\x81", "caf��"),
    ],
    ids=[
        "UTF-8",
        "Shift_JIS",
        "katakana",
        "Latin-1",
        "side by side",
        "broken UTF-8",
        "replaced",
        "none",
    ],
)
def test_bare_8bit_value_becomes_text(raw: bytes, text: str) -> None:
    assert split_fields(b"Subject: " + raw + b"\r\n\r\n")[0].value == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ("=?utf-8?B?5rOo5paH?=", "注文"),
        ("=?UTF-8?q?a_b=21?=", "a b!"),
        ("=?iso-2022-jp?B?GyRCQ21KOBsoQg==?=", "注文"),
        ("=?ISO-2022-JP?B?GyRCLSEbKEI=?=", "①"),
        ("=?Shift_JIS?B?h0A=?=", "①"),
        ("=?utf-8?B?5rOo?= =?utf-8?B?5paH?= x", "注文 x"),
        ("=?utf-8?B?5rM=?= =?utf-8?B?qOaWhw==?=", "注文"),
        ("Re: =?utf-8?Q?a?= and =?utf-8?Q?b?=", "Re: a and b"),
        ("=?utf-8*ja?Q?a?=", "a"),
        ("=?no-such-charset?Q?a=C3=A9?=", "aé"),
        ("=?utf-8?B?!!!?=", ""),
        ("=?utf-7?Q?+2AA-?=", "?"),
        ("=?unicode_escape?Q?=5Cq?=", "\\q"),
        ("=?utf-8?B?5rOo5paH", "=?utf-8?B?5rOo5paH"),
    ],
)
def test_encoded_words_are_decoded(value: str, text: str) -> None:
    assert decode_words(value) == text


@pytest.mark.parametrize(
    ("value", "mailboxes"),
    [
        ("a@example.com", ["a@example.com"]),
        (
            '"Doe, John" <j@example.com>, b@example.com',
            ['"Doe, John" <j@example.com>', "b@example.com"],
        ),
        (
            "a@example.com (one, two), c@example.com",
            ["a@example.com (one, two)", "c@example.com"],
        ),
        ("staff: a@example.com, b@example.com;", ["a@example.com", "b@example.com"]),
        ("undisclosed-recipients:;", []),
        ('"a \\" , b" <c@example.com>', ['"a \\" , b" <c@example.com>']),
        (", ,", []),
        ("a@[IPv6:2001:db8::1], b@[192.0.2.1]", ["a@[IPv6:2001:db8::1]", "b@[192.0.2.1]"]),
        ("[Team] a <a@example.com>, b@example.com", ["[Team] a <a@example.com>", "b@example.com"]),
        ("(none)Hidden :(nobody(at all))  ;", []),
    ],
)
def test_address_list_is_split(value: str, mailboxes: list[str]) -> None:
    assert split_addresses(value) == mailboxes


@pytest.mark.parametrize(
    ("mailbox", "address"),
    [
        ("a@example.com", "a@example.com"),
        ('"x <y>" <a@example.com>', "a@example.com"),
        ("a@example.com (comment)", "a@example.com"),
        ("a@example.com (one (and another) \\) more)", "a@example.com"),
        ("A <a(his account)@(his host)example.com>", "a@example.com"),
        ("a@example.com (A <b@example.org>)", "a@example.com"),
        ('"a(b)"@example.com', '"a(b)"@example.com'),
        ("nobody", ""),
    ],
)
def test_address_is_taken_out_of_a_mailbox(mailbox: str, address: str) -> None:
    assert address_of(mailbox) == address


def test_header_section_ends_at_the_first_blank_line() -> None:
    assert header_end(b"A: b\r\n\r\nC: d\r\n\r\n") == 8
    assert header_end(b"\r\nno header") == 2
    assert header_end(b"A: b\r\n") == 6


@given(st.binary(max_size=300), st.text(max_size=100))
def test_no_mail_breaks_the_reading(head: bytes, value: str) -> None:
    for field in split_fields(b"Subject: " + head):
        decode_words(field.value)
    decode_words(f"=?{value}?b?{value}?= =?utf-8?q?{value}?=")
    split_addresses(value)
    address_of(value)
