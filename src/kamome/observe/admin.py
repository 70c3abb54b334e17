"""The admin API under `/_kamome/`: health, clock, journeys; and what tools of others look for.

It answers to this machine only, but for the health. What changes something must come as JSON, so
that a page in a browser cannot send it across sites without being asked first, and the host must be
this machine's, so that a page cannot reach it by a name of its own that leads here (DNS rebinding).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec
import orjson

from kamome import __version__
from kamome.clock import Clock
from kamome.observe.journeys import Journeys
from kamome.storage.facts import Facts
from kamome.wire import HttpRequest, HttpResponse

CLOCK_OFFSET = "clock.offset_ms"
# 2200-01-01: dates that lie years ahead of the clock can still be shown.
_TIME_MAX_MS = 7_258_118_400_000
_JOURNEYS_MAX = 1_000
_LIMIT = re.compile(r"[0-9]{1,4}")
_PORT = re.compile(r":[0-9]+$")
_LOCAL_NAMES = frozenset({"localhost", "localhost.localstack.cloud"})
_PUBLIC = frozenset({"/_kamome/health", "/_localstack/health"})
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_UNIT_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}

Handler = Callable[[HttpRequest], Awaitable[HttpResponse]]


def duration_ms(text: str) -> int | None:
    """Milliseconds of `23d`, `1h30m`, `500ms`; None where the text is not a duration."""
    parts = _DURATION.findall(text.replace(" ", ""))
    if not parts or "".join(number + unit for number, unit in parts) != text.replace(" ", ""):
        return None
    return _whole(sum(float(number) * _UNIT_MS[unit] for number, unit in parts))


def _whole(duration_ms: float) -> int | None:
    return round(duration_ms) if abs(duration_ms) < _TIME_MAX_MS else None


class AdminApi:
    """Routes of the admin API. `extra` are routes of slices, by path prefix."""

    def __init__(
        self,
        clock: Clock,
        journeys: Journeys,
        facts: Facts,
        *,
        services: Sequence[str],
        is_freezing_allowed: bool,
        extra: Mapping[str, Handler],
    ) -> None:
        self._clock = clock
        self._journeys = journeys
        self._facts = facts
        self._services = services
        self._is_freezing_allowed = is_freezing_allowed
        self._extra = extra
        self._routes: Mapping[tuple[str, str], Handler] = {
            ("GET", "/_kamome/health"): self._health,
            ("GET", "/_localstack/health"): self._health,
            ("GET", "/_kamome/clock"): self._show_clock,
            ("POST", "/_kamome/clock"): self._move_clock,
            ("GET", "/_kamome/journeys"): self._list_journeys,
        }

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one admin request."""
        for prefix, answer in self._extra.items():
            if request.raw_path.startswith(prefix):
                return await answer(request)
        if request.raw_path not in _PUBLIC and not (
            _is_of_this_machine(request.client_ip) and _is_name_of_this_machine(request)
        ):
            return refusal(403, "The admin API answers to this machine only.")
        method = "GET" if request.method == "HEAD" else request.method
        handler = self._routes.get((method, request.raw_path))
        if handler is None:
            return refusal(404, f"There is nothing at {request.method} {request.raw_path}.")
        content_type = request.header("content-type").partition(";")[0].strip().lower()
        if method != "GET" and content_type != "application/json":
            return refusal(415, "Send application/json.")
        return await handler(request)

    async def _health(self, _request: HttpRequest) -> HttpResponse:
        return json_response(
            {
                "status": "running",
                "version": __version__,
                "services": dict.fromkeys(self._services, "available"),
            }
        )

    async def _show_clock(self, _request: HttpRequest) -> HttpResponse:
        return json_response(
            {
                "now_ms": self._clock.now_ms(),
                "offset_ms": self._clock.offset_ms,
                "frozen": self._clock.is_frozen,
            }
        )

    async def _move_clock(self, request: HttpRequest) -> HttpResponse:
        """`{"advance": "23d"}` or a number of seconds; `{"freeze": true}`, `{"resume": true}`."""
        try:
            order = orjson.loads(request.body)
        except orjson.JSONDecodeError:
            return refusal(400, "The body is not JSON.")
        if not isinstance(order, dict) or len(order) != 1:
            return refusal(
                400, 'Send one of {"advance": "35s"}, {"freeze": true}, {"resume": true}.'
            )
        [(name, value)] = order.items()
        if name == "advance":
            return await self._advance(value)
        if name in ("freeze", "resume") and value is True:
            if not self._is_freezing_allowed:
                return refusal(403, "Freezing needs --ephemeral or the setting allow_freeze.")
            (self._clock.freeze if name == "freeze" else self._clock.resume)()
            await self._keep_offset(self._clock.offset_ms)
            return await self._show_clock(request)
        return refusal(400, 'Send one of {"advance": "35s"}, {"freeze": true}, {"resume": true}.')

    async def _advance(self, value: object) -> HttpResponse:
        if isinstance(value, str):
            delta_ms = duration_ms(value)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            delta_ms = _whole(value * 1000)
        else:
            delta_ms = None
        if delta_ms is None or delta_ms < 0:
            return refusal(400, "advance takes seconds, or a duration such as 35s, 1h30m or 23d.")
        if self._clock.now_ms() + delta_ms > _TIME_MAX_MS:
            return refusal(400, "The clock goes as far as the year 2200.")
        if self._clock.is_advancing:
            return refusal(409, "The clock is being advanced already.")
        # First, so that after a crash on the way no time comes before what has been written in it.
        await self._keep_offset(self._clock.offset_ms + delta_ms)
        try:
            fired = await self._clock.advance(delta_ms)
        except ValueError as error:  # another one came in between
            return refusal(409, str(error))
        await self._keep_offset(self._clock.offset_ms)
        return json_response(
            {
                "now_ms": self._clock.now_ms(),
                "offset_ms": self._clock.offset_ms,
                "frozen": self._clock.is_frozen,
                "timers_fired": fired,
            }
        )

    async def _keep_offset(self, offset_ms: int) -> None:
        self._facts.put(CLOCK_OFFSET, str(offset_ms))
        await self._facts.durable()

    async def _list_journeys(self, request: HttpRequest) -> HttpResponse:
        trace = request.query_value("trace")
        if trace is not None:
            found = self._journeys.find(trace)
            return json_response({"journeys": [msgspec.to_builtins(found)] if found else []})
        limit = request.query_value("limit") or "100"
        if not _LIMIT.fullmatch(limit) or not 1 <= int(limit) <= _JOURNEYS_MAX:
            return refusal(400, f"limit is 1 to {_JOURNEYS_MAX}.")
        journeys = self._journeys.latest(int(limit))
        return json_response({"journeys": [msgspec.to_builtins(journey) for journey in journeys]})


def json_response(value: object, status: int = 200) -> HttpResponse:
    """A JSON answer."""
    headers = [("content-type", "application/json"), ("cache-control", "no-store")]
    return HttpResponse(status, headers, orjson.dumps(value))


def refusal(status: int, message: str) -> HttpResponse:
    """A JSON answer that refuses, in one sentence."""
    return json_response({"message": message}, status)


def _is_of_this_machine(client_ip: str) -> bool:
    try:
        address = ipaddress.ip_address(client_ip)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback


def _is_name_of_this_machine(request: HttpRequest) -> bool:
    """Whether the host is an address, or a name that leads to this machine everywhere."""
    host = _PORT.sub("", request.header("host").lower())
    if host in _LOCAL_NAMES or host.endswith((".localhost", ".localhost.localstack.cloud")):
        return True
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
