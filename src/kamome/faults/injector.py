"""The rules that hold, and what they do to calls and deliveries.

Whoever makes a call tests `is_on` first: without a rule that is all it costs. `call` says what
happens to a call, `arrival_shifts_ms` what happens to a message or an event on its arrival. What
has struck is kept in a bounded report; which messages were handled twice, in `Handlings`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from kamome.clock import Clock
from kamome.errors import AwsError
from kamome.faults.errors import error_of
from kamome.faults.handlings import Handlings
from kamome.faults.rules import CALL_EFFECTS, CLIENT, DELIVERY_EFFECTS, EffectName, Rule, Target
from kamome.faults.store import FaultStore

# Strikes that the report lists; older ones are only counted. About 300 bytes each.
STRIKES_KEPT = 10_000
RULES_MAX = 1_000


class Outcome(msgspec.Struct, frozen=True):
    """What happens to one call.

    `latency_ms` passes first. With `refusal` the call fails: before it takes effect, or, where
    `is_lost` is set, afterwards, so that the caller does not learn that it did. `reply` is what an
    SMTP client is told instead of the server's own reply.
    """

    latency_ms: int = 0
    refusal: AwsError | None = None
    is_lost: bool = False
    reply: str = ""


class Strike(msgspec.Struct, frozen=True):
    """One fault that has happened, and what it hit."""

    at_ms: int
    rule: str
    effect: EffectName
    target: Target
    detail: str = ""


class LiveRule(msgspec.Struct):
    """A rule with how often it has matched, and struck."""

    rule: Rule
    matched: int = 0
    struck: int = 0

    @property
    def is_used_up(self) -> bool:
        """Whether it has struck as often as it may."""
        return self.rule.count is not None and self.struck >= self.rule.count


class Faults:
    """All rules of a server, in the order they were added.

    `is_on`: a rule may strike. `is_watching`: arrivals, receives and deletions of messages are to
    be told to `handlings`, because a fault may have made one come twice.
    """

    def __init__(self, clock: Clock, store: FaultStore) -> None:
        self._clock = clock
        self._store = store
        self._rules: dict[str, LiveRule] = {}
        self._on_call: list[LiveRule] = []
        self._on_arrival: list[LiveRule] = []
        self._unsaved: set[str] = set()
        self.is_on = False
        self.is_watching = False
        # Who is calling now: a port sets it around a synchronous call between services.
        self.source = CLIENT
        self.strikes: deque[Strike] = deque(maxlen=STRIKES_KEPT)
        self.strike_count = 0
        self.handlings = Handlings()
        # Real time, in which clients live; a test puts its own in its place.
        self.pause: Callable[[float], Awaitable[None]] = asyncio.sleep

    # ------------------------------------------------------------------ the rules

    @property
    def rules(self) -> Sequence[LiveRule]:
        """All rules, used up or not, in the order they were added."""
        return list(self._rules.values())

    def restore(self) -> None:
        """Take up the rules of an earlier run, with what they had counted."""
        for rule, matched, struck in self._store.all_rules():
            self._rules[rule.id] = LiveRule(rule, matched, struck)
        self._sort()

    def add(self, rules: Sequence[Rule]) -> None:
        """Add rules, all of them; durable with the present step."""
        with self._store.engine.atomic():
            for rule in rules:
                self._store.insert(rule)
        for rule in rules:
            self._rules[rule.id] = LiveRule(rule)
        self._sort()

    def remove(self, rule_id: str) -> bool:
        """Remove one rule. False where there is none of that id."""
        if self._rules.pop(rule_id, None) is None:
            return False
        self._store.delete(rule_id)
        self._sort()
        return True

    def clear(self) -> int:
        """Remove all rules; returns how many. The report stays."""
        count = len(self._rules)
        with self._store.engine.atomic():
            for rule_id in self._rules:
                self._store.delete(rule_id)
        self._rules.clear()
        self._sort()
        return count

    def forget_report(self) -> None:
        """Begin a new report."""
        self.strikes.clear()
        self.strike_count = 0
        self.handlings = Handlings()
        self._sort()

    async def durable(self) -> None:
        """Return when the rules are kept as they are now."""
        await self._store.engine.durable()

    def save(self) -> None:
        """Keep what the rules have counted. A crash may lose the counts of the last second."""
        unsaved, self._unsaved = self._unsaved, set()
        for rule_id in unsaved:
            live = self._rules.get(rule_id)
            if live is not None:
                self._store.update(rule_id, live.matched, live.struck)

    def _sort(self) -> None:
        alive = [live for live in self._rules.values() if not live.is_used_up]
        self._on_call = [live for live in alive if live.rule.effect.name in CALL_EFFECTS]
        self._on_arrival = [live for live in alive if live.rule.effect.name in DELIVERY_EFFECTS]
        self.is_on = bool(alive)
        self.is_watching = bool(self._rules) or self.strike_count > 0

    # ------------------------------------------------------------------ what they do

    def call(self, target: Target) -> Outcome | None:
        """What happens to this call; None: nothing out of the ordinary.

        Rules are asked in the order they were added; the first that ends the call is the last.
        """
        latency_ms = 0
        for live in self._on_call:
            effect = live.rule.effect
            if effect.name == "latency" and target.source != CLIENT:
                continue  # a step cannot wait; `delay` is for what services hand over
            if not self._strikes(live, target):
                continue
            if effect.name == "latency":
                latency_ms += effect.ms
                continue
            return Outcome(
                latency_ms,
                error_of(effect, target.service),
                effect.name == "drop" and effect.moment == "after",
                effect.reply,
            )
        return Outcome(latency_ms) if latency_ms else None

    def arrival_shifts_ms(self, target: Target) -> Sequence[int]:
        """When a message or event comes, once per copy: milliseconds later than it would.

        `(0,)` is the ordinary arrival. Not for FIFO queues and topics, which promise order and no
        duplicates.
        """
        copies, shift_ms = 1, 0
        shifts: list[int] | None = None
        for live in self._on_arrival:
            number = live.matched
            if not self._strikes(live, target):
                continue
            copies += live.rule.effect.copies
            shift_ms += live.rule.shift_ms(number)
            shifts = [shift_ms] * copies
        return (0,) if shifts is None else shifts

    def _strikes(self, live: LiveRule, target: Target) -> bool:
        rule = live.rule
        now_ms = self._clock.now_ms()
        if not rule.match.matches(target) or not rule.holds_at(now_ms):
            return False
        number = live.matched
        live.matched += 1
        self._note_unsaved(rule.id)
        if not rule.strikes(number):
            return False
        live.struck += 1
        self.strike_count += 1
        self.strikes.append(Strike(now_ms, rule.id, rule.effect.name, target, _detail(rule)))
        if live.is_used_up:
            self._sort()
        return True

    def _note_unsaved(self, rule_id: str) -> None:
        """Save on the machine's time, outside the caller's step, which may be undone."""
        if not self._unsaved:
            self._store.soon(self.save)
        self._unsaved.add(rule_id)


def _detail(rule: Rule) -> str:
    effect = rule.effect
    match effect.name:
        case "error":
            return effect.code or str(effect.status)
        case "latency" | "delay" | "reorder":
            return f"{effect.ms} ms"
        case "drop":
            return f"{effect.moment} the effect"
        case "duplicate":
            return f"{effect.copies} more"
        case "reply":
            return effect.reply
    return ""
