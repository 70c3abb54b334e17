"""The spool in the store: mails that leave, their recipients' states, and who is due when."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

import msgspec

from kamome.mail.outgoing import (
    RECIPIENTS_PER_TRANSACTION_MAX,
    OutgoingMail,
    SpooledMail,
    SpooledRecipient,
    domain_of,
)
from kamome.storage.blobs import Blob, Blobs
from kamome.storage.engine import Engine, Row

INSERT_OUTGOING = """
INSERT INTO outgoing_mail (mail_id, owner, reverse_path, queued_at_ms, is_smtputf8, requires_tls,
                           max_age_ms, trace, content_bytes, give_up_at_ms)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
INSERT_CONTENT = "INSERT INTO outgoing_content (mail_id, blob_id, content) VALUES (?, ?, ?)"
INSERT_RECIPIENT = """
INSERT INTO outgoing_recipient (mail_id, ordinal, recipient, domain, state, transport, attempts,
                                due_ms, last_at_ms, code, enhanced, text, remote_host, remote_ip)
VALUES (?, ?, ?, ?, 'waiting', '', 0, ?, 0, 0, '', '', '', '')
"""
# By primary key. The earliest moment stays.
UPSERT_LANE = """
INSERT INTO outgoing_lane (domain, due_ms) VALUES (?, ?)
ON CONFLICT (domain) DO UPDATE SET due_ms = min(due_ms, excluded.due_ms)
"""
# All by primary key, or by its first column.
SELECT_OUTGOING = """
SELECT mail_id, owner, reverse_path, queued_at_ms, is_smtputf8, requires_tls, max_age_ms, trace,
       content_bytes, give_up_at_ms
FROM outgoing_mail WHERE mail_id = ?
"""
SELECT_RECIPIENTS = """
SELECT recipient, state, attempts, due_ms, last_at_ms, code, enhanced, text, remote_host, remote_ip,
       transport
FROM outgoing_recipient WHERE mail_id = ? ORDER BY ordinal
"""
SELECT_CONTENT = "SELECT blob_id, content FROM outgoing_content WHERE mail_id = ?"
SELECT_BLOB_ID = "SELECT blob_id FROM outgoing_content WHERE mail_id = ?"
TAKE_RECIPIENT = """
UPDATE outgoing_recipient SET state = 'sending', attempts = attempts + 1
WHERE mail_id = ? AND ordinal = ?
"""
SETTLE_RECIPIENT = """
UPDATE outgoing_recipient
SET state = ?, transport = ?, due_ms = ?, last_at_ms = ?, code = ?, enhanced = ?, text = ?,
    remote_host = ?, remote_ip = ?
WHERE mail_id = ? AND ordinal = ?
"""
COUNT_UNSETTLED = """
SELECT count(*) FROM outgoing_recipient
WHERE mail_id = ? AND state IN ('waiting', 'sending', 'captured')
"""
RELEASE_RECIPIENTS = """
UPDATE outgoing_recipient SET state = 'waiting', transport = ?, due_ms = ?
WHERE mail_id = ? AND state = 'captured' RETURNING domain
"""
EXTEND_OUTGOING = "UPDATE outgoing_mail SET give_up_at_ms = ? WHERE mail_id = ?"
DELETE_OUTGOING = "DELETE FROM outgoing_mail WHERE mail_id = ?"
DELETE_RECIPIENTS = "DELETE FROM outgoing_recipient WHERE mail_id = ?"
DELETE_CONTENT = "DELETE FROM outgoing_content WHERE mail_id = ?"
DELETE_LANE = "DELETE FROM outgoing_lane WHERE domain = ?"
SET_LANE = "UPDATE outgoing_lane SET due_ms = ? WHERE domain = ?"
# Index outgoing_lane_due, in its order.
SELECT_LANES = "SELECT domain, due_ms FROM outgoing_lane ORDER BY due_ms, domain LIMIT ?"
# Index outgoing_recipient_due: its first row of one domain, and those beside it of the same mail.
SELECT_FIRST_OF_LANE = """
SELECT mail_id, due_ms, transport FROM outgoing_recipient
WHERE state = 'waiting' AND domain = ? ORDER BY due_ms, mail_id, ordinal LIMIT 1
"""
SELECT_BESIDE_FIRST = """
SELECT ordinal, recipient, attempts FROM outgoing_recipient
WHERE state = 'waiting' AND domain = ? AND due_ms = ? AND mail_id = ? AND transport = ?
ORDER BY ordinal LIMIT ?
"""
# Index outgoing_recipient_sending.
PUT_BACK = """
UPDATE outgoing_recipient SET state = 'waiting', due_ms = ?
WHERE state = 'sending' AND mail_id > '' RETURNING domain
"""
# Index outgoing_mail_queued: its first entry.
SELECT_OLDEST = "SELECT min(queued_at_ms) FROM outgoing_mail"
# Index outgoing_mail_queued, oldest first.
SELECT_OLD = """
SELECT mail_id FROM outgoing_mail WHERE (queued_at_ms, mail_id) > (?, ?) AND queued_at_ms < ?
ORDER BY queued_at_ms, mail_id LIMIT ?
"""
# Index outgoing_recipient_due: all of one domain.
COUNT_WAITING = "SELECT count(*) FROM outgoing_recipient WHERE state = 'waiting' AND domain = ?"
SELECT_WORDS_OF_FIRST = """
SELECT code, enhanced, text FROM outgoing_recipient
WHERE state = 'waiting' AND domain = ? ORDER BY due_ms, mail_id, ordinal LIMIT 1
"""
BRING_FORWARD = """
UPDATE outgoing_recipient SET due_ms = ? WHERE state = 'waiting' AND domain = ? AND due_ms > ?
"""
# By primary key, in its order.
SELECT_DOMAINS = "SELECT domain FROM outgoing_lane WHERE domain > ? ORDER BY domain LIMIT ?"


