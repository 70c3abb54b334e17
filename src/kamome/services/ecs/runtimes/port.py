"""What a container is to whoever runs it: knows nothing of tasks, stores or wires."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from kamome.services.ecs.firelens import Route
from kamome.services.ecs.volumes import Mount


class CannotRun(Exception):
    """The container cannot be run; the sentence is what ECS shows as the reason."""


class ContainerSpec(msgspec.Struct, frozen=True):
    """One container to be run.

    `folder` is its own on disk (removed at its end), with `tmp/` in it as scratch. `token` is in
    its environment and nowhere else, so that what a killed server has left can be known by it.
    `ulimits` are name → (soft, hard). `route` says where its lines go besides the log file.
    `config` is a file of ours that a container runtime mounts, and a process finds by a variable.
    `own_variables` are those that its definition names. `memory_mb` and `cpu_units` are what a
    container runtime keeps it to, 0 for nothing.
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
    mounts: tuple[Mount, ...] = ()
    route: Route | None = None
    config: Mount | None = None
    own_variables: frozenset[str] = frozenset()
    memory_mb: int = 0
    cpu_units: int = 0

    @property
    def scratch(self) -> Path:
        """HOME and TMPDIR of the process."""
        return self.folder / "tmp"


class Command(msgspec.Struct, frozen=True):
    """A program with its arguments, where it starts and with which environment.

    `removal` ends what outlives the program itself when it is killed; empty where nothing does.
    `termination` asks it to end, where a signal to the program is not enough.
    `inside` stands before a command that is to run where the program does.
    """

    arguments: Sequence[str]
    folder: Path
    environment: Mapping[str, str]
    removal: Sequence[str] = ()
    inside: Sequence[str] = ()
    termination: Sequence[str] = ()
