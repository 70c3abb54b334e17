"""When a mail that was put off is tried again.

The first pause is 5 minutes, for servers that greylist take a mail after that; then the pause is as
long as the mail has waited, up to an hour: 5, 10, 20, 40, 80, 140 … minutes after it was queued,
some 20 attempts in 14 hours. The last attempt falls on the moment of giving up.

RFC 5321 §4.5.4.1 asks for 30 minutes between attempts in general and wants the first ones sooner.
AWS: SES retries a soft bounce for as long as the mail's greatest delivery time.
"""

from __future__ import annotations

FIRST_PAUSE_MS = 5 * 60_000
PAUSE_MAX_MS = 60 * 60_000


def next_attempt_ms(give_up_at_ms: int, max_age_ms: int, now_ms: int) -> int:
    """The moment of the next attempt for a mail that has just been put off."""
    age_ms = now_ms - (give_up_at_ms - max_age_ms)
    pause_ms = min(PAUSE_MAX_MS, max(FIRST_PAUSE_MS, age_ms))
    return max(now_ms, min(now_ms + pause_ms, give_up_at_ms))
