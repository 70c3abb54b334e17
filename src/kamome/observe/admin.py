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

from kamome import __version__
from kamome.observe.answers import json_response, refusal
from kamome.observe.clock_api import ClockApi
from kamome.observe.journeys import Journeys
from kamome.wire import HttpRequest, HttpResponse

_JOURNEYS_MAX = 1_000
_LIMIT = re.compile(r"[0-9]{1,4}")
_PORT = re.compile(r":[0-9]+$")
_LOCAL_NAMES = frozenset({"localhost", "localhost.localstack.cloud"})
_PUBLIC = frozenset({"/_kamome/health", "/_localstack/health"})

Handler = Callable[[HttpRequest], Awaitable[HttpResponse]]


class AdminApi:
    """Routes of the admin API.

    `local` are further routes by path prefix, within the bounds above; `extra` are those of slices,
    which anybody may ask.
    """

    def __init__(
        self,
        clock: ClockApi,
        journeys: Journeys,
        *,
        services: Sequence[str],
        local: Mapping[str, Handler],
        extra: Mapping[str, Handler],
    ) -> None:
        self._journeys = journeys
        self._services = services
        self._local = local
        self._extra = extra
        self._routes: Mapping[tuple[str, str], Handler] = {
            ("GET", "/_kamome/health"): self._health,
            ("GET", "/_localstack/health"): self._health,
            ("GET", "/_kamome/clock"): clock.show,
            ("POST", "/_kamome/clock"): clock.move,
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
        handler = self._routes.get((method, request.raw_path)) or self._local_route(request)
        if handler is None:
            return refusal(404, f"There is nothing at {request.method} {request.raw_path}.")
        content_type = request.header("content-type").partition(";")[0].strip().lower()
        # A page may not send DELETE across sites unasked, whatever its content type.
        if method not in ("GET", "DELETE") and content_type != "application/json":
            return refusal(415, "Send application/json.")
        return await handler(request)

    def _local_route(self, request: HttpRequest) -> Handler | None:
        for prefix, handler in self._local.items():
            if request.raw_path == prefix or request.raw_path.startswith(f"{prefix}/"):
                return handler
        return None

    async def _health(self, _request: HttpRequest) -> HttpResponse:
        return json_response(
            {
                "status": "running",
                "version": __version__,
                "services": dict.fromkeys(self._services, "available"),
            }
        )

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
