"""The spool for people: which domains have mail waiting, since when it is due, and what was said.

`GET /_kamome/spool` shows up to `limit` domains, those due first. `POST /_kamome/spool/retry` with
`{"domain": "example.net"}` tries what waits for it now, without a domain all that waits.
"""

from __future__ import annotations

import msgspec

from kamome.mail.spool import Spool
from kamome.observe.answers import json_response, refusal
from kamome.wire import HttpRequest, HttpResponse

PREFIX = "/_kamome/spool"
_SHOWN_MAX = 1_000
_SHOWN_BY_DEFAULT = 100


class _Retry(msgspec.Struct, forbid_unknown_fields=True):
    domain: str = ""


class SpoolApi:
    """The routes."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request."""
        if (request.method, request.raw_path) == ("GET", PREFIX):
            return self._show(request)
        if (request.method, request.raw_path) == ("POST", f"{PREFIX}/retry"):
            return await self._retry(request)
        return refusal(404, f"There is nothing at {request.method} {request.raw_path}.")

    def _show(self, request: HttpRequest) -> HttpResponse:
        limit = request.query_value("limit") or str(_SHOWN_BY_DEFAULT)
        if not limit.isdecimal() or not 1 <= int(limit[:6]) <= _SHOWN_MAX:
            return refusal(400, f"limit is 1 to {_SHOWN_MAX}.")
        store = self._spool.store
        domains = [
            {
                "domain": domain,
                "recipients": store.waiting(domain),
                "due_ms": due_ms,
                "last_words": store.last_words(domain),
            }
            for domain, due_ms in store.lanes(int(limit))
        ]
        return json_response({"transports": list(self._spool.transports), "domains": domains})

    async def _retry(self, request: HttpRequest) -> HttpResponse:
        try:
            asked = msgspec.json.decode(request.body or b"{}", type=_Retry)
        except msgspec.DecodeError:
            return refusal(400, 'The body is {"domain": "example.net"}, or {} for all domains.')
        count = self._spool.retry_now(asked.domain.lower())
        await self._spool.store.engine.durable()
        return json_response({"recipients": count})
