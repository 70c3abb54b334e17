"""What an update expression makes of an item.

All values are taken from the item as it was. List elements are set and removed by the positions
they had; elements set beyond a list's end are appended in the order of their positions.

AWS: DynamoDB Developer Guide, Using update expressions in DynamoDB.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from kamome.services.dynamodb import numbers
from kamome.services.dynamodb.attribute_values import (
    SET_TYPES,
    Item,
    members_of,
    set_of,
    type_of,
)
from kamome.services.dynamodb.errors import ValidationException
from kamome.services.dynamodb.expressions.paths import PathNode, find, tree_of
from kamome.services.dynamodb.expressions.syntax import (
    Action,
    AddAction,
    Arithmetic,
    DeleteAction,
    IfNotExists,
    ListAppend,
    Literal,
    Path,
    PathOperand,
    SetAction,
    Value,
)

if TYPE_CHECKING:
    from kamome.services.dynamodb.shapes import AttributeValue

_Item: TypeAlias = "Mapping[str, AttributeValue]"
# What becomes of the place a path leads to: a new value, or None where it is removed.
_Changes: TypeAlias = "Mapping[Path, AttributeValue | None]"

_WRONG_TYPE = "An operand in the update expression has an incorrect data type"


def updated(item: _Item, actions: Sequence[Action]) -> Item:
    """The item after the actions; `item` itself stays as it is.

    Raises:
        ValidationException: a path leads nowhere, an operand is missing or of the wrong type, or a
            number comes out of range.

    AWS: DynamoDB Developer Guide, Using update expressions in DynamoDB.
    """
    changes = {action.path: _outcome(item, action) for action in actions}
    return _changed_map(tree_of(changes), item, changes)


def only_removes(actions: Sequence[Action]) -> bool:
    """Whether there are actions, and all of them take something away (REMOVE, DELETE).

    Such an update of a missing item leaves it missing.

    AWS: DynamoDB API Reference, UpdateItem.
    """
    return bool(actions) and not any(
        isinstance(action, SetAction | AddAction) for action in actions
    )


def _outcome(item: _Item, action: Action) -> AttributeValue | None:
    if isinstance(action, SetAction):
        return _value_of(action.value, item)
    if isinstance(action, AddAction):
        return _added(find(item, action.path), action.value)
    if isinstance(action, DeleteAction):
        return _without(find(item, action.path), action.value)
    return None


# ---------------------------------------------------------------------- values


def _value_of(value: Value, item: _Item) -> AttributeValue:
    if isinstance(value, Literal):
        return value.value
    if isinstance(value, PathOperand):
        found = find(item, value.path)
        if found is None:
            raise ValidationException(
                "The provided expression refers to an attribute that does not exist in the item"
            )
        return found
    if isinstance(value, IfNotExists):
        found = find(item, value.path)
        return _value_of(value.otherwise, item) if found is None else found
    if isinstance(value, ListAppend):
        return _appended(_value_of(value.left, item), _value_of(value.right, item))
    return _sum_of(value, item)


def _appended(left: AttributeValue, right: AttributeValue) -> AttributeValue:
    if "L" not in left or "L" not in right:
        raise ValidationException(_WRONG_TYPE)
    return {"L": [*left["L"], *right["L"]]}


def _sum_of(value: Arithmetic, item: _Item) -> AttributeValue:
    result = _number(_value_of(value.first, item))
    for operator, operand in value.steps:
        number = _number(_value_of(operand, item))
        compute = numbers.add if operator == "+" else numbers.subtract
        result = compute(result, number)
    return {"N": result}


def _number(value: AttributeValue) -> str:
    if "N" not in value:
        raise ValidationException(_WRONG_TYPE)
    return value["N"]


def _added(old: AttributeValue | None, value: AttributeValue) -> AttributeValue:
    """ADD: a sum, or a set with more members; a missing attribute counts as 0 or as empty."""
    if old is None:
        return value
    kind = type_of(old)
    if kind != type_of(value):
        raise ValidationException(_WRONG_TYPE)
    if "N" in old:
        return {"N": numbers.add(old["N"], value["N"])}
    return set_of(kind, dict.fromkeys([*members_of(old), *members_of(value)]))


def _without(old: AttributeValue | None, value: AttributeValue) -> AttributeValue | None:
    """DELETE: a set without some members; no set remains of no members."""
    if old is None:
        return None
    kind = type_of(old)
    if kind not in SET_TYPES or kind != type_of(value):
        raise ValidationException(_WRONG_TYPE)
    taken = set(members_of(value))
    left = [member for member in members_of(old) if member not in taken]
    return set_of(kind, left) if left else None


# ---------------------------------------------------------------------- places


def _changed_map(node: PathNode, old: _Item, changes: _Changes) -> Item:
    new = dict(old)
    for part, child in node.children.items():
        name = str(part)
        if not child.is_end:
            new[name] = _changed(child, old.get(name), changes)
            continue
        value = changes[child.path]
        if value is None:
            new.pop(name, None)
        else:
            new[name] = value
    return new


def _changed_list(
    node: PathNode, old: Sequence[AttributeValue], changes: _Changes
) -> list[AttributeValue]:
    kept: list[AttributeValue | None] = list(old)
    appended: list[AttributeValue] = []
    for index, child in sorted(
        (part, child) for part, child in node.children.items() if isinstance(part, int)
    ):
        if not child.is_end:
            element = old[index] if index < len(old) else None
            kept_element = _changed(child, element, changes)
            kept[index] = kept_element
            continue
        value = changes[child.path]
        if index < len(old):
            kept[index] = value
        elif value is not None:
            appended.append(value)
    return [element for element in kept if element is not None] + appended


def _changed(node: PathNode, old: AttributeValue | None, changes: _Changes) -> AttributeValue:
    into_list = isinstance(next(iter(node.children)), int)
    if old is not None and not into_list and "M" in old:
        return {"M": _changed_map(node, old["M"], changes)}
    if old is not None and into_list and "L" in old:
        return {"L": _changed_list(node, old["L"], changes)}
    raise ValidationException(
        "The document path provided in the update expression is invalid for update"
    )
