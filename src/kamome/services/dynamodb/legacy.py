"""Legacy conditional parameters: Expected, the filters, KeyConditions, AttributeUpdates.

Each is turned into the same trees that expressions give.

AWS: DynamoDB Developer Guide, Legacy conditional parameters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from kamome.services.dynamodb.attribute_values import SET_TYPES, check_value, precedes, type_of
from kamome.services.dynamodb.errors import ValidationException
from kamome.services.dynamodb.expressions.key_conditions import KeyTest
from kamome.services.dynamodb.expressions.paths import PathNode, tree_of
from kamome.services.dynamodb.expressions.syntax import (
    Action,
    AddAction,
    And,
    BeginsWith,
    Between,
    Comparison,
    Condition,
    Contains,
    DeleteAction,
    Exists,
    In,
    Literal,
    Not,
    Or,
    PathOperand,
    RemoveAction,
    SetAction,
)

if TYPE_CHECKING:
    from kamome.services.dynamodb.shapes import (
        AttributeValue,
        AttributeValueUpdate,
        ExpectedAttributeValue,
    )
    from kamome.services.dynamodb.shapes import Condition as LegacyCondition

_INVALID = "One or more parameter values were invalid: "
_COMPARATORS = {"EQ": "=", "NE": "<>", "LT": "<", "LE": "<=", "GT": ">", "GE": ">="}
_KEY_OPERATORS = {
    "EQ": "=",
    "LT": "<",
    "LE": "<=",
    "GT": ">",
    "GE": ">=",
    "BEGINS_WITH": "begins_with",
    "BETWEEN": "BETWEEN",
}
# How many values each operator takes; IN takes one or more. AWS: Condition, ComparisonOperator.
_ARGUMENTS = {"NULL": 0, "NOT_NULL": 0, "BETWEEN": 2}
_ORDERED = frozenset(("S", "N", "B"))
_SCALARS = frozenset(("S", "N", "B", "BOOL", "NULL"))
_ARGUMENT_TYPES = {
    "LT": _ORDERED,
    "LE": _ORDERED,
    "GT": _ORDERED,
    "GE": _ORDERED,
    "BETWEEN": _ORDERED,
    "IN": _ORDERED,
    "BEGINS_WITH": frozenset(("S", "B")),
    "CONTAINS": _SCALARS,
    "NOT_CONTAINS": _SCALARS,
}


def expected_condition(
    expected: Mapping[str, ExpectedAttributeValue], conditional_operator: str | None
) -> Condition | None:
    """`Expected` as a condition; None where it is empty.

    Raises:
        ValidationException: members that do not go together, wrong number or type of values.

    AWS: DynamoDB Developer Guide, Legacy conditional parameters, Expected.
    """
    return _joined(
        [_expectation(name, expectation) for name, expectation in expected.items()],
        conditional_operator,
    )


def filter_condition(
    conditions: Mapping[str, LegacyCondition], conditional_operator: str | None
) -> Condition | None:
    """`QueryFilter` or `ScanFilter` as a condition; None where it is empty.

    Raises:
        ValidationException: wrong number or type of values.

    AWS: DynamoDB Developer Guide, Legacy conditional parameters, QueryFilter; ScanFilter.
    """
    return _joined(
        [
            _condition(name, test["ComparisonOperator"], test.get("AttributeValueList", []))
            for name, test in conditions.items()
        ],
        conditional_operator,
    )


def _joined(parts: Sequence[Condition], conditional_operator: str | None) -> Condition | None:
    if conditional_operator is not None and len(parts) < 2:
        raise ValidationException(
            "ConditionalOperator can only be used when Filter or Expected has two or more elements"
        )
    if not parts:
        return None
    if len(parts) == 1:
        return parts[0]
    return Or(tuple(parts)) if conditional_operator == "OR" else And(tuple(parts))


def refuse_lone_operator(conditional_operator: str | None, conditions: object | None) -> None:
    """ConditionalOperator needs Expected or a filter beside it.

    Raises:
        ValidationException: it stands alone.

    AWS: DynamoDB Developer Guide, Legacy conditional parameters, ConditionalOperator.
    """
    if conditional_operator is not None and conditions is None:
        raise ValidationException("ConditionalOperator cannot be used without Filter or Expected")


def _expectation(name: str, expected: ExpectedAttributeValue) -> Condition:
    if "ComparisonOperator" in expected:
        return _compared_expectation(name, expected)
    if "AttributeValueList" in expected:
        raise ValidationException(
            f"{_INVALID}AttributeValueList can only be used with a ComparisonOperator for"
            f" Attribute: {name}"
        )
    if expected.get("Exists", True):
        if "Value" not in expected:
            state = "true" if "Exists" in expected else "null"
            raise ValidationException(
                f"{_INVALID}Value must be provided when Exists is {state} for Attribute: {name}"
            )
        check_value(expected["Value"])
        return Comparison("=", PathOperand((name,)), Literal(expected["Value"]))
    if "Value" in expected:
        raise ValidationException(
            f"{_INVALID}Value cannot be used when Exists is set to false for Attribute: {name}"
        )
    return Exists((name,), wanted=False)


def _compared_expectation(name: str, expected: ExpectedAttributeValue) -> Condition:
    operator = expected["ComparisonOperator"]
    if "Exists" in expected:
        raise ValidationException(
            f"{_INVALID}Exists and ComparisonOperator cannot be used together for Attribute: {name}"
        )
    if "Value" in expected and "AttributeValueList" in expected:
        raise ValidationException(
            f"{_INVALID}Value and AttributeValueList cannot be used together for Attribute: {name}"
        )
    values = expected.get("AttributeValueList")
    if values is None:
        values = [expected["Value"]] if "Value" in expected else []
        if not values and _ARGUMENTS.get(operator, 1):
            raise ValidationException(
                f"{_INVALID}Value or AttributeValueList must be used with ComparisonOperator:"
                f" {operator} for Attribute: {name}"
            )
    return _condition(name, operator, values)


def _condition(name: str, operator: str, values: Sequence[AttributeValue]) -> Condition:
    check_arguments(operator, values)
    path = PathOperand((name,))
    literals = tuple(Literal(value) for value in values)
    match operator:
        case "NOT_NULL" | "NULL":
            return Exists((name,), wanted=operator == "NOT_NULL")
        case "IN":
            return In(path, literals)
        case "BETWEEN":
            return Between(path, literals[0], literals[1])
        case "BEGINS_WITH":
            return BeginsWith(path, literals[0])
        case "CONTAINS":
            return Contains(path, literals[0])
        case "NOT_CONTAINS":
            absent = Not(Contains(path, literals[0]))
            return And((Exists((name,), wanted=True), absent))
    return Comparison(_COMPARATORS[operator], path, literals[0])


def check_arguments(operator: str, values: Sequence[AttributeValue]) -> None:
    """An AttributeValueList has as many values as its ComparisonOperator takes, of its types.

    Raises:
        ValidationException: it has not.

    AWS: DynamoDB API Reference, Condition.
    """
    count = len(values)
    wanted = _ARGUMENTS.get(operator, 1)
    if count != wanted and not (operator == "IN" and count > 1):
        raise ValidationException(
            f"{_INVALID}Invalid number of argument(s) for the {operator} ComparisonOperator"
        )
    for value in values:
        check_value(value)
        kind = type_of(value)
        if kind not in _ARGUMENT_TYPES.get(operator, (kind,)):
            raise ValidationException(
                f"{_INVALID}ComparisonOperator {operator} is not valid for {kind} AttributeValue"
                " type"
            )
    if len({type_of(value) for value in values}) > 1:
        raise ValidationException(
            f"{_INVALID}AttributeValues inside AttributeValueList must all be of the same type"
        )
    if operator == "BETWEEN" and precedes(values[1], values[0]):
        raise ValidationException(
            "The BETWEEN condition was provided a range where the lower bound is greater than the"
            " upper bound"
        )


def key_tests(conditions: Mapping[str, LegacyCondition]) -> list[KeyTest]:
    """`KeyConditions` as tests of key attributes.

    Raises:
        ValidationException: an operator that keys do not have, wrong number or type of values.

    AWS: DynamoDB Developer Guide, Legacy conditional parameters, KeyConditions.
    """
    tests = []
    for name, condition in conditions.items():
        operator = condition["ComparisonOperator"]
        values = condition.get("AttributeValueList", [])
        check_arguments(operator, values)
        if operator not in _KEY_OPERATORS:
            raise ValidationException(
                "Attempted conditional constraint is not an indexable operation"
            )
        tests.append(KeyTest(name, _KEY_OPERATORS[operator], tuple(values)))
    return tests


def update_actions(updates: Mapping[str, AttributeValueUpdate]) -> tuple[Action, ...]:
    """`AttributeUpdates` as the actions of an update expression.

    Raises:
        ValidationException: an action without its value, or of a type it does not take.

    AWS: DynamoDB Developer Guide, Legacy conditional parameters, AttributeUpdates.
    """
    return tuple(_update_action(name, update) for name, update in updates.items())


def _update_action(name: str, update: AttributeValueUpdate) -> Action:
    action = update.get("Action", "PUT")
    if "Value" not in update:
        if action != "DELETE":
            raise ValidationException(
                f"{_INVALID}Only DELETE action is allowed when no attribute value is specified"
            )
        return RemoveAction((name,))
    value = update["Value"]
    check_value(value)
    kind = type_of(value)
    if action == "PUT":
        return SetAction((name,), Literal(value))
    if action == "ADD":
        if kind != "N" and kind not in SET_TYPES:
            raise ValidationException(f"{_INVALID}ADD action is not supported for the type {kind}")
        return AddAction((name,), value)
    if kind not in SET_TYPES:
        raise ValidationException(
            f"{_INVALID}DELETE action with value is not supported for the type {kind}"
        )
    return DeleteAction((name,), value)


def refuse_type_mismatch(item: Mapping[str, AttributeValue], actions: Sequence[Action]) -> None:
    """An attribute that AttributeUpdates adds to or deletes from has the value's type.

    Raises:
        ValidationException: it has another.

    AWS: DynamoDB Developer Guide, Legacy conditional parameters, AttributeUpdates.
    """
    for action in actions:
        if isinstance(action, AddAction | DeleteAction):
            old = item.get(str(action.path[0]))
            if old is not None and type_of(old) != type_of(action.value):
                raise ValidationException("Type mismatch for attribute to update")


def attributes_to_get(names: Sequence[str]) -> PathNode:
    """`AttributesToGet` as the paths of a projection.

    Raises:
        ValidationException: a name stands twice.

    AWS: DynamoDB Developer Guide, Legacy conditional parameters, AttributesToGet.
    """
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValidationException(f"{_INVALID}Duplicate value in attribute name: {name}")
        seen.add(name)
    return tree_of((name,) for name in names)
