"""The admin API under `/_kamome/`: health, clock, journeys; and what tools of others look for.

It answers to this machine only, but for the health. What changes something must come as JSON, so
that a page in a browser cannot send it across sites without being asked first, and the host must be
this machine's, so that a page cannot reach it by a name of its own that leads here (DNS rebinding).
What a proxy says it hands on comes from elsewhere, wherever the proxy runs.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec

from kamome import __version__
from kamome.observe.answers import json_response, refusal
from kamome.observe.journeys import Journeys
from kamome.wire import HttpRequest, HttpResponse

_JOURNEYS_MAX = 1_000
_LIMIT = re.compile(r"[0-9]{1,4}")
# What a page cannot send across sites without being asked first; AWS's clients say their own.
_JSON = re.compile(r"application/(?:json|x-amz-json-1\.[01])")
_PORT = re.compile(r":[0-9]+$")
_LOCAL_NAMES = frozenset({"localhost", "localhost.localstack.cloud"})
# RFC 7239 §4, RFC 9110 §7.6.3, and what proxies said before there were any.
_OF_PROXIES = ("forwarded", "via", "x-forwarded-for", "x-real-ip")
_PUBLIC = frozenset({"/_kamome/health", "/_localstack/health"})

Handler = Callable[[HttpRequest], Awaitable[HttpResponse]]


class Routes(msgspec.Struct, frozen=True):
    """What others answer, beside health and journeys.

    `exact` are by method and path, `local` by path prefix, both within the bounds above; `extra`
    are by path prefix and for anybody (what slices hand out by URL).
    """

    exact: Mapping[tuple[str, str], Handler] = {}
    local: Mapping[str, Handler] = {}
    extra: Mapping[str, Handler] = {}


class AdminApi:
    """The admin API. `find_routes` waits until the server has begun all its work; it is asked once.

    The health is answered before that: it only says that the listeners are there.
    """

    def __init__(
        self,
        journeys: Journeys,
        *,
        services: Sequence[str],
        find_routes: Callable[[], Awaitable[Routes]],
    ) -> None:
        self._journeys = journeys
        self._services = services
        self._find_routes = find_routes
        self._routes: Routes | None = None

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one admin request."""
        method = "GET" if request.method == "HEAD" else request.method
        if method == "GET" and request.raw_path in _PUBLIC:
            return self._health()
        if self._routes is None:
            self._routes = await self._find_routes()
        for prefix, answer in self._routes.extra.items():
            if request.raw_path.startswith(prefix):
                return await answer(request)
        if request.raw_path not in _PUBLIC and not _is_asked_here(request):
            return refusal(403, "The admin API answers to this machine only.")
        handler = self._handler(method, request.raw_path, self._routes)
        if handler is None:
            return refusal(404, f"There is nothing at {request.method} {request.raw_path}.")
        content_type = request.header("content-type").partition(";")[0].strip().lower()
        # A page may not send DELETE across sites unasked, whatever its content type.
        if method not in ("GET", "DELETE") and not _JSON.fullmatch(content_type):
            return refusal(415, "Send application/json.")
        return await handler(request)

    def _handler(self, method: str, path: str, routes: Routes) -> Handler | None:
        if (method, path) == ("GET", "/_kamome/journeys"):
            return self._list_journeys
        exact = routes.exact.get((method, path))
        if exact is not None:
            return exact
        for prefix, handler in routes.local.items():
            if path == prefix or path.startswith(f"{prefix}/"):
                return handler
        return None

    def _health(self) -> HttpResponse:
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


def _is_asked_here(request: HttpRequest) -> bool:
    return (
        _is_of_this_machine(request.client_ip)
        and _is_name_of_this_machine(request)
        and not any(request.has_header(name) for name in _OF_PROXIES)
    )


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
