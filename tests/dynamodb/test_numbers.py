"""Numbers: canonical text, exact arithmetic, and bytes that order as numbers do."""

from __future__ import annotations

from decimal import Context, Decimal, localcontext

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kamome.services.dynamodb import numbers
from kamome.services.dynamodb.errors import ValidationException

_MAX = "9" * 38 + "0" * 88


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        pytest.param("5", "5", id="an integer stays"),
        pytest.param("1.50", "1.5", id="trailing zeros go"),
        pytest.param("007", "7", id="leading zeros go"),
        pytest.param("-0", "0", id="zero has no sign"),
        pytest.param("0e999", "0", id="zero has no exponent"),
        pytest.param("1E+2", "100", id="an exponent is written out"),
        pytest.param("+12", "12", id="a plus sign goes"),
        pytest.param(".5", "0.5", id="a whole digit is put before the point"),
        pytest.param("5.", "5", id="a bare point goes"),
        pytest.param("1e-3", "0.001", id="a negative exponent is written out"),
        pytest.param("12345e-2", "123.45", id="the point goes inside"),
        pytest.param("1e-130", "0." + "0" * 129 + "1", id="the smallest number"),
        pytest.param("9." + "9" * 37 + "e125", _MAX, id="the largest number"),
        pytest.param("1" * 38, "1" * 38, id="38 digits"),
        pytest.param("1" * 38 + "000", "1" * 38 + "000", id="trailing zeros are no digits"),
        pytest.param("-" + "1" * 38, "-" + "1" * 38, id="38 digits below zero"),
    ],
)
def test_number_is_kept_in_canonical_text(written: str, kept: str) -> None:
    assert numbers.canonical(written) == kept


@pytest.mark.parametrize(
    ("written", "words"),
    [
        pytest.param("", "cannot be converted to a numeric value", id="empty"),
        pytest.param("abc", "cannot be converted to a numeric value: abc", id="letters"),
        pytest.param("1_000", "cannot be converted to a numeric value: 1_000", id="underscore"),
        pytest.param("١٢", "cannot be converted to a numeric value: ١٢", id="other digits"),
        pytest.param(".", "cannot be converted to a numeric value: .", id="a point alone"),
        pytest.param("NaN", "cannot be converted to a numeric value: NaN", id="not a number"),
        pytest.param("1" * 39, "more than 38 significant digits", id="39 digits"),
        pytest.param("1e126", "Number overflow", id="too large"),
        pytest.param("1e-131", "Number underflow", id="too small"),
        pytest.param("1e9999999999999999999", "Number overflow", id="a huge exponent"),
        pytest.param("-1e-9999999999999999999", "Number underflow", id="a tiny exponent"),
    ],
)
def test_other_text_is_no_number(written: str, words: str) -> None:
    with pytest.raises(ValidationException, match=words):
        numbers.canonical(written)


def _decimals() -> st.SearchStrategy[Decimal]:
    digits = st.integers(-(10**38) + 1, 10**38 - 1)
    return st.builds(
        lambda digit, exponent: Decimal(digit).scaleb(exponent, Context(prec=38)),
        digits,
        st.integers(-130, 87),
    )


@given(_decimals())
def test_canonical_text_is_the_same_number_and_stays(number: Decimal) -> None:
    kept = numbers.canonical(str(number))

    assert Decimal(kept) == number
    assert numbers.canonical(kept) == kept
    assert "E" not in kept


@given(_decimals(), _decimals())
@example(Decimal(-1), Decimal("-1.5"))
@example(Decimal("1.01"), Decimal("1.1"))
@example(Decimal(-10), Decimal(-9))
@example(Decimal("1e-130"), Decimal(0))
def test_bytes_order_as_the_numbers_do(left: Decimal, right: Decimal) -> None:
    one = numbers.sort_bytes(numbers.canonical(str(left)))
    two = numbers.sort_bytes(numbers.canonical(str(right)))

    assert (one < two) == (left < right)
    assert (one == two) == (left == right)
    assert len(one) <= 22


@given(_decimals(), _decimals())
def test_sum_is_exact_or_refused(left: Decimal, right: Decimal) -> None:
    with localcontext(Context(prec=400)):
        exact = left + right
        digits = len(exact.normalize().as_tuple().digits)

    try:
        found = numbers.add(numbers.canonical(str(left)), numbers.canonical(str(right)))
    except ValidationException:
        assert digits > 38 or abs(exact.adjusted()) > 125
    else:
        assert Decimal(found) == exact


def test_difference_of_decimal_fractions_has_no_error_of_binary_ones() -> None:
    assert numbers.subtract("0.3", "0.1") == "0.2"


@pytest.mark.parametrize(
    ("number", "size"),
    [("0", 1), ("7", 2), ("12", 2), ("123", 3), ("1000", 2), ("-5", 3), ("0.05", 2), ("1.5", 2)],
)
def test_size_is_one_byte_for_two_digits_and_one(number: str, size: int) -> None:
    assert numbers.size_bytes(number) == size
