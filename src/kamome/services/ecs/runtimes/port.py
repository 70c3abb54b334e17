"""What a container is to whoever runs it: knows nothing of tasks, stores or wires."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec


class CannotRun(Exception):
    """The container cannot be run; the sentence is what ECS shows as the reason."""


class ContainerSpec(msgspec.Struct, frozen=True):
    """One container to be run.

    `folder` is its own on disk (removed at its end), with `tmp/` in it as scratch. `token` is in
    its environment and nowhere else, so that what a killed server has left can be known by it.
    `ulimits` are name → (soft, hard).
    """

    name: str
    image: str
    entry_point: Sequence[str]
    command: Sequence[str]
    working_directory: str
    environment: Mapping[str, str]
    ulimits: Mapping[str, tuple[int, int]]
    folder: Path
    log_file: Path
    token: str

    @property
    def scratch(self) -> Path:
        """HOME and TMPDIR of the process."""
        return self.folder / "tmp"


class Command(msgspec.Struct, frozen=True):
    """A program with its arguments, where it starts and with which environment.

    `removal` ends what outlives the program itself when it is killed; empty where nothing does.
    """

    arguments: Sequence[str]
    folder: Path
    environment: Mapping[str, str]
    removal: Sequence[str] = ()
