"""A mail on the wire: dots doubled, whatever its size, and read back by our own reading of DATA."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamome.mail import smtp_client
from kamome.mail.mail_data import MailData
from kamome.mail.outgoing import LineEnds, MailUnfit
from kamome.mail.smtp_client import stuffed

_LINES = st.lists(st.sampled_from([b"", b".", b"..", b"a", b".a", b"x" * 30, b"a.b"]), max_size=30)


@given(_LINES, st.booleans(), st.integers(1, 40))
def test_content_is_read_back_as_it_was(
    lines: list[bytes], is_ended: bool, piece_bytes: int
) -> None:
    content = b"\r\n".join(lines) + (b"\r\n" if is_ended else b"")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(smtp_client, "_PIECE_BYTES", piece_bytes)
        wire = list(stuffed(content))

    data = MailData(1_000_000)
    read = data.feed(b"".join(wire))

    assert data.is_complete
    assert data.fault is None
    assert data.rest == b""
    expected = content if not content or content.endswith(b"\r\n") else content + b"\r\n"
    assert read == expected
    assert max(map(len, wire)) <= 2 * piece_bytes + 5


def test_long_content_goes_in_bounded_pieces() -> None:
    content = b"." * 300_000 + b"\r\n." + b"y" * 300_000 + b"\r\n"

    wire = list(stuffed(content))

    assert b"".join(wire) == b"." + b"." * 300_000 + b"\r\n.." + b"y" * 300_000 + b"\r\n.\r\n"
    assert max(map(len, wire)) < 140_000


@given(st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"a", b""]), max_size=12))
def test_bare_line_ends_are_found_wherever_pieces_are_cut(pieces: list[bytes]) -> None:
    content = b"".join(pieces)
    line_ends = LineEnds()
    for piece in pieces:
        line_ends.feed(piece)

    has_bare = b"\r" in content.replace(b"\r\n", b"") or b"\n" in content.replace(b"\r\n", b"")
    if has_bare:
        with pytest.raises(MailUnfit):
            line_ends.check()
    else:
        line_ends.check()
