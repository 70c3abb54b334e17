"""How long sent mails are known: seven days, as received ones, with all that happened to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamome.mail.retention import next_sweep_ms
from kamome.services.ses.feedback.event_store import EventStore

if TYPE_CHECKING:
    from kamome.services.ses.slice import Ses

# Delivery is tried for 14 hours, and servers that take a mail report within days that it bounced.
RETENTION_MS = 7 * 24 * 3600 * 1000
_SWEEP_MS = 3600 * 1000
_SWEEP_ROWS = 500


def start(ses: Ses) -> None:
    """Forget mails past their retention now, and whenever the oldest is."""
    now_ms = ses.clock.now_ms()
    next_ms = now_ms + _SWEEP_MS
    try:
        old = ses.sent.old(now_ms - RETENTION_MS, _SWEEP_ROWS)
        with ses.store.engine.atomic():
            ses.sent.forget(old)
            EventStore(ses.store.engine).forget(old)
        if len(old) == _SWEEP_ROWS:
            # It goes on after the next pass of the loop instead of holding it up.
            next_ms = now_ms
        else:
            next_ms = next_sweep_ms(now_ms, ses.sent.oldest_ms(), RETENTION_MS)
    finally:
        # Also where the store refuses (a full disk): the next sweep may succeed.
        ses.clock.call_at(next_ms, lambda: start(ses))
