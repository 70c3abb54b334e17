"""Received mails in the store: the envelope in a row, the content beside it or in a file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import orjson

from kamome.mail.checks import Checks
from kamome.mail.envelope import Envelope, Mail
from kamome.storage.blobs import Blob, Blobs
from kamome.storage.engine import Engine, Row

SCHEMA_FOLDER = Path(__file__).parent

INSERT_MAIL = """
INSERT INTO mail (mail_id, received_at_ms, reverse_path, recipients, helo, client_ip, tls,
                  is_smtputf8, raw_bytes, trace, checks)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
INSERT_CONTENT = "INSERT INTO mail_content (mail_id, blob_id, content) VALUES (?, ?, ?)"
# All by primary key.
SELECT_MAIL = """
SELECT mail_id, received_at_ms, reverse_path, recipients, helo, client_ip, tls, is_smtputf8,
       raw_bytes, trace, checks
FROM mail WHERE mail_id = ?
"""
SELECT_CONTENT = "SELECT blob_id, content FROM mail_content WHERE mail_id = ?"
# As a range: ids that begin like this.
SELECT_IDS = "SELECT mail_id FROM mail WHERE mail_id >= ? AND mail_id < ? LIMIT ?"
DELETE_MAIL = "DELETE FROM mail WHERE mail_id = ?"
DELETE_CONTENT = "DELETE FROM mail_content WHERE mail_id = ?"
# Index mail_received: its first entry.
SELECT_OLDEST = "SELECT min(received_at_ms) FROM mail"
# Index mail_received, oldest first.
SELECT_EXPIRED = """
SELECT mail_id FROM mail WHERE received_at_ms < ? ORDER BY received_at_ms, mail_id LIMIT ?
"""


# Index mail_received, newest first, behind the last one given out.
SELECT_LATEST = """
SELECT mail_id, received_at_ms, reverse_path, recipients, helo, client_ip, tls, is_smtputf8,
       raw_bytes, trace, checks
FROM mail WHERE (received_at_ms, mail_id) < (?, ?)
ORDER BY received_at_ms DESC, mail_id DESC LIMIT ?
"""
_LAST = (1 << 62, "")


class MailGone(Exception):
    """The content of a mail is no longer kept."""


class MailStore:
    """Mails and their content. Writes are part of the caller's step."""

    def __init__(self, engine: Engine, blobs: Blobs) -> None:
        self.engine = engine
        self.blobs = blobs

    def insert(self, mail: Mail, content: bytes | Blob) -> None:
        """Keep a mail that has been received whole. Call inside `engine.atomic()`."""
        envelope = mail.envelope
        self.engine.write(
            INSERT_MAIL,
            (
                mail.mail_id,
                mail.received_at_ms,
                envelope.reverse_path,
                orjson.dumps(envelope.recipients),
                envelope.helo,
                envelope.client_ip,
                envelope.tls,
                int(envelope.is_smtputf8),
                mail.raw_bytes,
                mail.trace,
                msgspec.json.encode(mail.checks),
            ),
        )
        if isinstance(content, Blob):
            self.blobs.keep(content)
            self.engine.write(INSERT_CONTENT, (mail.mail_id, content.id, b""))
        else:
            self.engine.write(INSERT_CONTENT, (mail.mail_id, None, content))

    def find(self, mail_id: str) -> Mail | None:
        """The envelope of a mail, None where it is not (or no longer) kept."""
        row = self.engine.one(SELECT_MAIL, (mail_id,))
        return None if row is None else _mail(row)

    def ids(self, beginning: str, limit: int) -> list[str]:
        """Ids of mails that begin like this, `limit` at most. No id has a `~`."""
        rows = self.engine.all(SELECT_IDS, (beginning, f"{beginning}~", limit))
        return [str(row[0]) for row in rows]

    def latest(self, limit: int, *, before: tuple[int, str] = _LAST) -> list[Mail]:
        """The mails received last, newest first.

        `before` is the time and the id of the last mail that was given out.
        """
        return [_mail(row) for row in self.engine.all(SELECT_LATEST, (*before, limit))]

    async def read(
        self, mail_id: str, start: int = 0, length: int | None = None
    ) -> AsyncIterator[bytes]:
        """The content of a mail from `start`, byte for byte as received, in pieces.

        Raises:
            MailGone: the mail is no longer kept.
        """
        row = self.engine.one(SELECT_CONTENT, (mail_id,))
        if row is None:
            raise MailGone(mail_id)
        blob_id, content = row
        if blob_id is None:
            assert isinstance(content, bytes)
            yield content[start:] if length is None else content[start : start + length]
            return
        assert isinstance(blob_id, str)
        async for piece in self.blobs.read(blob_id, start, length):
            yield piece

    def oldest_ms(self) -> int | None:
        """When the oldest mail came; None where there is none."""
        row = self.engine.one(SELECT_OLDEST)
        oldest_ms = row[0] if row is not None else None
        assert oldest_ms is None or isinstance(oldest_ms, int)
        return oldest_ms

    def remove_received_before(self, before_ms: int, limit: int) -> list[str]:
        """Drop up to `limit` of the oldest mails; returns their ids. Inside `engine.atomic()`."""
        expired = [str(row[0]) for row in self.engine.all(SELECT_EXPIRED, (before_ms, limit))]
        for mail_id in expired:
            row = self.engine.one(SELECT_CONTENT, (mail_id,))
            if row is not None and isinstance(row[0], str):
                self.blobs.drop(row[0])
            self.engine.write(DELETE_CONTENT, (mail_id,))
            self.engine.write(DELETE_MAIL, (mail_id,))
        return expired


def _mail(row: Row) -> Mail:
    mail_id, received_at_ms, reverse_path, recipients, helo, client_ip, tls, utf8, *rest = row
    size, trace, checks = rest
    assert isinstance(received_at_ms, int)
    assert isinstance(recipients, bytes)
    assert isinstance(size, int)
    assert isinstance(checks, bytes)
    envelope = Envelope(
        str(reverse_path),
        tuple(orjson.loads(recipients)),
        str(helo),
        str(client_ip),
        str(tls),
        bool(utf8),
    )
    found = msgspec.json.decode(checks, type=Checks)
    return Mail(str(mail_id), received_at_ms, envelope, size, str(trace), found)
