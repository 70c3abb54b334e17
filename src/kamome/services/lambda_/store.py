"""All SQL of Lambda. Each method is one step of the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import msgspec
import orjson

from kamome.services.lambda_.event_source_mappings.event_source_mappings import (
    EventSourceMapping,
    MappingSettings,
)
from kamome.services.lambda_.functions.function_configuration import Code, Function, Settings
from kamome.services.lambda_.functions.function_names import FunctionName
from kamome.services.lambda_.permissions.policies import Statement
from kamome.storage.engine import Engine, Row, Value

_FUNCTION = (
    "account, region, name, settings, tags, code_blob_id, code_sha256, code_size, revision_id,"
    " modified_at_ms"
)
_MAPPING = "uuid, account, region, queue_arn, function_name, settings, modified_at_ms"

# Primary key decides between two that create the same function.
INSERT_FUNCTION = f"""
INSERT INTO lambda_function ({_FUNCTION}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (account, region, name) DO NOTHING
"""
# By primary key; the revision guards against an update that came in between.
UPDATE_FUNCTION = """
UPDATE lambda_function SET settings = ?, tags = ?, code_blob_id = ?, code_sha256 = ?,
  code_size = ?, revision_id = ?, modified_at_ms = ?
WHERE account = ? AND region = ? AND name = ? AND revision_id = ?
"""
# By primary key.
SELECT_FUNCTION = f"""
SELECT {_FUNCTION} FROM lambda_function WHERE account = ? AND region = ? AND name = ?
"""
DELETE_FUNCTION = "DELETE FROM lambda_function WHERE account = ? AND region = ? AND name = ?"
# By primary key, in its order.
SELECT_FUNCTIONS = f"""
SELECT {_FUNCTION} FROM lambda_function WHERE account = ? AND region = ? AND name > ?
ORDER BY name LIMIT ?
"""
# By the first two columns of the primary key: the functions of one account and Region.
SELECT_CODE_STORED = """
SELECT coalesce(sum(code_size), 0) FROM lambda_function WHERE account = ? AND region = ?
"""
# By the first two columns of the primary key.
COUNT_FUNCTIONS = "SELECT count(*) FROM lambda_function WHERE account = ? AND region = ?"
# Index lambda_function_code.
SELECT_CODE = """
SELECT code_blob_id, code_sha256, code_size FROM lambda_function WHERE code_sha256 = ? LIMIT 1
"""

# All by primary key.
SELECT_POLICY = """
SELECT statements, revision_id FROM lambda_policy WHERE account = ? AND region = ? AND name = ?
"""
UPSERT_POLICY = """
INSERT INTO lambda_policy (account, region, name, statements, revision_id) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (account, region, name)
DO UPDATE SET statements = excluded.statements, revision_id = excluded.revision_id
"""
DELETE_POLICY = "DELETE FROM lambda_policy WHERE account = ? AND region = ? AND name = ?"
# By primary key: the function's own, and those of its qualifiers (`name:…`, up to `name;`).
DELETE_POLICIES = """
DELETE FROM lambda_policy WHERE account = ? AND region = ? AND name >= ? AND name < ?
"""

# By primary key.
UPSERT_MAPPING = f"""
INSERT INTO lambda_event_source_mapping ({_MAPPING}, is_enabled) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (uuid) DO UPDATE SET function_name = excluded.function_name,
  settings = excluded.settings, modified_at_ms = excluded.modified_at_ms,
  is_enabled = excluded.is_enabled
"""
SELECT_MAPPING = f"SELECT {_MAPPING} FROM lambda_event_source_mapping WHERE uuid = ?"
DELETE_MAPPING = "DELETE FROM lambda_event_source_mapping WHERE uuid = ?"
# Index lambda_mapping_pair.
SELECT_PAIR = f"""
SELECT {_MAPPING} FROM lambda_event_source_mapping
WHERE account = ? AND region = ? AND queue_arn = ? AND function_name = ?
"""
# Index lambda_mapping_page, in its order.
SELECT_MAPPINGS = f"""
SELECT {_MAPPING} FROM lambda_event_source_mapping
WHERE account = ? AND region = ? AND uuid > ? ORDER BY uuid LIMIT ?
"""
# Index lambda_mapping_function, in its order.
SELECT_MAPPINGS_OF_FUNCTION = f"""
SELECT {_MAPPING} FROM lambda_event_source_mapping
WHERE account = ? AND region = ? AND function_name = ? AND uuid > ? ORDER BY uuid LIMIT ?
"""
# Index lambda_mapping_pair; the few mappings of one queue are sorted.
SELECT_MAPPINGS_OF_QUEUE = f"""
SELECT {_MAPPING} FROM lambda_event_source_mapping
WHERE account = ? AND region = ? AND queue_arn = ? AND uuid > ? ORDER BY uuid LIMIT ?
"""
# Index lambda_mapping_enabled, in its order.
SELECT_ENABLED_MAPPINGS = f"""
SELECT {_MAPPING} FROM lambda_event_source_mapping
WHERE is_enabled = 1 AND uuid > ? ORDER BY uuid LIMIT ?
"""


class Store:
    """Functions, policies and mappings, of all accounts and Regions."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    # ------------------------------------------------------------------ functions

    def insert_function(self, function: Function) -> bool:
        """Keep a new function; false if the name is taken."""
        key = (function.account, function.region, function.name)
        return self._engine.write(INSERT_FUNCTION, (*key, *_function_values(function))) == 1

    def update_function(self, function: Function, revision_id: str) -> bool:
        """Put the function in the place of its revision `revision_id`; false if that is gone."""
        key = (function.account, function.region, function.name)
        values = (*_function_values(function), *key, revision_id)
        return self._engine.write(UPDATE_FUNCTION, values) == 1

    def find_function(self, named: FunctionName) -> Function | None:
        """The function, whatever the qualifier."""
        row = self._engine.one(SELECT_FUNCTION, (named.account, named.region, named.name))
        return None if row is None else _function(row)

    def delete_function(self, named: FunctionName) -> None:
        """Forget the function and its policies."""
        key = (named.account, named.region, named.name)
        self._engine.write(DELETE_FUNCTION, key)
        self._engine.write(DELETE_POLICY, key)
        scope = (named.account, named.region)
        self._engine.write(DELETE_POLICIES, (*scope, f"{named.name}:", f"{named.name};"))

    def functions(self, account: str, region: str, after: str, limit: int) -> list[Function]:
        """A page of functions, by name."""
        rows = self._engine.all(SELECT_FUNCTIONS, (account, region, after, limit))
        return [_function(row) for row in rows]

    def code_bytes_stored(self, account: str, region: str) -> int:
        """What all deployment packages of an account in a Region take together."""
        row = self._engine.one(SELECT_CODE_STORED, (account, region))
        assert row is not None
        return cast("int", row[0])

    def count_functions(self, account: str, region: str) -> int:
        """How many functions an account has in a Region."""
        row = self._engine.one(COUNT_FUNCTIONS, (account, region))
        assert row is not None
        return cast("int", row[0])

    def find_code(self, sha256: str) -> Code | None:
        """A deployment package by its `CodeSha256`, if any function has it."""
        row = self._engine.one(SELECT_CODE, (sha256,))
        return None if row is None else Code(str(row[0]), str(row[1]), cast("int", row[2]))

    # ------------------------------------------------------------------ policies

    def find_policy(self, named: FunctionName) -> tuple[list[Statement], str]:
        """Statements and revision id of a function's policy, or of a qualifier's."""
        row = self._engine.one(SELECT_POLICY, (named.account, named.region, named.qualified_name))
        if row is None:
            return [], ""
        return cast("list[Statement]", _json(row[0])), str(row[1])

    def set_policy(
        self, named: FunctionName, statements: Sequence[Statement], revision_id: str
    ) -> None:
        """Replace the policy; without statements there is none."""
        key = (named.account, named.region, named.qualified_name)
        if statements:
            self._engine.write(UPSERT_POLICY, (*key, _text(list(statements)), revision_id))
        else:
            self._engine.write(DELETE_POLICY, key)

    # ------------------------------------------------------------------ event source mappings

    def put_mapping(self, mapping: EventSourceMapping) -> None:
        """Keep a mapping, new or changed."""
        self._engine.write(
            UPSERT_MAPPING,
            (
                mapping.uuid,
                mapping.account,
                mapping.region,
                mapping.queue_arn,
                mapping.function_name,
                _text(msgspec.to_builtins(mapping.settings)),
                mapping.modified_at_ms,
                int(mapping.settings.is_enabled),
            ),
        )

    def find_mapping(self, uuid: str) -> EventSourceMapping | None:
        """The mapping, of whichever account."""
        row = self._engine.one(SELECT_MAPPING, (uuid,))
        return None if row is None else _mapping(row)

    def find_pair(self, named: FunctionName, queue_arn: str) -> EventSourceMapping | None:
        """The mapping of a queue to a function."""
        values = (named.account, named.region, queue_arn, named.qualified_name)
        row = self._engine.one(SELECT_PAIR, values)
        return None if row is None else _mapping(row)

    def delete_mapping(self, uuid: str) -> None:
        """Forget the mapping."""
        self._engine.write(DELETE_MAPPING, (uuid,))

    def mappings(
        self, account: str, region: str, after: str, limit: int
    ) -> list[EventSourceMapping]:
        """A page of mappings, by UUID."""
        rows = self._engine.all(SELECT_MAPPINGS, (account, region, after, limit))
        return [_mapping(row) for row in rows]

    def mappings_of_function(
        self, named: FunctionName, after: str, limit: int
    ) -> list[EventSourceMapping]:
        """A page of a function's mappings, by UUID."""
        values = (named.account, named.region, named.qualified_name, after, limit)
        return [_mapping(row) for row in self._engine.all(SELECT_MAPPINGS_OF_FUNCTION, values)]

    def mappings_of_queue(
        self, account: str, region: str, queue_arn: str, after: str, limit: int
    ) -> list[EventSourceMapping]:
        """A page of a queue's mappings, by UUID."""
        values = (account, region, queue_arn, after, limit)
        return [_mapping(row) for row in self._engine.all(SELECT_MAPPINGS_OF_QUEUE, values)]

    def enabled_mappings(self, after: str, limit: int) -> list[EventSourceMapping]:
        """A page of the enabled mappings of all accounts, by UUID."""
        rows = self._engine.all(SELECT_ENABLED_MAPPINGS, (after, limit))
        return [_mapping(row) for row in rows]


def _function_values(function: Function) -> tuple[Value, ...]:
    return (
        _text(msgspec.to_builtins(function.settings)),
        _text(dict(function.tags)),
        function.code.blob_id,
        function.code.sha256,
        function.code.size,
        function.revision_id,
        function.modified_at_ms,
    )


def _function(row: Row) -> Function:
    account, region, name, settings, tags, blob_id, sha256, size, revision_id, modified_at_ms = row
    return Function(
        account=str(account),
        region=str(region),
        name=str(name),
        settings=msgspec.convert(_json(settings), Settings),
        code=Code(str(blob_id), str(sha256), cast("int", size)),
        revision_id=str(revision_id),
        modified_at_ms=cast("int", modified_at_ms),
        tags=cast("Mapping[str, str]", _json(tags)),
    )


def _mapping(row: Row) -> EventSourceMapping:
    uuid, account, region, queue_arn, function_name, settings, modified_at_ms = row
    return EventSourceMapping(
        uuid=str(uuid),
        account=str(account),
        region=str(region),
        queue_arn=str(queue_arn),
        function_name=str(function_name),
        settings=msgspec.convert(_json(settings), MappingSettings),
        modified_at_ms=cast("int", modified_at_ms),
    )


def _text(value: object) -> str:
    return orjson.dumps(value).decode()


def _json(text: Value) -> object:
    assert isinstance(text, str)
    return orjson.loads(text)
