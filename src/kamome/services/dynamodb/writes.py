"""Operations that write one item: PutItem, UpdateItem, DeleteItem.

Each reads the old item, tests the condition and writes in one step.

AWS: DynamoDB API Reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, cast

from kamome.context import RequestContext
from kamome.services.dynamodb import capacity, legacy
from kamome.services.dynamodb.attribute_values import Item, check_item
from kamome.services.dynamodb.errors import ConditionalCheckFailedException, ValidationException
from kamome.services.dynamodb.expressions.condition_parser import parse_condition
from kamome.services.dynamodb.expressions.conditions import holds
from kamome.services.dynamodb.expressions.paths import tree_of
from kamome.services.dynamodb.expressions.placeholders import Placeholders
from kamome.services.dynamodb.expressions.projections import projected
from kamome.services.dynamodb.expressions.syntax import Action, Condition
from kamome.services.dynamodb.expressions.update_parser import parse_update
from kamome.services.dynamodb.expressions.updates import only_removes, updated
from kamome.services.dynamodb.keys import StoredKey, key_of, key_of_item
from kamome.services.dynamodb.limits import ITEM_BYTES_MAX
from kamome.services.dynamodb.parameters import placeholders_of, refuse_mixture
from kamome.services.dynamodb.slice import DynamoDb
from kamome.services.dynamodb.store import StoredItem, Table
from kamome.services.dynamodb.stored_items import decode, encode
from kamome.services.dynamodb.tables import active_table

if TYPE_CHECKING:
    from kamome.services.dynamodb import shapes

_WriteRequest: TypeAlias = (
    "shapes.PutItemRequest | shapes.UpdateItemRequest | shapes.DeleteItemRequest"
)


async def put_item(
    dynamodb: DynamoDb, ctx: RequestContext, request: shapes.PutItemRequest
) -> shapes.PutItemResult:
    """Create an item, or replace the one of its key, if the condition holds.

    ReturnValues is NONE or ALL_OLD. ItemCollectionMetrics never come: no table has local secondary
    indexes. Durable on return.

    Raises:
        ValidationException: an invalid item, key, expression or combination of parameters.
        ResourceNotFoundException: there is no such table, or it is not ACTIVE.
        ConditionalCheckFailedException: the condition does not hold.

    AWS: DynamoDB API Reference, PutItem.
    """
    _check_return_values(request)
    refuse_mixture(cast("Mapping[str, object]", request))
    item = request["Item"]
    size = check_item(item)
    condition = _only_condition(request)
    table = active_table(dynamodb, ctx, request["TableName"])
    key = key_of_item(table.schema, item)
    if size > ITEM_BYTES_MAX:
        raise ValidationException("Item size has exceeded the maximum allowed size")
    wants_old = request.get("ReturnValues") == "ALL_OLD"
    before = _before(dynamodb, table, key, with_item=condition is not None or wants_old)
    _check_condition(condition, before, request)
    stored = StoredItem(key, size, encode(item))
    dynamodb.store.put_item(table.table_id, stored, before.size_bytes)
    result: shapes.PutItemResult = {}
    if wants_old and before.item is not None:
        result["Attributes"] = before.item
    consumed = _consumed(request, before.size_bytes or 0, size)
    if consumed is not None:
        result["ConsumedCapacity"] = consumed
    return result


async def update_item(
    dynamodb: DynamoDb, ctx: RequestContext, request: shapes.UpdateItemRequest
) -> shapes.UpdateItemResult:
    """Change attributes of an item, or create it with them, if the condition holds.

    An update that only takes away leaves a missing item missing. Durable on return.

    Raises:
        ValidationException: an invalid key, expression or combination of parameters, a path that
            leads nowhere, operands of wrong types, or the item would become too large.
        ResourceNotFoundException: there is no such table, or it is not ACTIVE.
        ConditionalCheckFailedException: the condition does not hold.

    AWS: DynamoDB API Reference, UpdateItem.
    """
    refuse_mixture(cast("Mapping[str, object]", request))
    check_item(request["Key"])
    actions, condition = _update_of(request)
    table = active_table(dynamodb, ctx, request["TableName"])
    key = key_of(table.schema, request["Key"])
    _refuse_key_updates(table, actions)
    before = _before(dynamodb, table, key, with_item=True)
    _check_condition(condition, before, request)
    old = before.item
    if "AttributeUpdates" in request:
        legacy.refuse_type_mismatch(old or {}, actions)
    new = updated(request["Key"] if old is None else old, actions)
    size = check_item(new)
    if size > ITEM_BYTES_MAX:
        raise ValidationException("Item size to update has exceeded the maximum allowed size")
    after: Item | None = new
    if old is None and only_removes(actions):
        after = None
    else:
        stored = StoredItem(key, size, encode(new))
        dynamodb.store.put_item(table.table_id, stored, before.size_bytes)
    result: shapes.UpdateItemResult = {}
    attributes = _returned(request.get("ReturnValues", "NONE"), old, after, actions)
    if attributes:
        result["Attributes"] = attributes
    consumed = _consumed(request, before.size_bytes or 0, size)
    if consumed is not None:
        result["ConsumedCapacity"] = consumed
    return result


async def delete_item(
    dynamodb: DynamoDb, ctx: RequestContext, request: shapes.DeleteItemRequest
) -> shapes.DeleteItemResult:
    """Delete the item of a key, if the condition holds. A missing item is no error.

    ReturnValues is NONE or ALL_OLD. Durable on return.

    Raises:
        ValidationException: an invalid key, expression or combination of parameters.
        ResourceNotFoundException: there is no such table, or it is not ACTIVE.
        ConditionalCheckFailedException: the condition does not hold.

    AWS: DynamoDB API Reference, DeleteItem.
    """
    _check_return_values(request)
    refuse_mixture(cast("Mapping[str, object]", request))
    check_item(request["Key"])
    condition = _only_condition(request)
    table = active_table(dynamodb, ctx, request["TableName"])
    key = key_of(table.schema, request["Key"])
    wants_old = request.get("ReturnValues") == "ALL_OLD"
    before = _before(dynamodb, table, key, with_item=condition is not None or wants_old)
    _check_condition(condition, before, request)
    if before.size_bytes is not None:
        dynamodb.store.delete_item(table.table_id, StoredItem(key, before.size_bytes, b""))
    result: shapes.DeleteItemResult = {}
    if wants_old and before.item is not None:
        result["Attributes"] = before.item
    consumed = _consumed(request, before.size_bytes or 0, 0)
    if consumed is not None:
        result["ConsumedCapacity"] = consumed
    return result


# ---------------------------------------------------------------------- parameters


def _check_return_values(
    request: shapes.PutItemRequest | shapes.DeleteItemRequest,
) -> None:
    if request.get("ReturnValues", "NONE") not in ("NONE", "ALL_OLD"):
        raise ValidationException("ReturnValues can only be ALL_OLD or NONE")


def _only_condition(
    request: shapes.PutItemRequest | shapes.DeleteItemRequest,
) -> Condition | None:
    """The condition of a request that has no other expression."""
    placeholders = _placeholders(request, ("ConditionExpression",))
    condition = _condition_of(request, placeholders)
    placeholders.check_all_used()
    return condition


def _update_of(
    request: shapes.UpdateItemRequest,
) -> tuple[tuple[Action, ...], Condition | None]:
    placeholders = _placeholders(request, ("UpdateExpression", "ConditionExpression"))
    actions: tuple[Action, ...] = ()
    if "UpdateExpression" in request:
        actions = parse_update(request["UpdateExpression"], placeholders)
    elif "AttributeUpdates" in request:
        actions = legacy.update_actions(request["AttributeUpdates"])
    condition = _condition_of(request, placeholders)
    placeholders.check_all_used()
    return actions, condition


def _placeholders(request: _WriteRequest, with_values: tuple[str, ...]) -> Placeholders:
    return placeholders_of(
        cast("Mapping[str, object]", request),
        request.get("ExpressionAttributeNames"),
        request.get("ExpressionAttributeValues"),
        with_values,
    )


def _condition_of(request: _WriteRequest, placeholders: Placeholders) -> Condition | None:
    if "ConditionExpression" in request:
        expression = request["ConditionExpression"]
        return parse_condition("ConditionExpression", expression, placeholders)[0]
    operator = request.get("ConditionalOperator")
    expected = request.get("Expected")
    legacy.refuse_lone_operator(operator, expected)
    return None if expected is None else legacy.expected_condition(expected, operator)


def _refuse_key_updates(table: Table, actions: tuple[Action, ...]) -> None:
    names = table.schema.names
    for action in actions:
        if action.path[0] in names:
            raise ValidationException(
                "One or more parameter values were invalid: Cannot update attribute"
                f" {action.path[0]}. This attribute is part of the key"
            )


# ---------------------------------------------------------------------- before and after


class _Before(NamedTuple):
    """The item that a write meets: its size, and itself where it was asked for."""

    size_bytes: int | None
    item: Item | None


def _before(dynamodb: DynamoDb, table: Table, key: StoredKey, *, with_item: bool) -> _Before:
    if not with_item:
        return _Before(dynamodb.store.item_size(table.table_id, key), None)
    stored = dynamodb.store.item(table.table_id, key)
    if stored is None:
        return _Before(None, None)
    return _Before(stored.size_bytes, decode(stored.item))


def _check_condition(condition: Condition | None, before: _Before, request: _WriteRequest) -> None:
    if condition is None or holds(condition, before.item or {}):
        return
    members: dict[str, object] = {}
    wants_item = request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
    if wants_item and before.item is not None:
        members["Item"] = before.item
    raise ConditionalCheckFailedException("The conditional request failed", members)


def _returned(
    asked: str, old: Item | None, new: Item | None, actions: tuple[Action, ...]
) -> Item | None:
    """ReturnValues of UpdateItem: all of the item before or after, or what was updated of it."""
    if asked == "NONE":
        return None
    item = old if asked.endswith("_OLD") else new
    if item is None or asked.startswith("ALL"):
        return item
    return projected(item, tree_of(action.path for action in actions))


def _consumed(
    request: _WriteRequest, old_size_bytes: int, new_size_bytes: int
) -> shapes.ConsumedCapacity | None:
    asked = request.get("ReturnConsumedCapacity", "NONE")
    units = capacity.write_units(old_size_bytes, new_size_bytes)
    return capacity.consumed(asked, request["TableName"], units)
