"""The health of a container: its command, run again and again while it runs.

Its times go by the clock, so that an advancing clock runs the checks that are due; a check itself
takes real time.

AWS: ECS API Reference, HealthCheck; ECS Developer Guide, Determine Amazon ECS task health using
container health checks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from kamome.clock import Clock
    from kamome.services.ecs import shapes

UNKNOWN = "UNKNOWN"
HEALTHY = "HEALTHY"
UNHEALTHY = "UNHEALTHY"


class Health(msgspec.Struct):
    """What the checks so far have said. `retries` failures in a row make a container unhealthy."""

    retries: int
    status: str = UNKNOWN
    failures: int = 0

    def note(self, *, is_good: bool, is_starting: bool) -> bool:
        """One check has ended; whether that changes the status. At the start no failure counts."""
        before = self.status
        if is_good:
            self.failures, self.status = 0, HEALTHY
        elif not is_starting or before != UNKNOWN:
            self.failures += 1
            if self.failures >= self.retries:
                self.status = UNHEALTHY
        return self.status != before


def command_of(check: shapes.HealthCheck) -> list[str]:
    """The program and its arguments; empty where the check is disabled (NONE).

    `CMD-SHELL` gives one string to a shell; `CMD`, or no such word, is a command.
    """
    words: Sequence[str] = check["command"]
    if not words or words[0] == "NONE":
        return []
    if words[0] == "CMD-SHELL":
        return ["/bin/sh", "-c", " ".join(words[1:])]
    return list(words[1:] if words[0] == "CMD" else words)


async def keep_checking(
    check: shapes.HealthCheck,
    clock: Clock,
    run: Callable[[list[str], float], Awaitable[bool]],
    changed: Callable[[str], None],
) -> None:
    """Check until cancelled; `changed` is told each new status.

    The first check is one interval after the start, as Docker has it. `run(command, timeout_s)`
    says whether a check has passed.
    """
    command = command_of(check)
    if not command:
        return
    health = Health(check.get("retries", RETRIES_DEFAULT))
    interval_ms = check.get("interval", INTERVAL_S_DEFAULT) * 1000
    started_ms = clock.now_ms()
    settled_ms = started_ms + check.get("startPeriod", 0) * 1000
    due_ms = started_ms
    while True:
        due_ms += interval_ms
        await clock.sleep_until(due_ms)
        with clock.activity.busy():
            is_good = await run(command, float(check.get("timeout", TIMEOUT_S_DEFAULT)))
            if health.note(is_good=is_good, is_starting=clock.now_ms() < settled_ms):
                changed(health.status)
            await asyncio.sleep(0)  # who waits for the change begins within this moment


# AWS: ECS API Reference, HealthCheck: each with its least, its most and its default.
INTERVAL_S_MIN, INTERVAL_S_MAX, INTERVAL_S_DEFAULT = 5, 300, 30
TIMEOUT_S_MIN, TIMEOUT_S_MAX, TIMEOUT_S_DEFAULT = 2, 60, 5
RETRIES_MIN, RETRIES_MAX, RETRIES_DEFAULT = 1, 10, 3
START_PERIOD_S_MAX = 300
