"""Which mails are sent, from whom to whom and how often, and where each must end.

`mails()` is the order in which they are sent. A mail `ends` as

- `recorded`: one item for each tenant; if it is sent more than once, the rest are duplicates that
  are counted on that item and recorded nowhere else;
- `dead-lettered`: no item; its notice is in the dead-letter queue.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import make_mails

MAILS = Path(__file__).resolve().parent / "mails"
DOMAIN = "orders.example.com"


@dataclass(frozen=True)
class Expected:
    """What the item of a recorded mail must say. `attachments` are names, in order."""

    subject: str
    kind: str = "mail"
    order_id: str = ""
    total_yen: int | None = None
    attachments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Mail:
    """One mail of the demonstration.

    `file` is its name under `mails/` without the ending, or the name of one that `make_mails`
    makes when it is needed. `tenants` are the parts of the recipients before the `@`.
    `refused` are recipients that must be answered with a 5xx reply.
    """

    name: str
    sender: str
    tenants: tuple[str, ...]
    expected: Expected
    file: str = ""
    times: int = 1
    ends: str = "recorded"
    refused: tuple[str, ...] = ()
    smtputf8: bool = False
    domain: str = DOMAIN

    @property
    def recipients(self) -> tuple[str, ...]:
        """Envelope recipients that are accepted."""
        return tuple(f"{tenant}@{self.domain}" for tenant in self.tenants)

    @property
    def addresses(self) -> tuple[str, ...]:
        """The tenants' own addresses: a label after a plus is not part of them."""
        return tuple(f"{tenant.partition('+')[0]}@{self.domain}" for tenant in self.tenants)

    def read(self) -> bytes:
        """The bytes that are sent."""
        name = self.file or self.name
        if name in make_mails.MADE_WHEN_NEEDED:
            return make_mails.made_mail(name)
        return (MAILS / f"{name}.eml").read_bytes()


def mails(domain: str = DOMAIN) -> tuple[Mail, ...]:
    """All mails, in the order in which they are sent, to tenants at `domain`."""
    return tuple(replace(mail, domain=domain) for mail in ORDERS + SHAPES + OTHERS + POISON)


SHOP = "order@kamome-shop.example.com"
CONFIRMED = "【かもめ商店】ご注文の確認"

ORDERS = (
    Mail(
        "order-iso-2022-jp",
        "juchu@rakkyo-mall.example.com",
        ("ne-002",),
        Expected("【受注】新しいご注文", "order", "RK-20251007-31415", 3_750),
        times=3,
    ),
    Mail(
        "order-iso-2022-jp-of-windows",
        "order@minato.example.net",
        ("ne-003",),
        Expected("㈱港町商会：ご注文№７７のお知らせ①", "order", "MN-000077", 4_000),
    ),
    Mail(
        "order-utf-8-8bit",
        SHOP,
        ("ne-001",),
        Expected(CONFIRMED, "order", "KM-20251007-0001", 4_040),
    ),
    Mail(
        "order-utf-8-8bit-for-another-tenant",
        SHOP,
        ("ne-004",),
        Expected(CONFIRMED, "order", "KM-20251007-0001", 4_040),
        file="order-utf-8-8bit",
    ),
    Mail(
        "order-utf-8-base64",
        SHOP,
        ("ne-001",),
        Expected(f"{CONFIRMED}（湯呑みほか1点）", "order", "KM-20251007-0002", 5_940),
    ),
    Mail(
        "order-shift-jis-labelled-utf-8",
        "cart@sembei.example.net",
        ("ne-004",),
        Expected("ソースせんべいのご注文", "order", "SJ-20001", 1_936),
    ),
    Mail(
        "order-shift-jis-labelled-latin-1",
        "cart@sembei.example.net",
        ("ne-004",),
        Expected("SJ-20002", "order", "SJ-20002", 1_936),
    ),
    Mail(
        "order-euc-jp",
        "order@midori-books.example.org",
        ("ne-005",),
        Expected("ご注文ありがとうございます", "order", "EU-555-001", 1_380),
        times=2,
    ),
    Mail(
        "order-english-alternative",
        "orders@harbour-tea.example.net",
        ("ne-002",),
        Expected("New order HT-88120", "order", "HT-88120", 4_000),
    ),
    Mail(
        "html-inline-images",
        SHOP,
        ("ne-001",),
        Expected("風鈴のご注文", "order", "KM-20251007-0003", 3_520, ("logo.png", "bell.png")),
    ),
    Mail(
        "plus-address",
        "orders@market.example.net",
        ("ne-001+market",),
        Expected("Order MK-44120", "order", "MK-44120", 2_500),
    ),
)

