"""SQL of what is recorded of functions and layers beside their settings.

Code signing configurations, the recursion and runtime management configurations of functions, and
the policies of layer versions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import msgspec
import orjson

from kamome.services.lambda_.functions.function_names import FunctionName
from kamome.services.lambda_.permissions.policies import Statement
from kamome.storage.engine import Engine, Row

# All by primary key, pages in its order.
UPSERT_SIGNING = """
INSERT INTO lambda_code_signing_config (account, region, id, settings, modified_at_ms)
VALUES (?, ?, ?, ?, ?) ON CONFLICT (account, region, id)
DO UPDATE SET settings = excluded.settings, modified_at_ms = excluded.modified_at_ms
"""
SELECT_SIGNING = """
SELECT id, settings, modified_at_ms FROM lambda_code_signing_config
WHERE account = ? AND region = ? AND id = ?
"""
SELECT_SIGNINGS = """
SELECT id, settings, modified_at_ms FROM lambda_code_signing_config
WHERE account = ? AND region = ? AND id > ? ORDER BY id LIMIT ?
"""
DELETE_SIGNING = """
DELETE FROM lambda_code_signing_config WHERE account = ? AND region = ? AND id = ?
"""
UPSERT_RECORD = """
INSERT INTO lambda_function_record (account, region, name, kind, value) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (account, region, name, kind) DO UPDATE SET value = excluded.value
"""
SELECT_RECORD = """
SELECT value FROM lambda_function_record
WHERE account = ? AND region = ? AND name = ? AND kind = ?
"""
DELETE_RECORD = """
DELETE FROM lambda_function_record WHERE account = ? AND region = ? AND name = ? AND kind = ?
"""
DELETE_RECORDS = """
DELETE FROM lambda_function_record WHERE account = ? AND region = ? AND name = ?
"""
# Index lambda_function_record_value, in its order.
SELECT_NAMES_WITH = """
SELECT name FROM lambda_function_record
WHERE account = ? AND region = ? AND kind = ? AND value = ? AND name > ? ORDER BY name LIMIT ?
"""
# All by primary key.
UPSERT_LAYER_POLICY = """
INSERT INTO lambda_layer_policy (account, region, name, version, statements, revision_id)
VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (account, region, name, version)
DO UPDATE SET statements = excluded.statements, revision_id = excluded.revision_id
"""
SELECT_LAYER_POLICY = """
SELECT statements, revision_id FROM lambda_layer_policy
WHERE account = ? AND region = ? AND name = ? AND version = ?
"""
DELETE_LAYER_POLICY = """
DELETE FROM lambda_layer_policy WHERE account = ? AND region = ? AND name = ? AND version = ?
"""

CODE_SIGNING = "code-signing"
RECURSION = "recursion"
RUNTIME_MANAGEMENT = "runtime-management"

LayerKey = tuple[str, str, str, int]


class SigningSettings(msgspec.Struct, frozen=True):
    """Whose signatures a code signing configuration takes, and what becomes of other code."""

    publishers: tuple[str, ...]
    policy: str = "Warn"
    description: str = ""


class SigningConfig(msgspec.Struct, frozen=True):
    """A code signing configuration."""

    account: str
    region: str
    id: str
    settings: SigningSettings
    modified_at_ms: int

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:lambda:{self.region}:{self.account}:code-signing-config:{self.id}"


class RecordStore(msgspec.Struct, frozen=True):
    """These records of all accounts and Regions."""

    engine: Engine

    # ------------------------------------------------------------------ code signing

    def put_signing(self, config: SigningConfig) -> None:
        """Keep a code signing configuration, new or changed."""
        settings = orjson.dumps(msgspec.to_builtins(config.settings)).decode()
        key = (config.account, config.region, config.id)
        self.engine.write(UPSERT_SIGNING, (*key, settings, config.modified_at_ms))

    def find_signing(self, account: str, region: str, id_: str) -> SigningConfig | None:
        """A code signing configuration by its id."""
        row = self.engine.one(SELECT_SIGNING, (account, region, id_))
        return None if row is None else _signing(account, region, row)

    def signings(self, account: str, region: str, after: str, limit: int) -> list[SigningConfig]:
        """A page of code signing configurations, by id."""
        rows = self.engine.all(SELECT_SIGNINGS, (account, region, after, limit))
        return [_signing(account, region, row) for row in rows]

    def delete_signing(self, config: SigningConfig) -> None:
        """Forget a code signing configuration."""
        self.engine.write(DELETE_SIGNING, (config.account, config.region, config.id))

    # ------------------------------------------------------------------ records of functions

    def put(self, named: FunctionName, kind: str, value: str) -> None:
        """Record something of a function."""
        self.engine.write(UPSERT_RECORD, (named.account, named.region, named.name, kind, value))

    def find(self, named: FunctionName, kind: str) -> str:
        """What is recorded of a function; empty where nothing is."""
        row = self.engine.one(SELECT_RECORD, (named.account, named.region, named.name, kind))
        return "" if row is None else str(row[0])

    def delete(self, named: FunctionName, kind: str) -> None:
        """Forget one record."""
        self.engine.write(DELETE_RECORD, (named.account, named.region, named.name, kind))

    def delete_all(self, named: FunctionName) -> None:
        """Forget all records of a function."""
        self.engine.write(DELETE_RECORDS, (named.account, named.region, named.name))

    def names_with(
        self, scope: tuple[str, str], kind: str, value: str, after: str, limit: int
    ) -> list[str]:
        """Functions of which this is recorded, by name."""
        rows = self.engine.all(SELECT_NAMES_WITH, (*scope, kind, value, after, limit))
        return [str(row[0]) for row in rows]

    # ------------------------------------------------------------------ policies of layers

    def layer_policy(self, key: LayerKey) -> tuple[list[Statement], str]:
        """Statements and revision of a layer version's policy."""
        row = self.engine.one(SELECT_LAYER_POLICY, key)
        if row is None:
            return [], ""
        statements, revision_id = row
        assert isinstance(statements, str)
        return cast("list[Statement]", orjson.loads(statements)), str(revision_id)

    def set_layer_policy(
        self, key: LayerKey, statements: Sequence[Statement], revision_id: str
    ) -> None:
        """Replace the policy; without statements there is none."""
        if statements:
            text = orjson.dumps(list(statements)).decode()
            self.engine.write(UPSERT_LAYER_POLICY, (*key, text, revision_id))
        else:
            self.engine.write(DELETE_LAYER_POLICY, key)


def _signing(account: str, region: str, row: Row) -> SigningConfig:
    id_, settings, modified_at_ms = row
    assert isinstance(settings, str)
    return SigningConfig(
        account,
        region,
        str(id_),
        msgspec.json.decode(settings, type=SigningSettings),
        cast("int", modified_at_ms),
    )
