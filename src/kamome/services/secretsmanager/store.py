"""All SQL of Secrets Manager. Each method is one step of the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import NamedTuple, cast

import orjson

from kamome.services.secretsmanager.names import SecretName
from kamome.storage.engine import Engine, Row

_COLUMNS = (
    "account, region, name, suffix, description, kms_key_id, tags, created_at_ms, changed_at_ms,"
    " accessed_at_ms, deleted_at_ms, gone_at_ms"
)
_VERSION = (
    "account, region, name, version_id, number, kind, key_arn, created_at_ms, accessed_at_ms, value"
)

# All by the primary key of secretsmanager_secret.
SELECT_SECRET = f"""
SELECT {_COLUMNS} FROM secretsmanager_secret WHERE account = ? AND region = ? AND name = ?
"""
# A range of the primary key; 10,000 rows at most.
SELECT_SECRETS = f"""
SELECT {_COLUMNS} FROM secretsmanager_secret
WHERE account = ? AND region = ? AND name > '' ORDER BY name LIMIT ?
"""
COUNT_SECRETS = "SELECT count(*) FROM secretsmanager_secret WHERE account = ? AND region = ?"
UPSERT_SECRET = f"""
INSERT INTO secretsmanager_secret ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (account, region, name) DO UPDATE SET description = excluded.description,
  kms_key_id = excluded.kms_key_id, tags = excluded.tags, changed_at_ms = excluded.changed_at_ms,
  accessed_at_ms = excluded.accessed_at_ms, deleted_at_ms = excluded.deleted_at_ms,
  gone_at_ms = excluded.gone_at_ms
