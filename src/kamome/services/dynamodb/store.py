"""DynamoDB's rows: tables, their sizes, items. Every statement is one step of a transaction."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Literal, NamedTuple

import orjson

from kamome.services.dynamodb.expressions.key_conditions import KeyRange
from kamome.services.dynamodb.keys import KeyAttribute, KeySchema, StoredKey
from kamome.storage.engine import Engine, Row

TableStatus = Literal["CREATING", "ACTIVE", "DELETING", "GONE"]


class Table(NamedTuple):
    """A table as its row has it. `settings` is what CreateTable was given, as JSON."""

    account: str
    region: str
    name: str
    table_id: str
    schema: KeySchema
    created_at_ms: int
    active_at_ms: int
    gone_at_ms: int | None
    settings: bytes

    def status(self, now_ms: int) -> TableStatus:
        """The table's state at a moment. AWS: TableDescription, TableStatus."""
        if self.gone_at_ms is not None:
            return "GONE" if now_ms >= self.gone_at_ms else "DELETING"
        return "ACTIVE" if now_ms >= self.active_at_ms else "CREATING"

    @property
    def arn(self) -> str:
        """AWS: Service Authorization Reference, DynamoDB, table."""
        return f"arn:aws:dynamodb:{self.region}:{self.account}:table/{self.name}"


class StoredItem(NamedTuple):
    """An item's row: its size by AWS's formula, and its bytes (see stored_items.py)."""

    key: StoredKey
    size_bytes: int
    item: bytes


