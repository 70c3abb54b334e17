"""Volumes of a task on this machine: directories that its containers share. Pure.

A container runtime mounts them. A process has no file system of its own, so for it a volume is
where it is: the path in the container must be the directory itself.

AWS: ECS API Reference, Volume, MountPoint; ECS Developer Guide, Use bind mounts with Amazon ECS.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from kamome.services.ecs import shapes


class Mount(msgspec.Struct, frozen=True):
    """A directory of this machine at a path of a container."""

    source: Path
    target: str
    is_read_only: bool = False
    is_ours: bool = False  # made for the task, and gone with it


def mounts_of(
    container: shapes.ContainerDefinition, volumes: Sequence[shapes.Volume], folder: Path
) -> tuple[Mount, ...]:
    """What a container mounts; volumes without a source are directories below `folder`."""
    sources = {
        volume.get("name", ""): volume.get("host", {}).get("sourcePath", "") for volume in volumes
    }
    mounts = []
    for point in container.get("mountPoints", ()):
        name = point.get("sourceVolume", "")
        source = sources.get(name, "")
        mounts.append(
            Mount(
                Path(source) if source else folder / name,
                point.get("containerPath", ""),
                point.get("readOnly", False),
                is_ours=not source,
            )
        )
    return tuple(mounts)
