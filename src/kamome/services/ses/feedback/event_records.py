"""`/_kamome/mail-events`: what Firehose, Pinpoint and CloudWatch would have got.

`GET /_kamome/mail-events` shows the newest records, `GET /_kamome/mail-events/metrics` the counters
by minute. `?limit=` (100, at most 1,000), `?account=` and `?region=` choose.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kamome.observe.answers import json_response, refusal
from kamome.services.ses.store import Owner
from kamome.wire import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from kamome.services.ses.slice import Ses

PREFIX = "/_kamome/mail-events"
_LIMIT = re.compile(r"[0-9]{1,4}")
_LIMIT_DEFAULT = 100
_LIMIT_MAX = 1_000


class EventRecordsApi:
    """Answers for one server; `region` and `account` are those of callers who name none."""

    def __init__(self, ses: Ses, *, region: str, account: str) -> None:
        self._ses = ses
        self._region = region
        self._account = account

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request under `/_kamome/mail-events`."""
        from kamome.services.ses.feedback.event_store import EventStore  # start-up is watched

        if request.method not in ("GET", "HEAD"):
            return refusal(405, "What is kept here can be looked at, not changed.")
        limit = request.query_value("limit") or str(_LIMIT_DEFAULT)
        if not _LIMIT.fullmatch(limit) or not 1 <= int(limit) <= _LIMIT_MAX:
            return refusal(400, f"limit is 1 to {_LIMIT_MAX}.")
        owner = Owner(
            request.query_value("account") or self._account,
            request.query_value("region") or self._region,
        )
        kept = EventStore(self._ses.store.engine)
        what = request.raw_path.removeprefix(PREFIX).strip("/")
        if what == "metrics":
            return json_response({"metrics": [_fields(each) for each in kept.counts(owner, 0)]})
        if what:
            return refusal(404, f"There is nothing at {request.raw_path}.")
        records = kept.records(owner, int(limit))
        return json_response({"records": [_fields(each) for each in records]})


def _fields(value: object) -> dict[str, object]:
    names: tuple[str, ...] = getattr(value, "__struct_fields__", ())
    return {name: getattr(value, name) for name in names}
