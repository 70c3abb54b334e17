"""PutItem, GetItem, UpdateItem, DeleteItem."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kamome.services.dynamodb.errors import (
    ConditionalCheckFailedException,
    ResourceNotFoundException,
    ValidationException,
)

if TYPE_CHECKING:
    from tests.dynamodb.conftest import World

KEY = {"id": {"S": "a"}}
INVALID = "One or more parameter values were invalid: "


async def test_item_comes_back_as_it_was_put(world: World) -> None:
    await world.table()
    item = {
        **KEY,
        "n": {"N": "12.5"},
        "b": {"B": b"\x00\xff"},
        "bs": {"BS": [b"x"]},
        "m": {"M": {"l": {"L": [{"NULL": True}, {"B": b"deep"}]}}},
    }

    await world.put(item)

    assert await world.get(KEY) == item


async def test_put_replaces_the_whole_item_and_can_return_the_old_one(world: World) -> None:
    await world.table()
    await world.put({**KEY, "old": {"S": "x"}})

    result = await world.call(
        "PutItem", TableName="things", Item={**KEY, "new": {"S": "y"}}, ReturnValues="ALL_OLD"
    )

    assert result == {"Attributes": {**KEY, "old": {"S": "x"}}}
    assert await world.get(KEY) == {**KEY, "new": {"S": "y"}}


async def test_missing_item_has_no_item_in_the_answer(world: World) -> None:
    await world.table()

    assert await world.call("GetItem", TableName="things", Key=KEY) == {}


async def test_conditional_put_records_once(world: World) -> None:
    await world.table()
    request = {
        "TableName": "things",
        "Item": {**KEY, "n": {"N": "1"}},
        "ConditionExpression": "attribute_not_exists(id)",
    }
    await world.call("PutItem", **request)

    with pytest.raises(ConditionalCheckFailedException, match="The conditional request failed"):
        await world.call("PutItem", **request)


@pytest.mark.parametrize("operation", ["PutItem", "UpdateItem", "DeleteItem"])
async def test_failed_condition_shows_the_item_when_asked_and_changes_nothing(
    world: World, operation: str
) -> None:
    await world.table()
    await world.put({**KEY, "n": {"N": "1"}})
    place = {"Item": KEY} if operation == "PutItem" else {"Key": KEY}

    with pytest.raises(ConditionalCheckFailedException) as refusal:
        await world.call(
            operation,
            TableName="things",
            **place,
            ConditionExpression="n > :n",
            ExpressionAttributeValues={":n": {"N": "1"}},
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )

    assert refusal.value.members == {"Item": {**KEY, "n": {"N": "1"}}}
    assert await world.get(KEY) == {**KEY, "n": {"N": "1"}}


async def test_failed_condition_hides_the_item_unless_asked(world: World) -> None:
    await world.table()
    await world.put(KEY)

    with pytest.raises(ConditionalCheckFailedException) as refusal:
        await world.call(
            "DeleteItem",
            TableName="things",
            Key=KEY,
            ConditionExpression="attribute_not_exists(id)",
        )

    assert refusal.value.members == {}


async def test_delete_removes_and_can_return_the_item(world: World) -> None:
    await world.table()
    await world.put({**KEY, "n": {"N": "1"}})

    first = await world.call("DeleteItem", TableName="things", Key=KEY, ReturnValues="ALL_OLD")
    again = await world.call("DeleteItem", TableName="things", Key=KEY, ReturnValues="ALL_OLD")

    assert first == {"Attributes": {**KEY, "n": {"N": "1"}}}
    assert again == {}
    assert await world.get(KEY) is None


@pytest.mark.parametrize(
    ("asked", "attributes"),
    [
        ("NONE", None),
        ("ALL_OLD", {**KEY, "n": {"N": "1"}, "m": {"M": {"x": {"N": "1"}, "y": {"N": "2"}}}}),
        ("UPDATED_OLD", {"n": {"N": "1"}, "m": {"M": {"x": {"N": "1"}}}}),
        (
            "ALL_NEW",
            {
                **KEY,
                "n": {"N": "3"},
                "m": {"M": {"x": {"N": "2"}, "y": {"N": "2"}}},
                "s": {"N": "2"},
            },
        ),
        ("UPDATED_NEW", {"n": {"N": "3"}, "m": {"M": {"x": {"N": "2"}}}, "s": {"N": "2"}}),
    ],
)
async def test_update_returns_what_is_asked(
    world: World, asked: str, attributes: dict[str, object] | None
) -> None:
    await world.table()
    await world.put({**KEY, "n": {"N": "1"}, "m": {"M": {"x": {"N": "1"}, "y": {"N": "2"}}}})

    result = await world.call(
        "UpdateItem",
        TableName="things",
        Key=KEY,
        UpdateExpression="SET n = n + :two, m.x = :two, s = :two",
        ExpressionAttributeValues={":two": {"N": "2"}},
        ReturnValues=asked,
    )

    assert result.get("Attributes") == attributes


async def test_update_creates_a_missing_item_with_its_key(world: World) -> None:
    await world.table(pk="S", sk="N")
    key = {"pk": {"S": "a"}, "sk": {"N": "1.0"}}

    await world.call(
        "UpdateItem",
        TableName="things",
        Key=key,
        UpdateExpression="ADD hits :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
    )

    assert await world.get(key) == {
        "pk": {"S": "a"},
        "sk": {"N": "1"},
        "hits": {"N": "1"},
    }


async def test_update_without_changes_creates_the_bare_item(world: World) -> None:
    await world.table()

    await world.call("UpdateItem", TableName="things", Key=KEY)

    assert await world.get(KEY) == KEY


async def test_update_that_only_removes_leaves_a_missing_item_missing(world: World) -> None:
    await world.table()

    await world.call("UpdateItem", TableName="things", Key=KEY, UpdateExpression="REMOVE n")

    assert await world.get(KEY) is None


async def test_update_that_fails_changes_nothing(world: World) -> None:
    await world.table()
    await world.put({**KEY, "n": {"N": "1"}})

    with pytest.raises(ValidationException):
        await world.call(
            "UpdateItem", TableName="things", Key=KEY, UpdateExpression="SET a = n, b = absent"
        )

    assert await world.get(KEY) == {**KEY, "n": {"N": "1"}}


async def test_keys_of_equal_numbers_are_one_key(world: World) -> None:
    await world.table(n="N")
    await world.put({"n": {"N": "1e2"}, "text": {"S": "x"}})

    assert await world.get({"n": {"N": "100.00"}}) == {"n": {"N": "100"}, "text": {"S": "x"}}


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({"x": {"S": "a"}}, f"{INVALID}Missing the key pk in the item"),
        ({"pk": {"S": "a"}}, f"{INVALID}Missing the key sk in the item"),
        (
            {"pk": {"N": "1"}, "sk": {"B": b"x"}},
            f"{INVALID}Type mismatch for key pk expected: S actual: N",
        ),
        (
            {"pk": {"S": ""}, "sk": {"B": b"x"}},
            (
                "One or more parameter values are not valid. The AttributeValue for a key attribute"
                " cannot contain an empty string value. Key: pk"
            ),
        ),
        (
            {"pk": {"S": "a"}, "sk": {"B": b""}},
            (
                "One or more parameter values are not valid. The AttributeValue for a key attribute"
                " cannot contain an empty binary value. Key: sk"
            ),
        ),
        (
            {"pk": {"S": "x" * 2049}, "sk": {"B": b"x"}},
            f"{INVALID}Size of hashkey has exceeded the maximum size limit of2048 bytes",
        ),
        (
            {"pk": {"S": "x" * 2048}, "sk": {"B": b"x" * 1025}},
            f"{INVALID}Aggregated size of all range keys has exceeded the size limit of 1024 bytes",
        ),
        (
            {"pk": {"S": "a"}, "sk": {"B": b"x"}, "s": {"SS": []}},
            f"{INVALID}An string set  may not be empty",
        ),
    ],
)
async def test_invalid_item_is_refused(world: World, item: dict[str, object], reason: str) -> None:
    await world.table(pk="S", sk="B")

    with pytest.raises(ValidationException) as refusal:
        await world.put(item)

    assert refusal.value.message == reason


@pytest.mark.parametrize("operation", ["GetItem", "UpdateItem", "DeleteItem"])
@pytest.mark.parametrize(
    "key",
    [
        {},
        {"pk": {"S": "a"}},
        {"pk": {"S": "a"}, "sk": {"S": "1"}},
        {"pk": {"S": "a"}, "x": {"N": "1"}},
        {"pk": {"S": "a"}, "sk": {"N": "1"}, "x": {"N": "1"}},
    ],
    ids=["nothing", "half", "wrong type", "wrong name", "too much"],
)
async def test_key_that_does_not_match_is_refused(
    world: World, operation: str, key: dict[str, object]
) -> None:
    await world.table(pk="S", sk="N")

    with pytest.raises(
        ValidationException, match="The provided key element does not match the schema"
    ):
        await world.call(operation, TableName="things", Key=key)


async def test_item_of_400_kb_is_kept_and_a_byte_more_refused(world: World) -> None:
    await world.table()
    room = 400 * 1024 - len("id") - len("a") - len("t")
    await world.put({**KEY, "t": {"S": "x" * room}})

    with pytest.raises(
        ValidationException, match=r"^Item size has exceeded the maximum allowed size$"
    ):
        await world.put({**KEY, "t": {"S": "x" * (room + 1)}})
    with pytest.raises(
        ValidationException, match=r"^Item size to update has exceeded the maximum allowed size$"
    ):
        await world.call(
            "UpdateItem",
            TableName="things",
            Key=KEY,
            UpdateExpression="SET u = :u",
            ExpressionAttributeValues={":u": {"S": ""}},
        )


@pytest.mark.parametrize(
    ("operation", "parameters", "reason"),
    [
        (
            "PutItem",
            {"Item": KEY, "ReturnValues": "ALL_NEW"},
            "ReturnValues can only be ALL_OLD or NONE",
        ),
        (
            "DeleteItem",
            {"Key": KEY, "ReturnValues": "UPDATED_OLD"},
            "ReturnValues can only be ALL_OLD or NONE",
        ),
        (
            "UpdateItem",
            {
                "Key": KEY,
                "UpdateExpression": "SET id = :v",
                "ExpressionAttributeValues": {":v": {"S": "b"}},
            },
            f"{INVALID}Cannot update attribute id. This attribute is part of the key",
        ),
        (
            "PutItem",
            {"Item": KEY, "ExpressionAttributeValues": {":v": {"S": "b"}}},
            (
                "ExpressionAttributeValues can only be specified when using expressions:"
                " ConditionExpression is null"
            ),
        ),
        (
            "UpdateItem",
            {"Key": KEY, "ExpressionAttributeValues": {":v": {"S": "b"}}},
            (
                "ExpressionAttributeValues can only be specified when using expressions:"
                " UpdateExpression and ConditionExpression are null"
            ),
        ),
        (
            "GetItem",
            {"Key": KEY, "ExpressionAttributeNames": {"#n": "x"}},
            "ExpressionAttributeNames can only be specified when using expressions",
        ),
        (
            "GetItem",
            {"Key": KEY, "ProjectionExpression": "a", "ExpressionAttributeNames": {}},
            "ExpressionAttributeNames must not be empty",
        ),
        (
            "GetItem",
            {"Key": KEY, "ProjectionExpression": "a", "ExpressionAttributeNames": {"#n": "x"}},
            "Value provided in ExpressionAttributeNames unused in expressions: keys: {#n}",
        ),
        (
            "GetItem",
            {"Key": KEY, "ProjectionExpression": "a", "ExpressionAttributeNames": {"n": "x"}},
            'ExpressionAttributeNames contains invalid key: Syntax error; key: "n"',
        ),
        (
            "DeleteItem",
            {
                "Key": KEY,
                "ConditionExpression": "a = :a",
                "ExpressionAttributeValues": {":a": {"S": "1"}, ":b": {"S": "1"}},
            },
            "Value provided in ExpressionAttributeValues unused in expressions: keys: {:b}",
        ),
        (
            "DeleteItem",
            {
                "Key": KEY,
                "ConditionExpression": "a = :a",
                "ExpressionAttributeValues": {":a!": {"S": "1"}},
            },
            'ExpressionAttributeValues contains invalid key: Syntax error; key: ":a!"',
        ),
        (
            "DeleteItem",
            {
                "Key": KEY,
                "ConditionExpression": "a = :a",
                "ExpressionAttributeValues": {":a": {"NS": []}},
            },
            (
                f"ExpressionAttributeValues contains invalid value: {INVALID}An number set "
                f" may not be"
                " empty for key :a"
            ),
        ),
        (
            "UpdateItem",
            {"Key": KEY, "UpdateExpression": "REMOVE a", "Expected": {"a": {"Exists": False}}},
            (
                "Can not use both expression and non-expression parameters in the same request:"
                " Non-expression parameters: {Expected} Expression parameters: {UpdateExpression}"
            ),
        ),
    ],
)
async def test_parameters_that_do_not_fit_are_refused(
    world: World, operation: str, parameters: dict[str, object], reason: str
) -> None:
    await world.table()

    with pytest.raises(ValidationException) as refusal:
        await world.call(operation, TableName="things", **parameters)

    assert refusal.value.message == reason


async def test_missing_table_is_not_found(world: World) -> None:
    with pytest.raises(ResourceNotFoundException, match=r"^Requested resource not found$"):
        await world.get(KEY, table="nothing")


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("n", {"n": {"N": "1"}}),
        ("n, absent", {"n": {"N": "1"}}),
        ("absent", {}),
        ("m.x, #l[1]", {"m": {"M": {"x": {"N": "1"}}}, "list": {"L": [{"S": "q"}]}}),
        (
            "#l[2].deep, #l[0], #l[7]",
            {"list": {"L": [{"S": "p"}, {"M": {"deep": {"S": "r"}}}]}},
        ),
        ("m.x.y, n[0]", {}),
    ],
)
async def test_projection_picks_attributes_and_elements(
    world: World, expression: str, found: dict[str, object]
) -> None:
    await world.table()
    elements = [{"S": "p"}, {"S": "q"}, {"M": {"deep": {"S": "r"}, "o": {"S": "s"}}}]
    await world.put(
        {
            **KEY,
            "n": {"N": "1"},
            "m": {"M": {"x": {"N": "1"}, "y": {"N": "2"}}},
            "list": {"L": elements},
        }
    )
    names = {"ExpressionAttributeNames": {"#l": "list"}} if "#l" in expression else {}

    result = await world.call(
        "GetItem", TableName="things", Key=KEY, ProjectionExpression=expression, **names
    )

    assert result["Item"] == found


@pytest.mark.parametrize(
    ("size", "consistent", "units"),
    [(100, False, 0.5), (100, True, 1.0), (4096, True, 1.0), (4097, True, 2.0), (9000, False, 1.5)],
)
async def test_reads_consume_half_a_unit_per_4_kb_or_a_whole_one(
    world: World, size: int, consistent: bool, units: float
) -> None:
    await world.table()
    await world.put({**KEY, "t": {"S": "x" * (size - 4)}})

    result = await world.call(
        "GetItem",
        TableName="things",
        Key=KEY,
        ConsistentRead=consistent,
        ReturnConsumedCapacity="TOTAL",
    )

    assert result["ConsumedCapacity"] == {"TableName": "things", "CapacityUnits": units}


async def test_writes_consume_a_unit_per_kb_of_the_larger_item(world: World) -> None:
    await world.table()
    await world.put({**KEY, "t": {"S": "x" * 2500}})

    result = await world.call(
        "PutItem", TableName="things", Item=KEY, ReturnConsumedCapacity="INDEXES"
    )

    assert result["ConsumedCapacity"] == {
        "TableName": "things",
        "CapacityUnits": 3.0,
        "Table": {"CapacityUnits": 3.0},
    }
