"""Makes the mails whose bytes no editor should touch: old Japanese charsets, binary parts, size.

    python make_mails.py            writes mails/*.eml again (they are committed)
    python make_mails.py --check    fails when a committed file differs

The same bytes come out every time. The mail with the 10 MB attachment is made when it is needed
(`made_mail`) and never committed. The mails that an editor can write are files of their own.
"""

import argparse
import base64
import functools
import hashlib
import struct
import sys
import textwrap
import zlib
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote_from_bytes

MAILS = Path(__file__).resolve().parent / "mails"
IMAGE_SIDE = 1_872  # three bytes a pixel: 10.5 MB, a little more than 10 MiB


def lines(*parts: str | bytes) -> bytes:
    """The parts as lines that end in CRLF."""
    encoded = (part.encode("ascii") if isinstance(part, str) else part for part in parts)
    return b"".join(part + b"\r\n" for part in encoded)


def text_lines(text: str, charset: str) -> bytes:
    """A text in a charset, its lines ending in CRLF."""
    return textwrap.dedent(text).strip("\n").replace("\n", "\r\n").encode(charset) + b"\r\n"


def base64_lines(content: bytes) -> bytes:
    """Base64 in lines of 76 characters."""
    return base64.encodebytes(content).replace(b"\n", b"\r\n")


def encoded_word(text: str, charset: str, codec: str = "") -> str:
    """One RFC 2047 word in base64."""
    return f"=?{charset}?B?{base64.b64encode(text.encode(codec or charset)).decode()}?="


def png(side: int, colour: tuple[int, int, int]) -> bytes:
    """A square of one colour as a PNG image."""

    def chunk(name: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + content))
        return struct.pack(">I", len(content)) + name + content + check

    rows = (b"\0" + bytes(colour) * side) * side
    # Stored, not compressed: zlib's output may differ from one version to the next.
    stored = zlib.compress(rows, 0)
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + chunk(b"IHDR", header) + chunk(b"IDAT", stored) + chunk(b"IEND", b"")


def order_iso_2022_jp() -> bytes:
    """The classic: 7-bit ISO-2022-JP in subject and body."""
    body = """
        いつもお世話になっております。

        受注番号: RK-20251007-31415

        あずき最中 ６個入  １,２００円 × ２ = ２,４００円
        煎茶 100g  ８５０円 × １ = ８５０円
        送料: ５００円
        合計: ３,７５０円
    """
    return lines(
        "Date: Tue, 07 Oct 2025 09:30:00 +0900",
        f"From: {encoded_word('受注センター', 'ISO-2022-JP')} <juchu@rakkyo-mall.example.com>",
        "To: ne-002@orders.example.com",
        "Message-ID: <31415.20251007@rakkyo-mall.example.com>",
        f"Subject: {encoded_word('【受注】新しいご注文', 'ISO-2022-JP')}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=ISO-2022-JP",
        "Content-Transfer-Encoding: 7bit",
        "",
    ) + text_lines(body, "iso2022_jp")


def jis_of_windows(text: str) -> bytes:
    """ISO-2022-JP as Windows mailers write it, with the characters that only Windows has."""
    coded, two_bytes = bytearray(), False
    for character in text:
        raw = character.encode("cp932")
        if (len(raw) == 2) != two_bytes:
            two_bytes = not two_bytes
            coded += b"\x1b$B" if two_bytes else b"\x1b(B"
        coded += shift_jis_to_jis(raw) if two_bytes else raw
    return bytes(coded + (b"\x1b(B" if two_bytes else b""))


def shift_jis_to_jis(raw: bytes) -> bytes:
    """Where JIS X 0208 has the two-byte character that Shift_JIS has here."""
    lead, trail = raw
    row = (lead - (0x81 if lead < 0xA0 else 0xC1)) * 2 + 0x21
    if trail >= 0x9F:
        return bytes((row + 1, trail - 0x7E))
    return bytes((row, trail - (0x1F if trail < 0x7F else 0x20)))


def order_iso_2022_jp_of_windows() -> bytes:
    """Windows characters in ISO-2022-JP, and a subject cut in the middle of a character."""
    subject = jis_of_windows("㈱港町商会：ご注文№７７のお知らせ①")
    cut = 18  # an odd number of bytes after the escape sequence
    words = [base64.b64encode(part).decode() for part in (subject[:cut], subject[cut:])]
    body = "\r\n".join(
        (
            "㈱港町商会です。",
            "",
            "ご注文番号：MN-000077",
            "①のり佃煮  640円 × 5 = 3,200円",
            "②かつお節  1,080円 × 1 = 1,080円",
            "値引き：-280円",
            "合計：4,000円",
            "",
        )
    )
    return lines(
        "Date: Tue, 07 Oct 2025 09:31:00 +0900",
        "From: order@minato.example.net",
        "To: ne-003@orders.example.com",
        "Message-ID: <000077@minato.example.net>",
        f"Subject: =?ISO-2022-JP?B?{words[0]}?=",
        f" =?ISO-2022-JP?B?{words[1]}?=",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=iso-2022-jp",
        "",
    ) + jis_of_windows(body)


