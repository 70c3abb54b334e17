"""Counts of sending by day, identity and configuration set, in the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from kamome.storage.engine import Engine

if TYPE_CHECKING:
    from kamome.services.ses.store import Owner

# All by the primary key of ses_metric_day, or ranges of it.
ADD = """
INSERT INTO ses_metric_day (account, region, metric, day_ms, identity, configuration_set, count)
VALUES (?, ?, ?, ?, ?, ?, 1)
ON CONFLICT (account, region, metric, day_ms, identity, configuration_set)
DO UPDATE SET count = count + 1
RETURNING count
"""
DELETE_OLD = """
DELETE FROM ses_metric_day WHERE account = ? AND region = ? AND metric = ? AND day_ms < ?
"""
SELECT_DAYS = """
SELECT day_ms, sum(count) FROM ses_metric_day
WHERE account = ?1 AND region = ?2 AND metric = ?3 AND day_ms BETWEEN ?4 AND ?5
  AND (?6 = '' OR identity = ?6) AND (?7 = '' OR configuration_set = ?7)
GROUP BY day_ms ORDER BY day_ms LIMIT ?8
"""

SELECT_SUMS = """
SELECT day_ms, identity, configuration_set, count FROM ses_metric_day
WHERE account = ? AND region = ? AND metric = ? AND day_ms BETWEEN ? AND ?
ORDER BY day_ms, identity, configuration_set LIMIT ?
"""

DAY_MS = 24 * 3600_000
# Ours: longer than AWS's dashboard looks back.
_KEPT_DAYS = 120
# Ours: of one metric in one export.
_SUMS_MAX = 10_000


class Kept(msgspec.Struct, frozen=True):
    """What is counted apart: empty texts mean all."""

    identity: str = ""
    configuration_set: str = ""


class DaySum(msgspec.Struct, frozen=True):
    """What one identity and configuration set have counted in one day."""

    day_ms: int
    identity: str
    configuration_set: str
    count: int


class MetricStore:
    """The rows of metrics. Writes join the open step."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def count(self, owner: Owner, metric: str, at_ms: int, kept: Kept) -> None:
        """Add one to the day that `at_ms` lies in; with a new row the oldest days go."""
        key = (owner.account, owner.region, metric)
        day_ms = at_ms - at_ms % DAY_MS
        row = (*key, day_ms, kept.identity, kept.configuration_set)
        if self._engine.write_returning(ADD, row)[0][0] == 1:
            self._engine.write(DELETE_OLD, (*key, day_ms - _KEPT_DAYS * DAY_MS))

    def days(
        self, owner: Owner, metric: str, between_ms: tuple[int, int], kept: Kept
    ) -> list[tuple[int, int]]:
        """The days in an interval that have anything, in order: when each begins, and its sum."""
        key = (owner.account, owner.region, metric)
        row = (*key, *between_ms, kept.identity, kept.configuration_set, _KEPT_DAYS + 1)
        found = []
        for day_ms, count in self._engine.all(SELECT_DAYS, row):
            assert isinstance(day_ms, int)
            assert isinstance(count, int)
            found.append((day_ms, count))
        return found

    def sums(self, owner: Owner, metric: str, between_ms: tuple[int, int]) -> list[DaySum]:
        """The days in an interval by identity and configuration set, in order; 10,000 at most."""
        row = (owner.account, owner.region, metric, *between_ms, _SUMS_MAX)
        found = []
        for day_ms, identity, configuration_set, count in self._engine.all(SELECT_SUMS, row):
            assert isinstance(day_ms, int)
            assert isinstance(count, int)
            found.append(DaySum(day_ms, str(identity), str(configuration_set), count))
        return found
