"""The greylist in the store: who has tried to send what to whom, and until when that is known."""

from __future__ import annotations

from typing import NamedTuple

from kamome.storage.engine import Engine

# Primary key of mail_greylist.
SELECT_TRIPLET = "SELECT first_seen_ms, is_known FROM mail_greylist WHERE triplet = ?"
UPSERT_TRIPLET = """
INSERT INTO mail_greylist (triplet, first_seen_ms, is_known, expires_at_ms) VALUES (?, ?, ?, ?)
ON CONFLICT (triplet) DO UPDATE SET first_seen_ms = excluded.first_seen_ms,
  is_known = excluded.is_known, expires_at_ms = excluded.expires_at_ms
"""
DELETE_TRIPLET = "DELETE FROM mail_greylist WHERE triplet = ?"
# Index mail_greylist_expiry.
SELECT_EXPIRED = "SELECT triplet FROM mail_greylist WHERE expires_at_ms <= ? LIMIT ?"
COUNT_TRIPLETS = "SELECT count(*) FROM mail_greylist WHERE expires_at_ms > ?"


class Attempt(NamedTuple):
    """When a triplet was first seen, and whether it has waited as it was told."""

    first_seen_ms: int
    is_known: bool


class GreylistStore:
    """Rows of the greylist. Writes are part of the caller's step."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def find(self, triplet: str) -> Attempt | None:
        """What is known of a triplet."""
        row = self.engine.one(SELECT_TRIPLET, (triplet,))
        if row is None:
            return None
        assert isinstance(row[0], int)
        return Attempt(row[0], bool(row[1]))

    def keep(self, triplet: str, attempt: Attempt, expires_at_ms: int) -> None:
        """Remember a triplet until then."""
        values = (triplet, attempt.first_seen_ms, int(attempt.is_known), expires_at_ms)
        self.engine.write(UPSERT_TRIPLET, values)

    def remove_expired(self, now_ms: int, limit: int) -> int:
        """Drop up to `limit` of the expired triplets; returns how many."""
        expired = self.engine.all(SELECT_EXPIRED, (now_ms, limit))
        self.engine.write_many(DELETE_TRIPLET, [(str(row[0]),) for row in expired])
        return len(expired)

    def count(self) -> int:
        """How many triplets there are. Reads them all: once, at the first question."""
        row = self.engine.one(COUNT_TRIPLETS, (0,))
        assert row is not None
        assert isinstance(row[0], int)
        return row[0]
