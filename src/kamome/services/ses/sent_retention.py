"""How long sent mails are known: seven days, as received ones, with all that happened to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamome.services.ses.event_store import EventStore

if TYPE_CHECKING:
    from kamome.services.ses.slice import Ses

# Delivery is tried for 14 hours, and servers that take a mail report within days that it bounced.
RETENTION_MS = 7 * 24 * 3600 * 1000
_SWEEP_MS = 3600 * 1000
_SWEEP_ROWS = 500


def start(ses: Ses) -> None:
    """Forget mails past their retention now, and every hour from now on."""
    pause_ms = _SWEEP_MS
    try:
        old = ses.sent.old(ses.clock.now_ms() - RETENTION_MS, _SWEEP_ROWS)
        with ses.store.engine.atomic():
            ses.sent.forget(old)
            EventStore(ses.store.engine).forget(old)
        if len(old) == _SWEEP_ROWS:
            # It goes on after the next pass of the loop instead of holding it up.
            pause_ms = 0
    finally:
        # Also where the store refuses (a full disk): the next sweep may succeed.
        ses.clock.call_at(ses.clock.now_ms() + pause_ms, lambda: start(ses))
