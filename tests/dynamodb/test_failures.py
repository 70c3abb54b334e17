"""A write that fails half-way leaves nothing behind; odd requests get an error of AWS's kind."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kamome.errors import AwsError
from kamome.services.dynamodb.errors import ValidationException
from kamome.services.dynamodb.expressions.placeholders import Placeholders
from kamome.services.dynamodb.expressions.projections import parse_projection
from kamome.services.dynamodb.expressions.update_parser import parse_update

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.dynamodb.conftest import World

    from kamome.storage.engine import Value

KEY = {"id": {"S": "a"}}
TABLES = ("dynamodb_table", "dynamodb_table_size", "dynamodb_item", "outbox")
WRITES: dict[str, tuple[str, dict[str, object]]] = {
    "put a new item": ("PutItem", {"Item": {"id": {"S": "b"}}}),
    "put over an item": ("PutItem", {"Item": {**KEY, "more": {"S": "x"}}}),
    "update": (
        "UpdateItem",
        {
            "Key": KEY,
            "UpdateExpression": "SET n = :n",
            "ExpressionAttributeValues": {":n": {"S": "long enough"}},
        },
    ),
    "delete an item": ("DeleteItem", {"Key": KEY}),
    "delete the table": ("DeleteTable", {}),
    "create a table": (
        "CreateTable",
        {
            "TableName": "others",
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
        },
    ),
}


class _DiskError(Exception):
    pass


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
async def test_write_that_fails_at_its_nth_statement_changes_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, write: tuple[str, dict[str, object]]
) -> None:
    await world.table()
    await world.put({**KEY, "n": {"N": "1"}})
    operation, parameters = write
    before = _rows(world)
    genuine = world.engine.write
    failures = 0

    for fails_at in range(1, 10):
        calls = count(1)

        def fail(
            sql: str, params: Sequence[Value] = (), *, calls: count[int] = calls, at: int = fails_at
        ) -> int:
            if next(calls) == at:
                raise _DiskError
            return genuine(sql, params)

        monkeypatch.setattr(world.engine, "write", fail)
        try:
            await world.call(operation, **{"TableName": "things", **parameters})
        except _DiskError:
            failures += 1
            assert _rows(world) == before
        else:
            break

    assert failures > 0
    assert _rows(world) != before


def _rows(world: World) -> list[object]:
    return [world.engine.all(f"SELECT * FROM {table}") for table in TABLES]


_TEXT = "ab#n:v,.[]()=+- 01SETREMOVADL_if_not_exists\n\x00é"


@given(st.text(alphabet=_TEXT, max_size=50))
@settings(max_examples=200)
def test_any_text_is_an_update_or_projection_or_refused(expression: str) -> None:
    for read in (parse_update, parse_projection):
        try:
            read(expression, Placeholders({"#n": "x"}, {":v": {"N": "1"}}))
        except ValidationException as refusal:
            assert refusal.message.startswith("Invalid ")


_NAMES = st.sampled_from(("id", "n", "m.x", "", "#n"))
_ODD_VALUES = st.one_of(
    st.just({}),
    st.builds(lambda text: {"S": text}, st.text(max_size=3)),
    st.builds(lambda text: {"N": text}, st.text(alphabet="0123456789.eE+-", max_size=6)),
    st.builds(lambda raw: {"B": raw}, st.binary(max_size=3)),
    st.builds(lambda texts: {"NS": texts}, st.lists(st.sampled_from("120"), max_size=3)),
    st.builds(lambda flag: {"NULL": flag}, st.booleans()),
    st.just({"S": "a", "N": "1"}),
    st.just({"L": [{"M": {"": {"BOOL": True}}}]}),
)
_MAPS = st.dictionaries(_NAMES, _ODD_VALUES, max_size=3)
_EXPRESSIONS = st.sampled_from(
    ("", "id = :v", "n = :v", "SET n = :v", "REMOVE n[0]", "ADD n :v", "n", "#n", "size(n) > :v")
)
_TESTS = st.dictionaries(
    _NAMES,
    st.fixed_dictionaries(
        {"ComparisonOperator": st.sampled_from(("EQ", "BETWEEN", "NULL", "IN", "BEGINS_WITH"))},
        optional={"AttributeValueList": st.lists(_ODD_VALUES, max_size=2)},
    ),
    max_size=2,
)
_REQUESTS = st.fixed_dictionaries(
    {"Key": _MAPS, "Item": _MAPS},
    optional={
        "ConditionExpression": _EXPRESSIONS,
        "UpdateExpression": _EXPRESSIONS,
        "KeyConditionExpression": _EXPRESSIONS,
        "FilterExpression": _EXPRESSIONS,
        "ProjectionExpression": _EXPRESSIONS,
        "ExpressionAttributeNames": st.just({"#n": "n"}),
        "ExpressionAttributeValues": st.builds(lambda value: {":v": value}, _ODD_VALUES),
        "Expected": _TESTS,
        "QueryFilter": _TESTS,
        "ScanFilter": _TESTS,
        "KeyConditions": _TESTS,
        "AttributeUpdates": st.dictionaries(
            _NAMES,
            st.fixed_dictionaries(
                {},
                optional={
                    "Value": _ODD_VALUES,
                    "Action": st.sampled_from(("ADD", "PUT", "DELETE")),
                },
            ),
            max_size=2,
        ),
        "ExclusiveStartKey": _MAPS,
        "ReturnValues": st.sampled_from(("ALL_OLD", "UPDATED_NEW", "NONE")),
    },
)


@given(
    st.sampled_from(("PutItem", "UpdateItem", "DeleteItem", "GetItem", "Query", "Scan")), _REQUESTS
)
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_odd_request_is_answered_or_refused(
    world: World, operation: str, request_: dict[str, object]
) -> None:
    if not (await world.call("ListTables"))["TableNames"]:
        await world.table(id="S")

    try:
        await world.call(operation, TableName="things", **request_)
    except AwsError as refusal:
        assert refusal.message
