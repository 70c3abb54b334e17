"""Update expressions: what they make of an item, and how wrong ones are refused."""

from __future__ import annotations

from copy import deepcopy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamome.services.dynamodb.attribute_values import Item
from kamome.services.dynamodb.errors import ValidationException
from kamome.services.dynamodb.expressions.placeholders import Placeholders
from kamome.services.dynamodb.expressions.update_parser import parse_update
from kamome.services.dynamodb.expressions.updates import updated
from kamome.services.dynamodb.shapes import AttributeValue

ITEM: Item = {
    "id": {"S": "a1"},
    "price": {"N": "10"},
    "title": {"S": "bicycle"},
    "colours": {"SS": ["red", "blue"]},
    "tags": {"L": [{"S": "x"}, {"S": "y"}, {"S": "z"}]},
    "maker": {"M": {"town": {"S": "Kobe"}, "parts": {"L": [{"N": "1"}]}}},
}
VALUES: dict[str, AttributeValue] = {
    ":n1": {"N": "1"},
    ":big": {"N": "9" * 38},
    ":tiny": {"N": "1e-5"},
    ":s": {"S": "new"},
    ":list": {"L": [{"S": "w"}]},
    ":set": {"SS": ["red", "green"]},
    ":all": {"SS": ["red", "blue"]},
    ":numbers": {"NS": ["1"]},
    ":map": {"M": {"k": {"S": "v"}}},
}


def _updated(expression: str, item: Item = ITEM) -> Item:
    placeholders = Placeholders({"#n": "name"}, deepcopy(VALUES))
    before = deepcopy(item)
    after = updated(item, parse_update(expression, placeholders))
    assert item == before
    return after


