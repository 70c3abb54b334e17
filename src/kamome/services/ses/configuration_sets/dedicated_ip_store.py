"""Pools of dedicated addresses in the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from kamome.storage.engine import Engine

if TYPE_CHECKING:
    from kamome.services.ses.store import Owner

# All by the primary key of ses_dedicated_ip_pool, or a range of it.
UPSERT_POOL = """
INSERT INTO ses_dedicated_ip_pool (account, region, name, settings) VALUES (?, ?, ?, ?)
ON CONFLICT (account, region, name) DO UPDATE SET settings = excluded.settings
"""
SELECT_POOL = """
SELECT settings FROM ses_dedicated_ip_pool WHERE account = ? AND region = ? AND name = ?
"""
SELECT_POOLS = """
SELECT name FROM ses_dedicated_ip_pool
WHERE account = ? AND region = ? AND name > ? ORDER BY name LIMIT ?
"""
COUNT_POOLS = "SELECT count(*) FROM ses_dedicated_ip_pool WHERE account = ? AND region = ?"
DELETE_POOL = "DELETE FROM ses_dedicated_ip_pool WHERE account = ? AND region = ? AND name = ?"


class Pool(msgspec.Struct, frozen=True):
    """A pool. AWS: SES API v2 Reference, DedicatedIpPool."""

    scaling_mode: str = "STANDARD"


class DedicatedIpStore:
    """All rows of pools. Writes join the open step."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put(self, owner: Owner, name: str, pool: Pool) -> None:
        """Keep a pool, in place of one of its name."""
        row = (owner.account, owner.region, name, msgspec.json.encode(pool))
        self._engine.write(UPSERT_POOL, row)

    def find(self, owner: Owner, name: str) -> Pool | None:
        """A pool by its name."""
        row = self._engine.one(SELECT_POOL, (owner.account, owner.region, name))
        if row is None:
            return None
        assert isinstance(row[0], bytes)
        return msgspec.json.decode(row[0], type=Pool)

    def names(self, owner: Owner, after: str, limit: int) -> list[str]:
        """Names of pools in order, those behind `after`."""
        rows = self._engine.all(SELECT_POOLS, (owner.account, owner.region, after, limit))
        return [str(row[0]) for row in rows]

    def number(self, owner: Owner) -> int:
        """How many pools the account has in the region."""
        row = self._engine.one(COUNT_POOLS, (owner.account, owner.region))
        assert row is not None
        assert isinstance(row[0], int)
        return row[0]

    def delete(self, owner: Owner, name: str) -> bool:
        """Forget a pool; False where there was none."""
        return self._engine.write(DELETE_POOL, (owner.account, owner.region, name)) == 1
