"""SQL of reserved concurrency."""

from __future__ import annotations

from typing import cast

import msgspec

from kamome.services.lambda_.functions.function_names import FunctionName
from kamome.storage.engine import Engine

# All by primary key; the sum by its first two columns.
UPSERT_RESERVED = """
INSERT INTO lambda_reserved_concurrency (account, region, name, reserved) VALUES (?, ?, ?, ?)
ON CONFLICT (account, region, name) DO UPDATE SET reserved = excluded.reserved
"""
SELECT_RESERVED = """
SELECT reserved FROM lambda_reserved_concurrency WHERE account = ? AND region = ? AND name = ?
"""
SELECT_RESERVED_TOTAL = """
SELECT coalesce(sum(reserved), 0) FROM lambda_reserved_concurrency WHERE account = ? AND region = ?
"""
DELETE_RESERVED = """
DELETE FROM lambda_reserved_concurrency WHERE account = ? AND region = ? AND name = ?
"""


class ConcurrencyStore(msgspec.Struct, frozen=True):
    """Reserved concurrency of all accounts and Regions."""

    engine: Engine

    def reserve(self, named: FunctionName, reserved: int) -> None:
        """Set what is reserved for a function."""
        self.engine.write(UPSERT_RESERVED, (named.account, named.region, named.name, reserved))

    def reserved(self, named: FunctionName) -> int | None:
        """What is reserved for a function; None where it shares the account's pool."""
        row = self.engine.one(SELECT_RESERVED, (named.account, named.region, named.name))
        return None if row is None else cast("int", row[0])

    def reserved_total(self, account: str, region: str) -> int:
        """What is reserved for all functions of an account in a Region."""
        row = self.engine.one(SELECT_RESERVED_TOTAL, (account, region))
        assert row is not None
        return cast("int", row[0])

    def release(self, named: FunctionName) -> None:
        """The function shares the account's pool again."""
        self.engine.write(DELETE_RESERVED, (named.account, named.region, named.name))
