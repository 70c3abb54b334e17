"""The content of DATA against a plain reading of RFC 5321, whatever the pieces it comes in."""

from __future__ import annotations

import itertools
import re

from hypothesis import given
from hypothesis import strategies as st

from kamome.mail.mail_data import Fault, MailData

OCTETS = st.lists(
    st.sampled_from([b"\r\n", b"\r\n.", b".", b"\r", b"\n", b"a", b"\x00", b"\xff", b"b" * 40])
).map(b"".join)
LINES = st.lists(st.sampled_from([b"", b".", b"..", b".a", b"a.", b"text", b"\xe3\x81"]))
CUTS = st.lists(st.integers(0, 400), max_size=12)


def plainly(data: bytes) -> tuple[bytes | None, bytes]:
    """The mail (None: refused) and what follows it, line by line as the RFC tells it."""
    found = re.search(rb"(?:^|\r\n)\.\r\n", data)
    assert found is not None
    end = found.end() - 3
    mail, rest = data[:end], data[found.end() :]
    lines = mail.split(b"\r\n")
    if any(b"\r" in line or b"\n" in line for line in lines):
        return None, rest
    return b"\r\n".join(line[1:] if line[:1] == b"." else line for line in lines), rest


def in_pieces(data: bytes, cuts: list[int]) -> tuple[MailData, bytes]:
    scanner = MailData(10_000_000)
    bounds = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    mail, rest = b"", b""
    for start, end in itertools.pairwise(bounds):
        if scanner.is_complete:
            rest += data[start:end]
        else:
            mail += scanner.feed(data[start:end])
    scanner.rest += rest
    return scanner, mail


@given(OCTETS, OCTETS, CUTS)
def test_any_octets_in_any_pieces_read_as_the_rfc_tells(
    data: bytes, following: bytes, cuts: list[int]
) -> None:
    sent = data + b"\r\n.\r\n" + following
    expected, rest = plainly(sent)

    scanner, mail = in_pieces(sent, cuts)

    assert scanner.is_complete
    assert scanner.rest == rest
    if expected is None:
        assert scanner.fault is Fault.BARE_LINE_END
    else:
        assert scanner.fault is None
        assert mail == expected
        assert scanner.size == len(expected)


@given(LINES, CUTS)
def test_what_a_sender_stuffs_comes_out_as_it_was(lines: list[bytes], cuts: list[int]) -> None:
    mail = b"".join(line + b"\r\n" for line in lines)
    stuffed = re.sub(rb"(?m)^\.", b"..", mail) + b".\r\n"

    assert in_pieces(stuffed, cuts)[1] == mail


def test_memory_held_is_one_line_whatever_is_sent() -> None:
    scanner = MailData(10_000_000)

    for _ in range(100):
        scanner.feed(b"x" * 10_000)

    assert scanner.fault is Fault.LINE_TOO_LONG
    assert len(scanner._line) <= 1
    assert scanner.size == 1_000_000


def test_only_the_first_fault_is_told() -> None:
    scanner = MailData(10)

    scanner.feed(b"a\nb\r\n" + b"x" * 100 + b"\r\n.\r\n")

    assert scanner.fault is Fault.BARE_LINE_END
