"""Operations that read items: GetItem, Query, Scan.

AWS: DynamoDB API Reference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, cast

import msgspec

from kamome.context import RequestContext
from kamome.services.dynamodb import capacity, legacy
from kamome.services.dynamodb.attribute_values import Item, check_item
from kamome.services.dynamodb.errors import ValidationException
from kamome.services.dynamodb.expressions.condition_parser import parse_condition
from kamome.services.dynamodb.expressions.conditions import holds
from kamome.services.dynamodb.expressions.key_conditions import (
    KeyRange,
    KeyTest,
    key_range,
    key_tests,
)
from kamome.services.dynamodb.expressions.paths import PathNode
from kamome.services.dynamodb.expressions.placeholders import Placeholders
from kamome.services.dynamodb.expressions.projections import parse_projection, projected
from kamome.services.dynamodb.expressions.syntax import Condition, Path
from kamome.services.dynamodb.keys import (
    StoredKey,
    key_attributes,
    key_of,
    segment_bounds,
)
from kamome.services.dynamodb.limits import PAGE_BYTES_MAX
from kamome.services.dynamodb.parameters import placeholders_of, refuse_mixture
from kamome.services.dynamodb.slice import DynamoDb
from kamome.services.dynamodb.store import StoredItem, Table
from kamome.services.dynamodb.stored_items import decode
from kamome.services.dynamodb.tables import active_table

if TYPE_CHECKING:
    from kamome.services.dynamodb import shapes

_PageRequest: TypeAlias = "shapes.QueryRequest | shapes.ScanRequest"
# Rows taken from the store at once: few at first, as each may have 400 KB, then as many as the rest
# of the page should need by the average so far.
_FIRST_ROWS = 16
_ROWS_MAX = 512


async def get_item(
    dynamodb: DynamoDb, ctx: RequestContext, request: shapes.GetItemRequest
) -> shapes.GetItemResult:
    """The attributes of the item of a key; no `Item` where there is none.

    Every read is consistent; ConsistentRead only decides the capacity consumed.

    Raises:
        ValidationException: an invalid key, expression or combination of parameters.
        ResourceNotFoundException: there is no such table, or it is not ACTIVE.

    AWS: DynamoDB API Reference, GetItem.
    """
    refuse_mixture(cast("Mapping[str, object]", request))
    check_item(request["Key"])
    placeholders = placeholders_of(
        cast("Mapping[str, object]", request), request.get("ExpressionAttributeNames"), None
    )
    projection = _projection_of(request, placeholders)
    placeholders.check_all_used()
    table = active_table(dynamodb, ctx, request["TableName"])
    stored = dynamodb.store.item(table.table_id, key_of(table.schema, request["Key"]))
    result: shapes.GetItemResult = {}
    if stored is not None:
        item = decode(stored.item)
        result["Item"] = item if projection is None else projected(item, projection)
    units = capacity.read_units(
        0 if stored is None else stored.size_bytes,
        is_consistent=request.get("ConsistentRead", False),
    )
    asked = request.get("ReturnConsumedCapacity", "NONE")
    consumed = capacity.consumed(asked, request["TableName"], units)
    if consumed is not None:
        result["ConsumedCapacity"] = consumed
    return result


async def query(
    dynamodb: DynamoDb, ctx: RequestContext, request: shapes.QueryRequest
) -> shapes.QueryResult:
    """Items of one partition whose sort keys are in a range, in order, a page of them.

    A page ends after `Limit` items read or 1 MB; the filter is applied after that. Every read is
    consistent.

    Raises:
        ValidationException: an invalid key condition, expression, start or combination.
        ResourceNotFoundException: there is no such table, or it is not ACTIVE.

    AWS: DynamoDB API Reference, Query.
    """
    refuse_mixture(cast("Mapping[str, object]", request))
    placeholders = _placeholders(request, ("FilterExpression", "KeyConditionExpression"))
    tests = _key_tests_of(request, placeholders)
    reading = _reading_of(request, placeholders)
    table = active_table(dynamodb, ctx, request["TableName"])
    _refuse_index(request)
    keys = key_range(table.schema, tests)
    _refuse_key_filter(table, reading)
    is_forward = request.get("ScanIndexForward", True)
    if "ExclusiveStartKey" in request:
        keys = _after_start(table, keys, request["ExclusiveStartKey"], is_forward=is_forward)

    def fetch(after: StoredKey | None, limit: int) -> list[StoredItem]:
        rest = keys if after is None else keys.beyond(after, is_forward=is_forward)
        return dynamodb.store.query(table.table_id, rest, limit, is_forward=is_forward)

    page = _read_page(table, reading, fetch)
    return _page_result(request, reading, page)


async def scan(
    dynamodb: DynamoDb, ctx: RequestContext, request: shapes.ScanRequest
) -> shapes.ScanResult:
    """Items of the table, or of one of its segments, in the order they are kept, a page of them.

    That order is of no meaning, but stays. A page ends after `Limit` items read or 1 MB; the filter
    is applied after that. Every read is consistent.

    Raises:
        ValidationException: an invalid expression, start, segment or combination.
        ResourceNotFoundException: there is no such table, or it is not ACTIVE.

    AWS: DynamoDB API Reference, Scan.
    """
    refuse_mixture(cast("Mapping[str, object]", request))
    _check_segments(request)
    placeholders = _placeholders(request, ("FilterExpression",))
    reading = _reading_of(request, placeholders)
    table = active_table(dynamodb, ctx, request["TableName"])
    _refuse_index(request)
    segment, total = request.get("Segment", 0), request.get("TotalSegments", 1)
    first, end = segment_bounds(segment, total)
    start = StoredKey(first, b"")
    if "ExclusiveStartKey" in request:
        start = _start_key(table, request["ExclusiveStartKey"])
        if not first <= start.partition_key < end:
            raise ValidationException(
                "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use"
                f" ExclusiveStartKey with correct Segment. TotalSegments: {total} Segment:"
                f" {segment}"
            )

    def fetch(after: StoredKey | None, limit: int) -> list[StoredItem]:
        return dynamodb.store.scan(table.table_id, after or start, end, limit)

    page = _read_page(table, reading, fetch)
    return _page_result(request, reading, page)


# ---------------------------------------------------------------------- parameters


class _Reading(NamedTuple):
    """What of the items is wanted. `filter_paths` are the document paths in the filter."""

    filter: Condition | None
    filter_paths: tuple[Path, ...]
    projection: PathNode | None
    limit: int | None
    is_count: bool


def _reading_of(request: _PageRequest, placeholders: Placeholders) -> _Reading:
    projection = _projection_of(request, placeholders)
    condition, paths = _filter_of(request, placeholders)
    placeholders.check_all_used()
    _check_select(request)
    return _Reading(
        filter=condition,
        filter_paths=tuple(paths),
        projection=projection,
        limit=request.get("Limit"),
        is_count=request.get("Select") == "COUNT",
    )


def _placeholders(request: _PageRequest, with_values: tuple[str, ...]) -> Placeholders:
    return placeholders_of(
        cast("Mapping[str, object]", request),
        request.get("ExpressionAttributeNames"),
        request.get("ExpressionAttributeValues"),
        with_values,
    )


def _projection_of(
    request: shapes.GetItemRequest | _PageRequest, placeholders: Placeholders
) -> PathNode | None:
    if "ProjectionExpression" in request:
        return parse_projection(request["ProjectionExpression"], placeholders)
    if "AttributesToGet" in request:
        return legacy.attributes_to_get(request["AttributesToGet"])
    return None


def _filter_of(
    request: _PageRequest, placeholders: Placeholders
) -> tuple[Condition | None, list[Path]]:
    if "FilterExpression" in request:
        return parse_condition("FilterExpression", request["FilterExpression"], placeholders)
    parameters = cast("Mapping[str, object]", request)
    tests = cast(
        "Mapping[str, shapes.Condition] | None",
        parameters.get("QueryFilter", parameters.get("ScanFilter")),
    )
    operator = request.get("ConditionalOperator")
    legacy.refuse_lone_operator(operator, tests)
    if tests is None:
        return None, []
    return legacy.filter_condition(tests, operator), [(name,) for name in tests]


def _key_tests_of(request: shapes.QueryRequest, placeholders: Placeholders) -> list[KeyTest]:
    if "KeyConditionExpression" in request:
        condition, _ = parse_condition(
            "KeyConditionExpression", request["KeyConditionExpression"], placeholders
        )
        return key_tests(condition)
    if "KeyConditions" in request:
        return legacy.key_tests(request["KeyConditions"])
    raise ValidationException(
        "Either the KeyConditions or KeyConditionExpression parameter must be specified in the"
        " request."
    )


def _check_select(request: _PageRequest) -> None:
    select = request.get("Select")
    projection = next(
        (name for name in ("ProjectionExpression", "AttributesToGet") if name in request), None
    )
    if select == "SPECIFIC_ATTRIBUTES":
        if projection is None:
            raise ValidationException(
                "Must specify the AttributesToGet or ProjectionExpression when choosing to get"
                " SPECIFIC_ATTRIBUTES"
            )
    elif select == "ALL_PROJECTED_ATTRIBUTES" and "IndexName" not in request:
        raise ValidationException(
            "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"
        )
    elif select is not None and projection is not None:
        wanted = "only the Count" if select == "COUNT" else select
        raise ValidationException(f"Cannot specify the {projection} when choosing to get {wanted}")


def _refuse_index(request: _PageRequest) -> None:
    if "IndexName" in request:
        raise ValidationException(
            f"The table does not have the specified index: {request['IndexName']}"
        )


def _refuse_key_filter(table: Table, reading: _Reading) -> None:
    for path in reading.filter_paths:
        if path[0] in table.schema.names:
            raise ValidationException(
                "Filter Expression can only contain non-primary key attributes: Primary key"
                f" attribute: {path[0]}"
            )


def _check_segments(request: shapes.ScanRequest) -> None:
    if "Segment" in request and "TotalSegments" not in request:
        raise ValidationException(
            "The TotalSegments parameter is required but was not present in the request when"
            " Segment parameter is present"
        )
    if "TotalSegments" not in request:
        return
    if "Segment" not in request:
        raise ValidationException(
            "The Segment parameter is required but was not present in the request when parameter"
            " TotalSegments is present"
        )
    if request["Segment"] >= request["TotalSegments"]:
        raise ValidationException(
            "The Segment parameter is zero-based and must be less than parameter TotalSegments:"
            f" Segment: {request['Segment']} is not less than TotalSegments:"
            f" {request['TotalSegments']}"
        )


def _start_key(table: Table, key: Item) -> StoredKey:
    try:
        check_item(key)
        return key_of(table.schema, key)
    except ValidationException as error:
        raise ValidationException(
            f"The provided starting key is invalid: {error.message}"
        ) from None


def _after_start(table: Table, keys: KeyRange, start: Item, *, is_forward: bool) -> KeyRange:
    key = _start_key(table, start)
    if not keys.holds(key):
        raise ValidationException(
            "The provided starting key is outside query boundaries based on provided conditions"
        )
    return keys.beyond(key, is_forward=is_forward)


# ---------------------------------------------------------------------- pages


class _Page(msgspec.Struct):
    """What one call read: the items that passed, how many were read, their size, where it ended."""

    items: list[Item] = msgspec.field(default_factory=list)
    count: int = 0
    scanned_count: int = 0
    size_bytes: int = 0
    last_evaluated_key: Item | None = None

    def is_full(self, limit: int | None) -> bool:
        return self.scanned_count == limit or self.size_bytes >= PAGE_BYTES_MAX

    def rows_wanted(self, limit: int | None) -> int:
        rows = _FIRST_ROWS
        if self.scanned_count:
            average = max(1, self.size_bytes // self.scanned_count)
            rows = min(_ROWS_MAX, (PAGE_BYTES_MAX - self.size_bytes) // average + 1)
        return rows if limit is None else min(rows, limit - self.scanned_count)


def _read_page(
    table: Table,
    reading: _Reading,
    fetch: Callable[[StoredKey | None, int], list[StoredItem]],
) -> _Page:
    """Read until the page is full or nothing is left. `fetch` gives rows after a key."""
    page = _Page()
    after: StoredKey | None = None
    while True:
        wanted = page.rows_wanted(reading.limit)
        rows = fetch(after, wanted)
        for row in rows:
            item = _take(page, reading, row)
            if page.is_full(reading.limit):
                page.last_evaluated_key = key_attributes(table.schema, item or decode(row.item))
                return page
        if len(rows) < wanted:
            return page
        after = rows[-1].key


def _take(page: _Page, reading: _Reading, row: StoredItem) -> Item | None:
    """Count a row in, and keep its item if it passes; gives the item if it had to be decoded."""
    page.scanned_count += 1
    page.size_bytes += row.size_bytes
    if reading.is_count and reading.filter is None:
        page.count += 1
        return None
    item = decode(row.item)
    if reading.filter is None or holds(reading.filter, item):
        page.count += 1
        if not reading.is_count:
            wanted = reading.projection
            page.items.append(item if wanted is None else projected(item, wanted))
    return item


def _page_result(request: _PageRequest, reading: _Reading, page: _Page) -> shapes.QueryResult:
    """The answer of Query, which is also Scan's."""
    result: shapes.QueryResult = {"Count": page.count, "ScannedCount": page.scanned_count}
    if not reading.is_count:
        result["Items"] = page.items
    if page.last_evaluated_key is not None:
        result["LastEvaluatedKey"] = page.last_evaluated_key
    units = capacity.read_units(page.size_bytes, is_consistent=request.get("ConsistentRead", False))
    asked = request.get("ReturnConsumedCapacity", "NONE")
    consumed = capacity.consumed(asked, request["TableName"], units)
    if consumed is not None:
        result["ConsumedCapacity"] = consumed
    return result
