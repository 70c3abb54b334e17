"""Rules as documents: read and checked whole, or refused with a sentence; shown as they were given.

Durations are `250ms`, `5m`, `2d` or a number of seconds. `start` and `end` are durations from now
by the clock, or moments in ISO 8601.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import NoReturn

from kamome.faults.rules import (
    CLIENT,
    DELIVERY_EFFECTS,
    HTTP,
    HTTP_OPERATIONS,
    SMTP,
    SMTP_STAGES,
    Effect,
    EffectName,
    Match,
    Rule,
)
from kamome.observe.times import duration_ms, iso, moment_ms

_MATCH_MEMBERS = ("service", "operation", "resource", "account", "region", "source")
_EFFECT_MEMBERS: tuple[EffectName, ...] = (
    "error",
    "throttle",
    "latency",
    "drop",
    "outage",
    "reply",
    "duplicate",
    "reorder",
    "delay",
)
_OTHER_MEMBERS = ("status", "message", "probability", "count", "seed", "start", "end", "duration")
MEMBERS = (*_MATCH_MEMBERS, *_EFFECT_MEMBERS, *_OTHER_MEMBERS)

_CODE = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,127}")
_ACCOUNT = re.compile(r"\d{12}")
# RFC 5321 §4.2: three digits and a text; only the classes that refuse are faults.
_REPLY = re.compile(r"[45][0-5]\d [\x20-\x7e]{1,480}")
_TEXT_CHARACTERS_MAX = 1024
_COPIES_MAX = 10
_COUNT_MAX = 1_000_000_000
_SEED_MAX = 2**63 - 1
# Real time that a client may be kept waiting: clients give up after a minute by default.
LATENCY_MS_MAX = 60_000
# A year: longer than any retry policy or retention.
SHIFT_MS_MAX = 366 * 86_400_000
# Where messages come from that can come twice, late or out of order.
_DELIVERIES = {"sqs": "SendMessage", "sns": "Publish", "lambda": "Invoke"}


class RuleRefused(Exception):
    """The document is no rule; the sentence says what to change."""


class Known:
    """The services, operations and sources that rules can name."""

    def __init__(self, operations: Mapping[str, Collection[str]]) -> None:
        self.operations: dict[str, Collection[str]] = {
            **operations,
            HTTP: HTTP_OPERATIONS,
            SMTP: SMTP_STAGES,
        }
        self.sources = (CLIENT, *operations)


def rule_of(
    document: object, known: Known, *, rule_id: str, default_seed: int, now_ms: int
) -> Rule:
    """The rule that a document orders.

    Raises:
        RuleRefused: a member is unknown (the nearest is named), missing, or of a wrong value.
    """
    if not isinstance(document, Mapping):
        raise RuleRefused("A fault rule is a JSON object.")
    for member in document:
        if member not in MEMBERS:
            _unknown("member", str(member), MEMBERS)
    match = _match(document, known)
    effect = _effect(document)
    _check_together(match, effect)
    start_ms, end_ms = _window(document, now_ms)
    return Rule(
        id=rule_id,
        match=match,
        effect=effect,
        seed=_whole(document, "seed", 0, _SEED_MAX, default_seed),
        probability=_probability(document),
        count=_whole(document, "count", 1, _COUNT_MAX, 1) if "count" in document else None,
        start_ms=start_ms,
        end_ms=end_ms,
    )


def document_of(rule: Rule) -> dict[str, object]:
    """The rule as a document; `start` and `end` are moments in ISO 8601."""
    shown: dict[str, object] = {"id": rule.id}
    for name in _MATCH_MEMBERS:
        value: str = getattr(rule.match, name)
        if value:
            shown[name] = value
    shown |= _shown_effect(rule.effect)
    if rule.probability < 1:
        shown["probability"] = rule.probability
    if rule.count is not None:
        shown["count"] = rule.count
    shown["seed"] = rule.seed
    if rule.start_ms is not None:
        shown["start"] = iso(rule.start_ms)
    if rule.end_ms is not None:
        shown["end"] = iso(rule.end_ms)
    return shown


# ---------------------------------------------------------------------- matching members


def _match(document: Mapping[str, object], known: Known) -> Match:
    given = {name: _text(document, name) for name in _MATCH_MEMBERS if name in document}
    service, operation = given.get("service", ""), given.get("operation", "")
    if service and service.casefold() not in known.operations:
        _unknown("service", service, tuple(known.operations))
    names = _operations(known, service)
    if operation and not any(fnmatchcase(name.casefold(), operation.casefold()) for name in names):
        of = f" of {service}" if service else ""
        _unknown(f"operation{of}", operation, names)
    source = given.get("source", "")
    if source and source.casefold() not in known.sources:
        _unknown("source", source, known.sources)
    account = given.get("account", "")
    if account and not _ACCOUNT.fullmatch(account):
        raise RuleRefused("account is 12 digits.")
    return Match(**given)


def _operations(known: Known, service: str) -> tuple[str, ...]:
    if service:
        return tuple(known.operations[service.casefold()])
    return tuple(name for names in known.operations.values() for name in names)


# ---------------------------------------------------------------------- effects


def _effect(document: Mapping[str, object]) -> Effect:
    given = [name for name in _EFFECT_MEMBERS if name in document]
    if not given and "status" in document:
        given = ["error"]
    if len(given) != 1:
        found = f"{' and '.join(given)} are" if given else "none is"
        raise RuleRefused(
            f"A rule has exactly one effect, and here {found} given."
            f" The effects are {', '.join(_EFFECT_MEMBERS)}; status alone orders an error, too."
        )
    name = given[0]
    for member in ("status", "message"):
        if member in document and name != "error":
            raise RuleRefused(f"{member} belongs to the effect error, and this is {name}.")
    match name:
        case "error":
            return _error(document)
        case "throttle" | "outage":
            if document[name] is not True:
                raise RuleRefused(f"{name} takes true; when it holds is said by start and end.")
            return Effect(name)
        case "latency":
            return Effect(name, ms=_duration(document, name, LATENCY_MS_MAX))
        case "delay" | "reorder":
            return Effect(name, ms=_duration(document, name, SHIFT_MS_MAX))
        case "drop":
            return _drop(document)
        case "duplicate":
            if document[name] is True:
                return Effect(name, copies=1)
            return Effect(name, copies=_whole(document, name, 1, _COPIES_MAX, 1))
        case "reply":
            return _reply(document)


def _error(document: Mapping[str, object]) -> Effect:
    code = _text(document, "error") if "error" in document else ""
    if code and not _CODE.fullmatch(code):
        raise RuleRefused("error is an AWS error code, such as InternalFailure.")
    status = _whole(document, "status", 400, 599, 0) if "status" in document else 0
    message = _text(document, "message") if "message" in document else ""
    return Effect("error", code=code, status=status, message=message)


def _drop(document: Mapping[str, object]) -> Effect:
    match document["drop"]:
        case "before":
            return Effect("drop", moment="before")
        case "after":
            return Effect("drop", moment="after")
    raise RuleRefused(
        'drop is "before" (nothing was done) or "after" (it was done, and the answer is lost).'
    )


def _reply(document: Mapping[str, object]) -> Effect:
    reply = _text(document, "reply")
    if not _REPLY.fullmatch(reply):
        raise RuleRefused(
            "reply is an SMTP reply that refuses: a code from 400 to 559 and a text, such as"
            ' "451 4.7.1 Try again later".'
        )
    return Effect("reply", reply=reply)


def _shown_effect(effect: Effect) -> dict[str, object]:
    match effect.name:
        case "error":
            members = {"error": effect.code, "status": effect.status, "message": effect.message}
            return {name: value for name, value in members.items() if value}
        case "latency" | "delay" | "reorder":
            return {effect.name: f"{effect.ms}ms"}
        case "drop":
            return {"drop": effect.moment}
        case "duplicate":
            return {"duplicate": effect.copies}
        case "reply":
            return {"reply": effect.reply}
    return {effect.name: True}


def _check_together(match: Match, effect: Effect) -> None:
    """What is matched must be able to have the effect: a rule that never strikes is a mistake."""
    service, source = match.service.casefold(), match.source.casefold()
    if effect.name == "reply" and service != SMTP:
        raise RuleRefused('reply is for SMTP: add "service": "smtp", with a stage as operation.')
    if service == SMTP and effect.name in ("error", "throttle", *DELIVERY_EFFECTS):
        raise RuleRefused("A stage of SMTP takes the effects reply, drop, outage and latency.")
    if effect.name in DELIVERY_EFFECTS:
        _check_delivery(match, effect)
    if effect.name == "latency" and source not in ("", CLIENT):
        raise RuleRefused(
            "latency holds up a client's call; for what services hand over, use delay."
        )


def _check_delivery(match: Match, effect: Effect) -> None:
    service = match.service.casefold()
    if service and service not in _DELIVERIES:
        raise RuleRefused(
            f"{effect.name} is about messages and events: of sqs, sns or lambda, not of {service}."
        )
    names = [_DELIVERIES[service]] if service else list(_DELIVERIES.values())
    operation = match.operation.casefold()
    if operation and not any(fnmatchcase(name.casefold(), operation) for name in names):
        raise RuleRefused(
            f"{effect.name} takes effect on arrival: leave operation out, or give"
            f" {' or '.join(names)}."
        )
    if effect.name == "reorder" and match.resource.endswith(".fifo"):
        raise RuleRefused("reorder is for standard queues and topics: FIFO keeps its order.")


# ---------------------------------------------------------------------- how often and when


def _window(document: Mapping[str, object], now_ms: int) -> tuple[int | None, int | None]:
    start_ms = _moment(document, "start", now_ms)
    end_ms = _moment(document, "end", now_ms)
    if "duration" in document:
        if end_ms is not None:
            raise RuleRefused("Give end or duration, not both.")
        begin_ms = now_ms if start_ms is None else start_ms
        end_ms = begin_ms + _duration(document, "duration", SHIFT_MS_MAX)
    if start_ms is not None and end_ms is not None and end_ms <= start_ms:
        raise RuleRefused("end is after start.")
    if end_ms is not None and end_ms <= now_ms:
        raise RuleRefused("The rule's end has passed already, by the server's clock.")
    return start_ms, end_ms


def _moment(document: Mapping[str, object], name: str, now_ms: int) -> int | None:
    if name not in document:
        return None
    value = document[name]
    if isinstance(value, str):
        at_ms = moment_ms(value)
        if at_ms is not None:
            return at_ms
    after_ms = _ms(value)
    if after_ms is None or after_ms > SHIFT_MS_MAX:
        raise RuleRefused(
            f"{name} is a duration from now, such as 10m, or a moment such as {iso(now_ms)}."
        )
    return now_ms + after_ms


def _probability(document: Mapping[str, object]) -> float:
    value = document.get("probability", 1)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= 1:
        raise RuleRefused("probability is a number above 0, up to 1.")
    return float(value)


def _duration(document: Mapping[str, object], name: str, most_ms: int) -> int:
    ms = _ms(document[name])
    if ms is None or not 0 < ms <= most_ms:
        raise RuleRefused(
            f"{name} is a duration up to {most_ms // 1000} s: seconds, or 250ms, 5m, 2d."
        )
    return ms


def _ms(value: object) -> int | None:
    if isinstance(value, str):
        return duration_ms(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e10:
        return round(value * 1000)
    return None


def _whole(document: Mapping[str, object], name: str, least: int, most: int, default: int) -> int:
    value = document.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int):
        raise RuleRefused(f"{name} is a whole number.")
    if name in document and not least <= value <= most:
        raise RuleRefused(f"{name} is from {least} to {most}.")
    return value


def _text(document: Mapping[str, object], name: str) -> str:
    value = document[name]
    if not isinstance(value, str) or not value or len(value) > _TEXT_CHARACTERS_MAX:
        raise RuleRefused(f"{name} is a text of 1 to {_TEXT_CHARACTERS_MAX} characters.")
    return value


def _unknown(kind: str, name: str, names: Collection[str]) -> NoReturn:
    nearest = get_close_matches(name, list(names), n=1, cutoff=0.0)
    raise RuleRefused(f"There is no {kind} {name[:100]}. The nearest is {nearest[0]}.")
