"""`Sts`: STS's operations answer from the caller's context and need nothing else yet."""

from __future__ import annotations

import msgspec


class Sts(msgspec.Struct, frozen=True):
    """The slice. Role sessions will bring it a store, a clock and ids."""
