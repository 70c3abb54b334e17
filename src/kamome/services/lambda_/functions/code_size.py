"""How large a function is with its layers, unzipped.

AWS: Lambda Developer Guide, Lambda quotas (Deployment package size).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kamome.services.lambda_.errors import InvalidParameterValueException
from kamome.services.lambda_.invocation.running import layer_folders
from kamome.services.lambda_.limits import CODE_UNZIPPED_BYTES_MAX

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from kamome.services.lambda_.functions.function_configuration import Code, Settings
    from kamome.services.lambda_.slice import Lambda


async def check_size_with_layers(lambda_: Lambda, settings: Settings, code: Code) -> None:
    """Refuse a function whose package and layers pass 250 MB together.

    Each of them alone has been checked when it was unpacked.

    Raises:
        InvalidParameterValueException: they do.

    AWS: Lambda Developer Guide, Lambda quotas (Deployment package size).
    """
    if not settings.layers:
        return
    own = await lambda_.code.ensure(code.sha256, lambda: lambda_.blobs.read(code.blob_id))
    folders = [own, *await layer_folders(lambda_, settings.layers)]
    size = await asyncio.to_thread(_size_of, folders)
    if size > CODE_UNZIPPED_BYTES_MAX:
        raise InvalidParameterValueException(
            "Function code combined with layers exceeds the maximum allowed size of"
            f" {CODE_UNZIPPED_BYTES_MAX} bytes. The actual size is {size} bytes."
        )


def _size_of(folders: Iterable[Path]) -> int:
    files = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return sum(path.stat().st_size for path in files)
