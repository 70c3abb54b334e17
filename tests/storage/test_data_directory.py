"""The data directory: one process at a time, and its names survive a power cut."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kamome.storage.data_directory import DataDirectory, DataDirectoryInUse

HOLD = """
import sys, time
from pathlib import Path
from kamome.storage.data_directory import DataDirectory
directory = DataDirectory(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def held_by_another_process(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_one_in_use_by_another_process_is_refused_with_its_id(tmp_path: Path) -> None:
    with held_by_another_process(tmp_path / "data") as other:
        with pytest.raises(DataDirectoryInUse) as refusal:
            DataDirectory(tmp_path / "data")
        other.kill()

    assert str(refusal.value) == (
        f"The data directory {tmp_path / 'data'} is in use by another process (id {other.pid})."
        " Stop that one, or give another --data directory."
    )


def test_a_killed_process_holds_it_no_longer(tmp_path: Path) -> None:
    with held_by_another_process(tmp_path) as other:
        os.kill(other.pid, signal.SIGKILL)
        other.wait()

    DataDirectory(tmp_path).close()


def test_a_second_one_in_the_same_process_is_refused_too(tmp_path: Path) -> None:
    first = DataDirectory(tmp_path)

    with pytest.raises(DataDirectoryInUse):
        DataDirectory(tmp_path)

    first.close()
    DataDirectory(tmp_path).close()


def test_each_new_folder_is_synced_into_the_one_above(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr("kamome.storage.data_directory.sync_folder", synced.append)

    directory = DataDirectory(tmp_path / "new" / "data")
    directory.folder("blobs")
    directory.folder("blobs")

    assert synced == [tmp_path, tmp_path / "new", tmp_path / "new" / "data"]
    assert directory.database == tmp_path / "new" / "data" / "kamome.db"
    directory.close()


def test_an_ephemeral_one_is_gone_at_the_end() -> None:
    directory = DataDirectory(None)
    (directory.folder("blobs") / "body").write_bytes(b"x")

    directory.close()

    assert directory.database is None
    assert not directory.path.exists()