SHAPES = (
    Mail(
        "bare-8-bit",
        "web@daruma.example.net",
        ("ne-003",),
        Expected("ご注文のお知らせ（表示テスト）", "order", "BB-1001-7", 1_500),
    ),
    Mail(
        "utf-8-headers",
        "cafe@harbour.example.net",
        ("ne-002",),
        Expected("来週の配達について ☕"),
        smtputf8=True,
    ),
    Mail(
        "inquiry-quoted-printable",
        "renee@client.example.org",
        ("ne-003",),
        Expected("Où est ma commande ? déjà payée"),
    ),
    Mail(
        "long-folded-headers",
        "no-reply-warehouse-notifications-0000000000000000000000000000@shop.example.net",
        ("ne-002",),
        Expected(
            "Stock report for the week of October 6: 14 articles are below their minimum, "
            "3 articles are sold out, and 2 deliveries are late, one of which has been announced "
            "for Thursday afternoon"
        ),
    ),
    Mail(
        "rfc-2231-file-names",
        "accounts@parcel.example.net",
        ("ne-004",),
        Expected(
            "Two files with long names",
            attachments=("納品書と請求書（二〇二五年十月分）.pdf", "在庫.csv"),
        ),
    ),
    Mail(
        "rfc-2047-file-names",
        "sales@minato.example.net",
        ("ne-003",),
        Expected("見積書 rev. 2 ✓", attachments=("見積書（改） v2.xlsx",)),
    ),
    Mail(
        "csv-attachment",
        "export@rakkyo-mall.example.com",
        ("ne-002",),
        Expected("日次データ 2025-10-07", attachments=("受注_20251007.csv",)),
    ),
    Mail(
        "attachment-10-mb",
        "photo@studio.example.org",
        ("ne-005",),
        Expected("The product photo in full size", attachments=("gulls.bmp",)),
    ),
    Mail(
        "broken-mime-missing-end",
        "legacy@shop.example.net",
        ("ne-004",),
        Expected(
            "Order 700123 (no closing boundary)", "order", "700123", 2_000, ("order-700123.csv",)
        ),
    ),
    Mail(
        "broken-mime-wrong-boundary",
        "legacy@shop.example.net",
        ("ne-004",),
        Expected(
            "Order 700124 (another boundary than announced)",
            "order",
            "700124",
            3_600,
            ("order-700124.json",),
        ),
    ),
    Mail(
        "forwarded-mail-inside",
        "support@shop.example.net",
        ("ne-005",),
        Expected("Fwd: a customer complains", attachments=("The pot is broken.eml",)),
    ),
    Mail(
        "dot-stuffed-lines",
        "printer@office.example.net",
        ("ne-002",),
        Expected("Lines that begin with a dot"),
    ),
    Mail(
        "missing-message-id",
        "scanner@office.example.net",
        ("ne-003",),
        Expected("A mail without a Message-ID"),
    ),
    Mail(
        "empty-body",
        "sensor@office.example.net",
        ("ne-003",),
        Expected("Door 4 has been opened"),
    ),
    Mail("headerless", "cron@legacy.example.net", ("ne-005",), Expected("")),
)

OTHERS = (
    Mail(
        "several-tenants",
        "notice@parcel.example.net",
        ("ne-001", "ne-002", "ne-003"),
        Expected("配送遅延のお知らせ"),
        times=2,
    ),
    Mail(
        "one-foreign-recipient",
        "newsletter@parcel.example.net",
        ("ne-004",),
        Expected("Parcel prices from November"),
        refused=("someone@elsewhere.example.net",),
    ),
    Mail(
        "bounce-report",
        "",
        ("ne-001",),
        Expected("Undelivered Mail Returned to Sender", "bounce", attachments=("",)),
    ),
    Mail(
        "reply-with-quoted-order",
        "hanako@client.example.org",
        ("ne-001",),
        Expected(f"Re: {CONFIRMED}", "reply", "KM-20251007-0001"),
    ),
    Mail(
        "auto-reply",
        "ichiro@client.example.org",
        ("ne-005",),
        Expected("自動応答: 不在のお知らせ", "auto-reply"),
    ),
)

POISON = (
    Mail(
        "poison-order",
        SHOP,
        ("ne-005",),
        Expected(CONFIRMED),
        ends="dead-lettered",
    ),
)
