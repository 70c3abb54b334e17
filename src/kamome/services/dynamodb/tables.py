"""Operations on tables: CreateTable, DeleteTable, DescribeTable, ListTables.

AWS: DynamoDB API Reference.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import orjson

from kamome.arn import parse_arn
from kamome.context import RequestContext
from kamome.services.dynamodb.errors import (
    AccessDeniedException,
    LimitExceededException,
    ResourceInUseException,
    ResourceNotFoundException,
    ValidationException,
)
from kamome.services.dynamodb.limits import (
    LIST_TABLES_MAX,
    TABLE_NAME_LENGTH_MAX,
    TABLE_NAME_LENGTH_MIN,
    TABLES_MAX,
)
from kamome.services.dynamodb.slice import DynamoDb
from kamome.services.dynamodb.store import Table
from kamome.services.dynamodb.table_settings import description_of, key_schema_of, settings_of
from kamome.storage.outbox import Entry

if TYPE_CHECKING:
    from kamome.services.dynamodb import shapes

# The outbox entry that removes a deleted table's items, a bounded number at a time.
DELETE_ITEMS = "dynamodb.delete_items"
# 500 items of a kilobyte take about 2 ms, which is how long other requests wait for one pass.
_ITEMS_PER_PASS = 500
# DescribeTable waits at most this long for a table that is about to change its state.
_DESCRIBE_WAIT_S = 0.25

_TABLE_NAME = re.compile(r"[a-zA-Z0-9_.-]+")


async def create_table(
    dynamodb: DynamoDb, ctx: RequestContext, request: shapes.CreateTableRequest
) -> shapes.CreateTableResult:
    """Add a table: CREATING at first, ACTIVE a moment later by the clock.

    Secondary indexes, streams, resource policies and global tables are refused, not ignored.
    Durable on return.

    Raises:
        ValidationException: name, key schema, attribute definitions or throughput are not valid.
        ResourceInUseException: the table exists.
        LimitExceededException: the account has 2,500 tables in the region.
        OperationNotServed: a parameter that is not served.

    AWS: DynamoDB API Reference, CreateTable.
    """
    name = table_name_of(ctx, request["TableName"])
    schema = key_schema_of(request)
    settings = settings_of(ctx, request)
    now_ms = dynamodb.clock.now_ms()
    existing = dynamodb.store.table(ctx.account, ctx.region, name)
    if existing is not None and existing.status(now_ms) != "GONE":
        raise ResourceInUseException(f"Table already exists: {name}")
    if dynamodb.store.table_count(ctx.account, ctx.region) >= TABLES_MAX:
        raise LimitExceededException(
            f"Subscriber limit exceeded: There is a limit of {TABLES_MAX} tables per account"
        )
    table = Table(
        account=ctx.account,
        region=ctx.region,
        name=name,
        table_id=dynamodb.ids.uuid(),
        schema=schema,
        created_at_ms=now_ms,
        active_at_ms=now_ms + dynamodb.table_creation_ms,
        gone_at_ms=None,
        settings=orjson.dumps(settings),
    )
    dynamodb.store.create_table(table)
    return {"TableDescription": description_of(table, "CREATING", (0, 0))}


async def delete_table(
    dynamodb: DynamoDb, ctx: RequestContext, request: shapes.DeleteTableRequest
) -> shapes.DeleteTableResult:
    """Delete a table with its items: DELETING at first, gone a moment later by the clock.

    The items' rows are removed behind, in bounded passes. Durable on return.

    Raises:
        ResourceNotFoundException: there is no such table.
        ResourceInUseException: the table is being created or deleted.
        ValidationException: the table is protected against deletion.

    AWS: DynamoDB API Reference, DeleteTable.
    """
    name = table_name_of(ctx, request["TableName"])
    now_ms = dynamodb.clock.now_ms()
    table = _existing(dynamodb, ctx, name)
    status = table.status(now_ms)
    if status != "ACTIVE":
        doing = "created" if status == "CREATING" else "deleted"
        raise ResourceInUseException(
            f"Attempt to change a resource which is still in use: Table is being {doing}: {name}"
        )
    if orjson.loads(table.settings)["DeletionProtectionEnabled"]:
        raise ValidationException(
            "Resource cannot be deleted as it is currently protected against deletion. Disable"
            " deletion protection first."
        )
    gone_at_ms = now_ms + dynamodb.table_deletion_ms
    with dynamodb.store.atomic():
        dynamodb.store.begin_deletion(table.table_id, gone_at_ms)
        dynamodb.outbox.put(
            DELETE_ITEMS, {"table_id": table.table_id}, at_ms=gone_at_ms, trace=ctx.trace
        )
    size = dynamodb.store.table_size(table.table_id)
    return {"TableDescription": description_of(table, "DELETING", size)}


async def describe_table(
    dynamodb: DynamoDb, ctx: RequestContext, request: shapes.DescribeTableRequest
) -> shapes.DescribeTableResult:
    """The table's description. ItemCount and TableSizeBytes are current, not six hours old.

    The answer for a table that is about to be ACTIVE (or gone) is held back until it is, for a
    quarter of a second at most: a waiter of an SDK would otherwise sleep 20 seconds before it asks
    again. On a frozen clock the answer comes at once.

    Raises:
        ResourceNotFoundException: there is no such table.

    AWS: DynamoDB API Reference, DescribeTable.
    """
    name = table_name_of(ctx, request["TableName"])
    table = _existing(dynamodb, ctx, name)
    changes_at_ms = table.active_at_ms if table.gone_at_ms is None else table.gone_at_ms
    if dynamodb.clock.now_ms() < changes_at_ms and not dynamodb.clock.is_frozen:
        change = asyncio.ensure_future(dynamodb.clock.sleep_until(changes_at_ms))
        try:  # in vain where the clock is frozen meanwhile, or is being advanced
            await asyncio.wait([change], timeout=_DESCRIBE_WAIT_S)
        finally:
            change.cancel()
        table = _existing(dynamodb, ctx, name)
    status = table.status(dynamodb.clock.now_ms())
    size = dynamodb.store.table_size(table.table_id)
    return {"Table": description_of(table, status, size)}


async def list_tables(
    dynamodb: DynamoDb, ctx: RequestContext, request: shapes.ListTablesRequest
) -> shapes.ListTablesResult:
    """Names of the tables in this account and region, in order, at most 100 a page.

    AWS: DynamoDB API Reference, ListTables.
    """
    limit = request.get("Limit", LIST_TABLES_MAX)
    after = request.get("ExclusiveStartTableName", "")
    now_ms = dynamodb.clock.now_ms()
    names = dynamodb.store.table_names(ctx.account, ctx.region, after, now_ms, limit + 1)
    result: shapes.ListTablesResult = {"TableNames": names[:limit]}
    if len(names) > limit:
        result["LastEvaluatedTableName"] = names[limit - 1]
    return result


def delete_items(dynamodb: DynamoDb, entry: Entry) -> None:
    """Remove some items of a deleted table, and come back if there are more.

    Runs in the step in which its outbox entry is finished, so a restart goes on where it was.

    AWS: DynamoDB API Reference, DeleteTable.
    """
    table_id = str(entry.payload["table_id"])
    if dynamodb.store.delete_some_items(table_id, _ITEMS_PER_PASS) == _ITEMS_PER_PASS:
        dynamodb.outbox.put(DELETE_ITEMS, {"table_id": table_id}, trace=entry.trace)
    else:
        dynamodb.store.forget_table(table_id)


# ---------------------------------------------------------------------- finding a table


def active_table(dynamodb: DynamoDb, ctx: RequestContext, name_or_arn: str) -> Table:
    """The table that a data operation names, which must be ACTIVE.

    Raises:
        ValidationException: the name cannot be a table's.
        ResourceNotFoundException: there is no such table, or it is not ACTIVE.

    AWS: DynamoDB Developer Guide, Error handling, ResourceNotFoundException.
    """
    name = table_name_of(ctx, name_or_arn)
    table = dynamodb.store.table(ctx.account, ctx.region, name)
    if table is None or table.status(dynamodb.clock.now_ms()) != "ACTIVE":
        raise ResourceNotFoundException("Requested resource not found")
    return table


def _existing(dynamodb: DynamoDb, ctx: RequestContext, name: str) -> Table:
    table = dynamodb.store.table(ctx.account, ctx.region, name)
    if table is None or table.status(dynamodb.clock.now_ms()) == "GONE":
        raise ResourceNotFoundException(f"Requested resource not found: Table: {name} not found")
    return table


def table_name_of(ctx: RequestContext, name_or_arn: str) -> str:
    """The table's name from a TableName parameter, which may be the table's ARN.

    Raises:
        ValidationException: neither a possible name nor an ARN of a table in this region.
        AccessDeniedException: the ARN is of another account.

    AWS: DynamoDB API Reference, PutItem, TableName; Developer Guide, Naming rules.
    """
    arn = parse_arn(name_or_arn)
    if arn is None:
        check_table_name(name_or_arn)
        return name_or_arn
    kind, _, name = arn.resource.partition("/")
    if arn.service != "dynamodb" or kind != "table" or arn.region != ctx.region:
        raise ValidationException(f"Invalid TableArn: Invalid ResourceArn provided as input {arn}")
    if arn.account != ctx.account:
        raise AccessDeniedException(
            f"User: {ctx.principal} is not authorized to access resource: {arn} because no"
            " resource-based policy allows the action"
        )
    check_table_name(name)
    return name


def check_table_name(name: str) -> None:
    """A table's name has 3 to 255 letters, digits, `_`, `-` and `.`.

    Raises:
        ValidationException: it is otherwise.

    AWS: DynamoDB Developer Guide, Constraints, Naming rules.
    """
    if not TABLE_NAME_LENGTH_MIN <= len(name) <= TABLE_NAME_LENGTH_MAX:
        raise ValidationException(
            f"TableName must be at least {TABLE_NAME_LENGTH_MIN} characters long and at most"
            f" {TABLE_NAME_LENGTH_MAX} characters long"
        )
    if not _TABLE_NAME.fullmatch(name):
        raise ValidationException(
            f"1 validation error detected: Value '{name}' at 'tableName' failed to satisfy"
            " constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"
        )


def resource_of(request: Mapping[str, object]) -> str:
    """What a journey shows of a request: the table, and the key where it is short.

    AWS: DynamoDB API Reference, Operations.
    """
    table = str(request.get("TableName", ""))
    key = request.get("Key")
    if not isinstance(key, dict):
        return table
    values = [str(next(iter(value.values()), "")) for value in key.values()]
    shown = "/".join(values)
    return f"{table} {shown}" if len(shown) <= 80 else table
