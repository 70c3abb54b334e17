"""Small facts of the server itself, kept by name (clock offset, signing identity)."""

from __future__ import annotations

from kamome.storage.engine import Engine

# Both by the primary key of fact.
SELECT_FACT = "SELECT value FROM fact WHERE name = ?"
UPSERT_FACT = """
INSERT INTO fact (name, value) VALUES (?, ?)
ON CONFLICT (name) DO UPDATE SET value = excluded.value
"""


class Facts:
    """A durable mapping of a few names to text."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self, name: str) -> str | None:
        """The text kept under a name, or None."""
        row = self._engine.one(SELECT_FACT, (name,))
        return None if row is None else str(row[0])

    def put(self, name: str, value: str) -> None:
        """Keep a text under a name; durable with the step it is part of."""
        self._engine.write(UPSERT_FACT, (name, value))

    async def durable(self) -> None:
        """Return when what was put is on disk.

        Raises:
            ServiceUnavailable: it could not be kept.
        """
        await self._engine.durable()
