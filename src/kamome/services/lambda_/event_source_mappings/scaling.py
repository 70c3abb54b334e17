"""How many batches of a queue an event source mapping works at once.

A mapping starts with five, gets 300 a minute more as long as there is a backlog, and goes back to
five when the queue is empty. An invocation that fails or is throttled takes one away, down to two.
AWS says that it backs off gradually and not how far: one for one is ours. Growth goes on under
throttling, which is why a mapping without a maximum runs ahead of a function's reserved
concurrency. A FIFO queue has no such growth: its message groups bound it.

AWS: Lambda Developer Guide, Configuring scaling behavior for SQS event source mappings; Handling
errors for an SQS event source in Lambda (Backoff strategy for failed invocations).
"""

from __future__ import annotations

import msgspec

from kamome.services.lambda_.limits import (
    BATCHES_AT_ONCE_MAX,
    BATCHES_AT_ONCE_MIN,
    BATCHES_AT_START,
    BATCHES_MORE_PER_MINUTE,
)

# The growth of a minute comes in equal steps.
STEP_MS = 1_000
_STEP = BATCHES_MORE_PER_MINUTE * STEP_MS // 60_000


class Scaling(msgspec.Struct):
    """`maximum` is the mapping's maximum concurrency, 0 where it has none."""

    maximum: int = 0
    is_fifo: bool = False
    _scale: int = BATCHES_AT_START

    @property
    def batches_max(self) -> int:
        """How many batches may be in flight now."""
        scale = BATCHES_AT_ONCE_MAX if self.is_fifo else self._scale
        return min(scale, self.maximum or BATCHES_AT_ONCE_MAX)

    @property
    def may_grow(self) -> bool:
        """Whether a backlog would bring more."""
        return not self.is_fifo and self._scale < (self.maximum or BATCHES_AT_ONCE_MAX)

    def grow(self) -> None:
        """There has been a backlog for one step."""
        self._scale = min(self._scale + _STEP, self.maximum or BATCHES_AT_ONCE_MAX)

    def back_off(self) -> None:
        """An invocation has failed or was throttled."""
        self._scale = max(self._scale - 1, BATCHES_AT_ONCE_MIN)

    def settle(self) -> None:
        """The queue is empty."""
        self._scale = min(self._scale, BATCHES_AT_START)
