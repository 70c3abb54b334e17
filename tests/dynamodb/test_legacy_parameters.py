"""Expected, AttributeUpdates, KeyConditions, QueryFilter, ScanFilter, AttributesToGet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kamome.services.dynamodb.errors import (
    ConditionalCheckFailedException,
    ValidationException,
)

if TYPE_CHECKING:
    from tests.dynamodb.conftest import World

KEY = {"id": {"S": "a"}}
ITEM = {**KEY, "n": {"N": "5"}, "s": {"S": "blue"}, "set": {"SS": ["x", "y"]}}
INVALID = "One or more parameter values were invalid: "


def _test(operator: str, *values: dict[str, object]) -> dict[str, object]:
    return {"ComparisonOperator": operator, "AttributeValueList": list(values)}


HOLDING = {
    "value": {"n": {"Value": {"N": "5.0"}}},
    "exists": {"n": {"Value": {"N": "5"}, "Exists": True}},
    "does not exist": {"x": {"Exists": False}},
    "EQ": {"n": _test("EQ", {"N": "5"})},
    "EQ with Value": {"n": {"ComparisonOperator": "EQ", "Value": {"N": "5"}}},
    "EQ of sets": {"set": _test("EQ", {"SS": ["y", "x"]})},
    "NE": {"n": _test("NE", {"N": "6"})},
    "NE of nothing": {"x": _test("NE", {"N": "6"})},
    "LE": {"n": _test("LE", {"N": "5"})},
    "LT": {"n": _test("LT", {"N": "6"})},
    "GE": {"n": _test("GE", {"N": "5"})},
    "GT": {"n": _test("GT", {"N": "4"})},
    "BETWEEN": {"n": _test("BETWEEN", {"N": "5"}, {"N": "7"})},
    "IN": {"n": _test("IN", {"N": "4"}, {"N": "5"})},
    "NOT_NULL": {"n": _test("NOT_NULL")},
    "NULL": {"x": _test("NULL")},
    "BEGINS_WITH": {"s": _test("BEGINS_WITH", {"S": "bl"})},
    "CONTAINS": {"set": _test("CONTAINS", {"S": "x"})},
    "NOT_CONTAINS": {"s": _test("NOT_CONTAINS", {"S": "red"})},
    "two": {"n": _test("GT", {"N": "4"}), "s": _test("EQ", {"S": "blue"})},
}
FAILING = {
    "value": {"n": {"Value": {"S": "5"}}},
    "does not exist": {"n": {"Exists": False}},
    "EQ": {"n": _test("EQ", {"N": "6"})},
    "NE": {"n": _test("NE", {"N": "5"})},
    "LT": {"n": _test("LT", {"N": "5"})},
    "LT of another type": {"n": _test("LT", {"S": "9"})},
    "BETWEEN": {"n": _test("BETWEEN", {"N": "6"}, {"N": "7"})},
    "IN": {"n": _test("IN", {"N": "4"})},
    "NULL": {"n": _test("NULL")},
    "NOT_NULL": {"x": _test("NOT_NULL")},
    "BEGINS_WITH": {"s": _test("BEGINS_WITH", {"S": "lu"})},
    "CONTAINS": {"x": _test("CONTAINS", {"S": "x"})},
    "NOT_CONTAINS": {"s": _test("NOT_CONTAINS", {"S": "lu"})},
    "NOT_CONTAINS of nothing": {"x": _test("NOT_CONTAINS", {"S": "lu"})},
    "two": {"n": _test("GT", {"N": "9"}), "s": _test("EQ", {"S": "blue"})},
}


@pytest.mark.parametrize("expected", HOLDING.values(), ids=HOLDING.keys())
async def test_write_goes_on_where_expected_holds(
    world: World, expected: dict[str, object]
) -> None:
    await world.table()
    await world.put(ITEM)

    await world.call("DeleteItem", TableName="things", Key=KEY, Expected=expected)

    assert await world.get(KEY) is None


@pytest.mark.parametrize("expected", FAILING.values(), ids=FAILING.keys())
async def test_write_fails_where_expected_does_not_hold(
    world: World, expected: dict[str, object]
) -> None:
    await world.table()
    await world.put(ITEM)

    with pytest.raises(ConditionalCheckFailedException):
        await world.call("PutItem", TableName="things", Item=KEY, Expected=expected)

    assert await world.get(KEY) == ITEM


async def test_one_of_the_conditions_is_enough_with_or(world: World) -> None:
    await world.table()
    await world.put(ITEM)

    await world.call(
        "PutItem",
        TableName="things",
        Item=KEY,
        Expected=FAILING["two"],
        ConditionalOperator="OR",
    )

    assert await world.get(KEY) == KEY


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        (
            {"Expected": {"n": {}}},
            f"{INVALID}Value must be provided when Exists is null for Attribute: n",
        ),
        (
            {"Expected": {"n": {"Exists": True}}},
            f"{INVALID}Value must be provided when Exists is true for Attribute: n",
        ),
        (
            {"Expected": {"n": {"Exists": False, "Value": {"S": "a"}}}},
            f"{INVALID}Value cannot be used when Exists is set to false for Attribute: n",
        ),
        (
            {"Expected": {"n": {"AttributeValueList": [{"S": "a"}]}}},
            (
                f"{INVALID}AttributeValueList can only be used with a ComparisonOperator for"
                " Attribute: n"
            ),
        ),
        (
            {"Expected": {"n": {"ComparisonOperator": "EQ", "Exists": True}}},
            f"{INVALID}Exists and ComparisonOperator cannot be used together for Attribute: n",
        ),
        (
            {"Expected": {"n": {"ComparisonOperator": "EQ"}}},
            (
                f"{INVALID}Value or AttributeValueList must be used with ComparisonOperator: EQ for"
                " Attribute: n"
            ),
        ),
        (
            {"Expected": {"n": _test("EQ", {"S": "a"}, {"S": "b"})}},
            f"{INVALID}Invalid number of argument(s) for the EQ ComparisonOperator",
        ),
        (
            {"Expected": {"n": _test("NULL", {"S": "a"})}},
            f"{INVALID}Invalid number of argument(s) for the NULL ComparisonOperator",
        ),
        (
            {"Expected": {"n": _test("LT", {"SS": ["a"]})}},
            f"{INVALID}ComparisonOperator LT is not valid for SS AttributeValue type",
        ),
        (
            {"Expected": {"n": _test("BETWEEN", {"N": "2"}, {"N": "1"})}},
            (
                "The BETWEEN condition was provided a range where the lower bound is"
                " greater than the"
                " upper bound"
            ),
        ),
        (
            {"ConditionalOperator": "AND"},
            "ConditionalOperator cannot be used without Filter or Expected",
        ),
        (
            {"ConditionalOperator": "AND", "Expected": HOLDING["EQ"]},
            "ConditionalOperator can only be used when Filter or Expected has two or more elements",
        ),
    ],
)
async def test_wrong_expected_is_refused(
    world: World, parameters: dict[str, object], reason: str
) -> None:
    await world.table()

    with pytest.raises(ValidationException) as refusal:
        await world.call("PutItem", TableName="things", Item=KEY, **parameters)

    assert refusal.value.message == reason


@pytest.mark.parametrize(
    ("updates", "attributes"),
    [
        ({"n": {"Value": {"N": "1"}}}, {"n": {"N": "1"}}),
        ({"n": {"Action": "ADD", "Value": {"N": "1"}}}, {"n": {"N": "6"}}),
        ({"n": {"Action": "DELETE"}}, {}),
        ({"set": {"Action": "ADD", "Value": {"SS": ["z"]}}}, {"set": {"SS": ["x", "y", "z"]}}),
        ({"set": {"Action": "DELETE", "Value": {"SS": ["x"]}}}, {"set": {"SS": ["y"]}}),
        ({"a.b": {"Action": "PUT", "Value": {"S": "dotted"}}}, {"a.b": {"S": "dotted"}}),
    ],
)
async def test_attribute_updates_change_the_item(
    world: World, updates: dict[str, object], attributes: dict[str, object]
) -> None:
    await world.table()
    await world.put(ITEM)

    result = await world.call(
        "UpdateItem",
        TableName="things",
        Key=KEY,
        AttributeUpdates=updates,
        ReturnValues="UPDATED_NEW",
    )

    assert result.get("Attributes", {}) == attributes


@pytest.mark.parametrize(
    ("updates", "reason"),
    [
        (
            {"n": {"Action": "ADD"}},
            f"{INVALID}Only DELETE action is allowed when no attribute value is specified",
        ),
        (
            {"n": {"Action": "ADD", "Value": {"S": "a"}}},
            f"{INVALID}ADD action is not supported for the type S",
        ),
        (
            {"n": {"Action": "DELETE", "Value": {"N": "1"}}},
            f"{INVALID}DELETE action with value is not supported for the type N",
        ),
        ({"s": {"Action": "ADD", "Value": {"N": "1"}}}, "Type mismatch for attribute to update"),
        (
            {"id": {"Value": {"S": "b"}}},
            f"{INVALID}Cannot update attribute id. This attribute is part of the key",
        ),
    ],
)
async def test_wrong_attribute_updates_are_refused(
    world: World, updates: dict[str, object], reason: str
) -> None:
    await world.table()
    await world.put(ITEM)

    with pytest.raises(ValidationException) as refusal:
        await world.call("UpdateItem", TableName="things", Key=KEY, AttributeUpdates=updates)

    assert refusal.value.message == reason


async def test_attributes_to_get_picks_top_level_attributes(world: World) -> None:
    await world.table()
    await world.put(ITEM)

    found = await world.call(
        "GetItem", TableName="things", Key=KEY, AttributesToGet=["n", "absent"]
    )

    assert found["Item"] == {"n": {"N": "5"}}


async def test_key_conditions_and_query_filter_select_items(world: World) -> None:
    await world.table(pk="S", sk="N")
    for number in range(5):
        item = {"pk": {"S": "a"}, "sk": {"N": str(number)}, "odd": {"BOOL": number % 2 == 1}}
        await world.put(item)

    found = await world.call(
        "Query",
        TableName="things",
        KeyConditions={"pk": _test("EQ", {"S": "a"}), "sk": _test("GE", {"N": "1"})},
        QueryFilter={"odd": _test("EQ", {"BOOL": True})},
    )

    assert [item["sk"]["N"] for item in found["Items"]] == ["1", "3"]
    assert found["ScannedCount"] == 4


async def test_scan_filter_selects_items(world: World) -> None:
    await world.table()
    for name in "abc":
        await world.put({"id": {"S": name}})

    found = await world.call(
        "Scan", TableName="things", ScanFilter={"id": _test("IN", {"S": "a"}, {"S": "c"})}
    )

    assert sorted(item["id"]["S"] for item in found["Items"]) == ["a", "c"]
    assert (found["Count"], found["ScannedCount"]) == (2, 3)