@pytest.mark.parametrize(
    ("expression", "changes"),
    [
        ("SET price = :n1", {"price": {"N": "1"}}),
        ("set #n = :s", {"name": {"S": "new"}}),
        ("SET price = price + :n1", {"price": {"N": "11"}}),
        ("SET price = :n1 - price", {"price": {"N": "-9"}}),
        ("SET price = price + :n1 - :tiny + :n1", {"price": {"N": "11.99999"}}),
        ("SET price = title, title = price", {"price": {"S": "bicycle"}, "title": {"N": "10"}}),
        ("SET stock = if_not_exists(stock, :n1)", {"stock": {"N": "1"}}),
        ("SET price = if_not_exists(price, :n1)", {}),
        ("SET n1 = if_not_exists(n1, :n1) + :n1", {"n1": {"N": "2"}}),
        ("SET price = if_not_exists(maker.price, if_not_exists(x, :n1))", {"price": {"N": "1"}}),
        (
            "SET tags = list_append(tags, :list)",
            {"tags": {"L": [{"S": "x"}, {"S": "y"}, {"S": "z"}, {"S": "w"}]}},
        ),
        (
            "SET fresh = list_append(:list, if_not_exists(fresh, :list))",
            {"fresh": {"L": [{"S": "w"}, {"S": "w"}]}},
        ),
        ("SET tags[1] = :s", {"tags": {"L": [{"S": "x"}, {"S": "new"}, {"S": "z"}]}}),
        (
            "SET tags[9] = :s, tags[7] = :n1",
            {"tags": {"L": [{"S": "x"}, {"S": "y"}, {"S": "z"}, {"N": "1"}, {"S": "new"}]}},
        ),
        ("REMOVE tags[0], tags[2]", {"tags": {"L": [{"S": "y"}]}}),
        ("REMOVE tags[5]", {}),
        (
            "SET tags[2] = :s REMOVE tags[0]",
            {"tags": {"L": [{"S": "y"}, {"S": "new"}]}},
        ),
        (
            "SET maker.town = :s REMOVE maker.parts[0]",
            {"maker": {"M": {"town": {"S": "new"}, "parts": {"L": []}}}},
        ),
        (
            "SET maker.x = :map",
            {
                "maker": {
                    "M": {
                        "town": {"S": "Kobe"},
                        "parts": {"L": [{"N": "1"}]},
                        "x": {"M": {"k": {"S": "v"}}},
                    }
                }
            },
        ),
        ("REMOVE title, absent", {"title": None}),
        ("ADD price :n1", {"price": {"N": "11"}}),
        ("ADD stock :n1", {"stock": {"N": "1"}}),
        ("ADD colours :set", {"colours": {"SS": ["red", "blue", "green"]}}),
        ("ADD fresh :set", {"fresh": {"SS": ["red", "green"]}}),
        ("DELETE colours :set", {"colours": {"SS": ["blue"]}}),
        ("DELETE colours :all", {"colours": None}),
        ("DELETE absent :all", {}),
        (
            "ADD price :n1 DELETE colours :set SET title = :s REMOVE tags",
            {
                "price": {"N": "11"},
                "colours": {"SS": ["blue"]},
                "title": {"S": "new"},
                "tags": None,
            },
        ),
    ],
)
def test_update_changes_the_item(
    expression: str, changes: dict[str, AttributeValue | None]
) -> None:
    wanted = {name: value for name, value in {**ITEM, **changes}.items() if value is not None}

    assert _updated(expression) == wanted


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("", "The expression can not be empty;"),
        ("INVALID SYNTAX HERE", 'Syntax error; token: "INVALID", near: "INVALID SYNTAX"'),
        ("SET", 'Syntax error; token: "<EOF>", near: "SET"'),
        ("SET price", 'Syntax error; token: "<EOF>", near: "price"'),
        ("SET price = :n1,", 'Syntax error; token: "<EOF>", near: ","'),
        ("SET price = :n1, REMOVE title", 'Syntax error; token: "REMOVE", near: ", REMOVE title"'),
        ("SET price = :n1 title", 'Syntax error; token: "title", near: ":n1 title"'),
        ("ADD price : n1", 'Syntax error; token: ":", near: "price : n1"'),
        ("ADD price title", 'Syntax error; token: "title", near: "price title"'),
        ("SET price = 5", 'Syntax error; token: "5", near: "= 5"'),
        ("SET status = :s", "Attribute name is a reserved keyword; reserved keyword: status"),
        (
            "SET price = :none",
            (
                "An expression attribute value used in expression is not defined; attribute value:"
                " :none"
            ),
        ),
        (
            "SET price = :n1 SET title = :s",
            'The "SET" section can only be used once in an update expression;',
        ),
        (
            "SET price = size(title)",
            "The function is not allowed in an update expression; function: size",
        ),
        ("SET price = sum(title)", "Invalid function name; function: sum"),
        (
            "SET price = if_not_exists(price)",
            (
                "Incorrect number of operands for operator or function; operator or function:"
                " if_not_exists, number of operands: 1"
            ),
        ),
        (
            "SET price = if_not_exists(:n1, :n1)",
            "Operator or function requires a document path; operator or function: if_not_exists",
        ),
        (
            "SET tags = list_append(tags, :s)",
            (
                "Incorrect operand type for operator or function; operator or function:"
                " list_append,"
                " operand type: S"
            ),
        ),
        (
            "SET price = price + :s",
            (
                "Incorrect operand type for operator or function; operator or function: +, operand"
                " type: S"
            ),
        ),
        (
            "ADD price :s",
            (
                "Incorrect operand type for operator or function; operator: ADD, operand"
                " type: STRING,"
                " typeSet: ALLOWED_FOR_ADD_OPERAND"
            ),
        ),
        (
            "DELETE price :n1",
            (
                "Incorrect operand type for operator or function; operator: DELETE, operand type:"
                " NUMBER, typeSet: ALLOWED_FOR_DELETE_OPERAND"
            ),
        ),
        (
            "SET title = :s, title = :n1",
            (
                "Two document paths overlap with each other; must remove or rewrite one of these"
                " paths; path one: [title], path two: [title]"
            ),
        ),
        (
            "SET maker.town = :s REMOVE maker",
            (
                "Two document paths overlap with each other; must remove or rewrite one of these"
                " paths; path one: [maker, town], path two: [maker]"
            ),
        ),
        (
            "SET maker.town = :s REMOVE maker[0]",
            (
                "Two document paths conflict with each other; must remove or rewrite one of these"
                " paths; path one: [maker, town], path two: [maker, [0]]"
            ),
        ),
    ],
)
def test_wrong_update_is_refused(expression: str, reason: str) -> None:
    with pytest.raises(ValidationException) as refusal:
        _updated(expression)

    assert refusal.value.message.startswith("Invalid UpdateExpression: ")
    assert refusal.value.message.endswith(reason)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        (
            "SET price = absent",
            "The provided expression refers to an attribute that does not exist in the item",
        ),
        (
            "SET absent = absent + :n1",
            "The provided expression refers to an attribute that does not exist in the item",
        ),
        (
            "SET price = title + :n1",
            "An operand in the update expression has an incorrect data type",
        ),
        (
            "SET tags = list_append(title, :list)",
            "An operand in the update expression has an incorrect data type",
        ),
        ("ADD title :n1", "An operand in the update expression has an incorrect data type"),
        ("ADD colours :numbers", "An operand in the update expression has an incorrect data type"),
        (
            "DELETE colours :numbers",
            "An operand in the update expression has an incorrect data type",
        ),
        (
            "SET absent.town = :s",
            "The document path provided in the update expression is invalid for update",
        ),
        (
            "SET title.town = :s",
            "The document path provided in the update expression is invalid for update",
        ),
        (
            "SET maker[0] = :s",
            "The document path provided in the update expression is invalid for update",
        ),
        (
            "SET tags[8].x = :s",
            "The document path provided in the update expression is invalid for update",
        ),
        (
            "REMOVE absent.town",
            "The document path provided in the update expression is invalid for update",
        ),
        (
            "SET price = :big + :tiny",
            "Attempting to store more than 38 significant digits in a Number",
        ),
    ],
)
def test_update_that_does_not_fit_the_item_is_refused(expression: str, reason: str) -> None:
    with pytest.raises(ValidationException) as refusal:
        _updated(expression)

    assert refusal.value.message == reason


# ---------------------------------------------------------------------- a naive model
# A list of distinct strings; SET and REMOVE of positions, all meant as they were before.


@given(
    st.integers(0, 6),
    st.dictionaries(st.integers(0, 9), st.sampled_from(("set", "remove")), min_size=1),
)
@settings(max_examples=300)
def test_list_positions_are_those_before_the_update(length: int, plan: dict[int, str]) -> None:
    before = [f"old{position}" for position in range(length)]
    slots: dict[int, str | None] = dict(enumerate(before))
    for position, action in plan.items():
        slots[position] = f"new{position}" if action == "set" else None
    wanted = [text for _, text in sorted(slots.items()) if text is not None]

    sets = ", ".join(f"a[{at}] = :v{at}" for at, action in plan.items() if action == "set")
    removes = ", ".join(f"a[{at}]" for at, action in plan.items() if action == "remove")
    expression = (f"SET {sets} " if sets else "") + (f"REMOVE {removes}" if removes else "")
    values: dict[str, AttributeValue] = {f":v{at}": {"S": f"new{at}"} for at in plan}
    item: Item = {"a": {"L": [{"S": text} for text in before]}}
    after = updated(item, parse_update(expression, Placeholders(None, values)))

    assert [element["S"] for element in after["a"]["L"]] == wanted
