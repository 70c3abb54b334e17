"""The admin API of the clock: `/_kamome/clock` shows it, advances it, sets it, freezes it.

A server that keeps real mail for real people does not move time: `--no-time-travel`.
"""

from __future__ import annotations

import orjson

from kamome.clock import Clock
from kamome.observe.answers import json_response, refusal
from kamome.observe.tally import Tally
from kamome.observe.times import duration_ms, moment_ms
from kamome.storage.facts import Facts
from kamome.wire import HttpRequest, HttpResponse

CLOCK_OFFSET = "clock.offset_ms"
# When a frozen clock stands; empty for one that runs.
CLOCK_FROZEN = "clock.frozen_at_ms"
# 2200-01-01: dates that lie years ahead of the clock can still be shown.
_TIME_MAX_MS = 7_258_118_400_000
_ORDERS = (
    'Send one of {"advance": "23d"}, {"set": "2030-01-01T00:00:00Z"}, {"freeze": true},'
    ' {"resume": true}.'
)


class ClockApi:
    """The routes of the clock."""

    def __init__(
        self,
        clock: Clock,
        facts: Facts,
        tally: Tally,
        *,
        is_moving_allowed: bool,
        is_freezing_allowed: bool,
    ) -> None:
        self._clock = clock
        self._facts = facts
        self._tally = tally
        self._is_moving_allowed = is_moving_allowed
        self._is_freezing_allowed = is_freezing_allowed

    async def show(self, _request: HttpRequest) -> HttpResponse:
        """The clock's time, its distance from the machine's, and whether it stands."""
        return json_response(self._state())

    async def move(self, request: HttpRequest) -> HttpResponse:
        """One order: advance by a duration, set to a moment, freeze, resume."""
        try:
            order = orjson.loads(request.body)
        except orjson.JSONDecodeError:
            return refusal(400, "The body is not JSON.")
        if not isinstance(order, dict) or len(order) != 1:
            return refusal(400, _ORDERS)
        if not self._is_moving_allowed:
            return refusal(
                403, "This server does not move time: it was started with --no-time-travel."
            )
        if self._clock.is_advancing:
            return refusal(409, "The clock is being advanced already.")
        [(name, value)] = order.items()
        match name:
            case "advance":
                return await self._advance(value)
            case "set":
                return await self._set(value)
            case "freeze" | "resume" if value is True:
                return await self._stop_or_go(is_freezing=name == "freeze")
        return refusal(400, _ORDERS)

    def _state(self) -> dict[str, object]:
        return {
            "now_ms": self._clock.now_ms(),
            "offset_ms": self._clock.offset_ms,
            "frozen": self._clock.is_frozen,
        }

    async def _stop_or_go(self, *, is_freezing: bool) -> HttpResponse:
        if not self._is_freezing_allowed:
            return refusal(403, "Freezing needs --ephemeral or the setting allow_freeze.")
        (self._clock.freeze if is_freezing else self._clock.resume)()
        await self._keep(self._clock.now_ms())
        return json_response(self._state())

    async def _set(self, value: object) -> HttpResponse:
        at_ms = moment_ms(value) if isinstance(value, str) else None
        if at_ms is None:
            return refusal(400, "set takes a moment in ISO 8601, such as 2030-01-01T00:00:00Z.")
        delta_ms = at_ms - self._clock.now_ms()
        if delta_ms < 0:
            return refusal(400, "Time goes forward only; restart with new data to go back.")
        return await self._advance_by(delta_ms)

    async def _advance(self, value: object) -> HttpResponse:
        if isinstance(value, str):
            delta_ms = duration_ms(value)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            delta_ms = round(value * 1000) if abs(value) < _TIME_MAX_MS / 1000 else None
        else:
            delta_ms = None
        if delta_ms is None or delta_ms < 0:
            return refusal(400, "advance takes seconds, or a duration such as 35s, 1h30m or 23d.")
        return await self._advance_by(delta_ms)

    async def _advance_by(self, delta_ms: int) -> HttpResponse:
        if self._clock.now_ms() + delta_ms > _TIME_MAX_MS:
            return refusal(400, "The clock goes as far as the year 2200.")
        # First, so that after a crash on the way no time comes before what has been written in it.
        await self._keep(self._clock.now_ms() + delta_ms)
        before = self._tally.now()
        try:
            fired = await self._clock.advance(delta_ms)
        except ValueError as error:  # another one came in between
            return refusal(409, str(error))
        await self._keep(self._clock.now_ms())
        report = self._tally.since(before)
        return json_response(self._state() | {"timers_fired": fired, "report": report})

    async def _keep(self, now_ms: int) -> None:
        """Let the next start begin with this time, frozen if it is so now."""
        self._facts.put(CLOCK_OFFSET, str(now_ms - self._clock.real_now_ms()))
        self._facts.put(CLOCK_FROZEN, str(now_ms) if self._clock.is_frozen else "")
        await self._facts.durable()


def restore(clock: Clock, facts: Facts) -> None:
    """Take up the time that an earlier run had reached."""
    frozen_at_ms = facts.get(CLOCK_FROZEN)
    offset_ms = facts.get(CLOCK_OFFSET)
    if frozen_at_ms:
        clock.restore_frozen(int(frozen_at_ms))
    elif offset_ms is not None:
        clock.restore_offset(int(offset_ms))
