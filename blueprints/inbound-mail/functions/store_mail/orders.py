"""An order notice: its number, its items and its total, checked against each other."""

import re
from dataclasses import dataclass

from charsets import normal_form

ORDER_ID = re.compile(
    r"(?:ご?注文番号|受注番号|オーダー番号|order\s+(?:number|no\.?|id))\s*[\])】]?\s*[:#]?\s*"
    r"(?P<order_id>[A-Z0-9]{1,8}(?:-[A-Z0-9]{1,12}){1,3}|[0-9]{4,20})",
    re.IGNORECASE,
)
AMOUNT = r"(?:JPY|[¥\\])?[ \t]*(?P<%s>[0-9][0-9,]*)[ \t]*円?"
ITEM = re.compile(
    r"^[ \t]*(?P<name>\S.*?)[ \t]+"
    + AMOUNT % "unit"
    + r"[ \t]*[x×][ \t]*(?P<quantity>[0-9]{1,6})[ \t]*=[ \t]*"
    + AMOUNT % "amount"
    + r"[ \t]*$",
    re.MULTILINE,
)
WHOLE_AMOUNT = re.compile(AMOUNT % "amount" + r"(?:[ \t]*\((?:税込|tax included)\))?")


def line_of(*labels: str) -> re.Pattern[str]:
    """A line that starts with one of the labels; what follows the colon is `value`."""
    return re.compile(
        r"^[ \t]*[\[【]?(?:" + "|".join(labels) + r")[\]】]?[ \t]*(?::|[ \t])[ \t]*(?P<value>.+)$",
        re.MULTILINE | re.IGNORECASE,
    )


TOTAL = line_of("合計", "合計金額", "ご?請求金額", "お支払い?金額", "(?:order )?total")
SHIPPING = line_of("送料", "shipping")
DISCOUNT = line_of("値引き?", "クーポン", "discount")
FREE = ("無料", "free")


class OrderUnreadable(ValueError):
    """The notice cannot be trusted: an amount is not one, or the amounts contradict each other."""


@dataclass(frozen=True)
class Item:
    """One line of an order. Amounts are whole yen."""

    name: str
    unit_yen: int
    quantity: int
    amount_yen: int


@dataclass(frozen=True)
class Order:
    """An order notice whose amounts agree."""

    order_id: str
    items: tuple[Item, ...]
    shipping_yen: int
    discount_yen: int
    total_yen: int


def find_order_id(text: str) -> str:
    """The order number that a text names, or an empty string."""
    found = ORDER_ID.search(normal_form(text))
    return found["order_id"].upper() if found else ""


def parse_order(text: str) -> Order | None:
    """The order in the text of a notice; None for a text that has no number or no total.

    Raises:
        OrderUnreadable: an amount is none, or the items do not add up to the total.
    """
    text = normal_form(text)
    order_id = find_order_id(text)
    if not order_id or not TOTAL.search(text):
        return None
    order = Order(
        order_id,
        tuple(parse_item(found) for found in ITEM.finditer(text)),
        amount_after(SHIPPING, text),
        amount_after(DISCOUNT, text),
        amount_after(TOTAL, text),
    )
    check(order)
    return order


def parse_item(found: re.Match[str]) -> Item:
    """One item line, already matched."""
    return Item(found["name"], yen(found["unit"]), int(found["quantity"]), yen(found["amount"]))


def amount_after(label: re.Pattern[str], text: str) -> int:
    """Yen of the line with this label; 0 when there is no such line, or it says free."""
    line = label.search(text)
    if line is None:
        return 0
    value = line["value"].strip().lstrip("-")
    if value.lower() in FREE:
        return 0
    amount = WHOLE_AMOUNT.fullmatch(value)
    if amount is None:
        raise OrderUnreadable(f"no amount in the line {line[0].strip()!r}")
    return yen(amount["amount"])


def yen(digits: str) -> int:
    """Whole yen of digits with thousands separators."""
    return int(digits.replace(",", ""))


def check(order: Order) -> None:
    """Raise unless the amounts of the notice agree with each other."""
    for item in order.items:
        if item.unit_yen * item.quantity != item.amount_yen:
            raise OrderUnreadable(
                f"order {order.order_id}: {item.quantity} x {item.unit_yen} yen of {item.name} "
                f"is not {item.amount_yen} yen"
            )
    due = sum(item.amount_yen for item in order.items) + order.shipping_yen - order.discount_yen
    if order.items and due != order.total_yen:
        raise OrderUnreadable(
            f"order {order.order_id}: the items add up to {due} yen, "
            f"but the total says {order.total_yen} yen"
        )
