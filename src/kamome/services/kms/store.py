"""Rows of keys, their material and their tags. Every statement is one step of a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple

from kamome.storage.engine import Engine, Row


class KeyName(NamedTuple):
    """Where a key is, and its id: the primary key of its row."""

    account: str
    region: str
    key_id: str

    @property
    def arn(self) -> str:
        """AWS: KMS Developer Guide, Key identifiers (KeyId): key ARN."""
        return f"arn:aws:kms:{self.region}:{self.account}:key/{self.key_id}"


class Key(NamedTuple):
    """A key as its row has it; its material is apart.

    `pending_window_days` is None unless the key is pending deletion, and then `deletion_at_ms` is
    None while it waits for its replicas. `rotation_period_days` is None where no automatic rotation
    is on, and in replicas. `primary_region` is empty in keys of one Region.
    """

    name: KeyName
    key_spec: str
    key_usage: str
    origin: str
    manager: str
    primary_region: str
    is_enabled: bool
    description: str
    policy: str
    created_at_ms: int
    deletion_at_ms: int | None
    pending_window_days: int | None
    material_id: str
    rotation_period_days: int | None
    next_rotation_at_ms: int | None
    valid_to_ms: int | None = None

    @property
    def arn(self) -> str:
        """The key's ARN."""
        return self.name.arn

    @property
    def state(self) -> str:
        """AWS: KMS Developer Guide, Key states of AWS KMS keys."""
        if self.is_pending_deletion:
            waits_for_replicas = self.deletion_at_ms is None
            return "PendingReplicaDeletion" if waits_for_replicas else "PendingDeletion"
        if not self.material_id:
            return "PendingImport"
        return "Enabled" if self.is_enabled else "Disabled"

    @property
    def is_pending_deletion(self) -> bool:
        """Whether its deletion is scheduled."""
        return self.pending_window_days is not None

    @property
    def is_replica(self) -> bool:
        """Whether it is a multi-Region key whose primary key is in another Region."""
        return self.primary_region not in ("", self.name.region)

    @property
    def is_symmetric(self) -> bool:
        """Whether it is a symmetric encryption key: the kind that rotates."""
        return self.key_spec == "SYMMETRIC_DEFAULT"


class Material(NamedTuple):
    """One generation of a key's material, wrapped. `rotation_type` is empty for the first."""

    material_id: str
    generation: int
    rotation_type: str
    created_at_ms: int
    wrapped: bytes
    description: str = ""


