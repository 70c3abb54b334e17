"""Attribute values: what is valid, how large it is, what equals what, how it is kept."""

from __future__ import annotations

from copy import deepcopy
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamome.services.dynamodb.attribute_values import Item, check_item, check_value, equal
from kamome.services.dynamodb.errors import ValidationException
from kamome.services.dynamodb.shapes import AttributeValue
from kamome.services.dynamodb.stored_items import decode, encode


def _nested(depth: int) -> AttributeValue:
    value: AttributeValue = {"S": "x"}
    for _ in range(depth):
        value = {"L": [value]}
    return value


@pytest.mark.parametrize(
    ("value", "size"),
    [
        pytest.param({"S": "abc"}, 3, id="a string has its UTF-8 bytes"),
        pytest.param({"S": "日本"}, 6, id="three bytes for a kanji"),
        pytest.param({"S": ""}, 0, id="an empty string"),
        pytest.param({"B": b"\x00\x01"}, 2, id="a binary has its bytes"),
        pytest.param({"N": "1234"}, 3, id="a number has a byte for two digits and one"),
        pytest.param({"BOOL": False}, 1, id="a boolean"),
        pytest.param({"NULL": True}, 1, id="null"),
        pytest.param({"SS": ["a", "bc"]}, 3, id="a set has its members"),
        pytest.param({"NS": ["1", "22"]}, 4, id="a number set has its numbers"),
        pytest.param({"BS": [b"a", b"bc"]}, 3, id="a binary set has its members"),
        pytest.param({"L": []}, 3, id="an empty list has its overhead"),
        pytest.param({"L": [{"S": "abc"}, {"BOOL": True}]}, 9, id="a list and its elements"),
        pytest.param({"M": {}}, 3, id="an empty map has its overhead"),
        pytest.param({"M": {"ab": {"S": "cd"}}}, 8, id="a map, its names and elements"),
    ],
)
def test_size_follows_the_formula(value: AttributeValue, size: int) -> None:
    assert check_value(value) == size
    assert check_item({"名": deepcopy(value)}) == size + 3


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (
            {},
            (
                "Supplied AttributeValue is empty, must contain exactly one of the supported"
                " datatypes"
            ),
        ),
        (
            {"S": "a", "N": "1"},
            (
                "Supplied AttributeValue has more than one datatypes set, must contain exactly one"
                " of the supported datatypes"
            ),
        ),
        (
            {"NULL": False},
            (
                "One or more parameter values were invalid: Null attribute value types must have"
                " the value of true"
            ),
        ),
        (
            {"SS": []},
            "One or more parameter values were invalid: An string set  may not be empty",
        ),
        (
            {"NS": []},
            "One or more parameter values were invalid: An number set  may not be empty",
        ),
        (
            {"BS": []},
            "One or more parameter values were invalid: Binary sets should not be empty",
        ),
        (
            {"SS": ["a", "a"]},
            (
                "One or more parameter values were invalid: Input collection [a, a] contains"
                " duplicates."
            ),
        ),
        ({"NS": ["1", "1.0"]}, "Input collection contains duplicates"),
        (
            {"BS": [b"a", b"a"]},
            (
                "One or more parameter values were invalid: Input collection [Bytes, Bytes]of type"
                " BS contains duplicates."
            ),
        ),
        ({"N": "x"}, "The parameter cannot be converted to a numeric value: x"),
        (
            {"M": {"": {"S": "a"}}},
            "One or more parameter values were invalid: Empty attribute name",
        ),
        (_nested(33), "Nesting Levels have exceeded supported limits: 32"),
        ({"L": [{"M": {"a": {"SS": []}}}]}, "An string set  may not be empty"),
    ],
)
def test_invalid_value_is_refused(value: AttributeValue, reason: str) -> None:
    with pytest.raises(ValidationException) as refusal:
        check_item({"a": value})

    assert refusal.value.message.endswith(reason)


def test_values_may_be_nested_32_levels() -> None:
    assert check_value(_nested(32)) == 32 * 4 + 1


def test_numbers_become_canonical_wherever_they_stand() -> None:
    item: Item = {"a": {"L": [{"N": "1.0"}, {"M": {"b": {"NS": ["2.50", "3"]}}}]}}

    check_item(item)

    assert item == {"a": {"L": [{"N": "1"}, {"M": {"b": {"NS": ["2.5", "3"]}}}]}}


def test_sets_are_equal_in_any_order_and_lists_are_not() -> None:
    assert equal({"SS": ["a", "b"]}, {"SS": ["b", "a"]})
    assert equal({"M": {"x": {"NS": ["1", "2"]}}}, {"M": {"x": {"NS": ["2", "1"]}}})
    assert not equal({"L": [{"S": "a"}, {"S": "b"}]}, {"L": [{"S": "b"}, {"S": "a"}]})
    assert not equal({"S": "1"}, {"N": "1"})
    assert not equal({"BOOL": True}, {"NULL": True})


def _values() -> st.SearchStrategy[AttributeValue]:
    text, binary = st.text(max_size=8), st.binary(max_size=8)
    number = st.integers(-(10**37), 10**37).map(str)

    def tagged(kind: str, content: st.SearchStrategy[object]) -> st.SearchStrategy[AttributeValue]:
        return content.map(lambda value: cast("AttributeValue", {kind: value}))

    def set_of(content: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
        return st.lists(content, min_size=1, max_size=3, unique=True)

    scalars = st.one_of(
        tagged("S", text),
        tagged("N", number),
        tagged("B", binary),
        tagged("BOOL", st.booleans()),
        tagged("NULL", st.just(True)),
        tagged("SS", set_of(text)),
        tagged("NS", set_of(number)),
        tagged("BS", set_of(binary)),
    )
    return st.recursive(
        scalars,
        lambda inner: (
            tagged("L", st.lists(inner, max_size=3))
            | tagged("M", st.dictionaries(text.filter(bool), inner, max_size=3))
        ),
        max_leaves=8,
    )


@given(st.dictionaries(st.text(min_size=1, max_size=4), _values(), max_size=4))
def test_item_comes_back_as_it_was_kept(item: Item) -> None:
    assert decode(encode(item)) == item


@given(_values())
def test_value_equals_itself_and_has_the_size_of_its_parts(value: AttributeValue) -> None:
    def naive_size(part: AttributeValue) -> int:
        ((kind, content),) = part.items()
        if kind in ("S", "B"):
            return len(content.encode() if isinstance(content, str) else bytes(content))  # type: ignore[call-overload]  # S and B hold text and bytes
        if kind in ("BOOL", "NULL"):
            return 1
        if kind == "N":
            digits = str(content).strip("-").rstrip("0")
            return -(-len(digits) // 2) + 1 + str(content).startswith("-")
        if kind == "M":
            return 3 + sum(len(k.encode()) + naive_size(v) + 1 for k, v in part["M"].items())
        if kind == "L":
            return 3 + sum(naive_size(v) + 1 for v in part["L"])
        single = kind[0]
        return sum(naive_size({single: member}) for member in content)  # type: ignore[misc, attr-defined]  # the members of a set

    assert check_value(deepcopy(value)) == naive_size(value)
    assert equal(value, value)
