"""A write that fails half-way leaves nothing behind."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.secretsmanager.conftest import World

    from kamome.storage.engine import Value

TABLES = (
    "secretsmanager_secret",
    "secretsmanager_version",
    "secretsmanager_stage",
    "outbox",
)
FIRST = "a" * 32
LABEL = {"SecretId": "db", "VersionStage": "mine"}
WRITES: dict[str, tuple[str, dict[str, object]]] = {
    "create": ("CreateSecret", {"Name": "other", "SecretString": "v"}),
    "put a value": ("PutSecretValue", {"SecretId": "db", "SecretString": "v"}),
    "update value and key": (
        "UpdateSecret",
        {"SecretId": "db", "SecretString": "v", "KmsKeyId": "alias/shop"},
    ),
    "read": ("GetSecretValue", {"SecretId": "db"}),
    "schedule the deletion": ("DeleteSecret", {"SecretId": "db"}),
    "delete at once": ("DeleteSecret", {"SecretId": "db", "ForceDeleteWithoutRecovery": True}),
    "restore": ("RestoreSecret", {"SecretId": "gone"}),
    "move a label": ("UpdateSecretVersionStage", {**LABEL, "MoveToVersionId": FIRST}),
    "tag": ("TagResource", {"SecretId": "db", "Tags": [{"Key": "k", "Value": "v"}]}),
    "untag": ("UntagResource", {"SecretId": "db", "TagKeys": ["old"]}),
}


class _DiskError(Exception):
    pass


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
async def test_write_that_fails_at_its_nth_statement_changes_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, write: tuple[str, dict[str, object]]
) -> None:
    await world.create(ClientRequestToken=FIRST, Tags=[{"Key": "old", "Value": "v"}])
    await world.call("PutSecretValue", SecretId="db", SecretString="two")
    await world.create("gone")
    await world.call("DeleteSecret", SecretId="gone")
    operation, parameters = write
    before = _rows(world)
    genuine = world.engine.write
    failures = 0

    for fails_at in range(1, 30):
        calls = count(1)

        def fail(
            sql: str, params: Sequence[Value] = (), *, calls: count[int] = calls, at: int = fails_at
        ) -> int:
            if next(calls) == at:
                raise _DiskError
            return genuine(sql, params)

        monkeypatch.setattr(world.engine, "write", fail)
        try:
            await world.call(operation, **parameters)
        except _DiskError:
            failures += 1
            assert _rows(world) == before
        else:
            break

    assert failures > 0
    assert _rows(world) != before


def _rows(world: World) -> list[object]:
    return [world.engine.all(f"SELECT * FROM {table}") for table in TABLES]
