"""The keys that links in mails are signed with, in the store."""

from __future__ import annotations

from kamome.storage.engine import Engine

# Primary key of ses_link_key.
INSERT_KEY = "INSERT INTO ses_link_key (name, key) VALUES (?, ?)"
SELECT_KEY = "SELECT key FROM ses_link_key WHERE name = ?"


class LinkKeyStore:
    """One key for each kind of link. Writes join the open step."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, name: str) -> bytes | None:
        """The key of a kind."""
        row = self._engine.one(SELECT_KEY, (name,))
        if row is None:
            return None
        assert isinstance(row[0], bytes)
        return row[0]

    def add(self, name: str, key: bytes) -> None:
        """Keep the key of a kind."""
        self._engine.write(INSERT_KEY, (name, key))
