"""Rows of aliases. Every statement is one step of a transaction."""

from __future__ import annotations

from typing import NamedTuple

from kamome.services.kms.store import KeyName
from kamome.storage.engine import Engine, Row


class Alias(NamedTuple):
    """An alias as its row has it; the name with its prefix."""

    account: str
    region: str
    alias_name: str
    key_id: str
    created_at_ms: int
    updated_at_ms: int

    @property
    def arn(self) -> str:
        """AWS: KMS Developer Guide, Key identifiers (KeyId): alias ARN."""
        return f"arn:aws:kms:{self.region}:{self.account}:{self.alias_name}"


# Primary key.
SELECT_ALIAS = """
SELECT account, region, alias_name, key_id, created_at_ms, updated_at_ms FROM kms_alias
WHERE account = ? AND region = ? AND alias_name = ?
"""
UPSERT_ALIAS = """
INSERT INTO kms_alias (account, region, alias_name, key_id, created_at_ms, updated_at_ms)
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (account, region, alias_name)
DO UPDATE SET key_id = excluded.key_id, updated_at_ms = excluded.updated_at_ms
"""
# Primary key.
DELETE_ALIAS = "DELETE FROM kms_alias WHERE account = ? AND region = ? AND alias_name = ?"
# Range of the primary key.
SELECT_ALIASES = """
SELECT account, region, alias_name, key_id, created_at_ms, updated_at_ms FROM kms_alias
WHERE account = ? AND region = ? AND alias_name > ? ORDER BY alias_name LIMIT ?
"""
# Range of the index kms_alias_by_key.
SELECT_ALIASES_OF_KEY = """
SELECT account, region, alias_name, key_id, created_at_ms, updated_at_ms FROM kms_alias
WHERE account = ? AND region = ? AND key_id = ? AND alias_name > ? ORDER BY alias_name LIMIT ?
"""
# Range of the index kms_alias_by_key; at most 50 rows by the quota.
COUNT_ALIASES_OF_KEY = """
SELECT count(*) FROM kms_alias WHERE account = ? AND region = ? AND key_id = ?
"""


def find(engine: Engine, account: str, region: str, alias_name: str) -> Alias | None:
    """The alias of a name, or None."""
    row = engine.one(SELECT_ALIAS, (account, region, alias_name))
    return None if row is None else _alias(row)


def put(engine: Engine, alias: Alias) -> None:
    """Keep an alias; one of its name gets its key and the time of its change."""
    engine.write(UPSERT_ALIAS, alias)


def remove(engine: Engine, alias: Alias) -> None:
    """Remove an alias; its key stays."""
    engine.write(DELETE_ALIAS, alias[:3])


def listed(engine: Engine, account: str, region: str, after: str, limit: int) -> list[Alias]:
    """Aliases in order of their names, those after one."""
    return [_alias(row) for row in engine.all(SELECT_ALIASES, (account, region, after, limit))]


def of_key(engine: Engine, name: KeyName, after: str, limit: int) -> list[Alias]:
    """A key's aliases in order of their names, those after one."""
    return [_alias(row) for row in engine.all(SELECT_ALIASES_OF_KEY, (*name, after, limit))]


def count_of_key(engine: Engine, name: KeyName) -> int:
    """How many aliases a key has."""
    row = engine.one(COUNT_ALIASES_OF_KEY, name)
    assert row is not None
    assert isinstance(row[0], int)
    return row[0]


def _alias(row: Row) -> Alias:
    account, region, alias_name, key_id, created, updated = row
    assert isinstance(created, int)
    assert isinstance(updated, int)
    return Alias(str(account), str(region), str(alias_name), str(key_id), created, updated)
