"""What stands for an image on this machine: a directory, a command, or a container runtime.

The setting `task_images` holds `IMAGE=DIRECTORY` or `IMAGE=COMMAND`, separated by commas. An image
is looked for under its whole name, then without tag and digest, then without the registry's host.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple


class Program(NamedTuple):
    """Where and how a mapped image runs: `prefix` goes before the container's own command."""

    folder: Path | None
    prefix: Sequence[str]


def read_mapping(text: str) -> dict[str, Program]:
    """The setting `task_images`, read.

    A value that is a directory is one; anything else is a command in the shell's own quoting.

    Raises:
        ValueError: an entry is not IMAGE=DIRECTORY or IMAGE=COMMAND; the sentence says which.
    """
    mapping = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        image, equals, value = (part.strip() for part in entry.partition("="))
        if not image or not equals or not value:
            raise ValueError(f"{entry!r} is not IMAGE=DIRECTORY or IMAGE=COMMAND")
        folder = Path(value).expanduser()
        if folder.is_dir():
            mapping[image] = Program(folder.resolve(), ())
        elif "/" in value and " " not in value and not folder.exists():
            raise ValueError(f"there is no directory or program {value} for the image {image}")
        else:
            mapping[image] = Program(None, tuple(shlex.split(value)))
    return mapping


def find_program(mapping: Mapping[str, Program], image: str) -> Program | None:
    """What an image is mapped to, None where it is not."""
    return next((mapping[name] for name in _names_of(image) if name in mapping), None)


def working_folder(program: Program, working_directory: str, scratch: Path) -> Path:
    """Where the process starts.

    A container's `workingDirectory` is a path in its image: it is looked for below the image's
    directory, and where it is not there the directory itself is taken. A program without a
    directory starts in the task's own scratch folder.
    """
    if program.folder is None:
        return scratch
    wanted = (program.folder / working_directory.lstrip("/")).resolve()
    if wanted.is_relative_to(program.folder) and wanted.is_dir():
        return wanted
    return program.folder


def _names_of(image: str) -> Iterator[str]:
    yield image
    name = image.partition("@")[0]
    path, slash, last = name.rpartition("/")
    untagged = f"{path}{slash}{last.partition(':')[0]}"
    yield name
    yield untagged
    host, slash, rest = untagged.partition("/")
    if slash and ("." in host or ":" in host or host == "localhost"):
        yield f"{rest}:{last.partition(':')[2]}"
        yield rest
