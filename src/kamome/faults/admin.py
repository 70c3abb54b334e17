"""The admin API of faults: `/_kamome/faults`.

`POST` adds a rule (an object) or several (an array): all or none. `GET` lists them, `DELETE`
removes all, `DELETE …/<id>` one. `GET …/report` says what has struck and what was handled twice;
`DELETE …/report` begins a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

import orjson

from kamome.errors import AwsError
from kamome.faults.injector import RULES_MAX, Faults, LiveRule, Strike
from kamome.observe.answers import json_response, refusal

if TYPE_CHECKING:
    from kamome.clock import Clock
    from kamome.faults.handlings import Twins
    from kamome.faults.rules import Rule
    from kamome.ids import Ids
    from kamome.wire import HttpRequest, HttpResponse

PREFIX = "/_kamome/faults"
_ID_DIGITS = 8
# Drawn seeds stay readable, to be typed in again.
_SEED_DIGITS = 6
_RULES_PER_POST_MAX = 100


class FaultsApi:
    """The routes. `operations` gives those of each service, for rules to name.

    `is_allowed` is false on a server that takes no orders of this kind.
    """

    def __init__(
        self,
        faults: Faults,
        clock: Clock,
        ids: Ids,
        operations: Callable[[], Mapping[str, Collection[str]]],
        *,
        is_allowed: bool,
    ) -> None:
        self._faults = faults
        self._clock = clock
        self._ids = ids
        self._operations = operations
        self._is_allowed = is_allowed

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request under `/_kamome/faults`."""
        if not self._is_allowed:
            return refusal(403, "This server takes no faults: it was started with --no-faults.")
        answer = self._answer(request, request.raw_path.removeprefix(PREFIX).strip("/"))
        try:
            await self._faults.durable()
        except AwsError as error:
            return refusal(error.status, error.message)
        return answer

    def _answer(self, request: HttpRequest, path: str) -> HttpResponse:
        match request.method, path:
            case "POST", "":
                return self._add(request)
            case "GET", "":
                return json_response({"rules": [_shown(live) for live in self._faults.rules]})
            case "DELETE", "":
                return json_response({"removed": self._faults.clear()})
            case "GET", "report":
                return json_response(self._report())
            case "DELETE", "report":
                self._faults.forget_report()
                return json_response({})
            case "DELETE", rule_id:
                if not self._faults.remove(rule_id):
                    return refusal(404, f"There is no fault rule {rule_id[:100]}.")
                return json_response({"removed": 1})
        return refusal(404, f"There is nothing at {request.method} {request.raw_path[:200]}.")

    def _add(self, request: HttpRequest) -> HttpResponse:
        try:
            given = orjson.loads(request.body)
        except orjson.JSONDecodeError:
            return refusal(400, "The body is not JSON.")
        from kamome.faults.documents import RuleRefused

        documents = given if isinstance(given, list) else [given]
        if not 1 <= len(documents) <= _RULES_PER_POST_MAX:
            return refusal(400, f"Send 1 to {_RULES_PER_POST_MAX} rules.")
        if len(self._faults.rules) + len(documents) > RULES_MAX:
            return refusal(400, f"There are {RULES_MAX} rules at most; remove some first.")
        try:
            rules = [self._rule(document) for document in documents]
        except RuleRefused as refused:
            return refusal(400, str(refused))
        self._faults.add(rules)
        shown = [_shown(LiveRule(rule)) for rule in rules]
        return json_response({"rules": shown} if isinstance(given, list) else shown[0], 201)

    def _rule(self, document: object) -> Rule:
        from kamome.faults.documents import Known, rule_of

        return rule_of(
            document,
            Known(self._operations()),
            rule_id=self._ids.hex(_ID_DIGITS),
            default_seed=int(self._ids.fraction() * 10**_SEED_DIGITS),
            now_ms=self._clock.now_ms(),
        )

    def _report(self) -> dict[str, object]:
        faults = self._faults
        return {
            "now_ms": self._clock.now_ms(),
            "rules": [_shown(live) for live in faults.rules],
            "struck": faults.strike_count,
            "strikes": [_shown_strike(strike) for strike in faults.strikes],
            "handled_twice": [_shown_twins(twins) for twins in faults.handlings.handled_twice],
        }


def _shown(live: LiveRule) -> dict[str, object]:
    from kamome.faults.documents import document_of

    return {
        **document_of(live.rule),
        "matched": live.matched,
        "struck": live.struck,
        "used_up": live.is_used_up,
    }


def _shown_strike(strike: Strike) -> dict[str, object]:
    target = strike.target
    return {
        "at_ms": strike.at_ms,
        "rule": strike.rule,
        "effect": strike.effect,
        "service": target.service,
        "operation": target.operation,
        "resource": target.resource,
        "account": target.account,
        "region": target.region,
        "source": target.source,
        "detail": strike.detail,
    }


def _shown_twins(twins: Twins) -> dict[str, object]:
    return {
        "queue": twins.queue,
        "message_ids": twins.message_ids,
        "cause": twins.cause,
        "handlings": [
            {
                "at_ms": handling.at_ms,
                "message_id": handling.message_id,
                "receive_count": handling.receive_count,
                "by": handling.by,
            }
            for handling in twins.handlings.values()
        ],
    }
