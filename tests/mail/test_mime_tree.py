"""The structure of mails: those of the RFCs, those of real senders, and those made to hurt."""

from __future__ import annotations

import base64
import time
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamome.mail.mime_tree import (
    DEPTH_MAX,
    PARTS_MAX,
    Part,
    attachments,
    content,
    read_tree,
    text,
    text_part,
    walk,
)


def outline(part: Part) -> object:
    """Types and numbers, nested as the mail is."""
    name = f"{part.number} {part.content_type}".strip()
    return {name: [outline(each) for each in part.parts]} if part.parts else name


def built() -> bytes:
    mail = EmailMessage(SMTP)
    mail["Subject"] = "Hello"
    mail.set_content("text äöü\n")
    mail.add_alternative("<p>text äöü</p>\n", subtype="html")
    mail.add_attachment(b"\x00\x01binary", maintype="image", subtype="png", filename="a b.png")
    mail.add_attachment("x,y\n", subtype="csv", filename="表.csv")
    return mail.as_bytes()


def test_a_mail_with_alternatives_and_attachments_is_taken_apart() -> None:
    raw = built()

    tree = read_tree(raw)

    assert outline(tree) == {
        "multipart/mixed": [
            {"1 multipart/alternative": ["1.1 text/plain", "1.2 text/html"]},
            "2 image/png",
            "3 text/csv",
        ]
    }
    assert [part.filename for part in attachments(tree)] == ["a b.png", "表.csv"]
    assert content(raw, attachments(tree)[0]) == b"\x00\x01binary"
    plain, html = text_part(tree, "text/plain"), text_part(tree, "text/html")
    assert plain is not None
    assert html is not None
    assert text(raw, plain) == "text äöü\n"
    assert text(raw, html) == "<p>text äöü</p>\n"


def test_a_mail_without_mime_is_text() -> None:
    raw = b"Subject: hi\r\n\r\nhello\r\n"

    tree = read_tree(raw)

    assert (tree.content_type, text(raw, tree)) == ("text/plain", "hello\n")
    assert attachments(tree) == []


def test_a_forwarded_mail_is_one_attachment_and_is_shown_inside() -> None:
    inner = EmailMessage(SMTP)
    inner["Subject"] = "inner"
    inner.set_content("inside\n")
    outer = EmailMessage(SMTP)
    outer.set_content("see below\n")
    outer.add_attachment(inner)

    tree = read_tree(outer.as_bytes())

    assert outline(tree) == {
        "multipart/mixed": ["1 text/plain", {"2 message/rfc822": ["2.1 text/plain"]}]
    }
    assert [part.number for part in attachments(tree)] == ["2"]


def parts_of(kind: str, body: bytes) -> Part:
    head = f"Content-Type: {kind}\r\n\r\n".encode()
    return read_tree(head + body)


@pytest.mark.parametrize(
    ("body", "bodies"),
    [
        (b"--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--\r\nepilogue", [b"one", b"two"]),
        (b"preamble\r\n--b\r\n\r\none\r\n--b--", [b"one"]),
        (b"--b\r\n\r\none\r\n--b\r\n\r\nno end\r\n", [b"one", b"no end\r\n"]),
        (b"--b  \t\r\n\r\none\r\n--b--  \r\n", [b"one"]),
        (b"--b\r\n\r\na --b in a line\r\n--bb\r\n--b-\r\n--b--\r\n", None),
        (b"--b\r\n--b\r\n\r\n\r\n--b--", [b"", b""]),
        (b"--b--\r\n--b\r\n\r\nafter the end\r\n", []),
        (b"nothing at all", []),
    ],
    ids=["two", "preamble", "no last", "white space", "look-alikes", "empty", "ended", "none"],
)
def test_only_delimiter_lines_divide(body: bytes, bodies: list[bytes] | None) -> None:
    raw = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + body

    tree = read_tree(raw)

    expected = [b"a --b in a line\r\n--bb\r\n--b-"] if bodies is None else bodies
    assert [content(raw, part) for part in tree.parts] == expected


