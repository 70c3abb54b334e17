"""The trees that the parser makes of expressions, with names and values already put in.

    Operand    PathOperand | Literal | Size
    Condition  Comparison | Between | In | Exists | AttributeType | BeginsWith | Contains
               | Not | And | Or
    Value      PathOperand | Literal | Arithmetic | IfNotExists | ListAppend    (of a SET action)
    Action     SetAction | RemoveAction | AddAction | DeleteAction

AWS: DynamoDB Developer Guide, Condition and filter expressions; Using update expressions.
"""

from __future__ import annotations

from dataclasses import dataclass

from kamome.services.dynamodb.shapes import AttributeValue

# Attribute names and list indexes, from the item down: `a.b[2]` is ("a", "b", 2).
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class PathOperand:
    """The attribute at a document path."""

    path: Path


@dataclass(frozen=True, slots=True)
class Literal:
    """A value from ExpressionAttributeValues."""

    value: AttributeValue


@dataclass(frozen=True, slots=True)
class Size:
    """`size(path)`: a number."""

    operand: PathOperand | Literal


Operand = PathOperand | Literal | Size


@dataclass(frozen=True, slots=True)
class Comparison:
    """`left operator right`; the operator is one of = <> < <= > >=."""

    operator: str
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class Between:
    """`operand BETWEEN low AND high`, both ends included."""

    operand: Operand
    low: Operand
    high: Operand


@dataclass(frozen=True, slots=True)
class In:
    """`operand IN (options)`."""

    operand: Operand
    options: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Exists:
    """`attribute_exists(path)`, or where `wanted` is false `attribute_not_exists(path)`."""

    path: Path
    wanted: bool


@dataclass(frozen=True, slots=True)
class AttributeType:
    """`attribute_type(path, type)`."""

    operand: Operand
    type: str


@dataclass(frozen=True, slots=True)
class BeginsWith:
    """`begins_with(operand, prefix)`."""

    operand: Operand
    prefix: Operand


@dataclass(frozen=True, slots=True)
class Contains:
    """`contains(operand, part)`."""

    operand: Operand
    part: Operand


@dataclass(frozen=True, slots=True)
class Not:
    """`NOT condition`."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class And:
    """All conditions hold. Two or more."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One of the conditions holds. Two or more."""

    conditions: tuple[Condition, ...]


Condition = (
    Comparison | Between | In | Exists | AttributeType | BeginsWith | Contains | Not | And | Or
)


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`first + a - b …`, of numbers; each step is its operator and operand."""

    first: Value
    steps: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True)
class IfNotExists:
    """`if_not_exists(path, otherwise)`."""

    path: Path
    otherwise: Value


@dataclass(frozen=True, slots=True)
class ListAppend:
    """`list_append(left, right)`."""

    left: Value
    right: Value


Value = PathOperand | Literal | Arithmetic | IfNotExists | ListAppend


@dataclass(frozen=True, slots=True)
class SetAction:
    """`SET path = value`."""

    path: Path
    value: Value


@dataclass(frozen=True, slots=True)
class RemoveAction:
    """`REMOVE path`."""

    path: Path


@dataclass(frozen=True, slots=True)
class AddAction:
    """`ADD path value`: adds to a number, or members to a set."""

    path: Path
    value: AttributeValue


@dataclass(frozen=True, slots=True)
class DeleteAction:
    """`DELETE path value`: takes members from a set."""

    path: Path
    value: AttributeValue


Action = SetAction | RemoveAction | AddAction | DeleteAction


def path_shown(path: Path) -> str:
    """A path as AWS's sentences show it: `[a, b, [2]]`. AWS: Error handling."""
    return f"[{', '.join(f'[{part}]' if isinstance(part, int) else part for part in path)}]"
