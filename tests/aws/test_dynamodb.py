"""DynamoDB by boto3 through the whole server."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zlib import crc32

import boto3
import pytest
from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from tests.conftest import Tenant


@pytest.fixture
def dynamodb(kamome: Tenant) -> Any:
    return kamome.client("dynamodb")


@pytest.fixture
def table(kamome: Tenant, dynamodb: Any) -> Any:
    """boto3's table resource, which converts values and builds expressions as programs do."""
    dynamodb.create_table(
        TableName="mails",
        KeySchema=[
            {"AttributeName": "tenant", "KeyType": "HASH"},
            {"AttributeName": "at", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "tenant", "AttributeType": "S"},
            {"AttributeName": "at", "AttributeType": "N"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.get_waiter("table_exists").wait(TableName="mails")
    resource = boto3.resource(
        "dynamodb",
        endpoint_url=kamome.endpoint,
        region_name=kamome.region,
        aws_access_key_id=kamome.account,
        aws_secret_access_key="test",
    )
    return resource.Table("mails")


def test_waiter_of_a_new_table_returns_at_its_first_question(dynamodb: Any, table: Any) -> None:
    described = dynamodb.describe_table(TableName="mails")["Table"]

    assert described["TableStatus"] == "ACTIVE"
    assert described["TableArn"].endswith(":table/mails")


def test_answers_and_refusals_have_a_checksum(dynamodb: Any, table: Any) -> None:
    answers: list[tuple[bytes, str]] = []

    def keep(http_response: Any, **_: object) -> None:
        answers.append((http_response.content, http_response.headers["x-amz-crc32"]))

    dynamodb.meta.events.register("after-call.dynamodb.DescribeTable", keep)
    dynamodb.describe_table(TableName="mails")
    with pytest.raises(ClientError):
        dynamodb.describe_table(TableName="nowhere")

    assert [checksum for _, checksum in answers] == [str(crc32(body)) for body, _ in answers]
    assert len(answers) == 2


def test_item_keeps_every_type_of_value(table: Any) -> None:
    item = {
        "tenant": "ne-001",
        "at": Decimal("1.5"),
        "subject": "注文 ☃",
        "raw": b"\x00\xff\r\n",
        "blobs": {b"a", b"b"},
        "labels": {"x", "y"},
        "sizes": {Decimal(1), Decimal("2.25")},
        "parts": [{"name": "a.txt", "inline": False, "note": None}, []],
        "exact": Decimal("0.1234567890123456789012345678901234567"),
    }

    table.put_item(Item=item)
    kept = table.get_item(Key={"tenant": "ne-001", "at": Decimal("1.50")})["Item"]

    raw = kept.pop("raw")
    assert bytes(raw.value) == item.pop("raw")
    assert {bytes(blob.value) for blob in kept.pop("blobs")} == item.pop("blobs")
    assert kept == item


def test_second_record_of_the_same_mail_is_refused_and_shows_the_first(
    dynamodb: Any, table: Any
) -> None:
    request = {
        "TableName": "mails",
        "Item": {"tenant": {"S": "ne-001"}, "at": {"N": "1"}, "raw": {"B": b"\x00"}},
        "ConditionExpression": "attribute_not_exists(tenant)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    dynamodb.put_item(**request)

    with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException) as refusal:
        dynamodb.put_item(**request)

    assert refusal.value.response["Error"]["Message"] == "The conditional request failed"
    assert refusal.value.response["Item"] == request["Item"]
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_expressions_that_boto3_builds_are_understood(table: Any) -> None:
    for number in range(10):
        table.put_item(Item={"tenant": "ne-001", "at": number, "name": f"mail {number}"})

    found = table.query(
        KeyConditionExpression=Key("tenant").eq("ne-001") & Key("at").between(2, 8),
        FilterExpression=Attr("name").contains("mail")
        & ~Attr("name").is_in(["mail 3"])
        & (Attr("name").size().gte(6) | Attr("other").exists()),
        ProjectionExpression="#a",
        ExpressionAttributeNames={"#a": "at"},
        ScanIndexForward=False,
    )

    assert [int(item["at"]) for item in found["Items"]] == [8, 7, 6, 5, 4, 2]
    assert found["ScannedCount"] == 7


def test_update_counts_and_returns_the_new_values(table: Any) -> None:
    key = {"tenant": "ne-001", "at": 1}
    for _ in range(3):
        result = table.update_item(
            Key=key,
            UpdateExpression="ADD hits :one SET #s = if_not_exists(#s, :new)",
            ExpressionAttributeNames={"#s": "status"},
            ExpressionAttributeValues={":one": 1, ":new": "new"},
            ReturnValues="UPDATED_NEW",
        )

    assert result["Attributes"] == {"hits": 3, "status": "new"}


def test_paginator_reads_all_items_of_a_scan(dynamodb: Any, table: Any) -> None:
    for number in range(25):
        table.put_item(Item={"tenant": f"ne-{number:03}", "at": 0})

    pages = dynamodb.get_paginator("scan").paginate(
        TableName="mails", PaginationConfig={"PageSize": 10}
    )

    assert len({item["tenant"]["S"] for page in pages for item in page["Items"]}) == 25


def test_deleted_table_is_gone_when_its_waiter_returns(dynamodb: Any, table: Any) -> None:
    dynamodb.delete_table(TableName="mails")

    dynamodb.get_waiter("table_not_exists").wait(TableName="mails")

    assert dynamodb.list_tables()["TableNames"] == []


@pytest.mark.parametrize(
    ("operation", "parameters", "code", "words"),
    [
        (
            "get_item",
            {"TableName": "nothing", "Key": {"id": {"S": "a"}}},
            "ResourceNotFoundException",
            "Requested resource not found",
        ),
        (
            "create_table",
            {
                "TableName": "mails",
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "BillingMode": "PAY_PER_REQUEST",
            },
            "ResourceInUseException",
            "Table already exists: mails",
        ),
        (
            "put_item",
            {"TableName": "mails", "Item": {"tenant": {"S": "a"}}},
            "ValidationException",
            "One or more parameter values were invalid: Missing the key at in the item",
        ),
        (
            "put_item",
            {
                "TableName": "mails",
                "Item": {"tenant": {"S": "a"}, "at": {"N": "1"}},
                "ReturnValues": "SOMETHING",
            },
            "ValidationException",
            (
                "1 validation error detected: Value 'SOMETHING' at 'returnValues' failed to satisfy"
                " constraint: Member must satisfy enum value set:"
            ),
        ),
        (
            "transact_get_items",
            {"TransactItems": [{"Get": {"TableName": "mails", "Key": {"tenant": {"S": "a"}}}}]},
            "NotImplemented",
            "TransactGetItems",
        ),
    ],
    ids=["no table", "twice", "no key", "no such enum value", "not served"],
)
def test_refusal_has_its_code_and_sentence(
    dynamodb: Any,
    table: Any,
    operation: str,
    parameters: dict[str, object],
    code: str,
    words: str,
) -> None:
    with pytest.raises(ClientError) as refusal:
        getattr(dynamodb, operation)(**parameters)

    assert refusal.value.response["Error"]["Code"] == code
    assert words in refusal.value.response["Error"]["Message"]
