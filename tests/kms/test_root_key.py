"""Key material at rest: what the database and the file of the root key hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.kms.conftest import World

from kamome.ids import seeded_ids
from kamome.services.kms import keys
from kamome.services.kms.errors import KMSInternalException
from kamome.services.kms.root_key import RootKey


def root_key(folder: Path, *, is_something_wrapped: bool = False, seed: int = 7) -> RootKey:
    return RootKey(lambda: folder, seeded_ids(seed), lambda: is_something_wrapped)


async def test_material_is_not_in_the_database(world: World) -> None:
    key_id = await world.key()
    key = keys.find(world.kms, world.ctx, key_id)

    material = keys.material_of(world.kms, key)

    assert len(material) == 32
    assert material not in world.engine.image()


def test_root_key_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    wrapped = root_key(tmp_path).wrap(b"material", "a")

    again = root_key(tmp_path, seed=8)

    assert again.unwrap(wrapped, "a") == b"material"
    assert (tmp_path / "root.key").stat().st_mode & 0o777 == 0o600
    assert len((tmp_path / "root.key").read_bytes()) == 32


def test_wrapped_material_belongs_to_its_name(tmp_path: Path) -> None:
    wrapped = root_key(tmp_path).wrap(b"material", "a")

    with pytest.raises(KMSInternalException, match="damaged"):
        root_key(tmp_path).unwrap(wrapped, "b")


def test_root_key_that_is_lost_is_missed_and_not_replaced(tmp_path: Path) -> None:
    wrapped = root_key(tmp_path).wrap(b"material", "a")
    (tmp_path / "root.key").unlink()
    without = root_key(tmp_path, is_something_wrapped=True)

    with pytest.raises(KMSInternalException, match=r"root\.key"):
        without.unwrap(wrapped, "a")
    with pytest.raises(KMSInternalException, match=r"root\.key"):
        without.wrap(b"more", "b")

    assert not (tmp_path / "root.key").exists()


def test_another_root_key_is_told_from_damage(tmp_path: Path) -> None:
    wrapped = root_key(tmp_path).wrap(b"material", "a")
    (tmp_path / "root.key").write_bytes(bytes(32))

    with pytest.raises(KMSInternalException, match="not the one"):
        root_key(tmp_path).unwrap(wrapped, "a")


def test_half_a_root_key_is_told(tmp_path: Path) -> None:
    (tmp_path / "root.key").write_bytes(b"half")

    with pytest.raises(KMSInternalException, match="damaged"):
        root_key(tmp_path).wrap(b"material", "a")


def test_root_key_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(KMSInternalException, match="cannot be written"):
        root_key(tmp_path / "missing").wrap(b"material", "a")