class Store:
    """All SQL of the slice. Nothing here waits or commits; see the engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def atomic(self) -> AbstractContextManager[None]:
        """A block whose statements are all kept or all undone. Never await inside."""
        return self._engine.atomic()

    # ------------------------------------------------------------------ tables

    # Replaces only a row whose table is gone; its items have another table_id.
    INSERT_TABLE = """
    INSERT INTO dynamodb_table
      (account, region, table_name, table_id, key_schema, created_at_ms, active_at_ms, settings)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    """
    # Primary keys.
    DELETE_NAMED_TABLE = (
        "DELETE FROM dynamodb_table WHERE account = ? AND region = ? AND table_name = ?"
    )
    INSERT_SIZE = (
        "INSERT INTO dynamodb_table_size (table_id, item_count, size_bytes) VALUES (?, 0, 0)"
    )

    def create_table(self, table: Table) -> None:
        """Keep a new table, in place of a deleted one of its name whose row is still there."""
        key_schema = orjson.dumps([[key.name, key.type] for key in table.schema.attributes])
        name = (table.account, table.region, table.name)
        times = (table.created_at_ms, table.active_at_ms)
        with self._engine.atomic():
            self._engine.write(self.DELETE_NAMED_TABLE, name)
            row = (*name, table.table_id, key_schema, *times, table.settings)
            self._engine.write(self.INSERT_TABLE, row)
            self._engine.write(self.INSERT_SIZE, (table.table_id,))

    # Primary key.
    SELECT_TABLE = """
    SELECT account, region, table_name, table_id, key_schema, created_at_ms, active_at_ms,
      gone_at_ms, settings
    FROM dynamodb_table WHERE account = ? AND region = ? AND table_name = ?
    """

    def table(self, account: str, region: str, name: str) -> Table | None:
        """The table of a name, in whatever state, or None."""
        row = self._engine.one(self.SELECT_TABLE, (account, region, name))
        return None if row is None else _table(row)

    # Range of the primary key; the few rows of tables that are gone are skipped.
    SELECT_TABLE_NAMES = """
    SELECT table_name FROM dynamodb_table
    WHERE account = ? AND region = ? AND table_name > ? AND (gone_at_ms IS NULL OR gone_at_ms > ?)
    ORDER BY table_name LIMIT ?
    """

    def table_names(
        self, account: str, region: str, after: str, now_ms: int, limit: int
    ) -> list[str]:
        """Names of tables in ascending (byte) order, those after `after`."""
        rows = self._engine.all(self.SELECT_TABLE_NAMES, (account, region, after, now_ms, limit))
        return [str(row[0]) for row in rows]

    # Range of the primary key; at most 2,500 rows by the quota.
    COUNT_TABLES = "SELECT count(*) FROM dynamodb_table WHERE account = ? AND region = ?"

    def table_count(self, account: str, region: str) -> int:
        """How many tables the account has in the region."""
        row = self._engine.one(self.COUNT_TABLES, (account, region))
        assert row is not None
        return _integer(row[0])

    # Index dynamodb_table_by_id.
    SET_GONE_AT = "UPDATE dynamodb_table SET gone_at_ms = ? WHERE table_id = ?"

    def begin_deletion(self, table_id: str, gone_at_ms: int) -> None:
        """The table is DELETING from now on, and gone at that moment."""
        self._engine.write(self.SET_GONE_AT, (gone_at_ms, table_id))

    # Index dynamodb_table_by_id; primary key of dynamodb_table_size.
    DELETE_TABLE = "DELETE FROM dynamodb_table WHERE table_id = ?"
    DELETE_SIZE = "DELETE FROM dynamodb_table_size WHERE table_id = ?"

    def forget_table(self, table_id: str) -> None:
        """Remove what is left of a deleted table's rows (another table may have its name)."""
        self._engine.write(self.DELETE_TABLE, (table_id,))
        self._engine.write(self.DELETE_SIZE, (table_id,))

    # Primary key.
    SELECT_SIZE = "SELECT item_count, size_bytes FROM dynamodb_table_size WHERE table_id = ?"

    def table_size(self, table_id: str) -> tuple[int, int]:
        """ItemCount and TableSizeBytes, exact and current."""
        row = self._engine.one(self.SELECT_SIZE, (table_id,))
        return (0, 0) if row is None else (_integer(row[0]), _integer(row[1]))

    # ------------------------------------------------------------------ items

    # Primary key.
    SELECT_ITEM = """
    SELECT partition_key, sort_key, size_bytes, item FROM dynamodb_item
    WHERE table_id = ? AND partition_key = ? AND sort_key = ?
    """

    def item(self, table_id: str, key: StoredKey) -> StoredItem | None:
        """The item of a key, or None."""
        row = self._engine.one(self.SELECT_ITEM, (table_id, key.partition_key, key.sort_key))
        return None if row is None else _item(row)

    # Primary key; the item's own bytes, which come last in the row, are not read.
    SELECT_ITEM_SIZE = """
    SELECT size_bytes FROM dynamodb_item
    WHERE table_id = ? AND partition_key = ? AND sort_key = ?
    """

    def item_size(self, table_id: str, key: StoredKey) -> int | None:
        """The size of the item of a key, or None."""
        row = self._engine.one(self.SELECT_ITEM_SIZE, (table_id, key.partition_key, key.sort_key))
        return None if row is None else _integer(row[0])

    # Primary key.
    UPSERT_ITEM = """
    INSERT INTO dynamodb_item (table_id, partition_key, sort_key, size_bytes, item)
    VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (table_id, partition_key, sort_key)
    DO UPDATE SET size_bytes = excluded.size_bytes, item = excluded.item
    """
    # Primary key.
    GROW = """
    UPDATE dynamodb_table_size
    SET item_count = item_count + ?, size_bytes = size_bytes + ? WHERE table_id = ?
    """

    def put_item(self, table_id: str, item: StoredItem, old_size_bytes: int | None) -> None:
        """Keep an item in place of the old one, whose size is `old_size_bytes` (None: no old one).

        The caller has read the old size in the same step.
        """
        key = item.key
        row = (table_id, key.partition_key, key.sort_key, item.size_bytes, item.item)
        added = int(old_size_bytes is None)
        grown = item.size_bytes - (old_size_bytes or 0)
        if not added and not grown:
            self._engine.write(self.UPSERT_ITEM, row)
            return
        with self._engine.atomic():
            self._engine.write(self.UPSERT_ITEM, row)
            self._engine.write(self.GROW, (added, grown, table_id))

    # Primary key.
    DELETE_ITEM = """
    DELETE FROM dynamodb_item WHERE table_id = ? AND partition_key = ? AND sort_key = ?
    """

    def delete_item(self, table_id: str, item: StoredItem) -> None:
        """Remove an item that the caller has read in the same step."""
        key = item.key
        with self._engine.atomic():
            self._engine.write(self.DELETE_ITEM, (table_id, key.partition_key, key.sort_key))
            self._engine.write(self.GROW, (-1, -item.size_bytes, table_id))

    # Range of the primary key, read in its order and in the opposite one.
    SELECT_RANGE_FORWARD = """
    SELECT partition_key, sort_key, size_bytes, item FROM dynamodb_item
    WHERE table_id = ? AND partition_key = ? AND sort_key >= ? AND sort_key < ?
    ORDER BY sort_key LIMIT ?
    """
    SELECT_RANGE_BACKWARD = """
    SELECT partition_key, sort_key, size_bytes, item FROM dynamodb_item
    WHERE table_id = ? AND partition_key = ? AND sort_key >= ? AND sort_key < ?
    ORDER BY sort_key DESC LIMIT ?
    """

    def query(
        self, table_id: str, keys: KeyRange, limit: int, *, is_forward: bool
    ) -> list[StoredItem]:
        """Items of a range of one partition, in ascending or descending order of sort keys."""
        statement = self.SELECT_RANGE_FORWARD if is_forward else self.SELECT_RANGE_BACKWARD
        bounds = (table_id, keys.partition_key, keys.low, keys.high, limit)
        return [_item(row) for row in self._engine.all(statement, bounds)]

    # Range of the primary key, begun inside a partition and ended between partitions.
    SELECT_AFTER = """
    SELECT partition_key, sort_key, size_bytes, item FROM dynamodb_item
    WHERE table_id = ? AND (partition_key, sort_key) > (?, ?) AND partition_key < ?
    ORDER BY partition_key, sort_key LIMIT ?
    """

    def scan(self, table_id: str, after: StoredKey, end: bytes, limit: int) -> list[StoredItem]:
        """Items after a key and before the partition `end`, in the order they are kept."""
        bounds = (table_id, after.partition_key, after.sort_key, end, limit)
        return [_item(row) for row in self._engine.all(self.SELECT_AFTER, bounds)]

    # Range of the primary key, taken from its beginning.
    DELETE_SOME_ITEMS = """
    DELETE FROM dynamodb_item WHERE table_id = ? AND (partition_key, sort_key) IN (
      SELECT partition_key, sort_key FROM dynamodb_item WHERE table_id = ?
      ORDER BY partition_key, sort_key LIMIT ?
    )
    """

    def delete_some_items(self, table_id: str, limit: int) -> int:
        """Remove at most `limit` items of a deleted table; returns how many there were."""
        return self._engine.write(self.DELETE_SOME_ITEMS, (table_id, table_id, limit))


def _table(row: Row) -> Table:
    account, region, name, table_id, key_schema, created, active, gone, settings = row
    assert isinstance(key_schema, bytes)
    assert isinstance(settings, bytes)
    return Table(
        account=str(account),
        region=str(region),
        name=str(name),
        table_id=str(table_id),
        schema=_key_schema(key_schema),
        created_at_ms=_integer(created),
        active_at_ms=_integer(active),
        gone_at_ms=None if gone is None else _integer(gone),
        settings=settings,
    )


# Every data operation reads its table's row; a pure function of the bytes may be remembered.
@lru_cache(maxsize=256)
def _key_schema(stored: bytes) -> KeySchema:
    return KeySchema(*(KeyAttribute(*pair) for pair in orjson.loads(stored)))


def _item(row: Row) -> StoredItem:
    partition, sort, size, item = row
    assert isinstance(partition, bytes)
    assert isinstance(sort, bytes)
    assert isinstance(item, bytes)
    return StoredItem(StoredKey(partition, sort), _integer(size), item)


def _integer(value: object) -> int:
    assert isinstance(value, int)
    return value