def order_utf_8_base64() -> bytes:
    """UTF-8 in base64, subject folded over several words."""
    body = """
        【かもめ商店】ご注文の確認

        ご注文番号：KM-20251007-0002

        有田焼 湯呑み（藍）  3,300円 × 1 = 3,300円
        手ぬぐい「鴎」  1,320円 × 2 = 2,640円
        送料：無料
        合計金額：5,940円（税込）
    """
    words = [
        encoded_word(part, "utf-8") for part in ("【かもめ商店】ご注文の確認", "（湯呑みほか1点）")
    ]
    return lines(
        "Date: Tue, 07 Oct 2025 09:32:00 +0900",
        f"From: {encoded_word('かもめ商店', 'utf-8')} <order@kamome-shop.example.com>",
        "To: ne-001@orders.example.com",
        "Message-ID: <20251007093200.10002@kamome-shop.example.com>",
        f"Subject: {words[0]}",
        f" {words[1]}",
        "MIME-Version: 1.0",
        'Content-Type: text/plain; charset="utf-8"',
        "Content-Transfer-Encoding: base64",
        "",
    ) + base64_lines(text_lines(body, "utf-8"))


SHIFT_JIS_ORDER = """
    ご注文がありました。

    受注番号: SJ-{number}
    ソースせんべい  432円 × 3 = 1,296円
    ﾎﾟﾃﾄﾁｯﾌﾟｽ  160円 × 4 = 640円
    合計: 1,936円
"""


def order_shift_jis_labelled_utf_8() -> bytes:
    """Shift_JIS that says it is UTF-8, in the body and in the subject."""
    return lines(
        "Date: Tue, 07 Oct 2025 09:33:00 +0900",
        "From: cart@sembei.example.net",
        "To: ne-004@orders.example.com",
        "Message-ID: <sj-20001@sembei.example.net>",
        f"Subject: {encoded_word('ソースせんべいのご注文', 'UTF-8', 'cp932')}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=UTF-8",
        "Content-Transfer-Encoding: 8bit",
        "",
    ) + text_lines(SHIFT_JIS_ORDER.format(number="20001"), "cp932")


def order_shift_jis_labelled_latin_1() -> bytes:
    """Shift_JIS that says it is ISO-8859-1, which any bytes are."""
    return lines(
        "Date: Tue, 07 Oct 2025 09:34:00 +0900",
        "From: cart@sembei.example.net",
        "To: ne-004@orders.example.com",
        "Message-ID: <sj-20002@sembei.example.net>",
        "Subject: SJ-20002",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=ISO-8859-1",
        "Content-Transfer-Encoding: 8bit",
        "",
    ) + text_lines(SHIFT_JIS_ORDER.format(number="20002"), "cp932")


def order_euc_jp() -> bytes:
    """EUC-JP, 8 bits, as shops on old Unix servers send it."""
    body = """
        注文を受け付けました。

        オーダー番号: EU-555-001
        文庫本カバー  780円 × 1 = 780円
        しおり  120円 × 5 = 600円
        お支払い金額: 1,380円
    """
    return lines(
        "Date: Tue, 07 Oct 2025 09:35:00 +0900",
        f"From: {encoded_word('古書店みどり', 'EUC-JP')} <order@midori-books.example.org>",
        "To: ne-005@orders.example.com",
        "Message-ID: <eu555001@midori-books.example.org>",
        f"Subject: {encoded_word('ご注文ありがとうございます', 'EUC-JP')}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=EUC-JP",
        "Content-Transfer-Encoding: 8bit",
        "",
    ) + text_lines(body, "euc_jp")


def bare_8_bit() -> bytes:
    """Shift_JIS everywhere, and nothing that says so: no MIME header, no encoded words."""
    body = """
        注文番号: BB-1001-7
        だるま（小）  1,500円 × 1 = 1,500円
        合計: 1,500円
    """
    return lines(
        "Date: Tue, 07 Oct 2025 09:36:00 +0900",
        b"From: " + "だるま堂".encode("cp932") + b" <web@daruma.example.net>",
        "To: ne-003@orders.example.com",
        "Message-ID: <bb1001-7@daruma.example.net>",
        b"Subject: " + "ご注文のお知らせ（表示テスト）".encode("cp932"),
        "",
    ) + text_lines(body, "cp932")


