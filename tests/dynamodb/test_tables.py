"""CreateTable, DescribeTable, DeleteTable, ListTables."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from kamome.clock import Clock
from kamome.errors import AwsError, OperationNotServed
from kamome.services.dynamodb.errors import (
    AccessDeniedException,
    ResourceInUseException,
    ResourceNotFoundException,
    ValidationException,
)
from kamome.services.dynamodb.slice import DynamoDb
from kamome.services.dynamodb.tables import describe_table

if TYPE_CHECKING:
    from tests.dynamodb.conftest import World

HASH_ONLY = {
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
}
ON_DEMAND = {**HASH_ONLY, "BillingMode": "PAY_PER_REQUEST"}


async def _status(world: World, table: str = "things") -> str:
    described = await world.call("DescribeTable", TableName=table)
    return str(described["Table"]["TableStatus"])


async def test_table_is_creating_and_becomes_active_by_the_clock(world: World) -> None:
    created = await world.call("CreateTable", TableName="things", **ON_DEMAND)

    assert created["TableDescription"]["TableStatus"] == "CREATING"
    assert await _status(world) == "CREATING"

    await world.clock.advance(50)
    assert await _status(world) == "ACTIVE"


async def test_data_calls_are_refused_until_the_table_is_active(world: World) -> None:
    await world.call("CreateTable", TableName="things", **ON_DEMAND)

    with pytest.raises(ResourceNotFoundException, match="Requested resource not found"):
        await world.put({"id": {"S": "a"}})

    await world.clock.advance(50)
    await world.put({"id": {"S": "a"}})


async def test_describe_waits_for_a_table_that_is_about_to_be_active(world: World) -> None:
    await world.call("CreateTable", TableName="things", **ON_DEMAND)
    start_ms = world.clock.now_ms()
    running = Clock(lambda: start_ms)
    running.freeze()
    running.resume()
    slice_ = DynamoDb(world.dynamodb.store, running, world.dynamodb.ids, world.dynamodb.outbox)

    describing = asyncio.ensure_future(describe_table(slice_, world.ctx, {"TableName": "things"}))
    await asyncio.sleep(0)
    assert not describing.done()
    await running.advance(60)

    assert (await describing)["Table"]["TableStatus"] == "ACTIVE"


async def test_description_shows_what_the_table_was_created_with(world: World) -> None:
    await world.call(
        "CreateTable",
        TableName="things",
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "at", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "at", "AttributeType": "N"},
        ],
        ProvisionedThroughput={"ReadCapacityUnits": 3, "WriteCapacityUnits": 4},
        SSESpecification={"Enabled": True, "KMSMasterKeyId": "alias/mine"},
        TableClass="STANDARD_INFREQUENT_ACCESS",
        DeletionProtectionEnabled=True,
        Tags=[{"Key": "team", "Value": "mail"}],
    )
    await world.clock.advance(50)

    described = (await world.call("DescribeTable", TableName="things"))["Table"]
    table_id = described.pop("TableId")
    assert len(table_id) == 36
    assert described == {
        "TableName": "things",
        "TableStatus": "ACTIVE",
        "TableArn": "arn:aws:dynamodb:ap-northeast-1:000000000000:table/things",
        "CreationDateTime": 1_760_000_000.0,
        "ItemCount": 0,
        "TableSizeBytes": 0,
        "DeletionProtectionEnabled": True,
        "KeySchema": [
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "at", "KeyType": "RANGE"},
        ],
        "AttributeDefinitions": [
            {"AttributeName": "at", "AttributeType": "N"},
            {"AttributeName": "pk", "AttributeType": "S"},
        ],
        "ProvisionedThroughput": {
            "NumberOfDecreasesToday": 0,
            "ReadCapacityUnits": 3,
            "WriteCapacityUnits": 4,
        },
        "WarmThroughput": {
            "ReadUnitsPerSecond": 3,
            "WriteUnitsPerSecond": 4,
            "Status": "ACTIVE",
        },
        "SSEDescription": {
            "Status": "ENABLED",
            "SSEType": "KMS",
            "KMSMasterKeyArn": "arn:aws:kms:ap-northeast-1:000000000000:alias/mine",
        },
        "TableClassSummary": {"TableClass": "STANDARD_INFREQUENT_ACCESS"},
    }


async def test_on_demand_table_shows_its_billing_mode(world: World) -> None:
    await world.table()

    described = (await world.call("DescribeTable", TableName="things"))["Table"]

    assert described["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert described["ProvisionedThroughput"]["ReadCapacityUnits"] == 0


async def test_item_count_and_size_follow_every_write(world: World) -> None:
    await world.table()
    await world.put({"id": {"S": "a"}, "text": {"S": "12345"}})
    await world.put({"id": {"S": "b"}})
    await world.put({"id": {"S": "a"}, "text": {"S": "1"}})
    await world.call("DeleteItem", TableName="things", Key={"id": {"S": "b"}})

    described = (await world.call("DescribeTable", TableName="things"))["Table"]

    assert (described["ItemCount"], described["TableSizeBytes"]) == (1, 8)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param(
            {"TableName": "ab"},
            "TableName must be at least 3 characters long and at most 255 characters long",
            id="short name",
        ),
        pytest.param(
            {"TableName": "no blanks"},
            "1 validation error detected: Value 'no blanks' at 'tableName' failed to satisfy"
            " constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
            id="name with blanks",
        ),
        pytest.param(
            {"KeySchema": [{"AttributeName": "id", "KeyType": "RANGE"}]},
            "Invalid KeySchema: The first KeySchemaElement is not a HASH key type",
            id="no hash key",
        ),
        pytest.param(
            {
                "KeySchema": [
                    {"AttributeName": "id", "KeyType": "HASH"},
                    {"AttributeName": "x", "KeyType": "HASH"},
                ]
            },
            "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type",
            id="two hash keys",
        ),
        pytest.param(
            {
                "KeySchema": [
                    {"AttributeName": "id", "KeyType": "HASH"},
                    {"AttributeName": "id", "KeyType": "RANGE"},
                ]
            },
            "Both the Hash Key and the Range Key element in the KeySchema have the same name",
            id="one name twice",
        ),
        pytest.param(
            {"AttributeDefinitions": [{"AttributeName": "x", "AttributeType": "S"}]},
            "One or more parameter values were invalid: Some index key attributes are not defined"
            " in AttributeDefinitions. Keys: [id], AttributeDefinitions: [x]",
            id="key not defined",
        ),
        pytest.param(
            {
                "AttributeDefinitions": [
                    {"AttributeName": "id", "AttributeType": "S"},
                    {"AttributeName": "x", "AttributeType": "S"},
                ]
            },
            "One or more parameter values were invalid: Number of attributes in KeySchema does not"
            " exactly match number of attributes defined in AttributeDefinitions",
            id="definition without key",
        ),
        pytest.param(
            {"BillingMode": "PROVISIONED"},
            "One or more parameter values were invalid: ReadCapacityUnits and WriteCapacityUnits"
            " must both be specified when BillingMode is PROVISIONED",
            id="provisioned without throughput",
        ),
        pytest.param(
            {"ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}},
            "One or more parameter values were invalid: Neither ReadCapacityUnits nor"
            " WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
            id="on demand with throughput",
        ),
    ],
)
async def test_wrong_table_is_refused(world: World, change: dict[str, object], reason: str) -> None:
    with pytest.raises(ValidationException) as refusal:
        await world.call("CreateTable", **{"TableName": "things", **ON_DEMAND, **change})

    assert refusal.value.message == reason


@pytest.mark.parametrize(
    "parameter",
    [
        {"LocalSecondaryIndexes": []},
        {"GlobalSecondaryIndexes": [{"IndexName": "by-name"}]},
        {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}},
        {"ResourcePolicy": "{}"},
    ],
    ids=lambda parameter: next(iter(parameter)),
)
async def test_what_is_not_served_is_refused_by_name(
    world: World, parameter: dict[str, object]
) -> None:
    with pytest.raises(OperationNotServed, match=next(iter(parameter))):
        await world.call("CreateTable", TableName="things", **ON_DEMAND, **parameter)

    assert await world.call("ListTables") == {"TableNames": []}


async def test_stream_that_is_not_enabled_is_accepted(world: World) -> None:
    await world.call(
        "CreateTable", TableName="things", **ON_DEMAND, StreamSpecification={"StreamEnabled": False}
    )


async def test_table_cannot_be_created_twice(world: World) -> None:
    await world.table()

    with pytest.raises(ResourceInUseException, match="Table already exists: things"):
        await world.call("CreateTable", TableName="things", **ON_DEMAND)


async def test_accounts_and_regions_do_not_see_each_others_tables(world: World) -> None:
    await world.table()
    elsewhere = replace(world, ctx=structs.replace(world.ctx, region="eu-west-1"))

    assert await elsewhere.call("ListTables") == {"TableNames": []}
    with pytest.raises(ResourceNotFoundException):
        await elsewhere.call("DescribeTable", TableName="things")


async def test_deleted_table_is_deleting_and_then_gone(world: World) -> None:
    await world.table()
    deleted = await world.call("DeleteTable", TableName="things")

    assert deleted["TableDescription"]["TableStatus"] == "DELETING"
    assert await _status(world) == "DELETING"
    with pytest.raises(ResourceNotFoundException, match="Requested resource not found"):
        await world.get({"id": {"S": "a"}})

    await world.clock.advance(50)
    with pytest.raises(
        ResourceNotFoundException, match="Requested resource not found: Table: things not found"
    ):
        await world.call("DescribeTable", TableName="things")
    assert await world.call("ListTables") == {"TableNames": []}


async def test_items_of_a_deleted_table_are_removed_in_passes(world: World) -> None:
    await world.table()
    for number in range(1_100):
        await world.put({"id": {"S": str(number)}})
    await world.call("DeleteTable", TableName="things")

    await world.clock.advance(50)

    assert world.engine.one("SELECT count(*) FROM dynamodb_item") == (0,)
    assert world.engine.one("SELECT count(*) FROM dynamodb_table") == (0,)
    assert world.engine.one("SELECT count(*) FROM dynamodb_table_size") == (0,)
    assert world.engine.one("SELECT count(*) FROM outbox") == (0,)


async def test_new_table_of_a_deleted_ones_name_is_empty(world: World) -> None:
    await world.table()
    await world.put({"id": {"S": "a"}})
    await world.call("DeleteTable", TableName="things")
    await world.clock.advance(50)

    await world.table()

    assert await world.get({"id": {"S": "a"}}) is None
    assert await _status(world) == "ACTIVE"


async def test_protected_table_is_not_deleted(world: World) -> None:
    await world.call("CreateTable", TableName="things", **ON_DEMAND, DeletionProtectionEnabled=True)
    await world.clock.advance(50)

    with pytest.raises(ValidationException, match="protected against deletion"):
        await world.call("DeleteTable", TableName="things")

    assert await _status(world) == "ACTIVE"


@pytest.mark.parametrize("when", ["being created", "being deleted"])
async def test_changing_table_is_in_use(world: World, when: str) -> None:
    await world.call("CreateTable", TableName="things", **ON_DEMAND)
    if when == "being deleted":
        await world.clock.advance(50)
        await world.call("DeleteTable", TableName="things")

    with pytest.raises(ResourceInUseException, match=when):
        await world.call("DeleteTable", TableName="things")


async def test_tables_are_listed_in_order_page_by_page(world: World) -> None:
    for name in ("ccc", "aaa", "ddd", "bbb", "Zzz"):
        await world.call("CreateTable", TableName=name, **ON_DEMAND)

    first = await world.call("ListTables", Limit=2)
    rest = await world.call(
        "ListTables", ExclusiveStartTableName=first["LastEvaluatedTableName"], Limit=3
    )

    assert first == {"TableNames": ["Zzz", "aaa"], "LastEvaluatedTableName": "aaa"}
    assert rest == {"TableNames": ["bbb", "ccc", "ddd"]}


@pytest.mark.parametrize(
    ("arn", "error"),
    [
        ("arn:aws:dynamodb:ap-northeast-1:000000000000:table/things", None),
        ("arn:aws:dynamodb:ap-northeast-1:111111111111:table/things", AccessDeniedException),
        ("arn:aws:dynamodb:eu-west-1:000000000000:table/things", ValidationException),
        ("arn:aws:sqs:ap-northeast-1:000000000000:things", ValidationException),
    ],
)
async def test_table_may_be_named_by_its_arn(
    world: World, arn: str, error: type[AwsError] | None
) -> None:
    await world.table()

    if error is None:
        assert await _status(world, arn) == "ACTIVE"
    else:
        with pytest.raises(error):
            await _status(world, arn)
