"""SQL of provisioned concurrency."""

from __future__ import annotations

from typing import cast

import msgspec

from kamome.services.lambda_.functions.function_names import FunctionName
from kamome.storage.engine import Engine, Row

_CONFIG = "account, region, name, qualifier, requested, modified_at_ms"

# All by primary key, pages in its order.
UPSERT_PROVISIONED = f"""
INSERT INTO lambda_provisioned_concurrency ({_CONFIG}) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (account, region, name, qualifier) DO UPDATE SET requested = excluded.requested,
  modified_at_ms = excluded.modified_at_ms
"""
SELECT_PROVISIONED = f"""
SELECT {_CONFIG} FROM lambda_provisioned_concurrency
WHERE account = ? AND region = ? AND name = ? AND qualifier = ?
"""
SELECT_PROVISIONED_OF = f"""
SELECT {_CONFIG} FROM lambda_provisioned_concurrency
WHERE account = ? AND region = ? AND name = ? AND qualifier > ? ORDER BY qualifier LIMIT ?
"""
SELECT_PROVISIONED_OF_ACCOUNT = f"""
SELECT {_CONFIG} FROM lambda_provisioned_concurrency WHERE account = ? AND region = ?
"""
SELECT_ALL_PROVISIONED = f"""
SELECT {_CONFIG} FROM lambda_provisioned_concurrency
WHERE (account, region, name, qualifier) > (?, ?, ?, ?)
ORDER BY account, region, name, qualifier LIMIT ?
"""
DELETE_PROVISIONED = """
DELETE FROM lambda_provisioned_concurrency
WHERE account = ? AND region = ? AND name = ? AND qualifier = ?
"""
DELETE_PROVISIONED_OF = """
DELETE FROM lambda_provisioned_concurrency WHERE account = ? AND region = ? AND name = ?
"""


class Provisioned(msgspec.Struct, frozen=True):
    """How many instances of a version or an alias are to be warm. `named` carries which."""

    named: FunctionName
    requested: int
    modified_at_ms: int


class ProvisionedStore(msgspec.Struct, frozen=True):
    """Provisioned concurrency of all functions."""

    engine: Engine

    def put(self, config: Provisioned) -> None:
        """Keep a configuration, new or changed."""
        values = (*_key(config.named), config.requested, config.modified_at_ms)
        self.engine.write(UPSERT_PROVISIONED, values)

    def find(self, named: FunctionName) -> Provisioned | None:
        """The configuration of a version or an alias."""
        row = self.engine.one(SELECT_PROVISIONED, _key(named))
        return None if row is None else _config(row)

    def page(self, named: FunctionName, after: str, limit: int) -> list[Provisioned]:
        """Configurations of a function, by qualifier."""
        values = (named.account, named.region, named.name, after, limit)
        return [_config(row) for row in self.engine.all(SELECT_PROVISIONED_OF, values)]

    def of_account(self, account: str, region: str) -> list[Provisioned]:
        """All of an account in a Region; each takes of its 1,000, so they are not many."""
        rows = self.engine.all(SELECT_PROVISIONED_OF_ACCOUNT, (account, region))
        return [_config(row) for row in rows]

    def all(self, after: FunctionName, limit: int) -> list[Provisioned]:
        """A page of those of all accounts."""
        return [
            _config(row) for row in self.engine.all(SELECT_ALL_PROVISIONED, (*_key(after), limit))
        ]

    def delete(self, named: FunctionName) -> None:
        """Forget the configuration of a version or an alias."""
        self.engine.write(DELETE_PROVISIONED, _key(named))

    def delete_all(self, named: FunctionName) -> None:
        """Forget those of a function."""
        self.engine.write(DELETE_PROVISIONED_OF, (named.account, named.region, named.name))


def _key(named: FunctionName) -> tuple[str, str, str, str]:
    return named.account, named.region, named.name, named.qualifier


def _config(row: Row) -> Provisioned:
    account, region, name, qualifier, requested, modified_at_ms = row
    return Provisioned(
        FunctionName(str(account), str(region), str(name), str(qualifier)),
        cast("int", requested),
        cast("int", modified_at_ms),
    )