class TakenRecipient(NamedTuple):
    """One recipient of a delivery that is under way. `attempts` counts this one."""

    ordinal: int
    recipient: str
    attempts: int


class Taken(msgspec.Struct, frozen=True):
    """A delivery that has been taken from a lane. `transport` is empty for the server's own."""

    mail: OutgoingMail
    domain: str
    transport: str
    give_up_at_ms: int
    content_bytes: int
    recipients: tuple[TakenRecipient, ...]


class Settled(NamedTuple):
    """How one recipient stands after an attempt."""

    state: str
    transport: str
    due_ms: int
    last_at_ms: int
    code: int
    enhanced: str
    text: str
    remote_host: str
    remote_ip: str


class _OutgoingRow(NamedTuple):
    mail_id: str
    owner: str
    reverse_path: str
    queued_at_ms: int
    is_smtputf8: int
    requires_tls: int
    max_age_ms: int
    trace: str
    content_bytes: int
    give_up_at_ms: int


class OutgoingContentGone(Exception):
    """The content of a mail is not kept any more: all its recipients are settled."""


class SpoolStore:
    """Rows of the spool. Writes are part of the caller's step."""

    def __init__(self, engine: Engine, blobs: Blobs) -> None:
        self.engine = engine
        self.blobs = blobs

    # ------------------------------------------------------------------ mails

    def insert(self, mail: OutgoingMail, content: bytes | Blob, due_ms: int) -> None:
        """Keep a mail with its content; every recipient waits, due at `due_ms`."""
        blob_id: str | None
        if isinstance(content, Blob):
            self.blobs.keep(content)
            size, blob_id, octets = content.size, content.id, b""
        else:
            size, blob_id, octets = len(content), None, content
        self.engine.write(
            INSERT_OUTGOING,
            (
                mail.mail_id,
                mail.owner,
                mail.reverse_path,
                mail.queued_at_ms,
                int(mail.is_smtputf8),
                int(mail.requires_tls),
                mail.max_age_ms,
                mail.trace,
                size,
                mail.queued_at_ms + mail.max_age_ms,
            ),
        )
        self.engine.write(INSERT_CONTENT, (mail.mail_id, blob_id, octets))
        rows = [
            (mail.mail_id, ordinal, recipient, domain_of(recipient), due_ms)
            for ordinal, recipient in enumerate(mail.recipients)
        ]
        self.engine.write_many(INSERT_RECIPIENT, rows)
        self.want([row[3] for row in rows], due_ms)

    def find(self, mail_id: str) -> SpooledMail | None:
        """A mail and how its recipients stand, None where it is not kept."""
        row = self._outgoing(mail_id)
        if row is None:
            return None
        recipients = tuple(
            SpooledRecipient(*each)  # type: ignore[arg-type] # STRICT columns, in its order
            for each in self.engine.all(SELECT_RECIPIENTS, (mail_id,))
        )
        mail = _mail(row, tuple(each.recipient for each in recipients))
        return SpooledMail(mail, recipients, row.content_bytes)

    async def read(self, mail_id: str) -> AsyncIterator[bytes]:
        """The content of a mail in pieces.

        Raises:
            OutgoingContentGone: it is not kept any more.
        """
        row = self.engine.one(SELECT_CONTENT, (mail_id,))
        if row is None:
            raise OutgoingContentGone(mail_id)
        blob_id, content = row
        if blob_id is None:
            assert isinstance(content, bytes)
            yield content
            return
        assert isinstance(blob_id, str)
        async for piece in self.blobs.read(blob_id):
            yield piece

    def oldest_ms(self) -> int | None:
        """When the oldest mail was queued; None where there is none."""
        row = self.engine.one(SELECT_OLDEST)
        oldest_ms = row[0] if row is not None else None
        assert oldest_ms is None or isinstance(oldest_ms, int)
        return oldest_ms

    def old(self, after: tuple[int, str], before_ms: int, limit: int) -> list[str]:
        """Mails queued before a moment, oldest first, behind the one named by `after`."""
        return [str(row[0]) for row in self.engine.all(SELECT_OLD, (*after, before_ms, limit))]

    def remove(self, mail_id: str) -> None:
        """Forget a mail with everything of it."""
        self.drop_content(mail_id)
        self.engine.write(DELETE_RECIPIENTS, (mail_id,))
        self.engine.write(DELETE_OUTGOING, (mail_id,))

    def drop_content(self, mail_id: str) -> None:
        """The content is needed no more; its file goes when the step is durable."""
        row = self.engine.one(SELECT_BLOB_ID, (mail_id,))
        if row is None:
            return
        if isinstance(row[0], str):
            self.blobs.drop(row[0])
        self.engine.write(DELETE_CONTENT, (mail_id,))

    # ------------------------------------------------------------------ lanes

    def want(self, domains: Sequence[str], due_ms: int) -> None:
        """Mail waits for these domains from `due_ms` on."""
        for domain in dict.fromkeys(domains):
            self.engine.write(UPSERT_LANE, (domain, due_ms))

    def lanes(self, limit: int) -> list[tuple[str, int]]:
        """The domains that are due first, each with its moment."""
        rows = self.engine.all(SELECT_LANES, (limit,))
        return [(str(row[0]), _whole(row, 1)) for row in rows]

    def take(self, domain: str, now_ms: int) -> Taken | None:
        """Take the delivery of a domain that has been due longest; None where none is due.

        Its recipients are sending from now on, and the lane is due with what is left.
        """
        first = self.engine.one(SELECT_FIRST_OF_LANE, (domain,))
        if first is None or _whole(first, 1) > now_ms:
            self._set_lane(domain, first)
            return None
        mail_id, transport = str(first[0]), str(first[2])
        row = self._outgoing(mail_id)
        assert row is not None, "recipients without their mail"
        due = self.engine.all(
            SELECT_BESIDE_FIRST,
            (domain, first[1], mail_id, transport, RECIPIENTS_PER_TRANSACTION_MAX),
        )
        self.engine.write_many(TAKE_RECIPIENT, [(mail_id, each[0]) for each in due])
        self._set_lane(domain, self.engine.one(SELECT_FIRST_OF_LANE, (domain,)))
        recipients = tuple(
            TakenRecipient(_whole(each, 0), str(each[1]), _whole(each, 2) + 1) for each in due
        )
        mail = _mail(row, tuple(each.recipient for each in recipients))
        return Taken(mail, domain, transport, row.give_up_at_ms, row.content_bytes, recipients)

    def settle(self, taken: Taken, ordinal: int, settled: Settled) -> None:
        """Write how a recipient stands after an attempt."""
        self.engine.write(SETTLE_RECIPIENT, (*settled, taken.mail.mail_id, ordinal))
        if settled.state == "waiting":
            self.want([taken.domain], settled.due_ms)

    def is_settled(self, mail_id: str) -> bool:
        """Whether nothing more will happen to any recipient."""
        row = self.engine.one(COUNT_UNSETTLED, (mail_id,))
        return row is not None and row[0] == 0

    def put_back(self, due_ms: int) -> int:
        """What an earlier run was sending when it ended waits again; returns how many."""
        rows = self.engine.write_returning(PUT_BACK, (due_ms,))
        self.want([str(row[0]) for row in rows], due_ms)
        return len(rows)

    def release(self, mail_id: str, transport: str, now_ms: int, give_up_at_ms: int) -> int:
        """Captured recipients of a mail wait for `transport`; returns how many."""
        rows = self.engine.write_returning(RELEASE_RECIPIENTS, (transport, now_ms, mail_id))
        if rows:
            self.engine.write(EXTEND_OUTGOING, (give_up_at_ms, mail_id))
            self.want([str(row[0]) for row in rows], now_ms)
        return len(rows)

    def waiting(self, domain: str) -> int:
        """How many recipients of a domain wait."""
        row = self.engine.one(COUNT_WAITING, (domain,))
        assert row is not None
        return _whole(row, 0)

    def last_words(self, domain: str) -> str:
        """What was said at the last attempt to the recipient of a domain that is due first."""
        row = self.engine.one(SELECT_WORDS_OF_FIRST, (domain,))
        return "" if row is None or not row[0] else " ".join(str(word) for word in row)

    def domains(self, after: str, limit: int) -> list[str]:
        """Domains for which mail waits, by name."""
        return [str(row[0]) for row in self.engine.all(SELECT_DOMAINS, (after, limit))]

    def bring_forward(self, domain: str, now_ms: int) -> int:
        """All that waits for a domain is due now; returns how many recipients were not before."""
        count = self.engine.write(BRING_FORWARD, (now_ms, domain, now_ms))
        if count:
            self.want([domain], now_ms)
        return count

    def _set_lane(self, domain: str, first: Row | None) -> None:
        if first is None:
            self.engine.write(DELETE_LANE, (domain,))
        else:
            self.engine.write(SET_LANE, (first[1], domain))

    def _outgoing(self, mail_id: str) -> _OutgoingRow | None:
        row = self.engine.one(SELECT_OUTGOING, (mail_id,))
        return None if row is None else _OutgoingRow(*row)  # type: ignore[arg-type] # as above


def _mail(row: _OutgoingRow, recipients: tuple[str, ...]) -> OutgoingMail:
    return OutgoingMail(
        mail_id=row.mail_id,
        owner=row.owner,
        reverse_path=row.reverse_path,
        recipients=recipients,
        queued_at_ms=row.queued_at_ms,
        is_smtputf8=bool(row.is_smtputf8),
        requires_tls=bool(row.requires_tls),
        max_age_ms=row.max_age_ms,
        trace=row.trace,
    )


def _whole(row: Row, index: int) -> int:
    value = row[index]
    assert isinstance(value, int)
    return value
