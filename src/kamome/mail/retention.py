"""When to look again for mails past their retention.

Not every hour: an advance by a century would look 876,000 times. Nothing can be too old before the
oldest is, and what comes from now on not before a whole retention has passed.
"""

from __future__ import annotations

# What grows too old within an hour goes together; what could not go is looked at again.
_PAUSE_MS_MIN = 3600 * 1000


def next_sweep_ms(now_ms: int, oldest_ms: int | None, retention_ms: int) -> int:
    """When to sweep again after one that removed all it could; `oldest_ms` is what is left."""
    expires_ms = (now_ms if oldest_ms is None else oldest_ms) + retention_ms
    return max(expires_ms, now_ms + _PAUSE_MS_MIN)
