"""`kamome s3`: what one does with stored objects by hand."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click

from kamome.cli.report import report_for_stdout
from kamome.ids import Ids
from kamome.services.s3.bodies.verify import verify_all
from kamome.services.s3.store import S3Store
from kamome.storage.blobs import Blobs
from kamome.storage.data_directory import DataDirectory, DataDirectoryInUse
from kamome.storage.engine import Engine


@click.group("s3")
def objects() -> None:
    """Look after stored objects."""


@objects.command()
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    required=True,
    help="The data directory of a server that does not run.",
)
def verify(data: Path) -> None:
    """Compare every stored body with its checksums; ends with 1 if any is damaged.

    Each damaged version is named on a line of its own: bucket, key, version id, and why.
    """
    if not (data / "kamome.db").exists():
        raise click.UsageError(f"{data} holds no data of Kamome.")
    try:
        directory = DataDirectory(data)
    except DataDirectoryInUse as error:
        raise click.ClickException(str(error)) from error
    try:
        damaged = asyncio.run(_verify(directory))
    finally:
        directory.close()
    sys.exit(1 if damaged else 0)


async def _verify(directory: DataDirectory) -> int:
    """Print what is damaged and a line of sums; returns how many versions are damaged."""
    out = report_for_stdout()
    engine = Engine(directory.database)
    blobs = Blobs(engine, directory.folder("blobs"), Ids())
    count = size = damaged = 0
    try:
        async for verdict in verify_all(S3Store(engine), blobs):
            count += 1
            size += verdict.size
            if verdict.damage:
                damaged += 1
                shown = f"{verdict.bucket}/{verdict.key} ({verdict.version_id})"
                out.problem(f"{shown}: {verdict.damage}")
    finally:
        await engine.close()
        blobs.close()
    out.say(f"{count} versions, {size} bytes read, {damaged} damaged.")
    return damaged
