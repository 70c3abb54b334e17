"""Deployment packages: what may be in a .zip file archive, and what it unpacks to.

AWS: Lambda Developer Guide, Lambda quotas; Deploying Python functions with .zip file archives.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import stat
from io import BytesIO
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import msgspec

from kamome.services.lambda_.errors import (
    InvalidParameterValueException,
    RequestEntityTooLargeException,
)
from kamome.services.lambda_.limits import (
    CODE_ENTRIES_MAX,
    CODE_UNZIPPED_BYTES_MAX,
    CODE_ZIPPED_BYTES_MAX,
)

if TYPE_CHECKING:
    import zipfile

_CANNOT_UNZIP = "Could not unzip uploaded file. Please check your file, then try to upload again."
_EMPTY = "Uploaded file must be a non-empty zip"
# Stored, deflated. APPNOTE.TXT 4.4.5.
_COMPRESSIONS = frozenset({0, 8})
_IS_ENCRYPTED = 0x1
# What file systems take: 255 bytes a name, 4,096 a path, of which the folder has a share.
_NAME_BYTES_MAX = 255
_PATH_BYTES_MAX = 3_000
_HASH = re.compile(r"[0-9a-f]{64}")


class CodeFile(msgspec.Struct, frozen=True):
    """One file of a package: its path below the task root, and how to write it."""

    entry: zipfile.ZipInfo
    path: PurePosixPath
    is_executable: bool


def code_sha256(archive: bytes) -> str:
    """`CodeSha256`: the base64 of the archive's SHA-256. AWS: FunctionConfiguration."""
    return base64.b64encode(hashlib.sha256(archive).digest()).decode("ascii")


def code_hash(sha256: str) -> str:
    """A `CodeSha256` in hexadecimal: names the folder of the unpacked code, and its download."""
    return base64.b64decode(sha256).hex()


def sha256_of(code_hash: str) -> str:
    """The `CodeSha256` of such a name; empty where the text is none."""
    if _HASH.fullmatch(code_hash) is None:
        return ""
    return base64.b64encode(bytes.fromhex(code_hash)).decode("ascii")


def check_upload(archive: bytes) -> None:
    """Refuse a direct upload that is empty or too large.

    Raises:
        InvalidParameterValueException: the archive is empty.
        RequestEntityTooLargeException: it passes 50 MB.
    """
    if not archive:
        raise InvalidParameterValueException(_EMPTY)
    if len(archive) > CODE_ZIPPED_BYTES_MAX:
        raise RequestEntityTooLargeException(
            f"Request must be smaller than {CODE_ZIPPED_BYTES_MAX} bytes for the"
            " CreateFunction operation"
        )


def open_archive(archive: bytes) -> zipfile.ZipFile:
    """The archive, its directory read.

    Raises:
        InvalidParameterValueException: it is not a zip file.
    """
    import zipfile

    try:
        return zipfile.ZipFile(BytesIO(archive))
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        raise InvalidParameterValueException(_CANNOT_UNZIP) from error


def files_of(archive: zipfile.ZipFile) -> list[CodeFile]:
    """The files to write, in the archive's order; directories come from the files' paths.

    Raises:
        InvalidParameterValueException: there are no entries or too many, a path leads out of the
            task root or is too long, an entry is a symbolic link or another special file, is
            encrypted or compressed in an unknown way, or all together are declared to pass 250 MB.
            (What is declared may lie: the writer counts again.)
    """
    entries = archive.infolist()
    if not entries:
        raise InvalidParameterValueException(_EMPTY)
    if len(entries) > CODE_ENTRIES_MAX:
        raise InvalidParameterValueException(
            f"{_CANNOT_UNZIP} It has more than {CODE_ENTRIES_MAX} entries."
        )
    check_unzipped_size(sum(entry.file_size for entry in entries))
    return [_file(entry) for entry in entries if not entry.is_dir() or _refuse_odd(entry)]


def check_unzipped_size(size: int) -> None:
    """Raises: InvalidParameterValueException: the unzipped package passes 250 MB."""
    if size > CODE_UNZIPPED_BYTES_MAX:
        raise InvalidParameterValueException(
            f"Unzipped size must be smaller than {CODE_UNZIPPED_BYTES_MAX} bytes"
        )


def cannot_unzip(why: str = "") -> InvalidParameterValueException:
    """The refusal of an archive that cannot be unpacked."""
    return InvalidParameterValueException(f"{_CANNOT_UNZIP} {why}".rstrip())


def _file(entry: zipfile.ZipInfo) -> CodeFile:
    _refuse_odd(entry)
    mode = entry.external_attr >> 16
    path = PurePosixPath(entry.filename)
    return CodeFile(entry, path, bool(mode & (stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)))


def _refuse_odd(entry: zipfile.ZipInfo) -> bool:
    """Refuse an entry that could reach outside its folder, or that cannot be read."""
    name = entry.filename
    parts = name.split("/")
    if not name or name.startswith("/") or ".." in parts or "\\" in name or ":" in parts[0]:
        raise cannot_unzip(f"The path {name!r} leads out of the function's folder.")
    if (
        any(len(os.fsencode(part)) > _NAME_BYTES_MAX for part in parts)
        or len(os.fsencode(name)) > _PATH_BYTES_MAX
    ):
        raise cannot_unzip("One of its paths is too long for a file system.")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise cannot_unzip(f"{name!r} is a symbolic link or another special file.")
    if entry.flag_bits & _IS_ENCRYPTED or entry.compress_type not in _COMPRESSIONS:
        raise cannot_unzip(f"{name!r} is encrypted, or compressed in another way than deflate.")
    return False
