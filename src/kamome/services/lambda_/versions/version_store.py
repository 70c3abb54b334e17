"""SQL of published versions and aliases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import msgspec
import orjson

from kamome.services.lambda_.functions.function_configuration import Code, Function, Settings
from kamome.services.lambda_.functions.function_names import FunctionName
from kamome.storage.engine import Engine, Row

_VERSION = (
    "account, region, name, version, settings, code_blob_id, code_sha256, code_size, revision_id,"
    " modified_at_ms"
)
_ALIAS = "alias, version, description, weights, revision_id"

# All by primary key, pages in its order.
NEXT_NUMBER = """
INSERT INTO lambda_version_number (account, region, name, number) VALUES (?, ?, ?, 1)
ON CONFLICT (account, region, name) DO UPDATE SET number = number + 1 RETURNING number
"""
DELETE_NUMBER = "DELETE FROM lambda_version_number WHERE account = ? AND region = ? AND name = ?"
INSERT_VERSION = f"""
INSERT INTO lambda_version ({_VERSION}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
SELECT_VERSION = f"""
SELECT {_VERSION} FROM lambda_version
WHERE account = ? AND region = ? AND name = ? AND version = ?
"""
SELECT_LAST_VERSION = f"""
SELECT {_VERSION} FROM lambda_version
WHERE account = ? AND region = ? AND name = ? ORDER BY version DESC LIMIT 1
"""
SELECT_VERSIONS = f"""
SELECT {_VERSION} FROM lambda_version
WHERE account = ? AND region = ? AND name = ? AND version > ? ORDER BY version LIMIT ?
"""
DELETE_VERSION = """
DELETE FROM lambda_version WHERE account = ? AND region = ? AND name = ? AND version = ?
"""
# Index lambda_version_code.
SELECT_CODE = """
SELECT code_blob_id, code_sha256, code_size FROM lambda_version WHERE code_sha256 = ? LIMIT 1
"""
# Index lambda_version_code.
SELECT_USE = "SELECT 1 FROM lambda_version WHERE code_sha256 = ? AND code_blob_id = ? LIMIT 1"
# All by primary key, pages in its order.
UPSERT_ALIAS = f"""
INSERT INTO lambda_alias (account, region, name, {_ALIAS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (account, region, name, alias) DO UPDATE SET version = excluded.version,
  description = excluded.description, weights = excluded.weights,
  revision_id = excluded.revision_id
"""
SELECT_ALIAS = f"""
SELECT {_ALIAS} FROM lambda_alias WHERE account = ? AND region = ? AND name = ? AND alias = ?
"""
SELECT_ALIASES = f"""
SELECT {_ALIAS} FROM lambda_alias
WHERE account = ? AND region = ? AND name = ? AND alias > ? ORDER BY alias LIMIT ?
"""
DELETE_ALIAS = """
DELETE FROM lambda_alias WHERE account = ? AND region = ? AND name = ? AND alias = ?
"""
DELETE_ALIASES = "DELETE FROM lambda_alias WHERE account = ? AND region = ? AND name = ?"


class Alias(msgspec.Struct, frozen=True):
    """A name for a version. `weights` sends a share (0 to 1) of the calls to another version."""

    name: str
    version: str
    description: str
    weights: Mapping[str, float]
    revision_id: str


class VersionStore(msgspec.Struct, frozen=True):
    """Versions and aliases of all functions."""

    engine: Engine

    def publish(self, function: Function) -> Function:
        """Keep the function as its next version, and return that."""
        key = (function.account, function.region, function.name)
        number = cast("int", self.engine.write_returning(NEXT_NUMBER, key)[0][0])
        settings = orjson.dumps(msgspec.to_builtins(function.settings)).decode()
        code = function.code
        values = (settings, code.blob_id, code.sha256, code.size, function.revision_id)
        self.engine.write(INSERT_VERSION, (*key, number, *values, function.modified_at_ms))
        return msgspec.structs.replace(function, version=str(number))

    def find(self, named: FunctionName, version: str) -> Function | None:
        """A published version by its number."""
        key = (named.account, named.region, named.name, int(version))
        row = self.engine.one(SELECT_VERSION, key)
        return None if row is None else _function(row)

    def last(self, named: FunctionName) -> Function | None:
        """The version with the highest number."""
        row = self.engine.one(SELECT_LAST_VERSION, (named.account, named.region, named.name))
        return None if row is None else _function(row)

    def page(self, named: FunctionName, after: int, limit: int) -> list[Function]:
        """Versions by number."""
        values = (named.account, named.region, named.name, after, limit)
        return [_function(row) for row in self.engine.all(SELECT_VERSIONS, values)]

    def delete(self, function: Function) -> None:
        """Forget a version."""
        key = (function.account, function.region, function.name, int(function.version))
        self.engine.write(DELETE_VERSION, key)

    def forget_function(self, named: FunctionName) -> None:
        """Forget the aliases of a function, and how far its numbers went."""
        key = (named.account, named.region, named.name)
        self.engine.write(DELETE_ALIASES, key)
        self.engine.write(DELETE_NUMBER, key)

    def find_code(self, sha256: str) -> Code | None:
        """A deployment package by its `CodeSha256`, if any version has it."""
        row = self.engine.one(SELECT_CODE, (sha256,))
        return None if row is None else Code(str(row[0]), str(row[1]), cast("int", row[2]))

    def uses(self, code: Code) -> bool:
        """Whether a version needs this blob."""
        return self.engine.one(SELECT_USE, (code.sha256, code.blob_id)) is not None

    # ------------------------------------------------------------------ aliases

    def put_alias(self, named: FunctionName, alias: Alias) -> None:
        """Keep an alias, new or changed."""
        key = (named.account, named.region, named.name)
        weights = orjson.dumps(dict(alias.weights)).decode()
        values = (alias.name, alias.version, alias.description, weights, alias.revision_id)
        self.engine.write(UPSERT_ALIAS, (*key, *values))

    def find_alias(self, named: FunctionName, alias: str) -> Alias | None:
        """An alias of a function."""
        row = self.engine.one(SELECT_ALIAS, (named.account, named.region, named.name, alias))
        return None if row is None else _alias(row)

    def aliases(self, named: FunctionName, after: str, limit: int) -> list[Alias]:
        """Aliases of a function, by name."""
        values = (named.account, named.region, named.name, after, limit)
        return [_alias(row) for row in self.engine.all(SELECT_ALIASES, values)]

    def delete_alias(self, named: FunctionName, alias: str) -> None:
        """Forget an alias."""
        self.engine.write(DELETE_ALIAS, (named.account, named.region, named.name, alias))


def _function(row: Row) -> Function:
    account, region, name, version, settings, blob_id, sha256, size, revision_id, at_ms = row
    assert isinstance(settings, str)
    return Function(
        account=str(account),
        region=str(region),
        name=str(name),
        settings=msgspec.json.decode(settings, type=Settings),
        code=Code(str(blob_id), str(sha256), cast("int", size)),
        revision_id=str(revision_id),
        modified_at_ms=cast("int", at_ms),
        version=str(version),
    )


def _alias(row: Row) -> Alias:
    alias, version, description, weights, revision_id = row
    assert isinstance(weights, str)
    return Alias(
        str(alias), str(version), str(description), orjson.loads(weights), str(revision_id)
    )