@pytest.mark.parametrize(
    ("header", "filename"),
    [
        ('attachment; filename="a.txt"', "a.txt"),
        ("attachment; filename*=UTF-8''%E8%A1%A8.csv", "表.csv"),
        ("attachment; filename*0=ab; filename*1=cd.txt", "abcd.txt"),
        ('attachment; filename="=?utf-8?B?6KGo?=.csv"', "表.csv"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="C:\\\\Users\\\\x.exe"', "x.exe"),
        ('attachment; filename="a\x1b[2J\x07.txt"', "a_[2J_.txt"),
        ('attachment; filename="photo\u202egpj.exe"', "photo_gpj.exe"),
        ('attachment; filename=".."', ""),
        ('attachment; filename="' + "x" * 5000 + '"', "x" * 255),
        ("attachment; filename*=undefined''%41", None),
        ("attachment; filename*9999999999999999999999=a", None),
        ("attachment; filename*0*=hex''41; filename*1*=%zz", None),
    ],
)
def test_filenames_are_safe(header: str, filename: str | None) -> None:
    raw = f"Content-Disposition: {header}\r\n\r\n".encode()

    found = read_tree(raw).filename

    assert len(found) <= 255
    assert "/" not in found
    if filename is not None:
        assert found == filename


@pytest.mark.parametrize(
    ("encoding", "body", "decoded"),
    [
        ("base64", b"aGVs\r\nbG8=\r\n", b"hello"),
        ("BASE64", b"aGVsbG8", b"hello"),
        ("base64", b"aGVsbG8hI", b"hello!"),
        ("base64", b"!!aGVs bG8=", b"hello"),
        ("quoted-printable", b"a=20b=\r\nc=zz", b"a bc=zz"),
        ("8bit", b"\xff\xfe", b"\xff\xfe"),
        ("x-unknown", b"as it is", b"as it is"),
    ],
)
def test_transfer_encodings_are_undone(encoding: str, body: bytes, decoded: bytes) -> None:
    raw = b"Content-Transfer-Encoding: " + encoding.encode() + b"\r\n\r\n" + body

    assert content(raw, read_tree(raw)) == decoded


@pytest.mark.parametrize(
    "encoding", ["quoted-printable (of all)", "Quoted-Printable;", " quoted-printable ; x=y"]
)
def test_what_stands_behind_an_encoding_is_no_part_of_it(encoding: str) -> None:
    raw = f"Content-Transfer-Encoding:{encoding}\r\n\r\na=\r\nb=3D\r\n".encode()

    assert content(raw, read_tree(raw)) == b"ab=\r\n"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Grüße".encode(), "Grüße"),
        ("à Jürgen".encode("cp1252"), "à Jürgen"),
        ("ご注文".encode("shift_jis"), "ご注文"),
        ("é ".encode("cp1252") * 5_000, "é " * 5_000),
    ],
    ids=["UTF-8", "Latin-1", "Shift_JIS", "long"],
)
def test_text_of_no_charset_is_what_its_octets_look_like(body: bytes, expected: str) -> None:
    raw = b"Content-Type: text/html\r\n\r\n" + body

    assert text(raw, read_tree(raw)) == expected


@pytest.mark.parametrize(
    ("charset", "body", "expected"),
    [
        ("iso-8859-1", b"caf\xe9", "café"),
        ("shift_jis", "表".encode("cp932"), "表"),
        ("no-such", b"plain", "plain"),
        ("utf-8", b"\xff", "�"),
        ("punycode", b"plain", "plain"),
        ("undefined", b"plain", "plain"),
        ("unicode_escape", b"\\x41", "\\x41"),
        ("rot13", b"plain", "plain"),
        ("zlib", b"plain", "plain"),
    ],
)
def test_charsets_are_decoded_and_codecs_are_no_charsets(
    charset: str, body: bytes, expected: str
) -> None:
    raw = f"Content-Type: text/plain; charset={charset}\r\n\r\n".encode() + body

    assert text(raw, read_tree(raw)) == expected


