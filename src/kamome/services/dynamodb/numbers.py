"""DynamoDB's numbers: 38 significant digits, exact, from 1E-130 to 9.99…E+125 and their negatives.

A number is kept as its canonical text (plain digits, no exponent, no leading or trailing zeros), so
that equal numbers are equal strings. `sort_bytes` gives bytes that order as the numbers do.

AWS: DynamoDB Developer Guide, Constraints, Data types; HowItWorks, Naming rules and data types.
"""

from __future__ import annotations

import re
from decimal import Context, Decimal

from kamome.services.dynamodb.errors import ValidationException
from kamome.services.dynamodb.limits import (
    NUMBER_DIGITS_MAX,
    NUMBER_MAGNITUDE_MAX,
    NUMBER_MAGNITUDE_MIN,
)

_CANONICAL_INTEGER = re.compile(r"-?[1-9][0-9]{0,37}|0")
_NUMBER = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]+))?")
# An exponent of more digits than this is out of range however many digits stand before it: a
# request holds less than 10^8 of them.
_EXPONENT_DIGITS_MAX = 10
# A sum of a number near 1E+125 and one near 1E-130 has 256 digits; with 300 nothing is rounded.
_EXACT = Context(prec=300, Emax=999, Emin=-999)

_ZERO = b"\x80"
_POSITIVE = b"\x81"
_NEGATIVE = b"\x7f"
_COMPLEMENT = bytes(255 - byte for byte in range(256))


def canonical(text: str) -> str:
    """The number in canonical text: `1.50E+2` is `150`, `-0.0` is `0`.

    Raises:
        ValidationException: not a number, more than 38 significant digits, or out of range.

    AWS: DynamoDB Developer Guide, Naming rules and data types, Number.
    """
    if _CANONICAL_INTEGER.fullmatch(text) and (len(text) < NUMBER_DIGITS_MAX):
        return text
    sign, digits, magnitude = _parts(text)
    if not digits:
        return "0"
    if len(digits) > NUMBER_DIGITS_MAX:
        raise ValidationException("Attempting to store more than 38 significant digits in a Number")
    if magnitude > NUMBER_MAGNITUDE_MAX:
        raise ValidationException(
            "Number overflow. Attempting to store a number with magnitude larger than supported"
            " range"
        )
    if magnitude < NUMBER_MAGNITUDE_MIN:
        raise ValidationException(
            "Number underflow. Attempting to store a number with magnitude smaller than supported"
            " range"
        )
    return sign + _plain(digits, magnitude + 1)


def _parts(text: str) -> tuple[str, str, int]:
    """Sign, significant digits, and the power of ten of the first digit."""
    found = _NUMBER.fullmatch(text)
    if found is None or not (found[2] or found[3]):
        if not text:
            raise ValidationException("The parameter cannot be converted to a numeric value")
        raise ValidationException(f"The parameter cannot be converted to a numeric value: {text}")
    whole, fraction = found[2], found[3] or ""
    written = whole + fraction
    digits = written.lstrip("0")
    leading_zeros = len(written) - len(digits)
    magnitude = len(whole) - leading_zeros - 1 + _exponent(found[4] or "0")
    return ("-" if found[1] == "-" else ""), digits.rstrip("0"), magnitude


def _exponent(text: str) -> int:
    sign = -1 if text.startswith("-") else 1
    digits = text.lstrip("+-").lstrip("0")
    if len(digits) > _EXPONENT_DIGITS_MAX:
        digits = "9" * _EXPONENT_DIGITS_MAX
    return sign * int(digits or "0")


def _plain(digits: str, point: int) -> str:
    """Digits with the decimal point after `point` of them."""
    if point <= 0:
        return f"0.{'0' * -point}{digits}"
    if len(digits) <= point:
        return digits + "0" * (point - len(digits))
    return f"{digits[:point]}.{digits[point:]}"


def add(left: str, right: str) -> str:
    """The exact sum of two canonical numbers, canonical.

    Raises:
        ValidationException: the sum is out of range or has more than 38 significant digits.

    AWS: DynamoDB Developer Guide, Using update expressions, SET and ADD.
    """
    return canonical(str(_EXACT.add(Decimal(left), Decimal(right))))


def subtract(left: str, right: str) -> str:
    """The exact difference of two canonical numbers, canonical. Raises as `add` does.

    AWS: DynamoDB Developer Guide, Using update expressions, SET.
    """
    return canonical(str(_EXACT.subtract(Decimal(left), Decimal(right))))


def sort_bytes(number: str) -> bytes:
    """Bytes whose order is the order of the (canonical) numbers. 1 to 21 bytes.

    A sign byte; the magnitude as one byte (-130 to 125 are just 256 values); then two decimal
    digits a byte, as 1 to 100. Trailing zeros are not written, and a shorter number that agrees so
    far is the smaller one, which is how bytes compare. For a negative number all of that is
    complemented and ended by 0xFF, which is above every complemented pair.

    AWS: DynamoDB Developer Guide, Query (results of type Number are in numeric order).
    """
    sign, digits, magnitude = _parts(number)
    if not digits:
        return _ZERO
    if len(digits) % 2:
        digits += "0"
    pairs = bytes(int(digits[at : at + 2]) + 1 for at in range(0, len(digits), 2))
    body = bytes((magnitude - NUMBER_MAGNITUDE_MIN,)) + pairs
    if not sign:
        return _POSITIVE + body
    return _NEGATIVE + body.translate(_COMPLEMENT) + b"\xff"


def size_bytes(number: str) -> int:
    """What a canonical number counts towards the item's size: one byte for two digits, and one.

    Negative numbers take one byte more. The guide calls its formula approximate.

    AWS: DynamoDB Developer Guide, Item sizes and formats.
    """
    digits = number.lstrip("-0.").replace(".", "")
    if "." not in number:
        digits = digits.rstrip("0")
    return (len(digits) + 1) // 2 + 1 + number.startswith("-")
