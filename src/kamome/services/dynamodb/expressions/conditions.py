"""Whether a condition holds for an item. An absent item is an item without attributes.

AWS: DynamoDB Developer Guide, Condition and filter expressions, operators, and functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

from kamome.services.dynamodb.attribute_values import equal, members_of, precedes, type_of
from kamome.services.dynamodb.expressions.paths import find
from kamome.services.dynamodb.expressions.syntax import (
    And,
    AttributeType,
    BeginsWith,
    Between,
    Comparison,
    Condition,
    Contains,
    Exists,
    In,
    Literal,
    Not,
    Operand,
    Or,
    PathOperand,
)

if TYPE_CHECKING:
    from kamome.services.dynamodb.shapes import AttributeValue

_Item: TypeAlias = "Mapping[str, AttributeValue]"


def holds(condition: Condition, item: _Item) -> bool:
    """Evaluate a condition. A missing operand or unlike types make a comparison false, `<>` true.

    AWS: DynamoDB Developer Guide, Condition and filter expressions, operators, and functions.
    """
    match condition:
        case Comparison():
            return _compares(condition, item)
        case Exists(path, wanted):
            return (find(item, path) is not None) is wanted
        case And(conditions):
            return all(holds(part, item) for part in conditions)
        case Or(conditions):
            return any(holds(part, item) for part in conditions)
        case Not(inner):
            return not holds(inner, item)
        case Between():
            return _is_between(condition, item)
        case In(operand, options):
            value = value_of(operand, item)
            return value is not None and any(
                _are_equal(value, value_of(option, item)) for option in options
            )
        case AttributeType(operand, kind):
            value = value_of(operand, item)
            return value is not None and type_of(value) == kind
        case BeginsWith(operand, prefix):
            return _begins_with(value_of(operand, item), value_of(prefix, item))
        case Contains(operand, part):
            return contains(value_of(operand, item), value_of(part, item))


def value_of(operand: Operand, item: _Item) -> AttributeValue | None:
    """The operand's value in this item, None where there is none.

    AWS: DynamoDB Developer Guide, Condition and filter expressions, Functions.
    """
    if isinstance(operand, PathOperand):
        return find(item, operand.path)
    if isinstance(operand, Literal):
        return operand.value
    value = value_of(operand.operand, item)
    size = None if value is None else size_of(value)
    return None if size is None else {"N": str(size)}


def size_of(value: AttributeValue) -> int | None:
    """What `size()` says of a value, None for types without a size.

    Characters of a string, bytes of a binary, elements of a set, list or map.

    AWS: DynamoDB Developer Guide, Condition and filter expressions, Functions, size.
    """
    if "S" in value:
        return len(value["S"])
    if "B" in value:
        return len(value["B"])
    if "L" in value:
        return len(value["L"])
    if "M" in value:
        return len(value["M"])
    if type_of(value) in ("SS", "NS", "BS"):
        return len(members_of(value))
    return None


def _are_equal(left: AttributeValue | None, right: AttributeValue | None) -> bool:
    return left is not None and right is not None and equal(left, right)


def _compares(condition: Comparison, item: _Item) -> bool:
    left = value_of(condition.left, item)
    right = value_of(condition.right, item)
    if condition.operator == "=":
        return _are_equal(left, right)
    if condition.operator == "<>":
        return not _are_equal(left, right)
    if left is None or right is None:
        return False
    if condition.operator == "<":
        return precedes(left, right) is True
    if condition.operator == "<=":
        return precedes(right, left) is False
    if condition.operator == ">":
        return precedes(right, left) is True
    return precedes(left, right) is False


def _is_between(condition: Between, item: _Item) -> bool:
    value = value_of(condition.operand, item)
    low = value_of(condition.low, item)
    high = value_of(condition.high, item)
    if value is None or low is None or high is None:
        return False
    return precedes(value, low) is False and precedes(high, value) is False


def _begins_with(value: AttributeValue | None, prefix: AttributeValue | None) -> bool:
    if value is None or prefix is None:
        return False
    if "S" in value and "S" in prefix:
        return value["S"].startswith(prefix["S"])
    if "B" in value and "B" in prefix:
        return value["B"].startswith(prefix["B"])
    return False


def contains(value: AttributeValue | None, part: AttributeValue | None) -> bool:
    """Whether a string or binary has a part, or a set or list a member.

    AWS: DynamoDB Developer Guide, Condition and filter expressions, Functions, contains.
    """
    if value is None or part is None:
        return False
    if "S" in value and "S" in part:
        return part["S"] in value["S"]
    if "B" in value and "B" in part:
        return part["B"] in value["B"]
    if "L" in value:
        return any(equal(element, part) for element in value["L"])
    if "SS" in value and "S" in part:
        return part["S"] in value["SS"]
    if "NS" in value and "N" in part:
        return part["N"] in value["NS"]
    if "BS" in value and "B" in part:
        return part["B"] in value["BS"]
    return False