def utf_8_headers() -> bytes:
    """UTF-8 in the header as RFC 6532 allows it; sent with SMTPUTF8."""
    return lines(
        "Date: Tue, 07 Oct 2025 09:37:00 +0900",
        "From: 港のカフェ <cafe@harbour.example.net>".encode(),
        "To: ne-002@orders.example.com",
        "Message-ID: <u8-1@harbour.example.net>",
        "Subject: 来週の配達について ☕".encode(),
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        "",
    ) + text_lines("火曜日は休みです。", "utf-8")


def html_inline_images() -> bytes:
    """HTML with two images inside, which it shows by their Content-ID; the order is in the HTML."""
    html = """
        <html><head><title>注文</title><style>b { color: #036 }</style></head><body>
        <img src="cid:logo@kamome-shop.example.com" alt="かもめ商店">
        <p>ご注文番号：<b>KM-20251007-0003</b></p>
        <table>
        <tr><td>風鈴&nbsp;<img src="cid:bell@kamome-shop.example.com"></td>
        <td>2,750円</td><td>× 1</td><td>= 2,750円</td></tr>
        </table>
        <p>送料：770円</p><p>合計：3,520円</p>
        </body></html>
    """
    mail = lines(
        "Date: Tue, 07 Oct 2025 09:38:00 +0900",
        "From: order@kamome-shop.example.com",
        "To: ne-001@orders.example.com",
        "Message-ID: <20251007093800.10003@kamome-shop.example.com>",
        f"Subject: {encoded_word('風鈴のご注文', 'utf-8')}",
        "MIME-Version: 1.0",
        'Content-Type: multipart/related; type="text/html"; boundary="related-1"',
        "",
        "--related-1",
        "Content-Type: text/html; charset=utf-8",
        "Content-Transfer-Encoding: base64",
        "",
    ) + base64_lines(text_lines(html, "utf-8"))
    for name, colour in (("logo", (0, 51, 102)), ("bell", (200, 30, 30))):
        mail += lines(
            "--related-1",
            f'Content-Type: image/png; name="{name}.png"',
            "Content-Transfer-Encoding: base64",
            f"Content-ID: <{name}@kamome-shop.example.com>",
            "Content-Disposition: inline",
            "",
        ) + base64_lines(png(8, colour))
    return mail + lines("--related-1--")


def rfc_2231_file_names() -> bytes:
    """File names in RFC 2231: one in many pieces (the last is plain), one in Shift_JIS."""
    first = quote_from_bytes("納品書と請求書（二〇二五年十月分）".encode(), safe="")
    pieces = textwrap.wrap(first, 60)
    parameters = [f" filename*{index}*=" + piece for index, piece in enumerate(pieces)]
    parameters[0] = parameters[0].replace("=", "=utf-8'ja'", 1)
    second = quote_from_bytes("在庫".encode("cp932"), safe="")
    return (
        lines(
            "Date: Tue, 07 Oct 2025 09:39:00 +0900",
            "From: accounts@parcel.example.net",
            "To: ne-004@orders.example.com",
            "Message-ID: <2231-1@parcel.example.net>",
            "Subject: Two files with long names",
            "MIME-Version: 1.0",
            "Content-Type: multipart/mixed; boundary=two-files",
            "",
            "--two-files",
            "Content-Type: application/pdf",
            "Content-Transfer-Encoding: base64",
            "Content-Disposition: attachment;",
            *(parameter + ";" for parameter in parameters),
            f" filename*{len(pieces)}=.pdf",
            "",
            "JVBERi0xLjQKJSVFT0YK",
            "--two-files",
            "Content-Type: text/csv; charset=shift_jis",
            "Content-Transfer-Encoding: base64",
            f"Content-Disposition: attachment; filename*=Shift_JIS''{second}.csv",
            "",
        )
        + base64_lines("品名,数\r\n茶,3\r\n".encode("cp932"))
        + lines("--two-files--")
    )


def rfc_2047_file_names() -> bytes:
    """File names in encoded words, which RFC 2047 forbids there and everyone sends, mixed."""
    words = [
        encoded_word("見積書", "ISO-2022-JP"),
        encoded_word("（改）", "UTF-8"),
        "=?US-ASCII?Q?_v2=2Exlsx?=",
    ]
    return lines(
        "Date: Tue, 07 Oct 2025 09:40:00 +0900",
        "From: sales@minato.example.net",
        "To: ne-003@orders.example.com",
        "Message-ID: <2047-1@minato.example.net>",
        f"Subject: {encoded_word('見積書', 'ISO-2022-JP')} rev. 2 =?UTF-8?Q?=E2=9C=93?=",
        "MIME-Version: 1.0",
        'Content-Type: multipart/mixed; boundary="=_2047"',
        "",
        "--=_2047",
        "Content-Type: text/plain; charset=ISO-2022-JP",
        "",
        "見積書を送ります。".encode("iso2022_jp"),
        "--=_2047",
        "Content-Type: application/vnd.openxmlformats-officedocument.spreadsheetml.sheet;",
        f' name="{words[0]}',
        f"  {words[1]}",
        f'  {words[2]}"',
        "Content-Transfer-Encoding: base64",
        f'Content-Disposition: attachment; filename="{words[0]}',
        f"  {words[1]}",
        f'  {words[2]}"',
        "",
        "UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==",
        "--=_2047--",
    )


