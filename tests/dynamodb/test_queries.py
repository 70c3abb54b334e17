"""Query and Scan: ranges, order, pages, filters, segments."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kamome.services.dynamodb.errors import ValidationException

if TYPE_CHECKING:
    from tests.dynamodb.conftest import World

VALUES = {":a": {"S": "a"}}


async def _numbered(world: World, count: int = 5) -> None:
    """Items a/0 … a/count-1, and one of another partition on either side."""
    await world.table(pk="S", sk="N")
    for number in range(count):
        await world.put({"pk": {"S": "a"}, "sk": {"N": str(number)}, "text": {"S": f"t{number}"}})
    await world.put({"pk": {"S": "b"}, "sk": {"N": "1"}})


async def _sort_keys(world: World, condition: str, **parameters: object) -> list[str]:
    values = {**VALUES, ":1": {"N": "1"}, ":3": {"N": "3"}}
    used = {name: value for name, value in values.items() if name in condition}
    found = await world.call(
        "Query",
        TableName="things",
        KeyConditionExpression=condition,
        ExpressionAttributeValues=used,
        **parameters,
    )
    return [item["sk"]["N"] for item in found["Items"]]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("pk = :a", "01234"),
        (":a = pk", "01234"),
        ("pk = :a AND sk = :1", "1"),
        ("sk < :3 AND pk = :a", "012"),
        ("pk = :a AND sk <= :3", "0123"),
        ("(pk = :a) AND (sk > :1)", "234"),
        ("pk = :a AND :1 <= sk", "1234"),
        ("pk = :a and sk between :1 and :3", "123"),
    ],
)
async def test_query_finds_the_range_in_order(world: World, condition: str, found: str) -> None:
    await _numbered(world)

    assert await _sort_keys(world, condition) == list(found)


async def test_query_goes_backward_when_asked(world: World) -> None:
    await _numbered(world)

    found = await _sort_keys(world, "pk = :a AND sk >= :1", ScanIndexForward=False)

    assert found == list("4321")


@given(st.lists(st.decimals(allow_nan=False, allow_infinity=False, places=3), max_size=12))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_numbers_are_sorted_by_value(world: World, keys: list[Decimal]) -> None:
    numbers = {key.normalize() + 0 for key in keys if len(key.normalize().as_tuple().digits) <= 38}
    numbers = {key for key in numbers if abs(key.adjusted()) < 100}
    table = f"table-{len((await world.call('ListTables'))['TableNames'])}"
    await world.table(table, pk="S", sk="N")
    for key in numbers:
        await world.put({"pk": {"S": "a"}, "sk": {"N": str(key)}}, table)

    found = await world.call(
        "Query",
        TableName=table,
        KeyConditionExpression="pk = :a",
        ExpressionAttributeValues=VALUES,
    )

    assert [Decimal(item["sk"]["N"]) for item in found["Items"]] == sorted(numbers)


async def test_strings_are_sorted_by_their_utf8_bytes(world: World) -> None:
    await world.table(pk="S", sk="S")
    keys = ["a", "B", "é", "z", "日", "\U0001f600", "\uffff", "a\x00", "aa"]
    for key in keys:
        await world.put({"pk": {"S": "a"}, "sk": {"S": key}})

    found = await world.call(
        "Query",
        TableName="things",
        KeyConditionExpression="pk = :a",
        ExpressionAttributeValues=VALUES,
    )

    expected = sorted(keys, key=lambda key: key.encode())
    assert [item["sk"]["S"] for item in found["Items"]] == expected


@pytest.mark.parametrize(
    ("prefix", "found"),
    [(b"\x01", [b"\x01", b"\x01\xff", b"\x01\xff\xff"]), (b"\xff", [b"\xff", b"\xff\xff"])],
)
async def test_begins_with_ends_after_the_last_with_the_prefix(
    world: World, prefix: bytes, found: list[bytes]
) -> None:
    await world.table(pk="S", sk="B")
    for key in (b"\x00", b"\x01", b"\x01\xff", b"\x01\xff\xff", b"\x02", b"\xff", b"\xff\xff"):
        await world.put({"pk": {"S": "a"}, "sk": {"B": key}})

    result = await world.call(
        "Query",
        TableName="things",
        KeyConditionExpression="pk = :a AND begins_with(sk, :p)",
        ExpressionAttributeValues={**VALUES, ":p": {"B": prefix}},
    )

    assert [item["sk"]["B"] for item in result["Items"]] == found


@pytest.mark.parametrize("is_forward", [True, False])
async def test_pages_of_a_query_join_into_the_whole(world: World, is_forward: bool) -> None:
    await _numbered(world, 7)
    keys: list[str] = []
    start: dict[str, object] = {}

    for _ in range(4):
        page = await world.call(
            "Query",
            TableName="things",
            KeyConditionExpression="pk = :a",
            ExpressionAttributeValues=VALUES,
            Limit=2,
            ScanIndexForward=is_forward,
            **start,
        )
        keys += [item["sk"]["N"] for item in page["Items"]]
        start = {"ExclusiveStartKey": page.get("LastEvaluatedKey")}

    assert keys == sorted("0123456", reverse=not is_forward)
    assert start == {"ExclusiveStartKey": None}


async def test_page_that_ends_at_the_limit_has_a_last_key_even_at_the_end(world: World) -> None:
    await _numbered(world, 2)

    page = await world.call(
        "Query",
        TableName="things",
        KeyConditionExpression="pk = :a",
        ExpressionAttributeValues=VALUES,
        Limit=2,
    )

    assert page["LastEvaluatedKey"] == {"pk": {"S": "a"}, "sk": {"N": "1"}}


async def test_page_ends_at_1_mb(world: World) -> None:
    await world.table(pk="S", sk="N")
    for number in range(12):
        item = {"pk": {"S": "a"}, "sk": {"N": str(number)}, "t": {"S": "x" * 150_000}}
        await world.put(item)

    page = await world.call("Scan", TableName="things", ReturnConsumedCapacity="TOTAL")
    rest = await world.call("Scan", TableName="things", ExclusiveStartKey=page["LastEvaluatedKey"])

    assert (page["Count"], rest["Count"]) == (7, 5)
    assert page["ConsumedCapacity"]["CapacityUnits"] == 128.5
    assert "LastEvaluatedKey" not in rest


async def test_filter_counts_what_was_read_and_what_passed(world: World) -> None:
    await _numbered(world)

    page = await world.call(
        "Query",
        TableName="things",
        KeyConditionExpression="pk = :a",
        FilterExpression="#t > :t",
        ExpressionAttributeNames={"#t": "text"},
        ExpressionAttributeValues={**VALUES, ":t": {"S": "t1"}},
        Limit=4,
    )

    assert [item["sk"]["N"] for item in page["Items"]] == ["2", "3"]
    assert (page["Count"], page["ScannedCount"]) == (2, 4)
    assert page["LastEvaluatedKey"]["sk"] == {"N": "3"}


async def test_count_has_no_items(world: World) -> None:
    await _numbered(world)

    counted = await world.call("Scan", TableName="things", Select="COUNT")
    limited = await world.call("Scan", TableName="things", Select="COUNT", Limit=3)

    assert counted == {"Count": 6, "ScannedCount": 6}
    assert (limited["Count"], "LastEvaluatedKey" in limited) == (3, True)


async def test_projection_applies_to_each_item(world: World) -> None:
    await _numbered(world, 1)

    found = await world.call(
        "Query",
        TableName="things",
        KeyConditionExpression="pk = :a",
        ExpressionAttributeValues=VALUES,
        ProjectionExpression="sk",
    )

    assert found["Items"] == [{"sk": {"N": "0"}}]


async def test_segments_of_a_scan_divide_all_items(world: World) -> None:
    await world.table()
    names = {f"item-{number}" for number in range(60)}
    for name in names:
        await world.put({"id": {"S": name}})
    seen: list[str] = []

    for segment in range(7):
        start: dict[str, object] = {}
        while start.get("ExclusiveStartKey", True) is not None:
            page = await world.call(
                "Scan", TableName="things", Segment=segment, TotalSegments=7, Limit=3, **start
            )
            seen += [item["id"]["S"] for item in page["Items"]]
            start = {"ExclusiveStartKey": page.get("LastEvaluatedKey")}

    assert sorted(seen) == sorted(names)


async def test_start_key_of_another_segment_is_refused(world: World) -> None:
    await world.table()
    await world.put({"id": {"S": "a"}})
    refusals = 0

    for segment in range(2):
        try:
            await world.call(
                "Scan",
                TableName="things",
                Segment=segment,
                TotalSegments=2,
                ExclusiveStartKey={"id": {"S": "a"}},
            )
        except ValidationException as refusal:
            refusals += 1
            assert "Please use ExclusiveStartKey with correct Segment" in refusal.message

    assert refusals == 1


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        (
            {},
            (
                "Either the KeyConditions or KeyConditionExpression parameter must be"
                " specified in the"
                " request."
            ),
        ),
        (
            {"KeyConditionExpression": "sk = :n"},
            "Query condition missed key schema element: pk",
        ),
        (
            {"KeyConditionExpression": "pk = :a AND x = :n"},
            "Query condition missed key schema element: sk",
        ),
        (
            {"KeyConditionExpression": "pk = :a AND sk = :n AND x = :n"},
            "Query key condition not supported",
        ),
        ({"KeyConditionExpression": "pk > :a"}, "Query key condition not supported"),
        (
            {"KeyConditionExpression": "pk = :a AND sk <> :n"},
            "Invalid operator used in KeyConditionExpression: <>",
        ),
        (
            {"KeyConditionExpression": "pk = :a OR sk = :n"},
            "Invalid operator used in KeyConditionExpression: OR",
        ),
        (
            {"KeyConditionExpression": "pk = :a AND sk IN (:n)"},
            "Invalid operator used in KeyConditionExpression: IN",
        ),
        (
            {"KeyConditionExpression": "pk = :a AND sk > :n AND sk < :n"},
            "KeyConditionExpressions must only contain one condition per key",
        ),
        (
            {"KeyConditionExpression": "pk = :a AND sk.x = :n"},
            "KeyConditionExpressions cannot have conditions on nested attributes",
        ),
        (
            {"KeyConditionExpression": "pk = :n"},
            (
                "One or more parameter values were invalid: Condition parameter type does not match"
                " schema type"
            ),
        ),
        (
            {"KeyConditionExpression": "pk = :a", "FilterExpression": "sk = :n"},
            (
                "Filter Expression can only contain non-primary key attributes: Primary key"
                " attribute:"
                " sk"
            ),
        ),
        (
            {"KeyConditionExpression": "pk = :a", "IndexName": "by-x"},
            "The table does not have the specified index: by-x",
        ),
        (
            {"KeyConditionExpression": "pk = :a", "Select": "SPECIFIC_ATTRIBUTES"},
            (
                "Must specify the AttributesToGet or ProjectionExpression when choosing to get"
                " SPECIFIC_ATTRIBUTES"
            ),
        ),
        (
            {
                "KeyConditionExpression": "pk = :a",
                "Select": "COUNT",
                "ProjectionExpression": "sk",
            },
            "Cannot specify the ProjectionExpression when choosing to get only the Count",
        ),
        (
            {"KeyConditionExpression": "pk = :a", "ExclusiveStartKey": {"pk": {"S": "a"}}},
            (
                "The provided starting key is invalid: The provided key element does not match the"
                " schema"
            ),
        ),
        (
            {
                "KeyConditionExpression": "pk = :a AND sk > :n",
                "ExclusiveStartKey": {"pk": {"S": "a"}, "sk": {"N": "0"}},
            },
            "The provided starting key is outside query boundaries based on provided conditions",
        ),
        (
            {"KeyConditionExpression": "pk = :a AND begins_with(sk, :n)"},
            (
                "Invalid KeyConditionExpression: Incorrect operand type for operator or function;"
                " operator or function: begins_with, operand type: N"
            ),
        ),
    ],
)
async def test_wrong_query_is_refused(
    world: World, parameters: dict[str, object], reason: str
) -> None:
    await _numbered(world)
    expressions = " ".join(
        str(parameters.get(name, "")) for name in ("KeyConditionExpression", "FilterExpression")
    )
    values = {":a": {"S": "a"}, ":n": {"N": "1"}}
    used = {name: value for name, value in values.items() if name in expressions}
    given_values = {"ExpressionAttributeValues": used} if used else {}

    with pytest.raises(ValidationException) as refusal:
        await world.call("Query", TableName="things", **parameters, **given_values)

    assert refusal.value.message == reason


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        (
            {"Segment": 1},
            (
                "The TotalSegments parameter is required but was not present in the request when"
                " Segment parameter is present"
            ),
        ),
        (
            {"TotalSegments": 2},
            (
                "The Segment parameter is required but was not present in the request when"
                " parameter"
                " TotalSegments is present"
            ),
        ),
        (
            {"Segment": 2, "TotalSegments": 2},
            (
                "The Segment parameter is zero-based and must be less than parameter TotalSegments:"
                " Segment: 2 is not less than TotalSegments: 2"
            ),
        ),
        (
            {"Select": "ALL_PROJECTED_ATTRIBUTES"},
            "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName",
        ),
        (
            {"ExpressionAttributeValues": {":a": {"S": "a"}}},
            (
                "ExpressionAttributeValues can only be specified when using expressions:"
                " FilterExpression is null"
            ),
        ),
    ],
)
async def test_wrong_scan_is_refused(
    world: World, parameters: dict[str, object], reason: str
) -> None:
    await world.table()

    with pytest.raises(ValidationException) as refusal:
        await world.call("Scan", TableName="things", **parameters)

    assert refusal.value.message == reason