# ---------------------------------------------------------------------- mails made to hurt


def nested(levels: int) -> bytes:
    head = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level)
        for level in range(levels)
    )
    return head + b"Content-Type: text/plain\r\n\r\ndeep\r\n"


def test_a_mail_nested_without_end_is_read_to_a_depth() -> None:
    tree = read_tree(nested(10_000))

    parts = list(walk(tree))
    assert len(parts) == DEPTH_MAX + 1
    assert parts[-1].note == f"more than {DEPTH_MAX} levels"


def test_mails_within_mails_count_as_levels() -> None:
    tree = read_tree(b"Content-Type: message/rfc822\r\n\r\n" * 5_000)

    assert len(list(walk(tree))) == DEPTH_MAX + 1


def test_a_mail_of_very_many_parts_is_read_to_a_number() -> None:
    raw = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 100_000

    tree = read_tree(raw)

    assert len(list(walk(tree))) == PARTS_MAX
    assert tree.note == f"more than {PARTS_MAX} parts"


def test_headers_without_end_are_bounded() -> None:
    part = b"--b\r\n" + b"X-A: b\r\n" * 8_000 + b"\r\nbody\r\n"
    raw = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + part * 100

    tree = read_tree(raw)

    assert sum(len(each.fields) for each in walk(tree)) <= 1024 * 1024 / 8 + 1_000
    assert len(tree.parts) == 100


@pytest.mark.parametrize(
    "raw",
    [
        b"Content-Type: multipart/mixed; boundary=" + b"x" * 1_000_000 + b"\r\n\r\n",
        b"Content-Type: text/plain" + b'; a="' * 100_000 + b"\r\n\r\n",
        b"Content-Type: multipart/mixed; boundary=-\r\n\r\n" + b"-" * 5_000_000,
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--bx" * 1_000_000,
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"\r\n--b-\r\n" * 500_000,
        b"Subject: =?utf-8?B?" + b"=?" * 500_000 + b"\r\n\r\n",
        nested(19) + (b"\r\n--b0x" * 100_000),
    ],
    ids=[
        "boundary",
        "quotes",
        "dashes",
        "look-alikes",
        "near delimiters",
        "words",
        "deep and long",
    ],
)
def test_what_is_made_to_be_slow_is_read_in_time(raw: bytes) -> None:
    began = time.thread_time()

    read_tree(raw)

    # Some 0.1 s of processor time here; what is quadratic would take minutes.
    assert time.thread_time() - began < 5


@given(st.binary(max_size=400))
def test_any_bytes_are_read(raw: bytes) -> None:
    tree = read_tree(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + raw)

    for part in walk(tree):
        assert 0 <= part.start <= part.end <= len(raw) + 100
        text(raw, part)


_PIECES = st.sampled_from(
    [
        *(b"--b\r\n", b"--b--\r\n", b"\r\n", b"--c\r\n", b"x\r\n", b"--b", b"\r"),
        b"Content-Type: multipart/mixed; boundary=c\r\n",
        b"Content-Type: message/rfc822\r\n",
    ]
)


@given(st.lists(_PIECES, max_size=40))
def test_any_mixture_of_delimiters_is_read(pieces: list[bytes]) -> None:
    raw = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"".join(pieces)

    tree = read_tree(raw)

    for part in walk(tree):
        for each in part.parts:
            assert part.start <= each.start <= each.end <= part.end


def test_base64_of_any_length_round_trips() -> None:
    for size in range(20):
        body = base64.encodebytes(bytes(range(size))).replace(b"\n", b"\r\n")
        raw = b"Content-Transfer-Encoding: base64\r\n\r\n" + body
        assert content(raw, read_tree(raw)) == bytes(range(size))
