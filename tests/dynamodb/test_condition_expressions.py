"""Condition expressions: what they say of an item, and how wrong ones are refused."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamome.services.dynamodb.attribute_values import Item
from kamome.services.dynamodb.errors import ValidationException
from kamome.services.dynamodb.expressions.condition_parser import parse_condition
from kamome.services.dynamodb.expressions.conditions import holds
from kamome.services.dynamodb.expressions.placeholders import Placeholders
from kamome.services.dynamodb.shapes import AttributeValue

ITEM: Item = {
    "id": {"S": "a1"},
    "price": {"N": "10"},
    "title": {"S": "Blue bicycle"},
    "photo": {"B": b"\x00\x01\x02"},
    "colours": {"SS": ["red", "blue"]},
    "sizes": {"NS": ["1", "2.5"]},
    "codes": {"BS": [b"x", b"y"]},
    "tags": {"L": [{"S": "new"}, {"N": "7"}, {"M": {"deep": {"BOOL": True}}}]},
    "maker": {"M": {"town": {"S": "Kobe"}, "old name": {"S": "Hyogo"}}},
    "sold": {"BOOL": False},
    "note": {"NULL": True},
    "blank": {"S": ""},
}
NAMES = {"#n": "old name", "#dotted": "a.b"}
VALUES: dict[str, AttributeValue] = {
    ":n5": {"N": "5"},
    ":n10": {"N": "10"},
    ":n20": {"N": "20"},
    ":blue": {"S": "Blue"},
    ":red": {"S": "red"},
    ":b01": {"B": b"\x00\x01"},
    ":x": {"B": b"x"},
    ":colours": {"SS": ["blue", "red"]},
    ":sizes": {"NS": ["2.5", "1"]},
    ":new": {"S": "new"},
    ":false": {"BOOL": False},
    ":null": {"NULL": True},
    ":map": {"M": {"town": {"S": "Kobe"}, "old name": {"S": "Hyogo"}}},
    ":list": {"L": [{"N": "1"}]},
    ":type_s": {"S": "S"},
    ":kobe": {"S": "Kobe"},
    ":empty": {"S": ""},
}


def _holds(expression: str, item: Item = ITEM) -> bool:
    condition, _ = parse_condition("ConditionExpression", expression, Placeholders(NAMES, VALUES))
    return holds(condition, item)


@pytest.mark.parametrize(
    "expression",
    [
        "price = :n10",
        "price <> :n5",
        "absent <> :n5",
        "price <> :blue",
        "price < :n20",
        "price <= :n10",
        "price >= :n10",
        "price > :n5",
        ":n5 < price",
        "colours = :colours",
        "sizes = :sizes",
        "maker = :map",
        "sold = :false",
        "note = :null",
        "price BETWEEN :n5 AND :n10",
        "price between :n10 and :n20",
        "price IN (:n5, :n10)",
        "price in (:n20, price2, :n10)",
        "attribute_exists(price)",
        "attribute_exists(maker.town)",
        "attribute_exists(tags[2].deep)",
        "attribute_exists(maker.#n)",
        "attribute_not_exists(absent)",
        "attribute_not_exists(maker.absent)",
        "attribute_not_exists(tags[3])",
        "attribute_not_exists(title.town)",
        "attribute_not_exists(maker[0])",
        "attribute_not_exists(#dotted)",
        "attribute_type(title, :type_s)",
        "begins_with(title, :blue)",
        "begins_with(photo, :b01)",
        "begins_with(title, :empty)",
        "contains(title, :blue)",
        "contains(colours, :red)",
        "contains(sizes, :n5) OR contains(tags, :new)",
        "contains(codes, :x)",
        "contains(photo, :b01)",
        "size(tags) < :n5",
        "size(title) > size(colours)",
        "size(blank) = :n5 OR price = :n10",
        "NOT price = :n5",
        "NOT NOT price = :n10",
        "NOT (price = :n5 OR sold = :null)",
        "price = :n5 OR price = :n10 AND sold = :false",
        "(price = :n5 OR price = :n10) AND sold = :false",
        "price = :n10 AND NOT title = :red",
        "maker.town = :kobe",
    ],
)
def test_condition_holds(expression: str) -> None:
    assert _holds(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "price = :blue",
        "absent = :n5",
        "absent < :n5",
        "absent = absent2",
        "price < :blue",
        "price > :n10",
        "absent BETWEEN :n5 AND :n10",
        "title BETWEEN :n5 AND :n10",
        "absent IN (:n5, absent2)",
        "attribute_exists(absent)",
        "attribute_type(absent, :type_s)",
        "begins_with(price, :blue)",
        "begins_with(absent, :blue)",
        "contains(price, :n10)",
        "contains(absent, :n10)",
        "size(price) > :n5",
        "size(absent) > :n5",
        "NOT price = :n10",
        "price = :n10 AND (sold = :null OR sold = :n5)",
        "size(sold) < :n20",
    ],
)
def test_condition_does_not_hold(expression: str) -> None:
    assert not _holds(expression)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("", "The expression can not be empty;"),
        ("  ", "The expression can not be empty;"),
        ("price =", 'Syntax error; token: "<EOF>", near: "="'),
        ("price", 'Syntax error; token: "<EOF>", near: "price"'),
        ("a : b = :n5", 'Syntax error; token: ":", near: "a : b"'),
        ("initial-price = :n5", 'Syntax error; token: "-", near: "initial-price"'),
        ("price = :n5 price", 'Syntax error; token: "price", near: ":n5 price"'),
        ("price = 5", 'Syntax error; token: "5", near: "= 5"'),
        ("a[x] = :n5", 'Syntax error; token: "x", near: "[x]"'),
        ("price == :n5", 'Syntax error; token: "=", near: "== :n5"'),
        ("AND = :n5", 'Syntax error; token: "AND", near: "AND ="'),
        ("(price = :n5", 'Syntax error; token: "<EOF>", near: ":n5"'),
        ("price = :n5)", 'Syntax error; token: ")", near: ":n5)"'),
        ("price & :n5", 'Syntax error; token: "&", near: "price & :n5"'),
        ("name = :n5", "Attribute name is a reserved keyword; reserved keyword: name"),
        ("maker.Status = :n5", "Attribute name is a reserved keyword; reserved keyword: Status"),
        (
            "price = :undefined",
            (
                "An expression attribute value used in expression is not defined; attribute value:"
                " :undefined"
            ),
        ),
        (
            "#undefined = :n5",
            (
                "An expression attribute name used in the document path is not defined; attribute"
                " name: #undefined"
            ),
        ),
        ("is_red(price)", "Invalid function name; function: is_red"),
        ("SIZE(price) = :n5", "Invalid function name; function: SIZE"),
        (
            "list_append(tags, :list) = :list",
            "The function is not allowed in a condition expression; function: list_append",
        ),
        (
            "size(price)",
            "The function is not allowed to be used this way in an expression; function: size",
        ),
        (
            "price = begins_with(title, :blue)",
            (
                "The function is not allowed to be used this way in an expression; function:"
                " begins_with"
            ),
        ),
        (
            "attribute_exists(:n5)",
            "Operator or function requires a document path; operator or function: attribute_exists",
        ),
        (
            "contains(title)",
            (
                "Incorrect number of operands for operator or function; operator or function:"
                " contains, number of operands: 1"
            ),
        ),
        (
            "begins_with(title, :n5)",
            (
                "Incorrect operand type for operator or function; operator or function:"
                " begins_with,"
                " operand type: N"
            ),
        ),
        (
            "maker < :map",
            (
                "Incorrect operand type for operator or function; operator or function: <, operand"
                " type: M"
            ),
        ),
        (
            "size(:n5) < :n10",
            (
                "Incorrect operand type for operator or function; operator or function:"
                " size, operand"
                " type: N"
            ),
        ),
        (
            "attribute_type(price, :n5)",
            (
                "Incorrect operand type for operator or function; operator or function:"
                " attribute_type, operand type: N"
            ),
        ),
        (
            "attribute_type(price, :blue)",
            (
                "Invalid attribute type name found; type: Blue, valid types:"
                " {B,NULL,SS,BOOL,L,BS,N,NS,S,M}"
            ),
        ),
        (
            "price = price",
            (
                "The first operand must be distinct from the remaining operands for this"
                " operator or"
                " function; operator: =, first operand: [price]"
            ),
        ),
        (
            "tags[0].x < tags[0].x",
            (
                "The first operand must be distinct from the remaining operands for this"
                " operator or"
                " function; operator: <, first operand: [tags, [0], x]"
            ),
        ),
        (
            "price BETWEEN :n10 AND :n5",
            (
                "The BETWEEN operator requires upper bound to be greater than or equal to"
                " lower bound;"
                " lower bound operand: AttributeValue: {N:10}, upper bound operand: AttributeValue:"
                " {N:5}"
            ),
        ),
        (
            "price BETWEEN :n10 AND :red",
            (
                "The BETWEEN operator requires same data type for lower and upper bounds;"
                " lower bound"
                " operand: AttributeValue: {N:10}, upper bound operand: AttributeValue: {S:red}"
            ),
        ),
        ("((price = :n5))", "The expression has redundant parentheses;"),
        (
            "tags[9999999999] = :n5",
            "List index is not within the allowable range; index: [9999999999]",
        ),
        (
            "a" * 4090 + " = :n5",
            "Expression size has exceeded the maximum allowed size; expression size: 4096",
        ),
    ],
)
def test_wrong_condition_is_refused(expression: str, reason: str) -> None:
    if len(expression) == 4096:
        expression, reason = "a" + expression, reason.replace("4096", "4097")
    with pytest.raises(ValidationException) as refusal:
        _holds(expression)

    assert refusal.value.message == f"Invalid ConditionExpression: {reason}"


@pytest.mark.parametrize(
    "expression",
    [
        "(NOT " * 400 + "a = :n5" + ")" * 400,
        "NOT " * 900 + "a = :n5",
        " OR ".join(["a = :n5"] * 300),
        "a IN (" + ", ".join([":n5"] * 101) + ")",
        "size(" * 600 + "a" + ")" * 600 + " = :n5",
    ],
    ids=["parentheses", "negations", "alternatives", "members", "functions"],
)
def test_expression_beyond_the_bounds_is_refused(expression: str) -> None:
    with pytest.raises(ValidationException, match="Invalid ConditionExpression"):
        _holds(expression)


@given(st.text(alphabet="aA1#:.,()[]<>=+- \n\"'\\é\x00ANDORTBEW", max_size=60))
@settings(max_examples=200)
def test_any_text_is_read_or_refused(expression: str) -> None:
    try:
        _holds(expression)
    except ValidationException as refusal:
        assert refusal.message.startswith("Invalid ConditionExpression: ")


# ---------------------------------------------------------------------- a naive model
# Conditions over four attributes that are numbers or missing are made together with what plain
# Python says of them, written out with random cases, blanks and parentheses, and compared.


@dataclass(frozen=True)
class _Case:
    text: str
    verdict: bool
    is_loose: bool = False  # to be put into parentheses below AND and NOT


_attributes = st.fixed_dictionaries({name: st.none() | st.integers(0, 3) for name in "abcd"})


def _comparison(state: dict[str, int | None]) -> st.SearchStrategy[_Case]:
    def make(name: str, operator: str, value: int) -> _Case:
        left = state[name]
        verdicts = {
            "=": left == value,
            "<>": left != value,
            "<": left is not None and left < value,
            "<=": left is not None and left <= value,
            ">": left is not None and left > value,
            ">=": left is not None and left >= value,
        }
        return _Case(f"{name} {operator} :{value}", verdicts[operator])

    operators = st.sampled_from(("=", "<>", "<", "<=", ">", ">="))
    return st.builds(make, st.sampled_from("abcd"), operators, st.integers(0, 3))


def _cases(state: dict[str, int | None]) -> st.SearchStrategy[_Case]:
    def negated(case: _Case) -> _Case:
        inner = f"({case.text})" if case.is_loose else case.text
        return _Case(f"not {inner}", not case.verdict)

    def both(left: _Case, right: _Case) -> _Case:
        texts = [f"({case.text})" if case.is_loose else case.text for case in (left, right)]
        return _Case(" AND ".join(texts), left.verdict and right.verdict, True)

    def either(left: _Case, right: _Case) -> _Case:
        return _Case(f"{left.text} Or  {right.text}", left.verdict or right.verdict, True)

    return st.recursive(
        _comparison(state),
        lambda inner: (
            st.builds(negated, inner)
            | st.builds(both, inner, inner)
            | st.builds(either, inner, inner)
        ),
        max_leaves=12,
    )


@given(_attributes.flatmap(lambda state: st.tuples(st.just(state), _cases(state))))
@settings(max_examples=150)
def test_conditions_agree_with_plain_python(drawn: tuple[dict[str, int | None], _Case]) -> None:
    state, case = drawn
    item: Item = {name: {"N": str(value)} for name, value in state.items() if value is not None}
    values: dict[str, AttributeValue] = {f":{value}": {"N": str(value)} for value in range(4)}

    condition, _ = parse_condition("FilterExpression", case.text, Placeholders(None, values))

    assert holds(condition, item) is case.verdict