def csv_attachment() -> bytes:
    """A CSV of Excel: Shift_JIS, declared 8bit, its name in bare bytes."""
    table = "受注番号,品名,数量\r\nCS-1,最中,2\r\nCS-2,煎茶,1\r\n".encode("cp932")
    return (
        lines(
            "Date: Tue, 07 Oct 2025 09:41:00 +0900",
            "From: export@rakkyo-mall.example.com",
            "To: ne-002@orders.example.com",
            "Message-ID: <export-20251007@rakkyo-mall.example.com>",
            "Subject: =?UTF-8?Q?=E6=97=A5=E6=AC=A1=E3=83=87=E3=83=BC=E3=82=BF?= 2025-10-07",
            "MIME-Version: 1.0",
            "Content-Type: multipart/mixed; boundary=csv-part",
            "",
            "--csv-part",
            "Content-Type: text/plain",
            "",
            "Daily export, see the attachment.",
            "--csv-part",
            "Content-Type: text/csv; charset=Windows-31J",
            b'Content-Disposition: attachment; filename="'
            + "受注".encode("cp932")
            + b'_20251007.csv"',
            "Content-Transfer-Encoding: 8bit",
            "",
        )
        + table
        + lines("--csv-part--")
    )


def attachment_10_mb() -> bytes:
    """A BMP image of 10.5 MB whose pixels are noise, so that nothing on the way can shrink it."""
    pixels = hashlib.shake_256(b"seagulls").digest(IMAGE_SIDE * IMAGE_SIDE * 3)
    header = struct.pack("<2sIHHI", b"BM", 54 + len(pixels), 0, 0, 54)
    header += struct.pack("<IiiHHIIiiII", 40, IMAGE_SIDE, IMAGE_SIDE, 1, 24, 0, 0, 0, 0, 0, 0)
    return (
        lines(
            "Date: Tue, 07 Oct 2025 09:42:00 +0900",
            "From: photo@studio.example.org",
            "To: ne-005@orders.example.com",
            "Message-ID: <photo-1@studio.example.org>",
            "Subject: The product photo in full size",
            "MIME-Version: 1.0",
            'Content-Type: multipart/mixed; boundary="photo-part"',
            "",
            "--photo-part",
            "Content-Type: text/plain; charset=us-ascii",
            "",
            "It is 10 MB; I hope your server takes it.",
            "--photo-part",
            'Content-Type: image/bmp; name="gulls.bmp"',
            'Content-Disposition: attachment; filename="gulls.bmp"',
            "Content-Transfer-Encoding: base64",
            "",
        )
        + base64_lines(header + pixels)
        + lines("--photo-part--")
    )


COMMITTED: dict[str, Callable[[], bytes]] = {
    "order-iso-2022-jp": order_iso_2022_jp,
    "order-iso-2022-jp-of-windows": order_iso_2022_jp_of_windows,
    "order-utf-8-base64": order_utf_8_base64,
    "order-shift-jis-labelled-utf-8": order_shift_jis_labelled_utf_8,
    "order-shift-jis-labelled-latin-1": order_shift_jis_labelled_latin_1,
    "order-euc-jp": order_euc_jp,
    "bare-8-bit": bare_8_bit,
    "utf-8-headers": utf_8_headers,
    "html-inline-images": html_inline_images,
    "rfc-2231-file-names": rfc_2231_file_names,
    "rfc-2047-file-names": rfc_2047_file_names,
    "csv-attachment": csv_attachment,
}
MADE_WHEN_NEEDED: dict[str, Callable[[], bytes]] = {"attachment-10-mb": attachment_10_mb}


@functools.cache
def made_mail(name: str) -> bytes:
    """A mail that is not committed."""
    return MADE_WHEN_NEEDED[name]()


def main() -> None:
    """Write the committed mails again, or compare them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    check = parser.parse_args().check
    differing = []
    for name, make in COMMITTED.items():
        path, mail = MAILS / f"{name}.eml", make()
        if not path.exists() or path.read_bytes() != mail:
            differing.append(name)
            if not check:
                path.write_bytes(mail)
    print(f"{len(differing)} of {len(COMMITTED)} differed: {', '.join(differing) or 'none'}")
    sys.exit(1 if check and differing else 0)


if __name__ == "__main__":
    main()
