"""Rows of grants. Every statement is one step of a transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import orjson

from kamome.services.kms.store import KeyName
from kamome.storage.engine import Engine, Row


class Grant(NamedTuple):
    """A grant as its row has it; `document` is what CreateGrant was given and lists show."""

    key: KeyName
    grant_id: str
    grant_token: str
    retiring_principal: str
    created_at_ms: int
    document: Mapping[str, object]


INSERT_GRANT = """
INSERT INTO kms_grant
  (account, region, key_id, grant_id, grant_token, retiring_principal, created_at_ms, document,
   grant_name)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
# Primary key.
SELECT_GRANT = """
SELECT account, region, key_id, grant_id, grant_token, retiring_principal, created_at_ms, document
FROM kms_grant WHERE account = ? AND region = ? AND key_id = ? AND grant_id = ?
"""
# Index kms_grant_by_token.
SELECT_BY_TOKEN = """
SELECT account, region, key_id, grant_id, grant_token, retiring_principal, created_at_ms, document
FROM kms_grant WHERE grant_token = ?
"""  # noqa: S105 - a statement
# Range of the primary key.
SELECT_GRANTS = """
SELECT account, region, key_id, grant_id, grant_token, retiring_principal, created_at_ms, document
FROM kms_grant WHERE account = ? AND region = ? AND key_id = ? AND grant_id > ?
ORDER BY grant_id LIMIT ?
"""
# Range of the index kms_grant_by_name.
SELECT_NAMED = """
SELECT account, region, key_id, grant_id, grant_token, retiring_principal, created_at_ms, document
FROM kms_grant
WHERE account = ? AND region = ? AND key_id = ? AND grant_name = ? AND grant_name <> ''
ORDER BY grant_id LIMIT ?
"""
# Range of the index kms_grant_by_retiring_principal.
SELECT_RETIRABLE = """
SELECT account, region, key_id, grant_id, grant_token, retiring_principal, created_at_ms, document
FROM kms_grant WHERE account = ? AND region = ? AND retiring_principal = ?
  AND (key_id, grant_id) > (?, ?) ORDER BY key_id, grant_id LIMIT ?
"""
# Range of the primary key; at most 50,000 rows by the quota.
COUNT_GRANTS = "SELECT count(*) FROM kms_grant WHERE account = ? AND region = ? AND key_id = ?"
# Primary key.
DELETE_GRANT = """
DELETE FROM kms_grant WHERE account = ? AND region = ? AND key_id = ? AND grant_id = ?
"""


def add(engine: Engine, grant: Grant) -> None:
    """Keep a new grant."""
    told = (grant.grant_id, grant.grant_token, grant.retiring_principal, grant.created_at_ms)
    document = orjson.dumps(grant.document)
    name = str(grant.document.get("Name", ""))
    engine.write(INSERT_GRANT, (*grant.key, *told, document, name))


def find(engine: Engine, key: KeyName, grant_id: str) -> Grant | None:
    """A key's grant of an id, or None."""
    row = engine.one(SELECT_GRANT, (*key, grant_id))
    return None if row is None else _grant(row)


def of_token(engine: Engine, grant_token: str) -> Grant | None:
    """The grant of a token, or None."""
    row = engine.one(SELECT_BY_TOKEN, (grant_token,))
    return None if row is None else _grant(row)


def of_key(engine: Engine, key: KeyName, after: str, limit: int) -> list[Grant]:
    """A key's grants in order of their ids, those after one."""
    return [_grant(row) for row in engine.all(SELECT_GRANTS, (*key, after, limit))]


def named(engine: Engine, key: KeyName, grant_name: str, limit: int) -> list[Grant]:
    """A key's grants of a name."""
    return [_grant(row) for row in engine.all(SELECT_NAMED, (*key, grant_name, limit))]


def retirable(
    engine: Engine, account: str, region: str, principal: str, after: tuple[str, str], limit: int
) -> list[Grant]:
    """Grants that a principal may retire, in order of keys and ids, those after one."""
    bounds = (account, region, principal, *after, limit)
    return [_grant(row) for row in engine.all(SELECT_RETIRABLE, bounds)]


def count(engine: Engine, key: KeyName) -> int:
    """How many grants a key has."""
    row = engine.one(COUNT_GRANTS, key)
    assert row is not None
    assert isinstance(row[0], int)
    return row[0]


def remove(engine: Engine, grant: Grant) -> None:
    """Remove a grant."""
    engine.write(DELETE_GRANT, (*grant.key, grant.grant_id))


def _grant(row: Row) -> Grant:
    account, region, key_id, grant_id, token, principal, created, document = row
    assert isinstance(created, int)
    assert isinstance(document, bytes)
    key = KeyName(str(account), str(region), str(key_id))
    told = orjson.loads(document)
    return Grant(key, str(grant_id), str(token), str(principal), created, told)
