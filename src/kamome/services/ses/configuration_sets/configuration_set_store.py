"""Configuration sets, their event destinations, and identities' feedback settings, in the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import orjson

from kamome.storage.engine import Engine, Row

if TYPE_CHECKING:
    from kamome.services.ses.shapes_v2 import EventDestinationDefinition
    from kamome.services.ses.store import Owner

# All by the primary key of ses_configuration_set, or a range of it.
INSERT_SET = """
INSERT INTO ses_configuration_set (account, region, name, created_at_ms, options)
VALUES (?, ?, ?, ?, ?)
"""
UPDATE_OPTIONS = """
UPDATE ses_configuration_set SET options = ? WHERE account = ? AND region = ? AND name = ?
"""
SELECT_SET = """
SELECT name, options FROM ses_configuration_set WHERE account = ? AND region = ? AND name = ?
"""
SELECT_SETS = """
SELECT name FROM ses_configuration_set
WHERE account = ? AND region = ? AND name > ? ORDER BY name LIMIT ?
"""
COUNT_SETS = "SELECT count(*) FROM ses_configuration_set WHERE account = ? AND region = ?"
DELETE_SET = "DELETE FROM ses_configuration_set WHERE account = ? AND region = ? AND name = ?"
# All by the primary key of ses_event_destination, or a range of it.
UPSERT_DESTINATION = """
INSERT INTO ses_event_destination (account, region, configuration_set, name, destination)
VALUES (?, ?, ?, ?, ?)
ON CONFLICT (account, region, configuration_set, name)
DO UPDATE SET destination = excluded.destination
"""
SELECT_DESTINATIONS = """
SELECT name, destination FROM ses_event_destination
WHERE account = ? AND region = ? AND configuration_set = ? ORDER BY name LIMIT ?
"""
DELETE_DESTINATION = """
DELETE FROM ses_event_destination
WHERE account = ? AND region = ? AND configuration_set = ? AND name = ?
"""
DELETE_DESTINATIONS = """
DELETE FROM ses_event_destination WHERE account = ? AND region = ? AND configuration_set = ?
"""
# All by the primary key of ses_identity_feedback.
UPSERT_FEEDBACK = """
INSERT INTO ses_identity_feedback (account, region, identity, settings) VALUES (?, ?, ?, ?)
ON CONFLICT (account, region, identity) DO UPDATE SET settings = excluded.settings
"""
SELECT_FEEDBACK = """
SELECT settings FROM ses_identity_feedback WHERE account = ? AND region = ? AND identity = ?
"""
DELETE_FEEDBACK = """
DELETE FROM ses_identity_feedback WHERE account = ? AND region = ? AND identity = ?
"""

# Above the quota of ten.
_DESTINATIONS_MAX = 100


class Destination(msgspec.Struct, frozen=True):
    """An event destination by its name, in the shape of the API v2."""

    name: str
    definition: EventDestinationDefinition


class IdentityFeedback(msgspec.Struct, frozen=True):
    """Where bounces, complaints and deliveries of an identity's mails are told.

    `topics` is by AWS's NotificationType, `with_headers` the types whose notifications have the
    mail's headers.
    """

    topics: dict[str, str] = {}
    with_headers: tuple[str, ...] = ()
    is_forwarded: bool = True


class ConfigurationSetStore:
    """All rows of configuration sets and of identities' feedback. Writes join the open step."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, owner: Owner, name: str, options: bytes, created_at_ms: int) -> None:
        """Keep a new set."""
        row = (owner.account, owner.region, name, created_at_ms, options)
        self._engine.write(INSERT_SET, row)

    def options(self, owner: Owner, name: str) -> bytes | None:
        """The options of a set as they were kept; None where there is no such set."""
        row = self._engine.one(SELECT_SET, (owner.account, owner.region, name))
        if row is None:
            return None
        assert isinstance(row[1], bytes)
        return row[1]

    def change(self, owner: Owner, name: str, options: bytes) -> None:
        """The set has these options from now on."""
        self._engine.write(UPDATE_OPTIONS, (options, owner.account, owner.region, name))

    def names(self, owner: Owner, after: str, limit: int) -> list[str]:
        """Names of sets in order, those behind `after`."""
        rows = self._engine.all(SELECT_SETS, (owner.account, owner.region, after, limit))
        return [str(row[0]) for row in rows]

    def number(self, owner: Owner) -> int:
        """How many sets the account has in the region."""
        row = self._engine.one(COUNT_SETS, (owner.account, owner.region))
        assert row is not None
        assert isinstance(row[0], int)
        return row[0]

    def delete(self, owner: Owner, name: str) -> bool:
        """Forget a set with its destinations; False where there was none."""
        key = (owner.account, owner.region, name)
        with self._engine.atomic():
            self._engine.write(DELETE_DESTINATIONS, key)
            return self._engine.write(DELETE_SET, key) == 1

    # ------------------------------------------------------------------ destinations

    def destinations(self, owner: Owner, set_name: str) -> list[Destination]:
        """The event destinations of a set by name."""
        key = (owner.account, owner.region, set_name, _DESTINATIONS_MAX)
        return [_destination(row) for row in self._engine.all(SELECT_DESTINATIONS, key)]

    def put_destination(self, owner: Owner, set_name: str, destination: Destination) -> None:
        """Keep a destination, in place of one of its name."""
        body = orjson.dumps(destination.definition)
        row = (owner.account, owner.region, set_name, destination.name, body)
        self._engine.write(UPSERT_DESTINATION, row)

    def delete_destination(self, owner: Owner, set_name: str, name: str) -> bool:
        """Forget a destination; False where there was none."""
        key = (owner.account, owner.region, set_name, name)
        return self._engine.write(DELETE_DESTINATION, key) == 1

    # ------------------------------------------------------------------ identities

    def feedback(self, owner: Owner, identity: str) -> IdentityFeedback | None:
        """The feedback settings of an identity; None where they have never been set."""
        row = self._engine.one(SELECT_FEEDBACK, (owner.account, owner.region, identity))
        if row is None:
            return None
        assert isinstance(row[0], bytes)
        return msgspec.json.decode(row[0], type=IdentityFeedback)

    def put_feedback(self, owner: Owner, identity: str, settings: IdentityFeedback) -> None:
        """The identity has these settings from now on."""
        row = (owner.account, owner.region, identity, msgspec.json.encode(settings))
        self._engine.write(UPSERT_FEEDBACK, row)

    def delete_feedback(self, owner: Owner, identity: str) -> None:
        """The identity is gone."""
        self._engine.write(DELETE_FEEDBACK, (owner.account, owner.region, identity))


def _destination(row: Row) -> Destination:
    name, body = row
    assert isinstance(body, bytes)
    definition: EventDestinationDefinition = orjson.loads(body)
    return Destination(str(name), definition)
