"""What has happened, counted: the report of an advance is the difference of two moments.

Slices tell what they do in the steps of journeys, and the ports between services what is handed
over; both are counted here, whether or not a journey is recorded. One count is one addition.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

# Kinds times resources; what comes beyond is counted under one name.
_NAMES_MAX = 10_000
_OTHERS = "(others)"

# What steps of journeys are called in a report. The others are counted where they happen, or are
# no events of their own (an Enqueue is the other end of a delivery).
_EVENTS: Mapping[tuple[str, str], str] = {
    ("sqs", "DeadLetter"): "redrives",
    ("sqs", "Redrive"): "redrives",
}

Counts = Mapping[tuple[str, str], int]


class Tally:
    """Events by kind (`attempts`, `deliveries`, `redrives`, `expiries`, `invocations`) and name."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()

    def count(self, kind: str, name: str, by: int = 1) -> None:
        """An event of this kind has happened to `name`."""
        key = (kind, name)
        if key not in self._counts and len(self._counts) >= _NAMES_MAX:
            key = (kind, _OTHERS)
        self._counts[key] += by

    def step(self, service: str, action: str, resource: str) -> None:
        """A step of a journey, or what would be one if a journey were recorded."""
        kind = _EVENTS.get((service, action))
        if kind is not None:
            self.count(kind, resource)

    def now(self) -> Counts:
        """The counts of this moment, to compare with later."""
        return dict(self._counts)

    def since(self, before: Counts) -> dict[str, dict[str, int]]:
        """What has happened since: counts by name, by kind. Only what has happened is there."""
        found: dict[str, dict[str, int]] = {}
        for (kind, name), count in self._counts.items():
            if count > before.get((kind, name), 0):
                found.setdefault(kind, {})[name] = count - before.get((kind, name), 0)
        return found
