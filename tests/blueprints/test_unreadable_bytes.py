"""Whatever bytes come in a mail, the parser reads something of them and does not fall over."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kamome.cli.blueprint import load_modules

BLUEPRINT = Path(__file__).resolve().parents[2] / "blueprints" / "inbound-mail"
PARSER, CHARSETS, ORDERS = load_modules(
    BLUEPRINT / "functions" / "store_mail", "mail_parser", "charsets", "orders"
)
LABELS = [
    "",
    "utf-8",
    "iso-2022-jp",
    "shift_jis",
    "euc-jp",
    "iso-8859-1",
    "iso-8859-99",
    "nonsense",
    "idna",
    "hex",
    "undefined",
    "utf-7",
    "a\0b",
    "latin-\0",
    "\udc80",
    "x" * 3_000,
]
PIECES = [
    b"Content-Type: multipart/mixed; boundary=x\r\n",
    b"Content-Type: message/rfc822\r\n",
    b"Content-Type: image/\xf2\r\n",
    b"Content-Type: message/delivery-status\r\n",
    b"Content-Type: text/plain; charset=",
    b"Content-Type: text/plain; charset=\x82\xa0\r\n\r\n\x82\xa0\r\n",
    b"Content-Type: text/plain; charset*=a'b'%ff\r\n",
    b"Content-Transfer-Encoding: base64\r\n",
    b"Content-Transfer-Encoding: quoted-printable\r\n",
    b"Content-Transfer-Encoding: uuencode\r\n",
    b"Content-Disposition: attachment; filename*0*=utf-8''%E3; filename*1=x\r\n",
    b"Subject: =?iso-2022-jp?b?GyRC?= =?x?q?=zz?=\r\n",
    b"From: \x82\xa0 <a@b>, :;\r\n",
    b"Action: failed\r\nFinal-Recipient: x\r\n",
    b"--x\r\n",
    b"--x--\r\n",
    b"\r\n",
    b"\x1b$B!\r\n",
]


@given(st.binary(max_size=60), st.sampled_from(LABELS))
def test_any_bytes_under_any_label_are_text(raw: bytes, label: str) -> None:
    CHARSETS.decode_text(raw, label).encode("utf-8")


@example([b"Content-Type: message/rfc822\r\n\r\n", PIECES[0], b"\r\n\xff"])
@example([PIECES[0], b"\r\n\xff" * 60, b"--y\x1d\r\nContent-Type: text/plain\r\n"])
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=20)), max_size=12))
def test_any_mail_is_parsed_into_text_that_can_be_stored(pieces: list[bytes]) -> None:
    try:
        mail = PARSER.parse_mail(b"".join(pieces))
    except ORDERS.OrderUnreadable:
        return

    texts = [mail.subject, mail.sender, mail.message_id, mail.order_id, mail.text]
    texts += [text for each in mail.attachments for text in (each.name, each.content_type)]
    texts += mail.failed_recipients
    "".join(texts).encode("utf-8")


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        pytest.param("受注一覧", "cp932", id="kanji alone in Shift_JIS"),
        pytest.param("注文一覧", "euc_jp", id="kanji alone in EUC-JP"),
        pytest.param("ﾎﾟﾃﾄとお茶", "cp932", id="half-width kana among others"),
        pytest.param("ひらがな", "utf-8", id="UTF-8"),
    ],
)
def test_text_without_a_label_is_read_by_its_bytes(text: str, codec: str) -> None:
    assert CHARSETS.decode_text(text.encode(codec)) == text


@pytest.mark.parametrize("text", ["déjà reçu à Noël", "Grüße aus Köln", "façade"])
def test_latin_text_is_not_taken_for_japanese(text: str) -> None:
    assert CHARSETS.decode_text(text.encode("latin-1"), "iso-8859-1") == text


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("合計: 1,000円", "the total says 1000 yen", id="total too small"),
        pytest.param("合計: 別途ご連絡", "no amount in the line", id="total is no amount"),
    ],
)
def test_order_that_contradicts_itself_is_refused(line: str, expected: str) -> None:
    notice = f"注文番号: A-100-1\nお茶  900円 × 2 = 1,800円\n{line}\n"

    with pytest.raises(ORDERS.OrderUnreadable, match=expected):
        ORDERS.parse_order(notice)


def test_item_whose_amount_is_not_its_price_times_its_quantity_is_refused() -> None:
    notice = "注文番号: A-100-1\nお茶  900円 × 2 = 1,700円\n合計: 1,700円\n"

    with pytest.raises(ORDERS.OrderUnreadable, match="2 x 900 yen"):
        ORDERS.parse_order(notice)
