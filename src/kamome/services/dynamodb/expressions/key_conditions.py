"""Which item collection a query reads, and which range of its sort keys.

AWS: DynamoDB Developer Guide, Key condition expressions for the Query operation.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from kamome.services.dynamodb.attribute_values import precedes, type_of
from kamome.services.dynamodb.errors import ValidationException
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
    Path,
    PathOperand,
)
from kamome.services.dynamodb.keys import (
    SORT_KEY_END,
    KeyAttribute,
    KeySchema,
    StoredKey,
    partition_key,
    refuse_empty,
    sort_key,
)

if TYPE_CHECKING:
    from kamome.services.dynamodb.shapes import AttributeValue

_FLIPPED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_INVALID = "Invalid KeyConditionExpression: "


class KeyRange(NamedTuple):
    """Sort keys of one partition, from `low` (included) to `high` (excluded)."""

    partition_key: bytes
    low: bytes = b""
    high: bytes = SORT_KEY_END

    def holds(self, key: StoredKey) -> bool:
        """Whether a key is in the range."""
        return key.partition_key == self.partition_key and self.low <= key.sort_key < self.high

    def beyond(self, key: StoredKey, *, is_forward: bool) -> KeyRange:
        """What remains of the range after a key, in the direction of reading."""
        if is_forward:
            return self._replace(low=_next(key.sort_key))
        return self._replace(high=key.sort_key)


class KeyTest(NamedTuple):
    """One condition on one key attribute: `=`, `<` …, BETWEEN or begins_with, and its values."""

    name: str
    operator: str
    values: tuple[AttributeValue, ...]


def key_tests(condition: Condition) -> list[KeyTest]:
    """The tests that a key condition expression consists of.

    Raises:
        ValidationException: something that is not allowed in a key condition.

    AWS: DynamoDB Developer Guide, Key condition expressions for the Query operation.
    """
    tests: list[KeyTest] = []
    for part in _parts(condition):
        test = _test_of(part)
        if any(test.name == other.name for other in tests):
            raise ValidationException(
                "KeyConditionExpressions must only contain one condition per key"
            )
        tests.append(test)
    return tests


def _parts(condition: Condition) -> Iterator[Condition]:
    if isinstance(condition, And):
        for part in condition.conditions:
            yield from _parts(part)
    else:
        yield condition


def _test_of(condition: Condition) -> KeyTest:
    if isinstance(condition, Comparison) and condition.operator != "<>":
        return _comparison(condition)
    if isinstance(condition, Between):
        name = _key_name(condition.operand, "BETWEEN")
        low, high = _value(condition.low), _value(condition.high)
        return KeyTest(name, "BETWEEN", (low, high))
    if isinstance(condition, BeginsWith):
        name = _key_name(condition.operand, "begins_with")
        return KeyTest(name, "begins_with", (_value(condition.prefix),))
    raise ValidationException(
        f"Invalid operator used in KeyConditionExpression: {_operator_of(condition)}"
    )


def _comparison(condition: Comparison) -> KeyTest:
    operator, left, right = condition.operator, condition.left, condition.right
    if isinstance(left, Literal) and isinstance(right, PathOperand):
        operator, left, right = _FLIPPED[operator], right, left
    return KeyTest(_key_name(left, operator), operator, (_value(right),))


def _key_name(operand: Operand, operator: str) -> str:
    if not isinstance(operand, PathOperand):
        if isinstance(operand, Literal):
            raise ValidationException(
                f"Invalid condition in KeyConditionExpression: {operator} operator must have the"
                " key attribute as its first operand"
            )
        raise ValidationException("Invalid operator used in KeyConditionExpression: size")
    return _top_level(operand.path)


def _top_level(path: Path) -> str:
    if len(path) > 1:
        raise ValidationException(
            "KeyConditionExpressions cannot have conditions on nested attributes"
        )
    return str(path[0])


def _value(operand: Operand) -> AttributeValue:
    if isinstance(operand, Literal):
        return operand.value
    if isinstance(operand, PathOperand):
        raise ValidationException(
            "Invalid condition in KeyConditionExpression: Multiple attribute names used in one"
            " condition"
        )
    raise ValidationException("Invalid operator used in KeyConditionExpression: size")


def _operator_of(condition: Condition) -> str:
    match condition:
        case Or():
            return "OR"
        case Not():
            return "NOT"
        case In():
            return "IN"
        case Contains():
            return "contains"
        case AttributeType():
            return "attribute_type"
        case Exists(_, wanted):
            return "attribute_exists" if wanted else "attribute_not_exists"
        case Comparison(operator):
            return operator
    raise AssertionError(condition)


def key_range(schema: KeySchema, tests: list[KeyTest]) -> KeyRange:
    """The range of stored keys that satisfies the tests.

    Raises:
        ValidationException: the partition key has no equality, another attribute is tested, or a
            value is of the wrong type, empty or too long.

    AWS: DynamoDB API Reference, Query, KeyConditionExpression.
    """
    by_name = {test.name: test for test in tests}
    hash_test = by_name.pop(schema.hash.name, None)
    if hash_test is None:
        raise ValidationException(f"Query condition missed key schema element: {schema.hash.name}")
    range_test = by_name.pop(schema.range.name, None) if schema.range is not None else None
    if by_name:
        if schema.range is not None and range_test is None:
            raise ValidationException(
                f"Query condition missed key schema element: {schema.range.name}"
            )
        raise ValidationException("Query key condition not supported")
    if hash_test.operator != "=":
        raise ValidationException("Query key condition not supported")
    _check_types(schema.hash, hash_test)
    whole = KeyRange(partition_key(hash_test.values[0]))
    if schema.range is None or range_test is None:
        return whole
    _check_types(schema.range, range_test)
    return _narrowed(whole, range_test)


def _check_types(attribute: KeyAttribute, test: KeyTest) -> None:
    for value in test.values:
        if type_of(value) != attribute.type:
            raise ValidationException(
                "One or more parameter values were invalid: Condition parameter type does not"
                " match schema type"
            )
        refuse_empty(attribute.name, value)


def _narrowed(whole: KeyRange, test: KeyTest) -> KeyRange:
    low = sort_key(test.values[0])
    match test.operator:
        case "=":
            return whole._replace(low=low, high=_next(low))
        case "<":
            return whole._replace(high=low)
        case "<=":
            return whole._replace(high=_next(low))
        case ">":
            return whole._replace(low=_next(low))
        case ">=":
            return whole._replace(low=low)
        case "begins_with":
            return whole._replace(low=low, high=_after_prefix(low))
    if precedes(test.values[1], test.values[0]):
        raise ValidationException(
            f"{_INVALID}The BETWEEN operator requires upper bound to be greater than or equal to"
            " lower bound"
        )
    return whole._replace(low=low, high=_next(sort_key(test.values[1])))


def _next(key: bytes) -> bytes:
    """The first sort key after this one."""
    return key + b"\x00"


def _after_prefix(prefix: bytes) -> bytes:
    """The first sort key after all that begin with the prefix."""
    stem = prefix.rstrip(b"\xff")
    return stem[:-1] + bytes((stem[-1] + 1,)) if stem else SORT_KEY_END
