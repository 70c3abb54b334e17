"""What CreateTable is given: validated, kept, and described again.

AWS: DynamoDB API Reference, CreateTable; TableDescription.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

import orjson

from kamome.context import RequestContext
from kamome.errors import OperationNotServed
from kamome.services.dynamodb.errors import ValidationException
from kamome.services.dynamodb.keys import KeyAttribute, KeySchema
from kamome.services.dynamodb.limits import TAGS_MAX
from kamome.services.dynamodb.store import Table, TableStatus

if TYPE_CHECKING:
    from kamome.services.dynamodb import shapes

_INVALID = "One or more parameter values were invalid: "
_NOT_SERVED = {
    "LocalSecondaryIndexes": "Local secondary indexes come in a later release",
    "GlobalSecondaryIndexes": "Global secondary indexes come in a later release",
    "VectorIndexes": "Vector indexes are not served",
    "ResourcePolicy": "Resource policies of tables are not served",
    "GlobalTableSourceArn": "Global tables are not served",
    "GlobalTableSettingsReplicationMode": "Global tables are not served",
}
# Warm throughput of a new on-demand table. AWS: Developer Guide, Warm throughput.
_ON_DEMAND_READS_PER_S = 12_000
_ON_DEMAND_WRITES_PER_S = 4_000
# What of the request is kept as it is.
_KEPT = (
    "ProvisionedThroughput",
    "OnDemandThroughput",
    "WarmThroughput",
    "Tags",
    "TableClass",
)


def key_schema_of(request: shapes.CreateTableRequest) -> KeySchema:
    """The table's primary key, from KeySchema and AttributeDefinitions.

    Raises:
        ValidationException: not HASH or HASH and RANGE, or the definitions do not match.
        OperationNotServed: the table is to have something that is not served.

    AWS: DynamoDB API Reference, CreateTable, KeySchema and AttributeDefinitions.
    """
    _refuse_not_served(request)
    elements = request.get("KeySchema")
    if not elements:
        raise ValidationException(
            "1 validation error detected: Value null at 'keySchema' failed to satisfy constraint:"
            " Member must not be null"
        )
    _check_key_elements(elements)
    types = _attribute_types(request.get("AttributeDefinitions", []))
    names = [element["AttributeName"] for element in elements]
    if not set(names) <= types.keys():
        raise ValidationException(
            f"{_INVALID}Some index key attributes are not defined in AttributeDefinitions. Keys:"
            f" [{', '.join(names)}], AttributeDefinitions: [{', '.join(types)}]"
        )
    if len(types) != len(names):
        raise ValidationException(
            f"{_INVALID}Number of attributes in KeySchema does not exactly match number of"
            " attributes defined in AttributeDefinitions"
        )
    return KeySchema(*(KeyAttribute(name, types[name]) for name in names))


def _refuse_not_served(request: shapes.CreateTableRequest) -> None:
    for parameter, reason in _NOT_SERVED.items():
        if parameter in request:
            raise OperationNotServed(f"CreateTable with {parameter} is not served. {reason}.")
    if request.get("StreamSpecification", {}).get("StreamEnabled"):
        raise OperationNotServed(
            "CreateTable with StreamSpecification is not served. Streams come in a later release."
        )


def _check_key_elements(elements: list[shapes.KeySchemaElement]) -> None:
    if len(elements) > 2:
        shown = ", ".join(
            f"KeySchemaElement(attributeName={element['AttributeName']},"
            f" keyType={element['KeyType']})"
            for element in elements
        )
        raise ValidationException(
            f"1 validation error detected: Value '[{shown}]' at 'keySchema' failed to satisfy"
            " constraint: Member must have length less than or equal to 2"
        )
    if elements[0]["KeyType"] != "HASH":
        raise ValidationException(
            "Invalid KeySchema: The first KeySchemaElement is not a HASH key type"
        )
    if len(elements) == 1:
        return
    if elements[1]["KeyType"] != "RANGE":
        raise ValidationException(
            "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type"
        )
    if elements[0]["AttributeName"] == elements[1]["AttributeName"]:
        raise ValidationException(
            "Both the Hash Key and the Range Key element in the KeySchema have the same name"
        )


def _attribute_types(definitions: list[shapes.AttributeDefinition]) -> dict[str, str]:
    types: dict[str, str] = {}
    for definition in definitions:
        name = definition["AttributeName"]
        if name in types:
            raise ValidationException(
                f"{_INVALID}Duplicate AttributeName in AttributeDefinitions: {name}"
            )
        types[name] = definition["AttributeType"]
    return types


def settings_of(ctx: RequestContext, request: shapes.CreateTableRequest) -> dict[str, object]:
    """What is kept of the request for DescribeTable, validated.

    Raises:
        ValidationException: throughput that does not go with the billing mode, or invalid tags
            or encryption.

    AWS: DynamoDB API Reference, CreateTable.
    """
    _check_throughput(request)
    _check_tags(request.get("Tags", []))
    kept = cast("Mapping[str, object]", request)
    settings: dict[str, object] = {name: kept[name] for name in _KEPT if name in kept}
    settings["BillingMode"] = request.get("BillingMode", "PROVISIONED")
    settings["DeletionProtectionEnabled"] = request.get("DeletionProtectionEnabled", False)
    encryption = _encryption(ctx, request.get("SSESpecification", {}))
    if encryption is not None:
        settings["SSEDescription"] = encryption
    return settings


def _check_throughput(request: shapes.CreateTableRequest) -> None:
    is_provisioned = request.get("BillingMode", "PROVISIONED") == "PROVISIONED"
    if is_provisioned and "ProvisionedThroughput" not in request:
        raise ValidationException(
            f"{_INVALID}ReadCapacityUnits and WriteCapacityUnits must both be specified when"
            " BillingMode is PROVISIONED"
        )
    if is_provisioned and "OnDemandThroughput" in request:
        raise ValidationException(
            f"{_INVALID}OnDemandThroughput can only be specified when BillingMode is"
            " PAY_PER_REQUEST"
        )
    if not is_provisioned and "ProvisionedThroughput" in request:
        raise ValidationException(
            f"{_INVALID}Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when"
            " BillingMode is PAY_PER_REQUEST"
        )


def _check_tags(tags: list[shapes.Tag]) -> None:
    if len(tags) > TAGS_MAX:
        raise ValidationException(f"Too many tags: a table can have at most {TAGS_MAX}")
    keys = [tag["Key"] for tag in tags]
    if len(set(keys)) != len(keys):
        raise ValidationException("Duplicate tag keys are not allowed")
    if any(key.lower().startswith("aws:") for key in keys):
        raise ValidationException("Tag keys cannot begin with aws:")


def _encryption(
    ctx: RequestContext, asked: shapes.SSESpecification
) -> shapes.SSEDescription | None:
    """SSEDescription of a table with a KMS key; tables without one do not show any."""
    if not asked.get("Enabled"):
        if "SSEType" in asked or "KMSMasterKeyId" in asked:
            raise ValidationException(
                f"{_INVALID}SSEType and KMSMasterKeyId can only be specified when Enabled is true"
            )
        return None
    if asked.get("SSEType", "KMS") != "KMS":
        raise ValidationException(f"{_INVALID}SSEType {asked['SSEType']} is not supported")
    key = asked.get("KMSMasterKeyId", "alias/aws/dynamodb")
    if not key.startswith("arn:"):
        key = ctx.arn("kms", key if key.startswith("alias/") else f"key/{key}")
    return {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key}


def description_of(
    table: Table, status: TableStatus, size: tuple[int, int]
) -> shapes.TableDescription:
    """The table as CreateTable, DeleteTable and DescribeTable show it.

    `size` is ItemCount and TableSizeBytes.

    AWS: DynamoDB API Reference, TableDescription.
    """
    settings = orjson.loads(table.settings)
    description: shapes.TableDescription = {
        "TableName": table.name,
        "TableStatus": status,
        "TableArn": table.arn,
        "TableId": table.table_id,
        "CreationDateTime": table.created_at_ms / 1000,
        "ItemCount": size[0],
        "TableSizeBytes": size[1],
        "DeletionProtectionEnabled": bool(settings["DeletionProtectionEnabled"]),
        "KeySchema": [
            {"AttributeName": key.name, "KeyType": kind}
            for key, kind in zip(table.schema.attributes, ("HASH", "RANGE"), strict=False)
        ],
        "AttributeDefinitions": [
            {"AttributeName": key.name, "AttributeType": key.type}
            for key in sorted(table.schema.attributes, key=lambda key: key.name)
        ],
    }
    _describe_throughput(description, table, settings)
    if "SSEDescription" in settings:
        description["SSEDescription"] = cast("shapes.SSEDescription", settings["SSEDescription"])
    if "TableClass" in settings:
        description["TableClassSummary"] = {"TableClass": str(settings["TableClass"])}
    return description


def _describe_throughput(
    description: shapes.TableDescription, table: Table, settings: Mapping[str, object]
) -> None:
    asked = cast("shapes.ProvisionedThroughput", settings.get("ProvisionedThroughput", {}))
    reads, writes = asked.get("ReadCapacityUnits", 0), asked.get("WriteCapacityUnits", 0)
    description["ProvisionedThroughput"] = {
        "NumberOfDecreasesToday": 0,
        "ReadCapacityUnits": reads,
        "WriteCapacityUnits": writes,
    }
    if settings["BillingMode"] == "PAY_PER_REQUEST":
        reads, writes = _ON_DEMAND_READS_PER_S, _ON_DEMAND_WRITES_PER_S
        description["BillingModeSummary"] = {"BillingMode": "PAY_PER_REQUEST"}
        if description["TableStatus"] != "CREATING":
            description["BillingModeSummary"]["LastUpdateToPayPerRequestDateTime"] = (
                table.created_at_ms / 1000
            )
    warm = cast("shapes.WarmThroughput", settings.get("WarmThroughput", {}))
    description["WarmThroughput"] = {
        "ReadUnitsPerSecond": warm.get("ReadUnitsPerSecond", reads),
        "WriteUnitsPerSecond": warm.get("WriteUnitsPerSecond", writes),
        "Status": description["TableStatus"],
    }
    if "OnDemandThroughput" in settings:
        on_demand = cast("shapes.OnDemandThroughput", settings["OnDemandThroughput"])
        description["OnDemandThroughput"] = on_demand
