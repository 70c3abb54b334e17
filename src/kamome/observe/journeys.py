"""Journeys: where a mail or message came from, what handled it, when, with what result.

A journey rides on the X-Ray trace header that AWS's own services pass along. A step is written in
the commit of the effect it records, into a log bounded by rows. Calls without a trace cost nothing.

AWS: X-Ray Developer Guide, Tracing header.
"""

from __future__ import annotations

import msgspec

from kamome.clock import Clock
from kamome.observe.tally import Tally
from kamome.storage.engine import Engine

# About 25 MB of steps; the oldest go first.
STEPS_MAX = 100_000
JOURNEYS_MAX = 20_000
# Pruning looks once per this many steps.
_PRUNE_EVERY = 1_000
_TEXT_MAX = 400
# X-Ray's own have 40 characters.
_ROOT_MAX = 100

INSERT_JOURNEY = """
INSERT INTO journey (trace, started_at_ms, source, subject) VALUES (?, ?, ?, ?)
ON CONFLICT (trace) DO NOTHING
"""
INSERT_STEP = """
INSERT INTO journey_step (trace, number, at_ms, service, action, resource, result, detail)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
# Index journey_started, newest first.
SELECT_JOURNEYS = """
SELECT trace, started_at_ms, source, subject FROM journey
ORDER BY started_at_ms DESC, trace DESC LIMIT ?
"""
# Primary key of journey, of journey_step.
SELECT_JOURNEY = "SELECT trace, started_at_ms, source, subject FROM journey WHERE trace = ?"
SELECT_STEPS = """
SELECT at_ms, service, action, resource, result, detail FROM journey_step
WHERE trace = ? ORDER BY number LIMIT ?
"""
# Index journey_step_number.
SELECT_LAST_NUMBER = "SELECT max(number) FROM journey_step"
PRUNE_STEPS = "DELETE FROM journey_step WHERE number <= ?"
# Index journey_started: what is older than the newest JOURNEYS_MAX.
PRUNE_JOURNEYS = """
DELETE FROM journey WHERE (started_at_ms, trace) <=
  (SELECT started_at_ms, trace FROM journey ORDER BY started_at_ms DESC, trace DESC
   LIMIT 1 OFFSET ?)
"""


class Step(msgspec.Struct, frozen=True):
    """One thing that happened to a mail or message."""

    at_ms: int
    service: str
    action: str
    resource: str
    result: str
    detail: str


class Journey(msgspec.Struct, frozen=True):
    """A mail or message and its steps, in the order they happened."""

    trace: str
    started_at_ms: int
    source: str
    subject: str
    steps: tuple[Step, ...]


def trace_root(header: str) -> str:
    """`Root=1-…` out of a trace header with its Parent, Sampled and Lineage fields.

    A caller's root that is far too long for one is none: it would be kept with every step.
    """
    for part in header.split(";"):
        root = part.strip()
        if root.startswith("Root="):
            return root if len(root) <= _ROOT_MAX else ""
    return ""


class Journeys:
    """The log of steps. Its rows are pruned oldest first."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._number = -1
        self.tally = Tally()

    def begin(self, trace: str, *, source: str, subject: str) -> None:
        """A mail or message enters; part of the step that accepts it."""
        root = trace_root(trace)
        if root:
            row = (root, self._clock.now_ms(), source[:_TEXT_MAX], subject[:_TEXT_MAX])
            self._engine.write(INSERT_JOURNEY, row)

    def step(
        self,
        trace: str,
        *,
        service: str,
        action: str,
        resource: str,
        result: str = "ok",
        detail: str = "",
    ) -> None:
        """Record what happened, in the step of the effect. Without a trace it is only counted."""
        self.tally.step(service, action, resource)
        root = trace_root(trace) if trace else ""
        if not root:
            return
        number = self._next_number()
        self._engine.write(
            INSERT_STEP,
            (
                root,
                number,
                self._clock.now_ms(),
                service,
                action,
                resource[:_TEXT_MAX],
                result[:_TEXT_MAX],
                detail[:_TEXT_MAX],
            ),
        )
        if number % _PRUNE_EVERY == 0:
            self._prune(number)

    def latest(self, limit: int) -> list[Journey]:
        """The newest journeys, newest first, with their steps."""
        return [self._journey(row) for row in self._engine.all(SELECT_JOURNEYS, (limit,))]

    def find(self, trace: str) -> Journey | None:
        """One journey by its trace."""
        row = self._engine.one(SELECT_JOURNEY, (trace_root(trace),))
        return None if row is None else self._journey(row)

    def _journey(self, row: tuple[object, ...]) -> Journey:
        trace, started_at_ms, source, subject = row
        assert isinstance(started_at_ms, int)
        return Journey(
            str(trace), started_at_ms, str(source), str(subject), self._steps(str(trace))
        )

    def _steps(self, trace: str) -> tuple[Step, ...]:
        steps = []
        for at_ms, *texts in self._engine.all(SELECT_STEPS, (trace, 1_000)):
            assert isinstance(at_ms, int)
            service, action, resource, result, detail = map(str, texts)
            steps.append(Step(at_ms, service, action, resource, result, detail))
        return tuple(steps)

    def _next_number(self) -> int:
        if self._number < 0:
            row = self._engine.one(SELECT_LAST_NUMBER)
            self._number = row[0] if row is not None and isinstance(row[0], int) else 0
        self._number += 1
        return self._number

    def _prune(self, number: int) -> None:
        self._engine.write(PRUNE_STEPS, (number - STEPS_MAX,))
        self._engine.write(PRUNE_JOURNEYS, (JOURNEYS_MAX,))