class Store:
    """All SQL on keys. Nothing here waits or commits; see the engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def atomic(self) -> AbstractContextManager[None]:
        """A block whose statements are all kept or all undone. Never await inside."""
        return self.engine.atomic()

    # ------------------------------------------------------------------ keys

    # AWS has some forty Regions; no more of one key's relatives are looked at.
    RELATED_MAX = 100

    INSERT_KEY = """
    INSERT INTO kms_key
      (account, region, key_id, key_spec, key_usage, origin, manager, primary_region, is_enabled,
       description, policy, created_at_ms, deletion_at_ms, pending_window_days, material_id,
       rotation_period_days, next_rotation_at_ms, valid_to_ms)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    """

    def add(self, key: Key) -> None:
        """Keep a new key."""
        self.engine.write(self.INSERT_KEY, (*key.name, *key[1:]))

    # Primary key.
    SELECT_KEY = """
    SELECT key_spec, key_usage, origin, manager, primary_region, is_enabled, description, policy,
      created_at_ms, deletion_at_ms, pending_window_days, material_id, rotation_period_days,
      next_rotation_at_ms, valid_to_ms
    FROM kms_key WHERE account = ? AND region = ? AND key_id = ?
    """

    def key(self, name: KeyName) -> Key | None:
        """A key in whatever state, or None."""
        row = self.engine.one(self.SELECT_KEY, name)
        return None if row is None else _key(name, row)

    # Primary key.
    UPDATE_KEY = """
    UPDATE kms_key SET is_enabled = ?, description = ?, policy = ?, deletion_at_ms = ?,
      pending_window_days = ?, material_id = ?, rotation_period_days = ?, next_rotation_at_ms = ?,
      valid_to_ms = ?, primary_region = ?
    WHERE account = ? AND region = ? AND key_id = ?
    """

    def put(self, key: Key) -> None:
        """Keep what has changed of a key that the caller has read in the same step."""
        changed = (key.is_enabled, key.description, key.policy, key.deletion_at_ms)
        rotation = (key.rotation_period_days, key.next_rotation_at_ms)
        material = (key.pending_window_days, key.material_id)
        row = (*changed, *material, *rotation, key.valid_to_ms, key.primary_region, *key.name)
        self.engine.write(self.UPDATE_KEY, row)

    # Range of the index kms_key_by_id.
    SELECT_REGIONS = """
    SELECT region FROM kms_key WHERE account = ? AND key_id = ? AND primary_region <> ''
    ORDER BY region LIMIT ?
    """

    def related(self, key: Key) -> list[Key]:
        """A multi-Region key and its relatives, by Region; of any other key none."""
        if not key.primary_region:
            return []
        bounds = (key.name.account, key.name.key_id, self.RELATED_MAX)
        rows = self.engine.all(self.SELECT_REGIONS, bounds)
        found = (self.key(key.name._replace(region=str(row[0]))) for row in rows)
        return [each for each in found if each is not None]

    # Range of the primary key.
    SELECT_KEY_IDS = """
    SELECT key_id FROM kms_key WHERE account = ? AND region = ? AND key_id > ?
    ORDER BY key_id LIMIT ?
    """

    def key_ids(self, account: str, region: str, after: str, limit: int) -> list[str]:
        """Ids of keys in whatever state, in ascending order, those after `after`."""
        rows = self.engine.all(self.SELECT_KEY_IDS, (account, region, after, limit))
        return [str(row[0]) for row in rows]

    # Range of the primary key; at most 100,000 rows by the quota.
    COUNT_KEYS = "SELECT count(*) FROM kms_key WHERE account = ? AND region = ?"

    def key_count(self, account: str, region: str) -> int:
        """How many keys the account has in the region."""
        row = self.engine.one(self.COUNT_KEYS, (account, region))
        assert row is not None
        return _integer(row[0])

    # All by primary keys, their beginnings, or the index by key.
    DELETE_GRANTS = "DELETE FROM kms_grant WHERE account = ? AND region = ? AND key_id = ?"
    DELETE_TAGS = "DELETE FROM kms_tag WHERE account = ? AND region = ? AND key_id = ?"
    DELETE_ALIASES = "DELETE FROM kms_alias WHERE account = ? AND region = ? AND key_id = ?"
    DELETE_MATERIALS = (
        "DELETE FROM kms_key_material WHERE account = ? AND region = ? AND key_id = ?"
    )
    DELETE_KEY = "DELETE FROM kms_key WHERE account = ? AND region = ? AND key_id = ?"

    def forget(self, name: KeyName) -> None:
        """Remove a key with its material and all that belongs to it."""
        with self.engine.atomic():
            self.engine.write(self.DELETE_GRANTS, name)
            self.engine.write(self.DELETE_TAGS, name)
            self.engine.write(self.DELETE_ALIASES, name)
            self.engine.write(self.DELETE_MATERIALS, name)
            self.engine.write(self.DELETE_KEY, name)

    # ------------------------------------------------------------------ material

    INSERT_MATERIAL = """
    INSERT INTO kms_key_material
      (account, region, key_id, material_id, generation, rotation_type, created_at_ms, wrapped,
       description)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    """

    def add_material(self, name: KeyName, material: Material) -> None:
        """Keep one more generation of a key's material."""
        self.engine.write(self.INSERT_MATERIAL, (*name, *material))

    # Primary key.
    SELECT_MATERIAL = """
    SELECT wrapped FROM kms_key_material
    WHERE account = ? AND region = ? AND key_id = ? AND material_id = ?
    """

    def wrapped_material(self, name: KeyName, material_id: str) -> bytes | None:
        """One generation of a key's material, wrapped; None where the key never had it."""
        row = self.engine.one(self.SELECT_MATERIAL, (*name, material_id))
        return None if row is None else _octets(row[0])

    # Primary key.
    SET_WRAPPED = """
    UPDATE kms_key_material SET wrapped = ?
    WHERE account = ? AND region = ? AND key_id = ? AND material_id = ?
    """

    def put_wrapped(self, name: KeyName, material_id: str, wrapped: bytes) -> None:
        """Keep imported material that was deleted, again; or delete it (empty)."""
        self.engine.write(self.SET_WRAPPED, (wrapped, *name, material_id))

    # Primary key.
    SET_DESCRIPTION = """
    UPDATE kms_key_material SET description = ?
    WHERE account = ? AND region = ? AND key_id = ? AND material_id = ?
    """

    def describe_material(self, name: KeyName, material_id: str, description: str) -> None:
        """Keep what is said of imported material."""
        self.engine.write(self.SET_DESCRIPTION, (description, *name, material_id))

    # Index kms_key_material_by_generation.
    SELECT_MATERIALS = """
    SELECT material_id, generation, rotation_type, created_at_ms, description
    FROM kms_key_material
    WHERE account = ? AND region = ? AND key_id = ? AND generation > ?
    ORDER BY generation LIMIT ?
    """

    def materials(self, name: KeyName, after: int, limit: int) -> list[Material]:
        """Generations of a key's material after one, in their order, without the material."""
        rows = self.engine.all(self.SELECT_MATERIALS, (*name, after, limit))
        return [
            Material(str(row[0]), _integer(row[1]), str(row[2]), _integer(row[3]), b"", str(row[4]))
            for row in rows
        ]

    # Index kms_key_material_by_generation, from its end.
    SELECT_LAST_GENERATION = """
    SELECT generation FROM kms_key_material WHERE account = ? AND region = ? AND key_id = ?
    ORDER BY generation DESC LIMIT 1
    """

    def last_generation(self, name: KeyName) -> int:
        """How many generations of material a key has had; 0: none yet."""
        row = self.engine.one(self.SELECT_LAST_GENERATION, name)
        return 0 if row is None else _integer(row[0])

    # Index kms_key_material_by_generation; as many rows as the key has been rotated.
    COUNT_ROTATIONS = """
    SELECT count(*) FROM kms_key_material
    WHERE account = ? AND region = ? AND key_id = ? AND rotation_type = ?
    """

    def rotation_count(self, name: KeyName, rotation_type: str) -> int:
        """How often a key has been rotated in one of the two ways."""
        row = self.engine.one(self.COUNT_ROTATIONS, (*name, rotation_type))
        assert row is not None
        return _integer(row[0])

    # The first row of the table, whichever that is.
    SELECT_ANY_MATERIAL = "SELECT generation FROM kms_key_material ORDER BY account LIMIT 1"

    def has_material(self) -> bool:
        """Whether there is any key's material."""
        return self.engine.one(self.SELECT_ANY_MATERIAL) is not None

    # ------------------------------------------------------------------ tags

    # Range of the primary key.
    SELECT_TAGS = """
    SELECT tag_key, tag_value FROM kms_tag
    WHERE account = ? AND region = ? AND key_id = ? AND tag_key > ?
    ORDER BY tag_key LIMIT ?
    """

    def tags(self, name: KeyName, after: str, limit: int) -> list[tuple[str, str]]:
        """Tags of a key in order of their keys, those after one."""
        rows = self.engine.all(self.SELECT_TAGS, (*name, after, limit))
        return [(str(row[0]), str(row[1])) for row in rows]

    UPSERT_TAG = """
    INSERT INTO kms_tag (account, region, key_id, tag_key, tag_value) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (account, region, key_id, tag_key) DO UPDATE SET tag_value = excluded.tag_value
    """

    def put_tags(self, name: KeyName, tags: Sequence[tuple[str, str]]) -> None:
        """Add tags, or change their values."""
        with self.engine.atomic():
            self.engine.write_many(self.UPSERT_TAG, [(*name, *tag) for tag in tags])

    # Primary key.
    DELETE_TAG = """
    DELETE FROM kms_tag WHERE account = ? AND region = ? AND key_id = ? AND tag_key = ?
    """

    def remove_tags(self, name: KeyName, tag_keys: Sequence[str]) -> None:
        """Remove tags; keys that no tag has are passed over."""
        with self.engine.atomic():
            self.engine.write_many(self.DELETE_TAG, [(*name, tag_key) for tag_key in tag_keys])


def _key(name: KeyName, row: Row) -> Key:
    spec, usage, origin, manager, primary, enabled, description, policy, created = row[:9]
    deletion, window, material_id, period, next_rotation, valid_to = row[9:]
    return Key(
        name=name,
        key_spec=str(spec),
        key_usage=str(usage),
        origin=str(origin),
        manager=str(manager),
        primary_region=str(primary),
        is_enabled=bool(enabled),
        description=str(description),
        policy=str(policy),
        created_at_ms=_integer(created),
        deletion_at_ms=None if deletion is None else _integer(deletion),
        pending_window_days=None if window is None else _integer(window),
        material_id=str(material_id),
        rotation_period_days=None if period is None else _integer(period),
        next_rotation_at_ms=None if next_rotation is None else _integer(next_rotation),
        valid_to_ms=None if valid_to is None else _integer(valid_to),
    )


def _integer(value: object) -> int:
    assert isinstance(value, int)
    return value


def _octets(value: object) -> bytes:
    assert isinstance(value, bytes)
    return value
