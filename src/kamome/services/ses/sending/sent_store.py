"""Sent mails in the store: what is known of each, and its content apart."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import msgspec

from kamome.services.ses.sending.sent_mails import SentMail
from kamome.storage.blobs import Blob, Blobs
from kamome.storage.engine import Engine, Row, Value

# All by the primary keys of ses_sent and ses_sent_content.
INSERT_SENT = """
INSERT INTO ses_sent (message_id, account, region, sent_at_ms, facts) VALUES (?, ?, ?, ?, ?)
"""
INSERT_CONTENT = "INSERT INTO ses_sent_content (message_id, blob_id, content) VALUES (?, ?, ?)"
SELECT_SENT = "SELECT facts FROM ses_sent WHERE message_id = ?"
SELECT_CONTENT = "SELECT blob_id, content FROM ses_sent_content WHERE message_id = ?"
DELETE_SENT = "DELETE FROM ses_sent WHERE message_id = ?"
DELETE_CONTENT = "DELETE FROM ses_sent_content WHERE message_id = ? RETURNING blob_id"
# By primary key.
SELECT_BLOB = "SELECT 1 FROM blob WHERE id = ?"
# Index ses_sent_at, newest first, behind the last one given out.
SELECT_LATEST = """
SELECT facts FROM ses_sent WHERE (sent_at_ms, message_id) < (?, ?)
ORDER BY sent_at_ms DESC, message_id DESC LIMIT ?
"""
# Index ses_sent_owner, newest first.
SELECT_LATEST_OF_OWNER = """
SELECT facts FROM ses_sent
WHERE account = ? AND region = ? AND (sent_at_ms, message_id) < (?, ?)
ORDER BY sent_at_ms DESC, message_id DESC LIMIT ?
"""
# Index ses_sent_at: its first entry.
SELECT_OLDEST = "SELECT min(sent_at_ms) FROM ses_sent"
# Index ses_sent_at, oldest first.
SELECT_OLD = """
SELECT message_id FROM ses_sent WHERE sent_at_ms < ? ORDER BY sent_at_ms, message_id LIMIT ?
"""

# Content up to this size lies in the row, above it in a file.
INLINE_BYTES_MAX = 100 * 1024
_LAST = (1 << 62, "")


class SentStore:
    """All rows of sent mails. Writes join the open step."""

    def __init__(self, engine: Engine, blobs: Blobs) -> None:
        self._engine = engine
        self._blobs = blobs

    def add(self, sent: SentMail, content: bytes | Blob) -> None:
        """Keep a mail and its content, part of the step that accepts it."""
        key = (sent.message_id, sent.account, sent.region, sent.sent_at_ms)
        self._engine.write(INSERT_SENT, (*key, msgspec.json.encode(sent)))
        if isinstance(content, Blob):
            self._blobs.keep(content)
            self._engine.write(INSERT_CONTENT, (sent.message_id, content.id, b""))
        else:
            self._engine.write(INSERT_CONTENT, (sent.message_id, None, content))

    def is_kept(self, blob: Blob) -> bool:
        """Whether a row refers to this body."""
        return self._engine.one(SELECT_BLOB, (blob.id,)) is not None

    def find(self, message_id: str) -> SentMail | None:
        """One mail by its id."""
        row = self._engine.one(SELECT_SENT, (message_id,))
        return None if row is None else _sent(row)

    def latest(
        self, limit: int, *, before: tuple[int, str] = _LAST, owner: tuple[str, str] | None = None
    ) -> list[SentMail]:
        """The newest mails, of all or of one account and region, newest first.

        `before` is the time and the id of the last mail that was given out.
        """
        values: tuple[Value, ...] = (*before, limit)
        if owner is None:
            return [_sent(row) for row in self._engine.all(SELECT_LATEST, values)]
        return [_sent(row) for row in self._engine.all(SELECT_LATEST_OF_OWNER, (*owner, *values))]

    async def content(self, message_id: str) -> bytes | None:
        """The whole content as it was signed and handed over; None where it is not kept."""
        row = self._engine.one(SELECT_CONTENT, (message_id,))
        if row is None:
            return None
        blob_id, content = row
        if blob_id is None:
            assert isinstance(content, bytes)
            return content
        pieces: AsyncIterator[bytes] = self._blobs.read(str(blob_id))
        return b"".join([piece async for piece in pieces])

    def oldest_ms(self) -> int | None:
        """When the oldest mail was sent; None where there is none."""
        row = self._engine.one(SELECT_OLDEST)
        oldest_ms = row[0] if row is not None else None
        assert oldest_ms is None or isinstance(oldest_ms, int)
        return oldest_ms

    def old(self, before_ms: int, limit: int) -> list[str]:
        """Ids of mails that were sent before a moment, oldest first."""
        return [str(row[0]) for row in self._engine.all(SELECT_OLD, (before_ms, limit))]

    def forget(self, message_ids: Sequence[str]) -> None:
        """Keep these mails no longer."""
        with self._engine.atomic():
            for message_id in message_ids:
                self._engine.write(DELETE_SENT, (message_id,))
                for row in self._engine.write_returning(DELETE_CONTENT, (message_id,)):
                    if row[0] is not None:
                        self._blobs.drop(str(row[0]))


def _sent(row: Row) -> SentMail:
    assert isinstance(row[0], bytes)
    return msgspec.json.decode(row[0], type=SentMail)
