"""The end of what was given to the threads of the blobs."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from kamome.storage.blobs import THREADS

if TYPE_CHECKING:
    from kamome.storage.blobs import Blobs

_PATIENCE_S = 30


async def file_work_done(blobs: Blobs) -> None:
    """All file work that was handed to threads so far is done.

    Each thread comes to the same gate, behind what it had to do before.
    """
    gate = threading.Barrier(THREADS)
    await asyncio.gather(*(blobs.in_thread(lambda: gate.wait(_PATIENCE_S)) for _ in range(THREADS)))
