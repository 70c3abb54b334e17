"""The account's suppression list in the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from kamome.storage.engine import Engine, Row

if TYPE_CHECKING:
    from kamome.services.ses.store import Owner

# All by the primary key of ses_suppressed_destination, or a range of it.
UPSERT_SUPPRESSED = """
INSERT INTO ses_suppressed_destination
  (account, region, address, reason, updated_at_ms, message_id, feedback_id)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (account, region, address) DO UPDATE SET reason = excluded.reason,
  updated_at_ms = excluded.updated_at_ms, message_id = excluded.message_id,
  feedback_id = excluded.feedback_id
"""
SELECT_SUPPRESSED = """
SELECT address, reason, updated_at_ms, message_id, feedback_id FROM ses_suppressed_destination
WHERE account = ? AND region = ? AND address = ?
"""
DELETE_SUPPRESSED = """
DELETE FROM ses_suppressed_destination WHERE account = ? AND region = ? AND address = ?
"""
SELECT_SUPPRESSED_PAGE = """
SELECT address, reason, updated_at_ms, message_id, feedback_id FROM ses_suppressed_destination
WHERE account = ? AND region = ? AND address > ?
  AND updated_at_ms >= ? AND updated_at_ms <= ? AND (reason = ? OR reason = ?)
ORDER BY address LIMIT ?
"""
# Primary key of ses_account_suppression.
UPSERT_ATTRIBUTES = """
INSERT INTO ses_account_suppression (account, region, attributes) VALUES (?, ?, ?)
ON CONFLICT (account, region) DO UPDATE SET attributes = excluded.attributes
"""
SELECT_ATTRIBUTES = """
SELECT attributes FROM ses_account_suppression WHERE account = ? AND region = ?
"""

_FOREVER_MS = 1 << 62


class Suppressed(msgspec.Struct, frozen=True):
    """An address that is not written to; the ids are empty where a person has added it."""

    address: str
    reason: str
    updated_at_ms: int
    message_id: str = ""
    feedback_id: str = ""


class Wanted(msgspec.Struct, frozen=True):
    """Which entries of the list are asked for: both bounds are included."""

    reasons: tuple[str, ...] = ("BOUNCE", "COMPLAINT")
    since_ms: int = 0
    until_ms: int = _FOREVER_MS


class AccountSuppression(msgspec.Struct, frozen=True):
    """Why addresses come on the list. AWS: SES API v2 Reference, SuppressionAttributes."""

    reasons: tuple[str, ...] = ("BOUNCE", "COMPLAINT")
    validation: dict[str, object] | None = None


class SuppressionStore:
    """All rows of suppression. Writes join the open step."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put(self, owner: Owner, entry: Suppressed) -> None:
        """Keep an address, in place of what was known of it."""
        ids = (entry.message_id, entry.feedback_id)
        key = (owner.account, owner.region, entry.address)
        self._engine.write(UPSERT_SUPPRESSED, (*key, entry.reason, entry.updated_at_ms, *ids))

    def find(self, owner: Owner, address: str) -> Suppressed | None:
        """The entry of an address."""
        row = self._engine.one(SELECT_SUPPRESSED, (owner.account, owner.region, address))
        return None if row is None else _suppressed(row)

    def delete(self, owner: Owner, address: str) -> bool:
        """Take an address off the list; False where it was not on it."""
        return self._engine.write(DELETE_SUPPRESSED, (owner.account, owner.region, address)) == 1

    def page(self, owner: Owner, wanted: Wanted, after: str, limit: int) -> list[Suppressed]:
        """Entries by address, those behind `after`."""
        reasons = (wanted.reasons[0], wanted.reasons[-1])
        key = (owner.account, owner.region, after, wanted.since_ms, wanted.until_ms)
        rows = self._engine.all(SELECT_SUPPRESSED_PAGE, (*key, *reasons, limit))
        return [_suppressed(row) for row in rows]

    def attributes(self, owner: Owner) -> AccountSuppression:
        """The account's settings."""
        row = self._engine.one(SELECT_ATTRIBUTES, (owner.account, owner.region))
        if row is None:
            return AccountSuppression()
        assert isinstance(row[0], bytes)
        return msgspec.json.decode(row[0], type=AccountSuppression)

    def put_attributes(self, owner: Owner, attributes: AccountSuppression) -> None:
        """The account has these settings from now on."""
        row = (owner.account, owner.region, msgspec.json.encode(attributes))
        self._engine.write(UPSERT_ATTRIBUTES, row)


def _suppressed(row: Row) -> Suppressed:
    address, reason, updated_at_ms, message_id, feedback_id = row
    assert isinstance(updated_at_ms, int)
    return Suppressed(str(address), str(reason), updated_at_ms, str(message_id), str(feedback_id))
