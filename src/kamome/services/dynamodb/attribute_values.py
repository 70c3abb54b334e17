"""Attribute values: which are valid, how large they are, when two are equal, which comes first.

A value is a mapping with exactly one member, its type: S, N, B, SS, NS, BS, M, L, NULL or BOOL.
Numbers are canonical text once `check_item` or `check_value` has seen them.

AWS: DynamoDB API Reference, AttributeValue; Developer Guide, Item sizes and formats.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from kamome.services.dynamodb import numbers
from kamome.services.dynamodb.errors import ValidationException
from kamome.services.dynamodb.limits import ATTRIBUTE_NAME_BYTES_MAX, NESTING_DEPTH_MAX

if TYPE_CHECKING:
    from kamome.services.dynamodb.shapes import AttributeValue

Item: TypeAlias = "dict[str, AttributeValue]"

SET_TYPES = frozenset(("SS", "NS", "BS"))
ORDERED_TYPES = frozenset(("S", "N", "B"))
# A list or map takes 3 bytes, and each of its elements 1. AWS: Item sizes and formats.
_DOCUMENT_BYTES = 3
_ELEMENT_BYTES = 1

_INVALID = "One or more parameter values were invalid: "


def type_of(value: AttributeValue) -> str:
    """The value's type, as AWS's one or two letters or word. AWS: AttributeValue."""
    return next(iter(value))


def check_item(item: Mapping[str, AttributeValue]) -> int:
    """Validate an item's attributes, make its numbers canonical in place, return its size in bytes.

    Raises:
        ValidationException: an invalid value, an empty or oversized name, too deep a nesting.

    AWS: DynamoDB Developer Guide, Constraints; Item sizes and formats.
    """
    size = 0
    for name, value in item.items():
        size += _name_bytes(name) + check_value(value)
    return size


def check_value(value: AttributeValue, depth: int = 0) -> int:
    """Validate one value, make its numbers canonical in place, return its size in bytes.

    `depth` is how many lists and maps the value stands in.

    Raises:
        ValidationException: as AWS words it for each type.

    AWS: DynamoDB API Reference, AttributeValue; Developer Guide, Constraints, Data types.
    """
    if len(value) != 1:
        wrong = "has more than one datatypes set" if value else "is empty"
        raise ValidationException(
            f"Supplied AttributeValue {wrong}, must contain exactly one of the supported datatypes"
        )
    if "S" in value:
        text = value["S"]
        return len(text) if text.isascii() else len(text.encode())
    if "N" in value:
        value["N"] = numbers.canonical(value["N"])
        return numbers.size_bytes(value["N"])
    return _CHECKS[type_of(value)](value, depth)


def _check_binary(value: AttributeValue, _depth: int) -> int:
    return len(value["B"])


def _check_boolean(_value: AttributeValue, _depth: int) -> int:
    return 1


def _check_null(value: AttributeValue, _depth: int) -> int:
    if not value["NULL"]:
        raise ValidationException(
            f"{_INVALID}Null attribute value types must have the value of true"
        )
    return 1


def _check_map(value: AttributeValue, depth: int) -> int:
    _check_depth(depth)
    size = _DOCUMENT_BYTES
    for name, element in value["M"].items():
        size += _name_bytes(name) + check_value(element, depth + 1) + _ELEMENT_BYTES
    return size


def _check_list(value: AttributeValue, depth: int) -> int:
    _check_depth(depth)
    size = _DOCUMENT_BYTES
    for element in value["L"]:
        size += check_value(element, depth + 1) + _ELEMENT_BYTES
    return size


def _check_depth(depth: int) -> None:
    if depth >= NESTING_DEPTH_MAX:
        raise ValidationException(
            f"Nesting Levels have exceeded supported limits: {NESTING_DEPTH_MAX}"
        )


def _check_string_set(value: AttributeValue, _depth: int) -> int:
    members = value["SS"]
    if not members:
        raise ValidationException(f"{_INVALID}An string set  may not be empty")
    if len(set(members)) != len(members):
        raise ValidationException(
            f"{_INVALID}Input collection [{', '.join(members)}] contains duplicates."
        )
    return sum(len(member.encode()) for member in members)


def _check_number_set(value: AttributeValue, _depth: int) -> int:
    if not value["NS"]:
        raise ValidationException(f"{_INVALID}An number set  may not be empty")
    members = [numbers.canonical(member) for member in value["NS"]]
    if len(set(members)) != len(members):
        raise ValidationException("Input collection contains duplicates")
    value["NS"] = members
    return sum(numbers.size_bytes(member) for member in members)


def _check_binary_set(value: AttributeValue, _depth: int) -> int:
    members = value["BS"]
    if not members:
        raise ValidationException(f"{_INVALID}Binary sets should not be empty")
    if len(set(members)) != len(members):
        shown = f"[{', '.join('Bytes' for _ in members)}]"
        raise ValidationException(
            f"{_INVALID}Input collection {shown}of type BS contains duplicates."
        )
    return sum(len(member) for member in members)


_CHECKS: Mapping[str, Callable[[AttributeValue, int], int]] = {
    "B": _check_binary,
    "SS": _check_string_set,
    "NS": _check_number_set,
    "BS": _check_binary_set,
    "M": _check_map,
    "L": _check_list,
    "NULL": _check_null,
    "BOOL": _check_boolean,
}


def _name_bytes(name: str) -> int:
    size = len(name) if name.isascii() else len(name.encode())
    if not size:
        raise ValidationException(f"{_INVALID}Empty attribute name")
    if size > ATTRIBUTE_NAME_BYTES_MAX:
        raise ValidationException(f"{_INVALID}Attribute name is too large, must be less than 64 KB")
    return size


def equal(left: AttributeValue, right: AttributeValue) -> bool:
    """Whether two values are the same: same type, same content, sets without order.

    AWS: DynamoDB Developer Guide, Condition and filter expressions, Making comparisons.
    """
    kind = type_of(left)
    if kind != type_of(right):
        return False
    if kind in SET_TYPES:
        return set(members_of(left)) == set(members_of(right))
    if kind == "L":
        ours, theirs = left["L"], right["L"]
        return len(ours) == len(theirs) and all(map(equal, ours, theirs))
    if kind == "M":
        mine, other = left["M"], right["M"]
        return mine.keys() == other.keys() and all(equal(mine[name], other[name]) for name in mine)
    return left == right


def precedes(left: AttributeValue, right: AttributeValue) -> bool | None:
    """Whether `left` is less than `right`; None where the two have no order.

    Strings and binaries are ordered by their (UTF-8) bytes, numbers by value; other types and
    unlike types have no order.

    AWS: DynamoDB Developer Guide, Naming rules and data types.
    """
    if "S" in left and "S" in right:
        return left["S"] < right["S"]  # code points order as their UTF-8 bytes do
    if "N" in left and "N" in right:
        return Decimal(left["N"]) < Decimal(right["N"])
    if "B" in left and "B" in right:
        return left["B"] < right["B"]
    return None


def members_of(value: AttributeValue) -> Sequence[str] | Sequence[bytes]:
    """Members of a set value, as their bare text, number text or bytes. AWS: AttributeValue."""
    if "SS" in value:
        return value["SS"]
    if "NS" in value:
        return value["NS"]
    return value["BS"]


def set_of(kind: str, members: Collection[str | bytes]) -> AttributeValue:
    """A set value of the type `kind` (SS, NS or BS) from bare members. AWS: AttributeValue."""
    if kind == "BS":
        return {"BS": [member for member in members if isinstance(member, bytes)]}
    texts = [member for member in members if isinstance(member, str)]
    return {"SS": texts} if kind == "SS" else {"NS": texts}


def shown(value: AttributeValue) -> str:
    """A value as AWS's sentences show it: `{S:text}`. AWS: Error handling."""
    kind = type_of(value)
    if kind == "S":
        return f"{{S:{value['S']}}}"
    if kind == "N":
        return f"{{N:{value['N']}}}"
    if kind == "B":
        return f"{{B:java.nio.HeapByteBuffer[pos=0 lim={len(value['B'])} cap={len(value['B'])}]}}"
    return f"{{{kind}:…}}"
