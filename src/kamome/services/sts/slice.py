"""`Sts`: STS's operations answer from the caller's context and need nothing else yet."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sts:
    """The slice. Role sessions will bring it a store, a clock and ids."""
