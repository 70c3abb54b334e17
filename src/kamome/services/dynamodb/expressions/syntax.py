"""The trees that the parser makes of expressions, with names and values already put in.

    Operand    PathOperand | Literal | Size
    Condition  Comparison | Between | In | Exists | AttributeType | BeginsWith | Contains
               | Not | And | Or
    Value      PathOperand | Literal | Arithmetic | IfNotExists | ListAppend    (of a SET action)
    Action     SetAction | RemoveAction | AddAction | DeleteAction

Named tuples, because all are made at the server's start: a frozen dataclass takes 1.3 ms to make, a
named tuple 0.2 (2 busy cores, 2026-11).

AWS: DynamoDB Developer Guide, Condition and filter expressions; Using update expressions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from kamome.services.dynamodb.shapes import AttributeValue


# Attribute names and list indexes, from the item down: `a.b[2]` is ("a", "b", 2).
Path = tuple[str | int, ...]


class PathOperand(NamedTuple):
    """The attribute at a document path."""

    path: Path


class Literal(NamedTuple):
    """A value from ExpressionAttributeValues."""

    value: AttributeValue


class Size(NamedTuple):
    """`size(path)`: a number."""

    operand: PathOperand | Literal


Operand = PathOperand | Literal | Size


class Comparison(NamedTuple):
    """`left operator right`; the operator is one of = <> < <= > >=."""

    operator: str
    left: Operand
    right: Operand


class Between(NamedTuple):
    """`operand BETWEEN low AND high`, both ends included."""

    operand: Operand
    low: Operand
    high: Operand


class In(NamedTuple):
    """`operand IN (options)`."""

    operand: Operand
    options: tuple[Operand, ...]


class Exists(NamedTuple):
    """`attribute_exists(path)`, or where `wanted` is false `attribute_not_exists(path)`."""

    path: Path
    wanted: bool


class AttributeType(NamedTuple):
    """`attribute_type(path, type)`."""

    operand: Operand
    type: str


class BeginsWith(NamedTuple):
    """`begins_with(operand, prefix)`."""

    operand: Operand
    prefix: Operand


class Contains(NamedTuple):
    """`contains(operand, part)`."""

    operand: Operand
    part: Operand


class Not(NamedTuple):
    """`NOT condition`."""

    condition: Condition


class And(NamedTuple):
    """All conditions hold. Two or more."""

    conditions: tuple[Condition, ...]


class Or(NamedTuple):
    """One of the conditions holds. Two or more."""

    conditions: tuple[Condition, ...]


Condition = (
    Comparison | Between | In | Exists | AttributeType | BeginsWith | Contains | Not | And | Or
)


class Arithmetic(NamedTuple):
    """`first + a - b …`, of numbers; each step is its operator and operand."""

    first: Value
    steps: tuple[tuple[str, Value], ...]


class IfNotExists(NamedTuple):
    """`if_not_exists(path, otherwise)`."""

    path: Path
    otherwise: Value


class ListAppend(NamedTuple):
    """`list_append(left, right)`."""

    left: Value
    right: Value


Value = PathOperand | Literal | Arithmetic | IfNotExists | ListAppend


class SetAction(NamedTuple):
    """`SET path = value`."""

    path: Path
    value: Value


class RemoveAction(NamedTuple):
    """`REMOVE path`."""

    path: Path


class AddAction(NamedTuple):
    """`ADD path value`: adds to a number, or members to a set."""

    path: Path
    value: AttributeValue


class DeleteAction(NamedTuple):
    """`DELETE path value`: takes members from a set."""

    path: Path
    value: AttributeValue


Action = SetAction | RemoveAction | AddAction | DeleteAction


def path_shown(path: Path) -> str:
    """A path as AWS's sentences show it: `[a, b, [2]]`. AWS: Error handling."""
    return f"[{', '.join(f'[{part}]' if isinstance(part, int) else part for part in path)}]"
