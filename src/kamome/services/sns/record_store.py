"""What SNS hands to the world outside, kept for inspection; and the documents of mobile and SMS.

AWS: SNS Developer Guide, Mobile text messaging with Amazon SNS; Mobile push notifications.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import orjson

from kamome.services.sns.limits import RECORDS_KEPT_MAX
from kamome.storage.engine import Engine

# Pruning looks once per this many records.
_PRUNE_EVERY = 100


class Record(msgspec.Struct, frozen=True):
    """One mail, text message, push or Firehose record, with all that it would have carried."""

    at_ms: int
    account: str
    region: str
    protocol: str
    endpoint: str
    document: Mapping[str, object]


class RecordStore:
    """Records and documents. `engine` gives the steps; nothing here commits or waits."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._last_id = -1

    # All by primary key, the second at its end.
    INSERT_RECORD = """
INSERT INTO sns_record (id, at_ms, account, region, protocol, endpoint, document)
VALUES (?, ?, ?, ?, ?, ?, ?)
"""
    SELECT_LAST_RECORD = "SELECT max(id) FROM sns_record"
    PRUNE_RECORDS = "DELETE FROM sns_record WHERE id <= ?"

    def keep(self, record: Record) -> None:
        """Keep a record; the oldest go.

        AWS: SNS API Reference, Publish.
        """
        if self._last_id < 0:
            row = self.engine.one(self.SELECT_LAST_RECORD)
            self._last_id = row[0] if row is not None and isinstance(row[0], int) else 0
        self._last_id += 1
        self.engine.write(
            self.INSERT_RECORD,
            (
                self._last_id,
                record.at_ms,
                record.account,
                record.region,
                record.protocol,
                record.endpoint,
                orjson.dumps(record.document),
            ),
        )
        if self._last_id % _PRUNE_EVERY == 0:
            self.engine.write(self.PRUNE_RECORDS, (self._last_id - RECORDS_KEPT_MAX,))

    # Index sns_record_protocol, from its end.
    SELECT_RECORDS = """
SELECT at_ms, account, region, protocol, endpoint, document FROM sns_record
WHERE protocol = ? ORDER BY id DESC LIMIT ?
"""

    def latest(self, protocol: str, limit: int) -> list[Record]:
        """The latest records of a protocol, the latest first.

        AWS: SNS API Reference, Publish.
        """
        found = []
        for at_ms, account, region, name, endpoint, document in self.engine.all(
            self.SELECT_RECORDS, (protocol, limit)
        ):
            assert isinstance(at_ms, int)
            assert isinstance(document, bytes)
            found.append(
                Record(
                    at_ms,
                    str(account),
                    str(region),
                    str(name),
                    str(endpoint),
                    orjson.loads(document),
                )
            )
        return found

    # ------------------------------------------------------------------ documents

    # All by primary key; the last in its order.
    UPSERT_DOCUMENT = """
INSERT INTO sns_document (account, region, kind, id, document) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (account, region, kind, id) DO UPDATE SET document = excluded.document
"""
    SELECT_DOCUMENT = """
SELECT document FROM sns_document WHERE account = ? AND region = ? AND kind = ? AND id = ?
"""
    DELETE_DOCUMENT = """
DELETE FROM sns_document WHERE account = ? AND region = ? AND kind = ? AND id = ?
"""
    SELECT_DOCUMENTS = """
SELECT id, document FROM sns_document
WHERE account = ? AND region = ? AND kind = ? AND id > ? AND id < ? ORDER BY id LIMIT ?
"""

    def put(self, place: tuple[str, str, str], id: str, document: Mapping[str, str]) -> None:
        """Keep a document. `place` is account, region and kind.

        AWS: SNS API Reference, CreatePlatformApplication.
        """
        self.engine.write(self.UPSERT_DOCUMENT, (*place, id, orjson.dumps(document)))

    def get(self, place: tuple[str, str, str], id: str) -> dict[str, str] | None:
        """A document by its id, or None.

        AWS: SNS API Reference, GetPlatformApplicationAttributes.
        """
        row = self.engine.one(self.SELECT_DOCUMENT, (*place, id))
        return None if row is None else _document(row[0])

    def delete(self, place: tuple[str, str, str], id: str) -> None:
        """Remove a document, if it is there.

        AWS: SNS API Reference, DeletePlatformApplication.
        """
        self.engine.write(self.DELETE_DOCUMENT, (*place, id))

    def after(
        self, place: tuple[str, str, str], after: str, before: str, limit: int
    ) -> list[tuple[str, dict[str, str]]]:
        """Documents by id, between two ids.

        AWS: SNS API Reference, ListPlatformApplications.
        """
        rows = self.engine.all(self.SELECT_DOCUMENTS, (*place, after, before, limit))
        return [(str(key), _document(document)) for key, document in rows]


def _document(value: object) -> dict[str, str]:
    assert isinstance(value, bytes)
    document = orjson.loads(value)
    assert isinstance(document, dict)
    return document
