"""All SQL of Parameter Store. Each method is one step of the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, cast

import orjson

from kamome.services.ssm.names import ParameterName
from kamome.services.ssm.policies import Policy
from kamome.storage.engine import Engine, Row

_VERSION = (
    "account, region, name, version, type, data_type, tier, key_id, description, allowed_pattern,"
    " policies, modified_at_ms, modified_by, value"
)
_OF_VERSION = ", ".join(f"v.{column.strip()}" for column in _VERSION.split(","))

# Primary key of ssm_parameter; of ssm_version where they are joined.
SELECT_LATEST = f"""
SELECT {_OF_VERSION} FROM ssm_parameter p JOIN ssm_version v
  ON v.account = p.account AND v.region = p.region AND v.name = p.name AND v.version = p.version
WHERE p.account = ? AND p.region = ? AND p.name = ?
"""
# Range of the primary key of ssm_parameter, in its order.
SELECT_PAGE = f"""
SELECT {_OF_VERSION} FROM ssm_parameter p JOIN ssm_version v
  ON v.account = p.account AND v.region = p.region AND v.name = p.name AND v.version = p.version
WHERE p.account = ? AND p.region = ? AND p.name > ? AND p.name < ? ORDER BY p.name LIMIT ?
"""
# Primary key of ssm_version.
SELECT_VERSION = f"""
SELECT {_VERSION} FROM ssm_version WHERE account = ? AND region = ? AND name = ? AND version = ?
"""
# Range of the primary key of ssm_version, in its order.
SELECT_HISTORY = f"""
SELECT {_VERSION} FROM ssm_version
WHERE account = ? AND region = ? AND name = ? AND version > ? ORDER BY version LIMIT ?
"""
SELECT_OLDEST = """
SELECT version FROM ssm_version WHERE account = ? AND region = ? AND name = ?
ORDER BY version LIMIT 1
"""
# At most 100 rows by the range of the primary key.
COUNT_VERSIONS = """
SELECT count(*) FROM ssm_version WHERE account = ? AND region = ? AND name = ?
"""
# Index ssm_parameter_tier.
COUNT_PARAMETERS = """
SELECT count(*) FROM ssm_parameter WHERE account = ? AND region = ? AND tier = ?
"""
# All by primary key.
INSERT_VERSION = f"""
INSERT INTO ssm_version ({_VERSION}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
UPSERT_PARAMETER = """
INSERT INTO ssm_parameter (account, region, name, version, tier, expires_at_ms, tags)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (account, region, name) DO UPDATE SET version = excluded.version,
  tier = excluded.tier, expires_at_ms = excluded.expires_at_ms
"""
SELECT_EXPIRY = """
SELECT expires_at_ms FROM ssm_parameter WHERE account = ? AND region = ? AND name = ?
"""
DELETE_VERSION = """
DELETE FROM ssm_version WHERE account = ? AND region = ? AND name = ? AND version = ?
"""
DELETE_VERSIONS = "DELETE FROM ssm_version WHERE account = ? AND region = ? AND name = ?"
DELETE_LABELS = "DELETE FROM ssm_label WHERE account = ? AND region = ? AND name = ?"
DELETE_PARAMETER = "DELETE FROM ssm_parameter WHERE account = ? AND region = ? AND name = ?"
SELECT_TAGS = "SELECT tags FROM ssm_parameter WHERE account = ? AND region = ? AND name = ?"
UPDATE_TAGS = "UPDATE ssm_parameter SET tags = ? WHERE account = ? AND region = ? AND name = ?"
# Primary key of ssm_label; at most 1,000 rows of a parameter.
SELECT_LABELS = """
SELECT label, version FROM ssm_label WHERE account = ? AND region = ? AND name = ? ORDER BY label
"""
SELECT_LABELLED = """
SELECT version FROM ssm_label WHERE account = ? AND region = ? AND name = ? AND label = ?
"""
UPSERT_LABEL = """
INSERT INTO ssm_label (account, region, name, label, version) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (account, region, name, label) DO UPDATE SET version = excluded.version
"""
DELETE_LABEL = """
DELETE FROM ssm_label WHERE account = ? AND region = ? AND name = ? AND label = ?
"""


class Version(NamedTuple):
    """One version of a parameter; `value` is Base64 of the ciphertext for SecureString."""

    name: ParameterName
    version: int
    type: str
    data_type: str
    tier: str
    key_id: str
    description: str
    allowed_pattern: str
    policies: Sequence[Policy]
    modified_at_ms: int
    modified_by: str
    value: str


class Store:
    """Parameters of all accounts and Regions, with their versions, labels and tags."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def atomic(self) -> AbstractContextManager[None]:
        """A block whose statements are all kept or all undone. Never await inside."""
        return self._engine.atomic()

    def latest(self, name: ParameterName) -> Version | None:
        """The latest version of a parameter, None where there is no such parameter."""
        row = self._engine.one(SELECT_LATEST, name)
        return None if row is None else _version(row)

    def version(self, name: ParameterName, version: int) -> Version | None:
        """A version of a parameter."""
        row = self._engine.one(SELECT_VERSION, (*name, version))
        return None if row is None else _version(row)

    def page(self, account: str, region: str, after: str, before: str, limit: int) -> list[Version]:
        """Latest versions of the parameters whose names lie between two, in order of names."""
        rows = self._engine.all(SELECT_PAGE, (account, region, after, before, limit))
        return [_version(row) for row in rows]

    def history(self, name: ParameterName, after: int, limit: int) -> list[Version]:
        """Versions of a parameter after one of them, the oldest first."""
        return [_version(row) for row in self._engine.all(SELECT_HISTORY, (*name, after, limit))]

    def parameter_count(self, account: str, region: str, tier: str) -> int:
        """How many parameters of a tier the account has in the Region."""
        return self._number(COUNT_PARAMETERS, (account, region, tier))

    def version_count(self, name: ParameterName) -> int:
        """How many versions of a parameter are kept."""
        return self._number(COUNT_VERSIONS, name)

    def oldest(self, name: ParameterName) -> int:
        """The oldest version of a parameter that there is."""
        return self._number(SELECT_OLDEST, name)

    def put(
        self, version: Version, expires_at_ms: int | None, tags: Mapping[str, str] | None
    ) -> None:
        """Keep a version as the parameter's latest; `tags` only count for a new parameter."""
        name = version.name
        parameter = (version.version, version.tier, expires_at_ms, _text(dict(tags or {})))
        row = (*name, *version[1:8], _text(list(version.policies)), *version[9:])
        with self._engine.atomic():
            self._engine.write(UPSERT_PARAMETER, (*name, *parameter))
            self._engine.write(INSERT_VERSION, row)

    def expiry(self, name: ParameterName) -> int | None:
        """When the parameter expires, None for never or where there is no such parameter."""
        row = self._engine.one(SELECT_EXPIRY, name)
        return None if row is None else cast("int | None", row[0])

    def forget_version(self, name: ParameterName, version: int) -> None:
        """Remove a version, which has no label and is not the latest."""
        self._engine.write(DELETE_VERSION, (*name, version))

    def delete(self, name: ParameterName) -> bool:
        """Remove a parameter with all that belongs to it; whether there was one."""
        with self._engine.atomic():
            self._engine.write(DELETE_VERSIONS, name)
            self._engine.write(DELETE_LABELS, name)
            return self._engine.write(DELETE_PARAMETER, name) > 0

    # ------------------------------------------------------------------ labels and tags

    def labels(self, name: ParameterName) -> dict[str, int]:
        """The labels of a parameter, in order, and the version that each is attached to."""
        rows = self._engine.all(SELECT_LABELS, name)
        return {str(label): cast("int", version) for label, version in rows}

    def labelled(self, name: ParameterName, label: str) -> int | None:
        """The version that a label is attached to."""
        row = self._engine.one(SELECT_LABELLED, (*name, label))
        return None if row is None else cast("int", row[0])

    def attach(self, name: ParameterName, label: str, version: int) -> None:
        """Attach a label to a version; it leaves the one it was attached to."""
        self._engine.write(UPSERT_LABEL, (*name, label, version))

    def detach(self, name: ParameterName, label: str) -> None:
        """Remove a label."""
        self._engine.write(DELETE_LABEL, (*name, label))

    def tags(self, name: ParameterName) -> dict[str, str] | None:
        """A parameter's tags, None where there is no such parameter."""
        row = self._engine.one(SELECT_TAGS, name)
        return None if row is None else orjson.loads(cast("str", row[0]))

    def set_tags(self, name: ParameterName, tags: Mapping[str, str]) -> None:
        """Replace a parameter's tags."""
        self._engine.write(UPDATE_TAGS, (_text(dict(tags)), *name))

    def _number(self, statement: str, params: Sequence[str]) -> int:
        row = self._engine.one(statement, params)
        assert row is not None
        return cast("int", row[0])


def _version(row: Row) -> Version:
    account, region, name, *columns = row
    columns[7] = orjson.loads(cast("str", columns[7]))
    named = ParameterName(str(account), str(region), str(name))
    return Version(named, *columns)  # type: ignore[arg-type]  # the columns of a STRICT table


def _text(value: object) -> str:
    return orjson.dumps(value).decode()