"""
DELETE_ROW = """
DELETE FROM secretsmanager_secret WHERE account = ? AND region = ? AND name = ?
"""
# All by the primary key of secretsmanager_version, or a range of it.
SELECT_VERSION = f"""
SELECT {_VERSION} FROM secretsmanager_version
WHERE account = ? AND region = ? AND name = ? AND version_id = ?
"""
UPSERT_VERSION = f"""
INSERT INTO secretsmanager_version ({_VERSION}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (account, region, name, version_id) DO UPDATE SET key_arn = excluded.key_arn,
  accessed_at_ms = excluded.accessed_at_ms, value = excluded.value
"""
DELETE_VERSION = """
DELETE FROM secretsmanager_version
WHERE account = ? AND region = ? AND name = ? AND version_id = ?
"""
DELETE_VERSIONS = """
DELETE FROM secretsmanager_version WHERE account = ? AND region = ? AND name = ?
"""
# Index secretsmanager_version_number, in its order; the rows' values are not read.
SELECT_SUMMARIES = """
SELECT version_id, number, key_arn, created_at_ms, accessed_at_ms FROM secretsmanager_version
WHERE account = ? AND region = ? AND name = ? ORDER BY number LIMIT ?
"""
SELECT_LAST_NUMBER = """
SELECT max(number) FROM secretsmanager_version WHERE account = ? AND region = ? AND name = ?
"""
# All by the primary key of secretsmanager_stage; 20 rows of a secret at most.
SELECT_STAGES = """
SELECT stage, version_id FROM secretsmanager_stage
WHERE account = ? AND region = ? AND name = ? ORDER BY stage
"""
UPSERT_STAGE = """
INSERT INTO secretsmanager_stage (account, region, name, stage, version_id) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (account, region, name, stage) DO UPDATE SET version_id = excluded.version_id
"""
DELETE_STAGE = """
DELETE FROM secretsmanager_stage WHERE account = ? AND region = ? AND name = ? AND stage = ?
"""
DELETE_STAGES = """
DELETE FROM secretsmanager_stage WHERE account = ? AND region = ? AND name = ?
"""


class Secret(NamedTuple):
    """A secret without its values. `gone_at_ms` is set while it is scheduled for deletion."""

    name: SecretName
    suffix: str
    description: str
    kms_key_id: str
    tags: Mapping[str, str]
    created_at_ms: int
    changed_at_ms: int
    accessed_at_ms: int | None
    deleted_at_ms: int | None
    gone_at_ms: int | None

    @property
    def arn(self) -> str:
        """Its ARN, with the six characters that tell it from others of its name."""
        return self.name.arn(self.suffix)


class Version(NamedTuple):
    """A version of a secret; `value` is sealed."""

    name: SecretName
    version_id: str
    number: int
    kind: str
    key_arn: str
    created_at_ms: int
    accessed_at_ms: int | None
    value: bytes


class Summary(NamedTuple):
    """A version of a secret without its value."""

    version_id: str
    number: int
    key_arn: str
    created_at_ms: int
    accessed_at_ms: int | None


class Store:
    """Secrets of all accounts and Regions, with their versions and staging labels."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def atomic(self) -> AbstractContextManager[None]:
        """A block whose statements are all kept or all undone. Never await inside."""
        return self._engine.atomic()

    def secret(self, name: SecretName) -> Secret | None:
        """The secret of a name, also one that is scheduled for deletion."""
        row = self._engine.one(SELECT_SECRET, name)
        return None if row is None else _secret(row)

    def secrets(self, account: str, region: str, limit: int) -> list[Secret]:
        """The secrets of an account in a Region, in the order of their names."""
        return [_secret(row) for row in self._engine.all(SELECT_SECRETS, (account, region, limit))]

    def secret_count(self, account: str, region: str) -> int:
        """How many there are."""
        row = self._engine.one(COUNT_SECRETS, (account, region))
        assert row is not None
        return cast("int", row[0])

    def put_secret(self, secret: Secret) -> None:
        """Keep a secret, new or changed; suffix and creation stay as they are."""
        tags = orjson.dumps(dict(secret.tags)).decode()
        row = (*secret.name, *secret[1:4], tags, *secret[5:])
        self._engine.write(UPSERT_SECRET, row)

    def delete_secret(self, name: SecretName) -> None:
        """Remove a secret with its versions and labels."""
        with self._engine.atomic():
            self._engine.write(DELETE_STAGES, name)
            self._engine.write(DELETE_VERSIONS, name)
            self._engine.write(DELETE_ROW, name)

    # ------------------------------------------------------------------ versions

    def version(self, name: SecretName, version_id: str) -> Version | None:
        """A version of a secret."""
        row = self._engine.one(SELECT_VERSION, (*name, version_id))
        return None if row is None else _version(row)

    def put_version(self, version: Version) -> None:
        """Keep a version, new or with a value that is sealed otherwise."""
        self._engine.write(UPSERT_VERSION, (*version.name, *version[1:]))

    def forget_version(self, name: SecretName, version_id: str) -> None:
        """Remove a version, which has no label."""
        self._engine.write(DELETE_VERSION, (*name, version_id))

    def summaries(self, name: SecretName, limit: int) -> list[Summary]:
        """The versions of a secret without their values, the oldest first."""
        rows = self._engine.all(SELECT_SUMMARIES, (*name, limit))
        return [Summary(*row) for row in rows]  # type: ignore[arg-type]  # columns of a STRICT table

    def last_number(self, name: SecretName) -> int:
        """The number of the newest version, 0 where there is none."""
        row = self._engine.one(SELECT_LAST_NUMBER, name)
        assert row is not None
        return cast("int | None", row[0]) or 0

    # ------------------------------------------------------------------ staging labels

    def stages(self, name: SecretName) -> dict[str, str]:
        """The staging labels of a secret, in order, and the version that each is on."""
        rows = self._engine.all(SELECT_STAGES, name)
        return {str(stage): str(version_id) for stage, version_id in rows}

    def put_stage(self, name: SecretName, stage: str, version_id: str) -> None:
        """Put a label on a version; it leaves the one it was on."""
        self._engine.write(UPSERT_STAGE, (*name, stage, version_id))

    def remove_stage(self, name: SecretName, stage: str) -> None:
        """Remove a label."""
        self._engine.write(DELETE_STAGE, (*name, stage))


def _secret(row: Row) -> Secret:
    account, region, name, *columns = row
    columns[3] = orjson.loads(cast("str", columns[3]))
    named = SecretName(str(account), str(region), str(name))
    return Secret(named, *columns)  # type: ignore[arg-type]  # the columns of a STRICT table


def _version(row: Row) -> Version:
    account, region, name, *columns = row
    named = SecretName(str(account), str(region), str(name))
    return Version(named, *columns)  # type: ignore[arg-type]  # the columns of a STRICT table
