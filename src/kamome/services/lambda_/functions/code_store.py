"""Unpacked deployment packages: one folder per code hash, a cache that can be made again.

A package is unpacked into a temporary folder and renamed when complete, so a folder with a hash as
its name is whole. Files are read-only, as `/var/task` is. Folders that no function uses any more
are removed when the server starts; until then a running instance may still need one.
"""

from __future__ import annotations

import asyncio
import shutil
import zlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from kamome.services.lambda_.functions.code import (
    cannot_unzip,
    check_unzipped_size,
    code_hash,
    files_of,
    open_archive,
    sha256_of,
)

if TYPE_CHECKING:
    import zipfile

_PIECE_BYTES = 256 * 1024


class CodeStore(msgspec.Struct, frozen=True):
    """The cache folder, and where the archives themselves are read from."""

    folder: Path
    unique: Callable[[int], str]

    async def unpack(self, archive: bytes, sha256: str) -> Path:
        """Check the archive and unpack it, unless that has been done; returns the task root.

        Raises:
            InvalidParameterValueException: see `code.files_of`; or the archive is damaged.
        """
        final = self.folder / code_hash(sha256)
        if not final.exists():
            temporary = self.folder / f"tmp-{self.unique(16)}"
            await asyncio.to_thread(_unpack, archive, temporary, final)
        return final

    async def ensure(self, sha256: str, read: Callable[[], AsyncIterator[bytes]]) -> Path:
        """The task root of a function's code, unpacked again where the cache has been removed."""
        final = self.folder / code_hash(sha256)
        if final.exists():
            return final
        return await self.unpack(b"".join([piece async for piece in read()]), sha256)

    def remove_unused(self, is_used: Callable[[str], bool]) -> None:
        """Remove folders whose `CodeSha256` is not used. For the start, before any instance."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for folder in self.folder.iterdir():
            sha256 = sha256_of(folder.name)
            if not sha256 or not is_used(sha256):
                shutil.rmtree(folder, ignore_errors=True)


def _unpack(archive: bytes, temporary: Path, final: Path) -> None:
    import zipfile

    temporary.mkdir(parents=True)
    try:
        with open_archive(archive) as opened:
            _write_files(opened, temporary)
        _rename(temporary, final)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise cannot_unzip() from error
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise cannot_unzip("Two of its paths exclude each other.") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _write_files(archive: zipfile.ZipFile, folder: Path) -> None:
    written = 0
    for file in files_of(archive):
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)  # a later entry of the same path wins, as with unzip
        with archive.open(file.entry) as source, path.open("xb") as target:
            while piece := source.read(_PIECE_BYTES):
                written += len(piece)
                check_unzipped_size(written)
                target.write(piece)
        path.chmod(0o555 if file.is_executable else 0o444)


def _rename(temporary: Path, final: Path) -> None:
    try:
        temporary.rename(final)
    except OSError:
        if not final.exists():  # another unpacked the same package meanwhile
            raise
