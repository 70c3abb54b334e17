"""Throttling of deliveries to HTTP(S) endpoints: at most so many in a second.

AWS: SNS Developer Guide, Creating an HTTP/S delivery policy (maxReceivesPerSecond).
"""

from __future__ import annotations

# Subscriptions remembered; one that is forgotten has its next second early.
_SUBSCRIPTIONS_MAX = 10_000


class Throttle:
    """When each subscription may have its next message. A restart begins anew."""

    def __init__(self) -> None:
        self._next_ms: dict[str, float] = {}

    def slot_ms(self, subscription_arn: str, per_second: int, now_ms: int) -> int:
        """The moment of the next delivery; the slot is taken where that moment is now.

        AWS: SNS Developer Guide, Creating an HTTP/S delivery policy (maxReceivesPerSecond).
        """
        if per_second <= 0:
            return now_ms
        next_ms = self._next_ms.get(subscription_arn, 0)
        if next_ms > now_ms:
            return round(next_ms + 0.5)
        if len(self._next_ms) >= _SUBSCRIPTIONS_MAX:
            del self._next_ms[next(iter(self._next_ms))]
        self._next_ms[subscription_arn] = now_ms + 1000 / per_second
        return now_ms
